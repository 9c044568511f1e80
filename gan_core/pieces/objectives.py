"""The losses of the GAN game, in pairs: one for the discriminator, one for the generator; both are minimised.

D's output is a *logit* a(x), any real number, and D(x) = σ(a(x)) the probability that x is real. Losses are written
with softplus, so that they and their gradients are finite at any logit:

    softplus(−a) = −log σ(a) = −log D        softplus(a) = −log(1 − σ(a)) = −log(1 − D)

================ ======================================== ================= ===================
objective        L_D                                      L_G               ∂L_G/∂a, one sample
================ ======================================== ================= ===================
saturating       −E_p[log D] − E_q[log(1 − D)]            E_q[log(1 − D)]   −D
minimax          the same                                 V, that is −L_D   −D
non_saturating   the same                                 −E_q[log D]       −(1 − D)
hinge            E_p[max(0, 1 − a)] + E_q[max(0, 1 + a)]  −E_q[a]           −1
wasserstein      E_q[a] − E_p[a]                          −E_q[a]           −1
least_squares    ½ E_p[(a − 1)²] + ½ E_q[(a + 1)²]        ½ E_q[a²]         a
relativistic     E[softplus(−δ)], δ = a(x) − a(x′)        E[softplus(δ)]    −σ(δ)
================ ======================================== ================= ===================

p is the data's distribution, q the model's; E is the mean over all entries of a tensor of logits, whatever its shape.
The hinge, Wasserstein and least-squares losses do not read a as a logit but as a score, without σ. The relativistic
losses read differences δ of a real and a fake one, E over pairs: σ(δ) is the probability that x is the real one of the
two. A shift of all scores changes nothing.
"""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor
from torch.nn.functional import relu, softplus

from gan_core.mathematics._counts import positive


class Objective(NamedTuple):
    """A pair of losses: `discriminator(real_logits, fake_logits)` and `generator(fake_logits)`, each a scalar tensor.

    The logits may have any shape, and there may be more of one kind than of the other, but for the relativistic losses,
    which compare them one by one. Where the generator's loss looks at real examples too it is `paired`, and takes
    `generator(fake_logits, real_logits)`.
    """

    name: str
    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[..., Tensor]
    paired: bool = False


def cross_entropy(real: Tensor, fake: Tensor) -> Tensor:
    """L_D = −E_p[log D] − E_q[log(1 − D)] = −V(D) ≥ 0, in nats, on logits. Goodfellow et al. 2014, eq. 1."""
    return softplus(-real).mean() + softplus(fake).mean()


saturating = Objective(
    "saturating",
    cross_entropy,
    lambda fake: -softplus(fake).mean(),  # L_G = E[log(1 − D)]; its gradient in the logit is −D: gone where D ≈ 0
)

minimax = Objective(
    "minimax",
    cross_entropy,
    lambda fake, real: -cross_entropy(real, fake),  # L_G = V; its first term tells G nothing, unless D reacts to G
    paired=True,
)

non_saturating = Objective(
    "non_saturating",
    cross_entropy,
    lambda fake: softplus(-fake).mean(),  # L_G = −E[log D]; its gradient in the logit is −(1 − D)
)

hinge = Objective(
    "hinge",
    lambda real, fake: relu(1 - real).mean() + relu(1 + fake).mean(),  # Lim & Ye 2017; Tran et al. 2017
    lambda fake: -fake.mean(),
)

wasserstein = Objective(
    "wasserstein",
    lambda real, fake: fake.mean() - real.mean(),  # −(E_p[f] − E_q[f]); f must be kept 1-Lipschitz elsewhere
    lambda fake: -fake.mean(),  # Arjovsky et al. 2017, eq. 2
)

least_squares = Objective(
    "least_squares",
    lambda real, fake: ((real - 1).square().mean() + (fake + 1).square().mean()) / 2,  # targets b = 1, a = −1
    lambda fake: fake.square().mean() / 2,  # the generator's target c = 0: Mao et al. 2017, the choice for Pearson's χ²
)


def differences(real: Tensor, fake: Tensor) -> Tensor:
    """δ = a(x) − a(x′) of each pair, the first real one with the first fake, and so on.

    Raises ValueError unless the logits are as many and of one shape.
    """
    if real.shape != fake.shape:
        raise ValueError(
            "the relativistic losses compare logits in pairs, so there must be as many real as fake ones; given shapes "
            f"{tuple(real.shape)} and {tuple(fake.shape)}"
        )
    return real - fake


relativistic = Objective(  # Jolicoeur-Martineau 2019, "RpSGAN"; RpGAN of Sun et al. 2020
    "relativistic",
    lambda real, fake: softplus(-differences(real, fake)).mean(),  # −log σ(δ): x is the real one
    lambda fake, real: softplus(differences(real, fake)).mean(),  # −log σ(−δ): x′ is
    paired=True,
)

OBJECTIVES = {
    each.name: each for each in (saturating, minimax, non_saturating, hinge, wasserstein, least_squares, relativistic)
}


def named(name: str) -> Objective:
    """The objective called `name`; ValueError names those there are."""
    try:
        return OBJECTIVES[name]
    except (KeyError, TypeError):  # TypeError: something that cannot be a key, such as a list
        raise ValueError(f"unknown objective {name!r}; known are {', '.join(OBJECTIVES)}") from None


def drifting(objective: Objective, epsilon: float) -> Objective:
    """`objective` with ε E_p[a²] added to L_D: the scores of real examples are held near 0, as far as the rest allows.

    For the Wasserstein loss, which a shift of all scores leaves as it is. ε = 0.001 in Karras et al. 2018, appendix A.
    Raises ValueError unless ε is a positive number.
    """
    positive("epsilon", epsilon, 0.001)
    return objective._replace(
        name=f"{objective.name} + {epsilon:g} a²",
        discriminator=lambda real, fake: objective.discriminator(real, fake) + epsilon * real.square().mean(),
    )

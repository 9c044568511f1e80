"""The evidence lower bound (ELBO), and the step of a variational autoencoder, which raises it: Kingma & Welling 2014.

A picture x is thought to come about in two steps: z ~ N(0, I) is drawn, and x around what the decoder makes of it,
p(x|z) = N(μ(z), σ² I). The encoder guesses backwards, q(z|x) = N(m(x), diag s²(x)). Whatever it guesses,

    log p(x) ≥ E_q[log p(x|z)] − KL(q(z|x) ‖ p(z))                       eqs. 1 and 3

and what is missing is KL(q(z|x) ‖ p(z|x)). Of one example, in nats, with d numbers in x:

    reconstruction    −log p(x|z) = ‖x − μ(z)‖² / (2σ²) + d/2 · log(2πσ²)    at z = m + s ε, ε ~ N(0, I)   sec. 2.4
    kl                KL(q ‖ p) = ½ Σ (m² + s² − 1 − log s²)                                               appendix B

Both are to be small, and their sum is −ELBO. The first asks z to tell all about x, the second to tell little, and σ is
the price of an error between them. They are sums over the numbers of x and of z: with a mean in place of one of them,
the bound would be none.

gan = Model(partial(dcgan_vae, 64, data.shape), z=64, step=Elbo(sigma=0.1), losses=Elbo.losses)
"""

from dataclasses import dataclass
from math import log, pi
from typing import ClassVar

from gan_core.mathematics._counts import positive
from gan_core.training._fitting import of_two_examples
from gan_core.training.algorithm import descend


def negative_log_normal(x, mean, sigma):
    """−log N(x; mean, σ² I) of examples x (n, *shape): (n,), in nats."""
    error = (x - mean).flatten(1)
    return error.square().sum(1) / (2 * sigma**2) + error.shape[1] / 2 * log(2 * pi * sigma**2)


def kl_to_standard_normal(mean, log_variance):
    """KL(N(m, diag s²) ‖ N(0, I)) = ½ Σ (m² + s² − 1 − log s²) of m and log s² (n, z): (n,), in nats."""
    return (mean.square() + log_variance.expm1() - log_variance).sum(-1) / 2


def reparameterised(mean, log_variance, noise):
    """z = m + s ε: a draw from N(m, diag s²) that says how it depends on m and log s². All (n, z)."""
    return mean + (log_variance / 2).exp() * noise


@dataclass(frozen=True)
class Elbo:
    """The step that raises the ELBO: a value for `Model(step=…)` whose generator is a `networks.VAE`.

    `sigma` is σ, the standard deviation of p(x|z) in each number of x, in units of x: 0.1 is 5 % of the range of an
    image. The step returns `reconstruction` and `kl`, means over the minibatch, in nats for one example; their sum is
    −ELBO. Raises ValueError for a sigma that is not positive.
    """

    sigma: float = 0.1

    losses: ClassVar = ("reconstruction", "kl")

    def __post_init__(self):
        positive("sigma", self.sigma, 0.1)

    def __call__(self, run):
        x, noise = run.real()[0], run.noise()
        reconstruction, kl = (each.mean() for each in run.ask(run.generator, lambda vae: self.terms(vae, x, noise)))
        descend(run.optimizer_g, reconstruction + kl)
        return reconstruction.detach(), kl.detach()

    def terms(self, vae, x, noise):
        """`reconstruction` at the one z that `noise` (n, z) makes, and `kl`, of each example of x (n, *shape): (n,)."""
        mean, log_variance = (each.to(x.dtype) for each in vae.encode(x))  # from bf16, where products are made in it
        z = reparameterised(mean, log_variance, noise)
        return negative_log_normal(x, vae(z), self.sigma), kl_to_standard_normal(mean, log_variance)

    def must_fit(self, run):
        """ValueError unless the generator has an `encode` that makes two times (n, z) of the data's examples."""
        vae = run.generator
        if not hasattr(vae, "encode"):
            raise ValueError(
                f"the ELBO asks for a networks.VAE, which encodes too; the generator is {type(vae).__name__}"
            )
        made = of_two_examples(run, "encoder", vae.encode)
        given = [tuple(each.shape) for each in made]
        if given != [(2, run.gan.z)] * 2:
            raise ValueError(
                f"the encoder must make a mean and a log variance of each example, twice (n, {run.gan.z}); of two "
                f"examples it makes {' and '.join(map(str, given))}"
            )

"""Unrolled GAN, Metz et al. 2017: G plays against the discriminator that D would be K steps from now.

    θ_D⁰ = θ_D        θ_Dᵏ⁺¹ = θ_Dᵏ − step(∇L_D(θ_G, θ_Dᵏ))            eqs. 7 to 9; step is that of D's own optimizer
    f_K(θ_G, θ_D) = L_G(θ_G, θ_Dᴷ(θ_G, θ_D))                           eq. 10
    df_K/dθ_G = ∂L_G/∂θ_G + ∂L_G/∂θ_Dᴷ · dθ_Dᴷ/dθ_G                    eq. 12

The K steps are virtual: they are made with copies, on one minibatch of real examples and the fakes that G is to be
judged by, as in the authors' code. D, its optimizer and all that its layers keep stay where they are. The second term
of eq. 12, how D would react to a change of G, is the gradient that goes back *through* the K steps; `first_order=True`
leaves it out. Both time and memory grow linearly in K.

gan = replace(methods.gan(data.shape), opponent=unrolling.unroll(5))
"""

import copy
from dataclasses import dataclass
from math import inf, log

import torch
from torch.func import functional_call

from gan_core.mathematics._counts import whole
from gan_core.training.algorithm import discriminator_loss


@dataclass(frozen=True)
class Unroll:
    """The opponent that is D, K ≥ 0 of its own optimizer's steps ahead: a value for `GAN(opponent=…)`; see `unroll`."""

    K: int
    first_order: bool = False

    def __call__(self, run, fake):
        """The run with D as it would be: what `algorithm.generator_loss` asks of the fakes, a `Batch`."""
        if self.K == 0:
            return run
        real = run.real()
        known = fake._replace(x=fake.x.detach()) if self.first_order else fake  # of the fakes, by the virtual steps
        theta, at, step = _virtual(run)
        with torch.enable_grad():
            for k in range(self.K):
                loss = discriminator_loss(at(theta), real, known).sum()  # over one number, or over stacked seeds
                (gradient,) = torch.autograd.grad(loss, theta, create_graph=not self.first_order)
                theta = step(theta, gradient, k)
                if self.first_order:
                    theta = theta.detach().requires_grad_()
        there = at(theta.detach() if self.first_order else theta)
        there.real = lambda: real  # a paired objective looks at the examples of the virtual steps
        return there

    def must_fit(self, run):
        """ValueError for what the K steps cannot go through, before the first of them."""
        if self.K:
            _virtual(run)
        if self.K and run.processes > 1:
            raise ValueError(
                "unrolling takes D's virtual steps on whole minibatches, and a process has its part; use one"
            )
        if self.K and run.gan.classes is not None and run.gan.objective.paired:
            raise ValueError(
                "unrolling with labels and pairs: the virtual steps pair examples of different classes; leave one out"
            )
        if self.K and run.gan.classes is not None and run.gan.penalties:
            raise ValueError(
                "unrolling with labels and a penalty: the fakes of G's step have other labels than the real examples, "
                "and a penalty knows one label for both; leave one of the two out"
            )


def unroll(K, *, first_order=False):
    """The opponent that is D, K ≥ 0 of its own optimizer's steps ahead: a value for `GAN(opponent=…)`.

    D's optimizer must be `torch.optim.SGD` (with lr and momentum) or `torch.optim.Adam` (with lr, betas and eps); its
    state is carried through the virtual steps. With `first_order` G plays against the same D, and learns nothing of how
    D got there: eq. 12 without its second term. K = 0 is D as it stands.

    Raises ValueError and TypeError for a K that is not a whole number or is negative; when a run is started, ValueError
    for another optimizer, for constraints, which change D in place, and for penalties on networks that are told labels.
    """
    return Unroll(whole("K", K, least=0), bool(first_order))


def _virtual(run):
    """D's weights in one row θ; `at(θ)`, the run with D there; `step(θ, ∇L_D, k)`, where D's optimizer would go."""
    optimizer, network = run.optimizer_d, run.discriminator
    if run.gan.constraints:
        raise ValueError("unrolling cannot look through constraints, which change D in place; use a penalty instead")
    rule = _RULES.get(type(optimizer))
    if rule is None or len(optimizer.param_groups) != 1:
        raise ValueError(
            f"unrolling goes through the steps of torch.optim.SGD or Adam with one group of parameters; D's optimizer "
            f"is {type(optimizer).__name__} with {len(optimizer.param_groups)}"
        )
    weights = optimizer.param_groups[0]["params"]
    seat = {id(p): i for i, p in enumerate(weights)}
    # by every name they go by: weights may be shared between layers
    names = {name: seat[id(p)] for name, p in network.named_parameters(remove_duplicate=False) if id(p) in seat}
    copies = {id(each): each.clone() for each in network.buffers()}
    kept = {name: copies[id(each)] for name, each in network.named_buffers(remove_duplicate=False)}
    sizes = [p.numel() for p in weights]

    def at(theta):
        parts = [part.view(p.shape) for part, p in zip(theta.split(sizes), weights, strict=True)]
        numbers = kept | {name: parts[i] for name, i in names.items()}
        there = copy.copy(run)
        there.discriminator = lambda *inputs: functional_call(network, numbers, inputs, tie_weights=False)
        return there

    return _row(weights).requires_grad_(), at, rule(optimizer, weights)


def _row(tensors):
    return torch.cat([each.detach().reshape(-1) for each in tensors])


def _sgd(optimizer, weights):
    """v ← μ v + g;  θ ← θ − η v."""
    eta, mu = _settings(optimizer, "lr", "momentum")
    velocity = _state(optimizer, weights, "momentum_buffer") if mu else 0

    def step(theta, g, k):
        nonlocal velocity
        velocity = mu * velocity + g
        return theta - eta * velocity

    return step


def _adam(optimizer, weights):
    """m ← β₁ m + (1 − β₁) g;  v ← β₂ v + (1 − β₂) g²;  θ ← θ − η m̂ / (√v̂ + ε) with m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ)."""
    eta, (beta1, beta2), eps = _settings(optimizer, "lr", "betas", "eps")
    m, v = _state(optimizer, weights, "exp_avg"), _state(optimizer, weights, "exp_avg_sq")
    made = optimizer.state[weights[0]].get("step", 0)  # a tensor on the device, or none yet

    def step(theta, g, k):
        nonlocal m, v
        m, v = torch.lerp(g, m, beta1), torch.lerp(g.square(), v, beta2)
        t = torch.as_tensor(made, dtype=theta.dtype, device=theta.device) + (k + 1)
        return theta - eta * (m / _remaining(beta1, t)) / (_root(v / _remaining(beta2, t)) + eps)

    return step


_RULES = {torch.optim.SGD: _sgd, torch.optim.Adam: _adam}
_USUAL = {"weight_decay": 0, "dampening": 0, "nesterov": False, "amsgrad": False, "maximize": False}


def _settings(optimizer, *names):
    """The optimizer's numbers of these names; ValueError when it has others that change its steps."""
    group = optimizer.param_groups[0]
    unusual = [f"{name}={group[name]}" for name, usual in _USUAL.items() if group.get(name, usual) != usual]
    if unusual:
        raise ValueError(
            f"unrolling goes through {type(optimizer).__name__} with {', '.join(names)} only; D's optimizer has "
            f"{', '.join(unusual)}"
        )
    return [group[name] for name in names]


def _state(optimizer, weights, name):
    """What the optimizer keeps of each weight under `name`, in one row; zeros before its first step."""
    kept = [optimizer.state[p].get(name) if p in optimizer.state else None for p in weights]
    return _row([torch.zeros_like(p) if each is None else each for each, p in zip(kept, weights, strict=True)])


def _remaining(beta, t):
    """1 − βᵗ, to the last digit also where βᵗ is nearly one."""
    return -torch.expm1(t * (log(beta) if beta else -inf))


def _root(v):
    """√v with the derivative 0 at 0: of a weight that no example reaches, whose g is 0 whatever G does."""
    return torch.where(v > 0, torch.where(v > 0, v, 1).sqrt(), 0)

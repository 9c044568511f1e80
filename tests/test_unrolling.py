"""The unrolled gradient against finite differences, D's real optimizer and closed forms; and that D does not move."""

import copy
from dataclasses import replace
from functools import partial

import pytest
import torch
from mutants import assert_killed
from pairs import ToldD, ToldG
from torch import nn, optim
from torch.func import functional_call
from torch.nn.utils.parametrizations import spectral_norm

from gan_core import datasets, methods, objectives, recipes, training, unrolling
from gan_core.training import GAN, Batch
from gan_core.training.unrolling import Unroll, unroll

OPTIMIZERS = {
    "SGD": partial(optim.SGD, lr=0.3),
    "SGD with momentum": partial(optim.SGD, lr=0.2, momentum=0.7),
    "Adam": partial(optim.Adam, lr=0.05, betas=(0.5, 0.999)),
    "Adam, fused, without the first moment": partial(optim.Adam, lr=0.05, betas=(0.0, 0.9), fused=True),
}


pytestmark = pytest.mark.usefixtures("float64")


def smooth(inputs, outputs):
    return nn.Sequential(nn.Linear(inputs, 6), nn.Tanh(), nn.Linear(6, outputs))


def started(optimizer="Adam", objective=objectives.minimax, **parts):
    """A run on the ring, four iterations old, so that D's optimizer has something to remember."""
    gan = GAN(partial(smooth, 3, 2), partial(smooth, 2, 1), z=3, objective=objective, optimizer_d=OPTIMIZERS[optimizer])
    run = training.start(replace(gan, **parts), datasets.ring(), seed=1, batch=16)
    for _ in range(4):
        training.iteration(run)
    return run


def surrogate(run, look, z):
    """f_K(θ_G): L_G of the fakes G(z), on the minibatch that the run would draw next, which it then has not drawn."""
    before = run.rng.get_state()
    fake = Batch(run.G(z))
    loss = training.generator_loss(look(run, fake), fake)
    run.rng.set_state(before)
    return loss


def gradient(run, look, z):
    return torch.autograd.grad(surrogate(run, look, z), list(run.generator.parameters()))


def flat(tensors):
    return torch.cat([each.reshape(-1) for each in tensors])


def moved_by(run, look, z, direction, h):
    """f_K with θ_G moved by h in a direction, θ_G then put back."""
    weights = list(run.generator.parameters())
    with torch.no_grad():
        for p, d in zip(weights, direction, strict=True):
            p += h * d
        with torch.enable_grad():
            value = surrogate(run, look, z).item()
        for p, d in zip(weights, direction, strict=True):
            p -= h * d
    return value


# ---- the gradient is that of the value


def oracle_finite_differences(look, optimizer="Adam", objective=objectives.minimax):
    """df_K/dθ_G along three directions, to 1e-6 of its length, against differences of fourth order."""
    run = started(optimizer, objective)
    rng = torch.Generator().manual_seed(0)
    z = torch.randn(16, 3, generator=rng)
    exact = gradient(run, look, z)
    for _ in range(3):
        direction = [torch.randn(p.shape, generator=rng) for p in exact]
        h = 1e-3
        near, far = (moved_by(run, look, z, direction, s * h) for s in (1, 2))
        back, far_back = (moved_by(run, look, z, direction, -s * h) for s in (1, 2))
        numeric = (8 * (near - back) - (far - far_back)) / (12 * h)
        slope = sum((g * d).sum() for g, d in zip(exact, direction, strict=True)).item()
        assert abs(slope - numeric) <= 1e-6 * flat(exact).norm().item()


@pytest.mark.parametrize("K", [1, 3, 5])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_gradient_is_that_of_the_value(optimizer, K):
    oracle_finite_differences(unroll(K), optimizer)


@pytest.mark.parametrize("objective", [objectives.non_saturating, objectives.wasserstein, objectives.least_squares])
def test_the_gradient_is_that_of_the_value_for_other_losses(objective):
    oracle_finite_differences(unroll(3), "Adam", objective)


# ---- K virtual steps are K real ones


def oracle_real_steps(look, optimizer="Adam", K=3):
    """The logits are those of a copy of D that its own torch optimizer has really moved K times."""
    run = started(optimizer)
    z = torch.randn(16, 3, generator=torch.Generator().manual_seed(2))
    fake = run.G(z).detach()
    before = run.rng.get_state()
    there = look(run, Batch(fake))
    seen = there.D(fake), there.D(*there.real())
    run.rng.set_state(before)
    other, (real, _) = run.copy(), run.real()
    for _ in range(K):
        loss = objectives.cross_entropy(other.D(real), other.D(fake))
        other.optimizer_d.zero_grad()
        loss.backward()
        other.optimizer_d.step()
    torch.testing.assert_close(seen[0], other.D(fake), rtol=0, atol=1e-12)
    torch.testing.assert_close(seen[1], other.D(real), rtol=0, atol=1e-12)


@pytest.mark.parametrize("first_order", [False, True])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_virtual_steps_are_those_of_ds_optimizer(optimizer, first_order):
    oracle_real_steps(unroll(3, first_order=first_order), optimizer)


def test_before_the_optimizers_first_step():
    """With nothing remembered yet, Adam's first step is η in every weight, whatever the slope."""
    gan = GAN(partial(smooth, 3, 2), partial(smooth, 2, 1), z=3, optimizer_d=OPTIMIZERS["Adam"])
    run = training.start(gan, datasets.ring(), batch=16)
    fake = run.G(run.noise()).detach()
    theta, at, step = unrolling._virtual(run)
    (slope,) = torch.autograd.grad(training.discriminator_loss(at(theta), run.real(), (fake, None)), theta)
    torch.testing.assert_close((theta - step(theta, slope, 0)).abs(), torch.full_like(theta, 0.05), rtol=1e-4, atol=0)


def test_zero_steps_are_d_as_it_stands():
    run = started("Adam", objectives.non_saturating)
    fake = Batch(run.G(run.noise()))
    assert unroll(0)(run, fake) is training.GAN.opponent(run, fake) is run


# ---- closed forms


def toy(objective, eta=0.1):
    """Data at 0, G puts its point at θ, D's logit is ψx: L_D = ψθ + ψ²/2 and L_G = −ψθ, D takes steps of SGD."""

    class Point(nn.Module):
        def __init__(self):
            super().__init__()
            self.theta = nn.Parameter(torch.tensor([0.7]))

        def forward(self, z):
            return self.theta.expand(len(z), 1)

    def half_square(run, real, fake, y):
        return run.D(torch.ones(1, 1)).square().sum() / 2  # ψ²/2, of whatever D the run has

    gan = GAN(
        Point, partial(nn.Linear, 1, 1, bias=False), z=1, objective=objective, optimizer_d=partial(optim.SGD, lr=eta),
        penalties=(half_square,),
    )  # fmt: skip
    return training.start(gan, torch.zeros(8, 1), batch=4)


def oracle_closed_form(look, first_order=False, K=5, eta=0.1):
    """ψ_K = (1 − c)ψ − cθ with c = 1 − (1 − η)ᴷ, so dL_G/dθ = −(1 − c)ψ + 2cθ; without the second term, one cθ less."""
    run = toy(objectives.wasserstein, eta)
    theta, psi = run.generator.theta.item(), run.discriminator.weight.item()
    c = 1 - (1 - eta) ** K
    (slope,) = gradient(run, look, torch.zeros(4, 1))
    assert slope.item() == pytest.approx(-(1 - c) * psi + (1 if first_order else 2) * c * theta, abs=1e-14)


def test_closed_form():
    oracle_closed_form(unroll(5))
    oracle_closed_form(unroll(5, first_order=True), first_order=True)


def test_first_order_is_another_gradient():
    assert_killed(oracle_closed_form, unroll(5, first_order=True))
    assert_killed(partial(oracle_closed_form, first_order=True), unroll(5))


def test_a_d_that_has_arrived_has_nothing_to_add():
    """At D's optimum f does not change with θ_D, so eq. 12's second term is gone; of half of f it is not."""

    def second_term(objective):
        gan = GAN(partial(smooth, 3, 1), partial(nn.Linear, 1, 1), 3, objective, partial(optim.SGD, lr=1.0))
        run = training.start(gan, datasets.mixture([-1.0, 1.0], std=0.7), seed=3, batch=32)
        z = torch.randn(32, 3, generator=torch.Generator().manual_seed(0))
        both = [flat(gradient(run, unroll(300, first_order=order), z)) for order in (False, True)]
        return ((both[0] - both[1]).norm() / both[1].norm()).item()

    assert second_term(objectives.minimax) < 1e-6
    assert second_term(objectives.saturating) > 0.01


# ---- D stays where it is


def normed_d():
    return nn.Sequential(
        spectral_norm(nn.Linear(2, 8)), nn.BatchNorm1d(8), nn.LeakyReLU(0.2), nn.Dropout(0.2), nn.Linear(8, 1)
    )


def everything(run):
    """All that D is: weights, what its layers keep, what its optimizer keeps, and what may be trained."""
    kept = {f"optimizer {i} {name}": value for i, each in enumerate(run.optimizer_d.state.values())
            for name, value in each.items()}  # fmt: skip
    tensors = {**dict(run.discriminator.state_dict()), **kept}
    return {name: value.clone() for name, value in tensors.items()}


def oracle_d_does_not_move(look, optimizers=("Adam",)):
    for optimizer in optimizers:
        run = started(optimizer, discriminator=normed_d, opponent=look)
        before, of_g = everything(run), flat(run.generator.parameters()).clone()
        for p in run.discriminator.parameters():
            p.grad = None
        training.generator_step(run)
        after = everything(run)
        assert before.keys() == after.keys()
        for name in before:
            assert torch.equal(before[name], after[name]), name
        assert all(p.requires_grad and p.grad is None for p in run.discriminator.parameters())
        assert not torch.equal(of_g, flat(run.generator.parameters()))
        assert run.discriminator.training


@pytest.mark.parametrize("first_order", [False, True])
def test_d_does_not_move(first_order):
    oracle_d_does_not_move(unroll(3, first_order=first_order), OPTIMIZERS)


def oracle_unreached_weights(look):
    """A unit that no example reaches has slope 0 and nothing remembered, where √ has no derivative."""

    def deaf():
        network = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
        with torch.no_grad():
            network[0].bias[:4] = -100
        return network

    run = training.start(
        GAN(partial(smooth, 3, 2), deaf, z=3, optimizer_d=OPTIMIZERS["Adam"]), datasets.ring(), batch=16
    )
    assert flat(gradient(run, look, torch.randn(16, 3))).isfinite().all()


def test_unreached_weights():
    oracle_unreached_weights(unroll(2))


# ---- mutants: the faults of public code


def changed(steps, *, detached=False, forgets=False, moves=False, buffers=False, fresh=False, early=False):
    """`unroll` for Adam in another, plainer form, right unless told otherwise."""

    def look(run, fake):
        fake = fake.x
        network, group = run.discriminator, run.optimizer_d.param_groups[0]
        names = [name for name, _ in network.named_parameters()]
        theta = [p if moves else p.detach().clone().requires_grad_() for p in group["params"]]
        for p in theta:
            p.requires_grad_()
        kept = dict(network.named_buffers())
        kept = kept if buffers else {name: each.clone() for name, each in kept.items()}
        state = [run.optimizer_d.state[p] for p in group["params"]]
        m = [torch.zeros_like(p) if forgets else each["exp_avg"].clone() for p, each in zip(theta, state, strict=True)]
        v = [
            torch.zeros_like(p) if forgets else each["exp_avg_sq"].clone() for p, each in zip(theta, state, strict=True)
        ]
        t = 0 if forgets else state[0]["step"].item()
        (beta1, beta2), eta, eps = group["betas"], group["lr"], group["eps"]
        real = run.real()[0]

        def seen(x, weights):
            return functional_call(network, kept | dict(zip(names, weights, strict=True)), (x,))

        for _ in range(steps - early):
            if fresh:
                real = run.real()[0]
            t += 1
            loss = objectives.cross_entropy(seen(real, theta), seen(fake.detach() if detached else fake, theta))
            slopes = torch.autograd.grad(loss, theta, create_graph=True)
            m = [beta1 * a + (1 - beta1) * g for a, g in zip(m, slopes, strict=True)]
            v = [beta2 * a + (1 - beta2) * g * g for a, g in zip(v, slopes, strict=True)]
            after = [
                p - eta * (a / (1 - beta1**t)) / ((b / (1 - beta2**t)).sqrt() + eps)
                for p, a, b in zip(theta, m, v, strict=True)
            ]
            if moves:  # the update in place: create_graph was for nothing, and D has really moved
                for p, a in zip(theta, after, strict=True):
                    p.data = a.detach()
            else:
                theta = after
        there = copy.copy(run)
        there.discriminator, there.real = partial(seen, weights=theta), lambda: (real, None)
        return there

    return look


def test_the_plain_form_agrees():
    oracle_finite_differences(changed(3))
    oracle_real_steps(changed(3))


MUTANTS = {
    "the graph is cut": (oracle_finite_differences, changed(3, detached=True)),
    "the update is in place": (oracle_real_steps, changed(3, moves=True)),
    "Adam's moments are forgotten": (oracle_real_steps, changed(3, forgets=True)),
    "another minibatch for each step": (oracle_real_steps, changed(3, fresh=True)),
    "one step short": (oracle_real_steps, changed(3, early=True)),
    "buffers move": (oracle_d_does_not_move, changed(3, buffers=True)),
    "D moves": (oracle_d_does_not_move, changed(3, moves=True)),
    "the square root at zero": (oracle_unreached_weights, changed(2, forgets=True)),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_mutants(mutant):
    assert_killed(*MUTANTS[mutant])


# ---- with everything else


def test_with_labels():
    data = datasets.Examples(torch.randn(64, 1, 8, 8).clamp(-1, 1), torch.randint(10, (64,)))
    gan = GAN(ToldG, ToldD, z=4, classes=10, opponent=unroll(2))
    run = training.fit(gan, data, steps=3, batch=16)
    assert run.samples(10).isfinite().all()


@pytest.mark.parametrize("fast", [False, True])
def test_with_convolutions_and_batch_normalisation(fast):
    torch.set_default_dtype(torch.float32)
    data = datasets.faces(64, size=16)
    run = training.start(methods.unrolled(data.shape, K=2, width=8), data, batch=16, fast=fast)
    training.iteration(run)
    before = everything(run)
    training.generator_step(run)
    assert all(torch.equal(value, before[name]) for name, value in everything(run).items())


def test_unrolled_is_the_papers_pair():
    gan = methods.unrolled((2,), K=7)
    generator, discriminator = gan.generator(), gan.discriminator()
    assert gan.objective is objectives.minimax
    assert gan.opponent == Unroll(K=7, first_order=False)
    layers = [
        layer for network in (generator, discriminator) for layer in network.modules() if isinstance(layer, nn.Linear)
    ]
    assert [layer.weight.shape for layer in layers] == [(128, 256), (128, 128), (2, 128), (128, 2), (1, 128)]
    for layer in layers:
        short = min(layer.weight.shape)
        square = layer.weight @ layer.weight.mT if len(layer.weight) == short else layer.weight.mT @ layer.weight
        torch.testing.assert_close(square, 0.64 * torch.eye(short))
        assert not layer.bias.any()
    x = torch.randn(5, 2)
    torch.testing.assert_close(discriminator(x), discriminator[1:](x / 4))


# ---- cost


def saved_bytes(K, **ablation):
    """What the graph of f_K keeps for the way back."""
    run = started()
    seen = {}

    def note(tensor):
        seen[tensor.untyped_storage().data_ptr(), tensor.nbytes] = tensor  # kept, so that no address is used twice
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        surrogate(run, unroll(K, **ablation), torch.randn(16, 3))
    return sum(tensor.nbytes for tensor in seen.values())


def test_memory_is_linear_in_k():
    """Each further step keeps as much as the one before; without the way back, nothing more."""
    kept = [saved_bytes(K) for K in (2, 4, 6, 8)]
    assert kept[1] - kept[0] == kept[2] - kept[1] == kept[3] - kept[2] > 0


# ---- bad input


@pytest.mark.parametrize(("K", "error"), [(-1, ValueError), (1.5, TypeError), ("5", TypeError), (None, TypeError)])
def test_K(K, error):
    with pytest.raises(error, match="K must be"):
        unroll(K)


TWO_GROUPS = lambda ps: optim.SGD([{"params": [p]} for p in ps], lr=0.1)  # noqa: E731
BAD = {
    "RMSprop": ({"optimizer_d": partial(optim.RMSprop, lr=0.1)}, "D's optimizer is RMSprop with 1"),
    "AdamW": ({"optimizer_d": partial(optim.AdamW, lr=0.1)}, "D's optimizer is AdamW"),
    "two groups": ({"optimizer_d": TWO_GROUPS}, "D's optimizer is SGD with 4"),
    "weight decay": ({"optimizer_d": partial(optim.Adam, weight_decay=0.1)}, r"D's optimizer has weight_decay=0\.1"),
    "Nesterov": (
        {"optimizer_d": partial(optim.SGD, lr=0.1, momentum=0.9, nesterov=True)}, "D's optimizer has nesterov=True"
    ),
    "clipping": ({"constraints": (lambda network: None,)}, "cannot look through constraints"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_looked_through(name):
    parts, says = BAD[name]
    for opponent in (unroll(2), unroll(2, first_order=True)):
        with pytest.raises(ValueError, match=says):
            started(**parts, opponent=opponent)
    assert started(**parts, opponent=unroll(0)).step  # nothing to look through


def test_a_penalty_on_labelled_networks_is_not_looked_through():
    data = datasets.Examples(torch.randn(64, 1, 8, 8).clamp(-1, 1), torch.randint(10, (64,)))
    gan = GAN(ToldG, ToldD, z=4, classes=10, opponent=unroll(2), penalties=(lambda run, real, fake, y: 0.0,))
    with pytest.raises(ValueError, match="a penalty knows one label for both"):
        training.start(gan, data)


def test_the_command_line_does_not_take_its_steps_for_k():
    shape = (3, 16, 16)
    assert recipes.gan("unrolled", shape, recipes.recipe("unrolled", "faces", "class")).opponent.K == 5

"""The museum of faults: each oracle tells the broken lines from the mended ones, and what is shown is what runs."""

import copy
import sys

import pytest
import torch
from mutants import assert_killed

from gan_core.course.lessons import museum
from gan_core.course.lessons.museum import bench, critics, looks_fine, not_a_number, nothing_learns, one_thing, store
from gan_core.course.lessons.museum.piece import Piece

PIECES = {f"{room}: {piece.name}": piece for room, there in museum.ROOMS.items() for piece in museum.pieces(there)}

every_piece = pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@every_piece
def test_the_oracle_tells_them_apart(piece, dtype):
    torch.set_default_dtype(dtype)
    outside = torch.get_rng_state()
    assert museum.told_apart(piece) == [True, True]
    assert torch.equal(torch.get_rng_state(), outside), "torch's own stream was used"


def run_again(function):
    """The function that its shown source makes, where it stands in its module."""
    names = dict(vars(sys.modules[function.__module__]))
    exec(museum.source(function), names)
    return names[function.__name__]


@every_piece
def test_what_is_shown_is_what_runs(piece, float64):
    for version in (piece.broken, piece.mended):
        assert museum.holds(piece.oracle, run_again(version)) == (version is piece.mended)
    oracle = run_again(piece.oracle)
    assert [museum.holds(oracle, version) for version in (piece.broken, piece.mended)] == [False, True]


@every_piece
def test_the_mending_leads_from_the_one_to_the_other(piece):
    lines = museum.mending(piece).splitlines()
    broken, mended = ([line[2:] for line in lines if line[0] != other] for other in "+-")
    assert broken != mended
    assert broken[1:] == museum.source(piece.broken).splitlines()[1:]
    assert mended == museum.source(piece.mended).splitlines()


@every_piece
def test_a_piece_can_be_read_on_a_projector_and_does_not_tell_its_fault(piece):
    for version in (piece.broken, piece.mended, piece.oracle):
        lines = museum.source(version).splitlines()
        assert len(lines) <= 16
        assert max(map(len, lines)) <= 112
    assert piece.broken.__doc__ == piece.mended.__doc__
    assert (piece.broken.__name__, piece.mended.__name__) == ("broken", "mended")
    for text in (piece.symptom, piece.fault, piece.seen, piece.broken.__doc__, piece.oracle.__doc__):
        assert text.rstrip("”)").endswith(".")


def test_there_are_fifteen_and_more_each_with_a_name_of_its_own():
    names = [piece.name for piece in museum.PIECES]
    assert len(names) >= 15
    assert len(set(names)) == len(names)
    assert set(museum.PIECES) == set(PIECES.values())


# ---- the tools of the museum


def oracle_holds(holds):
    def above_zero(x):
        assert x > 0

    assert holds(above_zero, 1) is True
    assert holds(above_zero, -1) is False
    with pytest.raises(TypeError):
        holds(above_zero, "one")  # a version that breaks is not told by its oracle
    drawn = []
    for _ in range(2):
        holds(lambda version: drawn.append(torch.rand(3)), None)
    assert torch.equal(*drawn), "another answer each time"


def careless(oracle, version):
    try:
        oracle(version)
    except Exception:
        return False
    return True


def without_a_seed(oracle, version):
    try:
        oracle(version)
    except AssertionError:
        return False
    return True


def test_holds():
    oracle_holds(museum.holds)
    for mutant in (careless, without_a_seed, lambda oracle, version: True, lambda oracle, version: not oracle(version)):
        assert_killed(oracle_holds, mutant)


def test_a_piece_whose_oracle_is_blind_or_too_strict_is_seen():
    piece = nothing_learns.loss_of_g
    assert museum.told_apart(piece._replace(oracle=lambda loss: None)) == [True, False]
    assert museum.told_apart(piece._replace(mended=piece.broken)) == [False, True]
    assert museum.told_apart(piece._replace(broken=piece.mended, mended=piece.broken)) == [False, False]


def test_mending_of_a_small_piece():
    class small:
        def broken(x):
            """Twice x, and one."""
            x = x + x
            return x

        def mended(x):
            """Twice x, and one."""
            x = x + x
            return x + 1

    piece = Piece("small", "", "", "", small.broken, small.mended, None)
    assert museum.mending(piece).splitlines() == [
        "  def mended(x):",
        '      """Twice x, and one."""',
        "      x = x + x",
        "-     return x",
        "+     return x + 1",
    ]


# ---- the bench: what the oracles take for known


def test_two_numbers(float64):
    """L_D = ψθ − ψ and L_G = −ψθ, with the slopes that the oracle uses."""
    run = bench.two_numbers()
    theta, psi = bench.weights(run)
    real, fake = run.D(run.real()[0]), run.D(run.G(run.noise()))
    loss_d, loss_g = run.gan.objective.discriminator(real, fake), run.gan.objective.generator(fake)
    torch.testing.assert_close(loss_d, (psi * theta - psi)[0])
    torch.testing.assert_close(loss_g, -(psi * theta)[0])


def test_slopes_of_the_critics_of_the_bench(float64):
    x = torch.randn(5, 2, 3).requires_grad_()
    for critic, slopes in (
        (bench.Linear(3.0), torch.full((5,), 3.0)),
        (bench.Bowl(), x.detach().flatten(1).norm(dim=1)),
        (bench.flat(), torch.zeros(5)),
    ):
        (g,) = torch.autograd.grad(critic(x).sum(), x)
        torch.testing.assert_close(g.flatten(1).norm(dim=1), slopes)


def test_examples_are_their_labels(float64):
    run = bench.labels_as_examples()
    (x, y), told = run.real(), run.labels()
    assert torch.equal(x[:, 0], y.double())
    assert torch.equal(run.G(run.noise(), told)[:, 0], told.double())


# ---- the same fault in a second form: an oracle is not made for one text


def never_zero(run):
    loss_d = run.D(run.G(run.noise()).detach()).mean() - run.D(run.real()[0]).mean()
    loss_d.backward()
    run.optimizer_d.step()
    loss_g = -run.D(run.G(run.noise())).mean()
    loss_g.backward()
    run.optimizer_g.step()


def price_of(length, price=lambda s: (s - 1).square()):
    def penalty(run, real, fake, y=None):
        x = fake.clone().requires_grad_()
        (g,) = torch.autograd.grad(run.D(x).sum(), x, create_graph=True)
        return 10 * price(length(g)).mean()

    return penalty


def reused(run):
    fake = run.G(run.noise()).detach()
    real, _ = run.real()
    for _ in range(5):
        loss = run.gan.objective.discriminator(run.D(real), run.D(fake))
    return loss, run.gan.objective.generator(run.D(fake))


SECOND_FORMS = {
    "no gradient set to zero at all": (nothing_learns.two_steps, never_zero),
    "a tanh at the end of D": (
        nothing_learns.network_of_d,
        lambda: torch.nn.Sequential(torch.nn.Linear(1, 32), torch.nn.ReLU(), torch.nn.Linear(32, 1), torch.nn.Tanh()),
    ),
    "one class a minibatch": (
        one_thing.minibatches,
        lambda x, y: [(x[y == k], y[y == k]) for k in y.unique()],
    ),
    "one spot too few": (one_thing.spots, lambda modes, radius: one_thing.spots.mended(modes - 1, radius)),
    "a copy is given back": (
        one_thing.put_back, lambda network, saved: one_thing.put_back.mended(copy.deepcopy(network), saved)
    ),
    "divided by the slope": (
        not_a_number.slopes,
        price_of(lambda g: g.flatten(1).norm(dim=1), lambda s: (s - 1).square() * s / s),
    ),
    "clamped": (
        not_a_number.loss_of_d,
        lambda real, fake: -real.sigmoid().clamp(1e-7).log().mean() - (1 - fake.sigmoid()).clamp(1e-7).log().mean(),
    ),
    "an ε in the logarithms": (
        not_a_number.score, lambda p: (p * ((p + 0.1) / (p.mean(0) + 0.1)).log()).sum(1).mean().exp()
    ),
    "a ridge of ε": (
        not_a_number.few_samples,
        lambda x, y: looks_fine.spread.mended(x, y) + 0.1,
    ),
    "the price detached": (critics.price, lambda *given: critics.price.mended(*given).detach()),
    "the norm of the sum": (critics.length, price_of(lambda g: g.sum(0).norm())),
    "the largest of the slopes in a pixel": (store.channels, price_of(lambda g: g.flatten(1).abs().amax(1))),
    "one t for all": (critics.between, lambda run, real, fake: real + torch.rand(()) * (fake - real)),
    "one t for each channel": (
        store.box, lambda run, real, fake: real + torch.rand(len(real), real.shape[1], 1) * (fake - real)
    ),
    "half of the segment": (
        critics.between, lambda run, real, fake: real + run.uniform() / 2 * (fake - real)
    ),
    "fakes of the last step": (store.five_steps, reused),
}  # fmt: skip


@pytest.mark.parametrize("fault", SECOND_FORMS)
def test_an_oracle_sees_its_fault_in_another_form(fault, float64):
    piece, mutant = SECOND_FORMS[fault]
    assert not museum.holds(piece.oracle, mutant)

"""What a layer does to lengths, against the SVD of the matrix that it is: its answers to all unit vectors."""

from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mutants import assert_killed
from torch import nn
from torch.nn.functional import conv2d
from torch.nn.utils.parametrizations import spectral_norm

from gan_core.pieces.lipschitz import circular_norm, operator_norm

pytestmark = pytest.mark.usefixtures("float64")

channels, sides, seeds = st.integers(1, 3), st.integers(1, 3), st.integers(0, 2**31)


def kernel_of(shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def dense(linear, shape):
    """The matrix of a linear map on inputs of `shape`: its columns are what it makes of the unit vectors."""
    size = torch.Size(shape).numel()
    return linear(torch.eye(size).view(size, *shape)).flatten(1).T


def around(kernel, x):
    """x (n, in, size, size) convolved on pixels joined at the edges: for each entry of the kernel a shifted image."""
    y = 0
    for i in range(kernel.shape[2]):
        for j in range(kernel.shape[3]):
            y = y + torch.einsum("oc,nchw->nohw", kernel[:, :, i, j], x.roll((-i, -j), (2, 3)))
    return y


def largest(W):
    return torch.linalg.svdvals(W)[0].item()


def reshaped(kernel):
    """σ of the kernel as a matrix (out, in · height · width)."""
    return largest(kernel.flatten(1))


# ---- joined at the edges


def oracle_circular(norm, shape=(2, 3, 3, 2), size=5, seed=0):
    """The largest singular value of the dense matrix; between σ of the reshaped kernel ÷ and × √(height · width)."""
    kernel = kernel_of(shape, seed)
    found = norm(kernel, size)
    assert found.shape == ()
    assert not found.requires_grad
    expected = largest(dense(partial(around, kernel), (shape[1], size, size)))
    assert found.item() == pytest.approx(expected, rel=1e-10)
    many = (shape[2] * shape[3]) ** 0.5
    assert reshaped(kernel) / many <= found.item() * (1 + 1e-10)
    assert found.item() <= reshaped(kernel) * many * (1 + 1e-10)


@settings(max_examples=40)
@given(st.tuples(channels, channels, sides, sides), st.integers(0, 2), seeds)
def test_circular(shape, more, seed):
    oracle_circular(circular_norm, shape, max(shape[2:]) + more, seed)


def test_circular_is_that_of_torchs_padding():
    """`padding_mode="circular"` is this convolution, shifted."""
    layer = nn.Conv2d(2, 3, 3, padding=1, padding_mode="circular", bias=False)
    assert circular_norm(layer.weight, 5).item() == pytest.approx(largest(dense(layer, (2, 5, 5)).detach()), rel=1e-10)


def test_a_kernel_of_ones_meets_the_bound():
    """σ of nine ones is 3; added up over nine places an image without waves becomes 9 times as long."""
    kernel = torch.ones(1, 1, 3, 3)
    assert reshaped(kernel) == pytest.approx(3)
    assert circular_norm(kernel, 8).item() == pytest.approx(9)


@pytest.mark.parametrize("size", [3, 8, 64])
def test_one_entry_is_a_matrix(size):
    """Where the kernel has one entry nothing overlaps, and the reshaped matrix is all there is."""
    kernel = kernel_of((4, 3, 1, 1))
    assert circular_norm(kernel, size).item() == pytest.approx(reshaped(kernel), rel=1e-12)


def waves(kernel, size):
    return torch.fft.fft2(kernel, (size, size)).permute(2, 3, 0, 1)


CIRCULAR_MUTANTS = {
    "σ of the reshaped matrix": lambda kernel, size: torch.linalg.svdvals(kernel.flatten(1))[0],
    "the bound": lambda kernel, size: (
        torch.linalg.svdvals(kernel.flatten(1))[0] * (kernel.shape[2] * kernel.shape[3]) ** 0.5
    ),
    "no waves: the kernel's sum": lambda kernel, size: torch.linalg.svdvals(kernel.sum((2, 3)))[0],
    "the largest entry": lambda kernel, size: waves(kernel, size).abs().max(),
    "Frobenius' norm": lambda kernel, size: torch.linalg.matrix_norm(waves(kernel, size)).max(),
    "the real part": lambda kernel, size: torch.linalg.svdvals(waves(kernel, size).real).max(),
    "the mean over the waves": lambda kernel, size: torch.linalg.svdvals(waves(kernel, size))[..., 0].mean(),
    "the smallest": lambda kernel, size: torch.linalg.svdvals(waves(kernel, size)).amin(-1).max(),
    "as many waves as the kernel is wide": lambda kernel, size: torch.linalg.svdvals(waves(kernel, 3)).max(),
    "waves over the channels": lambda kernel, size: torch.linalg.svdvals(
        torch.fft.fft2(kernel, (size, size), dim=(0, 1))
    ).max(),
    "waves scaled": lambda kernel, size: torch.linalg.svdvals(waves(kernel, size)).max() / size,
    "squared": lambda kernel, size: circular_norm(kernel, size).square(),
}


@pytest.mark.parametrize("fault", CIRCULAR_MUTANTS)
def test_circular_mutants(fault):
    oracle_circular(lambda kernel, size: torch.linalg.svdvals(waves(kernel, size)).max())
    assert_killed(oracle_circular, CIRCULAR_MUTANTS[fault])


@pytest.mark.parametrize(
    ("shape", "size"), [((2, 3), 4), ((2, 3, 3), 4), ((1, 1, 3, 5), 4), ((1, 1, 5, 3), 4), ((1, 1, 1, 3, 3), 4)]
)
def test_kernels_that_do_not_fit(shape, size):
    with pytest.raises(ValueError, match=r"kernel must be \(out, in, height, width\) of sides up to 4; given shape"):
        circular_norm(torch.zeros(shape), size)


# ---- as the layer stands

LAYERS = {  # a layer, and the shape of its inputs
    "dense": (lambda: nn.Linear(6, 4), (6,)),
    "dense, on more axes": (lambda: nn.Linear(3, 4), (2, 3)),
    "zero padding": (lambda: nn.Conv2d(2, 3, 3, padding=1), (2, 4, 5)),
    "no padding": (lambda: nn.Conv2d(2, 2, 3), (2, 5, 5)),
    "stride": (lambda: nn.Conv2d(2, 3, 4, 2, 1), (2, 6, 6)),
    "dilated, in groups": (lambda: nn.Conv2d(2, 4, 2, dilation=2, groups=2), (2, 5, 5)),
    "joined at the edges": (lambda: nn.Conv2d(1, 2, 3, padding=1, padding_mode="circular"), (1, 4, 4)),
    "transposed": (lambda: nn.ConvTranspose2d(3, 2, 3, padding=1), (3, 4, 4)),
    "transposed, stride": (lambda: nn.ConvTranspose2d(3, 2, 4, 2, 1), (3, 3, 3)),
    "one axis": (lambda: nn.Conv1d(2, 3, 3, padding=1), (2, 7)),
    "normalised": (lambda: spectral_norm(nn.Conv2d(2, 3, 3, padding=1)), (2, 4, 4)),
    "in a row": (lambda: nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.AvgPool2d(2)), (2, 4, 4)),
    "one number": (lambda: nn.Linear(1, 1), (1,)),
}


def built(name, seed=0):
    """The layer, with weights and biases that are not small, and the shape of its inputs."""
    build, shape = LAYERS[name]
    torch.manual_seed(seed)
    layer = build()
    for p in layer.parameters():
        p.data = torch.randn(p.shape)
    return layer, shape


def exact(layer, shape):
    """The norm of h ↦ A h, from the dense matrix."""
    modes = {part: part.training for part in layer.modules()}
    with torch.no_grad():
        layer.eval()
        found = largest(dense(lambda h: layer(h) - layer(torch.zeros_like(h)), shape))
    for part, mode in modes.items():
        part.training = mode
    return found


def oracle_operator(norm, name="zero padding", seed=0):
    """The largest singular value of A, to 1e-6 after many steps; from below, and growing with them."""
    layer, shape = built(name, seed)
    expected = exact(layer, shape)
    found = [norm(layer, shape, steps=steps).item() for steps in (1, 4, 20, 600)]
    assert found[-1] == pytest.approx(expected, rel=1e-6)
    for less, more in zip(found, [*found[1:], expected], strict=True):
        assert 0 < less <= more * (1 + 1e-12)


@pytest.mark.parametrize("name", LAYERS)
def test_operator(name):
    oracle_operator(operator_norm, name)


@settings(max_examples=15)
@given(st.sampled_from(["zero padding", "stride", "transposed, stride", "dense"]), seeds)
def test_operator_of_other_weights(name, seed):
    """A second singular value close to the first slows it down: to 1e-3 by the steps that it makes if not told."""
    layer, shape = built(name, seed)
    expected = exact(layer, shape)
    assert expected * (1 - 1e-3) <= operator_norm(layer, shape).item() <= expected * (1 + 1e-12)


@settings(max_examples=25)
@given(
    st.tuples(channels, channels, sides, sides), st.integers(1, 2), st.integers(0, 1), st.booleans(), st.integers(3, 5),
    seeds,
)  # fmt: skip
def test_at_most_sigma_times_the_root_of_the_kernels_area(shape, stride, padding, transposed, size, seed):
    """‖k ∗‖ ≤ √(height · width) σ, whatever the padding and the stride: some of what the circle has is left out."""
    outputs, inputs, height, width = shape
    layer = (nn.ConvTranspose2d if transposed else nn.Conv2d)(
        inputs, outputs, (height, width), stride, padding * (height > 2)
    )
    kernel = kernel_of(layer.weight.shape, seed)
    layer.weight.data = kernel
    as_matrix = kernel.transpose(0, 1) if transposed else kernel
    assert exact(layer, (inputs, size, size)) <= (height * width) ** 0.5 * reshaped(as_matrix) * (1 + 1e-10)


def test_zero_padding_comes_close_to_the_circle_where_the_image_is_large():
    kernel = kernel_of((2, 2, 3, 3))
    gaps = []
    for size in (4, 8, 24):
        layer = nn.Conv2d(2, 2, 3, padding=1)
        layer.weight.data = kernel
        gaps.append(1 - operator_norm(layer, (2, size, size)).item() / circular_norm(kernel, size + 2).item())
    assert gaps[0] > gaps[1] > gaps[2] > 0  # cut out of a circle of two more pixels: never longer
    assert gaps[2] < 0.02


def test_it_leaves_the_layer_alone():
    """u, the mode, the gradients and torch's own stream are what they were; a frozen layer and no_grad are fine too."""
    layer, shape = built("normalised")
    before, stream = {name: each.clone() for name, each in layer.state_dict().items()}, torch.get_rng_state()
    first = operator_norm(layer, shape, steps=5)
    assert all(torch.equal(value, before[name]) for name, value in layer.state_dict().items())
    assert all(part.training for part in layer.modules())
    assert all(p.grad is None and p.requires_grad for p in layer.parameters())
    assert torch.equal(torch.get_rng_state(), stream)
    assert not first.requires_grad
    layer.requires_grad_(False)
    with torch.no_grad():
        assert torch.equal(operator_norm(layer, shape, steps=5), first)
    assert not torch.equal(operator_norm(layer, shape, steps=5, seed=1), first)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_map_to_zero(dtype):
    layer = nn.Conv2d(1, 1, 3, padding=1).to(dtype)
    nn.init.zeros_(layer.weight)
    found = operator_norm(layer, (1, 4, 4))
    assert (found.item(), found.dtype) == (0, dtype)


def iterated(ahead=lambda layer, h: layer(h) - layer(torch.zeros_like(h)), back=None, lengths=True):
    """Power iteration on AᵀA, right unless told otherwise."""

    def norm(layer, shape, *, steps=200, seed=0):
        h = torch.randn(1, *shape, generator=torch.Generator().manual_seed(seed))
        layer.eval()
        for _ in range(steps):
            h = (h / h.norm() if lengths else h / h.numel() ** 0.5).detach().requires_grad_()
            Ah = ahead(layer, h)
            found = Ah.norm().detach()
            h = back(layer, Ah) if back else torch.autograd.grad(Ah, h, Ah.detach())[0]
        layer.train()
        return found

    return norm


def transposed_by_the_kernel(layer, y):
    """The kernel once more, and not its transpose."""
    return conv2d(y, layer.weight.transpose(0, 1), padding=1)


OPERATOR_MUTANTS = {
    "b not taken away": iterated(ahead=lambda layer, h: layer(h)),
    "A for Aᵀ: the kernel not turned": iterated(back=transposed_by_the_kernel),
    "h not of length 1": iterated(lengths=False),
    "σ squared": lambda *given, **settings: iterated()(*given, **settings).square(),
    "the root of σ": lambda *given, **settings: iterated()(*given, **settings).sqrt(),
    "one step, whatever is asked": lambda layer, shape, steps=0: iterated()(layer, shape, steps=1),
    "σ of the reshaped matrix": lambda layer, shape, steps=0: torch.linalg.svdvals(layer.weight.detach().flatten(1))[0],
    "the circle's": lambda layer, shape, steps=0: circular_norm(layer.weight, max(shape)),
    "the largest answer to a unit vector": lambda layer, shape, steps=0: (
        dense(lambda h: layer(h) - layer(torch.zeros_like(h)), shape).norm(dim=0).max().detach()
    ),
    "Frobenius' norm": lambda layer, shape, steps=0: (
        dense(lambda h: layer(h) - layer(torch.zeros_like(h)), shape).norm().detach()
    ),
}


def test_the_plain_form_agrees():
    oracle_operator(iterated())


@pytest.mark.parametrize("fault", OPERATOR_MUTANTS)
def test_operator_mutants(fault):
    assert_killed(oracle_operator, OPERATOR_MUTANTS[fault])

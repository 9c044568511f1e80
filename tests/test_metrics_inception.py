"""Inception-v3 for FID: the layout written out a second time, with random weights; and files that are not its own."""

import hashlib
import pickle
from functools import partial

import pytest
import torch
from mutants import assert_killed, faults
from safetensors.torch import save_file
from torch.nn import functional

from gan_core import metrics
from gan_core.judgement.metrics._inception_v3 import Inception, resized


@pytest.fixture(scope="module")
def weights():
    """Random, of a size that lets the signal through."""
    rng = torch.Generator().manual_seed(0)
    state = Inception().state_dict()
    for name, value in state.items():
        if name.endswith("conv.weight"):
            value.normal_(0, (2 / value[0].numel()) ** 0.5, generator=rng)
        elif name.endswith(("bn.weight", "running_var")):
            value.uniform_(0.8, 1.2, generator=rng)
        elif value.is_floating_point():
            value.normal_(0, 0.1, generator=rng)
    return state


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("weights")


@pytest.fixture(scope="module")
def path(weights, folder):
    path = folder / "weights.pth"
    torch.save(weights, path)
    return path


@pytest.fixture(scope="module")
def network(path):
    return metrics.inception(path)


def pictures(n=2, size=32, seed=0):
    """Bytes, and the same in [−1, 1]."""
    pixels = torch.randint(0, 256, (n, 3, size, size + 8), generator=torch.Generator().manual_seed(seed))
    return pixels, pixels / 127.5 - 1


# ---- the layout, written out


def written_out(weights, pixels, *, border=False, last="maximum", eps=1e-3, bias=False, halves=False, scale=128.0):
    """Features and probabilities; the options are mutants."""
    average = partial(functional.avg_pool2d, kernel_size=3, stride=1, padding=1, count_include_pad=border)
    maximum = partial(functional.max_pool2d, kernel_size=3, stride=1, padding=1)

    def conv(x, name, stride=1, padding=0):
        x = functional.conv2d(x, weights[f"{name}.conv.weight"], stride=stride, padding=padding)
        bn = [weights[f"{name}.bn.{what}"] for what in ("running_mean", "running_var", "weight", "bias")]
        return functional.batch_norm(x, *bn, eps=eps).relu()

    def chain(x, name, *paddings, first=1, stride=1):
        for i, padding in enumerate(paddings, first):
            x = conv(x, f"{name}_{i}", stride if i == first + len(paddings) - 1 else 1, padding)
        return x

    def fork(x, name):
        return torch.cat([conv(x, f"{name}a", padding=(0, 1)), conv(x, f"{name}b", padding=(1, 0))], 1)

    if halves:  # the middles of the pixels in place
        x = functional.interpolate(pixels.float(), size=(299, 299), mode="bilinear", align_corners=False)
    else:
        x = resize_by_matrices(pixels.float())
    x = (x - 128) / scale
    x = conv(x, "Conv2d_1a_3x3", stride=2)
    x = conv(x, "Conv2d_2a_3x3")
    x = functional.max_pool2d(conv(x, "Conv2d_2b_3x3", padding=1), 3, 2)
    x = conv(x, "Conv2d_3b_1x1")
    x = functional.max_pool2d(conv(x, "Conv2d_4a_3x3"), 3, 2)
    for block in ("Mixed_5b", "Mixed_5c", "Mixed_5d"):
        x = torch.cat([
            conv(x, f"{block}.branch1x1"),
            chain(x, f"{block}.branch5x5", 0, 2),
            chain(x, f"{block}.branch3x3dbl", 0, 1, 1),
            conv(average(x), f"{block}.branch_pool"),
        ], 1)  # fmt: skip
    x = torch.cat([
        conv(x, "Mixed_6a.branch3x3", stride=2),
        chain(x, "Mixed_6a.branch3x3dbl", 0, 1, 0, stride=2),
        functional.max_pool2d(x, 3, 2),
    ], 1)  # fmt: skip
    wide, tall = (0, 3), (3, 0)
    for block in ("Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"):
        x = torch.cat([
            conv(x, f"{block}.branch1x1"),
            chain(x, f"{block}.branch7x7", 0, wide, tall),
            chain(x, f"{block}.branch7x7dbl", 0, tall, wide, tall, wide),
            conv(average(x), f"{block}.branch_pool"),
        ], 1)  # fmt: skip
    x = torch.cat([
        chain(x, "Mixed_7a.branch3x3", 0, 0, stride=2),
        chain(x, "Mixed_7a.branch7x7x3", 0, wide, tall, 0, stride=2),
        functional.max_pool2d(x, 3, 2),
    ], 1)  # fmt: skip
    for block, pool in (("Mixed_7b", average), ("Mixed_7c", maximum if last == "maximum" else average)):
        x = torch.cat([
            conv(x, f"{block}.branch1x1"),
            fork(conv(x, f"{block}.branch3x3_1"), f"{block}.branch3x3_2"),
            fork(chain(x, f"{block}.branch3x3dbl", 0, 1), f"{block}.branch3x3dbl_3"),
            conv(pool(x), f"{block}.branch_pool"),
        ], 1)  # fmt: skip
    features = x.mean((2, 3))
    logits = features @ weights["fc.weight"].T + (weights["fc.bias"] if bias else 0)
    return features, logits.softmax(1)


def resize_by_matrices(x):
    """TensorFlow 1's bilinear resize, R x Rᵀ: each output pixel i lies at i·length/299 of the input."""
    return _rows(x.shape[2]) @ x @ _rows(x.shape[3]).T


def _rows(length):
    matrix = torch.zeros(299, length)
    for i in range(299):
        pixel, beyond = divmod(i * length, 299)
        matrix[i, pixel] += 1 - beyond / 299
        matrix[i, min(pixel + 1, length - 1)] += beyond / 299
    return matrix


@pytest.fixture(scope="module")
def oracle(network):
    """An oracle of second implementations: they see in pictures what ours sees."""
    pixels, x = pictures(1)
    seen = network(x)

    def agree(implementation):
        features, probabilities = implementation(network.state_dict(), pixels)
        assert features.shape == seen.features.shape == (1, 2048)
        torch.testing.assert_close(seen.features, features, rtol=1e-3, atol=1e-3 * float(features.std()))
        torch.testing.assert_close(seen.probabilities, probabilities, rtol=1e-3, atol=1e-7)

    return agree


def test_the_layout(oracle):
    oracle(written_out)


@faults(
    {
        "averages over the border, as in torchvision": partial(written_out, border=True),
        "an average in the last block, as in torchvision": partial(written_out, last="average"),
        "batch normalisation's usual eps": partial(written_out, eps=1e-5),
        "the bias in the score": partial(written_out, bias=True),
        "resized as torch does": partial(written_out, halves=True),
        "images divided by 255": partial(written_out, scale=255.0),
    }
)
def test_the_layout_mutants(mutant, oracle):
    assert_killed(oracle, mutant)


def test_the_numbers_of_the_file():
    """By hand, for 1,008 classes: Σ over 94 convolutions of out·in·height·width, twice out for the normalisation."""
    network = Inception()
    parameters = sum(p.numel() for p in network.parameters())
    assert parameters == 23_834_568 + 8 * 2049  # torchvision's for 1,000 classes, without its auxiliary classifier
    buffers = {name: value for name, value in network.named_buffers() if "num_batches" not in name}
    assert parameters + sum(value.numel() for value in buffers.values()) == 23_885_392
    state = network.state_dict()
    assert len(state) == 94 * 6 + 2
    for name, shape in {
        "Conv2d_1a_3x3.conv.weight": (32, 3, 3, 3),
        "Mixed_5b.branch5x5_2.conv.weight": (64, 48, 5, 5),
        "Mixed_5d.branch_pool.bn.running_var": (64,),
        "Mixed_6a.branch3x3.conv.weight": (384, 288, 3, 3),
        "Mixed_6c.branch7x7dbl_4.conv.weight": (160, 160, 7, 1),
        "Mixed_7a.branch7x7x3_4.conv.weight": (192, 192, 3, 3),
        "Mixed_7c.branch3x3dbl_3b.conv.weight": (384, 384, 3, 1),
        "Mixed_7c.branch_pool.conv.weight": (192, 2048, 1, 1),
        "fc.weight": (1008, 2048),
    }.items():
        assert tuple(state[name].shape) == shape


def oracle_resize(resize):
    x = pictures(1, size=20)[0].float()
    torch.testing.assert_close(resize(x), resize_by_matrices(x), rtol=1e-5, atol=1e-3)
    full = torch.rand(1, 3, 299, 299, generator=torch.Generator().manual_seed(0))
    assert torch.equal(resize(full), full)


def test_resize():
    oracle_resize(resized)


@pytest.mark.parametrize("corners", [False, True])
def test_resize_mutants(corners):
    mutant = partial(functional.interpolate, size=(299, 299), mode="bilinear", align_corners=corners)
    assert_killed(oracle_resize, mutant)


# ---- what it sees


def test_it_sees_each_image_by_itself_and_the_same_again(network, monkeypatch):
    _, x = pictures(3)
    seen = network(x)
    torch.testing.assert_close(seen.probabilities.sum(1), torch.ones(3))
    assert torch.equal(network(x).features, seen.features)
    monkeypatch.setattr("gan_core.judgement.metrics._inception_v3.AT_ONCE", 2)
    for left, right in zip(network(x), seen, strict=True):
        torch.testing.assert_close(left, right, rtol=1e-4, atol=1e-5)


def test_it_sees_what_a_picture_file_holds_in_float32(network):
    _, x = pictures(1)
    torch.set_default_dtype(torch.float64)
    seen = network(x)
    assert seen.features.dtype == torch.float32
    near = (x + 0.3 / 127.5).clamp(-1, 1).double()  # rounded to the same levels
    assert torch.equal(network(near.requires_grad_()).features, seen.features)
    assert not seen.features.requires_grad


def test_the_published_names(network):
    """FID, KID and the Inception Score are the measures of what it sees."""
    _, x = pictures(4)
    seen = network(x)
    assert metrics.frechet_distance(seen.features, seen.features) == pytest.approx(0, abs=1e-6)
    assert metrics.kernel_distance(seen.features, seen.features) < 0
    assert 1 <= metrics.inception_score(seen.probabilities, 1).mean < 1008


# ---- files


def test_safetensors_and_a_file_without_counts_of_batches(weights, folder, network):
    counted = {name: value for name, value in weights.items() if "num_batches" not in name}
    save_file(counted, folder / "weights.safetensors")
    again = metrics.inception(folder / "weights.safetensors")
    assert all(torch.equal(a, b) for a, b in zip(again.parameters(), network.parameters(), strict=True))
    assert all(torch.equal(a, b) for a, b in zip(again.buffers(), network.buffers(), strict=True))


def test_the_digits_in_the_name(path):
    digits = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    right, wrong = path.with_name(f"weights-{digits}.pth"), path.with_name("weights-00000000.pth")
    for name in (right, wrong):
        name.hardlink_to(path)
    metrics.inception(str(right))
    with pytest.raises(ValueError, match=f"is damaged: its SHA-256 begins with {digits}"):
        metrics.inception(wrong)


def of_a_thousand_classes(weights):
    return {**weights, "fc.weight": torch.zeros(1000, 2048), "fc.bias": torch.zeros(1000)}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (of_a_thousand_classes, r"fc.weight has the shape \(1000, 2048\), not \(1008, 2048\)"),
        (lambda w: {**w, "AuxLogits.conv0.conv.weight": torch.zeros(1)}, r"1 names unknown \(AuxLogits.conv0"),
        (lambda w: {k: v for k, v in w.items() if "6a" not in k}, r"20 names missing \(Mixed_6a.branch3x3.bn.bias"),
        (lambda w: {"a": torch.zeros(1)}, r"472 names missing .* and 1 names unknown \(a …\)"),
        (lambda w: {"state_dict": {}, "epoch": 3}, "it holds no state dict"),
        (lambda w: torch.zeros(3), "it holds no state dict"),
    ],
)
def test_the_weights_of_another_network(weights, change, says, tmp_path):
    torch.save(change(weights), tmp_path / "other.pth")
    with pytest.raises(ValueError, match=f"is of another network: {says}.*23,885,392 numbers.*pytorch-fid"):
        metrics.inception(tmp_path / "other.pth")


class Code:
    def __reduce__(self):
        return print, ("run!",)


@pytest.mark.parametrize("name", ["it.pth", "it.safetensors"])
@pytest.mark.parametrize("content", [b"", b"no weights", pickle.dumps(Code(), protocol=2), b"PK\x03\x04 half a file"])
def test_files_that_cannot_be_read(name, content, tmp_path, capsys):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=r"it.* cannot be read .*1,008 classes"):
        metrics.inception(tmp_path / name)
    assert capsys.readouterr().out == ""


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file .*weights.pth. It should hold .* pytorch-fid"):
        metrics.inception(tmp_path / "weights.pth")


@pytest.mark.parametrize(
    ("x", "error", "says"),
    [
        (torch.zeros(1, 1, 8, 8), ValueError, r"\(n, 3, height, width\), n ≥ 1; given shape \(1, 1, 8, 8\)"),
        (torch.zeros(0, 3, 8, 8), ValueError, r"given shape \(0, 3, 8, 8\)"),
        (torch.full((1, 3, 8, 8), 2.0), ValueError, "given 2 … 2"),
        (torch.full((1, 3, 8, 8), torch.nan), ValueError, "given nan"),
        (torch.zeros(1, 3, 8, 8, dtype=torch.uint8), TypeError, "tensor of floats in .*; given torch.uint8"),
        ([[1.0]], TypeError, "given list"),
    ],
)
def test_bad_images(network, x, error, says):
    with pytest.raises(error, match=says):
        network(x)

"""Inception-v3 with the layout of the TensorFlow network that FID is defined by, and torchvision's parameter names.

Parallel branches of convolutions look at the same input, and their outputs are stacked. Three things differ from the
network of the paper: there are 1,008 classes, averages near the border are over the pixels that are there, and the last
block takes maxima where all others take averages.
"""

from collections import OrderedDict
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

SIZE = 299  # pixels along a side
CLASSES = 1008
AT_ONCE = 32  # images, half a gigabyte on the way

# A block is {branch: convolutions (channels, kernel), one after the other}; in a fork, all see the same input.
FORK = ((384, (1, 3)), (384, (3, 1)))


def _block_35(pooled):  # pixels along a side
    return {
        "branch1x1": [(64, 1)],
        "branch5x5": [(48, 1), (64, 5)],
        "branch3x3dbl": [(64, 1), (96, 3), (96, 3)],
        "branch_pool": [(pooled, 1)],
    }


def _block_17(c):
    return {
        "branch1x1": [(192, 1)],
        "branch7x7": [(c, 1), (c, (1, 7)), (192, (7, 1))],
        "branch7x7dbl": [(c, 1), (c, (7, 1)), (c, (1, 7)), (c, (7, 1)), (192, (1, 7))],
        "branch_pool": [(192, 1)],
    }


BLOCK_8 = {
    "branch1x1": [(320, 1)],
    "branch3x3": [(384, 1), FORK],
    "branch3x3dbl": [(448, 1), (384, 3), FORK],
    "branch_pool": [(192, 1)],
}
STEM = {  # channels, kernel, stride, padding
    "Conv2d_1a_3x3": (32, 3, 2, 0),
    "Conv2d_2a_3x3": (32, 3, 1, 0),
    "Conv2d_2b_3x3": (64, 3, 1, 1),
    "Conv2d_3b_1x1": (80, 1, 1, 0),
    "Conv2d_4a_3x3": (192, 3, 1, 0),
}
BLOCKS = {  # the branches, and what is pooled; "halve" has the last convolutions and the maxima go in steps of two
    "Mixed_5b": (_block_35(32), "average"),
    "Mixed_5c": (_block_35(64), "average"),
    "Mixed_5d": (_block_35(64), "average"),
    "Mixed_6a": ({"branch3x3": [(384, 3)], "branch3x3dbl": [(64, 1), (96, 3), (96, 3)]}, "halve"),
    "Mixed_6b": (_block_17(128), "average"),
    "Mixed_6c": (_block_17(160), "average"),
    "Mixed_6d": (_block_17(160), "average"),
    "Mixed_6e": (_block_17(192), "average"),
    "Mixed_7a": (
        {"branch3x3": [(192, 1), (320, 3)], "branch7x7x3": [(192, 1), (192, (1, 7)), (192, (7, 1)), (192, 3)]},
        "halve",
    ),
    "Mixed_7b": (BLOCK_8, "average"),
    "Mixed_7c": (BLOCK_8, "maximum"),
}


class Seen(NamedTuple):
    """What the network sees in n images: `features` (n, 2048) and `probabilities` (n, 1008)."""

    features: Tensor
    probabilities: Tensor


class Inception(nn.Module):
    """Images (n, 3, height, width) in [−1, 1] -> `Seen`; `metrics.inception` says more."""

    def __init__(self):
        super().__init__()
        channels = 3
        for name, (out, kernel, stride, padding) in STEM.items():
            self.add_module(name, _convolution(channels, out, kernel, stride, padding))
            channels = out
        for name, (branches, pooling) in BLOCKS.items():
            self.add_module(name, _Block(channels, branches, pooling))
            channels = self.get_submodule(name).channels
        self.fc = nn.Linear(channels, CLASSES, dtype=torch.float32)
        self.eval().requires_grad_(False)

    @torch.no_grad()
    def forward(self, x):
        if not isinstance(x, Tensor) or not x.is_floating_point():
            given = getattr(x, "dtype", type(x).__name__)
            raise TypeError(f"x must be a tensor of floats in [−1, 1]; given {given}")
        if x.ndim != 4 or x.shape[1] != 3 or not x.numel():
            raise ValueError(f"x must be images (n, 3, height, width), n ≥ 1; given shape {tuple(x.shape)}")
        low, high = map(float, torch.aminmax(x))
        if not -1.001 <= low <= high <= 1.001:  # NaN is neither
            raise ValueError(f"x must lie in [−1, 1]; given {low:g} … {high:g}")
        features = torch.cat([self.features(part) for part in x.split(AT_ONCE)])
        return Seen(features.cpu(), (features @ self.fc.weight.T).softmax(1).cpu())

    def features(self, x):
        """The last averages of images x: (n, 2048)."""
        levels = ((x.to(self.fc.weight) + 1) * 127.5).round().clamp(0, 255)
        x = (resized(levels) - 128) / 128
        for name, module in self.named_children():
            if name in ("Conv2d_3b_1x1", "Mixed_5b"):
                x = functional.max_pool2d(x, 3, 2)
            if name != "fc":
                x = module(x)
        return x.mean((2, 3))


class _Block(nn.Module):
    def __init__(self, channels, branches, pooling):
        super().__init__()
        self.branches, self.pooling = branches, pooling
        self.channels = channels if pooling == "halve" else 0
        for branch, layers in branches.items():
            c = channels
            for i, layer in enumerate(layers, 1):
                stride = 2 if pooling == "halve" and i == len(layers) else 1
                for name, (out, kernel) in _named(branch, layers, i, layer):
                    self.add_module(name, _convolution(c, out, kernel, stride, None if stride == 1 else 0))
                c = sum(out for _, (out, _) in _named(branch, layers, i, layer))
            self.channels += c

    def forward(self, x):
        outputs = []
        for branch, layers in self.branches.items():
            y = self._pooled(x) if branch == "branch_pool" else x
            for i, layer in enumerate(layers, 1):
                y = torch.cat([self.get_submodule(name)(y) for name, _ in _named(branch, layers, i, layer)], 1)
            outputs.append(y)
        if self.pooling == "halve":
            outputs.append(functional.max_pool2d(x, 3, 2))
        return torch.cat(outputs, 1)

    def _pooled(self, x):
        if self.pooling == "maximum":
            return functional.max_pool2d(x, 3, 1, 1)
        return functional.avg_pool2d(x, 3, 1, 1, count_include_pad=False)


def _named(branch, layers, i, layer):
    """The convolutions of layer i by their names: the branch's, with _2 for the second, _2a and _2b in a fork."""
    if len(layers) == 1:
        return [(branch, layer)]
    if layer is FORK:
        return [(f"{branch}_{i}{letter}", each) for letter, each in zip("ab", layer, strict=True)]
    return [(f"{branch}_{i}", layer)]


def _convolution(channels, out, kernel, stride, padding):
    """Convolution, batch normalisation, rectifier; with `padding` None the size stays."""
    kernel = (kernel, kernel) if isinstance(kernel, int) else kernel
    padding = tuple(k // 2 for k in kernel) if padding is None else padding
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(channels, out, kernel, stride, padding, bias=False, dtype=torch.float32),
            bn=nn.BatchNorm2d(out, eps=0.001, dtype=torch.float32),
            relu=nn.ReLU(inplace=True),
        )
    )


def resized(x):
    """x (n, channels, height, width), bilinear at 299 × 299, where pixel i lies at i·height/299: TensorFlow 1's way.

    Others put the middles of the pixels in place, (i + ½)·height/299 − ½, and get another FID.
    """
    return _along(_along(x, 2), 3)


def _along(x, axis):
    length = x.shape[axis]
    at = torch.arange(SIZE, dtype=torch.float32, device=x.device) * (length / SIZE)
    low = at.floor().long()
    share = (at - low).view([SIZE if a == axis else 1 for a in range(4)])
    first, second = x.index_select(axis, low), x.index_select(axis, (low + 1).clamp_max(length - 1))
    return first + share * (second - first)


def mismatch(network, weights):
    """What is wrong with `weights` as a state dict of `network`, in words; None when nothing is."""
    if not isinstance(weights, dict) or not all(isinstance(value, Tensor) for value in weights.values()):
        return "it holds no state dict, {name: tensor}"
    wanted, given = _shapes(network.state_dict()), _shapes(weights)
    missing, strange = sorted(wanted.keys() - given.keys()), sorted(given.keys() - wanted.keys())
    if missing or strange:
        said = [
            f"{len(names)} names {what} ({names[0]} …)"
            for what, names in (("missing", missing), ("unknown", strange))
            if names
        ]
        return " and ".join(said)
    return next((f"{n} has the shape {given[n]}, not {wanted[n]}" for n in wanted if given[n] != wanted[n]), None)


def _shapes(weights):
    return {name: tuple(value.shape) for name, value in weights.items() if not name.endswith("num_batches_tracked")}

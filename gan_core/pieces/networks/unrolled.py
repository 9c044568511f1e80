"""The small convolutional pair of Unrolled GAN's stacked digits (Metz et al. 2017), for images of 8 × 8.

In the paper 28 × 28 pixels grow from 4 × 4 in three steps, with 64, 32, 16 and 8 channels; the discriminator shrinks
them in three, with 8X, 16X and 32X channels, X = 1/4 or 1/2: it is the weaker one on purpose. Here 2 × 2 grow to 4 × 4
and 8 × 8, with 32, 16 and 8 channels, and the discriminator has the paper's. Between are rectifiers, in D leaky ones
(slope 0.3); tanh ends G. Batch normalisation follows all convolutions but G's last in PacGAN's code for this very
experiment (Lin et al. 2018); in D it is a choice here, for much depends on it. Kernels are 4 × 4, as in this course's
DCGAN, not 3 × 3.
"""

from itertools import product

import torch
from torch import nn

from gan_core.mathematics._counts import whole

SIDE = 8  # of the images
SLOPE = 0.3


def unrolled_generator(z, *, width=32):
    """z (n, z) -> images (n, 3, 8, 8) in (−1, 1). `width` channels at 2 × 2 pixels, half as many at each doubling.

    Raises ValueError for a width that cannot be halved twice.

    >>> unrolled_generator(64).eval()(torch.zeros(5, 64)).shape
    torch.Size([5, 3, 8, 8])
    """
    if whole("width", width) % 4:
        raise ValueError(f"width must be a multiple of 4, to be halved twice; given {width}")
    layers = [nn.Linear(whole("z", z), width * 4, bias=False), nn.Unflatten(1, (width, 4)), *_normed(width, nn.ReLU())]
    for side, channels in ((2, width), (4, width // 2)):
        doubled = Convolution(channels, channels // 2, side, 4, stride=2, padding=1, transposed=True)
        layers += [doubled, *_normed(channels // 2, nn.ReLU())]
    last = Convolution(width // 4, 3, SIDE, 3, stride=1, padding=1, bias=True)
    return nn.Sequential(*layers, last, nn.Unflatten(2, (SIDE, SIDE)), nn.Tanh())


def unrolled_discriminator(x, *, normed=True):
    """Images (n, 3, 8, 8) -> logits (n, 1), with 8X, 16X and 32X channels for `x` = X; the paper has 1/4 and 1/2.

    `normed` is with batch normalisation. Raises ValueError for an X that leaves no whole number of channels.

    >>> unrolled_discriminator(1 / 4)(torch.zeros(5, 3, 8, 8)).shape
    torch.Size([5, 1])
    """
    width = 8 * x
    if not (width >= 1 and width == int(width)):
        raise ValueError(f"x must make 8x a whole number of channels, such as 1/4 or 1/2; given {x}")
    layers, channels = [nn.Flatten(2)], 3
    for halvings in range(3):
        wider = int(width) * 2**halvings
        layers += [Convolution(channels, wider, SIDE >> halvings, 4, stride=2, padding=1, bias=not normed)]
        layers += _normed(wider, nn.LeakyReLU(SLOPE)) if normed else [nn.LeakyReLU(SLOPE)]
        channels = wider
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels, 1))


class Convolution(nn.Module):
    """A convolution as the matrix that it is: (n, inputs, side²) -> (n, outputs, new side²), the pixels in one row.

    The matrix has an entry for each pixel in and each pixel out, a weight of the kernel or zero: Σ_k w_k T_k, where
    T_k (pixels out, pixels in) is one where the kernel's place k joins the two. Transposed, T_k is T_kᵀ. The numbers
    and the first weights are those of `nn.Conv2d` and `nn.ConvTranspose2d`; only the way there is another. On so few
    pixels, differentiated twice through K steps of D, it takes half of their time, and many seeds move as one.
    """

    def __init__(self, inputs, outputs, side, kernel, *, stride, padding, transposed=False, bias=False):
        super().__init__()
        small = side if transposed else (side + 2 * padding - kernel) // stride + 1
        large = (side - 1) * stride - 2 * padding + kernel if transposed else side
        joins = torch.zeros(kernel, kernel, small, small, large, large)
        for i, j, a, b in product(range(small), range(small), range(kernel), range(kernel)):
            row, column = stride * i + a - padding, stride * j + b - padding
            if 0 <= row < large and 0 <= column < large:
                joins[a, b, i, j, row, column] = 1
        joins = joins.reshape(kernel**2, small**2, large**2)
        joins = joins.mT if transposed else joins
        self.pixels = joins.shape[1:]
        self.register_buffer("joins", joins.reshape(kernel**2, -1), persistent=False)
        bound = ((outputs if transposed else inputs) * kernel**2) ** -0.5  # as torch draws the weights of either kind
        self.weight = nn.Parameter(torch.empty(outputs, inputs, kernel**2).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-bound, bound)) if bias else None

    def forward(self, x):
        outputs, inputs, _ = self.weight.shape
        there, here = self.pixels
        matrix = (self.weight.flatten(0, 1) @ self.joins).view(outputs, inputs, there, here)
        y = x.flatten(1) @ matrix.transpose(1, 2).reshape(outputs * there, inputs * here).mT
        y = y.view(-1, outputs, there)
        return y if self.bias is None else y + self.bias[:, None]

    def extra_repr(self):
        outputs, inputs, kernel = self.weight.shape
        return f"{inputs}, {outputs}, pixels {self.pixels[1]} -> {self.pixels[0]}, kernel of {kernel}"


def _normed(channels, activation):
    return [nn.BatchNorm1d(channels), activation]

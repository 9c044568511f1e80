"""The convolutional pair of DCGAN: Radford, Metz & Chintala 2016, "Unsupervised representation learning …".

From z the generator makes 4 × 4 pixels of many channels and doubles the sides, halving the channels, until the image is
full size; the discriminator goes the same way back. Each step is one convolution with a 4 × 4 kernel, stride 2 and
padding 1, which is exact: a transposed convolution makes (H − 1)·2 − 2·1 + 4 = 2H of H, a convolution ⌊(H − 2)/2⌋ + 1,
which is H/2 for even H. There is no pooling and no fully connected hidden layer.

The recipe: batch normalisation after every convolution but two, the generator's last and the discriminator's first;
rectifiers in the generator, leaky ones (slope 0.2) in the discriminator; tanh at the end of the generator; all weights
drawn from N(0, 0.02²), the gains of batch normalisation from N(1, 0.02²). Kernels are 5 × 5 in the paper, 4 × 4 here as
in PyTorch's example, where sides double without an output padding.
"""

from torch import nn

from gan_core.mathematics._counts import whole
from gan_core.pieces.networks._images import doublings, square


def dcgan_generator(z, shape, *, width=64):
    """z (n, z) -> images (n, channels, size, size) in (−1, 1), for `shape` = (channels, size, size).

    `width` is the number of channels before the last layer; each layer towards z has twice as many.
    Raises ValueError for a shape that is not square with a side of 8, 16, 32, 64 or 128.

    >>> dcgan_generator(100, (3, 64, 64)).eval()(__import__("torch").zeros(2, 100)).shape
    torch.Size([2, 3, 64, 64])
    """
    channels, size = square("DCGAN needs", shape)
    c = whole("width", width) * 2 ** (doublings(size) - 1)
    layers = [nn.Unflatten(1, (whole("z", z), 1, 1)), nn.ConvTranspose2d(z, c, 4, 1, 0, bias=False)]  # 1 × 1 to 4 × 4
    for _ in range(doublings(size) - 1):
        layers += [nn.BatchNorm2d(c), nn.ReLU(), nn.ConvTranspose2d(c, c // 2, 4, 2, 1, bias=False)]  # sides doubled
        c //= 2
    layers += [nn.BatchNorm2d(c), nn.ReLU(), nn.ConvTranspose2d(c, channels, 4, 2, 1), nn.Tanh()]
    return nn.Sequential(*layers).apply(_first_weights)


def dcgan_discriminator(shape, *, width=64, normed=True):
    """Images (n, channels, size, size) -> logits (n, 1), for `shape` = (channels, size, size).

    `width` is the number of channels after the first layer; each further one has twice as many. `normed` is with batch
    normalisation; a critic under a gradient penalty must be without.
    Raises ValueError as `dcgan_generator`.
    """
    channels, size = square("DCGAN needs", shape)
    c = whole("width", width)
    layers = [nn.Conv2d(channels, c, 4, 2, 1), nn.LeakyReLU(0.2)]
    for _ in range(doublings(size) - 1):
        norm = [nn.BatchNorm2d(2 * c)] if normed else []
        layers += [nn.Conv2d(c, 2 * c, 4, 2, 1, bias=not normed), *norm, nn.LeakyReLU(0.2)]  # sides halved
        c *= 2
    layers += [nn.Conv2d(c, 1, 4, 1, 0), nn.Flatten()]  # 4 × 4 to one number
    return nn.Sequential(*layers).apply(_first_weights)


def _first_weights(layer):
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(layer.weight, 0, 0.02)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    elif isinstance(layer, nn.BatchNorm2d):
        nn.init.normal_(layer.weight, 1, 0.02)

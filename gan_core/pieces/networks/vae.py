"""A variational autoencoder's two networks as one module: what Kingma & Welling 2014 train as a pair.

The decoder makes μ(z), the mean of p(x|z), of z; the encoder makes the mean m(x) and the log variance log s²(x) of
q(z|x) = N(m, diag s²) of x. The decoder is the generator that a GAN has, the encoder the body of a discriminator with
2z numbers at its end, so that a VAE and a GAN differ in what they are taught and in nothing else.
"""

from functools import partial

from torch import nn

from gan_core.mathematics._counts import whole
from gan_core.pieces.networks.dcgan import dcgan_discriminator, dcgan_generator
from gan_core.pieces.networks.mlp import mlp


class VAE(nn.Module):
    """`encoder`: examples (n, *shape) -> (n, 2z); `decoder`: z (n, z) -> examples (n, *shape). Called, it decodes."""

    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, z):
        """μ(z), the mean of p(x|z): (n, *shape)."""
        return self.decoder(z)

    def encode(self, x):
        """q(z|x) by its mean m(x) and its log variance log s²(x): (n, z) twice."""
        return self.encoder(x).chunk(2, dim=-1)


def dcgan_vae(z, shape, *, width=64):
    """A `VAE` of DCGAN's networks for images (channels, size, size) in (−1, 1); `width` as for `dcgan_generator`.

    Raises ValueError as `dcgan_generator`.

    >>> [each.shape for each in dcgan_vae(5, (3, 16, 16), width=4).encode(__import__("torch").zeros(2, 3, 16, 16))]
    [torch.Size([2, 5]), torch.Size([2, 5])]
    """
    *body, last, flat = dcgan_discriminator(shape, width=width)
    end = nn.Conv2d(last.in_channels, 2 * whole("z", z), 4)  # 4 × 4 pixels to 2z numbers, where D has one
    nn.init.normal_(end.weight, 0, 0.02)
    nn.init.zeros_(end.bias)
    return VAE(nn.Sequential(*body, end, flat), dcgan_generator(z, shape, width=width))


def mlp_vae(z, shape, *, width=128, depth=2):
    """A `VAE` of two multilayer perceptrons, for points and small images; those end in tanh. Raises as `mlp` does."""
    encoder = mlp(shape, 2 * whole("z", z), width=width, depth=depth, activation=partial(nn.LeakyReLU, 0.2))
    end = nn.Tanh if len(shape) == 3 else nn.Identity
    return VAE(encoder, mlp(z, shape, width=width, depth=depth, end=end))

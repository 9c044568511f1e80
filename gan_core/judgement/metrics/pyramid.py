"""The sliced Wasserstein distance of Progressive GAN: patches of images, size by size."""

import numpy as np
from scipy.ndimage import correlate1d

from gan_core.judgement.metrics._rows import pair_of_rows
from gan_core.judgement.metrics.sliced import sliced, unit_vectors
from gan_core.mathematics._counts import whole

SMALLEST = 16  # the last level: smaller images are hardly larger than a patch
SIDE = 7  # of a patch
BINOMIAL = np.array([1, 4, 6, 4, 1]) / 16


def pyramid_sliced_wasserstein(x, y, patches=128, directions=512, seed=0):
    """10³ times the sliced Wasserstein distance between patches of x and of y, for each level of a Laplacian pyramid.

    A level holds what is in the image at its size and not at half of it: edges and grain at the full size, large forms
    at 16 × 16, the last, which holds all that is left. From each image of a level come `patches` random squares of
    7 × 7 pixels; the patches of each set are shifted and scaled to mean 0 and variance 1 in each channel, *each set by
    its own*, so brightness and contrast go unseen. Their distance is `sliced_wasserstein`'s.
    The places of the patches, the same for x and y, come from `seed`: another order of images draws others, and changes
    the value a little. It takes 0.3 GB for each thousand images (of 3 channels, in both sets).

    Parameters: `x` (n, channels, size, size), `y` (m, channels, size, size), tensors or arrays, with size 16, 32, 64 …
    Returns {size: distance}, from the full size down to 16.
    Raises ValueError for other shapes, n or m = 0, values that are not finite, and for a set without any contrast in
    some channel; of images of 8 × 8 take `sliced_wasserstein`.
    Sources: Karras et al. 2018, section 5; Burt & Adelson 1983 (the pyramid).

    >>> noise = np.random.default_rng(0).normal(size=(2, 8, 1, 32, 32))
    >>> list(pyramid_sliced_wasserstein(*noise, patches=16))
    [32, 16]
    """
    shape = _checked(x, y)
    patches = whole("patches", patches)
    x, y = (images.reshape(-1, *shape) for images in pair_of_rows(x=x, y=y))
    theta = unit_vectors(shape[0] * SIDE**2, directions, seed).astype(np.float32)
    faint = 1e-6 * max(np.abs(x).max(), np.abs(y).max())  # what rounding leaves of a level that has nothing in it
    return {
        a.shape[-1]: 1e3
        * sliced(_descriptors("x", a, patches, seed, faint), _descriptors("y", b, patches, seed, faint), theta)
        for a, b in zip(laplacian_pyramid(x), laplacian_pyramid(y), strict=True)
    }


def laplacian_pyramid(x):
    """Images x (n, channels, size, size) as levels, largest first: each image less its half-sized self, enlarged."""
    levels = []
    while x.shape[-1] > SMALLEST:
        half = _blurred(x)[..., ::2, ::2]
        levels.append(x - _enlarged(half))
        x = half
    return [*levels, x]


def _enlarged(x):
    """Twice the size: zeros between the pixels, then the blur, times 4 for the three of four that are empty."""
    larger = np.zeros((*x.shape[:-2], 2 * x.shape[-2], 2 * x.shape[-1]))
    larger[..., ::2, ::2] = x
    return 4 * _blurred(larger)


def _blurred(x):
    return correlate1d(correlate1d(x, BINOMIAL, axis=-1, mode="mirror"), BINOMIAL, axis=-2, mode="mirror")


def _descriptors(name, x, patches, seed, faint):
    """Standardised random patches of a level x (n, channels, size, size): (n·patches, channels·49), in float32."""
    n, size = len(x), x.shape[-1]
    windows = np.lib.stride_tricks.sliding_window_view(x.astype(np.float32), (SIDE, SIDE), axis=(2, 3))
    top, left = np.random.default_rng(seed).integers(size - SIDE + 1, size=(2, n, patches))
    chosen = windows[np.arange(n)[:, None], :, top, left]  # (n, patches, channels, 7, 7)
    chosen -= chosen.mean((0, 1, 3, 4), dtype=np.float64, keepdims=True)[0].astype(np.float32)
    std = np.sqrt(np.mean([np.square(image, dtype=np.float64).mean((0, 2, 3)) for image in chosen], axis=0))
    if not (std > faint).all():
        raise ValueError(f"{name} has no contrast in channel {std.argmin()} at size {size}: nothing to compare")
    chosen /= std[:, None, None].astype(np.float32)
    return chosen.reshape(n * patches, -1)


def _checked(x, y):
    """The shape of one image."""
    shapes = [tuple(np.shape(images)) for images in (x, y)]
    size = shapes[0][-1] if len(shapes[0]) == 4 else 0
    if any(len(s) != 4 or s[1:] != (shapes[0][1], size, size) for s in shapes) or size < SMALLEST or size & (size - 1):
        raise ValueError(
            f"x and y must be images (n, channels, size, size) of one size, {SMALLEST}, {2 * SMALLEST}, "
            f"{4 * SMALLEST} …; given shapes {shapes[0]} and {shapes[1]}"
        )
    return shapes[0][1:]

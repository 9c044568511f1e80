"""What the convolutional networks ask of the shape of images."""

from gan_core.mathematics._counts import whole

SIZES = (8, 16, 32, 64, 128)  # sides that 4 doubles to, once or more


def square(who, shape, sizes=SIZES):
    """The channels and the side of images (channels, size, size); ValueError, in which `who` needs them, for others."""
    right = isinstance(shape, (tuple, list)) and len(shape) == 3 and shape[1] == shape[2]
    if not right or shape[1] not in sizes:
        raise ValueError(
            f"{who} square images (channels, size, size) with size one of {', '.join(map(str, sizes))}; "
            f"given {tuple(shape) if isinstance(shape, (tuple, list)) else shape!r}"
        )
    return whole("channels", shape[0]), int(shape[1])


def doublings(size):
    """How often 4 doubles to `size`, a power of two."""
    return (size // 4).bit_length() - 1

"""Walks and sums in the space of z: what a generator makes between two points, and of their sums and differences.

z ~ N(0, I) in d dimensions has length √d, give or take 1/√2: nearly all of it lies on a shell, and a generator has
seen little else. So it matters how long a z is that we make ourselves.
"""

import torch
from torch import Tensor


def lerp(z0: Tensor, z1: Tensor, t) -> Tensor:
    """The straight line (1 − t) z₀ + t z₁ for each t: (steps, z).

    Halfway between two independent draws its length is √½ of theirs: it cuts through the inside of the shell.
    `z0`, `z1` (z,); `t` (steps,), 0 at z₀ and 1 at z₁. Raises ValueError for two lengths and for more axes.

    >>> lerp(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]), [0.5]).tolist()
    [[0.5, 0.5]]
    """
    t = _steps(z0, z1, t)
    return (1 - t) * z0 + t * z1


def slerp(z0: Tensor, z1: Tensor, t) -> Tensor:
    """The great circle [sin((1 − t)Ω) z₀ + sin(tΩ) z₁] / sin Ω, Ω the angle between the two: (steps, z).

    Points of the same length stay at that length. Parameters as for `lerp`; parallel points have no circle of their own
    and are joined by the straight line. Raises ValueError as `lerp`, and for opposite points, which have too many.
    Sources: Shoemake 1985; for GANs White 2016.

    >>> slerp(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]), [0.5])
    tensor([[0.7071, 0.7071]])
    """
    t = _steps(z0, z1, t)
    cosine = torch.nn.functional.cosine_similarity(z0.double(), z1.double(), dim=0).clamp(-1, 1)
    if 1 + cosine < 1e-9:
        raise ValueError("z0 and z1 point opposite ways: any great circle joins them; go by way of a third point")
    if 1 - cosine < 1e-9:
        return (1 - t) * z0 + t * z1
    angle = cosine.acos().to(z0)
    return (torch.sin((1 - t) * angle) * z0 + torch.sin(t * angle) * z1) / torch.sin(angle)


def analogy(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """ā − b̄ + c̄, means over k exemplars each: "smiling − neutral + neutral with glasses".

    `a`, `b`, `c` (…, k, z), each with a k of its own -> (…, z). Its length is about √(3/k) of a draw's: of single
    exemplars it is √3 too long, of three each it is that of a draw.
    Raises ValueError for fewer than two axes and for z of several lengths.
    Source: Radford et al. 2016, section 6.3.2, where k = 3.

    >>> analogy(torch.tensor([[3.0]]), torch.tensor([[1.0], [3.0]]), torch.tensor([[5.0]])).tolist()
    [6.0]
    """
    for name, z in (("a", a), ("b", b), ("c", c)):
        if z.ndim < 2 or not z.shape[-2]:
            raise ValueError(f"{name} must be exemplars (…, k, z) with k ≥ 1; given shape {tuple(z.shape)}")
    if not a.shape[-1] == b.shape[-1] == c.shape[-1]:
        raise ValueError(f"z must be of one length; given {a.shape[-1]}, {b.shape[-1]} and {c.shape[-1]}")
    return a.mean(-2) - b.mean(-2) + c.mean(-2)


def _steps(z0, z1, t):
    """`t` as a column, once the ends have been found to match."""
    if z0.ndim != 1 or z0.shape != z1.shape:
        raise ValueError(f"z0 and z1 must be one z each, (z,); given shapes {tuple(z0.shape)} and {tuple(z1.shape)}")
    return torch.as_tensor(t, dtype=z0.dtype, device=z0.device).reshape(-1, 1)

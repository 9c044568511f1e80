"""Anti-aliased shapes on many pictures at once, each a formula of where its edge is.

A picture is the square [−1, 1]², x to the right and y downwards. Pictures lie along the last axis, (3, height, width,
n): so even a small window of them is made of long stretches of memory, and what depends on the column alone or on the
row alone is small, (width, n) or (height, 1, n).

A shape is its coverage, the share of each pixel that lies inside: ½ − d/w, clamped to 0 … 1, for an edge at the signed
distance d from the pixel's centre and pixels of width w; to first order right at every size. All is made of operations
that are rounded once (+ − × ÷ √ and comparisons), so neither the number of threads nor the processor changes a pixel.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


class Canvas:
    """`n` pictures of `size` × `size` pixels in float32, and as much room again to mix colours in."""

    def __init__(self, n, size):
        self.pixels, self._room = torch.empty(2, 3, size, size, n, dtype=torch.float32)
        self._centres = torch.arange(1, 2 * size, 2, dtype=torch.float32).div_(size).sub_(1)

    def window(self, left=-1.0, right=1.0, top=-1.0, bottom=1.0):
        """The part from `left` to `right` and from `top` to `bottom`, and what fades into its neighbours."""
        columns, rows = self._span(left, right), self._span(top, bottom)
        pixels = self.pixels[:, rows, columns]
        room = self._room.view(-1)[: pixels.numel()].view(pixels.shape)
        return Window(
            pixels, room, self._centres[columns, None], self._centres[rows, None, None], 2 / len(self._centres)
        )

    def _span(self, first, last):
        size = len(self._centres)
        return slice(max(0, int((first + 1) / 2 * size) - 1), min(size, int((last + 1) / 2 * size) + 2))


@dataclass(frozen=True)
class Window:
    """A part of a canvas; `x` (width, 1) and `y` (height, 1, 1) are the centres of its pixels, `pixel` their width."""

    pixels: Tensor
    room: Tensor
    x: Tensor
    y: Tensor
    pixel: float

    def paint(self, coverage, colour):
        """pixels ← (1 − coverage)·pixels + coverage·colour, for `coverage` (height, width, n) and `colour` (3, n)."""
        self.pixels.add_(torch.sub(colour[:, None, None], self.pixels, out=self.room).mul_(coverage))

    def oval(self, cx, cy, rx, up, down=None, straight=0.0, taper=None):
        """An ellipse about (cx, cy), `rx` wide to either side, that reaches `up` above its centre and `down` below it.

        Its sides may run `straight` down first, and come in by the share `taper` towards the bottom.
        d ≈ (s − 1)/|∇s| for s = (x/rx)² + (y/ry)², its distance to first order.
        """
        x, y = self.x - cx, self.y - cy
        y = y - torch.minimum(y.clamp(min=0), _tensor(straight))
        ry = _tensor(up) if down is None else torch.where(y < 0, _tensor(up), _tensor(down))
        y = y / ry
        if taper is not None:
            rx = rx * (1 - taper * y.clamp(0, 1) ** 2)
        x, y = (x / rx) ** 2, y**2
        slope = x * (2 * self.pixel / rx) ** 2 + y * (2 * self.pixel / ry) ** 2  # (w |∇s|)²
        return (1 - x).sub(y).div_(slope.sqrt_()).add_(0.5).clamp_(0, 1)

    def below(self, height, slope):
        """All that is below the curve of `height` (width, n), whose derivative is `slope` (width, n)."""
        steep = 1 / (self.pixel * (1 + slope**2).sqrt())
        return (self.y * steep).sub_(height * steep - 0.5).clamp_(0, 1)

    def lens(self, cx, cy, rx, upper, lower):
        """What lies between two parabolas that meet at (cx ± rx, cy) and reach `upper` and `lower` between: a crescent.

        What is below the upper one less what is below the lower: right for lines thinner than a pixel, too.
        """
        x = (self.x - cx) / rx
        bow, slope = 1 - x**2, -2 * x / rx
        inside = self.below(cy + upper * bow, upper * slope)
        return inside.sub_(self.below(cy + lower * bow, lower * slope)).clamp_(min=0)


def _tensor(value):
    return torch.as_tensor(value, dtype=torch.float32)

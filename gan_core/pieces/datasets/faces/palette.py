"""The colours of the faces: red, green and blue from 0 to 255."""

import torch

SKIN = [(255, 226, 202), (243, 200, 160), (214, 158, 114), (170, 116, 82), (128, 84, 62)]  # the lightest to the deepest
HAIR = [(40, 36, 50), (94, 60, 46), (196, 98, 58), (236, 198, 118), (172, 156, 208)]
IRIS = [(104, 62, 40), (62, 124, 196), (66, 146, 92), (120, 130, 142)]
SHIRT = [(62, 84, 128), (192, 88, 78), (122, 160, 132), (226, 176, 84), (240, 234, 222)]
HUES = [(244, 200, 190), (246, 224, 184), (212, 230, 190), (180, 222, 216), (184, 208, 238), (218, 200, 234)]
WALL = [*HUES, HUES[0]]  # a wheel: the last hue is the first


def flat(red, green, blue):
    """One colour for all: (3, 1)."""
    return torch.tensor([[red], [green], [blue]], dtype=torch.float32)


WHITE, CREAM, INK, DUSK = flat(255, 255, 255), flat(255, 252, 246), flat(46, 40, 52), flat(30, 20, 40)
EARTH, ROSE, LIPS, MOUTH = flat(150, 62, 40), flat(240, 112, 108), flat(190, 82, 84), flat(120, 44, 54)


def one_of(colours, number):
    """The colour of each `number` (n,): (3, n)."""
    return torch.tensor(colours, dtype=torch.float32).T[:, number]


def along(colours, place):
    """The colour at each `place` (n,), where 0 is the first, 1 the last and those between lie evenly: (3, n)."""
    place = place * (len(colours) - 1)
    number = place.long().clamp(max=len(colours) - 2)
    return mix(one_of(colours, number), one_of(colours, number + 1), place - number)


def mix(a, b, share):
    """(1 − share)·a + share·b."""
    return a + (b - a) * share

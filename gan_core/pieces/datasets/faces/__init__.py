"""Cartoon faces drawn from factors that are known, so that what a network makes of them can be checked."""

from gan_core.pieces.datasets.faces.factors import FACE_FACTORS, Factor
from gan_core.pieces.datasets.faces.sets import draw_faces, faces, people

__all__ = ["FACE_FACTORS", "Factor", "draw_faces", "faces", "people"]

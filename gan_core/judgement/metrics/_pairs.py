"""All pairs of two sets of rows, a block at a time: matrix products do the work, and the memory stays bounded.

‖a − b‖² = ‖a‖² + ‖b‖² − 2 a·b takes a tenth of the time of the differences, and loses digits where a and b are close.
So it only says which pairs matter; their distances are then computed from the differences.
"""

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

BLOCK = 2**21  # pairs at once: 16 MB
FLAT = 8  # dimensions up to which a tree finds neighbours faster than all pairs do


def products(x, y):
    """(rows, x_rows · y_j) for the blocks of x (n, d) with y (m, d). The next block overwrites the numbers."""
    step = max(1, BLOCK // len(y))
    room = np.empty((min(step, len(x)), len(y)))  # taking new memory for each block would cost more than the products
    for start in range(0, len(x), step):
        rows = slice(start, min(start + step, len(x)))
        yield rows, np.matmul(x[rows], y.T, out=room[: rows.stop - start])


def squared_distances(x, y):
    """(rows, ‖x_rows − y_j‖²) for the blocks of x, each right to `rounding(x, y)`. The next block overwrites it."""
    centre = y.mean(0)
    x, y = x - centre, y - centre
    of_x, of_y = np.square(x).sum(1), np.square(y).sum(1)
    for rows, squared in products(-2 * x, y):
        squared += of_x[rows, None]
        squared += of_y
        yield rows, np.maximum(squared, 0, out=squared)


def rounding(x, y):
    """By how much a number of `squared_distances` can be wrong."""
    centre = y.mean(0)
    largest = max(np.square(x - centre).sum(1).max(), np.square(y - centre).sum(1).max())
    return 4 * (x.shape[1] + 8) * np.finfo(float).eps * largest


def kth_nearest(x, y, k=1):
    """The distance from each of x (n, d) to the k-th nearest of y (m, d): (n,)."""
    if x.shape[1] <= FLAT:
        return cKDTree(y).query(x, [k])[0][:, 0]
    distance = np.empty(len(x))
    for rows, squared in squared_distances(x, y):
        near = squared.argmin(1)[:, None] if k == 1 else squared.argpartition(k - 1, axis=1)[:, :k]
        distance[rows] = np.linalg.norm(x[rows, None] - y[near], axis=2).max(1)
    return distance


def pairs_within(x, y, radius):
    """(rows, whether ‖x_rows − y_j‖ ≤ radius_j) for the blocks of x; `radius` (m,) or one for all.

    What is as far as the radius is within, however the two were rounded: √3² is less than 3.
    """
    unsure = rounding(x, y)
    edge = np.square(radius) * (1 + (x.shape[1] + 8) * np.finfo(float).eps)
    for rows, squared in squared_distances(x, y):
        close = ((squared <= edge + unsure) != (squared <= edge - unsure)).any(1)
        if close.any():
            squared[close] = cdist(x[rows][close], y, "sqeuclidean")
        yield rows, squared <= edge

"""The exercises of chapter 13, Spectral normalisation."""

import numpy as np

from gan_core.course.lessons.exercises import Exercise

_RNG = np.random.default_rng(13)
_W, _OTHER, _ABOVE = _RNG.normal(size=(3, 4, 4))
_U = np.array([0.5, 0.5, -0.5, 0.5])


def _unit(h):
    return h / np.linalg.norm(h)


def _largest_stretch(W, u, steps):
    for _ in range(steps):
        v = _unit(W.T @ u)
        u = _unit(W @ v)
    return u @ W @ v


def _never_back(W, u, steps):
    for _ in range(steps):
        v = _unit(W @ u)
        u = _unit(W @ v)
    return u @ W @ v


def _not_unit(W, u, steps):
    for _ in range(steps):
        v = W.T @ u
        u = W @ v
    return u @ W @ v


def _with_vectors(W):
    U, _, Vt = np.linalg.svd(W)
    return W, U[:, 0], Vt[0]


def _gradient_of_weight(above, W, u, v):
    sigma = u @ W @ v
    return (above - np.sum(above * W) / sigma * np.outer(u, v)) / sigma


EXERCISES = {
    "13.1": Exercise(
        solution=_largest_stretch,
        mistakes={
            "there with Wᵀ, back with W; you went with W both times": _never_back,
            "each vector must be made a unit vector, or the number grows with every step": _not_unit,
            "that is one step; go on `steps` times": lambda W, u, steps: _largest_stretch(W, u, 1),
            "that is σ², the stretch of there and back": lambda W, u, steps: _largest_stretch(W, u, steps) ** 2,
            "that is the exact σ; asked is the estimate after `steps` steps": lambda W, u, steps: np.linalg.norm(W, 2),
            "that is the root of all σᵢ² together": lambda W, u, steps: np.linalg.norm(W),
        },
        inputs=((_W, _U, 2), (_OTHER, _U, 5)),
    ),
    "13.2": Exercise(
        solution=lambda first, second, share: int(np.ceil(np.log(share) / (2 * np.log(second / first)))),
        mistakes={
            "a step goes there and back: the tangent shrinks by (σ₂/σ₁)², not by σ₂/σ₁": lambda first, second, share: (
                int(np.ceil(np.log(share) / np.log(second / first)))
            ),
            "round up, not down: fewer steps do not reach the share": lambda first, second, share: int(
                np.log(share) / (2 * np.log(second / first))
            ),
            "the ratio is σ₂/σ₁, below 1; the other way round the number is negative": lambda first, second, share: int(
                np.ceil(np.log(share) / (2 * np.log(first / second)))
            ),
            "σ itself errs less than u; asked is the tangent of u's angle": lambda first, second, share: int(
                np.ceil(np.log(share) / (4 * np.log(second / first)))
            ),
        },
        inputs=((1.0, 0.97, 0.1), (2.0, 1.2, 1e-3)),
    ),
    "13.3": Exercise(
        solution=_gradient_of_weight,
        mistakes={
            "that would be so if σ did not depend on W: the term with u vᵀ is missing": lambda above, W, u, v: (
                above / (u @ W @ v)
            ),
            "λ is ⟨Γ, W̄⟩, with the normalised weight: divide W by σ": lambda above, W, u, v: (
                (above - np.sum(above * W) * np.outer(u, v)) / (u @ W @ v)
            ),
            "divide by σ at the end: W̄ is W/σ, and so is its change": lambda above, W, u, v: (
                above - np.sum(above * W) / (u @ W @ v) * np.outer(u, v)
            ),
            "this takes away the part along u vᵀ; λ is the part along W̄, ⟨Γ, W̄⟩": lambda above, W, u, v: (
                (above - (u @ above @ v) * np.outer(u, v)) / (u @ W @ v)
            ),
            "the sign: dW̄ has −W dσ/σ²": lambda above, W, u, v: (
                (above + np.sum(above * W) / (u @ W @ v) * np.outer(u, v)) / (u @ W @ v)
            ),
            "⟨Γ, W̄⟩ is a sum over entries; you took the trace of a product without a transpose": (
                lambda above, W, u, v: (above - np.trace(above @ W) / (u @ W @ v) * np.outer(u, v)) / (u @ W @ v)
            ),
        },
        inputs=((_ABOVE, *_with_vectors(_W)), (_W, *_with_vectors(_OTHER))),
    ),
    "13.4": Exercise(
        solution=36,
        mistakes={
            "that holds for dense layers; a convolution's patches overlap": 1,
            "a stride of 2 leaves out patches: each pixel is in fewer, divide by it": 144,
            "the square root is missing: √(height · width)": 1296,
            "a pixel is in k²/s² patches, and the root of that is k/s: divide by the stride, not by its square": 9,
        },
    ),
}

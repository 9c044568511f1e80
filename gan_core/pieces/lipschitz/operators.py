"""How much longer can a layer make its input? The norm of the linear map that it is, not of the matrix it is stored as.

A convolution uses its kernel at every place, and the places overlap. So the norm of x ↦ k ∗ x is another number than
the σ of the kernel as a matrix, up to √(height · width) times as large: spectral normalisation bounds the one by 1,
and not the other. Sources: Sedghi, Gupta & Long 2019 (the FFT), Tsuzuku, Sato & Sugiyama 2018 (the bound).
"""

import torch

from gan_core.pieces._modes import eval_mode


def circular_norm(kernel, size):
    """The norm of the convolution with stride 1 on `size` × `size` pixels that are joined at the edges; exact.

    kernel (out, in, height, width), each side at most `size`. Such a convolution takes each wave e^{iωx} to itself, so
    it is the product with one matrix for each frequency, K̂(ω) (out, in): ‖k ∗‖ = max_ω σ(K̂(ω)).
    Raises ValueError for a kernel of other axes or one that is larger than the image.

    >>> circular_norm(torch.ones(1, 1, 3, 3, dtype=torch.float64), 8)  # adds up nine neighbours
    tensor(9., dtype=torch.float64)
    """
    if kernel.ndim != 4 or max(kernel.shape[2:]) > size:
        raise ValueError(
            f"kernel must be (out, in, height, width) of sides up to {size}; given shape {tuple(kernel.shape)}"
        )
    with torch.no_grad():
        waves = torch.fft.fft2(kernel, (size, size))  # (out, in, size, size)
        return torch.linalg.svdvals(waves.permute(2, 3, 0, 1)).max()


def operator_norm(layer, shape, *, steps=200, seed=0):
    """max ‖A h‖/‖h‖ of the linear map h ↦ A h + b that `layer` is, as it stands, padding, stride and all.

    `shape` is that of one input. Power iteration on AᵀA, with Aᵀ from autograd; in eval mode, so that u of a spectrally
    normalised layer stays. The estimate comes from below and grows with `steps`. The layer must be linear in its input
    up to b; this is not asked.
    """
    weight = next(layer.parameters())
    h = torch.randn(1, *shape, generator=torch.Generator().manual_seed(seed), dtype=weight.dtype).to(weight.device)
    norm = h.new_zeros(())
    with eval_mode(layer):
        for _ in range(steps):
            h = (h / h.norm()).requires_grad_()
            with torch.enable_grad():
                y = layer(h)
            with torch.no_grad():
                Ah = y - layer(torch.zeros_like(h))
            norm = Ah.norm()
            (h,) = torch.autograd.grad(y, h, Ah)  # AᵀA h
            if not h.any():
                break  # A h = 0: the map is zero, or this h is
    return norm

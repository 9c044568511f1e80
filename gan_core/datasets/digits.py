"""Real handwritten digits, 8×8, that come inside scikit-learn: no download."""

import torch

from gan_core.datasets.examples import Examples


def digits():
    """The 1,797 digits of scikit-learn: `x` (1797, 1, 8, 8) in [−1, 1] in torch's default dtype, `y` (1797,) 0 … 9.

    Ink is +1, paper −1, in 17 levels of grey.
    Source: Alpaydin & Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998 (its test part).
    """
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    x = torch.as_tensor(images, dtype=torch.get_default_dtype()).reshape(-1, 1, 8, 8) / 8 - 1  # 0 … 16 to −1 … 1
    return Examples(x, torch.as_tensor(labels))

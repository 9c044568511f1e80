"""Further tasks of D: one forward pass gives the logits and more, and both players' losses read what they need of it.

A discriminator that returns (logits, c, …) has a head for each further output, in their order:
`GAN(heads=(classification,))`. Whatever D is to say besides real or fake goes this way: a class, a code, a factor.

================ =========================================== ==================== ==========================
head             added to L_D                                added to L_G         source
================ =========================================== ==================== ==========================
classification   −E_p[log c_y(x)] − E_q[log c_y(x′)]         −E_q[log c_y(x′)]    AC-GAN, Odena et al. 2017
================ =========================================== ==================== ==========================

c = softmax of the class scores, x real with its label y, x′ = G(z, y) with the label that it was told.
"""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor
from torch.nn.functional import cross_entropy


class Head(NamedTuple):
    """A further task of D, as two functions of its output; `real` and `fake` are minibatches, `algorithm.Batch`.

    `discriminator(on_real, on_fake, real, fake)` is added to L_D, `generator(on_fake, fake)` to L_G: a scalar each.
    """

    name: str
    discriminator: Callable[..., Tensor]
    generator: Callable[..., Tensor]


classification = Head(
    "classification",
    lambda on_real, on_fake, real, fake: cross_entropy(on_real, real.y) + cross_entropy(on_fake, fake.y),  # L_C
    lambda on_fake, fake: cross_entropy(on_fake, fake.y),
)

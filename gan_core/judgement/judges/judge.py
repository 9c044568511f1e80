"""A network that has learned to read factors off images, and how well it does."""

import copy
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor
from torch.nn import functional

from gan_core.judgement.judges import weights
from gan_core.judgement.judges.network import Reader
from gan_core.judgement.judges.subjects import SUBJECTS, subject_of
from gan_core.pieces.datasets.faces import Factor

_AT_ONCE = 1024  # images


def digits():
    """The judge of digits: which of 0 … 9 an image (1, 8, 8) is, `judge(x)["digit"]` (n, 10).

    Of `stacked_digits` give it the channels one by one: x.reshape(-1, 1, 8, 8).
    Raises FileNotFoundError and ValueError when the weights that come with the course are missing or damaged.
    """
    return load("digits")


def faces():
    """The judge of faces: all of `FACE_FACTORS` in images (3, 32, 32), or larger ones, averaged over areas to 32 × 32.

    Raises FileNotFoundError and ValueError when the weights that come with the course are missing or damaged.

    >>> from gan_core import datasets
    >>> data = datasets.faces(100)
    >>> seen = faces()(data.x)
    >>> seen["smile"].shape, seen["hair_colour"].shape
    (torch.Size([100]), torch.Size([100, 5]))
    """
    return load("faces")


@dataclass(frozen=True)
class Judge:
    """What a network sees in images, as probabilities (`judge(x)`), as values (`decide`) and as `features`.

    It computes in float32 whatever torch's default is, without gradients, each image by itself.

    `name`       "digits" or "faces"
    `factors`    what it reads: {name: datasets' Factor}, with the names of the classes or the ends of the range
    `accuracy`   on held-out real images, {factor: share right, or R² for a range}; `score` measures it anew
    `made`       with which seed, steps and version
    """

    name: str
    factors: dict[str, Factor] = field(repr=False)
    network: Reader = field(repr=False)
    accuracy: dict[str, float]
    made: dict

    def __call__(self, x):
        """What it sees in `x` (n, *shape), floats in [−1, 1]: {factor: tensor on the CPU}.

        binary: the probability of 1, (n,); classes: their probabilities, (n, classes); a range: a value in it, (n,).
        Raises TypeError for what is not a tensor of floats, ValueError for other shapes, values out of range and NaN.
        """
        outputs = self._subject.split(self._each(self.network, x))
        return {name: rule.answer(outputs[name]) for name, rule in self._subject.rules.items()}

    def decide(self, x):
        """The likeliest value of each factor, as datasets keep them: {factor: (n,)}, int64 or float32.

        So `datasets.draw_faces(judge.decide(x))` draws what it has seen. Raises as a call.
        """
        answers = self(x)
        return {name: rule.decide(answers[name]) for name, rule in self._subject.rules.items()}

    def features(self, x):
        """The layer before the answers: (n, features), ≥ 0, on the CPU. Raises as a call."""
        return self._each(self.network.features, x)

    def score(self, data):
        """How right it is about `data`, a dataset whose factors are known (digits: labels): {factor: number up to 1}.

        The share of right decisions; for a range R², the share of the variance that it explains.
        Raises ValueError for data without them, and as a call.
        """
        truth, decided = self._subject.truth(data), self.decide(data.x)
        return {name: rule.mark(decided[name], truth[name]) for name, rule in self._subject.rules.items()}

    def to(self, device):
        """The same judge, looking on another device."""
        return replace(self, network=copy.deepcopy(self.network).to(device))

    @property
    def _subject(self):
        return SUBJECTS[self.name]

    @torch.no_grad()
    def _each(self, network, x):
        device = self.network.answers.weight.device
        parts = self._checked(x).split(_AT_ONCE)
        return torch.cat([network(self._sized(part.to(device, torch.float32))).cpu() for part in parts])

    def _sized(self, x):
        size = self._subject.shape[1:]
        return x if x.shape[2:] == size else functional.interpolate(x, size=size, mode="area")

    def _checked(self, x):
        if not isinstance(x, Tensor) or not x.is_floating_point():
            given = getattr(x, "dtype", type(x).__name__)
            raise TypeError(f"x must be a tensor of floats in [−1, 1]; given {given}. Bytes: datasets.Images(pixels).x")
        (channels, size, _), larger = self._subject.shape, self._subject.larger
        fits = x.ndim == 4 and len(x) > 0 and x.shape[1] == channels and x.shape[2] == x.shape[3]
        if not fits or x.shape[2] < size or (x.shape[2] > size and not larger):
            wanted = f"(n, {channels}, {size}, {size})" + " or larger squares" * larger
            raise ValueError(f"the judge of {self.name} looks at images {wanted}, n ≥ 1; given {tuple(x.shape)}")
        low, high = map(float, torch.aminmax(x))
        if not -1.001 <= low <= high <= 1.001:  # NaN is neither
            raise ValueError(f"x must lie in [−1, 1], as tanh does; given {low:g} … {high:g}. Perhaps x.clamp(-1, 1)")
        return x


def load(name, path=None):
    """The judge `name` from `path`, a file that `train` wrote, or the one that comes with the course.

    Raises ValueError for another name, FileNotFoundError for a file that is missing, and ValueError for one that is
    damaged or of another judge or version.
    """
    subject, path = subject_of(name), path or weights.place(name)
    tensors, record = weights.read(path, name)
    reader = subject.network()
    shapes = {key: tuple(tensor.shape) for key, tensor in reader.state_dict().items()}
    if record["factors"] != subject.described() or {k: tuple(t.shape) for k, t in tensors.items()} != shapes:
        raise ValueError(
            f"{path} is of gan_core {record['made']['gan_core']}, which drew other images or had another network; "
            "`python -m gan_core judges` makes it anew"
        )
    reader.load_state_dict(tensors)
    return Judge(name, subject.factors, reader.eval().requires_grad_(False), record["accuracy"], record["made"])

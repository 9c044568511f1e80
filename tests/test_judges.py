"""The judges that come with the course: measured again on what they have not learned from, and on what must not sway
them; the file they come in; the rules by which answers are read, taught and marked; and how they are taught."""

import json
import pathlib
import tomllib
from dataclasses import replace
from fnmatch import fnmatch

import pytest
import torch
from mutants import assert_killed
from torch import nn
from torch.nn import functional

from gan_core import datasets, judges
from gan_core.judgement.judges import answers, judge, network, subjects, teaching, weights
from gan_core.pieces.datasets import FACE_FACTORS, Examples
from gan_core.pieces.datasets.faces import Factor

MOST = 300_000  # bytes of a file of weights
NAMES = sorted(judges.NAMES)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def held_out():
    return {name: subject.held_out() for name, subject in subjects.SUBJECTS.items()}


@pytest.fixture(scope="module")
def few(held_out):
    return {name: data[:600] for name, data in held_out.items()}


@pytest.fixture(scope="module")
def shipped():
    return {"digits": judges.digits(), "faces": judges.faces()}


# ---- right about what it has not seen

LEAST = {name: 0.99 for name in ("smile", "glasses", "hair_length", "hair_colour", "shirt")}
LEAST |= {name: 0.95 for name in ("hair_volume", "skin", "face_width", "yaw", "cx", "cy", "background")}
LEAST |= {"digit": 0.985, "fringe": 0.98, "eye_colour": 0.95, "eye_size": 0.85, "mouth": 0.85, "brows": 0.75}
LEAST |= {"blush": 0.35, "jaw": 0.5}  # some 10 levels of grey of 255 on a few pixels, and a pixel at the chin


def oracle_judge(judge, data):
    marks = judge.score(data)
    assert set(marks) == set(judge.factors) == set(judge.accuracy)
    for name, mark in marks.items():
        assert mark == pytest.approx(judge.accuracy[name], abs=2e-3), name  # what its file says of it
        assert mark >= LEAST[name], name


@pytest.mark.parametrize("name", NAMES)
def test_a_judge_is_as_right_as_its_file_says(name, shipped, held_out):
    oracle_judge(shipped[name], held_out[name])


class Swayed(judges.Judge):
    """A judge to whom something is done: to the image before it looks, or to its decisions after."""

    def _checked(self, x):
        return BEFORE[self.made["fault"]](super()._checked(x)) if self.made["fault"] in BEFORE else super()._checked(x)

    def decide(self, x):
        return AFTER.get(self.made["fault"], lambda seen: seen)(super().decide(x))


BEFORE = {
    "transposed": lambda x: x.mT,
    "upside down": lambda x: x.flip(2),
    "mirrored": lambda x: x.flip(3),
    "ink and paper exchanged": lambda x: -x,
    "range of [0, 1]": lambda x: (x + 1) / 2,
    "order of the images lost": lambda x: x.flip(0),
}
FACES_BEFORE = {"blue, green, red": lambda x: x.flip(1)}
AFTER = {
    "labels one further": lambda seen: seen | {"digit": (seen["digit"] + 1) % 10},
    "hair colours one further": lambda seen: seen | {"hair_colour": (seen["hair_colour"] + 1) % 5},
    "smile for neutral": lambda seen: seen | {"smile": 1 - seen["smile"]},
    "smile and glasses exchanged": lambda seen: seen | {"smile": seen["glasses"], "glasses": seen["smile"]},
    "left for right": lambda seen: seen | {"yaw": -seen["yaw"]},
    "hue a quarter turn on": lambda seen: seen | {"background": (seen["background"] + 0.25) % 1},
    "hue from 0 to 2π": lambda seen: seen | {"background": seen["background"] * 6.28},
    "shirt always navy": lambda seen: seen | {"shirt": torch.zeros_like(seen["shirt"])},
}
BEFORE |= FACES_BEFORE


def swayed(judge, fault):
    return Swayed(judge.name, judge.factors, judge.network, judge.accuracy, {"fault": fault})


@pytest.mark.parametrize("fault", [*(each for each in BEFORE if each not in FACES_BEFORE), "labels one further"])
def test_digits_mutants(fault, shipped, held_out):
    oracle_judge(swayed(shipped["digits"], "nothing"), held_out["digits"])
    assert_killed(lambda judge: oracle_judge(judge, held_out["digits"]), swayed(shipped["digits"], fault))


@pytest.mark.parametrize("fault", [*BEFORE, *(each for each in AFTER if each != "labels one further")])
def test_faces_mutants(fault, shipped, few):
    as_recorded = replace(shipped["faces"], accuracy=shipped["faces"].score(few["faces"]))
    oracle_judge(swayed(as_recorded, "nothing"), few["faces"])
    assert_killed(lambda judge: oracle_judge(judge, few["faces"]), swayed(as_recorded, fault))


def test_nothing_held_out_was_learned_from():
    digits = subjects.SUBJECTS["digits"]
    learned, held = digits.learn(), digits.held_out()
    assert len(learned) + len(held) == 1797
    assert torch.cdist(held.x.flatten(1), learned.x.flatten(1)).min() > 0
    faces = replace(subjects.SUBJECTS["faces"], learn=lambda: datasets.faces(50, seed=subjects.LEARNED))
    assert not set(faces.held_out().factors["skin"].tolist()) & set(faces.learn().factors["skin"].tolist())
    assert {subjects.LEARNED, subjects.HELD_OUT}.isdisjoint(range(10**6))  # the faces readers draw are new to the judge


# ---- changed by what changes, and by nothing else


def counterfactuals(name, few):
    """The same faces without and with one thing."""
    n = len(few)
    return [datasets.draw_faces({**few.factors, name: torch.full((n,), value)}).x for value in (0, 1)]


def oracle_counterfactual(judge, name, few):
    without, with_it = (judge(x) for x in counterfactuals(name, few))
    flips = (without[name] < 0.5) & (with_it[name] > 0.5)
    assert flips.double().mean() >= 0.98
    for other, factor in judge.factors.items():
        if other == name:
            continue
        moved = with_it[other] - without[other]
        if factor.kind == "class":
            moved = moved.abs().sum(1) / 2  # of probability
        elif factor.kind == "range":
            moved = moved / (factor.high - factor.low)
            moved = (moved + 0.5) % 1 - 0.5 if other in answers.CIRCLES else moved
            assert moved.mean().abs() < 0.02, (other, moved.mean())  # nothing that is always so
        assert moved.abs().mean() < 0.1, (other, moved.abs().mean())


@pytest.mark.parametrize("name", ["smile", "glasses"])
def test_counterfactuals(name, shipped, few):
    oracle_counterfactual(shipped["faces"], name, few["faces"])


class Entangled(judges.Judge):
    def __call__(self, x):
        seen = super().__call__(x)
        smile, glasses = seen["smile"], seen["glasses"]
        shirt = seen["shirt"].roll(1, 1).lerp(seen["shirt"], glasses[:, None])
        return seen | {"blush": 0.9 * seen["blush"] + 0.1 * smile, "shirt": shirt}


class AlwaysYes(judges.Judge):
    def __call__(self, x):
        seen = super().__call__(x)
        return seen | {name: torch.ones_like(seen[name]) for name in ("smile", "glasses")}


@pytest.mark.parametrize("mutant", [Entangled, AlwaysYes])
@pytest.mark.parametrize("name", ["smile", "glasses"])
def test_counterfactual_mutants(name, mutant, shipped, few):
    mutant = mutant(*vars(shipped["faces"]).values())
    assert_killed(lambda judge: oracle_counterfactual(judge, name, few["faces"]), mutant)


def smoothed(x):
    kernel = torch.tensor([0.25, 0.5, 0.25])
    padded = functional.pad(x, (1, 1, 1, 1), mode="replicate")
    return functional.conv2d(padded, kernel.outer(kernel).expand(x.shape[1], 1, 3, 3).to(x), groups=x.shape[1])


HANDLED = {
    "noise of 0.1": lambda x: (x + 0.1 * torch.randn(x.shape, generator=rng())).clamp(-1, 1),
    "smoothed": smoothed,
    "darker": lambda x: (x - 0.06).clamp(-1, 1),
    "tinted": lambda x: (x + torch.tensor([0.06, 0.0, -0.06])[:, None, None]).clamp(-1, 1),
    "coarse noise of 0.1": lambda x: (x + 0.1 * smoothed(torch.randn(x.shape, generator=rng())) / 0.375).clamp(-1, 1),
    "smoothed, then noise of 0.1": lambda x: HANDLED["noise of 0.1"](smoothed(x)),
}


@pytest.mark.parametrize("how", HANDLED)
def test_faces_that_are_not_quite_clean(how, shipped, few):
    data = few["faces"]
    marks = shipped["faces"].score(Examples(HANDLED[how](data.x), None, data.factors))
    for name in ("smile", "glasses", "hair_colour", "hair_length", "shirt"):
        assert marks[name] >= 0.98, name
    for name in ("yaw", "skin", "background"):
        assert marks[name] >= 0.9, name


@pytest.mark.parametrize("size", [34, 64, 128])
def test_larger_faces_are_averaged(size, shipped):
    data = datasets.faces(300, size=size, seed=5)
    marks = shipped["faces"].score(data)
    assert min(marks[name] for name in ("smile", "glasses", "hair_colour", "hair_length")) >= 0.98
    face = datasets.faces(20, seed=5).x
    doubled = face.repeat_interleave(2, 2).repeat_interleave(2, 3)
    for a, b in zip(shipped["faces"](face).values(), shipped["faces"](doubled).values(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-5)


def test_noisy_and_turned_digits(shipped, held_out):
    data = held_out["digits"]
    disturbed = subjects.SUBJECTS["digits"].disturb(data.x, rng())
    assert shipped["digits"].score(Examples(disturbed, data.y))["digit"] >= 0.96


def test_stacked_digits_are_read_channel_by_channel(shipped):
    x, number = datasets.stacked_digits().labelled(200, rng())
    a, b, c = shipped["digits"].decide(x.reshape(-1, 1, 8, 8))["digit"].reshape(-1, 3).T
    assert (100 * a + 10 * b + c == number).double().mean() > 0.97


def test_what_it_decides_can_be_drawn(shipped, few):
    """A face drawn from what the judge saw is the face it saw, and no other."""
    data = few["faces"][:200]
    again = datasets.draw_faces(shipped["faces"].decide(data.x)).x
    away = (again - data.x).abs().mean((1, 2, 3))
    others = (again.roll(1, 0) - data.x).abs().mean((1, 2, 3))
    assert away.mean() < 0.15 * others.mean()
    assert (away < others).all()


# ---- the value itself


@pytest.mark.parametrize("name", NAMES)
def test_the_form_of_what_it_says(name, shipped, few):
    judge, x = shipped[name], few[name].x[:50]
    seen, decided = judge(x), judge.decide(x)
    assert list(seen) == list(decided) == list(judge.factors)
    for key, factor in judge.factors.items():
        assert seen[key].dtype == torch.float32
        assert decided[key].shape == (50,)
        if factor.kind == "class":
            assert seen[key].shape == (50, factor.classes)
            torch.testing.assert_close(seen[key].sum(1), torch.ones(50))
            assert (decided[key] == seen[key].argmax(1)).all()
        else:
            assert seen[key].shape == (50,)
            assert ((factor.low <= seen[key]) & (seen[key] <= factor.high)).all()
        assert decided[key].dtype == (torch.float32 if factor.kind == "range" else torch.int64)


@pytest.mark.parametrize("name", NAMES)
def test_features_are_what_the_answers_are_made_of(name, shipped, few):
    judge, x = shipped[name], few[name].x[:50]
    features = judge.features(x)
    assert features.shape == (50, subjects.SUBJECTS[name].features)
    assert (features >= 0).all()
    assert features.std(0).gt(0).double().mean() > 0.9  # few units are dead
    last = judge.network.answers
    seen = (features @ last.weight.T + last.bias)[:, :10].softmax(1) if name == "digits" else None
    if name == "digits":
        torch.testing.assert_close(seen, judge(x)["digit"], rtol=1e-4, atol=1e-6)
    else:
        smile = (features @ last.weight[0] + last.bias[0]).sigmoid()
        torch.testing.assert_close(smile, judge(x)["smile"], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_each_image_is_judged_by_itself(name, shipped, few, monkeypatch):
    data, looker = few[name], shipped[name]
    whole = looker(data.x)
    monkeypatch.setattr(judge, "_AT_ONCE", 37)
    parts = looker(data.x)
    alone = looker(data.x[100:101])
    for key in whole:
        torch.testing.assert_close(parts[key], whole[key], rtol=0, atol=2e-5)
        torch.testing.assert_close(alone[key], whole[key][100:101], rtol=0, atol=2e-5)


@pytest.mark.parametrize("name", NAMES)
def test_a_default_of_64_bits_and_gradients_leave_it_as_it_is(name, shipped, few):
    x = few[name].x[:20]
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        loaded = judges.load(name)
        wide = x.double().requires_grad_()
        seen, features = loaded(wide), loaded.features(wide)
    finally:
        torch.set_default_dtype(default)
    assert {p.dtype for p in loaded.network.parameters()} == {torch.float32}
    assert features.dtype == torch.float32
    assert not features.requires_grad
    for key, answer in shipped[name](x).items():
        torch.testing.assert_close(seen[key], answer, rtol=0, atol=1e-5)


def test_another_device(shipped):
    moved = shipped["digits"].to("meta")
    assert moved.network.answers.weight.is_meta
    assert not shipped["digits"].network.answers.weight.is_meta  # the first one stays where it was
    assert moved.accuracy == shipped["digits"].accuracy


FACE, DIGIT = torch.zeros(2, 3, 32, 32), torch.zeros(2, 1, 8, 8)


@pytest.mark.parametrize(
    ("name", "x", "error", "says"),
    [
        ("faces", FACE.numpy(), TypeError, "tensor of floats in"),
        ("faces", FACE.to(torch.uint8), TypeError, r"given torch.uint8. Bytes: datasets.Images"),
        ("faces", FACE[:, :1], ValueError, r"images \(n, 3, 32, 32\) or larger squares, n ≥ 1; given \(2, 1, 32, 32\)"),
        ("faces", FACE[:, :, :16, :16], ValueError, r"given \(2, 3, 16, 16\)"),
        ("faces", FACE[:, :, :, :16], ValueError, r"given \(2, 3, 32, 16\)"),
        ("faces", FACE[0], ValueError, r"given \(3, 32, 32\)"),
        ("faces", FACE[:0], ValueError, r"given \(0, 3, 32, 32\)"),
        ("faces", FACE + 1.1, ValueError, r"must lie in \[−1, 1\], as tanh does; given 1.1 … 1.1. Perhaps x.clamp"),
        ("faces", FACE - 127, ValueError, "given -127 … -127"),
        ("faces", FACE * torch.nan, ValueError, "given nan … nan"),
        ("digits", FACE, ValueError, r"images \(n, 1, 8, 8\), n ≥ 1; given \(2, 3, 32, 32\)"),
        ("digits", torch.zeros(2, 1, 16, 16), ValueError, r"given \(2, 1, 16, 16\)"),
        ("digits", DIGIT.flatten(1), ValueError, r"given \(2, 64\)"),
    ],
)
def test_wrong_images(name, x, error, says, shipped):
    for look in (shipped[name], shipped[name].features, shipped[name].decide):
        with pytest.raises(error, match=says):
            look(x)


def test_data_without_the_truth(shipped):
    with pytest.raises(ValueError, match="must be told their digit; they have none"):
        shipped["digits"].score(Examples(DIGIT))
    with pytest.raises(ValueError, match="must be told their digit; they have none"):
        shipped["digits"].score(datasets.stacked_digits())
    with pytest.raises(ValueError, match="must be told their smile, glasses"):
        shipped["faces"].score(Examples(FACE, torch.zeros(2)))


# ---- the file


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_small_has_no_code_and_says_what_it_is(name, shipped):
    path = weights.place(name)
    data = path.read_bytes()
    assert len(data) < MOST
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])  # the format: a length, JSON, numbers
    record = json.loads(header.pop("__metadata__")["judge"])
    assert {entry["dtype"] for entry in header.values()} == {"F16"}
    assert record["name"] == name
    assert record["factors"] == subjects.SUBJECTS[name].described()
    assert record["made"] == shipped[name].made
    assert record["made"].keys() == {"gan_core", "seed", "steps"}
    assert record["made"]["steps"] == subjects.SUBJECTS[name].steps
    package = tomllib.loads((pathlib.Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = package["tool"]["setuptools"]["package-data"]["gan_core.judgement.judges"]
    assert any(fnmatch(path.name, pattern) for pattern in patterns)  # an installed gan_core has it too


@pytest.fixture
def copy(tmp_path):
    path = tmp_path / "digits.safetensors"
    path.write_bytes(weights.place("digits").read_bytes())
    return path


def test_a_copy_elsewhere_is_the_same_judge(copy, shipped, few):
    judge = judges.load("digits", copy)
    assert judge.accuracy == shipped["digits"].accuracy
    assert judge(few["digits"].x)["digit"].equal(shipped["digits"](few["digits"].x)["digit"])


def flipped(data, place):
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


@pytest.mark.parametrize(
    "harm",
    {
        "empty": lambda data: b"",
        "seven bytes": lambda data: data[:7],
        "cut in the header": lambda data: data[:300],
        "cut in the weights": lambda data: data[: len(data) // 2],
        "one byte short": lambda data: data[:-1],
        "a byte more": lambda data: data + b"\0",
        "a bit of the last weight": lambda data: flipped(data, len(data) - 2),
        "a bit of the header": lambda data: flipped(data, 20),
        "no judge": lambda data: b"\x02\0\0\0\0\0\0\0{}",
        "a page": lambda data: b"<!DOCTYPE html><html></html>",
    }.values(),
)
def test_a_damaged_file(harm, copy):
    copy.write_bytes(harm(copy.read_bytes()))
    with pytest.raises(ValueError, match=r"is damaged.*python -m gan_core judges"):
        judges.load("digits", copy)


def test_a_missing_file_and_one_of_another_judge(copy, monkeypatch, tmp_path):
    with pytest.raises(ValueError, match=r"holds the judge of digits, not of faces"):
        judges.load("faces", copy)
    monkeypatch.setattr(weights, "FOLDER", tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"weights of the judge of faces, .*faces.safetensors, are missing"):
        judges.faces()


@pytest.mark.parametrize(
    "change",
    {
        "another class": {"factors": {"digit": Factor("the digit", names=tuple("012345678X"))}},
        "another network": {"layers": ((8, 2),)},
    }.values(),
)
def test_a_file_of_another_version(change, monkeypatch):
    monkeypatch.setitem(subjects.SUBJECTS, "digits", replace(subjects.SUBJECTS["digits"], **change))
    with pytest.raises(ValueError, match=r"is of gan_core .*python -m gan_core judges"):
        judges.digits()


# ---- answers: how each kind is taught, read and marked

KINDS = {
    "binary": ("smile", FACE_FACTORS["smile"]),
    "class": ("shirt", FACE_FACTORS["shirt"]),
    "range": ("yaw", FACE_FACTORS["yaw"]),
    "circle": ("background", FACE_FACTORS["background"]),
}
EVENLY = (torch.arange(2000) + 0.5) / 2000  # 0 … 1


def truth_of(factor):
    return (EVENLY * factor.classes).long() if factor.classes else factor.low + (factor.high - factor.low) * EVENLY


def sure_of(kind, truth, factor):
    """The outputs of a network that knows."""
    share = (truth - factor.low) / (factor.high - factor.low) if kind in ("range", "circle") else None
    return {
        "binary": lambda: (20.0 * truth - 10)[:, None],
        "class": lambda: 40 * functional.one_hot(truth, factor.classes).float(),
        "range": lambda: share[:, None],
        "circle": lambda: 3 * torch.stack(((2 * torch.pi * share).cos(), (2 * torch.pi * share).sin()), 1),
    }[kind]()


def oracle_rule(rule, kind):
    factor = KINDS[kind][1]
    truth = truth_of(factor)
    out = sure_of(kind, truth, factor)
    assert out.shape[1] == rule.outputs
    decided = rule.decide(rule.answer(out))
    assert decided.dtype == truth.dtype
    torch.testing.assert_close(decided, truth, rtol=0, atol=1e-5)
    assert rule.mark(decided, truth) == pytest.approx(1, abs=1e-6)
    unit = functional.normalize(out) if kind == "circle" else out
    assert rule.loss(unit, truth).shape == truth.shape
    assert rule.loss(unit, truth).abs().max() < 1e-4
    constant = {"range": 0.5}.get(kind, 0.0) * torch.ones_like(out)  # the best for one who has seen nothing
    assert rule.loss(constant, truth).mean() == pytest.approx(1, abs=1e-3)
    assert rule.loss(constant + 0.1, truth).mean() > rule.loss(constant, truth).mean() - 1e-6
    guess = rule.mark(decided[torch.zeros(len(truth), dtype=torch.long)], truth)
    assert guess == pytest.approx({"binary": 0.5, "class": 0.2, "range": -3, "circle": 0}[kind], abs=1e-2)
    if kind == "range":  # far outputs stay in the range; half a standard deviation off costs a quarter
        assert rule.answer(torch.tensor([[-3.0], [4.0]])).tolist() == [factor.low, factor.high]
        assert rule.mark(truth + truth.std() / 2, truth) == pytest.approx(0.75, abs=1e-3)
    if kind == "circle":  # 0.98 and 0.01 are 0.03 apart, whatever the way they are told
        off = (truth + 0.03) % 1
        assert rule.mark(off, truth) == pytest.approx(1 - 12 * 0.03**2, abs=1e-5)
        near, far = (rule.loss(sure_of(kind, other, factor) / 3, truth).max() for other in (off, (truth + 0.5) % 1))
        assert near < 0.05
        assert far == pytest.approx(4, abs=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_rules(kind):
    oracle_rule(answers.rule(*KINDS[kind]), kind)


def changed(kind, **changes):
    rule = answers.rule(*KINDS[kind])
    return kind, rule._replace(**{name: change(getattr(rule, name)) for name, change in changes.items()})


@pytest.mark.parametrize(
    ("kind", "mutant"),
    {
        "bits taken for nats": changed("binary", loss=lambda f: lambda out, truth: 0.693 * f(out, truth)),
        "the other way": changed("binary", decide=lambda f: lambda p: 1 - f(p)),
        "probability rounded to 0": changed("binary", decide=lambda f: lambda p: p.long()),
        "averaged already": changed("class", loss=lambda f: lambda out, truth: f(out, truth).mean()),
        "no softmax": changed("class", answer=lambda f: lambda out: -out),
        "from 0 to 1": changed("range", answer=lambda f: lambda out: out[:, 0].clamp(0, 1)),
        "not clamped": changed("range", answer=lambda f: lambda out: 2 * out[:, 0] - 1),
        "not squared": changed("range", loss=lambda f: lambda out, truth: f(out, truth).sqrt()),
        "correlation for R²": changed(
            "range", mark=lambda f: lambda a, b: float(torch.corrcoef(torch.stack((a, b)))[0, 1])
        ),
        "the root of R²": changed("range", mark=lambda f: lambda a, b: 1 - (1 - f(a, b)) ** 0.5),
        "no circle": ("circle", answers.rule("yaw", KINDS["circle"][1])),
        "the long way round": changed("circle", mark=lambda f: lambda a, b: float(1 - 12 * (a - b).square().mean())),
        "sine for cosine": changed("circle", answer=lambda f: lambda out: f(out.flip(1))),
        "half a turn": changed("circle", answer=lambda f: lambda out: f(out) / 2),
    }.values(),
)
def test_rule_mutants(kind, mutant):
    assert_killed(lambda rule: oracle_rule(rule, kind), mutant)


# ---- the network, and what is done to images


def learned_reader():
    torch.manual_seed(0)
    reader = network.Reader((3, 8, 8), ((6, 1), (8, 2)), 5, 4, normed=True)
    for _ in range(5):
        reader(3 * torch.randn(16, 3, 8, 8) + 1)  # its batch norms have means and variances of their own
    for layer in reader.modules():
        if isinstance(layer, nn.BatchNorm2d | nn.BatchNorm1d):
            nn.init.normal_(layer.weight)
            nn.init.normal_(layer.bias)
    return reader


def oracle_fold(fold):
    reader, x = learned_reader(), torch.randn(9, 3, 8, 8, generator=rng())
    want = reader.eval()(x).detach()
    folded = fold(reader)
    assert not any(isinstance(layer, nn.BatchNorm2d | nn.BatchNorm1d) for layer in folded.modules())
    torch.testing.assert_close(folded(x).detach(), want, rtol=1e-4, atol=1e-5)
    plain = network.Reader((3, 8, 8), ((6, 1), (8, 2)), 5, 4).state_dict()
    assert {key: value.shape for key, value in folded.state_dict().items()} == {k: v.shape for k, v in plain.items()}


def left_out(reader):
    reader.features = nn.Sequential(
        *(layer for layer in reader.features if not isinstance(layer, nn.BatchNorm2d | nn.BatchNorm1d))
    )
    return reader


def without_means(reader):
    for layer in reader.modules():
        if isinstance(layer, nn.BatchNorm2d | nn.BatchNorm1d):
            layer.running_mean.zero_()
    return network.fold(reader)


def test_fold():
    oracle_fold(network.fold)
    assert_killed(oracle_fold, left_out)
    assert_killed(oracle_fold, without_means)
    assert_killed(oracle_fold, lambda reader: reader)


@pytest.mark.parametrize("name", NAMES)
def test_disturbed_images_are_images_of_the_same(name, few):
    subject, x = subjects.SUBJECTS[name], few[name].x[:200]
    kept = x.clone()
    seen = subject.disturb(x, rng(1))
    assert x.equal(kept)
    assert seen.shape == x.shape
    assert -1 <= seen.min() <= seen.max() <= 1
    assert seen.equal(subject.disturb(x, rng(1)))
    assert not seen.equal(subject.disturb(x, rng(2)))
    away = (seen - x).abs().mean((1, 2, 3))
    assert away.min() > 0
    assert away.mean() < 0.75 * (x.roll(1, 0) - x).abs().mean()
    same = subject.disturb(x[:1].expand(8, -1, -1, -1), rng())  # each in its own way
    assert len({tuple(image.flatten().tolist()) for image in same}) == 8


def test_a_disturbed_digit_moves_less_than_a_pixel():
    dot = torch.full((500, 1, 8, 8), -1.0)
    dot[:, :, 3:5, 3:5] = 1
    seen = (subjects.SUBJECTS["digits"].disturb(dot, rng()) + 1)[:, 0]
    ink = seen.clamp(min=0.6) - 0.6  # without most of the noise
    at = torch.arange(8.0)
    for axis in (1, 2):
        place = (ink.sum(3 - axis) * at).sum(1) / ink.sum((1, 2))
        assert (place - 3.5).abs().quantile(0.9) < 1
        assert (place - 3.5).abs().mean() > 0.2


# ---- teaching


@pytest.fixture
def small(monkeypatch):
    """The same subjects with fewer images and steps."""
    for name, n in (("digits", 300), ("faces", 200)):
        subject = subjects.SUBJECTS[name]
        data = {"digits": lambda: datasets.digits()[:300], "faces": lambda: datasets.faces(200)}[name]
        monkeypatch.setitem(subjects.SUBJECTS, name, replace(subject, learn=data, held_out=data, steps=2))
        assert len(data()) == n


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_teaches_the_same_judge(name, small, tmp_path, capsys, few):
    paths = [tmp_path / f"{n}.safetensors" for n in range(3)]
    torch.manual_seed(1)
    outside = torch.get_rng_state()
    taught = [judges.train(name, steps=3, seed=seed, path=path) for seed, path in zip((7, 7, 8), paths, strict=True)]
    first, second, other = (path.read_bytes() for path in paths)
    assert first == second
    assert first != other
    assert torch.get_rng_state().equal(outside)
    loaded = judges.load(name, paths[0])  # what is returned is what is written
    assert loaded.accuracy == taught[0].accuracy
    assert loaded.made == taught[0].made == {"gan_core": loaded.made["gan_core"], "seed": 7, "steps": 3}
    assert loaded.features(few[name].x[:30]).equal(taught[0].features(few[name].x[:30]))
    said = capsys.readouterr().out
    for key, mark in taught[0].accuracy.items():
        assert f"{mark:.4f}" in next(line for line in said.splitlines() if line.split()[:1] == [key])


def oracle_teaching(train, folder):
    judge = train("digits", steps=50, path=folder / "digits.safetensors")
    assert judge.accuracy["digit"] > 0.85
    assert judge.score(subjects.SUBJECTS["digits"].held_out())["digit"] == judge.accuracy["digit"]


def test_a_judge_learns(tmp_path):
    oracle_teaching(judges.train, tmp_path)


@pytest.mark.parametrize(
    ("part", "fault"),
    {
        "labels in another order": (
            "truth",
            lambda truth: lambda self, data: {k: v.roll(1) for k, v in truth(self, data).items()},
        ),
        "all outputs detached": ("split", lambda split: lambda self, out: split(self, out * 0 + out.detach() * 0)),
    }.values(),
)
def test_teaching_mutants(part, fault, tmp_path, monkeypatch):
    monkeypatch.setattr(subjects.Subject, part, fault(getattr(subjects.Subject, part)))
    assert_killed(lambda train: oracle_teaching(train, tmp_path), judges.train)


def test_all_are_taught_by_one_command(small, tmp_path, capsys):
    taught = judges.train_all(seed=3, folder=tmp_path)
    assert set(taught) == set(NAMES)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{name}.safetensors" for name in NAMES]
    said = capsys.readouterr().out
    for name in NAMES:
        assert judges.load(name, tmp_path / f"{name}.safetensors").made["seed"] == taught[name].made["seed"] == 3
        assert f"The judge of {name} on" in said


@pytest.mark.parametrize("trouble", [OSError("no space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("where", ["write_bytes", "replace"])
def test_when_it_cannot_be_written_the_old_file_is_whole(where, trouble, small, copy, monkeypatch):
    before = copy.read_bytes()

    def fails(*_):
        raise trouble

    monkeypatch.setattr(
        *{"write_bytes": (pathlib.Path, "write_bytes"), "replace": (weights.os, "replace")}[where], fails
    )
    with pytest.raises(type(trouble)):
        judges.train("digits", path=copy)
    assert copy.read_bytes() == before
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        (lambda: judges.train("hands"), ValueError, "no judge of 'hands'; there are those of digits, faces"),
        (lambda: judges.train("digits", steps=0), ValueError, "steps must be at least 1; given 0"),
        (lambda: judges.train("digits", steps=1.5), TypeError, "steps must be a whole number; given 1.5"),
        (lambda: judges.train("digits", seed=-1), ValueError, "seed must be at least 0; given -1"),
        (lambda: judges.train("digits", steps=1, path="no/such/folder/d"), OSError, "no folder"),
        (lambda: judges.load("hands"), ValueError, "no judge of 'hands'"),
    ],
)
def test_wrong_arguments(wrong, error, says):
    with pytest.raises(error, match=says):
        wrong()


def test_the_table_says_what_each_number_is(shipped):
    lines = teaching.table(shipped["faces"]).splitlines()
    assert len(lines) == len(FACE_FACTORS)
    for line, (name, factor) in zip(lines, FACE_FACTORS.items(), strict=True):
        assert line.split()[0] == name
        assert line.split()[-1] == ("R²" if factor.kind == "range" else "right")

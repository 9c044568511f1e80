"""A run goes on as if it had never stopped; its file is whole at every moment; what does not belong is refused."""

import copy
import errno
import hashlib
import inspect
import io
import os
import pathlib
import pickle
import random
import resource
import signal
import stat
import subprocess
import sys
import time
from dataclasses import replace
from functools import cache, partial

import numpy as np
import pytest
import torch
from mutants import assert_killed, faults
from pairs import Flat, ToldD, ToldG
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

from gan_core import algorithm, checkpoints, datasets, methods, objectives, training
from gan_core.pieces.lipschitz import GradientPenalty, above_one, near_real, r1, r2, to_one
from gan_core.pieces.networks import Flow, MinibatchStd, Scale, augmented, mlp
from gan_core.training import GAN, adam
from gan_core.training.unrolling import unroll

HERE = pathlib.Path(__file__).parent


# ---- ten steps are five, a save, a load in a new process, and five


class Jittered(Dataset):
    """Digits, each moved by noise that torch draws when it is asked for: a transform as users have them."""

    def __init__(self):
        self.digits = datasets.digits()

    def __len__(self):
        return 150

    def __getitem__(self, row):
        return (self.digits.x[row] + 0.1 * torch.randn(1, 8, 8)).clamp(-1, 1), self.digits.y[row]


def zero_centred(run, real, fake, y):
    """R1: ½ E‖∇a(x)‖² on real examples."""
    real = real.detach().requires_grad_()
    (slope,) = torch.autograd.grad(run.D(real, y).sum(), real, create_graph=True)
    return slope.square().sum(1).mean() / 2


def clipped(discriminator):
    with torch.no_grad():
        for p in discriminator.parameters():
            p.clamp_(-0.05, 0.05)


def slower(run):
    for group in run.optimizer_d.param_groups:
        group["lr"] *= 0.9  # of what it is now: a checkpoint must know it


def patches():
    """8 × 8 images -> a logit for each of 4 × 4 patches, (n, 1, 4, 4)."""
    return nn.Sequential(nn.Conv2d(1, 4, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(4, 1, 3, 1, 1))


def lazy():
    return nn.Sequential(nn.LazyConv2d(4, 4, 2, 1), nn.LazyBatchNorm2d(), nn.ReLU(), nn.Flatten(), nn.LazyLinear(1))


def coloured():
    pixels = torch.randint(256, (90, 3, 16, 16), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    return datasets.Images(pixels)


def loader(**changes):
    return DataLoader(Jittered(), **{"batch_size": 40, "shuffle": True, **changes})


POINTS, DIGITS = partial(methods.gan, (2,), z=4, width=16), partial(methods.dcgan, (1, 8, 8), z=4, width=8)


def changed():
    return augmented(DIGITS().discriminator())


TOLD = GAN(ToldG, ToldD, z=4, classes=10, ema=0.9)
SMALL = {"z": 4, "width": 4}
CASES = {  # name: the method, the data, how `fit` is called
    "gan, points": (POINTS(), datasets.ring, {}),
    "gan, digits": (methods.gan((1, 8, 8), z=4, width=16), datasets.digits, {}),
    "dcgan, fast": (DIGITS(), datasets.digits, {"batch": 16}),
    "dcgan, plain": (DIGITS(), datasets.digits, {"batch": 16, "fast": False}),
    "dcgan, pixels of a byte": (methods.dcgan((3, 16, 16), z=4, width=4), coloured, {"batch": 16}),
    "dcgan, moving average": (replace(DIGITS(), ema=0.9), datasets.digits, {"batch": 16}),
    "classes": (TOLD, datasets.digits, {}),
    "Dropout": (replace(POINTS(), discriminator=Flat), datasets.ring, {}),
    "n_dis, penalty, clipping, schedule": (
        replace(POINTS(), n_dis=3, penalties=(zero_centred,), constraints=(clipped,), schedule=slower),
        datasets.ring,
        {},
    ),
    "another optimizer": (
        replace(POINTS(), optimizer_g=partial(torch.optim.SGD, lr=0.1, momentum=0.9)),
        datasets.ring,
        {},
    ),
    "unrolled": (methods.unrolled((2,), K=3, z=4, width=16), datasets.ring, {}),
    "unrolled, images": (methods.unrolled((1, 8, 8), K=2, z=4, width=8), datasets.digits, {"batch": 16}),
    "wgan": (methods.wgan((2,), **SMALL), datasets.ring, {}),
    "wgan_gp, points": (methods.wgan_gp((2,), **SMALL), datasets.ring, {}),
    "wgan_gp, images": (methods.wgan_gp((3, 16, 16), **SMALL), coloured, {"batch": 8}),
    "r1gan, images": (methods.r1gan((3, 16, 16), **SMALL), coloured, {"batch": 8}),
    "sngan, points": (methods.sngan((2,), **SMALL), datasets.ring, {}),
    "sngan, images": (methods.sngan((3, 16, 16), **SMALL), coloured, {"batch": 8}),
    "sndcgan, images": (methods.sndcgan((3, 16, 16), **SMALL), coloured, {"batch": 8}),
    "patch discriminator": (replace(DIGITS(), discriminator=patches), datasets.digits, {"batch": 16}),
    "lazy layers": (replace(DIGITS(), discriminator=lazy), datasets.digits, {"batch": 16}),
    "sngan_resnet": (methods.sngan_resnet((3, 16, 16), n_dis=2, **SMALL), coloured, {"batch": 8}),
    "cgan": (methods.cgan((1, 8, 8), 10, size=2, **SMALL), datasets.digits, {}),
    "acgan": (methods.acgan((1, 8, 8), 10, **SMALL), datasets.digits, {"batch": 16}),
    "projection": (methods.projection((1, 8, 8), 10, **SMALL), datasets.digits, {"batch": 16}),
    "sagan": (methods.sagan((3, 16, 16), z=4, width=8), coloured, {"batch": 8}),
    "r3gan, points": (methods.r3gan((2,), **SMALL), datasets.ring, {}),
    "r3gan, images": (methods.r3gan((3, 16, 16), **SMALL), coloured, {"batch": 8}),
    "augmented": (replace(DIGITS(), discriminator=changed), datasets.digits, {"batch": 16}),
    "progressive": (methods.progressive((3, 16, 16), hold=1, fade=3, **SMALL), coloured, {"batch": 8}),
    "lazy R1": (replace(POINTS(), penalties=(r1(2, every=3),)), datasets.ring, {}),
    "DataLoader": (DIGITS(), loader, {}),
    "DataLoader with a generator": (
        TOLD,
        lambda: loader(batch_size=50, generator=torch.Generator(), drop_last=True),
        {},
    ),
    "DataLoader with a worker": (DIGITS(), partial(loader, num_workers=1), {}),
}


def everything(run):
    """All numbers of a run, one after the other, by name."""

    def flat(value, name):
        if isinstance(value, dict | list):
            pairs = value.items() if isinstance(value, dict) else enumerate(value)
            return {key: each for k, v in pairs for key, each in flat(v, f"{name}/{k}").items()}
        return {name: value}

    return flat(checkpoints.snapshot(checkpoints.state(run)), "")


def assert_same(first, second):
    first, second = everything(first), everything(second)
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert np.array_equal(value, second[name]), f"{name} differs"


def go_on(folder):
    """What the new process does: take up every run that lies in `folder`, five steps more, save it again."""
    for path in sorted(pathlib.Path(folder).glob("* half.pt")):
        gan, data, _ = CASES[path.name.split(" @ ")[0]]
        run = training.train(training.resume(path, gan, data()), 5)
        run.save(path.with_name(path.name.replace("half", "whole")))


@cache
def interrupted(name):
    """A run of a hundred steps that gets a real Ctrl-C in the middle of its fifth."""
    gan, data, how = CASES[name]
    run, steps = training.start(gan, data(), seed=3, **how), []

    def step_and_press(run):
        steps.append(1)
        if len(steps) == 5:
            os.kill(os.getpid(), signal.SIGINT)  # D has moved, G has not
            time.sleep(0.001)  # Python hears it between two of its instructions
        return plain(run)

    plain, algorithm.generator_step = algorithm.generator_step, step_and_press
    try:
        return training.train(run, 100)
    finally:
        algorithm.generator_step = plain


@pytest.fixture(scope="module")
def halves(tmp_path_factory):
    """A folder with the runs of all cases, saved after five steps and taken five further by a new process."""
    folder = tmp_path_factory.mktemp("halves")
    for name, (gan, data, how) in CASES.items():
        training.fit(gan, data(), steps=5, seed=3, **how).save(folder / f"{name} @ five half.pt")
        interrupted(name).save(folder / f"{name} @ Ctrl-C half.pt")
    code = "import sys; sys.path.insert(0, sys.argv[1]); from test_checkpoints import go_on; go_on(sys.argv[2])"
    subprocess.run([sys.executable, "-c", code, str(HERE), str(folder)], check=True)
    return folder


@cache
def unbroken(name):
    gan, data, how = CASES[name]
    return training.fit(gan, data(), steps=10, seed=3, **how)


@pytest.mark.parametrize("stopped", ["five", "Ctrl-C"])
@pytest.mark.parametrize("name", CASES)
def test_ten_steps_are_five_and_five_in_a_new_process(halves, name, stopped):
    gan, data, _ = CASES[name]
    run = training.resume(halves / f"{name} @ {stopped} whole.pt", gan, data())
    assert run.step == 10
    assert run.place == unbroken(name).place
    assert_same(run, unbroken(name))


@pytest.mark.parametrize("name", CASES)
def test_ctrl_c_ends_the_step_first(name):
    assert interrupted(name).step == 5
    assert_same(training.train(interrupted(name).copy(), 5), unbroken(name))


def oracle_resume(restore, monkeypatch, name, change=lambda path: None):
    """In one process, for the mutants: five, a save, a load, five."""
    monkeypatch.setattr(checkpoints, "restore", restore)
    gan, data, how = CASES[name]
    path = change(training.fit(gan, data(), steps=5, seed=3, **how))
    assert_same(training.train(training.resume(path, gan, data()), 5), unbroken(name))


def without(*keys):
    plain = checkpoints.restore

    def restore(run, saved):
        kept = checkpoints.snapshot(checkpoints.state(run))  # of the run as it begins
        kept["losses"] = torch.zeros_like(saved["losses"])
        return plain(run, {**saved, **{key: kept[key] for key in keys}})

    return restore


@pytest.mark.parametrize(
    ("forgotten", "name"),
    [
        ("generator", "gan, points"),
        ("discriminator", "gan, points"),
        ("generator_ema", "dcgan, moving average"),
        ("optimizer_d", "gan, points"),
        ("optimizer_g", "another optimizer"),
        ("rng", "gan, points"),
        ("layers_rng", "Dropout"),
        ("data", "DataLoader"),
        ("step", "gan, points"),
        ("losses", "gan, points"),
    ],
)
def test_resume_mutants(tmp_path, monkeypatch, forgotten, name):
    def saved(run):
        run.save(tmp_path / "run.pt")
        return tmp_path / "run.pt"

    oracle_resume(checkpoints.restore, monkeypatch, name, saved)
    mutant = without(forgotten)
    assert_killed(lambda restore: oracle_resume(restore, monkeypatch, name, saved), mutant)


def test_a_run_saved_before_its_first_step(tmp_path):
    training.start(POINTS(), datasets.ring(), seed=3).save(tmp_path / "run.pt")
    run = training.resume(tmp_path / "run.pt", POINTS(), datasets.ring())
    assert run.step == 0
    assert_same(training.train(run, 10), unbroken("gan, points"))


def test_resume_keeps_the_precision_it_began_with(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True}, raising=False)
    data = datasets.digits()
    for fast in (True, False):
        run = training.start(DIGITS(), data, fast=fast)
        run.save(tmp_path / "run.pt")
        assert run.place.bf16 is fast
        assert training.resume(tmp_path / "run.pt", DIGITS(), data).place == run.place
        assert training.resume(tmp_path / "run.pt", DIGITS(), data, fast=not fast).place.bf16 is not fast


def test_resume_on_another_kind_of_device(tmp_path):
    """The networks go on, and the streams begin anew, from the seed and the step: the same each time."""
    run = training.fit(POINTS(), datasets.ring(), steps=3)
    saved = checkpoints.snapshot(checkpoints.state(run))
    checkpoints.write(tmp_path / "elsewhere.pt", {**saved, "device": "a device of the future"})
    runs = [training.resume(tmp_path / "elsewhere.pt", POINTS(), datasets.ring()) for _ in range(2)]
    assert runs[0].step == 3
    assert torch.equal(runs[0].samples(5), run.samples(5))
    streams = [each.get_state() for each in (run.rng, runs[0].rng, runs[0].layers_rng)]
    assert not any(torch.equal(a, b) for a, b in zip(streams, streams[1:] + streams[:1], strict=True))
    assert_same(*(training.train(each, 3) for each in runs))


# ---- what is in the file


def kinds(value):
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return {type(value)}.union(*(kinds(each) for each in inside))


def test_the_file_holds_tensors_numbers_and_words(halves):
    for path in halves.glob("*.pt"):
        saved = checkpoints.read(path)
        assert kinds(saved) <= {dict, list, tuple, str, int, float, bool, type(None), torch.Tensor}
        assert path.stat().st_mode & 0o777 == 0o666 & ~umask(), "not as readable as other files"


def umask():
    now = os.umask(0)
    os.umask(now)
    return now


def oracle_size(written, tmp_path):
    """Tensors that are a part of something larger do not bring it along."""
    large = torch.zeros(1_000, 1_000)
    written(
        tmp_path / "views.pt", {"belongs_to": {}, "format": checkpoints.FORMAT, "row": large[0], "list": [large[1]]}
    )
    assert (tmp_path / "views.pt").stat().st_size < 2 * 4_000 + 4_000
    assert torch.equal(checkpoints.read(tmp_path / "views.pt")["list"][0], large[1])


def sealed(path, content):
    path.write_bytes(content + hashlib.sha256(content).digest())


def packed(saved):
    content = io.BytesIO()
    torch.save(saved, content)
    return content.getvalue()


def test_the_file_is_as_large_as_what_it_holds(tmp_path, halves):
    oracle_size(checkpoints.write, tmp_path)
    assert_killed(lambda write: oracle_size(write, tmp_path), lambda path, saved: sealed(path, packed(saved)))
    path = halves / "dcgan, moving average @ five half.pt"
    numbers = [value for value in everything(interrupted("dcgan, moving average")).values() if torch.is_tensor(value)]
    assert path.stat().st_size < sum(each.nbytes + 700 for each in numbers)  # 700: a name and a header for each


def test_settings_from_numpy_are_numbers(tmp_path):
    gan = replace(POINTS(), optimizer_d=partial(adam, lr=np.float64(1e-3), betas=(0.5, 0.99)))
    run = training.fit(gan, datasets.ring(), steps=1, seed=np.int64(2), batch=np.int32(8))
    run.save(tmp_path / "run.pt")
    assert_same(training.resume(tmp_path / "run.pt", gan, datasets.ring()), run)


def test_what_could_not_be_read_again_is_not_written(tmp_path):
    run = training.fit(POINTS(), datasets.ring(), steps=1)
    run.save(tmp_path / "run.pt")
    run.optimizer_d.param_groups[0]["note"] = pathlib.Path("x")
    with pytest.raises(pickle.UnpicklingError):
        run.save(tmp_path / "run.pt")
    assert checkpoints.read(tmp_path / "run.pt")["step"] == 1


# ---- whole at every moment

SAVING = """
import hashlib, io, os, sys, tempfile, time, torch
torch.set_num_threads(1)
from gan_core import checkpoints, datasets, methods, training

def in_place(path, saved):
    content = io.BytesIO()
    torch.save(saved, content)
    with open(path, "wb") as file:
        file.write(content.getvalue())
        file.write(hashlib.sha256(content.getvalue()).digest())

def removed_first(path, saved):
    if os.path.exists(path):
        os.unlink(path)
    ours(path, saved)

ours = checkpoints.write
writers = {"ours": ours, "in place": in_place, "the old one removed first": removed_first}
first = training.fit(methods.gan((2,), width=300), datasets.ring(), steps=1)
second = training.train(first.copy(), 1)
with tempfile.TemporaryDirectory() as folder:
    began = time.monotonic()
    for _ in range(5):
        first.save(os.path.join(folder, "run.pt"))
    print(time.monotonic() - began, flush=True)
for line in sys.stdin:
    path, writer = line.rstrip().split("|")
    checkpoints.write = writers[writer]
    if not os.path.exists(path):
        first.save(path)
    child = os.fork()
    if not child:
        print(os.getpid(), flush=True)
        while True:
            second.save(path)
            first.save(path)
    os.waitpid(child, 0)
    print("dead", flush=True)
"""


@pytest.fixture(scope="module")
def server():
    """A process that, for each line "path|writer", starts a child that saves two states in turn, for ever.

    `patience` is the time that it may take for a few of them, longer on a machine that has other things to do.
    """
    command = [sys.executable, "-c", SAVING]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        process.patience = max(0.1, float(process.stdout.readline()))
        yield process
        process.kill()


def oracle_killed(writer, server, path):
    """Saving, again and again, in a process that is killed: what is there then is one of the two states."""
    chance, seen = random.Random(0), []
    for _ in range(100):
        server.stdin.write(f"{path}|{writer}\n")
        child = int(server.stdout.readline())
        time.sleep(chance.uniform(0, server.patience))
        os.kill(child, signal.SIGKILL)
        assert server.stdout.readline() == "dead\n"
        try:
            seen.append(checkpoints.read(path)["step"])
        except (OSError, ValueError) as error:
            raise AssertionError("no checkpoint there") from error
    assert set(seen) == {1, 2}


def test_killed_a_hundred_times_while_saving(tmp_path, server):
    path = tmp_path / "run.pt"
    oracle_killed("ours", server, path)
    left = set(tmp_path.iterdir()) - {path}
    assert left, "no kill came while a file was being written"
    assert {each.suffix for each in left} == {".part"}

    old, *new = left  # the next save clears away what is old, and leaves alone what somebody may be writing
    other = tmp_path / ".another.pt.1234.part"
    other.touch()
    for each in (old, other):
        os.utime(each, (0, time.time() - 2 * checkpoints.ABANDONED))
    checkpoints.write(path, checkpoints.read(path))
    assert set(tmp_path.iterdir()) == {path, other, *new}


@pytest.mark.parametrize("mutant", ["in place", "the old one removed first"])
def test_killed_while_saving_mutants(tmp_path, server, mutant):
    assert_killed(lambda writer: oracle_killed(writer, server, tmp_path / "run.pt"), mutant)


@pytest.fixture
def saved(tmp_path):
    """A run at step 1 and its file in a folder of its own."""
    run = training.fit(POINTS(width=200), datasets.ring(), steps=1)
    (tmp_path / "runs").mkdir()
    run.save(tmp_path / "runs" / "run.pt")
    return run, tmp_path / "runs" / "run.pt"


def oracle_disk_full(write, saved, limit, error):
    run, path = saved
    run = training.train(run.copy(), 1)
    with (
        limit,
        pytest.raises(OSError, match=r"run\.pt could not be saved \(.*\); what was there before is untouched") as e,
    ):
        write(path, checkpoints.state(run))
    assert e.value.errno == error
    assert list(path.parent.iterdir()) == [path], "half a file left, or nothing"
    assert checkpoints.read(path)["step"] == 1
    checkpoints.write(path, checkpoints.state(run))  # nothing lost: there is room again
    assert checkpoints.read(path)["step"] == 2


class FilesOfAtMost:
    """Within, the system takes no more than this many bytes in a file."""

    def __init__(self, size):
        self.size = size

    def __enter__(self):
        self.before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.size, self.before[1]))  # Python ignores the signal that comes

    def __exit__(self, *_):
        resource.setrlimit(resource.RLIMIT_FSIZE, self.before)


def broken_write(part=lambda path: path.with_suffix(".part"), tidy=True, wrap=True):
    def write(path, saved):
        content = packed(saved)
        try:
            part(path).write_bytes(content + hashlib.sha256(content).digest())
            os.replace(part(path), path)
        except OSError as error:
            if tidy:
                part(path).unlink(missing_ok=True)
            said = f"{path} could not be saved (x); what was there before is untouched"
            raise OSError(error.errno, said if wrap else "no") from error

    return write


def test_disk_full(saved):
    oracle_disk_full(checkpoints.write, saved, FilesOfAtMost(100_000), errno.EFBIG)


@pytest.mark.parametrize("size", [0, 1, 500_000])
def test_disk_full_wherever_it_happens(saved, size):
    assert saved[1].stat().st_size > 500_000
    oracle_disk_full(broken_write(), saved, FilesOfAtMost(size), errno.EFBIG)  # nothing broken yet
    saved[0].save(saved[1])
    oracle_disk_full(checkpoints.write, saved, FilesOfAtMost(size), errno.EFBIG)


def test_disk_full_when_it_comes_to_be_kept(saved, monkeypatch):
    def no_room(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", no_room)
        with pytest.raises(OSError, match=r"could not be saved \(No space left on device\)"):
            saved[0].save(saved[1])
    assert list(saved[1].parent.iterdir()) == [saved[1]]
    assert checkpoints.read(saved[1])["step"] == 1


@faults(
    {
        "in place": broken_write(part=lambda path: path),
        "half a file left": broken_write(tidy=False),
        "an error that does not say what became of the old one": broken_write(wrap=False),
    }
)
def test_disk_full_mutants(saved, mutant):
    assert_killed(lambda write: oracle_disk_full(write, saved, FilesOfAtMost(100_000), errno.EFBIG), mutant)


def test_ctrl_c_while_saving_leaves_nothing_behind(saved, monkeypatch):
    def pressed(handle):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", pressed)
        with pytest.raises(KeyboardInterrupt):
            saved[0].save(saved[1])
    assert list(saved[1].parent.iterdir()) == [saved[1]]


def test_where_it_cannot_be_saved(saved):
    run, path = saved
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nowhere to save run\.pt in; make it first"):
        run.save(path.parent / "nowhere" / "run.pt")
    with pytest.raises(OSError, match="could not be saved"):
        run.save(path.parent)
    assert list(path.parent.parent.iterdir()) == [path.parent]
    assert stat.S_ISDIR(path.parent.stat().st_mode)


# ---- a damaged file


def oracle_damage(read, path):
    whole = path.read_bytes()
    chance = random.Random(0)
    cut = [whole[:length] for length in [0, 1, 31, 32, 33, *chance.sample(range(len(whole)), 15), len(whole) - 1]]
    flipped = []
    for place in chance.sample(range(len(whole)), 200):
        flipped.append(bytearray(whole))
        flipped[-1][place] ^= 1 << chance.randrange(8)
    for damaged in [*cut, *flipped, whole + b"\0"]:
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"is not a checkpoint of gan_core.*or it is damaged"):
            read(path)
    path.write_bytes(whole)
    assert read(path)["step"] == 1


def read_as_torch_does(path):
    try:
        return torch.load(io.BytesIO(path.read_bytes()[:-32]), weights_only=True)
    except Exception as error:
        raise ValueError("is not a checkpoint of gan_core, or it is damaged") from error


def test_every_truncated_file_and_every_flipped_bit_is_noticed(saved):
    oracle_damage(checkpoints.read, saved[1])
    assert_killed(lambda read: oracle_damage(read, saved[1]), read_as_torch_does)


class Trap:
    def __reduce__(self):
        return (pathlib.Path(TRAP).touch, ())


TRAP = ""


def test_no_code_in_a_file_is_run(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "TRAP", str(tmp_path / "it ran"))
    of_ours = {"belongs_to": {}, "format": checkpoints.FORMAT, "step": Trap()}
    content = {"plain": pickle.dumps(Trap()), "torch's": packed(of_ours)}
    pickle.loads(content["plain"])
    assert (tmp_path / "it ran").exists()  # the trap works
    (tmp_path / "it ran").unlink()
    for each in content.values():
        (tmp_path / "bare.pt").write_bytes(each)
        sealed(tmp_path / "sealed.pt", each)
        for path in (tmp_path / "bare.pt", tmp_path / "sealed.pt"):
            with pytest.raises(ValueError, match="is not a checkpoint of gan_core"):
                training.resume(path, POINTS(), datasets.ring())
    assert not (tmp_path / "it ran").exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (packed({"weight": torch.zeros(3)}), "is not a checkpoint of gan_core"),
        (packed(torch.zeros(3)), "is not a checkpoint of gan_core"),
        (b"", "is not a checkpoint of gan_core"),
        (b"PK\x03\x04 half a zip", "is not a checkpoint of gan_core"),
        (
            packed({"belongs_to": {}, "format": 0}),
            "a checkpoint of format 0; this gan_core reads 2: use the version that",
        ),
        (packed({"belongs_to": {}, "format": 3}), "a checkpoint of format 3"),
    ],
)
def test_a_file_from_elsewhere(tmp_path, content, says):
    sealed(tmp_path / "run.pt", content)
    with pytest.raises(ValueError, match=says):
        checkpoints.read(tmp_path / "run.pt")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no checkpoint .*run\.pt$"):
        checkpoints.read(tmp_path / "run.pt")
    with pytest.raises(FileNotFoundError, match="it is a folder"):
        checkpoints.read(tmp_path)


# ---- a file of another run


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("one") / "run.pt"
    training.fit(POINTS(), datasets.Examples(torch.zeros(80, 2)), steps=1).save(path)
    return path


OTHERS = {
    "another width": (POINTS(width=17), r"generator: 1.weight 16×4.* in the checkpoint, 1.weight 17×4"),
    "another depth": (POINTS(depth=1), r"generator: .*5.weight 2×16"),
    "another z": (POINTS(z=5), r"z: 4 in the checkpoint, 5 here"),
    "another method": (
        replace(POINTS(), generator=nn.Linear(4, 2), discriminator=nn.Linear(2, 1)),
        "discriminator: 1.weight 16×2.* in the checkpoint, weight 1×2",
    ),
    "another objective": (
        replace(POINTS(), objective=objectives.hinge),
        "objective: non_saturating in the checkpoint, hinge here",
    ),
    "another optimizer": (
        replace(POINTS(), optimizer_d=partial(torch.optim.SGD, lr=1e-3)),
        "optimizer of D: Adam.* in the checkpoint, SGD",
    ),
    "another learning rate": (
        replace(POINTS(), optimizer_g=partial(adam, lr=1e-4)),
        r"optimizer of G: lr 0\.001 in the checkpoint, lr 0\.0001 here",
    ),
    "other betas": (
        replace(POINTS(), optimizer_g=partial(adam, betas=(0.0, 0.9))),
        r"optimizer of G: betas \(0\.5 0\.999\) in the checkpoint, betas \(0\.0 0\.9\) here",
    ),
    "another n_dis": (replace(POINTS(), n_dis=2), "n_dis: 1 in the checkpoint, 2 here"),
    "an average": (replace(POINTS(), ema=0.9), r"ema: None in the checkpoint, 0\.9 here"),
    "a penalty": (
        replace(POINTS(), penalties=(partial(zero_centred, y=None),)),
        r"penalties: none in the checkpoint, zero_centred\(y=None\) here",
    ),
    "a constraint": (replace(POINTS(), constraints=(clipped,)), "constraints: none in the checkpoint, clipped here"),
    "a schedule": (replace(POINTS(), schedule=slower), "schedule: unchanged in the checkpoint, slower here"),
    "an opponent": (
        replace(POINTS(), opponent=unroll(5)),
        r"opponent: as_it_stands in the checkpoint, Unroll\(K=5 first_order=False\)",
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_checkpoint_of_another_method(checkpoint, name):
    gan, says = OTHERS[name]
    with pytest.raises(ValueError, match=f"belongs to another method or other data: .*{says}"):
        training.resume(checkpoint, gan, datasets.Examples(torch.zeros(80, 2)))


PLAIN = methods.sngan((2,), **SMALL)
PARTS = {  # two methods that differ in one number or function, what this is called, and how the two are told apart
    "another c": (methods.wgan((2,)), methods.wgan((2,), c=0.02), "constraints", "c=0.01", "c=0.02"),
    "no clipping": (methods.wgan((2,)), replace(methods.wgan((2,)), constraints=()), "constraints", "c=0.01", "none"),
    "another weight": (methods.wgan_gp((2,)), methods.wgan_gp((2,), weight=1), "penalties", "weight=10 ", "weight=1 "),
    "at other points": (
        methods.wgan_gp((2,)),
        replace(methods.wgan_gp((2,)), penalties=(GradientPenalty(10, at=near_real),)),
        "penalties",
        "at=on_segment",
        "at=near_real",
    ),
    "one-sided": (
        methods.wgan_gp((2,)),
        replace(methods.wgan_gp((2,)), penalties=(GradientPenalty(10, cost=above_one),)),
        "penalties",
        "cost=to_one",
        "cost=above_one",
    ),
    "lazily": (
        methods.wgan_gp((2,)),
        replace(methods.wgan_gp((2,)), penalties=(GradientPenalty(10, every=4),)),
        "penalties",
        "every=1",
        "every=4",
    ),
    "R1 and R2": (
        replace(POINTS(), penalties=(r1(2),)),
        replace(POINTS(), penalties=(r2(2),)),
        "penalties",
        "at=on_real",
        "at=on_fake",
    ),
    "without spectral normalisation": (
        PLAIN,
        replace(PLAIN, discriminator=methods.gan((2,), **SMALL).discriminator),
        "discriminator",
        "parametrizations.weight.original 4×2",
        "1.weight 4×2",
    ),
    "a function within a part": (
        replace(POINTS(), penalties=(partial(zero_centred, y=to_one),)),
        replace(POINTS(), penalties=(partial(zero_centred, y=above_one),)),
        "penalties",
        "y=to_one",
        "y=above_one",
    ),
}


LAYERS = {  # networks with the same weights, and how their layers are told apart
    "augmented otherwise": (
        lambda: augmented(mlp((1, 8, 8), 1, width=4), "colour", "cutout"),
        lambda: augmented(mlp((1, 8, 8), 1, width=4), "cutout"),
        "augment Augment(colour cutout)",
        "augment Augment(cutout)",
    ),
    "deviations in other groups": (
        lambda: nn.Sequential(nn.Identity(), MinibatchStd(4)),
        lambda: nn.Sequential(nn.Identity(), MinibatchStd(8)),
        "1 MinibatchStd(group=4)",
        "1 MinibatchStd(group=8)",
    ),
    "another scale": (
        lambda: nn.Sequential(Scale(1 / 4), nn.Linear(2, 1)),
        lambda: nn.Sequential(Scale(1 / 2), nn.Linear(2, 1)),
        "0 Scale(0.25)",
        "0 Scale(0.5)",
    ),
}


def oracle_layers(layers):
    """Told apart by the settings of layers without weights, and by nothing that another process may say otherwise."""
    for *pair, first, second in LAYERS.values():
        told = [layers(build()) for build in pair]
        assert [layers(build()) for build in pair] == told
        mine, its = (set(each.split(", ")) for each in told)
        assert (mine - its, its - mine) == ({first}, {second})
    assert layers(nn.Sequential(nn.Dropout(0.5), nn.Linear(2, 1))) == "1.weight 1×2, 1.bias 1", "torch's own words"
    assert layers(Flow(nn.Linear(2, 2), (2,), steps=8)) == layers(Flow(nn.Linear(2, 2), (2,), steps=2))


def test_layers_without_weights_are_told_apart():
    oracle_layers(checkpoints._layers)


@faults({
        "weights only": lambda network: ", ".join(f"{k} {tuple(v.shape)}" for k, v in network.state_dict().items()),
        "all that torch says": lambda network: str(network).replace("\n", ", "),
    })  # fmt: skip
def test_layers_mutants(mutant):
    assert_killed(oracle_layers, mutant)


def test_a_checkpoint_of_another_augmentation():
    pair = (
        replace(DIGITS(), discriminator=lambda kind=kind: augmented(DIGITS().discriminator(), kind))
        for kind in ("colour", "cutout")
    )
    saved, here = (training.start(gan, datasets.digits(), batch=16) for gan in pair)
    says = r"discriminator: augment Augment\(colour\) in the checkpoint, augment Augment\(cutout\) here"
    with pytest.raises(ValueError, match=says):
        checkpoints.restore(here, checkpoints.state(saved))


def oracle_belongs(belongs_to, name):
    """Two methods that differ are told apart, in words; made anew, each is itself, in every process."""
    *pair, what, first, second = PARTS[name]
    told = [belongs_to(training.start(gan, datasets.ring())) for gan in pair]
    assert [{key for key in told[0] if told[0][key] != told[1][key]}] == [{what}]
    assert first in told[0][what]
    assert second in told[1][what]
    assert first not in told[1][what]
    for gan, said in zip(pair, told, strict=True):
        again = replace(gan, penalties=copy.deepcopy(gan.penalties), constraints=copy.deepcopy(gan.constraints))
        assert belongs_to(training.start(again, datasets.ring())) == said
        assert " at 0x" not in str(said), "an address, which another process has not"
    saved, here = (training.start(gan, datasets.ring()) for gan in pair)
    with pytest.raises(
        ValueError, match=rf"belongs to another method or other data: {what}: .* in the checkpoint, .* here"
    ):
        checkpoints.restore(here, checkpoints.state(saved))


def named(name):
    """`belongs_to` that calls the parts of a method by other names."""

    def belongs_to(run):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(checkpoints, "in_words", name)
            return checkpoints.belongs_to(run)

    return belongs_to


@pytest.mark.parametrize("name", PARTS)
def test_a_checkpoint_tells_the_parts_of_a_method_apart(name):
    oracle_belongs(checkpoints.belongs_to, name)


BELONGS_MUTANTS = {
    "the kind of the part": lambda part: type(getattr(part, "func", part)).__name__,
    "its function": lambda part: getattr(getattr(part, "func", part), "__name__", type(part).__name__),
    "all that Python says of it": repr,
}


@pytest.mark.parametrize("name", ["another c", "another weight", "at other points"])
@pytest.mark.parametrize("mutant", BELONGS_MUTANTS)
def test_names_mutants(mutant, name):
    assert_killed(partial(oracle_belongs, name=name), named(BELONGS_MUTANTS[mutant]))


def test_a_checkpoint_of_other_data(checkpoint):
    for data, says in (
        (datasets.Examples(torch.zeros(81, 2)), "number of examples: 80 in the checkpoint, 81 here"),
        (datasets.ring(), "number of examples: 80 in the checkpoint, endless here"),
        (DataLoader(TensorDataset(torch.zeros(70, 2)), batch_size=64), "number of examples: 80 in the checkpoint, 70"),
    ):
        with pytest.raises(ValueError, match=says):
            training.resume(checkpoint, POINTS(), data)
    other = replace(
        POINTS(), generator=methods.gan((3,)).generator, discriminator=methods.gan((3,)).discriminator, z=16
    )
    with pytest.raises(ValueError, match=r"shape of the data: \(2,\) in the checkpoint, \(3,\) here"):
        training.resume(checkpoint, other, datasets.Examples(torch.zeros(80, 3)))


def test_a_checkpoint_of_other_numbers(checkpoint):
    torch.set_default_dtype(torch.float64)
    with pytest.raises(ValueError, match=r"numbers: torch\.float32 in the checkpoint, torch\.float64 here"):
        training.resume(checkpoint, POINTS(), datasets.Examples(torch.zeros(80, 2)))


def test_a_run_that_refuses_a_checkpoint_is_left_alone(checkpoint):
    run = training.fit(POINTS(width=17), datasets.Examples(torch.zeros(80, 2)), steps=2)
    before = copy.deepcopy(everything(run))
    with pytest.raises(ValueError, match="belongs to another method"):
        checkpoints.restore(run, checkpoints.read(checkpoint))
    assert all(np.array_equal(value, before[name]) for name, value in everything(run).items())


def oracle_layout(restore, monkeypatch, path):
    """Saved channels last, gone on plain: the moments lie in memory as their weights do, and are what they were."""
    monkeypatch.setattr(checkpoints, "restore", restore)
    run = training.fit(DIGITS(), datasets.digits(), steps=2, batch=16)
    run.save(path)
    resumed = training.resume(path, DIGITS(), datasets.digits(), fast=not run.place.channels_last)
    assert resumed.place.channels_last is not run.place.channels_last
    pairs = zip(run.discriminator.parameters(), resumed.discriminator.parameters(), strict=True)
    for old, new in pairs:
        moments = run.optimizer_d.state[old]["exp_avg"], resumed.optimizer_d.state[new]["exp_avg"]
        assert torch.equal(*moments), "the moments are others"
        assert moments[1].stride() == new.stride(), "a fused optimizer would take the wrong moments"


def test_moments_follow_the_layout_of_the_weights(monkeypatch, tmp_path):
    oracle_layout(checkpoints.restore, monkeypatch, tmp_path / "run.pt")


def test_moments_left_as_they_were_saved(monkeypatch, tmp_path):
    source = inspect.getsource(checkpoints.restore).replace("_in_the_layout_of_the_weights(optimizer)", "pass")
    namespace = dict(vars(checkpoints))
    exec(source, namespace)
    assert_killed(lambda restore: oracle_layout(restore, monkeypatch, tmp_path / "run.pt"), namespace["restore"])

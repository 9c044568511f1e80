"""The folder of a run, results/NAME: what `python -m gan_core train` leaves, each file whole at every moment.

    record.json     settings, command, commit, versions, machine, time, measures: all it takes to do it again
    checkpoint.pt   to go on from, and to sample from
    losses.csv      both losses, averaged over blocks of steps
    samples.png     what the generator makes
    film.png        the same few z in every row, drawn at step 0, 125, 250, 500 …, and last as it is now

The record names no folder of the machine it was made on.
"""

import csv
import datetime
import io
import json
import os
import pathlib
import platform
import subprocess
import tempfile

import matplotlib
import numpy as np
import torch
from torch.nn import functional

from gan_core import __version__, checkpoints, figures, metrics, recipes, training

ROOT = pathlib.Path(__file__).parents[2]
# In the course's repository, the folder of what is recorded there; of an installed gan_core, a folder where one works.
FOLDER = ROOT / "results" if (ROOT / "book.toml").exists() else pathlib.Path("results")
ROWS = 500  # of losses.csv, at most
SHEET = 64  # images on samples.png
CLOUD = 2_048  # points
FILM = 8  # images in a row of the film
FIRST = 125  # the step of its second row; each further one has twice as many
PIXELS = 16  # along a side: what the pixel Fréchet distance looks at, for a larger covariance needs more samples


class Result:
    """The folder of one run."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.checkpoint = self.folder / "checkpoint.pt"
        self.sheet = self.folder / "samples.png"

    def taken(self):
        """Whether something lies there already."""
        return self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir()))

    def record(self):
        """What record.json says. Raises FileNotFoundError, and ValueError for a file that is not one of ours."""
        path = self.folder / "record.json"
        if not path.exists():
            raise FileNotFoundError(f"there is no run in {self.folder}: {path.name} is missing")
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            recipes.Recipe(**record["recipe"])
            return record
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path} is damaged, or no record of `python -m gan_core train`: {error}") from error

    def keep(self, run, record, real=None, film=None):
        """Write all files. Raises OSError when the disk does not take them; each is then the old or the new."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if film is not None:  # before the checkpoint: rows that it has too many are drawn again, missing ones are not
            record = record | {"film": film.steps(run)}
            write(self.folder / "film.png", _png(film.picture(run), steps=" ".join(map(str, record["film"]))))
        run.save(self.checkpoint)
        write(self.folder / "losses.csv", losses(run.history))
        write(self.sheet, picture(sheet(run), real))
        text = json.dumps(record, indent=2, ensure_ascii=False)
        write(self.folder / "record.json", f"{text}\n".encode())

    def sampler(self):
        """A run on the CPU whose generator is the saved one, for `run.samples`. It has no data and cannot be trained.

        Raises FileNotFoundError and ValueError for a folder without a run, and for a record and a checkpoint that do
        not belong together.
        """
        record = self.record()
        saved = checkpoints.read(self.checkpoint)
        settings = recipes.Recipe(**record["recipe"])
        gan = recipes.gan(record["method"], record["shape"], settings, record.get("classes"))
        run = training.start(gan, _NoData(tuple(record["shape"])), batch=1, device="cpu", fast=False)
        try:
            for name in ("generator", "generator_ema"):
                if name in saved:
                    getattr(run, name).load_state_dict(saved[name])
        except (RuntimeError, AttributeError) as error:
            raise ValueError(
                f"the record and the checkpoint in {self.folder} do not belong together: {error}"
            ) from error
        run.step = saved["step"]
        return run


class Film:
    """How the images of a few fixed z change while a run trains: one row of them for each of some steps.

    A row is kept at step 0 and at 125 · 2ᵏ, so that a film of any length has few rows. `rows` {step: (H, W, 3) uint8}.
    """

    def __init__(self, rows=()):
        self.rows = dict(rows)

    def watch(self, run):
        """Keep a row, if this is a step for one."""
        if _has_a_row(run.step):
            self.rows[run.step] = _row(run)

    def steps(self, run):
        """The step of each row of `picture`."""
        return sorted({*self._until(run), run.step})

    def picture(self, run):
        """The rows up to now, one under the other, the last as the run draws them now: (rows · H, W, 3) of uint8."""
        return np.concatenate(list((self._until(run) | {run.step: _row(run)}).values()))

    @classmethod
    def read(cls, folder, run, steps=()):
        """The film in `folder`, for `run` to go on with. It tells the steps of its rows, or else they are `steps`.

        Raises FileNotFoundError, and ValueError where it has not as many rows of images like the run's.
        """
        from PIL import Image

        with Image.open(folder / "film.png") as file:
            pixels, told = np.asarray(file), file.info.get("steps")
        steps = [int(step) for step in told.split()] if told else steps
        height, *rest = _row(run).shape
        if pixels.shape != (len(steps) * height, *rest):
            raise ValueError(f"{folder / 'film.png'} has not {len(steps)} rows of this run's images, as it should have")
        rows = zip(steps, pixels.reshape(-1, height, *rest), strict=True)
        return cls((step, row) for step, row in rows if _has_a_row(step))

    def _until(self, run):
        return {step: row for step, row in self.rows.items() if step <= run.step}


def _has_a_row(step):
    turn, rest = divmod(step, FIRST)
    return not rest and turn.bit_count() <= 1  # 0 or a power of two


def _row(run):
    return figures.samples.sheet(run.samples(FILM), columns=FILM)


class _NoData:
    """What stands for the data where only samples are wanted."""

    def __init__(self, shape):
        self.shape = shape

    def sample(self, n, rng=None):
        raise ValueError("this run has only a generator; it cannot be trained")


def measured(run, held_out, judge=None):
    """How good the samples of `run` are: {measure: {"samples": …, "real": …, "n": …}}; nothing without `held_out`.

    "real" is the same measure of real examples that the training has not seen. A distance is that of n samples, or of n
    further real examples, to n real examples.

    `frechet_points` or `frechet_pixels`   `metrics.frechet_distance`; images are cut off at −1 and 1, as where they are
                                           stored, and averaged over areas to 16 × 16 first
    `frechet_judge`                        the same in the features of a `judge` of `gan_core.judges`
    `modes_covered`, `near_a_mode`         of a mixture: `metrics.modes`
    `digits_seen`                          how many different digits, or triples of them, the judge sees
    `label_accuracy`, `within_class_diversity`   of networks that are told labels, in the features of the `judge`: whose
                                           real examples are nearest, and how far samples of one class lie apart
    """
    if held_out is None:
        return {}
    n = len(held_out) // 2
    told = None if run.gan.classes is None else held_out[:n].y
    image = len(run.data.shape) == 3
    samples = run.samples(n, seed=1, y=told)
    sets = {"samples": _as_stored(samples) if image else samples, "real": held_out[n:].x}
    reference = held_out[:n].x

    def compared(view):
        seen = view(reference)
        return {name: metrics.frechet_distance(view(x), seen) for name, x in sets.items()}

    found = {"frechet_pixels" if image else "frechet_points": compared(_small if image else lambda x: x)}
    if judge is not None:
        found["frechet_judge"] = compared(lambda x: judge.features(_as_seen(judge, x)).reshape(n, -1))
        if judge.name == "digits":
            found["digits_seen"] = {name: _digits_seen(judge, x) for name, x in sets.items()}
    if judge is not None and told is not None and hasattr(run.data, "x"):
        found |= _of_classes(
            judge, run.data, {"samples": (sets["samples"], told), "real": (sets["real"], held_out[n:].y)}
        )
    if hasattr(run.data, "centres"):
        modes = {name: metrics.modes(x, run.data.to("cpu")) for name, x in sets.items()}
        found["modes_covered"] = {name: each.covered for name, each in modes.items()}
        found["near_a_mode"] = {name: each.near for name, each in modes.items()}
    return {measure: {**values, "n": n} for measure, values in found.items()}


def sheet(run, n=None, seed=0):
    """`n` samples for a picture, as many as it has room for unless given. Of labelled images, a column is of one class.

    The classes of a sheet are the first eight, or all there are.
    """
    n = n or (SHEET if len(run.data.shape) == 3 else CLOUD)
    if run.gan.classes is None:
        return run.samples(n, seed)
    return run.samples(n, seed, y=torch.arange(n) % 8 % run.gan.classes)


def losses(history):
    """Both losses as bytes of CSV, at most `ROWS` rows, each the mean over the steps since the row before."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["step", *history])
    columns = np.stack(list(history.values()), axis=1)
    for rows in np.array_split(np.arange(len(columns)), min(ROWS, len(columns)) or 1):
        if len(rows):
            table.writerow([rows[-1] + 1, *(f"{value:.5g}" for value in columns[rows].mean(0))])
    return text.getvalue().encode()


def picture(samples, real=None):
    """Samples as the bytes of a PNG: images in rows of eight, points as a cloud over the real ones."""
    if samples.ndim == 4:
        return _png(figures.samples.sheet(samples))
    made = io.BytesIO()
    with matplotlib.rc_context():
        figures.use_style()
        figures.samples.cloud(samples, real).savefig(made, format="png", dpi=100)
    return made.getvalue()


def _png(pixels, **text):
    """The bytes of a PNG, with this text written into it."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    made, info = io.BytesIO(), PngInfo()
    for name, value in text.items():
        info.add_text(name, value)
    Image.fromarray(pixels).save(made, "PNG", optimize=True, pnginfo=info)
    return made.getvalue()


def provenance(run):
    """What the numbers depend on besides the settings: the code, the versions, the machine."""
    device = run.place.device
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else _processor()
    return {
        **_commit(),
        "versions": {
            "python": platform.python_version(), "gan_core": __version__, "torch": torch.__version__,
            "numpy": np.__version__,
        },
        "device": f"{device.type}: {name}",
        "system": f"{platform.system()} {platform.machine()}",
        "threads": torch.get_num_threads(),
        "bf16": run.place.bf16,
        "channels_last": run.place.channels_last,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }  # fmt: skip


def write(path, data):
    """Write bytes to `path`: at every moment the file there is whole, the old one or the new one. Raises OSError."""
    handle, part = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(part, 0o666 & ~_umask())  # mkstemp lets only its owner read
        os.replace(part, path)
    except BaseException:
        pathlib.Path(part).unlink(missing_ok=True)
        raise


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _small(x):
    """Images averaged over areas to at most `PIXELS` along a side."""
    return functional.adaptive_avg_pool2d(x, PIXELS) if x.shape[-1] > PIXELS else x


def _of_classes(judge, known, sets):
    """Accuracy and diversity of {name: (examples, their labels)}; classes are told apart by `known` examples."""
    nearest = judge.features(known.x.cpu()), known.y.cpu()
    seen = {name: (judge.features(x), y) for name, (x, y) in sets.items()}
    return {
        "label_accuracy": {
            name: metrics.label_accuracy(y, metrics.nearest_class(features, *nearest))
            for name, (features, y) in seen.items()
        },
        "within_class_diversity": {name: metrics.within_class_diversity(*each).mean for name, each in seen.items()},
    }


def _as_stored(x):
    """Images as a picture keeps them: what is past −1 or 1 is cut off. Not every generator ends with tanh."""
    return x.clamp(-1, 1)


def _as_seen(judge, x):
    """Images as the judge takes them: of a judge of one channel, each channel is an image of its own."""
    return x.reshape(-1, 1, *x.shape[2:]) if judge.name == "digits" else x


def _digits_seen(judge, x):
    seen = judge.decide(_as_seen(judge, x))["digit"].reshape(len(x), -1)
    return len(seen.unique(dim=0))


def _commit():
    """The commit of the course that is run from a git checkout, and whether files differ from it; else nothing."""

    def git(*words):
        return subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True, check=True).stdout.strip()

    try:
        if pathlib.Path(git("rev-parse", "--show-toplevel")).resolve() != ROOT.resolve():
            return {}  # installed somewhere within another repository
        return {"commit": git("rev-parse", "HEAD"), "dirty": bool(git("status", "--porcelain", "--", "gan_core"))}
    except (OSError, subprocess.CalledProcessError):
        return {}


def _processor():
    """The processor's name, where the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()

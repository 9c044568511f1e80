"""The command line: `python -m gan_core`, with methods, train, sample, study, judges, class and check.

Exit codes: 0 done; 1 training or saving failed, or the machine is not fit; 2 wrong words or bad input; 130 Ctrl-C.
Torch is loaded when a command needs it: `check` must run where it is missing.
"""

import argparse
import os
import shlex
import sys
import time
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import asdict, replace
from inspect import signature
from io import StringIO
from pathlib import Path

from gan_core import machine, recipes

SAVE_EVERY = 60  # seconds between two saves
CHOICES = ("objective", "size", "width", "batch", "steps", "hold", "fade")  # of a recipe, that a user may make
LONG = 600  # seconds of training on a CPU that are worth a word beforehand

_DATA = "\n".join(f"  {name:<15} {source.about}" for name, source in recipes.SOURCES.items())
TRAIN = f"""\
data:
{_DATA}
  What is not said to be fetched needs no network. What is fetched is fetched once.

what it leaves in results/NAME:
  samples.png     what the generator makes
  film.png        images only: the same z in every row, from step 0 on
  record.json     settings, commit, versions, machine, time, and how good the samples are beside real ones
  losses.csv      both losses
  checkpoint.pt   to go on from (--resume) and to sample from (`sample NAME`)

It saves every {SAVE_EVERY} seconds. Ctrl-C ends the step, saves, and says how to go on; a run that was stopped and
goes on is the same, bit for bit, as one that never was. A folder that is there is never overwritten.

Started by torchrun it trains in several processes, each with its part of the minibatch, on a GPU of its own or on CPUs.
They make one run, and any number of them goes on with it.

examples:
  python -m gan_core train gan --data ring
  python -m gan_core train dcgan --data faces --scale class
  python -m gan_core train dcgan --data faces --scale full --name dcgan-faces
  python -m gan_core train dcgan --data folder:my/pictures --scale full --resume
  torchrun --nproc-per-node 2 -m gan_core train dcgan --data faces --scale full
"""


class Failure(Exception):
    """What the user is told, in one line, and the exit code."""

    def __init__(self, message, code=2):
        super().__init__(" ".join(str(message).split()))
        self.code = code


def main(arguments=None):
    """Run one command and return its exit code."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    asked = _parser().parse_args(arguments)
    asked.words = arguments
    try:
        return asked.command(asked) or 0
    except Failure as failure:
        _say(f"{_which()}error: {failure}")
        return failure.code
    except OSError as error:  # the disk, the network
        _say(f"{_which()}error: {' '.join(str(error).split())}")
        return 1
    except KeyboardInterrupt:
        if not _which():
            _say("stopped")
        return 130


def methods(asked):
    """Print the table of the methods, and under each its parts."""
    rows = [(name, method.paper, _makes(method), method.about) for name, method in recipes.methods().items()]
    titles = "method", "paper", "makes", "what it is"
    wide = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    for row in (titles, *rows):
        print("  ".join(f"{cell:<{w}}" for cell, w in zip(row, wide, strict=True)).rstrip())
        if row is not titles:
            print(f"{'':<{wide[0]}}  {_parts(recipes.methods()[row[0]])}")
    print(f"\nTry one: python -m gan_core train {rows[0][0]} --data digits")


def train(asked):
    """Train a method, or go on with it; write results/NAME. Of processes that torchrun started, all do this."""
    from gan_core import processes

    with ExitStack() as group:
        with _refused():
            group.enter_context(processes.joined())
        return _train(asked)


def _train(asked):
    from gan_core import processes, results, training

    with _refused():
        recipes.known("method", asked.method, recipes.methods())
        source = recipes.known("dataset", asked.data.partition(":")[0], recipes.SOURCES)
        result = results.Result(_folder(asked.results, asked.name or _name(asked, source)))
        if result.taken() and not asked.resume:
            raise ValueError(
                f"{result.folder} is there already and is not written over: give --resume to go on with it, or another "
                "--name or --seed"
            )
        old = _taken_up(asked, source, result) if asked.resume else {}
        recipe = _recipe(asked, source, old)
        with processes.one_first():
            data, held_out = recipes.load(asked.data, recipe.size, recipe.examples)
        if asked.batch is None and hasattr(data, "__len__"):
            recipe = replace(recipe, batch=min(recipe.batch, len(data)))
        classes = recipes.classes(data)
        gan = recipes.gan(asked.method, data.shape, recipe, classes)
        _must_be_reached(gan, recipe.steps)
        if asked.resume:
            run = training.resume(result.checkpoint, gan, data, device=asked.device)
        else:
            settings = {"seed": asked.seed, "batch": recipe.batch, "device": asked.device, "fast": not asked.plain}
            run = training.start(gan, data, **settings)
        if run.step > recipe.steps:
            raise ValueError(f"the run has made {run.step:,} steps already; give --steps {run.step} or more")
        judge, film = _judge(source, run), _film(result, old, run)
        run = processes.share(run)  # all have looked at the folder: from here on the one that leads writes to it
    record = {
        "command": _command(asked, source, run),
        "status": "running",
        "method": asked.method, "data": source, "scale": asked.scale, "seed": asked.seed, "plain": asked.plain,
        "recipe": asdict(recipe), "shape": list(data.shape), "classes": gan.classes,
        "steps": run.step, "seconds": old.get("seconds", 0.0), "samples_per_second": None,
        "measures": {}, **results.provenance(run), "processes": run.processes,
    }  # fmt: skip
    if run.leads:
        goes_on = f"; goes on from step {run.step:,}" if run.step else ""
        _say(f"{_in_words(record, run)}; into {result.folder}{goes_on}")
    _say_if_long(run, recipe.steps - run.step, asked.scale)
    if not run.leads:
        return _followed(run, recipe.steps)
    real = held_out.x[: results.CLOUD] if held_out is not None and len(data.shape) == 1 else None
    keeper = _Keeper(run, result, record, real, film)
    try:
        _save(keeper, "running")
        if run.step < recipe.steps:
            with redirect_stdout(StringIO()):  # training says how a notebook goes on; a command line goes on otherwise
                training.train(run, recipe.steps - run.step, watch=keeper)
        if run.step < recipe.steps:
            return _stopped(asked, keeper)
        _save(keeper, "running")  # the measures take a while: nothing is lost if nobody waits for them
        record["measures"] = results.measured(run, held_out, judge)
        _save(keeper, "finished")
    except KeyboardInterrupt:
        return _stopped(asked, keeper)
    except training.DivergedError as diverged:
        _save(keeper, "diverged")
        trouble = str(diverged).partition(";")[0]
        raise Failure(
            f"{trouble}; the last good state, step {run.step:,}, is saved in {result.checkpoint}. Another --seed may "
            "do better, or other settings: see gan_core/experiments/recipes.py",
            code=1,
        ) from diverged
    print(f"{run.step:,} steps in {_duration(record['seconds'])}: {result.sheet}")
    for measure, found in record["measures"].items():
        print(f"  {measure:<16} {found['samples']:>8.4g}   real {found['real']:>8.4g}   (n = {found['n']:,})")


def _followed(run, steps):
    """Train along with the process that leads, which does all the rest. Returns the exit code."""
    from gan_core import training

    if run.step < steps:
        try:
            training.train(run, steps - run.step)
        except training.DivergedError:  # the one that leads says so
            sys.exit(1)
    return 130 if run.step < steps else 0


def sample(asked):
    """Draw samples of a run that was trained, as a picture."""
    from gan_core import results

    given = Path(asked.result)
    with _refused():
        run = results.Result(given if given.is_dir() else _folder(asked.results, asked.result)).sampler()
        out = Path(asked.out)
        if out.suffix != ".png" or not out.parent.is_dir():
            raise ValueError(f"--out must be a .png in a folder that is there; given {out}")
    results.write(out, results.picture(results.sheet(run, asked.n, asked.seed)))
    print(f"{asked.n:,} samples of step {run.step:,}: {out}")


def study(asked):
    """Record what is left of a study; without a name, list the studies."""
    from gan_core import studies, training

    folder = Path(asked.results) / "studies"
    if asked.name is None:
        return _list_studies(studies, folder)
    with _refused():
        found = studies.find(asked.name)
        found.knows(asked.conditions or ())
        before = studies.recording.begun(asked.name, found, folder)
    options = {"conditions": asked.conditions, "workers": asked.workers, "folder": folder}
    try:
        record = studies.record(asked.name, **options)
    except KeyboardInterrupt:
        after = studies.recording.begun(asked.name, found, folder)
        new = len(after.rows) - len(before.rows)
        again = shlex.join(["python", "-m", "gan_core", *asked.words])
        _say(f"stopped; {new:,} new rows are in {studies.path(asked.name, folder)}; to go on: {again}")
        return 130
    except (training.DivergedError, ValueError) as error:
        raise Failure(error, code=1) from error
    print(f"{len(record.rows):,} rows, {_duration(record.seconds)} of training: {studies.path(asked.name, folder)}")


def _list_studies(studies, folder):
    for name in studies.STUDIES:
        found = studies.find(name)
        try:
            record = studies.read(name, folder)
            share = len(record.rows) / (len(found.conditions) * len(found.seeds) * len(found.at))
            state = f"{share:.0%} recorded, {_duration(record.seconds)} of training, {record.provenance[-1]['date']}"
        except FileNotFoundError:
            state = "not recorded"
        except ValueError as error:
            state = str(error)
        print(f"{name}: {found.question}\n    {len(found.conditions)} conditions, {len(found.seeds)} seeds; {state}")
    print("\nRecord one, or what is left of it: python -m gan_core study NAME")


def judges(asked):
    """Train the judges that come with the course anew, and write their weights."""
    from gan_core import judges

    judges.train_all()


def classroom(asked):
    """Sum up a class's answers: a table, a page and two pictures."""
    from gan_core.course.lessons import classroom

    with _refused():
        group = classroom.read(asked.folder)
    page = classroom.write(group, asked.out or Path(asked.folder) / "summary")
    for trouble in group.troubles:
        _say(f"note: {trouble}")
    right = sum(entry.state == classroom.RIGHT for made in group.entries.values() for entry in made.values())
    students = f"{len(group.entries)} student{'s' * (len(group.entries) > 1)}"
    print(f"{students}, {len(group.exercises)} exercises, {right} right answers: {page}")
    for exercise, said, n in classroom.mistakes(group)[:1]:
        print(f"most frequent mistake: {exercise}, {said} ({n})")


class _Keeper:
    """What watches a run: it saves from time to time, and knows whether the last step was made in full."""

    def __init__(self, run, result, record, real, film):
        self.run, self.result, self.record, self.real, self.film = run, result, record, real, film
        self.began = run.step, record["seconds"]
        self.start = self.now = self.saved = time.monotonic()
        self._stream = run.rng.get_state()

    def __call__(self, run):
        from gan_core import loop

        self.now, self._stream = time.monotonic(), run.rng.get_state()
        if self.film:
            self.film.watch(run)
        # Right after training has looked for NaN: what is saved is always good.
        if run.step % loop.CHECK_EVERY == 0 and self.now - self.saved > SAVE_EVERY:
            self.save("running")

    def whole(self):
        """Whether the run stands between two steps. A second Ctrl-C stops within one, which draws before all else."""
        return self._stream.equal(self.run.rng.get_state())

    def save(self, status):
        """Write the result as it is now."""
        (step, before), seconds = self.began, self.now - self.start
        self.record.update(status=status, steps=self.run.step, seconds=round(before + seconds, 1))
        if self.run.step > step:
            self.record["samples_per_second"] = round((self.run.step - step) * self.run.batch / seconds, 1)
        self.result.keep(self.run, self.record, self.real, self.film)
        self.saved = time.monotonic()


def _save(keeper, status):
    """Save outside of training; a Ctrl-C waits for the end of it."""
    from gan_core.training._interrupt import between_steps

    with between_steps() as asked_to_stop:
        keeper.save(status)
        stop = asked_to_stop()
    if stop:
        raise KeyboardInterrupt


def _stopped(asked, keeper):
    """Save what Ctrl-C left, and say how to go on. Returns the exit code."""
    words = asked.words if asked.resume else [*asked.words, "--resume"]
    go_on = f"to go on: {shlex.join([*_program(keeper.run), *words])}"
    if keeper.whole():
        _save(keeper, "stopped")
        _say(f"stopped at step {keeper.run.step:,}, saved in {keeper.result.folder}; {go_on}")
    else:
        _say(f"stopped within a step; what was saved last in {keeper.result.folder} is whole; {go_on}")
    return 130


def _must_be_reached(gan, steps):
    """ValueError where networks that grow would not make a step as a whole."""
    end = getattr(gan.schedule, "end", 0)
    if end and steps <= end:
        raise ValueError(
            f"the networks grow for {end:,} steps and would not make one as a whole in {steps:,}; give --steps "
            f"{end + 1:,} or more, a smaller --size, or less time to grow with --hold and --fade"
        )


def _taken_up(asked, source, result):
    """The record of the run to go on with. What was given must agree with it; what was not is taken from it."""
    if not result.taken():
        raise ValueError(f"there is nothing in {result.folder} to go on with; leave out --resume to begin")
    record = result.record()
    if not result.checkpoint.exists():
        raise ValueError(f"{result.folder} has a record and no checkpoint; begin anew under another --name")
    then = {**record, **record["recipe"]}
    now = {"method": asked.method, "data": source, "scale": asked.scale, "seed": asked.seed, "plain": asked.plain}
    now |= {name: value for name in CHOICES if name != "steps" and (value := getattr(asked, name)) is not None}
    differ = [f"{name} {then.get(name)} there, {value} given" for name, value in now.items() if then.get(name) != value]
    if differ:
        raise ValueError(f"the run in {result.folder} was begun otherwise: {'; '.join(differ)}")
    return record


def _recipe(asked, source, old):
    given = {name: value for name in CHOICES if (value := getattr(asked, name)) is not None}
    if old:
        return replace(recipes.Recipe(**old["recipe"]), **given)
    return replace(recipes.recipe(asked.method, source, asked.scale), **given)


def _film(result, old, run):
    """The film of a run of images, gone on with where there is one."""
    from gan_core import results

    if len(run.data.shape) != 3:
        return None
    film = results.Film.read(result.folder, run, old["film"]) if old.get("film") else results.Film()
    if run.step == 0:
        film.watch(run)
    return film


def _judge(source, run):
    """The judge of these data, where there is one that takes images as small as these."""
    name = recipes.SOURCES[source].judge
    if name is None:
        return None
    from gan_core import judges
    from gan_core.judgement.judges.subjects import SUBJECTS

    return getattr(judges, name)() if run.data.shape[-1] >= SUBJECTS[name].shape[-1] else None


def _folder(results, name):
    if Path(name).name != name or name.startswith("."):
        raise ValueError(f"a name must be a plain one, without folders; given {name!r}")
    return Path(results) / name


def _name(asked, source):
    words = asked.method, asked.objective, source, asked.scale, f"seed{asked.seed}"
    return "-".join(word for word in words if word is not None)


def _program(run):
    """How the command line was started."""
    start = ["torchrun", "--nproc-per-node", str(run.processes)] if run.processes > 1 else ["python"]
    return [*start, "-m", "gan_core"]


def _command(asked, source, run):
    """The command that does it again, without the folders of this machine."""
    words = [*_program(run), "train", asked.method, "--data", source + ":PATH" * (source == "folder")]
    words += ["--scale", asked.scale, "--seed", str(asked.seed)]
    for option in ("name", *CHOICES, "device"):
        if getattr(asked, option) is not None:
            words += [f"--{option}", str(getattr(asked, option))]
    return shlex.join(words + ["--plain"] * asked.plain)


def _makes(method):
    """What a method makes, found out by asking it for networks."""
    return ", ".join(kind for kind, shape in SHAPES.items() if _made(method, shape))


SHAPES = {"points": (2,), "images": (3, 32, 32)}


def _made(method, shape):
    """The method for these shapes, and for ten classes if it is told any; None where it does not take them."""
    import torch

    told = {"classes": 10} if "classes" in signature(method).parameters else {}
    try:
        gan = method(shape, **told)
        with torch.device("meta"):  # shapes without numbers
            gan.generator()
    except ValueError:
        return None
    return gan


def _parts(method):
    """What the value that a method returns is made of, where it is not the usual, in a line."""
    from gan_core.training.checkpoints import in_words
    from gan_core.training.runs import as_it_stands, unchanged

    gan = next(filter(None, (_made(method, shape) for shape in SHAPES.values())))
    words = [gan.objective.name] if hasattr(gan, "objective") else [in_words(gan.step), " + ".join(gan.losses)]
    words += [in_words(part) for part in (*gan.penalties, *gan.constraints)]
    words += [f"D also: {head.name}" for head in getattr(gan, "heads", ())]
    words += [in_words(part) for part in (getattr(gan, "opponent", as_it_stands), gan.schedule)
              if part not in (as_it_stands, unchanged)]  # fmt: skip
    words += [f"n_dis {gan.n_dis}"] if getattr(gan, "n_dis", 1) > 1 else []
    words += [f"average of G {gan.ema}"] if gan.ema else []
    words += ["labels"] if gan.classes else []
    return "; ".join(words)


def _in_words(record, run):
    shape = " × ".join(map(str, record["shape"]))
    count = f"{len(run.data):,} examples" if hasattr(run.data, "__len__") else "fresh examples"
    return (
        f"{record['method']} on {record['data']}, scale {record['scale']}, seed {record['seed']}: {count} of {shape}, "
        f"{record['recipe']['steps']:,} steps of {run.batch}, {record['device']}"
        f"{f', {run.processes} processes' if run.processes > 1 else ''}"
    )


def _say_if_long(run, steps, scale):
    """On a CPU, try two steps with a copy, and say how long all of them may take, if that is long."""
    from gan_core import loop

    if run.place.device.type != "cpu" or not steps:
        return
    trial = run.copy()
    trial.gan = replace(run.gan, schedule=getattr(run.gan.schedule, "grown", run.gan.schedule))  # of whole networks
    loop.iteration(trial)  # the first is slower
    start = time.monotonic()
    loop.iteration(trial)
    seconds = steps * (time.monotonic() - start)
    if seconds > LONG and run.leads:
        advice = "; full is for a GPU, --scale class or night for a CPU" if scale == "full" else ""
        _say(f"this may take {_duration(seconds)} on this CPU{advice}. Ctrl-C saves, and --resume goes on")


def _duration(seconds):
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 1.5 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.0f} seconds"


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m gan_core",
        description="Train generative adversarial networks, look at what they make, check this machine.",
        epilog="COMMAND --help says more. Exit codes: 0 done, 1 failed, 2 wrong words or bad input, 130 Ctrl-C.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(command, text, **more):
        added = commands.add_parser(
            command.__name__, help=text, description=text[0].upper() + text[1:] + ".",
            formatter_class=argparse.RawDescriptionHelpFormatter, **more,
        )  # fmt: skip
        added.set_defaults(command=command)
        return added

    add(methods, "list the methods: their papers, whether they make points or images, what they are")
    _describe_train(
        add(
            train,
            "train a method on data and leave a folder: record, checkpoint, losses, sheet of samples",
            epilog=TRAIN,
        )
    )
    _describe_sample(add(sample, "draw samples of a run that was trained, as a picture"))
    _describe_study(add(study, "record a study, an experiment of many runs; without a name, list them"))
    add(judges, "train the small networks that judge digits and faces anew, and write their weights")
    summed = commands.add_parser(
        "class", help="sum up a class's answers: a table, a page, pictures of where it is stuck"
    )
    summed.add_argument("folder", metavar="FOLDER", help="where the students' files lie, NAME.jsonl")
    summed.add_argument("--out", metavar="FOLDER", help="where to write (default FOLDER/summary)")
    summed.set_defaults(command=classroom)
    machine_check = commands.add_parser("check", help="say whether this machine is fit for the course")
    machine_check.set_defaults(command=lambda asked: machine.main())
    return parser


def _describe_train(parser):
    add = parser.add_argument
    add("method", metavar="METHOD", help="one of those that `methods` lists")
    add("--data", metavar="NAME", required=True, help="what to learn from, see below")
    add(
        "--scale",
        choices=recipes.SCALES,
        default="class",
        help="class: minutes on two cores (default); night: hours; full: one GPU",
    )
    add("--seed", type=_whole(0), default=0, metavar="N", help="of weights, noise and minibatches (default 0)")
    add("--steps", type=_whole(1), metavar="N", help="steps of the generator in all, in place of the recipe's")
    add("--size", type=_whole(1), metavar="N", help="pixels along a side, in place of the recipe's")
    add("--width", type=_whole(1), metavar="N", help="of the networks, in place of the recipe's")
    add("--batch", type=_whole(2), metavar="N", help="examples in a minibatch, in place of the recipe's")
    add("--hold", type=_whole(0), metavar="N", help="steps at each size, of networks that grow")
    add("--fade", type=_whole(0), metavar="N", help="steps from each size to the next")
    add("--objective", metavar="NAME", help="another pair of losses than the method's: hinge, wasserstein …")
    add("--resume", action="store_true", help="go on with a run that was stopped, as if it never had been")
    add("--name", help="of the folder (default METHOD-DATA-SCALE-seedN)")
    add("--device", help="cpu, cuda, cuda:1, mps (default: the best there is)")
    add("--plain", action="store_true", help="32-bit arithmetic in the usual layout, nothing faster")
    _add_results(parser)


def _describe_sample(parser):
    add = parser.add_argument
    add("result", metavar="RESULT", help="the name of a run in the results, or its folder")
    add("-n", type=_whole(1), default=64, metavar="N", help="how many (default 64)")
    add("--seed", type=_whole(0), default=0, metavar="N", help="of the noise (default 0)")
    add("--out", default="sheet.png", metavar="FILE", help="the picture to write (default sheet.png)")
    _add_results(parser)


def _describe_study(parser):
    add = parser.add_argument
    add("name", metavar="NAME", nargs="?", help="of the study; what its record has already is not done again")
    add("--conditions", nargs="+", metavar="LABEL", help="only these conditions (default all)")
    add("--workers", type=_whole(1), default=1, metavar="N", help="processes, of one thread each (default 1)")
    _add_results(parser)


def _add_results(parser):
    parser.add_argument("--results", default="results", metavar="FOLDER", help="where the runs lie (default results)")


def _whole(least):
    """What reads a whole number of at least `least`, for argparse."""

    def read(text):
        try:
            number = int(text.replace("_", "").replace(",", ""))
        except ValueError:
            number = None
        if number is None or number < least:
            raise argparse.ArgumentTypeError(f"must be a whole number of at least {least}; given {text!r}")
        return number

    return read


@contextmanager
def _refused():
    """Within, what the library refuses is a mistake in the words given."""
    try:
        yield
    except (ValueError, TypeError, FileNotFoundError, NotADirectoryError) as error:
        raise Failure(error) from error


def _which():
    """Of several processes, which this is, for what it alone may know; "" for the one that leads, or is alone."""
    return f"process {os.environ['RANK']}: " if os.environ.get("RANK", "0") != "0" else ""


def _say(text):
    print(text, file=sys.stderr, flush=True)

# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 17 · Bugs in the wild
#
# **The question.** A GAN runs, its losses are finite, its pictures are so-so. Which line is wrong, if one is, and how
# would anybody know?
#
# *85 minutes.*
#
# **You will be able to**
#
# - find in a training loop the faults that people really make, and go from a symptom to the few faults that can cause
#   it;
# - say why a good loss curve does not prove that code is right;
# - write an *oracle*: a check of a few lines that must hold for the right code, and cannot hold for the wrong one;
# - say what an oracle is blind to, choose a second one, and test a test.
#
# **Predict before you run.** Twenty-four pieces hang in this museum. Each has one fault, and all of these were found in
# public code: in tutorials, in libraries, in the code of papers, in books. (a) In how many of them does Python raise an
# error, or warn? (b) In the first piece $G$ goes down its opponent's loss as well as its own. Trained with Adam and the
# usual loss, how much farther from the data does it end than the mended version? (c) There are six faults of a gradient
# penalty, and six good checks. Does one check see all six faults? Write your answers down.

# %%
import warnings
from dataclasses import replace
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import Markdown
from torch import nn

from gan_core import datasets, figures, methods, metrics, objectives, training
from gan_core.course import check, checked, claim
from gan_core.course.lessons import museum
from gan_core.course.lessons.museum import bench, critics, looks_fine, not_a_number, nothing_learns, one_thing, store
from gan_core.pieces.lipschitz import GradientPenalty
from gan_core.pieces.networks import mlp

figures.use_style()
torch.set_default_dtype(torch.float64)  # 64-bit numbers: the same digits on every machine
torch.set_num_threads(1)

# %% [markdown]
# ## A piece and its oracle (7 min)
#
# A *piece* of this museum is a function in two versions, `broken` and `mended`, a few lines each. With it comes an
# **oracle**: a function that takes either of them and asserts what must be true. For the mended version it is silent,
# for the broken one it raises. Nothing here is copied: each fault is written anew, as short as possible. The code that
# you see is the code that runs. The same pieces are *mutants* in the tests of this course's library: faults on purpose,
# which the tests must find.

# %%
PYTHON = "```python\n{}```"


def show(piece):
    """The broken version, and what one sees of it."""
    return Markdown(f"**{piece.name}** · {piece.symptom}\n\n" + PYTHON.format(museum.source(piece.broken)))


def reveal(piece):
    """Folded: what is wrong, where it was seen, what mends it, and the oracle."""
    said = f"{piece.fault}\n\n*Seen:* {piece.seen}\n\n```diff\n{museum.mending(piece)}\n```\n\n"
    oracle = PYTHON.format(museum.source(piece.oracle))
    return Markdown(f"<details><summary>{piece.name}, mended</summary>\n\n{said}{oracle}\n\n</details>")


# %% [markdown]
# What can one assert of a step of a GAN? Its result depends on random weights, random noise and random data. So let us
# remove all chance. **The smallest GAN**, a relative of chapter 05's, has two numbers: all data are at $1$, all fakes
# at $\theta$, and $D(x)=\psi x$. With the Wasserstein loss $L_D=\psi\theta-\psi$ and $L_G=-\psi\theta$, and with plain
# gradient descent, both steps are known:
#
# $$\psi\leftarrow\psi-\eta\,(\theta-1),\qquad\theta\leftarrow\theta+\eta\,\psi .$$
#
# Any code that says it trains a GAN must do this when it is given these two networks. As an oracle:

# %%
Markdown(PYTHON.format(museum.source(nothing_learns.each_by_its_own_loss)))

# %% [markdown]
# It takes the *step* as an argument, so it can test anybody's step. We test this course's own loop (chapter 07), and
# then ask each piece's oracle about its broken version, with every warning turned into an error.

# %% jupyter={"source_hidden": true}
claim(
    "17/own-loop",
    "The loop of this course passes: each player moves by the slope of its own loss, to the last digits.",
    museum.holds(nothing_learns.each_by_its_own_loss, training.algorithm_1),
)


# %%
def silent(piece):
    """Whether the broken version runs without an error or a warning: all that is raised is the oracle's own assertion."""
    with warnings.catch_warnings(action="error"):
        return not museum.holds(piece.oracle, piece.broken)


# %% jupyter={"source_hidden": true}
claim(
    "17/silent",
    "No broken piece raises an error or a warning: they are caught by what their oracles assert, and by nothing else.",
    [silent(piece) for piece in museum.PIECES],
)

# %%
print("pieces on show:", len(museum.PIECES) - len(museum.pieces(store)))

# %% [markdown]
# That was prediction (a). Now the first room. In each room the pieces come first; **find the wrong line before you go
# on.** Then a figure compares each broken piece with its mended version. Then come the answers, folded.
#
# ## Room 1: nothing learns (15 min)

# %%
show(nothing_learns.turn)

# %%
show(nothing_learns.two_steps)

# %%
show(nothing_learns.network_of_d)

# %%
show(nothing_learns.loss_of_g)

# %% [markdown]
# The data are a narrow bell on the line, at 3; the fakes begin at 0. We measure the earth mover's distance (chapter 04)
# of 1,000 samples to 1,000 examples of the data, on five seeds. A fault is visible only in a game in which it matters,
# so each piece has its own game:
#
# | piece | the game |
# |---|---|
# | `turn` | zero-sum, $L_G=\mathbb E[\log(1-D)]$, plain gradient descent |
# | `two_steps` | the usual one: $-\log D$, Adam |
# | `network_of_d`, `loss_of_g` | the usual one with a *strong* $D$: three steps for one of $G$, a rate ten times as large |

# %%
line = datasets.mixture([3.0], std=0.2)
real = np.sort(line.sample(1_000, torch.Generator().manual_seed(0)).numpy()[:, 0])
EVERY, STEPS, SEEDS = 20, 200, range(5)


def distance(run):
    """The earth mover's distance of 1,000 samples to as many of the data."""
    return np.abs(np.sort(run.samples(1_000).numpy()[:, 0]) - real).mean()


def course(gan):
    """The distance at the start and after each EVERY steps: (seeds, times)."""
    seen = {seed: [distance(training.start(gan, line, seed=seed))] for seed in SEEDS}

    def watch(run):
        if run.step % EVERY == 0:
            seen[run.seed].append(distance(run))

    training.replicate(gan, line, steps=STEPS, seeds=SEEDS, watch=watch)
    return np.array(list(seen.values()))


# %%
usual = methods.gan((1,), z=1, width=32)
descent = partial(torch.optim.SGD, lr=0.02)
zero_sum = replace(usual, objective=objectives.saturating, optimizer_d=descent, optimizer_g=descent)
strong = replace(usual, n_dis=3, optimizer_d=partial(training.adam, lr=1e-2))
GAMES = {
    "turn": lambda version: replace(zero_sum, step=version),
    "two_steps": lambda version: replace(usual, step=version),
    "network_of_d": lambda version: replace(strong, discriminator=version),
    "loss_of_g": lambda version: replace(strong, objective=objectives.non_saturating._replace(generator=version)),
}
steps = np.arange(0, STEPS + 1, EVERY)
course_panels = {}
for name, game in GAMES.items():
    piece = getattr(nothing_learns, name)
    both = {version: course(game(getattr(piece, version))) for version in ("broken", "mended")}
    course_panels[name] = steps, both

# %%
fig = figures.museum.side_by_side(course_panels, "distance to the data")
plt.show()

# %% [markdown]
# Now the answers, one by one.

# %%
reveal(nothing_learns.turn)

# %% jupyter={"source_hidden": true}
claim(
    "17/turn",
    "Who moves by whose loss: the two-number oracle passes for the mended turn and fails for the broken one.",
    museum.told_apart(nothing_learns.turn),
)

# %%
at = {name: both for name, (_, both) in course_panels.items()}

# %% jupyter={"source_hidden": true}
claim(
    "17/turn-stands",
    "In a zero-sum game the broken turn moves G by less than 0.3 of the 3 it has to go, on each of 5 seeds.",
    np.abs(at["turn"]["broken"][:, -1] - at["turn"]["broken"][:, 0]),
    below=0.3,
)

# %% [markdown]
# In a zero-sum game $L_D+L_G$ does not depend on the fakes: the two slopes that $G$ gets cancel, except for the step
# that $D$ made in between. **So nobody can miss this fault?** Prediction (b): the same broken line with Adam and
# $-\log D$, as most people use them.

# %%
hidden = {
    version: course(replace(usual, step=getattr(nothing_learns.turn, version))) for version in ("broken", "mended")
}
panels_hidden = {"zero-sum, descent": course_panels["turn"], "−log D, Adam": (steps, hidden)}
fig = figures.museum.side_by_side(panels_hidden, "distance to the data")
plt.show()

# %% jupyter={"source_hidden": true}
claim(
    "17/turn-hides",
    "With Adam and −log D, after 200 steps, the broken turn is nearer to the data than the mended one, on each of 5 seeds.",
    hidden["broken"][:, -1] / hidden["mended"][:, -1],
    below=1,
)

# %% [markdown]
# **Did you notice?** The broken version has won. At the logit of a fake, $G$ gets the slope $-(1-D)+D=2D-1$, where
# $-(1-D)$ would be right. As long as $D$ is below ½ the sign is the same. The slope is smaller, but Adam divides it by
# its usual size, so that does not matter. At the data, where $D=½$, the broken slope is 0 and the right one is still
# $-½$: the mended $G$ runs past the data and comes back, the broken one stops. That is no new algorithm. It is luck in
# one game, as the zero-sum game shows. But in this way such a line survives: **a GAN with a fault in it trains**, and
# "it works for me" proves nothing.

# %%
reveal(nothing_learns.two_steps)

# %% jupyter={"source_hidden": true}
claim(
    "17/two-steps",
    "The same oracle sees the copied line: it passes for the mended step and fails for the broken one.",
    museum.told_apart(nothing_learns.two_steps),
)
claim(
    "17/two-steps-roams",
    "Over the last 100 steps the broken one is on average more than 1.5 times as far from the data, on each of 5 seeds.",
    at["two_steps"]["broken"][:, 5:].mean(1) / at["two_steps"]["mended"][:, 5:].mean(1),
    above=1.5,
)

# %%
reveal(nothing_learns.network_of_d)

# %% jupyter={"source_hidden": true}
claim(
    "17/network-of-d",
    "Two points 6 apart: the mended D brings its loss below 0.1, the broken one does not.",
    museum.told_apart(nothing_learns.network_of_d),
)

# %%
sure = torch.tensor([1.0, 0.0])  # the most that σ can say: it is real, it is fake

# %% jupyter={"source_hidden": true}
claim(
    "17/least-loss",
    "With a sigmoid before the loss of logits L_D has a floor, log(1 + 1/e) + log 2 = 1.006; chance is 1.386.",
    objectives.cross_entropy(*sure),
    equals=1.0064,
    within=1e-4,
)
claim(
    "17/network-of-d-starves",
    "Against a strong D, at step 100: the broken one is more than five times as far from the data, on each of 5 seeds.",
    at["network_of_d"]["broken"][:, 5] / at["network_of_d"]["mended"][:, 5],
    above=5,
)

# %% [markdown]
# The second sigmoid saturates: $-\log\sigma(\sigma(a))$ has the slope $-\sigma(-\sigma(a))\,\sigma(a)(1-\sigma(a))$,
# which vanishes where $D$ is sure. In the next piece the slope vanishes there for another reason, which chapter 06
# explains.

# %%
reveal(nothing_learns.loss_of_g)

# %% jupyter={"source_hidden": true}
claim(
    "17/loss-of-g",
    "A fake at D = 0.001 is pulled with a force of 0.999 by the mended loss, and not by the broken one.",
    museum.told_apart(nothing_learns.loss_of_g),
)
claim(
    "17/loss-of-g-starves",
    "Against a strong D, at step 100: the broken loss is more than five times as far from the data, on each of 5 seeds.",
    at["loss_of_g"]["broken"][:, 5] / at["loss_of_g"]["mended"][:, 5],
    above=5,
)

# %% [markdown]
# **What to remember.** If nothing learns, follow the *path of the gradient*: who gets whose slope, is it set to zero in
# between, and does it pass through something flat?
#
# ## Room 2: one thing only (11 min, depth)

# %%
show(one_thing.minibatches)

# %%
show(one_thing.labels)

# %%
show(one_thing.spots)

# %%
show(one_thing.put_back)

# %% [markdown]
# Three of the pieces, in the plane. `minibatches`: eight spots, whose examples are sorted in the file, spot by spot
# (two moments of one training). `labels`: four spots, each with a label; we ask for each label equally often. `spots`:
# a ring that should have eight spots.

# %%
ring = datasets.ring(8, std=0.1)
y = torch.arange(8).repeat_interleave(512)
x = ring.centres[y] + 0.1 * torch.randn(len(y), 2, generator=torch.Generator().manual_seed(0))
plain = methods.gan((2,), z=4, width=64)
MOMENTS = range(460, 701, 60)


def moments(version):
    """What G draws at MOMENTS while it is trained on these minibatches, and what D is shown then."""
    run = training.start(plain, version(x, y), seed=0)
    seen = {}
    for step in MOMENTS:
        training.train(run, step - run.step)
        seen[step] = run.samples(1_000), run.copy().real()[0]
    return seen


sorted_by_spot = {version: moments(getattr(one_thing.minibatches, version)) for version in ("broken", "mended")}

# %%
four = datasets.ring(4, radius=2.0, std=0.4)
y4 = torch.arange(4_000) % 4
told = datasets.Examples(four.centres[y4] + 0.4 * torch.randn(4_000, 2, generator=torch.Generator().manual_seed(0)), y4)
quick = partial(training.adam, lr=3e-3)
cgan = replace(methods.cgan((2,), 4, z=4, width=32), optimizer_d=quick, optimizer_g=quick)
asked = torch.arange(1_000) % 4
runs = {
    version: training.replicate(replace(cgan, step=getattr(one_thing.labels, version)), told, steps=300, seeds=SEEDS)
    for version in ("broken", "mended")
}
drawn = {version: [run.samples(1_000, y=asked) for run in seeds] for version, seeds in runs.items()}


# %%
def at_moment(step):
    """A column of the figure: the data, D's minibatch and the fakes at one step."""
    panels = {}
    for version, seen in sorted_by_spot.items():
        fakes, now = seen[step]
        panels[version] = {"data": (x[::20], "data"), "D's minibatch": (now, "now"), "fakes": (fakes[:300], "fakes")}
    return panels


by_label = {
    version: {"data": (told.x[:200], "data")}
    | {f"asked for {k}": (seeds[0][:300][asked[:300] == k], k) for k in range(4)}
    for version, seeds in drawn.items()
}
ordered = {
    version: {"data": (getattr(one_thing.spots, version)(8, 2.0).sample(400, torch.Generator().manual_seed(0)), "data")}
    for version in ("broken", "mended")
}
columns = {f"minibatches, step {step}": at_moment(step) for step in (MOMENTS[1], MOMENTS[-1])}
fig = figures.museum.in_the_plane(columns | {"labels": by_label, "spots": ordered}, 4.2)
plt.show()

# %%
reveal(one_thing.minibatches)


# %%
def shares(seen):
    """The share of the fakes nearest to each of the eight spots, at each moment: (moments, 8)."""
    return np.array([metrics.modes(fakes, ring, within=np.inf).counts / len(fakes) for fakes, _ in seen.values()])


# %% jupyter={"source_hidden": true}
claim(
    "17/minibatches",
    "The first minibatch of ten sorted classes has more than five of them: so it is mended, and not so broken.",
    museum.told_apart(one_thing.minibatches),
)

# %%
favourite = {version: shares(seen) for version, seen in sorted_by_spot.items()}

# %% jupyter={"source_hidden": true}
claim(
    "17/minibatches-chase",
    "Sorted: at each of 5 moments more than half of the fakes are nearest to one spot, and it is not always the same one.",
    [*(favourite["broken"].max(1) > 1 / 2), len(set(favourite["broken"].argmax(1))) > 1],
)
claim(
    "17/minibatches-spread",
    "Shuffled: at the last moment no spot has more than a third of the fakes.",
    favourite["mended"][-1],
    below=1 / 3,
)

# %%
reveal(one_thing.labels)

# %% jupyter={"source_hidden": true}
claim(
    "17/labels",
    "Where examples are their own labels, the mended D is told what it is shown, and the broken one is not.",
    museum.told_apart(one_thing.labels),
)


# %%
def heard(seeds):
    """The share of fakes nearest to the spot that was asked for, on each seed."""
    return [metrics.label_accuracy(asked, torch.cdist(fakes, four.centres).argmin(1)) for fakes in seeds]


# %% jupyter={"source_hidden": true}
claim(
    "17/labels-heard",
    "Mended: more than 98 in 100 fakes are of the label asked for, on each of 5 seeds.",
    heard(drawn["mended"]),
    above=0.98,
)
claim(
    "17/labels-deaf",
    "Broken: the mean over 5 seeds is below 6 in 10; guessing among four has 1 in 4.",
    np.mean(heard(drawn["broken"])),
    below=0.6,
)

# %%
reveal(one_thing.spots)

# %% jupyter={"source_hidden": true}
claim(
    "17/spots",
    "Of 3 and of 8 spots no two are in one place, in the mended ring; in the broken one they are.",
    museum.told_apart(one_thing.spots),
)

# %%
reveal(one_thing.put_back)

# %% jupyter={"source_hidden": true}
claim(
    "17/put-back",
    "What was saved is what the network has afterwards: so it is mended, and not so broken.",
    museum.told_apart(one_thing.put_back),
)

# %% [markdown]
# (Chapter 08 shows what `put_back` leads to: an "unrolled" GAN that is the plain one to the bit.) **What to remember.**
# If $G$ draws too little, do not try a new loss at once. Look at *what D is shown*: does it see all classes, each with
# its own label, and as many modes as you think?
#
# ## Room 3: not a number (9 min, depth)

# %%
show(not_a_number.slopes)

# %%
show(not_a_number.loss_of_d)

# %%
show(not_a_number.score)

# %%
show(not_a_number.few_samples)

# %% [markdown]
# No training is needed here. Each piece has one setting, the horizontal axis of its panel: see where the number of the
# broken version ends. The first three compute in 32 bits, as most networks do.


# %%
def pull(version, scale):
    """How hard the price pulls at the last layer of a critic whose weights there are `scale` times what they were."""
    torch.manual_seed(0)
    run = bench.with_critic(partial(mlp, (2, 3), 1, width=8, activation=nn.Tanh))
    last = run.discriminator[-3].weight
    with torch.no_grad():
        last.mul_(scale)
    (slope,) = torch.autograd.grad(version(run, *bench.pairs(run)), last)
    return slope.norm().item()


def wrong_and_sure(version, a):
    """L_D where each real example has the logit −a and each fake a."""
    a = torch.tensor([float(a)], dtype=torch.float32)
    return version(-a, a).item()


def of_ten(version, gap):
    """The score of ten samples, each of its own class, whose logit is `gap` above the others."""
    return version((gap * torch.eye(10, dtype=torch.float32)).softmax(1)).item()


def apart(version, n):
    """The distance between n samples in 20 dimensions and the same, shifted by 1 in each."""
    x = torch.randn(int(n), 20, generator=torch.Generator().manual_seed(0))
    return version(x, x + 1).item()


torch.set_default_dtype(torch.float32)
scales = 10.0 ** -np.arange(0, 31, 3)
in_slopes = {v: [pull(getattr(not_a_number.slopes, v), s) for s in scales] for v in ("broken", "mended")}
torch.set_default_dtype(torch.float64)
sure = np.arange(2, 31, 2)
gaps = np.arange(10, 151, 10)
numbers = np.arange(4, 41, 3)
KNOBS = {
    "slopes": ("scale of D's last layer", "pull at that layer", scales, in_slopes, "log"),
    "loss_of_d": ("how sure D is, and wrong: a", "L_D, nats", sure, wrong_and_sure, "linear"),
    "score": ("gap of the logits", "score", gaps, of_ten, "linear"),
    "few_samples": ("samples, in 20 dimensions", "distance", numbers, apart, "linear"),
}

# %%
panels = {}
for name, (knob, what, at, f, scale) in KNOBS.items():
    piece = getattr(not_a_number, name)
    values = f if isinstance(f, dict) else {v: [f(getattr(piece, v), k) for k in at] for v in ("broken", "mended")}
    panels[name] = knob, what, at, values, scale
fig = figures.museum.where_it_ends(panels)
plt.show()

# %%
reveal(not_a_number.slopes)

# %% jupyter={"source_hidden": true}
claim(
    "17/slopes",
    "A critic without any slope gets finite gradients from the mended price, and nan from the broken one.",
    museum.told_apart(not_a_number.slopes),
)

# %% [markdown]
# A slope of exactly 0 is not rare: a last layer that begins at 0 gives it at the first step, and a rectifier that is
# off for all examples of a minibatch may give it after an hour. In 32 bits slopes of $10^{-23}$ are just as bad, since
# their squares are 0.

# %%
reveal(not_a_number.loss_of_d)

# %% jupyter={"source_hidden": true}
claim(
    "17/loss-of-d",
    "At logits of ±200 the mended L_D is 400 and its slopes are ±1; the broken one is infinite.",
    museum.told_apart(not_a_number.loss_of_d),
)
claim(
    "17/loss-of-d-sixteen",
    "In 32 bits the broken one is a number at a = 16 and none at a = 18: a D need not be so very sure.",
    np.isfinite([wrong_and_sure(not_a_number.loss_of_d.broken, a) for a in (16, 18)]) == [True, False],
)

# %%
reveal(not_a_number.score)

# %% jupyter={"source_hidden": true}
claim(
    "17/score",
    "Ten sure samples of ten classes score 10, mended, and nan, broken.",
    museum.told_apart(not_a_number.score),
)

# %%
reveal(not_a_number.few_samples)

# %% jupyter={"source_hidden": true}
claim(
    "17/few-samples",
    "Five samples in 20 dimensions and the same shifted by 1: the distance is 20, mended, and nan, broken.",
    museum.told_apart(not_a_number.few_samples),
)

# %% [markdown]
# **What to remember.** An $\varepsilon$ inside a root or a logarithm moves the place where it breaks, and changes the
# number everywhere else. Nearly always there is another formula, equal on paper, that breaks nowhere: `norm`,
# `softplus`, `xlogy`, singular values.
#
# ## Half-way
#
# *42 minutes lie behind you, 43 ahead: a good place to stop.*
#
# **So far:** three rooms, in which nothing is learned, one thing only is drawn, or no number comes out. No piece
# raises an error or a warning; each is named by an oracle, which a symptom alone cannot do. **To come:** critics
# that report a wrong distance, pieces that look fine, and what oracles are made of.
#
# ## Room 4: the critic's number (14 min, depth)
#
# From here on no program crashes, and the networks learn something. A Wasserstein critic reports a distance (chapter
# 12), $\mathbb{E}_p[f]-\mathbb{E}_q[f]$. Is it the distance?

# %%
show(critics.price)

# %%
show(critics.length)

# %%
show(critics.between)

# %%
show(critics.critic)

# %%
show(critics.dense)

# %%
show(critics.loss)

# %% [markdown]
# One data point and one fake lie 4 apart in 16 dimensions, so the true distance is 4. Each critic makes 120 steps, with
# a rate that falls to 0; $G$ stands still. With a mended penalty the critic does not read exactly 4, either. A slope
# $s$ gains $4s$ and costs $10\,(s-1)^2$, so the best slope is $1+\frac{4}{2\cdot10}=1.2$ (chapter 12), and the critic
# reads 4.8.

# %%
SHAPE, DELTA = (1, 4, 4), 4.0
half = DELTA / 2 * torch.full(SHAPE, 1 / 4)  # a vector of length 2
leaky = partial(nn.LeakyReLU, 0.2)


def reading(critic, penalty=None, loss=objectives.wasserstein.discriminator, seed=0, steps=120, n=32):
    """What a critic reports of data at `half` and fakes at −half, after `steps` steps."""
    gan = training.GAN(
        partial(bench.Point, -half), critic, z=1,
        objective=objectives.wasserstein._replace(discriminator=loss), penalties=() if penalty is None else (penalty,),
        optimizer_d=lambda weights: torch.optim.Adam(weights, lr=0.01, betas=(0.0, 0.9)),
    )  # fmt: skip
    run = training.start(gan, half.expand(n, *SHAPE).clone(), seed=seed, batch=n)
    for step in range(steps):
        run.optimizer_d.param_groups[0]["lr"] = 0.01 * (1 - step / steps)
        training.discriminator_step(run)
    real, fake = run.logits(torch.stack([half, -half]))
    return (real - fake).item()


def deep(layer):
    """A critic of four such layers."""
    hidden = [part for _ in range(2) for part in (layer(32, 32), leaky())]
    return lambda: nn.Sequential(nn.Flatten(), layer(16, 32), leaky(), *hidden, layer(32, 1))


def in_two(network):
    """A critic that looks at two numbers, linear in the image."""
    return lambda: nn.Sequential(nn.Flatten(), nn.Linear(16, 2), network())


# %%
free = partial(mlp, SHAPE, 1, width=32, activation=leaky)
SETTINGS = {
    "price": lambda version: {"critic": free, "penalty": version},
    "length": lambda version: {"critic": free, "penalty": version},
    "between": lambda version: {"critic": free, "penalty": GradientPenalty(10, at=version)},
    "critic": lambda version: {"critic": in_two(version), "penalty": critics.price.mended},
    "dense": lambda version: {"critic": deep(version)},
    "loss": lambda version: {"critic": deep(critics.dense.mended), "loss": version},
}
reported = {}
for name, settings in SETTINGS.items():
    piece = getattr(critics, name)
    reported[name] = {
        version: np.array([reading(**settings(getattr(piece, version)), seed=seed) for seed in SEEDS])
        for version in ("broken", "mended")
    }
fig = figures.museum.reports(reported, DELTA)
plt.show()

# %%
with_price = ("price", "length", "between", "critic")

# %% jupyter={"source_hidden": true}
claim(
    "17/mended-penalty-reads",
    "With each mended penalty the critic reads 4.8, to 0.1, on each of 5 seeds.",
    [reported[name]["mended"] for name in with_price],
    equals=4 * (1 + 4 / 20),
    within=0.1,
)
claim(
    "17/mended-norm-reads",
    "With the mended spectral normalisation it reads 4.0, to 0.05, on each of 5 seeds.",
    [reported["dense"]["mended"], reported["loss"]["mended"]],
    equals=4,
    within=0.05,
)

# %%
reveal(critics.price)

# %% jupyter={"source_hidden": true}
claim(
    "17/price",
    "A critic of slope 3 is told where to go by the mended price, ∂/∂‖w‖ = 40, and not by the broken one.",
    museum.told_apart(critics.price),
)
claim(
    "17/price-runs-off",
    "Broken, it reports more than 1,000 instead of 4, on each of 5 seeds.",
    reported["price"]["broken"],
    above=1_000,
)

# %%
reveal(critics.length)

# %% jupyter={"source_hidden": true}
claim(
    "17/length",
    "A critic of slope 1 pays nothing, in minibatches of 4 and of 64: so it is mended, and not so broken.",
    museum.told_apart(critics.length),
)

# %%
n = 32

# %% jupyter={"source_hidden": true}
claim(
    "17/length-shrinks",
    "Broken, it reports 4 (1/√n + 4/20n) = 0.73 with n = 32 examples, to 0.05: the minibatch sets the unit.",
    reported["length"]["broken"],
    equals=4 * (n**-0.5 + 4 / (20 * n)),
    within=0.05,
)

# %% [markdown]
# The price $10\,(\sqrt n\,s-1)^2$ for a slope $s$, minus the gain $4s$, is smallest at
# $s=\frac1{\sqrt n}+\frac{4}{20n}$. This fault only scales $f$, and Adam divides a slope by its usual size, so $G$ may
# learn as before. If you double the minibatch, the "distance" falls, and you may think that $G$ got better.

# %%
reveal(critics.between)

# %% jupyter={"source_hidden": true}
claim(
    "17/between",
    "One t for each pair, uniform on [0, 1]: so it is mended, and not so broken.",
    museum.told_apart(critics.between),
)
claim(
    "17/between-too-far",
    "Broken, it reports more than 5.5, where the mended one reads 4.8, on each of 5 seeds.",
    reported["between"]["broken"],
    above=5.5,
)

# %% [markdown]
# With $t\sim\mathcal N(0,1)$ two points in three lie outside the segment. There the critic must have slope 1 although
# no earth is moved, and fewer points are left to hold it where that matters. In the pictures nobody saw it for years.
# The keras example had this fault and the root of room 3 side by side; both were reported in one issue in 2021.

# %%
reveal(critics.critic)

# %% jupyter={"source_hidden": true}
claim(
    "17/critic",
    "What the critic says of one example does not change with another one: so it is mended, and not so broken.",
    museum.told_apart(critics.critic),
)
claim(
    "17/critic-says-anything",
    "Broken, the reports of five seeds lie more than 5 apart; mended, they are all 4.8, to 0.1.",
    np.ptp(reported["critic"]["broken"]),
    above=5,
)

# %%
try:
    training.start(replace(methods.wgan_gp((2,)), discriminator=critics.critic.broken), ring)
    refused = False
except ValueError as error:
    refused = "batch normalisation" in str(error)

# %% jupyter={"source_hidden": true}
claim("17/refused", "This course's penalty refuses such a critic when a run is started, and says why.", refused)

# %%
reveal(critics.dense)

# %% jupyter={"source_hidden": true}
claim(
    "17/dense",
    "After a hundred uses the largest singular value is 1, by SVD: so it is mended, and not so broken.",
    museum.told_apart(critics.dense),
)
claim(
    "17/dense-not-bounded",
    "Broken, the largest report of five seeds is more than 5 times the true distance; the mended one reads 4 on each.",
    reported["dense"]["broken"].max(),
    above=20,
)

# %%
reveal(critics.loss)

# %% jupyter={"source_hidden": true}
claim(
    "17/loss",
    "Scores twice as far apart are worth twice as much to the mended loss, and not to the broken one.",
    museum.told_apart(critics.loss),
)
claim(
    "17/loss-stops",
    "Broken, it stops below 3, where 4 is to be had, on each of 5 seeds.",
    reported["loss"]["broken"],
    below=3,
)

# %% [markdown]
# **What to remember.** A number that claims to be a distance can be *tested* as a distance: two points, a known answer.
# The test takes a second, and it shows each of the six faults, though not each on every seed.
#
# ## Room 5: it looks fine (14 min, depth)

# %%
show(looks_fine.average)

# %%
show(looks_fine.pixels)

# %%
show(looks_fine.norm)

# %%
show(looks_fine.ahead)

# %%
show(looks_fine.spread)

# %%
show(looks_fine.test)

# %% [markdown]
# We test the first three on the handwritten digits: a small $G$ with batch normalisation makes 400 steps, and its
# moving average draws. We measure Fréchet's distance of the pixels to those of real digits. (The library refuses badly
# scaled images, so for these we make the steps by hand.)

# %%
digits = datasets.digits()
bytes_ = (digits.x + 1) * 127.5  # as a file would hold them
STEPS_D = 400


def generator(norm):
    """16 numbers to a digit, with batch normalisation of this kind."""
    return lambda: nn.Sequential(
        nn.Linear(16, 64), norm(64), nn.ReLU(), nn.Linear(64, 64), norm(64), nn.ReLU(), nn.Linear(64, 64), nn.Tanh(),
        nn.Unflatten(1, (1, 8, 8)),
    )  # fmt: skip


def drawer(norm):
    """A GAN with this normalisation in G, and a moving average."""
    return replace(methods.gan(digits.shape, width=64), generator=generator(norm), ema=0.98)


def many(norm):
    """1,000 digits of each seed, by this course's own loop, average and scale."""
    runs = training.replicate(drawer(norm), digits, steps=STEPS_D, seeds=SEEDS)
    return [run.samples(1_000) for run in runs]


def by_hand(seed, average=looks_fine.average.mended, pixels=looks_fine.pixels.mended):
    """1,000 digits where the average, or the scale of the pixels, is a piece of the museum."""
    run = training.start(drawer(looks_fine.norm.mended), datasets.Examples(pixels(bytes_)), seed=seed)
    run.average = partial(average, run)
    for _ in range(STEPS_D):
        training.iteration(run)
    return run.samples(1_000)


mended = many(looks_fine.norm.mended)
drawn = {"average": [by_hand(seed, average=looks_fine.average.broken) for seed in range(3)]}
drawn["pixels"] = [2 * by_hand(seed, pixels=looks_fine.pixels.broken) - 1 for seed in range(3)]  # as they are shown
drawn["norm"] = many(looks_fine.norm.broken)

# %%
sheets = {"real": digits.x[:14], "all mended": mended[0][:14]} | {
    f"{name}, broken": x[0][:14] for name, x in drawn.items()
}
fig = figures.dcgan.rows(sheets, zoom=5)
plt.show()

# %%
far = {
    name: [metrics.frechet_distance(each, digits.x) for each in x] for name, x in (drawn | {"mended": mended}).items()
}
reveal(looks_fine.average)

# %% jupyter={"source_hidden": true}
claim(
    "17/average",
    "The average of a G that stands still is that G, in eval mode too: so it is mended, and not so broken.",
    museum.told_apart(looks_fine.average),
)
claim(
    "17/average-blurs",
    "Broken, its digits are more than 1.3 times as far from real ones as the mended one's, on each of 3 seeds.",
    np.divide(far["average"], far["mended"][:3]),
    above=1.3,
)

# %% [markdown]
# The author of the code where this was seen noticed that $G$'s images looked bad in eval mode, and left $G$ in training
# mode. The symptom was gone, but from then on every sample depended on its neighbours.

# %%
reveal(looks_fine.pixels)

# %% jupyter={"source_hidden": true}
claim(
    "17/pixels",
    "Black and white are −1 and 1, the ends of tanh: so it is mended, and not so broken.",
    museum.told_apart(looks_fine.pixels),
)
claim(
    "17/pixels-grey",
    "Broken, more than a tenth of the numbers are beyond black, where no image has any, on each of 3 seeds.",
    [(each < -1.05).double().mean() for each in drawn["pixels"]],
    above=0.1,
)

# %%
reveal(looks_fine.norm)

# %% jupyter={"source_hidden": true}
claim(
    "17/norm",
    "What comes out of it has variance 1, where what goes in has 0.01: so it is mended, and not so broken.",
    museum.told_apart(looks_fine.norm),
)

# %%
worse = np.divide(far["norm"], far["mended"])
spread = 2.776 * worse.std(ddof=1) / np.sqrt(5)  # Student's t, four degrees of freedom

# %% jupyter={"source_hidden": true}
claim(
    "17/norm-worse",
    "Broken, its digits are farther from real ones: the 95 % interval of the ratio over 5 seeds is above 1.",
    worse.mean() - spread,
    above=1,
)

# %% [markdown]
# Nobody sees this in the picture. And the line has since been copied into very many generators.

# %%
reveal(looks_fine.ahead)

# %% jupyter={"source_hidden": true}
claim(
    "17/ahead",
    "The slope through K steps of D is −(1 − c)ψ + 2cθ: so it is mended, and not so broken.",
    museum.told_apart(looks_fine.ahead),
)

# %% [markdown]
# Chapter 08 has found that on the ring of eight the first-order version is just as good. So no picture could have shown
# the fault; the closed form does.

# %%
reveal(looks_fine.spread)

# %% jupyter={"source_hidden": true}
claim(
    "17/spread",
    "Samples three times as wide are 4 tr Σ apart: so it is mended, and not so broken.",
    museum.told_apart(looks_fine.spread),
)

# %%
few, many = (torch.randn(2, n, 16, generator=torch.Generator().manual_seed(0)) for n in (50, 200))
grows = {v: f(*many) / f(*few) for v, f in (("broken", looks_fine.spread.broken), ("mended", looks_fine.spread.mended))}

# %% jupyter={"source_hidden": true}
claim(
    "17/spread-grows",
    "Of samples of one distribution: with 200 for 50 the broken distance more than doubles, the mended one falls to a half.",
    [grows["broken"] > 2, grows["mended"] < 1 / 2],
)

# %%
reveal(looks_fine.test)

# %% jupyter={"source_hidden": true}
claim(
    "17/test",
    "The mended test fails on a loss with its sign turned, and the broken one does not.",
    museum.told_apart(looks_fine.test),
)
claim(
    "17/test-says-yes",
    "The broken test passes for every loss that one gives it: here for a constant, and for the loss of D.",
    [
        looks_fine.test.broken(loss) is None
        for loss in (lambda logits: torch.tensor(7.0), lambda a: -(1 - a.sigmoid()).log().mean())
    ],
)

# %% [markdown]
# The last piece is the worst, because other code relies on it. **A test is worth as much as the faults that it would
# find.** So write a fault, too: break the code on purpose, once, and see whether the test fails.
#
# ## What an oracle is made of (4 min, depth)
#
# | kind | for example |
# |---|---|
# | a closed form on the smallest case | two numbers: `turn`, `two_steps`; a slope of 3: `price`; the shift of samples: `spread` |
# | an independent way to the same number | the SVD: `dense`; a formula: `ahead` |
# | what must *not* change it | the size of the minibatch: `length`; the other examples: `critic` |
# | the extreme case | logits of 200, no slope at all, five samples: room 3 |
# | what must be so, whatever the rest | all classes in a minibatch, all spots apart: room 2 |
# | a mutant | `test` |
#
# Is one oracle enough? That was prediction (c). Here are six faults of a gradient penalty, and six checks. Four are the
# oracles of pieces. Two use a bowl, $f(x)=\frac12\|x\|^2$, whose slope at $x$ is $\|x\|$. With real examples at $+ae$
# and fakes at $-ae$, $\|e\|=1$, the slope at the point $\hat x$ is $a\,|1-2t|$. For a uniform $t$ the number $|1-2t|$
# is uniform on $[0,1]$, too, so the price is $10\,\mathbb{E}[(a|1-2t|-1)^2]=10\,(\frac{a^2}3-a+1)$.


# %%
def bowl(penalty, a=4.0, n=20_000):
    """The price of a bowl between +ae and −ae."""
    run = bench.with_critic(bench.Bowl, n=n)
    e = torch.full((n, 2, 3), 6**-0.5)
    assert abs(penalty(run, a * e, -a * e).item() / 10 - (a**2 / 3 - a + 1)) < 0.1


def made_of(at=critics.between.mended, price=store.root.mended):
    """A penalty with one part that is a piece of the museum."""

    def penalty(run, real, fake, y=None):
        x = at(run, real, fake).requires_grad_()
        (g,) = torch.autograd.grad(run.D(x).sum(), x, create_graph=True)
        return price(g)

    return penalty


FAULTS = {
    "no graph": critics.price.broken,
    "norm of\nthe batch": critics.length.broken,
    "norm of\nchannels": store.channels.broken,
    "√ at 0": not_a_number.slopes.broken,
    "no √": made_of(price=store.root.broken),
    "t ~ N(0, 1)": made_of(at=critics.between.broken),
}
ORACLES = {
    "slope 3, ∂/∂‖w‖ = 40": critics.price.oracle,
    "slope 1 costs 0, any n": critics.length.oracle,
    "slope 1 costs 0, any shape": store.channels.oracle,
    "slope 0: finite": not_a_number.slopes.oracle,
    "bowl, a = 4": bowl,
    "bowl, a = 3/2": partial(bowl, a=1.5),
}
seen = np.array([[not museum.holds(oracle, fault) for fault in FAULTS.values()] for oracle in ORACLES.values()])
fig = figures.museum.who_sees_what(seen, list(ORACLES), list(FAULTS))
plt.show()

# %%
right = critics.price.mended

# %% jupyter={"source_hidden": true}
claim(
    "17/all-pass-mended",
    "The mended penalty passes all six.",
    [museum.holds(oracle, right) for oracle in ORACLES.values()],
)
claim("17/each-fault-seen", "Each of the six faults is seen by one oracle or more.", seen.any(0))
claim("17/no-oracle-sees-all", "No oracle sees all six.", ~seen.all(1))

# %% [markdown]
# ## What the sources get wrong (3 min, depth)
#
# Four pieces are here because of the sources of this course. None of these sources is careless; everybody slips in
# these places.
#
# - **The article on the generator's loss (こしあん 2019):** its two lines of code have each other's comment,
#   「min(log(1-D))で最適化する場合」 and 「max(log D)で最適化する場合」 ("to optimise min log(1 − D)", "max log D"): `17/loss-of-g`, and
#   chapter 06.
# - **The code that the article on Unrolled GAN links to** puts weights back by `dst = src`: `17/put-back`, and chapter
#   08.
# - **The slides, line 358,** write $\mathbb E[\log(1-D(G(z|y)))]$ for the conditional GAN, without $y$ in $D$, as does
#   eq. 2 of the paper that they cite: `17/labels`, and chapter 11.
# - **The code that the article on SNGAN links to** never keeps $u$: `17/dense`, and chapter 13. The article itself has
#   the cure: 「PyTorch公式でも実装があるので、これを使うのもありです」 ("PyTorch has an implementation of its own, and to use that is fine,
#   too"). It is.
#
# Two more are in code from which much of the field has learned. The ring with seven spots (`17/spots`) is by the
# authors of Unrolled GAN, and the Inception Score that can be nan (`17/score`) is by the authors of the score.
#
# ## Exercises (8 min)
#
# These pieces come from the museum's store. You have not seen them yet.
#
# **Exercise 17.1** · ★☆☆ · 1 minute. Five steps of the critic for one of $G$. Which line stands in the wrong place?
# Write its number.

# %%
for number, text in enumerate(museum.source(store.five_steps.broken).splitlines(), 1):
    print(f"{number:2}  {text}")

# %%
line_number = None  # a number


check("17.1", line_number)

# %% [markdown]
# <details><summary>Solution 17.1</summary>
#
# ```python
# check("17.1", 4)
# ```
#
# The fakes are made once, before the loop: the critic learns the same ones five times, by heart. The line belongs
# inside the loop. Seen in the code that the article on SNGAN links to. The oracle: count the minibatches that $D$ is
# shown; all must differ.
#
# </details>

# %% [markdown]
# **Exercise 17.2** · ★★☆ · 2 minutes, depth. Here is a penalty for images. Its critic ends up with slopes far above 1. Write
# `lengths(g)` as it should be: for gradients `g` (n, …) of examples of *any* shape it returns (n,).

# %%
show(store.channels)


# %%
def lengths(g): ...


check("17.2", lengths)

# %% [markdown]
# <details><summary>Solution 17.2</summary>
#
# ```python
# def lengths(g):
#     return g.flatten(1).norm(dim=1)
#
#
# check("17.2", lengths)
# ```
#
# With `dim=1` the norm is taken over the channels alone, and each *pixel's* slope is pulled to 1. An image of 16 pixels
# may then have a slope of 4.
#
# </details>

# %% [markdown]
# **Exercise 17.3** · ★★☆ · 1 minute, depth. Below is the price of a penalty, with one fault. Which of these four checks sees
# the fault? Answer `"A"`, `"B"`, `"C"` or `"D"`.
#
# - A: a critic with slope 1 everywhere pays 0;
# - B: a critic without slope pays 10;
# - C: a critic with slope 3 pays 40;
# - D: the price is differentiable in the critic's weights.

# %%
show(store.root)

# %%
sees_it = None  # "A", "B", "C" or "D"


check("17.3", sees_it)

# %% [markdown]
# <details><summary>Solution 17.3</summary>
#
# ```python
# check("17.3", "C")
# ```
#
# The root is missing, and $0^2=0$, $1^2=1$: a test at 0 and 1 sees nothing. Test where the right and the wrong formula
# differ.
#
# </details>

# %% [markdown]
# **Exercise 17.4** · ★★★ · 3 minutes, depth. Write an oracle. `mix(real, fake)` should give points somewhere on the line
# between each real example and its fake, as WGAN-GP wants: one $t$ for each pair, uniform on $[0,1]$. Write
# `is_right(mix)`: `True` if it does. It will be tested on six versions of `mix`, of which five are wrong.


# %%
def is_right(mix): ...  # begin with t = mix(torch.zeros(1_000, 3), torch.ones(1_000, 3)): there the point is t itself


check("17.4", is_right)

# %% [markdown]
# <details><summary>Solution 17.4</summary>
#
# ```python
# def is_right(mix):
#     t = mix(torch.zeros(1_000, 3), torch.ones(1_000, 3))
#     one_each = bool((t == t[:, :1]).all())
#     inside = 0 <= t.min() and t.max() <= 1
#     differ = len(t[:, 0].unique()) > 500
#     uniform = abs(t.mean() - 1 / 2) < 0.05 and abs(t.std() - 12**-0.5) < 0.05
#     return bool(one_each and inside and differ and uniform)
#
#
# check("17.4", is_right)
# ```
#
# Each of the four lines is there for a fault that was found in public code; leave one out, and one of the six passes.
#
# </details>

# %% [markdown]
# **Exercise 17.5** · ★★☆ · 1 minute, depth. Mend this one: write `largest(W, u, steps)`.

# %%
show(store.singular)


# %%
def largest(W, u, steps): ...


check("17.5", largest)

# %% [markdown]
# <details><summary>Solution 17.5</summary>
#
# ```python
# def largest(W, u, steps):
#     for _ in range(steps):
#         v = torch.nn.functional.normalize(W.mT @ u, dim=0)
#         u = torch.nn.functional.normalize(W @ v, dim=0)
#     return u @ W @ v
#
#
# check("17.5", largest)
# ```
#
# Look twice at a `reshape` that makes shapes fit: the numbers are all there, but in other places.
#
# </details>

# %% [markdown]
# ## What we checked

# %%
checked()

# %% [markdown]
# ## Further reading
#
# - M. Lucic, K. Kurach, M. Michalski, S. Gelly & O. Bousquet, *Are GANs created equal? A large-scale study*, NeurIPS
#   2018: how much of what is reported is setting and chance.
# - S. Barratt & R. Sharma, *A note on the Inception Score*, 2018: what the score's code computes, and what its name
#   promises.
# - G. Parmar, R. Zhang & J.-Y. Zhu, *On aliased resizing and surprising subtleties in GAN evaluation*, CVPR 2022: FID,
#   and how a resize changes it.
# - R. DeMillo, R. Lipton & F. Sayward, *Hints on test data selection: help for the practicing programmer*, Computer
#   1978: mutants.
# - T. Y. Chen, S. C. Cheung & S. M. Yiu, *Metamorphic testing: a new approach for generating next test cases*, 1998:
#   what must not change, as a test.

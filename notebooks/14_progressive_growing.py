# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 14 · Progressive growing
#
# **The question.** Does it pay to learn small pictures before large ones? And what does each of the tricks do that go
# with it?
#
# *85 minutes.*
#
# **You will be able to**
#
# - draw both networks at any moment of their growth, and say what changes at the two ends of a *fade*, the slow
#   switching-on of a new layer;
# - write the schedule as a function of the step, and say why a run can then stop within a fade and go on;
# - say in one formula what the equalised learning rate does to Adam;
# - compute pixel norm, the minibatch's deviation and the drift by hand, and say what each of them is for;
# - compare two trainings at equal time, with an interval, and say when a comparison is unfair.
#
# **Predict before you run.** Two GANs have the same networks, and each has a minute and a half of one processor. One
# begins with 4 × 4 pixels and grows to 16 × 16; the other has all its layers from the first step. Which is nearer to
# the faces at the end, and by how much? Then leave out four tricks, one at a time: without which one is the result
# worst? Write your answers down.

# %%
import copy
import tempfile
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from scipy.stats import t as student
from torch import nn, optim
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from gan_core import datasets, figures, methods, networks, objectives, studies, training, widgets
from gan_core.course import check, checked, claim
from gan_core.experiments.studies import growth as study  # the experiment of this chapter, as code
from gan_core.pieces.networks import (
    MinibatchStd,
    PixelNorm,
    equalised,
    progressive_discriminator,
    progressive_generator,
)
from gan_core.training.growth import Growth

figures.use_style()
torch.set_default_dtype(torch.float64)  # 64-bit numbers: the same digits on every machine; what trains on faces has 32
torch.set_num_threads(1)

# %% [markdown]
# ## Why grow? (8 min, depth)
#
# The slides give Progressive GAN (Karras, Aila, Laine & Lehtinen 2018) one line, 367:
# 「段階的に解像度を上げるように学習し、高解像度の画像生成に成功。」, "it learns in such a way that the resolution rises step by step, and succeeds in
# generating images of high resolution". The rows of the figure are these steps: the same eight faces as means over
# squares.

# %%
faces = study.data()  # 8,192 cartoon faces of 16 × 16 pixels
Z, SHAPE = study.Z, faces.shape


def seen_at(x, side):
    """Images as they look with side × side pixels: means over squares."""
    return functional.adaptive_avg_pool2d(x, side)


def squares(x, size=16):
    """Small images at full size: each pixel a square of them."""
    return functional.interpolate(x, size)


fig = figures.dcgan.rows({f"{side} × {side}": squares(seen_at(faces.x[:8], side)) for side in (4, 8, 16)}, zoom=4)
plt.show()

# %% [markdown]
# Why begin with the smallest? The paper has two reasons. In a small image there is little that can look wrong, so $D$
# cannot tell real from fake at once, and the two can learn from each other. And a step with small images is cheap. Both
# can be measured.
#
# **The first.** Take fakes that are bad in a known way: normally distributed, with the mean and the covariance of the
# faces, but nothing else of them. The *same* fakes are shown at three sizes. A small $D$ learns for 100 steps on one
# half of the images; what share of the other half does it name rightly? *Predict* the three shares; ½ is guessing.

# %%
x = faces.x[:6_000].double()
covariance = torch.linalg.cholesky(torch.cov(x.flatten(1).T) + 1e-9 * torch.eye(x[0].numel()))


def told_apart(seed, sides=(4, 8, 16), n=1_500):
    """The shares of n unseen faces and n unseen fakes that a D names rightly, for each size in which it is shown them."""
    rng = torch.Generator().manual_seed(seed)
    fakes = x.flatten(1).mean(0) + torch.randn(2 * n, len(covariance), generator=rng) @ covariance.T
    reals, shares = x[torch.randperm(len(x), generator=rng)[: 2 * n]], []
    for side in sides:
        real, fake = (seen_at(each.reshape(-1, *SHAPE), side).flatten(1) / x.std() for each in (reals, fakes))
        torch.manual_seed(seed)
        D = networks.mlp(real.shape[1], 1, width=64, activation=nn.LeakyReLU)
        optimizer = training.adam(D.parameters(), lr=2e-3)
        for _ in range(100):
            i = torch.randint(n, (64,), generator=rng)
            training.descend(optimizer, objectives.cross_entropy(D(real[i]), D(fake[i])))
        shares.append(float(((D(real[n:]) > 0).double().mean() + (D(fake[n:]) < 0).double().mean()) / 2))
    return shares


at_4, at_8, at_16 = np.array([told_apart(seed) for seed in range(5)]).T
shares = ", ".join(
    f"{each.mean():.1f} at {side} × {side}" for side, each in zip((4, 8, 16), (at_4, at_8, at_16), strict=True)
)
print(f"told apart: {shares}")

# %% jupyter={"source_hidden": true}
claim(
    "14/small-hides",
    "The same fakes: at 4 × 4 pixels D names less than 0.68 rightly, at 8 × 8 and 16 × 16 more than 0.72, on each of 5 seeds.",
    [(at_4 < 0.68).all(), (at_8 > 0.72).all(), (at_16 > 0.72).all()],
)

# %% [markdown]
# So small images are the easier game for $G$. (At 8 × 8 pixels the fakes are told apart nearly as well as at 16 × 16.
# That is a hint: here growing has only a short way to go.)
#
# **The second.** Multiplications can be counted without computing any. In the code below `stage` 0 is 4 × 4 pixels, 1
# is 8 × 8, and so on; 0.5 is halfway between two sizes, where both are computed. Our networks grow from 4 to 16 pixels,
# those of the paper's table 1 to 128.


# %%
def multiplications(size, width, z):
    """Of one pass of one image through G and D, for the stages 0, 0.5, 1 … in which they make size × size pixels."""
    with torch.device("meta"):  # shapes without numbers
        G, D = (
            progressive_generator(z, (3, size, size), width=width),
            progressive_discriminator((3, size, size), width=width),
        )
        counts = []
        for stage in np.arange(0, G.levels + 0.1, 0.5):
            G.stage = D.stage = stage
            with FlopCounterMode(display=False) as counter:
                D(G(torch.zeros(4, z)))
            counts.append(counter.get_total_flops() / 8)  # four images; a sum beside each product
    return np.array(counts)


def work_so_far(counts, schedule, steps):
    """The sum of the multiplications after each step; 1 is what the whole networks need until the growth ends."""
    stage = np.array([schedule.stage(step) for step in range(steps)])
    grown = counts[np.where(stage % 1 > 0, 2 * np.floor(stage) + 1, 2 * stage).astype(int)]
    direct = np.full(steps, counts[-1])
    return {"progressive": grown.cumsum() / direct[: schedule.end].sum(), "direct": direct.cumsum() / direct.sum()}


ours, papers = multiplications(16, study.WIDTH, Z), multiplications(128, 32, 512)
full, large = multiplications(128, 128, 512), multiplications(1_024, 16, 512)
print("first stage ÷ last:", f"ours 1/{ours[-1] / ours[0]:.0f}, the paper's 1/{papers[-1] / papers[0]:.0f}")

# %%
of_study, of_paper = Growth(2, study.STEPS, study.STEPS), Growth(5, 800, 800)  # the paper: 800,000 images each
panels = {
    "ours, to 16 × 16": ("steps of G", np.arange(of_study.end), work_so_far(ours, of_study, of_study.end)),
    "the paper's, to 128 × 128": (
        "thousands of images", np.arange(of_paper.end), work_so_far(papers, of_paper, of_paper.end),
    ),
}  # fmt: skip
fig = figures.growth.work(panels)
plt.show()
saved = [curves["progressive"][-1] for _, _, curves in panels.values()]

# %% jupyter={"source_hidden": true}
claim(
    "14/work-saved",
    "By the time the networks are whole, growing has taken 0.58 of the multiplications here, and 0.48 in the paper's.",
    saved,
    equals=[0.58, 0.48],
    within=0.01,
)

# %%
wider = [
    work_so_far(counts, grows, grows.end)["progressive"][-1]
    for counts, grows in ((full, of_paper), (large, Growth(8, 800, 800)))
]

# %% jupyter={"source_hidden": true}
claim(
    "14/work-saved-at-full-width",
    "With the paper's full widths it has taken 0.31 at 128 pixels, and 0.37 at 1,024.",
    wider,
    equals=[0.31, 0.37],
    within=0.01,
)

# %% [markdown]
# **What you saw.** Growing saves a fixed amount, about half of the work until the growth ends; from then on every step
# costs the same. At 16 pixels it saves 420 of a thousand steps. The paper says that comparable quality comes "up to 2–6
# times faster, depending on the final output resolution". Saved multiplications alone give a factor of 2 with the
# narrow networks of its table 1, of 3.2 with its full ones at 128 pixels, and of 2.7 at 1,024, if you stop when the
# networks are whole. So a good part of "2–6" is simple arithmetic.
#
# ## A film (5 min, depth)
#
# Before we take the method apart, watch it work. A small Progressive GAN grows from 4 × 4 to 16 × 16 pixels in 480
# steps, in about twenty seconds. Each row is one moment, drawn from the same eight $z$; $s$ is the stage. To show
# something so soon, the learning rate is five times the paper's.

# %%
torch.set_default_dtype(torch.float32)  # as every image network here; so your faces are not ours, pixel by pixel
HOLD, FADE = 100, 60
gan = replace(methods.progressive(SHAPE, hold=HOLD, fade=FADE, z=Z, width=study.WIDTH, lr=5e-3), ema=None)
z = torch.randn(64, Z, generator=torch.Generator().manual_seed(1))
MOMENTS = (20, 100, 130, 160, 260, 290, 320, 480)
frames, kept = {}, {}


def watch(run):
    if run.step in MOMENTS:
        frames[run.step] = run.images(z)
    if run.step == 2 * HOLD + FADE:
        kept["8 × 8"] = run.copy()  # the next step begins the fade to 16 × 16


run = training.fit(gan, faces, steps=480, seed=0, batch=32, watch=watch)
torch.set_default_dtype(torch.float64)

# %%
stages = {step: run.gan.schedule.stage(step - 1) for step in MOMENTS}
fig = figures.dcgan.rows({f"step {step}, s = {stages[step]:.1f}": x[:8] for step, x in frames.items()}, zoom=4)
plt.show()


# %%
def apart(x, y):
    """The mean over images of the root mean square difference of their pixels."""
    return float((x - y).square().flatten(1).mean(1).sqrt().mean())


small, end = seen_at(frames[260], 8), seen_at(frames[480], 8)

# %% jupyter={"source_hidden": true}
claim(
    "14/kept",
    "What a z drew at 8 × 8 it still draws at the end, shrunk: nearer than what another z drew, by more than a tenth.",
    apart(small, end) / apart(small, end.roll(1, 0)),
    below=0.9,
)

# %% [markdown]
# **What you saw.** First colours in the right places, then head and shoulders, then hair and face: from coarse to fine.
# A DCGAN goes the same way by itself (chapter 09); here it is forced to. And one thing is strange: twice, between steps
# 100 and 160 and between 260 and 320, the colours go wrong, and then become right again. What happens there?
#
# ## Two networks and one number (10 min)
#
# *One* number says how far both networks have grown, the **stage** $s$. Its whole part $l$ is the level, with images of
# $4\cdot2^l$ pixels a side; the rest, $\alpha=s-l$, says how far the next level is faded in. Move the slider. *Try:*
# come to $s=1$ from below, then from above. What is the same?


# %%
def draw(stage):
    level, alpha = int(stage), stage % 1
    return figures.growth.networks(stage, 2), f"level {level}, alpha {alpha:.2f}"


widgets.explore(draw, stage=(0.0, 2.0, 0.1, 1.3))

# %% [markdown]
# A *block* of $G$ doubles the sides (each pixel is repeated as a square of four) and convolves twice; a block of $D$
# convolves twice and takes means over 2 × 2 pixels. *To RGB* and *from RGB* are $1\times1$ convolutions between
# features and colours: every level has its own. So at every level there is a way out of $G$ and a way into $D$. During
# a fade there are two, with the shares $1-\alpha$ and $\alpha$:
#
# $$G:\;(1-\alpha)\,\mathrm{up}\bigl(\mathrm{toRGB}_l(h_l)\bigr)+\alpha\,\mathrm{toRGB}_{l+1}(h_{l+1}),\qquad
# D:\;(1-\alpha)\,\mathrm{fromRGB}_l(x_l)+\alpha\,\mathrm{block}_{l+1}\bigl(\mathrm{fromRGB}_{l+1}(x_{l+1})\bigr)$$
#
# Here $h_l$ are the features of $G$ at level $l$, $x_l$ is the image as $D$ sees it there, and $\mathrm{up}$ doubles
# the sides. By hand, for $s=1.3$:

# %%
torch.manual_seed(0)
G, D = progressive_generator(Z, SHAPE, width=8), progressive_discriminator(SHAPE, width=8)
noise, x = torch.randn(8, Z), faces.x[:8].double()
alpha = 0.3
G.stage = D.stage = 1.3

h1 = G.blocks[1](G.blocks[0](noise))
h2 = G.blocks[2](h1)
image = (1 - alpha) * squares(G.to_rgb[1](h1)) + alpha * G.to_rgb[2](h2)

h = (1 - alpha) * D.from_rgb[1](seen_at(x, 8)) + alpha * D.blocks[2](D.from_rgb[2](x))
score = D.blocks[0](D.blocks[1](h))

# %% jupyter={"source_hidden": true}
claim(
    "14/fade-by-hand",
    "These lines are the library's generator and discriminator at s = 1.3.",
    [(image - G(noise)).abs().max().item(), (score - D(x)).abs().max().item()],
    below=1e-12,
)

# %% [markdown]
# Now the two ends of the fade. At $\alpha=0$ the networks must be *exactly* the old ones, which have no level 2. At
# $\alpha=1$ they must be exactly the new ones, which no longer use the colours of level 1. To check the first we build
# networks of 8 × 8 pixels and give them the same weights; for the second we put random weights into the layers that
# should be out of use.


# %%
def at(network, stage):
    network.stage = stage
    return network


def with_weights_of(large, small):
    """`small`, a network of fewer levels, with the weights that it has in common with `large`."""
    stage = small.stage
    small.load_state_dict({name: large.state_dict()[name] for name in small.state_dict()})
    return at(small, stage)


before_G = with_weights_of(at(G, 1), progressive_generator(Z, (3, 8, 8), width=16))
before_D = with_weights_of(at(D, 1), progressive_discriminator((3, 8, 8), width=16))

# %% jupyter={"source_hidden": true}
claim(
    "14/before",
    "At s = 1 both networks are to the bit those of 8 × 8 pixels, which have no level 2.",
    [torch.equal(G(noise), squares(before_G(noise))), torch.equal(D(x), before_D(seen_at(x, 8)))],
)

# %%
spoilt_G, spoilt_D = copy.deepcopy(at(G, 2)), copy.deepcopy(at(D, 2))
with torch.no_grad():
    for unused in (*spoilt_G.to_rgb[:2].parameters(), *spoilt_D.from_rgb[:2].parameters()):
        unused.normal_()

# %% jupyter={"source_hidden": true}
claim(
    "14/after",
    "At s = 2 the colours of levels 0 and 1 are out of use: other weights there change nothing, to the bit.",
    [torch.equal(G(noise), spoilt_G(noise)), torch.equal(D(x), spoilt_D(x))],
)

# %% [markdown]
# What is the fade good for? Take the run whose film the section before shows, as it was just before the second fade
# began, and go to other stages *without* a step of training. The blocks of level 2 still have their random first
# weights, and know nothing.

# %%
moment = kept["8 × 8"]
with torch.no_grad():
    jump = {s: at(moment.generator, s)(z) for s in (1.0, 1 + 1 / FADE, 1.25, 1.5, 2.0)}
fig = figures.dcgan.rows({f"s = {s:.2f}": x[:8] for s, x in jump.items()}, zoom=4)
plt.show()

# %%
first_step, all_at_once = (apart(jump[s], jump[1.0]) for s in (1 + 1 / FADE, 2.0))
between_two = apart(jump[1.0], jump[1.0].roll(1, 0))

# %% jupyter={"source_hidden": true}
claim(
    "14/no-fade-jumps",
    "Without a fade the images jump, farther than from one z to another; the first step of the fade goes less than 1/10 as far.",
    [all_at_once / between_two > 1, first_step / between_two < 1 / 10],
)

# %% [markdown]
# **What you saw.** Without a fade, all that $G$ had learned about colours would be gone in one step, and $D$ would be
# shown images unlike any it was trained on. The fade gives both 60 steps to train the new blocks. It has its price: the
# new blocks are untrained when they come in. That is what the film shows: wrong colours from untrained blocks.
# (Whether the fade is *worth* it in the end, neither the paper's table nor our record asks.)
#
# ## A schedule is a function of the step (4 min, depth)
#
# Both players must be at the same stage at every step. So the schedule is a value, and the stage is a function of the
# step alone:

# %%
steps = np.arange(1_300)
fig = figures.growth.schedule(steps, [of_study.stage(int(step)) for step in steps])
plt.show()


# %%
def stage_by_hand(step, levels, hold, fade):
    level, since = step // (hold + fade), step % (hold + fade)
    if level >= levels:
        return levels
    return level + max(0, since - hold) / fade


# %% jupyter={"source_hidden": true}
claim(
    "14/schedule-by-hand",
    "These lines are the library's schedule, in each of 1,300 steps.",
    [of_study.stage(int(step)) - stage_by_hand(int(step), 2, study.STEPS, study.STEPS) for step in steps],
    equals=0,
    within=1e-12,
)

# %% [markdown]
# Why insist on "of the step alone"? Because runs are stopped. A schedule that *counts* its own calls begins again at 0
# when the run goes on from a file. We train eight steps, and then eight again with a stop after the fourth, in the
# middle of a fade.


# %%
class Counting(Growth):
    """A schedule with a fault that is easily made: it counts its own calls."""

    def __call__(self, run):
        object.__setattr__(self, "calls", getattr(self, "calls", -1) + 1)
        for network in (run.generator, run.discriminator, run.generator_ema):
            network.stage = self.stage(self.calls)


def stopped_and_whole(schedule):
    """Two runs of eight steps: one was saved after four steps and resumed, the other never stopped."""
    some = faces.x[:64].double()

    def make():
        return replace(methods.progressive(SHAPE, z=8, width=2), schedule=schedule(2, 2, 4))

    whole = training.fit(make(), some, steps=8, batch=8)
    with tempfile.TemporaryDirectory() as folder:
        training.fit(make(), some, steps=4, batch=8).save(Path(folder) / "run.pt")
        resumed = training.resume(Path(folder) / "run.pt", make(), some)
    return training.train(resumed, 4), whole


def same(one, other):
    """Whether two runs have the same weights, averages, stages and losses, to the bit."""
    pairs = [
        (one.generator, other.generator), (one.discriminator, other.discriminator),
        (one.generator_ema, other.generator_ema),
    ]  # fmt: skip
    weights = [torch.equal(p, q) for a, b in pairs for p, q in zip(a.parameters(), b.parameters(), strict=True)]
    return all(weights) and all(a.stage == b.stage for a, b in pairs) and torch.equal(one.losses[:8], other.losses[:8])


# %% jupyter={"source_hidden": true}
claim(
    "14/resumed-in-a-fade",
    "A run that was stopped within a fade goes on to the bit as if it had not; with the counting schedule it does not.",
    [same(*stopped_and_whole(Growth)), not same(*stopped_and_whole(Counting))],
)

# %% [markdown]
# ## The equalised learning rate (9 min, depth)
#
# The first of the tricks is the strangest. All weights are drawn from $\mathcal N(0,1)$, and each layer is *used* as
# $c\cdot w$, with
#
# $$c=\frac{g}{\sqrt{\text{fan-in}}},\qquad g=\sqrt2\text{ before a rectifier, else }1,$$
#
# where the *fan-in* says how many numbers are summed for one output: 9 times the channels for a $3\times3$ convolution.
# Why this $c$? A sum of $n$ independent numbers has $n$ times the variance of one; $c^2=g^2/n$ divides by $n$ again. A
# leaky rectifier with slope 0.2 keeps $(1+0.2^2)/2=0.52$ of the mean square, and $g^2=2$ makes that 1.04. So the
# numbers keep about their size through many layers (He et al. 2015). Ten layers, five seeds, three ways to begin:


# %%
def chain(begin=None):
    """Ten dense layers of 64 numbers, each with a leaky rectifier; `begin(weight)` draws the weights."""
    layers = [layer for _ in range(10) for layer in (nn.Linear(64, 64), nn.LeakyReLU(0.2))]
    for layer in layers[::2] if begin else ():
        begin(layer.weight), nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


def mean_squares(build, seed):
    """Of what goes in, and of what comes out of each of the ten layers."""
    torch.manual_seed(seed)
    h = torch.randn(256, 64)
    network, out = build(), [float(h.square().mean())]
    for layer in network:
        h = layer(h).detach()
        if isinstance(layer, nn.LeakyReLU):
            out.append(float(h.square().mean()))
    return out


WAYS = {
    "equalised": lambda: equalised(chain()),
    "torch's own": chain,
    "N(0, 0.02²), as DCGAN": lambda: chain(lambda weight: nn.init.normal_(weight, 0, 0.02)),
}
through = {label: np.array([mean_squares(build, seed) for seed in range(5)]) for label, build in WAYS.items()}
fig = figures.growth.through(through, "mean square")
plt.show()

# %%
equal, own, dcgans = (values[:, -1] for values in through.values())

# %% jupyter={"source_hidden": true}
claim(
    "14/size-kept",
    "After ten equalised layers the mean square is 1.04¹⁰ = 1.5 within a factor of 4, on 5 seeds; else below 1/100 and 10⁻¹⁵.",
    [np.abs(np.log(equal / 1.04**10)) < np.log(4), own < 1e-2, dcgans < 1e-15],
)

# %%
layers = [(equalised(nn.Linear(n, 1_000)), torch.randn(2_000, n)) for n in (16, 256, 4_096)]

# %% jupyter={"source_hidden": true}
claim(
    "14/variance-two",
    "Of unit variance an equalised layer makes 2, for a fan-in of 16, of 256 and of 4,096, within a tenth.",
    [layer(x).var().item() for layer, x in layers],
    equals=2,
    within=0.2,
)

# %% [markdown]
# But this concerns only the first weights, and they could simply be *drawn* from $\mathcal N(0,c^2)$, as He et al. did.
# Then the network at the start is the same. Why multiply by $c$ at every use? *Think* before you read on. A hint: Adam.
#
# Adam divides each gradient by its own usual size. So each number moves by about the learning rate $\eta$ at a step,
# whatever its gradient and *whatever its own size*. If weights have the size $c$, each step changes them by the share
# $\eta/c$: with $\eta=10^{-3}$ and a fan-in of 1,024 by more than 2 %. If they have the size 1 and are multiplied by
# $c$ afterwards, the share is $\eta$, in every layer. Here is the first step of the $D$ that the study below trains:


# %%
def first_step(begin):
    """The fan-in of each layer of D; and how far Adam's first step moves its weights, in units of c: the median."""
    gan = study.direct()
    gan = replace(gan, discriminator=lambda: begin(progressive_discriminator(SHAPE, width=study.WIDTH)))
    run = training.start(gan, faces.x[:512].double(), batch=16)
    layers = [layer for layer in run.discriminator.modules() if isinstance(layer, nn.Linear | nn.Conv2d)]
    before = [layer.weight.detach().clone() for layer in layers]
    training.discriminator_step(run)
    rows = []
    for layer, w in zip(layers, before, strict=True):
        if not torch.equal(layer.weight, w):  # two ways into D are out of use
            c = networks.progressive.he(layer)
            rows.append((layer.weight[0].numel(), float((layer.weight - w).detach().abs().median() / c)))
    return np.array(rows).T


ETA = 1e-3
measured = {"drawn with the size c": first_step(study.as_drawn), "equalised": first_step(equalised)}
fan_in = measured["equalised"][0]
laws = {"drawn with the size c": lambda n: ETA * np.sqrt(n / 2), "equalised": lambda n: ETA}
fig = figures.growth.steps_of_adam(fan_in, {label: moved for label, (_, moved) in measured.items()}, laws)
plt.show()

# %%
hidden = fan_in != 64  # the last layer has the gain 1

# %% jupyter={"source_hidden": true}
claim(
    "14/adam-forgets-the-size",
    "Adam's first step moves drawn weights by η/c of their size, equalised ones by η, to 1 %, in every layer before a rectifier.",
    [
        measured["drawn with the size c"][1][hidden] / (ETA * np.sqrt(fan_in[hidden] / 2)),
        measured["equalised"][1][hidden] / ETA,
    ],
    equals=1,
    within=0.01,
)

# %% [markdown]
# (The point above the line is the last layer: no rectifier follows, so its gain is 1 and its $c$ smaller.)
#
# That can be said more sharply. Let $v$ be the stored number and $w=cv$ the weight. By the chain rule
# $\partial L/\partial v=c\,\partial L/\partial w$, and a constant factor in the gradient does not change Adam's step.
# So $v$ moves as $w$ would have, by $\eta$, and $w=cv$ moves by $c\,\eta$. **The equalised learning rate is Adam with
# the rate $c\,\eta$ in each layer**, no more and no less. If that is right, a plain network with such rates must go
# through the *same* training:

# %%
torch.manual_seed(0)


def small_net():
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.LeakyReLU(0.2), nn.Conv2d(8, 16, 3, padding=1), nn.LeakyReLU(0.2),
        nn.Flatten(), nn.Linear(16 * 64, 1),
    )  # fmt: skip


one, other = equalised(small_net()), small_net()
pairs = [(a, b) for a, b in zip(one, other, strict=True) if hasattr(a, "weight")]
with torch.no_grad():
    for a, b in pairs:
        b.weight.copy_(a.weight), b.bias.copy_(a.bias)
EPS = 1e-8  # what Adam adds under the fraction grows by 1/c
c = [networks.progressive.he(b) for _, b in pairs]
each = [{"params": [b.weight], "lr": k * ETA, "eps": EPS / k} for k, (_, b) in zip(c, pairs, strict=True)]
rates = {"lr": ETA, "betas": (0.0, 0.99), "eps": EPS}
adams = optim.Adam(one.parameters(), **rates), optim.Adam([*each, {"params": [b.bias for _, b in pairs]}], **rates)
inputs, targets = torch.randn(64, 3, 8, 8), torch.randn(64, 1)
for _ in range(50):
    for net, optimizer in zip((one, other), adams, strict=True):
        training.descend(optimizer, (net(inputs) - targets).square().mean())

# %% jupyter={"source_hidden": true}
claim(
    "14/a-rate-for-each-layer",
    "After 50 steps the equalised network and the plain one with the rates c·η have the same weights, to 12 digits.",
    [(a.weight - b.weight).abs().max().item() for a, b in pairs],
    below=1e-12,
)

# %% [markdown]
# **Did you notice** what else that means? $c$ is well below 1, some 0.04 to 0.18 in the hidden layers here. If one
# switches the trick on and keeps $\eta$, *every* such layer learns more slowly, by a factor of six to twenty-three. So
# a comparison "with and without" at the same $\eta$ changes two things at once. Remember that for the record below, and
# for the paper. Its table has a row "+ equalized learning rate"; the authors' published settings (`config.py`) have
# $\eta=10^{-4}$ in the rows before it, and $10^{-3}$ from there on.

# %%
channels = [512, 512, 256, 128, 64, 32]  # of the networks of that table, from 4 × 4 to 128 × 128
effective = 1e-3 * np.sqrt(2 / (9 * np.array(channels)))
print("the rates c·η of its 3 × 3 convolutions:", ", ".join(f"{rate:.1e}" for rate in effective))

# %% jupyter={"source_hidden": true}
claim(
    "14/two-things-at-once",
    "With the trick and 10⁻³ each 3 × 3 convolution of the paper's table moves more slowly than with 10⁻⁴ in the rows before.",
    effective,
    below=1e-4,
)

# %% [markdown]
# ## Half-way
#
# *36 minutes lie behind you, 49 ahead: a good place to stop.*
#
# **So far:** networks that grow are two networks and one number, the stage, which is a function of the step alone;
# in a fade it lies between two levels. The equalised learning rate keeps the weights at one size and multiplies them
# where they are used. **To come:** four small parts of the paper, and then the question whether growing pays.
#
# ## Pixel norm (4 min, depth)
#
# After each convolution of $G$ the vector of all channels at a pixel is divided by its own size,
#
# $$y_c=\frac{x_c}{\sqrt{\frac1C\sum_{c'}x_{c'}^2+10^{-8}}} .$$
#
# No mean is subtracted, nothing is learned, and no other image matters. What does it bound? *Predict:* double every
# weight and every bias in all blocks of $G$. By what factor do the numbers of its images grow, with pixel norm and
# without?

# %%
x = torch.randn(4, 16, 5, 5)
by_hand = x / ((x**2).mean(1, keepdim=True) + 1e-8) ** 0.5

# %% jupyter={"source_hidden": true}
claim("14/pixel-norm-by-hand", "That line is the library's.", PixelNorm()(x) - by_hand, equals=0, within=1e-12)

# %%
lengths = PixelNorm()(x).norm(dim=1)

# %% jupyter={"source_hidden": true}
claim(
    "14/length-of-four",
    "With 16 channels every vector then has the length √16 = 4, not 1.",
    lengths,
    equals=4,
    within=1e-6,
)


# %%
def doubled(G):
    """The same generator with every number of its blocks twice as large."""
    louder = copy.deepcopy(G)
    with torch.no_grad():
        for p in louder.blocks.parameters():
            p.mul_(2)
    return louder


normed = progressive_generator(Z, SHAPE, width=8)
plain = progressive_generator(Z, SHAPE, width=8, norm=nn.Identity)
times = [(doubled(G)(noise).norm() / G(noise).norm()).item() for G in (normed, plain)]

# %% jupyter={"source_hidden": true}
claim(
    "14/no-louder",
    "All numbers of the blocks doubled: with pixel norm the images stay as they are; without they are 2⁶ = 64 times as large.",
    times,
    equals=[1, 64],
    within=1e-4,
)
claim(
    "14/direction-only",
    "Three times as long a z draws the same image: z is normed, too.",
    (normed(3 * noise) - normed(noise)).abs().max().item(),
    below=1e-9,
)

# %% [markdown]
# **What you saw.** Six layers, each twice as large, give a factor of 64. With pixel norm larger weights in a block have
# no effect at all, so $G$ gains nothing by them in the contest with $D$. The image is a $1\times1$ convolution of
# vectors of length $\sqrt C$, and cannot be larger than the weights of that convolution allow. (The paper's *text* says
# "unit length", its formula $\sqrt C$; `14/length-of-four`.)
#
# ## The minibatch's deviation (5 min, depth)
#
# A $D$ that looks at one image at a time cannot see that a generator always draws the same image. Take the worst case:
# every fake is an exact copy of some real face, and in a minibatch all are copies of *one* face. Each face by itself is
# perfect. So a layer of $D$ measures how much images differ from their neighbours. It takes groups of four. It computes
# the standard deviation of each feature at each place over the group, and the mean of all these. This *one* number
# $\sigma$ becomes one more channel:
#
# $$\sigma=\operatorname*{mean}_{c,i,j}\sqrt{\operatorname{var}_{\text{group}}(x_{cij})+10^{-8}} .$$

# %%
group = faces.x[:4].double()
variance = (group - group.mean(0)).square().mean(0)
sigma = (variance + 1e-8).sqrt().mean()
channel = MinibatchStd(4)(group)[:, 3]  # after the three colours

# %% jupyter={"source_hidden": true}
claim(
    "14/deviation-by-hand",
    "These lines are the channel that the library adds.",
    channel - sigma,
    equals=0,
    within=1e-12,
)


# %%
def number(groups):
    """σ of each group of four images (n, 4, …)."""
    return MinibatchStd(4)(groups.flatten(0, 1))[::4, -1, 0, 0].numpy()


# %%
rng = torch.Generator().manual_seed(0)
N = 300
real = faces.x[torch.randint(len(faces.x), (N, 4), generator=rng)].double()
copies = real[:, :1].expand(-1, 4, -1, -1, -1)
MINIBATCHES = {
    "four faces": real,
    "two faces, twice": real[:, [0, 1, 0, 1]],
    "one face, with grain": copies + 0.1 * torch.randn(real.shape, generator=rng),
    "one face, four times": copies,
}
numbers = {label: number(groups) for label, groups in MINIBATCHES.items()}
fig = figures.growth.deviations(numbers)
plt.show()

# %% jupyter={"source_hidden": true}
claim(
    "14/copies-are-seen",
    "Four copies have σ = 10⁻⁴, exactly; of 300 groups of four faces the least σ is above 0.1, and above all copies with grain.",
    [
        np.abs(numbers["one face, four times"] - 1e-4).max() < 1e-12,
        numbers["four faces"].min() > 0.1,
        numbers["one face, with grain"].max() < numbers["four faces"].min(),
    ],
)


# %%
def mean_score(group, images):
    """What a new D says of groups of images, on average."""
    torch.manual_seed(0)
    D = progressive_discriminator(SHAPE, width=8, group=group)
    return D(images.flatten(0, 1)).mean().item()


lone, told_more = ([mean_score(group, groups) for groups in (real, copies)] for group in (None, 4))
one_each = mean_score(None, real[:, :1])

# %% jupyter={"source_hidden": true}
claim(
    "14/one-at-a-time-is-blind",
    "To a D that looks at one image at a time, four copies of a face are worth what the face is; with σ they are not.",
    [abs(lone[1] - one_each) < 1e-9, abs(told_more[1] - told_more[0]) > 1e-3],
)

# %% [markdown]
# Copies are easily seen. But what $D$ says of an image now depends on the *others* of its group. WGAN-GP asks for the
# slope of a function of one image (chapter 12). Its code, in the paper as here, takes the gradient of the *sum* of all
# scores. When scores depend on other images, that is another number:


# %%
def feels(group):
    """What other neighbours change in the score of the first of four faces; and how far ∂(sum of scores) is from ∂(its own)."""
    torch.manual_seed(0)
    D = progressive_discriminator(SHAPE, width=8, group=group)
    x = real[0].clone().requires_grad_()
    scores, others = D(x)[:, 0], D(torch.cat([x[:1], real[1, 1:]]))[:, 0]
    of_sum, of_own = (torch.autograd.grad(each, x, retain_graph=True)[0][0] for each in (scores.sum(), scores[0]))
    return float((others[0] - scores[0]).detach().abs()), ((of_sum - of_own).norm() / of_own.norm()).item()


# %% jupyter={"source_hidden": true}
claim(
    "14/feels-others",
    "With σ other neighbours move a face's score, and the slope of the sum is not that of its own score; without, neither.",
    [feels(4)[0] > 1e-3, feels(4)[1] > 5e-4, max(feels(None)) < 1e-12],
)

# %% [markdown]
# **Did you notice** the $10^{-8}$? At exact copies σ is at its minimum and its gradient is 0: $D$ sees the collapse,
# but through this number it cannot show $G$ a way out. A tiny distance away it can:


# %%
def pull_apart(spread):
    """‖∂σ/∂x‖ for four copies of one face, with grain of this size."""
    x = (copies[0] + spread * torch.randn(4, *SHAPE, generator=torch.Generator().manual_seed(0))).requires_grad_()
    (gradient,) = torch.autograd.grad(MinibatchStd(4)(x)[0, -1, 0, 0], x)
    return float(gradient.norm())


# %% jupyter={"source_hidden": true}
claim(
    "14/a-bowl",
    "At four exact copies the gradient of σ is 0; with grain of 0.001 it has 90 % of what it has with grain of 0.1.",
    [pull_apart(0.0) == 0, pull_apart(1e-3) / pull_apart(0.1) > 0.9],
)

# %% [markdown]
# ## A drift that holds the scores (4 min, depth)
#
# The objective is WGAN-GP's. A critic's loss $L_D=\mathbb E_q[a]-\mathbb E_p[a]$ does not change when a number is added
# to all scores $a$ (`12/no-zero-point`), so they may drift away. The paper adds a **drift**,
# $\varepsilon\,\mathbb E_p[a^2]$ with $\varepsilon=0.001$. If $t$ is added to all scores, this term is
# $\varepsilon\,\mathbb E_p[(a+t)^2]$, a parabola in $t$ with its lowest point at $t=-\mathbb E_p[a]$: it pulls the mean
# of the real scores to 0. Five seeds on the ring of eight spots, with a critic whose last bias begins at 3:

# %%
wasserstein, drifting = objectives.wasserstein, objectives.drifting(objectives.wasserstein, 1e-3)
a_real, a_fake = 5 + torch.randn(2, 64, generator=rng)
t = torch.linspace(-20, 10, 3_001)
held, free = (torch.stack([loss.discriminator(a_real + s, a_fake + s) for s in t]) for loss in (drifting, wasserstein))

# %% jupyter={"source_hidden": true}
claim(
    "14/a-shift-is-free",
    "Without drift the loss is the same for 3,001 shifts; with it the best shift is minus the mean of the real scores.",
    [(free - free[0]).abs().max().item() < 1e-12, abs(t[held.argmin()] + a_real.mean()).item() < 0.01],
)

# %%
ring = datasets.ring(std=0.1)
spots = ring.sample(512, rng)
base = methods.wgan_gp(ring.shape, width=32, lr=5e-3)


def last_bias(D):
    return [layer for layer in D if isinstance(layer, nn.Linear)][-1].bias


def lifted():
    """The critic with 3 added to all its scores."""
    D = base.discriminator()
    nn.init.constant_(last_bias(D), 3)
    return D


def trained_with(loss):
    """The mean score of real examples in every tenth step, (5 seeds, 15), and the last bias of each seed at the end."""
    seen = []

    def watch(run):
        if run.step % 10 == 0:
            seen.append(float(run.logits(spots).mean()))

    gan = replace(base, discriminator=lifted, objective=loss)
    runs = training.replicate(gan, ring, steps=150, seeds=range(5), batch=64, watch=watch)
    return np.array(seen).reshape(-1, 5).T, np.array([last_bias(run.discriminator).item() for run in runs])


scores_free, bias_free = trained_with(wasserstein)
scores_held, bias_held = trained_with(drifting)
fig = figures.growth.scores(10 * np.arange(1, 16), {"no drift": scores_free, "with drift": scores_held})
plt.show()

# %% jupyter={"source_hidden": true}
claim(
    "14/bias-stands-still",
    "Without drift the last bias is 3 after 750 steps of the critic, as on the first day; with it it has fallen below 2, on 5 seeds.",
    [np.abs(bias_free - 3) < 1e-9, bias_held < 2],
)

# %% [markdown]
# **What you saw.** The gradient of the last bias is $1-1=0$: no training ever moves it, unless there is a drift. (The
# other weights may move the scores freely, and nothing holds *them* either.) The drift solves a problem of computing,
# not of the game: scores of thousands would lose their last digits, above all in 16 bits.

# %% [markdown]
# ## The average of G (3 min, depth)
#
# We keep a copy of $G$ whose weights are a moving average of $G$'s weights $\theta$:
# $\bar\theta\leftarrow\beta\bar\theta+(1-\beta)\theta$ after each step. Samples are drawn from the copy; $D$ never sees
# it. By hand, over six steps:

# %%
small_gan = replace(methods.progressive(SHAPE, z=8, width=2), ema=0.8)
after = []
run = training.fit(
    small_gan, faces.x[:64].double(), steps=6, batch=8,
    watch=lambda run: after.append([p.detach().clone() for p in run.generator.parameters()]),
)  # fmt: skip
mean = [p.detach().clone() for p in training.start(small_gan, faces.x[:64].double(), batch=8).generator.parameters()]
for weights in after:
    mean = [0.8 * old + 0.2 * new for old, new in zip(mean, weights, strict=True)]
gaps = [(a - b).detach().abs().max() for a, b in zip(mean, run.generator_ema.parameters(), strict=True)]

# %% jupyter={"source_hidden": true}
claim("14/average-by-hand", "That line, six times, is the library's average.", torch.stack(gaps), below=1e-12)

# %% [markdown]
# Compared with the newest weight, one of $k$ steps ago counts $\beta^k$, so after $\log\frac12/\log\beta$ steps it
# counts half: 69 for the study's $\beta=0.99$, 693 for the paper's 0.999. The average makes small jumps smooth. And it
# *lags* behind. Which of the two matters more during growth? Look at the record:

# %%
record = studies.read("growth")
print(record.command, "·", record.question)
AT = record.settings["at"]
print("seeds:", len(record.table("swd")[study.GROWN]), "· measured at steps", AT)


def along(measure, label):
    """A recorded measure at all moments: (seeds, moments)."""
    return np.stack([record.table(measure, at=step)[label] for step in AT], 1)


looks = {"the average": "swd", "G as it stands": "swd_now"}
panels = {
    f"SWD, {label}": {name: (AT, along(measure, label)) for name, measure in looks.items()}
    for label in (study.GROWN, study.DIRECT)
}
fig = figures.modes.courses(panels, "steps of G")
plt.show()

# %%
lag = along("swd", study.GROWN) - along("swd_now", study.GROWN)

# %% jupyter={"source_hidden": true}
claim(
    "14/average-lags",
    "Recorded, growing: at step 1,000, where the second fade ends, the average is farther from the faces, on each of 3 seeds.",
    lag[:, AT.index(1_000)],
    above=10,
)

# %%
AS_PAPER = study.GROWN, study.DIRECT, *study.LEFT_OUT
ends = np.stack(
    [along("swd_now", label)[:, -1] - along("swd", label)[:, -1] for label in AS_PAPER]
)  # (conditions, seeds)

# %% jupyter={"source_hidden": true}
claim(
    "14/average-helps",
    "Recorded, at the end: in at least 13 of 15 runs at the paper's rate the average is nearer than G as it stands.",
    (ends > 0).sum(),
    above=12,
)

# %% [markdown]
# First the lag, then the smoothing. At the end of the second fade the copy mixes weights from before and from after,
# which never belonged together; later it catches up. At the end of training it helps in nearly all runs, but by so
# little that for *progressive* alone it is noise, as the last figure of this chapter shows. It costs almost nothing.
#
# ## Does it pay? (16 min)
#
# The experiment: faces of 16 × 16 pixels, and all parts as in the paper, with fewer channels. **Progressive** holds 250
# steps and fades 250 steps, and is whole from step 1,000 on; **direct** has the same networks, whole from the first
# step. Three seeds, 2,000 steps. The measure is the paper's, the sliced Wasserstein distance of patches (SWD, chapter
# 15). All of it takes half an hour of one core, so it was *recorded*; we repeat a small part:

# %%
again = studies.rerun("growth", conditions=[study.GROWN, study.DIRECT], seeds=(0,), upto=250)

# %% jupyter={"source_hidden": true}
claim(
    "14/again",
    "Done again for 250 steps, one seed of progressive and of direct have the SWD of the record, within 10 %.",
    [now["swd"] / then["swd"] for now, then in zip(again, record.matching(again), strict=True)],
    equals=1,
    within=0.1,
)

# %% [markdown]
# One cannot compare at equal steps here: those at small sizes are quicker. So the two are compared at **equal processor
# time**. Each seed is a pair, with the same data in the same order; between measurements we draw straight lines. The
# difference has an interval by Student's $t$, with two degrees of freedom, $t=4.3$: three seeds are few, and the
# interval says so.


# %%
def interval(differences):
    """The mean over the seeds, and half of its 95 % interval: of (seeds, …)."""
    d = np.asarray(differences)
    return d.mean(0), student.ppf(0.975, len(d) - 1) * d.std(0, ddof=1) / np.sqrt(len(d))


def at_times(label, times, measure="swd"):
    """SWD of each seed at these moments of its processor time: (seeds, times)."""
    pairs = zip(along("seconds", label), along(measure, label), strict=True)
    return np.stack([np.interp(times, seconds, values) for seconds, values in pairs])


def at_equal_time(first, second):
    """Moments from the latest first measurement to the earliest last one; the differences then, seed by seed."""
    seconds = [along("seconds", label) for label in (first, second)]
    times = np.linspace(max(s[:, 0].max() for s in seconds), min(s[:, -1].min() for s in seconds), 40)
    return times, at_times(first, times) - at_times(second, times)


RATES = {
    "the paper's rate, 10⁻³": (study.GROWN, study.DIRECT),
    "five times the rate": (study.QUICK_GROWN, study.QUICK_DIRECT),
}
at_once = {title: at_equal_time(*pair) for title, pair in RATES.items()}
rows = {
    title: (
        {
            name: (along("seconds", label), along("swd", label))
            for name, label in zip(("progressive", "direct"), pair, strict=True)
        },
        *at_once[title],
    )
    for title, pair in RATES.items()
}
fig = figures.growth.equal_time(rows, "SWD to the faces", 40)
plt.show()

# %% [markdown]
# In the upper row both learn with the paper's rate, $10^{-3}$, in the lower row with five times as much, because that
# rate is a slow one with equalised weights (`14/adam-forgets-the-size`). The smaller distance is better. *Before you
# read on:* when is which of the two ahead, and when can you not say?


# %%
def at_seconds(title, *seconds, measure="swd"):
    """Progressive less direct at these moments: the mean, and half of its 95 % interval, for each."""
    first, second = (at_times(label, seconds, measure) for label in RATES[title])
    return interval(first - second)


slow, quick = RATES
(middle, half), (middle_quick, half_quick) = at_seconds(slow, 30, 40, 50, 60), at_seconds(quick, 40, 45)

# %% jupyter={"source_hidden": true}
claim(
    "14/direct-ahead",
    "Recorded, the paper's rate: after 30, 40, 50 and 60 s direct is nearer; each 95 % interval is above 0.",
    middle - half,
    above=0,
)
claim(
    "14/direct-ahead-quickly",
    "Five times the rate: after 40 and 45 s the same.",
    middle_quick - half_quick,
    above=0,
)

# %%
middle, half = at_seconds(slow, 30, 35, 60, measure="swd_now")

# %% jupyter={"source_hidden": true}
claim(
    "14/not-only-the-average",
    "The paper's rate, but G as it stands and not its average: clear after 30, 35 and 60 s.",
    middle - half,
    above=0,
)

# %%
ahead, last = {}, {}
for title, (_, differences) in at_once.items():
    middle, half = interval(differences)
    ahead[title], last[title] = (middle + half < 0).any(), abs(middle[-1]) < half[-1]
    print(f"{title}: at the end progressive − direct = {middle[-1]:+.1f} ± {half[-1]:.1f}")
middle, half = at_seconds(slow, 40, 45, measure="swd_now")

# %% jupyter={"source_hidden": true}
claim("14/hump-is-mostly-lag", "Just where the hump is highest, after 40 and 45 s, that is noise.", abs(middle) < half)
claim("14/never-ahead", "At neither rate is progressive ahead at any moment, by its interval.", not any(ahead.values()))
claim("14/end-is-noise", "At the end, after some 90 s, the difference is noise at both rates.", list(last.values()))

# %% [markdown]
# **What you saw.** Growing does not pay here. While $G$ grows it is behind: it cannot draw what its blocks do not have.
# But most of the hump in the difference comes from the average: samples are drawn from a moving average of $G$'s
# weights, and it lags. At 40 s the difference is 64, but for $G$ as it stands 22 ± 23, which is noise
# (`14/hump-is-mostly-lag`). When $G$ is whole it catches up quickly. At the end the difference cannot be told from
# noise: it is known to ± 8, and the distances are 20 to 30. At 16 pixels there is hardly a way to divide into stages
# (`14/small-hides`: at 8 × 8 the fakes are told apart nearly as well as at 16 × 16). At 1,024 there may be one; this
# record cannot say.
#
# How small can the SWD be? It is not 0 even between two sets of real faces, because they are not the same faces:

# %%
real_swd = np.mean([row["swd"] for row in record.reference])
print("SWD at the end, mean of three seeds, recorded:")
for label in record.conditions:
    print(f"  {label:<34} {along('swd', label)[:, -1].mean():5.1f}")
print(f"  {'real faces against real faces':<34} {real_swd:5.1f}")

# %% jupyter={"source_hidden": true}
claim(
    "14/quick-is-nearer",
    "Recorded, direct, at the end: with five times the rate it is nearer; the interval of the difference is below 0.",
    sum(interval(along("swd", study.QUICK_DIRECT)[:, -1] - along("swd", study.DIRECT)[:, -1])),
    below=0,
)

# %% [markdown]
# And the tricks? Each was left out once, at the paper's rate. The figure shows the differences to *progressive*, paired
# by seed, at step 2,000; to the right is worse:

# %%
WITHOUT = {
    f"{label}": interval(along("swd", label)[:, -1] - along("swd", study.GROWN)[:, -1]) for label in study.LEFT_OUT
}
WITHOUT["without the average"] = interval(along("swd_now", study.GROWN)[:, -1] - along("swd", study.GROWN)[:, -1])
WITHOUT[study.QUICK_GROWN] = interval(along("swd", study.QUICK_GROWN)[:, -1] - along("swd", study.GROWN)[:, -1])
for_all = student.ppf(1 - 0.025 / len(WITHOUT), 2) / student.ppf(0.975, 2)  # so that all hold at once: Bonferroni
differences = {label: (middle, half, for_all * half) for label, (middle, half) in WITHOUT.items()}
fig = figures.losses.differences({"SWD": differences}, "progressive", {"SWD": 10})
plt.show()

# %%
no_norm, no_rate, no_deviation = (WITHOUT[label] for label in study.LEFT_OUT)

# %% jupyter={"source_hidden": true}
claim(
    "14/two-are-noise",
    "Recorded: leaving out pixel norm, or the minibatch's deviation, is not told from noise.",
    [abs(middle) < half for middle, half in (no_norm, no_deviation)],
)

# %%
as_quick = interval(along("swd", study.QUICK_GROWN)[:, -1] - along("swd", study.LEFT_OUT[1])[:, -1])

# %% jupyter={"source_hidden": true}
claim(
    "14/rate-or-trick",
    "Without the equalised rate it is *nearer*, interval below 0; from the equalised one at five times η it is not told apart.",
    [sum(no_rate) < 0, abs(as_quick[0]) < as_quick[1]],
)

# %% [markdown]
# **What you saw.** Pixel norm and the deviation protect against accidents, and no accident happened: their differences
# are noise. The equalised rate seems to do *harm*, and that is the trap of `14/two-things-at-once`: at the same $\eta$
# it is a lower rate. (Three seeds cannot show that it is the rate *alone*.) And these are five intervals of three seeds
# each. If all five are to hold at once (the thin bars), every one includes 0. So, for your prediction: no trick is
# missed for certain.
#
# **Beside the paper.** Its table 1 has CelebA at 128 pixels, SWD averaged over the levels of the pyramid:
#
# | the paper's row | SWD | MS-SSIM |
# |---|---|---|
# | WGAN-GP, direct | 9.28 | .2854 |
# | + progressive growing | 4.28 | |
# | + minibatches of 16 in place of 64 | 46.23 | |
# | … all the tricks, trained to the end | 2.96 | .2828 |
#
# In the paper growing halves the distance; here it does not. Both are right, about different experiments:
#
# | | the paper | here |
# |---|---|---|
# | pixels; of the work until it is whole, growing saves | 128; 0.52 of 8,000,000 images | 16; 0.42 of 32,000 images |
# | images shown | 10,000,000 | 64,000 |
# | channels at full size | 32 | 16 |
# | compared at | equal images | equal time |
# | tricks | added, one upon the other | left out, one at a time |
# | with the trick "equalised" | ten times the rate | the same rate |
# | runs of a row | one | three, an interval |
#
# Two more things to take from that table. MS-SSIM, a measure of variety, hardly changes while SWD falls to a third: a
# measure may be blind. And one run is one run: a public re-implementation (the model zoo of MMGeneration) reports 8.15
# for its own training of the last row, on faces cropped in its own way.

# %% [markdown]
# ## What the sources get wrong (4 min, depth)
#
# - **The slides, line 367:** 「段階的に解像度を上げるように学習し、高解像度の画像生成に成功。」 ("it learns so that the resolution rises step by step,
#   and succeeds in generating images of high resolution"). That is right, and they say no more. That the *growing*
#   brought the success is not so here: `14/direct-ahead`. (Their year, 2017, is that of the preprint.)
# - **The paper (Karras et al. 2018), section 4.1** writes the equalised weights as $\hat w_i=w_i/c$ with $c$ "the
#   per-layer normalization constant from He's initializer". He's constant is $\sqrt{2/\text{fan-in}}$, and one
#   multiplies by it, as its code does:

# %%
divided = chain(nn.init.normal_)
with torch.no_grad():
    for layer in divided[::2]:
        layer.weight.div_(networks.progressive.he(layer))  # √(2/64)

# %% jupyter={"source_hidden": true}
claim(
    "14/multiply",
    "Divided by He's constant the weights make mean squares of more than 10²⁵ in ten layers.",
    mean_squares(lambda: divided, 0)[-1],
    above=1e25,
)

# %% [markdown]
# - **The same, section 4.2:** pixel norm makes vectors of "unit length"; its formula makes them $\sqrt C$ long:
#   `14/length-of-four`.
# - **The same, table 1:** the row of the equalised rate has another learning rate, too, `14/two-things-at-once`; and
#   every row is one run, without an interval.
# - **The same, appendix:** together with the minibatch's deviation, WGAN-GP's penalty is a penalty on the slope of a
#   sum: `14/feels-others`.
#
# **Where this library differs from the paper:** its real images are not blended during a fade, Adam's moments are kept
# when new layers come in (the authors' TensorFlow code sets them to zero), and the penalty on slopes is computed on
# images of full size.
#
# ## Exercises (13 min)
#
# **Exercise 14.1** · ★☆☆ · 4 minutes, depth. Write the schedule: `stage(step, levels, hold, fade)`, a number, for steps
# counted from 0. First the level is held, then the next is faded in.


# %%
def stage(step, levels, hold, fade): ...


check("14.1", stage)

# %% [markdown]
# <details><summary>Solution 14.1</summary>
#
# ```python
# def stage(step, levels, hold, fade):
#     level, since = divmod(step, hold + fade)
#     return levels if level >= levels else level + max(0, since - hold) / fade
#
#
# check("14.1", stage)
# ```
#
# It needs nothing but the step. So it does not matter how often it is called, or where the run was stopped.
#
# </details>

# %% [markdown]
# **Exercise 14.2** · ★☆☆ · 3 minutes. Write the fade with NumPy: `faded(coarse, fine, alpha)` for images `coarse` (n,
# c, h, w) of the level that goes and `fine` (n, c, 2h, 2w) of the one that comes.


# %%
def faded(coarse, fine, alpha): ...


check("14.2", faded)

# %% [markdown]
# <details><summary>Solution 14.2</summary>
#
# ```python
# def faded(coarse, fine, alpha):
#     enlarged = coarse.repeat(2, axis=2).repeat(2, axis=3)
#     return (1 - alpha) * enlarged + alpha * fine
#
#
# check("14.2", faded)
# ```
#
# </details>

# %% [markdown]
# **Exercise 14.3** · ★★☆ · 4 minutes, depth. Write the number that tells collapse, with NumPy: `deviation(x, group)` for
# images `x` (n, c, h, w), in groups of `group` neighbours; one number for each image, so n of them, with the $10^{-8}$
# under the root.


# %%
def deviation(x, group): ...


check("14.3", deviation)

# %% [markdown]
# <details><summary>Solution 14.3</summary>
#
# ```python
# def deviation(x, group):
#     groups = x.reshape(-1, group, *x.shape[1:])
#     return np.sqrt(groups.var(axis=1) + 1e-8).mean(axis=(1, 2, 3)).repeat(group)
#
#
# check("14.3", deviation)
# ```
#
# First the root, then the mean: a feature that varies a little counts more than it would in a mean of variances.
#
# </details>

# %% [markdown]
# **Exercise 14.4** · ★★★ · 2 minutes, depth. With Adam the equalised rate makes the rate of a weight $c\,\eta$. And with plain
# gradient descent? The stored $v$ makes a step of descent with the rate $\eta$. Then the weight $w=cv$ moves by a rate
# times its own gradient: write this rate as `rate(c, eta)`.


# %%
def rate(c, eta): ...


check("14.4", rate)

# %% [markdown]
# <details><summary>Solution 14.4</summary>
#
# ```python
# def rate(c, eta):
#     return c**2 * eta
#
#
# check("14.4", rate)
# ```
#
# $\partial L/\partial v=c\,\partial L/\partial w$, so $v$ moves by $\eta\,c\,\partial L/\partial w$ and $w=cv$ by
# $\eta\,c^2\,\partial L/\partial w$. Adam removes one of the two factors $c$.
#
# </details>

# %% [markdown]
# ## What we checked

# %%
checked()

# %% [markdown]
# ## Further reading
#
# - T. Karras, T. Aila, S. Laine & J. Lehtinen, *Progressive growing of GANs for improved quality, stability, and
#   variation*, ICLR 2018.
# - K. He, X. Zhang, S. Ren & J. Sun, *Delving deep into rectifiers*, ICCV 2015: the constant.
# - T. Karras, S. Laine & T. Aila, *A style-based generator architecture for generative adversarial networks*, CVPR
#   2019, and T. Karras et al., *Analyzing and improving the image quality of StyleGAN*, CVPR 2020: the same authors
#   keep growing, and then give it up.
# - A. Karnewar & O. Wang, *MSG-GAN: multi-scale gradients for generative adversarial networks*, CVPR 2020: all sizes at
#   once.
# - Y. Yazıcı et al., *The unusual effectiveness of averaging in GAN training*, ICLR 2019.
#
# Next: chapter 15, how good samples are, and who says so.

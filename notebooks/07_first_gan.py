# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 07 · The first GAN
#
# **The question.** Two networks play against each other, and at the end one of them draws digits that nobody wrote.
# What exactly is the algorithm? How well does it work? And how can you know?
#
# *95 minutes.*
#
# **You will be able to**
#
# - read Algorithm 1 of Goodfellow et al. 2014 line by line in running code, and say which network changes when;
# - watch two densities and a discriminator on the line until $D$ is close to ½, and say why that is not yet success;
# - train a GAN on real handwritten digits in seconds, and measure how good its digits are;
# - say what the two loss curves tell you about all this, and what they do not.
#
# **Predict before you run.** We will train the same small GAN on digits three times, with three seeds. A judge has
# learned from other real digits, and is made so that it is sure of 95 in 100 real ones. Of how many in 100 generated
# ones will it be sure? Will all ten digits be there, and equally often? Write three numbers down.

# %%
import inspect
from dataclasses import replace
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import Markdown
from scipy.stats import norm, spearmanr

from gan_core import datasets, divergences, figures, methods, metrics, training, transport, widgets
from gan_core.course import check, checked, claim

figures.use_style()
torch.set_default_dtype(torch.float64)  # 64-bit numbers: the same digits on every machine

# %% [markdown]
# ## Algorithm 1, line by line (12 min)
#
# A **generator** $G$ turns noise $z$ into an example $x = G(z)$. The examples it makes have some density $q$ (the
# papers write $p_g$), but there is no formula for it: $q$ is *implicit*. The data have the density $p$. A
# **discriminator** $D$ looks at one $x$ and says how sure it is that $x$ came from the data. Chapter 02 showed what $D$
# maximises,
#
# $$V(D) = \mathbb{E}_{x\sim p}[\log D(x)] + \mathbb{E}_{z}[\log(1 - D(G(z)))],$$
#
# and chapter 06 what $G$ minimises in practice, $\mathbb{E}_z[-\log D(G(z))]$. Algorithm 1 alternates between the two:
#
# | in words | in the code |
# |---|---|
# | repeat: | `iteration` |
# | $\quad$ $k$ times: | `for _ in range(run.gan.n_dis)` |
# | $\qquad$ take $m$ real examples and $m$ noise vectors, both fresh | `run.real`, `run.noise` |
# | $\qquad$ move $D$ one step up $V$, with $G$ fixed | `discriminator_step`, `discriminator_loss` |
# | $\quad$ take $m$ noise vectors, fresh again | `run.noise` |
# | $\quad$ move $G$ one step down its loss, with $D$ fixed | `generator_step` |
#
# This is not a sketch. The next cell prints the source code of the functions that train every GAN in this course.

# %%
STEPS = (
    training.iteration,
    training.algorithm_1,
    training.discriminator_step,
    training.discriminator_loss,
    training.generator_step,
    training.generator_loss,
)
Markdown("```python\n" + "\n\n".join(inspect.getsource(step) for step in STEPS) + "```")

# %% [markdown]
# Three details matter most. The fakes of $D$'s step are made under `no_grad`: no gradient may reach $G$. In $G$'s step
# $D$ is *frozen*: the gradient goes through it, and $D$ keeps none. And each step draws its own minibatch.
#
# The other lines are for the methods of later chapters. Each finds its part in `run.gan`: penalties, constraints, heads
# (further outputs of $D$), another opponent, a schedule, labels `y`, a moving average. This chapter's method has none
# of them: the inner loops are empty, `y` is `None`, the opponent is $D$ itself.
#
# A *method* is a value that holds these parts, and a *run* is a training in progress. Our first data are numbers,
# points on a line.

# %%
data = datasets.mixture([-1.0, 1.0], std=0.5)  # p: two hills that overlap
gan = methods.gan(data.shape, z=1, width=32)
run = training.start(gan, data, seed=0)


def moved(before, after, part):
    """For each layer of `part`, its largest change."""
    layers = zip(getattr(before, part).parameters(), getattr(after, part).parameters(), strict=True)
    return np.array([float((a - b).abs().max().detach()) for a, b in layers])


start = run.copy()
loss_d = training.discriminator_step(run)

# %% jupyter={"source_hidden": true}
claim("07/d-step-moves-d", "A step of D moves every layer of D.", moved(start, run, "discriminator"), above=0)
claim(
    "07/d-step-spares-g",
    "A step of D leaves G as it was, to the bit.",
    moved(start, run, "generator"),
    equals=0,
    within=0,
)

# %%
middle = run.copy()
loss_g = training.generator_step(run)

# %% jupyter={"source_hidden": true}
claim("07/g-step-moves-g", "A step of G moves every layer of G.", moved(middle, run, "generator"), above=0)
claim(
    "07/g-step-spares-d",
    "A step of G leaves D as it was, to the bit.",
    moved(middle, run, "discriminator"),
    equals=0,
    within=0,
)

# %% [markdown]
# On the line we can compute $q$ almost exactly. The noise is one number, $z\sim N(0,1)$. We put 4,000 equally likely
# values of $z$ into $G$ and count where they land: that is $q$. So we know $V(D)$, and the Jensen–Shannon divergence,
# well enough to ask: does $D$'s half of the algorithm reach the maximum of chapter 02, $V(D^*) = 2\,\mathrm{JSD}(p,q) -
# \log 4$?

# %%
edges = np.linspace(-4, 4, 161)
x, dx = (edges[1:] + edges[:-1]) / 2, edges[1] - edges[0]
points = torch.as_tensor(x)[:, None]
p = data.log_density(points).exp().numpy()
p /= p.sum() * dx  # what lies beyond ±4 is one part in 10⁹
z_grid = torch.as_tensor(norm.ppf((np.arange(4000) + 0.5) / 4000))[:, None]


def densities(run):
    """q and D over x."""
    with torch.no_grad():
        fake = run.generator(z_grid).numpy()[:, 0]
    q = np.histogram(fake.clip(-4, 4), edges, density=True)[0]
    return q, torch.sigmoid(run.logits(points)).numpy()


def value_and_top(run):
    q, d = densities(run)
    return divergences.value(d, p, q, dx), 2 * divergences.js(p, q, dx) - np.log(4)


run = training.start(gan, data, seed=0)
climb = []
for _ in range(300):  # D learns, G stands still
    climb.append(value_and_top(run))
    training.discriminator_step(run)
climb, top = np.array(climb).T[0], climb[0][1]

# %% jupyter={"source_hidden": true}
claim("07/v-never-above", "V(D) never rises above 2·JSD − log 4.", climb - top, below=0)

# %%
gap = (top - climb[-1]) / (top - climb[0])

# %% jupyter={"source_hidden": true}
claim("07/d-climbs", "With G standing still, 300 steps of D go more than 4/5 of the way.", gap, below=0.2)

# %% [markdown]
# **What you saw.** Half of the algorithm is plain supervised learning, and it works. The difficulty of GANs begins when
# $G$ learns, too: then the best $D$ changes all the time.
#
# ## The picture of the first paper (10 min, depth)
#
# Now both learn. The figure below is Figure 1 of the first paper (Goodfellow et al. 2014), computed: the data (blue),
# the model (orange, dashed), the discriminator (green, dash-dotted), and under each panel the arrows from $z$ to $x =
# G(z)$. Where many arrows end, $q$ is high. *Before you look:* what shape has $D$ when the two densities are the same?
#
# We give $D$ five steps for each step of $G$, and train with five seeds. Every thirty steps we note how far apart model
# and data are, how far $D$ is from ½ ("I cannot tell"), and how far $V(D)$ is below $V(D^*)$.

# %%
adam = partial(training.adam, lr=2e-3)
five = replace(gan, n_dis=5, optimizer_d=adam, optimizer_g=adam)
MOMENTS, EVERY = (1, 20, 60, 300), 30
film, seen = {}, {}


def measures(run):
    """Earth mover's distance, JSD, E_p|D(x) − ½|, and V(D*) − V(D)."""
    q, d = densities(run)
    emd, jsd = transport.emd(p * dx, q * dx, positions=x, normalise=True), divergences.js(p, q, dx)
    return emd, jsd, (p * np.abs(d - 0.5)).sum() * dx, 2 * jsd - np.log(4) - divergences.value(d, p, q, dx)


def watch(run):
    if run.step in MOMENTS and run.gan.n_dis == 5:
        film[run.seed, run.step] = run.copy()
    if run.step % EVERY == 0:
        seen.setdefault((run.gan.n_dis, run.seed), []).append(measures(run))


runs = {5: training.replicate(five, data, steps=300, seeds=range(5), watch=watch)}

# %%
z_few = torch.linspace(-2, 2, 7)[:, None]


middle = int(np.argsort([measures(run)[0] for run in runs[5]])[2])  # the seed that ends third of five: not the best one


def moment(step):
    run = film[middle, step]
    with torch.no_grad():
        g = run.generator(z_few)
    return f"step {step}", *densities(run), z_few[:, 0].numpy(), g[:, 0].numpy()


fig = figures.training.evolution(x, p, [moment(step) for step in MOMENTS])
plt.show()

# %%
first = np.array([measures(film[seed, 1]) for seed in range(5)])
last = np.array([measures(run) for run in runs[5]])
fall = last[:, 0] / first[:, 0]

# %% jupyter={"source_hidden": true}
claim("07/1d-learns", "The earth mover's distance falls by more than 3/4, on each of 5 seeds.", fall, below=1 / 4)
claim("07/d-to-half", "At the end D is within 0.1 of ½, on average over the data, on each seed.", last[:, 2], below=0.1)

# %% [markdown]
# **Did you notice?** $D$ first separates the two sides, then $G$ moves to where $D$ is higher. When the dashed line
# reaches the solid one, $D$ is near ½: it cannot tell real from fake any more. But is "$D \approx ½$" a *sign* of
# success? Keep this question; the section "How many steps of D?" answers it. (Do the arrows cross? $z$ is symmetric
# about 0, so $G(-z)$ makes the same $q$ as $G(z)$.)
#
# ## Step by step, by hand (8 min, depth)
#
# Now you are the algorithm. The buttons below make one step of $D$, one of $G$, or one of both. The arrows under the
# densities show where the generator's loss pulls each of a dozen fakes: along $-\partial L_G/\partial x$, uphill on
# $D$. The learning rates are large, $D$'s larger than $G$'s, so that you see the effect of one click.
#
# *Try:* only "step D", twenty times. Then only "step G", twenty times. Then both. (In the book these clicks have been
# made, and its slider goes through them.)

# %%
quick, slow = partial(training.adam, lr=2e-2), partial(training.adam, lr=1e-2)
by_hand = replace(gan, optimizer_d=quick, optimizer_g=slow)
beginning = training.start(by_hand, data, seed=0), 0, 0  # a state: the run, steps of D, steps of G


def step_d(state):
    run, of_d, of_g = state
    run = run.copy()  # states are values: the old one stays as it was
    training.discriminator_step(run)
    return run, of_d + 1, of_g


def step_g(state):
    run, of_d, of_g = state
    run = run.copy()
    training.generator_step(run)
    return run, of_d, of_g + 1


def step_both(state):
    return step_g(step_d(state))


# %%
def panel(state):
    run, of_d, of_g = state
    with torch.no_grad():
        fakes = run.generator(torch.linspace(-1.8, 1.8, 12)[:, None])
    fakes.requires_grad_()
    loss = len(fakes) * gan.objective.generator(run.discriminator(fakes))  # the sum of the fakes' losses
    (gradient,) = torch.autograd.grad(loss, fakes)
    title = f"steps: D {of_d}, G {of_g}"
    return title, *densities(run), fakes.detach()[:, 0].numpy(), -gradient[:, 0].numpy()


def draw(state):
    jsd = divergences.js(p, densities(state[0])[0], dx)
    text = f"steps: {state[1]} of D, {state[2]} of G; JSD = {jsd:.2f} nats"
    return figures.training.game(x, p, [panel(state)]), text


widgets.step_through(draw, beginning, step_D=step_d, step_G=step_g, both=step_both)

# %% [markdown]
# For a page without a kernel, here are four moments of such a game: the start, after 20 steps of $D$ alone, after 20
# more of $G$ alone, and after 100 more of both.


# %%
def repeat(action, times, state):
    for _ in range(times):
        state = action(state)
    return state


learned = repeat(step_d, 20, beginning)
chased = repeat(step_g, 20, learned)
together = repeat(step_both, 100, chased)
fig = figures.training.game(x, p, [panel(state) for state in (beginning, learned, chased, together)])
plt.show()

# %% [markdown]
# With $D$ held still the fakes go uphill on $D$. Nothing in $G$'s loss asks them to spread, or to stop at the data. In
# the end they fool this $D$ nearly always, and are far from the data. The next cell measures both, on five seeds.


# %%
def held_still(seed):
    """D learns for 20 steps and is then held; G takes 200. The mean of D(G(z)), and the JSD."""
    run = training.start(by_hand, data, seed=seed)
    for _ in range(20):
        training.discriminator_step(run)
    for _ in range(200):
        training.generator_step(run)
    with torch.no_grad():
        fake = run.generator(z_grid)
    return float(torch.sigmoid(run.logits(fake)).mean()), divergences.js(p, densities(run)[0], dx)


fooled, jsd = np.array([held_still(seed) for seed in range(5)]).T

# %% jupyter={"source_hidden": true}
claim("07/fools-held-d", "A D held still calls the fakes real: mean D(G(z)) > 0.8 on 5 seeds.", fooled, above=0.8)
claim(
    "07/fooling-is-not-learning",
    "The fakes that fool a D held still are far from the data: JSD > 0.3 nats of 0.69.",
    jsd,
    above=0.3,
)

# %% [markdown]
# ## How many steps of D? (8 min, depth)
#
# Algorithm 1 makes $k$ steps of $D$ (in the code: `n_dis`) for one of $G$. The paper used $k=1$, "the least expensive
# option". *Predict:* after the same number of generator steps, is $k=5$ better than $k=1$? And after the same *work*?
#
# One run proves nothing, so each $k$ gets five seeds, and the figure shows their median and their whole range. With
# $k=1$ we make 900 steps of $G$: as much work as 300 steps at $k=5$, if a step of $G$ counts as one of $D$.

# %%
for k, steps in ((1, 900), (2, 300)):
    runs[k] = training.replicate(replace(five, n_dis=k), data, steps=steps, seeds=range(5), watch=watch)
tracks = {k: np.array([seen[k, seed] for seed in range(5)]) for k in (1, 2, 5)}  # (seeds, times, measures)

# %%
curves = {f"k = {k}": track[:, :, 0] for k, track in tracks.items()}
at = {label: EVERY * np.arange(1, curve.shape[1] + 1) for label, curve in curves.items()}
fig = figures.training.spread(at, curves, "earth mover's distance to the data")
plt.show()

# %%
late = {k: np.median(track[:, 5:10, 0].mean(1)) for k, track in tracks.items()}  # steps 180 to 300, median of seeds
same_work = np.median(tracks[1][:, -5:, 0].mean(1))  # k = 1, steps 780 to 900
per_step, per_work = late[1] / late[5], same_work / late[5]

# %% jupyter={"source_hidden": true}
claim("07/k5-per-step", "After 300 steps of G, k = 1 is more than 1.5 times as far away as k = 5.", per_step, above=1.5)
claim(
    "07/k5-per-work",
    "After the same work k = 1 is still more than 1.5 times as far away as k = 5.",
    per_work,
    above=1.5,
)

# %% [markdown]
# On these data five steps of $D$ are better, even at equal work: a $D$ that is nearer to $D^*$ shows $G$ a better
# direction. This is true of this game, not of all. In chapter 06 a $D$ that was *too* good left the saturating loss no
# gradient; and with digits, below, $k=1$ is enough.
#
# And now the question from above. At $k=1$, is $D\approx½$ a sign that $G$ has reached the data?

# %%
jsd, away = tracks[1][:, 10:, 1], tracks[1][:, 10:, 2]  # k = 1, from step 330 on
deceived = np.where(away < 0.03, jsd, 0).max(1)

# %% jupyter={"source_hidden": true}
claim("07/half-is-no-proof", "On each seed D is at times within 0.03 of ½ while JSD > 0.1 nats.", deceived, above=0.1)

# %% [markdown]
# **What you saw.** $D\approx ½$ has two possible causes: the densities agree, or $D$ has not yet learned how they
# differ. From this number alone one cannot say which.
#
# ## In the plane (7 min, depth)
#
# Now an example is a point in the plane. The data are eight soft spots on a circle. A spot is *covered* when at least
# 20 of 2,000 samples lie within three standard deviations of its centre. *Predict:* how many of the eight are covered
# on each of five seeds?

# %%
ring = datasets.ring(8, radius=2.0, std=0.3)
found = {}


def watch_modes(run):
    if run.step % 260 == 0:
        found.setdefault(run.seed, []).append(metrics.modes(run.samples(2_000), ring))


plane = training.replicate(methods.gan(ring.shape, width=64), ring, steps=1_300, watch=watch_modes)
covered = np.array([[modes.covered for modes in found[run.seed]] for run in plane])  # (seeds, times)
near = np.array([[modes.near for modes in found[run.seed]] for run in plane])

# %%
real = ring.sample(400, torch.Generator().manual_seed(0))
panels = [(f"GAN, seed {run.seed}", run.samples(400), figures.ORANGE) for run in plane]
fig = figures.training.clouds(ring.centres, [("data", real, figures.BLUE), *panels], radius=0.9)
plt.show()

# %%
print("spots covered after 260 steps, seed by seed:", *covered[:, 0])
print("and after 1,300 steps:                      ", *covered[:, -1])
of_data = metrics.modes(ring.sample(20_000, torch.Generator().manual_seed(1)), ring).near
stray = of_data - near[:, -1]

# %% jupyter={"source_hidden": true}
claim(
    "07/ring-covered",
    "In the end all eight spots of the ring are covered, on each of 5 seeds.",
    covered[:, -1],
    equals=8,
    within=0,
)
claim("07/ring-late", "After 260 steps no seed covers more than half of the ring's spots.", covered[:, 0], below=5)
claim("07/ring-stray", "Samples stray: on each seed fewer are near a spot than of the data.", stray, above=0.005)

# %% [markdown]
# All eight, on all five seeds? Look at the picture again: some of these are clouds without clear spots. "Covered" is a
# weak measure when spots are soft and near each other. As a control we make such a cloud on purpose: one wide Gaussian
# with the data's mean and covariance.

# %%
cloud = (2.0**2 / 2 + 0.3**2) ** 0.5 * torch.randn(2_000, 2, generator=torch.Generator().manual_seed(2))
cloud = metrics.modes(cloud, ring)

# %% jupyter={"source_hidden": true}
claim("07/cloud-covers-all", "One wide Gaussian covers all eight spots as well.", cloud.covered, equals=8, within=0)
claim(
    "07/ring-beats-cloud",
    "Each GAN has more of its samples near a spot than one wide Gaussian has.",
    near[:, -1] - cloud.near,
    above=0.01,
)

# %% [markdown]
# And five successes in five tries do not prove "always". The exact 95 % interval of the rate of success begins at the
# rate $r$ for which five of five has a chance of only 2.5 %, $r^5=0.025$. Chapter 08 makes the spots small, and then
# counting says more.

# %%
lowest = 0.025 ** (1 / 5)

# %% jupyter={"source_hidden": true}
claim(
    "07/five-of-five", "Five of five is compatible with a rate of success of 48 %.", lowest, equals=0.478, within=0.001
)

# %% [markdown]
# ## Half-way
#
# *45 minutes lie behind you, 50 ahead: a good place to stop.*
#
# **So far:** Algorithm 1 makes $k$ steps of $D$ on fresh minibatches, then one of $G$, and each step moves one player
# only. On the line it brings the model to the data on each of five seeds; in the plane it covers all eight spots, late,
# and some samples stray. **To come:** real digits, how good they are, and what the losses tell about it.
#
# ## Real digits (12 min)
#
# The data are 1,797 digits that people wrote by hand, 8×8 pixels each. We cut them in two halves. The GAN learns from
# the first. The second goes to a **judge**, ten support vector machines that learn to say "this is a 7, this is not".
# So each half is held-out data for the other: the GAN's half for the judge, and the judge's half for the GAN.

# %%
mine, other = datasets.digits().split(899, seed=0)
judge = metrics.Judge(other, mine)

# %% jupyter={"source_hidden": true}
claim("07/judge", "The judge names more than 97 in 100 held-out digits correctly.", judge.accuracy, above=0.97)

# %% [markdown]
# The GAN is the one you know: two multilayer perceptrons, 16 noise numbers in, 64 pixels out. We take three seeds.
# Every 250 steps we note a distance to the other half, the **pixel Fréchet distance**
#
# $$d^2 = \lVert\mu_1-\mu_2\rVert^2 + \operatorname{tr}\big(\Sigma_1+\Sigma_2-2(\Sigma_1\Sigma_2)^{1/2}\big),$$
#
# with $\mu$ and $\Sigma$ the mean and the covariance of the 64 pixels, and $\operatorname{tr}$ the trace. (The famous
# FID, Fréchet Inception Distance, is this formula on the features of one certain network. We use pixels, so we do not
# call it that.)
#
# Training is chaotic. Two kinds of processor differ in the last place of a 64-bit number. Within 4,500 steps this
# difference grows so much that other digits are drawn. So the bounds in the claims below are wide.

# %%
gan_of_digits = replace(methods.gan(mine.shape, width=96), optimizer_d=adam, optimizer_g=adam)
noted = {}


def watch_distance(run):
    if run.step % 250 == 0:
        noted.setdefault(run.seed, []).append(metrics.frechet_distance(run.samples(899), other.x))


drawn = training.replicate(gan_of_digits, mine, steps=4_500, seeds=range(3), batch=32, watch=watch_distance)
distances = np.array([noted[run.seed] for run in drawn])  # (seeds, times)

# %%
sheets = [("real", mine.x[:50]), *[(f"GAN, seed {run.seed}", run.samples(50)) for run in drawn]]
fig = figures.training.sheets(sheets)
plt.show()

# %% [markdown]
# Nobody picked these: they are the first 50 of each seed. Most are easy to read; some are no digits at all.
#
# ## How good are they? (12 min)
#
# "Looks good" is not a measurement, and a measurement means nothing without something to compare with. So the same
# judge also looks at real digits, and at five samplers that are not trained GANs. It is *sure* of a sample when its
# highest score for a class is one that 95 in 100 real digits reach.

# %%
rng, n = torch.Generator().manual_seed(1), len(mine)
noise = torch.randn(n, *mine.shape, generator=rng)
root = torch.linalg.cholesky(torch.cov(mine.x.flatten(1).T) + 1e-6 * torch.eye(64))  # root @ root.T: their covariance
gaussian = mine.x.mean(0) + (noise.flatten(1) @ root.T).reshape(n, *mine.shape)
samplers = {
    "real digits": [mine.x],
    "GAN, 3 seeds": [run.samples(n) for run in drawn],
    "untrained G, 3 seeds": [training.start(gan_of_digits, mine, seed=seed).samples(n) for seed in range(3)],
    "noise": [noise.clamp(-1, 1)],
    "mean digit": [mine.x.mean(0) + 0.05 * noise],
    "Gaussian, same moments": [gaussian.clamp(-1, 1)],
    "blurred training digits": [(mine.sample(n, rng) + 0.25 * noise).clamp(-1, 1)],  # a kernel density estimate
}
sure = {name: np.array([judge.sure(x).mean() for x in sets]) for name, sets in samplers.items()}
far = {name: np.array([metrics.frechet_distance(x, other.x) for x in sets]) for name, sets in samplers.items()}

# %%
panels = [("share the judge is sure of", sure, "linear"), ("pixel Fréchet distance to held-out digits", far, "log")]
fig = figures.training.scores(panels)
plt.show()

# %%
GAN, BLUR, NORMAL = "GAN, 3 seeds", "blurred training digits", "Gaussian, same moments"
blind = np.concatenate([sure["untrained G, 3 seeds"], sure["noise"]])
progress, floor = far[GAN] / far["untrained G, 3 seeds"].min(), far[GAN] / far["real digits"]

# %% jupyter={"source_hidden": true}
claim(
    "07/digits-sure",
    "Of 65 to 85 in 100 GAN digits the judge is sure, on 3 seeds (real: 95).",
    sure[GAN],
    above=0.65,
    below=0.85,
)
claim(
    "07/untrained-unsure",
    "Of an untrained G's digits, and of noise, the judge is sure of fewer than 1 in 100.",
    blind,
    below=0.01,
)
claim(
    "07/digits-distance", "The GAN's pixel Fréchet distance is below 1/10 of an untrained one's.", progress, below=0.1
)
claim("07/digits-floor", "The GAN's pixel Fréchet distance is more than 3 times that of real digits.", floor, above=3)

# %% [markdown]
# Compare with the numbers you wrote down. Then look at the controls: each of the two measures can be fooled.

# %%
closer = far[GAN].mean() - far[NORMAL]

# %% jupyter={"source_hidden": true}
claim(
    "07/gaussian-is-nearer", "A Gaussian with the digits' moments is nearer to them than the GANs are.", closer, above=0
)
claim(
    "07/gaussian-unsure",
    "Of that Gaussian's samples the judge is sure of fewer than 40 in 100.",
    sure[NORMAL],
    below=0.4,
)
claim(
    "07/mean-is-sure",
    "Of the mean digit, again and again, the judge is sure in more than 70 of 100.",
    sure["mean digit"],
    above=0.7,
)


# %%
def shares(x):
    """The share of each of the ten classes among the samples that the judge is sure of."""
    labels = judge.label(x[torch.as_tensor(judge.sure(x))])
    return np.bincount(labels, minlength=10) / len(labels)


classes = {name: np.array([shares(x) for x in samplers[name]]) for name in ("real digits", GAN, "mean digit")}
fig = figures.training.classes({name: classes[name] for name in ("real digits", GAN)})
plt.show()

# %%
uneven = {name: (share.max(1) / share.min(1).clip(1e-9)).max() for name, share in classes.items()}

# %% jupyter={"source_hidden": true}
claim("07/all-ten", "The GAN draws all ten digits, each more than once in 100, on each seed.", classes[GAN], above=0.01)
claim("07/real-even", "Of real digits none is 1.5 times as frequent as another.", uneven["real digits"], below=1.5)
claim(
    "07/gan-uneven",
    "On the GAN's worst seed one digit is more than twice as frequent as another.",
    uneven[GAN],
    above=2,
)
claim("07/mean-one-class", "The mean digit is always of one class.", classes["mean digit"].max(), above=0.999)

# %% [markdown]
# **And the blurred training digits?** A training digit plus a little noise beats the GAN on both measures, and it is
# useless: it brings nothing new. So the last test looks for copies. The two halves of the data, `mine` and `other`,
# have the same size. So for one new digit in two the nearest real digit is one of `mine`; for a copy it always is.


# %%
def to_mine(x):
    return metrics.nearest_distance(x, mine.x)


def copied(x):
    """The share of samples nearer to a training digit than to any held-out one."""
    return (to_mine(x) < metrics.nearest_distance(x, other.x)).mean()


blur = samplers[BLUR][0]
ahead = [far[GAN].mean() - far[BLUR][0], sure[BLUR][0] - sure[GAN].mean()]

# %% jupyter={"source_hidden": true}
claim("07/blur-wins", "Blurred training digits beat the GANs on both measures.", ahead, above=0)
claim(
    "07/blur-copies",
    "Of blurred training digits more than 90 in 100 are nearer to a training digit than to a held-out one.",
    copied(blur),
    above=0.9,
)

# %%
fresh = [copied(x) for x in samplers[GAN]]

# %% jupyter={"source_hidden": true}
claim(
    "07/gan-does-not-copy",
    "Of the GAN's digits more than half are nearer to a training digit, but fewer than 2/3.",
    fresh,
    above=1 / 2,
    below=2 / 3,
)

# %%
everything = {"real, held out": to_mine(other.x), GAN: np.concatenate([to_mine(x) for x in samplers[GAN]])}
fig = figures.training.nearest({**everything, BLUR: to_mine(blur)})
plt.show()

# %%
twelve = samplers[GAN][0][:12]
closest = mine.x[torch.cdist(twelve.flatten(1), mine.x.flatten(1)).argmin(1)]
fig = figures.training.pairs(twelve, closest, ("GAN", "nearest\ntraining digit"))
plt.show()

# %% [markdown]
# **What you saw.** No single number is enough. The judge does not see that a picture comes again and again, the Fréchet
# distance does not see that nothing can be read, and neither sees copies. Together, beside their controls, they
# describe this GAN: about three in four of its digits are good; all ten are there, unevenly; and they are not copies,
# though they are a little nearer to the digits that it was shown.
#
# ## What the loss curves do not say (6 min)
#
# So far we have not looked at the two numbers that everybody plots: the losses. What do they tell us? *Predict:* when
# the digits get better, does $L_D$ fall or rise?

# %%
steps = 250 * np.arange(1, distances.shape[1] + 1)
loss_d, loss_g = (  # means over the 250 steps before each distance
    np.array([run.history[name].reshape(-1, 250).mean(1) for run in drawn]) for name in ("loss_d", "loss_g")
)
fig = figures.training.losses(steps, loss_d, loss_g, distances, ("mean loss (nats)", "pixel Fréchet distance"))
plt.show()


# %%
def rank_correlation(loss, distance):
    """Spearman's, for each seed: +1 when the loss ranks the moments as the distance does."""
    return [spearmanr(a, b).statistic for a, b in zip(loss, distance, strict=True)]


whole_d, whole_g = rank_correlation(loss_d, distances), rank_correlation(loss_g, distances)
late_d = rank_correlation(loss_d[:, 10:], distances[:, 10:])  # from step 2,500 on
late_g = rank_correlation(loss_g[:, 10:], distances[:, 10:])

# %% jupyter={"source_hidden": true}
claim(
    "07/loss-d-rises",
    "L_D ranks the moments of a run the wrong way round: correlation with the distance < −0.5.",
    whole_d,
    below=-0.5,
)
claim(
    "07/loss-g-falls",
    "L_G ranks the moments of a whole run the right way: correlation with the distance > 0.5.",
    whole_g,
    above=0.5,
)

# %%
turned = np.mean(late_d) - np.mean(whole_d), np.mean(whole_g) - np.mean(late_g)

# %% jupyter={"source_hidden": true}
claim(
    "07/loss-turns",
    "In the second half alone both correlations, mean of 3 seeds, are weaker by more than 0.3.",
    turned,
    above=0.3,
)

# %% [markdown]
# At first the losses do tell something: $D$ is far ahead, then $G$ catches up; so $L_D$ *rises* as the digits get
# better. After that the two are in balance, and the losses hardly change while the digits still improve:

# %%
still = np.ptp(np.stack([loss_d, loss_g])[:, :, 10:], axis=2)  # largest minus smallest
better = distances[:, 9] / distances[:, -1]

# %% jupyter={"source_hidden": true}
claim("07/losses-stand", "From step 2,500 on neither loss moves by more than 0.15 nats.", still, below=0.15)
claim(
    "07/digits-go-on",
    "From step 2,500 on the distance falls by more than a quarter, mean of 3 seeds.",
    better.mean(),
    above=4 / 3,
)

# %% [markdown]
# And to compare two runs, the level of a loss is of no use at all. Take five runs on points of the line, with one step
# of $D$ for each step of $G$ (those at $k=1$ in the section "How many steps of D?"): their losses are the same.

# %%
level = [run.history["loss_d"][-150:].mean() for run in runs[1]]
jsd = tracks[1][:, -5:, 1].mean(1)  # over the same 150 steps

# %% jupyter={"source_hidden": true}
claim("07/same-loss", "At k = 1, on 5 seeds, L_D is log 4 within 0.01 nats.", level, equals=np.log(4), within=0.01)
claim(
    "07/not-the-same",
    "Of these 5 runs of equal loss, the JSD of the worst is more than 3 times that of the best.",
    jsd.max() / jsd.min(),
    above=3,
)

# %% [markdown]
# **Did you notice?** If $D=½$ everywhere, then $L_D = \log 4$, whatever the fakes look like. $L_D$ is $\log 4 -
# 2\,\mathrm{JSD}$ only if $D$ is the best one; chapter 02 showed that any other $D$ shows too small a JSD. Here $D$
# shows almost none of it.
#
# ## What the sources get wrong
#
# - **The slides, line 176:** 「実際には交互に目的関数を最適化する」 ("in practice one *optimises* the objective
#   alternately"), and $\max_{\theta_d}$, $\min_{\theta_g}$ in the lines below it. Algorithm 1, printed right after it, does no
#   such thing: it takes $k$ gradient steps. If each side did optimise, $V(D)$ would reach $V(D^*)$ in every iteration:

# %%
gap = tracks[1][:, 10:, 3].mean(1)  # V(D*) − V(D), k = 1, mean from step 330 on

# %% jupyter={"source_hidden": true}
claim("07/not-optimised", "At k = 1 V(D) stays more than 0.1 nats below V(D*) on average.", gap, above=0.1)

# %% [markdown]
# - **The slides, lines 168, 180 and 184** write $\mathbb{E}_{p_g(x)}$ and $\mathbb{E}_{p_g(z)}$ above $D(G(z))$, and
#   Algorithm 1 in the paper itself says "noise prior $p_g(z)$". This is one symbol for two things: $p_g$ is the density
#   of the *fakes*. The noise has another density, which training does not change, and even its dimension may differ (16
#   noise numbers, 64 pixels). Write $\mathbb{E}_{z\sim p_z}$. On the line the two can be compared:

# %%
prior = norm.pdf(x) / (norm.pdf(x).sum() * dx)
apart = [divergences.js(densities(run)[0], prior, dx) for run in runs[5]]

# %% jupyter={"source_hidden": true}
claim(
    "07/prior-is-not-pg", "After training, the fakes' density is not the noise's: JSD > 0.03 nats.", apart, above=0.03
)

# %% [markdown]
# - **The DCGAN article:** 「GeneratorとDiscriminatorのLossの変化だけを見ると学習が収束へ向かっているのかさっぱりわからない」 ("looking at the losses of G
#   and D alone one cannot tell at all whether training is converging"). Right, and now measured: `07/loss-turns`,
#   `07/losses-stand`, `07/same-loss`. They tell something in the first phase only: `07/loss-g-falls`.
# - **The slides, Algorithm 1,** give $G$ the loss $\log(1-D)$, as the paper does in its pseudo-code. The paper's text
#   recommends $-\log D$, and code uses it, ours too: chapter 06.
#
# ## Exercises (20 min)
#
# **Exercise 07.1** · ★☆☆ · 3 minutes. `fit` runs 400 steps with `n_dis=5` and `batch=64`. How many *real* examples has
# $D$ been shown, repetitions counted?

# %%
shown = None  # your number


check("07.1", shown)

# %% [markdown]
# <details><summary>Solution 07.1</summary>
#
# ```python
# check("07.1", 400 * 5 * 64)
# ```
#
# Each of the 400 iterations has five steps of $D$, each with a fresh minibatch of 64. $G$'s step shows $D$ fakes only.
#
# </details>

# %% [markdown]
# **Exercise 07.2** · ★★☆ · 5 minutes, depth. Write $D$'s loss, $-V(D)$, on *logits*, from memory. `real` and `fake` are
# tensors of logits, possibly of different length. It must be finite for a logit of −800, too.


# %%
def loss_of_d(real, fake): ...  # your line


check("07.2", loss_of_d)

# %% [markdown]
# <details><summary>Solution 07.2</summary>
#
# ```python
# def loss_of_d(real, fake):
#     softplus = torch.nn.functional.softplus
#     return softplus(-real).mean() + softplus(fake).mean()
#
#
# check("07.2", loss_of_d)
# ```
#
# $-\log\sigma(a) = \mathrm{softplus}(-a)$ and $-\log(1-\sigma(a)) = \mathrm{softplus}(a)$. Written with a sigmoid and a
# logarithm it would be infinite at −800.
#
# </details>

# %% [markdown]
# **Exercise 07.3** · ★★☆ · 4 minutes, depth. Write $G$'s loss, the one that does not saturate, on the logits of its
# fakes.


# %%
def loss_of_g(fake): ...  # your line


check("07.3", loss_of_g)

# %% [markdown]
# <details><summary>Solution 07.3</summary>
#
# ```python
# def loss_of_g(fake):
#     return torch.nn.functional.softplus(-fake).mean()
#
#
# check("07.3", loss_of_g)
# ```
#
# It is $D$'s loss for real examples, applied to fakes: "flip the labels".
#
# </details>

# %% [markdown]
# **Exercise 07.4** · ★★★ · 8 minutes, depth. Write the test for copies: the share of the samples `x` (n, d) whose nearest example
# in `training` (m, d) is nearer than their nearest in `held_out` (l, d). `torch.cdist(a, b)` gives all distances.


# %%
def share_of_copies(x, training, held_out): ...  # your lines


check("07.4", share_of_copies)

# %% [markdown]
# <details><summary>Solution 07.4</summary>
#
# ```python
# def share_of_copies(x, training, held_out):
#     to_training = torch.cdist(x, training).min(1).values
#     to_held_out = torch.cdist(x, held_out).min(1).values
#     return (to_training < to_held_out).double().mean()
#
#
# check("07.4", share_of_copies)
# ```
#
# With sets of equal size, ½ is what a sampler of the data itself gets, and 1 is what copies get.
#
# </details>

# %% [markdown]
# ## What we checked

# %%
checked()

# %% [markdown]
# ## Further reading
#
# - I. Goodfellow et al., *Generative adversarial nets*, NeurIPS 2014: Algorithm 1 and Figure 1.
# - M. Kahng et al., *GAN Lab: understanding complex deep generative models using interactive visual experimentation*, IEEE
#   Trans. Visualization and Computer Graphics, 2019: the game in the plane, step by step.
# - M. Heusel et al., *GANs trained by a two time-scale update rule converge to a local Nash equilibrium*, NeurIPS 2017: the
#   Fréchet distance for judging samples.
# - C. Meehan, K. Chaudhuri & S. Dasgupta, *A non-parametric test to detect data-copying in generative models*, AISTATS
#   2020.
# - M. Lucic et al., *Are GANs created equal? A large-scale study*, NeurIPS 2018: why one seed is no result.
#
# Next: chapter 08, mode collapse. The spots of the ring become small.

# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 11 · Conditional GANs
#
# **The question.** How does one tell a generator what to draw, and how does one check that it does so?
#
# *80 minutes.*
#
# **You will be able to**
#
# - write the objective of a conditional GAN with all its labels in place, and say what happens when one is missing;
# - give a network a label in four ways, and say what each of them can express;
# - derive the projection discriminator from a ratio of densities;
# - say what an auxiliary classifier adds to the game, and what it leaves out;
# - judge a conditional generator by two numbers, neither of which is enough alone.
#
# **Predict before you run.** *First:* there are four kinds of points. The generator is told which kind to draw. The
# discriminator is told the kind of the real points but, because of a mistake in the formula, not that of the fakes.
# How often does the generator draw the kind that it was asked for? *Second:* there are two kinds of points that
# overlap; 84 in 100 real ones lie on their own side. A generator has learned them very well, with the help of a
# classifier. Of 100 of its points, how many lie on their own side: fewer than 84, 84, or more? Write two numbers
# down.

# %%
import inspect
from dataclasses import replace
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import torch
from scipy.optimize import minimize
from scipy.special import xlogy
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

from gan_core import (
    datasets,
    divergences,
    figures,
    heads,
    judges,
    lipschitz,
    methods,
    metrics,
    networks,
    replicates,
    training,
    widgets,
)
from gan_core.course import check, checked, claim
from gan_core.course.figures.conditional import interval
from gan_core.training import Batch

figures.use_style()
torch.set_default_dtype(torch.float64)  # 64-bit numbers: the same digits on every machine
torch.set_num_threads(1)

# %% [markdown]
# ## A density for each label (7 min)
#
# So far a generator made *some* face, *some* digit. Now we want to tell it which. Each example has a *label* $y$, and
# the generator must learn not $p(x)$ but a density $p(x\mid y)$ for each $y$. The smallest case is two kinds of
# points on the line, which overlap.

# %%
axis = np.linspace(-12, 12, 2401)
dx = axis[1] - axis[0]
near = np.abs(axis) < 5  # the part that is shown


def normal(mean, std=1.0):
    return np.exp(-(((axis - mean) / std) ** 2) / 2) / (std * np.sqrt(2 * np.pi))


def two_kinds(apart, std=1.0):
    """The pairs (x, y), p(x, y) = p(y) p(x|y) as an array (2, bins): y = 0 is about −apart, y = 1 about +apart."""
    return np.stack([normal(-apart, std), normal(apart, std)]) / 2


p = two_kinds(1.0)
fig = figures.conditional.kinds(axis[near], {"the data": 2 * p[:, near]})
plt.show()

# %% [markdown]
# The generator gets the label together with its noise, $G(z,y)$, and so has a density $q(x\mid y)$ for each label.
# The discriminator gets the label together with the example: $D(x,y)$ says how likely it is that the *pair* is real.
# Real pairs come from the data. A fake pair is made in three steps: draw a label $y$ with the frequencies $p(y)$ of
# the data, draw $z$, and take $(G(z,y),y)$. The game is the old one, with pairs instead of points:
#
# $$\min_G\max_D\;V=\mathbb{E}_{(x,y)\sim p}\bigl[\log D(x,y)\bigr]+\mathbb{E}_{y\sim p(y)}\,\mathbb{E}_{z}
# \bigl[\log\bigl(1-D(G(z,y),y)\bigr)\bigr].$$
#
# So all of chapter 02 holds for pairs. The best discriminator is
#
# $$D^*(x,y)=\frac{p(x,y)}{p(x,y)+q(x,y)},\qquad p(x,y)=p(y)\,p(x\mid y),\quad q(x,y)=p(y)\,q(x\mid y),$$
#
# and $p(y)$ cancels in it: so $D^*$ is one discriminator for each label, in one network. The value, too, is a mean
# over small games, one for each label: $V(D^*)=\sum_y p(y)\,\bigl[2\,\mathrm{JSD}\bigl(p(x\mid y),q(x\mid
# y)\bigr)-\log 4\bigr]$. We compare three models that we can write down: one is **right**, one has the two labels
# **swapped**, and one is **deaf**: it ignores the label and draws a point of either kind.

# %%
MODELS = {"right": p, "swapped": p[::-1], "deaf": np.stack([p.sum(0)] * 2) / 2}


def value_at_best(p, q):
    """V(D*) = 2 JSD − log 4, over all places of p and q."""
    return 2 * divergences.js(np.ravel(p), np.ravel(q), dx) - np.log(4)


# %% jupyter={"source_hidden": true}
claim(
    "11/class-by-class",
    "The value at D* over pairs is the mean over the labels of the values of one game for each label.",
    [
        value_at_best(p, q) - np.mean([value_at_best(2 * a, 2 * b) for a, b in zip(p, q, strict=True)])
        for q in MODELS.values()
    ],
    equals=0,
    within=1e-10,
)

# %% [markdown]
# Does a trained network find this $D^*$? Keep the deaf generator fixed, and train two discriminators against it, five
# seeds of each. One is told the label, one is not. *Predict:* what will each say of a point at $x=2$?


# %%
class Deaf(nn.Module):
    """A generator that ignores its label: it always draws a point of either kind."""

    def __init__(self):
        super().__init__()
        self.std = nn.Parameter(torch.ones(1))

    def forward(self, z, y):
        return z[:, :1].sign() + self.std * z[:, 1:]


class Untold(nn.Module):
    """A discriminator D(x) where the loop expects D(x, y): it is given y and ignores it."""

    def __init__(self, D):
        super().__init__()
        self.D = D

    def forward(self, x, y):
        return self.D(x)


def step_of_d(run):
    loss = training.discriminator_step(run)
    run.record(loss, loss)


def quickly(gan):
    """The method with a quick Adam for both players and a moving average of G, as in all trainings of this chapter."""
    quick = partial(training.adam, lr=2e-3, betas=(0.0, 0.99))
    return replace(gan, optimizer_d=quick, optimizer_g=quick, ema=0.98)


# %%
rng = torch.Generator().manual_seed(0)
kind = torch.arange(20_000) % 2
line = datasets.Examples((2.0 * kind - 1)[:, None] + torch.randn(20_000, 1, generator=rng), kind)
told = quickly(replace(methods.cgan((1,), 2, z=2, width=32), generator=Deaf))
untold = replace(told, discriminator=lambda: Untold(networks.mlp(1, 1, width=32, activation=nn.LeakyReLU)))
trained = {}
for name, gan in {"told": told, "untold": untold}.items():
    runs = [training.start(gan, line, seed=seed, batch=256) for seed in range(5)]
    with replicates.teams(runs, step_of_d) as teams:
        for team in teams:
            for _ in range(300):
                step_of_d(team)
    x = torch.as_tensor(axis[near])[:, None]
    trained[name] = np.stack([[run.logits(x, torch.full((len(x),), y)).sigmoid() for y in (0, 1)] for run in runs])

# %%
best = divergences.optimal_discriminator(p, MODELS["deaf"])
panels = {
    "told the label": {f"D(x, {y})": (best[y, near], trained["told"][:, y]) for y in (0, 1)},
    "not told": {"D(x)": (np.full(near.sum(), 0.5), trained["untold"][:, 0])},
}
fig = figures.conditional.discriminators(axis[near], panels)
plt.show()

# %%
off = np.abs(trained["told"] - best[:, near])

# %% jupyter={"source_hidden": true}
claim(
    "11/trained-d",
    "Against a deaf G a trained D(x, y) is D*(x, y), to 0.04 on average over the data, on five seeds.",
    (off * p[:, near] * dx).sum((1, 2)),
    below=0.04,
)
claim(
    "11/untold-blind",
    "A D that is not told sees nothing wrong with a deaf G: it says ½, to 0.03 on average, on five seeds.",
    (np.abs(trained["untold"][:, 0] - 0.5) * p.sum(0)[near] * dx).sum(1),
    below=0.03,
)

# %% [markdown]
# **What you saw.** The points of a deaf generator are perfect as points. As *pairs* they are not, and only a $D$ that
# sees pairs can find that out: "a point at 2 with the label 0? Fake." What does such a $D$ teach the generator? Here
# $q(x\mid y)=p(x)$, so the logit of $D^*$ is
#
# $$\log\frac{p(x,y)}{q(x,y)}=\log\frac{p(y)\,p(x\mid y)}{p(y)\,p(x)}=\log p(y\mid x)-\log p(y),$$
#
# and its slope in $x$, which is all that $G$ learns from, is the slope of $\log p(y\mid x)$: that of a *classifier*.
# Yet we did not build one. Keep this in mind.

# %%
logit = np.log(best / (1 - best))
kind_1 = 1 / (1 + np.exp(-2 * axis))  # p(y = 1 | x) of the two kinds, by Bayes' rule
slope = np.gradient(logit, dx, axis=1)[:, near]

# %% jupyter={"source_hidden": true}
claim(
    "11/classifier-inside",
    "Against a deaf G the slope of the logit of D* is that of log p(y|x): −2 p(1|x) for y = 0, 2 p(0|x) for y = 1.",
    slope - np.stack([-2 * kind_1, 2 * (1 - kind_1)])[:, near],
    equals=0,
    within=1e-4,
)

# %% [markdown]
# ## A discriminator that is not told (7 min, depth)
#
# The slides that we follow (sakai 2018, line 358) write the objective as
#
# $$\min_G\max_D V=\mathbb{E}_{p_{data}(x)}[\log D(x|y)]+\mathbb{E}_{p_g(x)}[\log(1-D(G(z|y)))]$$
#
# Three things are wrong. The second mean is over $p_g(x)$, although $z$ is drawn. There is no mean over $y$. And in
# the second term $D$ sees a fake, but not the label that it was made for. The original paper (Mirza & Osindero 2014,
# eq. 2) has $z\sim p_z(z)$, which is right, but the other two mistakes as well. A reader can guess what is meant. But
# what game is it if a machine does exactly what is written?
#
# | $D$ is told | of real pairs | of fakes | what $D$ compares |
# |---|---|---|---|
# | both labels | $y$ | $y$ | $p(x,y)$ with $q(x,y)$ |
# | none | – | – | $p(x)$ with $q(x)=\sum_y p(y)\,q(x\mid y)$ |
# | the real ones only, as written | $y$ | – | pairs with points |
# | another label with the fakes | $y$ | $y'$, drawn anew | $p(x,y)$ with $p(y)\,q(x)$ |
#
# The last row is what happens if, by mistake, the program draws new labels for a minibatch of fakes before it shows
# them to $D$. *Predict* for each game which of the three models, right, swapped or deaf, has the lowest
# $2\,\mathrm{JSD}$, which is best for $G$.

# %%
nothing = np.zeros_like(axis)


def played(p, q):
    """The two distributions that D compares in each of the four games."""
    return {
        "both labels": (p, q),
        "none": (p.sum(0), q.sum(0)),
        "the real ones only": (np.stack([*p, nothing]), np.stack([nothing, nothing, q.sum(0)])),  # a third label: none
        "another with the fakes": (p, np.stack([q.sum(0)] * 2) / 2),
    }


GAMES = list(played(p, p))
worth = np.array([[value_at_best(*played(p, q)[game]) + np.log(4) for q in MODELS.values()] for game in GAMES])
fig = figures.conditional.table(worth, GAMES, list(MODELS), "2·JSD in nats: what G is to bring down to 0", "D is told")
plt.show()

# %% jupyter={"source_hidden": true}
claim(
    "11/only-pairs-tell",
    "Told both labels, D tells the three models apart: 0 for the right one, above 0.1 deaf, above 0.3 swapped.",
    [abs(worth[0, 0]) < 1e-9, worth[0, 2] > 0.1, worth[0, 1] > 0.3],
)
claim(
    "11/others-cannot",
    "In each of the three other games right, swapped and deaf are worth the same.",
    worth[1:] - worth[1:, :1],
    equals=0,
    within=1e-9,
)
claim(
    "11/missing-label-gives-away",
    "Told the real labels only, D wins against any model: 2·JSD is log 4, as if no fake ever looked real.",
    worth[2] - np.log(4),
    equals=0,
    within=1e-9,
)

# %% [markdown]
# **Did you notice** the third row? With the formula as written, $D$ need not look at the points at all. An example
# with a label is real, one without is fake. $L_D$ goes to 0, and $G$ learns nothing from a $D$ that has no reason to
# look at $x$.
#
# In the second and the fourth game $G$ does learn something: the mixture $p(x)$. How it uses the label does not
# matter to $D$. That does not mean that $G$ *ignores* the label.
#
# ## The same in training (7 min, depth)
#
# The data are four spots in the plane, one for each label. The networks are small, and $D$ gets the label by
# concatenation (explained in the next section). A fifth label, `NOBODY`, means "not told". Here is Algorithm 1 with
# all its labels; `of_real` and `of_fake` give the label that $D$ is told.

# %%
K = 4
NOBODY = K
spots = datasets.ring(K, radius=2.0, std=0.4)
label = torch.arange(4_000) % K
plane = datasets.Examples(spots.centres[label] + 0.4 * torch.randn(4_000, 2, generator=rng), label)


def told_as(of_real, of_fake):
    """Algorithm 1 for pairs, in which D hears of_real(run, y) beside real examples and of_fake(run, y) beside fakes."""

    def step(run):
        (x, y), z = run.real(), run.noise()
        with torch.no_grad():
            fake = Batch(run.G(z, y), of_fake(run, y), z)
        loss_d = training.descend(run.optimizer_d, training.discriminator_loss(run, Batch(x, of_real(run, y)), fake))
        y, z = run.labels(), run.noise()
        fake = Batch(run.G(z, y), of_fake(run, y), z)
        return loss_d, training.descend(run.optimizer_g, training.generator_loss(run, fake))

    return step


def the_label(run, y):
    return y


def nothing_at_all(run, y):
    return torch.full_like(y, NOBODY)


def another_label(run, y):
    return run.labels()


HEARS = dict(zip(GAMES, [
    (the_label, the_label), (nothing_at_all, nothing_at_all), (the_label, nothing_at_all), (the_label, another_label),
], strict=True))  # fmt: skip
plain = quickly(methods.cgan((2,), K + 1, z=4, width=32))
asked = torch.arange(1_000) % K
drawn = {}
for game, (of_real, of_fake) in HEARS.items():
    runs = training.replicate(replace(plain, step=told_as(of_real, of_fake)), plane, steps=300, seeds=range(8))
    drawn[game] = [run.samples(1_000, y=asked) for run in runs]

# %%
of_one_seed = {f"D is told\n{game}": (x[1][:300], asked[:300]) for game, x in drawn.items()}
fig = figures.conditional.told(of_one_seed, spots.centres, 4.2)
plt.show()


# %%
def nearest_spot(x):
    return torch.cdist(x, spots.centres).argmin(1)


accuracy = {game: [metrics.label_accuracy(asked, nearest_spot(x)) for x in seeds] for game, seeds in drawn.items()}
# a small mark is a seed, the large one the mean of the seeds, the bar its 95 % interval by Student's t
fig = figures.conditional.measures({"label accuracy": (accuracy, {"chance": 1 / K})})
plt.show()

# %% jupyter={"source_hidden": true}
claim(
    "11/told-hears",
    "Told both labels: more than 99 in 100 points are of the kind that was asked for, on each of 8 seeds.",
    accuracy["both labels"],
    above=0.99,
)

# %%
ends = np.array([interval(accuracy[game]) for game in GAMES[1:]])

# %% jupyter={"source_hidden": true}
claim(
    "11/untold-is-chance",
    "In each of the three other games the 95 % interval of the mean label accuracy includes 1/4.",
    [low < 1 / K < high for low, high in ends],
)
claim(
    "11/untold-lottery",
    "Told none, one of the eight seeds is right in more than 99 of 100 cases, and another in fewer than one.",
    [max(accuracy["none"]) > 0.99, min(accuracy["none"]) < 0.01],
)


# %%
def heard(x):
    """The mutual information of label asked for and spot drawn, in nats: log K if one tells the other, 0 if nothing."""
    pairs = np.zeros((K, K))
    np.add.at(pairs, (asked.numpy(), nearest_spot(x).numpy()), 1 / len(x))
    return divergences.kl(pairs.ravel(), np.outer(pairs.sum(1), pairs.sum(0)).ravel())


# %% jupyter={"source_hidden": true}
claim(
    "11/untold-not-deaf",
    "Told no label, G makes use of its label on each seed: label and spot share more than 0.5 nats, of 1.39.",
    [heard(x) for x in drawn["none"]],
    above=0.5,
)

# %% [markdown]
# **What you saw.** The mean is that of chance, but the seeds are very different. A generator whose label is not
# checked is not deaf. It uses its label like one more number of noise, and sends label 0 to *some* spot, or to parts
# of several; by luck it can be the right one. One seed of this broken program has an accuracy of 1. There are $4!=24$
# ways to give four labels to four spots, so this must happen sometimes. One run with good pictures does not prove
# that the label is connected correctly.
#
# ## Four ways to say it (13 min)
#
# How does a number $y\in\{0,\dots,K-1\}$ enter a network? First it becomes a vector, the *embedding* $e(y)$: row $y$
# of a table that is learned.
#
# **Concatenation** (`methods.cgan`, Mirza & Osindero 2014). Join $e(y)$ to the input, $[x,e(y)]$; for an image, as
# extra channels that are constant. In a dense first layer, with the weights split into two parts, this is
# $W[x,e(y)]+b=W_xx+\bigl(W_e\,e(y)+b\bigr)$: **each label has a bias of its own**, no more.

# %%
x, y = torch.randn(6, 2, generator=rng), torch.tensor([0, 1, 2, 3, 0, 1])
torch.manual_seed(0)
D = methods.cgan((2,), K, width=32).discriminator()
flatten, first, *rest = D.network
W_x, W_e = first.weight[:, :2], first.weight[:, 2:]
bias_of_label = D.embedding(y) @ W_e.T + first.bias

# %% jupyter={"source_hidden": true}
claim(
    "11/concatenation",
    "A label that is concatenated is a bias of its own in the first layer.",
    (nn.Sequential(*rest)(x @ W_x.T + bias_of_label) - D(x, y)).detach(),
    equals=0,
    within=1e-12,
)

# %% [markdown]
# **Conditional batch normalisation** (Dumoulin et al. 2017; de Vries et al. 2017). Batch normalisation ends with a
# gain $\gamma$ and a bias $\beta$ for each feature. Here each label has its own $\gamma_y$ and $\beta_y$, in every
# such layer of the generator:
#
# $$h\;\mapsto\;\gamma_y\,\frac{h-\mu}{\sqrt{\sigma^2+\varepsilon}}+\beta_y .$$
#
# The mean $\mu$ and the variance $\sigma^2$ are those of the whole minibatch, all labels together. A gain can switch a
# feature off for one label and on for another, which a bias in the first layer cannot.

# %%
h = torch.randn(6, 3, generator=rng)
layer = networks.ConditionalBatchNorm(nn.BatchNorm1d(3), classes=K)
with torch.no_grad():
    layer.gain.weight += torch.randn(K, 3, generator=rng)
    layer.bias.weight += torch.randn(K, 3, generator=rng)
normed = (h - h.mean(0)) / (h.var(0, correction=0) + 1e-5).sqrt()

# %% jupyter={"source_hidden": true}
claim(
    "11/conditional-norm",
    "Conditional batch normalisation is γ_y (h − μ)/√(σ² + ε) + β_y, with μ and σ² of the whole minibatch.",
    (layer(h, y) - (normed * layer.gain.weight[y] + layer.bias.weight[y])).detach(),
    equals=0,
    within=1e-12,
)

# %%
of_one = networks.ConditionalBatchNorm(nn.BatchNorm1d(3), classes=1)

# %% jupyter={"source_hidden": true}
claim(
    "11/one-class-is-norm",
    "With one class it is batch normalisation.",
    (of_one(h, torch.zeros_like(y)) - nn.BatchNorm1d(3)(h)).detach(),
    equals=0,
    within=1e-12,
)

# %% [markdown]
# **Projection** (`methods.projection`, Miyato & Koyama 2018). Ask what the logit of $D$ *should* be. At the optimum
# it is a log ratio of joint densities. Each joint density is a product, $p(x,y)=p(x)\,p(y\mid x)$, so the log ratio
# is a sum:
#
# $$\log\frac{p(x,y)}{q(x,y)}=\underbrace{\log\frac{p(x)}{q(x)}}_{\text{does it look real?}}
# +\underbrace{\log\frac{p(y\mid x)}{q(y\mid x)}}_{\text{does the label fit?}}$$
#
# Suppose that both $p(y\mid x)$ and $q(y\mid x)$ are softmax classifiers on the same features $\phi(x)$: $p(y\mid x)=
# \exp(v_y^\top\phi)/Z$ with $Z=\sum_k\exp(v_k^\top\phi)$, and $q(y\mid x)$ the same with $w_y$ and $Z'$. Then
#
# $$\log\frac{p(x,y)}{q(x,y)}=\underbrace{(v_y-w_y)^\top}_{e(y)^\top}\phi(x)
# +\underbrace{\log\frac{p(x)}{q(x)}-\log\frac{Z}{Z'}}_{\psi(\phi(x))} .$$
#
# The label enters only through one inner product with $\phi(x)$, the last hidden layer; the rest does not depend on
# it. ($\psi$ is not the first term alone: it also contains $Z$ and $Z'$.) That is the projection discriminator,
# $D(x,y)=\psi(\phi(x))+e(y)^\top\phi(x)$. When is it exact? For Gaussians whose width does not depend on the label,
# $\phi(x)=(x,1)$ is enough. If the width depends on the label, $\phi$ must also contain $\|x\|^2$, which a hidden
# layer can learn.

# %%
points = 3 * torch.randn(500, 2, generator=rng)
shifted = spots.centres + torch.randn(K, 2, generator=rng)


def log_ratio(widths_p, widths_q):
    """log p(x, y)/q(x, y) at the points, (500, K), for Gaussians of these widths; all labels are equally likely."""
    p, q = (
        [datasets.mixture(centre[None], width) for centre, width in zip(centres, widths, strict=True)]
        for centres, widths in ((spots.centres, widths_p), (shifted, widths_q))
    )
    return torch.stack([a.log_density(points) - b.log_density(points) for a, b in zip(p, q, strict=True)], 1)


def misfit(ratio, phi):
    """How far the best ψ(x) + e(y)ᵀφ(x) is from the ratio. ψ is free, so only differences between labels count."""
    differences = ratio - ratio.mean(1, keepdim=True)
    e = torch.linalg.lstsq(phi, differences).solution
    return float((phi @ e - differences).abs().max())


alike, unlike = [0.4] * K, [0.4, 0.6, 0.8, 1.0]
affine = torch.cat([points, torch.ones(500, 1)], 1)
quadratic = torch.cat([affine, points.square().sum(1, keepdim=True)], 1)

# %% jupyter={"source_hidden": true}
claim(
    "11/projection-exact",
    "The log ratio of pairs is ψ + e(y)ᵀφ with φ = (x, 1) if widths do not depend on the label; else φ needs ‖x‖², too.",
    [
        misfit(log_ratio(alike, [0.7] * K), affine) < 1e-8,
        misfit(log_ratio(unlike, alike), affine) > 1,
        misfit(log_ratio(unlike, alike), quadratic) < 1e-8,
    ],
)

# %%
D = methods.projection((2,), K, base=partial(methods.gan, width=32)).discriminator()
phi = D.body(x)  # all of D but its last layer

# %% jupyter={"source_hidden": true}
claim(
    "11/projection-by-hand",
    "The library's projection discriminator is ψ(φ(x)) + e(y)ᵀφ(x).",
    (D(x, y)[:, 0] - (D.last(phi)[:, 0] + (D.embedding.weight[y] * phi).sum(1))).detach(),
    equals=0,
    within=1e-12,
)

# %% [markdown]
# **An auxiliary classifier** (`methods.acgan`, Odena, Olah & Shlens 2017). Do not tell $D$ the label; *ask* $D$ for
# it. $D$ gets a second output, class scores, whose softmax is $c_y(x)$. It enters both losses: we add
# $-\mathbb{E}_p[\log c_y(x)]-\mathbb{E}_q[\log c_y(x')]$ to $L_D$, and the second of these terms to $L_G$. So the
# generator helps the classifier.
#
# One forward pass gives both answers. In this course an extra task of $D$ is called a *head*: a pair of functions of
# the extra output. Here is the whole head, and below it the lines of the loop that use it:

# %%
classification = heads.Head(
    "classification",
    discriminator=lambda on_real, on_fake, real, fake: cross_entropy(on_real, real.y) + cross_entropy(on_fake, fake.y),
    generator=lambda on_fake, fake: cross_entropy(on_fake, fake.y),
)
print(inspect.getsource(training.discriminator_loss))

# %%
acgan = methods.acgan((2,), K, base=partial(methods.gan, width=32))
ours, library = (training.fit(gan, plane, steps=5, seed=0) for gan in (replace(acgan, heads=(classification,)), acgan))

# %% jupyter={"source_hidden": true}
claim(
    "11/head-by-hand",
    "With the head written here five steps of AC-GAN are those of the library, to the bit.",
    [torch.equal(a, b) for a, b in zip(ours.generator.parameters(), library.generator.parameters(), strict=True)],
)

# %%
passes = []
library.discriminator.body.register_forward_hook(lambda *_: passes.append(1))
training.discriminator_step(library)
of_d = len(passes)
loss_g = training.generator_step(library)

# %% jupyter={"source_hidden": true}
claim(
    "11/one-pass",
    "A step of D makes two forward passes of D, one for real and one for fake, a step of G one: none for the classes.",
    [of_d, len(passes) - of_d],
    equals=[2, 1],
    within=0,
)

# %% [markdown]
# | | $D$ hears $y$ | what it can express | $G$ hears $y$, in this library |
# |---|---|---|---|
# | `cgan` | at the input | anything, if the layers above are large enough | $e(y)$ beside $z$ |
# | `projection` | at the last hidden layer | $\psi(\phi)+e(y)^\top\phi$ | conditional batch norm if it has any, else $e(y)$ |
# | `acgan` | never; it is asked for it | $\psi(\phi)$, and a softmax on $\phi$ | as in `projection` |
#
# Each takes any other method as its `base`: `methods.acgan(shape, 10, base=methods.wgan_gp)`.
#
# ## Half-way
#
# *34 minutes lie behind you, 46 ahead: a good place to stop.*
#
# **So far:** a conditional GAN compares *pairs* of an example and its label, and only a $D$ that is told both
# labels makes $G$ listen; told less, it is a lottery. The label enters by concatenation, by the normalisation, by a
# projection, or through a second head. **To come:** what the second head does to the classes, and two numbers that
# show it.
#
# ## Too good to be true (11 min, depth)
#
# Back to the two kinds on the line. Of the real points $\Phi(1)=84$ % lie on their own side of 0 ($\Phi$ is the
# distribution function of $\mathcal N(0,1)$); the others lie on the side of the other kind. You have predicted it:
# how many of the points of a perfect AC-GAN lie on their own side?
#
# Let the classifier be the best possible. It is shown equally many real and fake pairs, $m=(p+q)/2$. So it answers
# $c^*_y(x)=m(y\mid x)$, and its loss is $2H_m(y\mid x)$, twice the *conditional entropy*: how uncertain the label
# still is when $x$ is known. $G$ descends the part of this loss that comes from the fakes, with the classifier held
# fixed. At the best classifier this has the same slope as the whole loss, $2H_m$: the part of the real pairs does not
# depend on $G$, and a small change of $c$ changes nothing to first order (as in chapter 08). The real-or-fake part of
# $D$ is not told $y$, so it plays the second game of the table. Together, with the saturating loss, $G$ descends
#
# $$F(q)=2\,\mathrm{JSD}\bigl(p(x),q(x)\bigr)+2H_m(y\mid x).$$


# %%
def entropy_of_label(m):
    """H_m(y|x) of pairs (2, bins), in nats."""
    return -(xlogy(m, m) - xlogy(m, m.sum(0))).sum() * dx


def of_acgan(q, p, weight=1.0):
    """What G descends against the best D and the best classifier of an AC-GAN."""
    return 2 * divergences.js(p.sum(0), q.sum(0), dx) + 2 * weight * entropy_of_label((p + q) / 2)


def of_pairs(q, p):
    """The same where D sees pairs: CGAN and projection."""
    return 2 * divergences.js(p.ravel(), q.ravel(), dx)


q, h = two_kinds(1.2, 0.9), 1e-4
towards = p - q  # a direction in which a model may move
up, down = (2 * entropy_of_label((p + q + step * towards) / 2) for step in (h, -h))
best_c = (p + q) / (p + q).sum(0)

# %% jupyter={"source_hidden": true}
claim(
    "11/ac-slope",
    "With c held at its best, the slope of −E_q[log c] is the slope of 2 H_m(y|x).",
    (up - down) / (2 * h) - (towards * -np.log(best_c)).sum() * dx,
    equals=0,
    within=1e-6,
)

# %% [markdown]
# Where is $F$ lowest? Entropy is at least 0, and it is 0 if every point shows its label with certainty. So the second
# term pushes the kinds *apart*, even where they overlap in the data. We compare three candidates: the data
# themselves; the best pair of Gaussians $\mathcal{N}(\pm m,s^2)$; and the data **sorted**: the same points, but every
# point right of 0 gets the label 1 and every other the label 0. Sorting does not change the first term.


# %%
def best_gaussians(p, loss):
    """m and s of the two Gaussians about ±m with the lowest loss."""
    found = minimize(lambda t: loss(two_kinds(t[0], np.exp(t[1])), p), [1.5, -0.2], method="Nelder-Mead")
    return found.x[0], np.exp(found.x[1])


m, s = best_gaussians(p, of_acgan)
sorted_ = p.sum(0) * np.heaviside([-axis, axis], 0.5)  # 1 where it is positive, 0 where it is negative
candidates = {"the data": p, "sorted": sorted_, "best Gaussians": two_kinds(m, s)}
fig = figures.conditional.kinds(
    axis[near], {f"{name}: F = {of_acgan(q, p):.2f}": 2 * q[:, near] for name, q in candidates.items()}, 2 * p[:, near]
)
plt.show()

# %% jupyter={"source_hidden": true}
claim(
    "11/truth-is-not-lowest",
    "AC-GAN: the data are not the lowest place of F; sorted ones are lower, by more than 0.2 nats.",
    of_acgan(p, p) - of_acgan(sorted_, p),
    above=0.2,
)
claim(
    "11/ac-gaussians",
    "AC-GAN: the best Gaussians are at ±1.38 in place of ±1, with width 0.71 in place of 1.",
    [m, s],
    equals=[1.378, 0.710],
    within=0.005,
)
claim(
    "11/pairs-gaussians",
    "Where D sees pairs, the best Gaussians are the data.",
    best_gaussians(p, of_pairs),
    equals=[1, 1],
    within=1e-3,
)

# %% [markdown]
# Which term is missing in AC-GAN? Compare with the formula from which the projection was derived:
#
# $$\log\frac{p(x,y)}{q(x,y)}=\log\frac{p(x)}{q(x)}+\log p(y\mid x)-\log q(y\mid x).$$
#
# AC-GAN has the first term, and something like the second: "be easy to classify". The last one, averaged over the
# fakes, is $H_q(y\mid x)$, a reward for fakes whose label is *uncertain*. It would balance the second term, and
# AC-GAN does not have it (Gong et al. 2019; Hou et al. 2022). Move the kinds apart, and change the weight of the
# class term. Compare the two curves with the data:


# %%
def draw(apart, weight):
    data = two_kinds(apart)
    m, s = best_gaussians(data, partial(of_acgan, weight=weight))
    shown = {"the data": 2 * data[:, near], "lowest for AC-GAN": 2 * two_kinds(m, s)[:, near]}
    fig = figures.conditional.kinds(axis[near], shown, 2 * data[:, near])
    return fig, f"the data: ±{apart:.2f}, width 1.00; AC-GAN's Gaussians: ±{m:.2f}, width {s:.2f}"


widgets.explore(draw, apart=(0.5, 3.5, 0.5, 1.0), weight=(0.0, 2.0, 0.25, 1.0))

# %%
bias = [best_gaussians(two_kinds(apart), of_acgan)[1] for apart in (1.0, 2.0, 3.0)]

# %% jupyter={"source_hidden": true}
claim(
    "11/bias-fades",
    "The further apart the kinds are, the less AC-GAN narrows them: at ±1, ±2, ±3 the width is nearer and nearer to 1.",
    np.diff(bias),
    above=0.05,
)
claim("11/bias-gone", "At ±3, where the kinds hardly meet, the width is above 0.97.", bias[-1], above=0.97)

# %% [markdown]
# That was theory, with the best $D$ and the best classifier. Now we train: the same generator and the same kind of
# $D$, with three ways to use the label, five seeds each.

# %%
METHODS = {"cgan": methods.cgan, "projection": methods.projection, "acgan": methods.acgan}
side = torch.arange(4_000) % 2
on_line = {}
for name, method in METHODS.items():
    gan = quickly(method((1,), 2, base=partial(methods.gan, z=4, width=32)))
    runs = training.replicate(gan, line, steps=400, seeds=range(5), batch=128)
    on_line[name] = [run.samples(4_000, y=side)[:, 0] for run in runs]


# %%
def histogram(seeds):
    """The density of the samples of all seeds for each label, (2, bins), in bins of width 0.2."""
    x, y = torch.cat(seeds).numpy(), side.repeat(len(seeds)).numpy()
    return np.stack([np.histogram(x[y == k], np.arange(-5, 5.01, 0.2), density=True)[0] for k in (0, 1)])


middle = np.arange(-4.9, 5, 0.2)
truth = np.stack([np.interp(middle, axis, 2 * p[k]) for k in (0, 1)])
fig = figures.conditional.kinds(middle, {name: histogram(seeds) for name, seeds in on_line.items()}, truth)
plt.show()

# %%
width = {name: [float((x[side == 0].std() + x[side == 1].std()) / 2) for x in seeds] for name, seeds in on_line.items()}
own_side = {name: [float(((x > 0) == side).double().mean()) for x in seeds] for name, seeds in on_line.items()}
fig = figures.conditional.measures(
    {
        "width of a kind (standard deviation)": (width, {"the data": 1.0}),
        "share on its own side": (own_side, {"the data": 0.8413}),
    }
)
plt.show()

# %% jupyter={"source_hidden": true}
claim(
    "11/ac-on-own-side",
    "Trained, AC-GAN: more than 98 in 100 points are on their own side, on each of 5 seeds; of the data 84.",
    own_side["acgan"],
    above=0.98,
)
claim(
    "11/pairs-on-own-side",
    "Trained, cgan and projection: the 95 % interval of the mean share on its own side includes the data's.",
    [interval(own_side[name])[0] < 0.8413 < interval(own_side[name])[1] for name in ("cgan", "projection")],
)
claim(
    "11/ac-narrow",
    "Trained: AC-GAN's kinds are less than 0.8 wide, the 95 % interval of cgan and of projection lies above 0.85.",
    [max(width["acgan"]) < 0.8, interval(width["cgan"])[0] > 0.85, interval(width["projection"])[0] > 0.85],
)

# %% [markdown]
# **What you saw.** A label accuracy *above that of the data* is not a success. The trained AC-GAN has removed the
# overlap, much like the sorted data. $D$ sees only points without their labels, and these are close to the data; the
# classifier's loss is small.
#
# ## Is it what was asked for, and is there more than one? (11 min)
#
# So there are two questions about a conditional generator.
#
# *Is it what was asked for?* **Label accuracy**: ask for $y$, show the result to a judge, count how often it says $y$.
#
# *Is there more than one of a kind?* **Within-class diversity**: the mean distance between two samples of one class,
#
# $$\frac1K\sum_{k=1}^K\mathbb{E}\bigl[\|x-x'\|\;\big|\;\text{both of class }k\bigr].$$
#
# Neither number replaces the other. With the digits of chapter 07 we make four "generators" by hand:

# %%
torch.set_default_dtype(torch.float32)  # from here on: images, with claims that leave room for rounding
digits, judge = datasets.digits(), judges.digits()
ten = torch.arange(1_000) % 10


def both(x, y):
    """Label accuracy, by the judge, and within-class diversity, in pixels."""
    return metrics.label_accuracy(y, judge.decide(x)["digit"]), metrics.within_class_diversity(x, y).mean


real, of_real = digits.x[:1_000], digits.y[:1_000]
one_each = torch.stack([digits.x[digits.y == k][0] for k in range(10)])
draws = torch.Generator().manual_seed(0)
NAMED = {
    "real digits": both(real, of_real),
    "one real digit a class": both(one_each[ten], ten),
    "real digits, any label": both(real, of_real[torch.randperm(1_000, generator=draws)]),
    "noise": both(torch.randn(1_000, 1, 8, 8, generator=draws).clamp(-1, 1), ten),
}
fig = figures.conditional.accuracy_and_diversity(NAMED)
plt.show()

# %%
like_real = NAMED["real digits"][1]

# %% jupyter={"source_hidden": true}
claim(
    "11/judge",
    "The judge names more than 99 in 100 real digits rightly, of these 1,000 and of those that it has not learned from.",
    [NAMED["real digits"][0], judge.accuracy["digit"]],
    above=0.99,
)
claim(
    "11/one-image",
    "One real digit a class: accuracy 1, diversity 0.",
    NAMED["one real digit a class"],
    equals=[1, 0],
    within=1e-6,
)
claim(
    "11/any-label",
    "Real digits with any label, and noise: more diverse than the classes are, with the accuracy of a guess, 1/10.",
    [[NAMED[name][1] > like_real, abs(NAMED[name][0] - 0.1) < 0.04] for name in ("real digits, any label", "noise")],
)

# %% [markdown]
# So a good generator is near the star in the figure: right *and* as diverse as the data, not more.
#
# Now train on digits. The networks are multilayer perceptrons, which are fast enough for five seeds; everything but
# the label is the same for all three, one `base`. *Predict* where the three will be in this figure.


# %%
def base(shape, width=64, **sizes):
    """The first GAN's networks with a price on D's slopes at the data (R1, chapter 05)."""
    return quickly(replace(methods.gan(shape, width=width, **sizes), penalties=(lipschitz.r1(0.5, every=4),)))


runs_of = {
    name: training.replicate(method(digits.shape, 10, base=base), digits, steps=600, seeds=range(5))
    for name, method in METHODS.items()
}

# %%
noise = torch.Generator().manual_seed(0)  # a row for each z, the same in all panels, not selected
z = torch.randn(6, runs_of["acgan"][0].gan.z, generator=noise).repeat_interleave(10, 0)
panels = {name: runs[0].images(z, torch.arange(60) % 10) for name, runs in runs_of.items()}  # seed 0, a column a class
fig = figures.conditional.by_class(panels, range(10))
plt.show()

# %%
found = {name: np.array([both(run.samples(1_000), ten) for run in runs]) for name, runs in runs_of.items()}
fig = figures.conditional.accuracy_and_diversity(NAMED, found)
plt.show()

# %% jupyter={"source_hidden": true}
claim(
    "11/digits-ac-right",
    "AC-GAN's digits are right in more than 90 of 100 cases on each seed; on average more often than the others'.",
    [
        found["acgan"][:, 0].min() > 0.9,
        found["acgan"][:, 0].mean() > max(found[k][:, 0].mean() for k in ("cgan", "projection")),
    ],
)
claim(
    "11/digits-ac-alike",
    "AC-GAN's digits of one class are less than a third as diverse as real ones, on each seed.",
    found["acgan"][:, 1] / like_real,
    below=1 / 3,
)
claim(
    "11/digits-others-diverse",
    "The digits of cgan and projection are more than twice as diverse as AC-GAN's, on each seed.",
    [found[name][:, 1] / found["acgan"][:, 1].max() for name in ("cgan", "projection")],
    above=2,
)

# %% [markdown]
# **What you saw.** By label accuracy alone, AC-GAN wins. Its pictures show what the number hides: for each class
# almost the same picture for every $z$.
#
# Even with the best $D$ and the best classifier AC-GAN draws overlapping kinds further apart and narrower than the data
# are: that was the section "Too good to be true", with $F$ the loss that $G$ then descends. Is it that bias? Not
# directly. Digits hardly overlap, a judge is right in 99 % of cases, and where classes are apart the *lowest place* of
# $F$ is near the data (`11/bias-gone`). So the cause is not the lowest place of $F$ but the way of training. Chapter 08
# showed how this works. The class loss of $G$ is a mean of $-\log c_y(x')$ over single fakes. It is
# lowest when *all* fakes of a class are at the place where the classifier is surest. In the real-or-fake part $D$ would
# soon reject that place. The classifier does not: a class of one image is still that class.
#
# Is it really this push on $G$, or the extra task of $D$? A control: the classifier stays in $D$ and learns, but its
# loss is not added to $L_G$. Then nothing makes $G$ follow the label ($D$'s verdict on real or fake is told none), so
# we take as classes what the judge sees.

# %%
unmarked = heads.classification._replace(generator=lambda on_fake, fake: 0 * on_fake.mean())
control = replace(methods.acgan(digits.shape, 10, base=base), heads=(unmarked,))
unmarked_runs = training.replicate(control, digits, steps=600, seeds=range(5))


def both_as_seen(run):
    """Accuracy as before; diversity within the classes that the judge sees, where it sees at least twenty."""
    x = run.samples(1_000)
    seen = judge.decide(x)["digit"]
    often = seen.bincount(minlength=10)[seen] >= 20
    return metrics.label_accuracy(ten, seen), metrics.within_class_diversity(x[often], seen[often]).mean


shown = found | {"acgan, G unmarked": np.array([both_as_seen(run) for run in unmarked_runs])}
fig = figures.conditional.measures(
    {
        "label accuracy": ({name: values[:, 0] for name, values in shown.items()}, {"chance": 0.1}),
        "within-class diversity": ({name: v[:, 1] for name, v in shown.items()}, {"real digits": like_real}),
    }
)
plt.show()

# %%
free = shown["acgan, G unmarked"]

# %% jupyter={"source_hidden": true}
claim(
    "11/control-diverse",
    "With the class loss in D alone, G's digits of one class are more than twice as diverse as AC-GAN's, on each seed.",
    free[:, 1] / found["acgan"][:, 1].max(),
    above=2,
)
claim(
    "11/control-wrong",
    "With the class loss in D alone, G's digits are right in fewer than half of the cases, on each seed.",
    free[:, 0],
    below=0.5,
)

# %% [markdown]
# It is the push on $G$. This was one kind of network and one short training. Chapter 13 asks the same with
# convolutions, more steps, and many classes with few images each, and uses the same two numbers.
#
# ## A class with eight examples (4 min, depth)
#
# In real data some classes are rare. We keep only 8 of the 181 fours. Then only one in four minibatches of 64
# contains a four, and $G$ is asked for a four just as rarely, because the labels of the fakes have the data's
# frequencies. `datasets.balanced` first draws the class, all equally often, then an example of it.

# %%
RARE = 4
fours = (digits.y == RARE).nonzero()[:, 0]
kept = torch.ones(len(digits), dtype=bool)
kept[fours[8:]] = False
uneven, left_out = digits[kept], digits.x[fours[8:]].flatten(1)
rare_runs = {
    name: training.replicate(methods.projection(digits.shape, 10, base=base), data, steps=500, seeds=range(4))
    for name, data in {"as they are": uneven, "balanced": datasets.balanced(uneven)}.items()
}

# %%
the_eight = digits.x[fours[:8]].flatten(1)


def of_the_rare(run):
    """Of 400 fours: the share that the judge calls a four, and the mean distance to the nearest of the eight."""
    x = run.samples(400, y=torch.full((400,), RARE))
    return float((judge.decide(x)["digit"] == RARE).float().mean()), nearest_of_the_eight(x.flatten(1))


def nearest_of_the_eight(x):
    return float(torch.cdist(x, the_eight).min(1).values.mean())


rare = {name: np.array([of_the_rare(run) for run in runs]) for name, runs in rare_runs.items()}
fig = figures.conditional.measures(
    {
        "fours that are fours": ({name: values[:, 0] for name, values in rare.items()}, {}),
        "distance to the nearest of the eight": (
            {name: values[:, 1] for name, values in rare.items()},
            {"new real fours": nearest_of_the_eight(left_out)},
        ),
    }
)
plt.show()

# %%
print(f"minibatches of 64 without a four: {(1 - 8 / len(uneven)) ** 64:.0%}")

# %% jupyter={"source_hidden": true}
claim(
    "11/rare-balanced",
    "Balanced, more than 85 in 100 fours are fours, on each of 4 seeds; drawn as they are, fewer than half.",
    [rare["balanced"][:, 0] > 0.85, rare["as they are"][:, 0] < 0.5],
)
claim(
    "11/rare-not-new",
    "Balanced, fours are nearer to the eight than new real fours are, on each seed: eight are not made more by drawing.",
    rare["balanced"][:, 1] / nearest_of_the_eight(left_out),
    below=0.9,
)

# %% [markdown]
# Balancing makes $G$ *learn the label*, but it adds no examples: from eight pictures one can learn no more than these
# eight show.
#
# ## One z, ten digits (3 min, depth)
#
# In the pictures above each row has one $z$. Does $z$ mean the same for all classes? Take something that every digit
# has: its amount of ink. We draw 200 $z$. If a $z$ gives much ink to one class, does it also give much ink to the
# others?


# %%
def ink_agrees(run):
    """The mean correlation, over pairs of classes, of the ink that the same z gives."""
    z = torch.randn(200, run.gan.z, generator=torch.Generator().manual_seed(0))
    ink = torch.stack([run.images(z, torch.full((200,), k)).mean((1, 2, 3)) for k in range(10)])
    return float((ink.corrcoef().sum() - 10) / 90)


agree = {name: [ink_agrees(run) for run in runs_of[name]] for name in ("cgan", "projection")}

# %% jupyter={"source_hidden": true}
claim(
    "11/same-z",
    "What makes one digit bold makes the others bold: the ink of classes correlates over z, on each seed of both methods.",
    list(agree.values()),
    above=0.1,
)

# %% [markdown]
# No loss demands this. But one network draws all ten digits, so a $z$ that makes strokes bold makes them bold for
# all. And inside the network a label is a vector. So we can go from one label to another, $(1-t)\,e(3)+t\,e(8)$, with
# $z$ fixed:

# %%
G, t = runs_of["projection"][0].generator_ema.eval(), torch.linspace(0, 1, 9)
z = torch.randn(3, runs_of["projection"][0].gan.z, generator=torch.Generator().manual_seed(3))
with torch.no_grad():
    e = torch.lerp(G.embedding.weight[3], G.embedding.weight[8], t[:, None])
    walks = [G.network(torch.cat([one.expand(9, -1), e], 1)) for one in z]
walks = {"from 3 to 8": torch.stack(walks, 0).flatten(0, 1)}
fig = figures.conditional.by_class(walks, [f"{share:.2f}" for share in t], xlabel="t")
plt.show()

# %% [markdown]
# ## A head of your own (3 min, depth)
#
# A head may ask $D$ for anything. InfoGAN (Chen et al. 2016) has no labels at all; it asks $D$ to recover a part of
# $z$ from the fake, and adds the error to both losses. Then this part, the *code* $c$, must be visible in the fake. A
# minibatch of fakes contains its $z$, so the head is two lines. The data are again two kinds of points, further apart
# and *without* labels. (`networks.Classifier` with one score is a regression.)

# %%
torch.set_default_dtype(torch.float64)
reads_code = heads.Head(
    "code",
    discriminator=lambda on_real, on_fake, real, fake: mse_loss(on_fake, fake.z[:, :1]),
    generator=lambda on_fake, fake: mse_loss(on_fake, fake.z[:, :1]),
)
no_head = quickly(methods.gan((1,), z=4, width=32))
with_head = replace(no_head, discriminator=lambda: networks.Classifier(no_head.discriminator(), 1), heads=(reads_code,))
unlabelled = datasets.mixture([-2.0, 2.0], std=0.5)
z = torch.randn(1_000, 4, generator=torch.Generator().manual_seed(0))
made = {
    name: [run.images(z) for run in training.replicate(gan, unlabelled, steps=300, seeds=range(5))]
    for name, gan in {"without a head": no_head, "with a head for the code": with_head}.items()
}
fig = figures.conditional.codes(z[:, 0], {name: x[0] for name, x in made.items()})
plt.show()


# %%
def sorted_by_code(x):
    """The share of the samples whose kind, left or right, goes with the sign of their code, either way round."""
    share = float(((x[:, 0] > 0) == (z[:, 0] > 0)).double().mean())
    return max(share, 1 - share)


goes_with = {name: [sorted_by_code(x) for x in seeds] for name, seeds in made.items()}

# %% jupyter={"source_hidden": true}
claim(
    "11/code-sorts",
    "With the head the sign of the code tells left from right in more than 9 of 10 samples, on each of 5 seeds.",
    goes_with["with a head for the code"],
    above=0.9,
)
claim(
    "11/no-code-no-order",
    "Without the head it does so on none of the five seeds.",
    goes_with["without a head"],
    below=0.9,
)

# %% [markdown]
# The head found the two kinds without a single label. Which of them gets the positive code is chance.
#
# ## What the sources get wrong (2 min, depth)
#
# - **The slides, line 358**, 「条件付き分布を求めるGAN」 ("a GAN that finds the conditional distribution"):
#   $\mathbb{E}_{p_g(x)}[\log(1-D(G(z|y)))]$. The mean is written over $p_g(x)$, but what is drawn is $z$ (and $y$);
#   there is no mean over $y$; and $D$ is not told the label of the fake. As written, $D$ recognises the fakes by
#   their missing label alone: `11/missing-label-gives-away`, `11/untold-is-chance`.
# - **The paper** (Mirza & Osindero 2014, eq. 2) has $z\sim p_z(z)$, and the same two other mistakes. In its figure 1
#   and its text $y$ goes into $D$ as well, so only the notation is wrong. The same is true of the sentence that $D$
#   should *minimise* $\log D(x)$. And $D(x\mid y)$ is not a density of $x$ given $y$, as $p(x\mid y)$ is, but one
#   number between 0 and 1 for a pair.
# - **The article on spectral normalisation** (こしあん 2019): 「SNGANはACGANのようにラベルを加味して生成できる」 ("SNGAN can take the label
#   into account in generating, as ACGAN does"). Spectral normalisation uses no label. In that code the label enters
#   by a projection and by conditional batch normalisation, from another paper of the same year.
# - **The same**, of ACGAN: 「クラス単位で1つの画像しか出力できない=モード崩壊が起こっています」 ("it can give one picture for each class only, that
#   is, mode collapse is happening"), and with SNGAN it is gone. The observation is right, and you have seen it
#   (`11/digits-ac-alike`). But between the article's two runs the networks, the losses, the normalisation *and* the
#   way to use the label changed. Here only the last one changed, and that was enough (`11/digits-others-diverse`),
#   without any spectral normalisation. Chapter 13 asks what normalisation adds.
#
# ## Exercises (12 min)
#
# **Exercise 11.1** · ★★☆ · 3 minutes, depth. In the data 9 of 10 examples are of kind 0. By mistake $G$ is told each kind
# half of the time. It is perfect, $q(x\mid y)=p(x\mid y)$. What does the best $D$ say of a pair $(x,1)$? Write a
# number, and think about whether it does any harm.

# %%
says = None


check("11.1", says)

# %% [markdown]
# <details><summary>Solution 11.1</summary>
#
# ```python
# check("11.1", 0.1 / (0.1 + 0.5))
# ```
#
# $p(x,1)=0.1\,p(x\mid1)$ and $q(x,1)=0.5\,p(x\mid1)$: 1/6, everywhere. Its slope in $x$ is 0, so a perfect $G$ does
# not change. But $V$ is no longer $-\log4$ there, and $D$ also has to learn how frequent the labels are.
#
# </details>

# %% [markdown]
# **Exercise 11.2** · ★☆☆ · 2 minutes. Write the second term of $V$ for a minibatch, $\frac1n\sum\log(1-D(G(z,y),y))$, with
# all labels in place. `D` and `G` are functions as in this chapter, `D(x, y)` gives logits.


# %%
def fake_term(D, G, z, y): ...


check("11.2", fake_term)

# %% [markdown]
# <details><summary>Solution 11.2</summary>
#
# ```python
# def fake_term(D, G, z, y):
#     return torch.nn.functional.logsigmoid(-D(G(z, y), y)).mean()  # log(1 − σ(a)) = log σ(−a)
#
#
# check("11.2", fake_term)
# ```
#
# Both `y` are the same tensor. This is the whole point; many copies of the formula lack one of them.
#
# </details>

# %% [markdown]
# **Exercise 11.3** · ★★☆ · 4 minutes, depth. Within-class diversity by hand: `diversity(x, y)` for an array `x` (n, d) with labels
# `y` (n,) is the mean over the classes of the mean distance between two *different* samples of a class.


# %%
def diversity(x, y): ...


check("11.3", diversity)

# %% [markdown]
# <details><summary>Solution 11.3</summary>
#
# ```python
# def diversity(x, y):
#     of_class = []
#     for k in np.unique(y):
#         some = x[y == k]
#         distance = np.linalg.norm(some[:, None] - some[None], axis=2)
#         of_class.append(distance.sum() / (len(some) * (len(some) - 1)))  # the n zeros of the diagonal are no pairs
#     return np.mean(of_class)
#
#
# check("11.3", diversity)
# ```
#
# </details>

# %% [markdown]
# **Exercise 11.4** · ★★☆ · 3 minutes, depth. Which terms does each player of an AC-GAN have? A head of your own takes the
# extra output of $D$ as an estimate of the *angle* $y$ of a picture, a real number, with the squared error as its
# loss. Write what it adds to $L_D$ and to $L_G$, as a pair: `angle_head(on_real, on_fake, y_real, y_fake)`, all (n,).
# The generator has been told `y_fake`.


# %%
def angle_head(on_real, on_fake, y_real, y_fake): ...  # return to_d, to_g


check("11.4", angle_head)

# %% [markdown]
# <details><summary>Solution 11.4</summary>
#
# ```python
# def angle_head(on_real, on_fake, y_real, y_fake):
#     of_real, of_fake = ((on_real - y_real) ** 2).mean(), ((on_fake - y_fake) ** 2).mean()
#     return of_real + of_fake, of_fake
#
#
# check("11.4", angle_head)
# ```
#
# As in AC-GAN: $D$ learns to read the angle of real and of fake pictures, and $G$ learns to make it readable. $G$ has
# no influence on the real ones.
#
# </details>

# %% [markdown]
# ## What we checked

# %%
checked()

# %% [markdown]
# ## Further reading
#
# - M. Mirza & S. Osindero, *Conditional generative adversarial nets*, 2014.
# - A. Odena, C. Olah & J. Shlens, *Conditional image synthesis with auxiliary classifier GANs*, ICML 2017.
# - T. Miyato & M. Koyama, *cGANs with projection discriminator*, ICLR 2018: the derivation, and intra-FID.
# - V. Dumoulin, J. Shlens & M. Kudlur, *A learned representation for artistic style*, ICLR 2017; H. de Vries et al.,
#   *Modulating early visual processing by language*, NeurIPS 2017: conditional normalisation.
# - M. Gong, Y. Xu, C. Li, K. Zhang & K. Batmanghelich, *Twin auxiliary classifiers GAN*, NeurIPS 2019: the missing
#   term, and a second classifier that supplies it.
# - L. Hou, Q. Cao, H. Shen, S. Pan, X. Li & X. Cheng, *Conditional GANs with auxiliary discriminative classifier*, ICML
#   2022: a classifier that is told which examples are fake.
# - X. Chen et al., *InfoGAN: Interpretable representation learning by information maximizing generative adversarial
#   nets*, NeurIPS 2016.
#
# Next: chapter 12, a discriminator whose numbers are not probabilities.

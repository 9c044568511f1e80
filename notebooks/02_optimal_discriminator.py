# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 02 · The optimal discriminator
#
# **The question.** A discriminator has one task: to say whether an example is real. What does the best possible one
# answer, and why does its answer show how far a generator is from the data?
#
# *85 minutes.*
#
# **You will be able to**
#
# - derive $V(D)$, the value of a discriminator, from the likelihood of a coin, and say why a ½ is left out;
# - write down the best discriminator, and recognise it in a trained network;
# - turn the value of the best one into a Jensen–Shannon divergence, with the right sign and factor;
# - say what a generator's gradient is at the best discriminator, and whether this holds at any other.
#
# **Predict before you run.** You train a discriminator for a long time against a generator that does not move. Its
# loss, $-\mathbb E[\log D(\text{real})]-\mathbb E[\log(1-D(\text{fake}))]$, settles at 0.9. Is that good or bad? And
# what is the loss of a discriminator that knows nothing at all?

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
from scipy.stats import norm
from sklearn.metrics import log_loss

from gan_core import datasets, divergences, figures, networks, objectives, widgets
from gan_core.course import check, checked, claim

figures.use_style()
torch.set_default_dtype(torch.float64)  # 64-bit numbers: the same digits on every machine

# %% [markdown]
# ## From a ratio to a classifier (8 min, depth)
#
# We want to compare two distributions: $p$, that of the data, and $q$, that of the model (the papers write
# $p_\text{data}$ and $p_g$). It is natural to look at their ratio at each point $x$,
#
# $$ r(x) = \frac{p(x)}{q(x)} . $$
#
# But we do not know $p$ and $q$. We only have *examples*. So we ask a question that examples can answer. Take equally
# many real and fake ones. Label the real ones $y=1$ and the fake ones $y=0$, and shuffle them. By Bayes' rule, with
# $p(y{=}1)=p(y{=}0)=\tfrac12$,
#
# $$ r(x) = \frac{p(x\mid y{=}1)}{p(x\mid y{=}0)} = \frac{p(y{=}1\mid x)}{p(y{=}0\mid x)} = \frac{D(x)}{1-D(x)},
# \qquad D(x) = p(y{=}1\mid x) = \frac{p(x)}{p(x)+q(x)} . $$
#
# (For the last step, solve $\frac pq=\frac D{1-D}$ for $D$.) A ratio of densities has become a probability, and
# probabilities can be learnt from labels. We call $D$ the *discriminator*.
#
# Here is a $p$ with two modes and a $q$ with one. **Predict:** where is $D$ above ½? To which value does it go far out
# on both sides?

# %%
data = datasets.mixture([-1.5, 1.5], std=[0.5, 0.8], weights=[0.6, 0.4])
model = datasets.mixture([0.5], std=1.3)

x, dx = np.linspace(-8, 8, 1601, retstep=True)
points = torch.as_tensor(x)[:, None]
p, q = (each.log_density(points).exp().numpy() for each in (data, model))
best = divergences.optimal_discriminator(p, q)  # p/(p + q)

# %% [markdown]
# The simplest classifier is *counting*: cut the line into bins, and in each bin take the share of real ones among all
# labelled examples. It needs no density.

# %%
edges = np.linspace(-4, 5, 31)


def label_shares(n_real, n_fake, seed):
    """In each bin, the share of real ones among `n_real` real and `n_fake` fake examples."""
    rng = torch.Generator().manual_seed(seed)
    real, fake = (each.sample(n, rng)[:, 0].numpy() for each, n in ((data, n_real), (model, n_fake)))
    real, fake = np.histogram(real, edges)[0], np.histogram(fake, edges)[0]
    return real / np.maximum(real + fake, 1)


seen = (x > -4) & (x < 5)
centres = (edges[1:] + edges[:-1]) / 2
figures.discriminator.label_shares(x[seen], p[seen], q[seen], best[seen], centres, label_shares(3_000, 3_000, 0))
plt.show()

# %% [markdown]
# With three thousand examples of each kind, the counted shares (circles) already lie near the green curve, $p/(p+q)$.
# Do they reach it in the limit, and how fast? To test this we need the exact mass of each bin, from the cumulative
# distribution function of a Gaussian.

# %%
p_bins = 0.6 * np.diff(norm.cdf(edges, -1.5, 0.5)) + 0.4 * np.diff(norm.cdf(edges, 1.5, 0.8))
q_bins = np.diff(norm.cdf(edges, 0.5, 1.3))
best_bins = divergences.optimal_discriminator(p_bins, q_bins)


def rms(error):
    """Root mean square over the mixture of p and q."""
    return np.sqrt(((p_bins + q_bins) / 2 * error**2).sum())


n = np.array([1_000, 10_000, 100_000, 1_000_000])
errors = [np.mean([rms(label_shares(k, k, seed) - best_bins) for seed in range(8)]) for k in n]
slope = np.polyfit(np.log(n), np.log(errors), 1)[0]

# %% jupyter={"source_hidden": true}
claim(
    "02/label-shares",
    "The share of real examples in a bin tends to p/(p+q), with an error that falls like 1/√n.",
    slope,
    equals=-0.5,
    within=0.05,
)

# %% [markdown]
# "Equally many" matters. **Predict:** to what do the shares tend with three real examples for each fake one?

# %%
uneven = label_shares(3_000_000, 1_000_000, seed=0)

# %% jupyter={"source_hidden": true}
claim(
    "02/uneven-labels",
    "With three real examples for each fake, the shares do not tend to p/(p+q).",
    rms(uneven - best_bins),
    above=0.1,
)
claim(
    "02/uneven-formula",
    "With three real examples for each fake, the shares tend to 3p/(3p+q).",
    rms(uneven - divergences.optimal_discriminator(3 * p_bins, q_bins)),
    below=0.005,
)

# %% [markdown]
# ## A likelihood, and a ½ dropped on purpose (6 min)
#
# Take equally many real and fake examples, label the real ones $y=1$ and the fake ones $y=0$, and shuffle them. How
# likely is it that an example at $x$ is real? On a line one can cut bins and count. For images one cannot count: there
# would be far too many bins. So we let $D$ be a function with parameters and ask: which $D$ makes the labels that we
# see most likely? Each label is like a coin that shows 1 with probability $D(x_i)$. The likelihood of $2N$ labels is a
# product,
#
# $$ \prod_{i=1}^{2N} D(x_i)^{y_i}\,\bigl(1-D(x_i)\bigr)^{1-y_i}. $$
#
# Its logarithm is a sum; divided by the number of labels, it is a mean. Half of the labels are 1 and half are 0. So for
# large $N$ this mean tends to
#
# $$ \tfrac12\,\mathbb E_{p}[\log D(x)] + \tfrac12\,\mathbb E_{q}[\log(1-D(x))] . $$
#
# Now we leave out the ½:
#
# $$ V(D) = \mathbb E_{p}[\log D(x)] + \mathbb E_{q}[\log(1-D(x))] . $$
#
# A constant factor does not change which $D$ is best. But it does change the *number*, and the number is what we see in
# a loss curve. scikit-learn's `log_loss` is minus the mean log-likelihood, with the ½. Let us measure both.

# %%
some_d = 0.1 + 0.8 * norm.cdf(-x)  # an untrained discriminator: the further left, the surer it says "real"
rng = torch.Generator().manual_seed(0)
real, fake = data.sample(500_000, rng)[:, 0].numpy(), model.sample(500_000, rng)[:, 0].numpy()
labels = np.repeat([1, 0], 500_000)
said = 0.1 + 0.8 * norm.cdf(-np.concatenate([real, fake]))

# %% jupyter={"source_hidden": true}
claim(
    "02/half",
    "V(D) is twice the mean log-likelihood of the labels.",
    -2 * log_loss(labels, said),
    equals=divergences.value(some_d, p, q, dx),
    within=0.01,
)

# %% [markdown]
# **Predict:** what is $V$ for a $D$ that knows nothing and says ½ everywhere?

# %%
random_p, random_q = np.random.default_rng(0).dirichlet(np.ones(8), size=(2, 500))  # 500 pairs of histograms, 8 bins

# %% jupyter={"source_hidden": true}
claim(
    "02/chance",
    "A D that says ½ everywhere has V = −log 4 = −1.386, whatever p and q are.",
    divergences.value(np.full(8, 0.5), random_p, random_q),
    equals=-np.log(4),
    within=1e-12,
)

# %%
halves = np.full_like(said, 0.5)

# %% jupyter={"source_hidden": true}
claim(
    "02/chance-loss",
    "A D that says ½ everywhere has a mean cross-entropy of log 2 = 0.693.",
    log_loss(labels, halves),
    equals=np.log(2),
    within=1e-12,
)

# %% [markdown]
# So when you read a discriminator's loss, first find out which of the two it is. Code that *adds* the loss on the real
# batch and the loss on the fake batch computes $-V$: guessing gives 1.386. Code that *averages* over both batches has
# the ½: guessing gives 0.693. In this course it is always $-V$ (`objectives.cross_entropy`).
#
# ## The best answer, place by place (5 min)
#
# To find the best $D$ we need no calculus at first. $V$ is a sum over places $x$, and at each place $D$ is free to give
# any answer. So at each place we try many answers $d$ and keep the one that makes this term largest:
#
# $$ p(x)\,\log d + q(x)\,\log(1-d) . $$

# %%
d = np.linspace(0, 1, 2001)[1:-1]
places = [-1.5, 0.0, 2.0]
curves, maxima = {}, {}
for place in places:
    at = np.abs(x - place).argmin()
    curves[f"$x = {place:g}$"] = p[at] * np.log(d) + q[at] * np.log(1 - d)
    maxima[f"$x = {place:g}$"] = best[at]
figures.discriminator.value_of_an_answer(d, curves, maxima)
plt.show()

# %% [markdown]
# Each curve has one maximum. The dots are not placed at the maxima, but at $d=p/(p+q)$. The claim is that the two
# agree, at every point of the grid.

# %%
found = d[(p[:, None] * np.log(d) + q[:, None] * np.log(1 - d)).argmax(1)]  # the best of 1,999 answers at each x
inside = (best > d[0]) & (best < d[-1])

# %% jupyter={"source_hidden": true}
claim(
    "02/argmax",
    "At each x, the best of 1,999 answers is the one next to D*(x) = p(x)/(p(x) + q(x)).",
    np.abs(found - best)[inside],
    below=1.01 * (d[1] - d[0]),
)

# %% [markdown]
# Calculus says it in one line: $\frac{\partial}{\partial d}\,[\,p\log d+q\log(1-d)\,] = \frac pd-\frac q{1-d}$ is 0 at
# $d=\frac p{p+q}$. This is Proposition 1 of Goodfellow et al. 2014; the best $D$ is written $D^*$. Bayes' rule gives the
# same function (the first section shows how). That is no accident: the answer that makes the labels most likely *is*
# the true probability of the label.
#
# ## A D that only ever saw samples (8 min, depth)
#
# Now we train a network. It never sees $p$ or $q$, only batches of 256 real and 256 fake points. It takes 600 gradient
# steps that increase $V$. We train five networks, from five seeds. **Predict:** where will they agree with $D^*$, and
# where not?


# %%
def train(net, seed, steps=600, batch=256):
    """D(x) on the grid, after `steps` of Adam on L_D = −V, on fresh batches of real and fake points."""
    rng = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    calm = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)  # smaller steps towards the end
    for _ in range(steps):
        loss = objectives.cross_entropy(net(data.sample(batch, rng)), net(model.sample(batch, rng)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        calm.step()
    return torch.sigmoid(net(points)).detach().numpy()[:, 0]  # the network gives logits


def network(seed, **size):
    torch.manual_seed(seed)
    return networks.mlp(1, 1, activation=torch.nn.Tanh, **size)


trained = np.stack([train(network(seed, width=32, depth=2), seed) for seed in range(5)])

# %%
curves = {"$D^*=p/(p+q)$": best} | {f"trained, seed {seed}": trained[seed] for seed in range(3)}
figures.discriminator.discriminators(x, p, q, curves)
plt.show()

# %%
m = (p + q) / 2  # where real and fake examples come from, together

# %% jupyter={"source_hidden": true}
claim(
    "02/trained",
    "Trained on samples alone, each of five networks is within 0.03 of D* on average over real and fake examples.",
    (m * np.abs(trained - best)).sum(1) * dx,
    below=0.03,
)
claim(
    "02/no-mass",
    "Where fewer than one example in a thousand falls per unit of x, each of the five is wrong by more than 0.2 somewhere.",
    np.abs(trained - best)[:, m < 1e-3].max(1),
    above=0.2,
)

# %% [markdown]
# **Did you notice?** In the tails $D^*$ is near 0, because $p$ falls towards 0 faster than $q$ does. The trained
# networks cannot know that: they never saw a point there. $D^*$ is the best answer at every $x$. A trained $D$ is good
# only at the $x$ that it has seen.
#
# "If the discriminator was estimated properly", say the slides before they write $D^*$ (slide source, line 141). We
# have now seen one thing that this *if* needs: examples. The other is a flexible $D$. With a single linear layer $D$ is
# a sigmoid: it only rises, or only falls. (A *nat* is the unit of $V$: we use natural logarithms.)

# %%
straight = np.stack([train(network(seed, depth=0), seed) for seed in range(5)])
missing = divergences.value(best, p, q, dx) - divergences.value(straight, p, q, dx)

# %% jupyter={"source_hidden": true}
claim(
    "02/too-stiff",
    "A D with no hidden layer ends 0.18 nats below the best value, from each of five seeds.",
    missing,
    equals=0.181,
    within=0.003,
)

# %% [markdown]
# ## What the best D is worth (7 min)
#
# Put $D^*$ into $V$. With the average $m=\tfrac12(p+q)$ we have $p+q=2m$, and each logarithm gives a $-\log 2$:
#
# $$ V(D^*) = \mathbb E_p\Bigl[\log\frac{p}{p+q}\Bigr] + \mathbb E_q\Bigl[\log\frac{q}{p+q}\Bigr]
# = \mathrm{KL}(p\,\|\,m) + \mathrm{KL}(q\,\|\,m) - 2\log 2 = 2\cdot\mathrm{JSD}(p,q) - \log 4 . $$
#
# KL is the Kullback–Leibler divergence, and JSD, the Jensen–Shannon divergence, is the *mean* of the two KLs. It is 0
# when $p=q$, and $\log 2$ when $p$ and $q$ share no point. (Chapter 03 is about all of these.) Solved for JSD,
#
# $$ \mathrm{JSD}(p,q) = \tfrac12\bigl(V(D^*) + \log 4\bigr) . $$

# %%
random_best = divergences.optimal_discriminator(random_p, random_q)

# %% jupyter={"source_hidden": true}
claim(
    "02/value-at-best",
    "V(D*) = 2·JSD(p, q) − log 4, on 500 random pairs.",
    divergences.value(random_best, random_p, random_q),
    equals=2 * divergences.js(random_p, random_q) - np.log(4),
    within=1e-12,
)

# %%
ends = ([0.5, 0.5, 0, 0], [0.5, 0.5, 0, 0]), ([0.5, 0.5, 0, 0], [0, 0, 0.2, 0.8])  # equal; nothing in common

# %% jupyter={"source_hidden": true}
claim(
    "02/value-ends",
    "The best D is worth −log 4 when p = q, and 0 when p and q share nothing.",
    [divergences.value(divergences.optimal_discriminator(*pair), *pair) for pair in ends],
    equals=[-np.log(4), 0],
    within=1e-12,
)

# %% [markdown]
# Move the model. Watch the green curve, and the two numbers under the figure: the first is computed from $D^*$, the
# second from $p$ and $q$ alone. **Predict** first: with shift 0, which is easier to tell from the data, a model three
# times as wide or one three times as narrow?


# %%
def two_gaussians(shift, width):
    wide = np.linspace(-24, 24, 4801)
    p, q = norm.pdf(wide), norm.pdf(wide, shift, width)
    d = divergences.optimal_discriminator(p, q)
    shown = np.abs(wide) <= 10
    fig = figures.discriminator.discriminators(wide[shown], p[shown], q[shown], {"$D^*=p/(p+q)$": d[shown]})
    worth, jsd = divergences.value(d, p, q, dx=0.01), divergences.js(p, q, dx=0.01)
    return fig, f"V(D*) = {worth:.3f}    2·JSD − log 4 = 2·{jsd:.3f} − 1.386 = {2 * jsd - np.log(4):.3f}"


widgets.explore(two_gaussians, shift=(-6.0, 6.0, 0.5, 2.0), width=(0.3, 3.0, 0.1, 1.0))

# %% [markdown]
# With equal widths $D^*$ is a sigmoid. With unequal widths it is a hill or a valley: the narrow density is the larger
# one in the middle, the wide one on both sides. And the prediction:

# %%
wide = np.linspace(-24, 24, 4801)
equally = divergences.js(norm.pdf(wide), norm.pdf(wide, 0, [[3.0], [1 / 3]]), dx=0.01)

# %% jupyter={"source_hidden": true}
claim(
    "02/no-ruler",
    "A model three times as wide and one three times as narrow have the same JSD.",
    np.ptp(equally),
    below=1e-6,
)

# %% [markdown]
# JSD does not measure lengths. If we stretch the $x$-axis, each $x$ keeps its $D(x)$, and JSD stays the same. Stretch
# the narrow case by three and exchange $p$ and $q$: it has become the wide case.
#
# ## A D that is not the best (8 min, depth)
#
# In a real GAN nobody has $D^*$. What is still true then? **Predict:** put some other $D$ into $\tfrac12(V(D)+\log 4)$.
# Is the result larger than the JSD, smaller, or can it be either?

# %%
rng = np.random.default_rng(1)
random_d = rng.uniform(size=(200, 500, 8))  # 200 arbitrary D's for each of the 500 pairs
estimate = (divergences.value(random_d, random_p, random_q) + np.log(4)) / 2

# %% jupyter={"source_hidden": true}
claim(
    "02/lower-bound",
    "For 100,000 arbitrary D's, (V(D) + log 4)/2 is below the JSD.",
    divergences.js(random_p, random_q) - estimate,
    above=0,
)


# %%
def coin_kl(a, b):
    """KL between two coins that show 1 with probability a, and b."""
    return divergences.kl(np.stack([a, 1 - a], -1), np.stack([b, 1 - b], -1))


missing = divergences.value(random_best, random_p, random_q) - divergences.value(random_d, random_p, random_q)

# %% jupyter={"source_hidden": true}
claim(
    "02/gap",
    "What is missing, V(D*) − V(D), is Σ (p+q)·KL(coin D* ‖ coin D).",
    missing,
    equals=((random_p + random_q) * coin_kl(random_best, random_d)).sum(-1),
    within=1e-9,
)

# %% [markdown]
# It is always smaller: a *lower* bound. What is missing is itself a divergence, between what $D$ says and what it
# should say.
#
# For $D$ this is good: it makes $V$ larger, and its estimate is never above the JSD. For the generator $G$ it is bad.
# It makes $V$ *smaller*, and when a lower bound falls, the JSD above it need not fall. In the figure the data are
# $\mathcal N(0,1)$, the model is $\mathcal N(\theta,1)$. The black curve is the true JSD. Each other curve belongs to
# one $D$, the best for *one* $\theta$ (the dot). This $D$ stays the same while the model moves.

# %%
theta = np.linspace(-5, 5, 201)
wide = np.linspace(-14, 14, 2801)
p_0, q_theta = norm.pdf(wide), norm.pdf(wide, theta[:, None])  # one row for each shift
jsd = divergences.js(p_0, q_theta, dx=0.01)
bounds = {}
for made_for in (-3.0, 0.5, 2.0):
    held = divergences.optimal_discriminator(p_0, norm.pdf(wide, made_for))
    bounds[made_for] = (divergences.value(held, p_0, q_theta, dx=0.01) + np.log(4)) / 2
figures.discriminator.lower_bounds(theta, jsd, bounds)
plt.show()

# %%
start = np.abs(theta - 2).argmin()
slopes = [np.gradient(curve, theta)[start] for curve in (jsd, bounds[2.0])]

# %% jupyter={"source_hidden": true}
claim("02/tangent", "Where D is the best, bound and JSD have the same slope.", slopes[1], equals=slopes[0], within=1e-3)

# %%
final = bounds[2.0].argmin()

# %% jupyter={"source_hidden": true}
claim(
    "02/held-runs-away",
    "Held against one D, the model runs past the data to the end of the range.",
    theta[final],
    equals=-5,
    within=1e-9,
)
claim(
    "02/held-worse",
    "Held against one D, the model ends at a larger JSD than it began with.",
    jsd[final] - jsd[start],
    above=0.1,
)

# %% [markdown]
# **What you saw.** Each bound touches the JSD at one point only, and has the same slope there. So a *small* step of $G$
# goes the right way, and then $D$ must learn again. A *long* way against a fixed $D$ leads past the data to the other
# side, farther away than before. "The generator minimises an approximate JSD" does not say this. With a $D$ that is not
# the best, $G$ makes a lower bound smaller, and the JSD itself may grow.
#
# ## Half-way
#
# *42 minutes lie behind you, 43 ahead: a good place to stop.*
#
# **So far:** the best discriminator says $p/(p+q)$ at each place, and a trained one comes near it wherever there are
# examples. The best one has the value $2\cdot\mathrm{JSD}-\log 4$; any other has less, so in training one sees a lower
# bound. **To come:** which gradient the generator gets, and why accuracy is something else.
#
# ## What the generator feels (9 min)
#
# The generator never sees the number $V$, only a gradient. We compare two generator losses (Goodfellow et al. 2014
# propose both; chapter 06 explains their names):
#
# - *saturating*: minimise $\mathbb E_q[\log(1-D)]$, the part of $V$ that depends on the generator;
# - *non-saturating*: minimise $\mathbb E_q[-\log D]$.
#
# Take 200 models $q=\mathrm{softmax}(\theta)$ on 8 bins, each with its own data $p$. Hold $D$ fixed at $D^*$ and let
# torch compute the gradient with respect to $\theta$. **Predict:** each of the two is the gradient of a divergence. Of
# which?

# %%
rng = torch.Generator().manual_seed(0)
theta = torch.randn(200, 8, generator=rng).requires_grad_()
p_t = torch.softmax(torch.randn(200, 8, generator=rng), dim=-1)
q_t = torch.softmax(theta, dim=-1)
d_t = (p_t / (p_t + q_t)).detach()  # D*, held fixed: no gradient flows through it


def gradient(values):
    return torch.autograd.grad(values.sum(), theta, retain_graph=True)[0].numpy()


def kl(a, b):  # divergences.kl in torch, so that it can be differentiated
    return (a * (a / b).log()).sum(-1)


m_t = (p_t + q_t) / 2
jsd_t = (kl(p_t, m_t) + kl(q_t, m_t)) / 2

saturating = gradient((q_t * torch.log(1 - d_t)).sum(-1))
non_saturating = gradient((q_t * -torch.log(d_t)).sum(-1))

# %% jupyter={"source_hidden": true}
claim(
    "02/saturating-gradient",
    "At D*, the gradient of E_q[log(1 − D)] is the gradient of 2·JSD(p, q).",
    saturating,
    equals=gradient(2 * jsd_t),
    within=1e-10,
)
claim(
    "02/non-saturating-gradient",
    "At D*, the gradient of E_q[−log D] is the gradient of KL(q‖p) − 2·JSD(p, q).",
    non_saturating,
    equals=gradient(kl(q_t, p_t) - 2 * jsd_t),
    within=1e-10,
)

# %% [markdown]
# The first is no surprise: where $D$ is the best, the lower bound and the JSD have one slope, `02/tangent`. The second,
# Theorem 2.5 of Arjovsky & Bottou 2017, looks strange: *minus* the JSD? Does the generator go away from the data? No.
# The difference can be written in another way.

# %%
random_m = (random_p + random_q) / 2

# %% jupyter={"source_hidden": true}
claim(
    "02/softened",
    "KL(q‖p) − 2·JSD(p, q) = 2·KL(m‖p) with m = (p + q)/2, so it is never negative.",
    divergences.minimised_by("non_saturating", random_p, random_q),
    equals=2 * divergences.kl(random_m, random_p),
    within=1e-10,
)

# %% [markdown]
# It is a softer form of the reverse KL, $\mathrm{KL}(q\,\|\,p)$: in place of $q$ it has $m$, and half of $m$ is $p$
# itself (Shannon et al. 2020). So both losses pull the model towards the data, but not equally hard; chapter 06 is
# about that.
#
# One thing may look wrong: we *held* $D^*$ fixed, though it depends on $q$, and so on $\theta$. **Predict:** what
# changes when it is not fixed, and torch differentiates through $p/(p+q)$ as well?

# %%
follows = p_t / (p_t + q_t)  # the same numbers; now the gradient flows through them
first, second = (p_t * torch.log(follows)).sum(-1), (q_t * torch.log(1 - follows)).sum(-1)
held_v = (p_t * torch.log(d_t)).sum(-1) + (q_t * torch.log(1 - d_t)).sum(-1)

# %% jupyter={"source_hidden": true}
claim(
    "02/first-term",
    "With D held, the first term of V has no part in the generator's gradient.",
    gradient(held_v),
    equals=saturating,
    within=1e-12,
)
claim(
    "02/first-term-moves",
    "When D follows the generator, the first term of V moves.",
    np.abs(gradient(first)).max(1),
    above=0.01,
)
claim(
    "02/envelope",
    "When D* follows the generator, V has the same gradient as with D* held.",
    gradient(first + second),
    equals=saturating,
    within=1e-10,
)
claim(
    "02/no-envelope",
    "For E_q[−log D] it does matter: letting D follow changes each of the 200 gradients.",
    np.abs(gradient((q_t * -torch.log(follows)).sum(-1)) - non_saturating).max(1),
    above=0.01,
)

# %% [markdown]
# At a maximum the derivative is zero. $D^*$ is the maximum of $V$ over $D$, so a small change of $D^*$ does not change
# $V$ to first order. But $D^*$ is not a maximum of $\mathbb E_q[-\log D]$.
#
# All this holds at $D^*$. Now take a $D$ that is surer, but on the same side of ½ everywhere: multiply the *logit* of
# $D^*$, $\log\frac{D^*}{1-D^*}$, by 3. In the figure, points on the black line are gradients that agree.

# %%
sure = torch.sigmoid(3 * torch.logit(d_t))
sure_saturating = gradient((q_t * torch.log(1 - sure)).sum(-1))
sure_non_saturating = gradient((q_t * -torch.log(sure)).sum(-1))
pairs = {
    "saturating against 2·JSD": (gradient(2 * jsd_t), {"at $D^*$": saturating, "logit × 3": sure_saturating}),
    "non-saturating against KL − 2·JSD": (
        gradient(kl(q_t, p_t) - 2 * jsd_t),
        {"at $D^*$": non_saturating, "logit × 3": sure_non_saturating},
    ),
}
figures.discriminator.gradients_compared(pairs)
plt.show()

# %%
off = [np.abs(losses["logit × 3"] - exact).max(1) for exact, losses in pairs.values()]

# %% jupyter={"source_hidden": true}
claim(
    "02/only-at-the-best",
    "With D's logit times 3, none of the 200 gradients is the divergence's.",
    np.array(off),
    above=0.03,
)

# %% [markdown]
# ## Accuracy is not V (6 min, depth)
#
# A discriminator is a classifier, so many judge it by its *accuracy*: how often is it on the right side of ½? $D^*$ and
# the surer $D$ are on the same side everywhere. **Predict:** do they have the same accuracy? The same $V$?


# %%
def accuracy(d, p, q, dx=1.0):
    """Half of the examples are real, and D is right on those with D > ½; half are fake."""
    return ((p * (d > 0.5) + q * (d <= 0.5)) / 2 * dx).sum(-1)


sharpened = {t: best**t / (best**t + (1 - best) ** t) for t in (0.3, 3, 10)}  # the logit times t
curves = {"$D^*$": best} | {f"its logit × {t:g}": d for t, d in sharpened.items()}
figures.discriminator.discriminators(x[seen], p[seen], q[seen], {name: d[seen] for name, d in curves.items()})
plt.show()

# %%
values = [divergences.value(d, p, q, dx) for d in sharpened.values()]

# %% jupyter={"source_hidden": true}
claim(
    "02/same-accuracy",
    "D* and its three re-scaled copies have the same accuracy.",
    [accuracy(d, p, q, dx) for d in sharpened.values()],
    equals=accuracy(best, p, q, dx),
    within=1e-12,
)

# %%
four = np.sort([divergences.value(best, p, q, dx), *values])

# %% jupyter={"source_hidden": true}
claim(
    "02/different-value",
    "Of D* and its re-scaled copies, no two are within 0.1 nats of each other in V.",
    np.diff(four),
    above=0.1,
)

# %%
print(f"accuracy of the surest of them: {accuracy(sharpened[10], p, q, dx):.2f}")

# %% jupyter={"source_hidden": true}
claim(
    "02/below-chance",
    "The surest copy of D* is worth less than a D that says ½ everywhere.",
    values[-1],
    below=-np.log(4),
)

# %% [markdown]
# $V$ is a mean *log-probability*: an answer that is sure and wrong costs much, without limit. Accuracy only counts.
# Accuracy belongs to another divergence. $D^*$ has the best accuracy, and this is a simple function of the *total
# variation* $\mathrm{TV}=\tfrac12\sum|p-q|$. So "make the best accuracy small" and "make $V(D^*)$ small" are two
# different aims. For a generator that cannot reach $q=p$ they have different answers. Let it choose the mean $\mu$ of a
# Gaussian of width 1.

# %% jupyter={"source_hidden": true}
claim(
    "02/best-accuracy",
    "The accuracy of D* is (1 + TV(p, q))/2, on 500 random pairs.",
    accuracy(random_best, random_p, random_q),
    equals=(1 + divergences.tv(random_p, random_q)) / 2,
    within=1e-12,
)

# %%
mu = np.linspace(-2, 2, 401)
family = norm.pdf(x, mu[:, None], 1.0)
by_accuracy, by_value = (mu[d(p, family, dx).argmin()] for d in (divergences.tv, divergences.js))

# %% jupyter={"source_hidden": true}
claim(
    "02/two-wishes",
    "The μ with the smallest best accuracy and the μ with the smallest V(D*) are more than 0.3 apart.",
    abs(by_accuracy - by_value),
    above=0.3,
)

# %% [markdown]
# ## What the sources get wrong (6 min, depth)
#
# The Japanese slides (sakai 2018, 「GAN とは」) derive what this chapter derives. Their result,
# $V(D^*)=2\cdot\mathrm{JSD}-\log 4$ (slide source, line 148), is right. On the next slide they solve it for the JSD,
# and three things go wrong.
#
# **Line 166, row 1 to row 2.** Row 1 has the ½ of the JSD: 「½{KL(…)+KL(…)}」. Row 2,
# 「$\mathbb E_{p}[\log\frac{2p}{p+q}]+\mathbb E_{q}[\log\frac{2q}{p+q}]$」, has lost it.
#
# **Rows 3 and 4.** The 2 in each logarithm is taken out as 「$-\log 4$」. But $\log 2p/(p+q)=\log D^*+\log 2$: it is
# *plus* $\log 4$. And the ½ is still missing. The right result is $\tfrac12(V(D^*)+\log 4)$, as their own line 148
# says.

# %%
row_2 = (random_p * np.log(random_p / random_m)).sum(-1) + (random_q * np.log(random_q / random_m)).sum(-1)
row_3 = divergences.value(random_best, random_p, random_q) - np.log(4)
jsd = divergences.js(random_p, random_q)

# %% jupyter={"source_hidden": true}
claim("02/slide-half", "Row 2 of the slide is twice the JSD.", row_2 / jsd, equals=2, within=1e-9)
claim("02/slide-sign", "Row 3 of the slide is negative for every pair; a JSD never is.", row_3, below=0)
claim(
    "02/slide-repaired", "With + log 4 and the ½ it is the JSD.", (row_3 + 2 * np.log(4)) / 2, equals=jsd, within=1e-12
)

# %%
same = divergences.value([0.5, 0.5], [0.5, 0.5], [0.5, 0.5]) - np.log(4)

# %% jupyter={"source_hidden": true}
claim(
    "02/slide-at-equality", "At p = q, where JSD is 0, row 3 gives −2·log 4 = −2.77.", same, equals=-2.7726, within=1e-4
)

# %% [markdown]
# **Lines 168, 180 and 184** draw the generator's noise from $p_g$: 「$\mathbb E_{p_g(z)}[\log(1-D(G(z)))]$」. But $p_g$
# is the distribution of what comes *out* of $G$. What goes in has the distribution $p_z$. (Algorithm 1 of the 2014
# paper has the same slip.) If noise and examples are both single numbers, one can do what is written: draw from $p_g$,
# and put the result into $G$ again.

# %%
rng = np.random.default_rng(0)


def G(z):
    return 2 * z + 3  # noise N(0, 1) in, examples N(3, 2²) out


z = rng.normal(size=200_000)  # p_z
made = G(z)  # p_g

# %% jupyter={"source_hidden": true}
claim(
    "02/noise-prior",
    "G makes examples of mean 3; with z drawn from p_g, as printed, it makes examples of mean 9.",
    [made.mean(), G(made).mean()],
    equals=[3, 9],
    within=0.1,
)

# %% [markdown]
# **Line 170** reads the game as 「正答率の最小化」, making the *rate of correct answers* small. It is a mean log-probability:
# see `02/same-accuracy`, `02/two-wishes` and `02/first-term` above.
#
# **Line 174** has two slips. 「近似的なJSD距離の最小化」 says that $G$ minimises "an approximate JSD": see `02/held-worse`. And it
# calls JSD a *distance* (距離). With a distance, the straight way is never longer than a detour. With JSD it can be, with
# its square root it cannot (chapter 03).

# %%
here, between, there = np.array([1.0, 0.0]), np.array([0.5, 0.5]), np.array([0.0, 1.0])
direct = divergences.js(here, there)
legs = np.array([divergences.js(here, between), divergences.js(between, there)])

# %% jupyter={"source_hidden": true}
claim(
    "02/no-distance",
    "By JSD the straight way from (1, 0) to (0, 1) is longer than the way over (½, ½).",
    direct - legs.sum(),
    above=0.2,
)
claim(
    "02/root-is",
    "By √JSD the straight way is shorter than the detour.",
    np.sqrt(legs).sum() - np.sqrt(direct),
    above=0.05,
)

# %% [markdown]
# **Line 151** writes "Kullback-Leiber". It is Leibler, and what the line says is right: JSD is symmetric, KL is not.
#
# ## Exercises (22 min)
#
# **Exercise 02.1** · ★☆☆ · 3 minutes
#
# Write the best discriminator, for arrays `p` and `q` that are positive everywhere.


# %%
def best_d(p, q): ...


check("02.1", best_d)

# %% [markdown]
# <details><summary>Solution 02.1</summary>
#
# ```python
# def best_d(p, q):
#     return p / (p + q)
#
#
# check("02.1", best_d)
# ```
#
# It is the probability of "real" by Bayes' rule, with equally many of each.
#
# </details>
#
# **Exercise 02.2** · ★☆☆ · 5 minutes, depth
#
# Write $V(D)$ for masses `p` and `q` (they sum to one) and answers `d` strictly between 0 and 1. Return one number.


# %%
def v(d, p, q): ...


check("02.2", v)

# %% [markdown]
# <details><summary>Solution 02.2</summary>
#
# ```python
# def v(d, p, q):
#     return np.sum(p * np.log(d)) + np.sum(q * np.log(1 - d))
#
#
# check("02.2", v)
# ```
#
# An expectation over bins is a sum with the masses as weights. `divergences.value` does the same, and also handles
# zeros.
#
# </details>
#
# **Exercise 02.3** · ★★☆ · 4 minutes, depth
#
# Back to the prediction at the top. The loss $-V$ of the best possible discriminator settles at 0.9. What is the JSD
# between data and model, to two digits?

# %%
jsd_behind_the_curve = None

check("02.3", jsd_behind_the_curve)

# %% [markdown]
# <details><summary>Solution 02.3</summary>
#
# ```python
# jsd_behind_the_curve = (-0.9 + np.log(4)) / 2
#
# check("02.3", jsd_behind_the_curve)
# ```
#
# 0.24 nats, about a third of the way from 0 to log 2 = 0.69. If $D$ is not the best, the JSD is *at least* 0.24.
#
# </details>
#
# **Exercise 02.4** · ★★☆ · 4 minutes, depth
#
# By mistake a data loader delivers two real examples for each fake one. At a point with $p(x)=q(x)$, what does the
# best $D$ say there?

# %%
answer = None

check("02.4", answer)

# %% [markdown]
# <details><summary>Solution 02.4</summary>
#
# ```python
# answer = 2 / (2 + 1)
#
# check("02.4", answer)
# ```
#
# The classifier learns the odds of the *labels*: $2p/(2p+q)$. It says ⅔, "probably real", even to the examples of a
# perfect generator.
#
# </details>
#
# **Exercise 02.5** · ★★★ · 6 minutes, depth
#
# Find discriminators with the same accuracy and another $V$: write a function that multiplies the *logit*
# $\log\frac{d}{1-d}$ of every answer `d` by `t` and returns the new answers, again probabilities.


# %%
def sharpen(d, t): ...


check("02.5", sharpen)

# %% [markdown]
# <details><summary>Solution 02.5</summary>
#
# ```python
# def sharpen(d, t):
#     return d**t / (d**t + (1 - d) ** t)
#
#
# check("02.5", sharpen)
# ```
#
# A logit keeps its sign when it is multiplied by a positive number, so every answer stays on its side of ½ and the
# accuracy stays. A sigmoid of `t * np.log(d / (1 - d))` is the same function.
#
# </details>
#
# ## What we checked

# %%
checked()

# %% [markdown]
# ## Further reading
#
# - Goodfellow et al. 2014, *Generative Adversarial Nets*: Proposition 1 and Theorem 1.
# - Mohamed & Lakshminarayanan 2016, *Learning in Implicit Generative Models*: from density ratios to classifiers.
# - Arjovsky & Bottou 2017, *Towards Principled Methods for Training Generative Adversarial Networks*: Theorem 2.5.
# - Shannon et al. 2020, *Non-saturating GAN Training as Divergence Minimization*: the softened reverse KL.
# - Lin 1991, *Divergence Measures Based on the Shannon Entropy*; Endres & Schindelin 2003, *A New Metric for
#   Probability Distributions*: JSD and its root.
#
# **Next:** chapter 03 compares the divergences and asks which of them change when two distributions come closer.

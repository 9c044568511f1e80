# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 01 · Generative models
#
# **The question.** What can one ask of a model that makes pictures, and how can it learn to make them if it cannot say
# how likely a picture is?
#
# *75 minutes.*
#
# **You will be able to**
#
# - tell an explicit model from an implicit one, and say which questions each of them can answer;
# - test honestly whether features that were learned without labels help where labels are few;
# - estimate the ratio of two densities from examples alone, in two ways, and say which one survives in many dimensions;
# - say why a variational autoencoder blurs, what it leaves out and why, and what it has that a GAN does not have.
#
# **Predict before you run.** A face is photographed twice, once with glasses and once without. A network must draw
# *one* picture, and does not know which of the two is wanted: both are equally likely. It is trained to make the
# squared error of its pixels small. What will it draw?

# %%
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import torch
from scipy.spatial import cKDTree
from scipy.special import expit
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from sklearn.mixture import GaussianMixture
from torch.distributions import MultivariateNormal

from gan_core import datasets, figures, judges, methods, networks, objectives, training, widgets
from gan_core.course import check, checked, claim

figures.use_style()
torch.set_default_dtype(torch.float64)  # 64-bit numbers: the same digits on every machine
torch.set_num_threads(1)  # such small networks gain little from a second thread

SEEDS = range(5)

# %% [markdown]
# ## Two ways to make a model (7 min)
#
# Somebody gives you many examples: points, digits, faces. We call where they come from the *distribution* $p$ of the
# data. You will never see $p$, only examples. A **generative model** is a second distribution, $q$, that we can
# compute with and that should be like $p$. There are two ways to make one.
#
# An **explicit** model writes down a *density*: a formula $q(x)$ that says of every $x$ how likely it is. In the
# figure below it is a sum of sixteen Gaussian hills, placed so that the density at the examples is as high as
# possible.
#
# An **implicit** model is a machine. You put in *noise* $z$, random numbers that you can draw, and it puts out an
# example, $x=f(z)$. Nobody wrote down a density. The slides that we follow (sakai, 「GANとは」, 2018) draw all generative
# models in this way, $z\to\boxed{\text{生成器}}\to x$, where 生成器 is a *generator*.

# %%
spiral = datasets.swiss_roll()
rng = torch.Generator().manual_seed(0)
examples = spiral.sample(600, rng).numpy()

explicit = GaussianMixture(16, random_state=0).fit(examples)


def f(z):
    """One random number z ~ N(0, 1) becomes one point of the plane."""
    t = 1.5 * np.pi * (1 + 2 * norm.cdf(z))
    return np.stack([t * np.cos(t), t * np.sin(t)], axis=1) / 7.5


z = np.random.default_rng(0).normal(size=600)
grid = np.linspace(-2.4, 2.4, 241)
plane = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
q = np.exp(explicit.score_samples(plane)).reshape(241, 241)
figures.generative.two_ways(examples, grid, q, explicit.sample(300)[0], z, f(z))
plt.show()

# %% [markdown]
# Both can *make* new points. The explicit one can do more: ask it about any place and it answers with a number. We
# can check that these numbers are a density: they sum to one, and as many samples fall into a disc as the density
# says.

# %%
wide, step = np.linspace(-4, 4, 401, retstep=True)
squares = np.stack(np.meshgrid(wide, wide), axis=-1).reshape(-1, 2)
mass = np.exp(explicit.score_samples(squares)) * step**2
inside = np.hypot(squares[:, 0] - 1, squares[:, 1]) < 0.5
drawn = explicit.sample(100_000)[0]

# %% jupyter={"source_hidden": true}
claim(
    "01/explicit-adds-up",
    "The explicit model's density sums to 1, and its samples fall into a disc as often as its density says, within 0.01.",
    [mass.sum() - 1, mass[inside].sum() - (np.hypot(drawn[:, 0] - 1, drawn[:, 1]) < 0.5).mean()],
    equals=0,
    within=0.01,
)

# %% [markdown]
# Has the machine no density at all? *Sometimes* it has one, though nobody wrote it down. Let $f$ turn one number into
# one number, and always rise. Then each interval of $z$ becomes an interval of $x$ with the same probability in it,
# but stretched by the slope. So the density is divided by the slope: $q(x)=q_z(z)/f'(z)$. (Models built on this are
# called *normalizing flows*.) We check it for $f(z)=\sinh z$, between $x=-2$ and $x=3$:

# %%
x = np.linspace(-2, 3, 100_001)
back = np.arcsinh(x)  # the z that became x
pushed = norm.pdf(back) / np.cosh(back)

# %% jupyter={"source_hidden": true}
claim(
    "01/change-of-variables",
    "For x = sinh z the density q(z)/f′(z) holds as much between −2 and 3 as z has between the two places they come from.",
    np.trapezoid(pushed, x),
    equals=norm.cdf(back[-1]) - norm.cdf(back[0]),
    within=1e-8,
)

# %% [markdown]
# But our machine makes two numbers from one. All its points lie on a *curve* in the plane, and a curve has no area.
# Count the pairs of points that lie within a distance $r$ of each other. If there is a density and you halve $r$,
# this count falls to a quarter, as the area of a disc does. *Predict:* how does it change for our machine?

# %%
radii = np.array([0.04, 0.02, 0.01, 0.005])


def neighbours(points):
    """How many pairs lie within each of the radii."""
    tree = cKDTree(points)
    return (tree.count_neighbors(tree, radii) - len(points)) / 2


many = f(np.random.default_rng(1).normal(size=20_000))
with_density, on_a_line = (neighbours(points) for points in (explicit.sample(20_000)[0], many))

# %% jupyter={"source_hidden": true}
claim(
    "01/no-density",
    "Half the radius leaves a quarter of the explicit model's pairs within it, and one half of the implicit model's.",
    [*(with_density[1:] / with_density[:-1] - 1 / 4), *(on_a_line[1:] / on_a_line[:-1] - 1 / 2)],
    equals=0,
    within=0.05,
)

# %% [markdown]
# **What you saw.** On its curve this model would need an infinite density, and beside the curve the density is 0. The
# problem is not that $q(x)$ is hard to compute; there *is* no $q(x)$. A GAN that makes a picture of 3,072 numbers
# from 64 random ones is such a machine, too. Of an implicit model we have only samples, just as we have only examples
# of $p$.
#
# ## What is a model good for? (8 min, depth)
#
# The slides name three uses: 「サンプリングが可能」, one can draw samples; 「データに対する確率密度が得られる」, one gets the density of data;
# 「半教師あり学習に応用ができる」, it can serve *semi-supervised learning*, where few examples have labels. You have seen the first
# use. Now the second: what would you do with a density?
#
# **Choose between models.** How many hills should the sum have? Fit with 300 examples, then ask how likely *other*
# examples are under the model. Those were *held out*: it has never seen them. The mean of $\log q(x)$ over examples
# is the *log-likelihood*. It is measured in *nats* (one nat more is a factor of $e$ in the density). *Predict* both
# curves: on the examples it was fitted to, and on those held out.

# %%
hills = np.array([1, 2, 4, 8, 16, 32, 64])
fitted, held_out = np.empty((2, 5, len(hills)))
for seed in SEEDS:
    rng = torch.Generator().manual_seed(seed)
    known, other = spiral.sample(300, rng).numpy(), spiral.sample(2_000, rng).numpy()
    for i, k in enumerate(hills):
        model = GaussianMixture(k, random_state=seed, reg_covar=1e-4, max_iter=300).fit(known)
        fitted[seed, i], held_out[seed, i] = model.score(known), model.score(other)

curves = {"examples it was fitted to": fitted, "examples held out": held_out}
figures.generative.over_seeds(hills, curves, "Gaussian hills in the model", "mean of log q(x), nats")
plt.show()

# %% jupyter={"source_hidden": true}
claim(
    "01/held-out-chooses",
    "Fitted examples like 64 hills best; held-out ones like 8, 16 or 32 best, by more than half a nat, on each of 5 seeds.",
    [
        *(fitted.argmax(1) == 6),
        *np.isin(held_out.argmax(1), [3, 4, 5]),
        *(held_out.max(1) - held_out[:, -1] > 0.5),
    ],
)

# %% [markdown]
# **Find the odd one.** Now 1,797 real digits of 8 × 8 pixels, written by people. The model is a very simple one:
# every digit is $x = Wz+b+\sigma\varepsilon$. Here $b$ is a mean picture, the columns of $W$ are a few strokes, added
# in random amounts $z\sim\mathcal N(0,I)$, and $\sigma\varepsilon$ is noise in every pixel, with
# $\varepsilon\sim\mathcal N(0,I)$. Then $x$ is Gaussian, $q=\mathcal N(b,\,WW^\top+\sigma^2I)$. The likeliest $W$ has
# a formula (Tipping & Bishop 1999): find the main directions in which the data vary (the eigenvectors of their
# covariance); one with a variance $\lambda>\sigma^2$ gets a column of length $\sqrt{\lambda-\sigma^2}$. Keep this
# model in mind: we use it again below.


# %%
def linear_model(x, sigma):
    """W (d, k) and b (d,) that make the examples x (n, d) likeliest under x = W z + b + σ ε."""
    variance, directions = torch.linalg.eigh(torch.cov(x.T, correction=0))
    told = variance > sigma**2
    return directions[:, told] * (variance[told] - sigma**2).sqrt(), x.mean(0)


def log_density(x, W, b, sigma):
    """log q(x) of that model, exactly, in nats: (n,)."""
    return MultivariateNormal(b, W @ W.T + sigma**2 * torch.eye(len(b))).log_prob(x)


unlabelled, test = datasets.digits().split(1297, seed=0)
of_digits = *linear_model(unlabelled.x.flatten(1), 0.3), 0.3
upright, upside_down = (log_density(x.flatten(1), *of_digits) for x in (test.x, test.x.flip(2)))
likeliest = unlabelled.x.mean(0, keepdim=True)  # b: where a Gaussian is highest
at_the_top = float(log_density(likeliest.flatten(1), *of_digits))
groups = {"500 digits held out": upright, "the same, upside down": upside_down}
figures.generative.odd_ones(groups, {"the likeliest picture there is": at_the_top})
shown = {"held out": -test.x[:9], "upside down": -test.x.flip(2)[:9], "the likeliest": -likeliest}
figures.dcgan.rows(shown, zoom=5)
plt.show()

# %% jupyter={"source_hidden": true}
claim(
    "01/upside-down",
    "More than four in five held-out digits are likelier than the same digit upside down; some digits are the same.",
    (upright > upside_down).double().mean(),
    above=0.8,
)
claim(
    "01/likeliest-is-no-digit",
    "The likeliest picture of all is likelier than each of the 500 held-out digits, by more than 5 nats.",
    at_the_top - upright,
    above=5,
)

# %% [markdown]
# **Did you notice** the likeliest picture? It is the mean of all digits, a grey smear, and no digit looks like it.
# *Likeliest* is not *typical*: at the top of the hill the density is highest, but the top is so small that almost no
# sample falls there. Remember this smear.
#
# ## Features, and a few labels (8 min, depth)
#
# Now the third use. Labels are expensive and examples are cheap. Let a model learn from 1,297 digits *without*
# labels. Perhaps what it has learned to look at, its *features*, makes the labels easy to find: then a simple
# classifier on the features needs few labels. We try two models, which you will meet again:
#
# - the first **GAN**, of 2014: a *generator* makes digits from noise, and a *discriminator* $D$ learns to tell them
#   from real ones. To judge digits, $D$ must learn what to look at. Its first layer turns a digit into 128 numbers;
# - a **VAE**, a *variational autoencoder*: an *encoder* turns a digit into a few numbers $z$, and a *decoder* makes
#   the digit from them again. Its encoder's first layer, too, gives 128 numbers.
#
# Without two controls the experiment says nothing. One is the *same* $D$ before its first step of training: perhaps
# 128 random features are just as good. The other is the raw pixels, prepared in two ways: all on one scale, or each
# pixel scaled by itself, which many people do as a habit.

# %%
gan, vae = methods.gan(unlabelled.shape), methods.vae(unlabelled.shape, sigma=0.6)
untrained = [training.start(gan, unlabelled, seed=seed) for seed in SEEDS]
gans = training.replicate(gan, unlabelled, steps=500, seeds=SEEDS)
vaes = training.replicate(vae, unlabelled, steps=500, seeds=SEEDS)

# %%
drawn = {"real": test.x[:14], "the first GAN": gans[1].samples(14), "the VAE": vaes[1].samples(14)}
figures.dcgan.rows({name: -x for name, x in drawn.items()}, zoom=4)
plt.show()


# %% [markdown]
# Clean pictures are not the point here (and the GAN's are not clean: after 500 steps it draws only a few of the ten
# digits). The classifier on the features is a logistic regression. *Predict* before you look: by how many in a
# hundred does each kind of features beat raw pixels, with one label for each digit, with five, with thirty? In the
# figure each mark is one seed, the stroke is their mean, and the bar is the mean's 95 % interval.


# %%
def one_scale(learn, other, each=False):
    """Features (n, k) minus their mean, divided by one standard deviation for all, or each by its own."""
    mean, variance = learn.mean(0), learn.var(0)
    scale = np.sqrt(variance + 1e-18 if each else variance.mean())
    return (learn - mean) / scale, (other - mean) / scale


@torch.no_grad()
def features(network=None, each=False):
    """The first layer's output, or the pixels themselves: for the digits to learn from and for those of the test."""
    both = [x.flatten(1) if network is None else network[:3](x) for x in (unlabelled.x, test.x)]
    return one_scale(*(values.numpy() for values in both), each)


def accuracy(of, truth, labels, draws, seed):
    """The share of right answers with `labels` labels a class, a mean over draws: {name of the features: share}."""
    (y, y_test), right = truth, dict.fromkeys(of, 0.0)
    for draw in range(draws):
        rng = np.random.default_rng([seed, draw])  # for all features the same labels
        known = np.concatenate([rng.choice(np.flatnonzero(y == c), labels, replace=False) for c in np.unique(y)])
        for name, (a, b) in of.items():
            right[name] += LogisticRegression(max_iter=1_000).fit(a[known], y[known]).score(b, y_test) / draws
    return right


# %%
found = {}
for seed in SEEDS:
    of = {
        "pixels, one scale": features(),
        "pixels, each its own scale": features(each=True),
        "first layer of D, untrained": features(untrained[seed].discriminator),
        "first layer of D": features(gans[seed].discriminator),
        "first layer of the VAE": features(vaes[seed].generator.encoder),
    }
    for labels in (1, 5, 30):
        for name, share in accuracy(of, (unlabelled.y.numpy(), test.y.numpy()), labels, 6, seed).items():
            found.setdefault(labels, {}).setdefault(name, []).append(100 * share)
gain = {
    labels: {
        name: np.subtract(right, shares["pixels, one scale"])
        for name, right in shares.items()
        if right is not shares["pixels, one scale"]
    }
    for labels, shares in found.items()
}
titles = {1: "1 label for each digit", 5: "5 labels", 30: "30 labels"}
figures.generative.by_seed(
    {titles[labels]: groups for labels, groups in gain.items()},
    "more right in 100",
    ("raw pixels on one scale", 0),
)
plt.show()

# %%
right = [round(np.mean(found[labels]["pixels, one scale"]) / 5) * 5 for labels in (1, 5, 30)]
print("raw pixels, right in a hundred, with 1, 5 and 30 labels for each digit: about", right)

# %% jupyter={"source_hidden": true}
claim(
    "01/careless-baseline",
    "With one label for each digit, scaling each pixel by itself costs the raw pixels more than 3 in 100, on each of 5 seeds.",
    gain[1]["pixels, each its own scale"],
    below=-3,
)
claim(
    "01/vae-features",
    "With one label the VAE's first layer beats raw pixels on each of 5 seeds, by 0.5 to 6 in 100.",
    gain[1]["first layer of the VAE"],
    above=0.5,
    below=6,
)
claim(
    "01/gan-features",
    "The first GAN's D does not beat raw pixels by 1 in 100 on any of 5 seeds, with 1, 5 or 30 labels.",
    [gain[labels]["first layer of D"] for labels in (1, 5, 30)],
    below=1,
)
claim(
    "01/d-learned",
    "With one label the first layer of D beats the same layer before training, on each of 5 seeds.",
    gain[1]["first layer of D"] - gain[1]["first layer of D, untrained"],
    above=0,
)
claim(
    "01/features-fade",
    "With 30 labels no features are more than 3 in 100 better or worse than raw pixels, on any seed.",
    [values for values in gain[30].values()],
    above=-3,
    below=3,
)

# %% [markdown]
# **What you saw.** On these digits the third use is worth little. With one label the VAE gains two or three in a
# hundred and this GAN gains nothing; with thirty labels the gain is less than one. $D$ did learn something, but only
# enough to make up for what 128 random numbers lose. The biggest effect comes from a *careless baseline*: compared
# with pixels that are each scaled by itself, every model looks like progress. On harder pictures learned features
# count for more. With the features of DCGAN's $D$ a linear classifier named 82.8 % of CIFAR-10's test pictures
# correctly (reported by Radford et al. 2016). At the end of this chapter we do the same with faces. There one can see
# what such features keep and what they throw away.
#
# ## Comparing two distributions by examples alone (13 min)
#
# How does an implicit model *learn*? It must find out how its samples differ from the data, and it has only examples
# of both. It would be good to know the **ratio**
#
# $$r(x)=\frac{p(x)}{q(x)}$$
#
# at every $x$. Where it is above 1 the model makes too few such $x$; where it is below 1, too many. The slides, which
# follow *Learning in Implicit Generative Models* (Mohamed & Lakshminarayanan 2016) here, say:
# 「このままではまだカーネル密度推定などで求める必要がある」, "so far, one would still have to find it by kernel density estimation or the like".
# So let us try that.
#
# **Way one: two densities.** A *kernel density estimate* puts a little Gaussian hill of width $h$ on each of $n$
# examples $x_i$, $\;\hat p(x)=\frac1n\sum_i\mathcal N(x;x_i,h^2I)$. Do it for $p$, do it for $q$, divide. The width
# is chosen as above: we put hills on one half of the examples and take the $h$ under which the other half is
# likeliest. Then all examples get hills.


# %%
def squared_distances(x, centres):
    return torch.cdist(x, centres).square()


def log_kde(away, h, d):
    """log p̂ from the squared distances to the examples (n, examples): (n,). The log of a mean of Gaussians."""
    return torch.logsumexp(-away / (2 * h**2), 1) - np.log(away.shape[1]) - d * np.log(h * np.sqrt(2 * np.pi))


def by_two_densities(real, fake):
    """log p/q as a function, each density a kernel estimate: hills on all examples, of the width that was found best."""
    d, found = real.shape[1], []
    for x in (real, fake):
        away = squared_distances(x[1::2][:500], x[::2])  # held out, to hills on half of the examples
        h = max(np.geomspace(0.1, 1.5, 15), key=lambda h: float(log_kde(away, h, d).mean()))
        found.append(lambda at, x=x, h=h: log_kde(squared_distances(at, x), h, d))
    return lambda at: found[0](at) - found[1](at)


# %% [markdown]
# **Way two: one classifier.** Mix equally many real and fake examples and teach a network to tell them apart. It
# answers with a *probability*: $C(x)$ is how sure it is that $x$ is real. The best answer is the share of real ones
# among all examples at $x$: $C=p/(p+q)$. Solve this for the ratio:
#
# $$\frac{p(x)}{q(x)}=\frac{C(x)}{1-C(x)} .$$
#
# A question about densities has become a question about labels, and to learn labels one needs no density. The slides:
# 「密度推定を二値分類問題に置き換えた」, density estimation has been replaced by a two-class problem. The network's last number is the
# *logit* $a=\log\frac C{1-C}$, so it *is* an estimate of $\log r$. Its loss is `objectives.cross_entropy`: minus the
# log of the probability that it gave to the right label (chapter 02 derives it). We keep the network as it was when
# this loss on held-out examples was smallest.


# %%
def by_a_classifier(real, fake, seed, steps=200):
    """log p/q as a function: the logit of a small network that was taught to tell the two apart."""
    torch.manual_seed(seed)
    C = networks.mlp(real.shape[1], 1, width=32, depth=2, activation=torch.nn.Tanh)
    adam = torch.optim.Adam(C.parameters(), lr=5e-3)
    n, best = len(real) * 4 // 5, (np.inf, None)
    for step in range(1, steps + 1):
        i, j = torch.randint(n, (2, 100))
        loss = objectives.cross_entropy(C(real[i]), C(fake[j]))
        adam.zero_grad()
        loss.backward()
        adam.step()
        if step % 20 == 0:
            with torch.no_grad():
                held_out = float(objectives.cross_entropy(C(real[n:]), C(fake[n:])))
            best = min(best, (held_out, {name: w.clone() for name, w in C.state_dict().items()}), key=lambda b: b[0])
    C.load_state_dict(best[1])
    return lambda at: C(at).detach()[:, 0]


# %% [markdown]
# To judge both ways we need a case whose ratio is known. Let $p=\mathcal N(0,1)$ and $q=\mathcal N(1,1.5^2)$, and
# draw 1,000 examples of each.


# %%
def draw(n, d, rng, shift=1.0, width=1.5):
    """n real and n fake examples in d dimensions. They differ in the first coordinate only."""
    real, fake = torch.randn(2, n, d, generator=rng)
    fake[:, 0] = shift + width * fake[:, 0]
    return real, fake


def true_ratio(x, shift=1.0, width=1.5):
    """log p/q at x (n, d). In the other coordinates p and q are the same, and cancel."""
    a = x[:, 0].numpy()
    return torch.as_tensor(norm.logpdf(a) - norm.logpdf(a, shift, width))


rng = torch.Generator().manual_seed(0)
real, fake = draw(1_000, 1, rng)
line = torch.linspace(-5, 7, 481)[:, None]
ways = {"two kernel densities": by_two_densities(real, fake), "one classifier": by_a_classifier(real, fake, 0)}
p, q = norm.pdf(line[:, 0]), norm.pdf(line[:, 0], 1, 1.5)
log_ratios = {name: way(line) for name, way in ways.items()}
figures.generative.ratios(line[:, 0], p, q, true_ratio(line), log_ratios, 9)
plt.show()

# %%
C = p / (p + q)

# %% jupyter={"source_hidden": true}
claim(
    "01/ratio-is-odds",
    "Where C is the share of real ones, p/(p + q), the odds C/(1 − C) are the ratio p/q, at 481 places.",
    C / (1 - C) / (p / q),
    equals=1,
    within=1e-9,
)

# %% [markdown]
# In the middle, where the examples are, both ways are good. In the tails both only guess: the estimated densities
# fall very steeply where their last hill ends, and the classifier's answer becomes flat. In one dimension neither
# wins.
#
# A picture of 32 × 32 has 3,072 dimensions. So we add coordinates, up to 2, 4, … 32, and in all the new ones $p$ and
# $q$ are *the same*. The true ratio does not change. *Predict:* which of the two ways gets worse? How do they compare
# with somebody who knows nothing and says $r=1$ everywhere? We measure the *typical error*, the median of $|\log\hat
# r-\log r|$ over 2,000 new examples, on five seeds.

# %%
dimensions = [1, 2, 4, 8, 16, 32]
BOTH = "two kernel densities", "one classifier"


def case(d, seed, n=1_000, **where):
    """n real and n fake examples to learn from, 2,000 new ones, and the true log ratio there."""
    rng = torch.Generator().manual_seed(100 * seed + d)
    learn, at = draw(n, d, rng, **where), torch.cat(draw(1_000, d, rng, **where))
    return learn, at, true_ratio(at, **where)


def typical(x):
    return float(x.abs().median())


def compared(d, seed, **where):
    """Typical errors of both ways and of r = 1; typical sizes of both ways' answers and of the truth: (2, 3)."""
    (real, fake), at, truth = case(d, seed, **where)
    guesses = by_two_densities(real, fake)(at), by_a_classifier(real, fake, seed)(at)
    return [[*(typical(guess - truth) for guess in guesses), typical(truth)], [*map(typical, guesses), typical(truth)]]


kde, classifier, nothing = np.array([[compared(d, seed)[0] for d in dimensions] for seed in SEEDS]).transpose(2, 0, 1)
level = "“they are the same”: r = 1", nothing.mean(0)
curves = dict(zip(BOTH, (kde, classifier), strict=True))
figures.generative.over_seeds(dimensions, curves, "dimensions", "typical error of log p/q, nats", level)
plt.show()

# %% jupyter={"source_hidden": true}
claim(
    "01/few-dimensions",
    "In one and in two dimensions each way has a typical error below 0.25 nats, on each of 5 seeds.",
    [kde[:, :2], classifier[:, :2]],
    below=0.25,
)
claim(
    "01/densities-drown",
    "In 32 dimensions the two densities do worse than somebody who says r = 1, on each of 5 seeds.",
    kde[:, -1] / nothing[:, -1],
    above=1,
)
claim(
    "01/classifier-swims",
    "In 32 dimensions the classifier does better than r = 1, and has less than six tenths of the densities' error.",
    [*(classifier[:, -1] / nothing[:, -1] < 1), *(classifier[:, -1] / kde[:, -1] < 0.6)],
)

# %% [markdown]
# **Did you notice?** The *ratio* did not become harder. But before we divide two densities, both must be right in all
# coordinates; a classifier need only look at what makes a difference. The useless coordinates cost it some accuracy,
# too, but far less. More data for the densities, then? Four times as many examples, in 16 dimensions:

# %%
more = []
for seed in SEEDS:
    (real, fake), at, truth = case(16, seed, n=4_000)
    more.append(typical(by_two_densities(real, fake)(at) - truth))

# %% jupyter={"source_hidden": true}
claim(
    "01/more-data-little",
    "In 16 dimensions the densities of 4,000 examples do worse than the classifier of 1,000, on each of 5 seeds.",
    more / classifier[:, dimensions.index(16)],
    above=1,
)

# %% [markdown]
# And where does the classifier do badly? **When the two are far apart.** Now $p$ and $q$ are one-dimensional again,
# both of width 1, and we move them apart by 2, 4, 6 and 8. *Predict:* will its log ratio be too large or too small?
# (In the figure, compare each curve with the line of the truth.)

# %%
shifts = [2, 4, 6, 8]
sizes = np.array([[compared(1, seed, shift=float(shift), width=1.0)[1] for shift in shifts] for seed in SEEDS])
bold, timid, true = sizes.transpose(2, 0, 1)  # (seeds, shifts) each
curves = dict(zip(BOTH, (bold, timid), strict=True))
truth_line = "the truth", true.mean(0)
labels = "distance of p and q, in widths", "typical size of log p/q, nats"
figures.generative.over_seeds(shifts, curves, *labels, truth_line, logarithmic="y")
plt.show()

# %% jupyter={"source_hidden": true}
claim(
    "01/too-timid",
    "At distances 6 and 8 the classifier's log ratio is less than two thirds as large as the true one, on each of 5 seeds.",
    timid[:, 2:] / true[:, 2:],
    below=2 / 3,
)
claim(
    "01/too-bold",
    "At distances 6 and 8 the log ratio of the two kernel densities is more than twice as large as the true one.",
    bold[:, 2:] / true[:, 2:],
    above=2,
)

# %% [markdown]
# Once it tells all examples apart, a classifier has little reason to become surer, so it never learns *how* far apart
# they are. Chapter 06 shows what that does to a generator. And it never gives you $p$ or $q$, only their ratio. That
# is enough to improve the model, but it is no density.
#
# This is the idea of GANs. Call the classifier the **discriminator**, $D$. Change the model so that $D$ finds fewer
# differences. Let $D$ learn again, and repeat. Chapter 02 goes on from here. But first, the other way: models that do
# have a density, or nearly.
#
# ## One answer for two pictures (9 min, depth)
#
# Now the prediction from the top. Each row below shows eight pictures that are equally likely, and then the *one*
# picture with the lowest mean squared error to all eight.

# %%
person = {name: values.repeat(8) for name, values in datasets.faces(1, seed=11).factors.items()}
person |= {"yaw": torch.zeros(8), "glasses": torch.zeros(8, dtype=torch.int64)}
sets = {
    "glasses or none": {**person, "glasses": torch.arange(8) % 2},
    "looking around": {**person, "yaw": torch.linspace(-1, 1, 8)},
    "anybody": datasets.faces(8, seed=0).factors,
}
pictures = {name: datasets.draw_faces(factors, 64).x for name, factors in sets.items()}
answers = {name: torch.cat([x, x.mean(0, keepdim=True)]) for name, x in pictures.items()}
figures.dcgan.rows(answers, zoom=1, columns=[""] * 8 + ["the answer"], gap=7)
plt.show()

# %% [markdown]
# We see half-transparent glasses, and a face that looks everywhere. Why? For any answer $c$, with $\bar x$ the mean
# of the pictures,
#
# $$\mathbb E\lVert x-c\rVert^2=\mathbb E\lVert x-\bar x\rVert^2+\lVert \bar x-c\rVert^2 .$$
#
# (Write $x-c$ as $(x-\bar x)+(\bar x-c)$ and expand the square; the mixed term has mean 0.) The first term does not
# depend on your answer. The second is 0 only for $c=\bar x$. A *sharp* answer, one of the pictures themselves, is on
# average twice as bad as the blurred one.

# %%
one_of_them, gaps = [], []
rng = torch.Generator().manual_seed(0)
for x in pictures.values():
    least = (x - x.mean(0)).square().sum((1, 2, 3)).mean()
    for c in 2 * torch.rand(300, *x.shape[1:], generator=rng) - 1:  # any pictures at all
        gaps.append((x - c).square().sum((1, 2, 3)).mean() - least - (x.mean(0) - c).square().sum())
    one_of_them.append(torch.stack([(x - c).square().sum((1, 2, 3)).mean() for c in x]).mean() / least)

# %% jupyter={"source_hidden": true}
claim(
    "01/mean-wins",
    "For 900 answers the mean squared error is that of the mean picture plus the squared way from the answer to the mean.",
    gaps,
    equals=0,
    within=1e-8,
)
claim(
    "01/sharp-costs-double",
    "To answer with one of the equally likely pictures has, in the mean, twice the error of answering with their mean.",
    one_of_them,
    equals=2,
    within=1e-9,
)

# %% [markdown]
# Squared error comes from a likelihood: minus the log density of $\mathcal N(c,\sigma^2I)$ is $\lVert
# x-c\rVert^2/2\sigma^2$ plus a constant. The slides say that this is why VAEs blur: 「尤度の評価のため単純な分布(ガウス,
# ベルヌーイ)を仮定していることが原因(多分)」, "the cause is that a simple distribution (Gaussian, Bernoulli) is assumed in order to
# evaluate the likelihood (maybe)". Let us remove the *maybe*. A Bernoulli likelihood treats each pixel, between 0 and
# 1, as a probability, and its error is the cross-entropy. A third possibility is the absolute error, which is the
# likelihood of a Laplace distribution.

# %%
A, B = pictures["glasses or none"][:2]
t = np.linspace(0, 1, 101)
on_the_way = [(1 - s) * A + s * B for s in t]


def bernoulli(x, c):
    """Cross-entropy of pixels, brought from [−1, 1] to [0, 1], minus its least possible value."""
    x, c = ((each + 1) / 2 for each in (x, c))
    entropy = torch.special.entr(x) + torch.special.entr(1 - x)
    return -(torch.xlogy(x, c) + torch.xlogy(1 - x, 1 - c) + entropy).sum()


LOSSES = {
    "squared (Gaussian)": lambda x, c: (x - c).square().sum(),
    "cross-entropy (Bernoulli)": bernoulli,
    "absolute (Laplace)": lambda x, c: (x - c).abs().sum(),
}
valleys = {name: np.array([float(loss(A, c) + loss(B, c)) for c in on_the_way]) / 2 for name, loss in LOSSES.items()}
figures.generative.valley(t, valleys, [A, (A + B) / 2, B])
plt.show()

# %%
squared, crossed, absolute = valleys.values()

# %% jupyter={"source_hidden": true}
claim(
    "01/gaussian-or-bernoulli",
    "Of 101 answers between A and B the one halfway is the best under a Gaussian and under a Bernoulli likelihood.",
    [squared.argmin() == 50, crossed.argmin() == 50],
)
claim(
    "01/laplace-does-not-care",
    "Under a Laplace likelihood all answers between A and B are equally good.",
    np.ptp(absolute) / absolute[0],
    below=1e-9,
)

# %% [markdown]
# So the Gaussian is not the cause: the Bernoulli's best answer is the same mean. In both, given the answer, the error
# of each pixel is *independent* of the others. But whether there are glasses is one decision for many pixels
# together, and no such likelihood can say "all or none".
#
# And a GAN? Add a little noise, of size $s$ in each pixel, to data and models, so that all have densities. The data
# are A or B (without and with glasses), each half of the time. One model always draws their mean, the *ghost*; the
# other draws *A only*. There are two judges: the likelihood, $\mathbb E_p[\log q]$, and the best discriminator,
# $D=p/(p+q)$, which looks at what the model draws. *Predict* which model each judge likes better.

# %%
s = 0.1
far = float((A - B).square().sum()) / s**2  # ‖A − B‖², in units of s²
likelihood = {"the ghost": -far / 8, "A only": -far / 4}  # E_p[log q], up to one constant for both
log_ratio = {"the ghost": -far / 8, "A only": np.log(0.5)}  # log p/q at the picture that the model draws
seen_as_real = {model: expit(a) for model, a in log_ratio.items()}  # σ(a)
print({model: f"D = {d:.2f}" for model, d in seen_as_real.items()})

# %% jupyter={"source_hidden": true}
claim(
    "01/likelihood-likes-the-ghost",
    "The likelihood likes the ghost better than A only, by more than 100 nats.",
    likelihood["the ghost"] - likelihood["A only"],
    above=100,
)
claim(
    "01/d-likes-one",
    "D finds the ghost out, below 10⁻⁶, and takes A for real one time in three.",
    [seen_as_real["the ghost"] < 1e-6, abs(seen_as_real["A only"] - 1 / 3) < 1e-12],
)

# %% [markdown]
# **What you saw.** Each judge leads to its own fault. A likelihood asks of every *example*: could the model have made
# it? A model that must say yes to all examples prefers to blur. A discriminator asks of every *sample*: could it be
# real? It punishes every blur, and hardly notices what is missing. VAEs blur; GANs leave things out (chapter 08).
#
# ## What is worth telling (8 min, depth)
#
# But a VAE has a $z$. It could *tell* the decoder in $z$ whether there are glasses; then nothing would have to be
# averaged. Why does it not tell everything? Because telling has a price. Here is a whole **VAE** (Kingma & Welling
# 2014). In this section, as in all papers on VAEs, $p$ is the *model* and $q$ its encoder.
#
# The decoder says $p(x\mid z)=\mathcal N(\mu(z),\sigma^2I)$ with $z\sim\mathcal N(0,I)$, so $\log p(x)$ is an
# integral over all $z$. The encoder guesses which $z$ an $x$ came from: $q(z\mid x)=\mathcal
# N(m(x),\operatorname{diag}s^2(x))$. For *every* encoder,
#
# $$\log p(x)\;\ge\;\underbrace{\mathbb E_q[\log p(x\mid z)]}_{\text{is } x \text{ found again?}}-\underbrace{\mathrm{KL}\bigl(q(z\mid x)\,\|\,\mathcal N(0,I)\bigr)}_{\text{the price of telling}} .$$
#
# The right side is the *evidence lower bound*, ELBO. KL is the Kullback–Leibler divergence of chapter 03: it is never
# negative, and 0 only for equal distributions. The left side minus the right side is $\mathrm{KL}(q(z\mid
# x)\,\|\,p(z\mid x))$: how far the guess is from the truth. That can be checked exactly where all is Gaussian, as in
# our linear model, $\mu(z)=Wz+b$. There the true $p(z\mid x)$ is known: $m=W^\top(x-b)/\lambda$ and
# $s^2=\sigma^2/\lambda$. We take faces of 16 × 16 pixels:


# %%
def linear_vae(x, sigma):
    """The linear model of examples x (n, d) as a VAE: the decoder W z + b, and the exact guess as its encoder."""
    W, b = linear_model(x, sigma)
    variance = W.square().sum(0) + sigma**2  # λ of the directions that are told
    k = len(variance)
    decoder, encoder = torch.nn.Linear(k, len(b)), torch.nn.Linear(len(b), 2 * k)
    decoder.weight.data, decoder.bias.data = W, b
    to_mean = W.T / variance[:, None]
    encoder.weight.data = torch.cat([to_mean, torch.zeros_like(to_mean)])  # m(x) depends on x, s² does not
    encoder.bias.data = torch.cat([-to_mean @ b, (sigma**2 / variance).log()])
    return networks.VAE(torch.nn.Sequential(torch.nn.Flatten(), encoder), decoder)


def elbo(vae, x, noise, sigma):
    """The bound, in nats, of each example of x (n, *shape), at the one z that its row of `noise` (n, z) makes: (n,)."""
    m, log_s2 = vae.encode(x)
    z = m + (log_s2 / 2).exp() * noise
    error = (x - vae(z)).flatten(1)
    found_again = -error.square().sum(1) / (2 * sigma**2) - error.shape[1] / 2 * np.log(2 * np.pi * sigma**2)
    price = (m**2 + log_s2.exp() - 1 - log_s2).sum(1) / 2
    return found_again - price


@torch.no_grad()
def bound(linear, x, sigma):
    """Its exact mean over all noise: a quadratic function of the noise has the same mean over the 2k points ±√k eᵢ."""
    k = linear.decoder.in_features
    points = k**0.5 * torch.cat([torch.eye(k), -torch.eye(k)])
    return torch.stack([elbo(linear, x, point.expand(len(x), k), sigma) for point in points]).mean(0)


faces, new_faces = datasets.faces(4_096, size=16), datasets.faces(1_000, size=16, seed=1)
flat, few = faces.x.flatten(1), new_faces.x.flatten(1)[:50]
linear = linear_vae(flat, sigma=0.6)
exact = log_density(few, *linear_model(flat, 0.6), 0.6)
off = linear_vae(flat, sigma=0.6)
off.encoder[1].bias.data[0] += 1.0  # a guess that is wrong by 1 in the first number of z
s2 = 0.6**2 / float(linear.decoder.weight[:, 0].detach().square().sum() + 0.6**2)

# %% jupyter={"source_hidden": true}
claim(
    "01/bound-is-tight",
    "With the true guess as its encoder the ELBO is the log-likelihood, of each of 50 new faces.",
    bound(linear, few, 0.6) - exact,
    equals=0,
    within=1e-6,
)
claim(
    "01/bound-below",
    "A guess that is off by 1 in one number of z lowers the ELBO by KL(q‖p(z|x)) = 1/(2s²), of each of 50 new faces.",
    exact - bound(off, few, 0.6),
    equals=1 / (2 * s2),
    within=1e-6,
)

# %% [markdown]
# Now the price. A face has 768 numbers here, so there are 768 directions in which faces can differ. Along a direction
# with variance $\lambda$ the best decoder has a column of length $\sqrt{\lambda-\sigma^2}$ if $\lambda>\sigma^2$, and
# *none* otherwise: **a difference that is smaller than $\sigma$ is not worth telling.** For what it is not told, the
# decoder answers with the mean.
#
# Which directions are small? We need a measure of *detail*: how much each pixel differs from its four neighbours,
# squared,
#
# $$\text{detail}(x)=\operatorname{mean}\,\bigl(x_\text{up}+x_\text{down}+x_\text{left}+x_\text{right}-4x\bigr)^2 .$$
#
# *Predict:* with $\sigma=0.6$, the told directions hold nine tenths of all variance. What share of the detail?


# %%
def detail(x):
    """The mean square of the Laplacian of images (n, channels, h, w) over their inner pixels: (n,)."""
    up, down, left, right = x[..., :-2, 1:-1], x[..., 2:, 1:-1], x[..., 1:-1, :-2], x[..., 1:-1, 2:]
    return (up + down + left + right - 4 * x[..., 1:-1, 1:-1]).square().flatten(1).mean(1)


variance, directions = torch.linalg.eigh(torch.cov(flat.T, correction=0))
variance, directions = variance.flip(0).clamp(min=0), directions.flip(1)
in_detail = variance * detail(directions.T.reshape(-1, 3, 16, 16))  # what each direction adds to the detail of faces
figures.generative.told(variance, in_detail, (0.1, 0.3, 0.6))
plt.show()


# %%
@torch.no_grad()
def again(vae, images):
    """What a VAE makes of images: encoded to m(x) and decoded again, μ(m(x))."""
    return vae(vae.encode(images)[0]).reshape(images.shape)


told = variance > 0.6**2
held = [float(values[told].sum() / values.sum()) for values in (variance, in_detail)]
real_detail = float(detail(new_faces.x).mean())
through_linear = again(linear, new_faces.x)
from_linear = float(detail(through_linear).mean())

# %% jupyter={"source_hidden": true}
claim(
    "01/little-is-told",
    "With σ = 0.6 a linear VAE tells of fewer than 30 of 768 directions; they hold more than 0.9 of the variance of faces.",
    [told.sum() < 30, held[0] > 0.9],
)
claim(
    "01/detail-is-not-told",
    "They hold less than 0.65 of the detail, and what comes back of new faces has less than half of theirs.",
    [held[1] < 0.65, from_linear < real_detail / 2],
)

# %% [markdown]
# Detail is made of many small differences, and each of them is cheaper to leave out than to tell. *This* is the blur,
# in a model that we can solve exactly. What is left out depends on $\sigma$: move it and see what is told.


# %%
def draw_told(sigma):
    vae = linear_vae(flat, sigma)
    images = new_faces.x[:10]
    figure = figures.dcgan.rows({"real": images, "through the linear VAE": again(vae, images)}, zoom=5)
    return figure, f"{vae.decoder.in_features} of 768 directions are told"


widgets.explore(draw_told, sigma=(0.05, 1.5, 0.05, 0.6))

# %% [markdown]
# ## A VAE and a GAN on faces (8 min, depth)
#
# Now networks. We use the same generator network twice: as the decoder of a VAE, and as the generator of a GAN
# (`sndcgan`, which chapters 09 and 13 explain). The VAE's $\sigma$ is 0.6, and it gets twice as many steps, which
# took about the same time where this was written. The GAN's samples come from a moving average of its weights, which
# changes less from step to step. Each is trained from five seeds. *Predict* the detail of both, as a share of the
# detail of real faces.

# %%
torch.set_default_dtype(torch.float32)  # as such networks are trained; the numbers below leave room for it
SIGMA = 0.6
face_vae = methods.vae(faces.shape, sigma=SIGMA, z=32, width=32)
face_gan = replace(methods.sndcgan(faces.shape, z=32, width=32), ema=0.97)
vae_runs = [training.fit(face_vae, faces, steps=400, seed=seed, batch=32) for seed in SEEDS]
gan_runs = [training.fit(face_gan, faces, steps=200, seed=seed, batch=32) for seed in SEEDS]

# %%
decoded = [again(run.generator.eval(), new_faces.x) for run in vae_runs]
means, made = ([run.samples(500) for run in runs] for runs in (vae_runs, gan_runs))
noisy = [x + SIGMA * torch.randn(x.shape, generator=torch.Generator().manual_seed(0)) for x in means]
rows = {
    "real": new_faces.x[:12],
    "through the linear VAE": through_linear[:12],
    "through the VAE": decoded[0][:12],
    "VAE, drawn": means[0][:12],
    "and its own noise on it": noisy[0][:12],
    "GAN, drawn": made[0][:12],
}
figures.dcgan.rows(rows, zoom=4)
plt.show()

# %%
in_parts = {
    name: np.array([float(detail(x).mean()) for x in sets]) / real_detail
    for name, sets in (("through the VAE", decoded), ("VAE, drawn", means), ("GAN, drawn", made))
}
figures.generative.by_seed(
    {"16 × 16 pixels, five seeds": in_parts}, "detail, in parts of real faces'", ("real faces", 1)
)
plt.show()

# %% jupyter={"source_hidden": true}
claim(
    "01/vae-blurs",
    "Faces drawn by the VAE have less than 0.45 of the detail of real ones, on each of 5 seeds.",
    in_parts["VAE, drawn"],
    below=0.45,
)
claim(
    "01/blurs-again",
    "New faces that went through the VAE have less than 0.6 of their detail, on each of 5 seeds.",
    in_parts["through the VAE"],
    below=0.6,
)
claim(
    "01/as-foretold",
    "What comes through the VAE has as much detail as what comes through the linear one, within 0.15 of real faces'.",
    in_parts["through the VAE"] - from_linear / real_detail,
    equals=0,
    within=0.15,
)
claim(
    "01/gan-does-not-blur",
    "Faces drawn by the GAN have more than 0.7 and less than 1.4 of the detail of real ones, on each of 5 seeds.",
    in_parts["GAN, drawn"],
    above=0.7,
    below=1.4,
)
claim(
    "01/noise-has-detail",
    "The VAE's own noise adds 20 σ² of detail, within 2 %, which makes more than ten times the detail of real faces.",
    [
        *(
            abs(float((detail(a) - detail(b)).mean()) / (20 * SIGMA**2) - 1) < 0.02
            for a, b in zip(noisy, means, strict=True)
        ),
        *(float(detail(a).mean()) > 10 * real_detail for a in noisy),
    ],
)

# %% [markdown]
# **What you saw.** The network and the time are the same: the loss makes the blur. Three remarks. *One:* what is
# usually shown as "samples of a VAE" are the means $\mu(z)$. A true sample of its model has the noise
# $\sigma\varepsilon$ added, as in the fifth row. *Two:* detail is not quality. Noise has much detail, and some of the
# GAN's detail is noise. *Three:* another $\sigma$ is another VAE. Try 0.1 when you have time, and look at the third
# and the fourth row. Each face is now encoded into a tiny region. How often does a $z\sim\mathcal N(0,I)$ fall into
# one of them?
#
# **What the VAE has and the GAN does not have.** An *encoder*: give it a face and it gives you a few numbers. So we
# go back to the third use, with what we know now. We ask two things about a new face: how long its hair is (short, to
# the chin, long), and whether it smiles, which changes only a few pixels. *Predict* for each: are the 32 numbers
# better than 768 pixels, or worse?

# %%
pixels = one_scale(faces.x.flatten(1).numpy(), new_faces.x.flatten(1).numpy())
codes = [[run.generator.encode(each.x)[0].detach().numpy() for each in (faces, new_faces)] for run in vae_runs]
told_of = {}
for what, labels in (("hair_length", 5), ("smile", 50)):
    truth = faces.factors[what].numpy(), new_faces.factors[what].numpy()
    for seed in SEEDS:
        of = {"768 pixels": pixels, "32 numbers of the VAE": one_scale(*codes[seed])}
        title = f"{what.replace('_', ' ')}, {labels} labels for each kind"
        for name, share in accuracy(of, truth, labels, 6, seed).items():
            told_of.setdefault(title, {}).setdefault(name, []).append(share)
figures.generative.by_seed(told_of, "share right")
plt.show()

# %%
hair, smile = ({name: np.array(values) for name, values in groups.items()} for groups in told_of.values())

# %% jupyter={"source_hidden": true}
claim(
    "01/code-tells-hair",
    "With 5 labels for each length of hair the VAE's 32 numbers beat the pixels by more than 1 in 100, mean of 5 seeds.",
    hair["32 numbers of the VAE"].mean() - hair["768 pixels"].mean(),
    above=0.01,
)
claim(
    "01/code-drops-the-smile",
    "With 50 labels the pixels tell a smile in more than 0.75 of new faces, the 32 numbers in less than 0.62, each seed.",
    [*(smile["768 pixels"] > 0.75), *(smile["32 numbers of the VAE"] < 0.62)],
)

# %%
torch.set_default_dtype(torch.float64)

# %% [markdown]
# The smile is not only *hard* to find in the 32 numbers. Most of it is *gone*: it was not worth telling. A model
# without labels cannot know what you will ask; it keeps what is large.
#
# A VAE has two more good sides. It has a *bound on the likelihood*: a number for every picture, which a GAN cannot
# give. And it leaves no kind of picture out, because an example that it could not have made would cost it very much.
# We check both on the digits from above:


# %%
@torch.no_grad()
def mean_elbo(vae, x, draws=10):
    """The ELBO of each digit of x, in nats, averaged over draws of the noise: (n,)."""
    noise = torch.randn(draws, len(x), vaes[0].gan.z, generator=torch.Generator().manual_seed(0))
    return torch.stack([elbo(vae, x, each, 0.6) for each in noise]).mean(0)


judge = judges.digits()  # a network that reads digits, see chapter 15


def drawn_digits(run):
    """How many of 1,000 samples show each digit."""
    return np.bincount(judge.decide(run.samples(1_000))["digit"], minlength=10)


above_flipped = [
    (mean_elbo(run.generator, test.x) > mean_elbo(run.generator, test.x.flip(2))).double().mean() for run in vaes
]

# %% jupyter={"source_hidden": true}
claim(
    "01/bound-sees-upside-down",
    "The VAE's ELBO is higher for a new digit than for the same one upside down, in more than 0.8 of cases, on each seed.",
    above_flipped,
    above=0.8,
)
claim(
    "01/vae-leaves-nothing-out",
    "Of 1,000 digits drawn by the VAE each of the ten is shown by more than 15, on each of 5 seeds.",
    [drawn_digits(run) for run in vaes],
    above=15,
)
claim(
    "01/first-gan-leaves-out",
    "Of 1,000 digits drawn by the first GAN at least one of the ten is shown by fewer than 10, on each of 5 seeds.",
    [drawn_digits(run).min() for run in gans],
    below=10,
)

# %% [markdown]
# (That is this GAN after 500 steps. Chapters 08 to 13 are about GANs that do better.)
#
# | | density | sampling | from $x$ to $z$ | its illness |
# |---|---|---|---|---|
# | mixture, linear model, flow | exact | yes | the last two | too simple, or a $z$ as large as $x$ |
# | VAE | a lower bound | yes | an encoder | blurs |
# | GAN | none | yes | no | leaves out, and is hard to train |
#
# ## What the sources get wrong
#
# - **The slides, line 28:** 「データに対する確率密度が得られる」 ("one gets the probability density of data"), said of all generative
#   models. It holds for explicit ones. An implicit one cannot give a density, and may not even *have* one:
#   `01/no-density`. The slides say so themselves in line 73: 「未定義の分布に対して尤度は測れない」 ("of a distribution that is not
#   defined no likelihood can be measured").
# - **The slides, lines 23–24:** 「$x=f(z)$」, for all generative models. A VAE's decoder gives a *distribution* of $x$
#   for one $z$, and the difference can be seen: `01/noise-has-detail`.
# - **The slides, line 44:** 「単純な分布(ガウス, ベルヌーイ)を仮定していることが原因(多分)」 ("the cause is that a simple distribution (Gaussian,
#   Bernoulli) is assumed, maybe"). This goes in the right direction. Two things are needed for the blur: under both
#   distributions the best answer for all pictures that share a $z$ is their mean, `01/mean-wins`,
#   `01/gaussian-or-bernoulli`; and small differences are not worth telling in $z$, `01/detail-is-not-told`.
# - **The slides, line 29:** 「半教師あり学習に応用ができる」 ("it can be applied to semi-supervised learning"). It can. How much it
#   helps depends on what is asked, and on the baseline: `01/vae-features`, `01/gan-features`, `01/careless-baseline`,
#   `01/code-drops-the-smile`.
# - **The slides, lines 85–86:** that the density ratio would have to be found 「カーネル密度推定などで」 ("by kernel density
#   estimation or the like") is right as a step of the argument, but hopeless for pictures: `01/densities-drown`. The
#   next step, from density to classifier, is the one that works: `01/classifier-swims`.
# - **The DCGAN article:** 「オリジナルのGANでは生成画像がぼやけていた」 ("with the original GAN the generated images were blurred"). It is
#   VAEs that blur. The paper that the article follows says so; of GANs it says that their images were noisy. The
#   first GAN's digits, from above, have *more* detail than real ones:

# %%
of_real, of_gan, of_vae = (
    np.array([float(detail(x).mean()) for x in sets])
    for sets in ([test.x], [run.samples(500) for run in gans], [run.samples(500) for run in vaes])
)

# %% jupyter={"source_hidden": true}
claim(
    "01/first-gan-is-noisy",
    "The first GAN's digits have more than 1.15 times the detail of real ones, the VAE's less than 0.6, on each of 5 seeds.",
    [*(of_gan / of_real > 1.15), *(of_vae / of_real < 0.6)],
)

# %% [markdown]
# ## Exercises (14 min)
#
# **Exercise 01.1** · ★☆☆ · 2 minutes. A classifier that has seen equally many real and fake examples says that $x$ is
# real with probability $C$. Write `ratio(C)`, which gives $p(x)/q(x)$.


# %%
def ratio(C): ...


check("01.1", ratio)

# %% [markdown]
# <details><summary>Solution 01.1</summary>
#
# ```python
# def ratio(C):
#     return C / (1 - C)
#
#
# check("01.1", ratio)
# ```
#
# These are the odds. If three of every four examples at $x$ are real, $C=\tfrac34$, then $p$ is three times $q$
# there.
#
# </details>
#
# **Exercise 01.2** · ★★☆ · 5 minutes, depth. An implicit model makes $x=e^z$ of $z\sim\mathcal N(0,1)$. This one does have a
# density. Write `density(x)` for an array of positive $x$.


# %%
def density(x): ...


check("01.2", density)

# %% [markdown]
# <details><summary>Solution 01.2</summary>
#
# ```python
# def density(x):
#     z = np.log(x)  # the z that became x
#     return np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) / x
#
#
# check("01.2", density)
# ```
#
# It is the density of $z$ divided by the slope, and the slope of $e^z$ is $e^z=x$. The distribution is called
# log-normal.
#
# </details>
#
# **Exercise 01.3** · ★☆☆ · 3 minutes, depth. The pictures `x` (k, d) have the probabilities `w` (k,), which sum to one. Write
# `best_answer(x, w)`: the one picture (d,) with the least expected squared error.


# %%
def best_answer(x, w): ...


check("01.3", best_answer)

# %% [markdown]
# <details><summary>Solution 01.3</summary>
#
# ```python
# def best_answer(x, w):
#     return w @ x
#
#
# check("01.3", best_answer)
# ```
#
# The mean again, with the probabilities as weights. That is what "conditional mean" means: given what you know, here
# $w$.
#
# </details>
#
# **Exercise 01.4** · ★★☆ · 4 minutes, depth. The smallest linear model there is: $x=wz+\sigma\varepsilon$, all of them single
# numbers, $z$ and $\varepsilon$ standard normal. Write `log_likelihood(x, w, sigma)`, in nats.


# %%
def log_likelihood(x, w, sigma): ...


check("01.4", log_likelihood)

# %% [markdown]
# <details><summary>Solution 01.4</summary>
#
# ```python
# def log_likelihood(x, w, sigma):
#     variance = w**2 + sigma**2
#     return -(x**2) / (2 * variance) - np.log(2 * np.pi * variance) / 2
#
#
# check("01.4", log_likelihood)
# ```
#
# Independent noises add their variances. This is $\mathcal N(b, WW^\top+\sigma^2I)$ in one dimension.
#
# </details>
#
# ## What we checked

# %%
checked()

# %% [markdown]
# ## Further reading
#
# - S. Mohamed & B. Lakshminarayanan, *Learning in Implicit Generative Models*, 2016: from ratio to classifier, and
#   other ways.
# - D. P. Kingma & M. Welling, *Auto-Encoding Variational Bayes*, ICLR 2014: the VAE.
# - M. E. Tipping & C. M. Bishop, *Probabilistic Principal Component Analysis*, 1999; J. Lucas et al., *Don't Blame the
#   ELBO!*, NeurIPS 2019: the linear VAE, and what it does not tell.
# - M. Sugiyama, T. Suzuki & T. Kanamori, *Density Ratio Estimation in Machine Learning*, 2012.
# - B. Rhodes, K. Xu & M. Gutmann, *Telescoping Density-Ratio Estimation*, NeurIPS 2020: what to do when the two are far
#   apart.
# - I. Goodfellow, *NIPS 2016 Tutorial: Generative Adversarial Networks*: the family tree of generative models.
#
# Next: chapter 02, the best answer a discriminator can give.

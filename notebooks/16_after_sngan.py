# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 16 · After SNGAN
#
# **The question.** What came after spectral normalisation, how much of it holds when it is checked, and when does one
# take a GAN at all?
#
# *85 minutes.*
#
# **You will be able to**
#
# - say what a convolution cannot see and attention can, compute attention by hand, and say why a map of it can mislead;
# - write the loss of a pair, and say what leaves it unchanged, where its optimum is, and what it does not do;
# - change what $D$ sees without teaching $G$ to make changed pictures;
# - explain flow matching in two lines, and what a sample of it costs;
# - choose between a GAN and a flow for a task, with reasons that were measured.
#
# **Predict before you run.** (a) Each place of a $D$ looks at 5 pixels. It is to tell pictures whose two eyes are alike
# from pictures whose eyes are not. The eyes are five pixels apart. How low does its loss get? (b) $D$ has 100 faces to
# learn from. After 400 steps it compares training faces with faces it has never seen. In how many of 100 cases does it
# find the training face more real? (c) A GAN and a flow make equally many steps, which take equally long. Whose faces
# are better, and whose samples are quicker? Write your answers down.

# %%
import time
from dataclasses import replace
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import Markdown
from scipy import stats
from scipy.optimize import minimize
from scipy.special import ndtr
from torch import nn
from torch.nn.functional import avg_pool2d, interpolate, scaled_dot_product_attention, softplus

from gan_core import datasets, figures, games, judges, methods, metrics, objectives, studies, training, widgets
from gan_core.course import check, checked, claim
from gan_core.experiments.studies import pairs
from gan_core.pieces.networks import Augment, SelfAttention, augmented, euler, midpoint

figures.use_style()
torch.set_default_dtype(torch.float64)  # 64-bit numbers: the same digits on every machine
torch.set_num_threads(1)

# %% [markdown]
# ## What a convolution cannot see (8 min, depth)
#
# Take pictures of one row of eight pixels: noise, and two *eyes*, each $+1$ or $-1$. In the real pictures both eyes are
# alike. In the fakes they are not. Each eye by itself says nothing: it is $+1$ half of the time in both.

# %%
LEFT, RIGHT = 1, 6  # the columns of the eyes


def eyes(n, alike, rng):
    """Images (n, 1, 1, 8) with two eyes, alike or not."""
    colour = 2.0 * torch.randint(2, (n, 1, 1), generator=rng) - 1
    x = 0.3 * torch.randn(n, 1, 1, 8, generator=rng)
    x[..., LEFT] += colour
    x[..., RIGHT] += colour if alike else -colour
    return x


rng = torch.Generator().manual_seed(0)
fig = figures.after.examples({"real": eyes(4, True, rng), "fake": eyes(4, False, rng)}, signs=(LEFT, RIGHT))
plt.show()

# %% [markdown]
# Our $D$ has two convolutions with kernels of 3 pixels. Then each place judges what it has seen, and the logit is the
# mean over all places. A place has seen 5 pixels of the image, and no window of 5 pixels holds both eyes:

# %%
CHANNELS = 8
conv, bend = partial(nn.Conv2d, CHANNELS, CHANNELS), partial(nn.LeakyReLU, 0.2)
three = {"kernel_size": (1, 3), "padding": (0, 1)}


def critic(middle=()):
    """Two convolutions and what is in the middle: the features. Then a judgement of each place by itself: (n, places)."""
    features = nn.Sequential(nn.Conv2d(1, CHANNELS, **three), bend(), conv(**three), bend(), *middle)
    return nn.Sequential(features, nn.Sequential(conv(1), bend(), nn.Conv2d(CHANNELS, 1, 1), nn.Flatten()))


def heard(D):
    """How much the features of each place depend on either eye, Σ|∂h/∂x| over the channels: (2, places)."""
    slopes = torch.autograd.functional.jacobian(lambda x: D[0](x)[0, :, 0], eyes(1, True, rng))[..., 0, 0, 0, :]
    return slopes.abs().sum(0)[:, [LEFT, RIGHT]].mT


torch.manual_seed(0)
attention = SelfAttention(CHANNELS)
_ = nn.init.ones_(attention.gamma)

# %% jupyter={"source_hidden": true}
claim(
    "16/no-place-hears-both",
    "No place of two convolutions hears of both eyes: one of two derivatives is exactly 0.",
    heard(critic()).prod(0),
    equals=0,
    within=0,
)
claim(
    "16/all-places-hear-both",
    "With one layer of attention after them each place hears of both.",
    heard(critic([attention])),
    above=0,
)

# %% [markdown]
# So the logit is a sum, $a(x)=f(\text{what the left places see})+g(\text{what the right places see})$. Real and fake
# pictures have the same left halves and the same right halves, only in other combinations. So the mean logit is the
# same number $m$ for both. And $\log(1+e^a)$ is convex in $a$, so by Jensen's inequality
#
# $$L_D=\mathbb E_p[\log(1+e^{-a})]+\mathbb E_q[\log(1+e^{a})]\;\ge\;\log(1+e^{-m})+\log(1+e^{m})\;\ge\;2\log2 .$$
#
# ($p$ are the real pictures, $q$ the fakes.) Whatever its weights are, such a $D$ is no better than guessing. Now train
# it, and three others: with a layer of *self-attention* in the middle (its formula comes next); with the same layer, in
# which each place is made to look only at itself; and with two more convolutions, which see 9 pixels. Which curves fall
# below the line of guessing?


# %%
class ToItself(SelfAttention):
    """The same weights, but each place looks at itself and nowhere else."""

    def weights(self, x):
        return torch.eye(x[0, 0].numel()).expand(len(x), -1, -1)


MIDDLES = {
    "5 pixels": lambda: (),
    "5, each to itself": lambda: (ToItself(CHANNELS),),
    "5, attention": lambda: (SelfAttention(CHANNELS),),
    "9 pixels": lambda: (conv(**three), bend(), conv(**three), bend()),
}


def loss_d(D, n, rng):
    a = D(torch.cat([eyes(n, True, rng), eyes(n, False, rng)])).mean(1)
    return objectives.cross_entropy(*a.split(n))


def taught(middle, seed, steps=300, every=50):
    """A D, taught to tell the two kinds apart; and its loss on fresh pictures, now and then."""
    torch.manual_seed(seed)
    rng, D, course = torch.Generator().manual_seed(seed), critic(middle()), []
    optimizer = torch.optim.Adam(D.parameters(), lr=0.01)
    for step in range(steps + 1):
        if step % every == 0:
            course.append(loss_d(D, 500, torch.Generator().manual_seed(100 + step)).item())
        training.descend(optimizer, loss_d(D, 64, rng))
    return D, course


MORE = {"5, attention": range(5)}  # seeds; of the others three
critics = {label: [taught(middle, seed) for seed in MORE.get(label, range(3))] for label, middle in MIDDLES.items()}

# %%
at = np.arange(0, 301, 50)
losses = {label: (at, np.array([course for _, course in some])) for label, some in critics.items()}
ON_FRESH = "$L_D$ on fresh pictures, nats"
fig = figures.after.courses({ON_FRESH: losses}, "steps of D", {ON_FRESH: (2 * np.log(2), "guessing: 2 log 2")})
plt.show()

# %%
last = {label: course[:, -1] for label, (_, course) in losses.items()}

# %% jupyter={"source_hidden": true}
claim(
    "16/local-guesses",
    "A D whose places see 5 pixels ends at 2 log 2, on each of 3 seeds; with places that look at themselves as well.",
    np.concatenate([last["5 pixels"], last["5, each to itself"]]),
    equals=2 * np.log(2),
    within=0.02,
)
claim(
    "16/attention-tells",
    "With attention its loss is below a half of that, on each of 5 seeds.",
    last["5, attention"],
    below=np.log(2),
)
claim("16/deeper-tells", "Two more convolutions do it as well, on each of 3.", last["9 pixels"], below=np.log(2))

# %% [markdown]
# **What you saw.** What helps is not the weights that attention adds: if places look only at themselves, these weights
# are useless. What helps is that a place can look at another place. (How long $D$ needs to find this differs from seed
# to seed: while the layer's factor $\gamma$, see below, is 0, its other weights get no gradient.) And attention is not
# the only way: more convolutions see farther, by two pixels a layer, or by twice as many after each halving of the
# image. A $D$ like DCGAN's, which ends in a dense layer, sees the whole image anyway. Attention gives *any* distance,
# in *one* layer, also in $G$.
#
# ## Attention by hand (6 min, depth)
#
# Four places in a row, two channels: an eye, two places of skin, an eye. Each place $j$ has a *query* $q_j$, a *key*
# $k_j$ and a *value* $v_j$, linear in its features; here all three are the features themselves. Place $j$ compares its
# query with all keys, turns the products into shares $\beta_{ji}$ that sum to one, and takes that mixture of values:
#
# $$\beta_{ji}=\frac{e^{q_j\cdot k_i}}{\sum_{i'}e^{q_j\cdot k_{i'}}},\qquad o_j=\sum_i\beta_{ji}\,v_i,\qquad y_j=x_j+\gamma\,W_o\,o_j .$$
#
# $x_j$ are the features that come in and $y_j$ those that go out; $W_o$ is linear and gives the mixture as many
# channels as $x_j$ has; $\gamma$ is a number that is learned.
#
# *Predict* the first row of $\beta$: where does the left eye look?

# %%
x = np.array([[0.0, 2.0], [1.0, 0.0], [1.0, 0.0], [0.0, 2.0]])  # eye, skin, skin, eye
q = k = v = x
scores = q @ k.T
beta = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)  # row j: how place j looks at all
o = beta @ v
print("scores of the left eye:", scores[0], "  β:", beta[0].round(3))
print("scores of the skin:    ", scores[1], "  β:", beta[1].round(3))

# %%
q, k, v, o = map(torch.as_tensor, (q, k, v, o))

# %% jupyter={"source_hidden": true}
claim(
    "16/by-hand-is-torch",
    "These three lines are torch's scaled_dot_product_attention with scale = 1.",
    scaled_dot_product_attention(q[None], k[None], v[None], scale=1.0)[0] - o,
    equals=0,
    within=1e-12,
)
claim(
    "16/default-scale",
    "With its default scale, 1/√2 here, what the skin takes in changes by more than 0.1.",
    (scaled_dot_product_attention(q[None], k[None], v[None])[0] - o)[1].abs().max(),
    above=0.1,
)

# %% [markdown]
# The left eye looks at both eyes, half and half, however far apart they are. Transformers divide $q\cdot k$ by
# $\sqrt d$. SAGAN (Zhang et al. 2019), which brought attention to GANs, does not. So if you use torch's ready-made
# function instead, you must say `scale=1.0`. Our layer is as in SAGAN's code, except that there keys and values are
# pooled: keys and queries have an eighth of the channels, values a half, and $\gamma$ is a weight that begins at 0.

# %%
layer, h = SelfAttention(16), torch.randn(2, 16, 5, 6, generator=rng)

# %% jupyter={"source_hidden": true}
claim(
    "16/begins-as-nothing", "At its start the layer gives back what it is given, to the bit.", torch.equal(layer(h), h)
)

# %%
nn.init.constant_(layer.gamma, 0.7)
q, k, v = (part(h).flatten(2).mT for part in (layer.queries, layer.keys, layer.values))  # (n, places, channels)
taken = scaled_dot_product_attention(q, k, v, scale=1.0).mT.unflatten(2, (5, 6))

# %% jupyter={"source_hidden": true}
claim(
    "16/layer-is-torch",
    "With γ = 0.7 it is x + 0.7 W_o o, with o by torch's function.",
    (layer(h) - h - 0.7 * layer.back(taken)).detach(),
    equals=0,
    within=1e-12,
)

# %%
mixed = torch.randperm(30, generator=rng)
shuffled = h.flatten(2)[:, :, mixed].unflatten(2, (5, 6))

# %% jupyter={"source_hidden": true}
claim(
    "16/knows-no-place",
    "Shuffle the places, and the layer's output is shuffled alike: it knows no place, only what is there.",
    (layer(shuffled).flatten(2) - layer(h).flatten(2)[:, :, mixed]).detach(),
    equals=0,
    within=1e-12,
)

# %%
sides = [layer.weights(torch.zeros(1, 16, side, side)).numel() for side in (8, 16, 32)]

# %% jupyter={"source_hidden": true}
claim(
    "16/price",
    "Twice the side of the image, 16 times as many β.",
    np.divide(sides[1:], sides[:-1]),
    equals=16,
    within=0,
)

# %% [markdown]
# That is why the layer stands where the features have 32 or 64 pixels a side, and not at the full image.
#
# ## What does it look at? (5 min, depth)
#
# It is tempting to think that a map of attention explains what a network does. *Predict:* in our trained $D$, at which
# of the eight places does the left eye look most?

# %%
some = eyes(1_000, True, torch.Generator().manual_seed(4))
maps = {}
for seed, (D, _) in enumerate(critics["5, attention"]):
    *before, look = D[0]
    maps[f"seed {seed}"] = look.weights(nn.Sequential(*before)(some)).mean(0).detach()  # (places, places)
fig = figures.after.matrices(maps, {LEFT: "left eye", RIGHT: "right eye"})
plt.show()

# %% jupyter={"source_hidden": true}
claim(
    "16/not-at-the-eye",
    "Neither eye gives the other's place more than a third of its look, on any of 5 seeds.",
    [[beta[LEFT, RIGHT], beta[RIGHT, LEFT]] for beta in maps.values()],
    below=1 / 3,
)
claim(
    "16/both-look-alike",
    "Both eyes look at the same places: less than a fifth of their shares differs.",
    [(beta[LEFT] - beta[RIGHT]).abs().sum() / 2 for beta in maps.values()],
    below=1 / 5,
)

# %% [markdown]
# **Did you notice?** Each row shows how one place looks at all places, and the rows of a seed are nearly the same:
# every place looks at the same few places, at the edge or in the middle, whose features depend on an eye one or two
# pixels away. Each place then knows of its own eye and of the other: enough to tell alike from not. And five seeds
# found several ways to do it. A map says from where a value was taken. It does not say why, and it need not look as we
# would have drawn it.
#
# Now faces. A small SAGAN at $16\times16$ pixels, with attention where the features have $8\times8$, in both networks;
# both use Adam with the rate $10^{-3}$, ten times that of $G$ in the paper, since 250 steps are few. Below are three of
# its faces, and where three places look in $G$: one where an eye may be, one in the hair, one in the background.

# %%
torch.set_default_dtype(torch.float32)  # images: 32 bits, and fewer inside the convolutions where the processor can
faces = datasets.faces(8_192, size=16)
sagan = methods.sagan(faces.shape, side=8, lr_g=1e-3, lr_d=1e-3, z=32, width=16)
run = training.fit(replace(sagan, ema=0.98), faces, steps=250, batch=32)
G, D = run.generator_ema.eval(), run.discriminator.eval()


def attentive_layer(network):
    """The number of the layer of attention, and the layer."""
    return next((i, layer) for i, layer in enumerate(network) if isinstance(layer, SelfAttention))


after, look = attentive_layer(G)
z = torch.randn(3, 32, generator=torch.Generator().manual_seed(3))
drawn = run.images(z)
with torch.no_grad():
    beta = look.weights(G[:after](z)).unflatten(2, (8, 8))  # (3, places, 8, 8)

# %%
PLACES = [(3, 3), (1, 4), (1, 1)]
at = [8 * row + column for row, column in PLACES]
fig = figures.after.looks({f"face {i}": (drawn[i], beta[i, at]) for i in range(3)}, PLACES)
plt.show()

# %% jupyter={"source_hidden": true}
claim(
    "16/gamma-has-moved",
    "After 250 steps γ is more than 0.02 away from 0 in both networks.",
    [abs(float(attentive_layer(network)[1].gamma.detach())) for network in (G, D)],
    above=0.02,
)

# %%
_ = nn.init.zeros_(look.gamma)  # switched off in G

# %% jupyter={"source_hidden": true}
claim(
    "16/attention-is-used",
    "Switched off in the trained G, the layer is missed: a pixel changes by more than 0.02 on average.",
    float((drawn - run.images(z)).abs().mean()),
    above=0.02,
)

# %% [markdown]
# So training has switched the layer on: it is used, and many places look far away. Whether it makes *better* faces is
# another question, and one run of 250 steps does not answer it. The paper reports a Fréchet distance (FID) of 18.65 on
# ImageNet, where the best before was 27.62. That is for all of SAGAN, not for the layer alone. In our small faces,
# things that must fit together are seldom far apart.
#
# ## The loss of a pair (8 min, depth)
#
# The second idea is in the loss. $D$ is shown one real and one fake example, and says **which of the two is real**
# (Jolicoeur-Martineau 2019, who calls such a $D$ *relativistic*; Sun et al. 2020). With $\delta=a(x)-a(x')$, the difference of their logits,
# $\sigma(\delta)$ is the probability it gives to the right answer:
#
# $$L_D=\mathbb E[-\log\sigma(\delta)]=\mathbb E[\log(1+e^{-\delta})],\qquad L_G=\mathbb E[-\log\sigma(-\delta)]=\mathbb E[\log(1+e^{\delta})].$$

# %%
torch.set_default_dtype(torch.float64)
a = torch.linspace(-4, 4, 81)
real, fake = a[:, None], a[None, :]
both_losses = {"cross-entropy": softplus(-real) + softplus(fake), "of a pair": softplus(-(real - fake))}
fig = figures.after.pair_losses(a, both_losses)
plt.show()

# %%
real, fake = 2 * torch.randn(2, 256, generator=rng)
pair, plain = objectives.relativistic, objectives.non_saturating

# %% jupyter={"source_hidden": true}
claim(
    "16/these-lines",
    "The formulas are the library's objective.",
    [
        pair.discriminator(real, fake) - softplus(fake - real).mean(),
        pair.generator(fake, real) - softplus(real - fake).mean(),
    ],
    equals=0,
    within=1e-12,
)

# %%
shifts = (-10.0, 1.0, 10.0)

# %% jupyter={"source_hidden": true}
claim(
    "16/shift",
    "A number added to all logits changes neither loss of the pair; D's cross-entropy changes by more than 0.1.",
    [
        abs(pair.discriminator(real + c, fake + c) - pair.discriminator(real, fake)) < 1e-12
        and abs(pair.generator(fake + c, real + c) - pair.generator(fake, real)) < 1e-12
        and abs(plain.discriminator(real + c, fake + c) - plain.discriminator(real, fake)) > 0.1
        for c in shifts
    ],
)

# %% [markdown]
# On the left the real example's logit must be high and the fake's low, each measured against 0. On the right only their
# difference counts, the distance from the dashed diagonal, where both logits are the same. Is the best $D$ then another
# one? Let one of $x$, $x'$ be drawn from $p$ and the other from $q$. By Bayes' rule the odds that $x$ is the real one
# are $\frac{p(x)\,q(x')}{q(x)\,p(x')}$. So $\delta^*=\log\frac{p(x)}{q(x)}-\log\frac{p(x')}{q(x')}$, and $a^*$ is the
# logit of chapter 02, up to a constant. On a histogram of ten bins:

# %%
numbers = np.random.default_rng(0)
p, q = numbers.dirichlet(np.ones(10), 2)


def of_all_pairs(a):
    """L_D over all pairs of bins, and its slope in the logit of each bin."""
    delta = a[:, None] - a[None, :]
    weight, pull = np.outer(p, q), -1 / (1 + np.exp(delta))
    slope = weight * pull
    return (weight * np.logaddexp(0, -delta)).sum(), slope.sum(1) - slope.sum(0)


best = minimize(of_all_pairs, np.zeros(10), jac=True, method="BFGS", options={"gtol": 1e-10})

# %% jupyter={"source_hidden": true}
claim(
    "16/same-optimum",
    "The best logits of pairs are log p/q and one constant.",
    np.ptp(best.x - np.log(p / q)),
    below=1e-6,
)

# %% [markdown]
# What is the loss of a pair good for, then? Sun et al. look at $n$ real points and $n$ fakes, with a $D$ that may give
# any place any logit. They prove: with losses like the cross-entropy, the loss that $G$ walks on has *basins* where
# modes are missing, valleys that one leaves only uphill. With pairs, the $i$-th real point with the $i$-th fake, it has
# none. Their smallest case has two real points and two fakes. Both fakes sit on the first point. One of them (where
# pairs are fixed, the partner of the second point) should walk to the second. On its way it is at neither point. How
# much does the loss of $G$ rise there?


# %%
def worth(loss, second):
    """−L_D of the best D when the reals are at places 0 and 1, one fake is at place 0 and the other at `second`."""
    best = minimize(lambda a: loss(a[[0, 1]], a[[0, second]]), np.zeros(3), bounds=3 * [(-20, 20)])
    return -best.fun


def soft(t):
    return np.logaddexp(0, t)


LOSSES = {
    "cross-entropy": lambda real, fake: soft(-real).mean() + soft(fake).mean(),
    "pairs, fixed": lambda real, fake: soft(fake - real).mean(),  # the first with the first, for good
    "pairs, drawn anew": lambda real, fake: soft(fake - real[:, None]).mean(),  # each with each, as in minibatches
}
WAY = {"on the first point": 0, "on its way": 2, "on the second": 1}
paid = {label: [worth(loss, place) for place in WAY.values()] for label, loss in LOSSES.items()}
fig = figures.after.ways_out(list(WAY), paid)
plt.show()

# %%
climb = {label: on_way - start for label, (start, on_way, _) in paid.items()}

# %% jupyter={"source_hidden": true}
claim(
    "16/basin",
    "Cross-entropy: on the way G pays ½ log(27/16) nats more than where it was, collapsed.",
    climb["cross-entropy"],
    equals=np.log(27 / 16) / 2,
    within=1e-4,
)
claim(
    "16/no-basin-fixed", "Pairs that stay the same: it pays nothing more.", climb["pairs, fixed"], equals=0, within=1e-4
)
claim(
    "16/basin-anew",
    "Pairs drawn anew: it pays ¼ log 2 nats more.",
    climb["pairs, drawn anew"],
    equals=np.log(2) / 4,
    within=1e-4,
)
claim(
    "16/basins-alike",
    "Against what the whole way brings, these climbs are 0.61 and 0.50.",
    [climb[label] / (paid[label][0] - paid[label][2]) for label in ("cross-entropy", "pairs, drawn anew")],
    equals=[0.606, 0.5],
    within=1e-3,
)

# %% [markdown]
# **Did you notice** the third line? The theorem, as its sum is written, is about pairs that stay together: example $i$
# always with fake $i$. Training draws both anew in each minibatch, so on average every real example meets every fake.
# And then the basin is back. Compared with what the whole way gains, the climb is nearly as high as with the
# cross-entropy: a half of it, instead of three fifths. That does not disprove that pairs help. But the loss that one
# trains with does have bad basins.
#
# ## Coming to rest (5 min, depth)
#
# Huang et al. (2024) say that pairs alone need not come to rest, just as the plain GAN need not. So they add chapter
# 05's price (a penalty) on $D$'s slope at real examples, R1, and the same at fakes, R2:
# $\frac\gamma2\,\mathbb E\|\nabla a\|^2$ each. Together that is **R3GAN**'s loss. On the Dirac-GAN (the data at 0, the
# fake at $\theta$, $a(x)=-\psi x$) one can see what each part does: $\delta=\psi\theta$, and the slope of $a$ is
# $-\psi$ everywhere. In each panel, see whether the paths reach the middle:


# %%
def sigmoid(t):
    return 1 / (1 + np.exp(-t))


def dirac_pairs(r1=0.0, r2=0.0):
    """The Dirac-GAN with the loss of a pair, R1 and R2."""
    return games.Game(
        "pairs",
        losses=lambda theta, psi: (
            np.logaddexp(0, psi * theta),
            np.logaddexp(0, -psi * theta) + (r1 + r2) / 2 * psi**2,
        ),
        field=lambda theta, psi: (
            -psi * sigmoid(psi * theta),
            theta * sigmoid(-psi * theta) - (r1 + r2) * psi,
        ),
    )


def priced(theta, psi, gamma=0.3):
    """The field of the non-saturating Dirac-GAN, with the price."""
    v_theta, v_psi = games.dirac("non_saturating").field(theta, psi)
    return v_theta, v_psi - gamma * psi


theta, psi = np.meshgrid(np.linspace(-2, 2, 11), np.linspace(-2, 2, 11))
GAMES = {
    "single": games.dirac("non_saturating"),
    "pairs": dirac_pairs(),
    "pairs, R1": dirac_pairs(r1=0.3),
    "single, R1 and R2": replace(games.dirac("non_saturating"), field=priced),
    "pairs, R1 and R2": dirac_pairs(r1=0.15, r2=0.15),
    "pairs, R2": dirac_pairs(r2=0.3),
}
STEPS = {"simultaneous": games.simultaneous(0.2), "alternating": games.alternating(0.2)}
paths = {
    name: {how: games.trajectory(game, step, (1, 1), steps=500) for how, step in STEPS.items()}
    for name, game in GAMES.items()
}
fig = figures.games.dirac_panels(theta, psi, {name: game.field(theta, psi) for name, game in GAMES.items()}, paths)
plt.show()

# %%
ends = {name: [np.hypot(*path[-1]) for path in found.values()] for name, found in paths.items()}

# %% jupyter={"source_hidden": true}
claim(
    "16/pairs-are-nothing-new-here",
    "On the Dirac-GAN pairs and the non-saturating loss have one and the same field.",
    np.subtract(GAMES["pairs"].field(theta, psi), GAMES["single"].field(theta, psi)),
    equals=0,
    within=1e-12,
)
claim(
    "16/no-rest",
    "Without a price they are more than 0.2 away from rest after 500 steps, both ways.",
    ends["single"] + ends["pairs"],
    above=0.2,
)
claim(
    "16/rest",
    "With R1, R2 or both they are less than 10⁻⁵ away.",
    [end for name, both in ends.items() if "R" in name for end in both],
    below=1e-5,
)
claim(
    "16/one-price-would-do",
    "R1 alone, or R2 alone, with twice the γ is the same game as both.",
    [
        np.subtract(GAMES[f"pairs, {one}"].field(theta, psi), GAMES["pairs, R1 and R2"].field(theta, psi))
        for one in ("R1", "R2")
    ],
    equals=0,
    within=1e-12,
)

# %% [markdown]
# Without a price simultaneous steps end on a circle (`05/ns-cycle`), and alternating ones creep inwards like
# $1/\sqrt k$ (`05/ns-slow`): after 500 steps they are still on their way. With a price both have arrived. In this game
# the price does everything, the pairs do nothing, and one of the two prices would be enough. So the smallest GAN does
# not show why one should want all three. The paper's own evidence is on a thousand stacked digits: 1,000 modes with
# pairs and both prices, 693 with the prices alone, and with R1 as the only price training diverges.
#
# ## Do the parts belong together? (9 min, depth)
#
# So we take the method apart, as chapter 08 did with unrolling. We use the ring of eight spots and the thousand stacked
# digits, with that chapter's networks, number of steps and measures. There are four conditions: neither part, each
# alone, both. **Recorded**, eight seeds on the ring and six on the digits. Adam has the paper's $\beta=(0,0.99)$. The
# price needs a $\gamma$, and no rule gives it: we chose 10 on the ring and 1 on the digits after a few trial runs.
# (Chapter 08's own rows are shown only for orientation: they have Adam with $\beta=(0.5,0.999)$, and on the ring the
# zero-sum loss.) *Predict* the order on the ring.

# %%
ring, chapter_08 = studies.read("pairs_ring"), studies.read("ring")
print(ring.command, "·", ring.question)
MEASURES = {"modes": "modes covered, of 8", "near": "share near a mode"}
BESIDE = {"K = 0": "chapter 08, K = 0", "K = 5": "chapter 08, K = 5"}


def beside(measure):
    """The recorded measure of our four conditions, and of two of chapter 08's: {label: one value for each seed}."""
    theirs = chapter_08.table(measure)
    return ring.table(measure) | {said: theirs[label] for label, said in BESIDE.items()}


fig = figures.modes.conditions({said: beside(measure) for measure, said in MEASURES.items()})
plt.show()


# %%
def table(measures, groups):
    """Recorded means ± standard errors over the seeds, as Markdown; `groups(measure)` gives {label: values}."""
    cells = {name: groups(name) for name in measures}
    lines = [f"| *recorded* | {' | '.join(measures.values())} |", "|---" * (len(measures) + 1) + "|"]
    for label in next(iter(cells.values())):
        both = [studies.mean_se(cells[name][label]) for name in measures]
        lines.append(f"| {label} | " + " | ".join(f"{mean:.3g} ± {error:.2g}" for mean, error in both) + " |")
    return Markdown("\n".join(lines))


def difference(x, y):
    """mean(x) − mean(y) over the seeds: Welch's 95 % interval, as in chapter 10."""
    return stats.ttest_ind(x, y, equal_var=False).confidence_interval(0.95)


table(MEASURES, beside)

# %%
late = [step for step in ring.settings["at"] if step >= 500]

# %% jupyter={"source_hidden": true}
claim(
    "16/ring-price",
    "Recorded: with R1 and R2, with pairs or without, all eight spots are covered from step 500 on, on each of 8 seeds.",
    [ring.table("modes", at=step)[label] for step in late for label in (pairs.PRICED, pairs.BOTH)],
    equals=8,
    within=0,
)
claim(
    "16/ring-pairs-alone",
    "Recorded: with pairs alone no seed ends with more than three of the eight.",
    ring.table("modes")[pairs.PAIRED],
    below=4,
)
claim(
    "16/ring-spots-found",
    "Recorded: with R1 and R2 more than 3/5 of the samples are near a spot at the end, on each seed.",
    [ring.table("near")[label] for label in (pairs.PRICED, pairs.BOTH)],
    above=0.6,
)

# %%
near = ring.table("near")
low, high = difference(near[pairs.BOTH], near[pairs.PRICED])
print(f"share near a spot, both parts minus R1 and R2 alone: {low:+.3f} … {high:+.3f}")

# %% jupyter={"source_hidden": true}
claim(
    "16/ring-pairs-add",
    "Recorded: what pairs add to the price, in the share near a spot, has an interval that includes 0.",
    low < 0 < high,
)

# %% [markdown]
# On the ring it is the price that keeps the modes, and pairs alone lose them as the plain GAN does. We repeat a small
# part of the record. And does it matter how high the price is? We also train both parts here with a tenth of it,
# $\gamma=1$, for 500 steps:

# %%
again = studies.rerun("pairs_ring", conditions=[pairs.BOTH], seeds=[0], upto=250)
then = ring.matching(again)

# %% jupyter={"source_hidden": true}
claim(
    "16/ring-again",
    "Done again for 250 steps of one seed, the share near a mode is the recorded one within 0.01.",
    [abs(now["near"] - old["near"]) for now, old in zip(again, then, strict=True)],
    below=0.01,
)

# %%
eight = datasets.ring()
softer = pairs.conditions(partial(methods.unrolled, eight.shape, K=0), gamma=1)[pairs.BOTH]()
runs = training.replicate(softer, eight, steps=500, seeds=range(4), batch=128)

# %% jupyter={"source_hidden": true}
claim(
    "16/gamma-decides",
    "With both parts and γ = 1 no seed covers more than half of the spots after 500 steps; with γ = 10 each had all.",
    [metrics.modes(run.samples(4_096), eight, within=20).covered for run in runs],
    below=5,
)

# %% [markdown]
# So "with R1 and R2" says little without its $\gamma$. Now the thousand digits, where the paper has its evidence.
# *Predict* the order once more.

# %%
digits, theirs = studies.read("pairs_digits"), studies.read("stacked_digits")
OF_DIGITS = {"modes": "modes, of 1,000", "kl": "KL(q‖p), nats"}


def beside_digits(measure):
    """The same of the stacked digits, beside chapter 08's with the same D."""
    said = {f"{label}, D 1/4": f"chapter 08, {label}" for label in BESIDE}
    return digits.table(measure) | {said[label]: theirs.table(measure)[label] for label in said}


fig = figures.modes.conditions({said: beside_digits(measure) for measure, said in OF_DIGITS.items()})
plt.show()

# %%
table(OF_DIGITS, beside_digits)

# %%
modes = beside_digits("modes")
others = [label for label in digits.conditions if label != pairs.BOTH]
gaps = {label: difference(modes[pairs.BOTH], modes[label]) for label in others}
for label, (low, high) in gaps.items():
    print(f"modes, both parts minus {label}: {low:+.0f} … {high:+.0f}")

# %% jupyter={"source_hidden": true}
claim(
    "16/digits-noise",
    "Recorded: the intervals of both parts minus neither, and minus either alone, all include 0.",
    [low < 0 < high for low, high in gaps.values()],
)
claim(
    "16/digits-looking-ahead",
    "Recorded: chapter 08's five steps ahead, with its own Adam, cover more modes than both parts; the interval excludes 0.",
    difference(modes["chapter 08, K = 5"], modes[pairs.BOTH]),
    above=0,
)

# %%
again = studies.rerun("pairs_digits", conditions=[pairs.BOTH], seeds=[0], upto=20)

# %% jupyter={"source_hidden": true}
claim(
    "16/digits-again",
    "Done again for 20 steps, the KL of the digits is the recorded one within 0.01.",
    [abs(now["kl"] - old["kl"]) for now, old in zip(again, digits.matching(again), strict=True)],
    below=0.01,
)

# %% [markdown]
# **What the evidence shows, and what it does not.**
#
# - The *price* keeps modes: on the ring all eight, on eight of eight seeds, if $\gamma$ is large enough. That needs no
#   pairs.
# - *Pairs* have shown no effect of their own here. Alone they lose modes on the ring; together with the price they add
#   nothing that eight seeds could show.
# - That both *belong together* is neither confirmed nor refuted. On the digits, a thousand steps and six seeds cannot
#   tell both parts from one or from none. As the intervals show, a difference of dozens of modes is still possible. The
#   paper's 1,000 against 693 come from networks and a training many times as large.
# - A good $\gamma$ for one problem need not be good for another. The paper takes 0.05 on CIFAR-10 and 150 on faces of
#   256 pixels.
#
# ## Half-way
#
# *41 minutes lie behind you, 44 ahead: a good place to stop.*
#
# **So far:** attention lets distant places hear each other; here two more convolutions did that as well, and the
# map of attention shows less than one would like. In the loss of pairs with a price on slopes it is the price that
# keeps the spots of the ring; on stacked digits no difference is told from noise. **To come:** few examples, flows,
# and when one takes a GAN.
#
# ## A hundred faces (8 min, depth)
#
# The article on SNGAN ends its page of flowers with: better pictures need 「データ数を増やすかより最新のGANを使う必要」 ("more data, or a
# newer GAN"). Take a hundred faces. With so few it is not $G$ that fails first. It is $D$: it learns them by heart. If
# that goes on, it says "real" to a hundred pictures and "fake" to all others, real or not, and $G$ learns nothing more
# about faces from it. After 400 steps $D$ has begun to do so.
#
# **Differentiable augmentation** (Zhao et al. 2020; Karras et al. 2020 with the same idea) lets $D$ see only changed
# pictures, $T(x)$, with a new random change each time: other colours, a shift, a hole.

# %%
torch.set_default_dtype(torch.float32)
few, unseen = datasets.faces(100, size=16), datasets.faces(1_000, size=16, seed=1).x
torch.manual_seed(0)
T = Augment().train()  # colour, translation, cutout, as strong as in the paper
rows = {"x": few.x[:10], "T(x)": T(few.x[:10]), "T(x), anew": T(few.x[:10])}
fig = figures.dcgan.rows(rows, zoom=4)
plt.show()


# %%
class Changed:
    """Data of which one sees T(x) only."""

    def __init__(self, data):
        self.data, self.shape = data, data.shape

    def sample(self, n, rng):
        return T(self.data.sample(n, rng))


quick = partial(training.adam, lr=1e-3)
dcgan = replace(methods.dcgan(few.shape, z=32, width=16), optimizer_d=quick, optimizer_g=quick)
behind_t = replace(dcgan, discriminator=lambda: augmented(dcgan.discriminator()))  # real and fake, in the steps of both
CONDITIONS = {"as they are": (dcgan, few), "T on both": (behind_t, few), "T on real only": (dcgan, Changed(few))}
SEEDS = {"as they are": (0, 1), "T on both": (0, 1), "T on real only": (0,)}
hundred = {
    label: [training.fit(gan, data, steps=400, seed=seed, batch=32) for seed in SEEDS[label]]
    for label, (gan, data) in CONDITIONS.items()
}

# %% [markdown]
# *Predict* for each of the three: does $D$ tell the hundred from real faces that it has never seen? And what will $G$
# draw if $T$ was applied to the real ones only? (Above each panel: of 100 pairs of a training face and an unseen one,
# in how many $D$ finds the training face more real.)


# %%
def judged(run):
    """D's logits of the faces it has learned from, of others, and of fakes; in eval mode, so without T."""
    kinds = {"training faces": few.x, "unseen faces": unseen, "fakes": run.samples(1_000)}
    return {kind: run.logits(x).numpy() for kind, x in kinds.items()}


def prefers(run):
    """How often D gives a training face more than an unseen one: ½ if it knows none by heart, 1 if it knows all."""
    return float((run.logits(few.x)[:, None] > run.logits(unseen)).double().mean())


known = {label: [prefers(run) for run in runs] for label, runs in hundred.items()}
titles = {label: f"{label}:\nprefers {100 * shares[0]:.0f} of 100" for label, shares in known.items()}
fig = figures.after.by_heart({titles[label]: judged(runs[0]) for label, runs in hundred.items()})
plt.show()

# %%
fig = figures.dcgan.rows({label: runs[0].samples(10) for label, runs in hundred.items()}, zoom=4)
plt.show()


# %%
def grey(x):
    """The share of pixels that have nearly the grey of a hole, 0 in all three channels."""
    return float((x.abs() < 0.1).all(1).double().mean())


def flicker(x):
    """How much the brightness varies from picture to picture."""
    return float(x.mean((1, 2, 3)).std())


made = {label: [run.samples(1_000) for run in runs] for label, runs in hundred.items()}
greyer = {label: [grey(x) / grey(unseen) for x in some] for label, some in made.items()}
livelier = {label: [flicker(x) / flicker(unseen) for x in some] for label, some in made.items()}

# %% jupyter={"source_hidden": true}
claim(
    "16/by-heart",
    "As they are: D prefers a training face to an unseen one in more than 60 of 100 pairs, on both seeds.",
    known["as they are"],
    above=0.6,
)
claim(
    "16/not-by-heart",
    "With T, on both kinds or on the real ones only: in fewer than 60 of 100.",
    known["T on both"] + known["T on real only"],
    below=0.6,
)
claim(
    "16/leaks",
    "T on the real ones only, one seed: G draws over 5 times the grey of real faces, and brightness varies over 1.3 times.",
    [g > 5 and b > 1.3 for g, b in zip(greyer["T on real only"], livelier["T on real only"], strict=True)],
)
claim(
    "16/does-not-leak",
    "T on both kinds, two seeds: less than 3 times the grey, and brightness varies less than 1.3 times as much.",
    [g < 3 and b < 1.3 for g, b in zip(greyer["T on both"], livelier["T on both"], strict=True)],
)

# %% [markdown]
# **What you saw.** With $T$ on both, $D$ compares $T(x)$ with $T(x')$. These have the same distribution when $x$ and
# $x'$ have (and only then, unless $T$ destroys information about the distribution). With $T$ on the real ones only,
# holes are part of the data, and $G$ learns to draw them: the change *leaks*. And as $G$ learns through $T$, gradients
# must pass through $T$; hence "differentiable".
#
# Does $T$ make the pictures better? We ask the Fréchet distance in the features of the judge of faces:

# %%
judge = judges.faces()


def features(x):
    """What the judge of faces, made for 32 pixels, sees in images of 16."""
    return judge.features(interpolate(x.float().clamp(-1, 1), 32))


reference = features(unseen)


def distance(x):
    return metrics.frechet_distance(features(x), reference)


far = {label: [distance(x) for x in some] for label, some in made.items()}

# %% jupyter={"source_hidden": true}
claim(
    "16/not-yet-better",
    "After 400 steps the faces with T on both are further from real ones than those without, on both seeds.",
    np.divide(far["T on both"], far["as they are"]),
    above=1,
)

# %% [markdown]
# Not yet. $T$ makes the task harder, and 400 steps are few. A $D$ that knows its faces by heart has nothing more to
# teach $G$; a $D$ behind $T$ still has. This page does not show when the second GAN overtakes the first, or whether it
# does. In the paper it does, on larger pictures and with many times as many steps.
#
# ## A flow (7 min)
#
# Since about 2021 most pictures that machines draw do not come from a GAN. **Diffusion** models and **flow matching**
# (Lipman et al. 2023, Liu et al. 2023) need no second player. Pair noise $z$ with a random example $x$, and go from one
# to the other on a straight line, $x_t=(1-t)\,z+t\,x$, with the velocity $x-z$. A network $v(x_t,t)$ learns to guess
# this velocity by least squares. That is the whole training:
#
# $$\mathbb E\,\bigl\|v(x_t,t)-(x-z)\bigr\|^2,\qquad t\sim U(0,1).$$
#
# Many lines pass through one place, so no $v$ is right for all. The best is their mean,
# $v^*(x,t)=\mathbb E[\,x-z\mid x_t=x\,]$. A sample begins at noise and follows it: $dx/dt=v(x,t)$. If the data are one
# bump, $\mathcal N(m,s^2)$, then $x_t$ and $x-z$ are jointly normal, and the mean of one, given the other, is a
# straight line. Its slope is their covariance over the variance of $x_t$:
#
# $$v^*(x,t)=m+\frac{t\,s^2-(1-t)}{(1-t)^2+t^2s^2}\,(x-t\,m).$$
#
# With several bumps, the line of each is weighted by the probability that $x$ came from it. *Predict:* the straight
# lines cross. Do the paths of the flow cross? (In the figures the shades show where $x_t$ lies; solid orange lines
# began above 0, dashed blue ones below.)

# %%
torch.set_default_dtype(torch.float64)
W, M, S = np.array([0.35, 0.65]), np.array([-1.5, 1.2]), np.array([0.25, 0.4])  # two bumps: shares, means, deviations


def bumps_at(x, t):
    """The part of each bump in the density of x_t at x: (..., 2)."""
    variance = (1 - t) ** 2 + t**2 * S**2
    return W * np.exp(-((x[..., None] - t * M) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)


def velocity(x, t):
    """v*(x, t)."""
    lines = M + (t * S**2 - (1 - t)) / ((1 - t) ** 2 + t**2 * S**2) * (x[..., None] - t * M)
    parts = bumps_at(x, t)
    return (parts * lines).sum(-1) / parts.sum(-1)


def follow(z, steps, rule):
    """The places of the flow from z, at all steps: (steps + 1, *z.shape)."""
    places = [z]
    for k in range(steps):
        places.append(rule(velocity, places[-1], k / steps, 1 / steps))
    return np.stack(places)


def pairs_by_chance(n, seed):
    """Noise and examples, n of each."""
    numbers = np.random.default_rng(seed)
    bump = (numbers.random(n) < W[1]).astype(int)
    return numbers.standard_normal(n), M[bump] + S[bump] * numbers.standard_normal(n)


# %%
T_SHOWN, X_SHOWN = np.linspace(0, 1, 101), np.linspace(-3, 3, 121)
SHADES = X_SHOWN, np.stack([bumps_at(X_SHOWN, t).sum(-1) for t in T_SHOWN])
Z_SHOWN, x = pairs_by_chance(24, seed=1)
straight = (1 - T_SHOWN) * Z_SHOWN[:, None] + T_SHOWN * x[:, None]
both_ways = {"lines, paired by chance": straight, "the flow along v*": follow(Z_SHOWN, 100, midpoint).T}
fig = figures.after.ways(T_SHOWN, both_ways, SHADES)
plt.show()

# %%
z, x = pairs_by_chance(400_000, seed=2)
off = []
for t, place in ((0.3, 0.2), (0.5, 0.0), (0.8, 0.9)):
    passing = (x - z)[np.abs((1 - t) * z + t * x - place) < 0.01]
    off.append((passing.mean() - velocity(np.array(place), t)) / (passing.std() / np.sqrt(len(passing))))

# %% jupyter={"source_hidden": true}
claim(
    "16/mean-velocity",
    "At three places and times the mean velocity of the lines that pass is v*, within 4 standard errors.",
    np.abs(off),
    below=4,
)

# %%
begun = np.linspace(-2.5, 2.5, 101)
places = follow(begun, 200, midpoint)

# %% jupyter={"source_hidden": true}
claim(
    "16/flow-arrives",
    "The flow arrives at the data: their share below x(1) is the share of noise below z, to 1/1,000.",
    (W * ndtr((places[-1][:, None] - M) / S)).sum(1) - ndtr(begun),
    equals=0,
    within=1e-3,
)
claim("16/paths-do-not-cross", "On the line no two paths of the flow cross.", np.diff(places, axis=1), above=0)

# %% [markdown]
# In one dimension a map whose paths do not cross is the best plan of chapter 04. (In more dimensions it need not be.)
# But a sample is now an integral. Euler's rule computes $v$ once in each step, the midpoint rule twice; each time is
# one *look*. *Predict* where one step of Euler takes all the noise, whatever the data are; then move the slider down to
# 1.


# %%
def draw_ways(steps, rule):
    places = follow(Z_SHOWN, steps, {"Euler": euler, "midpoint": midpoint}[rule])
    drawn = np.stack([np.interp(T_SHOWN, np.linspace(0, 1, steps + 1), way) for way in places.T])
    near = (np.abs(places[-1][:, None] - M) < 3 * S).any(1).sum()
    looks = steps * (1 + (rule == "midpoint"))
    figure = figures.after.ways(T_SHOWN, {f"{rule}, steps: {steps}": drawn}, SHADES)
    return figure, f"looks at v for a sample: {looks}; {near} of 24 end within three deviations of a bump"


widgets.explore(draw_ways, steps=(1, 32, 1, 4), rule=["Euler", "midpoint"])

# %% jupyter={"source_hidden": true}
claim(
    "16/one-step-is-the-mean",
    "One step of Euler carries all noise to one point, the mean of the data.",
    follow(begun, 1, euler)[-1] - (W * M).sum(),
    equals=0,
    within=1e-12,
)

# %% [markdown]
# At $t=0$ the place says nothing about the example yet, so $v^*(z,0)=\mathbb E[x]-z$. One step ends at the mean, the
# blur of chapter 01. And does a flow lose modes? It has no opponent. The ring once more:

# %%
flow_of_points = replace(methods.flow(eight.shape, lr=3e-3, width=64), ema=0.99)
runs = training.replicate(flow_of_points, eight, steps=500, seeds=range(5), batch=128)
found = [metrics.modes(run.samples(4_096), eight, within=20) for run in runs]

# %% jupyter={"source_hidden": true}
claim(
    "16/flow-keeps-modes",
    "After 500 steps a flow covers all eight spots, with more than 2/5 of its samples near one, on each of 5 seeds.",
    [each.covered == 8 and each.near > 0.4 for each in found],
)

# %% [markdown]
# ## A GAN or a flow? (8 min)
#
# Now faces of $16\times16$ pixels: `sndcgan`, the GAN that drew chapter 09's good pictures, and `flow`, a small U-Net.
# Both have 16 channels next to the image, 500 steps of 64 faces, Adam with the rate $3\cdot10^{-3}$, and a moving
# average; one run of each. A step takes about equally long in both, and we measure that too. The distance is
# Fréchet's, to real faces, in the features of a judge of faces (chapter 15): smaller is better.

# %%
torch.set_default_dtype(torch.float32)
METHODS = {
    "GAN": replace(methods.sndcgan(faces.shape, z=32, width=16, lr=3e-3), ema=0.98),
    "flow": replace(methods.flow(faces.shape, width=16, lr=3e-3), ema=0.98),
}
MOMENTS = (150, 300, 500)


def timed(gan, seed):
    """The run at the end; at each of MOMENTS, the processor's seconds up to there and the distance of its faces."""
    run, course, seconds = training.start(gan, faces, seed=seed), [], 0.0
    for step in MOMENTS:
        began = time.process_time()
        training.train(run, step - run.step)
        seconds += time.process_time() - began
        course.append((seconds, distance(run.samples(500))))
    return run, np.array(course).T


trained = {label: timed(gan, seed=0) for label, gan in METHODS.items()}

# %%
FRECHET = "Fréchet distance, judge's features"
courses = {label: course for label, (_, course) in trained.items()}
curves = {label: (seconds, [far]) for label, (seconds, far) in courses.items()}
floor = distance(datasets.faces(500, size=16, seed=2).x), "as many real faces"
fig = figures.after.courses({FRECHET: curves}, "seconds of the processor", {FRECHET: floor}, logarithmic=(FRECHET,))
plt.show()

# %%
sheets = {label: run.samples(10) for label, (run, _) in trained.items()}
fig = figures.dcgan.rows(sheets | {"real": unseen[:10]}, zoom=4)
plt.show()


# %%
def price_of_samples(run, n=200):
    """The processor's seconds for n samples, the least of three trials."""
    trials = []
    for _ in range(3):
        began = time.process_time()
        run.samples(n)
        trials.append(time.process_time() - began)
    return min(trials)


gan, flow = (run for run, _ in trained.values())

# %% jupyter={"source_hidden": true}
claim(
    "16/equal-time",
    "The 500 steps of both took the same time, within a factor of 2.",
    courses["flow"][0, -1] / courses["GAN"][0, -1],
    above=1 / 2,
    below=2,
)
claim(
    "16/gan-first",
    "After 150 steps the GAN's faces are nearer to real ones.",
    courses["flow"][1, 0] / courses["GAN"][1, 0],
    above=1,
)
claim(
    "16/flow-comes-up",
    "At the end the flow's distance is less than 1.3 times the GAN's.",
    courses["flow"][1, -1] / courses["GAN"][1, -1],
    below=1.3,
)
claim(
    "16/sampling-costs",
    "A sample of the flow, 16 looks, takes more than 8 times as long as one of the GAN.",
    price_of_samples(flow) / price_of_samples(gan),
    above=8,
)

# %%
with torch.device("meta"):  # sizes without numbers
    sizes = [sum(p.numel() for p in method.generator().parameters()) for method in METHODS.values()]

# %% jupyter={"source_hidden": true}
claim(
    "16/larger-network",
    "The flow's network has 2.9 times the weights of the GAN's generator.",
    sizes[1] / sizes[0],
    equals=2.9,
    within=0.05,
)

# %% [markdown]
# How many looks are needed? We follow the same trained velocity in fewer steps:

# %%
LOOKS = {"Euler": (euler, 1, (1, 2, 4, 8, 16)), "midpoint": (midpoint, 2, (1, 2, 4, 8))}
strips, quality = {}, {}
for name, (rule, each, counts) in LOOKS.items():
    for steps in counts:
        flow.generator_ema.step, flow.generator_ema.steps = rule, steps
        x = flow.samples(400)
        strips[name, each * steps], quality[name, each * steps] = x, distance(x)
curves = {
    name: ([each * n for n in counts], [quality[name, each * n] for n in counts])
    for name, (_, each, counts) in LOOKS.items()
}
fig = figures.after.against_effort({("looks at v for a sample", FRECHET): curves})
plt.show()

# %%
shown = {f"{looks} look{'s' * (looks > 1)}": strips["Euler", looks][:10] for looks in (1, 2, 4, 16)}
fig = figures.dcgan.rows(shown, zoom=4)
plt.show()


# %%
def variety(x):
    """How far pictures, averaged over 4 × 4 pixels, lie from their mean picture; root of the mean square."""
    x = avg_pool2d(x.float(), 4)
    return float((x - x.mean(0)).square().mean().sqrt())


# %% jupyter={"source_hidden": true}
claim(
    "16/one-look-is-the-mean-face",
    "With one look the flow draws one face: its pictures vary less than 3/5 as much as real ones.",
    variety(strips["Euler", 1]) / variety(unseen),
    below=0.6,
)
claim(
    "16/looks-help",
    "Euler's rule: 4 looks are better than 1, and 16 better than 4.",
    [quality["Euler", 1] / quality["Euler", 4], quality["Euler", 4] / quality["Euler", 16]],
    above=1,
)
claim(
    "16/four-looks",
    "Midpoint rule: with 4 looks the distance is within a quarter of what it is with 16.",
    quality["midpoint", 4] / quality["midpoint", 16],
    below=1.25,
)

# %% [markdown]
# **What you saw.** By Euler's rule one look draws the mean face, with some noise that the small network could not
# remove; two looks bring the colours, four most of the rest. By the midpoint rule a few looks are as good as sixteen.
# The GAN has faces sooner. The flow improves steadily, as a regression without an opponent does; in the stored run it
# ends a little nearer, on another machine it may be the other way round. In training time the two are similar here, and
# one run of 500 steps of small networks shows no more than that. The difference is in the *sample*: one pass through
# $G$ for the GAN, several looks at a larger network for the flow. That network has as many channels next to the image,
# but three times the weights and eight times the multiplications, so even two looks are sixteen times the work. So, as
# far as this course has checked:
#
# | you want | take | because |
# |---|---|---|
# | all modes, and a training that is one regression | a flow, a diffusion model | no opponent: `16/flow-keeps-modes`, `16/flow-arrives` |
# | a sample at once: sound, video, a phone | a GAN, a flow *distilled* with a $D$, or one taught to go in one step (MeanFlow, Geng et al. 2025) | one pass: `16/sampling-costs` |
# | sharp pixels from a network that makes one pass | an adversarial term beside another loss | a mean is a blur: `16/one-step-is-the-mean` |
# | a GAN on few examples | random changes $T$ before $D$, for real and fake | what $D$ knows by heart: `16/by-heart`, `16/not-by-heart`; not yet the pictures: `16/not-yet-better` |
#
# ## Where GANs stand (6 min)
#
# The article (こしあん 2019) names what came next: 「SA(Self attention)GANや、BigGANといったモダンなGAN」 ("modern GANs such as SAGAN
# and BigGAN"), and at its end 「次はこの発展型のSAGAN(Self attention GAN)いってみよう」 ("next, on to SAGAN"). What followed, in short?
# This page was written in November 2026; it names what is published, with its year, and makes no forecast:
#
# - **Bigger and better GANs, to 2022.** BigGAN (Brock et al. 2019) made them large, StyleGAN (Karras et al. 2019, 2020,
#   2021) photographic; StyleGAN-XL (Sauer et al. 2022) took them to all of ImageNet at 1,024 pixels. Two losses are
#   still in use: the logistic one with a price on slopes, in StyleGAN2 and (as a loss of pairs) in R3GAN; and the
#   hinge, in StyleGAN-XL and where the adversarial loss stands beside another.
# - **Diffusion overtook.** DDPM (Ho et al. 2020), *Diffusion models beat GANs on image synthesis* (Dhariwal & Nichol
#   2021), then text to image (Rombach et al. 2022). Since then new large models are mostly diffusion or flow models;
#   Stable Diffusion 3 (Esser et al. 2024) trains on the straight lines of this page. But not all are: GPT-4o's pictures
#   (OpenAI 2025) are autoregressive, drawn piece after piece as a text is written.
# - **GANs at that size.** GigaGAN (Kang et al. 2023) and StyleGAN-T (Sauer et al. 2023) draw from text in one pass,
#   GigaGAN 512 pixels in 0.13 seconds. They showed that it can be done. The field did not return to GANs.
# - **A plain one.** R3GAN (Huang et al. 2024): the loss of this page and an ordinary residual network, without the many
#   tricks of earlier GANs; by its own tables better than StyleGAN2 on FFHQ, ImageNet, CIFAR-10 and stacked digits.
#
# And the **adversarial loss** is used in models that are not called GANs:
#
# | where | what $D$ is for | for example |
# |---|---|---|
# | the decoder that turns a diffusion model's latents into pixels | sharp pixels, where a mean would blur | VQGAN (Esser et al. 2021), latent diffusion (Rombach et al. 2022) |
# | distilling a diffusion model to 1–4 steps | one step alone would be a blur; it must look real | ADD (Sauer et al. 2023), DMD2 (Yin et al. 2024), for video Lin et al. 2025 |
# | super-resolution, compression | detail that the small picture does not determine | ESRGAN (Wang et al. 2018), HiFiC (Mentzer et al. 2020) |
# | speech: vocoders and codecs | waves that sound real, in real time | HiFi-GAN (Kong et al. 2020), SoundStream (Zeghidour et al. 2021), EnCodec (Défossez et al. 2022) |
#
# So it is less the model that has lasted than the loss: a second network, trained at the same time, that says what is
# still wrong.
#
# ## What the sources get wrong (3 min, depth)
#
# - **The article on SNGAN (こしあん 2019), on its flowers:** 「出力のクォリティを上げるには、データ数を増やすかより最新のGANを使う必要がありそうです」 ("to raise the
#   quality, it seems, one must have more data or use a newer GAN"). A fair guess, made before augmentation came. But
#   with few examples one should first ask what $D$ knows by heart, `16/by-heart`. That can be mended with the same data
#   and the same GAN, `16/not-by-heart`; here it has not made better pictures, `16/not-yet-better`.
# - **The same:** 「Wasserstein距離にこだわらないのが最近のトレンドです」 ("not to insist on the Wasserstein distance is the recent trend").
#   That trend went on. The hinge loss, which the article calls modern in the same place, is still in use, above all
#   where the adversarial loss stands beside another.
# - **Sun et al. 2020** prove that pairs leave no bad basins. That is so for pairs that stay together,
#   `16/no-basin-fixed`; for pairs drawn anew, as in training, the smallest case has one: `16/basin-anew`.
# - **Huang et al. 2024** say that it takes pairs *and* prices. On the ring the prices do it alone, `16/ring-price`,
#   `16/ring-pairs-alone`, `16/ring-pairs-add`; on the digits our record cannot tell, `16/digits-noise`.
# - **Code for SAGAN** that calls a ready-made attention without `scale=1.0` computes another layer, `16/default-scale`.
#   And a map of attention is no explanation, `16/not-at-the-eye`.
#
# ## Exercises (12 min)
#
# **Exercise 16.1** · ★★☆ · 4 minutes, depth. SAGAN's attention by hand: from NumPy arrays `q`, `k` (places, d) and `v`
# (places, e) return $o$ (places, e), what each place takes from all.


# %%
def attend(q, k, v): ...


check("16.1", attend)

# %% [markdown]
# <details><summary>Solution 16.1</summary>
#
# ```python
# def attend(q, k, v):
#     weight = np.exp(q @ k.T)
#     return weight / weight.sum(1, keepdims=True) @ v
#
#
# check("16.1", attend)
# ```
#
# Row $j$ of the shares belongs to the place $j$ that asks, and it sums to one. If scores are large, subtract the
# largest of each row before `np.exp`.
#
# </details>

# %% [markdown]
# **Exercise 16.2** · ★☆☆ · 3 minutes, depth. Write both losses of pairs, $(L_D, L_G)$, for tensors of logits `real` and `fake`
# (n,): the first real one with the first fake, and so on.


# %%
def losses_of_pairs(real, fake): ...  # return loss_d, loss_g


check("16.2", losses_of_pairs)

# %% [markdown]
# <details><summary>Solution 16.2</summary>
#
# ```python
# def losses_of_pairs(real, fake):
#     delta = real - fake
#     return torch.nn.functional.softplus(-delta).mean(), torch.nn.functional.softplus(delta).mean()
#
#
# check("16.2", losses_of_pairs)
# ```
#
# $-\log\sigma(\delta)=\mathrm{softplus}(-\delta)$. Each pair has a loss of its own; the mean comes last.
#
# </details>

# %% [markdown]
# **Exercise 16.3** · ★★☆ · 3 minutes. Follow $dx/dt=v(x,t)$ from $x(0)=z$ to $x(1)$ in `steps` steps of Euler's rule.
# Return $x(1)$.


# %%
def flow_by_euler(v, z, steps): ...


check("16.3", flow_by_euler)

# %% [markdown]
# <details><summary>Solution 16.3</summary>
#
# ```python
# def flow_by_euler(v, z, steps):
#     for k in range(steps):
#         z = z + v(z, k / steps) / steps
#     return z
#
#
# check("16.3", flow_by_euler)
# ```
#
# The velocity is asked at the *beginning* of each step: at 0 first, and never at 1.
#
# </details>

# %% [markdown]
# **Exercise 16.4** · ★☆☆ · 2 minutes, depth. Here are four ways to augment; `T` draws a new change at each call. In which of
# them does $G$ learn to draw unchanged faces? Answer `"A"`, `"B"`, `"C"` or `"D"`.
#
# ```python
# loss_d(D(T(real)), D(fake));     loss_g(D(fake))       # A
# loss_d(D(T(real)), D(T(fake)));  loss_g(D(fake))       # B
# loss_d(D(T(real)), D(T(fake)));  loss_g(D(T(fake)))    # C
# loss_d(D(T(real)), D(fake));     loss_g(D(T(fake)))    # D
# ```

# %%
augments = None  # "A", "B", "C" or "D"


check("16.4", augments)

# %% [markdown]
# <details><summary>Solution 16.4</summary>
#
# ```python
# check("16.4", "C")
# ```
#
# In A the changes are part of the data, and leak. In B $D$ learns from changed pictures and is then asked about
# unchanged ones, which it has never seen. In D the two players mean different things by "fake".
#
# </details>

# %% [markdown]
# ## What we checked

# %%
checked()

# %% [markdown]
# ## Further reading
#
# - H. Zhang, I. Goodfellow, D. Metaxas & A. Odena, *Self-attention generative adversarial networks*, ICML 2019.
# - A. Jolicoeur-Martineau, *The relativistic discriminator: a key element missing from standard GAN*, ICLR 2019.
# - R. Sun, T. Fang & A. Schwing, *Towards a better global loss landscape of GANs*, NeurIPS 2020: basins, and pairs.
# - L. Mescheder, A. Geiger & S. Nowozin, *Which training methods for GANs do actually converge?*, ICML 2018: R1, R2.
# - N. Huang, A. Gokaslan, V. Kuleshov & J. Tompkin, *The GAN is dead; long live the GAN! A modern GAN baseline*,
#   NeurIPS 2024: R3GAN.
# - S. Zhao, Z. Liu, J. Lin, J.-Y. Zhu & S. Han, *Differentiable augmentation for data-efficient GAN training*, NeurIPS
#   2020; T. Karras et al., *Training generative adversarial networks with limited data*, NeurIPS 2020.
# - Y. Lipman, R. Chen, H. Ben-Hamu, M. Nickel & M. Le, *Flow matching for generative modeling*, ICLR 2023; X. Liu, C.
#   Gong & Q. Liu, *Flow straight and fast*, ICLR 2023.
# - A. Sauer, D. Lorenz, A. Blattmann & R. Rombach, *Adversarial diffusion distillation*, ECCV 2024.

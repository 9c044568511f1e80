# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 13 · Spectral normalisation
#
# **The question.** A network is steep where its layers stretch. Can one hold every layer to a stretch of one, at almost
# no cost? And is the network then nowhere steeper than one?
#
# *80 minutes.*
#
# **You will be able to**
#
# - find the largest singular value of a matrix by power iteration; say how fast it comes, and why one step at a time is
#   enough;
# - write the layer $W/\sigma(W)$, and say what its gradient has lost;
# - tell the $\sigma$ of a convolution's matrix from the norm of the convolution;
# - say what clipping, a gradient penalty and spectral normalisation each make of the same critic;
# - find in code the faults that switch spectral normalisation off.
#
# **Predict before you run.** Real examples and fakes are exactly 1 apart. A critic is trained to tell them apart; its
# mean on the real ones minus its mean on the fakes is its *reading* of the distance. All its layers are divided by
# their largest singular value. What does it read if (a) the layers are dense, (b) they are $3\times3$ convolutions, (c)
# they are dense, in the code that a well-known article links to? Write three numbers down.

# %%
from dataclasses import replace
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.nn.functional import normalize
from torch.nn.utils import parametrizations, parametrize
from torch.utils._python_dispatch import TorchDispatchMode

from gan_core import datasets, figures, lipschitz, methods, metrics, networks, objectives, replicates, training, widgets
from gan_core.course import check, checked, claim

figures.use_style()
torch.set_default_dtype(torch.float64)  # 64-bit numbers: the same digits on every machine
torch.set_num_threads(1)

# %% [markdown]
# ## How far a matrix stretches (5 min)
#
# A function $f$ is *1-Lipschitz* if $|f(x)-f(x')|\le\|x-x'\|$ for all $x$ and $x'$: nowhere steeper than 1. The dual of
# the earth mover's distance asks this of a critic (chapter 04). For a discriminator it means gradients that neither
# vanish nor explode (chapter 06). How does one get such a function?
#
# Begin with one layer, a matrix $W$. It turns the unit circle into an ellipse. Look at its two axes:

# %%
STRETCHES = 2.0, 1.2  # the singular values σ₁ and σ₂ of the matrix below


def rotation(degrees):
    a = np.deg2rad(degrees)
    return np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])


def matrix(first, second):
    """A 2 × 2 matrix with these singular values: turn, stretch along the axes, turn."""
    return rotation(60) @ np.diag([first, second]) @ rotation(-25)


fig = figures.spectral.ellipse(matrix(*STRETCHES))
plt.show()

# %% [markdown]
# The *singular value decomposition* (SVD) writes every matrix as $W=U\Sigma V^\top$: a turn, a stretch along the axes,
# a turn. The stretches $\sigma_1\ge\sigma_2\ge\dots$ are the *singular values*; each is half the length of an axis of
# the ellipse. The largest says how far $W$ can stretch anything:
#
# $$\sigma(W)=\max_{h\ne0}\frac{\|Wh\|}{\|h\|}=\sigma_1 .$$
#
# In a chain of layers the stretches multiply. A (leaky) rectifier $a$ stretches nothing, since its slopes are at most
# 1, and a bias only shifts. So for $f=W^L\circ\dots\circ a\circ W^1$ (Miyato et al. 2018, section 2.1):
#
# $$|f(x)-f(x')|\;\le\;\sigma(W^L)\cdots\sigma(W^1)\;\|x-x'\| .$$

# %%
W = matrix(*STRETCHES)
angle = np.linspace(0, np.pi, 100_001)
lengths = np.linalg.norm(W @ np.stack([np.cos(angle), np.sin(angle)]), axis=0)

# %% jupyter={"source_hidden": true}
claim(
    "13/longest-axis",
    "The farthest point of the ellipse is σ₁ away from the centre, the nearest σ₂.",
    [lengths.max(), lengths.min()],
    equals=STRETCHES,
    within=1e-8,
)


# %%
def critic(below_zero=0.2):
    """Points (n, 2) -> numbers (n, 1): four dense layers, with rectifiers of slope `below_zero` where h < 0."""
    return networks.mlp(2, 1, width=64, depth=3, activation=partial(nn.LeakyReLU, below_zero))


torch.manual_seed(0)
f, x = critic(), 3 * torch.randn(2, 5_000, 2)
product = np.prod([float(s[0]) for s in lipschitz.singular_values(f).values()])
steepness = (f(x[0]) - f(x[1])).abs()[:, 0] / (x[0] - x[1]).norm(dim=1)

# %% jupyter={"source_hidden": true}
claim(
    "13/product-bounds",
    "Of a random network no two of 5,000 pairs of points show a slope above the product of its layers' σ.",
    steepness.detach() / product,
    below=1,
)

# %% [markdown]
# **Spectral normalisation** divides each layer's matrix by its $\sigma$: $\bar W=W/\sigma(W)$. Then the product is 1.
# No weight was clipped and no slope was measured. What remains is to find $\sigma(W)$, at every step of training,
# because $W$ changes. An SVD at every step is slow.
#
# ## Power iteration (10 min)
#
# Take any vector $u$. Go back with $W^\top$ and forth with $W$, again and again:
#
# $$v\leftarrow\frac{W^\top u}{\|W^\top u\|},\qquad u\leftarrow\frac{Wv}{\|Wv\|},\qquad \sigma\approx u^\top W v .$$
#
# *Predict* with the sliders at `steps = 1`: where do the arrows go with more steps? And what happens when the second
# singular value comes near the first, which is 2?

# %%
START = np.array([np.cos(np.deg2rad(140)), np.sin(np.deg2rad(140))])  # u₀, 80° away from where it should be


def iterate(W, u, steps):
    """The vectors u₀ … u_k and v₁ … v_k of `steps` steps of power iteration."""
    us, vs = [u], []
    for _ in range(steps):
        v = W.T @ us[-1]
        vs.append(v / np.linalg.norm(v))
        u = W @ vs[-1]
        us.append(u / np.linalg.norm(u))
    return np.array(us), np.array(vs)


def draw(steps, second):
    W = matrix(2.0, second)
    us, vs = iterate(W, START, steps)
    fig = figures.spectral.ellipse(W, vs, START)
    if not steps:
        return fig, "σ₁ = 2; no step yet"
    return fig, f"σ₁ = 2; after step {steps} u'Wv = {us[-1] @ W @ vs[-1]:.4f}"


widgets.explore(draw, steps=(0, 15, 1, 1), second=(0.2, 1.9, 0.1, 1.2))

# %% [markdown]
# Why does $u$ turn the right way? Write it with the columns $u_i$ of $U$: $u=\sum_i c_iu_i$. One step, back and forth,
# multiplies by $WW^\top$, and $WW^\top u_i=\sigma_i^2u_i$. So it multiplies $c_i$ by $\sigma_i^2$. The largest wins: in
# each step $c_i/c_1$ shrinks by the factor $(\sigma_i/\sigma_1)^2$. With two singular values, and $\theta_k$ the angle
# between $u$ after $k$ steps and $u_1$:
#
# $$\tan\theta_k=\Bigl(\frac{\sigma_2}{\sigma_1}\Bigr)^{2k}\tan\theta_0 .$$

# %%
steps, measured, laws, flat = np.arange(7), {}, {}, []
for second in (0.4, 1.2, 1.8):
    W, label = matrix(2.0, second), f"σ₂/σ₁ = {second / 2:.1f}"
    U, _, Vt = np.linalg.svd(W)
    u, v = iterate(W, START, steps[-1])
    measured[label] = np.abs(u @ U[:, 1] / (u @ U[:, 0]))  # tan θ
    laws[label] = measured[label][0] * (second / 2) ** (2 * steps)
    flat.append(np.linalg.norm(v @ W.T, axis=1) / 2 - np.abs(v @ Vt[0]))  # ‖Wv‖/σ₁ − cos φ

fig = figures.spectral.convergence(steps, measured, laws, "tan of the angle that u is off")
plt.show()

# %% jupyter={"source_hidden": true}
claim(
    "13/rate",
    "In each step the tangent of the angle that u is off shrinks by (σ₂/σ₁)², for three pairs of singular values.",
    [measured[label] / laws[label] for label in laws],
    equals=1,
    within=1e-6,
)
claim(
    "13/flat-top",
    "Where v is off by the angle φ, the estimate of σ is still at least σ₁ cos φ.",
    np.array(flat),
    above=-1e-12,
)

# %% [markdown]
# So where $\sigma_2$ is close to $\sigma_1$ the *direction* comes slowly. The *number* suffers little: $\|Wv\|$ has its
# maximum at the right direction, and the top of a hill is flat. A direction that is 18° off still gives at least 95 %
# of $\sigma$.
#
# Now a matrix as in a network, $128\times256$, with random entries, where $\sigma_2/\sigma_1$ is about 0.97. How good
# is the estimate after 1, 10 and 100 steps?


# %%
def random_start(rows, rng):
    return normalize(torch.randn(rows, generator=rng), dim=0)


shares = []
for seed in range(5):
    rng = torch.Generator().manual_seed(seed)
    W, u = torch.randn(128, 256, generator=rng), random_start(128, rng)
    U, s, Vt = torch.linalg.svd(W, full_matrices=False)
    estimates = [lipschitz.power_iteration(W, u, steps)[2] for steps in (1, 10, 100)]
    shares.append([float(sigma / s[0]) for sigma in estimates])
shares = np.array(shares)
print("share of σ found after 1, 10, 100 steps, mean of five:", *[f"{share:.2f}" for share in shares.mean(0)])

# %% jupyter={"source_hidden": true}
claim(
    "13/one-ten-hundred",
    "Five random matrices: after 1 step less than 80 % of σ is found, after 10 more than 90 %, after 100 more than 95 %.",
    [shares[:, 0] < 0.8, shares[:, 1] > 0.9, shares[:, 2] > 0.95],
)

# %%
u, v, sigma = lipschitz.power_iteration(W, u, 3_000)

# %% jupyter={"source_hidden": true}
claim(
    "13/first-triple",
    "In the end u, v and σ are the first triple of the SVD: two vectors and one number of its 128.",
    [abs(u @ U[:, 0]), abs(v @ Vt[0]), sigma / s[0]],
    equals=1,
    within=1e-9,
)

# %% [markdown]
# The article about spectral normalisation that we follow (こしあん 2019) says of $u_l^\top W^lv_l$: 「…というのが特異値分解です」, "this
# is the singular value decomposition". It is only one number of the decomposition. But that one number is all we want.
#
# ## Once is enough, if one remembers (7 min)
#
# A hundred steps at every use would cost a hundred times as much as one. The paper makes **one**. *Predict:* what share
# of $\sigma$ does it find?
#
# The trick: $W$ changes little from one use to the next, so begin with the $u$ that the last use found. Then the steps
# add up. Let us watch that in training. The data are eight points on a circle of radius 2; all fakes lie in its centre.
# The critic $f$ maximises $\mathbb E_p[f]-\mathbb E_q[f]$, the dual of the earth mover's distance. All earth travels a
# way of 2, so the distance is exactly 2. $G$ stands still; five seeds are trained together.


# %%
class Still(nn.Module):
    """A generator that always draws the same example x."""

    def __init__(self, x):
        super().__init__()
        self.x = nn.Parameter(x)

    def forward(self, z):
        return self.x.expand(len(z), *self.x.shape)


def step_of_d(run):
    loss = training.discriminator_step(run)
    run.record(loss, loss)


def train_critics(gan, data, steps, watch=None, batch=64):
    """Five seeds in which D makes `steps` steps and G none; `watch(run)` is called after each."""
    runs = [training.start(gan, data, seed=seed, batch=batch) for seed in range(5)]
    with replicates.teams(runs, step_of_d) as teams:
        for team in teams:
            for _ in range(steps):
                step_of_d(team)
                for run in team.runs if watch else ():
                    watch(run)
    return runs


# %%
spots = datasets.ring(8, radius=2.0).centres
around = spots.repeat(8, 1)  # (64, 2): a minibatch
plain = training.GAN(
    generator=Still(torch.zeros(2)),
    discriminator=critic,
    z=1,
    objective=objectives.wasserstein,
    optimizer_d=partial(training.adam, lr=1e-3, betas=(0.0, 0.9)),
)
normalised = replace(plain, discriminator=lambda: lipschitz.spectrally_normalised(critic()))

STEPS, EVERY = 600, 20
found = {"one step from the last u": [], "one step from a fresh u": [], "ten steps from a fresh u": []}
rng = torch.Generator()


def watch(run):
    """The shares of σ that are found, mean of the two layers in the middle."""
    if run.step % EVERY:
        return
    rows = []
    for layer in [layer for layer in run.discriminator if isinstance(layer, nn.Linear)][1:3]:
        W, kept = layer.parametrizations.weight.original.detach(), layer.parametrizations.weight[0]
        fresh = random_start(len(W), rng.manual_seed(run.step))
        estimates = [kept._u @ W @ kept._v, *(lipschitz.power_iteration(W, fresh, k)[2] for k in (1, 10))]
        rows.append(torch.stack(estimates) / torch.linalg.matrix_norm(W, 2))
    for label, share in zip(found, sum(rows) / 2, strict=True):
        found[label].append(float(share))


runs = {"spectral normalisation": train_critics(normalised, around, STEPS, watch)}
found = {label: np.array(values).reshape(-1, 5).T for label, values in found.items()}  # (seeds, times)
fig = figures.spectral.tracked(EVERY * np.arange(1, STEPS // EVERY + 1), found, "share of σ that is found")
plt.show()

# %%
last, fresh, ten = (values.mean(1) for values in found.values())

# %% jupyter={"source_hidden": true}
claim(
    "13/warm-start",
    "In training one step from the last u finds more than 87 % of σ on average, from a fresh u less than 80 %, on 5 seeds.",
    [last > 0.87, fresh < 0.8],
)

# %% [markdown]
# **What you saw.** One step from the last $u$ is worth several from a fresh one. It is not perfect: $u$ lags behind
# $W$. Here the learning rate is high, $10^{-3}$, and many singular values lie close to the first, as you will see
# below. So the estimate of $\sigma$ is too small, and the layer stretches a little more than 1 while it trains. As soon
# as $W$ rests, $u$ arrives: each forward pass in training mode moves $u$ (`06/looking-changes-u`), even under
# `no_grad`. That is a trap when you only want to log something; here it is useful:


# %%
def lipschitz_bound(D):
    """The product of the largest singular values of the layers, as they are used."""
    return np.prod([float(s[0]) for s in lipschitz.singular_values(D).values()])


def settle(runs, x):
    """Let u arrive: 300 looks in training mode. No weight moves."""
    with torch.no_grad():
        for run in runs:
            for _ in range(300):
                run.discriminator.train()(x)


before = [lipschitz_bound(run.discriminator) for run in runs["spectral normalisation"]]
settle(runs["spectral normalisation"], spots)
after = [lipschitz_bound(run.discriminator) for run in runs["spectral normalisation"]]

# %% jupyter={"source_hidden": true}
claim(
    "13/arrives",
    "At the last step the product of the layers' norms is between 1 and 1.5, on each seed; once W rests it becomes 1.",
    [[1 < bound < 1.5 for bound in before], [abs(bound - 1) < 1e-3 for bound in after]],
)

# %% [markdown]
# ## What the gradient loses (6 min, depth)
#
# $\sigma$ depends on $W$, so the gradient passes through it, too. The code holds $u$ and $v$ constant there. Then two
# lines are enough. Write $\langle A,B\rangle=\sum_{ij}A_{ij}B_{ij}$, and $\Gamma=\partial L/\partial\bar W$ for the
# gradient that arrives from above. Put the first line into $dL=\langle\Gamma,d\bar W\rangle$, and collect what stands
# beside $dW$.
#
# $$d\sigma=u^\top\,dW\,v=\langle uv^\top,dW\rangle,\qquad d\bar W=\frac{dW}{\sigma}-\frac{W}{\sigma^2}\,d\sigma$$
# $$\Rightarrow\quad\frac{\partial L}{\partial W}=\frac1\sigma\bigl(\Gamma-\lambda\,uv^\top\bigr),\qquad
# \lambda=\langle\Gamma,\bar W\rangle .$$
#
# This is the paper's equation 12: the gradient that an ordinary layer would get, minus a multiple of $uv^\top$, the
# direction that stretches most. If the loss would fall when $\bar W$ simply grew, then $\lambda<0$, and the step
# downhill, $-\Gamma+\lambda\,uv^\top$, works against the largest singular value. (The paper's $V$ goes up where our $L$
# goes down, so there it is $\lambda>0$.)

# %%
rng = torch.Generator().manual_seed(0)
W, above = torch.randn(2, 20, 30, generator=rng)  # `above` is Γ
u, v, sigma = lipschitz.power_iteration(W, random_start(20, rng), 2_000)
W.requires_grad_()
W_bar = W / (u @ W @ v)
(gradient,) = torch.autograd.grad(W_bar, W, above)
lam = (above * W_bar).sum()

# %% jupyter={"source_hidden": true}
claim(
    "13/gradient",
    "With u and v held constant the gradient is (Γ − λ u vᵀ)/σ.",
    gradient - (above - lam * torch.outer(u, v)) / sigma,
    equals=0,
    within=1e-12,
)

# %%
(exact,) = torch.autograd.grad(W / torch.linalg.matrix_norm(W, 2), W, above)

# %% jupyter={"source_hidden": true}
claim(
    "13/constants-are-exact",
    "Once u and v have arrived that is the gradient through an exact SVD.",
    gradient - exact,
    equals=0,
    within=1e-9,
)

# %% [markdown]
# So to hold $u$ and $v$ constant is exact then, and again the flat top is the reason: at the maximum $u^\top Wv$ does
# not change, to first order, when $u$ or $v$ turns.
#
# What has the gradient lost? Not its part along $uv^\top$, as one might think: that part is 0 for every $\Gamma$ only
# if $W$ has rank one. It has lost its part along $W$ itself, because the size of $W$ makes no difference to
# $W/\sigma(W)$.

# %%
cosine = functional.cosine_similarity

# %% jupyter={"source_hidden": true}
claim(
    "13/perpendicular",
    "The gradient is perpendicular to W, which Γ is not; and it is not perpendicular to u vᵀ.",
    [
        abs(cosine(gradient.flatten(), W.flatten(), dim=0)) < 1e-12,
        abs(cosine(above.flatten(), W.flatten(), dim=0)) > 1e-3,
        abs(cosine(gradient.flatten(), torch.outer(u, v).flatten(), dim=0)) > 1e-3,
    ],
)

# %% [markdown]
# ## The layer, three times (4 min, depth)
#
# First we write the layer out. Then we use a *parametrisation* of this course's library: a function that torch puts
# between the stored weight and the weight in use. Last comes torch's own, which the methods of this course use.


# %%
class Normalised(nn.Linear):
    """y = x (W/σ)ᵀ + b."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        self.register_buffer("u", normalize(torch.randn(outputs), dim=0))  # stored with the weights
        self.register_buffer("v", normalize(torch.randn(inputs), dim=0))

    def forward(self, x):
        W = self.weight
        if self.training:  # each use in training makes one step
            with torch.no_grad():  # u and v are constants
                self.v = normalize(W.T @ self.u, dim=0)
                self.u = normalize(W @ self.v, dim=0)
        sigma = self.u @ W @ self.v
        return x @ (W / sigma).T + self.bias


def by_hand(layer):
    written = Normalised(layer.in_features, layer.out_features)
    written.load_state_dict(layer.state_dict(), strict=False)  # it has u and v as well
    return written


def by_library(layer):
    return parametrize.register_parametrization(layer, "weight", lipschitz.SpectralNorm(layer.weight))


outputs, gradients = [], []
for make in (by_hand, by_library, parametrizations.spectral_norm):
    torch.manual_seed(0)
    layer, x = make(nn.Linear(8, 6)), torch.linspace(-1, 1, 40).reshape(5, 8)
    for _ in range(1_000):  # W rests: u arrives
        y = layer(x)
    y.square().sum().backward()
    outputs.append(y.detach())
    gradients.append(next(p.grad for name, p in layer.named_parameters() if "weight" in name))

# %% jupyter={"source_hidden": true}
claim(
    "13/three-layers",
    "The written layer, the library's and torch's give one output and one gradient.",
    [float((each - of[2]).abs().max()) for of in (outputs, gradients) for each in of[:2]],
    below=1e-9,
)

# %% [markdown]
# For a whole network it is one call, `lipschitz.spectrally_normalised(network)`. It normalises every layer with a
# matrix, **the last one too**. In a GAN it belongs to $D$; `methods.sngan` has the paper's two networks.
#
# ## Half-way
#
# *32 minutes lie behind you, 48 ahead: a good place to stop.*
#
# **So far:** a layer stretches by its largest singular value at most. Power iteration finds it by going back and
# forth, one step at each use is enough if $u$ is kept, and the gradient loses the part that lies along the weights.
# **To come:** convolutions, which stretch further than their matrix says, two other bounds beside this one, and a
# $u$ that is lost.
#
# ## A convolution is more than its matrix (10 min, depth)
#
# A convolution's weight has four axes. The paper *reshapes* it to a matrix, (channels out) × (channels in · height ·
# width), and normalises that. It says so in a footnote. Is the layer then 1-Lipschitz? Take the simplest kernel,
# $\tfrac13$ in all nine places. As a matrix it is one row of nine numbers, and $\sigma$ is its length, 1. *Predict:*
# what does it do to a white image?

# %%
kernel = torch.full((1, 1, 3, 3), 1 / 3)
white = torch.ones(1, 1, 32, 32)

# %% jupyter={"source_hidden": true}
claim(
    "13/white-image",
    "A kernel with σ = 1 makes each pixel within a white image three times as large.",
    [torch.linalg.matrix_norm(kernel.flatten(1), 2), *functional.conv2d(white, kernel).unique()],
    equals=[1, 3],
    within=1e-12,
)

# %% [markdown]
# The matrix sees one patch. The convolution looks at every patch. The patches overlap, and a pixel counts in each patch
# that it lies in. As a map from image to image, a convolution is a large matrix $A$ of its own, and what matters is the
# norm $\|A\|=\sigma(A)$. There are two ways to find it:
#
# - with the image joined at its edges (*circular*), a convolution maps each wave to a wave of the same frequency, so
#   each frequency has a small matrix, and $\|A\|$ is the largest $\sigma$ of them all: `circular_norm`, by the Fourier
#   transform, exact (Sedghi, Gupta & Long 2019);
# - with zeros around the image: power iteration again, on $A$ itself. $A$ is the layer, $A^\top$ comes from autograd:
#   `operator_norm`.
#
# On a small image we can write $A$ down, column by column, and ask the SVD.

# %%
rng = torch.Generator().manual_seed(0)
layer = nn.Conv2d(2, 3, 3, padding=1)
pixels = torch.eye(2 * 6 * 6).reshape(-1, 2, 6, 6)  # each picture has one pixel of 1
with torch.no_grad():
    layer.weight.copy_(torch.randn(3, 2, 3, 3, generator=rng))
    joined = functional.conv2d(functional.pad(pixels, (1, 1, 1, 1), "circular"), layer.weight)
    zeros_around = functional.conv2d(pixels, layer.weight, padding=1)

# %% jupyter={"source_hidden": true}
claim(
    "13/fourier-is-svd",
    "The norm by Fourier transform is that of the 108 × 72 matrix, circular; the one by power iteration with zeros around.",
    [
        lipschitz.circular_norm(layer.weight, 6) / torch.linalg.matrix_norm(joined.flatten(1), 2),
        lipschitz.operator_norm(layer, (2, 6, 6), steps=500) / torch.linalg.matrix_norm(zeros_around.flatten(1), 2),
    ],
    equals=1,
    within=1e-6,
)

# %% [markdown]
# How large can it be? Let $h_P$ be the patch of the image $h$ at place $P$. If the kernel is $k_h\times k_w$ and the
# stride $s$ divides both, each pixel lies in at most $k_hk_w/s^2$ patches. So
#
# $$\|Ah\|^2=\sum_P\|Wh_P\|^2\;\le\;\sigma(W)^2\sum_P\|h_P\|^2\;\le\;\sigma(W)^2\,\frac{k_hk_w}{s^2}\,\|h\|^2,\qquad
# \|A\|\le\sigma(W)\,\frac{\sqrt{k_hk_w}}{s} .$$
#
# For $3\times3$ with stride 1 the factor is 3, and the kernel above reaches it. Now the paper's own discriminator,
# seven normalised convolutions, at its start and after a hundred steps on small faces. Compare each norm with 1 and
# with its bound:

# %%
torch.set_default_dtype(torch.float32)  # as such networks are trained; the numbers below leave room for it
faces = datasets.faces(1_024, size=16)
run = training.start(methods.sngan(faces.shape, width=8), faces, batch=32)


def norms(D, side=16):
    """For each convolution: its kernel, its stride, its norm over the σ of its matrix."""
    found = []
    for layer in D.eval():
        if isinstance(layer, nn.Conv2d):
            weight = layer.weight.detach()
            norm = lipschitz.operator_norm(layer, (weight.shape[1], side, side), steps=100)
            found.append([weight.shape[-1], layer.stride[0], norm / torch.linalg.matrix_norm(weight.flatten(1), 2)])
            side //= layer.stride[0]
    return np.array(found).T


kernels, strides, at_start = norms(run.discriminator)
run.discriminator.train()
training.train(run, 100)
trained = norms(run.discriminator)[2]
torch.set_default_dtype(torch.float64)
bounds = kernels / strides
names = [f"{k:.0f}×{k:.0f}" + (f"\nstride {s:.0f}" if s > 1 else "") for k, s in zip(kernels, strides, strict=True)]
fig = figures.spectral.operators(names, {"at the start": at_start, "after 100 steps": trained}, bounds)
plt.show()

# %% jupyter={"source_hidden": true}
claim(
    "13/operator-norms",
    "With σ = 1 each convolution of the trained SNGAN discriminator has a norm above 1.1, and none is above its bound.",
    [trained > 1.1, trained < bounds * (1 + 1e-5)],
)

# %%
print(f"the bounds multiply to {bounds.prod():.0f}")

# %% [markdown]
# So for the network as a whole the normalisation promises only a slope of at most 648. A bound that is far too large
# does no harm. Is this one too large? Ask a critic that *wants* to be steep. The data are one grey image, the fakes
# another, $8\times8$ pixels, exactly 1 apart. The training is the same, and all layers are normalised; one critic is
# dense, the other has two convolutions.


# %%
def convolutional():
    conv = partial(nn.Conv2d, kernel_size=3, padding=1)
    return nn.Sequential(
        conv(1, 8), nn.LeakyReLU(0.2), conv(8, 8), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(8 * 64, 1)
    )


def reading(run, real):
    """E_p[f] − E_q[f], the critic's estimate of the distance."""
    return float(run.logits(real).mean() - run.logits(run.samples(1)).mean())


grey = torch.ones(1, 8, 8) / 16  # ‖grey − (−grey)‖ = 1
read = {}
for label, D in {"dense": partial(networks.mlp, (1, 8, 8), 1, width=64), "convolutions": convolutional}.items():
    of_images = replace(plain, generator=Still(-grey), discriminator=lambda D=D: lipschitz.spectrally_normalised(D()))
    trained_on_images = train_critics(of_images, grey[None], 400, batch=1)
    read[label] = [reading(run, grey[None]) for run in trained_on_images]

# %% jupyter={"source_hidden": true}
claim(
    "13/dense-reads-one",
    "The dense critic reads a distance of 1, within 0.01, on each of five seeds.",
    read["dense"],
    equals=1,
    within=0.01,
)
claim(
    "13/convolution-reads-seven",
    "The critic with two normalised convolutions reads more than 5 for a distance of 1, on each seed.",
    read["convolutions"],
    above=5,
)

# %% [markdown]
# **What you saw.** Two convolutions may stretch by $3\cdot3=9$, and an image of one grey is what they stretch most. So
# "SN makes $D$ 1-Lipschitz" holds for dense layers. For a convolutional $D$ it makes the slope *bounded*, by a number
# that the architecture sets. That is enough for what SN is used for: nothing explodes. But a critic's reading of a
# distance is then in a unit that nobody knows.
#
# ## Three ways, one critic (11 min, depth)
#
# The dense critic again, with eight points and a centre, at a distance of 2. There are three ways to keep it in bounds:
# **spectral normalisation**; **clipping** all weights to $\pm c$ after each step (Arjovsky et al. 2017), for two $c$; a
# **gradient penalty**, $10\,(\|\nabla f\|-1)^2$ on the segments between real and fake (Gulrajani et al. 2017).
# *Predict:* which reads 2?

# %%
ways = {
    "clipping, c = 0.05": replace(plain, constraints=(lipschitz.clip(0.05),)),
    "clipping, c = 0.1": replace(plain, constraints=(lipschitz.clip(0.1),)),
    "gradient penalty": replace(plain, penalties=(lipschitz.GradientPenalty(10),)),
}
runs |= {label: train_critics(way, around, STEPS) for label, way in ways.items()}
absolute = partial(critic, below_zero=-1.0)  # |h|
runs["SN with |h|"] = train_critics(
    replace(plain, discriminator=lambda: lipschitz.spectrally_normalised(absolute())), around, STEPS
)
settle(runs["SN with |h|"], spots)

# %%
NAME = "reading of a distance of 2"
read = {label: np.array([reading(run, spots) for run in five]) for label, five in runs.items()}
fig = figures.spectral.readings({NAME: read}, {NAME: 2})
plt.show()

# %% [markdown]
# First the layers: the singular values of the two in the middle, $64\times64$ each, divided by the largest:

# %%
WAYS = ("spectral normalisation", "clipping, c = 0.05", "gradient penalty")


def middle(run):
    """Singular values of the second and the third layer, as they are used."""
    return list(lipschitz.singular_values(run.discriminator).values())[1:3]


values = {label: torch.stack([torch.stack(middle(run)) for run in runs[label]]) for label in WAYS}  # (seeds, 2, 64)
titles = "second layer", "third layer"
fig = figures.spectral.spectra(
    {title: {label: values[label][:, i].numpy() for label in WAYS} for i, title in enumerate(titles)}
)
plt.show()


# %%
def stable_rank(s):
    """Σ σᵢ²/σ₁²: in how many directions a matrix stretches, if it does so in each as much as in the first."""
    return s.square().sum(-1) / s[..., 0].square()


ranks = {label: stable_rank(values[label]) for label in WAYS}

# %% jupyter={"source_hidden": true}
claim(
    "13/ranks",
    "Clipped layers have a stable rank below 2, normalised ones above 8, both layers, on each of five seeds.",
    [ranks["clipping, c = 0.05"] < 2, ranks["spectral normalisation"] > 8],
)

# %% [markdown]
# Most clipped weights sit at $+c$ or $-c$, with the same signs along a row. Such a matrix has nearly rank one: one
# feature is passed on, the others are lost. The paper's figure 3 shows the same on CIFAR-10. Now the slopes, on the
# segments between the points and the centre, where the best critic has slope 1:


# %%
def slopes(run):
    """‖∇f‖ at 640 places between the eight points and the centre."""
    x = (torch.linspace(0.0, 1.0, 82)[1:-1, None, None] * spots).reshape(-1, 2).requires_grad_()
    (gradient,) = torch.autograd.grad(run.discriminator.eval()(x).sum(), x)
    return gradient.norm(dim=1)


steep = {label: torch.cat([slopes(run) for run in five]).numpy() for label, five in runs.items()}
fig = figures.spectral.slopes(steep)
plt.show()

# %% jupyter={"source_hidden": true}
claim(
    "13/normalised-slopes",
    "Under spectral normalisation no slope is above 1.",
    [steep["spectral normalisation"].max(), steep["SN with |h|"].max()],
    below=1 + 1e-3,
)
claim(
    "13/normalised-reads-half",
    "Normalised, the critic reads less than 3/5 of the true distance, on each of five seeds; with |h| it reads more.",
    [read["spectral normalisation"] / 2 < 3 / 5, read["SN with |h|"] / 2 > 3 / 5],
)
claim(
    "13/clip-fourth-power",
    "Twice the clip makes the mean reading of four layers 2⁴ = 16 times as large, within a quarter.",
    read["clipping, c = 0.1"].mean() / read["clipping, c = 0.05"].mean() / 16,
    equals=1,
    within=0.25,
)
claim(
    "13/penalty-reads-two",
    "Under the gradient penalty it reads 2 and up to 15 % more, on each seed.",
    read["gradient penalty"] / 2,
    above=1,
    below=1.15,
)

# %% [markdown]
# **Did you expect** SN to read so little? Nothing is wrong with it. "At most 1" does not mean "equal to 1". The cone
# $f=\|x\|$ climbs to all sides and would read 2, but the normalised network does not find it. A rectifier passes one
# side of each feature on at full length and cuts the other. So the climb to the left and the climb to the right must
# share the length 1 (Anil, Lucas & Grosse 2019). With $|h|$, which keeps both sides, the same network does better.
# Between two *points* there is only one direction, and the critic reads 1.00 (`13/dense-reads-one`).
#
# The penalty has a bias of its own: over a distance of 2 a slope $s$ gains $2s$ and costs $10\,(s-1)^2$, and
# $2s-10\,(s-1)^2$ is largest at $s=1.1$. And what a clipped critic reads depends on $c$ and the depth, not on the data.
#
# What do they cost? Seconds depend on the machine, so we count multiplications: those in products of matrices and
# vectors, in one step of $D$.

# %%
aten = torch.ops.aten


class Multiplications(TorchDispatchMode):
    """Counts those in products of matrices and vectors, forward and backward, while it is on."""

    count = 0

    def __torch_dispatch__(self, f, types, args=(), kwargs=None):
        if f.overloadpacket in (aten.mm, aten.mv, aten.addmm):
            A, B = args[-2:]
            self.count += A.numel() * (B.shape[1] if B.ndim == 2 else 1)
        return f(*args, **(kwargs or {}))


def cost(gan, data, move=training.discriminator_step, batch=64):
    run = training.start(gan, data, batch=batch)
    with Multiplications() as counted:
        move(run)
    return counted.count


base = cost(plain, around)
shares = {label: cost(way, around) / base for label, way in {"spectral normalisation": normalised, **ways}.items()}
for label, share in shares.items():
    print(f"{label}: {share:.2f} times the multiplications of a step without")

# %% jupyter={"source_hidden": true}
claim(
    "13/cheap",
    "Spectral normalisation adds less than 3 % to a step of D at batch 64, a gradient penalty doubles it.",
    [shares["spectral normalisation"] < 1.03, abs(shares["gradient penalty"] - 2) < 0.1],
)

# %% [markdown]
# ## The u that nobody stores (6 min, depth)
#
# The article links to its own code for SN. The layer there differs from the paper's in three things:
#
# - each use makes one step of power iteration from the *same* first $u$, because the new one is only put into a local
#   variable, and lost;
# - $u$ and $v$ are not constants: the gradient passes through them;
# - the last dense layer is not normalised.
#
# Two points, 1 apart. *Predict:* which of the three does the most harm?


# %%
class Forgetful(nn.Module):
    """W/σ with a u that is never stored; `through`: the gradient goes through u and v."""

    def __init__(self, weight, through):
        super().__init__()
        self.through = through
        self.register_buffer("u", normalize(torch.randn(len(weight)), dim=0))

    def forward(self, W):
        u, v, _ = lipschitz.power_iteration(W if self.through else W.detach(), self.u)  # u is a local name
        return W / (u @ W @ v)


def with_each(normalise, *, but_last=False):
    """The critic with `normalise` applied to its dense layers, all of them or all but the last."""
    D = critic()
    dense = [layer for layer in D if isinstance(layer, nn.Linear)]
    for layer in dense[:-1] if but_last else dense:
        normalise(layer)
    return D


def forgetful(layer, through):
    parametrize.register_parametrization(layer, "weight", Forgetful(layer.weight, through))


right = parametrizations.spectral_norm
forgets, through = partial(forgetful, through=False), partial(forgetful, through=True)
CRITICS = {
    "as in the paper": partial(with_each, right),
    "last layer left out": partial(with_each, right, but_last=True),
    "u not stored": partial(with_each, forgets),
    "u not stored, gradient through it": partial(with_each, through),
    "all three, as linked": partial(with_each, through, but_last=True),
}
point = torch.tensor([[1.0, 0.0]])
apart = {label: train_critics(replace(plain, discriminator=D), point, 400, batch=1) for label, D in CRITICS.items()}

# %%
NAMES = "reading of a distance of 1", "product of the layers' norms"
measured = {
    NAMES[0]: {label: np.array([reading(run, point) for run in five]) for label, five in apart.items()},
    NAMES[1]: {label: np.array([lipschitz_bound(run.discriminator) for run in five]) for label, five in apart.items()},
}
fig = figures.spectral.readings(measured, dict.fromkeys(NAMES, 1))
plt.show()

# %%
read, product = measured.values()

# %% jupyter={"source_hidden": true}
claim(
    "13/right-and-linked",
    "The right layers read 1 and have a product of norms of 1, within 0.02; as linked both are above 40, on five seeds.",
    [
        [abs(each["as in the paper"] - 1) < 0.02 for each in (read, product)],
        [each["all three, as linked"] > 40 for each in (read, product)],
    ],
)
claim(
    "13/each-fault",
    "With the last layer left out it reads more than 2, with a gradient through a forgotten u more than 15, on each seed.",
    [read["last layer left out"] > 2, read["u not stored, gradient through it"] > 15],
)

# %% [markdown]
# **What you saw.** A single step from a fixed $u$ sees only a part of $W$. The weights grow where it does not look. A
# gradient through $u$ and $v$ even tells them where that is: they learn to make $\sigma$ look small. That does the most
# harm. A GAN with such a $D$ may still draw, so its pictures do not show the fault; one comparison with an SVD does.
#
# ## Which loss, and how many steps? (8 min, depth)
#
# The article says two things about training. 「論文のGAN(SNGAN)では、損失関数にHinge Lossを使っていたり」: SNGAN uses the hinge loss. The
# paper's comparison on CIFAR-10 and STL-10 has the standard loss, $-\log D$ for $G$, throughout; hinge is an extra row
# that improves it (Inception Score 7.42 and 7.58, FID 29.3 and 25.5 with the plain networks).
#
# And 「SNGANではアップデート回数をG:D=1:5にしたほうがうまくいきやすい(Spectral NormのぶんDの学習が進みづらい)」: five steps of $D$ for each of $G$ work
# better, because SN slows $D$ down. In the paper one step does well: its settings B and C have $n_{dis}=1$, and B is
# the best for SN on STL-10. We try it on the handwritten digits, with dense networks, five seeds. A step of $G$ with
# five of $D$ costs more, so we compare at equal work. *Predict* three things: is hinge better? Are five steps better
# for the same work? And does a $D$ *without* SN gain from five steps as well?

# %%
data = datasets.digits()
order = torch.randperm(len(data), generator=torch.Generator().manual_seed(0))
seen, held_out = data.x[order[:898]], data.x[order[898:]]
of_digits = methods.gan(data.shape, width=64)
sngan = replace(of_digits, discriminator=lambda: lipschitz.spectrally_normalised(of_digits.discriminator()))
slower = replace(sngan, optimizer_g=partial(training.adam, lr=2e-4))  # a fifth of the usual rate
standard, hinge = objectives.non_saturating, objectives.hinge
CONDITIONS = {  # the method, and its steps of G
    "standard, n_dis = 1": (replace(sngan, objective=standard), 900),
    "standard, n_dis = 5": (replace(sngan, objective=standard, n_dis=5), 300),
    "hinge, n_dis = 1": (replace(sngan, objective=hinge), 900),
    "hinge, n_dis = 5": (replace(sngan, objective=hinge, n_dis=5), 300),
    "standard, n_dis = 1, slow G": (slower, 900),
    "no SN, n_dis = 1": (of_digits, 900),
    "no SN, n_dis = 5": (replace(of_digits, n_dis=5), 300),
}


def follow(gan, steps):
    """The work done at five moments, and the distance to the held-out digits then: (times,), (seeds, times)."""
    distance = {}

    def watch(run):
        if run.step % (steps // 5) == 0:
            distance.setdefault(run.step, []).append(metrics.frechet_distance(run.samples(899), held_out))

    training.replicate(gan, seen, steps=steps, seeds=range(5), batch=32, watch=watch)
    work = cost(gan, seen, training.iteration, batch=32) / 1e6
    return work * np.array(list(distance)), np.array(list(distance.values())).T


curves = {label: follow(gan, steps) for label, (gan, steps) in CONDITIONS.items()}

# %%
fig = figures.spectral.against_work(curves, "pixel Fréchet distance to held-out digits")
plt.show()

# %%
distance = {label: values[:, -1] for label, (_, values) in curves.items()}


def difference(a, b):
    """Mean of condition a minus that of b: its 95 % interval, by Student's t with eight degrees of freedom."""
    of_a, of_b = distance[a], distance[b]
    half = 2.306 * np.sqrt((of_a.var(ddof=1) + of_b.var(ddof=1)) / 5)
    return of_a.mean() - of_b.mean() - half, of_a.mean() - of_b.mean() + half


def verdict(a, b):
    low, high = difference(a, b)
    what = "noise" if low < 0 < high else "farther from the digits" if low > 0 else "nearer to the digits"
    return f"{a}, against {b}: {what}"


print(verdict("hinge, n_dis = 1", "standard, n_dis = 1"))
print(verdict("hinge, n_dis = 5", "standard, n_dis = 5"))

# %%
one, five, slow = (distance[f"standard, n_dis = {how}"] for how in ("1", "5", "1, slow G"))

# %% jupyter={"source_hidden": true}
claim(
    "13/five-steps-help",
    "For the same work, within a tenth, five steps of D come to less than 0.7 of the distance of one, on each seed.",
    [
        abs(curves["standard, n_dis = 5"][0][-1] / curves["standard, n_dis = 1"][0][-1] - 1) < 0.1,
        *(five / one < 0.7),
        *(distance["hinge, n_dis = 5"] / distance["hinge, n_dis = 1"] < 0.7),
    ],
)
claim(
    "13/not-for-sn",
    "Without SN five steps help, too: the mean distance falls below 0.85 of what it is with one.",
    distance["no SN, n_dis = 5"].mean() / distance["no SN, n_dis = 1"].mean(),
    below=0.85,
)
claim(
    "13/slow-g",
    "One step of D and a G with a fifth of the rate has more than two thirds of the gain of five steps.",
    (one.mean() - slow.mean()) / (one.mean() - five.mean()),
    above=2 / 3,
)

# %% [markdown]
# **What you saw.** The article's advice is good here, for dense networks on digits: five steps come nearer, for the
# same work. But its reason does not explain this: without SN five steps help as well. And $D$ need not make five steps:
# with one step each, a slower $G$ brings most of the gain. What counts is how fast $D$ learns *compared with* $G$ (two
# time scales: Heusel et al. 2017). Convolutional networks on other data may want another balance; the paper found one
# to one good enough. As to the loss, nothing here speaks for hinge; chapter 10 asks the same in other settings. (The
# paper says that hinge minimises the reverse KL. With a free $D$ it does not: `03/hinge-not-reverse-kl`.)
#
# ## What the sources get wrong
#
# All of this is about **the article on spectral normalisation (こしあん 2019)** and the code it links to. Its main thought
# is the paper's, and well put: a Lipschitz $D$ is what counts, not the Wasserstein distance.
#
# - 「この$u_l^TW^lv_l$というのが特異値分解です」 ("this $u_l^\top W^lv_l$ is the singular value decomposition"). It is one number, the
#   estimate of $\sigma_1$: `13/first-triple`.
# - 「DのBatch NormをSpectral Normという特別なNormalizationレイヤーに置き換える」 ("replace $D$'s batch normalisation by a special
#   normalisation layer, spectral normalisation"). It is not a layer that comes after another and normalises what flows
#   through. It is another way to write a weight, in **every** layer, the last one too (`13/each-fault`). And it does
#   not look at the data:

# %%
x = torch.randn(16, 2, generator=torch.Generator().manual_seed(0))
others_moved = torch.cat([x[:1], x[1:] + 1])


def first_logit(D, x):
    """In training mode, when u has arrived."""
    for _ in range(500):
        logits = D(x)
    return logits[0].detach()


torch.manual_seed(0)
spectral = lipschitz.spectrally_normalised(critic())
batch = nn.Sequential(nn.Linear(2, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 1))
felt = [float((first_logit(D, others_moved) - first_logit(D, x)).abs()) for D in (spectral, batch)]

# %% jupyter={"source_hidden": true}
claim(
    "13/looks-at-no-data",
    "Move all other examples of a minibatch: under SN the logit of the first stays, under batch normalisation it moves.",
    [felt[0] < 1e-9, felt[1] > 1e-3],
)

# %% [markdown]
# - 「WGANではDのスペクトルにリプシッツ連続という強い制約を置きます」 ("WGAN puts a strong constraint on the spectrum of $D$, Lipschitz continuity").
#   WGAN constrains the *function*, and does it by clipping the entries. Nobody chose what then becomes of the spectrum:
#   `13/ranks`, `13/clip-fourth-power`. To look at the spectrum is SN's idea.
# - 「リプシッツ連続を実践する手法の1つとして、損失関数にWasserstein距離を使っています」 ("as one way to put Lipschitz continuity into practice it uses the
#   Wasserstein distance as its loss"). It is the other way round: the dual of the distance *asks for* a 1-Lipschitz
#   function (`04/critic-unbounded`); clipping, penalty and SN are ways to get one.
# - 「損失関数にHinge Lossを使っていたり」 ("it uses the hinge loss"). Right in part: the comparison on CIFAR-10 and STL-10 uses the
#   standard loss; hinge is an extra. The hinge loss came from Lim & Ye and from Tran et al. (2017).
# - 「G:D=1:5にしたほうがうまくいきやすい(Spectral NormのぶんDの学習が進みづらい)」 ("five steps of $D$ for one of $G$ work better, since SN slows
#   $D$ down"). Here the advice holds and the reason does not: `13/five-steps-help`, `13/not-for-sn`, `13/slow-g`.
# - **The linked code** forgets $u$, lets the gradient through $u$ and $v$, and leaves the last layer as it is:
#   `13/right-and-linked`, `13/each-fault`. Two more faults: all five steps of $D$ see the same fakes, where Algorithm 1
#   draws new ones. And the first residual block begins with a rectifier, on the *image*, whose dark half lies below 0;
#   only the shortcut around the block still sees that half:

# %% jupyter={"source_hidden": true}
claim(
    "13/rectified-image",
    "Of the pixels of the digits more than 60 % are below 0: a rectifier on the image makes them all the same.",
    float((data.x < 0).double().mean()),
    above=0.6,
)

# %% [markdown]
# Its README reports failures with one step of $D$. With these faults they say little about SN. Torch's own layer, which
# the article names too, is right.
#
# - Right: 「WGAN-GP…はBackpropを2回走らせないといけないので計算が遅い」 ("WGAN-GP is slow because it must run back-propagation twice"):
#   `13/cheap`.
# - **The paper** (Miyato et al. 2018) is careful: a footnote says that the norm of a convolution is another number than
#   the $\sigma$ it divides by. Many later texts write "1-Lipschitz" all the same: `13/operator-norms`,
#   `13/convolution-reads-seven`.
#
# ## Exercises (13 min)
#
# **Exercise 13.1** · ★☆☆ · 4 minutes. Write the power iteration with NumPy: from the vector `u`, make `steps` steps and
# return the estimate $u^\top Wv$ of $\sigma(W)$.


# %%
def largest_stretch(W, u, steps): ...


check("13.1", largest_stretch)

# %% [markdown]
# <details><summary>Solution 13.1</summary>
#
# ```python
# def largest_stretch(W, u, steps):
#     for _ in range(steps):
#         v = W.T @ u
#         v = v / np.linalg.norm(v)
#         u = W @ v
#         u = u / np.linalg.norm(u)
#     return u @ W @ v
#
#
# check("13.1", largest_stretch)
# ```
#
# Back with $W^\top$, forth with $W$, and a unit vector each time.
#
# </details>

# %% [markdown]
# **Exercise 13.2** · ★★☆ · 3 minutes, depth. The singular values are `first` and `second`. How many steps are needed until the
# tangent of the angle between $u$ and $u_1$ has fallen to at most `share` of what it was? Predict it for
# $\sigma_2/\sigma_1=0.97$ and a tenth before you check.


# %%
def steps_needed(first, second, share): ...


check("13.2", steps_needed)

# %% [markdown]
# <details><summary>Solution 13.2</summary>
#
# ```python
# def steps_needed(first, second, share):
#     return int(np.ceil(np.log(share) / (2 * np.log(second / first))))
#
#
# check("13.2", steps_needed)
# ```
#
# $(\sigma_2/\sigma_1)^{2k}\le$ `share`. For 0.97 and a tenth: 38 steps. That is why one remembers $u$.
#
# </details>

# %% [markdown]
# **Exercise 13.3** · ★★★ · 4 minutes, depth. Given `above`, the gradient $\Gamma=\partial L/\partial\bar W$, the weight `W`
# and its first singular vectors `u` and `v`, return $\partial L/\partial W$, with NumPy.


# %%
def gradient_of_weight(above, W, u, v): ...


check("13.3", gradient_of_weight)

# %% [markdown]
# <details><summary>Solution 13.3</summary>
#
# ```python
# def gradient_of_weight(above, W, u, v):
#     sigma = u @ W @ v
#     lam = np.sum(above * W / sigma)  # ⟨Γ, W̄⟩
#     return (above - lam * np.outer(u, v)) / sigma
#
#
# check("13.3", gradient_of_weight)
# ```
#
# </details>

# %% [markdown]
# **Exercise 13.4** · ★☆☆ · 2 minutes, depth. A discriminator has four convolutions, $3\times3$ with stride 1, $4\times4$ with
# stride 2, $3\times3$ with stride 1, $4\times4$ with stride 2, with leaky rectifiers between them, and a dense layer at
# the end. All five are spectrally normalised. By which number is its slope bounded for certain?

# %%
bound = None


check("13.4", bound)

# %% [markdown]
# <details><summary>Solution 13.4</summary>
#
# ```python
# check("13.4", 3 * 2 * 3 * 2)
# ```
#
# $\sqrt{k_hk_w}/s$ for each convolution, 1 for the dense layer and for the rectifiers.
#
# </details>

# %% [markdown]
# ## What we checked

# %%
checked()

# %% [markdown]
# ## Further reading
#
# - T. Miyato, T. Kataoka, M. Koyama & Y. Yoshida, *Spectral normalization for generative adversarial networks*, ICLR
#   2018.
# - H. Sedghi, V. Gupta & P. Long, *The singular values of convolutional layers*, ICLR 2019: the Fourier transform.
# - Y. Tsuzuku, I. Sato & M. Sugiyama, *Lipschitz-margin training*, NeurIPS 2018: the bound for a convolution.
# - C. Anil, J. Lucas & R. Grosse, *Sorting out Lipschitz function approximation*, ICML 2019: why rectifiers cannot
#   climb to all sides, and which activation can.
# - M. Heusel et al., *GANs trained by a two time-scale update rule converge to a local Nash equilibrium*, NeurIPS 2017.
#
# **Here the first part of the chapter ends.** The second is chapter 13b. It is about the article's proudest result, few
# images of many classes: 176 characters with about 82 pictures each. Is it SN that keeps a class from collapsing? For
# that a GAN must be told the class, which chapter 11 teaches.

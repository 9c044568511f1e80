# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 09 · DCGAN
#
# **The question.** How do sixty-four random numbers become the picture of a face? And do those numbers *mean* anything: can
# one compute with them, "smiling − neutral + with glasses"?
#
# *90 minutes.*
#
# **You will be able to**
#
# - build a transposed convolution by hand, in three ways, and compute the size of its output;
# - say why a generator draws a checkerboard before it has been trained at all;
# - say what batch normalisation does in a GAN, and at which two places DCGAN leaves it out, and why;
# - train a DCGAN on faces in a minute, walk between its faces, and compute with them;
# - measure whether that arithmetic is right, with an interval.
#
# **Predict before you run.** At the end we take the $z$ of a smiling face, subtract that of a neutral one, and add that of a
# neutral face with glasses. In how many of 100 such sums does the face smile *and* wear glasses? And if each of
# the three is a mean of three faces? And if we add and subtract the *pictures* instead? Write three numbers down.

# %%
import json
from dataclasses import replace
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import torch
from scipy.stats import spearmanr
from torch import nn
from torch.nn import functional

from gan_core import datasets, figures, judges, latent, methods, metrics, networks, results, studies, training, widgets
from gan_core.course import check, checked, claim

figures.use_style()  # the networks of this chapter train in 32 or 16 bits: see "A minute of training"

# %% [markdown]
# ## Where this leads (5 min, depth)
#
# First the end of the road: faces of 64 × 64 pixels. No drawing program made them, but two GANs, each in 10,000 steps
# on one core of a processor. The upper row is from the DCGAN of this chapter. For the lower row the discriminator was
# kept in bounds (chapter 13), and the optimizer was five times as quick. Both are *recorded*, and nothing was picked:
# these are the first faces of each sheet.
#
# ```sh
# python -m gan_core train dcgan --data faces --scale night --name dcgan-faces-64
# python -m gan_core train sndcgan --data faces --scale night --name sndcgan-faces-64
# ```

# %%
NAMES = {"DCGAN": "dcgan-faces-64", "a bounded D": "sndcgan-faces-64"}
folders = {title: results.ROOT / "results" / name for title, name in NAMES.items()}
sheets = {title: plt.imread(folder / "samples.png") for title, folder in folders.items()}
fig = figures.samples.strips({title: sheet[:132, : 6 * 132 + 4] for title, sheet in sheets.items()})
plt.show()

# %%
records = {title: json.loads((folder / "record.json").read_text()) for title, folder in folders.items()}
far = [record["measures"]["frechet_judge"]["samples"] for record in records.values()]

# %% jupyter={"source_hidden": true}
claim(
    "09/sheets",
    "Recorded, one run of each: with a bounded D the faces are less than a third as far from real ones as DCGAN's.",
    far[1] / far[0],
    below=1 / 3,
)

# %% [markdown]
# *Far* is the Fréchet distance in the features of a judge of faces (chapter 15). How did the faces of the lower row
# come about? Here they are at four steps, with the same $z$ in every row. *Look for:* what comes first, and what last?

# %%
record = records["a bounded D"]
film = plt.imread(folders["a bounded D"] / "film.png")
film = film.reshape(len(record["film"]), -1, *film.shape[1:])
rows = [record["film"].index(step) for step in (0, 250, 1_000, 10_000)]
fig = figures.samples.film(np.concatenate(film[rows])[:, : 4 * 132 + 4], [record["film"][row] for row in rows])
plt.show()

# %% [markdown]
# The two GANs differ in two things. Which of them makes the faces better? The study `quality` tests them one after the
# other, at 32 × 32 pixels, with five seeds: DCGAN with the paper's Adam, $2\cdot10^{-4}$ and $\beta_1=0.5$; DCGAN with
# $10^{-3}$ and $\beta_1=0$; the same with a bounded D. *Predict:* is it the bounds or the rate?

# %%
quality = studies.read("quality")
table = {label: quality.table("frechet_judge", at=2_000)[label] for label in ("dcgan", "dcgan, quick Adam", "sndcgan")}
for label, values in table.items():
    mean, error = studies.mean_se(values)
    print(f"{label:<18} at step 2,000, recorded: {mean:.1f} ± {error:.1f}")


def interval(a, b):
    """95 % interval for the mean of a − b over five seeds: Student's t with four degrees of freedom."""
    mean, error = studies.mean_se(table[a] - table[b])
    return mean - 2.776 * error, mean + 2.776 * error


# %% jupyter={"source_hidden": true}
claim(
    "09/rate",
    "Recorded, five seeds: the quick Adam alone brings DCGAN nearer to the faces, by more than 1; the 95 % interval is above 0.",
    [np.mean(table["dcgan"] - table["dcgan, quick Adam"]) > 1, interval("dcgan", "dcgan, quick Adam")[0] > 0],
)
claim(
    "09/bounds",
    "Recorded: at that rate the bounded D is nearer still; the interval is above 0, and below what the rate has gained.",
    [interval("dcgan, quick Adam", "sndcgan")[0] > 0, interval("dcgan, quick Adam", "sndcgan")[1] < 1],
)

# %% [markdown]
# **What you saw.** It is mostly the rate. The grain in the pictures of the recipe of 2016 is what it has not *yet*
# learned to remove. The bounds help a little at this size, and with the eyes of the large pictures. The rest of this
# chapter is about the networks, and keeps those of the paper.
#
# ## A convolution, turned round (9 min)
#
# A **convolution** with stride 2 puts a small grid of weights, the **kernel**, on every second place of a picture. At
# each place it makes one number: the sum of pixels times weights. The sides get half as long. Layer by layer, a
# discriminator goes from a picture to one number. A generator must go the other way, and its layers are convolutions
# turned round.
#
# For each number of its input, a **transposed convolution** puts a copy of the kernel, *times this number*, onto the
# output. The copies start $s$ places apart; $s$ is the **stride**. Where they overlap, they are added. At the end $p$
# places are cut off on each side; $p$ is the **padding**. Here are three numbers, a kernel of 4, stride 2, padding 1:

# %%
x, kernel, stride, padding = torch.tensor([1.0, 2.0, -1.0]), torch.tensor([1.0, 3.0, 2.0, 1.0]), 2, 1
copies = [(stride * i, value * kernel) for i, value in enumerate(x)]
total = torch.zeros(stride * (len(x) - 1) + len(kernel))
for start, values in copies:
    total[start : start + len(kernel)] += values
fig = figures.dcgan.stamps(copies, total, (padding, len(total) - padding))
plt.show()

# %% [markdown]
# *Predict:* four numbers, the same kernel, stride and padding. How many come out?
#
# With $H$ numbers and a kernel of $k$, the copies start at $0, s, \dots, (H-1)s$, the last one is $k$ long, and $2p$
# places are cut off. Frameworks can add $o$ places at one side, the output padding. So the output has a length of
#
# $$H' = (H-1)\,s - 2p + k + o .$$


# %%
def stamp(x, kernel, stride, padding):
    """A transposed convolution on the line: copies of the kernel, times the numbers of x, added up."""
    out = torch.zeros(stride * (len(x) - 1) + len(kernel), dtype=x.dtype)
    for i, value in enumerate(x):
        out[stride * i : stride * i + len(kernel)] += value * kernel
    return out[padding : len(out) - padding]


# %%
rng = torch.Generator().manual_seed(0)
difference, formula, measured = [], [], []
for H, k, s, p in [(H, k, s, p) for H in (3, 4, 7) for k in (2, 3, 4, 5) for s in (1, 2, 3) for p in (0, 1)]:
    x, kernel = (torch.randn(n, dtype=torch.float64, generator=rng) for n in (H, k))
    by_torch = functional.conv_transpose1d(x[None, None], kernel[None, None], stride=s, padding=p)[0, 0]
    difference.append(float((by_torch - stamp(x, kernel, s, p)).abs().max()))
    for o in range(s):
        out = functional.conv_transpose1d(x[None, None], kernel[None, None], None, s, p, output_padding=o)
        measured.append(out.shape[-1])
        formula.append((H - 1) * s - 2 * p + k + o)

# %% jupyter={"source_hidden": true}
claim(
    "09/copies-added",
    "Copies of the kernel, added up, are torch's transposed convolution, in 72 settings.",
    difference,
    below=1e-12,
)
claim(
    "09/size",
    "A transposed convolution makes (H − 1)s − 2p + k + o numbers of H, in 144 settings.",
    np.array(measured) - np.array(formula),
    equals=0,
    within=0,
)

# %% [markdown]
# The old papers draw the same operation in another way and call it *fractionally strided*: put $s-1$ zeros between the
# numbers, $k-1-p$ zeros around them, and make an ordinary convolution, of stride 1, with the kernel turned by half a
# turn. In two dimensions:


# %%
def by_zeros(x, kernel, stride, padding):
    """The same, as an ordinary convolution of x (H, W) with zeros between its numbers."""
    k = len(kernel)
    spread = torch.zeros(*(stride * (side - 1) + 1 for side in x.shape), dtype=x.dtype)
    spread[::stride, ::stride] = x
    spread = functional.pad(spread, [k - 1 - padding] * 4)
    return functional.conv2d(spread[None, None], kernel.flip(0, 1)[None, None])[0, 0]


x, kernel = (torch.randn(n, n, dtype=torch.float64, generator=rng) for n in (5, 4))
by_torch = functional.conv_transpose2d(x[None, None], kernel[None, None], stride=2, padding=1)[0, 0]

# %% jupyter={"source_hidden": true}
claim(
    "09/zeros-between",
    "Zeros between the numbers, the kernel turned by half a turn: a convolution is then the transposed one.",
    by_zeros(x, kernel, 2, 1) - by_torch,
    equals=0,
    within=1e-12,
)

# %% [markdown]
# And why *transposed*? A convolution is linear, so it is a matrix. The columns of this matrix are the outputs for the
# pictures that have a single 1. We compute the matrix $C$ of the convolution from 8 × 8 to 4 × 4 (kernel 4, stride 2,
# padding 1), and the matrix of the transposed convolution from 4 × 4 to 8 × 8 with the same kernel.


# %%
def matrix(layer, side):
    """The matrix of a linear layer from (side × side) pictures: one column for each pixel."""
    ones = torch.eye(side * side, dtype=torch.float64).reshape(-1, 1, side, side)
    return layer(ones).flatten(1).T


# %%
C = matrix(partial(functional.conv2d, weight=kernel[None, None], stride=2, padding=1), 8)
T = matrix(partial(functional.conv_transpose2d, weight=kernel[None, None], stride=2, padding=1), 4)
print("C:", tuple(C.shape), " T:", tuple(T.shape), " rank of T C:", int(torch.linalg.matrix_rank(T @ C)))

# %% jupyter={"source_hidden": true}
claim(
    "09/transpose",
    "The matrix of the transposed convolution is the convolution's, transposed: T = Cᵀ.",
    T - C.mT,
    equals=0,
    within=0,
)
claim(
    "09/no-inverse",
    "A transposed convolution is no inverse: of the 64 numbers of an 8 × 8 picture, T C keeps 16 at most.",
    torch.linalg.matrix_rank(T @ C) <= 16,
)

# %% [markdown]
# So its first name, "deconvolution", is wrong: nothing is undone. What is transposed is the *matrix*. (A second way to
# see it: the backward pass of a convolution, to the gradient of its input, *is* the transposed convolution. Every
# framework has it for that purpose.)
#
# **DCGAN's generator** is a stack of these. Here are the sizes of the one for 64 × 64 pixels.

# %%
G = networks.dcgan_generator(100, (3, 64, 64))
h, sizes = torch.zeros(1, 100), []
for layer in G:
    h = layer(h) if not isinstance(layer, nn.BatchNorm2d) else layer.eval()(h)
    if isinstance(layer, nn.ConvTranspose2d):
        sizes.append(tuple(h.shape[1:]))
        print(f"kernel {layer.kernel_size[0]}, stride {layer.stride[0]}, padding {layer.padding[0]} → {sizes[-1]}")

# %% jupyter={"source_hidden": true}
claim(
    "09/sides-double",
    "From 4 × 4 on each layer of DCGAN's generator doubles the sides.",
    [h == 4 * 2**i for i, (_, h, _) in enumerate(sizes)],
)

# %% [markdown]
# The first layer makes $4\times4$ pixels of a single one. With one place only, there is one copy of the kernel: each of
# the $k^2$ places of each channel is a sum over all of $z$, with weights of its own. You know such a layer.

# %%
first = nn.ConvTranspose2d(100, 512, 4, 1, 0, bias=False).double()
z = torch.randn(7, 100, dtype=torch.float64, generator=rng)
product = (z @ first.weight.flatten(1)).reshape(7, 512, 4, 4)

# %% jupyter={"source_hidden": true}
claim(
    "09/first-is-matmul",
    "G's first layer is the product of z with a matrix of 100 × 8,192 weights: fully connected.",
    (first(z[:, :, None, None]) - product).detach(),
    equals=0,
    within=1e-12,
)

# %% [markdown]
# ## Where checkerboards come from (5 min, depth)
#
# Look at the overlaps again, in two dimensions. How many numbers of the input reach each pixel of the output? If all
# input numbers and all weights of the kernel are 1, the output *is* that count. *Predict* it for kernels of 3, 4 and 5
# at stride 2.


# %%
def reached(k, padding, side=6):
    """How many of side × side numbers reach each output pixel."""
    ones = torch.ones(1, 1, side, side)
    return functional.conv_transpose2d(ones, torch.ones(1, 1, k, k), stride=2, padding=padding)[0, 0].numpy()


counts = {k: reached(k, padding) for k, padding in ((3, 1), (4, 1), (5, 2))}
fig = figures.dcgan.reach([(f"kernel {k}, stride 2", count) for k, count in counts.items()])
plt.show()

# %%
inside = {k: np.unique(count[3:-3, 3:-3]).astype(int).tolist() for k, count in counts.items()}
print("away from the edges:", inside)

# %% jupyter={"source_hidden": true}
claim(
    "09/uneven",
    "At stride 2 a pixel away from the edges is reached by 1, 2 or 4 numbers (kernel 3), or by 4, 6 or 9 (kernel 5).",
    inside[3] == [1, 2, 4] and inside[5] == [4, 6, 9],
)
claim(
    "09/even",
    "With a kernel of 4 and stride 2 every pixel away from the edges is reached by 4 numbers.",
    inside[4] == [4],
)

# %% [markdown]
# With 3 or 5 a fine checkerboard is built into the layer. That is why we take kernels of 4 (as PyTorch's example does;
# the paper had 5). But *equal* counts do not yet make equal pixels: neighbouring pixels are reached by 4 numbers each,
# through *different* weights of the kernel. We send a picture of one single colour through 200 layers with random
# weights.

# %%
flat = torch.ones(1, 64, 6, 6)
pattern = []
for seed in range(200):
    weight = 0.02 * torch.randn(64, 1, 4, 4, generator=torch.Generator().manual_seed(seed))
    out = functional.conv_transpose2d(flat, weight, stride=2, padding=1)[0, 0, 3:-3, 3:-3]
    blocks = out.unfold(0, 2, 2).unfold(1, 2, 2).flatten(2)  # the four pixels of each 2 × 2 block
    pattern.append(float(blocks.std(-1).mean() / out.square().mean().sqrt()))

# %% jupyter={"source_hidden": true}
claim(
    "09/still-a-pattern",
    "Kernels of 4 make a pattern of one colour: in 2 × 2 blocks pixels differ by more than half of what they are.",
    np.mean(pattern),
    above=0.5,
)

# %% [markdown]
# **Did you notice?** The kernel of 4 only makes it *possible* to have no checkerboard; training must still find the weights. We
# shall measure how far it gets.
#
# ## Stride or pool? (6 min, depth)
#
# The discriminator goes the way back, and each of its layers halves the sides. A usual classifier *pools*: of each 2 ×
# 2 block it keeps the mean, or the largest number. A classifier wants that: a cat one pixel to the left is the same
# cat, so it need not know where in the block the largest number stood. A discriminator does: where things stand is part
# of what makes a picture look real.
#
# DCGAN takes convolutions with stride 2, "allowing the network to learn its own spatial downsampling". It is often said
# that in this way no detail is lost. *Predict:* of the 64 numbers of an 8 × 8 picture, how many does a strided
# convolution with 1, 2, 4, 5 channels keep? The answer is the **rank** of its matrix.


# %%
def strided(channels, seed=0):
    """A convolution with random weights from one channel to `channels`: kernel 4, stride 2, padding 1."""
    weight = torch.randn(channels, 1, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    return partial(functional.conv2d, weight=weight, stride=2, padding=1)


kept = {f"{c} × strided": int(torch.linalg.matrix_rank(matrix(strided(c), 8))) for c in (1, 2, 3, 4, 5)}
kept["mean of 2 × 2"] = int(torch.linalg.matrix_rank(matrix(partial(functional.avg_pool2d, kernel_size=2), 8)))
print("numbers kept, of 64:", kept)

# %% jupyter={"source_hidden": true}
claim(
    "09/rank",
    "Of 64 numbers a strided convolution with c channels keeps 16c, at most 64; a mean over blocks 16.",
    list(kept.values()) == [16, 32, 48, 64, 64, 16],
)

# %% [markdown]
# With one channel it keeps no more than pooling does. What keeps the detail is the number of *channels*, not the
# stride. How much of a face (in grey, 32 × 32) is left after a strided layer? Many pictures have the same output as the
# face. We show the one of them that is nearest to plain grey.

# %%
grey = datasets.faces(6, seed=12).x.mean(1, keepdim=True).double()


def left_over(layer):
    """What the layer still knows of the faces: their part in the row space of its matrix."""
    M = matrix(layer, 32)
    return (torch.linalg.pinv(M) @ M @ grey.flatten(1).T).T.reshape(grey.shape)


left = {f"{c} × strided": left_over(strided(c)) for c in (1, 2, 4)}
fig = figures.dcgan.rows(
    {"the face": grey, "mean of 2 × 2": left_over(partial(functional.avg_pool2d, kernel_size=2)), **left}
)
plt.show()

# %%
same = strided(1)(grey) - strided(1)(left["1 × strided"])

# %% jupyter={"source_hidden": true}
claim(
    "09/one-loses",
    "A strided convolution with one channel gives a face and what it has left of it the same answer.",
    same,
    equals=0,
    within=1e-8,
)

# %%
D = networks.dcgan_discriminator((3, 64, 64))
h, numbers = torch.zeros(2, 3, 64, 64), [3 * 64 * 64]
for layer in D:
    h = layer(h)
    if isinstance(layer, nn.Conv2d):
        numbers.append(h[0].numel())
print("numbers after each convolution of D:", numbers)

# %% jupyter={"source_hidden": true}
claim(
    "09/d-halves",
    "From the second on each convolution of D halves the number of its numbers, to the 4 × 4.",
    np.array(numbers[1:-2]) / numbers[2:-1],
    equals=2,
    within=0,
)

# %% [markdown]
# **What you saw.** The rank of a layer counts what it keeps. DCGAN's discriminator throws away half of what it has in
# every layer but the first. Training can *choose* which half; with pooling it cannot.
#
# ## Three activations (4 min, depth)
#
# The recipe has rectifiers in the generator, $\max(0,a)$, **leaky** ones in the discriminator, $a$ for $a>0$ and $0.2a$ below,
# and $\tanh$ at the generator's end, because pixels lie between −1 and 1.

# %%
a = torch.linspace(-3, 3, 121, requires_grad=True)
curves = {}
for name, f in {"ReLU": torch.relu, "leaky ReLU": nn.LeakyReLU(0.2), "tanh": torch.tanh}.items():
    (slope,) = torch.autograd.grad(f(a).sum(), a)
    curves[name] = f(a).detach().numpy(), slope.numpy()
fig = figures.dcgan.activations(a.detach().numpy(), curves)
plt.show()

# %% [markdown]
# The usual argument for the leaky one: below 0 a rectifier has the slope 0, so the gradient stops there; and all that
# the generator ever learns comes through this gradient. *Predict:* in an untrained discriminator with plain rectifiers,
# for how many in 100 units is the slope 0? And how much weaker is the gradient that reaches the picture?

# %%
small = datasets.faces(4_000, size=16)


def slopes_of_zero(D, x):
    """The share of D's rectifiers that pass nothing back, and the length of ∂a(x)/∂x."""
    h, units = x.requires_grad_(), []
    for layer in D:
        h = layer(h)
        if isinstance(layer, nn.ReLU | nn.LeakyReLU):
            units.append((h == 0).flatten())  # below 0 a rectifier gives 0
    (gradient,) = torch.autograd.grad(h.sum(), x)
    return float(torch.cat(units).float().mean()), float(gradient.norm())


# %%
found = []
for seed in range(5):
    leaky = training.start(methods.dcgan(small.shape, width=16), small, seed=seed, fast=False).discriminator
    plain = nn.Sequential(*[nn.ReLU() if isinstance(layer, nn.LeakyReLU) else layer for layer in leaky])
    found.append([slopes_of_zero(D, small.x[:64]) for D in (leaky, plain)])
(_, gradient_leaky), (of_plain, gradient_plain) = np.array(found).transpose(1, 2, 0)

# %% jupyter={"source_hidden": true}
claim(
    "09/relu-silent",
    "With plain rectifiers about half of D's units have slope 0, on 5 seeds.",
    of_plain,
    above=0.4,
    below=0.65,
)
claim(
    "09/gradient-arrives",
    "The gradient that reaches the picture is as long with plain rectifiers as with leaky ones, within a quarter.",
    gradient_plain / gradient_leaky,
    above=0.8,
    below=1.25,
)

# %% [markdown]
# Half of the units are closed, but the gradient still arrives through the other half: the gradient of a *unit* can be 0
# while that of the *picture* is not. The leak has a smaller use: a unit that gives 0 for all pictures can still learn.
#
# ## Batch normalisation, and two exceptions (10 min)
#
# **Batch normalisation** takes each channel $h$ of a layer, over all places of all $n$ pictures of the minibatch, and gives it
# mean $\beta$ and standard deviation $\gamma$, which are learned:
#
# $$\mathrm{BN}(h)=\gamma\,\frac{h-\operatorname{mean}(h)}{\sqrt{\operatorname{var}(h)+\epsilon}}+\beta .$$
#
# So what a network says of one picture depends on the *other* pictures in the minibatch. In **eval mode** it uses
# running averages from training instead. We replace the first of eight pictures, and look at what D says of the other
# seven.


# %%
def fresh(seed, width=16):
    """D and G of the recipe for 16 × 16 pixels, untrained."""
    run = training.start(methods.dcgan(small.shape, z=64, width=width), small, seed=seed, fast=False)
    return run.discriminator, run.generator


def others_move(D, train):
    """How far the logits of seven pictures move when the eighth is another one, in units of their spread."""
    D.train(train)
    before, after = D(small.x[:8])[1:], D(torch.cat([small.x[8:9], small.x[1:8]]))[1:]
    return float((before - after).detach().abs().mean() / before.detach().std())


# %%
coupled = [others_move(fresh(seed)[0], train=True) for seed in range(5)]
alone = [others_move(fresh(seed)[0], train=False) for seed in range(5)]

# %% jupyter={"source_hidden": true}
claim(
    "09/bn-couples",
    "In training another first picture of eight moves what D says of the other seven, on 5 seeds.",
    coupled,
    above=0.002,
)
claim(
    "09/bn-eval",
    "In eval mode another first picture changes nothing of what D says of the others, to the bit.",
    alone,
    equals=0,
    within=0,
)

# %% [markdown]
# Why do we use it, then? Because the first weights are small, from $N(0, 0.02^2)$. Without normalisation each layer of
# the generator makes the numbers smaller, and an untrained G draws the same grey for every $z$.


# %%
def without(network):
    return nn.Sequential(*[layer for layer in network if not isinstance(layer, nn.BatchNorm2d)])


z = torch.randn(64, 64, generator=rng)
with torch.no_grad():
    spread = [[float(G(z).std(0).mean()) for G in (fresh(s)[1], without(fresh(s)[1]))] for s in range(5)]
spread_with, spread_without = np.array(spread).T

# %% jupyter={"source_hidden": true}
claim(
    "09/bn-signal",
    "Untrained, G's pictures vary more than 10 times as much with batch normalisation as without, on 5 seeds.",
    spread_with / spread_without,
    above=10,
)

# %% [markdown]
# DCGAN puts it after every convolution **but two**: the last of the generator, and the first of the discriminator. (D's
# last one makes the logit, and has none either.) "Applying batchnorm to all layers however, resulted in sample
# oscillation and model instability", says the paper, but it does not say why. Two experiments show what goes wrong at
# these places.
#
# First D. We give it a minibatch, and the same minibatch with half the contrast. Can D see this difference, with batch
# normalisation after its first convolution? Then G. Which mean colour can its minibatches have, with batch
# normalisation on its output?


# %%
def on_input(D):
    """Batch normalisation after D's first convolution, too."""
    return nn.Sequential(D[0], nn.BatchNorm2d(D[0].out_channels), *D[1:])


def on_output(G):
    """Batch normalisation after G's last convolution, before tanh, too."""
    return nn.Sequential(*G[:-1], nn.BatchNorm2d(3), G[-1])


def sees_contrast(D, x):
    """How far the logits move when the whole minibatch loses half its contrast, in units of their spread."""
    full, half = D(x).detach(), D(0.5 * x).detach()
    return float((full - half).square().mean().sqrt() / full.std())


# %%
x = small.x[:64]
seen = np.array([[sees_contrast(D, x) for D in (fresh(s)[0], on_input(fresh(s)[0]))] for s in range(5)])

# %% jupyter={"source_hidden": true}
claim(
    "09/d-blind",
    "Batch normalisation on D's first layer hides contrast: halved, it moves the logits less than 1/5 as far as without.",
    seen[:, 1] / seen[:, 0],
    below=0.2,
)

# %%
with torch.no_grad():
    means = torch.stack([on_output(fresh(s)[1])[:-1](z[:8]).mean((0, 2, 3)) for s in range(5)])

# %% jupyter={"source_hidden": true}
claim(
    "09/g-one-mean",
    "With batch normalisation on G's last layer every minibatch has the same mean colour, before tanh.",
    means,
    equals=0,
    within=1e-5,
)

# %% [markdown]
# A D that cannot see contrast cannot teach it. And if every minibatch of G must have the same mean and contrast, *all*
# its pictures change when one changes. Now we train: 200 steps at 16 × 16, three seeds each, with the recipe, with
# batch normalisation at one of the two exceptions, and with none at all. *Predict* the order. We note the pixel Fréchet
# distance to new faces (chapter 07; of pictures shrunk to 8 × 8), and how far the pictures of the *same* $z$ **jump**
# in 20 steps, compared with how much pictures of different $z$ differ.


# %%
def shrunk(x, side=8):
    return functional.adaptive_avg_pool2d(x.float(), side)


adam = partial(training.adam, lr=1e-3)  # five times the paper's 2e-4: we have a minute, not a day
recipe = replace(methods.dcgan(small.shape, z=64, width=12), optimizer_d=adam, optimizer_g=adam)
G, D = recipe.generator, recipe.discriminator
variants = {
    "the recipe": recipe,
    "also on G's output": replace(recipe, generator=lambda: on_output(G())),
    "also on D's first layer": replace(recipe, discriminator=lambda: on_input(D())),
    "nowhere": replace(recipe, generator=lambda: without(G()), discriminator=lambda: without(D())),
}

# %%
SEEDS = range(3)
unseen = shrunk(datasets.faces(1_000, size=16, seed=1).x)
far, jumps, ablated = {}, {}, {}


def watch_small(run):
    if run.step % 40 == 0:
        far.setdefault((name, run.seed), []).append(metrics.frechet_distance(shrunk(run.samples(1_000)), unseen))
    if run.step > 100 and run.step % 20 == 0:
        jumps.setdefault((name, run.seed), []).append(run.images(z).float())


# %%
for name, gan in variants.items():
    ablated[name] = training.replicate(gan, small, steps=200, seeds=SEEDS, batch=16, watch=watch_small)
far = {name: np.array([far[name, seed] for seed in SEEDS]) for name in variants}  # (seeds, times)

# %%
fig = figures.training.spread(40 * np.arange(1, 6), far, "pixel Fréchet distance")
plt.show()


# %%
def jump(pictures):
    """Mean squared change of the pictures of the same z in 20 steps, over their variance."""
    x = torch.stack(pictures)
    return float((x[1:] - x[:-1]).square().mean() / x.var(1).mean())


jumping = {name: np.array([jump(jumps[name, seed]) for seed in SEEDS]) for name in variants}

# %%
others = [name for name in variants if name != "the recipe"]
ends = {name: far[name][:, -1] for name in variants}

# %% jupyter={"source_hidden": true}
claim(
    "09/recipe-wins",
    "After 200 steps each departure from the recipe is, on each seed, farther off than the recipe on any.",
    [ends[name].min() / ends["the recipe"].max() for name in others],
    above=1,
)
claim(
    "09/d-input-costs",
    "Batch normalisation on D's first layer makes the distance more than 1.7 times as large, mean of 3 seeds.",
    ends["also on D's first layer"].mean() / ends["the recipe"].mean(),
    above=1.7,
)
claim(
    "09/g-output-jumps",
    "Batch normalisation on G's output makes pictures of the same z jump more than 1.4 times as far, mean of 3 seeds.",
    jumping["also on G's output"].mean() / jumping["the recipe"].mean(),
    above=1.4,
)

# %% [markdown]
# **Did you notice?** The paper's "sample oscillation" is there, within 200 steps, and it belongs to one of the two
# exceptions: G's output. At the other place D stays blind to contrast, and the distance stays high. These are the first
# 200 steps of small networks; we have not measured what happens in a day.
#
# ## Half-way
#
# *39 minutes lie behind you, 51 ahead: a good place to stop.*
#
# **So far:** a transposed convolution adds up copies of its kernel, and with a kernel of 4 and stride 2 each pixel away
# from the edges is reached equally often; a kernel of 3 or 5 has a fine checkerboard built in. Batch normalisation keeps
# an untrained network's signal alive, with two exceptions, and without these exceptions the faces were worse. **To
# come:** faces, ways between them, and sums of them.
#
# ## A minute of training (9 min)
#
# The data are now 16,384 faces of 32 × 32 pixels. A program draws them from 19 independent *factors*: a smile, glasses,
# hair, skin, pose and so on. That is their advantage over photographs: for each picture the factors are known. The
# networks are the recipe's with fewer channels. D learns at half of G's rate: in a few trial runs that gave less grain.
# Samples are drawn from a moving average of G's weights over some two hundred steps.
#
# The numbers of this training are 32 bits long, or 16 inside the convolutions if your processor has units for that. So
# your faces are not the same as ours, pixel by pixel. The claims must hold for both.

# %%
data = datasets.faces(16_384, size=32)
half_rate = partial(training.adam, lr=5e-4)
gan = replace(methods.dcgan(data.shape, z=64, width=24), optimizer_d=half_rate, optimizer_g=adam, ema=0.995)
z_film = torch.randn(6, 64, generator=torch.Generator().manual_seed(7))
held_out = datasets.faces(1_000, size=32, seed=1).x
STEPS, MOMENTS = 1_300, (50, 200, 300, 500, 900, 1_300)
film, distances = {}, []


def watch(run):
    if run.step in MOMENTS:
        film[f"step {run.step:,}"] = run.images(z_film)
    if run.step % 100 == 0:
        distances.append(metrics.frechet_distance(shrunk(run.samples(500)), shrunk(held_out)))


run = training.fit(gan, data, steps=STEPS, seed=0, batch=32, watch=watch)

# %%
fig = figures.dcgan.rows(film)
plt.show()

# %% [markdown]
# Read this film from top to bottom: six $z$, the same in all rows. From plain grey, first head and shoulders appear,
# then the colours of hair and skin, at last eyes, mouth and glasses: from coarse to fine. Now the faces. In the next
# figure the real ones are on the left; on the right are the first of the generator, none picked.

# %%
faces = run.samples(1_000)
half = [torch.cat([data.x[5 * i : 5 * i + 5], faces[5 * i : 5 * i + 5]]) for i in range(3)]
fig = figures.dcgan.rows({" " * i: row for i, row in enumerate(half)}, gap=4)
plt.show()

# %% [markdown]
# Are these faces, with hair, eyes and a mouth? You can see it; can it be measured? A **judge**, a small network that
# comes with the course and was trained on other faces, reads the factors from a picture. The factors determine the
# picture, so we can draw what the judge has read. If the drawing agrees with the picture, the picture was a face.

# %%
judge = judges.faces()
accuracy = judge.score(datasets.faces(1_000, size=32, seed=2))
READ = ("smile", "glasses", "hair_length", "hair_colour", "shirt")

# %% jupyter={"source_hidden": true}
claim(
    "09/judge-reads",
    "On faces it has never seen the judge is right about these five factors in more than 97 of 100.",
    [accuracy[name] for name in READ],
    above=0.97,
)

# %%
redrawn = datasets.draw_faces(judge.decide(faces)).x
fig = figures.dcgan.rows({"the GAN's": faces[30:40], "as the judge\nhas read it": redrawn[30:40]})
plt.show()

# %%
mean_face = data.x.mean(0)
features = np.s_[..., 10:22, 9:23]  # where eyes, glasses and mouth are


def explained(x, window=np.s_[...]):
    """1 − Σ(x − redrawn)² / Σ(x − mean face)²: 1 if all of x is a face, 0 if a mean face does as well."""
    again = datasets.draw_faces(judge.decide(x)).x
    return float(1 - (x - again)[window].square().sum() / (x - mean_face)[window].square().sum())


# %%
noise = torch.randn(1_000, *data.shape, generator=rng)
untrained = training.start(gan, data, seed=0).samples(1_000)
controls = {"noise": noise.clamp(-1, 1), "untrained": untrained, "mean": (mean_face + 0.1 * noise).clamp(-1, 1)}
nothing = [explained(x) for x in controls.values()]

# %% jupyter={"source_hidden": true}
claim(
    "09/faces-explained",
    "More than 2/5 of what tells the GAN's pictures from the mean face is explained by a face.",
    explained(faces),
    above=0.4,
)
claim(
    "09/eyes-mouth",
    "Of the GAN's eyes, glasses and mouths more than an eighth is explained by a face.",
    explained(faces, features),
    above=1 / 8,
)
claim(
    "09/nothing-explained",
    "Of noise, of an untrained G's pictures and of a noisy mean face nothing is explained by a face.",
    nothing,
    below=0,
)

# %%
few = {"hair_length": 3, "hair_colour": 5, "smile": 2, "glasses": 2}
read = judge.decide(faces)
rarest = [np.bincount(read[name], minlength=n).min() / len(faces) * n for name, n in few.items()]

# %% jupyter={"source_hidden": true}
claim(
    "09/all-kinds",
    "All lengths and colours of hair, smiles and glasses are there: the rarest more than 1/3 as often as it should be.",
    rarest,
    above=1 / 3,
)

# %%
other = datasets.faces(4_096, size=32, seed=3)
to_data, to_other = (torch.cdist(faces.flatten(1), some.x.flatten(1)).min(1).values for some in (data[:4_096], other))

# %% jupyter={"source_hidden": true}
claim(
    "09/no-copies",
    "Of the GAN's faces 40 to 65 in 100 are nearer to a training face than to any of as many others: no copies.",
    (to_data < to_other).float().mean(),
    above=0.4,
    below=0.65,
)


# %%
def checkers(x):
    """Mean square of what a 2 × 2 checkerboard finds in x."""
    return float(
        functional.conv2d(x.reshape(-1, 1, 32, 32), torch.tensor([[[[1.0, -1.0], [-1.0, 1.0]]]]) / 2).square().mean()
    )


fine = checkers(untrained / untrained.std()) / checkers(held_out / held_out.std()), checkers(faces) / checkers(held_out)

# %% jupyter={"source_hidden": true}
claim(
    "09/checkers-untrained",
    "Untrained, G draws more than 5 times as much checkerboard as faces have, at equal contrast.",
    fine[0],
    above=5,
)
claim("09/checkers-left", "Trained, G draws less than 2 times as much checkerboard as faces have.", fine[1], below=2)

# %% [markdown]
# **What you saw.** In about a minute the generator has learned faces of all kinds, in every hair colour, and they are no copies. Around
# the eyes, where a face is made of a few pixels, it is weakest. With a GPU the same method goes on for longer, at
# 64 × 64, with wider networks:
#
# ```sh
# python -m gan_core train dcgan --data faces --scale full
# ```
#
# ## What the loss curves do not say (5 min, depth)
#
# "Looking at the losses of G and D alone one cannot tell at all whether training is converging", writes the author of the DCGAN
# article, and laughs. *Predict:* from step 300 on the distance falls to less than a third. What does the loss of G do?

# %%
loss_d, loss_g = (run.history[name].reshape(-1, 100).mean(1) for name in ("loss_d", "loss_g"))
steps, distance = 100 * np.arange(1, len(distances) + 1), np.array(distances)
fig = figures.training.losses(
    steps, loss_d[None], loss_g[None], distance[None], ("mean loss (nats)", "pixel Fréchet distance")
)
plt.show()

# %%
falls = distance[-3:].mean() / distance[2]  # the last 300 steps, and step 300
stays = loss_g[-3:].mean() / loss_g[3:6].mean()

# %% jupyter={"source_hidden": true}
claim(
    "09/distance-falls",
    "From step 300 on the faces' pixel Fréchet distance falls by more than 2/3.",
    falls,
    below=1 / 3,
)
claim("09/loss-g-stays", "From step 300 on L_G falls by less than 1/3, if at all.", stays, above=2 / 3)

# %% [markdown]
# G's loss says how well G fools *this* D, and D has learned, too. Can one compare two trainings by their losses? We
# have twelve, of four kinds, from the section on batch normalisation. In the figure, compare the recipe with the D that
# cannot see contrast: across for the losses, up for the distance.

# %%
ENDS = {
    loss: {name: np.array([each.history[loss][-40:].mean() for each in ablated[name]]) for name in variants}
    for loss in ("loss_d", "loss_g")
}
fig = figures.dcgan.against(
    {
        f"mean {label}, last 40 steps (nats)": {name: (ENDS[loss][name], ends[name]) for name in variants}
        for label, loss in (("L_D", "loss_d"), ("L_G", "loss_g"))
    },
    "pixel Fréchet distance",
)
plt.show()


# %%
def correlation(loss, resamplings=1_000):
    """Spearman's rank correlation of the final loss with the final distance over twelve runs: its 95 % interval."""
    x, y = (np.concatenate([each[name] for name in variants]) for each in (ENDS[loss], ends))
    rng = np.random.default_rng(0)
    again = [rng.integers(len(x), size=len(x)) for _ in range(resamplings)]
    return np.quantile([spearmanr(x[i], y[i]).statistic for i in again], [0.025, 0.975])


# %%
intervals = np.array([correlation(loss) for loss in ENDS])
same, blind = "the recipe", "also on D's first layer"
apart = [abs(ENDS[loss][same].mean() - ENDS[loss][blind].mean()) for loss in ENDS]

# %% jupyter={"source_hidden": true}
claim(
    "09/same-losses",
    "The recipe and the D blind to contrast differ by less than 0.35 nats in both losses, means of 3 seeds.",
    apart,
    below=0.35,
)
claim(
    "09/losses-do-not-rank",
    "Over the twelve runs neither loss ranks the distances well: both 95 % intervals end short of ±0.95.",
    intervals,
    above=-0.95,
    below=0.95,
)

# %% [markdown]
# **What you saw.** At about the same loss, one GAN is almost three times as far from the data as the other. In the
# first steps of *one* run the losses do tell something (chapter 07). Later, and to compare runs, look at pictures and
# at a distance. (A critic whose loss *is* a distance comes with the Wasserstein GANs, chapter 12.)

# %% [markdown]
# ## Walking between faces (6 min, depth)
#
# What lies between two faces? Take $z_0$ and $z_1$, and go from one to the other. The straight way is linear
# interpolation, $\mathrm{lerp}(t)=(1-t)z_0+t z_1$. *Predict* the length of $z$ halfway, if each of the 64 numbers is
# drawn from $N(0,1)$.
#
# The length of a $z\sim N(0,I)$ in $d$ dimensions is close to $\sqrt d$, here 8: all draws lie near the surface of one
# ball, the *shell*. Halfway, each number $\tfrac12 z_0+\tfrac12 z_1$ has the variance $\tfrac14+\tfrac14$, so the
# length is $\sqrt{1/2}\cdot 8=5.7$. There, inside the shell, the generator has seen hardly any $z$ in training. The
# great circle stays on the shell: **slerp**, with $\Omega$ the angle between the two,
#
# $$\mathrm{slerp}(t)=\frac{\sin((1-t)\Omega)}{\sin\Omega}z_0+\frac{\sin(t\,\Omega)}{\sin\Omega}z_1 .$$

# %%
z0, z1 = torch.randn(2, 300, 64, generator=torch.Generator().manual_seed(11))
ts = torch.linspace(0, 1, 9)
ways = {  # (9, 300, 64)
    "lerp": torch.stack([latent.lerp(a, b, ts) for a, b in zip(z0, z1, strict=True)], 1),
    "slerp": torch.stack([latent.slerp(a, b, ts) for a, b in zip(z0, z1, strict=True)], 1),
}
pictures = {name: run.images(z.flatten(0, 1)).unflatten(0, z.shape[:2]) for name, z in ways.items()}
start, end = pictures["lerp"][0], pictures["lerp"][-1]
pictures["pixels"] = (1 - ts).view(-1, 1, 1, 1, 1) * start + ts.view(-1, 1, 1, 1, 1) * end

titles = ["z₀", *[f"{i}/8" for i in range(1, 8)], "z₁"]
fig = figures.dcgan.rows({name: some[:, 0] for name, some in pictures.items()}, columns=titles)
plt.show()

# %%
lengths = {name: z.norm(dim=-1) for name, z in ways.items()}  # (9, 300)

# %% jupyter={"source_hidden": true}
claim(
    "09/lerp-short",
    "Halfway the straight way is √½ as long as its ends, mean of 300 pairs.",
    lengths["lerp"][4].mean() / lengths["lerp"][[0, -1]].mean(),
    equals=np.sqrt(0.5),
    within=0.02,
)
claim(
    "09/slerp-length",
    "The great circle keeps the length, mean of 300 pairs.",
    lengths["slerp"][4].mean() / lengths["slerp"][[0, -1]].mean(),
    equals=1,
    within=0.01,
)

# %%
as_face = {name: [explained(x) for x in some] for name, some in pictures.items()}
shell = np.quantile(torch.randn(10_000, 64, generator=rng).norm(dim=1), [0.01, 0.99])
fig = figures.dcgan.walk(
    ts, {name: length.mean(1) for name, length in lengths.items()}, shell, as_face, "explained by a face"
)
plt.show()

# %%
real = judge.features(held_out)
middle = {name: metrics.frechet_distance(judge.features(some[4]), real) for name, some in pictures.items()}
steps_along = (pictures["slerp"][1:] - pictures["slerp"][:-1]).flatten(2).norm(dim=2)  # (8, 300)

# %% jupyter={"source_hidden": true}
claim(
    "09/pixels-double",
    "Halfway between two pictures, less than half as much is explained by a face as halfway between two z.",
    as_face["pixels"][4] / as_face["slerp"][4],
    below=0.5,
)
claim(
    "09/no-jump",
    "Along slerp the largest of 8 steps is less than 3 times the mean step, mean of 300 pairs.",
    (steps_along.max(0).values / steps_along.mean(0)).mean(),
    below=3,
)

# %%
alike = [float(pictures[name][4].var(0).mean()) for name in ("lerp", "slerp")]

# %% jupyter={"source_hidden": true}
claim("09/lerp-alike", "Halfway, lerp's faces vary less than 9/10 as much as slerp's.", alike[0] / alike[1], below=0.9)
claim(
    "09/lerp-farther",
    "Halfway, lerp's faces are farther from real ones than slerp's: Fréchet distance of the judge's features.",
    middle["lerp"] / middle["slerp"],
    above=1,
)

# %% [markdown]
# Between two *pictures* one sees both at once. Between two $z$ there is one face all the way: it changes, and does not
# fade. If G had learned examples by heart, one for each region of $z$, the face would jump. And lerp or slerp? To the
# eye they are nearly the same; the measures see that lerp's middle faces are more alike, and farther from real ones.
#
# Now walk yourself: move $t$, and choose a pair and a way.

# %%
PAIRS = [f"pair {i}" for i in range(1, 9)]


def between(t, pair, way):
    i = PAIRS.index(pair)
    z = {"slerp": latent.slerp, "lerp": latent.lerp}[way](z0[i], z1[i], [t])
    x = run.images(torch.cat([z0[i : i + 1], z, z1[i : i + 1]]))
    return figures.dcgan.rows({" ": x}, zoom=4, columns=["z₀", f"t = {t:.2f}", "z₁"]), f"length of z: {z.norm():.1f}"


widgets.explore(between, t=(0.0, 1.0, 0.05, 0.5), pair=PAIRS, way=["slerp", "lerp"])

# %% [markdown]
# ## Computing with faces (9 min)
#
# The famous claim: *smiling woman − neutral woman + neutral man = smiling man*. If directions in $z$ mean something,
# such sums must be right. The paper shows a few. For each term it takes not one face but the **mean of three** $z$:
# "experiments working on only single samples per concept were unstable". It gives no number. We have a judge, so we can
# count.
#
# Words had shown the like. A network had learned a vector for each word, and of these vectors *king − man + woman* lies
# very close to *queen* (Mikolov et al. 2013).
#
# First the lengths. A draw of $d$ numbers from $N(0,1)$ has a length close to $\sqrt d$, and in training $G$ has seen
# hardly any other. If all three terms are single draws, $z_a-z_b+z_c$ has variance 3, so it is $\sqrt3$ times too long.
# If they are means of three, each has variance ⅓, and the sum is as long as a draw. With the paper's 100 numbers, and
# 10,000 draws:

# %%
draws = torch.randn(10_000, 3, 3, 100, generator=rng)  # 10,000 sums, three terms, three exemplars each
one, three = (latent.analogy(*draws[:, :, :k].unbind(1)).norm(dim=1).mean() for k in (1, 3))

# %% jupyter={"source_hidden": true}
claim(
    "09/sum-lengths",
    "Sums of single z have the length 17.3, of means of three 10.0, as a draw has; a mean of three alone 5.8.",
    np.array([one, three, draws[:, 0, 0].norm(dim=1).mean(), draws[:, 0].mean(1).norm(dim=1).mean()]),
    equals=[17.3, 10.0, 10.0, 5.8],
    within=0.1,
)

# %% [markdown]
# Now the experiment. From 3,000 samples the judge picks the examples for each term, the *exemplars*. There are two
# sums:
#
# - **smile:** smiling − neutral (both without glasses) + neutral with glasses. *Right* if the judge sees a smile **and** glasses.
# - **glasses:** with − without (both with short hair) + long hair without glasses. *Right* if it sees glasses **and** long hair.
#
# Each is made 1,000 times with newly drawn exemplars: single ones, means of three, means of ten; in $z$ and, for
# comparison, with the pictures themselves. There are two controls: singles cut to the length $\sqrt d=8$ of a draw, and
# means of ten, which are too short, stretched to it.

# %%
pool = torch.randn(3_000, 64, generator=torch.Generator().manual_seed(5))
drawn = run.images(pool)
seen = judge.decide(drawn)


def who(**wanted):
    """The samples in which the judge sees all that is wanted."""
    return torch.stack([seen[name] == value for name, value in wanted.items()]).all(0).nonzero()[:, 0]


SUMS = {  # the three terms, and what the sum should show
    "smile": (who(smile=1, glasses=0), who(smile=0, glasses=0), who(smile=0, glasses=1), {"smile": 1, "glasses": 1}),
    "glasses": (who(glasses=1, hair_length=0), who(glasses=0, hair_length=0), who(glasses=0, hair_length=2),
                {"glasses": 1, "hair_length": 2}),
}  # fmt: skip


# %%
def pick(terms, k, n=1_000):
    """n times k exemplars for each of the three terms: their z, and their pictures."""
    rows = [some[torch.randint(len(some), (n, k), generator=rng)] for some in terms]
    return [pool[i] for i in rows], [drawn[i] for i in rows]


def at_length(z):
    return z * np.sqrt(z.shape[1]) / z.norm(dim=1, keepdim=True)


# %%
def sums(terms):
    """The pictures of the sums, by each of the ways."""
    one, three, ten = (pick(terms, k) for k in (1, 3, 10))
    z = {"z, single": latent.analogy(*one[0]), "z, single, cut to 8": at_length(latent.analogy(*one[0])),
         "z, means of 3": latent.analogy(*three[0]), "z, means of 10": latent.analogy(*ten[0]),
         "z, means of 10, stretched": at_length(latent.analogy(*ten[0]))}  # fmt: skip
    pixels = {"pixels, single": one[1], "pixels, means of 3": three[1]}
    of_pixels = {name: (a.mean(1) - b.mean(1) + c.mean(1)).clamp(-1, 1) for name, (a, b, c) in pixels.items()}
    return {name: run.images(some) for name, some in z.items()} | of_pixels


# %%
made = {name: sums(terms) for name, (*terms, _) in SUMS.items()}


def right(x, wanted):
    """For each picture, whether the judge sees all that is wanted."""
    found = judge.decide(x)
    return torch.stack([found[name] == value for name, value in wanted.items()]).all(0).double().numpy()


def with_interval(hits):
    """Mean and 95 % interval."""
    half = 1.96 * hits.std() / np.sqrt(len(hits))
    return hits.mean(), hits.mean() - half, hits.mean() + half


hits = {name: {way: right(x, SUMS[name][3]) for way, x in some.items()} for name, some in made.items()}
by_chance = {name: right(drawn, SUMS[name][3]).mean() for name in SUMS}
table = {name: {way: with_interval(hit) for way, hit in some.items()} for name, some in hits.items()}
fig = figures.dcgan.shares(table, "share of right sums", ("share among all samples", by_chance))
plt.show()

# %%
faces_left = {way: np.mean([explained(made[name][way]) for name in SUMS]) for way in made["smile"]}


def ahead(way, other):
    """By how much the share right is larger, mean of the two sums, and its 95 % interval."""
    difference = [with_interval(hits[name][way]) + with_interval(hits[name][other]) for name in SUMS]
    gain = np.mean([a - b for a, _, _, b, _, _ in difference])
    half = np.sqrt(sum((a - low) ** 2 + (b - other_low) ** 2 for a, low, _, b, other_low, _ in difference)) / len(SUMS)
    return np.array([gain - half, gain, gain + half])


# %% jupyter={"source_hidden": true}
claim(
    "09/sums-work",
    "Sums of means of three are right more often than samples are by chance: both 95 % intervals lie above.",
    [table[name]["z, means of 3"][1] - by_chance[name] for name in SUMS],
    above=0,
)
claim(
    "09/three-beat-one",
    "At the length of a draw, means of three beat singles: over both sums the gain's 95 % interval lies above 0.",
    ahead("z, means of 3", "z, single, cut to 8")[0],
    above=0,
)
claim(
    "09/long-shows-more",
    "Cut to the length of a draw, sums of singles are right less often than as they come, too long.",
    ahead("z, single, cut to 8", "z, single")[1],
    below=0,
)

# %% [markdown]
# So does the paper's advice hold? It depends on what one compares. At *equal length* means of three are clearly better:
# two single faces differ in smile *and* in everything else, and in a mean of three the rest begins to average out. But
# sums of singles are $\sqrt3$ times too long, and a longer sum shows more of what it is made of. Compared with those,
# the gain is not sure at all (see the first and the third row; in eight trial trainings it was between −10 and +11 in
# 100). And three is not a special number: means of ten, stretched to the length of a draw, were better than three on
# one machine and not on another. One training cannot decide that.
#
# And the pixels? Of the same exemplars, the judge finds the sums of pictures right even more often. *Look before you conclude.*

# %%
picked, _ = pick(SUMS["smile"][:3], 3, n=6)
terms = [run.images(at_length(z.mean(1))) for z in picked]
names = "smiling", "− neutral", "+ neutral, glasses"
fig = figures.dcgan.rows(
    dict(zip(names, terms, strict=True))
    | {
        "= in z": run.images(latent.analogy(*picked)),
        "= in pixels": sum(
            sign * run.images(z.flatten(0, 1)).unflatten(0, z.shape[:2]).mean(1)
            for sign, z in zip((1, -1, 1), picked, strict=True)
        ),
    }
)
plt.show()

# %% jupyter={"source_hidden": true}
claim(
    "09/pixels-score",
    "The judge finds the sums of pictures right more often than the sums of z, singles and means of three.",
    [ahead(f"pixels, {k}", f"z, {k}")[1] for k in ("single", "means of 3")],
    above=0,
)
claim(
    "09/pixels-ghosts",
    "Of sums of pictures, means of three, less than 4/5 as much is explained by a face as of sums of z.",
    faces_left["pixels, means of 3"] / faces_left["z, means of 3"],
    below=0.8,
)

# %% [markdown]
# **Did you notice?** In all pictures the mouth is at about the same place. So a sum of pictures puts a smile there; the
# judge sees the smile, and you see three faces at once. The score alone would have misled you. So look at the pictures
# as well, and at a second measure.
#
# All of this is *one* generator, trained for a minute; the intervals are over exemplars, not over trainings. With other
# seeds the shares move by some ten in 100; what is claimed above stayed true.
#
# ## What the sources get wrong
#
# - **The DCGAN article:** 「strideが2でpaddingが0」 ("stride 2 and padding 0"), of the layers that double the sides. With
#   padding 0 they do not double:

# %%
made_of_four = [
    functional.conv_transpose1d(torch.ones(1, 1, 4), torch.ones(1, 1, k), stride=2).shape[-1] for k in (4, 5)
]

# %% jupyter={"source_hidden": true}
claim(
    "09/padding-0",
    "With stride 2 and padding 0, 4 places become 10 (kernel 4) or 11 (kernel 5), not 8.",
    made_of_four == [10, 11],
)

# %% [markdown]
# - **The same:** 「それぞれの転置畳み込み層の後に…Batch Normalizationと活性化関数が入ります」 ("after each transposed convolution come batch
#   normalisation and an activation"). But not after the last. And in D neither after the first nor after the last,
#   which makes the logit:


# %%
def normalised(network):
    """For each convolution, whether batch normalisation comes next."""
    layers = list(network)
    convolutions = [i for i, layer in enumerate(layers) if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]
    return [isinstance(layers[i + 1], nn.BatchNorm2d) for i in convolutions]


places = [
    normalised(network)
    for network in (networks.dcgan_generator(100, (3, 64, 64)), networks.dcgan_discriminator((3, 64, 64)))
]

# %% jupyter={"source_hidden": true}
claim(
    "09/two-exceptions",
    "At 64 × 64: after four of G's five convolutions, not the last; after D's second to fourth of five.",
    places == [[True, True, True, True, False], [False, True, True, True, False]],
)

# %% [markdown]
# - **The same:** 「全結合層やpooling層は使用しない」 ("no fully connected layers and no pooling are used"). The first layer is fully
#   connected, under another name: `09/first-is-matmul`. The paper says so itself. There are no fully connected *hidden*
#   layers.
# - **The same:** 「stride 2の畳み込み処理を行うことで細かな特徴の欠落を防いでいる」 ("convolutions with stride 2 keep fine features from getting
#   lost"). It is the channels that keep them, as far as they are kept: `09/rank`, `09/d-halves`.
# - **The same:** 「学習中に勾配が0になってしまうのを防ぐ」 (the leaky rectifier "keeps the gradient from becoming 0"). This is true of a
#   unit's gradient, `09/relu-silent`; the picture's was not in danger, `09/gradient-arrives`.
# - **The same:** 「笑った女性 – 無表情の女性 + 無表情の男性 = 笑った男性」 ("smiling woman − neutral woman + neutral man = smiling man"), with
#   one face for each. The paper has means of three, because singles were unstable: `09/three-beat-one`, and for the
#   lengths `09/sum-lengths`.
# - **The same:** 「Lossの変化だけを見ると学習が収束へ向かっているのかさっぱりわからない」. Right: `09/loss-g-stays`, `09/same-losses`.
# - **The same:** 「DCGANの目的関数や学習ステップはオリジナルのGANと同様」 ("objective and steps are those of the original GAN"). The game is
#   the same; but the recipe has Adam at $2\cdot10^{-4}$ with $\beta_1=0.5$ for momentum, and weights from
#   $N(0,0.02^2)$, on which `09/bn-signal` depends. And convolutions are not the difference between the two: the paper
#   of 2014 has a convolutional GAN in its Figure 2. DCGAN is the recipe that made them train.
#
# ## Exercises (22 min)
#
# **Exercise 09.1** · ★☆☆ · 3 minutes. How long is the output of an *ordinary* convolution? `H` numbers, kernel `k`, stride `s`, padding
# `p` zeros at each side. For 64, 4, 2, 1 it must be 32.


# %%
def length(H, k, s, p): ...  # your line


check("09.1", length)

# %% [markdown]
# <details><summary>Solution 09.1</summary>
#
# ```python
# def length(H, k, s, p):
#     return (H + 2 * p - k) // s + 1
#
#
# check("09.1", length)
# ```
#
# The kernel starts at place 0 and may move on as long as it fits. Because of the rounding, several lengths lead to the
# same one; so a transposed convolution needs the output padding.
#
# </details>

# %% [markdown]
# **Exercise 09.2** · ★★☆ · 5 minutes, depth. A transposed convolution on the line, kernel `k`, stride `s`, nothing cut off. Away from the edges,
# how many numbers of the input reach the output places $s\,i + r$, for $r = 0 \dots s-1$? Return the `s` counts as a list. For
# `k = 3, s = 2` it is `[2, 1]`.


# %%
def counts_reached(k, s): ...  # your lines


check("09.2", counts_reached)

# %% [markdown]
# <details><summary>Solution 09.2</summary>
#
# ```python
# def counts_reached(k, s):
#     return [len(range(r, k, s)) for r in range(s)]
#
#
# check("09.2", counts_reached)
# ```
#
# Place $si+r$ is reached by the places $r, r+s, \dots$ of the kernel, those below $k$. All counts are equal exactly when $s$
# divides $k$. In the plane they multiply: 1, 2, 4 for a kernel of 3.
#
# </details>

# %% [markdown]
# **Exercise 09.3** · ★☆☆ · 3 minutes, depth. How many batch normalisations have G *and* D of DCGAN together, for 32 × 32 pixels?

# %%
normalisations = None  # your number


check("09.3", normalisations)

# %% [markdown]
# <details><summary>Solution 09.3</summary>
#
# ```python
# check("09.3", 3 + 2)
# ```
#
# G: 1 → 4 → 8 → 16 → 32 takes four convolutions, the last one without. D: 32 → 16 → 8 → 4 → 1, the first and the last
# without.
#
# </details>

# %% [markdown]
# **Exercise 09.4** · ★★☆ · 6 minutes, depth. Write `slerp` for two tensors `z0`, `z1` (d,), of any length, and a number `t`.


# %%
def slerp(z0, z1, t): ...  # your lines


check("09.4", slerp)

# %% [markdown]
# <details><summary>Solution 09.4</summary>
#
# ```python
# def slerp(z0, z1, t):
#     angle = torch.acos(z0 @ z1 / (z0.norm() * z1.norm()))
#     return (torch.sin((1 - t) * angle) * z0 + torch.sin(t * angle) * z1) / torch.sin(angle)
#
#
# check("09.4", slerp)
# ```
#
# `latent.slerp` does this, and takes care of two $z$ that are parallel or opposite.
#
# </details>

# %% [markdown]
# **Exercise 09.5** · ★★☆ · 5 minutes, depth. Write the best of the ways above: $\bar a-\bar b+\bar c$ of exemplars `a`,
# `b`, `c` (k, d), each with a `k` of its own, scaled to the length $\sqrt d$.


# %%
def best_sum(a, b, c): ...  # your lines


check("09.5", best_sum)

# %% [markdown]
# <details><summary>Solution 09.5</summary>
#
# ```python
# def best_sum(a, b, c):
#     z = a.mean(0) - b.mean(0) + c.mean(0)
#     return z * len(z) ** 0.5 / z.norm()
#
#
# check("09.5", best_sum)
# ```
#
# Many exemplars for the direction, and a length that the generator has seen.
#
# </details>

# %% [markdown]
# ## What we checked

# %%
checked()

# %% [markdown]
# ## Further reading
#
# - A. Radford, L. Metz & S. Chintala, *Unsupervised representation learning with deep convolutional generative
#   adversarial networks*, ICLR 2016: the recipe, the walks, the sums.
# - V. Dumoulin & F. Visin, *A guide to convolution arithmetic for deep learning*, arXiv:1603.07285, 2016: all the
#   sizes, with pictures.
# - A. Odena, V. Dumoulin & C. Olah, *Deconvolution and checkerboard artifacts*, Distill, 2016.
# - S. Ioffe & C. Szegedy, *Batch normalization: accelerating deep network training by reducing internal covariate
#   shift*, ICML 2015.
# - T. Mikolov, W. Yih & G. Zweig, *Linguistic regularities in continuous space word representations*, NAACL-HLT 2013:
#   sums of words.
# - T. White, *Sampling generative networks*, arXiv:1609.04468, 2016: slerp, and attribute vectors of many exemplars.
#
# Next: chapter 10, which loss? The same networks, four pairs of losses, and two strengths of $D$.

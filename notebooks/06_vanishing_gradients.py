# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 06 · Vanishing gradients
#
# **The question.** The generator wants $D$ to be wrong about its fakes. It can minimise $\log(1-D)$ or maximise $\log
# D$. Why does the first loss stop teaching exactly when the generator has most to learn, and what exactly vanishes?
#
# *50 minutes.*
#
# **You will be able to**
#
# - write both losses of the generator on logits, and name their gradient for any $D$ from memory;
# - see from a line of code with labels which of the two losses it is;
# - name what makes a gradient vanish: the loss, the way it is computed, or the slope of $D$;
# - say when a perfect discriminator leaves a gradient, and when it does not.
#
# **Predict before you run.** A generator does not learn. The discriminator takes 1,000 steps and is then sure that
# every fake is a fake. Now each loss sends a gradient back to the pixels of the fakes. By which factor do the two
# gradients differ: 10, 100, or 10,000? And is one of them bigger than at the start?

# %%
import copy
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from gan_core import datasets, divergences, figures, methods, objectives, training, widgets
from gan_core.course import check, checked, claim

figures.use_style()
torch.set_default_dtype(torch.float64)  # 64-bit numbers: the same digits on every machine
torch.set_num_threads(1)  # such a small network gains little from a second thread, and loses much on a busy machine

# %% [markdown]
# ## Two losses for one wish (6 min)
#
# The discriminator's last output is a *logit* $a(x)$, any real number, and $D(x) = \sigma(a(x)) = 1/(1+e^{-a(x)})$ is
# how sure it is that $x$ is real. A fake is $x = G_\theta(z)$; $p$ is the distribution of the data and $q$ that of
# the fakes. The generator wants $D$ to be high on fakes. There are two ways to write this as a loss $L_G$ to minimise
# (Goodfellow et al. 2014, section 3):
#
# | name | $L_G$ | in words |
# |---|---|---|
# | saturating | $\mathbb{E}_q[\log(1-D)]$ | make $D$ less sure of the truth |
# | non-saturating | $\mathbb{E}_q[-\log D]$ | make $D$ more sure of the error |
#
# The generator learns only from the gradient. For one fake, by the chain rule, it is a product of three factors
# ($\theta$ are the generator's weights):
#
# $$\frac{\partial L_G}{\partial\theta} \;=\; \underbrace{\frac{\partial L_G}{\partial a}}_{\text{the loss}} \cdot
# \underbrace{\frac{\partial a}{\partial x}}_{\text{the slope of } D} \cdot
# \underbrace{\frac{\partial x}{\partial\theta}}_{\text{the generator}}$$
#
# One factor near zero is enough to stop all learning. We begin with the first.

# %%
saturating, non_saturating = objectives.saturating.generator, objectives.non_saturating.generator
BOTH = "saturating", "non_saturating"


def logit_gradient(loss, a):
    """∂L/∂a for each fake. A loss is a mean over n fakes; times n, its gradient is that of one fake's own loss."""
    a = a.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(a.numel() * loss(a), a)
    return gradient


D = torch.tensor([0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999])
a = torch.logit(D)
print("    D    logit a   saturating   non-saturating")
for row in zip(D, a, logit_gradient(saturating, a), logit_gradient(non_saturating, a), strict=True):
    print("{:5.3f} {:10.2f} {:12.3f} {:16.3f}".format(*row))

# %% [markdown]
# Compare the last two columns with the first: $-D$ and $-(1-D)$. The same for a thousand logits, as a picture:

# %%
a = torch.linspace(-8, 8, 1001)
losses = {"saturating": torch.vmap(saturating)(a), "non_saturating": torch.vmap(non_saturating)(a)}
gradients = {"saturating": logit_gradient(saturating, a), "non_saturating": logit_gradient(non_saturating, a)}
figures.gradients.two_losses(a, losses, gradients)
plt.show()

# %%
D = 1 / (1 + torch.exp(-a))

# %% jupyter={"source_hidden": true}
claim(
    "06/saturating-logit-gradient",
    "The gradient of log(1 − D) in the logit is −D.",
    gradients["saturating"] + D,
    equals=0,
    within=1e-12,
)
claim(
    "06/non-saturating-logit-gradient",
    "The gradient of −log D in the logit is −(1 − D).",
    gradients["non_saturating"] + 1 - D,
    equals=0,
    within=1e-12,
)

# %%
sure_fake, sure_real = torch.tensor([-7.0]), torch.tensor([7.0])

# %% jupyter={"source_hidden": true}
claim(
    "06/saturates-at-fake",
    "The loss log(1 − D) has lost 99.9 % of its gradient where D calls the fake a fake (a = −7).",
    -logit_gradient(saturating, sure_fake),
    below=1e-3,
)
claim(
    "06/full-at-real",
    "The loss log(1 − D) has 99.9 % of its gradient where the fake is taken for real (a = 7).",
    -logit_gradient(saturating, sure_real),
    above=0.999,
)

# %% [markdown]
# **What you saw.** Both losses push every logit up, but not with the same force. The saturating loss pushes hardest
# where $D$ already takes the fake for real, the non-saturating one where $D$ sees that it is a fake. At the start of
# training there are only fakes of the second kind: at $D = 0.001$ the generator gets 999 times as much from $-\log
# D$.
#
# ## Which label is which? (4 min)
#
# Many people write these losses with a ready-made cross-entropy (bce) and *labels* $y$:
#
# $$\texttt{bce}(D, y) = -\,\mathbb{E}\,[\,y\log D + (1-y)\log(1-D)\,].$$
#
# An article by こしあん (2019) compares the two losses on images. Below are its two lines with its own comments and
# names. **Predict:** which line is which loss?

# %%
batch_size = 256
logits = 3 * torch.randn(batch_size, 1, generator=torch.Generator().manual_seed(0))
fake_d_output_prob = torch.sigmoid(logits)

bce_loss = nn.BCELoss()
# the article: min(log(1-D))で最適化する場合 (to optimise min log(1 − D))
loss_ones = bce_loss(fake_d_output_prob, torch.ones(batch_size, 1))
# the article: max(log D)で最適化する場合 (to optimise max log D)
loss_zeros = -bce_loss(fake_d_output_prob, torch.zeros(batch_size, 1))

# %% jupyter={"source_hidden": true}
claim(
    "06/ones-are-non-saturating",
    "The line bce(D, ones) is −E[log D], the non-saturating loss.",
    loss_ones,
    equals=-torch.log(fake_d_output_prob).mean(),
    within=1e-12,
)
claim(
    "06/zeros-are-saturating",
    "The line −bce(D, zeros) is E[log(1 − D)], the saturating loss.",
    loss_zeros,
    equals=torch.log(1 - fake_d_output_prob).mean(),
    within=1e-12,
)

# %% [markdown]
# Both comments are wrong; each would be right on the other line. The gradient shows the same:

# %%
found_out = torch.logit(torch.tensor([0.001]))
called_min = logit_gradient(lambda a: bce_loss(torch.sigmoid(a), torch.ones_like(a)), found_out)
called_max = logit_gradient(lambda a: -bce_loss(torch.sigmoid(a), torch.zeros_like(a)), found_out)

# %% jupyter={"source_hidden": true}
claim(
    "06/labels-swapped",
    "Where D = 0.001, the line called min log(1 − D) has gradient −0.999, the line called max log D has −0.001.",
    torch.cat([called_min, called_max]),
    equals=[-0.999, -0.001],
    within=1e-9,
)

# %% [markdown]
# A rule to remember: **flip the labels for the generator** (Chintala et al., *How to train a GAN*, tip 2). Its fakes get
# the label of the real, 1, and that is the non-saturating loss.
#
# ## Probabilities lose it again (4 min, depth)
#
# So $-\log D$ has the gradient $-(1-D)$, close to $-1$ where $D$ sees that a fake is a fake. That is the mathematics;
# a computer may give another number. **Predict:** the network ends in a sigmoid, the loss is `nn.BCELoss` on
# probabilities, the numbers are float32, and the logit is $-50$. What gradient arrives? And would float64 help?


# %%
def by_probability(a):
    return nn.BCELoss()(torch.sigmoid(a), torch.ones_like(a))


def by_logarithm(a):
    return -torch.log(torch.sigmoid(a)).mean()


a32 = torch.tensor([-1, -10, -30, -50, -120], dtype=torch.float32)  # float32 on purpose: most networks compute with it
on_logits, on_probabilities, naive = (logit_gradient(f, a32) for f in (non_saturating, by_probability, by_logarithm))
print("logit a    on logits    BCELoss of a sigmoid    log of a sigmoid")
for row in zip(a32, on_logits, on_probabilities, naive, strict=True):
    print("{:7.0f} {:12.2f} {:23.1e} {:19.2f}".format(*(value + 0.0 for value in row)))  # + 0.0 turns −0 into 0

# %% jupyter={"source_hidden": true}
claim(
    "06/bce-eats-gradient",
    "At logit −50 BCELoss of a sigmoid leaves 2·10⁻¹⁰ of a gradient that should be 1.",
    -on_probabilities[3],
    equals=1.93e-10,
    within=2e-12,
)
claim(
    "06/bce-stuck",
    "At logit −120 BCELoss of a sigmoid has a gradient of exactly 0 and stands at 100 instead of 120.",
    (on_probabilities[4] == 0) & (by_probability(a32[4:]) == 100),
)

# %%
a64 = a32[2:4].double()

# %% jupyter={"source_hidden": true}
claim(
    "06/float64-no-cure",
    "In float64 nothing changes: at −30 and −50 the gradient is the same −σ(a)/10⁻¹², to 0.1 %.",
    logit_gradient(by_probability, a64) / (-torch.sigmoid(a64) / 1e-12),
    equals=1,
    within=1e-3,
)
claim(
    "06/logits-keep-gradient",
    "On logits the gradient is −1 to six digits from −30 down to −10,000, in float32.",
    logit_gradient(non_saturating, torch.tensor([-30.0, -50, -120, -1e4], dtype=torch.float32)),
    equals=-1,
    within=1e-6,
)

# %% [markdown]
# **Did you notice?** The precision is not the reason. The gradient of `BCELoss` with respect to $D$ is
# $-(1-D)/\max(D(1-D),\,10^{-12})$: torch never divides by less than $10^{-12}$. The sigmoid then multiplies by
# $D(1-D)$. As long as $D(1-D)$ is the maximum, the two cancel. Below $a\approx-27.6$ it is smaller than $10^{-12}$,
# and $-D/10^{-12}$ remains. So here the non-saturating loss saturates, too. The plain logarithm is no better: it
# gives `nan` (not a number). So this course has no sigmoid at the end of any $D$: losses take logits, and $-\log D =
# \mathrm{softplus}(-a)$.
#
# ## When the discriminator wins (4 min, depth)
#
# The discriminator minimises $L_D = \mathbb{E}_p[-\log D] + \mathbb{E}_q[-\log(1-D)]$. The article says 「勾配消失が
# 起こっているときは、Dの損失が0に限りなく近くなります(逆は必ずしも成立しないそうです)」: when gradients vanish, $L_D$ comes as close to 0 as you like; the
# converse need not hold. **Predict:** is that right, or is it the other way round?
#
# For every $D$ in $[0,1)$, $\;D \le -\log(1-D)$. Take the mean over the fakes, then add the part of the real examples
# in $L_D$, which is never negative:
#
# $$\mathbb{E}_q\left|\frac{\partial \log(1-D)}{\partial a}\right| = \mathbb{E}_q[D] \;\le\; \mathbb{E}_q[-\log(1-D)]
# \;\le\; L_D .$$
#
# We try three thousand random discriminators, and two that we choose:

# %%
rng = torch.Generator().manual_seed(1)
centre = 8 * torch.randn(3000, 2, 1, generator=rng)  # where the logits of real and of fake examples lie
real, fake = (centre + 2 * torch.randn(3000, 2, 32, generator=rng)).unbind(1)
loss_d = torch.vmap(objectives.cross_entropy)(real, fake)
gradient = -logit_gradient(saturating, fake).mean(1)

cannot_tell = torch.zeros(32)  # D = ½ for every example
all_fake = torch.full((32,), -10.0)  # "fake!", to real examples too
cases = {"cannot tell: D = ½": cannot_tell, "cries “fake” at everything": all_fake}
named = [(what, objectives.cross_entropy(a, a), -logit_gradient(saturating, a).mean()) for what, a in cases.items()]
figures.gradients.bound(loss_d, gradient, named)
plt.show()

# %% jupyter={"source_hidden": true}
claim(
    "06/loss-d-bounds-gradient",
    "The mean saturating gradient is at most L_D, for 3,000 random discriminators.",
    gradient / loss_d,
    below=1,
)
claim(
    "06/vanishing-without-winning",
    "A D that cries “fake” at everything leaves a gradient below 10⁻⁴, and its loss is 10.",
    [abs(named[1][1] - 10) < 1e-3, named[1][2] < 1e-4],
)

# %% [markdown]
# So if $L_D\to0$, the saturating gradient *must* vanish; but a vanished gradient says nothing about $L_D$. The
# article has it the wrong way round. The second factor, the slope of $D$, can vanish, too, and then neither loss
# helps. Take a $D$ with no slope at all:

# %%
data = datasets.digits()  # 1,797 real handwritten digits, 8×8, in [−1, 1]
gan = methods.gan(data.shape, width=64)


def gradient_at_x(D, loss, x):
    """‖∂L/∂x‖ for each fake x: what arrives at the pixels, the first two factors together."""
    x = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(len(x) * loss(D(x)), x)
    return gradient.flatten(1).norm(dim=1)


run = training.start(gan, data)
blind = copy.deepcopy(run.discriminator)
with torch.no_grad():
    [layer for layer in blind if isinstance(layer, nn.Linear)][-1].weight.zero_()  # the last layer ignores its input
fake = run.samples(256)

# %% jupyter={"source_hidden": true}
claim(
    "06/blind-discriminator",
    "A D without slope sends exactly nothing to the pixels, by either loss, while its logit gradient is about ½.",
    [
        (gradient_at_x(blind, saturating, fake) == 0).all(),
        (gradient_at_x(blind, non_saturating, fake) == 0).all(),
        abs(logit_gradient(non_saturating, blind(fake).detach()).mean() + 0.5) < 0.1,
    ],
)

# %% [markdown]
# ## A generator that stands still (7 min)
#
# Now the experiment of Arjovsky & Bottou (2017, figures 2 and 3), on digits and for both losses. The generator is
# random and never changes. Only the discriminator trains. At some of its steps we look at the gradient that each loss
# would send to the pixels. We use five seeds, because one could be an exception. **Compare** with your prediction
# from the top.

# %%
STEPS = [0, 3, 10, 30, 100, 300, 1000]


def against_a_frozen_generator(gan, seed):
    """The run after 1,000 steps of D and none of G, and the mean ‖∂L/∂x‖ at STEPS: (times, 2), a column per loss."""
    run = training.start(gan, data, seed=seed)
    fake, history = run.samples(256), []
    for step in range(STEPS[-1] + 1):
        if step in STEPS:
            D = run.discriminator.eval()
            history.append([gradient_at_x(D, loss, fake).mean() for loss in (saturating, non_saturating)])
            run.discriminator.train()
        training.discriminator_step(run)
    return run, np.array(history)


runs, histories = zip(*(against_a_frozen_generator(gan, seed) for seed in range(5)), strict=True)
plain = {"saturating": np.array(histories)[..., 0], "non_saturating": np.array(histories)[..., 1]}  # (seeds, times)
figures.gradients.against_a_frozen_generator(STEPS, {"a plain discriminator": plain})
plt.show()

# %%
decades = np.log10(plain["non_saturating"][:, -1] / plain["saturating"][:, -1])
half = 2.776 * decades.std(ddof=1) / np.sqrt(5)  # Student's t, four degrees of freedom: a 95 % interval for the mean
print(f"the two gradients are {decades.mean():.1f} ± {half:.1f} decades apart")

# %% jupyter={"source_hidden": true}
claim(
    "06/frozen-saturating",
    "After 1,000 steps of D the saturating loss sends less than 0.002 to the pixels, on each of five seeds.",
    plain["saturating"][:, -1],
    below=2e-3,
)
claim(
    "06/frozen-four-decades",
    "After 1,000 steps of D the two losses are more than four decades apart, on each of five seeds.",
    decades,
    above=4,
    below=5.5,
)
claim(
    "06/frozen-explodes",
    "The non-saturating gradient has grown: more than 100 times what it was at the start, on each of five seeds.",
    plain["non_saturating"][:, -1] / plain["non_saturating"][:, 0],
    above=100,
)

# %% [markdown]
# **What you saw.** One gradient vanishes. The other *explodes*, slowly: its first factor is $1-D\approx1$, and the
# second, the slope of $D$, grows as long as $D$ trains. Both gradients contain this second factor. So for a single
# fake they differ exactly by the factor $(1-D)/D = e^{-a}$, for every network:


# %%
def gradients_apart(run, fake):
    """For each fake: the ratio of the two gradients, divided by e^{−a}."""
    D = run.discriminator
    ratio = gradient_at_x(D, non_saturating, fake) / gradient_at_x(D, saturating, fake)
    return ratio * torch.exp(D(fake).detach().flatten())


# %% jupyter={"source_hidden": true}
claim(
    "06/ratio-is-exp-minus-logit",
    "At each fake the two gradients differ by the factor exp(−a) and by nothing else, for all five discriminators.",
    torch.cat([gradients_apart(run, run.samples(256)) for run in runs]),
    equals=1,
    within=1e-9,
)

# %% [markdown]
# How much does that hurt the generator? It depends on the optimizer. Gradient descent takes a step in proportion to
# the gradient. Adam first divides the gradient by its own size. Each takes one step from the same generator, against
# the same $D$:


# %%
def first_step(run, loss, optimizer):
    """How far one step moves the fakes: the root mean square over pixels."""
    G, z = copy.deepcopy(run.generator), torch.randn(256, 16, generator=torch.Generator().manual_seed(0))
    before, step = G(z).detach(), optimizer(G.parameters())
    loss(run.discriminator(G(z))).backward()
    step.step()
    return (G(z).detach() - before).square().mean().sqrt()


def compared(optimizer):
    return [first_step(run, non_saturating, optimizer) / first_step(run, saturating, optimizer) for run in runs]


# %% jupyter={"source_hidden": true}
claim(
    "06/descent-stands-still",
    "A step of gradient descent moves the fakes more than 1,000 times less with the saturating loss, on five seeds.",
    compared(lambda parameters: torch.optim.SGD(parameters, lr=0.01)),
    above=1e3,
)
claim(
    "06/adam-first-step",
    "The first step of Adam moves the fakes as far with either loss, within 10 %, on five seeds.",
    compared(training.adam),
    equals=1,
    within=0.1,
)

# %% [markdown]
# So a vanished gradient is a matter of scale, and the first step of Adam does not depend on the scale of a whole
# batch. It still depends on which fakes in the batch count most: each is weighted by $D$ or by $1-D$. What Adam does
# when the scale shrinks *during* training is checked in chapter 10.
#
# ## A discriminator that cannot be steep (4 min, depth)
#
# What if $D$ cannot grow steep? *Spectral normalisation* (Miyato et al. 2018) divides each weight matrix by its
# largest singular value. Then no linear layer makes a distance larger. The leaky ReLU between them does not, either.
# So the logit is a 1-Lipschitz function of the image: $|a(x)-a(y)| \le \|x-y\|$. **Predict** what that does to the
# two curves.


# %%
def normalised_discriminator():
    D = gan.discriminator()
    for layer in D:
        if isinstance(layer, nn.Linear):
            spectral_norm(layer)
    return D


gan_sn = replace(gan, discriminator=normalised_discriminator)
runs_sn, histories = zip(*(against_a_frozen_generator(gan_sn, seed) for seed in range(5)), strict=True)
bounded = {"saturating": np.array(histories)[..., 0], "non_saturating": np.array(histories)[..., 1]}
panels = {"a plain discriminator": plain, "the same, spectrally normalised": bounded}
figures.gradients.against_a_frozen_generator(STEPS, panels)
plt.show()

# %% jupyter={"source_hidden": true}
claim(
    "06/bounded-below-one",
    "Spectrally normalised, D never sends more than 1 to the pixels of any fake, on five seeds.",
    [gradient_at_x(run.discriminator.eval(), non_saturating, run.samples(256)).max() for run in runs_sn],
    below=1,
)
claim(
    "06/bounded-keeps-saturating",
    "Under spectral normalisation the saturating loss keeps a gradient above 0.03 after 1,000 steps, on five seeds.",
    bounded["saturating"][:, -1],
    above=0.03,
)
claim(
    "06/bounded-two-decades",
    "Under spectral normalisation the two losses are less than a factor of 30 apart, on five seeds.",
    bounded["non_saturating"][:, -1] / bounded["saturating"][:, -1],
    below=30,
)

# %% [markdown]
# Both problems are gone. The slope cannot explode. And the logits of real and fake images cannot be further apart
# than the images are, so $D$ cannot become so sure that the gradient of $\log(1-D)$ vanishes. This is why the choice
# of the loss matters less when the slope of $D$ is bounded.
#
# One thing to watch. The largest singular value is estimated with a stored vector $u$, and every forward pass *in
# training mode* changes $u$, even under `no_grad`. That is why we measured in `eval()` mode above:

# %%
D = copy.deepcopy(runs_sn[0].discriminator)
normalisation = next(layer for layer in D if isinstance(layer, nn.Linear)).parametrizations.weight[0]


def u_moves(D, x):
    before = normalisation._u.clone()
    with torch.no_grad():
        D(x)
    return not torch.equal(before, normalisation._u)


# %% jupyter={"source_hidden": true}
claim(
    "06/looking-changes-u",
    "A forward pass in training mode moves u even under no_grad; in eval mode it does not.",
    [u_moves(D.train(), fake), not u_moves(D.eval(), fake)],
)

# %% [markdown]
# ## Is a perfect discriminator to blame? (6 min)
#
# The slides we follow (sakai, 「GAN とは」, 2018) say: 「Dを完全に最適化してしまうと…1…0の定数を出力する…勾配が消失する」, a fully optimised $D$
# outputs the constants 1 on the data and 0 on the fakes, and the gradient vanishes. **Predict:** data
# $p=\mathcal{N}(0,1)$, model $q=\mathcal{N}(\theta,1)$ with $\theta = 1$, and $D^* = p/(p+q)$, the best $D$ there is.
# How large is the saturating gradient?
#
# The generator is $G_\theta(z) = z+\theta$, so the third factor is 1. The logit of $D^*$ is $\log(p/q) = \theta^2/2 -
# \theta x$, so the second is $-\theta$. We multiply the three factors and compare with the slope of the divergence
# that each loss minimises at $D^*$ (chapter 02).

# %%
x = np.linspace(-12, 20, 6401)
dx = x[1] - x[0]


def normal(mean):
    return np.exp(-((x - mean) ** 2) / 2) / np.sqrt(2 * np.pi)


def gradients_at_optimum(theta):
    """∂L_G/∂θ of both losses with D held at D*: the mean over the fakes of (the loss) · (the slope of D) · 1."""
    p, q = normal(0), normal(theta)
    D, slope = divergences.optimal_discriminator(p, q), -theta
    return (q * -D * slope).sum() * dx, (q * -(1 - D) * slope).sum() * dx


def slope_of(objective, theta, h=1e-4):
    """The derivative in θ of what `objective` minimises at D*, by a central difference."""
    p, q = normal(0), np.stack([normal(theta + h), normal(theta - h)])
    up, down = divergences.minimised_by(objective, p, q, dx)
    return (up - down) / (2 * h)


shift = np.arange(0.5, 8.01, 0.5)
at_optimum = dict(zip(BOTH, np.array([gradients_at_optimum(theta) for theta in shift]).T, strict=True))
slopes = {name: np.array([slope_of(name, theta) for theta in shift]) for name in BOTH}
figures.gradients.at_the_optimum(shift, at_optimum, slopes)
plt.show()

# %% jupyter={"source_hidden": true}
claim(
    "06/optimal-saturating-is-2jsd",
    "At D* the saturating gradient is the slope of 2·JSD, at shifts 0.5 to 8.",
    at_optimum["saturating"],
    equals=slopes["saturating"],
    within=1e-7,
)
claim(
    "06/optimal-non-saturating-is-kl-2jsd",
    "At D* the non-saturating gradient is the slope of KL(q‖p) − 2·JSD, at shifts 0.5 to 8.",
    at_optimum["non_saturating"],
    equals=slopes["non_saturating"],
    within=1e-7,
)
claim(
    "06/optimal-does-not-vanish",
    "At D* the saturating gradient is above 0.2 for every shift from 0.5 to 3: a perfect D, and no vanishing.",
    at_optimum["saturating"][shift <= 3],
    above=0.2,
)
claim(
    "06/distance-makes-it-vanish",
    "At shift 8 the saturating gradient is below 0.001 and the non-saturating one is 8, to 0.001.",
    [at_optimum["saturating"][-1] < 1e-3, abs(at_optimum["non_saturating"][-1] - 8) < 1e-3],
)

# %% [markdown]
# So the gradient does not vanish because $D$ is perfect, but because of *distance*: the densities hardly overlap.
# Move them apart and see which factor becomes small. The second slider multiplies the logit of $D^*$, $a =
# \text{sureness} \cdot a^*$: 1 is the perfect discriminator, above 1 it is surer than it should be.


# %%
def draw(separation, sureness):
    p, q = normal(0), normal(separation)
    a, slope = sureness * (separation**2 / 2 - separation * x), sureness * separation
    D = 1 / (1 + np.exp(-a))
    at_x = {"saturating": D * slope, "non_saturating": (1 - D) * slope}
    shown = (x > -4) & (x < 12)
    figure = figures.gradients.two_normals(
        x[shown], p[shown], q[shown], D[shown], {name: at_x[name][shown] for name in BOTH}
    )
    loss = {"saturating": (q * -np.logaddexp(0, a)).sum() * dx, "non_saturating": (q * np.logaddexp(0, -a)).sum() * dx}
    said = [f"{name}: loss {loss[name]:.3f}, gradient {(q * at_x[name]).sum() * dx:.4f}" for name in BOTH]
    return figure, "; ".join(said).replace("non_saturating", "non-saturating")


widgets.explore(draw, separation=(0.5, 8.0, 0.5, 3.0), sureness=(0.5, 4.0, 0.5, 1.0))

# %% [markdown]
# When does a trained $D$ answer 1 and 0 although the densities overlap? When it knows its examples by heart: it has
# memorised them. A *sample* is a finite set of points, and two samples almost never share a point. Take 24 real and
# 24 fake points from **the same** normal distribution in 64 dimensions. For the distributions the best $D$ is ½
# everywhere. What is the best $D$ for the samples?


# %%
def by_heart(seed, n=24, d=64):
    """A linear D that knows n real and n fake points by heart: L_D, the two gradients at x, its accuracy on new points."""
    rng = torch.Generator().manual_seed(seed)
    real, fake = torch.randn(2, n, d, generator=rng)
    labels = torch.cat([torch.ones(n), -torch.ones(n)])
    w = (
        20 * torch.linalg.pinv(torch.cat([real, fake])) @ labels
    )  # a(x) = w·x is 20 at each real point, −20 at each fake
    loss_d = objectives.cross_entropy(real @ w, fake @ w)
    sent = [gradient_at_x(lambda x: x @ w, loss, fake).mean() for loss in (saturating, non_saturating)]
    new_real, new_fake = torch.randn(2, 20_000, d, generator=rng)
    return [loss_d, *sent, ((new_real @ w > 0).double().mean() + (new_fake @ w < 0).double().mean()) / 2]


loss_d, vanished, huge, accuracy = np.array([by_heart(seed) for seed in range(5)]).T

# %% jupyter={"source_hidden": true}
claim(
    "06/by-heart",
    "Though p = q, a linear D has a loss below 10⁻⁸ on its 24 + 24 points in 64 dimensions, on five seeds.",
    loss_d,
    below=1e-8,
)
claim(
    "06/by-heart-gradient",
    "A D that knows its 48 points by heart leaves a saturating gradient below 10⁻⁶.",
    vanished,
    below=1e-6,
)
claim(
    "06/by-heart-chance",
    "On new points a D that knows its 48 by heart is right in 50 % of the cases, to 2 %.",
    accuracy,
    equals=0.5,
    within=0.02,
)
claim(
    "06/by-heart-misleads",
    "A D that knows its points by heart has a non-saturating gradient above 20, for a generator that is already perfect.",
    huge,
    above=20,
)

# %% [markdown]
# **Did you notice** the last claim? A large gradient need not be a useful one. This $D$ has learned the sample and
# nothing about the distribution; the non-saturating loss passes this error on to the generator in full.
#
# ## What the sources get wrong
#
# - **The loss article (こしあん 2019), code:** `bce_loss(fake_d_output_prob, torch.ones(batch_size, 1))` under the
#   comment 「min(log(1-D))で最適化する場合」 and `-bce_loss(…, torch.zeros(…))` under 「max(log D)で最適化する場合」. The
#   comments are swapped: `06/ones-are-non-saturating`, `06/zeros-are-saturating`, `06/labels-swapped`. If its runs used
#   these lines as printed, then each figure stands under the name of the other loss.
# - **The same, in words:** 「min(log(1-D))の場合はDのones, zerosが逆転しますが、maxlogDの場合は同じになるはずです」 ("with min log(1 − D) the
#   ones and zeros of D are reversed, with max log D they should be the same"). It is the other way round: max log D
#   gives the fakes the label of the real examples.
# - **The same:** 「勾配消失が起こっているときは、Dの損失が0に限りなく近くなります」 ("when gradients vanish, the loss of D comes as close to 0 as you
#   like"). Only the converse is true: `06/loss-d-bounds-gradient`, `06/vanishing-without-winning`,
#   `06/blind-discriminator`.
# - **The same** computes on probabilities with `nn.BCELoss`, which brings the vanishing back: `06/bce-eats-gradient`,
#   `06/bce-stuck`, `06/float64-no-cure`.
# - **The same** concludes 「Inception Scoreを見るとminとmaxにはほとんど差がない」 ("in the Inception Score there is hardly any
#   difference between min and max"): one run for each setting, no interval, and the labels swapped. This chapter
#   looks at the gradients that a generator gets, not at the images that it learns to make. Chapter 10 asks, with
#   seeds and intervals, which loss trains the better generator, and for which balance of $G$ and $D$.
# - **The slides, lines 275–279 and 289–291:** 「Dを完全に最適化してしまうと $p_{data}(x)$ について 1, $p_g(x)$ について 0 の定数を出力する」 ("once
#   $D$ is fully optimised it outputs the constants 1 on $p_{data}$ and 0 on $p_g$"). This is so only if the two do
#   not overlap, or if $D$ knows a sample by heart: `06/optimal-does-not-vanish`, `06/optimal-saturating-is-2jsd`,
#   `06/by-heart`.
# - **The slides, line 287:** 「もはやJSDとは関係がない」 (the non-saturating loss "has nothing to do with JSD any more"). At
#   $D^*$ its gradient is that of $\mathrm{KL}(q\,\|\,p) - 2\,\mathrm{JSD}$ (Arjovsky & Bottou 2017, theorem 2.5), JSD
#   with the wrong sign: `06/optimal-non-saturating-is-kl-2jsd`.
# - **The slides, line 286:** 「Dがほぼ0を出力しても勾配ができる」 ("there is a gradient even where $D$ outputs almost 0"). This is
#   true at the logit. At $x$ the gradient is $(1-D)\cdot\partial a/\partial x$ (up to its sign): nothing
#   (`06/blind-discriminator`), or far too much (`06/frozen-explodes`).
# - **A popular textbook, in an edition that many copied** (*Dive into Deep Learning*, section on GANs): "If the generator
#   does a perfect job, then $D(x')\approx 1$ so the above loss near 0". The loss is $\log(1-D)$ up to its sign. It
#   vanishes, with its gradient, where $D\approx 0$, when the *discriminator* does a perfect job:
#   `06/saturates-at-fake`, `06/full-at-real`.
#
# ## Exercises (15 min)
#
# **Exercise 06.1** · ★☆☆ · 4 minutes. Mend the article's code. Write `generator_losses(logits)`, which returns the pair
# (saturating loss, non-saturating loss), with `torch.nn.functional.binary_cross_entropy_with_logits` and labels of your
# choice.


# %%
def generator_losses(logits): ...  # return saturating, non_saturating


check("06.1", generator_losses)

# %% [markdown]
# <details><summary>Solution 06.1</summary>
#
# ```python
# def generator_losses(logits):
#     bce = torch.nn.functional.binary_cross_entropy_with_logits
#     return -bce(logits, torch.zeros_like(logits)), bce(logits, torch.ones_like(logits))
#
#
# check("06.1", generator_losses)
# ```
#
# Label 0 with a minus in front is $\log(1-D)$; label 1 is $-\log D$. And on logits the gradient does not vanish.
#
# </details>

# %% [markdown]
# **Exercise 06.2** · ★☆☆ · 3 minutes, depth. Without autograd: write `logit_gradients(a)` for a NumPy array of $n$ logits. It
# returns the pair of arrays $\partial L_G/\partial a_i$ of both losses, saturating first. Remember that a loss is a mean.


# %%
def logit_gradients(a): ...  # return of_saturating, of_non_saturating


check("06.2", logit_gradients)

# %% [markdown]
# <details><summary>Solution 06.2</summary>
#
# ```python
# def logit_gradients(a):
#     D = 1 / (1 + np.exp(-a))
#     return -D / len(a), -(1 - D) / len(a)
#
#
# check("06.2", logit_gradients)
# ```
#
# $\partial D/\partial a = D(1-D)$, so $\partial\log(1-D)/\partial a = -D(1-D)/(1-D) = -D$, and
# $\partial(-\log D)/\partial a = -D(1-D)/D = -(1-D)$.
#
# </details>

# %% [markdown]
# **Exercise 06.3** · ★★☆ · 3 minutes, depth. One loss is strong where the other is weak. **Predict** their sum, then write
# it, `sum_of_losses(logits)`, in one line without `log` or `exp`.


# %%
def sum_of_losses(logits): ...


check("06.3", sum_of_losses)

# %% [markdown]
# <details><summary>Solution 06.3</summary>
#
# ```python
# def sum_of_losses(logits):
#     return -logits.mean()
#
#
# check("06.3", sum_of_losses)
# ```
#
# $\log(1-D) - \log D = -\log\frac{D}{1-D} = -a$. Its gradient is $-1$ at every logit and never vanishes. This is the
# generator's loss in hinge GANs and in Wasserstein GANs. At $D^*$ the JSD cancels, too: only $\mathrm{KL}(q\,\|\,p)$
# remains.
#
# </details>

# %% [markdown]
# **Exercise 06.4** · ★★★ · 5 minutes, depth. The slides say that the saturating gradient at $D^*$ is 0. Compute it for
# $p=\mathcal{N}(0,1)$ and $q=\mathcal{N}(\theta,1)$: write `gradient_at_optimum(theta, x)`, a number, as a sum over the even
# grid `x`.


# %%
def gradient_at_optimum(theta, x): ...


check("06.4", gradient_at_optimum)

# %% [markdown]
# <details><summary>Solution 06.4</summary>
#
# ```python
# def gradient_at_optimum(theta, x):
#     q = np.exp(-((x - theta) ** 2) / 2) / np.sqrt(2 * np.pi)
#     D = 1 / (1 + np.exp(theta * x - theta**2 / 2))  # σ(log p − log q)
#     return (q * -D * -theta).sum() * (x[1] - x[0])
#
#
# check("06.4", gradient_at_optimum)
# ```
#
# Factor by factor: the loss gives $-D^*$, the slope of $D^*$ is $-\theta$, the generator gives 1, and the mean is over the
# fakes. So the gradient is $\theta\,\mathbb{E}_q[D^*]$, which is never 0 for $\theta\ne0$.
#
# </details>

# %% [markdown]
# ## What we checked

# %%
checked()

# %% [markdown]
# ## Further reading
#
# - I. Goodfellow et al., *Generative adversarial nets*, NeurIPS 2014: section 3 names the problem and the other loss.
# - M. Arjovsky & L. Bottou, *Towards principled methods for training generative adversarial networks*, ICLR 2017: the
#   frozen generator, and what the non-saturating loss minimises.
# - W. Fedus et al., *Many paths to equilibrium: GANs do not need to decrease a divergence at every step*, ICLR 2018: why
#   one should not take $D^*$ too literally.
# - T. Miyato, T. Kataoka, M. Koyama & Y. Yoshida, *Spectral normalization for generative adversarial networks*, ICLR 2018.
#
# Next: chapter 07, the first GAN. Now both networks learn.

# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 00 · Welcome
#
# **The question.** How do you learn something from a subject in which every second sentence begins with "in practice"?
#
# Our answer: by checking. In this course each sentence that can be checked is checked, by a cell beside it, on your machine,
# in front of you.
#
# *25 minutes.*
#
# **You will be able to**
#
# - tell whether your machine computes the numbers that are written in this page;
# - read a *claim*, answer an *exercise*, move a *slider*;
# - say what a GAN is made of, and find the chapter for each part.
#
# **Predict before you run.** A generator and a discriminator are about to play 200 rounds against each other on your machine.
# It starts from random numbers. Will the 200th loss on your machine agree with the one that is written in this page to
# two digits, to six, or not at all?

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch

from gan_core import datasets, divergences, figures, methods, training, widgets
from gan_core.course import check, checked, claim

figures.use_style()
torch.set_default_dtype(torch.float64)  # 64-bit numbers: the same digits on every machine

# %% [markdown]
# ## See one learn (5 min)
#
# A *generative adversarial network* is a game of two players. The *generator* $G$ turns noise $z$ into an example, a *fake*.
# The *discriminator* $D$ looks at an example and says how sure it is that the example is *real*, that is, from the data.
# $D$ learns to tell real from fake. $G$ learns to be taken for real; all that it ever knows about the data is the gradient that
# comes to it through $D$.
#
# In JupyterLab, wake this page first: choose *Run → Run All Cells* in the menu, and wait some ten seconds.
#
# Here is one, before its first step. The blue discs are real points, in eight clusters. The orange triangles are $G$'s fakes. The
# greener the ground, the surer $D$ is that a point there is real. Press **play**.

# %%
widgets.play()

# %% [markdown]
# A *rate* says how far a player moves in one step, and $k$ how many steps $D$ makes for one of $G$. You can move every
# slider while the GAN plays. Three things to try, each after *start again*:
#
# 1. Leave all as it is. How many of the eight clusters do the fakes reach, and after how many steps?
# 2. Set $D$'s rate to 0, so that it never learns. Where do the fakes go? Then give $D$ its rate back.
# 3. Set $G$'s rate ten times as high as $D$'s, to 0.01. What do the fakes do now, all together? (Chapter 08 asks why.)
#
# Then choose *handwritten digits* as the data. It is the same game, and a longer one.
#
# ## A first exercise (2 min)
#
# An exercise waits for you and never stops the notebook. Its check accepts every right answer, and knows the mistakes that people
# make. The solution is folded away below it, unless your teacher keeps it.
#
# Does your class gather its answers? Then say a name in each notebook, `from gan_core.course import me` and `me("student 01")`. From
# then on its checks are noted in a file beside the notebook, `answers/student 01.jsonl`, and nowhere else.
#
# **Exercise 00.1** · ★☆☆ · 2 minutes. Write `square`, which returns $x^2$. Try a wrong one first, `2 * x`, and read what
# the check says.


# %%
def square(x): ...  # your line


check("00.1", square)

# %% [markdown]
# <details><summary>Solution 00.1</summary>
#
# ```python
# def square(x):
#     return x**2
#
#
# check("00.1", square)
# ```
#
# `x * x` is just as right: the check compares what the function gives, not how it is written.
#
# </details>

# %% [markdown]
# ## What a GAN is made of (4 min)
#
# Here is the game as a picture: who is told what, and which way the gradients go.

# %%
figures.zoo.parts_of_a_gan()
plt.show()

# %% [markdown]
# In code a GAN is a *value*: its parts stand side by side, each can be seen and replaced.

# %%
data = datasets.ring(modes=8, radius=2.0, std=0.02)  # eight small Gaussians on a circle
gan = methods.gan(data.shape, z=16, width=64)
print("data: points of shape", data.shape)
print("objective:", gan.objective.name)
print("steps of D for one step of G:", gan.n_dis)

# %% [markdown]
# ## Does your machine agree? (3 min)
#
# Now the game itself, 200 rounds of it. Random numbers come from a *seed*, so they are the same for everybody. What is left is
# rounding: processors add numbers in different orders. In 32-bit arithmetic a GAN's rounding errors grow until two machines
# show different numbers. In 64-bit arithmetic they begin a billion times smaller, and after 200 rounds they are still invisible.
# That is why the small networks of this course train in 64 bits. (After thousands of rounds even these errors can grow up;
# chapter 07 says where.)

# %%
run = training.fit(gan, data, steps=200, seed=0)
loss = run.history["loss_d"][-1]
print(f"the 200th loss of D: {loss:.6f}")

# %% [markdown]
# A **claim** is a sentence with a measurement behind it. When the measurement agrees, it prints one line. When it does not, it
# stops the notebook and shows the numbers. The code of a claim is folded away: click on the three dots above the line to see
# it (in the book, on *how it is checked* below the line). The next claim compares your machine with a number that was
# recorded on another.

# %%
RECORDED = 1.069308923704  # computed once on one x86-64 core with torch 2.13.0

# %% jupyter={"source_hidden": true}
claim(
    "00/same-digits", "Your machine trains the same GAN as ours, to eight digits.", loss, equals=RECORDED, within=1e-8
)

# %%
again = training.fit(gan, data, steps=200, seed=0).history["loss_d"][-1]
other = training.fit(gan, data, steps=200, seed=1).history["loss_d"][-1]

# %% jupyter={"source_hidden": true}
claim("00/seed-repeats", "The same seed gives the same run, to the last bit.", again == loss)
claim("00/seed-matters", "Another seed gives another run.", abs(other - loss), above=1e-3)

# %% [markdown]
# **Did you notice?** Two runs that differ only in the seed end with different losses. One run is an anecdote. So whenever a
# chapter says something about training, it says it over several seeds.
#
# ## How a chapter works (4 min)
#
# Each chapter asks one question and asks you to predict before you run. That is not decoration: a wrong prediction is
# where the learning is. Then come small cells, claims beside them, and figures you can move.
#
# A heading tells its minutes. Where it also says *depth*, the section may be left out at a first reading: run its cells, and
# read on. What is left is the *core*, ten hours at most for the whole course; exercises are marked in the same way. A chapter of
# more than 75 minutes has a stop half-way, with a summary. To go on another day, click on the first cell after the stop and
# choose *Run → Run All Above Selected Cell*.
#
# Here is a slider. Blue is the density $p$ of the data, orange the density $q$ of a model. The green curve is the best possible
# answer to "how likely is it that a point at $x$ is real?". Chapter 02 derives it. Move the model and look at the green curve where
# only one of the two has mass.


# %%
def two_bells(shift):
    x = np.linspace(-6, 6, 601)
    p, q = np.exp(-(x**2) / 2), np.exp(-((x - shift) ** 2) / 2)
    fig, ax = plt.subplots()
    ax.plot(x, p / p.max(), color=figures.BLUE, label="data $p$")
    ax.plot(x, q / q.max(), color=figures.ORANGE, ls="--", label="model $q$")
    ax.plot(x, divergences.optimal_discriminator(p, q), color=figures.GREEN, ls="-.", label="best $D(x)$")
    ax.set(xlabel="$x$", ylabel="density (peak = 1), probability", ylim=(-0.03, 1.1))
    ax.legend(loc="center left")
    return fig, f"model at {shift:+.1f}: halfway between the two, the best D says 0.50"


widgets.explore(two_bells, shift=(-4.0, 4.0, 0.5, 2.0))

# %% [markdown]
# The book has no kernel. Its figures move, too, from one to the next of the pictures that were drawn for it beforehand.
#
# ## The map (4 min)
#
# These chapters are here:
#
# | | chapter | its question | minutes |
# |---|---|---|---|
# | 01 | Generative models | What can one ask of a model that makes pictures, and how can it learn if it cannot say how likely one is? | 75 |
# | 02 | The optimal discriminator | What is the best answer $D$ can give, and what does it measure? | 85 |
# | 03 | Divergences | How far apart are two distributions, and who notices? | 60 |
# | 04 | The earth mover | What does it cost to turn one pile of earth into another? | 60 |
# | 05 | The saddle | Why do two players that both do the right thing run in circles? | 80 |
# | 06 | Vanishing gradients | When does the generator stop hearing the discriminator? | 50 |
# | 07 | The first GAN | Does Algorithm 1 draw digits? | 95 |
# | 08 | Mode collapse | Why does a generator draw one thing only, and does it help to think ahead? | 90 |
# | 09 | DCGAN | How do random numbers become a face, and can one compute with them? | 90 |
# | 10 | Which loss? | Does it matter which loss the two players have, and when? | 75 |
# | 11 | Conditional GANs | How does one tell a generator what to draw, and how does one see that it listens? | 80 |
# | 12 | WGAN | What does a generator learn from a critic, whose numbers are no probabilities? | 90 |
# | 13 | Spectral normalisation | Can one hold every layer to a stretch of one, at almost no cost? | 80 |
# | 13b | Many classes, few images | What keeps a class from becoming one image: the normalisation, or how it is told? | 70 |
# | 14 | Progressive growing | Does it pay to learn small pictures before large ones? | 85 |
# | 15 | Judging samples | How good is a generator, and who says so? | 110 |
# | 16 | After SNGAN | What came after, how much of it holds when it is checked, and when does one take a GAN at all? | 85 |
# | 17 | Bugs in the wild | A GAN runs, its losses are finite: which line is wrong, if one is, and how would anybody know? | 85 |
# | 18 | Errata | How much of what the sources say holds when it is checked, and what kind of sentence does not? | 45 |
#
# Read 01, 02 and 03 in that order. 04, 05 and 06 can be taken in any order; 07 uses them all, and 08 and 09 go on
# from 07. 10 needs 06 and 07; 11 needs 02, 07 and 08; 12 needs 04 and 07; 13 goes on from 12, 13b from 11 and 13.
# 14 needs 09 and 12; 15 needs 07, and a little of 03 and 04; 16 needs 05, 08 and 09. 17 needs 06, 07
# and 12, and shows what it has learned from all the others. 18 looks back, and can be opened at any time.
#
# The *zoo* of GANs looks larger than it is. Almost every method changes one or two of five parts: the generator, the discriminator,
# the objective (the pair of losses), the constraint that keeps the discriminator in bounds, and the schedule (who moves when).
# Lists of GANs name hundreds of methods, and some abbreviations stand for two of them: LSGAN is the least-squares GAN (Mao et al.
# 2017), and also the loss-sensitive GAN (Qi 2017). So this course writes names out.

# %%
zoo = {
    "GAN (2014)": {"generator", "discriminator", "objective"},
    "conditional GAN (2014)": {"generator", "discriminator"},
    "DCGAN (2015)": {"generator", "discriminator"},
    "Unrolled GAN (2016)": {"schedule"},
    "least-squares GAN (2016)": {"objective"},
    "AC-GAN (2016)": {"discriminator", "objective"},
    "WGAN (2017)": {"objective", "constraint", "schedule"},
    "WGAN-GP (2017)": {"objective", "constraint"},
    "Progressive GAN (2017)": {"generator", "discriminator", "schedule"},
    "spectral normalisation (2018)": {"constraint"},
    "projection discriminator (2018)": {"discriminator"},
}
figures.zoo.which_part_changes(zoo)
plt.show()

# %% [markdown]
# ## Exercises (3 min)
#
# **Exercise 00.2** · ★☆☆ · 2 minutes, depth. At some $x$ the blue curve is three times as high as the orange one. Real and fake points
# are equally many. How likely is it that a point at $x$ is real? Write a number.

# %%
how_likely = None  # your number


check("00.2", how_likely)

# %% [markdown]
# <details><summary>Solution 00.2</summary>
#
# ```python
# check("00.2", 3 / (3 + 1))
# ```
#
# Of four points that fall there, three are real: $p/(p+q)$. Chapter 02 derives it.
#
# </details>

# %% [markdown]
# **Exercise 00.3** · ★☆☆ · 1 minute, depth. Which one part does spectral normalisation change? Read it off the map and write its name.

# %%
part = None  # for example "generator"


check("00.3", part)

# %% [markdown]
# <details><summary>Solution 00.3</summary>
#
# ```python
# check("00.3", "constraint")
# ```
#
# It divides each layer's weights by their largest singular value, so that $D$ cannot become arbitrarily steep.
#
# </details>

# %% [markdown]
# ## What we checked
#
# Each chapter ends with the table of its claims. `notebooks/claims.toml` lists the claims of all chapters with their sources, and a test
# holds that each of them runs in exactly one place.

# %%
checked()

# %% [markdown]
# ## Further reading
#
# - I. Goodfellow et al., *Generative Adversarial Nets*, NeurIPS 2014: eight pages, and most of this course is already in them.
# - I. Goodfellow, *NIPS 2016 Tutorial: Generative Adversarial Networks*, 2016.
#
# Next: chapter 01, what a model of pictures is good for, and how one can learn.

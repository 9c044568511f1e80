# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 18 · Errata
#
# **The question.** This course follows four articles and a set of slides, written in Japanese around 2018. They taught
# GANs to many people. How much of what they say holds when it is checked, and what kind of sentence does not?
#
# *45 minutes.*
#
# **You will be able to**
#
# - turn a sentence into a measurement that could refute it, and say what “half right” takes;
# - separate what somebody *saw* from *why* they think it is so, and check each by itself;
# - look up any statement of the five sources, with the cell that decides it;
# - read a table of errors critically, this one too: who chose its rows, and who counted?
#
# **Predict before you run.** 106 of their sentences, formulas and pieces of code have been checked. How many hold as they
# stand: 20, 50, or 80? And of these six kinds, which holds most often, and which least?
#
# | kind | what it is | for example |
# |---|---|---|
# | observation | what somebody saw, counted or measured | “AC-GAN puts out one image for each class” |
# | method | how a thing is built, or what it does | “after each layer comes batch normalisation” |
# | formula | a formula, or a step to the next | $V(D^*)=2\,\mathrm{JSD}-\log4$ |
# | rule | whenever this, then that | “when the distributions do not meet, JSD is constant” |
# | code | lines of a program | `-bce_loss(p, zeros)` |
# | reason | why it is so | “since spectral normalisation slows $D$ down” |

# %%
from collections import Counter

import matplotlib.pyplot as plt
import numpy as np

from gan_core import divergences, figures
from gan_core.course import check, checked, claim
from gan_core.course.lessons import errata

figures.use_style()

# %% [markdown]
# ## From a sentence to a verdict (7 min)
#
# The slides say, of two distributions that are moved apart (line 390):
#
# > JSDでは広い範囲で定数, しかも不連続だが EMDは勾配が得られている
# >
# > JSD is constant over a wide range, and discontinuous at that, but EMD gives a gradient
#
# Is it so? It does not say *which* distributions. So we look for a case in which it is true, and for one in which it is
# not. Here are three shapes, each with a copy of itself that is shifted by $\theta$. Where is each curve constant, and
# where does it jump?

# %%
h = 0.05  # the width of a bin
x, theta = h * np.arange(-120, 261), h * np.arange(0, 121)
FAMILIES = {
    "parallel lines": lambda shift: 1.0 * (np.abs(x - shift) < h / 2),
    "uniform, one wide": lambda shift: h * ((x > shift - h / 2) & (x < shift + 1 - h / 2)),
    "Gaussian, σ = 1": lambda shift: h * np.exp(-((x - shift) ** 2) / 2) / np.sqrt(2 * np.pi),
}
curves = {
    name: np.array([divergences.js(shape(0), shape(shift)) for shift in theta]) for name, shape in FAMILIES.items()
}
figures.errata.in_families(theta, curves, "JSD (nats)")
plt.show()

# %% [markdown]
# For lines JSD is constant, with a jump at 0: the sentence is true of them. For uniform densities it is constant from 1
# on, without a jump. For Gaussians it is neither constant nor discontinuous. So the sentence is **half right**: there
# is a case for it and a case against it. It does not say *which* distributions it means. Chapter 03 has made claims of
# all this, and the *ledger*, `notebooks/claims.toml`, says of each claim where it comes from and whom it corrects:

# %%
ledger, places = errata.ledger(), errata.places()
for id in ("03/lines", "03/uniform", "03/gaussian-js-rises"):
    print(id, ledger[id])

# %% [markdown]
# From here on nobody has to judge. A claim *bears* a sentence *out* (it supports it), or it *corrects* it. We write
# down which, and the verdict follows:


# %%
def verdict(bears_out, corrects):
    if bears_out and corrects:
        return "half right"
    if bears_out or corrects:
        return "holds" if bears_out else "does not hold"
    return "not checked here"


book = errata.read()  # gan_core/course/lessons/errata.toml: all the rows that follow
(row,) = (finding for finding in book.findings if finding.place == "line 390")
print("bears it out:", *row.bears_out)
print("corrects it: ", *row.corrects)
print("so the sentence", verdict(row.bears_out, row.corrects))

# %% jupyter={"source_hidden": true}
claim(
    "18/settled",
    "Each verdict is what these claims make it, each claim is made in a chapter, and each correction has its row.",
    [
        *(verdict(row.bears_out, row.corrects) == row.verdict for row in book.findings),
        list(errata.faults(book, ledger, places)) == [],
    ],
)

# %% [markdown]
# Some judgement is left: which sentences to take, and whether a claim is about what the sentence is about. You can see
# both in each row, and you may disagree.
#
# ## Two that no chapter had checked (2 min, depth)
#
# No chapter had checked these two sentences, but a few lines of code can. The slides, line 151: JSD is symmetric,
# unlike KL. And the article on spectral normalisation: its 1,100 epochs of 14,490 faces, or 1,900 of 8,189 flowers, are
# about 50,000 steps of $G$, with minibatches of 64 and one step of $G$ for five of $D$.

# %%
p, q = np.random.default_rng(0).dirichlet(np.ones(6), size=(2, 500))

# %% jupyter={"source_hidden": true}
claim(
    "18/symmetric",
    "On 500 random pairs JSD(p, q) is JSD(q, p) to the last digits, and KL(p‖q) never is KL(q‖p).",
    [
        *(np.abs(divergences.js(p, q) - divergences.js(q, p)) < 1e-12),
        *(np.abs(divergences.kl(p, q) - divergences.kl(q, p)) > 1e-6),
    ],
)


# %%
def steps_of_g(images, epochs, minibatch=64, steps_of_d=5):
    minibatches = -(-images // minibatch)  # rounded up
    return epochs * -(-minibatches // steps_of_d)


# %% jupyter={"source_hidden": true}
claim(
    "18/fifty-thousand",
    "1,100 epochs of 14,490 images and 1,900 epochs of 8,189 are 50,000 steps of G each, within 1,000.",
    [steps_of_g(14_490, 1_100), steps_of_g(8_189, 1_900)],
    equals=50_000,
    within=1_000,
)

# %% [markdown]
# ## The table (15 min, depth)
#
# One table for each source. Do not read all of it: take the source that you know best, or the slides, and look for three
# rows that surprise you. Follow their links; each leads to the very cell. In the last column ✓ stands before claims that
# bear the sentence out, and ✗ before claims that correct it.
#
# ### The article on unrolled GANs
#
# Ujitoko 2017. It tried a new paper within months, on pictures of the author's own choice. It did not work; the article
# says so, and links to its code. That is why one can find out what happened.

# %%
errata.table(book, "unrolled", ledger, places)

# %% [markdown]
# ### The article on the generator's loss
#
# こしあん 2019. It takes a tip that everybody repeats, and asks whether it is true. That is the best thing one can do with
# a tip. It prints its two most important lines of code, and its conclusion is not what the author had expected.

# %%
errata.table(book, "loss", ledger, places)

# %% [markdown]
# ### The article on DCGAN
#
# It explains the whole structure at once, uses the right name for the transposed convolution, and has an honest
# sentence about loss curves.

# %%
errata.table(book, "dcgan", ledger, places)

# %% [markdown]
# ### The slides
#
# sakai 2018, 「GANとは」. They go from the density ratio to the earth mover in 53 slides, with every step written down. If
# every step is written down, every step can be checked. So there are many rows here, and most are right, or half right.

# %%
errata.table(book, "slides", ledger, places)

# %% [markdown]
# ### The article on spectral normalisation
#
# こしあん 2019. It has the finest pictures of the five, from one day's training on one graphics card. Two chapters of this
# course (11 and 13b) start from its observation about many classes with few images. And it has the thought that a
# bounded $D$ is what counts.

# %%
errata.table(book, "spectral", ledger, places)

# %% [markdown]
# ## Count them (5 min)
#
# **Your prediction** was made at the top. Here are all the rows of the five sources, by kind. The numbers are counts, the bars
# shares.

# %%
five = [row for row in book.findings if row.source != "papers"]
counts = errata.counts(five)
figures.errata.by_kind(counts)
plt.show()

# %%
settled = [row for row in five if row.verdict != "not checked here"]
total = Counter(row.verdict for row in settled)

# %% jupyter={"source_hidden": true}
claim(
    "18/how-many",
    "Of the 106 sentences that were checked 47 hold, 30 are half right, and 29 do not hold.",
    [len(settled), total["holds"], total["half right"], total["does not hold"]],
    equals=[106, 47, 30, 29],
    within=0,
)


# %%
def tally(kind):
    """How many of this kind hold, are half right, do not hold."""
    return np.array([counts[kind][verdict] for verdict in errata.VERDICTS[:3]])


# %% jupyter={"source_hidden": true}
claim(
    "18/what-was-seen",
    "What was seen holds: of 16 observations that were checked, 13.",
    [tally("observation").sum(), tally("observation")[0]],
    equals=[16, 13],
    within=0,
)
claim(
    "18/why-it-is-so",
    "Why it is so seldom does: of 20 reasons that were checked, two.",
    [tally("reason").sum(), tally("reason")[0]],
    equals=[20, 2],
    within=0,
)
claim(
    "18/in-part",
    "More than half of the reasons hold at least in part, and more than two thirds of all that was checked.",
    [tally("reason")[:2].sum() / tally("reason").sum() > 1 / 2, 1 - total["does not hold"] / len(settled) > 2 / 3],
)

# %% [markdown]
# **What you saw.** The authors observed well. Five steps of $D$ do help; 82 images of each class are enough; AC-GAN's
# classes are narrow; unrolled faces are not better; the losses tell nothing. What does not hold, or not fully, are
# their reasons: that spectral normalisation slows $D$ down, that it saved the classes, that the parameters needed
# tuning.
#
# An observation needs one pair of eyes. A reason needs an experiment in which *only* that reason is taken away, and
# such experiments are missing, in papers too. Most reasons are not completely wrong: each is *one* reason, but is told
# as *the* reason.
#
# ## Is it chance, and is it us? (4 min, depth)
#
# Sixteen observations and twenty reasons are few. Could the kinds differ so much by chance? We *deal* the kinds to the
# verdicts like cards, at random, 10,000 times. Each time we look how far the best kind is ahead of the worst. (We take
# *best and worst*, not observations and reasons, because we had seen the table when we chose those two.) Only kinds
# with ten rows or more take part. **Predict:** does it matter whether “half right” counts as right?

# %%
LARGE = [kind for kind in errata.KINDS if tally(kind).sum() >= 10]
WAYS = {"half right is not right": ("holds",), "half right is right": ("holds", "half right")}
kinds = np.array([row.kind for row in settled])


def gap(kinds, right):
    shares = [right[kinds == kind].mean() for kind in LARGE]
    return max(shares) - min(shares)


rng = np.random.default_rng(0)
deals = [rng.permutation(kinds) for _ in range(10_000)]
gaps, seen = {}, {}
for way, verdicts in WAYS.items():
    right = np.array([row.verdict in verdicts for row in settled])
    gaps[way], seen[way] = np.array([gap(deal, right) for deal in deals]), gap(kinds, right)
figures.errata.dealt(gaps, seen)
plt.show()

# %%
strict, lenient = ((gaps[way] > seen[way] - 1e-9).mean() for way in WAYS)

# %% jupyter={"source_hidden": true}
claim(
    "18/not-by-chance",
    "If half right is not right, fewer than 1 in 1,000 deals set two kinds so far apart.",
    strict,
    below=1e-3,
)
claim(
    "18/or-by-chance",
    "If half right is right, more than 1 in 20 deals do: that difference is noise.",
    lenient,
    above=0.05,
)

# %%
seen_well, explained = tally("observation"), tally("reason")

# %% jupyter={"source_hidden": true}
claim(
    "18/ten-judgements",
    "Ten of our verdicts may be changed, as it suits the reasons best, and observations are still ahead.",
    [(seen_well[0] - k) / seen_well.sum() - (explained[0] + 10 - k) / explained.sum() for k in range(11)],
    above=0,
)

# %% [markdown]
# **Did you notice?** The second claim limits the first. If half right counts as wrong, the kinds differ beyond chance;
# if it counts as right, the difference is noise. So “reasons are wrong” would say too much. What is sure is this:
# reasons are seldom right *as they stand*.
#
# And shuffling cannot remove these problems:
#
# - **The rows are no sample.** We looked hardest where something seemed wrong, above all at code: six rows, and each
#   was looked at because a result was strange. A sentence that a careful reader finds right, and passes over, has no
#   row. So “47 of 106” says nothing about these sources as a whole, and “29 of 106” even less.
# - **We gave each sentence its kind, and knew the verdicts.** Perhaps we called a sentence a reason because we had seen
#   that it fails.
# - **No source is compared with another.** A source that writes down every step has more rows than one that shows
#   pictures. A ranking would punish those who are clear.
# - **A verdict is about a sentence, here.** Our networks are small, our digits have 8 × 8 pixels. “Does not hold”
#   means: here is a case in which it does not. Against a rule one case is enough. Against a reason for *their* runs it
#   shows only that another reason is possible.
#
# ## What was set aside (1 min, depth)
#
# When the course was planned, 86 things were noted about the sources, papers and code. Each has become a row, or is
# listed here with the reason why not. Most of those below could only be *read*: no cell can measure that a paper has
# $K=10$.

# %%
noted = {number for rows in (book.findings, book.aside) for row in rows for number in row.noted}
parts = {}
for number in noted:
    part, _, place = number.partition(".")
    parts.setdefault(part, []).append(int(place))

# %% jupyter={"source_hidden": true}
claim(
    "18/nothing-lost",
    "The numbers of what was noted have no gaps, and there are 86 of them.",
    [*(sorted(found) == list(range(1, len(found) + 1)) for found in parts.values()), len(noted) == 86],
)

# %%
errata.set_aside(book)

# %% [markdown]
# ## What the sources get wrong (3 min, depth)
#
# It would be unfair to stop at the five. They learned from papers, and papers have errors, too; one error of the
# slides, $p_g(z)$, is in Algorithm 1 of the first paper. *All* these rows are here because a chapter met something odd,
# so they are not counted.

# %%
errata.table(book, "papers", ledger, places)

# %% [markdown]
# **And this course.** From papers, articles or our own plan we expected the following, and our measurements said
# otherwise:
#
# - that what helps in an unrolled GAN is the gradient *through* the steps. On the ring, looking ahead without that
#   gradient does just as well: `08/controls-cover`, `08/five-ahead-does-not`;
# - that under spectral normalisation five steps of $D$ for one of $G$ are a useless habit. The article was right:
#   `13/five-steps-help`;
# - that AC-GAN with few images would draw one face for each person. What it did was worse: `13b/none-collapsed`,
#   `13b/ac-bn-anybody`;
# - that growing pays. Here it does not: `14/direct-ahead`, `14/never-ahead`;
# - that our thousand modes would come out as published. They do not: `08/stacked-not-published`.
#
# And one claim may limit another: `06/adam-first-step` suggests a conclusion that `10/forgetful-adam` corrects. A
# ledger does not prevent errors. It helps others to find them.
#
# ## Exercises (8 min)
#
# **Exercise 18.1** · ★☆☆ · 2 minutes. The slides say that the gradient vanishes once $D$ is fully optimised (lines 289–291).
# Which is the best correction? One letter.
#
# - A: A perfect $D$ leaves $G$ no gradient.
# - B: A perfect $D$ leaves $G$ no gradient if $p$ and $q$ are close to each other.
# - C: Under $\log(1-D)$ a perfect $D$ leaves $G$ next to no gradient where $p$ and $q$ hardly meet.
# - D: Whatever the loss, a perfect $D$ leaves $G$ next to no gradient where $p$ and $q$ hardly meet.
# - E: A perfect $D$ never makes the gradient vanish.

# %%
best = None  # one letter, as "A"


check("18.1", best)

# %% [markdown]
# <details><summary>Solution 18.1</summary>
#
# ```python
# check("18.1", "C")
# ```
#
# Of $p=\mathcal N(0,1)$ and $q=\mathcal N(\theta,1)$ at $\theta=1$ A is wrong (`06/optimal-does-not-vanish`), and so is
# B, since $p$ and $q$ are close there. At $\theta=8$ E is wrong (`06/distance-makes-it-vanish`), and there the gradient
# of $-\log D$ is 8, so D is wrong. A sentence is seldom corrected by a *not*; more often it needs a *where*.
#
# </details>

# %% [markdown]
# **Exercise 18.2** · ★★☆ · 3 minutes, depth. 「Hinge lossで訓練したほうがInception Scoreは高そう」, with hinge the score seems to be higher. You have
# trained both losses under $n$ seeds. Write `judge(differences)`, of the array of $n$ differences, hinge minus the other: it
# returns `"higher"`, `"lower"`, or `"noise"` where the 95 % interval of the mean by Student's $t$ includes 0.


# %%
def judge(differences): ...  # return "higher", "lower" or "noise"


check("18.2", judge)

# %% [markdown]
# <details><summary>Solution 18.2</summary>
#
# ```python
# from scipy.stats import t as student
#
#
# def judge(differences):
#     n, mean = len(differences), differences.mean()
#     half = student.ppf(0.975, n - 1) * differences.std(ddof=1) / np.sqrt(n)
#     if abs(mean) <= half:
#         return "noise"
#     return "higher" if mean > 0 else "lower"
#
#
# check("18.2", judge)
# ```
#
# And “noise” is no verdict on the sentence: the question stays open. From *one* run each no interval can be computed.
#
# </details>

# %% [markdown]
# **Exercise 18.3** · ★★☆ · 3 minutes, depth. 「勾配消失が起こっているときは、Dの損失が0に限りなく近くなります」, when gradients vanish the loss of $D$ is near
# $0$. Write `arrows(a, b)` of two boolean arrays: `a[i]` says whether the gradient has vanished in run $i$, `b[i]`
# whether the loss is near 0 in that run. It returns two truth values: no run refutes “$a$ implies $b$”; no run refutes
# “$b$ implies $a$”.


# %%
def arrows(a, b): ...  # return a_implies_b, b_implies_a


check("18.3", arrows)

# %% [markdown]
# <details><summary>Solution 18.3</summary>
#
# ```python
# def arrows(a, b):
#     return bool((~a | b).all()), bool((~b | a).all())
#
#
# check("18.3", arrows)
# ```
#
# An arrow (an “implies”) is refuted by one run in which its first half is true and its second is not.
# `06/vanishing-without-winning` is such a run against the article's arrow; the other one is a theorem,
# `06/loss-d-bounds-gradient`. If the first half never happened, nothing was refuted, but nothing was tested either.
#
# </details>

# %% [markdown]
# ## What we checked

# %%
checked()

# %% [markdown]
# ## Further reading
#
# - J. Ioannidis, *Why most published research findings are false*, PLoS Medicine 2005: what choosing does to a table of findings.
# - Z. Lipton & J. Steinhardt, *Troubling trends in machine learning scholarship*, 2018: explanation and speculation told
#   apart, and why the source of a gain so often goes unnamed.
# - M. Lucic, K. Kurach, M. Michalski, S. Gelly & O. Bousquet, *Are GANs created equal?*, NeurIPS 2018: with enough seeds and
#   tuning for each, most losses came out alike.
# - The five sources: Ujitoko, 「UnrolledGANでいらすとや画像を生成してみる」 (2017); sakai, 「GANとは」 (2018); こしあん,
#   「GANでGeneratorの損失関数をmin(log(1-D))からmaxlog Dにした場合の実験」 (2019) and 「GANの安定化の有効手法「Spectral Normalization」を実装する」 (2019);
#   and the article on DCGAN by the author of *DCGAN-Face-Pytorch*. Read them; they are worth it.

# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 13b · Many classes, few images
#
# **The question.** 176 people, 82 faces of each. One GAN is said to draw one face for each person, and another many.
# The reason is said to be spectral normalisation. Is it?
#
# *70 minutes.*
#
# **You will be able to**
#
# - say in two numbers whether a generator draws the class that it is told, and more than one image of it;
# - find what else was changed in a comparison, and plan one in which only one thing changes;
# - read a $2\times2$ experiment: what each factor does by itself, and where the two depend on each other;
# - say which numbers of the networks belong to one class, and walk from one class to another;
# - tell a generator that ignores the label from one that has agreed on a secret sign with its discriminator.
#
# **Predict before you run.** A GAN has learned 176 people, with an auxiliary classifier (AC) in a batch-normalised $D$.
# We ask for faces of each person. (a) How many in 100 show that person? (b) In how many of 100 does $D$ itself name,
# from the same faces, the person that $G$ was told to draw? (c) Are twelve drawn faces of one person more alike than
# twelve real ones, or less? Write two numbers and a word down.

# %%
import copy
import json
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import Markdown
from scipy import stats
from scipy.spatial.distance import pdist
from torch.nn.functional import cross_entropy, interpolate

from gan_core import (
    datasets,
    figures,
    heads,
    judges,
    latent,
    methods,
    metrics,
    networks,
    results,
    studies,
    training,
    widgets,
)
from gan_core.course import check, checked, claim
from gan_core.experiments.studies import people as study  # the experiment of this chapter, as code
from gan_core.training import Batch

figures.use_style()  # the networks of this chapter train in 32 or 16 bits, as in chapter 09
torch.set_num_threads(1)

# %% [markdown]
# ## What the article saw (6 min)
#
# In 2019 こしあん trained GANs on the faces of 176 characters, 14,490 pictures, 「つまり1クラス平均82枚しかありません」, "so only 82 for
# each class on average". First an AC-GAN: 「クラス単位で1つの画像しか出力できない=モード崩壊が起こっています」, "it can put out one image only
# for each class: mode collapse". Then SNGAN, whose faces turn and change expression as $z$ moves. The conclusion:
# 「Spectral Normalizationすごい。(…)データ数が少なくてクラス数が多いケースでもモード崩壊しない」, "spectral normalisation is great. It does not collapse
# even where the data are few and the classes many".
#
# Here are *our* people: five of the 176, one in each row, with eight of their 82 faces. What belongs to the person
# stays, such as hair and skin; smile, glasses, pose, shirt and background are drawn anew for each face.

# %%
data = study.data()
rows = {f"person {k}": data.x[82 * k : 82 * k + 8] for k in range(5)}
fig = figures.dcgan.rows(rows)
plt.show()

# %% jupyter={"source_hidden": true}
claim(
    "13b/eighty-two",
    "14,490 pictures of 176 characters are 82 for each; ours are 176 people with 82 faces each.",
    [round(14_490 / 176), *data.y.bincount().unique()],
    equals=82,
    within=0,
)

# %% [markdown]
# Two trainings were compared. What differs between them? On the left stands AC-GAN as its paper has it (Odena et al.
# 2017): with 「論文と同じ設定」, "the settings of the paper", the author had begun a month before. On the right stands the code
# that the article links to.
#
# | | the AC-GAN | the article's SNGAN |
# |---|---|---|
# | how $D$ deals with the class | it is asked for it | projection: it is told (Miyato & Koyama 2018) |
# | how $G$ is told | beside $z$ | conditional batch normalisation |
# | $D$'s normalisation | batch normalisation | spectral normalisation |
# | the loss | cross-entropy | hinge |
# | the networks | convolutions, as DCGAN's | residual blocks |
# | steps of $D$ for one of $G$ | 1 | 5 |
#
# Six things were changed at once, with one training of each. Any of the six may be the reason, or two of them together:
# they are *confounded*. And nothing was measured. (The code's page says that the Inception Score was not. It would not
# have helped.)
#
# ## Two numbers, and what each is blind to (10 min, depth)
#
# Chapter 11 has the two. $G$ was told $y_i$ and drew $x_i$; a judge sees the class $s_i$ in it, and describes the image
# by features $f(x_i)$. There are $K$ classes, and $n_k$ of the $n$ images were asked to show class $k$.
#
# $$\text{accuracy}=\frac1n\sum_i\mathbb 1[s_i=y_i],\qquad
# \text{diversity}=\frac1K\sum_{k=1}^{K}\frac{2}{n_k(n_k-1)}\sum_{i<j,\;y_i=y_j=k}\|f(x_i)-f(x_j)\| .$$
#
# The second is the mean distance between two images of one class. Let each image have one feature: three images of a
# first class have 0, 3, 6, three of a second have 5, 5, 5. *Predict* the diversity.


# %%
def diversity(f, y):
    """The mean over the classes of the mean distance of all pairs in a class."""
    return np.mean([pdist(f[y == k]).mean() for k in np.unique(y)])


f, y = np.array([[0.0], [3.0], [6.0], [5.0], [5.0], [5.0]]), np.array([0, 0, 0, 1, 1, 1])
print("diversity:", diversity(f, y), " accuracy:", np.mean(y == np.array([0, 0, 1, 1, 1, 1])).round(2))

# %% jupyter={"source_hidden": true}
claim(
    "13b/by-hand",
    "Pairs of 0, 3, 6 are 4 apart on average, of 5, 5, 5 nothing: a diversity of 2, by these lines and by the library's.",
    [diversity(f, y), metrics.within_class_diversity(f, y).mean],
    equals=2,
    within=1e-12,
)

# %% [markdown]
# **Who is on a face?** The judge of faces (chapter 15) has never seen these people. It describes any face by 64
# features. We name the person whose real faces are nearest on average. In directions where the faces of one person
# differ much among themselves, a distance counts little (`metrics.nearest_class`, Fisher's discriminant). Is this a
# good *reader* of faces? Test it on twelve further faces of each person, which it has not seen.

# %%
known, further = study.known()  # features (n, 64) of the faces to train with, and of further ones
TWELVE = torch.arange(176).repeat_interleave(12)  # a person, twelve times each


def three(f, y):
    """Accuracy, diversity, and the Fréchet distance to further real faces, of features f that are to be of people y."""
    seen = metrics.nearest_class(f, known, data.y)
    return (
        metrics.label_accuracy(y, seen),
        metrics.within_class_diversity(f, y).mean,
        metrics.frechet_distance(f, further),
    )


# %% jupyter={"source_hidden": true}
claim(
    "13b/reader",
    "Of twelve further faces of each of 176 people more than 99 in 100 are read rightly.",
    three(further, TWELVE)[0],
    above=0.99,
)

# %% [markdown]
# Now four generators that need no training. One shows twelve real faces of each person; one the *same* real face twelve
# times; one three faces, four times each. The fourth is *deaf*: it shows real faces of anybody, whoever was asked for.
# And noise beside them. *Predict:* which of the three numbers calls which of them bad?

# %%
of_person = torch.arange(176)[:, None] * 82
columns = torch.arange(12)
mixed = torch.randperm(176 * 12, generator=torch.Generator().manual_seed(0))
real = known[(of_person + columns).flatten()]
with torch.no_grad():
    noise = judges.faces().features(
        torch.randn(2_112, 3, 32, 32, generator=torch.Generator().manual_seed(0)).clamp(-1, 1)
    )
PUPPETS = {
    "real faces": real,
    "one face a person": known[(of_person + 0 * columns).flatten()],
    "three faces a person": known[(of_person + columns % 3).flatten()],
    "deaf: real faces of anybody": real[mixed],
    "noise": noise,
}
found = {name: three(f, TWELVE) for name, f in PUPPETS.items()}
lines = ["| | accuracy | diversity | Fréchet distance of features |", "|---|---|---|---|"]
lines += [f"| {name} | {a:.2f} | {d:.1f} | {frechet:.1f} |" for name, (a, d, frechet) in found.items()]
Markdown("\n".join(lines))

# %% jupyter={"source_hidden": true}
claim(
    "13b/one-face",
    "One face for each person: an accuracy above 0.99 and a diversity of 0.",
    [found["one face a person"][0] > 0.99, found["one face a person"][1] < 1e-6],
)
claim(
    "13b/deaf",
    "A deaf generator is right as often as a guess, below 1 in 50, and more than 1.4 times as diverse as real faces.",
    [
        found["deaf: real faces of anybody"][0] < 1 / 50,
        found["deaf: real faces of anybody"][1] / found["real faces"][1] > 1.4,
    ],
)
claim(
    "13b/frechet-deaf",
    "The Fréchet distance is the same for the deaf one as for the real faces: it does not know who was asked for.",
    found["deaf: real faces of anybody"][2] - found["real faces"][2],
    equals=0,
    within=1e-6,
)

# %% [markdown]
# **What you saw.** Each number is blind to something. A *high* diversity by itself is not good: the deaf generator has
# the highest. It means something only beside the accuracy, and only compared with real faces, which have 5.5. As for
# the Fréchet distance, remember its 1.7 for one face a person. The trained generators below do worse, so by this number
# the collapse would look better than they do.
#
# How low is a low diversity? Let a class have $k$ images, drawn again and again. Two draws are the same image with
# probability $1/k$. Otherwise they are as far apart as real ones, $d$ on average:
#
# $$\text{diversity}=\Bigl(1-\frac1k\Bigr)\,d .$$
#
# So a measured diversity can be expressed as a number of images, "as varied as $k$ faces of each person". Try it with
# the sliders, and mix in faces of others:

# %%
rng = torch.Generator()


def puppet(k, others):
    """Rows of the data that a generator with k faces a person draws; a share `others` are of anybody."""
    rng.manual_seed(0)
    drawn = of_person + torch.randint(k, (176, 12), generator=rng)
    anybody = torch.randint(len(data), (176, 12), generator=rng)
    return torch.where(torch.rand(176, 12, generator=rng) < others, anybody, drawn)


def draw(faces, others):
    chosen = puppet(faces, others)
    accuracy, spread, _ = three(known[chosen.flatten()], TWELVE)
    fig = figures.dcgan.rows({f"person {k}": data[chosen[k, :8]].x for k in range(3)})
    return fig, f"accuracy {accuracy:.2f}, diversity {spread:.1f}; real faces: 1.00, 5.5"


widgets.explore(draw, faces=(1, 12, 1, 2), others=(0.0, 1.0, 0.25, 0.25))

# %%
d = metrics.within_class_diversity(known, data.y).mean
shares = [three(known[puppet(k, 0).flatten()], TWELVE)[1] / d for k in (1, 2, 3, 6, 12)]

# %% jupyter={"source_hidden": true}
claim(
    "13b/k-faces",
    "With 1, 2, 3, 6, 12 faces for each person the diversity is 1 − 1/k of the real one, within 0.03.",
    np.array(shares) - (1 - 1 / np.array([1, 2, 3, 6, 12])),
    equals=0,
    within=0.03,
)

# %% [markdown]
# ## What knows a person (8 min, depth)
#
# Here are again the two ways to deal with the class, with the same $D$. Its features before the last layer $\psi$ are
# $\phi(x)$ (chapter 11 derives both ways):
#
# | | $D$ | $L_D$ gets | $L_G$ gets |
# |---|---|---|---|
# | AC | logit $\psi(\phi(x))$, class probabilities $c(x)=\operatorname{softmax}(A\phi(x)+b)$ | $-\mathbb E_p[\log c_y(x)]-\mathbb E_q[\log c_y(x')]$ | $-\mathbb E_q[\log c_y(x')]$ |
# | projection | logit $\psi(\phi(x))+e(y)^\top\phi(x)$ | nothing | nothing |
#
# In both, $G$ is told by conditional batch normalisation: a gain $\gamma_y$ and a bias $\beta_y$ for each channel. So a
# person is a *row*: of $\gamma$ and $\beta$ in $G$, of $e$ or $A$ in $D$. *Predict:* how many numbers of $G$ belong to
# one person, and how many do all people share?

# %%
methods_of = {"AC": methods.acgan, "projection": methods.projection}
counts = {}
for name, method in methods_of.items():
    run = training.start(method((3, 32, 32), 176, width=32), data)
    for player, network in run.networks.items():
        sizes = {key: p.numel() for key, p in network.named_parameters()}
        told = {key: size for key, size in sizes.items() if 176 in network.get_parameter(key).shape}
        counts[name, player] = sum(told.values()) // 176, sum(sizes.values()) - sum(told.values())
for (name, player), (each, shared) in counts.items():
    print(f"{name:>10}, {player:<13} {each:>5,} numbers for each person, {shared:>7,} that all share")

# %% jupyter={"source_hidden": true}
claim(
    "13b/row-of-g",
    "A person is 2 · (128 + 64 + 32) = 448 numbers of G, and a row of φ's 4 · 4 · 128 = 2,048 in D (and a bias with AC).",
    [counts["AC", "generator"][0], counts["projection", "discriminator"][0], counts["AC", "discriminator"][0]],
    equals=[448, 2_048, 2_049],
    within=0,
)

# %% [markdown]
# So "82 images" is not the whole truth. Only the rows must be learned from 82 faces. All else, such as what eyes are
# and how a head turns, is learned from 14,432 faces. That is the strength of *one* generator for all classes.
#
# And what does one step teach a row? A minibatch holds 64 labels of 176. The gradient of every other row is 0, and Adam
# with $\beta_1=0$ does not move a row without a gradient. (With $\beta_1=0.5$ the row would still move on a little.)

# %%
run = study.people.start("projection, spectral norm", 0)
gains = [layer.gain.weight for layer in run.generator.modules() if isinstance(layer, networks.ConditionalBatchNorm)]
before = [g.detach().clone() for g in gains]
training.iteration(run)
moved = torch.stack([(g.detach() != b).any(1) for g, b in zip(gains, before, strict=True)])

# %% jupyter={"source_hidden": true}
claim(
    "13b/rows-moved",
    "A step moves the gains of the same people in all three layers, at most 64; of all others to the bit nothing.",
    [bool((moved == moved[0]).all()), 0 < int(moved[0].sum()) <= 64],
)
claim(
    "13b/looks",
    "In 2,000 steps D sees 64 · 2,000/176 = 727 faces of each person, each of the 82 about nine times.",
    [round(64 * 2_000 / 176), round(64 * 2_000 / 176 / 82)],
    equals=[727, 9],
    within=0,
)

# %% [markdown]
# ## One change at a time (14 min)
#
# Now the experiment that the article did not make. One pair of networks, DCGAN's with 32 channels at 32 × 32 pixels;
# $G$ always told by conditional batch normalisation; one Adam, $10^{-3}$ with $\beta=(0,0.9)$; $n_{dis}=1$; the hinge
# loss. Two factors are changed, each by itself and both together:
#
# | | batch norm in $D$ | spectral norm in $D$ |
# |---|---|---|
# | **AC** | AC, batch norm | AC, spectral norm |
# | **projection** | projection, batch norm | projection, spectral norm |
#
# If one compares only two opposite corners, as the article does, there is one difference and two factors that may
# explain it. With four corners there are four differences of one factor each. One more condition has the cross-entropy,
# to test the loss. *Predict:* which corner has the lowest diversity? Which the lowest accuracy?
#
# One training takes two minutes of one processor core, so the experiment is **recorded**; we repeat a part of it below.

# %%
record = studies.read("people")
print(record.command, "·", record.question)
print("measured at steps", record.settings["at"])
CORNERS = [study.label(conditioning, norm) for conditioning in study.CONDITIONINGS for norm in study.BASES]
MEASURES = {"accuracy": "accuracy", "diversity": "diversity", "frechet_judge": "Fréchet distance"}
REAL = {said: np.mean([row[name] for row in record.reference]) for name, said in MEASURES.items()}

# %%
panels = {
    said: {
        norm: {
            conditioning: record.table(name)[study.label(conditioning, norm)] for conditioning in study.CONDITIONINGS
        }
        for norm in study.BASES
    }
    for name, said in MEASURES.items()
}
fig = figures.people.two_by_two(panels, REAL)
plt.show()


# %%
def table(conditions):
    """Recorded means ± standard errors over the seeds at the last step, as Markdown."""
    lines = [f"| *recorded* | {' | '.join(MEASURES.values())} |", "|---" * (1 + len(MEASURES)) + "|"]
    for label in conditions:
        cells = [studies.mean_se(record.table(name)[label]) for name in MEASURES]
        lines.append(f"| {label} | " + " | ".join(f"{mean:.2f} ± {error:.2f}" for mean, error in cells) + " |")
    lines.append("| real faces | " + " | ".join(f"{value:.2f}" for value in REAL.values()) + " |")
    return Markdown("\n".join(lines))


CROSS_ENTROPY = "AC, batch norm, cross-entropy"
table([*CORNERS, CROSS_ENTROPY])

# %% [markdown]
# **Look first** at AC with batch normalisation: the *highest* diversity of all, higher than that of real faces, and an
# accuracy of 3 in 100. It stands near a *deaf* generator, which shows real faces of anybody, whoever was asked for. A
# map of both numbers shows it best, with such generators that need no training as stars; each path goes from step 500
# to 1,000 to 2,000:


# %%
def path(label):
    """Accuracy and diversity at the recorded steps: (seeds, times, 2)."""
    both = [[record.table(name, at=at)[label] for at in record.settings["at"]] for name in ("accuracy", "diversity")]
    return np.transpose(both, (2, 1, 0))


landmarks = {name: found[name][:2] for name in PUPPETS if name != "noise"}
fig = figures.people.plane({label: path(label) for label in CORNERS}, landmarks)
plt.show()

# %% [markdown]
# Three of the corners *hear*: they draw whom they are told. AC with batch normalisation does not go there. It goes up,
# where the faces of a "person" are of many people. By diversity alone it would have won.
#
# Now each change by itself, with its 95 % interval (Welch, chapter 10). Of so many intervals one may miss 0 by chance:
# an interval that only just misses it is a hint, not more.


# %%
def difference(a, b, measure):
    """Mean of condition a minus mean of b, and half of the 95 % interval."""
    x, y = record.table(measure)[a], record.table(measure)[b]
    low, high = stats.ttest_ind(x, y, equal_var=False).confidence_interval(0.95)
    return (low + high) / 2, (high - low) / 2


CHANGES = {
    "SN for BN, with AC": ("AC, spectral norm", "AC, batch norm"),
    "SN for BN, with projection": ("projection, spectral norm", "projection, batch norm"),
    "projection for AC, with BN": ("projection, batch norm", "AC, batch norm"),
    "projection for AC, with SN": ("projection, spectral norm", "AC, spectral norm"),
    "cross-entropy for hinge, AC, BN": (CROSS_ENTROPY, "AC, batch norm"),
}


def all_effects(changes):
    return {
        said: {change: difference(*pair, measure) for change, pair in changes.items()}
        for measure, said in MEASURES.items()
    }


fig = figures.people.effects(all_effects(CHANGES))
plt.show()

# %%
last = {name: record.table(name) for name in MEASURES}

# %% jupyter={"source_hidden": true}
claim(
    "13b/ac-bn-anybody",
    "Recorded, AC, batch norm: on each seed an accuracy below 0.1, and more diversity than real faces of a person have.",
    [last["accuracy"]["AC, batch norm"] < 0.1, last["diversity"]["AC, batch norm"] > REAL["diversity"]],
)
claim(
    "13b/loss-does-not-matter",
    "Recorded: with the cross-entropy in place of hinge AC, batch norm has an accuracy below 0.1 as well, on each seed.",
    last["accuracy"][CROSS_ENTROPY],
    below=0.1,
)
claim(
    "13b/three-hear",
    "Recorded: the three other corners have an accuracy above 0.5 and less diversity than real faces, on each seed.",
    [
        [last["accuracy"][label] > 0.5, last["diversity"][label] < REAL["diversity"]]
        for label in CORNERS
        if label != "AC, batch norm"
    ],
)
claim(
    "13b/none-collapsed",
    "Recorded: nowhere is a person one face; each condition is as varied as three faces of each or more, on each seed.",
    [last["diversity"][label] / REAL["diversity"] for label in (*CORNERS, CROSS_ENTROPY)],
    above=1 - 1 / 3,
)

# %%
effect = all_effects(CHANGES)

# %% jupyter={"source_hidden": true}
claim(
    "13b/sn-makes-ac-hear",
    "Recorded: with AC spectral normalisation alone raises the accuracy by more than 0.5; 95 % interval.",
    effect["accuracy"]["SN for BN, with AC"][0] - effect["accuracy"]["SN for BN, with AC"][1],
    above=0.5,
)
claim(
    "13b/projection-makes-bn-hear",
    "Recorded: with batch normalisation projection alone raises it by more than 0.4; 95 % interval.",
    effect["accuracy"]["projection for AC, with BN"][0] - effect["accuracy"]["projection for AC, with BN"][1],
    above=0.4,
)
claim(
    "13b/projection-is-varied",
    "Recorded: under spectral normalisation projection is more diverse than AC; the 95 % interval is above 0.",
    effect["diversity"]["projection for AC, with SN"][0] - effect["diversity"]["projection for AC, with SN"][1],
    above=0,
)
claim(
    "13b/conditioning-counts-more",
    "Recorded: that gain in diversity is more than twice what SN for batch norm brings where D is told by projection.",
    effect["diversity"]["projection for AC, with SN"][0] / abs(effect["diversity"]["SN for BN, with projection"][0]),
    above=2,
)
claim(
    "13b/both-are-best",
    "Recorded: both together have the lowest mean Fréchet distance of the four corners, by more than 0.3.",
    min(last["frechet_judge"][label].mean() for label in CORNERS[:3]) - last["frechet_judge"][CORNERS[3]].mean(),
    above=0.3,
)

# %% [markdown]
# **What you saw.**
#
# - *Either* change alone, of the normalisation or of the conditioning, is enough: a generator that did not show whom it
#   is asked for then mostly does. The second change adds little. So the effect of one depends on the other. A
#   comparison of two corners cannot see such an *interplay*.
# - Compare the two with spectral normalisation, whose accuracy is nearly the same. AC is as varied as 4 or 5 faces of
#   each person, projection as about 11. ($k$ faces, drawn again and again, have $1-1/k$ of the real diversity.) There
#   the variety comes from the conditioning.
# - With projection, spectral normalisation improves everything a little; in accuracy three seeds cannot tell the gain
#   from noise.
# - We have *not* seen a class collapse to one image, as the article did. That says nothing about its training.
#
# ## A sign that is no face (12 min, depth)
#
# Why does AC with batch normalisation fail? "It does not hear the label" is the first thought. Let us ask $D$. We
# repeat the first 500 of its 2,000 steps. At some of them two readers look at the same fakes and say whom $G$ was told
# to draw: our reader of faces, and the classifier in $D$. You have predicted both.


# %%
def who(x):
    """The person that the reader sees in images x."""
    return torch.from_numpy(metrics.nearest_class(study.features(x), known, data.y))


def readings(run, minibatches=4):
    """Of fakes, and of real faces, as D sees them in training: the share read by D, and by the reader of faces."""
    there, right = run.copy(), []
    for _ in range(minibatches):
        x, y = there.real()
        with torch.no_grad():
            fake = there.G(there.noise(), y).float()
            scores = [there.look(Batch(images, y))[1] for images in (fake, x)]
        seen = [scores[0].argmax(1), scores[1].argmax(1), who(fake)]
        right.append([(each == y).double().mean() for each in seen])
    return np.mean(right, 0)


run = study.people.start("AC, batch norm", 0)
AT = (100, 200, 300, 400, 500)
read = []
for _ in AT:
    training.train(run, 100)
    read.append(readings(run))
READERS = "D, of fakes", "D, of real faces", "the reader of faces, of fakes"
fig = figures.people.readers(AT, dict(zip(READERS, np.transpose(read), strict=True)), 1 / 176)
plt.show()

# %%
again = study.of_samples(run)
(then,) = record.matching([{"condition": "AC, batch norm", "seed": 0, "step": 500}])

# %% jupyter={"source_hidden": true}
claim(
    "13b/again",
    "Done again, to step 500: an accuracy below 0.05 as recorded, the recorded diversity within 10 %, Fréchet within 30 %.",
    [
        max(again["accuracy"], then["accuracy"]) < 0.05,
        abs(again["diversity"] / then["diversity"] - 1) < 0.1,
        abs(again["frechet_judge"] / then["frechet_judge"] - 1) < 0.3,
    ],
)
claim(
    "13b/d-reads-it",
    "At step 500 D names the person that G was told in more than 6 of 10 of its fakes.",
    read[-1][0],
    above=0.6,
)
claim(
    "13b/nobody-else-does",
    "The reader of faces sees that person in fewer than 1 of 20 of the same fakes.",
    read[-1][2],
    below=0.05,
)

# %% [markdown]
# $G$ hears very well, and $D$ understands it. Only, their language is not faces. Look: each row has the same eight $z$,
# and each row asks for another person.

# %%
z = torch.randn(8, run.gan.z, generator=torch.Generator().manual_seed(0))
rows = {f"told: person {k}": run.images(z, torch.full((8,), k)) for k in range(5)}
fig = figures.dcgan.rows(rows)
plt.show()


# %%
def two_spreads(run, view, people, draws=20):
    """Mean distance of two images: of two people under one z, and of one person under two z."""
    z = torch.randn(draws, run.gan.z, generator=torch.Generator().manual_seed(1))
    y, of_z = torch.arange(people).repeat(draws), torch.arange(draws).repeat_interleave(people)
    f = view(run.images(z.repeat_interleave(people, 0), y))
    return metrics.within_class_diversity(f, of_z).mean, metrics.within_class_diversity(f, y).mean


by_label, by_z = two_spreads(run, study.features, 12)

# %% jupyter={"source_hidden": true}
claim(
    "13b/z-says-who",
    "Another label for the same z changes a face less than 0.6 times as much as another z for the same label.",
    by_label / by_z,
    below=0.6,
)

# %% [markdown]
# **What you saw.** $z$ says who it is, and the label gives the picture a *tint*. That is enough for $D$: a classifier
# need not look at faces if the colour of the background is enough. But why does $D$ accept that? Look at the table of
# losses again. $-\mathbb E_q[\log c_y(x')]$ is added to $L_D$, and $-\mathbb E_q[\log c_y(x')]$ is added to $L_G$:
# **the same term.** It is the only one in the game that both players want to be small. Players who want the same need
# not fight; they only need a sign.

# %%
rng.manual_seed(0)
on_real, on_fake = torch.randn(2, 64, 176, generator=rng)
fake = Batch(None, torch.arange(64))
shared = heads.classification.discriminator(on_real, on_fake, fake, fake) - cross_entropy(on_real, fake.y)

# %% jupyter={"source_hidden": true}
claim(
    "13b/same-term",
    "What AC-GAN's D is charged for the classes of fakes is what G is charged for them.",
    shared - heads.classification.generator(on_fake, fake),
    equals=0,
    within=1e-6,
)

# %% [markdown]
# If that is the reason, there is a test: take the term out of $L_D$. $D$'s classifier then learns from real faces
# alone, and $G$ must satisfy a classifier that knows only faces. *Predict:* with batch normalisation, what is the
# accuracy then? And with spectral normalisation, does it matter?
#
# ```python
# of_real_only = Head(
#     "classification of the real",
#     lambda on_real, on_fake, real, fake: cross_entropy(on_real, real.y),  # L_D
#     lambda on_fake, fake: cross_entropy(on_fake, fake.y),  # L_G
# )
# ```

# %%
REAL_ONLY = {norm: f"{study.label('AC', norm)}, real only" for norm in study.BASES}
table(["AC, batch norm", REAL_ONLY["batch norm"], "AC, spectral norm", REAL_ONLY["spectral norm"], *CORNERS[2:]])

# %%
REMEDY = {
    "D's classes of real only, AC, BN": (REAL_ONLY["batch norm"], "AC, batch norm"),
    "D's classes of real only, AC, SN": (REAL_ONLY["spectral norm"], "AC, spectral norm"),
}
fig = figures.people.effects(all_effects(REMEDY))
plt.show()

# %%
remedy = all_effects(REMEDY)

# %% jupyter={"source_hidden": true}
claim(
    "13b/real-only-hears",
    "Recorded: with D's classes of real faces only, AC, batch norm, has an accuracy above 0.5, on each seed.",
    last["accuracy"][REAL_ONLY["batch norm"]],
    above=0.5,
)
claim(
    "13b/real-only-helps-sn",
    "Recorded: with spectral normalisation, too, it raises the accuracy; the 95 % interval is above 0.",
    remedy["accuracy"]["D's classes of real only, AC, SN"][0]
    - remedy["accuracy"]["D's classes of real only, AC, SN"][1],
    above=0,
)

# %%
middle, half = difference(REAL_ONLY["batch norm"], "projection, batch norm", "diversity")

# %% jupyter={"source_hidden": true}
claim(
    "13b/as-varied-with-bn",
    "Recorded: with batch normalisation this AC is as diverse as projection, within 0.4; 95 % interval.",
    [middle - half, middle + half],
    above=-0.4,
    below=0.4,
)

# %%
middle, half = difference(REAL_ONLY["spectral norm"], REAL_ONLY["batch norm"], "diversity")

# %% jupyter={"source_hidden": true}
claim(
    "13b/sn-takes-variety",
    "Recorded: of the two AC with classes of real only, that with spectral normalisation is less diverse; interval below 0.",
    middle + half,
    below=0,
)

# %% [markdown]
# **What you saw.** It was one term. Without it AC with batch normalisation shows whom it is asked for as well as
# projection with batch normalisation does, and as varied. With spectral normalisation, too, more faces are right: some
# of the sign was there as well. (Why only some? Perhaps a bounded $D$ cannot read a weak tint well. We have not tested
# that.)
#
# Now there are two AC-GANs that hear and differ only in the normalisation. The one with spectral normalisation has
# *less* variety. So spectral normalisation does not cure uniform classes here; rather, AC and spectral normalisation
# *together* make them uniform. A guess at the reason: $G$ is rewarded for faces that are easy to name (chapter 11), and
# a bounded classifier is never quite sure, so the reward never ends.
#
# **What can be said, and what not.**
#
# - It holds for these networks, these data and this Adam. Intervals over three seeds say how sure it is for *other
#   seeds*, and nothing about other rates or weights of the class term. Three of the article's six changes we have not
#   varied: how $G$ is told, residual blocks, and five steps of $D$.
# - 2,000 steps are few: each face is seen nine times. The article made 50,000, at 96 pixels. We have not seen what may
#   come late: faces learned by heart, and collapse.
# - Faces of the wrong person add to the diversity. So compare diversities only at similar accuracies, such as 0.77 and
#   0.80 above; 0.70 and 0.88 are less similar.
# - Our people are drawn by a program and never look alike. Where classes overlap, AC has further faults (`11/ac-narrow`).
#
# ## Walks (7 min, depth)
#
# The article shows its models by *walks*: two $z$ of one class and what lies between. That is a good idea. But what
# does a walk show? It shows that $z$ changes something, and smoothly. Our AC with batch normalisation walks beautifully
# from one person to another, although the label stays the same (`13b/z-says-who`).
#
# For two walks that mean something we train a small model here: eight people, 16 × 16 pixels, projection and spectral
# normalisation. First we measure the two spreads as above: another label for the same $z$, another $z$ for the same
# label. The judge measures them on enlarged images; then we take only the lowest row of pixels, the shirt. *Predict*
# which spread is larger in each case.

# %%
few = datasets.people(8, 82, size=16)
small = training.fit(replace(methods.projection(few.shape, 8, width=24), ema=0.98), few, steps=600, seed=0, batch=32)


def seen_large(x):
    """The judge's features of small images; it looks at 32 × 32 pixels."""
    return judges.faces().features(interpolate(x, size=32, mode="bilinear"))


known_few = seen_large(few.x)
by_label, by_z = two_spreads(small, seen_large, 8)
of_shirt = two_spreads(small, lambda x: x[:, :, -1], 8)

# %% jupyter={"source_hidden": true}
claim(
    "13b/label-says-who",
    "Here the label moves a face more than z does, in the judge's features.",
    by_label / by_z,
    above=1.15,
)
claim(
    "13b/z-says-the-rest",
    "The shirt is z's: another person for the same z changes it less than 0.7 times as much as another z.",
    of_shirt[0] / of_shirt[1],
    below=0.7,
)

# %% [markdown]
# **Within a person:** hold $y$, and go from one $z$ to another, on the great circle (chapter 09). **From person to
# person:** hold $z$, and go from one row of $\gamma$ and $\beta$ to another, in all three layers at once. In between
# are people whom nobody has drawn:
#
# $$\gamma_t=(1-t)\,\gamma_a+t\,\gamma_b,\qquad \beta_t=(1-t)\,\beta_a+t\,\beta_b .$$


# %%
def between(run, a, b, t):
    """G with a person for each of t, on the way from person a to person b."""
    G = copy.deepcopy(run.generator_ema).eval()
    for layer in G.modules():
        if isinstance(layer, networks.ConditionalBatchNorm):
            for rows in (layer.gain, layer.bias):
                rows.weight.data = torch.stack([torch.lerp(rows.weight[a], rows.weight[b], s) for s in t])
    return G


def within(run, a, z0, z1, t):
    return run.images(latent.slerp(z0, z1, t), torch.full((len(t),), a))


def across(run, a, b, z, t):
    with torch.no_grad():
        return between(run, a, b, t)(z.expand(len(t), -1), torch.arange(len(t)))


t = torch.linspace(0, 1, 9)
z = torch.randn(8, 2, small.gan.z, generator=torch.Generator().manual_seed(1))
walks = {f"person {a}, z₀ → z₁": within(small, a, *z[0], t) for a in (0, 2)}
walks |= {f"person {a} → {b}, z₀": across(small, a, b, z[0, 0], t) for a, b in ((0, 7), (2, 1))}
fig = figures.dcgan.rows(walks, zoom=4)
plt.show()


# %%
def who_of_few(walks):
    """The person seen in images (walks, places, 3, 16, 16): (walks, places)."""
    seen = metrics.nearest_class(seen_large(walks.flatten(0, 1)), known_few, few.y)
    return torch.from_numpy(seen).unflatten(0, walks.shape[:2])


ends = [across(small, a, b, z[0, 0], t)[[0, -1]] for a, b in ((0, 7), (2, 1))]
people_themselves = [small.images(z[0, :1].expand(2, -1), torch.tensor([a, b])) for a, b in ((0, 7), (2, 1))]

# %% jupyter={"source_hidden": true}
claim(
    "13b/ends",
    "The ends of such a walk are the two people themselves.",
    torch.stack(ends) - torch.stack(people_themselves),
    equals=0,
    within=1e-4,
)

# %%
stays = torch.stack([who_of_few(torch.stack([within(small, a, z0, z1, t) for z0, z1 in z])) == a for a in range(8)])

# %% jupyter={"source_hidden": true}
claim(
    "13b/stays",
    "Within a person, at each place of the walk, the judge sees that person in more than 3 of 4 walks, of 64.",
    stays.double().mean((0, 1)),
    above=0.75,
)

# %%
pairs = [(a, b) for a in range(8) for b in range(8) if a != b]
met = who_of_few(torch.stack([across(small, a, b, z[(a + b) % 8, 0], t) for a, b in pairs]))
first, second = ((met == end[:, None]).double().mean(0) for end in torch.tensor(pairs).T)

# %% jupyter={"source_hidden": true}
claim(
    "13b/becomes",
    "On the 56 walks from person to person the first is seen at the start, the other at the end, in more than 2 of 3.",
    [first[0], second[-1]],
    above=2 / 3,
)
claim(
    "13b/in-between",
    "Halfway each of the two is seen less often than at its own end.",
    [first[4] < first[0], second[4] < second[-1]],
)

# %% [markdown]
# ## At 64 pixels (2 min, depth)
#
# The corner with projection and spectral normalisation, at 64 × 64 pixels, *recorded*: `--scale full`, on a GPU.
# Nothing is picked. Each column is one person; its first row is a real face. *Look for* what stays in a column, what
# changes, and what is not right yet.

# %%
folder = results.ROOT / "results" / "projection-people-64-full"
recorded = json.loads((folder / "record.json").read_text())
print(recorded["command"])
print(
    f"{recorded['steps']:,} steps of G, {recorded['seconds'] / 60:.1f} minutes on {recorded['device'].partition(': ')[2]}"
)
real_faces = figures.samples.sheet(datasets.people(8, 1, size=64).x)[:132] / 255
sheet = plt.imread(folder / "samples.png")[..., :3]
drawn = {f"drawn, {row + 1}": sheet[132 * row : 132 * (row + 1)] for row in range(3)}
fig = figures.samples.strips({"a real face": real_faces, **drawn})
plt.show()

# %%
large = recorded["measures"]
print(f"faces of the person asked for: {100 * large['label_accuracy']['samples']:.1f} of 100")
spread = large["within_class_diversity"]["samples"] / large["within_class_diversity"]["real"]
print(f"diversity within a person, of that of real faces: {100 * spread:.0f} of 100")

# %% jupyter={"source_hidden": true}
claim(
    "13b/large-hears",
    "Recorded, 64 pixels, one run: of 100 faces, more than 98 are those of the person asked for, of 176.",
    large["label_accuracy"]["samples"],
    above=0.98,
)
claim(
    "13b/large-varied",
    "Recorded: they are as varied as ten faces of each person or more, and no more than real ones.",
    spread,
    above=1 - 1 / 10,
    below=1,
)
claim(
    "13b/large-near",
    "Recorded: their Fréchet distance, as the judge sees them, is less than twice that of as many real faces.",
    large["frechet_judge"]["samples"] / large["frechet_judge"]["real"],
    below=2,
)

# %% [markdown]
# None of our corners came near that in two minutes at 32 pixels. The method is the same; the networks are twice as
# wide, the minibatch is twice as large, and there were four times as many steps. So the article saw rightly that 82
# images of each of 176 people are enough. The collars are not right yet: some change from one colour to another.
#
# The article gave its model 50,000 steps and a day. And one run with one seed is a picture, not a comparison; the
# comparison is above.
#
# ## What the sources get wrong
#
# **The article on spectral normalisation (こしあん 2019)**, its part on many classes. Its pictures are an observation, and a
# beautiful one. What does not follow is the reason.
#
# - 「ACGANの場合は、クラス単位でモード崩壊が置きてしまいましたがどう変わっているでしょうか」 ("with ACGAN there was a collapse class by class; what has
#   changed?"). Six things have; the article names one. Changed one at a time here, the conditioning does as much as the
#   normalisation for the accuracy, and more for the variety (`13b/projection-makes-bn-hear`,
#   `13b/conditioning-counts-more`).
# - 「SNGANはACGANのようにラベルを加味して生成できる」 ("SNGAN can generate with labels, as ACGAN does"). Spectral normalisation has nothing
#   to do with labels. The linked code passes the labels on by conditional batch normalisation and projection, from
#   another paper (Miyato & Koyama 2018); both work with spectral normalisation or without.
# - 「DのBatch Normを置き換えればいいだけ(…)データ数が少なくてクラス数が多いケースでもモード崩壊しない」 ("one only has to replace $D$'s batch normalisation; it
#   does not collapse even with few data and many classes"). In our AC-GAN this change does cure something, but
#   something else: the sign (`13b/sn-makes-ac-hear`). It does not make classes varied (`13b/sn-takes-variety`).
# - 「1クラス平均82枚しかありません。これでもそこそこGANとして形になってしまうのがSNGANのすごいところ」 ("only 82 for each class on average; that it takes shape as
#   a GAN all the same is what is great about SNGAN"). Projection with *batch* normalisation takes shape, too
#   (`13b/three-hear`). And few images of each class are still many images: all classes share everything but a row
#   (`13b/row-of-g`).
# - Walks within a class are given as the evidence. They do not show *whose* class it is (`13b/z-says-who`).
# - Right: its counts (`13b/eighty-two`); and its guess that flowers fail because there are too few data is a fair one.
#
# **Others have found parts of this.** On ImageNet the mean Fréchet distance within a class is 103 for projection and above 250
# for AC-GAN (Miyato & Koyama 2018). Why AC-GANs lack variety has been derived (Gong et al. 2019). And when AC-GAN came to
# Keras in 2017 a contributor took the fakes' term out of $L_D$, against the paper, and reported more variety (pull requests
# 8452 and 8482).
#
# ## Exercises (11 min)
#
# **Exercise 13b.1** · ★☆☆ · 3 minutes, depth. Write the within-class diversity, with NumPy, for samples with *one* feature each: `f`
# (n,) and `y` (n,). Every class has two samples or more.


# %%
def spread_within(f, y): ...


check("13b.1", spread_within)

# %% [markdown]
# <details><summary>Solution 13b.1</summary>
#
# ```python
# def spread_within(f, y):
#     of_class = []
#     for k in np.unique(y):
#         some = f[y == k]
#         distances = np.abs(some[:, None] - some[None])
#         of_class.append(distances.sum() / (len(some) * (len(some) - 1)))
#     return np.mean(of_class)
#
#
# check("13b.1", spread_within)
# ```
#
# The diagonal holds n pairs of a sample with itself. They are 0 and do not count.
#
# </details>

# %% [markdown]
# **Exercise 13b.2** · ★★☆ · 3 minutes, depth. A generator has a diversity of `measured` where real images have `real`. How many
# images of each class, drawn again and again, would look as varied?


# %%
def as_many_images(measured, real): ...


check("13b.2", as_many_images)

# %% [markdown]
# <details><summary>Solution 13b.2</summary>
#
# ```python
# def as_many_images(measured, real):
#     return 1 / (1 - measured / real)
#
#
# check("13b.2", as_many_images)
# ```
#
# From $D=(1-1/k)\,d$. This is a way to express a number. It does not say what the generator does: perhaps it does not
# repeat itself, and its faces only lie closer together.
#
# </details>

# %% [markdown]
# **Exercise 13b.3** · ★☆☆ · 2 minutes. A DCGAN generator for 64 × 64 pixels has layers with 512, 256, 128 and 64
# channels before its last one, each with conditional batch normalisation; the last has 3 and none. How many of its
# numbers belong to one class?

# %%
numbers = None


check("13b.3", numbers)

# %% [markdown]
# <details><summary>Solution 13b.3</summary>
#
# ```python
# check("13b.3", 2 * (512 + 256 + 128 + 64))
# ```
#
# A gain and a bias for each channel, whatever the number of classes.
#
# </details>

# %% [markdown]
# **Exercise 13b.4** · ★★☆ · 3 minutes, depth. The class head of $D$ gives scores of real examples and of fakes, `on_real` and
# `on_fake` (n, classes); the labels are `y_real` and `y_fake`. Return what is to be added to $L_D$ so that the two
# players cannot agree on a sign.


# %%
def added_to_loss_d(on_real, on_fake, y_real, y_fake): ...


check("13b.4", added_to_loss_d)

# %% [markdown]
# <details><summary>Solution 13b.4</summary>
#
# ```python
# def added_to_loss_d(on_real, on_fake, y_real, y_fake):
#     return torch.nn.functional.cross_entropy(on_real, y_real)
#
#
# check("13b.4", added_to_loss_d)
# ```
#
# The classifier learns from real examples only. $G$ is charged for its fakes as before.
#
# </details>

# %% [markdown]
# ## What we checked

# %%
checked()

# %% [markdown]
# ## Further reading
#
# - A. Odena, C. Olah & J. Shlens, *Conditional image synthesis with auxiliary classifier GANs*, ICML 2017: section 4.2 measures
#   the variety within classes.
# - T. Miyato & M. Koyama, *cGANs with projection discriminator*, ICLR 2018: also walks from class to class, by the rows of
#   conditional batch normalisation.
# - M. Gong, Y. Xu, C. Li, K. Zhang & K. Batmanghelich, *Twin auxiliary classifiers GAN*, NeurIPS 2019: which term AC-GAN lacks.
# - L. Hou, Q. Cao, H. Shen, S. Pan, X. Li & X. Cheng, *Conditional GANs with auxiliary discriminative classifier*, ICML 2022: a
#   classifier that tells real from fake for each class.
# - R. A. Fisher, *The design of experiments*, 1935: why factors are changed together, and not one by one from a single corner.

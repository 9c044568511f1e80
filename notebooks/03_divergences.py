# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 03 · Divergences
#
# **The question.** How far apart are two distributions? There are several numbers for it. Which of them change when
# the two come closer?
#
# *60 minutes.*
#
# **You will be able to**
#
# - compute KL, reverse KL, JSD, TV and EMD (all explained below), and say what each does where a distribution ends;
# - say which way round KL covers all modes and which way round it picks one;
# - say which of them is a metric, and test it;
# - name the divergence behind the hinge and the least-squares loss;
# - say for which pairs of distributions JSD is constant, and for which it is not.
#
# **Predict before you run.** Two bell curves of width 1 lie exactly on each other. You move one of them away, by 1,
# by 2, by 8. The Jensen–Shannon divergence starts at 0. Draw how it grows. At which shift would you say "from here on
# it is flat"? Then draw the same for two *points*.

# %%
import matplotlib.pyplot as plt
import numpy as np

from gan_core import divergences, figures, transport, widgets
from gan_core.course import check, checked, claim

figures.use_style()

# %% [markdown]
# ## KL, and where it ends (5 min)
#
# In this chapter $p$ is the distribution of the data and $q$ that of a model. A discrete distribution is an array of
# masses that sum to one, one mass for each *bin*. The **Kullback–Leibler divergence** (KL) compares how likely a
# point is under $p$ and under $q$. It averages the logarithm of their ratio over the data:
#
# $$\mathrm{KL}(p\,\|\,q) = \sum_x p(x)\,\log\frac{p(x)}{q(x)} .$$
#
# The logarithm is the natural one, so the unit is the *nat*. KL is 0 when $p=q$ and positive otherwise. Three
# things can go wrong in that fraction. **Predict** each: what is $\mathrm{KL}$ when $q$ has an empty bin and $p$
# does not? When $p$ has an empty bin and $q$ does not? When both are empty?

# %%
half, left = np.array([0.5, 0.5]), np.array([1.0, 0.0])
one_bin = divergences.kl(half, left)
print("q misses a bin of p:", one_bin)
print("p misses a bin of q:", divergences.kl(left, half).round(4), "= log 2")

# %% jupyter={"source_hidden": true}
claim("03/kl-infinite", "One bin that p visits and q does not makes KL(p‖q) infinite.", np.isinf(one_bin))

# %%
rng = np.random.default_rng(0)
p, q = rng.dirichlet(np.ones(6), size=(2, 300))  # 300 pairs of random histograms with six bins
padded = [np.insert(each, 3, 0.0, axis=1) for each in (p, q)]  # and a bin that neither of them visits
measures = (divergences.kl, divergences.js, divergences.tv, divergences.pearson_chi2)
change = [measure(*padded) - measure(p, q) for measure in measures]

# %% jupyter={"source_hidden": true}
claim("03/empty-bins", "A bin that neither visits changes none of KL, JSD, TV, χ².", change, equals=0, within=1e-12)

# %% [markdown]
# The first answer is the important one: KL is ∞, however little mass $p$ has there. Many people then add a small ε to
# $q$ "against division by zero". But the number that comes out depends on the choice of ε.

# %%
epsilon = np.array([1e-6, 1e-9, 1e-12])
smoothed = divergences.kl(half, np.stack([1 - epsilon, epsilon], axis=-1))
steps = np.diff(smoothed)
print("KL with ε = 1e-6, 1e-9, 1e-12:", smoothed.round(2))

# %% jupyter={"source_hidden": true}
claim("03/epsilon", "Each factor 1000 in ε adds ½·log 1000 to KL.", steps, equals=np.log(1000) / 2, within=1e-5)

# %% [markdown]
# Rounding causes the same trouble. A Gaussian is positive everywhere, so the KL between two of them is finite, but a
# computer's smallest positive number is about $5\cdot10^{-324}$. Forty widths away the density is smaller than that.
# It becomes 0, and KL becomes ∞.

# %%
wide = np.linspace(-50, 50, 2001)
near, far = (np.exp(-((wide - shift) ** 2) / 2) / np.sqrt(2 * np.pi) for shift in (0, 40))
underflow = divergences.kl(near, far, dx=0.05)
print("exact: 40²/2 = 800 nats. On the grid:", underflow)

# %% jupyter={"source_hidden": true}
claim("03/underflow", "In 64 bits, two Gaussians 40σ apart have KL = ∞; exactly it is 800.", np.isinf(underflow))

# %% [markdown]
# ## Two directions, two habits (7 min)
#
# KL is not symmetric. To minimise $\mathrm{KL}(p\,\|\,q)$ over $q$ is *maximum likelihood*. To minimise
# $\mathrm{KL}(q\,\|\,p)$, the **reverse KL**, leads to another model.
#
# Take data with two modes, and a model that can be only one Gaussian $\mathcal N(\mu,\sigma^2)$. It cannot match the
# data, and its errors show the habit of the divergence. **Predict** $\mu$ and $\sigma$ under KL and under reverse KL.
# And what are they under the **Jensen–Shannon divergence**, JSD? That is the average KL of $p$ and of $q$ to their
# mixture $m=\tfrac12(p+q)$; the original GAN minimises it (chapter 02).
#
# There are only two parameters. So we try them all: a grid of 61 means and 96 widths.

# %%
dx = 0.05
x = np.arange(-12, 12 + dx / 2, dx)


def normal(mu, sigma):
    density = np.exp(-(((x - mu[..., None]) / sigma[..., None]) ** 2) / 2)
    return density / (density.sum(-1, keepdims=True) * dx)


mu, sigma = np.linspace(-3, 3, 61), np.linspace(0.25, 2.625, 96)
models = normal(*np.meshgrid(mu, sigma, indexing="ij"))  # 61 × 96 densities
data = normal(np.array([-2.0, 2.0]), np.array([0.5, 0.5])).mean(0)

# %%
costs = {
    "KL": divergences.kl(data, models, dx),  # p‖q
    "reverse KL": divergences.kl(models, data, dx),  # q‖p
    "JSD": divergences.js(data, models, dx),
}
best = {name: np.unravel_index(cost.argmin(), cost.shape) for name, cost in costs.items()}
for name, (i, j) in best.items():
    print(f"{name:>10}: |μ| = {abs(mu[i]):.1f}, σ = {sigma[j]:.2f}")

# %%
figures.divergences.fits(
    x,
    data,
    {name: models[i] for name, i in best.items()},
    mu,
    {name: cost.min(axis=1) for name, cost in costs.items()},
)
plt.show()

# %% [markdown]
# KL asks the model: "is there data where you have little mass?" Each such place costs much, so the model covers all
# the data: KL is **mass covering**. Reverse KL asks: "do you put mass where there is no data?" So the model stays
# within one mode: reverse KL is **mode seeking**, and has one best answer for each mode.
#
# The mass-covering fit can be computed without a search. KL's best Gaussian has the mean and the variance of the
# data: here $\mu=0$, $\sigma^2 = 2^2 + 0.5^2$.

# %%
fitted = {name: np.array([abs(mu[i]), sigma[j]]) for name, (i, j) in best.items()}
moments, mode = np.array([0, np.hypot(2, 0.5)]), np.array([2, 0.5])

# %% jupyter={"source_hidden": true}
claim(
    "03/mass-covering", "KL picks the mean and the width of the whole data.", fitted["KL"], equals=moments, within=0.05
)
claim(
    "03/mode-seeking",
    "Reverse KL picks one of the modes, its place and its width.",
    fitted["reverse KL"],
    equals=mode,
    within=0.05,
)
claim("03/js-covers", "On these data JSD covers both modes, too.", fitted["JSD"], equals=moments, within=0.05)

# %% [markdown]
# **Did you notice?** Here JSD, the divergence of the original GAN, is smaller when the model covers both modes than
# when it picks one. But its green curve has a shallow second valley over each mode. If you start at $\mu=2$ and
# always go downhill, you stay there. So when a GAN loses modes, the divergence need not be the reason. The start, the
# steps, and the order in which the two networks learn matter, too.

# %%
valley = costs["JSD"].min(axis=1)[mu > -0.01]  # over 0 ≤ μ ≤ 3, the best σ for each
ridge = valley[:21].max() - valley[20]  # μ = 2 is entry 20

# %% jupyter={"source_hidden": true}
claim("03/js-side-valleys", "On its way from a mode to the middle, JSD first rises.", ridge, above=0.005)

# %% [markdown]
# ## JSD and TV: bounded, but are they distances? (5 min)
#
# $$\mathrm{JSD}(p,q) = \tfrac12\,\mathrm{KL}(p\,\|\,m) + \tfrac12\,\mathrm{KL}(q\,\|\,m),\quad m=\tfrac12(p+q),
# \qquad \mathrm{TV}(p,q) = \tfrac12\sum_x |p(x)-q(x)| .$$
#
# Both are symmetric, and both are always finite: $m$ has mass wherever $p$ or $q$ has. *Total variation*, TV, is the
# share of the mass that must move to turn $p$ into $q$.

# %%
sparse = rng.dirichlet(np.full(6, 0.15), size=(2, 2000))
sparse = np.where(sparse < 1e-3, 0, sparse)  # many empty bins, on purpose
p, q = sparse / sparse.sum(-1, keepdims=True)
js, tv = divergences.js(p, q), divergences.tv(p, q)
print("of 2000 pairs, KL is infinite for", "most" if np.isinf(divergences.kl(p, q)).mean() > 0.5 else "few")

# %% jupyter={"source_hidden": true}
claim(
    "03/js-bounded",
    "JSD lies between 0 and log 2, also where KL is infinite.",
    js,
    above=-1e-12,
    below=np.log(2) + 1e-12,
)
claim("03/js-below-tv", "JSD is at most log 2 · TV.", js - np.log(2) * tv, below=1e-12)

# %% [markdown]
# A **metric** must also obey the triangle inequality: a detour over a third point $m$ is never shorter than the
# straight way, $d(p,r) \le d(p,m) + d(m,r)$. (Here $m$ is any third distribution, not the mixture.) Take 20,000
# random triples of distributions over three bins. **Predict:** how many detours are shorter for JSD? For
# $\sqrt{\mathrm{JSD}}$? For TV?


# %%
def root_js(p, q):
    return np.sqrt(divergences.js(p, q))


p, m, r = rng.dirichlet(np.ones(3), size=(3, 20_000))
excess = {
    name: d(p, r) - d(p, m) - d(m, r)
    for name, d in {"JSD": divergences.js, "√JSD": root_js, "TV": divergences.tv}.items()
}
figures.divergences.triangles(excess)
plt.show()

# %%
broken = {name: np.count_nonzero(values > 1e-12) for name, values in excess.items()}

# %% jupyter={"source_hidden": true}
claim(
    "03/js-no-metric",
    "Of 20,000 random triples, thousands violate the triangle inequality of JSD.",
    broken["JSD"],
    above=2000,
)
claim(
    "03/root-js-metric",
    "√JSD and TV violate the triangle inequality in none of 20,000 random triples.",
    [broken["√JSD"], broken["TV"]],
    equals=0,
    within=0,
)

# %% [markdown]
# JSD behaves like the *square* of a distance: two small steps cost less than a large one. Its square root is a metric
# (Endres & Schindelin 2003). One triple, which you can compute by hand, is enough to see that JSD is none: from
# $(1,0)$ to $(0,1)$ over $(\tfrac12,\tfrac12)$.

# %%
start, middle, end = np.array([1.0, 0.0]), np.array([0.5, 0.5]), np.array([0.0, 1.0])
detour = divergences.js(start, middle) + divergences.js(middle, end)
print(f"straight {divergences.js(start, end):.4f}, detour {detour:.4f}")

# %% [markdown]
# ## One picture for all of them (5 min, depth)
#
# KL, reverse KL, JSD, TV and χ² (a sum of squared differences, $\sum_x (p-q)^2/q$) have one form. Let $r = p/q$ be
# the density ratio and $f$ a convex function with $f(1)=0$. An **f-divergence** pays the price $f(r)$ for each unit
# of mass of $q$:
#
# $$D_f(p\,\|\,q) = \sum_x q(x)\, f\!\left(\frac{p(x)}{q(x)}\right).$$


# %%
def f_divergence(f, p, q):
    return (q * f(p / q)).sum(-1)  # for q > 0


PRICES = {
    "KL": lambda r: r * np.log(r) - r + 1,
    "reverse KL": lambda r: -np.log(r) + r - 1,
    "JSD": lambda r: (r * np.log(r) - (1 + r) * np.log((1 + r) / 2)) / 2,
    "TV": lambda r: np.abs(r - 1) / 2,
    "χ²": lambda r: (r - 1) ** 2,
}
LIBRARY = {
    "KL": divergences.kl,
    "reverse KL": lambda p, q: divergences.kl(q, p),
    "JSD": divergences.js,
    "TV": divergences.tv,
    "χ²": divergences.pearson_chi2,
}

# %%
p, q = rng.dirichlet(np.full(8, 2.0), size=(2, 500))
off = [f_divergence(f, p, q) / LIBRARY[name](p, q) - 1 for name, f in PRICES.items()]

# %% jupyter={"source_hidden": true}
claim("03/f-divergences", "Σ q f(p/q) is the library's number, for all five and 500 pairs.", off, equals=0, within=1e-9)

# %%
ratio = np.linspace(0.002, 5, 1000)
figures.divergences.f_curves(ratio, {name: PRICES[name](ratio) for name in ("KL", "reverse KL", "JSD", "TV")})
plt.show()

# %% [markdown]
# Look at the two ends of each curve. At the left end, $r\to0$: the model puts mass where there is no data. There the
# price of reverse KL rises without bound: mode seeking. At the right end, $r\to\infty$: there is data where the model
# has no mass. There the price of KL rises faster than $r$: mass covering. JSD and TV have a finite price at both
# ends. When $p$ and $q$ do not meet *at all*, only the two ends are left: all of $q$ pays $f(0)$, and all of $p$ pays
# $\lim f(r)/r$, because $q\,f(p/q)=p\,f(r)/r$. So each f-divergence is then a **constant** (which may be ∞).

# %%
huge = 1e12
ends = [PRICES[name](1 / huge) + PRICES[name](huge) / huge for name in ("JSD", "TV")]

# %% jupyter={"source_hidden": true}
claim(
    "03/two-ends",
    "The two ends, f(0) + lim f(r)/r, give log 2 for JSD, 1 for TV.",
    ends,
    equals=[np.log(2), 1],
    within=1e-6,
)

# %% [markdown]
# There is a deeper reason for this. An f-divergence sums over bins and does not use *where* a bin is. Shuffle the
# bins, the same way for $p$ and $q$: nothing changes. So it cannot know that two bins are neighbours. The **earth
# mover's distance**, EMD, does: it is the least work that moves the mass of $p$ into the shape of $q$, where work is
# mass times distance (chapter 04 is about it).

# %%
shuffle = rng.permutation(8)
change = [d(p[:, shuffle], q[:, shuffle]) - d(p, q) for d in LIBRARY.values()]

# %% jupyter={"source_hidden": true}
claim("03/blind-to-place", "Shuffling the bins changes no f-divergence.", change, equals=0, within=1e-12)

# %%
place = np.arange(8.0)  # bins one unit apart
moved = transport.emd(p[:, shuffle], q[:, shuffle], positions=place) - transport.emd(p, q, positions=place)

# %% jupyter={"source_hidden": true}
claim(
    "03/emd-sees-place", "The same shuffle changes the earth mover's distance of every pair.", np.abs(moved), above=1e-6
)

# %% [markdown]
# ## What do other losses minimise? (6 min, depth)
#
# In chapter 02 the best discriminator turned the cross-entropy loss into JSD. Other losses turn into other
# divergences. The recipe is always the same: let $D$ take any value in each bin, find the value with the smallest
# $L_D$, and put it into the loss. We find it by trying 601 values between −3 and 3.
#
# - **Hinge:** $L_D = \mathbb E_p[\max(0, 1-D)] + \mathbb E_q[\max(0, 1+D)]$, and $L_G = -\mathbb E_q[D]$.
# - **Least squares:** $L_D = \mathbb E_p[(D-1)^2] + \mathbb E_q[(D+1)^2]$, and $L_G = \mathbb E_p[D^2] + \mathbb
#   E_q[D^2]$, where $G$ cannot change the first term. (The library puts ½ in front; the best $D$ stays the same.)
#
# **Predict:** the best $D$ for the hinge loss takes only two values. Which?

# %%
LEVELS = np.linspace(-3, 3, 601)[:, None]  # what D may answer in a bin


def best_answers(loss):
    return LEVELS[loss.argmin(0), 0], loss.min(0).sum(-1)  # D*, and L_D at D*


def hinge(p, q, D):
    return p * np.maximum(0, 1 - D) + q * np.maximum(0, 1 + D)


def least_squares(p, q, D):
    return p * (D - 1) ** 2 + q * (D + 1) ** 2


# %%
p, q = normal(np.array([-1.0, 1.5]), np.array([1.0, 0.8]))[:, 140:361]  # two Gaussians on −5 ≤ x ≤ 6
formulas = {
    "hinge": np.sign(p - q),  # which of the two is larger here?
    "least squares": (p - q) / (p + q),  # by how much?
}
found = {"hinge": best_answers(hinge(p, q, LEVELS))[0], "least squares": best_answers(least_squares(p, q, LEVELS))[0]}
figures.divergences.best_discriminators(x[140:361], p, q, found, formulas)
plt.show()

# %%
p, q = rng.dirichlet(np.full(10, 0.5), size=(2, 200))  # 200 random pairs
D, loss = best_answers(hinge(p, q, LEVELS[..., None]))
bound = 2 * (1 - divergences.tv(p, q))

# %% jupyter={"source_hidden": true}
claim("03/hinge-sign", "The best D for the hinge loss is sign(p − q).", D, equals=np.sign(p - q), within=0.011)
claim(
    "03/hinge-is-tv",
    "At sign(p − q) the hinge loss L_D is 2·(1 − TV), its value −L_D is −2·(1 − TV).",
    loss,
    equals=bound,
    within=1e-9,
)

# %%
D, _ = best_answers(least_squares(p, q, LEVELS[..., None]))
stretched = 2 * divergences.optimal_discriminator(p, q) - 1

# %% jupyter={"source_hidden": true}
claim(
    "03/least-squares-d", "The best least-squares D is 2·D* − 1, D* from chapter 02.", D, equals=stretched, within=0.006
)

# %%
D = (p - q) / (p + q)
spread, chi2 = (p * D**2 + q * D**2).sum(-1), divergences.minimised_by("least_squares", p, q)

# %% jupyter={"source_hidden": true}
claim(
    "03/least-squares-chi2",
    "At the best least-squares D, E_p[D²] + E_q[D²] is Pearson's χ²(2q‖p+q).",
    spread,
    equals=chi2,
    within=1e-12,
)

# %% [markdown]
# So a perfect hinge discriminator sees only *which* of $p$ and $q$ is larger, and its loss measures total variation.
#
# The paper on spectral normalisation (Miyato et al. 2018, section 4) says that the hinge objectives minimise the
# *reverse KL*. We can check this with the gradient that the generator gets. Let $q = \mathrm{softmax}(a)$, and hold
# $D$ fixed at its best, as in a generator's step. Is the gradient of $-\mathbb E_q[D]$ with respect to $a$ equal to
# that of $2\,\mathrm{TV}(p,q)$, or to that of $\mathrm{KL}(q\,\|\,p)$?


# %%
def softmax(a):
    return np.exp(a) / np.exp(a).sum(-1, keepdims=True)


def gradient(function, a, step=1e-6):  # central differences, one coordinate at a time
    nudge = step * np.eye(a.shape[-1])
    return (function(softmax(a[..., None, :] + nudge)) - function(softmax(a[..., None, :] - nudge))) / (2 * step)


def cosine(a, b):
    return (a * b).sum(-1) / np.sqrt((a**2).sum(-1) * (b**2).sum(-1))


# %%
p, a = rng.dirichlet(np.full(5, 3.0), size=100)[:, None, :], rng.normal(size=(100, 5))
D = np.sign(p - softmax(a)[:, None, :])  # the best hinge discriminator, held fixed
felt = gradient(lambda q: -(q * D).sum(-1), a)
to_tv = gradient(lambda q: 2 * divergences.tv(p, q), a)
to_reverse_kl = gradient(lambda q: divergences.kl(q, p), a)
off = np.degrees(np.arccos(cosine(felt, to_reverse_kl)))

# %% jupyter={"source_hidden": true}
claim("03/hinge-gradient", "What G feels under hinge is the gradient of 2·TV.", felt - to_tv, equals=0, within=1e-6)
claim(
    "03/hinge-not-reverse-kl",
    "The hinge gradient is more than 10° off that of reverse KL, in most of 100 cases.",
    (off > 10).mean(),
    above=0.5,
)

# %%
logit = np.log(p / softmax(a)[:, None, :])  # the best logit of the cross-entropy loss: log D*/(1 − D*)
gap = gradient(lambda q: -(q * logit).sum(-1), a) - to_reverse_kl

# %% jupyter={"source_hidden": true}
claim(
    "03/linear-loss-reverse-kl",
    "After a cross-entropy D, −E_q[logit] has the gradient of reverse KL.",
    gap,
    equals=0,
    within=1e-6,
)

# %% [markdown]
# **What you saw.** The generator's loss alone does not decide the divergence. The same $-\mathbb E_q[D]$ has the
# gradient of total variation (twice) after a hinge discriminator, and that of the reverse KL after a cross-entropy
# one.
#
# ## As two distributions part (8 min)
#
# Now the prediction from the top. We take four families. Each has one shape $p$, and $q$ is the same shape shifted by
# $\theta$, $q(x) = p(x-\theta)$:
#
# - **parallel lines:** all mass at one $x$. (In the plane: two upright line segments $\theta$ apart, uniform along
#   their length.)
# - **bars:** five masses on whole numbers, shifted all together;
# - **uniform:** $\mathrm{Uniform}[0,1]$ and $\mathrm{Uniform}[\theta,\theta+1]$;
# - **Gaussian:** $\mathcal N(0,1)$ and $\mathcal N(\theta,1)$.
#
# We measure four numbers. Three you know: JSD, KL and TV. The fourth is the earth mover's distance, EMD: the least
# work that moves the mass of $p$ into the shape of $q$, where work is mass times distance.
#
# We use bins of width $h = 0.05$ and shift by whole bins, so that edges stay exact.

# %%
h = 0.05
bins = np.arange(-320, 321)
positions = h * bins


def seen_from(theta):  # bin numbers as the shifted shape sees them
    return bins - np.rint(np.asarray(theta) / h)[..., None]


FAMILIES = {
    "Gaussian": lambda theta: h * np.exp(-((h * seen_from(theta)) ** 2) / 2) / np.sqrt(2 * np.pi),
    "uniform": lambda theta: h * ((seen_from(theta) >= 0) & (seen_from(theta) < 20)),
    "parallel lines": lambda theta: 1.0 * (seen_from(theta) == 0),
    "bars": lambda theta: sum(
        mass * (seen_from(theta) == 20 * place)
        for place, mass in zip(range(-2, 3), [0.1, 0.2, 0.4, 0.2, 0.1], strict=True)
    ),
}

# %%
theta = h * np.arange(-120, 121)  # shifts from −6 to 6


def measure(p, q):
    return {
        "JSD": divergences.js(p, q),
        "KL": divergences.kl(p, q),
        "TV": divergences.tv(p, q),
        "EMD": transport.emd(p, q, positions=positions),
    }


CURVES = {name: measure(shape(0.0), shape(theta)) for name, shape in FAMILIES.items()}

# %% [markdown]
# Move the shift. Choose another family. Watch which of the four numbers change, and from which shift on they stop
# changing.


# %%
def part(shift, family):
    shape, curves = FAMILIES[family], CURVES[family]
    figure = figures.divergences.parting(positions, shape(0.0), shape(shift), theta, curves, shift)
    values = {name: curve[np.abs(theta - shift).argmin()] for name, curve in curves.items()}
    return figure, "   ".join(f"{name} {value:.3f}".replace("inf", "∞") for name, value in values.items())


widgets.explore(part, shift=(-6.0, 6.0, 0.25, 1.0), family=list(FAMILIES))

# %% [markdown]
# The four families in one picture, for a page without a kernel. A single dot off the curve marks a jump.

# %%
rows = {name: (shape(0.0), shape(1.5), CURVES[name]) for name, shape in FAMILIES.items()}
figures.divergences.families(positions, theta, rows, shift=1.5)
plt.show()

# %% [markdown]
# Only one column looks the same in all rows. EMD is $|\theta|$ for every shape: each grain of mass travels the
# distance $|\theta|$. All the others depend on how much overlaps.

# %%
emd = [curves["EMD"] - np.abs(theta) for curves in CURVES.values()]

# %% jupyter={"source_hidden": true}
claim("03/emd-is-the-shift", "EMD is |θ| in all four families.", emd, equals=0, within=1e-9)

# %%
apart = np.abs(theta) > h / 2  # every shift but 0
lines = CURVES["parallel lines"]
far = [lines["JSD"][apart] / np.log(2), lines["TV"][apart]]

# %% jupyter={"source_hidden": true}
claim("03/lines", "Parallel lines: JSD = log 2 and TV = 1 at every shift but 0.", far, equals=1, within=1e-12)

# %%
bars, whole = CURVES["bars"]["JSD"], np.abs(theta - np.rint(theta)) < h / 2  # shifts by whole bars
meet = whole & apart & (np.abs(theta) < 4.5)

# %% jupyter={"source_hidden": true}
claim("03/bars-between", "Bars, shifted by part of a bar: JSD is log 2.", bars[~whole], equals=np.log(2), within=1e-12)
claim(
    "03/bars-whole",
    "Bars, shifted by 1 to 4 whole bars, meet again: JSD is smaller.",
    bars[meet],
    below=np.log(2) - 0.01,
)

# %% [markdown]
# For these two families the slides are right: "over a wide range constant, and even discontinuous". But for densities
# that are spread out it is different.

# %%
uniform, gaussian = CURVES["uniform"], CURVES["Gaussian"]
exact = np.minimum(1, np.abs(theta)) * np.log(2)  # continuous, and constant from |θ| = 1 on

# %% jupyter={"source_hidden": true}
claim("03/uniform", "Uniform: JSD = min(1, |θ|)·log 2.", uniform["JSD"], equals=exact, within=1e-12)
claim("03/uniform-kl", "Uniform: KL is infinite at every shift but 0.", np.isinf(uniform["KL"][apart]))

claim("03/gaussian-kl", "Gaussian: KL = θ²/2.", gaussian["KL"], equals=theta**2 / 2, within=1e-9)

# %%
rise = np.diff(gaussian["JSD"][theta > -h / 2])

# %% jupyter={"source_hidden": true}
claim(
    "03/gaussian-js-rises", "Gaussian: JSD is nowhere constant; it rises with every bin from 0 to 6σ.", rise, above=1e-5
)

# %%
values = divergences.js(FAMILIES["Gaussian"](0.0), FAMILIES["Gaussian"](np.array([1.0, 8.0])))

# %% jupyter={"source_hidden": true}
claim("03/gaussian-js-values", "Gaussian: JSD is 0.111 at 1σ, 0.693 at 8σ.", values, equals=[0.111, 0.693], within=5e-4)

# %% [markdown]
# "Not constant" does not yet mean "useful". A generator follows the *slope*. At $5.5\sigma$ JSD still rises, but how
# steeply? EMD has slope 1 at every positive shift; what happens at shift 0, where we want to arrive?


# %%
def slope(curve, start, end):
    at_start, at_end = (curve[np.abs(theta - shift).argmin()] for shift in (start, end))
    return (at_end - at_start) / (end - start)


for name, curve in gaussian.items():
    print(f"{name:>3} at 5.5σ: slope {slope(curve, 5.5 - h, 5.5 + h):.3f}")

# %%
share = slope(gaussian["JSD"], 5.5 - h, 5.5 + h) / slope(gaussian["EMD"], 5.5 - h, 5.5 + h)

# %% jupyter={"source_hidden": true}
claim("03/js-saturates", "Gaussian at 5.5σ: JSD rises less than a fiftieth as fast as EMD.", share, above=0, below=0.02)

# %%
kinks = [[slope(curves["EMD"], -h, 0), slope(curves["EMD"], 0, h)] for curves in CURVES.values()]

# %% jupyter={"source_hidden": true}
claim("03/emd-kink", "At p = q the slope of EMD jumps from −1 to 1.", kinks, equals=[[-1, 1]] * 4, within=1e-9)

# %%
smooth = [[slope(gaussian[name], -h, 0), slope(gaussian[name], 0, h)] for name in ("JSD", "KL")]

# %% jupyter={"source_hidden": true}
claim("03/js-smooth-at-0", "Gaussian: at p = q JSD and KL are smooth, with slope 0.", smooth, equals=0, within=0.03)

# %% [markdown]
# **What you saw.** "JSD gives no gradient" is true only of pairs that do not overlap, or hardly. There the
# *saturating* loss of a perfect $D$ is flat, too, because at $D^*$ its gradient is that of 2·JSD (chapters 02 and
# 06). The KL of Gaussians pulls harder the farther away the model is. EMD always pulls with the same strength, even
# close to the goal, where it has a kink.
#
# ## From densities to samples (4 min, depth)
#
# A GAN never sees densities. It sees points. Two samples from the *same* continuous distribution almost never share a
# point. So as sets of points they are two distributions that do not meet. **Predict** their JSD. And what is it if
# you sort them into bins first?

# %%
samples = rng.normal(size=(10, 2, 500))  # ten times two samples of 500 points from one N(0, 1)
points = np.sort(samples.reshape(10, 1000))
is_first = np.array([np.isin(all_points, first) for all_points, (first, _) in zip(points, samples, strict=True)])
p, q = is_first / 500, ~is_first / 500  # each point carries 1/500 of its own sample
js_points = divergences.js(p, q)
emd_points = np.array([transport.emd(*pair, positions=at) for *pair, at in zip(p, q, points, strict=True)])

# %% jupyter={"source_hidden": true}
claim("03/samples-js", "Two samples of the same Gaussian have JSD = log 2.", js_points, equals=np.log(2), within=1e-12)
claim(
    "03/samples-emd",
    "The EMD of two samples of the same Gaussian is below a quarter of σ.",
    emd_points,
    above=0,
    below=0.25,
)

# %%
counts = 2 ** np.arange(17)
masses = [
    [[np.histogram(sample, bins=count, range=(-8, 8))[0] / 500 for sample in pair] for count in counts]
    for pair in samples
]
js_bins = np.array([[divergences.js(p, q) for p, q in each] for each in masses])  # 10 pairs × 17 counts
figures.divergences.bins_against_points(counts, js_bins, emd_points)
plt.show()

# %% jupyter={"source_hidden": true}
claim("03/finer-bins", "Bins of half the width never lower the JSD of two histograms.", np.diff(js_bins), above=-1e-12)
claim(
    "03/bins-decide",
    "From 1 bin to 65,536 bins JSD goes from 0 to above 0.6, on the same samples.",
    np.ptp(js_bins, axis=1),
    above=0.6,
)

# %% [markdown]
# **Did you notice?** For one pair of samples, the choice of bins moves JSD from 0 almost to $\log 2$. A discriminator
# network has the role of the bins. If it can tell every point from its neighbours, it sees two samples "that do not
# meet", even when they come from one distribution. To keep $D$ smooth is like choosing wider bins.
#
# ## What the sources get wrong
#
# - **The slides, lines 389–390:** 「JSDでは広い範囲で定数, しかも不連続」 ("JSD is constant over a wide range and even
#   discontinuous"). This is true of two parallel lines, Example 1 of Arjovsky et al. 2017. As a statement about
#   densities it is too strong: `03/uniform` (continuous, constant only from 1 on) and `03/gaussian-js-rises` (never
#   constant).
# - **The slides, line 373:** 「分布が交わらないとき、JSDは定数になる」 ("when the distributions do not meet, JSD is
#   constant"). Correct, and the constant is log 2. But **line 375**, below it, has lost the factor ½. Its second
#   line would give log 4:

# %%
p, q = rng.dirichlet(np.ones(4), size=(2, 300))
nothing = np.zeros_like(p)
p, q = np.hstack([p, nothing]), np.hstack([nothing, q])  # 300 random pairs that do not meet
js, mixture = divergences.js(p, q), (p + q) / 2

# %% jupyter={"source_hidden": true}
claim(
    "03/disjoint", "When p and q do not meet, JSD is log 2, whatever their shapes.", js, equals=np.log(2), within=1e-12
)

# %%
slide = divergences.kl(p, mixture) + divergences.kl(q, mixture)  # the slide's second line: no ½

# %% jupyter={"source_hidden": true}
claim(
    "03/lost-half",
    "Where p and q do not meet, the slide's second line gives log 4: twice the JSD.",
    slide,
    equals=np.log(4),
    within=1e-12,
)

# %% [markdown]
# - **The slides, line 174:** 「JSD距離」 ("the JSD distance"). JSD violates the triangle inequality; √JSD is the
#   distance: `03/js-no-metric`, `03/root-js-metric`.
# - **The slides, line 534:** EMD 「絶対値がそのまま現れて定数にならず不連続でもない」 ("the absolute value appears
#   as it is, neither constant nor discontinuous"). Correct. What it leaves out: the absolute value has a kink at
#   the goal, `03/emd-kink`.
# - **Miyato et al. 2018, section 4:** the hinge objectives minimise the reverse KL. With a free $D$ they minimise
#   total variation: `03/hinge-is-tv`, `03/hinge-gradient`, `03/hinge-not-reverse-kl`. The same $L_G$ minimises the
#   reverse KL after a cross-entropy $D$: `03/linear-loss-reverse-kl`.
# - A matter of convention, not an error: **Mao et al. 2017** write the χ² of least squares as
#   $\chi^2(p+q\,\|\,2q)$. What they derive is the sum with $p+q$ below the fraction line. In this course that is
#   $\chi^2(2q\,\|\,p+q)$: `03/least-squares-chi2`.
#
# ## Exercises (20 min)
#
# **Exercise 03.1** · ★☆☆ · 5 minutes. Write `kl(p, q)` for two histograms with NumPy alone. It must be right for
# empty bins: never NaN (not a number), and ∞ where KL is ∞. Add no ε.


# %%
def kl(p, q): ...  # your lines


check("03.1", kl)

# %% [markdown]
# <details><summary>Solution 03.1</summary>
#
# ```python
# def kl(p, q):
#     visited = p > 0  # the other bins add 0·log 0 = 0
#     p, q = p[visited], q[visited]
#     return np.inf if (q == 0).any() else np.sum(p * np.log(p / q))
#
#
# check("03.1", kl)
# ```
#
# The average is over $p$. So only the bins in which $p$ has mass count, and KL is finite only if $q$ has mass in each
# of them.
#
# </details>

# %% [markdown]
# **Exercise 03.2** · ★★☆ · 5 minutes, depth. Predict, then write it down: `uniforms(theta)` returns an array with the JSD
# (in nats), the TV and the EMD of $\mathrm{Uniform}[0,1]$ and $\mathrm{Uniform}[\theta,\theta+1]$, for any real
# $\theta$.


# %%
def uniforms(theta): ...  # return np.array([js, tv, emd])


check("03.2", uniforms)

# %% [markdown]
# <details><summary>Solution 03.2</summary>
#
# ```python
# def uniforms(theta):
#     apart = min(1.0, abs(theta))  # the share of each that the other does not cover
#     return np.array([apart * np.log(2), apart, abs(theta)])
#
#
# check("03.2", uniforms)
# ```
#
# Where the two overlap, $p=q$, which costs nothing. The rest, a share min(1, |θ|) of each, overlaps with nothing and
# costs the full price: log 2 for JSD, 1 for TV. EMD moves everything by θ.
#
# </details>

# %% [markdown]
# **Exercise 03.3** · ★★☆ · 5 minutes, depth. The data are a mixture of Gaussians with `weights`, `centres` (arrays) and
# one common width `s`. Which Gaussian minimises $\mathrm{KL}(p\,\|\,q)$? Write `covering(weights, centres, s)`,
# which returns an array with its $\mu$ and its $\sigma$.


# %%
def covering(weights, centres, s): ...  # return np.array([mu, sigma])


check("03.3", covering)

# %% [markdown]
# <details><summary>Solution 03.3</summary>
#
# ```python
# def covering(weights, centres, s):
#     mu = np.sum(weights * centres)
#     variance = np.sum(weights * (s**2 + (centres - mu) ** 2))  # within the modes, and between them
#     return np.array([mu, np.sqrt(variance)])
#
#
# check("03.3", covering)
# ```
#
# To minimise KL is to maximise $\mathbb E_p[\log q]$, and the Gaussian $q$ that does so has the mean and the variance
# of $p$.
#
# </details>

# %% [markdown]
# **Exercise 03.4** · ★★☆ · 5 minutes, depth. Write `smallest_hinge_loss(p, q)`: the hinge loss $L_D$ that the best possible
# $D$ still has. Start with one bin: which $D$ is best there, and what is its loss?


# %%
def smallest_hinge_loss(p, q): ...  # your line


check("03.4", smallest_hinge_loss)

# %% [markdown]
# <details><summary>Solution 03.4</summary>
#
# ```python
# def smallest_hinge_loss(p, q):
#     return 2 * np.sum(np.minimum(p, q))
#
#
# check("03.4", smallest_hinge_loss)
# ```
#
# Where $p>q$ the best $D$ is 1. Its loss is 0 for the real points and $1 + D = 2$ for the fakes: $2q$. Elsewhere it
# is $2p$. The sum is $2\sum\min(p,q) = 2\,(1-\mathrm{TV})$.
#
# </details>

# %% [markdown]
# ## What we checked

# %%
checked()

# %% [markdown]
# ## Further reading
#
# - J. Lin, *Divergence measures based on the Shannon entropy*, IEEE Trans. Information Theory, 1991: JSD and its
#   bounds.
# - D. Endres & J. Schindelin, *A new metric for probability distributions*, IEEE Trans. Information Theory, 2003:
#   √JSD.
# - S. Nowozin, B. Cseke & R. Tomioka, *f-GAN*, NeurIPS 2016: a GAN for every f-divergence.
# - M. Arjovsky & L. Bottou, *Towards principled methods for training generative adversarial networks*, ICLR 2017:
#   when distributions do not meet.
# - M. Arjovsky, S. Chintala & L. Bottou, *Wasserstein generative adversarial networks*, ICML 2017: the parallel
#   lines.
# - W. Fedus et al., *Many paths to equilibrium: GANs do not need to decrease a divergence at every step*, ICLR
#   2018: a caution to this whole chapter.
#
# Next: chapter 04, the earth mover. What does it cost to turn one pile of earth into another?

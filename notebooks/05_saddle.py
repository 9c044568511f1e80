# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 05 · The saddle
#
# **The question.** A GAN has two players, and each goes downhill on its own loss. Do they reach the equilibrium?
#
# *80 minutes.*
#
# **You will be able to**
#
# - write a two-player game as a vector field, and step through it in six ways;
# - say beforehand, from two eigenvalues, whether a way of stepping converges;
# - say what looking ahead through $K$ steps adds, and what each of its two terms does;
# - say which objectives and penalties of real GANs converge on the smallest GAN there is, and why;
# - show that *any* fixed discriminator, even the optimal one, collapses the generator.
#
# **Predict before you run.** The game is $V(x,y)=xy$. One player chooses $x$ and makes $V$ small, the other chooses $y$
# and makes $V$ large. They start at $(1,1)$, at distance 1.41 from the equilibrium $(0,0)$. Both take 500 gradient
# steps of size 0.1, always at the same moment. How far are they from the equilibrium then: nearly 0, still about 1.41,
# or more than 10? And if they take turns instead?

# %%
import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import solve_ivp

from gan_core import divergences, figures, games, widgets
from gan_core.course import check, checked, claim

figures.use_style()

# %% [markdown]
# ## A game is a vector field (8 min)
#
# An **equilibrium** (a Nash equilibrium) is a point where neither player gains by moving *alone*. Here is a number that
# measures how far a point is from an equilibrium: the sum of what each player could gain while the other stays,
#
# $$\max_{y'} V(x,y') \;-\; \min_{x'} V(x',y).$$
#
# For $V=xy$ and moves within $[-1,1]$ we try every move on a grid.

# %%
moves = np.linspace(-1, 1, 41)
x, y = np.meshgrid(moves, moves, indexing="ij")
best_y = (x[..., None] * moves).max(axis=-1)  # max over y' of V(x, y')
best_x = (moves * y[..., None]).min(axis=-1)  # min over x' of V(x', y)
gain = best_y - best_x

# %% jupyter={"source_hidden": true}
claim(
    "05/nash",
    "In the game xy the players can gain |x| + |y|: nothing at (0, 0), something everywhere else.",
    gain,
    equals=np.abs(x) + np.abs(y),
    within=1e-12,
)

# %% [markdown]
# Now each player follows its own gradient: $x$ goes down on $V$, $y$ goes up. Two formulas, one for each player, are a
# **vector field**:
#
# $$v_x = -\frac{\partial V}{\partial x} = -y, \qquad v_y = +\frac{\partial V}{\partial y} = x .$$
#
# In `gan_core.games` a game *is* these two formulas. First we let time run continuously, $w' = v(w)$ with $w=(x,y)$,
# and ask scipy for the solution. **Predict**: where does the field lead?

# %%
xy = games.bilinear()
flow = solve_ivp(lambda _, w: xy.field(*w), (0, 50), [1, 1], rtol=1e-10, atol=1e-12, max_step=0.1)

x, y = np.meshgrid(np.linspace(-1.8, 1.8, 73), np.linspace(-1.8, 1.8, 73))
figures.games.saddle(x, y, x * y, xy.field(x, y), flow.y.T)
plt.show()

# %% jupyter={"source_hidden": true}
claim(
    "05/circle",
    "In continuous time the players of xy circle the equilibrium for ever, at a constant distance.",
    np.hypot(*flow.y),
    equals=np.sqrt(2),
    within=1e-6,
)

# %% [markdown]
# **Did you notice?** No arrow points at the equilibrium. Each player improves at every moment, and still they come no
# closer. The step size cannot be the reason: there are no steps yet.
#
# And what if a player does not take a *step* but optimises fully, with the other held fixed? Then there is no answer:
# for fixed $y$, $xy$ is a straight line in $x$, and has no lowest point. If $x$ must stay within a *fence* at $\pm1$,
# there is one, at the fence.

# %%
fences = np.array([1.0, 10.0, 100.0, 1000.0])
lowest = [(np.linspace(-fence, fence, 2001) * 1.0).min() for fence in fences]  # y = 1, every x within the fence

# %% jupyter={"source_hidden": true}
claim(
    "05/one-side-unbounded",
    "With y fixed at 1, the best x is always at the fence, so without a fence there is no best x.",
    lowest,
    equals=-fences,
    within=1e-9,
)

# %%
visited = [(1.0, 1.0)]
for _ in range(8):
    x, y = visited[-1]
    x = moves[(moves * y).argmin()]  # x is optimised fully, y fixed
    y = moves[(x * moves).argmax()]  # then y is, x fixed
    visited.append((float(x), float(y)))
print("corners visited:", visited[:5])

# %% jupyter={"source_hidden": true}
claim(
    "05/fence-cycle",
    "Within a fence, full optimisation in turn jumps from corner to corner for ever.",
    np.array(visited[2:]) == np.array(visited[:-2]),
)

# %% [markdown]
# ## Six ways to take a step (8 min)
#
# A computer takes steps of some size $\eta$. There is more than one way to do it.
#
# | integrator | one update of $w=(x,y)$ |
# |---|---|
# | simultaneous | $w \leftarrow w + \eta\,v(w)$ |
# | alternating | $x \leftarrow x+\eta\,v_x(x,y)$, then $y \leftarrow y+\eta\,v_y(x,y)$ with the *new* $x$ |
# | extragradient | look one step ahead, $\tilde w = w+\eta\,v(w)$; then $w \leftarrow w + \eta\,v(\tilde w)$ |
# | optimistic | $w \leftarrow w + \eta\,\bigl(2v(w)-v(w_{\text{before}})\bigr)$ |
# | look-ahead | $x$ descends $V(x,\,y_K(x))$, where $y_K$ is $y$ after $K$ virtual steps; $y$ makes one real step |
# | first order only | the same, but $x$ ignores that $y_K$ depends on $x$ |
#
# ($w_{\text{before}}$ is $w$ one update earlier.) The last two have a section of their own below. **Predict** for the
# first four: towards the equilibrium, away from it, or around it?

# %%
eta, start = 0.1, (1, 1)
four = {
    "simultaneous": games.simultaneous(eta),
    "alternating": games.alternating(eta),
    "extragradient": games.extragradient(eta),
    "optimistic": games.optimistic(eta),
}
path = {name: games.trajectory(xy, step, start, steps=500) for name, step in four.items()}
radius = {name: np.hypot(*p.T) for name, p in path.items()}
for name, r in radius.items():
    print(f"{name:>14}: distance 1.414 → {r[-1]:.3f} after 500 updates")

figures.games.paths({name: p[:150] for name, p in path.items()}, limit=3.2)
plt.show()

# %% [markdown]
# Simultaneous steps spiral *out*. The reason is Pythagoras: the step $\eta v$ is at right angles to $w$ and has the
# length $\eta\lVert w\rVert$, so each update multiplies the distance by $\sqrt{1+\eta^2}$, at every point.

# %%
k = np.arange(501)

# %% jupyter={"source_hidden": true}
claim(
    "05/simultaneous-diverges",
    "Simultaneous steps on xy: after k updates the distance has grown by exactly (1 + η²)^(k/2).",
    [
        np.hypot(*games.trajectory(xy, games.simultaneous(eta), start).T) / (np.sqrt(2) * (1 + eta**2) ** (k / 2))
        for eta in (0.01, 0.1, 0.3, 1.0)
    ],
    equals=1,
    within=1e-10,
)
claim(
    "05/twelvefold",
    "On xy at η = 0.1, 500 simultaneous steps make the distance 12.0 times as large.",
    radius["simultaneous"][-1] / np.sqrt(2),
    equals=12.0,
    within=0.05,
)

# %% [markdown]
# Is $\eta$ just too large? With smaller steps the same way needs more updates. So we hold the time $\eta k = 50$ fixed.

# %%
measured = [
    np.hypot(*games.trajectory(xy, games.simultaneous(eta), start, steps=round(50 / eta))[-1]) / np.sqrt(2)
    for eta in (0.1, 0.03, 0.01, 0.003)
]
print("the same time 50 with η = 0.1, 0.03, 0.01, 0.003: ×", np.round(measured, 2))

# %% jupyter={"source_hidden": true}
claim("05/smaller-steps", "Smaller steps make the spiral slower, but it never turns inwards.", measured, above=1.0)

# %% [markdown]
# Taking turns changes this, with the same field. The distance goes up and down between fixed bounds. What stays
# constant is not $x^2+y^2$, a circle, but $x^2+y^2-\eta\,xy$, a slightly tilted ellipse.

# %%
long = games.trajectory(xy, games.alternating(0.1), start, steps=20_000)
ellipse = (long**2).sum(axis=-1) - 0.1 * long.prod(axis=-1)  # x² + y² − η·xy

# %% jupyter={"source_hidden": true}
claim(
    "05/ellipse",
    "Alternating steps keep x² + y² − η·xy, to the last digits, over 20,000 updates.",
    ellipse,
    equals=1.9,
    within=1e-9,
)
claim(
    "05/alternating-bounded",
    "Alternating steps stay between 1.345 and √2 from the equilibrium: they neither converge nor diverge.",
    np.hypot(*long.T),
    above=1.345,
    below=np.sqrt(2) + 1e-9,
)
claim(
    "05/extragradient",
    "Extragradient and optimistic steps come closer: below 0.12 after the same 500 updates.",
    [radius["extragradient"][-1], radius["optimistic"][-1]],
    below=0.12,
)

# %% [markdown]
# **What you saw.** The game, the field and the step size were the same. Only the *way* of using the field decided
# whether it converges. Between diverging and staying in bounds there is one difference: does $y$ see the old $x$ or the
# new one?
#
# ## Two numbers that know it beforehand (8 min)
#
# On $xy$ every update is a matrix: $w \leftarrow Mw$. For simultaneous steps
#
# $$M=\begin{pmatrix}1&-\eta\\ \eta&1\end{pmatrix},\qquad \lambda = 1\pm i\eta,\qquad |\lambda| = \sqrt{1+\eta^2}.$$
#
# After $k$ updates the distance has been multiplied by about $|\lambda|^k$, where $\lambda$ is the **eigenvalue** of
# $M$ with the largest $|\lambda|$. So draw $\lambda$ in the complex plane. Inside the unit circle the update converges,
# outside it diverges. The angle of $\lambda$ shows how far one update turns.
#
# If the field is not linear, $M$ is the Jacobian of one update at the equilibrium, and the result holds *nearby*.
# `games.eigenvalues` computes it by finite differences of the update itself. **Predict** where the six curves go as
# $\eta$ grows from 0, where all of them are at $\lambda=1$.

# %%
INTEGRATORS = {
    "simultaneous": games.simultaneous,
    "alternating": games.alternating,
    "extragradient": games.extragradient,
    "optimistic": games.optimistic,
    "look-ahead": games.look_ahead,  # K = 5
    "first order only": games.look_ahead_first_order,  # K = 5
}
etas = np.linspace(0.0025, 0.4975, 199)


def leading(eigenvalues):
    """The eigenvalue of largest modulus, the upper one of a conjugate pair."""
    return max(eigenvalues, key=lambda e: (round(abs(e), 9), e.imag))


curves = {
    name: np.array([leading(games.eigenvalues(xy, make(eta))) for eta in etas]) for name, make in INTEGRATORS.items()
}
figures.games.eigenvalue_curves(curves, etas, marked=79)
plt.show()

# %% [markdown]
# Only the vertical line, simultaneous, lies outside the circle. The alternating curve lies *on* the circle. The others
# bend inwards. Look-ahead bends most, reaches the real axis, and leaves the circle on the left when $\eta$ is too
# large.

# %%
modulus = {name: np.abs(values) for name, values in curves.items()}
closed_form = {
    "simultaneous": np.sqrt(1 + etas**2),
    "alternating": np.ones_like(etas),
    "extragradient": np.sqrt(1 - etas**2 + etas**4),
    "optimistic": np.sqrt((1 + np.sqrt(1 - 4 * etas**2)) / 2),
}

# %% jupyter={"source_hidden": true}
claim(
    "05/moduli",
    "The measured |λ| are √(1+η²), 1, √(1−η²+η⁴) and √((1+√(1−4η²))/2), at 199 values of η.",
    [modulus[name] - formula for name, formula in closed_form.items()],
    equals=0,
    within=1e-6,
)
claim(
    "05/look-ahead-limit",
    "Looking 5 steps ahead on xy converges up to η = 2/√19 = 0.459, and no further.",
    [np.abs(games.eigenvalues(xy, games.look_ahead(2 / np.sqrt(19) * f))).max() - 1 < 0 for f in (0.99, 1.01)]
    == np.array([True, False]),
)
claim(
    "05/n-dis",
    "Alternating with 2, 5 or 10 steps of y for each of x (n_dis) also has |λ| = 1: it does not help.",
    [np.abs(games.eigenvalues(xy, games.alternating(0.1, n))) for n in (2, 5, 10)],
    equals=1,
    within=1e-9,
)

# %%
rates = {}
for name, make in INTEGRATORS.items():
    r = np.hypot(*games.trajectory(xy, make(0.1), start, steps=3_000).T)
    rates[name] = (r[3_000] / r[100]) ** (1 / 2_900)  # the factor per update, mean over 2,900
    foretold = np.abs(games.eigenvalues(xy, make(0.1))).max()
    print(f"{name:>16}: |λ| = {foretold:.3f}, measured {rates[name]:.3f} per update")

# %% jupyter={"source_hidden": true}
claim(
    "05/rates",
    "For all six, |λ| foretells the factor per update that the trajectories show.",
    [rates[name] - np.abs(games.eigenvalues(xy, make(0.1))).max() for name, make in INTEGRATORS.items()],
    equals=0,
    within=5e-4,
)

# %% [markdown]
# ## Looking ahead (9 min, depth)
#
# **Unrolled GANs** (Metz et al. 2017) let the minimising player think: "if I stand here, where will my opponent be
# after $K$ steps?" It makes the $K$ steps of $y$ in thought only, $y_0=y$, $y_{j+1}=y_j+\eta\,\partial V/\partial
# y\,(x,y_j)$, and goes down on $V(x,y_K(x))$. The derivative has two terms:
#
# $$\frac{d}{dx}V\bigl(x,y_K(x)\bigr)
#   = \underbrace{\frac{\partial V}{\partial x}}_{\text{first order}}
#   + \underbrace{\frac{\partial V}{\partial y_K}\,\frac{dy_K}{dx}}_{\text{how it answers me}}.$$
#
# On $xy$ it can be done by hand. $y_K=y+K\eta x$, so the first term is $y_K=y+K\eta x$, and the second is $x\cdot
# K\eta$. **Predict**: how much does the second term matter at $K=5$? And at $K=1$?

# %%
ahead = {
    "look-ahead, K = 1": games.look_ahead(0.1, K=1),
    "first order only, K = 1": games.look_ahead_first_order(0.1, K=1),
    "look-ahead, K = 5": games.look_ahead(0.1, K=5),
    "first order only, K = 5": games.look_ahead_first_order(0.1, K=5),
}
ahead = {name: np.hypot(*games.trajectory(xy, step, start, steps=500).T) for name, step in ahead.items()}
figures.games.radii(ahead, "xy, η = 0.1: looking ahead through K steps")
plt.show()

# %%
for name, r in ahead.items():
    print(f"{name:>23}: distance {r[-1]:.2g} after 500 updates")

# %% jupyter={"source_hidden": true}
claim(
    "05/look-ahead-5",
    "Looking 5 steps ahead converges: |w| < 1e-9 after 500 updates.",
    ahead["look-ahead, K = 5"][-1],
    below=1e-9,
)
claim(
    "05/first-term-1",
    "Looking 1 step ahead, the first term alone never comes closer than the start, √2.",
    ahead["first order only, K = 1"],
    above=np.sqrt(2) - 1e-9,
)
claim(
    "05/second-term-1",
    "Looking 1 step ahead with the second term converges: below 0.12 after 500 updates.",
    ahead["look-ahead, K = 1"][-1],
    below=0.12,
)

# %%
squared = [
    [np.abs(games.eigenvalues(xy, make(0.1, K))).max() ** 2 for K in range(1, 6)]
    for make in (games.look_ahead, games.look_ahead_first_order)
]
K = np.arange(1, 6)

# %% jupyter={"source_hidden": true}
claim(
    "05/look-ahead-moduli",
    "On xy |λ|² is 1 − (2K−1)η² with the second term and 1 − (K−1)η² without, for K = 1 … 5.",
    squared,
    equals=[1 - (2 * K - 1) * 0.1**2, 1 - (K - 1) * 0.1**2],
    within=1e-9,
)

# %% [markdown]
# So the first term makes $|\lambda|^2$ smaller by $(K-1)\eta^2$, and the second by another $K\eta^2$. At $K=5$ the
# first alone is enough. At $K=1$ it has $|\lambda|=1$ exactly. There is a reason for this.

# %%
cut = games.trajectory(xy, games.look_ahead_first_order(0.1, K=1), start=(1, 1), steps=300)
turns = games.trajectory(xy, games.alternating(0.1), start=(1 + 0.1 * 1, 1), steps=300)  # after its first step x is 1

# %% jupyter={"source_hidden": true}
claim(
    "05/cut-is-turns",
    "One look ahead without the second term is the alternating step, with y going first.",
    [cut[:-1, 0] - turns[1:, 0], cut[1:, 1] - turns[1:, 1]],
    equals=0,
    within=1e-12,
)

# %%
once, plain = [make(0.1).step(xy, 1.0, 1.0) for make in (games.look_ahead, games.simultaneous)]

# %% jupyter={"source_hidden": true}
claim("05/opponent-stays", "Looking ahead moves y by its one real step; the K steps are virtual.", once[1] == plain[1])

# %% [markdown]
# ## Half-way
#
# *33 minutes lie behind you, 47 ahead: a good place to stop.*
#
# **So far:** a game of two players is a vector field, and the eigenvalues of one update say beforehand whether it
# converges. On $xy$ simultaneous steps go away from the equilibrium, alternating ones circle about it for ever, and
# extragradient and looking ahead reach it. **To come:** a GAN of two numbers, and what makes it converge.
#
# ## The smallest GAN (12 min)
#
# The **Dirac-GAN** (Mescheder et al. 2018) has all parts of a GAN, and only two numbers. The data are one point at 0.
# The generator puts its one point at $\theta$. The discriminator has one weight, $\psi$: its logit is $a(x)=-\psi x$,
# so $D(x)=\sigma(-\psi x)$ is the probability that $x$ is real. ($\sigma(t)=1/(1+e^{-t})$. The paper writes $D(x)$ for
# $\psi x$, which is large for *fake*.) Then
#
# $$V(\theta,\psi)=\log D(0)+\log\bigl(1-D(\theta)\bigr)=-\log 2+\log\sigma(\psi\theta).$$
#
# At $(0,0)$ the generator's point is the data and the discriminator says ½ everywhere. Here are eight methods with
# their fields ($c$, $\gamma$, $g_0$ and $s$ are fixed numbers):
#
# | name | $v_\theta$ | $v_\psi$ |
# |---|---|---|
# | `gan` | $-\psi\,\sigma(-\psi\theta)$ | $\theta\,\sigma(-\psi\theta)$ |
# | `non_saturating` | $-\psi\,\sigma(\psi\theta)$ | $\theta\,\sigma(-\psi\theta)$ |
# | `wgan` | $-\psi$ | $\theta$ |
# | `wgan_clipped` | $-\psi$ | $\theta$, and $\lvert\psi\rvert\le c$ after each step |
# | `wgan_gp` | $-\psi$ | $\theta-\gamma\,(\lvert\psi\rvert-g_0)\,\mathrm{sign}\,\psi$ |
# | `instance_noise` | that of `gan`, with noise $\mathcal N(0,s^2)$ added to both points and averaged over it | |
# | `r1` | $-\psi\,\sigma(-\psi\theta)$ | $\theta\,\sigma(-\psi\theta)-\gamma\psi$ |
# | `consensus` | that of `gan`, minus $\gamma\,\nabla\tfrac12\lVert v\rVert^2$ for both | |
#
# **Predict** which of them reach the equilibrium (the cross), with simultaneous and with alternating steps. (A path
# without a marker has left the picture.)

# %%
gans = {name: games.dirac(name) for name in games.DIRAC}
pair = {"simultaneous": games.simultaneous(0.2), "alternating": games.alternating(0.2)}
found = {
    name: {how: games.trajectory(game, step, start=(1, 1), steps=500) for how, step in pair.items()}
    for name, game in gans.items()
}
theta, psi = np.meshgrid(np.linspace(-1.6, 1.6, 5), np.linspace(-1.6, 1.6, 5))
figures.games.dirac_panels(theta, psi, {name: game.field(theta, psi) for name, game in gans.items()}, found)
plt.show()

# %%
ends = np.array([[np.hypot(*p[-1]) for p in found[name].values()] for name in gans])
print("distance from the equilibrium after 500 updates, η = 0.2, from (1, 1)")
print(f"{'':>16}  simultaneous  alternating")
for name, (a, b) in zip(gans, ends, strict=True):
    print(f"{name:>16}  {a:12.3g}  {b:11.3g}")

# %% jupyter={"source_hidden": true}
claim(
    "05/dirac-converge",
    "With instance noise, R1 or consensus the Dirac-GAN converges (< 1e-4), with both kinds of steps.",
    ends[[list(gans).index(name) for name in ("instance_noise", "r1", "consensus")]],
    below=1e-4,
)
claim(
    "05/dirac-fail",
    "Under GAN, non-saturating, WGAN, clipped WGAN and WGAN-GP the Dirac-GAN is still more than 0.25 away.",
    ends[: list(gans).index("instance_noise")],
    above=0.25,
)

# %% [markdown]
# Why do these three converge? Look at the field near $(0,0)$, where $\sigma\approx\tfrac12$. That of `gan` is
# $v\approx\tfrac12(-\psi,\theta)$: the game $xy$ again, at half speed, with purely imaginary eigenvalues $\mu$. A
# penalty adds *friction*: $-\gamma\psi$ for R1, $-\tfrac12 s^2\psi$ for instance noise. Friction gives $\mu$ a negative
# real part. For simultaneous steps $\lambda=1+\eta\,\mu$, and for small $\eta$ this then lies inside the circle.

# %%
smooth = [name for name in gans if name != "wgan_gp"]
largest = {name: [np.abs(games.eigenvalues(gans[name], step)).max() for step in pair.values()] for name in smooth}
for name, (a, b) in largest.items():
    print(f"{name:>16}: |λ| = {a:.4f} simultaneous, {b:.4f} alternating")
free, damped = ["gan", "non_saturating", "wgan", "wgan_clipped"], ["instance_noise", "r1", "consensus"]

# %% jupyter={"source_hidden": true}
claim(
    "05/free-outside",
    "Without friction, simultaneous steps on the Dirac-GAN have |λ| > 1 at the equilibrium.",
    [largest[name][0] for name in free],
    above=1.001,
)
claim(
    "05/free-on-circle",
    "Without friction, alternating steps on the Dirac-GAN have |λ| = 1.",
    [largest[name][1] for name in free],
    equals=1,
    within=1e-9,
)
claim(
    "05/damped-inside",
    "With instance noise, R1 or consensus both kinds of steps have |λ| < 0.985.",
    [largest[name] for name in damped],
    below=0.985,
)

# %% [markdown]
# **Did you notice?** `gan` and `non_saturating` have the same eigenvalues, and yet one ends at 3.1 and the other at
# 0.64. Eigenvalues describe what happens near the equilibrium, not far from it. Far out, the field of `non_saturating`
# ($-\log D$) points a little inwards. Near the centre the steps push outwards. In between the path ends near a circle.
#
# Of which radius $r$? To the next order, the field makes $r^2=\theta^2+\psi^2$ smaller by $\psi^2\theta^2$ per unit of
# time, on average over a circle by $r^4/8$. One update lasts a time $\eta$: $\eta\,r^4/8$. A simultaneous step makes
# $r^2$ larger by $\eta^2\lVert v\rVert^2\approx\eta^2r^2/4$. The two are equal where $r^2=2\eta$.

# %%
ns, cycle = gans["non_saturating"], {}
starts = [(0.2, 0.0), (1, 1), (2, 0), (0, 3)]
for eta in (0.2, 0.1, 0.05):
    r = np.hypot(*np.moveaxis(games.trajectory(ns, games.simultaneous(eta), starts, steps=8_000)[-200:], -1, 0))
    cycle[eta] = (r.min(), r.max())

# %% jupyter={"source_hidden": true}
claim(
    "05/ns-cycle",
    "Non-saturating, simultaneous: from inside and outside it ends on one cycle, of radius √(2η) within 5 %.",
    [np.array(found_radii) / np.sqrt(2 * eta) for eta, found_radii in cycle.items()],
    equals=1,
    within=0.05,
)

# %%
r = np.hypot(*games.trajectory(ns, games.alternating(0.2), (1, 1), steps=16_000).T)

# %% jupyter={"source_hidden": true}
claim(
    "05/ns-slow",
    "Non-saturating, alternating: it converges like 1/√k; four times the updates halve the distance.",
    [r[4_000] / r[1_000], r[16_000] / r[4_000]],
    equals=0.5,
    within=0.06,
)

# %% [markdown]
# WGAN-GP asks for a slope $|\psi|$ of $g_0=1$, but at the equilibrium the slope must be 0. Its field *jumps* at
# $\psi=0$, so there is no Jacobian, and `games.eigenvalues` says so. Where do the trajectories go?

# %%
try:
    games.eigenvalues(gans["wgan_gp"], games.simultaneous(0.2))
except ValueError as error:
    print("ValueError:", error)

starts = np.random.default_rng(0).uniform(-2, 2, size=(50, 2))
tails = [
    np.hypot(*np.moveaxis(games.trajectory(gans["wgan_gp"], make(eta), starts, steps=3_000)[-500:], -1, 0)).min()
    for make in (games.simultaneous, games.alternating)
    for eta in (0.05, 0.2)
]

# %% jupyter={"source_hidden": true}
claim(
    "05/gp-never-settles",
    "WGAN-GP never settles: from 50 starts, no distance below 1 in the last 500 of 3,000 updates.",
    tails,
    above=1.0,
)

# %% [markdown]
# Friction has its limits, too. For R1 and simultaneous steps $|\lambda|^2 = 1-\eta\gamma+\eta^2/4$ while $\gamma<1$:
# with too large a step it is above 1 again. And "converges from nearby" does not mean "converges from everywhere".

# %%
gammas = np.array([0.1, 0.3, 0.5])
at = {
    factor: [
        np.abs(games.eigenvalues(games.dirac("r1", gamma=g), games.simultaneous(4 * g * factor))).max() for g in gammas
    ]
    for factor in (0.99, 1.01)
}

# %% jupyter={"source_hidden": true}
claim("05/r1-small-steps", "R1 with simultaneous steps converges for η just below 4γ.", at[0.99], below=1)
claim("05/r1-large-steps", "R1 with simultaneous steps diverges for η just above 4γ.", at[1.01], above=1)

# %%
near, far = np.hypot(*games.trajectory(gans["consensus"], games.simultaneous(0.2), [(1, 1), (2, 2)], steps=2_000)[-1].T)

# %% jupyter={"source_hidden": true}
claim("05/consensus-near", "Consensus converges from (1, 1).", near, below=1e-12)
claim("05/consensus-far", "Consensus drifts away, beyond 5, from (2, 2), where D is sure and V is flat.", far, above=5)

# %% [markdown]
# ## Move it yourself (5 min, depth)
#
# Choose a game and an integrator, and move $\eta$. On the left 200 updates from $(1,1)$, on the right the eigenvalues
# of one update. **Try**: `xy` and `alternating`, with $\eta$ up to 2. When do the eigenvalues leave the circle?
# Then `r1` and `simultaneous`: does it fail at $\eta = 4\gamma=1.2$?

# %%
table = {"xy": xy, **gans}
plane = np.meshgrid(np.linspace(-2.1, 2.1, 7), np.linspace(-2.1, 2.1, 7))


def draw(eta, game, integrator):
    step = games.integrator(integrator, eta)
    path = games.trajectory(table[game], step, start=(1, 1), steps=200)
    try:
        eigenvalues = games.eigenvalues(table[game], step)
    except ValueError:  # WGAN-GP jumps at the equilibrium
        eigenvalues = np.array([])
    figure = figures.games.explorer(*plane, table[game].field(*plane), path, eigenvalues, f"{game}, {integrator}")
    largest = f"largest |λ| = {np.abs(eigenvalues).max():.3f}; " if len(eigenvalues) else ""
    return figure, f"{largest}distance after 200 updates: {np.hypot(*path[-1]):.3g}"


widgets.explore(draw, eta=(0.02, 2.0, 0.02, 0.2), game=list(table), integrator=list(games.INTEGRATORS))

# %% [markdown]
# The same without a kernel: R1 with simultaneous steps, at three step sizes. $\gamma=0.3$, so the limit is 1.2.

# %%
r1, steps = gans["r1"], {}
for eta in (0.6, 1.1, 1.3):
    modulus = np.abs(games.eigenvalues(r1, games.simultaneous(eta))).max()
    steps[f"η = {eta:g}, |λ| = {modulus:.2f}"] = games.trajectory(r1, games.simultaneous(eta), (1, 1), steps=100)
figures.games.paths(steps, labels=figures.games.DIRAC)
plt.show()

# %% [markdown]
# ## Any fixed discriminator collapses the generator (6 min, depth)
#
# What does "full optimisation of one side" do to a real GAN? Take the most flexible generator: any histogram $q$ over
# 41 bins. Fix a discriminator $D$ and minimise the generator's loss,
#
# $$L_G(q)=\mathbb E_{q}[-\log D]=\sum_x q(x)\,\bigl(-\log D(x)\bigr).$$
#
# This is *linear* in $q$, as $xy$ was in $x$. It is smallest when all mass is on the one bin where $D$ is largest. The
# data have two modes. We take even the *optimal* $D^*=p/(p+q)$ of the start, hold it fixed, and step with $q\leftarrow
# q\cdot D\,/\sum q\cdot D$ (a multiplicative gradient step, which keeps $q$ a distribution). **Predict** $q$ after
# 1,000 steps.

# %%
x = np.linspace(-4, 4, 41)


def normalised(mass):
    return mass / mass.sum(axis=-1, keepdims=True)


def bell(mean, width):
    return normalised(np.exp(-(((x - mean) / width) ** 2) / 2))


p = (bell(-1.6, 0.5) + bell(1.6, 0.7)) / 2  # the data: two modes
q_start = bell(0, 1.5)

d_star = divergences.optimal_discriminator(p, q_start)
q, fixed = q_start, {}
for step in range(1, 1001):
    q = normalised(q * d_star)  # D stands still
    if step in (1, 10, 1000):
        fixed[step] = q

q, refreshed = q_start, {}
for step in range(1, 1001):
    q = normalised(q * divergences.optimal_discriminator(p, q))  # D is optimal again at every step
    if step in (1, 10, 1000):
        refreshed[step] = q

# %%
figures.games.collapse(x, p, d_star, fixed, refreshed)
plt.show()

# %% jupyter={"source_hidden": true}
claim(
    "05/even-d-star-collapses",
    "Against D*, held fixed, the generator ends on one bin, the one where D* is largest.",
    fixed[1000][d_star.argmax()],
    above=0.999,
)
claim(
    "05/moving-d-star",
    "With D* renewed before each step of the generator, q becomes p: TV(p, q) < 1e-12.",
    divergences.tv(p, refreshed[1000]),
    below=1e-12,
)

# %% [markdown]
# Was $D^*$ an unlucky choice? We try fifty arbitrary discriminators: 41 levels between 0.02 and 0.98, shuffled.

# %%
rng = np.random.default_rng(0)
levels = np.linspace(0.02, 0.98, 41)
arbitrary = np.array([rng.permutation(levels) for _ in range(50)])
q = np.tile(q_start, (50, 1))
for _ in range(1000):
    q = normalised(q * arbitrary)

# %% jupyter={"source_hidden": true}
claim(
    "05/any-d-collapses",
    "Each of 50 arbitrary discriminators, held fixed, leaves the generator one bin, its own argmax.",
    q[np.arange(50), arbitrary.argmax(axis=1)],
    above=0.999,
)

# %% [markdown]
# **What you saw.** Collapse is not a sign of a *bad* discriminator. It is what happens when one minimises a linear
# function. It is prevented because $D$ moves. That is why in Algorithm 1 the two take small steps in turn (chapter 07),
# and why looking ahead, as above, helps a generator.
#
# ## What the sources get wrong (4 min, depth)
#
# **The slides, line 266:** 「x と y について交互に片方を固定し最適化すると振動する」 — "optimising in turn, with the
# other of x and y fixed, it oscillates". *Optimising* one side has no solution here (`05/one-side-unbounded`); within a
# fence it jumps between corners (`05/fence-cycle`). For gradient *steps* it depends on how they are taken: alternating
# ones oscillate in bounds (`05/alternating-bounded`), simultaneous ones diverge (`05/simultaneous-diverges`),
# extragradient ones converge (`05/extragradient`).
#
# **The slides, lines 270 and 295:** 「Dが不完全なうちにGを最適化すると mode collapse」 — "mode collapse if G is optimised while D is
# imperfect". True, but not for the reason given. Any *fixed* D does it, the perfect one too
# (`05/even-d-star-collapses`, `05/any-d-collapses`).
#
# **The article on unrolled GANs, line 51:** 「Generatorにだけ,Kステップ分先取り学習させることにより」 — "by letting only
# the generator learn K steps ahead". It is the *discriminator* that is advanced, virtually, and then put back; the
# generator takes one step (`05/opponent-stays`).
#
# **The same, line 47:** 「1ステップ学習後のDiscriminatorの勾配を覚えておく」 — "remember the gradient of D after one step of learning".
# That leaves out what is new: the gradient goes *through* the $K$ steps. If it is cut there, with $K=1$, what is left
# is the alternating step (`05/cut-is-turns`, `05/first-term-1`).
#
# **A slip in a famous notebook.** The Dirac-GAN notebook published with Mescheder et al. 2018 keeps a factor ½ in the
# second term of consensus' gradient $\nabla\tfrac12\lVert v\rVert^2$. With $\lVert v\rVert^2=(\theta^2+\psi^2)s^2$ and
# $s=\sigma(-\psi\theta)$ the chain rule gives a 2 that cancels it.

# %%
theta, psi = np.random.default_rng(1).uniform(-2, 2, size=(2, 200))
v = gans["gan"].field


def penalty(theta, psi):
    v_theta, v_psi = v(theta, psi)
    return (v_theta**2 + v_psi**2) / 2


slope = (penalty(theta + 1e-6, psi) - penalty(theta - 1e-6, psi)) / 2e-6  # ∂/∂θ of ½‖v‖²
s = 1 / (1 + np.exp(psi * theta))
bend = psi * (theta**2 + psi**2) * s**2 * (1 - s)

# %% jupyter={"source_hidden": true}
claim(
    "05/consensus-gradient",
    "∂/∂θ ½‖v‖² is θs² − ψ(θ²+ψ²)s²(1−s), which is the line of gan_core.",
    theta * s**2 - bend - slope,
    equals=0,
    within=1e-7,
)
claim(
    "05/consensus-half",
    "With ½ before its second term the gradient of ½‖v‖² is off by more than 0.1 somewhere.",
    np.abs(theta * s**2 - bend / 2 - slope).max(),
    above=0.1,
)

# %% [markdown]
# Near $(0,0)$ the ½ changes nothing: that term is of third order, so the eigenvalues at $(0,0)$, and the paper's
# conclusion, are the same.
#
# ## Exercises (20 min)
#
# **Exercise 05.1** · ★☆☆ · 3 minutes
#
# Write one *simultaneous* step of size `eta` for $V(x,y)=xy$. Return the new `x` and the new `y`.


# %%
def step(x, y, eta): ...


check("05.1", step)

# %% [markdown]
# <details><summary>Solution 05.1</summary>
#
# ```python
# def step(x, y, eta):
#     return x - eta * y, y + eta * x
#
#
# check("05.1", step)
# ```
#
# Both new values are made from the old ones. In two separate assignments the second would see the new `x`.
#
# </details>

# %% [markdown]
# **Exercise 05.2** · ★★☆ · 5 minutes, depth
#
# Write one *extragradient* step for the same game.


# %%
def extragradient(x, y, eta): ...


check("05.2", extragradient)

# %% [markdown]
# <details><summary>Solution 05.2</summary>
#
# ```python
# def extragradient(x, y, eta):
#     half_x, half_y = x - eta * y, y + eta * x  # look
#     return x - eta * half_y, y + eta * half_x  # step, from where you stood
#
#
# check("05.2", extragradient)
# ```
#
# The usual mistake is to start the second step at `half_x`, `half_y`. Then it is two simultaneous steps, and diverges.
#
# </details>

# %% [markdown]
# **Exercise 05.3** · ★☆☆ · 3 minutes, depth
#
# By which factor has the distance from the equilibrium grown after `k` simultaneous steps of size `eta` on $xy$? Predict
# the number for $\eta=0.3$ and 10 steps before you check.


# %%
def growth(eta, k): ...


check("05.3", growth)

# %% [markdown]
# <details><summary>Solution 05.3</summary>
#
# ```python
# def growth(eta, k):
#     return (1 + eta**2) ** (k / 2)
#
#
# check("05.3", growth)
# ```
#
# $|\lambda|=|1\pm i\eta|=\sqrt{1+\eta^2}$, once for each update: 1.54 for ten steps of 0.3.
#
# </details>

# %% [markdown]
# **Exercise 05.4** · ★★☆ · 4 minutes, depth
#
# The discriminator of the Dirac-GAN minimises $L_\psi=-V+\tfrac{\gamma}{2}\psi^2$ (R1), the generator minimises $V$.
# Write the two lines of the field. $V=-\log2+\log\sigma(\psi\theta)$, and $\log\sigma(t)$ has the slope $\sigma(-t)$.


# %%
def field(theta, psi, gamma): ...


check("05.4", field)

# %% [markdown]
# <details><summary>Solution 05.4</summary>
#
# ```python
# def field(theta, psi, gamma):
#     s = 1 / (1 + np.exp(psi * theta))  # σ(−ψθ)
#     return -psi * s, theta * s - gamma * psi
#
#
# check("05.4", field)
# ```
#
# A penalty enters with minus its gradient: $-\gamma\psi$. That one term is the friction.
#
# </details>

# %% [markdown]
# **Exercise 05.5** · ★★★ · 5 minutes, depth
#
# From which $\eta$ on do simultaneous steps make the Dirac-GAN with R1 diverge near the equilibrium? Return the limit for
# a given $\gamma<1$. Hint: linearise your field of 05.4 at $(0,0)$; for complex eigenvalues $|\lambda|^2$ is the
# determinant of the update's matrix.


# %%
def largest_step(gamma): ...


check("05.5", largest_step)

# %% [markdown]
# <details><summary>Solution 05.5</summary>
#
# ```python
# def largest_step(gamma):
#     return 4 * gamma
#
#
# check("05.5", largest_step)
# ```
#
# $M=\begin{pmatrix}1&-\eta/2\\ \eta/2&1-\eta\gamma\end{pmatrix}$ has the determinant $1-\eta\gamma+\eta^2/4$, which is
# below 1 as long as $\eta<4\gamma$.
#
# </details>

# %% [markdown]
# ## What we checked

# %%
checked()

# %% [markdown]
# ## Further reading
#
# - L. Mescheder, A. Geiger, S. Nowozin, *Which Training Methods for GANs do actually Converge?*, ICML 2018: the
#   Dirac-GAN, R1.
# - L. Mescheder, S. Nowozin, A. Geiger, *The Numerics of GANs*, NeurIPS 2017: eigenvalues, consensus.
# - L. Metz, B. Poole, D. Pfau, J. Sohl-Dickstein, *Unrolled Generative Adversarial Networks*, ICLR 2017.
# - C. Daskalakis, A. Ilyas, V. Syrgkanis, H. Zeng, *Training GANs with Optimism*, ICLR 2018.
# - G. Gidel, H. Berard, G. Vignoud, P. Vincent, S. Lacoste-Julien, *A Variational Inequality Perspective on Generative
#   Adversarial Networks*, ICLR 2019: extragradient.
#
# Next, chapter 06: the region where `consensus` drifted away. There D is sure, and the generator's gradient is
# nearly 0.

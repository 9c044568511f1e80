"""Pictures of chapter 06: two losses of the generator, and what each of them sends back.

Everywhere here the saturating loss, log(1 − D), is dashed purple with squares, the non-saturating loss, −log D, is
solid gold with circles.
"""

import matplotlib.pyplot as plt
import numpy as np

from gan_core.course.figures.style import BLUE, GOLD, GREEN, GREY, ORANGE, PURPLE

LOSS = {
    "saturating": {"color": PURPLE, "linestyle": "--", "label": "saturating, log(1 − D)"},
    "non_saturating": {"color": GOLD, "linestyle": "-", "label": "non-saturating, −log D"},
}
MARKER = {"saturating": "s", "non_saturating": "o"}


def two_losses(logits, losses, gradients):
    """Both losses and their gradients against the logit.

    `losses` and `gradients` map "saturating" and "non_saturating" to arrays like `logits`.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2))
    for name, style in LOSS.items():
        left.plot(logits, losses[name], **style)
        right.plot(logits, gradients[name], **style)
    left.set(xlabel="logit a of a fake", ylabel="loss L of that fake (nats)", title="both go down to the right …")
    right.set(xlabel="logit a of a fake", ylabel="gradient ∂L/∂a", title="… but not with the same force")
    for axes in (left, right):
        axes.axvspan(logits[0], -3, color=GREY, alpha=0.12, linewidth=0)
    left.annotate("D is sure:\n“fake”", (logits[0] + 0.4, -4.6), color=GREY)
    left.legend(loc="upper right")
    return figure


def bound(loss_d, gradient, named=()):
    """Mean saturating gradient against L_D, a dot for each discriminator, under the line they cannot cross.

    `loss_d` and `gradient` are arrays; `named` lists (what, loss_d, gradient) of points to be pointed out.
    """
    figure, axes = plt.subplots(figsize=(8.5, 4.6))
    axes.loglog(loss_d, gradient, ".", color=GREEN, markersize=5, alpha=0.35, label="a random discriminator")
    ends = np.array([min(loss_d), max(loss_d)])
    axes.loglog(ends, ends, color=GREY, linestyle="--", label="gradient = L_D")
    axes.fill_between(ends, ends, 4, color=GREY, alpha=0.12, linewidth=0)
    for what, x, y in named:
        axes.plot([x], [y], marker="X", markersize=12, color=ORANGE, linestyle="none")
        axes.annotate(
            what, (x, y), (-14, -10), textcoords="offset points", color=ORANGE, ha="right", va="top", weight="bold",
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.9, "pad": 2},
        )  # fmt: skip
    axes.annotate("no discriminator\ncan be here", (0.3, 0.78), xycoords="axes fraction", color=GREY)
    axes.set(xlabel="L_D, the discriminator's loss (nats)", ylabel="mean |∂ log(1 − D)/∂a|", ylim=(1e-6, 4))
    axes.set_title("a small L_D forces a small gradient; a small gradient forces nothing")
    axes.legend(loc="lower left", bbox_to_anchor=(0.13, 0), markerscale=2)
    return figure


def against_a_frozen_generator(steps, panels):
    """The gradient at the pixels while D trains and G does not: a panel for each kind of D, a faint line for each seed.

    `panels` maps a title to {"saturating": (seeds, times), "non_saturating": (seeds, times)}; `steps` is (times,).
    """
    figure, row = plt.subplots(1, len(panels), figsize=(3 * len(panels) + 5, 4.4), sharey=True, squeeze=False)
    for axes, (title, histories) in zip(row[0], panels.items(), strict=True):
        for name, style in LOSS.items():
            seeds = np.asarray(histories[name])
            for one in seeds:
                axes.plot(steps, one, color=style["color"], linewidth=0.8, alpha=0.6)
            middle = np.exp(np.log(seeds).mean(0))
            axes.plot(steps, middle, marker=MARKER[name], **style)
        axes.set(xlabel="steps of D, G stands still", title=title, yscale="log")
        axes.set_xscale("symlog", linthresh=10)
        axes.set_xlim(-1, 1.2 * steps[-1])
        axes.set_xticks([0, 10, 100, 1000], ["0", "10", "100", "1,000"])
    row[0, 0].set_ylabel("mean ‖∂L/∂x‖ of a fake image")
    row[0, 0].legend(loc="lower left")
    return figure


def two_normals(x, p, q, d, gradients):
    """Above: data p, model q and the discriminator between them. Below: the gradient at x that each loss sends back.

    `d` is D(x), `gradients` maps "saturating" and "non_saturating" to |∂L/∂x|; all arrays like `x`. Gradients are drawn
    where fakes are, q > 0.001.
    """
    figure, (above, below) = plt.subplots(2, 1, figsize=(9, 6), sharex=True, height_ratios=(1, 1.1))
    above.fill_between(x, p, color=BLUE, alpha=0.25, linewidth=0)
    above.fill_between(x, q, color=ORANGE, alpha=0.25, linewidth=0)
    above.plot(x, p, color=BLUE, label="data p")
    above.plot(x, q, color=ORANGE, linestyle="-.", label="model q")
    above.plot(x, d, color=GREEN, linestyle=":", label="discriminator D")
    above.set(ylabel="density, or D", ylim=(0, 1.05))
    above.legend(loc="upper right", ncols=3, bbox_to_anchor=(1, 1.22))
    here = q > 1e-3
    for name, style in LOSS.items():
        below.plot(x[here], gradients[name][here], **style)
    below.set(xlabel="x", ylabel="|∂L/∂x| where fakes are", yscale="log", ylim=(1e-6, 1e2), xlim=(x[0], x[-1]))
    below.legend(loc="lower left")
    return figure


def at_the_optimum(shift, gradients, slopes):
    """The generator's gradient at D* against the shift of two densities, and the slope of the divergence it should be.

    `gradients` and `slopes` map "saturating" and "non_saturating" to arrays like `shift`: markers for the losses, lines
    for the divergences.
    """
    figure, axes = plt.subplots(figsize=(8.5, 4.4))
    divergence = {"saturating": "slope of 2·JSD(p, q)", "non_saturating": "slope of KL(q‖p) − 2·JSD(p, q)"}
    for name, style in LOSS.items():
        axes.plot(shift, slopes[name], color=style["color"], linestyle=style["linestyle"], label=divergence[name])
        axes.plot(
            shift, gradients[name], color=style["color"], marker=MARKER[name], markersize=9, markerfacecolor="none",
            linestyle="none", label=f"{style['label']}, at D*",
        )  # fmt: skip
    axes.set(xlabel="shift θ between p and q (standard deviations)", ylabel="gradient in θ", yscale="log")
    axes.legend(loc="lower left")
    return figure

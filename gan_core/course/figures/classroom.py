"""Pictures of a class's answers: who is where, and which mistakes are made most."""

from itertools import pairwise
from textwrap import wrap

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import font_manager
from matplotlib.colors import ListedColormap

from gan_core.course.figures.style import BLUE, ORANGE

# Colour, mark and the mark's colour: no state is told by colour alone.
LOOKS = {"right": (BLUE, "✓", "white"), "wrong": (ORANGE, "✗", "black"), "waiting": ("#D9D9D9", "…", "black"),
         "not seen": ("white", "", "black")}  # fmt: skip


def heat_map(states, attempts, students, exercises):
    """Students × exercises: `states` (students, exercises) of "right", "wrong", "waiting" and "not seen".

    Colour and mark say the state, and the number beside the mark the `attempts` (students, exercises) where there was
    more than one. Below each exercise stands who has it right. Students whose names the figure's font cannot write are
    numbered from the top.
    """
    states, attempts = np.asarray(states), np.asarray(attempts)
    figure, ax = plt.subplots(figsize=(max(4.0, 0.46 * len(exercises) + 2.4), 0.27 * len(students) + 1.6))
    names = list(LOOKS)
    shades = np.vectorize(names.index)(states)
    ax.pcolormesh(shades, cmap=ListedColormap([look[0] for look in LOOKS.values()]), vmin=0, vmax=len(names) - 1,
                  edgecolors="white", linewidth=1)  # fmt: skip
    for (row, column), state in np.ndenumerate(states):
        _, mark, colour = LOOKS[state]
        text = mark + (f"{attempts[row, column]}" if attempts[row, column] > 1 else "")
        ax.text(column + 0.5, row + 0.5, text, ha="center", va="center", color=colour, fontsize=10)
    for column, (one, other) in enumerate(pairwise(exercises), 1):
        if one.partition(".")[0] != other.partition(".")[0]:
            ax.axvline(column, color="black", linewidth=1.2)
    shares = (states == "right").mean(0)
    labels = [f"{exercise}\n{share:.0%}" for exercise, share in zip(exercises, shares, strict=True)]
    ax.set_xticks(np.arange(len(exercises)) + 0.5, labels, fontsize=10)
    ax.set_yticks(np.arange(len(students)) + 0.5, [_label(*each) for each in enumerate(students, 1)], fontsize=10)
    ax.set(xlabel="exercise, and the share of students who have it right", ylabel="student")
    ax.invert_yaxis()
    ax.tick_params(length=0)
    ax.grid(visible=False)
    for state, (colour, mark, _) in LOOKS.items():
        ax.scatter(
            [], [], s=180, marker="s", color=colour, edgecolor="black", linewidth=0.6, label=f"{mark} {state}".strip()
        )
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, fontsize=10)
    return figure


def frequent(mistakes, most=12):
    """The `most` frequent mistakes, [(exercise, what the check said, students)], a bar each, the first on top."""
    shown = mistakes[:most]
    labels = ["\n".join(wrap(f"{exercise}: {said}", 62)) for exercise, said, _ in shown]
    lines = sum(1 + label.count("\n") for label in labels)
    figure, ax = plt.subplots(figsize=(10.5, 0.3 * lines + 0.16 * len(shown) + 1.2))
    counts = [n for *_, n in shown]
    bars = ax.barh(range(len(shown)), counts, 0.62, color=ORANGE)
    ax.bar_label(bars, padding=4)
    ax.set_yticks(range(len(shown)), labels, fontsize=10.5)
    ax.set(xlabel="students", ylabel="what the check said")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.margins(x=0.08)
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    return figure


def _label(number, name):
    """The name, or the number where the figure's font lacks a letter of it."""
    font = font_manager.get_font(font_manager.findfont(font_manager.FontProperties()))
    return name if all(font.get_char_index(ord(letter)) for letter in name) else str(number)

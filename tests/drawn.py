"""What tests of figures look for in one."""

import pytest
from matplotlib.ticker import LogFormatter, ScalarFormatter


def line(ax, label):
    """The one line of this label on the axes."""
    (found,) = (line for line in ax.lines if line.get_label() == label)
    return found


def assert_labelled(figure):
    """It can be drawn; the lowest axes say what is along x and those on the left what is along y."""
    figure.canvas.draw()  # a sign that the font lacks would warn, and a warning is an error
    assert figure.axes
    for ax in figure.axes:
        place = ax.get_subplotspec()  # a colour bar has none
        if ax.get_visible() and ax.axison:
            assert _said(ax.xaxis) or (place and not place.is_last_row())
            assert _said(ax.yaxis) or (place and not place.is_first_col())


def _said(axis):
    """By a label or by names at the ticks; where there are no ticks, there is nothing to say."""
    numbers = isinstance(axis.get_major_formatter(), ScalarFormatter | LogFormatter)
    return axis.get_label_text() or not numbers or not len(axis.get_ticklabels())


def swapped(named):
    """The same values under each other's names, the last under the first."""
    return dict(zip(named, reversed(named.values()), strict=True))


def picture_of(oracle):
    """The name of the picture that an oracle is about: `oracle_paths` is about `paths`."""
    return oracle.__name__.removeprefix("oracle_")


def each_picture(pictures, oracles):
    """A test of `oracle` and `draw`, its picture, for each oracle."""
    cases = [pytest.param(each, getattr(pictures, picture_of(each)), id=picture_of(each)) for each in oracles]
    return pytest.mark.parametrize(("oracle", "draw"), cases)

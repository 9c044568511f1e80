"""What tests of figures look for in one."""


def line(ax, label):
    """The one line of this label on the axes."""
    (found,) = (line for line in ax.lines if line.get_label() == label)
    return found


def assert_labelled(figure):
    """Each axes says what is along x, and those on the left what is along y."""
    for ax in figure.axes:
        assert ax.get_xlabel() or len(ax.get_xticklabels())
        assert ax.get_ylabel() or len(ax.get_yticklabels()) or not ax.get_subplotspec().is_first_col()

"""A chapter's notebook as its sections: title, minutes, core or depth, cells. And what stands in it to be asked."""

import re
from typing import NamedTuple

import nbformat

# "## Two directions, two habits (7 min)", "## Prices (5 min, depth)"; what closes a chapter may have no minutes.
HEADING = re.compile(r"^## (?P<title>.+?)(?: \((?P<minutes>\d+) min(?P<depth>, depth)?\))?$", re.M)
# "**Exercise 03.1** · ★☆☆ · 5 minutes", and after it ", depth" where it is.
EXERCISE = re.compile(
    r"^\*\*Exercise (?P<id>\d\d[a-z]?\.\d+)\*\* · (?:★☆☆|★★☆|★★★) · (?P<minutes>\d+) minutes?(?P<depth>, depth)?\b",
    re.M,
)
STOP, EXERCISES = "Half-way", "Exercises"


class Section(NamedTuple):
    """From one heading to the next. `minutes` is 0 where none are said; `cells` are the notebook's own."""

    title: str
    minutes: int
    core: bool
    cells: list

    @property
    def prose(self):
        """Its Markdown, as one text."""
        return "\n\n".join(cell.source for cell in self.cells if cell.cell_type == "markdown")


def sections(notebook):
    """The sections of a notebook, in order; the first, "", is what stands before the first heading.

    A cell belongs to the section that it opens, or else to the one it stands in. Of a cell with several headings the
    last one opens what follows; those before it are sections of that cell alone.
    """
    found = [Section("", 0, True, [])]
    for cell in notebook.cells:
        headings = list(HEADING.finditer(cell.source)) if cell.cell_type == "markdown" else []
        if not headings:
            found[-1].cells.append(cell)
        ends = [match.start() for match in headings[1:]] + [len(cell.source)]
        if headings and (before := cell.source[: headings[0].start()].rstrip()):
            found[-1].cells.append(_part(cell, before))
        for match, end in zip(headings, ends, strict=False):
            part = _part(cell, cell.source[match.start() : end].rstrip())
            found.append(Section(match["title"], int(match["minutes"] or 0), not match["depth"], [part]))
    return found


def questions(markdown):
    """The paragraphs that ask for a prediction, up to their last question mark: what follows it may be the answer.

    Those of exercises are not among them.
    """
    return [asked for paragraph in paragraphs(markdown) if (asked := question(paragraph))]


def paragraphs(markdown):
    """What blank lines part."""
    return re.split(r"\n\s*\n", markdown.strip())


def question(paragraph):
    """What a paragraph asks, or ""."""
    start = paragraph.find("*Predict")
    if start < 0 or paragraph.startswith("**Exercise"):
        return ""
    end = paragraph.rfind("?") + 1
    return paragraph[:end] if end > start else paragraph


def core_minutes(notebook):
    """What the core path takes through a chapter: its core sections, and of the section of exercises the core ones."""
    total = 0
    for section in sections(notebook):
        if section.title == EXERCISES:
            total += sum(int(match["minutes"]) for match in EXERCISE.finditer(section.prose) if not match["depth"])
        elif section.core:
            total += section.minutes
    return total


def _part(cell, source):
    return nbformat.from_dict({**cell, "source": source})

"""The page "What the sources name, and where it is here": each item with links to its places in the chapters."""

import itertools
import re
from typing import NamedTuple

from maths import literal, protect

from pages import prose

PLACE = re.compile(r"(?P<chapter>\d\d[a-z]?)(?: · (?P<section>.+)|/(?P<claim>[\w-]+)|\.(?P<exercise>\d+))")
HEADING = re.compile(r"^##+ (?P<section>.+?)(?: \(\d+ min.*\))?$", re.MULTILINE)
CLAIM = re.compile(r"`(\d\d[a-z]?/[\w-]+)`")


class Item(NamedTuple):
    """What the sources name: the fields are those of pages/sources.toml."""

    number: int
    item: str
    said: dict
    where: tuple = ()
    aside: str = ""


def placement(table, sources, words, claims):
    """The items of `table` (pages/sources.toml) as tables, one for each source.

    `sources`: [sources] of the errata, key → {title, ledger}; `words`: (number, address) of each chapter → its prose;
    `claims`: their ids. Raises ValueError, with what is wrong, when a place is not there or an item has neither place
    nor reason, and TypeError for a field that there is not.
    """
    items = [Item(**row) for row in table["items"]]
    if wrong := list(faults(items, sources, words, claims)):
        raise ValueError("pages/sources.toml does not agree with the course:\n" + "\n".join(wrong))
    placed = [item for item in items if item.where]
    partly = sum(bool(item.aside) for item in placed)
    lines = [f"{len(items)} things are named; {len(placed)} have places here, {partly} of these not in full."]
    for source, group in itertools.groupby(items, lambda item: next(iter(item.said))):
        title = sources[source]["title"]
        rows = [_row(item, sources, words) for item in group]
        head = ["| no. | what is named | where | where it is here |", "|---|---|---|---|"]
        lines += [f"## {protect(title[0].upper() + title[1:])}", "\n".join([*head, *rows])]
    return "\n\n".join(lines)


def faults(items, sources, words, claims):
    """What is wrong with the items, one sentence each; nothing when all are complete and all their places are there."""
    texts = {number: text for (number, _), text in words.items()}
    for number, item in enumerate(items, 1):
        if item.number != number:
            yield f"item {number} has the number {item.number}"
        if not (item.item and item.said and all(item.said.values())) or item.said.keys() - sources.keys():
            yield f"item {number}: it needs words, and for each source that names it the place"
        if not item.where and not item.aside.strip():
            yield f"item {number} has no place and no reason"
        if "|" in item.item + item.aside:
            yield f"item {number}: a bar would split a cell of the table"
        for place in (*item.where, *CLAIM.findall(item.aside)):
            if not _is_there(place, texts, claims):
                yield f"item {number}: {place} is not in the course"


def anchor(heading):
    """What mdBook calls the place of a heading.

    >>> anchor("When $L_D$ is near zero (9 min)")
    'when-l_d-is-near-zero-9-min'
    """
    return "".join(
        "-" if character.isspace() else character.lower()
        for character in heading
        if character.isalnum() or character.isspace() or character in "_-"
    )


def _is_there(place, texts, claims):
    found = PLACE.fullmatch(place)
    if not found or found["chapter"] not in texts:
        return False
    text = texts[found["chapter"]]
    if found["claim"]:
        return place in claims
    if found["exercise"]:
        return f"**Exercise {place}**" in text
    return [heading["section"] for heading in HEADING.finditer(text)].count(found["section"]) == 1


def _row(item, sources, words):
    (_, first), *others = item.said.items()  # the first is the source whose table it is
    said = [literal(first), *(f"{sources[source]['ledger']}: {literal(place)}" for source, place in others)]
    here = [_link(place, words) for place in item.where]
    if item.aside:
        stems = [address.removesuffix(".md") for _, address in words]
        here.append(f"*Left out:* {prose(item.aside, stems)}")
    return f"| {item.number} | {protect(item.item)} | {'<br>'.join(said)} | {'<br>'.join(here)} |"


def _link(place, words):
    found = PLACE.fullmatch(place)
    address, text = next((address, text) for (number, address), text in words.items() if number == found["chapter"])
    if found["claim"]:
        return f"[`{place}`]({address}#{place})"
    headings = list(HEADING.finditer(text))
    if found["exercise"]:  # it has no place of its own: the link leads to the section in which it stands
        start = text.index(f"**Exercise {place}**")
        heading = [heading for heading in headings if heading.start() < start][-1]
        return f"[exercise {place}]({address}#{_anchor_of(heading)})"
    (heading,) = (heading for heading in headings if heading["section"] == found["section"])
    return f"[{found['chapter']} · {protect(found['section'])}]({address}#{_anchor_of(heading)})"


def _anchor_of(heading):
    return anchor(heading[0].lstrip("# "))

"""The page "Map of the course": which chapter needs which, as a drawing and as a list."""

from maths import literal, protect

WIDTH, HEIGHT, ACROSS, DOWN = 158, 50, 168, 92  # of a box, and from one box to the next
SAID = "Arrows lead from each chapter to those that need it; the list below says the same in words."
ARROW = (
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    '<path d="M0 0L8 4L0 8z"/></marker></defs>'
)


def course_map(places, chapters):
    """The drawing and the list of `places` (pages/map.toml: what each chapter teaches and needs, and its column).

    `chapters`: number → (title, address). Raises ValueError for a chapter without a place, or one that is not there.
    """
    if places.keys() != chapters.keys():
        raise ValueError(
            f"pages/map.toml and book.toml differ in the chapters {sorted(places.keys() ^ chapters.keys())}"
        )
    return f"{_drawing(places, chapters)}\n\n## The same in words\n\n{_words(places, chapters)}"


def rank(number, places):
    """How many chapters come before this one on the longest way to it."""
    return max((1 + rank(before, places) for before in places[number]["needs"]), default=places[number].get("row", 0))


def nearest(number, places):
    """What a chapter needs, without what the others that it needs bring with them: the lines to draw."""
    needs = places[number]["needs"]
    return [one for one in needs if not any(one in _all_before(other, places) for other in needs)]


def _all_before(number, places):
    needs = places[number]["needs"]
    return set(needs).union(*(_all_before(before, places) for before in needs))


def _drawing(places, chapters):
    at = {number: (place["column"] * ACROSS + 10, rank(number, places) * DOWN + 10) for number, place in places.items()}
    width = max(x for x, _ in at.values()) + WIDTH + 10
    height = max(y for _, y in at.values()) + HEIGHT + 10
    ways = [_way(at[before], at[number]) for number in places for before in nearest(number, places)]
    boxes = [_box(at[number], number, *chapters[number]) for number in places]
    return (
        '<div class="map" tabindex="0" role="region" aria-label="Map of the course, a drawing">'
        f'<svg viewBox="0 0 {width:g} {height:g}" width="{width:g}" role="group" aria-label="{SAID}">{ARROW}'
        f"{''.join(ways)}{''.join(boxes)}</svg></div>"
    )


def _way(start, end):
    """From the middle of the lower side of one box to that of the upper side of another."""
    (a, b), (c, d) = start, end
    a, b, c, d = a + WIDTH / 2, b + HEIGHT, c + WIDTH / 2, d - 2
    middle = (b + d) / 2
    curve = f"M{a:g} {b:g}C{a:g} {middle:g} {c:g} {middle:g} {c:g} {d:g}"
    return f'<path class="way" d="{curve}" marker-end="url(#arrow)"/>'


def _box(at, number, title, address):
    (x, y), words = at, title.partition(" · ")[2]
    middle = x + WIDTH / 2
    return (
        f'<a href="{address.replace(".md", ".html")}">'
        f'<rect x="{x:g}" y="{y:g}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
        f'<text x="{middle:g}" y="{y + 20:g}">{literal(number)}</text>'
        f'<text x="{middle:g}" y="{y + 38:g}">{literal(words)}</text></a>'
    )


def _words(places, chapters):
    lines = []
    for number, place in places.items():
        title, address = chapters[number]
        needs = ", ".join(f"[{before}]({chapters[before][1]})" for before in place["needs"])
        after = f"Needs {needs}." if needs else place["when"]
        lines.append(f"- **[{literal(title)}]({address})**: {protect(place['teaches'])}. {after}")
    return "\n".join(lines)

"""The ledger: every claim of the course on one page, with its source, and a link to the place where it is checked."""

from maths import literal

from pages import CLAIM


def printed(notebook):
    """The claims that a notebook's stored outputs show: id → (statement, bound)."""
    return {
        found["id"]: (found["statement"], found["bound"])
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream"
        for line in output.text.split("\n")
        if (found := CLAIM.fullmatch(line))
    }


def ledger(sources, claims, chapters):
    """The page "All claims".

    `sources`: the tables of notebooks/claims.toml, id → {source, corrects?}; `claims`: id → (statement, bound), what
    the chapters printed; `chapters`: stem → title. Raises ValueError when the two do not name the same claims.
    """
    unlisted, unmade = sorted(claims.keys() - sources.keys()), sorted(sources.keys() - claims.keys())
    if unlisted or unmade:
        raise ValueError(
            f"claims.toml and the chapters differ: made and not listed {unlisted}, listed and not made {unmade}"
        )
    corrections = sum("corrects" in table for table in sources.values())
    lines = [
        "# All claims",
        f"{len(claims)} sentences of this course were checked by a measurement when its pages were made, and are "
        f"checked again whenever its tests run. {corrections} of them correct what a source of the course says. "
        "Each sentence leads to the cell that checks it.",
    ]
    for stem, title in chapters.items():
        number, _, _ = stem.partition("_")
        rows = [_row(id, stem, *claims[id], sources[id]) for id in claims if id.startswith(f"{number}/")]
        if rows:
            lines += [f"## {title}", "\n".join(["| claim | checked | source |", "|---|---|---|", *rows])]
    return "\n\n".join(lines) + "\n"


def _row(id, stem, statement, bound, table):
    source, checked = literal(table["source"]), f'<span class="bound">{literal(bound)}</span>'
    if "corrects" in table:
        source += f'<br><strong class="corrects">corrects {literal(table["corrects"])}</strong>'
    return f"| [{literal(statement)}]({stem}.md#{id}) | {checked} | {source} |"

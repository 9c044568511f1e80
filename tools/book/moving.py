"""Figures that move in the book: beside its picture stands a widget's film, which moving.js gives its knobs."""

import html
import json
import re


def films(folder, stem):
    """The films of a notebook's widgets, in the order of the page: what NAME.json holds, and the strips' addresses."""
    names = sorted(folder.glob(f"{stem.partition('_')[0]}-*.json"), key=lambda path: int(path.stem.rpartition("-")[2]))
    return [_film(path) for path in names]


def attach(films, notebook, is_widget):
    """Give each output of the notebook that is a widget's its film: `output.metadata["film"]`.

    Raises ValueError unless there are as many films as widgets, or none at all: then every widget stands still.
    """
    shown = [output for cell in notebook.cells for output in cell.get("outputs", []) if is_widget(output)]
    if films and len(films) != len(shown):
        raise ValueError(f"there are {len(films)} films for {len(shown)} widgets; `make notebooks` stores them anew")
    for output, film in zip(shown, films, strict=False):
        output.setdefault("metadata", {})["film"] = film


def figure(image, caption, film):
    """The figure: `image` and `caption` (HTML), which stand where no script runs, and the film in an attribute."""
    told = html.escape(json.dumps(film, ensure_ascii=False, separators=(",", ":")))
    return f'<figure class="moving" data-film="{told}">{image}{caption}</figure>'


def hint(film, knobs):
    """What a reader is told below the figure; `knobs` are those that it has in JupyterLab, "shift=2, width=1"."""
    names = re.sub(r"=[^,]*", "", knobs)
    return (
        f"This page has {len(film['said'])} pictures of it; in JupyterLab it is drawn wherever you move it ({names})."
    )


def _film(path):
    film = json.loads(path.read_text(encoding="utf-8"))
    strips = -(-len(film["said"]) // film["rows"])
    return film | {"strips": [f"films/{path.stem}-{number}.webp" for number in range(strips)]}

"""The chapters for a projector: headings, figures and questions alone, one screen each, in build/slides/.

Arrow keys, space and Page Up/Down move. The pages are read from the disk and ask for nothing on the network.
"""

import html
import pathlib
import re
import shutil
import sys
import tomllib
from typing import NamedTuple

import nbformat
from nbconvert.filters import markdown2html
from sections import STOP, paragraphs, question, sections

sys.path.insert(0, str(pathlib.Path(__file__).parent / "book"))

from book import docstrings
from maths import protect

from pages import WIDGET, described

ROOT = pathlib.Path(__file__).parents[1]
# What is kept beside a question. A formula after it may be the answer.
BEFORE, AFTER = re.compile(r"\$\$|[-|>] ?|\d\. "), re.compile(r"[-|>] ?|\d\. ")


class Slide(NamedTuple):
    """One screen: what stands small above it, as Markdown, and its HTML."""

    above: str
    content: str


def slides(notebook, pictures):
    """A chapter's slides. `pictures`: "module.function" of a figure → what it shows, for those who cannot see it."""
    opening, *rest = sections(notebook)
    chapter = re.match(r"# (.+)", opening.prose)[1]
    found = [Slide("", "".join(map(_html, _opening(opening.prose)))), Slide(chapter, _html(_prediction(opening.prose)))]
    found += [slide for cell in opening.cells for slide in _figures(cell, chapter, chapter, pictures)]
    for section in rest:
        made = _section(section, chapter, pictures)
        if section.minutes or section.title == STOP or len(made) > 1:  # what closes a chapter has nothing to show
            found += made
    return found


def page(title, slides):
    """The page of these slides, as HTML."""
    screens = "\n".join(
        f'<section id="{number}"><header>{_line(slide.above)}</header><div>{slide.content}</div></section>'
        for number, slide in enumerate(slides, 1)
    )
    return TEMPLATE.replace("TITLE", html.escape(title)).replace("SCREENS", screens)


def _opening(prose):
    """The title and the question of a chapter."""
    return [re.match(r"# .+", prose)[0], next(text for text in paragraphs(prose) if text.startswith("**The question"))]


def _prediction(prose):
    return prose[prose.index("**Predict before you run") :]


def _section(section, chapter, pictures):
    """Its heading, with the question that stands under it, then its other questions and its figures in order."""
    heading = f"<h2>{_line(section.title)}</h2>"
    if section.title == STOP:
        return [Slide(chapter, heading + _html(section.prose.partition("\n")[2]))]
    above = f"{chapter} · {section.title}"
    text = section.cells[0].source.partition("\n")[2]
    depth = "" if section.core else ", depth"
    time = f'<p class="minutes">{section.minutes} minutes{depth}</p>' if section.minutes else ""
    found = [Slide(chapter, heading + time + _html(_question(text)))]
    found += [Slide(above, _html(exercise)) for exercise in _exercises(text)]
    for cell in section.cells[1:]:
        if cell.cell_type == "markdown":
            texts = [_question(cell.source), *_exercises(cell.source)]
            found += [Slide(above, _html(text)) for text in texts if text]
        found += _figures(cell, above, section.title, pictures)
    return found


def _question(markdown):
    """What of a cell is asked, with the formulas before it and the lists and tables beside it."""
    texts, kept = paragraphs(markdown), {}
    for number, text in enumerate(texts):
        if asked := question(text):
            kept[number] = asked
            for step, shown in ((-1, BEFORE), (1, AFTER)):
                near = number + step
                while 0 <= near < len(texts) and shown.match(texts[near]):
                    kept[near] = texts[near]
                    near += step
    return "\n\n".join(kept[number] for number in sorted(kept))


def _exercises(markdown):
    return re.findall(r"^\*\*Exercise .*?(?=^\*\*Exercise |\Z)", markdown, re.M | re.S)


def _figures(cell, above, section, pictures):
    images = [output for output in cell.get("outputs", []) if "image/png" in output.get("data", {})]
    texts = described(cell.source, images, pictures, section) if images else []
    for shown, text in zip((image.data for image in images), texts, strict=True):
        widget = WIDGET.fullmatch(shown.get("text/plain", ""))
        said = f"<figcaption>{html.escape(widget['said'])}</figcaption>" if widget else ""
        png = "".join(shown["image/png"].split())
        image = f'<img alt="{html.escape(text)}" src="data:image/png;base64,{png}">'
        yield Slide(above, f"<figure>{image}{said}</figure>")


def _html(markdown):
    return markdown2html(protect(markdown)).replace("¶", "")


def _line(markdown):
    return re.sub(r"</?p>", "", _html(markdown)).strip()


TEMPLATE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>TITLE</title>
<link rel="stylesheet" href="katex/katex.min.css">
<link rel="stylesheet" href="slides.css">
<script defer src="katex/katex.min.js"></script>
<script defer src="katex/render.js"></script>
<script defer src="slides.js"></script>
</head>
<body>
<main>
SCREENS
</main>
</body>
</html>
"""


def main(folder=ROOT / "build" / "slides"):
    """Write the slides of all chapters into `folder`, and a page that lists them."""
    from gan_core import figures

    manifest = tomllib.loads((ROOT / "book.toml").read_text(encoding="utf-8"))["preprocessor"]["gan-course"]["chapters"]
    pictures = docstrings(pathlib.Path(figures.__file__).parent)
    shutil.copytree(ROOT / "tools" / "book" / "src" / "katex", folder / "katex", dirs_exist_ok=True)
    for name in ("slides.css", "slides.js"):
        shutil.copy(ROOT / "tools" / "slides" / name, folder)
    links = []
    for entry in manifest:
        stem, title = entry["notebook"], f"{entry['notebook'].partition('_')[0]} · {entry['title']}"
        shown = slides(nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", 4), pictures)
        (folder / f"{stem}.html").write_text(page(title, shown), encoding="utf-8")
        links.append(f'<li><a href="{stem}.html">{html.escape(title)}</a>, {len(shown)} screens</li>')
    listed = [Slide("", f"<h1>GANs you can check</h1><ul>{''.join(links)}</ul>")]
    (folder / "index.html").write_text(page("GANs you can check", listed), encoding="utf-8")
    print(f"{len(manifest)} chapters: {folder / 'index.html'}")


if __name__ == "__main__":
    main()

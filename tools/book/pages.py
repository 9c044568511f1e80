"""An executed notebook as a page of Markdown: prose, code, and what the code showed."""

import ast
import html
import itertools
import re

import moving
from maths import CODE, FLAGS, literal, protect

# A line that gan_core.lessons.claim prints, and the text that gan_core.widgets stores beside its picture.
CLAIM = re.compile(r"✓ (?P<id>\d\d[a-z]?/[\w-]+): (?P<statement>.+)  \[(?P<bound>.+)\]")
WIDGET = re.compile(r"\[(?P<knobs>[^\]]*)\] ?(?P<said>.*)", re.DOTALL)
CLAIM_NAMED = re.compile(r"(\d\d[a-z]?)/[\w-]+")
# A link to a file beside the notebook, not to a picture, an address or a place on the page.
LINK = re.compile(
    CODE + r"| (?<!!) \[(?P<text>[^\[\]]+)\] \( (?P<target>(?!\w+:|\#)[^()#\s]+) (?P<place>\#[^()\s]*)? \)", FLAGS
)


def page(notebook, chapters, pictures):
    """The page of one notebook.

    `chapters`: the stems of all notebooks in the book; a link to one of them becomes a link to its page.
    `pictures`: "module.function" of a figure → what it shows, for those who cannot see the figure.
    """
    parts, section = [], ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(prose(cell.source, chapters))
            section = (re.findall(r"^#+ (.+)$", cell.source, re.MULTILINE) or [section])[-1]
        elif cell.cell_type == "code" and cell.source.strip():
            code, seen = fenced(cell.source.strip("\n"), "python"), shown(cell, pictures, section, chapters)
            parts += (
                [seen, folded(code, seen)] if cell.metadata.get("jupyter", {}).get("source_hidden") else [code, seen]
            )
    return "\n\n".join(part for part in parts if part) + "\n"


def folded(code, seen):
    """Code that JupyterLab hides, closed, to stand below what it showed: a verdict, or something else."""
    how = "how it is checked" if 'class="claim"' in seen else "the code"
    return f'<details class="how"><summary>{how}</summary>\n\n{code}\n\n</details>'


def prose(markdown, chapters):
    """A notebook's Markdown as the book's: formulas are kept safe, a link to a chapter leads to its page.

    Of a link to any other file, which is not in the book, the text stays. A claim's id in code leads to the claim, and
    so does a link from it.
    """

    def linked(match):
        if match["code"]:
            claim = CLAIM_NAMED.fullmatch(match[0].strip("`"))
            stem = claim and next((stem for stem in chapters if stem.startswith(claim[1] + "_")), None)
            return f"[{match[0]}]({stem}.md#{match[0].strip('`')})" if stem else match[0]
        stem = match["target"].rpartition("/")[2].removesuffix(".ipynb").removesuffix(".py").removesuffix(".md")
        place = f"#{match['text']}" if CLAIM_NAMED.fullmatch(match["text"]) else match["place"] or ""
        return f"[{match['text']}]({stem}.md{place})" if stem in chapters else match["text"]

    return LINK.sub(linked, protect(markdown))


def shown(cell, pictures, section, chapters=()):
    """The outputs of a code cell, or "" when it shows none. A widget is its picture; without one it leaves no hole."""
    images = [output for output in cell.outputs if "image/png" in output.get("data", {})]
    texts = iter(described(cell.source, images, pictures, section))
    parts = []
    for is_printed, group in itertools.groupby(cell.outputs, lambda output: output.output_type == "stream"):
        if is_printed:
            parts.append(_printed("".join(output.text for output in group)))
        else:
            parts.extend(_rich(output, texts, chapters) for output in group)
    inside = "\n\n".join(part for part in parts if part)
    return f'<div class="output">\n\n{inside}\n\n</div>' if inside else ""


def described(source, images, pictures, section):
    """What each of a cell's images shows: what the figure functions say, or else where it stands and what it says."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    names = [ast.unparse(call.func).split(".") for call in sorted(calls, key=lambda call: call.lineno)]
    called = [".".join(name[1:]) for name in names if name[0] == "figures"]
    said = [pictures[name] for name in called if name in pictures]
    if said:
        return said if len(said) == len(images) else [" ".join(said)] * len(images)
    told = [WIDGET.fullmatch(image.data.get("text/plain", "")) for image in images]
    return [f"Figure in the section “{section}”." + (f" {widget['said']}" if widget else "") for widget in told]


def fenced(text, language):
    """`text` as a fenced code block, with a fence longer than any in the text."""
    longest = max((len(ticks) for ticks in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _rich(output, texts, chapters):
    if output.output_type == "error":
        return _pre(f"{output.ename}: {output.evalue}", "error")
    data = output.data
    if "image/png" in data:
        return _figure(data, next(texts), output.get("metadata", {}).get("film"))
    if "text/markdown" in data:
        return prose(data["text/markdown"], chapters)
    if "text/html" in data:
        return re.sub(r"\n\s*\n", "\n", data["text/html"])  # a blank line would end the HTML for Markdown
    return _pre(data["text/plain"]) if "text/plain" in data else ""


def _printed(text):
    """Standard output as it was printed, but each claim as a paragraph with an anchor, to which the ledger leads."""
    lines = itertools.groupby(text.rstrip().split("\n"), lambda line: bool(CLAIM.fullmatch(line)))
    parts = ("\n\n".join(map(_claim, group)) if is_claim else _pre("\n".join(group)) for is_claim, group in lines)
    return "\n\n".join(part for part in parts if part)


def _claim(line):
    found = CLAIM.fullmatch(line)
    measured = f"{found['id']} [{found['bound']}]"
    return (
        f'<p class="claim" id="{found["id"]}"><span class="tick">✓</span> {literal(found["statement"])} '
        f'<span class="measured">{literal(measured)}</span></p>'
    )


def is_widget(output):
    """Whether an output is a widget's picture, with the text that gan_core.course.widgets stores beside it."""
    data = output.get("data", {})
    return "image/png" in data and bool(WIDGET.fullmatch(data.get("text/plain", "")))


def _figure(data, text, film=None):
    png = "".join(data["image/png"].split())
    image = f'<img alt="{html.escape(text)}" src="data:image/png;base64,{png}">'
    widget = WIDGET.fullmatch(data.get("text/plain", ""))
    if not widget:
        return f"<figure>{image}</figure>"
    hint = (
        moving.hint(film, widget["knobs"]) if film else f"In JupyterLab you can move this figure ({widget['knobs']})."
    )
    said = f'<span class="said">{literal(widget["said"])}</span>'
    caption = f'<figcaption>{said} <span class="hint">{literal(hint)}</span></figcaption>'
    return moving.figure(image, caption, film) if film else f"<figure>{image}{caption}</figure>"


def _pre(text, kind="printed"):
    return f'<pre class="{kind}">{literal(text)}</pre>' if text.strip() else ""

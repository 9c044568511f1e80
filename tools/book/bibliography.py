"""The page "Bibliography": every work the course names, and where it is named."""

import itertools
import re
import unicodedata

from maths import literal

INITIALS = re.compile(r"^(?:\w\.(?:-\w\.)* )+")  # before a family name: "J.-Y. Zhu"


def bibliography(works, texts):
    """The list of `works` (pages/bibliography.toml), by letters, each with links to where it is named.

    `texts`: (label, address) of a chapter or a module → its words.
    """
    texts = {place: plain(text) for place, text in texts.items()}
    lines = []
    for letter, group in itertools.groupby(works, lambda key: _letter(works[key])):
        lines += [f"## {letter}", *(_entry(key, works[key], where(works[key], texts)) for key in group)]
    return "\n\n".join(lines)


def where(work, texts):
    """The places whose text names a work; `texts`: place → its words, `plain`."""
    return [place for place, text in texts.items() if any(is_in(name, text) for name in names(work))]


def names(work):
    """What a text calls a work: its title, the short one, or authors and year, all as `plain` leaves them."""
    titles = [work[name] for name in ("title", "short") if name in work]
    return [plain(name) for name in (*titles, *work.get("cited", citations(work)))]


def citations(work):
    """A work by its authors and year, as texts of the course cite it.

    >>> citations({"authors": "A. Ng, H. de Vries & J.-Y. Zhu", "year": 2001})
    ['Ng et al. 2001', 'Ng, de Vries & Zhu 2001']
    """
    if "year" not in work:
        return []
    known = work["authors"].removesuffix(" et al.")
    family = [INITIALS.sub("", author) for author in re.split(r", | & ", known)]
    several = [f"{family[0]} et al."] if len(family) > 2 or known != work["authors"] else []
    every = [" & ".join(filter(None, [", ".join(family[:-1]), family[-1]]))] if known == work["authors"] else []
    return [f"{name} {work['year']}" for name in several + every]


def plain(text):
    """`text` on one line, in small letters, without marks of comments and emphasis, and its years without brackets.

    >>> plain("as *Two\\n# Words* (Ng and\\n#   Lee, 2001) say")
    'as two words (ng & lee 2001) say'
    """
    line = re.sub(r"\s*\n\s*#?\s*", " ", text).replace("*", "").replace(" and ", " & ").casefold()
    return re.sub(r",? \(?(?=(?:1[89]|20)\d\d\b)", " ", line)


def is_in(name, text):
    """Whether a name stands in a text as words of its own."""
    return name in text and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def _letter(work):
    first = INITIALS.sub("", work["authors"]).removeprefix("de ").removeprefix("von ")[0]
    return unicodedata.normalize("NFKD", first)[0].upper()


def _entry(key, work, places):
    year = f" {work['year']}" if "year" in work else ""
    source = f" [{literal(_short(work['link']))}](<{work['link']}>)" if "link" in work else ""
    named = ", ".join(f"[{label}]({address})" for label, address in places)
    return (
        f'<span id="{key}"></span>{literal(work["authors"])}, *{literal(work["title"])}*, '
        f'{literal(work["venue"])}{year}.{source}<br><span class="named">named in {named}</span>'
    )


def _short(link):
    """What is shown of an address: arXiv's number, or the address without its beginning."""
    return re.sub(r"^https://(?:doi\.org/|www\.)?", "", link).replace("arxiv.org/abs/", "arXiv:")

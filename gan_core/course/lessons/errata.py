"""The errata: what the sources of the course say, what is so, and the claims of the ledger that decide it.

The findings are data: errata.toml beside this file, whose head says how one is written. The ledger and the chapters are
read where they lie. Each verdict stands there twice, once as a word, and once in which claims bear the sentence out and
which correct it; `faults` holds the two against each other, against the ledger, and against the chapters.
"""

import pathlib
import re
import tomllib
from collections import Counter
from typing import NamedTuple

FINDINGS = pathlib.Path(__file__).with_suffix(".toml")
CHAPTERS = pathlib.Path(__file__).parents[3] / "notebooks"  # the repository's, whichever edition asks
KINDS = ("observation", "method", "formula", "rule", "code", "reason")
VERDICTS = ("holds", "half right", "does not hold", "not checked here")
MARKS = dict(zip(VERDICTS, "✓◐✗·", strict=True))

_MADE = re.compile(r'\bclaim\(\s*"(\d\d[a-z]?/[a-z0-9-]+)"')
_NAMED = re.compile(r"`(\d\d[a-z]?/[a-z0-9-]+)`")


class Source(NamedTuple):
    """A source: its title, and how the ledger names it where a claim corrects it ("" for all that have no name)."""

    title: str
    ledger: str = ""


class Finding(NamedTuple):
    """One sentence of a source, and what has become of it; the fields are those of errata.toml."""

    source: str
    place: str
    kind: str
    says: str
    so: str
    verdict: str
    english: str = ""
    bears_out: tuple = ()
    corrects: tuple = ()
    noted: tuple = ()

    def __str__(self):
        return f"{self.source}, {self.place}, {self.says}"


class Aside(NamedTuple):
    """What was noted and is no finding, and why."""

    source: str
    says: str
    why: str
    english: str = ""
    noted: tuple = ()


class Errata(NamedTuple):
    """All of errata.toml: the sources by name, the findings, and what was set aside."""

    sources: dict
    findings: list
    aside: list


def read(path=FINDINGS):
    """The errata of the file `path`. TypeError names a field that a row lacks, or that there is not."""
    rows = tomllib.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    return Errata(
        {name: Source(**source) for name, source in rows["sources"].items()},
        [Finding(**row) for row in rows["findings"]],
        [Aside(**row) for row in rows["aside"]],
    )


def ledger(folder=CHAPTERS):
    """The ledger in the `folder` of the chapters: id → {source, corrects?}."""
    return tomllib.loads((pathlib.Path(folder) / "claims.toml").read_text(encoding="utf-8"))


def places(folder=CHAPTERS):
    """The cell in which each claim is made: id → "04_earth_mover.ipynb#cell-id=04_earth_mover-33", seen from `folder`.

    It is read from the .py of the chapters; cells bear the number at which they stand.
    """
    import jupytext

    found = {}
    for path in sorted(pathlib.Path(folder).glob("[0-9][0-9]*_*.py")):
        for number, cell in enumerate(jupytext.read(path).cells):
            if cell.cell_type == "code":
                where = f"{path.stem}.ipynb#cell-id={path.stem}-{number:02d}"
                found |= dict.fromkeys(_MADE.findall(cell.source), where)
    return found


def decided(finding):
    """The verdict that the claims of a finding make: borne out, corrected, both, or neither."""
    holds, half, fails, unchecked = VERDICTS
    if finding.bears_out:
        return half if finding.corrects else holds
    return fails if finding.corrects else unchecked


def faults(errata, ledger, places):
    """What is wrong with the errata, one sentence each; nothing when findings, ledger and chapters agree."""
    for finding in errata.findings:
        yield from (f"{finding}: {fault}" for fault in _faults(finding, errata.sources, ledger, places))
    for id, entry in ledger.items():
        if corrected := entry.get("corrects"):
            corrects = {name for name, source in errata.sources.items() if source.ledger and source.ledger in corrected}
            has = {finding.source for finding in errata.findings if id in finding.corrects}
            if not has or corrects - has:
                yield f"{id} corrects {corrected}, and no finding of it has that"
    in_findings, in_aside = ({number for row in rows for number in row.noted} for rows in errata[1:])
    yield from (f"{number} is a finding and set aside" for number in sorted(in_findings & in_aside))
    for aside in errata.aside:
        if aside.source not in errata.sources or not (aside.says and aside.why) or _untranslated(aside):
            yield f"set aside, {aside.says}: it needs a source, the words, their translation, and a reason"


def _faults(finding, sources, ledger, places):
    if finding.source not in sources or finding.kind not in KINDS or finding.verdict not in VERDICTS:
        yield f"unknown source, kind or verdict: {finding.source}, {finding.kind}, {finding.verdict}"
        return
    if not (finding.place and finding.says and finding.so) or _untranslated(finding):
        yield "it needs the place, the words, their translation, and what is so"
    if "|" in "".join((finding.place, finding.says, finding.english, finding.so)):
        yield "a bar would split a cell of the table"
    if finding.verdict != decided(finding):
        yield f"it says “{finding.verdict}”, and its claims say “{decided(finding)}”"
    named = [*finding.bears_out, *finding.corrects]
    yield from (f"{id} is named twice" for id, times in Counter(named).items() if times > 1)
    for id in [*named, *_NAMED.findall(finding.so)]:
        if id not in ledger:
            yield f"{id} is not in the ledger"
        elif id not in places:
            yield f"{id} is in the ledger, but no chapter makes it"
    for id in finding.corrects:
        corrected = ledger.get(id, {}).get("corrects", "")
        if not corrected or sources[finding.source].ledger not in corrected:
            yield f"the ledger does not say that {id} corrects {sources[finding.source].title}"


def _untranslated(row):
    return "「" in row.says and not row.english


def counts(findings):
    """How many of each kind have each verdict: kind → {verdict: number}, in the order of `KINDS` and `VERDICTS`."""
    found = Counter((finding.kind, finding.verdict) for finding in findings)
    return {kind: {verdict: found[kind, verdict] for verdict in VERDICTS} for kind in KINDS}


def table(errata, source, ledger, places):
    """The findings of one source as a Markdown table; each claim leads to its cell.

    Raises ValueError, with what is wrong, when any verdict is not what ledger and chapters make of it.
    """
    from IPython.display import Markdown

    if wrong := list(faults(errata, ledger, places)):
        raise ValueError("the errata do not agree with the ledger:\n" + "\n".join(wrong))
    lines = ["| where, and what kind | it says | what is so | verdict |", "|:---|:---|:---|:---|"]
    for row in (finding for finding in errata.findings if finding.source == source):
        sides = (("✓", row.bears_out), ("✗", row.corrects))
        claims = [f"{mark} {', '.join(_linked(id, places) for id in ids)}" for mark, ids in sides if ids]
        verdict = "<br>".join([f"**{MARKS[row.verdict]} {row.verdict}**", *claims])
        so = _NAMED.sub(lambda found: _linked(found[1], places), row.so)
        lines.append(f"| {row.place}<br>*{row.kind}* | {_said(row)} | {so} | {verdict} |")
    return Markdown("\n".join(lines))


def set_aside(errata):
    """What was set aside, as a Markdown table."""
    from IPython.display import Markdown

    rows = [f"| {errata.sources[row.source].title} | {_said(row)} | {row.why} |" for row in errata.aside]
    return Markdown("\n".join(["| source | it says | why it is no finding |", "|:---|:---|:---|", *rows]))


def _said(row):
    return f"{row.says}<br>*{row.english}*" if row.english else row.says


def _linked(id, places):
    return f"[{id}]({places[id]})"

"""The page "Glossary": the course's words in English and in Japanese."""

import itertools

from maths import literal, protect


def glossary(table, chapters):
    """The terms of `table` (pages/glossary.toml), by letters; `chapters`: number → (title, address)."""
    terms = sorted(table["term"], key=lambda term: term["english"].casefold())
    lines = []
    for letter, group in itertools.groupby(terms, lambda term: term["english"][0].upper()):
        lines += [f"## {letter}", *(_entry(term, *chapters[term["chapter"]]) for term in group)]
    return "\n\n".join(lines)


def _entry(term, title, address):
    others = f" ({literal('、'.join(term['also']))})" if "also" in term else ""
    return (
        f'**{literal(term["english"])}** · <strong lang="ja">{literal(term["japanese"])}</strong>{others}<br>'
        f"{protect(term['in_english'])} [{literal(title.partition(' · ')[0])}]({address})<br>"
        f'<span lang="ja" class="named">{protect(term["in_japanese"])}</span>'
    )

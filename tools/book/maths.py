"""Mathematics in Markdown: `$…$` and `$$…$$` become spans that Markdown cannot hurt and that KaTeX renders."""

import re

# A fenced block, or code in a line: what Markdown shows as it is.
CODE = r"""
    (?P<code> ^[ >]*(?P<fence>`{3,}|~{3,})[^\n]*\n .*? (?: ^[ >]*(?P=fence)[`~]*[ ]*$ | \Z )
            | (?<!`)(?P<ticks>`+)(?!`) (?:(?!\n[ ]*\n).)+? (?<!`)(?P=ticks)(?!`) )
"""
SHORT = 30  # characters of TeX that stay on one line with the punctuation around them; a browser would part them
FLAGS = re.VERBOSE | re.MULTILINE | re.DOTALL
# Read from left to right; the first that fits wins. A formula holds no blank line, and "$5 and $6" is money.
FORMULA = re.compile(
    CODE
    + r"""
    | (?P<dollar> \\\$ )
    | (?P<escaped> \\. )
    | \$\$ (?P<display> (?: \\. | (?!\n[ ]*\n)[^\\$] )+? ) \$\$
    | (?P<before> \(? )
      \$ (?![\s$]) (?P<inline> (?: \\. | (?!\n[ ]*\n)[^\\$] )+? ) (?<!\s) \$ (?!\d)
      (?P<after> [.,;:!?)]* )
    """,
    FLAGS,
)


def protect(markdown):
    """`markdown` with every formula as `<span class="math …">TeX</span>`: TeX that Markdown leaves alone.

    >>> protect("so $p_i < 1$, and `$HOME` is code")
    'so <span class="together"><span class="math inline">p&#95;i &#60; 1</span>,</span> and `$HOME` is code'
    """
    return FORMULA.sub(_replaced, markdown)


def literal(text):
    """`text` as HTML that shows just this text, even in a Markdown table: ASCII punctuation becomes entities."""
    return re.sub(r"[!-/:-@\[-`{-~\n]", lambda match: f"&#{ord(match[0])};", text)


def _replaced(match):
    if match["code"] or match["escaped"]:
        return match[0]
    if match["dollar"]:
        return literal("$")
    kind = "display" if match["display"] else "inline"
    tex = match[kind]
    if match.string[: match.start()].rpartition("\n")[2].lstrip().startswith(">"):
        tex = re.sub(r"\n *>", "\n", tex)  # the marks of a quotation are not part of the formula in it
    span = f'<span class="math {kind}">{literal(tex.strip())}</span>'
    before, after = match["before"] or "", match["after"] or ""
    if (before or after) and len(tex) <= SHORT:
        return f'<span class="together">{before}{span}{after}</span>'
    return before + span + after

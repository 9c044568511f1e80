"""The page "Symbols": what the mathematics calls a thing, and what the code does."""

from maths import literal, protect


def symbols(table, chapters):
    """`table` (pages/symbols.toml) as a table; `chapters`: number → (title, address)."""
    rows = ["| symbol | what it is | in the code | first in |", "|---|---|---|---|"]
    for entry in table["symbols"]:
        title, address = chapters[entry["chapter"]]
        symbol, what = protect(f"${entry['symbol']}$"), protect(entry["what"])
        code = ", ".join(f"`{name}`" for name in entry["code"])
        rows.append(f"| {symbol} | {what} | {code} | [{literal(title)}]({address}) |")
    return "\n".join(rows)

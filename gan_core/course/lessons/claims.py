"""A claim is a sentence with a measurement behind it: it prints one line when it holds and raises the numbers if not.

The printed line holds nothing that differs between machines, so a notebook that stores it is compared to the letter.
"""

import re

import numpy as np

_made = {}  # id -> (statement, bound), in the order of the chapter; `checked` shows them as its closing table


def claim(id, statement, measured, *, below=None, above=None, equals=None, within=None):
    """Check `statement` by `measured`, print one stable line, and remember it for the chapter's closing table.

    The bound is one of: `below=b` (every entry < b), `above=a` (every entry > a), both (a < every entry < b),
    `equals=e, within=t` (every |entry − e| ≤ t), or none, when `measured` is true or false itself.

    Parameters: `id` "chapter/name" as in notebooks/claims.toml; `statement` a sentence; `measured` a number, a bool, or
    an array of them (numpy, torch, list); `below`, `above` and `within` finite numbers; `equals` a number or an array
    of the measurement's shape. Raises AssertionError with the numbers when the claim does not hold (NaN never does),
    ValueError or TypeError when it is not well formed.

    >>> claim("00/example", "Three is more than two.", 3, above=2)
    ✓ 00/example: Three is more than two.  [> 2]
    """
    if not re.fullmatch(r"\d\d[a-z]?/\S+", str(id)):
        raise ValueError(f"a claim's id is written like '03/js-bounded', chapter/name; given {id!r}")
    values = _array(measured)
    if values.size == 0:
        raise ValueError(f"claim {id}: nothing was measured (shape {values.shape})")
    for name, number in {"below": below, "above": above, "within": within}.items():
        if number is not None and not (np.ndim(number) == 0 and np.isfinite(number)):
            raise ValueError(
                f"claim {id}: {name} must be a finite number, or the claim could not fail; given {number!r}"
            )
    if equals is not None:
        if within is None or below is not None or above is not None:
            raise ValueError(f"claim {id}: equals=… goes with within=… and with no other bound")
        target = _array(equals)
        if target.ndim and target.shape != values.shape:
            raise ValueError(f"claim {id}: measured has shape {values.shape}, equals has shape {target.shape}")
        holds, bound = np.abs(values - target) <= within, f"within {within:g}"
    elif within is not None:
        raise ValueError(f"claim {id}: within=… goes with equals=…")
    elif below is None and above is None:
        if values.dtype != bool:
            raise TypeError(f"claim {id}: without a bound the measurement must be true or false; given {measured!r}")
        holds, bound = values, "true"
    else:
        holds = np.logical_and(above is None or values > above, below is None or values < below)
        if below is None:
            bound = f"> {above:g}"
        else:
            bound = f"< {below:g}" if above is None else f"between {above:g} and {below:g}"
    if not holds.all():
        wanted = f"{bound} of {equals}" if equals is not None else bound
        raise AssertionError(
            f"✗ {id}: {statement}\n"
            f"  measured {np.array2string(values, threshold=12)}, wanted {wanted}; "
            f"{np.size(holds) - np.count_nonzero(holds)} of {np.size(holds)} entries fail"
        )
    _made[id] = (statement, bound)
    print(f"✓ {id}: {statement}  [{bound}]")


def checked():
    """The table "what we checked": all claims of this kernel, in order, as Markdown for the end of a chapter."""
    from IPython.display import Markdown

    rows = [
        f"| {number} | {id} | {_cell(statement)} | {bound} |"
        for number, (id, (statement, bound)) in enumerate(_made.items(), 1)
    ]
    return Markdown("\n".join(["| | claim | statement | checked |", "|---|---|---|---|", *rows]))


def _array(values):
    return np.asarray(values.detach().cpu() if hasattr(values, "detach") else values)


def _cell(text):
    """`text` as plain words in a Markdown table: nothing in it is markup."""
    return re.sub(r"([\\`*_<>$~|\[\]])", r"\\\1", text)

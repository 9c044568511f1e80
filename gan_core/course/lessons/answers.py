"""A student's own answers, noted in a file beside the notebook, for a teacher who gathers those of a class.

Nothing is noted until the student says a name, `me("Ada")`, and no more about a person than that name. From then on
each check adds one line to answers/Ada.jsonl, and `python -m gan_core class FOLDER` sums such files up.
"""

import json
import os
import re
from pathlib import Path

VERSION = 1  # of the lines; a reader refuses those that it does not know
VERDICTS = ("right", "wrong", "raised", "waiting")

_me = {}  # "student" and "file", once they are known


def me(name, folder="answers"):
    """From here on note each check of this notebook as `name`'s, in a file of that name in `folder`.

    A file that is there is gone on with. Nothing is noted where the file cannot be written, which is said, nor where a
    notebook is run by pytest or in continuous integration. Raises ValueError for what cannot be a file's name.
    """
    _me.clear()
    file = Path(folder) / f"{checked_name(name)}.jsonl"
    if "PYTEST_VERSION" not in os.environ and "CI" not in os.environ:
        try:
            file.parent.mkdir(exist_ok=True)
            file.touch()
        except OSError as error:
            return _not_noted(file, error)
        _me.update(student=checked_name(name), file=file.absolute())
    print(f"Your answers are noted in {file.as_posix()}.")


def note(exercise, verdict, said=""):
    """Add one line to the file of whoever has said a name; without a name do nothing.

    A line is written in one piece, so two notebooks may share a file. What cannot be written is said, once.
    """
    if not _me:
        return
    record = {"version": VERSION, "student": _me["student"], "exercise": exercise, "verdict": verdict, "said": said}
    try:
        with open(_me["file"], "ab", buffering=0) as file:
            file.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
    except OSError as error:
        _not_noted(_me["file"].name, error)
        _me.clear()


def checked_name(name):
    """`name` without spaces around it. ValueError where no file can have it."""
    text = str(name).strip() if isinstance(name, str) else ""
    if not re.fullmatch(r"\w(?:[\w .'’-]{0,58}[\w-])?", text):
        raise ValueError(
            f"a name has 1 to 60 letters, digits, spaces and any of .'’-_, and begins with a letter; given {name!r}"
        )
    return text


def _not_noted(file, error):
    print(f"{file} cannot be written ({error.strerror}): your answers are checked, and not noted.")

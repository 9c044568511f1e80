"""What CHANGELOG.md says of a version: `python tools/release_notes.py v0.1.0`, for the release of that tag."""

import pathlib
import re
import sys
import tomllib

ROOT = pathlib.Path(__file__).parents[1]


def notes(tag, changelog, version):
    """The section of `changelog` on the version that `tag`, "v1.2.3", names.

    Raises ValueError for a tag that is not that of `version`, the project's, and for a version without a section.
    """
    if tag != f"v{version}":
        raise ValueError(
            f"the tag is {tag}, and the project's version is {version}: tag v{version}, or set the version"
        )
    section = re.search(rf"^## {re.escape(version)}\b[^\n]*\n(.*?)(?=^## |\Z)", changelog, re.M | re.S)
    if not section or not section[1].strip():
        raise ValueError(f"CHANGELOG.md says nothing of {version}: it needs a section '## {version}'")
    return section[1].strip()


if __name__ == "__main__":
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    try:
        print(notes(sys.argv[1], (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), project["version"]))
    except ValueError as error:
        sys.exit(str(error))

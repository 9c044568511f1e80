"""The book on the disk: how large it is, which of its pages are the largest, and how soon a browser has loaded them."""

import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[1]
TIMES, PAGES = 5, 5
LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"


def built(folder):
    """The book, as `make book` builds it, in a folder."""
    path = os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])
    for command in (["mdbook", "build", "-d", folder], [sys.executable, "tools/book/reference.py", f"{folder}/api"]):
        subprocess.run(command, cwd=ROOT, env={**os.environ, "PATH": path}, check=True, capture_output=True)
    return pathlib.Path(folder)


def main():
    sys.path.insert(0, str(ROOT / "tests"))
    from chromium import browsing

    with tempfile.TemporaryDirectory() as folder, browsing() as (new_page, _):
        site = built(folder)
        sizes = {path: path.stat().st_size for path in site.rglob("*") if path.is_file()}
        print(f"the whole book: {sum(sizes.values()) / 1e6:.1f} MB in {len(sizes)} files\n")
        print(f"  {'page':>34}{'MB':>8}{'loaded after':>16}")
        pages = [path for path in sizes if path.suffix == ".html" and path.name not in ("index.html", "print.html")]
        page = new_page()
        for path in sorted(pages, key=sizes.get, reverse=True)[:PAGES]:
            seconds = []
            for _ in range(TIMES):
                page.goto(path.as_uri())
                seconds.append(page.evaluate(LOADED) / 1e3)
            print(f"  {path.stem:>34}{sizes[path] / 1e6:>8.2f}{statistics.median(seconds):>14.2f} s")


if __name__ == "__main__":
    main()

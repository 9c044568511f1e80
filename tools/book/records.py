"""The page "How the figures were recorded": of each record in results/ command, seeds, commit and machine."""

import json

from maths import literal


def records(root, chapters):
    """A section for each run and study in `root`/results; `chapters`: (title, address) → code, which may show it."""
    parts = []
    for heading, found in (("Runs", _runs(root)), ("Studies", _studies(root))):
        parts.append(f"## {heading}")
        for name, question, record, seeds, provenance in found:
            shown = [
                f"[{literal(title)}]({address})" for (title, address), code in chapters.items() if f'"{name}"' in code
            ]
            parts.append(f"### {literal(name)}")
            parts += [literal(question)] * bool(question)
            parts.append(f"```sh\n{record['command']}\n```")
            lines = [f"seeds {', '.join(map(str, seeds))}" if len(seeds) > 1 else f"seed {seeds[0]}"]
            lines += [f"shown in {', '.join(shown)}"] * bool(shown)
            lines += [_made(entry) for entry in provenance]
            parts.append("\n".join(f"- {line}" for line in lines))
    return "\n\n".join(parts)


def _runs(root):
    for path in sorted((root / "results").glob("*/record.json")):
        record = _read(path)
        size, steps, minutes = record["recipe"]["size"], record["steps"], record["seconds"] / 60
        what = f"{steps:,} steps of {record['method']} on {record['data']} of {size} × {size} pixels"
        yield path.parent.name, f"{what}, in {minutes:.0f} minutes.", record, [record["seed"]], [record]


def _studies(root):
    for path in sorted((root / "results" / "studies").glob("*.json")):
        record = _read(path)
        seeds = sorted({row["seed"] for row in record["rows"]})
        yield path.stem, record["question"], record, seeds, record["provenance"]


def _read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def _made(entry):
    """One line of a provenance: when, from which commit, with what."""
    changed = " and changes that were not committed yet" if entry["dirty"] else ""
    threads = f"{entry['threads']} thread{'s' * (entry['threads'] > 1)}"
    machine = literal(entry["device"].partition(": ")[2].replace("(R)", ""))
    versions = literal(f"Python {entry['versions']['python']}, torch {entry['versions']['torch']}")
    return f"{entry['date']}, commit `{entry['commit'][:7]}`{changed}, {machine}, {threads}, {versions}"

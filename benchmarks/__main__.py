"""Print tables: `python -m benchmarks` for all, `python -m benchmarks dcgan faces` for some."""

import importlib
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
NAMES = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))

unknown = [name for name in sys.argv[1:] if name not in NAMES]
if unknown:
    raise SystemExit(f"no benchmark {unknown[0]!r}; there are {', '.join(NAMES)}")
for name in sys.argv[1:] or NAMES:
    print(f"# {name}\n", flush=True)
    importlib.import_module(f"benchmarks.bench_{name}").main()

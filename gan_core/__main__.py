"""`python -m gan_core`: the commands of `gan_core.cli`."""

import sys

from gan_core.experiments.cli import main

if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a console that has no tick shows a question mark
    sys.exit(main())

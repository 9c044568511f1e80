"""`python -m gan_core check` says whether this machine is fit for the course."""

import argparse
import sys

from gan_core import check

COMMANDS = {"check": check.main}


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m gan_core", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    return COMMANDS[parser.parse_args(arguments).command]()


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="replace")  # a console that has no tick shows a question mark
    sys.exit(main())

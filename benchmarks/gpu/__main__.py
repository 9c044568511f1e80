"""See `benchmarks.gpu.day`."""

import sys

from benchmarks.gpu.day import main

if __name__ == "__main__":
    sys.exit(main())

"""Settings for all tests."""

import os

# Two workers on two cores: one thread each, set before numpy or torch is loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")

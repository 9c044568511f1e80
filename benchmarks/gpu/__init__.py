"""All that is owed to a GPU, in one command: `make gpu`, or `python -m benchmarks.gpu`."""

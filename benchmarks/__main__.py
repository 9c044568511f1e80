"""Print every table of timings: `python -m benchmarks`."""

from benchmarks import bench_transport

bench_transport.main()

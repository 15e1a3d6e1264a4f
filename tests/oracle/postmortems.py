#!/usr/bin/env python3
"""A third world beside `faults.py` and `incidents.py`: 76 outages as public post-mortems tell of them, in the real words of
the real software (databases, brokers, proxies, kernels, runtimes), and ten calm days.

    python3 tests/oracle/postmortems.py --obs target/release/obs [--seeds 1-3] [--only FAULT[,FAULT]] [--keep DIR] [--verbose]

Names, formats, zones, clocks, rates, request ids and metrics are drawn by lot (`stage.py`). The exit code is as in
`tally.py`.
"""
from functools import partial

import postmortem_later  # noqa: F401 - its incidents register themselves
import postmortem_platform  # noqa: F401
import postmortem_stores  # noqa: F401
import stage
import tally


def outages(args, seed):
    for name, (put, setup) in {**stage.INCIDENTS, **stage.CALM}.items():
        if not args.only or name in args.only.split(","):
            yield f"{name}-{seed}", partial(write, name, seed, put, setup)


def write(name, seed, put, setup, folder):
    world = stage.World(name, seed, **setup)
    put(world)
    world.run()
    world.write(folder)
    return world.truth, []


if __name__ == "__main__":
    tally.main(tally.arguments("postmortems", __doc__), outages)

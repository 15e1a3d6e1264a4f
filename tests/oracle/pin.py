#!/usr/bin/env python3
"""Pins what `obs investigate` answers to small made-up outages: the first cause, the verdict, and how sure it is.

    python3 tests/oracle/pin.py --obs target/debug/obs             # compares with pinned.json; part of .ci/run
    python3 tests/oracle/pin.py --obs target/debug/obs --write     # writes it anew: look at the difference before

Who moves a weight sees at once what it does: each outage is a line, {"detector", "named", "verdict", "sure", "right"}, where
"sure" is the tenth in which the confidence lies and "right" is judged by tally.py. The answers are compared as JSON, not as
prose.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import faults
import incidents
import postmortems
import tally

HERE = os.path.dirname(os.path.abspath(__file__))
PINNED = os.path.join(HERE, "pinned.json")
SEED = 7
# Every EVERY-th outage of each world, and two calm days.
EVERY = 9


def worlds():
    """(name, write) of the outages that are pinned."""
    for module in (faults, incidents, postmortems):
        args = tally.arguments("pin", "").parse_args(["--obs", "-"])
        args.mode, args.baseline = "logs", False
        every = list(module.outages(args, SEED))
        calm = [task for task in every if task[0].startswith("calm")][:2]
        for name, write in [task for task in every if not task[0].startswith("calm")][::EVERY] + calm:
            yield f"{module.__name__}/{name}", write


def answer(obs, task):
    name, write = task
    with tempfile.TemporaryDirectory(prefix="pin-") as folder:
        inside = os.path.join(folder, "bundle")
        truth, more = write(inside)
        ran = subprocess.run([obs, "investigate", ".", "--output", "json", *more], capture_output=True, cwd=inside)
    if ran.returncode not in (0, 1, 2) or not ran.stdout:
        return name, {"broken": ran.stderr.decode()[-200:]}
    told = json.loads(ran.stdout)
    first = told["causes"][0] if told["causes"] else None
    return name, {
        "detector": first and first["detector"],
        "named": first and first["subject"].get("service", first["subject"]["file"]),
        "verdict": told["verdict"],
        "sure": first and min(9, int(first["confidence"] * 10)),
        "right": tally.judge(truth, told)[0] == "ok",
    }


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--obs", required=True)
    p.add_argument("--write", action="store_true")
    args = p.parse_args()
    with ThreadPoolExecutor(2) as pool:
        got = dict(sorted(pool.map(partial(answer, os.path.abspath(args.obs)), worlds())))
    right = sum(1 for told in got.values() if told.get("right"))
    if args.write:
        with open(PINNED, "w") as f:
            f.write("{\n" + ",\n".join(f" {json.dumps(name)}: {json.dumps(told)}" for name, told in got.items()) + "\n}\n")
        print(f"{right} of {len(got)} right, written")
        return
    with open(PINNED) as f:
        pinned = json.load(f)
    moved = [name for name in sorted({*pinned, *got}) if pinned.get(name) != got.get(name)]
    for name in moved:
        print(f"MOVED {name}\n   was {json.dumps(pinned.get(name))}\n   is  {json.dumps(got.get(name))}")
    print(f"{right} of {len(got)} right; {len(moved)} moved")
    sys.exit(1 if moved else 0)


if __name__ == "__main__":
    main()

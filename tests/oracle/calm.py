#!/usr/bin/env python3
"""Quiet hours of recordings that others published: nothing is to be found in them.

    python3 tests/oracle/calm.py --obs target/release/obs --rca FOLDER_WITH_UNPACKED_SETS [--only TEXT] [-v] [--keep DIR]

Of each bundle of tables (`../shared/corpus/rca`: one row a span, an entry or a sample) what lies before the fault, a margin
apart, is one quiet hour; where there is a second recording beside it, once with and once without it. Where a table without
faults is published beside a short one with it, its last rows are cut into short ones, one a quiet hour. A cause told with
0.5 or more is a false alarm; the table says how many, by set, and with 0.8 or more.
"""
import argparse
import collections
import csv
import json
import os
import re
import shutil
import sys
import tempfile
from datetime import datetime

from confidence import ask

MARGIN = 30
LEAST_ROWS = 4
WINDOWS = 6
APART = 20 * 7 * 86_400
csv.field_size_limit(sys.maxsize)


def seconds(cell):
    """A time in a table, in seconds since 1970; None for what is none."""
    number = re.fullmatch(r"1[0-9]{9}([0-9]{3}|[0-9]{6}|[0-9]{9})?(\.[0-9]+)?", cell)
    if number:
        return float(cell) / 10 ** len(number[1] or "")
    date = re.match(r"20\d\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d", cell)
    return datetime.fromisoformat(date[0] + "+00:00").timestamp() if date else None


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.reader(file))


def time_column(rows):
    """The column that tells the time: of the rows past any heads."""
    body = rows[len(rows) // 2 :]
    columns = range(max(map(len, body), default=0))
    timed = (at for at in columns if body and all(len(row) > at and seconds(row[at]) for row in body))
    return next(timed, None)


def write(path, rows):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def files_of(bundle):
    for folder, _, files in os.walk(bundle):
        yield from (os.path.relpath(os.path.join(folder, file), bundle) for file in sorted(files))


def before(bundle, until, since, target):
    """Copies the rows of [since, until) of every table; tables without times whole. How many rows with times there are."""
    count = 0
    for file in files_of(bundle):
        rows = rows_of(os.path.join(bundle, file))
        at = time_column(rows)
        if at is None:
            shutil.copy2(os.path.join(bundle, file), os.path.join(target, os.path.basename(file)))
            continue
        times = [seconds(row[at]) if len(row) > at else None for row in rows]
        kept = [row for row, time in zip(rows, times) if time is None or since <= time < until]
        body = len(kept) - sum(time is None for time in times)
        if body:
            write(os.path.join(target, file), kept)
            count += body
    return count


def quiet(bundle, truth):
    """The quiet hours of a bundle: a name, and what makes it in a folder (it says how many rows)."""
    files = list(files_of(bundle))
    tables = {os.path.dirname(file): file for file in files}
    if {"issue", "noissue"} <= tables.keys():
        usual, short = (rows_of(os.path.join(bundle, tables[name])) for name in ("noissue", "issue"))
        heads = sum(seconds(row[0]) is None for row in usual)
        length = len(short) - heads
        for window in range(1, WINDOWS + 1):
            end = len(usual) - (window - 1) * length * 3

            def make(target, end=end):
                for file in files:
                    if os.path.dirname(file) not in ("issue", "noissue"):
                        shutil.copy2(os.path.join(bundle, file), os.path.join(target, file))
                # As published, what is to be explained lies months apart from what is usual.
                moved = [[str(float(row[0]) - APART), *row[1:]] for row in usual[end - length : end]]
                write(os.path.join(target, tables["noissue"]), usual[: end - length])
                write(os.path.join(target, tables["issue"]), usual[:heads] + moved)
                return length

            yield f"window {window}", make
        return
    if "onset" not in truth or not all(file.endswith(".csv") for file in files):
        return
    onset = datetime.fromisoformat(truth["onset"]).timestamp() - MARGIN
    yield "before", lambda target: before(bundle, onset, onset - 600, target)
    yield "before, with the other recording", lambda target: before(bundle, onset, 0, target)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--obs", required=True)
    parser.add_argument("--rca", required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", help="writes the quiet hours here and leaves them")
    parser.add_argument("-v", action="store_true")
    args = parser.parse_args()
    table = collections.defaultdict(collections.Counter)
    for file in sorted(os.listdir(args.rca)):
        if not file.endswith(".truth.json") or args.only not in file:
            continue
        name = file.removesuffix(".truth.json")
        with open(os.path.join(args.rca, file)) as text:
            truth = json.load(text)
        for what, make in quiet(os.path.join(args.rca, name), truth):
            with tempfile.TemporaryDirectory() as folder:
                folder = os.path.join(args.keep or folder, f"{name} {what}".replace(" ", "-").replace(",", ""))
                os.makedirs(folder)
                if make(folder) < LEAST_ROWS:
                    continue
                answer = ask(args.obs, folder)
            causes = answer["causes"]
            sure = max((cause["confidence"] for cause in causes), default=0)
            of = name.split("-20")[0].split("-train")[0] + ", " + what.split(" 1")[0].rstrip(" 123456")
            row = table[of]
            row["n"] += 1
            row["0.5"] += sure >= 0.5
            row["0.8"] += sure >= 0.8
            row[answer["verdict"]] += 1
            if args.v or sure >= 0.5:
                first = causes[0]["summary"][:150] if causes else "nothing"
                print(f"{name}, {what}: {answer['verdict']}, {sure:.2f}, {first}", flush=True)
    print(f"\n{'set':55} {'n':>4} {'>=0.5':>6} {'>=0.8':>6}  verdicts")
    for of, row in sorted(table.items()):
        verdicts = ", ".join(f"{k} {v}" for k, v in sorted(row.items()) if k not in ("n", "0.5", "0.8"))
        print(f"{of:55} {row['n']:4} {row['0.5']:6} {row['0.8']:6}  {verdicts}")
    total = sum(table.values(), collections.Counter())
    print(f"{'together':55} {total['n']:4} {total['0.5']:6} {total['0.8']:6}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The same outage in other clothes: the first cause, the verdict and the onset have to stay the same.

    python3 tests/oracle/laws.py --obs target/debug/obs [--outage fixtures/outage] [--only LAW]      # part of .ci/run

Each law makes a copy of the outage and changes something that does not matter: names of services, hosts and files, all times
by the same, the order of the files, a log cut in parts and named as rotation, Kubernetes or a shipper does, a log that is
there twice, a calm log and harmless noise beside. The laws know nothing of obs; only the standard library is used.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NAMES = {"payment-service": "zulu-thing", "order-service": "quartz-unit", "auth-service": "maple-box", "gateway": "harbour",
         "payment_service": "zulu_thing", "order_service": "quartz_unit", "auth_service": "maple_box"}
SHIFT = timedelta(days=3, hours=2)


def logs(folder):
    for place, _, files in os.walk(folder):
        for name in sorted(files):
            if "metrics" not in place and name != "truth.json":
                yield os.path.join(place, name)


def text(path):
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as f:
        return f.read()


def put(path, what):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as f:
        f.write(what)


def without_metrics(folder):
    """Laws that change what the logs say of time or names leave the metrics out on both sides."""
    for place, folders, _ in os.walk(folder):
        for name in [name for name in folders if name == "metrics"]:
            shutil.rmtree(os.path.join(place, name))
            folders.remove(name)


def renamed(folder):
    swap = lambda s: re.sub("|".join(map(re.escape, NAMES)), lambda m: NAMES[m.group()], s)
    for path in list(logs(folder)):
        what = swap(text(path))
        os.remove(path)
        put(os.path.join(folder, swap(os.path.relpath(path, folder))), what)
    return swap


def moved(folder):
    epoch = lambda m: str(int(m.group()) + int(SHIFT.total_seconds() * 1000))
    iso = lambda m: (datetime.fromisoformat(m.group(1) + "-" + m.group(2) + "-" + m.group(3) + " " + m.group(5)) + SHIFT).strftime(f"%Y-%m-%d{m.group(4)}%H:%M:%S")
    clf = lambda m: (datetime.strptime(m.group(), "%d/%b/%Y:%H:%M:%S") + SHIFT).strftime("%d/%b/%Y:%H:%M:%S")
    for path in logs(folder):
        what = re.sub(r"\b(20\d\d)-(\d\d)-(\d\d)([T ])(\d\d:\d\d:\d\d)", iso, text(path))
        what = re.sub(r"\b\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d", clf, what)
        put(path, re.sub(r"\b1[67]\d{11}\b", epoch, what))


def cut(name):
    """A log in two parts, named by `name(stem, ending, part)`."""
    def law(folder):
        for path in list(logs(folder)):
            lines = text(path).splitlines(keepends=True)
            half = len(lines) // 2
            if path.endswith(".gz"):
                continue
            stem, ending = os.path.splitext(path)
            os.remove(path)
            put(name(stem, ending, 0), "".join(lines[:half]))
            put(name(stem, ending, 1), "".join(lines[half:]))
    return law


def twice(folder):
    path = max(logs(folder), key=os.path.getsize)
    shutil.copy(path, path + ".copy")


def calm_log(folder):
    start = datetime(2023, 12, 24, 2, 30, tzinfo=timezone.utc)
    at = (start + timedelta(seconds=3 * n) for n in range(1190))
    put(os.path.join(folder, "reports-service", "reports.log"), "".join(f"{t:%Y-%m-%dT%H:%M:%SZ} INFO reports sent seq={n}\n" for n, t in enumerate(at)))


def noise(folder):
    start = datetime(2023, 12, 24, 2, 30, tzinfo=timezone.utc)
    at = (start + timedelta(seconds=7 * n) for n in range(510))
    put(os.path.join(folder, "stock-service", "stock.log"), "".join(f"{t:%Y-%m-%dT%H:%M:%SZ} ERROR thumbnail missing for article {n}\n" for n, t in enumerate(at)))


def shuffled(folder):
    for n, path in enumerate(sorted(logs(folder), reverse=True)):
        os.utime(path, (1_700_000_000 + n, 1_700_000_000 + n))


LAWS = {
    "renamed": renamed,
    "all times moved": moved,
    "parts by date": cut(lambda stem, ending, part: f"{stem}-2023-12-24.{part}{ending}"),
    "parts by number": cut(lambda stem, ending, part: f"{stem}{ending}" + ("" if part else ".1")),
    "parts by a word": cut(lambda stem, ending, part: f"{stem}{ending}" + ("" if part else ".old")),
    "previous and current": cut(lambda stem, ending, part: os.path.join(stem, ("previous", "current")[part] + ".log")),
    "a log twice": twice,
    "a calm log beside": calm_log,
    "harmless noise beside": noise,
    "files in another order": shuffled,
}


def ask(obs, folder):
    ran = subprocess.run([obs, "investigate", ".", "--output", "json"], capture_output=True, cwd=folder)
    if not ran.stdout:
        return "broken", ran.stderr.decode()[:200], "", None
    told = json.loads(ran.stdout)
    first = told["causes"][0] if told["causes"] else {"detector": None, "subject": {}}
    return told["verdict"], first["detector"], first["subject"].get("service", ""), told["onset"]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--obs", required=True)
    p.add_argument("--outage", default=os.path.join(ROOT, "fixtures", "outage"))
    p.add_argument("--only")
    args = p.parse_args()
    obs, broken = os.path.abspath(args.obs), 0
    with tempfile.TemporaryDirectory(prefix="laws-") as place:
        plain = os.path.join(place, "plain")
        shutil.copytree(args.outage, plain)
        without_metrics(plain)
        verdict, detector, service, onset = ask(obs, plain)
        print(f"plain: {verdict}, {detector} in {service}, since {onset}")
        for name, law in LAWS.items():
            if args.only and args.only != name:
                continue
            folder = os.path.join(place, "other")
            shutil.copytree(plain, folder)
            swap = law(folder)
            got = ask(obs, folder)
            want = (verdict, detector, swap(service) if swap else service, onset)
            if law is moved and onset:
                want = (*want[:3], (datetime.fromisoformat(onset[:19]) + SHIFT).isoformat() + onset[19:])
            near = lambda a, b: (a is None and b is None) or (a and b and abs((datetime.fromisoformat(a[:19]) - datetime.fromisoformat(b[:19])).total_seconds()) <= 60)
            # Where folders are what names a service, other folders name another one.
            good = got[:2] == want[:2] and near(got[3], want[3]) and (got[2] == want[2] or name == "previous and current")
            broken += not good
            print(f"{'ok    ' if good else 'BROKEN'} {name}" + ("" if good else f": {got} and not {want}"))
            shutil.rmtree(folder)
    print(f"{broken} of {len(LAWS)} laws broken")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()

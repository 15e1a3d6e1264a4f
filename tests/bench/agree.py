#!/usr/bin/env python3
"""Do obs and its peer say the same? Reads both answers, prints a sentence, exits 1 if they differ.

    python3 agree.py number|lines|gateway|slowest OBS_ANSWER PEER_ANSWER
    python3 agree.py ratio OBS_JSON PEER_JSON FIRST_MARK FINAL_MARK

The files of `ratio` are hyperfine's exports, several joined by commas; FIRST_MARK may be `none`.
"""
import json
import math
import sys


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def number(obs, peer):
    got, wanted = int(read(obs).strip() or 0), peer_number(read(peer))
    return got == wanted, f"{got:,}", f"{wanted:,}"


def lines(obs, peer):
    got, wanted = sorted(read(obs).splitlines()), sorted(read(peer).splitlines())
    return got == wanted, f"{len(got):,} lines", f"{len(wanted):,} lines"


def peer_number(text):
    text = text.strip() or "0"
    return json.loads(text)[0][0] if text.startswith("[") else int(text)


def gateway(obs, peer):
    groups = {g["by"].get("gateway"): g["values"] for g in json.loads(read(obs))["groups"] if g["by"].get("gateway")}
    got = {name: [v["count"], v["p50"], v["p95"], v["p99"]] for name, v in groups.items()}
    wanted = {name: [count, *quantiles] for name, count, quantiles in json.loads(read(peer))}
    inexact = any(v.get("approximate") for v in groups.values())
    alike = got.keys() == wanted.keys() and all(
        got[name][0] == wanted[name][0]
        and all(math.isclose(a, b, rel_tol=0.005 if inexact else 1e-9) for a, b in zip(got[name][1:], wanted[name][1:]))
        for name in wanted)
    return alike, got, wanted


def slowest(obs, peer):
    report = json.loads(read(obs))
    got = [(round(r["duration_ms"], 3), r["entries"] if isinstance(r["entries"], int) else len(r["entries"]), r["id"])
           for r in report["requests"]]
    rows = json.loads(read(peer))
    wanted = [(round(ms, 3), count, rid) for rid, count, ms, _, _ in rows]
    # Which of several equally slow ones come last is each tool's own choice.
    alike = [r[0] for r in got] == [r[0] for r in wanted] and all(
        g[1:] in [w[1:] for w in wanted] for g in got if g[0] > wanted[-1][0])
    totals = report["totals"]["requests"], rows[0][4]
    return alike and totals[0] == totals[1], (totals[0], got), (totals[1], wanted)


def best(paths):
    """The shortest wall time of all runs: what the machine can do when nobody disturbs it."""
    return min(min(json.loads(read(path))["results"][0]["times"]) for path in paths.split(","))


def ratio(obs, peer, first, final):
    a, b = best(obs), best(peer)
    r = a / b
    marks = [("first", first), ("final", final)] if first != "none" else [("final", final)]
    verdicts = ", ".join(f"{name} mark at most {mark}: {'met' if r <= float(mark) else 'MISSED'}" for name, mark in marks)
    print(f"    {a:.3f} s / {b:.3f} s = {r:.2f} x   {verdicts}")


def main():
    kind, *rest = sys.argv[1:]
    if kind == "ratio":
        ratio(*rest)
        return 0
    alike, got, wanted = {"number": number, "lines": lines, "gateway": gateway, "slowest": slowest}[kind](*rest)
    print(f"    the answers agree: {str(got)[:120]}" if alike else f"    THE ANSWERS DIFFER: obs {got}, peer {wanted}")
    return 0 if alike else 1


if __name__ == "__main__":
    sys.exit(main())

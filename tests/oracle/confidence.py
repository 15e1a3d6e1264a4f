#!/usr/bin/env python3
"""How sure obs is, and how often it is right then: a table by set, over worlds, cut worlds and what others published.

    python3 tests/oracle/confidence.py --obs target/release/obs [--seeds 7-8] [--every 3] [--cases cases.jsonl]
        [--cre ../shared/corpus/cre] [--outages ../shared/data/outages] [--rca FOLDER_WITH_UNPACKED_SETS]

Sets are never pooled before they are shown: a set that its makers wrote proves nothing for another one. `--cases` keeps
every cause with its reasons, which tests/oracle/fit.py reads. What is not there is left out and said. A world is also cut:
`failing` holds only the time in which requests failed, `start` the two minutes before it and the first ten of it, `late`
its last third, `logs` no metrics; where no requests are seen to fail, the ten minutes from the onset on stand for that time.
"""
import argparse
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

import faults
import incidents
import postmortems
import tally

HERE = os.path.dirname(os.path.abspath(__file__))
SHARED = os.path.join(os.path.dirname(os.path.dirname(HERE)), "..", "shared")
BINS = [(0.8, 1.01), (0.5, 0.8), (0.2, 0.5), (0.0, 0.2)]


def ask(obs, path, cwd=None):
    ran = subprocess.run([obs, "investigate", path, "--output", "json", "--quiet"], capture_output=True, cwd=cwd, timeout=300, stdin=subprocess.DEVNULL)
    return json.loads(ran.stdout) if ran.stdout else {"causes": [], "verdict": "broken"}


def case(of, name, answer, right):
    """One answer: the verdict, and each cause with its confidence, whether it is right, and why it is told."""
    causes = [{"confidence": c["confidence"], "right": bool(right(c)), "why": {w["factor"]: w["log_odds"] for w in c["why"]}} for c in answer["causes"]]
    return {"set": of, "name": name, "verdict": answer["verdict"], "causes": causes}


# --- worlds -------------------------------------------------------------------------------------------------------


def cut(obs, source, target, since, until):
    """Copies of the files with only what was between two times; without them, of all but the metrics."""
    stamp = lambda t: datetime.fromtimestamp(t, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    for folder, _, files in os.walk(source):
        for file in files:
            path = os.path.join(folder, file)
            to = os.path.join(target, os.path.relpath(path, source))
            os.makedirs(os.path.dirname(to), exist_ok=True)
            if file.endswith(".om"):
                if since is not None:
                    with open(path) as whole, open(to, "w") as part:
                        part.writelines(line for line in whole if line.startswith("#") or since <= float(line.rsplit(" ", 1)[1]) <= until)
                continue
            if since is None:
                shutil.copy2(path, to)
                continue
            ran = subprocess.run([obs, "grep", "", path, "--since", stamp(since), "--until", stamp(until), "-I"], capture_output=True)
            if ran.stdout:
                with open(to[:-3] if to.endswith(".gz") else to, "wb") as f:
                    f.write(ran.stdout)


def impact(obs, folder, onset):
    """When requests failed: from the first to the last minute after the onset in which clearly more did than before it."""
    expr = '1 - sum(rate(log_requests_total{outcome="success"}[1m])) / sum(rate(log_requests_total[1m]))'
    ran = subprocess.run([obs, "query", expr, ".", "--step", "60s", "--output", "json"], capture_output=True, cwd=folder, stdin=subprocess.DEVNULL)
    found = json.loads(ran.stdout)["data"]["result"] if ran.returncode == 0 and ran.stdout else []
    shares = [(t, float(v)) for t, v in (found[0]["values"] if found else []) if v != "NaN"]
    usual = [v for t, v in shares if t < onset]
    least = max(0.1, 2 * sum(usual) / len(usual) if usual else 0)
    failing = [t for t, v in shares if t > onset and v >= least]
    return (max(onset, failing[0] - 60), max(failing[-1], failing[0] + 240)) if failing else (onset, onset + 600)


def windows(obs, folder, onset):
    """Of each way to cut the first and last second that are kept; `logs` keeps every second."""
    begin, end = impact(obs, folder, onset)
    return {"failing": (begin, end), "start": (begin - 120, begin + 600), "late": (begin + (end - begin) * 2 / 3, end), "logs": (None, None)}


def of_world(obs, of, name, write):
    with tempfile.TemporaryDirectory(prefix="sure-") as folder:
        whole = os.path.join(folder, "whole")
        truth, more = write(whole)
        if more:
            return
        def right(cause):
            if truth is None:
                return False
            said, named = json.dumps(cause, ensure_ascii=False).lower(), json.dumps([cause["subject"], cause["summary"]], ensure_ascii=False).lower()
            return any(n.lower() in named for n in truth["named"]) and any(w.lower() in said for w in truth["words"])
        yield case(f"{of} calm" if truth is None else of, name, ask(obs, ".", whole), right)
        if truth is None:
            return
        for mode, window in windows(obs, whole, truth["onset"][0]).items():
            part = os.path.join(folder, mode)
            cut(obs, whole, part, *window)
            yield case(f"{of} {mode}", name, ask(obs, ".", part), right)


def worlds(seeds, every):
    for module in (faults, incidents, postmortems):
        args = tally.arguments("sure", "").parse_args(["--obs", "-"])
        args.mode, args.baseline = "any", False
        for seed in seeds:
            for name, write in list(module.outages(args, seed))[::every]:
                yield module.__name__, name, write


# --- what others made ---------------------------------------------------------------------------------------------


def of_cre(obs, folder):
    """Failure logs of rules: right is a cause whose evidence or summary the rule's own pattern meets."""
    try:
        import yaml
    except ImportError:
        print("cre left out: no PyYAML", file=sys.stderr)
        return
    def patterns(x):
        if isinstance(x, dict):
            for k, v in x.items():
                if k in ("regex", "value") and isinstance(v, str):
                    yield v if k == "regex" else re.escape(v)
                elif k != "negate":
                    yield from patterns(v)
        elif isinstance(x, list):
            for v in x:
                yield from [re.escape(v)] if isinstance(v, str) else patterns(v)
    for rule in sorted(os.listdir(os.path.join(folder, "rules"))):
        log = os.path.join(folder, "rules", rule, "test.log")
        if not os.path.exists(log):
            continue
        found = []
        for file in os.listdir(os.path.dirname(log)):
            if file.endswith((".yaml", ".yml")):
                with open(os.path.join(os.path.dirname(log), file)) as f:
                    found += [p for r in (yaml.safe_load(f) or {}).get("rules", []) for p in patterns(r.get("rule") or {})]
        compiled = []
        for pattern in found:
            try:
                compiled.append(re.compile(pattern))
            except re.error:
                pass
        hit = lambda text: any(p.search(text) for p in compiled)
        with tempfile.TemporaryDirectory() as neutral:
            shutil.copy(log, os.path.join(neutral, "service.log"))
            answer = ask(obs, os.path.join(neutral, "service.log"))
        yield case("cre", rule, answer, lambda c: hit(c["summary"]) or any(hit(e["text"]) for e in c["evidence"]))


def of_outages(obs, folder):
    spec = importlib.util.spec_from_file_location("cause", os.path.join(SHARED, "tools", "cause.py"))
    cause = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(cause)
    for file in sorted(os.listdir(folder)):
        if not file.endswith(".truth.json"):
            continue
        name = file[: -len(".truth.json")]
        with open(os.path.join(folder, file)) as f:
            truth = json.load(f)
        if truth.get("calm"):
            continue
        bundle = os.path.join(folder, name)
        right = lambda c: cause.first_cause({"causes": [c]}, truth, lambda s: s.replace(name, ""), bundle)[0]
        yield case("outages", name, ask(obs, bundle), right)


def of_rca(obs, folder):
    """As tools/rca.py judges: the truth's service, node or object is named by the summary or the subject."""
    flat = lambda s: re.sub(r"[^a-z0-9]+", "_", s.lower())
    for file in sorted(os.listdir(folder)):
        if not file.endswith(".truth.json"):
            continue
        name = file[: -len(".truth.json")]
        with open(os.path.join(folder, file)) as f:
            truth = json.load(f)
        bundle = os.path.join(folder, name)
        def right(c):
            told = " ".join([str(c["summary"]), str(c["detector"]), json.dumps(c["subject"], ensure_ascii=False)]).replace(bundle, "").replace(name, "")
            if "all_words" in truth:
                return all(re.search(w, told, re.I) for w in truth["all_words"])
            if "named_flat" in truth:
                return re.search(r"(?:^|_)" + re.escape(flat(truth["named_flat"])) + r"(?:_|$)", flat(told))
            return re.search(truth["named"], told, re.I)
        yield case(truth["set"], name, ask(obs, bundle), right)


# --- the table ----------------------------------------------------------------------------------------------------


def table(cases):
    sets = {}
    for one in cases:
        first = one["causes"][0] if one["causes"] else None
        row = sets.setdefault(one["set"], {"n": 0, "none": 0, "right": 0, **{b: [0, 0] for b in BINS}})
        row["n"] += 1
        if first is None:
            row["none"] += 1
            continue
        row["right"] += first["right"]
        bin = next(b for b in BINS if b[0] <= first["confidence"] < b[1])
        row[bin][0] += first["right"]
        row[bin][1] += 1
    print(f"{'set':24}{'cases':>6}{'right':>7}{'silent':>8}" + "".join(f"{f'{low:.1f}+':>12}" for low, _ in BINS))
    for of, row in sorted(sets.items()):
        print(f"{of:24}{row['n']:>6}{row['right']:>7}{row['none']:>8}" + "".join(f"{f'{row[b][0]} of {row[b][1]}':>12}" for b in BINS))
    good, every = (sum(row[BINS[0]][at] for of, row in sets.items()) for at in (0, 1))
    if every:
        print(f"of all that is told with 0.8 and more {good} of {every} are right ({100 * good / every:.0f} %)")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--obs", required=True)
    p.add_argument("--seeds", default="7")
    p.add_argument("--every", type=int, default=3)
    p.add_argument("--cases")
    p.add_argument("--cre", default=os.path.join(SHARED, "corpus", "cre"))
    p.add_argument("--outages", default=os.path.join(SHARED, "data", "outages"))
    p.add_argument("--rca")
    args = p.parse_args()
    obs = os.path.abspath(args.obs)
    low, _, high = args.seeds.partition("-")
    tasks = list(worlds(range(int(low), int(high or low) + 1), args.every)) if int(low) else []
    cases = []
    with ThreadPoolExecutor(2) as pool:
        for found in pool.map(lambda task: list(of_world(obs, *task)), tasks):
            cases += found
    for of, path in ((of_cre, args.cre), (of_outages, args.outages), (of_rca, args.rca)):
        if path and os.path.isdir(path):
            cases += of(obs, path)
        else:
            print(f"{of.__name__[3:]} left out: {path or 'no folder given'}", file=sys.stderr)
    if args.cases:
        with open(args.cases, "w") as f:
            f.writelines(json.dumps(one) + "\n" for one in cases)
    table(cases)


if __name__ == "__main__":
    main()

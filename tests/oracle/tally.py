"""Runs `obs investigate` over made-up outages whose truth is known, and counts the right answers.

A world says which outages it has for a seed and writes each into a folder; this judges the answers as acceptance does:
the service or file and the words of the first cause, the onset, and nothing that it is sure of on a calm day. It shares no code with
obs; only the standard library is used.

Truth: None for a calm day, or {"named": [...], "words": [...], "onset": [seconds since 1970, ...]}, and where it differs
from the usual "tolerance" (seconds, 60) and "wrong" (words that the cause's sentence must not have).
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

TOLERANCE = 60


def judge(truth, answer):
    """The verdict, `ok` or what is wrong, and the first cause's sentence."""
    causes = answer["causes"]
    if truth is None:
        # As acceptance counts it: on a calm day nobody is sure of anything.
        sure = [cause for cause in causes if cause["confidence"] >= 0.5]
        return ("ok", "") if not sure else ("ALARM", sure[0]["summary"])
    if not causes:
        return "NONE", ""
    cause = causes[0]
    said = json.dumps(cause, ensure_ascii=False).lower()
    named = json.dumps([cause["subject"], cause["summary"]], ensure_ascii=False).lower()
    wrong = []
    if not any(name.lower() in named for name in truth["named"]):
        wrong.append("service")
    if not any(word.lower() in said for word in truth["words"]):
        wrong.append("words")
    wrong += [f"says {word}" for word in truth.get("wrong", ()) if word.lower() in cause["summary"].lower()]
    onset = datetime.fromisoformat(answer["onset"][:26].rstrip("Z") + "+00:00").timestamp()
    off = min((onset - t for t in truth["onset"]), key=abs)
    if abs(off) > truth.get("tolerance", TOLERANCE):
        wrong.append(f"onset {off:+.0f} s")
    return ("ok", "") if not wrong else ("WRONG " + ", ".join(wrong), cause["summary"])


def stamp(t):
    return datetime.fromtimestamp(t, timezone.utc).isoformat(timespec="milliseconds")


def run(task):
    """Writes one outage, asks obs, and judges: (name, verdict, why, confidence)."""
    args, name, write = task
    folder = os.path.join(args.keep, name)
    shutil.rmtree(folder, ignore_errors=True)
    truth, more = write(folder)
    told = truth and {**truth, "onset": [stamp(t) for t in truth["onset"]]}
    with open(os.path.join(args.keep, name + ".truth.json"), "w") as f:
        json.dump(told, f)
    # The name of the folder must not give the answer away.
    ran = subprocess.run([os.path.abspath(args.obs), "investigate", ".", "--output", "json", *more], capture_output=True, cwd=folder)
    if ran.returncode not in (0, 1, 2):
        return name, "BROKEN", ran.stderr.decode()[-300:], None
    answer = json.loads(ran.stdout)
    verdict, why = judge(truth, answer)
    if verdict != "ok" and args.verbose:
        why += f"\n      truth: {told}; answered {answer['onset']}"
        for cause in answer["causes"][:4]:
            why += f"\n      {cause['rank']}. {cause['confidence']} {cause['summary']}"
    return name, verdict, why, answer["causes"][0]["confidence"] if answer["causes"] else None


def arguments(prefix, about):
    p = argparse.ArgumentParser(description=about)
    p.add_argument("--obs", required=True, help="the program to judge")
    p.add_argument("--seeds", default="1-2", help="first-last")
    p.add_argument("--only", default="", help="these faults, with commas between them")
    p.add_argument("--keep", help="keep what was written in this folder")
    p.add_argument("--verbose", action="store_true", help="with the truth, and the other causes")
    p.set_defaults(prefix=prefix)
    return p


def main(parser, outages):
    """Runs what `outages(args, seed)` yields, (name, write), for every seed; `write(folder)` gives the truth and more options.

    The exit code is 1 if less than nine in ten first causes are right, or anything is found on a calm day.
    """
    args = parser.parse_args()
    kept = args.keep
    args.keep = kept or tempfile.mkdtemp(prefix=args.prefix)
    os.makedirs(args.keep, exist_ok=True)
    low, _, high = args.seeds.partition("-")
    seeds = range(int(low), int(high or low) + 1)
    tasks = [(args, name, write) for seed in seeds for name, write in outages(args, seed)]
    right, sure = {True: [0, 0], False: [0, 0]}, {}
    with ThreadPoolExecutor(2) as pool:
        for name, verdict, why, confidence in pool.map(run, tasks):
            calm = name.startswith("calm")
            right[calm][0] += verdict == "ok"
            right[calm][1] += 1
            if not calm and confidence is not None:
                bucket = sure.setdefault(min(9, int(confidence * 10)), [0, 0])
                bucket[0] += verdict == "ok"
                bucket[1] += 1
            if verdict != "ok":
                print(f"{verdict:<28} {name}: {why}", flush=True)
            if not kept:
                shutil.rmtree(os.path.join(args.keep, name), ignore_errors=True)
    print("confidence   right")
    for bucket, (good, every) in sorted(sure.items()):
        print(f"{bucket * 10:>3}-{bucket * 10 + 9} %    {good} of {every} ({100 * good / every:.0f} %)")
    print(f"first cause right: {right[False][0]} of {right[False][1]}; calm: {right[True][0]} of {right[True][1]}")
    if not kept:
        shutil.rmtree(args.keep, ignore_errors=True)
    sys.exit(0 if right[False][0] * 10 >= right[False][1] * 9 and right[True][0] == right[True][1] else 1)

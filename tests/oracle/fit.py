#!/usr/bin/env python3
"""Fits how much each reason counts, and says by set what that would change. A whole set is left out each time.

    python3 tests/oracle/confidence.py --obs target/release/obs --cases cases.jsonl
    python3 tests/oracle/fit.py cases.jsonl

Each cause of a case has its reasons in log odds (`why` of `obs investigate`); the fit finds a multiplier for each reason by
which the right cause is likeliest among those of its case and "none of these" (a multinomial logit, held towards 1 by a
ridge, so that what few cases tell moves little). The score of a set is that of multipliers that were fitted on the other
sets only. Nothing is written: who moves a weight in src/causes/weights.rs runs pin.py after it. Only the standard library.
"""
import json
import math
import sys

# How much is held towards 1, steps, their size, and the log odds of none of these (NONE_OF_THESE in weights.rs).
RIDGE, STEPS, RATE, NONE = 0.05, 400, 0.05, 3.0


def scores(case, by):
    return [sum(by.get(factor, 1.0) * odds for factor, odds in cause["why"].items()) for cause in case["causes"]]


def chances(case, by):
    """Of each cause, and of none of them last."""
    logits = [*scores(case, by), NONE]
    top = max(logits)
    odds = [math.exp(x - top) for x in logits]
    return [x / sum(odds) for x in odds]


def fit(cases):
    factors = sorted({factor for case in cases for cause in case["causes"] for factor in cause["why"]})
    by = dict.fromkeys(factors, 1.0)
    # Each set counts alike, however many cases it has.
    size = {}
    for case in cases:
        size[case["set"]] = size.get(case["set"], 0) + 1
    for _ in range(STEPS):
        slope = {factor: RIDGE * (1.0 - by[factor]) for factor in factors}
        for case in cases:
            share = 1.0 / size[case["set"]] / len(size)
            right = [cause["right"] for cause in case["causes"]]
            aim = [r / max(1, sum(right)) for r in right] + [0.0 if any(right) else 1.0]
            for cause, chance, wanted in zip(case["causes"], chances(case, by), aim):
                for factor, odds in cause["why"].items():
                    slope[factor] += share * (wanted - chance) * odds
        for factor in factors:
            by[factor] = min(4.0, max(0.0, by[factor] + RATE * slope[factor]))
    return by


def right(cases, by):
    return sum(case["causes"][max(range(len(case["causes"])), key=scores(case, by).__getitem__)]["right"] for case in cases if case["causes"])


def main():
    with open(sys.argv[1]) as f:
        cases = [json.loads(line) for line in f]
    sets = sorted({case["set"] for case in cases if not case["set"].endswith("calm")})
    cases = [case for case in cases if case["set"] in sets]
    print(f"{'set left out':24}{'cases':>6}{'as it is':>10}{'fitted':>8}")
    for left in sets:
        own = [case for case in cases if case["set"] == left]
        by = fit([case for case in cases if case["set"] != left])
        print(f"{left:24}{len(own):>6}{right(own, {}):>10}{right(own, by):>8}")
    print("\nfitted on all sets, as multipliers of what src/causes/weights.rs has:")
    for factor, times in sorted(fit(cases).items()):
        print(f"  {factor:20} {times:.2f}")


if __name__ == "__main__":
    main()

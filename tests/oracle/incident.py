#!/usr/bin/env python3
"""Judges `obs` on an outage that incident.py writes, by its truth.json and by an own reading of its files.

    python3 tests/oracle/incident.py --obs target/release/obs --seed 11 --requests 2000 [--minutes 60]
        [--generator ../shared/tools/incident.py] [--rules ../shared/data/payment-alerts.yml]
        [--short-rules ../shared/data/payment-alerts.short.json] [--work DIR] [--only WORD]
    python3 tests/oracle/incident.py --self-test

Every row of the table it prints is one thing that must hold; the exit code is 1 if one does not. It knows
obs only by its command line and JSON, and shares no code with it. Only the standard library is used.
"""
import argparse
import itertools
import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import metrics
import reading
from reading import LOGS, METRICS, parse_time, utc

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SUCCESS = ["--success", "status < 400"]
QUANTILES = ["p50", "p90", "p95", "p99", "p99.9", "max"]
WITH_ID = ["access", "order", "auth", "payment"]
SECOND = 10**9
ALL_LISTED = 20_000  # up to so many requests every single one is compared


class Wrong(Exception):
    """Something that must hold does not; the text says what was expected and what came."""


def expect(condition, what):
    if not condition:
        raise Wrong(what)


def same(what, got, wanted):
    expect(got == wanted, f"{what}: got {got!r}, expected {wanted!r}")


def near(what, got, wanted, tolerance=1e-9):
    ok = isinstance(got, (int, float)) and metrics.close(float(got), float(wanted), tolerance)
    expect(ok, f"{what}: got {got!r}, expected {wanted!r}")


def quantile(ordered, q):
    """Linear interpolation between closest ranks."""
    k = (len(ordered) - 1) * q
    lo, hi = math.floor(k), math.ceil(k)
    return ordered[lo] + (ordered[hi] - ordered[lo]) * (k - lo)


def short(text, length=300):
    text = text.strip().replace("\n", " ⏎ ")
    return text if len(text) <= length else text[:length] + " …"


class Obs:
    """The program under judgement."""

    def __init__(self, path, work):
        self.path, self.work = os.path.abspath(path), work

    def environment(self, extra=None):
        kept = {k: os.environ[k] for k in ("PATH", "LD_LIBRARY_PATH") if k in os.environ}
        return {**kept, "HOME": self.work, "TZ": "UTC", "LC_ALL": "C.UTF-8", **(extra or {})}

    def run(self, *args, codes=(0,), cwd=None, env=None, stdin=b"", **more):
        """stdout and stderr as bytes; the exit code has to be one of `codes`."""
        if "stdout" not in more:
            more.update(stdout=subprocess.PIPE)
        done = subprocess.run([self.path, *args], input=stdin, stderr=subprocess.PIPE, cwd=cwd or self.work,
                              env=self.environment(env), timeout=600, **more)
        said = done.stderr.decode("utf-8", "replace")
        expect("panicked" not in said and done.returncode not in (101, 134, -6, -11), f"crashed: {self.shown(args)}: {short(said)}")
        expect(done.returncode in codes, f"exit code {done.returncode}, expected {' or '.join(map(str, codes))}: "
                                         f"{self.shown(args)}: {short(said)}")
        return done.stdout or b"", done.stderr

    def json(self, *args, codes=(0,), **more):
        out, _ = self.run(*args, "--output", "json", codes=codes, **more)
        try:
            return json.loads(out)
        except ValueError as e:
            raise Wrong(f"no JSON from {self.shown(args)}: {e}: {short(out.decode('utf-8', 'replace'), 120)}") from None

    @staticmethod
    def shown(args):
        return "obs " + " ".join(f"'{a}'" if re.search(r"[\s'\"<>=|*{}()]", a) or not a else a for a in args)


KEPT = ("statusCode", "durationMs", "gateway", "processing_time_ms")


def slim(e):
    """The entry with the fields that the checks look at: a large story has millions of them."""
    return e if e.fields is None else e._replace(fields={k: e.fields[k] for k in KEPT if k in e.fields})


class Story:
    """One generated incident: where it lies, its truth, and the own reading of it."""

    def __init__(self, directory, rules=None, short_rules=None):
        self.dir, self.rules, self.short_rules = directory, rules, short_rules
        with open(os.path.join(directory, "truth.json"), encoding="utf-8") as f:
            self.truth = json.load(f)
        self.entries = {key: [slim(e) for e in reading.entries(directory, key)] for key in LOGS}
        with open(os.path.join(directory, METRICS), encoding="utf-8") as f:
            self.store = metrics.Store(metrics.read_openmetrics(f.read()))
        self.by_id = {}
        for key in WITH_ID:
            for e in self.entries[key]:
                self.by_id.setdefault(e.id, []).append(e)
        self.status = {e.id: e.fields["statusCode"] for e in self.entries["order"] if "statusCode" in e.fields}

    def at(self, *names):
        return os.path.join(self.dir, *names)

    def logs(self, key):
        return [self.at(name) for name in LOGS[key] if os.path.exists(self.at(name))]

    def pool_events(self):
        return [e for e in self.entries["db"] if e.text.startswith("Connection pool exhausted")]

    def phase(self, name):
        return parse_time(self.truth["phases"][name])

    def span_ms(self, rid, keys=WITH_ID):
        names = [n for key in keys for n in LOGS[key]]
        times = [e.ns for e in self.by_id[rid] if e.file in names]
        return (max(times) - min(times)) / 1e6

    def outcome(self, rid):
        return "success" if self.status[rid] < 400 else "failed"


# --- the account ---------------------------------------------------------------------------------------------

def account_of_each_file(obs, s):
    for key in LOGS:
        got = obs.json("stats", *s.logs(key))["input"]
        same(f"lines of {key}", got["lines"], s.truth["lines"][key])
        same(f"entries of {key}", got["entries"], s.truth["entries"][key])
        same(f"unparsed of {key}", got["unparsed"], 0)
        same(f"continuation of {key}", got["continuation"], s.truth["lines"][key] - s.truth["entries"][key])
        same(f"from of {key}", parse_time(got["from"]), min(e.ns for e in s.entries[key]))
        same(f"to of {key}", parse_time(got["to"]), max(e.ns for e in s.entries[key]))


def account_of_the_directory(obs, s):
    got = obs.json("stats", s.dir)["input"]
    same("entries", got["entries"], sum(s.truth["entries"].values()))
    same("lines", got["lines"], sum(s.truth["lines"].values()))
    same("unparsed", got["unparsed"], 0)


# --- stats ---------------------------------------------------------------------------------------------------

def one_group(report):
    expect(len(report["groups"]) == 1, f"one group expected, got {len(report['groups'])}")
    return report["groups"][0]


def requests_equal(group, requests, success, what=""):
    same(f"{what}requests", group["requests"], requests)
    same(f"{what}success", group["success"], success)
    near(f"{what}success_rate", group["success_rate"], success / requests)


def stats_success(obs, s):
    group = one_group(obs.json("stats", s.at("order-service"), *SUCCESS))
    requests_equal(group, s.truth["requests"], s.truth["success"])


def stats_success_in_the_directory(obs, s):
    group = one_group(obs.json("stats", s.dir, "--where", 'service == "order-service"', *SUCCESS))
    requests_equal(group, s.truth["requests"], s.truth["success"])


def spread_equals(values, truth, what):
    same(f"{what}: count", values["count"], truth["count"])
    expect(not values.get("approximate"), f"{what}: approximate below a million values")
    for q in QUANTILES:
        near(f"{what}: {q}", values[q], truth[q])


def stats_percentiles(obs, s):
    truth = s.truth["order_duration_ms"]
    values = one_group(obs.json("stats", s.at("order-service"), *SUCCESS, "--value", "durationMs"))["values"]
    spread_equals(values, truth["all"], "all")
    same("unit", values["unit"], "ms")
    for status, where in (("success", "status < 400"), ("failed", "status >= 400")):
        report = obs.json("stats", s.at("order-service"), "--value", "durationMs", "--where", where)
        spread_equals(one_group(report)["values"], truth["by_status"][status], status)


def stats_min_and_mean(obs, s):
    durations = [e.fields["durationMs"] for e in s.entries["order"] if "durationMs" in e.fields]
    values = one_group(obs.json("stats", s.at("order-service"), "--value", "durationMs"))["values"]
    near("min", values["min"], min(durations))
    near("mean", values["mean"], math.fsum(durations) / len(durations))


def groups_by(report, name):
    return {g["by"].get(name): g for g in report["groups"] if g["by"].get(name) not in (None, "")}


def by_gateway(obs, s, paths, *success):
    report = obs.json("stats", *paths, "--by", "gateway", "--value", "processing_time_ms", *success)
    groups = groups_by(report, "gateway")
    truth = {g: t for g, t in s.truth["by_gateway"].items() if t["count"]}
    same("gateways", sorted(groups), sorted(truth))
    for gateway, t in truth.items():
        requests_equal(groups[gateway], t["count"], t["success"], f"{gateway}: ")
        spread_equals(groups[gateway]["values"], t["processing_time_ms"], gateway)


def stats_by_gateway(obs, s):
    by_gateway(obs, s, s.logs("payment"), "--success", "processing_time_ms >= 0 and level < error")


def stats_by_gateway_unasked(obs, s):
    by_gateway(obs, s, s.logs("payment"))


def stats_every_minute(obs, s):
    report = obs.json("stats", s.at("order-service"), *SUCCESS, "--every", "1m")
    got = {}
    for g in report["groups"]:
        if g["requests"]:
            minute = utc(parse_time(g["from"]))[:16] + "Z"
            n, k = got.get(minute, (0, 0))
            got[minute] = (n + g["requests"], k + g["success"])
    wanted = {m["minute"]: (m["requests"], m["success"]) for m in s.truth["per_minute_completed"]}
    different = sorted(m for m in got.keys() | wanted.keys() if got.get(m) != wanted.get(m))
    expect(not different, "; ".join(f"{m}: got {got.get(m)}, expected {wanted.get(m)}" for m in different[:5]))


# --- correlate -----------------------------------------------------------------------------------------------

def correlate_totals(obs, s):
    totals = obs.json("correlate", s.dir, *SUCCESS, "--limit", "3")["totals"]
    failed = sum(s.truth["errors"].values())
    same("requests", totals["requests"], s.truth["requests"])
    same("failed", totals["failed"], failed)
    same("success", totals["success"], s.truth["success"])
    same("unknown", totals["unknown"], 0)
    same("entries_with_id", totals["entries_with_id"], sum(s.truth["entries"][key] for key in WITH_ID))


def request_equals(s, got):
    rid = got["id"]
    expect(rid in s.by_id, f"no such request: {rid}")
    own = s.by_id[rid]
    count = got["entries"] if isinstance(got["entries"], int) else len(got["entries"])
    same(f"{rid}: entries", count, len(own))
    files = {os.path.relpath(os.path.join(s.dir, f), s.dir) for f in got["files"]}
    same(f"{rid}: files", sorted(files), sorted({e.file for e in own}))
    same(f"{rid}: outcome", got["outcome"], s.outcome(rid))
    same(f"{rid}: status", str(got["status"]), str(s.status[rid]))
    # Access logs have whole seconds only: with and without their times is both a fair span.
    without, literal = s.span_ms(rid, ["order", "auth", "payment"]), s.span_ms(rid)
    ok = without - 0.001 <= got["duration_ms"] <= literal + 1000
    expect(ok, f"{rid}: duration_ms: got {got['duration_ms']}, expected {without} to {literal}")
    near(f"{rid}: end - start", (parse_time(got["end"]) - parse_time(got["start"])) / 1e6, got["duration_ms"], 1e-6)
    has_error = any(e.level == "error" for e in own)
    same(f"{rid}: has first_error", got["first_error"] is not None, has_error)
    if has_error:
        first = min(e.ns for e in own if e.level == "error")
        place = got["first_error"]
        ok = any(e.ns == first and os.path.join(s.dir, e.file).endswith(place["file"]) and e.line == place["line"]
                 for e in own if e.level == "error")
        expect(ok, f"{rid}: first_error is not the first: {place}")


def correlate_requests(obs, s):
    limit = s.truth["requests"] if s.truth["requests"] <= ALL_LISTED else 500
    listed = obs.json("correlate", s.dir, *SUCCESS, "--limit", str(limit))["requests"]
    same("requests listed", len({r["id"] for r in listed}), limit)
    for r in listed:
        request_equals(s, r)


def correlate_failed(obs, s):
    failed = min(sum(s.truth["errors"].values()), 500)
    listed = obs.json("correlate", s.dir, *SUCCESS, "--failed", "--limit", "500")["requests"]
    same("failed listed", len({r["id"] for r in listed}), failed)
    for r in listed:
        request_equals(s, r)
        same(f"{r['id']}: outcome", r["outcome"], "failed")


def correlate_slowest(obs, s):
    listed = obs.json("correlate", s.dir, *SUCCESS, "--slowest", "10")["requests"]
    same("slowest listed", len(listed), 10)
    spans = [r["duration_ms"] for r in listed]
    same("slowest first", spans, sorted(spans, reverse=True))
    for r in listed:
        request_equals(s, r)
    tenth = sorted((s.span_ms(rid, ["order", "auth", "payment"]) for rid in s.by_id), reverse=True)[9]
    expect(spans[-1] >= tenth - 0.001, f"the tenth slowest takes {spans[-1]} ms, but ten take {tenth} ms or more")


def waiting_request(s):
    """A request that waited in vain for a connection, in the middle of the outage."""
    waited = [e.id for e in s.entries["payment"] if e.text == "Database connection pool timeout"]
    expect(waited, "the story has no request that waited for a connection; take more requests")
    return waited[len(waited) // 2]


def correlate_one(obs, s):
    rid = waiting_request(s)
    report = obs.json("correlate", s.dir, *SUCCESS, "--id", rid)
    same("requests", [r["id"] for r in report["requests"]], [rid])
    request = report["requests"][0]
    request_equals(s, request)
    gap = request["longest_gap"]
    expect(19_000 <= gap["ms"] <= 20_100, f"longest gap: got {gap['ms']} ms, expected the 20 s wait for a connection")
    before = [e for e in s.by_id[rid] if e.file.startswith("payment") and e.text != "Database connection pool timeout"]
    place = gap["after"]
    ok = any(os.path.join(s.dir, e.file).endswith(place["file"]) and e.line == place["line"] for e in before)
    expect(ok, f"the gap is not after an entry of payment-service before the wait: {place}")


def correlate_waterfall(obs, s):
    rid = waiting_request(s)
    text = obs.run("correlate", s.dir, *SUCCESS, "--id", rid)[0].decode()
    text = " ".join(text.split())  # a long message goes on in the next line
    own = sorted(s.by_id[rid], key=lambda e: e.ns)
    last = -1
    for e in own:
        if e.file.startswith("gateway"):
            expect(os.path.basename(e.file) in text, "the access log is missing in the waterfall")
            continue
        places = [m.start() for m in re.finditer(re.escape(e.text), text)]
        expect(places, f"not in the waterfall: {e.file}:{e.line}: {e.text}")
        later = [p for p in places if p > last]
        expect(later, f"out of time order in the waterfall: {e.file}:{e.line}: {e.text}")
        last = later[0]


# --- detect and investigate ----------------------------------------------------------------------------------

def detect_window(obs, s):
    own = s.pool_events()
    same("own count of the truth's events", len(own), s.truth["pool_exhausted"]["events"])
    expect(own, "the story has no pool event; take more requests")
    found = [f for f in obs.json("detect", s.dir)["findings"] if f["detector"] == "pool-exhaustion"]
    expect(found, "no finding of detector pool-exhaustion")
    windows = s.truth["pool_exhausted"]["windows_gap_60s"]
    first, last = parse_time(windows[0]["from"]), parse_time(windows[-1]["to"])
    begin, end = min(parse_time(f["from"]) for f in found), max(parse_time(f["to"]) for f in found)
    expect(abs(begin - first) <= SECOND, f"begins {utc(begin)}, expected within a second of {utc(first)}")
    expect(last - SECOND <= end <= last + 21 * SECOND, f"ends {utc(end)}, expected within 21 s of {utc(last)}")
    same("count", sum(f["count"] for f in found), len(own))
    for f in found:
        expect(f["evidence"], "no evidence")
        for e in f["evidence"]:
            with_line = [o for o in s.entries["db"] if o.line == e["line"]]
            expect("db.log" in e["file"] and with_line, f"evidence is no entry of db.log: {e}")
    ranks = [["critical", "high", "medium", "low"].index(f["severity"]) for f in obs.json("detect", s.dir)["findings"]]
    same("most severe first", ranks, sorted(ranks))


def calm_copy(s, work):
    calm = os.path.join(work, "calm")
    if not os.path.exists(calm):
        first, last = s.store.span()
        reading.cut(s.dir, calm, int((first + (last - first) * 0.4) * SECOND))
    return calm


def detect_calm(obs, s):
    calm = calm_copy(s, obs.work)
    found = [f for f in obs.json("detect", calm, codes=(0, 1))["findings"] if "pool" in f["detector"]]
    expect(not found, f"a finding on the calm start: {found[:1]}")


def investigate_cause(obs, s):
    report = obs.json("investigate", s.dir)
    expect(report["causes"], "no cause")
    cause = report["causes"][0]
    same("rank", cause["rank"], 1)
    said = json.dumps([cause["summary"], cause["subject"], cause["detector"]], ensure_ascii=False).lower()
    expect("pool" in said, f"the first cause is not the pool: {short(said)}")
    everything = json.dumps(cause, ensure_ascii=False)
    expect("payment-service" in everything, f"payment-service is not named: {short(everything)}")
    expect(any("db.log" in e["file"] for e in cause["evidence"]), f"no evidence in db.log: {short(everything)}")


def investigate_onset(obs, s):
    onset = parse_time(obs.json("investigate", s.dir)["onset"])
    dry = min(s.phase("dry_from"), s.pool_events()[0].ns)
    latest = max(s.phase("dry_from"), s.pool_events()[0].ns) + 60 * SECOND
    earliest = min(s.phase("leak_from"), dry - 60 * SECOND)
    expect(earliest <= onset <= latest, f"onset {utc(onset)}, expected {utc(earliest)} to {utc(latest)}")


def investigate_report(obs, s):
    report = obs.json("investigate", s.dir)
    rates = report["success_rate"]
    expect(rates["during"] < rates["before"], f"success rate before {rates['before']}, during {rates['during']}")
    expect(len(report["examples"]) >= 1, "no example")
    for example in report["examples"]:
        expect(example["id"] in s.by_id, f"example of no request: {example}")
        expect(example["id"] in example["command"], f"example whose command does not show it: {example}")
    for output in ("table", "markdown"):
        text = obs.run("investigate", s.dir, "--output", output)[0].decode().lower()
        for word in ("pool", "db.log", "success"):
            expect(word in text, f"--output {output} says nothing of {word}")
    with_rules = obs.json("investigate", s.dir, "--rules", s.rules)
    expect(with_rules["alerts"], "with --rules, no alert would have fired")


# --- query and check-rules -----------------------------------------------------------------------------------

def dashboard(s):
    with open(os.path.join(os.path.dirname(s.rules), "dashboard.promql"), encoding="utf-8") as f:
        rows = [line.rstrip("\n").split("\t") for line in f if line.strip() and not line.startswith("#")]
    same("queries", sorted(name for name, _ in rows), sorted(metrics.QUERIES))
    return rows


def off_grid(s):
    first, last = s.store.span()
    shares = [0.013, 0.0912, 0.31, 0.4501, 0.6003, 0.6397, 0.7111, 0.8333, 0.9042]
    return ([round(first + (last - first) * x + 0.123 * (i + 1), 3) for i, x in enumerate(shares)]
            + [first + 3.25, last + 7.003, last + 120.5, last + 284.9, last + 299.999, last + 400.001])


def rfc3339(t):
    return utc(int(round(t * 1000)) * 10**6)


def vector_equals(what, result, wanted):
    got = {tuple(sorted(r["metric"].items())): float(r["value"][1]) for r in result}
    wanted = {tuple(sorted(k)): v for k, v in wanted.items()}
    same(f"{what}: labels", sorted(got), sorted(wanted))
    for labels, v in wanted.items():
        near(f"{what}: {dict(labels)}", got[labels], v)


def query_instants(obs, s):
    for name, expression in dashboard(s):
        for t in off_grid(s):
            answer = obs.json("query", expression, s.dir, "--at", rfc3339(t), codes=(0, 1))
            same("status", answer["status"], "success")
            same("resultType", answer["data"]["resultType"], "vector")
            for r in answer["data"]["result"]:
                near(f"{name}: time", r["value"][0], t)
            vector_equals(f"{name} at {rfc3339(t)}", answer["data"]["result"], metrics.QUERIES[name](s.store, t))


def query_ranges(obs, s):
    first, last = s.store.span()
    start, step = first + 61.7, 37.3
    for name, expression in dashboard(s):
        answer = obs.json("query", expression, s.dir, "--start", rfc3339(start), "--end", rfc3339(last),
                          "--step", "37300ms")
        same("resultType", answer["data"]["resultType"], "matrix")
        got = {}
        for r in answer["data"]["result"]:
            for t, v in r["values"]:
                got.setdefault(round(t, 3), {})[tuple(sorted(r["metric"].items()))] = float(v)
        for i in range(int((last - start) / step) + 1):
            t = round(start + i * step, 3)
            wanted = {tuple(sorted(k)): v for k, v in metrics.QUERIES[name](s.store, t).items()}
            have = got.pop(t, {})
            same(f"{name} at {rfc3339(t)}: labels", sorted(have), sorted(wanted))
            for labels, v in wanted.items():
                near(f"{name} at {rfc3339(t)} {dict(labels)}", have[labels], v)
        same(f"{name}: other times", sorted(got), [])


def seconds(text):
    return None if text is None else parse_time(text) / SECOND


def episodes_equal(s, rule, alerts, wanted):
    """Fired episodes agree exactly; those that were only pending need not be listed, but must not be invented."""
    last = s.store.span()[1]
    tidy = lambda t: None if t is None or t > last else t
    got = [(seconds(a["pending_at"]), seconds(a["firing_at"]), tidy(seconds(a["resolved_at"]))) for a in alerts]
    order = lambda e: (e[0], e[2] or math.inf)
    show = lambda es: [tuple(None if t is None else rfc3339(t)[11:23] for t in e) for e in es]
    fired = sorted((e for e in got if e[1] is not None), key=order)
    own = sorted((e[1:] for e in wanted if e[2] is not None), key=order)
    expect(fired == own, f"{rule}: (pending, firing, resolved): got {show(fired)}, expected {show(own)}")
    pending = {e[1] for e in wanted if e[2] is None}
    invented = [e for e in got if e[1] is None and e[0] not in pending]
    expect(not invented, f"{rule}: pending that was not: {show(invented)}")


def check_rules_episodes(obs, s):
    own = metrics.replay(s.store, metrics.ALERTS)
    fires = any(e[2] is not None for es in own.values() for e in es)
    report = obs.json("check-rules", "-r", s.rules, s.dir, codes=(1,) if fires else (0,))
    by_rule = {}
    for a in report["alerts"]:
        by_rule.setdefault(a["rule"], []).append(a)
    same("rules that are none", sorted(set(by_rule) - set(own)), [])
    for rule, wanted in own.items():
        episodes_equal(s, rule, by_rule.get(rule, []), wanted)
        for a in by_rule.get(rule, []):
            expect(any(set(labels) <= set(a["labels"].items()) or rule == "HighErrorRate" for labels, *_ in wanted),
                   f"{rule}: labels {a['labels']}")
    expect(report["summary"]["rules"] in (5, 8), f"rules: got {report['summary']['rules']}, expected 5 that alert, or 8 in all")
    expect(report["summary"]["no_data"] in (0, []), f"no_data: got {report['summary']['no_data']}, expected none")


def check_rules_annotations(obs, s):
    report = obs.json("check-rules", "-r", s.rules, s.dir, codes=(0, 1))
    for a in report["alerts"]:
        if a["rule"] == "DatabaseConnectionsHigh" and a["firing_at"]:
            expect(re.match(r"Pool main_pool of payment_db is near exhaustion: (19|20) of 20$", a["annotations"]["description"]),
                   f"annotation: {a['annotations']}")
            same("severity", a["severity"], "critical")
        expect("{{" not in json.dumps(a["annotations"]), f"unexpanded: {a['annotations']}")


def check_rules_short(obs, s):
    with open(s.short_rules, encoding="utf-8") as f:
        names = {r["name"]: r["id"] for r in json.load(f)["rules"]}
    own = metrics.replay(s.store, metrics.SHORT_ALERTS)
    fires = any(e[2] is not None for es in own.values() for e in es)
    report = obs.json("check-rules", "-r", s.short_rules, s.dir, codes=(1,) if fires else (0,))
    by_rule = {}
    for a in report["alerts"]:
        by_rule.setdefault(names.get(a["rule"], a["rule"]), []).append(a)
    for rule, wanted in own.items():
        episodes_equal(s, rule, by_rule.get(rule, []), wanted)
    fired = sorted((a for a in report["alerts"] if a["firing_at"]), key=lambda a: parse_time(a["firing_at"]))
    if not fired:
        return
    first = parse_time(fired[0]["firing_at"])
    sounded = None  # when an alert last fired without being suppressed
    for a in fired:
        at, suppressed = parse_time(a["firing_at"]), a["status"] == "suppressed"
        if at > first and sounded is not None and sounded < at <= sounded + 1800 * SECOND:
            expect(suppressed, f"not suppressed within 1800 s of an earlier one: {a['rule']} at {utc(at)}")
        if not suppressed:
            sounded = at
        if a["status"] == "suppressed":
            expect(at >= first and a is not fired[0], f"the first alert is suppressed: {a['rule']}")
            expect(a["suppressed_by"], "suppressed by nothing")
        channels = {"critical": ["email", "pagerduty", "slack"], "high": ["email", "slack"], "medium": ["email"]}
        same(f"{a['rule']}: receivers", sorted(a["receivers"]), channels[a["severity"]])


# --- grep ----------------------------------------------------------------------------------------------------

def grep_entries(obs, s):
    """The entries of every file, as `--output jsonl` says them; of a large file the first ones."""
    for key in LOGS:
        for path in s.logs(key):
            out = obs.run("grep", "", path, "--output", "jsonl", "-m", str(ALL_LISTED))[0].splitlines()
            named = (e for e in reading.entries(s.dir, key) if path.endswith(e.file))
            own = list(itertools.islice(named, ALL_LISTED))
            same(f"{own[0].file}: entries", len(out), len(own))
            for line, e in zip(out, own):
                printed_equals(key, json.loads(line), e)


def printed_equals(key, got, e):
    where = f"{e.file}:{e.line}"
    expect(got["file"].endswith(e.file), f"{where}: file {got['file']}")
    same(f"{where}: line, offset", (got["line"], got["offset"]), (e.line, e.offset))
    same(f"{where}: timestamp", got["timestamp"], utc(e.ns))
    same(f"{where}: request_id", got["request_id"], e.id)
    if key != "access":
        same(f"{where}: level", got["level"], e.level)
        # In app.log what stands before the dash may be taken for the logger.
        texts = (e.text, e.text.split(" - ", 1)[-1]) if key == "app" else (e.text,)
        expect(got["message"] in texts, f"{where}: message: got {got['message']!r}, expected {e.text!r}")
    if e.fields is not None:
        same(f"{where}: fields", got["fields"], e.fields)


def grep_counts(obs, s):
    events = s.truth["pool_exhausted"]["events"]
    same("-c", obs.run("grep", "-c", "Connection pool exhausted", s.at("payment-service/db.log"))[0].strip(), str(events).encode())
    rid = waiting_request(s)
    out = obs.run("grep", "-F", "--output", "jsonl", rid, s.dir)[0]
    same("entries with the id", len(out.splitlines()), len(s.by_id[rid]))
    trace = obs.run("grep", "-F", "--output", "jsonl", "java.net.SocketTimeoutException", s.at("payment-service/db.log"))[0]
    traces = [json.loads(line) for line in trace.splitlines()]
    own = [e for e in s.entries["db"] if "SocketTimeoutException" in e.text]
    same("whole traces found by a line in their middle", [(t["line"], t["message"]) for t in traces], [(e.line, e.text) for e in own])
    obs.run("grep", "no such words anywhere", s.dir, codes=(1,))
    slow = sum(1 for e in s.entries["payment"] if e.level == "error" and e.fields.get("processing_time_ms", 0) > 300)
    counts = obs.run("grep", "-c", "--where", "level == error and processing_time_ms > 300", "", *s.logs("payment"), codes=(0, 1))[0]
    same("-c --where", sum(int(line.rsplit(b":", 1)[-1]) for line in counts.split()), slow)


# --- the same bytes ------------------------------------------------------------------------------------------

def commands(s):
    """What is compared byte for byte; paths are relative to the incident."""
    rid = waiting_request(s)
    return [
        ["stats", ".", *SUCCESS, "--output", "json"],
        ["stats", ".", "--by", "service,level", "--every", "5m", "--output", "json"],
        ["stats", "payment-service", "--by", "gateway", "--value", "processing_time_ms"],
        ["stats", ".", "--heat-map", "--why", "p99,failed", "--apdex", "300ms", "--output", "json"],
        ["stats", ".", "--by", "service", "--diff", "start+20m..", "--output", "json"],
        ["correlate", ".", *SUCCESS, "--slowest", "20", "--output", "json"],
        ["correlate", ".", *SUCCESS, "--id", rid],
        ["detect", ".", "--output", "json"],
        ["investigate", "."],
        ["investigate", ".", "--output", "json"],
        ["investigate", ".", "--output", "markdown"],
        ["fields", "."],
        ["grep", "Connection", ".", "--level", "error"],
        ["grep", "--sort", "time", "--output", "jsonl", rid[:8], "."],
        ["query", "sum by (gateway) (rate(payment_requests_total[5m]))", ".", "--output", "json"],
        ["query", "sum by (service, outcome) (log_requests_total)", ".", "--output", "json"],
        ["check-rules", "-r", s.rules, ".", "--output", "json"],
    ]


def same_bytes(obs, s, variants):
    for command in commands(s):
        seen = None
        for name, directory, args, env in variants:
            out, _ = obs.run(*command, *args, cwd=directory, env=env, codes=(0, 1))
            if seen is None:
                expect(out, f"nothing came from {Obs.shown(command)}")
                seen = (name, out)
            differs = next((i for i, (a, b) in enumerate(zip(seen[1], out)) if a != b), min(len(seen[1]), len(out)))
            expect(out == seen[1], f"{Obs.shown(command)}: {seen[0]} and {name} differ at byte {differs}: "
                                   f"{short(repr(seen[1][max(0, differs - 30):differs + 60]))} / {short(repr(out[max(0, differs - 30):differs + 60]))}")


def same_for_any_threads(obs, s):
    same_bytes(obs, s, [(f"-j {n}", s.dir, ["-j", str(n)], None) for n in (1, 7, 7, 2)])


def same_for_any_order(obs, s):
    """The same files, created in other orders, on another file system if there is one."""
    variants = [("as written", s.dir, [], None)]
    names = sorted(os.path.relpath(os.path.join(d, f), s.dir) for d, _, fs in os.walk(s.dir) for f in fs)
    homes = [obs.work] + (["/dev/shm"] if os.path.isdir("/dev/shm") and s.truth["requests"] <= 30_000 else [])
    made = []
    try:
        for home in homes:
            for label, order in (("reversed", names[::-1]), ("rotated", names[3:] + names[:3])):
                copy = tempfile.mkdtemp(dir=home)
                made.append(copy)
                for name in order:
                    os.makedirs(os.path.dirname(os.path.join(copy, name)), exist_ok=True)
                    shutil.copy2(s.at(name), os.path.join(copy, name))
                variants.append((f"{label} in {home}", copy, [], None))
        same_bytes(obs, s, variants)
    finally:
        for copy in made:
            shutil.rmtree(copy)


def same_under_any_environment(obs, s):
    same_bytes(obs, s, [
        ("TZ=UTC", s.dir, [], None),
        ("TZ=Asia/Kathmandu LC_ALL=tr_TR.UTF-8", s.dir, [], {"TZ": "Asia/Kathmandu", "LC_ALL": "tr_TR.UTF-8"}),
        ("TZ=America/St_Johns LC_ALL=C", s.dir, [], {"TZ": "America/St_Johns", "LC_ALL": "C"}),
    ])


# --- trouble -------------------------------------------------------------------------------------------------

# Every command that reads logs, ready for a path.
READERS = [["investigate"], ["grep", "pool"], ["correlate"], ["stats"], ["detect"], ["query", "log_entries_total"], ["fields"]]


def says(err, *words):
    text = err.decode("utf-8", "replace")
    for word in words:
        expect(word.lower() in text.lower(), f"stderr does not say {word!r}: {short(text) or '(nothing)'}")


def missing_file(obs, s):
    for command in READERS:
        says(obs.run(*command, "no-such-file.log", codes=(2,))[1], "no-such-file.log")
    # Beside a good file the good one is still read.
    out, err = obs.run("grep", "-c", "-I", "pool exhausted", s.at("payment-service/db.log"), "no-such-file.log", codes=(2,))
    says(err, "no-such-file.log")
    expect(str(s.truth["pool_exhausted"]["events"]).encode() in out, f"the good file's answer is missing: {out!r}")
    says(obs.run("check-rules", "-r", "no-such-rules.yml", s.dir, codes=(2,))[1], "no-such-rules.yml")


def unreadable_file(obs, s):
    home = tempfile.mkdtemp(prefix="obs-oracle-")  # not below the work folder, which only its owner may enter
    try:
        shutil.copy(s.at("payment-service/db.log"), os.path.join(home, "db.log"))
        with open(os.path.join(home, "locked.log"), "w") as f:
            f.write("2023-12-24 03:00:00 ERROR nobody may read this\n")
        os.chmod(os.path.join(home, "locked.log"), 0)
        how = {}
        program = obs
        if os.geteuid() == 0:
            # Root reads everything, so somebody else has to try.
            os.chmod(home, 0o755)
            os.chmod(os.path.join(home, "db.log"), 0o644)
            copy = os.path.join(home, "program")
            shutil.copy(obs.path, copy)
            os.chmod(copy, 0o755)
            program = Obs(copy, obs.work)
            how = {"user": 65534, "group": 65534, "extra_groups": []}
        for command in (["stats"], ["grep", "pool"], ["investigate"]):
            out, err = program.run(*command, "db.log", "locked.log", cwd=home, codes=(2,), **how)
            says(err, "locked.log", "denied")
            expect(out, "no answer from the readable file")
        says(program.run("stats", "locked.log", cwd=home, codes=(2,), **how)[1], "locked.log")
    finally:
        shutil.rmtree(home)


def empty_directory(obs, s):
    home = tempfile.mkdtemp(dir=obs.work)
    try:
        for command in READERS:
            out, err = obs.run(*command, home, codes=(1, 2))
            expect(out.strip() or err.strip(), f"nothing said: {Obs.shown(command)}")
    finally:
        os.rmdir(home)


def wrong_flag(obs, s):
    for command in READERS + [["check-rules"], ["formats", "list"]]:
        says(obs.run(*command, "--no-such-flag", codes=(2,))[1], "--no-such-flag")
    says(obs.run("stat", codes=(2,))[1], "stats")
    obs.run("stats", "--output", "no-such-output", s.dir, codes=(2,))
    obs.run("stats", "-j", "-3", s.dir, codes=(2,))
    for flag in (["--version"], ["--help"], ["grep", "--help"]):
        expect(obs.run(*flag)[0].strip(), f"nothing from {Obs.shown(flag)}")


def wrong_expression(obs, s):
    for where in ("level >=", "level >= warn and", "(status < 400", "status << 400", 'message =~ "("', "1 ==", "has("):
        _, err = obs.run("grep", "--where", where, "", s.dir, codes=(2,))
        expect(err.strip(), f"nothing said of --where {where!r}")
        obs.run("stats", "--success", where, s.dir, codes=(2,))
    for query in ("sum(rate(errors_total[5m])", "rate(errors_total)", "no_such_function(x)", "1 +", "{", 'x{a=~"("}'):
        _, err = obs.run("query", query, s.dir, codes=(2,))
        expect(err.strip(), f"nothing said of {query!r}")
    obs.run("grep", "(", s.dir, codes=(2,))
    obs.run("stats", "--since", "the day before", s.dir, codes=(2,))


def full_disk(obs, s):
    for command in [*READERS, ["check-rules", "-r", s.rules], ["grep", "--output", "jsonl", "pool"], ["stats", "--output", "json"],
                    ["grep", "-c", "pool"], ["investigate", "--output", "json"]]:
        with open("/dev/full", "wb") as full:
            says(obs.run(*command, s.dir, codes=(2,), stdout=full)[1], "space")
    with open("/dev/full", "wb") as full:
        obs.run("--help", codes=(2,), stdout=full)


def closed_pipe(obs, s):
    for command in (["grep", "", s.dir], ["grep", "--output", "jsonl", "", s.dir], ["correlate", s.dir, "--limit", "100000", "--output", "jsonl"],
                    ["investigate", s.dir], ["stats", s.dir, "--by", "user_id"]):
        child = subprocess.Popen([obs.path, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=obs.environment())
        said = child.stdout.read(1)
        child.stdout.close()
        err = child.stderr.read()
        code = child.wait(timeout=120)
        child.stderr.close()
        expect(code in (0, 1), f"exit code {code}, expected 0 or 1: {Obs.shown(command)}: {short(err.decode())}")
        expect(said, f"nothing came from {Obs.shown(command)}")
        expect(b"panic" not in err and b"roken pipe" not in err, f"complains: {short(err.decode())}")


def interrupt(obs, s):
    with open(s.at("payment-service/db.log"), "rb") as f:
        sent = b"".join(f.readlines()[:200])
    for command in (["stats", "-"], ["grep", "pool", "-"], ["detect", "-"], ["stats", "-", "--output", "json"]):
        child = subprocess.Popen([obs.path, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, env=obs.environment())
        child.stdin.write(sent)
        child.stdin.flush()
        time.sleep(0.5)
        child.send_signal(signal.SIGINT)
        began = time.monotonic()
        try:
            # The pipe stays open: obs must not wait for its end.
            code = child.wait(timeout=3)
        except subprocess.TimeoutExpired:
            child.kill()
            raise Wrong(f"still there 3 s after Ctrl-C: {Obs.shown(command)}") from None
        finally:
            out, err = child.stdout.read(), child.stderr.read()
            for stream in (child.stdin, child.stdout, child.stderr):
                stream.close()
        expect(code in (130, -signal.SIGINT), f"exit code {code} after {time.monotonic() - began:.1f} s, expected 130: "
                                              f"{Obs.shown(command)}: {short(err.decode())}")
        expect(b"panic" not in err, short(err.decode()))
        if command[-1] == "json":
            same("lines read before Ctrl-C", json.loads(out)["input"]["lines"], 200)
        elif command[0] == "stats":
            expect(out.strip(), "what is known was not reported")


def piped_input(obs, s):
    """Standard input gives what the file gives, compressed or not."""
    for name in ("payment-service/db.log", LOGS["payment"][0]):
        with open(s.at(name), "rb") as f:
            raw = f.read()
        key = "input"
        piped = obs.json("stats", "-", stdin=raw)[key]
        named = obs.json("stats", s.at(name))[key]
        same(f"{name}: account", {k: piped[k] for k in ("lines", "entries", "unparsed", "bytes")},
             {k: named[k] for k in ("lines", "entries", "unparsed", "bytes")})


def damaged_gzip(obs, s):
    """Every whole line before the damage, one clear diagnostic, exit 2."""
    path = s.at(LOGS["payment"][0])
    with open(path, "rb") as f:
        raw = f.read()
    cut = os.path.join(obs.work, "cut.log.gz")
    with open(cut, "wb") as f:
        f.write(raw[: len(raw) * 2 // 3])
    decoder = zlib.decompressobj(31)
    whole = decoder.decompress(raw[: len(raw) * 2 // 3]).count(b"\n")
    out, err = obs.run("stats", cut, "--output", "json", codes=(2,))
    says(err, "cut.log.gz")
    lines = json.loads(out)["input"]["lines"]
    expect(whole <= lines <= whole + 1, f"lines before the damage: got {lines}, expected {whole}")


CHECKS = [
    ("account: lines and entries of every file", account_of_each_file),
    ("account: the directory", account_of_the_directory),
    ("stats: requests and success on order-service", stats_success),
    ("stats: the same by --where service", stats_success_in_the_directory),
    ("stats: percentiles of durationMs to 1e-9", stats_percentiles),
    ("stats: min and mean", stats_min_and_mean),
    ("stats: by gateway, both halves, success given", stats_by_gateway),
    ("stats: by gateway, both halves, success found", stats_by_gateway_unasked),
    ("stats: every minute", stats_every_minute),
    ("correlate: totals", correlate_totals),
    ("correlate: each request", correlate_requests),
    ("correlate: failed ones", correlate_failed),
    ("correlate: the slowest", correlate_slowest),
    ("correlate: one id, its longest gap", correlate_one),
    ("correlate: one id as a waterfall", correlate_waterfall),
    ("detect: the pool's window and count", detect_window),
    ("detect: quiet on the calm start", detect_calm),
    ("investigate: the first cause", investigate_cause),
    ("investigate: the onset", investigate_onset),
    ("investigate: the report", investigate_report),
    ("query: the dashboard at instants off the grid", query_instants),
    ("query: the dashboard over a range", query_ranges),
    ("check-rules: pending, firing, resolved", check_rules_episodes),
    ("check-rules: annotations", check_rules_annotations),
    ("check-rules: the short form", check_rules_short),
    ("grep: every entry as JSON", grep_entries),
    ("grep: counts, ids, traces, conditions", grep_counts),
    ("same bytes: threads", same_for_any_threads),
    ("same bytes: directory order", same_for_any_order),
    ("same bytes: TZ and LC_ALL", same_under_any_environment),
    ("trouble: missing file", missing_file),
    ("trouble: unreadable file", unreadable_file),
    ("trouble: empty directory", empty_directory),
    ("trouble: wrong flag", wrong_flag),
    ("trouble: wrong expression", wrong_expression),
    ("trouble: /dev/full", full_disk),
    ("trouble: closed pipe", closed_pipe),
    ("trouble: Ctrl-C", interrupt),
    ("trouble: standard input", piped_input),
    ("trouble: damaged gzip", damaged_gzip),
]


def judge(obs, story, only):
    failed = 0
    for name, check in CHECKS:
        if only and only not in name:
            continue
        began = time.monotonic()
        try:
            check(obs, story)
            verdict, reason = "PASS", ""
        except Wrong as e:
            verdict, reason = "FAIL", str(e)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, AssertionError, subprocess.TimeoutExpired, OSError) as e:
            place = sys.exc_info()[2]
            while place.tb_next and place.tb_next.tb_frame.f_code.co_filename == os.path.abspath(__file__):
                place = place.tb_next
            verdict, reason = "FAIL", f"{type(e).__name__}: {e} (line {place.tb_lineno} of the oracle: not the promised shape?)"
        failed += verdict == "FAIL"
        print(f"{verdict}  {name:<48} {time.monotonic() - began:6.1f} s  {reason}", flush=True)
    total = sum(1 for name, _ in CHECKS if not only or only in name)
    print(f"{total - failed} of {total} hold")
    return failed


def self_test():
    """The oracle's own parts against cases worked out by hand, and against a truth.json that it did not write."""
    metrics.self_test()
    reading.self_test()
    assert quantile([1.0, 2.0, 4.0], 0.5) == 2.0 and quantile([1.0, 2.0], 0.9) == 1.9
    s = Story(os.path.join(ROOT, "fixtures", "outage"))
    t = s.truth
    for key in LOGS:
        assert len(s.entries[key]) == t["entries"][key], key
        assert sum(e.lines for e in s.entries[key]) == t["lines"][key], key
    assert len(s.by_id) == t["requests"] == len(s.status)
    assert sum(s.outcome(rid) == "success" for rid in s.by_id) == t["success"]
    assert len(s.pool_events()) == t["pool_exhausted"]["events"]
    durations = sorted(e.fields["durationMs"] for e in s.entries["order"] if "durationMs" in e.fields)
    for name, q in (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)):
        assert metrics.close(quantile(durations, q), t["order_duration_ms"]["all"][name]), name
    final = [e for e in s.entries["payment"] if "processing_time_ms" in e.fields]
    for gateway, wanted in t["by_gateway"].items():
        mine = [e for e in final if e.fields["gateway"] == gateway]
        assert (len(mine), sum(e.level != "error" for e in mine)) == (wanted["count"], wanted["success"]), gateway
    minutes = {}
    for e in s.entries["order"]:
        if "statusCode" in e.fields:
            minutes[utc(e.ns)[:16] + "Z"] = minutes.get(utc(e.ns)[:16] + "Z", 0) + 1
    assert minutes == {m["minute"]: m["requests"] for m in t["per_minute_completed"]}
    assert s.span_ms(waiting_request(s), ["order", "payment"]) > 20_000
    # The first time the pool is seen above 18 is where the database alert starts to be pending.
    (_, pending, firing, _), = metrics.replay(s.store, metrics.ALERTS)["DatabaseConnectionsHigh"]
    times, values = next((ts, vs) for have, ts, vs in s.store.select("database_connections_active"))
    assert pending == times[next(i for i, v in enumerate(values) if v > 18)] and firing == pending + 60
    # Alike on the same bytes, and different where something differs.
    for wrong in (lambda: same("x", 1, 2), lambda: near("x", 1.0, 1.0 + 1e-6), lambda: vector_equals("x", [], {(): 1.0}),
                  lambda: episodes_equal(s, "r", [], [((), 1.0, 2.0, 3.0)]),
                  lambda: episodes_equal(s, "r", [{"pending_at": utc(0), "firing_at": None, "resolved_at": None}], [])):
        try:
            wrong()
        except Wrong:
            continue
        raise AssertionError("a wrong answer passed")
    episodes_equal(s, "r", [{"pending_at": utc(SECOND), "firing_at": utc(2 * SECOND), "resolved_at": None}], [((), 1.0, 2.0, None)])
    vector_equals("x", [{"metric": {"a": "b"}, "value": [1, "NaN"]}], {(("a", "b"),): math.nan})
    with tempfile.TemporaryDirectory() as calm:
        reading.cut(s.dir, calm, s.phase("leak_from"))
        for key in LOGS:
            kept = list(reading.entries(calm, key))
            assert len(kept) == sum(e.ns < s.phase("leak_from") for e in s.entries[key]), key
        with open(os.path.join(calm, METRICS)) as f:
            text = f.read()
        assert text.endswith("# EOF\n") and metrics.Store(metrics.read_openmetrics(text)).span()[1] < s.phase("leak_from") / SECOND
    print("the oracle's own parts hold")


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shared = os.path.join(ROOT, "..", "shared")
    ap.add_argument("--obs", default=os.path.join(ROOT, "target", "release", "obs"))
    ap.add_argument("--seed", type=int, default=11)
    ap.add_argument("--requests", type=int, default=2000)
    ap.add_argument("--minutes", type=int, default=60)
    ap.add_argument("--generator", default=os.path.join(shared, "tools", "incident.py"))
    ap.add_argument("--rules", default=os.path.join(shared, "data", "payment-alerts.yml"))
    ap.add_argument("--short-rules", default=os.path.join(shared, "data", "payment-alerts.short.json"))
    ap.add_argument("--work", help="where the incident is written and kept; default: a temporary directory")
    ap.add_argument("--only", help="only the checks whose name contains this")
    ap.add_argument("--self-test", action="store_true", help="judge the oracle itself, without obs")
    args = ap.parse_args()
    if args.self_test:
        self_test()
        return 0
    if not os.access(args.obs, os.X_OK):
        ap.error(f"{args.obs} is no program; build it with cargo build --release, or say --obs PATH")
    # Started in the background, Ctrl-C would be ignored, and obs would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    work = os.path.abspath(args.work) if args.work else tempfile.mkdtemp(prefix="obs-oracle-")
    try:
        # A name without "pool" or "payment" in it: what obs names, it must have found.
        directory = os.path.join(work, f"story-{args.seed}-{args.requests}-{args.minutes}")
        if not os.path.exists(os.path.join(directory, "truth.json")):
            subprocess.run([sys.executable, args.generator, "--out", directory, "--seed", str(args.seed),
                            "--requests", str(args.requests), "--minutes", str(args.minutes)], check=True)
        print(f"incident.py --seed {args.seed} --requests {args.requests} --minutes {args.minutes}")
        inner = tempfile.mkdtemp(dir=work)
        try:
            story = Story(directory, os.path.abspath(args.rules), os.path.abspath(args.short_rules))
            failed = judge(Obs(args.obs, inner), story, args.only)
        finally:
            shutil.rmtree(inner)
    finally:
        if not args.work:
            shutil.rmtree(work)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

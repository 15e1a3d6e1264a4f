#!/usr/bin/env python3
"""Writes outages of many kinds in many vocabularies, runs `obs investigate` over them, and counts the right answers.

    python3 tests/oracle/faults.py --obs target/debug/obs [--seeds 1-3] [--only FAULT[,FAULT]] [--mode logs|metrics|both|any]
        [--keep DIR] [--verbose]

Every outage has eight services in formats drawn by lot, constant harmless noise, a decoy restart, symptoms that are
louder than the cause, and its truth. A calm one has the noise only. The exit code is 1 if less than nine in ten
first causes are right, or anything is found on a calm one. It shares no code with obs; only the standard library
is used.
"""
import json
import math
import os
import random
from datetime import datetime, timedelta, timezone
from functools import partial

import tally

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
LEVELS = {"debug": 20, "info": 30, "warn": 40, "error": 50}


def dt(t):
    return EPOCH + timedelta(seconds=t)


def iso(t, digits=3, z="Z"):
    text = dt(t).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return text[: 20 + digits] + z


# --- formats: (time, level, message, fields, request id, stack) -> text -------------------------------------------


def pairs(fields, style):
    if not fields:
        return ""
    if style == 0:
        return " " + " ".join(f"{k}={v}" for k, v in fields.items())
    return " (" + ", ".join(f"{k}: {v}" for k, v in fields.items()) + ")"


def fmt_pino(s):
    def write(t, level, msg, f, rid, stack):
        o = {"level": LEVELS[level], "time": int(t * 1000), "pid": 7, "hostname": s.host, "name": s.name}
        if rid:
            o[s.idname] = rid
        o.update(f)
        if stack:
            o["err"] = {"type": stack[0].split(":")[0], "message": stack[0], "stack": "\n".join(stack)}
        o["msg"] = msg
        return json.dumps(o)
    return write


def fmt_zap(s):
    def write(t, level, msg, f, rid, stack):
        o = {"level": level, "ts": round(t, 6), "caller": "srv/handler.go:88", "msg": msg, "service": s.name}
        if rid:
            o["trace_id"] = rid
        o.update(f)
        if stack:
            o["error"] = stack[0]
        return json.dumps(o)
    return write


def fmt_ecs(s):
    def write(t, level, msg, f, rid, stack):
        o = {"@timestamp": iso(t), "log.level": level.upper(), "message": msg, "ecs.version": "1.2.0",
             "service.name": s.name, "log.logger": "org.acme.Main"}
        if rid:
            o["trace.id"] = rid
        o.update(f)
        if stack:
            o["error.type"], o["error.message"] = stack[0].split(":")[0], stack[0]
            o["error.stack_trace"] = "\n".join(stack)
        return json.dumps(o)
    return write


def fmt_python(s):
    def write(t, level, msg, f, rid, stack):
        o = {"timestamp": iso(t, 6, "+00:00"), "level": level.upper(), "logger": f"{s.name}.views", "message": msg}
        if rid:
            o["request_id"] = rid
        o.update(f)
        if stack:
            o["exc_info"] = "\n".join(["Traceback (most recent call last):"] + stack[1:] + stack[:1])
        return json.dumps(o)
    return write


def fmt_logfmt(s):
    def write(t, level, msg, f, rid, stack):
        text = f'time={iso(t, 6)} level={level} msg="{msg}" app={s.name}'
        if rid:
            text += f" rid={rid}"
        for k, v in f.items():
            v = str(v)
            text += f' {k}="{v}"' if " " in v else f" {k}={v}"
        if stack:
            text += ' err="' + stack[0].replace('"', '\\"') + '"'
        return text
    return write


def fmt_logback(s):
    style = s.rng.randrange(2)
    def write(t, level, msg, f, rid, stack):
        clock = dt(t).strftime("%Y-%m-%d %H:%M:%S,%f")[:-3]
        text = f"{clock} {level.upper():<5} [exec-{s.rng.randrange(9)}] [{rid or '-'}] o.acme.Main - {msg}{pairs(f, style)}"
        return "\n".join([text] + (stack or []))
    return write


def fmt_plain(s):
    def write(t, level, msg, f, rid, stack):
        clock = dt(t).strftime("%Y/%m/%d %H:%M:%S.%f")[:-3]
        text = f"{clock} [{level.upper()}] {s.name}: {msg}{pairs(f, 0)}"
        if rid:
            text += f" req={rid}"
        return text + (f": {stack[0]}" if stack else "")
    return write


def fmt_klog(s):
    def write(t, level, msg, f, rid, stack):
        letter = {"debug": "I", "info": "I", "warn": "W", "error": "E"}[level]
        text = f'{letter}{dt(t).strftime("%m%d %H:%M:%S.%f")}       1 main.go:64] "{msg}"'
        if rid:
            text += f' traceID="{rid}"'
        text += "".join(f' {k}="{v}"' for k, v in f.items())
        return text + (f' err="{stack[0]}"' if stack else "")
    return write


def fmt_syslog(s):
    def write(t, level, msg, f, rid, stack):
        pri = 128 + {"debug": 7, "info": 6, "warn": 4, "error": 3}[level]
        ref = f'[o@1 id="{rid}"]' if rid else "-"
        return f"<{pri}>1 {iso(t, 6)} {s.host} {s.name} 1 - {ref} {msg}{pairs(f, 0)}" + (f": {stack[0]}" if stack else "")
    return write


def fmt_docker(s):
    inner = fmt_logfmt(s)
    def write(t, level, msg, f, rid, stack):
        return json.dumps({"log": inner(t, level, msg, f, rid, stack) + "\n", "stream": "stdout", "time": iso(t, 9 - 3)})
    return write


APP_FORMATS = [fmt_pino, fmt_zap, fmt_ecs, fmt_python, fmt_logfmt, fmt_logback, fmt_plain, fmt_klog, fmt_syslog, fmt_docker]


class Service:
    def __init__(self, world, role, name, fmt=None):
        self.world, self.role, self.name, self.rng = world, role, name, world.rng
        self.host = f"ip-10-2-0-{world.rng.randrange(9, 250)}"
        self.idname = world.rng.choice(["reqId", "requestId", "correlationId"])
        self.lines = []
        self.path = world.layout(name)
        self.write = (fmt or world.rng.choice(APP_FORMATS))(self)
        self.skew = world.rng.uniform(-1, 1) * world.rng.choice([0, 0, 1])

    def log(self, t, level, msg, rid=None, stack=None, **fields):
        if self.world.no_ids:
            rid = None
        self.lines.append((t + self.skew, self.write(t + self.skew, level, msg, fields, rid, stack)))

    def raw(self, t, text):
        self.lines.append((t, text))


NAMES = {
    "edge": ["edge", "lb", "web-gw", "frontdoor"],
    "front": ["checkout", "booking-bff", "shop-api", "mobile-api", "order-api"],
    "auth": ["identity", "login", "sessions", "iam"],
    "store": ["inventory", "catalogue", "ledger", "pricing", "profiles"],
    "hub": ["courier-link", "psp-bridge", "bank-connect", "sms-relay"],
    "worker": ["mailer", "invoicer", "thumbnailer", "settlement"],
}
PARTNERS = ["northbank", "quickship", "paywise", "telcom-x"]
ENDPOINTS = ["browse", "detail", "quote", "buy", "track"]
PATHS = {"browse": "GET /api/items?page={n}", "detail": "GET /api/items/{n}", "quote": "POST /api/quotes",
         "buy": "POST /api/orders", "track": "GET /api/orders/{n}/parcel"}
NOISE = {
    "front": [("warn", "deprecated header seen"), ("error", "telemetry upload failed"), ("warn", "retrying after 503 from feature service")],
    "auth": [("warn", "bad password for user"), ("error", "avatar could not be fetched: read timed out")],
    "store": [("warn", "cache miss ratio above target"), ("error", "recommendation model not found")],
    "hub": [("warn", "partner sent unknown field"), ("error", "webhook signature mismatch for test merchant")],
    "worker": [("warn", "template is deprecated"), ("error", "could not parse locale file")],
}


class World:
    def __init__(self, seed, fault, mode, no_ids):
        self.rng = random.Random(f"{seed}/{fault}/{mode}")
        rng = self.rng
        self.fault, self.mode, self.no_ids = fault, mode, no_ids
        self.start = 1_700_000_000 + rng.randrange(0, 200 * 86400)
        self.minutes = rng.choice([60, 90, 120])
        self.end = self.start + self.minutes * 60
        self.onset = self.start + self.minutes * 60 * rng.uniform(0.35, 0.6)
        self.over = min(self.end - 60, self.onset + rng.uniform(12, 30) * 60)
        if rng.random() < 0.3:
            self.over = self.end + 1
        shape = rng.randrange(3)
        self.layout = [lambda n: f"logs/{n}.log", lambda n: f"{n}/current.log", lambda n: f"var/log/{n}/app.log"][shape]
        pick = lambda role: Service(self, role, rng.choice(NAMES[role]))
        self.front, self.auth, self.store, self.hub, self.worker = map(pick, ["front", "auth", "store", "hub", "worker"])
        self.edge = Service(self, "edge", rng.choice(NAMES["edge"]), fmt_plain)
        self.db = Service(self, "db", "pg-" + self.store.name, fmt_plain)
        self.db.path = self.layout(self.db.name).replace("current", "postgresql").replace("app.log", "postgresql.log")
        self.node = Service(self, "node", "nodes", fmt_plain)
        self.node.path = self.layout("nodes").replace("current", "syslog").replace("app.log", "syslog")
        self.services = [self.front, self.auth, self.store, self.hub, self.worker]
        self.partner = rng.choice(PARTNERS)
        self.truth = None
        self.gauges = {}
        self.first = None
        self.requests = []  # (time, endpoint, status, seconds)
        self.pods = [f"{self.store.name}-{i}" for i in "abcd"]

    # -- ordinary life

    def pg(self, t, kind, text):
        self.db.raw(t, f"{dt(t).strftime('%Y-%m-%d %H:%M:%S.%f')[:-3]} UTC [{3000 + self.rng.randrange(90)}] app@main {kind}:  {text}")

    def kernel(self, t, text):
        self.node.raw(t, f"<4>1 {iso(t, 6)} node-{self.rng.choice('abc')} kernel - - - [{t - self.start + 5e5:.6f}] {text}")

    def systemd(self, t, text):
        self.node.raw(t, f"<30>1 {iso(t, 6)} node-{self.rng.choice('abc')} systemd 1 - - {text}")

    def noise(self):
        rng = self.rng
        for s in self.services:
            for level, text in NOISE[s.role]:
                t = self.start
                gap = rng.uniform(40, 200)
                while (t := t + rng.expovariate(1 / gap)) < self.end:
                    s.log(t, level, text, n=rng.randrange(1000))
            t = self.start + rng.uniform(0, 10)
            while t < self.end:
                s.log(t, "debug", "health check answered", healthy=True)
                t += 10
        t = self.start
        while (t := t + rng.expovariate(1 / 20)) < self.end:
            self.kernel(t, f"[UFW BLOCK] IN=ens5 OUT= SRC=203.0.113.{rng.randrange(250)} DST=10.3.0.7 PROTO=TCP SPT={rng.randrange(60000)} DPT=22")
        t = self.start
        while (t := t + rng.expovariate(1 / 30)) < self.end:
            self.pg(t, "LOG", f"checkpoint complete: wrote {rng.randrange(900)} buffers")
        t = self.start
        while (t := t + rng.expovariate(1 / 90)) < self.end:
            self.pg(t, "ERROR", 'duplicate key value violates unique constraint "device_pkey"')
        # A decoy: some service restarts for good reasons, long before.
        s = rng.choice(self.services)
        t = self.start + (self.onset - self.start) * rng.uniform(0.2, 0.5)
        s.log(t, "info", "draining before planned restart", version="4.1.9")
        s.log(t + 6, "info", f"starting {s.name} version 4.2.0", version="4.2.0")
        t = self.start + rng.uniform(3, 9)
        k = 0
        while t < self.end and "silent" not in self.fault or t < self.onset:
            self.job(t, k)
            t += rng.expovariate(1 / 6)
            k += 1
            if t >= self.end:
                break

    def job(self, t, k):
        w = self.worker
        jid = f"{self.rng.getrandbits(64):016x}"
        w.log(t, "info", "job picked", jid, job=k)
        w.log(t + self.rng.uniform(0.1, 1.5), "info", "job done", jid, job=k, took=round(self.rng.uniform(80, 900), 1))

    def traffic(self):
        t, rng = self.start, self.rng
        mean = self.minutes * 60 / rng.choice([1500, 2500, 4000])
        while (t := t + rng.expovariate(1 / mean)) < self.end - 25:
            self.request(t)

    def active(self, t, lead=0.0):
        return self.onset + lead <= t < self.over

    def request(self, t):
        rng = self.rng
        ep = rng.choices(ENDPOINTS, [8, 5, 3, 2, 2])[0]
        rid = f"{rng.getrandbits(128):032x}"
        pod = rng.choice(self.pods)
        d = {"auth": rng.lognormvariate(-4.6, 0.4), "store": rng.lognormvariate(-4, 0.5), "hub": rng.lognormvariate(-2, 0.4)}
        partner = rng.choice(PARTNERS) if ep in ("quote", "buy", "track") else None
        ctx = {"ep": ep, "rid": rid, "pod": pod, "d": d, "partner": partner, "status": 200, "why": None, "at": t}
        handler = FAULTS[self.fault][1] if self.fault in FAULTS else None
        fail = handler(self, ctx) if handler else None
        at = t + 0.002
        self.front.log(at, "info", "request accepted", rid, endpoint=ep)
        who = fail[0] if fail else None
        if fail and self.first is None:
            self.first = t
        for s, call in ((self.auth, "token verified"), (self.store, "rows loaded"), (self.hub, "partner answered")):
            if s is self.hub and not partner:
                continue
            wait = d[{"auth": "auth", "store": "store", "hub": "hub"}[s.role]]
            at += wait
            extra = {"partner": partner} if s is self.hub else {"pod": pod} if s is self.store else {}
            if who is s:
                _, status, level, text, stack = fail
                if text:
                    s.log(at, level, text, rid, stack, endpoint=ep, took=round(wait * 1000, 1), **extra)
                ctx["status"] = status
                break
            s.log(at, "info", call, rid, endpoint=ep, took=round(wait * 1000, 1), **extra)
        at += 0.003
        status = ctx["status"]
        if status == 200 and rng.random() < 0.006:
            status = rng.choice([500, 502])
        if status >= 500:
            self.front.log(at, "error", f"{ep} failed", rid, ["UpstreamError: dependency did not deliver"], endpoint=ep)
            self.front.log(at + 0.001, "warn", "answering with an apology", rid, endpoint=ep)
            self.front.log(at + 0.001, "error", "unexpected error page rendered", rid, endpoint=ep)
        self.front.log(at + 0.002, "info", "request finished", rid, endpoint=ep, status=status, latencyMs=round((at - t) * 1000, 1))
        self.requests.append((at + 0.003, ep, status, at - t))
        path = PATHS[ep].format(n=rng.randrange(9000))
        self.edge.raw(at + 0.003, f'198.51.100.{rng.randrange(250)} - - [{dt(at + 0.003).strftime("%d/%b/%Y:%H:%M:%S +0000")}] "{path} HTTP/1.1" {status} {rng.randrange(200, 9000)} "-" "Shop/3.1 (iPhone)" rt={at - t:.3f} rid={"-" if self.no_ids else rid}')

    def times(self, mean, lead=0.0, until=None):
        """Moments of a Poisson process while the fault lasts; the first is at the onset."""
        t = self.onset + lead
        while t < min(self.over, until or self.over, self.end):
            yield t
            t += self.rng.expovariate(1 / mean)

    # -- metrics

    def gauge(self, name, service, f, **labels):
        self.gauges[(name, (("service", service),) + tuple(labels.items()))] = f

    def metrics(self):
        rng, on = self.rng, self.active
        r = lambda lo, hi: lambda t: rng.uniform(lo, hi)
        for s in self.services:
            base = rng.uniform(2e8, 9e8)
            self.gauges.setdefault(("process_resident_memory_bytes", (("service", s.name),)), lambda t, b=base: b * rng.uniform(0.97, 1.03))
            self.gauges.setdefault(("process_open_fds", (("service", s.name),)), lambda t: rng.randrange(80, 120))
            self.gauges.setdefault(("up", (("service", s.name),)), lambda t: 1)
            self.gauges.setdefault(("executor_queued_tasks", (("service", s.name),)), lambda t: rng.randrange(0, 3))
            self.gauges.setdefault(("process_cpu_utilization", (("service", s.name),)), lambda t: rng.uniform(0.2, 0.35))
        self.gauges.setdefault(("db_client_connections", (("service", self.store.name), ("state", "used"))), lambda t: rng.randrange(2, 9))
        self.gauges.setdefault(("db_client_connections_max", (("service", self.store.name),)), lambda t: 20)
        self.gauges.setdefault(("node_filesystem_avail_bytes", (("service", self.db.name),)), lambda t: 4e10 - (t - self.start) * 1e4)
        self.gauges.setdefault(("node_filesystem_size_bytes", (("service", self.db.name),)), lambda t: 1e11)
        self.gauges.setdefault(("messaging_queue_depth", (("service", self.worker.name),)), lambda t: rng.randrange(0, 6))
        self.requests.sort()
        out, types = [], {}
        steps = [self.start + 15 * i for i in range(self.minutes * 4 + 1)]
        for (name, labels), f in sorted(self.gauges.items(), key=lambda item: item[0]):
            kind = "counter" if name.endswith("_total") else "gauge"
            types.setdefault(name, (kind, []))
            ls = ",".join(f'{k}="{v}"' for k, v in labels)
            for t in steps:
                v = f(t)
                if v is not None:
                    types[name][1].append(f"{name}{{{ls}}} {v:.6g} {t:.3f}" if isinstance(v, float) else f"{name}{{{ls}}} {v} {t:.3f}")
        for name, (kind, rows) in types.items():
            out.append(f"# TYPE {name.removesuffix('_total') if kind == 'counter' else name} {kind}")
            out += rows
        keys = sorted({(ep, st) for _, ep, st, _ in self.requests})
        out.append("# TYPE http_server_requests counter")
        for key in keys:
            i, n = 0, 0
            mine = [a for a, ep, st, _ in self.requests if (ep, st) == key]
            for t in steps:
                while i < len(mine) and mine[i] <= t:
                    i, n = i + 1, n + 1
                out.append(f'http_server_requests_total{{service="{self.edge.name}",route="{key[0]}",code="{key[1]}"}} {n} {t:.3f}')
        out.append("# TYPE http_server_request_duration_seconds histogram")
        les = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, math.inf]
        for ep in ENDPOINTS:
            mine = [(a, d) for a, e, _, d in self.requests if e == ep]
            i, total, counts = 0, 0.0, [0] * len(les)
            for t in steps:
                while i < len(mine) and mine[i][0] <= t:
                    total += mine[i][1]
                    for k, le in enumerate(les):
                        counts[k] += mine[i][1] <= le
                    i += 1
                base = f'service="{self.edge.name}",route="{ep}"'
                for le, c in zip(les, counts):
                    out.append(f'http_server_request_duration_seconds_bucket{{{base},le="{"+Inf" if le == math.inf else float(le)}"}} {c} {t:.3f}')
                out.append(f"http_server_request_duration_seconds_count{{{base}}} {counts[-1]} {t:.3f}")
                out.append(f"http_server_request_duration_seconds_sum{{{base}}} {total:.6f} {t:.3f}")
        out.append("# EOF")
        # Series of one family have to stand together; the order of points within a family is free.
        return "\n".join(out) + "\n"

    def save(self, folder):
        self.noise()
        if self.fault in FAULTS:
            FAULTS[self.fault][0](self)
        self.traffic()
        if self.truth and self.fault in UNHEARD and self.first:
            self.truth["onset"].append(self.first)
        if self.mode in ("metrics", "both"):
            os.makedirs(f"{folder}/metrics", exist_ok=True)
            with open(f"{folder}/metrics/platform.om", "w") as f:
                f.write(self.metrics())
        if self.mode in ("logs", "both"):
            for s in self.services + [self.edge, self.db, self.node]:
                os.makedirs(os.path.dirname(f"{folder}/{s.path}"), exist_ok=True)
                with open(f"{folder}/{s.path}", "w") as f:
                    f.writelines(text + "\n" for t, text in sorted(s.lines, key=lambda line: line[0]) if t < self.end)

    def is_truth(self, services, words, onset=None, also=()):
        names = [s if isinstance(s, str) else s.name for s in services]
        self.truth = {"named": names, "words": words, "onset": [onset or self.onset, *also]}


# --- faults: what happens by itself, and what happens to a request ------------------------------------------------


def oom_setup(w):
    s = w.store
    w.is_truth([s, "node"], ["oom", "out of memory", "killed"])
    for t in w.times(240):
        w.kernel(t, f"{s.name} invoked oom-killer: gfp_mask=0x100cca(GFP_HIGHUSER_MOVABLE), order=0, oom_score_adj=900")
        w.kernel(t + 0.01, f"Out of memory: Killed process {w.rng.randrange(9999)} ({s.name}) total-vm:8123456kB, anon-rss:4012345kB, file-rss:0kB")
        w.systemd(t + 0.2, f"{s.name}.service: Main process exited, code=killed, status=9/KILL")
        w.down = getattr(w, "down", []) + [(t, t + 100)]
    w.gauge("process_resident_memory_bytes", s.name, lambda t: 4e9 * min(1, 0.3 + 0.7 * max(0, (t - w.onset + 60) / 60)) if w.active(t, -60) else 1.2e9)


def oom_request(w, c):
    if any(a <= c["at"] < b for a, b in getattr(w, "down", [])):
        return (w.front_fail(c, "connect ECONNREFUSED 10.2.0.7:8080"))


def front_fail(w, c, text):
    """The front cannot reach somebody: it says so itself."""
    w.front.log(c["at"] + 0.02, "error", "call failed", c["rid"], [f"Error: {text}"], endpoint=c["ep"], target=w.store.name)
    return (w.store, 502, "info", None, None)


World.front_fail = front_fail


def dns_setup(w):
    w.is_truth([w.hub], ["no such host", "eai_again", "name resolution", "resolve"])


def dns_request(w, c):
    if c["partner"] and w.active(c["at"]) and w.rng.random() < 0.8:
        text = w.rng.choice(["dial tcp: lookup api.{p}.example on 10.0.0.2:53: no such host"]).format(p=c["partner"])
        return (w.hub, 502, "error", "partner call failed", [f"DialError: {text}"])


def tls_setup(w):
    w.is_truth([w.hub, w.partner], ["certificate", "expired", "x509"])
    w.gauge("probe_ssl_earliest_cert_expiry", w.hub.name, lambda t: int(w.onset), target=w.partner)


def tls_request(w, c):
    if c["partner"] == w.partner and w.active(c["at"]):
        return (w.hub, 502, "error", "partner call failed", ["x509: certificate has expired or is not yet valid: current time is after NotAfter"])


def disk_setup(w):
    w.is_truth([w.db], ["no space left", "disk", "filesystem"], also=[w.onset + 30])
    for t in w.times(5):
        w.pg(t, "ERROR", 'could not extend file "base/16384/24601": No space left on device')
        w.pg(t, "HINT", "Check free disk space.")
    w.gauge("node_filesystem_avail_bytes", w.db.name, lambda t: 0 if w.active(t) else max(1e9, 4e10 - (t - w.start) * 1e4))


def disk_request(w, c):
    if w.active(c["at"], 20) and c["ep"] in ("quote", "buy", "detail"):
        return (w.store, 500, "error", "write rejected by storage", ["PSQLException: ERROR: could not extend file"])


def config_setup(w):
    w.is_truth([w.store], ["config", "reload", "settings"])
    w.store.log(w.onset, "info", "configuration reloaded", source="configmap", changed="db.pool.max", old=20, new=2)


def config_request(w, c):
    if w.active(c["at"], 15) and w.rng.random() < 0.7:
        c["d"]["store"] = 3.0
        return (w.store, 503, "error", "no connection within 3000 ms, pool is full", None)


def index_setup(w):
    w.is_truth([w.db, w.store], ["drop index", "index", "slow", "duration", "migration", "seq scan"])
    w.pg(w.onset, "LOG", "statement: DROP INDEX CONCURRENTLY items_by_seller_idx")
    for t in w.times(4, 8):
        w.pg(t, "LOG", f"duration: {w.rng.uniform(2200, 6000):.3f} ms  execute <unnamed>: SELECT * FROM items WHERE seller_id = $1")


def index_request(w, c):
    if w.active(c["at"], 10) and w.rng.random() < 0.7:
        c["d"]["store"] = w.rng.uniform(2, 5)
        if w.active(c["at"], 90) and w.rng.random() < 0.6:
            return (w.store, 504, "error", "query cancelled, request gave up", ["TimeoutError: query took longer than 5000 ms"])


def lock_setup(w):
    w.is_truth([w.db, w.store], ["lock", "deadlock"])
    for t in w.times(3):
        w.pg(t, "LOG", f"process {w.rng.randrange(9999)} still waiting for RowExclusiveLock on relation 16402 of database 5 after 1000.113 ms")


def lock_request(w, c):
    if w.active(c["at"], 60) and c["ep"] in ("detail", "buy", "quote"):
        c["d"]["store"] = 5.0
        return (w.store, 503, "error", "giving up on row", ["LockTimeout: canceling statement due to lock timeout"])


def third_setup(w):
    w.is_truth([w.hub, w.partner], ["503", w.partner, "unavailable", "partner"])


def third_request(w, c):
    if c["partner"] == w.partner and w.active(c["at"]) and w.rng.random() < 0.9:
        return (w.hub, 502, "error", "partner answered with an error", [f"HTTPError: 503 Service Unavailable from {w.partner}"])


def rate_setup(w):
    w.is_truth([w.hub, w.partner], ["429", "rate limit", "quota", "too many requests", "throttl"])


def rate_request(w, c):
    if c["partner"] == w.partner and w.active(c["at"]) and w.rng.random() < 0.8:
        return (w.hub, 503, "warn", "partner refused: too many requests, retry after 60", None)


def cache_setup(w):
    w.is_truth([w.store, "redis", "cache"], ["redis", "cache"])
    for t in w.times(3):
        w.store.log(t, "warn", "cache node unreachable, reading from database", None, ["Error: connect ECONNREFUSED 10.2.4.4:6379"], node="redis-2")
    for t in w.times(6, 25):
        w.pg(t, "LOG", f"duration: {w.rng.uniform(900, 3000):.3f} ms  statement: SELECT * FROM items")


def cache_request(w, c):
    if w.active(c["at"], 40) and w.rng.random() < 0.6:
        c["d"]["store"] = w.rng.uniform(2, 3)
        return (w.store, 503, "error", "timed out waiting for a connection from pool", None)


def gc_setup(w):
    w.is_truth([w.store], ["gc", "pause", "garbage", "heap"])
    for t in w.times(12):
        w.store.log(t, "warn", "GC pause longer than usual", None, None, kind="Full GC", paused=round(w.rng.uniform(2100, 6000), 1))
    w.gauge("jvm_gc_pause_seconds_total", w.store.name, lambda t: 0.001 * (t - w.start) + (0.35 * max(0, min(t, w.over) - w.onset)))


def gc_request(w, c):
    if w.active(c["at"], 15) and w.rng.random() < 0.45:
        c["d"]["store"] = w.rng.uniform(2, 6)
        w.front.log(c["at"] + 2, "error", "call failed", c["rid"], ["TimeoutError: no answer within 2000 ms"], target=w.store.name)
        return (w.store, 504, "info", None, None)


def fd_setup(w):
    w.is_truth([w.auth], ["too many open files", "emfile", "descriptor", "fds"], also=[w.onset - 60])
    for t in w.times(2.5):
        w.auth.log(t, "error", "accept failed", None, ["accept4: too many open files"])
    w.gauge("process_open_fds", w.auth.name, lambda t: 1024 if w.active(t) else 100)
    w.gauge("process_max_fds", w.auth.name, lambda t: 1024)


def fd_request(w, c):
    if w.active(c["at"], 5) and w.rng.random() < 0.7:
        w.front.log(c["at"] + 1, "error", "call failed", c["rid"], ["Error: socket hang up"], target=w.auth.name)
        return (w.auth, 502, "info", None, None)


def replica_setup(w):
    w.is_truth([w.db, w.store], ["replica", "replication", "lag", "recovery"])
    for t in w.times(10):
        w.pg(t, "WARNING", f"replication lag is {int(10 + (t - w.onset) / 3)} s behind primary")


def replica_request(w, c):
    if w.active(c["at"], 45) and w.rng.random() < 0.4:
        return (w.store, 500, "error", "row not there yet after write", ["StaleRead: expected version is newer than replica"])


def retry_setup(w):
    w.is_truth([w.front, w.hub], ["retry", "retries", "attempt", "retrying"])
    w.front.log(w.onset, "info", "feature flag retry.aggressive enabled", flag="retry.aggressive")


def retry_request(w, c):
    if c["partner"] and w.active(c["at"], 3):
        for k in range(2, 9):
            w.front.log(c["at"] + 0.05 * k, "warn", "retrying call", c["rid"], target=w.hub.name, attempt=k)
            w.hub.log(c["at"] + 0.05 * k + 0.01, "info", "partner answered", c["rid"], endpoint=c["ep"], partner=c["partner"], took=80)
        if w.active(c["at"], 40) and w.rng.random() < 0.7:
            return (w.hub, 503, "error", "overloaded, shedding load", None)


def silent_setup(w):
    w.is_truth([w.worker], ["silent", "stopped", "no longer", "heartbeat", "quiet", w.worker.name], also=[w.onset - 12, w.onset + 6])
    w.worker.lines = [line for line in w.worker.lines if line[0] < w.onset]
    for t in w.times(20, 150):
        w.front.log(t, "warn", "confirmation still missing", waiting=int(t - w.onset))
    w.gauge("messaging_queue_depth", w.worker.name, lambda t: 3 if t < w.onset else int((t - w.onset) / 6))


def clock_setup(w):
    s = w.auth
    w.is_truth([s, "node"], ["clock", "time jumped", "ntp", "not yet valid", "in the future", "chrony", "skew"])
    w.systemd(w.onset, "Time has been changed")
    w.node.raw(w.onset + 0.1, f"<28>1 {iso(w.onset + 0.1, 6)} node-a chronyd 712 - - System clock was stepped by -312.404 seconds")


def clock_request(w, c):
    if w.active(c["at"], 8) and w.rng.random() < 0.75:
        return (w.auth, 401, "error", "token rejected: issued in the future", None)


def pod_setup(w):
    w.bad = w.rng.choice(w.pods)
    w.is_truth([w.store, w.bad], [w.bad])


def pod_request(w, c):
    if c["pod"] == w.bad and w.active(c["at"]):
        return (w.store, 500, "error", "could not load rows", ["IOError: unexpected end of page"])


def leak_setup(w):
    s = w.store
    w.is_truth([s], ["outofmemory", "heap", "memory", "restart", "oom"], also=[w.onset + 20] + [w.onset - 30 * k for k in range(11)])
    t = w.onset
    w.crashes = []
    while t < min(w.over, w.end):
        w.crashes.append(t)
        s.log(t, "error", "uncaught error, giving up", None, ["java.lang.OutOfMemoryError: Java heap space"])
        s.log(t + 25, "info", f"starting {s.name} version 7.0.1", version="7.0.1")
        t += 150
    w.gauge("process_resident_memory_bytes", s.name, lambda t: 3e8 + 2.5e9 * max(0, (t - w.onset + 300) / 300) if t < w.onset else 3e8 + 2.5e9 * (((t - w.onset) % 150) / 150))


def leak_request(w, c):
    if any(a <= c["at"] < a + 60 for a in w.crashes):
        return w.front_fail(c, "connect ECONNREFUSED 10.2.0.9:8080")


def key_setup(w):
    w.is_truth([w.auth], ["key", "kid", "signature", "token"])
    w.auth.log(w.onset, "info", "signing key rotated", kid="k-2024b")


def key_request(w, c):
    if w.active(c["at"], 2) and w.rng.random() < 0.6:
        return (w.auth, 401, "warn", "token rejected: unknown kid", None)


def threads_setup(w):
    w.is_truth([w.store], ["thread", "reject", "executor", "queue"])
    w.gauge("executor_queued_tasks", w.store.name, lambda t: w.rng.randrange(180, 200) if w.active(t) else w.rng.randrange(0, 3))
    for t in w.times(5):
        w.store.log(t, "warn", "executor saturated", None, None, active=64, queued=200)


def threads_request(w, c):
    if w.active(c["at"], 10) and w.rng.random() < 0.6:
        return (w.store, 503, "error", "task rejected", ["java.util.concurrent.RejectedExecutionException: Task rejected from ThreadPoolExecutor[Running, pool size = 64]"])


def deploy_setup(w):
    w.is_truth([w.auth], ["5.9.0", "version", "deploy", "start"])
    w.auth.log(w.onset - 6, "info", "shutting down", signal="SIGTERM")
    w.auth.log(w.onset, "info", f"booting {w.auth.name}", version="5.9.0", commit="bb81ce0")
    w.truth["onset"].append(w.onset - 6)


def deploy_request(w, c):
    if w.active(c["at"], 20) and w.rng.random() < 0.5:
        return (w.auth, 500, "error", "scope table is missing an entry", ["KeyError: 'scopes_v2'"])


def novel_setup(w):
    w.is_truth([w.store], ["shard map", "epoch"])
    for t in w.times(15):
        w.store.log(t, "warn", "shard map epoch is behind, serving from old owner", shard=w.rng.randrange(64))


def novel_request(w, c):
    if w.active(c["at"], 30) and w.rng.random() < 0.5:
        return (w.store, 500, "error", "rows are owned by somebody else", None)


def s3_setup(w):
    w.is_truth([w.worker], ["accessdenied", "access denied", "permission", "not authorized"])
    for t in w.times(4):
        w.worker.log(t, "error", "upload failed", None, ["AccessDenied: User is not authorized to perform s3:PutObject"])


def s3_request(w, c):
    if w.active(c["at"], 70) and c["ep"] == "buy":
        return (w.store, 500, "error", "document is missing", None)


def network_setup(w):
    w.is_truth([w.store, w.db], ["no route to host", "connection", "unreachable"])


def network_request(w, c):
    if w.active(c["at"]) and w.rng.random() < 0.6:
        return (w.store, 500, "error", "database unreachable", ["dial tcp 10.2.5.5:5432: connect: no route to host"])


def crash_setup(w):
    w.is_truth([w.worker], ["panic", "crash", "restart", "nil pointer"])
    for t in w.times(45):
        w.worker.log(t, "error", "panic: runtime error: invalid memory address or nil pointer dereference", job=400123)
        w.worker.log(t + 4, "info", f"starting {w.worker.name} version 2.2.2", version="2.2.2")
    for t in w.times(20, 120):
        w.front.log(t, "warn", "confirmation still missing", waiting=int(t - w.onset))


def surge_setup(w):
    w.is_truth([w.edge], ["connections", "limit", "429", "limiting"])
    for t in w.times(0.6):
        w.edge.raw(t, f'203.0.113.{w.rng.randrange(250)} - - [{dt(t).strftime("%d/%b/%Y:%H:%M:%S +0000")}] "GET /api/items?page=1 HTTP/1.1" 429 162 "-" "python-requests/2.31" rt=0.000 rid=-')


FAULTS = {
    "oom-kill": (oom_setup, oom_request), "dns": (dns_setup, dns_request), "tls-expiry": (tls_setup, tls_request),
    "disk-full": (disk_setup, disk_request), "config": (config_setup, config_request), "index-lost": (index_setup, index_request),
    "lock-contention": (lock_setup, lock_request), "third-party": (third_setup, third_request), "rate-limit": (rate_setup, rate_request),
    "cache-lost": (cache_setup, cache_request), "gc-pauses": (gc_setup, gc_request), "fd-exhaustion": (fd_setup, fd_request),
    "replica-lag": (replica_setup, replica_request), "retry-storm": (retry_setup, retry_request), "silent-worker": (silent_setup, None),
    "clock-jump": (clock_setup, clock_request), "one-pod": (pod_setup, pod_request), "memory-leak": (leak_setup, leak_request),
    "key-rotation": (key_setup, key_request), "threads": (threads_setup, threads_request), "bad-version": (deploy_setup, deploy_request),
    "novel": (novel_setup, novel_request), "permission": (s3_setup, s3_request), "network": (network_setup, network_request),
    "crash-loop": (crash_setup, None),
}
# What nothing tells of before the first request meets it.
UNHEARD = ["dns", "tls-expiry", "third-party", "rate-limit", "one-pod", "network", "key-rotation"]
# What metrics alone can show.
METRIC_FAULTS = ["disk-full", "fd-exhaustion", "gc-pauses", "threads", "silent-worker", "memory-leak", "tls-expiry"]


def outages(args, seed):
    for fault in [*FAULTS, "calm", "calm-2"]:
        if args.only and fault not in args.only.split(","):
            continue
        modes = [args.mode] if args.mode != "any" else [("logs", "both")[(seed + len(fault)) % 2]]
        if args.mode == "any" and (fault in METRIC_FAULTS or fault == "calm"):
            modes.append("metrics")
        no_ids = seed % 3 == 0
        for mode in modes:
            yield f"{fault}-{mode}{'-noids' if no_ids else ''}-{seed}", partial(write, seed, fault, mode, no_ids)


def write(seed, fault, mode, no_ids, folder):
    world = World(seed, fault, mode, no_ids)
    world.save(folder)
    return world.truth, []


if __name__ == "__main__":
    parser = tally.arguments("faults", __doc__)
    parser.add_argument("--mode", default="any", help="logs, metrics, both or any")
    tally.main(parser, outages)

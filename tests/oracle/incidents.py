#!/usr/bin/env python3
"""A second world beside `faults.py`: other services, formats and vocabularies, and faults modelled on incidents that were
made public. Runs `obs investigate` over them and counts right first causes; prints how often each confidence was right.

    python3 tests/oracle/incidents.py --obs target/release/obs [--seeds 1-3] [--only FAULT[,FAULT]]
        [--mode logs|metrics|both|any] [--keep DIR] [--verbose] [--baseline]

Calm days are not idle: they have their noise, a nightly job, a deploy, a restart, bots, a busy hour. The exit code is
as in `faults.py`. It shares no code with obs; only the standard library is used.
"""
import json
import math
import os
import random
import re
import zlib
from functools import partial

import tally
from faults import dt, iso

# --- formats: (time, level, message, fields, request id, what went wrong) -> text ---------------------------------


def kv(fields, sep=" "):
    quote = lambda v: f'"{v}"' if " " in str(v) else v
    return "".join(f"{sep}{k}={quote(v)}" for k, v in fields.items())


def fmt_log4j(s):
    def write(t, level, msg, f, rid, err):
        clock = dt(t).strftime("%Y-%m-%dT%H:%M:%S,%f")[:-3]
        text = f"{clock} {level.upper():<5} [worker-{s.rng.randrange(8)}] i.a.{s.name.replace('-', '').title()} ({rid or '-'}) {msg}{kv(f)}"
        return text + (f"\n{err}\n\tat io.acme.Flow.step(Flow.java:{s.rng.randrange(40, 400)})\n\tat java.base/java.lang.Thread.run(Thread.java:840)" if err else "")
    return write


def fmt_clef(s):
    names = {"debug": "Debug", "warn": "Warning", "error": "Error"}
    def write(t, level, msg, f, rid, err):
        o = {"@t": iso(t, 6), "@m": msg, "Application": s.name, **{k[:1].upper() + k[1:]: v for k, v in f.items()}}
        if level in names:
            o["@l"] = names[level]
        if rid:
            o["RequestId"] = rid
        if err:
            o["@x"] = f"{err}\r\n   at Acme.Flow.Step() in /src/Flow.cs:line {s.rng.randrange(400)}"
        return json.dumps(o)
    return write


def fmt_tracing(s):
    def write(t, level, msg, f, rid, err):
        more = {**f, **({"error": err} if err else {}), **({"request_id": rid} if rid else {})}
        return f"{iso(t, 6)} {level.upper():>5} {s.name.replace('-', '_')}::http: {msg}{kv(more)}"
    return write


def fmt_ruby(s):
    def write(t, level, msg, f, rid, err):
        clock = dt(t).strftime("%Y-%m-%dT%H:%M:%S.%f")
        return f"{level[0].upper()}, [{clock} #{s.pid}] {level.upper():>5} -- : [{rid or '-'}] {msg}{kv(f)}" + (f" ({err})" if err else "")
    return write


def fmt_pystd(s):
    def write(t, level, msg, f, rid, err):
        clock = dt(t).strftime("%Y-%m-%d %H:%M:%S,%f")[:-3]
        word = "WARNING" if level == "warn" else level.upper()
        text = f"{clock} - {s.name}.app - {word} - {msg}{kv(f)}" + (f" request_id={rid}" if rid else "")
        return text + (f'\nTraceback (most recent call last):\n  File "/srv/app.py", line 88, in step\n    run()\n{err}' if err else "")
    return write


def fmt_monolog(s):
    def write(t, level, msg, f, rid, err):
        word = "WARNING" if level == "warn" else level.upper()
        context = {**f, **({"exception": err} if err else {})}
        return f"[{iso(t, 6, '+00:00')}] {s.name.replace('-', '_')}.{word}: {msg} {json.dumps(context) if context else '[]'} {json.dumps({'request_id': rid}) if rid else '[]'}"
    return write


def fmt_slog(s):
    def write(t, level, msg, f, rid, err):
        more = {**f, **({"err": err.replace('"', "'")} if err else {}), **({"trace_id": rid} if rid else {})}
        return f'time={iso(t)} level={level.upper()} msg="{msg}" service={s.name}{kv(more)}'
    return write


def fmt_winston(s):
    def write(t, level, msg, f, rid, err):
        o = {"level": level, "message": msg, "timestamp": iso(t), "service": s.name, **f}
        if rid:
            o["requestId"] = rid
        if err:
            o["stack"] = f"{err}\n    at step (/srv/flow.js:{s.rng.randrange(200)}:11)"
        return json.dumps(o)
    return write


def fmt_gcp(s):
    def write(t, level, msg, f, rid, err):
        o = {"severity": "WARNING" if level == "warn" else level.upper(), "time": iso(t, 6), "message": msg + (f": {err}" if err else ""),
             "serviceContext": {"service": s.name}, **f}
        if rid:
            o["logging.googleapis.com/trace"] = rid
        return json.dumps(o)
    return write


def fmt_serilog(s):
    words = {"debug": "DBG", "info": "INF", "warn": "WRN", "error": "ERR"}
    def write(t, level, msg, f, rid, err):
        clock = dt(t).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        return f"{clock} +00:00 [{words[level]}] {msg}{kv(f)}" + (f" CorrelationId={rid}" if rid else "") + (f"\n{err}\n   at Acme.Flow.Step()" if err else "")
    return write


def fmt_golog(s):
    def write(t, level, msg, f, rid, err):
        clock = dt(t).strftime("%Y/%m/%d %H:%M:%S.%f")
        word = {"error": "ERROR: ", "warn": "WARN: "}.get(level, "")
        return f"{clock} {word}{msg}{kv(f)}" + (f" id={rid}" if rid else "") + (f": {err}" if err else "")
    return write


def fmt_bsd(s):
    def write(t, level, msg, f, rid, err):
        clock = dt(t).strftime("%b %e %H:%M:%S")
        return f"{clock} {s.host} {s.name}[{s.pid}]: {level.upper()} {msg}{kv(f)}" + (f" req={rid}" if rid else "") + (f" error={err!r}" if err else "")
    return write


APP_FORMATS = [fmt_log4j, fmt_clef, fmt_tracing, fmt_ruby, fmt_pystd, fmt_monolog, fmt_slog, fmt_winston, fmt_gcp, fmt_serilog, fmt_golog]


def edge_nginx(s, t, o):
    return f'{o["ip"]} - - [{dt(t).strftime("%d/%b/%Y:%H:%M:%S +0000")}] "{o["method"]} {o["path"]} HTTP/2.0" {o["status"]} {o["bytes"]} "-" "Client/7 (Android)" {o["took"]:.3f} {o["rid"] or "-"}'


def edge_envoy(s, t, o):
    return json.dumps({"start_time": iso(t - o["took"]), "method": o["method"], "path": o["path"], "protocol": "HTTP/2", "response_code": o["status"],
                       "response_flags": "-" if o["status"] < 500 else "URX", "bytes_sent": o["bytes"], "duration": int(o["took"] * 1000),
                       "upstream_cluster": s.world.api.name, "downstream_remote_address": o["ip"] + ":5512", "x_request_id": o["rid"]})


def edge_haproxy(s, t, o):
    at, ms = dt(t - o["took"]), int(o["took"] * 1000)
    clock = at.strftime("%b %e %H:%M:%S")
    return f'{clock} {s.host} haproxy[{s.pid}]: {o["ip"]}:51144 [{at.strftime("%d/%b/%Y:%H:%M:%S.%f")[:-3]}] public {s.world.api.name}/{o["pod"]} 0/0/1/{ms}/{ms + 1} {o["status"]} {o["bytes"]} - - ---- 12/12/3/1/0 0/0 {{{o["rid"] or ""}}} "{o["method"]} {o["path"]} HTTP/1.1"'


def edge_caddy(s, t, o):
    return json.dumps({"level": "info" if o["status"] < 500 else "error", "ts": round(t, 4), "logger": "http.log.access", "msg": "handled request",
                       "request": {"remote_ip": o["ip"], "method": o["method"], "host": "api.example.net", "uri": o["path"], "id": o["rid"]},
                       "duration": round(o["took"], 6), "size": o["bytes"], "status": o["status"]})


EDGES = [edge_nginx, edge_envoy, edge_haproxy, edge_caddy]

# --- the platforms: names and words ---------------------------------------------------------------------------------

PLATFORMS = [
    {"api": "watch-api", "users": "viewers", "data": "titles", "out": "licences", "work": "transcoder", "index": "recommender", "edge": "front-proxy",
     "partners": ["drm-north", "adhub", "geo-one"], "paths": ["GET /v1/home", "GET /v1/titles/{n}", "POST /v1/play/{n}", "GET /v1/search?q={n}"],
     "words": {"api": ("call begins", "call ends"), "users": "viewer known", "data": "title read", "out": "licence issued", "work": ("segment taken", "segment written"), "index": "event folded in"}},
    {"api": "dispatch", "users": "drivers", "data": "routes", "out": "customs-gate", "work": "label-printer", "index": "tracker", "edge": "ingress",
     "partners": ["portnet", "mapwise", "fleetpay"], "paths": ["GET /tours", "GET /tours/{n}", "POST /tours/{n}/close", "GET /find/{n}"],
     "words": {"api": ("incoming", "answered"), "users": "badge ok", "data": "tour fetched", "out": "declaration filed", "work": ("label queued", "label printed"), "index": "position stored"}},
    {"api": "clinic-web", "users": "staff-login", "data": "records", "out": "insurer-link", "work": "letters", "index": "timeline", "edge": "rp",
     "partners": ["sanitas", "healthone", "medbill"], "paths": ["GET /patients", "GET /patients/{n}", "POST /claims/{n}", "GET /lookup/{n}"],
     "words": {"api": ("begin request", "end request"), "users": "staff recognised", "data": "record opened", "out": "claim handed over", "work": ("letter composed", "letter sent"), "index": "entry appended"}},
    {"api": "lobby", "users": "gamertags", "data": "worlds", "out": "shopfront", "work": "replays", "index": "leaderboard", "edge": "gate",
     "partners": ["coinpay", "voiceline", "anticheat"], "paths": ["GET /rooms", "GET /rooms/{n}", "POST /rooms/{n}/join", "GET /players/{n}"],
     "words": {"api": ("->", "<-"), "users": "tag resolved", "data": "world loaded", "out": "purchase mirrored", "work": ("replay opened", "replay packed"), "index": "score merged"}},
]
NOISE = {
    "api": [("warn", "client sent obsolete parameter"), ("error", "usage beacon not delivered"), ("warn", "slow consumer on websocket")],
    "users": [("warn", "wrong password"), ("error", "mail provider did not accept bounce report")],
    "data": [("warn", "row without owner ignored"), ("error", "thumbnail of old import is missing")],
    "out": [("warn", "response has unknown fields"), ("error", "test account refused"), ("warn", "call took longer than 400 ms, retrying once")],
    "work": [("warn", "source has odd size"), ("error", "skipping corrupt input file")],
    "index": [("warn", "late event dropped")],
}


class Part:
    """A process that writes a log."""

    def __init__(self, world, role, name, fmt=None, path=None):
        self.world, self.role, self.name, self.rng = world, role, name, world.rng
        self.pid = world.rng.randrange(2, 30000)
        self.host = f"{name}-{world.rng.randrange(1, 9)}"
        self.write = (fmt or world.rng.choice(APP_FORMATS))(self) if fmt is not False else None
        self.path = path or world.layout(name)
        self.lines = []

    def say(self, t, level, msg, rid=None, err=None, **fields):
        self.lines.append((t, self.write(t, level, msg, fields, None if self.world.no_ids else rid, err)))

    def raw(self, t, text):
        self.lines.append((t, text))


class World:
    def __init__(self, seed, fault, mode, no_ids):
        self.rng = rng = random.Random(f"incidents/{seed}/{fault}/{mode}")
        self.fault, self.mode, self.no_ids = fault, mode, no_ids
        self.start = 1_710_000_000 + rng.randrange(0, 250 * 86400)
        self.minutes = rng.choice([50, 75, 100, 130])
        self.end = self.start + self.minutes * 60
        self.onset = self.start + self.minutes * 60 * rng.uniform(0.35, 0.65)
        self.over = min(self.end - 90, self.onset + rng.uniform(10, 25) * 60)
        if rng.random() < 0.35:
            self.over = self.end + 1
        self.layout = rng.choice([lambda n: f"{n}.log", lambda n: f"logs/{n}/{n}.log", lambda n: f"{n}/stdout.log"])
        p = self.platform = rng.choice(PLATFORMS)
        for role in ("api", "users", "data", "out", "work", "index"):
            setattr(self, role, Part(self, role, p[role]))
        # Half of the worlds are a tier deeper: what fails below is felt twice above, and only the edge tells a status.
        self.deep = Part(self, "core", {"watch-api": "playback-core", "dispatch": "tour-core", "clinic-web": "case-core", "lobby": "match-core"}[p["api"]]) if rng.random() < 0.5 else None
        self.edge_style = rng.choice(EDGES)
        self.edge = Part(self, "edge", p["edge"], False)
        self.db_kind = rng.choice(["mysql", "mongo", "postgres"])
        self.db = Part(self, "db", {"mysql": "mysql-main", "mongo": "mongod-main", "postgres": "postgres-main"}[self.db_kind], False)
        self.cache = Part(self, "cache", "redis-cache", False)
        self.broker = Part(self, "broker", "kafka-broker", False)
        self.node = Part(self, "node", "node-syslog", False)
        self.kube = Part(self, "kube", "kube-events", False)
        self.apps = [self.api, self.users, self.data, self.out, self.work, self.index]
        self.partner = rng.choice(p["partners"])
        self.zones = ["az-a", "az-b", "az-c"]
        self.pods = [f"{self.data.name}-{x}" for x in ("7d9f-k2x", "7d9f-m4q", "7d9f-p8z", "7d9f-w1c")]
        self.tenants = ["acme", "globex", "initech", "umbrella", "hooli", "stark"]
        self.truth, self.first, self.gauges, self.requests = None, None, {}, []
        self.base_error = 0.05 if fault == "calm-errors" else rng.choice([0.002, 0.006, 0.02])

    # -- who speaks how

    def kernel(self, t, text):
        clock = dt(t).strftime("%b %e %H:%M:%S")
        self.node.raw(t, f"{clock} worker-node-{self.rng.randrange(1, 4)} kernel: [{t - self.start + 80000:.6f}] {text}")

    def unit(self, t, unit, text):
        clock = dt(t).strftime("%b %e %H:%M:%S")
        self.node.raw(t, f"{clock} worker-node-{self.rng.randrange(1, 4)} {unit}[{self.rng.randrange(1, 4000)}]: {text}")

    def event(self, t, kind, reason, about, text):
        self.kube.raw(t, json.dumps({"ts": iso(t, 3), "level": "warn" if kind == "Warning" else "info", "type": kind, "reason": reason, "object": about, "msg": text}))

    def redis(self, t, text, mark="*"):
        self.cache.raw(t, f"1:M {dt(t).strftime('%d %b %Y %H:%M:%S.%f')[:-3]} {mark} {text}")

    def kafka(self, t, level, text):
        self.broker.raw(t, f"[{dt(t).strftime('%Y-%m-%d %H:%M:%S,%f')[:-3]}] {level} {text} (kafka.coordinator.group.GroupCoordinator)")

    def dbsay(self, t, level, text, mongo=None):
        if self.db_kind == "mysql":
            word = {"info": "Note", "warn": "Warning", "error": "ERROR"}[level]
            # The server's code says the same as its text. The draw stays, so that older seeds give the same days.
            connection, _ = self.rng.randrange(8, 900), self.rng.randrange(10000, 14000)
            code = 10000 + zlib.crc32(re.sub(r"[0-9]+", "#", text).encode()) % 4000
            self.db.raw(t, f"{iso(t, 6)} {connection} [{word}] [MY-0{code}] [Server] {text}")
        elif self.db_kind == "mongo":
            o = {"t": {"$date": iso(t, 3, "+00:00")}, "s": level[0].upper(), "c": "COMMAND", "id": 51803, "ctx": f"conn{self.rng.randrange(900)}", "msg": text}
            self.db.raw(t, json.dumps({**o, **({"attr": mongo} if mongo else {})}))
        else:
            word = {"info": "LOG", "warn": "WARNING", "error": "ERROR"}[level]
            self.db.raw(t, f"{dt(t).strftime('%Y-%m-%d %H:%M:%S.%f')[:-3]} UTC [{self.rng.randrange(100, 900)}] {word}:  {text}")

    # -- ordinary life

    def poisson(self, mean, since=None, until=None):
        t = self.start if since is None else since
        until = self.end if until is None else until
        while (t := t + self.rng.expovariate(1 / mean)) < until:
            yield t

    def times(self, mean, lead=0.0, until=None):
        t = self.onset + lead
        while t < min(self.over, until or self.over, self.end):
            yield t
            t += self.rng.expovariate(1 / mean)

    def active(self, t, lead=0.0):
        return self.onset + lead <= t < self.over

    def noise(self):
        rng = self.rng
        for s in self.apps:
            for level, text in NOISE[s.role]:
                for t in self.poisson(rng.uniform(15, 150)):
                    s.say(t, level, text, n=rng.randrange(1000))
            for k in range(int(self.minutes * 60 / 30)):
                s.say(self.start + k * 30 + rng.uniform(0, 1), "debug", "still here", uptime=k * 30)
        for t in self.poisson(25):
            self.kernel(t, f"audit: type=1400 apparmor=\"ALLOWED\" operation=\"open\" pid={rng.randrange(9000)} comm=\"runc\"")
        for t in self.poisson(60):
            self.unit(t, "CRON", "(root) CMD (test -x /usr/sbin/anacron || run-parts /etc/cron.hourly)")
        for t in self.poisson(40):
            self.dbsay(t, "info", "checkpoint finished", {"ms": rng.randrange(900)})
        for t in self.poisson(120):
            self.dbsay(t, "warn", "Aborted connection to db: app (Got an error reading communication packets)" if self.db_kind == "mysql" else "client closed without goodbye")
        for t in self.poisson(60):
            self.redis(t, "Background saving terminated with success")
        for t in self.poisson(45):
            self.kafka(t, "INFO", f"[GroupCoordinator 1]: Assignment received from leader for group {self.index.name} generation 7")
        for t in self.poisson(90):
            self.event(t, "Normal", "Pulled", "pod/cronjob-x", "Container image already present on machine")
        for t in self.poisson(200):
            self.event(t, "Warning", "Unhealthy", "pod/exporter-0", "Readiness probe failed: HTTP probe failed with statuscode: 503")
        # Decoys, long before: a deploy and a restart that harmed nobody.
        s = rng.choice(self.apps)
        t = self.start + (self.onset - self.start) * rng.uniform(0.15, 0.5)
        s.say(t, "info", "terminating on request of operator")
        s.say(t + 4, "info", f"{s.name} up, build 311", build=311)
        self.event(t - 5, "Normal", "ScalingReplicaSet", f"deployment/{s.name}", "Scaled up replica set to 3")
        t, k = self.start + 2, 0
        until = self.onset if self.fault in ("worker-silent",) else self.end
        while t < until:
            begin, done = self.platform["words"]["work"]
            jid = f"{rng.getrandbits(60):015x}"
            self.work.say(t, "info", begin, jid, item=k)
            self.work.say(t + rng.uniform(0.2, 2), "info", done, jid, item=k, ms=rng.randrange(100, 1500))
            t, k = t + rng.expovariate(1 / 5), k + 1
        t = self.start + 1
        until = self.onset if self.fault == "consumer-rebalance" else self.end
        while t < self.end:
            if not (self.fault == "consumer-rebalance" and self.active(t)):
                self.index.say(t, "info", self.platform["words"]["index"], partition=rng.randrange(6), offset=int(t * 3))
            t += rng.expovariate(1 / 3)

    def traffic(self):
        rng = self.rng
        mean = self.minutes * 60 / rng.choice([1500, 2500, 3500])
        t = self.start
        while t < self.end - 30:
            busy = 1.0
            if self.fault == "calm-busy":
                busy = 1 + 3 * math.exp(-((t - self.onset) / 600) ** 2)
            t += rng.expovariate(busy / mean)
            self.request(t)

    def request(self, t, retried=0):
        rng, words = self.rng, self.platform["words"]
        at_path = rng.choices(range(4), [6, 5, 3, 3])[0]
        method, path = self.platform["paths"][at_path].format(n=rng.randrange(9000)).split(" ", 1)
        rid = f"{rng.getrandbits(32):08x}-{rng.getrandbits(16):04x}-4{rng.getrandbits(12):03x}-9{rng.getrandbits(12):03x}-{rng.getrandbits(48):012x}"
        c = {"ep": at_path, "rid": rid, "pod": rng.choice(self.pods), "zone": rng.choice(self.zones), "tenant": rng.choice(self.tenants), "at": t, "extra": 0.0,
             "version": rng.choice(["2.7.4", "2.7.4", "2.7.4", "2.8.0"]) if self.fault == "canary" and t > self.onset - 2 else "2.7.4",
             "partner": rng.choice(self.platform["partners"]) if at_path == 2 or rng.random() < 0.15 else None, "why": None}
        handler = FAULTS[self.fault][1] if self.fault in FAULTS else None
        fail = handler(self, c) if handler else None
        if fail and self.first is None:
            self.first = t
        at = t + 0.001
        self.api.say(at, "info", words["api"][0], rid, route=f"r{at_path}", tenant=c["tenant"])
        status = 200
        if self.deep:
            at += 0.001
            self.deep.say(at, "info", "taking over", rid, step=at_path)
        for s in (self.users, self.data, self.out):
            if s is self.out and not c["partner"]:
                continue
            wait = rng.lognormvariate({"users": -4.8, "data": -4.0, "out": -2.0}[s.role], 0.45)
            wait += c["extra"] if c.get("slow") is s else 0.0
            at += wait
            extra = {"partner": c["partner"]} if s is self.out else {"pod": c["pod"], "zone": c["zone"], "version": c["version"]} if s is self.data else {}
            if fail and fail[0] is s:
                _, status, level, text, err = fail
                if text:
                    s.say(at, level, text, rid, err, ms=round(wait * 1000, 1), **extra)
                break
            s.say(at, "info", words[s.role], rid, ms=round(wait * 1000, 1), **extra)
        if self.deep:
            at += 0.001
            if status >= 500 or status in (401, 429):
                self.deep.say(at, "error", "inner call came back empty", rid, "InnerCallError: callee said no", step=at_path)
            self.deep.say(at + 0.0005, "info", "handing back", rid, step=at_path)
        at += 0.002
        if status == 200 and rng.random() < self.base_error:
            status = rng.choice([500, 503])
            self.api.say(at, "error", "giving up on this one", rid, route=f"r{at_path}")
        elif status >= 500 or status in (401, 429):
            told = {} if self.deep else {"status": status}
            self.api.say(at, "error", "upstream did not deliver", rid, "UpstreamFailure: no usable answer", route=f"r{at_path}", **told)
            self.api.say(at, "warn", "rendering fallback", rid, route=f"r{at_path}")
        self.api.say(at + 0.001, "info", words["api"][1], rid, route=f"r{at_path}", tenant=c["tenant"], **({} if self.deep else {"status": status}), elapsed_ms=round((at - t) * 1000, 1))
        at += 0.002
        self.requests.append((at, at_path, status, at - t))
        self.edge_line(at, c["pod"], method, path, status, at - t, rid)

    def edge_line(self, t, pod, method, path, status, took, rid=None):
        o = {"ip": f"203.0.113.{self.rng.randrange(250)}", "method": method, "path": path, "status": status, "bytes": self.rng.randrange(100, 9000),
             "took": took, "rid": None if self.no_ids else rid, "pod": pod}
        self.edge.raw(t, self.edge_style(self.edge, t, o))

    # -- metrics

    def gauge(self, name, f, **labels):
        self.gauges[(name, tuple(sorted(labels.items())))] = f

    def metrics(self):
        rng, step = self.rng, self.rng.choice([10, 15, 30])
        put = self.gauges.setdefault
        for s in self.apps:
            at = (("app", s.name),)
            base = rng.uniform(2e8, 9e8)
            put(("container_memory_working_set_bytes", at), lambda t, b=base: b * rng.uniform(0.95, 1.05))
            put(("process_open_fds", at), lambda t: rng.randrange(60, 160))
            put(("container_cpu_usage_ratio", at), lambda t: rng.uniform(0.1, 0.4))
            put(("jvm_threads_live", at), lambda t: rng.randrange(40, 60))
        put(("hikaricp_connections_active", (("app", self.data.name),)), lambda t: rng.randrange(1, 12))
        put(("hikaricp_connections_max", (("app", self.data.name),)), lambda t: 30)
        put(("kafka_consumergroup_lag", (("app", self.index.name),)), lambda t: rng.randrange(0, 40))
        put(("redis_memory_used_bytes", (("app", self.cache.name),)), lambda t: rng.uniform(1.0e9, 1.1e9))
        put(("redis_memory_max_bytes", (("app", self.cache.name),)), lambda t: 2e9)
        put(("node_filesystem_free_bytes", (("app", self.db.name),)), lambda t: 8e10 - (t - self.start) * 2e4)
        put(("database_replica_lag_seconds", (("app", self.db.name),)), lambda t: rng.uniform(0, 0.6))
        put(("node_nf_conntrack_entries", (("instance", "worker-node-2"),)), lambda t: rng.randrange(9000, 14000))
        put(("node_nf_conntrack_entries_limit", (("instance", "worker-node-2"),)), lambda t: 65536)
        steps = [self.start + step * i for i in range(self.minutes * 60 // step + 1)]
        families = {}
        for (name, labels), f in sorted(self.gauges.items(), key=lambda item: item[0]):
            text = ",".join(f'{k}="{v}"' for k, v in labels)
            rows = families.setdefault(name, ("counter" if name.endswith("_total") else "gauge", []))[1]
            for t in steps:
                if (v := f(t)) is not None:
                    rows.append(f"{name}{{{text}}} {v:.8g} {t:.3f}")
        out = []
        for name, (kind, rows) in families.items():
            out += [f"# TYPE {name.removesuffix('_total')} {kind}", *rows]
        self.requests.sort()
        out.append("# TYPE http_server_requests_seconds summary")
        for key in sorted({(ep, st) for _, ep, st, _ in self.requests}):
            mine, i, total = [(a, d) for a, ep, st, d in self.requests if (ep, st) == key], 0, 0.0
            label = f'app="{self.api.name}",uri="r{key[0]}",status="{key[1]}"'
            for t in steps:
                while i < len(mine) and mine[i][0] <= t:
                    i, total = i + 1, total + mine[i][1]
                out.append(f"http_server_requests_seconds_count{{{label}}} {i} {t:.3f}")
                out.append(f"http_server_requests_seconds_sum{{{label}}} {total:.6f} {t:.3f}")
        return "\n".join(out + ["# EOF"]) + "\n"

    def save(self, folder):
        self.noise()
        if self.fault in FAULTS:
            FAULTS[self.fault][0](self)
        elif self.fault in CALM:
            CALM[self.fault](self)
        self.traffic()
        if self.truth and self.fault in UNHEARD and self.first:
            self.truth["onset"].append(self.first)
        if self.mode in ("metrics", "both"):
            os.makedirs(f"{folder}/prom", exist_ok=True)
            with open(f"{folder}/prom/metrics.om", "w") as f:
                f.write(self.metrics())
        if self.mode in ("logs", "both"):
            for s in self.apps + ([self.deep] if self.deep else []) + [self.edge, self.db, self.cache, self.broker, self.node, self.kube]:
                os.makedirs(os.path.dirname(f"{folder}/{s.path}"), exist_ok=True)
                with open(f"{folder}/{s.path}", "w") as f:
                    f.writelines(text + "\n" for t, text in sorted(s.lines, key=lambda line: line[0]) if t < self.end)
                # Where a time has no year, the file's own tells it.
                os.utime(f"{folder}/{s.path}", (self.end, self.end))

    def is_truth(self, parts, words, also=()):
        names = [p if isinstance(p, str) else p.name for p in parts]
        self.truth = {"named": names, "words": words, "onset": [self.onset, *also]}


# --- faults: what happens by itself, and what happens to a request --------------------------------------------------


def always(part, status, level, text, err=None, share=1.0, lead=0.0, slow=None, when=None):
    """Requests fail in a part from `lead` seconds after the onset on, a share of them, where `when` holds."""
    def effect(w, c):
        s = getattr(w, part)
        if not w.active(c["at"], lead) or (when and not when(w, c)) or w.rng.random() >= share:
            return None
        if slow:
            c["slow"], c["extra"] = s, w.rng.uniform(*slow)
        said = err(w, c) if callable(err) else err
        return (s, status, level, text(w, c) if callable(text) else text, said)
    return effect


def mtls(w):
    w.is_truth([w.users, w.api], ["certificate", "x509", "tls"])
    for t in w.times(3):
        w.api.say(t, "error", "cannot talk to identity backend", None, f"rpc error: code = Unavailable desc = connection error: tls: failed to verify certificate: x509: certificate has expired or is not yet valid", target=w.users.name)


def resolver(w):
    w.is_truth([w.node, "coredns", "resolved", w.out, w.data], ["dns", "resol", "lookup", "no such host", "eai_again"])
    for t in w.times(4):
        w.unit(t, "systemd-resolved", "Using degraded feature set UDP instead of UDP+EDNS0 for DNS server 10.0.0.10.")


def push(w):
    w.is_truth([w.data], ["revision", "config", "settings", "limit"])
    w.data.say(w.onset, "info", "applied settings revision 4412", changed="admission.max_parallel", old=400, new=4)


def leap(w):
    w.is_truth([w.node, w.users], ["clock", "time", "stepped", "future", "not before", "nbf"])
    w.unit(w.onset, "ntpd", "time reset +61.381 s")
    w.kernel(w.onset + 0.2, "clocksource: timekeeping watchdog on CPU2: Marking clocksource 'tsc' as unstable because the skew is too large")


def binlog_full(w):
    w.is_truth([w.db], ["disk", "no space", "full", "free"])
    words = {"mysql": "Disk is full writing './binlog.000871' (OS errno 28 - No space left on device). Waiting for someone to free space...",
             "mongo": "WiredTiger error (28) [1716], file:collection-7.wt: handle-write: pwrite: failed to write: No space left on device",
             "postgres": "could not write to file \"pg_wal/xlogtemp.881\": No space left on device"}
    for t in w.times(8):
        w.dbsay(t, "error", words[w.db_kind])
    w.gauge("node_filesystem_free_bytes", lambda t: 0 if w.active(t) else 8e10 * max(0.02, (w.onset - t) / (w.onset - w.start)) if t < w.onset else 6e10, app=w.db.name)
    w.gauge("node_filesystem_size_bytes", lambda t: 1e11, app=w.db.name)


def stale(w):
    w.is_truth([w.db, w.data], ["replica", "lag", "behind", "secondary"])
    for t in w.times(10):
        lag = int(15 + (t - w.onset) / 2)
        w.dbsay(t, "warn", {"mysql": f"replica SQL thread is {lag} seconds behind source", "mongo": "Flow control is engaged and the sustainer point is not moving, secondary lag is high", "postgres": f"standby replay is {lag} s behind the primary"}[w.db_kind], {"lagSecs": lag})
    w.gauge("database_replica_lag_seconds", lambda t: 15 + (t - w.onset) / 2 if w.active(t) else 0.3, app=w.db.name)


def rebalance(w):
    w.is_truth([w.index, w.broker], ["rebalanc", "poll", "group", "consumer", "lag", "silent", "heard no more", "stopped"])
    for t in w.times(20):
        w.kafka(t, "INFO", f"[GroupCoordinator 1]: Preparing to rebalance group {w.index.name} in state PreparingRebalance with old generation {int(t) % 900} (reason: removing member consumer-3 on heartbeat expiration)")
        w.index.say(t + 0.5, "warn", "consumer poll timeout has expired, leaving the group", generation=int(t) % 900)
    for t in w.times(25, 120):
        w.api.say(t, "warn", "showing old data", age=int(t - w.onset))
    w.gauge("kafka_consumergroup_lag", lambda t: 20 if t < w.onset else 3 * (min(t, w.over) - w.onset), app=w.index.name)


def maxmemory(w):
    w.is_truth([w.cache, w.data, w.users], ["memory", "maxmemory", "evict", "oom command"])
    for t in w.times(6):
        w.redis(t, "# OOM command not allowed when used memory > 'maxmemory'. Rejecting writes from 48 clients", "#")
    w.gauge("redis_memory_used_bytes", lambda t: 2e9 if w.active(t) else 1.1e9, app=w.cache.name)


def saturated(w):
    w.is_truth([w.data], ["worker", "busy", "thread", "saturated", "backlog"])
    for t in w.times(4):
        w.data.say(t, "warn", "all 48 workers are busy, backlog is growing", backlog=w.rng.randrange(200, 600))
    w.gauge("jvm_threads_live", lambda t: 400 if w.active(t) else 50, app=w.data.name)


def gc_spiral(w):
    w.is_truth([w.data], ["gc", "pause", "heap", "memory"])
    for t in w.times(9):
        w.data.say(t, "warn", f"Pause Full (G1 Compaction Pause) {w.rng.randrange(4088, 4095)}M->{w.rng.randrange(4080, 4088)}M(4096M) {w.rng.uniform(2900, 5200):.1f}ms")
    w.gauge("container_memory_working_set_bytes", lambda t: 4.1e9 if w.active(t, -60) else 2.4e9, app=w.data.name)


def amplify(w):
    # Nobody says "retry": the same item is asked for again and again.
    w.is_truth([w.api, w.data], ["again", "more frequent", "repeat", "times as often", "retr", "more often", "calls"])
    w.api.say(w.onset, "info", "client library 9.1 loaded", lib="9.1")


def amplify_request(w, c):
    if not w.active(c["at"], 2):
        return None
    for k in range(1, 9):
        w.api.say(c["at"] + 0.03 * k, "info", "asking " + w.data.name, c["rid"], step=k)
        w.data.say(c["at"] + 0.03 * k + 0.005, "info", w.platform["words"]["data"], c["rid"], ms=9.0, pod=c["pod"], zone=c["zone"], version=c["version"])
    if w.active(c["at"], 45) and w.rng.random() < 0.6:
        c["slow"], c["extra"] = w.data, w.rng.uniform(1, 2)
        return (w.data, 503, "error", "no capacity left for this call", None)
    return None


def throttled(w):
    w.is_truth([w.out, w.partner], ["429", "rate", "quota", "too many", "limit"])


def flag(w):
    w.is_truth([w.data], ["flag", "toggle", "experiment", "switched"])
    w.data.say(w.onset, "info", "feature flag new-ranking switched to on for 100 %", flag="new-ranking")


def canary(w):
    w.is_truth([w.data], ["2.8.0"])
    w.data.say(w.onset - 2, "info", "instance joined the pool", version="2.8.0")
    w.truth["onset"].append(w.onset - 2)


def bad_host(w):
    w.bad = w.rng.choice(w.pods)
    w.is_truth([w.data, w.bad], [w.bad])


def bad_zone(w):
    w.bad = w.rng.choice(w.zones)
    w.is_truth([w.data], [w.bad])


def bad_tenant(w):
    w.bad = w.rng.choice(w.tenants)
    w.is_truth([w.data, w.api], [w.bad])


def dropped_index(w):
    w.is_truth([w.db, w.data], ["index", "slow", "collscan", "query"])
    w.dbsay(w.onset, "info", {"mysql": "ALTER TABLE items DROP INDEX ix_owner", "mongo": "Index build: dropped index owner_1 on main.items", "postgres": "statement: DROP INDEX ix_owner"}[w.db_kind])
    for t in w.times(4, 5):
        ms = w.rng.randrange(1900, 7000)
        w.dbsay(t, "info" if w.db_kind != "mysql" else "warn", {"mysql": f"Slow query: Query_time: {ms / 1000:.3f} Rows_examined: 9123312 select * from items where owner = ?", "mongo": "Slow query", "postgres": f"duration: {ms}.113 ms  statement: select * from items where owner = $1"}[w.db_kind], {"ns": "main.items", "planSummary": "COLLSCAN", "durationMillis": ms})


def row_locks(w):
    w.is_truth([w.db, w.data], ["lock"])
    for t in w.times(4):
        w.dbsay(t, "warn", {"mysql": "Lock wait timeout exceeded; try restarting transaction", "mongo": "Unable to acquire lock within maxTimeMS, waiters are queued", "postgres": f"process {w.rng.randrange(999)} still waiting for ExclusiveLock on tuple (4,1) of relation 16402 after 1000.1 ms"}[w.db_kind], {"waiters": 12})


def ports(w):
    w.is_truth([w.api, w.out], ["port", "assign requested address", "eaddrnotavail"])
    for t in w.times(3):
        w.out.say(t, "error", "cannot open connection", None, f"connect EADDRNOTAVAIL 10.9.1.7:443 - Local (10.2.0.4:0): cannot assign requested address")


def conntrack(w):
    w.is_truth([w.node, "worker-node"], ["conntrack", "table full", "tracking"])
    for t in w.times(2):
        w.kernel(t, "nf_conntrack: nf_conntrack: table full, dropping packet")
    w.gauge("node_nf_conntrack_entries", lambda t: 65536 if w.active(t) else 12000, instance="worker-node-2")


def fd_leak(w):
    w.is_truth([w.users], ["open files", "descriptor", "emfile", "fds"], also=[w.onset - 60 * k for k in range(40)])
    for t in w.times(2):
        w.users.say(t, "error", "cannot accept connection", None, "OSError: [Errno 24] Too many open files")
    w.gauge("process_open_fds", lambda t: min(4096, 100 + 3996 * max(0, (t - w.start)) / (w.onset - w.start)) if t < w.over else 100, app=w.users.name)
    w.gauge("process_max_fds", lambda t: 4096, app=w.users.name)


def cron(w):
    w.is_truth([w.db, w.node, "rebuild-reports"], ["rebuild-reports", "report", "slow", "cron"])
    w.unit(w.onset, "CRON", "(reporting) CMD (/opt/reporting/rebuild-reports --all-years)")
    for t in w.times(5, 4):
        ms = w.rng.randrange(3000, 9000)
        w.dbsay(t, "warn", {"mysql": f"Slow query: Query_time: {ms / 1000:.3f} insert into report_years select * from items", "mongo": "Slow query", "postgres": f"duration: {ms}.007 ms  statement: insert into report_years select * from items"}[w.db_kind], {"ns": "main.report_years", "durationMillis": ms})


def stampede(w):
    w.is_truth([w.data, w.cache], ["cache", "expired", "recomput", "hit", "missing"])
    for t in w.times(0.8, until=w.onset + 300):
        w.data.say(t, "info", "cached overview expired, computing it anew", key="overview")


def key_end(w):
    w.is_truth([w.users], ["key", "signature", "token", "jwk"])


def partition(w):
    w.is_truth([w.data, w.db], ["reset", "connection", "unreachable", "network"])


def silent_worker(w):
    w.is_truth([w.work], ["silent", "heard no more", "stopped", "quiet"], also=[w.onset - k for k in range(-20, 20, 5)])
    for t in w.times(20, 150):
        w.api.say(t, "warn", "queue is longer than usual", waiting=int((t - w.onset) / 5))
    w.gauge("queue_messages_ready", lambda t: 2 if t < w.onset else int((t - w.onset) / 5), app=w.work.name)


def overflow(w):
    w.is_truth([w.db, w.data], ["out of range", "overflow", "2147483647", "integer"])
    for t in w.times(6):
        w.dbsay(t, "error", {"mysql": "Failed to read auto-increment value from storage engine: value out of range, 2147483647", "mongo": "BSON field conversion: value out of range of int32, 2147483648", "postgres": "nextval: reached maximum value of sequence \"events_id_seq\" (2147483647), integer out of range"}[w.db_kind])


def regex(w):
    w.is_truth([w.api, w.edge], ["ruleset", "rules", "cpu", "take longer", "slow"])
    w.api.say(w.onset, "info", "filter rules published", ruleset="2024-07-02.1")
    for t in w.times(6, 3):
        w.api.say(t, "warn", "event loop was blocked", blocked_ms=w.rng.randrange(900, 4000))
    w.gauge("container_cpu_usage_ratio", lambda t: 1.0 if w.active(t) else 0.25, app=w.api.name)


def regex_request(w, c):
    if w.active(c["at"], 6) and w.rng.random() < 0.6:
        c["slow"], c["extra"] = w.users, w.rng.uniform(2, 6)
        return (w.users, 504, "info", None, None)
    return None


def failover(w):
    w.is_truth([w.db, w.data], ["read-only", "read only", "primary", "failover", "election", "stepped down", "not master"])
    w.dbsay(w.onset, "warn", {"mysql": "Setting super_read_only=ON. This member lost contact with the majority", "mongo": "Stepping down from primary in response to heartbeat, election in progress", "postgres": "received fast shutdown request, standby takes over as primary"}[w.db_kind])


def oom_loop(w):
    w.is_truth([w.data], ["oom", "memory", "back-off", "crash", "killed"], also=[w.onset - 120])
    w.down = []
    for t in w.times(140):
        w.event(t, "Warning", "OOMKilling", f"pod/{w.pods[0]}", f"Memory cgroup out of memory: Killed process {w.rng.randrange(9999)} ({w.data.name})")
        w.event(t + 2, "Warning", "BackOff", f"pod/{w.pods[0]}", f"Back-off restarting failed container {w.data.name}")
        w.down.append((t, t + 70))
    w.gauge("container_memory_working_set_bytes", lambda t: 6e8 if t < w.onset - 120 else 4e9 if w.active(t, -120) else 6e8, app=w.data.name)


def oom_request(w, c):
    if any(a <= c["at"] < b for a, b in w.down) and w.rng.random() < 0.8:
        w.api.say(c["at"] + 0.01, "error", "call failed", c["rid"], "dial tcp 10.8.0.4:8080: connect: connection refused", target=w.data.name)
        return (w.data, 502, "info", None, None)
    return None


def leader(w):
    w.is_truth([w.node, "etcd", w.api, w.data], ["leader", "election", "etcd"])
    for t in w.times(9):
        w.unit(t, "etcd", f"raft: lost leader 8e9e05c52164694d at term {w.rng.randrange(40, 90)}; starting a new election")


def gone_table(w):
    w.is_truth([w.data, w.db], ["does not exist", "doesn't exist", "dropped", "missing", "not found", "migration", "drop"])
    w.dbsay(w.onset, "info", {"mysql": "DROP TABLE items_owner by admin@bastion", "mongo": "CMD: drop main.items_owner", "postgres": "statement: DROP TABLE items_owner"}[w.db_kind])


def novel_words(w):
    w.is_truth([w.data], ["quorum", "epoch", "ring", "vnode"])
    for t in w.times(12):
        w.data.say(t, "warn", "ring view diverges from peers", vnode=w.rng.randrange(256))


def slow_partner(w):
    w.is_truth([w.out, w.partner], [w.partner])


def slow_partner_request(w, c):
    if c["partner"] == w.partner and w.active(c["at"]):
        c["slow"], c["extra"] = w.out, w.rng.uniform(2, 8)
        if c["extra"] > 4:
            return (w.out, 504, "warn", "no answer in 4 s, giving up", None)
    return None


def crashing(w):
    w.is_truth([w.users], ["panic", "segfault", "crash", "exited", "signal"])
    w.down = []
    for t in w.times(50):
        w.unit(t, "systemd", f"{w.users.name}.service: Main process exited, code=dumped, status=11/SEGV")
        w.unit(t + 5, "systemd", f"{w.users.name}.service: Scheduled restart job, restart counter is at {int(t) % 90}.")
        w.down.append((t, t + 12))


def crash_request(w, c):
    if any(a <= c["at"] < b for a, b in w.down):
        w.api.say(c["at"] + 0.01, "error", "call failed", c["rid"], "Errno::ECONNREFUSED: Connection refused - connect(2) for 10.3.3.3:80", target=w.users.name)
        return (w.users, 502, "info", None, None)
    return None


FAULTS = {
    "mtls-expiry": (mtls, always("users", 503, "info", None, share=0.95)),
    "resolver": (resolver, always("out", 502, "error", "partner not reached", lambda w, c: f"getaddrinfo EAI_AGAIN api.{c['partner']}.example", 0.7, 2)),
    "config-push": (push, always("data", 503, "warn", "refused, 4 are under way already", None, 0.7, 3)),
    "clock-step": (leap, always("users", 401, "warn", "ticket is not valid yet, its time lies ahead", None, 0.6, 4)),
    "db-disk-full": (binlog_full, always("data", 500, "error", "could not store change", "StorageError: write was not accepted", 0.9, 12, when=lambda w, c: c["ep"] in (1, 2))),
    "stale-reads": (stale, always("data", 500, "error", "just written and not there", None, 0.35, 40)),
    "consumer-rebalance": (rebalance, None),
    "redis-maxmemory": (maxmemory, always("data", 503, "error", "session could not be kept", "ReplyError: OOM command not allowed when used memory > 'maxmemory'.", 0.5, 6)),
    "workers-busy": (saturated, always("data", 503, "warn", "turned away at the door", None, 0.6, 15, (0.5, 2))),
    "gc-spiral": (gc_spiral, always("data", 504, "info", None, None, 0.5, 12, (3, 6))),
    "amplified": (amplify, amplify_request),
    "partner-429": (throttled, always("out", 503, "error", "partner said no", lambda w, c: f"HTTP 429 from {c['partner']}: daily quota used up", 0.85, when=lambda w, c: c["partner"] == w.partner)),
    "flag-flip": (flag, always("data", 500, "error", "ranking failed", "IndexError: list index out of range", 0.5, 8)),
    "canary": (canary, always("data", 500, "error", "cannot decode row", "DecodeError: unknown field 17", 0.9, 0, when=lambda w, c: c["version"] == "2.8.0")),
    "bad-host": (bad_host, always("data", 500, "error", "checksum of page is wrong", None, 0.9, when=lambda w, c: c["pod"] == w.bad)),
    "bad-zone": (bad_zone, always("data", 502, "error", "peer went away", "read: connection reset by peer", 0.9, when=lambda w, c: c["zone"] == w.bad)),
    "bad-tenant": (bad_tenant, always("data", 504, "warn", "result is too large, cut off", None, 0.9, slow=(3, 6), when=lambda w, c: c["tenant"] == w.bad)),
    "index-dropped": (dropped_index, always("data", 504, "error", "gave up on statement after 5 s", None, 0.45, 60, (3, 6))),
    "row-locks": (row_locks, always("data", 503, "error", "somebody else holds it", None, 0.7, 20, (2, 4), when=lambda w, c: c["ep"] in (1, 2))),
    "ephemeral-ports": (ports, always("out", 502, "info", None, share=0.7, lead=4)),
    "conntrack": (conntrack, always("data", 504, "error", "no reply from store", "i/o timeout", 0.4, 10, (2, 4))),
    "fd-leak": (fd_leak, always("users", 502, "info", None, share=0.7, lead=4)),
    "cron-job": (cron, always("data", 503, "error", "store too slow, shed", None, 0.6, 30, (1, 3))),
    "stampede": (stampede, always("data", 503, "error", "overview not ready in time", None, 0.5, 8, (2, 4), when=lambda w, c: c["at"] < w.onset + 320)),
    "key-end": (key_end, always("users", 401, "warn", "badge signed with key k7, which ended", None, 0.8)),
    "partition": (partition, always("data", 502, "error", "store lost mid-way", "read tcp 10.8.0.4:51234->10.9.0.2:3306: read: connection reset by peer", 0.65)),
    "worker-silent": (silent_worker, None),
    "int-overflow": (overflow, always("data", 500, "error", "change not stored", None, 0.9, 6, when=lambda w, c: c["ep"] == 2)),
    "regex": (regex, regex_request),
    "failover": (failover, always("data", 500, "error", "store takes no writes", "the server is running with the read-only option", 0.9, 2, when=lambda w, c: c["ep"] in (1, 2))),
    "oom-loop": (oom_loop, oom_request),
    "etcd-leader": (leader, always("data", 503, "error", "no lease", "etcdserver: request timed out, possibly due to previous leader failure", 0.5, 5)),
    "dropped-table": (gone_table, always("data", 500, "error", "read failed", lambda w, c: "Table 'main.items_owner' doesn't exist" if w.db_kind == "mysql" else "relation items_owner does not exist", 0.6, 1)),
    "ring-novel": (novel_words, always("data", 500, "error", "quorum not reached, refusing read", None, 0.4, 25)),
    "slow-partner": (slow_partner, slow_partner_request),
    "segfaults": (crashing, crash_request),
}
UNHEARD = ["canary", "bad-host", "bad-zone", "bad-tenant", "key-end", "partition", "partner-429", "slow-partner"]
METRIC_FAULTS = ["db-disk-full", "stale-reads", "consumer-rebalance", "redis-maxmemory", "conntrack", "fd-leak", "worker-silent"]


# --- calm days that are not idle ------------------------------------------------------------------------------------


def calm_cron(w):
    t = w.onset
    w.unit(t, "CRON", "(root) CMD (/usr/local/bin/nightly-backup)")
    w.work.say(t + 1, "info", "nightly export begins", files=812)
    for k in range(80):
        w.work.say(t + 2 + k * 2, "info", "exported file", n=k)
    w.work.say(t + 165, "info", "nightly export done", files=812)


def calm_deploy(w):
    for k, s in enumerate(w.apps):
        t = w.onset + 30 * k
        w.event(t - 3, "Normal", "ScalingReplicaSet", f"deployment/{s.name}", "Scaled up replica set to 1")
        s.say(t, "info", f"{s.name} up, build 400", build=400)
        s.say(t + 1, "info", "warming up")
        w.event(t + 9, "Normal", "Killing", f"pod/{s.name}", "Stopping container")


def calm_restart(w):
    w.data.say(w.onset, "info", "received SIGTERM, finishing what is under way")
    w.data.say(w.onset + 3, "info", "listening on 8080")
    w.data.say(w.onset + 3.2, "warn", "cache is cold")
    w.data.say(w.onset + 4, "info", "warm-up finished")


def calm_bots(w):
    for t in w.times(0.7, until=w.onset + 600):
        w.edge_line(t, w.pods[0], "GET", w.rng.choice(["/wp-login.php", "/.env", "/admin/", "/xmlrpc.php"]), w.rng.choice([404, 403]), 0.002)


def calm_spam(w):
    for t in w.poisson(1.5):
        w.users.say(t, "warn", "deprecated hash in use", user=w.rng.randrange(99999))
    for t in w.poisson(6):
        w.out.say(t, "error", "report to statistics server failed", None, "dial tcp: lookup stats.old.example: no such host")


CALM = {"calm-plain": lambda w: None, "calm-errors": lambda w: None, "calm-spam": calm_spam, "calm-cron": calm_cron, "calm-deploy": calm_deploy,
        "calm-restart": calm_restart, "calm-bots": calm_bots, "calm-busy": lambda w: None}


def window(world):
    """A calm time to compare with, as `--baseline` takes it."""
    return f"{iso(world.start)}..{iso(world.onset - 120)}"


def outages(args, seed):
    for at, fault in enumerate([*FAULTS, *CALM]):
        if args.only and fault not in args.only.split(","):
            continue
        modes = [args.mode] if args.mode != "any" else [("logs", "both")[(seed + at) % 2]]
        if args.mode == "any" and (fault in METRIC_FAULTS or fault == "calm-plain"):
            modes.append("metrics")
        no_ids = (seed + at) % 4 == 0
        for mode in modes:
            yield f"{fault}-{mode}{'-noids' if no_ids else ''}-{seed}", partial(write, seed, fault, mode, no_ids, args.baseline)


def write(seed, fault, mode, no_ids, baseline, folder):
    world = World(seed, fault, mode, no_ids)
    world.save(folder)
    return world.truth, ["--baseline", window(world)] if baseline else []


if __name__ == "__main__":
    parser = tally.arguments("incidents", __doc__)
    parser.add_argument("--mode", default="any", help="logs, metrics, both or any")
    parser.add_argument("--baseline", action="store_true", help="name the calm part")
    tally.main(parser, outages)

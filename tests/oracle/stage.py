"""The stage of `postmortems.py`: a made-up platform, its services, their log formats, traffic and harmless noise.

Everything is drawn from one seed: names, formats, zones, clock skew, rates, whether requests have ids and whether there
are metrics. Incidents are put on it by functions that are given a world.
"""
import datetime
import gzip
import json
import os
import random

UTC = datetime.timezone.utc

# What happens: a name, and the function that puts it on a world with what it asks of one.
INCIDENTS, CALM = {}, {}

THEMES = [
    dict(org="mercato", edge=["storefront-lb", "front-door"], api=["shop-api", "checkout-bff"], auth=["accounts", "idp"],
         core=["basket", "stock-keeper", "order-book"], ext=["payer-link", "courier-link"], work=["mailer", "invoice-runner"],
         ends=[("GET", "/shop/items", "list-items", "core"), ("GET", "/shop/items/{id}", "view-item", "core"),
               ("POST", "/shop/basket", "add-item", "core"), ("POST", "/shop/pay", "pay", "ext"), ("GET", "/me", "profile", "auth")]),
    dict(org="clinica", edge=["portal-proxy", "gate"], api=["visit-api", "patient-bff"], auth=["signon", "badge"],
         core=["schedule", "records", "slot-store"], ext=["insurer-gw", "labs-client"], work=["reminders", "claims-batch"],
         ends=[("GET", "/visits", "list-visits", "core"), ("GET", "/visits/{id}", "view-visit", "core"),
               ("POST", "/visits", "book-visit", "core"), ("POST", "/claims", "file-claim", "ext"), ("GET", "/session", "session", "auth")]),
    dict(org="banco", edge=["public-ingress", "apigw"], api=["mobile-api", "teller"], auth=["iam", "token-mint"],
         core=["ledger", "accounts-db-api", "balance"], ext=["swift-bridge", "card-rail"], work=["statements", "settler"],
         ends=[("GET", "/v1/balance", "balance", "core"), ("GET", "/v1/entries/{id}", "entry", "core"),
               ("POST", "/v1/transfer", "transfer", "core"), ("POST", "/v1/cards/charge", "charge", "ext"), ("POST", "/v1/login", "login", "auth")]),
    dict(org="kursy", edge=["lb-public", "www"], api=["campus", "course-api"], auth=["login-svc", "users"],
         core=["lessons", "grades", "progress"], ext=["video-cdn-client", "zoom-link"], work=["digest", "transcoder"],
         ends=[("GET", "/api/lessons", "lessons", "core"), ("GET", "/api/lessons/{id}", "lesson", "core"),
               ("PUT", "/api/progress", "save-progress", "core"), ("POST", "/api/live", "join-live", "ext"), ("GET", "/api/user", "user", "auth")]),
    dict(org="flotta", edge=["edge-envoy", "ingress"], api=["dispatch", "rider-api"], auth=["keyring", "auth-svc"],
         core=["trips", "pricing", "geo-index"], ext=["maps-client", "sms-gw"], work=["payouts", "reporter"],
         ends=[("GET", "/trips", "trips", "core"), ("GET", "/trips/{id}", "trip", "core"),
               ("POST", "/trips", "new-trip", "core"), ("GET", "/eta", "eta", "ext"), ("GET", "/whoami", "whoami", "auth")]),
]
LANGS = {
    "java": ["logback", "spring3", "ecs"], "node": ["pino", "winston", "bunyan"],
    "go": ["zap", "zerolog", "logrus", "slog", "klog"], "python": ["pylog", "structlog", "rfc5424"], "dotnet": ["clef"],
}
ROLES = ["api", "auth", "core", "ext", "work"]
LEVELS = {"debug": 0, "info": 1, "warn": 2, "error": 3, "fatal": 4}
NOISE = [
    ("warn", "deprecated header X-Client-Id used", {"client": "ios-5"}), ("error", "telemetry export failed", {"error": "dial tcp 10.9.9.9:4317: i/o timeout"}),
    ("warn", "thumbnail missing, using placeholder", {"id": 12}), ("error", "push token rejected", {"error": "BadDeviceToken"}),
    ("warn", "slow consumer of the audit stream", {"lag": 14}), ("error", "could not parse user agent", {"error": "unexpected token"}),
    ("warn", "retrying webhook delivery", {"attempt": 2}), ("warn", "cookie without SameSite", {}),
    ("error", "geoip lookup failed", {"error": "address not found"}), ("info", "feature poll finished", {"changed": 0}),
]
SECRETS = "0123456789abcdef"


def incident(**setup):
    def keep(f):
        INCIDENTS[f.__name__.replace("_", "-")] = (f, setup)
        return f
    return keep


def calm(**setup):
    def keep(f):
        CALM["calm-" + f.__name__.replace("_", "-")] = (f, setup)
        return f
    return keep


def iso(t, digits=3, zone="Z"):
    d = datetime.datetime.fromtimestamp(t, UTC)
    frac = f"{d.microsecond:06d}".ljust(9, "0")[:digits]
    return d.strftime("%Y-%m-%dT%H:%M:%S") + (f".{frac}" if digits else "") + zone


def plain(t, sep=".", form="%Y-%m-%d %H:%M:%S", digits=3):
    d = datetime.datetime.fromtimestamp(t, UTC)
    return d.strftime(form) + (f"{sep}{d.microsecond:06d}"[: 1 + digits] if digits else "")


def logfmt(value):
    value = str(value)
    return json.dumps(value) if any(c in value for c in ' "=\n') or not value else value


def yearless(t):
    """As syslog writes it: no year."""
    d = datetime.datetime.fromtimestamp(t, UTC)
    return f"{d:%b} {d.day:2d} {d:%H:%M:%S}"


class Service:
    """One process: its name, its language, the format and the file of its log."""

    def __init__(self, rng, name, lang, style):
        self.name, self.lang, self.rng = name, lang, rng
        self.form = rng.choice(LANGS[lang])
        self.pid = rng.randint(10, 4000)
        self.host = f"{name}-{''.join(rng.choices('bcdfghjk2456789', k=9))}-{''.join(rng.choices('bcdfghjk2456789', k=5))}"
        self.skew = 0.0
        self.zone = 0
        self.wrap = rng.choice([None, None, None, "docker", "cri"])
        self.idkey = rng.choice(["trace_id", "requestId", "req", "correlation_id"])
        pkg = name.replace("-", "")
        self.klass = f"io.corp.{pkg}.Handler"
        if self.wrap == "docker":
            box = "".join(rng.choices(SECRETS, k=12))
            self.file = f"containers/{name}-1/{box}-json.log"
        elif self.wrap == "cri":
            self.file = f"pods/prod_{self.host}_{''.join(rng.choices(SECRETS, k=16))}/{name}/0.log"
        else:
            self.file = style.format(name=name)

    def line(self, t, level, msg, rid=None, fields=None, stack=None):
        f = dict(fields or {})
        t += self.skew
        if self.form == "ecs":
            doc = {"@timestamp": iso(t), "log.level": level.upper(), "message": msg, "ecs.version": "1.2.0",
                   "service.name": self.name, "log.logger": self.klass}
            if rid:
                doc["trace.id"] = rid
            doc.update(f)
            if stack:
                doc["error.stack_trace"] = stack
            return json.dumps(doc, ensure_ascii=False, separators=(",", ":"))
        if self.form in ("logback", "spring3"):
            tail = "".join(f", {k}={v}" for k, v in f.items())
            tail = f" ({tail[2:]})" if tail else ""
            lev = level.upper() if level != "fatal" else "ERROR"
            if self.form == "logback":
                head = f"{plain(t + self.zone, ',')} [exec-{self.rng.randint(1, 16)}] {lev:5} {self.klass} [{rid or ''}] - {msg}{tail}"
            else:
                zone = "Z" if not self.zone else f"{'+' if self.zone > 0 else '-'}{abs(self.zone) // 3600:02d}:00"
                head = (f"{iso(t + self.zone, 3, zone)} {lev:>5} {self.pid} --- [{self.name}] [nio-8080-exec-{self.rng.randint(1, 9)}] "
                        f"[{rid or ''}] {self.klass:<40} : {msg}{tail}")
            return head + (f"\n{stack}" if stack else "")
        if self.form == "pino":
            doc = {"level": [20, 30, 40, 50, 60][LEVELS[level]], "time": int(t * 1000), "pid": self.pid, "hostname": self.host, "name": self.name}
            if rid:
                doc[self.idkey] = rid
            doc.update(f)
            if stack:
                doc["err"] = {"type": stack.split(":")[0], "message": stack.split("\n")[0], "stack": stack}
            doc["msg"] = msg
            return json.dumps(doc, separators=(",", ":"))
        if self.form == "bunyan":
            doc = {"name": self.name, "hostname": self.host, "pid": self.pid, "level": [20, 30, 40, 50, 60][LEVELS[level]]}
            if rid:
                doc[self.idkey] = rid
            doc.update(f)
            if stack:
                doc["err"] = {"message": stack.split("\n")[0], "stack": stack}
            doc.update({"msg": msg, "time": iso(t), "v": 0})
            return json.dumps(doc, separators=(",", ":"))
        if self.form == "winston":
            doc = {"level": level if level != "fatal" else "error", "message": msg, "service": self.name, **({self.idkey: rid} if rid else {}), **f}
            if stack:
                doc["stack"] = stack
            doc["timestamp"] = iso(t)
            return json.dumps(doc, separators=(",", ":"))
        if self.form == "zap":
            doc = {"level": level, "ts": round(t, 6), "logger": self.name, "caller": f"srv/{self.rng.choice(['http', 'db', 'rpc'])}.go:{self.rng.randint(20, 300)}",
                   "msg": msg, **({self.idkey: rid} if rid else {}), **f}
            if stack:
                doc["stacktrace"] = stack
            return json.dumps(doc, separators=(",", ":"))
        if self.form == "zerolog":
            doc = {"level": level, "service": self.name, **({self.idkey: rid} if rid else {}), **f, "time": iso(t), "message": msg}
            if stack:
                doc["stack"] = stack
            return json.dumps(doc, separators=(",", ":"))
        if self.form in ("logrus", "slog"):
            lev = level if self.form == "logrus" else level.upper()
            if lev == "warn":
                lev = "warning"
            parts = [f"time={iso(t) if self.form == 'slog' else json.dumps(iso(t, 0))}", f"level={lev}", f"msg={logfmt(msg)}"]
            parts += [f"{self.idkey}={rid}"] if rid else []
            parts += [f"{k}={logfmt(v)}" for k, v in f.items()]
            return " ".join(parts) + (f" stack={json.dumps(stack)}" if stack else "")
        if self.form == "klog":
            d = datetime.datetime.fromtimestamp(t, UTC)
            tail = "".join(f" {k}={json.dumps(v) if isinstance(v, str) else v}" for k, v in {**({self.idkey: rid} if rid else {}), **f}.items())
            return f"{'DIWEF'[LEVELS[level]].replace('D', 'I')}{d:%m%d %H:%M:%S}.{d.microsecond:06d} {self.pid:7d} server.go:{self.rng.randint(30, 400)}] {json.dumps(msg)}{tail}"
        if self.form == "pylog":
            tail = "".join(f" {k}={v}" for k, v in {**({self.idkey: rid} if rid else {}), **f}.items())
            lev = {"warn": "WARNING", "fatal": "CRITICAL"}.get(level, level.upper())
            return f"{plain(t, ',')} {lev} {self.name.replace('-', '_')}.app: {msg}{tail}" + (f"\n{stack}" if stack else "")
        if self.form == "structlog":
            doc = {**f, **({self.idkey: rid} if rid else {}), "event": msg, "level": {"warn": "warning", "fatal": "critical"}.get(level, level),
                   "logger": self.name, "timestamp": iso(t, 6)}
            if stack:
                doc["exception"] = stack
            return json.dumps(doc)
        if self.form == "rfc5424":
            pri = 128 + [7, 6, 4, 3, 2][LEVELS[level]]
            tail = "".join(f" {k}={logfmt(v)}" for k, v in {**({self.idkey: rid} if rid else {}), **f}.items())
            return f"<{pri}>1 {iso(t, 6)} {self.host} {self.name} {self.pid} - - {msg}{tail}" + (f": {stack.splitlines()[-1]}" if stack else "")
        if self.form == "clef":
            lev = {"debug": "Debug", "warn": "Warning", "error": "Error", "fatal": "Fatal"}.get(level)
            doc = {"@t": iso(t, 7), "@mt": msg, **({"@l": lev} if lev else {}), "Application": self.name, **({"RequestId": rid} if rid else {}), **f}
            if stack:
                doc["@x"] = stack
            return json.dumps(doc, separators=(",", ":"))
        raise ValueError(self.form)


class World:
    """A platform on a day: services, traffic, effects of a fault on requests, and lines to write."""

    def __init__(self, name, seed, langs=None, minutes=None, rate=None, metrics=None, infra=None):
        self.rng = rng = random.Random(f"{name}-{seed}-w4")
        theme = rng.choice(THEMES)
        self.org = theme["org"]
        self.minutes = minutes or rng.choice([60, 75, 90, 120])
        self.rate = rate or rng.uniform(16, 34)
        self.begin = datetime.datetime(rng.choice([2023, 2024, 2025]), rng.randint(1, 12), rng.randint(2, 27), rng.randint(0, 21), rng.randint(0, 59),
                                       tzinfo=UTC).timestamp()
        self.end = self.begin + 60 * self.minutes
        style = rng.choice(["logs/{name}.log", "{name}/{name}.log", "var/log/{name}/current.log", "{name}.log"])
        self.style = style
        self.services = {}
        for role in ROLES:
            lang = (langs or {}).get(role) or rng.choice(list(LANGS))
            self.services[role] = Service(rng, rng.choice(theme[role]), lang, style)
        rng.choice(list(self.services.values())).skew = rng.uniform(-1.9, 1.9)
        for s in self.services.values():
            if s.form == "spring3" and rng.random() < 0.5:
                s.zone = rng.choice([3600, 7200, -18000])
        self.edge = rng.choice(theme["edge"])
        self.edge_form = rng.choice(["nginx", "apache", "caddy", "haproxy", "envoy", "traefik"])
        self.edge_zone = rng.choice([0, 0, 3600, -25200, 19800])
        self.ends = theme["ends"]
        self.ids = rng.random() < 0.7
        self.lines = {}          # file -> [(t, text)]
        self.wraps = {s.file: s.wrap for s in self.services.values()}
        self.effects = []        # of requests
        self.surges = []         # (from, to, factor, endpoint)
        self.db = self.db_name = None
        self.nodes = [f"node-{''.join(rng.choices('abcdefghjk2345', k=4))}" for _ in range(3)]
        self.node_form = rng.choice(["syslog", "rfc"])
        self.gauges = []         # (name, labels, fn)
        self.metrics = rng.random() < 0.55 if metrics is None else metrics
        self.truth = None
        self.node_file = self.file("nodes-syslog" if rng.random() < 0.5 else "syslog")
        for kind in infra or ["postgres"]:
            self.add_infra(kind)
        self.decoy()

    # ---- names and places

    def __getattr__(self, role):
        if role in ROLES:
            return self.__dict__["services"][role]
        raise AttributeError(role)

    def file(self, name):
        return self.style.format(name=name) if "{name}/{name}" not in self.style else f"{name}/{name}.log"

    def add_infra(self, kind):
        rng = self.rng
        name = f"{ {'postgres': 'pg', 'mysql': 'mysql', 'redis': 'redis', 'kafka': 'kafka', 'rabbit': 'rabbitmq', 'etcd': 'etcd', 'elastic': 'es', 'consul': 'consul'}.get(kind, kind)}-{rng.choice(['main', 'a1', 'prod', 'x'])}"
        setattr(self, kind, name)
        if kind in ("postgres", "mysql"):
            self.db = name
        t = self.begin
        while (t := t + rng.expovariate(1 / 25)) < self.end:
            self.put(kind, t, rng.choice(INFRA_NOISE[kind])(rng) if kind in INFRA_NOISE else None)

    def put(self, kind, t, text, **extra):
        """A line of a piece of infrastructure in its own format."""
        if text is None:
            return
        name = getattr(self, kind)
        self.raw(self.file(name), t, INFRA_FORMS[kind](self, t, text, **extra))

    def raw(self, file, t, text):
        self.lines.setdefault(file, []).append((t, text))

    def node(self, t, program, text, which=0, pri=None):
        host = self.nodes[which % len(self.nodes)]
        pid = "" if program == "kernel" else f"[{self.rng.randint(300, 30000)}]"
        if program == "kernel":
            text = f"[{t % 900000:.6f}] {text}"
        if self.node_form == "rfc":
            pri = pri or (4 if program == "kernel" else 30)
            self.raw(self.node_file, t, f"<{pri}>1 {iso(t, 6)} {host} {program} {pid.strip('[]') or '-'} - - {text}")
        else:
            self.raw(self.node_file, t, f"{yearless(t)} {host} {program}{pid}: {text}")

    def say(self, role, t, level, msg, stack=None, rid=None, **fields):
        s = self.services[role] if isinstance(role, str) else role
        self.raw(s.file, t, s.line(t, level, msg, rid, fields, stack))

    # ---- faults on requests

    def onset(self, low=0.35, high=0.55):
        return self.begin + (self.end - self.begin) * self.rng.uniform(low, high)

    def every(self, start, end, step):
        t = start
        while t < end:
            yield t
            t += step * self.rng.uniform(0.6, 1.4)

    def effect(self, role, start, end, share=1.0, status=None, ms=None, error=None, stack=None, ends=None, ramp=0, level="error", says=True, seen=None):
        """From `start` to `end` a `share` of the calls of a role takes `ms` more and fails with `status` and says `error`."""
        self.effects.append(dict(role=role, start=start, end=end, share=share, status=status, ms=ms, error=error, stack=stack,
                                 ends=ends, ramp=ramp, level=level, says=says, seen=seen))

    def told(self, onset, named, words, wrong=(), tolerance=60, also=()):
        """The truth: any of `named`, any of `words`, none of `wrong` and not the decoy; the onset, or `also` as good ones."""
        self.truth = dict(onset=[onset, *also], named=list(named), words=list(words), wrong=[*wrong, self.decoy_version], tolerance=tolerance)

    # ---- the day itself

    def decoy(self):
        """One service restarts in the first third, harmlessly."""
        s = self.services[self.rng.choice(["api", "auth", "work"])]
        self.decoy_service = s.name
        t = self.begin + self.rng.uniform(0.1, 0.25) * (self.end - self.begin)
        version = f"{self.rng.randint(1, 9)}.{self.rng.randint(0, 60)}.{self.rng.randint(0, 9)}"
        self.decoy_version = version
        self.say(s, t, "info", "received SIGTERM, draining")
        self.say(s, t + 3.1, "info", f"starting {s.name} version {version}", commit="".join(self.rng.choices(SECRETS, k=7)))
        self.say(s, t + 5.4, "info", "listening on :8080")

    def run(self):
        rng = self.rng
        self.noise()
        t = self.begin
        while t < self.end:
            factor = 1.0
            for start, end, f, _ in self.surges:
                if start <= t < end:
                    factor = max(factor, f)
            t += rng.expovariate(self.rate * factor / 60)
            wanted = [e for s, en, f, e in self.surges if s <= t < en and e and rng.random() < 1 - 1 / f]
            end = next((e for e in self.ends if wanted and e[2] == wanted[0]), None) or rng.choices(self.ends, [4, 4, 2, 2, 2])[0]
            self.request(t, end)
        if self.truth:
            # What nobody met had not begun to show.
            met = [e["met"] for e in self.effects if "met" in e and e["start"] <= self.truth["onset"][0] + 5]
            self.truth["onset"] += met

    def request(self, t, end):
        rng = self.rng
        method, path, op, main = end
        rid = "".join(rng.choices(SECRETS, k=32)) if self.ids else None
        path = path.replace("{id}", "".join(rng.choices(SECRETS, k=8)))
        chain = ["auth"] + ([main] if main != "auth" else []) + (["core"] if main == "ext" and rng.random() < 0.5 else [])
        api = self.services["api"]
        now = t + 0.001
        status, failed = 200, None
        if rng.random() < 0.004:
            status = rng.choice([500, 502, 504])
            self.say(api, now, "error", "request failed", rid=rid, op=op, error="socket hang up")
        for role in chain:
            s = self.services[role]
            base = {"auth": 4, "core": 14, "ext": 110}[role] * rng.lognormvariate(0, 0.35)
            hit = self.hit(role, now, op)
            extra = 0
            if hit:
                ms = hit["ms"](now) if callable(hit["ms"]) else hit["ms"]
                if ms:
                    extra = rng.uniform(*ms) if isinstance(ms, tuple) else ms * rng.uniform(0.7, 1.3)
            took = base + extra
            done = now + took / 1000
            if hit and hit["status"]:
                if hit["says"] and hit["error"]:
                    self.say(s, done, hit["level"], hit["error"] if isinstance(hit["error"], str) else hit["error"](rng), rid=rid, op=op, stack=hit["stack"])
                seen = hit["seen"] or f"upstream {s.name} answered {hit['status']}"
                self.say(api, done + 0.001, "error", f"call failed", rid=rid, op=op, upstream=s.name, error=seen, tookMs=round(took, 1))
                status, failed = (hit["status"] if hit["status"] in (401, 403, 429, 503, 504) else 502), role
                now = done + 0.002
                break
            verb = {"auth": "token checked", "core": "query answered", "ext": "partner answered"}[role]
            self.say(s, done, "info", verb, rid=rid, op=op, **({"partner": "acme"} if role == "ext" else {}), durationMs=round(took, 1))
            now = done + 0.001
        hit = self.hit("api", now, op)
        if hit and not failed:
            ms = hit["ms"](now) if callable(hit["ms"]) else hit["ms"]
            if ms:
                now += (rng.uniform(*ms) if isinstance(ms, tuple) else ms * rng.uniform(0.7, 1.3)) / 1000
            if hit["status"]:
                status = hit["status"]
                if hit["says"] and hit["error"]:
                    self.say(api, now, hit["level"], hit["error"] if isinstance(hit["error"], str) else hit["error"](rng), rid=rid, op=op, stack=hit["stack"])
        hit = self.hit("edge", now, op)
        if hit:
            ms = hit["ms"](now) if callable(hit["ms"]) else hit["ms"]
            if ms:
                now += (rng.uniform(*ms) if isinstance(ms, tuple) else ms * rng.uniform(0.7, 1.3)) / 1000
            status = hit["status"] or status
        self.say(api, now, "info" if status < 500 else "warn", "request done", rid=rid, op=op, status=status, ms=round((now - t) * 1000, 1))
        self.access(t, now + 0.001, method, path, status, rid, op)

    def hit(self, role, t, op):
        for e in self.effects:
            if e["role"] == role and e["start"] <= t < e["end"] and (not e["ends"] or op in e["ends"]):
                share = e["share"] * (min(1.0, (t - e["start"]) / e["ramp"]) if e["ramp"] else 1.0)
                if self.rng.random() < share:
                    e.setdefault("met", t)
                    return e
        return None

    def access(self, t, done, method, path, status, rid, op=None):
        rng, took = self.rng, done - t
        ip, size = f"198.51.{rng.randint(1, 99)}.{rng.randint(1, 250)}", rng.randint(200, 5000)
        d = datetime.datetime.fromtimestamp(done, datetime.timezone(datetime.timedelta(seconds=self.edge_zone)))
        clf = d.strftime("%d/%b/%Y:%H:%M:%S %z")
        agent = rng.choice(["Mozilla/5.0 (X11; Linux x86_64) Firefox/127.0", "okhttp/4.12.0", "App/7.2 (iPhone; iOS 17.5)"])
        if self.edge_form == "nginx":
            text = f'{ip} - - [{clf}] "{method} {path} HTTP/1.1" {status} {size} "-" "{agent}" rt={took:.3f} urt="{took:.3f}" rid={rid or "-"}'
        elif self.edge_form == "apache":
            text = f'{ip} - - [{clf}] "{method} {path} HTTP/1.1" {status} {size} "-" "{agent}" {int(took * 1e6)}'
        elif self.edge_form == "caddy":
            text = json.dumps({"level": "info" if status < 500 else "error", "ts": round(done, 6), "logger": "http.log.access", "msg": "handled request",
                               "request": {"remote_ip": ip, "proto": "HTTP/2.0", "method": method, "host": f"www.{self.org}.example", "uri": path,
                                           "headers": {"User-Agent": [agent], **({"X-Request-Id": [rid]} if rid else {})}},
                               "duration": round(took, 6), "size": size, "status": status}, separators=(",", ":"))
        elif self.edge_form == "haproxy":
            ms = int(took * 1000)
            text = (f"{yearless(done)} lb1 haproxy[812]: {ip}:{rng.randint(20000, 60000)} "
                    f"[{datetime.datetime.fromtimestamp(t, UTC):%d/%b/%Y:%H:%M:%S}.{int(t % 1 * 1000):03d}] www be_api/api{rng.randint(1, 3)} 0/0/1/{ms}/{ms + 1} {status} {size} - - "
                    f'---- 12/12/3/1/0 0/0 "{method} {path} HTTP/1.1"')
        elif self.edge_form == "envoy":
            text = (f'[{iso(t)}] "{method} {path} HTTP/2" {status} {"-" if status < 500 else "UF" if status == 503 else "-"} 0 {size} {int(took * 1000)} '
                    f'{int(took * 1000)} "{ip}" "{agent}" "{rid or "-"}" "www.{self.org}.example" "10.2.0.7:8080"')
        else:
            text = json.dumps({"ClientHost": ip, "DownstreamStatus": status, "Duration": int(took * 1e9), "OriginStatus": status, "RequestMethod": method,
                               "RequestPath": path, "RequestProtocol": "HTTP/1.1", "ServiceName": "api@docker", "level": "info", "msg": "", "time": iso(done, 0)},
                              separators=(",", ":"))
        self.raw(self.edge_file, done, text)
        if op:
            self.counts = getattr(self, "counts", [])
            self.counts.append((done, op, status, took))

    @property
    def edge_file(self):
        return self.file(f"{self.edge}-access")

    def noise(self):
        rng = self.rng
        for role in ROLES:
            for level, msg, fields in rng.sample(NOISE, 3):
                for t in self.every(self.begin, self.end, rng.uniform(40, 160)):
                    self.say(role, t, level, msg, **{k: (rng.randint(1, 90) if isinstance(v, int) else v) for k, v in fields.items()})
            for t in self.every(self.begin, self.end, 15):
                self.say(role, t, "debug", "GET /healthz 200")
        for t in self.every(self.begin, self.end, 90):
            self.say("work", t, "info", "batch finished", items=rng.randint(5, 60), durationMs=rng.randint(200, 900))
        for t in self.every(self.begin, self.end, 11):
            self.node(t, "kernel", f"[UFW BLOCK] IN=ens5 OUT= SRC=203.0.113.{rng.randint(1, 250)} DST=10.3.0.7 LEN=40 TTL=241 PROTO=TCP SPT={rng.randint(1024, 65000)} DPT=23 SYN", rng.randint(0, 2))
        for t in self.every(self.begin, self.end, 23):
            self.node(t, "sshd", f"Failed password for invalid user {rng.choice(['admin', 'test', 'git'])} from 203.0.113.{rng.randint(1, 250)} port {rng.randint(1024, 65000)} ssh2", rng.randint(0, 2))
        for which in range(3):
            t = self.begin - self.begin % 600 + 600
            while t < self.end:
                self.node(t + 1.0, "CRON", "(root) CMD (command -v debian-sa1 > /dev/null && debian-sa1 1 1)", which)
                self.node(t + 4.0, "systemd", "Finished sysstat-collect.service - system activity accounting tool.", which)
                t += 600

    def write(self, base):
        if self.metrics:
            self.exposition()
        rotated = self.rng.choice([s.file for s in self.services.values() if not s.wrap] or [None])
        for file, lines in self.lines.items():
            lines.sort(key=lambda p: p[0])
            out = []
            for t, text in lines:
                wrap = self.wraps.get(file)
                if wrap == "docker":
                    out += [json.dumps({"log": part + "\n", "stream": "stdout", "time": iso(t, 9)}, separators=(",", ":")) for part in text.split("\n")]
                elif wrap == "cri":
                    out += [f"{iso(t, 9)} stdout F {part}" for part in text.split("\n")]
                else:
                    out.append(text)
            path = os.path.join(base, file)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if file == rotated and self.rng.random() < 0.6:
                cut = len(out) // 4
                with gzip.open(path + ".1.gz", "wt") as f:
                    f.write("\n".join(out[:cut]) + "\n")
                out = out[cut:]
            with open(path, "w") as f:
                f.write("\n".join(out) + "\n")

    def exposition(self):
        """A scrape every 15 s: requests by endpoint and code, memory, busy ratio, and what an incident adds."""
        rng = self.rng
        ticks = [self.begin + 15 * i for i in range(int((self.end - self.begin) / 15) + 1)]
        out = ["# TYPE http_requests counter"]
        rows = {}
        for done, op, status, _ in sorted(self.counts):
            rows.setdefault((op, status), []).append(done)
        for (op, status), times in sorted(rows.items()):
            i = 0
            for tick in ticks:
                while i < len(times) and times[i] <= tick:
                    i += 1
                out.append(f'http_requests_total{{service="{self.edge}",route="{op}",code="{status}"}} {i} {tick:.3f}')
        named = {}
        for s in self.services.values():
            self.gauges.append(("process_resident_memory_bytes", {"service": s.name}, lambda t, b=rng.uniform(2e8, 6e8): b * rng.uniform(0.98, 1.02)))
            self.gauges.append(("cpu_busy_ratio", {"service": s.name}, lambda t: rng.uniform(0.15, 0.35)))
        seen = set()
        for name, labels, fn in self.gauges:
            key = (name, tuple(labels.items()))
            if key not in seen:        # an incident's own comes first
                seen.add(key)
                named.setdefault(name, []).append((labels, fn))
        for name, series in named.items():
            out.append(f"# TYPE {name} gauge")
            for labels, fn in series:
                text = ",".join(f'{k}="{v}"' for k, v in labels.items())
                for tick in ticks:
                    out.append(f"{name}{{{text}}} {fn(tick):.6g} {tick:.3f}")
        out.append("# EOF")
        self.lines["metrics/platform.om"] = [(0, "\n".join(out))]

    def gauge(self, name, labels, fn):
        self.gauges.append((name, labels, fn))


# ---- infrastructure in its own formats

def _pg(w, t, text, user="app@app", pid=None):
    pid = pid or w.rng.randint(2000, 4000)
    return f"{plain(t)} UTC [{pid}] {user + ' ' if user else ''}{text}"


def _mysql(w, t, text, thread=None):
    level = "Note"
    if text.startswith("["):
        level, text = text[1:].split("] ", 1)
    return f"{iso(t, 6)} {thread or w.rng.randint(8, 900)} [{level}] [MY-{w.rng.choice(['010914', '013183', '010055'])}] [Server] {text}"


def _redis(w, t, text, role="M"):
    d = datetime.datetime.fromtimestamp(t, UTC)
    mark = "*"
    if text[:2] in ("# ", "* ", "- "):
        mark, text = text[0], text[2:]
    return f"{41}:{role} {d:%d %b %Y %H:%M:%S}.{d.microsecond // 1000:03d} {mark} {text}"


def _kafka(w, t, text):
    level = "INFO"
    if text.split(" ", 1)[0] in ("WARN", "ERROR"):
        level, text = text.split(" ", 1)
    return f"[{plain(t, ',')}] {level} {text}"


def _rabbit(w, t, text):
    level = "info"
    if text.split(" ", 1)[0] in ("warning", "error", "notice"):
        level, text = text.split(" ", 1)
    return f"{plain(t, '.', digits=6)}+00:00 [{level}] <0.{w.rng.randint(200, 9000)}.0> {text}"


def _etcd(w, t, text, **extra):
    level, msg = text.split(" ", 1)
    return json.dumps({"level": level, "ts": iso(t, 6), "caller": f"etcdserver/raft.go:{w.rng.randint(100, 900)}", "msg": msg, **extra}, separators=(",", ":"))


def _elastic(w, t, text):
    level, logger, text = text.split(" ", 2)
    return f"[{plain(t, ',', '%Y-%m-%dT%H:%M:%S')}][{level:5}][{logger:25}] [{w.elastic}] {text}"


def _consul(w, t, text):
    level, text = text.split(" ", 1)
    return f"{iso(t)} [{level}] {text}"


def _kubelet(w, t, text):
    d = datetime.datetime.fromtimestamp(t, UTC)
    return f"{text[0]}{d:%m%d %H:%M:%S}.{d.microsecond:06d}    1183 {text[2:]}"


INFRA_FORMS = {"postgres": _pg, "mysql": _mysql, "redis": _redis, "kafka": _kafka, "rabbit": _rabbit, "etcd": _etcd, "elastic": _elastic,
               "consul": _consul, "kubelet": _kubelet}
INFRA_NOISE = {
    "postgres": [lambda r: f"LOG:  connection authorized: user=app database=app application_name=svc{r.randint(1, 4)}",
                 lambda r: f'ERROR:  duplicate key value violates unique constraint "device_pkey"',
                 lambda r: f"LOG:  duration: {r.uniform(300, 420):.3f} ms  statement: SELECT count(*) FROM sessions WHERE created_at > now() - interval '1 day'",
                 lambda r: f"LOG:  checkpoint complete: wrote {r.randint(100, 900)} buffers (2.1%); 0 WAL file(s) added, 0 removed, 1 recycled; write={r.uniform(20, 60):.3f} s, sync=0.012 s, total={r.uniform(60, 70):.3f} s"],
    "mysql": [lambda r: f"[Note] Aborted connection {r.randint(100, 9000)} to db: 'app' user: 'app' host: '10.2.0.{r.randint(2, 90)}' (Got timeout reading communication packets)",
              lambda r: "[Note] InnoDB: page_cleaner: 1000ms intended loop took 4102ms. The settings might not be optimal."],
    "redis": [lambda r: "* 100 changes in 300 seconds. Saving...", lambda r: f"* Background saving started by pid {r.randint(100, 9000)}",
              lambda r: "* DB saved on disk", lambda r: "* Background saving terminated with success"],
    "kafka": [lambda r: f"[GroupCoordinator 2]: Stabilized group mailer generation {r.randint(4, 90)} (__consumer_offsets-{r.randint(0, 49)}) with 3 members (kafka.coordinator.group.GroupCoordinator)",
              lambda r: f"[ProducerStateManager partition=orders-{r.randint(0, 8)}] Wrote producer snapshot at offset {r.randint(10000, 99999)} with 2 producer ids in 3 ms. (kafka.log.ProducerStateManager)"],
    "rabbit": [lambda r: f"accepting AMQP connection <0.{r.randint(300, 900)}.0> (10.2.0.{r.randint(2, 99)}:{r.randint(30000, 60000)} -> 10.2.0.5:5672)",
               lambda r: "warning closing AMQP connection <0.884.0> (10.2.0.9:40122 -> 10.2.0.5:5672, vhost: '/', user: 'app'):\nclient unexpectedly closed TCP connection"],
    "etcd": [lambda r: "info saved snapshot", lambda r: "info compacted Raft logs"],
    "elastic": [lambda r: f"INFO  o.e.c.m.MetadataMappingService [items-{r.randint(1, 4)}/Zx1] update_mapping [_doc]",
                lambda r: f"INFO  o.e.m.j.JvmGcMonitorService [gc][{r.randint(2000, 90000)}] overhead, spent [255ms] collecting in the last [1s]"],
    "consul": [lambda r: f"INFO agent: Synced check: check=service:web-{r.randint(1, 9)}"],
    "kubelet": [lambda r: f'I kubelet.go:2421] "SyncLoop (PLEG): event for pod" pod="prod/web-{r.randint(1, 9)}"'],
}

"""An own reading of what incident.py writes: every entry with its place, time, level, id and text.

One small reader per file, made for these files alone; it shares nothing with obs. Only the standard library.
"""
import gzip
import json
import os
import re
import sys
from collections import namedtuple
from datetime import datetime, timedelta, timezone

Entry = namedtuple("Entry", "file line offset ns level id text fields lines")
# file: path below the incident; line: 1-based; offset: in decompressed bytes; ns: nanoseconds since the epoch;
# fields: the JSON object or None; lines: physical lines

LOGS = {
    "access": ["gateway/access.log"],
    "order": ["order-service/order.json.log"],
    "auth": ["auth-service/auth.log"],
    "payment": ["payment-service/payment.json.log.1.gz", "payment-service/payment.json.log"],
    "app": ["payment-service/app.log"],
    "db": ["payment-service/db.log"],
}
METRICS = "metrics/payment-service.om"
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
ACCESS = re.compile(r'^\S+ - (\S+) \[([^\]]+)\] "([^"]*)" (\d+) .* (\S+) (\S+)$')
PLAIN = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (\w+) +(.*)$", re.S)
PINO = {30: "info", 50: "error"}


def ns_of(when):
    d = when - EPOCH
    return ((d.days * 86400 + d.seconds) * 10**6 + d.microseconds) * 1000


def utc(ns):
    """2023-12-24T03:06:00.000000000Z"""
    seconds, rest = divmod(ns, 10**9)
    return f"{EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def parse_time(text):
    """Nanoseconds of an RFC 3339 time with any number of fraction digits."""
    m = re.fullmatch(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", text)
    if not m:
        raise ValueError(f"no RFC 3339 time: {text!r}")
    day, clock, fraction, zone = m.groups()
    when = datetime.fromisoformat(f"{day}T{clock}{'+00:00' if zone == 'Z' else zone}")
    return ns_of(when) + int((fraction or "").ljust(9, "0"))


def read_access(line):
    _, when, request, _, _, rid = ACCESS.match(line).groups()
    return ns_of(datetime.strptime(when, "%d/%b/%Y:%H:%M:%S %z")), None, rid, request, None


def read_order(line):
    row = json.loads(line)
    return row["time"] * 10**6, PINO[row["level"]], row["reqId"], row["msg"], row


def read_auth(line):
    pairs = dict((k, q or v) for k, q, v in re.findall(r'(\w+)=(?:"([^"]*)"|(\S*))', line))
    return parse_time(pairs["ts"]), pairs["level"], pairs["request_id"], pairs["msg"], None


def read_payment(line):
    row = json.loads(line)
    level = {"WARNING": "warn"}.get(row["level"], row["level"].lower())
    return parse_time(row["timestamp"] + "Z"), level, row["request_id"], row["message"], row


def read_plain(text):
    when, level, rest = PLAIN.match(text).groups()
    return ns_of(datetime.fromisoformat(when + "+00:00")), level.lower(), None, rest, None


READERS = {"access": read_access, "order": read_order, "auth": read_auth, "payment": read_payment,
           "app": read_plain, "db": read_plain}


def text_of(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as f:
        return f.read()


def entries(directory, key):
    """All entries of a log, its halves in order."""
    for name in LOGS[key]:
        path = os.path.join(directory, name)
        if not os.path.exists(path):
            continue
        offset, pending = 0, None
        lines = text_of(path).split(b"\n")
        assert lines.pop() == b"", f"{name} ends without a line end"
        for number, line in enumerate(lines, 1):
            if key == "db" and not re.match(rb"\d{4}-\d\d-\d\d ", line):
                pending[2].append(line)
            else:
                if pending:
                    yield entry(key, name, *pending)
                pending = (number, offset, [line])
            offset += len(line) + 1
        if pending:
            yield entry(key, name, *pending)


def entry(key, name, number, offset, lines):
    ns, level, rid, text, fields = READERS[key](b"\n".join(lines).decode("utf-8"))
    return Entry(name, number, offset, ns, level, rid, sys.intern(text), fields, len(lines))


def cut(source, target, until_ns):
    """Copies an incident up to a time: the calm before the outage, if the time is early enough."""
    for key, names in LOGS.items():
        kept = {}
        for e in entries(source, key):
            if e.ns < until_ns:
                kept.setdefault(e.file, []).append(e)
        for name in names:
            if name not in kept:
                continue
            last = kept[name][-1]
            lines = text_of(os.path.join(source, name)).split(b"\n")[: last.line - 1 + last.lines]
            full = os.path.join(target, name)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            body = b"".join(line + b"\n" for line in lines)
            with open(full, "wb") as f:
                f.write(gzip.compress(body, mtime=0) if name.endswith(".gz") else body)
    os.makedirs(os.path.join(target, "metrics"), exist_ok=True)
    with open(os.path.join(source, METRICS)) as f, open(os.path.join(target, METRICS), "w") as out:
        for line in f:
            if line.startswith("#") or float(line.rsplit(" ", 1)[1]) * 1e9 < until_ns:
                out.write(line)


def self_test():
    assert utc(parse_time("2023-12-24T12:06:00.5+09:00")) == "2023-12-24T03:06:00.500000000Z"
    assert parse_time("1970-01-01T00:00:00.000000001Z") == 1
    ns, level, rid, text, _ = read_access(
        '10.1.2.3 - user_1 [24/Dec/2023:12:06:00 +0900] "POST /orders/1/pay HTTP/1.1" 200 300 "-" "shop-app/3.1" 0.123 abc')
    assert (utc(ns), level, rid, text) == ("2023-12-24T03:06:00.000000000Z", None, "abc", "POST /orders/1/pay HTTP/1.1")
    ns, level, rid, text, _ = read_auth('ts=2023-12-24T03:06:00.123456789Z level=error msg="token rejected: x" request_id=r duration=1ms')
    assert (ns % 10**9, level, rid, text) == (123456789, "error", "r", "token rejected: x")
    ns, level, _, text, _ = read_plain("2023-12-24 03:06:00 ERROR java.sql.X: a\n\tat b")
    assert (level, text) == ("error", "java.sql.X: a\n\tat b")

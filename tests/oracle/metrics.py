"""What Prometheus 3 answers to the dashboard's queries and rules, computed without PromQL.

Written from Prometheus's documentation and the rules of its `rate` (promql/functions.go, extrapolatedRate):
ranges are left-open, (t - range, t]; a counter's reset adds the value before it; the result is extrapolated
to the range's ends unless the samples stop more than 1.1 times their mean distance before them, then by half
that distance; a counter is not extrapolated below zero. Only the standard library is used.
"""
import math
import re
from bisect import bisect_right

LOOKBACK = 300.0
RANGE = 300.0
SAMPLE = re.compile(r'^([a-zA-Z_:][\w:]*)(?:\{([^}]*)\})? (\S+) (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def read_openmetrics(text):
    """{(name, ((label, value), …)): ([time], [value])}, as far as incident.py writes OpenMetrics."""
    series = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, labels, value, time = SAMPLE.match(line).groups()
        key = (name, tuple(sorted(LABEL.findall(labels or ""))))
        times, values = series.setdefault(key, ([], []))
        times.append(float(time))
        values.append(float(value))
    return series


def instant(times, values, t):
    """The newest sample in (t - 5m, t], or None."""
    i = bisect_right(times, t) - 1
    if i < 0 or times[i] <= t - LOOKBACK:
        return None
    return values[i]


def rate(times, values, t, window=RANGE):
    """rate(x[window]) at t, or None if the window holds fewer than two samples.

    In whole milliseconds and in the order of Prometheus' operations (promql/functions.go, extrapolatedRate):
    a rule compares with a threshold, and there the last bit decides."""
    end = round(t * 1000)
    start = end - round(window * 1000)
    near = slice(bisect_right(times, t - window - 1), bisect_right(times, t + 1))
    found = [(round(at * 1000), v) for at, v in zip(times[near], values[near])]
    found = [(at, v) for at, v in found if start < at <= end]
    if len(found) < 2:
        return None
    (first, lowest), (last, highest) = found[0], found[-1]
    increase = highest - lowest
    for (_, a), (_, b) in zip(found, found[1:]):
        if b < a:
            increase += a
    sampled = (last - first) / 1000
    between = sampled / (len(found) - 1)
    to_start, to_end = (first - start) / 1000, (end - last) / 1000
    if to_start >= between * 1.1:
        to_start = between / 2
    if increase > 0 and lowest >= 0:
        to_start = min(to_start, sampled * (lowest / increase))
    if to_end >= between * 1.1:
        to_end = between / 2
    return increase * ((sampled + to_start + to_end) / sampled / window)


def total(values):
    """A sum as Prometheus 3 adds: Kahan's, with Neumaier's correction."""
    s = c = 0.0
    for v in values:
        t = s + v
        c += (s - t) + v if abs(s) >= abs(v) else (v - t) + s
        s = t
    return s + c


def divide(a, b):
    """IEEE division, which Python refuses for zero."""
    if b == 0:
        return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1, b)
    return a / b


class Store:
    def __init__(self, series):
        self.series = series

    def select(self, name, **want):
        for (n, labels), (times, values) in self.series.items():
            have = dict(labels)
            if n == name and all(have.get(k) == v for k, v in want.items()):
                yield have, times, values

    def rates(self, name, t, **want):
        found = ((have, rate(times, values, t)) for have, times, values in self.select(name, **want))
        return [(have, v) for have, v in found if v is not None]

    def instants(self, name, t, **want):
        found = ((have, instant(times, values, t)) for have, times, values in self.select(name, **want))
        return [(have, v) for have, v in found if v is not None]

    def span(self):
        times = [t for ts, _ in self.series.values() for t in (ts[0], ts[-1])]
        return min(times), max(times)


def grouped(rows, by, mean=False):
    """sum or avg by labels: {labels: value}."""
    groups = {}
    for have, v in sorted(rows, key=lambda row: sorted(row[0].items())):
        groups.setdefault(tuple((k, have[k]) for k in by if k in have), []).append(v)
    return {k: total(vs) / (len(vs) if mean else 1) for k, vs in groups.items()}


def per_group(a, b, scale=1.0):
    return {k: divide(a[k], b[k]) * scale for k in a if k in b}


def success_rate(s, t):
    return per_group(grouped(s.rates("payment_requests_total", t, status="success"), []),
                     grouped(s.rates("payment_requests_total", t), []), 100)


def response_time(s, t):
    return per_group(grouped(s.rates("payment_duration_seconds_sum", t), ["gateway"], mean=True),
                     grouped(s.rates("payment_duration_seconds_count", t), ["gateway"], mean=True))


def memory_ratio(s, t):
    return per_group(grouped(s.instants("memory_usage_bytes", t, type="used"), []),
                     grouped(s.instants("memory_usage_bytes", t, type="total"), []), 100)


def connections(s, t):
    return {tuple(sorted(have.items())): v for have, v in s.instants("database_connections_active", t)}


# The dashboard's queries by name; each gives {labels: value} at a time.
QUERIES = {
    "payment_success_rate": success_rate,
    "avg_response_time_by_gateway": response_time,
    "error_rate_by_severity": lambda s, t: grouped(s.rates("errors_total", t), ["severity"]),
    "db_connection_usage": lambda s, t: {k: v / 20 * 100 for k, v in connections(s, t).items()},
    "high_value_payment_ratio": lambda s, t: per_group(
        grouped(s.instants("payment_amount_usd_bucket", t, le="1000.0"), []),
        grouped(s.instants("payment_amount_usd_count", t), []), 100),
    "avg_cpu_usage": lambda s, t: grouped(s.instants("cpu_usage_percent", t), [], mean=True),
    "memory_usage_ratio": memory_ratio,
}


def above(limit, vector):
    return {k: v for k, v in vector.items() if v > limit}


def below(limit, vector):
    return {k: v for k, v in vector.items() if v < limit}


# payment-alerts.yml: name -> (condition, for in seconds).
ALERTS = {
    "HighErrorRate": (lambda s, t: above(0.05, grouped(s.rates("errors_total", t), ["service"])), 300),
    "DatabaseConnectionsHigh": (lambda s, t: above(18, connections(s, t)), 60),
    "PaymentSuccessRateLow": (lambda s, t: below(95, success_rate(s, t)), 300),
    "HighResponseTime": (lambda s, t: above(2.0, response_time(s, t)), 120),
    "MemoryUsageHigh": (lambda s, t: above(85, memory_ratio(s, t)), 300),
}

# payment-alerts.short.json: id -> (condition, for in seconds).
SHORT_ALERTS = {
    "high_error_rate": (lambda s, t: above(0.05, {tuple(sorted(have.items())): v for have, v in s.rates("errors_total", t)}), 300),
    "high_db_connections": (lambda s, t: above(18, connections(s, t)), 0),
    "low_payment_success": (lambda s, t: below(95, success_rate(s, t)), 0),
}


def replay(store, alerts, interval=15.0):
    """All episodes: {rule: sorted [(labels, pending, firing or None, resolved or None)]}; an episode that is
    open when the data end has no resolved time."""
    first, last = store.span()
    episodes = {}
    for name, (condition, hold) in alerts.items():
        active, done = {}, []
        t = first
        while t <= last:
            now = condition(store, t)
            for labels in [k for k in active if k not in now]:
                pending, firing = active.pop(labels)
                done.append((labels, pending, firing, t))
            for labels in now:
                pending, firing = active.setdefault(labels, (t, None))
                if firing is None and t - pending >= hold:
                    active[labels] = (pending, t)
            t += interval
        done.extend((labels, pending, firing, None) for labels, (pending, firing) in active.items())
        episodes[name] = sorted(done, key=lambda e: (e[1], e[0]))
    return episodes


def close(a, b, tolerance=1e-9):
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return a == b or abs(a - b) <= tolerance * max(abs(a), abs(b))


def self_test():
    grid = [float(15 * i) for i in range(41)]
    ten = [10.0 * i for i in range(41)]
    # On the grid: left-open, so 20 samples, extrapolated by 15 s to the start; at 0 s the counter was 0.
    assert close(rate(grid, ten, 300.0), (190 * (285 + 15) / 285) / 300)
    assert close(rate(grid, ten, 600.0), 200 / 300)
    # Off the grid: 8 s after the last sample, 7 s after the start.
    assert close(rate(grid, ten, 608.0), (190 * (285 + 7 + 8) / 285) / 300)
    # Two samples only, far from both ends: half the distance on the right, the zero point on the left.
    assert close(rate([100.0, 110.0], [1.0, 5.0], 300.0), 4 * (10 + 2.5 + 5) / 10 / 300)
    # A counter that starts at 0 is not extrapolated to the left.
    assert close(rate([100.0, 110.0], [0.0, 5.0], 300.0), 5 * (10 + 0 + 5) / 10 / 300)
    # A reset adds what was there before it: 5, 10, 2, 4 increases by 9; 100 s to the start is half of 15 s,
    # and the zero point lies 45 * 5 / 9 = 25 s back, further away than that.
    assert close(rate([100.0, 115.0, 130.0, 145.0], [5.0, 10.0, 2.0, 4.0], 300.0), 9 * (45 + 7.5 + 7.5) / 45 / 300)
    assert rate([1.0], [1.0], 2.0) is None
    assert rate([0.0, 15.0], [1.0, 2.0], 300.0) is None, "the sample at t - 5m is outside"
    assert instant([0.0], [7.0], 299.999) == 7.0 and instant([0.0], [7.0], 300.0) is None
    assert instant([5.0], [7.0], 4.0) is None
    assert math.isnan(divide(0.0, 0.0)) and divide(1.0, 0.0) == math.inf
    store = Store(read_openmetrics('# TYPE a gauge\na{x="1",y="b c"} 2 0.000\na{x="1",y="b c"} 3.5 15.000\nb 1 15.000\n# EOF\n'))
    assert store.instants("a", 20.0, x="1") == [({"x": "1", "y": "b c"}, 3.5)] and store.span() == (0.0, 15.0)
    # Pending from 30 s, firing after 30 s, resolved at 90 s; later pending only; at the end open.
    up = Store({("g", ()): ([15.0 * i for i in range(12)], [0, 0, 9, 9, 9, 9, 0, 9, 0, 9, 9, 9.0])})
    rules = {"r": (lambda s, t: above(5, {tuple(h.items()): v for h, v in s.instants("g", t)}), 30)}
    assert replay(up, rules) == {"r": [((), 30.0, 60.0, 90.0), ((), 105.0, None, 120.0), ((), 135.0, 165.0, None)]}
    assert close(1.0, 1.0 + 1e-12) and not close(1.0, 1.0 + 1e-8) and close(math.nan, math.nan)

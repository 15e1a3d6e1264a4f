#!/usr/bin/env python3
"""Writes what peers.sh asks about beside the payment log; the same bytes each time.

    python3 make.py access BYTES >access.log       a combined log with request times, two hours, forty endpoints
    python3 make.py rules DIR RULES SERIES         rules.yml, metrics.txt (an hour, every 15 s), and tests.yml for promtool
"""
import datetime
import os
import random
import sys

START = datetime.datetime(2024, 3, 5, 10, tzinfo=datetime.timezone.utc)


def access(size):
    rng = random.Random(7)
    words = ["orders", "carts", "users", "items", "search", "pay", "refunds", "stock"]
    endpoints = [f"/api/{words[n % 8]}/{'abcde'[n // 8]}" for n in range(40)]
    agents = ["Mozilla/5.0 (X11; Linux x86_64) Firefox/123.0", "curl/8.5.0", "okhttp/4.12.0", "Googlebot/2.1 (+http://www.google.com/bot.html)"]
    # A line has about 150 bytes.
    count = max(1, size // 150)
    written = 0
    while written < count:
        lines = []
        for _ in range(min(10_000, count - written)):
            at = START + datetime.timedelta(seconds=written * 7200 // count)
            status = rng.choices((200, 201, 304, 404, 500), (88, 4, 3, 4, 1))[0]
            took = rng.lognormvariate(-3, 0.8)
            lines.append(f'10.{rng.randrange(4)}.{rng.randrange(256)}.{rng.randrange(256)} - - [{at:%d/%b/%Y:%H:%M:%S +0000}] '
                         f'"GET {rng.choice(endpoints)} HTTP/1.1" {status} {rng.randrange(200, 90_000)} "-" "{rng.choice(agents)}" {took:.3f}\n')
            written += 1
        sys.stdout.write("".join(lines))


def rules(folder, count, series):
    os.makedirs(folder, exist_ok=True)
    names = [f'load{{host="h{n}"}}' for n in range(series)]
    with open(os.path.join(folder, "metrics.txt"), "w") as f:
        f.write("# TYPE load gauge\n")
        for n, name in enumerate(names):
            for step in range(241):
                f.write(f"{name} {(step * (n + 1)) % 97} {int(START.timestamp()) + step * 15}\n")
        f.write("# EOF\n")
    with open(os.path.join(folder, "rules.yml"), "w") as f:
        f.write("groups:\n- name: g\n  interval: 15s\n  rules:\n")
        for n in range(count):
            f.write(f"  - {{record: 'load:r{n}', expr: 'load * {n + 1}'}}\n")
        f.write("  - {alert: Never, expr: 'load > 1000'}\n")
    with open(os.path.join(folder, "tests.yml"), "w") as f:
        f.write("rule_files: [rules.yml]\nevaluation_interval: 15s\ntests:\n- interval: 15s\n  input_series:\n")
        for n, name in enumerate(names):
            f.write(f"  - {{series: '{name}', values: '{' '.join(str((step * (n + 1)) % 97) for step in range(241))}'}}\n")
        f.write("  alert_rule_test: [{eval_time: 1h, alertname: Never}]\n")


def main():
    kind, *rest = sys.argv[1:]
    if kind == "access":
        access(int(rest[0]))
    else:
        rules(rest[0], int(rest[1]), int(rest[2]))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The peer's side of peers.sh: one question about a log, answered by DuckDB with the schema given.

    python3 duck.py gateway|errors|slowest|access FILE

`access` is about an access log (make.py), the others about the payment log.

Prints the answer as JSON. Two threads, as obs has on the machine that the marks are for (THREADS=N for more).
"""
import json
import os
import sys

import duckdb

COLUMNS = {
    "gateway": {"gateway": "VARCHAR", "processing_time_ms": "DOUBLE"},
    "errors": {"level": "VARCHAR", "processing_time_ms": "DOUBLE"},
    "slowest": {"timestamp": "TIMESTAMP", "level": "VARCHAR", "request_id": "VARCHAR"},
}
QUESTIONS = {
    "gateway": """
        SELECT gateway, count(*), quantile_cont(processing_time_ms, [0.5, 0.95, 0.99])
        FROM log WHERE gateway IS NOT NULL AND processing_time_ms IS NOT NULL GROUP BY gateway ORDER BY gateway""",
    "errors": "SELECT count(*) FROM log WHERE level = 'ERROR' AND processing_time_ms > 300",
    "slowest": """
        SELECT request_id, count(*), (epoch_us(max(timestamp)) - epoch_us(min(timestamp))) / 1000.0 AS ms,
               bool_or(level = 'ERROR'), count(*) OVER () AS requests
        FROM log GROUP BY request_id ORDER BY ms DESC, request_id LIMIT 10""",
    "access": """
        SELECT split_part(request, ' ', 2) AS endpoint,
               strftime(date_trunc('minute', strptime(stamp, '[%d/%b/%Y:%H:%M:%S')), '%Y-%m-%dT%H:%M:%SZ') AS minute,
               count(*), quantile_cont(took, 0.99) * 1000
        FROM log GROUP BY endpoint, minute ORDER BY endpoint, minute""",
}
ACCESS = {name: "VARCHAR" for name in ("ip", "ident", "auth", "stamp", "zone", "request", "status", "bytes", "referrer", "agent")}


def main():
    question, path = sys.argv[1:3]
    db = duckdb.connect(config={"threads": int(os.environ.get("THREADS", "2"))})
    wanted = COLUMNS.get(question) or {**ACCESS, "took": "DOUBLE"}
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in wanted.items())
    quoted = path.replace("'", "''")
    source = f"read_json('{quoted}', format = 'newline_delimited', columns = {{{columns}}})"
    if question == "access":
        source = f"read_csv('{quoted}', delim = ' ', quote = '\"', header = false, columns = {{{columns}}})"
    rows = db.sql(QUESTIONS[question].replace("FROM log", f"FROM {source}")).fetchall()
    json.dump(rows, sys.stdout)
    print()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The peer's side of peers.sh: one question about the payment log, answered by DuckDB with the schema given.

    python3 duck.py gateway|errors|slowest FILE

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
}


def main():
    question, path = sys.argv[1:3]
    db = duckdb.connect(config={"threads": int(os.environ.get("THREADS", "2"))})
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in COLUMNS[question].items())
    quoted = path.replace("'", "''")
    source = f"read_json('{quoted}', format = 'newline_delimited', columns = {{{columns}}})"
    rows = db.sql(QUESTIONS[question].replace("FROM log", f"FROM {source}")).fetchall()
    json.dump(rows, sys.stdout)
    print()


if __name__ == "__main__":
    main()

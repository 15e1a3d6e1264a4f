#!/usr/bin/env bash
# Runs obs and its peers side by side on the same file, checks that they say the same, and prints the ratios.
#
#     tests/bench/peers.sh [WORK]        WORK: where the 522 MB log is made and kept (default /tmp/obs-bench)
#
# OBS=PATH (default target/release/obs; without it only the peers run), GENERATOR=PATH (incident.py),
# ROUNDS=3, RUNS=2 (of each command in each round; the best of all counts), REQUESTS=300000, MINUTES=120, SEED=2.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=${1:-/tmp/obs-bench}
obs=${OBS:-$root/target/release/obs}
generator=${GENERATOR:-$root/../shared/tools/incident.py}
rounds=${ROUNDS:-3} runs=${RUNS:-2}
requests=${REQUESTS:-300000} minutes=${MINUTES:-120} seed=${SEED:-2}

literal='Database connection pool timeout'
pattern='[a-z]+_[0-9]{4}.*[0-9]+\.[0-9]{2}'
condition='level == error and processing_time_ms > 300'
differences=0

need() { command -v "$1" >/dev/null || { echo "peers.sh: $1 is needed${2:+ ($2)}" >&2; exit 2; }; }
need python3
need hyperfine 'apt-get install hyperfine, or cargo install hyperfine'
have_obs=1; [ -x "$obs" ] || { have_obs=; echo "obs is not built ($obs): the peers run alone"; }
have_rg=1; command -v rg >/dev/null || { have_rg=; echo 'rg is not installed: skipped'; }
have_duckdb=1; python3 -c 'import duckdb' 2>/dev/null || { have_duckdb=; echo 'duckdb is not installed (pip install duckdb): skipped'; }

mkdir -p "$work"
story=$work/incident-$seed-$requests-$minutes
log=$work/payment-$seed-$requests-$minutes.json.log
if [ ! -s "$log" ]; then
  [ -s "$story/truth.json" ] || python3 "$generator" --out "$story" --seed "$seed" --requests "$requests" --minutes "$minutes"
  { gzip -dc "$story/payment-service/payment.json.log.1.gz"; cat "$story/payment-service/payment.json.log"; } >"$log.part"
  mv "$log.part" "$log"
fi
out=$(mktemp -d "$work/run.XXXXXX")
trap 'rm -rf "$out"' EXIT
cat "$log" >/dev/null # into the page cache
echo "$(stat -c %s "$log") bytes, $(wc -l <"$log") lines, $(nproc) cores; best of $((rounds * runs)) runs, taken in turns"
uptime

# time_it NAME COMMAND: one round; the times go to $out/NAME.ROUND.json
time_it() { hyperfine -N --style none --warmup 1 --runs "$runs" --export-json "$out/$1.$round.json" "$2" >/dev/null; }

times() { # times NAME: the exports of all rounds, joined by commas
  local all=("$out/$1".*.json) IFS=,
  echo "${all[*]}"
}

best() { python3 -c 'import json, sys
print("%.3f" % min(min(json.load(open(p))["results"][0]["times"]) for p in sys.argv[1].split(",")))' "$(times "$1")"; }

# compare NAME KIND FIRST_MARK FINAL_MARK HAVE_PEER OBS_COMMAND PEER_COMMAND
compare() {
  local name=$1 kind=$2 first=$3 final=$4 have_peer=$5 ours=$6 theirs=$7 round
  printf '\n%s\n' "$name"
  name=${name//[^a-z0-9]/-}
  [ -n "$have_obs" ] && echo "    obs:  $ours"
  [ -n "$have_peer" ] && echo "    peer: $theirs" || echo '    peer: not installed'
  for round in $(seq "$rounds"); do
    if [ -n "$have_obs" ]; then time_it "$name.obs" "$ours" || { echo '    OBS FAILED'; differences=1; return; }; fi
    if [ -n "$have_peer" ]; then time_it "$name.peer" "$theirs" || { echo '    the peer failed'; return; }; fi
  done
  if [ -n "$have_obs" ]; then eval "$ours" >"$out/$name.obs.txt" || true; fi
  if [ -n "$have_peer" ]; then eval "$theirs" >"$out/$name.peer.txt" || true; fi
  if [ -n "$have_obs" ] && [ -n "$have_peer" ]; then
    python3 "$here/agree.py" "$kind" "$out/$name.obs.txt" "$out/$name.peer.txt" || differences=1
    python3 "$here/agree.py" ratio "$(times "$name.obs")" "$(times "$name.peer")" "$first" "$final"
  elif [ -n "$have_peer" ]; then
    echo "    peer alone: $(best "$name.peer") s: $(head -c 300 "$out/$name.peer.txt")"
  else
    echo "    obs alone: $(best "$name.obs") s: $(head -c 300 "$out/$name.obs.txt")"
  fi
}

duck="python3 '$here/duck.py'"
compare 'count a literal' number 1.0 0.7 "$have_rg" \
  "'$obs' grep -c -F '$literal' '$log'" "rg -c -F '$literal' '$log'"
compare 'count a pattern without a literal' number none 0.6 "$have_rg" \
  "'$obs' grep -c '$pattern' '$log'" "rg -c '$pattern' '$log'"
compare 'count by a condition' number none 0.15 "$have_duckdb" \
  "'$obs' grep -c --where '$condition' '' '$log'" "$duck errors '$log'"
compare 'count and percentiles by gateway' gateway 0.4 0.2 "$have_duckdb" \
  "'$obs' stats --by gateway --value processing_time_ms --percentiles 50,95,99 --output json '$log'" "$duck gateway '$log'"
compare 'the ten slowest of all requests' slowest 0.7 0.35 "$have_duckdb" \
  "'$obs' correlate --slowest 10 --output json '$log'" "$duck slowest '$log'"

if [ -z "$have_obs" ]; then
  printf '\nanonymous memory of the peer\n'
  for question in gateway slowest; do
    [ -n "$have_duckdb" ] && echo "    $question: $(python3 "$here/anon.py" python3 "$here/duck.py" "$question" "$log" | awk '{printf "%.1f MiB", $1 / 1048576}')"
  done
  exit 0
fi

printf '\nthe whole directory, nothing asked (final mark: at least 1 GB/s of uncompressed input)\n'
if [ ! -s "$story/truth.json" ]; then
  echo "    $story is gone; remove $log to make both anew"
else
  bytes=$("$obs" stats "$story" --output json | python3 -c 'import json, sys; print(json.load(sys.stdin)["input"]["bytes"])') ||
    { echo '    obs stats DIR FAILED' >&2; exit 1; }
  for command in stats investigate; do
    for round in $(seq "$rounds"); do time_it "whole-$command" "'$obs' $command '$story'"; done
    seconds=$(best "whole-$command")
    echo "    obs $command DIR: $seconds s, $(awk "BEGIN {printf \"%.2f\", $bytes / $seconds / 1e9}") GB/s of $bytes bytes"
  done
fi

printf '\nstart (final mark: at most 5 ms)\n'
hyperfine -N --style none --warmup 5 --runs 100 --export-json "$out/start.json" "'$obs' --version" >/dev/null
python3 -c 'import json, sys; r = json.load(open(sys.argv[1]))["results"][0]
print("    obs --version: %.2f ms, at best %.2f ms" % (r["mean"] * 1e3, r["min"] * 1e3))' "$out/start.json"

printf '\nanonymous memory, not counting the map (first mark: at most 64 MiB + 100 bytes a request id; final: + 64 bytes)\n'
ids=$(grep -c 'Payment processing started' "$log")
# memory WITH_IDS COMMAND...
memory() {
  local ids=$1 peak; shift
  peak=$(python3 "$here/anon.py" "$obs" "$@")
  python3 - "$peak" "$ids" "obs $1" <<'PY'
import sys
peak, ids, what = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
marks = [(name, 64 * 2**20 + ids * each) for name, each in (("first", 100), ("final", 64))]
verdicts = ", ".join(f"{name} mark {mark / 2**20:.1f} MiB: {'met' if peak <= mark else 'MISSED'}" for name, mark in marks)
print(f"    {what}: {peak / 2**20:.1f} MiB   {verdicts}")
PY
}
memory 0 grep -c -F "$literal" "$log"
memory 0 stats --by gateway --value processing_time_ms "$log"
memory "$ids" correlate --slowest 10 "$log"
[ -s "$story/truth.json" ] && memory "$ids" investigate "$story"

printf '\n'
[ "$differences" = 0 ] || { echo 'some answers differ, see above' >&2; exit 1; }

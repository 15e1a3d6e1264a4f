#!/usr/bin/env bash
# Runs obs and its peers side by side on the same file, checks that they say the same, and prints the ratios.
#
#     tests/bench/peers.sh [WORK]        WORK: where the 522 MB log is made and kept (default /tmp/obs-bench)
#
# OBS=PATH (default target/dist/obs, what is shipped; without it only the peers run), LIMITS=PATH (default what
# `cargo build --profile dist --bench limits` made), GENERATOR=PATH (incident.py), FILES=10000 (many small ones),
# ROUNDS=3, RUNS=2 (of each command in each round; the best of all counts), REQUESTS=300000, MINUTES=120, SEED=2.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=${1:-/tmp/obs-bench}
obs=${OBS:-$root/target/dist/obs}
limits=${LIMITS:-$(find "$root/target/dist/deps" -name 'limits-*' -perm -u+x ! -name '*.d' 2>/dev/null | head -n 1)}
generator=${GENERATOR:-$root/../shared/tools/incident.py}
rounds=${ROUNDS:-3} runs=${RUNS:-2}
files=${FILES:-10000}
requests=${REQUESTS:-300000} minutes=${MINUTES:-120} seed=${SEED:-2}

literal='Database connection pool timeout'
pattern='[a-z]+_[0-9]{4}.*[0-9]+\.[0-9]{2}'
condition='level == error and processing_time_ms > 300'
differences=0

need() { command -v "$1" >/dev/null || { echo "peers.sh: $1 is needed${2:+ ($2)}" >&2; exit 2; }; }
need python3
need hyperfine 'apt-get install hyperfine, or cargo install hyperfine'
have_obs=1; [ -x "$obs" ] || { have_obs=; echo "obs is not built ($obs): the peers run alone"; }
have_limits=1; [ -x "${limits:-}" ] || { have_limits=; echo 'the limits are not built (cargo build --profile dist --bench limits): skipped'; }
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

# limit_of WORK [FILE]: seconds that the work alone takes on all cores (column 2 of the last such line)
limit_of() { awk -v work="$1" '$1 == work { seconds = $3 } END { print seconds }' "${2:-$out/limits.txt}"; }

# beside NAME WORK [FILE]: how long obs took, in times of what the work alone takes
beside() {
  [ -n "$have_limits" ] && [ -n "$have_obs" ] || return 0
  local ours seconds
  ours=$(best "${1//[^a-z0-9]/-}.obs") seconds=$(limit_of "$2" "${3:-}")
  awk "BEGIN {printf \"    obs / limit (%s): %.3f s / %.3f s = %.2f x\\n\", \"$2\", $ours, $seconds, $ours / $seconds}"
}

# alone NAME MARK COMMAND: obs without a peer; MARK is said, not judged
alone() {
  local name=${1//[^a-z0-9]/-} round
  [ -n "$have_obs" ] || return 0
  printf '\n%s (mark: %s)\n    obs:  %s\n' "$1" "$2" "$3"
  for round in $(seq "$rounds"); do time_it "$name.obs" "$3" || { echo '    OBS FAILED'; differences=1; return 0; }; done
  echo "    obs alone: $(best "$name.obs") s"
}

if [ -n "$have_limits" ]; then
  printf '\nwhat the machine can do with this file (work, threads, seconds, GB/s)\n'
  "$limits" "$log" "$literal" processing_time_ms | tee "$out/limits.txt" | sed 's/^/    /'
fi

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
compare 'count a literal' number 0.7 0.45 "$have_rg" \
  "'$obs' grep -c -F '$literal' '$log'" "rg -c -F '$literal' '$log'"
beside 'count a literal' literal
compare 'count a pattern without a literal' number 0.6 0.55 "$have_rg" \
  "'$obs' grep -c '$pattern' '$log'" "rg -c '$pattern' '$log'"
compare 'count by a condition' number 0.15 0.09 "$have_duckdb" \
  "'$obs' grep -c --where '$condition' '' '$log'" "$duck errors '$log'"
beside 'count by a condition' key-and-walk
compare 'count and percentiles by gateway' gateway 0.2 0.18 "$have_duckdb" \
  "'$obs' stats --by gateway --value processing_time_ms --percentiles 50,95,99 --output json '$log'" "$duck gateway '$log'"
beside 'count and percentiles by gateway' key-and-walk
compare 'the ten slowest of all requests' slowest 0.35 0.30 "$have_duckdb" \
  "'$obs' correlate --slowest 10 --output json '$log'" "$duck slowest '$log'"
beside 'the ten slowest of all requests' walk

small=$work/small-$files
if [ "$(find "$small" -type f 2>/dev/null | wc -l)" != "$files" ]; then
  rm -rf "$small" && mkdir -p "$small"
  head -n $((files * 20)) "$log" | split -l 20 -a 5 -d --additional-suffix .log - "$small/part-"
fi
compare 'many small files' lines none 1.0 "$have_rg" \
  "'$obs' grep -l -F '$literal' '$small'" "rg -l -F '$literal' '$small'"

if [ -n "$have_obs" ]; then
  printf '\ngrowth: the same question to once, twice and four times as much (mark: at most 2.05 x each)\n'
  lines=$(($(wc -l <"$log") / 4))
  for question in "grep -c -F '$literal'" 'stats --by gateway --value processing_time_ms' 'correlate --slowest 10'; do
    printf '    %s:' "$question"
    last=
    for times in 1 2 4; do
      part=$work/part-$times.log
      [ -s "$part" ] || head -n $((lines * times)) "$log" >"$part"
      name=growth-$times-${question//[^a-z0-9]/-}
      for round in $(seq "$rounds"); do time_it "$name" "'$obs' $question '$part'"; done
      seconds=$(best "$name")
      printf ' %s s' "$seconds"
      [ -z "$last" ] || awk "BEGIN {printf \" (%.2f x)\", $seconds / $last}"
      last=$seconds
    done
    printf '\n'
  done
fi

for packer in gzip zstd; do
  command -v "$packer" >/dev/null || { printf '\n%s is not installed: skipped\n' "$packer"; continue; }
  packed=$log.$packer
  [ -s "$packed" ] || "$packer" -c "$log" >"$packed"
  alone "count a literal in $packer" 'at most 1.3 x the decoder alone' "'$obs' grep -c -F '$literal' '$packed'"
  if [ -n "$have_limits" ]; then
    "$limits" "$packed" >"$out/$packer.txt"
    beside "count a literal in $packer" "$packer" "$out/$packer.txt"
  fi
done

if command -v gzip >/dev/null && [ -n "$have_obs" ]; then
  hosts=$work/hosts
  if [ ! -d "$hosts" ]; then
    for host in a b; do
      mkdir -p "$hosts.part/$host"
      for part in 1 2; do
        awk -v host="$host" -v part="$part" 'NR % 2 == (host == "a") && int(NR / 400000) == 2 - part' "$log" |
          gzip -c >"$hosts.part/$host/payment.log.$part.gz"
      done
    done
    mv "$hosts.part" "$hosts"
  fi
  alone 'rotated files of two hosts by time' 'at most 1.3 x decoding them' \
    "'$obs' grep --sort time -F '$literal' '$hosts'"
  if [ -n "$have_limits" ]; then
    for part in "$hosts"/*/*.gz; do "$limits" "$part"; done >"$out/hosts.each.txt"
    # Two cores decode two files at once.
    awk -v cores="$(nproc)" '{ sum += $3 } END { print "gzip", cores, sum / cores }' "$out/hosts.each.txt" >"$out/hosts.txt"
    beside 'rotated files of two hosts by time' gzip "$out/hosts.txt"
  fi
fi

alone 'templates' '200 MB/s a core' "'$obs' templates '$log'"

if [ -z "$have_obs" ]; then
  printf '\nanonymous memory of the peer\n'
  for question in gateway slowest; do
    [ -n "$have_duckdb" ] && echo "    $question: $(python3 "$here/anon.py" python3 "$here/duck.py" "$question" "$log" | awk '{printf "%.1f MiB", $1 / 1048576}')"
  done
  exit 0
fi

printf '\nthe whole directory, nothing asked (marks: stats 1.2, investigate 1.0 GB/s of uncompressed input)\n'
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

printf '\nfollowing files (marks: 100 ms, 2 %% of a core)\n'
python3 "$here/follow.py" "$obs" 20
python3 "$here/follow.py" "$obs" 500

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

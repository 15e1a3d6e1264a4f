#!/usr/bin/env bash
# fuzz/run.sh MINUTES [TARGET...]: builds the targets and runs each for so long, with the seeds that tests/fuzzed.rs writes.
# Needs the nightly toolchain (libFuzzer's instrumentation is not in stable) and a C++ compiler; cargo-fuzz is not needed.
set -euo pipefail
cd "$(dirname "$0")"
minutes=${1:?minutes}
shift
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=($(sed -n 's/^name = "\(.*\)"$/\1/p' Cargo.toml | grep -v -e '^obs-fuzz$' -e '^targets$'))
# What cargo-fuzz passes: coverage that guides, comparisons that are seen, and overflows that are errors.
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions -Coverflow-checks -Ccodegen-units=1"
host=$(rustc +nightly -vV | sed -n 's/^host: //p')
cargo +nightly build --release --target "$host" --bins
failed=0
for target in "${targets[@]}"; do
  mkdir -p "corpus/$target" "findings/$target"
  # A minute of silence is a hang; inputs stay short, so that many are tried.
  "target/$host/release/$target" "corpus/$target" "findings/$target" -max_total_time=$((minutes * 60)) -timeout=20 \
    -rss_limit_mb=2048 -max_len=4096 -artifact_prefix="findings/$target/" || failed=1
done
exit $failed

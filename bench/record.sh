#!/usr/bin/env bash
# Every benchmark, each file in a process of its own (models of one slow down another's), recorded in
# bench/results/bench-$NAME-*.json. The machine should do nothing else. Needs MNIST (ZOO_DATA_DIR).
set -euo pipefail
cd "$(dirname "$0")/.."
for file in bench/test_*.py; do
  part="$(basename "$file" .py)"
  python -m pytest "$file" -q -p no:cacheprovider \
    --benchmark-json "bench/results/bench-${NAME:-cpu}-${part#test_}.json"
done
python bench/results.py table

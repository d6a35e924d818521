#!/usr/bin/env bash
# Every benchmark, or the files that are given, each in a process of its own (models of one slow down
# another's), recorded in bench/results/bench-$NAME-*.json, on $KERAS_BACKEND (TensorFlow); the trainer's
# and the ConvLSTM's on every backend that is installed. Records go to bench/results at the end: the working
# tree must have no uncommitted changes meanwhile. The machine should do nothing else. Needs MNIST
# (ZOO_DATA_DIR).
set -euo pipefail
cd "$(dirname "$0")/.."
export KERAS_BACKEND="${KERAS_BACKEND:-tensorflow}"
records="${RUNS:-runs}/records-${NAME:-cpu}"
python bench/results.py clean
rm -rf "$records"
mkdir -p "$records"
[ $# -gt 0 ] || set -- bench/test_*.py

record() { # FILE PART
  python -m pytest "$1" -q -p no:cacheprovider \
    --benchmark-json "$records/bench-${NAME:-cpu}-$2.json"
}

for file in "$@"; do
  part="$(basename "$file" .py)"
  record "$file" "${part#test_}"
done
for backend in tensorflow jax torch; do
  if [ "$backend" = "$KERAS_BACKEND" ]; then continue; fi
  if python -c "import sys, importlib.util as i; sys.exit(not i.find_spec('$backend'))"; then
    for file in "$@"; do
      part="$(basename "$file" .py)"
      case "$part" in
        test_trainer | test_convlstm) KERAS_BACKEND=$backend record "$file" "${part#test_}-$backend" ;;
      esac
    done
  else
    echo "$backend is skipped: pip install 'archzoo[$backend]'"
  fi
done
python bench/results.py collect "$records"/*.json
python bench/results.py table

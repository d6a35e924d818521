#!/usr/bin/env bash
# Every benchmark, each file in a process of its own (models of one slow down another's), recorded in
# bench/results/bench-$NAME-*.json, on $KERAS_BACKEND (TensorFlow); the trainer's and the ConvLSTM's on
# every backend that is installed. The machine should do nothing else. Needs MNIST (ZOO_DATA_DIR).
set -euo pipefail
cd "$(dirname "$0")/.."
export KERAS_BACKEND="${KERAS_BACKEND:-tensorflow}"

record() { # FILE PART
  python -m pytest "$1" -q -p no:cacheprovider \
    --benchmark-json "bench/results/bench-${NAME:-cpu}-$2.json"
}

for file in bench/test_*.py; do
  part="$(basename "$file" .py)"
  record "$file" "${part#test_}"
done
for backend in tensorflow jax torch; do
  if [ "$backend" = "$KERAS_BACKEND" ]; then continue; fi
  if python -c "import sys, importlib.util as i; sys.exit(not i.find_spec('$backend'))"; then
    for part in trainer convlstm; do
      KERAS_BACKEND=$backend record "bench/test_$part.py" "$part-$backend"
    done
  else
    echo "$backend is skipped: pip install 'archzoo[$backend]'"
  fi
done
python bench/results.py table

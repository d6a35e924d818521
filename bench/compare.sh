#!/usr/bin/env bash
# The README's comparison: record and page go to bench/results. The machine should do nothing else.
# Needs archzoo[report], the plugins, and MNIST (ZOO_DATA_DIR). RECIPE, SEEDS and RUNS may be set.
set -euo pipefail
cd "$(dirname "$0")/.."
name="bench/results/compare-mnist-${RECIPE:-quick}"
zoo compare --all --dataset mnist --recipe "${RECIPE:-quick}" --seeds "${SEEDS:-3}" \
  --runs-dir "${RUNS:-runs}" --html "$name.html" --json > "$name.json.partial"
mv "$name.json.partial" "$name.json"
python bench/results.py table

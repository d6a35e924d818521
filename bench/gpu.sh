#!/usr/bin/env bash
# The comparison on a GPU, with JAX: record, page and run.json of every run go to bench/results.
# Needs archzoo[report] and the plugins installed with a CUDA build of JAX, and MNIST (ZOO_DATA_DIR).
set -euo pipefail
cd "$(dirname "$0")/.."
runs="${RUNS:-runs}"
name="bench/results/compare-mnist-${RECIPE:-standard}-gpu"
zoo compare --all --dataset mnist --backend jax --device gpu --recipe "${RECIPE:-standard}" \
  --seeds "${SEEDS:-5}" --runs-dir "$runs" --html "$name.html" --json > "$name.json.partial"
mv "$name.json.partial" "$name.json"
python bench/results.py collect "$name.json" "$runs"

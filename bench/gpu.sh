#!/usr/bin/env bash
# The comparison on a GPU, with JAX: record and page go to bench/results.
# Needs archzoo[report] and the plugins installed with a CUDA build of JAX, and MNIST (ZOO_DATA_DIR).
set -euo pipefail
cd "$(dirname "$0")/.."
name="bench/results/compare-mnist-${RECIPE:-standard}-gpu"
zoo compare --all --dataset mnist --backend jax --device gpu --recipe "${RECIPE:-standard}" \
  --seeds "${SEEDS:-5}" --runs-dir "${RUNS:-runs}" --html "$name.html" --json > "$name.json.partial"
mv "$name.json.partial" "$name.json"

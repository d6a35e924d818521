#!/usr/bin/env bash
# The README's trainings on a GPU, with JAX; each record goes to bench/results.
# Needs archzoo and the plugins installed with a CUDA build of JAX, and MNIST (ZOO_DATA_DIR).
set -euo pipefail
cd "$(dirname "$0")/.."
for name in cnn cnn_lstm convlstm2d lrcn; do
  zoo train "$name" --backend jax --device gpu --recipe "${RECIPE:-standard}" --seed "${SEED:-0}" --quiet
  python bench/results.py collect "$(ls -td "runs/$name-mnist-${RECIPE:-standard}-s${SEED:-0}-"* | head -1)"
done

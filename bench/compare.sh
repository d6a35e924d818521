#!/usr/bin/env bash
# A comparison for the documentation: record, page and run.json of every run go to bench/results. The
# machine should do nothing else. The architectures are the four of the README, so that its record can be
# made again; ARCHITECTURES="cnn gru" takes others, ARCHITECTURES=--all every installed one.
# Needs archzoo[report], the plugins, and the data (ZOO_DATA_DIR). May be set: ARCHITECTURES, DATASET,
# DATA (its parameters: DATA="order=shuffled seed=1"), RECIPE (on MNIST quick, else the dataset's own),
# SETTINGS (hyperparameters: SETTINGS=cnn.filters=48,96,128), SEEDS, RUNS; further options are passed on:
# bench/compare.sh --costs none
set -euo pipefail
cd "$(dirname "$0")/.."
dataset="${DATASET:-mnist}" runs="${RUNS:-runs}" settings=()
recipe="${RECIPE:-$([ "$dataset" = mnist ] && echo quick || zoo datasets show "$dataset" --json |
  python -c 'import json, sys; print(json.load(sys.stdin)["recipe"])')}"
name="bench/results/compare-$dataset"
for pair in ${DATA:-}; do
  settings+=(--data-set "$pair") name="$name-${pair/=/-}"
done
name="$name-$recipe"
for pair in ${SETTINGS:-}; do
  settings+=(--set "$pair") name="$name-${pair//[^a-z0-9_]/-}"
done
read -ra architectures <<< "${ARCHITECTURES:-cnn cnn_lstm convlstm2d lrcn}"
zoo compare "${architectures[@]}" --dataset "$dataset" ${settings[@]+"${settings[@]}"} --recipe "$recipe" --seeds "${SEEDS:-3}" --runs-dir "$runs" \
  --html "$name.html" --json "$@" > "$name.json.partial"
mv "$name.json.partial" "$name.json"
python bench/results.py collect "$name.json" "$runs"
python bench/results.py table

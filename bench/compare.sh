#!/usr/bin/env bash
# A comparison for the documentation: its record, and a line for each of its runs, go to bench/results; the
# page stays in RUNS/records, but for the README's. The machine should do nothing else, and the working
# tree must have no uncommitted changes: the records name the commit. The architectures are the four of the
# README, so that its record can be made again; ARCHITECTURES="cnn gru" takes others, ARCHITECTURES=--all
# every installed one. Needs archzoo, the plugins, and the data (ZOO_DATA_DIR). May be set:
# ARCHITECTURES, DATASET, DATA (its parameters: DATA="order=shuffled seed=1"), RECIPE (on MNIST quick, else
# the dataset's own), SETTINGS (hyperparameters: SETTINGS=cnn.filters=48,96,128), SEEDS, RUNS; COLLECT=later
# leaves the record in RUNS/records, because collecting changes the working tree; further options are passed
# on: bench/compare.sh --costs none
set -euo pipefail
cd "$(dirname "$0")/.."
python bench/results.py clean
dataset="${DATASET:-mnist}" runs="${RUNS:-runs}" settings=()
recipe="${RECIPE:-$([ "$dataset" = mnist ] && echo quick || python -m zoo datasets show "$dataset" --json |
  python -c 'import json, sys; print(json.load(sys.stdin)["recipe"])')}"
name="$runs/records/compare-$dataset"
for pair in ${DATA:-}; do
  settings+=(--data-set "$pair") name="$name-${pair/=/-}"
done
name="$name-$recipe"
for pair in ${SETTINGS:-}; do
  settings+=(--set "$pair") name="$name-${pair//[^a-z0-9_]/-}"
done
read -ra architectures <<< "${ARCHITECTURES:-cnn cnn_lstm convlstm2d lrcn}"
mkdir -p "$runs/records"
python -m zoo compare "${architectures[@]}" --dataset "$dataset" ${settings[@]+"${settings[@]}"} --recipe "$recipe" --seeds "${SEEDS:-3}" --runs-dir "$runs" \
  --html "$name.html" --json "$@" > "$name.json.partial"
mv "$name.json.partial" "$name.json"
if [ "${COLLECT:-now}" = now ]; then
  python bench/results.py collect "$name.json" --runs "$runs"
  python bench/results.py table
fi

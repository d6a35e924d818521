#!/usr/bin/env bash
# Everything that is measured on a GPU, with JAX: the benchmarks (bench-gpu-*.json), the speedrun, and
# the comparisons of recipes standard and long on MNIST, and of long on Fashion-MNIST, with the
# seeds of an architecture in one program. Records go to bench/results, all at the end: the working tree
# must have no uncommitted changes meanwhile. Needs archzoo and the plugins installed with a CUDA
# build of JAX, and the data (ZOO_DATA_DIR). ZOO_BENCH=smallest runs through it on a CPU, too.
set -euo pipefail
cd "$(dirname "$0")/.."
export KERAS_BACKEND=jax COLLECT=later RUNS="${RUNS:-runs/gpu}"
parts="trainer baselines augmentation convlstm" speedrun=mnist
pairs="mnist:standard mnist:long fashion_mnist:long" sized="mnist fashion_mnist"
compare=(bench/compare.sh --device gpu --together --costs none) device=gpu seeds=5
if [ "${ZOO_BENCH:-}" = smallest ]; then
  parts=convlstm pairs=digits:quick sized="" speedrun=digits
  compare=(bench/compare.sh --costs none) device=auto seeds=1
  export ARCHITECTURES=cnn
fi
python bench/results.py clean
mkdir -p "$RUNS/records"
for part in $parts; do
  python -m pytest "bench/test_$part.py" -q -p no:cacheprovider \
    --benchmark-json "$RUNS/records/bench-gpu-$part.json"
done
python -m zoo train cnn --recipe speedrun --dataset "$speedrun" --device "$device" --set filters=8,16,32 \
  --set dropout=0 --seeds "$seeds" --one-by-one --runs-dir "$RUNS/speedrun"
for pair in $pairs; do
  DATASET="${pair%:*}" RECIPE="${pair#*:}" SEEDS="${SEEDS:-$seeds}" "${compare[@]}"
done
# The sizes that the trials of ten epochs have as best, where there is a GPU to pay for them.
cnn="cnn.filters=32,64,128 cnn.convolutions=2,2 cnn.strided=false"
convlstm2d="convlstm2d.stem=32 convlstm2d.filters=48 convlstm2d.head=96 convlstm2d.convolutions=2,2"
for architecture in cnn convlstm2d; do
  for dataset in $sized; do
    ARCHITECTURES="$architecture" SETTINGS="${!architecture}" \
      DATASET="$dataset" RECIPE=long SEEDS="${SEEDS:-$seeds}" "${compare[@]}"
  done
done
python bench/results.py collect "$RUNS"/records/*.json "$RUNS"/speedrun/*/ --runs "$RUNS"
python bench/results.py table

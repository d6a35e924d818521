#!/usr/bin/env bash
# Everything that is measured on a GPU, with JAX: the benchmarks (bench-gpu-*.json), the speedrun, and
# the comparisons of recipes standard and record on MNIST, and of record on Fashion-MNIST, with the
# seeds of an architecture in one program. Records go to bench/results. Needs archzoo[report] and the
# plugins installed with a CUDA build of JAX, and the data (ZOO_DATA_DIR).
set -euo pipefail
cd "$(dirname "$0")/.."
export KERAS_BACKEND=jax
for part in trainer yardsticks augmentation convlstm; do
  python -m pytest "bench/test_$part.py" -q -p no:cacheprovider \
    --benchmark-json "bench/results/bench-gpu-$part.json"
done
runs="${RUNS:-runs}"
zoo train cnn --recipe speedrun --dataset mnist --device gpu --set filters=8,16,32 --set dropout=0 \
  --seeds 5 --one-by-one --runs-dir "$runs/speedrun"
python bench/results.py collect "$runs"/speedrun/*/
for pair in mnist:standard mnist:record fashion_mnist:record; do
  DATASET="${pair%:*}" RECIPE="${pair#*:}" SEEDS="${SEEDS:-5}" RUNS="$runs" \
    bench/compare.sh --device gpu --together --costs none
done
# The sizes that the trials of ten epochs have as best, where there is a GPU to pay for them.
cnn="cnn.filters=32,64,128 cnn.convolutions=2,2 cnn.strided=false"
convlstm2d="convlstm2d.stem=32 convlstm2d.filters=48 convlstm2d.head=96 convlstm2d.convolutions=2,2"
for architecture in cnn convlstm2d; do
  for dataset in mnist fashion_mnist; do
    ARCHITECTURES="$architecture" SETTINGS="${!architecture}" \
      DATASET="$dataset" RECIPE=record SEEDS="${SEEDS:-5}" RUNS="$runs" \
      bench/compare.sh --device gpu --together --costs none
  done
done

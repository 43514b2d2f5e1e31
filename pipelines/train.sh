#!/usr/bin/env bash
# The accurate recipe: the one behind the shipped model. Nothing is chosen on the test set: the
# model is the last one, whatever the validation digits say.
#
#   SEED=1 EPOCHS=14 THREADS=2 OUT=build/accurate.safetensors pipelines/train.sh
#
# Its metrics go beside the model: build/accurate.tsv.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/${BUILD:-build}:$PATH
: "${SEED:=1}" "${EPOCHS:=14}" "${THREADS:=$(nproc)}" "${OUT:=build/accurate.safetensors}"
images=data/mnist/train-images-idx3-ubyte labels=data/mnist/train-labels-idx1-ubyte
held_out=$(mktemp)
trap 'rm -f "$held_out"' EXIT

idx2bin --range 55000:60000 "$images" "$labels" > "$held_out"

idx2bin --range 0:55000 "$images" "$labels" |
    augment --seed "$SEED" --epochs "$EPOCHS" |
    cnn-train --net 'c5x24 p2 c3x48 c3x48 p2 c3x96 c3x96 gmp d10' --seed "$SEED" \
        --threads "$THREADS" --optimizer sgd --rate 0.1 --momentum 0.9 --weight-decay 5e-4 \
        --schedule cosine --warmup 0.15 --batch 100 --label-smoothing 0.03 --ema 0.995 \
        --epoch-size 55000 --report-every 55000 --val "$held_out" -o "$OUT" \
        > "${OUT%.safetensors}.tsv"

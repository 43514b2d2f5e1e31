#!/usr/bin/env bash
# The same programs on the second data set, Fashion-MNIST: ten kinds of clothes instead of digits.
# Clothes stand upright and fill their frame, so the distortions are gentler.
#
#   SEED=1 EPOCHS=8 THREADS=2 OUT=build/fashion.safetensors pipelines/fashion.sh
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/${BUILD:-build}:$PATH
: "${SEED:=1}" "${EPOCHS:=8}" "${THREADS:=$(nproc)}" "${OUT:=build/fashion.safetensors}"
images=data/fashion/train-images-idx3-ubyte labels=data/fashion/train-labels-idx1-ubyte
held_out=$(mktemp)
trap 'rm -f "$held_out"' EXIT

pipelines/data.sh fashion

idx2bin --range 55000:60000 "$images" "$labels" > "$held_out"

idx2bin --range 0:55000 "$images" "$labels" |
    augment --none --shift 1 --zoom 0.05 --rotate 3 --seed "$SEED" --epochs "$EPOCHS" |
    cnn-train --net 'c5x24v p2 c3x48 c3x48 p2 c3x96 c3x96 gmp d10' --seed "$SEED" \
        --threads "$THREADS" --optimizer sgd --rate 0.1 --momentum 0.9 --weight-decay 5e-4 \
        --schedule cosine --warmup 0.15 --batch 100 \
        --epoch-size 55000 --report-every 55000 --val "$held_out" -o "$OUT" \
        > "${OUT%.safetensors}.tsv"

DATA=data/fashion MODEL=$OUT pipelines/evaluate.sh

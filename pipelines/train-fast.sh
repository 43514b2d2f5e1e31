#!/usr/bin/env bash
# The fast recipe: a small network that sees the augmented stream as it arrives, in constant memory.
# Seconds of training for 99 in 100 digits. The last 5,000 training digits are held out for
# validation and calibration; the test set plays no part.
#
#   SEED=1 EPOCHS=3 THREADS=2 OUT=build/fast.safetensors pipelines/train-fast.sh
#
# Its metrics go beside the model: build/fast.tsv.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/${BUILD:-build}:$PATH
: "${SEED:=1}" "${EPOCHS:=3}" "${THREADS:=$(nproc)}" "${OUT:=build/fast.safetensors}"
images=data/mnist/train-images-idx3-ubyte labels=data/mnist/train-labels-idx1-ubyte
held_out=$(mktemp)
trap 'rm -f "$held_out"' EXIT

idx2bin --range 55000:60000 "$images" "$labels" > "$held_out"

idx2bin --range 0:55000 "$images" "$labels" |
    augment --seed "$SEED" --epochs "$EPOCHS" |
    cnn-train --net 'c5x24vb p2 c3x32vb p2 d256 d10' --seed "$SEED" --threads "$THREADS" \
        --optimizer adam --rate 0.01 --beta1 0.7 --beta2 0.9 --schedule onecycle --warmup 0.3 \
        --batch 256 --label-smoothing 0 --epoch-size 55000 --report-every 11000 \
        --val "$held_out" --meta data="MNIST, training digits 0 to 54,999, augmented" \
        --meta data_sha256="$(sha256sum < "$images" | cut -d " " -f 1)" \
        -o "$OUT" > "${OUT%.safetensors}.tsv"

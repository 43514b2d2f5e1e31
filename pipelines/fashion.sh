#!/usr/bin/env bash
# The same programs on the second data set, Fashion-MNIST: ten kinds of clothes instead of digits.
# Clothes stand upright and fill their frame, so the distortions are gentler; but they may be
# mirrored, and what tells them apart is fine, so the network looks at all 28x28 pixels twice.
#
#   SEED=1 EPOCHS=30 THREADS=2 OUT=build/fashion.safetensors pipelines/fashion.sh
#   DATA=data/fashion MODEL=build/fashion.safetensors pipelines/evaluate.sh
#
# Learns all 60,000 pictures, or with VALIDATE=1 the first 55,000, validated on the others; the test
# set plays no part. More knobs: recipe.sh. An interrupted training goes on when the same command is
# given again.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${NET:=c3x32 c3x32 p2 c3x64 c3x64 p2 c3x128 c3x128 gma d10}" "${EPOCHS:=30}"
: "${OUT:=build/fashion.safetensors}"
: "${TEMPERATURE:=0.8}" # fitted by VALIDATE=1 pipelines/fashion.sh
distort=(--none --mirror 0.5 --shift 2 --zoom 0.1 --rotate 4 --erase 6 --sharpen 2)
DATA=data/fashion
pipelines/data.sh fashion
source pipelines/recipe.sh

training_digits |
    augment "${distort[@]}" |
    cnn-train --net "$NET" --optimizer sgd --rate 0.1 --momentum 0.9 --weight-decay 5e-4 \
        --schedule cosine --warmup 0.15 --batch 100 --label-smoothing 0.03 --ema 0.995 \
        --checkpoint "$checkpoint" --resume --report-every 60000 "${options[@]}" >> "$metrics"
rm -f "$checkpoint"

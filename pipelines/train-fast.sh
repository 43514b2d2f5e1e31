#!/usr/bin/env bash
# The fast recipe: a small network that sees the augmented stream as it arrives, in constant memory.
# Seconds of training for 99 in 100 digits.
#
#   SEED=1 EPOCHS=3 THREADS=2 OUT=build/fast.safetensors pipelines/train-fast.sh
#
# Learns all 60,000 digits, or with VALIDATE=1 the first 55,000, validated on the others; the test
# set plays no part. More knobs: recipe.sh. Its metrics go beside the model: build/fast.tsv.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${NET:=c5x24vb p2 c3x32vb p2 d256 d10}" "${EPOCHS:=3}" "${OUT:=build/fast.safetensors}"
: "${TEMPERATURE:=1.24}" # fitted by VALIDATE=1 pipelines/train-fast.sh
distort=(--rotate 12 --shift 2.2 --zoom 0.12 --shear 0.2 --elastic 0.8)
source pipelines/recipe.sh

training_digits |
    augment "${distort[@]}" |
    cnn-train --net "$NET" --optimizer adam --rate 0.01 --beta1 0.7 --beta2 0.9 \
        --schedule onecycle --warmup 0.3 --batch 256 --label-smoothing 0 --report-every 11000 \
        "${options[@]}" > "$metrics"

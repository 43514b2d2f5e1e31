#!/usr/bin/env bash
# The best recipe for one network: twice as deep as the default, looked at for longer. Within an
# hour on two cores.
#
#   SEED=1 EPOCHS=40 THREADS=2 OUT=build/best.safetensors pipelines/train-best.sh
#
# Learns all 60,000 digits, or with VALIDATE=1 the first 55,000, validated on the others; the model
# is the last one, and the test set plays no part. More knobs: recipe.sh. Its metrics go beside the
# model: build/best.tsv. An interrupted training goes on when the same command is given again.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${NET:=c3x16v c3x32v p2 c3x64 c3x64 p2 c3x96 c3x96 c3x96 gmp d10}" "${EPOCHS:=40}"
: "${OUT:=build/best.safetensors}"
: "${TEMPERATURE:=0.6}" # fitted by VALIDATE=1 pipelines/train-best.sh
distort=(--rotate 12 --shift 2.2 --zoom 0.12 --shear 0.2 --elastic 0.8)
source pipelines/recipe.sh

training_digits |
    augment "${distort[@]}" |
    cnn-train --net "$NET" --optimizer sgd --rate 0.1 --momentum 0.9 --weight-decay 5e-4 \
        --schedule cosine --warmup 0.15 --batch 100 --label-smoothing 0.03 --ema 0.995 \
        --checkpoint "$checkpoint" --resume --report-every 27500 "${options[@]}" >> "$metrics"
rm -f "$checkpoint"

#!/usr/bin/env bash
# The default recipe: the most digits right for a minute or two of training.
#
#   SEED=1 EPOCHS=20 THREADS=2 OUT=build/digits.safetensors pipelines/train.sh
#
# Learns all 60,000 digits, or with VALIDATE=1 the first 55,000, validated on the others; the model
# is the last one, and the test set plays no part. One digit in ten is spoilt as scans and photos
# are. It is told of digits alone: train-best.sh, or FOREIGN=4 PIECES=2, teach as well what is none.
# More knobs: recipe.sh. Its metrics go beside the model: build/digits.tsv. An interrupted training
# goes on when the same command is given again.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${NET:=c5x24v p2 c3x48 c3x48 p2 c3x96 c3x96 gmp d10}" "${EPOCHS:=20}"
: "${OUT:=build/digits.safetensors}"
: "${TEMPERATURE:=0.59}" # fitted by VALIDATE=1 pipelines/train.sh, seeds 3 to 5: 0.587 to 0.592
distort=(--rotate 12 --shift 2.2 --zoom 0.12 --shear 0.2 --elastic 0.8 --sharpen 2 --spoil 0.1
    --lines 2)
source pipelines/recipe.sh

training_digits |
    augment "${distort[@]}" |
    cnn-train --net "$NET" --optimizer sgd --rate 0.1 --momentum 0.9 --weight-decay 5e-4 \
        --schedule cosine --warmup 0.15 --batch 100 --label-smoothing 0.03 --ema 0.995 \
        --checkpoint "$checkpoint" --resume --report-every "$((epoch / 2))" "${options[@]}" \
        >> "$metrics"
rm -f "$checkpoint"

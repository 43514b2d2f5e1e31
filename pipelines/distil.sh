#!/usr/bin/env bash
# A small network for small machines, taught by large ones: it sees every digit distorted anew, with
# the teachers' mean probabilities as its labels. One stream; memory does not grow with EPOCHS.
#
#   TEACHERS="model/digits.safetensors" SEED=1 EPOCHS=30 THREADS=2 OUT=build/small.safetensors \
#       pipelines/distil.sh
#
# The teachers are calibrated by their temperatures. Smoothing their labels makes a student surer of
# what differs a little from what it has learnt, such as digits in pictures (model/MODEL.md). It
# learns all 60,000 digits, or with VALIDATE=1 the first 55,000, validated on the others (which says
# something where its teachers have not learnt them either); the test set plays no part. More knobs:
# recipe.sh. An interrupted training goes on when the same command is given again, once the teachers
# have labelled again what went before.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${TEACHERS:=model/digits.safetensors}" # several, with spaces between: an ensemble
: "${NET:=c5x16v p2 c3x32 c3x32 p2 c3x64 c3x64 gmp d10}" # 4.2 million multiply-adds
: "${EPOCHS:=30}" "${OUT:=build/small.safetensors}"
: "${TEMPERATURE:=0.54}" # fitted by VALIDATE=1, seed 1, taught by three of train.sh: 0.540
: "${FOREIGN:=4}" # after every 4 digits a drawing that is none, to be answered by ?
: "${PIECES:=2}"  # after every 2 a piece of two that touch, so that it knows good cuts
distort=(--rotate 12 --shift 2.2 --zoom 0.12 --shear 0.2 --elastic 0.8 --sharpen 2 --spoil 0.1
    --lines 2)
source pipelines/recipe.sh

# Each teacher as an -m of its own; the card names them by their weights' sums.
read -ra teachers <<< "$TEACHERS"
sums=$(sha256sum "${teachers[@]}" | cut -c 1-16 | paste -sd ' ')

training_digits |
    augment "${distort[@]}" |
    cnn-predict --relabel --certain --threads "$THREADS" "${teachers[@]/#/--model=}" |
    cnn-train --net "$NET" --optimizer sgd --rate 0.1 --momentum 0.9 --weight-decay 5e-4 \
        --schedule cosine --warmup 0.15 --batch 100 --label-smoothing 0.03 --ema 0.995 \
        --checkpoint "$checkpoint" --resume --report-every "$((epoch / 2))" \
        --meta teachers="$sums" "${options[@]}" >> "$metrics"
rm -f "$checkpoint"

#!/usr/bin/env bash
# The best recipe for one network, the one behind the shipped model: larger than the default, and
# taught by three networks of the default recipe, whose mean probabilities are its labels. Half an
# hour on two cores, and its teachers before that 5 minutes each, unless they are there.
#
#   SEED=1 EPOCHS=24 THREADS=2 OUT=build/best.safetensors pipelines/train-best.sh
#
# The teachers are the seeds 1 to 3 of pipelines/train.sh, in build/seeds/default, or TEACHERS.
# Learns all 60,000 digits, or with VALIDATE=1 the first 55,000, validated on the others (teachers
# that have not learnt those either: VALIDATE=1 pipelines/train.sh); the model is the last one, and
# the test set plays no part. More knobs: recipe.sh. Its metrics go beside the model:
# build/best.tsv. An interrupted training goes on when the same command is given again.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${NET:=c5x32v p2 c3x64 c3x64 p2 c3x128 c3x128 c3x128 gmp d10}" "${EPOCHS:=24}"
: "${OUT:=build/best.safetensors}" "${TEACHERS:=}"
: "${TEMPERATURE:=1}" # its labels are calibrated
: "${FOREIGN:=8}"     # 1 image in 9 is no digit, to be answered by '?'
: "${PIECES:=2}"      # and 1 in 3 digits more is a piece of two that touch
distort=(--rotate 12 --shift 2.2 --zoom 0.12 --shear 0.2 --elastic 0.8 --spoil 0.1 --lines 2)
source pipelines/recipe.sh

if [ -z "$TEACHERS" ]; then
    there=${BUILD:-build}/seeds/default
    mkdir -p "$there"
    for seed in 1 2 3; do
        teacher=$there/$seed.safetensors
        TEACHERS+=" $teacher"
        [ -e "$teacher" ] || env -u NET -u EPOCHS -u TEMPERATURE -u FOREIGN -u PIECES \
            -u AUGMENT -u TRAIN SEED=$seed OUT="$teacher" pipelines/train.sh
    done
fi
read -ra teachers <<< "$TEACHERS"
sums=$(sha256sum "${teachers[@]}" | cut -c 1-16 | paste -sd ' ')

# STAGE'S OPTIONS OF AUGMENT -- OPTIONS OF CNN-TRAIN: what both stages do.
learn() {
    local distortions=()
    while [ "$1" != -- ]; do
        distortions+=("$1")
        shift
    done
    shift
    training_digits |
        augment "${distort[@]}" "${distortions[@]}" |
        cnn-predict --relabel --threads "$THREADS" "${teachers[@]/#/--model=}" |
        cnn-train --optimizer sgd --momentum 0.9 --weight-decay 5e-4 --schedule cosine \
            --batch 100 --label-smoothing 0 --ema 0.995 --report-every "$((epoch / 2))" \
            --meta teachers="$sums" "${options[@]}" "$@"
}

long=${OUT%.safetensors}.long.safetensors # after the first stage
[ -e "$long" ] || learn -- --net "$NET" --rate 0.1 --warmup 0.15 --checkpoint "$checkpoint" \
    --resume -o "$long" >> "$metrics"

# Distorting blurs. So it ends with two epochs, at a low rate, of images as sharp as those that it
# will read.
learn --sharpen 2 --epochs 2 --seed $((SEED + 1000)) -- --init "$long" --rate 0.005 \
    --warmup 0.05 --seed $((SEED + 1000)) | awk -F '\t' -v OFS='\t' '
        NR == FNR { epoch = $1; samples = $2; seconds = $3; next }
        FNR > 1 { $1 = sprintf("%.3f", $1 + epoch); $2 += samples
                  $3 = sprintf("%.2f", $3 + seconds); print }' "$metrics" - > "$metrics.new"
cat "$metrics.new" >> "$metrics"
rm -f "$checkpoint" "$long" "$metrics.new"

# shellcheck shell=bash
# What the recipes share: which digits are learnt and which validate, and the options of cnn-train
# that are not about learning. A recipe sets NET, EPOCHS, TEMPERATURE and OUT, reads this file, and
# is then one pipeline from training_digits to cnn-train, whose metrics go to $metrics.
#
#   SEED=1 EPOCHS=20 THREADS=2 OUT=build/mine.safetensors pipelines/train.sh
#   VALIDATE=1      leave out the last 5,000 digits, validate and calibrate on them; without, learn
#                   all 60,000, calibrated by the TEMPERATURE that a run with VALIDATE=1 has fitted
#   NET='...'       another network
#   FOREIGN=0       learn no drawings that are no digits; N: one after every N digits
#   PIECES=0        learn no pieces of digits that touch; N: one after every N digits
#   HANDS=0         learn no digits as other hands write them; N: one after every N digits
#   COARSE=0        learn no digits as small pictures show them; N: up to N times as small
#   AUGMENT='--stroke 0.5'  TRAIN='--ema 0'    more options, which come last: the last one counts
#   DIGITS=2000     learn the first 2,000 digits alone, to try something out
#
# Sets: distort and options, the arguments of augment and cnn-train; epoch, the samples in one;
# metrics and checkpoint, files.
# shellcheck disable=SC2034 # what is set here is the recipes'
: "${SEED:=1}" "${THREADS:=$(nproc)}" "${VALIDATE:=0}" "${DATA:=data/mnist}"
: "${DIGITS:=$((VALIDATE ? 55000 : 60000))}" "${FOREIGN:=0}" "${PIECES:=0}"
: "${HANDS:=0}" "${COARSE:=0}"
PATH=$PWD/${BUILD:-build}:$PATH
images=$DATA/train-images-idx3-ubyte labels=$DATA/train-labels-idx1-ubyte
metrics=${OUT%.safetensors}.tsv checkpoint=${OUT%.safetensors}.checkpoint
read -ra more_augment <<< "${AUGMENT:-}"
read -ra more_train <<< "${TRAIN:-}"

# The metrics of a training that goes on stay.
[ -e "$checkpoint" ] || rm -f "$metrics"

training_digits() {
    idx2bin --range "0:$DIGITS" "$images" "$labels"
}

# augment's options: the recipe's own, then these. An epoch has what is made up, too.
[ "$FOREIGN" -eq 0 ] || distort+=(--foreign "$FOREIGN")
[ "$PIECES" -eq 0 ] || distort+=(--pieces "$PIECES")
[ "$HANDS" -eq 0 ] || distort+=(--hands "$HANDS")
[ "$COARSE" = 0 ] || distort+=(--coarse "$COARSE")
epoch=$((DIGITS + (FOREIGN ? DIGITS / FOREIGN : 0) + (PIECES ? DIGITS / PIECES : 0) +
    (HANDS ? DIGITS / HANDS : 0)))
distort+=("${more_augment[@]}")
augment="${distort[*]}" # for the model's card, without what the card has anyway
distort+=(--seed "$SEED" --epochs "$EPOCHS")

# cnn-train's options, likewise.
options=(--seed "$SEED" --threads "$THREADS" --epoch-size "$epoch" -o "$OUT"
    --meta "data=$DATA, training digits 0 to $((DIGITS - 1))"
    --meta "data_sha256=$(sha256sum < "$images" | cut -d ' ' -f 1)"
    --meta "augment=$augment")
if [ "$VALIDATE" -ne 0 ]; then
    held_out=$(mktemp)
    trap 'rm -f "$held_out"' EXIT
    idx2bin --range 55000:60000 "$images" "$labels" > "$held_out"
    options+=(--val "$held_out")
else
    options+=(--temperature "$TEMPERATURE")
fi
options+=("${more_train[@]}")

#!/usr/bin/env bash
# The best recipe for one network, the one behind the shipped model: two networks of the default
# recipe teach one that is twice as large, and that learns beside it what is no digit, how other
# hands write, and what small pictures leave of a digit.
#
#   SEED=1 EPOCHS=12 THREADS=2 OUT=build/best.safetensors pipelines/train-best.sh
#
# The teachers are train.sh's, of seeds that no other seed of this recipe has, and stay beside the
# model, in build/best-teachers/60000/ by how many digits they have learnt: those of another time
# are taken as long as train.sh has not changed since. TEACHERS="A B" names others. The knobs of
# recipe.sh that say what is learnt, and how, are the student's. Everything else is as in distil.sh,
# which it ends with.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${SEED:=1}" "${OUT:=build/best.safetensors}" "${TEACHERS:=}"
: "${FOREIGN:=6}" "${HANDS:=4}" "${COARSE:=2}"
: "${TEMPERATURE:=0.556}" # fitted by VALIDATE=1 EPOCHS=12, seed 1
: "${NET:=c5x32v p2 c3x64 c3x64 p2 c3x128 c3x128 c3x128 gmp d10}" "${EPOCHS:=12}"

if [ -z "$TEACHERS" ]; then
    # None that has learnt what VALIDATE=1 holds out.
    beside=${OUT%.safetensors}-teachers/${DIGITS:-$((${VALIDATE:-0} ? 55000 : 60000))}
    mkdir -p "$beside"
    for ((seed = 2 * SEED; seed < 2 * SEED + 2; seed++)); do
        teacher=$beside/$seed.safetensors
        [ "$teacher" -nt pipelines/train.sh ] ||
            env -u NET -u EPOCHS -u TEMPERATURE -u FOREIGN -u PIECES -u HANDS -u COARSE \
                -u AUGMENT -u TRAIN SEED="$seed" OUT="$teacher" pipelines/train.sh
        TEACHERS+="${TEACHERS:+ }$teacher"
    done
fi
export SEED OUT TEACHERS NET EPOCHS TEMPERATURE FOREIGN HANDS COARSE
exec pipelines/distil.sh

#!/usr/bin/env bash
# The best recipe for one network, the one behind the shipped model: larger than the default, and
# taught by three networks of the default recipe, as distil.sh does it. A quarter of an hour on two
# cores, and its teachers before that 5 minutes each, unless they are there.
#
#   SEED=1 EPOCHS=18 THREADS=2 OUT=build/best.safetensors pipelines/train-best.sh
#
# The teachers are the seeds 1 to 3 of pipelines/train.sh, in build/seeds/default, or TEACHERS.
# Learns all 60,000 digits, or with VALIDATE=1 the first 55,000, validated on the others (teachers
# that have not learnt those either: VALIDATE=1 pipelines/train.sh). More knobs: recipe.sh. An
# interrupted training goes on when the same command is given again.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${NET:=c5x32v p2 c3x64 c3x64 p2 c3x128 c3x128 c3x128 gmp d10}" "${EPOCHS:=18}"
: "${OUT:=build/best.safetensors}" "${TEACHERS:=}"

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
export NET EPOCHS OUT TEACHERS
exec pipelines/distil.sh

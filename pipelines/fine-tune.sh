#!/usr/bin/env bash
# Learn from the drawings that visitors of the page have corrected, without forgetting MNIST.
#
#   HWDR_MODEL=model/digits.safetensors OUT=build/tuned.safetensors pipelines/fine-tune.sh
#
# Each correction is repeated until they are a tenth of what is seen, at most 100 times, among
# 20,000 training digits; all of them are distorted anew each time. Shows accuracy before and after
# on those drawings, which training has seen, and on MNIST's test set, which it has not.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/${BUILD:-build}:$PATH
: "${HWDR_MODEL:=model/digits.safetensors}" "${OUT:=build/tuned.safetensors}"
: "${HWDR_CORRECTIONS:=${BUILD:-build}/corrections/corrections.npys}"
: "${EPOCHS:=1}" "${SEED:=1}" "${THREADS:=$(nproc)}"
mnist=data/mnist
if [ ! -s "$HWDR_CORRECTIONS" ]; then
    echo "fine-tune: $HWDR_CORRECTIONS: no corrections yet: make some on the page (make serve)" >&2
    exit 2
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The server may be adding to the file.
flock -s "$HWDR_CORRECTIONS" cp "$HWDR_CORRECTIONS" "$work/corrections"
samples=$((($(stat -c %s "$work/corrections") - 128) / 1041))
repeat=$(((2222 + samples - 1) / samples))
[ "$repeat" -le 100 ] || repeat=100

# Streams are joined by leaving out what stands at the seams: the end record (128 bytes) of the one,
# the count record (136 bytes) of the other. See lib/FORMAT.md.
mixture() {
    for ((i = 0; i < repeat; i++)); do head -c -128 "$work/corrections"; done
    idx2bin --range 0:20000 $mnist/train-images-idx3-ubyte $mnist/train-labels-idx1-ubyte |
        tail -c +137
}

accuracy() { # MODEL < SAMPLES
    cnn-eval -m "$1" |
        awk -F '\t' '$1 == "samples"  { n = $2 }
            $1 == "accuracy" { printf "%.2f %% of %d\n", 100 * $2, n }'
}

test_set() {
    idx2bin $mnist/t10k-images-idx3-ubyte $mnist/t10k-labels-idx1-ubyte
}

idx2bin --range 55000:60000 $mnist/train-images-idx3-ubyte $mnist/train-labels-idx1-ubyte \
    >"$work/validation"
mixture |
    augment --seed "$SEED" --epochs "$EPOCHS" |
    cnn-train --init "$HWDR_MODEL" --seed "$SEED" --threads "$THREADS" --optimizer adam \
        --rate 0.0003 --schedule cosine --label-smoothing 0 --ema 0 --batch 128 \
        --report-every 11111 --val "$work/validation" \
        -m tuned="on $samples corrected drawings, each $repeat times, among 20,000 of MNIST" \
        -o "$OUT" >"${OUT%.safetensors}.tsv"

echo "corrected drawings, before  $(accuracy "$HWDR_MODEL" <"$work/corrections")"
echo "                    after   $(accuracy "$OUT" <"$work/corrections")"
echo "MNIST's test set,   before  $(test_set | accuracy "$HWDR_MODEL")"
echo "                    after   $(test_set | accuracy "$OUT")"
echo "Serve it:  HWDR_MODEL=$OUT make serve"

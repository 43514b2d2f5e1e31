#!/usr/bin/env bash
# How much does a model lose on distorted digits? MNIST-C's fifteen corruptions of MNIST's test
# digits, as a table: the accuracy read from the stream as it is, and after idx2bin --normalize has
# taken each image for a picture.
#
#   COUNT=10000 MODEL=model/digits.safetensors tests/mnist_c/run.sh
#   DIGITS=55000:60000 IMAGES=data/mnist/train-images-idx3-ubyte LABELS=... tests/mnist_c/run.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH=$PWD/${BUILD:-build}:$PATH
: "${MODEL:=model/digits.safetensors}" "${COUNT:=10000}" "${DIGITS:=0:$COUNT}" "${SEED:=1}"
: "${IMAGES:=data/mnist/t10k-images-idx3-ubyte}" "${LABELS:=data/mnist/t10k-labels-idx1-ubyte}"
corrupt() {
    PYTHONPATH=lib "${HWDR_PYTHON:-/usr/bin/python3}" tests/mnist_c/corrupt.py "$@"
}
accuracy() {
    cnn-eval -m "$MODEL" | awk -F '\t' '$1 == "accuracy" { print $2 }'
}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

idx2bin --range "$DIGITS" "$IMAGES" "$LABELS" > "$scratch/clean"
corrupt --labels "$scratch/labels" < "$scratch/clean"
printf 'corruption\taccuracy\tnormalized\n'
printf 'none\t%s\t%s\n' "$(accuracy < "$scratch/clean")" \
    "$(idx2bin --normalize --range "$DIGITS" "$IMAGES" "$LABELS" | accuracy)"
for name in $(corrupt --list); do
    corrupt --images "$scratch/images" "$name" "$SEED" < "$scratch/clean" > "$scratch/corrupted"
    printf '%s\t%s\t%s\n' "$name" "$(accuracy < "$scratch/corrupted")" \
        "$(idx2bin --normalize "$scratch/images" "$scratch/labels" | accuracy)"
done | tee "$scratch/table"
awk -F '\t' '{ plain += $2; normalized += $3 }
    END { printf "mean\t%.4f\t%.4f\n", plain / NR, normalized / NR }' "$scratch/table"

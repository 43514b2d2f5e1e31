#!/usr/bin/env bash
# How good are several networks of a recipe together? Tests the mean of the networks that seeds.sh
# kept, once, and keeps the result as evidence in model/ensembles.tsv (or $TSV).
#
#   VIEWS=1 pipelines/ensemble.sh RECIPE SEED...      seeds as in model/seeds-RECIPE.tsv
set -euo pipefail
cd "$(dirname "$0")/.."
: "${BUILD:=build}" "${TSV:=model/ensembles.tsv}" "${VIEWS:=1}"
PATH=$PWD/$BUILD:$PATH
if [ $# -lt 2 ]; then
    echo "ensemble: give a recipe and seeds" >&2
    exit 2
fi
recipe=$1
shift
: "${WORK:=$BUILD/seeds/$recipe}"
data=data/mnist models=()
for seed; do
    models+=(--model "$WORK/$seed.safetensors")
done
[ "$recipe" != fashion ] || data=data/fashion

line=$(idx2bin $data/t10k-images-idx3-ubyte $data/t10k-labels-idx1-ubyte |
    cnn-eval --views "$VIEWS" "${models[@]}" |
    awk -F '\t' -v OFS='\t' -v recipe="$recipe" -v seeds="$*" '
        $1 == "accuracy" || $1 == "loss" || $1 == "ece" { value[$1] = $2 }
        $1 == "wrong" { wrong++ }
        $1 == "cost"  { macs = $2; parameters = $3; views = $5 }
        END { print recipe, seeds, views, macs, parameters, value["accuracy"], value["loss"],
                    value["ece"], wrong + 0 }')
[ -s "$TSV" ] ||
    tr ' ' '\t' <<< 'recipe seeds views macs parameters accuracy loss ece wrong' > "$TSV"
grep -qxF "$line" "$TSV" || echo "$line" >> "$TSV"
echo "$line"

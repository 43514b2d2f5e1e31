#!/usr/bin/env bash
# Writes the tables of model/MODEL.md from the evidence beside it, so that they cannot drift: what
# stands between <!-- NAME --> and <!-- end --> is what card.sh NAME prints.
#
#   pipelines/card.sh                 write them anew
#   pipelines/card.sh --check         exit 1 if they are not what the evidence says
#   pipelines/card.sh NAME            print one: recipes, ensembles, ablations or model
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/${BUILD:-build}:$PATH
: "${EVIDENCE:=model}" "${CARD:=model/MODEL.md}" "${MODEL:=model/digits.safetensors}"

recipes() {
    local table recipe
    echo '| recipe | n | accuracy, % (95 % interval of the mean) | sd | median | min | max | loss' \
        '(interval) | ECE, % | seconds |'
    echo '|---|---|---|---|---|---|---|---|---|---|'
    for recipe in fast default best distil fashion; do
        table=$EVIDENCE/seeds-$recipe.tsv
        if [ ! -e "$table" ]; then
            echo "| $recipe | | to be measured | | | | | | | |"
            continue
        fi
        awk -f pipelines/statistics.awk -v columns='accuracy loss ece seconds' "$table" |
            awk -F '\t' -v recipe="$recipe" '
                { n = $2; mean[$1] = $3; low[$1] = $4; high[$1] = $5; sd[$1] = $6 }
                $1 == "accuracy" { median = $7; min = $8; max = $9 }
                END { printf "| [%s](seeds-%s.tsv) | %d | %.3f (%.3f to %.3f) | %.3f | %.2f | ",
                          recipe, recipe, n, 100 * mean["accuracy"], 100 * low["accuracy"],
                          100 * high["accuracy"], 100 * sd["accuracy"], 100 * median
                      printf "%.2f | %.2f | %.5f (%.5f to %.5f) | %.2f | %.0f |\n", 100 * min,
                          100 * max, mean["loss"], low["loss"], high["loss"], 100 * mean["ece"],
                          mean["seconds"] }'
    done
}

ensembles() {
    echo '| recipe | seeds | views | multiply-adds a digit, M | accuracy, % | loss | ECE, %' \
        '| wrong |'
    echo '|---|---|---|---|---|---|---|---|'
    [ ! -e "$EVIDENCE/ensembles.tsv" ] || awk -F '\t' 'NR > 1 {
        printf "| %s | %s | %d | %.1f | %.2f | %.4f | %.2f | %d |\n", $1, $2, $3, $4 / 1e6,
            100 * $6, $7, 100 * $8, $9 }' "$EVIDENCE/ensembles.tsv"
}

ablations() {
    echo '| study | variant | n | wrong of 5,000 | sd | loss | more wrong than base | more loss |'
    echo '|---|---|---|---|---|---|---|---|'
    [ ! -e "$EVIDENCE/ablations.tsv" ] ||
        TSV=$EVIDENCE/ablations.tsv pipelines/ablate.sh | awk -F '\t' '
            function difference(mean, error) { return mean (error == "-" ? "" : " ± " error) }
            NR > 1 {
                printf "| %s | %s | %s | %s | %s | %s |", $1, $2, $3, $4, $5, $6
                if (NF > 6)
                    printf " %s | %s |\n", difference($7, $8), difference($9, $10)
                else
                    print " | |"
            }'
}

model() {
    echo '| | |'
    echo '|---|---|'
    cnn-export --to card -m "$MODEL" | awk -F '\t' '
        { card[$1] = $2 }
        END { printf "| network | `%s` |\n", card["net"]
              printf "| parameters | %d |\n", card["parameters"]
              printf "| multiply-adds a digit | %.1f million |\n", card["macs"] / 1e6
              printf "| temperature | %s |\n", card["temperature"]
              printf "| seed | %s |\n", card["seed"]
              printf "| trained on | %s |\n", card["data"]
              if (card["augment"] != "")
                  printf "| augmented by | `augment %s` |\n", card["augment"]
              printf "| trained by | `%s` |\n", card["recipe"]
              if (card["accuracy"] != "")
                  printf "| validation | %s |\n", card["accuracy"] }'
    idx2bin data/mnist/t10k-images-idx3-ubyte data/mnist/t10k-labels-idx1-ubyte |
        cnn-eval -m "$MODEL" | awk -F '\t' '
            $1 == "accuracy" {
                printf "| test accuracy | %.2f ± %.2f %%, the standard error of a proportion |\n",
                    100 * $2, 100 * $3
            }
            $1 == "loss" { printf "| test loss | %s ± %s nats |\n", $2, $3 }
            $1 == "ece"  { printf "| calibration error | %.2f %%, 15 bins |\n", 100 * $2 }'
}

# The card with each table as the evidence has it.
written() {
    local line name=
    while IFS= read -r line; do
        if [[ $line =~ ^'<!-- '(recipes|ensembles|ablations|model)' -->'$ ]]; then
            name=${BASH_REMATCH[1]}
            printf '%s\n\n' "$line"
            "$name"
            echo
        elif [ "$line" = '<!-- end -->' ]; then
            name=
        fi
        [ -n "$name" ] || printf '%s\n' "$line"
    done < "$CARD"
}

case ${1:-} in
recipes | ensembles | ablations | model) "$1" ;;
--check)
    diff "$CARD" <(written) || {
        echo "card: $CARD: its tables are not what the evidence says: pipelines/card.sh" >&2
        exit 1
    }
    ;;
'')
    new=$(mktemp "$CARD.XXXXXX")
    trap 'rm -f "$new"' EXIT
    written > "$new"
    cat "$new" > "$CARD"
    ;;
*)
    echo "card: '$1' is none of recipes, ensembles, ablations, model, --check" >&2
    exit 2
    ;;
esac

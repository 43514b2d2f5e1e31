#!/usr/bin/env bash
# Does a change help? Trains a recipe with and without it from the same seeds, judges both on the
# last 5,000 training digits, and compares them seed by seed. The test set plays no part.
#
#   EPOCHS=5 pipelines/ablate.sh STUDY base 3                       seeds 1 to 3 of the base
#   EPOCHS=5 TRAIN='--ema 0' pipelines/ablate.sh STUDY 'no EMA' 3   and of a variant
#   pipelines/ablate.sh                                             the table of all studies
#
# RECIPE is train (the default), train-best, train-fast, fashion or distil; the other knobs are
# recipe.sh's. The evidence is model/ablations.tsv (or $TSV), a line a training; those that are
# there are not repeated. The table has, for each variant: seeds; mean and standard deviation of the
# digits read wrongly; the mean loss; and the mean differences to base, with their standard errors.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${BUILD:=build}" "${TSV:=model/ablations.tsv}" "${RECIPE:=train}" "${WORK:=$BUILD/ablations}"
columns='study variant seed seconds wrong loss command'

table() {
    awk -F '\t' -v OFS='\t' '
        NR == 1 { next }
        {
            key = $1 OFS $2
            if (!(key in n))
                order[++rows] = key
            seed[key, ++n[key]] = $3
            wrong[key, $3] = $5
            loss[key, $3] = $6
        }
        # The mean of `values` over m seeds, and in `spread` their standard deviation.
        function moments(values, m,    i, sum, square) {
            for (i = 1; i <= m; i++)
                sum += values[i]
            for (i = 1; i <= m; i++)
                square += (values[i] - sum / m) ^ 2
            spread = m > 1 ? sqrt(square / (m - 1)) : 0
            return sum / m
        }
        # Of the mean of m values.
        function error(m, format) { return m > 1 ? sprintf(format, spread / sqrt(m)) : "-" }
        END {
            print "study", "variant", "n", "wrong", "sd", "loss", "more wrong", "se",
                  "more loss", "se"
            for (r = 1; r <= rows; r++) {
                key = order[r]
                split(key, name, OFS)
                base = name[1] OFS "base"
                pairs = 0
                for (i = 1; i <= n[key]; i++) {
                    s = seed[key, i]
                    w[i] = wrong[key, s]
                    l[i] = loss[key, s]
                    if ((base, s) in wrong && key != base) {
                        dw[++pairs] = w[i] - wrong[base, s]
                        dl[pairs] = l[i] - loss[base, s]
                    }
                }
                mean = moments(w, n[key])
                line = sprintf("%s\t%d\t%.1f\t%.1f", key, n[key], mean, spread)
                line = line sprintf("\t%.5f", moments(l, n[key]))
                if (pairs) {
                    mean = moments(dw, pairs)
                    line = line sprintf("\t%+.1f\t%s", mean, error(pairs, "%.1f"))
                    mean = moments(dl, pairs)
                    line = line sprintf("\t%+.5f\t%s", mean, error(pairs, "%.5f"))
                }
                print line
            }
        }' "$TSV"
}

if [ $# -eq 0 ] && [ -e "$TSV" ]; then
    table
    exit
elif [ $# -ne 3 ] || ! [[ $3 =~ ^[0-9]+$ ]]; then
    echo "ablate: give a study, a variant and a number of seeds; none for the table of $TSV" >&2
    exit 2
fi

mkdir -p "$WORK" "$(dirname "$TSV")"
[ -s "$TSV" ] || tr ' ' '\t' <<< "$columns" > "$TSV"
name=$(tr -c '[:alnum:]\n' - <<< "$1-$2")
for ((seed = 1; seed <= $3; seed++)); do
    awk -F '\t' -v study="$1" -v variant="$2" -v seed="$seed" \
        '$1 == study && $2 == variant && $3 == seed { there = 1 } END { exit !there }' "$TSV" &&
        continue
    out=$WORK/$name-$seed
    VALIDATE=1 SEED=$seed OUT=$out.safetensors "pipelines/$RECIPE.sh" >&2
    # The recipe's words, without what is the same for all: seed, files, threads.
    command=$("$BUILD/cnn-export" --to card -m "$out.safetensors" | awk -F '\t' '
        { card[$1] = $2 }
        END { sub(/ --seed [0-9]+/, "", card["recipe"])
              print "augment " card["augment"] " | " card["recipe"] }')
    tail -n 1 "$out.tsv" | awk -F '\t' -v OFS='\t' -v study="$1" -v variant="$2" \
        -v seed="$seed" -v command="$command" '{
            print study, variant, seed, $3, sprintf("%.0f", 5000 * (1 - $8)), $7, command
        }' >> "$TSV"
done
table | awk -F '\t' -v study="$1" 'NR == 1 || $1 == study'

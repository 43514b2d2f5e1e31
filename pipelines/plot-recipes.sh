#!/usr/bin/env bash
# Two graphs of the recipes, from the evidence in model/: accuracy against training time, a point a
# seed, and accuracy against multiply-adds, beside what others have published. Without evidence,
# nothing.
#
#   OUT=plots pipelines/plot-recipes.sh
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/${BUILD:-build}:$PATH
: "${OUT:=plots}" "${EVIDENCE:=model}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$OUT"

# TSV: multiply-adds of a digit, by the network that the first seed's command names.
macs() {
    local net
    net=$(sed -n "2s/.*--net '\([^']*\)'.*/\1/p" "$1")
    cnn-train --net "$net" --summary | sed -n 's/^macs\t//p'
}

names='' seeds=0 timed=0
: > "$work/seeds"
: > "$work/means"
: > "$work/ours"
for recipe in fast default best distil; do
    table=$EVIDENCE/seeds-$recipe.tsv
    [ -e "$table" ] || continue
    awk -f pipelines/statistics.awk -v columns='accuracy seconds' "$table" > "$work/statistics"
    awk -F '\t' -v macs="$(macs "$table")" -v name="$recipe" '
        $1 == "accuracy" { print macs, $3, $6, name, 1 }' "$work/statistics" >> "$work/ours"
    [ "$recipe" != distil ] || continue # its teachers' time is not in its own
    sed 1d "$table" | awk -F '\t' -v r="$timed" '{ print r, $4, $6 }' >> "$work/seeds"
    awk -F '\t' -v r="$timed" '$1 == "accuracy" { a = $3 " " $4 " " $5 } $1 == "seconds" { s = $3 }
        END { print r, s, a }' "$work/statistics" >> "$work/means"
    names="$names $recipe" timed=$((timed + 1))
    seeds=$((seeds + $(sed 1d "$table" | wc -l)))
done
[ -s "$work/ours" ] || exit 0
if [ -e "$EVIDENCE/ensembles.tsv" ]; then
    # Those of as many networks and views are one point: their mean.
    awk -F '\t' 'NR > 1 && $1 != "fashion" && $3 == 1 {
            point = $4 " " $1 " " split($2, members, " ")
            sum[point] += $6
            n[point]++
        }
        END {
            for (point in n) {
                split(point, p, " ")
                print p[1], sum[point] / n[point], 0, p[2], p[3]
            }
        }' \
        "$EVIDENCE/ensembles.tsv" | sort -n >> "$work/ours"
fi
awk -F '\t' 'NR > 1 { gsub(/ /, "-", $1); print $3 * $8, $5, $6 + 0, $1, $8, $9 }' \
    model/published.tsv > "$work/published"

# NAME HEADLINE BLOCK...: draws plots/NAME.gp with data blocks of those names.
draw() {
    local block
    {
        echo "set encoding utf8; format = '$kind'; plots = 'plots'"
        echo "names = '$names'; headline = '$2'"
        for block in "${@:3}"; do
            echo "\$$block << END"
            cat "$work/$block"
            echo END
        done
        echo "load 'plots/$1.gp'"
    } | gnuplot --default-settings - > "$work/drawing"
    mv "$work/drawing" "$OUT/$1.$kind"
    echo "$OUT/$1.$kind"
}

for kind in png svg; do
    [ "$timed" -eq 0 ] || draw recipes \
        "$seeds networks, the last checkpoint of each; bars: 95 % of the mean" seeds means
    draw macs "means over seeds, nothing chosen on the test set; bars: one standard deviation" \
        published ours
done

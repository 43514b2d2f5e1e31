#!/usr/bin/env bash
# How good is a recipe, whatever the seed? Trains it with seeds 1 to N, tests each network once, as
# the recipe leaves it, and prints the statistics.
#
#   pipelines/seeds.sh RECIPE N            RECIPE is fast, default, best, fashion or distil
#   pipelines/seeds.sh RECIPE              only print the statistics of what is there
#   pipelines/seeds.sh --check RECIPE S    train seed S again: does it reproduce its line? (0 or 1)
#
# The evidence is model/seeds-RECIPE.tsv (or $TSV), a line a seed; a seed that has its line is not
# trained again, and a training that was interrupted goes on. The networks stay in
# build/seeds/RECIPE ($WORK). The recipes' knobs are in recipe.sh; seeds of a recipe that has
# changed since are refused.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${BUILD:=build}" "${THREADS:=$(nproc)}"
PATH=$PWD/$BUILD:$PATH

fail() {
    echo "seeds: $*" >&2
    exit 2
}

check=
if [ "${1:-}" = --check ]; then
    check=${3:-}
    [[ $check =~ ^[0-9]+$ ]] || fail "--check: give a recipe and a seed"
    set -- "${2:-}"
fi
recipe=${1:-} most=${2:-0} data=data/mnist parts=(recipe.sh)
case $recipe in
fast) script=train-fast.sh ;;
best) script=train-best.sh parts+=(train.sh distil.sh) ;;
default) script=train.sh ;;
distil) script=distil.sh ;;
fashion) script=fashion.sh data=data/fashion ;;
*) fail "'$recipe' is not a recipe: fast, default, best, fashion, distil" ;;
esac
[[ $most =~ ^[0-9]+$ ]] || fail "'$most' is not a number of seeds"
: "${TSV:=model/seeds-$recipe.tsv}" "${WORK:=$BUILD/seeds/$recipe}"
columns='seed version recipe seconds cpu accuracy loss ece wrong model command'

# The recipe's name, and a fingerprint of all that it says: its code and the knobs from outside.
fingerprint() {
    {
        sed -E '/^ *#/d; s/ +# .*//' "pipelines/$script" "${parts[@]/#/pipelines/}"
        for knob in NET EPOCHS TEMPERATURE VALIDATE FOREIGN PIECES HANDS COARSE AUGMENT \
            TRAIN DIGITS TEACHERS; do
            echo "$knob=${!knob:-}"
        done
    } | sha256sum | sed "s/^\(.\{8\}\).*/$recipe@\1/"
}

# The programs' version, and where there is git the commit, with + where it is not quite that.
version() {
    local commit changed=
    commit=$(git rev-parse --short HEAD 2>/dev/null) || commit=
    git diff --quiet HEAD -- lib tools pipelines 2>/dev/null || changed=+
    cnn-train --version | sed "s/.*) //; s/\$/${commit:+-$commit$changed}/" | tr -d '\n'
}

cpu() {
    local isa
    isa=$(grep -m 1 ^flags /proc/cpuinfo | grep -owE 'avx2|avx512bw' | tail -n 1) || isa=
    awk -F ' *: ' '$1 ~ /^model name/ && !name { name = $2 } $1 ~ /^cpu family/ { family = $2 }
        $1 ~ /^model$|^model\t/ { model = $2 } END { printf "%s %s/%s", name, family, model }' \
        /proc/cpuinfo
    echo " ${HWDR_CPU:-${isa%bw}} x$THREADS"
}

# METRICS: seconds that cnn-train took, over interruptions: its clock starts anew after each.
clock() {
    awk -F '\t' 'NR > 1 && $3 < last { sum += last } NR > 1 { last = $3 }
        END { printf "%.0f\n", sum + last }' "$1"
}

# SEED NAME: train into $WORK/NAME.safetensors, test once, and print the seed's line.
try() {
    local model=$WORK/$2.safetensors began=$SECONDS wall trained report
    mkdir -p "$WORK"
    SEED=$1 OUT=$model "pipelines/$script" >&2
    wall=$((SECONDS - began)) trained=$(clock "$WORK/$2.tsv")
    report=$WORK/$2.report
    idx2bin $data/t10k-images-idx3-ubyte $data/t10k-labels-idx1-ubyte |
        cnn-eval -m "$model" -t "$THREADS" > "$report"
    printf '%s\t%s\t%s\t%s\t%s\t' "$1" "$(version)" "$(fingerprint)" \
        "$((wall > trained ? wall : trained))" "$(cpu)"
    awk -F '\t' '$1 == "accuracy" || $1 == "loss" || $1 == "ece" { printf "%s\t", $2 }
        $1 == "wrong" { wrong++ } END { printf "%d\t", wrong }' "$report"
    sha256sum < "$model" | cut -c 1-16 | tr '\n' '\t'
    cnn-export --to card -m "$model" | awk -F '\t' '{ card[$1] = $2 }
        END { sub(/ --seed [0-9]+/, "", card["recipe"])
              teachers = card["teachers"] ? " | relabelled by " card["teachers"] : ""
              print "augment " card["augment"] teachers " | " card["recipe"] }'
}

# Columns FROM to TO of seed S's line.
fields() {
    awk -F '\t' -v seed="$1" 'NR > 1 && $1 == seed' "$TSV" | cut -f "$2-$3"
}

if [ -n "$check" ]; then
    [ -e "$TSV" ] || fail "$TSV: not there yet"
    [ -n "$(fields "$check" 1 1)" ] || fail "$TSV: has no seed $check"
    kept=$(fields "$check" 6 10)
    again=$(try "$check" "check-$check" | cut -f 6-10)
    printf 'accuracy\tloss\tece\twrong\tmodel\n%s\tkept\n%s\tagain\n' "$kept" "$again"
    [ "${kept%$'\t'*}" = "${again%$'\t'*}" ] || exit 1
    exit 0
fi

if [ "$most" -gt 0 ]; then
    mkdir -p "$(dirname "$TSV")"
    exec 9>> "$TSV"
    flock -n 9 || fail "$TSV: another run is adding to it"
    [ -s "$TSV" ] || tr ' ' '\t' <<< "$columns" >&9
    now=$(fingerprint)
    other=$(awk -F '\t' -v now="$now" 'NR > 1 && $3 != now { print $3; exit }' "$TSV")
    [ -z "$other" ] || fail "$TSV: holds seeds of $other, and the recipe is now $now: move it away"
    for ((seed = 1; seed <= most; seed++)); do
        [ -z "$(fields "$seed" 1 1)" ] || continue
        line=$(try "$seed" "$seed")
        echo "$line" >&9
        printf '%s: seed %s: accuracy %s, loss %s, %s s\n' "$recipe" "$seed" \
            "$(cut -f 6 <<< "$line")" "$(cut -f 7 <<< "$line")" "$(cut -f 4 <<< "$line")" >&2
    done
fi
[ -e "$TSV" ] || fail "$TSV: not there yet: say how many seeds to train"
awk -f pipelines/statistics.awk -v columns='accuracy loss ece wrong seconds' "$TSV"

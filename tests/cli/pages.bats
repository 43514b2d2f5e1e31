# Pages of handwriting made of MNIST's test digits, whose truth is known, read by the shipped model.
#
#   PAGES=10 tests/run tests/cli/pages.bats     ten times as many pages
#
# The limits leave up to three standard errors below the shares measured with PAGES=10.

bats_require_minimum_version 1.5.0

setup() {
    : "${PAGES:=1}"
    t=$BATS_TEST_TMPDIR
}

# KIND COUNT [OPTION...]: sets `right`, how many of COUNT x PAGES pages are read wholly right, line
# by line, and `pages`, how many there are. Their digits are test digits 0, 1, 2 and so on. Says as
# well on how many pages all digits are right, or the likeliest at least, as MNIST has them.
read_pages() {
    pages=$(($2 * PAGES))
    "$HWDR_PYTHON" tests/pages.py "$1" "$pages" "$t/$1"
    (cd "$t/$1" && cnn-predict --lines "${@:3}" [0-9]*.png > read.tsv) || [ $? -eq 1 ]
    right=$(awk -F '\t' '
        FNR == NR { read[$1] = read[$1] " " $2; next }
        { right += read[$1] == " " $2 }
        END { print right + 0 }' <(tr -d ' ' < "$t/$1/read.tsv") "$t/$1/truth.tsv")
    echo "# $1: $right of $pages; as MNIST has them: $(of_mnist "$t/$1/truth.tsv")" >&3
}

# TRUTH: on how many pages the network reads every digit rightly in the stream, without a picture;
# and on how many the likeliest digits are right, `?` or not.
of_mnist() {
    local stream=$BATS_FILE_TMPDIR/stream.json
    [ -s "$stream" ] ||
        idx2bin data/mnist/t10k-images-idx3-ubyte | cnn-predict --json > "$stream"
    "$HWDR_PYTHON" - "$stream" "$1" << 'EOF'
import itertools
import json
import sys

readings = itertools.cycle([json.loads(line) for line in open(sys.argv[1])])
answered = likeliest = 0
for line in open(sys.argv[2]):
    truth = line.split("\t")[1].strip().replace(" ", "")
    digits = list(itertools.islice(readings, len(truth)))
    answered += all(r["text"] == t for r, t in zip(digits, truth))
    likeliest += all(str(r["digits"][0]["digit"]) == t for r, t in zip(digits, truth))
print(answered, likeliest)
EOF
}

# PER MILLE: at least so many pages were right.
at_least() {
    [ $((1000 * right)) -ge $(($1 * pages)) ]
}

# Sets `answered`, of how many digits that the stream on stdin or the pictures named show the answer
# is right, and `likeliest`, of how many the likeliest digit is, `?` or not. $truth has the digits.
read_digits() {
    cnn-predict --json "$@" > "$t/read.json" || [ $? -eq 1 ]
    read -r answered likeliest < <("$HWDR_PYTHON" - "$t/read.json" "$truth" << 'EOF'
import json
import sys

readings = [json.loads(line) for line in open(sys.argv[1])]
truth = [line.split("\t")[1].strip() for line in open(sys.argv[2])]
assert len(readings) == len(truth)
print(sum(r["text"] == t for r, t in zip(readings, truth)),
      sum([str(d["digit"]) for d in r["digits"]] == [t] for r, t in zip(readings, truth)))
EOF
    )
}

@test "enlarged, moved and inverted digits are read as in the stream" {
    pages=$((500 * PAGES))
    "$HWDR_PYTHON" tests/pages.py scaled "$pages" "$t/scaled"
    truth=$t/scaled/truth.tsv
    read_digits "$t"/scaled/[0-9]*.png
    pictures=("$answered" "$likeliest")
    read_digits < <(idx2bin -r ":$pages" data/mnist/t10k-images-idx3-ubyte)
    echo "# scaled: ${pictures[*]} of $pages, in the stream: $answered $likeliest" >&3
    # 0.1 points, and 3 digits for chance
    [ $((1000 * (pictures[0] + 3))) -ge $((1000 * answered - pages)) ]
    [ $((1000 * (pictures[1] + 3))) -ge $((1000 * likeliest - pages)) ]
}

@test "digits drawn with pens of any width are read" {
    read_pages stroke 100
    at_least 930
}

@test "numbers of one to twelve digits are read" {
    read_pages apart 60
    at_least 900
}

@test "numbers whose digits touch are read" {
    read_pages touching 60
    at_least 790
}

@test "lines of writing are read from the top" {
    read_pages lines 30
    at_least 800
}

@test "numbers in boxes, rings and frames are read" {
    read_pages boxes 30
    at_least 900
}

@test "numbers in boxes and rings whose lines they touch are read" {
    read_pages crossed 30
    at_least 700
}

@test "photos of paper are read" {
    read_pages photo 30
    at_least 720
}

@test "photos of ruled and squared paper are read" {
    read_pages ruled 30
    at_least 630
}

@test "photos of numbers in boxes are read" {
    read_pages forms 30
    at_least 670
}

@test "photos of sheets on a table are read" {
    read_pages table 30
    at_least 680
}

@test "photos of sheets on a desk about as light are read" {
    read_pages desk 30
    at_least 600
}

@test "blank and uneven pictures, and a single pixel, have no digit" {
    "$HWDR_PYTHON" - "$t" << 'EOF'
import pathlib
import sys

import numpy as np

sys.path.insert(0, "tests")
sys.dont_write_bytecode = True
import pages

folder = pathlib.Path(sys.argv[1])
y, x = np.mgrid[:300, :400]
noise = np.random.default_rng(1).normal(0, 6, (300, 400))
vignette = 220 - ((x - 200) ** 2 + (y - 150) ** 2) / 600
for name, image in {
    "white": 0 * x + 255, "black": 0 * x, "grey": 0 * x + 90, "noise": 128 + noise,
    "across": x * 255 / 399, "down": 255 - y * 255 / 299, "vignette": vignette,
    "vignette-noise": vignette + noise, "dark-vignette": 235 - vignette + noise,
    "one": np.full((1, 1), 7), "row": np.full((1, 8192), 9), "column": np.full((300, 1), 200),
}.items():
    pages.write_png(folder / f"{name}.png", np.clip(image, 0, 255).astype(np.uint8))
EOF
    for picture in "$t"/*.png; do
        run -1 --separate-stderr cnn-predict "$picture"
        echo "$output"
        [ "$output" = "$(printf '%s\t\t0.000' "$picture")" ]
    done
}

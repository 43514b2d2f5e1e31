#!/usr/bin/env bats
# plot-metrics: the graphs of both tables in every format, and what happens to bad input.

header=$'epoch\tsamples\tseconds\trate\tloss\taccuracy\tval_loss\tval_accuracy'

setup() {
    bats_require_minimum_version 1.5.0
    cd "$BATS_TEST_DIRNAME/../.." || exit 1
    dir=$BATS_TEST_TMPDIR
    metrics=$dir/metrics.tsv
    report=$dir/report.tsv
    {
        echo "$header"
        printf '1\t55000\t12.5\t0.05\t0.31\t0.912\t0.05\t0.984\n'
        printf '2\t110000\t25.1\t0.02\t0.15\t0.958\t-\t-\n'
        printf '3\t165000\t37.2\t0.001\t0.12\t0.968\t0.03\t0.9912\n'
    } > "$metrics"
    make_report > "$report"
}

# 100 of each digit; the third 7 and only it was taken for a 2.
make_report() {
    printf 'samples\t1000\naccuracy\t0.9990\t0.0010\nloss\t0.0093\t0.0011\nece\t0.0012\n'
    for digit in 0 1 2 3 4 5 6 7 8 9; do
        printf 'class\t%d\t0.99\t0.99\t0.99\t100\n' "$digit"
    done
    for digit in 0 1 2 3 4 5 6 7 8 9; do
        printf 'confusion\t%d' "$digit"
        for predicted in 0 1 2 3 4 5 6 7 8 9; do
            case $digit$predicted in
            77) printf '\t99' ;;
            72) printf '\t1' ;;
            *) printf '\t%d' $((digit == predicted ? 100 : 0)) ;;
            esac
        done
        printf '\n'
    done
    printf 'wrong\t702\t7\t2\t0.61\n'
    for bin in 0 1 2 3 4 5 6 7 8; do
        printf 'bin\t%d\t0\t0.0000\t0.0000\n' $bin
    done
    printf 'bin\t9\t1\t0.6100\t0.0000\nbin\t10\t0\t0\t0\nbin\t11\t0\t0\t0\n'
    printf 'bin\t12\t0\t0\t0\nbin\t13\t4\t0.9\t1\nbin\t14\t995\t0.9990\t1\n'
    printf 'cost\t9304512\t157714\t1\t1\n'
}

trouble() { # exit 2, one line on stderr that has these words, and no output
    [ "$status" -eq 2 ]
    [ -z "$output" ]
    [[ "$stderr" != *$'\n'* ]]
    [[ "$stderr" == "plot-metrics: "*"$1"* ]]
}

is_png() { # FILE WIDTH HEIGHT
    "${HWDR_PYTHON:-/usr/bin/python3}" - "$@" <<'PYTHON'
import struct, sys, zlib
data = open(sys.argv[1], "rb").read()
assert data[:8] == b"\x89PNG\r\n\x1a\n" and data[-8:-4] == b"IEND"
assert struct.unpack(">II", data[16:24]) == (int(sys.argv[2]), int(sys.argv[3]))
PYTHON
}

svg_texts() { # every text element of an SVG that parses, one a line
    "${HWDR_PYTHON:-/usr/bin/python3}" - "$1" <<'PYTHON'
import sys
import xml.etree.ElementTree as tree
for element in tree.parse(sys.argv[1]).iter("{http://www.w3.org/2000/svg}text"):
    print("".join(element.itertext()).strip())
PYTHON
}

@test "plot-metrics: curves of training metrics as PNG, to a file and to stdout" {
    plot-metrics -o "$dir/curves.png" "$metrics"
    is_png "$dir/curves.png" 1800 1360
    plot-metrics < "$metrics" > "$dir/stdout.png"
    cmp "$dir/curves.png" "$dir/stdout.png"
}

@test "plot-metrics: curves as SVG say what they show" {
    plot-metrics -o "$dir/curves.svg" < "$metrics"
    texts=$(svg_texts "$dir/curves.svg")
    for text in "Loss and error while training" "loss (nats)" "wrong (% of digits)" epochs \
        training validation \
        "99.12 % of validation digits right after 3 epochs: 165,000 samples in 37.2 s"; do
        grep -qxF "$text" <<< "$texts"
    done
}

@test "plot-metrics: without validation there is no validation curve" {
    sed 's/[^\t]*\t[^\t]*$/-\t-/; 1s/.*/'"$header"'/' "$metrics" > "$dir/alone.tsv"
    plot-metrics -o "$dir/alone.svg" "$dir/alone.tsv"
    texts=$(svg_texts "$dir/alone.svg")
    grep -qxF training <<< "$texts"
    run ! grep -qxF validation <<< "$texts"
    grep -q "^96.80 % of training digits right" <<< "$texts"
}

@test "plot-metrics: repeated headers, one row, zeros and perfection are drawn" {
    cat "$metrics" "$metrics" | plot-metrics -o "$dir/twice.png"
    is_png "$dir/twice.png" 1800 1360
    printf '%s\n0.001\t60\t0\t0\t0\t1\t0\t1\n' "$header" | plot-metrics -o "$dir/one.png"
    is_png "$dir/one.png" 1800 1360
    printf '%s\n1\t2\t3\t4\t0\t1\t-\t-\n2\t2\t3\t4\t0.5\t0.9\t-\t-\n' "$header" |
        plot-metrics -o "$dir/some.png"
    is_png "$dir/some.png" 1800 1360
    printf '%s\n0\t0\t0\t0\t0\t1\t-\t-\n' "$header" | plot-metrics -f svg > "$dir/zero.svg"
    svg_texts "$dir/zero.svg" | grep -q "^100.00 %"
}

@test "plot-metrics: a report is drawn as confusion matrix with its counts" {
    plot-metrics -o "$dir/confusion.svg" "$report"
    plot-metrics --graph confusion -o "$dir/confusion.png" "$report"
    is_png "$dir/confusion.png" 1520 1600
    texts=$(svg_texts "$dir/confusion.svg")
    grep -qxF "99.90 % ± 0.10 % of 1,000 test digits right" <<< "$texts"
    grep -qxF "true digit" <<< "$texts"
    grep -qxF "predicted digit" <<< "$texts"
    [ "$(grep -cx 100 <<< "$texts")" -eq 9 ]
    [ "$(grep -cx 99 <<< "$texts")" -eq 1 ]
    [ "$(grep -cx 1 <<< "$texts")" -eq 3 ] # the mistake, and a label on either axis
    [ "$(grep -cx 0 <<< "$texts")" -eq 91 ]
}

@test "plot-metrics: the confusion matrix has the truth in rows" {
    row=$(plot-metrics --format text "$report" | grep '^ *7 ')
    [ "$(tr -s ' +' ' ' <<< "$row")" = " 7 . . 1 . . . . 99 . . " ]
}

@test "plot-metrics: reliability by confidence, in bins that are not empty" {
    plot-metrics --graph reliability -o "$dir/reliability.svg" "$report"
    plot-metrics --graph reliability -o "$dir/reliability.png" "$report"
    is_png "$dir/reliability.png" 1520 1600
    texts=$(svg_texts "$dir/reliability.svg")
    grep -qxF "network (bars: 95 %), error 0.12 %" <<< "$texts"
    grep -qxF "confidence (%)" <<< "$texts"
    # Three bins have digits: three points, besides the one of the key, and three boxes.
    [ "$(grep -c "#gpPt6' transform.*rgb(  0, 114, 178)" "$dir/reliability.svg")" -eq 4 ]
    plot-metrics --graph reliability --format text "$report" > /dev/null
    grep -v ^bin "$report" > "$dir/old.tsv"
    run --separate-stderr plot-metrics --graph reliability "$dir/old.tsv"
    trouble "$dir/old.tsv: a report without 'bin' rows, from an older cnn-eval"
    plot-metrics -o "$dir/old.svg" "$dir/old.tsv" # the others need none
    { cat "$report"; printf 'bin\t14\t1\t1\t1\n'; } > "$dir/twice.tsv"
    run --separate-stderr plot-metrics "$dir/twice.tsv"
    trouble "'bin' comes twice"
    sed 's/^bin\t14/bin\t15/' "$report" > "$dir/beyond.tsv"
    run --separate-stderr plot-metrics "$dir/beyond.tsv"
    trouble "15 is not from 0 to 14"
}

@test "plot-metrics: precision and recall of each digit" {
    plot-metrics --graph classes -o "$dir/classes.svg" "$report"
    plot-metrics --graph classes -o "$dir/classes.png" "$report"
    is_png "$dir/classes.png" 1800 1040
    svg_texts "$dir/classes.svg" | grep -q "^precision"
    svg_texts "$dir/classes.svg" | grep -q "^recall"
}

@test "plot-metrics: text fits 80 columns, and needs no terminal when asked for" {
    for graph in confusion classes; do
        plot-metrics --graph $graph --format text "$report" > "$dir/text"
        [ "$(wc -L < "$dir/text")" -le 80 ]
        grep -q "99.90 %" "$dir/text"
    done
    plot-metrics --format text < "$metrics" | grep -q "loss (nats)"
}

@test "plot-metrics: on a terminal the graph is text" {
    script -qec "plot-metrics '$metrics'" /dev/null > "$dir/typescript"
    grep -q "Loss and error while training" "$dir/typescript"
    run ! grep -q PNG "$dir/typescript"
}

@test "plot-metrics: a picture of the wrong digits is framed, whatever its name" {
    name="$dir/it's \`touch bad\` \"wrong\".png"
    plot-metrics -o "$name" "$report" # any PNG will do
    plot-metrics --picture "$name" -o "$dir/wrong.svg" "$report"
    plot-metrics --picture "$name" -o "$dir/wrong.png" "$report"
    is_png "$dir/wrong.png" $((2 * (1520 + 128))) $((2 * (1600 + 120)))
    texts=$(svg_texts "$dir/wrong.svg")
    grep -qxF "1 digit that the network reads wrongly" <<< "$texts"
    grep -q "data:image/png;base64," "$dir/wrong.svg"
    [ ! -e bad ]
    run --separate-stderr plot-metrics --picture "$report" -o "$dir/x.png" "$report"
    trouble "$report: "
    [ ! -e "$dir/x.png" ]
}

@test "plot-metrics: bad tables name the line" {
    while IFS='|' read -r message table; do
        printf '%b' "$table" > "$dir/bad.tsv"
        run --separate-stderr plot-metrics -o "$dir/bad.png" "$dir/bad.tsv"
        trouble "$dir/bad.tsv: $message"
        [ ! -e "$dir/bad.png" ]
    done <<CASES
empty|
line 1: neither|hello\n
line 1: neither|\n
line 1: neither|epoch\tsamples\n
training metrics without a row|$header\n
line 2: training metrics have 8 columns, not 3|$header\n1\t2\t3\n
line 2: training metrics have 8 columns, not 9|$header\n1\t2\t3\t4\t5\t1\t-\t-\t-\n
line 2: training metrics have 8 columns|$header\n\n
line 3: 'x' is not a number|$header\n1\t2\t3\t4\t5\t1\t-\t-\n1\t2\tx\t4\t5\t1\t-\t-\n
line 2: '-' is not a number|$header\n1\t2\t3\t4\t-\t1\t-\t-\n
line 2: 'nan' is not a number|$header\n1\t2\t3\t4\tnan\t1\t-\t-\n
line 2: 1.5 is not from 0 to 1|$header\n1\t2\t3\t4\t5\t1.5\t-\t-\n
line 2: -1 is not from 0|$header\n-1\t2\t3\t4\t5\t1\t-\t-\n
a report without all of its 'accuracy' rows|samples\t10\n
line 1: 'samples' has 2 columns, not 3|samples\t10\t3\n
line 2: 'samples' comes twice|samples\t10\nsamples\t10\n
line 2: 'epoch' is no row of a report|samples\t10\nepoch\t1\n
line 2: 10 is not from 0 to 9|samples\t10\nclass\t10\t1\t1\t1\t1\n
line 2: '1.5' is not a digit|samples\t10\nclass\t1.5\t1\t1\t1\t1\n
CASES
}

@test "plot-metrics: a report that lacks a row of a digit is refused" {
    for row in "class	3" "confusion	9" ece; do
        grep -v "^$row" "$report" > "$dir/cut.tsv"
        run --separate-stderr plot-metrics "$dir/cut.tsv"
        trouble "a report without all of its '${row%%	*}' rows"
    done
    grep -vE '^(cost|bin)' "$report" | head -c -8 > "$dir/cut.tsv"
    run --separate-stderr plot-metrics "$dir/cut.tsv"
    trouble "line 25: 'wrong' has 5 columns"
}

@test "plot-metrics: endless and missing input" {
    run --separate-stderr plot-metrics /dev/zero
    trouble "line 1: neither"
    run --separate-stderr plot-metrics "$dir/missing.tsv"
    trouble "$dir/missing.tsv: No such file"
    run --separate-stderr plot-metrics "$dir"
    trouble "$dir: Is a directory"
    run --separate-stderr bash -c 'plot-metrics <&-'
    trouble "stdin: "
}

@test "plot-metrics: mistakes in the command line" {
    run --separate-stderr plot-metrics --wrong
    trouble "wrong"
    run --separate-stderr plot-metrics -o "$dir/x.jpg" "$metrics"
    trouble "$dir/x.jpg: ends neither in .png nor in .svg"
    run --separate-stderr plot-metrics -f gif "$metrics"
    trouble "'gif' is none of png, svg, text"
    run --separate-stderr plot-metrics -g lines "$metrics"
    trouble "'lines' is none of curves, confusion, classes, reliability"
    run --separate-stderr plot-metrics -g confusion "$metrics"
    trouble "is training metrics, which cannot be drawn as 'confusion'"
    run --separate-stderr plot-metrics -g curves "$report"
    trouble "is a report, which cannot be drawn as 'curves'"
    run --separate-stderr plot-metrics "$metrics" "$report"
    trouble "unexpected argument"
    run --separate-stderr plot-metrics -p x.png -f text "$report"
    trouble "--picture: cannot be drawn as text"
    run ! test -e "$dir/x.jpg"
}

@test "plot-metrics: without gnuplot it says what to install" {
    mkdir "$dir/bin"
    ln -s "$(command -v plot-metrics)" "$dir/bin/plot-metrics"
    run --separate-stderr env PATH="$dir/bin" plot-metrics -o "$dir/x.png" "$metrics"
    trouble "gnuplot-nox"
    [ ! -e "$dir/x.png" ]
}

@test "plot-metrics: a gnuplot that fails or draws nothing leaves no file" {
    mkdir "$dir/bin"
    printf '#!/bin/sh\necho "half a picture"\necho "no luck" >&2\nexit 1\n' > "$dir/bin/gnuplot"
    chmod +x "$dir/bin/gnuplot"
    PATH=$dir/bin:$PATH run --separate-stderr plot-metrics -o "$dir/x.png" "$metrics"
    trouble "gnuplot: failed: no luck"
    printf '#!/bin/sh\nexit 0\n' > "$dir/bin/gnuplot"
    PATH=$dir/bin:$PATH run --separate-stderr plot-metrics -o "$dir/x.png" "$metrics"
    trouble "gnuplot: drew nothing"
    [ ! -e "$dir/x.png" ]
}

@test "plot-metrics: a full disk and an unwritable folder" {
    run --separate-stderr bash -c "plot-metrics '$metrics' > /dev/full"
    trouble "No space left on device"
    run --separate-stderr plot-metrics -o /dev/full "$metrics"
    trouble "/dev/full: No space left on device"
    run --separate-stderr plot-metrics -o "$dir/none/x.png" "$metrics"
    trouble "$dir/none/x.png: "
}

@test "plot-metrics: leaves nothing behind but its output" {
    mkdir "$dir/tmp" "$dir/out"
    TMPDIR=$dir/tmp plot-metrics -o "$dir/out/x.png" "$metrics"
    [ -z "$(ls -A "$dir/tmp")" ]
    [ "$(ls -A "$dir/out")" = x.png ]
}

@test "plot-metrics: --help and --version" {
    run --separate-stderr plot-metrics --help
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    [[ "$output" == "Usage: plot-metrics"*"cnn-eval | plot-metrics"* ]]
    run plot-metrics --version
    [ "$status" -eq 0 ]
    [[ "$output" == "plot-metrics (hwdr) "* ]]
}

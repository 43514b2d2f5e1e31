# cnn-eval and cnn-predict, with two small networks trained on the spot and real test digits.
# shellcheck disable=SC2154,SC2016,SC1003 # run sets stderr; bash -c expands; JSON has backslashes

bats_require_minimum_version 1.5.0

setup_file() {
    export T=$BATS_FILE_TMPDIR PYTHONPATH=$PWD/lib PYTHONDONTWRITEBYTECODE=1
    export HWDR_MODEL=$T/1.safetensors
    for seed in 1 2; do
        idx2bin -r :4000 data/mnist/train-images-idx3-ubyte data/mnist/train-labels-idx1-ubyte |
            cnn-train --net 'c5x8 p2 c3x16 p2 d32 d10' --optimizer adam --rate 0.005 --batch 50 \
                --ema 0 --seed $seed -o "$T/$seed.safetensors" > /dev/null 2>&1
    done
    test_digits :1000 > "$T/1000.bin"
    "$HWDR_PYTHON" tests/cli/draw_digits.py data/mnist/t10k-images-idx3-ubyte "$T"
}

# RANGE: test digits with labels.
test_digits() {
    idx2bin -r "$1" data/mnist/t10k-images-idx3-ubyte data/mnist/t10k-labels-idx1-ubyte
}

# BEGINNING: the last run said one line on stderr, which begins so.
one_line() {
    [ "${#stderr_lines[@]}" -eq 1 ]
    [[ "$stderr" == "$1"* ]]
}

@test "cnn-eval tells what is no digit, by its soft label, from samples" {
    idx2bin --range 0:300 data/mnist/t10k-images-idx3-ubyte data/mnist/t10k-labels-idx1-ubyte |
        augment --none --no-shuffle --foreign 3 > "$BATS_TEST_TMPDIR/mixed"
    cnn-eval < "$BATS_TEST_TMPDIR/mixed" > "$BATS_TEST_TMPDIR/mixed.tsv"
    idx2bin --range 0:300 data/mnist/t10k-images-idx3-ubyte data/mnist/t10k-labels-idx1-ubyte |
        cnn-eval > "$BATS_TEST_TMPDIR/alone.tsv"
    [ "$(grep -c ^foreign "$BATS_TEST_TMPDIR/mixed.tsv")" -eq 7 ]
    diff <(grep -v ^foreign "$BATS_TEST_TMPDIR/mixed.tsv") "$BATS_TEST_TMPDIR/alone.tsv"
    awk -F '\t' '$1 == "foreign" { rows++; good += $4 == 100 && $3 >= last; last = $3 }
        END { exit !(rows == 7 && good == 7 && last > 0.1) }' "$BATS_TEST_TMPDIR/mixed.tsv"
}

@test "cnn-eval's report is what NumPy computes from cnn-predict --scores" {
    cnn-eval < "$T/1000.bin" > "$BATS_TEST_TMPDIR/report.tsv"
    cnn-predict --scores < "$T/1000.bin" > "$BATS_TEST_TMPDIR/scores"
    "$HWDR_PYTHON" - "$BATS_TEST_TMPDIR" "$T/1000.bin" <<'EOF'
import sys
import numpy
import npystream

folder = sys.argv[1]
rows = [line.rstrip("\n").split("\t") for line in open(f"{folder}/report.tsv")]
images, truth = npystream.read_all(open(sys.argv[2], "rb"))
p = numpy.concatenate(list(npystream.read_scores(open(f"{folder}/scores", "rb"))))
n, read = len(truth), p.argmax(axis=1)
loss = -numpy.log(p[numpy.arange(n), truth].astype("f8"))
a = (read == truth).mean()
assert a > 0.85, a
bins = numpy.clip(numpy.ceil(p.max(axis=1).astype("f8") * 15) - 1, 0, 14)
gap = (read == truth).astype("f8") - p.max(axis=1)
ece = sum(abs(gap[bins == b].sum()) for b in range(15)) / n

def near(text, value, step=1e-4):
    assert len(text.split(".")[1]) == (4 if step == 1e-4 else 2), text
    assert abs(float(text) - value) < 0.51 * step, (text, value)

expected = ["samples", "accuracy", "loss", "ece"] + ["class"] * 10 + ["confusion"] * 10
expected += ["wrong"] * (read != truth).sum() + ["coverage"] * 7 + ["bin"] * 15 + ["cost"]
assert [row[0] for row in rows] == expected
assert rows[0] == ["samples", "1000"]
near(rows[1][1], a)
near(rows[1][2], (a * (1 - a) / n) ** 0.5)
near(rows[2][1], loss.mean())
near(rows[2][2], loss.std(ddof=1) / n**0.5)
near(rows[3][1], ece)
for d in range(10):
    hits = ((read == d) & (truth == d)).sum()
    name, digit, precision, recall, f1, support = rows[4 + d]
    assert digit == str(d) and support == str((truth == d).sum())
    near(precision, hits / (read == d).sum())
    near(recall, hits / (truth == d).sum())
    near(f1, 2 * hits / ((read == d).sum() + (truth == d).sum()))
    counts = [str(((truth == d) & (read == other)).sum()) for other in range(10)]
    assert rows[14 + d] == ["confusion", str(d)] + counts
for row, i in zip(rows[24:], numpy.flatnonzero(read != truth)):
    assert row[1:4] == [str(i), str(truth[i]), str(read[i])], row
    near(row[4], p[i].max(), 1e-2)
for name, limit, coverage, right in rows[-23:-16]:
    answered = p.max(axis=1) >= numpy.float32(limit)
    near(coverage, answered.mean())
    near(right, (read == truth)[answered].mean())
for b, (name, number, count, confidence, right) in enumerate(rows[-16:-1]):
    inside = bins == b
    assert name == "bin" and number == str(b) and count == str(inside.sum())
    near(confidence, p.max(axis=1)[inside].astype("f8").mean() if inside.any() else 0)
    near(right, (read == truth)[inside].mean() if inside.any() else 0)
# 5x5x8 on 28x28, 3x3x8x16 on 14x14, 784x32, 32x10; the norms and biases beside the weights
assert rows[-1][1:] == ["408000", "26850", "1", "1"], rows[-1]
EOF
}

@test "the report and the scores do not depend on the number of threads" {
    cmp <(cnn-eval -t 1 < "$T/1000.bin") <(cnn-eval -t 3 < "$T/1000.bin")
    cmp <(cnn-predict --scores -t 1 < "$T/1000.bin") <(cnn-predict --scores -t 3 < "$T/1000.bin")
}

@test "cnn-eval --min-accuracy tells good from bad, after the report" {
    accuracy=$(cnn-eval < "$T/1000.bin" | awk '$1 == "accuracy" { print $2 }')
    cnn-eval -a 0 < "$T/1000.bin" > /dev/null
    cnn-eval -a "$accuracy" < "$T/1000.bin" > /dev/null # met exactly
    percent=$(awk -v a="$accuracy" 'BEGIN { printf "%.2f%%", 100 * a }')
    cnn-eval --min-accuracy "$percent" < "$T/1000.bin" > /dev/null
    for bar in 1 100% "$(awk -v a="$accuracy" 'BEGIN { print a + 0.0001 }')"; do
        run -1 --separate-stderr cnn-eval --min-accuracy "$bar" < "$T/1000.bin"
        [ "${lines[1]:0:8}" = accuracy ]
        one_line "cnn-eval: accuracy $accuracy is below "
    done
}

@test "soft labels count as their likeliest class: a model agrees with itself" {
    run -0 cnn-eval < <(cnn-predict --relabel < "$T/1000.bin")
    [ "${lines[1]}" = "$(printf 'accuracy\t1.0000\t0.0000')" ]
    run -0 cnn-eval < <(cnn-predict --relabel -m "$T/2.safetensors" < "$T/1000.bin")
    [ "${lines[1]}" != "$(printf 'accuracy\t1.0000\t0.0000')" ]
}

@test "an ensemble is the mean of its members' probabilities" {
    for models in "1" "2" "1 2" "1 1 2"; do
        options=()
        for model in $models; do
            options+=(-m "$T/$model.safetensors")
        done
        cnn-predict --scores "${options[@]}" < "$T/1000.bin" > "$BATS_TEST_TMPDIR/$models"
    done
    "$HWDR_PYTHON" - "$BATS_TEST_TMPDIR" <<'EOF'
import sys
import numpy
import npystream

one, two, both, weighted = (
    numpy.concatenate(list(npystream.read_scores(open(f"{sys.argv[1]}/{models}", "rb"))))
    for models in ("1", "2", "1 2", "1 1 2")
)
assert abs(one - two).max() > 0.1
assert abs(both - (one + two) / 2).max() < 1e-6
assert abs(weighted - (2 * one + two) / 3).max() < 1e-6
EOF
    cnn-eval -m "$T/1.safetensors" -m "$T/2.safetensors" -a 85% < "$T/1000.bin" > /dev/null
}

@test "five views are the mean of what five images give, and their cost is told" {
    "$HWDR_PYTHON" - "$T/1000.bin" "$BATS_TEST_TMPDIR" <<'EOF'
# Turned and scaled by interpolation in double precision, rounded as pixels are.
import sys
import numpy
import npystream

images, labels = npystream.read_all(open(sys.argv[1], "rb"))
y, x = numpy.mgrid[0:28, 0:28] - 13.5
padded = numpy.pad(images.astype("f8"), ((0, 0), (1, 2), (1, 2)))
for i, (degrees, zoom) in enumerate([(5, 1), (-5, 1), (0, 0.94), (0, 1.06), (0, 1)]):
    c, s = numpy.cos(numpy.radians(degrees)) / zoom, numpy.sin(numpy.radians(degrees)) / zoom
    column = numpy.clip(c * x + s * y + 14.5, 0, 29)
    row = numpy.clip(c * y - s * x + 14.5, 0, 29)
    left, top = column.astype(int), row.astype(int)
    right, down = column - left, row - top
    view = (padded[:, top, left] * (1 - right) * (1 - down)
            + padded[:, top, left + 1] * right * (1 - down)
            + padded[:, top + 1, left] * (1 - right) * down
            + padded[:, top + 1, left + 1] * right * down)
    with open(f"{sys.argv[2]}/view{i}", "wb") as out:
        npystream.write_stream(out, (view + 0.5).astype("u1"), labels)
EOF
    for view in 0 1 2 3 4; do
        cnn-predict --scores < "$BATS_TEST_TMPDIR/view$view" > "$BATS_TEST_TMPDIR/scores$view"
    done
    cnn-predict --scores --views 5 < "$T/1000.bin" > "$BATS_TEST_TMPDIR/mean"
    "$HWDR_PYTHON" - "$BATS_TEST_TMPDIR" <<'EOF'
import sys
import numpy
import npystream

def scores(name):
    return numpy.concatenate(list(npystream.read_scores(open(f"{sys.argv[1]}/{name}", "rb"))))

views = numpy.array([scores(f"scores{i}") for i in range(5)])
gap = abs(views.mean(axis=0) - scores("mean"))
# A pixel in some hundreds is rounded the other way.
assert gap.max() < 0.01 and gap.mean() < 1e-4, (gap.max(), gap.mean())
assert abs(views[4] - scores("mean")).max() > 0.05
EOF
    cnn-eval --views 5 -m "$T/1.safetensors" -m "$T/2.safetensors" < "$T/1000.bin" \
        > "$BATS_TEST_TMPDIR/report"
    [ "$(tail -n 1 "$BATS_TEST_TMPDIR/report")" = $'cost\t4080000\t53700\t2\t5' ]
    cmp <(cnn-predict --relabel --views 5 -t 1 < "$T/1000.bin") \
        <(cnn-predict --relabel --views 5 -t 3 < "$T/1000.bin")
    cmp <(cnn-predict --scores --views 1 < "$T/1000.bin") <(cnn-predict --scores < "$T/1000.bin")
    run -2 --separate-stderr cnn-eval --views 3 < "$T/1000.bin"
    one_line "cnn-eval: --views: '3' is not one of 1, 5"
}

@test "each member of an ensemble is calibrated by its own temperature" {
    for temperature in 0.5 2; do
        idx2bin -r :2000 data/mnist/train-images-idx3-ubyte data/mnist/train-labels-idx1-ubyte |
            cnn-train --net 'p2 d10' --temperature $temperature \
                -o "$BATS_TEST_TMPDIR/$temperature" > /dev/null 2>&1
        cnn-predict --scores -m "$BATS_TEST_TMPDIR/$temperature" < "$T/1000.bin" \
            > "$BATS_TEST_TMPDIR/scores$temperature"
    done
    cnn-predict --relabel -m "$BATS_TEST_TMPDIR/0.5" -m "$BATS_TEST_TMPDIR/2" < "$T/1000.bin" \
        > "$BATS_TEST_TMPDIR/soft"
    "$HWDR_PYTHON" - "$BATS_TEST_TMPDIR" <<'EOF'
import sys
import numpy
import npystream

def scores(name):
    return numpy.concatenate(list(npystream.read_scores(open(f"{sys.argv[1]}/{name}", "rb"))))

sharp, flat = scores("scores0.5").astype("f8"), scores("scores2").astype("f8")
again = flat**4 / (flat**4).sum(axis=1, keepdims=True)  # the same network at a quarter of T
assert abs(again - sharp).max() < 1e-4 and abs(sharp - flat).max() > 0.2
_, soft = npystream.read_all(open(f"{sys.argv[1]}/soft", "rb"))
assert abs(soft - (sharp + flat) / 2).max() < 1e-6
EOF
}

@test "cnn-eval names the first sample without a label" {
    "$HWDR_PYTHON" -c 'import sys, numpy, npystream
images, labels = npystream.read_all(sys.stdin.buffer)
labels[[777, 900]] = 255
npystream.write_stream(sys.stdout.buffer, images, labels)' \
        < "$T/1000.bin" > "$BATS_TEST_TMPDIR/unlabelled.bin"
    run -2 --separate-stderr cnn-eval < "$BATS_TEST_TMPDIR/unlabelled.bin"
    [ -z "$output" ]
    one_line "cnn-eval: stdin: sample 777: has no label"
}

@test "cnn-eval refuses a stream that is empty, cut short or no stream" {
    test_digits :0 > "$BATS_TEST_TMPDIR/empty.bin"
    run -2 --separate-stderr cnn-eval < "$BATS_TEST_TMPDIR/empty.bin"
    one_line "cnn-eval: stdin: "
    for size in 0 1 200 100000 700000; do
        run -2 --separate-stderr cnn-eval < <(head -c $size "$T/1000.bin")
        [ -z "$output" ]
        one_line "cnn-eval: stdin: "
    done
    run -2 --separate-stderr cnn-eval < "$T/digit.png"
    one_line "cnn-eval: stdin: "
}

@test "cnn-eval refuses options and arguments it does not know" {
    for options in --nonsense "-t 0" "-t x" "-a 1.01" "-a -0.1" "-a 101%" "-a %" "-a nan" file; do
        # shellcheck disable=SC2086 # split on purpose
        run -2 --separate-stderr cnn-eval $options < "$T/1000.bin"
        [ -z "$output" ]
        one_line "cnn-eval: "
    done
}

@test "a drawing is read: name, digits, confidence" {
    run -0 cnn-predict "$T/digit.png" "$T/pair.png"
    [[ "${lines[0]}" =~ ^"$T/digit.png"$'\t7\t'(0\.[5-9][0-9][0-9]|1\.000)$ ]]
    [[ "${lines[1]}" =~ ^"$T/pair.png"$'\t72\t'(0\.[0-9][0-9][0-9]|1\.000)$ ]]
    [ "${#lines[@]}" -eq 2 ]
    run -0 cnn-predict < "$T/digit.png"
    [[ "$output" =~ ^-$'\t7\t' ]]
    run -0 cnn-predict - < <(cat "$T/digit.png") # a pipe cannot be rewound
    [[ "$output" =~ ^-$'\t7\t' ]]
}

@test "a blank picture has no digits, confidence 0 and exit status 1" {
    run -1 --separate-stderr cnn-predict "$T/blank.png" "$T/digit.png"
    [ "${lines[0]}" = "$(printf '%s\t\t0.000' "$T/blank.png")" ]
    [[ "${lines[1]}" == *$'\t7\t'* ]]
    [ -z "$stderr" ]
    run -1 cnn-predict --json "$T/blank.png"
    [ "$output" = '{"text": "", "digits": []}' ]
    run -1 cnn-predict --scores "$T/blank.png" > /dev/null
}

@test "an illegible picture reads ? and has exit status 1" {
    # a network that sees nothing but the mean of all pixels cannot be sure
    test_digits :20 |
        cnn-train --net 'gap d10' -o "$BATS_TEST_TMPDIR/dull.safetensors" > /dev/null 2>&1
    run -1 --separate-stderr cnn-predict -m "$BATS_TEST_TMPDIR/dull.safetensors" "$T/digit.png"
    pattern=$'digit.png\t\\?\t0\\.[0-4][0-9][0-9]$'
    [[ "$output" =~ $pattern ]]
    [ -z "$stderr" ]
}

@test "--one takes all ink of a picture as one digit" {
    run -0 cnn-predict --json "$T/pair.png"
    [ "$(grep -o '"box"' <<< "$output" | wc -l)" -eq 2 ]
    run cnn-predict --one --json "$T/pair.png"
    [ "$status" -le 1 ]
    [ "$(grep -o '"box"' <<< "$output" | wc -l)" -eq 1 ]
}

@test "--lines prints a line for each line of writing, numbers apart" {
    run -0 cnn-predict --lines "$T/lines.png" "$T/pair.png"
    [ "$(cut -f 1,2 <<< "$output")" = "$(printf '%s\t7 2\n%s\t27\n%s\t7 2' \
        "$T/lines.png" "$T/lines.png" "$T/pair.png")" ]
    run -0 cnn-predict "$T/lines.png"
    [[ "$output" == *$'\t7227\t'* ]]
    run -1 cnn-predict -l "$T/blank.png"
    [ "$output" = "$(printf '%s\t\t0.000' "$T/blank.png")" ]
    MODEL=$HWDR_MODEL run -0 pipelines/read.sh "$T/lines.png"
    [ "$output" = "$(printf '7 2\n27')" ]
    MODEL=$HWDR_MODEL run -1 pipelines/read.sh "$T/blank.png"
    [ -z "$output" ]
}

@test "--overlay draws a frame around each digit and leaves the rest as it was" {
    run -0 cnn-predict --json --overlay "$BATS_TEST_TMPDIR/seen.png" "$T/pair.png"
    "$HWDR_PYTHON" - "$T/pair.png" "$BATS_TEST_TMPDIR/seen.png" "$output" << 'EOF'
import json, sys, zlib
import numpy as np

def pixels(path):
    """A grey PNG; undoes the filters none, sub, up, average and Paeth."""
    content, at, data = open(path, "rb").read(), 8, b""
    while at < len(content):
        size = int.from_bytes(content[at:at + 4], "big")
        kind, body = content[at + 4:at + 8], content[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height = (int.from_bytes(body[i:i + 4], "big") for i in (0, 4))
        data += body if kind == b"IDAT" else b""
        at += size + 12
    raw, image = zlib.decompress(data), np.zeros((height, width), int)
    for y in range(height):
        kind, row = raw[y * (width + 1)], raw[y * (width + 1) + 1:(y + 1) * (width + 1)]
        for x in range(width):
            a = image[y, x - 1] if x else 0
            b = image[y - 1, x] if y else 0
            c = image[y - 1, x - 1] if x and y else 0
            p = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]
            image[y, x] = (row[x] + (0, a, b, (a + b) // 2, p)[kind]) % 256
    return image

page, seen = pixels(sys.argv[1]), pixels(sys.argv[2])
digits = json.loads(sys.argv[3])["digits"]
assert page.shape == seen.shape and len(digits) == 2
for x, y, width, height in (d["box"] for d in digits):
    assert (seen[y:y + height, x:x + width] == page[y:y + height, x:x + width]).all()
    assert (seen[y - 2, x - 2:x + width + 2] == 0).all()          # the frame
    assert (seen[y - 2:y + height + 2, x + width + 1] == 0).all()
    assert (seen[y - 3, x + 20:x + width + 3] == 255).all()       # its rim
    plate = seen[y - 3 - 9 * (height // 27) - 1:y - 3, x:x + 20]
    assert (plate == 0).sum() > 8 and (plate == 255).sum() > 20   # what was read
EOF
    run -1 cnn-predict -o "$BATS_TEST_TMPDIR/blank.png" "$T/blank.png"
    [ -s "$BATS_TEST_TMPDIR/blank.png" ]
}

@test "--overlay wants one picture, and leaves nothing where there is trouble" {
    out=$BATS_TEST_TMPDIR/never.png
    for arguments in "$T/pair.png $T/digit.png" "$T/1000.bin" "$T/missing.png"; do
        # shellcheck disable=SC2086 # split on purpose
        run -2 --separate-stderr cnn-predict -o "$out" $arguments
        one_line "cnn-predict: "
        [ ! -e "$out" ]
    done
    run -2 --separate-stderr cnn-predict -o "$BATS_TEST_TMPDIR/none/out.png" "$T/pair.png"
    one_line "cnn-predict: $BATS_TEST_TMPDIR/none/out.png: "
    run -2 --separate-stderr cnn-predict -o /dev/full "$T/pair.png"
    one_line "cnn-predict: /dev/full: "
}

@test "a sample stream is read line by line, named by number" {
    cnn-predict < "$T/1000.bin" > "$BATS_TEST_TMPDIR/lines" || [ $? -eq 1 ]
    cut -f1 "$BATS_TEST_TMPDIR/lines" | cmp - <(seq 0 999)
    # it disagrees with the labels where cnn-eval says so
    wrong=$(cnn-eval < "$T/1000.bin" | awk '$1 == "wrong" && $5 >= 0.66 { print $2 "\t" $4 }')
    [ -n "$wrong" ]
    while IFS= read -r row; do
        grep -q "^$row"$'\t' "$BATS_TEST_TMPDIR/lines"
    done <<< "$wrong"
    run cnn-predict "$T/1000.bin" "$T/digit.png"
    [ "${#lines[@]}" -eq 1001 ]
    [[ "${lines[1000]}" == "$T/digit.png"$'\t7\t'* ]]
}

@test "--json has the shape that the web page relies on, an object a line" {
    cnn-predict --json --input "$T/pair.png" "$T/digit.png" > "$BATS_TEST_TMPDIR/json"
    "$HWDR_PYTHON" - "$BATS_TEST_TMPDIR/json" <<'EOF'
import json, sys

pair, digit = [json.loads(line) for line in open(sys.argv[1])]
assert set(pair) == {"text", "digits"}
assert pair["text"] == "72" and digit["text"] == "7"
assert [d["digit"] for d in pair["digits"]] == [7, 2]
for d in pair["digits"] + digit["digits"]:
    assert set(d) == {"digit", "confidence", "sure", "probabilities", "box", "input"}
    assert len(d["probabilities"]) == 10 and abs(sum(d["probabilities"]) - 1) < 1e-4
    assert d["confidence"] == max(d["probabilities"]) == d["probabilities"][d["digit"]]
    assert d["sure"] is (d["confidence"] >= 0.9)
    assert len(d["box"]) == 4 and len(d["input"]) == 784
    assert all(type(v) is int and 0 <= v <= 255 for v in d["input"]) and max(d["input"]) > 200
x, y, width, height = pair["digits"][1]["box"]
assert 28 * 6 + 60 < x < x + width < 2 * (28 * 6 + 60) and 30 < y < y + height < 28 * 6 + 30
assert pair["digits"][0]["input"] == digit["digits"][0]["input"]  # whatever the polarity
EOF
    run -0 cnn-predict --json "$T/digit.png"
    [[ "$output" != *input* ]]
}

@test "--relabel passes samples on with probabilities that add up to 1" {
    cnn-predict --relabel < "$T/1000.bin" > "$BATS_TEST_TMPDIR/soft.bin"
    cnn-predict --scores < "$T/1000.bin" > "$BATS_TEST_TMPDIR/scores"
    "$HWDR_PYTHON" - "$T/1000.bin" "$BATS_TEST_TMPDIR" <<'EOF'
import sys
import numpy
import npystream

images, _ = npystream.read_all(open(sys.argv[1], "rb"))
reader = npystream.Reader(open(f"{sys.argv[2]}/soft.bin", "rb"))
assert reader.count == 1000
batches = list(reader)
assert (numpy.concatenate([b[0] for b in batches]) == images).all()
soft = numpy.concatenate([b[1] for b in batches])
assert soft.shape == (1000, 10) and abs(soft.sum(axis=1) - 1).max() < 1e-5
scores = list(npystream.read_scores(open(f"{sys.argv[2]}/scores", "rb")))
assert (numpy.concatenate(scores) == soft).all()
EOF
}

@test "--relabel --certain leaves labels in doubt, and gives the others what it gives alone" {
    local mixed=$BATS_TEST_TMPDIR/mixed.bin
    augment --foreign 2 --pieces 3 --no-shuffle < "$T/1000.bin" > "$mixed"
    cnn-predict --relabel < "$mixed" > "$BATS_TEST_TMPDIR/all.bin"
    cnn-predict --relabel --certain -t 2 < "$mixed" > "$BATS_TEST_TMPDIR/certain.bin"
    "$HWDR_PYTHON" - "$BATS_TEST_TMPDIR" <<'EOF'
import sys
import numpy
import npystream

def read(name):
    return npystream.read_all(open(f"{sys.argv[1]}/{name}.bin", "rb"))

(_, before), (_, everything), (_, certain) = map(read, ("mixed", "all", "certain"))
sure = before.max(axis=1) == 1
assert 900 < sure.sum() < 1400 and (~sure).sum() > 400
assert (certain[sure] == everything[sure]).all()
assert (certain[~sure] == before[~sure]).all()
assert (everything[~sure] != before[~sure]).any(axis=1).mean() > 0.9
EOF
    # hard labels, and none, are certain
    cmp <(cnn-predict --relabel < "$T/1000.bin") <(cnn-predict --relabel --certain < "$T/1000.bin")
}

@test "--relabel works on a stream without end, and ends quietly when its reader does" {
    idx2bin -e 1000000 data/mnist/t10k-images-idx3-ubyte 2> "$BATS_TEST_TMPDIR/err" |
        cnn-predict --relabel 2>> "$BATS_TEST_TMPDIR/err" | head -c 10000000 | wc -c |
        grep -qx 10000000
    [ ! -s "$BATS_TEST_TMPDIR/err" ]
}

@test "--scores of pictures has a record for each, a row a digit" {
    cnn-predict --scores "$T/pair.png" "$T/digit.png" > "$BATS_TEST_TMPDIR/scores"
    "$HWDR_PYTHON" - "$BATS_TEST_TMPDIR/scores" <<'EOF'
import sys
import npystream

pair, digit = npystream.read_scores(open(sys.argv[1], "rb"))
assert pair.shape == (2, 10) and digit.shape == (1, 10)
assert list(pair.argmax(axis=1)) == [7, 2] and digit.argmax() == 7
EOF
}

@test "a bad picture is told in one line and the others are read" {
    head -c 500 "$T/digit.png" > "$BATS_TEST_TMPDIR/cut.png"
    echo hello > "$BATS_TEST_TMPDIR/text.png"
    : > "$BATS_TEST_TMPDIR/empty.png"
    for bad in cut text empty missing; do
        file=$BATS_TEST_TMPDIR/$bad.png
        run -2 --separate-stderr cnn-predict "$file" "$T/digit.png"
        [[ "$output" == "$T/digit.png"$'\t7\t'* ]]
        one_line "cnn-predict: $file: "
        run -2 --separate-stderr cnn-predict --json "$T/digit.png" "$file"
        [[ "${lines[0]}" == '{"text": "7"'* ]]
        [[ "${lines[1]}" == "{\"error\": \"$file: "*'"}' ]]
        one_line "cnn-predict: $file: "
        run -2 --separate-stderr cnn-predict --scores "$file"
        one_line "cnn-predict: $file: "
        [ "$bad" = missing ] || {
            run -2 --separate-stderr cnn-predict < "$file"
            [ -z "$output" ]
            one_line "cnn-predict: stdin: "
        }
    done
}

@test "names and messages cannot break lines or JSON" {
    cp "$T/digit.png" "$BATS_TEST_TMPDIR/a"$'\n\t'b.png
    run -0 cnn-predict "$BATS_TEST_TMPDIR/a"$'\n\t'b.png
    [[ "$output" == "$BATS_TEST_TMPDIR/a??b.png"$'\t7\t'* ]]
    run -2 --separate-stderr cnn-predict --json '/none/"\'$'\n'.png
    [ "$output" = '{"error": "/none/\"\\?.png: cannot open: No such file or directory"}' ]
}

@test "cnn-predict refuses a stream cut short, after what it could read" {
    for size in 1 200 300000 700000; do
        for option in --scores --relabel --json; do
            run -2 --separate-stderr bash -c 'cnn-predict $1 | wc -c; exit "${PIPESTATUS[0]}"' \
                - $option < <(head -c $size "$T/1000.bin")
            one_line "cnn-predict: stdin: "
        done
        # what it wrote has no end record either
        run -2 cnn-eval < <(head -c $size "$T/1000.bin" | cnn-predict --relabel 2> /dev/null)
    done
}

@test "a full disk, a closed stdin and a closed stdout are trouble" {
    for option in --json --scores --relabel; do
        run -2 --separate-stderr bash -c 'cnn-predict $1 < "$T/1000.bin" > /dev/full' - $option
        one_line "cnn-predict: stdout: "
    done
    run -2 --separate-stderr bash -c 'cnn-predict "$T/digit.png" > /dev/full'
    one_line "cnn-predict: stdout: "
    run -2 --separate-stderr bash -c 'cnn-eval < "$T/1000.bin" > /dev/full'
    one_line "cnn-eval: stdout: "
    for program in cnn-eval cnn-predict; do
        run -2 --separate-stderr bash -c '"$1" <&-' - $program
        one_line "$program: stdin: "
        run -2 --separate-stderr bash -c '"$1" < "$T/1000.bin" >&-' - $program
        one_line "$program: stdout: "
    done
}

@test "cnn-predict refuses options that do not go together" {
    for options in --nonsense "-t 0" --input "--scores --input" "--json --scores" \
        "--relabel --scores" "--relabel a b" --certain; do
        # shellcheck disable=SC2086 # split on purpose
        run -2 --separate-stderr cnn-predict $options < "$T/1000.bin"
        [ -z "$output" ]
        one_line "cnn-predict: "
    done
    run -2 --separate-stderr cnn-predict --relabel "$T/digit.png"
    [ -z "$output" ]
    one_line "cnn-predict: $T/digit.png: a picture"
}

@test "cnn-eval and cnn-predict tell their use, with an example, and their version" {
    for program in cnn-eval cnn-predict; do
        run -0 $program --help
        [[ "${lines[0]}" == "Usage: $program "* ]]
        [[ "$output" == *Example:* ]]
        run -0 $program --version
        [[ "$output" == "$program (hwdr) "* ]]
    done
}

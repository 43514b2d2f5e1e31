# png2bin and bin2png from the outside: every kind of PNG in, bad ones refused, sheets out.
# shellcheck disable=SC2154,SC2094 # run --separate-stderr sets stderr and stderr_lines

bats_require_minimum_version 1.5.0

setup() {
    python=${HWDR_PYTHON:-/usr/bin/python3}
    images=data/mnist/t10k-images-idx3-ubyte
    labels=data/mnist/t10k-labels-idx1-ubyte
    t=$BATS_TEST_TMPDIR
}

make_png() { # KIND: prints the file's name
    "$python" tests/cli/make_png.py "$1" "$t/$1.png"
    echo "$t/$1.png"
}

# Sum of all images' pixels, and all labels, of a stream on stdin.
summary() {
    PYTHONPATH=lib PYTHONDONTWRITEBYTECODE=1 "$python" -c '
import sys, npystream
ink, names = 0, []
for images, labels in npystream.Reader(sys.stdin.buffer):
    ink += int(images.sum())
    names += [int(label) for label in labels]
print(ink, *names)'
}

@test "every kind of PNG shows the same digit" {
    png2bin "$(make_png grey8)" > "$t/expected"
    [ "$(summary < "$t/expected" | cut -d' ' -f1)" -gt 10000 ]
    for kind in grey1 grey2 grey4 grey16 greya8 greya16 palette1 palette2 palette4 palette8 \
        rgb8 rgb16 rgba8 rgba16 interlaced-grey1 interlaced-grey16 interlaced-palette4 \
        interlaced-rgb8 interlaced-rgba16 interlaced-greya8 trns-grey1 trns-grey8 trns-grey16 \
        trns-rgb8 trns-palette8 transparent-dark transparent-light; do
        echo "$kind"
        png2bin "$(make_png "$kind")" > "$t/found"
        cmp "$t/expected" "$t/found"
    done
}

@test "blank, black, shaded and one-pixel pictures have no ink" {
    for kind in white black onepixel gradient radial transparent-all; do
        echo "$kind"
        [ "$(png2bin "$(make_png "$kind")" | summary)" = "0 255" ]
    done
}

@test "a hole in white paper is not ink" {
    png2bin "$(make_png grey8)" > "$t/expected"
    png2bin "$(make_png paper-with-hole)" | cmp - "$t/expected"
}

@test "a bad PNG ends with status 2, one line that names it, and no end of the stream" {
    good=$(make_png grey8)
    for case in "text:not a PNG" "cut:cut short" "noend:cut short" "badcrc:corrupt" \
        "huge:60000x60000 pixels" "wide:8193x1 pixels"; do
        kind=${case%%:*}
        echo "$case"
        run --separate-stderr png2bin "$good" "$(make_png "$kind")"
        [ "$status" -eq 2 ]
        [ "${#stderr_lines[@]}" -eq 1 ]
        [[ $stderr == "png2bin: $t/$kind.png: "*"${case#*:}"* ]]
        png2bin "$good" "$t/$kind.png" 2> /dev/null > "$t/stream" || true
        run bin2png < "$t/stream"
        [ "$status" -eq 2 ]
    done
    : > "$t/empty.png"
    run png2bin "$t/empty.png"
    [ "$status" -eq 2 ]
    [ "$output" = "png2bin: $t/empty.png: not a PNG" ]
    run png2bin "$t/missing.png"
    [ "$status" -eq 2 ]
    [ "$output" = "png2bin: $t/missing.png: No such file or directory" ]
    run png2bin "$t"
    [ "$status" -eq 2 ]
}

@test "a PNG cut at any byte is refused" {
    good=$(make_png rgb8)
    size=$(stat -c %s "$good")
    for ((n = 0; n < size; n += 7)); do
        run png2bin < <(head -c "$n" "$good")
        [ "$status" -eq 2 ]
    done
    run png2bin < <(head -c $((size - 1)) "$good")
    [ "$status" -eq 2 ]
    png2bin < "$good" > /dev/null
}

@test "the largest picture takes two bytes a pixel, interlaced and transparent as it is" {
    huge=$(make_png largest)
    run bash -c "ulimit -v 200000; png2bin '$huge' | wc -c"
    [ "$status" -eq 0 ]
    [ "$output" -gt 784 ]
}

@test "pictures come from stdin, from arguments, and from the labels' file" {
    good=$(make_png grey8)
    other=$(make_png palette2)
    ink=$(png2bin < "$good" | summary | cut -d' ' -f1)
    [ "$(png2bin "$good" - < "$other" | summary)" = "$((2 * ink)) 255 255" ]
    printf '%s\t7\n%s\t3\n' "$good" "$other" > "$t/labels.tsv"
    [ "$(png2bin -l "$t/labels.tsv" | summary)" = "$((2 * ink)) 7 3" ]
    [ "$(png2bin --labels "$t/labels.tsv" "$other" "$good" - < "$good" | summary)" = \
        "$((3 * ink)) 3 7 255" ]
    [ "$(png2bin -l - < "$t/labels.tsv" | summary)" = "$((2 * ink)) 7 3" ]
    : > "$t/none.tsv"
    [ "$(png2bin -l "$t/none.tsv" | summary)" = "0" ]
}

@test "bad labels are refused before any output" {
    good=$(make_png grey8)
    for line in "$good" "$good\\t10" "$good\\tx" "$good\\t" "\\t3"; do
        printf '%b\n' "$line" > "$t/labels.tsv"
        run png2bin -l "$t/labels.tsv" "$good"
        echo "$line: $output"
        [ "$status" -eq 2 ]
        [[ $output == "png2bin: $t/labels.tsv: line 1: "* ]]
    done
    printf '%s\t1\n%s\t2\n' "$good" "$good" > "$t/labels.tsv"
    run png2bin -l "$t/labels.tsv" "$good"
    [ "$status" -eq 2 ]
    [[ $output == *"two labels, 1 and 2" || $output == *"two labels, 2 and 1" ]]
}

@test "a contact sheet shows every pixel of every sample" {
    idx2bin -r :7 "$images" "$labels" | bin2png -c 3 > "$t/sheet.png"
    "$python" - "$t/sheet.png" "$images" << 'EOF'
import sys, zlib, struct
import numpy as np
data = open(sys.argv[1], "rb").read()
width, height = struct.unpack(">II", data[16:24])
assert (width, height) == (3 * 30 + 2, 3 * 37 + 2), (width, height)
at, body = 8, b""
while at < len(data):
    size, kind = struct.unpack(">I4s", data[at:at + 8])
    body += data[at + 8:at + 8 + size] if kind == b"IDAT" else b""
    at += size + 12
rows = np.frombuffer(zlib.decompress(body), np.uint8).reshape(height, width + 1).copy()
sheet = np.zeros((height, width), int)
for y in range(height):  # undo PNG's filters
    kind, row = rows[y, 0], rows[y, 1:].astype(int)
    up = sheet[y - 1] if y else np.zeros(width, int)
    for x in range(width):
        a, b, c = (sheet[y, x - 1] if x else 0), up[x], (up[x - 1] if x else 0)
        p = a + b - c
        paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
        sheet[y, x] = (row[x] + [0, a, b, (a + b) // 2, paeth][kind]) % 256
digits = np.fromfile(sys.argv[2], np.uint8)[16:16 + 7 * 784].reshape(7, 28, 28)
for i in range(7):
    y, x = 2 + i // 3 * 37, 2 + i % 3 * 30
    assert (255 - sheet[y:y + 28, x:x + 28] == digits[i]).all(), i
    assert (sheet[y + 29:y + 36, x:x + 28] == 0).sum() > 6, "no caption below %d" % i
assert (sheet[2 + 2 * 37:, 32:] == 224).all(), "something is drawn behind the last sample"
EOF
}

@test "captions, columns and zoom set the sheet's size" {
    size() { od -An -tu1 -j16 -N8 | awk '{print $3 * 256 + $4, $7 * 256 + $8}'; }
    [ "$(idx2bin -r :5 "$images" | bin2png -c 5 | size)" = "152 32" ]
    [ "$(idx2bin -r :5 "$images" "$labels" | bin2png -c 5 | size)" = "152 39" ]
    [ "$(idx2bin -r :5 "$images" | bin2png -c 2 -z 3 | size)" = "186 276" ]
    [ "$(idx2bin -r :100 "$images" | bin2png | size)" = "302 302" ]
    [ "$(idx2bin -r :100 "$images" | bin2png -n 4 | size)" = "62 62" ]
    [ "$(idx2bin -r :0 "$images" | bin2png | size)" = "32 32" ]
    [ "$(idx2bin "$images" "$labels" | bin2png | size)" = "3362 3332" ]
}

@test "what is known to be no digit has no caption, as where the label is unknown" {
    idx2bin -r :3 "$images" "$labels" | augment --none --no-shuffle --foreign 1 > "$t/soft"
    PYTHONPATH=lib PYTHONDONTWRITEBYTECODE=1 "$python" -c '
import sys, npystream
with npystream.Writer(sys.stdout.buffer) as out:
    for images, soft in npystream.Reader(sys.stdin.buffer):
        hard = soft.argmax(1).astype("u1")
        hard[1::2] = 255  # the drawings
        out.write(images, hard)' < "$t/soft" > "$t/hard"
    bin2png < "$t/soft" > "$t/soft.png"
    bin2png < "$t/hard" | cmp - "$t/soft.png"
    # Nor can a report call it wrong.
    printf 'samples\t3\nwrong\t1\t7\t2\t0.61\n' > "$t/report"
    run bin2png -w "$t/report" < "$t/soft"
    [ "$status" -eq 2 ]
    [ "$output" = "bin2png: $t/report: sample 1 is a 7 there and no digit in the stream" ]
}

@test "more samples than fit are refused, unless there is a limit" {
    run --separate-stderr bin2png -z 16 < <(idx2bin -r :222 "$images")
    [ "$status" -eq 2 ]
    [ "$output" = "" ]
    [[ $stderr == "bin2png: stdin: more samples than the 221 that fit"* ]]
    idx2bin -r :222 "$images" | bin2png -z 16 -n 221 > /dev/null
    # A stream that does not announce its count is found to be too long on the way.
    idx2bin -r :222 "$images" | PYTHONPATH=lib PYTHONDONTWRITEBYTECODE=1 "$python" -c '
import sys, npystream
with npystream.Writer(sys.stdout.buffer) as out:
    for images, labels in npystream.Reader(sys.stdin.buffer):
        out.write(images, labels)' > "$t/uncounted"
    run bin2png -z 16 < "$t/uncounted"
    [ "$status" -eq 2 ]
    [[ $output == "bin2png: stdin: more samples than the 221 that fit"* ]]
    run bin2png --columns 274 < <(idx2bin -r :3 "$images")
    [ "$status" -eq 2 ]
    [[ $output == *"at most 273" ]]
}

@test "--wrong shows the report's samples alone" {
    idx2bin -r :300 "$images" "$labels" > "$t/samples"
    {
        printf 'samples\t300\naccuracy\t0.99\t0.005\n'
        printf 'wrong\t299\t8\t9\t0.5\nwrong\t0\t7\t2\t0.61\n'
    } > "$t/report"
    bin2png -w "$t/report" < "$t/samples" > "$t/wrong.png"
    [ "$(od -An -tu1 -j16 -N8 "$t/wrong.png" | awk '{print $4, $8}')" = "62 39" ]
    # One sample whose caption is alone on its sheet, with and without the predicted digit.
    printf 'samples\t300\nwrong\t0\t7\t2\t0.61\n' > "$t/report"
    bin2png -w "$t/report" < "$t/samples" > "$t/one.png"
    run cmp "$t/one.png" <(idx2bin -r :1 "$images" "$labels" | bin2png)
    [ "$status" -eq 1 ]
    printf 'samples\t300\n' > "$t/report"
    bin2png -w "$t/report" < "$t/samples" > /dev/null
}

@test "--doubtful puts a question mark behind the captions of the samples that it names" {
    cd "$BATS_TEST_TMPDIR"
    idx2bin -r :3 "$OLDPWD/data/mnist/t10k-images-idx3-ubyte" \
        "$OLDPWD/data/mnist/t10k-labels-idx1-ubyte" > three
    printf '# by hand\n2 as told\n17\n' > doubtful
    bin2png -c 3 < three > plain.png
    bin2png -c 3 --doubtful doubtful < three > marked.png
    "$HWDR_PYTHON" - <<'EOF'
import zlib
import numpy

def pixels(name):
    data, at, packed = open(name, "rb").read(), 8, b""
    width, height = (int.from_bytes(data[i:i + 4], "big") for i in (16, 20))
    while at < len(data):
        size, kind = int.from_bytes(data[at:at + 4], "big"), data[at + 4:at + 8]
        packed += data[at + 8:at + 8 + size] if kind == b"IDAT" else b""
        at += 12 + size
    rows = numpy.frombuffer(zlib.decompress(packed), "u1").reshape(height, width + 1)
    image = numpy.zeros((height + 1, width + 1), int)  # with a row above and a column to the left
    for y, row in enumerate(rows, 1):
        for x in range(1, width + 1):
            a, b, c = image[y, x - 1], image[y - 1, x], image[y - 1, x - 1]
            paeth = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]
            image[y, x] = row[x] + (0, a, b, (a + b) // 2, paeth)[row[0]] & 255
    return image[1:, 1:]

plain, marked = pixels("plain.png"), pixels("marked.png")
assert (plain[:, :62] == marked[:, :62]).all()
below = marked[31:38, 62:90] == 0
ink = ["".join(".#"[dot] for dot in row) for row in below]
assert [row[8:19] for row in ink] == [
    "..#....###.", ".##...#...#", "#.#.......#", "..#......#.", "..#.....#..", "..#........",
    "#####...#.."], ink
EOF
    printf '2\nx\n' > doubtful
    run -2 --separate-stderr bin2png --doubtful doubtful < three
    [ "$stderr" = "bin2png: doubtful: line 2: not the number of a sample" ]
    run -2 --separate-stderr bin2png --doubtful none < three
    [ "$stderr" = "bin2png: none: No such file or directory" ]
}

@test "--wrong refuses reports that do not belong to the stream" {
    for case in "wrong\\t0\\t3\\t2\\t0.6:sample 0 is a 3 there and a 7 in the stream" \
        "wrong\\t300\\t3\\t2\\t0.6:sample 300 is not in the stream of 300" \
        "wrong\\t1\\t2\\t12\\t0.6:line 2: not wrong" "wrong\\tx:line 2: not wrong"; do
        printf 'samples\t300\n%b\n' "${case%%:*}" > "$t/report"
        run --separate-stderr bin2png -w "$t/report" < <(idx2bin -r :300 "$images" "$labels")
        echo "$case: $stderr"
        [ "$status" -eq 2 ]
        [ "$output" = "" ]
        [[ $stderr == "bin2png: $t/report: ${case#*:}"* ]]
    done
    echo hello > "$t/report"
    run bin2png -w "$t/report" < <(idx2bin -r :3 "$images")
    [ "$status" -eq 2 ]
    [[ $output == *"not a report of cnn-eval"* ]]
}

@test "a stream cut off, a full disk and mistakes in the command line end with status 2" {
    idx2bin -r :10 "$images" > "$t/samples"
    run bin2png < <(head -c 3000 "$t/samples")
    [ "$status" -eq 2 ]
    run bash -c "bin2png < '$t/samples' > /dev/full"
    [ "$status" -eq 2 ]
    [[ $output == "bin2png: stdout: "* ]]
    run bash -c "png2bin '$(make_png grey8)' > /dev/full"
    [ "$status" -eq 2 ]
    for arguments in "--zoom 17" "--zoom 0" "--columns x" "--limit -1" "--nonsense" "file"; do
        # shellcheck disable=SC2086 # an option and its value
        run bin2png $arguments < "$t/samples"
        [ "$status" -eq 2 ]
        [ "${#lines[@]}" -eq 1 ]
    done
    run png2bin --nonsense
    [ "$status" -eq 2 ]
    for program in png2bin bin2png; do
        $program --help | grep -q "^Usage: $program"
        [ "$($program --version | cut -d' ' -f1)" = "$program" ]
    done
}

@test "a drawn digit comes back from its sheet as it was" {
    # MNIST's images, drawn 8 times their size dark on light, become themselves again, but for the
    # faintest ink: the paper is the sheet's grey of 224, and what is lighter than it is no ink.
    for i in 0 1 2 3 4; do
        idx2bin -r "$i:$((i + 1))" "$images" | bin2png -z 8 > "$t/$i.png"
    done
    png2bin "$t"/[0-4].png > "$t/found"
    idx2bin -r :5 "$images" > "$t/expected"
    PYTHONPATH=lib PYTHONDONTWRITEBYTECODE=1 "$python" - "$t/found" "$t/expected" << 'EOF'
import sys, npystream
import numpy as np
found, expected = (np.concatenate([images for images, _ in npystream.Reader(open(name, "rb"))])
                   for name in sys.argv[1:])
difference = np.abs(found.astype(int) - expected)
assert difference.max() <= 32 and difference.mean() < 3, (difference.max(), difference.mean())
EOF
}

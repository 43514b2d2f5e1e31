#!/usr/bin/env bats
# augment: what its output depends on, and what happens to bad input.

setup() {
    bats_require_minimum_version 1.5.0
    cd "$BATS_TEST_DIRNAME/../.." || exit 1
    samples=$BATS_FILE_TMPDIR/samples
    out=$BATS_TEST_TMPDIR/out
}

setup_file() {
    cd "$BATS_TEST_DIRNAME/../.." || exit 1
    idx2bin --range 0:1000 data/mnist/train-images-idx3-ubyte \
        data/mnist/train-labels-idx1-ubyte > "$BATS_FILE_TMPDIR/samples"
}

# Run Python with `streams`, the (images, labels) of each file named on the command line.
python() {
    "${HWDR_PYTHON:-/usr/bin/python3}" - "$@" <<PYTHON
import sys
import numpy as np

def read(path):
    images, labels = [], []
    with open(path, "rb") as file:
        count = np.load(file)
        while True:
            block = np.load(file)
            if len(block) == 0:
                break
            images.append(block)
            labels.append(np.load(file))
        assert file.read() == b""
    images, labels = np.concatenate(images), np.concatenate(labels)
    assert count == len(images) == len(labels), (count, len(images))
    return images, labels

streams = [read(path) for path in sys.argv[1:]]
$(cat)
PYTHON
}

trouble() { # STATUS-2 and one line on stderr that has these words
    [ "$status" -eq 2 ]
    [[ "$stderr" != *$'\n'* ]]
    [[ "$stderr" == "augment: "*"$1"* ]]
}

@test "augment: --none --no-shuffle passes the stream on, byte for byte" {
    augment --none --no-shuffle < "$samples" > "$out"
    cmp "$samples" "$out"
}

@test "augment: the bytes do not depend on the number of threads" {
    augment --epochs 3 --erase 4 --stroke 0.5 --threads 1 < "$samples" > "$out.1"
    augment --epochs 3 --erase 4 --stroke 0.5 --threads 2 < "$samples" > "$out.2"
    augment --epochs 3 --erase 4 --stroke 0.5 --threads 7 < "$samples" > "$out.7"
    cmp "$out.1" "$out.2"
    cmp "$out.1" "$out.7"
    augment --no-shuffle --threads 1 < "$samples" > "$out.1"
    augment --no-shuffle --threads 2 < "$samples" > "$out.2"
    cmp "$out.1" "$out.2"
}

@test "augment: one seed gives one result, another seed another" {
    augment --seed 5 < "$samples" > "$out.a"
    augment --seed 5 < "$samples" > "$out.b"
    augment --seed 6 < "$samples" > "$out.c"
    cmp "$out.a" "$out.b"
    run ! cmp -s "$out.a" "$out.c"
}

@test "augment: every epoch is a permutation of the samples, labels with their images" {
    augment --none --epochs 3 < "$samples" > "$out"
    python "$samples" "$out" <<'PYTHON'
(images, labels), (shuffled, moved) = streams
n = len(images)
assert len(shuffled) == 3 * n
rows = lambda i, l: [a.tobytes() + bytes([b]) for a, b in zip(i, l)]
orders = [rows(shuffled[e * n:][:n], moved[e * n:][:n]) for e in range(3)]
for order in orders:
    assert sorted(order) == sorted(rows(images, labels))
    assert order != rows(images, labels)
assert orders[0] != orders[1] and orders[1] != orders[2] and orders[0] != orders[2]
PYTHON
}

@test "augment: epochs are distorted differently, by the place in the input and not the order" {
    augment --epochs 2 < "$samples" > "$out.mixed"
    augment --epochs 2 --no-shuffle < "$samples" > "$out.plain"
    augment --no-shuffle < "$samples" > "$out.stream"
    python "$samples" "$out.mixed" "$out.plain" "$out.stream" <<'PYTHON'
(_, labels), (mixed, _), (plain, twice), (stream, _) = streams
n = len(labels)
assert (twice == np.concatenate([labels, labels])).all()
assert (stream == plain[:n]).all()
assert (plain[:n] != plain[n:]).any(axis=(1, 2)).all()
for e in range(2):
    ordered = lambda a: sorted(i.tobytes() for i in a[e * n:][:n])
    assert ordered(mixed) == ordered(plain)
PYTHON
}

@test "augment: --clean leaves the last epochs as they are, labels and order too" {
    augment --epochs 3 --sharpen 1 --spoil 0.5 < "$samples" > "$out.all"
    augment --epochs 3 --sharpen 1 --spoil 0.5 --clean 2 < "$samples" > "$out"
    augment --epochs 3 --none < "$samples" > "$out.none"
    python "$out.all" "$out" "$out.none" <<'EOF'
(all_, labels), (some, some_labels), (none, none_labels) = streams
assert (labels == some_labels).all() and (labels == none_labels).all()
assert (some[:1000] == all_[:1000]).all() and (some[1000:] == none[1000:]).all()
assert (some[:1000] != none[:1000]).any(axis=(1, 2)).all()
EOF
    augment --clean 5 < "$samples" | cmp - <(augment --none < "$samples")
    augment --clean 1 --no-shuffle < "$samples" > "$out"
    cmp "$out" "$samples"
}

@test "augment: each distortion changes the images, and keeps about their ink" {
    for option in rotate=12 shift=2.2 zoom=0.12 shear=0.2 elastic=0.8 stroke=0.5 erase=4; do
        augment --none --no-shuffle "--$option" < "$samples" > "$out"
        python "$samples" "$out" <<'PYTHON'
(images, labels), (distorted, kept) = streams
assert (labels == kept).all()
changed = (images != distorted).any(axis=(1, 2)).mean()
assert changed > 0.4, changed # erase often meets paper
ratio = distorted.sum(dtype=float) / images.sum(dtype=float)
assert 0.93 < ratio < 1.07, ratio
PYTHON
    done
}

@test "augment: --spoil changes its share of the images, each kind alone too" {
    spoil="--none --no-shuffle --wide 1 --perspective 0 --blur 0 --lines 0 --contrast 0
        --background 0 --noise 0 --spoil"
    # shellcheck disable=SC2086 # words
    augment $spoil 1 < "$samples" > "$out"
    cmp "$samples" "$out"
    for option in perspective=0.2 blur=1.2 lines=4 contrast=0.8 background=0.8 noise=0.4 \
        coarse=3; do
        # shellcheck disable=SC2086 # words
        augment $spoil 0.5 "--$option" < "$samples" > "$out"
        python "$samples" "$out" <<'PYTHON'
(images, labels), (spoilt, kept) = streams
assert (labels == kept).all()
changed = (images != spoilt).any(axis=(1, 2)).mean()
assert 0.08 < changed < 0.33, changed # two axes of blur, and of tilt: 0.29
PYTHON
    done
    augment --spoil 0.5 --epochs 2 --threads 1 < "$samples" > "$out.1"
    augment --spoil 0.5 --epochs 2 --threads 3 < "$samples" > "$out.3"
    cmp "$out.1" "$out.3"
}

@test "augment: --foreign puts a drawing after every so many digits, its label uniform" {
    augment --none --no-shuffle --foreign 7 < "$samples" > "$out"
    augment --none --no-shuffle --foreign 7 --epochs 2 < "$samples" > "$out.twice"
    augment --none --foreign 7 --threads 3 < "$samples" > "$out.mixed"
    python "$samples" "$out" "$out.twice" "$out.mixed" <<'PYTHON'
(images, labels), (plain, soft), (twice, _), (mixed, mixed_soft) = streams
n, drawings = len(labels), len(labels) // 7
assert len(plain) == n + drawings and len(twice) == 2 * len(plain) and len(mixed) == len(plain)
foreign = np.arange(len(plain)) % 8 == 7
assert (plain[~foreign] == images).all()
assert (soft[~foreign] == np.eye(10)[labels]).all()
assert (soft[foreign] == np.float32(0.1)).all()
assert len(np.unique(plain[foreign], axis=0)) == drawings
assert (twice[:len(plain)] == plain).all() # in a stream or from memory
assert (twice[len(plain):][foreign] != plain[foreign]).any(axis=(1, 2)).all()
rows = lambda i, l: sorted(a.tobytes() + b.tobytes() for a, b in zip(i, l))
assert rows(plain, soft) == rows(mixed, mixed_soft)
PYTHON
}

@test "augment: what is made up does not depend on how the input is cut into records" {
    "${HWDR_PYTHON:-/usr/bin/python3}" - "$samples" > "$out.cut" <<'PYTHON'
import sys
sys.path.insert(0, "lib")
import npystream
images, labels = npystream.read_all(open(sys.argv[1], "rb"))
with npystream.Writer(sys.stdout.buffer, len(labels)) as out:
    for i in range(0, len(labels), 13):
        out.write(images[i:][:13], labels[i:][:13])
PYTHON
    augment --no-shuffle --spoil 0.3 --foreign 3 --pieces 2 --hands 5 < "$samples" > "$out.a"
    augment --no-shuffle --spoil 0.3 --foreign 3 --pieces 2 --hands 5 < "$out.cut" > "$out.b"
    python "$out.a" "$out.b" <<'PYTHON'
(images, labels), (others, same) = streams
assert (images == others).all() and (labels == same).all()
PYTHON
}

@test "augment: --pieces and --hands come among digits and drawings, with labels of their own" {
    made="--foreign 7 --pieces 3 --hands 5"
    # shellcheck disable=SC2086 # words
    {
        augment --none --no-shuffle $made < "$samples" > "$out"
        augment --none --no-shuffle $made --epochs 2 < "$samples" > "$out.twice"
        augment --none $made --threads 3 < "$samples" > "$out.mixed"
    }
    augment --none --no-shuffle --foreign 7 < "$samples" > "$out.foreign"
    python "$samples" "$out" "$out.twice" "$out.mixed" "$out.foreign" <<'PYTHON'
(images, labels), (plain, soft), (twice, _), (mixed, mixed_soft), (others, _) = streams
kind = np.concatenate([[0] + [1] * (k % 7 == 6) + [2] * (k % 3 == 2) + [3] * (k % 5 == 4)
                       for k in range(len(labels))])
assert len(plain) == len(kind) and len(twice) == 2 * len(kind)
assert (plain[kind == 0] == images).all() and (plain[kind < 2] == others).all()
assert (abs(soft.sum(1) - 1) < 1e-6).all()
pieces, of = plain[kind == 2], soft[kind == 2]
best = of.max(1)
assert (best < 0.11).mean() > 0.3 and (best > 0.99).mean() > 0.1 # neither good nor bad: the rest
for i in np.flatnonzero(best > 0.2): # of the last 16
    last = 3 * i + 2
    assert of[i].argmax() in labels[max(0, last - 15) : last + 1]
assert (of[best > 0.2].argmax(1) == 1).mean() > 0.17 # a 1 hides beside others: more of them
hands = soft[kind == 3]
assert (abs(np.sort(hands) - ([0.003] * 9 + [0.973])) < 1e-6).all()
assert set(hands.argmax(1)) == set(range(10))
for k in 2, 3:
    assert len(np.unique(plain[kind == k], axis=0)) == (kind == k).sum()
    assert (twice[len(plain):][kind == k] != plain[kind == k]).any(axis=(1, 2)).all()
assert (twice[:len(plain)] == plain).all() # in a stream or from memory
rows = lambda i, l: sorted(a.tobytes() + b.tobytes() for a, b in zip(i, l))
assert rows(plain, soft) == rows(mixed, mixed_soft)
PYTHON
}

@test "augment: --foreign, --pieces and --hands need labels" {
    idx2bin --range 0:300 data/mnist/train-images-idx3-ubyte > "$out"
    for order in --none --no-shuffle; do
        for option in --foreign --pieces --hands; do
            run --separate-stderr augment $order $option 10 < "$out"
            trouble "stdin: sample 0: has no label, which $option needs"
        done
    done
}

@test "augment: soft labels stay with their images" {
    "${HWDR_PYTHON:-/usr/bin/python3}" - > "$out.soft" <<'PYTHON'
import io, sys
import numpy as np
n = 300
images = np.zeros((n, 28, 28), np.uint8)
images[:, 10, 10] = np.arange(n) % 256
images[:, 11, 10] = np.arange(n) // 256
soft = np.zeros((n, 10), np.float32)
soft[:, 0] = np.arange(n, dtype=np.float32) / n
soft[:, 9] = 1 - soft[:, 0]
memory = io.BytesIO() # np.save to a pipe would use tofile(), which seeks
for a in (np.int64(n), images, soft, np.zeros(0, np.uint8)):
    np.save(memory, a)
sys.stdout.buffer.write(memory.getvalue())
PYTHON
    augment --none --epochs 2 < "$out.soft" > "$out"
    python "$out" <<'PYTHON'
images, soft = streams[0]
index = images[:, 10, 10] + 256 * images[:, 11, 10].astype(int)
assert sorted(index) == sorted(list(range(300)) * 2)
assert soft.dtype == np.float32
assert (soft[:, 0] == index.astype(np.float32) / np.float32(300)).all()
assert (soft[:, 9] == 1 - soft[:, 0]).all()
PYTHON
}

@test "augment: an empty stream stays one" {
    "${HWDR_PYTHON:-/usr/bin/python3}" - > "$out" <<'PYTHON'
import io, sys
import numpy as np
memory = io.BytesIO()
np.save(memory, np.int64(0))
np.save(memory, np.zeros(0, np.uint8))
sys.stdout.buffer.write(memory.getvalue())
PYTHON
    augment --epochs 4 < "$out" > "$out.2"
    "${HWDR_PYTHON:-/usr/bin/python3}" - "$out.2" <<'PYTHON'
import sys
import numpy as np
with open(sys.argv[1], "rb") as file:
    assert np.load(file) == 0
    assert np.load(file).shape == (0,)
    assert file.read() == b""
PYTHON
}

@test "augment: an endless stream flows through in constant memory" {
    # 100 MB of address space hold the program, not the 200 MB that pass before head has enough.
    "${HWDR_PYTHON:-/usr/bin/python3}" - > "$out.record" <<'PYTHON'
import io, sys
import numpy as np
memory = io.BytesIO()
np.save(memory, np.full((4096, 28, 28), 200, np.uint8))
np.save(memory, np.full(4096, 3, np.uint8))
sys.stdout.buffer.write(memory.getvalue())
PYTHON
    endless() { while cat "$out.record" 2> /dev/null; do :; done; }
    passed=$(endless | (ulimit -v 100000 && exec augment --none --no-shuffle) |
        head -c 200000000 | wc -c)
    [ "$passed" -eq 200000000 ]
}

@test "augment: numbers out of range name their range" {
    while read -r option value range; do
        run --separate-stderr augment "--$option" "$value" < "$samples"
        trouble "--$option: '$value' is not a"
        trouble "from $range"
        [ -z "$output" ]
    done <<'CASES'
rotate 181 0 to 180
rotate -1 0 to 180
rotate nan 0 to 180
shift 28.5 0 to 28
zoom 1 0 to 0.9
shear 2.5 0 to 2
elastic x 0 to 28
stroke 1.01 0 to 1
erase 29 0 to 28
sharpen 5 0 to 4
mirror 1.5 0 to 1
clean -1 0 to 1000000
erase 2.5 0 to 28
spoil 1.5 0 to 1
wide 0.5 1 to 4
perspective 0.6 0 to 0.5
blur 5 0 to 4
lines 17 0 to 16
contrast 2 0 to 1
background -1 0 to 1
noise 1.1 0 to 1
coarse 5 0 to 4
foreign -1 0 to 1000000
hands -1 0 to 1000000
pieces -1 0 to 1000000
epochs 0 1 to 1000000
threads 0 1 to 1024
seed -1 0 to 9223372036854775807
CASES
}

@test "augment: mistakes in the command line end with 2 and one line" {
    run --separate-stderr augment --wrong
    trouble "wrong"
    run --separate-stderr augment file
    trouble "file: unexpected argument"
}

@test "augment: a stream cut anywhere is an error" {
    size=$(wc -c < "$samples")
    for bytes in 0 5 80 130 200 300 100000 $((size - 129)) $((size - 128)) $((size - 1)); do
        for order in --none --no-shuffle; do
            head -c "$bytes" "$samples" > "$out"
            run --separate-stderr augment $order < "$out"
            [ "$status" -eq 2 ]
            [[ "$stderr" == "augment: stdin: "* ]]
        done
    done
    run --separate-stderr bash -c 'augment <&-'
    trouble "stdin"
}

@test "augment: a full disk is an error" {
    for order in --none --no-shuffle; do
        run --separate-stderr bash -c "augment $order < '$samples' > /dev/full"
        trouble "No space left on device"
    done
}

@test "augment: a reader that stops early is none" {
    run bash -c 'augment --epochs 50 < "$1" | head -c 100 | wc -c; echo "${PIPESTATUS[@]}"' - \
        "$samples"
    [ "${lines[0]}" -eq 100 ]
    [ "${lines[1]}" = "141 0 0" ]
    [ "${#lines[@]}" -eq 2 ]
}

@test "augment: --help and --version" {
    run --separate-stderr augment --help
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    [[ "$output" == "Usage: augment"*"| augment |"* ]]
    run augment --version
    [[ "$output" == "augment (hwdr) "* ]]
    [ "$status" -eq 0 ]
}

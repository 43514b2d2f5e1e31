#!/usr/bin/env bats
# idx2bin: IDX files to the sample stream, judged by NumPy.

setup() {
    train=data/mnist/train-images-idx3-ubyte
    train_labels=data/mnist/train-labels-idx1-ubyte
    test=data/mnist/t10k-images-idx3-ubyte
    test_labels=data/mnist/t10k-labels-idx1-ubyte
    t=$BATS_TEST_TMPDIR
    export PYTHONPATH=lib PYTHONDONTWRITEBYTECODE=1
}

# Run Python lines with NumPy as np, npystream's read_all as stream(FILE), and idx(FILE, dims).
python() {
    "${HWDR_PYTHON:-/usr/bin/python3}" -c "
import sys, numpy as np, npystream
def stream(path):
    return npystream.read_all(open(path, 'rb'))
def idx(path, dims):
    data = np.fromfile(path, 'u1')
    return data[4 + 4 * dims:].reshape(np.frombuffer(data[4:4 + 4 * dims], '>u4'))
def write_idx(path, array, kind=8):
    head = bytes([0, 0, kind, array.ndim]) + np.array(array.shape, '>u4').tobytes()
    open(path, 'wb').write(head + array.astype('u1').tobytes())
$1"
}

# refused MESSAGE ARGUMENT...: exit 2, this one line, not a byte on stdout.
refused() {
    local message=$1
    shift
    local status=0
    idx2bin "$@" >"$t/out" 2>"$t/err" || status=$?
    cat "$t/err"
    [ "$status" -eq 2 ]
    [ ! -s "$t/out" ]
    [ "$(wc -l <"$t/err")" -eq 1 ]
    grep -qF -- "$message" "$t/err"
    grep -q '^idx2bin: ' "$t/err"
}

@test "NumPy reads all 60,000 training digits, pixel for pixel" {
    idx2bin "$train" "$train_labels" >"$t/s"
    python "
x, y = stream('$t/s')
assert (x == idx('$train', 3)).all() and x.shape == (60000, 28, 28)
assert (y == idx('$train_labels', 1)).all()
assert npystream.Reader(open('$t/s', 'rb')).count == 60000
assert [len(y) for _, y in npystream.read_stream(open('$t/s', 'rb'))] == [256] * 234 + [96]"
}

@test "gzip files and pipes give the same stream" {
    idx2bin "$test" "$test_labels" >"$t/plain"
    gzip -c "$test" >"$t/i.gz"
    gzip -c "$test_labels" >"$t/l.gz"
    idx2bin "$t/i.gz" "$t/l.gz" | cmp - "$t/plain"
    idx2bin <(cat "$test") <(gzip -c "$test_labels") | cmp - "$t/plain"
    head -c 5000000 "$test" | gzip >"$t/parts.gz" # concatenated members
    tail -c +5000001 "$test" | gzip >>"$t/parts.gz"
    idx2bin "$t/parts.gz" "$t/l.gz" | cmp - "$t/plain"
}

@test "without labels they are unknown" {
    idx2bin "$test" >"$t/s"
    python "
x, y = stream('$t/s')
assert (x == idx('$test', 3)).all() and (y == 255).all() and len(y) == 10000"
}

@test "--range takes what Python's slices take" {
    for range in : :7 9990: 100:400 0:10000 5:5 10000:; do
        idx2bin --range $range "$test" "$test_labels" >"$t/s"
        python "
x, y = stream('$t/s')
assert (x == idx('$test', 3)[$range]).all() and (y == idx('$test_labels', 1)[$range]).all()
assert len(x) == len(idx('$test', 3)[$range])"
    done
}

@test "--epochs repeats" {
    idx2bin -e 3 -r 10:310 "$test" "$test_labels" >"$t/s"
    python "
x, y = stream('$t/s')
assert (x == np.concatenate([idx('$test', 3)[10:310]] * 3)).all()
assert (y == np.concatenate([idx('$test_labels', 1)[10:310]] * 3)).all()"
}

@test "--shuffle: each epoch another order of the range, fixed by the seed" {
    idx2bin -s 1 -e 2 -r 1000:2000 "$test" "$test_labels" >"$t/a"
    idx2bin -s 1 -e 2 -r 1000:2000 "$test" "$test_labels" | cmp - "$t/a"
    run cmp <(idx2bin -s 2 -e 2 -r 1000:2000 "$test" "$test_labels") "$t/a"
    [ "$status" -eq 1 ]
    python "
x, y = stream('$t/a')
keys = [i.tobytes() + bytes([l]) for i, l in zip(x, y)]
plain = [i.tobytes() + bytes([l])
         for i, l in zip(idx('$test', 3)[1000:2000], idx('$test_labels', 1)[1000:2000])]
assert sorted(keys[:1000]) == sorted(keys[1000:]) == sorted(plain)
assert keys[:1000] != keys[1000:] and keys[:1000] != plain and keys[1000:] != plain"
}

@test "--shard cuts the epoch's order, and the shards together are everything" {
    idx2bin -s 9 -e 2 -r 5:1005 "$test" "$test_labels" >"$t/all"
    for i in 0 1 2; do
        idx2bin -s 9 -e 2 -r 5:1005 --shard $i/3 "$test" "$test_labels" >"$t/$i"
    done
    python "
x, y = stream('$t/all')
for i in range(3):
    sx, sy = stream('$t/%d' % i)
    assert (sx == np.concatenate([x[:1000][i::3], x[1000:][i::3]])).all()
    assert (sy == np.concatenate([y[:1000][i::3], y[1000:][i::3]])).all()"
    idx2bin -r :3 -i 4/5 "$test" >"$t/none" # a shard that gets nothing is a stream of nothing
    python "assert len(stream('$t/none')[0]) == 0"
}

@test "--normalize centres ink in images of any size" {
    python "
x = np.zeros((6, 40, 60), 'u1')
x[0, 3:33, 50:54] = 200                   # a stroke at the right
x[1] = np.pad(idx('$test', 3)[0], ((12, 0), (32, 0)))
x[3, :, 20:40] = 255; x[3, 15:25, :] = 255 # touches all four borders
x[4] = 255                                # nothing but ink
x[5, 0, 0] = 255
write_idx('$t/i', x)"
    refused "images of 40x60 pixels, not 28x28: --normalize" "$t/i"
    idx2bin --normalize "$t/i" >"$t/s"
    python "
x, _ = stream('$t/s')
assert x.shape == (6, 28, 28)
rows, columns = x.any(axis=2), x.any(axis=1)
for k in 0, 1, 3, 4:
    ink = x[k].astype(float)
    assert ink.max() > 200, k
    for axis in 0, 1:
        centre = (ink.sum(axis=1 - axis) * np.arange(28)).sum() / ink.sum()
        assert 13 <= centre <= 15, (k, axis, centre)
    assert rows[k].sum() <= 21 and columns[k].sum() <= 21, k
assert not x[2].any()                     # blank stays blank
assert rows[0].sum() > 4 * columns[0].sum()
assert x[3, 14, 14] > 200 and x[4, 14, 14] > 200 # ink is ink, whatever the border shows
first = idx('$test', 3)[0].astype(float)  # a digit of MNIST comes out nearly as MNIST has it
assert np.corrcoef(x[1].ravel(), first.ravel())[0, 1] > 0.9"
}

@test "--normalize finds the paper's own grey" {
    python "
x = idx('$test', 3)[:200]
write_idx('$t/i', x)
write_idx('$t/grey', (110 + x * (145 / 255)).round().astype('u1'))"
    idx2bin --normalize "$t/i" >"$t/s"
    idx2bin --normalize "$t/grey" >"$t/g"
    python "
x, g = (stream('$t/' + k)[0].astype(float) for k in 'sg')
assert abs(x - g).max(axis=(1, 2)).mean() < 16 and abs(x - g).mean() < 1"
}

@test "--normalize obeys the range" {
    idx2bin -n -r 5:9 "$test" "$test_labels" >"$t/part"
    idx2bin -n -r :9 "$test" "$test_labels" >"$t/whole"
    python "
x, y = stream('$t/whole')
px, py = stream('$t/part')
assert (px == x[5:]).all() and (py == y[5:]).all()"
}

@test "ranges, shards, epochs and seeds that make no sense are refused" {
    refused "--range: '5:10001' is not A:B with 0 <= A <= B <= 10000" -r 5:10001 "$test"
    refused "0 <= A <= B <= 10000" -r 10001: "$test"
    refused "0 <= A <= B <= 10000" -r 7:6 "$test"
    for range in 5 a:b 5:x -5: 1:2:3 "" " 1:2" 1:99999999999999999999999; do
        refused "--range: '$range' is not A:B" -r "$range" "$test"
    done
    for shard in 3/3 0/0 1 a/b 1/ /2 -1/2 1/2/3 0/4294967296; do
        refused "--shard: '$shard' is not I/N with 0 <= I < N <= 2147483647" -i "$shard" "$test"
    done
    refused "--epochs: '0' is not a whole number from 1 to 2147483647" -e 0 "$test"
    refused "--shuffle: 'x' is not a whole number from 0" -s x "$test"
    refused "expected IMAGES [LABELS]"
    refused "expected IMAGES [LABELS]" "$test" "$test_labels" "$test"
    refused "unrecognized option" --banana "$test"
}

@test "files that are not what they say are refused before any output" {
    refused "no/such/file: No such file or directory" no/such/file
    refused "$t/nowhere: No such file" "$test" "$t/nowhere"
    refused "1 dimensions, expected 3 (images)" "$test_labels" "$test"
    refused "3 dimensions, expected 1 (labels)" "$test" "$test"
    refused "60000 labels for the 10000 images" "$test" "$train_labels"
    refused "not an IDX file" README.md
    head -c 1000000 "$test" >"$t/short"
    refused "$t/short: cut short: the header promises 7840000 bytes, here are 999984" "$t/short"
    { cat "$test"; printf x; } >"$t/long"
    refused "$t/long: too long" "$t/long"
    gzip -c "$test" | head -c 100000 >"$t/short.gz"
    refused "$t/short.gz: gzip cut short" "$t/short.gz"
    python "
y = idx('$test_labels', 1).copy(); y[4176] = 10
write_idx('$t/ten', y)
write_idx('$t/floats', idx('$test', 3)[:1], 13)
write_idx('$t/flat', np.zeros((3, 0, 28)))
open('$t/huge', 'wb').write(bytes([0, 0, 8, 3]) + b'\xff' * 12)"
    refused "$t/ten: label 4176 is 10, not 0 to 9" "$test" "$t/ten"
    refused "element type 0x0d" "$t/floats"
    refused "images of 0x28 pixels" -n "$t/flat"
    refused "dimensions overflow" "$t/huge"
    : >"$t/empty"
    refused "$t/empty: empty" "$t/empty"
    refused "/tmp: read: Is a directory" /tmp
}

@test "a full disk and a closed stdout are told" {
    for out in '>/dev/full' '>&-'; do
        run bash -c "idx2bin $test $test_labels $out"
        echo "$output"
        [ "$status" -eq 2 ]
        [ "${#lines[@]}" -eq 1 ]
        [[ $output == "idx2bin: stdout: "* ]]
    done
}

@test "a reader that quits early ends it quietly" {
    run bash -c "set -o pipefail; idx2bin $train $train_labels | head -c 100 >/dev/null"
    [ "$status" -eq 141 ]
    [ -z "$output" ]
}

@test "a terminal gets no binary output" {
    command -v script >/dev/null || skip "no script(1) to make a terminal"
    run script -qec "idx2bin $test" /dev/null
    echo "$output"
    [ "$status" -eq 2 ]
    [[ $output == "idx2bin: stdout: is a terminal"* ]]
}

@test "--help and --version" {
    run idx2bin --help
    [ "$status" -eq 0 ]
    [[ ${lines[0]} == "Usage: idx2bin "* ]]
    run idx2bin --version
    [ "$status" -eq 0 ]
    [[ $output == "idx2bin (hwdr) "* ]]
    run bash -c 'idx2bin --help >/dev/full'
    [ "$status" -eq 2 ]
}

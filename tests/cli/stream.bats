#!/usr/bin/env bats
# The sample stream between programs: what NumPy writes is read, anything less is refused.

setup_file() {
    # a filter that only copies; the programs that do more are tested in files of their own
    ${CC:-cc} -std=c17 -D_GNU_SOURCE -O1 -Ilib -o "$BATS_FILE_TMPDIR/stream-copy" \
        tests/cli/stream_copy.c lib/stream.c lib/npy.c lib/pipe.c lib/tensor.c lib/error.c lib/cli.c
}

setup() {
    test=data/mnist/t10k-images-idx3-ubyte
    test_labels=data/mnist/t10k-labels-idx1-ubyte
    t=$BATS_TEST_TMPDIR
    PATH=$BATS_FILE_TMPDIR:$PATH
    export PYTHONPATH=lib PYTHONDONTWRITEBYTECODE=1
}

python() {
    "${HWDR_PYTHON:-/usr/bin/python3}" -c "
import io, sys, numpy as np, npystream
from npystream import read_all, write_stream, StreamError, Reader, Writer
x = np.random.default_rng(1).integers(0, 256, (600, 28, 28), 'u1')
y = (np.arange(600) % 10).astype('u1')
empty = np.zeros(0, 'u1')
def save(name, *arrays):
    with open('$t/' + name, 'wb') as file:
        for array in arrays:
            np.save(file, array)
def text(header, align=64):
    pad = -(10 + len(header) + 1) % align
    return b'\x93NUMPY\1\0' + (len(header) + pad + 1).to_bytes(2, 'little') \
        + header.encode() + b' ' * pad + b'\n'
$1"
}

# refused FILE MESSAGE: exit 2 with this one line, and nothing that could pass for a whole stream.
refused() {
    local status=0
    stream-copy <"$1" >"$t/out" 2>"$t/err" || status=$?
    cat "$t/err"
    [ "$status" -eq 2 ]
    [ "$(wc -l <"$t/err")" -eq 1 ]
    grep -qF -- "$2" "$t/err"
    grep -q '^stream-copy: stdin: ' "$t/err"
    python "
try:
    read_all(open('$t/out', 'rb'))
except StreamError:
    sys.exit(0)
sys.exit('the copy looks whole')"
}

# same FILE SAMPLES: the programs read it, as the first SAMPLES of x and y.
same() {
    stream-copy <"$1" >"$t/out"
    python "
ax, ay = read_all(open('$t/out', 'rb'))
assert (ax == x[:$2]).all() and (ay == y[:$2]).all() and len(ay) == $2"
}

@test "what our programs write, NumPy writes to the byte" {
    idx2bin "$test" "$test_labels" >"$t/ours"
    python "write_stream(open('$t/theirs', 'wb'), *read_all(open('$t/ours', 'rb')))"
    cmp "$t/ours" "$t/theirs"
    stream-copy <"$t/ours" >"$t/copy"
    cmp "$t/copy" "$t/ours"
}

@test "numpy.save's records are read: any batch sizes, no count" {
    python "
save('small', x[:1], y[:1], x[1:8], y[1:8], x[8:10], y[8:10], empty)
save('count', np.array(10), x[:10], y[:10], empty)
big, labels = np.zeros((4096, 28, 28), 'u1'), np.zeros(4096, 'u1')
big[:600], labels[:600] = x, y
save('big', big, labels, empty)
save('too-big', np.zeros((4097, 28, 28), 'u1'), np.zeros(4097, 'u1'), empty)
save('none', empty)"
    same "$t/small" 10
    same "$t/count" 10
    same "$t/none" 0
    stream-copy <"$t/big" >"$t/out"
    python "
ax, ay = read_all(open('$t/out', 'rb'))
assert len(ax) == 4096 and (ax[:600] == x).all() and (ay[:600] == y).all()"
    refused "$t/too-big" "4097 images, a record holds 1 to 4096"
}

@test "headers may differ in padding, quotes, order and version" {
    python "
def stream(name, *headers):
    data = x[:5].tobytes(), y[:5].tobytes(), b''
    open('$t/' + name, 'wb').write(b''.join(h + d for h, d in zip(headers, data)))
i = \"{'shape': (5, 28, 28), 'descr': '|u1', 'fortran_order': False}\"
l = '{ \"descr\":\"<u1\",\"fortran_order\":True,  \"shape\":( 5 , ),}'
e = \"{'fortran_order': False, 'descr': 'u1', 'shape': (0,), }\"
stream('16', text(i, 16), text(l, 16), text(e, 16))
stream('1', text(i, 1), text(l, 1), text(e, 1))
stream('9000', text(i, 9000), text(l, 64), text(e, 9000))
two = io.BytesIO()
np.lib.format.write_array(two, x[:5], version=(2, 0))
stream('2.0', two.getvalue()[:-5 * 784], text(l), text(e))"
    for name in 16 1 9000 2.0; do
        same "$t/$name" 5
    done
}

@test "soft labels come through to the bit" {
    python "
p = np.random.default_rng(2).random((600, 10)); p = (p / p.sum(axis=1, keepdims=True)).astype('f4')
write_stream(open('$t/soft', 'wb'), x, p)
save('p', p)"
    stream-copy <"$t/soft" >"$t/copy"
    cmp "$t/copy" "$t/soft"
    python "assert (read_all(open('$t/soft', 'rb'))[1] == np.load('$t/p')).all()"
}

@test "a stream cut at any byte is refused, by the programs and by npystream" {
    python "
import subprocess
file = io.BytesIO()
write_stream(file, x[:1], y[:1])
whole = file.getvalue()
for cut in range(len(whole)):
    copy = subprocess.run(['stream-copy'], input=whole[:cut], capture_output=True)
    message = copy.stderr.decode()
    assert copy.returncode == 2 and message.count('\n') == 1, (cut, message)
    assert ('cut off at byte %d' % cut if cut else 'empty') in message, (cut, message)
    try:
        read_all(io.BytesIO(whole[:cut]))
    except StreamError:
        continue
    raise AssertionError(cut)
assert subprocess.run(['stream-copy'], input=whole, capture_output=True).stdout == whole"
}

@test "objects, Fortran order, overflow and other types are refused" {
    python "
save('object', np.array([None, {}], dtype=object))
save('fortran', np.asfortranarray(x[:5]), y[:5], empty)
save('int64', x[:5], np.arange(5), empty)
save('float', x[:5] / 255.0, y[:5], empty)
for name, shape in ('overflow', '(4294967296, 4294967296)'), ('huge', '(%d, 28, 28)' % 2**64):
    header = \"{'descr': '|u1', 'fortran_order': False, 'shape': %s, }\" % shape
    open('$t/' + name, 'wb').write(text(header) + x.tobytes())
open('$t/long', 'wb').write(text(' ' * 10001))"
    refused "$t/object" "arrays of Python objects are not allowed"
    refused "$t/fortran" "the array is in Fortran order"
    refused "$t/int64" "'<i8' (5,) after 5 images: expected labels '|u1' (5,) or '<f4' (5, 10)"
    refused "$t/float" "elements of type '<f8'"
    refused "$t/overflow" "64 bits"
    refused "$t/huge" "64 bits"
    refused "$t/long" "at most 10000"
}

@test "labels, pairs, counts and ends that are wrong are refused" {
    python "
ten = y[:5].copy(); ten[3] = 10
save('ten', x[:5], ten, empty)
save('pair', x[:5], y[:6], empty)
save('few', np.array(11), x[:10], y[:10], empty)
save('many', np.array(9), x[:10], y[:10], empty)
save('late', x[:5], y[:5], np.array(5), empty)
save('endless', x[:5], y[:5])
save('after', empty, empty)
save('soft', x[:1], np.full((1, 10), 0.2, 'f4'), empty)"
    refused "$t/ten" "record 2 at byte 4048: sample 3: label 10 is neither 0..9 nor 255"
    refused "$t/pair" "'|u1' (6,) after 5 images"
    refused "$t/few" "ends after 10 of 11 samples"
    refused "$t/many" "more samples than the 9 announced"
    refused "$t/late" "only as the first record"
    refused "$t/endless" "the stream ends without its end record"
    refused "$t/soft" "probabilities add up to 2, not to 1"
    run bash -c "stream-copy <'$t/after' >/dev/null"
    [ "$status" -eq 2 ]
    [[ $output == *"data follows this end record (streams cannot be joined by cat"* ]]
}

@test "things that are no stream are refused with a hint" {
    : >"$t/nothing"
    refused "$t/nothing" "empty: expected a sample stream"
    refused "$test" "idx2bin makes a stream of it"
    gzip -c "$test_labels" >"$t/gz"
    refused "$t/gz" "gzip data: unpack it first"
    printf '\211PNG\r\n\032\n0000IHDR' >"$t/png"
    refused "$t/png" "png2bin makes a stream of it"
    echo 7 >"$t/text"
    refused "$t/text" "does not begin with the magic"
    refused / "read: Is a directory"
}

@test "a closed stdin and a full disk are told" {
    run bash -c 'stream-copy <&- >/dev/null'
    [ "$status" -eq 2 ]
    [ "$output" = "stream-copy: stdin: is closed" ]
    idx2bin -r :1000 "$test" >"$t/s"
    run bash -c "stream-copy <'$t/s' >/dev/full"
    [ "$status" -eq 2 ]
    [ "$output" = "stream-copy: stdout: write: No space left on device" ]
}

@test "a reader that quits early ends the whole pipeline quietly" {
    run bash -c "set -o pipefail; idx2bin -e 9 $test | stream-copy | head -c 100 >/dev/null"
    [ "$status" -eq 141 ]
    [ -z "$output" ]
}

@test "npystream refuses to write what no program would read" {
    python "
def refused(images, labels):
    try:
        write_stream(io.BytesIO(), images, labels)
    except StreamError:
        return
    raise AssertionError
for bad in 10, 300, -1, 0.5:
    refused(x[:1], [bad])
refused(x[:2], [1])
refused(x[:1] / 255.0, [1])
refused(x[0], [1])
refused(x[:1], [[0.2] * 10])
refused(x[:1], [[float('nan')] * 10])
try:
    with Writer(io.BytesIO(), 2) as out:
        out.write(x[:1], [1])
    raise AssertionError
except StreamError:
    pass
file = io.BytesIO()
try:
    with Writer(file) as out:
        out.write(x[:1], [1])
        raise KeyError
except KeyError:
    pass
try:
    read_all(io.BytesIO(file.getvalue()))
    raise AssertionError
except StreamError:
    pass
write_stream(open('$t/s', 'wb'), x[:10], np.arange(10))
write_stream(open('$t/u', 'wb'), x[:10])
assert (read_all(open('$t/u', 'rb'))[1] == 255).all()"
    same "$t/s" 10
}

@test "FORMAT.md's filter joins streams, and its one-liners run" {
    block() { # LANGUAGE N: the Nth block of code in this language
        awk -v start="\`\`\`$1" -v n="$2" \
            '/^```/ { on = 0 } on { print } $0 == start && ++seen == n { on = 1 }' lib/FORMAT.md
    }
    block python 1 >"$t/only35"
    idx2bin -r :100 "$test" "$test_labels" >"$t/a"
    idx2bin -r 100:300 "$test" "$test_labels" >"$t/b"
    idx2bin -r :300 "$test" "$test_labels" >"$t/all"
    "${HWDR_PYTHON:-/usr/bin/python3}" "$t/only35" "$t/a" "$t/b" | stream-copy >"$t/joined"
    python "
ax, ay = read_all(open('$t/all', 'rb'))
jx, jy = read_all(open('$t/joined', 'rb'))
keep = (ay == 3) | (ay == 5)
assert (jx == ax[keep]).all() and (jy == ay[keep]).all() and keep.sum() > 20"
    block sh 1 | sed "s,python3,${HWDR_PYTHON:-/usr/bin/python3}," | bash >"$t/classes"
    [ "$(cat "$t/classes")" = "[ 980 1135 1032 1010  982  892  958 1028  974 1009]" ]
    block sh 2 | bash >"$t/seven"
    [ "$(wc -l <"$t/seven")" -eq 28 ]
    [ "$(grep -c '##' "$t/seven")" -eq 20 ]
}

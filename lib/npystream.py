"""The sample stream of hwdr for Python: NumPy records in a pipe. FORMAT.md specifies it.

    import npystream, sys

    with npystream.Writer(sys.stdout.buffer) as out:
        for images, labels in npystream.Reader(sys.stdin.buffer):
            out.write(255 - images, labels)

numpy.load() and numpy.save() seek, and so fail on a pipe. What they do behind that is public in
numpy.lib.format, and works with an object that can only read or only write: _Reads and _Writes.
"""

import numpy

BATCH = 256  # samples in a record as written
MAX_BATCH = 4096  # samples in a record as accepted
UNKNOWN = 255  # the label of a sample whose class nobody knows


class StreamError(Exception):
    """A stream that is malformed or cut off, or samples that have no place in one."""


class _Reads:
    """Only read(), and bytes put back in front."""

    def __init__(self, file):
        self._file = file
        self._front = b""

    def read(self, size):
        """Up to `size` bytes."""
        if self._front:
            front, self._front = self._front[:size], self._front[size:]
            return front
        return self._file.read(size) or b""

    def at_end(self):
        """Whether nothing more comes."""
        if not self._front:
            self._front = self.read(1)
        return not self._front


class _Writes:
    """Only write()."""

    def __init__(self, file):
        self.write = file.write


def _read_array(file, record):
    """The next array, or None at the end of the file."""
    if file.at_end():
        return None
    try:
        return numpy.lib.format.read_array(file, allow_pickle=False)
    except (ValueError, OverflowError, MemoryError) as error:
        raise StreamError(f"record {record}: {error}") from None


def _is(array, dtype, *shape):
    return array.dtype == numpy.dtype(dtype) and array.shape == shape


def _check_labels(labels, n):
    """Why these cannot be the labels of n images, or None."""
    if _is(labels, "|u1", n):
        if ((labels > 9) & (labels != UNKNOWN)).any():
            return f"a label is neither 0..9 nor {UNKNOWN}"
    elif _is(labels, "<f4", n, 10):
        # a NaN fails both comparisons
        if not ((labels >= 0).all() and (abs(labels.sum(axis=1, dtype="f8") - 1) <= 1e-3).all()):
            return "soft labels that are not probabilities adding up to 1"
    else:
        return f"labels {labels.dtype.str} {labels.shape} for {n} images"
    return None


class Reader:
    """Iterate over (images, labels) of a stream, checking it as strictly as the programs do.

    images is uint8 (n,28,28), labels uint8 (n,) or float32 (n,10); both may be changed. `count` is
    the number of samples announced, or None. A stream without its end raises StreamError after its
    last sample, so do nothing final before the loop is through.
    """

    def __init__(self, file):
        self._file = _Reads(file)
        self._record = 0
        self._first = self._next()
        self.count = None
        if _is(self._first, "<i8"):
            self.count = int(self._first)
            self._first = None
            if self.count < 0:
                raise StreamError(f"record 1: a count of {self.count}")

    def _next(self):
        self._record += 1
        array = _read_array(self._file, self._record)
        if array is None:
            raise StreamError(
                "cut off: no end record" if self._record > 1 else "empty: expected a sample stream"
            )
        return array

    def __iter__(self):
        seen = 0
        while True:
            images = self._next() if self._first is None else self._first
            self._first = None
            if _is(images, "|u1", 0):
                break
            n = len(images) if images.ndim else 0
            if not _is(images, "|u1", n, 28, 28) or not 1 <= n <= MAX_BATCH:
                what = f"{images.dtype.str} {images.shape}"
                raise StreamError(f"record {self._record}: {what}: expected images or the end")
            labels = self._next()
            trouble = _check_labels(labels, n)
            if trouble:
                raise StreamError(f"record {self._record}: {trouble}")
            seen += n
            if self.count is not None and seen > self.count:
                raise StreamError(f"record {self._record}: more than the {self.count} announced")
            yield images, labels
        if self.count is not None and seen != self.count:
            raise StreamError(f"{seen} samples, {self.count} were announced")
        if not self._file.at_end():
            raise StreamError("data follows the end record")


class Writer:
    """Write a stream; as a context manager it ends the stream if the block did not fail."""

    def __init__(self, file, count=None):
        self._file = file
        self._count = count
        self._written = 0
        if count is not None:
            self._record(numpy.array(count, "<i8"))

    def _record(self, array):
        numpy.lib.format.write_array(_Writes(self._file), array, version=(1, 0), allow_pickle=False)

    def write(self, images, labels=None):
        """Write any number of samples. Shapes: images (n,28,28), 0 = paper; labels integers (n,),
        probabilities (n,10), or None for unknown."""
        images = numpy.asarray(images)
        n = len(images)
        labels = numpy.full(n, UNKNOWN, "|u1") if labels is None else numpy.asarray(labels)
        if not _is(images, "|u1", n, 28, 28):
            raise StreamError(f"images {images.dtype.str} {images.shape}, not uint8 (n, 28, 28)")
        # a change of type must not change values: 300 is not the label 44
        plain = labels.astype("<f4" if labels.ndim == 2 else "|u1", order="C")
        trouble = _check_labels(plain, n)
        if trouble or (plain.ndim == 1 and (plain != labels).any()):
            raise StreamError(trouble or f"a label is neither 0..9 nor {UNKNOWN}")
        images = numpy.ascontiguousarray(images)
        for i in range(0, n, BATCH):
            self._record(images[i : i + BATCH])
            self._record(plain[i : i + BATCH])
        self._written += n

    def finish(self):
        """Write the end record, and everything buffered."""
        if self._count is not None and self._count != self._written:
            raise StreamError(f"{self._written} samples written, {self._count} were announced")
        self._record(numpy.zeros(0, "|u1"))
        self._file.flush()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            self.finish()


def read_stream(file):
    """Yield (images, labels), record by record."""
    return iter(Reader(file))


def read_all(file):
    """A whole stream as (images, labels)."""
    batches = list(read_stream(file))
    if not batches:
        return numpy.zeros((0, 28, 28), "|u1"), numpy.zeros(0, "|u1")
    if len({labels.ndim for _, labels in batches}) > 1:
        raise StreamError("hard and soft labels in one stream")
    images, labels = zip(*batches)
    return numpy.concatenate(images), numpy.concatenate(labels)


def write_stream(file, images, labels=None):
    """Write these samples as a whole stream, with their count."""
    with Writer(file, len(images)) as writer:
        writer.write(images, labels)


def read_scores(file):
    """Yield the (n,10) float32 arrays of `cnn-predict --scores`."""
    file = _Reads(file)
    record = 1
    while True:
        scores = _read_array(file, record)
        if scores is None:
            raise StreamError("cut off: no end record")
        if scores.ndim != 2 or not _is(scores, "<f4", len(scores), 10):
            raise StreamError(f"record {record}: {scores.dtype.str} {scores.shape} are not scores")
        if not len(scores):
            break
        yield scores
        record += 1
    if not file.at_end():
        raise StreamError("data follows the end record")

"""draw_digits.py IDX FOLDER: PNG drawings for tests, made of MNIST's images.

digit.png: image 0, enlarged, dark on light; pair.png: images 0 and 1 side by side, light on dark;
blank.png: paper; lines.png: images 0 and 1 far apart, and 1 and 0 side by side below. Only the
standard library is used, so that a PNG does not depend on our own code.
"""

import pathlib
import struct
import sys
import zlib

SIDE, SCALE, MARGIN = 28, 6, 30
content = pathlib.Path(sys.argv[1]).read_bytes()
folder = pathlib.Path(sys.argv[2])


def enlarged(i):
    """Image i as rows of bytes, 0 = paper, with a margin around it."""
    image = content[16 + i * SIDE * SIDE :][: SIDE * SIDE]
    width = SIDE * SCALE + 2 * MARGIN
    rows = []
    for y in range(SIDE):
        row = b"".join(bytes([v]) * SCALE for v in image[y * SIDE : (y + 1) * SIDE])
        rows += [bytes(MARGIN) + row + bytes(MARGIN)] * SCALE
    return [bytes(width)] * MARGIN + rows + [bytes(width)] * MARGIN


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def write(name, rows):
    size = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    png = chunk(b"IHDR", size) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    (folder / name).write_bytes(b"\x89PNG\r\n\x1a\n" + png)


def inverted(rows):
    return [bytes(255 - v for v in row) for row in rows]


write("digit.png", inverted(enlarged(0)))
write("pair.png", [a + b for a, b in zip(enlarged(0), enlarged(1))])
write("blank.png", inverted([bytes(200)] * 100))
far = [a + bytes(80) + b for a, b in zip(enlarged(0), enlarged(1))]
near = [b + a + bytes(80) for a, b in zip(enlarged(0), enlarged(1))]
write("lines.png", inverted(far + near))

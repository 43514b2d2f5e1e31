#!/usr/bin/env python3
"""Write a PNG of any kind, from zlib alone, so that the tests do not depend on what they test.

make_png.py KIND OUT [SOURCE]: a stroke like a 7 on paper, 40x48, as KIND says, for example
grey1 grey8 grey16 palette2 rgb8 rgba16 greya8 interlaced-rgb8 trns-grey8 trns-palette8;
others: onepixel, white, black, gradient, radial, transparent-dark, transparent-light,
transparent-all, paper-with-hole, largest, huge, wide, badcrc, cut, noend, text.
"""
import struct
import sys
import zlib

WIDTH, HEIGHT = 40, 48


def stroke(x, y):
    """1.0 where the drawn 7 has ink."""
    bar = 10 <= x < 30 and 8 <= y < 12
    leg = 12 <= y < 40 and abs(x - (28 - (y - 12) * 0.5)) < 2.5
    return 1.0 if bar or leg else 0.0


def chunk(kind, body):
    return (struct.pack(">I", len(body)) + kind + body
            + struct.pack(">I", zlib.crc32(kind + body)))


def pack_row(values, depth):
    """One row of sample values, each of `depth` bits."""
    if depth == 16:
        return b"".join(struct.pack(">H", v) for v in values)
    if depth == 8:
        return bytes(values)
    bits = "".join(format(v, "0%db" % depth) for v in values)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))


def png(width, height, depth, colour, pixel, interlaced=False, extra=b""):
    """pixel(x, y) gives the sample values of a pixel."""
    passes = ([(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4),
               (1, 0, 2, 2), (0, 1, 1, 2)] if interlaced else [(0, 0, 1, 1)])
    raw = b""
    for x0, y0, dx, dy in passes:
        for y in range(y0, height, dy):
            row = [v for x in range(x0, width, dx) for v in pixel(x, y)]
            if row:
                raw += b"\0" + pack_row(row, depth)
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra
            + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


def kinds(kind):
    interlaced = kind.startswith("interlaced-")
    kind = kind.replace("interlaced-", "")
    if kind.startswith("trns-grey"):
        depth = int(kind[9:])
        top = (1 << depth) - 1
        return png(WIDTH, HEIGHT, depth, 0, lambda x, y: [0 if stroke(x, y) else top], interlaced,
                   chunk(b"tRNS", struct.pack(">H", top)))
    if kind.startswith("trns-rgb"):
        return png(WIDTH, HEIGHT, 8, 2, lambda x, y: [0, 0, 0] if stroke(x, y) else [1, 2, 3],
                   interlaced, chunk(b"tRNS", struct.pack(">HHH", 1, 2, 3)))
    if kind.startswith("trns-palette"):
        return png(WIDTH, HEIGHT, 8, 3, lambda x, y: [1 if stroke(x, y) else 0], interlaced,
                   chunk(b"PLTE", bytes([0, 0, 0, 0, 0, 0])) + chunk(b"tRNS", b"\0"))
    for name, colour, channels in (("greya", 4, 2), ("grey", 0, 1), ("palette", 3, 1),
                                   ("rgba", 6, 4), ("rgb", 2, 3)):
        if kind.startswith(name):
            depth = int(kind[len(name):])
            top = (1 << depth) - 1
            extra = b""
            if name == "palette":
                extra = chunk(b"PLTE", bytes([255, 255, 255, 0, 0, 0]))

            def pixel(x, y):
                ink = stroke(x, y)
                if name == "palette":
                    return [int(ink)]
                value = [0 if ink else top] * (channels - (name.endswith("a")))
                return value + ([top] if name.endswith("a") else [])
            return png(WIDTH, HEIGHT, depth, colour, pixel, interlaced, extra)
    raise SystemExit("unknown kind " + kind)


def make(kind):
    plain = kinds("grey8")
    if kind == "onepixel":
        return png(1, 1, 8, 0, lambda x, y: [0])
    if kind in ("white", "black"):
        return png(30, 30, 8, 0, lambda x, y: [255 * (kind == "white")])
    if kind == "gradient":
        return png(200, 100, 8, 0, lambda x, y: [(x + y) * 255 // 298])
    if kind == "radial":
        return png(128, 128, 8, 0,
                   lambda x, y: [max(0, 255 - int(3 * ((x - 64) ** 2 + (y - 64) ** 2) ** 0.5))])
    if kind in ("transparent-dark", "transparent-light"):
        grey = 255 if kind == "transparent-light" else 0
        return png(WIDTH, HEIGHT, 8, 4, lambda x, y: [grey, 255 if stroke(x, y) else 0])
    if kind == "transparent-all":
        return png(WIDTH, HEIGHT, 8, 6, lambda x, y: [x, y, 7, 0])
    if kind == "paper-with-hole":
        return png(WIDTH, HEIGHT, 8, 4,
                   lambda x, y: [0 if stroke(x, y) else 255, 0 if x + y < 8 else 255])
    if kind == "largest":  # 8192x8192 RGBA, interlaced: all zero, so the rows need no thought
        side = 8192
        passes = ((8, 8), (8, 8), (4, 8), (4, 4), (2, 4), (2, 2), (1, 2))
        sizes = [(side // dx * 4 + 1) * (side // dy) for dx, dy in passes]
        packer = zlib.compressobj(1)
        body = b"".join(packer.compress(bytes(1 << 20)) for _ in range(sum(sizes) >> 20))
        body += packer.compress(bytes(sum(sizes) % (1 << 20))) + packer.flush()
        return (plain[:8] + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 1))
                + chunk(b"IDAT", body) + chunk(b"IEND", b""))
    if kind == "wide":
        return png(8193, 1, 8, 0, lambda x, y: [255])
    if kind == "huge":
        return plain[:8] + chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 16, 6, 0, 0, 0)) \
            + plain[33:]
    if kind == "badcrc":
        return plain[:45] + bytes([plain[45] ^ 1]) + plain[46:]
    if kind == "cut":
        return plain[:len(plain) // 2]
    if kind == "noend":
        return plain[:-12]
    if kind == "text":
        return b"This is not a picture.\n"
    return kinds(kind)


if __name__ == "__main__":
    with open(sys.argv[2], "wb") as out:
        out.write(make(sys.argv[1]))

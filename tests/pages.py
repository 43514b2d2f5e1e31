"""pages.py KIND COUNT FOLDER [options]: pages of handwriting whose truth is known, as PNG.

Made of MNIST's digits, from a seed: whoever runs it with the same NumPy gets the same pages.
FOLDER/truth.tsv has a line a page: its file, a tab, its digits, with a space between the lines of
the page. KIND is

  scaled     one digit, 2 to 10 times its size, anywhere, dark on light or light on dark
  stroke     one digit, its skeleton drawn with a round pen of any width
  apart      a number of 1 to 12 digits, of any size, slant and spacing
  touching   a number of 2 to 5 digits, each of which touches the next
  lines      2 to 4 lines of 1 to 8 digits, falling or climbing a little
  boxes      a number of 1 to 8 digits, in a form's boxes, apart or joined, in rings or in one frame
  crossed    as `boxes`, where half of the digits reach or cross a line of their box
  photo      as `lines` or `apart`, photographed: uneven light, shadow, paper grain, noise, JPEG;
             a third of them with a round pen as in `stroke`
  ruled      as `photo`, on ruled or squared paper
  table      as `photo`, of a sheet on a darker table that is seen on two to four of its sides
  forms      as `boxes`, photographed, 1 to 4 lines of them
  desk       as `table`, on a smooth one about as light as the sheet, whose edges throw a shadow

Only NumPy is used, and PNG is written with zlib, so that nothing depends on what is tested.
"""

import argparse
import pathlib
import struct
import zlib

import numpy as np

SIDE = 28
PHOTOS = ("photo", "ruled", "forms", "table", "desk")
BOXES = ("boxes", "crossed", "forms")


def read_idx(name):
    """The array of an IDX file of bytes."""
    content = pathlib.Path(name).read_bytes()
    dims = content[3]
    shape = struct.unpack(f">{dims}I", content[4 : 4 + 4 * dims])
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dims).reshape(shape)


def write_png(path, pixels):
    """Grey [height,width], or RGB [height,width,3], as 8 bits."""
    height, width = pixels.shape[:2]

    def chunk(kind, data):
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    colour = 0 if pixels.ndim == 2 else 2
    rows = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], axis=1)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows.tobytes(), 1))
        + chunk(b"IEND", b"")
    )


def blur(image, radius):
    """Three passes of a box along both axes: nearly a Gaussian. The border continues."""
    for axis in (0, 1):
        for _ in range(3 if radius else 0):
            pad = [(0, 0)] * 2
            pad[axis] = (radius + 1, radius)
            sums = np.cumsum(np.pad(image, pad, "edge"), axis=axis)
            size = 2 * radius + 1
            low, high = np.split(sums, [size], axis=axis)[1], np.delete(
                sums, range(sums.shape[axis] - size, sums.shape[axis]), axis=axis
            )
            image = (low - high) / size
    return image


def sample(image, x, y):
    """Values of an image between its pixels, linearly; 0 outside."""
    image = np.pad(image, 2)
    x = np.clip(x + 2, 0, image.shape[1] - 1.001)
    y = np.clip(y + 2, 0, image.shape[0] - 1.001)
    left, top = x.astype(int), y.astype(int)
    u, v = x - left, y - top
    upper = image[top, left] * (1 - u) + image[top, left + 1] * u
    lower = image[top + 1, left] * (1 - u) + image[top + 1, left + 1] * u
    return upper * (1 - v) + lower * v


def trimmed(ink):
    """Without the empty rows and columns around."""
    rows, columns = np.flatnonzero(ink.max(axis=1) > 0.1), np.flatnonzero(ink.max(axis=0) > 0.1)
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def warped(ink, scale, slant, turn):
    """Ink [h,w] enlarged, slanted and turned about its middle."""
    side = int(1.6 * scale * max(ink.shape))
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    c, s = np.cos(turn) / scale, np.sin(turn) / scale
    u, v = c * x + s * y, c * y - s * x
    u = u + slant * v
    return sample(ink, u + (ink.shape[1] - 1) / 2, v + (ink.shape[0] - 1) / 2)


def enlarged(image, scale, slant=0.0, turn=0.0):
    """An MNIST image as ink 0..1, `scale` times its size, its edges as sharp as a pen's."""
    ink = warped(image / 255, scale, slant, turn)
    return trimmed(np.clip((ink - 0.5) * max(1, scale / 2) + 0.5, 0, 1))


def thinned(mask):
    """Skeleton of a mask: T. Zhang and C. Suen, Communications of the ACM 27 (1984) 236."""
    mask = np.pad(mask, 1).astype(np.uint8)
    while True:
        before = mask.sum()
        for turn in (0, 1):
            p = [np.roll(mask, shift, (0, 1)) for shift in
                 ((1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1))]
            count = sum(p)
            changes = sum((p[i] == 0) & (p[(i + 1) % 8] == 1) for i in range(8))
            a, b = ((p[0] & p[2] & p[4], p[2] & p[4] & p[6]) if turn == 0 else
                    (p[0] & p[2] & p[6], p[0] & p[4] & p[6]))
            drop = (mask == 1) & (count >= 2) & (count <= 6) & (changes == 1) & (a == 0) & (b == 0)
            mask[drop] = 0
        if mask.sum() == before:
            return mask[1:-1, 1:-1].astype(bool)


def drawn(image, size, pen):
    """The digit's skeleton, its longer side `size`, with a round pen of this width, in pixels."""
    fine = 5
    mask = blur(warped(image / 255, fine, 0.0, 0.0), 2) > 0.45
    points = np.argwhere(thinned(mask)).astype(float)
    points -= points.min(axis=0)
    points *= (size - pen) / max(1, points.max())
    height, width = (np.ceil(points.max(axis=0) + pen) + 2).astype(int)
    spacing = (size - pen) / (20 * fine) # between neighbours of the skeleton, dense enough?
    if spacing > pen / 4:
        points = np.concatenate([points + spacing * np.array([i, j]) / 4
                                 for i in (-1, 0, 1) for j in (-1, 0, 1)])
    far = np.full((height, width), np.inf)
    reach = int(pen / 2 + 2)
    offset = np.mgrid[-reach : reach + 1, -reach : reach + 1].transpose(1, 2, 0).reshape(-1, 2)
    centre = points + pen / 2 + 1
    cells = np.round(centre).astype(int)[:, None] + offset[None]
    distance = np.hypot(*(cells - centre[:, None]).transpose(2, 0, 1))
    inside = ((cells >= 0) & (cells < (height, width))).all(axis=2)
    np.minimum.at(far, tuple(cells[inside].T), distance[inside])
    return np.clip(pen / 2 - far + 0.5, 0, 1)


def profiles(ink):
    """Leftmost and rightmost ink of each row; far away where there is none."""
    there = ink > 0.3
    left = np.where(there.any(axis=1), there.argmax(axis=1), 10**6)
    right = np.where(there.any(axis=1), ink.shape[1] - there[:, ::-1].argmax(axis=1), -(10**6))
    return left, right


def set_line(glyphs, gaps, heights, slope):
    """Glyphs in a row, gap[i] pixels of paper before glyph i at the row where they come closest."""
    size = max(g.shape[0] for g in glyphs)
    width = sum(g.shape[1] for g in glyphs) + int(sum(np.abs(gaps))) + 4 * size
    rise = int(abs(slope) * width + 2 * size)
    page = np.zeros((size * 2 + 2 * rise, width))
    edge = np.full(page.shape[0], -(10**6)) # right end of the ink so far, by rows
    at = 0
    for i, glyph in enumerate(glyphs):
        top = int(rise + size - glyph.shape[0] * 0.5 + heights[i] + slope * at)
        left, right = profiles(glyph)
        if i:
            reach = 1 if gaps[i] < 0 else max(1, int(gaps[i]))
            near = edge[top - reach : top + glyph.shape[0] + reach]
            near = np.lib.stride_tricks.sliding_window_view(near, 2 * reach + 1).max(axis=1)
            at = int(max((near - left).max() + gaps[i], at + 2))
        here = page[top : top + glyph.shape[0], at : at + glyph.shape[1]]
        np.maximum(here, glyph[:, : here.shape[1]], out=here)
        rows = slice(top, top + glyph.shape[0])
        edge[rows] = np.maximum(edge[rows], at + right)
    return trimmed(page)


def set_boxes(rng, glyphs, size, crossed):
    """Glyphs in a row, with lines around each or around all."""
    style = rng.choice(["apart", "joined", "rings", "frame"])
    side = int(size * (rng.uniform(1.8, 2.2) if style == "rings" else rng.uniform(1.4, 1.9)))
    line, gap = max(1, int(size * rng.uniform(0.02, 0.07))), int(size * rng.uniform(0.1, 0.5))
    step = side - line if style == "joined" else side + gap
    width = step * (len(glyphs) - 1) + side
    page = np.zeros((side, width))
    y, x = np.mgrid[:side, :width]
    lefts = [0] if style == "frame" else [step * i for i in range(len(glyphs))]
    for left in lefts:
        if style == "rings":
            far = np.hypot(y - side / 2, x - left - side / 2) - (side - line) / 2
            page = np.maximum(page, np.clip(line / 2 + 0.5 - np.abs(far), 0, 1))
            continue
        right = width if style == "frame" else left + side
        page[:line, left:right] = page[-line:, left:right] = 1
        page[:, left : left + line] = page[:, right - line : right] = 1
    margin = int(size / 2) if crossed else 0
    page = np.pad(page, margin)
    for i, glyph in enumerate(glyphs):
        top, left = ((side - length) // 2 for length in glyph.shape)
        if crossed and rng.uniform() < 0.5:
            beyond, way = int(size * rng.uniform(0, 0.15)) - line, rng.choice([-1, 1])
            if rng.uniform() < 0.5:
                top += way * (top + beyond)
            else:
                left += way * (left + beyond)
        top, left = margin + top, margin + step * i + left
        page[top : top + glyph.shape[0], left : left + glyph.shape[1]] += glyph
    return trimmed(np.minimum(page, 1))


def on_paper(rng, blocks, size):
    """Blocks of ink one below the other, on paper with a margin."""
    gap = int(size * rng.uniform(0.5, 1.2))
    width = max(b.shape[1] for b in blocks)
    left, right, top, bottom = (int(size * rng.uniform(0.4, 1.5)) for _ in range(4))
    height = sum(b.shape[0] for b in blocks) + gap * (len(blocks) - 1)
    page = np.zeros((height + top + bottom, width + left + right))
    y = top
    for block in blocks:
        x = left + int(rng.uniform(0, min(width - block.shape[1], 2 * size) + 1))
        page[y : y + block.shape[0], x : x + block.shape[1]] = block
        y += block.shape[0] + gap
    return page


COSINE = np.array([[np.sqrt((1 if k == 0 else 2) / 8) * np.cos(np.pi * k * (2 * x + 1) / 16)
                    for x in range(8)] for k in range(8)])


def jpeg(image, quality):
    """What JPEG leaves of a grey image: its 8x8 blocks' cosines, coarser the higher they are."""
    height, width = image.shape
    step = 2 + (1 + np.add.outer(np.arange(8), np.arange(8))) * (100 - quality) / 6
    padded = np.pad(image, ((0, -height % 8), (0, -width % 8)), "edge")
    blocks = padded.reshape(padded.shape[0] // 8, 8, -1, 8).transpose(0, 2, 1, 3)
    coefficients = np.round(COSINE @ (blocks - 128) @ COSINE.T / step) * step
    back = COSINE.T @ coefficients @ COSINE + 128
    return back.transpose(0, 2, 1, 3).reshape(padded.shape)[:height, :width]


def on_table(rng, ink):
    """Ink on a larger picture, turned a little, and how much of each pixel [h,w] is sheet."""
    height, width = ink.shape
    sides = np.isin(np.arange(4), rng.permutation(4)[: rng.integers(2, 5)])
    left, right, top, bottom = (sides * rng.uniform(0.2, 0.6, 4)
                                * [width, width, height, height]).astype(int)
    turn = rng.choice([0, 1]) * rng.uniform(-0.1, 0.1)
    y, x = np.mgrid[-top : height + bottom, -left : width + right].astype(float)
    across, down = x - width / 2, y - height / 2
    x = np.cos(turn) * across + np.sin(turn) * down + width / 2
    y = np.cos(turn) * down - np.sin(turn) * across + height / 2
    inside = [far for far, seen in zip((x, width - 1 - x, y, height - 1 - y), sides) if seen]
    return sample(ink, x, y), np.clip(np.min(inside, axis=0) + 0.5, 0, 1)


def photographed(rng, ink, kind, size, sheet=None):
    """Ink 0..1 as a photo [h,w,3]: paper in uneven light, its grain, a shadow, lines, noise; with a
    table where `sheet` [h,w] is not 1."""
    height, width = ink.shape
    y, x = np.mgrid[:height, :width]
    u, v = x / width - 0.5, y / height - 0.5
    paper = np.full((height, width), rng.uniform(0.7, 0.95))
    if kind == "ruled":
        pitch, thick = size * rng.uniform(0.5, 1.6), max(1, size * rng.uniform(0.01, 0.04))
        tilt = rng.uniform(-0.02, 0.02)
        far = np.abs((y + tilt * x) % pitch - pitch / 2)
        if rng.uniform() < 0.4:
            far = np.minimum(far, np.abs((x - tilt * y) % pitch - pitch / 2))
        paper = paper * (1 - rng.uniform(0.1, 0.5) * np.clip(thick / 2 + 0.5 - far, 0, 1))
    reflects = rng.uniform(0.1, 0.5)
    page = paper * (1 - blur(ink, int(rng.integers(0, 2))) * (1 - reflects))
    if sheet is not None:
        wood = blur(rng.normal(0, 1, (height, width)), 1)
        table = rng.uniform(0.05, 0.4) * (1 + rng.uniform(0, 0.15) * wood / wood.std())
        if kind == "desk":
            table = paper * rng.uniform(0.65, 1.1)
            edge = np.clip(1 - 2 * np.abs(blur(sheet, 1) - 0.5), 0, 1)
            page, table = (level * (1 - edge * rng.uniform(0.1, 0.5)) for level in (page, table))
        page = sheet * page + (1 - sheet) * table
    angle = rng.uniform(0, 2 * np.pi)
    across = u * np.cos(angle) + v * np.sin(angle)
    light = 1 + rng.uniform(-0.5, 0.5) * across - rng.uniform(0, 0.5) * (u * u + v * v)
    if rng.uniform() < 0.5: # the shadow of a hand
        angle = rng.uniform(0, 2 * np.pi)
        edge = u * np.cos(angle) + v * np.sin(angle) - rng.uniform(-0.3, 0.3)
        soft = rng.uniform(0.02, 0.15)
        light = light * (1 - rng.uniform(0.1, 0.5) / (1 + np.exp(-edge / soft * 4)))
    grain = blur(rng.normal(0, 1, (height, width)), int(rng.integers(1, 4)))
    page = page * light + grain / grain.std() * rng.uniform(0, 0.02)
    page = 255 * page + rng.normal(0, rng.uniform(0.5, 5), (height, width))
    if rng.uniform() < 0.5:
        page = jpeg(page, rng.uniform(30, 90))
    if rng.uniform() < 0.15:
        page = 255 - page
    tint = np.array([1, rng.uniform(0.92, 1), rng.uniform(0.8, 1)])
    return np.clip(page[:, :, None] * tint, 0, 255).astype(np.uint8)


class Composer:
    """Pages from digits [n,28,28] and their labels."""

    def __init__(self, images, labels, seed):
        self.images, self.labels, self.rng = images, labels, np.random.default_rng(seed)
        self.next = 0

    def digit(self):
        """The next digit and its label: each is used once before any is used again."""
        i = self.next % len(self.labels)
        self.next += 1
        return self.images[i], str(self.labels[i])

    def line(self, n, size, kind):
        """A number of n digits as ink, and its text."""
        rng, text, glyphs = self.rng, "", []
        slant, turn = rng.uniform(-0.25, 0.25), rng.uniform(-0.08, 0.08)
        thick = size * rng.uniform(0.04, 0.16)
        pen = kind in PHOTOS and rng.uniform() < 0.3
        for _ in range(n):
            image, label = self.digit()
            own = size * rng.uniform(0.85, 1.15)
            if pen:
                glyph = trimmed(warped(drawn(image, own, max(1.5, thick)), 1, slant, turn))
            else:
                glyph = enlarged(image, own / 20, slant, turn)
            glyphs.append(glyph)
            text += label
        if kind in BOXES:
            return set_boxes(rng, glyphs, size, kind == "crossed"), text
        spread = rng.uniform(0.05, 0.4)
        gaps = size * rng.uniform(0.06, spread + 0.06, n)
        touching = kind == "touching"
        if touching:
            gaps = -size * rng.uniform(0, 0.04, n)
        heights = size * rng.uniform(-0.08, 0.08, n)
        return set_line(glyphs, np.maximum(gaps, -size if touching else 2.5), heights,
                        rng.uniform(-0.06, 0.06)), text

    def page(self, kind):
        """Pixels of a page and its truth."""
        rng = self.rng
        if kind in ("scaled", "stroke"):
            image, text = self.digit()
            if kind == "scaled":
                scale = int(rng.integers(2, 11))
                ink = trimmed(np.kron(image / 255, np.ones((scale, scale))))
                if rng.uniform() < 0.5:
                    ink = trimmed(warped(image / 255, scale, 0, 0))
            else:
                size = rng.uniform(30, 300)
                ink = drawn(image, size, max(1, size * rng.uniform(0.015, 0.2)))
            margin = rng.integers(2, 2 + max(ink.shape), 4)
            ink = np.pad(ink, ((margin[0], margin[1]), (margin[2], margin[3])))
        else:
            size = rng.uniform(24, 90)
            many = kind == "lines" or (kind in PHOTOS and rng.uniform() < 0.5)
            lines = int(rng.integers(2, 5)) if many else 1
            low, high = ((2, 5) if kind == "touching" else
                         (1, 12 if lines == 1 and kind not in BOXES else 8))
            made = [self.line(int(rng.integers(low, high + 1)), size, kind)
                    for _ in range(lines)]
            ink, text = on_paper(rng, [m[0] for m in made], size), " ".join(m[1] for m in made)
            if kind in PHOTOS:
                sheet = None
                if kind in ("table", "desk"):
                    ink, sheet = on_table(rng, ink)
                return photographed(rng, ink, kind, size, sheet), text
        paper, pen = sorted(rng.choice(256, 2, replace=False))[::-1]
        if paper - pen < 80:
            paper, pen = 255, 0
        if rng.uniform() < 0.3:
            paper, pen = pen, paper
        return np.round(paper + (float(pen) - paper) * ink).astype(np.uint8), text


def main():
    """Command line."""
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("kind")
    parser.add_argument("count", type=int)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--images", default="data/mnist/t10k-images-idx3-ubyte")
    parser.add_argument("--labels", default="data/mnist/t10k-labels-idx1-ubyte")
    parser.add_argument("--range", default=":", help="A:B, which of the digits")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    first, last = (int(end) if end else None for end in options.range.split(":"))
    composer = Composer(read_idx(options.images)[first:last], read_idx(options.labels)[first:last],
                        options.seed)
    options.folder.mkdir(parents=True, exist_ok=True)
    with open(options.folder / "truth.tsv", "w", encoding="ascii") as truth:
        for i in range(options.count):
            pixels, text = composer.page(options.kind)
            write_png(options.folder / f"{i:05}.png", pixels)
            truth.write(f"{i:05}.png\t{text}\n")


if __name__ == "__main__":
    main()

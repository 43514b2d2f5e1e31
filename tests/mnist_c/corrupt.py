#!/usr/bin/env python3
"""The fifteen corruptions of MNIST-C, written anew from their published definitions, in NumPy.

    PYTHONPATH=lib tests/mnist_c/corrupt.py NAME [SEED] < SAMPLES > SAMPLES

Source: N. Mu, J. Gilmer, "MNIST-C: a robustness benchmark for computer vision", 2019, with the
severities that its data set has: here each is a constant, named where it is used. What it took from
other libraries (bilinear warps, Gaussian filters, Canny, ImageMagick's motion blur) is written out.
Random numbers are NumPy's own, so pictures agree with the published ones in kind, not in bytes.
Blurs go both ways, as the paper says; the published code's glass blur smooths columns alone.
"""

import argparse
import struct
import sys

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

SIDE = 28
CENTRE = (SIDE - 1) / 2


def gaussian(images, sigma, mode="edge"):
    """A Gaussian filter cut off at 4 sigma, over the last two axes."""
    reach = int(4 * sigma + 0.5)
    kernel = np.exp(-np.arange(-reach, reach + 1) ** 2 / (2 * sigma**2))
    return separable(images, kernel / kernel.sum(), kernel / kernel.sum(), mode)


def separable(images, down, across, mode):
    """Correlate with the outer product of two kernels of equal, odd length."""
    reach = len(down) // 2
    padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach)), mode)
    rows = sliding_window_view(padded, len(down), axis=1) @ down
    return sliding_window_view(rows, len(across), axis=2) @ across


def sample(images, x, y):
    """Bilinear samples at [n,28,28] or [28,28] places; outside is paper."""
    padded = np.pad(images, ((0, 0), (1, 2), (1, 2)))
    x, y = (np.broadcast_to(np.clip(v, -1, SIDE) + 1, images.shape) for v in (x, y))
    left, top = x.astype(int), y.astype(int)
    right, below = x - left, y - top
    n = np.arange(len(images))[:, None, None]
    upper = padded[n, top, left] * (1 - right) + padded[n, top, left + 1] * right
    lower = padded[n, top + 1, left] * (1 - right) + padded[n, top + 1, left + 1] * right
    return upper * (1 - below) + lower * below


def affine(images, xx, xy, yx, yy):
    """What is seen at (x,y) from the centre was at [xx xy; yx yy] (x,y). Matrices [n] or one."""
    y, x = np.mgrid[:SIDE, :SIDE] - CENTRE
    xx, xy, yx, yy = (np.reshape(v, (-1, 1, 1)) for v in (xx, xy, yx, yy))
    return sample(images, xx * x + xy * y + CENTRE, yx * x + yy * y + CENTRE)


def signs(rng, n):
    return rng.choice([-1.0, 1.0], n)


def shot_noise(images, rng):
    photons = 3
    return rng.poisson(images * photons) / photons


def impulse_noise(images, rng):
    share = 0.17
    chance = rng.random(images.shape)
    return np.where(chance < share / 2, 0, np.where(chance < share, 1, images))


def glass_blur(images, rng):
    sigma, delta, rounds = 0.7, 1, 2
    out = np.floor(gaussian(images, sigma) * 255)
    n = np.arange(len(out))
    for _ in range(rounds):
        for row in range(SIDE - delta, delta, -1):
            for column in range(SIDE - delta, delta, -1):
                swap = n[rng.random(len(n)) < 0.5]
                to_row = row + rng.integers(-delta, delta, len(swap))
                to_column = column + rng.integers(-delta, delta, len(swap))
                here = out[swap, row, column]
                out[swap, row, column] = out[swap, to_row, to_column]
                out[swap, to_row, to_column] = here
    return gaussian(out / 255, sigma)


def motion_blur(images, rng):
    """ImageMagick's: half a Gaussian along whole pixels of a line, at up to 45 degrees."""
    radius, sigma = 10, 3
    width = 2 * radius + 1
    kernel = np.exp(-np.arange(width) ** 2 / (2 * sigma**2))
    kernel /= kernel.sum()
    angle = np.radians(rng.uniform(-45, 45, (len(images), 1)))
    x = np.ceil(np.arange(width) * np.cos(angle) - 0.5).astype(int)[:, :, None, None]
    y = np.ceil(np.arange(width) * np.sin(angle) - 0.5).astype(int)[:, :, None, None]
    rows, columns = np.mgrid[:SIDE, :SIDE]
    n = np.arange(len(images))[:, None, None]
    out = np.zeros_like(images)
    for i in range(width):
        row, column = np.clip(rows + y[:, i], 0, 27), np.clip(columns + x[:, i], 0, 27)
        out += kernel[i] * images[n, row, column]
    return out


def shear(images, rng):
    angle = 0.4 * signs(rng, len(images))
    return affine(images, 1, -np.sin(angle), 0, np.cos(angle))


def scale(images, _):
    return affine(images, 1 / 0.7, 0, 0, 1 / 0.7)


def rotate(images, rng):
    angle = 0.4 * signs(rng, len(images))
    return affine(images, np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle))


def brightness(images, _):
    return images + 0.5


def translate(images, rng):
    y, x = np.mgrid[:SIDE, :SIDE]
    move = 3 * signs(rng, (2, len(images), 1, 1))
    return sample(images, x + move[0], y + move[1])


def stripe(images, _):
    out = images.copy()
    for columns in (slice(0, 7), slice(21, SIDE)):
        out[:, :, columns] = 1 - out[:, :, columns]
    return out


def plasma(n, rng, decay, side=256):
    """Height maps by diamond and square on a torus, [n,28,28] cut from `side`, scaled to 0..1.

    The wobble is proportional to the square of what decays, as in the published code.
    """
    maps = np.zeros((n, side, side), np.float32)
    step, wobble = side, 100.0
    while step >= 2:
        half = step // 2

        def noise(shape):
            return wobble**2 * rng.uniform(-1, 1, shape).astype(np.float32)

        corner = maps[:, ::step, ::step]
        middle = corner + np.roll(corner, -1, 1)
        middle = (middle + np.roll(middle, -1, 2)) / 4
        maps[:, half::step, half::step] = middle = middle + noise(middle.shape)
        beside = middle + np.roll(middle, 1, 1) + corner + np.roll(corner, -1, 2)
        maps[:, ::step, half::step] = beside / 4 + noise(beside.shape)
        below = middle + np.roll(middle, 1, 2) + corner + np.roll(corner, -1, 1)
        maps[:, half::step, ::step] = below / 4 + noise(below.shape)
        step, wobble = half, wobble / decay
    low = maps.min(axis=(1, 2), keepdims=True)
    return (maps[:, :SIDE, :SIDE] - low) / (maps.max(axis=(1, 2), keepdims=True) - low)


def fog(images, rng):
    thickness, decay = 3, 1.4
    ink = images.max(axis=(1, 2), keepdims=True)
    clouds = np.concatenate(
        [plasma(len(part), rng, decay) for part in np.array_split(images, -(-len(images) // 50))]
    )
    return (images + thickness * clouds) * ink / (ink + thickness)


def spatter(images, rng):
    drops = gaussian(rng.normal(0.65, 0.3, images.shape), 1) > 0.65
    mud = gaussian(drops.astype(float), 1.5)
    mud[mud < 0.8] = 0
    return images * (1 - mud) + 63 / 255 * mud


def line(x0, y0, x1, y1):
    """Ink [n,28,28] of lines between columns x0 and x1, by vertical distance; arguments [n]."""
    y, x = np.mgrid[:SIDE, :SIDE]
    x0, y0, x1, y1 = (np.reshape(v, (-1, 1, 1)) for v in (x0, y0, x1, y1))
    away = np.abs(y - (y0 + (x - x0) * (y1 - y0) / (x1 - x0)))
    ink = np.clip(np.log(1 - np.minimum(away / 2.3, 1 - 1e-10)) + 1, 0, 1)
    return np.where((x >= np.floor(x0)) & (x < np.ceil(x1)), ink, 0)


def dotted_line(images, rng):
    n = len(images)
    ends = rng.integers(0, 27, (2, n))
    ink = line(np.zeros(n), ends[0], np.full(n, 27.0), ends[1])
    return images + ink * (np.arange(SIDE) % 4 >= 2)


def zigzag(images, rng):
    teeth = 2.0  # half their length, and their height
    first, last = 2, 25
    out = images.copy()
    for i in range(len(out)):
        y0 = rng.integers(0, 27)
        slope = np.arctan2(rng.integers(-5, 5), last - first)
        length = (last - first) / np.cos(slope)
        along, up = [0.0], [0.0]
        for tooth in range(int((length - teeth) // (2 * teeth)) + 1):
            along.append((2 * tooth + 1) * teeth)
            up.append(teeth * (-1) ** tooth)
        rest = length - 2 * teeth * (length // (2 * teeth))
        if rest > 0:
            along.append(length)
            up.append(up[-1] / (2 * rest))
        along, up = np.array(along), np.array(up)
        x = first + np.cos(slope) * along - np.sin(slope) * up
        y = y0 + np.sin(slope) * along + np.cos(slope) * up
        for ink in line(x[:-1], y[:-1], x[1:], y[1:]):
            out[i] = np.clip(out[i] + ink, 0, 1)
    return out


def shifted(images, down, right):
    """images[y + down, x + right], 0 beyond the border; down and right -1, 0 or 1."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    return padded[:, 1 + down : 29 + down, 1 + right : 29 + right]


def canny_edges(images, _):
    """J. Canny, IEEE PAMI 1986, with sigma 1 and the thresholds 0.1 and 0.2 of the Sobel slope."""
    low, high = 0.1, 0.2
    smooth = gaussian(images, 1, "constant") / gaussian(np.ones_like(images), 1, "constant")
    wide, edge = np.array([1.0, 2, 1]), np.array([-1.0, 0, 1])
    across = separable(smooth, wide, edge, "symmetric")
    down = separable(smooth, edge, wide, "symmetric")
    slope = np.hypot(across, down)
    slope[:, [0, -1], :] = slope[:, :, [0, -1]] = 0
    steep = np.abs(down) > np.abs(across)
    most = np.where(steep, np.abs(down), np.abs(across))
    least = np.where(steep, np.abs(across), np.abs(down))
    part = least / np.where(most > 0, most, 1)
    same = np.where(across * down >= 0, 1, -1)  # the diagonal that the gradient leans to
    peak = slope > 0
    for side in (-1, 1):
        straight = np.where(steep, shifted(slope, side, 0), shifted(slope, 0, side))
        leaning_down = np.where(same > 0, shifted(slope, side, side), shifted(slope, side, -side))
        leaning_right = np.where(same > 0, shifted(slope, side, side), shifted(slope, -side, side))
        diagonal = np.where(steep, leaning_down, leaning_right)
        peak &= slope >= straight * (1 - part) + diagonal * part
    weak, found = peak & (slope >= low), peak & (slope >= high)
    while True:  # weak edges count where they hang together with strong ones
        grown = np.any([shifted(found, y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)], axis=0)
        grown &= weak
        if (grown == found).all():
            return found.astype(float)
        found = grown


CORRUPTIONS = {
    function.__name__: function
    for function in (
        shot_noise,
        impulse_noise,
        glass_blur,
        motion_blur,
        shear,
        scale,
        rotate,
        brightness,
        translate,
        stripe,
        fog,
        spatter,
        dotted_line,
        zigzag,
        canny_edges,
    )
}


def corrupt(name, images, seed=1):
    """Images [n,28,28] u8 corrupted, in the same form."""
    rng = np.random.default_rng([seed, list(CORRUPTIONS).index(name)])
    out = CORRUPTIONS[name](images / 255.0, rng)
    return (np.clip(out, 0, 1) * 255 + 0.5).astype(np.uint8)


def write_idx(path, magic, array):
    with open(path, "wb") as file:
        file.write(struct.pack(f">I{array.ndim}I", magic, *array.shape))
        file.write(array.tobytes())


def main():
    parser = argparse.ArgumentParser(description="MNIST-C's corruptions: samples to samples")
    parser.add_argument("name", nargs="?", choices=CORRUPTIONS)
    parser.add_argument("seed", nargs="?", type=int, default=1)
    parser.add_argument("--list", action="store_true", help="print the names")
    parser.add_argument("--images", help="write the images into this IDX file too")
    parser.add_argument("--labels", help="write the labels into this IDX file")
    options = parser.parse_args()
    if options.list:
        print("\n".join(CORRUPTIONS))
        return
    import npystream

    images, labels = npystream.read_all(sys.stdin.buffer)
    if options.labels:
        write_idx(options.labels, 0x801, labels)
    if not options.name:
        return
    images = corrupt(options.name, images, options.seed)
    if options.images:
        write_idx(options.images, 0x803, images)
    with npystream.Writer(sys.stdout.buffer, len(labels)) as out:
        for i in range(0, len(labels), npystream.BATCH):
            out.write(images[i:][: npystream.BATCH], labels[i:][: npystream.BATCH])


if __name__ == "__main__":
    main()

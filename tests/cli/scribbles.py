#!/usr/bin/env python3
"""Scribbles that are no digits, as PNG files of many sizes: DIRECTORY [COUNT [SEED]].

They are made in other ways than lib/foreign.c draws what training sees: a pen pushed about by
noise, oscillations added up, hatching to and fro, and strokes thrown across the paper.
"""

import struct
import sys
import zlib

import numpy as np


def pushed(rng):
    """A pen with inertia, pulled back to the middle."""
    steps = rng.integers(150, 500)
    place, speed, path = np.zeros(2), rng.normal(0, 1, 2), []
    for push in rng.normal(0, rng.uniform(0.3, 1.2), (steps, 2)):
        speed = 0.93 * speed + push - 0.02 * place
        place = place + speed
        path.append(place)
    return [np.array(path)]


def oscillating(rng):
    """Four oscillations a direction, of frequencies that do not close to a simple figure."""
    t = np.linspace(0, 1, 600)[:, None]
    waves = [
        rng.uniform(0.3, 1, 2) * np.sin(2 * np.pi * (rng.uniform(1.5, 6, 2) * t + rng.random(2)))
        for _ in range(4)
    ]
    return [sum(waves)]


def hatched(rng):
    """To and fro, seven times at least, with a drift and a shaking hand."""
    turns = rng.integers(7, 16)
    y = np.linspace(-1, 1, 2 * turns) + rng.normal(0, 0.04, 2 * turns)
    x = np.tile([-1.0, 1.0], turns) * rng.uniform(0.6, 1, 2 * turns)
    angle = rng.uniform(0, np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return [np.stack([x, y], 1) @ turn]


def thrown(rng):
    """Five to twelve bent strokes, each from anywhere to anywhere."""
    t = np.linspace(0, 1, 30)[:, None]
    strokes = []
    for _ in range(rng.integers(5, 13)):
        a, b, c = rng.uniform(-1, 1, (3, 2))
        strokes.append((1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c)
    return strokes


def render(strokes, rng):
    """Ink on paper, [side,side] u8: strokes fit the paper but for a margin."""
    side = int(rng.integers(60, 240))
    points = np.concatenate(strokes)
    low, high = points.min(0), points.max(0)
    size = (high - low).max()
    sheet = np.zeros((side, side), bool)
    for stroke in strokes:
        placed = (stroke - (low + high) / 2) / size * 0.75 * side + side / 2
        for a, b in zip(placed[:-1], placed[1:]):
            n = int(np.abs(b - a).max() * 1.5) + 2
            x, y = np.linspace(a, b, n).round().astype(int).T
            sheet[y, x] = True
    radius = max(1, int(side * rng.uniform(0.01, 0.03)))
    thick = np.zeros_like(sheet)
    for dy in range(-radius, radius + 1):
        for dx in range(-radius, radius + 1):
            if dx * dx + dy * dy <= radius * radius:
                thick |= np.roll(sheet, (dy, dx), (0, 1))
    ink, paper = rng.uniform(0, 90), rng.uniform(180, 255)
    return np.where(thick, ink, paper).astype(np.uint8)


def write_png(path, picture):
    def chunk(kind, data):
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    height, width = picture.shape
    rows = np.pad(picture, ((0, 0), (1, 0))).tobytes()
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        file.write(chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)))
        file.write(chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


def main(directory, count="1000", seed="1"):
    kinds = (pushed, oscillating, hatched, thrown)
    for i in range(int(count)):
        rng = np.random.default_rng([int(seed), i])
        write_png(f"{directory}/{i:05}.png", render(kinds[i % len(kinds)](rng), rng))


if __name__ == "__main__":
    main(*sys.argv[1:])

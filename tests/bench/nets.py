"""What the peers share: our networks' text, as far as the benchmark needs it, data and clock."""

import os
import re
import struct
import sys
import time

import numpy

THREADS = int(os.environ.get("THREADS", "2"))
SECONDS = float(os.environ.get("SECONDS", "2"))
SAMPLES = 8192  # as many as engine.c turns over


def parse(text):
    """A list of (name, kernel side, channels, batch norm, same padding, relu)."""
    layers, words = [], text.split()
    for i, word in enumerate(words):
        found = re.fullmatch(r"(drop|gmp|gap|[cpad])([\d.x]*)([vbnl]*)", word)
        name, numbers, flags = found.groups()
        last = i == len(words) - 1
        norm = not last and ("n" in flags or (name == "c" and "b" not in flags))
        kernel, _, channels = numbers.rpartition("x") if name in "cd" else (numbers, "", "0")
        if name == "drop":
            layers.append((name, float(numbers), 0, False, False, False))
        else:
            relu = name in "cd" and not last and "l" not in flags
            layers.append((name, int(kernel or 0), int(channels), norm, "v" not in flags, relu))
    return layers


def mnist(part="train", n=None):
    """Images [n,28,28] f32 in 0..1 and labels [n]."""
    with open(f"data/mnist/{part}-images-idx3-ubyte", "rb") as file:
        _, count, height, width = struct.unpack(">4i", file.read(16))
        n = n or count
        images = numpy.frombuffer(file.read(n * height * width), numpy.uint8)
    with open(f"data/mnist/{part}-labels-idx1-ubyte", "rb") as file:
        file.read(8)
        labels = numpy.frombuffer(file.read(n), numpy.uint8)
    return (images.reshape(n, height, width) / numpy.float32(255)), labels.astype(numpy.int64)


def answer(measure):
    """For each line on stdin, a line with what measure() returns."""
    for _ in sys.stdin:
        print(f"{measure():.1f}", flush=True)


def rate(step, batch):
    """Samples a second of step(first sample), over SECONDS."""
    begin = now = time.perf_counter()
    done = first = 0
    while now < begin + SECONDS:
        step(first)
        done += batch
        first = first + batch if first + 2 * batch <= SAMPLES else 0
        now = time.perf_counter()
    return done / (now - begin)

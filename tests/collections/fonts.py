#!/usr/bin/env python3
"""Pictures of digits in handwriting fonts, as PNG, and what they are.

    tests/collections/fonts.py FONTS COLLECTION FOLDER [options]

FONTS holds the fonts of fonts.tsv, beside this file: of those called handwriting by who publishes
them, a hundred were thought of before any was read, and those are left whose package has less than
2 MB. Each is the hand of one person, many of them written on paper and scanned, some drawn for a
screen; a few are brush or script hands that nobody writes digits in. FOLDER/truth.tsv has a line a
picture: its file, a tab, its digits. COLLECTION:

  fonts    each digit once from every font
  numbers  five numbers of 3 to 8 digits from every font, set as the font sets them: what touches,
           touches
"""

import argparse
import pathlib
import random

from PIL import Image, ImageDraw, ImageFont

PAPER, INK = 255, 20
SIZE, MARGIN = 90, 40  # of the font, and of paper around the digits, in pixels
NUMBERS, SHORTEST, LONGEST = 5, 3, 8  # of a font; digits of each
SEED = 1


def names():
    """The fonts, in the order of their table."""
    table = pathlib.Path(__file__).with_name("fonts.tsv").read_text(encoding="ascii")
    return [line.split("\t")[0] for line in table.splitlines()]


def texts(name, collection):
    """What is written in a font."""
    if collection == "fonts":
        return "0123456789"
    rng = random.Random(f"{SEED} {name}")
    return [
        "".join(rng.choice("0123456789") for _ in range(rng.randint(SHORTEST, LONGEST)))
        for _ in range(NUMBERS)
    ]


def picture(font, text):
    """Dark text on light paper."""
    left, top, right, bottom = font.getbbox(text)
    size = right - left + 2 * MARGIN, bottom - top + 2 * MARGIN
    image = Image.new("L", size, PAPER)
    ImageDraw.Draw(image).text((MARGIN - left, MARGIN - top), text, font=font, fill=INK)
    return image


def main():
    """Command line."""
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("fonts", type=pathlib.Path)
    parser.add_argument("collection", choices=("fonts", "numbers"))
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--part", choices=("first", "second", "all"), default="all")
    parser.add_argument("--count", type=int, help="at most so many")
    options = parser.parse_args()
    fonts = names()
    half = len(fonts) // 2
    part = {"first": fonts[:half], "second": fonts[half:], "all": fonts}[options.part]
    items = [(name, text) for name in part for text in texts(name, options.collection)]
    options.folder.mkdir(parents=True, exist_ok=True)
    with open(options.folder / "truth.tsv", "w", encoding="ascii") as truth:
        for name, text in items[: options.count]:
            font = ImageFont.truetype(str(options.fonts / f"{name}.woff"), SIZE)
            picture(font, text).save(options.folder / f"{name}-{text}.png")
            truth.write(f"{name}-{text}.png\t{text}\n")


if __name__ == "__main__":
    main()

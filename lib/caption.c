#include "caption.h"

#include <string.h>

enum { GLYPH_WIDTH = 5, ADVANCE = GLYPH_WIDTH + 1 };

/* One string a glyph, its rows from the top; the order is that of `known`. */
static const char known[] = "0123456789>?";
static const char glyphs[][CAPTION_HEIGHT * GLYPH_WIDTH + 1] = {
    ".###."
    "#...#"
    "#...#"
    "#...#"
    "#...#"
    "#...#"
    ".###.",

    "..#.."
    ".##.."
    "#.#.."
    "..#.."
    "..#.."
    "..#.."
    "#####",

    ".###."
    "#...#"
    "....#"
    "...#."
    "..#.."
    ".#..."
    "#####",

    "####."
    "....#"
    "....#"
    ".###."
    "....#"
    "....#"
    "####.",

    "...#."
    "..##."
    ".#.#."
    "#..#."
    "#####"
    "...#."
    "...#.",

    "#####"
    "#...."
    "####."
    "....#"
    "....#"
    "#...#"
    ".###.",

    "..##."
    ".#..."
    "#...."
    "####."
    "#...#"
    "#...#"
    ".###.",

    "#####"
    "....#"
    "...#."
    "...#."
    "..#.."
    "..#.."
    "..#..",

    ".###."
    "#...#"
    "#...#"
    ".###."
    "#...#"
    "#...#"
    ".###.",

    ".###."
    "#...#"
    "#...#"
    ".####"
    "....#"
    "...#."
    ".##..",

    "....."
    ".#..."
    "..#.."
    "...#."
    "..#.."
    ".#..."
    ".....",

    ".###."
    "#...#"
    "....#"
    "...#."
    "..#.."
    "....."
    "..#..",
};

uint32_t caption_width(const char *text)
{
    const uint32_t n = (uint32_t)strlen(text);
    return n ? n * ADVANCE - 1 : 0;
}

void caption_draw(struct picture *picture, uint32_t x, uint32_t y, const char *text, uint8_t level)
{
    for (; *text; text++, x += ADVANCE) {
        const char *place = strchr(known, *text);
        if (!place)
            continue;
        const char *dot = glyphs[place - known];
        for (uint32_t row = 0; row < CAPTION_HEIGHT; row++)
            for (uint32_t column = 0; column < GLYPH_WIDTH; column++, dot++)
                if (*dot == '#')
                    picture->pixels[(size_t)(y + row) * picture->width + x + column] = level;
    }
}

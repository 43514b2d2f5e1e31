#include "png_file.h"

#include <errno.h>
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

/* Where a PNG comes from: a file, or bytes in memory where `in` is NULL. */
struct source {
    FILE *in;
    const uint8_t *bytes;
    size_t left;
};

/* What must be released however reading ends; libpng leaves by longjmp() to reading_run(). */
struct reading {
    struct source *source;
    struct error *error;
    png_structp png;
    png_infop info;
    uint32_t width, height;
    uint8_t *row;   /* [width,4] as libpng converts it: grey, grey+alpha, RGB or RGBA */
    uint8_t *grey;  /* [height,width] */
    uint8_t *alpha; /* [height,width], NULL as long as everything is opaque */
};

static _Noreturn void on_error(png_structp png, png_const_charp text)
{
    struct error *error = png_get_error_ptr(png);
    if (!error->text[0])
        error_set(error, "corrupt PNG: %s", text);
    png_longjmp(png, 1);
}

/* libpng warns of what it can repair; a filter has nobody to tell. */
static void on_warning(png_structp png, png_const_charp text)
{
    (void)png, (void)text;
}

/* Leave with a message of our own. */
static _Noreturn void refuse(struct reading *reading, const char *text)
{
    error_set(reading->error, "%s", text);
    png_longjmp(reading->png, 1);
}

/* Returns: 0, or -1 with `error` set: to `cut` where the source ends, or why it cannot be read. */
static int take(struct source *source, void *to, size_t n, const char *cut, struct error *error)
{
    errno = 0;
    if (source->in && fread(to, 1, n, source->in) == n)
        return 0;
    if (source->in && ferror(source->in))
        return error_set(error, "cannot read:");
    if (source->in || n > source->left)
        return error_set(error, "%s", cut);
    memcpy(to, source->bytes, n);
    source->bytes += n;
    source->left -= n;
    return 0;
}

static void read_bytes(png_structp png, png_bytep bytes, size_t n)
{
    struct reading *reading = png_get_io_ptr(png);
    if (take(reading->source, bytes, n, "PNG is cut short", reading->error) != 0)
        png_longjmp(png, 1);
}

static void read_header(struct reading *reading)
{
    png_structp png = reading->png;
    png_set_read_fn(png, reading, read_bytes);
    png_set_sig_bytes(png, 8);
    /* Every chunk's CRC-32 is checked; a second sum, over the pixels, would find nothing more. */
    png_set_option(png, PNG_IGNORE_ADLER32, PNG_OPTION_ON);
    /* Everything but IHDR, PLTE, tRNS, IDAT and IEND is skipped unread: no profile or text is
     * inflated. The sides are checked below, with a better message, before rows are allocated. */
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_read_info(png, reading->info);

    const uint32_t width = reading->width = png_get_image_width(png, reading->info);
    const uint32_t height = reading->height = png_get_image_height(png, reading->info);
    if (width > PICTURE_MAX_SIDE || height > PICTURE_MAX_SIDE) {
        error_set(reading->error, "%ux%u pixels: sides above %d are refused", width, height,
                  PICTURE_MAX_SIDE);
        png_longjmp(png, 1);
    }
    png_set_expand(png);   /* palette to RGB, 1 to 4 bits to 8, tRNS to alpha */
    png_set_scale_16(png); /* 16 bits to 8 */
    png_read_update_info(png, reading->info);

    const size_t pixels = (size_t)width * height;
    reading->row = malloc(png_get_rowbytes(png, reading->info));
    reading->grey = malloc(pixels);
    if (!reading->row || !reading->grey)
        refuse(reading, "not enough memory for the picture");
}

static void set_alpha(struct reading *reading, size_t at, uint8_t alpha)
{
    if (!reading->alpha) {
        const size_t pixels = (size_t)reading->width * reading->height;
        reading->alpha = malloc(pixels);
        if (!reading->alpha)
            refuse(reading, "not enough memory for the picture");
        memset(reading->alpha, 255, pixels);
    }
    reading->alpha[at] = alpha;
}

/* Rec. 709 luminance, rounded; the weights sum to 10,000, so that grey stays as it is. */
static uint8_t luminance(const uint8_t rgb[3])
{
    return (uint8_t)((2126u * rgb[0] + 7152u * rgb[1] + 722u * rgb[2] + 5000u) / 10000u);
}

/* Read a stored row, which is pixels x, x + step, ... of line y. */
static void read_row(struct reading *reading, uint32_t y, uint32_t x, uint32_t step)
{
    const int channels = png_get_channels(reading->png, reading->info);
    const size_t line = (size_t)y * reading->width, end = line + reading->width;
    uint8_t *grey = reading->grey;
    if (channels == 1 && step == 1) { /* as it is, by far the most of what the page sends */
        png_read_row(reading->png, grey + line, NULL);
        return;
    }
    png_read_row(reading->png, reading->row, NULL);
    const uint8_t *from = reading->row;
    if (channels < 3)
        for (size_t at = line + x; at < end; at += step, from += channels)
            grey[at] = from[0];
    else
        for (size_t at = line + x; at < end; at += step, from += channels)
            grey[at] = luminance(from);
    if (channels % 2 == 0) {
        from = reading->row + channels - 1;
        for (size_t at = line + x; at < end; at += step, from += channels)
            if (*from != 255)
                set_alpha(reading, at, *from);
    }
}

/*
 * Interlaced rows are taken as they are stored and put where they belong: libpng's own way needs a
 * second picture of up to 4 bytes a pixel.
 */
static void read_pixels(struct reading *reading)
{
    png_structp png = reading->png;
    if (png_get_interlace_type(png, reading->info) == PNG_INTERLACE_NONE) {
        for (uint32_t y = 0; y < reading->height; y++)
            read_row(reading, y, 0, 1);
    } else {
        for (int pass = 0; pass < PNG_INTERLACE_ADAM7_PASSES; pass++) {
            const uint32_t x = PNG_PASS_START_COL(pass), step = PNG_PASS_COL_OFFSET(pass);
            if (x >= reading->width) /* an empty pass has no rows */
                continue;
            for (uint32_t y = PNG_PASS_START_ROW(pass); y < reading->height;
                 y += PNG_PASS_ROW_OFFSET(pass))
                read_row(reading, y, x, step);
        }
    }
    png_read_end(png, NULL); /* a PNG without its end was cut short */
}

/*
 * Lay what is transparent over white or black. Strokes get the opposite of their own grey; but
 * where more than 3/4 is opaque, that is paper with a hole or round corners, and continues.
 */
static void flatten(struct reading *reading)
{
    const size_t pixels = (size_t)reading->width * reading->height;
    uint64_t opaque = 0, light = 0;
    for (size_t i = 0; i < pixels; i++) {
        opaque += reading->alpha[i];
        light += (uint64_t)reading->alpha[i] * reading->grey[i];
    }
    const bool mostly_light = 2 * light > 255 * opaque;
    const bool mostly_opaque = 4 * opaque > 3 * 255 * (uint64_t)pixels;
    const uint32_t under = mostly_light == mostly_opaque ? 255 : 0;
    for (size_t i = 0; i < pixels; i++) {
        const uint32_t alpha = reading->alpha[i];
        reading->grey[i] =
            (uint8_t)((reading->grey[i] * alpha + under * (255 - alpha) + 127) / 255);
    }
}

static int reading_run(struct reading *reading)
{
    if (setjmp(png_jmpbuf(reading->png)))
        return -1;
    read_header(reading);
    read_pixels(reading);
    return 0;
}

static int read_source(struct source *source, struct picture *picture, struct error *error)
{
    png_byte signature[8];
    if (take(source, signature, sizeof signature, "not a PNG", error) != 0)
        return -1;
    if (png_sig_cmp(signature, 0, sizeof signature))
        return error_set(error, "not a PNG");

    struct reading reading = {.source = source, .error = error};
    error->text[0] = '\0';
    reading.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, error, on_error, on_warning);
    if (reading.png)
        reading.info = png_create_info_struct(reading.png);
    const int result =
        reading.info ? reading_run(&reading) : error_set(error, "not enough memory to read a PNG");
    if (result == 0) {
        if (reading.alpha)
            flatten(&reading);
        *picture = (struct picture){reading.width, reading.height, reading.grey};
    } else {
        free(reading.grey);
    }
    free(reading.row);
    free(reading.alpha);
    png_destroy_read_struct(&reading.png, &reading.info, NULL);
    return result;
}

int png_file_read(FILE *in, struct picture *picture, struct error *error)
{
    return read_source(&(struct source){.in = in}, picture, error);
}

int png_file_parse(const uint8_t *png, size_t n, struct picture *picture, struct error *error)
{
    return read_source(&(struct source){.bytes = png, .left = n}, picture, error);
}

static void write_bytes(png_structp png, png_bytep bytes, size_t n)
{
    errno = 0;
    if (fwrite(bytes, 1, n, png_get_io_ptr(png)) == n)
        return;
    error_set(png_get_error_ptr(png), "cannot write:");
    png_longjmp(png, 1);
}

static void flush_bytes(png_structp png)
{
    errno = 0;
    if (fflush(png_get_io_ptr(png)) == 0)
        return;
    error_set(png_get_error_ptr(png), "cannot write:");
    png_longjmp(png, 1);
}

static int writing_run(png_structp png, png_infop info, FILE *out, const struct picture *picture)
{
    if (setjmp(png_jmpbuf(png)))
        return -1;
    png_set_write_fn(png, out, write_bytes, flush_bytes);
    png_set_IHDR(png, info, picture->width, picture->height, 8, PNG_COLOR_TYPE_GRAY,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (uint32_t y = 0; y < picture->height; y++)
        png_write_row(png, picture->pixels + (size_t)y * picture->width);
    png_write_end(png, info);
    flush_bytes(png);
    return 0;
}

int png_file_write(FILE *out, const struct picture *picture, struct error *error)
{
    error->text[0] = '\0';
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, error, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    const int result = info ? writing_run(png, info, out, picture)
                            : error_set(error, "not enough memory to write a PNG");
    png_destroy_write_struct(&png, &info);
    return result;
}

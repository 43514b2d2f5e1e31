#include "json_text.h"

#include <string.h>

void json_text_string(const char *text, FILE *out)
{
    fputc('"', out);
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c == 0x7f)
            fprintf(out, "\\u%04x", c);
        else if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

/* Text is put together here: stdio takes long over a few characters. */
struct buffer {
    FILE *out;
    size_t n;
    char text[4096];
};

static void put(struct buffer *buffer, const char *text, size_t n)
{
    if (buffer->n + n > sizeof buffer->text) {
        fwrite(buffer->text, 1, buffer->n, buffer->out);
        buffer->n = 0;
    }
    memcpy(buffer->text + buffer->n, text, n);
    buffer->n += n;
}

void json_text_bytes(const uint8_t *bytes, size_t n, FILE *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct buffer buffer = {.out = out};
    put(&buffer, "\"", 1);
    for (size_t i = 0; i < n; i += 3) {
        const size_t left = n - i;
        const uint32_t three = (uint32_t)bytes[i] << 16 |
                               (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                               (left > 2 ? bytes[i + 2] : 0);
        const char four[4] = {digits[three >> 18], digits[three >> 12 & 63],
                              left > 1 ? digits[three >> 6 & 63] : '=',
                              left > 2 ? digits[three & 63] : '='};
        put(&buffer, four, sizeof four);
    }
    put(&buffer, "\"", 1);
    fwrite(buffer.text, 1, buffer.n, out);
}

void json_text_numbers(const uint8_t *numbers, size_t n, FILE *out)
{
    struct buffer buffer = {.out = out};
    put(&buffer, "[", 1);
    for (size_t i = 0; i < n; i++) {
        const uint8_t x = numbers[i];
        const char text[] = {',', ' ', (char)('0' + x / 100), (char)('0' + x / 10 % 10),
                             (char)('0' + x % 10)};
        const size_t leading = x >= 100 ? 0 : x >= 10 ? 1 : 2; /* zeros */
        if (i > 0)
            put(&buffer, text, 2);
        put(&buffer, text + 2 + leading, 3 - leading);
    }
    put(&buffer, "]", 1);
    fwrite(buffer.text, 1, buffer.n, out);
}

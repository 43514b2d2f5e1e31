/* Pieces of JSON that printf() has no format for. */
#ifndef HWDR_JSON_TEXT_H
#define HWDR_JSON_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Write a JSON string, quotes included; `text` is UTF-8 or ASCII. */
void json_text_string(const char *text, FILE *out);

/* Write bytes as a JSON string in base64 (RFC 4648, section 4). */
void json_text_bytes(const uint8_t *bytes, size_t n, FILE *out);

/* Write bytes as a list of numbers: [0, 7, 255]. */
void json_text_numbers(const uint8_t *numbers, size_t n, FILE *out);

#endif

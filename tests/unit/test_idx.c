#include "idx.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

/* What an IDX file of images holds: its header, and n x height x width bytes of a pattern. */
struct bytes {
    size_t n;
    uint8_t *data;
};

static void put_big(uint8_t *to, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> (24 - 8 * i));
}

static struct bytes images(uint32_t n, uint32_t height, uint32_t width)
{
    const size_t pixels = (size_t)n * height * width;
    struct bytes file = {16 + pixels, calloc(16 + pixels, 1)};
    file.data[2] = 8;
    file.data[3] = 3;
    put_big(file.data + 4, n);
    put_big(file.data + 8, height);
    put_big(file.data + 12, width);
    for (size_t i = 0; i < pixels; i++)
        file.data[16 + i] = (uint8_t)(i * i >> 3);
    return file;
}

/* A gzip member, or with several members one behind the other. */
static struct bytes gzip(struct bytes plain, int members)
{
    struct bytes packed = {0, malloc(plain.n + 1000)};
    for (int i = 0; i < members; i++) {
        const size_t from = plain.n * (size_t)i / (size_t)members;
        const size_t to = plain.n * (size_t)(i + 1) / (size_t)members;
        z_stream stream = {.next_in = plain.data + from,
                           .avail_in = (uInt)(to - from),
                           .next_out = packed.data + packed.n,
                           .avail_out = (uInt)(plain.n + 1000 - packed.n)};
        assert_int_equal(deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, 0), Z_OK);
        assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
        packed.n += stream.total_out;
        deflateEnd(&stream);
    }
    return packed;
}

/* Open a file of these bytes: regular, or a pipe that a child fills. */
static int open_bytes(struct bytes file, bool pipe_it, struct idx *idx, int dims,
                      struct error *error)
{
    char path[64];
    int ends[2] = {-1, -1}, status = 0;
    pid_t child = 0;
    *error = (struct error){""};
    if (pipe_it) {
        assert_int_equal(pipe(ends), 0);
        child = fork();
        if (!child) {
            close(ends[0]);
            for (size_t at = 0; at < file.n;) {
                const ssize_t n = write(ends[1], file.data + at, file.n - at);
                if (n < 0)
                    _exit(1);
                at += (size_t)n;
            }
            _exit(0);
        }
        close(ends[1]);
    } else {
        ends[0] = memfd_create("idx", 0);
        assert_int_equal(write(ends[0], file.data, file.n), file.n);
    }
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    const int result = idx_open(idx, path, dims, error);
    close(ends[0]);
    if (child)
        waitpid(child, &status, 0);
    if (result) {
        assert_memory_equal(error->text, "/dev/fd/", 8);
        assert_null(strchr(error->text, '\n'));
    }
    return result;
}

static void assert_refused(struct bytes file, int dims, const char *why)
{
    for (int pipe_it = 0; pipe_it < 2; pipe_it++) {
        struct idx idx;
        struct error error;
        if (!open_bytes(file, pipe_it, &idx, dims, &error))
            fail_msg("accepted, expected '%s'", why);
        if (!strstr(error.text, why))
            fail_msg("says '%s', not '%s'", error.text, why);
        assert_null(idx.memory);
    }
    free(file.data);
}

static void files_and_pipes_plain_and_gzip_are_read(void **state)
{
    (void)state;
    const struct bytes plain = images(3000, 28, 30); /* more than the first room of 1 MiB */
    const struct bytes packed = gzip(plain, 1), members = gzip(plain, 7);
    const struct bytes files[] = {plain, packed, members};
    for (int i = 0; i < 3; i++)
        for (int pipe_it = 0; pipe_it < 2; pipe_it++) {
            struct idx idx;
            struct error error;
            if (open_bytes(files[i], pipe_it, &idx, 3, &error))
                fail_msg("%s", error.text);
            assert_int_equal(idx.mapped, i == 0 && !pipe_it);
            assert_int_equal(idx.dims, 3);
            assert_int_equal(idx.dim[0], 3000);
            assert_int_equal(idx.dim[1], 28);
            assert_int_equal(idx.dim[2], 30);
            assert_memory_equal(idx.data, plain.data + 16, plain.n - 16);
            idx_close(&idx);
            idx_close(&idx); /* twice is harmless */
        }
    for (int i = 0; i < 3; i++)
        free(files[i].data);
}

static void a_file_without_images_is_a_file(void **state)
{
    (void)state;
    const struct bytes plain = images(0, 28, 28);
    for (int pipe_it = 0; pipe_it < 2; pipe_it++) {
        struct idx idx;
        struct error error;
        assert_int_equal(open_bytes(plain, pipe_it, &idx, 3, &error), 0);
        assert_int_equal(idx.dim[0], 0);
        idx_close(&idx);
    }
    free(plain.data);
}

static void a_plain_file_cut_at_any_byte_is_an_error(void **state)
{
    (void)state;
    const struct bytes plain = images(2, 5, 4);
    for (size_t n = 0; n < plain.n; n++)
        for (int pipe_it = 0; pipe_it < 2; pipe_it++) {
            struct idx idx;
            struct error error;
            assert_int_equal(open_bytes((struct bytes){n, plain.data}, pipe_it, &idx, 3, &error),
                             -1);
            assert_non_null(strstr(error.text, n ? "cut short" : "empty"));
        }
    free(plain.data);
}

static void a_gzip_file_cut_at_any_byte_is_an_error(void **state)
{
    (void)state;
    const struct bytes plain = images(2, 28, 28), packed = gzip(plain, 1);
    for (size_t n = 0; n < packed.n; n++)
        for (int pipe_it = 0; pipe_it < 2; pipe_it++) {
            struct idx idx;
            struct error error;
            assert_int_equal(open_bytes((struct bytes){n, packed.data}, pipe_it, &idx, 3, &error),
                             -1);
            if (n >= 2)
                assert_non_null(strstr(error.text, "gzip cut short"));
        }
    free(plain.data);
    free(packed.data);
}

static void a_gzip_file_with_a_changed_byte_is_no_surprise(void **state)
{
    (void)state;
    const struct bytes plain = images(2, 28, 28), packed = gzip(plain, 1);
    int accepted = 0;
    for (size_t i = 0; i < packed.n; i++) {
        struct idx idx;
        struct error error;
        packed.data[i] ^= 0x10;
        if (!open_bytes(packed, false, &idx, 3, &error)) {
            assert_memory_equal(idx.data, plain.data + 16, plain.n - 16);
            idx_close(&idx);
            accepted++;
        }
        packed.data[i] ^= 0x10;
    }
    assert_in_range(accepted, 6, 7); /* the header's time and system, and bits that pad the end */
    packed.data[packed.n - 8] ^= 1;  /* the checksum */
    struct idx idx;
    struct error error;
    assert_int_equal(open_bytes(packed, false, &idx, 3, &error), -1);
    assert_non_null(strstr(error.text, "corrupt gzip: incorrect data check"));
    free(plain.data);
    free(packed.data);
}

static void wrong_headers_are_refused(void **state)
{
    (void)state;
    struct bytes file = images(2, 5, 4);
    file.data[1] = 1;
    assert_refused(file, 3, "not an IDX file: begins with 00 01");
    file = images(2, 5, 4);
    file.data[2] = 0x0d;
    assert_refused(file, 3, "element type 0x0d");
    assert_refused(images(2, 5, 4), 1, "3 dimensions, expected 1 (labels)");
    file = images(2, 5, 4);
    file.data[3] = 1;
    assert_refused(file, 3, "1 dimensions, expected 3 (images)");
    file = images(2, 5, 4);
    file.data[3] = 255;
    assert_refused(file, 3, "255 dimensions");
}

static void length_and_header_must_agree(void **state)
{
    (void)state;
    struct bytes file = images(2, 5, 4);
    put_big(file.data + 4, 3);
    assert_refused(file, 3, "cut short: the header promises 60 bytes, here are 40");
    file = images(2, 5, 4);
    put_big(file.data + 4, 1);
    assert_refused(file, 3, "too long: ");
    file = images(2, 5, 4);
    put_big(file.data + 4, UINT32_MAX);
    put_big(file.data + 8, UINT32_MAX);
    put_big(file.data + 12, UINT32_MAX);
    assert_refused(file, 3, "overflow");
    file = images(2, 5, 4);
    put_big(file.data + 4, UINT32_MAX); /* 2^40 bytes promised: believed as far as they come */
    put_big(file.data + 8, 256);
    put_big(file.data + 12, 1);
    assert_refused(file, 3, "cut short: the header promises 1099511627520 bytes, here are 40");
    file = images(2, 5, 4);
    put_big(file.data + 4, 1);
    struct bytes packed = gzip(file, 1);
    free(file.data);
    assert_refused(packed, 3, "too long: ");
    file = images(2, 5, 4);
    put_big(file.data + 4, 3);
    packed = gzip(file, 1);
    free(file.data);
    assert_refused(packed, 3, "cut short: the header promises 60 bytes, here are 40");
}

static void what_cannot_be_opened_is_told(void **state)
{
    (void)state;
    struct idx idx;
    struct error error;
    assert_int_equal(idx_open(&idx, "no/such/file", 3, &error), -1);
    assert_string_equal(error.text, "no/such/file: No such file or directory");
    assert_int_equal(idx_open(&idx, "/tmp", 3, &error), -1);
    assert_string_equal(error.text, "/tmp: read: Is a directory");
    assert_int_equal(idx_open(&idx, "/dev/null", 3, &error), -1);
    assert_string_equal(error.text, "/dev/null: empty");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_and_pipes_plain_and_gzip_are_read),
        cmocka_unit_test(a_file_without_images_is_a_file),
        cmocka_unit_test(a_plain_file_cut_at_any_byte_is_an_error),
        cmocka_unit_test(a_gzip_file_cut_at_any_byte_is_an_error),
        cmocka_unit_test(a_gzip_file_with_a_changed_byte_is_no_surprise),
        cmocka_unit_test(wrong_headers_are_refused),
        cmocka_unit_test(length_and_header_must_agree),
        cmocka_unit_test(what_cannot_be_opened_is_told),
    };
    return cmocka_run_group_tests_name("idx", tests, NULL, NULL);
}

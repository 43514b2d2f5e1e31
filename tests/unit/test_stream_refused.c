#include "stream_file.h"

#include <math.h>

static void a_cut_at_any_byte_is_an_error(void **state)
{
    (void)state;
    for (int count = 0; count < 2; count++) {
        struct error error;
        const int fd = new_file();
        const size_t bytes = put_small_stream(fd, count);
        lseek(fd, 0, SEEK_SET);
        assert_int_equal(read_stream(fd, &error), 3);
        for (size_t cut = bytes; cut-- > 0;) {
            assert_int_equal(ftruncate(fd, (off_t)cut), 0);
            lseek(fd, 0, SEEK_SET);
            assert_int_equal(read_stream(fd, &error), -1);
            assert_non_null(strstr(error.text, cut ? "cut off at byte" : "empty"));
        }
        close(fd);
    }
}

static void a_change_of_any_byte_never_crashes(void **state)
{
    (void)state;
    struct error error;
    const int fd = new_file();
    const size_t bytes = put_small_stream(fd, true);
    for (size_t at = 0; at < bytes; at++) {
        uint8_t byte, changed;
        assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
        changed = (uint8_t)(byte ^ (1 + rand() % 255));
        assert_int_equal(pwrite(fd, &changed, 1, (off_t)at), 1);
        lseek(fd, 0, SEEK_SET);
        const int64_t n = read_stream(fd, &error);
        assert_true(n == 3 || (n == -1 && error.text[0]));
        assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
    }
    close(fd);
}

static void what_does_not_belong_is_refused(void **state)
{
    (void)state;
    int fd = new_file();
    assert_refused(fd, "empty: expected a sample stream");

    put(fd = new_file(), "hello\n", 6);
    assert_refused(fd, "record 1 at byte 0: does not begin with the magic");
    put(fd = new_file(), "\0\0\x08\x03\0\0\xea\x60\0\0\0\x1c\0\0\0\x1c", 16);
    assert_refused(fd, "idx2bin");
    put(fd = new_file(), "\x1f\x8b\x08\0\0\0\0\0\0\3\3\0\0\0", 14);
    assert_refused(fd, "gzip");

    put_images(fd = new_file(), 2);
    assert_refused(fd, "cut off at byte 1696: the stream ends without its end record");
    put_labels(fd = new_file(), 2, 1);
    assert_refused(fd, "'|u1' (2,): expected images");
    put_images(fd = new_file(), 2);
    put_images(fd, 2);
    assert_refused(fd, "record 2 at byte 1696: '|u1' (2, 28, 28) after 2 images: expected labels");
    put_images(fd = new_file(), 2);
    put_labels(fd, 3, 1);
    assert_refused(fd, "'|u1' (3,) after 2 images");
    put_images(fd = new_file(), 2);
    put_soft(fd, 0.5f, 0.5f);
    assert_refused(fd, "'<f4' (1, 10) after 2 images");
    put_images(fd = new_file(), 2);
    put_end(fd);
    assert_refused(fd, "'|u1' (0,) after 2 images");
    put_header(fd = new_file(), DTYPE_U8, 3, 5, 28, 27);
    assert_refused(fd, "'|u1' (5, 28, 27): expected images");
    put_header(fd = new_file(), DTYPE_F32, 3, 5, 28, 28);
    assert_refused(fd, "'<f4' (5, 28, 28): expected images");
    put_header(fd = new_file(), DTYPE_U8, 3, 0, 28, 28);
    assert_refused(fd, "0 images, a record holds 1 to 4096");
    put_header(fd = new_file(), DTYPE_U8, 3, 4097, 28, 28);
    assert_refused(fd, "4097 images");
    put_header(fd = new_file(), DTYPE_U8, 3, UINT64_MAX, 28, 28);
    assert_refused(fd, "64 bits");
    put_header(fd = new_file(), DTYPE_U8, 3, UINT64_MAX / 784, 28, 28);
    assert_refused(fd, "23529010298098917 images");
}

static void labels_are_checked(void **state)
{
    (void)state;
    for (int label = 0; label < 256; label++) {
        struct error error;
        const int fd = new_file();
        put_images(fd, 1);
        put_labels(fd, 1, (uint8_t)label);
        put_end(fd);
        assert_int_equal(read_file(fd, &error), label < 10 || label == 255 ? 1 : -1);
    }
    int fd = new_file();
    put_small_stream(fd, false);
    lseek(fd, -128, SEEK_CUR); /* in place of the end */
    put_images(fd, 1);
    put_labels(fd, 1, 10);
    assert_refused(fd, "sample 3: label 10 is neither 0..9 nor 255");
}

static void soft_labels_are_checked(void **state)
{
    (void)state;
    static const struct {
        float p, rest;
        bool good;
    } rows[] = {
        {1, 0, true},
        {0.5f, 0.5f, true},
        {0.5f, 0.5009f, true},
        {0.5f, 0.4991f, true},
        {0.5f, 0.502f, false},
        {0.5f, 0.498f, false},
        {0, 0, false},
        {1.5f, -0.5f, false},
        {NAN, 1, false},
        {INFINITY, 0, false},
        {1, -0.0f, true},
        {1, -1e-6f, false},
        {INFINITY, -INFINITY, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error error;
        const int fd = new_file();
        put_images(fd, 1);
        put_soft(fd, rows[i].p, rows[i].rest);
        put_end(fd);
        if (read_file(fd, &error) != (rows[i].good ? 1 : -1))
            fail_msg("%g and %g: %s", (double)rows[i].p, (double)rows[i].rest, error.text);
    }
}

static void the_count_must_be_right(void **state)
{
    (void)state;
    int fd = new_file();
    put_count(fd, -1);
    assert_refused(fd, "a count of -1 samples");
    put_count(fd = new_file(), 2);
    put_images(fd, 3);
    assert_refused(fd, "more samples than the 2 announced");
    put_count(fd = new_file(), 2);
    put_images(fd, 1);
    put_labels(fd, 1, 1);
    put_end(fd);
    assert_refused(fd, "ends after 1 of 2 samples");
    put_count(fd = new_file(), INT64_MAX);
    put_end(fd);
    assert_refused(fd, "ends after 0 of 9223372036854775807 samples");
    put_count(fd = new_file(), 1);
    put_count(fd, 1);
    assert_refused(fd, "record 2 at byte 136: a count of samples is allowed only as the first");
}

static void nothing_may_follow_the_end(void **state)
{
    (void)state;
    int fd = new_file();
    put_end(fd);
    put(fd, "", 1);
    assert_refused(fd, "data follows this end record");
    put_small_stream(fd = new_file(), true);
    put_small_stream(fd, true);
    assert_refused(fd, "data follows this end record");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_at_any_byte_is_an_error),
        cmocka_unit_test(a_change_of_any_byte_never_crashes),
        cmocka_unit_test(what_does_not_belong_is_refused),
        cmocka_unit_test(labels_are_checked),
        cmocka_unit_test(soft_labels_are_checked),
        cmocka_unit_test(the_count_must_be_right),
        cmocka_unit_test(nothing_may_follow_the_end),
    };
    return cmocka_run_group_tests_name("stream_refused", tests, NULL, NULL);
}

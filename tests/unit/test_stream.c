#include "stream_file.h"

#include <fcntl.h>

static struct samples random_samples(size_t n, bool soft)
{
    struct samples samples = {.n = n, .images = malloc(n * IMAGE_PIXELS)};
    for (size_t i = 0; i < n * IMAGE_PIXELS; i++)
        samples.images[i] = (uint8_t)rand();
    if (soft) {
        samples.soft = malloc(n * CLASSES * sizeof(float));
        for (size_t i = 0; i < n * CLASSES; i++)
            samples.soft[i] = 0.1f;
    } else {
        samples.labels = malloc(n);
        for (size_t i = 0; i < n; i++)
            samples.labels[i] = (uint8_t)(i % 11 < 10 ? i % 11 : LABEL_UNKNOWN);
    }
    return samples;
}

static void write_stream(int fd, const struct samples *samples, int64_t count)
{
    struct error error;
    struct stream_writer *writer = stream_writer_new(fd, count, &error);
    assert_non_null(writer);
    assert_int_equal(stream_write(writer, samples, &error), 0);
    assert_int_equal(stream_finish(writer, &error), 0);
    stream_writer_free(writer);
}

static void samples_come_back_as_they_were(void **state)
{
    (void)state;
    const size_t sizes[] = {1, 255, 256, 257, 600, 5000};
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof *sizes; i++) {
        const bool soft = i % 2;
        struct samples before = random_samples(sizes[i / 2], soft), after;
        struct error error;
        const int fd = new_file();
        write_stream(fd, &before, soft ? STREAM_COUNT_UNKNOWN : (int64_t)before.n);
        lseek(fd, 0, SEEK_SET);
        struct stream_reader *reader = stream_reader_new(fd, &error);
        assert_non_null(reader);
        assert_int_equal(stream_reader_count(reader), soft ? -1 : (int64_t)before.n);
        assert_int_equal(stream_read_all(reader, &after, &error), 0);
        assert_int_equal(after.n, before.n);
        assert_memory_equal(after.images, before.images, before.n * IMAGE_PIXELS);
        if (soft)
            assert_memory_equal(after.soft, before.soft, before.n * CLASSES * sizeof(float));
        else
            assert_memory_equal(after.labels, before.labels, before.n);
        assert_true(!after.labels == soft && !after.soft == !soft);
        stream_reader_free(reader);
        stream_samples_free(&before);
        stream_samples_free(&after);
        close(fd);
    }
}

static void records_hold_256_samples(void **state)
{
    (void)state;
    struct samples samples = random_samples(600, false);
    struct error error;
    const int fd = new_file();
    write_stream(fd, &samples, 600);
    stream_samples_free(&samples);
    lseek(fd, 0, SEEK_SET);
    struct stream_reader *reader = stream_reader_new(fd, &error);
    const size_t expected[] = {256, 256, 88};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(stream_read(reader, &samples, &error), 1);
        assert_int_equal(samples.n, expected[i]);
    }
    assert_int_equal(stream_read(reader, &samples, &error), 0);
    stream_reader_free(reader);
    close(fd);
}

static void a_stream_without_samples_is_a_stream(void **state)
{
    (void)state;
    struct error error;
    struct samples all;
    int fd = new_file();
    put_end(fd);
    assert_int_equal(read_file(fd, &error), 0);
    fd = new_file();
    put_count(fd, 0);
    put_end(fd);
    lseek(fd, 0, SEEK_SET);
    struct stream_reader *reader = stream_reader_new(fd, &error);
    assert_int_equal(stream_reader_count(reader), 0);
    assert_int_equal(stream_read_all(reader, &all, &error), 0);
    assert_int_equal(all.n, 0);
    stream_reader_free(reader);
    close(fd);
}

static void reading_all_wants_one_kind_of_labels(void **state)
{
    (void)state;
    struct error error;
    struct samples all;
    const int fd = new_file();
    put_small_stream(fd, true);
    lseek(fd, 0, SEEK_SET);
    struct stream_reader *reader = stream_reader_new(fd, &error);
    assert_int_equal(stream_read_all(reader, &all, &error), -1);
    assert_non_null(strstr(error.text, "hard and soft"));
    assert_null(all.images);
    stream_reader_free(reader);
    close(fd);
}

/* More than stream_read_all() makes room for at first, with a count and without. */
static void reading_all_has_room_for_many(void **state)
{
    (void)state;
    enum { RECORDS = 300, N = RECORDS * STREAM_BATCH };
    for (int known = 0; known < 2; known++) {
        struct error error;
        struct samples batch = random_samples(STREAM_BATCH, false), all;
        const int fd = new_file();
        struct stream_writer *writer =
            stream_writer_new(fd, known ? N : STREAM_COUNT_UNKNOWN, &error);
        for (int i = 0; i < RECORDS; i++) {
            batch.images[0] = (uint8_t)i;
            assert_int_equal(stream_write(writer, &batch, &error), 0);
        }
        assert_int_equal(stream_finish(writer, &error), 0);
        stream_writer_free(writer);
        lseek(fd, 0, SEEK_SET);
        struct stream_reader *reader = stream_reader_new(fd, &error);
        assert_int_equal(stream_read_all(reader, &all, &error), 0);
        assert_int_equal(all.n, N);
        for (size_t i = 0; i < RECORDS; i++) {
            assert_int_equal(all.images[i * STREAM_BATCH * IMAGE_PIXELS], i & 255);
            assert_memory_equal(all.labels + i * STREAM_BATCH, batch.labels, STREAM_BATCH);
        }
        stream_reader_free(reader);
        stream_samples_free(&all);
        stream_samples_free(&batch);
        close(fd);
    }
}

static void the_largest_record_is_accepted(void **state)
{
    (void)state;
    struct error error;
    const int fd = new_file();
    put_images(fd, STREAM_MAX_BATCH);
    put_labels(fd, STREAM_MAX_BATCH, LABEL_UNKNOWN);
    put_end(fd);
    assert_int_equal(read_file(fd, &error), STREAM_MAX_BATCH);
}

static void peeked_bytes_belong_to_the_stream(void **state)
{
    (void)state;
    for (size_t n = 0; n <= STREAM_MAX_PEEK; n++) {
        struct error error;
        struct samples samples;
        uint8_t peeked[STREAM_MAX_PEEK];
        const int fd = new_file();
        put_small_stream(fd, false);
        assert_int_equal(pread(fd, peeked, sizeof peeked, 0), sizeof peeked);
        lseek(fd, (off_t)n, SEEK_SET);
        struct stream_reader *reader = stream_reader_new_peeked(fd, peeked, n, &error);
        assert_non_null(reader);
        assert_int_equal(stream_read(reader, &samples, &error), 1);
        assert_int_equal(samples.n, 2);
        stream_reader_free(reader);
        close(fd);
    }
}

static void what_cannot_be_written_is_told(void **state)
{
    (void)state;
    struct error error;
    struct samples samples = random_samples(3, false);
    const int full = open("/dev/full", O_WRONLY);
    assert_null(stream_writer_new(full, 3, &error));
    assert_string_equal(error.text, "stream: write: No space left on device");
    struct stream_writer *writer = stream_writer_new(full, STREAM_COUNT_UNKNOWN, &error);
    assert_non_null(writer);
    assert_int_equal(stream_write(writer, &samples, &error), -1);
    assert_string_equal(error.text, "stream: write: No space left on device");
    assert_int_equal(stream_finish(writer, &error), -1);
    stream_writer_free(writer);
    assert_int_equal(stream_write_scores(full, (const float[CLASSES]){1}, 1, &error), -1);
    close(full);
    assert_null(stream_writer_new(full, 3, &error));
    assert_string_equal(error.text, "stream: write: Bad file descriptor");
    assert_null(stream_reader_new(full, &error));
    assert_string_equal(error.text, "stream: is closed");
    stream_samples_free(&samples);
}

static void a_wrong_count_is_not_ended(void **state)
{
    (void)state;
    struct error error;
    struct samples samples = random_samples(3, false);
    const int fd = new_file();
    struct stream_writer *writer = stream_writer_new(fd, 4, &error);
    assert_int_equal(stream_write(writer, &samples, &error), 0);
    assert_int_equal(stream_finish(writer, &error), -1);
    assert_string_equal(error.text, "stream: 3 samples written, 4 were announced");
    stream_writer_free(writer);
    stream_samples_free(&samples);
    assert_refused(fd, "without its end record");
}

static void scores_are_float_records(void **state)
{
    (void)state;
    struct error error;
    const float scores[3 * CLASSES] = {0.5f, [29] = 0.25f};
    const int fd = new_file();
    assert_int_equal(stream_write_scores(fd, scores, 3, &error), 0);
    assert_int_equal(stream_write_scores(fd, NULL, 0, &error), 0);
    uint8_t bytes[400];
    assert_int_equal(pread(fd, bytes, sizeof bytes, 0), 128 + 120 + 128);
    struct tensor_type type;
    assert_int_equal(npy_parse(bytes, 128, &type, &error), 0);
    assert_true(tensor_same(&type, &(struct tensor_type){DTYPE_F32, 2, {3, CLASSES}}));
    assert_memory_equal(bytes + 128, scores, sizeof scores);
    assert_int_equal(npy_parse(bytes + 248, 128, &type, &error), 0);
    assert_true(tensor_same(&type, &(struct tensor_type){DTYPE_F32, 2, {0, CLASSES}}));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_come_back_as_they_were),
        cmocka_unit_test(records_hold_256_samples),
        cmocka_unit_test(a_stream_without_samples_is_a_stream),
        cmocka_unit_test(reading_all_wants_one_kind_of_labels),
        cmocka_unit_test(reading_all_has_room_for_many),
        cmocka_unit_test(the_largest_record_is_accepted),
        cmocka_unit_test(peeked_bytes_belong_to_the_stream),
        cmocka_unit_test(what_cannot_be_written_is_told),
        cmocka_unit_test(a_wrong_count_is_not_ended),
        cmocka_unit_test(scores_are_float_records),
    };
    return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}

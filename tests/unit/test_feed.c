/* Batches from a stream as it arrives and from memory over epochs. */
#include "feed.h"
#include "loss.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { BATCH = 64 };

/* A stream in a temporary file and a feed over it. */
struct setting {
    FILE *file;
    struct stream_reader *reader;
    struct feed *feed;
};

/* Sample i carries its number in its first two pixels. */
static int number_of(const uint8_t *image)
{
    return image[0] + 256 * image[1];
}

static struct stream_writer *begin(struct setting *s, int64_t count)
{
    struct error error;
    s->file = tmpfile();
    assert_non_null(s->file);
    struct stream_writer *writer = stream_writer_new(fileno(s->file), count, &error);
    assert_non_null(writer);
    return writer;
}

static void open_feed(struct setting *s, int64_t epochs, uint64_t seed)
{
    struct error error;
    lseek(fileno(s->file), 0, SEEK_SET);
    s->reader = stream_reader_new(fileno(s->file), &error);
    assert_non_null(s->reader);
    s->feed = feed_new(s->reader, epochs, BATCH, seed, &error);
    if (!s->feed)
        fail_msg("%s", error.text);
}

/* n samples, number i of class i % 10. */
static void set_up(struct setting *s, int n, int64_t count, int64_t epochs, uint64_t seed)
{
    struct error error;
    struct stream_writer *writer = begin(s, count);
    for (int i = 0; i < n; i++) {
        uint8_t image[IMAGE_PIXELS] = {(uint8_t)i, (uint8_t)(i / 256)}, label = (uint8_t)(i % 10);
        const struct samples one = {.n = 1, .images = image, .labels = &label};
        assert_int_equal(stream_write(writer, &one, &error), 0);
    }
    assert_int_equal(stream_finish(writer, &error), 0);
    stream_writer_free(writer);
    open_feed(s, epochs, seed);
}

static void tear_down(struct setting *s)
{
    feed_free(s->feed);
    stream_reader_free(s->reader);
    fclose(s->file);
}

/* Take all batches; the samples' numbers go to `order`. Returns: how many there were. */
static int drain(struct setting *s, int *order, int room)
{
    struct error error;
    const uint8_t *images;
    const float *targets;
    int all = 0, last = BATCH;
    for (int n; (n = feed_next(s->feed, INT64_MAX, &images, &targets, &error)) != 0; last = n) {
        if (n < 0)
            fail_msg("%s", error.text);
        assert_int_equal(last, BATCH); /* only the last may be short */
        assert_true(all + n <= room);
        for (int i = 0; i < n; i++) {
            const int number = number_of(images + i * IMAGE_PIXELS);
            assert_int_equal(loss_argmax(targets + i * CLASSES), number % 10);
            assert_true(targets[i * CLASSES + number % 10] == 1);
            order[all++] = number;
        }
    }
    assert_int_equal(feed_next(s->feed, 1, &images, &targets, &error),
                     0); /* and stays at its end */
    return all;
}

static void one_epoch_follows_the_stream(void **state)
{
    (void)state;
    enum { N = 1000 };
    int order[N];
    const int64_t counts[] = {N, STREAM_COUNT_UNKNOWN};
    for (int c = 0; c < 2; c++) {
        struct setting s;
        set_up(&s, N, counts[c], 1, 1);
        assert_int_equal(feed_total(s.feed), counts[c]);
        assert_int_equal(drain(&s, order, N), N);
        for (int i = 0; i < N; i++)
            assert_int_equal(order[i], i);
        tear_down(&s);
    }
}

static void each_epoch_has_every_sample_once_in_its_own_order(void **state)
{
    (void)state;
    enum { N = 500, EPOCHS = 3 };
    int order[N * EPOCHS];
    struct setting s;
    set_up(&s, N, STREAM_COUNT_UNKNOWN, EPOCHS, 1);
    assert_int_equal(feed_total(s.feed), N * EPOCHS);
    assert_int_equal(drain(&s, order, N * EPOCHS), N * EPOCHS);
    for (int e = 0; e < EPOCHS; e++) {
        int seen[N] = {0};
        for (int i = 0; i < N; i++)
            seen[order[e * N + i]]++;
        for (int i = 0; i < N; i++)
            assert_int_equal(seen[i], 1);
    }
    assert_memory_not_equal(order, order + N, sizeof(int) * N);
    assert_memory_not_equal(order + N, order + 2 * N, sizeof(int) * N);
    tear_down(&s);
}

static void the_order_is_the_seed_s(void **state)
{
    (void)state;
    enum { N = 300, EPOCHS = 2 };
    int first[N * EPOCHS], again[N * EPOCHS], other[N * EPOCHS];
    int *const order[] = {first, again, other};
    for (int i = 0; i < 3; i++) {
        struct setting s;
        set_up(&s, N, N, EPOCHS, i < 2 ? 1 : 2);
        assert_int_equal(drain(&s, order[i], N * EPOCHS), N * EPOCHS);
        tear_down(&s);
    }
    assert_memory_equal(first, again, sizeof first);
    assert_memory_not_equal(first, other, sizeof first);
}

static void a_batch_may_be_asked_to_be_smaller(void **state)
{
    (void)state;
    struct error error;
    const uint8_t *images;
    const float *targets;
    for (int64_t epochs = 1; epochs <= 2; epochs++) {
        struct setting s;
        set_up(&s, 100, 100, epochs, 1);
        assert_int_equal(feed_next(s.feed, 7, &images, &targets, &error), 7);
        assert_int_equal(feed_next(s.feed, INT64_MAX, &images, &targets, &error), BATCH);
        tear_down(&s);
    }
}

static void skipping_equals_taking_and_throwing_away(void **state)
{
    (void)state;
    enum { N = 600, EPOCHS = 2, SKIP = 777 };
    int all[N * EPOCHS], rest[N * EPOCHS];
    struct error error;
    for (int epochs = 1; epochs <= EPOCHS; epochs++) {
        const int skip = epochs == 1 ? SKIP / 2 : SKIP, total = N * epochs;
        struct setting s;
        set_up(&s, N, N, epochs, 1);
        assert_int_equal(drain(&s, all, total), total);
        tear_down(&s);
        set_up(&s, N, N, epochs, 1);
        assert_int_equal(feed_skip(s.feed, (uint64_t)skip, &error), 0);
        assert_int_equal(drain(&s, rest, total), total - skip);
        assert_memory_equal(rest, all + skip, sizeof *all * (size_t)(total - skip));
        assert_int_equal(feed_skip(s.feed, 1, &error), -1);
        assert_non_null(strstr(error.text, "1 samples too early"));
        tear_down(&s);
    }
}

static void soft_labels_arrive_as_they_are(void **state)
{
    (void)state;
    struct error error;
    const uint8_t *images;
    const float *targets;
    for (int64_t epochs = 1; epochs <= 2; epochs++) {
        struct setting s;
        struct stream_writer *writer = begin(&s, 1);
        uint8_t image[IMAGE_PIXELS] = {0};
        float soft[CLASSES] = {0.5f, 0, 0, 0.125f, 0, 0, 0, 0, 0, 0.375f};
        const struct samples one = {.n = 1, .images = image, .soft = soft};
        assert_int_equal(stream_write(writer, &one, &error), 0);
        assert_int_equal(stream_finish(writer, &error), 0);
        stream_writer_free(writer);
        open_feed(&s, epochs, 1);
        assert_int_equal(feed_next(s.feed, INT64_MAX, &images, &targets, &error), epochs);
        for (int64_t e = 0; e < epochs; e++)
            assert_memory_equal(targets + e * CLASSES, soft, sizeof soft);
        tear_down(&s);
    }
}

static void no_samples_is_an_end_and_no_error(void **state)
{
    (void)state;
    for (int64_t epochs = 1; epochs <= 2; epochs++) {
        struct setting s;
        int order;
        set_up(&s, 0, 0, epochs, 1);
        assert_int_equal(feed_total(s.feed), 0);
        assert_int_equal(drain(&s, &order, 1), 0);
        tear_down(&s);
    }
}

/* As it arrives the third sample is reached first; from memory it is found before training. */
static void a_sample_without_label_is_refused(void **state)
{
    (void)state;
    struct error error;
    for (int64_t epochs = 1; epochs <= 2; epochs++) {
        struct setting s;
        struct stream_writer *writer = begin(&s, 3);
        uint8_t images[3 * IMAGE_PIXELS] = {0}, labels[] = {1, 9, LABEL_UNKNOWN};
        const struct samples three = {.n = 3, .images = images, .labels = labels};
        assert_int_equal(stream_write(writer, &three, &error), 0);
        assert_int_equal(stream_finish(writer, &error), 0);
        stream_writer_free(writer);
        lseek(fileno(s.file), 0, SEEK_SET);
        s.reader = stream_reader_new(fileno(s.file), &error);
        assert_non_null(s.reader);
        s.feed = feed_new(s.reader, epochs, BATCH, 1, &error);
        if (epochs == 1) {
            const uint8_t *batch;
            const float *targets;
            assert_non_null(s.feed);
            assert_int_equal(feed_next(s.feed, INT64_MAX, &batch, &targets, &error), -1);
        } else {
            assert_null(s.feed);
        }
        assert_non_null(strstr(error.text, "sample 2: has no label"));
        tear_down(&s);
    }
}

static void a_stream_cut_off_is_an_error(void **state)
{
    (void)state;
    struct setting s;
    struct error error;
    const uint8_t *images;
    const float *targets;
    set_up(&s, 10, 10, 1, 1);
    feed_free(s.feed);
    stream_reader_free(s.reader);
    assert_int_equal(ftruncate(fileno(s.file), lseek(fileno(s.file), 0, SEEK_END) - 1), 0);
    open_feed(&s, 1, 1);
    assert_int_equal(feed_next(s.feed, INT64_MAX, &images, &targets, &error), -1);
    feed_free(s.feed);
    stream_reader_free(s.reader);
    lseek(fileno(s.file), 0, SEEK_SET);
    s.reader = stream_reader_new(fileno(s.file), &error);
    s.feed = feed_new(s.reader, 2, BATCH, 1, &error);
    assert_null(s.feed);
    tear_down(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_epoch_follows_the_stream),
        cmocka_unit_test(each_epoch_has_every_sample_once_in_its_own_order),
        cmocka_unit_test(the_order_is_the_seed_s),
        cmocka_unit_test(a_batch_may_be_asked_to_be_smaller),
        cmocka_unit_test(skipping_equals_taking_and_throwing_away),
        cmocka_unit_test(soft_labels_arrive_as_they_are),
        cmocka_unit_test(no_samples_is_an_end_and_no_error),
        cmocka_unit_test(a_sample_without_label_is_refused),
        cmocka_unit_test(a_stream_cut_off_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

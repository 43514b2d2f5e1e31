/* idx2bin: IDX files, as of MNIST, to the sample stream. */
#include "cli.h"
#include "idx.h"
#include "rng.h"
#include "segment.h"
#include "stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "Usage: idx2bin [OPTIONS] IMAGES [LABELS]\n"
    "Write the images and labels of IDX files, plain or gzip, as a sample stream.\n"
    "Without LABELS every label is 255, unknown.\n"
    "\n"
    "  -r, --range A:B      only samples A to B-1; either may be left out\n"
    "  -i, --shard I/N      only every Nth sample, beginning with the Ith, 0 <= I < N\n"
    "  -e, --epochs E       go through the samples E times (1)\n"
    "  -s, --shuffle SEED   in a random order, a new one each epoch\n"
    "  -n, --normalize      images of any size: find the ink, fit and centre it as in MNIST\n"
    "  -h, --help           print this and exit\n"
    "  -V, --version        print the version and exit\n"
    "\n"
    "Range, then shuffle, then shard: the N shards of an epoch together are the range.\n"
    "\n"
    "Example: look at the first hundred digits\n"
    "  idx2bin -r :100 data/mnist/t10k-images-idx3-ubyte | bin2png > digits.png\n";

static const uint64_t to_the_end = UINT64_MAX; /* --range's B when left out */

struct options {
    uint64_t first, end; /* the range */
    uint32_t shard, shards;
    int epochs;
    bool shuffle, normalize;
    uint64_t seed;
    const char *range; /* as typed, or NULL */
    int files;         /* index of IMAGES in argv */
};

/* What goes through the epochs. Shapes: images [n,28,28] u8, labels [n] u8. */
struct set {
    uint32_t n;
    const uint8_t *images, *labels;
};

/* Step over a whole number. Returns: false if none is at *at. */
static bool take_number(const char **at, uint64_t *value)
{
    if (**at < '0' || **at > '9')
        return false;
    char *end;
    errno = 0;
    *value = strtoull(*at, &end, 10);
    *at = end;
    return !errno;
}

static void parse_range(const char *text, struct options *options)
{
    const char *at = text;
    options->range = text;
    options->first = 0;
    options->end = to_the_end;
    if (*at != ':' && !take_number(&at, &options->first))
        cli_die("--range: '%s' is not A:B", text);
    if (*at++ != ':' || (*at && !take_number(&at, &options->end)) || *at)
        cli_die("--range: '%s' is not A:B", text);
}

static void parse_shard(const char *text, struct options *options)
{
    const char *at = text;
    uint64_t shard, shards;
    if (!take_number(&at, &shard) || *at++ != '/' || !take_number(&at, &shards) || *at ||
        shards > INT32_MAX || shard >= shards)
        cli_die("--shard: '%s' is not I/N with 0 <= I < N <= %d", text, INT32_MAX);
    options->shard = (uint32_t)shard;
    options->shards = (uint32_t)shards;
}

static struct options parse_options(int argc, char **argv)
{
    struct options options = {.end = to_the_end, .shards = 1, .epochs = 1};
    const char *range = NULL, *shard = NULL, *shuffle = NULL;
    const struct cli_option table[] = {
        {.name = "range", .letter = 'r', .text = &range},
        {.name = "shard", .letter = 'i', .text = &shard},
        {.name = "epochs", .letter = 'e', .count = &options.epochs, .low = 1, .high = INT32_MAX},
        {.name = "shuffle", .letter = 's', .text = &shuffle},
        {.name = "normalize", .letter = 'n', .flag = &options.normalize},
        {0},
    };
    options.files = cli_options(argc, argv, help, table);
    if (range)
        parse_range(range, &options);
    if (shard)
        parse_shard(shard, &options);
    if (shuffle) {
        options.shuffle = true;
        options.seed = (uint64_t)cli_integer("--shuffle", shuffle, 0, INT64_MAX);
    }
    if (argc - options.files < 1 || argc - options.files > 2)
        cli_usage("expected IMAGES [LABELS], not %d files", argc - options.files);
    return options;
}

static void *allocate(size_t bytes)
{
    void *memory = malloc(bytes ? bytes : 1);
    if (!memory)
        cli_die("memory: no %zu bytes", bytes);
    return memory;
}

/* Open and check both files; what is not there about labels is made up. */
static void open_files(char **path, const struct options *options, struct idx *images,
                       struct idx *labels)
{
    struct error error;
    if (idx_open(images, path[0], 3, &error))
        cli_die("%s", error.text);
    const uint32_t n = images->dim[0], height = images->dim[1], width = images->dim[2];
    if (!options->normalize && (height != IMAGE_SIDE || width != IMAGE_SIDE))
        cli_die("%s: images of %" PRIu32 "x%" PRIu32 " pixels, not 28x28: --normalize fits them",
                path[0], height, width);
    if (!height || !width || height > PICTURE_MAX_SIDE || width > PICTURE_MAX_SIDE)
        cli_die("%s: images of %" PRIu32 "x%" PRIu32 " pixels, a side may have 1 to %d", path[0],
                height, width, PICTURE_MAX_SIDE);
    if (!path[1])
        return;
    if (idx_open(labels, path[1], 1, &error))
        cli_die("%s", error.text);
    if (labels->dim[0] != n)
        cli_die("%s: %" PRIu32 " labels for the %" PRIu32 " images of %s", path[1], labels->dim[0],
                n, path[0]);
    for (uint32_t i = 0; i < n; i++)
        if (labels->data[i] >= CLASSES)
            cli_die("%s: label %" PRIu32 " is %d, not 0 to 9", path[1], i, labels->data[i]);
}

/*
 * The median grey of an image's border: its paper, though a digit may touch it here and there. A
 * border of full ink is ink, as 0 is paper in an IDX file.
 */
static uint8_t paper_level(const uint8_t *image, uint32_t height, uint32_t width)
{
    uint32_t count[256] = {0};
    for (uint32_t x = 0; x < width; x++) {
        count[image[x]]++;
        count[image[(size_t)(height - 1) * width + x]]++;
    }
    for (uint32_t y = 0; y < height; y++) {
        count[image[(size_t)y * width]]++;
        count[image[(size_t)y * width + width - 1]]++;
    }
    uint32_t level = 0;
    for (uint32_t below = count[0]; below < height + width; below += count[++level])
        ;
    return level < 255 ? (uint8_t)level : 0;
}

/*
 * The images [n,height,width] as MNIST would show them. Each is laid on more of its paper, so that
 * ink_find() finds paper at the border even where a digit touches it.
 * Returns: [n,28,28] u8.
 */
static uint8_t *normalize(const uint8_t *from, uint32_t n, uint32_t height, uint32_t width)
{
    const uint32_t margin = 1 + (height < width ? height : width) / 32;
    struct picture picture = {.width = width + 2 * margin, .height = height + 2 * margin};
    const size_t pixels = (size_t)picture.width * picture.height;
    picture.pixels = allocate(pixels);
    uint8_t *images = allocate((size_t)n * IMAGE_PIXELS);
    for (size_t i = 0; i < n; i++) {
        const uint8_t *image = from + i * height * width;
        memset(picture.pixels, paper_level(image, height, width), pixels);
        for (size_t y = 0; y < height; y++)
            memcpy(picture.pixels + (y + margin) * picture.width + margin, image + y * width,
                   width);
        struct picture ink = picture; /* may be reduced */
        if (segment_image(&ink, images + i * IMAGE_PIXELS))
            cli_die("memory: not enough to find the digit of image %zu", i);
    }
    picture_free(&picture);
    return images;
}

/* The samples of the range, ready to be written. */
static struct set choose(const struct options *options, const struct idx *images,
                         const struct idx *labels)
{
    const uint32_t all = images->dim[0], height = images->dim[1], width = images->dim[2];
    const uint64_t end = options->end == to_the_end ? all : options->end;
    if (end > all || options->first > end)
        cli_die("--range: '%s' is not A:B with 0 <= A <= B <= %" PRIu32, options->range, all);
    const uint32_t n = (uint32_t)(end - options->first);
    struct set set = {.n = n, .images = images->data, .labels = labels->data};
    if (set.images)
        set.images += options->first * height * width;
    if (options->normalize)
        set.images = normalize(set.images, n, height, width);
    if (labels->dims)
        set.labels += options->first;
    else
        set.labels = memset(allocate(n), LABEL_UNKNOWN, n);
    return set;
}

/* One epoch of this shard. Shapes: order [n] u32, or NULL for the samples as they come. */
static int write_epoch(struct stream_writer *writer, const struct set *set,
                       const struct options *options, const uint32_t *order, struct error *error)
{
    if (!order && options->shards == 1) /* stream_write() only reads the arrays */
        return stream_write(writer,
                            &(struct samples){.n = set->n,
                                              .images = (uint8_t *)(uintptr_t)set->images,
                                              .labels = (uint8_t *)(uintptr_t)set->labels},
                            error);
    uint8_t images[STREAM_BATCH * IMAGE_PIXELS], labels[STREAM_BATCH];
    struct samples batch = {.images = images, .labels = labels};
    for (uint64_t k = options->shard; k < set->n; k += options->shards) {
        const size_t i = order ? order[k] : k;
        memcpy(images + batch.n * IMAGE_PIXELS, set->images + i * IMAGE_PIXELS, IMAGE_PIXELS);
        labels[batch.n++] = set->labels[i];
        if (batch.n == STREAM_BATCH) {
            if (stream_write(writer, &batch, error))
                return -1;
            batch.n = 0;
        }
    }
    return stream_write(writer, &batch, error);
}

static void write_stream(const struct set *set, const struct options *options)
{
    const uint32_t n = set->n;
    const int64_t in_shard =
        n > options->shard ? (n - options->shard - 1) / options->shards + 1 : 0;
    struct error error;
    struct stream_writer *writer =
        stream_writer_new(STDOUT_FILENO, in_shard * options->epochs, &error);
    if (!writer)
        cli_die("%s", error.text);
    uint32_t *order = options->shuffle ? allocate(n * sizeof *order) : NULL;
    for (uint32_t epoch = 0; epoch < (uint32_t)options->epochs; epoch++) {
        if (order)
            rng_permutation(options->seed, epoch, order, n);
        if (write_epoch(writer, set, options, order, &error))
            cli_die("%s", error.text);
    }
    if (stream_finish(writer, &error))
        cli_die("%s", error.text);
    free(order);
    stream_writer_free(writer);
}

int main(int argc, char **argv)
{
    cli_start(argv);
    const struct options options = parse_options(argc, argv);
    cli_refuse_terminal();

    struct idx images, labels = {.dims = 0};
    open_files(argv + options.files, &options, &images, &labels);
    const struct set set = choose(&options, &images, &labels);
    write_stream(&set, &options);

    if (options.normalize)
        free((void *)(uintptr_t)set.images);
    if (!labels.dims)
        free((void *)(uintptr_t)set.labels);
    idx_close(&images);
    idx_close(&labels);
    cli_finish();
    return 0;
}

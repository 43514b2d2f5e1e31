#include "graph.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FIELDS = 16 };

/* Where we are in the input, for messages. */
struct place {
    const char *name;
    size_t line;
};

/* Cut a line at its tabs, in place. Returns: the number of fields, MAX_FIELDS + 1 for more. */
static int split(char *line, char *field[MAX_FIELDS])
{
    int n = 0;
    for (char *rest = line; rest; n++) {
        char *start = strsep(&rest, "\t");
        if (n == MAX_FIELDS)
            return MAX_FIELDS + 1;
        field[n] = start;
    }
    return n;
}

static int number(const struct place *place, const char *text, double low, double high,
                  double *value, struct error *error)
{
    char *end;
    *value = strtod(text, &end);
    if (end == text || *end || !isfinite(*value))
        return error_set(error, "%s: line %zu: '%.40s' is not a number", place->name, place->line,
                         text);
    if (*value < low || *value > high)
        return error_set(error, "%s: line %zu: %.40s is not from %g to %g", place->name,
                         place->line, text, low, high);
    return 0;
}

static int add_row(struct graph_table *table, const struct place *place, char **field, int n,
                   struct error *error)
{
    if (n != GRAPH_COLUMNS)
        return error_set(error, "%s: line %zu: training metrics have %d columns, not %d",
                         place->name, place->line, GRAPH_COLUMNS, n);
    if (table->rows == table->room) {
        const size_t room = table->room ? 2 * table->room : 64;
        void *grown = reallocarray(table->row, room, sizeof *table->row);
        if (!grown)
            return error_set(error, "%s: line %zu: out of memory", place->name, place->line);
        table->row = grown;
        table->room = room;
    }
    double *row = table->row[table->rows];
    for (int i = 0; i < GRAPH_COLUMNS; i++) {
        const bool fraction = i == GRAPH_ACCURACY || i == GRAPH_VAL_ACCURACY;
        if (i >= GRAPH_VAL_LOSS && strcmp(field[i], "-") == 0)
            row[i] = NAN;
        else if (number(place, field[i], 0, fraction ? 1 : 1e18, &row[i], error))
            return -1;
    }
    table->rows++;
    return 0;
}

/* The rows of a report. Columns count the name; bit i of `fractions` is for column i. */
enum row {
    SAMPLES,
    ACCURACY,
    LOSS,
    ECE,
    CLASS,
    CONFUSION,
    WRONG,
    COVERAGE,
    FOREIGN,
    BIN,
    COST,
    ROWS
};
static const struct {
    const char *name;
    int columns;
    int keys; /* column 1 is one of 0..keys-1, and each must come once; 0: no such column */
    unsigned fractions;
} rows[ROWS] = {
    [SAMPLES] = {"samples", 2, 0, 0},
    [ACCURACY] = {"accuracy", 3, 0, 1 << 1 | 1 << 2},
    [LOSS] = {"loss", 3, 0, 0},
    [ECE] = {"ece", 2, 0, 1 << 1},
    [CLASS] = {"class", 6, CLASSES, 1 << 2 | 1 << 3 | 1 << 4},
    [CONFUSION] = {"confusion", 2 + CLASSES, CLASSES, 0},
    [WRONG] = {"wrong", 5, 0, 1 << 4},
    [COVERAGE] = {"coverage", 4, 0, 1 << 1 | 1 << 2 | 1 << 3},
    [FOREIGN] = {"foreign", 4, 0, 1 << 1 | 1 << 2},
    [BIN] = {"bin", 5, REPORT_ECE_BINS, 1 << 3 | 1 << 4},
    [COST] = {"cost", 5, 0, 0},
};

/* Which rows have come, a bit a key, to notice those that are missing or come twice. */
struct seen {
    unsigned keys[ROWS];
};

/* value[i] is column i. */
static void store(struct graph_table *table, enum row row, const double *value)
{
    const int key = (int)value[1];
    switch (row) {
    case SAMPLES:
        table->samples = value[1];
        break;
    case ECE:
        table->ece = value[1];
        break;
    case ACCURACY:
        table->accuracy = value[1];
        table->accuracy_error = value[2];
        break;
    case CLASS:
        table->digit[key].precision = value[2];
        table->digit[key].recall = value[3];
        table->digit[key].support = value[5];
        break;
    case CONFUSION:
        memcpy(table->confusion[key], value + 2, sizeof table->confusion[key]);
        break;
    case WRONG:
        table->wrong++;
        break;
    case BIN:
        table->bin[key].count = value[2];
        table->bin[key].confidence = value[3];
        table->bin[key].right = value[4];
        table->binned += value[2];
        break;
    default: /* read for its errors alone */
        break;
    }
}

static int add_report_row(struct graph_table *table, struct seen *seen, const struct place *place,
                          char **field, int n, struct error *error)
{
    enum row row = 0;
    while (row < ROWS && strcmp(rows[row].name, field[0]) != 0)
        row++;
    if (row == ROWS)
        return error_set(error, "%s: line %zu: '%.40s' is no row of a report", place->name,
                         place->line, field[0]);
    if (n != rows[row].columns)
        return error_set(error, "%s: line %zu: '%s' has %d columns, not %d", place->name,
                         place->line, rows[row].name, rows[row].columns, n);
    double value[MAX_FIELDS] = {0};
    for (int i = 1; i < n; i++) {
        const bool key = rows[row].keys && i == 1;
        const double high = key ? rows[row].keys - 1 : rows[row].fractions >> i & 1 ? 1 : 1e18;
        if (number(place, field[i], 0, high, &value[i], error))
            return -1;
    }
    if (rows[row].keys && value[1] != floor(value[1]))
        return error_set(error, "%s: line %zu: '%.40s' is not a %s", place->name, place->line,
                         field[1], row == BIN ? "bin" : "digit");
    const unsigned bit = 1u << (rows[row].keys ? (int)value[1] : 0);
    if (seen->keys[row] & bit && (row < WRONG || row == BIN))
        return error_set(error, "%s: line %zu: '%s' comes twice", place->name, place->line,
                         rows[row].name);
    seen->keys[row] |= bit;
    store(table, row, value);
    return 0;
}

static int check_complete(const struct graph_table *table, const struct seen *seen,
                          const char *name, struct error *error)
{
    if (table->kind == GRAPH_METRICS)
        return table->rows ? 0 : error_set(error, "%s: training metrics without a row", name);
    for (enum row row = 0; row < WRONG; row++) {
        const unsigned all = rows[row].keys ? (1u << rows[row].keys) - 1 : 1;
        if (seen->keys[row] != all)
            return error_set(error, "%s: a report without all of its '%s' rows", name,
                             rows[row].name);
    }
    return 0;
}

static int add_line(struct graph_table *table, struct seen *seen, const struct place *place,
                    char *line, struct error *error)
{
    const bool header = strcmp(line, GRAPH_METRICS_HEADER) == 0;
    if (place->line == 1) {
        if (!header && strncmp(line, "samples\t", 8) != 0)
            return error_set(error,
                             "%s: line 1: neither training metrics (from cnn-train) nor a report "
                             "(from cnn-eval)",
                             place->name);
        table->kind = header ? GRAPH_METRICS : GRAPH_REPORT;
    }
    if (header && table->kind == GRAPH_METRICS)
        return 0;
    char *field[MAX_FIELDS];
    const int n = split(line, field);
    return table->kind == GRAPH_METRICS ? add_row(table, place, field, n, error)
                                        : add_report_row(table, seen, place, field, n, error);
}

int graph_table_read(struct graph_table *table, FILE *in, const char *name, struct error *error)
{
    *table = (struct graph_table){0};
    struct seen seen = {{0}};
    struct place place = {.name = name};
    char line[4096];
    int result = 0;
    while (!result && fgets(line, sizeof line, in)) {
        place.line++;
        const size_t length = strlen(line);
        if (length == sizeof line - 1)
            result = error_set(error, "%s: line %zu: too long", name, place.line);
        if (length && line[length - 1] == '\n')
            line[length - 1] = '\0';
        if (!result)
            result = add_line(table, &seen, &place, line, error);
    }
    if (!result && ferror(in))
        result = error_set(error, "%s:", name);
    else if (!result && place.line == 0)
        result = error_set(error, "%s: empty: no table to draw", name);
    else if (!result)
        result = check_complete(table, &seen, name, error);
    if (result)
        graph_table_free(table);
    return result;
}

void graph_table_free(struct graph_table *table)
{
    free(table->row);
    *table = (struct graph_table){0};
}

/* A whole number with its thousands apart: 10,000. */
static void write_count(FILE *out, double count)
{
    char digits[40];
    const int n = snprintf(digits, sizeof digits, "%.0f", count);
    for (int i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0)
            putc(',', out);
        putc(digits[i], out);
    }
}

/* Name the smallest and largest value above 0 of a column and its validation, for a log axis. */
static void write_span(const struct graph_table *table, FILE *out, const char *name, int column,
                       bool complement)
{
    double low = INFINITY, high = 0;
    for (size_t i = 0; i < table->rows; i++) {
        for (int c = column; c <= column + GRAPH_VAL_LOSS - GRAPH_LOSS;
             c += GRAPH_VAL_LOSS - GRAPH_LOSS) {
            const double cell = table->row[i][c], value = complement ? 1 - cell : cell;
            if (value > 0) { /* no NaN is */
                low = fmin(low, value);
                high = fmax(high, value);
            }
        }
    }
    fprintf(out, "%s_low = %.9g\n%s_high = %.9g\n", name, high > 0 ? low : 0.1, name,
            high > 0 ? high : 1.0);
}

/* One curve: epoch, loss, accuracy. Returns: its last row, NULL when there is none. */
static const double *write_curve(const struct graph_table *table, FILE *out, const char *name,
                                 enum graph_column loss, enum graph_column accuracy)
{
    const double *last = NULL;
    fprintf(out, "$%s << END\n", name);
    for (size_t i = 0; i < table->rows; i++) {
        const double *row = table->row[i];
        if (isnan(row[loss]) || isnan(row[accuracy]))
            continue;
        if (last && row[GRAPH_EPOCH] < last[GRAPH_EPOCH])
            putc('\n', out); /* another run: gnuplot lifts its pen */
        fprintf(out, "%.9g %.9g %.9g\n", row[GRAPH_EPOCH], row[loss], row[accuracy]);
        last = row;
    }
    fputs("END\n", out);
    return last;
}

static void write_metrics(const struct graph_table *table, FILE *out)
{
    const double *trained = write_curve(table, out, "training", GRAPH_LOSS, GRAPH_ACCURACY);
    const double *validated =
        write_curve(table, out, "validation", GRAPH_VAL_LOSS, GRAPH_VAL_ACCURACY);
    const double *last = validated ? validated : trained;
    write_span(table, out, "loss", GRAPH_LOSS, false);
    write_span(table, out, "wrong", GRAPH_ACCURACY, true);
    fprintf(out, "validated = %d\nheadline = '%.2f %% of %s digits right after %.4g epoch%s: ",
            validated != NULL, 100 * last[validated ? GRAPH_VAL_ACCURACY : GRAPH_ACCURACY],
            validated ? "validation" : "training", last[GRAPH_EPOCH],
            last[GRAPH_EPOCH] == 1 ? "" : "s");
    write_count(out, last[GRAPH_SAMPLES]);
    fprintf(out, " samples in %.*f s'\n", last[GRAPH_SECONDS] < 100, last[GRAPH_SECONDS]);
}

static double standard_error(double p, double n)
{
    return n > 0 ? sqrt(p * (1 - p) / n) : 0;
}

static void write_report(const struct graph_table *table, FILE *out)
{
    fputs("$confusion << END\n", out);
    for (int truth = 0; truth < CLASSES; truth++)
        for (int predicted = 0; predicted < CLASSES; predicted++)
            fprintf(out, "%d %d %.0f\n", truth, predicted, table->confusion[truth][predicted]);
    fputs("END\n$digit << END\n", out);
    for (int d = 0; d < CLASSES; d++) {
        double predictions = 0;
        for (int truth = 0; truth < CLASSES; truth++)
            predictions += table->confusion[truth][d];
        const double precision = table->digit[d].precision, recall = table->digit[d].recall;
        fprintf(out, "%d %.9g %.9g %.9g %.9g %.0f\n", d, precision,
                standard_error(precision, predictions), recall,
                standard_error(recall, table->digit[d].support), table->digit[d].support);
    }
    fputs("END\n$bin << END\n", out);
    for (int i = 0; i < REPORT_ECE_BINS; i++)
        if (table->bin[i].count > 0)
            fprintf(out, "%.9g %.9g %.0f\n", table->bin[i].confidence, table->bin[i].right,
                    table->bin[i].count);
    fprintf(out, "END\nece = %.9g\nbins = %d\n", table->ece, REPORT_ECE_BINS);
    fprintf(out, "wrong = %llu\nsamples = %.0f\nheadline = '%.2f %% ± %.2f %% of ",
            (unsigned long long)table->wrong, table->samples, 100 * table->accuracy,
            100 * table->accuracy_error);
    write_count(out, table->samples);
    fputs(" test digits right'\n", out);
}

void graph_table_write(const struct graph_table *table, FILE *commands)
{
    if (table->kind == GRAPH_METRICS)
        write_metrics(table, commands);
    else
        write_report(table, commands);
}

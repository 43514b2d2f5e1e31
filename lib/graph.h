/*
 * The two tables that can be drawn, read from their TSV and written as gnuplot's data blocks.
 *
 *     metrics   cnn-train's: the header below, then a row of 8 numbers each time it reports; the
 *               validation columns may be "-", and the header may come again (a resumed run)
 *     report    cnn-eval's, see report.h
 */
#ifndef HWDR_GRAPH_H
#define HWDR_GRAPH_H

#include "error.h"
#include "report.h"
#include "sample.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define GRAPH_METRICS_HEADER "epoch\tsamples\tseconds\trate\tloss\taccuracy\tval_loss\tval_accuracy"

enum graph_column {
    GRAPH_EPOCH,
    GRAPH_SAMPLES,
    GRAPH_SECONDS,
    GRAPH_RATE,
    GRAPH_LOSS,
    GRAPH_ACCURACY,
    GRAPH_VAL_LOSS,
    GRAPH_VAL_ACCURACY,
    GRAPH_COLUMNS
};

enum graph_kind { GRAPH_METRICS, GRAPH_REPORT };

/* Owns: row; free with graph_table_free(). */
struct graph_table {
    enum graph_kind kind;
    size_t rows, room; /* metrics */
    double (*row)[GRAPH_COLUMNS];
    double samples; /* report */
    double accuracy, accuracy_error;
    struct {
        double precision, recall, support;
    } digit[CLASSES];
    double confusion[CLASSES][CLASSES]; /* [truth][predicted] */
    double ece, binned;                 /* samples in the bins below; 0: the report has none */
    struct {
        double count, confidence, right;
    } bin[REPORT_ECE_BINS];
    uint64_t wrong;
};

/*
 * Read a whole table; the first line tells which.
 * Returns: 0, or -1 with `error` set to "name: line N: why", or "name: why" for what is missing.
 */
int graph_table_read(struct graph_table *table, FILE *in, const char *name,
                     struct error *error) CHECKED;
void graph_table_free(struct graph_table *table);

/*
 * Write a table as gnuplot commands.
 *     metrics   $training and $validation: epoch, loss, accuracy, with an empty line where the
 *               epoch goes back; `validated` (0 or 1); `headline`; loss_low, loss_high, wrong_low,
 *               wrong_high: the spans above 0 of loss and of 1 - accuracy
 *     report    $confusion: truth, predicted, count; $digit: digit, precision, its standard error,
 *               recall, its standard error, support; $bin: mean confidence, fraction right, count
 *               of the bins that are not empty, and `bins` of all; `headline`; `wrong`, `samples`,
 *               `ece`
 */
void graph_table_write(const struct graph_table *table, FILE *commands);

#endif

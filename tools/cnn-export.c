/* cnn-export: a model in, the same model for other programs out. */
#include "cli.h"
#include "model.h"
#include "onnx.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "Usage: cnn-export --to FORM [-m MODEL] [OPTION]... > FILE\n"
    "Write a model in a form that other programs run, or people read.\n"
    "\n"
    "      --to=FORM     onnx: ONNX, operator set 17; images in 0..1 in, logits out\n"
    "                    card: rows of text: network, size, cost, temperature, recipe and so on\n"
    "  -m, --model=FILE  model (default: $HWDR_MODEL, else the shipped one)\n"
    "      --keep-norm   keep batch norm as layers of its own, not folded into the weights\n"
    "  -h, --help        show this text\n"
    "  -V, --version     show the version\n"
    "\n"
    "Example: the shipped model for ONNX Runtime\n"
    "  cnn-export --to onnx > digits.onnx\n";

enum form { ONNX, CARD };
static const char *const forms[] = {"onnx", "card", NULL};

struct options {
    int form;
    const char *model;
    bool keep_norm;
};

static struct options parse_options(int argc, char **argv)
{
    struct options options = {.form = -1};
    const struct cli_option table[] = {{.name = "to", .choice = &options.form, .words = forms},
                                       {.name = "model", .letter = 'm', .text = &options.model},
                                       {.name = "keep-norm", .flag = &options.keep_norm},
                                       {0}};
    const int operand = cli_options(argc, argv, help, table);
    if (operand < argc)
        cli_usage("'%s': takes no operands", argv[operand]);
    if (options.form < 0)
        cli_usage("--to: which form? onnx or card");
    if (options.keep_norm && options.form != ONNX)
        cli_usage("--keep-norm: needs --to onnx");
    return options;
}

static void export_onnx(const struct model *model, bool keep_norm)
{
    struct error error;
    size_t bytes;
    uint8_t *onnx = onnx_export(model, keep_norm, &bytes, &error);
    if (!onnx)
        cli_die("%s", error.text);
    if (fwrite(onnx, 1, bytes, stdout) != bytes)
        cli_die("stdout:");
    free(onnx);
}

int main(int argc, char **argv)
{
    cli_start(argv);
    const struct options options = parse_options(argc, argv);
    if (options.form == ONNX)
        cli_refuse_terminal();
    char *standard = options.model ? NULL : cli_default_model();
    struct model model;
    struct error error;
    if (model_load(&model, standard ? standard : options.model, &error) != 0)
        cli_die("%s", error.text);
    free(standard);
    if (options.form == ONNX)
        export_onnx(&model, options.keep_norm);
    else
        model_card(&model, stdout);
    model_free(&model);
    cli_finish();
    return 0;
}

/* cnn-export: a model in, the same model for other programs out. */
#include "cli.h"
#include "model.h"
#include "onnx.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: cnn-export --to onnx [-m MODEL] [OPTION]... > FILE\n"
    "Write a model in a form that other programs run.\n"
    "\n"
    "      --to=FORM     onnx: ONNX, operator set 17; images in 0..1 in, logits out\n"
    "  -m, --model=FILE  model (default: $HWDR_MODEL, else the shipped one)\n"
    "      --keep-norm   keep batch norm as layers of its own, not folded into the weights\n"
    "  -h, --help        show this text\n"
    "  -V, --version     show the version\n"
    "\n"
    "Example: the shipped model for ONNX Runtime\n"
    "  cnn-export --to onnx > digits.onnx\n";

struct options {
    const char *to, *model;
    bool keep_norm;
};

static struct options parse_options(int argc, char **argv)
{
    struct options options = {0};
    const struct cli_option table[] = {{.name = "to", .text = &options.to},
                                       {.name = "model", .letter = 'm', .text = &options.model},
                                       {.name = "keep-norm", .flag = &options.keep_norm},
                                       {0}};
    const int operand = cli_options(argc, argv, help, table);
    if (operand < argc)
        cli_usage("'%s': takes no operands", argv[operand]);
    if (!options.to)
        cli_usage("--to: which form? there is onnx");
    if (strcmp(options.to, "onnx") != 0)
        cli_usage("--to: '%s': no such form, there is onnx", options.to);
    return options;
}

int main(int argc, char **argv)
{
    cli_start(argv);
    const struct options options = parse_options(argc, argv);
    cli_refuse_terminal();
    char *standard = options.model ? NULL : cli_default_model();
    struct model model;
    struct error error;
    if (model_load(&model, standard ? standard : options.model, &error) != 0)
        cli_die("%s", error.text);
    free(standard);
    size_t bytes;
    uint8_t *onnx = onnx_export(&model, options.keep_norm, &bytes, &error);
    if (!onnx)
        cli_die("%s", error.text);
    model_free(&model);
    if (fwrite(onnx, 1, bytes, stdout) != bytes)
        cli_die("stdout:");
    free(onnx);
    cli_finish();
    return 0;
}

/* cnn-export: a model in, the same model for other programs out. */
#include "cli.h"
#include "model.h"
#include "onnx.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TO = 256, KEEP_NORM };

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
    static const struct option long_options[] = {
        {"to", required_argument, NULL, TO},         {"model", required_argument, NULL, 'm'},
        {"keep-norm", no_argument, NULL, KEEP_NORM}, {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},         {0}};
    struct options options = {0};
    for (int c; (c = getopt_long(argc, argv, "m:hV", long_options, NULL)) != -1;) {
        switch (c) {
        case TO:
            options.to = optarg;
            break;
        case 'm':
            options.model = optarg;
            break;
        case KEEP_NORM:
            options.keep_norm = true;
            break;
        case 'h':
            cli_help(help);
        case 'V':
            cli_version();
        default:
            exit(CLI_TROUBLE);
        }
    }
    if (optind < argc)
        cli_usage("'%s': takes no operands", argv[optind]);
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

/*
 * web-predict: the page's predictor, as plain CGI or FastCGI by how the web server starts it.
 * SERVER.md tells what it answers.
 */
#include "cli.h"
#include "corrections.h"
#include "explain.h"
#include "gateway.h"
#include "json_text.h"
#include "model.h"
#include "png_file.h"
#include "reading.h"
#include "request.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_SECONDS = 30 }; /* of one request; only something broken takes so long */

struct service {
    struct model model;
    struct predictor *predictor;
    const char *hosts, *corrections;
    struct reading reading;
};

static int open_service(struct service *service, struct error *error)
{
    const char *hosts = getenv("HWDR_HOSTS"), *corrections = getenv("HWDR_CORRECTIONS");
    service->hosts = hosts ? hosts : "localhost 127.0.0.1 [::1]";
    service->corrections =
        corrections ? corrections : cli_resource("build/corrections/corrections.npys");
    char *path = cli_default_model();
    const int result = model_load(&service->model, path, error);
    free(path);
    if (result != 0)
        return result;
    service->predictor = predictor_new(&service->model, 1, error);
    return service->predictor ? 0 : -1;
}

/* Read the body, a PNG, whole. Returns: the HTTP status. */
static int read_picture(struct gateway *gateway, const struct request *request,
                        struct picture *picture, struct error *error)
{
    uint8_t *png = malloc(request->body + 1);
    if (!png) {
        error_set(error, "out of memory for the picture");
        return 500;
    }
    int status = 400;
    if (gateway_read(gateway, png, request->body) < request->body)
        error_set(error, "the body is shorter than Content-Length says");
    else if (request->body == 0)
        error_set(error, "the body is empty: expected a PNG");
    else if (png_file_parse(png, request->body, picture, error) == 0)
        status = 200;
    free(png);
    return status;
}

static int write_prediction(struct service *service, const struct request *request, FILE *out,
                            struct error *error)
{
    const struct reading *reading = &service->reading;
    reading_json_open(reading, request->input, out);
    if (request->layers && reading->digits > 0) {
        fputs(", \"layers\": ", out);
        if (explain_layers_json(service->predictor, reading->input[0], out, error) != 0)
            return 500;
    }
    if (request->occlusion && reading->digits > 0) {
        float drop[IMAGE_PIXELS];
        if (explain_occlusion(service->predictor, reading->input[0], reading->digit[0].digit, drop,
                              error) != 0)
            return 500;
        fputs(", \"occlusion\": ", out);
        explain_occlusion_json(drop, out);
    }
    fputs("}\n", out);
    return 200;
}

static int predict(struct service *service, struct gateway *gateway, const struct request *request,
                   FILE *out, struct error *error)
{
    struct picture picture = {0};
    int status = read_picture(gateway, request, &picture, error);
    if (status == 200 &&
        reading_picture(&service->reading, &picture, request->one, service->predictor, error) != 0)
        status = 400;
    picture_free(&picture);
    return status == 200 ? write_prediction(service, request, out, error) : status;
}

static int correct(struct service *service, struct gateway *gateway, const struct request *request,
                   FILE *out, struct error *error)
{
    struct picture picture = {0};
    int status = read_picture(gateway, request, &picture, error);
    if (status == 200 &&
        reading_picture(&service->reading, &picture, true, service->predictor, error) != 0)
        status = 400;
    picture_free(&picture);
    if (status != 200)
        return status;
    if (service->reading.digits == 0) {
        error_set(error, "the picture is blank");
        return 400;
    }
    const int64_t stored = corrections_append(service->corrections, service->reading.input[0],
                                              (uint8_t)request->label, error);
    if (stored < 0) {
        cli_warn("%s", error->text); /* where the file lies is not the visitor's business */
        error_set(error, "the drawing could not be kept");
        return 500;
    }
    if (stored == 0) {
        error_set(error, "%d drawings are kept, and no more", CORRECTIONS_MAX);
        return 507;
    }
    fprintf(out, "{\"stored\": %" PRId64 "}\n", stored);
    return 200;
}

/* The first layer's weights, where it is a convolution. */
static int write_filters(const struct model *model, FILE *out, struct error *error)
{
    const struct net_tensor *first = net_tensor(model->net, 0);
    uint64_t bytes;
    if (first->type.dims != 4 || !tensor_bytes(&first->type, &bytes)) {
        fputs("null", out);
        return 200;
    }
    float *weights = malloc(bytes);
    if (!weights) {
        error_set(error, "out of memory for the filters");
        return 500;
    }
    net_unpack(model->net, 0, model->block, weights);
    const uint64_t *dim = first->type.dim; /* the input has one channel: dim[1] is 1 */
    fprintf(out, "{\"shape\": [%" PRIu64 ", %" PRIu64 ", %" PRIu64 "], \"data\": [", dim[0], dim[2],
            dim[3]);
    for (size_t i = 0; i < bytes / sizeof *weights; i++)
        fprintf(out, "%s%.5g", i ? ", " : "", (double)weights[i]);
    fputs("]}", out);
    free(weights);
    return 200;
}

static int show_model(const struct model *model, FILE *out, struct error *error)
{
    fputs("{\"net\": ", out);
    json_text_string(net_text(model->net), out);
    fprintf(out, ", \"parameters\": %" PRIu64 ", \"macs\": %" PRIu64 ", \"metadata\": {",
            net_parameters(model->net), net_macs(model->net));
    for (size_t i = 0; i < model->entries; i++) {
        fputs(i ? ", " : "", out);
        json_text_string(model->entry[i].key, out);
        fputs(": ", out);
        json_text_string(model->entry[i].value, out);
    }
    fputs("}, \"filters\": ", out);
    const int status = write_filters(model, out, error);
    fputs("}\n", out);
    return status;
}

static const char *reason(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 411:
        return "Length Required";
    case 413:
        return "Content Too Large";
    case 415:
        return "Unsupported Media Type";
    case 507:
        return "Insufficient Storage";
    default:
        return "Internal Server Error";
    }
}

/* The answer is made in memory, so that its status and length are known first. */
static void respond(struct gateway *gateway, const struct request *request, int status,
                    const char *json, size_t bytes)
{
    char head[512];
    const int length = snprintf(
        head, sizeof head,
        "Status: %d %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n%s%s%s\r\n",
        status, reason(status), bytes, request->allow ? "Allow: " : "",
        request->allow ? request->allow : "", request->allow ? "\r\n" : "");
    gateway_write(gateway, head, (size_t)length);
    if (!request->head)
        gateway_write(gateway, json, bytes);
}

/* Make the JSON that answers a request. Returns: the HTTP status. */
static int answer(struct service *service, struct gateway *gateway, const struct request *request,
                  FILE *out, struct error *error)
{
    if (!service->predictor) {
        error_set(error, "the model cannot be loaded");
        return 500;
    }
    switch (request->action) {
    case REQUEST_PREDICT:
        return predict(service, gateway, request, out, error);
    case REQUEST_CORRECT:
        return correct(service, gateway, request, out, error);
    default:
        return show_model(&service->model, out, error);
    }
}

static void serve(struct service *service, struct gateway *gateway)
{
    struct request request;
    struct error error;
    int status = request_read(&request, gateway, service->hosts, &error);
    char *json = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&json, &bytes);
    if (out && status == 200)
        status = answer(service, gateway, &request, out, &error);
    if (out && status != 200) { /* instead of what may have been written */
        fclose(out);
        free(json);
        json = NULL;
        out = open_memstream(&json, &bytes);
    }
    if (out && status != 200) {
        fputs("{\"error\": ", out);
        json_text_string(error.text, out);
        fputs("}\n", out);
    }
    if (out && fclose(out) == 0)
        respond(gateway, &request, status, json, bytes);
    else
        respond(gateway, &request, 500, "{}\n", 3);
    free(json);
}

int main(int argc, char **argv)
{
    cli_start(argv);
    if (argc > 1 || !gateway_served())
        cli_die("is started by a web server, as CGI or FastCGI: try make serve");
    struct service *service = calloc(1, sizeof *service);
    struct gateway *gateway = gateway_new();
    if (!service || !gateway)
        cli_die("out of memory");
    struct error error;
    if (open_service(service, &error) != 0) {
        if (!gateway_single())
            cli_die("%s", error.text);
        cli_warn("%s", error.text); /* a CGI program tells the visitor, too */
    }
    while (gateway_accept(gateway)) {
        alarm(MAX_SECONDS);
        serve(service, gateway);
        alarm(0);
    }
    predictor_free(service->predictor);
    model_free(&service->model);
    free(service);
    free(gateway);
    cli_finish();
    return 0;
}

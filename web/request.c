#include "request.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name, *allow;
    enum request_action action;
} actions[] = {
    {"predict", "POST", REQUEST_PREDICT},
    {"correct", "POST", REQUEST_CORRECT},
    {"model", "GET, HEAD", REQUEST_MODEL},
};

enum { ACTIONS = sizeof actions / sizeof actions[0] };

static int refuse(int status, struct error *error, const char *why)
{
    error_set(error, "%s", why);
    return status;
}

/* Whether `host`, less its port, is one of the words of `hosts`. */
static bool host_allowed(const char *host, const char *hosts)
{
    size_t length = strlen(host);
    const size_t digits = strspn(host + strcspn(host, ":"), ":0123456789");
    if (*host != '[' && strcspn(host, ":") + digits == length)
        length = strcspn(host, ":");
    else if (*host == '[' && strchr(host, ']'))
        length = (size_t)(strchr(host, ']') - host) + 1;
    for (const char *word = hosts; *word; word += strspn(word, " ")) {
        const size_t n = strcspn(word, " ");
        if ((n == 1 && *word == '*') || (n == length && n && !strncasecmp(word, host, n)))
            return true;
        word += n;
    }
    return false;
}

/* The action's name is the last part of the path, wherever the program is mounted. */
static int read_action(struct request *request, const struct gateway *gateway, struct error *error)
{
    const char *path = gateway_get(gateway, "PATH_INFO");
    if (!strchr(path, '/'))
        path = gateway_get(gateway, "SCRIPT_NAME");
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *method = gateway_get(gateway, "REQUEST_METHOD");
    for (int i = 0; i < ACTIONS; i++)
        if (strcmp(name, actions[i].name) == 0) {
            request->action = actions[i].action;
            request->head = strcmp(method, "HEAD") == 0;
            const char *allow = actions[i].allow, *found = strstr(allow, method);
            const size_t end = strlen(method);
            if (end && found && (!found[end] || found[end] == ','))
                return 200;
            request->allow = allow;
            return refuse(405, error, "method not allowed: see the header Allow");
        }
    return refuse(404, error, "no such address: there are predict, correct and model");
}

/* One NAME=VALUE of the query. Returns: whether it is known. */
static bool read_parameter(struct request *request, const char *text, size_t length)
{
    const struct {
        const char *name;
        bool *flag;
    } flags[] = {{"input=1", &request->input},
                 {"layers=1", &request->layers},
                 {"occlusion=1", &request->occlusion},
                 {"one=1", &request->one}};
    if (request->action == REQUEST_CORRECT && length == 7 && !strncmp(text, "label=", 6)) {
        request->label = text[6] >= '0' && text[6] <= '9' ? text[6] - '0' : -1;
        return request->label >= 0;
    }
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (request->action == REQUEST_PREDICT && length == strlen(flags[i].name) &&
            !strncmp(text, flags[i].name, length))
            return *flags[i].flag = true;
    return length == 0;
}

static int read_query(struct request *request, const char *query, struct error *error)
{
    for (; *query; query += strspn(query, "&")) {
        const size_t length = strcspn(query, "&");
        if (!read_parameter(request, query, length))
            return refuse(400, error,
                          request->action == REQUEST_PREDICT
                              ? "query: there are input=1, layers=1, occlusion=1 and one=1"
                          : request->action == REQUEST_CORRECT
                              ? "query: there is label=D, where D is the true digit, 0 to 9"
                              : "query: none is expected");
        query += length;
    }
    if (request->action == REQUEST_CORRECT && request->label < 0)
        return refuse(400, error, "query: label=D is missing, where D is the true digit, 0 to 9");
    return 200;
}

/* What a POST says of its body. */
static int read_body(struct request *request, const struct gateway *gateway, struct error *error)
{
    const char *length = gateway_get(gateway, "CONTENT_LENGTH");
    if (!*length)
        return refuse(411, error, "the header Content-Length is missing");
    if (length[strspn(length, "0123456789")])
        return refuse(400, error, "the header Content-Length is not a number");
    const unsigned long bytes = strtoul(length, NULL, 10); /* ULONG_MAX where it is larger */
    if (bytes > REQUEST_MAX_BODY)
        return refuse(413, error, "the picture is larger than 4 MiB");
    request->body = bytes;

    static const char png[] = "image/png";
    const char *type = gateway_get(gateway, "CONTENT_TYPE");
    if (strncasecmp(type, png, sizeof png - 1) != 0 || strcspn(type + sizeof png - 1, "; ") > 0)
        return refuse(415, error, "the body must be a picture with Content-Type: image/png");
    return 200;
}

int request_read(struct request *request, const struct gateway *gateway, const char *hosts,
                 struct error *error)
{
    *request = (struct request){.label = -1};
    if (!host_allowed(gateway_get(gateway, "HTTP_HOST"), hosts))
        return refuse(403, error, "the header Host is not on the list of allowed names");
    int status = read_action(request, gateway, error);
    if (status == 200)
        status = read_query(request, gateway_get(gateway, "QUERY_STRING"), error);
    if (status != 200 || request->action == REQUEST_MODEL)
        return status;
    if (request->action == REQUEST_CORRECT &&
        strcmp(gateway_get(gateway, "HTTP_X_CONSENT"), "yes") != 0)
        return refuse(403, error, "kept only with consent: send the header X-Consent: yes");
    return read_body(request, gateway, error);
}

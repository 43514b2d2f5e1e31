/* What a request asks for, checked before its body is read. */
#ifndef HWDR_REQUEST_H
#define HWDR_REQUEST_H

#include "error.h"
#include "gateway.h"

#include <stdbool.h>
#include <stddef.h>

enum { REQUEST_MAX_BODY = 4 << 20 };

enum request_action { REQUEST_PREDICT, REQUEST_CORRECT, REQUEST_MODEL };

struct request {
    enum request_action action;
    bool head;                          /* answer with headers alone */
    const char *allow;                  /* methods, where the status is 405 */
    bool input, layers, occlusion, one; /* of predict */
    int label;                          /* of correct; -1: not given */
    size_t body;                        /* bytes to come, 0..REQUEST_MAX_BODY */
};

/*
 * `hosts`: names that a request may be for, without port, spaces between; "*" for any. A page of
 * another site that has its own name point here (DNS rebinding) is told apart by its Host alone.
 * Returns: the HTTP status: 200, or another with `error` set.
 */
int request_read(struct request *request, const struct gateway *gateway, const char *hosts,
                 struct error *error) CHECKED;

#endif

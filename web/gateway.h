/*
 * Requests from a web server, one after the other: a single one by CGI/1.1 (RFC 3875), or many by
 * FastCGI, by how the server has started the program. The only file that knows libfcgi.
 */
#ifndef HWDR_GATEWAY_H
#define HWDR_GATEWAY_H

#include <stdbool.h>
#include <stddef.h>

struct gateway;

/* Returns: the gateway, or NULL when memory runs out. Owns: nothing else; it lives to the end. */
struct gateway *gateway_new(void);

/* Whether a web server has started the program at all, and if so, whether for a single request. */
bool gateway_served(void);
bool gateway_single(void);

/* End the request at hand and wait for the next one. Returns: false when there is none to come. */
bool gateway_accept(struct gateway *gateway);

/* A variable of the request, such as "REQUEST_METHOD"; "" where it is missing. */
const char *gateway_get(const struct gateway *gateway, const char *name);

/* Read the body. Returns: bytes read, fewer than `n` when there are no more. */
size_t gateway_read(struct gateway *gateway, void *to, size_t n);

/* Write to the answer; where nobody listens any more it is lost. */
void gateway_write(struct gateway *gateway, const void *bytes, size_t n);

#endif

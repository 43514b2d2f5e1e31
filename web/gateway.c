#include "gateway.h"

#include <fcgiapp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

struct gateway {
    bool single, accepted;
    FCGX_Request request;
};

bool gateway_served(void)
{
    return !gateway_single() || getenv("REQUEST_METHOD");
}

bool gateway_single(void)
{
    return FCGX_IsCGI() != 0; /* stdin is not a listening socket */
}

struct gateway *gateway_new(void)
{
    struct gateway *gateway = calloc(1, sizeof *gateway);
    if (!gateway)
        return NULL;
    gateway->single = gateway_single();
    if (gateway->single)
        return gateway;
    if (FCGX_Init() == 0 && FCGX_InitRequest(&gateway->request, 0, 0) == 0)
        return gateway;
    free(gateway);
    return NULL;
}

bool gateway_accept(struct gateway *gateway)
{
    const bool again = gateway->accepted;
    gateway->accepted = true;
    if (gateway->single)
        return !again;
    /* What nobody reads may be closed at once. Else libfcgi waits for the server to close first, so
     * that its answer is not lost with what has not been read of the request. */
    if (again && FCGX_HasSeenEOF(gateway->request.in))
        FCGX_Detach(&gateway->request);
    return FCGX_Accept_r(&gateway->request) == 0; /* finishes the one before */
}

const char *gateway_get(const struct gateway *gateway, const char *name)
{
    const char *value = gateway->single ? getenv(name) : FCGX_GetParam(name, gateway->request.envp);
    return value ? value : "";
}

size_t gateway_read(struct gateway *gateway, void *to, size_t n)
{
    if (gateway->single)
        return fread(to, 1, n, stdin);
    FCGX_Stream *in = gateway->request.in;
    const int got = FCGX_GetStr(to, n < INT_MAX ? (int)n : INT_MAX, in);
    const int more = FCGX_GetChar(in); /* EOF, as a rule, which libfcgi sees only now */
    if (more != EOF)
        FCGX_UnGetChar(more, in);
    return got > 0 ? (size_t)got : 0;
}

void gateway_write(struct gateway *gateway, const void *bytes, size_t n)
{
    if (gateway->single)
        fwrite(bytes, 1, n, stdout);
    else
        FCGX_PutStr(bytes, n < INT_MAX ? (int)n : INT_MAX, gateway->request.out);
}

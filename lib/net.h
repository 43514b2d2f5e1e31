/*
 * A network is a short text, and this is its grammar:
 *
 *     net   = layer { " " layer }
 *     layer = "c" K "x" C [flags]   convolution KxK to C channels, stride 1, same padding
 *           | "p" K | "a" K         maximum or average pooling KxK, stride K, remainders dropped
 *           | "gmp" | "gap"         global maximum or average pooling
 *           | "gma"                 both: maxima, then averages; twice the channels
 *           | "d" C [flags]         dense layer to C features
 *           | "se" R                squeeze and excitation: gates for channels, by R features
 *           | "drop" P              dropout, each value with probability P
 *     flags = "v"                   valid padding: no border is added
 *           | "b"                   bias instead of batch norm (a dense layer's default)
 *           | "n"                   batch norm instead of bias (a convolution's default)
 *           | "l"                   linear: no ReLU
 *
 * Convolutions and dense layers end in batch norm or bias, then ReLU. The last layer gives the
 * logits: it must have 10 outputs, and has a bias and no ReLU whatever it says. With an even K
 * "same" adds the odd row and column at the bottom and right.
 */
#ifndef HWDR_NET_H
#define HWDR_NET_H

#include "error.h"
#include "tensor.h"

#include <stddef.h>
#include <stdint.h>

struct net; /* architecture and shapes; no weights, no state, constant once made */

/*
 * Returns: the network, or NULL with `error` set (the message quotes the layer at fault).
 * Owns: free with net_free().
 */
struct net *net_parse(const char *text, struct error *error) CHECKED;
void net_free(struct net *net);

const char *net_text(const struct net *net);

/* Learned numbers, and multiply-adds of convolutions and dense layers for one image. */
uint64_t net_parameters(const struct net *net);
uint64_t net_macs(const struct net *net);

/*
 * All parameters, batch norm's running statistics included, live in one block of
 * net_block_floats() floats, in the order and padding that the kernels like. Files hold them as
 * plain tensors, in the usual layouts: convolution [out,in,height,width], dense [out,in] with `in`
 * in channel, row, column order, vectors [channels].
 */
struct net_tensor {
    char name[32]; /* "0.conv.weight", "7.dense.bias": the first number is the place in the text */
    struct tensor_type type;
};
size_t net_block_floats(const struct net *net);
int net_tensors(const struct net *net);
const struct net_tensor *net_tensor(const struct net *net, int i);

/* Copy tensor i from a plain array into the block (padding is set to 0), and back. */
void net_pack(const struct net *net, int i, const float *plain, float *block);
void net_unpack(const struct net *net, int i, const float *block, float *plain);

#endif

/*
 * The transforms of Winograd's convolution F(m x m, 3 x 3), m = 4 or 3: m outputs a row from
 * n = m + 2 multiplications instead of 3 m, and n * n instead of 9 m * m in two dimensions. With
 * x an input tile, g a kernel, y an output tile and (*) the product of equal positions
 *
 *     y = A' [ (G g G') (*) (B' x B) ] A        dg = G' [ (B' x B) (*) (A dy A') ] G
 *
 * (' transposes). The columns of A' are powers of the points 0, +-a, +-b and, for m = 4, infinity;
 * m = 3 is m = 4 without it. Any points do in exact arithmetic. a = sqrt(1/2), b = sqrt(2) make
 * rounding small: the root mean square error of a sum of 48 channels, over that of the outputs, is
 * 7.3e-7 for m = 4 and 6.3e-7 for m = 3; directly it is 3.7e-7, and with the usual points, 1 and 2,
 * 1.5e-6 for m = 4 with outliers 5 times as far.
 *
 *          1   0  -5/2   0   1  0             3/2             1  1   1   1    1   0
 *          0  2a   2    -a  -1  0              1   a  1/2     0  a  -a   b   -b   0
 *     B' = 0 -2a   2     a  -1  0    G = 2/3   1  -a  1/2  A' = 1/2 1/2  2    2   0
 *          0 -b/2 -1/2   b   1  0             1/4 b/4 1/2     0 a/2 -a/2 2b -2b   1
 *          0  b/2 -1/2  -b   1  0             1/4 -b/4 1/2
 *          0   1   0   -5/2  0  1                      3/2
 *
 * All instruction sets must contract to the same fused multiply-adds. So each sum has at most one
 * product that rounds, and none of what a dimension gives is a mere product, which the next could
 * contract one way or the other: factors of whole rows (a of odd outputs, 2/3) come at the end.
 * Sources: S. Winograd, "Arithmetic Complexity of Computations", 1980; A. Lavin, S. Gray, "Fast
 * Algorithms for Convolutional Neural Networks", CVPR 2016.
 */

#define A 0.70710678118654752440f
#define B 1.41421356237309504880f

enum { MOST = 6 }; /* the largest n */

/* B' x: n inputs to n positions. */
INLINE void transform_input(const vector *x, vector *v, int n)
{
    const vector even_a = 2 * x[2] - x[4], odd_a = 2 * x[1] - x[3];
    const vector even_b = x[4] - 0.5f * x[2], odd_b = x[3] - 0.5f * x[1];
    v[0] = x[0] - 2.5f * x[2] + x[4];
    v[1] = even_a + A * odd_a;
    v[2] = even_a - A * odd_a;
    v[3] = even_b + B * odd_b;
    v[4] = even_b - B * odd_b;
    if (n == 6)
        v[5] = x[1] - 2.5f * x[3] + x[5];
}

/* A' m, over a in odd rows: n positions to n - 2 outputs. */
INLINE void transform_output(const vector *m, vector *y, int n)
{
    const vector even_a = m[1] + m[2], odd_a = m[1] - m[2];
    const vector even_b = m[3] + m[4], odd_b = m[3] - m[4];
    y[0] = m[0] + even_a + even_b;
    y[1] = odd_a + 2 * odd_b;
    y[2] = 0.5f * even_a + 2 * even_b;
    if (n == 6)
        y[3] = 0.5f * odd_a + 4 * odd_b + B * m[5];
}

/* A y: gradients of n - 2 outputs to n positions. */
INLINE void transform_gradient(const vector *y, vector *m, int n)
{
    const vector even_a = y[0] + 0.5f * y[2], even_b = y[0] + 2 * y[2];
    const vector odd_a = n == 6 ? y[1] + 0.5f * y[3] : y[1];
    const vector odd_b = n == 6 ? y[1] + 2 * y[3] : y[1];
    m[0] = y[0];
    m[1] = even_a + A * odd_a;
    m[2] = even_a - A * odd_a;
    m[3] = even_b + B * odd_b;
    m[4] = even_b - B * odd_b;
    if (n == 6)
        m[5] = y[3];
}

/* 3/2 G g: 3 weights to n positions. */
INLINE void transform_weights(const vector *g, vector *u, int n)
{
    const vector even_a = g[0] + 0.5f * g[2], even_b = 0.25f * g[0] + 0.5f * g[2];
    u[0] = g[0] + 0.5f * g[0];
    u[1] = even_a + A * g[1];
    u[2] = even_a - A * g[1];
    u[3] = even_b + B / 4 * g[1];
    u[4] = even_b - B / 4 * g[1];
    if (n == 6)
        u[5] = g[2] + 0.5f * g[2];
}

/* 3/2 G' u, over a in odd rows: gradients of n positions to those of 3 weights. */
INLINE void transform_weights_back(const vector *u, vector *g, int n)
{
    const vector even_a = u[1] + u[2], odd_a = u[1] - u[2];
    const vector even_b = u[3] + u[4], odd_b = u[3] - u[4];
    g[0] = u[0] + 0.5f * u[0] + even_a + 0.25f * even_b;
    g[1] = odd_a + 0.5f * odd_b;
    g[2] = 0.5f * even_a + 0.5f * even_b;
    if (n == 6)
        g[2] += u[5] + 0.5f * u[5];
}

typedef void transform_1d(const vector *from, vector *to, int n);

/*
 * Where a square of vectors is: floats from row to row and from column to column, and how many of
 * them are there. The others are read as 0 and not written.
 */
struct square {
    size_t row, column;
    int rows, columns;
};

/* Factors that the 1-D transforms left out: of values with an odd row and an odd column, or not. */
struct factors {
    float neither, either, both;
};

static const struct factors none = {1, 1, 1}, outputs = {1, A, 0.5f},
                            weights_there = {4.0f / 9, 4.0f / 9, 4.0f / 9},
                            weights_back = {4.0f / 9, 4.0f / 9 * A, 2.0f / 9};

/* What the outputs of a convolution get last: bias, and 0 for what is below it unless kept. */
struct epilogue {
    vector bias;
    mask keep;
};

/*
 * The compiler sees no more where a pointer came from. Else it computes the places of all squares'
 * elements ahead of a loop, more than there are registers for: a quarter of a transform's time.
 */
#define OPAQUE(POINTER) __asm__("" : "+r"(POINTER))

/* Along a dimension: positions, and values that come in and that go out. */
struct extent {
    int n, in, out;
};

/*
 * Both dimensions: the columns of y.in x x.in values at `from`, then the rows of what that gives,
 * to y.out x x.out values at `to`, times `factors`; then the epilogue, unless NULL. What is not
 * there is read and written elsewhere: a branch would let the compiler contract to FMA otherwise,
 * and edges would round by the instruction set.
 */
INLINE void transform_2d(transform_1d *transform, const struct factors *factors, struct extent y,
                         struct extent x, const float *from, struct square at, float *to,
                         struct square put, const struct epilogue *epilogue)
{
    static const _Alignas(64) float zeros[LANES];
    _Alignas(64) float waste[LANES];
    vector half[MOST][MOST];
#pragma GCC unroll 6
    for (int c = 0; c < x.in; c++) {
        vector column[MOST], turned[MOST];
        const float *top = from + (size_t)c * at.column;
        OPAQUE(top);
#pragma GCC unroll 6
        for (int r = 0; r < y.in; r++) {
            const float *here = top + (size_t)r * at.row;
            if (r >= at.rows || c >= at.columns) {
                here = zeros;
                OPAQUE(here);
            }
            column[r] = *(const vector *)here;
        }
        transform(column, turned, y.n);
#pragma GCC unroll 6
        for (int r = 0; r < y.out; r++)
            half[r][c] = turned[r];
    }
#pragma GCC unroll 6
    for (int r = 0; r < y.out; r++) {
        vector row[MOST];
        float *left = to + (size_t)r * put.row;
        OPAQUE(left);
        transform(half[r], row, x.n);
#pragma GCC unroll 6
        for (int c = 0; c < x.out; c++) {
            const int odd = r % 2 + c % 2;
            row[c] *= odd == 0 ? factors->neither : odd == 1 ? factors->either : factors->both;
            if (epilogue) {
                row[c] += epilogue->bias;
                row[c] = (vector)((mask)row[c] & (epilogue->keep | (row[c] > 0)));
            }
            float *there = left + (size_t)c * put.column;
            if (r >= put.rows || c >= put.columns) {
                there = waste;
                OPAQUE(there);
            }
            *(vector *)there = row[c];
        }
    }
}

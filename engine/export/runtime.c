#include <stddef.h>
#include <stdint.h>

/* One layer. It takes a map of height x width places, each of `words` words of signs or, on pixels, `words` bytes;
   a vector is one place. It gives rows x columns places of `outputs` values. */
struct layer {
    const uint32_t *weights;   /* outputs rows of row_words words: bit 1 is +1, least significant bit first */
    const int32_t *threshold;  /* an output is +1 iff (sum >= threshold) == rising */
    const uint32_t *rising;    /* one bit an output */
    const float *scale;        /* or, without thresholds: sum * scale + shift, and its sign */
    const float *shift;
    int32_t height, width, words, terms, outputs, row_words;
    int32_t kernel, stride, padding, pool, pool_stride, rows, columns;
    int32_t on_pixels, adds;   /* adds: to the value that is there */
};

#if (defined(__GNUC__) || defined(__clang__)) && !defined(PORTABLE_POPCOUNT)
static int32_t popcount(uint32_t word)
{
    return (int32_t)__builtin_popcountl((unsigned long)word);
}
#else
static int32_t popcount(uint32_t word)
{
    word = word - ((word >> 1) & 0x55555555u);
    word = (word & 0x33333333u) + ((word >> 2) & 0x33333333u);
    word = (word + (word >> 4)) & 0x0f0f0f0fu;
    return (int32_t)((uint32_t)(word * 0x01010101u) >> 24);
}
#endif

static int32_t bit(const uint32_t *words, int32_t at)
{
    return (int32_t)((words[(uint32_t)at / 32u] >> ((uint32_t)at % 32u)) & 1u);
}

/* Index of a place of the map that a layer takes, or -1 beyond its edge. */
static int32_t place(const struct layer *l, int32_t y, int32_t x)
{
    return y < 0 || x < 0 || y >= l->height || x >= l->width ? -1 : y * l->width + x;
}

/* Sum of products of signs under the window at (top, left): terms - 2 * mismatches. Beyond the edge all is -1. */
static int32_t sum_of_signs(const struct layer *l, const uint32_t *map, const uint32_t *row, int32_t top, int32_t left)
{
    int32_t mismatches = 0;
    for (int32_t y = top; y < top + l->kernel; y++) {
        for (int32_t x = left; x < left + l->kernel; x++) {
            const int32_t at = place(l, y, x);
            for (int32_t i = 0; i < l->words; i++) {
                mismatches += popcount(at < 0 ? *row : *row ^ map[(size_t)at * (size_t)l->words + (size_t)i]);
                row++;
            }
        }
    }
    return l->terms - 2 * mismatches;
}

/* Sum of +-pixels under the window at (top, left). Beyond the edge all is 0. */
static int32_t sum_of_pixels(const struct layer *l, const uint8_t *image, const uint32_t *row, int32_t top, int32_t left)
{
    int32_t sum = 0, term = 0;
    for (int32_t y = top; y < top + l->kernel; y++) {
        for (int32_t x = left; x < left + l->kernel; x++) {
            const int32_t at = place(l, y, x);
            for (int32_t i = 0; at >= 0 && i < l->words; i++) {
                const int32_t pixel = image[(size_t)at * (size_t)l->words + (size_t)i];
                sum += bit(row, term + i) ? pixel : -pixel;
            }
            term += l->words;
        }
    }
    return sum;
}

/* The largest sum of a pooling window; of a window of one place, its sum. */
static int32_t pooled_sum(const struct layer *l, const void *input, int32_t output, int32_t y, int32_t x)
{
    const uint32_t *row = l->weights + (size_t)output * (size_t)l->row_words;
    int32_t largest = INT32_MIN;
    for (int32_t down = 0; down < l->pool; down++) {
        for (int32_t right = 0; right < l->pool; right++) {
            const int32_t top = (y * l->pool_stride + down) * l->stride - l->padding;
            const int32_t left = (x * l->pool_stride + right) * l->stride - l->padding;
            const int32_t sum = l->on_pixels ? sum_of_pixels(l, input, row, top, left)
                                             : sum_of_signs(l, input, row, top, left);
            largest = sum > largest ? sum : largest;
        }
    }
    return largest;
}

/* float32(sum) * scale + shift, added to what is there where the layer adds. Every operation is rounded by itself:
   `volatile` keeps a compiler from contracting two into one. */
static float value_of(const struct layer *l, int32_t output, int32_t sum, const float *there)
{
    volatile float value = (float)sum;
    value = value * l->scale[output];
    value = value + l->shift[output];
    if (l->adds)
        value = *there + value;
    return value;
}

/* Run one layer: the signs of its outputs, and where it makes floats, those too. */
static void run(const struct layer *l, const void *input, uint32_t *signs, float *value)
{
    const int32_t words = (l->outputs + 31) / 32;
    for (int32_t at = 0; at < l->rows * l->columns; at++) {
        uint32_t *into = signs + (size_t)at * (size_t)words;
        for (int32_t i = 0; i < words; i++)
            into[i] = 0;
        for (int32_t o = 0; o < l->outputs; o++) {
            const int32_t sum = pooled_sum(l, input, o, at / l->columns, at % l->columns);
            int positive;
            if (l->threshold != NULL) {
                positive = (sum >= l->threshold[o]) == bit(l->rising, o);
            } else {
                float *own = value + (size_t)at * (size_t)l->outputs + (size_t)o;
                *own = value_of(l, o, sum, own);
                positive = *own >= 0.0f;
            }
            if (positive)
                into[o / 32] |= (uint32_t)1 << (o % 32);
        }
    }
}

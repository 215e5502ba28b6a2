// The first layer on 8-bit pixels, dense or a convolution, by dot products of four bytes (dp4a): the sum over pixels
// of +1 or -1 times the pixel. Weights stay packed in memory and become bytes on the way to shared memory.
#include "results.cuh"
#include "pixel_bytes.cuh"

// Packed signs of COUNT rows, as bytes.
template <int COUNT>
struct SignBytes {
    static constexpr int SLOTS = parts(COUNT, LINES);
    const u8* at[SLOTS];
    bool inside[SLOTS];
    i32 octet, octets;

    __device__ SignBytes(const u32* words, i32 first, i32 count, i32 row_words) {
        octets = row_words * 4;
        octet = pair_of_thread();
        for (int slot = 0; slot < SLOTS; ++slot) {
            const int line = line_of_thread() + slot * LINES;
            inside[slot] = line < COUNT && line < count - first;
            at[slot] = (const u8*)words + (size_t)(first + line) * octets;
        }
    }

    __device__ void fetch(uint2 (&found)[SLOTS]) {
        for (int slot = 0; slot < SLOTS; ++slot) {
            const u32 bits = inside[slot] && octet < octets ? __ldg(at[slot] + octet) : 0;
            found[slot] = {signs_of(bits & 15), signs_of(bits >> 4)};
        }
        octet += PAIRS;
    }
};

struct PixelWindows {
    i32 height, width, channels, kernel, stride, padding, down, across;
};

// Windows over images [height, width, channels], 0 beyond the edge. A row of a window is one run of bytes.
template <int COUNT>
struct SeenPixels {
    static constexpr int SLOTS = parts(COUNT, LINES);
    static constexpr i32 NOWHERE = -(1 << 30);
    const u8* image[SLOTS];
    i32 top[SLOTS], left[SLOTS];
    i32 height, line_bytes, run, terms, pixel;

    __device__ SeenPixels(const u8* images, i32 first, i32 count, const PixelWindows& of) {
        height = of.height;
        line_bytes = of.width * of.channels;
        run = of.kernel * of.channels;
        terms = of.kernel * run;
        pixel = BYTES * pair_of_thread();
        for (int slot = 0; slot < SLOTS; ++slot) {
            const int line = line_of_thread() + slot * LINES;
            const bool inside = line < COUNT && line < count - first;
            const i32 position = inside ? first + line : 0, in_image = position % (of.down * of.across);
            image[slot] = images + (size_t)(position / (of.down * of.across)) * height * line_bytes;
            top[slot] = inside ? in_image / of.across * of.stride - of.padding : NOWHERE;
            left[slot] = (in_image % of.across * of.stride - of.padding) * of.channels;
        }
    }

    __device__ void fetch(uint2 (&found)[SLOTS]) {
        for (int slot = 0; slot < SLOTS; ++slot) {
            found[slot] = NO_BITS;
            i32 row = top[slot] + pixel / run, byte = pixel % run;
            for (int index = 0; index < BYTES; ++index) {
                const i32 column = left[slot] + byte;
                const bool inside = pixel + index < terms && (u32)row < (u32)height && (u32)column < (u32)line_bytes;
                if (inside) set_byte(found[slot], index, __ldg(image[slot] + (size_t)row * line_bytes + column));
                if (++byte == run) {
                    byte = 0;
                    ++row;
                }
            }
        }
        pixel += BYTES * PAIRS;
    }
};

struct WeightedPixels {
    i32 sum = 0;

    __device__ void add(const uint4& pixels, const uint4& signs) {
        sum = dot4(pixels.x, signs.x, dot4(pixels.y, signs.y, sum));
        sum = dot4(pixels.z, signs.z, dot4(pixels.w, signs.w, sum));
    }
};

template <class Left>
__device__ inline void weigh(Stage (&stages)[2], const Left& left, const u32* w, i32 columns, i32 terms, Sums& sums) {
    WeightedPixels counters[RM][RN];
    const SignBytes<BN> right(w, blockIdx.y * BN, columns, 2 * parts(terms, 64));
    multiply(stages, ByRegisters<Left, SignBytes<BN>>(left, right), parts(terms, 4), counters);
#pragma unroll
    for (int i = 0; i < RM; ++i)
#pragma unroll
        for (int j = 0; j < RN; ++j) sums[i][j] = counters[i][j].sum;
}

extern "C" __global__ void __launch_bounds__(THREADS, 2)
pixels_sums(const u8* __restrict__ pixels, const u32* __restrict__ w, i32* __restrict__ out, i32 rows, i32 columns,
            i32 terms) {
    __shared__ Stage stages[2];
    Sums sums;
    weigh(stages, PixelRows<BM>(pixels, blockIdx.x * BM, rows, terms), w, columns, terms, sums);
    store_sums(sums, out, rows, columns);
}

extern "C" __global__ void __launch_bounds__(THREADS, 2)
pixels_bits(const u8* __restrict__ pixels, const u32* __restrict__ w, const i32* __restrict__ bounds,
            const u32* __restrict__ falling, u32* __restrict__ out, i32 rows, i32 columns, i32 terms) {
    __shared__ Stage stages[2];
    Sums sums;
    weigh(stages, PixelRows<BM>(pixels, blockIdx.x * BM, rows, terms), w, columns, terms, sums);
    store_bits(sums, bounds, falling, out, rows, columns);
}

extern "C" __global__ void __launch_bounds__(THREADS, 2)
pixels_scores(const u8* __restrict__ pixels, const u32* __restrict__ w, const f32* __restrict__ scale,
              const f32* __restrict__ shift, f32* __restrict__ out, i32 rows, i32 columns, i32 terms) {
    __shared__ Stage stages[2];
    Sums sums;
    weigh(stages, PixelRows<BM>(pixels, blockIdx.x * BM, rows, terms), w, columns, terms, sums);
    store_scores(sums, scale, shift, out, rows, columns);
}

extern "C" __global__ void __launch_bounds__(THREADS, 2)
pixel_conv_sums(const u8* __restrict__ images, const u32* __restrict__ w, i32* __restrict__ out, i32 rows, i32 columns,
                i32 height, i32 width, i32 channels, i32 kernel, i32 stride, i32 padding, i32 down, i32 across) {
    __shared__ Stage stages[2];
    Sums sums;
    const PixelWindows of = {height, width, channels, kernel, stride, padding, down, across};
    weigh(stages, SeenPixels<BM>(images, blockIdx.x * BM, rows, of), w, columns, kernel * kernel * channels, sums);
    store_sums(sums, out, rows, columns);
}

extern "C" __global__ void __launch_bounds__(THREADS, 2)
pixel_conv_bits(const u8* __restrict__ images, const u32* __restrict__ w, const i32* __restrict__ bounds,
                const u32* __restrict__ falling, u32* __restrict__ out, i32 rows, i32 columns, i32 height, i32 width,
                i32 channels, i32 kernel, i32 stride, i32 padding, i32 down, i32 across) {
    __shared__ Stage stages[2];
    Sums sums;
    const PixelWindows of = {height, width, channels, kernel, stride, padding, down, across};
    weigh(stages, SeenPixels<BM>(images, blockIdx.x * BM, rows, of), w, columns, kernel * kernel * channels, sums);
    store_bits(sums, bounds, falling, out, rows, columns);
}

extern "C" __global__ void __launch_bounds__(THREADS, 2)
pixels_value(const u8* __restrict__ pixels, const u32* __restrict__ w, const f32* __restrict__ scale, const f32* __restrict__ shift,
             const f32* before, f32* value, u32* __restrict__ out, i32 rows, i32 columns, i32 terms, i32 added) {
    __shared__ Stage stages[2];
    Sums sums;
    weigh(stages, PixelRows<BM>(pixels, blockIdx.x * BM, rows, terms), w, columns, terms, sums);
    store_value(sums, scale, shift, before, value, out, rows, columns, added);
}

extern "C" __global__ void __launch_bounds__(THREADS, 2)
pixel_conv_value(const u8* __restrict__ images, const u32* __restrict__ w, const f32* __restrict__ scale, const f32* __restrict__ shift,
                 const f32* before, f32* value, u32* __restrict__ out, i32 rows, i32 columns, i32 height,
                 i32 width, i32 channels, i32 kernel, i32 stride, i32 padding, i32 down, i32 across, i32 added) {
    __shared__ Stage stages[2];
    Sums sums;
    const PixelWindows of = {height, width, channels, kernel, stride, padding, down, across};
    weigh(stages, SeenPixels<BM>(images, blockIdx.x * BM, rows, of), w, columns, kernel * kernel * channels, sums);
    store_value(sums, scale, shift, before, value, out, rows, columns, added);
}

// A dense first layer on 8-bit pixels on tensor cores: as pixels.cu, with the same kernels. Signs stay bits until they are
// in registers: a step is 64 pixels of a row, and one 64-bit word of signs.
#include "fragment_results.cuh"
#include "pixel_bytes.cuh"

// Rows that do not begin where copies may: bytes are gathered, and put where they belong at once.
struct Gathered {
    PixelRows<BM> pixels;

    __device__ void begin(u32 (&into)[BM][DEPTH], int) {
        uint2 found[PixelRows<BM>::SLOTS];
        pixels.fetch(found);
#pragma unroll
        for (int slot = 0; slot < PixelRows<BM>::SLOTS; ++slot) *Arrivals<BM>::place(into, slot) = found[slot];
    }

    __device__ void finish(u32 (&)[BM][DEPTH]) {}
};

// The signs of a step, a word of every column.
struct SignWords {
    const uint2* words;
    i32 columns, row_words;  // from the block's first column

    __device__ SignWords(const u32* w, i32 all, i32 terms) {
        row_words = parts(terms, 64);
        words = (const uint2*)w + (size_t)(blockIdx.y * BN) * row_words;
        columns = all - (i32)blockIdx.y * BN;
    }

    __device__ void begin(uint2 (&into)[BN], int step) {
#pragma unroll
        for (int column = threadIdx.x; column < BN; column += THREADS)
            copy_async(&into[column], words + (size_t)column * row_words + step, column < columns);
    }

    __device__ void finish(uint2 (&)[BN]) {}
};

template <class Rows>
__device__ inline void add_steps(Stage (&stages)[STAGES], const Rows& rows, const SignWords& signs, i32 terms,
                                 Sums& sums) {
    Operands<Rows, SignWords> operands = {rows, signs};
    Ones none;
    pipeline<true>(stages, operands, parts(terms, PAIRS * BYTES),
                   [&](const Stage& stage, int step) { add_product(stage, step, sums, none); });
}

__device__ inline void weigh(Stage (&stages)[STAGES], const u8* pixels, const u32* w, i32 rows, i32 columns, i32 terms,
                             Sums& sums) {
    const i32 first = blockIdx.x * BM;
    const SignWords signs(w, columns, terms);
    if (((size_t)pixels | terms) % BYTES == 0)
        add_steps(stages, Copies<BM>((const u32*)pixels, first, rows, terms / 4), signs, terms, sums);
    else
        add_steps(stages, Gathered{PixelRows<BM>(pixels, first, rows, terms)}, signs, terms, sums);
}

extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS)
pixels_sums(const u8* __restrict__ pixels, const u32* __restrict__ w, i32* __restrict__ out, i32 rows, i32 columns,
            i32 terms) {
    __shared__ Stage stages[STAGES];
    Sums sums = {};
    weigh(stages, pixels, w, rows, columns, terms, sums);
    store_sums(sums, out, rows, columns);
}

extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS)
pixels_bits(const u8* __restrict__ pixels, const u32* __restrict__ w, const i32* __restrict__ bounds,
            const u32* __restrict__ falling, u32* __restrict__ out, i32 rows, i32 columns, i32 terms) {
    __shared__ Stage stages[STAGES];
    Sums sums = {};
    weigh(stages, pixels, w, rows, columns, terms, sums);
    store_bits(sums, bounds, falling, out, rows, columns);
}

extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS)
pixels_scores(const u8* __restrict__ pixels, const u32* __restrict__ w, const f32* __restrict__ scale,
              const f32* __restrict__ shift, f32* __restrict__ out, i32 rows, i32 columns, i32 terms) {
    __shared__ Stage stages[STAGES];
    Sums sums = {};
    weigh(stages, pixels, w, rows, columns, terms, sums);
    store_scores(sums, scale, shift, out, rows, columns);
}

extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS)
pixels_value(const u8* __restrict__ pixels, const u32* __restrict__ w, const f32* __restrict__ scale, const f32* __restrict__ shift,
             const f32* before, f32* value, u32* __restrict__ out, i32 rows, i32 columns, i32 terms, i32 added) {
    __shared__ Stage stages[STAGES];
    Sums sums = {};
    weigh(stages, pixels, w, rows, columns, terms, sums);
    store_value(sums, scale, shift, before, value, out, rows, columns, added);
}

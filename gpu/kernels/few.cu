// Product of ROWS rows of signs, or a few times as many, with all columns; see gemm.cu for the operands.
#include "few.cuh"

#if !defined(ROWS)
#error "a module needs its number of rows: ROWS, a power of two up to 8"
#endif

// The share of a lane in each sum, without the `terms` that all sums begin with.
__device__ inline void look(const u32* a, const u32* w, i32 rows, i32 columns, i32 words,
                            i32 (&shares)[ROWS * COLUMNS]) {
    const u32 *row[ROWS], *column[COLUMNS];
#pragma unroll
    for (int i = 0; i < ROWS; ++i) row[i] = a + (size_t)min((i32)(blockIdx.x * ROWS) + i, rows - 1) * words;
#pragma unroll
    for (int j = 0; j < COLUMNS; ++j) column[j] = w + (size_t)min(first_column() + j, columns - 1) * words;
#pragma unroll
    for (int at = 0; at < ROWS * COLUMNS; ++at) shares[at] = 0;
#pragma unroll 2
    for (i32 word = blockIdx.z * WARP + lane_of_thread(); word < words; word += gridDim.z * WARP) {
        u32 seen[ROWS];
#pragma unroll
        for (int i = 0; i < ROWS; ++i) seen[i] = __ldg(row[i] + word);
#pragma unroll
        for (int j = 0; j < COLUMNS; ++j) {
            const u32 signs = __ldg(column[j] + word);
#pragma unroll
            for (int i = 0; i < ROWS; ++i) shares[i * COLUMNS + j] -= 2 * __popc(seen[i] ^ signs);
        }
    }
}

// `out` is 0 before.
extern "C" __global__ void __launch_bounds__(FEW_THREADS)
few_sums(const u32* __restrict__ a, const u32* __restrict__ w, i32* __restrict__ out, i32 rows, i32 columns, i32 words,
         i32 terms) {
    i32 shares[ROWS * COLUMNS];
    look(a, w, rows, columns, words, shares);
    add_sums<ROWS>(shares, terms, out, rows, columns);
}

extern "C" __global__ void __launch_bounds__(FEW_THREADS)
few_bits(const u32* __restrict__ a, const u32* __restrict__ w, const i32* __restrict__ bounds,
         const u32* __restrict__ falling, u32* __restrict__ out, i32 rows, i32 columns, i32 words, i32 terms) {
    __shared__ i32 sums[ROWS][WARP];
    i32 shares[ROWS * COLUMNS];
    look(a, w, rows, columns, words, shares);
    store_few_bits<ROWS>(sums, shares, terms, bounds, falling, out, rows);
}

extern "C" __global__ void __launch_bounds__(FEW_THREADS)
few_scores(const u32* __restrict__ a, const u32* __restrict__ w, const f32* __restrict__ scale,
           const f32* __restrict__ shift, f32* __restrict__ out, i32 rows, i32 columns, i32 words, i32 terms) {
    i32 shares[ROWS * COLUMNS];
    look(a, w, rows, columns, words, shares);
    store_few_scores<ROWS>(shares, terms, scale, shift, out, rows, columns);
}

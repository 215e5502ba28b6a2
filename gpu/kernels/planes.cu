// The first layer of few images on the bit planes of their pixels [rows, 8, words]: eight planes share each word of
// the weights, which stay one bit each. With pixel x = sum of 2^p x_p, the sum over i of w_i x_i is
// 255 popc(w) - sum over p of 2^p popc(x_p xor w).
#include "few.cuh"

constexpr i32 WHITE = 255;

__device__ inline void look(const u32* planes, const u32* w, i32 columns, i32 words, i32 (&shares)[COLUMNS]) {
    const u32* const image = planes + (size_t)blockIdx.x * PLANES * words;
    const u32* column[COLUMNS];
#pragma unroll
    for (int j = 0; j < COLUMNS; ++j) {
        column[j] = w + (size_t)min(first_column() + j, columns - 1) * words;
        shares[j] = 0;
    }
    for (i32 word = blockIdx.z * WARP + lane_of_thread(); word < words; word += gridDim.z * WARP) {
        u32 seen[PLANES];
#pragma unroll
        for (int plane = 0; plane < PLANES; ++plane) seen[plane] = __ldg(image + (size_t)plane * words + word);
#pragma unroll
        for (int j = 0; j < COLUMNS; ++j) {
            const u32 signs = __ldg(column[j] + word);
            i32 weighted = 0;
            // the most significant plane first, doubled by each that follows
#pragma unroll
            for (int plane = PLANES - 1; plane >= 0; --plane) weighted = 2 * weighted + __popc(seen[plane] ^ signs);
            shares[j] += WHITE * __popc(signs) - weighted;
        }
    }
}

// `out` is 0 before.
extern "C" __global__ void __launch_bounds__(FEW_THREADS)
planes_sums(const u32* __restrict__ planes, const u32* __restrict__ w, i32* __restrict__ out, i32 rows, i32 columns,
            i32 words) {
    i32 shares[COLUMNS];
    look(planes, w, columns, words, shares);
    add_sums<1>(shares, 0, out, rows, columns);
}

extern "C" __global__ void __launch_bounds__(FEW_THREADS)
planes_bits(const u32* __restrict__ planes, const u32* __restrict__ w, const i32* __restrict__ bounds,
            const u32* __restrict__ falling, u32* __restrict__ out, i32 rows, i32 columns, i32 words) {
    __shared__ i32 sums[1][WARP];
    i32 shares[COLUMNS];
    look(planes, w, columns, words, shares);
    store_few_bits<1>(sums, shares, 0, bounds, falling, out, rows);
}

extern "C" __global__ void __launch_bounds__(FEW_THREADS)
planes_scores(const u32* __restrict__ planes, const u32* __restrict__ w, const f32* __restrict__ scale,
              const f32* __restrict__ shift, f32* __restrict__ out, i32 rows, i32 columns, i32 words) {
    i32 shares[COLUMNS];
    look(planes, w, columns, words, shares);
    store_few_scores<1>(shares, 0, scale, shift, out, rows, columns);
}

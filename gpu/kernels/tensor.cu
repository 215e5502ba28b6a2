// Product of matrices of signs on binary tensor cores: as gemm.cu, with the same kernels.
#include "fragment_results.cuh"

__device__ inline void product(Stage (&stages)[STAGES], const u32* a, const u32* w, i32 rows, i32 columns, i32 words,
                               i32 terms, Sums& sums) {
    multiply(stages, Copies<BM>(a, blockIdx.x * BM, rows, words), w, columns, words, terms, sums);
}

extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS)
gemm_sums(const u32* __restrict__ a, const u32* __restrict__ w, i32* __restrict__ out, i32 rows, i32 columns, i32 words,
          i32 terms) {
    __shared__ Stage stages[STAGES];
    Sums sums = {};
    product(stages, a, w, rows, columns, words, terms, sums);
    store_sums(sums, out, rows, columns);
}

extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS)
gemm_bits(const u32* __restrict__ a, const u32* __restrict__ w, const i32* __restrict__ bounds,
          const u32* __restrict__ falling, u32* __restrict__ out, i32 rows, i32 columns, i32 words, i32 terms) {
    __shared__ Stage stages[STAGES];
    Sums sums = {};
    product(stages, a, w, rows, columns, words, terms, sums);
    store_bits(sums, bounds, falling, out, rows, columns);
}

extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS)
gemm_scores(const u32* __restrict__ a, const u32* __restrict__ w, const f32* __restrict__ scale,
            const f32* __restrict__ shift, f32* __restrict__ out, i32 rows, i32 columns, i32 words, i32 terms) {
    __shared__ Stage stages[STAGES];
    Sums sums = {};
    product(stages, a, w, rows, columns, words, terms, sums);
    store_scores(sums, scale, shift, out, rows, columns);
}

extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS)
gemm_value(const u32* __restrict__ a, const u32* __restrict__ w, const f32* __restrict__ scale,
           const f32* __restrict__ shift, const f32* before, f32* value, u32* __restrict__ out, i32 rows, i32 columns,
           i32 words, i32 terms, i32 added) {
    __shared__ Stage stages[STAGES];
    Sums sums = {};
    product(stages, a, w, rows, columns, words, terms, sums);
    store_value(sums, scale, shift, before, value, out, rows, columns, added);
}

// The two kernels that Hubara et al. 2016 measured against each other, as they describe them: 16 x 16 tiles, an output
// a thread, nearly the same source for floats and for signs. Here they also keep within ragged sizes. They are what
// the others are compared with, and nothing else uses them.
#include "common.cuh"

constexpr int SIDE = 16;

// a [rows, terms] by b [terms, columns]; `step` adds the product of two values to a sum.
template <class Value, class Sum, Sum step(Value, Value, Sum)>
__device__ inline Sum multiply(Value (&left)[SIDE][SIDE], Value (&right)[SIDE][SIDE], const Value* a, const Value* b,
                               i32 rows, i32 columns, i32 terms) {
    const i32 row = blockIdx.x * SIDE + threadIdx.y, column = blockIdx.y * SIDE + threadIdx.x;
    Sum sum = 0;
    for (i32 first = 0; first < terms; first += SIDE) {
        const i32 across = first + threadIdx.x, along = first + threadIdx.y;
        left[threadIdx.y][threadIdx.x] = row < rows && across < terms ? a[(size_t)row * terms + across] : 0;
        right[threadIdx.y][threadIdx.x] = column < columns && along < terms ? b[(size_t)along * columns + column] : 0;
        __syncthreads();
        for (int at = 0; at < SIDE; ++at) sum = step(left[threadIdx.y][at], right[at][threadIdx.x], sum);
        __syncthreads();
    }
    return sum;
}

// Fused, as the compiler made it in the paper: without, the floats would seem slower than they are.
__device__ inline f32 multiplied(f32 a, f32 b, f32 sum) { return __fmaf_rn(a, b, sum); }
__device__ inline i32 compared(u32 a, u32 b, i32 sum) { return sum + __popc(a ^ b); }

extern "C" __global__ void paper_floats(const f32* __restrict__ a, const f32* __restrict__ b, f32* __restrict__ out,
                                        i32 rows, i32 columns, i32 terms) {
    __shared__ f32 left[SIDE][SIDE], right[SIDE][SIDE];
    const i32 row = blockIdx.x * SIDE + threadIdx.y, column = blockIdx.y * SIDE + threadIdx.x;
    const f32 sum = multiply<f32, f32, multiplied>(left, right, a, b, rows, columns, terms);
    if (row < rows && column < columns) out[(size_t)row * columns + column] = sum;
}

// a [rows, words], b [words, columns], `terms` signs in all words of a row.
extern "C" __global__ void paper_signs(const u32* __restrict__ a, const u32* __restrict__ b, i32* __restrict__ out,
                                       i32 rows, i32 columns, i32 words, i32 terms) {
    __shared__ u32 left[SIDE][SIDE], right[SIDE][SIDE];
    const i32 row = blockIdx.x * SIDE + threadIdx.y, column = blockIdx.y * SIDE + threadIdx.x;
    const i32 differ = multiply<u32, i32, compared>(left, right, a, b, rows, columns, words);
    if (row < rows && column < columns) out[(size_t)row * columns + column] = terms - 2 * differ;
}

// What every product makes of its sums alike.
#pragma once
#include "common.cuh"

// Output o is +1 where its sum is above bounds[o], turned over where bit o of `falling` is set (gamma < 0). Both end
// with a whole 64-bit word: no sum is above the bounds beyond the last output, so that padding bits are 0.
__device__ inline u32 signs_word(i32 sum, i32 bound, u32 falling) {
    return __ballot_sync(EVERY_LANE, sum > bound) ^ falling;
}

// float32(sum) * scale, rounded, + shift, rounded: never fused, whatever the compiler is told.
__device__ inline f32 score(i32 sum, f32 scale, f32 shift) {
    return __fadd_rn(__fmul_rn(__int2float_rn(sum), scale), shift);
}

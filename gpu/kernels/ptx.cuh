// Instructions that CUDA C++ has no name for, each a small function with a twin for the simulation on a CPU.
// A kernel that some architecture cannot run is guarded as a whole: a wrapper that compiles to something else
// where __CUDA_ARCH__ is too old would load, and be silently wrong.
#pragma once
#include "common.cuh"

// sum + the dot product of four unsigned bytes with four signed ones.
__device__ inline i32 dot4(u32 pixels, u32 signs, i32 sum) {
#ifdef FLIPSCOPE_HOST
    for (int byte = 0; byte < 4; ++byte)
        sum += i32(u8(pixels >> 8 * byte)) * i32((signed char)(signs >> 8 * byte));
    return sum;
#else
    i32 result;
    asm("dp4a.u32.s32 %0, %1, %2, %3;" : "=r"(result) : "r"(pixels), "r"(signs), "r"(sum));
    return result;
#endif
}

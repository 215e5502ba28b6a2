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

// Any function of three bits, on all bits of three words: bit 4 a + 2 b + c of the table is what it is there.
template <int TABLE>
__device__ inline u32 logic(u32 a, u32 b, u32 c) {
#ifdef FLIPSCOPE_HOST
    u32 result = 0;
    for (int at = 0; at < 8; ++at)
        if (TABLE >> at & 1) result |= (at & 4 ? a : ~a) & (at & 2 ? b : ~b) & (at & 1 ? c : ~c);
    return result;
#else
    u32 result;
    asm("lop3.b32 %0, %1, %2, %3, %4;" : "=r"(result) : "r"(a), "r"(b), "r"(c), "n"(TABLE));
    return result;
#endif
}

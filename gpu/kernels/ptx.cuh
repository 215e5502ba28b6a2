// Instructions that CUDA C++ has no name for, each a small function with a twin for the simulation on a CPU.
// A kernel that some architecture cannot run is guarded as a whole: a wrapper that compiles to something else
// where __CUDA_ARCH__ is too old would load, and be silently wrong.
#pragma once
#include "common.cuh"

// sum + the dot product of four unsigned bytes with four signed ones.
__device__ inline i32 dot4(u32 pixels, u32 signs, i32 sum) {
#ifdef FLIPSCOPE_HOST
#pragma GCC unroll 4
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
#pragma GCC unroll 8
    for (int at = 0; at < 8; ++at)
        if (TABLE >> at & 1) result |= (at & 4 ? a : ~a) & (at & 2 ? b : ~b) & (at & 1 ? c : ~c);
    return result;
#else
    u32 result;
    asm("lop3.b32 %0, %1, %2, %3, %4;" : "=r"(result) : "r"(a), "r"(b), "r"(c), "n"(TABLE));
    return result;
#endif
}

// Eight bytes from global to shared memory that pass through no register; eight zeros, and nothing read, where they
// are outside. They have arrived once the group that they were committed with has been waited for, and are seen by
// other threads after a barrier. From sm_80 on.
__device__ inline void copy_async(void* to, const void* from, bool inside) {
    const int taken = inside ? 8 : 0;
#ifdef FLIPSCOPE_HOST
    simulated_copy(to, from, 8, taken);
#else
    asm volatile("cp.async.ca.shared.global [%0], [%1], 8, %2;" ::"r"((u32)__cvta_generic_to_shared(to)), "l"(from),
                 "r"(taken)
                 : "memory");
#endif
}

__device__ inline void commit_copies() {
#ifdef FLIPSCOPE_HOST
    simulated_commit();
#else
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

// Waits until no more than the LEFT youngest of this thread's groups are on their way.
template <int LEFT>
__device__ inline void wait_copies() {
#ifdef FLIPSCOPE_HOST
    simulated_wait(LEFT);
#else
    asm volatile("cp.async.wait_group %0;" ::"n"(LEFT) : "memory");
#endif
}

// Four matrices of 8 rows of 16 bytes out of shared memory: lane 8 m + r points at row r of matrix m, and lane
// 4 r + t gets word t of row r of each, which is how tensor cores want their operands.
__device__ inline void load_matrices(u32 (&words)[4], const u32* row) {
#ifdef FLIPSCOPE_HOST
    const u32* all[WARP];
    simulated_exchange(EVERY_LANE, "load_matrices", __LINE__, &row, all, sizeof row);
    for (int matrix = 0; matrix < 4; ++matrix)
        words[matrix] = all[8 * matrix + lane_of_thread() / 4][lane_of_thread() % 4];
#else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(words[0]), "=r"(words[1]), "=r"(words[2]), "=r"(words[3])
                 : "r"((u32)__cvta_generic_to_shared(row))
                 : "memory");
#endif
}

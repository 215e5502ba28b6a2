// Tensor cores. On bits: 16 rows of 256 bits against 8 columns, the popcounts of their XOR or AND added to 16 x 8 sums.
//
// Lane 4 g + t holds words t and 4 + t: of row g in a[0] and a[2], of row g + 8 in a[1] and a[3], of column g in b[0]
// and b[1]. It has the sums of columns 2 t and 2 t + 1, of row g in sums[0] and sums[1], of row g + 8 in the others.
//
// What an architecture does not have it may still compile, to a function that emulates it: XOR from sm_90 on, both
// from sm_100 on. Those who use this see to it that nothing of the kind is compiled.
#pragma once
#include "ptx.cuh"

// On bytes: the same with four of them a word, unsigned ones of rows times signed ones of columns. From sm_80 on.
#ifdef FLIPSCOPE_HOST
// add: takes a sum, a word of a row and a word of a column.
template <class Add>
inline void simulated_mma(i32 (&sums)[4], const u32 (&a)[4], const u32 (&b)[2], Add add) {
    struct Operands {
        u32 a[4], b[2];
    } mine = {{a[0], a[1], a[2], a[3]}, {b[0], b[1]}}, all[WARP];
    simulated_exchange(EVERY_LANE, "mma", __LINE__, &mine, all, sizeof mine);
    const int g = lane_of_thread() / 4, t = lane_of_thread() % 4;
    for (int sum = 0; sum < 4; ++sum)
        for (int word = 0; word < 8; ++word)
            sums[sum] = add(sums[sum], all[4 * g + word % 4].a[sum / 2 + word / 4 * 2],
                            all[4 * (2 * t + sum % 2) + word % 4].b[word / 4]);
}

inline void bmma_and(i32 (&sums)[4], const u32 (&a)[4], const u32 (&b)[2]) {
    simulated_mma(sums, a, b, [](i32 sum, u32 left, u32 right) { return sum + __popc(left & right); });
}

inline void bmma_xor(i32 (&sums)[4], const u32 (&a)[4], const u32 (&b)[2]) {
    simulated_mma(sums, a, b, [](i32 sum, u32 left, u32 right) { return sum + __popc(left ^ right); });
}

inline void bmma_xor_of_turing(i32 (&sums)[4], const u32 (&a)[4], const u32 (&b)[2]) { bmma_xor(sums, a, b); }

inline void add_bytes(i32 (&sums)[4], const u32 (&a)[4], const u32 (&b)[2]) {
    simulated_mma(sums, a, b, [](i32 sum, u32 pixels, u32 signs) { return dot4(pixels, signs, sum); });
}
#else
#define MMA(shape_and_types)                                              \
    asm("mma.sync.aligned." shape_and_types                               \
        " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};" \
        : "+r"(sums[0]), "+r"(sums[1]), "+r"(sums[2]), "+r"(sums[3])      \
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]))

__device__ inline void bmma_and(i32 (&sums)[4], const u32 (&a)[4], const u32 (&b)[2]) {
    MMA("m16n8k256.row.col.s32.b1.b1.s32.and.popc");
}

__device__ inline void bmma_xor(i32 (&sums)[4], const u32 (&a)[4], const u32 (&b)[2]) {
    MMA("m16n8k256.row.col.s32.b1.b1.s32.xor.popc");
}

__device__ inline void add_bytes(i32 (&sums)[4], const u32 (&a)[4], const u32 (&b)[2]) {
    MMA("m16n8k32.row.col.s32.u8.s8.s32");
}

__device__ inline void bmma_8x8x128(i32& even, i32& odd, u32 a, u32 b) {
    asm("mma.sync.aligned.m8n8k128.row.col.s32.b1.b1.s32.xor.popc {%0, %1}, {%2}, {%3}, {%0, %1};"
        : "+r"(even), "+r"(odd)
        : "r"(a), "r"(b));
}

// Turing's instruction is a quarter of it, in the same layout.
__device__ inline void bmma_xor_of_turing(i32 (&sums)[4], const u32 (&a)[4], const u32 (&b)[2]) {
    bmma_8x8x128(sums[0], sums[1], a[0], b[0]);
    bmma_8x8x128(sums[2], sums[3], a[1], b[0]);
    bmma_8x8x128(sums[0], sums[1], a[2], b[1]);
    bmma_8x8x128(sums[2], sums[3], a[3], b[1]);
}
#endif

// Counting where signs differ: the sum of `terms` products of signs is terms - 2 * popcount(a xor w).
#pragma once
#include "carry_save.cuh"
#include "results.cuh"

// One popcount a word: what the carry-save count is held against, and falls back to.
struct Plain {
    u32 seen = 0;
    bool deep = false;

    __device__ void add(const uint4& a, const uint4& w) {
        seen += __popc(a.x ^ w.x) + __popc(a.y ^ w.y) + __popc(a.z ^ w.z) + __popc(a.w ^ w.w);
    }

    __device__ u32 total() const { return seen; }
};

#if CARRY_SAVE
typedef CarrySave Mismatches;
#else
typedef Plain Mismatches;
#endif

template <class Traffic, int HELD>
__device__ inline void agree(Stage (&stages)[HELD], const Traffic& traffic, i32 words, i32 terms, Sums& sums) {
    Mismatches counters[RM][RN];
#pragma unroll
    for (int i = 0; i < RM; ++i)
#pragma unroll
        for (int j = 0; j < RN; ++j) counters[i][j].deep = i % 4 == 3;
    multiply(stages, traffic, words, counters);
#pragma unroll
    for (int i = 0; i < RM; ++i)
#pragma unroll
        for (int j = 0; j < RN; ++j) sums[i][j] = (i32)(terms - 2 * counters[i][j].total());
}

// Values to sign bits, +1 for 1: one warp makes one 32-bit word, by a ballot over neighbouring values.
#include "common.cuh"

// Where a warp is: the word it makes, and the value that its lane looks at.
struct Place {
    i32 row, column;
    size_t word;

    __device__ explicit Place(i32 row_words) {
        word = (size_t)blockIdx.x * (blockDim.x / WARP) + warp_of_thread();
        row = (i32)(word / row_words);
        column = (i32)(word % row_words) * WARP + lane_of_thread();
    }
};

__device__ inline void store_ballot(u32* words, const Place& place, bool positive) {
    const u32 made = __ballot_sync(EVERY_LANE, positive);
    if (lane_of_thread() == 0) words[place.word] = made;
}

// sign(0) = +1, and so for -0; a NaN is -1.
extern "C" __global__ void pack_floats(const f32* __restrict__ values, u32* __restrict__ words, i32 rows, i32 columns,
                                       i32 row_words) {
    const Place at(row_words);
    if (at.row >= rows) return;  // the whole warp
    const bool inside = at.column < columns;
    store_ballot(words, at, inside && values[(size_t)at.row * columns + at.column] >= 0.0f);
}

// Bytes from `level` on are +1.
extern "C" __global__ void pack_bytes(const u8* __restrict__ values, u32* __restrict__ words, i32 rows, i32 columns,
                                      i32 row_words, i32 level) {
    const Place at(row_words);
    if (at.row >= rows) return;
    const bool inside = at.column < columns;
    store_ballot(words, at, inside && values[(size_t)at.row * columns + at.column] >= level);
}

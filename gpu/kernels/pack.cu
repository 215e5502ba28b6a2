// Values to sign bits, 1 for +1: a warp makes a 32-bit word, by a ballot over neighbouring values. And sums to scores.
#include "rules.cuh"

// Where a warp is: the word it makes, and the value that its lane looks at. Warps beyond the last word go on with
// nothing: the compiler cannot know that a return is a whole warp's, and would make ballots of any lanes, which cost
// a call. Launches see to it that 32 bits count all words; divisions of 64 bits are calls too, of a hundred
// instructions.
struct Place {
    u32 word;
    i32 row, column;
    bool inside;  // of the rows; `sees` a value of them

    __device__ Place(i32 rows, i32 row_words) {
        word = blockIdx.x * (blockDim.x / WARP) + warp_of_thread();
        row = word / (u32)row_words;
        column = word % (u32)row_words * WARP + lane_of_thread();
        inside = row < rows;
    }

    __device__ bool sees(i32 columns) const { return inside && column < columns; }
};

__device__ inline void store_ballot(u32* words, const Place& place, bool positive) {
    const u32 made = __ballot_sync(EVERY_LANE, positive);
    if (place.inside && lane_of_thread() == 0) words[place.word] = made;
}

// sign(0) = +1, and so for -0; a NaN is -1.
extern "C" __global__ void pack_floats(const f32* __restrict__ values, u32* __restrict__ words, i32 rows, i32 columns,
                                       i32 row_words) {
    const Place at(rows, row_words);
    store_ballot(words, at, at.sees(columns) && values[(size_t)at.row * columns + at.column] >= 0.0f);
}

// Bytes from `level` on are +1.
extern "C" __global__ void pack_bytes(const u8* __restrict__ values, u32* __restrict__ words, i32 rows, i32 columns,
                                      i32 row_words, i32 level) {
    const Place at(rows, row_words);
    store_ballot(words, at, at.sees(columns) && values[(size_t)at.row * columns + at.column] >= level);
}

// The eight bit planes of bytes: plane p of a row, [rows, 8, row_words], holds bit p of each of them.
extern "C" __global__ void pack_planes(const u8* __restrict__ values, u32* __restrict__ words, i32 rows, i32 columns,
                                       i32 row_words) {
    const Place at(rows, row_words);
    const u32 value = at.sees(columns) ? values[(size_t)at.row * columns + at.column] : 0;
    u32 mine = 0;
    for (int plane = 0; plane < PLANES; ++plane) {
        const u32 word = __ballot_sync(EVERY_LANE, value >> plane & 1);
        if (lane_of_thread() == plane) mine = word;
    }
    const i32 in_row = at.column / WARP;
    if (at.inside && lane_of_thread() < PLANES)
        words[((size_t)at.row * PLANES + lane_of_thread()) * row_words + in_row] = mine;
}

extern "C" __global__ void pack_sums(const i32* __restrict__ sums, const i32* __restrict__ bounds,
                                     const u32* __restrict__ falling, u32* __restrict__ out, i32 rows, i32 columns,
                                     i32 row_words) {
    const Place at(rows, row_words);
    const i32 sum = at.sees(columns) ? sums[(size_t)at.row * columns + at.column] : 0;
    const u32 word = signs_word(sum, bounds[at.column], falling[at.column / WARP]);
    if (at.inside && lane_of_thread() == 0) out[at.word] = word;
}

extern "C" __global__ void score_sums(const i32* __restrict__ sums, const f32* __restrict__ scale,
                                      const f32* __restrict__ shift, f32* __restrict__ out, i32 rows, i32 columns) {
    const u32 at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at < (u32)rows * columns) out[at] = score(sums[at], scale[at % columns], shift[at % columns]);
}

// The value of the network and its signs, as store_value in results.cuh makes them.
extern "C" __global__ void value_sums(const i32* __restrict__ sums, const f32* __restrict__ scale,
                                      const f32* __restrict__ shift, const f32* before, f32* value,
                                      u32* __restrict__ out, i32 rows, i32 columns, i32 row_words, i32 added) {
    const Place at(rows, row_words);
    f32 made = -1.0f;
    if (at.sees(columns)) {
        const size_t index = (size_t)at.row * columns + at.column;
        made = score(sums[index], scale[at.column], shift[at.column]);
        if (added) made = __fadd_rn(before[index], made);
        value[index] = made;
    }
    store_ballot(out, at, made >= 0.0f);
}

extern "C" __global__ void clear_sums(i32* __restrict__ sums, u64 count) {
    const size_t at = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (at < count) sums[at] = 0;
}

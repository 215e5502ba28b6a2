// What becomes of the sums of a block's tile: int32, signs by a threshold, or the scores of the last layer.
#pragma once
#include "rules.cuh"
#include "tile.cuh"

typedef i32 Sums[RM][RN];

__device__ inline i32 row_of_tile(int i) { return blockIdx.x * BM + warp_of_thread() * RM + i; }
__device__ inline i32 column_of_tile(int j) { return blockIdx.y * BN + lane_of_thread() + j * WARP; }

__device__ inline void store_sums(const Sums& sums, i32* out, i32 rows, i32 columns) {
#pragma unroll
    for (int i = 0; i < RM; ++i)
#pragma unroll
        for (int j = 0; j < RN; ++j)
            if (row_of_tile(i) < rows && column_of_tile(j) < columns)
                out[(size_t)row_of_tile(i) * columns + column_of_tile(j)] = sums[i][j];
}

// Words of signs, one for each row and each 32 columns of a warp: lane after lane takes one of the RM x RN, so that
// they are written together.
template <class Word>
__device__ inline void gather_words(u32* out, i32 rows, int row_words, Word word_of) {
    const int first_word = blockIdx.y * RN;
#pragma unroll
    for (int from = 0; from < RM * RN; from += WARP) {
        u32 mine = 0;
#pragma unroll
        for (int at = from; at < from + WARP && at < RM * RN; ++at) {
            const u32 word = word_of(at / RN, at % RN);
            if (lane_of_thread() == at - from) mine = word;
        }
        const int at = from + lane_of_thread(), row = row_of_tile(at / RN), word = first_word + at % RN;
        if (at < RM * RN && row < rows && word < row_words) out[(size_t)row * row_words + word] = mine;
    }
}

__device__ inline void store_bits(const Sums& sums, const i32* bounds, const u32* falling, u32* out, i32 rows,
                                  i32 columns) {
    const int row_words = 2 * parts(columns, 64), first_word = blockIdx.y * RN;
    i32 bound[RN];
    u32 turned[RN];
#pragma unroll
    for (int j = 0; j < RN; ++j) {
        const bool inside = first_word + j < row_words;
        bound[j] = inside ? __ldg(bounds + column_of_tile(j)) : 0;
        turned[j] = inside ? __ldg(falling + first_word + j) : 0;
    }
    gather_words(out, rows, row_words, [&](int i, int j) { return signs_word(sums[i][j], bound[j], turned[j]); });
}

__device__ inline void store_scores(const Sums& sums, const f32* scale, const f32* shift, f32* out, i32 rows,
                                    i32 columns) {
#pragma unroll
    for (int j = 0; j < RN; ++j) {
        const i32 column = column_of_tile(j);
        if (column >= columns) continue;
        const f32 factor = __ldg(scale + column), more = __ldg(shift + column);
#pragma unroll
        for (int i = 0; i < RM; ++i)
            if (row_of_tile(i) < rows)
                out[(size_t)row_of_tile(i) * columns + column] = score(sums[i][j], factor, more);
    }
}

// The value of the network, float32 [rows, columns], and its signs: begun, or with the one before added, which may be
// in the same place.
__device__ inline void store_value(const Sums& sums, const f32* scale, const f32* shift, const f32* before, f32* value,
                                   u32* out, i32 rows, i32 columns, bool added) {
    f32 factor[RN], more[RN];
#pragma unroll
    for (int j = 0; j < RN; ++j) {
        const bool inside = column_of_tile(j) < columns;
        factor[j] = inside ? __ldg(scale + column_of_tile(j)) : 0;
        more[j] = inside ? __ldg(shift + column_of_tile(j)) : 0;
    }
    gather_words(out, rows, 2 * parts(columns, 64), [&](int i, int j) {
        const bool inside = row_of_tile(i) < rows && column_of_tile(j) < columns;
        const size_t at = (size_t)row_of_tile(i) * columns + column_of_tile(j);
        f32 made = score(sums[i][j], factor[j], more[j]);
        if (inside && added) made = __fadd_rn(before[at], made);
        if (inside) value[at] = made;
        return __ballot_sync(EVERY_LANE, inside && made >= 0.0f);
    });
}

// What becomes of the sums of a block on tensor cores: int32, signs by a threshold, or the scores of the last layer.
#pragma once
#include "fragments.cuh"
#include "rules.cuh"

__device__ inline i32 row_of_sum(int i, int half) { return blockIdx.x * BM + row_of_block(i, half); }
__device__ inline i32 column_of_sum(int j) { return blockIdx.y * BN + column_of_block(j); }

// Values of two columns, which lie in one 64-bit word of memory where rows have an even number of them.
template <class Value>
__device__ inline void store_two(Value* row, i32 column, i32 columns, Value even, Value odd) {
    struct alignas(8) Two {
        Value even, odd;
    };
    if (columns % 2 == 0 && column < columns) {
        *(Two*)(row + column) = {even, odd};
        return;
    }
    if (column < columns) row[column] = even;
    if (column + 1 < columns) row[column + 1] = odd;
}

template <class Value, class Made>
__device__ inline void store_values(const Sums& sums, Value* out, i32 rows, i32 columns, Made made) {
#pragma unroll
    for (int i = 0; i < 2 * RM; ++i) {
        const i32 row = row_of_sum(i / 2, i % 2);
        if (row >= rows) continue;
#pragma unroll
        for (int j = 0; j < RN; ++j) {
            const i32* two = &sums[i / 2][j][i % 2 * 2];
            store_two(out + (size_t)row * columns, column_of_sum(j), columns, made(j, 0, two[0]), made(j, 1, two[1]));
        }
    }
}

__device__ inline void store_sums(const Sums& sums, i32* out, i32 rows, i32 columns) {
    store_values(sums, out, rows, columns, [](int, int, i32 sum) { return sum; });
}

__device__ inline void store_scores(const Sums& sums, const f32* scale, const f32* shift, f32* out, i32 rows,
                                    i32 columns) {
    f32 factor[RN][2], more[RN][2];
#pragma unroll
    for (int j = 0; j < 2 * RN; ++j) {
        const i32 column = column_of_sum(j / 2) + j % 2;
        factor[j / 2][j % 2] = column < columns ? __ldg(scale + column) : 0;
        more[j / 2][j % 2] = column < columns ? __ldg(shift + column) : 0;
    }
    store_values(sums, out, rows, columns, [&](int j, int odd, i32 sum) { return score(sum, factor[j][odd], more[j][odd]); });
}

// A word of signs is four results of the instruction side by side, of which each of four lanes has two bits.
__device__ inline void store_bits(const Sums& sums, const i32* bounds, const u32* falling, u32* out, i32 rows,
                                  i32 columns) {
    const int row_words = 2 * parts(columns, 64), first_word = (blockIdx.y * BN + column_warp() * WN) / WARP;
#pragma unroll
    for (int word = 0; word < RN / 4; ++word) {
        if (first_word + word >= row_words) break;  // the whole warp
        const u32 turned = __ldg(falling + first_word + word);
#pragma unroll
        for (int i = 0; i < 2 * RM; ++i) {
            u32 mine = 0;
#pragma unroll
            for (int bit = 0; bit < 8; ++bit) {
                const int j = 4 * word + bit / 2, odd = bit % 2;
                const bool above = sums[i / 2][j][i % 2 * 2 + odd] > __ldg(bounds + column_of_sum(j) + odd);
                mine |= (u32)above << (bit / 2 * 8 + lane_of_thread() % 4 * 2 + odd);
            }
            mine |= __shfl_xor_sync(EVERY_LANE, mine, 1);
            mine |= __shfl_xor_sync(EVERY_LANE, mine, 2);
            const i32 row = row_of_sum(i / 2, i % 2);
            if (lane_of_thread() % 4 == 0 && row < rows)
                out[(size_t)row * row_words + first_word + word] = mine ^ turned;
        }
    }
}

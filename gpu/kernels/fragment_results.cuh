// What becomes of the sums of a block on tensor cores: as in results.cuh, in the layout of the instruction.
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

// Score of a sum of one of the thread's columns; 0 beyond the last.
struct Affine {
    const f32 *scale, *shift;
    i32 columns;

    __device__ f32 operator()(int j, int odd, i32 sum) const {
        const i32 column = column_of_sum(j) + odd;
        return column < columns ? score(sum, __ldg(scale + column), __ldg(shift + column)) : 0.0f;
    }
};

__device__ inline void store_scores(const Sums& sums, const f32* scale, const f32* shift, f32* out, i32 rows,
                                    i32 columns) {
    store_values(sums, out, rows, columns, Affine{scale, shift, columns});
}

// Words of signs out of what is `above`. A word is four results of the instruction side by side, of which each of
// four lanes has two bits.
template <class Above>
__device__ inline void store_words(const Sums& sums, u32* out, i32 rows, int row_words, const u32* falling,
                                   Above above) {
    const int first_word = (blockIdx.y * BN + column_warp() * WN) / WARP;
#pragma unroll
    for (int word = 0; word < RN / 4; ++word) {
        if (first_word + word >= row_words) return;  // the whole warp
        const u32 turned = falling ? __ldg(falling + first_word + word) : 0;
#pragma unroll
        for (int i = 0; i < 2 * RM; ++i) {
            const i32 row = row_of_sum(i / 2, i % 2);
            u32 mine = 0;
#pragma unroll
            for (int bit = 0; bit < 8; ++bit) {
                const int j = 4 * word + bit / 2, odd = bit % 2;
                const u32 set = above(row, j, odd, sums[i / 2][j][i % 2 * 2 + odd]);
                mine |= set << (bit / 2 * 8 + lane_of_thread() % 4 * 2 + odd);
            }
            mine |= __shfl_xor_sync(EVERY_LANE, mine, 1);
            mine |= __shfl_xor_sync(EVERY_LANE, mine, 2);
            if (lane_of_thread() % 4 == 0 && row < rows)
                out[(size_t)row * row_words + first_word + word] = mine ^ turned;
        }
    }
}

// What bounds and `falling` hold is told in rules.cuh.
__device__ inline void store_bits(const Sums& sums, const i32* bounds, const u32* falling, u32* out, i32 rows,
                                  i32 columns) {
    store_words(sums, out, rows, 2 * parts(columns, 64), falling,
                [&](i32, int j, int odd, i32 sum) { return sum > __ldg(bounds + column_of_sum(j) + odd); });
}

__device__ inline void store_value(const Sums& sums, const f32* scale, const f32* shift, const f32* before, f32* value,
                                   u32* out, i32 rows, i32 columns, bool added) {
    const Affine affine{scale, shift, columns};
    store_words(sums, out, rows, 2 * parts(columns, 64), nullptr, [&](i32 row, int j, int odd, i32 sum) {
        const i32 column = column_of_sum(j) + odd;
        if (row >= rows || column >= columns) return false;
        const size_t at = (size_t)row * columns + column;
        const f32 made = affine(j, odd, sum);
        value[at] = added ? __fadd_rn(before[at], made) : made;
        return value[at] >= 0.0f;
    });
}

// Products with few rows, which wait for the weights: neighbouring lanes read neighbouring words of them, each once,
// and a warp adds up what its lanes saw. A block makes 32 columns, which are one word of signs.
#pragma once
#include "rules.cuh"

constexpr int COLUMNS = 4;               // of a warp
constexpr int WARPS = WARP / COLUMNS;    // of a block
constexpr int FEW_THREADS = WARPS * WARP;

__device__ inline i32 first_column() { return blockIdx.y * WARP + warp_of_thread() * COLUMNS; }

// Every lane holds a share of COUNT sums; lane l gets the whole sum l % COUNT. While there are several, a lane gives
// away half of them and gets its neighbour's shares of the other half.
template <int COUNT>
__device__ inline i32 total(i32 (&shares)[COUNT]) {
#pragma unroll
    for (int half = COUNT / 2; half > 0; half /= 2)
#pragma unroll
        for (int index = 0; index < half; ++index) {
            const bool upper = lane_of_thread() & half;
            const i32 kept = upper ? shares[index + half] : shares[index];
            const i32 given = upper ? shares[index] : shares[index + half];
            shares[index] = kept + __shfl_xor_sync(EVERY_LANE, given, half);
        }
    for (int lanes = COUNT; lanes < WARP; lanes *= 2) shares[0] += __shfl_xor_sync(EVERY_LANE, shares[0], lanes);
    return shares[0];
}

// Where the sum goes that a lane got of `count` rows by COLUMNS.
struct Spot {
    i32 row, column;
    bool inside;

    __device__ Spot(int count, i32 rows, i32 columns) {
        row = blockIdx.x * count + lane_of_thread() / COLUMNS;
        column = first_column() + lane_of_thread() % COLUMNS;
        inside = lane_of_thread() < count * COLUMNS && row < rows && column < columns;
    }
};

// Adds up over the blocks that share the words of a row; exact, whatever their order.
template <int COUNT>
__device__ inline void add_sums(i32 (&shares)[COUNT * COLUMNS], i32 start, i32* out, i32 rows, i32 columns) {
    const i32 sum = total(shares) + (blockIdx.z == 0 ? start : 0);
    const Spot at(COUNT, rows, columns);
    if (at.inside) atomicAdd(out + (size_t)at.row * columns + at.column, sum);
}

template <int COUNT>
__device__ inline void store_few_bits(i32 (&sums)[COUNT][WARP], i32 (&shares)[COUNT * COLUMNS], i32 start,
                                      const i32* bounds, const u32* falling, u32* out, i32 rows) {
    static_assert(COUNT <= WARPS, "a warp for each row of signs");
    const i32 sum = total(shares), lane = lane_of_thread(), warp = warp_of_thread();
    if (lane < COUNT * COLUMNS) sums[lane / COLUMNS][warp * COLUMNS + lane % COLUMNS] = start + sum;
    __syncthreads();
    const i32 row = blockIdx.x * COUNT + warp;
    if (warp >= COUNT || row >= rows) return;  // the whole warp
    const i32 bound = __ldg(bounds + blockIdx.y * WARP + lane);
    const u32 word = signs_word(sums[warp][lane], bound, __ldg(falling + blockIdx.y));
    if (lane == 0) out[(size_t)row * gridDim.y + blockIdx.y] = word;
}

template <int COUNT>
__device__ inline void store_few_scores(i32 (&shares)[COUNT * COLUMNS], i32 start, const f32* scale, const f32* shift,
                                        f32* out, i32 rows, i32 columns) {
    const i32 sum = start + total(shares);
    const Spot at(COUNT, rows, columns);
    if (at.inside) out[(size_t)at.row * columns + at.column] = score(sum, scale[at.column], shift[at.column]);
}

// The product of one block: BM rows by BN columns, DEPTH words of both operands at a time in shared memory.
//
// A lane holds the columns lane, lane + 32, …, a warp RM rows, and their sums stay in registers. Every lane of a warp
// reads the same words of a row, which is a broadcast, and neighbouring lanes read neighbouring 16 bytes of the
// columns. While one step is computed the next is on its way from global memory into registers, and goes into the
// other half of shared memory: one barrier a step.
#pragma once
#include "common.cuh"

#if !defined(BM) || !defined(BN) || !defined(DEPTH) || !defined(THREADS)
#error "a tile needs its sizes: BM, BN, DEPTH, THREADS"
#endif

constexpr int WARPS = THREADS / WARP;
constexpr int RM = BM / WARPS;     // rows of a warp
constexpr int RN = BN / WARP;      // columns of a lane
constexpr int PAIRS = DEPTH / 2;   // 64-bit words of a row in one step
constexpr int QUADS = DEPTH / 4;   // 128-bit words of it
constexpr int LINES = THREADS / PAIRS;  // rows, or columns, that all threads fetch at once
static_assert(THREADS % WARP == 0 && THREADS % PAIRS == 0, "threads share whole rows");
static_assert(BM % WARPS == 0 && BN % WARP == 0 && DEPTH % 4 == 0 && 32 % DEPTH == 0, "tiles are whole");

// The padding of `columns` puts the 64-bit stores of a half-warp, a few columns of all QUADS, into all banks.
struct Stage {
    alignas(16) uint2 rows[BM][PAIRS];
    alignas(16) uint4 columns[QUADS][BN + 32 / DEPTH];
};

__device__ inline int pair_of_thread() { return threadIdx.x % PAIRS; }
__device__ inline int line_of_thread() { return threadIdx.x / PAIRS; }

// What a thread fetches of COUNT rows that lie one after the other in memory, `pairs` 64-bit words each.
template <int COUNT>
struct Rows {
    static constexpr int SLOTS = parts(COUNT, LINES);
    const uint2* at[SLOTS];
    bool inside[SLOTS];
    int pair, pairs;

    __device__ Rows(const u32* words, i32 first, i32 count, i32 row_words) {
        pairs = row_words / 2;
        pair = pair_of_thread();
        for (int slot = 0; slot < SLOTS; ++slot) {
            const int line = line_of_thread() + slot * LINES;
            inside[slot] = line < COUNT && line < count - first;
            at[slot] = (const uint2*)words + (size_t)(first + line) * pairs;
        }
    }

    __device__ void fetch(uint2 (&found)[SLOTS]) {
        for (int slot = 0; slot < SLOTS; ++slot)
            found[slot] = inside[slot] && pair < pairs ? __ldg(at[slot] + pair) : NO_BITS;
        pair += PAIRS;
    }
};

template <class Left, class Right>
__device__ inline void put(Stage& stage, const uint2 (&rows)[Left::SLOTS], const uint2 (&columns)[Right::SLOTS]) {
    for (int slot = 0; slot < Left::SLOTS; ++slot) {
        const int line = line_of_thread() + slot * LINES;
        if (line < BM) stage.rows[line][pair_of_thread()] = rows[slot];
    }
    for (int slot = 0; slot < Right::SLOTS; ++slot) {
        const int line = line_of_thread() + slot * LINES;
        if (line < BN) ((uint2*)&stage.columns[pair_of_thread() / 2][line])[pair_of_thread() % 2] = columns[slot];
    }
}

template <class Counter>
__device__ inline void count(const Stage& stage, Counter (&counters)[RM][RN]) {
#pragma unroll 1  // more would only hold more words in registers, which the sums need
    for (int quad = 0; quad < QUADS; ++quad) {
        uint4 columns[RN];
#pragma unroll
        for (int j = 0; j < RN; ++j) columns[j] = stage.columns[quad][lane_of_thread() + j * WARP];
#pragma unroll
        for (int i = 0; i < RM; ++i) {
            const uint4 row = ((const uint4*)stage.rows[warp_of_thread() * RM + i])[quad];
#pragma unroll
            for (int j = 0; j < RN; ++j) counters[i][j].add(row, columns[j]);
        }
    }
}

// All words of the rows against all words of the columns, `words` of each.
template <class Left, class Right, class Counter>
__device__ inline void multiply(Stage (&stages)[2], Left left, Right right, i32 words, Counter (&counters)[RM][RN]) {
    uint2 rows[Left::SLOTS], columns[Right::SLOTS];
    left.fetch(rows);
    right.fetch(columns);
    put<Left, Right>(stages[0], rows, columns);
    __syncthreads();
    const int steps = parts(words, DEPTH);
    for (int step = 0; step < steps; ++step) {
        const bool more = step + 1 < steps;
        if (more) {
            left.fetch(rows);
            right.fetch(columns);
        }
        count(stages[step % 2], counters);
        if (more) put<Left, Right>(stages[(step + 1) % 2], rows, columns);
        __syncthreads();
    }
}

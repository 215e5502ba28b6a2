// The product of one block: BM rows by BN columns, DEPTH words of both operands at a time in shared memory.
//
// A lane holds the columns lane, lane + 32, …, a warp RM rows, and their sums stay in registers. Every lane of a warp
// reads the same words of a row, which is a broadcast, and neighbouring lanes read neighbouring 16 bytes of the
// columns.
#pragma once
#include "pipeline.cuh"

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

    __device__ uint2* row(int line, int pair) { return &rows[line][pair]; }
    __device__ uint2* column(int line, int pair) { return (uint2*)&columns[pair / 2][line] + pair % 2; }
};

__device__ inline int pair_of_thread() { return threadIdx.x % PAIRS; }
__device__ inline int line_of_thread() { return threadIdx.x / PAIRS; }
__device__ inline int line_of_slot(int slot) { return line_of_thread() + slot * LINES; }

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
            const int line = line_of_slot(slot);
            inside[slot] = line < COUNT && line < count - first;
            at[slot] = (const uint2*)words + (size_t)(first + line) * pairs;
        }
    }

    __device__ void fetch(uint2 (&found)[SLOTS]) {
        for (int slot = 0; slot < SLOTS; ++slot)
            found[slot] = inside[slot] && pair < pairs ? __ldg(at[slot] + pair) : NO_BITS;
        pair += PAIRS;
    }

    // The same, but straight to where place(line) says.
    template <class Place>
    __device__ void copy(Place place) {
        for (int slot = 0; slot < SLOTS; ++slot)
            if (line_of_slot(slot) < COUNT)
                copy_async(place(line_of_slot(slot)), at[slot] + pair, inside[slot] && pair < pairs);
        pair += PAIRS;
    }
};

template <class Left, class Right>
struct ByRegisters {
    static constexpr bool COPIES = false;
    Left left;
    Right right;
    uint2 rows[Left::SLOTS], columns[Right::SLOTS];

    __device__ ByRegisters(const Left& left, const Right& right) : left(left), right(right) {}

    __device__ void begin(Stage&, int) {
        left.fetch(rows);
        right.fetch(columns);
    }

    __device__ void finish(Stage& stage) {
        for (int slot = 0; slot < Left::SLOTS; ++slot)
            if (line_of_slot(slot) < BM) *stage.row(line_of_slot(slot), pair_of_thread()) = rows[slot];
        for (int slot = 0; slot < Right::SLOTS; ++slot)
            if (line_of_slot(slot) < BN) *stage.column(line_of_slot(slot), pair_of_thread()) = columns[slot];
    }
};

template <class Left, class Right>
struct ByCopies {
    static constexpr bool COPIES = true;
    Left left;
    Right right;

    __device__ ByCopies(const Left& left, const Right& right) : left(left), right(right) {}

    __device__ void begin(Stage& stage, int) {
        left.copy([&](int line) { return stage.row(line, pair_of_thread()); });
        right.copy([&](int line) { return stage.column(line, pair_of_thread()); });
    }

    __device__ void finish(Stage&) {}
};

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
template <class Traffic, int HELD, class Counter>
__device__ inline void multiply(Stage (&stages)[HELD], Traffic traffic, i32 words, Counter (&counters)[RM][RN]) {
    pipeline<Traffic::COPIES>(stages, traffic, parts(words, DEPTH),
                              [&](const Stage& stage, int) { count(stage, counters); });
}

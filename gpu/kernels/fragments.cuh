// The product of one block on tensor cores.
//
// Of the block's BM rows by BN columns each warp has WM by WN, as RM by RN results of the instruction, whose sums
// stay in registers. DEPTH words of both operands at a time are in shared memory, STAGES such steps. A row of a stage is
// 64 bytes in four chunks, and two rows fill all banks: the chunks of every pair of rows are in another order, so that
// the eight rows which one matrix is read from lie in different banks.
//
// Three instructions on bits, each where it is real (see mma.cuh): TURING's XOR, XOR from sm_80 to sm_89, AND from
// sm_80 to sm_90. What differs is popcount(a) + popcount(w) - 2 popcount(a and w): with AND the ones of the operands
// are counted beside the product, by the pipe that it leaves idle. Warps that share rows or columns take turns at it.
// A fourth, INT8, is on bytes in the same places, four of them a word.
#pragma once
#include "mma.cuh"
#include "pipeline.cuh"

#if !defined(BM) || !defined(BN) || !defined(WM) || !defined(WN) || !defined(STAGES) || !defined(THREADS)
#error "a tile needs its sizes: BM, BN, WM, WN, STAGES, THREADS"
#endif
#ifndef TURING
#define TURING 0
#endif
#if TURING + XOR + AND + INT8 != 1
#error "one instruction: TURING, XOR, AND or INT8"
#endif
#ifdef __CUDA_ARCH__
#if __CUDA_ARCH__ < 750 || (!TURING && __CUDA_ARCH__ < 800) || \
    (!INT8 && (__CUDA_ARCH__ >= 1000 || (!AND && __CUDA_ARCH__ >= 900)))
#error "this architecture has no such instruction"
#endif
#endif

constexpr int DEPTH = 16;         // words of a row in one step
constexpr int PAIRS = DEPTH / 2;  // copied 64 bits at a time, as rows are aligned
constexpr int CHUNKS = DEPTH / 4;
constexpr int ROW_WARPS = BM / WM, COLUMN_WARPS = BN / WN;
constexpr int RM = WM / 16, RN = WN / 8;
constexpr int LINES = THREADS / PAIRS;  // rows, or columns, that all threads copy at once
static_assert(BM % WM == 0 && BN % WN == 0 && WM % 16 == 0 && WN % 32 == 0, "tiles are whole");
static_assert(THREADS == ROW_WARPS * COLUMN_WARPS * WARP, "every warp has its part");
static_assert(BM % LINES == 0 && BN % LINES == 0 && LINES % 8 == 0, "threads copy whole rows");

#if INT8
struct alignas(16) Stage {
    u32 rows[BM][DEPTH];
    uint2 columns[BN];  // signs, as bits
};
#else
struct alignas(16) Stage {
    u32 rows[BM][DEPTH], columns[BN][DEPTH];
};
#endif
static_assert(sizeof(Stage) * STAGES <= 48 << 10, "what every architecture gives");

typedef i32 Sums[RM][RN][4];

__device__ inline int pair_of_thread() { return threadIdx.x % PAIRS; }
__device__ inline int line_of_thread() { return threadIdx.x / PAIRS; }
__device__ inline int place_of_chunk(int line, int chunk) { return 4 * (chunk ^ line / 2 % CHUNKS); }

// Where the thread's sums are: of RM x 2 rows, and RN x 2 columns.
__device__ inline int row_warp() { return warp_of_thread() % ROW_WARPS; }
__device__ inline int column_warp() { return warp_of_thread() / ROW_WARPS; }
__device__ inline int row_of_block(int i, int half) {
    return row_warp() * WM + i * 16 + half * 8 + lane_of_thread() / 4;
}
__device__ inline int column_of_block(int j) { return column_warp() * WN + j * 8 + lane_of_thread() % 4 * 2; }

// What a thread brings of COUNT lines into a step: one pair of every LINES-th. Turing has no copies beside the
// registers: what was begun is put where it belongs once the step before it is computed.
template <int COUNT>
struct Arrivals {
    static constexpr int SLOTS = COUNT / LINES;
    uint2 held[SLOTS];

    __device__ void begin(u32 (&into)[COUNT][DEPTH], int slot, const uint2* from, bool taken) {
#if TURING
        held[slot] = taken ? __ldg(from) : NO_BITS;
#else
        copy_async(place(into, slot), from, taken);
#endif
    }

    __device__ void finish(u32 (&into)[COUNT][DEPTH]) {
#if TURING
#pragma unroll
        for (int slot = 0; slot < SLOTS; ++slot) *place(into, slot) = held[slot];
#endif
    }

    __device__ static uint2* place(u32 (&into)[COUNT][DEPTH], int slot) {
        const int line = line_of_thread(), pair = pair_of_thread();
        return (uint2*)&into[line + slot * LINES][place_of_chunk(line, pair / 2) + pair % 2 * 2];
    }
};

// Rows that lie one after the other in memory, `words` each.
template <int COUNT>
struct Copies {
    Arrivals<COUNT> arrivals;
    const uint2* from;
    size_t stride;
    i32 lines, pairs;  // that there are, from the thread's first

    __device__ Copies(const u32* words, i32 first, i32 count, i32 row_words) {
        const int line = line_of_thread(), pair = pair_of_thread();
        from = (const uint2*)words + (size_t)(first + line) * (row_words / 2) + pair;
        stride = (size_t)LINES * (row_words / 2);
        lines = count - first - line;
        pairs = row_words / 2 - pair;
    }

    __device__ void begin(u32 (&into)[COUNT][DEPTH], int step) {
        const uint2* next = from + step * PAIRS;
        const bool inside = step * PAIRS < pairs;
#pragma unroll
        for (int slot = 0; slot < arrivals.SLOTS; ++slot, next += stride)
            arrivals.begin(into, slot, next, inside && slot * LINES < lines);
    }

    __device__ void finish(u32 (&into)[COUNT][DEPTH]) { arrivals.finish(into); }
};

// What brings the rows of both operands.
template <class Rows, class Columns>
struct Operands {
    Rows rows;
    Columns columns;

    __device__ void begin(Stage& stage, int step) {
        rows.begin(stage.rows, step);
        columns.begin(stage.columns, step);
    }

    __device__ void finish(Stage& stage) {
        rows.finish(stage.rows);
        columns.finish(stage.columns);
    }
};

// Ones of the rows and of the columns that this thread has a part of in its fragments, in the steps that are its turn.
struct Ones {
    u32 rows[RM][2] = {}, columns[RN] = {};
    const int warp = __shfl_sync(EVERY_LANE, warp_of_thread(), 0);  // seen to be the same in all lanes

    // Turns are branches that whole warps take: a popcount is as long as an instruction of the tensor cores, so that
    // one whose result is thrown away would be as bad as one that counts.
    __device__ void add(const u32 (&a)[RM][4], const u32 (&w)[RN][2], int step) {
        if (step % COLUMN_WARPS == warp / ROW_WARPS)
#pragma unroll
            for (int i = 0; i < RM; ++i) {
                rows[i][0] += __popc(a[i][0]) + __popc(a[i][2]);
                rows[i][1] += __popc(a[i][1]) + __popc(a[i][3]);
            }
        if (step % ROW_WARPS == warp % ROW_WARPS)
#pragma unroll
            for (int j = 0; j < RN; ++j) columns[j] += __popc(w[j][0]) + __popc(w[j][1]);
    }
};

// Fragments of half a step.
__device__ inline void load_rows(u32 (&a)[RM][4], const Stage& stage, int half) {
    const int lane = lane_of_thread();
#pragma unroll
    for (int i = 0; i < RM; ++i) {
        const int line = row_warp() * WM + i * 16 + lane % 16;
        load_matrices(a[i], &stage.rows[line][place_of_chunk(lane % 16, 2 * half + lane / 16)]);
    }
}

__device__ inline void load_columns(u32 (&w)[RN][2], const Stage& stage, int half) {
    const int lane = lane_of_thread();
#if INT8
#pragma unroll
    for (int j = 0; j < RN; ++j) {
        const uint2 both = stage.columns[column_warp() * WN + j * 8 + lane / 4];
        const u32 bits = (half ? both.y : both.x) >> lane % 4 * 4;
        w[j][0] = signs_of(bits & 15);
        w[j][1] = signs_of(bits >> 16 & 15);
    }
#else
#pragma unroll
    for (int j = 0; j < RN; j += 2) {
        u32 two[4];
        const int line = column_warp() * WN + j * 8 + lane / 16 * 8 + lane % 8;
        load_matrices(two, &stage.columns[line][place_of_chunk(lane % 8, 2 * half + lane / 8 % 2)]);
#pragma unroll
        for (int at = 0; at < 4; ++at) w[j + at / 2][at % 2] = two[at];
    }
#endif
}

__device__ inline void add_product(const Stage& stage, int step, Sums& sums, Ones& ones) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
        u32 a[RM][4], w[RN][2];
        load_rows(a, stage, half);
        load_columns(w, stage, half);
#if AND
        ones.add(a, w, step);
#endif
#pragma unroll
        for (int j = 0; j < RN; ++j)
#pragma unroll
            for (int i = 0; i < RM; ++i)
#if INT8
                add_bytes(sums[i][j], a[i], w[j]);
#elif AND
                bmma_and(sums[i][j], a[i], w[j]);
#elif TURING
                bmma_xor_of_turing(sums[i][j], a[i], w[j]);
#else
                bmma_xor(sums[i][j], a[i], w[j]);
#endif
    }
}

// How many ones a block's rows and columns have, as their warps have counted them, each a part of the steps.
struct Counts {
    u32 rows[COLUMN_WARPS][BM], columns[ROW_WARPS][BN];

    __device__ void put(const Ones& ones) {
#pragma unroll
        for (int i = 0; i < 2 * RM; ++i)
            rows[column_warp()][row_of_block(i / 2, i % 2)] = of_four_lanes(ones.rows[i / 2][i % 2]);
#pragma unroll
        for (int j = 0; j < RN; ++j)
            columns[row_warp()][column_warp() * WN + j * 8 + lane_of_thread() / 4] = of_four_lanes(ones.columns[j]);
    }

    __device__ i32 of_row(int row) const {
        i32 all = 0;
        for (int warp = 0; warp < COLUMN_WARPS; ++warp) all += rows[warp][row];
        return all;
    }

    __device__ i32 of_column(int column) const {
        i32 all = 0;
        for (int warp = 0; warp < ROW_WARPS; ++warp) all += columns[warp][column];
        return all;
    }

    __device__ static u32 of_four_lanes(u32 part) {
        part += __shfl_xor_sync(EVERY_LANE, part, 1);
        return part + __shfl_xor_sync(EVERY_LANE, part, 2);
    }
};

// From popcounts to sums of signs. The counts meet where the stages were, which are no longer needed.
__device__ inline void to_signs(Stage (&stages)[STAGES], const Ones& ones, i32 terms, Sums& sums) {
#if AND
    static_assert(sizeof(Counts) <= sizeof stages, "the counts take no more room");
    Counts& counts = reinterpret_cast<Counts&>(stages);
    __syncthreads();
    counts.put(ones);
    __syncthreads();
#endif
#pragma unroll
    for (int i = 0; i < RM; ++i)
#pragma unroll
        for (int j = 0; j < RN; ++j)
#pragma unroll
            for (int at = 0; at < 4; ++at) {
#if AND
                const i32 of_row = counts.of_row(row_of_block(i, at / 2));
                const i32 of_column = counts.of_column(column_of_block(j) + at % 2);
                sums[i][j][at] = terms - 2 * (of_row + of_column) + 4 * sums[i][j][at];
#else
                sums[i][j][at] = terms - 2 * sums[i][j][at];
#endif
            }
}

#if !INT8
// All words of the rows by all words of the columns w [columns, words].
template <class Rows>
__device__ inline void multiply(Stage (&stages)[STAGES], const Rows& rows, const u32* w, i32 columns, i32 words,
                                i32 terms, Sums& sums) {
    Operands<Rows, Copies<BN>> operands = {rows, {w, (i32)blockIdx.y * BN, columns, words}};
    Ones ones;
    pipeline<!TURING>(stages, operands, parts(words, DEPTH),
                      [&](const Stage& stage, int step) { add_product(stage, step, sums, ones); });
    to_signs(stages, ones, terms, sums);
}
#endif

// Convolution of maps of signs on binary tensor cores: as conv.cu, with the same kernels.
#include "fragment_results.cuh"
#include "windows.cuh"

// What a thread copies of COUNT windows. All of its windows are at the same place of theirs, so that one number says
// how far that is from where each begins.
template <int COUNT>
struct Seen {
    Arrivals<COUNT> arrivals;
    const uint2* maps;
    u32 first[Arrivals<COUNT>::SLOTS];  // its 64-bit word; counted round, since a window may begin before the first
    i32 top[Arrivals<COUNT>::SLOTS], left[Arrivals<COUNT>::SLOTS];
    i32 height, width;
    Place place;

    __device__ Seen(const u32* maps, i32 first_window, i32 count, const Windows& of)
        : maps((const uint2*)maps), height(of.height), width(of.width), place(of, pair_of_thread()) {
#pragma unroll
        for (int slot = 0; slot < arrivals.SLOTS; ++slot) {
            const i32 line = line_of_thread() + slot * LINES;
            const Corner corner(of, first_window + line, line < count - first_window);
            top[slot] = corner.top;
            left[slot] = corner.left;
            first[slot] = (((u32)corner.image * height + corner.top) * width + corner.left) * place.pairs;
        }
    }

    __device__ void begin(u32 (&into)[COUNT][DEPTH], int) {
        const u32 on = (u32)(place.y * width + place.x) * place.pairs + place.pair;
#pragma unroll
        for (int slot = 0; slot < arrivals.SLOTS; ++slot) {
            const i32 row = top[slot] + place.y, column = left[slot] + place.x;
            const bool inside = place.inside() && (u32)row < (u32)height && (u32)column < (u32)width;
            arrivals.begin(into, slot, maps + (inside ? first[slot] + on : 0), inside);
        }
        place.advance(PAIRS);
    }

    __device__ void finish(u32 (&into)[COUNT][DEPTH]) { arrivals.finish(into); }
};

__device__ inline void product(Stage (&stages)[STAGES], const u32* maps, const u32* w, i32 rows, i32 columns,
                               const Windows& of, Sums& sums, i32 terms) {
    const i32 words = of.kernel * of.kernel * of.words;
    multiply(stages, Seen<BM>(maps, blockIdx.x * BM, rows, of), w, columns, words, terms, sums);
}

extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS)
conv_sums(const u32* __restrict__ maps, const u32* __restrict__ w, i32* __restrict__ out, i32 rows, i32 columns,
          i32 terms, i32 height, i32 width, i32 words, i32 kernel, i32 stride, i32 padding, i32 down, i32 across) {
    __shared__ Stage stages[STAGES];
    Sums sums = {};
    product(stages, maps, w, rows, columns, {height, width, words, kernel, stride, padding, down, across}, sums, terms);
    store_sums(sums, out, rows, columns);
}

extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS)
conv_bits(const u32* __restrict__ maps, const u32* __restrict__ w, const i32* __restrict__ bounds,
          const u32* __restrict__ falling, u32* __restrict__ out, i32 rows, i32 columns, i32 terms, i32 height,
          i32 width, i32 words, i32 kernel, i32 stride, i32 padding, i32 down, i32 across) {
    __shared__ Stage stages[STAGES];
    Sums sums = {};
    product(stages, maps, w, rows, columns, {height, width, words, kernel, stride, padding, down, across}, sums, terms);
    store_bits(sums, bounds, falling, out, rows, columns);
}

extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS)
conv_value(const u32* __restrict__ maps, const u32* __restrict__ w, const f32* __restrict__ scale, const f32* __restrict__ shift,
           const f32* before, f32* value, u32* __restrict__ out, i32 rows, i32 columns, i32 terms, i32 height,
           i32 width, i32 words, i32 kernel, i32 stride, i32 padding, i32 down, i32 across, i32 added) {
    __shared__ Stage stages[STAGES];
    Sums sums = {};
    product(stages, maps, w, rows, columns, {height, width, words, kernel, stride, padding, down, across}, sums, terms);
    store_value(sums, scale, shift, before, value, out, rows, columns, added);
}

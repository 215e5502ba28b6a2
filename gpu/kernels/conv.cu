// Convolution of maps of signs [images, height, width, words] by w [columns, kernel, kernel, words], as the product
// of what its windows see, gathered on the way to shared memory.
#include "mismatches.cuh"
#include "windows.cuh"

// What a thread fetches of COUNT windows.
template <int COUNT>
struct Seen {
    static constexpr int SLOTS = parts(COUNT, LINES);
    const uint2* image[SLOTS];
    i32 top[SLOTS], left[SLOTS];
    i32 height, width;
    Place place;

    __device__ Seen(const u32* maps, i32 first, i32 count, const Windows& of)
        : height(of.height), width(of.width), place(of, pair_of_thread()) {
        for (int slot = 0; slot < SLOTS; ++slot) {
            const int line = line_of_slot(slot);
            const Corner corner(of, first + line, line < COUNT && line < count - first);
            image[slot] = (const uint2*)maps + (size_t)corner.image * height * width * place.pairs;
            top[slot] = corner.top;
            left[slot] = corner.left;
        }
    }

    __device__ void fetch(uint2 (&found)[SLOTS]) {
        for (int slot = 0; slot < SLOTS; ++slot) {
            const i32 row = top[slot] + place.y, column = left[slot] + place.x;
            const bool inside = place.inside() && (u32)row < (u32)height && (u32)column < (u32)width;
            const size_t at = ((size_t)row * width + column) * place.pairs + place.pair;
            found[slot] = inside ? __ldg(image[slot] + at) : NO_BITS;
        }
        place.advance(PAIRS);
    }
};

__device__ inline void product(Stage (&stages)[2], const u32* maps, const u32* w, i32 rows, i32 columns,
                               const Windows& of, Sums& sums, i32 terms) {
    const i32 words = of.kernel * of.kernel * of.words;
    const ByRegisters<Seen<BM>, Rows<BN>> traffic(Seen<BM>(maps, blockIdx.x * BM, rows, of),
                                                  Rows<BN>(w, blockIdx.y * BN, columns, words));
    agree(stages, traffic, words, terms, sums);
}

extern "C" __global__ void __launch_bounds__(THREADS, 2)
conv_sums(const u32* __restrict__ maps, const u32* __restrict__ w, i32* __restrict__ out, i32 rows, i32 columns,
          i32 terms, i32 height, i32 width, i32 words, i32 kernel, i32 stride, i32 padding, i32 down, i32 across) {
    __shared__ Stage stages[2];
    Sums sums;
    product(stages, maps, w, rows, columns, {height, width, words, kernel, stride, padding, down, across}, sums, terms);
    store_sums(sums, out, rows, columns);
}

extern "C" __global__ void __launch_bounds__(THREADS, 2)
conv_bits(const u32* __restrict__ maps, const u32* __restrict__ w, const i32* __restrict__ bounds,
          const u32* __restrict__ falling, u32* __restrict__ out, i32 rows, i32 columns, i32 terms, i32 height,
          i32 width, i32 words, i32 kernel, i32 stride, i32 padding, i32 down, i32 across) {
    __shared__ Stage stages[2];
    Sums sums;
    product(stages, maps, w, rows, columns, {height, width, words, kernel, stride, padding, down, across}, sums, terms);
    store_bits(sums, bounds, falling, out, rows, columns);
}

extern "C" __global__ void __launch_bounds__(THREADS, 2)
conv_value(const u32* __restrict__ maps, const u32* __restrict__ w, const f32* __restrict__ scale, const f32* __restrict__ shift,
           const f32* before, f32* value, u32* __restrict__ out, i32 rows, i32 columns, i32 terms, i32 height,
           i32 width, i32 words, i32 kernel, i32 stride, i32 padding, i32 down, i32 across, i32 added) {
    __shared__ Stage stages[2];
    Sums sums;
    product(stages, maps, w, rows, columns, {height, width, words, kernel, stride, padding, down, across}, sums, terms);
    store_value(sums, scale, shift, before, value, out, rows, columns, added);
}

// Rows of pixels for the first layer. A tile that includes this has steps of PAIRS times eight bytes, which threads fetch
// of every LINES-th row.
#pragma once
#include "common.cuh"

constexpr int BYTES = 8;  // pixels that a thread fetches of a row at once

__device__ inline void set_byte(uint2& pixels, int index, u32 pixel) {
    (index < 4 ? pixels.x : pixels.y) |= pixel << 8 * (index % 4);
}

// Rows of `terms` pixels, one after the other: eight at once where all rows begin at multiples of eight.
template <int COUNT>
struct PixelRows {
    static constexpr int SLOTS = parts(COUNT, LINES);
    const u8* at[SLOTS];
    bool inside[SLOTS], aligned;
    i32 pixel, terms;

    __device__ PixelRows(const u8* pixels, i32 first, i32 count, i32 row_terms) {
        terms = row_terms;
        pixel = BYTES * pair_of_thread();
        aligned = ((size_t)pixels | terms) % BYTES == 0;
        for (int slot = 0; slot < SLOTS; ++slot) {
            const int line = line_of_thread() + slot * LINES;
            inside[slot] = line < COUNT && line < count - first;
            at[slot] = pixels + (size_t)(first + line) * terms;
        }
    }

    __device__ void fetch(uint2 (&found)[SLOTS]) {
        for (int slot = 0; slot < SLOTS; ++slot) {
            found[slot] = NO_BITS;
            if (!inside[slot]) continue;
            if (aligned) {
                if (pixel < terms) found[slot] = __ldg((const uint2*)(at[slot] + pixel));
                continue;
            }
            for (int index = 0; index < BYTES; ++index)
                if (pixel + index < terms) set_byte(found[slot], index, __ldg(at[slot] + pixel + index));
        }
        pixel += BYTES * PAIRS;
    }
};

// Max-pooling: of the sums, or of the signs that a threshold made of them. The largest sum of a window is above a
// bound where one of them is, so with `falling` taken off, signs are pooled by OR, 64 channels at once.
#include "common.cuh"

struct Pooled {
    size_t first;  // of the window, in values of `depth` to a position
    bool inside;

    // 32 bits count the values, as launches see to: a division of 64 bits is a call, of a hundred instructions.
    __device__ Pooled(u32 at, i32 positions, i32 depth, i32 height, i32 width, i32 stride, i32 down, i32 across) {
        const u32 position = at / (u32)depth, line = position / (u32)across;
        const i32 column = position % (u32)across, row = line % (u32)down;
        const size_t image = line / (u32)down;
        first = ((image * height + row * stride) * width + column * stride) * depth + at % (u32)depth;
        inside = position < (u32)positions;
    }
};

__device__ inline u32 thread_of_grid() { return blockIdx.x * blockDim.x + threadIdx.x; }

extern "C" __global__ void pool_bits(const u64* __restrict__ maps, const u64* __restrict__ falling,
                                     u64* __restrict__ out, i32 positions, i32 height, i32 width, i32 words, i32 size,
                                     i32 stride, i32 down, i32 across) {
    const u32 at = thread_of_grid();
    const Pooled window(at, positions, words, height, width, stride, down, across);
    if (!window.inside) return;
    const u64 turned = falling[at % words];
    u64 reached = 0;
    for (i32 y = 0; y < size; ++y)
        for (i32 x = 0; x < size; ++x) reached |= maps[window.first + ((size_t)y * width + x) * words] ^ turned;
    out[at] = reached ^ turned;
}

extern "C" __global__ void pool_sums(const i32* __restrict__ maps, i32* __restrict__ out, i32 positions, i32 height,
                                     i32 width, i32 channels, i32 size, i32 stride, i32 down, i32 across) {
    const u32 at = thread_of_grid();
    const Pooled window(at, positions, channels, height, width, stride, down, across);
    if (!window.inside) return;
    i32 largest = maps[window.first];
    for (i32 y = 0; y < size; ++y)
        for (i32 x = 0; x < size; ++x)
            largest = max(largest, maps[window.first + ((size_t)y * width + x) * channels]);
    out[at] = largest;
}

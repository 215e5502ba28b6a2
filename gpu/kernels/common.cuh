// What every kernel stands on: the types of arguments, the size of a warp, where a thread is.
#pragma once

typedef unsigned char u8;
typedef int i32;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef float f32;

constexpr int WARP = 32;
constexpr int PLANES = 8;  // bits of a pixel
constexpr u32 EVERY_LANE = 0xFFFFFFFFu;

__device__ inline int lane_of_thread() { return threadIdx.x % WARP; }
__device__ inline int warp_of_thread() { return threadIdx.x / WARP; }

__device__ constexpr int parts(int whole, int part) { return (whole + part - 1) / part; }

// Rows are 64-bit words, read here as pairs of 32-bit ones: what lies beyond an operand counts as no bit at all.
constexpr uint2 NO_BITS = {0u, 0u};

// Four bits to four bytes: each bit goes to the lowest place of its own byte, then 1 to 1 and 0 to -1.
__device__ inline u32 signs_of(u32 nibble) {
    const u32 spread = nibble * 0x00204081u & 0x01010101u;
    return ~(spread * 0xFEu);
}

// Windows over maps of signs [images, height, width, words]: a row of a product for every position, one after the other
// along the rows of all maps, `kernel` by `kernel` positions of the map each. Beyond the edge lies -1, which is bits 0.
#pragma once
#include "common.cuh"

struct Windows {
    i32 height, width, words, kernel, stride, padding, down, across;
};

// The map that a window looks at, and where its first position is in it; NOWHERE for a window that there is none of.
struct Corner {
    static constexpr i32 NOWHERE = -(1 << 30);
    i32 image, top, left;

    __device__ Corner(const Windows& of, i32 position, bool inside) {
        const i32 known = inside ? position : 0, in_image = known % (of.down * of.across);
        image = known / (of.down * of.across);
        top = inside ? in_image / of.across * of.stride - of.padding : NOWHERE;
        left = in_image % of.across * of.stride - of.padding;
    }
};

// Where a thread is in its windows, with the 64-bit words that it fetches of each: they go from position to position.
struct Place {
    i32 kernel, pairs, y = 0, x = 0, pair;

    __device__ Place(const Windows& of, i32 pair) : kernel(of.kernel), pairs(of.words / 2), pair(pair) { turn(); }

    __device__ bool inside() const { return y < kernel; }

    __device__ void advance(i32 by) {
        pair += by;
        turn();
    }

  private:
    // From beyond the words of one position on to the next position of the window.
    __device__ void turn() {
        while (pair >= pairs) {
            pair -= pairs;
            if (++x == kernel) {
                x = 0;
                ++y;
            }
        }
    }
};

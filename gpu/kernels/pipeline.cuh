// The steps of a product, one after another: while one is computed the next are on their way to shared memory.
#pragma once
#include "ptx.cuh"

// HELD steps have room in shared memory. `traffic` brings them: begin(stage, step) asks for one, and finish(stage)
// puts it where it belongs after the step before it has been computed. With COPIES beside the registers, HELD - 1 steps
// are on their way and finish has nothing to do; else what was asked for waits in registers, one step of it.
// One barrier a step: after it all threads see the step, and nobody reads any more where the next one goes.
template <bool COPIES, int HELD, class Stage, class Traffic, class Compute>
__device__ inline void pipeline(Stage (&stages)[HELD], Traffic& traffic, int steps, Compute compute) {
    constexpr int AHEAD = HELD - 1;
    static_assert(COPIES || AHEAD == 1, "registers hold one step");
#pragma unroll
    for (int step = 0; step < AHEAD; ++step) {
        if (step < steps) {
            traffic.begin(stages[step], step);
            traffic.finish(stages[step]);
        }
        if constexpr (COPIES) commit_copies();
    }
#pragma unroll 1
    for (int step = 0; step < steps; ++step) {
        if constexpr (COPIES) wait_copies<AHEAD - 1>();
        __syncthreads();
        const bool more = step + AHEAD < steps;
        if (more) traffic.begin(stages[(step + AHEAD) % HELD], step + AHEAD);
        if constexpr (COPIES) commit_copies();  // even of nothing: groups are counted
        compute(stages[step % HELD], step);
        if (more) traffic.finish(stages[(step + AHEAD) % HELD]);
    }
}

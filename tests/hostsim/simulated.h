// What CUDA C++ is to a host compiler: included before a kernel's source. Fibers and barriers are in runtime.cpp.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FLIPSCOPE_HOST 1
#define __global__
#define __device__
#define __launch_bounds__(...)
#define __shared__ static __attribute__((section("block_memory")))

struct alignas(8) uint2 {
    unsigned x, y;
};
struct alignas(16) uint4 {
    unsigned x, y, z, w;
};
struct uint3 {
    unsigned x, y, z;
};

extern uint3 threadIdx, blockIdx, blockDim, gridDim;

// Every lane of `mask` gives `size` bytes and gets those of all of them, 32 x size; bytes of other lanes are 0xA5.
void simulated_exchange(unsigned mask, const char* what, int line, const void* mine, void* all, int size);
void simulated_barrier(int line);
[[noreturn]] void simulated_fault(const char* what, int line);
// Copies that are seen only once they are waited for, as late as can be.
void simulated_copy(void* to, const void* from, int size, int taken);
void simulated_commit();
void simulated_wait(int groups_left);
extern unsigned char* simulated_dynamic_memory;

#define __syncthreads() simulated_barrier(__LINE__)
#define __syncwarp(...) simulated_exchange(~0u __VA_OPT__(&) __VA_ARGS__, "syncwarp", __LINE__, nullptr, nullptr, 0)
#define __ballot_sync(mask, positive) simulated_ballot(mask, positive, __LINE__)
#define __shfl_xor_sync(mask, value, lanes) simulated_shuffle(mask, value, (threadIdx.x % 32) ^ (lanes), __LINE__)
#define __shfl_sync(mask, value, lane) simulated_shuffle(mask, value, (lane) % 32, __LINE__)
#define __shfl_down_sync(mask, value, lanes)                                                             \
    simulated_shuffle(mask, value, threadIdx.x % 32 + (lanes) < 32 ? threadIdx.x % 32 + (lanes) : threadIdx.x % 32, \
                      __LINE__)

inline unsigned simulated_ballot(unsigned mask, bool positive, int line) {
    unsigned char mine = positive, all[32];
    simulated_exchange(mask, "ballot", line, &mine, all, 1);
    unsigned word = 0;
    for (int lane = 0; lane < 32; ++lane)
        if (mask >> lane & 1) word |= unsigned(all[lane]) << lane;
    return word;
}

template <class Value>
Value simulated_shuffle(unsigned mask, Value value, unsigned from, int line) {
    Value all[32];
    simulated_exchange(mask, "shuffle", line, &value, all, sizeof(Value));
    if (!(mask >> from & 1)) simulated_fault("a shuffle from a lane that takes no part", line);
    return all[from];
}

template <class Value>
Value __ldg(const Value* at) {
    return *at;
}
template <class Value>
Value atomicAdd(Value* at, Value more) {
    const Value before = *at;
    *at = before + more;
    return before;
}
template <class Value>
Value min(Value a, Value b) {
    return b < a ? b : a;
}
template <class Value>
Value max(Value a, Value b) {
    return a < b ? b : a;
}
inline int __popc(unsigned word) { return __builtin_popcount(word); }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fmaf_rn(float a, float b, float sum) { return __builtin_fmaf(a, b, sum); }
inline float __int2float_rn(int value) { return (float)value; }

// A kernel as cuLaunchKernel sees it: its arguments are where void** points.
template <size_t...>
struct Places {};
template <size_t count, size_t... rest>
struct PlacesUpTo : PlacesUpTo<count - 1, count - 1, rest...> {};
template <size_t... rest>
struct PlacesUpTo<0, rest...> {
    typedef Places<rest...> type;
};
template <class... Arguments, size_t... at>
void simulated_call(void (*kernel)(Arguments...), void** arguments, Places<at...>) {
    kernel(*(Arguments*)arguments[at]...);
}
template <class... Arguments>
void simulated_call(void (*kernel)(Arguments...), void** arguments) {
    simulated_call(kernel, arguments, typename PlacesUpTo<sizeof...(Arguments)>::type());
}

struct SimulatedKernel {
    const char* name;
    void (*call)(void**);
};
#define SIMULATED_KERNEL(kernel) {#kernel, [](void** arguments) { simulated_call(kernel, arguments); }}
extern const SimulatedKernel simulated_kernels[];

// Runs the kernels of one shared object on the CPU: a fiber a thread, blocks one after another.
//
// A fiber runs until it waits for others, at a barrier or in a collective of its warp, or ends. Who goes on then is
// what the order says: always the first that can, always the last, or any. So one thread may be as far ahead of the
// rest as the kernel allows, and what a missing barrier would let happen, happens.
#include "simulated.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <ucontext.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

uint3 threadIdx, blockIdx, blockDim, gridDim;
unsigned char* simulated_dynamic_memory;

extern unsigned char __start_block_memory[] __attribute__((weak, visibility("hidden")));
extern unsigned char __stop_block_memory[] __attribute__((weak, visibility("hidden")));

namespace {

constexpr int WARP = 32, MOST_THREADS = 1024, STACK = 1 << 18, MOST_DYNAMIC = 48 << 10, MOST_COPIES = 256;
constexpr unsigned char POISON = 0xA5;

enum State { READY, AT_BARRIER, IN_WARP, ENDED };

struct Copy {
    void* to;
    const void* from;
    int size, taken, group;
};

struct Fiber {
    jmp_buf at;
    State state;
    int line;  // where it waits
    unsigned mask;
    const char* what;
    const void* mine;
    void* all;
    int size;
    Copy copies[MOST_COPIES];
    int copy_count, group, landed;
    void* fake_stack;
};

Fiber fibers[MOST_THREADS];
unsigned char* stacks;
unsigned char dynamic_memory[MOST_DYNAMIC + 64];
int threads, current, ended, waiting;  // waiting: at the barrier
jmp_buf scheduler;
void* scheduler_stack;
const void* scheduler_bottom;
size_t scheduler_size;
bool failed;
char* message;
int message_size;
void (*kernel)(void**);
void** arguments;
int order;
uint64_t state;
uint64_t ready[MOST_THREADS / 64];

unsigned random_below(unsigned bound) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)((state >> 32) * bound >> 32);
}

void fail(const char* format, ...) {
    if (failed) return;
    failed = true;
    va_list values;
    va_start(values, format);
    int used = snprintf(message, message_size, "block %u,%u,%u: ", blockIdx.x, blockIdx.y, blockIdx.z);
    vsnprintf(message + used, message_size - used, format, values);
    va_end(values);
}

void set_ready(int thread) {
    fibers[thread].state = READY;
    ready[thread / 64] |= 1ull << thread % 64;
}

int first_ready(int from, int to) {
    for (int at = from; at < to;) {
        const uint64_t rest = ready[at / 64] >> at % 64;
        if (rest) {
            const int found = at + __builtin_ctzll(rest);
            return found < to ? found : -1;
        }
        at = (at / 64 + 1) * 64;
    }
    return -1;
}

int last_ready() {
    for (int word = MOST_THREADS / 64 - 1; word >= 0; --word)
        if (ready[word]) return word * 64 + 63 - __builtin_clzll(ready[word]);
    return -1;
}

int next_thread() {
    if (order == 0) return first_ready(0, threads);
    if (order == 1) return last_ready();
    const int from = (int)random_below(threads), found = first_ready(from, threads);
    return found >= 0 ? found : first_ready(0, from);
}

void begin_switch(void** save, const void* bottom, size_t size) {
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(save, bottom, size);
#endif
}

void end_switch(void* saved, const void** bottom, size_t* size) {
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(saved, bottom, size);
#endif
}

// From a fiber to the scheduler, until it is ready again.
void give_way() {
    Fiber& self = fibers[current];
    if (_setjmp(self.at) == 0) {
        begin_switch(&self.fake_stack, scheduler_bottom, scheduler_size);
        _longjmp(scheduler, 1);
    }
    end_switch(fibers[current].fake_stack, &scheduler_bottom, &scheduler_size);
}

// A fiber's whole life: the kernel once for every block.
void life() {
    end_switch(fibers[current].fake_stack, &scheduler_bottom, &scheduler_size);
    for (;;) {
        kernel(arguments);
        fibers[current].state = ENDED;
        ++ended;
        give_way();
    }
}

void resume(int thread) {
    current = thread;
    ready[thread / 64] &= ~(1ull << thread % 64);
    threadIdx = {thread % blockDim.x, thread / blockDim.x % blockDim.y, thread / blockDim.x / blockDim.y};
    if (_setjmp(scheduler) == 0) {
        begin_switch(&scheduler_stack, stacks + (size_t)thread * STACK, STACK);
        _longjmp(fibers[thread].at, 1);
    }
    end_switch(scheduler_stack, nullptr, nullptr);
}

ucontext_t origin, born;

void begin_life() {
    end_switch(nullptr, &scheduler_bottom, &scheduler_size);
    // leave at once, so that everything later goes by longjmp, which needs no system call
    if (_setjmp(fibers[current].at) == 0) {
        begin_switch(&fibers[current].fake_stack, scheduler_bottom, scheduler_size);
        setcontext(&origin);
    }
    life();
}

void make_fibers() {
    if (!stacks)
        stacks = (unsigned char*)mmap(nullptr, (size_t)MOST_THREADS * STACK, PROT_READ | PROT_WRITE,
                                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    for (current = 0; current < threads; ++current) {
        getcontext(&born);
        born.uc_stack.ss_sp = stacks + (size_t)current * STACK;
        born.uc_stack.ss_size = STACK;
        makecontext(&born, begin_life, 0);
        begin_switch(&scheduler_stack, born.uc_stack.ss_sp, STACK);
        swapcontext(&origin, &born);
        end_switch(scheduler_stack, nullptr, nullptr);
    }
}

void release_barrier() {
    for (int thread = 1; thread < threads; ++thread)
        if (fibers[thread].line != fibers[0].line)
            return fail("threads 0 and %d wait at different barriers, lines %d and %d", thread, fibers[0].line,
                        fibers[thread].line);
    waiting = 0;
    for (int thread = 0; thread < threads; ++thread) set_ready(thread);
}

// Once all lanes of a collective are there, each gets what all of them gave.
void complete(int thread) {
    const Fiber& self = fibers[thread];
    const int first = thread / WARP * WARP;
    for (int lane = 0; lane < WARP; ++lane) {
        if (!(self.mask >> lane & 1)) continue;
        if (first + lane >= threads) return fail("line %d: lane %d of the mask is no thread", self.line, lane);
        const Fiber& other = fibers[first + lane];
        if (other.state != IN_WARP || other.mask != self.mask || other.line != self.line) return;
    }
    for (int lane = 0; lane < WARP; ++lane) {
        if (!(self.mask >> lane & 1)) continue;
        Fiber& to = fibers[first + lane];
        if (self.size) memset(to.all, POISON, (size_t)WARP * self.size);
        for (int from = 0; from < WARP && self.size; ++from)
            if (self.mask >> from & 1)
                memcpy((char*)to.all + from * self.size, fibers[first + from].mine, self.size);
    }
    for (int lane = 0; lane < WARP; ++lane)
        if (self.mask >> lane & 1) set_ready(first + lane);
}

// Nobody can go on, and not everybody has ended: what do they wait for?
void explain() {
    int asleep = 0;
    while (fibers[asleep].state == ENDED) ++asleep;
    const Fiber& fiber = fibers[asleep];
    if (fiber.state == AT_BARRIER)
        fail("thread %d waits at the barrier of line %d; %d of %d threads are there, %d have ended", asleep,
             fiber.line, waiting, threads, ended);
    else
        fail("thread %d waits in the %s of line %d for lanes %08x, which do not all come", asleep, fiber.what,
             fiber.line, fiber.mask);
}

void run_block() {
    if (const size_t size = &*__stop_block_memory - &*__start_block_memory) memset(__start_block_memory, POISON, size);
    memset(dynamic_memory, POISON, sizeof dynamic_memory);
    ended = waiting = 0;
    for (int thread = 0; thread < threads; ++thread) {
        fibers[thread].copy_count = fibers[thread].group = 0;
        set_ready(thread);
    }
    while (ended < threads && !failed) {
        const int thread = next_thread();
        if (thread < 0) return explain();
        resume(thread);
        if (failed) return;
        if (fibers[thread].state == IN_WARP) complete(thread);
        if (waiting == threads) release_barrier();
    }
}

void check_dynamic(int size) {
    for (size_t at = size; at < sizeof dynamic_memory; ++at)
        if (dynamic_memory[at] != POISON) return fail("written beyond %d bytes of dynamic shared memory", size);
}

uint3 block_at(uint64_t index) {
    return {(unsigned)(index % gridDim.x), (unsigned)(index / gridDim.x % gridDim.y),
            (unsigned)(index / gridDim.x / gridDim.y)};
}

}  // namespace

void simulated_fault(const char* what, int line) {
    fail("thread %d, line %d: %s", current, line, what);
    begin_switch(nullptr, scheduler_bottom, scheduler_size);
    _longjmp(scheduler, 1);
}

void simulated_barrier(int line) {
    Fiber& self = fibers[current];
    self.state = AT_BARRIER;
    self.line = line;
    ++waiting;
    give_way();
}

void simulated_exchange(unsigned mask, const char* what, int line, const void* mine, void* all, int size) {
    Fiber& self = fibers[current];
    if (!(mask >> current % WARP & 1)) simulated_fault("a collective by a lane that its mask leaves out", line);
    self.state = IN_WARP;
    self.mask = mask;
    self.what = what;
    self.line = line;
    self.mine = mine;
    self.all = all;
    self.size = size;
    give_way();
}

void simulated_copy(void* to, const void* from, int size, int taken) {
    Fiber& self = fibers[current];
    if (self.copy_count == MOST_COPIES) simulated_fault("more copies on their way than are simulated", 0);
    if (((uintptr_t)to | (uintptr_t)from) % size) simulated_fault("a copy that is not aligned", 0);
    self.copies[self.copy_count++] = {to, from, size, taken, self.group};
}

void simulated_commit() { ++fibers[current].group; }

void simulated_wait(int groups_left) {
    Fiber& self = fibers[current];
    int left = 0;
    for (int index = 0; index < self.copy_count; ++index) {
        const Copy copy = self.copies[index];
        if (copy.group >= self.group - groups_left) {
            self.copies[left++] = copy;
            continue;
        }
        memset(copy.to, 0, copy.size);
        memcpy(copy.to, copy.from, copy.taken);
    }
    self.copy_count = left;
}

// 0 where the launch went well; else why not is in `into`. order: 0 forward, 1 backward, else random by that seed.
extern "C" int simulate(const char* name, const unsigned* grid, const unsigned* block, int shared_bytes, void** values,
                        uint64_t how, char* into, int size) {
    failed = false;
    message = into;
    message_size = size;
    order = how < 2 ? (int)how : 2;
    state = how * 0x9E3779B97F4A7C15ull + 1;
    gridDim = {grid[0], grid[1], grid[2]};
    blockDim = {block[0], block[1], block[2]};
    threads = (int)(block[0] * block[1] * block[2]);
    arguments = values;
    simulated_dynamic_memory = dynamic_memory + 15 - ((uintptr_t)dynamic_memory + 15) % 16;
    kernel = nullptr;
    for (const SimulatedKernel* entry = simulated_kernels; entry->name; ++entry)
        if (!strcmp(entry->name, name)) kernel = entry->call;
    if (!kernel || threads > MOST_THREADS || shared_bytes > MOST_DYNAMIC) {
        fail("no kernel '%s' of %d threads and %d bytes", name, threads, shared_bytes);
        return 1;
    }
    make_fibers();
    const uint64_t blocks = (uint64_t)grid[0] * grid[1] * grid[2];
    const uint64_t turn = order == 2 ? random_below((unsigned)blocks) : 0;
    for (uint64_t index = 0; index < blocks && !failed; ++index) {
        blockIdx = block_at(order == 1 ? blocks - 1 - index : (index + turn) % blocks);
        run_block();
        if (!failed) check_dynamic(shared_bytes);
    }
    memset(ready, 0, sizeof ready);
    return failed;
}

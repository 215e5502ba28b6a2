// Counting set bits with fewer population counts: a full adder of whole words makes one word to count out of two.
//
// A multiprocessor counts bits 16 lanes a cycle and does logic 64 lanes a cycle (on every architecture from Turing
// to Ada and Hopper), so a plain count, one popcount a word, leaves three quarters of its logic idle. A full adder
// of bit columns turns three words into two, their sums and their carries: with a word kept from before as the third,
// two words become one to count, of weight 2. Its textbook form takes four logic instructions for two words: two
// exclusive ors of the operands, the sum, the majority. Here they are three, since an instruction takes three inputs:
// the parity so far takes the operands of a word in at once, and the carry is seen in three parities that follow each
// other, p before, q between, r after:  majority(p, p^q, q^r).
//
// That is 1.5 logic instructions and 0.5 popcounts for a word, with the popcounts as the limit. A second level, a
// full adder of the carries, spares a quarter of a popcount for half an instruction of logic. Every fourth row of the
// tile has it: 1.625 and 0.4375, where both pipes are about as busy. The additions go to the third pipe, that of
// multiplications: counted with their weights 2 and 4 they are multiply-adds.
#pragma once
#include "ptx.cuh"

struct CarrySave {
    u32 parity = 0, twos = 0, counted = 0;
    bool deep = false;  // the second level; known to the compiler, which leaves out what is not used

    __device__ void add(const uint4& a, const uint4& w) {
        const u32 first = carry(a.x, w.x, a.y, w.y), second = carry(a.z, w.z, a.w, w.w);
        if (deep) {
            counted += 4 * __popc(logic<MAJORITY>(twos, first, second));
            twos = logic<PARITY>(twos, first, second);
        } else {
            counted += 2 * __popc(first);
            counted += 2 * __popc(second);
        }
    }

    __device__ u32 total() const { return counted + 2 * __popc(twos) + __popc(parity); }

  private:
    static constexpr int P = 0xF0, Q = 0xCC, R = 0xAA;  // tables of a logic instruction's three inputs
    static constexpr int PARITY = P ^ Q ^ R, MAJORITY = (P & Q) | (P & R) | (Q & R);
    static constexpr int CARRY = (P & (P ^ Q)) | (P & (Q ^ R)) | ((P ^ Q) & (Q ^ R));

    __device__ u32 carry(u32 a0, u32 w0, u32 a1, u32 w1) {
        const u32 before = parity, between = logic<PARITY>(before, a0, w0);
        parity = logic<PARITY>(between, a1, w1);
        return logic<CARRY>(before, between, parity);
    }
};

/* Searching in arrays of 64-bit words, bit 0 of word 0 first. Knows nothing of what the bits mean. */
#ifndef SCHOONER_HEAP_BITS_H
#define SCHOONER_HEAP_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool bits_test(const uint64_t *words, size_t bit)
{
    return words[bit >> 6] >> (bit & 63) & 1;
}

static inline void bits_set(uint64_t *words, size_t bit)
{
    words[bit >> 6] |= (uint64_t)1 << (bit & 63);
}

static inline void bits_clear(uint64_t *words, size_t bit)
{
    words[bit >> 6] &= ~((uint64_t)1 << (bit & 63));
}

/* The bits [from, to) that lie in word `word`. */
static inline uint64_t bits_mask(size_t word, size_t from, size_t to)
{
    size_t low = word * 64;
    if (to <= low || from >= low + 64 || from >= to)
        return 0;
    uint64_t mask = UINT64_MAX;
    if (from > low)
        mask &= UINT64_MAX << (from - low);
    if (to < low + 64)
        mask &= UINT64_MAX >> (low + 64 - to);
    return mask;
}

static inline void bits_set_range(uint64_t *words, size_t from, size_t to)
{
    for (size_t word = from >> 6; word * 64 < to; word++)
        words[word] |= bits_mask(word, from, to);
}

static inline void bits_clear_range(uint64_t *words, size_t from, size_t to)
{
    for (size_t word = from >> 6; word * 64 < to; word++)
        words[word] &= ~bits_mask(word, from, to);
}

/* The first bit in [from, to) that is set once the words are flipped by `flip`; `to` when there is none. */
static inline size_t bits_find(const uint64_t *words, size_t from, size_t to, uint64_t flip)
{
    for (size_t word = from >> 6; word * 64 < to; word++) {
        uint64_t found = (words[word] ^ flip) & bits_mask(word, from, to);
        if (found)
            return word * 64 + (size_t)__builtin_ctzll(found);
    }
    return to;
}

static inline size_t bits_find_set(const uint64_t *words, size_t from, size_t to)
{
    return bits_find(words, from, to, 0);
}

static inline size_t bits_find_clear(const uint64_t *words, size_t from, size_t to)
{
    return bits_find(words, from, to, UINT64_MAX);
}

#endif

/* Hashing of bytes: SipHash-1-3 (Aumasson, Bernstein) where a stranger chooses the keys, FNV-1a where none does. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t hash_sip13(uint64_t key0, uint64_t key1, const void *bytes, size_t length);

#define HASH_FNV1A UINT64_C(0xcbf29ce484222325) /* of no bytes */

/* The hash of what `hash` was for and of the bytes behind it. */
static inline uint64_t hash_fnv1a_more(uint64_t hash, const void *bytes, size_t length)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ p[i]) * 0x100000001b3u;
    return hash;
}

static inline uint64_t hash_fnv1a(const void *bytes, size_t length)
{
    return hash_fnv1a_more(HASH_FNV1A, bytes, length);
}

/* A bijective mixer of one word (the finalizer of SplitMix64). */
static inline uint64_t hash_mix(uint64_t word)
{
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9u;
    word = (word ^ (word >> 27)) * 0x94d049bb133111ebu;
    return word ^ (word >> 31);
}

#endif

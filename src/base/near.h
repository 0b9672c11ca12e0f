/* How far two words are apart, for "did you mean". Knows nothing of where the words come from. */
#ifndef BASE_NEAR_H
#define BASE_NEAR_H

#include <stddef.h>

enum { NEAR_BYTES = 64 };

/* How many letters: left out, put in, changed, or two neighbours exchanged. Of words of at most NEAR_BYTES. */
unsigned near_distance(const char *a, size_t a_length, const char *b, size_t b_length);
/* From this distance on a word is not what was meant. 0: it is too short or too long for a guess. */
unsigned near_bound(size_t length);

/* The search for the word that was meant: the nearest, the first of several. */
struct near {
    const char *wanted;
    size_t length;     /* of `wanted` */
    const char *found; /* NULL: none is near */
    unsigned distance; /* what is found must be below */
};

/* `wanted` must live as long as the search. */
struct near near_begin(const char *wanted, size_t length);
void near_consider(struct near *near, const char *word);
/* For options: where nothing is near, one that begins with the other is meant: --time, --timeout. */
void near_consider_option(struct near *near, const char *word);

#endif

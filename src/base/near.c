#include "base/near.h"

#include <stdbool.h>
#include <string.h>

unsigned near_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned char rows[3][NEAR_BYTES + 1];
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = (unsigned char)j;
    for (size_t i = 1; i <= a_length; i++) {
        unsigned char *now = rows[i % 3], *before = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3];
        now[0] = (unsigned char)i;
        for (size_t j = 1; j <= b_length; j++) {
            bool same = a[i - 1] == b[j - 1];
            unsigned best = before[j - 1] + !same;
            best = before[j] + 1u < best ? before[j] + 1u : best;
            best = now[j - 1] + 1u < best ? now[j - 1] + 1u : best;
            bool exchanged = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (exchanged && earlier[j - 2] + 1u < best)
                best = earlier[j - 2] + 1u;
            now[j] = (unsigned char)best;
        }
    }
    return rows[a_length % 3][b_length];
}

unsigned near_bound(size_t length)
{
    return length < 3 || length > NEAR_BYTES ? 0 : length < 6 ? 2 : 3;
}

struct near near_begin(const char *wanted, size_t length)
{
    return (struct near){ .wanted = wanted, .length = length, .distance = near_bound(length) };
}

void near_consider(struct near *near, const char *word)
{
    size_t a = near->length, b = strlen(word);
    if (near->distance == 0 || b > NEAR_BYTES || (a > b ? a - b : b - a) >= near->distance)
        return;
    unsigned apart = near_distance(near->wanted, a, word, b);
    if (apart < near->distance) {
        near->distance = apart;
        near->found = word;
    }
}

void near_consider_option(struct near *near, const char *word)
{
    enum { LEAST = 5 }; /* "--" and three letters */
    size_t length = strlen(word), shorter = near->length < length ? near->length : length;
    near_consider(near, word);
    if (!near->found && shorter >= LEAST && strncmp(near->wanted, word, shorter) == 0)
        near->found = word;
}

/* Properties and case of characters. Looks into the generated tables; knows of no Scheme object. */
#include "schooner/text/unicode.h"

#include "base/utf8.h"

/* The shape that generate_unicode.c writes. */
struct unicode_record {
    int32_t upper, lower, fold;
    uint16_t upper_full, lower_full, fold_full;
    uint8_t properties;
    int8_t digit;
};

#include "schooner/text/unicode_tables.h"

enum { UNICODE_BLOCK = 128, UNICODE_LIMIT = 0x110000, CAPITAL_SIGMA = 0x3a3, SMALL_SIGMA = 0x3c3, FINAL_SIGMA = 0x3c2 };

static const struct unicode_record *record_of(uint32_t character)
{
    if (character >= UNICODE_LIMIT)
        character = UNICODE_LIMIT - 1; /* never assigned */
    return &unicode_records[unicode_entries[unicode_blocks[character / UNICODE_BLOCK]][character % UNICODE_BLOCK]];
}

bool unicode_has(uint32_t character, unsigned properties)
{
    return (record_of(character)->properties & properties) != 0;
}

int unicode_digit(uint32_t character)
{
    return record_of(character)->digit;
}

uint32_t unicode_upcase(uint32_t character)
{
    return character + (uint32_t)record_of(character)->upper;
}

uint32_t unicode_downcase(uint32_t character)
{
    return character + (uint32_t)record_of(character)->lower;
}

uint32_t unicode_foldcase(uint32_t character)
{
    return character + (uint32_t)record_of(character)->fold;
}

static size_t map_full(uint32_t character, int32_t simple, uint16_t full, uint32_t ret[UNICODE_MAPPED_MAX])
{
    if (full == 0) {
        ret[0] = character + (uint32_t)simple;
        return 1;
    }
    size_t count = unicode_pool[full];
    for (size_t i = 0; i < count; i++)
        ret[i] = unicode_pool[full + 1 + i];
    return count;
}

size_t unicode_upcase_full(uint32_t character, uint32_t ret[UNICODE_MAPPED_MAX])
{
    const struct unicode_record *record = record_of(character);
    return map_full(character, record->upper, record->upper_full, ret);
}

size_t unicode_downcase_full(uint32_t character, uint32_t ret[UNICODE_MAPPED_MAX])
{
    const struct unicode_record *record = record_of(character);
    return map_full(character, record->lower, record->lower_full, ret);
}

size_t unicode_foldcase_full(uint32_t character, uint32_t ret[UNICODE_MAPPED_MAX])
{
    const struct unicode_record *record = record_of(character);
    return map_full(character, record->fold, record->fold_full, ret);
}

/* --- whole texts --- */

static size_t put(const uint32_t *characters, size_t count, char *out)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        length += utf8_encode(characters[i], (unsigned char *)out + length);
    return length;
}

static size_t map_text(const char *text, size_t length, char *out, size_t (*map)(uint32_t, uint32_t *))
{
    size_t written = 0;
    for (size_t at = 0; at < length;) {
        uint32_t character = 0, mapped[UNICODE_MAPPED_MAX];
        at += utf8_decode((const unsigned char *)text + at, length - at, &character);
        written += put(mapped, map(character, mapped), out + written);
    }
    return written;
}

size_t unicode_upcase_text(const char *text, size_t length, char *out)
{
    return map_text(text, length, out, unicode_upcase_full);
}

size_t unicode_fold_text(const char *text, size_t length, char *out)
{
    return map_text(text, length, out, unicode_foldcase_full);
}

/* The condition Final_Sigma looks forward over ignorable characters to the next one. Its answer holds for all sigmas up
 * to there, so it is kept: looking again for each one would take quadratic time. */
static bool is_final_sigma(struct unicode_downcase *state)
{
    if (!state->cased_before)
        return false;
    if (state->next < state->at) {
        state->next = state->at;
        state->next_is_cased = false;
        while (state->next < state->length) {
            uint32_t character = 0;
            size_t size =
                utf8_decode((const unsigned char *)state->text + state->next, state->length - state->next, &character);
            if (!unicode_has(character, UNICODE_CASE_IGNORABLE)) {
                state->next_is_cased = unicode_has(character, UNICODE_CASED);
                break;
            }
            state->next += size;
        }
    }
    return !state->next_is_cased;
}

size_t unicode_downcase_piece(struct unicode_downcase *state, size_t end, char *out)
{
    size_t written = 0;
    while (state->at < end) {
        uint32_t character = 0, mapped[UNICODE_MAPPED_MAX];
        state->at += utf8_decode((const unsigned char *)state->text + state->at, state->length - state->at, &character);
        size_t count = unicode_downcase_full(character, mapped);
        if (character == CAPITAL_SIGMA)
            mapped[0] = is_final_sigma(state) ? FINAL_SIGMA : SMALL_SIGMA;
        if (!unicode_has(character, UNICODE_CASE_IGNORABLE))
            state->cased_before = unicode_has(character, UNICODE_CASED);
        written += put(mapped, count, out + written);
    }
    return written;
}

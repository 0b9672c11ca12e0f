/*
 * Build-time program: makes schooner/unicode_tables.h from the files of the Unicode Character Database.
 *
 *     generate-unicode DIRECTORY OUTPUT
 *
 * Two stages: the high bits of a character select a block of 128 entries, the low bits an entry in it; an entry is the
 * number of a record, and equal records and equal blocks are kept once. Case is stored as a distance, so that a whole
 * alphabet shares one record. Mappings to several characters lie in a pool of their own.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "schooner/text/unicode.h"

enum { CHARACTERS = 0x110000, BLOCK = 128, BLOCKS = CHARACTERS / BLOCK, POOL_MAX = 4096, RECORDS_MAX = 4096 };

struct record {
    int32_t upper, lower, fold;                 /* distances */
    uint16_t upper_full, lower_full, fold_full; /* places in the pool; 0: as the simple mapping */
    uint8_t properties;
    int8_t digit;
};

static struct record characters[CHARACTERS];
static uint32_t pool[POOL_MAX] = { 0 };
static size_t pool_length = 1;
static struct record records[RECORDS_MAX];
static size_t record_count;
static uint16_t entries[CHARACTERS];
static uint16_t block_numbers[BLOCKS];
static uint16_t blocks[BLOCKS][BLOCK];
static size_t block_count;

static void fail(const char *what, const char *name)
{
    fprintf(stderr, "generate-unicode: %s: %s\n", what, name);
    exit(1);
}

static FILE *open_data(const char *directory, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "r");
    if (!file)
        fail("cannot open (package unicode-data)", path);
    return file;
}

/* Cuts a line at its comment and into fields at semicolons; blanks around them go. Gives their number. */
static size_t split(char *line, char *fields[], size_t most)
{
    size_t count = 0;
    line[strcspn(line, "#\n")] = '\0';
    for (char *at = line; count < most;) {
        char *end = strchr(at, ';');
        if (end)
            *end = '\0';
        at += strspn(at, " \t");
        size_t length = strlen(at);
        while (length > 0 && (at[length - 1] == ' ' || at[length - 1] == '\t'))
            at[--length] = '\0';
        fields[count++] = at;
        if (!end)
            break;
        at = end + 1;
    }
    return count;
}

static bool is_category_of_identifiers(const char *category)
{
    static const char *const allowed[] = { "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl",
                                           "No", "Pd", "Pc", "Po", "Sc", "Sm", "Sk", "So", "Co" };
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
        if (strcmp(category, allowed[i]) == 0)
            return true;
    }
    return false;
}

static int32_t distance(const char *field, uint32_t character)
{
    return *field ? (int32_t)strtoul(field, NULL, 16) - (int32_t)character : 0;
}

static void read_unicode_data(const char *directory)
{
    FILE *file = open_data(directory, "UnicodeData.txt");
    char line[4096];
    char *fields[16];
    uint32_t first = 0;
    while (fgets(line, sizeof line, file)) {
        if (split(line, fields, 16) < 15)
            continue;
        uint32_t character = (uint32_t)strtoul(fields[0], NULL, 16);
        if (strstr(fields[1], ", First>")) {
            first = character;
            continue;
        }
        if (!strstr(fields[1], ", Last>"))
            first = character;
        for (uint32_t c = first; c <= character; c++) {
            struct record *record = &characters[c];
            record->properties |= is_category_of_identifiers(fields[2]) ? UNICODE_IDENTIFIER : 0;
            if (strcmp(fields[2], "Nd") == 0) {
                record->properties |= UNICODE_DIGIT;
                record->digit = (int8_t)strtol(fields[6], NULL, 10);
            }
            record->upper = distance(fields[12], c);
            record->lower = distance(fields[13], c);
        }
    }
    fclose(file);
}

static void read_properties(const char *directory, const char *name)
{
    static const struct {
        const char *name;
        uint8_t property;
    } wanted[] = {
        { "Alphabetic", UNICODE_ALPHABETIC }, { "Uppercase", UNICODE_UPPERCASE },
        { "Lowercase", UNICODE_LOWERCASE },   { "White_Space", UNICODE_WHITESPACE },
        { "Cased", UNICODE_CASED },           { "Case_Ignorable", UNICODE_CASE_IGNORABLE },
    };
    FILE *file = open_data(directory, name);
    char line[4096];
    char *fields[4];
    while (fgets(line, sizeof line, file)) {
        if (split(line, fields, 4) < 2)
            continue;
        uint8_t property = 0;
        for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
            property |= strcmp(fields[1], wanted[i].name) == 0 ? wanted[i].property : 0;
        char *dots = strstr(fields[0], "..");
        uint32_t first = (uint32_t)strtoul(fields[0], NULL, 16);
        uint32_t last = dots ? (uint32_t)strtoul(dots + 2, NULL, 16) : first;
        for (uint32_t c = first; c <= last && c < CHARACTERS; c++)
            characters[c].properties |= property;
    }
    fclose(file);
}

/* A sequence of hexadecimal numbers into the pool, its length first; gives its place, 0 for a single character. */
static uint16_t add_sequence(const char *field)
{
    uint32_t sequence[UNICODE_MAPPED_MAX];
    size_t count = 0;
    for (char *at = (char *)field; *at;) {
        if (count == UNICODE_MAPPED_MAX)
            fail("a mapping is too long", field);
        sequence[count++] = (uint32_t)strtoul(at, &at, 16);
        at += strspn(at, " ");
    }
    if (count <= 1)
        return 0;
    if (pool_length + count + 1 > POOL_MAX)
        fail("the pool is too small", field);
    size_t place = pool_length;
    pool[pool_length++] = (uint32_t)count;
    memcpy(&pool[pool_length], sequence, count * sizeof *sequence);
    pool_length += count;
    return (uint16_t)place;
}

static void read_special_casing(const char *directory)
{
    FILE *file = open_data(directory, "SpecialCasing.txt");
    char line[4096];
    char *fields[8];
    while (fgets(line, sizeof line, file)) {
        size_t count = split(line, fields, 8);
        if (count < 5 || (count > 5 && *fields[4]))
            continue; /* conditions: languages, and the final sigma, which the code knows */
        struct record *record = &characters[strtoul(fields[0], NULL, 16)];
        record->lower_full = add_sequence(fields[1]);
        record->upper_full = add_sequence(fields[3]);
    }
    fclose(file);
}

static void read_case_folding(const char *directory)
{
    FILE *file = open_data(directory, "CaseFolding.txt");
    char line[4096];
    char *fields[4];
    while (fgets(line, sizeof line, file)) {
        if (split(line, fields, 4) < 3)
            continue;
        uint32_t character = (uint32_t)strtoul(fields[0], NULL, 16);
        if (*fields[1] == 'C' || *fields[1] == 'S')
            characters[character].fold = distance(fields[2], character);
        else if (*fields[1] == 'F')
            characters[character].fold_full = add_sequence(fields[2]);
    }
    fclose(file);
}

static uint16_t record_number(const struct record *record)
{
    for (size_t i = 0; i < record_count; i++) {
        if (memcmp(&records[i], record, sizeof *record) == 0)
            return (uint16_t)i;
    }
    if (record_count == RECORDS_MAX)
        fail("too many records", "");
    records[record_count] = *record;
    return (uint16_t)record_count++;
}

static void make_stages(void)
{
    for (uint32_t c = 0; c < CHARACTERS; c++)
        entries[c] = c > 0 && memcmp(&characters[c], &characters[c - 1], sizeof characters[c]) == 0
                         ? entries[c - 1]
                         : record_number(&characters[c]);
    for (size_t i = 0; i < BLOCKS; i++) {
        const uint16_t *block = &entries[i * BLOCK];
        size_t number = 0;
        while (number < block_count && memcmp(blocks[number], block, sizeof blocks[number]) != 0)
            number++;
        if (number == block_count)
            memcpy(blocks[block_count++], block, sizeof blocks[number]);
        block_numbers[i] = (uint16_t)number;
    }
}

static void print_numbers(FILE *out, const char *declaration, const uint16_t *numbers, size_t count)
{
    fprintf(out, "static const %s = {", declaration);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s%u,", i % 20 == 0 ? "\n" : "", (unsigned)numbers[i]);
    fprintf(out, "\n};\n");
}

static void print_tables(FILE *out)
{
    fprintf(out, "/* Generated from the Unicode Character Database. */\n");
    print_numbers(out, "uint16_t unicode_blocks[]", block_numbers, BLOCKS);
    fprintf(out, "static const uint16_t unicode_entries[][%d] = {\n", BLOCK);
    for (size_t i = 0; i < block_count; i++) {
        fprintf(out, "{");
        for (size_t j = 0; j < BLOCK; j++)
            fprintf(out, "%u,", (unsigned)blocks[i][j]);
        fprintf(out, "},\n");
    }
    fprintf(out, "};\nstatic const struct unicode_record unicode_records[] = {\n");
    for (size_t i = 0; i < record_count; i++) {
        const struct record *r = &records[i];
        fprintf(out, "{%d,%d,%d,%u,%u,%u,%u,%d},\n", r->upper, r->lower, r->fold, r->upper_full, r->lower_full,
                r->fold_full, r->properties, r->digit);
    }
    fprintf(out, "};\nstatic const uint32_t unicode_pool[] = {");
    for (size_t i = 0; i < pool_length; i++)
        fprintf(out, "%s0x%x,", i % 12 == 0 ? "\n" : "", pool[i]);
    fprintf(out, "\n};\n");
}

int main(int argc, char **argv)
{
    if (argc != 3)
        fail("usage", "generate-unicode DIRECTORY OUTPUT");
    memset(characters, 0, sizeof characters);
    for (size_t c = 0; c < CHARACTERS; c++)
        characters[c].digit = -1;
    read_unicode_data(argv[1]);
    read_properties(argv[1], "DerivedCoreProperties.txt");
    read_properties(argv[1], "PropList.txt");
    read_special_casing(argv[1]);
    read_case_folding(argv[1]);
    make_stages();

    FILE *out = fopen(argv[2], "w");
    if (!out)
        fail("cannot write", argv[2]);
    print_tables(out);
    if (fclose(out) != 0)
        fail("cannot write", argv[2]);
    return 0;
}

/*
 * Scripts that mean harm, as tests/attack and tests/limits have them: what the comments at their heads say, and their
 * text. Knows not how they are run and judged.
 *
 *   ;; limits: --heap 50M --timeout 2s       options of the command
 *   ;; expect: limit heap|timeout            any of ok, error, and the names of limits
 *   ;; source: 1000 "(f %d " 1000 ")"        more source to append: so many copies of each text, %d is the copy's
 *   number
 *   ;; prints: TEXT                          the whole standard output
 *   ;; says: TEXT                            to be found in standard error
 *   ;; smaller: 1000000 20000                with --hostile, this number stands for that one, here and in `prints`
 */
#ifndef TESTS_ATTACK_SCRIPT_H
#define TESTS_ATTACK_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

enum { SCRIPT_PARTS = 8, SCRIPT_WORDS = 32 };

struct part {
    unsigned long copies;
    char text[256];
};

struct script {
    const char *path;
    char options[512];
    char expect[256];
    char prints[1024];
    char says[256];
    char smaller[64];
    bool has_prints;
    struct part parts[SCRIPT_PARTS];
    size_t part_count;
};

/* false: it cannot be read, or expects nothing. */
bool script_read(const char *path, struct script *ret);
/* Its text, smaller and with its copies appended, in an unlinked file at its beginning; -1 on failure. */
int script_open(const struct script *script);
/* Is the text not what its file holds? */
bool script_is_made(const struct script *script);
/* The words of `smaller`: the number, and what stands for it. */
bool script_smaller(const struct script *script, char ret_old[64], char ret_new[64]);
/* One of the words of `expect`? */
bool script_expects(const struct script *script, const char *ending);

/* The words of the options, NULL-terminated; they point into `storage`. */
void script_words(const struct script *script, char storage[sizeof((struct script *)0)->options],
                  char *ret_words[SCRIPT_WORDS + 1]);
/* What follows an option; NULL. */
const char *option_value(char *words[], const char *name);
long heap_cap_kib(char *words[]);
long deadline_ms(char *words[]);

#endif

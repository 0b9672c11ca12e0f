/*
 * text -> datum. One reader for programs and for (read): iterative, with an explicit stack limited by `nesting`.
 */
#ifndef SCHOONER_READ_READ_H
#define SCHOONER_READ_READ_H

#include "schooner/read/front.h"

struct reader_frame;
struct reader_label;

struct reader {
    struct front *front;
    const char *text;
    size_t length;
    size_t at;
    uint32_t line;
    uint32_t column;
    uint16_t file;
    bool fold_case;
    /* Where the token begins that is being taken, or what is behind the last one. SIZE_MAX: between tokens. */
    struct {
        size_t at;
        uint32_t line, column;
    } mark;
    /* private to read.c */
    size_t charged; /* the text up to here is charged */
    struct reader_frame *stack;
    size_t stack_depth;
    size_t stack_capacity;
    struct reader_label **labels; /* of the present outermost datum: a hash table by number */
    size_t label_count;
    size_t label_capacity;
};

/* Reads from source number `file` of front->sources. A first line that begins with "#!/" or "#! " is skipped. */
void reader_init(struct reader *reader, struct front *front, uint16_t file);

enum read_result { READ_DATUM, READ_END, READ_FAILED };
/* The next datum. READ_END at the end of the text; READ_FAILED after front_fail (read-error: file, line, column). An
 * incomplete datum at the end of the text fails with kind "read-incomplete" (a REPL asks for more). */
enum read_result read_datum(struct reader *reader, struct datum **ret);

/*
 * After READ_FAILED: moves behind the outermost datum that could not be read, so that the next one can be. false: where
 * that is cannot be known (the text ends within it, brackets stand for parentheses), or a limit.
 */
bool reader_skip(struct reader *reader);
/*
 * The same for data that are read one by one: moves on whatever happens. Where brackets stand for parentheses, behind
 * the token; where the text ends within the datum, to its end, and gives false.
 */
bool reader_drop(struct reader *reader);

/*
 * Copies a datum without aliases to the heap: labels become shared structure again. Reserves and builds in steps with
 * collection paused meanwhile, so the result is young and not yet a root. V_RAISED after a limit.
 */
sch_value datum_to_value(sch_vm *vm, struct front *front, const struct datum *datum);

#endif

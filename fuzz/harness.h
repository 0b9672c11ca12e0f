/*
 * What the fuzzers share: machines with small limits, and the bytes of one input as a source and patches. Does not
 * know what is fuzzed.
 */
#ifndef FUZZ_HARNESS_H
#define FUZZ_HARNESS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "schooner.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A finding: says what and ends, so that the input is kept. */
#define fuzz_check(condition)                                                       \
    do {                                                                            \
        if (!(condition)) {                                                         \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                \
        }                                                                           \
    } while (0)

/*
 * An environment with the library (fuzz) of the host, which has (input), (input-number) and (broken WHAT ...), and
 * everywhere (pause), which suspends, and (again PROCEDURE ARGUMENT ...), which calls from the host. One library may be
 * given besides. The size, the memory and, for SCH_POSTURE_EVAL, missing pre-imports are filled in.
 */
sch_env *fuzz_env_new(struct sch_env_options options);
/* That of a posture, made once. */
sch_env *fuzz_env(enum sch_posture posture);
/* The which-th piece of memory that machines ask for from now on is refused; 0: none. */
void fuzz_refuse(unsigned which);

/* What (input) gives: text, and what (input-number) gives. */
struct fuzz_input {
    const char *text;
    size_t length;
    unsigned number;
};

/* 8 MiB and 200,000 units of fuel. No deadline and no chance: the same input does the same again. */
struct sch_limits fuzz_limits(void);

/* A machine within fuzz_limits. */
sch_vm *fuzz_machine(enum sch_posture posture);

/* Whatever happened in a machine, the next program runs in it. */
void fuzz_works(sch_vm *vm);

/* How a run ended: what it printed as, or the message. The text is the caller's. */
struct fuzz_outcome {
    enum sch_status status;
    enum sch_limit limit;
    char *text;
    bool unprinted; /* a limit ended the printing */
    uint64_t fuel;
    uint64_t output; /* bytes */
};
struct fuzz_outcome fuzz_outcome(sch_vm *vm, enum sch_status status, sch_value value);
/* Two runs of a program must have ended in the same, as far as memory did not end one; with `fuel`, for the same fuel.
 * Frees the texts. */
void fuzz_same(struct fuzz_outcome *a, struct fuzz_outcome *b, bool fuel);

/*
 * Compiles `program` once; the machine runs it on `input` and must end in SCH_OK, a limit, or (with may_fail) an error.
 */
void fuzz_run(enum sch_posture posture, sch_code **code, const char *program, struct fuzz_input *input, bool may_fail);

/* What is printed as JSON is JSON. */
void fuzz_check_json(const char *text, size_t length);
/* The number that the next descriptor gets: what is open stays so for as long as it is the same. */
int fuzz_next_descriptor(void);

/*
 * An input of the fuzzers of bytes is a program, and behind the first NUL patches of the bytes that are made of it:
 * two bytes of offset (from the end where the highest bit is set), one of what is put there.
 */
struct fuzz_patched {
    struct sch_source source;
    const uint8_t *patches;
    size_t patch_count;
};
struct fuzz_patched fuzz_split(const uint8_t *data, size_t size);
/* A copy of the bytes with the patches in it, of the exact size (the caller frees it). */
unsigned char *fuzz_patch(const struct fuzz_patched *input, const void *bytes, size_t length);

#endif

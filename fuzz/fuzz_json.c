/* Every text is JSON or refused, and what was read is the same when it is written and read again. */
#include "harness.h"

static const char program[] =
    "(import (scheme base) (schooner json) (fuzz))\n"
    "(define text (input))\n"
    "(define (once x) (json-read-string (json->string x) 10000))\n"
    "(let ((x (guard (e ((json-error? e) 'refused)) (json-read-string text 400))))\n"
    "  (if (not (eq? x 'refused))\n"
    "      (let ((back (once x)))\n"
    "        (if (not (equal? back x)) (broken \"another value\" (json->string x) (json->string back)))\n"
    "        (if (not (equal? (once back) back)) (broken \"not stable\" (json->string back))))))\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sch_code *code;
    struct fuzz_input input = { .text = (const char *)data, .length = size };
    fuzz_run(SCH_POSTURE_RUN, &code, program, &input, true); /* what is not UTF-8 is no string */
    return 0;
}

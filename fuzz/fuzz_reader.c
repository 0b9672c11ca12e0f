/* Every text is read or refused, and what was read is the same when it is printed and read again. */
#include "harness.h"

/* A NaN is not equal to what it was printed as, when its bits were not those of the canonical one. */
static const char program[] =
    "(import (scheme base) (scheme read) (scheme write) (fuzz))\n"
    "(define (printed x) (let ((out (open-output-string))) (write x out) (get-output-string out)))\n"
    "(define (once text)\n"
    "  (let ((back (read (open-input-string text))))\n"
    "    (if (not (equal? text (printed back))) (broken \"another text\" text (printed back)))\n"
    "    back))\n"
    "(let loop ((in (open-input-string (input))))\n"
    "  (let ((x (guard (e ((read-error? e) (eof-object))) (read in))))\n"
    "    (if (not (eof-object? x))\n"
    "        (let ((back (once (printed x))))\n"
    "          (if (not (equal? back x)) (broken \"another value\" (printed x)))\n"
    "          (loop in)))))\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sch_code *code;
    struct fuzz_input input = { .text = (const char *)data, .length = size };
    fuzz_run(SCH_POSTURE_RUN, &code, program, &input, true); /* what is not UTF-8 is no string */
    return 0;
}

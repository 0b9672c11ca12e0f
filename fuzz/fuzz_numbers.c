/* What string->number makes of a text reads back from its print in every radix, and the tower keeps its laws. */
#include "harness.h"

static const char program[] =
    "(import (scheme base) (scheme complex) (scheme inexact) (fuzz))\n"
    "(define (nan-in? z) (or (nan? (real-part z)) (nan? (imag-part z))))\n"
    "(define (same? a b) (or (eqv? a b) (and (number? a) (number? b) (nan-in? a) (nan-in? b))))\n"
    "(define radix (+ 2 (modulo (input-number) 35)))\n"
    "(define text (input))\n"
    "(define (round-trip x radix)\n"
    "  (let ((back (string->number (number->string x radix) radix)))\n"
    "    (if (not (same? x back)) (broken \"round trip\" text radix (number->string x radix) back))))\n"
    "(define (laws a b)\n"
    "  (if (not (= (- (+ a b) b) a)) (broken \"sum\" a b))\n"
    "  (if (not (= (* a b) (* b a))) (broken \"product\" a b))\n"
    "  (if (not (zero? b)) (if (not (= (* (/ a b) b) a)) (broken \"quotient\" a b)))\n"
    "  (if (and (integer? a) (integer? b))\n"
    "      (begin\n"
    "        (if (not (zero? b))\n"
    "            (let-values (((q r) (floor/ a b)) ((tq tr) (truncate/ a b)))\n"
    "              (if (not (and (= a (+ (* q b) r)) (< (abs r) (abs b)))) (broken \"floor/\" a b))\n"
    "              (if (not (and (= a (+ (* tq b) tr)) (< (abs tr) (abs b)))) (broken \"truncate/\" a b))))\n"
    "        (let ((g (gcd a b)))\n"
    "          (if (not (zero? g))\n"
    "              (if (not (and (zero? (modulo a g)) (zero? (modulo b g)))) (broken \"gcd\" a b))))\n"
    "        (if (not (negative? a))\n"
    "            (let-values (((s r) (exact-integer-sqrt a)))\n"
    "              (if (not (and (= a (+ (* s s) r)) (< a (* (+ s 1) (+ s 1))))) (broken \"sqrt\" a))))))\n"
    "  (if (not (or (not (real? a)) (not (real? b)) (boolean=? (< a b) (> b a)))) (broken \"order\" a b)))\n"
    "(let ((x (string->number text radix)))\n"
    "  (if x\n"
    "      (begin\n"
    "        (if (exact? x) (for-each (lambda (r) (round-trip x r)) '(2 8 10 16)))\n"
    "        (round-trip x 10)\n"
    "        (if (and (rational? x) (inexact? x)) (round-trip (exact x) 10))\n"
    "        (if (and (exact? x) (real? x))\n"
    "            (let ((d (inexact x)))\n"
    "              (if (and (finite? d) (not (= d (inexact (exact d))))) (broken \"inexact\" x))\n"
    "              (laws x 7) (laws x -3/8) (laws x x) (laws 1267650600228229401496703205377 x)))\n"
    "        (if (finite? x) (if (not (= x (- (- x)))) (broken \"minus\" x))))))\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sch_code *code;
    if (size == 0)
        return 0;
    struct fuzz_input input = { .text = (const char *)data + 1, .length = size - 1, .number = data[0] };
    fuzz_run(SCH_POSTURE_RUN, &code, program, &input, true); /* what is not UTF-8 is no string */
    return 0;
}

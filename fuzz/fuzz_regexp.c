/*
 * Regular expressions (SRFI 115) against an oracle that is slow and plainly right: the set of places where a match that
 * begins at a place may end, computed from the definition of each operator. The input makes the expression and the
 * text.
 */
#include "harness.h"

static const char program[] =
    "(import (scheme base) (srfi 1) (srfi 115) (fuzz))\n"
    "(define bytes (input))\n"
    "(define at 0)\n"
    "(define (next below)\n"
    "  (if (< at (string-length bytes))\n"
    "      (let ((n (modulo (char->integer (string-ref bytes at)) below))) (set! at (+ at 1)) n)\n"
    "      0))\n"
    "(define (letter) (string-ref \"abc\" (next 3)))\n"
    "(define (make depth)\n"
    "  (case (if (= depth 0) (next 2) (next 9))\n"
    "    ((0) (letter))\n"
    "    ((1) 'any)\n"
    "    ((2) (let* ((a (make (- depth 1))) (b (make (- depth 1)))) (list ': a b)))\n"
    "    ((3) (let* ((a (make (- depth 1))) (b (make (- depth 1)))) (list 'or a b)))\n"
    "    ((4) (list '* (make (- depth 1))))\n"
    "    ((5) (list '+ (make (- depth 1))))\n"
    "    ((6) (list '? (make (- depth 1))))\n"
    "    ((7) (let* ((low (next 3)) (high (+ low (next 3)))) (list '** low high (make (- depth 1)))))\n"
    "    (else (list '$ (make (- depth 1))))))\n"
    "(define sre (make 3))\n"
    "(define text (let loop ((n (next 12)) (l '())) (if (= n 0) (list->string l) (loop (- n 1) (cons (letter) l)))))\n"
    "(define end (string-length text))\n"
    "(define (union a b) (lset-union = a b))\n"
    "(define (from places sre) (fold union '() (map (lambda (p) (ends p sre)) places)))\n"
    "(define (closure places sre)\n"
    "  (let ((more (union places (from places sre))))\n"
    "    (if (= (length more) (length places)) places (closure more sre))))\n"
    "(define (times places n sre) (if (= n 0) places (times (from places sre) (- n 1) sre)))\n"
    "(define (ends p sre)\n"
    "  (cond ((char? sre) (if (and (< p end) (char=? (string-ref text p) sre)) (list (+ p 1)) '()))\n"
    "        ((eq? sre 'any) (if (< p end) (list (+ p 1)) '()))\n"
    "        (else\n"
    "         (case (car sre)\n"
    "           ((:) (from (ends p (cadr sre)) (list-ref sre 2)))\n"
    "           ((or) (union (ends p (cadr sre)) (ends p (list-ref sre 2))))\n"
    "           ((*) (closure (list p) (cadr sre)))\n"
    "           ((+) (closure (ends p (cadr sre)) (cadr sre)))\n"
    "           ((?) (union (list p) (ends p (cadr sre))))\n"
    "           ((**) (let loop ((n (cadr sre)) (out '()))\n"
    "                   (if (> n (list-ref sre 2)) out\n"
    "                       (loop (+ n 1) (union out (times (list p) n (list-ref sre 3)))))))\n"
    "           (($) (ends p (cadr sre)))))))\n"
    "(define whole? (and (memv end (ends 0 sre)) #t))\n"
    "(if (not (eq? whole? (regexp-matches? sre text))) (broken \"the whole\" sre text whole?))\n"
    "(define found (regexp-search sre text))\n"
    "(define first (let loop ((p 0)) (cond ((> p end) #f) ((pair? (ends p sre)) p) (else (loop (+ p 1))))))\n"
    "(if (not (eqv? first (and found (regexp-match-submatch-start found 0)))) (broken \"the beginning\" sre text "
    "first))\n"
    "(if found\n"
    "    (let ((longest (apply max (ends first sre))))\n"
    "      (if (not (= longest (regexp-match-submatch-end found 0))) (broken \"the end\" sre text first longest))))\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sch_code *code;
    struct fuzz_input input = { .text = (const char *)data, .length = size };
    fuzz_run(SCH_POSTURE_RUN, &code, program, &input, true); /* what is not UTF-8 is no string */
    return 0;
}

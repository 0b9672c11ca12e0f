/* The syntax of numbers (R7RS 7.1.1): text to a description of its parts, in one linear pass. Makes no numbers. */
#ifndef SCHOONER_NUM_LITERAL_H
#define SCHOONER_NUM_LITERAL_H

#include "schooner/num/decimal.h"
#include "schooner/num/number.h"

enum literal_kind { LITERAL_INTEGER, LITERAL_RATIO, LITERAL_DECIMAL, LITERAL_INFINITE, LITERAL_NAN };

struct literal_real {
    enum literal_kind kind;
    bool negative;
    bool signed_text;     /* it began with + or - */
    struct digits digits; /* of an integer or decimal; of a ratio: whole / fraction */
};

enum literal_form { LITERAL_REAL, LITERAL_RECTANGULAR, LITERAL_POLAR };

struct literal {
    unsigned radix;
    char exactness; /* 'e', 'i', or 0 */
    enum literal_form form;
    struct literal_real a;
    struct literal_real b; /* imaginary part, or angle */
};

/* false: not a number, or a look ended it */
bool literal_read(const char *text, size_t length, unsigned radix, struct literal_clock clock, struct literal *ret);

#endif

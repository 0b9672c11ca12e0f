/* The table of primitives. */
#include "schooner/lib/primitive.h"

const struct primitive_info primitive_table[PRIMITIVE_COUNT] = {
#define PRIMITIVE(function, name, min, max) { function, name, min, max },
#include "schooner/lib/primitives.def"
#undef PRIMITIVE
};

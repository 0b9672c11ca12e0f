/* The table of primitives. */
#include "schooner/table/primitive.h"

const struct primitive_info primitive_table[PRIMITIVE_COUNT] = {
#define PRIMITIVE(function, name, min, max) { function, name, min, max },
#include "schooner/table/primitives.def"
#undef PRIMITIVE
};

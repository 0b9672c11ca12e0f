/* What values are called in messages. */
#include "schooner/value/object.h"

static const char *const object_names[OBJECT_TYPE_COUNT] = {
    [OBJECT_NONE] = "object",
#define OBJECT(ENUM, name, trace) [OBJECT_##ENUM] = name,
#include "schooner/value/objects.def"
#undef OBJECT
};

static const char *constant_name(sch_value v)
{
    if (is_boolean(v))
        return "boolean";
    if (is_nil(v))
        return "empty list";
    if (value_same(v, V_EOF))
        return "end-of-file object";
    if (value_same(v, V_UNSPECIFIED))
        return "unspecified value";
    if (value_same(v, V_DEFAULT))
        return "default object";
    return "unbound variable";
}

const char *value_type_name(sch_value v)
{
    if (is_fixnum(v) || is_small_double(v))
        return "number";
    if (is_pair(v))
        return "pair";
    if (is_character(v))
        return "character";
    if (!is_object(v))
        return constant_name(v);
    unsigned type = header_type(value_header(v));
    return object_names[type < OBJECT_TYPE_COUNT ? type : OBJECT_NONE];
}

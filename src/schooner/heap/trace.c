/*
 * What lies in each type of object: its size and the values inside. The generic types follow from objects.def; the
 * private types of other folders are their owners' (heap_client.trace_object).
 */
#include "schooner/heap/mark.h"

const unsigned char trace_kinds[OBJECT_TYPE_COUNT] = {
#define OBJECT(ENUM, name, trace) [OBJECT_##ENUM] = TRACE_##trace,
#include "schooner/value/objects.def"
#undef OBJECT
};

static size_t string_bytes(const struct object *object)
{
    return string_size(header_length(object->header), ((const struct string *)object)->characters);
}

size_t heap_object_bytes(const struct object *object)
{
    size_t length = header_length(object->header);
    switch ((enum object_type)header_type(object->header)) {
    case OBJECT_STRING: return string_bytes(object);
    case OBJECT_SYMBOL: return symbol_size(length);
    case OBJECT_BYTEVECTOR: return bytevector_size(length);
    case OBJECT_FLONUM: return FLONUM_SIZE;
    case OBJECT_PRIMITIVE: return object_size(sizeof(struct primitive), 0, 0);
    case OBJECT_PARAMETER: return object_size(sizeof(struct parameter), 0, 0);
    case OBJECT_FOREIGN: return object_size(sizeof(struct foreign), 0, 0);
    case OBJECT_CLOSURE: return object_size(sizeof(struct closure), length, 8);
    case OBJECT_INSTANCE: return object_size(sizeof(struct instance), length, 8);
    case OBJECT_PORT:
    case OBJECT_ENVIRONMENT: return HEAP_LINE; /* at most; see object_is_short */
    case OBJECT_MSTRING:
    case OBJECT_KEYWORD:
    case OBJECT_BIGNUM:
    case OBJECT_RATIONAL:
    case OBJECT_COMPLEX:
    case OBJECT_VECTOR:
    case OBJECT_BOX:
    case OBJECT_CELL:
    case OBJECT_VALUES:
    case OBJECT_CONTINUATION:
    case OBJECT_STACK:
    case OBJECT_RECORD_TYPE:
    case OBJECT_RECORD:
    case OBJECT_PROMISE:
    case OBJECT_CONDITION:
    case OBJECT_TABLE:
    case OBJECT_DYNAMIC: return object_size(sizeof(struct object), length, 8);
    case OBJECT_NONE:
    case OBJECT_TYPE_COUNT: break;
    }
    sch_assert(!"the header of an object");
    return HEAP_GRANULE;
}

void trace_special(struct heap_marker *marker, const struct object *object)
{
    size_t length = header_length(object->header);
    unsigned type = header_type(object->header);
    if (type == OBJECT_CLOSURE) {
        const struct closure *closure = (const struct closure *)object;
        heap_mark_object(marker, closure_instance(closure));
        heap_mark_values(marker, closure->captured, length);
    } else if (type == OBJECT_INSTANCE) {
        heap_mark_values(marker, ((const struct instance *)object)->constants, length);
    } else if (type == OBJECT_PARAMETER) {
        heap_mark_values(marker, &((const struct parameter *)object)->value, 2);
    } else if (type != OBJECT_STACK) {
        marker->heap->client->trace_object(marker->vm, marker, (struct object *)object);
    }
}

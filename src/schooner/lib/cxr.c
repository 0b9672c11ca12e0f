/* The compositions of car and cdr, (scheme cxr) included. */
#include "schooner/table/primitive.h"

/*
 * `path` names the steps from the inside out: "da" of cadr is read from its end: first d, then a. A step that fails
 * says what it was, as the instructions do that stand for compositions of two.
 */
static sch_value follow(sch_vm *vm, const char *path, size_t steps, sch_value v)
{
    while (steps-- > 0) {
        if (!is_pair(v))
            return raise_type(vm, path[steps] == 'a' ? "car" : "cdr", 1, "a pair", v);
        v = path[steps] == 'a' ? pair_car(v) : pair_cdr(v);
    }
    return v;
}

#define CXR(path)                                                              \
    sch_value prim_c##path##r(sch_vm *vm, const sch_value *args, size_t count) \
    {                                                                          \
        (void)count;                                                           \
        return follow(vm, #path, sizeof #path - 1, args[0]);                   \
    }

CXR(aa)
CXR(ad)
CXR(da)
CXR(dd)
CXR(aaa)
CXR(aad)
CXR(ada)
CXR(add)
CXR(daa)
CXR(dad)
CXR(dda)
CXR(ddd)
CXR(aaaa)
CXR(aaad)
CXR(aada)
CXR(aadd)
CXR(adaa)
CXR(adad)
CXR(adda)
CXR(addd)
CXR(daaa)
CXR(daad)
CXR(dada)
CXR(dadd)
CXR(ddaa)
CXR(ddad)
CXR(ddda)
CXR(dddd)

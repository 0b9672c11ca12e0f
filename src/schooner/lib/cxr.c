/* The compositions of car and cdr, (scheme cxr) included. */
#include "schooner/table/primitive.h"

/* The letters between c and r name the steps from the inside out: "cadr" is read from its end: first d, then a. */
static sch_value follow(sch_vm *vm, const char *name, size_t steps, sch_value v)
{
    for (; steps > 0; steps--) {
        if (!is_pair(v))
            return raise_type(vm, name, 1, "a pair", v);
        v = name[steps] == 'a' ? pair_car(v) : pair_cdr(v);
    }
    return v;
}

#define CXR(path)                                                              \
    sch_value prim_c##path##r(sch_vm *vm, const sch_value *args, size_t count) \
    {                                                                          \
        (void)count;                                                           \
        return follow(vm, "c" #path "r", sizeof #path - 1, args[0]);           \
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

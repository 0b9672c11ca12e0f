/* What procedures are called. */
#include "schooner/table/primitive.h"
#include "schooner/vm/run.h"

const char *procedure_name(sch_vm *vm, sch_value procedure)
{
    if (is_primitive(procedure)) {
        const struct primitive *primitive = object_as(struct primitive, procedure);
        return header_flags(primitive->header) & PRIMITIVE_HOST ? env_host_function(vm->env, primitive->index)->name
                                                                : primitive_table[primitive->index].name;
    }
    if (!is_closure(procedure))
        return NULL;
    const struct closure *closure = object_as(struct closure, procedure);
    const struct sch_code *code = closure_instance(closure)->code;
    const struct code_procedure *p = &code_procedures(code)[(uint32_t)closure->procedure];
    return p->name.count ? code_text(code, p->name.offset) : NULL;
}

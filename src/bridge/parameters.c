/* (parameter name [default]): what the command line says as name=value. Knows nothing else. */
#include "bridge/bridge.h"

#include <string.h>

/* The value behind "name=", of the last one that is given. */
static const char *find(struct bridge_parameters *parameters, const char *name)
{
    const char *found = NULL;
    size_t length = strlen(name);
    for (size_t i = 0; i < parameters->count; i++) {
        struct bridge_parameter *item = &parameters->items[i];
        if (strncmp(item->text, name, length) == 0 && item->text[length] == '=') {
            item->is_used = true;
            found = item->text + length + 1;
        }
    }
    return found;
}

static sch_value parameter(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    const char *name;
    size_t length;
    if (!sch_get_text(args[0], &name, &length))
        return sch_raise_error(vm, "parameter: expected a name");
    const char *value = find(data, name);
    if (value)
        return sch_string(vm, value, strlen(value));
    if (count > 1)
        return args[1];
    return sch_raise_kind(vm, "description-error", sch_nil(),
                          "the parameter `%.64s` is not given; write it behind the file: %.64s=VALUE", name, name);
}

struct sch_library bridge_parameter_library(struct bridge_parameters *parameters)
{
    parameters->binding = (struct sch_binding){
        .name = "parameter",
        .function = parameter,
        .data = parameters,
        .min_args = 1,
        .max_args = 2,
        .cost = 16,
        .doc = "(parameter name [default]): the value given on the command line as name=value",
    };
    return (struct sch_library){ "(esquema parameters)", &parameters->binding, 1 };
}

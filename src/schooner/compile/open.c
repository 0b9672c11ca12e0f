/* Which primitives have instructions. The table is searched once for each primitive that a program mentions. */
#include "schooner/compile/passes.h"
#include "schooner/table/primitive.h"
#include "schooner/value/object.h"

static const struct open_entry open_table[] = {
#define OPEN(name, KIND, op, small) { name, OPEN_##KIND, op, small },
#include "schooner/compile/open.def"
#undef OPEN
};

static const struct open_entry *open_named(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof open_table / sizeof *open_table; i++)
        if (strlen(open_table[i].name) == length && memcmp(open_table[i].name, name, length) == 0)
            return &open_table[i];
    return NULL;
}

static const struct open_entry *open_of(uint32_t primitive)
{
    const char *name = primitive_table[primitive].name;
    return open_named(name, strlen(name));
}

const struct open_entry *open_find(struct compiler *compiler, struct global *global)
{
    if (global->kind != GLOBAL_PRIMITIVE || global->index >= PRIMITIVE_COUNT)
        return NULL;
    struct global_info *info = global_info_of(compiler, global);
    if (!info || info->open_looked)
        return info ? info->open : NULL;
    info->open_looked = true;
    info->open = open_of(global->index);
    return info->open;
}

const char *open_called(const char *called, size_t length, const char *name)
{
    const struct open_entry *from = open_named(called, length), *to = open_named(name, strlen(name));
    bool same = from && to &&
                ((from->kind == OPEN_BINARY && to->kind == OPEN_BINARY && from->op == to->op) ||
                 (from->kind == OPEN_ZERO && to->kind == OPEN_COMPARE && from->op == to->small) ||
                 (from->kind == OPEN_PATH && to->kind == OPEN_UNARY && (from->op == to->op || from->small == to->op)));
    return same ? from->name : NULL;
}

bool open_allows(uint32_t primitive, uint8_t op)
{
    const struct open_entry *open = open_of(primitive);
    bool is_called = open && (open->kind == OPEN_CONTROL || open->kind == OPEN_LIBRARY);
    return op == (is_called ? open->op : OP_PRIM);
}

bool open_has_instruction(uint32_t primitive)
{
    const struct open_entry *open = open_of(primitive);
    return open && open->kind != OPEN_VALUES;
}

bool core_is_primitive(struct compiler *compiler, const struct core *node, const char *name)
{
    (void)compiler;
    return node->kind == CORE_GLOBAL && node->global->kind == GLOBAL_PRIMITIVE &&
           node->global->index < PRIMITIVE_COUNT && strcmp(primitive_table[node->global->index].name, name) == 0;
}

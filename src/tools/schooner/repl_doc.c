/* ",doc NAME": what a name means, in each library that the session may import. Knows nothing of entries. */
#include <string.h>
#include "base/near.h"
#include "tools/common/report.h"
#include "tools/schooner/repl.h"

struct asked {
    const char *name;
    struct near near;
    const char *last; /* the line printed last: libraries that share a binding share it */
    size_t count;     /* of libraries that have the name */
};

static void print_line(const struct sch_surface *binding)
{
    fputs(binding->usage ? binding->usage : binding->name, stdout);
    printf("\n  %s\n  ", binding->doc ? binding->doc : "there is no line about it");
}

/* What several libraries share is told once, with all their names behind it. */
static bool tell(void *data, const struct sch_surface *binding)
{
    struct asked *asked = data;
    if (strcmp(binding->name, asked->name) != 0) {
        near_consider(&asked->near, binding->name);
        return true;
    }
    const char *line = binding->doc ? binding->doc : "";
    bool is_same = asked->last && strcmp(asked->last, line) == 0;
    if (is_same) {
        fputs(", ", stdout);
    } else {
        if (asked->last)
            putchar('\n');
        print_line(binding);
    }
    fputs(binding->library ? binding->library : "in every program", stdout);
    asked->last = line;
    asked->count++;
    return true;
}

static bool is_it(void *data, const char *name)
{
    struct asked *asked = data;
    if (strcmp(name, asked->name) == 0)
        asked->count++;
    return asked->count == 0;
}

void repl_explain(const sch_env *env, sch_vm *vm, const char *name)
{
    struct asked asked = { .name = name, .near = near_begin(name, strlen(name)) };
    sch_surface(env, tell, &asked);
    if (asked.count > 0) {
        putchar('\n');
        return;
    }
    sch_names(vm, "", is_it, &asked);
    if (asked.count > 0) {
        printf("%s is bound here, and nothing is said about it\n", name);
        return;
    }
    fputs("no library has `", stderr);
    report_text(stderr, name);
    if (asked.near.found)
        fprintf(stderr, "`; did you mean `%s`?\n", asked.near.found);
    else
        fputs("`\n", stderr);
}

/*
 * hello.c - the least that runs a stranger's text: one environment, one machine, its limits.
 *
 *   cc -o hello hello.c $(pkg-config --cflags --libs schooner)
 *   ./hello '(* 6 7)'
 */
#include <schooner.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    const char *text = argc > 1 ? argv[1] : "(* 6 7)";
    const char *const base[] = { "base", NULL };
    const struct sch_env_options options = { .size = sizeof options, .menu = base, .pre_imports = base };
    const struct sch_limits limits = { .size = sizeof limits, .fuel = 1000000, .heap = 8 << 20 };
    const struct sch_source source = { "hello", text, strlen(text) };
    sch_env *env = sch_env_new(&options, NULL);
    sch_vm *vm = env ? sch_vm_new(env, &limits) : NULL;
    sch_value value;
    int64_t number;
    if (!vm)
        return 1;
    enum sch_status status = sch_eval(vm, source, &value);
    if (status != SCH_OK)
        printf("%s\n", sch_failure(vm)->message);
    else if (sch_get_integer(value, &number))
        printf("%lld\n", (long long)number);
    sch_vm_free(vm);
    sch_env_free(env);
    return status != SCH_OK;
}

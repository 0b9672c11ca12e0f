/*
 * A rules engine: prices that the shop's customers may script. Each rule is a procedure of an order; it sees the
 * report's base library and two functions of ours, and nothing else. A rule that is wrong, endless or greedy ends by
 * itself and costs its own order a discount, nothing more.
 *
 * FILE ends in a procedure, which is called for each of the orders below.
 *
 *   cc -o rules rules.c $(pkg-config --cflags --libs schooner) && ./rules rules.scm
 */
#include <schooner.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct order {
    const char *customer;
    int64_t cents;
    int64_t items;
};

static const struct order orders[] = {
    { "ada", 12000, 3 },
    { "grace", 4500, 1 },
    { "mallory", 99900, 7 },
};

/* --- what rules may call ----------------------------------------------------------------------------------------- */

/* (loyalty-years customer): `data` is what the binding was registered with. */
static sch_value loyalty_years(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    const char *customer;
    size_t length;
    (void)data;
    (void)count; /* the arity was checked */
    if (!sch_get_text(args[0], &customer, &length))
        return sch_raise_error(vm, "loyalty-years: a customer is a string");
    return sch_integer(vm, strcmp(customer, "ada") == 0 ? 5 : 0);
}

/* (percent amount share): exact, rounded down. */
static sch_value percent(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    int64_t amount, share;
    (void)data;
    (void)count;
    if (!sch_get_integer(args[0], &amount) || !sch_get_integer(args[1], &share) || share < 0 || share > 100)
        return sch_raise_error(vm, "percent: an amount and a share from 0 to 100 are needed");
    return sch_integer(vm, amount / 100 * share);
}

static const struct sch_binding shop_bindings[] = {
    { .name = "loyalty-years",
      .function = loyalty_years,
      .min_args = 1,
      .max_args = 1,
      .doc = "how long a customer has been one" },
    { .name = "percent", .function = percent, .min_args = 2, .max_args = 2, .doc = "a share of an amount, in cents" },
};
static const struct sch_library shop = { .name = "(shop)", .bindings = shop_bindings, .count = 2 };

/* --- one environment, compiled rules, a machine for each ---------------------------------------------------------- */

static sch_env *make_env(void)
{
    static const char *const menu[] = { "base", "(shop)", NULL };
    struct sch_env_options options = {
        .size = sizeof options,
        .posture = SCH_POSTURE_EVAL,
        .menu = menu,
        .pre_imports = menu,
        .libraries = &shop,
        .library_count = 1,
    };
    struct sch_failure failure;
    sch_env *env = sch_env_new(&options, &failure);
    if (!env) {
        fprintf(stderr, "rules: %s\n", failure.message);
        sch_failure_done(&failure);
    }
    return env;
}

static void complain(const struct sch_failure *failure, const char *about)
{
    printf("%s: no discount: ", about);
    if (failure->file && failure->line)
        printf("%s:%u:%u: ", failure->file, (unsigned)failure->line, (unsigned)failure->column);
    printf("%s\n", failure->message);
}

/* The rule's answer for an order; 0 when the rule fails. */
static int64_t discount(sch_vm *vm, sch_value rule, const struct order *order)
{
    sch_value args[] = {
        sch_string(vm, order->customer, strlen(order->customer)),
        sch_integer(vm, order->cents),
        sch_integer(vm, order->items),
    };
    sch_value result;
    int64_t cents;
    if (sch_call(vm, rule, 3, args, &result) != SCH_OK) {
        complain(sch_failure(vm), order->customer);
        return 0;
    }
    if (!sch_get_integer(result, &cents) || cents < 0 || cents > order->cents) {
        printf("%s: no discount: the rule gave no sensible amount\n", order->customer);
        return 0;
    }
    return cents;
}

static int apply_rules(sch_vm *vm, struct sch_source source)
{
    sch_value rule;
    if (sch_eval(vm, source, &rule) != SCH_OK) {
        complain(sch_failure(vm), "the rules");
        return 1;
    }
    if (sch_kind_of(rule) != SCH_KIND_PROCEDURE) {
        printf("the rules must end in a procedure of customer, cents and items\n");
        return 1;
    }
    sch_ref *kept = sch_keep(vm, rule); /* values of the engine live until the next call; this one longer */
    if (!kept)
        return 1;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        int64_t cents = discount(vm, sch_ref_value(kept), &orders[i]);
        printf("%s pays %lld of %lld\n", orders[i].customer, (long long)(orders[i].cents - cents),
               (long long)orders[i].cents);
    }
    sch_release(kept);
    return 0;
}

/* --- the program ------------------------------------------------------------------------------------------------- */

static char *read_file(const char *path, size_t *ret_length)
{
    enum { MOST = 1 << 20 };
    FILE *file = fopen(path, "rb");
    char *text = file ? malloc(MOST) : NULL;
    *ret_length = text ? fread(text, 1, MOST, file) : 0;
    if (file)
        fclose(file);
    return text;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: rules FILE\n");
        return 2;
    }
    size_t length;
    char *text = read_file(argv[1], &length);
    sch_env *env = text ? make_env() : NULL;
    struct sch_limits limits = { .size = sizeof limits, .fuel = 100000, .heap = 8 << 20, .timeout_ns = 1000000000 };
    sch_vm *vm = env ? sch_vm_new(env, &limits) : NULL;
    int status = 1;
    if (vm)
        status = apply_rules(vm, (struct sch_source){ argv[1], text, length });
    else if (!text)
        perror(argv[1]);
    sch_vm_free(vm);
    sch_env_free(env);
    free(text);
    return status;
}

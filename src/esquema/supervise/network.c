/*
 * Joining the network of a started container, by its name: asked for from its supervisor at every launch, so that what
 * is joined is what runs under that name now. Knows names and supervisors; what a network is, is the launcher's matter.
 */
#include <errno.h>
#include "net/net.h"
#include "plan/step.h"
#include "supervise/control.h"

static int fail(int result, const char *detail, const char **ret_detail)
{
    *ret_detail = detail;
    return result;
}

int supervise_join(const struct step *step, const struct plan_block *block, int *ret_network, const char **ret_detail)
{
    const struct net_join *join = STEP_DATA(block, step, struct net_join);
    esq_store *store;
    int fds[2] = { -1, -1 };
    const esq_places places = { .size = sizeof places,
                                .runtime = join->runtime ? STEP_TEXT(block, join->runtime) : NULL };
    int result = esq_store_open(&places, &store, NULL);
    if (result < 0)
        return fail(result, "open the folder of started containers", ret_detail);
    result = supervise_ask(store, STEP_TEXT(block, join->target), SUPERVISE_NETWORK, 0, fds, NULL);
    esq_store_free(store);
    sys_close(fds[1]);
    if (result == -ENOENT)
        return fail(result, "no container is called so", ret_detail);
    if (result == -ESRCH)
        return fail(result, "it does not run", ret_detail);
    if (result == -EACCES)
        return fail(result, "it does not share its network", ret_detail);
    if (result < 0)
        return fail(result, "ask its supervisor", ret_detail);
    if (fds[0] < 0)
        return fail(-EPROTO, "ask its supervisor", ret_detail);
    *ret_network = fds[0];
    return 0;
}

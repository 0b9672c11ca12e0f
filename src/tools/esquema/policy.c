/* esquema policy: the policies of system calls, printed as the form that a description may say in their place. */
#include <errno.h>
#include <stdlib.h>
#include "tools/esquema/failure.h"
#include "tools/esquema/options.h"

int command_policy(const struct options *options)
{
    const char *name = options->operands.count > 0 ? options->operands.items[0] : "standard";
    ssize_t length = esq_policy_print(name, NULL, 0);
    char *text = length < 0 ? NULL : malloc((size_t)length + 1);
    if (!text || esq_policy_print(name, text, (size_t)length + 1) != length) {
        bool is_unknown = length == -EINVAL;
        esq_error error = is_unknown ? failure_make("no policy is called %s: standard, strict or permissive", name)
                                     : failure_make("out of memory");
        failure_show_error(&error);
        free(text);
        return is_unknown ? STATUS_USAGE : ESQ_EXIT_SETUP;
    }
    fputs(text, stdout);
    free(text);
    return 0;
}

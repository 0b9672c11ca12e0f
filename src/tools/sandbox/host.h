/* What every sandbox sees of the host, whoever asks for it: programs, and the few files of /etc that they need. */
#ifndef TOOLS_SANDBOX_HOST_H
#define TOOLS_SANDBOX_HOST_H

#include <stdbool.h>
#include "tools/sandbox/wish.h"

/* Binds, links and texts of the wish. `with_network`: the files by which names are resolved, too. */
void host_add(struct wish *wish, bool with_network, const char *home);
/* The name of the caller, from the host's /etc/passwd; "user" where it has none. To be freed. */
char *host_user_name(void);

#endif

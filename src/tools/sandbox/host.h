/* What every sandbox sees of the host, whoever asks for it: programs, and the few files of /etc that they need. */
#ifndef TOOLS_SANDBOX_HOST_H
#define TOOLS_SANDBOX_HOST_H

#include "tools/sandbox/guard.h"
#include "tools/sandbox/wish.h"

#define SANDBOX_NAME "sandbox" /* of the container, and so its host name */

/* Whose names are looked up: nobody's; by the host's own files; in a network that brings its own resolv.conf. */
enum host_names { HOST_NAMES_NONE, HOST_NAMES_OF_HOST, HOST_NAMES_OF_NETWORK };

/* Binds, links and texts of the wish. A file that the user named (NULL: none) is the host's, and gets no text in its
 * place. */
void host_add(struct wish *wish, enum host_names names, const char *home, const struct guard_trees *named);
/* The name of the caller, from the host's /etc/passwd; "user" where it has none. To be freed. */
char *host_user_name(void);
/* The home folder of the user of this name, from there, too; NULL: there is none. To be freed. */
char *host_home_of(const char *name, size_t length);

#endif

/* Texts from files: programs, and for trusted ones the libraries and includes beside them. Bytes into descriptors. */
#ifndef TOOLS_COMMON_FILES_H
#define TOOLS_COMMON_FILES_H

#include "schooner.h"

struct source_file {
    struct sch_source source;
    char *text; /* owned; NULL for a text that is not */
};

/* "-" is standard input. false: errno says why, EFBIG where it does not end within 128 MiB. */
bool source_file_read(const char *path, struct source_file *ret);
/* The same of a path that a stranger may have named or made. It is a file and no pipe or device, else errno is ENXIO.
 */
bool source_file_read_found(const char *path, struct source_file *ret);
void source_file_done(struct source_file *file);

/* Libraries are looked for beneath the folder of the program, then beneath another one: (acme shop) in acme/shop.sld.
 */
struct library_path {
    const char *program;
    const char *folder; /* NULL: none */
};
sch_load_fn load_library_file;
sch_load_fn load_include_file;

#endif

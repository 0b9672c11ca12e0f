/* What the public interface keeps behind its handles. Private to api/ (and the image's loader). */
#ifndef SCHOONER_API_STATE_H
#define SCHOONER_API_STATE_H

#include "schooner/expand/expand.h"
#include "schooner/heap/machine.h"
#include "schooner/image/format.h"
#include "schooner/vm/vm.h"

/* A library as the expander sees it, with where it comes from behind. */
struct env_library {
    struct library view;        /* view.data: this */
    const sch_env *env;
    const struct image_library *image; /* NULL: of the host, or built in */
    const struct sch_binding *bindings; /* of the host; sorted copies */
    size_t count;
    uint32_t first_value;       /* of the host: index of its first value */
    bool importable;            /* on the menu */
    bool anonymous;
};

struct sch_env {
    const struct image_header *image; /* NULL while the image itself is being made */
    enum sch_posture posture;
    bool mutation;
    bool catch_errors;
    bool redefinition;
    bool guile_imports;
    sch_load_fn *load_library;
    sch_load_fn *load_include;
    void *load_data;
    struct sch_memory memory;

    char *region;               /* frozen blocks: the image's objects, then primitives and host procedures */
    size_t region_size;
    char *primitives;           /* first struct primitive of the table */
    char *host_procedures;      /* first struct primitive of the host's functions */
    struct host_function *functions;
    size_t function_count;
    size_t value_count;         /* of the image */

    struct env_library *libraries; /* the image's in its order, then the host's */
    size_t library_count;
    const char **pre_imports;   /* NULL-terminated, canonical names */
    char *names;                /* text that the structures above point to */
    struct arena arena;
};

/* The bytes made at build time; linked in from image_data.c, or empty in the program that makes them. */
extern const unsigned char image_data[];
extern const unsigned image_data_size;

/* api/library.c */
const struct library *env_find_library(const sch_env *env, const char *name);
bool env_find_builtin(const sch_env *env, const char *name, struct exported *ret);
sch_value env_find_symbol(const sch_env *env, const char *text, size_t length, uint64_t hash);
/* "base" or "(scheme base)" to "(scheme base)": spaces normalised. false: not a name. */
bool library_name_canonical(const char *name, char *ret, size_t size);
bool is_mutator(const char *name, size_t length);
bool is_run_only_library(const char *name);
bool is_opt_in_library(const char *name);

const struct library *env_find_scope(const sch_env *env, const char *name);

/* image/load.c: frozen blocks for the image (NULL: none) and `extra_blocks` behind them. false: no memory. */
bool image_load(sch_env *env, const struct image_header *image, size_t extra_blocks);
void image_unload(sch_env *env);
size_t image_block_room(void);                        /* bytes of objects in one block */
char *image_block_start(char *region, size_t index);  /* where the objects of block number `index` begin */
static inline const void *image_at(const struct image_header *image, uint32_t offset)
{
    return (const char *)image + offset;
}

/* One machine's memory of earlier programs: names by hash, in an arena. */
struct session_name {
    struct exported exported; /* .name: the name that it is looked up by */
    size_t length;
    uint64_t hash;
};

struct session_names {
    struct session_name *items; /* in order of arrival */
    size_t count, capacity;
    uint32_t *slots;            /* index + 1; a power of two */
    size_t slot_count;
};

struct session_library {
    struct library view;
    struct session_names exports;
    struct session_names inside;
    struct session_library *next; /* in order of definition */
};

struct sch_ref {
    sch_vm *vm;
    sch_value value;
    struct sch_ref *next, **link;
};

enum { FAILURE_TEXT = 4096 };

struct api_state {
    struct arena arena;             /* names of the session, in the account's memory */
    struct session_library top;     /* the program's top level */
    struct session_library *libraries;
    struct session_library **libraries_end;
    const char **imports;           /* import sets of earlier programs, NULL-terminated */
    size_t import_count, import_capacity;
    struct sch_failure failure;
    char text[FAILURE_TEXT];        /* what the failure's strings point into: reserved, so reporting cannot fail */
    size_t text_used;
    sch_value raised;               /* roots */
    sch_value result;
    struct sch_ref *refs;
    struct sch_source source;       /* of the run in progress, for excerpts */
    bool running;
    uint64_t started_ns;
    uint64_t wall_ns;
};

/* api/session.c */
void session_init(sch_vm *vm);
bool session_commit(sch_vm *vm, const struct expansion *expansion);
const struct library *session_find_library(sch_vm *vm, const char *name);

/* api/program.c: text to code, for a machine */
enum sch_status program_compile(sch_vm *vm, struct sch_source source, struct sch_code **ret);

/* api/failure.c */
struct front;
void failure_clear(struct api_state *api);
const char *failure_text(struct api_state *api, const char *text, size_t length);
void failure_from_front(sch_vm *vm, const struct front *front);
void failure_from_run(sch_vm *vm, enum sch_status status);
void failure_set(sch_vm *vm, enum sch_status status, const char *kind, const char *message);
const char *limit_name(enum sch_limit limit);
/* With storage of its own, for sch_failure_done. */
void failure_copy(const struct sch_failure *from, struct sch_failure *ret);

#endif

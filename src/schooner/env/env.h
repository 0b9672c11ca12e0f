/* An environment: what scripts may see. Made once (env.c), then only read, by any number of threads. */
#ifndef SCHOONER_ENV_ENV_H
#define SCHOONER_ENV_ENV_H

#include <pthread.h>
#include "schooner/env/image.h"
#include "schooner/expand/expand.h"
#include "schooner/heap/machine.h"
#include "schooner/vm/vm.h"

/* A library as the expander sees it, with where it comes from behind. */
struct env_library {
    struct library view; /* view.data: this */
    const sch_env *env;
    const struct image_library *image;  /* NULL: of the host, or built in */
    const struct sch_binding *bindings; /* of the host; sorted copies */
    size_t count;
    uint32_t first_value; /* of the host: index of its first value */
    bool importable;      /* on the menu */
    bool anonymous;
};

struct sch_env {
    uint64_t identity;                /* what its code is known by */
    const struct image_header *image; /* NULL while the image itself is being made */
    enum sch_posture posture;
    bool mutation;
    bool catch_errors;
    bool redefinition;
    bool guile_imports;
    bool names_options;
    uint32_t off; /* bits of table/switches.h */
    sch_load_fn *load_library;
    sch_load_fn *load_include;
    void *load_data;
    struct sch_memory memory;

    char *region; /* frozen blocks: the image's objects (primitives first), then host procedures */
    size_t region_size;
    struct image_state *state; /* which of the image's objects are there; the one thing that changes later */
    char *primitives;          /* first struct primitive of the table */
    char *host_procedures;     /* first struct primitive of the host's functions */
    struct host_function *functions;
    size_t function_count;
    bool has_host_values;
    size_t value_count; /* of the image */

    struct env_library *libraries; /* the image's in its order, then the host's */
    size_t library_count;
    const char **pre_imports; /* NULL-terminated, canonical names */
    char *names;              /* text that the structures above point to */
    struct arena arena;
};

/* The bytes made at build time; linked in from image_data.c, or empty in the program that makes them. */
extern const unsigned char image_data[];
extern const unsigned image_data_size;

/* env.c: reads a structure of options that may be of an older or newer header. false: it has no size, or it says what
 * this library does not know. */
bool options_read(const void *given, size_t given_size, void *ret, size_t size);

/* library.c */
const struct library *env_find_library(const sch_env *env, const char *name);
bool env_find_builtin(const sch_env *env, const char *name, struct exported *ret);
sch_value env_find_symbol(const sch_env *env, const char *text, size_t length, uint64_t hash);
sch_value env_find_keyword(const sch_env *env, sch_value symbol);
/* "base" or "(scheme base)" to "(scheme base)": spaces normalised. false: not a name. */
bool library_name_canonical(const char *name, char *ret, size_t size);
bool is_mutator(const char *name, size_t length);
bool is_run_only_library(const char *name);
bool is_opt_in_library(const char *name);
/* Is there nothing to it without mutation? */
bool is_mutation_library(const char *name);
/* Does it need what only the host can do? Then the host offers that in a library of this name. */
bool is_system_library(const char *name);
#define ENV_SYSTEM_LIBRARY "(schooner system)"

const struct library *env_find_scope(const sch_env *env, const char *name);
/* Why env_find_library does not give the library, behind "is not available": what would give it, or which one was
 * meant; else an empty text. */
void env_explain_library(const sch_env *env, const char *name, char *ret, size_t size);

void library_init_image(struct env_library *library, const sch_env *env, const struct image_library *image);
void library_init_host(struct env_library *library, const sch_env *env, const char *name,
                       const struct sch_binding *bindings, size_t count, uint32_t first_value);

/*
 * load.c: room for the blocks of the image (NULL: none) and `extra_blocks` behind them. false: no memory. Nothing is in
 * them yet: those behind are the caller's to format, the image's objects come when they are wanted, by any thread.
 */
bool image_map(sch_env *env, const struct image_header *image, size_t extra_blocks);
void image_unmap(sch_env *env);
void image_load_section(const sch_env *env, uint32_t section);
void image_load_name(const sch_env *env, uint32_t offset); /* a symbol or keyword */

/* Guards `loaded` and what is being copied: held for some tens of microseconds, a few times in a process. Whoever waits
 * sleeps: the thread that holds it may have lost its processor. */
struct image_state {
    pthread_mutex_t lock;
    unsigned char *formatted; /* of each block: it has its header */
    unsigned char loaded[];   /* of each section, atomic: it and all that it needs are there */
};

static inline void image_want_section(const sch_env *env, uint32_t section)
{
    if (!__atomic_load_n(&env->state->loaded[section], __ATOMIC_ACQUIRE))
        image_load_section(env, section);
}

size_t image_block_room(void);                       /* bytes of objects in one block */
char *image_block_start(char *region, size_t index); /* where the objects of block number `index` begin */
static inline const void *image_at(const struct image_header *image, uint32_t offset)
{
    return (const char *)image + offset;
}

#endif

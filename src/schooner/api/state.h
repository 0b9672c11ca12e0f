/* What the public interface keeps behind a machine's handle. Private to api/. */
#ifndef SCHOONER_API_STATE_H
#define SCHOONER_API_STATE_H

#include "schooner/env/env.h"
#include "schooner/vm/vm.h"

/* One machine's memory of earlier programs: names by hash, in an arena. */
struct session_name {
    struct exported exported; /* .name: the name that it is looked up by */
    size_t length;
    uint64_t hash;
};

struct session_names {
    struct session_name *items; /* in order of arrival */
    size_t count, capacity;
    uint32_t *slots; /* index + 1; a power of two */
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

/* What a machine does. While it waits its run stands still in it, charged and without a clock. Until all of it is made,
 * nothing can run. */
enum run_state { RUN_NONE, RUN_GOING, RUN_SUSPENDED, RUN_PAUSED, RUN_NEVER };

struct api_state {
    struct arena arena;         /* names of the session, in the account's memory */
    struct session_library top; /* the program's top level */
    struct session_library *libraries;
    struct session_library **libraries_end;
    const char **imports; /* import sets of earlier programs, NULL-terminated */
    size_t import_count, import_capacity;
    struct sch_failure failure;
    char text[FAILURE_TEXT]; /* what the failure's strings point into: reserved, so reporting cannot fail */
    size_t text_used;
    sch_value raised; /* roots */
    sch_value result;
    struct sch_ref *refs;
    struct checker *checker;  /* while sch_check is at work */
    struct sch_source source; /* of the run in progress, for excerpts */
    enum run_state state;
    bool has_strangers; /* procedures that sch_decode took: no program of theirs may reach the host */
    bool inner_failed;  /* a call inside of the run gave SCH_ERROR: its report is made when somebody asks for it */
    size_t scope;       /* bytes of vm->scope when the run began to wait */
    uint64_t started_ns;
    uint64_t wall_ns; /* of the run, up to when it last stopped */
};

/* api/session.c */
void session_init(sch_vm *vm);
bool session_commit(sch_vm *vm, const struct expansion *expansion);
const struct library *session_find_library(sch_vm *vm, const char *name);

/* api/program.c: text to code, for a machine */
enum sch_status program_compile(sch_vm *vm, struct sch_source source, struct sch_code **ret);
/* How programs of the machine's environment are compiled; `open`: expansion.open. */
struct compile_options program_options(const sch_vm *vm, bool open);
/* The same with passes chosen: tests compare what they leave. */
enum sch_status program_compile_with(sch_vm *vm, struct sch_source source, const struct compile_options *options,
                                     struct sch_code **ret);
/* What helps with a name that is not bound (expand_hint). */
bool program_hint(sch_vm *vm, const char *text, size_t length, char *ret, size_t size);
/* Runs a step of the front end for the machine, within its limits; the failure is reported when it gives false. */
struct front;
typedef bool program_step(sch_vm *vm, struct front *front, struct expand_world world, void *data);
enum sch_status program_front(sch_vm *vm, program_step *step, void *data);

/* api/run.c: a run from outside of any other, with its budgets. false: one is going on, or waits. */
bool run_begin(sch_vm *vm);
void run_end(sch_vm *vm);
enum sch_status run_misuse(sch_vm *vm, const char *message);
static inline bool source_is_sound(struct sch_source source)
{
    return source.text || source.length == 0;
}

/* api/surface.c: how many arguments a procedure of the environment takes (-1: any number). false: not known. */
bool env_arity(const sch_env *env, sch_value value, int *ret_min, int *ret_max);

/* api/values.c: roots what the host may hold; V_RAISED: the heap limit */
sch_value scope_hold(sch_vm *vm, sch_value value);
/* Outside of any run: what an earlier constructor failed with is over. */
void values_begin(sch_vm *vm);
/* A constructor that was called against its contract raises. */
sch_value values_misuse(sch_vm *vm, const char *message);

/* api/failure.c */
struct front;
void failure_clear(struct api_state *api);
const char *failure_text(struct api_state *api, const char *text, size_t length);
void failure_from_front(sch_vm *vm, const struct front *front);
void failure_from_run(sch_vm *vm, enum sch_status status);
void failure_set(sch_vm *vm, enum sch_status status, const char *kind, const char *message);
const char *limit_name(enum sch_limit limit);
/* A condition's message and irritants, as failures show them, within bounds. */
void failure_append_message(sch_vm *vm, const struct condition *condition, struct buffer *out);
/* With storage of its own, for sch_failure_done. */
void failure_copy(const struct sch_failure *from, struct sch_failure *ret);

#endif

/*
 * schooner.h - an embeddable R7RS Scheme that can do only what it is handed.
 *
 * Nothing in scope, no effect: a script sees the libraries on the menu of its environment and the functions that the
 * host registered, and every run is bounded in fuel, memory, time and output.
 *
 *   sch_env   what a script may see. Built once, immutable, shared by any number of threads.
 *   sch_vm    one running machine: heap, globals, limits. One thread at a time, movable between threads.
 *   sch_code  a compiled program; belongs to no machine; run it in any.
 *
 * Every structure of options begins with its size (set it to sizeof), so that fields can be added behind. One without
 * its size, or with a field that this version of the library does not know, is refused.
 *
 * A call that breaks its contract, such as sch_eval inside of a running program, gives SCH_MISUSE (false, NULL, or a
 * raised error of kind "misuse", as its kind of result allows) and changes nothing. Handles must be valid.
 */
#ifndef SCHOONER_H
#define SCHOONER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SCH_API __attribute__((visibility("default")))
#else
#define SCH_API
#endif

/* A Scheme value. Opaque: only the functions below look inside. Valid while its machine keeps it alive (see sch_keep).
 */
typedef struct {
    uint64_t bits;
} sch_value;

typedef struct sch_env sch_env;
typedef struct sch_vm sch_vm;
typedef struct sch_code sch_code;
typedef struct sch_ref sch_ref;
typedef struct sch_pool sch_pool;

enum sch_status {
    SCH_OK = 0,
    SCH_ERROR = 1,     /* the script failed; see sch_failure */
    SCH_LIMIT = 2,     /* a limit ended the run; see sch_failure()->limit */
    SCH_SUSPENDED = 3, /* a host function suspended the run: sch_resume goes on, sch_cancel gives it up */
    SCH_PAUSED = 4,    /* the run used up its slice of fuel: sch_resume goes on, sch_cancel gives it up */
    SCH_UNWIND = 5,    /* a jump outward passes this host function: return SCH_RAISED at once */
    SCH_MISUSE = 6,    /* the call broke its contract; nothing was done */
};

/* Which limit ended a run. The names in messages: fuel, heap, timeout, output, nesting, integer-bits, interrupt. */
enum sch_limit {
    SCH_LIMIT_NONE = 0,
    SCH_LIMIT_FUEL,
    SCH_LIMIT_HEAP,
    SCH_LIMIT_TIMEOUT,
    SCH_LIMIT_OUTPUT,
    SCH_LIMIT_NESTING,
    SCH_LIMIT_INTEGER_BITS,
    SCH_LIMIT_INTERRUPT,
};

#define SCH_UNLIMITED UINT64_MAX

/* The version of the costs in fuel (docs/fuel.md): the same program uses the same fuel wherever this number is the
 * same. */
enum { SCH_FUEL_VERSION = 6 };

/* 0 in a field means the default, which is in brackets; SCH_UNLIMITED says that there is none. */
struct sch_limits {
    size_t size;
    uint64_t fuel;         /* procedure entries, long bodies, work in primitives [unlimited] */
    uint64_t heap;         /* bytes of memory mapped for the machine, everything included [64 MiB] */
    uint64_t timeout_ns;   /* wall clock of one run, nanoseconds [5 s] */
    uint64_t output;       /* bytes written by one run [1 MiB] */
    uint64_t nesting;      /* depth of data while reading, expanding, printing [10000] */
    uint64_t integer_bits; /* size of an exact integer [4 Mbit] */
    uint64_t hash_seed;    /* of string hashes; 0: random */
    uint64_t slice;        /* fuel after which a run pauses (SCH_PAUSED) [it never does] */
};

/* What a run used. */
struct sch_usage {
    size_t size;
    uint64_t fuel;
    uint64_t heap_peak; /* bytes */
    uint64_t heap_now;  /* bytes */
    uint64_t wall_ns;
    uint64_t collections;
    uint64_t output; /* bytes */
};

/* One line of a backtrace. */
struct sch_frame {
    const char *procedure; /* name, or NULL for a nameless one */
    const char *file;
    uint32_t line;   /* 1-based; 0 unknown */
    uint32_t column; /* 1-based */
    bool elided;     /* calls are missing between this line and the one before: tail calls */
};

enum { SCH_FRAMES_MAX = 32 };

/* Why a run, a compilation or a call failed. Strings live until the next call on the same machine (or until the
 * caller frees the structure it passed: sch_failure_done). */
struct sch_failure {
    size_t size;
    enum sch_status status;
    enum sch_limit limit; /* with SCH_LIMIT */
    const char *kind;     /* "type-error", "unbound-variable", "syntax-error", "user", ... */
    const char *message;  /* one line without position */
    const char *file;     /* where it happened; with SCH_LIMIT, where the program was when the limit ended it */
    uint32_t line;        /* 1-based; 0 unknown */
    uint32_t column;
    const char *excerpt; /* the source line, of a long one the part around the place; or NULL */
    size_t frame_count;
    struct sch_frame frames[SCH_FRAMES_MAX]; /* innermost first */
    void *storage;                           /* the engine's */
    uint32_t excerpt_column;                 /* of the line, where the excerpt begins; 1 unless the line is long */
};

/* A piece of program text: UTF-8, `length` bytes; `name` is what messages call it. */
struct sch_source {
    const char *name;
    const char *text;
    size_t length;
};

/* --- host functions ---------------------------------------------------------------------------------------------- */

/* What a host function returns when it has raised, or when sch_call returned anything but SCH_OK. */
SCH_API extern const sch_value SCH_RAISED;

/*
 * A host function: gets `count` arguments, already checked against its arity; returns a value, or SCH_RAISED after
 * one of the sch_raise functions. `data` is what it was registered with.
 */
typedef sch_value sch_function(sch_vm *vm, void *data, size_t count, const sch_value args[]);

/* One binding of a host library: a procedure, or, with function == NULL, a value that `value` makes in each machine. */
struct sch_binding {
    const char *name;
    sch_function *function;
    void *data;
    int min_args;    /* at least 0 */
    int max_args;    /* -1: any number */
    uint64_t cost;   /* fuel charged for each call, besides what it charges itself with sch_charge */
    const char *doc; /* shown by `surface`; may be NULL */
    /* Called with `data` when a machine is made and when it is reset: makes a value, runs nothing. When it gives
     * SCH_RAISED there is no machine. */
    sch_value (*value)(sch_vm *vm, void *data);
};

/* A library of the host: `name` as "(acme rules)"; NULL: anonymous, bound at once in every program. */
struct sch_library {
    const char *name;
    const struct sch_binding *bindings;
    size_t count;
};

/* eval: nothing in scope, errors of primitives go to the host. run: all of R7RS, everything imported when the
 * program imports nothing, errors of primitives are conditions. */
enum sch_posture { SCH_POSTURE_EVAL = 0, SCH_POSTURE_RUN = 1 };

/* Text of a library or of an included file, for `import` and `include`. Gives false when there is none.
 * The engine calls ret->release (may be NULL) when it has read the text. Names come from scripts: an included file's is
 * joined to the folder of the file that includes it, and may be absolute or lead upwards. A loader that reads files
 * resolves it beneath a folder of its choice, as openat2 does with RESOLVE_BENEATH, or refuses it. */
struct sch_loaded {
    struct sch_source source;
    void (*release)(void *data);
    void *data;
};
typedef bool sch_load_fn(void *data, const char *name, struct sch_loaded *ret);

/* Takes and gives back memory for machines; both NULL mean mmap and munmap. `size` is a number of whole pages of this
 * machine, `alignment` a power of two from 4 to 32 KiB; the memory need not be zeroed. map gives NULL when there is
 * none. May be called from any thread that runs a machine. */
struct sch_memory {
    void *(*map)(void *data, size_t size, size_t alignment);
    void (*unmap)(void *data, void *block, size_t size);
    void *data;
};

/*
 * A pool: keeps blocks that machines give back, up to `most` bytes, for the next ones. Any number of environments and
 * threads may share one. sch_pool_memory is what goes into the options; with a pool, making and freeing a machine costs
 * no call of the system. Free it after the environments. NULL: no memory.
 */
SCH_API sch_pool *sch_pool_new(size_t most);
SCH_API struct sch_memory sch_pool_memory(sch_pool *pool);
SCH_API void sch_pool_free(sch_pool *pool);

struct sch_env_options {
    size_t size;
    enum sch_posture posture;
    const char *const *menu;        /* NULL-terminated: shortcuts ("base", "char", ...) or names ("(scheme base)");
                                       "default" or NULL: every library of the posture; an empty list: none */
    const char *const *pre_imports; /* NULL-terminated: in scope without an import */
    const struct sch_library *libraries;
    size_t library_count;
    bool mutation;             /* bind set!, set-car!, string-set! ... (always with SCH_POSTURE_RUN) */
    bool catch_errors;         /* errors of primitives are conditions (always with SCH_POSTURE_RUN) */
    bool redefinition;         /* top-level names may be defined again (sessions) */
    bool guile_imports;        /* use-modules is import */
    sch_load_fn *load_library; /* asked with a library's name, as "(acme shop)"; NULL: none */
    sch_load_fn *load_include; /* NULL: none */
    void *load_data;
    struct sch_memory memory;   /* for the machines of this environment */
    const char *const *without; /* NULL-terminated: what is left out of what makes programs fast, for measuring.
                                   "inline", "fold", "known-calls", "loops", "open-coding", "young-collection" */
    bool names_options;         /* errors name the options of the command `schooner` (--menu): for that command alone */
};

/*
 * Makes an environment. NULL on failure (unknown library in the menu, duplicate names, no memory), which
 * `ret_failure` then describes (may be NULL; give it back with sch_failure_done). The caller owns the environment;
 * options and everything that they point to may go after the call, but for functions and their data.
 */
SCH_API sch_env *sch_env_new(const struct sch_env_options *options, struct sch_failure *ret_failure);
SCH_API void sch_env_free(sch_env *env); /* after its machines and code; NULL does nothing */

/* --- machines ---------------------------------------------------------------------------------------------------- */

/*
 * A machine with its limits (NULL: all defaults). The caller owns it. NULL, without a failure to look at, for one of
 * three reasons:
 *   - the call broke its contract: no `env`, or limits without their size or with a field that this version has not;
 *   - the heap limit is too small for a machine that has run nothing: 64 KiB are always enough for one (where pages
 * have 64 KiB, 128), besides what the bindings of the host put into it, and 32 KiB never; a program needs more;
 *   - the system has no memory, or a binding of the host gave no value.
 */
SCH_API sch_vm *sch_vm_new(sch_env *env, const struct sch_limits *limits);
/* Gives everything back at once; runs finalizers of foreign values. Does nothing inside of a host function that the
 * machine called. */
SCH_API void sch_vm_free(sch_vm *vm);
/* Fresh again, with its first memory. false: SCH_MISUSE (it is running); or there was no memory, or a binding of the
 * host gave no value: then all that the machine is good for is sch_vm_free, and to be made fresh by another try. */
SCH_API bool sch_vm_reset(sch_vm *vm);
/* Other limits for the runs to come; heap may only grow above what is in use. false: misuse. */
SCH_API bool sch_vm_set_limits(sch_vm *vm, const struct sch_limits *limits);

/*
 * Reads, compiles and runs a program; definitions stay for later programs of the same machine (a session).
 * SCH_OK: *ret is the value of its last expression (`ret` may be NULL). Else *ret is untouched and sch_failure tells
 * why.
 */
SCH_API enum sch_status sch_eval(sch_vm *vm, struct sch_source source, sch_value *ret);
/* Compiles without running, within `limits` (macros are a stranger's code). The caller owns *ret (sch_code_free). */
SCH_API enum sch_status sch_compile(sch_env *env, struct sch_source source, const struct sch_limits *limits,
                                    sch_code **ret, struct sch_failure *ret_failure);
SCH_API void sch_code_free(sch_code *code); /* machines that run it keep what they need */
/* Runs code that sch_compile made for the machine's environment; of another one it is SCH_MISUSE. Returns as sch_eval.
 */
SCH_API enum sch_status sch_run(sch_vm *vm, sch_code *code, sch_value *ret);
/* Calls a procedure. From a host function: inside the running program, sharing its limits; a hundred such calls within
 * each other end the run with SCH_LIMIT_NESTING, since they stand on the C stack. */
SCH_API enum sch_status sch_call(sch_vm *vm, sch_value procedure, size_t count, const sch_value args[], sch_value *ret);
/* Ends what runs or waits on the machine, from another thread or a signal handler: SCH_LIMIT_INTERRUPT, of a run that
 * waits from its sch_resume. When nothing runs or waits, it has no effect. */
SCH_API void sch_interrupt(sch_vm *vm);

/* --- runs that wait ---------------------------------------------------------------------------------------------- */

/*
 * A run that sch_eval, sch_run or sch_call began from outside of any host function stops for now when a host function
 * suspends it (SCH_SUSPENDED) or when it has used up its slice of fuel (SCH_PAUSED). It then waits in its machine: the
 * heap stays charged, the clock of the timeout and of the usage stands still, the machine may move to another thread,
 * and values may be made and looked at as inside of a host function. Other runs on the machine are SCH_MISUSE until
 * the one that waits has ended.
 */

/*
 * For a host function, as the value that it returns: the run stops with SCH_SUSPENDED, and the call of the function has
 * the value that sch_resume gives. When a call of the host (sch_call) lies between the function and the entrance of the
 * run, nothing can wait: then this raises an error with kind "barrier", as a primitive would.
 */
SCH_API sch_value sch_suspend(sch_vm *vm);
/*
 * Goes on with the run that waits in the machine. After SCH_SUSPENDED `value` is what the host function gives;
 * SCH_RAISED after a sch_raise function raises there instead. After SCH_PAUSED it is not looked at. Returns what
 * sch_eval would: the run may end, fail, meet a limit or stop again. SCH_MISUSE: no run waits.
 */
SCH_API enum sch_status sch_resume(sch_vm *vm, sch_value value, sch_value *ret);
/* Gives up the run that waits: no handler and no `after` thunk of it runs. SCH_MISUSE: no run waits. */
SCH_API enum sch_status sch_cancel(sch_vm *vm);
/* Another slice than the limits say, for the run that goes on (from a host function), else from the next run or
 * sch_resume on. A run pauses where it next enters a procedure or begins a round of a loop, never inside of a primitive
 * or beneath a call of the host. 0: it never pauses. */
SCH_API void sch_set_slice(sch_vm *vm, uint64_t fuel);

/* --- failures and usage ------------------------------------------------------------------------------------------ */

/* Why the last call on this machine did not return SCH_OK; in a host function, why its sch_call did not. Valid until
 * the next call on it. */
SCH_API const struct sch_failure *sch_failure(sch_vm *vm);
/* Gives back the strings of a failure of the caller's own, which a function has filled; NULL does nothing. What
 * sch_failure returns is the machine's. */
SCH_API void sch_failure_done(struct sch_failure *failure);
/* What the last run has used, or the one that goes on so far. Never fails. */
SCH_API struct sch_usage sch_usage(sch_vm *vm);

/* The condition that ended the last run (SCH_ERROR), or the object that was raised. */
SCH_API sch_value sch_raised(sch_vm *vm);

/* --- output ------------------------------------------------------------------------------------------------------ */

/* Gets what programs write, in pieces. false ends the run with the output limit. It is no host function: sch_call and
 * sch_suspend are SCH_MISUSE in it, as in every function that loads sources, hears of diagnostics or takes names. */
typedef bool sch_output_fn(void *data, const char *bytes, size_t length);
/* Output goes to the function; NULL: into a bounded buffer that sch_output reads. */
SCH_API void sch_set_output(sch_vm *vm, sch_output_fn *write, void *data);
/* What is in that buffer, NUL-terminated, until the next call on the machine; empty when there is no memory.
 * `ret_length` may be NULL. */
SCH_API const char *sch_output(sch_vm *vm, size_t *ret_length);
SCH_API void sch_output_clear(sch_vm *vm); /* empties it */

/* A type of opaque values of the host; see sch_foreign. */
struct sch_foreign_type {
    const char *name;
    void (*finalize)(void *pointer); /* may be NULL; must not call the engine */
};

/* --- ports of the host ------------------------------------------------------------------------------------------- */

/*
 * What a host's port does; must outlive the machines. Any function may be NULL: nothing to read, writes refused, always
 * ready, nothing to flush or to close. They may block; they must not call the engine. `base.finalize` gets the pointer
 * when nothing refers to the port any more, closed or not, and when the machine goes.
 */
struct sch_port_type {
    struct sch_foreign_type base;
    /* At least one byte and at most `room`, waiting if need be; 0: the end; -1: it failed. Text is UTF-8; what is not
     * UTF-8 in it reads as U+FFFD. */
    int64_t (*read)(void *pointer, void *bytes, size_t room);
    bool (*ready)(void *pointer); /* would read give something, or the end, at once? */
    bool (*write)(void *pointer, const void *bytes, size_t length);
    bool (*flush)(void *pointer);
    bool (*close)(void *pointer); /* once at most */
};
enum sch_port_flags { SCH_PORT_INPUT = 1, SCH_PORT_OUTPUT = 2, SCH_PORT_BINARY = 4 };
/* A port whose bytes the host reads or writes: textual, or SCH_PORT_BINARY. A function that fails raises an error
 * object for which file-error? holds. */
SCH_API sch_value sch_port(sch_vm *vm, const struct sch_port_type *type, void *pointer, unsigned flags);

enum sch_standard_port { SCH_STANDARD_OUTPUT = 0, SCH_STANDARD_ERROR = 1, SCH_STANDARD_INPUT = 2 };
/* What current-output-port, current-error-port and current-input-port give outside of every parameterize: a textual
 * port of the right direction. false: it is none. Output to a port of the host is not counted against the output limit.
 */
SCH_API bool sch_set_port(sch_vm *vm, enum sch_standard_port which, sch_value port);

/* --- values ------------------------------------------------------------------------------------------------------ */

/*
 * Values returned by the engine stay alive until the next call that runs code on the machine (sch_eval, sch_run,
 * sch_call) from outside of any host function; inside a host function, until it returns. sch_keep makes one outlive
 * that. Constructors may fail (the heap limit, text that is not UTF-8): they return SCH_RAISED, inside a host function
 * to be returned at once; outside of a run sch_failure tells why. What is built of SCH_RAISED is SCH_RAISED, so a nest
 * of constructors needs one check.
 *
 * A value belongs to its machine. No function can tell that one of another machine was handed in: never do that.
 */
SCH_API sch_ref *sch_keep(sch_vm *vm, sch_value value); /* NULL: no memory, or SCH_RAISED is no value to keep */
SCH_API sch_value sch_ref_value(const sch_ref *ref);
/* Gives a reference back; NULL does nothing. A machine that is freed or reset takes all of its own with it. */
SCH_API void sch_release(sch_ref *ref);

/* Is it SCH_RAISED, which a constructor gives when it failed? */
SCH_API bool sch_is_raised(sch_value value);

/* Constructors. The first four need no memory and cannot fail; strings and symbols are copied. */
SCH_API sch_value sch_nil(void);
SCH_API sch_value sch_unspecified(void);
SCH_API sch_value sch_boolean(bool value);
SCH_API sch_value sch_character(uint32_t code);
SCH_API sch_value sch_integer(sch_vm *vm, int64_t value);
SCH_API sch_value sch_real(sch_vm *vm, double value);
SCH_API sch_value sch_string(sch_vm *vm, const char *text, size_t length); /* UTF-8; what is not raises an error */
SCH_API sch_value sch_symbol(sch_vm *vm, const char *name);
SCH_API sch_value sch_keyword(sch_vm *vm, const char *name);
SCH_API sch_value sch_cons(sch_vm *vm, sch_value car, sch_value cdr);
SCH_API sch_value sch_list(sch_vm *vm, size_t count, const sch_value items[]);
SCH_API sch_value sch_vector(sch_vm *vm, size_t count, const sch_value items[]);
SCH_API sch_value sch_bytevector(sch_vm *vm, const void *bytes, size_t length);

/* An opaque value of the host, which prints as #<foreign>; `bytes` is what it costs the machine's heap limit. `type`
 * must outlive the machine. Without a finalizer, values of one type and pointer are eq?: the second call gives what the
 * first one made, while a program holds it. With one, each owns its pointer and is finalized by itself. */
SCH_API sch_value sch_foreign(sch_vm *vm, const struct sch_foreign_type *type, void *pointer, size_t bytes);

enum sch_kind {
    SCH_KIND_NIL,
    SCH_KIND_UNSPECIFIED,
    SCH_KIND_EOF,
    SCH_KIND_BOOLEAN,
    SCH_KIND_INTEGER,
    SCH_KIND_NUMBER,
    SCH_KIND_CHARACTER,
    SCH_KIND_STRING,
    SCH_KIND_SYMBOL,
    SCH_KIND_KEYWORD,
    SCH_KIND_PAIR,
    SCH_KIND_VECTOR,
    SCH_KIND_BYTEVECTOR,
    SCH_KIND_PROCEDURE,
    SCH_KIND_RECORD,
    SCH_KIND_CONDITION,
    SCH_KIND_FOREIGN,
    SCH_KIND_OTHER,
};
/* What kind of value it is; SCH_KIND_OTHER for those that the host cannot look into. */
SCH_API enum sch_kind sch_kind_of(sch_value value);
SCH_API bool sch_is_true(sch_value value); /* everything but #f */

/* Total accessors; what is NULL of where they put things is not filled. false when the value is of another kind or does
 * not fit; *ret is then untouched. */
SCH_API bool sch_get_integer(sch_value value, int64_t *ret);
SCH_API bool sch_get_real(sch_value value, double *ret); /* any real number, rounded */
SCH_API bool sch_get_character(sch_value value, uint32_t *ret);
SCH_API bool sch_get_boolean(sch_value value, bool *ret);
/* The text of a string, symbol or keyword: UTF-8 without a copy, NUL-terminated, alive as long as the value; that of a
 * string that the script may change (with mutation), until code runs on the machine again. */
SCH_API bool sch_get_text(sch_value value, const char **ret_text, size_t *ret_length);
SCH_API bool sch_get_bytes(sch_value value, const void **ret_bytes, size_t *ret_length);
SCH_API bool sch_get_pair(sch_value value, sch_value *ret_car, sch_value *ret_cdr);
SCH_API bool sch_get_list_length(sch_value value, size_t *ret_length); /* proper lists only */
SCH_API bool sch_get_vector(sch_value value, const sch_value **ret_items, size_t *ret_length);
SCH_API bool sch_get_foreign(sch_value value, const struct sch_foreign_type *type, void **ret);
/* A record: its type's name, and its fields in the order of the definition. */
SCH_API bool sch_get_record(sch_value value, const char **ret_type_name, const sch_value **ret_fields,
                            size_t *ret_count);
/* Several values, or none, as (values 1 2) gives them; only the result of a program or call can be such. */
SCH_API bool sch_get_values(sch_value value, const sch_value **ret_items, size_t *ret_count);
/* A condition: its parts (kind is a symbol, message a string, irritants a list). */
SCH_API bool sch_get_condition(sch_value value, sch_value *ret_kind, sch_value *ret_message, sch_value *ret_irritants);

/*
 * Asserting accessors, for the arguments of a host function: as the total ones above, and when they give false they
 * have raised a type error (sch_raise_type): return SCH_RAISED.
 */
SCH_API bool sch_need_integer(sch_vm *vm, sch_value value, int64_t *ret);
SCH_API bool sch_need_real(sch_vm *vm, sch_value value, double *ret);
SCH_API bool sch_need_character(sch_vm *vm, sch_value value, uint32_t *ret);
SCH_API bool sch_need_boolean(sch_vm *vm, sch_value value, bool *ret);
SCH_API bool sch_need_string(sch_vm *vm, sch_value value, const char **ret_text, size_t *ret_length);
SCH_API bool sch_need_symbol(sch_vm *vm, sch_value value, const char **ret_text, size_t *ret_length);
SCH_API bool sch_need_bytes(sch_vm *vm, sch_value value, const void **ret_bytes, size_t *ret_length);
SCH_API bool sch_need_pair(sch_vm *vm, sch_value value, sch_value *ret_car, sch_value *ret_cdr);
SCH_API bool sch_need_list(sch_vm *vm, sch_value value, size_t *ret_length);
SCH_API bool sch_need_vector(sch_vm *vm, sch_value value, const sch_value **ret_items, size_t *ret_length);
SCH_API bool sch_need_procedure(sch_vm *vm, sch_value value);
SCH_API bool sch_need_foreign(sch_vm *vm, sch_value value, const struct sch_foreign_type *type, void **ret);

/* The external representation, as `write` (or `display`) prints it, as a string value. SCH_RAISED: a limit. */
SCH_API sch_value sch_print(sch_vm *vm, sch_value value, bool display);

/* --- for host functions ------------------------------------------------------------------------------------------ */

/* Raises an error object with kind "user" and a formatted message; returns SCH_RAISED. */
SCH_API sch_value sch_raise_error(sch_vm *vm, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same with a symbol for a kind (a host's own, or "file-error", "read-error") and a list of irritants. */
SCH_API sch_value sch_raise_kind(sch_vm *vm, const char *kind, sch_value irritants, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/*
 * Raises a type error: `expected` (such as "an order"), and what was there instead. Like the errors of primitives it
 * goes to the host, past all handlers of the script, unless the environment has `catch_errors`.
 */
SCH_API sch_value sch_raise_type(sch_vm *vm, const char *expected, sch_value got);
/* Raises any value, as (raise value). */
SCH_API sch_value sch_raise_value(sch_vm *vm, sch_value value);
/* Charges fuel; false: the limit, return SCH_RAISED at once. */
SCH_API bool sch_charge(sch_vm *vm, uint64_t fuel);
/* Where the innermost active Scheme call stands, for located errors. false: unknown. */
SCH_API bool sch_position(sch_vm *vm, const char **ret_file, uint32_t *ret_line, uint32_t *ret_column);
/* The host's own pointer of this machine. */
SCH_API void sch_vm_set_data(sch_vm *vm, void *data);
SCH_API void *sch_vm_data(sch_vm *vm);

/* --- to bytes and back ------------------------------------------------------------------------------------------- */

/*
 * Encodes data (sch_encode) or a procedure of no arguments with everything that it reaches (sch_encode_thunk) into
 * bytes that sch_decode reads in another machine of the same environment options, of another process too. On SCH_OK the
 * caller owns *ret (free it with sch_bytes_free). SCH_ERROR: something that does not travel (foreign values, ports,
 * continuations), named in sch_failure. The bytes are versioned.
 */
SCH_API enum sch_status sch_encode(sch_vm *vm, sch_value value, void **ret, size_t *ret_length);
SCH_API enum sch_status sch_encode_thunk(sch_vm *vm, sch_value thunk, void **ret, size_t *ret_length);
/*
 * Encodes what ended the last run (sch_raised), for sch_decode and sch_raise_value elsewhere. A condition keeps its
 * place, its active calls and the procedure that refused; where its irritants do not travel their text stands at the
 * end of its message instead. Another object that does not travel: SCH_ERROR, as from sch_encode.
 */
SCH_API enum sch_status sch_encode_raised(sch_vm *vm, void **ret, size_t *ret_length);
/*
 * Decodes what sch_encode or sch_encode_thunk made. The bytes may come from anybody: every one is verified, and work
 * and memory are bounded by the length. With `code` true procedures are accepted too: their bytecode is verified to
 * stay within its frames and tables and to pay fuel for every step back and for long lines between, and what their
 * captured variables hold is asked where it is used. So they can do what any program within the machine's limits can;
 * but they may use every procedure of the standard libraries, whatever the menu, and call and change the definitions of
 * the machine's session: where those reach functions of the host, a machine of its own is the place for procedures of a
 * stranger. They reach no procedure of the host themselves. Nor do they by `eval`: where the environment has functions
 * or loaders of the host, nothing in the machine evaluates, loads or opens files any more, until sch_vm_reset. SCH_OK:
 * *ret, alive as what a constructor makes. SCH_ERROR: the bytes are not sound. SCH_LIMIT.
 */
SCH_API enum sch_status sch_decode(sch_vm *vm, const void *bytes, size_t length, bool code, sch_value *ret);
SCH_API void sch_bytes_free(void *bytes, size_t length);

/* --- for the tools of authors ------------------------------------------------------------------------------------ */

/* Hears of one error, or of one warning, which has the status SCH_OK: the program runs, and what it does may not be
 * meant. The structure and its strings are good until it returns. */
typedef void sch_diagnostic_fn(void *data, const struct sch_failure *diagnostic);
/*
 * Finds what is wrong with a program without running it, and leaves nothing behind in the machine's session: text that
 * cannot be read, malformed forms, unknown libraries, names that are not bound, calls of known procedures with a number
 * of arguments that they do not take. Warns of local variables that nobody uses, of definitions that hide an import,
 * and of definitions that nobody uses and nobody outside can reach. Goes on behind errors where it can, up to a
 * thousand of them, and a thousand warnings. Within the machine's limits: the program may be a stranger's. SCH_OK: no
 * error was found. SCH_ERROR: `report` heard of at least one error. SCH_LIMIT: a limit ended it, which `report` heard
 * of too.
 */
SCH_API enum sch_status sch_check(sch_vm *vm, struct sch_source source, sch_diagnostic_fn *report, void *data);

enum sch_stage {
    SCH_STAGE_DATUM =
        0, /* what the reader makes of the text; SCH_ERROR with kind "read-incomplete": more text is needed */
    SCH_STAGE_CORE = 1, /* expanded: names resolved, macros and derived forms gone */
    SCH_STAGE_CODE = 2, /* compiled */
    SCH_STAGE_SOURCE =
        3, /* expanded as CORE, in the report's forms and the author's names, laid out: see schooner(1), expand */
    SCH_STAGE_ONCE = 4,  /* each outermost form after one step of the macro at its head, else as it is */
    SCH_STAGE_STEPS = 5, /* every step that a macro takes: where, and the form before and after */
};
/* Writes the text form of what a stage of the compiler makes of a program; nothing runs, nothing is left behind.
 * `write` may be NULL; it gives false to end (SCH_LIMIT_OUTPUT). The forms are for people: they may differ between
 * versions. Of ONCE and STEPS each step is written when it was taken, so that what led to an error or a limit can be
 * read; what they write counts as output. */
SCH_API enum sch_status sch_show_stage(sch_vm *vm, struct sch_source source, enum sch_stage stage, sch_output_fn *write,
                                       void *data);

/* Takes a name; false: enough. */
typedef bool sch_name_fn(void *data, const char *name);
/* The names in scope for the machine's next program that begin with `prefix`: what it defined, imported, and what is
 * imported already. Each once, in no order. */
SCH_API enum sch_status sch_names(sch_vm *vm, const char *prefix, sch_name_fn *take, void *data);
/* The names of the libraries that the machine's next program may import, as "(scheme base)", and that begin with
 * `prefix`: those of the menu, then those that earlier programs defined. Files with libraries are not looked for.
 * SCH_MISUSE: there is no function, or a program runs. */
SCH_API enum sch_status sch_libraries(sch_vm *vm, const char *prefix, sch_name_fn *take, void *data);

enum sch_surface_kind { SCH_SURFACE_SYNTAX = 0, SCH_SURFACE_PROCEDURE = 1, SCH_SURFACE_VALUE = 2 };

/* One binding of an environment. */
struct sch_surface {
    size_t size;
    const char *library; /* "(scheme base)"; NULL: bound in every program */
    const char *name;
    enum sch_surface_kind kind;
    bool arity_known; /* of a procedure */
    int min_args;
    int max_args;      /* -1: any number */
    const char *doc;   /* what it does, in a line: the host's, or that of docs/reference.md; or NULL */
    const char *usage; /* how it is written, "(car pair)"; NULL: not known, as of a host's */
};
typedef bool sch_surface_fn(void *data, const struct sch_surface *binding); /* false: enough */
/* Every binding of every library that programs of the environment may import, library by library. */
SCH_API void sch_surface(const sch_env *env, sch_surface_fn *report, void *data);

/* The version of the library that runs, "MAJOR.MINOR.PATCH". */
SCH_API const char *sch_version(void);

#ifdef __cplusplus
}
#endif

#endif

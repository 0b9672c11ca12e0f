/*
 * datum -> core tree. Hygiene by renaming: an alias is {name, environment of the macro's definition, a fresh identity
 * for each expansion step}. Knows libraries only through the interface below.
 */
#ifndef SCHOONER_EXPAND_EXPAND_H
#define SCHOONER_EXPAND_EXPAND_H

#include "base/buffer.h"
#include "schooner/core/core.h"
#include "schooner/read/read.h"

/* What a name of a library stands for. */
enum binding_kind { BINDING_SPECIAL, BINDING_MACRO, BINDING_GLOBAL };

struct exported {
    const char *name;
    enum binding_kind kind;
    int special;                /* SPECIAL: enum special_form */
    const unsigned char *macro; /* MACRO: bytes of macro_encode */
    size_t macro_length;
    const struct library *scope; /* MACRO: the library in whose scope its templates are resolved; in what an expansion
                                    leaves, NULL: the library named `space`, of the same expansion or session */
    enum global_kind global;     /* GLOBAL */
    uint32_t index;              /* PRIMITIVE, IMAGE */
    const char *space;           /* TOP, MACRO */
    const char *global_name;     /* TOP: the cell's name in its space; NULL: the same as `name` */
};

/* A library that exists already: of the image, of the host, or defined by an earlier program of the session. */
struct library {
    const char *name; /* canonical: "(scheme base)", "(srfi 1)" */
    const void *data;
    size_t export_count;
    /* By external name; false: not exported. */
    bool (*find)(const struct library *library, const char *name, size_t length, struct exported *ret);
    void (*at)(const struct library *library, size_t index, struct exported *ret);
    /* By the name used inside of the library, for what its macros' templates mention. */
    bool (*find_inside)(const struct library *library, const char *name, size_t length, struct exported *ret);
    bool mutates; /* it is on no menu without mutation */
};

/* Where libraries and texts come from. */
struct expand_world {
    void *data;
    /* NULL: not on the menu. */
    const struct library *(*find_library)(void *data, const char *name);
    /* As above, whether or not it is on the menu: for what macros mention. NULL: find_library is asked. */
    const struct library *(*find_scope)(void *data, const char *name);
    /* A primitive by its name, or an export of (schooner kernel); see builtins.def. NULL or false: a top-level name of
     * (schooner kernel), which is being compiled. */
    bool (*find_builtin)(void *data, const char *name, struct exported *ret);
    /* Text for an import or include; false: none. The text must live as long as the compilation. `name`: the
     * library's canonical name, or the file's name for includes (relative to the including source's name). */
    bool (*load_library)(void *data, struct front *front, const char *name, struct sch_source *ret);
    bool (*load_include)(void *data, struct front *front, const char *from, const char *name, struct sch_source *ret);
    /* Why find_library does not give a library, to stand behind "is not available": ": ..."; else an empty text. NULL:
     * nobody knows. */
    void (*explain_library)(void *data, const char *name, char *ret, size_t size);
    bool mutation;      /* set! and other mutating special forms exist */
    bool redefinition;  /* top-level names may be defined again */
    bool late_names;    /* a program's name that nothing binds is an error where it is used, not before */
    const char *lambda; /* a second name of lambda, which no import shadows; NULL: none */
    bool guile_imports; /* use-modules is import; such programs begin with (scheme base) and (scheme write) */
    /* In scope before the program's first form: canonical names, NULL-terminated. */
    const char *const *pre_imports;
    /* Imported when the program itself imports nothing (run posture); NULL: nothing. */
    const char *const *default_imports;
    const struct library *session;      /* names that earlier programs of the session left at top level; may be NULL */
    const char *const *session_imports; /* expansion.imports of the session's earlier programs, in order,
                                           NULL-terminated; NULL: none */
    const char *const *features;        /* for cond-expand and (features); NULL-terminated */
    /* For checks: hears of each error (front->error), then the expansion goes on behind the form; false: enough. What
     * it leaves is good for looking at what could be expanded, and reports nothing as left behind. NULL: the first
     * error ends it. */
    bool (*report)(void *data, const struct front *front);
    /* For checks: hears of what is no error and may yet be a mistake. false after front_limit. NULL: nobody wants it.
     */
    bool (*warn)(void *data, struct position position, const char *kind, const char *message);
    /* Gets the text of each step of a macro, when it was taken. false after front_fail or front_limit. NULL: nobody
     * wants it. */
    bool (*step)(void *data, struct front *front, const char *text, size_t length);
    void *step_data;
};

/* A name that the program leaves behind at its top level, or a library exports. */
struct left_behind {
    struct exported exported;
    const char *inside; /* its name inside of the library */
};

struct library_left {
    const char *name;
    struct left_behind *exports; /* external names in exported.name */
    size_t export_count;
    struct left_behind *inside; /* its own top-level names, and what its macros mention */
    size_t inside_count;
};

struct expansion {
    struct core *body;       /* CORE_SEQUENCE: the bodies of new libraries in order, then the program's */
    struct left_behind *top; /* definitions and macros at the program's top level */
    size_t top_count;
    bool open;            /* they may be assigned and defined again by other programs, while it runs or later */
    const char **imports; /* import sets of the program as text, for session_imports of later programs */
    size_t import_count;
    struct library_left *libraries; /* defined in or loaded for this program, in order */
    size_t library_count;
};

/*
 * Reads and expands a whole program: source number `file` of the front. Every lambda body begins with a CORE_TICK of 1.
 * A top-level definition becomes CORE_DEFINE. false after front_fail or front_limit.
 */
bool expand_program(struct front *front, const struct expand_world *world, uint16_t file, struct expansion *ret);

/*
 * One step for each outermost form of the program: where a macro stands at its head, world->step gets what the macro
 * makes of it, else the form itself. What follows a form may need its definitions, so all but the last are expanded
 * wholly, too. false after front_fail or front_limit.
 */
bool expand_once(struct front *front, const struct expand_world *world, uint16_t file);

/* What is left of the program as source text again: core forms, names as the author wrote them, others only where two
 * would be taken for each other. Appended to `out`. To be called before the compiler's passes. false after front_fail
 * or front_limit. */
bool expand_source(struct front *front, const struct expansion *expansion, struct buffer *out);

/* The names in scope at the top level of a program that begins now and whose names begin with `prefix`, each once, in
 * no order; `take` gives false to end. false after front_fail or front_limit. */
bool expand_names(struct front *front, const struct expand_world *world, const char *prefix,
                  bool (*take)(void *data, const char *name), void *data);

/* The library on the menu that has the name, for a message that helps; NULL: none. */
const char *expand_provider(const struct expand_world *world, const char *text, size_t length);
/* What helps with a name that is not bound, to stand behind "is not bound"; false: nothing is known. */
bool expand_hint(const struct expand_world *world, const char *text, size_t length, char *ret, size_t size);

enum special_form {
#define SPECIAL(ENUM, name, class, handler) SPECIAL_##ENUM,
#include "schooner/expand/special.def"
#undef SPECIAL
    SPECIAL_COUNT,
};

/* The special forms, by name: the library "(schooner syntax)" exports them all. -1: no such form. */
int special_form_find(const char *name, size_t length);
const char *special_form_name(int special);
int special_form_count(void);

#endif

/*
 * What the files of the expander share: its state, tasks, scopes and modules.
 *
 * The expander does not recurse over programs. It keeps a stack of tasks in the arena; each task expands one form into
 * a slot of the tree that is already there (`dest`), pushing tasks for its parts. The last task pushed runs first, so a
 * task that closes a scope lies below the tasks of that scope's body.
 */
#ifndef SCHOONER_EXPAND_EXPANDER_H
#define SCHOONER_EXPAND_EXPANDER_H

#include "schooner/expand/expand.h"

struct expander;
struct module;
struct macro;
struct task;

typedef bool task_fn(struct expander *x, const struct task *task);

struct task {
    task_fn *run;
    struct datum *form;
    struct core **dest;
    const struct name *name; /* what the value will be called, for backtraces; NULL */
    void *data;
    uint32_t depth; /* of *dest in the core tree */
    struct task *next;
};

/* Where an identifier is looked up: a module, and how many of the open scopes are visible. */
struct environment {
    struct module *module;
    uint32_t depth;
};

/* A renamed identifier: `id` (a symbol or an alias) as seen from `env`. Made anew for each expansion step. */
struct alias {
    struct datum *id;
    struct alias_shown *shown;
    const struct name *name; /* of the symbol at the end */
    struct environment env;
    struct entry *bindings; /* of this alias itself, innermost first */
    uint32_t length;        /* of the chain of aliases */
};
_Static_assert(offsetof(struct alias, id) == offsetof(struct alias_head, id), "datum_print follows aliases");
_Static_assert(offsetof(struct alias, shown) == offsetof(struct alias_head, shown), "datum_pretty shows aliases");

enum entry_kind { ENTRY_LOCAL, ENTRY_GLOBAL, ENTRY_MACRO, ENTRY_SPECIAL };

/* What an identifier stands for in one scope. */
struct entry {
    uint8_t kind;
    bool imported; /* from another library */
    bool session;  /* by an earlier program of the session */
    bool used;
    bool pending; /* used at top level, not defined yet */
    bool assigned;
    bool watched;   /* a check says when nobody uses it */
    uint32_t depth; /* of its scope; 0: top level */
    uint32_t definitions;
    struct module *module;
    struct datum *id;
    struct position position;
    const struct name *near;   /* pending: a local name that may have been meant */
    const struct name *inside; /* depth 0: its name in the module; of a hidden one, made up */
    struct entry *shadowed;    /* the next binding of the same identifier */
    struct entry *next;        /* in the scope, or in the module's order */
    struct entry *next_pending;
    union {
        struct variable *variable;
        struct global *global;
        struct macro *macro;
        int special;
    };
};

struct scope {
    struct entry *entries;
    struct scope *outer;
};

/* A table keyed by pointers. */
struct table {
    const void **keys;
    void **values;
    size_t count;
    size_t capacity;
};

enum import_step_kind { STEP_ONLY, STEP_EXCEPT, STEP_PREFIX, STEP_RENAME };

/* One of the transformers of an import set, outermost first. */
struct import_step {
    enum import_step_kind kind;
    const struct name **from; /* PREFIX: one, the prefix */
    const struct name **to;   /* RENAME */
    size_t count;
    struct table listed;      /* name in `from` -> its place in `to`; not of PREFIX */
    struct table renamed;     /* name in `to` -> its name in `from`; of RENAME */
    struct import_step *next; /* inward */
};

struct import_set {
    struct module *source;
    struct import_step *steps;
    struct position position;
    bool implicit; /* pre-imports and the like: explicit imports win over them, later ones over earlier ones */
    struct import_set *next;
};

enum module_state { MODULE_OPEN, MODULE_LOADING, MODULE_DONE };

/* The top level of a program or library. One that exists already is a shell around its struct library. */
struct module {
    const char *space; /* "" for the program, else the library's canonical name */
    const struct library *existing;
    enum module_state state;
    struct table names;          /* struct name -> struct entry */
    struct entry *first, **last; /* its own definitions in order, hidden ones too */
    struct entry *pending;       /* in order of first use */
    struct entry **pending_last;
    struct import_set *imports; /* latest first */
    struct table exports;       /* external struct name -> struct entry, in a library made here */
    size_t hidden;              /* names made up so far */
    bool is_program;
    struct module *next;
};

/* A piece of a body: a definition or an expression. */
struct item {
    struct entry *entry;    /* NULL: an expression */
    struct variable *again; /* of the same body, to be assigned: the definition is not its first */
    struct core *value;
    task_fn *run; /* fills `value`; NULL: it is there already */
    struct datum *form;
    struct position position;
    struct item *next;
};

struct splice {
    struct datum *forms;
    struct splice *next;
};

/* A body while it is scanned: of a lambda or the like, or one form (or all) of a top level. */
struct body {
    bool top;
    struct item *first, **last;
    size_t count;
    size_t definitions;
    struct core **dest; /* of inner bodies */
    uint32_t depth;
    bool tick;
    struct position position;
    struct splice *splices;
};

struct space {
    const char *name;
    struct table globals; /* struct name -> struct global */
    struct space *next;
};

struct expander {
    struct front *front;
    const struct expand_world *world;
    struct module *module;  /* whose text is being expanded */
    struct module *modules; /* made here, or wrapped; latest first */
    size_t module_count;
    uint32_t depth; /* open scopes */
    uint32_t depth_limit;
    struct scope *scopes;
    struct scope *free_scopes;
    struct task *tasks;
    struct task *free_tasks;
    struct space *spaces;
    struct table numbered; /* primitives and image values: index -> struct global */
    struct table macros;   /* bytes -> struct macro */
    unsigned near_times;   /* looks for a name that was meant; there may be many errors */
    unsigned loading;      /* libraries within libraries */
    uint16_t file;         /* of the program */
    size_t unused;         /* watched entries of open scopes */
    bool quiet;            /* a name that imports leave open is as good as none */
    bool explicit_imports; /* the program imported something */
    bool open;             /* what the program defines may be assigned and defined again by others */
    bool began;            /* the program's first form that is no import was seen */
    bool muted;            /* of a check: names may be unbound because of an error that was told */
    const char **import_texts;
    size_t import_count, import_capacity;
    struct core **items; /* of the whole program */
    size_t item_count, item_capacity;
    struct module **order; /* libraries made here, in order */
    size_t order_count, order_capacity;
    struct global *builtins[40];
    struct steps *steps; /* NULL: nobody watches macros at work */
};

/* --- expander.c: tasks, nodes, errors --- */

bool push_task(struct expander *x, struct task task);
/* Runs tasks until `base` is on top again. */
bool run_tasks(struct expander *x, struct task *base);
bool push_expand(struct expander *x, struct datum *form, struct core **dest, uint32_t depth);
bool push_expand_named(struct expander *x, struct datum *form, struct core **dest, uint32_t depth,
                       const struct name *name);
task_fn expand_expression;
/* The sequence of the forms, as expressions. */
bool push_sequence(struct expander *x, struct datum *forms, struct core **dest, uint32_t depth,
                   struct position position);

#define fail(x, datum, ...) front_fail((x)->front, "syntax-error", (datum)->position, __VA_ARGS__)

struct core *node_new(struct expander *x, enum core_kind kind, struct position position, struct core **dest);
struct core *constant_node(struct expander *x, const struct datum *datum, struct position position, struct core **dest);
struct core *unspecified_node(struct expander *x, struct position position, struct core **dest);
struct core *value_node(struct expander *x, sch_value value, struct position position, struct core **dest);
struct core *symbol_node(struct expander *x, const struct name *name, struct position position, struct core **dest);
struct core *local_node(struct expander *x, struct variable *variable, struct position position, struct core **dest);
/* A call with room for `count` arguments. */
struct core *call_node(struct expander *x, size_t count, struct position position, struct core **dest);
struct core *if_node(struct expander *x, struct position position, struct core **dest);
struct core *let_node(struct expander *x, enum core_kind kind, size_t count, struct position position,
                      struct core **dest);
struct core *sequence_node(struct expander *x, size_t count, struct position position, struct core **dest);
/* A procedure of one clause that begins with a tick; *ret_body is where its body goes. */
struct core *lambda_node(struct expander *x, size_t count, const struct name *name, struct position position,
                         struct core **dest, struct core ***ret_body);
/* What an identifier refers to, as a node. */
struct core *entry_node(struct expander *x, struct entry *entry, struct position position, struct core **dest);

enum builtin {
#define BUILTIN(NAME, text) BUILTIN_##NAME,
#include "schooner/expand/builtins.def"
#undef BUILTIN
    BUILTIN_COUNT,
};
/* A call of a builtin with room for `count` arguments. */
struct core *builtin_call(struct expander *x, enum builtin builtin, size_t count, struct position position,
                          struct core **dest);

/* The length of a proper list without cycles; -1: it is none. */
ptrdiff_t form_length(const struct datum *list);
static inline struct datum *form_car(const struct datum *pair)
{
    return pair->pair.car;
}
static inline struct datum *form_cdr(const struct datum *pair)
{
    return pair->pair.cdr;
}
static inline struct datum *form_second(const struct datum *list)
{
    return list->pair.cdr->pair.car;
}
static inline struct datum *form_third(const struct datum *list)
{
    return list->pair.cdr->pair.cdr->pair.car;
}
static inline struct datum *form_rest(const struct datum *list, size_t count)
{
    struct datum *rest = (struct datum *)list;
    while (count-- > 0)
        rest = rest->pair.cdr;
    return rest;
}
/* The datum without aliases, for quote; shares what has none. NULL: a limit. */
struct datum *strip(struct expander *x, struct datum *datum);

/* --- scope.c: identifiers and what they stand for --- */

static inline bool is_identifier(const struct datum *datum)
{
    return datum->kind == DATUM_SYMBOL || datum->kind == DATUM_ALIAS;
}
static inline const struct name *identifier_name(const struct datum *id)
{
    return id->kind == DATUM_ALIAS ? id->alias->name : id->name;
}
static inline const char *identifier_text(const struct datum *id)
{
    return identifier_name(id)->text;
}
static inline bool identifier_same(const struct datum *a, const struct datum *b)
{
    return a->kind == b->kind && (a->kind == DATUM_ALIAS ? a->alias == b->alias : a->name == b->name);
}
static inline struct environment here(const struct expander *x)
{
    return (struct environment){ x->module, x->depth };
}

bool table_put(struct front *front, struct table *table, const void *key, void *value);
void *table_get(const struct table *table, const void *key);

struct datum *alias_new(struct expander *x, struct datum *id, struct environment env, struct position position);
/* NULL: bound nowhere (or an error). */
struct entry *resolve(struct expander *x, struct datum *id, struct environment env);
/* Notes the use of the binding in an open scope, if there is one. */
void resolve_local(struct expander *x, struct datum *id);
/* As resolve, for a look that is no use of the binding. */
struct entry *look_up(struct expander *x, struct datum *id, struct environment env);
bool entry_same(const struct entry *a, const struct entry *b);
bool binding_same(struct expander *x, struct datum *a, struct environment env_a, struct datum *b,
                  struct environment env_b);
/* Is it the identifier of that special form? An unbound identifier of that name counts. */
bool is_special(struct expander *x, struct datum *id, int special);
/* Opens a scope; the task that closes it is pushed. */
bool scope_enter(struct expander *x);
/* Closes the scopes that an error left open. */
void scope_leave_all(struct expander *x);
struct entry *scope_bind(struct expander *x, struct datum *id, enum entry_kind kind);
/* The variable of that name in the innermost scope itself, or NULL. */
struct variable *scope_own_variable(const struct expander *x, struct datum *id);
struct variable *scope_bind_variable(struct expander *x, struct datum *id);
/* The same, of a name that the binding form gives freely: nobody using it is worth a warning. */
struct variable *scope_bind_watched(struct expander *x, const struct datum *form, struct datum *id);

/* --- module.c: top levels --- */

struct module *module_new(struct expander *x, const char *space, const struct library *existing);
struct module *module_of_library(struct expander *x, const struct library *library);
/* What a name stands for at the top level; NULL: nothing (or an error). */
struct entry *module_find(struct expander *x, struct module *module, const struct name *name);
/* The import set that the program asked for and that has the name; NULL: none (or an error). */
const struct import_set *import_of(struct expander *x, const struct module *module, const struct name *name);
/* What a module exports by that name. */
struct entry *module_export(struct expander *x, struct module *module, const struct name *name);
/* Adds a name to a step that has room for it. */
bool step_list(struct expander *x, struct import_step *step, const struct name *from, const struct name *to);
/* What the set gives by a name that is seen outside of `step`, one of its steps, or NULL for what its source exports;
 * NULL: nothing (or an error). */
struct entry *import_find(struct expander *x, const struct import_set *set, const struct import_step *step,
                          const struct name *name);
/* The entry that a definition of `id` at the top level of x->module fills. NULL: an error. */
struct entry *module_claim(struct expander *x, struct datum *id, bool syntax);
/* The global of a name that is bound nowhere yet; NULL: an error. */
struct entry *module_expect(struct expander *x, struct datum *id);
/* At the end: every name that was used must be there. */
bool module_check(struct expander *x, struct module *module);
struct global *global_top(struct expander *x, const char *space, const struct name *name);
struct global *builtin_global(struct expander *x, enum builtin builtin);
/* `near`: a name that may have been meant; NULL: not looked for yet */
bool unbound_fail(struct expander *x, struct module *module, const struct name *name, const struct name *near,
                  struct position position);

/* --- names.c --- */

/* A name in scope that is nearly the same; NULL: there is none, or a limit. */
const struct name *near_local(struct expander *x, const struct name *name);
const struct name *near_global(struct expander *x, const struct module *module, const struct name *name);
/* Is it a name that (scheme base) has only where mutation is allowed? */
bool expand_is_mutator(const struct expand_world *world, const char *text);

/* --- recover.c: going on behind an error, for checks --- */

/* Reports the error and forgets it; false: nobody wants to hear of it, or a limit was reached. */
bool recover_told(struct expander *x);
/* The same, and closes what the top-level form that failed had open. */
bool recover_behind(struct expander *x, const struct datum *form);
/* After text that cannot be read: what would be defined behind it is not known. */
bool recover_unread(struct expander *x);

/* --- warn.c: what is no error, for checks. false: a limit --- */

/* The entry that the form binds by a name of the author's is to be used by somebody. */
void warn_watch(struct expander *x, const struct datum *form, struct entry *entry);
/* What the scope that ends has seen nobody use. */
bool warn_scope(struct expander *x, const struct scope *scope);
/* The form may be dropped, or parts of it: what it mentions counts as used. */
bool warn_mentioned(struct expander *x, struct datum *form);
/* What a top level defines for itself alone, and does not use. */
bool warn_module(struct expander *x, const struct module *module);
/* The first definition of a name at a top level: does it hide an import that was asked for? */
bool warn_hidden(struct expander *x, const struct entry *entry);

/* --- import.c --- */

bool import_form(struct expander *x, struct datum *form);
bool use_modules_form(struct expander *x, struct datum *form);
bool import_named(struct expander *x, const char *name, struct position position);
bool import_begin(struct expander *x);
/* "(scheme base)"; NULL: it is no library name. */
const char *library_name(struct expander *x, struct datum *name, bool guile);
/* Selects the forms of the first clause that holds; NULL: an error. */
struct datum *cond_expand_select(struct expander *x, struct datum *form);
/* The forms of the included files. */
struct datum *include_forms(struct expander *x, struct datum *form, bool fold_case);

/* --- library.c --- */

bool define_library_form(struct expander *x, struct datum *form);
/* By name: made here, existing, or loaded now. NULL: an error. */
struct module *library_get(struct expander *x, const char *name, struct position position);
bool library_exists(struct expander *x, const char *name);
/* A library whatever the menu says, for macros; NULL: there is none. */
struct module *library_scope(struct expander *x, const char *name);

/* --- body.c --- */

/* A body of definitions and expressions in a scope of its own. */
bool push_body(struct expander *x, struct datum *forms, struct core **dest, uint32_t depth, struct position position,
               bool tick);
/* A form of a top level, or several: scanned, expanded, appended to the program. */
bool expand_top(struct expander *x, struct datum *forms);
bool append_item(struct expander *x, struct core *node);
/* The macro that a form of the program's top level uses; *ret_macro is NULL when it uses none. false: an error. */
bool top_macro(struct expander *x, struct datum *form, struct macro **ret_macro);

/* --- define.c --- */

bool define_scan(struct expander *x, struct body *body, struct datum *form, int special);
struct item *body_item(struct expander *x, struct body *body, struct position position);

/* --- lambda.c --- */

/* Binds the formals in the open scope. */
bool parse_formals(struct expander *x, struct datum *formals, struct core_clause *ret);
bool expand_lambda(struct expander *x, struct datum *formals, struct datum *body, const struct task *task);
bool expand_lambda_star(struct expander *x, struct datum *formals, struct datum *body, const struct task *task);

/* --- macro.c, macro_expand.c, macro_code.c --- */

/* Binds the entry to the macro that the form (syntax-rules ...) or the keyword stands for. */
bool macro_bind(struct expander *x, struct entry *entry, struct datum *form, struct environment env);
struct datum *macro_expand(struct expander *x, struct macro *macro, struct datum *form);
/*
 * What the name of a macro stands for where it is used alone. A rule of the pattern (_ . #:value) says so, which no
 * honest use matches: a library has it for a form that people also hand around as a procedure. NULL: there is no such
 * rule, or the front end has failed.
 */
struct datum *macro_value(struct expander *x, struct macro *macro, struct datum *id);
struct macro *macro_lazy(struct expander *x, const unsigned char *bytes, size_t length, struct module *module);

/* --- steps.c: macros at work, as text for people --- */

/* Makes x->steps for expand_world.step. */
bool steps_begin(struct expander *x);
/* A rule of a macro made `after` of `before`. */
bool steps_take(struct expander *x, const struct macro *macro, uint32_t rule, struct datum *before,
                struct datum *after);
/* The form after one step, or as it is where its head is no macro: as text. */
bool steps_once(struct expander *x, struct datum *form);

/* --- the handlers --- */

#define EXPRESSION(handler) task_fn handler;
#define DEFINITION(handler)
#define TOP(handler)
#define AUXILIARY(handler)
#define SPECIAL(ENUM, name, class, handler) class(handler)
#include "schooner/expand/special.def"
#undef SPECIAL
#undef EXPRESSION
#undef DEFINITION
#undef TOP
#undef AUXILIARY

#endif

/*
 * The bridge: containers of Scheme become specifications, the runtime becomes procedures. Uses nothing but the two
 * public headers. Programs include this file alone.
 */
#ifndef BRIDGE_BRIDGE_H
#define BRIDGE_BRIDGE_H

#include <esquema.h>
#include <schooner.h>
#include "base/arena.h"

/* --- from a container to a specification --- */

/* How the paths of a description are meant. */
struct bridge_paths {
    const char *base;    /* absolute: what relative paths are relative to */
    const char *folder;  /* the description's own folder, which needs no grant; NULL: a trusted program has none */
    const char *file;    /* the description, whose places alone are believed; NULL: any file's */
    const char *data;    /* absolute: where volumes and kept changes lie; NULL: nothing is kept */
    const char *runtime; /* absolute: where started containers are known; NULL: where they are by default */
};

/* Is it what `container` and `make-container` make? */
bool bridge_is_container(sch_value value);
/* Is it what `services` makes? */
bool bridge_is_services(sch_value value);

/*
 * A specification with the locations of the description's fields. The caller owns *ret_spec. Returns 0, or a negative
 * errno and fills ret_error (with the field's place).
 */
int bridge_spec_of(sch_value container, const struct bridge_paths *paths, esq_spec **ret_spec, esq_error *ret_error);

/* Whose network a container joins: a name or a path, which lives as long as the value; NULL: nobody's. */
const char *bridge_joins(sch_value container);

/* --- from services to specifications --- */

struct bridge_texts {
    const char **items;
    size_t count;
};

/* When those that need a service may start. */
enum bridge_ready {
    BRIDGE_READY_STARTED,    /* its program runs */
    BRIDGE_READY_TCP,        /* something listens on port ready_number */
    BRIDGE_READY_SOCKET,     /* something listens at the path ready_words */
    BRIDGE_READY_COMMAND,    /* ready_words, executed inside, end with status 0 */
    BRIDGE_READY_NOTIFY,     /* its program has said so by sd_notify(3) */
    BRIDGE_READY_DESCRIPTOR, /* its program has written a line to descriptor ready_number */
};

struct bridge_service {
    const char *name;
    esq_spec *spec;            /* its name is the service's */
    struct bridge_texts needs; /* the one whose network it joins is among them, where that is a service too */
    const char *joins;         /* whose network: a name or a path; NULL */
    enum esq_restart restart;
    enum bridge_ready ready;
    uint64_t ready_number;
    struct bridge_texts ready_words;
    uint64_t log_files, log_size; /* 0: the default */
};

struct bridge_services {
    struct bridge_service *items;
    size_t count;
    struct arena arena; /* of items and texts */
};

/* The caller gives *ret back with bridge_services_done. Returns as bridge_spec_of; *ret is empty after an error. */
int bridge_services_of(sch_value services, const struct bridge_paths *paths, struct bridge_services *ret,
                       esq_error *ret_error);
void bridge_services_done(struct bridge_services *services);

/* The folder of what is kept: $XDG_DATA_HOME/esquema, or ~/.local/share/esquema. NULL: neither is set. To be freed. */
char *bridge_data_folder(void);
/* That of logs, and of what is trusted: $XDG_STATE_HOME/esquema, or ~/.local/state/esquema. The same. */
char *bridge_state_folder(void);
/* $XDG_RUNTIME_DIR where that is an absolute path; NULL: the default. Lives as long as the environment is unchanged. */
const char *bridge_runtime_folder(void);

/* A place as (esquema syntax) notes it, (file line column). Its file lives as long as the value. false: it is none. */
bool bridge_place(sch_value value, esq_location *ret_where);

/*
 * A condition that says where in a description something is wrong, as (esquema syntax) and the procedures below raise
 * them: fills `where` (its file lives as long as the condition). false: it has no place of its own.
 */
bool bridge_condition_place(sch_value condition, esq_location *ret_where);

/* --- command-line parameters: name=value --- */

struct bridge_parameter {
    const char *text; /* "port=8080" */
    bool is_used;     /* set when the description asks for it */
};

struct bridge_parameters {
    struct bridge_parameter *items;
    size_t count;
    struct sch_binding binding; /* the bridge's */
};

/* The library (esquema parameters), whose one procedure is (parameter name [default]). */
struct sch_library bridge_parameter_library(struct bridge_parameters *parameters);

/* --- the runtime, for trusted programs --- */

struct bridge_host;

/* `runner`: path of the program that runs thunks; NULL: run-sandboxed says that it is missing. Copied. */
struct bridge_host *bridge_host_new(const char *runner);
/* After the machines that use it. */
void bridge_host_free(struct bridge_host *host);

enum { BRIDGE_HOST_LIBRARIES = 2 };
/* The host's part of (esquema runtime), and (esquema ffi). */
void bridge_host_libraries(struct bridge_host *host, struct sch_library ret[BRIDGE_HOST_LIBRARIES]);

/* The text of a library of the bridge's own that is written in Scheme; NULL: there is none of that name. */
const char *bridge_library_text(const char *name, size_t *ret_length);

#endif

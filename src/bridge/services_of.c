/*
 * The record of services (lib/esquema/service.sld) becomes a list of specifications with what is said of their life.
 * Carries nothing out. A record may be forged: nothing is trusted.
 */
#include "bridge/bridge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/plain.h"

enum { SERVICES_MAX = 256, TEXTS_MAX = 256 };
enum { FIELD_NAME, FIELD_POSITION, FIELD_CONTAINER, FIELD_NEEDS, FIELD_RESTART, FIELD_READY, FIELD_LOGS, FIELD_COUNT };

struct reading {
    struct bridge_services *services;
    const struct bridge_service *service; /* that is read */
    esq_location where;                   /* of it; line 0: unknown */
    esq_error *error;
};

static bool refuse(const struct reading *reading, int number, const char *what)
{
    if (reading->error) {
        *reading->error = (esq_error){ .exit_status = ESQ_EXIT_SETUP, .error_number = number };
        const char *name = reading->service && reading->service->name ? reading->service->name : "";
        snprintf(reading->error->text, sizeof reading->error->text, "%s%.64s%s%s", *name ? "service `" : "", name,
                 *name ? "`: " : "", what);
        plain_make(reading->error->text);
        if (reading->where.line == 0)
            return false;
        reading->error->line = reading->where.line;
        reading->error->column = reading->where.column;
        snprintf(reading->error->file, sizeof reading->error->file, "%s", reading->where.file);
        plain_make(reading->error->file);
    }
    return false;
}

static bool read_text(const struct reading *reading, sch_value value, const char **ret)
{
    const char *text;
    size_t length;
    if (!sch_get_text(value, &text, &length) || strlen(text) != length)
        return refuse(reading, EINVAL, "a text is expected");
    *ret = arena_copy(&reading->services->arena, text, length);
    return *ret || refuse(reading, ENOMEM, "out of memory");
}

static bool read_texts(const struct reading *reading, sch_value list, struct bridge_texts *ret)
{
    size_t length;
    sch_value one;
    if (!sch_get_list_length(list, &length) || length > TEXTS_MAX)
        return refuse(reading, EINVAL, "a list of a few texts is expected");
    ret->items = arena_array(&reading->services->arena, length + 1, sizeof *ret->items);
    if (!ret->items)
        return refuse(reading, ENOMEM, "out of memory");
    for (ret->count = 0; ret->count < length && sch_get_pair(list, &one, &list); ret->count++)
        if (!read_text(reading, one, &ret->items[ret->count]))
            return false;
    return true;
}

/* (word . rest); an absent field is #f */
static bool split(sch_value value, const char **ret_word, sch_value *ret_rest)
{
    sch_value word;
    size_t length;
    return sch_get_pair(value, &word, ret_rest) && sch_get_text(word, ret_word, &length);
}

static bool read_number(sch_value *list, int64_t least, int64_t most, uint64_t *ret)
{
    sch_value one;
    int64_t number;
    if (!sch_get_pair(*list, &one, list) || !sch_get_integer(one, &number) || number < least || number > most)
        return false;
    *ret = (uint64_t)number;
    return true;
}

static bool read_ready(const struct reading *reading, sch_value value, struct bridge_service *service)
{
    const char *word;
    sch_value rest;
    service->ready = BRIDGE_READY_STARTED;
    if (sch_kind_of(value) == SCH_KIND_BOOLEAN)
        return true;
    if (!split(value, &word, &rest))
        return refuse(reading, EINVAL, "field `ready` has a strange shape");
    if (strcmp(word, "tcp") == 0) {
        service->ready = BRIDGE_READY_TCP;
        return (read_number(&rest, 1, 65535, &service->ready_number) && sch_kind_of(rest) == SCH_KIND_NIL) ||
               refuse(reading, EINVAL, "(ready (tcp PORT)) expects one port, 1 to 65535");
    }
    if (strcmp(word, "notify") == 0) {
        service->ready = BRIDGE_READY_NOTIFY;
        return sch_kind_of(rest) == SCH_KIND_NIL || refuse(reading, EINVAL, "(ready notify) expects nothing more");
    }
    if (strcmp(word, "descriptor") == 0) {
        service->ready = BRIDGE_READY_DESCRIPTOR;
        return (read_number(&rest, 3, 255, &service->ready_number) && sch_kind_of(rest) == SCH_KIND_NIL) ||
               refuse(reading, EINVAL, "(ready (descriptor N)) expects one number, 3 to 255");
    }
    bool is_socket = strcmp(word, "socket") == 0;
    if (!is_socket && strcmp(word, "command") != 0)
        return refuse(reading, EINVAL,
                      "field `ready` is notify, (tcp PORT), (socket PATH), (command ...) or (descriptor N)");
    service->ready = is_socket ? BRIDGE_READY_SOCKET : BRIDGE_READY_COMMAND;
    if (!read_texts(reading, rest, &service->ready_words))
        return false;
    if (is_socket && (service->ready_words.count != 1 || service->ready_words.items[0][0] != '/'))
        return refuse(reading, EINVAL, "(ready (socket PATH)) expects one absolute path inside");
    return service->ready_words.count > 0 || refuse(reading, EINVAL, "(ready (command ...)) expects a program");
}

static bool read_restart(const struct reading *reading, sch_value value, struct bridge_service *service)
{
    static const char *const words[] = { "never", "on-failure", "always" };
    const char *word;
    size_t length;
    for (unsigned i = 0; sch_get_text(value, &word, &length) && i < 3; i++) {
        if (strcmp(word, words[i]) == 0) {
            service->restart = (enum esq_restart)i;
            return true;
        }
    }
    return refuse(reading, EINVAL, "field `restart` must be never, on-failure or always");
}

/* (keep FILES SIZE) */
static bool read_logs(const struct reading *reading, sch_value value, struct bridge_service *service)
{
    const char *word;
    sch_value rest;
    if (sch_kind_of(value) == SCH_KIND_BOOLEAN)
        return true;
    return (split(value, &word, &rest) && strcmp(word, "keep") == 0 &&
            read_number(&rest, 1, 100, &service->log_files) &&
            read_number(&rest, 4096, INT64_C(1) << 40, &service->log_size) && sch_kind_of(rest) == SCH_KIND_NIL) ||
           refuse(reading, EINVAL, "(logs (keep FILES SIZE)) expects 1 to 100 files and a size from 4096 bytes on");
}

static bool read_service(struct reading *reading, sch_value value, const struct bridge_paths *paths,
                         struct bridge_service *service)
{
    const char *type;
    const sch_value *fields;
    size_t count;
    reading->service = service;
    reading->where = (esq_location){ 0 };
    if (!sch_get_record(value, &type, &fields, &count) || count != FIELD_COUNT || !strstr(type, "service"))
        return refuse(reading, EINVAL, "this is no service that was made by (esquema service)");
    /* A forged record may name any file as its place, and whoever reports an error shows that file's line. */
    if (bridge_place(fields[FIELD_POSITION], &reading->where) && paths->file &&
        strcmp(reading->where.file, paths->file) != 0)
        reading->where = (esq_location){ 0 };
    if (!read_text(reading, fields[FIELD_NAME], &service->name) ||
        !read_texts(reading, fields[FIELD_NEEDS], &service->needs) ||
        !read_restart(reading, fields[FIELD_RESTART], service) || !read_ready(reading, fields[FIELD_READY], service) ||
        !read_logs(reading, fields[FIELD_LOGS], service))
        return false;
    if (bridge_spec_of(fields[FIELD_CONTAINER], paths, &service->spec, reading->error) < 0)
        return false;
    const char *target = bridge_joins(fields[FIELD_CONTAINER]);
    service->joins = target ? arena_copy(&reading->services->arena, target, strlen(target)) : NULL;
    if (target && !service->joins)
        return refuse(reading, ENOMEM, "out of memory");
    if (service->ready == BRIDGE_READY_NOTIFY && esq_spec_set(service->spec, "notify", "yes", NULL, reading->error) < 0)
        return false;
    return esq_spec_set(service->spec, "name", service->name, NULL, reading->error) == 0;
}

static struct bridge_service *find(const struct bridge_services *services, const char *name)
{
    for (size_t i = 0; i < services->count; i++)
        if (strcmp(services->items[i].name, name) == 0)
            return &services->items[i];
    return NULL;
}

static bool add_need(const struct reading *reading, struct bridge_service *service, const char *name)
{
    struct bridge_texts *needs = &service->needs;
    for (size_t i = 0; i < needs->count; i++)
        if (strcmp(needs->items[i], name) == 0)
            return true;
    const char **items = arena_array(&reading->services->arena, needs->count + 1, sizeof *items);
    if (!items)
        return refuse(reading, ENOMEM, "out of memory");
    memcpy(items, needs->items, needs->count * sizeof *items);
    items[needs->count++] = name;
    needs->items = items;
    return true;
}

/* Who joins the network of another service needs it, and that one shares it; the description has said so by the join.
 */
static bool connect(struct reading *reading, struct bridge_service *service)
{
    struct bridge_service *other = service->joins ? find(reading->services, service->joins) : NULL;
    reading->service = service;
    reading->where = (esq_location){ 0 };
    if (!other)
        return true;
    if (other == service)
        return refuse(reading, EINVAL, "it cannot join its own network");
    return add_need(reading, service, other->name) &&
           esq_spec_set(service->spec, "network-sibling", "yes", NULL, reading->error) == 0 &&
           esq_spec_set(other->spec, "network-share", "yes", NULL, reading->error) == 0;
}

int bridge_services_of(sch_value value, const struct bridge_paths *paths, struct bridge_services *ret,
                       esq_error *ret_error)
{
    const char *type;
    const sch_value *fields;
    size_t count, length = 0;
    struct reading reading = { .services = ret, .error = ret_error };
    *ret = (struct bridge_services){ 0 };
    arena_init(&ret->arena, &memory_malloc);
    bool is_good = (bridge_is_services(value) && sch_get_record(value, &type, &fields, &count) && count == 1 &&
                    sch_get_list_length(fields[0], &length) && length > 0 && length <= SERVICES_MAX) ||
                   refuse(&reading, EINVAL, "services are a list of 1 to 256 of them");
    if (is_good) {
        ret->items = arena_array(&ret->arena, length, sizeof *ret->items);
        is_good = ret->items || refuse(&reading, ENOMEM, "out of memory");
    }
    sch_value list = is_good ? fields[0] : sch_nil(), one;
    while (is_good && ret->count < length && sch_get_pair(list, &one, &list))
        is_good = read_service(&reading, one, paths, &ret->items[ret->count++]);
    for (size_t i = 0; is_good && i < ret->count; i++)
        is_good = connect(&reading, &ret->items[i]);
    if (is_good)
        return 0;
    bridge_services_done(ret);
    return ret_error && ret_error->error_number ? -ret_error->error_number : -EINVAL;
}

void bridge_services_done(struct bridge_services *services)
{
    for (size_t i = 0; i < services->count; i++)
        esq_spec_free(services->items[i].spec);
    arena_done(&services->arena);
    *services = (struct bridge_services){ 0 };
}

/*
 * Calls to systemd, spoken directly on its bus: StartTransientUnit for a delegated scope, then waiting for the signal
 * that its job is done; AttachProcessesToUnit for one more process in it. Little-endian D-Bus of exactly the types that
 * this needs. Knows no folder of the hierarchy.
 *
 * What comes back is another program's: every length is checked against what was read.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "base/buffer.h"
#include "cgroup/leaf.h"
#include "sys/sys.h"

#define SYSTEMD_NAME      "org.freedesktop.systemd1"
#define SYSTEMD_PATH      "/org/freedesktop/systemd1"
#define SYSTEMD_INTERFACE "org.freedesktop.systemd1.Manager"
#define BUS_NAME          "org.freedesktop.DBus"
#define BUS_PATH          "/org/freedesktop/DBus"

enum {
    MESSAGE_MAX = 16 << 10,
    MESSAGES_MAX = 1000, /* of others, while we wait */
    TIMEOUT_MICROSECONDS = 10 * 1000000,
};

enum { TYPE_CALL = 1, TYPE_RETURN = 2, TYPE_ERROR = 3, TYPE_SIGNAL = 4 };
enum {
    FIELD_PATH = 1,
    FIELD_INTERFACE,
    FIELD_MEMBER,
    FIELD_ERROR,
    FIELD_REPLY,
    FIELD_DESTINATION,
    FIELD_SENDER,
    FIELD_SIGNATURE
};

/* ---- Writing ---- */

static bool align(struct buffer *out, size_t size)
{
    static const unsigned char zero[8];
    return buffer_append(out, zero, (size - out->length % size) % size);
}

static bool put_u32(struct buffer *out, uint32_t number)
{
    return align(out, 4) && buffer_append_u32(out, number);
}

/* The types s and o. */
static bool put_text(struct buffer *out, const char *text)
{
    return put_u32(out, (uint32_t)strlen(text)) && buffer_append(out, text, strlen(text) + 1);
}

static bool put_signature(struct buffer *out, const char *signature)
{
    return buffer_append_byte(out, (unsigned char)strlen(signature)) &&
           buffer_append(out, signature, strlen(signature) + 1);
}

/* The length of an array is known at its end; padding before its first element does not count. */
static bool begin_array(struct buffer *out, size_t element, size_t *ret_length, size_t *ret_begin)
{
    if (!put_u32(out, 0))
        return false;
    *ret_length = out->length - 4;
    if (!align(out, element))
        return false;
    *ret_begin = out->length;
    return true;
}

static void end_array(struct buffer *out, size_t length, size_t begin)
{
    uint32_t size = (uint32_t)(out->length - begin);
    memcpy(out->bytes + length, &size, sizeof(size));
}

static bool put_field(struct buffer *out, unsigned char field, const char *signature, const char *text)
{
    if (!align(out, 8) || !buffer_append_byte(out, field) || !put_signature(out, signature))
        return false;
    return *signature == 'g' ? put_signature(out, text) : put_text(out, text);
}

/* The head of a call; the body follows at a multiple of 8, and its length is filled in by call_end. */
static bool call_begin(struct buffer *out, uint32_t serial, const char *destination, const char *path,
                       const char *interface, const char *member, const char *signature)
{
    static const unsigned char head[4] = { 'l', TYPE_CALL, 0, 1 };
    size_t length = 0, begin = 0;
    bool is_put = buffer_append(out, head, sizeof(head)) && put_u32(out, 0) && put_u32(out, serial) &&
                  begin_array(out, 8, &length, &begin) && put_field(out, FIELD_PATH, "o", path) &&
                  put_field(out, FIELD_INTERFACE, "s", interface) && put_field(out, FIELD_MEMBER, "s", member) &&
                  put_field(out, FIELD_DESTINATION, "s", destination) &&
                  (!*signature || put_field(out, FIELD_SIGNATURE, "g", signature));
    if (is_put)
        end_array(out, length, begin);
    return is_put && align(out, 8);
}

static void call_end(struct buffer *out, size_t body)
{
    uint32_t size = (uint32_t)(out->length - body);
    memcpy(out->bytes + 4, &size, sizeof(size));
}

static bool put_hello(struct buffer *out, uint32_t serial)
{
    return call_begin(out, serial, BUS_NAME, BUS_PATH, BUS_NAME, "Hello", "");
}

static bool put_match(struct buffer *out, uint32_t serial)
{
    if (!call_begin(out, serial, BUS_NAME, BUS_PATH, BUS_NAME, "AddMatch", "s"))
        return false;
    size_t body = out->length;
    bool is_put = put_text(out, "type='signal',sender='" SYSTEMD_NAME "',path='" SYSTEMD_PATH
                                "',interface='" SYSTEMD_INTERFACE "',member='JobRemoved'");
    if (is_put)
        call_end(out, body);
    return is_put;
}

/* A property is a structure of its name and a variant. */
static bool put_property(struct buffer *out, const char *name, const char *signature)
{
    return align(out, 8) && put_text(out, name) && put_signature(out, signature);
}

static bool put_pids(struct buffer *out, const pid_t *pids, size_t count)
{
    size_t length, begin;
    if (!begin_array(out, 4, &length, &begin))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!put_u32(out, (uint32_t)pids[i]))
            return false;
    end_array(out, length, begin);
    return true;
}

/* ssa(sv)a(sa(sv)): name, what to do when there is one already, properties, further units. */
static bool put_start(struct buffer *out, uint32_t serial, const char *name, const pid_t *pids, size_t count)
{
    size_t length, begin, none, body;
    if (!call_begin(out, serial, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_INTERFACE, "StartTransientUnit",
                    "ssa(sv)a(sa(sv))"))
        return false;
    body = out->length;
    if (!put_text(out, name) || !put_text(out, "fail") || !begin_array(out, 8, &length, &begin) ||
        !put_property(out, "Description", "s") || !put_text(out, "Esquema container") ||
        !put_property(out, "Delegate", "b") || !put_u32(out, 1) || !put_property(out, "CollectMode", "s") ||
        !put_text(out, "inactive-or-failed") || !put_property(out, "PIDs", "au") || !put_pids(out, pids, count))
        return false;
    end_array(out, length, begin);
    if (!begin_array(out, 8, &none, &begin))
        return false;
    call_end(out, body);
    return true;
}

/* ssau: unit, folder in it, processes. */
static bool put_attach(struct buffer *out, uint32_t serial, const char *name, const char *folder, pid_t pid)
{
    if (!call_begin(out, serial, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_INTERFACE, "AttachProcessesToUnit", "ssau"))
        return false;
    size_t body = out->length;
    if (!put_text(out, name) || !put_text(out, folder) || !put_pids(out, &pid, 1))
        return false;
    call_end(out, body);
    return true;
}

/* ---- Reading ---- */

struct reader {
    const unsigned char *bytes;
    size_t size;
    size_t at;
};

static bool get_align(struct reader *in, size_t size)
{
    size_t padding = (size - in->at % size) % size;
    if (padding > in->size - in->at)
        return false;
    in->at += padding;
    return true;
}

static bool get_u32(struct reader *in, uint32_t *ret_number)
{
    if (!get_align(in, 4) || in->size - in->at < 4)
        return false;
    memcpy(ret_number, in->bytes + in->at, 4);
    in->at += 4;
    return true;
}

static bool get_bytes(struct reader *in, size_t length, const char **ret_text)
{
    if (length >= in->size - in->at || in->bytes[in->at + length] != 0)
        return false;
    *ret_text = (const char *)in->bytes + in->at;
    in->at += length + 1;
    return true;
}

static bool get_text(struct reader *in, const char **ret_text)
{
    uint32_t length;
    return get_u32(in, &length) && get_bytes(in, length, ret_text);
}

struct message {
    unsigned char type;
    uint32_t reply; /* to this serial number */
    const char *member;
    const char *error;
    struct reader body;
};

static bool get_field(struct reader *in, struct message *message)
{
    const char *signature, *text = "";
    uint32_t number = 0;
    if (!get_align(in, 8) || in->size - in->at < 3)
        return false;
    unsigned char field = in->bytes[in->at++];
    size_t length = in->bytes[in->at++];
    if (!get_bytes(in, length, &signature))
        return false;
    bool is_got = false;
    if (strcmp(signature, "s") == 0 || strcmp(signature, "o") == 0)
        is_got = get_text(in, &text);
    else if (strcmp(signature, "u") == 0)
        is_got = get_u32(in, &number);
    else if (strcmp(signature, "g") == 0 && in->at < in->size) {
        length = in->bytes[in->at++];
        is_got = get_bytes(in, length, &text);
    }
    if (field == FIELD_REPLY)
        message->reply = number;
    if (field == FIELD_MEMBER)
        message->member = text;
    if (field == FIELD_ERROR)
        message->error = text;
    return is_got;
}

static int receive(int fd, void *bytes, size_t size, uint64_t until)
{
    for (size_t have = 0; have < size;) {
        uint64_t now = sys_monotonic_microseconds();
        struct pollfd ready = { .fd = fd, .events = POLLIN };
        int result = now >= until ? 0 : sys_poll(&ready, 1, (int64_t)(until - now));
        if (result <= 0)
            return result == 0 ? -ETIMEDOUT : result;
        ssize_t got = sys_read(fd, (char *)bytes + have, size - have);
        if (got <= 0)
            return got == 0 ? -ECONNRESET : (int)got;
        have += (size_t)got;
    }
    return 0;
}

/* One message; its texts lie in `bytes`, of MESSAGE_MAX. */
static int receive_message(int fd, unsigned char *bytes, uint64_t until, struct message *ret_message)
{
    uint32_t body, fields;
    int result = receive(fd, bytes, 16, until);
    if (result < 0)
        return result;
    memcpy(&body, bytes + 4, 4);
    memcpy(&fields, bytes + 12, 4);
    if (bytes[0] != 'l' || fields > MESSAGE_MAX / 2 || body > MESSAGE_MAX / 2 - 32)
        return -EPROTO;
    size_t head = 16 + (fields + 7) / 8 * 8;
    if ((result = receive(fd, bytes + 16, head - 16 + body, until)) < 0)
        return result;
    *ret_message = (struct message){ .type = bytes[1], .member = "", .error = "" };
    struct reader in = { .bytes = bytes, .size = 16 + fields, .at = 16 };
    while (in.at < in.size)
        if (!get_field(&in, ret_message))
            return -EPROTO;
    /* Alignment counts from the body's beginning, which is a multiple of 8 itself. */
    ret_message->body = (struct reader){ .bytes = bytes + head, .size = body };
    return 0;
}

/* ---- The conversation ---- */

static int connect_to(const char *bus)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct ucred peer;
    socklen_t size = sizeof(peer);
    if (strlen(bus) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, bus, strlen(bus) + 1);
    _cleanup_fd_ int fd = (int)SYS(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fd;
    int result = (int)SYS(SYS_connect, fd, &address, sizeof(address));
    if (result < 0)
        return result;
    /* Whoever answers may name any cgroup: it must be us ourselves, or root. */
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || (peer.uid != 0 && peer.uid != sys_uid()))
        return -EPERM;
    return take_fd(&fd);
}

static int send_all(int fd, const void *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = (ssize_t)SYS(SYS_sendto, fd, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return sent == 0 ? -EIO : (int)sent;
        bytes = (const char *)bytes + sent;
        size -= (size_t)sent;
    }
    return 0;
}

/* EXTERNAL: the kernel tells the bus who we are. The answer is a line that begins with OK. */
static int authenticate(int fd, uint64_t until)
{
    char number[16], line[64] = "", text[128];
    snprintf(number, sizeof(number), "%u", sys_uid());
    size_t length = (size_t)snprintf(text, sizeof(text), "%cAUTH EXTERNAL ", 0);
    for (const char *digit = number; *digit; digit++)
        length += (size_t)snprintf(text + length, sizeof(text) - length, "%02x", (unsigned char)*digit);
    length += (size_t)snprintf(text + length, sizeof(text) - length, "\r\n");
    int result = send_all(fd, text, length);
    for (size_t i = 0; result == 0 && i + 1 < sizeof(line); i++) {
        result = receive(fd, line + i, 1, until);
        if (line[i] == '\n')
            break;
    }
    if (result < 0)
        return result;
    return strncmp(line, "OK ", 3) == 0 ? send_all(fd, "BEGIN\r\n", 7) : -EACCES;
}

/* Until the job of `serial` is done. Signals may overtake the answer, so results wait until we know our job. */
static int wait_for_job(int fd, uint32_t serial, const char *name, uint64_t until, const char **ret_detail)
{
    unsigned char bytes[MESSAGE_MAX];
    for (int i = 0; i < MESSAGES_MAX; i++) {
        struct message message;
        const char *job, *unit, *outcome;
        uint32_t id;
        int result = receive_message(fd, bytes, until, &message);
        if (result < 0)
            return result;
        if (message.type == TYPE_ERROR && message.reply <= serial) {
            *ret_detail = strstr(message.error, "AccessDenied") ? "systemd does not let us make a scope"
                                                                : "systemd refused to make a scope";
            return -EACCES;
        }
        if (message.type != TYPE_SIGNAL || strcmp(message.member, "JobRemoved") != 0)
            continue;
        if (!get_u32(&message.body, &id) || !get_text(&message.body, &job) || !get_text(&message.body, &unit) ||
            !get_text(&message.body, &outcome))
            return -EPROTO;
        if (strcmp(unit, name) == 0) { /* nobody else makes a unit of this random name */
            *ret_detail = "systemd could not make the scope";
            return strcmp(outcome, "done") == 0 ? 0 : -EIO;
        }
    }
    return -EPROTO;
}

/* Until the call `serial` is answered. */
static int wait_for_answer(int fd, uint32_t serial, uint64_t until, const char **ret_detail)
{
    unsigned char bytes[MESSAGE_MAX];
    for (int i = 0; i < MESSAGES_MAX; i++) {
        struct message message;
        int result = receive_message(fd, bytes, until, &message);
        if (result < 0)
            return result;
        if (message.type == TYPE_ERROR && message.reply <= serial) {
            *ret_detail = "systemd refused to move a process into the scope";
            return -EACCES;
        }
        if (message.type == TYPE_RETURN && message.reply == serial)
            return 0;
    }
    return -EPROTO;
}

/* On the bus, as one of its peers. */
static int open_bus(const char *bus, uint64_t until, const char **ret_detail)
{
    *ret_detail = "connect to the bus of systemd";
    _cleanup_fd_ int fd = connect_to(bus);
    int result = fd < 0 ? fd : authenticate(fd, until);
    return result < 0 ? result : take_fd(&fd);
}

/* Each call in a buffer of its own, because alignment counts from its beginning. */
static int send_calls(int fd, const struct buffer *calls, size_t count)
{
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++)
        result = send_all(fd, calls[i].bytes, calls[i].length);
    return result;
}

int cgroup_scope_make(const char *bus, const char *name, const pid_t *pids, size_t count, const char **ret_detail)
{
    uint64_t until = sys_monotonic_microseconds() + TIMEOUT_MICROSECONDS;
    _cleanup_fd_ int fd = open_bus(bus, until, ret_detail);
    if (fd < 0)
        return fd;
    *ret_detail = "ask systemd for a scope";
    struct buffer calls[3];
    for (int i = 0; i < 3; i++)
        buffer_init(&calls[i], &memory_malloc);
    bool is_put = put_hello(&calls[0], 1) && put_match(&calls[1], 2) && put_start(&calls[2], 3, name, pids, count);
    int result = is_put ? send_calls(fd, calls, 3) : -ENOMEM;
    for (int i = 0; i < 3; i++)
        buffer_done(&calls[i]);
    return result < 0 ? result : wait_for_job(fd, 3, name, until, ret_detail);
}

int cgroup_scope_attach(const char *bus, const char *name, const char *folder, pid_t pid, const char **ret_detail)
{
    uint64_t until = sys_monotonic_microseconds() + TIMEOUT_MICROSECONDS;
    _cleanup_fd_ int fd = open_bus(bus, until, ret_detail);
    if (fd < 0)
        return fd;
    *ret_detail = "ask systemd to move a process";
    struct buffer calls[2];
    for (int i = 0; i < 2; i++)
        buffer_init(&calls[i], &memory_malloc);
    bool is_put = put_hello(&calls[0], 1) && put_attach(&calls[1], 2, name, folder, pid);
    int result = is_put ? send_calls(fd, calls, 2) : -ENOMEM;
    for (int i = 0; i < 2; i++)
        buffer_done(&calls[i]);
    return result < 0 ? result : wait_for_answer(fd, 2, until, ret_detail);
}

/*
 * What the files of the interpreter share: the layout of frames, segments and continuations. Private to vm/.
 *
 *   fp[-2]        where to return to: the word before it is the frame word of the call (base, arguments, result)
 *   fp[-1]        environment: the closure, or the instance of a procedure that captures nothing
 *   fp[0..n)      registers
 *
 * Returning: pc = fp[-2]; fp -= base; fp[result] = value. So a frame needs no link to its caller, and copying frames
 * relocates nothing. The first frame of a segment's slice returns to the instruction `underflow`, which goes on in the
 * continuation below.
 */
#ifndef SCHOONER_VM_RUN_H
#define SCHOONER_VM_RUN_H

#include "schooner/compile/code.h"
#include "schooner/heap/barrier.h"
#include "schooner/vm/vm.h"

enum {
    SEGMENT_FIRST = 2048, /* bytes */
    SEGMENT_MAX = 64 * 1024,
    SEGMENT_MARGIN = 40,      /* words behind stack_limit: frames of the interpreter's own, a list of the rest */
    SLICE = 1024,             /* units between two looks at the clock; some of the front end are a microsecond */
    WORDS_PER_LOOK = 1 << 18, /* at most, of code: what one unit stands for is as long as a procedure */
    CALLS_PER_LOOK = 2048,    /* of primitives that the compiler knows */
};

/* OBJECT_STACK. header length: words */
struct segment {
    uint64_t header;
    sch_value slots[];
};

enum continuation_flag {
    CONTINUATION_MULTI = 1,   /* a script may hold it: returning into it copies */
    CONTINUATION_BARRIER = 2, /* a call from the host: returning into it ends the interpreter's loop */
    CONTINUATION_LEFT = 4,    /* such a call that has ended: other frames may stand where those above it stood */
};

/* OBJECT_CONTINUATION. Frames [start, end) of a segment, the topmost waiting at `pc`. */
struct continuation {
    uint64_t header;
    sch_value next;
    sch_value dynamic;
    sch_value stack;
    sch_value host; /* the innermost barrier below, or () */
    uint64_t start;
    uint64_t end;
    const uint32_t *pc;
    uint64_t flags;
    /* of a frame that stopped inside of an instruction (barriers, raises); else 0 */
    uint64_t top;   /* where its registers begin */
    uint64_t extra; /* values that it keeps alive: [top, top + extra) */
};
enum { CONTINUATION_WORDS = sizeof(struct continuation) / 8 - 1 };

/* Instructions of the interpreter's own frames, as words of its own code. */
enum stub {
    STUB_UNDERFLOW = 1,
    STUB_PRIMITIVE = 2,
    STUB_RESTORE = 3,     /* r0 dynamic state to restore, r1 thunk */
    STUB_CONTINUABLE = 7, /* r0 dynamic state, r1 handler, r6 object */
    STUB_RAISE = 11,      /* r0 object, r1 handler, r6 object */
    STUB_VALUES = 14,     /* r0 producer, r1 consumer */
    STUB_REROOT = 17,     /* r0 continuation, r1 value, r2 procedure, r6 winds */
    STUB_WORDS = 20,
    STUB_BASE = 6, /* where the arguments of their calls are */
};

enum request {
    REQUEST_NONE,
    REQUEST_APPLY,
    REQUEST_CALL_CC,
    REQUEST_THUNK,
    REQUEST_VALUES,
    REQUEST_THROW,
    REQUEST_CALL,
    REQUEST_SUSPEND
};

struct cell_table {
    sch_value *cells; /* open addressing by name and space; 0: free */
    uint32_t *spaces;
    size_t count, capacity;
    char **space_names;
    uint32_t space_count, space_capacity;
};

/* Where an instruction stands in its program; forgotten at each collection, as codes may go then. */
struct known_place {
    const uint32_t *at;
    struct code_position position;
};
enum { KNOWN_PLACES = 4 };

struct interpreter {
    uint32_t calls_to_look; /* CALLS_PER_LOOK */
    uint32_t longest;       /* words of the longest procedure that the machine has had */
    struct cell_table cells;
    sch_value stubs; /* instance of the code below */
    const uint32_t *stub_words;
    sch_value first;      /* the 2 KiB segment that stays */
    sch_value spare;      /* a segment just left; not a root */
    enum request request; /* what a control primitive asks of the loop */
    sch_value saved;      /* dynamic state, for REQUEST_THUNK; procedure, for REQUEST_CALL */
    size_t asked;         /* how many arguments it gets */
    sch_value *extra;     /* arguments of the running primitive when no live map knows them */
    size_t extra_count;
    sch_value barrier;  /* the innermost call from the host, or () */
    sch_value throw_to; /* a jump that is on its way over host frames; () */
    sch_value throw_value;
    bool throw_rooted; /* its winds have run */
    bool straight;     /* an error on its way to the host that no handler may see */
    uint64_t granted;  /* fuel given to slices of this run */
    sch_value hidden;  /* rooted while C works with it */
    sch_value growing; /* the segment that the stack goes on in, until it stands there */
    struct known_place places[KNOWN_PLACES];
    uint64_t code[(sizeof(struct sch_code) + 400) / 8];
};

static inline struct interpreter *interpreter_of(sch_vm *vm)
{
    return vm->interpreter;
}

static inline struct segment *segment_of(sch_value v)
{
    return object_as(struct segment, v);
}

static inline struct continuation *continuation_of(sch_value v)
{
    return object_as(struct continuation, v);
}

static inline struct dynamic *dynamic_of(sch_value v)
{
    return object_as(struct dynamic, v);
}

/* Closures and instances alike: word 1 leads to the instance. */
static inline const struct instance *environment_instance(sch_value environment)
{
    const char *object = object_of(environment);
    int64_t distance;
    memcpy(&distance, object + 8, 8);
    return (const struct instance *)(const void *)(object + distance);
}

static inline const uint32_t *frame_return(const sch_value *fp)
{
    return (const uint32_t *)(uintptr_t)fp[-2].bits;
}

static inline void frame_set_return(sch_value *fp, const uint32_t *pc)
{
    fp[-2].bits = (uint64_t)(uintptr_t)pc;
}

/* stack.c */
bool stack_init(sch_vm *vm);
/* Gives the frame at vm->fp room for `words` registers, in another segment if need be; the first `kept` of them move
 * along. Updates vm->fp. false: a limit. */
bool stack_grow(sch_vm *vm, size_t words, size_t kept);
/* Seals all frames below the one at vm->fp; V_RAISED: a limit. */
sch_value stack_capture(sch_vm *vm);
/* Seals everything, the frame at vm->fp with what it does included, and sets vm->fp to a new frame above. */
bool stack_seal(sch_vm *vm, uint64_t flags);
/* Takes the continuation's frames back: sets vm->fp and vm->pc. For one of a call from the host: *ret_barrier. */
bool stack_underflow(sch_vm *vm, bool *ret_barrier);
/* After a call from the host: the machine stands again where `barrier` was sealed. */
void stack_leave(sch_vm *vm, sch_value barrier);
void stack_reset(sch_vm *vm);

/* A walk over active frames, innermost first. */
struct frame_walk {
    sch_value *fp;
    const uint32_t *pc;
    bool at_call; /* pc is a return address */
    sch_value *base;
    sch_value next; /* continuation */
};
void frame_walk_init(struct frame_walk *walk, sch_vm *vm);
bool frame_walk_next(struct frame_walk *walk);

/* interpret.c */
enum entrance {
    ENTER_CALL,   /* of the procedure, with vm->fp[0..count), in the frame at vm->fp, which returns to the barrier below
                   */
    ENTER_NEXT,   /* go on at vm->pc */
    ENTER_RAISED, /* something was raised in the frame at vm->fp */
};
enum sch_status interpret(sch_vm *vm, enum entrance entrance, sch_value procedure, size_t count, sch_value *ret);

/* fuel.c: what was granted may reach behind the next pause; it is granted anew up to there */
void vm_return_grant(sch_vm *vm);
/* The same for whatever reason: the next charge looks at the clock and is granted a slice anew. */
void vm_return_slice(sch_vm *vm);

/* instance.c */
sch_value instance_make(sch_vm *vm, struct sch_code *code);
/* raise.c */
sch_value raised_object(sch_vm *vm);
/* For an object that is no condition and that nobody handles: its irritants become the position and the frames of the
 * raise. false: a limit. */
bool raised_place(sch_vm *vm);
sch_value dynamic_make(sch_vm *vm, sch_value winds, sch_value handlers, sch_value parameters);
/* control.c: the value of a parameter where the machine now is */
sch_value parameter_object_value(sch_vm *vm, sch_value parameter); /* V_RAISED: a limit */
/* cells.c */
void cells_done(sch_vm *vm);

#endif

/*
 * compile.c: the interval tree. Call numbers with one treatment form intervals; a binary search over their borders ends
 * in a verdict or in the tests of a guard. With libseccomp's best the standard policy has 377 instructions, loads in
 * twice the time and is a thousand microseconds in the making.
 *
 * The program is written from its end to its beginning, because jumps only lead forwards: whatever a jump leads to has
 * been written, so its distance is known. A place is an index counted from the end, the last instruction having 0.
 * What is too far for the eight bits of a conditional jump is written again (a verdict is one instruction) or reached
 * over a long jump.
 *
 * It makes no system call, allocates nothing and knows no names.
 */
#include "seccomp/compile.h"

#include <errno.h>
#include <string.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "seccomp_calls.h"

enum {
    NOWHERE = -1,
    NEAR = 240,     /* places that stay in reach of a conditional jump while a few instructions are added */
    EXCEPTIONS = 3, /* single numbers amid one treatment that are tested one after the other */
    TREATMENTS = 64,
    LOW_HALF = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : 4,
};

struct interval {
    uint16_t start;
    uint8_t treatment;
};

struct compiler {
    const struct seccomp_policy *policy;
    struct sock_filter *program; /* filled from program[capacity - 1] downwards */
    size_t capacity;
    size_t length; /* goes on counting when the capacity is exceeded */
    int verdicts[SECCOMP_VERDICTS];
    int leaves[TREATMENTS]; /* the nearest place of each treatment */
    size_t interval_count;
    struct interval intervals[SECCOMP_NUMBERS + 1];
};

static int emit(struct compiler *compiler, struct sock_filter instruction)
{
    size_t place = compiler->length++;

    if (place < compiler->capacity)
        compiler->program[compiler->capacity - 1 - place] = instruction;
    return (int)place;
}

/* How far a jump written next would have to go. */
static unsigned distance_to(const struct compiler *compiler, int place)
{
    return (unsigned)(compiler->length - (size_t)place - 1);
}

static bool is_near(const struct compiler *compiler, int place)
{
    return place != NOWHERE && distance_to(compiler, place) <= NEAR;
}

static int emit_jump(struct compiler *compiler, uint16_t test, uint32_t operand, int if_true, int if_false)
{
    unsigned true_distance = distance_to(compiler, if_true);
    unsigned false_distance = distance_to(compiler, if_false);

    return emit(compiler, (struct sock_filter)BPF_JUMP(BPF_JMP | test | BPF_K, operand, (uint8_t)true_distance,
                                                       (uint8_t)false_distance));
}

/* A place in reach that comes to the same. */
static int bring_near(struct compiler *compiler, int place)
{
    if (is_near(compiler, place))
        return place;
    return emit(compiler, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, distance_to(compiler, place)));
}

static int emit_verdict(struct compiler *compiler, uint8_t verdict)
{
    if (!is_near(compiler, compiler->verdicts[verdict]))
        compiler->verdicts[verdict] =
            emit(compiler, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, compiler->policy->returns[verdict]));
    return compiler->verdicts[verdict];
}

static int emit_load(struct compiler *compiler, size_t offset)
{
    return emit(compiler, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

/* Whether the 32 bits at an offset, masked, are the value. The load is left out where the accumulator holds them. */
static int emit_word_test(struct compiler *compiler, size_t offset, uint32_t mask, uint32_t value, int if_equal,
                          int if_other, bool is_loaded)
{
    int place;

    if (mask != UINT32_MAX && value == 0) {
        place = emit_jump(compiler, BPF_JSET, mask, if_other, if_equal);
    } else {
        place = emit_jump(compiler, BPF_JEQ, value, if_equal, if_other);
        if (mask != UINT32_MAX)
            place = emit(compiler, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
    }
    return is_loaded ? place : emit_load(compiler, offset);
}

/* True where the test before this one leaves the same argument's low half in the accumulator. */
static bool is_low_half_loaded(const struct seccomp_guard *guard, size_t index)
{
    const struct seccomp_test *test = &guard->tests[index];
    const struct seccomp_test *before;

    if (index == 0)
        return false;
    before = &guard->tests[index - 1];
    /* Where several tests end in front of this one, the accumulator may hold any of theirs. */
    if (index >= 2 && guard->tests[index - 2].is_joined && !before->is_joined)
        return false;
    return before->argument == test->argument && before->width == SECCOMP_WIDTH_INT &&
           test->width == SECCOMP_WIDTH_INT && ((uint32_t)before->mask == UINT32_MAX || before->value == 0);
}

static int emit_guard(struct compiler *compiler, const struct seccomp_guard *guard)
{
    int next = emit_verdict(compiler, guard->otherwise);
    int next_rule = next; /* where a rule leads that does not hold */

    for (size_t i = guard->count; i-- > 0;) {
        const struct seccomp_test *test = &guard->tests[i];
        size_t low = offsetof(struct seccomp_data, args) + 8u * test->argument + LOW_HALF;
        size_t high = offsetof(struct seccomp_data, args) + 8u * test->argument + (4 - LOW_HALF);
        uint32_t high_mask = (uint32_t)(test->mask >> 32);
        bool is_equal_wanted = test->relation == SECCOMP_EQUAL;
        int holds, fails, other, equal;

        if (!test->is_joined)
            next_rule = next;
        holds = test->is_joined ? next : emit_verdict(compiler, test->verdict);
        fails = bring_near(compiler, next_rule);
        holds = bring_near(compiler, holds);
        other = is_equal_wanted ? fails : holds;
        equal = emit_word_test(compiler, low, (uint32_t)test->mask, (uint32_t)test->value,
                               is_equal_wanted ? holds : fails, other, is_low_half_loaded(guard, i));
        /* A mask without upper bits asks nothing of the upper half. */
        if (test->width == SECCOMP_WIDTH_LONG && high_mask != 0)
            equal = emit_word_test(compiler, high, high_mask, (uint32_t)(test->value >> 32), equal, other, false);
        next = equal;
    }
    return next;
}

static int emit_leaf(struct compiler *compiler, uint8_t treatment)
{
    struct seccomp_guard guard;

    if (!seccomp_policy_guard(compiler->policy, treatment, &guard))
        return emit_verdict(compiler, treatment);
    if (!is_near(compiler, compiler->leaves[treatment]))
        compiler->leaves[treatment] = emit_guard(compiler, &guard);
    return compiler->leaves[treatment];
}

static bool is_single(const struct compiler *compiler, size_t index)
{
    return index + 1 < compiler->interval_count &&
           compiler->intervals[index + 1].start == compiler->intervals[index].start + 1;
}

/* True where intervals [low, high) are one treatment but for a few single numbers. */
static bool find_background(const struct compiler *compiler, size_t low, size_t high, uint8_t *ret_treatment)
{
    for (size_t candidate = low; candidate < high && candidate < low + 2; candidate++) {
        uint8_t treatment = compiler->intervals[candidate].treatment;
        size_t exceptions = 0;

        for (size_t i = low; i < high && exceptions <= EXCEPTIONS; i++) {
            if (compiler->intervals[i].treatment != treatment)
                exceptions += is_single(compiler, i) ? 1 : EXCEPTIONS + 1;
        }
        if (exceptions <= EXCEPTIONS) {
            *ret_treatment = treatment;
            return true;
        }
    }
    return false;
}

static int emit_exceptions(struct compiler *compiler, size_t low, size_t high, uint8_t background)
{
    int next = emit_leaf(compiler, background);

    for (size_t i = high; i-- > low;) {
        int leaf;

        if (compiler->intervals[i].treatment == background)
            continue;
        leaf = emit_leaf(compiler, compiler->intervals[i].treatment);
        next = bring_near(compiler, next);
        next = emit_jump(compiler, BPF_JEQ, compiler->intervals[i].start, leaf, next);
    }
    return next;
}

/* The tree over the intervals [low, high); its depth is the logarithm of their number. */
static int emit_tree(struct compiler *compiler, size_t low, size_t high)
{
    size_t middle = low + (high - low) / 2;
    uint8_t background;
    int left, right;

    if (find_background(compiler, low, high, &background))
        return emit_exceptions(compiler, low, high, background);
    right = emit_tree(compiler, middle, high);
    left = emit_tree(compiler, low, middle);
    right = bring_near(compiler, right);
    left = bring_near(compiler, left);
    return emit_jump(compiler, BPF_JGE, compiler->intervals[middle].start, right, left);
}

static void collect_intervals(struct compiler *compiler)
{
    uint8_t last = SECCOMP_ABSENT;

    for (size_t number = 0; number <= SECCOMP_NUMBERS; number++) {
        /* All above the table is absent. */
        uint8_t treatment = number < SECCOMP_NUMBERS ? compiler->policy->treatments[number] : SECCOMP_ABSENT;

        if (number > 0 && treatment == last)
            continue;
        compiler->intervals[compiler->interval_count++] =
            (struct interval){ .start = (uint16_t)number, .treatment = treatment };
        last = treatment;
    }
}

int seccomp_compile(const struct seccomp_policy *policy, struct sock_filter *program, size_t capacity,
                    size_t *ret_length)
{
    struct compiler compiler = { .policy = policy, .program = program, .capacity = capacity };
    int tree, foreign;

    if (compiler.capacity > SECCOMP_PROGRAM_MAX)
        compiler.capacity = SECCOMP_PROGRAM_MAX;
    for (size_t i = 0; i < SECCOMP_VERDICTS; i++)
        compiler.verdicts[i] = NOWHERE;
    for (size_t i = 0; i < TREATMENTS; i++)
        compiler.leaves[i] = NOWHERE;
    collect_intervals(&compiler);

    tree = emit_tree(&compiler, 0, compiler.interval_count);
    foreign = emit_verdict(&compiler, SECCOMP_FOREIGN);
    tree = bring_near(&compiler, tree);
    tree = emit_jump(&compiler, BPF_JGE, CALLS_FOREIGN_FROM, foreign, tree);
    tree = emit_load(&compiler, offsetof(struct seccomp_data, nr));
    emit_jump(&compiler, BPF_JEQ, CALLS_ARCHITECTURE, tree, foreign);
    emit_load(&compiler, offsetof(struct seccomp_data, arch));

    if (compiler.length > compiler.capacity)
        return -ENOSPC;
    memmove(program, program + (compiler.capacity - compiler.length), compiler.length * sizeof *program);
    *ret_length = compiler.length;
    return 0;
}

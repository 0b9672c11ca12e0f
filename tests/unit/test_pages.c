/*
 * Machines whose pages are not of 4 KiB, as AArch64 has them (16 and 64 KiB): the limit of the heap holds for what the
 * system really gave, what is given back is given back, and nobody's neighbour with it. mmap and its relatives are
 * those of a system with such pages, played here (--wrap); by the public header alone.
 */
#include "unit.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "schooner.h"

enum { UNIT = 4096, UNITS = (256 << 20) / UNIT };

void *__real_mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset);
int __real_munmap(void *address, size_t length);
long __real_sysconf(int name);
void *__wrap_mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap64(void *address, size_t length, int protection, int flags, int fd, off_t offset);
int __wrap_munmap(void *address, size_t length);
void *__wrap_mremap(void *address, size_t old_length, size_t new_length, int flags);
long __wrap_sysconf(int name);

/* One region of addresses, in which the played system maps; what is not mapped cannot be touched. */
static struct {
    size_t page;
    char *start;
    unsigned char used[UNITS];
    size_t now, peak; /* bytes of whole pages */
    unsigned refused; /* calls that a system refuses: with an address in the middle of a page, or not mapped */
} played;

static size_t whole_pages(size_t length)
{
    return (length + played.page - 1) / played.page * played.page;
}

static void *answer(int error)
{
    played.refused += error == EINVAL;
    errno = error;
    return MAP_FAILED;
}

/* From the upper end on, beside what is there, as the kernel does it. */
void *__wrap_mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
    if (address || length == 0 || fd != -1 || !(flags & MAP_ANONYMOUS))
        return answer(EINVAL);
    size_t units = whole_pages(length) / UNIT, step = played.page / UNIT, run = 0;
    for (size_t at = UNITS; at >= step; at -= step) {
        run = played.used[at - step] ? 0 : run + step;
        if (run < units)
            continue;
        char *block = played.start + (at - step) * UNIT;
        if (mprotect(block, whole_pages(length), protection) != 0)
            return answer(ENOMEM);
        memset(&played.used[at - step], 1, units);
        played.now += whole_pages(length);
        played.peak = played.now > played.peak ? played.now : played.peak;
        return block;
    }
    return answer(ENOMEM);
}

/* The same by the name that it has where the offset of a file is wider than its word was. */
void *__wrap_mmap64(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
    return __wrap_mmap(address, length, protection, flags, fd, offset);
}

int __wrap_munmap(void *address, size_t length)
{
    size_t offset = (size_t)((char *)address - played.start), size = whole_pages(length);
    if (offset % played.page != 0 || length == 0 || offset + size > (size_t)UNITS * UNIT)
        return answer(EINVAL) == MAP_FAILED ? -1 : 0;
    for (size_t at = offset / UNIT; at < (offset + size) / UNIT; at++) {
        played.now -= played.used[at] ? UNIT : 0;
        played.refused += !played.used[at]; /* harmless to the kernel, but nobody should */
        played.used[at] = 0;
    }
    madvise(address, size, MADV_DONTNEED);
    return mprotect(address, size, PROT_NONE);
}

void *__wrap_mremap(void *address, size_t old_length, size_t new_length, int flags)
{
    if ((size_t)((char *)address - played.start) % played.page != 0 || !(flags & MREMAP_MAYMOVE))
        return answer(EINVAL);
    if (whole_pages(new_length) <= whole_pages(old_length)) {
        if (whole_pages(new_length) < whole_pages(old_length))
            __wrap_munmap((char *)address + whole_pages(new_length), whole_pages(old_length) - whole_pages(new_length));
        return address;
    }
    void *moved = __wrap_mmap(NULL, new_length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (moved == MAP_FAILED)
        return moved;
    memcpy(moved, address, whole_pages(old_length));
    __wrap_munmap(address, old_length);
    played.peak = played.now > played.peak ? played.now : played.peak;
    return moved;
}

long __wrap_sysconf(int name)
{
    return name == _SC_PAGESIZE ? (long)played.page : __real_sysconf(name);
}

/* Many small objects, large ones of sizes that end in the middle of a page, strings and tables that grow, texts that
 * are read and compiled; most of it becomes garbage. */
static const char *const busy =
    "(define (trees n) (if (= n 0) '() (cons (trees (- n 1)) (trees (- n 1)))))"
    "(define (turn i kept)"
    "  (trees 12)"
    "  (make-vector (+ 1000 (* 9000 i)) 'x)"
    "  (let grow ((s \"0123456789\") (n 0)) (if (< n 11) (grow (string-append s s) (+ n 1))))"
    "  (read (open-input-string (string-append \"(\" (make-string (+ 5000 (* 700 i)) #\\a) \")\")))"
    "  (if (= 0 (modulo i 8))"
    "      '()"
    "      (list (make-vector (+ 1100 (* 97 i)) i) (make-bytevector (+ 9000 (* 5001 i)) 1) kept)))"
    "(let loop ((i 0) (kept '())) (if (< i 40) (loop (+ i 1) (turn i kept)) 'done))";
static const char *const endless = "(let loop ((l '())) (loop (cons (make-vector 1100 0) l)))";
static const char *const long_text = "(let loop ((s \"0123456789\")) (loop (string-append s s)))";

static enum sch_status run(sch_env *env, const char *text, uint64_t heap)
{
    const struct sch_limits limits = { .size = sizeof limits, .heap = heap, .timeout_ns = SCH_UNLIMITED };
    size_t before = played.now;
    played.peak = before;
    sch_vm *vm = sch_vm_new(env, &limits);
    assert_non_null(vm);
    sch_value value;
    enum sch_status status = sch_eval(vm, (struct sch_source){ "test", text, strlen(text) }, &value);
    if (status != SCH_OK && status != SCH_LIMIT)
        print_message("%s\n", sch_failure(vm)->message);
    assert_true(played.peak - before <= heap);
    sch_vm_free(vm);
    assert_int_equal(played.now, before);
    assert_int_equal(played.refused, 0);
    return status;
}

static const char *const menu[] = { "(scheme base)", "(scheme read)", NULL };

static void of_a_page(size_t page)
{
    if (page % (size_t)__real_sysconf(_SC_PAGESIZE) != 0)
        return; /* what is smaller than this machine's own cannot be played */
    played.page = page;
    const struct sch_env_options options = { .size = sizeof options, .menu = menu, .pre_imports = menu };
    sch_env *env = sch_env_new(&options, NULL);
    assert_non_null(env);
    const struct sch_limits smallest = { .size = sizeof smallest, .heap = page < 64 << 10 ? 64 << 10 : 128 << 10 };
    sch_vm *idle = sch_vm_new(env, &smallest);
    assert_non_null(idle);
    sch_vm_free(idle);
    assert_int_equal(run(env, "(+ 1 2)", 1 << 20), SCH_OK);
    assert_int_equal(run(env, busy, 64 << 20), SCH_OK);
    assert_int_equal(run(env, endless, 8 << 20), SCH_LIMIT);
    assert_int_equal(run(env, long_text, 8 << 20), SCH_LIMIT);
    sch_env_free(env);
    assert_int_equal(played.now, 0);
    assert_int_equal(played.refused, 0);
}

static void pages_of_4_kib(void **state)
{
    of_a_page(4 << 10);
}

static void pages_of_16_kib(void **state)
{
    of_a_page(16 << 10);
}

static void pages_of_64_kib(void **state)
{
    of_a_page(64 << 10);
}

int main(void)
{
    enum { ALIGNMENT = 64 << 10 };
    char *region = __real_mmap(NULL, (size_t)UNITS * UNIT + ALIGNMENT, PROT_NONE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (region == MAP_FAILED)
        return 1;
    played.start = region + (ALIGNMENT - (uintptr_t)region % ALIGNMENT) % ALIGNMENT;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_of_4_kib),
        cmocka_unit_test(pages_of_16_kib),
        cmocka_unit_test(pages_of_64_kib),
    };
    return cmocka_run_group_tests_name("pages", tests, NULL, NULL);
}

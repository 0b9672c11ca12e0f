/* heap: what is reachable stays and keeps its contents, what is not goes, whatever the memory; young and full
 * collections, the write barrier, limits. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "machine.h"
#include "schooner/heap/barrier.h"

enum { MEGABYTE = 1 << 20 };

static size_t scaled(size_t count)
{
    return HOSTILE ? count / 64 : count;
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static sch_value make_vector(sch_vm *vm, size_t length, sch_value fill)
{
    if (!heap_reserve_object(vm, vector_size(length)))
        return V_RAISED;
    struct vector *vector = heap_object(vm, OBJECT_VECTOR, length, vector_size(length));
    for (size_t i = 0; i < length; i++)
        vector->items[i] = fill;
    return object_value(vector);
}

static bool push_fixnum(sch_vm *vm, sch_value *root, int64_t n)
{
    if (!heap_reserve(vm, PAIR_SIZE))
        return false;
    *root = cons(vm, make_fixnum(n), *root);
    return true;
}

/* The root holds the list (count-1 ... 1 0). */
static void check_countdown(sch_value list, size_t count)
{
    size_t seen = 0;
    for (; is_pair(list); list = pair_cdr(list)) {
        seen++;
        assert_true(value_same(pair_car(list), make_fixnum((int64_t)(count - seen))));
    }
    assert_int_equal(seen, count);
}

/* --- random graphs against a model --- */

enum { NODES = 6000, EDGES = 6, GRAPH_ROOTS = 24 };
enum shape { SHAPE_PAIRS, SHAPE_VECTOR, SHAPE_WIDE, SHAPE_LARGE, SHAPE_CLOSURE, SHAPE_RECORD, SHAPE_COUNT };

struct node {
    enum shape shape;
    int edges[EDGES]; /* another node, or -1 */
    unsigned seen;
};

struct graph {
    struct node nodes[NODES];
    int count;
    int roots[GRAPH_ROOTS];
    sch_value stack_values[NODES];
    int stack_nodes[NODES];
    unsigned sweep;
};

static size_t shape_length(enum shape shape)
{
    return shape == SHAPE_LARGE ? 1500 : shape == SHAPE_WIDE ? 150 : EDGES + 1;
}

/* Where the edges of a node are: EDGES slots; *ret_id is the slot of its number. */
static sch_value *node_slots(sch_value value, enum shape shape, sch_value **ret_id)
{
    if (shape == SHAPE_CLOSURE) {
        struct closure *closure = object_of(value);
        *ret_id = closure->captured;
        return closure->captured + 1;
    }
    if (shape == SHAPE_RECORD) {
        struct record *record = object_of(value);
        *ret_id = record->fields;
        return record->fields + 1;
    }
    struct vector *vector = object_of(value);
    *ret_id = vector->items;
    return vector->items + shape_length(shape) - EDGES; /* in the last line of a wide one */
}

/* As pairs: (id e0 e1 ...), a list. */
static sch_value *pair_slot(sch_value list, int edge)
{
    for (int i = 0; i <= edge; i++)
        list = pair_cdr(list);
    return &pair_of(list)->car;
}

static sch_value build_closure(sch_vm *vm)
{
    size_t closure_bytes = object_size(sizeof(struct closure), EDGES + 1, 8);
    size_t instance_bytes = object_size(sizeof(struct instance), 1, 8);
    if (!heap_reserve(vm, closure_bytes + instance_bytes))
        return V_RAISED;
    struct instance *instance = heap_object(vm, OBJECT_INSTANCE, 1, instance_bytes);
    instance->self = 0;
    instance->code = NULL;
    instance->constants[0] = make_fixnum(77);
    struct closure *closure = heap_object(vm, OBJECT_CLOSURE, EDGES + 1, closure_bytes);
    closure->instance = (char *)instance - (char *)closure;
    closure->procedure = 3;
    return object_value(closure);
}

static sch_value build_node(sch_vm *vm, enum shape shape, int id)
{
    sch_value value;
    if (shape == SHAPE_PAIRS) {
        if (!heap_reserve_pairs(vm, EDGES + 1))
            return V_RAISED;
        value = V_NIL;
        for (int i = 0; i < EDGES; i++)
            value = cons(vm, V_FALSE, value);
        return cons(vm, make_fixnum(id), value);
    }
    if (shape == SHAPE_CLOSURE) {
        value = build_closure(vm);
    } else if (shape == SHAPE_RECORD) {
        if (!heap_reserve(vm, record_size(EDGES + 1)))
            return V_RAISED;
        struct record *record = heap_object(vm, OBJECT_RECORD, EDGES + 2, record_size(EDGES + 1));
        record->type = V_FALSE;
        value = object_value(record);
    } else {
        value = make_vector(vm, shape_length(shape), make_fixnum(5));
    }
    if (is_raised(value))
        return value;
    sch_value *slot;
    sch_value *edges = node_slots(value, shape, &slot);
    *slot = make_fixnum(id);
    for (int i = 0; i < EDGES; i++)
        edges[i] = V_FALSE;
    return value;
}

static int node_id(sch_value value, enum shape shape)
{
    if (shape == SHAPE_PAIRS)
        return (int)fixnum_int(pair_car(value));
    sch_value *slot;
    node_slots(value, shape, &slot);
    return (int)fixnum_int(*slot);
}

static sch_value node_edge(sch_value value, enum shape shape, int edge)
{
    sch_value *slot;
    return shape == SHAPE_PAIRS ? *pair_slot(value, edge) : node_slots(value, shape, &slot)[edge];
}

static void node_store(sch_vm *vm, sch_value value, enum shape shape, int edge, sch_value target)
{
    if (shape == SHAPE_PAIRS) {
        sch_value *slot = pair_slot(value, edge);
        *slot = target;
        barrier_pair(vm, pair_value((struct pair *)slot));
        return;
    }
    sch_value *slot;
    node_slots(value, shape, &slot)[edge] = target;
    barrier_object(vm, object_of(value));
}

static void check_graph(struct graph *graph, const sch_value *roots)
{
    int depth = 0;
    graph->sweep++;
    for (int root = 0; root < GRAPH_ROOTS; root++) {
        assert_int_equal(graph->roots[root] < 0, is_false(roots[root]));
        if (graph->roots[root] >= 0 && graph->nodes[graph->roots[root]].seen != graph->sweep) {
            graph->nodes[graph->roots[root]].seen = graph->sweep;
            graph->stack_nodes[depth] = graph->roots[root];
            graph->stack_values[depth++] = roots[root];
        }
        while (depth > 0) {
            depth--;
            struct node *node = &graph->nodes[graph->stack_nodes[depth]];
            sch_value value = graph->stack_values[depth];
            assert_int_equal(node_id(value, node->shape), graph->stack_nodes[depth]);
            if (node->shape == SHAPE_CLOSURE)
                assert_int_equal(fixnum_int(closure_instance(object_of(value))->constants[0]), 77);
            for (int i = 0; i < EDGES; i++) {
                int target = node->edges[i];
                sch_value edge = node_edge(value, node->shape, i);
                assert_int_equal(target < 0, is_false(edge));
                if (target >= 0 && graph->nodes[target].seen != graph->sweep) {
                    graph->nodes[target].seen = graph->sweep;
                    graph->stack_nodes[depth] = target;
                    graph->stack_values[depth++] = edge;
                }
            }
        }
    }
}

/* A node some random steps away from a root; its value. -1: an empty root. */
static int walk(struct graph *graph, const sch_value *roots, uint32_t *seed, sch_value *ret_value)
{
    int root = (int)(next_random(seed) % GRAPH_ROOTS);
    int node = graph->roots[root];
    sch_value value = roots[root];
    for (unsigned steps = next_random(seed) % 8; node >= 0 && steps > 0; steps--) {
        int edge = (int)(next_random(seed) % EDGES);
        if (graph->nodes[node].edges[edge] < 0)
            continue;
        value = node_edge(value, graph->nodes[node].shape, edge);
        node = graph->nodes[node].edges[edge];
    }
    *ret_value = value;
    return node;
}

static bool step_new(sch_vm *vm, struct graph *graph, sch_value *roots, uint32_t *seed)
{
    int id = graph->count;
    enum shape shape = next_random(seed) % SHAPE_COUNT;
    if (shape == SHAPE_LARGE && next_random(seed) % 4)
        shape = SHAPE_PAIRS;
    sch_value value = build_node(vm, shape, id);
    if (is_raised(value))
        return false;
    graph->count++;
    struct node *node = &graph->nodes[id];
    node->shape = shape;
    for (int i = 0; i < EDGES; i++) {
        sch_value target;
        node->edges[i] = next_random(seed) % 3 ? -1 : walk(graph, roots, seed, &target);
        if (node->edges[i] >= 0)
            node_store(vm, value, shape, i, target);
    }
    int root = (int)(next_random(seed) % GRAPH_ROOTS);
    graph->roots[root] = id;
    roots[root] = value;
    return true;
}

static void step_store(sch_vm *vm, struct graph *graph, sch_value *roots, uint32_t *seed)
{
    sch_value from, to;
    int source = walk(graph, roots, seed, &from);
    int target = walk(graph, roots, seed, &to);
    if (source < 0)
        return;
    int edge = (int)(next_random(seed) % EDGES);
    graph->nodes[source].edges[edge] = target;
    node_store(vm, from, graph->nodes[source].shape, edge, target < 0 ? V_FALSE : to);
}

static void run_graph(uint32_t seed, uint64_t cap, size_t mark_stack)
{
    static struct graph graph;
    memset(&graph, 0, sizeof graph);
    struct machine_options options = { .cap = cap };
    sch_vm *vm = machine_new(&options);
    assert_non_null(vm);
    if (mark_stack)
        vm->heap.mark_stack_size = mark_stack;
    sch_value *roots = machine_roots(vm);
    for (int i = 0; i < GRAPH_ROOTS; i++) {
        graph.roots[i] = -1;
        roots[i] = V_FALSE;
    }
    size_t steps = HOSTILE ? 3000 : 40000;
    for (size_t step = 0; step < steps && graph.count < NODES; step++) {
        unsigned what = next_random(&seed) % 16;
        if (what < 3) {
            assert_true(step_new(vm, &graph, roots, &seed));
        } else if (what < 12) {
            step_store(vm, &graph, roots, &seed);
        } else if (what == 12) {
            int root = (int)(next_random(&seed) % GRAPH_ROOTS);
            graph.roots[root] = -1;
            roots[root] = V_FALSE;
        } else if (what == 13 && step % 8 == 0) {
            assert_true(heap_collect(vm, next_random(&seed) % 4 == 0));
        }
        if (step % 256 == 0)
            check_graph(&graph, roots);
    }
    check_graph(&graph, roots);
    assert_true(heap_collect(vm, true));
    check_graph(&graph, roots);
    assert_true(vm->account.peak <= vm->account.cap);
    machine_free(vm);
}

static void test_random_graphs(void **state)
{
    for (uint32_t seed = 1; seed <= (HOSTILE ? 3 : 12); seed++)
        run_graph(seed, 64 * MEGABYTE, 0);
}

static void test_random_graphs_with_a_tiny_mark_stack(void **state)
{
    for (uint32_t seed = 21; seed <= (HOSTILE ? 22 : 26); seed++)
        run_graph(seed, 64 * MEGABYTE, 3 * 16);
}

/* --- shapes that are hard to mark --- */

static void test_long_list(void **state)
{
    sch_vm *vm = machine_new(NULL);
    sch_value *root = machine_roots(vm);
    size_t count = scaled(3000000); /* 48 MB */
    *root = V_NIL;
    for (size_t i = 0; i < count; i++)
        assert_true(push_fixnum(vm, root, (int64_t)i));
    assert_true(heap_collect(vm, true));
    check_countdown(*root, count);
    machine_free(vm);
}

/* Nested along the car, with something new in each cdr: as deep a stack as there can be. */
static void test_deep_tree_and_wide_vector(void **state)
{
    sch_vm *vm = machine_new(NULL);
    vm->heap.mark_stack_size = 16 * 16;
    sch_value *roots = machine_roots(vm);
    size_t count = scaled(200000);
    roots[0] = V_NIL;
    for (size_t i = 0; i < count; i++) {
        assert_true(heap_reserve(vm, 2 * PAIR_SIZE));
        roots[0] = cons(vm, roots[0], cons(vm, make_fixnum((int64_t)i), V_NIL));
    }
    roots[1] = make_vector(vm, count, V_FALSE);
    assert_false(is_raised(roots[1]));
    for (size_t i = 0; i < count; i++) {
        assert_true(heap_reserve(vm, 2 * PAIR_SIZE));
        object_as(struct vector, roots[1])->items[i] = cons(vm, cons(vm, make_fixnum((int64_t)i), V_NIL), V_NIL);
        barrier_object(vm, object_of(roots[1]));
    }
    assert_true(heap_collect(vm, true));
    assert_true(heap_collect(vm, false));
    sch_value tree = roots[0];
    for (size_t i = count; i-- > 0; tree = pair_car(tree))
        assert_int_equal(fixnum_int(pair_car(pair_cdr(tree))), i);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(fixnum_int(pair_car(pair_car(object_as(struct vector, roots[1])->items[i]))), i);
    machine_free(vm);
}

/* --- memory --- */

static void test_garbage_in_a_small_heap(void **state)
{
    struct machine_options options = { .cap = MEGABYTE };
    sch_vm *vm = machine_new(&options);
    sch_value *roots = machine_roots(vm);
    roots[1] = V_NIL;
    for (int i = 0; i < 1000; i++)
        assert_true(push_fixnum(vm, &roots[1], i));
    roots[0] = V_NIL;
    size_t count = scaled(2000000); /* 32 MB through a heap of one */
    for (size_t i = 0; i < count; i++) {
        assert_true(heap_reserve(vm, PAIR_SIZE));
        roots[0] = cons(vm, make_fixnum((int64_t)i), V_NIL);
    }
    check_countdown(roots[1], 1000);
    assert_true(vm->account.peak <= MEGABYTE);
    machine_free(vm);
}

static void test_the_limit_and_after(void **state)
{
    for (uint64_t cap = 128 << 10; cap <= (HOSTILE ? 1 : 8) * MEGABYTE; cap *= 4) {
        struct machine_options options = { .cap = cap };
        sch_vm *vm = machine_new(&options);
        sch_value *roots = machine_roots(vm);
        roots[0] = V_NIL;
        size_t count = 0;
        while (push_fixnum(vm, roots, (int64_t)count))
            count++;
        assert_int_equal(vm->limit, SCH_LIMIT_HEAP);
        assert_true(vm->account.peak <= cap);
        assert_true(count * PAIR_SIZE > cap / 2);
        check_countdown(roots[0], count);
        roots[0] = V_NIL;
        machine_clear(vm);
        for (size_t i = 0; i < count / 2; i++)
            assert_true(push_fixnum(vm, roots, (int64_t)i));
        check_countdown(roots[0], count / 2);
        machine_free(vm);
    }
}

static void test_absurd_sizes(void **state)
{
    struct machine_options options = { .cap = 4 * MEGABYTE };
    sch_vm *vm = machine_new(&options);
    const size_t sizes[] = { 4 * MEGABYTE + 1, (size_t)1 << 40, SIZE_MAX / 2, SIZE_MAX - 100, SIZE_MAX };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint64_t collections = vm->heap.collections;
        assert_false(heap_reserve_object(vm, sizes[i]));
        assert_int_equal(vm->limit, SCH_LIMIT_HEAP);
        machine_clear(vm);
        assert_false(heap_reserve(vm, sizes[i]));
        assert_int_equal(vm->limit, SCH_LIMIT_HEAP);
        machine_clear(vm);
        assert_false(heap_reserve_pairs(vm, sizes[i]));
        assert_int_equal(vm->limit, SCH_LIMIT_HEAP);
        machine_clear(vm);
        assert_int_equal(vm->heap.collections, collections);
    }
    assert_true(heap_reserve(vm, 64));
    machine_free(vm);
}

static void test_large_objects_come_and_go(void **state)
{
    struct machine_options options = { .cap = 4 * MEGABYTE };
    sch_vm *vm = machine_new(&options);
    sch_value *roots = machine_roots(vm);
    for (int i = 0; i < 300; i++) { /* 300 MB altogether */
        roots[0] = make_vector(vm, MEGABYTE / 8, make_fixnum(i));
        assert_false(is_raised(roots[0]));
    }
    roots[1] = make_vector(vm, MEGABYTE / 8, make_fixnum(1));
    assert_int_equal(fixnum_int(object_as(struct vector, roots[0])->items[MEGABYTE / 8 - 1]), 299);
    roots[0] = roots[1] = V_FALSE;

    /* Empty blocks stand in the way of a large object: they are given back for it. */
    roots[0] = V_NIL;
    for (int i = 0; i < 2 * MEGABYTE / PAIR_SIZE; i++)
        assert_true(push_fixnum(vm, roots, i));
    roots[0] = V_NIL;
    roots[0] = make_vector(vm, 3 * MEGABYTE / 8, V_NIL);
    assert_false(is_raised(roots[0]));
    machine_free(vm);
}

/* What dead large objects lay in serves the next ones, counts all the while, and goes when it is wanted elsewhere. */
static void test_dead_large_objects_make_room(void **state)
{
    enum { KEPT_MOST = MEGABYTE };
    struct machine_options options = { .cap = 4 * MEGABYTE };
    sch_vm *vm = machine_new(&options);
    sch_value *roots = machine_roots(vm);
    bool seen = false;
    for (size_t i = 0; i < 2000; i++) {
        size_t length = 2000 + i * 7919 % 3000;
        roots[i % 3] = make_vector(vm, length, make_fixnum((int64_t)i));
        assert_false(is_raised(roots[i % 3]));
        assert_int_equal(object_length(roots[i % 3]), length);
        assert_int_equal(fixnum_int(object_as(struct vector, roots[i % 3])->items[length - 1]), (int64_t)i);
        assert_true(vm->heap.kept_bytes <= KEPT_MOST);
        assert_true(vm->heap.kept_bytes <= vm->account.now && vm->account.now <= 4 * MEGABYTE);
        seen = seen || vm->heap.kept_bytes > 0;
    }
    assert_true(seen || HOSTILE); /* which collects while each is still in use */
    roots[0] = roots[1] = roots[2] = V_NIL;
    roots[0] = make_vector(vm, 3 * MEGABYTE / 8, V_NIL);
    assert_false(is_raised(roots[0]));
    roots[0] = V_NIL;
    assert_true(heap_collect(vm, true));
    assert_int_equal(vm->heap.kept_bytes, 0);
    machine_free(vm);
}

static void *counting_map(void *data, size_t size, size_t alignment)
{
    ++*(size_t *)data;
    return account_map_pages(size, alignment);
}

static void counting_unmap(void *data, void *block, size_t size)
{
    (void)data;
    munmap(block, size);
}

/* A string that grows by appending: each is a little larger than the last, which is dead then. */
static void test_what_grows_maps_seldom(void **state)
{
    enum { STEPS = 4000, FIRST = 8000, MAPPED_MOST = STEPS / 10 };
    size_t mapped = 0;
    const struct sch_memory memory = { counting_map, counting_unmap, &mapped };
    sch_vm *vm = machine_new(&(struct machine_options){ .memory = &memory });
    sch_value *roots = machine_roots(vm);
    for (size_t i = 0; i < STEPS; i++) {
        roots[0] = make_vector(vm, FIRST + i, make_fixnum((int64_t)i));
        assert_false(is_raised(roots[0]));
    }
    assert_true(mapped < MAPPED_MOST || HOSTILE); /* which collects in full at every turn that it takes */
    machine_free(vm);
}

/* Two large ones and small ones in one reservation, as R7RS's string-split-alike primitives need. */
static void test_one_reservation_of_many_sizes(void **state)
{
    sch_vm *vm = machine_new(NULL);
    sch_value *roots = machine_roots(vm);
    for (int round = 0; round < (int)scaled(6400); round++) {
        size_t sizes[4] = { 10000, 40, 2000, 700 };
        for (int i = 0; i < 4; i++)
            assert_true(heap_reserve_object(vm, vector_size(sizes[i])));
        assert_true(heap_reserve(vm, 100 * PAIR_SIZE));
        uint64_t collections = vm->heap.collections;
        sch_value list = V_NIL;
        for (int i = 0; i < 100; i++)
            list = cons(vm, make_fixnum(i), list);
        for (int i = 0; i < 4; i++) {
            struct vector *vector = heap_object(vm, OBJECT_VECTOR, sizes[i], vector_size(sizes[i]));
            for (size_t k = 0; k < sizes[i]; k++)
                vector->items[k] = list;
            roots[i] = object_value(vector);
        }
        assert_int_equal(vm->heap.collections, collections);
        /* Given up by a primitive that raised: nothing may pile up. */
        assert_true(heap_reserve_object(vm, vector_size(20000)));
        assert_true(heap_reserve_object(vm, vector_size(20)));
    }
    for (int i = 0; i < 4; i++)
        assert_int_equal(fixnum_int(pair_car(object_as(struct vector, roots[i])->items[39])), 99);
    machine_free(vm);
}

static void test_big_reservation_of_pairs_and_others(void **state)
{
    sch_vm *vm = machine_new(NULL);
    sch_value *roots = machine_roots(vm);
    size_t count = scaled(400000);
    roots[0] = V_NIL;
    assert_true(heap_reserve_pairs(vm, count));
    for (size_t i = 0; i < count; i++)
        roots[0] = cons(vm, make_fixnum((int64_t)i), roots[0]);
    assert_true(heap_collect(vm, false));
    check_countdown(roots[0], count);

    /* Worst case of mixed sizes: each pair of objects just does not share a block well. */
    size_t bytes = 0;
    for (int i = 0; i < 200; i++)
        bytes += vector_size(i % 2 ? 1000 : 600);
    assert_true(heap_reserve(vm, bytes));
    for (int i = 0; i < 200; i++) {
        size_t length = i % 2 ? 1000 : 600;
        struct vector *vector = heap_object(vm, OBJECT_VECTOR, length, vector_size(length));
        for (size_t k = 0; k < length; k++)
            vector->items[k] = V_NIL;
    }
    machine_free(vm);
}

/* What was reserved is there, though not a byte more can be had: objects of which a quarter of each block is wasted. */
static void test_a_reservation_needs_nothing_more(void **state)
{
    enum { COUNT = 60 };
    sch_vm *vm = machine_new(NULL);
    size_t length = HEAP_LARGE / 8 - 1;
    assert_int_equal(vector_size(length), HEAP_LARGE);
    assert_true(heap_reserve(vm, COUNT * vector_size(length)));
    vm->account.cap = vm->account.now;
    for (int i = 0; i < COUNT; i++) {
        struct vector *vector = heap_object(vm, OBJECT_VECTOR, length, vector_size(length));
        for (size_t k = 0; k < length; k++)
            vector->items[k] = V_NIL;
    }
    machine_free(vm);
}

/* When full collections find next to nothing, the run ends instead of collecting for ever: here what is new survives a
 * young collection, then dies, in a heap with a thirty-second of its cap left. */
static void test_no_thrashing(void **state)
{
    enum { RING = 1500, ROUNDS = HOSTILE ? 30000 : 1000000 };
    struct machine_options options = { .cap = 2 * MEGABYTE };
    sch_vm *vm = machine_new(&options);
    sch_value *roots = machine_roots(vm);
    size_t count = 0;
    roots[0] = V_NIL;
    roots[1] = make_vector(vm, RING, V_NIL);
    heap_pause_collection(vm);
    while (vm->account.now <= vm->account.cap / 32 * 31 || vm->heap.empty_count > 0)
        assert_true(push_fixnum(vm, roots, (int64_t)count++));
    heap_resume_collection(vm);
    uint64_t full = vm->heap.full_collections;
    for (int i = 0; i < ROUNDS && heap_reserve(vm, PAIR_SIZE); i++) {
        object_as(struct vector, roots[1])->items[i % RING] = cons(vm, make_fixnum(i), V_NIL);
        barrier_object(vm, object_of(roots[1]));
    }
    assert_int_equal(vm->limit, SCH_LIMIT_HEAP);
    assert_true(HOSTILE || vm->heap.full_collections - full < 20);
    check_countdown(roots[0], count);
    machine_free(vm);
}

/* Each mapping fails once; the program ends in the limit or not at all, and the machine works afterwards. */
static void test_every_mapping_fails_once(void **state)
{
    for (uint64_t n = 1; n <= 40; n++) {
        struct machine_options options = { .cap = 16 * MEGABYTE };
        sch_vm *vm = machine_new(&options);
        sch_value *roots = machine_roots(vm);
        vm->account.fail_countdown = n;
        roots[0] = roots[1] = V_NIL;
        size_t built = 0;
        size_t count = HOSTILE ? 3000 : 30000;
        while (built < count && push_fixnum(vm, roots, (int64_t)built)) {
            built++;
            if (built % 1000 == 0) {
                sch_value vector = make_vector(vm, 2000, V_NIL);
                if (is_raised(vector))
                    break;
                roots[1] = vector;
                barrier_pair(vm, roots[0]);
            }
        }
        assert_true(built == count || vm->limit == SCH_LIMIT_HEAP);
        check_countdown(roots[0], built);
        vm->account.fail_countdown = 0;
        machine_clear(vm);
        assert_true(heap_collect(vm, true));
        check_countdown(roots[0], built);
        assert_true(push_fixnum(vm, roots, (int64_t)built));
        machine_free(vm);
    }
}

/* Pages that are nobody else's, counted one by one: those of the program's file are mapped as the kernel likes. */
static size_t own_bytes(void)
{
    char line[128];
    unsigned long kilobytes = 0;
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) && sscanf(line, "Anonymous: %lu", &kilobytes) != 1)
        ;
    fclose(file);
    return kilobytes * 1024;
}

/* The account is the truth: what the process has grown by is what was counted. */
static void test_resident_memory_is_counted(void **state)
{
    own_bytes();
    struct machine_options options = { .cap = 24 * MEGABYTE };
    sch_vm *vm = machine_new(&options);
    sch_value *roots = machine_roots(vm);
    size_t before = own_bytes();
    roots[0] = roots[1] = V_NIL;
    while (push_fixnum(vm, roots, 0)) {
        if (vm->account.now > 8 * MEGABYTE && is_nil(roots[1]))
            roots[1] = make_vector(vm, MEGABYTE, V_NIL);
        if (HOSTILE && vm->heap.collections > 4000)
            break;
    }
    size_t after = own_bytes();
    assert_true(after > before && after - before <= vm->account.now + 256 * 1024);
    assert_true(vm->account.peak <= vm->account.cap);
    roots[0] = roots[1] = V_NIL;
    machine_clear(vm);
    assert_true(heap_collect(vm, true));
    assert_true(vm->account.now < 2 * MEGABYTE);
    machine_free(vm);
}

static void test_an_idle_machine_is_one_block(void **state)
{
    sch_vm *vm = machine_new(NULL);
    assert_int_equal(vm->account.now, 32768);
    assert_true(heap_reserve(vm, 2048));
    assert_int_equal(vm->account.now, 32768);
    sch_value *roots = machine_roots(vm);
    roots[0] = make_vector(vm, 100000, V_NIL);
    assert_true(vm->account.now > 800000);
    roots[0] = V_NIL;
    void *host_data = vm->host_data;
    heap_machine_reset(vm);
    vm->host_data = host_data;
    assert_int_equal(vm->account.now, 32768);
    assert_true(push_fixnum(vm, roots, 1));
    machine_free(vm);
    struct machine_options options = { .cap = 32767 };
    assert_null(machine_new(&options));
}

/* --- the write barrier --- */

static void test_old_things_that_point_to_new_ones(void **state)
{
    sch_vm *vm = machine_new(NULL);
    sch_value *roots = machine_roots(vm);
    roots[0] = make_vector(vm, 5000, V_NIL); /* large */
    roots[1] = make_vector(vm, 50, V_NIL);
    assert_true(push_fixnum(vm, &roots[2], 0));
    assert_true(heap_collect(vm, true));
    for (int round = 0; round < 50; round++) {
        assert_true(heap_reserve(vm, 3 * PAIR_SIZE));
        sch_value a = cons(vm, make_fixnum(round), V_NIL);
        sch_value b = cons(vm, make_fixnum(round + 1), V_NIL);
        sch_value c = cons(vm, make_fixnum(round + 2), V_NIL);
        object_as(struct vector, roots[0])->items[round * 99] = a;
        barrier_object(vm, object_of(roots[0]));
        object_as(struct vector, roots[1])->items[round] = b;
        barrier_object(vm, object_of(roots[1]));
        barrier_object(vm, object_of(roots[1]));
        pair_of(roots[2])->cdr = c;
        barrier_pair(vm, roots[2]);
        assert_true(vm->heap.log.count <= 3);
        uint64_t full = vm->heap.full_collections;
        vm->heap.young_only = true;
        assert_true(heap_collect(vm, false));
        assert_true(HOSTILE || vm->heap.full_collections == full);
        for (int fill = 0; fill < 40; fill++) /* builds over what was wrongly freed */
            assert_true(push_fixnum(vm, &roots[3], -1));
        roots[3] = V_NIL;
        for (int k = 0; k <= round; k++) {
            assert_int_equal(fixnum_int(pair_car(object_as(struct vector, roots[0])->items[k * 99])), k);
            assert_int_equal(fixnum_int(pair_car(object_as(struct vector, roots[1])->items[k])), k + 1);
        }
        assert_int_equal(fixnum_int(pair_car(pair_cdr(roots[2]))), round + 2);
    }
    machine_free(vm);
}

/* Without memory for the log, the next collection is full: nothing is lost. */
static void test_the_log_cannot_grow(void **state)
{
    struct machine_options options = { .cap = 16 * MEGABYTE };
    sch_vm *vm = machine_new(&options);
    sch_value *roots = machine_roots(vm);
    enum { COUNT = 3000 };
    roots[0] = make_vector(vm, COUNT, V_NIL);
    for (int i = 0; i < COUNT; i++) {
        assert_true(heap_reserve(vm, PAIR_SIZE));
        object_as(struct vector, roots[0])->items[i] = cons(vm, make_fixnum(i), V_NIL);
        barrier_object(vm, object_of(roots[0]));
    }
    assert_true(heap_collect(vm, true));
    assert_true(heap_reserve_pairs(vm, COUNT));
    vm->account.fail_countdown = 2;
    for (int i = 0; i < COUNT; i++) {
        sch_value pair = object_as(struct vector, roots[0])->items[i];
        pair_of(pair)->cdr = cons(vm, make_fixnum(-i), V_NIL);
        barrier_pair(vm, pair);
    }
    assert_true(vm->heap.log.overflowed);
    assert_false(vm->account.exhausted);
    vm->account.fail_countdown = 0;
    uint64_t full = vm->heap.full_collections;
    while (vm->heap.full_collections == full) /* the hostile build skips turns */
        assert_true(heap_collect(vm, false));
    assert_false(vm->heap.log.overflowed);
    for (int i = 0; i < COUNT; i++) {
        sch_value pair = object_as(struct vector, roots[0])->items[i];
        assert_int_equal(fixnum_int(pair_car(pair_cdr(pair))), -i);
    }
    machine_free(vm);
}

/* --- the end of a collection by a deadline --- */

static void test_poll_ends_a_collection(void **state)
{
    sch_vm *vm = machine_new(NULL);
    sch_value *roots = machine_roots(vm);
    size_t count = HOSTILE ? 30000 : 300000;
    roots[0] = V_NIL;
    for (size_t i = 0; i < count; i++)
        assert_true(push_fixnum(vm, roots, (int64_t)i));
    size_t polls = machine_polls(vm);
    assert_true(heap_collect(vm, true));
    assert_true(machine_polls(vm) - polls >= count / 2000);
    for (size_t left = 0; left < 20; left += 3) {
        machine_set_polls(vm, left);
        assert_false(heap_collect(vm, true));
        check_countdown(roots[0], count);
        machine_set_polls(vm, SIZE_MAX);
        assert_true(heap_collect(vm, false));
        for (int i = 0; i < 20000; i++)
            assert_true(push_fixnum(vm, &roots[1], i));
        roots[1] = V_NIL;
        check_countdown(roots[0], count);
    }
    assert_true(heap_collect(vm, true));
    check_countdown(roots[0], count);
    machine_free(vm);
}

/* A dead object of many pages is given back in pieces, between which the deadline is looked at. */
static void test_poll_ends_a_sweep(void **state)
{
    sch_vm *vm = machine_new(NULL);
    sch_value *roots = machine_roots(vm);
    roots[0] = make_vector(vm, 4 * MEGABYTE, make_fixnum(1));
    assert_false(is_raised(roots[0]));
    roots[1] = make_vector(vm, 3000, make_fixnum(2));
    roots[0] = V_NIL;
    uint64_t before = vm->account.now;
    machine_set_polls(vm, 5);
    assert_false(heap_collect(vm, true));
    assert_true(vm->account.now < before);
    assert_true(vm->account.now > 20 * MEGABYTE);
    machine_set_polls(vm, SIZE_MAX);
    assert_true(heap_collect(vm, true));
    assert_true(vm->account.now < MEGABYTE);
    assert_int_equal(fixnum_int(object_as(struct vector, roots[1])->items[2999]), 2);
    machine_free(vm);
}

/* --- finalizers, weak tables, frozen blocks --- */

static int finalized_numbers[300];

static void finalize_number(void *pointer)
{
    ++*(int *)pointer;
}

static const struct sch_foreign_type number_type = { "number", finalize_number };

static sch_value make_foreign(sch_vm *vm, int *number)
{
    if (!heap_reserve(vm, sizeof(struct foreign) + HEAP_FINALIZER_SIZE))
        return V_RAISED;
    struct foreign *foreign = heap_object(vm, OBJECT_FOREIGN, 0, sizeof(struct foreign));
    foreign->pointer = number;
    foreign->type = &number_type;
    foreign->declared = 100;
    assert_true(account_declare(&vm->account, 100));
    heap_add_finalizer(vm, (struct object *)foreign);
    return object_value(foreign);
}

static void test_finalizers(void **state)
{
    memset(finalized_numbers, 0, sizeof finalized_numbers);
    sch_vm *vm = machine_new(NULL);
    sch_value *roots = machine_roots(vm);
    for (int i = 0; i < 300; i++) {
        sch_value foreign = make_foreign(vm, &finalized_numbers[i]);
        if (i % 10 == 0)
            roots[i / 10] = foreign;
        if (i % 50 == 7)
            assert_true(heap_collect(vm, i % 100 == 7));
        for (int fill = 0; fill < 200; fill++)
            assert_true(push_fixnum(vm, &roots[60], fill));
        roots[60] = V_NIL;
    }
    assert_true(heap_collect(vm, true));
    for (int i = 0; i < 300; i++)
        assert_int_equal(finalized_numbers[i], i % 10 != 0);
    for (int i = 0; i < 15; i++)
        roots[i] = V_NIL;
    assert_true(heap_collect(vm, true));
    for (int i = 0; i < 300; i += 10)
        assert_int_equal(finalized_numbers[i], i < 150);
    machine_free(vm);
    for (int i = 0; i < 300; i++)
        assert_int_equal(finalized_numbers[i], 1);
}

static sch_value weak_slots[100];

static void sweep_slots(sch_vm *vm)
{
    for (int i = 0; i < 100; i++) {
        if (!heap_is_marked(vm, weak_slots[i]))
            weak_slots[i] = V_FALSE;
    }
}

static void test_weak_references(void **state)
{
    sch_vm *vm = machine_new(NULL);
    sch_value *roots = machine_roots(vm);
    for (int i = 0; i < 100; i++)
        weak_slots[i] = V_FALSE;
    machine_set_sweep(vm, sweep_slots);
    for (int i = 0; i < 100; i++) {
        assert_true(heap_reserve(vm, PAIR_SIZE));
        weak_slots[i] = cons(vm, make_fixnum(i), V_NIL);
        if (i % 4 == 0)
            roots[i / 4] = weak_slots[i];
    }
    assert_true(heap_collect(vm, true));
    for (int i = 0; i < 100; i++)
        assert_int_equal(is_pair(weak_slots[i]), i % 4 == 0);
    machine_free(vm);
}

static void test_frozen_blocks(void **state)
{
    char *memory = aligned_alloc(HEAP_BLOCK_SIZE, 3 * HEAP_BLOCK_SIZE);
    assert_non_null(memory);
    heap_block_format_frozen(memory, HEAP_BLOCK_SIZE);
    heap_block_format_frozen(memory + HEAP_BLOCK_SIZE, 2 * HEAP_BLOCK_SIZE);
    struct pair *pair = (struct pair *)(memory + HEAP_BLOCK_HEADER);
    *pair = (struct pair){ make_fixnum(1), V_NIL };
    size_t length = (2 * HEAP_BLOCK_SIZE - HEAP_BLOCK_HEADER) / 8 - 1;
    struct vector *large = (struct vector *)(memory + HEAP_BLOCK_SIZE + HEAP_BLOCK_HEADER);
    large->header = header_make(OBJECT_VECTOR, OBJECT_FROZEN, length);
    for (size_t i = 0; i < length; i++)
        large->items[i] = pair_value(pair);

    sch_vm *vm = machine_new(NULL);
    sch_value *roots = machine_roots(vm);
    assert_true(heap_reserve(vm, 2 * PAIR_SIZE));
    roots[0] = cons(vm, pair_value(pair), object_value(large));
    assert_true(heap_is_frozen(pair_value(pair)));
    assert_true(heap_is_frozen(object_value(large)));
    assert_false(heap_is_frozen(roots[0]));
    assert_false(heap_is_frozen(V_NIL));
    char *copy = malloc(3 * HEAP_BLOCK_SIZE);
    memcpy(copy, memory, 3 * HEAP_BLOCK_SIZE);
    assert_true(heap_collect(vm, true));
    assert_true(heap_collect(vm, false));
    barrier_object(vm, large);
    barrier_pair(vm, pair_value(pair));
    assert_memory_equal(copy, memory, 3 * HEAP_BLOCK_SIZE);
    assert_true(heap_is_marked(vm, pair_value(pair)));
    machine_free(vm);
    free(copy);
    free(memory);
}

static void test_paused_collection(void **state)
{
    struct machine_options options = { .cap = 2 * MEGABYTE };
    sch_vm *vm = machine_new(&options);
    sch_value *roots = machine_roots(vm);
    heap_pause_collection(vm);
    uint64_t collections = vm->heap.collections;
    sch_value list = V_NIL; /* held by nobody */
    size_t count = 0;
    while (push_fixnum(vm, &list, (int64_t)count))
        count++;
    assert_int_equal(vm->heap.collections, collections);
    assert_int_equal(vm->limit, SCH_LIMIT_HEAP);
    check_countdown(list, count);
    assert_true(heap_collect(vm, true));
    check_countdown(list, count);
    heap_resume_collection(vm);
    machine_clear(vm);
    assert_true(heap_collect(vm, true));
    for (int i = 0; i < 1000; i++)
        assert_true(push_fixnum(vm, roots, i));
    machine_free(vm);
}

static void test_names_of_types(void **state)
{
    assert_string_equal(value_type_name(make_fixnum(1)), "number");
    assert_string_equal(value_type_name(small_double_encode(1.5)), "number");
    assert_string_equal(value_type_name(V_NIL), "empty list");
    assert_string_equal(value_type_name(V_TRUE), "boolean");
    assert_string_equal(value_type_name(make_character('x')), "character");
    assert_string_equal(value_type_name(V_EOF), "end-of-file object");
    sch_vm *vm = machine_new(NULL);
    assert_true(heap_reserve(vm, PAIR_SIZE));
    assert_string_equal(value_type_name(cons(vm, V_NIL, V_NIL)), "pair");
    assert_string_equal(value_type_name(make_vector(vm, 1, V_NIL)), "vector");
    machine_free(vm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resident_memory_is_counted),
        cmocka_unit_test(test_random_graphs),
        cmocka_unit_test(test_random_graphs_with_a_tiny_mark_stack),
        cmocka_unit_test(test_long_list),
        cmocka_unit_test(test_deep_tree_and_wide_vector),
        cmocka_unit_test(test_garbage_in_a_small_heap),
        cmocka_unit_test(test_the_limit_and_after),
        cmocka_unit_test(test_absurd_sizes),
        cmocka_unit_test(test_large_objects_come_and_go),
        cmocka_unit_test(test_dead_large_objects_make_room),
        cmocka_unit_test(test_what_grows_maps_seldom),
        cmocka_unit_test(test_one_reservation_of_many_sizes),
        cmocka_unit_test(test_big_reservation_of_pairs_and_others),
        cmocka_unit_test(test_a_reservation_needs_nothing_more),
        cmocka_unit_test(test_no_thrashing),
        cmocka_unit_test(test_every_mapping_fails_once),
        cmocka_unit_test(test_an_idle_machine_is_one_block),
        cmocka_unit_test(test_old_things_that_point_to_new_ones),
        cmocka_unit_test(test_the_log_cannot_grow),
        cmocka_unit_test(test_poll_ends_a_collection),
        cmocka_unit_test(test_poll_ends_a_sweep),
        cmocka_unit_test(test_finalizers),
        cmocka_unit_test(test_weak_references),
        cmocka_unit_test(test_frozen_blocks),
        cmocka_unit_test(test_paused_collection),
        cmocka_unit_test(test_names_of_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

"""programs.py SEED [TURNS] - a program of random procedures, which are called in TURNS (1) turns and whose results are
written.

The same seed gives the same program. Each is well-formed, ends, and has one meaning in every Scheme of R7RS: integers
stay small enough to be told apart from nothing, recursion counts down, and where something is changed (odd seeds) every
operand has a name, so that the order of operands does not matter. Two seeds of four take hold of continuations. What is likely to confuse a compiler is frequent:
names that shadow, names for constants and for other names, local procedures that call one another, closures, escapes.
Knows nothing of the engine.
"""
import random
import sys
from collections import namedtuple

HEAD = """\
(import (scheme base) (scheme case-lambda) (scheme lazy) (scheme write))
(define (small n) (if (< -1000000000000 n 1000000000000) n (remainder n 999983)))
(define (short l) (if (> (length l) 20) '(1) l))
(define (fold f start l) (if (null? l) start (fold f (small (f start (car l))) (cdr l))))
(define notes 0)
(define (note n) (set! notes (remainder (+ (* 2 notes) n) 1000003)))
(define parameter (make-parameter 3))
(define-record-type point (make-point x y) point? (x point-x) (y point-y))
(define-syntax my-or (syntax-rules () ((_ e) e) ((_ e r ...) (let ((t e)) (if t t (my-or r ...))))))
(define-syntax swapped (syntax-rules () ((_ a b t) (let ((tmp a) (t b)) (small (- t tmp))))))
(define-syntax twice (syntax-rules () ((_ e) (let loop ((n 2) (x 0)) (if (= n 0) x (loop (- n 1) e))))))
(define-syntax show
  (syntax-rules () ((_ name e) (begin (write name) (write-char #\\space)
                                      (write (guard (x (#t (if (number? x) (list 'raised x) 'error))) e)) (newline)))))
"""
CALLS = ("0 1 '()", "3 -7 '(1 2 3)", "1000000 2 '(9)")
CONSTANTS = ("0", "1", "2", "3", "-1", "7", "10", "100", "4611686018427387903", "-4611686018427387904")

# counts: its first argument says how deep it goes
Procedure = namedtuple("Procedure", "name arity counts")


class Scope:
    """What may be mentioned at a place, by what it is."""

    def __init__(self, integers=(), lists=(), procedures=()):
        self.integers, self.lists, self.procedures = list(integers), list(lists), list(procedures)

    def having(self, integers=(), lists=(), procedures=()):
        """With these names too, which hide others."""
        new = {*integers, *lists, *(p.name for p in procedures)}
        return Scope(
            [x for x in self.integers if x not in new] + list(integers),
            [x for x in self.lists if x not in new] + list(lists),
            [p for p in self.procedures if p.name not in new] + list(procedures),
        )


def words(text):
    return text.replace("(", " ").replace(")", " ").split()


class Writer:
    """One procedure. `changes`: with assignments, and with operands in an order that is said. `captures`: with
    continuations."""

    def __init__(self, seed, changes, captures):
        self.random = random.Random(seed)
        self.changes, self.captures = changes, captures
        self.names = 0
        self.left = 120  # expressions; then they get short
        self.kinds = [
            (self.sum, 14), (self.choice, 10), (self.let, 18), (self.recursive_let, 12), (self.named_let, 8),
            (self.body, 12), (self.call, 14), (self.immediate, 5), (self.case_lambda, 3), (self.apply, 4),
            (self.values, 5), (self.cond, 5), (self.case, 3), (self.either, 4),
            (self.do, 4), (self.fold, 6), (self.first, 5), (self.element, 4), (self.promise, 2), (self.parameterize, 2),
            (self.field, 3), (self.digits, 3), (self.macro, 4), (self.symbol, 2),
        ]  # fmt: skip
        if changes:
            self.kinds += [(self.assignment, 6)]
        if captures:
            self.kinds += [(self.escape, 5), (self.guard, 5), (self.wind, 2)]
        if changes and captures:
            self.kinds += [(self.again, 2)]

    # --- small things ---

    def pick(self, items):
        return items[self.random.randrange(len(items))]

    def chance(self, of_hundred):
        return self.random.randrange(100) < of_hundred

    def name(self, letter):
        """A new one, or now and then one that may be there already."""
        self.names += 1
        return f"{letter}{self.random.randint(1, min(self.names, 5)) if self.chance(15) else self.names}"

    def different(self, letter, count, taken=()):
        names = []
        while len(names) < count:
            name = self.name(letter)
            if name not in names and name not in taken:
                names.append(name)
        return names

    def operands(self, operands, write):
        """What write(operands) gives; where their order matters they are computed before, from left to right."""
        bindings = []
        if self.changes:
            for i, operand in enumerate(operands):
                if operand.startswith("("):
                    self.names += 1
                    bindings.append(f"(t{self.names} {operand})")
                    operands[i] = f"t{self.names}"
        text = write(operands)
        return f"(let* ({' '.join(bindings)}) {text})" if bindings else text

    def applied(self, operator, *operands):
        return self.operands(list(operands), lambda o: f"({' '.join([operator, *o])})")

    # --- integers ---

    def integer(self, scope, depth):
        self.left -= 1
        if depth <= 0 or self.left <= 0:
            return self.pick(scope.integers) if scope.integers and self.chance(75) else self.pick(CONSTANTS)
        kind = self.random.choices([k for k, _ in self.kinds], [weight for _, weight in self.kinds])[0]
        return kind(scope, depth - 1)

    def sum(self, scope, depth):
        operator = self.pick(("+", "-", "*", "min", "max", "quotient", "modulo", "remainder", "abs"))
        if operator == "abs":
            return self.applied("abs", self.integer(scope, depth))
        if operator in ("quotient", "modulo", "remainder"):
            return self.applied(operator, self.integer(scope, depth), self.pick(("2", "3", "7", "-5", "1000")))
        count = self.pick((1, 2, 2, 2, 3 if self.captures else 2))  # more are calls or not, which the fuel says
        return f"(small {self.applied(operator, *(self.integer(scope, depth) for _ in range(count)))})"

    def choice(self, scope, depth):
        return f"(if {self.test(scope, depth)} {self.integer(scope, depth)} {self.integer(scope, depth)})"

    def call(self, scope, depth):
        if not scope.procedures:
            return self.sum(scope, depth)
        procedure = self.pick(scope.procedures)
        operands = [self.integer(scope, depth) for _ in range(procedure.arity)]
        if procedure.counts:
            operands[0] = str(self.random.randint(0, 5))
        call = self.applied(procedure.name, *operands)
        return call if self.chance(50) else f"(small {call})"

    def immediate(self, scope, depth):
        count = self.random.randint(0, 3)
        operands = [self.integer(scope, depth) for _ in range(count)]
        return self.applied(self.procedure(scope, depth, count), *operands)

    def case_lambda(self, scope, depth):
        name = self.name("f")
        arities = self.pick(((0, 2), (1, 2), (0, 1, 2)))
        clauses = " ".join("(" + self.procedure(scope, depth, count)[len("(lambda ") :] for count in arities)
        return f"(let (({name} (case-lambda {clauses}))) (small ({name} {self.pick(CONSTANTS)} {self.pick(CONSTANTS)})))"

    def apply(self, scope, depth):
        function = self.pick(("+", "max 0", "(lambda (a . b) (- a (length b))) 1", "(lambda l (length l))", "+ 1 2"))
        return f"(small {self.applied('apply ' + function, self.list(scope, depth))})"

    def escape(self, scope, depth):
        name = self.name("k")
        inner = scope.having(procedures=[Procedure(name, 1, False)])
        return f"(call/cc (lambda ({name}) {self.inside(inner, depth)}))"

    def guard(self, scope, depth):
        name = self.name("x")
        handled = self.integer(scope.having(integers=[name]), depth)
        raising = self.pick(("", f"(if {self.test(scope, depth)} (raise {self.integer(scope, 0)})) "))
        return f"(guard ({name} ((number? {name}) {handled})) {raising}{self.integer(scope, depth)})"

    def values(self, scope, depth):
        a, b = self.different("v", 2)
        two = self.applied("values", self.integer(scope, depth), self.integer(scope, depth))
        if self.chance(30):
            return f"(let-values ((({a} . {b}) {two})) (small (+ {a} (car {b}))))"
        rest = self.integer(scope.having(integers=[a, b]), depth)
        if self.chance(50):
            return f"(call-with-values (lambda () {two}) (lambda ({a} {b}) {rest}))"
        return f"(let-values ((({a} {b}) {two})) {rest})"

    def cond(self, scope, depth):
        clauses = [f"({self.test(scope, depth)} {self.integer(scope, depth)})" for _ in range(2)]
        if self.chance(50):
            clauses.insert(1, f"((assv {self.integer(scope, 0)} '((0 . 5) (1 . 6) (2 . 7))) => cdr)")
        return f"(cond {' '.join(clauses)} (else {self.integer(scope, depth)}))"

    def case(self, scope, depth):
        key, some, other = (self.integer(scope, depth) for _ in range(3))
        return f"(case (modulo {key} 5) ((0 1) {some}) ((3) => (lambda (z) {self.integer(scope, 0)})) (else {other}))"

    def either(self, scope, depth):
        some = f"(and {self.test(scope, depth)} {self.integer(scope, depth)})"
        if self.chance(40):
            return f"(or {some} {self.integer(scope, depth)})"
        both = f"({self.pick(('and', 'or'))} {self.test(scope, depth)} {self.test(scope, depth)})"
        return f"(if {both} {self.integer(scope, depth)} {self.integer(scope, depth)})"

    def do(self, scope, depth):
        i, sum_so_far = self.different("i", 2)
        start, inner = self.integer(scope, depth), scope.having(integers=[i, sum_so_far])
        step, end = self.integer(inner, depth), self.random.randint(1, 4)
        return f"(do (({i} 0 (+ {i} 1)) ({sum_so_far} {start} {step})) ((>= {i} {end}) {sum_so_far}))"

    def named_let(self, scope, depth):
        loop = self.name("loop")
        i, sum_so_far = self.different("i", 2)
        inner = scope.having(integers=[i, sum_so_far])
        turn = self.applied(loop, f"(- {i} 1)", self.integer(inner, depth))
        kind = self.random.randrange(10)
        if kind < 3:
            turn = f"(small (+ 1 {turn}))"
        elif kind < 5:
            turn = f"(if {self.test(inner, depth)} {turn} {self.integer(inner, depth)})"
        elif kind < 6:
            turn = f"(let ((go (lambda () {turn}))) (go))"
        start, last = self.integer(scope, depth), self.integer(inner, min(depth, 1))
        return f"(let {loop} (({i} {self.random.randint(0, 4)}) ({sum_so_far} {start})) (if (<= {i} 0) {last} {turn}))"

    def fold(self, scope, depth):
        a, b = self.different("a", 2)
        step = self.integer(scope.having(integers=[a, b]), depth)
        return f"(fold (lambda ({a} {b}) {step}) {self.integer(scope, 0)} {self.list(scope, depth)})"

    def first(self, scope, depth):
        name = self.name("l")
        other = self.integer(scope.having(lists=[name]), depth)
        return f"(let (({name} {self.list(scope, depth)})) (if (pair? {name}) (car {name}) {other}))"

    def element(self, scope, depth):
        vector = self.applied("vector", self.integer(scope, depth), self.integer(scope, depth), "3")
        return f"(vector-ref {vector} (modulo {self.integer(scope, 0)} 3))"

    def promise(self, scope, depth):
        return f"(force (delay {self.integer(scope, depth)}))"

    def parameterize(self, scope, depth):
        rest = self.applied("+", "(parameter)", self.integer(scope, depth))
        return f"(parameterize ((parameter {self.integer(scope, depth)})) (small {rest}))"

    def field(self, scope, depth):
        point = self.applied("make-point", self.integer(scope, depth), self.integer(scope, depth))
        return f"({self.pick(('point-x', 'point-y'))} {point})"

    def digits(self, scope, depth):
        return f'(string-length (string-append "ab" (number->string {self.integer(scope, depth)})))'

    def symbol(self, scope, depth):
        return f"(string->number (symbol->string (string->symbol (number->string {self.integer(scope, depth)}))))"

    def macro(self, scope, depth):
        if self.changes or self.chance(35):
            return f"(my-or #f {self.integer(scope, depth)})"
        if self.chance(50):
            return f"(twice {self.integer(scope, depth)})"
        return f"(swapped {self.integer(scope, depth)} {self.integer(scope, depth)} tmp)"

    # --- what changes something ---

    def assignment(self, scope, depth):
        if not scope.integers:
            return self.sum(scope, depth)
        name = self.pick(scope.integers)
        if self.chance(50):
            return f"(begin (set! {name} {self.integer(scope, depth)}) {self.integer(scope, depth)})"
        count = self.name("f")
        rest = self.integer(scope.having(procedures=[Procedure(count, 0, False)]), depth)
        return f"(let (({count} (lambda () (set! {name} (small (+ {name} 1))) {name}))) ({count}) {rest})"

    def again(self, scope, depth):
        """A continuation that is entered three times."""
        name = self.name("q")
        start, rest = self.integer(scope, depth), self.integer(scope.having(integers=[name]), depth)
        return (
            f"(let* ((enter #f) (times 0) ({name} (call/cc (lambda (k) (set! enter k) {start}))))"
            f" (set! times (+ times 1)) (if (< times 3) (enter (small (+ {name} times))) {rest}))"
        )

    def wind(self, scope, depth):
        return f"(dynamic-wind (lambda () (note 1)) (lambda () {self.integer(scope, depth)}) (lambda () (note 2)))"

    # --- truths and lists ---

    def test(self, scope, depth):
        kind = self.random.randrange(8)
        if kind == 0:
            return self.pick(("#t", "#f"))
        if kind == 1 and depth > 0:
            return f"(not {self.test(scope, depth - 1)})"
        if kind in (2, 3):
            return self.applied(self.pick(("zero?", "even?", "negative?")), self.integer(scope, depth - 1))
        if kind == 4:
            return self.applied(self.pick(("null?", "pair?")), self.list(scope, depth - 1))
        operator = self.pick(("=", "<", ">=", "eqv?", "equal?"))
        return self.applied(operator, self.integer(scope, depth - 1), self.integer(scope, depth - 1))

    def list(self, scope, depth):
        if depth <= 0 or self.chance(10):
            return self.pick(scope.lists) if scope.lists and self.chance(80) else self.pick(("'(1 2 3)", "'()", "'(5)"))
        depth -= 1
        kind = self.random.randrange(8)
        if kind == 0:
            return self.applied("cons", self.integer(scope, depth), self.list(scope, depth))
        if kind == 1:
            return self.applied("list", *(self.integer(scope, depth) for _ in range(self.random.randint(0, 3))))
        if kind == 2:
            return f"(map {self.of_one(scope, depth)} {self.list(scope, depth)})"
        if kind == 3:
            return f"(reverse {self.list(scope, depth)})"
        if kind == 4:
            return f"(short {self.applied('append', self.list(scope, depth), self.list(scope, depth))})"
        if kind == 5:
            return f"`(,{self.integer(scope, depth)} ,@{self.list(scope, depth)})"
        if kind == 6:
            return f"(if {self.test(scope, depth)} {self.list(scope, depth)} {self.list(scope, depth)})"
        return f"(vector->list (vector-map {self.of_one(scope, depth)} (list->vector {self.list(scope, depth)})))"

    def of_one(self, scope, depth):
        """A procedure of one argument; for `map`, whose order is not said: one that changes nothing."""
        if self.changes:
            return "(lambda (x) (small (* x 3)))"
        known = [p.name for p in scope.procedures if p.arity == 1 and not p.counts]
        if known and self.chance(40):
            return self.pick(known)
        name = self.name("x")
        return f"(lambda ({name}) {self.integer(scope.having(integers=[name]), depth)})"

    # --- procedures and bindings ---

    def procedure(self, scope, depth, count):
        params = self.different("p", count)
        inner, formals = scope.having(integers=params), f"({' '.join(params)})"
        if self.chance(10):
            rest = self.name("l")
            inner = inner.having(lists=[rest])
            formals = f"({' '.join(params)} . {rest})" if params else rest
        return f"(lambda {formals} {self.inside(inner, depth)})"

    def binding(self, scope, depth, name=None):
        """A name, what it stands for, and the names to add to the scope."""
        kind = self.random.randrange(100)
        if kind < 58:
            name = name or self.name("v")
            value = self.integer(scope, depth) if kind < 35 else self.pick((scope.integers or CONSTANTS, CONSTANTS)[kind > 50])
            return name, value, {"integers": [name]}
        if kind < 68:
            name = name or self.name("l")
            return name, self.list(scope, depth), {"lists": [name]}
        name = name or self.name("f")
        if kind < 74 and scope.procedures:
            other = self.pick(scope.procedures)
            return name, other.name, {"procedures": [Procedure(name, other.arity, other.counts)]}
        if kind < 78:
            return name, self.pick(("abs", "-", "+", "*")), {"procedures": [Procedure(name, 1, False)]}
        count = self.random.randint(0, 3)
        return name, self.procedure(scope, depth, count), {"procedures": [Procedure(name, count, False)]}

    def let(self, scope, depth):
        if not self.changes and self.chance(60):
            bindings = {}
            inner = scope
            for _ in range(self.random.randint(1, 3)):
                name, value, new = self.binding(scope, depth)
                if name not in bindings:
                    bindings[name] = value
                    inner = inner.having(**new)
            return f"(let ({' '.join(f'({n} {v})' for n, v in bindings.items())}) {self.inside(inner, depth)})"
        bindings = []
        for _ in range(self.random.randint(1, 3)):
            name, value, new = self.binding(scope, depth)
            bindings.append(f"({name} {value})")
            scope = scope.having(**new)
        return f"(let* ({' '.join(bindings)}) {self.inside(scope, depth)})"

    def group(self, scope, depth):
        """Procedures that call one another until their first argument is 0, and names between them; all in no order."""
        names = self.different("g", self.random.randint(1, 3))
        procedures = [Procedure(name, self.random.randint(1, 3), True) for name in names]
        aliases = self.different("c", self.random.randint(0, 2), names)
        known = [x for x in scope.integers if x not in names and x not in aliases] or ["1"]
        definitions = [(alias, self.pick((self.pick(CONSTANTS), self.pick(known)))) for alias in aliases]
        after = scope.having(integers=aliases, procedures=procedures)
        for procedure in procedures:
            params = self.different("n", procedure.arity, names)
            inner = after.having(integers=params)
            inner.procedures = [p for p in inner.procedures if p not in procedures]
            last = self.integer(inner, min(depth, 1))
            turn = self.turn(inner, depth, self.pick(procedures), params[0])
            definitions.append((procedure.name, f"(lambda ({' '.join(params)}) (if (<= {params[0]} 0) {last} {turn}))"))
        self.random.shuffle(definitions)
        return definitions, after

    def turn(self, scope, depth, callee, counter):
        rest = [self.integer(scope, min(depth, 1)) for _ in range(callee.arity - 1)]
        call = self.applied(callee.name, f"(- {counter} 1)", *rest)
        kind = self.random.randrange(4)
        if kind == 0:
            return f"(small {self.applied('+', self.integer(scope, depth - 1), call)})"
        if kind == 1:
            return f"(if {self.test(scope, depth - 1)} {call} {self.integer(scope, depth - 1)})"
        if kind == 2:
            name = self.name("v")
            if name not in words(call):
                value = self.integer(scope, depth - 1)
                return f"(let (({name} {value})) (small {self.applied('-', call, name)}))"
        return call

    def recursive_let(self, scope, depth):
        definitions, inner = self.group(scope, depth)
        rest = self.inside(inner, depth)
        plain = [f"({name} {value})" for name, value in definitions if not value.startswith("(")]
        procedures = [f"({name} {value})" for name, value in definitions if value.startswith("(")]
        if self.chance(50):
            # in the order that they came in; those without a lambda name what is there before
            return f"(letrec* ({' '.join(f'({name} {value})' for name, value in definitions)}) {rest})"
        return f"(let ({' '.join(plain)}) (letrec ({' '.join(procedures)}) {rest}))"

    def body(self, scope, depth):
        return f"(let () {self.forms(scope, depth)})"

    def inside(self, scope, depth):
        return self.forms(scope, depth) if self.chance(30) else self.integer(scope, depth)

    def forms(self, scope, depth):
        """A body: definitions, whose names no other mentions before, and an expression."""
        if self.chance(50):
            definitions, inner = self.group(scope, depth)
        else:
            self.names += 1
            name, value, new = self.binding(scope, depth, f"d{self.names}")
            definitions, inner = [(name, value)], scope.having(**new)
        return " ".join([*(f"(define {name} {value})" for name, value in definitions), self.integer(inner, depth)])


def has_continuations(seed):
    return seed % 4 >= 2


def program(seed, turns, count=20):
    changes, captures = seed % 2 == 1, has_continuations(seed)
    lines, shows = [HEAD], []
    for i in range(count):
        writer = Writer(seed * 1000 + i, changes, captures)
        scope = Scope(["x", "y"], ["l"])
        text = writer.forms(scope, 5) if writer.chance(50) else writer.integer(scope, 6)
        lines.append(f"(define (procedure-{i} x y l) {text})")
        shows += [f"  (show {i} (procedure-{i} {operands}))" for operands in CALLS]
    lines += ["(define (all)", *shows, "  (show 'notes notes))"]
    return "\n".join([*lines, f"(do ((turn 0 (+ turn 1))) ((= turn {turns})) (all))"])


if __name__ == "__main__":
    print(program(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))

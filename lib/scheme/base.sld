;; R7RS (scheme base). What mutates is seen only where mutation is allowed (src/schooner/api/library.c).
(define-library (scheme base)
  (import (schooner primitives) (schooner syntax) (schooner kernel))
  (export
    ;; syntax
    _ ... => else
    and begin case cond cond-expand define define-record-type define-syntax define-values do guard if
    include include-ci lambda let let* let*-values let-syntax let-values letrec letrec* letrec-syntax
    or parameterize quasiquote quote syntax-error syntax-rules unless unquote unquote-splicing when
    ;; equivalence and booleans
    eq? eqv? equal? not boolean? boolean=? procedure?
    ;; numbers
    * + - / < <= = > >= abs ceiling complex? denominator even? exact exact-integer? exact-integer-sqrt exact?
    expt floor floor-quotient floor-remainder floor/ gcd inexact inexact? integer? lcm max min modulo negative?
    number->string number? numerator odd? positive? quotient rational? rationalize real? remainder round square
    string->number truncate truncate-quotient truncate-remainder truncate/ zero?
    ;; pairs and lists
    append assoc assq assv caar cadr car cdar cddr cdr cons length list list-copy list-ref list-tail list? make-list
    member memq memv null? pair? reverse
    ;; symbols, characters, strings
    symbol->string symbol=? symbol? string->symbol
    char->integer char<=? char<? char=? char>=? char>? char? integer->char
    list->string make-string string string->list string->utf8 string->vector string-append string-copy string-length
    string-ref string<=? string<? string=? string>=? string>? string? substring utf8->string vector->string
    string-for-each string-map
    ;; vectors and bytevectors
    list->vector make-vector vector vector->list vector-append vector-copy vector-for-each vector-length vector-map
    vector-ref vector?
    bytevector bytevector-append bytevector-copy bytevector-length bytevector-u8-ref bytevector? make-bytevector
    ;; control
    apply call-with-current-continuation call-with-values call/cc dynamic-wind for-each map values
    error error-object-irritants error-object-message error-object? file-error? raise raise-continuable read-error?
    with-exception-handler make-parameter features
    ;; mutation
    set! set-car! set-cdr! list-set! string-set! string-fill! string-copy! vector-set! vector-fill! vector-copy!
    bytevector-u8-set! bytevector-copy! read-bytevector!
    ;; ports
    binary-port? call-with-port char-ready? close-input-port close-output-port close-port current-error-port
    current-input-port current-output-port eof-object eof-object? flush-output-port get-output-bytevector
    get-output-string input-port-open? input-port? newline open-input-bytevector open-input-string
    open-output-bytevector open-output-string output-port-open? output-port? peek-char peek-u8 port? read-bytevector
    read-char read-line read-string read-u8 textual-port? u8-ready? write-bytevector write-char write-string write-u8))

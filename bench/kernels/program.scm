;; A program of some length: a small language (reader, checker, interpreter, printer) that runs a few programs of its
;; own. Written without assignment, with records, association lists, strings and characters, as real scripts are.
(import (scheme base) (scheme write))

;; --- tokens

(define-record-type token (make-token kind text) token? (kind token-kind) (text token-text))

(define (char-between? c low high) (and (char<=? low c) (char<=? c high)))
(define (letter? c) (or (char-between? c #\a #\z) (char=? c #\_)))
(define (digit? c) (char-between? c #\0 #\9))
(define (blank? c) (or (char=? c #\space) (char=? c #\newline)))

(define (scan-while text at good?)
  (if (and (< at (string-length text)) (good? (string-ref text at)))
      (scan-while text (+ at 1) good?)
      at))

(define (tokens text)
  (let loop ((at 0) (out '()))
    (if (= at (string-length text))
        (reverse (cons (make-token 'end "") out))
        (let ((c (string-ref text at)))
          (cond ((blank? c) (loop (+ at 1) out))
                ((letter? c)
                 (let ((end (scan-while text at letter?)))
                   (loop end (cons (make-token 'name (substring text at end)) out))))
                ((digit? c)
                 (let ((end (scan-while text at digit?)))
                   (loop end (cons (make-token 'number (substring text at end)) out))))
                (else (loop (+ at 1) (cons (make-token 'sign (string c)) out))))))))

;; --- trees

(define-record-type number-node (make-number value) number-node? (value number-value))
(define-record-type name-node (make-name name) name-node? (name name-of))
(define-record-type operation (make-operation sign left right) operation? (sign sign-of) (left left-of) (right right-of))
(define-record-type choice (make-choice test then else) choice? (test test-of) (then then-of) (else else-of))
(define-record-type call (make-call name arguments) call? (name call-name) (arguments call-arguments))
(define-record-type function (make-function name parameters body) function?
  (name function-name) (parameters function-parameters) (body function-body))

;; --- parsing: every procedure takes tokens and gives (values tree rest)

(define (next-is? ts text) (string=? (token-text (car ts)) text))
(define (expect ts text)
  (if (next-is? ts text)
      (cdr ts)
      (error "expected" text (token-text (car ts)))))

(define (parse-left parse-operand signs)
  (lambda (ts)
    (let-values (((left rest) (parse-operand ts)))
      (let loop ((left left) (ts rest))
        (if (member (token-text (car ts)) signs)
            (let-values (((right rest) (parse-operand (cdr ts))))
              (loop (make-operation (string->symbol (token-text (car ts))) left right) rest))
            (values left ts))))))

(define (parse-primary ts)
  (let ((kind (token-kind (car ts))) (text (token-text (car ts))))
    (cond ((eq? kind 'number) (values (make-number (string->number text)) (cdr ts)))
          ((string=? text "if")
           (let*-values (((test rest) (parse-expression (cdr ts)))
                         ((then rest) (parse-expression (expect rest "then")))
                         ((else rest) (parse-expression (expect rest "else"))))
             (values (make-choice test then else) rest)))
          ((eq? kind 'name)
           (if (next-is? (cdr ts) "(")
               (let-values (((arguments rest) (parse-arguments (cddr ts) '())))
                 (values (make-call (string->symbol text) arguments) rest))
               (values (make-name (string->symbol text)) (cdr ts))))
          ((string=? text "(")
           (let-values (((tree rest) (parse-expression (cdr ts))))
             (values tree (expect rest ")"))))
          (else (error "unexpected" text)))))

(define (parse-arguments ts out)
  (if (next-is? ts ")")
      (values (reverse out) (cdr ts))
      (let-values (((tree rest) (parse-expression ts)))
        (parse-arguments (if (next-is? rest ",") (cdr rest) rest) (cons tree out)))))

(define parse-product (parse-left (lambda (ts) (parse-primary ts)) '("*" "/" "%")))
(define parse-sum (parse-left (lambda (ts) (parse-product ts)) '("+" "-")))
(define parse-expression (parse-left (lambda (ts) (parse-sum ts)) '("<" "=")))

(define (parse-parameters ts out)
  (cond ((next-is? ts ")") (values (reverse out) (cdr ts)))
        ((next-is? ts ",") (parse-parameters (cdr ts) out))
        (else (parse-parameters (cdr ts) (cons (string->symbol (token-text (car ts))) out)))))

(define (parse-program ts out)
  (if (eq? (token-kind (car ts)) 'end)
      (reverse out)
      (let*-values (((name) (string->symbol (token-text (cadr ts))))
                    ((parameters rest) (parse-parameters (expect (cddr ts) "(") '()))
                    ((body rest) (parse-expression (expect rest "="))))
        (parse-program (expect rest ";") (cons (make-function name parameters body) out)))))

;; --- checking

(define (check tree functions bound)
  (cond ((number-node? tree) '())
        ((name-node? tree) (if (memq (name-of tree) bound) '() (list (name-of tree))))
        ((operation? tree)
         (append (check (left-of tree) functions bound) (check (right-of tree) functions bound)))
        ((choice? tree)
         (append (check (test-of tree) functions bound) (check (then-of tree) functions bound)
                 (check (else-of tree) functions bound)))
        (else
         (append (if (assq (call-name tree) functions) '() (list (call-name tree)))
                 (apply append (map (lambda (a) (check a functions bound)) (call-arguments tree)))))))

;; --- running

(define (operate sign a b)
  (case sign
    ((+) (+ a b))
    ((-) (- a b))
    ((*) (* a b))
    ((/) (quotient a b))
    ((%) (remainder a b))
    ((<) (if (< a b) 1 0))
    ((=) (if (= a b) 1 0))
    (else (error "unknown sign" sign))))

(define (run tree functions bindings)
  (cond ((number-node? tree) (number-value tree))
        ((name-node? tree) (cdr (assq (name-of tree) bindings)))
        ((operation? tree)
         (operate (sign-of tree) (run (left-of tree) functions bindings) (run (right-of tree) functions bindings)))
        ((choice? tree)
         (if (= 0 (run (test-of tree) functions bindings))
             (run (else-of tree) functions bindings)
             (run (then-of tree) functions bindings)))
        (else
         (let ((function (cdr (assq (call-name tree) functions))))
           (run (function-body function)
                functions
                (map (lambda (parameter argument) (cons parameter (run argument functions bindings)))
                     (function-parameters function)
                     (call-arguments tree)))))))

;; --- printing

(define (show tree)
  (cond ((number-node? tree) (number->string (number-value tree)))
        ((name-node? tree) (symbol->string (name-of tree)))
        ((operation? tree)
         (string-append "(" (show (left-of tree)) " " (symbol->string (sign-of tree)) " " (show (right-of tree)) ")"))
        ((choice? tree)
         (string-append "if " (show (test-of tree)) " then " (show (then-of tree)) " else " (show (else-of tree))))
        (else
         (string-append (symbol->string (call-name tree)) "("
                        (apply string-append (map (lambda (a) (string-append (show a) ",")) (call-arguments tree)))
                        ")"))))

(define source "
def fib(n) = if n < 2 then n else fib(n - 1) + fib(n - 2);
def gcd(a, b) = if b = 0 then a else gcd(b, a % b);
def even(n) = if n = 0 then 1 else odd(n - 1);
def odd(n) = if n = 0 then 0 else even(n - 1);
def power(b, n) = if n = 0 then 1 else b * power(b, n - 1);
def sum(n) = if n = 0 then 0 else n * n + sum(n - 1);
def main(n) = fib(n) + gcd(power(2, 40), 6 * 6 * 6) + even(100) + sum(50);
")

(define (run-source text argument)
  (let* ((functions (map (lambda (f) (cons (function-name f) f)) (parse-program (tokens text) '())))
         (missing (apply append
                         (map (lambda (f)
                                (check (function-body (cdr f)) functions (function-parameters (cdr f))))
                              functions))))
    (if (pair? missing)
        (error "unknown names" missing)
        (+ (run (make-call 'main (list (make-number argument))) functions '())
           (apply + (map (lambda (f) (string-length (show (function-body (cdr f))))) functions))))))

(define (repeat n sum)
  (if (= n 0) sum (repeat (- n 1) (+ sum (run-source source 12)))))

(display (guard (problem ((error-object? problem) (error-object-message problem))) (run-source "def main(n) = x;" 1)))
(newline)
(display (repeat 600 0))
(newline)

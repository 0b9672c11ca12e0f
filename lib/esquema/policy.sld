;; Policies of system calls, as data: a base that the runtime knows by name, and rules on top of it.
(define-library (esquema policy)
  (import (scheme base) (esquema syntax))
  (export make-seccomp-policy seccomp-policy seccomp-policy? seccomp-policy-base seccomp-policy-rules
          standard-policy strict-policy permissive-policy empty-policy no-policy
          named-policy policy-of-parts policy-rule policy-when)
  (begin

    ;; rules: a list of (verb word ...), all strings; the verbs are allow, deny, allow-family, deny-family.
    (define-record-type <seccomp-policy>
      (%make-policy base rules)
      seccomp-policy?
      (base seccomp-policy-base)
      (rules seccomp-policy-rules))

    (define standard-policy (%make-policy "standard" '()))
    (define strict-policy (%make-policy "strict" '()))
    (define permissive-policy (%make-policy "permissive" '()))
    (define empty-policy (%make-policy "empty" '()))
    (define no-policy (%make-policy "none" '()))

    (define (named-policy name position)
      (cond ((eq? name 'standard) standard-policy)
            ((eq? name 'strict) strict-policy)
            ((eq? name 'permissive) permissive-policy)
            ((eq? name 'empty) empty-policy)
            ((eq? name 'none) no-policy)
            ((seccomp-policy? name) name)
            (else (refuse position "a seccomp policy is standard, strict, permissive, none or a policy object, not `"
                          name "`"))))

    (define (word-text word position)
      (cond ((symbol? word) (symbol->string word))
            ((string? word) word)
            ((and (exact-integer? word) (>= word 0)) (number->string word))
            (else (refuse position "expected the name of a system call or socket family, got " word))))

    (define (policy-rule verb words position)
      (cons verb (map (lambda (word) (word-text word position)) words)))

    ;; ((arg 0 = 16) (arg 1 & 3072 != 0) (deny socket)): tests of arguments, then a verb and calls.
    (define (policy-when parts position)
      (define (wrong) (refuse position "write (when (arg NUMBER = VALUE) ... (allow CALL ...)), or (deny CALL ...)"))
      (define (number value) (if (and (exact-integer? value) (>= value 0)) (number->string value) (wrong)))
      (define (relation value) (if (memq value '(= !=)) (symbol->string value) (wrong)))
      (define (test-word test)
        (cond ((not (and (list? test) (pair? test) (eq? (car test) 'arg))) (wrong))
              ((= (length test) 4)
               (string-append (number (cadr test)) (relation (list-ref test 2)) (number (list-ref test 3))))
              ((and (= (length test) 6) (eq? (list-ref test 2) '&))
               (string-append (number (cadr test)) "&" (number (list-ref test 3)) (relation (list-ref test 4))
                              (number (list-ref test 5))))
              (else (wrong))))
      (let loop ((parts parts) (words '("when")))
        (cond ((not (and (pair? parts) (pair? (car parts)))) (wrong))
              ((pair? (cdr parts)) (loop (cdr parts) (append words (list (test-word (car parts))))))
              ((memq (car (car parts)) '(allow deny))
               (append words (policy-rule (symbol->string (car (car parts))) (cdr (car parts)) position)))
              (else (wrong)))))

    ;; Parts are policies, to begin with, and rules.
    (define (policy-of-parts parts position)
      (let loop ((parts parts) (base "standard") (rules '()))
        (cond ((null? parts) (%make-policy base rules))
              ((seccomp-policy? (car parts))
               (loop (cdr parts) (seccomp-policy-base (car parts))
                     (append rules (seccomp-policy-rules (car parts)))))
              (else (loop (cdr parts) base (append rules (list (car parts))))))))

    (define io-uring-calls '(io_uring_setup io_uring_enter io_uring_register))

    ;; #:architecture is there for programs that say it; a foreign one is never let in.
    (define* (make-seccomp-policy #:key (inherit standard-policy) (allow '()) (deny '()) (sockets '())
                                  (deny-sockets '()) (ioctl '()) (deny-ioctl '()) (io-uring? #f) (architecture 'native))
      (define (rules verb words)
        (if (null? words) '() (list (policy-rule verb words #f))))
      (if (not (eq? architecture 'native))
          (refuse #f "#:architecture is native: calls of another architecture end the process"))
      (let ((base (named-policy inherit #f)))
        (%make-policy (seccomp-policy-base base)
                      (append (seccomp-policy-rules base)
                              (rules "allow" (if io-uring? (append io-uring-calls allow) allow))
                              (rules "ioctl" ioctl)
                              (rules "deny-ioctl" deny-ioctl)
                              (rules "deny" deny)
                              (rules "allow-family" sockets)
                              (rules "deny-family" deny-sockets)))))

    ;; (seccomp-policy (inherit standard-policy) (allow ptrace) (sockets unix inet))
    (define-syntax seccomp-policy
      (syntax-rules ()
        ((_ part ...) (policy-of-parts (list (policy-part part part) ...) #f))))

    (define-syntax policy-part
      (syntax-rules ()
        ((_ form (head . words))
         (symbol-case head
           ((inherit) (inherited-policy form . words))
           ((allow) (policy-rule "allow" 'words (located form)))
           ((deny) (policy-rule "deny" 'words (located form)))
           ((sockets) (policy-rule "allow-family" 'words (located form)))
           ((when) (policy-when 'words (located form)))
           ((ioctl deny-ioctl refusals) (policy-rule (symbol->string 'head) 'words (located form)))
           ((deny-sockets) (policy-rule "deny-family" 'words (located form)))
           (else (refuse (located form) "unknown part of a seccomp policy: `" 'head
                         "`; there are inherit, allow, deny, when, sockets, deny-sockets, ioctl, deny-ioctl and refusals"))))
        ((_ form word) (inherited-policy form word))))

    ;; A policy by the name of its field, (seccomp standard), or by that of its variable.
    (define-syntax inherited-policy
      (syntax-rules ()
        ((_ form word)
         (symbol-case word
           ((standard) standard-policy)
           ((strict) strict-policy)
           ((permissive) permissive-policy)
           ((empty) empty-policy)
           ((none) no-policy)
           (else (named-policy word (located form)))))
        ((_ form . other) (refuse (located form) "inherit takes one policy, such as standard-policy"))))))

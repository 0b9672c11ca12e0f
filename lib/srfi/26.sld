;; SRFI 26: cut and cute, procedures by a call with slots. The macros walk over the call and keep the names of the slots
;; and what stands in the call so far; cute also what it evaluates once.
(define-library (srfi 26)
  (import (schooner syntax) (schooner primitives))
  (export cut cute)
  (begin
    (define-syntax %cut
      (syntax-rules (<> <...>)
        ((_ (slot ...) (operator argument ...))
         (lambda (slot ...) ((begin operator) argument ...)))
        ((_ (slot ...) (operator argument ...) <...>)
         (lambda (slot ... . rest) (apply operator argument ... rest)))
        ((_ (slot ...) (position ...) <> . more)
         (%cut (slot ... x) (position ... x) . more))
        ((_ slots (position ...) expression . more)
         (%cut slots (position ... expression) . more))))

    (define-syntax %cute
      (syntax-rules (<> <...>)
        ((_ (slot ...) bindings (operator argument ...))
         (let bindings (lambda (slot ...) (operator argument ...))))
        ((_ (slot ...) bindings (operator argument ...) <...>)
         (let bindings (lambda (slot ... . rest) (apply operator argument ... rest))))
        ((_ (slot ...) bindings (position ...) <> . more)
         (%cute (slot ... x) bindings (position ... x) . more))
        ((_ slots (binding ...) (position ...) expression . more)
         (%cute slots (binding ... (x expression)) (position ... x) . more))))

    (define-syntax cut
      (syntax-rules ()
        ((_ . call) (%cut () () . call))))
    (define-syntax cute
      (syntax-rules ()
        ((_ . call) (%cute () () () . call))))))

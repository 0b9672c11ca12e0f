;; R7RS (scheme process-context). The host knows the process, in (schooner system).
(define-library (scheme process-context)
  (import (schooner primitives) (schooner syntax) (schooner kernel))
  (export command-line emergency-exit exit get-environment-variable get-environment-variables)
  (begin

    (define (%status arguments)
      (let ((value (if (null? arguments) #t (car arguments))))
        (cond ((and (exact-integer? value) (<= 0 value 255)) value)
              ((eq? value #t) 0)
              (else 1))))

    ;; The outstanding `after` thunks run first.
    (define (exit . arguments)
      (%reroot '())
      ((%host 'exit) (%status arguments)))

    (define (emergency-exit . arguments)
      ((%host 'emergency-exit) (%status arguments)))

    (define (command-line) ((%host 'command-line)))

    (define (get-environment-variable name)
      (if (not (string? name)) (%raise-type 'get-environment-variable 1 "a string" name))
      ((%host 'environment-variable) name))

    (define (get-environment-variables) ((%host 'environment-variables)))))

;; (esquema runtime): containers that run, and thunks behind both walls. For trusted programs: it stands on (esquema
;; host), which the command gives to them alone, so it is not part of the image but is handed out as text.
(define-library (esquema runtime)
  (import (scheme base) (esquema host) (esquema ffi))
  (export run-container spawn-container wait-container container-pid container-signal container-stats
          run-sandboxed esquema-runtime-version)
  (begin

    ;; What was written before comes out before.
    (define (flush)
      (flush-output-port (current-output-port)))

    (define (spawn-container container)
      (flush)
      (%spawn-container container))

    (define (wait-container running) (%wait-container running))

    (define (run-container container)
      (%wait-container (spawn-container container)))

    (define (container-pid running) (%container-pid running))
    (define (container-signal running signal) (%container-signal running signal))
    (define (container-stats running) (%container-stats running))

    ;; (run-sandboxed thunk #:memory bytes #:timeout seconds #:fuel units #:output bytes)
    (define (run-sandboxed thunk . options)
      (if (not (procedure? thunk)) (error "run-sandboxed: expected a procedure, got" thunk))
      (flush)
      (%run-sandboxed thunk (lambda (text) (write-string text)) options))

    (define (esquema-runtime-version) (esquema-version))))

;; (esquema runtime): containers that run, and thunks behind both walls. For trusted programs: it stands on (esquema
;; host), which the command gives to them alone, so it is not part of the image but is handed out as text.
(define-library (esquema runtime)
  (import (scheme base) (esquema container) (esquema host) (esquema ffi))
  (export run-container spawn-container wait-container container-pid container-signal container-stats
          running-container? run-sandboxed esquema-runtime-version)
  (begin

    ;; What was written before comes out before.
    (define (flush)
      (flush-output-port (current-output-port)))

    ;; Around the host's handle, which ends the container when nobody can reach it any more. It prints as
    ;; #<running-container web 4711>.
    (define-record-type running-container
      (make-running name pid %handle)
      running-container?
      (name running-name)
      (pid running-pid)
      (%handle running-handle))

    ;; What is none is the host's to refuse.
    (define (handle-of running)
      (if (running-container? running) (running-handle running) running))

    (define (spawn-container container)
      (flush)
      (let ((handle (%spawn-container container)))
        (make-running (string->symbol (container-name container)) (%container-pid handle) handle)))

    (define (wait-container running) (%wait-container (handle-of running)))

    (define (run-container container)
      (wait-container (spawn-container container)))

    (define (container-pid running) (%container-pid (handle-of running)))
    (define (container-signal running signal) (%container-signal (handle-of running) signal))
    (define (container-stats running) (%container-stats (handle-of running)))

    ;; (run-sandboxed thunk #:memory bytes #:timeout seconds #:fuel units #:output bytes)
    (define (run-sandboxed thunk . options)
      (if (not (procedure? thunk)) (error "run-sandboxed: expected a procedure, got" thunk))
      (flush)
      (%run-sandboxed thunk (lambda (text) (write-string text)) options))

    (define (esquema-runtime-version) (esquema-version))))

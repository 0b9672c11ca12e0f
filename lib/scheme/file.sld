;; R7RS (scheme file). The host opens files, in (schooner system).
(define-library (scheme file)
  (import (schooner primitives) (schooner syntax) (schooner kernel))
  (export call-with-input-file call-with-output-file delete-file file-exists? open-binary-input-file
    open-binary-output-file open-input-file open-output-file with-input-from-file with-output-to-file)
  (begin

    (define (%check-name who name)
      (if (not (string? name)) (%raise-type who 1 "a string" name)))

    (define (%open who name direction kind)
      (%check-name who name)
      ((%host 'open-file) name direction kind))

    (define (open-input-file name) (%open 'open-input-file name 'input 'textual))
    (define (open-output-file name) (%open 'open-output-file name 'output 'textual))
    (define (open-binary-input-file name) (%open 'open-binary-input-file name 'input 'binary))
    (define (open-binary-output-file name) (%open 'open-binary-output-file name 'output 'binary))

    (define (file-exists? name)
      (%check-name 'file-exists? name)
      ((%host 'file-exists?) name))

    (define (delete-file name)
      (%check-name 'delete-file name)
      ((%host 'delete-file) name))

    (define (call-with-input-file name f) (call-with-port (open-input-file name) f))
    (define (call-with-output-file name f) (call-with-port (open-output-file name) f))

    ;; The port is closed when the thunk has returned, not when control leaves it: it may come back.
    (define (%with-port parameter port thunk)
      (call-with-port port
        (lambda (port) (%parameterize thunk parameter port))))

    ;; Before a file is opened, which empties one that is written.
    (define (%check-thunk who thunk)
      (if (not (procedure? thunk)) (%raise-type who 2 "a procedure" thunk)))

    (define (with-input-from-file name thunk)
      (%check-thunk 'with-input-from-file thunk)
      (%with-port current-input-port (open-input-file name) thunk))
    (define (with-output-to-file name thunk)
      (%check-thunk 'with-output-to-file thunk)
      (%with-port current-output-port (open-output-file name) thunk))))

;; How an exception is printed that nobody catches. Guile finds a printer by the key of a throw, and shows exceptions without
;; a key as the parts that they are made of. It owns those keys; it knows nothing of what the exceptions mean.
(define-module (esquema uncaught)
  #:export (printed-as))

;; The part of an exception that makes Guile print its text alone. The key is that of a `catch`; its arguments are those of
;; all of Guile's own errors.
(define (printed-as key text)
  (make-exception-from-throw key (list #f "~a" (list text) #f)))

(for-each
 (lambda (key)
   (set-exception-printer! key
     (lambda (port key arguments default)
       (display (car (caddr arguments)) port))))
 '(container-error description-error sandbox-condition))

;; (esquema guix): items of the Guix store inside a container. (store-items ...) is a list of mounts: each item that is
;; named and everything that it refers to is bound read-only at its own path; nothing else of the store is there.
;; It owns the closure; Guix is asked from outside, by its program. It knows nothing of services.
(define-module (esquema guix)
  #:use-module (srfi srfi-1)
  #:use-module (ice-9 popen)
  #:use-module (ice-9 rdelim)
  #:use-module (ice-9 exceptions)
  #:export (store-items store-closure guix-program))

;; The program that knows what an item refers to.
(define guix-program (make-parameter "guix"))

(define store "/gnu/store/")

;; An item is a name right beneath the store: a path that climbs out of it, or goes deeper, is none.
(define (store-item? text)
  (and (string? text)
       (string-prefix? store text)
       (let ((name (substring text (string-length store))))
         (and (not (string-null? name))
              (not (char=? (string-ref name 0) #\.))
              (string-every (lambda (char) (not (memv char '(#\/ #\nul #\newline)))) name)))))

(define (check-item item)
  (unless (store-item? item)
    (raise-exception
     (make-exception (make-programming-error)
                     (make-exception-with-message "store-items: expected an item of the store, such as /gnu/store/...-hello-2.12")
                     (make-exception-with-irritants (list item)))))
  item)

(define (fail message . irritants)
  (raise-exception (make-exception (make-error)
                                   (make-exception-with-message message)
                                   (make-exception-with-irritants irritants))))

(define (read-lines port)
  (let loop ((lines '()))
    (let ((line (read-line port)))
      (if (eof-object? line) (reverse lines) (loop (cons line lines))))))

;; The items and all that they refer to, directly and indirectly, sorted and once each.
(define (store-closure items)
  (for-each check-item items)
  (if (null? items)
      '()
      (let* ((port (apply open-pipe* OPEN_READ (guix-program) "gc" "--requisites" items))
             (lines (read-lines port))
             (status (close-pipe port)))
        (unless (eqv? 0 (status:exit-val status))
          (fail (string-append "store-items: `" (guix-program) " gc --requisites` failed; is Guix installed, and its daemon running?")))
        (for-each check-item lines)
        (unless (every (lambda (item) (member item lines)) items)
          (fail "store-items: Guix did not name the items themselves:" items))
        (sort (delete-duplicates lines) string<?))))

;; Mounts for the closure of the items, or of the closure that is given:  #:mounts (store-items "/gnu/store/...-hello")
(define* (store-items #:key closure #:rest arguments)
  (let ((items (if (and (pair? arguments) (keyword? (car arguments))) (cddr arguments) arguments)))
    (map (lambda (item) (list item item #t))
         (if closure
             (map check-item closure)
             (store-closure items)))))

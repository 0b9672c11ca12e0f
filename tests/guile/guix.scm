;; The store inside a container: what is taken for an item, and what Guix answers. Guix itself is played by a script.
(use-modules (srfi srfi-64) (tap) (esquema guix) (esquema container))

(define (make-guix text)
  (call-with-output-file "guix" (lambda (port) (display "#!/bin/sh\n" port) (display text port)))
  (chmod "guix" #o755)
  (guix-program (string-append (getcwd) "/guix")))

(define hello "/gnu/store/abc-hello-2.12")
(define libc "/gnu/store/def-glibc-2.39")

(call-with-tap "guix"
  (lambda ()
    (with-work-folder
     (lambda (folder)
       (make-guix (string-append "[ \"$*\" = \"gc --requisites " hello "\" ] || exit 1\n"
                                 "echo " libc "\necho " hello "\necho " libc "\n"))
       (test-equal "the closure, once each" (list hello libc) (store-closure (list hello)))
       (test-equal "mounts, read-only, at their own path" `((,hello ,hello #t) (,libc ,libc #t)) (store-items hello))
       (test-equal "a mount source of a description"
         `(("mounts" "bind" ,hello ,hello "read-only") ("mounts" "bind" ,libc ,libc "read-only"))
         (map (lambda (entry) (list-tail entry 3))
              (filter (lambda (entry) (eq? (car entry) 'mounts))
                      (container-entries
                       (container (name "x") (rootfs "/srv/root") (command hello) (mounts (store-items hello)))))))
       (test-equal "a closure that is given" `((,libc ,libc #t)) (store-items #:closure (list libc)))
       (test-equal "nothing" '() (store-items))
       (for-each
        (lambda (item) (test-error (string-append "no item: " (object->string item)) #t (store-items item)))
        '("" "/etc" "/gnu/store" "/gnu/store/" "/gnu/store/.." "/gnu/store/../../etc" "/gnu/store/abc-x/bin"
          "/gnu/store/.links" "/gnu/store/a\nb" "--requisites"))
       (test-error "a closure that is no item" #t (store-items #:closure '("/etc")))
       (make-guix "echo /etc\n")
       (test-error "an answer that is no item" #t (store-items hello))
       (make-guix (string-append "echo " libc "\n"))
       (test-error "an answer without the item itself" #t (store-items hello))
       (make-guix "exit 1\n")
       (test-error "a Guix that fails" #t (store-items hello))
       (guix-program "/absent/guix")
       (test-error "no Guix at all" #t (store-items hello))))))

;; A thunk behind the kernel's walls: what it prints is relayed, its value comes back, its error is raised here.
;; Runs under both:  guile examples/guile/hello.scm  and  esquema examples/guile/hello.scm
(use-modules (esquema runtime))

(define (factorial n)
  (if (= n 0) 1 (* n (factorial (- n 1)))))

(display (run-sandboxed
          (lambda ()
            (display "Hello from sandbox!\n")
            (factorial 20))))
(newline)

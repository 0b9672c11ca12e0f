;; The first program. Run it from the checkout:  build/esquema examples/getting-started.scm
;; It is trusted: whoever starts it hands it the runtime. What it starts is not.

(import (scheme base) (scheme write) (esquema container) (esquema runtime) (esquema ffi))

(define (say . parts)
  (for-each display parts)
  (newline))

;; The runtime is there.
(say "esquema-init says " (esquema-init) ".")

;; A container is a value. Making one starts nothing.
(define web
  (container "website"
             "examples/rootfs-web"
             '("/bin/busybox" "httpd" "-f" "-p" "8080" "-h" "/www")))
(say "web is " (if (container? web) "a container" "something else") "; nothing runs yet.")

;; A variation of it, run to its end; its exit status is the value.
(define look
  (container (inherit web)
    (name "look")
    (command "/bin/sh" "-c" "echo \"Inside: process $$, user $(id -u), network: $(ls /sys/class/net 2>/dev/null || echo none).\"")))
(say "It ended with status " (run-container look) ".")

;; A thunk, run in a process of its own behind both walls. Its output is relayed, its value comes back.
(define (factorial n)
  (if (= n 0) 1 (* n (factorial (- n 1)))))
(define answer
  (run-sandboxed
    (lambda ()
      (display "Hello from sandbox!\n")
      (factorial 20))))
(say "The sandbox brought back " answer ".")

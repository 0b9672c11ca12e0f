;; Containers as values: describe one, vary it, run it, look at it, end it.
;; Runs under both, from the folder that holds examples/rootfs-web:
;;   guile examples/guile/containers.scm   and   esquema examples/guile/containers.scm
(use-modules (esquema container) (esquema runtime))

(define web
  (make-container "website" "examples/rootfs-web" '("/bin/sleep" "100")
    #:env '(("LANG" . "C"))
    #:hostname "web"
    #:teardown-timeout-ms 500))

(define greeting
  (container (inherit web)
    (name "greeting")
    (command "/bin/sh" "-c" "echo \"Hello from $(hostname), user $(id -u), network: $(ls /sys/class/net 2>/dev/null || echo none).\"")))

(define status (run-container greeting))
(display "greeting ended with status ")
(display status)
(newline)

(define running (spawn-container web))
(display (cdr (assq 'state (container-stats running))))
(newline)
(container-signal running 'term)
(display "web ended with status ")
(display (wait-container running))
(newline)

;; What is written here means the same under guile and under esquema: the test compares what both print, word by word.
(use-modules (esquema container) (esquema policy) (esquema service) (esquema runtime) (esquema ffi))

(define (show value) (write value) (newline))
(define (show-entries c)
  (for-each (lambda (entry)
              (show (list (car entry) (if (pair? (cadr entry)) (cdr (cadr entry)) (cadr entry)) (cddr entry))))
            (container-entries c)))

;; Guile knows no place of a keyword and tells that of the first argument: here the words alone.
(define (show-words c)
  (for-each (lambda (entry) (show (cons (car entry) (cddr entry)))) (container-entries c)))

(show (esquema-init))
(show (string? (esquema-runtime-version)))

(define plain (container "website" "rootfs-web" '("/bin/busybox" "httpd" "-f")))
(show-entries plain)
(show (list (container-name plain) (container-rootfs plain) (container-command plain) (container-hostname plain)))

(define read 5) ; the user's own names do not disturb the words
(define site
  (container
    (name "website")
    (rootfs (overlay "rootfs-web"))
    (command "/bin/busybox" "httpd" "-f" "-p" "8080" "-h" "/www")
    (environment ("LANG" "C"))
    (working-directory "/www")
    (user 1000 100)
    (namespaces user mount pid uts ipc net cgroup)
    (mounts (bind "/srv/www" "/www")
            (bind "/srv/data" "/data" (writable))
            (tmpfs "/tmp" (size (MiB 64)) (inodes 1000)))
    (network host)
    (limits (memory (MiB 256)) (processes 128) (cpus 1/2) (open-files 1024) (time (minutes 10)))
    (grace (milliseconds 500))
    (capabilities net_bind_service)
    (seccomp (inherit standard-policy) (allow ptrace) (deny mount) (sockets unix inet))
    (landlock (read-only "/") (read-write "/tmp") (connect 80))
    (best-effort landlock-scopes)))
(show-entries site)
(show (container-environment site))
(display (list plain site)) (newline)
(for-each
 (lambda (c)
   (for-each (lambda (part) (show (part c)))
             (list container-rootfs-mode container-working-directory container-namespaces container-grace
                   container-seccomp container-landlock container-capabilities container-best-effort container-devices
                   container-user container-network container-mounts container-published container-limits)))
 (list plain site))
(show (limits-values (make-limits (MiB 128) 64 50000 100000)))
(show-entries (container (inherit site) (name "staging") (rootfs "rootfs-web") (limits (memory (KiB 8)))))

(show-words
 (make-container "full" "root" '("/bin/true")
   #:env '(("A" . "b")) #:environment '(("C" "d")) #:mounts '(("/a" "/b") ("/c" "/d" #f)) #:hostname "inside"
   #:namespaces '(user mount) #:id-map '(1000 . 100) #:seccomp-policy 'strict #:drop-caps? #f #:landlock? #f
   #:rootfs-ro? #f #:strict? #f #:supervise? #t #:teardown-timeout-ms 1500 #:preserve-fds '(5 (6 . 7))
   #:limits (make-limits-v1 (MiB 64) 32 50000 100000 64)))
(show-words (make-container "bare" "root" '("/bin/true") #:seccomp? #f #:limits (make-limits 1000000 5)))
(show-words
 (make-container "policy" "root" '("/bin/true")
   #:seccomp-policy (make-seccomp-policy #:inherit 'strict #:allow '(ptrace) #:deny '(mount) #:sockets '(unix)
                                         #:deny-sockets '(netlink) #:io-uring? #t #:ioctl '(21523) #:deny-ioctl '(21522)
                                         #:architecture 'native)))

(define all
  (services
    (service (name "db") (container plain) (ready (socket "/run/db.sock")))
    (service (name "web") (container site) (needs "db") (ready (tcp 8080)) (restart on-failure) (logs (keep 5 (MiB 10))))))
(for-each (lambda (one) (show (list (service-name one) (service-needs one) (service-restart one) (service-ready one))))
          (services-list all))

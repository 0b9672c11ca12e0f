;; Containers that run, from Guile: what the interface promises, and what is released.
(use-modules (srfi srfi-1) (srfi srfi-64) (ice-9 textual-ports) (ice-9 ftw) (ice-9 threads) (tap)
             (esquema container) (esquema runtime) (esquema ffi))

(define (shell . options)
  (lambda (text)
    (apply make-container "x" "root" (list "/bin/sh" "-c" text) options)))
(define (status text . options) (run-container ((apply shell options) text)))
(define sleeper (container (name "sleeper") (rootfs "root") (command "/bin/sleep" "1000")))

;; What a container prints, through a pipe that is preserved as descriptor 3.
(define (output-of text . options)
  (let* ((ends (pipe))
         (running (spawn-container
                   (apply make-container "x" "root" (list "/bin/sh" "-c" (string-append "{ " text "; } >&3"))
                          #:preserve-fds (list (cons (fileno (cdr ends)) 3)) options))))
    (close-port (cdr ends))
    (let ((text (get-string-all (car ends))))
      (wait-container running)
      (close-port (car ends))
      (string-trim-right text))))

(define (descriptors) (length (scandir "/proc/self/fd")))

(define (lives? pid)
  (catch 'system-error
    (lambda () (kill pid 0) #t)
    (lambda args #f)))

;; Namespaces are freed late, and a machine may be busy: looks again for a minute.
(define (soon? proc)
  (let loop ((tries 3000))
    (or (proc) (and (positive? tries) (begin (usleep 20000) (loop (- tries 1)))))))

(define (own-kilobytes)
  (call-with-input-file "/proc/self/smaps_rollup"
    (lambda (port)
      (let loop ((line (get-line port)))
        (if (string-prefix? "Anonymous:" line)
            (string->number (cadr (string-tokenize line)))
            (loop (get-line port)))))))

;; What Guile prints when nobody catches it.
(define (uncaught thunk)
  (catch #t
    thunk
    (lambda (key . arguments)
      (call-with-output-string (lambda (port) (print-exception port #f key arguments))))))

(define (test-interface)
  (test-equal "the handshake" 42 (esquema-init))
  (test-equal "one version" (esquema-version) (esquema-runtime-version))
  (test-equal "a status" 7 (status "exit 7"))
  (test-equal "a signal is 128 and its number" 143 (status "kill -TERM $$"))
  (let ((running (spawn-container sleeper)))
    (test-assert "a running container" (running-container? running))
    (test-assert "a pid" (> (container-pid running) 1))
    (test-eq "it runs" 'running (assq-ref (container-stats running) 'state))
    (test-assert "it has not ended" (not (container-ended? running)))
    (test-assert "it takes a signal" (container-signal running 'term))
    (test-equal "its status" 143 (wait-container running))
    (test-equal "its status again" 143 (wait-container running))
    (test-equal "why it ended" "signal" (assq-ref (container-stats running) 'reason))
    (test-assert "it takes no signal any more" (not (container-signal running 'term))))
  (test-equal "the time limit" 137
    (run-container (make-container "x" "root" '("/bin/sleep" "1000") #:time 0.1 #:grace 0.001)))
  (test-equal "#:supervised? #f: the time limit" 137
    (wait-container (spawn-container (make-container "x" "root" '("/bin/sleep" "1000") #:time 0.1 #:grace 0.001)
                                     #:supervised? #f)))
  (test-assert "the time limit is kept while nobody waits"
    (let ((pid (container-pid (spawn-container (make-container "x" "root" '("/bin/sleep" "1000") #:time 0.1 #:grace 0.001)))))
      (soon? (lambda () (not (lives? pid))))))
  (let* ((running (spawn-container sleeper)) (stats (container-stats running)))
    (test-assert "counters of a running container"
      (every (lambda (name) (exact-integer? (assq-ref stats name)))
             '(user-microseconds system-microseconds peak-memory memory-peak memory-limit processes-peak processes-limit
               oom-kills refused-forks processes memory swap throttled-microseconds read-bytes written-bytes)))
    (container-signal running 'kill)
    (wait-container running)
    (test-equal "the same counters after its end" (map car stats) (map car (container-stats running))))
  (test-error "no container" #t (run-container 5))
  (test-error "no running container" #t (wait-container sleeper))
  (test-error "no signal" #t (container-signal (spawn-container sleeper) 'rubbish))
  (let ((text (message-of (lambda () (run-container (container (name "x") (rootfs "absent") (command "/bin/true")))))))
    (test-assert "an error says what" (and (string-contains text "absent: No such file or directory") #t))
    (test-assert "an error says where" (and (string-contains text "runtime.scm:") #t)))
  (test-assert "what nobody catches is printed as text, with its remedy"
    (let ((text (uncaught (lambda () (run-container (container (name "x") (rootfs "absent") (command "/bin/true")))))))
      (and (string-contains text "absent: No such file or directory\nremedy: make a root filesystem there")
           (not (string-contains text "&")))))
  (test-assert "so is what is wrong with a description"
    (string-contains (uncaught (lambda () (container (name "x") (rotfs "root") (command "/bin/true"))))
                     "unknown field `rotfs`; did you mean `rootfs`?\n"))
  (test-assert "so is what a sandboxed thunk raises"
    (string-contains (uncaught (lambda () (run-sandboxed (lambda () (error "the thunk says" 'no)))))
                     "the thunk says no\n"))
  (test-equal "a program that is not there" 127
    (with-exception-handler container-error-exit-status
      (lambda () (run-container (make-container "x" "root" '("/bin/absent"))))
      #:unwind? #t))
  (test-assert "a remedy"
    (with-exception-handler (lambda (exception) (string? (container-error-remedy exception)))
      (lambda () (run-container (make-container "x" "root" '("/bin/absent"))))
      #:unwind? #t)))

;; Each keyword takes a wall down or puts something in; beside it stands the answer without it.
(define (test-keywords)
  (test-equal "#:env" "b" (output-of "echo $A" #:env '(("A" . "b"))))
  (test-equal "no #:env" "" (output-of "echo $A"))
  (setenv "ESQUEMA_SECRET" "host")
  (test-equal "the environment of the host stays outside" "" (output-of "echo $ESQUEMA_SECRET"))
  (test-equal "#:hostname" "inside" (output-of "hostname" #:hostname "inside"))
  (test-equal "no #:hostname" "x" (output-of "hostname"))
  (test-equal "#:id-map" "1000 1000" (output-of "echo $(id -u) $(id -g)" #:id-map '(1000 . 1000)))
  (test-equal "no #:id-map" "0 0" (output-of "echo $(id -u) $(id -g)"))
  (call-with-output-file "note" (lambda (port) (display "from the host" port)))
  (test-equal "#:mounts" "from the host" (output-of "cat /tmp/note" #:mounts '(("note" "/tmp/note"))))
  (test-equal "#:mounts are read-only" 1 (status "echo x >/tmp/note" #:mounts '(("note" "/tmp/note"))))
  (test-equal "#:mounts may be writable" 0 (status "echo x >/tmp/note" #:mounts '(("note" "/tmp/note" #f))))
  (test-equal "a read-only root" 1 (status "echo x >/file"))
  (test-equal "#:rootfs-ro? #f" 0 (status "echo x >/file" #:rootfs-ro? #f))
  (test-assert "#:rootfs-ro? #f writes nothing to the host" (not (file-exists? "root/file")))
  (test-assert "a network of its own" (not (string=? (readlink "/proc/self/ns/net") (output-of "readlink /proc/self/ns/net"))))
  (test-equal "#:namespaces without net" (readlink "/proc/self/ns/net")
    (output-of "readlink /proc/self/ns/net" #:namespaces '(user mount pid uts ipc cgroup) #:network 'host))
  (test-equal "seccomp is on" "2" (output-of "sed -n 's/^Seccomp:[^0-9]*//p' /proc/self/status"))
  (test-equal "#:seccomp? #f" "0" (output-of "sed -n 's/^Seccomp:[^0-9]*//p' /proc/self/status" #:seccomp? #f))
  (test-equal "a system call passes" 0 (status "mkdir -m 700 /tmp/d"))
  (test-equal "#:seccomp-policy" 1
    (status "mkdir -m 700 /tmp/d" #:seccomp-policy (make-seccomp-policy #:deny '(mkdir mkdirat))))
  (test-equal "no capability" "0000000000000000" (output-of "sed -n 's/^CapEff:[^0-9a-f]*//p' /proc/self/status"))
  (test-assert "#:drop-caps? #f"
    (not (string=? "0000000000000000"
                   (output-of "sed -n 's/^CapEff:[^0-9a-f]*//p' /proc/self/status" #:drop-caps? #f))))
  (test-equal "#:landlock? #f" 0 (status "true" #:landlock? #f))
  (test-equal "open files" "32" (output-of "ulimit -n" #:limits (make-limits-v1 #f #f #f #f 32)))
  (test-error "too few open files" #t (make-limits-v1 #f #f #f #f 15))
  (test-error "too short a teardown" #t (make-container "x" "root" '("/bin/true") #:teardown-timeout-ms 0))
  (test-error "too long a teardown" #t (make-container "x" "root" '("/bin/true") #:teardown-timeout-ms 60001))
  (test-equal "#:teardown-timeout-ms" 0 (status "true" #:teardown-timeout-ms 50))
  (test-error "#:supervise? #f" #t (make-container "x" "root" '("/bin/true") #:supervise? #f))
  (test-error "#:cgroup-name" #t (make-container "x" "root" '("/bin/true") #:cgroup-name "mine"))
  (test-equal "#:supervise? #t" 0 (status "true" #:supervise? #t))
  (test-equal "#:strict? #f" 0 (status "true" #:strict? #f))
  ;; This user has no part of the hierarchy of cgroups: what only they limit is missing, and each is excused by its name.
  (for-each
   (lambda (name limits)
     (let ((limited (lambda options (apply status "true" #:limits limits options))))
       (test-assert (format #f "~a cannot be limited" name)
         (string-contains (or (message-of limited) "") (format #f "the limit `~a` cannot be enforced" name)))
       (test-equal (format #f "#:strict? #f excuses ~a" name) 0 (limited #:strict? #f))))
   '(memory swap cpus cpuset io-read io-write io-read-operations io-write-operations)
   (list (limits (memory (MiB 64))) (limits (swap 0)) (limits (cpus 1)) (limits (cpuset "0"))
         (limits (io-read "/" (MiB 1))) (limits (io-write "/" (MiB 1)))
         (limits (io-read-operations "/" 100)) (limits (io-write-operations "/" 100))))
  (test-equal "descriptors of the host are closed" "0 1 2"
    (let ((port (open-input-file "/etc/passwd")))
      (fcntl port F_SETFD 0)
      (let ((text (output-of "ls /proc/self/fd | head -n 3 | tr '\\n' ' '")))
        (close-port port)
        text))))

(define (test-release)
  (status "true")
  (gc)
  (let ((before (descriptors)))
    (test-equal "a hundred containers" '(0) (delete-duplicates (map (lambda (n) (status "true")) (iota 100))))
    (test-assert "leave no descriptor" (<= (descriptors) before))) ; an earlier one may be collected meanwhile
  (let ((memory (own-kilobytes)))
    (for-each (lambda (n) (status "true")) (iota 200))
    (gc)
    (test-assert "two hundred more leave no memory" (< (- (own-kilobytes) memory) 8192)))
  (gc)
  (let* ((before (descriptors))
         (pids (map (lambda (n) (container-pid (spawn-container sleeper #:supervised? (even? n)))) (iota 20))))
    (test-assert "containers that nobody can reach are ended"
      (soon? (lambda () (clear-stack 100) (gc) (<= (count lives? pids) 1))))
    (test-assert "and their descriptors closed"
      (soon? (lambda () (gc) (<= (descriptors) (+ before 2))))))
  (test-equal "a container of a thread" 5
    (join-thread (call-with-new-thread (lambda () (status "exit 5")))))
  (test-assert "a container outlives its thread"
    (let ((running (join-thread (call-with-new-thread (lambda () (spawn-container sleeper))))))
      (usleep 200000)
      (and (not (container-ended? running))
           (container-signal running 'kill)
           (= 137 (wait-container running)))))
  (test-assert "#:supervised? #f: a container ends with its thread"
    (let ((running (join-thread (call-with-new-thread (lambda () (spawn-container sleeper #:supervised? #f))))))
      (soon? (lambda () (container-ended? running)))))
  (test-assert "a container ends with its process"
    (let* ((ends (pipe)) (child (primitive-fork)))
      (when (zero? child)
        (write (container-pid (spawn-container sleeper)) (cdr ends))
        (force-output (cdr ends))
        (kill (getpid) SIGKILL))
      (waitpid child)
      (close-port (cdr ends))
      (let ((pid (read (car ends))))
        (close-port (car ends))
        (soon? (lambda () (not (lives? pid))))))))

;; The collector is conservative: what has just been on the stack is overwritten.
(define (clear-stack n)
  (if (zero? n) 0 (+ 1 (clear-stack (- n 1)))))

(call-with-tap "runtime"
  (lambda ()
    (with-work-folder
     (lambda (folder)
       (make-rootfs "root")
       (test-interface)
       (test-keywords)
       (test-release)))))

;; (esquema runtime): containers that run, and thunks behind the kernel's wall. It owns the way from a container's record
;; to the C library, and running containers as values that are collected; what happens in run-sandboxed is in
;; (esquema sandbox).
(define-module (esquema runtime)
  #:use-module (srfi srfi-9)
  #:use-module (srfi srfi-9 gnu)
  #:use-module (system foreign)
  #:use-module (esquema container)
  #:use-module (esquema ffi)
  #:use-module (esquema sandbox)
  #:export (run-container spawn-container wait-container container-ended?
            container-pid container-signal container-stats
            running-container? esquema-runtime-version container->spec)
  #:re-export (run-sandboxed))

(define (esquema-runtime-version) (esquema-version))

;; --- from a container to a specification

(define (absolute base path)
  (cond ((string-null? path) (error "an empty path"))
        ((char=? (string-ref path 0) #\/) path)
        ((string=? base "/") (string-append base path))
        (else (string-append base "/" path))))

;; "store:NAME" is the root filesystem of that name in the user's store; every other text is a path.
(define (stored-rootfs text)
  (let ((name (substring text (string-length "store:"))) (data (data-folder)))
    (unless (and (<= 1 (string-length name) 63)
                 (not (string-index "_.-" (string-ref name 0)))
                 (string-every (lambda (char) (string-index "abcdefghijklmnopqrstuvwxyz0123456789_.-" char)) name))
      (error "this is no name of a stored root filesystem:" name))
    (unless data
      (error "no folder is known for root filesystems: set HOME or XDG_DATA_HOME"))
    (string-append data "/rootfs/" name "/root")))

;; Which words are paths of the host, relative to the working directory?
(define (absolute-words field words)
  (let ((base (getcwd)))
    (cond ((and (string=? field "rootfs") (= (length words) 1))
           (list (absolute base (car words))))
          ((and (string=? field "mounts") (>= (length words) 2) (member (car words) '("bind" "overlay")))
           (cons* (car words) (absolute base (cadr words)) (cddr words)))
          (else words))))

;; (group position how field word ...)
(define (put-entry! spec entry)
  (let* ((position (list-ref entry 1))
         (how (list-ref entry 2))
         (field (list-ref entry 3))
         (words (absolute-words field (list-tail entry 4))))
    (case how
      ((set) (esq-spec-set spec field (car words) position))
      ((add) (esq-spec-add spec field words position))
      ((descriptor)
       (esq-spec-add-fd spec field (string->number (car words)) (string->number (cadr words)) position))
      (else (error "field" field "has a strange shape")))))

;; Where volumes and kept changes lie; #f where the environment does not say it.
(define (data-folder)
  (let ((data (getenv "XDG_DATA_HOME")) (home (getenv "HOME")))
    (cond ((and data (absolute-file-name? data)) (string-append data "/esquema"))
          ((and home (absolute-file-name? home)) (string-append home "/.local/share/esquema"))
          (else #f))))

;; A specification of the C library, which the caller frees by esq-spec-free.
(define (container->spec container)
  (let ((spec (esq-spec-new)))
    (release-on-error
     (lambda () (esq-spec-free spec))
     (lambda ()
       (let ((data (data-folder)))
         (when data
           (esq-spec-set spec "data-folder" data #f)))
       (let ((runtime (getenv "XDG_RUNTIME_DIR")))
         (when (and runtime (absolute-file-name? runtime))
           (esq-spec-set spec "runtime-folder" runtime #f)))
       (for-each (lambda (entry) (put-entry! spec entry)) (container-entries container))))
    spec))

(define (release-on-error release thunk)
  (with-exception-handler
      (lambda (exception)
        (release)
        (raise-exception exception))
    thunk
    #:unwind? #t))

(define (release-always release thunk)
  (let ((value (release-on-error release thunk)))
    (release)
    value))

(define (put-standard! spec standard)
  (for-each (lambda (pair)
              (when (cdr pair)
                (esq-spec-set-fd spec (car pair) (if (port? (cdr pair)) (fileno (cdr pair)) (cdr pair)) #f)))
            standard))

(define (launch container standard supervised?)
  (let ((spec (container->spec container)))
    (let ((plan (release-always (lambda () (esq-spec-free spec))
                                (lambda ()
                                  (put-standard! spec standard)
                                  (esq-plan-build spec)))))
      (release-always (lambda () (esq-plan-free plan))
                      (lambda () (esq-launch-with plan supervised?))))))

;; --- running containers

;; handle: the C library's, until the end has been seen; then #f, and `end` has the result. A forked child has a copy of
;; the handle, which is not its own: `owner` is the process that may use it.
(define-record-type <running>
  (%make-running name handle owner pid has-clock? end)
  running-container?
  (name running-name)
  (handle running-handle set-running-handle!)
  (owner running-owner)
  (pid running-pid)
  (has-clock? running-has-clock?)
  (end running-end set-running-end!))

(set-record-type-printer! <running>
  (lambda (running port)
    (format port "#<running-container ~a ~a>" (running-name running)
            (if (running-end running) "ended" (running-pid running)))))

;; Whoever nobody can reach any more is ended and released, after a collection or with the next start.
(define unreached (make-guardian))

(define (release! running)
  (let ((handle (running-handle running)))
    (when (and handle (= (running-owner running) (getpid)))
      (set-running-handle! running #f)
      (esq-container-free handle))))

(define (release-unreached!)
  (let ((running (unreached)))
    (when running
      (release! running)
      (release-unreached!))))

(add-hook! after-gc-hook release-unreached!)

(define (check-container who container)
  (unless (container? container)
    (scm-error 'wrong-type-arg who "expected a container, not ~S" (list container) (list container))))

(define (check-running who running)
  (unless (running-container? running)
    (scm-error 'wrong-type-arg who "expected a running container, not ~S" (list running) (list running))))

;; Starts a container. Its life is bound to this process, whichever thread started it: when the process ends, it is killed.
;;   #:stdin #:stdout #:stderr   a port with a descriptor, or its number, for the container; this process's own otherwise
;;   #:supervised? #f            its init is a child of this process, for those who wait for children; its life is bound to
;;                               the calling thread, and its limits of time, output and disk are kept only while
;;                               somebody waits
(define* (spawn-container container #:key stdin stdout stderr (supervised? #t))
  (check-container "spawn-container" container)
  (release-unreached!)
  (flush-all-ports) ; what was written before comes out before
  (let* ((handle (launch container `(("stdin" . ,stdin) ("stdout" . ,stdout) ("stderr" . ,stderr)) supervised?))
         (running (%make-running (container-name container) handle (getpid) (esq-container-pid handle)
                                 (and (not supervised?) (has-clock? container)) #f)))
    (unreached running)
    running))

(define (has-clock? container)
  (let loop ((entries (container-entries container)))
    (and (pair? entries)
         (or (member (list-ref (car entries) 3) '("time" "output" "disk")) (loop (cdr entries))))))

;; The end is read once; then the handle is not needed any more.
(define (collect-end! running)
  (unless (running-end running)
    (set-running-end! running (esq-container-result (running-handle running)))
    (release! running)))

(define clock-tick 0.02) ; seconds between looks at a time limit of a container without a supervisor
(define last-word 100)   ; milliseconds that a supervisor is given to say how its container has ended

;; Waits by select, so that Guile's own interrupts get through meanwhile.
(define (wait-for-end running)
  (unless (running-end running)
    (if (esq-wait (running-handle running) (if (init-ended? running) last-word 0))
        (collect-end! running)
        (wait-for-end running))))

;; Waits for the end of its init for a second, or for a tick of its clock.
(define (init-ended? running)
  (let ((fds (list (esq-container-pidfd (running-handle running)))))
    (catch 'system-error
      (lambda ()
        (pair? (car (if (running-has-clock? running)
                        (select fds '() '() 0 (inexact->exact (* 1000000 clock-tick)))
                        (select fds '() '() 1)))))
      (lambda args
        (unless (= (system-error-errno args) EINTR)
          (apply throw args))
        #f))))

;; Its status: 0 to 255 of the payload, or 128 and the number of its signal.
(define (wait-container running)
  (check-running "wait-container" running)
  (wait-for-end running)
  (assq-ref (running-end running) 'exit-status))

;; Has it ended? Does not wait.
(define (container-ended? running)
  (check-running "container-ended?" running)
  (or (and (running-end running) #t)
      (and (esq-wait (running-handle running) 0)
           (begin (collect-end! running) #t))))

(define (run-container container)
  (check-container "run-container" container)
  (let ((running (spawn-container container)))
    (release-on-error (lambda () (release! running))
                      (lambda () (wait-container running)))))

(define (container-pid running)
  (check-running "container-pid" running)
  (running-pid running))

(define signal-names
  `((hup . ,SIGHUP) (int . ,SIGINT) (quit . ,SIGQUIT) (kill . ,SIGKILL) (usr1 . ,SIGUSR1) (usr2 . ,SIGUSR2)
    (term . ,SIGTERM) (cont . ,SIGCONT) (winch . ,SIGWINCH) (stop . ,SIGSTOP)))

(define (signal-number signal)
  (cond ((and (integer? signal) (exact? signal) (< 0 signal 65)) signal)
        ((and (symbol? signal) (assq-ref signal-names signal)))
        ((and (string? signal) (assq-ref signal-names (string->symbol signal))))
        (else (scm-error 'wrong-type-arg "container-signal" "expected a signal, such as 'term, not ~S"
                         (list signal) (list signal)))))

;; #f: it has ended already.
(define (container-signal running signal)
  (check-running "container-signal" running)
  (let ((number (signal-number signal)))
    (and (running-handle running)
         (let ((result (esq-signal (running-handle running) number)))
           (cond ((zero? result) #t)
                 ((= result (- ESRCH)) #f)
                 (else (error "send a signal:" (strerror (- result)))))))))

;; An association list. Before the end its counters are those of the moment, and what is known at the end alone is 0. What
;; nothing counts is 0 too.
(define (container-stats running)
  (check-running "container-stats" running)
  (container-ended? running)
  (let* ((result (or (running-end running) (esq-container-result (running-handle running))))
         (runs? (assq-ref result 'running?))
         (now (or (and runs? (esq-container-stats (running-handle running))) '()))
         (of (lambda (name) (or (assq-ref now name) (assq-ref result name) 0))))
    `((state . ,(if runs? 'running 'ended))
      (pid . ,(running-pid running))
      (reason . ,(of 'reason))
      (status . ,(and (not runs?) (of 'exit-status)))
      (wall-microseconds . ,(of 'wall-microseconds))
      (user-microseconds . ,(of 'user-microseconds))
      (system-microseconds . ,(of 'system-microseconds))
      ,@(map (lambda (name) (cons name (of name)))
             '(peak-memory memory-peak memory-limit processes-peak processes-limit oom-kills refused-forks
               processes memory swap throttled-microseconds read-bytes written-bytes)))))

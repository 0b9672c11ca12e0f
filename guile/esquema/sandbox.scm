;; run-sandboxed: a thunk in a fork of this process, behind the kernel's walls. It owns the two ends of that: the child,
;; which confines itself before it calls the thunk, and the parent, which keeps the clock, relays output and decodes one
;; answer. The child is a stranger from the moment that it calls the thunk: what it says is bounded and verified.
;;
;; There is one wall, the kernel's, and the child starts with a copy of this process's memory: what is secret here can be
;; read by the thunk, but goes nowhere except into its output and its value.
(define-module (esquema sandbox)
  #:use-module (system foreign)
  #:use-module (system foreign-library)
  #:use-module (srfi srfi-11)
  #:use-module (rnrs bytevectors)
  #:use-module (ice-9 binary-ports)
  #:use-module (ice-9 exceptions)
  #:use-module (ice-9 textual-ports)
  #:use-module (esquema uncaught)
  #:use-module (esquema ffi)
  #:use-module (esquema travel)
  #:export (run-sandboxed
            &sandbox-condition sandbox-condition? sandbox-condition-kind))

;; What is raised in the parent for a condition of the thunk, or for a limit (kind `limit`).
(define-exception-type &sandbox-condition &error
  make-sandbox-condition sandbox-condition?
  (kind sandbox-condition-kind))

(define (condition kind message irritants)
  (make-exception (make-sandbox-condition kind)
                  (make-exception-with-message message)
                  (make-exception-with-irritants irritants)
                  (printed-as 'sandbox-condition
                              (string-join (cons message (map object->string irritants))))))

(define (raise-condition kind message . irritants)
  (raise-exception (condition kind message irritants)))

(define (raise-limit name)
  (raise-condition 'limit "run-sandboxed: a limit ended the thunk:" name))

(define (raise-nonsense)
  (raise-condition 'sandbox-error "run-sandboxed: the thunk's answer cannot be understood"))

;; Undoes something when the thunk fails, and in the other form always. Not dynamic-wind: the child leaves by itself.
(define (on-error undo thunk)
  (with-exception-handler
      (lambda (exception)
        (undo)
        (raise-exception exception))
    thunk
    #:unwind? #t))

(define (finally undo thunk)
  (call-with-values (lambda () (on-error undo thunk))
    (lambda values*
      (undo)
      (apply values values*))))

;; --- options

(define (check-option name value good?)
  (unless (and (real? value) (good? value))
    (raise-condition 'type-error (string-append "run-sandboxed: #:" (symbol->string name)
                                                " must be a number above 0, not")
                     value)))

(define (whole? value) (and (exact? value) (integer? value) (positive? value)))

;; --- the walls

;; What Guile needs beyond reading, writing, memory and its own end, which the policy `runner` has: waiting for a mutex,
;; the state of signals, the clock, and its collector's questions.
(define calls
  '("futex" "rt_sigprocmask" "sigaltstack" "getpid" "gettid" "sched_yield" "clock_gettime" "clock_getres"
    "clock_nanosleep" "gettimeofday" "times" "getrusage" "getrandom" "sched_getaffinity" "sysinfo" "madvise"
    "mremap" "mprotect" "poll" "select" "pselect6" "ppoll"))

(define fields
  '(("name" . "sandbox") ("rootfs-mode" . "empty") ("proc" . "no") ("dev" . "no") ("tmp" . "no")
    ("network" . "none") ("loopback" . "no") ("seccomp" . "runner") ("landlock" . "deny-all")
    ("open-files" . "16") ("file-size" . "0") ("core-size" . "0") ("locked-memory" . "0")))

;; Bytes of this process's address space. The child asks itself: a thread of the collector that comes and goes between the
;; plan and the fork leaves its reservations behind.
(define (address-space)
  (call-with-input-file "/proc/self/statm"
    (lambda (port)
      (* 4096 (string->number (car (string-split (get-line port) #\space)))))))

(define (limit-memory! memory)
  (let ((bytes (+ (address-space) memory)))
    (setrlimit 'as bytes bytes)))

(define (describe! spec null output)
  (for-each (lambda (field) (esq-spec-set spec (car field) (cdr field) #f)) fields)
  (esq-spec-add spec "namespaces" '("user" "mount" "uts" "ipc" "net" "cgroup") #f)
  (esq-spec-add spec "seccomp-rules" (cons "allow" calls) #f)
  (esq-spec-add spec "command" '("thunk") #f)
  (esq-spec-set-fd spec "stdin" null #f)
  (esq-spec-set-fd spec "stdout" output #f)
  (esq-spec-set-fd spec "stderr" null #f))

(define (make-plan null output)
  (let ((spec (esq-spec-new)))
    (finally (lambda () (esq-spec-free spec))
      (lambda ()
        (describe! spec null output)
        (esq-plan-build spec)))))

;; --- frames: one byte for the kind, four for the length, little endian

(define frame-head 5)
(define output-frame (char->integer #\o))    ; bytes that the thunk has written
(define value-frame (char->integer #\v))     ; then one of these: an encoded value,
(define condition-frame (char->integer #\c)) ; an encoded (kind message irritant ...),
(define raised-frame (char->integer #\r))    ; an encoded value that was raised and is no condition
(define output-piece 65536)

(define (put-frame port kind bytes start count)
  (let ((head (make-bytevector frame-head)))
    (bytevector-u8-set! head 0 kind)
    (bytevector-u32-set! head 1 count (endianness little))
    (put-bytevector port head)
    (put-bytevector port bytes start count)
    (force-output port)))

;; --- the child

(define stop-finalizer-thread
  (foreign-library-function #f "scm_set_automatic_finalization_enabled" #:return-type int #:arg-types (list int)))

(define (make-relay port)
  (let ((relay (make-custom-binary-output-port
                "sandbox"
                (lambda (bytes start count)
                  (let ((count (min count output-piece)))
                    (unless (zero? count)
                      (put-frame port output-frame bytes start count))
                    count))
                #f #f #f)))
    (set-port-encoding! relay "UTF-8")
    relay))

;; What cannot travel goes as the text that shows it.
(define (presentable irritant)
  (catch #t
    (lambda () (encode irritant 65536) irritant)
    (lambda args (object->string* irritant))))

(define (object->string* object)
  (let ((text (object->string object)))
    (substring text 0 (min 1000 (string-length text)))))

;; "In procedure car: ", as Guile itself says who has refused.
(define (origin-of exception)
  (let ((who (and (exception-with-origin? exception) (exception-origin exception))))
    (if who (simple-format #f "In procedure ~A: " who) "")))

;; (kind message irritant ...). Guile's own errors have a format for a message: its parts are put into it, unless it is
;; the format that `error` makes, of which the first part is the message.
(define (parts-of exception)
  (let* ((kind (if (memq (exception-kind exception) '(%exception misc-error)) 'error (exception-kind exception)))
         (message (and (exception-with-message? exception) (exception-message exception)))
         (irritants (if (exception-with-irritants? exception) (exception-irritants exception) '()))
         (has-format? (and (string? message) (string-index message #\~) (list? irritants))))
    (cond ((eq? kind 'quit) (list kind "the thunk has called `exit`"))
          ((and has-format? (string-prefix? "~A" message) (pair? irritants) (string? (car irritants)))
           (cons* kind (car irritants) (map presentable (cdr irritants))))
          (has-format? (list kind (string-append (origin-of exception) (apply simple-format #f message irritants))))
          ((string? message) (cons* kind message (map presentable irritants)))
          (else (cons* kind (symbol->string kind) (map presentable irritants))))))

(define (put-answer port limit exception value)
  (define (put kind datum)
    (let ((bytes (encode datum limit)))
      (put-frame port kind bytes 0 (bytevector-length bytes))))
  (define (put-failure exception)
    (put condition-frame (parts-of exception)))
  (with-exception-handler put-failure
    (lambda ()
      (cond ((not exception) (put value-frame value))
            ((exception? exception) (put-failure exception))
            (else (put raised-frame value))))
    #:unwind? #t))

;; Never returns, whatever the thunk does: no handler and no `dynamic-wind` of the parent runs in the child.
(define (be-child plan thunk limit)
  (catch #t
    (lambda ()
      (with-continuation-barrier
       (lambda ()
         (stop-finalizer-thread 0)
         (let* ((port (fdopen 1 "wb"))
                (relay (make-relay port)))
           (limit-memory! limit)
           (esq-confine plan)
           (let-values (((exception value)
                         (with-exception-handler
                             (lambda (exception) (values exception exception))
                           (lambda ()
                             (let ((value (parameterize ((current-output-port relay)
                                                         (current-error-port relay)
                                                         (current-input-port (open-input-string "")))
                                            (thunk))))
                               (values #f value)))
                           #:unwind? #t)))
             (force-output relay)
             (put-answer port limit exception value)
             (primitive-_exit 0))))))
    (lambda args #f))
  (primitive-_exit 1))

;; --- the parent

(define units-per-second internal-time-units-per-second)

;; #f when nothing came until then.
(define (ready? port deadline)
  (let ((left (- deadline (get-internal-real-time))))
    (and (positive? left)
         (let-values (((seconds rest) (floor/ left units-per-second)))
           (or (catch 'system-error
                 (lambda ()
                   (pair? (car (select (list port) '() '() seconds
                                       (quotient (* rest 1000000) units-per-second)))))
                 (lambda args
                   (if (= (system-error-errno args) EINTR) #f (apply throw args))))
               (ready? port deadline))))))

;; Exactly so many bytes; #f at the end of the stream.
(define (receive port count deadline)
  (let ((bytes (make-bytevector count)))
    (let loop ((have 0))
      (cond ((= have count) bytes)
            ((not (ready? port deadline)) (raise-limit 'timeout))
            (else
             (let ((got (get-bytevector-some! port bytes have (- count have))))
               (if (eof-object? got) #f (loop (+ have got)))))))))

;; The answer's (kind . bytes), after all output has been relayed; #f when the stream ends without one.
(define (listen-to port relay limit output deadline)
  (let loop ((left output))
    (let ((head (receive port frame-head deadline)))
      (and head
           (let ((kind (bytevector-u8-ref head 0))
                 (count (bytevector-u32-ref head 1 (endianness little))))
             (cond ((and (= kind output-frame) (<= count output-piece))
                    (when (> count left)
                      (raise-limit 'output))
                    (let ((bytes (receive port count deadline)))
                      (and bytes
                           (begin (relay bytes) (loop (- left count))))))
                   ((> count limit) (raise-nonsense))
                   (else
                    (let ((bytes (receive port count deadline)))
                      (and bytes (cons kind bytes))))))))))

;; Bytes become text where characters end, whatever the frames cut; what is no UTF-8 shows as the replacement character.
(define (make-relay-to port)
  (call-with-values open-bytevector-output-port
    (lambda (pending take)
      (lambda (bytes)
        (put-bytevector pending bytes)
        (let* ((all (take))
               (cut (cut-character all)))
          (put-string port (call-with-input-bytevector* all (- (bytevector-length all) cut)))
          (put-bytevector pending all (- (bytevector-length all) cut) cut))))))

(define (call-with-input-bytevector* bytes count)
  (let* ((part (make-bytevector count))
         (port (begin (bytevector-copy! bytes 0 part 0 count) (open-bytevector-input-port part))))
    (set-port-encoding! port "UTF-8")
    (set-port-conversion-strategy! port 'substitute)
    (get-string-all port)))

;; How many bytes at the end begin a character without ending it?
(define (cut-character bytes)
  (let ((length (bytevector-length bytes)))
    (let loop ((back 1))
      (if (or (> back 3) (> back length))
          0
          (let ((byte (bytevector-u8-ref bytes (- length back))))
            (cond ((= (logand byte #xc0) #x80) (loop (+ back 1)))
                  ((> (cond ((>= byte #xf0) 4) ((>= byte #xe0) 3) ((>= byte #xc0) 2) (else 1)) back) back)
                  (else 0)))))))

(define (understand answer)
  (let ((datum (with-exception-handler (lambda (exception) (raise-nonsense))
                 (lambda () (decode (cdr answer)))
                 #:unwind? #t))
        (kind (car answer)))
    (cond ((= kind value-frame) datum)
          ((= kind raised-frame) (raise-exception datum))
          ((and (= kind condition-frame) (list? datum) (>= (length datum) 2)
                (symbol? (car datum)) (string? (cadr datum)))
           (if (eq? (car datum) 'out-of-memory)
               (raise-limit 'heap)
               (raise-exception (condition (car datum) (cadr datum) (cddr datum)))))
          (else (raise-nonsense)))))

;; The stream ended without an answer: why?
(define (raise-gone status)
  (let ((signal (and status (status:term-sig status))))
    (cond ((memv signal (list SIGABRT SIGSEGV SIGBUS)) (raise-limit 'heap))
          (signal (raise-condition 'sandbox-error "run-sandboxed: the thunk's process was ended by signal" signal))
          (else (raise-condition 'sandbox-error "run-sandboxed: the thunk's process ended without an answer")))))

(define (bury pid)
  (kill pid SIGKILL)
  (catch 'system-error
    (lambda () (cdr (waitpid pid)))
    (lambda args #f))) ; somebody else has waited for every child

;; Waits for a child that is about to end by itself.
(define (bury-gone pid)
  (catch 'system-error
    (lambda () (cdr (waitpid pid)))
    (lambda args #f)))

(define (fork)
  (parameterize ((current-warning-port (%make-void-port "w"))) ; of other threads, which the child does not have
    (primitive-fork)))

(define (closed-on-exec ends)
  (for-each (lambda (port) (fcntl port F_SETFD FD_CLOEXEC)) (list (car ends) (cdr ends)))
  ends)

;; Calls the thunk in a process of its own behind the kernel's walls, relays what it writes to the current output port,
;; and returns its value, or raises its condition here.
;;   #:memory bytes     beyond what this process has already (64 MiB)
;;   #:timeout seconds  (5)
;;   #:output bytes     that it may write (1 MiB)
(define* (run-sandboxed thunk #:key (memory (* 64 1048576)) (timeout 5) (output 1048576) fuel)
  (when fuel
    (raise-condition 'sandbox-error
                     "run-sandboxed: Guile cannot count #:fuel; leave it out, or run the program with esquema"))
  (check-option 'memory memory (lambda (n) (and (whole? n) (<= n (expt 2 40)))))
  (check-option 'timeout timeout (lambda (n) (< 0 n 1e7)))
  (check-option 'output output whole?)
  (flush-all-ports)
  (let* ((null (open-fdes "/dev/null" (logior O_RDWR O_CLOEXEC)))
         (ends (closed-on-exec (pipe))))
    (define (close-all!)
      (close-port (car ends))
      (close-port (cdr ends))
      (close-fdes null))
    (call-with-values
        (lambda ()
          (finally close-all!
            (lambda ()
              (converse (make-plan null (port->fdes (cdr ends))) ends thunk memory timeout output))))
      (lambda (answer status)
        (if answer (understand answer) (raise-gone status))))))

;; Forks, listens, and buries the child: the answer, or #f, and the child's status.
(define (converse plan ends thunk memory timeout output)
  (let ((pid (fork)))
    (when (zero? pid)
      (be-child plan thunk memory))
    (let ((deadline (+ (get-internal-real-time) (inexact->exact (ceiling (* timeout units-per-second))))))
      (esq-plan-free plan)
      (close-port (cdr ends))
      (let ((answer (on-error (lambda () (bury pid))
                      (lambda ()
                        (listen-to (car ends) (make-relay-to (current-output-port)) memory output deadline)))))
        (values answer (if answer (bury pid) (bury-gone pid)))))))

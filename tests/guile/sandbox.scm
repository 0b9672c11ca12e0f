;; run-sandboxed under Guile: what comes back, what bounds it, and each wall with its attack and its positive control,
;; which is the same thunk in a fork without walls.
(use-modules (srfi srfi-1) (srfi srfi-64) (ice-9 exceptions) (ice-9 textual-ports) (ice-9 binary-ports) (ice-9 threads)
             (rnrs bytevectors) (tap) (esquema runtime) (esquema sandbox))

;; A machine may be busy: only what tests the clock has a near deadline.
(define (run-sandboxed thunk . options)
  (apply (@ (esquema runtime) run-sandboxed) thunk
         (if (memq #:timeout options) options (cons* #:timeout 120 options))))

(define (kind-of thunk)
  (with-exception-handler
      (lambda (exception)
        (cond ((sandbox-condition? exception) (sandbox-condition-kind exception))
              ((exception? exception) (exception-kind exception))
              (else (list 'raised exception))))
    (lambda () (list 'value (thunk)))
    #:unwind? #t))

;; What Guile would say of the error that nobody catches, without who asks.
(define (told thunk)
  (catch #t thunk
    (lambda (key . arguments)
      (string-trim-both (call-with-output-string (lambda (port) (print-exception port #f key arguments)))))))

(define (limit-of thunk)
  (with-exception-handler
      (lambda (exception)
        (and (sandbox-condition? exception) (eq? (sandbox-condition-kind exception) 'limit)
             (car (exception-irritants exception))))
    (lambda () (thunk) #f)
    #:unwind? #t))

;; Does the thunk return true in a fork without walls?
(define (gets-through? thunk)
  (let ((pid (primitive-fork)))
    (if (zero? pid)
        (primitive-_exit (catch #t (lambda () (if (thunk) 0 1)) (lambda args 1)))
        (zero? (status:exit-val (cdr (waitpid pid)))))))

(define (stopped? thunk)
  (not (catch #t (lambda () (run-sandboxed thunk)) (lambda args #f))))

(define (attack name thunk)
  (test-assert (string-append name ": without walls it gets through") (gets-through? thunk))
  (test-assert (string-append name ": it is stopped") (stopped? thunk)))

(define (factorial n) (if (zero? n) 1 (* n (factorial (- n 1)))))

(define (test-values)
  (test-equal "a value" 2432902008176640000 (run-sandboxed (lambda () (factorial 20))))
  (test-equal "closures travel by the fork" '(1 "two" #\3)
    (let ((x 1) (y (list "two" #\3))) (run-sandboxed (lambda () (cons x y)))))
  (test-equal "output" "Hello λ\n"
    (call-with-output-string
      (lambda (port) (parameterize ((current-output-port port)) (run-sandboxed (lambda () (display "Hello λ\n")))))))
  (test-equal "much output, with characters of three bytes" 60000
    (string-length
     (call-with-output-string
       (lambda (port)
         (parameterize ((current-output-port port))
           (run-sandboxed (lambda () (display (make-string 60000 #\€)))))))))
  (test-equal "nothing to read" #t (eof-object? (run-sandboxed (lambda () (read-char)))))
  (test-equal "an error's message" "boom"
    (with-exception-handler exception-message
      (lambda () (run-sandboxed (lambda () (error "boom" 1 'two)))) #:unwind? #t))
  (test-equal "an error's irritants" '(1 two)
    (with-exception-handler exception-irritants
      (lambda () (run-sandboxed (lambda () (error "boom" 1 'two)))) #:unwind? #t))
  (test-eq "an error's kind" 'wrong-type-arg (kind-of (lambda () (run-sandboxed (lambda () (car 5))))))
  (test-eq "a throw's key" 'my-key (kind-of (lambda () (run-sandboxed (lambda () (throw 'my-key 1))))))
  (test-eq "exit ends the thunk alone" 'quit (kind-of (lambda () (run-sandboxed (lambda () (exit 0))))))
  (test-assert "what does not travel" (message-of (lambda () (run-sandboxed (lambda () car)))))
  (test-assert "a cycle does not travel" (message-of (lambda () (run-sandboxed (lambda () (circular-list 1))))))
  (test-assert "a continuation of the host is no way out"
    (message-of (lambda () (call/cc (lambda (k) (run-sandboxed (lambda () (k 1))))))))
  (test-eq "a prompt of the host is no way out" 'refused
    (call-with-prompt 'tag
      (lambda () (catch #t (lambda () (run-sandboxed (lambda () (abort-to-prompt 'tag)))) (lambda args 'refused)))
      (lambda (k) 'escaped)))
  (test-assert "#:fuel is an error" (message-of (lambda () (run-sandboxed (lambda () 1) #:fuel 5))))
  (test-error "#:timeout 0" #t (run-sandboxed (lambda () 1) #:timeout 0))
  (test-equal "#:memory must be a number, which is said in full" '("run-sandboxed: #:memory must be a number above 0, not" ("much"))
    (with-exception-handler
        (lambda (exception) (list (exception-message exception) (exception-irritants exception)))
      (lambda () (run-sandboxed (lambda () 1) #:memory "much"))
      #:unwind? #t))
  (test-equal "an error of a procedure says which has refused" (told (lambda () (car 5)))
    (told (lambda () (run-sandboxed (lambda () (car 5)))))))

(define (test-limits)
  (test-eq "time" 'timeout (limit-of (lambda () (run-sandboxed (lambda () (let loop () (loop))) #:timeout 0.3))))
  (test-eq "memory, bit by bit" 'heap
    (limit-of (lambda () (run-sandboxed (lambda () (length (let loop ((n 0)) (cons (make-vector 1000) (loop (+ n 1))))))
                                        #:memory (* 16 1048576) #:timeout 60))))
  (test-eq "memory, at once" 'heap
    (limit-of (lambda () (run-sandboxed (lambda () (bytevector-length (make-bytevector (expt 2 30))))))))
  (test-equal "memory that is there" (expt 2 24)
    (run-sandboxed (lambda () (bytevector-length (make-bytevector (expt 2 24))))))
  (test-eq "output" 'output
    (limit-of (lambda ()
                (with-output-to-port (%make-void-port "w")
                  (lambda () (run-sandboxed (lambda () (let loop () (display "again and again") (loop)))
                                            #:output 1000)))))))

(define inherited (open-input-file "/etc/passwd"))
(define host (getpid))
(define server (socket PF_INET SOCK_STREAM 0))
(bind server AF_INET INADDR_LOOPBACK 0)
(listen server 8)
(define port-number (sockaddr:port (getsockname server)))

(define (test-walls)
  (attack "open a file" (lambda () (string? (call-with-input-file "/etc/passwd" get-line))))
  (attack "make a file" (lambda ()
                          (let ((name (string-append "/tmp/sandbox." (number->string host))))
                            (close-port (open-output-file name))
                            (delete-file name)
                            #t)))
  (attack "read what was open" (lambda () (string? (get-line inherited))))
  (attack "connect to the host"
    (lambda () (let ((s (socket PF_INET SOCK_STREAM 0))) (connect s AF_INET INADDR_LOOPBACK port-number) #t)))
  (attack "make a socket" (lambda () (port? (socket PF_UNIX SOCK_STREAM 0))))
  (attack "signal the host" (lambda () (kill host 0) #t))
  (attack "fork" (lambda () (let ((pid (primitive-fork))) (if (zero? pid) (primitive-_exit 0) #t))))
  (attack "run a program" (lambda () (zero? (system* "/bin/true"))))
  (attack "change the folder" (lambda () (chdir "/tmp") #t))
  (attack "start a thread" (lambda () (join-thread (call-with-new-thread (lambda () #t))))))

;; The child is a stranger: what it says is not believed.
(define stdout (current-output-port))
(define (lies . bytes)
  (lambda ()
    (run-sandboxed (lambda ()
                     (put-bytevector (fdopen* 1) (u8-list->bytevector bytes))
                     (primitive-_exit 0)))))
;; A port of the host that has this descriptor, since the walls let nobody make one.
(define (fdopen* fd) (set-port-encoding! raw "ISO-8859-1") (setvbuf raw 'none) raw)
(define raw (fdopen (fileno stdout) "wb"))

(define (test-lies)
  (test-eq "nothing at all" 'sandbox-error (kind-of (lies)))
  (test-eq "half a head" 'sandbox-error (kind-of (lies 118 1 0)))
  (test-eq "a frame of four gigabytes" 'sandbox-error (kind-of (lies 118 255 255 255 255)))
  (test-eq "an unknown frame" 'sandbox-error (kind-of (lies 0 1 0 0 0 0)))
  (test-eq "a value that is none" 'sandbox-error (kind-of (lies 118 1 0 0 0 0)))
  (test-eq "a condition that is none" 'sandbox-error (kind-of (lies 99 1 0 0 0 110)))
  (test-equal "a true value, for comparison" '(value #t) (kind-of (lies 118 1 0 0 0 116))))

(define (test-host)
  (test-equal "a hundred in a row" (iota 100) (map (lambda (n) (run-sandboxed (lambda () n))) (iota 100)))
  (test-error "no child is left" #t (waitpid WAIT_ANY WNOHANG))
  (let ((came? #f)) ; once it has, Guile's thread for signals has started and sleeps
    (sigaction SIGUSR1 (lambda (number) (set! came? #t)))
    (kill (getpid) SIGUSR1)
    (let wait () (unless came? (usleep 10000) (wait))))
  (test-equal "beside a handler of signals" 5 (run-sandboxed (lambda () (gc) 5)))
  (let ((thread (call-with-new-thread (lambda () (let loop () (usleep 1000) (loop))))))
    (test-equal "beside other threads" '(6 6 6 6 6)
      (map (lambda (n) (run-sandboxed (lambda () (gc) 6))) (iota 5)))
    (cancel-thread thread))
  (test-equal "in another thread" 7
    (join-thread (call-with-new-thread (lambda () (run-sandboxed (lambda () 7)))))))

(call-with-tap "sandbox"
  (lambda ()
    (test-values)
    (test-limits)
    (test-walls)
    (test-lies)
    (test-host)))

;; Containers as services of GNU Shepherd 1.0:
;;   (service '(website)
;;            #:start (make-container-constructor site)
;;            #:stop (make-container-destructor)
;;            #:respawn? #t)
;; It owns the agreement with Shepherd: the running value is the process of the container's init, which Shepherd watches,
;; respawns and ends as it does with every process. Knows nothing of how a container is made.
(define-module (esquema shepherd)
  #:use-module (srfi srfi-1)
  #:use-module ((shepherd service) #:select (current-service make-kill-destructor))
  #:use-module (shepherd logger)
  #:use-module (esquema container)
  #:use-module (esquema runtime)
  #:export (make-container-constructor make-container-destructor))

;; Those that Shepherd watches. A container that nobody can reach would be ended by the collector.
(define watched '())

(define (watch! running)
  (set! watched (cons running (remove! container-ended? watched))))

(define (non-blocking! port)
  (fcntl port F_SETFL (logior O_NONBLOCK (fcntl port F_GETFL)))
  port)

(define (make-log-pipe)
  (let ((ends (pipe)))
    (fcntl (car ends) F_SETFD FD_CLOEXEC)
    (fcntl (cdr ends) F_SETFD FD_CLOEXEC)
    (set-port-encoding! (car ends) "UTF-8")
    (set-port-conversion-strategy! (car ends) 'substitute)
    (non-blocking! (car ends))
    ends))

;; What Shepherd's own constructors use and it does not export (1.0): the record of a process, and watching one that
;; Shepherd has not forked itself.
(define process (@@ (shepherd service) process))
(define monitor-service-process (@@ (shepherd service) monitor-service-process))

;; A procedure that starts the container and returns the process of its init. What the container prints goes line by line,
;; with the time, into log-file, or into Shepherd's own log where none is given.
(define* (make-container-constructor container #:key log-file)
  (lambda args
    (let* ((ends (make-log-pipe))
           (null (open-input-file "/dev/null"))
           ;; Shepherd waits for its children: a container with a supervisor of its own would be none.
           (running (spawn-container container #:supervised? #f #:stdin null #:stdout (cdr ends) #:stderr (cdr ends))))
      (close-port null)
      (close-port (cdr ends))
      (watch! running)
      (if log-file
          (spawn-service-file-logger log-file (car ends))
          (spawn-service-builtin-logger (container-name container) (car ends)))
      (let ((pid (container-pid running)))
        (when (current-service)
          (monitor-service-process (current-service) pid))
        (process pid (container-command container))))))

;; A procedure that ends it: TERM, which init hands to the program, and KILL for all of it when the grace period is over.
(define* (make-container-destructor #:key (grace-period 5))
  (make-kill-destructor SIGTERM #:grace-period grace-period))

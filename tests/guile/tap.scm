;; SRFI-64 that speaks TAP: each assertion is one line. Knows nothing of what is tested.
(define-module (tap)
  #:use-module (srfi srfi-64)
  #:use-module (ice-9 exceptions)
  #:export (call-with-tap message-of with-work-folder make-rootfs source-folder))

(define (tap-runner)
  (let ((runner (test-runner-null)) (count 0))
    (test-runner-on-test-end! runner
      (lambda (runner)
        (let ((good? (test-passed? runner)))
          (set! count (+ count 1))
          (format #t "~a ~a - ~a~%" (if good? "ok" "not ok") count (test-runner-test-name runner))
          (unless good?
            (for-each (lambda (pair) (format #t "# ~a: ~s~%" (car pair) (cdr pair)))
                      (test-result-alist runner)))
          (force-output))))
    (test-runner-on-final! runner
      (lambda (runner) (format #t "1..~a~%" count)))
    runner))

(define (call-with-tap name thunk)
  (test-with-runner (tap-runner)
    (test-begin name)
    (thunk)
    (test-end name)))

;; The text of what the thunk raises, or #f.
(define (message-of thunk)
  (with-exception-handler
      (lambda (exception)
        (if (exception-with-message? exception)
            (let ((message (exception-message exception)))
              (if (and (exception-with-irritants? exception) (string-index message #\~))
                  (apply simple-format #f message (exception-irritants exception))
                  message))
            (object->string exception)))
    (lambda () (thunk) #f)
    #:unwind? #t))

(define source-folder (canonicalize-path (string-append (dirname (%search-load-path "tap")) "/../..")))

;; Calls with a folder of its own, which is the working directory meanwhile and removed afterwards.
(define (with-work-folder proc)
  (let ((folder (mkdtemp (string-append (or (getenv "TMPDIR") "/tmp") "/guile.XXXXXX")))
        (before (getcwd)))
    (dynamic-wind
      (lambda () (chdir folder))
      (lambda () (proc folder))
      (lambda () (chdir before) (system* "rm" "-rf" folder)))))

(define (make-rootfs folder)
  (unless (zero? (with-output-to-port (%make-void-port "w")
                   (lambda () (system* (string-append source-folder "/examples/make-rootfs") folder))))
    (error "make-rootfs failed")))

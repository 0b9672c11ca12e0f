;; So many containers in a row from one process of Guile, which does not grow. Argument: how many, at least 1000.
(use-modules (srfi srfi-1) (srfi srfi-64) (ice-9 ftw) (ice-9 textual-ports) (tap) (esquema container) (esquema runtime))

(define row (string->number (cadr (command-line))))
(define warm 500) ; until then Guile's heap finds its size

(define (descriptors) (length (scandir "/proc/self/fd")))

(define (status-kilobytes name)
  (call-with-input-file "/proc/self/status"
    (lambda (port)
      (let loop ((line (get-line port)))
        (if (string-prefix? name line)
            (string->number (second (string-tokenize line)))
            (loop (get-line port)))))))

(define (children)
  (call-with-input-file (format #f "/proc/self/task/~a/children" (getpid))
    (lambda (port) (length (string-tokenize (get-string-all port))))))

(define tiny (make-container "tiny" "root" '("/bin/true")))

;; How many of n ended with another status than 0.
(define (run-many n)
  (let loop ((left n) (bad 0))
    (if (zero? left) bad (loop (- left 1) (if (zero? (run-container tiny)) bad (+ bad 1))))))

(define (say done)
  (gc)
  (format #t "# ~a containers: ~a KiB of its own, ~a descriptors~%" done (status-kilobytes "RssAnon:") (descriptors))
  (force-output))

(call-with-tap "many"
  (lambda ()
    (with-work-folder
     (lambda (folder)
       (make-rootfs "root")
       (test-equal (format #f "the first ~a" warm) 0 (run-many warm))
       (say warm)
       (let ((descriptors-before (descriptors)) (memory-before (status-kilobytes "RssAnon:")))
         (test-equal (format #f "and others, ~a in all" row) 0
           (let loop ((done warm) (bad 0))
             (if (>= done row)
                 bad
                 (let* ((n (min 500 (- row done))) (more (run-many n)))
                   (say (+ done n))
                   (loop (+ done n) (+ bad more))))))
         (test-equal "no descriptor is left" descriptors-before (descriptors))
         (test-assert "no memory: less than 2 MiB" (< (- (status-kilobytes "RssAnon:") memory-before) 2048))
         (test-equal "no process" 0 (children)))))))

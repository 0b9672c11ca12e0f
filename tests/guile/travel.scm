;; What comes back from a sandboxed thunk: data as bytes, and bytes that a stranger has made up.
(use-modules (srfi srfi-1) (srfi srfi-64) (tap) (esquema travel) (rnrs bytevectors))

(define (same? datum)
  (equal? datum (decode (encode datum 1000000))))

(define (refused? . bytes)
  (with-exception-handler travel-error?
    (lambda () (decode (u8-list->bytevector bytes)) #f)
    #:unwind? #t))

(define (refused-to-encode? datum limit)
  (with-exception-handler travel-error?
    (lambda () (encode datum limit) #f)
    #:unwind? #t))

(define (nested depth)
  (let loop ((n depth) (datum '()))
    (if (zero? n) datum (loop (- n 1) (vector datum)))))

(call-with-tap "travel"
  (lambda ()
    (for-each
     (lambda (datum) (test-assert (object->string datum) (same? datum)))
     (list #t #f '() 0 1 -1 127 128 -128 -129 255 256 (expt 2 64) (- (expt 2 64)) (expt 7 500) 1/3 -22/7
           1.5 -0.0 +inf.0 -inf.0 1+2i #\a #\λ #\x10ffff "" (string #\λ #\nul #\x) 'symbol (string->symbol "") #:key
           '(1 2 3) '(1 . 2) '(1 2 . 3) '((a) (b (c))) #() #(1 #(2)) #vu8() #vu8(0 255) *unspecified*))
    (test-equal "#u8 is bytes, too" #vu8(1 2) (decode (encode #u8(1 2) 100)))
    (test-assert "not a number" (nan? (decode (encode +nan.0 100))))
    (test-assert "a list of a hundred thousand" (same? (iota 100000)))
    (test-assert "nesting of a thousand" (same? (nested 1000)))

    (test-assert "too deep" (refused-to-encode? (nested 10001) 1000000))
    (test-assert "too big" (refused-to-encode? (make-string 100 #\a) 50))
    (test-assert "a long list for a small limit" (refused-to-encode? (iota 1000) 50))
    (test-assert "a cycle in the cdr" (refused-to-encode? (let ((c (list 1))) (set-cdr! c c) c) 1000000))
    (test-assert "a cycle in the car" (refused-to-encode? (let ((c (list 1))) (set-car! c c) c) 1000000))
    (test-assert "a cycle in a vector" (refused-to-encode? (let ((v (vector 1))) (vector-set! v 0 v) v) 1000000))
    (test-assert "a procedure" (refused-to-encode? car 1000))
    (test-assert "a port" (refused-to-encode? (current-output-port) 1000))

    (test-assert "nothing" (refused?))
    (test-assert "an unknown kind" (refused? 1))
    (test-assert "something behind" (refused? (char->integer #\t) 0))
    (test-assert "a string longer than the bytes" (refused? (char->integer #\s) 5 0 0 0 97))
    (test-assert "a string of four gigabytes" (refused? (char->integer #\s) 255 255 255 255 97))
    (test-assert "a vector of four thousand millions" (refused? (char->integer #\v) 255 255 255 255))
    (test-assert "a list of four thousand millions" (refused? (char->integer #\l) 255 255 255 255))
    (test-assert "no UTF-8" (refused? (char->integer #\s) 1 0 0 0 255))
    (test-assert "a surrogate" (refused? (char->integer #\c) 0 216 0 0))
    (test-assert "a character beyond Unicode" (refused? (char->integer #\c) 0 0 17 0))
    (test-assert "an integer of no bytes" (refused? (char->integer #\i) 0 0 0 0))
    (test-assert "a ratio over zero"
      (refused? (char->integer #\q) (char->integer #\i) 1 0 0 0 1 (char->integer #\i) 1 0 0 0 0))
    (test-assert "a ratio of something else" (refused? (char->integer #\q) (char->integer #\t) (char->integer #\t)))
    (test-assert "half a real" (refused? (char->integer #\d) 0 0 0))
    (test-assert "nesting without end"
      (apply refused? (append-map (lambda (n) (list (char->integer #\v) 1 0 0 0)) (iota 20000))))
    ;; Whatever is changed in good bytes, decoding ends in data or in this error, and in nothing else.
    (test-assert "any byte changed"
      (let ((good (encode '(1 "two" #(three 4.5) (#\5 . -6/7) #vu8(8 9)) 1000)))
        (let loop ((i 0))
          (or (= i (* 256 (bytevector-length good)))
              (let ((copy (bytevector-copy good)))
                (bytevector-u8-set! copy (quotient i 256) (remainder i 256))
                (with-exception-handler
                    (lambda (exception) (unless (travel-error? exception) (raise-exception exception)))
                  (lambda () (decode copy))
                  #:unwind? #t)
                (loop (+ i 1)))))))))

;; (schooner json): JSON texts (RFC 8259) and values.
;;
;;   (json-read-string "...") (json-read-string "..." depth)   (json-read [port [depth]])
;;   (json->string value) (json->string value indent)          (json-write value [port [indent]])
;;   (json-null) (json-null? value)                            (json-ref value key-or-index ... ) or #f
;;   (json-error? condition) (json-error-line condition) (json-error-column condition)
;;
;; Arrays are vectors, objects association lists with symbols as keys in the order of the text, strings strings, true and
;; false booleans, null the symbol null. Numbers without fraction and exponent are exact integers, others inexact. A key that
;; an object has twice is kept twice; json-ref takes the last one.
;; The reader keeps what is open in a list, so that a deep text needs no deep calls; `depth` (512) bounds what is open.
(define-library (schooner json)
  (import (schooner primitives) (schooner syntax) (only (schooner kernel) current-output-port current-input-port error apply map))
  (export json-read json-read-string json-write json->string json-null json-null? json-ref
          json-error? json-error-line json-error-column)
  (begin

    (define (json-null) 'null)
    (define (json-null? x) (eq? x 'null))

    ;; --- errors: an ordinary error object; the line, the column and what was expected are its irritants

    (define %prefix "JSON: ")
    ;; The line and the column of character `i` are counted only now.
    (define (%fail s i message)
      (let loop ((at 0) (line 1) (column 1))
        (cond ((= at i)
               (error (string-append %prefix message " (line " (number->string line) ", column " (number->string column) ")")
                      line column))
              ((char=? (string-ref s at) #\newline) (loop (+ at 1) (+ line 1) 1))
              (else (loop (+ at 1) line (+ column 1))))))

    (define (json-error? x)
      (and (error-object? x)
           (let ((message (error-object-message x)))
             (and (string? message)
                  (> (string-length message) 6)
                  (string=? (substring message 0 6) %prefix)
                  (= (length (error-object-irritants x)) 2)))))
    (define (json-error-line x) (car (error-object-irritants x)))
    (define (json-error-column x) (cadr (error-object-irritants x)))

    ;; --- reading

    (define json-read
      (case-lambda
        (() (json-read (current-input-port)))
        ((port) (json-read port 512))
        ((port depth)
         (let loop ((pieces '()))
           (let ((piece (read-string 4096 port)))
             (if (eof-object? piece)
                 (json-read-string (%string-join (reverse pieces) "") depth)
                 (loop (cons piece pieces))))))))

    (define (%blank? c)
      (or (char=? c #\space) (char=? c #\newline) (char=? c #\return) (char=? c #\tab)))
    (define (%digit? c) (and (char<=? #\0 c) (char<=? c #\9)))

    (define json-read-string
      (case-lambda
        ((s) (json-read-string s 512))
        ((s depth)
         (if (not (string? s)) (%raise-type 'json-read-string 1 "a string" s))
         (%read s depth))))

    ;; `i` is the index of the next character, `k` a procedure that takes what was read and the index behind it.
    ;; `open` is a list of what is open: (array . elements backwards) or (object key . entries backwards).
    (define (%read s depth)
      (define end (string-length s))
      (define (fail i message) (%fail s i message))
      (define (at? i c) (and (< i end) (char=? (string-ref s i) c)))
      (define (digit-at? i) (and (< i end) (%digit? (string-ref s i))))
      (define (skip i)
        (if (and (< i end) (%blank? (string-ref s i))) (skip (+ i 1)) i))

      (define (value i open level)
        (let ((i (skip i)))
          (if (= i end)
              (fail i "a value is missing at the end of the text")
              (let ((c (string-ref s i)))
                (cond ((char=? c #\{) (open-one i open level object-start))
                      ((char=? c #\[) (open-one i open level array-start))
                      ((char=? c #\") (text i (lambda (x i) (done x i open level))))
                      ((or (char=? c #\-) (%digit? c)) (number i (lambda (x i) (done x i open level))))
                      ((char=? c #\t) (done #t (word i "true") open level))
                      ((char=? c #\f) (done #f (word i "false") open level))
                      ((char=? c #\n) (done 'null (word i "null") open level))
                      (else (fail i "a value is expected")))))))

      (define (open-one i open level start)
        (if (>= level depth)
            (fail i "nested too deeply")
            (start (skip (+ i 1)) open (+ level 1))))

      (define (array-start i open level)
        (if (at? i #\])
            (done (vector) (+ i 1) open (- level 1))
            (value i (cons (cons 'array '()) open) level)))

      (define (object-start i open level)
        (if (at? i #\})
            (done '() (+ i 1) open (- level 1))
            (key i '() open level)))

      (define (key i entries open level)
        (let ((i (skip i)))
          (if (not (at? i #\"))
              (fail i "a key in quotes is expected")
              (text i
                    (lambda (name i)
                      (let ((i (skip i)))
                        (if (not (at? i #\:)) (fail i "a colon is expected"))
                        (value (+ i 1)
                               (cons (cons* 'object (string->symbol name) entries) open)
                               level)))))))

      ;; A value is read: put it where it belongs.
      (define (done x i open level)
        (let ((i (skip i)))
          (cond ((null? open)
                 (if (= i end) x (fail i "the text goes on behind the value")))
                ((eq? (car (car open)) 'array)
                 (let ((elements (cons x (cdr (car open)))))
                   (cond ((at? i #\,)
                          (value (+ i 1) (cons (cons 'array elements) (cdr open)) level))
                         ((at? i #\])
                          (done (list->vector (reverse elements)) (+ i 1) (cdr open) (- level 1)))
                         (else (fail i "a comma or ] is expected")))))
                (else
                 (let* ((state (car open))
                        (entries (cons (cons (cadr state) x) (cddr state))))
                   (cond ((at? i #\,)
                          (key (+ i 1) entries (cdr open) level))
                         ((at? i #\})
                          (done (reverse entries) (+ i 1) (cdr open) (- level 1)))
                         (else (fail i "a comma or } is expected"))))))))

      (define (word start letters)
        (let loop ((i start) (n 0))
          (cond ((= n (string-length letters)) i)
                ((at? i (string-ref letters n)) (loop (+ i 1) (+ n 1)))
                (else (fail start "a value is expected")))))

      ;; --- strings

      ;; Most have no escape and are one part of the text. `from` is where the part begins that is not in `out` yet, the port
      ;; that gathers what stands before: made at the first escape.
      (define (text start k)
        (let loop ((i (+ start 1)) (from (+ start 1)) (out #f))
          (if (= i end)
              (fail start "the string does not end")
              (let ((c (string-ref s i)))
                (cond ((char=? c #\")
                       (if out (write-string s out from i))
                       (k (if out (get-output-string out) (substring s from i)) (+ i 1)))
                      ((char=? c #\\)
                       (let ((out (or out (open-output-string))))
                         (write-string s out from i)
                         (escape i (lambda (c i) (write-char c out) (loop i i out)))))
                      ((char<? c #\space) (fail i "a control character in a string"))
                      (else (loop (+ i 1) from out)))))))

      (define (escape start k)
        (let* ((i (+ start 1))
               (c (if (< i end) (string-ref s i) #\null))
               (plain (assv c '((#\" . #\") (#\\ . #\\) (#\/ . #\/) (#\b . #\backspace) (#\f . #\xc)
                                (#\n . #\newline) (#\r . #\return) (#\t . #\tab)))))
          (cond (plain (k (cdr plain) (+ i 1)))
                ((char=? c #\u)
                 (let ((code (hex (+ i 1) start)) (i (+ i 5)))
                   (cond ((<= #xd800 code #xdbff) (surrogate code start i k))
                         ((<= #xdc00 code #xdfff) (fail start "half of a surrogate pair"))
                         (else (k (integer->char code) i)))))
                (else (fail start "no such escape")))))

      (define (surrogate high start i k)
        (if (and (at? i #\\) (at? (+ i 1) #\u))
            (let ((low (hex (+ i 2) i)))
              (if (<= #xdc00 low #xdfff)
                  (k (integer->char (+ #x10000 (* (- high #xd800) #x400) (- low #xdc00)))
                     (+ i 6))
                  (fail start "half of a surrogate pair")))
            (fail start "half of a surrogate pair")))

      (define (hex i start)
        (let loop ((n 0) (code 0))
          (if (= n 4)
              code
              (let ((digit (and (< (+ i n) end) (%hex-digit (string-ref s (+ i n))))))
                (if digit
                    (loop (+ n 1) (+ (* 16 code) digit))
                    (fail start "four hexadecimal digits are expected"))))))

      ;; --- numbers: -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?

      ;; Finds where the number ends; what stands there is written as numbers of Scheme are.
      (define (number start k)
        (define (digits i)
          (if (not (digit-at? i)) (fail i "a digit is expected"))
          (let loop ((i (+ i 1)))
            (if (digit-at? i) (loop (+ i 1)) i)))
        (define (fraction i)
          (if (at? i #\.)
              (exponent (digits (+ i 1)) #f)
              (exponent i #t)))
        (define (exponent i exact?)
          (if (or (at? i #\e) (at? i #\E))
              (let ((i (+ i 1)))
                (finish (digits (if (or (at? i #\+) (at? i #\-)) (+ i 1) i)) #f))
              (finish i exact?)))
        (define (finish i exact?)
          (let ((x (string->number (substring s start i) 10)))
            (cond (exact? (k x i))
                  ((finite? (inexact x)) (k (inexact x) i))
                  (else (fail i "the number is too large")))))
        (let ((i (if (at? start #\-) (+ start 1) start)))
          (cond ((not (at? i #\0)) (fraction (digits i)))
                ((digit-at? (+ i 1)) (fail i "a number begins with a zero that is too much"))
                (else (fraction (+ i 1))))))

      (value 0 '() 0))

    (define (%hex-digit c)
      (cond ((%digit? c) (- (char->integer c) 48))
            ((and (char<=? #\a c) (char<=? c #\f)) (- (char->integer c) 87))
            ((and (char<=? #\A c) (char<=? c #\F)) (- (char->integer c) 55))
            (else #f)))

    ;; --- looking up: keys (symbols or strings) of objects, indexes of arrays, one below the other

    (define (json-ref x . path)
      (cond ((null? path) x)
            ((vector? x)
             (and (exact-integer? (car path)) (< -1 (car path) (vector-length x))
                  (apply json-ref (vector-ref x (car path)) (cdr path))))
            ((list? x)
             (let* ((name (if (string? (car path)) (string->symbol (car path)) (car path)))
                    (entry (assq name (reverse x))))
               (and entry (apply json-ref (cdr entry) (cdr path)))))
            (else #f)))

    ;; --- writing

    (define json->string
      (case-lambda
        ((x) (json->string x #f))
        ((x indent) (%string-join (reverse (%pieces x indent 0 '())) ""))))

    (define json-write
      (case-lambda
        ((x) (json-write x (current-output-port)))
        ((x port) (json-write x port #f))
        ((x port indent) (write-string (json->string x indent) port))))

    (define %depth-written 512)

    ;; The pieces of the text of x before those of `out`, the last one first. As deep as the reader goes by itself.
    (define (%pieces x indent level out)
      (cond ((and (>= level %depth-written) (or (vector? x) (list? x)))
             (error "nested too deeply (or without end) for JSON" 'json-write))
            ((string? x) (cons (%quoted x) out))
            ((eq? x #t) (cons "true" out))
            ((eq? x #f) (cons "false" out))
            ((eq? x 'null) (cons "null" out))
            ((number? x) (cons (%number-text x) out))
            ((vector? x)
             (%sequence (vector->list x) "[" "]" indent level out
                        (lambda (element out) (%pieces element indent (+ level 1) out))))
            ((list? x)
             (%sequence x "{" "}" indent level out
                        (lambda (entry out)
                          (if (not (pair? entry)) (error "not a value of JSON" x))
                          (%pieces (cdr entry) indent (+ level 1)
                                   (cons (if indent ": " ":") (cons (%quoted (%key-text (car entry))) out))))))
            (else (error "not a value of JSON" x))))

    (define (%sequence l open close indent level out write-one)
      (if (null? l)
          (cons close (cons open out))
          (let loop ((l l) (out (cons (%line indent (+ level 1)) (cons open out))))
            (let ((out (write-one (car l) out)))
              (if (null? (cdr l))
                  (cons close (cons (%line indent level) out))
                  (loop (cdr l) (cons (%line indent (+ level 1)) (cons "," out))))))))
    (define (%line indent level)
      (if indent (string-append "\n" (make-string (* indent level) #\space)) ""))

    (define (%key-text key)
      (cond ((symbol? key) (symbol->string key))
            ((string? key) key)
            (else (error "not a key of JSON" key))))

    (define (%number-text x)
      (cond ((exact-integer? x) (number->string x))
            ((not (and (real? x) (finite? x))) (error "not a number of JSON" x))
            ((not (finite? (inexact x))) (error "not a number of JSON: too large" x))
            (else (number->string (inexact x)))))

    ;; The text between two characters that need an escape is taken as it is.
    (define (%quoted s)
      (let ((end (string-length s)))
        (let loop ((at 0) (start 0) (out '("\"")))
          (if (= at end)
              (apply string-append (reverse (cons* "\"" (substring s start end) out)))
              (let ((escaped (%escaped (string-ref s at))))
                (if escaped
                    (loop (+ at 1) (+ at 1) (cons* escaped (substring s start at) out))
                    (loop (+ at 1) start out)))))))
    ;; #f: a character as any other
    (define (%escaped c)
      (cond ((char=? c #\") "\\\"")
            ((char=? c #\\) "\\\\")
            ((char=? c #\newline) "\\n")
            ((char=? c #\return) "\\r")
            ((char=? c #\tab) "\\t")
            ((or (char<? c #\space) (char=? c #\x2028) (char=? c #\x2029) (char=? c #\delete))
             (let ((hex (number->string (+ #x10000 (char->integer c)) 16)))
               (string-append "\\u" (substring hex 1 5))))
            (else #f)))))

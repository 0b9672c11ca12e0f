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
    ;; The position is counted only now: from the number of characters that are left.
    (define (%fail s left message)
      (let loop ((l (string->list s)) (count (- (string-length s) left)) (line 1) (column 1))
        (cond ((= count 0)
               (error (string-append %prefix message " (line " (number->string line) ", column " (number->string column) ")")
                      line column))
              ((char=? (car l) #\newline) (loop (cdr l) (- count 1) (+ line 1) 1))
              (else (loop (cdr l) (- count 1) line (+ column 1))))))

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
    (define (%skip l)
      (if (and (pair? l) (%blank? (car l))) (%skip (cdr l)) l))
    (define (%digit? c) (and (char<=? #\0 c) (char<=? c #\9)))

    (define json-read-string
      (case-lambda
        ((s) (json-read-string s 512))
        ((s depth)
         (if (not (string? s)) (%raise-type 'json-read-string 1 "a string" s))
         (%read s depth))))

    ;; `open` is a list of what is open: (array . elements backwards) or (object key . entries backwards).
    (define (%read s depth)
      (define (fail l message) (%fail s (length l) message))

      (define (value l open level)
        (let ((l (%skip l)))
          (if (null? l)
              (fail l "a value is missing at the end of the text")
              (let ((c (car l)))
                (cond ((char=? c #\{) (open-one l open level object-start))
                      ((char=? c #\[) (open-one l open level array-start))
                      ((char=? c #\") (text (cdr l) l (lambda (x l) (done x l open level))))
                      ((or (char=? c #\-) (%digit? c)) (number l (lambda (x l) (done x l open level))))
                      ((char=? c #\t) (done #t (word l l '(#\t #\r #\u #\e)) open level))
                      ((char=? c #\f) (done #f (word l l '(#\f #\a #\l #\s #\e)) open level))
                      ((char=? c #\n) (done 'null (word l l '(#\n #\u #\l #\l)) open level))
                      (else (fail l "a value is expected")))))))

      (define (open-one l open level start)
        (if (>= level depth)
            (fail l "nested too deeply")
            (start (%skip (cdr l)) open (+ level 1))))

      (define (array-start l open level)
        (if (and (pair? l) (char=? (car l) #\]))
            (done (vector) (cdr l) open (- level 1))
            (value l (cons (cons 'array '()) open) level)))

      (define (object-start l open level)
        (if (and (pair? l) (char=? (car l) #\}))
            (done '() (cdr l) open (- level 1))
            (key l '() open level)))

      (define (key l entries open level)
        (let ((l (%skip l)))
          (if (not (and (pair? l) (char=? (car l) #\")))
              (fail l "a key in quotes is expected")
              (text (cdr l) l
                    (lambda (name rest)
                      (let ((rest (%skip rest)))
                        (cond ((not (and (pair? rest) (char=? (car rest) #\:))) (fail rest "a colon is expected"))
                              (else
                               (value (cdr rest)
                                      (cons (cons* 'object (string->symbol name) entries) open)
                                      level)))))))))

      ;; A value is read: put it where it belongs.
      (define (done x l open level)
        (let ((l (%skip l)))
          (cond ((null? open)
                 (if (null? l) x (fail l "the text goes on behind the value")))
                ((eq? (car (car open)) 'array)
                 (let ((elements (cons x (cdr (car open)))))
                   (cond ((and (pair? l) (char=? (car l) #\,))
                          (value (cdr l) (cons (cons 'array elements) (cdr open)) level))
                         ((and (pair? l) (char=? (car l) #\]))
                          (done (list->vector (reverse elements)) (cdr l) (cdr open) (- level 1)))
                         (else (fail l "a comma or ] is expected")))))
                (else
                 (let* ((state (car open))
                        (entries (cons (cons (cadr state) x) (cddr state))))
                   (cond ((and (pair? l) (char=? (car l) #\,))
                          (key (cdr l) entries (cdr open) level))
                         ((and (pair? l) (char=? (car l) #\}))
                          (done (reverse entries) (cdr l) (cdr open) (- level 1)))
                         (else (fail l "a comma or } is expected"))))))))

      (define (word l start letters)
        (cond ((null? letters) l)
              ((and (pair? l) (char=? (car l) (car letters))) (word (cdr l) start (cdr letters)))
              (else (fail start "a value is expected"))))

      ;; --- strings

      (define (text l start k)
        (let loop ((l l) (out '()))
          (if (null? l)
              (fail start "the string does not end")
              (let ((c (car l)))
                (cond ((char=? c #\") (k (list->string (reverse out)) (cdr l)))
                      ((char=? c #\\) (escape l (lambda (c l) (loop l (cons c out)))))
                      ((char<? c #\space) (fail l "a control character in a string"))
                      (else (loop (cdr l) (cons c out))))))))

      (define (escape l k)
        (let* ((rest (cdr l))
               (c (if (pair? rest) (car rest) #\null))
               (plain (assv c '((#\" . #\") (#\\ . #\\) (#\/ . #\/) (#\b . #\backspace) (#\f . #\xc)
                                (#\n . #\newline) (#\r . #\return) (#\t . #\tab)))))
          (cond (plain (k (cdr plain) (cdr rest)))
                ((char=? c #\u)
                 (let ((code (hex (cdr rest) l)) (l* (list-tail rest 5)))
                   (cond ((<= #xd800 code #xdbff) (surrogate code l l* k))
                         ((<= #xdc00 code #xdfff) (fail l "half of a surrogate pair"))
                         (else (k (integer->char code) l*)))))
                (else (fail l "no such escape")))))

      (define (surrogate high l rest k)
        (if (and (pair? rest) (char=? (car rest) #\\) (pair? (cdr rest)) (char=? (cadr rest) #\u))
            (let ((low (hex (cddr rest) rest)))
              (if (<= #xdc00 low #xdfff)
                  (k (integer->char (+ #x10000 (* (- high #xd800) #x400) (- low #xdc00)))
                     (list-tail rest 6))
                  (fail l "half of a surrogate pair")))
            (fail l "half of a surrogate pair")))

      (define (hex l start)
        (let loop ((l l) (n 0) (code 0))
          (if (= n 4)
              code
              (let ((digit (and (pair? l) (%hex-digit (car l)))))
                (if digit
                    (loop (cdr l) (+ n 1) (+ (* 16 code) digit))
                    (fail start "four hexadecimal digits are expected"))))))

      ;; --- numbers: -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?

      (define (number l k)
        (define (digits l out k)
          (if (not (and (pair? l) (%digit? (car l))))
              (fail l "a digit is expected")
              (let loop ((l l) (out out))
                (if (and (pair? l) (%digit? (car l)))
                    (loop (cdr l) (cons (car l) out))
                    (k l out)))))
        (define (fraction l out)
          (if (and (pair? l) (char=? (car l) #\.))
              (digits (cdr l) (cons #\. out) (lambda (l out) (exponent l out #f)))
              (exponent l out #t)))
        (define (exponent l out exact?)
          (if (and (pair? l) (memv (car l) '(#\e #\E)))
              (let ((rest (cdr l)))
                (if (and (pair? rest) (memv (car rest) '(#\+ #\-)))
                    (digits (cdr rest) (cons (car rest) (cons #\e out)) (lambda (l out) (finish l out #f)))
                    (digits rest (cons #\e out) (lambda (l out) (finish l out #f)))))
              (finish l out exact?)))
        (define (finish l out exact?)
          (let ((x (string->number (list->string (reverse out)) 10)))
            (cond (exact? (k x l))
                  ((finite? (inexact x)) (k (inexact x) l))
                  (else (fail l "the number is too large")))))
        (let* ((minus? (char=? (car l) #\-))
               (out (if minus? '(#\-) '()))
               (l (if minus? (cdr l) l)))
          (if (and (pair? l) (char=? (car l) #\0))
              (if (and (pair? (cdr l)) (%digit? (cadr l)))
                  (fail l "a number begins with a zero that is too much")
                  (fraction (cdr l) (cons #\0 out)))
              (digits l out fraction))))

      (value (string->list s) '() 0))

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

    (define (%quoted s)
      (let loop ((l (string->list s)) (out '(#\")))
        (if (null? l)
            (list->string (reverse (cons #\" out)))
            (loop (cdr l) (%escaped (car l) out)))))
    (define (%escaped c out)
      (cond ((char=? c #\") (cons* #\" #\\ out))
            ((char=? c #\\) (cons* #\\ #\\ out))
            ((char=? c #\newline) (cons* #\n #\\ out))
            ((char=? c #\return) (cons* #\r #\\ out))
            ((char=? c #\tab) (cons* #\t #\\ out))
            ((or (char<? c #\space) (char=? c #\x2028) (char=? c #\x2029) (char=? c #\delete))
             (let ((hex (number->string (+ #x10000 (char->integer c)) 16)))
               (append-reverse (string->list (substring hex 1 5)) (cons* #\u #\\ out))))
            (else (cons c out))))))

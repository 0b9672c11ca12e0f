;; A text of two megabytes in a heap that holds it a few times, not as a list of its characters.
;; limits: --menu base,(schooner json) --heap 16M --timeout 10s
;; expect: ok
(import (scheme base) (schooner json))
(define text (string-append "[1, \"" (make-string 1000000 #\é) "\""))
(define (column-of text)
  (guard (problem ((json-error? problem) (json-error-column problem)))
    (json-read-string text)))
(if (not (= 1000000 (string-length (vector-ref (json-read-string (string-append text "]")) 1))))
    (error "another string"))
(if (not (= 1000007 (column-of text)))
    (error "another column" (column-of text)))

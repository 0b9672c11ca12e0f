;; A procedure with ten thousand calls and half a megabyte of text, which travels: whoever takes it verifies all of it.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|timeout
;; source: 1 "(define (f a) " 10000 "(if (equal? a %d) (f (list a %d)))" 1 " (string-length \"" 60000 "a text \u03bb" 1 "\")) (lambda () (f 1))"
(import (scheme base))

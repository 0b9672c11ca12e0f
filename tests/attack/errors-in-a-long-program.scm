;; Errors whose places are looked up in the table of a long program.
;; limits: --menu base --catch-errors --heap 50M --timeout 1s
;; expect: timeout
;; source: 1 "(import (scheme base)) (define (f x) x) (define (filler) " 30000 "(f %d)\n" 1 "1)" 1 "(define (deep n) (if (= n 0) (guard (e (#t 1)) (car 5)) (+ 1 (deep (- n 1)))))" 1 "(define (go) (deep 40) (go)) (go)"

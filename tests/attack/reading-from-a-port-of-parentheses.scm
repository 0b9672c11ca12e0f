;; Ten million open parentheses in a string port, for read.
;; limits: --menu base,read --heap 50M --timeout 2s
;; expect: error|nesting|heap
(import (scheme base) (scheme read))
(read (open-input-string (make-string 10000000 #\()))

;; Every character becomes four bytes.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|timeout|heap
(import (scheme base))
(string-length (string-map (lambda (c) #\x10FFFF) (make-string 1000000 #\a)))

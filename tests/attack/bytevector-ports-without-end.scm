;; A bytevector port that grows for ever.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap
(import (scheme base))
(define out (open-output-bytevector))
(define piece (make-bytevector 100000 1))
(let loop () (write-bytevector piece out) (loop))

;; What an after thunk would print when the fuel ends is not printed.
;; limits: --menu base,write --heap 50M --fuel 100k
;; expect: fuel
;; prints:
(import (scheme base) (scheme write))
(dynamic-wind (lambda () 1) (lambda () (let loop () (loop))) (lambda () (display "after")))

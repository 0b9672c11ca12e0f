;; SRFI 145: assume
(import (scheme base) (srfi 145) (schooner test))
(test-begin "srfi 145")
(test 5 (assume 5))
(test #t (assume (= 1 1) "message"))
(test-error (assume #f))
(test-error (assume (= 1 2) "one is not two" 1 2))
(test-end)

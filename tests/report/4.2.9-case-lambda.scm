;; R7RS-small, section 4.2.9: (case-lambda <clause> ...) may have no clause at all; such a procedure takes nothing.
(import (scheme base) (scheme case-lambda) (schooner test))
(test-begin "R7RS 4.2.9-case-lambda")
(test-assert (procedure? (case-lambda)))
(test-error ((case-lambda)))
(test-error ((case-lambda) 1))
(test-end)

;; Every kind of library declaration, in an unusual order: definitions before the exports and imports that they need.
(define-library (example expanded)
  (begin (define part-one 1))
  (cond-expand
    ((and r7rs (library (scheme base)) (not (library (no such thing))))
     (import (scheme base))
     (export which)
     (begin (define which 'r7rs-branch)))
    (else (begin (define which 'else-branch))))
  (include "expanded-part.scm")
  (include-library-declarations "expanded-exports.scm")
  (begin (define part-two 2)))

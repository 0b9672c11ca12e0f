;; Included by expanded.sld.
(define included 'from-a-file)

;; eval begins with nothing but import.
;; limits: --menu base
;; expect: error
;; says: +
(+ 1 2)

;; A list of four million bits.
;; limits: --menu base,(srfi 151) --heap 50M --timeout 2s
;; expect: heap|ok|timeout
(import (scheme base) (srfi 151))
(length (bits->list (- (expt 2 3999990) 1)))

(import (scheme base) (scheme write))
(define (escape cr ci limit)
  (let loop ((r 0.0) (i 0.0) (n 0))
    (let ((r2 (* r r)) (i2 (* i i)))
      (if (or (= n limit) (> (+ r2 i2) 4.0))
          n
          (loop (+ (- r2 i2) cr) (+ (* 2.0 r i) ci) (+ n 1))))))
(define (count size limit)
  (let rows ((y 0) (sum 0))
    (if (= y size)
        sum
        (rows (+ y 1)
              (let columns ((x 0) (sum sum))
                (if (= x size)
                    sum
                    (columns (+ x 1)
                             (+ sum (escape (- (/ (* 3.0 x) size) 2.0) (- (/ (* 2.0 y) size) 1.0) limit)))))))))
(display (count 240 200)) (newline)

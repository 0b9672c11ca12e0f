;; The discount for an order, in cents: examples/embed/rules.c calls this for each.
(define (discount customer cents items)
  (cond ((string=? customer "mallory")
         (let loop () (loop)))                       ; ends in the limit of fuel, and costs only this order
        ((> (loyalty-years customer) 3) (percent cents 10))
        ((> items 5) (percent cents 5))
        (else 0)))

discount

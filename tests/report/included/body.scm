;; Included by 4.1-primitive-expressions.scm as an expression.
'first
'last

;; Included by 4.1-primitive-expressions.scm, with its case folded.
(DEFINE Included-Case 'ABC)

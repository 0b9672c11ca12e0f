;; Declarations of expanded.sld.
(export included part-one part-two)

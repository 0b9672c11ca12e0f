;; Data nested deeper than the reader was told to follow. Run with --nesting 20
(import (scheme base))
(quote ((((((((((((((((((((((((((((((((((((((((deep)))))))))))))))))))))))))))))))))))))))))

;; Three thousand imports with prefixes, looked through for each name.
;; limits: --menu base --heap 50M --fuel 2M --timeout 60s
;; expect: fuel
;; source: 3000 "(import (prefix (scheme base) p%d:))\n" 1 "(import (scheme base))" 3000 "(p%d:car '(1))\n"

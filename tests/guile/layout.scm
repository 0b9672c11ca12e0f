;; The structures as the C compiler has them, printed by the program that is named as argument.
(use-modules (srfi srfi-64) (ice-9 popen) (tap) (esquema ffi))

(call-with-tap "layout"
  (lambda ()
    (let* ((port (open-pipe* OPEN_READ (cadr (command-line))))
           (found (read port)))
      (test-equal "offsets" found structure-layout)
      (test-equal "sizes" 0 (status:exit-val (close-pipe port))))))

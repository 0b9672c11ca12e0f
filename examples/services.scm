;; Two services: `store` keeps what it is sent, `site` is started when something listens there. Try
;;   build/esquema up examples/services.scm
(define (box name . command)
  (make-container name "rootfs-web" (cons "/bin/busybox" command)))

(services
  (service (name "store")
           (container (box "store" "nc" "-ll" "-p" "5432" "-e" "/bin/busybox" "cat"))
           (ready (tcp 5432)))
  (service (name "site")
           (container (box "site" "httpd" "-f" "-v" "-p" "8080" "-h" "/www"))
           (needs "store")
           (ready (tcp 8080))
           (restart on-failure)
           (logs (keep 3 (MiB 1)))))

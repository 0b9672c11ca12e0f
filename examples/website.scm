;; A web server in a container. It uses the host's network, which whoever starts it must grant:
;;   build/esquema run examples/website.scm --allow network=host
;;   build/esquema run examples/website.scm --allow network=host port=8081

(define port (parameter "port" "8080"))

(container
  (name "website")
  (rootfs "rootfs-web")
  (command "/bin/busybox" "httpd" "-f" "-p" (string-append "127.0.0.1:" port) "-h" "/www")
  (network host)
  (limits (processes 32) (open-files 256))
  ;; Kernels before 6.12 cannot keep a container of the host's network from the host's abstract sockets.
  (best-effort landlock-scopes))

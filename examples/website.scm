;; A web server in a container. It uses the network of the host, and excuses a wall that older kernels lack: whoever starts
;; it must grant both.
;;   build/esquema run examples/website.scm --allow network=host --allow best-effort=landlock-scopes
;;   build/esquema run examples/website.scm --trust port=8081

(define port (parameter "port" "8080"))

(container
  (name "website")
  (rootfs "rootfs-web")
  (command "/bin/busybox" "httpd" "-f" "-p" (string-append "127.0.0.1:" port) "-h" "/www")
  (network host)
  (limits (open-files 256))
  ;; Kernels before 6.12 cannot keep a container of the host's network from the host's abstract sockets.
  (best-effort landlock-scopes))

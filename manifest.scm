;; What a developer needs:  guix shell -m manifest.scm
(specifications->manifest
 '("gcc-toolchain" "meson" "ninja" "pkg-config" "gmp" "libseccomp" "libedit" "ucd" ; to build
   "guile" "busybox" "cmocka" "python" "strace"                                    ; to test
   "clang-toolchain" "binutils"))                                                  ; to check

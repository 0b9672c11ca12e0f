;; What a developer needs:  guix shell -m manifest.scm
(specifications->manifest
 '("gcc-toolchain" "gcc-toolchain:static" "meson" "ninja" "pkg-config"
   "gmp" "libarchive" "libseccomp" "libedit" "ucd" ; to build
   "guile" "busybox" "cmocka" "python" "strace"    ; to test
   "clang-toolchain" "binutils"))                  ; to check

;; Compiles the installed modules, so that nobody's first use of them takes seconds. Run by the installation:
;;   guile --no-auto-compile compile.scm BUILD-FOLDER SITE CACHE FILE...
;; BUILD-FOLDER has the (esquema config) of the build tree: while compiling, the library of the build tree is loaded, since
;; the installed one may lie beneath DESTDIR. Modules that need a system which is not here (Shepherd, Guix) stay sources.
;; A module is loaded before it is compiled: a macro of it that is expanded in the next one finds what it refers to only
;; where that has a value, and is taken for a name of the next one otherwise.
(use-modules (system base compile) (ice-9 match))

(define destination (or (getenv "DESTDIR") ""))

(define (compile-module site cache file)
  (let ((source (string-append site "/esquema/" file))
        (compiled (string-append cache "/esquema/" (basename file ".scm") ".go")))
    (catch #t
      (lambda ()
        (resolve-interface (list 'esquema (string->symbol (basename file ".scm"))))
        (compile-file source #:output-file compiled #:warning-level 0))
      (lambda (key . arguments)
        (if (member file '("shepherd.scm" "guix-services.scm"))
            (format #t "~a stays a source: ~a is not here~%" file (if (string-prefix? "guix" file) "Guix" "Shepherd"))
            (apply throw key arguments))))))

(match (cdr (command-line))
  ((build site cache files ...)
   (let ((site (string-append destination site)) (cache (string-append destination cache)))
     (set! %load-path (cons* (string-append build "/guile") site %load-path))
     (set! %load-compiled-path (delete cache %load-compiled-path))
     (for-each (lambda (file) (compile-module site cache file)) files))))

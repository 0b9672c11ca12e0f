;; include-library: a library that is written as (define-library ...) for every R7RS system becomes the module at hand.
;; It owns the way from the shared sources in lib/esquema/ into Guile's modules; it knows none of them.
;;
;; Guile could load such a file by itself, but under its own name only, and its exports would be announced with a warning
;; wherever they share a name with Guile's core, as `bind` does. Here every export replaces.
(define-module (esquema library)
  #:use-module (srfi srfi-1)
  #:export (include-library))

(define (read-library name)
  (let ((file (%search-load-path name)))
    (unless file
      (error "include-library: not in the load path:" name))
    (call-with-input-file file
      (lambda (port)
        (set-port-encoding! port "UTF-8")
        (set-port-filename! port file)
        (read-syntax port)))))

;; What another library has defined is passed on; the rest is the body's own.
(define (export-all! module names)
  (for-each (lambda (spec) ; a name, or (rename inside outside)
              (define name (if (pair? spec) (cons (cadr spec) (caddr spec)) spec))
              (if (and (symbol? name)                        (module-variable module name) (not (module-local-variable module name)))
                  (module-re-export! module (list name) #:replace? #t)
                  (module-replace! module (list name))))
            names))

(define-syntax include-library
  (lambda (form)
    (define here (syntax-case form () ((keyword name) #'keyword)))
    ;; What was read belongs where the macro is used: it is that module's own text.
    (define (localize text)
      (datum->syntax here text))
    (define (parts library)
      (syntax-case library ()
        ((_ name part ...) #'(part ...))))
    (define (of-kind kind library)
      (append-map (lambda (part)
                    (syntax-case part ()
                      ((head item ...)
                       (if (eq? (syntax->datum #'head) kind) #'(item ...) '()))))
                  (parts library)))
    (syntax-case form ()
      ((_ name)
       (let ((library (read-library (syntax->datum #'name))))
         (with-syntax (((set ...) (map localize (of-kind 'import library)))
                       ((export ...) (map localize (of-kind 'export library)))
                       ((body ...) (map localize (of-kind 'begin library))))
           #'(begin
               (import set ...)
               (eval-when (expand load eval)
                 (export-all! (current-module) '(export ...)))
               body ...)))))))

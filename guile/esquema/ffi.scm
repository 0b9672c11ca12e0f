;; (esquema ffi): the C interface of libesquema, function by function, as <esquema.h> has it. What fails raises a
;; &container-error. It owns the layout of the C structures and knows nothing of containers as values of Scheme.
(define-module (esquema ffi)
  #:use-module (system foreign)
  #:use-module (system foreign-library)
  #:use-module (rnrs bytevectors)
  #:use-module (ice-9 exceptions)
  #:use-module (esquema config)
  #:use-module (esquema uncaught)
  #:export (esquema-init
            esquema-version
            &container-error container-error? container-error-text container-error-remedy
            container-error-exit-status container-error-errno container-error-step container-error-position
            esq-spec-new esq-spec-free esq-spec-set esq-spec-add esq-spec-set-fd esq-spec-add-fd
            esq-plan-build esq-plan-free
            esq-launch esq-launch-with esq-wait esq-signal esq-container-pid esq-container-pidfd esq-container-result
            esq-container-stats esq-container-free esq-confine
            structure-layout))

;; An absolute path: the dynamic linker looks at nothing else, neither the working directory nor the environment.
(define library (load-foreign-library %library #:extensions '("") #:search-ltdl-library-path? #f))

(define (function name result . arguments)
  (foreign-library-function library name #:return-type result #:arg-types arguments))

;; --- the handshake

(define esquema-init (function "esq_init" int))

(define %esq-version (function "esq_version" '*))
(define (esquema-version) (pointer->string (%esq-version) -1 "UTF-8"))

;; The structures below are those of one version.
(unless (string=? (esquema-version) %version)
  (error (string-append %library " is version " (esquema-version) ", but these modules are of version " %version)))

;; --- structures: (structure field offset) as the C compiler has them; tests/guile/layout.c compares

(define structure-layout
  '((esq_error (exit_status . 0) (error_number . 4) (step . 8) (steps . 12) (line . 16) (column . 20)
               (file . 24) (text . 280) (remedy . 792))
    (esq_result (reason . 0) (exit_status . 4) (signal . 8) (wall_microseconds . 16) (user_microseconds . 24)
                (system_microseconds . 32) (peak_memory . 40) (memory_peak . 48) (memory_limit . 56)
                (processes_peak . 64) (processes_limit . 72) (oom_kills . 80) (refused_forks . 88))
    (esq_stats (processes . 0) (memory . 8) (user_microseconds . 16) (system_microseconds . 24) (memory_peak . 32)
               (memory_limit . 40) (swap . 48) (throttled_microseconds . 56) (processes_peak . 64)
               (processes_limit . 72) (oom_kills . 80) (refused_forks . 88) (read_bytes . 96) (written_bytes . 104))
    (esq_launch_options (size . 0) (flags . 8) (supervisor . 16))
    (esq_location (file . 0) (line . 8) (column . 12))))

(define (offset structure field)
  (assq-ref (assq-ref structure-layout structure) field))

;; More than any of them takes, also when later versions append fields.
(define structure-bytes 4096)

(define (int-at bytes structure field)
  (bytevector-s32-native-ref bytes (offset structure field)))
(define (u64-at bytes structure field)
  (bytevector-u64-native-ref bytes (offset structure field)))
(define (text-at bytes structure field)
  (pointer->string (bytevector->pointer bytes (offset structure field)) -1 "UTF-8"))

;; --- errors

(define-exception-type &container-error &error
  make-container-error container-error?
  (text container-error-text)
  (remedy container-error-remedy)           ; "" when nothing is known
  (exit-status container-error-exit-status) ; 125, 126 or 127
  (errno container-error-errno)             ; 0 when the error is not the kernel's
  (step container-error-step)               ; of the plan, from 1; 0 when none was at work
  (position container-error-position))      ; (file line column) of the description, or #f

(define (raise-error bytes)
  (let* ((text (text-at bytes 'esq_error 'text))
         (remedy (text-at bytes 'esq_error 'remedy))
         (line (int-at bytes 'esq_error 'line))
         (position (and (positive? line)
                        (list (text-at bytes 'esq_error 'file) line (int-at bytes 'esq_error 'column))))
         (place (if position
                    (format #f "~a:~a:~a: " (car position) line (caddr position))
                    ""))
         (tail (if (string-null? remedy) "" (string-append "\nremedy: " remedy)))
         (message (string-append place text tail)))
    (raise-exception
     (make-exception
      (make-container-error text remedy (int-at bytes 'esq_error 'exit_status)
                            (int-at bytes 'esq_error 'error_number) (int-at bytes 'esq_error 'step) position)
      (make-exception-with-message message)
      (make-exception-with-irritants '())
      (printed-as 'container-error message)))))

;; proc gets the memory of an esq_error and returns what the C function returned.
(define (call-checked proc)
  (let* ((bytes (make-bytevector structure-bytes 0))
         (result (proc (bytevector->pointer bytes))))
    (when (negative? result)
      (raise-error bytes))
    result))

;; proc gets the memory for a pointer and that of an esq_error.
(define (call-for-pointer proc)
  (let ((out (make-bytevector (sizeof '*) 0)))
    (call-checked (lambda (error) (proc (bytevector->pointer out) error)))
    (dereference-pointer (bytevector->pointer out))))

;; C reads a text to its first NUL: what Scheme reads differently is refused.
(define (c-text text)
  (when (string-index text #\nul)
    (error "a text for the runtime contains a NUL:" text))
  (string->pointer text "UTF-8"))

;; The memory of an esq_location, or NULL. The name of its file must live as long: it is returned beside.
(define (c-location position)
  (if position
      (let ((file (c-text (car position))))
        (values (make-c-struct (list '* unsigned-int unsigned-int)
                               (list file (cadr position) (caddr position)))
                file))
      (values %null-pointer #f)))

;; Keeps an object from being collected until here.
(define (keep-alive . objects)
  (set! kept objects)
  (set! kept #f))
(define kept #f)

(define (call-with-location position proc)
  (call-with-values (lambda () (c-location position))
    (lambda (location file)
      (let ((result (call-checked (lambda (error) (proc location error)))))
        (keep-alive location file)
        result))))

;; --- specification

(define %esq-spec-new (function "esq_spec_new" '*))
(define (esq-spec-new)
  (let ((spec (%esq-spec-new)))
    (when (null-pointer? spec)
      (error "no memory for a specification"))
    spec))
(define esq-spec-free (function "esq_spec_free" void '*))

(define %esq-spec-set (function "esq_spec_set" int '* '* '* '* '*))
(define (esq-spec-set spec field value position)
  (let ((field (c-text field)) (value (c-text value)))
    (call-with-location position
      (lambda (location error) (%esq-spec-set spec field value location error)))))

(define %esq-spec-add (function "esq_spec_add" int '* '* '* size_t '* '*))
(define (esq-spec-add spec field words position)
  (let* ((field (c-text field))
         (texts (map c-text words))
         (array (make-bytevector (* (sizeof '*) (+ 1 (length texts))) 0)))
    (let fill ((rest texts) (at 0))
      (unless (null? rest)
        (bytevector-uint-set! array at (pointer-address (car rest)) (native-endianness) (sizeof '*))
        (fill (cdr rest) (+ at (sizeof '*)))))
    (let ((result (call-with-location position
                    (lambda (location error)
                      (%esq-spec-add spec field (bytevector->pointer array) (length texts) location error)))))
      (keep-alive texts array)
      result)))

(define %esq-spec-set-fd (function "esq_spec_set_fd" int '* '* int '* '*))
(define (esq-spec-set-fd spec field fd position)
  (let ((field (c-text field)))
    (call-with-location position
      (lambda (location error) (%esq-spec-set-fd spec field fd location error)))))

(define %esq-spec-add-fd (function "esq_spec_add_fd" int '* '* int int '* '*))
(define (esq-spec-add-fd spec field fd inside position)
  (let ((field (c-text field)))
    (call-with-location position
      (lambda (location error) (%esq-spec-add-fd spec field fd inside location error)))))

;; --- plan

(define %esq-plan-build (function "esq_plan_build" int '* '* '*))
(define (esq-plan-build spec)
  (call-for-pointer (lambda (out error) (%esq-plan-build spec out error))))
(define esq-plan-free (function "esq_plan_free" void '*))

;; --- containers

(define %esq-launch (function "esq_launch" int '* '* '*))
(define (esq-launch plan)
  (call-for-pointer (lambda (out error) (%esq-launch plan out error))))

;; With options: bound to this process, through the program that supervises it, instead of to the calling thread.
(define ESQ_SUPERVISED 1)
(define %esq-launch-with (function "esq_launch_with" int '* '* '* '*))
(define launch-options `(,size_t ,unsigned-int *))
(define (esq-launch-with plan supervised?)
  (let* ((supervisor (c-text %supervisor))
         (options (make-c-struct launch-options
                                 (list (sizeof launch-options) (if supervised? ESQ_SUPERVISED 0) supervisor)))
         (container (call-for-pointer (lambda (out error) (%esq-launch-with plan options out error)))))
    (keep-alive supervisor options)
    container))

;; #t: it has ended; #f: not within so many milliseconds.
(define %esq-wait (function "esq_wait" int '* int int '*))
(define ETIMEDOUT-result (- ETIMEDOUT))
(define (esq-wait container timeout-ms)
  (zero? (call-checked
          (lambda (error)
            (let ((result (%esq-wait container timeout-ms -1 error)))
              (if (= result ETIMEDOUT-result) 1 result))))))

;; 0, or a negative errno.
(define esq-signal (function "esq_signal" int '* int))
(define esq-container-pid (function "esq_container_pid" int '*))
(define esq-container-pidfd (function "esq_container_pidfd" int '*))
(define esq-container-free (function "esq_container_free" void '*))

;; An association list of such fields, named as Scheme names things.
(define (numbers-at bytes structure fields)
  (map (lambda (field)
         (cons (string->symbol (string-map (lambda (char) (if (char=? char #\_) #\- char)) (symbol->string field)))
               (u64-at bytes structure field)))
       fields))

(define %esq-reason-name (function "esq_reason_name" '* int))
(define %esq-container-result (function "esq_container_result" void '* '*))
;; An association list with the names of the C structure.
(define (esq-container-result container)
  (let ((bytes (make-bytevector structure-bytes 0)))
    (%esq-container-result container (bytevector->pointer bytes))
    (let ((reason (int-at bytes 'esq_result 'reason)))
      `((running? . ,(zero? reason))
        (reason . ,(pointer->string (%esq-reason-name reason) -1 "UTF-8"))
        (exit-status . ,(int-at bytes 'esq_result 'exit_status))
        (signal . ,(int-at bytes 'esq_result 'signal))
        (wall-microseconds . ,(u64-at bytes 'esq_result 'wall_microseconds))
        (user-microseconds . ,(u64-at bytes 'esq_result 'user_microseconds))
        (system-microseconds . ,(u64-at bytes 'esq_result 'system_microseconds))
        ,@(numbers-at bytes 'esq_result
            '(peak_memory memory_peak memory_limit processes_peak processes_limit oom_kills refused_forks))))))

;; An association list of what it uses at this moment, or #f: it has ended, or nothing counts.
(define %esq-container-stats (function "esq_container_stats" int '* '*))
(define (esq-container-stats container)
  (let ((bytes (make-bytevector structure-bytes 0)))
    (and (zero? (%esq-container-stats container (bytevector->pointer bytes)))
         (numbers-at bytes 'esq_stats (map car (assq-ref structure-layout 'esq_stats))))))

;; --- the calling process behind walls

(define %esq-confine (function "esq_confine" int '* '*))
(define (esq-confine plan)
  (call-checked (lambda (error) (%esq-confine plan error))))

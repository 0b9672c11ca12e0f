;; Services: containers with what is known about their life. Described and checked here; running them is the runtime's.
(define-library (esquema service)
  (import (scheme base) (esquema syntax) (esquema container))
  (export service services service? services? service-name service-container service-needs service-restart
          service-ready service-logs services-list service-from-fields services-from-list)
  (begin

    (define-record-type <service>
      (%service name position container needs restart ready logs)
      service?
      (name service-name)
      (position service-position)
      (container service-container)
      (needs service-needs)
      (restart service-restart)
      (ready service-ready)
      (logs service-logs))

    (define-record-type <services>
      (%services list)
      services?
      (list services-list))

    (define field-names '(name container needs restart ready logs))

    (define (unknown-field position name)
      (let ((near (if (symbol? name) (nearest-word name field-names) #f)))
        (refuse position "unknown field of a service `" name "`" (if near "; did you mean `" "") (if near near "")
                (if near "`?" ""))))

    (define (value-of fields name default)
      (let ((found (assq name fields)))
        (if found (cdr found) default)))

    (define (checked position name good? wanted value)
      (if (good? value) value (refuse position "field `" name "` must be " wanted)))

    (define (restart-word position values)
      (if (and (= (length values) 1) (memq (car values) '(never on-failure always)))
          (car values)
          (refuse position "field `restart` must be never, on-failure or always")))

    ;; fields: (name . value) pairs
    (define (service-from-fields position fields)
      (let ((container (checked position 'container container? "a container" (value-of fields 'container #f))))
        (%service (checked position 'name string? "a string" (value-of fields 'name (container-name container)))
                  position
                  container
                  (map (lambda (need) (field-text position 'needs need)) (value-of fields 'needs '()))
                  (value-of fields 'restart 'never)
                  (value-of fields 'ready #f)
                  (value-of fields 'logs #f))))

    (define (named name all)
      (cond ((null? all) #f)
            ((string=? (service-name (car all)) name) (car all))
            (else (named name (cdr all)))))

    (define (check-unique all)
      (if (pair? all)
          (begin
            (if (named (service-name (car all)) (cdr all))
                (refuse (service-position (car all)) "two services are called `" (service-name (car all)) "`"))
            (check-unique (cdr all)))))

    ;; Whose network it joins, a name or a path; #f: nobody's.
    (define (joined one)
      (let loop ((entries (container-entries (service-container one))) (found #f))
        (cond ((null? entries) found)
              ((string=? (list-ref (car entries) 3) "network-join") (loop (cdr entries) (list-ref (car entries) 4)))
              (else (loop (cdr entries) found)))))

    ;; A network is there when its own service runs: to join it is to need that one.
    (define (all-needs one)
      (let ((other (joined one)))
        (if other (cons other (service-needs one)) (service-needs one))))

    ;; Removes what needs nothing that is left, until nothing is left; what cannot be removed needs itself.
    (define (check-order all)
      (define (waits? one left)
        (let loop ((needs (all-needs one)))
          (and (pair? needs) (or (named (car needs) left) (loop (cdr needs))))))
      (let loop ((left all))
        (if (pair? left)
            (let ((waiting (let keep ((rest left))
                             (cond ((null? rest) '())
                                   ((waits? (car rest) left) (cons (car rest) (keep (cdr rest))))
                                   (else (keep (cdr rest)))))))
              (if (= (length waiting) (length left))
                  (refuse (service-position (car left)) "service `" (service-name (car left)) "` waits for itself")
                  (loop waiting))))))

    (define (services-from-list all)
      (for-each (lambda (one) (if (not (service? one)) (refuse #f "services are made of services, not of " one))) all)
      (check-unique all)
      (for-each
       (lambda (one)
         (for-each (lambda (need)
                     (if (not (named need all))
                         (refuse (service-position one) "service `" (service-name one) "` needs `" need
                                 "`, which is not described")))
                   (service-needs one)))
       all)
      (check-order all)
      (%services all))

    (define-syntax services
      (syntax-rules ()
        ((_ one ...) (services-from-list (list one ...)))))

    (define-syntax service
      (syntax-rules ()
        ((_ field ...) (service-form (field ...) field ...))))

    (define-syntax service-form
      (syntax-rules ()
        ((_ (first . rest) (head . values) ...)
         (service-from-fields (located first) (service-fields (first . rest) (head . values) ...)))
        ((_ . other) (refuse #f "a service is (service (name ...) (container ...) ...)"))))

    (define-syntax service-fields
      (syntax-rules ()
        ((_ (field ...) (head . values) ...) (list (service-field field (head . values)) ...))))

    (define-syntax service-field
      (syntax-rules ()
        ((_ form (head . values))
         (symbol-case head
           ((name container) (cons 'head (begin . values)))
           ((needs) (cons 'needs (list . values)))
           ((restart) (cons 'restart (restart-word (located form) 'values)))
           ((ready) (cons 'ready (ready-form . values)))
           ((logs) (cons 'logs (parts-form (keep) . values)))
           (else (unknown-field (located form) 'head))))))

    (define ready-choices
      "field `ready` is notify, (tcp PORT), (socket \"/path\"), (command \"/program\" ...) or (descriptor NUMBER)")

    ;; (tcp 8080) is a list of the word and its values; notify has none.
    (define-syntax ready-form
      (syntax-rules ()
        ((_ (head . values))
         (symbol-case head
           ((notify socket tcp command descriptor) (list 'head . values))
           (else (refuse (located head) ready-choices ", not (" 'head " ...)"))))
        ((_ word)
         (symbol-case word
           ((notify) '(notify))
           (else (refuse (located word) ready-choices))))
        ((_ . other) (refuse #f ready-choices))))

    (define-syntax parts-form
      (syntax-rules ()
        ((_ (known ...) (head . values))
         (symbol-case head
           ((known ...) (list 'head . values))
           (else (refuse (located head) "unknown word `" 'head "`"))))
        ((_ known . other) (refuse #f "field of a service expects one form, such as (tcp 8080)"))))))

;; Containers as values. A container is a name and a list of entries, in the words of the runtime's specification:
;;   (group position how field word ...)
;; how is set or add; all words are strings; group says what an heir replaces together; position is (file line column),
;; or #f. What the words mean is the runtime's business; here is only the shape of what people write.
(define-library (esquema container)
  (import (scheme base) (esquema syntax) (esquema policy))
  (export container (rename make-container-located make-container) stored container? container-name container-rootfs container-command container-hostname
          container-environment container-namespaces container-entries
          container-rootfs-mode container-working-directory container-user container-mounts container-network
          container-published container-limits container-grace container-seccomp container-landlock
          container-capabilities container-devices container-best-effort limits-values
          make-limits make-limits-v1 limits limits? mounts bind tmpfs volume
          KiB MiB GiB milliseconds seconds minutes hours
          standard-policy strict-policy permissive-policy empty-policy no-policy seccomp-policy make-seccomp-policy
          ;; for the macros, and for (esquema service)
          container-from-fields nearest-word field-text)
  (begin

    ;; --- units: sizes are bytes, times are seconds

    (define (KiB n) (* n 1024))
    (define (MiB n) (* n 1048576))
    (define (GiB n) (* n 1073741824))
    (define (milliseconds n) (/ n 1000))
    (define (seconds n) n)
    (define (minutes n) (* n 60))
    (define (hours n) (* n 3600))

    ;; --- from values to words

    (define (wrong position field wanted got)
      (refuse position "field `" field "` must be " wanted ", not " (if (string? got) (string-append "\"" got "\"") got)))

    (define (field-text position field value)
      (if (string? value) value (wrong position field "a string" value)))

    (define (word position field value)
      (cond ((symbol? value) (symbol->string value))
            ((string? value) value)
            (else (wrong position field "a word" value))))

    (define (count-text position field value)
      (if (and (number? value) (exact? value) (integer? value) (>= value 0))
          (number->string value)
          (wrong position field "a whole number" value)))

    (define (size-text position field value)
      (if (and (number? value) (exact? value) (integer? value) (>= value 0))
          (number->string value)
          (wrong position field "a number of bytes, such as (MiB 64)" value)))

    (define (ratio-text position field value)
      (if (and (number? value) (real? value) (> value 0))
          (number->string value)
          (wrong position field "a number of processors, such as 2 or 1/2" value)))

    (define (time-text position field value)
      (if (and (number? value) (real? value) (>= value 0) (< value 1000000000))
          (number->string (exact (ceiling (* value 1000))))
          (wrong position field "a time, such as (seconds 10)" value)))

    (define (one position field values)
      (if (and (pair? values) (null? (cdr values)))
          (car values)
          (refuse position "field `" field "` takes one value, not " (length values))))

    (define (entry group position how field . words)
      (append (list group position how field) words))

    (define entry-group car)
    (define (entry-words e) (cdr (cdr (cdr (cdr e)))))
    (define (entry-field e) (car (cdr (cdr (cdr e)))))

    ;; --- the nearest known word, for messages

    (define (distance a b)
      (let ((width (string-length b)))
        (let rows ((i 0) (previous (let count ((j 0)) (if (> j width) '() (cons j (count (+ j 1)))))))
          (if (= i (string-length a))
              (list-ref previous width)
              (rows (+ i 1)
                    (let columns ((j 0) (left (+ i 1)) (above previous) (out (list (+ i 1))))
                      (if (= j width)
                          (reverse out)
                          (let ((cell (min (+ left 1)
                                           (+ (cadr above) 1)
                                           (+ (car above) (if (char=? (string-ref a i) (string-ref b j)) 0 1)))))
                            (columns (+ j 1) cell (cdr above) (cons cell out))))))))))

    ;; #f: nothing is near. Names of more than 64 characters are like nothing that we know.
    (define (nearest-word name known)
      (let ((text (symbol->string name)))
        (if (> (string-length text) 64)
            #f
            (let loop ((known known) (best #f) (least (min 4 (+ 1 (quotient (string-length text) 2)))))
              (if (null? known)
                  best
                  (let ((far (distance text (symbol->string (car known)))))
                    (if (< far least)
                        (loop (cdr known) (car known) far)
                        (loop (cdr known) best least))))))))

    (define (unknown position what name known)
      (let ((near (if (symbol? name) (nearest-word name known) #f)))
        (if near
            (refuse position "unknown " what " `" name "`; did you mean `" near "`?")
            (refuse position "unknown " what " `" name "`"))))

    ;; What fields and limits are called elsewhere, behind what is written for them here.
    (define words-from-elsewhere
      '(("(environment (\"NAME\" \"value\"))" env environment-variables envs)
        ("(working-directory \"/folder\")" workdir working-dir cwd chdir)
        ("(mounts (bind \"folder\" \"/inside\"))" volumes volume bind mount tmpfs secrets)
        ("(network (publish 8080 80))" ports port publish expose)
        ("(rootfs \"folder\")" image root)
        ("(rootfs \"folder\"), which is read-only" read-only readonly)
        ("(command \"/bin/program\" \"argument\")" cmd entrypoint args exec)
        ("(limits (memory (MiB 512)) (cpus 2) (processes 100) (time (seconds 10)))"
         memory mem cpus cpu processes pids time timeout rlimits ulimits resources)
        ("(service (container ...) (restart on-failure)), among services" restart depends-on needs ready healthcheck)
        ("(capabilities net_bind_service), or whatever it needs" privileged caps cap-add)))

    (define (unknown-word position what name known)
      (let loop ((words words-from-elsewhere))
        (cond ((null? words) (unknown position what name known))
              ((memq name (cdr (car words)))
               (refuse position "unknown " what " `" name "`; write " (car (car words))))
              (else (loop (cdr words))))))

    (define field-names
      '(inherit name rootfs command environment working-directory hostname user namespaces mounts network limits
        seccomp landlock capabilities best-effort grace masks no-new-privileges proc dev tmp loopback devices id-map
        nested-namespaces))

    (define limit-names
      '(memory swap processes cpus cpuset io-read io-write io-read-operations io-write-operations time open-files
        file-size core-size stack-size address-space locked-memory cpu-time data-size user-processes pending-signals message-queues nice realtime-priority realtime-time
        output disk))

    ;; --- plain fields

    (define (plain-field field position values)
      (list
       (cond
        ((memq field '(name hostname working-directory))
         (entry field position 'set (symbol->string field) (field-text position field (one position field values))))
        ((eq? field 'grace)
         (entry field position 'set "grace" (time-text position field (one position field values))))
        ((eq? field 'command)
         (apply entry field position 'add "command" (command-words position values)))
        ((eq? field 'devices)
         (apply entry field position 'add "devices" (map (lambda (value) (field-text position field value)) values)))
        ((eq? field 'id-map)
         (entry field position 'set "id-range" (count-text position field (one position field values))))
        (else (refuse position "unknown field `" field "`")))))

    ;; The words of a command, or one list of them.
    (define (command-words position values)
      (let ((words (if (and (pair? values) (null? (cdr values)) (list? (car values))) (car values) values)))
        (if (null? words)
            (refuse position "field `command` needs a program")
            (map (lambda (value) (field-text position 'command value)) words))))

    ;; Words stand for themselves: (namespaces user mount), or as one quoted list.
    (define (word-list position field data)
      (let ((words (if (and (pair? data) (null? (cdr data)) (pair? (car data)) (eq? (car (car data)) 'quote))
                       (car (cdr (car data)))
                       data)))
        (map (lambda (value) (word position field value)) words)))

    (define (words-field field position data)
      (list (apply entry field position 'add (symbol->string field) (word-list position field data))))

    (define (truth-field field position value)
      (list (entry field position 'set (symbol->string field)
                   (cond ((memq value '(yes #t)) "yes")
                         ((memq value '(no #f)) "no")
                         ((and (eq? value 'auto) (memq field '(proc dev tmp))) "auto")
                         (else (wrong position field "yes or no" value))))))

    (define (user-field position values)
      (let ((ids (if (and (pair? values) (pair? (car values))) (list (car (car values)) (cdr (car values))) values)))
        (if (not (= (length ids) 2))
            (refuse position "field `user` takes two numbers: the user's id and the group's"))
        (list (entry 'user position 'set "user"
                     (string-append (count-text position 'user (car ids)) ":"
                                    (count-text position 'user (cadr ids)))))))

    (define (environment-entries position pairs)
      (if (not (list? pairs)) (refuse position "field `environment` takes pairs: (\"NAME\" \"value\")"))
      (map (lambda (pair)
             (if (not (pair? pair)) (refuse position "field `environment` takes pairs: (\"NAME\" \"value\")"))
             (entry 'environment position 'add "environment"
                    (field-text position 'environment (car pair))
                    (field-text position 'environment (if (pair? (cdr pair)) (cadr pair) (cdr pair)))))
           pairs))

    (define (rootfs-entries position mode directory)
      (let ((how (list (entry 'rootfs position 'set "rootfs-mode" mode))))
        (if directory
            (cons (entry 'rootfs position 'set "rootfs" (field-text position 'rootfs directory)) how)
            how)))

    (define (kept-entries position directory name)
      (append (rootfs-entries position "overlay" directory)
              (list (entry 'rootfs position 'set "rootfs-keep" (field-text position 'keep name)))))

;; --- the network: parts are (publish value ...), (share), (metadata) and (join name-or-path), where that stands alone

    (define network-choices
      "field `network` is none, user, host, (publish PORT) ..., (share) or (join \"name\")")

    ;; Values are a port, the port inside, (address . "0.0.0.0"), and udp.
    (define (publish-entry position values)
      (apply entry 'network position 'add "publish"
             (map (lambda (value)
                    (cond ((eq? value 'udp) "udp")
                          ((and (pair? value) (eq? (car value) 'address))
                           (string-append "address=" (field-text position 'address (cdr value))))
                          (else (count-text position 'publish value))))
                  values)))

    (define (join-entries position values)
      (list (entry 'network position 'set "network" "join")
            (entry 'network position 'set "network-join" (field-text position 'join (one position 'join values)))))

    ;; mode: a word, or #f where none was written
    (define (network-part-entries position mode parts)
      (if (and (assq 'join parts) (or mode (pair? (cdr parts))))
          (refuse position "(join ...) stands alone: it is the other container that publishes and shares"))
      (if (assq 'join parts)
          (join-entries position (cdr (car parts)))
          (cons (entry 'network position 'set "network"
                       (cond (mode (word position 'network mode))
                             ((assq 'publish parts) "user")
                             (else "none")))
                (map (lambda (part)
                       (case (car part)
                         ((publish) (publish-entry position (cdr part)))
                         ((share) (entry 'network position 'set "network-share" "yes"))
                         (else (entry 'network position 'set "network-metadata" "yes"))))
                     parts))))

    ;; A word, or (join "name") as a list.
    (define (network-entries position value)
      (if (and (pair? value) (eq? (car value) 'join) (list? value))
          (join-entries position (cdr value))
          (network-part-entries position value '())))

    (define (seccomp-entries position policy)
      (cons (entry 'seccomp position 'set "seccomp" (seccomp-policy-base policy))
            (map (lambda (rule) (apply entry 'seccomp position 'add "seccomp-rules" rule))
                 (seccomp-policy-rules policy))))

    (define (landlock-rule position verb values)
      (apply entry 'landlock position 'add "landlock-rules" verb
             (map (lambda (value) (if (number? value)
                                      (count-text position 'landlock value)
                                      (field-text position 'landlock value)))
                  values)))

    (define (landlock-mode position value)
      (entry 'landlock position 'set "landlock" (word position 'landlock value)))

    ;; --- mounts

    ;; A source that is kept under its name, for whatever containers name it.
    (define (volume name) (list 'volume (field-text #f 'volume name)))
    (define (volume? value)
      (and (pair? value) (eq? (car value) 'volume) (pair? (cdr value)) (string? (cadr value)) (null? (cddr value))))

    ;; What is bound is read-only, and a volume is there to be written to, unless the description says otherwise.
    (define (bind-entry position source destination access)
      (entry 'mounts position 'add "mounts"
             (if (volume? source) "volume" "bind")
             (if (volume? source) (cadr source) (field-text position 'bind source))
             (field-text position 'bind destination)
             (cond ((eq? access 'default) (if (volume? source) "writable" "read-only"))
                   ((memq access '(read-only #t)) "read-only")
                   ((memq access '(writable read-write #f)) "writable")
                   (else (wrong position 'bind "read-only or writable" access)))))

    (define (tmpfs-entry position destination options)
      (apply entry 'mounts position 'add "mounts" "tmpfs" (field-text position 'tmpfs destination)
             (map (lambda (option)
                    (cond ((eq? (car option) 'size)
                           (string-append "size=" (size-text position 'size (cdr option))))
                          ((eq? (car option) 'inodes)
                           (string-append "inodes=" (count-text position 'inodes (cdr option))))
                          (else (unknown position "option of a tmpfs" (car option) '(size inodes)))))
                  options)))

    ;; Options are pairs: (keep . "/folder").
    (define (overlay-entry position source destination options)
      (apply entry 'mounts position 'add "mounts" "overlay" (field-text position 'overlay source)
             (field-text position 'overlay destination)
             (map (lambda (option)
                    (if (eq? (car option) 'keep)
                        (string-append "keep=" (field-text position 'keep (cdr option)))
                        (unknown position "option of an overlay" (car option) '(keep))))
                  options)))

    ;; (text destination contents), (link destination where-it-leads), (hide destination), (pin destination access)
    (define (made-entry verb position . values)
      (apply entry 'mounts position 'add "mounts" (symbol->string verb)
             (map (lambda (value) (if (symbol? value) (symbol->string value) (field-text position verb value))) values)))

    (define (mount-entry? value)
      (and (list? value) (> (length value) 4) (eq? (car value) 'mounts)))

    ;; A mount, a list of mounts, or (source destination read-only?).
    (define (mount-entries position value)
      (cond ((mount-entry? value) (list value))
            ((and (list? value) (pair? value) (or (string? (car value)) (volume? (car value))))
             (if (memv (length value) '(2 3))
                 (list (bind-entry position (car value) (cadr value)
                                   (if (null? (cdr (cdr value))) 'default (list-ref value 2))))
                 (refuse position "a mount is (source destination read-only?)")))
            ((list? value) (append-all (map (lambda (each) (mount-entries position each)) value)))
            (else (refuse position "a mount is made with bind or tmpfs, not " value))))

    (define (append-all lists) (apply append lists))

    ;; --- limits: a list of entries, each a group of its own, so that heirs replace them one by one

    (define-record-type <limits>
      (%limits entries)
      limits?
      (entries limits-entries))

    (define (limit-entries name position values)
      (if (memq name '(io-read io-write io-read-operations io-write-operations))
          (device-limit name position values)
          (one-limit name position values)))

    ;; (io-read "/dev/sda" (MiB 10)): so much a second, for the device or the one that the path lies on
    (define (device-limit name position values)
      (if (not (= (length values) 2))
          (refuse position "limit `" name "` takes a device and a number, such as (" name " \"/dev/sda\" (MiB 10))"))
      (list (entry name position 'add (symbol->string name)
                   (field-text position name (car values))
                   (size-text position name (cadr values)))))

    (define (one-limit name position values)
      (let ((value (one position name values)))
        (list (entry name position 'set (symbol->string name)
                     (cond ((memq name '(memory swap file-size core-size stack-size address-space locked-memory data-size
                                          message-queues output disk))
                            (size-text position name value))
                           ((memq name '(open-files user-processes pending-signals nice realtime-priority))
                            (count-text position name value))
                           ((eq? name 'processes)
                            (if (memq value '(unlimited)) "unlimited" (count-text position name value)))
                           ((eq? name 'cpuset) (field-text position name value))
                           ((eq? name 'cpus) (ratio-text position name value))
                           (else (time-text position name value)))))))

    (define (entries-of-limits position value)
      (if (limits? value)
          (map (lambda (e) (if (cadr e) e (cons (car e) (cons position (cdr (cdr e))))))
               (limits-entries value))
          (refuse position "field `limits` takes limits such as (memory (MiB 64)), or what make-limits made, not " value)))

    ;; As it was from the beginning: memory in bytes, processes, and processor time as quota in each period.
    (define (make-limits memory processes . quota-and-period)
      (define (limit name value) (if value (limit-entries name #f (list value)) '()))
      (%limits
       (append (limit 'memory memory)
               (limit 'processes processes)
               (cond ((or (null? quota-and-period) (not (car quota-and-period))) '())
                     ((null? (cdr quota-and-period)) (limit 'cpus (/ (car quota-and-period) 100000)))
                     (else (limit 'cpus (/ (car quota-and-period) (cadr quota-and-period))))))))

    ;; The same, and how many files a process may have open: 16 to 1048576.
    (define (make-limits-v1 memory processes quota period . open-files)
      (let ((basic (make-limits memory processes quota period)))
        (cond ((or (null? open-files) (not (car open-files))) basic)
              ((and (exact-integer? (car open-files)) (<= 16 (car open-files) 1048576))
               (%limits (append (limits-entries basic) (limit-entries 'open-files #f open-files))))
              (else (refuse #f "the number of open files is a whole number from 16 to 1048576")))))

    ;; --- containers

    (define-record-type <container>
      (%container name %entries)
      container?
      (name container-name)
      (%entries container-entries))

    (show-only <container> container-name)

    (define (find-entry entries field)
      (cond ((null? entries) #f)
            ((string=? (entry-field (car entries)) field) (car entries))
            (else (find-entry (cdr entries) field))))

    (define (first-word entries field)
      (let ((found (find-entry entries field)))
        (if (and found (pair? (entry-words found))) (car (entry-words found)) #f)))

    (define (all-words entries field)
      (append-all (map (lambda (e) (if (string=? (entry-field e) field) (entry-words e) '())) entries)))

    (define (container-rootfs c) (first-word (container-entries c) "rootfs"))
    (define (container-hostname c)
      (let ((given (first-word (container-entries c) "hostname")))
        (if given given (container-name c))))
    (define (container-command c) (all-words (container-entries c) "command"))

    ;; What was not given reads as what the runtime takes for it.
    (define (word-or c field default)
      (let ((given (first-word (container-entries c) field)))
        (if given given default)))
    (define (symbols c field) (map string->symbol (all-words (container-entries c) field)))

    (define (container-rootfs-mode c) (string->symbol (word-or c "rootfs-mode" "read-only")))
    (define (container-working-directory c) (word-or c "working-directory" "/"))
    (define (container-namespaces c)
      (let ((given (symbols c "namespaces")))
        (if (null? given) '(user mount pid uts ipc net cgroup) given)))
    (define (container-grace c) (/ (string->number (word-or c "grace" "2000")) 1000))
    (define (container-seccomp c) (string->symbol (word-or c "seccomp" "standard")))
    (define (container-landlock c) (string->symbol (word-or c "landlock" "standard")))
    (define (container-capabilities c) (symbols c "capabilities"))
    (define (container-best-effort c) (symbols c "best-effort"))
    (define (container-devices c) (all-words (container-entries c) "devices"))

    ;; (uid . gid)
    (define (container-user c)
      (let* ((text (word-or c "user" "0:0"))
             (colon (let find ((i 0)) (if (char=? (string-ref text i) #\:) i (find (+ i 1))))))
        (cons (string->number (substring text 0 colon))
              (string->number (substring text (+ colon 1) (string-length text))))))

    ;; none, host, user, or (join "name")
    (define (container-network c)
      (let ((mode (string->symbol (word-or c "network" "none"))))
        (if (eq? mode 'join) (list 'join (word-or c "network-join" "")) mode)))

    (define (items c field)
      (append-all (map (lambda (e) (if (string=? (entry-field e) field) (list (entry-words e)) '()))
                       (container-entries c))))
    (define (container-mounts c) (items c "mounts"))
    (define (container-published c) (items c "publish"))

    ;; (memory . bytes), (time . seconds), (io-read "/dev/sda" bytes): each as a description says it
    (define (limit-value e)
      (let ((name (string->symbol (entry-field e))) (words (entry-words e)))
        (cond ((pair? (cdr words)) (list name (car words) (string->number (cadr words))))
              ((memq name '(time cpu-time realtime-time)) (cons name (/ (string->number (car words)) 1000)))
              ((eq? name 'cpuset) (cons name (car words)))
              ((string->number (car words)) => (lambda (number) (cons name number)))
              (else (cons name (string->symbol (car words)))))))
    (define (limit-values entries)
      (append-all (map (lambda (e) (if (memq (string->symbol (entry-field e)) limit-names) (list (limit-value e)) '()))
                       entries)))
    (define (container-limits c) (limit-values (container-entries c)))
    (define (limits-values limits) (limit-values (limits-entries limits)))
    (define (container-environment c)
      (append-all (map (lambda (e) (if (string=? (entry-field e) "environment")
                                       (list (cons (car (entry-words e)) (cadr (entry-words e))))
                                       '()))
                       (container-entries c))))

    (define (inherited position values)
      (let ((from (one position 'inherit values)))
        (if (container? from)
            (cons 'inherited (container-entries from))
            (refuse position "field `inherit` must be a container, not " from))))

    ;; A field is a list of entries; an inherited container is one that begins with the word `inherited`.
    (define (inherited? field) (and (pair? field) (eq? (car field) 'inherited)))

    (define (groups-of field)
      (if (inherited? field) '() (map entry-group field)))

    (define (without-groups entries groups)
      (cond ((null? entries) '())
            ((memq (entry-group (car entries)) groups) (without-groups (cdr entries) groups))
            (else (cons (car entries) (without-groups (cdr entries) groups)))))

    (define (container-from-fields position fields)
      (let* ((given (append-all (map groups-of fields)))
             (entries (append-all
                       (map (lambda (field) (if (inherited? field) (without-groups (cdr field) given) field)) fields)))
             (name (first-word entries "name")))
        (check-once fields '())
        (%container (if name name (refuse position "a container needs a name")) entries)))

    ;; No field twice: the second would hide the first.
    (define (check-once fields seen)
      (if (pair? fields)
          (let ((groups (groups-of (car fields))))
            (for-each (lambda (e)
                        (if (memq (entry-group e) seen)
                            (refuse (cadr e) "field `" (entry-group e) "` is given twice")))
                      (if (inherited? (car fields)) '() (car fields)))
            (check-once (cdr fields) (append groups seen)))))

    (define (hash-entry position text)
      (entry 'rootfs position 'set "rootfs-sha256" (field-text position 'sha256 text)))

    ;; The root filesystem of that name in the user's store, where others are folders beside the description.
    (define (stored name) (string-append "store:" (field-text #f 'stored name)))

    ;; What #:drop-caps? #f keeps, and what #:strict? #f excuses.
    (define all-capabilities
      '(chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service
        net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin
        sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override
        mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore))
    (define all-excuses
      '(memory swap processes cpus cpuset io-read io-write io-read-operations io-write-operations
        landlock landlock-ports landlock-scopes))

    (define (teardown-entries position value)
      (if (and (number? value) (exact? value) (integer? value) (<= 1 value 60000))
          (list (entry 'grace position 'set "grace" (number->string value)))
          (refuse position "#:teardown-timeout-ms is a whole number of milliseconds from 1 to 60000")))

    ;; Descriptors of this program that stay open inside: numbers, or (number . number-inside). Programs may write it; in
    ;; a description it is refused.
    (define (descriptor-entries position fds)
      (map (lambda (fd)
             (let ((outside (if (pair? fd) (car fd) fd)) (inside (if (pair? fd) (cdr fd) fd)))
               (entry 'preserve-fds position 'descriptor "keep"
                      (count-text position 'preserve-fds outside) (count-text position 'preserve-fds inside))))
           fds))

    (define (text-or-overlay position rootfs ro?)
      (rootfs-entries position (if ro? "read-only" "overlay") rootfs))

    (define* (make-container name rootfs command
                             #:key (position #f) (hostname #f) (environment '()) (working-directory #f) (id-map #f)
                             (namespaces '()) (rootfs-ro? #t) (mounts '()) (network #f) (limits #f) (time #f) (devices '())
                             (open-files #f) (grace #f) (seccomp #f) (seccomp? #t) (landlock? #t) (capabilities '())
                             (no-new-privileges? #t) (best-effort '())
                             ;; other words for the same
                             (env '()) (seccomp-policy seccomp) (drop-caps? #t) (strict? #t) (supervise? #t)
                             (teardown-timeout-ms #f) (preserve-fds '()) (cgroup-name #f)
                             (places '())) ; where each argument stands: ((#:limits file line column) ...)
      ;; The place of the first of these arguments that was written.
      (define (at . keys)
        (cond ((null? keys) position)
              ((assq (car keys) places) => (lambda (found) (if (cdr found) (cdr found) position)))
              (else (apply at (cdr keys)))))
      (define (if-given value field) (if value (list (field value)) '()))
      (define (words field value . where) (if (null? value) '() (list (words-field field (apply at where) value))))
      (container-from-fields
       position
       (append
        (list (plain-field 'name position (list name))
              (text-or-overlay (at #:rootfs) rootfs rootfs-ro?)
              (plain-field 'command (at #:command) (if (list? command) command (list command))))
        (if-given hostname (lambda (value) (plain-field 'hostname (at #:hostname) (list value))))
        (if-given (append environment env) (lambda (pairs) (environment-entries (at #:environment #:env) pairs)))
        (if-given working-directory
                  (lambda (value) (plain-field 'working-directory (at #:working-directory) (list value))))
        (if-given id-map (lambda (value) (user-field (at #:id-map) (list value))))
        (words 'namespaces namespaces #:namespaces)
        (if-given (pair? mounts) (lambda (yes) (mount-entries (at #:mounts) mounts)))
        (if-given network (lambda (value) (network-entries (at #:network) value)))
        (if-given (pair? devices) (lambda (yes) (plain-field 'devices (at #:devices) devices)))
        (if-given limits (lambda (value) (entries-of-limits (at #:limits) value)))
        (if-given time (lambda (value) (limit-entries 'time (at #:time) (list value))))
        (if-given open-files (lambda (value) (limit-entries 'open-files (at #:open-files) (list value))))
        (if-given grace (lambda (value) (plain-field 'grace (at #:grace) (list value))))
        (if-given teardown-timeout-ms (lambda (value) (teardown-entries (at #:teardown-timeout-ms) value)))
        (if-given (or seccomp-policy (not seccomp?))
                  (lambda (yes)
                    (let ((place (at #:seccomp? #:seccomp #:seccomp-policy)))
                      (seccomp-entries place (if seccomp? (named-policy seccomp-policy place) no-policy)))))
        (if-given (not landlock?) (lambda (yes) (list (landlock-mode (at #:landlock?) 'none))))
        (words 'capabilities (if drop-caps? capabilities all-capabilities) #:drop-caps? #:capabilities)
        (if-given (not no-new-privileges?)
                  (lambda (yes) (truth-field 'no-new-privileges (at #:no-new-privileges?) #f)))
        (words 'best-effort (if strict? best-effort all-excuses) #:strict? #:best-effort)
        (if-given (pair? preserve-fds) (lambda (yes) (descriptor-entries (at #:preserve-fds) preserve-fds)))
        (if supervise? '() (refuse (at #:supervise?) "#:supervise? is always #t: every container has an init"))
        (if cgroup-name
            (refuse (at #:cgroup-name)
                    "#:cgroup-name cannot be chosen: the runtime knows its own leftovers by the names that it gives")
            '()))))

    ;; (make-container name rootfs command #:key value ...) with the place of each; anything else is the procedure's.
    (define-syntax make-container-form
      (syntax-rules ()
        ((_ first second third option ...)
         (make-container first second third #:position (located first)
                         #:places (list (cons #:rootfs (located second)) (cons #:command (located third))
                                        (cons 'option (located option)) ...)
                         option ...))
        ((_ . other) (make-container . other))))

    (define-located make-container-located make-container-form make-container)

    ;; --- what people write

    ;; (container (name "web") ...) or (container "web" "rootfs" '("/bin/httpd") #:key value ...)
    (define-syntax container
      (syntax-rules ()
        ((_ field ...) (container-form (field ...) field ...))))

    (define-syntax container-form
      (syntax-rules ()
        ((_ (field ...) (head . values) ...)
         (container-from-fields (first-position field ...) (list (container-field field (head . values)) ...)))
        ((_ operands name rootfs command option ...)
         (if-two-fields () operands (bare-word-form . operands)
                        (make-container-form name rootfs command option ...)))
        ((_ . other)
         (refuse #f "a container is (container (name ...) (rootfs ...) ...) or (container name rootfs command)"))))

    ;; Two of the fields that a container must have are no name, rootfs and command: the others are meant as fields, too.
    (define-syntax if-two-fields
      (syntax-rules ()
        ((_ (first second) operands then else) then)
        ((_ seen () then else) else)
        ((_ (seen ...) ((head . values) . rest) then otherwise)
         (symbol-case head
           ((inherit name rootfs command) (if-two-fields (head seen ...) rest then otherwise))
           (else (if-two-fields (seen ...) rest then otherwise))))
        ((_ seen (other . rest) then else) (if-two-fields seen rest then else))))

    (define-syntax bare-word-form
      (syntax-rules ()
        ((_ (head . values) . rest) (bare-word-form . rest))
        ((_ word . rest) (refuse-bare-word (located word) 'word))))

    (define (refuse-bare-word position word)
      (if (symbol? word)
          (refuse position "`" word "` stands among the fields without parentheses: (" word " ...)")
          (refuse position "every field is written (name value ...)")))

    (define-syntax first-position
      (syntax-rules ()
        ((_ field . rest) (located field))
        ((_) #f)))

    (define-syntax container-field
      (syntax-rules ()
        ((_ field (head . values))
         (symbol-case head
           ((name hostname working-directory command grace devices id-map)
            (plain-field 'head (located field) (list . values)))
           ((inherit) (inherited (located field) (list . values)))
           ((rootfs) (rootfs-form (located field) . values))
           ((environment) (environment-form (located field) . values))
           ((user) (user-field (located field) (list . values)))
           ((namespaces capabilities best-effort) (words-field 'head (located field) 'values))
           ((nested-namespaces)
            (truth-field 'head (located field) (if (null? 'values) 'yes (one (located field) 'head 'values))))
           ((masks no-new-privileges proc dev tmp loopback)
            (truth-field 'head (located field) (one (located field) 'head 'values)))
           ((mounts) (mounts . values))
           ((network) (network-form (located field) . values))
           ((limits) (limits-entries (limits . values)))
           ((seccomp) (seccomp-entries (located field) (seccomp-policy . values)))
           ((landlock) (landlock-form . values))
           (else (unknown-word (located field) "field" 'head field-names))))))

    (define-syntax rootfs-form
      (syntax-rules ()
        ((_ position (head . values))
         (symbol-case head
           ((overlay) (rootfs-entries position "overlay" (one position 'rootfs (list . values))))
           ((writable) (rootfs-entries position "writable" (one position 'rootfs (list . values))))
           ((read-only) (rootfs-entries position "read-only" (one position 'rootfs (list . values))))
           (else (rootfs-entries position "read-only" (head . values)))))
        ((_ position root (word text))
         (symbol-case word
           ((sha256) (append (rootfs-form position root) (list (hash-entry position text))))
           (else (rootfs-kept-form position root (word text)))))
        ((_ position root kept (word text))
         (symbol-case word
           ((sha256) (append (rootfs-form position root kept) (list (hash-entry position text))))
           (else (refuse position "behind a root filesystem stand (keep \"name\") and (sha256 \"...\")"))))
        ((_ position directory)
         (symbol-case directory
           ((empty) (rootfs-entries position "empty" #f))
           (else (rootfs-entries position "read-only" directory))))
        ((_ position . other) (refuse position "field `rootfs` takes one directory"))))

    (define-syntax rootfs-kept-form
      (syntax-rules ()
        ((_ position (mode directory) (word name))
         (symbol-case mode
           ((overlay)
            (symbol-case word
              ((keep) (kept-entries position directory name))
              (else (unknown position "word behind an overlay" 'word '(keep sha256)))))
           (else (refuse position "only the writes of an overlay can be kept"))))
        ((_ position . other) (refuse position "only the writes of an overlay can be kept"))))

    (define-syntax environment-form
      (syntax-rules ()
        ((_ position (name value) ...) (environment-entries position (list (list name value) ...)))
        ((_ position pairs) (environment-entries position pairs))
        ((_ position . other) (refuse position "field `environment` takes pairs: (environment (\"NAME\" \"value\") ...)"))))

    (define-syntax network-form
      (syntax-rules ()
        ((_ position) (refuse position network-choices))
        ((_ position (head . values) ...)
         (network-part-entries position #f (list (network-part position head . values) ...)))
        ((_ position word (head . values) ...)
         (symbol-case word
           ((none host user)
            (network-part-entries position 'word (list (network-part position head . values) ...)))
           ;; what people know from elsewhere
           ((bridge nat private isolated internal default pasta passt slirp4netns slirp macvlan ipvlan shared container pod)
            (refuse position network-choices ", not " 'word))
           (else (network-part-entries position word (list (network-part position head . values) ...)))))
        ((_ position . other) (refuse position network-choices))))

    (define-syntax network-part
      (syntax-rules ()
        ((_ position head port ... (address text) (option))
         (publish-option position head (port ... (cons 'address text)) option (option)))
        ((_ position head port ... (option)) (publish-option position head (port ...) option (option)))
        ((_ position head port ... (address text)) (network-parts position head port ... (cons 'address text)))
        ((_ position head value ...) (network-parts position head value ...))))

    ;; (udp), or an expression
    (define-syntax publish-option
      (syntax-rules ()
        ((_ position head (value ...) option expression)
         (symbol-case option
           ((udp) (network-parts position head value ... 'udp))
           (else (network-parts position head value ... expression))))))

    (define-syntax network-parts
      (syntax-rules ()
        ((_ position head value ...)
         (symbol-case head
           ((publish) (list 'publish value ...))
           ((join) (list 'join value ...))
           ((share) (if (null? (list value ...)) '(share) (refuse position "(share) has no values")))
           ((metadata) (if (null? (list value ...)) '(metadata) (refuse position "(metadata) has no values")))
           (else (refuse position network-choices ", not (" 'head " ...)"))))))

    (define-syntax mounts
      (syntax-rules ()
        ((_ mount ...) (append-all (list (mount-form mount mount) ...)))))

    (define-syntax mount-form
      (syntax-rules ()
        ((_ form (head . values))
         (symbol-case head
           ((bind) (list (bind-form (located form) . values)))
           ((tmpfs) (list (tmpfs-form (located form) . values)))
           ((overlay) (list (overlay-form (located form) . values)))
           ((text link hide) (list (made-entry 'head (located form) . values)))
           ((pin) (list (pin-form (located form) . values)))
           (else (mount-entries (located form) form))))
        ((_ form value) (mount-entries (located form) value))))

    ;; (bind source destination), and (writable), writable or an expression behind
    (define-syntax bind
      (syntax-rules ()
        ((_ source . rest) (bind-form (located source) source . rest))))

    (define-syntax bind-form
      (syntax-rules ()
        ((_ position source destination) (bind-entry position source destination 'default))
        ((_ position source destination (access)) (bind-form position source destination access))
        ((_ position source destination access)
         (symbol-case access
           ((read-only writable read-write) (bind-entry position source destination 'access))
           (else (bind-entry position source destination access))))
        ((_ position . other) (refuse position "a bind is (bind source destination), or with (writable) behind"))))

    (define-syntax tmpfs
      (syntax-rules ()
        ((_ destination . rest) (tmpfs-form (located destination) destination . rest))))

    (define-syntax tmpfs-form
      (syntax-rules ()
        ((_ position destination (option value) ...)
         (tmpfs-entry position destination (list (cons 'option value) ...)))
        ((_ position . other) (refuse position "a tmpfs is (tmpfs destination), or with (size ...) (inodes ...) behind"))))

    (define-syntax overlay-form
      (syntax-rules ()
        ((_ position source destination (option value) ...)
         (overlay-entry position source destination (list (cons 'option value) ...)))
        ((_ position . other)
         (refuse position "an overlay is (overlay source destination), or with (keep folder) behind"))))

    (define-syntax pin-form
      (syntax-rules ()
        ((_ position destination) (made-entry 'pin position destination 'read-only))
        ((_ position destination (access)) (pin-form position destination access))
        ((_ position destination access)
         (symbol-case access
           ((read-only writable) (made-entry 'pin position destination 'access))
           (else (refuse position "a pin is read-only or writable"))))
        ((_ position . other) (refuse position "a pin is (pin destination), or with (writable) behind"))))

    (define-syntax limits
      (syntax-rules ()
        ((_ limit ...) (%limits (append-all (list (limit-form limit limit) ...))))))

    (define-syntax limit-form
      (syntax-rules ()
        ((_ form (head . values))
         (symbol-case head
           ((processes) (processes-form (located form) . values))
           ((memory swap cpus cpuset io-read io-write io-read-operations io-write-operations time open-files file-size
             core-size stack-size address-space locked-memory cpu-time data-size user-processes pending-signals message-queues nice realtime-priority realtime-time
             output disk)
            (limit-entries 'head (located form) (list . values)))
           ((make-limits limits) (entries-of-limits (located form) (head . values)))
           (else (unknown-word (located form) "limit" 'head limit-names))))
        ((_ form value) (entries-of-limits (located form) value))))

    (define-syntax processes-form
      (syntax-rules ()
        ((_ position value)
         (symbol-case value
           ((unlimited) (limit-entries 'processes position '(unlimited)))
           (else (limit-entries 'processes position (list value)))))
        ((_ position . values) (limit-entries 'processes position (list . values)))))

    (define-syntax landlock-form
      (syntax-rules ()
        ((_ rule ...) (append-all (list (landlock-part rule rule) ...)))))

    (define-syntax landlock-part
      (syntax-rules ()
        ((_ form (head . values))
         (symbol-case head
           ((read-only read-write execute connect bind)
            (list (landlock-rule (located form) (symbol->string 'head) (list . values))))
           (else (unknown (located form) "rule of landlock" 'head '(read-only read-write execute connect bind)))))
        ((_ form word)
         (symbol-case word
           ((standard none deny-all) (list (landlock-mode (located form) 'word)))
           (else (list (landlock-mode (located form) word)))))))))

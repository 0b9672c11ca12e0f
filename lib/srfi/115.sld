;; SRFI 115: regular expressions as data (SRE), matched in time that grows with the product of the lengths of the text
;; and of the expression: all states of the automaton go over the text together (Thompson 1968; with submatches, Pike).
;; Of the matches that begin first the longest is taken; an expression with non-greedy operators prefers what they say.
;; Left out, as the SRFI allows: backreferences, look-ahead and look-behind, graphemes.
(define-library (srfi 115)
  (import (schooner primitives) (schooner syntax) (only (schooner kernel) values apply error map any every assoc))
  (export regexp rx regexp? valid-sre? regexp->sre
          regexp-matches regexp-matches? regexp-search
          regexp-replace regexp-replace-all regexp-fold regexp-extract regexp-split regexp-partition
          regexp-match? regexp-match-count regexp-match-submatch regexp-match-submatch-start
          regexp-match-submatch-end regexp-match->list)
  (begin

    ;; program: vector of instructions; count: of submatches; names: ((name . index) ...)
    (define-record-type <regexp>
      (%regexp sre %program %count %names %lazy?)
      regexp?
      (sre %sre) (%program %program) (%count %count) (%names %names) (%lazy? %lazy?))
    (define-record-type <regexp-match>
      (%match string offsets %regexp)
      regexp-match?
      (string %string) (offsets %offsets) (%regexp %of))

    (define-syntax rx
      (syntax-rules () ((_ sre ...) (regexp `(: sre ...)))))

    (define (%bad sre) (error "not a regular expression (SRE)" sre))

    ;; --- sets of characters: predicates. #f: the SRE is no set.

    (define (%punctuation? c) (and (%ascii? c) (%graphic? c) (not (%alnum? c)) (not (%symbol? c))))
    (define (%symbol? c) (memv c '(#\$ #\+ #\< #\= #\> #\^ #\` #\| #\~)))
    (define (%ascii? c) (char<? c #\x80))
    (define (%alnum? c) (or (char-alphabetic? c) (char-numeric? c)))
    (define (%control? c) (or (char<? c #\space) (and (char>=? c #\x7f) (char<? c #\xa0))))
    (define (%graphic? c) (not (or (%control? c) (char-whitespace? c))))
    (define (%hex? c) (or (and (char>=? c #\0) (char<=? c #\9)) (and (memv (char-foldcase c) '(#\a #\b #\c #\d #\e #\f)) #t)))
    (define (%word? c) (or (%alnum? c) (char=? c #\_)))

    (define (%named-set name)
      (case name
        ((any) (lambda (c) #t))
        ((nonl) (lambda (c) (not (or (char=? c #\newline) (char=? c #\return)))))
        ((ascii) %ascii?)
        ((lower lower-case) char-lower-case?)
        ((upper upper-case) char-upper-case?)
        ((title title-case) (lambda (c) (and (memv (char->integer c) '(453 456 459 498)) #t)))
        ((alpha alphabetic) char-alphabetic?)
        ((num numeric) char-numeric?)
        ((alnum alphanumeric alphanum) %alnum?)
        ((punct punctuation) (lambda (c) (or (%punctuation? c) (and (memv c '(#\xa1 #\xa7 #\xab #\xb6 #\xb7 #\xbb #\xbf)) #t))))
        ((symbol) %symbol?)
        ((graph graphic) %graphic?)
        ((print printing) (lambda (c) (or (%graphic? c) (char-whitespace? c))))
        ((white space whitespace) char-whitespace?)
        ((cntrl control) %control?)
        ((hex-digit xdigit) %hex?)
        (else #f)))

    (define (%one-of chars fold?)
      (if fold?
          (let ((chars (map char-foldcase chars)))
            (lambda (c) (and (memv (char-foldcase c) chars) #t)))
          (lambda (c) (and (memv c chars) #t))))

    (define (%ranges specs fold?)
      (let loop ((l (apply append (map (lambda (x) (if (char? x) (list x) (string->list x))) specs))) (out '()))
        (cond ((null? l)
               (let ((in? (lambda (c) (any (lambda (range) (and (char<=? (car range) c) (char<=? c (cdr range)))) out))))
                 (if fold?
                     (lambda (c) (or (in? c) (in? (char-downcase c)) (in? (char-upcase c))))
                     in?)))
              ((null? (cdr l)) (%bad specs))
              (else (loop (cddr l) (cons (cons (car l) (cadr l)) out))))))

    (define (%set sre fold?)
      (cond ((char? sre) (%one-of (list sre) fold?))
            ((and (string? sre) (= (string-length sre) 1)) (%one-of (string->list sre) fold?))
            ((symbol? sre)
             (let ((in? (%named-set sre)))
               (if (and in? fold? (memq sre '(lower lower-case upper upper-case title title-case)))
                   (lambda (c) (or (in? c) (in? (char-upcase c)) (in? (char-downcase c))))
                   in?)))
            ((not (and (pair? sre) (list? sre))) #f)
            ((string? (car sre)) (and (null? (cdr sre)) (%one-of (string->list (car sre)) fold?)))
            (else
             (case (car sre)
               ((char-set) (and (pair? (cdr sre)) (string? (cadr sre)) (%one-of (string->list (cadr sre)) fold?)))
               ((/ char-range)
                (if (every (lambda (x) (or (char? x) (string? x))) (cdr sre)) (%ranges (cdr sre) fold?) (%bad sre)))
               ((or |\||) (%sets (cdr sre) fold? (lambda (sets) (lambda (c) (any (lambda (in?) (in? c)) sets)))))
               ((and &) (%sets (cdr sre) fold? (lambda (sets) (lambda (c) (every (lambda (in?) (in? c)) sets)))))
               ((~ complement)
                (%sets (cdr sre) fold? (lambda (sets) (lambda (c) (not (any (lambda (in?) (in? c)) sets))))))
               ((- difference)
                (%sets (cdr sre) fold?
                       (lambda (sets)
                         (if (null? sets) (%bad sre))
                         (lambda (c) (and ((car sets) c) (not (any (lambda (in?) (in? c)) (cdr sets))))))))
               ((w/nocase) (and (pair? (cdr sre)) (null? (cddr sre)) (%set (cadr sre) #t)))
               ((w/case) (and (pair? (cdr sre)) (null? (cddr sre)) (%set (cadr sre) #f)))
               ((w/ascii)
                (and (pair? (cdr sre)) (null? (cddr sre))
                     (let ((in? (%set (cadr sre) fold?)))
                       (and in? (lambda (c) (and (%ascii? c) (in? c)))))))
               ((w/unicode) (and (pair? (cdr sre)) (null? (cddr sre)) (%set (cadr sre) fold?)))
               (else #f)))))
    (define (%sets sres fold? make)
      (let ((sets (map (lambda (sre) (%set sre fold?)) sres)))
        (and (every values sets) (make sets))))

    ;; --- compiling: fragments of instructions with jumps relative to themselves, so that they can be put side by side
    ;; #(char set) #(split first second) #(jump to) #(save slot) #(assert holds?) #(match)

    (define %lazy-operators '(?? non-greedy-optional *? non-greedy-zero-or-more **? non-greedy-repeated))

    ;; k gets the fragment (a list), the number of submatches so far and the names so far.
    (define (%compile sre fold? capture? count names k)
      (define (set in?) (k (list (vector 'char in?)) count names))
      (define (holds f) (k (list (vector 'assert f)) count names))
      (define (sequence sres fold? capture? k) (%sequence sres fold? capture? count names k))
      (define (repeat from to sres lazy?)
        (if (not (and (exact-integer? from) (>= from 0) (or (not to) (and (exact-integer? to) (>= to from))))) (%bad sre))
        (sequence sres fold? capture?
                  (lambda (code count names) (k (%repeat code from to lazy?) count names))))
      (define (capture sres names)
        (let ((index (+ count 1)))
          (%sequence sres fold? capture? index names
                     (lambda (code count names)
                       (k (append (list (vector 'save (* 2 index))) code (list (vector 'save (+ 1 (* 2 index)))))
                          count names)))))
      (cond ((regexp? sre) (%compile (%sre sre) fold? capture? count names k))
            ((%set sre fold?) => set)
            ((string? sre)
             (k (map (lambda (c) (vector 'char (%one-of (list c) fold?))) (string->list sre)) count names))
            ((symbol? sre)
             (case sre
               ((bos) (holds (lambda (before after) (not before))))
               ((eos) (holds (lambda (before after) (not after))))
               ((bol) (holds (lambda (before after) (or (not before) (char=? before #\newline)))))
               ((eol) (holds (lambda (before after) (or (not after) (char=? after #\newline)))))
               ((bow) (holds (lambda (before after) (and after (%word? after) (not (and before (%word? before)))))))
               ((eow) (holds (lambda (before after) (and before (%word? before) (not (and after (%word? after)))))))
               ((nwb) (holds (lambda (before after) (eq? (and before (%word? before)) (and after (%word? after))))))
               ((word) (%compile '(: bow (+ (or alphanumeric "_")) eow) fold? capture? count names k))
               (else (%bad sre))))
            ((not (and (pair? sre) (list? sre))) (%bad sre))
            (else
             (let ((sres (cdr sre)))
               (define (need n) (if (< (length sres) n) (%bad sre)))
               (case (car sre)
                 ((: seq) (sequence sres fold? capture? k))
                 ((or |\||) (%either sres fold? capture? count names k))
                 ((? optional) (repeat 0 1 sres #f))
                 ((?? non-greedy-optional) (repeat 0 1 sres #t))
                 ((* zero-or-more) (repeat 0 #f sres #f))
                 ((*? non-greedy-zero-or-more) (repeat 0 #f sres #t))
                 ((+ one-or-more) (repeat 1 #f sres #f))
                 ((= exactly) (need 1) (repeat (car sres) (car sres) (cdr sres) #f))
                 ((>= at-least) (need 1) (repeat (car sres) #f (cdr sres) #f))
                 ((** repeated) (need 2) (repeat (car sres) (cadr sres) (cddr sres) #f))
                 ((**? non-greedy-repeated) (need 2) (repeat (car sres) (cadr sres) (cddr sres) #t))
                 (($ submatch) (if capture? (capture sres names) (sequence sres fold? capture? k)))
                 ((-> submatch-named)
                  (need 1)
                  (if (not (symbol? (car sres))) (%bad sre))
                  (if capture?
                      (capture (cdr sres) (cons (cons (car sres) (+ count 1)) names))
                      (sequence (cdr sres) fold? capture? k)))
                 ((w/nocase) (sequence sres #t capture? k))
                 ((w/case) (sequence sres #f capture? k))
                 ((w/unicode w/ascii) (sequence sres fold? capture? k))
                 ((w/nocapture) (sequence sres fold? #f k))
                 ((word) (%compile `(: bow ,@sres eow) fold? capture? count names k))
                 ((word+)
                  (need 1)
                  (%compile `(: bow (+ (and (or alphanumeric "_") (or ,@sres))) eow) fold? capture? count names k))
                 (else (%bad sre)))))))

    (define (%sequence sres fold? capture? count names k)
      (let loop ((sres sres) (codes '()) (count count) (names names))
        (if (null? sres)
            (k (apply append (reverse codes)) count names)
            (%compile (car sres) fold? capture? count names
                      (lambda (code count names) (loop (cdr sres) (cons code codes) count names))))))

    ;; None matches nothing: a set without elements.
    (define (%either sres fold? capture? count names k)
      (cond ((null? sres) (k (list (vector 'char (lambda (c) #f))) count names))
            ((null? (cdr sres)) (%compile (car sres) fold? capture? count names k))
            (else
             (%compile (car sres) fold? capture? count names
                       (lambda (code count names)
                         (%either (cdr sres) fold? capture? count names
                                  (lambda (other count names)
                                    (k (append (list (vector 'split 1 (+ 2 (length code)))) code
                                               (list (vector 'jump (+ 1 (length other)))) other)
                                       count names))))))))

    (define (%split lazy? on off) (if lazy? (vector 'split off on) (vector 'split on off)))
    (define (%repeat code from to lazy?)
      (let* ((n (length code))
             (tail (if to
                       (let loop ((left (- to from)) (tail '()))
                         (if (= left 0)
                             tail
                             (loop (- left 1)
                                   (cons (%split lazy? 1 (+ 1 n (length tail))) (append code tail)))))
                       (append (list (%split lazy? 1 (+ n 2))) code (list (vector 'jump (- (+ n 1))))))))
        (let loop ((left from) (out tail))
          (if (= left 0) out (loop (- left 1) (append code out))))))

    (define (%lazy-sre? sre)
      (and (pair? sre) (list? sre)
           (or (and (memq (car sre) %lazy-operators) #t) (any %lazy-sre? (cdr sre)))))

    (define (regexp sre)
      (if (regexp? sre)
          sre
          (%compile sre #f #t 0 '()
                    (lambda (code count names)
                      (%regexp sre
                               (list->vector (append (list (vector 'save 0)) code
                                                     (list (vector 'save 1) (vector 'match))))
                               count names (%lazy-sre? sre))))))
    (define (regexp->sre re) (%sre re))
    (define (valid-sre? sre)
      (guard (problem (#t #f)) (regexp sre) #t))

    ;; --- running. A thread is (pc . slots); threads are in the order of their preference.

    (define (%with-slot slots index value)
      (if (= index 0)
          (cons value (cdr slots))
          (cons (car slots) (%with-slot (cdr slots) (- index 1) value))))

    ;; The threads that the thread leads to without a character, before those of `threads` (the last one first). `seen`
    ;; tells at which position a state was reached last; it belongs to one run, which calls nothing of the caller.
    (define (%follow program seen pc slots at before after threads)
      (let follow ((pc pc) (slots slots) (threads threads))
        (if (eqv? (vector-ref seen pc) at)
            threads
            (let ((instruction (vector-ref program pc)))
              (vector-set! seen pc at)
              (case (vector-ref instruction 0)
                ((char match) (cons (cons pc slots) threads))
                ((jump) (follow (+ pc (vector-ref instruction 1)) slots threads))
                ((split)
                 (follow (+ pc (vector-ref instruction 2)) slots
                         (follow (+ pc (vector-ref instruction 1)) slots threads)))
                ((save) (follow (+ pc 1) (%with-slot slots (vector-ref instruction 1) at) threads))
                (else
                 (if ((vector-ref instruction 1) before after)
                     (follow (+ pc 1) slots threads)
                     threads)))))))

    ;; Slots of the match in the characters `l` from position `at`, the character `before` in front of them; or #f.
    ;; whole?: from here to the end; otherwise the first one anywhere.
    (define (%run re l at before whole?)
      (let* ((program (%program re))
             (seen (make-vector (vector-length program) -1))
             (none (make-list (* 2 (+ 1 (%count re))) #f))
             (lazy? (%lazy? re)))
        (define (match-of threads)
          (cond ((null? threads) #f)
                ((eq? (vector-ref (vector-ref program (car (car threads))) 0) 'match) (car threads))
                (else (match-of (cdr threads)))))
        ;; What is worth to go on with beside a match: the preferred ones, or all that began no later.
        (define (rivals threads match)
          (let loop ((threads threads) (out '()))
            (cond ((null? threads) (reverse out))
                  ((eq? (car threads) match) (if lazy? (reverse out) (loop (cdr threads) out)))
                  ((<= (cadr (car threads)) (cadr match)) (loop (cdr threads) (cons (car threads) out)))
                  (else (loop (cdr threads) out)))))
        (let step ((threads (reverse (%follow program seen 0 none at before (and (pair? l) (car l)) '())))
                   (l l) (at at) (best #f))
          (let* ((match (and (or (not whole?) (null? l)) (match-of threads)))
                 (best (if match (cdr match) best))
                 (threads (if match (rivals threads match) threads)))
            (if (or (null? l) (and (null? threads) (or best whole?)))
                best
                (let* ((c (car l)) (rest (cdr l)) (after (and (pair? rest) (car rest))) (next (+ at 1)))
                  (let advance ((old threads) (new '()))
                    (cond ((pair? old)
                           (let ((instruction (vector-ref program (car (car old)))))
                             (advance (cdr old)
                                      (if (and (eq? (vector-ref instruction 0) 'char) ((vector-ref instruction 1) c))
                                          (%follow program seen (+ 1 (car (car old))) (cdr (car old)) next c after new)
                                          new))))
                          ((or best whole?) (step (reverse new) rest next best))
                          (else
                           (step (reverse (%follow program seen 0 none next c after new)) rest next best))))))))))

    (define (%range s rest)
      (if (not (string? s)) (%raise-type 'regexp 2 "a string" s))
      (let* ((n (string-length s))
             (start (if (pair? rest) (car rest) 0))
             (end (if (and (pair? rest) (pair? (cdr rest))) (cadr rest) n)))
        (if (not (and (exact-integer? start) (exact-integer? end) (<= 0 start end n)))
            (error "the range is not in the string" start end n))
        (cons start end)))
    (define (%match-in re s rest whole?)
      (let* ((re (regexp re))
             (range (%range s rest))
             (slots (%run re (string->list s (car range) (cdr range)) (car range) #f whole?)))
        (and slots (%match s slots re))))

    (define (regexp-matches re s . range) (%match-in re s range #t))
    (define (regexp-matches? re s . range) (if (%match-in re s range #t) #t #f))
    (define (regexp-search re s . range) (%match-in re s range #f))

    ;; --- matches

    (define (regexp-match-count match) (%count (%of match)))
    (define (%slot match field side)
      (let ((offsets (%offsets match)))
        (cond ((and (exact-integer? field) (<= 0 field (regexp-match-count match)))
               (list-ref offsets (+ side (* 2 field))))
              ((symbol? field)
               (let loop ((names (reverse (%names (%of match)))) (known? #f))
                 (cond ((null? names) (if known? #f (error "the expression has no such submatch" field)))
                       ((eq? (caar names) field)
                        (or (list-ref offsets (+ side (* 2 (cdar names)))) (loop (cdr names) #t)))
                       (else (loop (cdr names) known?)))))
              (else (error "the expression has no such submatch" field)))))
    (define regexp-match-submatch-start
      (case-lambda ((match) (%slot match 0 0)) ((match field) (%slot match field 0))))
    (define regexp-match-submatch-end
      (case-lambda ((match) (%slot match 0 1)) ((match field) (%slot match field 1))))
    (define regexp-match-submatch
      (case-lambda
        ((match) (regexp-match-submatch match 0))
        ((match field)
         (let ((start (%slot match field 0)) (end (%slot match field 1)))
           (and start end (substring (%string match) start end))))))
    (define (regexp-match->list match)
      (let loop ((i (regexp-match-count match)) (out '()))
        (if (< i 0) out (loop (- i 1) (cons (regexp-match-submatch match i) out)))))

    ;; --- all matches

    ;; The characters are listed once, so that many matches do not cost the square of the text.
    (define regexp-fold
      (case-lambda
        ((re kons knil s) (regexp-fold re kons knil s (lambda (i match s value) value)))
        ((re kons knil s finish . rest)
         (let* ((re (regexp re)) (range (%range s rest)) (end (cdr range)))
           (let loop ((l (string->list s (car range) end)) (at (car range)) (before #f) (from (car range)) (value knil))
             (let ((slots (and (< at end) (%run re l at before #f))))
               (if (not slots)
                   (finish from #f s value)
                   (let* ((match-end (cadr slots))
                          (next (if (= match-end (car slots)) (+ match-end 1) match-end))
                          (value (kons from (%match s slots re) s value)))
                     (if (>= next end)
                         (finish match-end #f s value)
                         (let ((last (list-tail l (- next at 1))))
                           (loop (cdr last) next (car last) match-end value)))))))))))

    (define (regexp-extract re s . range)
      (apply regexp-fold re
             (lambda (from match s out)
               (let ((text (regexp-match-submatch match 0)))
                 (if (= (string-length text) 0) out (cons text out))))
             '() s
             (lambda (from match s out) (reverse out))
             range))

    ;; The value is (end of the last match . parts, the last one first).
    (define (regexp-split re s . rest)
      (let ((range (%range s rest)))
        (regexp-fold re
                     (lambda (from match s out)
                       (let ((start (%slot match 0 0)) (end (%slot match 0 1)))
                         (if (= start end) out (cons end (cons (substring s (car out) start) (cdr out))))))
                     (list (car range)) s
                     (lambda (from match s out) (reverse (cons (substring s (car out) (cdr range)) (cdr out))))
                     (car range) (cdr range))))
    (define (regexp-partition re s . rest)
      (let ((range (%range s rest)))
        (regexp-fold re
                     (lambda (from match s out)
                       (let ((start (%slot match 0 0)) (end (%slot match 0 1)))
                         (if (= start end)
                             out
                             (cons end (cons (substring s start end) (cons (substring s (car out) start) (cdr out)))))))
                     (list (car range)) s
                     (lambda (from match s out)
                       (reverse (if (or (< (car out) (cdr range)) (null? (cdr out)))
                                    (cons (substring s (car out) (cdr range)) (cdr out))
                                    (cdr out))))
                     (car range) (cdr range))))

    ;; --- replacing

    (define (%substitute with match start end)
      (cond ((string? with) with)
            ((exact-integer? with) (or (regexp-match-submatch match with) ""))
            ((procedure? with) (%substitute (with match) match start end))
            ((eq? with 'pre) (substring (%string match) start (%slot match 0 0)))
            ((eq? with 'post) (substring (%string match) (%slot match 0 1) end))
            ((symbol? with) (or (regexp-match-submatch match with) ""))
            ((list? with) (%string-join (map (lambda (x) (%substitute x match start end)) with) ""))
            (else (error "not a substitution" with))))

    ;; which: the number of the match to replace, or #f for all
    (define (%replace re s with range which)
      (let ((start (car range)) (end (cdr range)))
        ;; (number end-of-the-last-replaced . pieces)
        (regexp-fold re
                     (lambda (from match s out)
                       (if (and which (not (= which (car out))))
                           (cons (+ 1 (car out)) (cdr out))
                           (cons* (+ 1 (car out))
                                  (%slot match 0 1)
                                  (%substitute with match start end)
                                  (substring s (cadr out) (%slot match 0 0))
                                  (cddr out))))
                     (list 0 start) s
                     (lambda (from match s out)
                       (%string-join (reverse (cons (substring s (cadr out) end) (cddr out))) ""))
                     start end)))
    (define regexp-replace
      (case-lambda
        ((re s with) (regexp-replace re s with 0 #f 0))
        ((re s with start) (regexp-replace re s with start #f 0))
        ((re s with start end) (regexp-replace re s with start end 0))
        ((re s with start end count)
         (%replace re s with (%range s (list start (or end (string-length s)))) (or count 0)))))
    (define (regexp-replace-all re s with . rest)
      (%replace re s with (%range s rest) #f))))

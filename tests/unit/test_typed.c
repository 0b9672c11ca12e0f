/* What an editor understands of typed text: R7RS 7.1.1 says where lists, strings and comments end; bodies are indented
 * by two columns, arguments stand beneath the first one. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include "tools/schooner/typed.h"

static struct typed scan(const char *text)
{
    struct typed typed = { 0 };
    typed_scan(text, strlen(text), &typed);
    return typed;
}

static void test_scan(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t depth;
        enum typed_token within;
    } cases[] = {
        { "", 0, TYPED_BETWEEN },
        { "(a (b) (c", 2, TYPED_BETWEEN },
        { "(a \")\" ; )\n", 1, TYPED_BETWEEN },
        { "(a \"\\\")", 1, TYPED_STRING },
        { "(|a)b\\| c", 1, TYPED_BAR },
        { "(#\\) #\\( #\\\" #\\\xe2\x86\x92", 1, TYPED_BETWEEN },
        { "(#| ( #| |# ) ", 1, TYPED_BLOCK_COMMENT },
        { "(#| ( #| |# ) |# b", 1, TYPED_BETWEEN },
        { "; (", 0, TYPED_LINE_COMMENT },
        { ")) (", 1, TYPED_BETWEEN },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct typed typed = scan(cases[i].text);
        assert_int_equal(typed.depth, cases[i].depth);
        assert_int_equal(typed.within, cases[i].within);
        assert_int_equal(typed.at, strlen(cases[i].text));
    }
    static char deep[5000];
    memset(deep, '(', sizeof deep - 1);
    assert_int_equal(scan(deep).depth, sizeof deep - 1);
}

/* Line by line it is the same as at once. */
static void test_scan_in_lines(void **state)
{
    (void)state;
    const char *text = "(a \"x\n(\" #| (\n #| \n |# |# (b ; (\n #\\( |c\n(|\n";
    struct typed whole = scan(text), typed = { 0 };
    for (size_t length = 1; text[length - 1]; length++)
        if (text[length - 1] == '\n')
            typed_scan(text, length, &typed);
    assert_int_equal(typed.depth, whole.depth);
    assert_int_equal(typed.within, whole.within);
    assert_int_equal(typed.depth, 2);
}

static void indents(const char *text, unsigned wanted)
{
    struct typed typed = scan(text);
    assert_int_equal(typed_indent(text, strlen(text), &typed), wanted);
}

static void test_indent(void **state)
{
    (void)state;
    indents("(define (f x)\n", 2);
    indents("(define (f x)\n  (let ((y 1))\n", 4);
    indents("(let ((x 1)\n", 6);
    indents("(+ 1\n", 3);
    indents("(if (a)\n", 4);
    indents("(string-append \"a\"\n", 15);
    indents("(f\n", 1);
    indents("((f x)\n", 1);
    indents("'(1 2\n", 4);
    indents("(f (g 1)\n   2)\n", 0);
    indents("(f \"text\n", 0); /* the text's own */
    indents("(f #| remark\n", 0);
    indents("(\xc3\xa4\xc3\xb6 1\n", 4); /* columns, not bytes */
    char deep[400] = "";
    for (size_t i = 0; i < 390; i++)
        deep[i] = '(';
    struct typed typed = scan(deep);
    assert_int_equal(typed_indent(deep, strlen(deep), &typed), 0);
}

static void wishes(const char *text, enum typed_wish wanted, const char *word)
{
    size_t start;
    assert_int_equal(typed_wish(text, strlen(text), &start), wanted);
    if (wanted != TYPED_NOTHING)
        assert_string_equal(text + start, word);
}

static void test_wish(void **state)
{
    (void)state;
    wishes("(string-ap", TYPED_NAME, "string-ap");
    wishes("(f 'ca", TYPED_NAME, "ca");
    wishes("", TYPED_NOTHING, NULL);
    wishes("(f ", TYPED_NOTHING, NULL);
    wishes("(f \"ca", TYPED_NOTHING, NULL);
    wishes("(f ; ca", TYPED_NOTHING, NULL);
    wishes(",he", TYPED_COMMAND, "he");
    wishes("  ,", TYPED_COMMAND, "");
    wishes(",load a/b", TYPED_FILE, "a/b");
    wishes(",expand (ca", TYPED_NAME, "ca");
    wishes("(import (sch", TYPED_LIBRARY, "(sch");
    wishes("(import (scheme base) (srfi ", TYPED_LIBRARY, "(srfi ");
    wishes("(import\n  (only (scheme  b", TYPED_LIBRARY, "(scheme  b");
    wishes("(import (on", TYPED_LIBRARY, "(on");
    wishes("(import (only (scheme base) ca", TYPED_NAME, "ca");
    wishes("(f (sch", TYPED_NAME, "sch");
    wishes("(import (only (f (sch", TYPED_NAME, "sch");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scan),
        cmocka_unit_test(test_scan_in_lines),
        cmocka_unit_test(test_indent),
        cmocka_unit_test(test_wish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

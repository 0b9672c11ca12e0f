/*
 * Finds the last (define name ...) at the top level of a program that the engine has accepted already. Knows just
 * enough of the lexical conventions not to be led astray by strings, comments and characters.
 */
#include <stdbool.h>
#include <string.h>
#include "tools/esquema/describe.h"

struct scan {
    const char *text;
    size_t length;
    size_t at;
};

static char peek(const struct scan *scan, size_t ahead)
{
    return scan->at + ahead < scan->length ? scan->text[scan->at + ahead] : '\0';
}

static bool is_delimiter(char c)
{
    return c == '\0' || strchr(" \t\r\n()\";'", c);
}

/* Past what begins and ends with the quote: a string or |symbol|. */
static void skip_quoted(struct scan *scan, char quote)
{
    for (scan->at++; scan->at < scan->length && scan->text[scan->at] != quote; scan->at++)
        if (scan->text[scan->at] == '\\')
            scan->at++;
    scan->at++;
}

static void skip_block_comment(struct scan *scan)
{
    size_t depth = 0;
    do {
        if (peek(scan, 0) == '#' && peek(scan, 1) == '|') {
            depth++;
            scan->at++;
        } else if (peek(scan, 0) == '|' && peek(scan, 1) == '#') {
            depth--;
            scan->at++;
        }
        scan->at++;
    } while (depth > 0 && scan->at < scan->length);
}

/* What is neither parenthesis nor token: true when something was skipped. */
static bool skip_other(struct scan *scan)
{
    char c = peek(scan, 0);
    if (c == ';')
        while (scan->at < scan->length && scan->text[scan->at] != '\n')
            scan->at++;
    else if (c == '"' || c == '|')
        skip_quoted(scan, c);
    else if (c == '#' && peek(scan, 1) == '|')
        skip_block_comment(scan);
    else if (c == '#' && peek(scan, 1) == '\\')
        scan->at += 3;
    else
        return false;
    return true;
}

/* The name behind "(define ", where the scan stands at the parenthesis. */
static bool read_name(const struct scan *scan, char *ret_name, size_t size)
{
    static const char word[] = "(define";
    size_t at = scan->at + sizeof word - 1;
    if (scan->length - scan->at < sizeof word || memcmp(scan->text + scan->at, word, sizeof word - 1) != 0)
        return false;
    size_t start = at;
    while (start < scan->length && strchr(" \t\r\n", scan->text[start]))
        start++;
    size_t end = start;
    while (end < scan->length && !is_delimiter(scan->text[end]))
        end++;
    if (start == at || end == start || end - start >= size)
        return false;
    memcpy(ret_name, scan->text + start, end - start);
    ret_name[end - start] = '\0';
    return true;
}

bool describe_last_definition(const char *text, size_t length, char *ret_name, size_t size)
{
    struct scan scan = { text, length, 0 };
    size_t depth = 0;
    bool is_found = false;
    while (scan.at < length) {
        if (skip_other(&scan))
            continue;
        char c = text[scan.at];
        if (c == '(' && depth++ == 0)
            is_found = read_name(&scan, ret_name, size) || is_found;
        else if (c == ')' && depth > 0)
            depth--;
        scan.at++;
    }
    return is_found;
}

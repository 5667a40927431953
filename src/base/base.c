/* base.c — errors, hard checks and views of text. */
#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
    int status;
    const char *title;
    const char *name;
} ERRORS[] = {
#define X(name, status, title) {status, title, #name},
    ERR_LIST(X)
#undef X
};

int err_status(err e)
{
    return ERRORS[e].status;
}

const char *err_title(err e)
{
    return ERRORS[e].title;
}

const char *err_name(err e)
{
    return ERRORS[e].name;
}

void must_failed(const char *cond, const char *file, int line)
{
    fprintf(stderr, "%s:%d: this must hold, and does not: %s\n", file, line, cond);
    abort();
}

str str_of(const char *terminated)
{
    return terminated ? (str){terminated, strlen(terminated)} : (str){0};
}

bool str_eq(str a, str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

int str_cmp(str a, str b)
{
    size_t n = min_size(a.n, b.n);
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

bool str_starts(str s, str prefix)
{
    return s.n >= prefix.n && str_eq((str){s.p, prefix.n}, prefix);
}

bool str_ends(str s, str suffix)
{
    return s.n >= suffix.n && str_eq((str){s.p + s.n - suffix.n, suffix.n}, suffix);
}

ptrdiff_t str_find(str s, str needle)
{
    if (needle.n == 0) return 0;
    const char *at = s.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;
    return at ? at - s.p : -1;
}

ptrdiff_t str_index(str s, char c)
{
    const char *at = s.n ? memchr(s.p, c, s.n) : NULL;
    return at ? at - s.p : -1;
}

str str_slice(str s, size_t from, size_t to)
{
    to = min_size(to, s.n);
    from = min_size(from, to);
    return from == to ? (str){0} : (str){s.p + from, to - from};
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

str str_trim(str s)
{
    while (s.n && is_space(s.p[0])) s.p++, s.n--;
    while (s.n && is_space(s.p[s.n - 1])) s.n--;
    return s;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool str_eq_nocase(str a, str b)
{
    if (a.n != b.n) return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i])) return false;
    return true;
}

err str_to_i64(str s, i64 *out)
{
    bool negative = s.n && s.p[0] == '-';
    size_t i = negative;
    if (i == s.n) return ERR_INVALID;
    i64 value = 0;
    for (; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return ERR_INVALID;
        int digit = s.p[i] - '0';
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digit, &value))
            return ERR_INVALID;
    }
    if (!negative && __builtin_sub_overflow((i64)0, value, &value)) return ERR_INVALID;
    *out = value;
    return ERR_OK;
}

/* The well-formed byte sequences of Unicode 15, table 3-7. */
static size_t utf8_length(const u8 *p, size_t n)
{
    if (p[0] < 0x80) return 1;
    if (p[0] < 0xC2 || p[0] > 0xF4) return 0;
    size_t len = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    if (n < len) return 0;
    u8 low = p[0] == 0xE0 ? 0xA0 : p[0] == 0xF0 ? 0x90 : 0x80;
    u8 high = p[0] == 0xED ? 0x9F : p[0] == 0xF4 ? 0x8F : 0xBF;
    if (p[1] < low || p[1] > high) return 0;
    for (size_t i = 2; i < len; i++)
        if ((p[i] & 0xC0) != 0x80) return 0;
    return len;
}

bool str_is_utf8(str s)
{
    for (size_t i = 0; i < s.n;) {
        size_t len = utf8_length((const u8 *)s.p + i, s.n - i);
        if (len == 0) return false;
        i += len;
    }
    return true;
}

static void say(struct diag *why, err code, str path, const char *format, va_list args)
{
    if (!why || why->code != ERR_OK) return;
    why->code = code;
    snprintf(why->path, sizeof why->path, "%.*s", (int)path.n, path.n ? path.p : "");
    vsnprintf(why->message, sizeof why->message, format, args);
}

err diag_set(struct diag *why, err code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(why, code, (str){0}, format, args);
    va_end(args);
    return code;
}

err diag_at(struct diag *why, err code, str path, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(why, code, path, format, args);
    va_end(args);
    return code;
}

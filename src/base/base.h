/* base.h — the words every file speaks: integers, views of text, errors, hard checks.
 *
 * Nothing here knows a domain word. A `str` is a view that owns nothing; a `diag` is the sentence a
 * person reads when something was refused; MUST is a check that stays on in release, because a
 * wrong state is worse than a restart from the log. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t i8;
typedef int16_t i16;
typedef int32_t i32;
typedef int64_t i64;
typedef unsigned __int128 u128;

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

/* Milliseconds. `NEVER` is later than every moment; as an occurred time it means "not given". */
#define SECOND ((i64)1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define NEVER INT64_MAX

/* Every way in which a call can fail, its HTTP status and the title of the problem document. */
#define ERR_LIST(X)                                                                                \
    X(OK, 200, "ok")                                                                               \
    X(INVALID, 400, "The request cannot be understood")                                            \
    X(AUTH, 401, "Sign in, or send a key that is known")                                           \
    X(FORBIDDEN, 403, "This is not allowed")                                                       \
    X(NOT_FOUND, 404, "There is no such thing")                                                    \
    X(CONFLICT, 409, "This is in conflict with what is there")                                     \
    X(STALE, 412, "It has been changed since you read it")                                         \
    X(TOO_LARGE, 413, "The request is too large")                                                  \
    X(REFUSED, 422, "The content is not acceptable")                                               \
    X(BUSY, 429, "Too much at once, try again soon")                                               \
    X(LIMIT, 422, "A limit is reached")                                                            \
    X(IO, 500, "The disk or network failed")                                                       \
    X(CORRUPT, 500, "Stored data is damaged")                                                      \
    X(UNSUPPORTED, 501, "This version cannot do this")                                             \
    X(FULL, 507, "There is no room left")                                                          \
    X(UNAVAILABLE, 503, "Not ready yet")                                                           \
    X(AGAIN, 503, "Nothing to do now")

typedef enum {
#define X(name, status, title) ERR_##name,
    ERR_LIST(X)
#undef X
        ERR_COUNT_
} err;

/* Passes a failure up at once. */
#define TRY(expression)                                                                            \
    do {                                                                                           \
        err try_ = (expression);                                                                   \
        if (UNLIKELY(try_ != ERR_OK)) return try_;                                                 \
    } while (0)

int err_status(err e);        /* the HTTP status */
const char *err_title(err e); /* a constant sentence */
const char *err_name(err e);  /* "invalid" */

/* A check that is never compiled out: prints where, and aborts. The log replays. */
#define MUST(cond)                                                                                 \
    do {                                                                                           \
        if (UNLIKELY(!(cond))) must_failed(#cond, __FILE__, __LINE__);                             \
    } while (0)
__attribute__((noreturn, cold)) void must_failed(const char *cond, const char *file, int line);

/* A view of UTF-8 bytes; not terminated, owns nothing. */
typedef struct {
    const char *p;
    size_t n;
} str;

#ifdef __cplusplus
#define S(literal) (str{literal, sizeof(literal) - 1})
#else
#define S(literal) ((str){literal, sizeof(literal) - 1})
#endif
/* For printf-like calls: printf("%.*s", STR_ARG(s)). */
#define STR_ARG(s) (int)(s).n, (s).p

str str_of(const char *terminated); /* a view of a terminated string; NULL is empty */
bool str_eq(str a, str b);
int str_cmp(str a, str b); /* bytewise, which for UTF-8 is by code point; < 0, 0, > 0 */
bool str_starts(str s, str prefix);
bool str_ends(str s, str suffix);
/* Index of the first `needle` in `s`, or -1. An empty needle is found at 0. */
ptrdiff_t str_find(str s, str needle);
ptrdiff_t str_index(str s, char c);
str str_slice(str s, size_t from, size_t to); /* clamped to the text */
str str_trim(str s);                          /* ASCII white space off both ends */
bool str_eq_nocase(str a, str b);             /* ASCII letters only */
/* The whole text as a decimal integer; ERR_INVALID on anything else or overflow. */
MUST_USE err str_to_i64(str s, i64 *out);
bool str_is_utf8(str s);

/* What went wrong, in a sentence its reader can act on, and where. `path` is a JSON pointer or a
 * "file:line:column". An unset diag is all zero; the first refusal stays. */
struct diag {
    err code;
    char path[160];
    char message[320];
};

/* Fills `why` (may be NULL) if it is unset and returns `code`. */
err diag_set(struct diag *why, err code, const char *format, ...) PRINTF_LIKE(3, 4);
/* As diag_set, with the place. */
err diag_at(struct diag *why, err code, str path, const char *format, ...) PRINTF_LIKE(4, 5);

typedef struct {
    u64 lo, hi;
} hash128;

static inline bool hash128_eq(hash128 a, hash128 b)
{
    return a.lo == b.lo && a.hi == b.hi;
}

static inline bool hash128_is_zero(hash128 a)
{
    return (a.lo | a.hi) == 0;
}

/* Bits set; the processor's own instruction is not in every one of its family. */
static inline u32 bits_count(u64 x)
{
    x -= x >> 1 & 0x5555555555555555u;
    x = (x & 0x3333333333333333u) + (x >> 2 & 0x3333333333333333u);
    x = (x + (x >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
    return (u32)(x * 0x0101010101010101u >> 56);
}

static inline u32 min_u32(u32 a, u32 b)
{
    return a < b ? a : b;
}

static inline size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline i64 min_i64(i64 a, i64 b)
{
    return a < b ? a : b;
}

static inline i64 max_i64(i64 a, i64 b)
{
    return a > b ? a : b;
}

#ifdef __cplusplus
}
#endif

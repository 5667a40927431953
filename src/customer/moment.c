/* moment.c — a time in 8 bytes, together with the text it was sent as.
 *
 *   63 ─── 59 | 58 ── 52 | 51 ············ 0
 *   form      | offset   | ms + 2^51
 *
 * The offset is the local time's, in quarters of an hour plus 64; a time of the workspace's zone
 * has one too, though its text does not say it. A text that none of the forms writes again, letter
 * by letter, is not packed. */
#include "base/time.h"
#include "customer/customer_internal.h"

#include <stdio.h>

typedef enum {
    FORM_NONE,
    FORM_Z_MS,      /* 2026-06-01T10:00:00.123Z */
    FORM_Z,         /* 2026-06-01T10:00:00Z */
    FORM_OFFSET_MS, /* 2026-06-01T18:00:00.123+08:00 */
    FORM_OFFSET,    /* 2026-06-01T18:00:00+08:00 */
    FORM_LOCAL_MS,  /* 2026-06-01T18:00:00.123 */
    FORM_LOCAL,     /* 2026-06-01T18:00:00 */
    FORM_SPACE,     /* 2026-06-01 18:00:00 */
    FORM_MINUTES,   /* 2026-06-01 18:00 */
    FORM_SECONDS,   /* 1780279200 */
    FORM_COUNT
} form;

#define QUARTER (15 * MINUTE)
enum { OFFSET_ZERO = 64, OFFSET_SHIFT = 52, FORM_SHIFT = 59 };
#define MS_HALF ((i64)1 << 51)

static int write_form(form f, i64 ms, int offset, char *out)
{
    static const char *const DAY_AND_TIME[] = {
        [FORM_Z_MS] = "%04d-%02u-%02uT%02u:%02u:%02u.%03uZ",
        [FORM_Z] = "%04d-%02u-%02uT%02u:%02u:%02uZ",
        [FORM_OFFSET_MS] = "%04d-%02u-%02uT%02u:%02u:%02u.%03u",
        [FORM_OFFSET] = "%04d-%02u-%02uT%02u:%02u:%02u",
        [FORM_LOCAL_MS] = "%04d-%02u-%02uT%02u:%02u:%02u.%03u",
        [FORM_LOCAL] = "%04d-%02u-%02uT%02u:%02u:%02u",
        [FORM_SPACE] = "%04d-%02u-%02u %02u:%02u:%02u",
        [FORM_MINUTES] = "%04d-%02u-%02u %02u:%02u",
    };
    if (f == FORM_SECONDS) return snprintf(out, MOMENT_TEXT_MAX, "%lld", (long long)(ms / SECOND));
    civil t = civil_of_ms(ms + offset * QUARTER);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
    int n = snprintf(out, MOMENT_TEXT_MAX, DAY_AND_TIME[f], (int)t.year, t.month, t.day, t.hour,
                     t.minute, t.second, t.ms);
#pragma GCC diagnostic pop
    if (f != FORM_OFFSET_MS && f != FORM_OFFSET) return n;
    int minutes = (offset < 0 ? -offset : offset) * 15;
    return n + snprintf(out + n, (size_t)(MOMENT_TEXT_MAX - n), "%c%02d:%02d",
                        offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

/* The local time's offset that the text tells of; false if it is no quarter of an hour. */
static bool offset_of(i64 ms, str text, int *out)
{
    iso_time t;
    if (!iso_parse(text, &t) || t.local.year < 0 || t.local.year > 9999) return false;
    i64 away = civil_ms(t.local) - ms;
    if (away % QUARTER || away <= -OFFSET_ZERO * QUARTER || away >= OFFSET_ZERO * QUARTER)
        return false;
    *out = (int)(away / QUARTER);
    return true;
}

bool moment_pack(i64 ms, str text, u64 *out)
{
    int offset = 0;
    char again[MOMENT_TEXT_MAX];
    if (ms <= -MS_HALF || ms >= MS_HALF || text.n >= MOMENT_TEXT_MAX) return false;
    form first = FORM_Z_MS;
    if (!offset_of(ms, text, &offset)) first = FORM_SECONDS;
    for (form f = first; f < FORM_COUNT; f++) {
        if (offset && f < FORM_OFFSET_MS) continue;
        int n = write_form(f, ms, offset, again);
        if (f == FORM_SECONDS && ms % SECOND) break;
        if (!str_eq(text, (str){again, (size_t)n})) continue;
        *out = (u64)f << FORM_SHIFT | (u64)(offset + OFFSET_ZERO) << OFFSET_SHIFT |
               (u64)(ms + MS_HALF);
        return true;
    }
    return false;
}

i64 moment_ms(u64 packed)
{
    return (i64)(packed & ((1ull << OFFSET_SHIFT) - 1)) - MS_HALF;
}

str moment_text(u64 packed, char out[MOMENT_TEXT_MAX])
{
    int offset = (int)(packed >> OFFSET_SHIFT & 127) - OFFSET_ZERO;
    int n = write_form((form)(packed >> FORM_SHIFT), moment_ms(packed), offset, out);
    return (str){out, (size_t)n};
}

#include "intake/when.h"

#include <ctype.h>
#include <stdlib.h>

/* What is left of a text while it is read from the left. */
struct scan {
    const char *p, *end;
};

static bool take(struct scan *s, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0) return false;
    s->p += n;
    return true;
}

static bool take_number(struct scan *s, u32 *n, u32 *digits)
{
    *n = *digits = 0;
    while (s->p < s->end && isdigit((u8)*s->p) && *digits < 9) {
        *n = *n * 10 + (u32)(*s->p++ - '0');
        ++*digits;
    }
    return *digits > 0;
}

static void skip_blanks(struct scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\t')) s->p++;
}

/* ---- time of day ---- */

static bool take_half(struct scan *s, const char *const words[], u32 n)
{
    for (u32 i = 0; i < n; i++)
        if (take(s, words[i])) return true;
    return false;
}

static bool set_half(civil *c, bool before, bool after)
{
    if (!before && !after) return c->hour < 24;
    if (c->hour == 0 || c->hour > 12) return c->hour < 24;
    if (before) c->hour %= 12;
    if (after) c->hour = (u8)(c->hour % 12 + 12);
    return true;
}

static bool take_offset(struct scan *s, iso_time *out)
{
    u32 h, m = 0, digits;
    if (take(s, "Z") || take(s, "UTC") || take(s, "GMT")) {
        out->zoned = true;
        return true;
    }
    if (s->p == s->end || (*s->p != '+' && *s->p != '-')) return true;
    i32 sign = *s->p++ == '-' ? -1 : 1;
    if (!take_number(s, &h, &digits)) return false;
    if (digits == 4) m = h % 100, h /= 100;
    if (digits <= 2 && take(s, ":") && !take_number(s, &m, &digits)) return false;
    if (h > 18 || m > 59) return false;
    out->zoned = true;
    out->offset_s = sign * (i32)(h * 3600 + m * 60);
    return true;
}

/* H:MM[:SS[.fraction]] [AM|PM] [offset], to the end of the text. */
static bool take_clock(struct scan *s, iso_time *out)
{
    static const char *const BEFORE[] = {"上午", "凌晨", "AM", "am", "a.m."};
    static const char *const AFTER[] = {"下午", "晚上", "PM", "pm", "p.m."};
    u32 h, m, sec = 0, ms = 0, digits;
    bool before = take_half(s, BEFORE, 2), after = take_half(s, AFTER, 2);
    skip_blanks(s);
    if (!take_number(s, &h, &digits) || digits > 2) return false;
    if (!take(s, ":") && !take(s, "时") && !take(s, "点")) return false;
    if (!take_number(s, &m, &digits) || digits > 2) return false;
    if (take(s, ":") || take(s, "分")) take_number(s, &sec, &digits);
    take(s, "秒");
    if (take(s, ".") || take(s, ",")) {
        take_number(s, &ms, &digits);
        for (; digits < 3; digits++) ms *= 10;
        for (; digits > 3; digits--) ms /= 10;
    }
    skip_blanks(s);
    before |= take_half(s, BEFORE, COUNT_OF(BEFORE));
    after |= take_half(s, AFTER, COUNT_OF(AFTER));
    skip_blanks(s);
    if (h > 23 || m > 59 || sec > 60 || !take_offset(s, out)) return false;
    out->local.hour = (u8)h, out->local.minute = (u8)m;
    out->local.second = (u8)(sec == 60 ? 59 : sec), out->local.ms = (u16)ms;
    out->timed = true;
    return set_half(&out->local, before, after) && s->p == s->end;
}

/* What may stand behind a date: nothing, or a time of day. */
static bool take_rest(struct scan *s, iso_time *out)
{
    if (s->p == s->end) return true;
    bool parted = take(s, "T") || take(s, "t") || take(s, ", ") || *s->p == ' ' || (*s->p & 0x80);
    skip_blanks(s);
    return s->p == s->end || (parted && take_clock(s, out));
}

/* ---- dates ---- */

static bool set_date(iso_time *out, u32 year, u32 digits, u32 month, u32 day)
{
    if (digits == 2) year += year < 70 ? 2000 : 1900;
    if (digits != 2 && digits != 4) return false;
    if (!date_valid(year, month, day)) return false;
    out->local.year = (i32)year, out->local.month = (u8)month, out->local.day = (u8)day;
    return true;
}

/* Three numbers with one separator between them. */
static bool take_three(struct scan *s, u32 n[3], u32 digits[3], char *separator)
{
    if (!take_number(s, &n[0], &digits[0]) || s->p == s->end) return false;
    char c = *s->p++;
    if (c != '/' && c != '-' && c != '.') return false;
    if (!take_number(s, &n[1], &digits[1]) || s->p == s->end || *s->p++ != c) return false;
    *separator = c;
    return take_number(s, &n[2], &digits[2]);
}

static bool parse_numeric(struct scan s, date_order order, iso_time *out)
{
    u32 n[3], digits[3];
    char c;
    if (!take_three(&s, n, digits, &c)) return false;
    if (digits[0] == 4 || (order == DATES_YMD && digits[2] <= 2))
        return set_date(out, n[0], digits[0], n[1], n[2]) && take_rest(&s, out);
    bool month_first = order == DATES_MDY || (order != DATES_DMY && c == '/');
    if (order == DATES_UNSURE && n[0] > 12) month_first = false;
    if (order == DATES_UNSURE && n[1] > 12) month_first = true;
    u32 month = month_first ? n[0] : n[1], day = month_first ? n[1] : n[0];
    return set_date(out, n[2], digits[2], month, day) && take_rest(&s, out);
}

static bool parse_chinese(struct scan s, iso_time *out)
{
    u32 y, m, d, digits, other;
    if (!take_number(&s, &y, &digits) || !take(&s, "年")) return false;
    if (!take_number(&s, &m, &other) || !take(&s, "月")) return false;
    if (!take_number(&s, &d, &other)) return false;
    if (!take(&s, "日") && !take(&s, "号")) return false;
    return set_date(out, y, digits, m, d) && take_rest(&s, out);
}

static bool take_month(struct scan *s, u32 *month)
{
    static const char *const NAMES[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                        "jul", "aug", "sep", "oct", "nov", "dec"};
    for (u32 i = 0; i < 12; i++) {
        if (s->end - s->p < 3 || !str_eq_nocase((str){s->p, 3}, str_of(NAMES[i]))) continue;
        while (s->p < s->end && isalpha((u8)*s->p)) s->p++;
        *month = i + 1;
        return true;
    }
    return false;
}

/* 5 Jan 2026, 5-Jan-2026, Jan 5, 2026 */
static bool parse_named(struct scan s, iso_time *out)
{
    u32 y, m, d, digits, other;
    bool first = take_month(&s, &m);
    take(&s, "."), skip_blanks(&s);
    if (!take_number(&s, &d, &other)) return false;
    take(&s, ","), take(&s, "-"), take(&s, "."), skip_blanks(&s);
    if (!first && !take_month(&s, &m)) return false;
    take(&s, ","), take(&s, "-"), take(&s, "."), skip_blanks(&s);
    return take_number(&s, &y, &digits) && set_date(out, y, digits, m, d) && take_rest(&s, out);
}

/* ---- digits alone ---- */

static u32 part(str s, size_t from, size_t n)
{
    u32 v = 0;
    for (size_t i = from; i < from + n; i++) v = v * 10 + (u32)(s.p[i] - '0');
    return v;
}

/* YYYYMMDD, with HHMM or HHMMSS behind it. */
static bool parse_packed(str s, iso_time *out)
{
    if (!set_date(out, part(s, 0, 4), 4, part(s, 4, 2), part(s, 6, 2))) return false;
    if (s.n == 8) return true;
    u32 h = part(s, 8, 2), m = part(s, 10, 2), sec = s.n == 14 ? part(s, 12, 2) : 0;
    if (h > 23 || m > 59 || sec > 59) return false;
    out->timed = true;
    out->local.hour = (u8)h, out->local.minute = (u8)m, out->local.second = (u8)sec;
    return true;
}

/* A spreadsheet's day, from 1954 to 2119, and a fraction of it. */
static bool parse_serial(i64 days, double fraction, iso_time *out)
{
    if (days < 20000 || days > 80000) return false;
    i64 ms = (days_of(1899, 12, 30) + days) * DAY + (i64)(fraction * 86400 + 0.5) * SECOND;
    out->local = civil_of_ms(ms);
    out->timed = fraction > 0;
    return true;
}

static bool parse_digits(str s, struct when *out)
{
    ptrdiff_t dot = str_index(s, '.');
    str whole = str_slice(s, 0, dot < 0 ? s.n : (size_t)dot);
    bool minus = str_starts(whole, S("-"));
    double fraction = 0, unit = 0.1;
    i64 n;
    for (size_t i = minus; i < s.n; i++)
        if (!isdigit((u8)s.p[i]) && (ptrdiff_t)i != dot) return false;
    if (str_to_i64(whole, &n) != ERR_OK) return false;
    for (size_t i = whole.n + 1; i < s.n; i++, unit /= 10) fraction += unit * (s.p[i] - '0');
    if (dot < 0 && (s.n == 8 || s.n == 12 || s.n == 14) &&
        (s.n == 14 || part(s, 0, 2) <= 20 + (s.n == 8)) && !minus && parse_packed(s, &out->iso))
        return true;
    if (whole.n <= 5) return parse_serial(n, fraction, &out->iso);
    if (whole.n < 9 || whole.n > 14) return false;
    bool is_ms = n >= 100000000000 || n <= -100000000000;
    out->is_moment = true;
    out->ms = is_ms ? n : n * SECOND + (i64)(fraction * 1000 + 0.5) * (minus ? -1 : 1);
    return true;
}

/* ---- all of them ---- */

/* Seconds or milliseconds since 1970 in ten or thirteen digits: as parse_digits has them. */
static bool parse_moment(str s, struct when *out)
{
    i64 n = 0;
    if ((s.n != 10 && s.n != 13) || s.p[0] == '0') return false;
    for (size_t i = 0; i < s.n; i++) {
        u32 digit = (u32)((u8)s.p[i] - '0');
        if (digit > 9) return false;
        n = n * 10 + digit;
    }
    *out = (struct when){.is_moment = true, .ms = s.n == 10 ? n * SECOND : n};
    return true;
}

bool when_parse(str text, date_order order, struct when *out)
{
    if (parse_moment(text, out)) return true;
    str s = str_trim(text);
    struct scan scan = {s.p, s.p + s.n};
    *out = (struct when){0};
    if (s.n < 4 || s.n > 64) return false;
    if (order != DATES_DMY && order != DATES_MDY && iso_parse(s, &out->iso)) return true;
    out->iso = (iso_time){0};
    if (parse_digits(s, out)) return true;
    if (parse_numeric(scan, order, &out->iso)) return true;
    out->iso = (iso_time){0};
    return parse_chinese(scan, &out->iso) || parse_named(scan, &out->iso) ||
           iso_parse(s, &out->iso);
}

bool when_ms(const struct when *w, const struct zone *zone, i64 *ms)
{
    *ms = w->is_moment ? w->ms : zone_resolve_iso(zone, &w->iso);
    return *ms >= -62135596800000 && *ms < 253402300800000;
}

date_order when_evidence(str text)
{
    str t = str_trim(text);
    struct scan s = {t.p, t.p + t.n};
    u32 n[3], digits[3];
    char c;
    if (!take_three(&s, n, digits, &c)) return DATES_UNSURE;
    if (digits[0] == 4) return DATES_YMD;
    if (n[0] > 12 && n[0] <= 31 && n[1] <= 12) return DATES_DMY;
    if (n[1] > 12 && n[1] <= 31 && n[0] <= 12) return DATES_MDY;
    return DATES_UNSURE;
}

date_order when_order_of(str format)
{
    char order[4] = {0};
    u32 n = 0;
    for (size_t i = 0; i < format.n && n < 3; i++) {
        char c = (char)tolower((u8)format.p[i]);
        if ((c == 'd' || c == 'm' || c == 'y') && !strchr(order, c)) order[n++] = c;
    }
    if (strcmp(order, "ymd") == 0) return DATES_YMD;
    if (strcmp(order, "dmy") == 0) return DATES_DMY;
    return strcmp(order, "mdy") == 0 ? DATES_MDY : DATES_UNSURE;
}

bool when_is_plain(str text)
{
    struct when w;
    str s = str_trim(text);
    bool digits = true;
    for (size_t i = 0; i < s.n; i++) digits &= isdigit((u8)s.p[i]) || s.p[i] == '.';
    ptrdiff_t dot = str_index(s, '.');
    if (digits && (dot < 0 || str_index(str_slice(s, (size_t)dot + 1, s.n), '.') < 0)) return false;
    return when_parse(s, DATES_UNSURE, &w);
}

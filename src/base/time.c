/* time.c — the civil calendar by eras of 400 years (Hinnant, "chrono-compatible low-level date
 * algorithms"): the year is turned to begin in March, so that the leap day is its last. */
#include "base/time.h"

enum { ERA_DAYS = 146097, MARCH_0000_TO_1970 = 719468 };

/* Beyond it no moment of an i64 of milliseconds is anyway; keeps all products inside. */
#define DAYS_MAX ((i64)10000000000)

static i64 clamp_days(i64 days)
{
    return max_i64(-DAYS_MAX, min_i64(days, DAYS_MAX));
}

i64 days_of(i64 year, u32 month, i64 day)
{
    year -= month <= 2;
    i64 era = (year >= 0 ? year : year - 399) / 400;
    i64 year_of_era = year - era * 400;
    i64 day_of_year = (153 * ((i64)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    i64 day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * ERA_DAYS + day_of_era - MARCH_0000_TO_1970;
}

civil civil_of_days(i64 days)
{
    days = clamp_days(days) + MARCH_0000_TO_1970;
    i64 era = (days >= 0 ? days : days - (ERA_DAYS - 1)) / ERA_DAYS;
    u32 doe = (u32)(days - era * ERA_DAYS);
    u32 yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    u32 doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    u32 mp = (5 * doy + 2) / 153;
    u32 month = mp < 10 ? mp + 3 : mp - 9;
    return (civil){.year = (i32)((i64)yoe + era * 400 + (month <= 2)),
                   .month = (u8)month,
                   .day = (u8)(doy - (153 * mp + 2) / 5 + 1)};
}

i64 civil_ms(civil c)
{
    i64 days = clamp_days(days_of(c.year, c.month, c.day));
    return days * DAY + c.hour * HOUR + c.minute * MINUTE + c.second * SECOND + c.ms;
}

civil civil_of_ms(i64 ms)
{
    i64 days = days_of_ms(ms);
    u32 rest = (u32)(ms - days * DAY);
    civil c = civil_of_days(days);
    c.hour = (u8)(rest / HOUR);
    c.minute = (u8)(rest / MINUTE % 60);
    c.second = (u8)(rest / SECOND % 60);
    c.ms = (u16)(rest % SECOND);
    return c;
}

static bool is_leap(i64 year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

u32 month_days(i64 year, u32 month)
{
    if (month == 2) return is_leap(year) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

bool date_valid(i64 year, u32 month, u32 day)
{
    return month >= 1 && month <= 12 && day >= 1 && day <= month_days(year, month);
}

u32 weekday_of(i64 days)
{
    i64 w = (days + 3) % 7; /* 1970-01-01 was a Thursday */
    return (u32)(w < 0 ? w + 7 : w) + 1;
}

civil civil_add_months(civil c, i64 months)
{
    i64 at = (i64)c.year * 12 + c.month - 1 + months;
    i64 year = (at >= 0 ? at : at - 11) / 12;
    c.year = (i32)max_i64(INT32_MIN, min_i64(year, INT32_MAX));
    c.month = (u8)(at - year * 12 + 1);
    c.day = (u8)min_u32(c.day, month_days(c.year, c.month));
    return c;
}

/* ---- ISO 8601 ---- */

/* `n` digits at the head of *s; false if there are fewer. */
static bool number(str *s, u32 n, u32 *out)
{
    u32 v = 0;
    if (s->n < n) return false;
    for (u32 i = 0; i < n; i++) {
        u32 digit = (u32)(u8)s->p[i] - '0';
        if (digit > 9) return false;
        v = v * 10 + digit;
    }
    *out = v;
    s->p += n, s->n -= n;
    return true;
}

static bool skip(str *s, char c)
{
    if (s->n == 0 || *s->p != c) return false;
    s->p++, s->n--;
    return true;
}

/* Digits of any number after the point; those past the third are dropped. */
static bool fraction(str *s, u16 *ms)
{
    u32 digits = 0, v = 0, digit;
    while (s->n && number(s, 1, &digit)) {
        if (digits < 3) v = v * 10 + digit;
        digits++;
    }
    for (u32 i = digits; i < 3; i++) v *= 10;
    *ms = (u16)v;
    return digits > 0;
}

static bool clock(str *s, civil *out)
{
    u32 hour, minute, second = 0;
    if (!number(s, 2, &hour) || !skip(s, ':') || !number(s, 2, &minute)) return false;
    if (skip(s, ':')) {
        if (!number(s, 2, &second)) return false;
        if ((skip(s, '.') || skip(s, ',')) && !fraction(s, &out->ms)) return false;
    }
    out->hour = (u8)hour, out->minute = (u8)minute, out->second = (u8)second;
    return hour < 24 && minute < 60 && (second < 60 || (second == 60 && minute == 59));
}

static bool offset(str *s, iso_time *out)
{
    u32 hours, minutes = 0;
    if (s->n == 0) return true;
    out->zoned = true;
    if (skip(s, 'Z') || skip(s, 'z')) return s->n == 0;
    bool west = *s->p == '-';
    if (!west && *s->p != '+') return false;
    s->p++, s->n--;
    if (!number(s, 2, &hours)) return false;
    if (skip(s, ':') || s->n)
        if (!number(s, 2, &minutes)) return false;
    out->offset_s = (i32)(hours * 3600 + minutes * 60) * (west ? -1 : 1);
    return s->n == 0 && hours < 24 && minutes < 60;
}

bool iso_parse(str text, iso_time *out)
{
    u32 year, month, day;
    *out = (iso_time){0};
    if (!number(&text, 4, &year) || !skip(&text, '-') || !number(&text, 2, &month) ||
        !skip(&text, '-') || !number(&text, 2, &day) || !date_valid(year, month, day))
        return false;
    out->local = (civil){.year = (i32)year, .month = (u8)month, .day = (u8)day};
    if (text.n == 0) return true;
    if (!skip(&text, 'T') && !skip(&text, 't') && !skip(&text, ' ')) return false;
    out->timed = true;
    if (!clock(&text, &out->local)) return false;
    if (text.n > 1 && *text.p == ' ' && text.p[1] != ' ') skip(&text, ' ');
    return offset(&text, out);
}

i64 iso_ms(const iso_time *t)
{
    return civil_ms(t->local) - t->offset_s * SECOND;
}

static char *digits(char *to, u32 v, u32 n)
{
    for (u32 i = n; i > 0; i--, v /= 10) to[i - 1] = (char)('0' + v % 10);
    return to + n;
}

static char *put_date(char *to, civil c)
{
    if (c.year < 0 || c.year > 9999) {
        *to++ = c.year < 0 ? '-' : '+';
        to = digits(to, (u32)(c.year < 0 ? -(i64)c.year : c.year), c.year > 999999 ? 10 : 6);
    } else {
        to = digits(to, (u32)c.year, 4);
    }
    *to++ = '-';
    to = digits(to, c.month, 2);
    *to++ = '-';
    return digits(to, c.day, 2);
}

void iso_put(struct buf *b, i64 ms)
{
    char text[40];
    civil c = civil_of_ms(ms);
    char *to = put_date(text, c);
    *to++ = 'T';
    to = digits(to, c.hour, 2), *to++ = ':';
    to = digits(to, c.minute, 2), *to++ = ':';
    to = digits(to, c.second, 2), *to++ = '.';
    to = digits(to, c.ms, 3), *to++ = 'Z';
    buf_put(b, (str){text, (size_t)(to - text)});
}

void iso_put_date(struct buf *b, i64 days)
{
    char text[24];
    char *to = put_date(text, civil_of_days(days));
    buf_put(b, (str){text, (size_t)(to - text)});
}

/* ---- durations ---- */

static const struct {
    str unit;
    i64 ms;
} UNITS[] = {{{"w", 1}, 7 * DAY}, {{"d", 1}, DAY},    {{"h", 1}, HOUR},
             {{"m", 1}, MINUTE},  {{"s", 1}, SECOND}, {{"ms", 2}, 1}};

/* A plain run of digits and what follows it. Ten digits are beyond every limit here. */
static bool quantity(str text, i64 *n, str *unit)
{
    size_t i = 0;
    *n = 0;
    for (; i < text.n && text.p[i] >= '0' && text.p[i] <= '9'; i++)
        if (*n < 100000000000000) *n = *n * 10 + (text.p[i] - '0');
    *unit = str_slice(text, i, text.n);
    return i > 0;
}

err duration_parse(str text, duration *out)
{
    i64 n;
    str unit;
    *out = (duration){0};
    if (!quantity(text, &n, &unit)) return ERR_INVALID;
    if (str_eq(unit, S("mo"))) {
        if (n > DURATION_MONTHS_MAX) return ERR_LIMIT;
        out->months = (u32)n;
        return ERR_OK;
    }
    for (u32 i = 0; i < COUNT_OF(UNITS); i++) {
        if (!str_eq(unit, UNITS[i].unit)) continue;
        if (n > DURATION_MS_MAX / UNITS[i].ms) return ERR_LIMIT;
        out->ms = n * UNITS[i].ms;
        return ERR_OK;
    }
    return ERR_INVALID;
}

err offset_parse(str text, i32 *days)
{
    i64 n;
    str unit;
    bool before = str_starts(text, S("-"));
    if (before || str_starts(text, S("+"))) text = str_slice(text, 1, text.n);
    if (!quantity(text, &n, &unit)) return ERR_INVALID;
    if (str_eq(unit, S("w")))
        n *= 7;
    else if (!str_eq(unit, S("d")))
        return ERR_INVALID;
    if (n > DURATION_MS_MAX / DAY) return ERR_LIMIT;
    *days = (i32)(before ? -n : n);
    return ERR_OK;
}

void duration_put(struct buf *b, duration d)
{
    if (d.months) {
        buf_i64_text(b, d.months);
        buf_put(b, S("mo"));
        return;
    }
    u32 i = d.ms == 0 ? 4 : 0;
    while (d.ms % UNITS[i].ms) i++;
    buf_i64_text(b, d.ms / UNITS[i].ms);
    buf_put(b, UNITS[i].unit);
}

err clock_parse(str text, i64 *ms)
{
    civil c = {0};
    if (!clock(&text, &c) || text.n || c.second == 60) return ERR_INVALID;
    *ms = c.hour * HOUR + c.minute * MINUTE + c.second * SECOND + c.ms;
    return ERR_OK;
}

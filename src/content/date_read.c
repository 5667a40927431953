/* date_read.c — dates as people write them, word by word: a month has a name, a year four digits, a
 * time colons, and what is left is the day. */
#include "content/filter_date.h"

struct reading {
    str text;
    size_t at;
    i64 year, month, day;
    bool has_year, has_month, has_day, pm, half, weekday;
    iso_time *out;
};

static bool is_digit(char ch)
{
    return ch >= '0' && ch <= '9';
}

static bool is_letter(char ch)
{
    return (ch | 0x20) >= 'a' && (ch | 0x20) <= 'z';
}

/* Three letters or more of one of the names. */
static u32 name_of(str word, const char *const *names, u32 count)
{
    for (u32 i = 0; i < count && word.n >= 3; i++) {
        str name = str_of(names[i]);
        if (word.n <= name.n && str_eq_nocase(word, str_slice(name, 0, word.n))) return i + 1;
    }
    return 0;
}

static bool read_word(struct reading *r, str word)
{
    static const char *const months[] = {"january",   "february", "march",    "april",
                                         "may",       "june",     "july",     "august",
                                         "september", "october",  "november", "december"};
    static const char *const days[] = {"sunday",   "monday", "tuesday", "wednesday",
                                       "thursday", "friday", "saturday"};
    static const char *const others[] = {"st", "nd", "rd", "th", "at", "of", "on", "t"};
    u32 month = name_of(word, months, 12);
    if (month) {
        r->month = month;
        r->has_month = true;
        return true;
    }
    if (name_of(word, days, 7)) return r->weekday = true;
    if (str_eq_nocase(word, S("am")) || str_eq_nocase(word, S("pm"))) {
        r->half = true;
        r->pm = (word.p[0] | 0x20) == 'p';
        return true;
    }
    if (str_eq_nocase(word, S("utc")) || str_eq_nocase(word, S("gmt")) ||
        str_eq_nocase(word, S("z")))
        return r->out->zoned = true;
    for (u32 i = 0; i < COUNT_OF(others); i++)
        if (str_eq_nocase(word, str_of(others[i]))) return true;
    return false;
}

static i64 read_number(struct reading *r, u32 *digits)
{
    i64 n = 0;
    *digits = 0;
    while (r->at < r->text.n && is_digit(r->text.p[r->at]) && *digits < 9) {
        n = n * 10 + (r->text.p[r->at++] - '0');
        ++*digits;
    }
    return n;
}

static bool next_is(const struct reading *r, char ch)
{
    return r->at < r->text.n && r->text.p[r->at] == ch;
}

/* hour:minute[:second[.fraction]], the hour is read. */
static bool read_time(struct reading *r, i64 hour)
{
    u32 digits;
    i64 second = 0;
    r->at++;
    i64 minute = read_number(r, &digits);
    if (!digits || hour > 23 || minute > 59) return false;
    if (next_is(r, ':')) {
        r->at++;
        second = read_number(r, &digits);
        if (second > 59) return false;
        if (next_is(r, '.')) {
            r->at++;
            i64 fraction = read_number(r, &digits);
            for (; digits < 3; digits++) fraction *= 10;
            for (; digits > 3; digits--) fraction /= 10;
            r->out->local.ms = (u16)fraction;
        }
    }
    r->out->local.hour = (u8)hour;
    r->out->local.minute = (u8)minute;
    r->out->local.second = (u8)second;
    return r->out->timed = true;
}

/* ±HHMM or ±HH:MM, behind a time. */
static bool read_offset(struct reading *r)
{
    u32 digits;
    i32 sign = r->text.p[r->at++] == '-' ? -1 : 1;
    i64 n = read_number(r, &digits), minutes = 0;
    if (digits == 4) {
        minutes = n % 100;
        n /= 100;
    } else if (next_is(r, ':')) {
        r->at++;
        minutes = read_number(r, &digits);
    }
    if (n > 15 || minutes > 59) return false;
    r->out->offset_s = sign * (i32)(n * 3600 + minutes * 60);
    return r->out->zoned = true;
}

/* year-month-day with - or /, the year is read. */
static bool read_parts(struct reading *r, char by)
{
    u32 digits;
    r->at++;
    r->month = read_number(r, &digits);
    r->has_month = digits > 0;
    if (!next_is(r, by)) return r->has_month;
    r->at++;
    r->day = read_number(r, &digits);
    return r->has_day = digits > 0;
}

static bool read_digits(struct reading *r)
{
    u32 digits;
    i64 n = read_number(r, &digits);
    if (next_is(r, ':') && digits <= 2) return read_time(r, n);
    if (digits == 4 || (r->has_day && r->has_month && !r->has_year)) {
        if (r->has_year) return false;
        r->year = digits > 2 ? n : n < 69 ? n + 2000 : n + 1900;
        r->has_year = true;
        if (!r->has_month && next_is(r, '-')) return read_parts(r, '-');
        if (!r->has_month && next_is(r, '/')) return read_parts(r, '/');
        return true;
    }
    if (digits > 2) return false;
    size_t to = r->at;
    while (to < r->text.n && is_letter(r->text.p[to])) to++;
    str suffix = str_slice(r->text, r->at, to);
    if (str_eq_nocase(suffix, S("am")) || str_eq_nocase(suffix, S("pm"))) {
        r->out->local.hour = (u8)n;
        return r->out->timed = n <= 12;
    }
    if (r->has_day) return false;
    r->day = n;
    return r->has_day = true;
}

static bool finish(struct reading *r, i64 now_ms)
{
    civil *c = &r->out->local;
    bool dated = r->has_month || r->has_day;
    if (!r->has_year) {
        if (!now_ms || !(dated || r->out->timed)) return false;
        civil now = civil_of_ms(now_ms);
        r->year = now.year;
        if (!dated) r->month = now.month, r->day = now.day;
        if (!r->has_month && dated) r->month = now.month;
        if (!r->has_day && r->has_month) r->day = 1;
    } else if (!r->has_month) {
        return false;
    }
    if (!r->day) r->day = 1;
    if (r->half && c->hour > 12) return false;
    if (r->half) c->hour = (u8)(c->hour % 12 + (r->pm ? 12 : 0));
    if (!date_valid(r->year, (u32)r->month, (u32)r->day)) return false;
    c->year = (i32)r->year;
    c->month = (u8)r->month;
    c->day = (u8)r->day;
    return true;
}

bool date_read(str text, i64 now_ms, iso_time *out)
{
    struct reading r = {.text = text, .out = out};
    *out = (iso_time){0};
    if (text.n > 100) return false;
    while (r.at < text.n) {
        char ch = text.p[r.at];
        if (is_digit(ch)) {
            if (!read_digits(&r)) return false;
        } else if (is_letter(ch)) {
            size_t from = r.at;
            while (r.at < text.n && is_letter(text.p[r.at])) r.at++;
            if (!read_word(&r, str_slice(text, from, r.at))) return false;
        } else if ((ch == '+' || ch == '-') && out->timed) {
            if (!read_offset(&r)) return false;
        } else if (ch == ' ' || ch == ',' || ch == '.' || ch == '-' || ch == '/') {
            r.at++;
        } else {
            return false;
        }
    }
    return finish(&r, now_ms);
}

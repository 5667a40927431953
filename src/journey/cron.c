/* cron.c — five fields to bits, bits to the next local minute, local minutes to moments. */
#include "journey/cron.h"

enum { YEARS_AHEAD = 9 /* 29 February comes after eight years at the latest */ };

/* ---- reading ---- */

struct field {
    const char *what;
    u32 least, most;
    const char *names; /* of three letters each, the first means `least` */
};
static const struct field FIELDS[] = {
    {"minute", 0, 59, ""},
    {"hour", 0, 23, ""},
    {"day of the month", 1, 31, ""},
    {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
    {"day of the week", 0, 7, "sunmontuewedthufrisat"},
};
enum { MINUTE_FIELD, HOUR_FIELD, DAY_FIELD, MONTH_FIELD, WEEKDAY_FIELD };

MUST_USE static err refuse(const struct field *f, struct diag *why)
{
    return diag_set(why, ERR_REFUSED,
                    "the %s is *, a number from %u to %u, a range (a-b), a list (a,b) or a step "
                    "(*/n, a-b/n)",
                    f->what, f->least, f->most);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool take_name(const struct field *f, str *s, u32 *out)
{
    for (u32 i = 0; f->names[i * 3] && s->n >= 3; i++) {
        const char *name = f->names + (size_t)i * 3;
        if (lower(s->p[0]) != name[0] || lower(s->p[1]) != name[1] || lower(s->p[2]) != name[2])
            continue;
        *out = f->least + i;
        *s = str_slice(*s, 3, s->n);
        return true;
    }
    return false;
}

static bool take_number(str *s, u32 *out)
{
    size_t n = 0;
    *out = 0;
    while (n < s->n && n < 4 && is_digit(s->p[n])) *out = *out * 10 + (u32)(s->p[n++] - '0');
    *s = str_slice(*s, n, s->n);
    return n > 0;
}

static bool take_value(const struct field *f, str *s, u32 *out)
{
    return take_name(f, s, out) || (take_number(s, out) && *out >= f->least && *out <= f->most);
}

static bool take(str *s, char c)
{
    if (s->n == 0 || s->p[0] != c) return false;
    *s = str_slice(*s, 1, s->n);
    return true;
}

/* One part of a list: a star, a value or a range, perhaps with a step. */
static bool take_part(const struct field *f, str *s, u64 *bits)
{
    u32 from = f->least, to = f->most, step = 1;
    bool range = take(s, '*');
    if (!range) {
        if (!take_value(f, s, &from)) return false;
        to = from;
        if (take(s, '-')) {
            if (!take_value(f, s, &to)) return false;
            range = true;
            if (to == 0 && from > 0 && f == &FIELDS[WEEKDAY_FIELD]) to = 7; /* sat-sun */
        }
    }
    if (take(s, '/') && (!range || !take_number(s, &step) || step == 0)) return false;
    if (from > to) return false;
    for (u32 i = from; i <= to; i += step) *bits |= (u64)1 << i;
    return true;
}

MUST_USE static err read_field(const struct field *f, str text, u64 *bits, struct diag *why)
{
    *bits = 0;
    do {
        if (!take_part(f, &text, bits)) return refuse(f, why);
    } while (take(&text, ','));
    return text.n ? refuse(f, why) : ERR_OK;
}

static str next_word(str *s)
{
    size_t n = 0;
    while (s->n && (s->p[0] == ' ' || s->p[0] == '\t')) *s = str_slice(*s, 1, s->n);
    while (n < s->n && s->p[n] != ' ' && s->p[n] != '\t') n++;
    str word = str_slice(*s, 0, n);
    *s = str_slice(*s, n, s->n);
    return word;
}

err cron_parse(str text, struct cron *out, struct diag *why)
{
    u64 bits[COUNT_OF(FIELDS)];
    str words[COUNT_OF(FIELDS)], rest = text;
    *out = (struct cron){0};
    for (u32 i = 0; i < COUNT_OF(FIELDS); i++) words[i] = next_word(&rest);
    if (text.n > CRON_BYTES_MAX || words[WEEKDAY_FIELD].n == 0 || next_word(&rest).n)
        return diag_set(why, ERR_REFUSED,
                        "give five fields: minute, hour, day of the month, month, day of the week, "
                        "as in \"0 9 * * mon-fri\"");
    for (u32 i = 0; i < COUNT_OF(FIELDS); i++) TRY(read_field(&FIELDS[i], words[i], &bits[i], why));
    out->minutes = bits[MINUTE_FIELD];
    out->hours = (u32)bits[HOUR_FIELD];
    out->days = (u32)bits[DAY_FIELD];
    out->months = (u16)bits[MONTH_FIELD];
    out->weekdays = (u8)((bits[WEEKDAY_FIELD] | bits[WEEKDAY_FIELD] >> 7) & 127);
    out->any_day = words[DAY_FIELD].p[0] == '*';
    out->any_weekday = words[WEEKDAY_FIELD].p[0] == '*';
    if (cron_next(out, NULL, 0) == NEVER)
        return diag_set(why, ERR_REFUSED, "there is no such day: this time never comes");
    return ERR_OK;
}

/* ---- the next local minute ---- */

static bool day_fits(const struct cron *c, civil at, i64 days)
{
    bool day = c->days >> at.day & 1, weekday = c->weekdays >> weekday_of(days) % 7 & 1;
    return c->any_day || c->any_weekday ? day && weekday : day || weekday;
}

/* The lowest bit from `from` on; 64: none. */
static u32 next_bit(u64 bits, u32 from)
{
    u64 rest = from < 64 ? bits >> from << from : 0;
    return rest ? (u32)__builtin_ctzll(rest) : 64;
}

/* The first time of a day that fits, from `minute` of it on; -1: there is none left. */
static i64 clock_from(const struct cron *c, u32 minute)
{
    u32 hour = next_bit(c->hours, minute / 60), first = hour == minute / 60 ? minute % 60 : 0;
    u32 found = next_bit(c->minutes, first);
    if (hour < 24 && found == 64) {
        hour = next_bit(c->hours, hour + 1);
        found = next_bit(c->minutes, 0);
    }
    return hour < 24 ? hour * HOUR + found * MINUTE : -1;
}

/* The first local minute that fits, not before `local` (as if it were UTC). */
static i64 match_from(const struct cron *c, i64 local)
{
    i64 days = days_of_ms(local);
    civil at = civil_of_days(days);
    u32 minute = (u32)((local - days * DAY + MINUTE - 1) / MINUTE);
    for (i32 last = at.year + YEARS_AHEAD; at.year <= last; minute = 0) {
        if (!(c->months >> at.month & 1)) {
            days = days_of(at.year, at.month, 1) + month_days(at.year, at.month);
        } else {
            i64 clock = day_fits(c, at, days) ? clock_from(c, minute) : -1;
            if (clock >= 0) return days * DAY + clock;
            days++;
        }
        at = civil_of_days(days);
    }
    return NEVER;
}

/* ---- moments ---- */

static i64 offset_ms(const struct zone *z, i64 ms)
{
    return zone_offset(z, ms) * SECOND;
}

/* Moments do not go back where local times go on: the first that is later is the next. */
static i64 next_of_times(const struct cron *c, const struct zone *z, i64 after)
{
    i64 local = after + offset_ms(z, after);
    for (i64 m = match_from(c, local - local % MINUTE); m != NEVER; m = match_from(c, m + MINUTE)) {
        i64 moment = zone_resolve(z, civil_of_ms(m), NULL);
        if (moment > after) return moment;
    }
    return NEVER;
}

/* From one change of the offset to the next the clock goes on evenly. */
static i64 next_of_clock(const struct cron *c, const struct zone *z, i64 after)
{
    for (i64 from = after, end; from != NEVER; from = end) {
        i64 offset = offset_ms(z, from), found = match_from(c, from + offset + (from == after));
        end = zone_next_change(z, from);
        if (found == NEVER) return NEVER;
        if (end == NEVER || found - offset < end) return found - offset;
        if (found < end + offset_ms(z, end)) return end; /* in the gap */
        if (end > after + YEARS_AHEAD * 366 * DAY) return NEVER;
    }
    return NEVER;
}

i64 cron_next(const struct cron *c, const struct zone *z, i64 after)
{
    bool every_hour = c->hours == ((u32)1 << 24) - 1;
    return every_hour ? next_of_clock(c, z, after) : next_of_times(c, z, after);
}

/* ---- bytes ---- */

void cron_put(struct buf *b, const struct cron *c)
{
    buf_varint(b, c->minutes);
    buf_varint(b, c->hours);
    buf_varint(b, c->days);
    buf_varint(b, c->months);
    buf_varint(b, c->weekdays);
    buf_byte(b, (u8)(c->any_day | c->any_weekday << 1));
}

bool cron_read(struct reader *r, struct cron *out)
{
    out->minutes = read_varint(r);
    out->hours = (u32)read_varint(r);
    out->days = (u32)read_varint(r);
    out->months = (u16)read_varint(r);
    out->weekdays = (u8)read_varint(r);
    u8 any = read_byte(r);
    out->any_day = any & 1;
    out->any_weekday = any & 2;
    return !r->bad && out->minutes && out->minutes < (u64)1 << 60 && out->hours &&
           out->hours < (u32)1 << 24;
}

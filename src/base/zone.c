/* zone.c — the TZif reader (RFC 8536) and the look-ups.
 *
 *   header  v1 block  [ header  v2+ block  "\n" footer "\n" ]
 *
 * The 64-bit block is used where there is one. Changes that do not move the offset are dropped, so
 * neighbours in the table always differ. */
#include "base/zone.h"

#include <endian.h>

enum { CHANGES_MAX = 4096, OFFSET_MAX_S = 26 * 3600, CYCLE_YEARS = 400, RULE_YEAR_MAX = 9999 };
#define CYCLE ((i64)146097 * DAY)
#define REACH ((i64)OFFSET_MAX_S * SECOND)
#define MS_MAX ((i64)800000000000000000) /* 25 million years: civil times are exact up to there */

struct zone {
    u32 count;
    i32 first_offset; /* before the first change */
    i64 *at;          /* ms, ascending */
    i32 *offset;      /* from that change on */
    /* With a rule: a time at or past `end` is looked up some 400 years earlier; the table holds the
     * changes before `end`, and from index `wrap` on they are the last 400 years of them. */
    i64 end;
    u32 wrap;
};

/* ---- the POSIX rule in the footer ---- */

typedef struct {
    char form; /* 'J' day 1–365 without 29 February, 'D' day 0–365, 'M' month.week.weekday */
    u32 month, week, day;
    i64 time_s;
} rule_day;

struct rule {
    i32 standard, summer; /* offsets */
    bool has_summer;
    rule_day begin, end;
};

static bool digit(str s)
{
    return s.n && *s.p >= '0' && *s.p <= '9';
}

static void drop(str *s)
{
    s->p++, s->n--;
}

static bool take(str *s, char c)
{
    if (s->n == 0 || *s->p != c) return false;
    drop(s);
    return true;
}

static bool take_number(str *s, u32 max, u32 *out)
{
    u32 v = 0;
    if (!digit(*s)) return false;
    for (; digit(*s); drop(s))
        if (v <= max) v = v * 10 + (u32)(*s->p - '0');
    *out = v;
    return v <= max;
}

static bool take_name(str *s)
{
    size_t n = 0;
    bool quoted = take(s, '<');
    for (; s->n; drop(s), n++) {
        char c = *s->p;
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!letter && !(quoted && (digit(*s) || c == '+' || c == '-'))) break;
    }
    return n >= 3 && (!quoted || take(s, '>'));
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool take_time(str *s, u32 hours_max, i64 *out)
{
    u32 part[3] = {0};
    bool negative = take(s, '-');
    if (!negative) take(s, '+');
    if (!take_number(s, hours_max, &part[0])) return false;
    for (u32 i = 1; i < 3 && take(s, ':'); i++)
        if (!take_number(s, 59, &part[i])) return false;
    *out = ((i64)part[0] * 3600 + part[1] * 60 + part[2]) * (negative ? -1 : 1);
    return true;
}

static bool take_day(str *s, rule_day *out)
{
    *out = (rule_day){.form = 'D', .time_s = 2 * 3600};
    if (!take(s, ',')) return false;
    if (take(s, 'M')) {
        out->form = 'M';
        if (!take_number(s, 12, &out->month) || !take(s, '.') || !take_number(s, 5, &out->week) ||
            !take(s, '.') || !take_number(s, 6, &out->day) || out->month < 1 || out->week < 1)
            return false;
    } else {
        if (take(s, 'J')) out->form = 'J';
        if (!take_number(s, 365, &out->day) || (out->form == 'J' && out->day < 1)) return false;
    }
    return !take(s, '/') || take_time(s, 167, &out->time_s);
}

static bool rule_parse(str s, struct rule *out)
{
    i64 west;
    *out = (struct rule){0};
    if (!take_name(&s) || !take_time(&s, 24, &west)) return false;
    out->standard = (i32)-west;
    if (s.n == 0) return true;
    out->has_summer = true;
    if (!take_name(&s)) return false;
    out->summer = out->standard + 3600;
    if (s.n && *s.p != ',') {
        if (!take_time(&s, 24, &west)) return false;
        out->summer = (i32)-west;
    }
    return take_day(&s, &out->begin) && take_day(&s, &out->end) && s.n == 0;
}

/* The moment of a rule's day in a year, where `offset` held until then. */
static i64 rule_at(const rule_day *d, i64 year, i32 offset)
{
    i64 days;
    if (d->form == 'M') {
        i64 first = days_of(year, d->month, 1);
        i64 day = ((i64)d->day + 7 - weekday_of(first) % 7) % 7 + 7 * ((i64)d->week - 1);
        if (day >= month_days(year, d->month)) day -= 7;
        days = first + day;
    } else {
        bool leap = month_days(year, 2) == 29;
        days = days_of(year, 1, 1) + d->day;
        if (d->form == 'J') days -= !(leap && d->day >= 60);
    }
    return days * DAY + (d->time_s - offset) * SECOND;
}

/* ---- the table ---- */

/* Adds a change; one that moves nothing is left out, and one at or before others replaces them. */
static void push(struct zone *z, i64 at, i32 offset)
{
    while (z->count && z->at[z->count - 1] >= at) z->count--;
    i32 before = z->count ? z->offset[z->count - 1] : z->first_offset;
    if (offset == before) return;
    z->at[z->count] = at;
    z->offset[z->count++] = offset;
}

/* The number of changes at or before a moment: binary search. */
static u32 changes_until(const struct zone *z, i64 ms)
{
    u32 from = 0, to = z->count;
    while (from < to) {
        u32 mid = from + (to - from) / 2;
        if (z->at[mid] <= ms)
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

/* Writes the rule out, from the year of the last change in the file for two years and a cycle. The
 * first two years are left out of the cycle: the table before the rule may end in the middle. */
static void write_out(struct zone *z, const struct rule *r)
{
    i64 last = z->count ? z->at[z->count - 1] : INT64_MIN;
    i64 year = z->count ? civil_of_ms(last).year : 1600;
    z->end = days_of(year + 2 + CYCLE_YEARS, 1, 1) * DAY;
    for (i64 y = year - 1; y <= year + 2 + CYCLE_YEARS; y++) {
        i64 on = rule_at(&r->begin, y, r->standard), off = rule_at(&r->end, y, r->summer);
        for (u32 i = 0; i < 2; i++) {
            bool summer = (i == 0) == (on < off);
            i64 at = summer ? on : off;
            if (at > last && at < z->end) push(z, at, summer ? r->summer : r->standard);
        }
    }
    z->wrap = changes_until(z, z->end - CYCLE - 1);
}

/* Whether local times begin later with each stretch, as everywhere on earth: no clock goes back by
 * more than the time since its last change. Else a time that one change skips could come later, and
 * zone_resolve would go back. */
static bool is_steady(const struct zone *z)
{
    for (u32 i = 0; i + 1 < z->count; i++)
        if (z->at[i + 1] - z->at[i] < ((i64)z->offset[i] - z->offset[i + 1]) * SECOND) return false;
    if (z->wrap >= z->count) return true;
    u32 last = z->count - 1;
    i64 length = z->at[z->wrap] + CYCLE - z->at[last];
    return length >= ((i64)z->offset[last] - z->offset[z->wrap]) * SECOND;
}

/* ---- TZif ---- */

struct block {
    u32 ut, standard, leap, times, types, chars;
    u32 time_size;
    const u8 *p;
};

static u32 be32(const u8 *p)
{
    u32 v;
    memcpy(&v, p, 4);
    return be32toh(v);
}

static i64 time_at(const struct block *b, u32 i)
{
    const u8 *p = b->p + (size_t)i * b->time_size;
    if (b->time_size == 4) return (i32)be32(p);
    return (i64)((u64)be32(p) << 32 | be32(p + 4));
}

/* Reads a header and steps over its block. */
static bool read_block(struct reader *r, u32 time_size, u8 *version, struct block *out)
{
    str magic = read_bytes(r, 4);
    *version = read_byte(r);
    read_bytes(r, 15);
    str counts = read_bytes(r, 24);
    if (r->bad || !str_eq(magic, S("TZif"))) return false;
    const u8 *c = (const u8 *)counts.p;
    *out = (struct block){be32(c),      be32(c + 4),  be32(c + 8), be32(c + 12),
                          be32(c + 16), be32(c + 20), time_size,   r->p};
    if (out->times > CHANGES_MAX || out->types < 1 || out->types > 256 || out->chars > 65536 ||
        out->leap > 1024 || out->ut > 256 || out->standard > 256)
        return false;
    read_bytes(r, (size_t)out->times * (time_size + 1) + out->types * 6ul + out->chars +
                      out->leap * (time_size + 4ul) + out->standard + out->ut);
    return !r->bad;
}

static bool load(struct zone *z, const struct block *b)
{
    const u8 *index = b->p + (size_t)b->times * b->time_size;
    const u8 *types = index + b->times;
    i64 before = INT64_MIN;
    for (u32 i = 0; i < b->types; i++) {
        i32 offset = (i32)be32(types + 6ul * i);
        if (offset > OFFSET_MAX_S || offset < -OFFSET_MAX_S) return false;
    }
    z->first_offset = (i32)be32(types);
    for (u32 i = 0; i < b->times; i++) {
        i64 at = time_at(b, i);
        if (at <= before || index[i] >= b->types) return false;
        before = at;
        i64 ms = max_i64(-MS_MAX / SECOND, min_i64(at, MS_MAX / SECOND)) * SECOND;
        push(z, ms, (i32)be32(types + 6ul * index[i]));
    }
    return true;
}

static bool parse(struct zone *z, str tzif, struct arena *arena)
{
    struct reader r = reader_of(tzif);
    struct block b;
    struct rule rule;
    u8 version;
    str footer = {0};
    if (!read_block(&r, 4, &version, &b)) return false;
    if (version >= '2') {
        if (!read_block(&r, 8, &version, &b) || read_byte(&r) != '\n') return false;
        footer = read_rest(&r);
        ptrdiff_t end = str_index(footer, '\n');
        if (end < 0) return false;
        footer.n = (size_t)end;
    }
    if (b.leap) return false;
    u32 room = b.times + (footer.n ? 2 * (CYCLE_YEARS + 4) : 0);
    z->at = arena_alloc(arena, room * sizeof *z->at);
    z->offset = arena_alloc(arena, room * sizeof *z->offset);
    z->end = NEVER, z->wrap = UINT32_MAX;
    if (!load(z, &b)) return false;
    if (footer.n == 0) return true;
    if (!rule_parse(footer, &rule)) return false;
    if (!rule.has_summer) return true;
    if (z->count && civil_of_ms(z->at[z->count - 1]).year > RULE_YEAR_MAX) return false;
    write_out(z, &rule);
    return true;
}

const struct zone *zone_parse(str tzif, struct arena *arena)
{
    struct zone *z = arena_zalloc(arena, sizeof *z);
    return parse(z, tzif, arena) && is_steady(z) ? z : NULL;
}

bool zone_name_valid(str name)
{
    bool word = false, letter = false;
    if (name.n == 0 || name.n > 64) return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (c == '/' && !word) return false;
        if (!is_letter && !(c >= '0' && c <= '9') && c != '_' && c != '+' && c != '-' && c != '/')
            return false;
        letter |= is_letter;
        word = c != '/';
    }
    return word && letter;
}

/* ---- look-ups ---- */

static i64 clamp(i64 ms)
{
    return max_i64(-MS_MAX, min_i64(ms, MS_MAX));
}

/* The stretch of one offset around a moment. */
struct stretch {
    i64 from, to; /* to: NEVER if it does not end */
    i32 offset;
};

static struct stretch stretch_at(const struct zone *z, i64 ms)
{
    if (!z) return (struct stretch){INT64_MIN, NEVER, 0};
    i64 shift = ms >= z->end ? ((ms - z->end) / CYCLE + 1) * CYCLE : 0;
    u32 n = changes_until(z, ms - shift);
    struct stretch s = {INT64_MIN, NEVER, n ? z->offset[n - 1] : z->first_offset};
    if (n) s.from = z->at[n - 1] + shift;
    if (n < z->count)
        s.to = z->at[n] + shift;
    else if (z->wrap < z->count)
        s.to = z->at[z->wrap] + CYCLE + shift;
    return s;
}

i32 zone_offset(const struct zone *z, i64 ms)
{
    return stretch_at(z, clamp(ms)).offset;
}

civil zone_local(const struct zone *z, i64 ms)
{
    ms = clamp(ms);
    return civil_of_ms(ms + zone_offset(z, ms) * SECOND);
}

i64 zone_day(const struct zone *z, i64 ms)
{
    ms = clamp(ms);
    return days_of_ms(ms + zone_offset(z, ms) * SECOND);
}

i64 zone_next_change(const struct zone *z, i64 after)
{
    return stretch_at(z, clamp(after)).to;
}

/* Walks the stretches that could hold the local time, oldest first. In each it would be at
 * `local - offset`; before the stretch means that the step into it jumped over the time. */
i64 zone_resolve(const struct zone *z, civil local, local_kind *kind)
{
    i64 ms = clamp(civil_ms(local));
    struct stretch s = stretch_at(z, ms - REACH);
    local_kind is = LOCAL_ONCE;
    i64 found = ms - s.offset * SECOND;
    while (found >= s.to) {
        s = stretch_at(z, s.to);
        found = ms - s.offset * SECOND;
    }
    if (found < s.from) {
        found = s.from;
        is = LOCAL_SKIPPED;
    } else if (kind) {
        while (is == LOCAL_ONCE && s.to <= ms + REACH) {
            s = stretch_at(z, s.to);
            i64 again = ms - s.offset * SECOND;
            if (again >= s.from && again < s.to) is = LOCAL_TWICE;
        }
    }
    if (kind) *kind = is;
    return found;
}

i64 zone_resolve_iso(const struct zone *z, const iso_time *t)
{
    return t->zoned ? iso_ms(t) : zone_resolve(z, t->local, NULL);
}

i64 zone_day_start(const struct zone *z, i64 days)
{
    return zone_resolve(z, civil_of_days(days), NULL);
}

/* zone_resolve never goes back when the local time goes on, so the first answer that is late enough
 * is the earliest. */
i64 zone_next_clock(const struct zone *z, i64 after, i64 clock_ms)
{
    i64 day = zone_day(z, after) - 1, at;
    do at = zone_resolve(z, civil_of_ms(day++ * DAY + clock_ms), NULL);
    while (at <= clamp(after) && day < MS_MAX / DAY);
    return at;
}

i64 zone_add(const struct zone *z, i64 ms, duration d)
{
    ms = clamp(ms);
    if (d.months) ms = zone_resolve(z, civil_add_months(zone_local(z, ms), d.months), NULL);
    return ms + d.ms;
}

/* The first day of the period that holds a day, or of the one after it. */
static i64 period_day(period p, i64 day, bool next)
{
    if (p == PERIOD_DAY) return day + next;
    if (p == PERIOD_WEEK) return day - (weekday_of(day) - 1) + 7 * next;
    civil c = civil_of_days(day);
    c.day = 1;
    return days_of_ms(civil_ms(next ? civil_add_months(c, 1) : c));
}

/* Where the clock goes back over midnight, yesterday's name comes again after today began: such a
 * moment belongs to today. */
void zone_period(const struct zone *z, i64 ms, period p, i64 *from, i64 *to)
{
    i64 day = zone_day(z, ms);
    if (zone_day_start(z, day + 1) <= ms) day++;
    *from = zone_day_start(z, period_day(p, day, false));
    *to = zone_day_start(z, period_day(p, day, true));
}

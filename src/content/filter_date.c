/* filter_date.c — {{ d | date: "%d.%m.%Y" }}: strftime without the system's: English names, the
 * customer's zone, and the moment that the caller calls now. What is no date stays as it is. */
#include "content/filter_date.h"

struct moment {
    civil local;
    i64 ms; /* since 1970 UTC */
    i32 offset_s;
};

static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                   "Thursday", "Friday", "Saturday"};

/* ---- what the directives mean ---- */

struct directive {
    char conversion;
    bool no_pad, upper, swap;
    char pad; /* 0: as the conversion has it */
    u32 width, colons;
};

/* A number, padded as it was asked for, or to `width` with `pad`. */
static void put_number(struct buf *out, const struct directive *d, i64 n, u32 width, char pad)
{
    char text[24];
    size_t at = sizeof text;
    u64 rest = n < 0 ? 0 - (u64)n : (u64)n;
    do text[--at] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (d->width) width = d->width;
    if (d->pad) pad = d->pad;
    if (d->no_pad) width = 0;
    u32 taken = (u32)(sizeof text - at) + (n < 0);
    if (n < 0 && pad == '0') buf_byte(out, '-');
    if (n < 0 && pad != '0') text[--at] = '-';
    for (; taken < width && at; taken++) text[--at] = pad;
    for (; taken < width; taken++) buf_byte(out, (u8)pad);
    buf_put(out, (str){text + at, sizeof text - at});
}

static void put_text(struct buf *out, const struct directive *d, str s)
{
    for (size_t i = s.n; i < d->width && !d->no_pad; i++) buf_byte(out, d->pad == '0' ? '0' : ' ');
    if (!d->upper && !d->swap) buf_put(out, s);
    for (size_t i = 0; i < s.n && (d->upper || d->swap); i++) {
        char ch = s.p[i];
        if (d->upper && ch >= 'a' && ch <= 'z') ch = (char)(ch - 32);
        if (d->swap && ch >= 'A' && ch <= 'Z') ch = (char)(ch + 32);
        buf_byte(out, (u8)ch);
    }
}

static u32 day_of_year(const civil *c)
{
    return (u32)(days_of(c->year, c->month, c->day) - days_of(c->year, 1, 1)) + 1;
}

/* The week of ISO 8601 and the year it belongs to: that of its Thursday. */
static u32 iso_week(const civil *c, i64 *year)
{
    i64 day = days_of(c->year, c->month, c->day), thursday = day - weekday_of(day) + 4;
    civil t = civil_of_days(thursday);
    *year = t.year;
    return (day_of_year(&t) - 1) / 7 + 1;
}

static void put_offset(struct buf *out, const struct directive *d, i32 offset)
{
    u32 s = (u32)(offset < 0 ? -offset : offset);
    buf_byte(out, offset < 0 ? '-' : '+');
    buf_printf(out, d->colons ? "%02u:%02u" : "%02u%02u", s / 3600, s / 60 % 60);
    if (d->colons == 2) buf_printf(out, ":%02u", s % 60);
}

static void put_date(struct buf *out, str format, const struct moment *m);

/* Conversions that are several others; NULL: not one of these. */
static const char *composed(char conversion)
{
    switch (conversion) {
    case 'c': return "%a %b %e %H:%M:%S %Y";
    case 'D':
    case 'x': return "%m/%d/%y";
    case 'F': return "%Y-%m-%d";
    case 'T':
    case 'X': return "%H:%M:%S";
    case 'R': return "%H:%M";
    case 'r': return "%I:%M:%S %p";
    case 'v': return "%e-%^b-%Y";
    case '+': return "%a %b %e %H:%M:%S %Z %Y";
    default: return NULL;
    }
}

static void put_names(struct buf *out, struct directive *d, const struct moment *m)
{
    const civil *c = &m->local;
    str s;
    switch (d->conversion) {
    case 'a':
    case 'A':
        s = str_of(days[weekday_of(days_of(c->year, c->month, c->day)) % 7]);
        if (d->conversion == 'a') s.n = 3;
        break;
    case 'b':
    case 'h':
    case 'B':
        s = str_of(months[c->month - 1]);
        if (d->conversion != 'B') s.n = 3;
        break;
    case 'Z': s = m->offset_s ? (str){0} : S("UTC"); break;
    case 'P': s = c->hour < 12 ? S("am") : S("pm"); break;
    case 'p': s = c->hour < 12 ? S("AM") : S("PM"); break;
    case 'n': s = S("\n"); break;
    case 't': s = S("\t"); break;
    default: s = S("%");
    }
    bool upper_names = d->swap && d->conversion != 'p' && d->conversion != 'Z';
    if (upper_names) d->upper = true, d->swap = false;
    put_text(out, d, s);
}

static void put_week(struct buf *out, const struct directive *d, const civil *c)
{
    u32 yday = day_of_year(c) - 1, wday = weekday_of(days_of(c->year, c->month, c->day)) % 7;
    i64 year;
    u32 week = iso_week(c, &year);
    switch (d->conversion) {
    case 'U': put_number(out, d, (yday + 7 - wday) / 7, 2, '0'); break;
    case 'W': put_number(out, d, (yday + 7 - (wday + 6) % 7) / 7, 2, '0'); break;
    case 'V': put_number(out, d, week, 2, '0'); break;
    case 'G': put_number(out, d, year, 4, '0'); break;
    case 'g': put_number(out, d, year % 100, 2, '0'); break;
    case 'w': put_number(out, d, wday, 1, '0'); break;
    case 'u': put_number(out, d, wday ? wday : 7, 1, '0'); break;
    default: put_number(out, d, yday + 1, 3, '0');
    }
}

static void put_fraction(struct buf *out, const struct directive *d, u32 ms, u32 width)
{
    if (d->width) width = min_u32(d->width, 30);
    for (u32 i = 0, unit = 100; i < width; i++, unit /= 10)
        buf_byte(out, (u8)('0' + (unit ? ms / unit % 10 : 0)));
}

static bool put_numbers(struct buf *out, const struct directive *d, const struct moment *m)
{
    const civil *c = &m->local;
    u32 twelve = c->hour % 12 ? c->hour % 12 : 12;
    switch (d->conversion) {
    case 'Y': put_number(out, d, c->year, c->year < 0 ? 5 : 4, '0'); return true;
    case 'C': put_number(out, d, c->year / 100, 2, '0'); return true;
    case 'y': put_number(out, d, (c->year % 100 + 100) % 100, 2, '0'); return true;
    case 'm': put_number(out, d, c->month, 2, '0'); return true;
    case 'd': put_number(out, d, c->day, 2, '0'); return true;
    case 'e': put_number(out, d, c->day, 2, ' '); return true;
    case 'H': put_number(out, d, c->hour, 2, '0'); return true;
    case 'k': put_number(out, d, c->hour, 2, ' '); return true;
    case 'I': put_number(out, d, twelve, 2, '0'); return true;
    case 'l': put_number(out, d, twelve, 2, ' '); return true;
    case 'M': put_number(out, d, c->minute, 2, '0'); return true;
    case 'S': put_number(out, d, c->second, 2, '0'); return true;
    case 's': put_number(out, d, m->ms / 1000 - (m->ms % 1000 < 0), 1, '0'); return true;
    case 'L': put_fraction(out, d, c->ms, 3); return true;
    case 'N': put_fraction(out, d, c->ms, 9); return true;
    default: return false;
    }
}

static bool put_directive(struct buf *out, struct directive *d, const struct moment *m)
{
    const char *parts = composed(d->conversion);
    if (parts) {
        size_t from = out->n;
        put_date(out, str_of(parts), m);
        for (size_t i = from; d->upper && i < out->n; i++)
            if (out->p[i] >= 'a' && out->p[i] <= 'z') out->p[i] = (char)(out->p[i] - 32);
        return true;
    }
    if (put_numbers(out, d, m)) return true;
    switch (d->conversion) {
    case 'U':
    case 'W':
    case 'V':
    case 'G':
    case 'g':
    case 'w':
    case 'u':
    case 'j': put_week(out, d, &m->local); return true;
    case 'z': put_offset(out, d, m->offset_s); return true;
    case 'a':
    case 'A':
    case 'b':
    case 'B':
    case 'h':
    case 'Z':
    case 'P':
    case 'p':
    case 'n':
    case 't':
    case '%': put_names(out, d, m); return true;
    default: return false;
    }
}

/* Flags, width and conversion behind a %; how many bytes they take. */
static size_t read_directive(str s, struct directive *d)
{
    size_t i = 0;
    *d = (struct directive){0};
    for (; i < s.n; i++) {
        if (s.p[i] == '-')
            d->no_pad = true;
        else if (s.p[i] == '^')
            d->upper = true;
        else if (s.p[i] == '#')
            d->swap = true;
        else if (s.p[i] == '_')
            d->pad = ' ';
        else if (s.p[i] == '0')
            d->pad = '0';
        else
            break;
    }
    for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
        d->width = min_u32(d->width * 10 + (u32)(s.p[i] - '0'), 1000);
    for (; i < s.n && s.p[i] == ':'; i++) d->colons++;
    if (i < s.n && (s.p[i] == 'E' || s.p[i] == 'O')) i++;
    d->conversion = i < s.n ? s.p[i++] : 0;
    return i;
}

/* What is no directive stands as it is. */
static void put_date(struct buf *out, str format, const struct moment *m)
{
    for (size_t i = 0; i < format.n && !out->full;) {
        const char *percent = memchr(format.p + i, '%', format.n - i);
        size_t to = percent ? (size_t)(percent - format.p) : format.n;
        buf_put(out, str_slice(format, i, to));
        if (!percent) return;
        struct directive d;
        size_t n = read_directive(str_slice(format, to + 1, format.n), &d);
        if (!put_directive(out, &d, m)) buf_put(out, str_slice(format, to, to + 1 + n));
        i = to + 1 + n;
    }
}

/* ---- what the value means ---- */

static void set_ms(const struct liquid_values *v, i64 ms, struct moment *m)
{
    const struct zone *zone = v ? v->zone : NULL;
    m->ms = ms;
    m->offset_s = zone_offset(zone, ms);
    m->local = civil_of_ms(ms + m->offset_s * SECOND);
}

/* A time with an offset keeps it unless a zone is given; one without is that of the zone. */
static void set_iso(const struct liquid_values *v, const iso_time *t, struct moment *m)
{
    const struct zone *zone = v ? v->zone : NULL;
    if (!t->zoned) {
        m->ms = zone_resolve(zone, t->local, NULL);
        m->offset_s = zone_offset(zone, m->ms);
        m->local = t->local;
    } else if (zone) {
        set_ms(v, iso_ms(t), m);
    } else {
        *m = (struct moment){t->local, iso_ms(t), t->offset_s};
    }
}

static bool set_text(const struct liquid_values *v, str s, struct moment *m)
{
    iso_time t;
    i64 seconds;
    s = str_trim(s);
    if (str_eq_nocase(s, S("now")) || str_eq_nocase(s, S("today"))) {
        if (!v || !v->now_ms) return false;
        set_ms(v, v->now_ms, m);
        return true;
    }
    if (s.n && s.p[0] >= '0' && s.p[0] <= '9' && str_to_i64(s, &seconds) == ERR_OK) {
        if (s.n > 12) return false;
        set_ms(v, seconds * SECOND, m);
        return true;
    }
    if (!iso_parse(s, &t) && !date_read(s, v ? v->now_ms : 0, &t)) return false;
    set_iso(v, &t, m);
    return true;
}

static bool moment_of(const struct liquid_values *v, const datum *d, struct moment *m)
{
    if (d->kind != DATUM_PLAIN) return false;
    switch (d->v.type) {
    case VALUE_TEXT: return set_text(v, d->v.text, m);
    case VALUE_INT:
        if (d->v.n > 253402300799 || d->v.n < -62167219200) return false;
        set_ms(v, d->v.n * SECOND, m);
        return true;
    case VALUE_DATE: {
        iso_time t = {.local = civil_of_days(d->v.n)};
        set_iso(v, &t, m);
        return true;
    }
    case VALUE_TIME:
        if (v && v->zone)
            set_ms(v, d->v.n, m);
        else if (!set_text(v, d->v.text, m))
            set_ms(v, d->v.n, m);
        return true;
    default: return false;
    }
}

static err apply_date(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)given;
    struct moment m;
    LIQUID_TEXT_OF(format, &args[0]);
    if (!format.n || !moment_of(r->values, d, &m)) return ERR_OK;
    TRY(render_steps(r, format.n / 8));
    size_t from = r->out->n;
    put_date(r->out, format, &m);
    if (r->out->full) return render_out_of_room(r);
    size_t n = r->out->n - from;
    char *p = render_bytes(r, n);
    if (!p) return render_out_of_room(r);
    if (n) memcpy(p, r->out->p + from, n);
    r->out->n = from;
    datum_set(d, value_text((str){p, n}));
    return ERR_OK;
}

const struct liquid_filter liquid_date_filters[] = {
    {LIQUID_NAME("date"), 1, 1, SAFE_ENDS, {0}, apply_date},
    {{0}, 0, 0, 0, {0}, NULL},
};

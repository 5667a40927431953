/* date.c — conditions on calendar days.
 *
 * "In 3 days" holds while today, in the condition's zone, is the field's day minus three. Today is
 * the latest day that has begun, so it never goes back, also where clocks do at midnight. An
 * anniversary is the field's month and day in some year, by the Chinese calendar if it is lunar; of
 * the days it holds, the next border is a day's first moment, so `until` is exact. */
#include "predicate/lunar.h"
#include "predicate/program.h"

enum { YEARS_AROUND = 2 /* every year's anniversary within a range of a year */ };

static const struct zone *zone_of(const struct date *d, const struct subject *who)
{
    const struct resolver *r = who->resolver;
    const struct zone *found = NULL;
    if (d->flags & DATE_CUSTOMER_ZONE) {
        if (who->customer_zone) return who->customer_zone;
        value name = view_attribute(who->view, who->head, d->zone_attribute);
        if (name.type == VALUE_TEXT && r && r->zone) found = r->zone(r->ctx, name.text);
    } else if ((d->flags & DATE_NAMED_ZONE) && r && r->zone) {
        found = r->zone(r->ctx, d->zone);
    }
    return found ? found : who->zone;
}

static i64 today(const struct zone *z, i64 now)
{
    i64 day = zone_day(z, now);
    while (zone_day_start(z, day + 1) <= now) day++;
    while (zone_day_start(z, day) > now) day--;
    return day;
}

/* A month and a day, of any year. */
struct yearly {
    u32 month, day;
};

static bool two_digits(str s, size_t at, u32 *out)
{
    if (at + 2 > s.n || s.p[at] < '0' || s.p[at] > '9' || s.p[at + 1] < '0' || s.p[at + 1] > '9')
        return false;
    *out = (u32)(s.p[at] - '0') * 10 + (u32)(s.p[at + 1] - '0');
    return true;
}

/* "MM-DD" and "--MM-DD". */
static bool month_and_day(const struct date *d, value v, struct yearly *out)
{
    str s = v.text;
    if (v.type != VALUE_TEXT || !(d->flags & DATE_ANNIVERSARY)) return false;
    if (str_starts(s, S("--"))) s = str_slice(s, 2, s.n);
    if (s.n != 5 || s.p[2] != '-' || !two_digits(s, 0, &out->month) || !two_digits(s, 3, &out->day))
        return false;
    if (d->flags & DATE_LUNAR)
        return out->month >= 1 && out->month <= 12 && out->day >= 1 && out->day <= 30;
    return date_valid(2000, out->month, out->day);
}

/* What of a day comes again every year; a leap month is the ordinary one of its number. */
static bool yearly_of(const struct date *d, i64 day, struct yearly *out)
{
    struct lunar l;
    civil c = civil_of_days(day);
    *out = (struct yearly){c.month, c.day};
    if (!(d->flags & DATE_LUNAR)) return true;
    if (!lunar_of(day, &l)) return false;
    *out = (struct yearly){l.month, l.day};
    return true;
}

static bool day_of_value(value v, const struct zone *z, i64 *day)
{
    iso_time t;
    if (v.type == VALUE_DATE)
        *day = v.n;
    else if (v.type == VALUE_TIME)
        *day = zone_day(z, v.n);
    else if (v.type == VALUE_TEXT && iso_parse(v.text, &t))
        *day =
            t.zoned ? zone_day(z, iso_ms(&t)) : days_of(t.local.year, t.local.month, t.local.day);
    else
        return false;
    return *day > -4000000 && *day < 4000000;
}

static answer once(const struct date *d, const struct zone *z, i64 now, i64 day)
{
    i64 at = today(z, now), first = day - d->to, last = day - d->from;
    if (at < first) return (answer){false, zone_day_start(z, first)};
    if (at <= last) return (answer){true, zone_day_start(z, last + 1)};
    return (answer){false, NEVER};
}

/* False: that year is beyond the calendar. */
static bool anniversary(const struct date *d, struct yearly y, i64 year, i64 *day)
{
    if (d->flags & DATE_LUNAR) return lunar_day(year, y.month, y.day, day);
    if (y.month == 2 && y.day == 29 && !date_valid(year, 2, 29))
        *day = d->flags & DATE_LEAP_MARCH ? days_of(year, 3, 1) : days_of(year, 2, 28);
    else
        *day = days_of(year, y.month, y.day);
    return true;
}

static answer every_year(const struct date *d, const struct zone *z, i64 now, struct yearly y)
{
    i64 at = today(z, now), next = INT64_MAX;
    bool holds = false;
    i64 from = civil_of_days(at + d->from).year - YEARS_AROUND,
        to = civil_of_days(at + d->to).year + YEARS_AROUND;
    for (i64 year = from; year <= to; year++) {
        i64 day;
        if (!anniversary(d, y, year, &day)) continue;
        i64 first = day - d->to, last = day - d->from;
        if (first > at) next = min_i64(next, first);
        if (first <= at && at <= last) {
            holds = true;
            next = min_i64(next, last + 1);
        }
    }
    return (answer){holds, next == INT64_MAX ? NEVER : zone_day_start(z, next)};
}

answer date_answer(const struct date *d, const struct subject *who, i64 now)
{
    const struct zone *z = zone_of(d, who);
    struct scope s = {.kind = SCOPE_CUSTOMER, .who = who};
    struct yearly y;
    i64 day;
    value v = field_of(&s, &d->path);
    if (month_and_day(d, v, &y)) return every_year(d, z, now, y);
    if (!day_of_value(v, z, &day)) return (answer){false, NEVER};
    if (!(d->flags & DATE_ANNIVERSARY)) return once(d, z, now, day);
    return yearly_of(d, day, &y) ? every_year(d, z, now, y) : (answer){false, NEVER};
}

/* ---- for whom the days themselves matter ---- */

static const struct date *only_date(const struct predicate *p)
{
    MUST(p->root->kind == NODE_DATE);
    return p->root->date;
}

value predicate_date(const struct predicate *p, const struct subject *who)
{
    const struct date *d = only_date(p);
    struct scope s = {.kind = SCOPE_CUSTOMER, .who = who};
    struct yearly y;
    i64 day;
    value v = field_of(&s, &d->path);
    bool says = day_of_value(v, NULL, &day) || month_and_day(d, v, &y);
    return says ? v : value_missing();
}

const struct zone *predicate_date_zone(const struct predicate *p, const struct subject *who)
{
    return zone_of(only_date(p), who);
}

/* The first day after `after` at which one of these days is in range; INT64_MAX: none. */
static i64 in_range(const struct date *d, i64 day, i64 after)
{
    i64 next = max_i64(after + 1, day - d->to);
    return next <= day - d->from ? next : INT64_MAX;
}

bool predicate_date_next(const struct predicate *p, const struct subject *who, i64 after, i64 *day)
{
    const struct date *d = only_date(p);
    value v = predicate_date(p, who);
    struct yearly y;
    i64 said, next = INT64_MAX;
    if (v.type == VALUE_MISSING) return false;
    bool yearly = (d->flags & DATE_ANNIVERSARY) != 0;
    if (!month_and_day(d, v, &y)) {
        if (!day_of_value(v, zone_of(d, who), &said) || !yearly_of(d, said, &y)) return false;
        if (!yearly) next = in_range(d, said, after);
    }
    i64 from = civil_of_days(after + d->from).year - YEARS_AROUND,
        to = civil_of_days(after + d->to).year + YEARS_AROUND;
    for (i64 year = from; yearly && year <= to; year++)
        if (anniversary(d, y, year, &said)) next = min_i64(next, in_range(d, said, after));
    if (next != INT64_MAX) *day = next;
    return next != INT64_MAX;
}

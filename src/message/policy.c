/* policy.c — policies checked and encoded, decoded, shown.
 *
 * Bytes: u8 format (1) · u8 has caps, [varint count, {varint channel, categories, max, per, zigzag
 * window, u8 defers}…] · u8 has quiet, [varint count, {varint channel, zigzag from, to, zone with
 * its length, u8 holidays}…] · varint count, {zigzag day}… */
#include "message/policy.h"

#include "log/fixed.h"

#include <stdio.h>
#include <stdlib.h>

enum { FORMAT = 1, PROMOTIONS = 1 << CATEGORY_PROMOTION };

static const char *const CATEGORIES[] = {"promotion", "service", "transactional", "notice"};
static const char *const PERIODS[] = {
    [CAP_DAY] = "day", [CAP_WEEK] = "week", [CAP_MONTH] = "month"};

static const struct cap DEFAULT_CAPS[] = {
    {CHANNEL_SMS, PROMOTIONS, 2, CAP_SLIDES, DAY, false},
    {CHANNELS_EACH, PROMOTIONS, 2, CAP_DAY, 0, false},
    {CHANNELS_ALL, PROMOTIONS, 4, CAP_DAY, 0, false},
};
static const struct quiet DEFAULT_QUIET[] = {
    {CHANNEL_SMS, 21 * HOUR, 8 * HOUR, {0}, false},
    {CHANNEL_CALL, 21 * HOUR, 8 * HOUR, {0}, false},
    {CHANNELS_ALL, 22 * HOUR, 8 * HOUR, {0}, false},
};

str category_text(category c)
{
    return str_of(CATEGORIES[c]);
}

bool category_named(str text, category *out)
{
    for (u32 i = 0; i < CATEGORY_NOTICE; i++)
        if (str_eq(text, str_of(CATEGORIES[i]))) {
            *out = (category)i;
            return true;
        }
    return false;
}

/* ---- checking ---- */

struct checking {
    const struct policy_context *context;
    struct diag *why;
    char at[48]; /* "/caps/3" */
};

MUST_USE static err refuse(struct checking *c, const char *member, const char *sentence)
{
    char path[80];
    snprintf(path, sizeof path, "%s%s", c->at, member);
    return diag_at(c->why, ERR_REFUSED, str_of(path), "%s", sentence);
}

MUST_USE static err known_members(struct checking *c, const struct json *j,
                                  const char *const *known, u32 n)
{
    char at[100];
    if (!json_is(j, JSON_OBJECT)) return refuse(c, "", "an object is needed here");
    for (const struct json *m = j->child; m; m = m->next) {
        bool is_known = false;
        for (u32 i = 0; i < n; i++) is_known |= str_eq(m->key, str_of(known[i]));
        if (is_known) continue;
        snprintf(at, sizeof at, "/%.*s", (int)min_size(m->key.n, 40), m->key.p);
        return refuse(c, at, "there is no member of this name here");
    }
    return ERR_OK;
}

/* `each`: whether "each" may stand here. */
MUST_USE static err channel_at(struct checking *c, const struct json *j, bool each, u32 *out)
{
    const struct json *name = json_get(j, "channel");
    *out = CHANNELS_ALL;
    if (!json_is(name, JSON_STRING))
        return refuse(c, "/channel", "name a channel, or \"*\" for all of them");
    if (str_eq(name->text, S("*"))) return ERR_OK;
    if (each && str_eq(name->text, S("each"))) {
        *out = CHANNELS_EACH;
        return ERR_OK;
    }
    *out = names_find(c->context->names, NAME_CHANNEL, name->text);
    return *out ? ERR_OK : refuse(c, "/channel", "there is no channel of this name");
}

MUST_USE static err categories_at(struct checking *c, const struct json *j, u32 *out)
{
    str text = json_get_str(j, "category", S("promotion"));
    category one;
    bool is_text = !json_get(j, "category") || json_is(json_get(j, "category"), JSON_STRING);
    if (is_text && str_eq(text, S("*"))) {
        *out = 1 << CATEGORY_PROMOTION | 1 << CATEGORY_SERVICE;
        return ERR_OK;
    }
    if (!is_text || !category_named(text, &one) || one == CATEGORY_TRANSACTIONAL)
        return refuse(c, "/category",
                      "use promotion, service, or \"*\" for both; transactional has no caps");
    *out = 1u << one;
    return ERR_OK;
}

MUST_USE static err period_at(struct checking *c, const struct json *j, struct cap *out)
{
    const struct json *per = json_get(j, "per");
    duration d;
    str text = json_is(per, JSON_STRING) ? per->text : (str){0};
    for (u32 i = CAP_DAY; i <= CAP_MONTH; i++)
        if (str_eq(text, str_of(PERIODS[i]))) {
            out->per = (cap_period)i;
            return ERR_OK;
        }
    if (duration_parse(text, &d) != ERR_OK || d.months || d.ms <= 0 || d.ms > CAP_WINDOW_MAX)
        return refuse(
            c, "/per",
            "use \"day\", \"week\", \"month\" or a duration up to \"31d\" such as \"24h\"");
    out->per = CAP_SLIDES;
    out->window_ms = d.ms;
    return ERR_OK;
}

MUST_USE static err cap_at(struct checking *c, const struct json *j, struct buf *out)
{
    static const char *const MEMBERS[] = {"channel", "category", "max", "per", "over"};
    struct cap cap = {0};
    i64 max = -1;
    TRY(known_members(c, j, MEMBERS, COUNT_OF(MEMBERS)));
    TRY(channel_at(c, j, true, &cap.channel));
    TRY(categories_at(c, j, &cap.categories));
    TRY(period_at(c, j, &cap));
    if (json_to_i64(json_get(j, "max"), &max) != ERR_OK || max < 0 || max > CAP_COUNT_MAX)
        return refuse(c, "/max", "how many: a whole number from 0 to 1000");
    str over = json_get_str(j, "over", json_get(j, "over") ? S("?") : S("refuse"));
    cap.defers = str_eq(over, S("defer"));
    if (!cap.defers && !str_eq(over, S("refuse")))
        return refuse(c, "/over", "use \"refuse\" or \"defer\"");
    if (cap.defers && max == 0)
        return refuse(c, "/over",
                      "a cap of 0 never frees: nothing can wait for it, use \"refuse\"");
    buf_varint(out, cap.channel);
    buf_varint(out, cap.categories);
    buf_varint(out, (u64)max);
    buf_varint(out, cap.per);
    buf_zigzag(out, cap.window_ms);
    buf_byte(out, cap.defers);
    return ERR_OK;
}

MUST_USE static err clock_at(struct checking *c, const struct json *j, const char *member, i64 *ms)
{
    char at[16];
    const struct json *text = json_get(j, member);
    snprintf(at, sizeof at, "/%s", member);
    if (json_is(text, JSON_STRING) && clock_parse(text->text, ms) == ERR_OK) return ERR_OK;
    if (json_is(text, JSON_STRING) && str_eq(text->text, S("24:00")) && member[0] == 't') {
        *ms = 0;
        return ERR_OK;
    }
    return refuse(c, at, "give a time of the day such as \"21:00\"");
}

MUST_USE static err quiet_at(struct checking *c, const struct json *j, struct buf *out)
{
    static const char *const MEMBERS[] = {"channel", "from", "to", "zone", "days"};
    struct quiet q = {0};
    TRY(known_members(c, j, MEMBERS, COUNT_OF(MEMBERS)));
    TRY(channel_at(c, j, false, &q.channel));
    TRY(clock_at(c, j, "from", &q.from_ms));
    TRY(clock_at(c, j, "to", &q.to_ms));
    str zone = json_get_str(j, "zone", json_get(j, "zone") ? S("?") : S("customer"));
    str days = json_get_str(j, "days", json_get(j, "days") ? S("?") : S("all"));
    q.holidays = str_eq(days, S("holidays"));
    if (!q.holidays && !str_eq(days, S("all")))
        return refuse(c, "/days", "use \"all\" or \"holidays\"");
    if (q.from_ms == q.to_ms && !q.holidays)
        return refuse(c, "/to", "quiet hours that fill every day would never end");
    if (!str_eq(zone, S("customer"))) {
        const struct policy_context *x = c->context;
        if (!zone_name_valid(zone) || (x->zone_known && !x->zone_known(x->ctx, zone)))
            return refuse(c, "/zone",
                          "use \"customer\" or a time zone's name such as \"Asia/Shanghai\"");
        q.zone = zone;
    }
    buf_varint(out, q.channel);
    buf_zigzag(out, q.from_ms);
    buf_zigzag(out, q.to_ms);
    buf_str_varint(out, q.zone);
    buf_byte(out, q.holidays);
    return ERR_OK;
}

static int by_day(const void *a, const void *b)
{
    i64 x = *(const i64 *)a, y = *(const i64 *)b;
    return (x > y) - (x < y);
}

MUST_USE static err holidays(struct checking *c, const struct json *list, struct buf *out)
{
    i64 days[HOLIDAYS_MAX];
    u32 n = 0;
    iso_time t;
    c->at[0] = 0;
    if (list && (list->type != JSON_ARRAY || list->count > HOLIDAYS_MAX))
        return refuse(c, "/holidays", "a list of at most 2000 days is needed");
    for (const struct json *d = list ? list->child : NULL; d; d = d->next) {
        snprintf(c->at, sizeof c->at, "/holidays/%u", n);
        if (d->type != JSON_STRING || !iso_parse(d->text, &t) || t.timed)
            return refuse(c, "", "give a day such as \"2026-10-01\"");
        days[n++] = days_of(t.local.year, t.local.month, t.local.day);
    }
    qsort(days, n, sizeof *days, by_day);
    buf_varint(out, n);
    for (u32 i = 0; i < n; i++) buf_zigzag(out, days[i]);
    return ERR_OK;
}

MUST_USE static err list_at(struct checking *c, const struct json *source, const char *name,
                            u32 max,
                            err (*one)(struct checking *c, const struct json *j, struct buf *out),
                            struct buf *out)
{
    const struct json *list = json_get(source, name);
    u32 i = 0;
    c->at[0] = 0;
    buf_byte(out, list != NULL);
    if (!list) return ERR_OK;
    snprintf(c->at, sizeof c->at, "/%s", name);
    if (list->type != JSON_ARRAY || list->count > max)
        return refuse(c, "", "a list of at most 64 rules is needed; an empty one means none");
    buf_varint(out, list->count);
    for (const struct json *j = list->child; j; j = j->next, i++) {
        snprintf(c->at, sizeof c->at, "/%s/%u", name, i);
        TRY(one(c, j, out));
    }
    return ERR_OK;
}

err policy_compile(const struct json *source, const struct policy_context *context, struct buf *out,
                   struct diag *why)
{
    static const char *const MEMBERS[] = {"id", "caps", "quiet", "holidays"};
    struct checking c = {.context = context, .why = why};
    TRY(known_members(&c, source, MEMBERS, COUNT_OF(MEMBERS)));
    buf_byte(out, FORMAT);
    TRY(list_at(&c, source, "caps", CAPS_MAX, cap_at, out));
    TRY(list_at(&c, source, "quiet", QUIET_MAX, quiet_at, out));
    return holidays(&c, json_get(source, "holidays"), out);
}

/* ---- decoding ---- */

MUST_USE static err load_caps(struct reader *r, struct policy *p)
{
    bool given = read_byte(r);
    if (!given) {
        memcpy(p->caps, DEFAULT_CAPS, sizeof DEFAULT_CAPS);
        p->cap_count = COUNT_OF(DEFAULT_CAPS);
        return ERR_OK;
    }
    u64 n = read_varint(r);
    if (n > CAPS_MAX) return ERR_CORRUPT;
    for (u32 i = 0; i < n; i++) {
        struct cap *c = &p->caps[i];
        c->channel = (u32)read_varint(r);
        c->categories = (u32)read_varint(r);
        c->max = (u32)read_varint(r);
        c->per = (cap_period)read_varint(r);
        c->window_ms = read_zigzag(r);
        c->defers = read_byte(r);
        if (c->per > CAP_MONTH || c->window_ms < 0 || c->window_ms > CAP_WINDOW_MAX ||
            (c->defers && c->max == 0))
            return ERR_CORRUPT;
    }
    p->cap_count = (u32)n;
    return ERR_OK;
}

MUST_USE static err load_quiet(struct reader *r, struct policy *p)
{
    bool given = read_byte(r);
    if (!given) {
        memcpy(p->quiet, DEFAULT_QUIET, sizeof DEFAULT_QUIET);
        p->quiet_count = COUNT_OF(DEFAULT_QUIET);
        return ERR_OK;
    }
    u64 n = read_varint(r);
    if (n > QUIET_MAX) return ERR_CORRUPT;
    for (u32 i = 0; i < n; i++) {
        struct quiet *q = &p->quiet[i];
        q->channel = (u32)read_varint(r);
        q->from_ms = read_zigzag(r);
        q->to_ms = read_zigzag(r);
        q->zone = read_str_varint(r);
        q->holidays = read_byte(r);
        if (q->from_ms < 0 || q->from_ms >= DAY || q->to_ms < 0 || q->to_ms >= DAY)
            return ERR_CORRUPT;
    }
    p->quiet_count = (u32)n;
    return ERR_OK;
}

/* A calendar period is never longer than this, whatever the zone does meanwhile. */
static i64 reach(const struct cap *c)
{
    static const i64 LONGEST[] = {
        [CAP_DAY] = 2 * DAY, [CAP_WEEK] = 8 * DAY, [CAP_MONTH] = 32 * DAY};
    return c->per == CAP_SLIDES ? c->window_ms : LONGEST[c->per];
}

err policy_load(str bytes, struct arena *arena, struct policy *out)
{
    static const char NOTHING_SAID[] = {FORMAT, 0, 0, 0};
    struct reader r = reader_of(bytes.n ? bytes : (str){NOTHING_SAID, sizeof NOTHING_SAID});
    memset(out, 0, sizeof *out);
    if (read_byte(&r) != FORMAT) return ERR_CORRUPT;
    TRY(load_caps(&r, out));
    TRY(load_quiet(&r, out));
    u64 n = read_varint(&r);
    if (n > HOLIDAYS_MAX) return ERR_CORRUPT;
    out->holidays = arena_alloc(arena, (n + 1) * sizeof *out->holidays);
    for (u32 i = 0; i < n; i++) out->holidays[i] = read_zigzag(&r);
    out->holiday_count = (u32)n;
    for (u32 i = 0; i < out->cap_count; i++)
        out->reach_ms = max_i64(out->reach_ms, reach(&out->caps[i]));
    return r.bad || r.p != r.end ? ERR_CORRUPT : ERR_OK;
}

/* ---- showing ---- */

static str channel_text(struct names *names, u32 channel)
{
    return channel == CHANNELS_ALL    ? S("*")
           : channel == CHANNELS_EACH ? S("each")
                                      : names_text(names, NAME_CHANNEL, channel);
}

static void show_cap(const struct cap *c, struct names *names, struct buf *out)
{
    bool both = c->categories == (1u << CATEGORY_PROMOTION | 1u << CATEGORY_SERVICE);
    json_put_comma(out);
    buf_byte(out, '{');
    json_put_kv_str(out, S("channel"), channel_text(names, c->channel));
    json_put_kv_str(out, S("category"),
                    both                          ? S("*")
                    : c->categories == PROMOTIONS ? S("promotion")
                                                  : S("service"));
    json_put_kv_i64(out, S("max"), c->max);
    json_put_key(out, S("per"));
    buf_byte(out, '"');
    if (c->per == CAP_SLIDES && c->window_ms % HOUR == 0)
        buf_printf(out, "%dh", (int)(c->window_ms / HOUR)); /* not "1d": that reads like "day" */
    else if (c->per == CAP_SLIDES)
        duration_put(out, (duration){.ms = c->window_ms});
    else
        buf_put(out, str_of(PERIODS[c->per]));
    buf_byte(out, '"');
    json_put_kv_str(out, S("over"), c->defers ? S("defer") : S("refuse"));
    buf_byte(out, '}');
}

static void put_clock(struct buf *out, str key, i64 ms)
{
    char text[16];
    int n = snprintf(text, sizeof text, "%02d:%02d", (int)(ms / HOUR), (int)(ms / MINUTE % 60));
    if (ms % MINUTE)
        n = snprintf(text, sizeof text, "%02d:%02d:%02d", (int)(ms / HOUR), (int)(ms / MINUTE % 60),
                     (int)(ms / SECOND % 60));
    json_put_kv_str(out, key, (str){text, (size_t)n});
}

static void show_quiet(const struct quiet *q, struct names *names, struct buf *out)
{
    json_put_comma(out);
    buf_byte(out, '{');
    json_put_kv_str(out, S("channel"), channel_text(names, q->channel));
    put_clock(out, S("from"), q->from_ms);
    put_clock(out, S("to"), q->to_ms);
    json_put_kv_str(out, S("zone"), q->zone.n ? q->zone : S("customer"));
    json_put_kv_str(out, S("days"), q->holidays ? S("holidays") : S("all"));
    buf_byte(out, '}');
}

/* As it was written, if it was. */
static bool show_given(const struct json *source, const char *name, struct buf *out)
{
    const struct json *given = json_get(source, name);
    json_put_key(out, str_of(name));
    if (given) json_put(out, given);
    return given != NULL;
}

void policy_show(const struct policy *p, const struct json *source, struct names *names,
                 struct buf *out)
{
    buf_byte(out, '{');
    if (!show_given(source, "caps", out)) {
        buf_byte(out, '[');
        for (u32 i = 0; i < p->cap_count; i++) show_cap(&p->caps[i], names, out);
        buf_byte(out, ']');
    }
    if (!show_given(source, "quiet", out)) {
        buf_byte(out, '[');
        for (u32 i = 0; i < p->quiet_count; i++) show_quiet(&p->quiet[i], names, out);
        buf_byte(out, ']');
    }
    if (!show_given(source, "holidays", out)) buf_put(out, S("[]"));
    buf_byte(out, '}');
}

/* ---- quiet hours ---- */

static bool is_holiday(const struct policy *p, i64 day)
{
    u32 low = 0, high = p->holiday_count;
    while (low < high) {
        u32 middle = low + (high - low) / 2;
        if (p->holidays[middle] < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low < p->holiday_count && p->holidays[low] == day;
}

static i64 moment(const struct zone *z, i64 day, i64 clock)
{
    return zone_resolve(z, civil_of_ms(day * DAY + clock), NULL);
}

/* The end of the rule's hours around `now`, or `now`. Those of a local day may reach into the next:
 * so what began yesterday is asked too. */
static i64 quiet_end(const struct policy *p, const struct quiet *q, const struct zone *z, i64 now)
{
    i64 today = zone_day(z, now), end = now;
    for (i64 day = today - 1; day <= today; day++) {
        i64 last = q->to_ms > q->from_ms ? day : day + 1;
        if (q->holidays && !is_holiday(p, day)) continue;
        i64 from = moment(z, day, q->from_ms), to = moment(z, last, q->to_ms);
        if (from <= now && now < to) end = max_i64(end, to);
    }
    return end;
}

/* One rule's end may lie in another's hours: then it goes on, at most once a rule and day. */
i64 policy_quiet_until(const struct policy *p, u32 channel, i64 now, const struct zone *customer,
                       const struct zone *(*zone_of)(void *ctx, str name), void *ctx)
{
    enum { ROUNDS = 64 };
    i64 until = now;
    for (u32 round = 0; round < ROUNDS; round++) {
        i64 before = until;
        for (u32 i = 0; i < p->quiet_count; i++) {
            const struct quiet *q = &p->quiet[i];
            if (q->channel != CHANNELS_ALL && q->channel != channel) continue;
            const struct zone *z = q->zone.n && zone_of ? zone_of(ctx, q->zone) : NULL;
            until = quiet_end(p, q, z ? z : customer, until);
        }
        if (until == before) break;
    }
    return until;
}

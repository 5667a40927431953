/* naive_test.c — every question over random small histories, against a slow reading of the same
 * past that shares nothing with the folds; each also asked of three workers at once, whose merged
 * states must answer the same bytes. */
#include "analysis/rig_test.h"

#include <stdio.h>
#include <stdlib.h>

enum { PEOPLE = 14, EVENTS = 260, ROUNDS = 12, HER_EVENTS = EVENTS };

static const char *const NAMES[] = {"view", "cart", "pay", "open"};

/* Her events in timeline order. */
struct hers {
    const struct past_event *events[HER_EVENTS];
    u32 n;
};

static int by_time(const void *a, const void *b)
{
    const struct past_event *x = *(const struct past_event *const *)a;
    const struct past_event *y = *(const struct past_event *const *)b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

static struct hers of(const struct town *w, persona p)
{
    struct hers h = {.n = 0};
    for (u32 i = 0; i < w->past_count; i++)
        if (w->past[i].persona == p) h.events[h.n++] = &w->past[i];
    qsort(h.events, h.n, sizeof h.events[0], by_time);
    return h;
}

static bool is(const struct past_event *e, const char *name)
{
    return str_eq(e->name, str_of(name));
}

static i64 amount_of(const struct past_event *e)
{
    i64 n = 0;
    const struct json *j = json_get(e->props, "amount");
    return j && json_to_i64(j, &n) == ERR_OK ? n : 0;
}

/* People who come in bursts, often two things at one moment; in one town of three they do forty
 * other things as well. */
static struct town *random_town(struct arena *arena, u64 seed)
{
    struct town *w = rig_town(arena, "Asia/Shanghai");
    struct rng rng = {seed};
    i64 begin = w->now;
    persona people[PEOPLE];
    w->now += 70 * DAY;
    for (u32 i = 0; i < PEOPLE; i++) {
        char name[16];
        struct change ch;
        snprintf(name, sizeof name, "p%u", i);
        people[i] = town_customer(w, name);
        town_set(w, people[i], "city", town_json(arena, i % 3 ? i % 2 ? "'b'" : "'c'" : "'a'"),
                 &ch);
    }
    for (u32 i = 0; i < EVENTS; i++) {
        char props[64];
        /* one of them has more events than a word has bits */
        persona p = people[rng_percent(&rng, 40) ? 0 : rng_below(&rng, PEOPLE)];
        i64 day = (i64)rng_below(&rng, 60), slot = (i64)rng_below(&rng, 30);
        town_record(w);
        snprintf(props, sizeof props, "{'amount':%u,'kind':'%c'}", (u32)rng_below(&rng, 9),
                 "xyz"[rng_below(&rng, 3)]);
        const char *name = NAMES[rng_below(&rng, 4)];
        if (seed % 3 == 0 && i % 2) name = arena_printf(arena, "other %u", i % 80 / 2).p;
        town_event(w, p, name, begin + day * DAY + slot * 20 * MINUTE, town_json(arena, props));
    }
    return w;
}

#define EACH_TOWN(w)                                                                               \
    for (u64 round = 0; round < ROUNDS; round++)                                                   \
        for (struct town *w = random_town(arena, test_seed() * 100 + round); w;                    \
             town_free(w), w = NULL)

TEST("a trend counts events, customers and money of every day that has any")
{
    EACH_TOWN(w)
    {
        const struct json *a = rig_answer(w, "trend", "{'event':'pay','property':'amount'}");
        i64 events = 0, customers = 0, sum = 0;
        u32 rows = 0;
        for (i64 day = days_of(2026, 2, 27); day < days_of(2026, 5, 10); day++) {
            i64 n = 0, who = 0, money = 0;
            for (u32 p = 0; p < w->persona_count; p++) {
                struct hers h = of(w, w->personas[p]);
                i64 before = n;
                for (u32 i = 0; i < h.n; i++)
                    if (is(h.events[i], "pay") && zone_day(w->zone, h.events[i]->at) == day)
                        n++, money += amount_of(h.events[i]);
                who += n != before;
            }
            if (!n) continue;
            const struct json *row = rig_row(json_get(a, "rows"), rows++);
            iso_time t;
            CHECK(iso_parse(json_get_str(row, "at", S("")), &t));
            CHECK_EQ(iso_ms(&t), zone_day_start(w->zone, day));
            CHECK_EQ(rig_number(row, "events"), n);
            CHECK_EQ(rig_number(row, "customers"), who);
            CHECK_EQ(rig_number(row, "sum"), money);
            events += n, sum += money;
        }
        for (u32 p = 0; p < w->persona_count; p++) {
            struct hers h = of(w, w->personas[p]);
            bool any = false;
            for (u32 i = 0; i < h.n; i++) any |= is(h.events[i], "pay");
            customers += any;
        }
        CHECK_EQ(json_get(a, "rows")->count, rows);
        CHECK_EQ(rig_number(json_get(a, "total"), "events"), events);
        CHECK_EQ(rig_number(json_get(a, "total"), "customers"), customers);
        CHECK_EQ(rig_number(json_get(a, "total"), "sum"), sum);
    }
}

TEST("a heat map goes by the local clock, also where it changes")
{
    EACH_TOWN(w)
    {
        const struct json *a = rig_answer(w, "heatmap", "{'zone':'America/New_York'}");
        const struct zone *zone = town_zone(arena, "America/New_York");
        u32 rows = 0;
        for (u32 weekday = 1; weekday <= 7; weekday++)
            for (u32 hour = 0; hour < 24; hour++) {
                i64 n = 0, who = 0;
                for (u32 p = 0; p < w->persona_count; p++) {
                    struct hers h = of(w, w->personas[p]);
                    i64 before = n;
                    for (u32 i = 0; i < h.n; i++) {
                        civil c = zone_local(zone, h.events[i]->at);
                        n += c.hour == hour &&
                             weekday_of(days_of(c.year, c.month, c.day)) == weekday;
                    }
                    who += n != before;
                }
                if (!n) continue;
                const struct json *row = rig_row(json_get(a, "rows"), rows++);
                CHECK_EQ(rig_number(row, "weekday"), weekday);
                CHECK_EQ(rig_number(row, "hour"), hour);
                CHECK_EQ(rig_number(row, "events"), n);
                CHECK_EQ(rig_number(row, "customers"), who);
                str cell = arena_printf(arena,
                                        "{'zone':'America/New_York','drill':{'weekday':%u,"
                                        "'hour':%u}}",
                                        weekday, hour);
                if (rows < 4) CHECK_EQ(rig_drill(w, "heatmap", cell), who);
            }
        CHECK_EQ(json_get(a, "rows")->count, rows);
    }
}

/* ---- funnel ---- */

static const char *const STEPS[] = {"view", "cart", "pay"};

/* The furthest step over every choice of events; nothing is kept between choices. */
static u32 furthest(const struct hers *h, u32 from, u32 step, i64 start, i64 window, bool strict)
{
    u32 best = step;
    for (u32 i = from; i < h->n && step < 3; i++) {
        const struct past_event *e = h->events[i];
        bool fits = is(e, STEPS[step]) && (!step || e->at - start <= window);
        if (fits) {
            u32 n = furthest(h, i + 1, step + 1, step ? start : e->at, window, strict);
            best = n > best ? n : best;
        }
        if (strict && step) break;
    }
    return best;
}

static u32 furthest_in_any_order(const struct hers *h, i64 window)
{
    u32 best = 0;
    for (u32 i = 0; i < h->n; i++) {
        u32 seen = 0, n = 0;
        for (u32 k = i; k < h->n; k++)
            for (u32 s = 0; s < 3 && h->events[k]->at - h->events[i]->at <= window; s++)
                if (is(h->events[k], STEPS[s])) seen |= 1u << s;
        while (n < 3 && seen >> n & 1) n++;
        best = n > best ? n : best;
    }
    return best;
}

static str funnel_request(struct town *w, const char *window, const char *order, const char *more)
{
    return arena_printf(w->arena,
                        "{'steps':[{'did':'view'},{'did':'cart'},{'did':'pay'}],'window':'%s',"
                        "'order':'%s'%s}",
                        window, order, more);
}

static void check_funnel(struct town *w, const char *order, i64 window)
{
    i64 want[3] = {0};
    char window_text[24];
    snprintf(window_text, sizeof window_text, "%lldm", (long long)(window / MINUTE));
    str body = funnel_request(w, window_text, order, "");
    const struct json *a = rig_answer(w, "funnel", body.p);
    for (u32 p = 0; p < w->persona_count; p++) {
        struct hers h = of(w, w->personas[p]);
        bool any = order[0] == 'a', strict = order[0] == 's';
        u32 n = any ? furthest_in_any_order(&h, window) : furthest(&h, 0, 0, 0, window, strict);
        for (u32 k = 0; k < n; k++) want[k]++;
    }
    for (u32 k = 0; k < 3; k++) {
        const struct json *row = rig_row(json_get(a, "steps"), k);
        CHECK_EQ(rig_number(row, "customers"), want[k]);
        char cell[64];
        snprintf(cell, sizeof cell, ",'drill':{'step':%u,'lost':%s}", k + 1, k ? "true" : "false");
        str drill = funnel_request(w, window_text, order, cell);
        CHECK_EQ(rig_drill(w, "funnel", drill), k ? want[k - 1] - want[k] : want[0]);
    }
}

TEST("a funnel finds the furthest step over all beginnings, in order, in any, and strictly")
{
    EACH_TOWN(w)
    {
        for (i64 window = 20 * MINUTE; window < 30 * DAY; window *= 9) {
            check_funnel(w, "ordered", window);
            check_funnel(w, "any", window);
            check_funnel(w, "strict", window);
        }
    }
}

TEST("a step is later in the timeline than the one before, and the window is inclusive")
{
    struct town *w = rig_town(arena, NULL);
    persona ada = town_customer(w, "ada");
    i64 t = w->now;
    w->now += DAY;
    town_record(w);
    town_event(w, ada, "cart", t, NULL);
    town_event(w, ada, "view", t, NULL);
    const char *request = "{'steps':[{'did':'view'},{'did':'cart'}],'window':'1h'}";
    CHECK_EQ(
        rig_number(rig_row(json_get(rig_answer(w, "funnel", request), "steps"), 1), "customers"),
        0);
    town_record(w);
    town_event(w, ada, "cart", t + HOUR + 1, NULL);
    CHECK_EQ(
        rig_number(rig_row(json_get(rig_answer(w, "funnel", request), "steps"), 1), "customers"),
        0);
    town_record(w);
    town_event(w, ada, "cart", t + HOUR, NULL);
    const struct json *step = rig_row(json_get(rig_answer(w, "funnel", request), "steps"), 1);
    CHECK_EQ(rig_number(step, "customers"), 1);
    CHECK_EQ(rig_number(step, "median_s"), 3600);
    town_free(w);
}

/* ---- path, interval ---- */

TEST("paths are runs of neighbours without long gaps, most frequent first")
{
    EACH_TOWN(w)
    {
        const struct json *a = rig_answer(w, "path", "{'length':3,'max_gap':'90m','limit':1000}");
        i64 last = INT64_MAX, all = 0;
        str before = {0};
        for (const struct json *row = json_get(a, "rows")->child; row; row = row->next) {
            i64 n = 0, who = 0;
            const struct json *path = json_get(row, "path");
            for (u32 p = 0; p < w->persona_count; p++) {
                struct hers h = of(w, w->personas[p]);
                i64 mine = n;
                for (u32 i = 0; i + 2 < h.n; i++) {
                    bool fits = true;
                    for (u32 k = 0; k < 3; k++)
                        fits &=
                            str_eq(h.events[i + k]->name, rig_row(path, k)->text) &&
                            (!k || h.events[i + k]->at - h.events[i + k - 1]->at <= 90 * MINUTE);
                    n += fits;
                }
                who += n != mine;
            }
            str name =
                arena_printf(arena, "%.*s %.*s %.*s", STR_ARG(rig_row(path, 0)->text),
                             STR_ARG(rig_row(path, 1)->text), STR_ARG(rig_row(path, 2)->text));
            CHECK_EQ(rig_number(row, "count"), n);
            CHECK_EQ(rig_number(row, "customers"), who);
            CHECK(n < last || (n == last && str_cmp(before, name) < 0));
            last = n, before = name, all += n;
        }
        CHECK_EQ(rig_number(json_get(a, "total"), "count"), all);
    }
}

static int by_size(const void *a, const void *b)
{
    const i64 *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

TEST("an interval goes from each start to the first end strictly later")
{
    EACH_TOWN(w)
    {
        const struct json *a = rig_answer(w, "interval",
                                          "{'start':{'did':'cart'},'end':{'did':'pay'},"
                                          "'within':'7d','percentiles':[25,50,75,90]}");
        static const i64 SHARES[] = {25, 50, 75, 90};
        i64 all[EVENTS], n = 0, sum = 0;
        for (u32 p = 0; p < w->persona_count; p++) {
            struct hers h = of(w, w->personas[p]);
            for (u32 i = 0; i < h.n; i++) {
                u32 k = 0;
                if (!is(h.events[i], "cart")) continue;
                while (k < h.n && (!is(h.events[k], "pay") || h.events[k]->at <= h.events[i]->at))
                    k++;
                if (k == h.n || h.events[k]->at - h.events[i]->at > 7 * DAY) continue;
                sum += all[n++] = (h.events[k]->at - h.events[i]->at) / 1000;
            }
        }
        qsort(all, (size_t)n, sizeof *all, by_size);
        CHECK_EQ(rig_number(a, "count"), n);
        CHECK_EQ(rig_number(a, "sum_s"), sum);
        for (u32 i = 0; i < 4 && n; i++) {
            char name[8];
            snprintf(name, sizeof name, "%lld", (long long)SHARES[i]);
            CHECK_EQ(rig_number(json_get(a, "percentiles"), name),
                     all[(SHARES[i] * n + 99) / 100 - 1]);
        }
        i64 binned = 0;
        for (const struct json *bin = json_get(a, "histogram")->child; bin; bin = bin->next)
            binned += rig_number(bin, "count");
        CHECK_EQ(binned, n);
    }
}

/* ---- retention, repurchase, rfm ---- */

static i64 week_of(const struct town *w, i64 at)
{
    i64 day = zone_day(w->zone, at);
    return (day + 3) / 7;
}

static i64 cohort_of(const struct town *w, const struct hers *h, i64 to)
{
    for (u32 i = 0; i < h->n; i++)
        if (is(h->events[i], "open") && h->events[i]->at < to) return week_of(w, h->events[i]->at);
    return -1;
}

static void check_retention(struct town *w, bool rolling)
{
    i64 to = days_of(2026, 4, 15) * DAY - 8 * HOUR; /* midnight there */
    str body = arena_printf(w->arena,
                            "{'first':{'did':'open'},'again':{'did':'pay'},'unit':'week',"
                            "'periods':4,'to':'2026-04-15','mode':'%s'}",
                            rolling ? "rolling" : "exact");
    const struct json *a = rig_answer(w, "retention", body.p);
    u32 rows = 0;
    for (i64 week = week_of(w, days_of(2026, 2, 20) * DAY); week < week_of(w, to) + 1; week++) {
        i64 size = 0, came[5] = {0};
        for (u32 p = 0; p < w->persona_count; p++) {
            struct hers h = of(w, w->personas[p]);
            if (cohort_of(w, &h, to) != week) continue;
            size++;
            for (i64 k = 0; k <= 4; k++) {
                bool in = false;
                for (u32 i = 0; i < h.n; i++) {
                    i64 then = week_of(w, h.events[i]->at) - week;
                    in |= is(h.events[i], "pay") && (rolling ? then >= k : then == k);
                }
                came[k] += in;
            }
        }
        for (u32 k = 0; k <= 4; k++) {
            if (!came[k]) continue;
            const struct json *row = rig_row(json_get(a, "rows"), rows++);
            struct buf label;
            buf_init(&label, 64);
            iso_put_date(&label, week * 7 - 3);
            CHECK_STR(json_get_str(row, "cohort", S("")), buf_str(&label));
            buf_clear(&label);
            CHECK_EQ(rig_number(row, "size"), size);
            CHECK_EQ(rig_number(row, "period"), k);
            CHECK_EQ(rig_number(row, "customers"), came[k]);
        }
    }
    CHECK_EQ(json_get(a, "rows")->count, rows);
}

TEST("retention counts who came back in each calendar week, and in it or later")
{
    EACH_TOWN(w)
    {
        check_retention(w, false);
        check_retention(w, true);
    }
}

TEST("repurchase looks at the first and second order of each month's buyers")
{
    EACH_TOWN(w)
    {
        const struct json *a = rig_answer(w, "repurchase", "{'event':'pay','within':['5d','20d']}");
        i64 customers = 0, again = 0, fast = 0;
        for (u32 p = 0; p < w->persona_count; p++) {
            struct hers h = of(w, w->personas[p]);
            i64 first = -1, second = -1;
            for (u32 i = 0; i < h.n; i++) {
                if (!is(h.events[i], "pay")) continue;
                if (first >= 0 && second < 0) second = h.events[i]->at;
                if (first < 0) first = h.events[i]->at;
            }
            customers += first >= 0;
            again += second >= 0;
            fast += second >= 0 && second - first <= 5 * DAY;
        }
        CHECK_EQ(rig_number(a, "customers"), customers);
        CHECK_EQ(rig_number(a, "repeat_customers"), again);
        CHECK_EQ(rig_number(json_get(a, "within"), "5d"), fast);
        i64 of_rows = 0;
        for (const struct json *row = json_get(a, "rows")->child; row; row = row->next)
            of_rows += rig_number(json_get(row, "within"), "5d");
        CHECK_EQ(of_rows, fast);
        CHECK_EQ(rig_drill(w, "repurchase", S("{'event':'pay','drill':{'within':'5d'}}")), fast);
        CHECK_EQ(rig_drill(w, "repurchase", S("{'event':'pay','drill':{'lost':true}}")),
                 customers - again);
    }
}

static i64 bound(i64 *values, i64 n, i64 k)
{
    qsort(values, (size_t)n, sizeof *values, by_size);
    return values[(k * n + 4) / 5 - 1];
}

TEST("RFM's bounds are the values at the fifths' ranks, and ties stay together")
{
    EACH_TOWN(w)
    {
        const struct json *a = rig_answer(w, "rfm", "{'event':'pay','amount':'amount'}");
        i64 figures[3][PEOPLE], sorted[3][PEOPLE], bounds[3][4], n = 0;
        for (u32 p = 0; p < w->persona_count; p++) {
            struct hers h = of(w, w->personas[p]);
            i64 count = 0, money = 0, last = 0;
            for (u32 i = 0; i < h.n; i++)
                if (is(h.events[i], "pay"))
                    count++, money += amount_of(h.events[i]), last = h.events[i]->at;
            if (!count) continue;
            figures[0][n] = (w->now - last) / DAY, figures[1][n] = count, figures[2][n++] = money;
        }
        memcpy(sorted, figures, sizeof sorted);
        for (u32 f = 0; f < 3; f++)
            for (i64 k = 1; k <= 4; k++) bounds[f][k - 1] = bound(sorted[f], n, k);
        i64 seen = 0;
        for (const struct json *cell = json_get(a, "cells")->child; cell; cell = cell->next) {
            i64 customers = 0, money = 0;
            for (i64 i = 0; i < n; i++) {
                i64 group[3];
                for (u32 f = 0; f < 3; f++) {
                    group[f] = 1;
                    for (u32 k = 0; k < 4; k++) group[f] += figures[f][i] > bounds[f][k];
                }
                bool here = 6 - group[0] == rig_number(cell, "r") &&
                            group[1] == rig_number(cell, "f") && group[2] == rig_number(cell, "m");
                if (here) customers++, money += figures[2][i];
            }
            CHECK_EQ(rig_number(cell, "customers"), customers);
            CHECK_EQ(rig_number(cell, "amount"), money);
            str drill =
                arena_printf(arena,
                             "{'event':'pay','amount':'amount','drill':{'r':%lld,"
                             "'f':%lld,'m':%lld}}",
                             (long long)rig_number(cell, "r"), (long long)rig_number(cell, "f"),
                             (long long)rig_number(cell, "m"));
            CHECK_EQ(rig_drill(w, "rfm", drill), customers);
            seen += customers;
        }
        CHECK_EQ(seen, n);
    }
}

/* ---- groups, predicates, comparisons ---- */

TEST("a group's answer is what one asks of its customers, or its events, alone")
{
    EACH_TOWN(w)
    {
        static const char *const CITIES[] = {"a", "b", "c"}, *const KINDS[] = {"x", "y", "z"};
        const char *funnel = "'steps':[{'did':'view'},{'did':'pay'}],'window':'10d'";
        str by_city = arena_printf(arena, "{%s,'by':{'attribute':'city'}}", funnel);
        const struct json *a = rig_answer(w, "funnel", by_city.p);
        for (u32 k = 0; k < 3; k++) {
            str alone = arena_printf(arena,
                                     "{%s,'predicate':{'attribute':'city','op':'=',"
                                     "'value':'%s'}}",
                                     funnel, CITIES[k]);
            const struct json *want = rig_answer(w, "funnel", alone.p), *group = NULL;
            for (const struct json *g = json_get(a, "groups")->child; g; g = g->next)
                if (str_eq(json_get_str(g, "group", S("")), str_of(CITIES[k]))) group = g;
            for (u32 s = 0; s < 2; s++)
                CHECK_EQ(rig_number(rig_row(json_get(group, "steps"), s), "customers"),
                         rig_number(rig_row(json_get(want, "steps"), s), "customers"));
        }
        CHECK_EQ(rig_drill(w, "trend",
                           S("{'event':'pay','by':{'property':'kind','limit':1},"
                             "'drill':{'group':'y'}}")),
                 rig_number(json_get(rig_answer(w, "trend",
                                                "{'event':'pay','where':{'property':'kind',"
                                                "'op':'=','value':'y'}}"),
                                     "total"),
                            "customers"));
        a = rig_answer(w, "trend", "{'event':'pay','property':'amount','by':{'property':'kind'}}");
        for (u32 k = 0; k < 3; k++) {
            str alone = arena_printf(arena,
                                     "{'event':'pay','property':'amount','where':{'property':"
                                     "'kind','op':'=','value':'%s'}}",
                                     KINDS[k]);
            const struct json *want = rig_answer(w, "trend", alone.p), *group = NULL;
            for (const struct json *g = json_get(a, "groups")->child; g; g = g->next)
                if (str_eq(json_get_str(g, "group", S("")), str_of(KINDS[k]))) group = g;
            static const char *const MEMBERS[] = {"events", "customers", "sum"};
            for (u32 m = 0; m < 3; m++)
                CHECK_EQ(rig_number(json_get(group, "total"), MEMBERS[m]),
                         rig_number(json_get(want, "total"), MEMBERS[m]));
        }
    }
}

TEST("the other side of a comparison is the same question, asked of it alone")
{
    EACH_TOWN(w)
    {
        const struct json *a = rig_answer(w, "heatmap",
                                          "{'from':'2026-03-20','to':'2026-04-05',"
                                          "'compare':{'previous':true}}");
        const struct json *b = rig_answer(w, "heatmap", "{'from':'2026-03-04','to':'2026-03-20'}");
        const struct json *other = json_get(json_get(a, "compare"), "rows");
        CHECK_EQ(other->count, json_get(b, "rows")->count);
        for (u32 i = 0; i < other->count; i++)
            CHECK_EQ(rig_number(rig_row(other, i), "events"),
                     rig_number(rig_row(json_get(b, "rows"), i), "events"));
    }
}

TEST("activity is new, returning, resurrected or dormant from week to week")
{
    EACH_TOWN(w)
    {
        const struct json *a = rig_answer(w, "lifecycle", "{'interval':'week'}");
        i64 from = week_of(w, days_of(2026, 2, 20) * DAY), to = week_of(w, w->now);
        u32 rows = 0;
        for (i64 week = from; week <= to; week++) {
            i64 n[4] = {0};
            for (u32 p = 0; p < w->persona_count; p++) {
                struct hers h = of(w, w->personas[p]);
                bool here = false, before = false, ever = false;
                for (u32 i = 0; i < h.n; i++) {
                    i64 that = week_of(w, h.events[i]->at);
                    here |= that == week, before |= that == week - 1, ever |= that < week;
                }
                if (here) n[!ever ? 0 : before ? 1 : 2]++;
                n[3] += !here && before;
            }
            if (!(n[0] | n[1] | n[2] | n[3])) continue;
            const struct json *row = rig_row(json_get(a, "rows"), rows++);
            static const char *const MEMBERS[] = {"new", "returning", "resurrected", "dormant"};
            for (u32 k = 0; k < 4; k++) CHECK_EQ(rig_number(row, MEMBERS[k]), n[k]);
        }
        CHECK_EQ(json_get(a, "rows")->count, rows);
    }
}

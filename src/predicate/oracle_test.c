/* oracle_test.c — the oracle: conditions read straight off their JSON, as slowly as they can be. */
#include "predicate/oracle.h"

#include "base/test.h"
#include "predicate/lunar.h"

#include <stdlib.h>

/* ---- values ---- */

typedef enum { NOTHING, TRUTH, NUMBER, TEXT, DAY_OF, MOMENT, LIST, MAP } thing_type;
typedef struct {
    thing_type type;
    __int128 number; /* millionths */
    i64 n;           /* DAY_OF: days; MOMENT: ms */
    str text;
    const struct json *j;
} thing;

static __int128 millionths(str s)
{
    __int128 n = 0;
    i64 places = 0;
    bool point = false;
    size_t i = s.p[0] == '-';
    for (; i < s.n && s.p[i] != 'e'; i++) {
        if (s.p[i] == '.')
            point = true;
        else
            n = n * 10 + (s.p[i] - '0'), places += point;
    }
    i64 e = 6 - places;
    if (i < s.n) e += strtol(s.p + i + 1, NULL, 10);
    for (; e > 0; e--) n *= 10;
    MUST(e == 0);
    return s.p[0] == '-' ? -n : n;
}

static thing thing_of(const struct json *j)
{
    thing t = {.j = j};
    iso_time iso;
    if (!j || j->type == JSON_NULL) return t;
    if (j->type == JSON_BOOL) t.type = TRUTH, t.n = j->boolean;
    if (j->type == JSON_NUMBER) t.type = NUMBER, t.number = millionths(j->text);
    if (j->type == JSON_ARRAY) t.type = LIST;
    if (j->type == JSON_OBJECT) t.type = MAP;
    if (j->type != JSON_STRING) return t;
    t.type = TEXT;
    t.text = j->text;
    if (!iso_parse(j->text, &iso)) return t;
    t.type = iso.timed ? MOMENT : DAY_OF;
    t.n = iso.timed ? iso_ms(&iso) : days_of(iso.local.year, iso.local.month, iso.local.day);
    return t;
}

/* v against a constant: -1, 0, 1; 2: they do not compare. */
static int order(thing v, thing c, const struct zone *z)
{
    bool v_time = v.type == DAY_OF || v.type == MOMENT,
         c_time = c.type == DAY_OF || c.type == MOMENT;
    if (v.type == NUMBER && c.type == NUMBER) return (v.number > c.number) - (v.number < c.number);
    if (v.type == TRUTH && c.type == TRUTH) return (v.n > c.n) - (v.n < c.n);
    if (v.type == TEXT && (c.type == TEXT || c_time)) {
        int o = str_cmp(v.text, c.text);
        return (o > 0) - (o < 0);
    }
    if (!v_time || !c_time) return 2;
    i64 a = v.n, b = c.n;
    if (v.type == MOMENT && c.type == DAY_OF) a = zone_day(z, v.n);
    if (v.type == DAY_OF && c.type == MOMENT) a = zone_day_start(z, v.n);
    return (a > b) - (a < b);
}

/* `*`, `?` and `\`, by trying everything. */
static bool like(const char *t, const char *t_end, const char *p, const char *p_end)
{
    if (p == p_end) return t == t_end;
    if (*p == '*')
        return like(t, t_end, p + 1, p_end) || (t < t_end && like(t + 1, t_end, p, p_end));
    if (t == t_end) return false;
    if (*p == '?') {
        t++;
        while (t < t_end && ((u8)*t & 0xC0) == 0x80) t++;
        return like(t, t_end, p + 1, p_end);
    }
    if (*p == '\\' && p + 1 < p_end) p++;
    return *t == *p && like(t + 1, t_end, p + 1, p_end);
}

static bool in_list(thing v, const struct json *list, const struct zone *z)
{
    for (const struct json *c = list->child; c; c = c->next)
        if (order(v, thing_of(c), z) == 0) return true;
    return false;
}

static bool list_has(thing v, thing c, const struct zone *z)
{
    if (v.type != LIST) return order(v, c, z) == 0;
    for (const struct json *e = v.j->child; e; e = e->next)
        if (order(thing_of(e), c, z) == 0) return true;
    return false;
}

static bool passes(thing v, const struct json *test, const struct zone *z)
{
    str op = json_get_str(test, "op", S(""));
    const struct json *c = json_get(test, "value");
    if (str_eq(op, S("missing"))) return v.type == NOTHING;
    if (v.type == NOTHING) return false;
    if (str_eq(op, S("exists"))) return true;
    if (str_eq(op, S("in"))) return in_list(v, c, z);
    if (str_eq(op, S("not_in"))) return !in_list(v, c, z);
    if (str_eq(op, S("between"))) {
        int a = order(v, thing_of(c->child), z), b = order(v, thing_of(c->child->next), z);
        return a != 2 && b != 2 && a >= 0 && b <= 0;
    }
    if (str_starts(op, S("has_"))) {
        bool any = false, all = true;
        for (const struct json *e = c->child; e; e = e->next) {
            bool has = list_has(v, thing_of(e), z);
            any |= has;
            all &= has;
        }
        return str_eq(op, S("has_any")) ? any : all;
    }
    if (str_eq(op, S("contains")) && v.type == LIST) return list_has(v, thing_of(c), z);
    bool text = v.type == TEXT || v.type == DAY_OF || v.type == MOMENT;
    if (str_eq(op, S("contains"))) return text && str_find(v.text, c->text) >= 0;
    if (str_eq(op, S("starts_with"))) return text && str_starts(v.text, c->text);
    if (str_eq(op, S("ends_with"))) return text && str_ends(v.text, c->text);
    if (str_eq(op, S("matches")))
        return text && like(v.text.p, v.text.p + v.text.n, c->text.p, c->text.p + c->text.n);
    int o = order(v, thing_of(c), z);
    if (str_eq(op, S("!="))) return o != 0;
    if (o == 2) return false;
    if (str_eq(op, S("="))) return o == 0;
    if (str_eq(op, S("<"))) return o < 0;
    if (str_eq(op, S("<="))) return o <= 0;
    if (str_eq(op, S(">"))) return o > 0;
    MUST(str_eq(op, S(">=")));
    return o >= 0;
}

static thing number(__int128 n)
{
    return (thing){.type = NUMBER, .number = n};
}

/* ---- properties ---- */

static const struct json *under(const struct json *object, str path)
{
    char name[256];
    for (;;) {
        ptrdiff_t dot = str_index(path, '.');
        str part = dot < 0 ? path : str_slice(path, 0, (size_t)dot);
        memcpy(name, part.p, part.n);
        name[part.n] = 0;
        object = json_get(object, name);
        if (dot < 0 || !object) return object;
        path = str_slice(path, (size_t)dot + 1, path.n);
    }
}

static bool where(const struct json *j, const struct json *props, const struct zone *z)
{
    const struct json *m;
    if ((m = json_get(j, "not"))) return !where(m, props, z);
    if ((m = json_get(j, "all")) || (m = json_get(j, "any"))) {
        bool any = json_get(j, "any") != NULL;
        for (const struct json *c = m->child; c; c = c->next)
            if (where(c, props, z) == any) return any;
        return !any;
    }
    if ((m = json_get(j, "item"))) {
        const struct json *list = json_get(props, "products");
        for (const struct json *c = json_is(list, JSON_ARRAY) ? list->child : NULL; c; c = c->next)
            if (c->type == JSON_OBJECT && where(m, c, z)) return true;
        return false;
    }
    str name = json_get_str(j, "property", S(""));
    const struct json *v = under(props, name);
    if (!v && str_eq(name, S("product_name"))) v = json_get(props, "name");
    return passes(thing_of(v), j, z);
}

/* ---- orders ---- */

static int by_time(const void *a, const void *b);

static const struct json *money_said(const struct json *props, __int128 *out)
{
    static const char *const SAID[] = {"total", "revenue"};
    for (u32 i = 0; i < 2; i++) {
        const struct json *m = json_get(props, SAID[i]);
        if (!m || (m->type != JSON_NUMBER && m->type != JSON_STRING)) continue;
        *out = millionths(m->text);
        return m;
    }
    const struct json *list = json_get(props, "products"), *some = NULL;
    *out = 0;
    for (const struct json *c = json_is(list, JSON_ARRAY) ? list->child : NULL; c; c = c->next) {
        const struct json *price = json_get(c, "price");
        if (!json_is(price, JSON_NUMBER)) continue;
        *out += millionths(price->text);
        some = price;
    }
    return some;
}

static str order_of(const struct past_event *e)
{
    const struct json *id = json_get(e->props, "order_id");
    return id ? id->text : S("");
}

/* Of the orders among her events: whether this event is one that is not void; what of it is back.
 */
static bool is_order(const struct past_event *const *all, u32 n, const struct past_event *e,
                     __int128 *back)
{
    __int128 total = 0, part;
    bool wholly = false, known = money_said(e->props, &total) != NULL;
    str id = order_of(e);
    *back = 0;
    if (!str_eq(e->name, S("Order Completed"))) return false;
    for (u32 i = 0; i < n && id.n; i++) {
        if (!str_eq(order_of(all[i]), id)) continue;
        if (str_eq(all[i]->name, S("Order Cancelled"))) return false;
        if (str_eq(all[i]->name, S("Order Completed")) && by_time(&all[i], &e) < 0) return false;
        if (!str_eq(all[i]->name, S("Order Refunded"))) continue;
        if (money_said(all[i]->props, &part))
            *back += part < 0 ? -part : part;
        else
            wholly = true;
    }
    return !wholly && !(known && *back > 0 && *back >= total);
}

bool oracle_where(const struct json *j, const struct json *props, const struct zone *zone)
{
    return where(j, props, zone);
}

/* ---- events ---- */

struct list {
    const struct past_event *e[WORLD_EVENTS_MAX];
    u32 n;
};

static int by_time(const void *a, const void *b)
{
    const struct past_event *x = *(const struct past_event *const *)a,
                            *y = *(const struct past_event *const *)b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

static struct list *her_events(const struct town *w, persona head, i64 now)
{
    struct list *l = mem_zalloc(sizeof *l);
    for (u32 i = 0; i < w->past_count; i++) {
        const struct past_event *e = &w->past[i];
        if (!e->gone && e->at <= now && customer_head(w->customers, e->persona) == head)
            l->e[l->n++] = e;
    }
    qsort(l->e, l->n, sizeof l->e[0], by_time);
    return l;
}

static bool matches(const struct town *w, const struct json *did, const struct past_event *e,
                    const struct oracle_scope *scope)
{
    str name = json_get_str(did, "did", S(""));
    const struct json *condition = json_get(did, "where");
    str match = json_get_str(did, "match", S(""));
    if (str_eq(name, S("*")) ? e->system : !str_eq(name, e->name)) return false;
    if (match.n) {
        const struct json *mine = under(e->props, match);
        const struct json *its =
            scope && scope->trigger ? under(scope->trigger->props, match) : NULL;
        if (!mine || !its || !str_eq(mine->text, its->text)) return false;
    }
    return !condition || where(condition, e->props, w->zone);
}

static bool within(const struct town *w, str span, i64 at, i64 now)
{
    duration d;
    MUST(duration_parse(span, &d) == ERR_OK);
    return d.months ? now < zone_add(w->zone, at, d) : now - at < d.ms;
}

/* The events of one session: of the persona, in [from, to]. */
static void keep_session(struct list *l, persona p, i64 now, const struct past_event *trigger)
{
    i64 times[WORLD_EVENTS_MAX], first, last;
    u32 n = 0, kept = 0;
    for (u32 i = 0; i < l->n; i++)
        if (l->e[i]->persona == p && !l->e[i]->system) times[n++] = l->e[i]->at;
    first = last = trigger ? trigger->at : n ? times[n - 1] : 0;
    bool open = trigger || (n && now - last < 30 * MINUTE);
    for (u32 i = n; i-- > 0;)
        if (times[i] <= first && first - times[i] < 30 * MINUTE) first = times[i];
    for (u32 i = 0; i < n; i++)
        if (times[i] >= last && times[i] - last < 30 * MINUTE) last = times[i];
    for (u32 i = 0; i < l->n; i++)
        if (open && l->e[i]->persona == p && l->e[i]->at >= first && l->e[i]->at <= last)
            l->e[kept++] = l->e[i];
    l->n = kept;
}

static i64 moment_of(const struct town *w, const struct json *j, bool end)
{
    thing t = thing_of(j);
    return t.type == MOMENT ? t.n : zone_day_start(w->zone, t.n + end);
}

static bool counts_for(const struct town *w, const struct json *did, const struct past_event *e,
                       i64 now, const struct oracle_scope *scope)
{
    str span = json_get_str(did, "within", S(""));
    const struct json *between = json_get(did, "between");
    bool bare = !span.n && !between && !json_get(did, "since_last") && !json_get(did, "since");
    if (json_get(did, "sequence")) bare = !between && !json_get(did, "since"), span = (str){0};
    if ((bare && scope && scope->limited) || json_get(did, "since"))
        if (e->at < scope->since_ms || e->order <= scope->since_order) return false;
    if (span.n && !str_eq(span, S("session")) && !within(w, span, e->at, now)) return false;
    if (between && (e->at < moment_of(w, between->child, false) ||
                    e->at >= moment_of(w, between->child->next, true)))
        return false;
    return true;
}

/* ---- measures ---- */

static bool same_thing(thing a, thing b)
{
    if (a.type == LIST || a.type == MAP) return false;
    return a.type == b.type && order(a, b, NULL) == 0;
}

/* sum ÷ n against the test: only plain orders are asked. */
static bool average_passes(__int128 sum, u32 n, const struct json *test)
{
    thing t = number(sum), c = thing_of(json_get(test, "value"));
    str op = json_get_str(test, "op", S(""));
    if (c.type != NUMBER) return false;
    c.number *= n;
    int o = order(t, c, NULL);
    if (str_eq(op, S("="))) return o == 0;
    if (str_eq(op, S("!="))) return o != 0;
    if (str_eq(op, S("<"))) return o < 0;
    if (str_eq(op, S("<="))) return o <= 0;
    if (str_eq(op, S(">"))) return o > 0;
    return o >= 0;
}

static bool measure(const struct town *w, const struct list *l, const struct list *all,
                    const struct json *did)
{
    static const char *const OF[] = {"count", "sum",      "min",   "max",
                                     "avg",   "distinct", "first", "last"};
    const struct json *count = json_get(did, "count"), *aggregate = json_get(did, "aggregate");
    if (l->n == 0) return false;
    if (count) return passes(number((__int128)l->n * 1000000), count, w->zone);
    if (!aggregate) return true;
    u32 of = 0, n = 0, different = 0;
    while (!json_get(aggregate, OF[of])) of++;
    thing *v = mem_alloc((l->n + 1) * sizeof *v);
    for (u32 i = 0; i < l->n; i++) {
        v[n] = thing_of(under(l->e[i]->props, json_get(aggregate, OF[of])->text));
        bool numeric = of >= 1 && of <= 4;
        str path = json_get(aggregate, OF[of])->text;
        __int128 back;
        if (all && v[n].type == NUMBER &&
            (str_eq(path, S("total")) || str_eq(path, S("revenue")))) {
            is_order(all->e, all->n, l->e[i], &back);
            if (back)
                v[n].number = v[n].number > back ? v[n].number - back
                              : v[n].number < 0  ? v[n].number
                                                 : 0;
        }
        if (v[n].type != NOTHING && (!numeric || v[n].type == NUMBER)) n++;
    }
    __int128 sum = 0, least = n ? v[0].number : 0, most = least;
    for (u32 i = 0; i < n; i++) {
        bool seen = false;
        sum += v[i].number;
        if (v[i].number < least) least = v[i].number;
        if (v[i].number > most) most = v[i].number;
        for (u32 k = 0; k < i; k++) seen |= same_thing(v[k], v[i]);
        different += !seen;
    }
    thing results[] = {number((__int128)n * 1000000),
                       number(sum),
                       number(least),
                       number(most),
                       number(0),
                       number((__int128)different * 1000000),
                       n ? v[0] : number(0),
                       n ? v[n - 1] : number(0)};
    bool ok = n > 0 && (of == 4 ? average_passes(sum, n, aggregate)
                                : passes(results[of], aggregate, w->zone));
    free(v);
    return ok;
}

static bool did_in(const struct town *w, struct list *l, const struct list *all,
                   const struct json *did, i64 now, const struct oracle_scope *scope)
{
    const struct json *last = json_get(did, "since_last");
    u32 from = 0, kept = 0;
    bool net = json_get_bool(did, "net", false);
    for (u32 i = 0; last && i < l->n; i++) {
        bool is = last->type == JSON_STRING ? str_eq(last->text, l->e[i]->name)
                                            : matches(w, last, l->e[i], NULL);
        if (is) from = i + 1;
    }
    for (u32 i = from; i < l->n; i++)
        if (counts_for(w, did, l->e[i], now, scope) && matches(w, did, l->e[i], scope) &&
            (!net || is_order(all->e, all->n, l->e[i], &(__int128){0})))
            l->e[kept++] = l->e[i];
    l->n = kept;
    return measure(w, l, net ? all : NULL, did);
}

static bool did(const struct town *w, persona head, const struct json *j, i64 now,
                const struct oracle_scope *scope)
{
    struct list *all = her_events(w, head, now), *l = mem_alloc(sizeof *l);
    bool session = str_eq(json_get_str(j, "within", S("")), S("session")), holds = false;
    const struct past_event *trigger = scope && !scope->limited ? scope->trigger : NULL;
    for (u32 i = 0; session && i < w->persona_count; i++) {
        persona p = w->personas[i];
        if (customer_head(w->customers, p) != head || (trigger && trigger->persona != p)) continue;
        *l = *all;
        keep_session(l, p, now, trigger);
        holds |= did_in(w, l, all, j, now, scope);
    }
    *l = *all;
    if (!session) holds = did_in(w, l, all, j, now, scope);
    free(all);
    free(l);
    return holds;
}

/* ---- messages and formulas ---- */

static bool shows(const struct past_event *e, const struct json *of, str status)
{
    static const char *const WAY[] = {"claimed", "sent",    "delivered",
                                      "opened",  "clicked", "replied"};
    static const char *const NAMES[] = {"journey", "template", "channel"};
    if (!str_starts(e->name, S("Message ")) || json_get_bool(e->props, "machine", false))
        return false;
    for (u32 i = 0; i < COUNT_OF(NAMES); i++)
        if (json_get(of, NAMES[i]) &&
            !str_eq(json_get(of, NAMES[i])->text, json_get_str(e->props, NAMES[i], S(""))))
            return false;
    char word[32] = {0};
    memcpy(word, e->name.p + 8, e->name.n - 8);
    word[0] = (char)(word[0] + 32);
    str is = str_of(word);
    if (str_eq(status, S("planned")) || str_eq(is, status)) return true;
    if (str_eq(status, S("read"))) return word[0] == 'o' || str_eq(is, S("clicked"));
    u32 a = 6, b = 6;
    for (u32 i = 0; i < 6; i++) {
        if (str_eq(status, str_of(WAY[i]))) a = i;
        if (str_eq(is, str_of(WAY[i]))) b = i;
    }
    return a < 6 && b < 6 && b >= a;
}

static bool asked_messages(const struct town *w, persona head, const struct json *j, i64 now)
{
    struct list *l = her_events(w, head, now);
    str span = json_get_str(j, "within", S("")), status = json_get_str(j, "status", S("sent"));
    const struct json *of = json_get(j, "messages"), *count = json_get(j, "count");
    u32 n = 0;
    for (u32 i = 0; i < l->n; i++) {
        bool first = true;
        if (!shows(l->e[i], of, status)) continue;
        str id = json_get_str(l->e[i]->props, "message_id", S(""));
        for (u32 k = 0; k < i; k++)
            first &= !shows(l->e[k], of, status) ||
                     !str_eq(json_get_str(l->e[k]->props, "message_id", S("")), id);
        n += first && (!span.n || within(w, span, l->e[i]->at, now));
    }
    free(l);
    if (n == 0) return false;
    return !count || passes(number((__int128)n * 1000000), count, w->zone);
}

static bool formula(const struct town *w, persona head, const struct json *j, i64 now)
{
    struct list *l = her_events(w, head, now);
    bool holds = oracle_formula(w, json_get(j, "formula")->text, l->e, l->n, now);
    free(l);
    return holds;
}

/* Some chain through the rest, by trying every one. */
static bool chain(const struct town *w, const struct json *j, const struct list *l, u32 from,
                  const struct json *step, i64 start, i64 now, const struct oracle_scope *scope)
{
    for (u32 i = from; i < l->n; i++) {
        const struct past_event *e = l->e[i];
        str span = json_get_str(j, "within", S(""));
        i64 begun = start == NEVER ? e->at : start;
        if (!counts_for(w, j, e, now, scope) || !matches(w, step, e, scope)) continue;
        if (span.n && !within(w, span, begun, e->at)) continue;
        if (!step->next || chain(w, j, l, i + 1, step->next, begun, now, scope)) return true;
    }
    return false;
}

static bool sequence(const struct town *w, persona head, const struct json *j, i64 now,
                     const struct oracle_scope *scope)
{
    struct list *l = her_events(w, head, now);
    bool holds = chain(w, j, l, 0, json_get(j, "sequence")->child, NEVER, now, scope);
    free(l);
    return holds;
}

/* ---- what is written on her ---- */

static const struct past_change *latest(const struct town *w, persona head, field_kind field,
                                        str name)
{
    const struct past_change *found = NULL;
    for (u32 i = 0; i < w->change_count; i++) {
        const struct past_change *c = &w->changes[i];
        if (c->field != field || !str_eq(c->name, name) ||
            customer_head(w->customers, c->persona) != head)
            continue;
        if (!found || c->when >= found->when) found = c;
    }
    return found;
}

static thing attribute(const struct town *w, persona head, str name)
{
    const struct past_change *c = latest(w, head, FIELD_ATTRIBUTE, name);
    return thing_of(c ? c->value : NULL);
}

static bool tagged(const struct town *w, persona head, str path, i64 now)
{
    bool tree = str_ends(path, S("/*"));
    str root = tree ? str_slice(path, 0, path.n - 2) : path;
    for (u32 i = 0; i < w->change_count; i++) {
        str name = w->changes[i].name;
        bool named =
            str_eq(name, root) || (tree && str_starts(name, root) && name.p[root.n] == '/');
        if (w->changes[i].field != FIELD_TAG || !named) continue;
        const struct past_change *c = latest(w, head, FIELD_TAG, name);
        if (c && c->on && now < c->expires) return true;
    }
    return false;
}

static bool is_anniversary(u32 month, u32 day, i64 days)
{
    civil c = civil_of_days(days);
    if (c.month == month && c.day == day) return true;
    return month == 2 && day == 29 && c.month == 2 && c.day == 28 && !date_valid(c.year, 2, 29);
}

static bool is_lunar(u32 month, u32 day, i64 days)
{
    struct lunar l, next;
    if (!lunar_of(days, &l) || l.leap || l.month != month || !lunar_of(days + 1, &next))
        return false;
    return l.day == day || (day == 30 && l.day == 29 && next.day == 1);
}

static bool date(const struct town *w, persona head, const struct json *j, i64 now)
{
    thing v = attribute(w, head, json_get_str(j, "date", S("")));
    const struct json *in = json_get(j, "in");
    i32 from, to;
    u32 month = 0, day = 0;
    MUST(offset_parse(in->type == JSON_ARRAY ? in->child->text : in->text, &from) == ERR_OK);
    MUST(offset_parse(in->type == JSON_ARRAY ? in->child->next->text : in->text, &to) == ERR_OK);
    bool lunar = json_get_bool(j, "lunar", false);
    bool yearly = lunar || json_get_bool(j, "anniversary", false);
    i64 today = zone_day(w->zone, now), at = v.type == DAY_OF   ? v.n
                                             : v.type == MOMENT ? zone_day(w->zone, v.n)
                                                                : 0;
    if (v.type == TEXT && yearly && v.text.n == 5 && v.text.p[2] == '-') {
        month = (u32)strtol(v.text.p, NULL, 10);
        day = (u32)strtol(v.text.p + 3, NULL, 10);
    } else if (lunar && (v.type == DAY_OF || v.type == MOMENT)) {
        struct lunar born;
        if (!lunar_of(at, &born)) return false;
        month = born.month;
        day = born.day;
    } else if (v.type == DAY_OF || v.type == MOMENT) {
        month = civil_of_days(at).month;
        day = civil_of_days(at).day;
    } else {
        return false;
    }
    for (i64 d = today + from; d <= today + to; d++)
        if (lunar ? is_lunar(month, day, d) : yearly ? is_anniversary(month, day, d) : d == at)
            return true;
    return false;
}

/* ---- the whole ---- */

static bool segment(const struct town *w, persona head, str id, i64 now)
{
    bool member = false;
    const struct json *rule = w->segment ? w->segment(w->ctx, id, head, &member) : NULL;
    return rule ? oracle_holds(w, head, rule, now, NULL) : member;
}

bool oracle_holds(const struct town *w, persona head, const struct json *j, i64 now,
                  const struct oracle_scope *scope)
{
    const struct json *m;
    if ((m = json_get(j, "not"))) return !oracle_holds(w, head, m, now, scope);
    if ((m = json_get(j, "all")) || (m = json_get(j, "any"))) {
        u32 yes = 0;
        for (const struct json *c = m->child; c; c = c->next)
            yes += oracle_holds(w, head, c, now, scope);
        return json_get(j, "all") ? yes == m->count : yes > 0;
    }
    if (json_get(j, "did")) return did(w, head, j, now, scope);
    if (json_get(j, "sequence")) return sequence(w, head, j, now, scope);
    if (json_get(j, "messages")) return asked_messages(w, head, j, now);
    if (json_get(j, "formula")) return formula(w, head, j, now);
    if ((m = json_get(j, "attribute"))) return passes(attribute(w, head, m->text), j, w->zone);
    if ((m = json_get(j, "tag"))) return tagged(w, head, m->text, now);
    if ((m = json_get(j, "segment"))) return segment(w, head, m->text, now);
    if ((m = json_get(j, "trigger")))
        return scope && scope->trigger && where(m, scope->trigger->props, w->zone);
    if (json_get(j, "date")) return date(w, head, j, now);
    m = json_get(j, "consent");
    MUST(m);
    const struct past_change *c = latest(w, head, FIELD_CONSENT, m->text);
    return c && c->on == json_get_bool(j, "is", true);
}

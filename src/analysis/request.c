/* request.c — a request read into a plan: the members every question has, and what the questions'
 * own files read theirs with. Nothing that is not understood is passed over. */
#include "analysis/fold.h"

#include <stdarg.h>
#include <stdio.h>

static const struct analysis *const QUESTIONS[] = {
    &TREND,   &HEATMAP, &FUNNEL,     &PATH,      &INTERVAL,    &RETENTION, &ORDERS,
    &RETURNS, &RFM,     &REPURCHASE, &LIFECYCLE, &ATTRIBUTION, &PROFILE,   &SOURCES,
};

#define COMMON_KEYS " from to as_of zone predicate by compare drill save_as estimate "

str analysis_name(u32 i)
{
    return i < COUNT_OF(QUESTIONS) ? QUESTIONS[i]->name : (str){0};
}

/* ---- places and refusals ---- */

str ask_at(const struct ask *a, const char *member)
{
    return arena_printf(a->plan->arena, "%.*s/%s", STR_ARG(a->at), member);
}

str ask_at_index(const struct ask *a, str at, u32 i)
{
    return arena_printf(a->plan->arena, "%.*s/%u", STR_ARG(at), i);
}

struct ask ask_inside(const struct ask *a, const struct json *j, str at)
{
    struct ask inner = *a;
    inner.body = j;
    inner.at = at;
    return inner;
}

void *ask_room(struct ask *a, size_t size)
{
    return arena_zalloc(a->plan->arena, size);
}

err refuse_at(struct ask *a, const char *member, const char *format, ...)
{
    char text[sizeof a->why->message];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    str at = member[0] ? ask_at(a, member) : a->at;
    return diag_at(a->why, ERR_REFUSED, at, "%s", text);
}

static bool among(const char *words, str word)
{
    str rest = str_of(words);
    while (rest.n) {
        ptrdiff_t space = str_index(rest, ' ');
        str w = str_slice(rest, 0, space < 0 ? rest.n : (size_t)space);
        if (w.n && str_eq(w, word)) return true;
        rest = str_slice(rest, w.n + 1, rest.n);
    }
    return false;
}

static str tidy(const char *keys, char room[400])
{
    u32 n = 0;
    for (const char *p = keys; *p && n + 3 < 400; p++) {
        if (*p == ' ' && (n == 0 || p[1] == ' ' || !p[1])) continue;
        if (*p == ' ') room[n++] = ',';
        room[n++] = *p;
    }
    return (str){room, n};
}

err ask_only(struct ask *a, const char *keys)
{
    char room[400];
    if (!json_is(a->body, JSON_OBJECT)) return refuse_at(a, "", "an object {…} is needed here");
    for (const struct json *m = a->body->child; m; m = m->next) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", STR_ARG(str_slice(m->key, 0, 60)));
        if (!among(keys, m->key))
            return refuse_at(a, name, "there is no \"%s\" here; there are %.*s", name,
                             STR_ARG(tidy(keys, room)));
        for (const struct json *n = m->next; n; n = n->next)
            if (str_eq(n->key, m->key)) return refuse_at(a, name, "\"%s\" is there twice", name);
    }
    return ERR_OK;
}

/* ---- values ---- */

err ask_text(struct ask *a, const char *member, str otherwise, str *out)
{
    const struct json *j = json_get(a->body, member);
    *out = otherwise;
    if (!j && otherwise.p) return ERR_OK;
    if (!j) return refuse_at(a, member, "\"%s\" is needed", member);
    if (j->type != JSON_STRING || !j->text.n || j->text.n > NAME_BYTES_MAX)
        return refuse_at(a, member, "\"%s\" is a text of 1 to %d bytes", member, NAME_BYTES_MAX);
    *out = j->text;
    return ERR_OK;
}

err ask_word(struct ask *a, const char *member, const char *words, u32 otherwise, u32 *out)
{
    const struct json *j = json_get(a->body, member);
    str rest = str_of(words);
    char room[400];
    *out = otherwise;
    if (!j) return ERR_OK;
    for (u32 i = 0; rest.n; i++) {
        ptrdiff_t space = str_index(rest, ' ');
        str w = str_slice(rest, 0, space < 0 ? rest.n : (size_t)space);
        *out = i;
        if (j->type == JSON_STRING && str_eq(w, j->text)) return ERR_OK;
        rest = str_slice(rest, w.n + 1, rest.n);
    }
    return refuse_at(a, member, "\"%s\" is one of %.*s", member, STR_ARG(tidy(words, room)));
}

err ask_number(struct ask *a, const char *member, i64 from, i64 to, i64 otherwise, i64 *out)
{
    const struct json *j = json_get(a->body, member);
    *out = otherwise;
    if (!j) return ERR_OK;
    if (json_to_i64(j, out) == ERR_OK && *out >= from && *out <= to) return ERR_OK;
    return refuse_at(a, member, "\"%s\" is a whole number from %lld to %lld", member,
                     (long long)from, (long long)to);
}

err ask_flag(struct ask *a, const char *member, bool *out)
{
    const struct json *j = json_get(a->body, member);
    *out = j && j->type == JSON_BOOL && j->boolean;
    if (!j || j->type == JSON_BOOL) return ERR_OK;
    return refuse_at(a, member, "\"%s\" is true or false", member);
}

err ask_duration(struct ask *a, const char *member, i64 otherwise, i64 *ms)
{
    const struct json *j = json_get(a->body, member);
    duration d;
    *ms = otherwise;
    if (!j) return ERR_OK;
    if (j->type != JSON_STRING || duration_parse(j->text, &d) != ERR_OK || d.months || d.ms <= 0)
        return refuse_at(a, member, "\"%s\" is an exact duration: \"30m\", \"24h\", \"7d\", \"2w\"",
                         member);
    *ms = d.ms;
    return ERR_OK;
}

err ask_moment(struct ask *a, const char *member, i64 otherwise, i64 *ms)
{
    const struct json *j = json_get(a->body, member);
    iso_time t;
    *ms = otherwise;
    if (!j) return ERR_OK;
    if (j->type != JSON_STRING || !iso_parse(j->text, &t))
        return refuse_at(a, member,
                         "\"%s\" is a moment: \"2026-06-01\" or \"2026-06-01T10:00:00Z\"", member);
    *ms = zone_resolve_iso(a->plan->zone, &t);
    return ERR_OK;
}

static err path_of(struct ask *a, name_kind kind, str text, struct path *out)
{
    ptrdiff_t dot = str_index(text, '.');
    *out = (struct path){.text = text, .whole = names_find(a->cx->names, kind, text)};
    if (dot > 0) out->head = names_find(a->cx->names, kind, str_slice(text, 0, (size_t)dot));
    return ERR_OK;
}

err ask_path(struct ask *a, const char *member, str otherwise, bool *has, struct path *out)
{
    str text;
    *has = json_get(a->body, member) || otherwise.n;
    if (!*has) return ERR_OK;
    TRY(ask_text(a, member, otherwise, &text));
    return path_of(a, NAME_PROPERTY, text, out);
}

err ask_property(struct ask *a, u32 code)
{
    struct plan *p = a->plan;
    for (u32 i = 0; i < p->property_count; i++)
        if (p->properties[i] == code) return ERR_OK;
    if (!code) return ERR_OK;
    if (p->property_count == SCAN_PROPERTIES_MAX - 2)
        return diag_at(a->why, ERR_LIMIT, a->at, "a request looks at most at %d properties",
                       SCAN_PROPERTIES_MAX - 2);
    p->properties[p->property_count++] = code;
    return ERR_OK;
}

err ask_orders(struct ask *a)
{
    struct plan *p = a->plan;
    if (p->has_amount) return ERR_OK;
    p->has_amount = p->orders = true;
    TRY(ask_property(a, p->order_names.total));
    TRY(ask_property(a, p->order_names.revenue));
    return ask_property(a, p->order_names.products);
}

/* The properties a condition looks at; members without a code of their own lie under 0. */
static err properties_of(struct ask *a, const struct node *n)
{
    if (!n) return ERR_OK;
    if (n->kind == NODE_FIELD || n->kind == NODE_ITEM) {
        TRY(ask_property(a, n->path.whole));
        TRY(ask_property(a, n->path.head));
    }
    for (u32 i = 0; i < n->count && n->children; i++) TRY(properties_of(a, n->children[i]));
    return ERR_OK;
}

u32 stage_lists(struct names *names, str model, struct arena *arena, u32 **codes, str **texts)
{
    str prefix = arena_printf(arena, "$stage:%.*s/", STR_ARG(model));
    u32 all = names_count(names, NAME_OBJECT), n = 0;
    *codes = arena_alloc(arena, (all + 1) * sizeof **codes);
    *texts = arena_alloc(arena, (all + 1) * sizeof **texts);
    for (u32 code = 1; code <= all; code++) {
        str name = names_text(names, NAME_OBJECT, code);
        if (!str_starts(name, prefix)) continue;
        (*codes)[n] = code;
        (*texts)[n++] = str_slice(name, prefix.n, name.n);
    }
    return n;
}

/* ---- conditions ---- */

/* Compiles and loads; a refusal is told with its place in the request. */
static err condition(struct ask *a, const struct json *j, str at, struct predicate **out)
{
    struct predicate_context pc = {.names = a->cx->names,
                                   .customers = a->cx->customers,
                                   .zone = a->cx->zone,
                                   .place = PREDICATE_SEGMENT,
                                   .known = a->cx->known,
                                   .ctx = a->cx->ctx};
    struct diag inner = {0};
    struct buf compiled;
    buf_init(&compiled, PREDICATE_BYTES_MAX + 64);
    err r = predicate_compile(j, &pc, &compiled, &inner);
    if (r == ERR_OK) {
        str bytes = arena_str(a->plan->arena, buf_str(&compiled));
        r = predicate_load(bytes, a->plan->arena, out);
    }
    buf_clear(&compiled);
    if (r == ERR_OK || inner.code == ERR_OK) return r;
    str path = arena_printf(a->plan->arena, "%.*s%s", STR_ARG(at), inner.path);
    return diag_at(a->why, r, path, "%s", inner.message);
}

/* {did, where?} without what else the object says. */
static const struct json *bare_did(struct ask *a, const struct json *did, const struct json *where)
{
    struct json *o = ask_room(a, sizeof *o), *d = ask_room(a, sizeof *d);
    *o = (struct json){.type = JSON_OBJECT, .count = where ? 2 : 1, .child = d};
    *d = *did;
    d->key = S("did");
    d->next = NULL;
    if (!where) return o;
    struct json *w = ask_room(a, sizeof *w);
    *w = *where;
    w->key = S("where");
    w->next = NULL;
    d->next = w;
    return o;
}

static err add_filter(struct ask *a, const struct json *bare, str at, u32 *filter)
{
    struct plan *p = a->plan;
    struct predicate *loaded;
    if (p->filter_count == ANALYSIS_FILTERS_MAX)
        return diag_at(a->why, ERR_LIMIT, at, "a request names at most %d events",
                       ANALYSIS_FILTERS_MAX);
    TRY(condition(a, bare, at, &loaded));
    *filter = p->filter_count++;
    p->filters[*filter] = &loaded->root->leaf->did->filter;
    p->filter_json[*filter] = bare;
    return properties_of(a, p->filters[*filter]->where);
}

err ask_filter(struct ask *a, const struct json *j, str at, u32 *filter)
{
    struct ask in = ask_inside(a, j, at);
    TRY(ask_only(&in, " did where name "));
    const struct json *did = json_get(j, "did");
    if (!json_is(did, JSON_STRING)) return refuse_at(&in, "did", "\"did\" names an event");
    return add_filter(a, bare_did(a, did, json_get(j, "where")), at, filter);
}

err ask_event(struct ask *a, const char *member, u32 *filter)
{
    const struct json *j = json_get(a->body, member);
    *filter = FILTER_NONE;
    return j ? ask_filter(a, j, ask_at(a, member), filter) : ERR_OK;
}

err ask_did(struct ask *a, str otherwise, u32 *filter)
{
    const struct json *event = json_get(a->body, "event"), *where = json_get(a->body, "where");
    struct json any = {.type = JSON_STRING, .text = otherwise};
    if (event && event->type == JSON_OBJECT && !where)
        return ask_filter(a, event, ask_at(a, "event"), filter);
    if (event && !json_is(event, JSON_STRING))
        return refuse_at(a, "event", "\"event\" names an event; \"*\" is any");
    return add_filter(a, bare_did(a, event ? event : &any, where), a->at, filter);
}

/* ---- what all questions have ---- */

static err read_by(struct ask *a)
{
    const struct json *j = json_get(a->body, "by");
    struct by *by = &a->plan->by;
    i64 limit;
    if (!j) return ERR_OK;
    by->limit = 20;
    if (j->type == JSON_STRING && str_eq(j->text, S("source"))) {
        by->kind = BY_SOURCE;
        return ERR_OK;
    }
    if (j->type == JSON_STRING && str_eq(j->text, S("channel"))) {
        by->kind = BY_PROPERTY;
        return path_of(a, NAME_PROPERTY, S("channel"), &by->path);
    }
    struct ask in = ask_inside(a, j, ask_at(a, "by"));
    TRY(ask_only(&in, a->plan->what->by_item
                          ? " attribute tag stage property channel source item limit "
                          : " attribute tag stage property channel source limit "));
    TRY(ask_number(&in, "limit", 1, ANALYSIS_GROUPS_MAX, by->limit, &limit));
    by->limit = (u32)limit;
    const struct json *what = j->child;
    if (what && str_eq(what->key, S("limit"))) what = what->next;
    if (!what || j->count != 1 + (json_get(j, "limit") != NULL))
        return refuse_at(&in, "",
                         "\"by\" names one of attribute, tag, stage, property, channel, source: "
                         "{\"attribute\":\"city\"}");
    str key = what->key, text = what->type == JSON_STRING ? what->text : (str){0};
    bool flag = what->type == JSON_BOOL && what->boolean;
    by->text = text;
    a->plan->item = str_eq(key, S("item")) ? text : (str){0};
    if (a->plan->item.n) return ERR_OK;
    if (str_eq(key, S("source")) && flag) by->kind = BY_SOURCE;
    if (str_eq(key, S("channel")) && flag) by->kind = BY_PROPERTY, text = S("channel");
    if (str_eq(key, S("property")) && text.n) by->kind = BY_PROPERTY;
    if (str_eq(key, S("attribute")) && text.n) by->kind = BY_ATTRIBUTE;
    if (str_eq(key, S("tag")) && (text.n || flag)) by->kind = BY_TAG;
    if (str_eq(key, S("stage")) && text.n) by->kind = BY_STAGE;
    if (by->kind == BY_NOTHING)
        return refuse_at(&in, "",
                         "write {\"attribute\":\"city\"}, {\"tag\":\"Value\"}, "
                         "{\"stage\":\"default\"}, {\"property\":\"category\"}, "
                         "\"channel\" or \"source\"");
    if (by->kind == BY_PROPERTY) return path_of(a, NAME_PROPERTY, text, &by->path);
    if (by->kind == BY_ATTRIBUTE) return path_of(a, NAME_ATTRIBUTE, text, &by->path);
    return ERR_OK;
}

static err read_zone(struct ask *a)
{
    str name;
    struct plan *p = a->plan;
    p->zone = a->cx->zone;
    TRY(ask_text(a, "zone", S(""), &name));
    if (str_eq(name, S("UTC")))
        p->zone = NULL;
    else if (name.n && (!zone_name_valid(name) || !a->cx->zone_of ||
                        !a->cx->zone_of(a->cx->ctx, name, &p->zone)))
        return refuse_at(a, "zone", "there is no such zone; write an IANA name, Asia/Shanghai");
    p->days = calendar_new(p->zone, p->arena);
    return ERR_OK;
}

static err read_period(struct ask *a)
{
    struct plan *p = a->plan;
    TRY(ask_moment(a, "as_of", a->cx->now, &p->as_of));
    TRY(ask_moment(a, "from", INT64_MIN, &p->from));
    TRY(ask_moment(a, "to", p->as_of + 1, &p->to));
    if (p->from >= p->to)
        return refuse_at(a, json_get(a->body, "to") ? "to" : "from",
                         "the period ends before it begins: [from, to)");
    if (p->to > p->as_of + 1) p->to = p->as_of + 1;
    p->reach = p->to;
    p->since = p->from;
    return ERR_OK;
}

static err read_who(struct ask *a, const struct json *j, str at)
{
    if (!j) return ERR_OK;
    if (!json_is(j, JSON_OBJECT)) {
        struct ask in = ask_inside(a, j, at);
        return refuse_at(&in, "", "a predicate is an object: {\"attribute\":…}");
    }
    a->plan->who_json = j;
    return condition(a, j, at, &a->plan->who);
}

static err read_all(struct ask *a)
{
    char keys[400];
    snprintf(keys, sizeof keys, COMMON_KEYS "%s", a->plan->what->keys);
    TRY(ask_only(a, keys));
    TRY(read_zone(a));
    TRY(read_period(a));
    TRY(read_who(a, json_get(a->body, "predicate"), ask_at(a, "predicate")));
    TRY(read_by(a));
    return a->plan->what->parse(a);
}

static err read_drilled_group(struct ask *in)
{
    struct plan *p = in->plan;
    const struct json *group = json_get(in->body, "group");
    bool rest;
    TRY(ask_flag(in, "rest", &rest));
    if ((group || rest) && p->by.kind == BY_NOTHING)
        return refuse_at(in, group ? "group" : "rest",
                         "there are groups where the request has \"by\"");
    if (group && rest) return refuse_at(in, "rest", "a figure is of a \"group\" or of the rest");
    if (rest) p->drill_in = IN_REST;
    if (!group) return ERR_OK;
    p->drill_in = json_is(group, JSON_NULL) ? IN_MISSING : IN_VALUE;
    if (p->drill_in == IN_VALUE && group->type != JSON_STRING)
        return refuse_at(in, "group", "\"group\" is a value as the answer has it, or null");
    p->drill_value = group->text;
    return ERR_OK;
}

/* Of a comparison one side is drilled: the plan becomes that side's. */
static err read_drill(struct ask *a)
{
    struct plan *p = a->plan;
    char keys[200];
    bool compared;
    const struct json *j = json_get(a->body, "drill");
    if (!j) return ERR_OK;
    struct ask in = ask_inside(a, j, ask_at(a, "drill"));
    snprintf(keys, sizeof keys, "%sgroup rest compare ", p->what->cell_keys);
    TRY(ask_only(&in, keys));
    TRY(ask_flag(&in, "compare", &compared));
    if (compared && !p->other)
        return refuse_at(&in, "compare", "the request compares nothing: it has no \"compare\"");
    if (compared) a->plan = in.plan = p->other;
    in.plan->drill = j;
    TRY(read_drilled_group(&in));
    if (compared && in.plan->drill_in == IN_REST) {
        in.plan->grouped_by = p;
        p->only_values = true;
    }
    p->other = NULL;
    return p->what->cell(&in);
}

static struct plan *plan_new(const struct analysis *what, const struct json *body,
                             const struct analysis_context *cx, struct arena *arena)
{
    struct plan *p = arena_zalloc(arena, sizeof *p);
    p->what = what;
    p->arena = arena;
    p->body = body;
    p->names = cx->names;
    p->anchor = 1;
    p->order_names = order_names_of(cx->names);
    return p;
}

/* The period before, as long: of whole days as many days, also where the zone's clocks change. */
static void go_before(struct plan *p)
{
    struct clock clock;
    i64 from = p->from, to = p->to;
    clock_init(&clock, p->days, UNIT_DAY, 0, 0);
    i64 first = clock_unit(&clock, from), last = clock_unit(&clock, to);
    bool whole = clock_start(&clock, first) == from && clock_start(&clock, last) == to;
    p->from = whole ? clock_start(&clock, first - (last - first)) : from - (to - from);
    p->to = from;
}

/* The other side of a comparison: other customers, or the same in another period. */
static err read_compare(struct ask *a)
{
    const struct json *j = json_get(a->body, "compare");
    bool previous;
    if (!j) return ERR_OK;
    struct plan *p = plan_new(a->plan->what, a->body, a->cx, a->plan->arena);
    struct ask other = *a, in = ask_inside(a, j, ask_at(a, "compare"));
    TRY(ask_only(&in, " predicate from to previous "));
    TRY(ask_flag(&in, "previous", &previous));
    other.plan = p;
    TRY(read_all(&other));
    in.plan = p;
    const struct json *who = json_get(j, "predicate");
    if (who) TRY(read_who(&in, who, ask_at(&in, "predicate")));
    i64 to = p->to;
    if (previous && p->from == INT64_MIN)
        return refuse_at(&in, "previous", "the period needs a \"from\" to have one before it");
    if (previous) go_before(p);
    TRY(ask_moment(&in, "from", p->from, &p->from));
    TRY(ask_moment(&in, "to", p->to, &p->to));
    if (p->from >= p->to) return refuse_at(&in, "to", "the period ends before it begins");
    p->reach = max_i64(p->to, p->reach == to ? p->to : p->reach);
    if (p->since != INT64_MIN) p->since = p->from;
    a->plan->other = p;
    return ERR_OK;
}

err analysis_compile(str name, const struct json *body, const struct analysis_context *cx,
                     struct arena *arena, struct plan **out, struct diag *why)
{
    static const struct json NOTHING = {.type = JSON_OBJECT};
    const struct analysis *what = NULL;
    for (size_t i = 0; i < COUNT_OF(QUESTIONS); i++)
        if (str_eq(QUESTIONS[i]->name, name)) what = QUESTIONS[i];
    if (!what) return diag_set(why, ERR_NOT_FOUND, "there is no analysis of this name");
    if (!body) body = &NOTHING;
    struct plan *p = plan_new(what, body, cx, arena);
    struct ask a = {.cx = cx, .plan = p, .body = body, .at = S(""), .why = why};
    TRY(read_all(&a));
    TRY(read_compare(&a));
    TRY(read_drill(&a));
    p = a.plan;
    TRY(ask_flag(&a, "estimate", &p->estimate));
    if (p->estimate && json_get(body, "save_as"))
        return refuse_at(&a, "save_as", "an estimate reads nobody, so there is no list to keep");
    *out = p;
    return ERR_OK;
}

bool analysis_estimates(const struct plan *p)
{
    return p->estimate;
}

bool analysis_drills(const struct plan *p)
{
    return p->drill != NULL;
}

/* ---- how figures are written ---- */

void put_ratio(struct buf *b, str key, u64 part, u64 whole)
{
    char text[32];
    snprintf(text, sizeof text, "%.15g", whole ? (double)part / (double)whole : 0.0);
    json_put_key(b, key);
    buf_put(b, str_of(text));
}

/* Milliseconds as seconds, exactly. */
void put_seconds(struct buf *b, str key, u64 ms)
{
    json_put_key(b, key);
    decimal_put(b, (decimal)ms * (DECIMAL_ONE / 1000));
}

void put_decimal(struct buf *b, str key, decimal d)
{
    json_put_key(b, key);
    decimal_put(b, d);
}

void put_moment(struct buf *b, str key, i64 ms)
{
    json_put_key(b, key);
    buf_byte(b, '"');
    iso_put(b, ms);
    buf_byte(b, '"');
}

/* An open beginning is written as the first moment a text can say. */
bool say_did(const struct plan *p, u32 filter, i64 from, i64 to, struct buf *out)
{
    const struct json *bare = p->filter_json[filter];
    if (str_eq(json_get_str(bare, "did", S("*")), S("*"))) return false; /* asks of ours too */
    buf_byte(out, '{');
    for (const struct json *m = bare->child; m; m = m->next) {
        json_put_key(out, m->key);
        json_put(out, m);
    }
    if (from == INT64_MIN) from = days_of(1900, 1, 1) * DAY;
    json_put_key(out, S("between"));
    buf_put(out, S("[\""));
    iso_put(out, from);
    buf_put(out, S("\",\""));
    iso_put(out, to);
    buf_put(out, S("\"]}"));
    return true;
}

str duration_text(i64 ms, char room[24])
{
    struct buf b;
    buf_init(&b, 24);
    duration_put(&b, (duration){.ms = ms});
    size_t n = min_size(b.n, 23);
    memcpy(room, b.p, n);
    buf_clear(&b);
    return (str){room, n};
}

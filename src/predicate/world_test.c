/* town_test.c — the world of the tests: customers and events written twice. */
#include "predicate/oracle.h"

#include "base/test.h"
#include "log/events.h"
#include "log/fixed.h"

#include <stdio.h>
#include <stdlib.h>

const struct zone *town_zone(struct arena *arena, const char *name)
{
    char path[256];
    if (!name) return NULL;
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    const struct zone *z = zone_parse(test_file(arena, path), arena);
    MUST(z);
    return z;
}

const struct json *town_json(struct arena *arena, const char *text)
{
    const struct json *j;
    struct diag why = {0};
    str s = arena_printf(arena, "[%s]", text);
    char *p = arena_alloc(arena, s.n);
    for (size_t i = 0; i < s.n; i++) p[i] = s.p[i] == '\'' ? '"' : s.p[i];
    if (json_parse((str){p, s.n}, arena, &j, &why) != ERR_OK) {
        fprintf(stderr, "%s in %s\n", why.message, text);
        abort();
    }
    return j->child;
}

static void fixed_names(struct names *names)
{
#define X(constant, code, name) names_load(names, NAME_SPACE, code, S(name));
    FIXED_SPACES(X)
#undef X
#define X(constant, code, name) names_load(names, NAME_CHANNEL, code, S(name));
    FIXED_CHANNELS(X)
#undef X
#define X(constant, code, name) names_load(names, NAME_ATTRIBUTE, code, S(name));
    FIXED_ATTRIBUTES(X)
#undef X
#define X(constant, code, name) names_load(names, NAME_PROPERTY, code, S(name));
    FIXED_PROPERTIES(X)
#undef X
#define X(constant, code, name, client) names_load(names, NAME_EVENT, code, S(name));
    SYSTEM_EVENTS(X)
#undef X
}

static bool is_system(const char *name)
{
    return name[0] == '#' || str_starts(str_of(name), S("Message "));
}

struct town *town_new(struct arena *arena, const char *zone)
{
    struct town *w = arena_zalloc(arena, sizeof *w);
    w->arena = arena;
    w->scratch = arena_new();
    w->env = env_sim(1);
    w->store = store_new(&(struct store_options){0});
    w->names = names_new(NULL);
    fixed_names(w->names);
    w->customers = customers_new(w->store, (struct sip_key){1, 2});
    w->events = events_new(w->env, &(struct events_options){0});
    w->view = (struct customer_view){w->customers, NULL};
    w->zone = town_zone(arena, zone);
    w->now = days_of(2026, 3, 1) * DAY;
    return w;
}

void town_free(struct town *w)
{
    events_free(w->events);
    customers_free(w->customers);
    names_free(w->names);
    store_free(w->store);
    env_free(w->env);
    arena_free(w->scratch);
}

/* ---- values, as the edge would make them ---- */

static value bytes_of_members(struct arena *arena, const struct json *j)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    u32 n = 0;
    for (const struct json *c = j->child; c; c = c->next, n++) {
        if (j->type == JSON_OBJECT) buf_str_varint(&b, c->key);
        value_put(&b, town_value(arena, c));
    }
    value v = {.type = j->type == JSON_OBJECT ? VALUE_MAP : VALUE_LIST,
               .count = n,
               .text = arena_str(arena, buf_str(&b))};
    buf_clear(&b);
    return v;
}

value town_value(struct arena *arena, const struct json *j)
{
    iso_time t;
    fixed f;
    i64 n;
    switch (j->type) {
    case JSON_NULL: return (value){.type = VALUE_NULL};
    case JSON_BOOL: return value_bool(j->boolean);
    case JSON_NUMBER:
        if (str_to_i64(j->text, &n) == ERR_OK) return value_int(n);
        if (fixed_parse(j->text, &f) == ERR_OK) return value_fixed(f);
        return (value){.type = VALUE_NUMBER, .text = j->text};
    case JSON_STRING:
        if (!iso_parse(j->text, &t)) return value_text(j->text);
        if (!t.timed)
            return (value){.type = VALUE_DATE, .n = civil_ms(t.local) / DAY, .text = j->text};
        return (value){.type = VALUE_TIME, .n = iso_ms(&t), .text = j->text};
    default: return bytes_of_members(arena, j);
    }
}

/* ---- what happens ---- */

void town_record(struct town *w)
{
    w->number++;
    w->place = 0;
    arena_reset(w->scratch);
}

persona town_customer(struct town *w, const char *user)
{
    struct resolved out;
    struct identifier id = {.space = SPACE_ANONYMOUS_ID,
                            .value = arena_str(w->arena, str_of(user))};
    id.hash = identifier_hash((struct sip_key){1, 2}, id.space, id.value);
    town_record(w);
    customer_resolve(w->customers, &id, 1, w->now, w->number, &out);
    MUST(out.is_new && w->persona_count < WORLD_PERSONAS_MAX);
    w->personas[w->persona_count++] = out.persona;
    return out.persona;
}

static u32 code(struct town *w, name_kind kind, str name)
{
    u32 c;
    MUST(names_code(w->names, kind, name, &c) == ERR_OK);
    return c;
}

struct event town_event(struct town *w, persona p, const char *name, i64 at,
                        const struct json *props)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    for (const struct json *c = props ? props->child : NULL; c; c = c->next)
        props_put(&b, code(w, NAME_PROPERTY, c->key), town_value(w->arena, c));
    MUST(at <= w->now && w->past_count < WORLD_EVENTS_MAX);
    struct event ev = {.persona = p,
                       .code = code(w, NAME_EVENT, str_of(name)),
                       .occurred_ms = at,
                       .received_ms = w->now,
                       .flags = is_system(name) ? EVENT_SYSTEM : 0,
                       .order = w->number << 8 | w->place++,
                       .props = arena_str(w->arena, buf_str(&b))};
    buf_clear(&b);
    event_append(w->events, &ev);
    w->past[w->past_count++] = (struct past_event){.persona = p,
                                                   .name = arena_str(w->arena, str_of(name)),
                                                   .at = at,
                                                   .order = ev.order,
                                                   .props = props,
                                                   .system = is_system(name)};
    return ev;
}

static struct past_change *write_down(struct town *w, persona p, field_kind field, const char *name)
{
    MUST(w->change_count < WORLD_CHANGES_MAX);
    struct past_change *c = &w->changes[w->change_count++];
    *c = (struct past_change){
        .persona = p, .field = field, .name = arena_str(w->arena, str_of(name)), .when = w->now};
    return c;
}

bool town_set(struct town *w, persona p, const char *attribute, const struct json *j,
              struct change *out)
{
    write_down(w, p, FIELD_ATTRIBUTE, attribute)->value = j->type == JSON_NULL ? NULL : j;
    return customer_set(w->customers, p, code(w, NAME_ATTRIBUTE, str_of(attribute)),
                        town_value(w->arena, j), w->now, out);
}

bool town_tag(struct town *w, persona p, const char *tag, bool on, i64 expires, struct change *out)
{
    struct past_change *c = write_down(w, p, FIELD_TAG, tag);
    c->on = on;
    c->expires = expires;
    return customer_tag(w->customers, p, code(w, NAME_TAG, str_of(tag)), on, expires, w->now, out);
}

bool town_consent(struct town *w, persona p, const char *channel, bool on, struct change *out)
{
    write_down(w, p, FIELD_CONSENT, channel)->on = on;
    return customer_consent(w->customers, p, names_find(w->names, NAME_CHANNEL, str_of(channel)), 0,
                            on ? 1 : 2, w->now, out);
}

void town_refold(struct town *w, persona head)
{
    static const name_kind KINDS[] = {
        [FIELD_ATTRIBUTE] = NAME_ATTRIBUTE, [FIELD_TAG] = NAME_TAG, [FIELD_CONSENT] = NAME_CHANNEL};
    for (u32 i = 0; i < w->change_count; i++) {
        const struct past_change *p = &w->changes[i];
        if (customer_head(w->customers, p->persona) != head) continue;
        struct change c = {.field = p->field,
                           .code = code(w, KINDS[p->field], p->name),
                           .persona = p->persona,
                           .expires_ms = p->expires};
        if (p->field == FIELD_ATTRIBUTE && p->value) c.new = town_value(w->arena, p->value);
        if (p->field == FIELD_TAG && p->on) c.new = value_bool(true);
        if (p->field == FIELD_CONSENT) c.new = value_bool(p->on);
        customer_fold(w->customers, head, &c, p->when);
    }
}

struct subject town_subject(struct town *w, persona head)
{
    u32 n = customer_personas(w->customers, head, w->of_subject, WORLD_PERSONAS_MAX);
    persona *personas = arena_alloc(w->scratch, n * sizeof *personas);
    memcpy(personas, w->of_subject, n * sizeof *personas);
    return (struct subject){.view = &w->view,
                            .head = head,
                            .personas = personas,
                            .persona_count = n,
                            .events = event_view_live(w->events),
                            .zone = w->zone,
                            .scratch = w->scratch,
                            .names = w->names};
}

struct predicate *town_predicate(struct town *w, const struct json *j, predicate_place place)
{
    struct predicate_context pc = {.names = w->names, .zone = w->zone, .place = place};
    struct diag why = {0};
    struct predicate *p;
    struct buf b;
    buf_init(&b, 1 << 20);
    err e = predicate_compile(j, &pc, &b, &why);
    if (e != ERR_OK) {
        struct buf text;
        buf_init(&text, 1 << 16);
        json_put(&text, j);
        fprintf(stderr, "%s at %s in %.*s\n", why.message, why.path, STR_ARG(buf_str(&text)));
        buf_clear(&text);
    }
    CHECK_OK(e);
    CHECK_OK(predicate_load(arena_str(w->arena, buf_str(&b)), w->arena, &p));
    buf_clear(&b);
    return p;
}

/* ---- chance ---- */

static const char *const EVENTS[] = {"A", "B", "C", "Order Completed"};
static const char *const WORDS[] = {"red",  "blue", "Red",        "green-blue",
                                    "蓝色", "",     "2026-02-03", "7"};
static const char *const NUMBERS[] = {"0",  "1",   "2",        "2.0", "7",    "10.5",
                                      "-3", "0.1", "0.123456", "1e2", "99.99"};
static const char *const DATES[] = {"2026-02-28", "2024-02-29", "2026-03-01", "1990-03-15",
                                    "2026-03-08"};
static const char *const TIMES[] = {"2026-03-08T06:30:00Z", "2026-03-01T00:00:00Z",
                                    "2026-02-27T23:59:59.999+08:00", "2026-03-29T01:00:00Z"};
static const char *const TAGS[] = {"A", "A/B", "A/B/C", "AB", "D"};
static const char *const SPANS[] = {"1m",  "30m", "1h", "5h",  "1d",
                                    "36h", "7d",  "2w", "1mo", "session"};

#define PICK(rng, list) list[rng_below(rng, COUNT_OF(list))]

struct draft {
    struct rng *rng;
    struct buf b;
    const char *const *segments;
    u32 segment_count;
};

static void put(struct draft *d, const char *text)
{
    buf_put(&d->b, str_of(text));
}

static void quoted(struct draft *d, const char *text)
{
    json_put_str(&d->b, str_of(text));
}

static void one_of(struct draft *d, const char *const *list, u32 n, bool text)
{
    const char *s = list[rng_below(d->rng, n)];
    if (text)
        quoted(d, s);
    else
        put(d, s);
}

typedef enum {
    FIELD_WORD,
    FIELD_NUMBER,
    FIELD_DATE,
    FIELD_TIME,
    FIELD_FLAG,
    FIELD_KINDS
} random_field;

static void random_constant(struct draft *d, random_field kind)
{
    switch (kind) {
    case FIELD_WORD: one_of(d, WORDS, COUNT_OF(WORDS), true); break;
    case FIELD_NUMBER: one_of(d, NUMBERS, COUNT_OF(NUMBERS), false); break;
    case FIELD_DATE: one_of(d, DATES, COUNT_OF(DATES), true); break;
    case FIELD_TIME:
        if (rng_percent(d->rng, 50))
            one_of(d, TIMES, COUNT_OF(TIMES), true);
        else
            one_of(d, DATES, COUNT_OF(DATES), true);
        break;
    default: put(d, rng_percent(d->rng, 50) ? "true" : "false");
    }
}

/* "op" and "value" for a field of that kind, now and then of another. */
static void random_test(struct draft *d, random_field kind)
{
    static const char *const ORDERS[] = {"=", "!=", "<", "<=", ">", ">="};
    static const char *const LISTS[] = {"in", "not_in", "has_any", "has_all"};
    static const char *const TEXTS[] = {"contains", "starts_with", "ends_with", "matches"};
    static const char *const PARTS[] = {"r", "blue", "e*", "*-b?ue", "?色", "*", "", "2026"};
    u64 dice = rng_below(d->rng, 20);
    if (rng_percent(d->rng, 5)) kind = (random_field)rng_below(d->rng, FIELD_KINDS);
    put(d, ",\"op\":");
    if (dice < 2) {
        put(d, dice ? "\"exists\"" : "\"missing\"");
    } else if (dice < 11 || (dice >= 17 && kind != FIELD_WORD)) {
        quoted(d, PICK(d->rng, ORDERS));
        put(d, ",\"value\":");
        random_constant(d, kind);
    } else if (dice < 16) {
        quoted(d, PICK(d->rng, LISTS));
        put(d, ",\"value\":[");
        random_constant(d, kind);
        put(d, ",");
        random_constant(d, kind);
        put(d, "]");
    } else if (dice == 16 && kind == FIELD_NUMBER) {
        put(d, "\"between\",\"value\":[0.1,7]");
    } else if (dice == 16 && kind == FIELD_DATE) {
        put(d, "\"between\",\"value\":[\"2024-02-29\",\"2026-02-28\"]");
    } else {
        quoted(d, PICK(d->rng, TEXTS));
        put(d, ",\"value\":");
        quoted(d, PICK(d->rng, PARTS));
    }
}

static void random_where(struct draft *d, u32 depth)
{
    static const struct {
        const char *name;
        random_field kind;
    } FIELDS[] = {{"s", FIELD_WORD},     {"n", FIELD_NUMBER}, {"d", FIELD_DATE},
                  {"t", FIELD_TIME},     {"f", FIELD_FLAG},   {"m.x", FIELD_NUMBER},
                  {"m.y.z", FIELD_WORD}, {"list", FIELD_WORD}};
    u64 dice = rng_below(d->rng, 10);
    if (depth && dice < 2) {
        put(d, dice ? "{\"all\":[" : "{\"any\":[");
        random_where(d, depth - 1);
        put(d, ",");
        random_where(d, depth - 1);
        put(d, "]}");
    } else if (depth && dice == 2) {
        put(d, "{\"not\":");
        random_where(d, depth - 1);
        put(d, "}");
    } else if (dice == 3) {
        put(d, "{\"item\":{\"all\":[{\"property\":\"price\"");
        random_test(d, FIELD_NUMBER);
        put(d, "},{\"property\":\"product_name\"");
        random_test(d, FIELD_WORD);
        put(d, "}]}}");
    } else {
        u64 i = rng_below(d->rng, COUNT_OF(FIELDS));
        put(d, "{\"property\":");
        quoted(d, FIELDS[i].name);
        random_test(d, FIELDS[i].kind);
        put(d, "}");
    }
}

static void random_filter(struct draft *d)
{
    put(d, "\"did\":");
    if (rng_percent(d->rng, 8))
        put(d, "\"*\"");
    else
        quoted(d, PICK(d->rng, EVENTS));
    if (!rng_percent(d->rng, 30)) return;
    put(d, ",\"where\":");
    random_where(d, 2);
}

static void random_measure(struct draft *d)
{
    static const char *const COUNTS[] = {
        "\">=\",\"value\":2", "\">=\",\"value\":3",          "\"=\",\"value\":1",
        "\"=\",\"value\":2",  "\"!=\",\"value\":2",          "\">\",\"value\":4",
        "\"<=\",\"value\":2", "\"between\",\"value\":[2,3]", "\"in\",\"value\":[1,4]"};
    static const char *const NUMERIC[] = {"sum", "min", "max", "avg", "count", "distinct"};
    static const char *const EDGES[] = {"first", "last"};
    u64 dice = rng_below(d->rng, 10);
    if (dice < 3) return;
    if (dice < 6) {
        put(d, ",\"count\":{\"op\":");
        put(d, PICK(d->rng, COUNTS));
        put(d, "}");
    } else if (dice < 8) {
        const char *of = PICK(d->rng, NUMERIC);
        put(d, ",\"aggregate\":{");
        quoted(d, of);
        put(d, rng_percent(d->rng, 80) ? ":\"n\"" : ":\"m.x\"");
        if (of[0] == 'c' || of[0] == 'd') {
            put(d, ",\"op\":");
            put(d, PICK(d->rng, COUNTS));
        } else {
            static const char *const OPS[] = {"=", "!=", "<", "<=", ">", ">="};
            put(d, ",\"op\":");
            quoted(d, PICK(d->rng, OPS));
            put(d, ",\"value\":");
            random_constant(d, FIELD_NUMBER);
        }
        put(d, "}");
    } else {
        bool word = rng_percent(d->rng, 50);
        put(d, ",\"aggregate\":{");
        quoted(d, PICK(d->rng, EDGES));
        put(d, word ? ":\"s\",\"op\":\"=\",\"value\":" : ":\"n\",\"op\":\">=\",\"value\":");
        random_constant(d, word ? FIELD_WORD : FIELD_NUMBER);
        put(d, "}");
    }
}

static void random_did(struct draft *d)
{
    put(d, "{");
    random_filter(d);
    random_measure(d);
    u64 dice = rng_below(d->rng, 10);
    if (dice < 6) {
        put(d, ",\"within\":");
        quoted(d, PICK(d->rng, SPANS));
    } else if (dice == 6) {
        put(d, ",\"between\":[\"2026-02-28\",\"2026-03-02\"]");
    } else if (dice == 7) {
        put(d, ",\"between\":[\"2026-03-01T06:00:00Z\",\"2026-03-09\"]");
    }
    if (rng_percent(d->rng, 12))
        put(d, ",\"since_last\":\"B\"");
    else if (rng_percent(d->rng, 5))
        put(d, ",\"since_last\":{\"did\":\"C\",\"where\":{\"property\":\"n\",\"op\":\">\","
               "\"value\":1}}");
    put(d, "}");
}

static void random_sequence(struct draft *d)
{
    u64 n = 2 + rng_below(d->rng, 2);
    put(d, "{\"sequence\":[");
    for (u64 i = 0; i < n; i++) {
        put(d, i ? ",{" : "{");
        random_filter(d);
        put(d, "}");
    }
    put(d, "]");
    if (rng_percent(d->rng, 70)) {
        put(d, ",\"within\":");
        quoted(d, SPANS[rng_below(d->rng, 8)]);
    }
    put(d, "}");
}

static void random_net(struct draft *d)
{
    static const char *const MEASURES[] = {
        "",
        ",\"count\":{\"op\":\">=\",\"value\":2}",
        ",\"count\":{\"op\":\"=\",\"value\":1}",
        ",\"aggregate\":{\"sum\":\"total\",\"op\":\">=\",\"value\":100}",
        ",\"aggregate\":{\"sum\":\"total\",\"op\":\"<\",\"value\":60.5}",
        ",\"aggregate\":{\"avg\":\"total\",\"op\":\">\",\"value\":40}",
        ",\"aggregate\":{\"max\":\"total\",\"op\":\"<=\",\"value\":50}",
        ",\"aggregate\":{\"last\":\"total\",\"op\":\"=\",\"value\":40}",
        ",\"aggregate\":{\"first\":\"total\",\"op\":\"!=\",\"value\":60.5}",
    };
    put(d, "{\"did\":\"Order Completed\",\"net\":true");
    put(d, PICK(d->rng, MEASURES));
    if (rng_percent(d->rng, 20))
        put(d, ",\"where\":{\"property\":\"total\",\"op\":\">\",\"value\":40}");
    if (rng_percent(d->rng, 60)) {
        put(d, ",\"within\":");
        quoted(d, PICK(d->rng, SPANS));
    }
    put(d, "}");
}

static void random_messages(struct draft *d)
{
    static const char *const OF[] = {"{}", "{\"journey\":\"j1\"}",
                                     "{\"channel\":\"sms\",\"template\":\"t1\"}"};
    static const char *const STATUSES[] = {"sent",    "opened",  "clicked", "read",
                                           "planned", "bounced", "claimed"};
    static const char *const COUNTS[] = {"", ",\"count\":{\"op\":\">=\",\"value\":2}",
                                         ",\"count\":{\"op\":\"=\",\"value\":1}"};
    put(d, "{\"messages\":");
    put(d, PICK(d->rng, OF));
    put(d, ",\"status\":");
    quoted(d, PICK(d->rng, STATUSES));
    put(d, PICK(d->rng, COUNTS));
    if (rng_percent(d->rng, 60)) {
        put(d, ",\"within\":");
        quoted(d, SPANS[rng_below(d->rng, 9)]);
    }
    put(d, "}");
}

static void random_formula(struct draft *d)
{
    static const char *const FORMULAS[] = {
        "days_since(last('A')) > 1.5 * median_interval('A')",
        "days_since(last('A')) <= median_interval('A')",
        "count('A') / days_since(first('A')) >= 0.4",
        "coalesce(count('A') / days_since(first('A')), 0) < 2",
        "coalesce(count('Order Completed'), 0) < coalesce(count('B'), 1.5)",
        "sum('A', 'n') - avg('B', 'n') * 2 > max('C', 'm.x')",
        "last('A') > first('B')",
        "days_since(last('A')) - days_since(last('B')) = 0",
        "days_since(last('A')) > days_since(last('B'))",
        "days_since(last('A', 't')) < 30",
        "days_since(first('A', 'd')) * 2 >= 14.5",
        "last('A', 'n') >= first('A', 'n')",
        "-days_since('A') > -(3 + 1 / 7)",
        "10 / (days_since('A') - 2) > 4",
        "coalesce(10 / (days_since('A') - 2), 7) > 5",
        "days_since('*') != 1",
        "min('B', 'n') / count('C') = 1 / 3 * 3",
        "median_interval('B') * count('B') < days_since(first('B'))",
        "(days_since('A') - 1) / (days_since('B') + 1) > 0.5",
    };
    put(d, "{\"formula\":");
    quoted(d, PICK(d->rng, FORMULAS));
    put(d, "}");
}

static void random_past(struct draft *d)
{
    u64 dice = rng_below(d->rng, 3);
    if (dice == 0)
        random_net(d);
    else if (dice == 1)
        random_formula(d);
    else
        random_messages(d);
}

static void random_date(struct draft *d)
{
    static const char *const FIELDS[] = {"birthday", "bday", "expires", "seen", "city"};
    static const char *const RANGES[] = {
        "\"0d\"", "\"3d\"", "\"-1d\"", "[\"0d\",\"3d\"]", "[\"-2w\",\"-1d\"]", "[\"-5d\",\"6d\"]"};
    put(d, "{\"date\":");
    quoted(d, PICK(d->rng, FIELDS));
    if (rng_percent(d->rng, 50)) put(d, ",\"anniversary\":true");
    if (rng_percent(d->rng, 25)) put(d, ",\"lunar\":true");
    put(d, ",\"in\":");
    put(d, PICK(d->rng, RANGES));
    put(d, "}");
}

static void random_attribute(struct draft *d)
{
    static const struct {
        const char *name;
        random_field kind;
    } FIELDS[] = {{"city", FIELD_WORD},    {"age", FIELD_NUMBER}, {"birthday", FIELD_DATE},
                  {"expires", FIELD_DATE}, {"seen", FIELD_TIME},  {"nothing", FIELD_WORD}};
    u64 i = rng_below(d->rng, COUNT_OF(FIELDS));
    put(d, "{\"attribute\":");
    quoted(d, FIELDS[i].name);
    random_test(d, FIELDS[i].kind);
    put(d, "}");
}

static void random_tree(struct draft *d, u32 depth)
{
    u64 dice = rng_below(d->rng, depth ? 20 : 14);
    if (dice < 4) {
        random_did(d);
    } else if (dice < 6) {
        random_past(d);
    } else if (dice < 8) {
        random_attribute(d);
    } else if (dice == 8) {
        put(d, "{\"tag\":");
        quoted(d, PICK(d->rng, TAGS));
        put(d, "}");
        if (!rng_percent(d->rng, 50)) return;
        d->b.n -= 2;
        put(d, "/*\"}");
    } else if (dice == 9) {
        random_date(d);
    } else if (dice == 10) {
        random_sequence(d);
    } else if (dice == 11) {
        put(d, rng_percent(d->rng, 70) ? "{\"consent\":\"email\"}"
                                       : "{\"consent\":\"sms\",\"is\":false}");
    } else if (dice <= 13) {
        if (!d->segment_count) {
            random_did(d);
            return;
        }
        put(d, "{\"segment\":");
        quoted(d, d->segments[rng_below(d->rng, d->segment_count)]);
        put(d, "}");
    } else if (dice < 16) {
        put(d, "{\"not\":");
        random_tree(d, depth - 1);
        put(d, "}");
    } else {
        put(d, dice < 18 ? "{\"all\":[" : "{\"any\":[");
        for (u64 i = 0, n = 1 + rng_below(d->rng, 3); i < n; i++) {
            if (i) put(d, ",");
            random_tree(d, depth - 1);
        }
        put(d, "]}");
    }
}

static const struct json *finished(struct town *w, struct draft *d)
{
    const struct json *j;
    struct diag why = {0};
    CHECK_OK(json_parse(arena_str(w->arena, buf_str(&d->b)), w->arena, &j, &why));
    buf_clear(&d->b);
    return j;
}

const struct json *random_predicate(struct town *w, struct rng *rng, const char *const *segments,
                                    u32 segment_count)
{
    struct draft d = {.rng = rng, .segments = segments, .segment_count = segment_count};
    buf_init(&d.b, 1 << 16);
    random_tree(&d, 3);
    return finished(w, &d);
}

const struct json *random_props(struct town *w, struct rng *rng)
{
    struct draft d = {.rng = rng};
    buf_init(&d.b, 1 << 16);
    static const char *const ORDERS[] = {"\"o1\"", "\"o2\"", "7", "\"7\"", "\"o4\""};
    static const char *const TOTALS[] = {"40", "60.5", "\"40\"", "100", "-40"};
    static const char *const NAMES[] = {"j1", "j2", "m1", "m2"};
    put(&d, "{\"other\":1");
    if (rng_percent(rng, 70)) put(&d, ",\"order_id\":"), put(&d, PICK(rng, ORDERS));
    if (rng_percent(rng, 60)) put(&d, ",\"total\":"), put(&d, PICK(rng, TOTALS));
    if (rng_percent(rng, 20)) put(&d, ",\"revenue\":"), put(&d, PICK(rng, TOTALS));
    if (rng_percent(rng, 90)) put(&d, ",\"message_id\":"), quoted(&d, PICK(rng, NAMES));
    if (rng_percent(rng, 60)) put(&d, ",\"journey\":"), quoted(&d, PICK(rng, NAMES));
    if (rng_percent(rng, 60)) put(&d, ",\"channel\":\"sms\",\"template\":\"t1\"");
    if (rng_percent(rng, 10)) put(&d, ",\"machine\":true");
    if (rng_percent(rng, 70)) put(&d, ",\"s\":"), random_constant(&d, FIELD_WORD);
    if (rng_percent(rng, 70))
        put(&d, ",\"n\":"), random_constant(&d, rng_percent(rng, 90) ? FIELD_NUMBER : FIELD_WORD);
    if (rng_percent(rng, 40)) put(&d, ",\"d\":"), random_constant(&d, FIELD_DATE);
    if (rng_percent(rng, 40)) put(&d, ",\"t\":"), random_constant(&d, FIELD_TIME);
    if (rng_percent(rng, 40)) put(&d, ",\"f\":"), random_constant(&d, FIELD_FLAG);
    if (rng_percent(rng, 10)) put(&d, ",\"n\":null");
    if (rng_percent(rng, 40)) {
        put(&d, ",\"m\":{\"x\":"), random_constant(&d, FIELD_NUMBER);
        put(&d, ",\"y\":{\"z\":"), random_constant(&d, FIELD_WORD), put(&d, "}}");
    }
    if (rng_percent(rng, 30)) {
        put(&d, ",\"list\":["), random_constant(&d, FIELD_WORD);
        put(&d, ","), random_constant(&d, FIELD_WORD), put(&d, "]");
    }
    if (rng_percent(rng, 30)) {
        put(&d, ",\"products\":[{\"price\":"), random_constant(&d, FIELD_NUMBER);
        put(&d, ",\"name\":"), random_constant(&d, FIELD_WORD), put(&d, "},{\"product_name\":");
        random_constant(&d, FIELD_WORD), put(&d, ",\"price\":"), random_constant(&d, FIELD_NUMBER);
        put(&d, "},3]");
    }
    put(&d, "}");
    return finished(w, &d);
}

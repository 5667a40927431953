/* route_vocabulary.c — words for conditions: predicates as rows of words, segments that are ready
 * to use, and all that a picker can offer. */
#include "log/events.h"
#include "predicate/sentence.h"
#include "server/counts.h"
#include "server/look.h"
#include "server/needs.h"
#include "server/publish.h"
#include "server/show.h"
#include "server/words.h"

#include <stdlib.h>

enum { ROWS_DEPTH_MAX = 8, SAMPLES = 5, PEOPLE = 1000, EVENTS_READ = 5000, PROPERTIES = 40 };

/* ---- predicates in words ---- */

static void put_words(struct buf *b, str key, const struct json *predicate)
{
    struct buf zh, en;
    buf_init(&zh, API_BODY_MAX), buf_init(&en, API_BODY_MAX);
    predicate_sentence(predicate, true, &zh), predicate_sentence(predicate, false, &en);
    put_both(b, key, buf_str(&zh), buf_str(&en));
    buf_clear(&zh), buf_clear(&en);
}

static str kind_of(const struct json *j)
{
    static const char *const KINDS[] = {"all",       "any",      "did",     "attribute", "tag",
                                        "stage",     "score",    "segment", "date",      "consent",
                                        "reachable", "sequence", "formula", "messages",  "message",
                                        "step",      "task",     "trigger", "property"};
    for (u32 i = 0; i < COUNT_OF(KINDS); i++)
        if (json_get(j, KINDS[i])) return str_of(KINDS[i]);
    return S("other");
}

/* Joined conditions are rows of their own; what a `not` holds is one row with its "not" on. */
static void put_rows(struct call *c, const struct json *j, const char *path, u32 depth)
{
    const struct json *all = json_get(j, "all"), *any = json_get(j, "any"), *list = all ? all : any;
    u32 i = 0;
    buf_byte(&c->out, '[');
    const struct json *row = json_is(list, JSON_ARRAY) ? list->child : j;
    for (; row; row = json_is(list, JSON_ARRAY) ? row->next : NULL, i++) {
        const struct json *inner = json_get(row, "not");
        bool no = json_is(inner, JSON_OBJECT);
        str place = json_is(list, JSON_ARRAY)
                        ? arena_printf(c->arena, "%s/%s/%u", path, all ? "all" : "any", i)
                        : arena_printf(c->arena, "%s", path);
        json_put_comma(&c->out);
        buf_byte(&c->out, '{');
        json_put_kv_str(&c->out, S("path"), place);
        json_put_kv_bool(&c->out, S("not"), no);
        json_put_kv_str(&c->out, S("kind"), kind_of(no ? inner : row));
        put_words(&c->out, S("text"), row);
        json_put_key(&c->out, S("predicate"));
        json_put(&c->out, row);
        bool group = json_get(no ? inner : row, "all") || json_get(no ? inner : row, "any");
        if (group && json_is(list, JSON_ARRAY) && depth < ROWS_DEPTH_MAX) {
            if (no) place = arena_printf(c->arena, "%.*s/not", STR_ARG(place));
            json_put_key(&c->out, S("rows"));
            put_rows(c, no ? inner : row, place.p, depth + 1);
        }
        buf_byte(&c->out, '}');
    }
    buf_byte(&c->out, ']');
}

/* Rows as one predicate. */
static err join(struct call *c, const struct json *rows, const struct json **out)
{
    str mode = json_get_str(c->body, "mode", S("all"));
    struct buf b;
    if (!json_is(rows, JSON_ARRAY) || rows->count == 0 || rows->count > PREDICATE_NODES_MAX)
        return diag_at(&c->why, ERR_REFUSED, S("/rows"), "a list of predicates is needed");
    if (!str_eq(mode, S("all")) && !str_eq(mode, S("any")))
        return diag_at(&c->why, ERR_REFUSED, S("/mode"), "mode is all or any");
    buf_init(&b, 2 * API_BODY_MAX);
    buf_byte(&b, '{');
    json_put_key(&b, mode);
    json_put(&b, rows);
    buf_byte(&b, '}');
    str text = arena_str(c->arena, buf_str(&b));
    buf_clear(&b);
    return json_parse(text, c->arena, out, &c->why);
}

static err sentence(struct call *c)
{
    const struct json *p = json_get(c->body, "predicate"), *rows = json_get(c->body, "rows");
    if (!p && rows) TRY(join(c, rows, &p));
    if (!json_is(p, JSON_OBJECT))
        return diag_at(&c->why, ERR_REFUSED, S("/predicate"),
                       "\"predicate\", or \"rows\" with \"mode\", is needed");
    buf_byte(&c->out, '{');
    json_put_key(&c->out, S("predicate"));
    json_put(&c->out, p);
    json_put_kv_str(&c->out, S("mode"),
                    json_get(p, "all")   ? S("all")
                    : json_get(p, "any") ? S("any")
                                         : S("one"));
    put_words(&c->out, S("text"), p);
    json_put_key(&c->out, S("rows"));
    put_rows(c, p, "", 0);
    buf_byte(&c->out, '}');
    return ERR_OK;
}

/* ---- segments that are ready ---- */

#define ORDER "{\"did\":\"Order Completed\"}"
#define NO_ORDER(within) "{\"not\":{\"did\":\"Order Completed\",\"within\":\"" within "\"}}"
static const struct ready {
    const char *id, *zh, *en, *zh_words, *en_words, *needs, *predicate;
} READY[] = {
    {"new-30d", "新客户", "New customers", "30 天内注册", "Signed up in the last 30 days",
     "[{\"event\":\"Signed Up\"}]", "{\"did\":\"Signed Up\",\"within\":\"30d\"}"},
    {"first-order", "首单客户", "Bought once", "只下过一单，值得请回来",
     "Exactly one order: worth inviting back", "[{\"event\":\"Order Completed\"}]",
     "{\"did\":\"Order Completed\",\"count\":{\"op\":\"=\",\"value\":1}}"},
    {"loyal", "回头客", "Loyal customers", "下过至少 3 单", "Three orders or more",
     "[{\"event\":\"Order Completed\"}]",
     "{\"did\":\"Order Completed\",\"count\":{\"op\":\">=\",\"value\":3}}"},
    {"vip", "高消费客户", "High spenders", "一年内消费满 1,000", "Spent 1,000 or more in a year",
     "[{\"event\":\"Order Completed\"},{\"property\":\"total\"}]",
     "{\"did\":\"Order Completed\",\"within\":\"365d\",\"aggregate\":{\"sum\":\"total\",\"op\":\">="
     "\",\"value\":1000}}"},
    {"sleeping-30", "30 天没下单", "Asleep for 30 days", "买过，30 到 60 天没有下单",
     "Bought before, no order for 30 to 60 days", "[{\"event\":\"Order Completed\"}]",
     "{\"all\":[{\"did\":\"Order Completed\",\"within\":\"60d\"}," NO_ORDER("30d") "]}"},
    {"sleeping-60", "60 天没下单", "Asleep for 60 days", "买过，60 到 90 天没有下单",
     "Bought before, no order for 60 to 90 days", "[{\"event\":\"Order Completed\"}]",
     "{\"all\":[{\"did\":\"Order Completed\",\"within\":\"90d\"}," NO_ORDER("60d") "]}"},
    {"sleeping-90", "90 天没下单", "Asleep for 90 days", "买过，90 天以上没有下单",
     "Bought before, no order for more than 90 days", "[{\"event\":\"Order Completed\"}]",
     "{\"all\":[" ORDER "," NO_ORDER("90d") "]}"},
    {"cart", "加购未下单", "Left a cart", "3 天内加入购物车，没有下单",
     "Put something into the cart in the last 3 days, and did not order",
     "[{\"event\":\"Product Added\"},{\"event\":\"Order Completed\"}]",
     "{\"all\":[{\"did\":\"Product Added\",\"within\":\"3d\"}," NO_ORDER("3d") "]}"},
    {"looking", "反复浏览", "Looking around", "7 天内看过 3 次以上商品，没有加购",
     "Viewed products three times in a week, and put none into the cart",
     "[{\"event\":\"Product Viewed\"},{\"event\":\"Product Added\"}]",
     "{\"all\":[{\"did\":\"Product "
     "Viewed\",\"within\":\"7d\",\"count\":{\"op\":\">=\",\"value\":3}},"
     "{\"not\":{\"did\":\"Product Added\",\"within\":\"7d\"}}]}"},
    {"birthday", "30 天内生日", "Birthday soon", "今后 30 天里过生日",
     "A birthday in the next 30 days", "[{\"attribute\":\"birthday\"}]",
     "{\"date\":\"birthday\",\"anniversary\":true,\"in\":[\"0d\",\"30d\"]}"},
    {"never-bought", "注册未下单", "Never bought", "注册 7 天以上，还没有下过单",
     "Signed up more than a week ago, and never ordered",
     "[{\"event\":\"Signed Up\"},{\"event\":\"Order Completed\"}]",
     "{\"all\":[{\"did\":\"Signed Up\"},{\"not\":{\"did\":\"Signed Up\",\"within\":\"7d\"}},"
     "{\"not\":{\"did\":\"Order Completed\"}}]}"},
    {"refunded", "退过款", "Sent something back", "90 天内退过款，需要关心",
     "A refund in the last 90 days: somebody to care for", "[{\"event\":\"Order Refunded\"}]",
     "{\"did\":\"Order Refunded\",\"within\":\"90d\"}"},
};

struct ready_counts {
    struct counts counts;
    const struct json *needs[COUNT_OF(READY)], *predicates[COUNT_OF(READY)];
    bool counted[COUNT_OF(READY)];
};

static err ready_answer(struct call *c)
{
    const struct ready_counts *r = c->data;
    struct engine *e = c->server->engine;
    call_items_begin(c);
    for (u32 i = 0; i < COUNT_OF(READY); i++) {
        const struct ready *s = &READY[i];
        json_put_comma(&c->out);
        buf_byte(&c->out, '{');
        json_put_kv_str(&c->out, S("id"), str_of(s->id));
        put_both(&c->out, S("name"), str_of(s->zh), str_of(s->en));
        put_both(&c->out, S("words"), str_of(s->zh_words), str_of(s->en_words));
        json_put_key(&c->out, S("predicate"));
        json_put(&c->out, r->predicates[i]);
        put_words(&c->out, S("text"), r->predicates[i]);
        json_put_key(&c->out, S("needs"));
        buf_byte(&c->out, '[');
        for (const struct json *n = r->needs[i]->child; n; n = n->next) {
            json_put_comma(&c->out);
            need_put(c, &c->out, n);
        }
        buf_byte(&c->out, ']');
        json_put_kv_bool(&c->out, S("installed"),
                         engine_object(e, OBJECT_SEGMENT, str_of(s->id), NULL).n > 0);
        json_put_key(&c->out, S("count"));
        if (r->counted[i])
            buf_i64_text(&c->out, (i64)r->counts.items[i].count);
        else
            buf_put(&c->out, S("null")); /* nothing is known of it: not 0 */
        counts_put_reach(c, &r->counts.items[i]);
        buf_byte(&c->out, '}');
    }
    call_items_end(c, (str){0});
    return ERR_OK;
}

static err ready(struct call *c)
{
    struct ready_counts *r = arena_zalloc(c->arena, sizeof *r);
    c->data = r;
    counts_init(&r->counts, c);
    for (u32 i = 0; i < COUNT_OF(READY); i++) {
        struct counted *n = counts_add(&r->counts);
        TRY(json_parse(str_of(READY[i].needs), c->arena, &r->needs[i], &c->why));
        TRY(json_parse(str_of(READY[i].predicate), c->arena, &r->predicates[i], &c->why));
        r->counted[i] = true;
        for (const struct json *need = r->needs[i]->child; need; need = need->next)
            r->counted[i] &= need_met(c, need);
        n->with_reach = true;
        if (r->counted[i]) TRY(counts_compile(&r->counts, n, r->predicates[i], "/predicate"));
    }
    return counts_begin(&r->counts, ready_answer);
}

/* ---- the vocabulary ---- */

static bool is_reserved(str name)
{
    return name.n == 0 || name.p[0] == '$';
}

static void put_name(struct buf *b, words_kind kind, str name)
{
    struct name_words w = words_of(kind, name);
    json_put_kv_str(b, S("name"), name);
    put_both(b, S("words"), w.zh, w.en);
}

/* Some different values of one name, as JSON. */
struct samples {
    str text[SAMPLES];
    u32 count;
};

static void sample(struct call *c, struct samples *s, value v)
{
    struct buf b;
    if (s->count == SAMPLES || v.type <= VALUE_NULL || v.type >= VALUE_LIST) return;
    buf_init(&b, 4096);
    value_json(&b, v);
    bool good = !b.full && b.n <= 200;
    for (u32 i = 0; i < s->count; i++) good &= !str_eq(s->text[i], buf_str(&b));
    if (good) s->text[s->count++] = arena_str(c->arena, buf_str(&b));
    buf_clear(&b);
}

static void put_samples(struct buf *b, const struct samples *s)
{
    json_put_key(b, S("samples"));
    buf_byte(b, '[');
    for (u32 i = 0; i < s->count; i++) {
        json_put_comma(b);
        buf_put(b, s->text[i]);
    }
    buf_byte(b, ']');
}

static void put_attribute(struct call *c, u32 code, str name)
{
    static const char *const TYPES[] = {
        [ATTRIBUTE_BOOL] = "bool", [ATTRIBUTE_INT] = "int",   [ATTRIBUTE_DECIMAL] = "decimal",
        [ATTRIBUTE_TEXT] = "text", [ATTRIBUTE_DATE] = "date", [ATTRIBUTE_TIME] = "time",
        [ATTRIBUTE_LIST] = "list"};
    struct customers *cs = engine_customers(c->server->engine);
    struct customer_view view = {cs, NULL};
    struct attribute_rule rule;
    struct samples values = {0};
    persona end = customers_end(cs);
    u32 of = 0, n = 0;
    bool known = customer_attribute(cs, code, &rule);
    for (u32 i = 0; i + 1 < end && of < PEOPLE && i < 2 * PEOPLE; i++) {
        persona head = look_pick(i, end);
        if (customer_head(cs, head) != head) continue;
        value v = view_attribute(&view, head, code);
        of++;
        n += v.type > VALUE_NULL;
        if (!rule.personal) sample(c, &values, v);
    }
    json_put_comma(&c->out);
    buf_byte(&c->out, '{');
    put_name(&c->out, WORDS_ATTRIBUTE, name);
    json_put_kv_text(&c->out, S("type"), known ? str_of(TYPES[rule.type]) : (str){0});
    json_put_kv_i64(&c->out, S("customers"), n);
    json_put_kv_i64(&c->out, S("of"), of);
    put_samples(&c->out, &values);
    buf_byte(&c->out, '}');
}

/* What the newest events tell of each name. */
struct event_words {
    u32 code, count, property_count;
    i64 last_ms;
    struct {
        u32 code;
        value_type type;
        struct samples values;
    } properties[PROPERTIES];
};

static void read_properties(struct call *c, struct event_words *w, str props)
{
    struct reader r = reader_of(props);
    value v;
    for (u32 code; props_next(&r, &code, &v);) {
        u32 i = 0;
        while (i < w->property_count && w->properties[i].code != code) i++;
        if (code == 0 || i == PROPERTIES) continue;
        if (i == w->property_count) {
            w->properties[w->property_count++].code = code;
            w->properties[i].type = v.type;
        }
        sample(c, &w->properties[i].values, v);
    }
}

static str type_name(value_type t)
{
    if (t == VALUE_TRUE || t == VALUE_FALSE) return S("bool");
    if (t == VALUE_INT || t == VALUE_FIXED || t == VALUE_NUMBER) return S("number");
    if (t == VALUE_DATE || t == VALUE_TIME) return S("date");
    return t == VALUE_LIST || t == VALUE_MAP ? S("list") : S("text");
}

static void put_event(struct call *c, const struct event_words *w)
{
    struct names *names = engine_names(c->server->engine);
    json_put_comma(&c->out);
    buf_byte(&c->out, '{');
    put_name(&c->out, WORDS_EVENT, names_text(names, NAME_EVENT, w->code));
    json_put_kv_i64(&c->out, S("count"), w->count);
    json_put_key(&c->out, S("customers"));
    buf_put(&c->out, S("null"));
    json_put_kv_time(&c->out, S("last_at"), w->last_ms);
    json_put_key(&c->out, S("properties"));
    buf_byte(&c->out, '[');
    for (u32 i = 0; i < w->property_count; i++) {
        json_put_comma(&c->out);
        buf_byte(&c->out, '{');
        put_name(&c->out, WORDS_PROPERTY, names_text(names, NAME_PROPERTY, w->properties[i].code));
        json_put_kv_str(&c->out, S("type"), type_name(w->properties[i].type));
        put_samples(&c->out, &w->properties[i].values);
        buf_byte(&c->out, '}');
    }
    buf_put(&c->out, S("]}"));
}

/* Counted among the newest events: how often, and which properties they carry. */
static void put_events(struct call *c)
{
    struct engine *e = c->server->engine;
    struct event *all = arena_alloc(c->arena, EVENTS_READ * sizeof *all);
    u32 n = event_latest(event_view_live(engine_events(e)), all, EVENTS_READ, c->arena),
        names = names_count(engine_names(e), NAME_EVENT);
    struct event_words *words = mem_zalloc((names + 1) * sizeof *words);
    i64 since = NEVER;
    for (u32 i = 0; i < n; i++) {
        struct event_words *w = &words[all[i].code <= names ? all[i].code : 0];
        w->code = all[i].code;
        w->count++;
        w->last_ms = max_i64(w->last_ms, all[i].occurred_ms);
        since = min_i64(since, all[i].occurred_ms);
        read_properties(c, w, all[i].props);
    }
    json_put_key(&c->out, S("events"));
    buf_byte(&c->out, '[');
    for (u32 code = 1; code <= names; code++) {
        str name = names_text(engine_names(e), NAME_EVENT, code);
        bool ours = code < EVENT_FIXED_END && !event_for_clients(code);
        if (is_reserved(name) || (ours && !words[code].count)) continue;
        if (code < EVENT_FIXED_END && !words[code].count) continue;
        words[code].code = code;
        put_event(c, &words[code]);
    }
    buf_put(&c->out, S("],\"counted\":{"));
    json_put_kv_i64(&c->out, S("events"), n);
    if (n) json_put_kv_time(&c->out, S("since"), since);
    buf_byte(&c->out, '}');
    free(words);
}

static void put_objects(struct call *c, const char *key, object_kind kind)
{
    enum { OBJECTS = 2000 };
    struct engine *e = c->server->engine;
    u32 *codes = arena_alloc(c->arena, OBJECTS * sizeof *codes);
    u32 n = engine_objects(e, kind, codes, OBJECTS);
    json_put_key(&c->out, str_of(key));
    buf_byte(&c->out, '[');
    for (u32 i = 0; i < n; i++) {
        static const char *const MEMBERS[] = {"name", "channel", "stages", "value"};
        str id = names_text(engine_names(e), NAME_OBJECT, codes[i]);
        str source = arena_str(c->arena, engine_object(e, kind, id, NULL));
        const struct json *j;
        if (json_parse(source, c->arena, &j, NULL) != ERR_OK) continue;
        json_put_comma(&c->out);
        buf_byte(&c->out, '{');
        json_put_kv_str(&c->out, S("id"), id);
        for (u32 m = 0; m < COUNT_OF(MEMBERS); m++) {
            const struct json *member = json_get(j, MEMBERS[m]);
            if (!member) continue;
            json_put_key(&c->out, str_of(MEMBERS[m]));
            json_put(&c->out, member);
        }
        if (kind == OBJECT_SEGMENT)
            json_put_kv_i64(&c->out, S("members"), segment_count(engine_segments(e), codes[i]));
        buf_byte(&c->out, '}');
    }
    buf_byte(&c->out, ']');
}

static void put_plain_names(struct call *c, const char *key, name_kind kind)
{
    struct names *names = engine_names(c->server->engine);
    json_put_key(&c->out, str_of(key));
    buf_byte(&c->out, '[');
    for (u32 code = 1; code <= names_count(names, kind); code++) {
        str name = names_text(names, kind, code);
        if (is_reserved(name)) continue;
        json_put_comma(&c->out);
        buf_byte(&c->out, '{');
        put_name(&c->out, kind == NAME_CHANNEL ? WORDS_CHANNEL : WORDS_ATTRIBUTE, name);
        if (kind == NAME_CHANNEL)
            json_put_kv_bool(&c->out, S("connected"), outbox_connected(c->server->outbox, code));
        buf_byte(&c->out, '}');
    }
    buf_byte(&c->out, ']');
}

static const char OPERATORS[] =
    "[{\"op\":\"=\",\"words\":{\"zh\":\"是\",\"en\":\"is\"},\"types\":[\"text\",\"int\","
    "\"decimal\","
    "\"bool\",\"date\",\"time\"]},"
    "{\"op\":\"!=\",\"words\":{\"zh\":\"不是\",\"en\":\"is not\"},\"types\":[\"text\",\"int\","
    "\"decimal\",\"bool\",\"date\",\"time\"]},"
    "{\"op\":\"in\",\"words\":{\"zh\":\"是其中之一\",\"en\":\"is one "
    "of\"},\"types\":[\"text\",\"int\","
    "\"decimal\"]},"
    "{\"op\":\"not_in\",\"words\":{\"zh\":\"不是其中任何一个\",\"en\":\"is none of\"},\"types\":["
    "\"text\",\"int\",\"decimal\"]},"
    "{\"op\":\">=\",\"words\":{\"zh\":\"不小于\",\"en\":\"is at least\"},\"types\":[\"int\","
    "\"decimal\",\"date\",\"time\"]},"
    "{\"op\":\"<=\",\"words\":{\"zh\":\"不大于\",\"en\":\"is at most\"},\"types\":[\"int\","
    "\"decimal\",\"date\",\"time\"]},"
    "{\"op\":\">\",\"words\":{\"zh\":\"大于\",\"en\":\"is "
    "above\"},\"types\":[\"int\",\"decimal\"]},"
    "{\"op\":\"<\",\"words\":{\"zh\":\"小于\",\"en\":\"is "
    "below\"},\"types\":[\"int\",\"decimal\"]},"
    "{\"op\":\"between\",\"words\":{\"zh\":\"在两者之间\",\"en\":\"is "
    "between\"},\"types\":[\"int\","
    "\"decimal\",\"date\",\"time\"]},"
    "{\"op\":\"contains\",\"words\":{\"zh\":\"包含\",\"en\":\"contains\"},\"types\":[\"text\"]},"
    "{\"op\":\"starts_with\",\"words\":{\"zh\":\"开头是\",\"en\":\"begins with\"},\"types\":["
    "\"text\"]},"
    "{\"op\":\"ends_with\",\"words\":{\"zh\":\"结尾是\",\"en\":\"ends "
    "with\"},\"types\":[\"text\"]},"
    "{\"op\":\"has_any\",\"words\":{\"zh\":\"含有其中之一\",\"en\":\"has one "
    "of\"},\"types\":[\"list\"]}"
    ",{\"op\":\"has_all\",\"words\":{\"zh\":\"含有全部\",\"en\":\"has all "
    "of\"},\"types\":[\"list\"]},"
    "{\"op\":\"exists\",\"words\":{\"zh\":\"有值\",\"en\":\"is known\"},\"types\":[\"*\"]},"
    "{\"op\":\"missing\",\"words\":{\"zh\":\"没有值\",\"en\":\"is not known\"},\"types\":[\"*\"]}]";

static err vocabulary(struct call *c)
{
    struct names *names = engine_names(c->server->engine);
    buf_byte(&c->out, '{');
    json_put_key(&c->out, S("attributes"));
    buf_byte(&c->out, '[');
    for (u32 code = 1; code <= names_count(names, NAME_ATTRIBUTE); code++) {
        str name = names_text(names, NAME_ATTRIBUTE, code);
        if (!is_reserved(name)) put_attribute(c, code, name);
    }
    buf_byte(&c->out, ']');
    put_events(c);
    put_plain_names(c, "tags", NAME_TAG);
    put_plain_names(c, "channels", NAME_CHANNEL);
    put_objects(c, "stages", OBJECT_STAGES);
    put_objects(c, "scores", OBJECT_SCORE);
    put_objects(c, "segments", OBJECT_SEGMENT);
    put_objects(c, "coupons", OBJECT_COUPON);
    put_objects(c, "templates", OBJECT_TEMPLATE);
    put_objects(c, "journeys", OBJECT_JOURNEY);
    json_put_key(&c->out, S("operators"));
    buf_put(&c->out, str_of(OPERATORS));
    buf_byte(&c->out, '}');
    return ERR_OK;
}

extern const struct route ROUTES_VOCABULARY[];
const struct route ROUTES_VOCABULARY[] = {
    {METHOD_POST, "/api/v1/predicates/sentence", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_LOOP, sentence},
    {METHOD_GET, "/api/v1/segments/ready", NEEDS_SCOPE, SCOPE_REPORTS_READ, ON_ENGINE, ready},
    {METHOD_GET, "/api/v1/schema/vocabulary", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE,
     vocabulary},
    {0}};

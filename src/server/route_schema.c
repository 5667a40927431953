/* route_schema.c — the model that grew: attributes and their types, namespaces and their rules, the
 * names of events. */
#include "log/events.h"
#include "server/call.h"

static const char *const TYPES[] = {
    [ATTRIBUTE_BOOL] = "bool", [ATTRIBUTE_INT] = "int",   [ATTRIBUTE_DECIMAL] = "decimal",
    [ATTRIBUTE_TEXT] = "text", [ATTRIBUTE_DATE] = "date", [ATTRIBUTE_TIME] = "time",
    [ATTRIBUTE_LIST] = "list"};
static const char *const STRENGTHS[] = {
    [STRENGTH_DEVICE] = "device", [STRENGTH_WEAK] = "weak", [STRENGTH_STRONG] = "strong"};

enum { LIMIT_MAX = 1000, PRIORITY_MAX = 1000 };

/* The place of a word in a table; 0 or more: `*out`. */
static bool word_of(const char *const *words, u32 from, u32 count, str text, u8 *out)
{
    for (u32 i = from; i < count; i++)
        if (str_eq(text, str_of(words[i]))) {
            *out = (u8)i;
            return true;
        }
    return false;
}

/* Names given to places nobody uses yet (record.c). */
static bool is_reserved(str name)
{
    return str_starts(name, S("$reserved "));
}

/* ---- showing ---- */

static void put_attribute(struct call *c, u32 code, str name)
{
    struct attribute_rule rule;
    bool known = customer_attribute(engine_customers(c->server->engine), code, &rule);
    json_put_comma(&c->out);
    buf_byte(&c->out, '{');
    json_put_kv_str(&c->out, S("name"), name);
    json_put_key(&c->out, S("type"));
    if (known)
        json_put_str(&c->out, str_of(TYPES[rule.type]));
    else
        buf_put(&c->out, S("null"));
    json_put_kv_bool(&c->out, S("confirmed"), rule.confirmed);
    json_put_kv_bool(&c->out, S("personal"), rule.personal);
    json_put_kv_i64(&c->out, S("misfits"), (i64)rule.misfits);
    buf_byte(&c->out, '}');
}

static void put_namespace(struct call *c, u32 code, str name)
{
    struct space_rule rule = customer_space(engine_customers(c->server->engine), code);
    json_put_comma(&c->out);
    buf_byte(&c->out, '{');
    json_put_kv_str(&c->out, S("namespace"), name);
    json_put_kv_str(&c->out, S("strength"), str_of(STRENGTHS[rule.strength]));
    json_put_kv_bool(&c->out, S("unique"), rule.unique);
    json_put_kv_i64(&c->out, S("limit"), rule.limit);
    json_put_kv_i64(&c->out, S("priority"), rule.priority);
    buf_byte(&c->out, '}');
}

static void put_event(struct call *c, u32 code, str name)
{
    json_put_comma(&c->out);
    buf_byte(&c->out, '{');
    json_put_kv_str(&c->out, S("event"), name);
    json_put_kv_bool(&c->out, S("system"), code < EVENT_FIXED_END);
    json_put_kv_bool(&c->out, S("clients"), code >= EVENT_FIXED_END || event_for_clients(code));
    buf_byte(&c->out, '}');
}

/* Every name of a kind, by code; the cursor is the code before. */
static err put_all(struct call *c, name_kind kind, void (*put)(struct call *c, u32 code, str name))
{
    struct names *names = engine_names(c->server->engine);
    u32 limit, n = 0;
    i64 code = 0;
    str cursor = call_query(c, "cursor");
    TRY(call_limit(c, &limit));
    if (cursor.n && (str_to_i64(cursor, &code) != ERR_OK || code < 0 || code > UINT32_MAX))
        return diag_at(&c->why, ERR_INVALID, S("cursor"), "the cursor is not one of ours");
    call_items_begin(c);
    while (++code <= names_count(names, kind)) {
        str name = names_text(names, kind, (u32)code);
        if (name.n == 0 || is_reserved(name)) continue;
        if (n++ == limit) {
            call_items_end(c, arena_printf(c->arena, "%lld", (long long)code - 1));
            return ERR_OK;
        }
        put(c, (u32)code, name);
    }
    call_items_end(c, (str){0});
    return ERR_OK;
}

static err attributes(struct call *c)
{
    return put_all(c, NAME_ATTRIBUTE, put_attribute);
}

static err namespaces(struct call *c)
{
    return put_all(c, NAME_SPACE, put_namespace);
}

static err events(struct call *c)
{
    return put_all(c, NAME_EVENT, put_event);
}

/* ---- changing: {"items": [ … ]}, checked whole before anything is written ---- */

struct place {
    struct call *c;
    u32 item;
    const struct json *json;
};

static err refuse_at(const struct place *p, const char *member, const char *sentence)
{
    str path = arena_printf(p->c->arena, "/items/%u/%s", p->item, member);
    return diag_at(&p->c->why, ERR_REFUSED, path, "%s", sentence);
}

static err flag_of(const struct place *p, const char *member, bool *out)
{
    const struct json *j = json_get(p->json, member);
    if (!j) return ERR_OK;
    if (j->type != JSON_BOOL) return refuse_at(p, member, "true or false is needed");
    *out = j->boolean;
    return ERR_OK;
}

static err number_of(const struct place *p, const char *member, i64 max, u16 *out)
{
    const struct json *j = json_get(p->json, member);
    i64 n;
    if (!j) return ERR_OK;
    if (json_to_i64(j, &n) != ERR_OK || n < 0 || n > max)
        return refuse_at(p, member, "a number from 0 to 1000 is needed");
    *out = (u16)n;
    return ERR_OK;
}

static err no_others(const struct place *p, const char *const *members, u32 count)
{
    for (const struct json *m = p->json->child; m; m = m->next) {
        u8 at;
        if (word_of(members, 0, count, m->key, &at)) continue;
        return refuse_at(p, arena_printf(p->c->arena, "%.*s", STR_ARG(m->key)).p,
                         "this cannot be set here");
    }
    return ERR_OK;
}

static err named(const struct place *p, const char *member, name_kind kind, u32 *code)
{
    str name = json_get_str(p->json, member, (str){0});
    if (name.n == 0) return refuse_at(p, member, "it has to say which one, by its name");
    *code = names_find(engine_names(p->c->server->engine), kind, name);
    if (*code && !is_reserved(name)) return ERR_OK;
    return refuse_at(p, member, "nothing of this name is known");
}

static err read_attribute(const struct place *p, struct schema_record *out)
{
    static const char *const MEMBERS[] = {"name", "type", "confirmed", "personal", "misfits"};
    struct attribute_rule rule;
    const struct json *type = json_get(p->json, "type");
    *out = (struct schema_record){.what = SCHEMA_ATTRIBUTE};
    TRY(no_others(p, MEMBERS, COUNT_OF(MEMBERS)));
    TRY(named(p, "name", NAME_ATTRIBUTE, &out->code));
    customer_attribute(engine_customers(p->c->server->engine), out->code, &rule);
    out->type = (u8)rule.type;
    out->confirmed = rule.confirmed;
    out->personal = rule.personal;
    if (type && !(type->type == JSON_STRING &&
                  word_of(TYPES, ATTRIBUTE_BOOL, COUNT_OF(TYPES), type->text, &out->type)))
        return refuse_at(p, "type", "a type is bool, int, decimal, text, date, time or list");
    if (type)
        out->confirmed = true; /* who names a type means it; "confirmed": false takes it back */
    TRY(flag_of(p, "confirmed", &out->confirmed));
    TRY(flag_of(p, "personal", &out->personal));
    if (out->confirmed && !out->type)
        return refuse_at(p, "confirmed", "there is no value yet: say which type it has");
    return ERR_OK;
}

static err read_namespace(const struct place *p, struct schema_record *out)
{
    static const char *const MEMBERS[] = {"namespace", "strength", "unique", "limit", "priority"};
    const struct json *strength = json_get(p->json, "strength");
    TRY(no_others(p, MEMBERS, COUNT_OF(MEMBERS)));
    *out = (struct schema_record){.what = SCHEMA_NAMESPACE};
    TRY(named(p, "namespace", NAME_SPACE, &out->code));
    struct space_rule rule = customer_space(engine_customers(p->c->server->engine), out->code);
    out->strength = (u8)rule.strength;
    out->unique = rule.unique;
    out->limit = rule.limit;
    out->priority = rule.priority;
    if (strength && !(strength->type == JSON_STRING &&
                      word_of(STRENGTHS, 0, COUNT_OF(STRENGTHS), strength->text, &out->strength)))
        return refuse_at(p, "strength", "it is strong, weak or device");
    TRY(flag_of(p, "unique", &out->unique));
    TRY(number_of(p, "limit", LIMIT_MAX, &out->limit));
    return number_of(p, "priority", PRIORITY_MAX, &out->priority);
}

typedef err (*item_reader)(const struct place *p, struct schema_record *out);

static err change(struct call *c, item_reader read, call_step then)
{
    const struct json *items = json_get(c->body, "items");
    struct schema_record r;
    u64 number = engine_applied(c->server->engine);
    struct place p = {.c = c};
    if (!json_is(items, JSON_ARRAY) || items->count == 0)
        return diag_at(&c->why, ERR_REFUSED, S("/items"), "\"items\" is a list of what to change");
    for (int writing = 0; writing < 2; writing++) {
        p.item = 0;
        for (p.json = items->child; p.json; p.json = p.json->next, p.item++) {
            struct buf b;
            if (!json_is(p.json, JSON_OBJECT)) return refuse_at(&p, "", "an object is needed");
            TRY(read(&p, &r));
            if (!writing) continue;
            buf_init(&b, 64);
            schema_put(&b, &r);
            err e = call_append(c, RECORD_SCHEMA_, buf_str(&b), &number);
            buf_clear(&b);
            TRY(e);
        }
    }
    return call_applied(c, number, then);
}

static err change_attributes(struct call *c)
{
    return change(c, read_attribute, attributes);
}

static err change_namespaces(struct call *c)
{
    return change(c, read_namespace, namespaces);
}

extern const struct route ROUTES_SCHEMA[];
const struct route ROUTES_SCHEMA[] = {
    {METHOD_GET, "/api/v1/schema/attributes", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE,
     attributes},
    {METHOD_PATCH, "/api/v1/schema/attributes", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE,
     change_attributes},
    {METHOD_GET, "/api/v1/schema/identifiers", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE,
     namespaces},
    {METHOD_PATCH, "/api/v1/schema/identifiers", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE,
     change_namespaces},
    {METHOD_GET, "/api/v1/schema/events", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE, events},
    {0}};

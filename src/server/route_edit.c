/* route_edit.c — a customer made or changed by hand: through intake, as everything else that comes
 * in, so that phones, mails, names and dates are read in one way only.
 *
 *   check the body ─► one item for intake (loop) ─► append (engine) ─► applied: the customer */
#include "server/show.h"

enum { BODY_MAX = 1 << 20 };

struct edit {
    str item;        /* for intake_batch */
    str record;      /* what it made of it */
    persona persona; /* PATCH: whose; POST: 0 */
    bool is_new;
};

/* ---- what may be said ---- */

static err refuse_at(struct call *c, const char *part, str member, const char *sentence)
{
    str path = arena_printf(c->arena, member.n ? "/%s/%.*s" : "/%s", part, STR_ARG(member));
    return diag_at(&c->why, ERR_REFUSED, path, "%s", sentence);
}

static err check_members(struct call *c)
{
    static const char *const KNOWN[] = {"identifiers", "attributes", "tags", "consent"};
    for (const struct json *m = c->body->child; m; m = m->next) {
        bool known = false;
        for (u32 i = 0; i < COUNT_OF(KNOWN); i++) known |= str_eq(m->key, str_of(KNOWN[i]));
        if (known) continue;
        return diag_at(&c->why, ERR_REFUSED, arena_printf(c->arena, "/%.*s", STR_ARG(m->key)),
                       "identifiers, attributes, tags and consent can be set by hand");
    }
    return ERR_OK;
}

static err check_attributes(struct call *c)
{
    const struct json *attributes = json_get(c->body, "attributes");
    if (attributes && attributes->type != JSON_OBJECT)
        return refuse_at(c, "attributes", S(""), "an object of names and values is needed");
    for (const struct json *m = attributes ? attributes->child : NULL; m; m = m->next) {
        if (m->key.n == 0 || m->key.n > NAME_BYTES_MAX)
            return refuse_at(c, "attributes", S(""), "a name has 1 to 255 bytes");
        if (str_eq(m->key, S("level")) &&
            engine_objects(c->server->engine, OBJECT_LEVELS, &(u32){0}, 1))
            return refuse_at(c, "attributes", m->key,
                             "the level is what its rules say; it cannot be set");
        u32 space = names_find(engine_names(c->server->engine), NAME_SPACE, m->key);
        if (space && space != SPACE_GROUP_ID)
            return refuse_at(c, "attributes", m->key,
                             "this is an identifier: give it under \"identifiers\"");
    }
    return ERR_OK;
}

static err check_tags(struct call *c)
{
    const struct json *tags = json_get(c->body, "tags");
    u32 at = 0;
    if (tags && tags->type != JSON_ARRAY)
        return refuse_at(c, "tags", S(""), "a list of names is needed, \"-name\" takes one off");
    for (const struct json *m = tags ? tags->child : NULL; m; m = m->next, at++)
        if (m->type != JSON_STRING || m->text.n < (str_starts(m->text, S("-")) ? 2 : 1))
            return refuse_at(c, "tags", arena_printf(c->arena, "%u", at), "a name is needed");
    return ERR_OK;
}

static err check_consent(struct call *c)
{
    const struct json *consent = json_get(c->body, "consent");
    if (consent && consent->type != JSON_OBJECT)
        return refuse_at(c, "consent", S(""), "an object of channels is needed");
    for (const struct json *m = consent ? consent->child : NULL; m; m = m->next) {
        ptrdiff_t slash = str_index(m->key, '/');
        str channel = str_slice(m->key, 0, slash < 0 ? m->key.n : (size_t)slash);
        if (!names_find(engine_names(c->server->engine), NAME_CHANNEL, channel))
            return refuse_at(c, "consent", m->key, "there is no channel of this name");
        const struct json *said = m->type == JSON_OBJECT ? json_get(m, "value") : m;
        if (!json_is(said, JSON_BOOL) && !json_is(said, JSON_NULL))
            return refuse_at(c, "consent", m->key,
                             "true, false or null is needed, or {value, text, source}");
    }
    return ERR_OK;
}

/* ---- identifiers ---- */

/* {"email": "a@b.c"} or [{"namespace": "email", "value": "a@b.c"}]: the next of either. */
static bool next_identifier(const struct json **at, str *space, const struct json **v, str *pointer,
                            struct arena *arena, u32 *count)
{
    const struct json *m = *at;
    if (!m) return false;
    *at = m->next;
    bool listed = m->key.n == 0;
    *space = listed ? json_get_str(m, "namespace", (str){0}) : m->key;
    *v = listed ? json_get(m, "value") : m;
    *pointer = listed ? arena_printf(arena, "%u", (*count)++) : m->key;
    return true;
}

/* One person has one user_id: another one is another customer, not an edit. What several may share
 * (mail, phone) goes by the rules of every call. */
static err check_rival(struct call *c, const struct edit *ed, u32 space, str text, str pointer)
{
    struct engine *e = c->server->engine;
    struct identifier_view id;
    struct space_rule rule = customer_space(engine_customers(e), space);
    persona head = customer_head(engine_customers(e), ed->persona);
    str name = names_text(engine_names(e), NAME_SPACE, space);
    str ref = arena_printf(c->arena, "%.*s:%.*s", STR_ARG(name), STR_ARG(text));
    persona holder = customer_of_ref(e, ref);
    if (holder && holder != head && rule.strength != STRENGTH_WEAK)
        return diag_at(&c->why, ERR_CONFLICT,
                       arena_printf(c->arena, "/identifiers/%.*s", STR_ARG(pointer)),
                       "another customer has this %.*s: merge the two", STR_ARG(name));
    if (holder || rule.strength != STRENGTH_STRONG || !rule.unique || space == SPACE_WECHAT_OPENID)
        return ERR_OK;
    for (u32 cursor = 0; customer_identifier(engine_customers(e), head, &cursor, &id);)
        if (id.space == space)
            return diag_at(&c->why, ERR_CONFLICT,
                           arena_printf(c->arena, "/identifiers/%.*s", STR_ARG(pointer)),
                           "the customer has another %.*s already", STR_ARG(name));
    return ERR_OK;
}

static err put_identifiers(struct call *c, const struct edit *ed, struct buf *b)
{
    const struct json *list = json_get(c->body, "identifiers"), *v, *at = list ? list->child : NULL;
    str space, pointer;
    u32 count = 0;
    if (list && list->type != JSON_OBJECT && list->type != JSON_ARRAY)
        return refuse_at(c, "identifiers", S(""), "an object of namespaces and values is needed");
    while (next_identifier(&at, &space, &v, &pointer, c->arena, &count)) {
        u32 code = names_find(engine_names(c->server->engine), NAME_SPACE, space);
        if (!code)
            return refuse_at(c, "identifiers", pointer, "this is no namespace of identifiers");
        if (!json_is(v, JSON_STRING) || str_trim(v->text).n == 0)
            return refuse_at(c, "identifiers", pointer, "its value is needed, as a text");
        if (ed->persona) TRY(check_rival(c, ed, code, v->text, pointer));
        json_put_kv_str(b, space, v->text);
    }
    return ERR_OK;
}

/* ---- the item ---- */

static err make_item(struct call *c, struct edit *ed)
{
    static const char *const PARTS[] = {"attributes", "tags", "consent"};
    struct engine *e = c->server->engine;
    struct identifier_view own;
    struct buf b;
    TRY(check_members(c));
    TRY(check_attributes(c));
    TRY(check_tags(c));
    TRY(check_consent(c));
    buf_init(&b, 2 * BODY_MAX);
    buf_put(&b, S("{\"type\":\"customer\",\"identifiers\":{"));
    if (ed->persona) {
        bool found = customer_own_identifier(engine_customers(e), ed->persona, &own);
        if (found)
            json_put_kv_str(&b, names_text(engine_names(e), NAME_SPACE, own.space), own.value);
        if (!found) {
            buf_clear(&b);
            return diag_set(
                &c->why, ERR_CONFLICT,
                "the customer has no identifier of their own by which to write it down");
        }
    }
    err r = put_identifiers(c, ed, &b);
    buf_byte(&b, '}');
    for (u32 i = 0; i < COUNT_OF(PARTS); i++) {
        if (!json_get(c->body, PARTS[i])) continue;
        json_put_key(&b, str_of(PARTS[i]));
        json_put(&b, json_get(c->body, PARTS[i]));
    }
    buf_byte(&b, '}');
    ed->item = arena_str(c->arena, buf_str(&b));
    buf_clear(&b);
    return r;
}

static err changed(struct call *c)
{
    const struct edit *ed = c->data;
    struct engine *e = c->server->engine;
    struct reader in = reader_of(ed->record);
    struct record r;
    persona head = customer_head(engine_customers(e), ed->persona);
    if (record_next(&in, &r))
        for (u32 i = 0; i < r.id_count && !head; i++)
            head = customer_find(engine_customers(e), r.ids[i].space, r.ids[i].hash);
    if (!head)
        return diag_set(&c->why, ERR_CONFLICT,
                        "several customers share all of these identifiers: name one by their id");
    show_customer(&c->out, e, head);
    if (ed->is_new) c->status = 201;
    return ERR_OK;
}

static err append_it(struct call *c)
{
    struct edit *ed = c->data;
    struct reader in = reader_of(ed->record);
    struct record r;
    u64 number;
    ed->is_new = !ed->persona;
    if (record_next(&in, &r))
        for (u32 i = 0; i < r.id_count; i++)
            ed->is_new &=
                !customer_find(engine_customers(c->server->engine), r.ids[i].space, r.ids[i].hash);
    err e = log_append(engine_log(c->server->engine), ed->record, 1, true, &number);
    if (e != ERR_OK) return diag_set(&c->why, e, "it cannot be written to the log now");
    return call_applied(c, number, changed);
}

/* Loop thread: intake is its own. */
static err take_in(struct call *c)
{
    struct edit *ed = c->data;
    struct server *s = c->server;
    struct intake_source from = {0};
    buf_reset(&s->records);
    TRY(intake_batch(s->intake, &from, INTAKE_ITEM, ed->item, server_now(s), &s->records, s->result,
                     &c->why));
    if (s->result->accepted != 1)
        return diag_set(&c->why, ERR_REFUSED, "%s",
                        s->result->kept ? s->result->rejections[0].reason : "nothing was said");
    ed->record = arena_str(c->arena, buf_str(&s->records));
    return call_engine(c, append_it);
}

static err begin(struct call *c, persona head)
{
    struct edit *ed = arena_zalloc(c->arena, sizeof *ed);
    if (!c->body) return diag_set(&c->why, ERR_INVALID, "the body has to be a JSON object");
    ed->persona = head;
    c->data = ed;
    TRY(make_item(c, ed));
    return call_loop(c, take_in);
}

static err create(struct call *c)
{
    const struct json *ids = json_get(c->body, "identifiers");
    if (c->body && (!ids || !ids->child))
        return diag_at(&c->why, ERR_REFUSED, S("/identifiers"),
                       "a customer is known by at least one identifier");
    return begin(c, 0);
}

static err edit(struct call *c)
{
    persona head;
    TRY(call_customer(c, &head));
    return begin(c, head);
}

extern const struct route ROUTES_EDIT[];
const struct route ROUTES_EDIT[] = {
    {METHOD_POST, "/api/v1/customers", NEEDS_SCOPE, SCOPE_CUSTOMERS_WRITE, ON_ENGINE, create},
    {METHOD_PATCH, "/api/v1/customers/{ref}", NEEDS_SCOPE, SCOPE_CUSTOMERS_WRITE, ON_ENGINE, edit},
    {0}};

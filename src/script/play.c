/* play.c — what a script's entries do: calls of SDKs and of the API, providers' words, operations.
 */
#include "script/script_internal.h"

#include "base/time.h"
#include "log/events.h"
#include "log/fixed.h"

#include <stdio.h>

/* ---- references ---- */

/* "namespace:value" with the longest known namespace, else a user_id. */
static u32 space_of(struct run *r, str ref, str *rest)
{
    for (size_t n = ref.n; n > 0; n--) {
        if (n < ref.n && ref.p[n] != ':') continue;
        if (n == ref.n) continue;
        u32 space = names_find(engine_names(world_engine(r->world)), NAME_SPACE, (str){ref.p, n});
        if (!space) continue;
        *rest = str_slice(ref, n + 1, ref.n);
        return space;
    }
    *rest = ref;
    return SPACE_USER_ID;
}

persona play_who(struct run *r, str ref)
{
    str text;
    struct engine *e = world_engine(r->world);
    u32 space = space_of(r, ref, &text);
    return customer_find(engine_customers(e), space, identifier_hash(engine_key(e), space, text));
}

/* ---- entries become calls ---- */

static void put_reference(struct run *r, struct buf *b, const struct node *by)
{
    json_put_key(b, S("identifiers"));
    buf_byte(b, '{');
    if (by && by->type == NODE_MAP) {
        for (const struct node *c = by->child; c; c = c->next) json_put_kv_str(b, c->key, c->text);
    } else if (by) {
        str text;
        u32 space = space_of(r, by->text, &text);
        json_put_kv_str(b, names_text(engine_names(world_engine(r->world)), NAME_SPACE, space),
                        text);
    }
    buf_byte(b, '}');
}

/* Known namespaces are identifiers, tags and consent what they say, the rest attributes. */
static void put_customer(struct run *r, struct buf *b, const struct node *n)
{
    struct names *names = engine_names(world_engine(r->world));
    json_put_key(b, S("identifiers"));
    buf_byte(b, '{');
    for (const struct node *c = n->child; c; c = c->next)
        if (names_find(names, NAME_SPACE, c->key)) json_put_kv_str(b, c->key, c->text);
    buf_byte(b, '}');
    json_put_key(b, S("attributes"));
    buf_byte(b, '{');
    for (const struct node *c = n->child; c; c = c->next) {
        if (names_find(names, NAME_SPACE, c->key) || str_eq(c->key, S("tags")) ||
            str_eq(c->key, S("consent")) || str_eq(c->key, S("suppressed")))
            continue;
        json_put_key(b, c->key);
        json_put(b, node_json(c, r->arena));
    }
    buf_byte(b, '}');
    static const char *const PARTS[] = {"tags", "consent"};
    for (u32 i = 0; i < COUNT_OF(PARTS); i++) {
        const struct node *part = node_get(n, PARTS[i]);
        if (!part) continue;
        json_put_key(b, str_of(PARTS[i]));
        json_put(b, node_json(part, r->arena));
    }
}

/* {n} becomes the number of the repetition. */
str play_numbered(struct run *r, str text, u32 number)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    for (size_t i = 0; i < text.n;) {
        if (str_starts(str_slice(text, i, text.n), S("{n}"))) {
            buf_printf(&b, "%u", number);
            i += 3;
        } else {
            buf_byte(&b, (u8)text.p[i++]);
        }
    }
    str out = arena_str(r->arena, buf_str(&b));
    buf_clear(&b);
    return out;
}

MUST_USE static err call(struct run *r, const struct entry *e, bool past, struct buf *b)
{
    struct intake_result result = {0};
    buf_byte(b, '}');
    str body = play_numbered(r, buf_str(b), e->number);
    err code = past ? world_past(r->world, body, &result, r->why)
                    : world_item(r->world, body, &result, r->why);
    if (code == ERR_OK && result.rejected)
        return node_refuse(e->node, r->s->file, r->why, "this entry is refused: %s",
                           result.rejections[0].reason);
    return code;
}

MUST_USE static err put_time(struct run *r, struct buf *b, const struct node *at)
{
    i64 occurred;
    if (!at) return ERR_OK;
    TRY(script_time(r->s, at, &occurred, r->why));
    json_put_key(b, S("timestamp"));
    buf_byte(b, '"');
    iso_put(b, occurred);
    buf_byte(b, '"');
    return ERR_OK;
}

/* What stands beside the name of an event, in an entry or in a line of an import. */
MUST_USE static err put_event(struct run *r, struct buf *b, const struct node *n)
{
    put_reference(r, b, node_get(n, "by"));
    if (node_get(n, "properties")) {
        json_put_key(b, S("properties"));
        json_put(b, node_json(node_get(n, "properties"), r->arena));
    }
    str id = node_text(n, "message_id", S(""));
    if (id.n) json_put_kv_str(b, S("messageId"), id);
    return put_time(r, b, node_get(n, "occurred"));
}

MUST_USE static err put_item(struct run *r, struct buf *b, const struct entry *e)
{
    if (e->kind == ENTRY_CUSTOMER) {
        buf_put(b, S("{\"type\":\"customer\""));
        put_customer(r, b, e->body);
        return put_time(r, b, node_get(e->node, "occurred"));
    }
    bool page = e->kind == ENTRY_PAGE;
    buf_put(b, page ? S("{\"type\":\"page\"") : S("{\"type\":\"track\""));
    json_put_kv_str(b, page ? S("name") : S("event"), e->body->text);
    return put_event(r, b, e->node);
}

MUST_USE static err item(struct run *r, const struct entry *e)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    err code = put_item(r, &b, e);
    if (code == ERR_OK) code = call(r, e, false, &b);
    buf_clear(&b);
    return code;
}

MUST_USE static err import_line(struct run *r, const struct entry *e, const struct node *n,
                                bool customer)
{
    struct buf b;
    err code = ERR_OK;
    buf_init(&b, 1 << 20);
    if (customer) {
        buf_put(&b, S("{\"type\":\"customer\""));
        put_customer(r, &b, n);
    } else {
        buf_put(&b, S("{\"type\":\"track\""));
        json_put_kv_str(&b, S("event"), node_text(n, "event", S("")));
        code = put_event(r, &b, n);
    }
    if (code == ERR_OK) code = call(r, e, true, &b);
    buf_clear(&b);
    return code;
}

/* History: it fires nothing. */
MUST_USE static err import(struct run *r, const struct entry *e)
{
    const struct node *customers = node_get(e->body, "customers"),
                      *events = node_get(e->body, "events");
    for (const struct node *n = customers ? customers->child : NULL; n; n = n->next)
        TRY(import_line(r, e, n, true));
    for (const struct node *n = events ? events->child : NULL; n; n = n->next)
        TRY(import_line(r, e, n, false));
    return ERR_OK;
}

/* ---- addresses that must not be used ---- */

MUST_USE static err suppress_one(struct run *r, persona head, u32 channel)
{
    struct engine *e = world_engine(r->world);
    struct identifier_view id;
    struct buf b;
    if (!customer_address(engine_customers(e), head, channel, &id)) return ERR_OK;
    struct suppress_record s = {.channel = channel,
                                .address = address_key(engine_key(e), channel, id.value),
                                .reason = SUPPRESSED_MANUAL,
                                .holder = {.space = id.space, .hash = id.hash}};
    buf_init(&b, 256);
    suppress_put(&b, &s);
    err code = world_record(r->world, RECORD_SUPPRESS_, buf_str(&b));
    buf_clear(&b);
    return code;
}

/* `suppressed: [email]`, or true for every channel she can be reached on. */
MUST_USE static err suppress(struct run *r, const struct entry *e)
{
    const struct node *list = node_get(e->body, "suppressed"), *by = NULL;
    struct names *names = engine_names(world_engine(r->world));
    if (!list) return ERR_OK;
    for (const struct node *c = e->body->child; c && !by; c = c->next)
        if (names_find(names, NAME_SPACE, c->key)) by = c;
    if (!by) return node_refuse(list, r->s->file, r->why, "nobody is named here");
    u32 space = names_find(names, NAME_SPACE, by->key);
    str text = play_numbered(r, by->text, e->number);
    persona head = customer_find(engine_customers(world_engine(r->world)), space,
                                 identifier_hash(engine_key(world_engine(r->world)), space, text));
    if (!head) return node_refuse(by, r->s->file, r->why, "nobody is known by this");
    if (list->type == NODE_TEXT && str_eq(list->text, S("true")))
        for (u32 channel = 1; channel < CHANNEL_FIXED_COUNT; channel++)
            TRY(suppress_one(r, head, channel));
    for (const struct node *c = list->child; c; c = c->next) {
        u32 channel = names_find(names, NAME_CHANNEL, c->text);
        if (!channel) return node_refuse(c, r->s->file, r->why, "there is no such channel");
        TRY(suppress_one(r, head, channel));
    }
    return ERR_OK;
}

MUST_USE static err unsubscribe(struct run *r, const struct entry *e)
{
    struct buf b;
    str channel = node_text(e->body, "channel", S("email")),
        topic = node_text(e->body, "topic", S(""));
    buf_init(&b, 4096);
    buf_put(&b, S("{\"type\":\"customer\""));
    put_reference(r, &b, node_get(e->body, "who"));
    buf_put(&b, S(",\"consent\":{"));
    json_put_key(&b, topic.n ? arena_printf(r->arena, "%.*s/%.*s", STR_ARG(channel), STR_ARG(topic))
                             : channel);
    buf_put(&b, S("false}"));
    err code = call(r, e, false, &b);
    buf_clear(&b);
    return code;
}

/* ---- who is one person ---- */

MUST_USE static err known(struct run *r, const struct node *n, persona *out)
{
    *out = n->type == NODE_TEXT ? play_who(r, n->text) : 0;
    return *out ? ERR_OK : node_refuse(n, r->s->file, r->why, "nobody is known by this");
}

MUST_USE static err merge(struct run *r, const struct entry *e)
{
    const struct node *n = e->body;
    persona a, b;
    if (n->type != NODE_LIST || n->count != 2)
        return node_refuse(n, r->s->file, r->why, "merge a list of two customers");
    TRY(known(r, n->child, &a));
    TRY(known(r, n->child->next, &b));
    return world_merge(r->world, a, b);
}

/* The persona that holds the identifier is parted; a survivor's newest link is cut. */
MUST_USE static err unmerge(struct run *r, const struct entry *e)
{
    struct customers *c = engine_customers(world_engine(r->world));
    struct identifier_view id;
    persona head, part;
    str text;
    TRY(known(r, e->body, &head));
    part = head;
    u32 space = space_of(r, e->body->text, &text);
    hash128 hash = identifier_hash(engine_key(world_engine(r->world)), space, text);
    for (u32 cursor = 0; customer_identifier(c, head, &cursor, &id);)
        if (id.space == space && hash128_eq(id.hash, hash)) part = id.persona;
    return world_unmerge(r->world, part);
}

static void remember(struct run *r, str ref, persona head)
{
    if (!ref.n || r->erased_count == ERASED_MAX || play_who(r, ref) != head) return;
    for (u32 i = 0; i < r->erased_count; i++)
        if (r->erased[i].head == head && str_eq(r->erased[i].ref, ref)) return;
    r->erased[r->erased_count++] = (struct erased){.ref = ref, .head = head};
}

/* Expectations may speak of her by any reference that was hers. */
MUST_USE static err erase(struct run *r, const struct entry *e)
{
    persona head;
    struct observed *list, *ends;
    u32 first = r->erased_count;
    TRY(known(r, e->body, &head));
    if (first == ERASED_MAX) return node_refuse(e->node, r->s->file, r->why, "too many are erased");
    remember(r, e->body->text, head);
    for (u32 i = 0; i < r->s->expectation_count; i++) {
        const struct node *n = r->s->expectations[i].body;
        remember(r, node_text(n, "of", S("")), head);
        remember(r, node_text(n, "to", S("")), head);
    }
    u32 n = observe_one(r->world, r->arena, head, &list);
    u32 more = observe_ends(list, n, world_now(r->world), S("erased"), r->arena, &ends);
    struct observed *all = arena_alloc(r->arena, (n + more) * sizeof *all);
    memcpy(all, list, n * sizeof *all);
    memcpy(all + n, ends, more * sizeof *all);
    r->erased[first].list = all;
    r->erased[first].count = n + more;
    return world_erase(r->world, head);
}

/* ---- all of them ---- */

/* `older`: by when it was opened; what stands behind the first digits of an id is that order. */
static bool is_meant(const struct task_info *t, const struct node *body, persona head,
                     const struct task_info *older)
{
    str task = node_text(body, "task", S("")), key = node_text(body, "key", S(""));
    if (t->done || t->head != head || (!str_eq(task, t->step) && !str_eq(task, t->kind)))
        return false;
    if (key.n && t->key != journey_key_hash(key)) return false;
    return !older->head || strcmp(t->id + 8, older->id + 8) < 0;
}

/* The oldest open one of hers, by its step or its kind. */
MUST_USE static err outcome(struct run *r, const struct entry *e)
{
    const struct node *of = node_get(e->body, "of");
    struct task_info t, oldest = {0};
    struct task_record said = {.outcome = node_text(e->body, "outcome", S(""))};
    persona head;
    u32 cursor = 0;
    if (!of) return node_refuse(e->body, r->s->file, r->why, "say of whom: {task, of, outcome}");
    TRY(known(r, of, &head));
    while (task_next(engine_journeys(world_engine(r->world)), &cursor, &t))
        if (is_meant(&t, e->body, head, &oldest)) oldest = t;
    if (!oldest.head)
        return node_refuse(e->body, r->s->file, r->why, "there is no open task of this kind");
    if (!task_allows(&oldest, said.outcome))
        return node_refuse(e->body, r->s->file, r->why, "this is no outcome of the task");
    said.task = (str){oldest.id, TASK_ID_BYTES};
    return world_outcome(r->world, &said);
}

MUST_USE static err customer(struct run *r, const struct entry *e)
{
    TRY(item(r, e));
    return suppress(r, e);
}

err play(struct run *r, const struct entry *e)
{
    switch (e->kind) {
    case ENTRY_CUSTOMER: return customer(r, e);
    case ENTRY_IMPORT: return import(r, e);
    case ENTRY_RECEIPT: return play_receipt(r, e);
    case ENTRY_OUTCOME: return outcome(r, e);
    case ENTRY_UNSUBSCRIBE: return unsubscribe(r, e);
    case ENTRY_PROVIDER: return play_provider(r, e);
    case ENTRY_OPERATE: return play_operate(r, e);
    case ENTRY_MERGE: return merge(r, e);
    case ENTRY_UNMERGE: return unmerge(r, e);
    case ENTRY_ERASE: return erase(r, e);
    default: return item(r, e);
    }
}

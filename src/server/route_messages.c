/* route_messages.c — messages and what became of them; the test outbox shows the same rows. */
#include "server/show.h"

#include <stdio.h>

static bool status_named(str text, u32 *out)
{
    for (u32 i = MESSAGE_PLANNED; i < MESSAGE_STATUS_COUNT; i++)
        if (str_eq(text, message_status_text((message_status)i))) {
            *out = i;
            return true;
        }
    return false;
}

struct filter {
    persona head;
    str journey, template;
    u32 status, channel;
};

static bool passes(struct engine *e, u32 row, const struct filter *f)
{
    const struct message_row *r = message_at(engine_messages(e), row);
    struct message_content c;
    if (!r || r->status == MESSAGE_NONE) return false;
    if (f->status && r->status != f->status) return false;
    if (f->channel && r->channel != f->channel) return false;
    if (f->head && customer_head(engine_customers(e), r->persona) != f->head) return false;
    if (f->journey.n == 0 && f->template.n == 0) return true;
    if (!journey_content(engine_journeys(e), row, &c)) return false;
    return (f->journey.n == 0 || str_eq(c.journey_id, f->journey)) &&
           (f->template.n == 0 || str_eq(c.template_id, f->template));
}

static err read_filter(struct call *c, struct filter *f)
{
    struct engine *e = c->server->engine;
    str who = call_query(c, "customer"), status = call_query(c, "status"),
        channel = call_query(c, "channel");
    *f =
        (struct filter){.journey = call_query(c, "journey"), .template = call_query(c, "template")};
    if (who.n && !(f->head = customer_of_ref(e, who)))
        return diag_set(&c->why, ERR_NOT_FOUND, "no customer has this reference");
    if (status.n && !status_named(status, &f->status))
        return diag_at(&c->why, ERR_INVALID, S("status"), "there is no status of this name");
    if (channel.n && !(f->channel = names_find(engine_names(e), NAME_CHANNEL, channel)))
        return diag_at(&c->why, ERR_INVALID, S("channel"), "there is no channel of this name");
    return ERR_OK;
}

/* Newest rows first. */
static err list(struct call *c)
{
    struct engine *e = c->server->engine;
    struct filter f;
    u32 limit, n = 0;
    i64 from = messages_end(engine_messages(e));
    str cursor = call_query(c, "cursor");
    TRY(call_limit(c, &limit));
    TRY(read_filter(c, &f));
    if (cursor.n && (str_to_i64(cursor, &from) != ERR_OK || from < 1 || from > UINT32_MAX))
        return diag_at(&c->why, ERR_INVALID, S("cursor"), "the cursor is not one of ours");
    call_items_begin(c);
    u32 row = (u32)min_i64(from, messages_end(engine_messages(e)));
    while (row-- > 1) {
        if (!passes(e, row, &f)) continue;
        if (n++ == limit) {
            char next[16];
            snprintf(next, sizeof next, "%u", row + 1);
            call_items_end(c, str_of(next));
            return ERR_OK;
        }
        json_put_comma(&c->out);
        show_message(&c->out, e, row, true, c->arena);
    }
    call_items_end(c, (str){0});
    return ERR_OK;
}

/* Thirty-two hex digits. */
static bool parse_id(str text, hash128 *out)
{
    u64 half[2] = {0};
    if (text.n != 32) return false;
    for (u32 i = 0; i < 32; i++) {
        char ch = text.p[i];
        u64 v = ch >= '0' && ch <= '9'   ? (u64)(ch - '0')
                : ch >= 'a' && ch <= 'f' ? (u64)(ch - 'a' + 10)
                                         : 16;
        if (v == 16) return false;
        half[i / 16] = half[i / 16] << 4 | v;
    }
    *out = (hash128){.hi = half[0], .lo = half[1]};
    return true;
}

static u32 find_message(struct engine *e, str text)
{
    hash128 id;
    struct messages *m = engine_messages(e);
    if (!parse_id(text, &id)) return 0;
    for (u32 row = messages_end(m); row-- > 1;) {
        const struct message_row *r = message_at(m, row);
        if (r && r->status != MESSAGE_NONE && r->id_low == id.lo &&
            hash128_eq(message_id(m, row), id))
            return row;
    }
    return 0;
}

static err get_one(struct call *c)
{
    u32 row = find_message(c->server->engine, c->params[0]);
    if (!row) return diag_set(&c->why, ERR_NOT_FOUND, "there is no message of this id");
    show_message(&c->out, c->server->engine, row, true, c->arena);
    return ERR_OK;
}

extern const struct route ROUTES_MESSAGES[];
const struct route ROUTES_MESSAGES[] = {
    {METHOD_GET, "/api/v1/messages", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_ENGINE, list},
    {METHOD_GET, "/api/v1/messages/{id}", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_ENGINE, get_one},
    {0}};

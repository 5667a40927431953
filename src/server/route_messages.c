/* route_messages.c — messages, what became of them, and what they said; the test outbox shows the
 * same rows.
 *
 * A message's row goes three days after it settled. Its customer's timeline stays: with `customer`
 * a message is found there, and listed, for as long as her events are kept. */
#include "server/look.h"
#include "server/past.h"
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

static bool reason_named(str text, u32 *out)
{
    for (u32 i = REFUSAL_NONE + 1; i < REFUSAL_COUNT; i++)
        if (str_eq(text, refusal_text((refusal)i))) {
            *out = i;
            return true;
        }
    return false;
}

struct filter {
    persona head;
    str journey, step, template;
    u32 status, reason, channel;
};

static bool passes(struct engine *e, u32 row, const struct filter *f)
{
    const struct message_row *r = message_at(engine_messages(e), row);
    struct message_content c;
    if (!r || r->status == MESSAGE_NONE) return false;
    if (f->status && r->status != f->status) return false;
    if (f->reason && (r->status != MESSAGE_REFUSED || r->reason != f->reason)) return false;
    if (f->channel && r->channel != f->channel) return false;
    if (f->head && customer_head(engine_customers(e), r->persona) != f->head) return false;
    if (f->journey.n == 0 && f->step.n == 0 && f->template.n == 0) return true;
    if (!engine_content(e, row, &c)) return false;
    return (f->journey.n == 0 || str_eq(c.journey_id, f->journey)) &&
           (f->step.n == 0 || str_eq(c.step_id, f->step)) &&
           (f->template.n == 0 || str_eq(c.template_id, f->template));
}

static err read_filter(struct call *c, struct filter *f)
{
    struct engine *e = c->server->engine;
    str who = call_query(c, "customer"), status = call_query(c, "status"),
        reason = call_query(c, "reason"), channel = call_query(c, "channel");
    *f = (struct filter){.journey = call_query(c, "journey"),
                         .step = call_query(c, "step"),
                         .template = call_query(c, "template")};
    if (who.n && !(f->head = customer_of_ref(e, who)))
        return diag_set(&c->why, ERR_NOT_FOUND, "no customer has this reference");
    if (status.n && !status_named(status, &f->status))
        return diag_at(&c->why, ERR_INVALID, S("status"), "there is no status of this name");
    if (reason.n && !reason_named(reason, &f->reason))
        return diag_at(&c->why, ERR_INVALID, S("reason"), "there is no such reason of a refusal");
    if (channel.n && !(f->channel = names_find(engine_names(e), NAME_CHANNEL, channel)))
        return diag_at(&c->why, ERR_INVALID, S("channel"), "there is no channel of this name");
    return ERR_OK;
}

/* The row before this one, of everybody or in her list; 0: the end. */
static u32 next_row(struct engine *e, u32 row, persona head)
{
    u32 best = 0;
    if (!head) return row - 1;
    const struct messages *m = engine_messages(e);
    for (u32 r = customer_at(engine_customers(e), head)->messages; r; r = message_at(m, r)->next)
        if (r < row && r > best) best = r;
    return best;
}

/* Of one customer, behind her rows, what her timeline knows of those that are gone. */
static void list_past(struct call *c, const struct filter *f, u64 below, u32 room)
{
    struct engine *e = c->server->engine;
    struct past_filter past = {.journey = f->journey,
                               .step = f->step,
                               .template = f->template,
                               .status = f->status,
                               .reason = f->reason};
    if (f->channel) past.channel = names_text(engine_names(e), NAME_CHANNEL, f->channel);
    u64 next = room ? past_put(c, f->head, &past, below, room) : below;
    str cursor = next ? arena_printf(c->arena, "past-%llu", (unsigned long long)next) : (str){0};
    call_items_end(c, cursor);
}

/* "123": rows below it; "past-123": those without a row, below this order. */
static err read_cursor(struct call *c, i64 *rows, u64 *past)
{
    str cursor = call_query(c, "cursor");
    bool of_past = str_starts(cursor, S("past-"));
    i64 n = *rows;
    *past = 0;
    if (!cursor.n) return ERR_OK;
    if (of_past) cursor = str_slice(cursor, 5, cursor.n);
    if (str_to_i64(cursor, &n) != ERR_OK || n < 1 || (!of_past && n > UINT32_MAX))
        return diag_at(&c->why, ERR_INVALID, S("cursor"), "the cursor is not one of ours");
    if (of_past)
        *past = (u64)n;
    else
        *rows = n;
    return ERR_OK;
}

/* Newest rows first. */
static err list(struct call *c)
{
    struct engine *e = c->server->engine;
    struct filter f;
    u32 limit, n = 0;
    i64 from = messages_end(engine_messages(e));
    u64 past;
    TRY(call_limit(c, &limit));
    TRY(read_filter(c, &f));
    TRY(read_cursor(c, &from, &past));
    call_items_begin(c);
    u32 row = past ? 1 : (u32)min_i64(from, messages_end(engine_messages(e)));
    while ((row = next_row(e, row, f.head))) {
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
    if (f.head)
        list_past(c, &f, past ? past : INT64_MAX, limit - n);
    else
        call_items_end(c, (str){0});
    return ERR_OK;
}

/* The message of the path: its row if it has one, else whose it is said to be. */
struct found {
    hash128 id;
    u32 row;
    persona head;
};

static err find(struct call *c, struct found *out)
{
    struct engine *e = c->server->engine;
    str who = call_query(c, "customer");
    *out = (struct found){0};
    if (!hash128_of_hex(c->params[0], &out->id))
        return diag_set(&c->why, ERR_NOT_FOUND, "an id of a message has 32 hexadecimal digits");
    out->row = message_by_id(engine_messages(e), out->id);
    if (out->row) {
        persona p = message_at(engine_messages(e), out->row)->persona;
        out->head = customer_head(engine_customers(e), p);
        return ERR_OK;
    }
    if (who.n) out->head = customer_of_ref(e, who);
    if (out->head) return ERR_OK;
    return diag_set(&c->why, ERR_NOT_FOUND,
                    "there is no message of this id; one that settled more than three days ago is "
                    "found with ?customer=");
}

/* One whose row is gone, by her timeline. */
static err get_past(struct call *c, const struct found *f)
{
    struct message_story story;
    char customer[33];
    struct engine *e = c->server->engine;
    if (!engine_message_story(e, f->head, f->id, c->arena, &story))
        return diag_set(&c->why, ERR_NOT_FOUND, "this customer has no message of this id");
    customer_id(engine_customers(e), f->head, customer);
    buf_byte(&c->out, '{');
    json_put_kv_str(&c->out, S("id"), c->params[0]);
    json_put_kv_str(&c->out, S("customer"), (str){customer, 32});
    json_put_kv_text(&c->out, S("journey"), story.journey);
    json_put_kv_text(&c->out, S("step"), story.step);
    json_put_kv_str(&c->out, S("template"), story.template_id);
    json_put_kv_str(&c->out, S("channel"), story.channel);
    json_put_kv_str(&c->out, S("to"), story.to);
    json_put_kv_str(&c->out, S("status"), message_status_text(story.status));
    json_put_kv_str(&c->out, S("reason"), (str){0});
    json_put_key(&c->out, S("history"));
    show_message_history(&c->out, e, f->head, c->params[0], c->arena);
    buf_byte(&c->out, '}');
    return ERR_OK;
}

static err get_one(struct call *c)
{
    struct found f;
    TRY(find(c, &f));
    if (!f.row) return get_past(c, &f);
    show_message(&c->out, c->server->engine, f.row, true, c->arena);
    return ERR_OK;
}

/* What it said, rendered again; a preview tells of its links and pictures, too. */
static err put_content(struct call *c, bool whole)
{
    struct found f;
    struct message_story story;
    struct rendered words;
    struct engine *e = c->server->engine;
    TRY(find(c, &f));
    if (!engine_message_story(e, f.head, f.id, c->arena, &story))
        return diag_set(&c->why, ERR_NOT_FOUND,
                        "it has not been handed over: nobody has got anything yet");
    TRY(outbox_again(e, &story, c->arena, &words, &c->why));
    buf_byte(&c->out, '{');
    json_put_kv_str(&c->out, S("template"), story.template_id);
    json_put_kv_i64(&c->out, S("version"), story.content);
    json_put_kv_str(&c->out, S("to"), story.to);
    if (words.from.n) json_put_kv_str(&c->out, S("from"), words.from);
    json_put_kv_str(&c->out, S("subject"), words.subject);
    json_put_kv_str(&c->out, S("html"), words.html);
    json_put_kv_str(&c->out, S("text"), words.text);
    if (whole) {
        json_put_kv_str(&c->out, S("channel"), story.channel);
        json_put_kv_i64(&c->out, S("bytes"), (i64)(words.html.n + words.text.n));
        look_put_links(&c->out, words.html);
        (void)look_put_images(&c->out, words.html);
    }
    buf_byte(&c->out, '}');
    return ERR_OK;
}

static err get_content(struct call *c)
{
    return put_content(c, false);
}

static err get_preview(struct call *c)
{
    return put_content(c, true);
}

extern const struct route ROUTES_MESSAGES[];
const struct route ROUTES_MESSAGES[] = {
    {METHOD_GET, "/api/v1/messages", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_ENGINE, list},
    {METHOD_GET, "/api/v1/messages/{id}", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_ENGINE, get_one},
    {METHOD_GET, "/api/v1/messages/{id}/content", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_ENGINE,
     get_content},
    {METHOD_GET, "/api/v1/messages/{id}/preview", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_ENGINE,
     get_preview},
    {0}};

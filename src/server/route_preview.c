/* route_preview.c — what a template would say to a customer, and sending it to oneself.
 *
 *   POST /templates/preview    nothing is sent, nothing is kept
 *   POST /templates/test-send  by the channel's provider, beside the log: no cap, no consent,
 * nobody's history; it is kept in the office's list of tests, the newest 50 */
#include "server/channel_words.h"
#include "server/look.h"
#include "server/render_template.h"
#include "server/show.h"

#include <stdio.h>

enum { TESTS_KEPT = 50, DETAIL_BYTES = 208 };

struct trying {
    struct look_asked asked;
    struct look look;
    str draft; /* of the journey, from the office */
    u32 version;
    /* of a test */
    char id[33], to[320], detail[DETAIL_BYTES];
    answer_class class;
    str kept; /* what the office keeps */
};

/* ---- what is asked ---- */

/* The template of the request: a published one by its id, or one that is being written. */
static err take_template(struct call *c, struct trying *t)
{
    const struct json *source = json_get(c->body, "source");
    str id = json_get_str(c->body, "template", (str){0}), text;
    if (json_is(source, JSON_OBJECT)) {
        struct buf b;
        buf_init(&b, 2 * API_BODY_MAX);
        buf_byte(&b, '{');
        json_put_kv_str(&b, S("id"), json_get_str(source, "id", S("draft")));
        for (const struct json *m = source->child; m; m = m->next) {
            if (str_eq(m->key, S("id"))) continue;
            json_put_key(&b, m->key);
            json_put(&b, m);
        }
        buf_byte(&b, '}');
        text = arena_str(c->arena, buf_str(&b));
        buf_clear(&b);
        t->asked.place = "/source";
        return json_parse(text, c->arena, &t->asked.template, &c->why);
    }
    if (source)
        return diag_at(&c->why, ERR_REFUSED, S("/source"), "the source is a template, an object");
    if (!id.n)
        return diag_at(&c->why, ERR_REFUSED, S("/template"),
                       "\"template\", an id, or \"source\" is needed");
    text = engine_object(c->server->engine, OBJECT_TEMPLATE, id, &t->version);
    if (!text.n)
        return diag_at(&c->why, ERR_REFUSED, S("/template"), "there is no template of this id");
    t->asked.place = "";
    return json_parse(arena_str(c->arena, text), c->arena, &t->asked.template, &c->why);
}

/* The journey that is named; else one that is live and sends the template. */
static err take_journey(struct call *c, struct trying *t)
{
    struct engine *e = c->server->engine;
    str id = json_get_str(c->body, "journey", (str){0}), text = t->draft,
        template = json_get_str(t->asked.template, "id", (str){0});
    if (id.n && !text.n) {
        text = engine_object(e, OBJECT_JOURNEY, id, NULL);
        if (!text.n)
            return diag_at(&c->why, ERR_REFUSED, S("/journey"), "there is no journey of this id");
    }
    u32 code = names_find(engine_names(e), NAME_OBJECT, template);
    u32 user = id.n || !code ? 0 : journey_user(engine_journeys(e), USE_TEMPLATE, code);
    if (user)
        text =
            engine_object(e, OBJECT_JOURNEY, names_text(engine_names(e), NAME_OBJECT, user), NULL);
    if (!text.n) return ERR_OK;
    return json_parse(arena_str(c->arena, text), c->arena, &t->asked.journey, &c->why);
}

static err take_rest(struct call *c, struct trying *t)
{
    const struct json *data = json_get(c->body, "data"), *sample = json_get(c->body, "sample");
    i64 n = LOOK_SAMPLE;
    if (data && data->type != JSON_NULL && data->type != JSON_OBJECT)
        return diag_at(&c->why, ERR_REFUSED, S("/data"), "data has to be an object");
    if (sample && (json_to_i64(sample, &n) != ERR_OK || n < 0 || n > LOOK_SAMPLE_MAX))
        return diag_at(&c->why, ERR_REFUSED, S("/sample"), "a number up to %d is needed",
                       LOOK_SAMPLE_MAX);
    t->asked.data = json_is(data, JSON_OBJECT) ? data : NULL;
    t->asked.sample = (u32)n;
    t->asked.customer = json_get_str(c->body, "customer", (str){0});
    t->asked.category = json_get_str(c->body, "category", (str){0});
    t->asked.language = json_get_str(c->body, "language", (str){0});
    t->asked.device = json_get_str(c->body, "device", S("computer"));
    if (str_eq(t->asked.device, S("computer")) || str_eq(t->asked.device, S("phone")) ||
        str_eq(t->asked.device, S("dark")))
        return ERR_OK;
    return diag_at(&c->why, ERR_REFUSED, S("/device"), "device is computer, phone or dark");
}

static err begin(struct call *c)
{
    struct trying *t = c->data;
    if (!c->body) return diag_set(&c->why, ERR_INVALID, "the body has to be a JSON object");
    TRY(take_template(c, t));
    TRY(take_journey(c, t));
    TRY(take_rest(c, t));
    TRY(look_begin(c, &t->asked, &t->look));
    return look_say(&t->look);
}

/* Drafts of journeys lie in the office, which is the loop's. */
static void take_draft(struct call *c)
{
    struct trying *t = arena_zalloc(c->arena, sizeof *t);
    str id = json_get_str(c->body, "journey", (str){0});
    if (id.n) t->draft = office_draft_get(c->server->office, S("journey"), id, c->arena);
    c->data = t;
}

/* ---- a look ---- */

static err preview(struct call *c)
{
    struct trying *t = c->data;
    TRY(begin(c));
    buf_byte(&c->out, '{');
    look_put(&t->look, &c->out);
    look_put_customers(c, &c->out, t->look.trial.channel);
    buf_byte(&c->out, '}');
    return ERR_OK;
}

static err preview_begin(struct call *c)
{
    take_draft(c);
    return call_engine(c, preview);
}

/* ---- a test ---- */

static str class_text(answer_class class)
{
    if (class == ANSWER_SENT) return S("sent");
    return class == ANSWER_UNKNOWN ? S("unknown") : S("failed");
}

static void put_test(struct call *c, struct buf *b)
{
    const struct trying *t = c->data;
    const struct rendered *w = &t->look.words;
    char customer[33];
    buf_byte(b, '{');
    json_put_kv_str(b, S("id"), str_of(t->id));
    json_put_kv_time(b, S("at"), t->look.trial.now_ms);
    json_put_kv_bool(b, S("test"), true);
    json_put_kv_str(b, S("channel"), t->look.template->channel);
    json_put_kv_str(b, S("to"), str_of(t->to));
    json_put_kv_text(b, S("template"), t->version ? t->look.template->id : (str){0});
    json_put_kv_i64(b, S("version"), t->version);
    if (t->look.trial.head)
        customer_id(engine_customers(c->server->engine), t->look.trial.head, customer);
    json_put_kv_text(b, S("customer"), t->look.trial.head ? (str){customer, 32} : (str){0});
    str s = class_text(t->class);
    json_put_kv_str(b, S("status"), s);
    json_put_kv_str(b, S("detail"), str_of(t->detail));
    wording_put(b, S("message"), channel_words(s.p, str_of(t->detail)));
    json_put_kv_str(b, S("subject"), w->subject);
    json_put_kv_str(b, S("html"), w->html);
    json_put_kv_str(b, S("text"), w->text);
    buf_byte(b, '}');
}

struct oldest {
    u32 count;
    char id[64];
};

/* Ids begin with the moment, so that the first of them is the oldest. */
static void note_oldest(void *ctx, str id, str source)
{
    struct oldest *o = ctx;
    (void)source;
    if (o->count++ == 0) snprintf(o->id, sizeof o->id, "%.*s", STR_ARG(id));
}

static err keep(struct call *c)
{
    struct trying *t = c->data;
    struct office *o = c->server->office;
    struct oldest oldest = {0};
    char name[64];
    snprintf(name, sizeof name, "%014lld-%.8s", (long long)t->look.trial.now_ms, t->id);
    TRY(office_draft_put(o, S("test_send"), str_of(name), t->kept, server_now(c->server), &c->why));
    office_drafts(o, S("test_send"), note_oldest, &oldest);
    if (oldest.count > TESTS_KEPT)
        (void)!office_draft_delete(o, S("test_send"), str_of(oldest.id), NULL);
    return ERR_OK;
}

static err answered(struct call *c)
{
    struct trying *t = c->data;
    put_test(c, &c->out);
    t->kept = arena_str(c->arena, buf_str(&c->out));
    return call_loop(c, keep);
}

static void on_done(void *ctx, const struct outbox_answer *a)
{
    struct call *c = ctx;
    struct trying *t = c->data;
    t->class = a->class;
    snprintf(t->detail, sizeof t->detail, "%s", a->detail);
    call_wake(c, answered);
}

/* In the form that providers are given addresses in. */
static err read_to(struct call *c, struct trying *t)
{
    char room[NORMAL_BYTES_MAX];
    str to;
    u32 space = channel_space(t->look.trial.channel);
    TRY(call_text(c, "to", &to));
    if (space) to = identifier_normal(c->server->engine, space, to, room);
    if (!to.n || to.n >= sizeof t->to)
        return diag_at(&c->why, ERR_REFUSED, S("/to"),
                       "this is no address of the channel: look at its form");
    snprintf(t->to, sizeof t->to, "%.*s", STR_ARG(to));
    return ERR_OK;
}

static err test_send(struct call *c)
{
    struct trying *t = c->data;
    hash128 id;
    TRY(begin(c));
    TRY(read_to(c, t));
    env_random(c->server->env, &id, sizeof id);
    hash128_hex(id, t->id);
    if (!outbox_connected(c->server->outbox, t->look.trial.channel))
        return diag_set(&c->why, ERR_CONFLICT,
                        "no provider is connected for this channel: connect one, or the test "
                        "outbox");
    TRY(outbox_test_send(c->server->outbox, &t->look.trial, str_of(t->to), id, on_done, c,
                         &c->why));
    return call_park(c);
}

static err test_begin(struct call *c)
{
    take_draft(c);
    return call_engine(c, test_send);
}

/* ---- the tests there were ---- */

struct tests {
    struct call *c;
    str template, *items;
    u32 count;
};

static void collect(void *ctx, str id, str source)
{
    struct tests *t = ctx;
    const struct json *j;
    (void)id;
    if (t->count == 2 * TESTS_KEPT) return;
    if (t->template.n && (json_parse(source, t->c->arena, &j, NULL) != ERR_OK ||
                          !str_eq(json_get_str(j, "template", (str){0}), t->template)))
        return;
    t->items[t->count++] = arena_str(t->c->arena, source);
}

static err list_tests(struct call *c)
{
    struct tests t = {.c = c, .template = call_query(c, "template")};
    t.items = arena_alloc(c->arena, 2 * TESTS_KEPT * sizeof *t.items);
    office_drafts(c->server->office, S("test_send"), collect, &t);
    call_items_begin(c);
    while (t.count) {
        json_put_comma(&c->out);
        buf_put(&c->out, t.items[--t.count]);
    }
    call_items_end(c, (str){0});
    return ERR_OK;
}

extern const struct route ROUTES_PREVIEW[];
const struct route ROUTES_PREVIEW[] = {{METHOD_POST, "/api/v1/templates/preview", NEEDS_SCOPE,
                                        SCOPE_CONFIG_READ, ON_LOOP, preview_begin},
                                       {METHOD_POST, "/api/v1/templates/test-send", NEEDS_SCOPE,
                                        SCOPE_CONFIG_WRITE, ON_LOOP, test_begin},
                                       {METHOD_GET, "/api/v1/templates/test-sends", NEEDS_SCOPE,
                                        SCOPE_CONFIG_READ, ON_LOOP, list_tests},
                                       {0}};

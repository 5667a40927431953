/* route_mailings.c — boards that go out by mail: {every, at, to…}, and how the last one went. */
#include "server/mailer.h"
#include "server/publish.h"

enum { MAILINGS_OF_BOARD = 20 };
#define KEYS " id dashboard name every weekday day at to language paused "

static err find_board(struct call *c)
{
    if (office_draft_get(c->server->office, S("dashboard"), c->params[0], c->arena).n)
        return ERR_OK;
    return diag_set(&c->why, ERR_NOT_FOUND, "there is no dashboard of this id");
}

/* As it was written, and where it stands. */
static void put_mailing(struct call *c, str source)
{
    const struct json *j;
    struct mailing m;
    struct mailing_state st;
    i64 now = server_now(c->server);
    if (json_parse(source, c->arena, &j, NULL) != ERR_OK) return;
    object_begin(c, source);
    if (mailing_read(j, &m, NULL) == ERR_OK) {
        if (!m.paused) json_put_kv_time(&c->out, S("next"), mailing_next(&m, c->server->zone, now));
        mailer_state(c->server, m.id, c->arena, &st);
        if (st.ended || st.open || st.claimed) {
            json_put_key(&c->out, S("last"));
            buf_byte(&c->out, '{');
            json_put_kv_time(&c->out, S("at"), st.slot);
            json_put_kv_bool(&c->out, S("done"), !st.open);
            json_put_kv_i64(&c->out, S("sent"), st.sent);
            json_put_kv_i64(&c->out, S("failed"), st.failed);
            json_put_kv_i64(&c->out, S("unknown"), st.unknown);
            if (st.detail[0]) json_put_kv_str(&c->out, S("detail"), str_of(st.detail));
            json_put_kv_time(&c->out, S("again"), st.open ? st.not_before : 0);
            buf_byte(&c->out, '}');
        }
    }
    buf_byte(&c->out, '}');
}

struct listing {
    struct call *c;
    u32 count;
    bool shown;
};

static void each_mailing(void *ctx, str id, str source)
{
    struct listing *l = ctx;
    const struct json *j;
    (void)id;
    source = arena_str(l->c->arena, source);
    if (json_parse(source, l->c->arena, &j, NULL) != ERR_OK ||
        !str_eq(json_get_str(j, "dashboard", (str){0}), l->c->params[0]))
        return;
    l->count++;
    if (!l->shown) return;
    json_put_comma(&l->c->out);
    put_mailing(l->c, source);
}

static err list(struct call *c)
{
    struct listing l = {.c = c, .shown = true};
    TRY(find_board(c));
    call_items_begin(c);
    office_drafts(c->server->office, S("mailing"), each_mailing, &l);
    call_items_end(c, (str){0});
    return ERR_OK;
}

/* The mailing of this board and id as it is kept. */
static err find(struct call *c, str *source, struct mailing *m)
{
    const struct json *j;
    *source = office_draft_get(c->server->office, S("mailing"), c->params[1], c->arena);
    if (source->n) {
        TRY(json_parse(*source, c->arena, &j, &c->why));
        TRY(mailing_read(j, m, &c->why));
        if (str_eq(m->dashboard, c->params[0])) return ERR_OK;
    }
    return diag_set(&c->why, ERR_NOT_FOUND, "this board is not mailed under this id");
}

static err check_members(struct call *c)
{
    for (const struct json *m = c->body->child; m; m = m->next) {
        if (str_find(S(KEYS), arena_printf(c->arena, " %.*s ", STR_ARG(m->key))) >= 0) continue;
        return diag_at(&c->why, ERR_REFUSED, arena_printf(c->arena, "/%.*s", STR_ARG(m->key)),
                       "there is no such member; there are" KEYS);
    }
    return ERR_OK;
}

static err write_one(struct call *c, str id)
{
    const struct json *j;
    struct mailing m;
    struct buf b;
    if (!c->body) return diag_set(&c->why, ERR_INVALID, "the body has to be a JSON object");
    TRY(check_members(c));
    TRY(mailing_read(c->body, &m, &c->why));
    buf_init(&b, API_BODY_MAX);
    buf_byte(&b, '{');
    json_put_kv_str(&b, S("id"), id);
    json_put_kv_str(&b, S("dashboard"), c->params[0]);
    for (const struct json *x = c->body->child; x; x = x->next) {
        if (str_eq(x->key, S("id")) || str_eq(x->key, S("dashboard"))) continue;
        json_put_key(&b, x->key);
        json_put(&b, x);
    }
    buf_byte(&b, '}');
    str source = arena_str(c->arena, buf_str(&b));
    buf_clear(&b);
    TRY(json_parse(source, c->arena, &j, &c->why));
    TRY(office_draft_put(c->server->office, S("mailing"), id, source, server_now(c->server),
                         &c->why));
    put_mailing(c, source);
    return ERR_OK;
}

/* Slots count from now on. */
static err create(struct call *c)
{
    struct listing l = {.c = c};
    struct mailing_state st = {.slot = server_now(c->server)};
    str id;
    TRY(find_board(c));
    TRY(object_id(c, "mailing", &id));
    if (office_draft_get(c->server->office, S("mailing"), id, c->arena).n)
        return diag_at(&c->why, ERR_CONFLICT, S("/id"), "this id is taken");
    office_drafts(c->server->office, S("mailing"), each_mailing, &l);
    if (l.count >= MAILINGS_OF_BOARD)
        return diag_set(&c->why, ERR_CONFLICT, "a board is mailed on at most %d schedules",
                        MAILINGS_OF_BOARD);
    TRY(mailer_keep(c->server, id, &st, &c->why));
    c->status = 201;
    return write_one(c, id);
}

/* What was due by the old rule and did not go is past. */
static err replace(struct call *c)
{
    str source;
    struct mailing m;
    struct mailing_state st;
    TRY(find(c, &source, &m));
    mailer_state(c->server, m.id, c->arena, &st);
    if (!st.open) st.slot = max_i64(st.slot, server_now(c->server));
    TRY(mailer_keep(c->server, m.id, &st, &c->why));
    return write_one(c, m.id);
}

static err drop(struct call *c)
{
    str source;
    struct mailing m;
    TRY(find(c, &source, &m));
    TRY(office_draft_delete(c->server->office, S("mailing"), m.id, &c->why));
    (void)!office_draft_delete(c->server->office, S("mailing-state"), m.id, &(struct diag){0});
    return answer_nothing(c);
}

static err send_now(struct call *c)
{
    str source;
    struct mailing m;
    TRY(find(c, &source, &m));
    return mailer_send(c, &m);
}

#define AT "/api/v1/dashboards/{id}/mailings"

extern const struct route ROUTES_MAILINGS[];
const struct route ROUTES_MAILINGS[] = {
    {METHOD_GET, AT, NEEDS_SCOPE, SCOPE_REPORTS_READ, ON_LOOP, list},
    {METHOD_POST, AT, NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_LOOP, create},
    {METHOD_PUT, AT "/{mailing}", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_LOOP, replace},
    {METHOD_DELETE, AT "/{mailing}", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_LOOP, drop},
    {METHOD_POST, AT "/{mailing}/send", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_LOOP, send_now},
    {0}};

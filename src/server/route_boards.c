/* route_boards.c — analyses that are asked again, and boards of them: what people keep for
 * themselves, in the back office.
 *
 *   saved analysis  {id, name, analysis, request, chart?}
 *   board           {id, name, items: [{saved | analysis + request, title?, chart?, x, y, w, h}],
 *                    controls? {days, segment, by}}
 *
 * Every request is checked when it is written, as it would be when it is asked. */
#include "server/analyses.h"
#include "server/board.h"
#include "server/publish.h"

enum { ITEMS_MAX = 60, GRID_MAX = 1000 };

struct kept_kind {
    const char *kind, *what;
    const char *keys; /* members there may be, between single spaces */
};
static const struct kept_kind SAVED = {"analysis", "saved analysis",
                                       " id name description analysis request chart "};
static const struct kept_kind BOARD = {"dashboard", "dashboard",
                                       " id name description items controls "};

struct keeping {
    const struct kept_kind *kind;
    str source;
};

static const struct kept_kind *kind_of(const struct call *c)
{
    return str_starts(c->req->path, S("/api/v1/dashboards")) ? &BOARD : &SAVED;
}

/* ---- reading ---- */

static void put_item(void *ctx, str id, str source)
{
    struct call *c = ctx;
    (void)id;
    json_put_comma(&c->out);
    buf_put(&c->out, source);
}

static err list(struct call *c)
{
    call_items_begin(c);
    office_drafts(c->server->office, str_of(kind_of(c)->kind), put_item, c);
    call_items_end(c, (str){0});
    return ERR_OK;
}

static err show_one(struct call *c)
{
    const struct kept_kind *k = kind_of(c);
    str source = office_draft_get(c->server->office, str_of(k->kind), c->params[0], c->arena);
    if (!source.n) return diag_set(&c->why, ERR_NOT_FOUND, "there is no %s of this id", k->what);
    object_begin(c, source);
    buf_byte(&c->out, '}');
    return ERR_OK;
}

/* ---- checking ---- */

static err only(struct call *c, const struct json *j, const char *keys, str at)
{
    for (const struct json *m = j->child; m; m = m->next) {
        str key = arena_printf(c->arena, " %.*s ", STR_ARG(m->key));
        if (str_find(str_of(keys), key) >= 0) continue;
        return diag_at(&c->why, ERR_REFUSED,
                       arena_printf(c->arena, "%.*s/%.*s", STR_ARG(at), STR_ARG(m->key)),
                       "there is no such member; there are%s", keys);
    }
    return ERR_OK;
}

static err check_request(struct call *c, const struct json *j, str at)
{
    str name = json_get_str(j, "analysis", (str){0});
    const struct json *request = json_get(j, "request");
    if (!name.n)
        return diag_at(&c->why, ERR_REFUSED, arena_printf(c->arena, "%.*s/analysis", STR_ARG(at)),
                       "\"analysis\" names one: trend, funnel, retention…");
    str inner = arena_printf(c->arena, "%.*s/request", STR_ARG(at));
    if (request && request->type != JSON_OBJECT)
        return diag_at(&c->why, ERR_REFUSED, inner, "a request is an object");
    return analyses_check(c, name, request, inner);
}

static err check_item(struct call *c, const struct json *item, str at)
{
    static const char *const PLACES[] = {"x", "y", "w", "h"};
    if (item->type != JSON_OBJECT) return diag_at(&c->why, ERR_REFUSED, at, "an item is an object");
    TRY(only(c, item, " id saved analysis request title chart x y w h ", at));
    for (u32 i = 0; i < COUNT_OF(PLACES); i++) {
        const struct json *n = json_get(item, PLACES[i]);
        i64 v;
        if (n && (json_to_i64(n, &v) != ERR_OK || v < 0 || v > GRID_MAX))
            return diag_at(&c->why, ERR_REFUSED,
                           arena_printf(c->arena, "%.*s/%s", STR_ARG(at), PLACES[i]),
                           "a place on the board is a whole number from 0 to %d", GRID_MAX);
    }
    return json_get(item, "saved") ? ERR_OK : check_request(c, item, at);
}

static err check_items(struct call *c)
{
    const struct json *items = json_get(c->body, "items");
    u32 i = 0;
    if (!items) return ERR_OK;
    if (items->type != JSON_ARRAY || items->count > ITEMS_MAX)
        return diag_at(&c->why, ERR_REFUSED, S("/items"), "\"items\" lists up to %d analyses",
                       ITEMS_MAX);
    for (const struct json *e = items->child; e; e = e->next, i++)
        TRY(check_item(c, e, arena_printf(c->arena, "/items/%u", i)));
    return ERR_OK;
}

/* ---- writing ---- */

/* Names of saved analyses are the office's, so this is asked on the loop. */
static err check_saved(struct call *c)
{
    const struct json *items = json_get(c->body, "items");
    u32 i = 0;
    for (const struct json *e = items ? items->child : NULL; e; e = e->next, i++) {
        str id = json_get_str(e, "saved", (str){0});
        if (!json_get(e, "saved")) continue;
        if (id.n && office_draft_get(c->server->office, str_of(SAVED.kind), id, c->arena).n)
            continue;
        return diag_at(&c->why, ERR_REFUSED, arena_printf(c->arena, "/items/%u/saved", i),
                       "there is no saved analysis of this id");
    }
    return ERR_OK;
}

static err keep(struct call *c)
{
    const struct keeping *k = c->data;
    TRY(check_saved(c));
    TRY(office_draft_put(c->server->office, str_of(k->kind->kind), c->params[0], k->source,
                         server_now(c->server), &c->why));
    return show_one(c);
}

static err check(struct call *c)
{
    const struct keeping *k = c->data;
    struct board_look look = {0};
    if (k->kind == &BOARD) {
        TRY(board_look_read(c, json_get(c->body, "controls"), S("/controls"), &look));
        TRY(check_items(c));
    }
    if (k->kind != &BOARD) TRY(check_request(c, c->body, S("")));
    return call_loop(c, keep);
}

static err write_one(struct call *c, str id)
{
    struct keeping *k = arena_zalloc(c->arena, sizeof *k);
    if (!c->body) return diag_set(&c->why, ERR_INVALID, "the body has to be a JSON object");
    k->kind = kind_of(c);
    TRY(only(c, c->body, k->kind->keys, S("")));
    const struct json *name = json_get(c->body, "name");
    if (!name || (name->type != JSON_STRING && name->type != JSON_OBJECT))
        return diag_at(&c->why, ERR_REFUSED, S("/name"),
                       "\"name\" is needed, as a text or {zh, en}");
    k->source = object_source(c, id);
    c->params[0] = id;
    c->data = k;
    return call_engine(c, check);
}

static err create(struct call *c)
{
    const struct kept_kind *k = kind_of(c);
    str id;
    TRY(object_id(c, k->kind, &id));
    if (office_draft_get(c->server->office, str_of(k->kind), id, c->arena).n)
        return diag_at(&c->why, ERR_CONFLICT, S("/id"), "there is already a %s of this id",
                       k->what);
    c->status = 201;
    return write_one(c, id);
}

static err replace(struct call *c)
{
    const struct kept_kind *k = kind_of(c);
    if (!office_draft_get(c->server->office, str_of(k->kind), c->params[0], c->arena).n)
        return diag_set(&c->why, ERR_NOT_FOUND, "there is no %s of this id", k->what);
    return write_one(c, c->params[0]);
}

/* What hangs on a board goes with it. */
struct hanging {
    struct call *c;
    str ids[64];
    u32 count;
};

static void each_hanging(void *ctx, str id, str source)
{
    struct hanging *h = ctx;
    const struct json *j;
    if (h->count == COUNT_OF(h->ids) || json_parse(source, h->c->arena, &j, NULL) != ERR_OK) return;
    if (str_eq(json_get_str(j, "dashboard", (str){0}), h->c->params[0]))
        h->ids[h->count++] = arena_str(h->c->arena, id);
}

/* How far a mailing is lies beside it. */
static err drop_one(struct call *c, const char *kind, str id)
{
    struct diag none;
    if (strcmp(kind, "mailing") == 0)
        (void)!office_draft_delete(c->server->office, S("mailing-state"), id, &none);
    return office_draft_delete(c->server->office, str_of(kind), id, &c->why);
}

static err drop_hanging(struct call *c, const char *kind)
{
    struct hanging h = {.c = c};
    do {
        h.count = 0;
        office_drafts(c->server->office, str_of(kind), each_hanging, &h);
        for (u32 i = 0; i < h.count; i++) TRY(drop_one(c, kind, h.ids[i]));
    } while (h.count == COUNT_OF(h.ids));
    return ERR_OK;
}

static err drop(struct call *c)
{
    const struct kept_kind *k = kind_of(c);
    if (k == &BOARD) {
        TRY(drop_hanging(c, "share"));
        TRY(drop_hanging(c, "mailing"));
    }
    TRY(office_draft_delete(c->server->office, str_of(k->kind), c->params[0], &c->why));
    return answer_nothing(c);
}

/* ---- asking a saved one again ---- */

/* The saved request, with what the caller says instead: another period, another group. */
static const struct json *overridden(struct call *c, const struct json *saved)
{
    struct json *o = arena_zalloc(c->arena, sizeof *o), *last = NULL;
    const struct json *sources[2] = {saved, c->body};
    o->type = JSON_OBJECT;
    for (u32 s = 0; s < 2; s++)
        for (const struct json *m = sources[s] ? sources[s]->child : NULL; m; m = m->next) {
            char key[64] = {0};
            memcpy(key, m->key.p, min_size(m->key.n, sizeof key - 1));
            if (s == 0 && json_get(c->body, key)) continue;
            struct json *copy = arena_alloc(c->arena, sizeof *copy);
            *copy = *m;
            copy->next = NULL;
            if (last)
                last->next = copy;
            else
                o->child = copy;
            last = copy;
            o->count++;
        }
    return o;
}

static err run_saved(struct call *c)
{
    const struct json *j;
    str source = office_draft_get(c->server->office, str_of(SAVED.kind), c->params[0], c->arena);
    if (!source.n) return diag_set(&c->why, ERR_NOT_FOUND, "there is no saved analysis of this id");
    TRY(json_parse(source, c->arena, &j, &c->why));
    c->body = overridden(c, json_get(j, "request"));
    c->params[0] = json_get_str(j, "analysis", S(""));
    return call_engine(c, analyses_ask);
}

#define KEPT(at)                                                                                   \
    {METHOD_GET, at, NEEDS_SCOPE, SCOPE_REPORTS_READ, ON_LOOP, list},                              \
        {METHOD_POST, at, NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_LOOP, create},                       \
        {METHOD_GET, at "/{id}", NEEDS_SCOPE, SCOPE_REPORTS_READ, ON_LOOP, show_one},              \
        {METHOD_PUT, at "/{id}", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_LOOP, replace},               \
    {                                                                                              \
        METHOD_DELETE, at "/{id}", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_LOOP, drop                  \
    }

extern const struct route ROUTES_BOARDS[];
const struct route ROUTES_BOARDS[] = {KEPT("/api/v1/saved-analyses"),
                                      KEPT("/api/v1/dashboards"),
                                      {METHOD_POST, "/api/v1/saved-analyses/{id}/run", NEEDS_SCOPE,
                                       SCOPE_REPORTS_READ, ON_LOOP, run_saved},
                                      {0}};

/* route_playbooks.c — ready-made journeys: what there is, what each needs, and installing one. */
#include "script/playbook.h"
#include "server/embed.h"
#include "server/publish.h"

static const struct json *read_playbook(struct call *c, const struct embedded *f)
{
    const struct json *j;
    str text = {(const char *)f->bytes, f->size};
    return json_parse(text, c->arena, &j, &c->why) == ERR_OK ? j : NULL;
}

/* ---- what there is ---- */

static bool has_name(struct engine *e, name_kind kind, const struct json *name)
{
    return json_is(name, JSON_STRING) && names_find(engine_names(e), kind, name->text) != 0;
}

/* A need is met once the workspace has met its name: an event, a property, an attribute. */
static bool is_met(struct engine *e, const struct json *need)
{
    const struct json *event = json_get(need, "event"), *property = json_get(need, "property"),
                      *attribute = json_get(need, "attribute"),
                      *identifier = json_get(need, "identifier");
    if (event) return has_name(e, NAME_EVENT, event);
    if (property) return has_name(e, NAME_PROPERTY, property);
    if (attribute) return has_name(e, NAME_ATTRIBUTE, attribute);
    return !identifier || has_name(e, NAME_SPACE, identifier);
}

static void put_needs(struct call *c, const struct json *needs)
{
    struct engine *e = c->server->engine;
    bool ready = true;
    json_put_key(&c->out, S("missing"));
    buf_byte(&c->out, '[');
    for (const struct json *n = needs ? needs->child : NULL; n; n = n->next) {
        if (is_met(e, n)) continue;
        ready = false;
        json_put_comma(&c->out);
        json_put(&c->out, n);
    }
    buf_byte(&c->out, ']');
    json_put_kv_bool(&c->out, S("ready"), ready);
}

/* The journeys it installs that are live already. */
static void put_installed(struct call *c, const struct json *bundle)
{
    const struct json *journeys = json_get(bundle, "journeys");
    bool live = false;
    for (const struct json *j = journeys ? journeys->child : NULL; j; j = j->next) {
        str id = json_get_str(j, "id", S(""));
        live |= engine_object(c->server->engine, OBJECT_JOURNEY, id, NULL).n > 0;
    }
    json_put_kv_bool(&c->out, S("installed"), live);
}

static err put_playbook(struct call *c, const struct json *playbook, bool whole)
{
    const struct json *bundle, *needs;
    TRY(playbook_expand(playbook, "bundle", NULL, c->arena, &bundle, &c->why));
    TRY(playbook_expand(playbook, "needs", NULL, c->arena, &needs, &c->why));
    buf_byte(&c->out, '{');
    for (const struct json *m = playbook->child; m; m = m->next) {
        bool is_bundle = str_eq(m->key, S("bundle"));
        if (is_bundle && !whole) continue;
        json_put_key(&c->out, m->key);
        json_put(&c->out, is_bundle ? bundle : str_eq(m->key, S("needs")) ? needs : m);
    }
    put_needs(c, needs);
    put_installed(c, bundle);
    buf_byte(&c->out, '}');
    return ERR_OK;
}

static err list(struct call *c)
{
    call_items_begin(c);
    for (const struct embedded *f = PLAYBOOKS; f->path; f++) {
        const struct json *playbook = read_playbook(c, f);
        if (!playbook) return ERR_CORRUPT;
        json_put_comma(&c->out);
        TRY(put_playbook(c, playbook, false));
    }
    call_items_end(c, (str){0});
    return ERR_OK;
}

static err find(struct call *c, const struct json **out)
{
    for (const struct embedded *f = PLAYBOOKS; f->path; f++)
        if (str_eq(c->params[0], str_of(f->path))) {
            *out = read_playbook(c, f);
            return *out ? ERR_OK : ERR_CORRUPT;
        }
    return diag_set(&c->why, ERR_NOT_FOUND, "there is no playbook of this id");
}

static err show(struct call *c)
{
    const struct json *playbook;
    TRY(find(c, &playbook));
    return put_playbook(c, playbook, true);
}

/* ---- installing ---- */

static const struct {
    const char *member;
    object_kind kind;
} PARTS[] = {{"tags", OBJECT_TAG},           {"scores", OBJECT_SCORE},
             {"stages", OBJECT_STAGES},      {"levels", OBJECT_LEVELS},
             {"segments", OBJECT_SEGMENT},   {"coupons", OBJECT_COUPON},
             {"templates", OBJECT_TEMPLATE}, {"journeys", OBJECT_JOURNEY}};

/* One object after the other, each live before the next is written; journeys last, which ask for
 * the others. */
struct installing {
    const struct json *bundle, *next; /* the next object… */
    u32 part;                         /* …of this part */
    str id, draft;                    /* of the journey */
    bool publish;
};

static str source_of(struct call *c, const struct json *object)
{
    struct buf b;
    buf_init(&b, API_BODY_MAX);
    json_put(&b, object);
    str s = arena_str(c->arena, buf_str(&b));
    buf_clear(&b);
    return s;
}

static err installed(struct call *c)
{
    struct installing *in = c->data;
    c->status = 201;
    journey_put(c, in->id, in->draft);
    return ERR_OK;
}

static err keep_draft(struct call *c)
{
    struct installing *in = c->data;
    TRY(office_draft_put(c->server->office, S("journey"), in->id, in->draft, server_now(c->server),
                         &c->why));
    return call_engine(c, installed);
}

static err step(struct call *c)
{
    struct installing *in = c->data;
    while (!in->next && in->part + 1 < COUNT_OF(PARTS)) {
        const struct json *list = json_get(in->bundle, PARTS[++in->part].member);
        in->next = list ? list->child : NULL;
    }
    if (!in->next) return installed(c);
    const struct json *object = in->next;
    object_kind kind = PARTS[in->part].kind;
    in->next = object->next;
    if (kind != OBJECT_JOURNEY || in->publish)
        return object_publish(c, kind, source_of(c, object), step);
    in->draft = source_of(c, object);
    TRY(object_check(c, kind, in->draft));
    return call_loop(c, keep_draft);
}

static err taken(struct call *c, const struct installing *in)
{
    if (json_get_bool(c->body, "replace", false)) return ERR_OK;
    if (engine_object(c->server->engine, OBJECT_JOURNEY, in->id, NULL).n == 0) return ERR_OK;
    return diag_at(&c->why, ERR_CONFLICT, S("/replace"),
                   "its journey is there already; \"replace\": true makes its next version");
}

static err install(struct call *c)
{
    struct installing *in = arena_zalloc(c->arena, sizeof *in);
    const struct json *playbook;
    TRY(find(c, &playbook));
    TRY(playbook_expand(playbook, "bundle", json_get(c->body, "answers"), c->arena, &in->bundle,
                        &c->why));
    const struct json *journeys = json_get(in->bundle, "journeys"),
                      *first = json_get(in->bundle, PARTS[0].member);
    in->id = journeys ? json_get_str(journeys->child, "id", S("")) : S("");
    in->publish = json_get_bool(c->body, "publish", false);
    in->next = first ? first->child : NULL;
    TRY(taken(c, in));
    c->data = in;
    return step(c);
}

extern const struct route ROUTES_PLAYBOOKS[];
const struct route ROUTES_PLAYBOOKS[] = {
    {METHOD_GET, "/api/v1/playbooks", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE, list},
    {METHOD_GET, "/api/v1/playbooks/{id}", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE, show},
    {METHOD_POST, "/api/v1/playbooks/{id}/install", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE,
     install},
    {0}};

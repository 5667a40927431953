/* route_playbooks.c — ready-made journeys: what there is, what each needs, and installing one. */
#include "base/time.h"
#include "script/playbook.h"
#include "server/journey_checks.h"
#include "server/journey_words.h"
#include "server/look.h"
#include "server/publish.h"
#include "server/shelf.h"

/* ---- what there is ---- */

static err list_answer(struct call *c)
{
    struct shelf *s = c->data;
    shelf_sort(s);
    call_items_begin(c);
    for (u32 i = 0; i < s->n; i++) {
        json_put_comma(&c->out);
        shelf_put(c, &s->items[i], false);
    }
    call_items_end(c, (str){0});
    return ERR_OK;
}

static struct shelf *new_shelf(struct call *c)
{
    struct shelf *s = arena_zalloc(c->arena, sizeof *s);
    counts_init(&s->counts, c);
    c->data = s;
    return s;
}

static err list(struct call *c)
{
    struct shelf *s = new_shelf(c);
    TRY(shelf_add_all(s, c));
    return counts_begin(&s->counts, list_answer);
}

static err find(struct call *c, const struct json **out)
{
    *out = shelf_find(c, c->params[0]);
    if (*out) return ERR_OK;
    return diag_set(&c->why, ERR_NOT_FOUND, "there is no playbook of this id");
}

static err show_answer(struct call *c)
{
    struct shelf *s = c->data;
    shelf_put(c, &s->items[0], true);
    return ERR_OK;
}

static err show(struct call *c)
{
    const struct json *playbook;
    TRY(find(c, &playbook));
    struct shelf *s = new_shelf(c);
    TRY(shelf_add(s, c, playbook, NULL, true));
    return counts_begin(&s->counts, show_answer);
}

/* The answers with the language that the body names beside them. */
static err answers_of(struct call *c, const struct json **out)
{
    const struct json *answers = json_get(c->body, "answers");
    str language = json_get_str(c->body, "language", (str){0});
    struct buf b;
    *out = answers;
    if (!language.n) return ERR_OK;
    if (answers && answers->type != JSON_OBJECT)
        return diag_at(&c->why, ERR_REFUSED, S("/answers"), "answers are an object");
    buf_init(&b, 2 * API_BODY_MAX);
    buf_byte(&b, '{');
    json_put_kv_str(&b, S("language"), language);
    for (const struct json *m = answers ? answers->child : NULL; m; m = m->next) {
        json_put_key(&b, m->key);
        json_put(&b, m);
    }
    buf_byte(&b, '}');
    str text = arena_str(c->arena, buf_str(&b));
    buf_clear(&b);
    return json_parse(text, c->arena, out, &c->why);
}

/* The bundle with answers in it, by the channel that is asked for. */
static err bundle_of(struct call *c, const struct json *playbook, const struct json *answers,
                     const struct json **out)
{
    str channel = json_get_str(c->body, "channel", (str){0});
    const struct json *variants = NULL;
    TRY(playbook_expand(playbook, "bundle", answers, c->arena, out, &c->why));
    if (!channel.n) return ERR_OK;
    if (json_get(playbook, "variants"))
        TRY(playbook_expand(playbook, "variants", answers, c->arena, &variants, &c->why));
    return playbook_channel(*out, variants, channel, c->arena, out, &c->why);
}

/* ---- what installing would make ---- */

struct playbook_look {
    struct shelf shelf; /* first: c->data is both */
    struct call *c;
    const struct json *answers, *bundle, *journey;
    u32 shown;
};

static const struct json *template_of(const struct json *bundle, str id)
{
    const struct json *list = json_get(bundle, "templates");
    for (const struct json *t = list ? list->child : NULL; t; t = t->next)
        if (str_eq(json_get_str(t, "id", (str){0}), id)) return t;
    return NULL;
}

static void put_after(struct buf *b, const struct send_place *p)
{
    struct said s;
    i64 n = p->after_ms;
    said_init(&s);
    if (n == 0) {
        say_both(&s, p->open ? "等到了就发" : "马上", p->open ? "when it is time" : "at once");
    } else {
        struct buf text;
        buf_init(&text, 64);
        duration_put(&text, (duration){.ms = n});
        say_both(&s, "", "after ");
        say_duration(&s, buf_str(&text));
        say_both(&s, "后", p->open ? " at the latest" : "");
        buf_clear(&text);
    }
    said_put(&s, b, "after");
    said_clear(&s);
}

static bool put_message(void *ctx, const struct send_place *p)
{
    struct playbook_look *l = ctx;
    struct call *c = l->c;
    const struct json *send = json_get(p->step, "send");
    struct look_asked asked = {.template =
                                   template_of(l->bundle, json_get_str(send, "template", (str){0})),
                               .journey = l->journey,
                               .coupons = json_get(l->bundle, "coupons"),
                               .customer = json_get_str(c->body, "customer", (str){0}),
                               .device = S("computer"),
                               .place = "/bundle/templates"};
    struct look *look = arena_alloc(c->arena, sizeof *look);
    if (!asked.template) return true;
    json_put_comma(&c->out);
    buf_byte(&c->out, '{');
    json_put_kv_str(&c->out, S("step"), json_get_str(p->step, "id", (str){0}));
    json_put_kv_str(&c->out, S("template"), json_get_str(send, "template", (str){0}));
    json_put_kv_i64(&c->out, S("after_ms"), p->after_ms);
    put_after(&c->out, p);
    if (look_begin(c, &asked, look) == ERR_OK && look_say(look) == ERR_OK)
        look_put(look, &c->out);
    else
        json_put_kv_str(&c->out, S("problem"), str_of(c->why.message));
    c->why = (struct diag){0};
    buf_byte(&c->out, '}');
    return true;
}

static err preview_answer(struct call *c)
{
    struct playbook_look *l = c->data;
    const struct shown_playbook *p = &l->shelf.items[0];
    const struct json *steps = json_get(l->journey, "steps");
    buf_byte(&c->out, '{');
    shelf_put_sentence(c, p->playbook, l->answers);
    shelf_put_people(c, p);
    json_put_kv_bool(&c->out, S("ready"), p->ready);
    json_put_key(&c->out, S("journey"));
    json_put(&c->out, l->journey);
    journey_lines_put(&c->out, l->journey, false);
    json_put_key(&c->out, S("messages"));
    buf_byte(&c->out, '[');
    if (steps) journey_sends(l->journey, put_message, l);
    buf_byte(&c->out, ']');
    conflicts_put(c, &c->out, l->journey);
    look_put_customers(c, &c->out, 0);
    buf_byte(&c->out, '}');
    return ERR_OK;
}

static err preview(struct call *c)
{
    const struct json *playbook;
    struct playbook_look *l = arena_zalloc(c->arena, sizeof *l);
    TRY(find(c, &playbook));
    TRY(answers_of(c, &l->answers));
    TRY(bundle_of(c, playbook, l->answers, &l->bundle));
    const struct json *journeys = json_get(l->bundle, "journeys");
    l->journey = journeys ? journeys->child : NULL;
    l->c = c;
    counts_init(&l->shelf.counts, c);
    c->data = l;
    TRY(shelf_add(&l->shelf, c, playbook, l->answers, false));
    return counts_begin(&l->shelf.counts, preview_answer);
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
    const struct json *playbook, *answers;
    TRY(find(c, &playbook));
    TRY(answers_of(c, &answers));
    TRY(bundle_of(c, playbook, answers, &in->bundle));
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
    {METHOD_POST, "/api/v1/playbooks/{id}/preview", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE,
     preview},
    {METHOD_POST, "/api/v1/playbooks/{id}/install", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE,
     install},
    {0}};

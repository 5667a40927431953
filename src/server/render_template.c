/* render_template.c — trying a template out: {source|template, data|customer, partials?,
 * fallbacks?, language?, format}. What is needed of the engine is copied; the work is done beside
 * it. */
#include "server/render_template.h"

#include "content/content.h"
#include "server/show.h"

#include <stdio.h>

enum { PARTIALS_MAX = 200 };

struct trial {
    str source;   /* the text itself, or the template's JSON */
    str customer; /* as the API shows her; empty: none is given */
    str name, url, currency, language;
    const struct zone *zone;
    i64 now_ms;
    bool is_template;
};

/* ---- values: a JSON tree in the form of base/value.h ---- */

static void put_value(struct buf *b, const struct json *j);

static void put_members(struct buf *b, const struct json *j)
{
    struct buf inner;
    buf_init(&inner, API_BODY_MAX * 2);
    for (const struct json *m = j->child; m; m = m->next) {
        if (j->type == JSON_OBJECT) buf_str_varint(&inner, m->key);
        put_value(&inner, m);
    }
    value_put(b, (value){.type = j->type == JSON_OBJECT ? VALUE_MAP : VALUE_LIST,
                         .count = j->count,
                         .text = buf_str(&inner)});
    buf_clear(&inner);
}

static void put_value(struct buf *b, const struct json *j)
{
    fixed f;
    i64 n;
    switch (j->type) {
    case JSON_NULL: value_put(b, (value){.type = VALUE_NULL}); return;
    case JSON_BOOL: value_put(b, value_bool(j->boolean)); return;
    case JSON_STRING: value_put(b, value_text(j->text)); return;
    case JSON_NUMBER:
        if (str_to_i64(j->text, &n) == ERR_OK)
            value_put(b, value_int(n));
        else if (fixed_parse(j->text, &f) == ERR_OK)
            value_put(b, value_fixed(f));
        else
            value_put(b, (value){.type = VALUE_NUMBER, .text = j->text});
        return;
    default: put_members(b, j);
    }
}

value value_of_json(struct arena *arena, const struct json *j)
{
    struct buf b;
    buf_init(&b, API_BODY_MAX * 2);
    put_value(&b, j);
    struct reader r = reader_of(arena_str(arena, buf_str(&b)));
    buf_clear(&b);
    return value_read(&r);
}

/* Names of the data first, then what the server knows. */
struct scene {
    value data, attributes, identifiers;
    bool has_customer;
    const struct trial *trial;
};

static value customer_member(const struct scene *s, str member)
{
    value v = liquid_member(s->attributes, member);
    return v.type != VALUE_MISSING ? v : liquid_member(s->identifiers, member);
}

static value workspace_member(const struct trial *t, str member)
{
    if (str_eq(member, S("name"))) return value_text(t->name);
    if (str_eq(member, S("url"))) return value_text(t->url);
    return str_eq(member, S("currency")) ? value_text(t->currency) : value_missing();
}

static value lookup(void *ctx, str root, str member)
{
    const struct scene *s = ctx;
    value found = liquid_member(s->data, root);
    if (found.type != VALUE_MISSING) return member.n ? liquid_member(found, member) : found;
    if (s->has_customer && str_eq(root, S("customer")) && member.n)
        return customer_member(s, member);
    if (str_eq(root, S("workspace"))) return workspace_member(s->trial, member);
    return value_missing();
}

/* {"email": "ada@example.com"} out of a list of {namespace, value}, the first of each. */
static value identifiers_of(struct arena *arena, const struct json *list)
{
    struct buf b;
    value map = {.type = VALUE_MAP};
    buf_init(&b, API_BODY_MAX);
    /* A name said twice means the last: so they are written backwards. */
    const struct json *done = NULL;
    while (list && list->child && list->child != done) {
        const struct json *m = list->child;
        while (m->next != done) m = m->next;
        buf_str_varint(&b, json_get_str(m, "namespace", (str){0}));
        value_put(&b, value_text(json_get_str(m, "value", (str){0})));
        map.count++;
        done = m;
    }
    map.text = arena_str(arena, buf_str(&b));
    buf_clear(&b);
    return map;
}

MUST_USE static err set_scene(struct call *c, const struct trial *t, struct scene *s)
{
    const struct json *data = json_get(c->body, "data"), *customer;
    *s = (struct scene){.data = {.type = VALUE_MAP}, .trial = t};
    if (data && data->type != JSON_OBJECT)
        return diag_at(&c->why, ERR_REFUSED, S("/data"), "data has to be an object");
    if (data) s->data = value_of_json(c->arena, data);
    if (!t->customer.n) return ERR_OK;
    TRY(json_parse(t->customer, c->arena, &customer, &c->why));
    s->has_customer = true;
    s->attributes = value_of_json(c->arena, json_get(customer, "attributes"));
    s->identifiers = identifiers_of(c->arena, json_get(customer, "identifiers"));
    return ERR_OK;
}

/* ---- rendering ---- */

/* "3:14" of the text called `part` becomes "/part:3:14"; a partial has its name already. */
MUST_USE static err at_part(struct call *c, err e, const char *part, const struct diag *inner)
{
    char path[sizeof inner->path + 16];
    bool named = inner->path[0] == '/';
    snprintf(path, sizeof path, "%s%s%s%s", named ? "" : "/", named ? "" : part,
             named || !inner->path[0] ? "" : ":", inner->path);
    return diag_at(&c->why, e == ERR_INVALID ? ERR_REFUSED : e, str_of(path), "%s", inner->message);
}

MUST_USE static err read_partials(struct call *c, struct liquid_options *out)
{
    const struct json *partials = json_get(c->body, "partials");
    struct liquid_partial *list;
    if (!partials || partials->type == JSON_NULL) return ERR_OK;
    if (partials->type != JSON_OBJECT || partials->count > PARTIALS_MAX)
        return diag_at(&c->why, ERR_REFUSED, S("/partials"),
                       "partials is an object of at most %d texts by their names", PARTIALS_MAX);
    list = arena_zalloc(c->arena, partials->count * sizeof *list);
    for (const struct json *p = partials->child; p; p = p->next) {
        if (p->type != JSON_STRING)
            return diag_at(&c->why, ERR_REFUSED, S("/partials"), "a partial has to be a text");
        list[out->partial_count++] = (struct liquid_partial){p->key, p->text};
    }
    out->partials = list;
    return ERR_OK;
}

MUST_USE static err read_format(struct call *c, liquid_format *out)
{
    str format = json_get_str(c->body, "format", S("html"));
    *out = str_eq(format, S("text")) ? LIQUID_TEXT : LIQUID_HTML;
    if (*out == LIQUID_TEXT || str_eq(format, S("html"))) return ERR_OK;
    return diag_at(&c->why, ERR_REFUSED, S("/format"), "format is html or text");
}

/* A template's part of that format; the text of one that has only HTML is made from that. */
MUST_USE static err choose(struct call *c, const struct trial *t, liquid_format *format,
                           struct liquid_options *options, str *source, const char **part,
                           bool *as_text)
{
    const struct json *j;
    *source = t->source;
    *part = "source";
    *as_text = false;
    options->fallbacks = json_get(c->body, "fallbacks");
    if (!t->is_template) return ERR_OK;
    TRY(json_parse(t->source, c->arena, &j, &c->why));
    if (!options->fallbacks) options->fallbacks = json_get(j, "fallbacks");
    *part = *format == LIQUID_TEXT ? "text" : "html";
    *source = json_get_str(j, *part, (str){0});
    if (source->n) return ERR_OK;
    *as_text = *format == LIQUID_TEXT;
    *format = *as_text ? LIQUID_HTML : LIQUID_TEXT;
    *part = *as_text ? "html" : "text";
    *source = json_get_str(j, *part, (str){0});
    return ERR_OK;
}

static void put_output(struct call *c, struct buf *out, bool as_text)
{
    buf_byte(&c->out, '{');
    if (as_text) {
        struct buf text;
        buf_init(&text, TEMPLATE_OUTPUT_MAX);
        html_text(buf_str(out), &text);
        json_put_kv_str(&c->out, S("output"), buf_str(&text));
        buf_clear(&text);
    } else {
        json_put_kv_str(&c->out, S("output"), buf_str(out));
    }
    buf_put(&c->out, S(",\"errors\":[]}"));
}

static err work(struct call *c)
{
    const struct trial *t = c->data;
    struct liquid_options options = {0};
    struct scene scene;
    struct liquid *l;
    struct buf out;
    struct diag inner = {0};
    liquid_format format;
    const char *part;
    bool as_text;
    str source;
    TRY(read_format(c, &format));
    TRY(read_partials(c, &options));
    TRY(set_scene(c, t, &scene));
    TRY(choose(c, t, &format, &options, &source, &part, &as_text));
    err e = liquid_compile_with(source, &options, c->arena, &l, &inner);
    if (e != ERR_OK) return at_part(c, e, part, &inner);
    struct liquid_values values = {lookup, &scene, t->now_ms, t->zone, t->language, t->currency};
    buf_init(&out, TEMPLATE_OUTPUT_MAX);
    e = liquid_render(l, &values, format, &out, &inner);
    if (e == ERR_OK) put_output(c, &out, as_text);
    buf_clear(&out);
    return e == ERR_OK ? ERR_OK : at_part(c, e, part, &inner);
}

/* ---- what is needed of the engine ---- */

static str setting(struct call *c, const char *name)
{
    value v = engine_setting(c->server->engine, str_of(name));
    return v.type == VALUE_TEXT ? arena_str(c->arena, v.text) : (str){0};
}

MUST_USE static err take_customer(struct call *c, struct trial *t)
{
    struct engine *e = c->server->engine;
    const struct json *ref = json_get(c->body, "customer");
    if (!ref || ref->type == JSON_NULL) return ERR_OK;
    persona who = ref->type == JSON_STRING ? customer_of_ref(e, ref->text) : 0;
    if (!who)
        return diag_at(&c->why, ERR_REFUSED, S("/customer"),
                       "there is no customer of this reference, or there are several");
    struct buf b;
    buf_init(&b, CALL_OUT_MAX);
    show_customer(&b, e, who);
    t->customer = arena_str(c->arena, buf_str(&b));
    buf_clear(&b);
    struct customer_view view = {engine_customers(e), NULL};
    value zone = view_attribute(&view, who, ATTRIBUTE_TIMEZONE);
    const struct zone *own = zone.type == VALUE_TEXT ? engine_zone_named(e, zone.text) : NULL;
    if (own) t->zone = own;
    value language =
        view_attribute(&view, who, names_find(engine_names(e), NAME_ATTRIBUTE, S("language")));
    if (language.type == VALUE_TEXT) t->language = arena_str(c->arena, language.text);
    return ERR_OK;
}

MUST_USE static err take_source(struct call *c, struct trial *t)
{
    str id = json_get_str(c->body, "template", (str){0});
    const struct json *source = json_get(c->body, "source");
    if (json_is(source, JSON_STRING)) {
        t->source = source->text; /* an empty text is one too */
        return ERR_OK;
    }
    if (!id.n) return call_text(c, "source", &t->source);
    str stored = engine_object(c->server->engine, OBJECT_TEMPLATE, id, NULL);
    if (!stored.n)
        return diag_at(&c->why, ERR_REFUSED, S("/template"), "there is no template of this id");
    t->source = arena_str(c->arena, stored);
    t->is_template = true;
    return ERR_OK;
}

err templates_render(struct call *c)
{
    struct trial *t = arena_zalloc(c->arena, sizeof *t);
    t->name = setting(c, "name");
    t->currency = setting(c, "currency");
    t->url = setting(c, "url");
    t->language = setting(c, "language");
    t->zone = engine_zone(c->server->engine);
    t->now_ms = env_wall_ms(c->server->env);
    TRY(take_source(c, t));
    TRY(take_customer(c, t));
    t->language = json_get_str(c->body, "language", t->language);
    c->data = t;
    return call_helper(c, work);
}

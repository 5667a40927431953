/* publish.c — bodies to sources, sources to records. */
#include "server/publish.h"

#include "base/hash.h"
#include "engine/publish.h"

err object_id(struct call *c, const char *kind, str *out)
{
    *out = json_get_str(c->body, "id", (str){0});
    if (c->body && json_get(c->body, "id") && out->n == 0)
        return diag_at(&c->why, ERR_REFUSED, S("/id"), "the id has to be a text");
    if (out->n == 0) {
        u64 r;
        env_random(c->server->env, &r, sizeof r);
        *out = arena_printf(c->arena, "%s_%012llx", kind, (unsigned long long)(r >> 16));
    }
    bool good = out->n <= 128;
    for (size_t i = 0; i < out->n; i++) good &= (u8)out->p[i] > ' ' && out->p[i] != '/';
    if (good) return ERR_OK;
    return diag_at(&c->why, ERR_REFUSED, S("/id"),
                   "an id is 1 to 128 bytes without spaces and without /");
}

/* What answers add: sent back, it is left out. */
static bool is_shown_only(str key)
{
    return str_eq(key, S("version")) || str_eq(key, S("used_by"));
}

str object_source(struct call *c, str id)
{
    struct buf b;
    buf_init(&b, API_BODY_MAX * 2);
    buf_byte(&b, '{');
    json_put_kv_str(&b, S("id"), id);
    for (const struct json *m = c->body ? c->body->child : NULL; m; m = m->next) {
        if (str_eq(m->key, S("id")) || is_shown_only(m->key)) continue;
        json_put_key(&b, m->key);
        json_put(&b, m);
    }
    buf_byte(&b, '}');
    str s = arena_str(c->arena, buf_str(&b));
    buf_clear(&b);
    return s;
}

void object_open(struct buf *b, str source)
{
    if (source.n < 2)
        buf_byte(b, '{');
    else
        buf_put(b, str_slice(source, 0, source.n - 1));
}

void object_begin(struct call *c, str source)
{
    if (c->out.n == 0) {
        c->source_tag = hash_xxh64(source);
        c->tagged = true;
    }
    object_open(&c->out, source);
}

/* Appends the payload, unless making it failed, and goes on once it is applied. */
MUST_USE static err hand_in(struct call *c, err made, u16 kind, str payload, call_step then)
{
    u64 number = 0;
    TRY(made);
    TRY(call_append(c, kind, payload, &number));
    return call_applied(c, number, then);
}

/* What the audit trail says of it. */
static void note_versions(struct call *c, object_kind kind, str id, bool goes)
{
    c->version_from = 0;
    c->object = arena_str(c->arena, id);
    (void)engine_object(c->server->engine, kind, id, &c->version_from);
    c->version_to = goes ? 0 : c->version_from + 1;
}

err object_publish(struct call *c, object_kind kind, str source, call_step then)
{
    const struct json *j;
    struct buf b;
    TRY(json_parse(source, c->arena, &j, &c->why));
    note_versions(c, kind, json_get_str(j, "id", (str){0}), false);
    buf_init(&b, RECORD_BYTES_MAX);
    err made = publish_object(c->server->engine, kind, j, &b, &c->why);
    err e = hand_in(c, made, RECORD_PUBLISH_, buf_str(&b), then);
    buf_clear(&b);
    return e;
}

err object_publish_journey(struct call *c, str source, const struct json *how, call_step then)
{
    const struct json *j;
    struct buf b;
    TRY(json_parse(source, c->arena, &j, &c->why));
    buf_init(&b, RECORD_BYTES_MAX);
    err made = publish_journey(c->server->engine, j, how, &b, &c->why);
    err e = hand_in(c, made, RECORD_PUBLISH_, buf_str(&b), then);
    buf_clear(&b);
    return e;
}

err object_check(struct call *c, object_kind kind, str source)
{
    const struct json *j;
    TRY(json_parse(source, c->arena, &j, &c->why));
    return publish_check(c->server->engine, kind, j, &c->why);
}

err object_remove(struct call *c, object_kind kind, str id, call_step then)
{
    struct buf b;
    note_versions(c, kind, id, true);
    buf_init(&b, 256);
    err made = publish_removal(c->server->engine, kind, id, &b, &c->why);
    err e = hand_in(c, made, RECORD_REMOVE_, buf_str(&b), then);
    buf_clear(&b);
    return e;
}

void object_list(struct call *c, object_kind kind,
                 void (*put)(struct call *c, u32 code, str source))
{
    enum { OBJECTS = 4096 };
    struct engine *e = c->server->engine;
    u32 *codes = arena_alloc(c->arena, OBJECTS * sizeof *codes);
    u32 n = engine_objects(e, kind, codes, OBJECTS);
    call_items_begin(c);
    for (u32 i = 0; i < n; i++) {
        json_put_comma(&c->out);
        put(c, codes[i],
            engine_object(e, kind, names_text(engine_names(e), NAME_OBJECT, codes[i]), NULL));
    }
    call_items_end(c, (str){0});
}

err answer_nothing(struct call *c)
{
    c->status = 204;
    return ERR_OK;
}

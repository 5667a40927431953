#include "server/publish.h"

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

str object_source(struct call *c, str id)
{
    struct buf b;
    buf_init(&b, API_BODY_MAX * 2);
    buf_byte(&b, '{');
    json_put_kv_str(&b, S("id"), id);
    for (const struct json *m = c->body ? c->body->child : NULL; m; m = m->next) {
        if (str_eq(m->key, S("id"))) continue;
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

err object_publish(struct call *c, object_kind kind, str id, str source, str compiled,
                   call_step then)
{
    struct publish_record p = {.kind = kind, .id = id, .source = source, .compiled = compiled};
    struct buf b;
    u64 number = 0;
    err e = names_code(engine_names(c->server->engine), NAME_OBJECT, id, &p.code);
    if (e != ERR_OK) return diag_set(&c->why, e, "the name cannot be given now");
    buf_init(&b, RECORD_BYTES_MAX);
    publish_put(&b, &p);
    e = b.full ? diag_set(&c->why, ERR_TOO_LARGE, "it is larger than one record may be")
               : call_append(c, RECORD_PUBLISH_, buf_str(&b), &number);
    buf_clear(&b);
    return e == ERR_OK ? call_applied(c, number, then) : e;
}

err object_remove(struct call *c, object_kind kind, str id, call_step then)
{
    struct engine *e = c->server->engine;
    struct buf b;
    u64 number = 0;
    if (engine_object(e, kind, id, NULL).n == 0)
        return diag_set(&c->why, ERR_NOT_FOUND, "there is none of this id");
    struct operate_record o = {.what = OPERATE_STOP,
                               .code = names_find(engine_names(e), NAME_OBJECT, id),
                               .percent = kind};
    buf_init(&b, 256);
    operate_put(&b, &o);
    err r = call_append(c, RECORD_REMOVE_, buf_str(&b), &number);
    buf_clear(&b);
    return r == ERR_OK ? call_applied(c, number, then) : r;
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

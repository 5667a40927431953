/* route_assets.c — taking pictures in, listing them, serving their bytes. */
#include "server/assets.h"
#include "server/multipart.h"
#include "server/publish.h"

#include <stdio.h>
#include <stdlib.h>

bool assets_takes(const struct http_request *req)
{
    return req->verb == METHOD_POST && str_eq(req->path, S("/api/v1/assets"));
}

struct upload {
    str name, bytes;
    struct buf file;
    bool is_file;
    struct picture picture;
    char id[33];
};

/* ---- taking in ---- */

static void on_part(void *ctx, const struct multipart_part *part)
{
    struct upload *u = ctx;
    u->is_file = str_eq(part->name, S("file")) && part->is_file;
    if (u->is_file && part->file_name.n) u->name = part->file_name;
}

static void on_data(void *ctx, str data)
{
    struct upload *u = ctx;
    if (u->is_file) buf_put(&u->file, data);
}

static err read_form(struct call *c, struct upload *u, str type)
{
    struct multipart m;
    struct multipart_handler h = {.ctx = u, .on_part = on_part, .on_data = on_data};
    buf_init(&u->file, ASSET_BYTES_MAX + 1);
    if (!multipart_begin(&m, type, &h)) {
        buf_clear(&u->file);
        return diag_set(&c->why, ERR_INVALID, "the body is no multipart/form-data");
    }
    bool good = multipart_feed(&m, c->req->body) && multipart_is_whole(&m);
    u->name = arena_str(c->arena, u->name);
    u->bytes = arena_str(c->arena, buf_str(&u->file));
    multipart_clear(&m);
    buf_clear(&u->file);
    return good ? ERR_OK : diag_set(&c->why, ERR_INVALID, "the body is broken off");
}

static err read_upload(struct call *c, struct upload *u)
{
    str type = http_header(c->req, S("content-type"));
    u->name = call_query(c, "name");
    u->bytes = c->req->body;
    if (str_starts(type, S("multipart/"))) TRY(read_form(c, u, type));
    if (u->bytes.n == 0) return diag_set(&c->why, ERR_REFUSED, "a picture is needed");
    if (u->bytes.n > ASSET_BYTES_MAX)
        return diag_set(&c->why, ERR_TOO_LARGE, "a picture has at most 5 MB");
    if (!picture_read(u->bytes, &u->picture))
        return diag_set(&c->why, ERR_REFUSED,
                        "this is no PNG, JPEG, GIF or WebP picture (SVG is not taken)");
    if (u->picture.width > ASSET_SIDE_MAX || u->picture.height > ASSET_SIDE_MAX)
        return diag_set(&c->why, ERR_REFUSED, "a picture is at most 10,000 by 10,000 pixels");
    return ERR_OK;
}

static const char *file_path(struct call *c, const char *id, const char *extension)
{
    return arena_printf(c->arena, "%s/assets/%s.%s", c->server->options.dir, id, extension).p;
}

static void put_shown(struct call *c, struct buf *b, const struct json *j, str id)
{
    const struct json *path = json_get(j, "path");
    buf_byte(b, '{');
    for (const struct json *m = j->child; m; m = m->next) {
        json_put_key(b, m->key);
        json_put(b, m);
    }
    if (path)
        json_put_kv_str(
            b, S("url"),
            arena_printf(c->arena, "%s%.*s", c->server->public_url, STR_ARG(path->text)));
    (void)id;
}

struct listing {
    struct call *c;
    str *items;
    u32 count;
};

static void collect(void *ctx, str id, str source)
{
    struct listing *l = ctx;
    (void)id;
    if (l->count < ASSETS_MAX) l->items[l->count++] = arena_str(l->c->arena, source);
}

static struct listing *all_of(struct call *c)
{
    struct listing *l = arena_zalloc(c->arena, sizeof *l);
    l->c = c;
    l->items = arena_alloc(c->arena, ASSETS_MAX * sizeof *l->items);
    office_drafts(c->server->office, S("asset"), collect, l);
    return l;
}

/* ---- who uses one (engine) ---- */

static u32 put_users(struct call *c, struct buf *b, str id)
{
    enum { OBJECTS = 4096 };
    struct engine *e = c->server->engine;
    u32 *codes = arena_alloc(c->arena, OBJECTS * sizeof *codes), found = 0;
    u32 n = engine_objects(e, OBJECT_TEMPLATE, codes, OBJECTS);
    value logo = engine_setting(e, S("brand.logo"));
    json_put_key(b, S("used_by"));
    buf_byte(b, '[');
    for (u32 i = 0; i < n; i++) {
        str name = names_text(engine_names(e), NAME_OBJECT, codes[i]);
        if (str_find(engine_object(e, OBJECT_TEMPLATE, name, NULL), id) < 0) continue;
        json_put_comma(b);
        buf_put(b, S("{\"kind\":\"template\""));
        json_put_kv_str(b, S("id"), name);
        buf_byte(b, '}');
        found++;
    }
    if (logo.type == VALUE_TEXT && str_find(logo.text, id) >= 0) {
        json_put_comma(b);
        buf_put(b, S("{\"kind\":\"brand\",\"id\":\"logo\"}"));
        found++;
    }
    buf_byte(b, ']');
    return found;
}

static int newest_first(const void *a, const void *b)
{
    const struct json *x = *(const struct json *const *)a, *y = *(const struct json *const *)b;
    return str_cmp(json_get_str(y, "created_at", (str){0}),
                   json_get_str(x, "created_at", (str){0}));
}

static err list_answer(struct call *c)
{
    const struct listing *l = c->data;
    const struct json **items = arena_alloc(c->arena, (l->count + 1) * sizeof *items);
    for (u32 i = 0; i < l->count; i++) TRY(json_parse(l->items[i], c->arena, &items[i], &c->why));
    qsort(items, l->count, sizeof *items, newest_first);
    call_items_begin(c);
    for (u32 i = 0; i < l->count; i++) {
        str id = json_get_str(items[i], "id", (str){0});
        json_put_comma(&c->out);
        put_shown(c, &c->out, items[i], id);
        (void)put_users(c, &c->out, id);
        buf_byte(&c->out, '}');
    }
    call_items_end(c, (str){0});
    return ERR_OK;
}

static err list(struct call *c)
{
    c->data = all_of(c);
    return call_engine(c, list_answer);
}

static err show_answer(struct call *c)
{
    const struct json *j;
    TRY(json_parse(*(str *)c->data, c->arena, &j, &c->why));
    put_shown(c, &c->out, j, c->params[0]);
    (void)put_users(c, &c->out, c->params[0]);
    buf_byte(&c->out, '}');
    return ERR_OK;
}

static err find(struct call *c, str id)
{
    str *source = arena_alloc(c->arena, sizeof *source);
    *source = office_draft_get(c->server->office, S("asset"), id, c->arena);
    c->data = source;
    c->params[0] = id;
    return source->n ? ERR_OK : diag_set(&c->why, ERR_NOT_FOUND, "there is no picture of this id");
}

static err show_one(struct call *c)
{
    TRY(find(c, c->params[0]));
    return call_engine(c, show_answer);
}

/* ---- keeping ---- */

static err keep(struct call *c)
{
    struct upload *u = c->data;
    struct buf b;
    buf_init(&b, 4096);
    buf_byte(&b, '{');
    json_put_kv_str(&b, S("id"), str_of(u->id));
    json_put_kv_str(&b, S("name"), str_slice(u->name, 0, 200));
    json_put_kv_str(&b, S("path"), arena_printf(c->arena, "/a/%s.%s", u->id, u->picture.extension));
    json_put_kv_str(&b, S("type"), str_of(u->picture.type));
    json_put_kv_i64(&b, S("bytes"), (i64)u->bytes.n);
    json_put_kv_i64(&b, S("width"), u->picture.width);
    json_put_kv_i64(&b, S("height"), u->picture.height);
    json_put_kv_time(&b, S("created_at"), server_now(c->server));
    buf_byte(&b, '}');
    err e = office_draft_put(c->server->office, S("asset"), str_of(u->id), buf_str(&b),
                             server_now(c->server), &c->why);
    buf_clear(&b);
    TRY(e);
    c->status = 201;
    TRY(find(c, str_of(u->id)));
    return call_engine(c, show_answer);
}

/* On the helper: whole, then under its name, so that nobody ever reads half of it. */
static err write_file(struct call *c)
{
    struct upload *u = c->data;
    struct env *env = c->server->env;
    const char *dir = arena_printf(c->arena, "%s/assets", c->server->options.dir).p,
               *path = file_path(c, u->id, u->picture.extension),
               *draft = arena_printf(c->arena, "%s.new", path).p;
    struct file *f;
    TRY(env_make_dir(env, dir));
    TRY(env_open(env, draft, FILE_CREATE, &f));
    err e = file_resize(f, 0);
    if (e == ERR_OK) e = file_write(f, 0, u->bytes.p, u->bytes.n);
    if (e == ERR_OK) e = file_sync(f);
    file_close(f);
    if (e == ERR_OK) e = env_rename(env, draft, path);
    if (e == ERR_OK) e = env_sync_dir(env, dir);
    if (e != ERR_OK) return diag_set(&c->why, e, "the picture cannot be written to the disk");
    return call_loop(c, keep);
}

static err create(struct call *c)
{
    struct upload *u = arena_zalloc(c->arena, sizeof *u);
    TRY(read_upload(c, u));
    hash128_hex(hash_sip(c->server->key, u->bytes), u->id);
    c->data = u;
    str *known = arena_alloc(c->arena, sizeof *known);
    *known = office_draft_get(c->server->office, S("asset"), str_of(u->id), c->arena);
    if (known->n) { /* the same bytes are one picture */
        c->status = 201;
        TRY(find(c, str_of(u->id)));
        return call_engine(c, show_answer);
    }
    if (all_of(c)->count >= ASSETS_MAX)
        return diag_set(&c->why, ERR_LIMIT, "there are %d pictures: take some away", ASSETS_MAX);
    return call_helper(c, write_file);
}

/* ---- taking away ---- */

static err forget(struct call *c)
{
    const struct json *j;
    TRY(json_parse(*(str *)c->data, c->arena, &j, &c->why));
    str path = json_get_str(j, "path", (str){0});
    TRY(office_draft_delete(c->server->office, S("asset"), c->params[0], &c->why));
    (void)!env_remove(c->server->env,
                      arena_printf(c->arena, "%s/assets/%.*s", c->server->options.dir,
                                   STR_ARG(str_slice(path, 3, path.n)))
                          .p);
    return answer_nothing(c);
}

static err drop_unused(struct call *c)
{
    struct buf ignored;
    buf_init(&ignored, 1 << 20);
    u32 users = put_users(c, &ignored, c->params[0]);
    buf_clear(&ignored);
    if (users)
        return diag_set(&c->why, ERR_CONFLICT, "%u templates use it: take it out of them first",
                        users);
    return call_loop(c, forget);
}

static err drop(struct call *c)
{
    TRY(find(c, c->params[0]));
    return call_engine(c, drop_unused);
}

/* ---- serving ---- */

static const char *type_of(str file)
{
    static const char *const TYPES[][2] = {{".png", "image/png"},
                                           {".jpg", "image/jpeg"},
                                           {".gif", "image/gif"},
                                           {".webp", "image/webp"}};
    bool good = file.n > 33;
    for (size_t i = 0; i < 32 && good; i++)
        good = (file.p[i] >= '0' && file.p[i] <= '9') || (file.p[i] >= 'a' && file.p[i] <= 'f');
    for (u32 i = 0; i < COUNT_OF(TYPES) && good; i++)
        if (str_eq(str_slice(file, 32, file.n), str_of(TYPES[i][0]))) return TYPES[i][1];
    return NULL;
}

static err read_file(struct call *c)
{
    const char *path =
        arena_printf(c->arena, "%s/assets/%.*s", c->server->options.dir, STR_ARG(c->params[0])).p;
    struct file *f;
    u64 size = 0;
    size_t got = 0;
    if (env_open(c->server->env, path, FILE_READ, &f) != ERR_OK)
        return diag_set(&c->why, ERR_NOT_FOUND, "nothing is at this address");
    err e = file_size(f, &size);
    char *room = e == ERR_OK && size <= ASSET_BYTES_MAX ? buf_room(&c->out, size) : NULL;
    if (room) e = file_read(f, 0, room, size, &got);
    if (room && e == ERR_OK) c->out.n += got;
    file_close(f);
    TRY(e);
    call_header(c, "Cache-Control", S("public, max-age=31536000, immutable"));
    call_header(c, "X-Content-Type-Options", S("nosniff"));
    call_header(c, "Cross-Origin-Resource-Policy", S("cross-origin"));
    call_header(c, "Content-Security-Policy", S("default-src 'none'; sandbox"));
    c->type = str_of(type_of(c->params[0]));
    return ERR_OK;
}

static err serve(struct call *c)
{
    if (!type_of(c->params[0]))
        return diag_set(&c->why, ERR_NOT_FOUND, "nothing is at this address");
    return call_helper(c, read_file);
}

extern const struct route ROUTES_ASSETS[];
const struct route ROUTES_ASSETS[] = {
    {METHOD_GET, "/api/v1/assets", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_LOOP, list},
    {METHOD_POST, "/api/v1/assets", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_LOOP, create},
    {METHOD_GET, "/api/v1/assets/{id}", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_LOOP, show_one},
    {METHOD_DELETE, "/api/v1/assets/{id}", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_LOOP, drop},
    {METHOD_GET, "/a/{file}", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, serve},
    {0}};

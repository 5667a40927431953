/* route_coupons.c — coupons: what they are worth, their codes, what became of them. */
#include "server/publish.h"

#include "offer/offer.h"

static void put_coupon(struct call *c, u32 code, str source)
{
    struct engine *e = c->server->engine;
    struct offer_info i = {0};
    u32 version = 0;
    (void)engine_object(e, OBJECT_COUPON, names_text(engine_names(e), NAME_OBJECT, code), &version);
    offer_info(engine_offers(e), code, &i);
    object_begin(c, source);
    json_put_kv_i64(&c->out, S("version"), version);
    json_put_kv_i64(&c->out, S("granted"), (i64)i.granted);
    json_put_kv_i64(&c->out, S("claimed"), (i64)i.claimed);
    json_put_kv_i64(&c->out, S("used"), (i64)i.used);
    json_put_kv_i64(&c->out, S("expired"), (i64)i.expired);
    json_put_kv_i64(&c->out, S("rejected"), (i64)i.rejected);
    json_put_kv_i64(&c->out, S("missed"), (i64)i.missed);
    if (i.pool) json_put_kv_i64(&c->out, S("left"), i.left);
    buf_byte(&c->out, '}');
}

static err list(struct call *c)
{
    object_list(c, OBJECT_COUPON, put_coupon);
    return ERR_OK;
}

static err show_one(struct call *c)
{
    struct engine *e = c->server->engine;
    str source = engine_object(e, OBJECT_COUPON, c->params[0], NULL);
    if (source.n == 0) return diag_set(&c->why, ERR_NOT_FOUND, "there is no coupon of this id");
    put_coupon(c, names_find(engine_names(e), NAME_OBJECT, c->params[0]), source);
    return ERR_OK;
}

static err store(struct call *c, str id)
{
    c->params[0] = id;
    return object_publish(c, OBJECT_COUPON, object_source(c, id), show_one);
}

static err create(struct call *c)
{
    str id;
    TRY(object_id(c, "coupon", &id));
    if (engine_object(c->server->engine, OBJECT_COUPON, id, NULL).n)
        return diag_at(&c->why, ERR_CONFLICT, S("/id"), "there is already a coupon of this id");
    c->status = 201;
    return store(c, id);
}

static err replace(struct call *c)
{
    return store(c, c->params[0]);
}

static err drop(struct call *c)
{
    return object_remove(c, OBJECT_COUPON, c->params[0], answer_nothing);
}

/* ---- codes of a pool ---- */

MUST_USE static err add_code(struct call *c, struct buf *b, str code, u32 line)
{
    char path[32];
    if (code.n == 0) return ERR_OK;
    bool good = code.n <= OFFER_CODE_MAX;
    for (size_t i = 0; i < code.n; i++) good &= (u8)code.p[i] > ' ' && code.p[i] != 0x7f;
    buf_str_varint(b, code);
    if (good) return ERR_OK;
    (void)snprintf(path, sizeof path, "/%u", line);
    return diag_at(&c->why, ERR_REFUSED, str_of(path),
                   "a code has 1 to %d characters, without spaces", OFFER_CODE_MAX);
}

/* A code a line; a blank line is none. */
MUST_USE static err text_codes(struct call *c, struct buf *b, str text)
{
    u32 line = 0;
    if (!str_is_utf8(text)) return diag_set(&c->why, ERR_INVALID, "the text has to be UTF-8");
    if (str_starts(text, S("\xEF\xBB\xBF"))) text = str_slice(text, 3, text.n);
    while (text.n) {
        ptrdiff_t end = str_index(text, '\n');
        str code = str_trim(end < 0 ? text : str_slice(text, 0, (size_t)end));
        text = end < 0 ? (str){0} : str_slice(text, (size_t)end + 1, text.n);
        TRY(add_code(c, b, code, line++));
    }
    return ERR_OK;
}

MUST_USE static err json_codes(struct call *c, struct buf *b, str text)
{
    const struct json *j;
    u32 n = 0;
    TRY(json_parse(text, c->arena, &j, &c->why));
    const struct json *list_of = j->type == JSON_OBJECT ? json_get(j, "codes") : j;
    if (!json_is(list_of, JSON_ARRAY))
        return diag_set(&c->why, ERR_REFUSED,
                        "send the codes as a list, [\"A1\",\"B2\"], or as text, one a line");
    for (const struct json *code = list_of->child; code; code = code->next) {
        bool is_text = code->type == JSON_STRING || code->type == JSON_NUMBER;
        TRY(add_code(c, b, is_text ? code->text : S(" "), n++));
    }
    return ERR_OK;
}

static err add_codes(struct call *c)
{
    struct engine *e = c->server->engine;
    struct offer_info i;
    struct buf list, b;
    u64 number = 0;
    u32 code = names_find(engine_names(e), NAME_OBJECT, c->params[0]);
    bool there = engine_object(e, OBJECT_COUPON, c->params[0], NULL).n > 0;
    if (!there || !offer_info(engine_offers(e), code, &i))
        return diag_set(&c->why, ERR_NOT_FOUND, "there is no coupon of this id");
    if (!i.pool)
        return diag_set(&c->why, ERR_CONFLICT,
                        "this coupon makes its codes; with \"pool\":true it takes yours");
    str text = str_trim(c->req->body);
    buf_init(&list, RECORD_BYTES_MAX), buf_init(&b, RECORD_BYTES_MAX);
    bool json = text.n && (text.p[0] == '[' || text.p[0] == '{');
    err r = json ? json_codes(c, &list, text) : text_codes(c, &list, text);
    codes_put(&b, &(struct codes_record){code, buf_str(&list)});
    if (r == ERR_OK && (list.full || b.full))
        r = diag_set(&c->why, ERR_TOO_LARGE, "these are too many codes for one request");
    if (r == ERR_OK) r = call_append(c, RECORD_CODES_, buf_str(&b), &number);
    buf_clear(&list), buf_clear(&b);
    return r == ERR_OK ? call_applied(c, number, show_one) : r;
}

extern const struct route ROUTES_COUPONS[];
const struct route ROUTES_COUPONS[] = {
    {METHOD_GET, "/api/v1/coupons", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE, list},
    {METHOD_POST, "/api/v1/coupons", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE, create},
    {METHOD_GET, "/api/v1/coupons/{id}", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE, show_one},
    {METHOD_PUT, "/api/v1/coupons/{id}", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE, replace},
    {METHOD_DELETE, "/api/v1/coupons/{id}", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE, drop},
    {METHOD_POST, "/api/v1/coupons/{id}/codes", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE,
     add_codes},
    {0}};

/* json_tree.c — looking into a parsed tree, and writing JSON. */
#include "base/json.h"

#include "base/fixed.h"

const struct json *json_get(const struct json *j, const char *name)
{
    const struct json *found = NULL;
    if (!json_is(j, JSON_OBJECT)) return NULL;
    for (const struct json *c = j->child; c; c = c->next)
        if (str_eq(c->key, str_of(name))) found = c;
    return found;
}

bool json_is(const struct json *j, json_type type)
{
    return j && j->type == type;
}

str json_get_str(const struct json *j, const char *name, str otherwise)
{
    const struct json *m = json_get(j, name);
    return json_is(m, JSON_STRING) ? m->text : otherwise;
}

bool json_get_bool(const struct json *j, const char *name, bool otherwise)
{
    const struct json *m = json_get(j, name);
    return json_is(m, JSON_BOOL) ? m->boolean : otherwise;
}

err json_to_i64(const struct json *j, i64 *out)
{
    fixed f;
    if (!json_is(j, JSON_NUMBER)) return ERR_INVALID;
    if (str_to_i64(j->text, out) == ERR_OK) return ERR_OK;
    TRY(fixed_parse(j->text, &f));
    if (f % FIXED_ONE) return ERR_INVALID;
    *out = f / FIXED_ONE;
    return ERR_OK;
}

static void escape(struct buf *b, u8 c)
{
    switch (c) {
    case '"': buf_put(b, S("\\\"")); break;
    case '\\': buf_put(b, S("\\\\")); break;
    case '\n': buf_put(b, S("\\n")); break;
    case '\r': buf_put(b, S("\\r")); break;
    case '\t': buf_put(b, S("\\t")); break;
    default: buf_printf(b, "\\u%04x", c);
    }
}

static void put_valid(struct buf *b, str s)
{
    size_t from = 0;
    if (s.n == 0) return;
    for (size_t i = 0; i < s.n; i++) {
        u8 c = (u8)s.p[i];
        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7F) continue;
        buf_put(b, (str){s.p + from, i - from});
        escape(b, c);
        from = i + 1;
    }
    buf_put(b, (str){s.p + from, s.n - from});
}

/* Bytes that are no UTF-8: each that does not start a whole character becomes U+FFFD. */
static void put_repaired(struct buf *b, str s)
{
    for (size_t i = 0; i < s.n;) {
        size_t len = 1;
        while (len <= 4 && i + len <= s.n && !str_is_utf8((str){s.p + i, len})) len++;
        if (len <= 4 && i + len <= s.n) {
            put_valid(b, (str){s.p + i, len});
            i += len;
        } else {
            buf_put(b, S("\xEF\xBF\xBD"));
            i++;
        }
    }
}

void json_put_str(struct buf *b, str s)
{
    buf_byte(b, '"');
    if (str_is_utf8(s))
        put_valid(b, s);
    else
        put_repaired(b, s);
    buf_byte(b, '"');
}

void json_put_comma(struct buf *b)
{
    if (b->n == 0) return;
    char before = b->p[b->n - 1];
    if (before != '{' && before != '[' && before != ':' && before != ',') buf_byte(b, ',');
}

void json_put_key(struct buf *b, str key)
{
    json_put_comma(b);
    json_put_str(b, key);
    buf_byte(b, ':');
}

void json_put_kv_str(struct buf *b, str key, str s)
{
    json_put_key(b, key);
    json_put_str(b, s);
}

void json_put_kv_i64(struct buf *b, str key, i64 v)
{
    json_put_key(b, key);
    buf_i64_text(b, v);
}

void json_put_kv_bool(struct buf *b, str key, bool v)
{
    json_put_key(b, key);
    buf_put(b, v ? S("true") : S("false"));
}

void json_put(struct buf *b, const struct json *j)
{
    switch (j->type) {
    case JSON_NULL: buf_put(b, S("null")); return;
    case JSON_BOOL: buf_put(b, j->boolean ? S("true") : S("false")); return;
    case JSON_NUMBER: buf_put(b, j->text); return;
    case JSON_STRING: json_put_str(b, j->text); return;
    default: break;
    }
    buf_byte(b, j->type == JSON_ARRAY ? '[' : '{');
    for (const struct json *c = j->child; c; c = c->next) {
        if (j->type == JSON_OBJECT)
            json_put_key(b, c->key);
        else if (c != j->child)
            buf_byte(b, ',');
        json_put(b, c);
    }
    buf_byte(b, j->type == JSON_ARRAY ? ']' : '}');
}

/* values_test.h — values from JSON, as the API gives them. */
#pragma once
#include "base/json.h"
#include "content/liquid.h"

static inline void put_json(struct buf *b, const struct json *j);

static inline void put_members(struct buf *b, const struct json *j, bool keys)
{
    struct buf inner;
    buf_init(&inner, 1 << 20);
    buf_varint(&inner, j->count);
    for (const struct json *c = j->child; c; c = c->next) {
        if (keys) buf_str_varint(&inner, c->key);
        put_json(&inner, c);
    }
    buf_str_varint(b, buf_str(&inner));
    buf_clear(&inner);
}

static inline void put_json(struct buf *b, const struct json *j)
{
    i64 whole;
    fixed decimal;
    value v = {0};
    switch (j->type) {
    case JSON_NULL: v.type = VALUE_NULL; break;
    case JSON_BOOL: v = value_bool(j->boolean); break;
    case JSON_STRING: v = value_text(j->text); break;
    case JSON_NUMBER:
        if (json_to_i64(j, &whole) == ERR_OK && str_index(j->text, '.') < 0)
            v = value_int(whole);
        else if (fixed_parse(j->text, &decimal) == ERR_OK)
            v = value_fixed(decimal);
        else
            v = (value){.type = VALUE_NUMBER, .text = j->text};
        break;
    default:
        buf_byte(b, j->type == JSON_ARRAY ? VALUE_LIST : VALUE_MAP);
        put_members(b, j, j->type == JSON_OBJECT);
        return;
    }
    value_put(b, v);
}

static inline value value_of(struct arena *arena, const struct json *j)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    put_json(&b, j);
    str bytes = arena_str(arena, buf_str(&b));
    buf_clear(&b);
    struct reader r = reader_of(bytes);
    return value_read(&r);
}

static inline value test_lookup(void *ctx, str root, str member)
{
    value v = value_member(*(value *)ctx, root);
    return member.n ? value_member(v, member) : v;
}

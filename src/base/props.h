/* props.h — a list of coded values: {varint code, value}… to the end of its bytes. The properties
 * of an event, the traits of a customer. Order and repetition are kept; the last of a code counts.
 * Code 0 carries one MAP with members whose names got no code (their kind was full). */
#pragma once
#include "base/value.h"

static inline void props_put(struct buf *b, u32 code, value v)
{
    buf_varint(b, code);
    value_put(b, v);
}

/* The next pair; false at the end or when `r` is bad. */
static inline bool props_next(struct reader *r, u32 *code, value *v)
{
    if (r->p == r->end) return false;
    *code = (u32)read_varint(r);
    *v = value_read(r);
    return !r->bad;
}

/* The value of a code, MISSING if there is none. O(list). */
static inline value props_get(str props, u32 code)
{
    struct reader r = reader_of(props);
    value found = {0}, v;
    for (u32 c; props_next(&r, &c, &v);)
        if (c == code) found = v;
    return found;
}

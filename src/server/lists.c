#include "server/lists.h"

err list_fill(struct call *c, u32 to, bool (*in)(void *ctx, persona head), void *ctx)
{
    struct customers *cs = engine_customers(c->server->engine);
    struct buf who, b;
    u32 n = 0;
    err r = ERR_OK;
    buf_init(&who, RECORD_BYTES_MAX), buf_init(&b, RECORD_BYTES_MAX);
    for (persona p = 1; p <= customers_end(cs) && r == ERR_OK; p++) {
        bool is_last = p == customers_end(cs);
        if (!is_last && customer_head(cs, p) == p && in(ctx, p)) {
            buf_varint(&who, p);
            buf_varint(&who, customer_at(cs, p)->flags >> CUSTOMER_LIFE_SHIFT);
            n++;
        }
        if (n < LIST_PERSONAS_MAX && !(is_last && n)) continue;
        buf_reset(&b);
        list_put(&b, &(struct list_record){to, true, buf_str(&who)});
        r = call_append(c, RECORD_LIST_, buf_str(&b), &c->number);
        buf_reset(&who);
        n = 0;
    }
    buf_clear(&who), buf_clear(&b);
    return r;
}

#include "server/sends.h"

void send_to(struct call *c, struct send_asked *a, persona head)
{
    struct customers *cs = engine_customers(c->server->engine);
    struct identifier_view id;
    char *text = arena_alloc(c->arena, CUSTOMER_ID_BYTES + 1);
    customer_id(cs, head, text);
    a->record.customer = (str){text, CUSTOMER_ID_BYTES};
    for (u32 cursor = 0;
         a->id_count < RECORD_IDS_MAX && customer_identifier(cs, head, &cursor, &id);)
        if (!id.shared) a->ids[a->id_count++] = (struct record_id){id.hash, id.space};
}

err send_append(struct call *c, const struct send_asked *a, u64 *number)
{
    struct buf payload, whole;
    struct record r = {.kind = RECORD_SEND_, .level = ENGINE_LEVEL, .occurred_ms = NEVER};
    buf_init(&payload, RECORD_BYTES_MAX);
    buf_init(&whole, RECORD_BYTES_MAX + 4096);
    send_put(&payload, &a->record, a->id_count);
    r.id_count = (u8)a->id_count;
    memcpy(r.ids, a->ids, sizeof r.ids);
    r.payload = buf_str(&payload);
    record_put(&whole, &r);
    err e = whole.full
                ? ERR_TOO_LARGE
                : log_append(engine_log(c->server->engine), buf_str(&whole), 1, false, number);
    buf_clear(&payload);
    buf_clear(&whole);
    if (e != ERR_OK) return diag_set(&c->why, e, "it cannot be written to the log now");
    return ERR_OK;
}

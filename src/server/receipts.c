/* receipts.c — receipts into the log. */
#include "server/receipts.h"

#include <stdlib.h>

enum { TRIES = 1000 };

err receipt_append(struct call *c, const struct receipt_record *r, u64 *number)
{
    struct buf b;
    buf_init(&b, 4096);
    receipt_put(&b, r);
    err e = call_append(c, RECORD_RECEIPT_, buf_str(&b), number);
    buf_clear(&b);
    return e;
}

/* One on its way to the engine's thread. */
struct posted {
    struct server *server;
    struct buf record;
    u32 tries;
};

static void arrive(void *ctx)
{
    struct posted *p = ctx;
    u64 number;
    err e = log_append(engine_log(p->server->engine), buf_str(&p->record), 1, true, &number);
    if ((e == ERR_BUSY || e == ERR_FULL) && ++p->tries < TRIES) {
        postbox_post(&p->server->engine_post, arrive, p);
        return;
    }
    if (e != ERR_OK) server_log(p->server, "receipt lost", "error=%s", err_name(e));
    buf_clear(&p->record);
    free(p);
}

void receipt_post(struct server *s, const struct receipt_record *r)
{
    struct posted *p = mem_zalloc(sizeof *p);
    struct buf payload;
    struct record rec = {.kind = RECORD_RECEIPT_, .level = ENGINE_LEVEL, .occurred_ms = NEVER};
    p->server = s;
    buf_init(&payload, 4096);
    receipt_put(&payload, r);
    rec.payload = buf_str(&payload);
    buf_init(&p->record, 8192);
    record_put(&p->record, &rec);
    buf_clear(&payload);
    postbox_post(&s->engine_post, arrive, p);
}

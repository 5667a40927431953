#include "server/under_way.h"

#include "server/inside.h"

enum { RUN_BYTES_MAX = 64 };

err under_way_read(struct call *c, struct under_way *w)
{
    w->run = c->req ? call_query(c, "run") : (str){0};
    if (w->run.n <= RUN_BYTES_MAX) return ERR_OK;
    return diag_set(&c->why, ERR_INVALID, "\"run\" is a name of at most %d bytes", RUN_BYTES_MAX);
}

void under_way_begin(struct server *s, struct under_way *w)
{
    w->next = s->under_way;
    s->under_way = w;
}

void under_way_end(struct server *s, struct under_way *w)
{
    struct under_way **at = &s->under_way;
    while (*at != w) at = &(*at)->next;
    *at = w->next;
}

err under_way_list(struct call *c)
{
    i64 now_ns = env_mono_ns(c->server->env);
    call_items_begin(c);
    for (const struct under_way *w = c->server->under_way; w; w = w->next) {
        json_put_comma(&c->out);
        buf_byte(&c->out, '{');
        json_put_kv_str(&c->out, S("analysis"), w->name);
        if (w->run.n) json_put_kv_str(&c->out, S("run"), w->run);
        json_put_kv_i64(&c->out, S("percent"), w->percent(w->ctx));
        json_put_kv_i64(&c->out, S("since_ms"), (now_ns - w->began_ns) / 1000000);
        estimate_put(&c->out, &w->estimate);
        buf_byte(&c->out, '}');
    }
    call_items_end(c, (str){0});
    return ERR_OK;
}

/* route_erase.c — everybody of a segment is erased, and how far that and the disk came.
 *
 * What webhooks were told about them goes at once; they themselves some at a time, by records that
 * the engine proposes (engine/erase_many.c). */
#include "server/call.h"
#include "server/webhooks.h"

#include <stdio.h>
#include <stdlib.h>

enum { TOLD_AT_ONCE = 256 };

static void put_job(struct call *c, u64 number, const struct erase_job_info *job)
{
    enum { ERASURES_SEEN = 4096 };
    struct erasure_info *list = arena_alloc(c->arena, ERASURES_SEEN * sizeof *list);
    u32 open = engine_erasures(c->server->engine, list, ERASURES_SEEN), left = 0;
    for (u32 i = 0; i < open; i++) left += list[i].number > number;
    char id[24];
    snprintf(id, sizeof id, "%llu", (unsigned long long)number);
    buf_byte(&c->out, '{');
    json_put_kv_str(&c->out, S("id"), str_of(id));
    json_put_kv_str(&c->out, S("segment"), job->segment);
    json_put_kv_str(&c->out, S("status"), job->running ? S("running") : S("done"));
    json_put_kv_i64(&c->out, S("customers"), job->total);
    json_put_kv_i64(&c->out, S("erased"), job->erased);
    json_put_kv_bool(&c->out, S("disk_clean"), !job->running && left == 0 && open < ERASURES_SEEN);
    json_put_kv_time(&c->out, S("asked_at"), job->asked_ms);
    if (!job->running) json_put_kv_time(&c->out, S("done_at"), job->done_ms);
    buf_byte(&c->out, '}');
}

/* Their ids, before they are gone. */
static void tell_webhooks(struct server *s, u32 segment)
{
    struct customers *cs = engine_customers(s->engine);
    struct customer_view v = {cs, NULL};
    char(*ids)[33] = mem_alloc(TOLD_AT_ONCE * sizeof *ids);
    u32 n = 0;
    for (persona p = 1; p < customers_end(cs); p++) {
        persona head = customer_head(cs, p);
        if (!head || !segment_holds(engine_segments(s->engine), &v, segment, head)) continue;
        customer_id(cs, p, ids[n++]);
        if (n < TOLD_AT_ONCE) continue;
        webhooks_erase(s, (const char(*)[33])ids, n);
        n = 0;
    }
    if (n) webhooks_erase(s, (const char(*)[33])ids, n);
    free(ids);
}

static err began(struct call *c)
{
    struct erase_job_info job;
    if (!engine_erase_job(c->server->engine, c->number, &job))
        return diag_set(&c->why, ERR_CONFLICT, "the segment is gone, and nobody was erased");
    c->status = 202;
    put_job(c, c->number, &job);
    return ERR_OK;
}

static err erase_members(struct call *c)
{
    struct engine *e = c->server->engine;
    struct segments *sg = engine_segments(e);
    const struct json *said = json_get(c->body, "customers");
    u32 code = names_find(engine_names(e), NAME_OBJECT, c->params[0]);
    i64 expected;
    struct buf b;
    if (!code || engine_object(e, OBJECT_SEGMENT, c->params[0], NULL).n == 0)
        return diag_set(&c->why, ERR_NOT_FOUND, "there is no segment of this id");
    if (segment_cursor(sg, code) < PERSONAS_MAX)
        return diag_set(&c->why, ERR_CONFLICT,
                        "the segment is still being counted; ask again in a moment");
    u32 count = segment_count(sg, code);
    if (!said || json_to_i64(said, &expected) != ERR_OK)
        return diag_at(&c->why, ERR_REFUSED, S("/customers"),
                       "say how many customers are to be erased, for good: the segment has %u now",
                       count);
    if (expected != count)
        return diag_at(&c->why, ERR_CONFLICT, S("/customers"),
                       "the segment has %u customers now; look again, and say that number", count);
    buf_init(&b, 64);
    job_put(&b, &(struct job_record){.kind = JOB_ERASE_MEMBERS, .on = 1, .object = code});
    err r = call_append(c, RECORD_JOB_, buf_str(&b), &c->number);
    buf_clear(&b);
    TRY(r);
    tell_webhooks(c->server, code);
    return call_applied(c, c->number, began);
}

static err get_job(struct call *c)
{
    struct erase_job_info job;
    i64 number;
    if (str_to_i64(c->params[0], &number) != ERR_OK || number < 1 ||
        !engine_erase_job(c->server->engine, (u64)number, &job))
        return diag_set(&c->why, ERR_NOT_FOUND,
                        "there is no erasure of a segment by this id, or it was over long ago");
    put_job(c, (u64)number, &job);
    return ERR_OK;
}

extern const struct route ROUTES_ERASE[];
const struct route ROUTES_ERASE[] = {
    {METHOD_POST, "/api/v1/segments/{id}/erase", NEEDS_SCOPE, SCOPE_ADMIN, ON_ENGINE,
     erase_members},
    {METHOD_GET, "/api/v1/erasures/{id}", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_ENGINE, get_job},
    {0}};

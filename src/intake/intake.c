/* intake.c — one body after another: items to segment_map, what is refused to the list. */
#include "intake/inside.h"

#include <stdlib.h>

enum { LIST_BYTES_MAX = 8 << 20, BODY_BYTES = 4 << 20, ITEM_BYTES = 32 << 10, NAMES_A_DAY = 200 };

struct intake *intake_new(const struct intake_options *o)
{
    struct intake *in = mem_zalloc(sizeof *in);
    in->o = *o;
    if (!in->o.body_bytes_max) in->o.body_bytes_max = BODY_BYTES;
    if (!in->o.item_bytes_max) in->o.item_bytes_max = ITEM_BYTES;
    if (!in->o.browser_names_max) in->o.browser_names_max = NAMES_A_DAY;
    intake_settings(in, o->zone, o->phone_country);
    in->body = body_new();
    struct buf *bufs[] = {&in->props,   &in->traits, &in->consents, &in->tags,
                          &in->context, &in->rest,   &in->text,     &in->payload};
    for (u32 i = 0; i < COUNT_OF(bufs); i++) buf_init(bufs[i], LIST_BYTES_MAX);
    return in;
}

void intake_free(struct intake *in)
{
    if (!in) return;
    struct buf *bufs[] = {&in->props,   &in->traits, &in->consents, &in->tags,
                          &in->context, &in->rest,   &in->text,     &in->payload};
    for (u32 i = 0; i < COUNT_OF(bufs); i++) buf_clear(bufs[i]);
    body_free(in->body);
    free(in->quotas);
    free(in);
}

void intake_settings(struct intake *in, const struct zone *zone, str phone_country)
{
    in->o.zone = zone;
    size_t n = min_size(phone_country.n, sizeof in->country);
    if (n) memcpy(in->country, phone_country.p, n);
    in->o.phone_country = (str){in->country, n};
}

bool intake_call_of(str name, intake_call *out)
{
    static const struct {
        const char *word, *letter;
        intake_call call;
    } CALLS[] = {
        {"track", "t", INTAKE_TRACK}, {"identify", "i", INTAKE_IDENTIFY},
        {"page", "p", INTAKE_PAGE},   {"screen", "s", INTAKE_SCREEN},
        {"group", "g", INTAKE_GROUP}, {"alias", "a", INTAKE_ALIAS},
        {"batch", "b", INTAKE_BATCH}, {"import", "import", INTAKE_IMPORT},
    };
    for (u32 i = 0; i < COUNT_OF(CALLS); i++) {
        if (!str_eq(name, str_of(CALLS[i].word)) && !str_eq(name, str_of(CALLS[i].letter)))
            continue;
        *out = CALLS[i].call;
        return true;
    }
    return false;
}

/* ---- one item ---- */

/* The head of `s`, cut where a character begins. */
static size_t head_bytes(str s, size_t max)
{
    if (s.n <= max) return s.n;
    size_t n = max;
    while (n && ((u8)s.p[n] & 0xC0) == 0x80) n--;
    return n;
}

static void reject(struct intake_result *out, str text, const char *reason)
{
    u32 index = out->accepted + out->rejected++;
    if (out->kept == REJECTIONS_KEPT) return;
    struct rejection *r = &out->rejections[out->kept++];
    r->index = index;
    size_t n = head_bytes(str_of(reason), sizeof r->reason - 1);
    memcpy(r->reason, reason, n);
    r->reason[n] = 0;
    r->sample_bytes = (u32)head_bytes(text, sizeof r->sample);
    memcpy(r->sample, text.p, r->sample_bytes);
}

static struct members inside(const struct body_map *map)
{
    const u8 *p = (const u8 *)map->members.p;
    return (struct members){p, p + map->members.n, map->count};
}

static err on_item(void *ctx, const struct body_item *item)
{
    struct batch_run *run = ctx;
    struct diag *why = &run->in->making.why;
    why->code = ERR_OK;
    if (item->broken) {
        diag_set(why, ERR_REFUSED, "the event cannot be read: %s", item->broken);
    } else if (item->text.n > run->in->o.item_bytes_max) {
        diag_set(why, ERR_REFUSED, "the event is larger than %u bytes", run->in->o.item_bytes_max);
    } else {
        err e = segment_map(run, inside(&item->map));
        if (e == ERR_OK) run->out->accepted++;
        if (e != ERR_REFUSED) return e;
    }
    reject(run->out, item->text, why->message);
    return ERR_OK;
}

static void on_outer(void *ctx, const struct body_map *map)
{
    struct batch_run *run = ctx;
    run->context = members_find(inside(map), S("context"));
    run->clock_error_ms = segment_clock_error(run, members_find(inside(map), S("sentAt")));
}

/* ---- one body ---- */

err intake_batch(struct intake *in, const struct intake_source *from, intake_call call, str body,
                 i64 now_ms, struct buf *records, struct intake_result *out, struct diag *why)
{
    struct batch_run run = {
        .in = in, .from = from, .call = call, .now_ms = now_ms, .records = records, .out = out};
    struct body_reader reader = {on_outer, on_item, &run};
    bool batch = call == INTAKE_BATCH || call == INTAKE_IMPORT;
    size_t before = records->n;
    out->accepted = out->rejected = out->kept = 0;
    if (body.n > in->o.body_bytes_max)
        return diag_set(why, ERR_TOO_LARGE, "the body is larger than %u bytes",
                        in->o.body_bytes_max);
    err e = batch ? body_read_batch(in->body, body, S("batch"), &reader, why)
                  : body_read_item(in->body, body, &reader, why);
    if (e == ERR_OK && records->full)
        e = diag_set(why, ERR_TOO_LARGE, "the events of the body are too large together");
    if (e != ERR_OK) records->n = before;
    return e;
}

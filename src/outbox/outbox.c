/* outbox.c — the states of a delivery, moved by reports, outcomes and room in the log. */
#include "outbox/inside.h"

#include <stdlib.h>

/* ---- life ---- */

struct outbox *outbox_new(struct engine *e, struct env *env, const struct outbox_options *options)
{
    struct outbox *o = mem_zalloc(sizeof *o);
    o->engine = e;
    o->env = env;
    o->deliveries_max = options->deliveries_max ? options->deliveries_max : DELIVERIES_DEFAULT;
    o->deliveries = mem_zalloc(o->deliveries_max * sizeof *o->deliveries);
    o->stub_templates = options->stub_templates;
    o->staff = options->staff;
    o->staff_ctx = options->ctx;
    o->reports = reports_new(options->wake, options->ctx);
    char *url = mem_alloc(options->public_url.n + 1);
    if (options->public_url.n) memcpy(url, options->public_url.p, options->public_url.n);
    o->public_url = (str){url, options->public_url.n};
    buf_init(&o->record, RECORD_BYTES_MAX);
    return o;
}

void outbox_free(struct outbox *o)
{
    if (!o) return;
    for (u32 i = 0; i < o->deliveries_max; i++) arena_free(o->deliveries[i].arena);
    for (u32 i = 0; i < CHANNELS; i++) {
        waiting_free(&o->channels[i]);
        arena_free(o->channels[i].arena);
    }
    templates_free(o);
    reports_free(o->reports);
    buf_clear(&o->record);
    free(o->deliveries);
    free((char *)(uintptr_t)o->public_url.p);
    free(o);
}

void outbox_channel(struct outbox *o, u32 channel, const struct provider_type *type, void *provider,
                    str from)
{
    MUST(channel > 0 && channel < CHANNELS);
    struct channel *c = &o->channels[channel];
    struct arena *arena = arena_new();
    o->connected += type != NULL;
    o->connected -= c->type != NULL;
    c->type = type;
    c->provider = provider;
    c->from = arena_str(arena, from);
    c->mail = (struct channel_mail){0};
    c->connections = type ? type->connections(provider) : 0;
    c->rests_until = 0;
    c->detail[0] = 0;
    arena_free(c->arena);
    c->arena = arena;
}

void outbox_channel_mail(struct outbox *o, u32 channel, const struct channel_mail *m)
{
    struct channel *c = &o->channels[channel];
    MUST(channel > 0 && channel < CHANNELS && c->arena);
    c->mail = *m;
    c->mail.reply_to = arena_str(c->arena, m->reply_to);
}

bool outbox_uses(const struct outbox *o, const void *provider)
{
    for (u32 i = 1; i < CHANNELS; i++)
        if (o->channels[i].type && o->channels[i].provider == provider) return true;
    for (u32 i = 0; i < o->deliveries_max; i++)
        if (o->deliveries[i].state != DELIVERY_FREE && o->deliveries[i].provider == provider)
            return true;
    return false;
}

u32 outbox_in_flight(const struct outbox *o)
{
    return o->in_flight;
}

void outbox_pause(struct outbox *o, bool paused)
{
    o->paused = paused;
}

i64 outbox_next_due(const struct outbox *o)
{
    i64 next = NEVER;
    for (u32 i = 1; i < CHANNELS; i++)
        if (o->channels[i].type && o->channels[i].rests_until)
            next = min_i64(next, o->channels[i].rests_until);
    return next;
}

void outbox_channel_state(const struct outbox *o, u32 channel, struct channel_state *out)
{
    *out = (struct channel_state){0};
    if (!channel || channel >= CHANNELS) return;
    const struct channel *c = &o->channels[channel];
    *out = (struct channel_state){.connected = c->type != NULL,
                                  .rests_until_ms = c->rests_until,
                                  .in_flight = c->in_flight,
                                  .sent = c->sent,
                                  .failed = c->failed};
    for (u32 l = 0; l < LANE_COUNT; l++) out->waiting += c->waiting[l].count;
    memcpy(out->detail, c->detail, sizeof out->detail);
}

/* ---- deliveries ---- */

struct delivery *outbox_find(struct outbox *o, u32 message, hash128 id)
{
    for (u32 i = 0; i < o->deliveries_max; i++) {
        struct delivery *d = &o->deliveries[i];
        if (d->state != DELIVERY_FREE && d->message == message && hash128_eq(d->id, id)) return d;
    }
    return NULL;
}

void delivery_release(struct outbox *o, struct delivery *d)
{
    struct channel *c = &o->channels[d->channel];
    d->state = DELIVERY_FREE;
    o->in_flight--;
    c->in_flight--;
    o->broadcasts -= d->lane == LANE_BROADCAST;
    c->broadcasts -= d->lane == LANE_BROADCAST;
}

/* The message is planned as before: it is taken again when its turn comes. */
static void give_back(struct outbox *o, struct delivery *d)
{
    const struct message_row *m = message_at(engine_messages(o->engine), d->message);
    if (m && m->id_low == d->id.lo) message_put_back(engine_messages(o->engine), d->message);
    delivery_release(o, d);
}

static void set_answer(struct delivery *d, answer_class class, i64 retry_in_ms, str detail)
{
    size_t n = min_size(detail.n, 200);
    while (n && n < detail.n && ((u8)detail.p[n] & 0xC0) == 0x80) n--;
    d->answer = (u8) class;
    d->retry_in_ms = retry_in_ms;
    memmove(d->detail, detail.p, n);
    d->detail[n] = 0;
}

void delivery_fail(struct delivery *d, answer_class class, i64 retry_in_ms, str detail)
{
    set_answer(d, class, retry_in_ms, detail);
    d->state = DELIVERY_TO_FAIL;
}

static void drop(struct delivery *d, delivery_state then)
{
    d->state = (u8)then;
    d->type->drop(d->provider, d);
}

/* ---- reports ---- */

/* The channel is to blame: it rests, and its messages wait. Others of the same failure change
 * nothing. */
static void rest(struct channel *c, const struct delivery *d, i64 now)
{
    if (c->provider != d->provider || c->rests_until > now) return;
    c->rests_until = now + max_i64(d->retry_in_ms, SECOND);
    memcpy(c->detail, d->detail, sizeof c->detail);
}

static void on_done(struct channel *c, struct delivery *d)
{
    bool claimed = d->state == DELIVERY_GOING;
    MUST(claimed || d->state == DELIVERY_PREPARING);
    d->state = claimed ? DELIVERY_TO_ANSWER : DELIVERY_TO_FAIL;
    if (!claimed) MUST(d->answer != ANSWER_SENT && d->answer != ANSWER_UNKNOWN);
    if (d->answer == ANSWER_SENT)
        c->sent++;
    else
        c->failed++;
}

static void on_report(struct outbox *o, struct delivery *d, report_kind kind, i64 now)
{
    struct channel *c = &o->channels[d->channel];
    if (d->test_done) {
        test_report(o, d, kind);
        return;
    }
    switch (kind) {
    case REPORT_READY:
        MUST(d->state == DELIVERY_PREPARING);
        d->state = DELIVERY_TO_CLAIM;
        if (c->provider != d->provider) break;
        c->rests_until = 0;
        c->detail[0] = 0;
        break;
    case REPORT_DONE: on_done(c, d); break;
    case REPORT_HELD:
        MUST(d->state == DELIVERY_PREPARING);
        rest(c, d, now);
        give_back(o, d);
        break;
    case REPORT_DROPPED:
        MUST(d->state == DELIVERY_DROPPING || d->state == DELIVERY_RETURNING);
        if (d->state == DELIVERY_RETURNING)
            give_back(o, d);
        else
            delivery_release(o, d);
        break;
    case REPORT_NONE: break;
    }
}

/* ---- outcomes ---- */

/* The customer changed since the rendering. The connection stays while the address does: a provider
 * looks at the content only at go. */
static void render_again(struct outbox *o, struct delivery *d)
{
    struct diag why = {0};
    hash128 address = d->address;
    if (++d->stale < STALE_MAX && delivery_render(o, d, &why) == ERR_OK &&
        hash128_eq(address, d->address))
        d->state = DELIVERY_TO_CLAIM;
    else
        drop(d, DELIVERY_RETURNING); /* and whatever is wrong is found at its next turn */
}

static void on_claimed(struct outbox *o, struct delivery *d, refusal why)
{
    if (why == REFUSAL_NONE) {
        KILL_POINT(o->env, "outbox.after_grant");
        d->state = DELIVERY_GOING;
        d->type->go(d->provider, d);
    } else if (why == REFUSAL_STALE) {
        render_again(o, d);
    } else {
        drop(d, DELIVERY_DROPPING);
    }
}

/* The answer stood right behind the claim; only a stale claim left both without effect. What could
 * not be said may be sayable now; what a provider refused is refused, unless it was for another
 * address. */
static void on_failed(struct outbox *o, struct delivery *d, refusal why)
{
    struct diag ignored = {0};
    if (why != REFUSAL_STALE) {
        delivery_release(o, d);
        return;
    }
    hash128 address = d->address;
    if (d->unsayable || delivery_render(o, d, &ignored) != ERR_OK ||
        !hash128_eq(address, d->address))
        give_back(o, d);
    else
        d->state = DELIVERY_TO_FAIL;
}

static void on_judged(struct outbox *o, struct delivery *d, refusal why)
{
    if (why == REFUSAL_STALE) {
        give_back(o, d);
    } else if (why == REFUSAL_NONE) { /* the reason passed in between: it is due again at once */
        set_answer(d, ANSWER_RETRY, 0, S("allowed meanwhile"));
        d->state = DELIVERY_TO_ANSWER;
    } else {
        delivery_release(o, d);
    }
}

static void on_outcome(struct outbox *o, const struct claim_outcome *outcome)
{
    struct delivery *d = outbox_find(o, outcome->message, outcome->id);
    if (!d) return; /* of a process before, or of another outbox */
    switch (d->state) {
    case DELIVERY_CLAIMING: on_claimed(o, d, outcome->why); break;
    case DELIVERY_FAILING: on_failed(o, d, outcome->why); break;
    case DELIVERY_JUDGING: on_judged(o, d, outcome->why); break;
    default: break;
    }
}

/* ---- records ---- */

MUST_USE static err write_one(struct outbox *o, struct delivery *d, i64 now)
{
    switch (d->state) {
    case DELIVERY_TO_ANSWER:
        TRY(append_answer(o, d, now));
        delivery_release(o, d);
        break;
    case DELIVERY_TO_CLAIM:
        TRY(append_claim(o, d));
        d->state = DELIVERY_CLAIMING;
        break;
    case DELIVERY_TO_JUDGE:
        TRY(append_claim(o, d));
        d->state = DELIVERY_JUDGING;
        break;
    case DELIVERY_TO_FAIL:
        TRY(append_failure(o, d, now));
        d->state = DELIVERY_FAILING;
        break;
    default: return ERR_AGAIN;
    }
    return ERR_OK;
}

/* Answers first: they free connections, and nothing must keep what was sent from being written
 * down. A full log is tried again at the next step. */
static bool write_all(struct outbox *o, i64 now)
{
    bool any = false;
    for (int answers = 1; answers >= 0; answers--) {
        for (u32 i = 0, left = o->in_flight; i < o->deliveries_max && left; i++) {
            struct delivery *d = &o->deliveries[i];
            if (d->state == DELIVERY_FREE) continue;
            left--;
            if ((d->state == DELIVERY_TO_ANSWER) != answers) continue;
            err e = write_one(o, d, now);
            any |= e == ERR_OK;
            if (e != ERR_OK && e != ERR_AGAIN) return any;
        }
    }
    return any;
}

static void wake_channels(struct outbox *o, i64 now)
{
    for (u32 i = 1; i < CHANNELS; i++)
        if (o->channels[i].rests_until <= now) o->channels[i].rests_until = 0;
}

bool outbox_step(struct outbox *o, i64 now)
{
    bool any = false;
    report_kind kind;
    wake_channels(o, now);
    struct claim_outcome outcome;
    for (struct delivery *d; (d = reports_take(o->reports, &kind)); any = true)
        on_report(o, d, kind, now);
    for (; engine_outcome(o->engine, &outcome); any = true) on_outcome(o, &outcome);
    any |= outbox_take(o, now);
    any |= write_all(o, now);
    return any;
}

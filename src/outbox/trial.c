/* trial.c — a test: one message to one address, by the provider that carries its channel.
 *
 * It takes a connection like any delivery and counts as in flight, so that a provider is not closed
 * under it. Nobody's history has it, nothing is claimed and nothing is tried again: who asked for
 * it waits for the answer. */
#include "outbox/inside.h"

#include <stdio.h>

str outbox_from(const struct outbox *o, u32 channel)
{
    return channel && channel < CHANNELS ? o->channels[channel].from : (str){0};
}

bool outbox_connected(const struct outbox *o, u32 channel)
{
    return channel && channel < CHANNELS && o->channels[channel].type;
}

MUST_USE static err admit(const struct outbox *o, u32 channel, struct diag *why)
{
    if (!outbox_connected(o, channel))
        return diag_set(why, ERR_NOT_FOUND, "no provider is connected for this channel");
    const struct channel *c = &o->channels[channel];
    if (o->paused || c->in_flight >= c->connections || o->in_flight >= o->deliveries_max)
        return diag_set(why, ERR_BUSY, "the channel is busy; try again in a moment");
    return ERR_OK;
}

err outbox_test_send(struct outbox *o, const struct outbox_trial *t, str to, hash128 id,
                     void (*done)(void *ctx, const struct outbox_answer *a), void *ctx,
                     struct diag *why)
{
    struct rendered content;
    struct delivery *d = o->deliveries;
    TRY(admit(o, t->channel, why));
    if (to.n == 0 || to.n >= sizeof d->to)
        return diag_at(why, ERR_REFUSED, S("/to"), "an address is needed");
    struct channel *c = &o->channels[t->channel];
    while (d->state != DELIVERY_FREE) d++;
    struct arena *arena = d->arena ? d->arena : arena_new();
    arena_reset(arena);
    d->arena = arena;
    TRY(outbox_say(o, t, arena, &content, NULL, why));
    *d = (struct delivery){.id = id,
                           .date_ms = t->now_ms,
                           .content = content,
                           .template = arena_str(arena, t->id),
                           .category = (u8)t->category,
                           .reports = o->reports,
                           .arena = arena,
                           .type = c->type,
                           .provider = c->provider,
                           .channel = t->channel,
                           .state = DELIVERY_TESTING,
                           .lane = LANE_TRANSACTIONAL,
                           .test_done = done,
                           .test_ctx = ctx};
    memcpy(d->to, to.p, to.n);
    d->from = arena_str(arena, content.from.n ? content.from : c->from);
    d->reply_to = arena_str(arena, content.reply_to.n ? content.reply_to : c->mail.reply_to);
    o->in_flight++;
    c->in_flight++;
    d->type->prepare(d->provider, d);
    return ERR_OK;
}

void test_report(struct outbox *o, struct delivery *d, report_kind kind)
{
    struct outbox_answer a = {.class = (answer_class)d->answer};
    if (kind == REPORT_READY) {
        d->type->go(d->provider, d);
        return;
    }
    if (kind == REPORT_NONE) return;
    if (kind != REPORT_DONE) a.class = ANSWER_RETRY;
    snprintf(a.detail, sizeof a.detail, "%s", d->detail);
    void (*done)(void *ctx, const struct outbox_answer *answer) = d->test_done;
    void *ctx = d->test_ctx;
    d->test_done = NULL;
    delivery_release(o, d);
    done(ctx, &a);
}

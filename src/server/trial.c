#include "server/trial.h"

#include "server/channels.h"
#include "server/watch.h"

#include <stdio.h>
#include <stdlib.h>

struct trial {
    struct call *call; /* NULL: it was told that it takes too long */
    call_step then;
    struct connected *via; /* NULL: this place is free */
    struct delivery d;
    struct arena *arena;
    i64 begun_ms;
};

struct trials {
    struct server *server;
    struct reports *reports;
    struct trial places[TRIALS_MAX];
};

static void wake(void *ctx)
{
    struct server *s = ctx;
    postbox_ring(&s->engine_post);
}

struct trials *trials_new(struct server *s)
{
    struct trials *t = mem_zalloc(sizeof *t);
    t->server = s;
    t->reports = reports_new(wake, s);
    return t;
}

void trials_free(struct trials *t)
{
    if (!t) return;
    for (u32 i = 0; i < TRIALS_MAX; i++) arena_free(t->places[i].arena);
    reports_free(t->reports);
    free(t);
}

static void tell_caller(struct trial *x, const char *status, const char *detail, i64 now)
{
    struct call *c = x->call;
    if (!c) return;
    struct trial_outcome *o = arena_zalloc(c->arena, sizeof *o);
    o->status = status;
    snprintf(o->detail, sizeof o->detail, "%s", detail);
    o->took_ms = now - x->begun_ms;
    c->data = o;
    x->call = NULL;
    call_wake(c, x->then);
}

/* Views of what the delivery says must outlive the call, which may be gone by then. */
static struct rendered keep(const struct rendered *r, struct arena *a)
{
    return (struct rendered){.subject = arena_str(a, r->subject),
                             .html = arena_str(a, r->html),
                             .text = arena_str(a, r->text),
                             .from = arena_str(a, r->from),
                             .file = arena_str(a, r->file),
                             .file_name = arena_str(a, r->file_name),
                             .file_type = arena_str(a, r->file_type)};
}

err trial_begin(struct call *c, u32 channel, str to, const struct rendered *content, call_step then)
{
    struct server *s = c->server;
    struct trial *x = NULL;
    struct channel_loan loan;
    for (u32 i = 0; i < TRIALS_MAX && !x; i++)
        if (!s->trials->places[i].via) x = &s->trials->places[i];
    if (!x) return diag_set(&c->why, ERR_BUSY, "other tests are under way; wait for them");
    if (to.n >= sizeof x->d.to) return diag_at(&c->why, ERR_REFUSED, S("/to"), "it is too long");
    if (!channel_lend(s, channel, &loan))
        return diag_set(&c->why, ERR_CONFLICT, "the channel is not connected; save it again");
    struct arena *a = x->arena ? x->arena : arena_new();
    arena_reset(a);
    *x = (struct trial){.call = c,
                        .then = then,
                        .via = loan.of,
                        .arena = a,
                        .begun_ms = server_now(s),
                        .d = {.reports = s->trials->reports,
                              .arena = a,
                              .type = loan.type,
                              .provider = loan.provider,
                              .channel = channel,
                              .date_ms = server_now(s),
                              .from = arena_str(a, loan.from),
                              .reply_to = arena_str(a, loan.reply_to),
                              .content = keep(content, a),
                              .category = CATEGORY_TRANSACTIONAL,
                              .lane = LANE_TRANSACTIONAL}};
    env_random(s->env, &x->d.id, sizeof x->d.id);
    memcpy(x->d.to, to.p, to.n);
    memset(x->d.customer, '0', 32);
    x->d.type->prepare(x->d.provider, &x->d);
    return call_park(c);
}

static const char *status_of(const struct trial *x, report_kind kind)
{
    if (kind == REPORT_HELD) return "held";
    switch ((answer_class)x->d.answer) {
    case ANSWER_SENT: return "sent";
    case ANSWER_BOUNCED: return "bounced";
    case ANSWER_RETRY: return "retry";
    case ANSWER_UNKNOWN: return "unknown";
    default: return "rejected";
    }
}

static void on_report(struct trials *t, struct trial *x, report_kind kind, i64 now)
{
    if (kind == REPORT_READY && x->call) {
        x->d.type->go(x->d.provider, &x->d);
        return;
    }
    if (kind == REPORT_READY) { /* nobody waits any more */
        x->d.type->drop(x->d.provider, &x->d);
        return;
    }
    const char *status = status_of(x, kind);
    if (strcmp(status, "sent") != 0) watch_error(t->server, x->d.channel, x->d.detail, now);
    tell_caller(x, status, x->d.detail, now);
    channel_return(t->server, x->via);
    x->via = NULL;
}

bool trials_step(struct server *s, i64 now)
{
    struct trials *t = s->trials;
    struct delivery *d;
    report_kind kind;
    bool any = false;
    for (; (d = reports_take(t->reports, &kind)); any = true)
        for (u32 i = 0; i < TRIALS_MAX; i++)
            if (d == &t->places[i].d) on_report(t, &t->places[i], kind, now);
    for (u32 i = 0; i < TRIALS_MAX; i++) {
        struct trial *x = &t->places[i];
        if (x->via && x->call && now - x->begun_ms > TRIAL_MS)
            tell_caller(x, "timeout", "no answer within 30 seconds", now);
    }
    return any;
}

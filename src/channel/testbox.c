/* testbox.c — the test outbox: accepts at once and keeps nothing; its page renders again what was
 * sent. */
#include "channel/channels.h"

enum { CONNECTIONS = 64 };

/* It has no settings and no state: one stands for all. */
static err open_testbox(const struct json *settings, void *loop, void **out, struct diag *why)
{
    static char the_one;
    (void)settings, (void)loop, (void)why;
    *out = &the_one;
    return ERR_OK;
}

static void close_testbox(void *provider)
{
    (void)provider;
}

static u32 connections(void *provider)
{
    (void)provider;
    return CONNECTIONS;
}

static void prepare(void *provider, struct delivery *d)
{
    (void)provider;
    delivery_ready(d);
}

static void go(void *provider, struct delivery *d)
{
    (void)provider;
    delivery_done(d, ANSWER_SENT, 0, S("accepted by the test outbox"));
}

static void drop(void *provider, struct delivery *d)
{
    (void)provider;
    delivery_dropped(d);
}

const struct provider_type provider_testbox = {
    "outbox", open_testbox, close_testbox, connections, prepare, go, drop,
};

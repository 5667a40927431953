/* routes.c — every table of routes; a new resource is one line. */
#include "server/call.h"

#define TABLES(X)                                                                                  \
    X(HEALTH)                                                                                      \
    X(PAGES)                                                                                       \
    X(SDK)                                                                                         \
    X(CUSTOMERS)                                                                                   \
    X(EDIT)                                                                                        \
    X(WHY)                                                                                         \
    X(IDENTITY)                                                                                    \
    X(ERASE)                                                                                       \
    X(SCHEMA)                                                                                      \
    X(EVENTS)                                                                                      \
    X(ANALYSES)                                                                                    \
    X(BOARDS)                                                                                      \
    X(VOCABULARY)                                                                                  \
    X(SEGMENTS)                                                                                    \
    X(STATES)                                                                                      \
    X(TASKS)                                                                                       \
    X(SIMULATE)                                                                                    \
    X(CHECKS)                                                                                      \
    X(JOURNEYS)                                                                                    \
    X(ENTER)                                                                                       \
    X(PLAYBOOKS)                                                                                   \
    X(PREVIEW)                                                                                     \
    X(TEMPLATES)                                                                                   \
    X(ASSETS)                                                                                      \
    X(COUPONS)                                                                                     \
    X(ORDERS)                                                                                      \
    X(MESSAGES)                                                                                    \
    X(SEND)                                                                                        \
    X(POLICIES)                                                                                    \
    X(CHANNELS)                                                                                    \
    X(LINKS)                                                                                       \
    X(UNSUBSCRIBE)                                                                                 \
    X(PREFERENCES)                                                                                 \
    X(CONSENTS)                                                                                    \
    X(FORMS)                                                                                       \
    X(TOPICS)                                                                                      \
    X(SMS)                                                                                         \
    X(HOOKS)                                                                                       \
    X(WEBHOOKS)                                                                                    \
    X(SOURCES)                                                                                     \
    X(AUDIT)                                                                                       \
    X(SESSION)                                                                                     \
    X(TOTP)                                                                                        \
    X(USERS)                                                                                       \
    X(ENROLMENTS)                                                                                  \
    X(TODAY)                                                                                       \
    X(DOCS)                                                                                        \
    X(PAUSE)                                                                                       \
    X(DEMO)                                                                                        \
    X(SETTINGS)                                                                                    \
    X(IMPORTS)

#define X(name) extern const struct route ROUTES_##name[];
TABLES(X)
#undef X

const struct route *const ROUTES[] = {
#define X(name) ROUTES_##name,
    TABLES(X)
#undef X
};

u32 routes_count(void)
{
    return COUNT_OF(ROUTES);
}

/* policy.h — the workspace's rules of contact: frequency caps, quiet hours, holidays.
 *
 *   {"caps": […], "quiet": […], "holidays": […]} ─policy_compile─► bytes of the PUBLISH record
 *                                                       ─policy_load─► struct policy
 *
 * A key that is absent has its default, an empty list means none. Compiled once, when it is
 * published; nothing here reads a clock. Shapes: docs/messages.md. */
#pragma once
#include "base/json.h"
#include "base/zone.h"
#include "log/names.h"

/* NOTICE: to the staff, about a customer; no journey may choose it. */
typedef enum {
    CATEGORY_PROMOTION,
    CATEGORY_SERVICE,
    CATEGORY_TRANSACTIONAL,
    CATEGORY_NOTICE
} category;
str category_text(category c);
/* Of those that may be chosen. */
bool category_named(str text, category *out);
/* What a journey does in quiet hours. */
typedef enum { QUIET_DEFER, QUIET_DROP, QUIET_IGNORE } quiet_choice;

enum {
    CAPS_MAX = 64,
    QUIET_MAX = 64,
    HOLIDAYS_MAX = 2000,
    CAP_COUNT_MAX = 1000,
    /* Codes of NAME_CHANNEL are 1…255. */
    CHANNELS_ALL = 0,    /* "*": of all channels together; quiet: on every channel */
    CHANNELS_EACH = 256, /* "each": of each channel for itself */
};
#define CAP_WINDOW_MAX (31 * DAY)

typedef enum { CAP_SLIDES, CAP_DAY, CAP_WEEK, CAP_MONTH } cap_period;

struct cap {
    u32 channel;    /* a code, CHANNELS_ALL or CHANNELS_EACH */
    u32 categories; /* 1 << category: whom it binds, and what it counts */
    u32 max;
    cap_period per;
    i64 window_ms; /* SLIDES */
    bool defers;   /* over it, a message waits until it frees; else it is refused */
};

struct quiet {
    u32 channel;        /* a code or CHANNELS_ALL */
    i64 from_ms, to_ms; /* of the day; to ≤ from: over midnight */
    str zone;           /* empty: the customer's */
    bool holidays;      /* only what begins on one of these days */
};

struct policy {
    u32 cap_count, quiet_count, holiday_count;
    struct cap caps[CAPS_MAX];
    struct quiet quiet[QUIET_MAX];
    i64 *holidays; /* day numbers, ascending */
    i64 reach_ms;  /* how far back any cap looks, at most */
};

struct policy_context {
    struct names *names;
    bool (*zone_known)(void *ctx, str name); /* NULL: every name that looks like one */
    void *ctx;
};
/* ERR_REFUSED with a JSON pointer and what to do. Outside apply. */
MUST_USE err policy_compile(const struct json *source, const struct policy_context *context,
                            struct buf *out, struct diag *why);
/* Decodes into `arena`; views into `bytes` are kept. Empty bytes: the defaults. ERR_CORRUPT. */
MUST_USE err policy_load(str bytes, struct arena *arena, struct policy *out);
/* As JSON, whole: {"caps", "quiet", "holidays"}; what `source` (NULL: nothing) has is shown as it
 * was written. */
void policy_show(const struct policy *p, const struct json *source, struct names *names,
                 struct buf *out);

/* The end of the quiet hours that `now` lies in, for a channel; `now` itself if it lies in none.
 * `zone_of` may be NULL, or not know a zone: then the customer's is taken. O(rules). */
i64 policy_quiet_until(const struct policy *p, u32 channel, i64 now, const struct zone *customer,
                       const struct zone *(*zone_of)(void *ctx, str name), void *ctx);

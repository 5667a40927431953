/* cron.h — patterns of local time: "0 9 * * mon-fri", and when they come next.
 *
 * Five fields as in Vixie's cron: minute, hour, day of the month, month, day of the week; names of
 * months and days, lists, ranges and steps; 0 and 7 are Sunday. Where both days are restricted, one
 * of them is enough. A field that begins with a star (also with a step) does not restrict the days.
 *
 * A local time that does not exist comes at the first moment after the gap, one that occurs twice
 * the first time; a pattern of every hour goes on with the clock instead, through both. Two times
 * that fall on one moment are one. */
#pragma once
#include "base/zone.h"

struct cron {
    u64 minutes;               /* bit m */
    u32 hours, days;           /* bit h; bit d, from 1 */
    u16 months;                /* bit m, from 1 */
    u8 weekdays;               /* bit w, 0 = Sunday */
    bool any_day, any_weekday; /* the field begins with a star */
};

enum { CRON_BYTES_MAX = 256 };

/* ERR_REFUSED with a sentence; also for a pattern that never comes (30 February). */
MUST_USE err cron_parse(str text, struct cron *out, struct diag *why);
/* The first moment after `after`; NEVER: none within nine years. A NULL zone is UTC. */
i64 cron_next(const struct cron *c, const struct zone *z, i64 after);

/* Varints, for compiled bytes. */
void cron_put(struct buf *b, const struct cron *c);
bool cron_read(struct reader *r, struct cron *out);

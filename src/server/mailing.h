/* mailing.h — when a board goes out by mail, and to whom it has gone: once each, whatever happens.
 *
 *   slots of the calendar ─ mailing_due ─► slot ─ mailing_claim ─► (kept on disk) ─► handed over
 *                                            ▲                                          │
 *                                            └─────────────── mailing_settle ◄──────────┘
 *
 * A slot is a moment at which it is due: each day, week or month at an hour in the workspace's
 * zone. Recipients are claimed one by one, and a claim is on disk before the mail is handed over: a
 * process that dies in between leaves one recipient unknown, who is not written to again, and goes
 * on with the next. Of slots that passed while nothing ran the last one goes, once. Nothing here
 * reads a clock or writes a file. */
#pragma once
#include "base/json.h"
#include "journey/cron.h"

enum {
    MAILING_TO_MAX = 50,
    MAILING_TRIES = 6,
    MAILING_LATE_MS = 7 * 24 * 3600 * 1000 /* beyond it a slot is past */
};

typedef enum { EVERY_DAY, EVERY_WEEK, EVERY_MONTH } mailing_every;

struct mailing {
    str id, dashboard, language, name;
    mailing_every every;
    u32 weekday, day; /* of a week from 1 = Monday; of a month 1 to 28 */
    i64 at_ms;        /* of the day */
    bool paused;
    const struct json *to; /* texts: addresses, or "user:ID" */
    struct cron cron;
};

/* {every: day|week|month, weekday?, day?, at: "09:00", to: […], language?: zh|en, paused?}.
 * ERR_REFUSED with the member's path. Views into `j`. */
MUST_USE err mailing_read(const struct json *j, struct mailing *out, struct diag *why);

/* How far it is; kept beside it. All zeros at first but `slot`: when it was made. */
struct mailing_state {
    i64 slot;    /* the last one begun */
    bool open;   /* …and not yet through */
    u32 claimed; /* recipients of it that are claimed, in order */
    u32 tries;   /* of the next one */
    i64 not_before;
    u32 sent, failed, unknown; /* of it */
    bool pending;              /* the last claim is not settled */
    i64 ended;                 /* when the last slot was through */
    char detail[208];
};
void mailing_state_put(struct buf *b, const struct mailing_state *s);
void mailing_state_read(const struct json *j, struct mailing_state *out);

/* The slot that is to be worked on at `now`; NEVER: none. Begins it in `s`, or goes on with it:
 * a claim that was left open by a process that died is settled as unknown. */
i64 mailing_due(const struct mailing *m, const struct zone *z, struct mailing_state *s, i64 now);
/* The next slot after now. */
i64 mailing_next(const struct mailing *m, const struct zone *z, i64 now);
/* The recipient whose turn it is, claimed: write the state down, then hand over. False: the slot
 * is through. */
bool mailing_claim(struct mailing_state *s, u32 recipients, i64 now, u32 *whose);

typedef enum { MAILING_SENT, MAILING_FAILED, MAILING_LATER, MAILING_UNKNOWN } mailing_end;
/* What came of the last claim. LATER: nothing was sent; it is tried again, up to MAILING_TRIES. */
void mailing_settle(struct mailing_state *s, mailing_end how, str detail, i64 now);

/* The period that a slot tells of: the day, the seven days, or the month before its day. */
void mailing_period(const struct mailing *m, const struct zone *z, i64 slot, i64 *from, i64 *to);

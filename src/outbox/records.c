/* records.c — claims and answers into the log. */
#include "outbox/inside.h"

/* `claim`, `said` and `opted_out`, any of them, as one append: no crash parts them. */
MUST_USE static err append(struct outbox *o, const struct claim_record *claim,
                           const struct answer_record *said,
                           const struct suppress_record *opted_out)
{
    struct record r = {.level = ENGINE_LEVEL, .occurred_ms = NEVER};
    struct buf payload;
    u64 last;
    u32 count = 0;
    buf_init(&payload, 4096);
    buf_reset(&o->record);
    if (claim) {
        claim_put(&payload, claim);
        r.kind = RECORD_CLAIM_;
        r.payload = buf_str(&payload);
        record_put(&o->record, &r);
        count++;
    }
    if (said) {
        buf_reset(&payload);
        answer_put(&payload, said);
        r.kind = RECORD_ANSWER_;
        r.payload = buf_str(&payload);
        record_put(&o->record, &r);
        count++;
    }
    if (opted_out) {
        buf_reset(&payload);
        suppress_put(&payload, opted_out);
        r.kind = RECORD_SUPPRESS_;
        r.payload = buf_str(&payload);
        record_put(&o->record, &r);
        count++;
    }
    MUST(!payload.full && !o->record.full);
    err e = log_append(engine_log(o->engine), buf_str(&o->record), count, true, &last);
    buf_clear(&payload);
    return e;
}

static struct claim_record claim_of(const struct delivery *d)
{
    return (struct claim_record){d->message, d->id, d->rendered_at, d->address, d->fingerprint};
}

static struct answer_record answer_of(const struct delivery *d, i64 now)
{
    bool retry = d->answer == ANSWER_RETRY || d->answer == ANSWER_RETURNED;
    return (struct answer_record){d->message, d->id, (answer_class)d->answer,
                                  retry ? now + d->retry_in_ms : 0, str_of(d->detail)};
}

err append_claim(struct outbox *o, const struct delivery *d)
{
    struct claim_record claim = claim_of(d);
    KILL_POINT(o->env, "outbox.before_claim");
    return append(o, &claim, NULL, NULL);
}

err append_answer(struct outbox *o, const struct delivery *d, i64 now)
{
    struct answer_record said = answer_of(d, now);
    struct suppress_record out = {d->channel, d->address, SUPPRESSED_OPTED_OUT, d->holder};
    KILL_POINT(o->env, "outbox.before_answer");
    TRY(append(o, NULL, &said, d->opt_out ? &out : NULL));
    KILL_POINT(o->env, "outbox.after_answer");
    return ERR_OK;
}

err append_failure(struct outbox *o, const struct delivery *d, i64 now)
{
    struct claim_record claim = claim_of(d);
    struct answer_record said = answer_of(d, now);
    KILL_POINT(o->env, "outbox.before_claim");
    return append(o, &claim, &said, NULL);
}

/* records.c — claims and answers into the log. */
#include "outbox/inside.h"

/* A claim has values of hers: it names who she is, so that her erasure empties it. An identifier
 * that others have too would leave it as it is; so those come last. */
static void name_her(struct engine *e, u32 message, struct record *r)
{
    const struct message_row *m = message_at(engine_messages(e), message);
    struct identifier_view id;
    if (!m) return;
    persona head = customer_head(engine_customers(e), m->persona);
    for (u32 shared = 0; shared < 2 && r->id_count == 0; shared++)
        for (u32 cursor = 0; r->id_count < RECORD_IDS_MAX &&
                             customer_identifier(engine_customers(e), head, &cursor, &id);)
            if (id.shared == shared) r->ids[r->id_count++] = (struct record_id){id.hash, id.space};
}

/* `claim`, `said` and `opted_out`, any of them, as one append: no crash parts them. */
MUST_USE static err append(struct outbox *o, const struct claim_record *claim,
                           const struct answer_record *said,
                           const struct suppress_record *opted_out)
{
    struct record r = {.level = ENGINE_LEVEL, .occurred_ms = NEVER};
    struct buf payload;
    u64 last;
    u32 count = 0;
    buf_init(&payload, 4096 + CLAIM_VALUES_MAX);
    buf_reset(&o->record);
    if (claim) {
        claim_put(&payload, claim);
        r.kind = RECORD_CLAIM_;
        if (claim->values.n) name_her(o->engine, claim->message, &r);
        r.payload = buf_str(&payload);
        record_put(&o->record, &r);
        count++;
    }
    if (said) {
        buf_reset(&payload);
        answer_put(&payload, said);
        r.kind = RECORD_ANSWER_;
        r.id_count = 0;
        r.payload = buf_str(&payload);
        record_put(&o->record, &r);
        count++;
    }
    if (opted_out) {
        buf_reset(&payload);
        suppress_put(&payload, opted_out);
        r.kind = RECORD_SUPPRESS_;
        r.id_count = 0;
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
    return (struct claim_record){.message = d->message,
                                 .id = d->id,
                                 .rendered_at = d->rendered_at,
                                 .address = d->address,
                                 .fingerprint = d->fingerprint,
                                 .content = d->version,
                                 .values = d->values};
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

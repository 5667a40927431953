/* send.c — one message that a program asks for: to whom, made known if need be, and planned. From
 * there it goes the way of every message. */
#include "engine/engine_internal.h"

/* Whom it goes to; `born` if this record made her. 0: nobody can be found. */
static persona find(struct engine *e, const struct record *r, const struct send_record *s,
                    bool *born)
{
    struct identifier ids[RECORD_IDS_MAX];
    struct resolved out;
    *born = false;
    if (s->customer.n) {
        persona head = engine_head_of(e, s->customer);
        if (head) engine_due(e, head);
        return head;
    }
    for (u32 i = 0; i < r->id_count; i++) {
        ids[i] = (struct identifier){
            .space = r->ids[i].space, .hash = r->ids[i].hash, .value = s->values_of[i]};
        persona head = customer_find(e->customers, ids[i].space, ids[i].hash);
        if (head) engine_due(e, head);
    }
    if (r->id_count == 0) return 0;
    customer_resolve(e->customers, ids, r->id_count, e->now, e->number, &out);
    if (!out.head) return 0;
    identity_joined(e, &out);
    *born = out.is_new;
    return out.head;
}

static void greet(struct engine *e, persona head)
{
    struct customer_row *row = customer_edit(e->customers, head);
    row->first_seen = row->last_seen = n48_of(e->now);
    row->changed = n48_of((i64)e->number);
    e->stats.customers++;
    struct happened *h = engine_event(e, head, EVENT_IDENTIFIED, (str){0}, 0, true);
    if (h) h->born = true;
}

void apply_send(struct engine *e, const struct record *r)
{
    struct send_record s;
    bool born;
    if (r->payload.n == 0) {
        /* Emptied by an erasure: who it made keeps her number, which later records name. */
        s = (struct send_record){0};
        persona gone = find(e, r, &s, &born);
        if (gone && born) greet(e, gone);
        e->blanked = true;
        return;
    }
    if (!send_read(r->payload, r->id_count, &s) || s.category > CATEGORY_TRANSACTIONAL ||
        s.channel == 0 || s.channel > UINT8_MAX || message_by_low(e->messages, s.id_low))
        return;
    persona head = find(e, r, &s, &born);
    if (!head) return;
    if (born) greet(e, head);
    struct message_send what = {.persona = head,
                                .id_low = s.id_low,
                                .body = s.body,
                                .channel = (u8)s.channel,
                                .category = (category)s.category,
                                .template_id = s.template_id,
                                .to = s.to,
                                .topic = s.topic,
                                .values = s.values};
    u32 row = message_send(e->messages, &what, e->now);
    if (row) message_tell(e, row, &(struct message_event){.event = EVENT_MESSAGE_PLANNED});
    engine_arm(e, head);
}

/* notice.c — a step tells the staff: Owner Notified, and a mail to them that is planned with it.
 *
 * The mail is a message of the customer's that no program of hers sends: it takes no place in caps,
 * asks for no consent, and its journey neither waits for it nor takes it back. What it says is kept
 * with it as it was when the step ran, but for the customer, who is read when it is written.
 *
 * values of its message_send: journey, step, entry's key hash, order and time of what began it. */
#include "journey/journey_internal.h"

#include "log/fixed.h"

void notice_plan(struct journeys *j, u32 row, const struct instruction *in, str to, i64 now)
{
    const struct enrolment_row *r = row_at(j, row);
    const struct program *p = program_at(j, row);
    struct buf b;
    buf_init(&b, 4096);
    buf_str_varint(&b, p->id);
    buf_str_varint(&b, names_text(j->names, NAME_OBJECT, in->step));
    buf_u64(&b, r->key);
    buf_u64(&b, r->trigger_order);
    buf_zigzag(&b, r->trigger_ms);
    buf_byte(&b, program_has_event(p));
    struct message_send what = {.persona = r->persona,
                                .id_low = journey_message_id(j, r, p, in->step),
                                .channel = CHANNEL_EMAIL,
                                .category = CATEGORY_NOTICE,
                                .template_id = in->text,
                                .to = to,
                                .values = buf_str(&b)};
    message_send(j->messages, &what, now);
    buf_clear(&b);
}

bool notice_content(const struct journeys *j, const struct message_send *n,
                    struct message_content *out)
{
    struct reader r = reader_of(n->values);
    *out = (struct message_content){.template_id = n->template_id,
                                    .to = n->to,
                                    .category = CATEGORY_NOTICE,
                                    .rules = message_rules_of(CATEGORY_NOTICE)};
    out->journey_id = read_str_varint(&r);
    out->step_id = read_str_varint(&r);
    out->key = read_u64(&r);
    out->entry = read_u64(&r);
    out->trigger_ms = read_zigzag(&r);
    out->trigger_order = read_byte(&r) ? out->entry : 0;
    out->journey = names_find(j->names, NAME_OBJECT, out->journey_id);
    return !r.bad;
}

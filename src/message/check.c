/* check.c — may it be sent: the checks of a claim that are no journey's, in SEMANTICS' order. */
#include "message/message_internal.h"

struct message_rules message_rules_of(category c)
{
    return (struct message_rules){.quiet = QUIET_DEFER,
                                  .dedupe_ms = c == CATEGORY_PROMOTION ? 20 * HOUR : 0,
                                  .expires_ms = DAY};
}

/* What is known of the address itself; NULL: nothing. */
static const struct address_row *address_row_of(const struct messages *m,
                                                const struct claim_check *check)
{
    return hash128_is_zero(check->address) ? NULL : address_of(m->customers, check->address);
}

bool message_consented(const struct customers *c, persona head, category kind, u32 channel,
                       u32 topic_code, const struct address_row *address)
{
    struct customer_view live = {c, NULL};
    if (kind >= CATEGORY_TRANSACTIONAL) return true;
    if (address && address->opted_out) return false;
    u8 whole = view_consent(&live, head, channel, 0);
    u8 topic = topic_code ? view_consent(&live, head, channel, topic_code) : whole;
    if (whole == 2 || topic == 2) return false;
    return kind == CATEGORY_SERVICE || (whole == 1 && topic == 1);
}

/* What holds it back for a while, or for good: quiet hours, then caps. NONE: nothing. */
static refusal hold(const struct messages *m, u32 row, const struct claim_check *check, i64 *until)
{
    const struct message_row *r = row_of(m, row);
    if (r->category >= CATEGORY_TRANSACTIONAL) return REFUSAL_NONE;
    if (check->rules.quiet != QUIET_IGNORE) {
        i64 end = policy_quiet_until(m->policy, r->channel, check->now, check->zone, m->host.zone,
                                     m->host.ctx);
        if (end > check->now) {
            *until = check->rules.quiet == QUIET_DROP ? NEVER : end;
            return REFUSAL_QUIET;
        }
    }
    return claims_capped(m, row, check, until) ? REFUSAL_CAPPED : REFUSAL_NONE;
}

refusal message_check(const struct messages *m, u32 row, const struct claim_check *check,
                      i64 *until)
{
    const struct message_row *r = row_of(m, row);
    persona head = customer_head(m->customers, r->persona);
    const struct address_row *address = address_row_of(m, check);
    *until = NEVER;
    if (address && address->suppressed) return REFUSAL_SUPPRESSED;
    if (!message_consented(m->customers, head, r->category, r->channel, check->topic, address))
        return REFUSAL_CONSENT;
    if (hash128_is_zero(check->address)) return REFUSAL_NO_ADDRESS;
    if (claims_duplicate(m, check)) return REFUSAL_DUPLICATE;
    refusal why = hold(m, row, check, until);
    if (why != REFUSAL_NONE && *until == NEVER) return why;
    if (check->now - (i64)r->planned <= check->rules.expires_ms) return why;
    *until = NEVER;
    return REFUSAL_EXPIRED;
}

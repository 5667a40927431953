/* user.c — which journey names an object, so that nobody takes it away from under what is live. */
#include "journey/journey_internal.h"

static bool asks(const struct predicate *p, u32 segment)
{
    if (!p) return false;
    const struct predicate_inputs *in = predicate_inputs(p);
    for (u32 i = 0; i < in->segment_count; i++)
        if (in->segments[i] == segment) return true;
    return false;
}

static bool names_segment(const struct program *p, u32 segment)
{
    if (p->trigger.kind == TRIGGER_SEGMENT && p->trigger.code == segment) return true;
    if (asks(p->trigger.where, segment) || asks(p->entry_if, segment) || asks(p->goal, segment))
        return true;
    for (u32 i = 0; i < p->exit_count; i++)
        if (asks(p->exits[i], segment)) return true;
    for (u32 i = 0; i < p->instruction_count; i++)
        if (asks(p->instructions[i].condition, segment)) return true;
    return false;
}

static bool names_step(const struct program *p, journey_use use, u32 code, str id)
{
    for (u32 i = 0; i < p->instruction_count; i++) {
        const struct instruction *in = &p->instructions[i];
        if (use == USE_COUPON && in->op == OP_COUPON && in->code == code) return true;
        if (use == USE_TEMPLATE && (in->op == OP_SEND || in->op == OP_NOTIFY) &&
            str_eq(in->text, id))
            return true;
    }
    return false;
}

u32 journey_users(const struct journeys *j, journey_use use, u32 code, u32 *out, u32 max)
{
    str id = names_text(j->names, NAME_OBJECT, code);
    u32 n = 0;
    for (u32 i = 1; i < j->loaded_count && n < max; i++) {
        const struct program *p = &j->loaded[i];
        if (!p->live || p->over) continue;
        if (use == USE_SEGMENT ? names_segment(p, code) : names_step(p, use, code, id))
            out[n++] = p->code;
    }
    return n;
}

u32 journey_user(const struct journeys *j, journey_use use, u32 code)
{
    u32 first;
    return journey_users(j, use, code, &first, 1) ? first : 0;
}

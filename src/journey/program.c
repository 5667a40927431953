/* program.c — decoding a published version. */
#include "journey/program.h"

#include "log/fixed.h"

enum { FORMAT = 2 };
_Static_assert((int)INSTRUCTIONS_MAX <= (int)MESSAGE_STEPS_MAX, "a message knows its step");

MUST_USE static err condition(struct reader *r, struct arena *arena, struct predicate **out)
{
    str bytes = read_str_varint(r);
    *out = NULL;
    return bytes.n ? predicate_load(bytes, arena, out) : ERR_OK;
}

MUST_USE static err texts(struct reader *r, struct arena *arena, u32 max, u32 *count,
                          const str **out)
{
    u64 n = read_varint(r);
    if (n > max) return ERR_CORRUPT;
    str *list = arena_zalloc(arena, n * sizeof *list);
    for (u32 i = 0; i < n; i++) list[i] = read_str_varint(r);
    *count = (u32)n;
    *out = list;
    return ERR_OK;
}

MUST_USE static err owner(struct reader *r, struct arena *arena, struct owner *out)
{
    *out = (struct owner){.kind = read_byte(r)};
    if (out->kind >= OWNER_COUNT) return ERR_CORRUPT;
    if (out->kind == OWNER_ATTRIBUTE) out->attribute = (u32)read_varint(r);
    if (out->kind == OWNER_ATTRIBUTE || out->kind == OWNER_ID) out->id = read_str_varint(r);
    if (out->kind != OWNER_ROBIN) return ERR_OK;
    TRY(texts(r, arena, ROBIN_MAX, &out->count, &out->of));
    return out->count ? ERR_OK : ERR_CORRUPT;
}

static duration length(struct reader *r)
{
    duration d = {.ms = read_zigzag(r)};
    d.months = (u32)read_varint(r);
    return d;
}

MUST_USE static err wait(struct reader *r, struct arena *arena, struct instruction *out)
{
    switch (out->op) {
    case OP_UNTIL_TIME:
        out->clock_ms = read_zigzag(r);
        out->text = read_str_varint(r);
        out->passed = read_byte(r);
        out->target = read_u32(r);
        return out->clock_ms < 0 || out->clock_ms >= DAY || out->passed >= PASSED_COUNT
                   ? ERR_CORRUPT
                   : ERR_OK;
    case OP_UNTIL_DATE:
        TRY(condition(r, arena, &out->condition));
        out->clock_ms = read_zigzag(r);
        return !out->condition || out->clock_ms < 0 || out->clock_ms >= DAY ? ERR_CORRUPT : ERR_OK;
    case OP_UNTIL:
        TRY(condition(r, arena, &out->condition));
        out->wait = length(r);
        out->kept = read_byte(r);
        return out->condition ? ERR_OK : ERR_CORRUPT;
    default: out->wait = length(r); return ERR_OK;
    }
}

MUST_USE static err effect(struct reader *r, struct arena *arena, struct instruction *out)
{
    switch (out->op) {
    case OP_SET:
        out->code = (u32)read_varint(r);
        out->text = read_str_varint(r);
        return value_valid(out->text, 32) ? ERR_OK : ERR_CORRUPT;
    case OP_ENTER:
        out->code = (u32)read_varint(r);
        out->key = (u32)read_varint(r);
        return ERR_OK;
    case OP_TASK:
        out->text = read_str_varint(r);
        TRY(owner(r, arena, &out->owner));
        out->wait = length(r);
        return texts(r, arena, OUTCOMES_MAX, &out->outcome_count, &out->outcomes);
    case OP_NOTIFY:
        TRY(owner(r, arena, &out->owner));
        out->channel = (u32)read_varint(r);
        out->text = read_str_varint(r);
        return ERR_OK;
    default:
        out->code = (u32)read_varint(r);
        if (out->op == OP_TAG) out->wait = length(r);
        if (out->op == OP_SCORE) out->points = read_zigzag(r);
        return ERR_OK;
    }
}

MUST_USE static err instruction(struct reader *r, struct arena *arena, struct instruction *out)
{
    *out = (struct instruction){.op = read_byte(r), .step = (u32)read_varint(r)};
    switch (out->op) {
    case OP_SEND:
        out->channel = (u32)read_varint(r);
        out->text = read_str_varint(r);
        out->topic = (u32)read_varint(r);
        TRY(condition(r, arena, &out->condition));
        out->expires_ms = read_zigzag(r);
        return ERR_OK;
    case OP_SPLIT:
        out->code = (u32)read_varint(r);
        out->target = read_u32(r);
        return ERR_OK;
    case OP_BRANCH: TRY(condition(r, arena, &out->condition)); __attribute__((fallthrough));
    case OP_JUMP: out->target = read_u32(r); return ERR_OK;
    case OP_END: out->text = read_str_varint(r); return ERR_OK;
    case OP_MARK: return ERR_OK;
    case OP_WAIT:
    case OP_UNTIL_TIME:
    case OP_UNTIL_DATE:
    case OP_UNTIL: return wait(r, arena, out);
    case OP_TAG:
    case OP_UNTAG:
    case OP_SET:
    case OP_ENTER:
    case OP_TASK:
    case OP_NOTIFY:
    case OP_COUPON:
    case OP_STAGE:
    case OP_SCORE:
    case OP_WEBHOOK: return effect(r, arena, out);
    }
    return ERR_CORRUPT;
}

static bool has_target(const struct instruction *in)
{
    return in->op == OP_BRANCH || in->op == OP_JUMP || in->op == OP_SPLIT ||
           (in->op == OP_UNTIL_TIME && in->passed == PASSED_SKIP);
}

static bool is_hers(const struct instruction *in)
{
    if (in->op == OP_UNTIL_TIME) return str_eq(in->text, S("customer"));
    const struct predicate_inputs *read = predicate_inputs(in->condition);
    for (u32 i = 0; i < read->attribute_count; i++)
        if (read->attributes[i] == ATTRIBUTE_TIMEZONE) return true;
    return false;
}

/* Is there one of the same step before it? */
static bool goes_on(const struct program *p, u32 at)
{
    const struct instruction *all = p->instructions;
    for (u32 i = 0; i < at; i++)
        if (all[i].step == all[at].step && all[i].op != OP_MARK && all[i].op != OP_JUMP)
            return true;
    return false;
}

MUST_USE static err instructions(struct reader *r, struct arena *arena, struct program *p)
{
    p->instruction_count = (u32)read_varint(r);
    if (p->instruction_count > INSTRUCTIONS_MAX) return ERR_CORRUPT;
    p->instructions = arena_zalloc(arena, p->instruction_count * sizeof *p->instructions);
    for (u32 i = 0; i < p->instruction_count; i++) {
        struct instruction *in = &p->instructions[i];
        TRY(instruction(r, arena, in));
        in->goes_on = goes_on(p, i);
        if (in->op == OP_UNTIL_TIME || in->op == OP_UNTIL_DATE) {
            p->reads_zone = true;
            p->reads_her_zone |= is_hers(in);
        }
        if (has_target(in) && (in->target <= i || in->target > p->instruction_count))
            return ERR_CORRUPT;
    }
    return ERR_OK;
}

enum { SCHEDULE_CRON = 1, SCHEDULE_LOCAL = 2, SCHEDULE_CUSTOMER = 4, SCHEDULE_SKIP = 8 };

void schedule_put(struct buf *b, const struct schedule *s)
{
    buf_byte(b,
             (u8)((s->is_cron ? SCHEDULE_CRON : 0) | (s->is_local ? SCHEDULE_LOCAL : 0) |
                  (s->of_customer ? SCHEDULE_CUSTOMER : 0) | (s->skip_missed ? SCHEDULE_SKIP : 0)));
    buf_str_varint(b, s->zone);
    buf_zigzag(b, s->at_ms);
    if (s->is_cron) cron_put(b, &s->cron);
}

static bool schedule(struct reader *r, struct schedule *out)
{
    u8 flags = read_byte(r);
    out->is_cron = flags & SCHEDULE_CRON;
    out->is_local = flags & SCHEDULE_LOCAL;
    out->of_customer = flags & SCHEDULE_CUSTOMER;
    out->skip_missed = flags & SCHEDULE_SKIP;
    out->zone = read_str_varint(r);
    out->at_ms = read_zigzag(r);
    return !out->is_cron || cron_read(r, &out->cron);
}

MUST_USE static err trigger(struct reader *r, struct arena *arena, struct program *p)
{
    p->trigger.kind = read_byte(r);
    p->trigger.code = (u32)read_varint(r);
    p->trigger.on_leave = read_byte(r);
    TRY(condition(r, arena, &p->trigger.where));
    p->trigger.key = (u32)read_varint(r);
    p->trigger.max_late_ms = read_zigzag(r);
    switch (p->trigger.kind) {
    case TRIGGER_EVENT:
    case TRIGGER_SEGMENT:
    case TRIGGER_JOURNEY: return ERR_OK;
    case TRIGGER_SCHEDULE: return schedule(r, &p->trigger.schedule) ? ERR_OK : ERR_CORRUPT;
    case TRIGGER_INBOUND: p->trigger.field = read_str_varint(r); return ERR_OK;
    case TRIGGER_DATE:
        p->trigger.field = read_str_varint(r);
        p->trigger.clock_ms = read_zigzag(r);
        bool good = p->trigger.where && p->trigger.clock_ms >= 0 && p->trigger.clock_ms < DAY;
        return good ? ERR_OK : ERR_CORRUPT;
    }
    return ERR_CORRUPT;
}

MUST_USE static err entry(struct reader *r, struct arena *arena, struct program *p)
{
    TRY(condition(r, arena, &p->entry_if));
    u8 again = read_byte(r);
    p->again = again & 127;
    p->again_per_key = again >> 7 || p->again == AGAIN_PER_KEY;
    if (p->again == AGAIN_PER_KEY) p->again = AGAIN_NEVER;
    p->again_ms = read_zigzag(r);
    p->running = read_byte(r);
    return ERR_OK;
}

/* What a journey has besides. */
MUST_USE static err rest(struct reader *r, struct arena *arena, struct program *p)
{
    p->priority = (i32)read_zigzag(r);
    p->active_from = read_zigzag(r);
    p->active_to = read_zigzag(r);
    p->owner = read_str_varint(r);
    p->on_publish = read_byte(r);
    p->continue_at = (u32)read_varint(r);
    TRY(condition(r, arena, &p->goal));
    p->goal_within_ms = read_zigzag(r);
    p->goal_target = read_zigzag(r);
    return ERR_OK;
}

u32 program_find(const struct program *p, u32 step)
{
    u32 i = 0;
    while (i < p->instruction_count && p->instructions[i].step != step) i++;
    return i;
}

/* What the head says of its messages. */
MUST_USE static err policy(struct reader *r, struct program *p)
{
    p->quiet = (quiet_choice)read_byte(r);
    p->dedupe_ms = read_zigzag(r);
    return p->quiet <= QUIET_IGNORE && p->dedupe_ms >= 0 ? ERR_OK : ERR_CORRUPT;
}

err program_load(str bytes, struct arena *arena, struct program *p)
{
    struct reader r = reader_of(bytes);
    *p = (struct program){.arena = arena};
    if (read_byte(&r) != FORMAT) return ERR_UNSUPPORTED;
    p->active_from = INT64_MIN;
    p->active_to = NEVER;
    p->id = read_str_varint(&r);
    p->category = read_byte(&r);
    p->lane = read_byte(&r);
    TRY(trigger(&r, arena, p));
    TRY(entry(&r, arena, p));
    p->exit_count = (u32)read_varint(&r);
    if (p->exit_count > EXITS_MAX) return ERR_CORRUPT;
    for (u32 i = 0; i < p->exit_count; i++) {
        TRY(condition(&r, arena, &p->exits[i]));
        p->timed_exits |= predicate_inputs(p->exits[i])->time;
    }
    p->percent = (u32)read_varint(&r);
    p->holdout = (u32)read_varint(&r);
    TRY(policy(&r, p));
    TRY(rest(&r, arena, p));
    TRY(instructions(&r, arena, p));
    return r.bad || r.p != r.end ? ERR_CORRUPT : ERR_OK;
}

/* program.c — decoding a published version. */
#include "journey/program.h"

enum { FORMAT = 2, FORMAT_BEFORE = 1 };
_Static_assert((int)INSTRUCTIONS_MAX <= (int)MESSAGE_STEPS_MAX, "a message knows its step");

MUST_USE static err condition(struct reader *r, struct arena *arena, struct predicate **out)
{
    str bytes = read_str_varint(r);
    *out = NULL;
    return bytes.n ? predicate_load(bytes, arena, out) : ERR_OK;
}

MUST_USE static err instruction(struct reader *r, u8 format, struct arena *arena,
                                struct instruction *out)
{
    *out = (struct instruction){.op = read_byte(r), .step = (u32)read_varint(r)};
    switch (out->op) {
    case OP_WAIT:
        out->wait.ms = read_zigzag(r);
        out->wait.months = (u32)read_varint(r);
        return ERR_OK;
    case OP_SEND:
        out->channel = (u32)read_varint(r);
        out->text = read_str_varint(r);
        out->topic = (u32)read_varint(r);
        TRY(condition(r, arena, &out->condition));
        out->expires_ms = format == FORMAT_BEFORE ? DAY : read_zigzag(r);
        return ERR_OK;
    case OP_BRANCH: TRY(condition(r, arena, &out->condition)); __attribute__((fallthrough));
    case OP_JUMP: out->target = read_u32(r); return ERR_OK;
    case OP_END: out->text = read_str_varint(r); return ERR_OK;
    }
    return ERR_CORRUPT;
}

MUST_USE static err instructions(struct reader *r, u8 format, struct arena *arena,
                                 struct program *p)
{
    p->instruction_count = (u32)read_varint(r);
    if (p->instruction_count > INSTRUCTIONS_MAX) return ERR_CORRUPT;
    p->instructions = arena_zalloc(arena, p->instruction_count * sizeof *p->instructions);
    for (u32 i = 0; i < p->instruction_count; i++) {
        struct instruction *in = &p->instructions[i];
        TRY(instruction(r, format, arena, in));
        bool jumps = in->op == OP_BRANCH || in->op == OP_JUMP;
        if (jumps && (in->target <= i || in->target > p->instruction_count)) return ERR_CORRUPT;
    }
    return ERR_OK;
}

MUST_USE static err trigger(struct reader *r, struct arena *arena, struct program *p)
{
    p->trigger.kind = read_byte(r);
    p->trigger.code = (u32)read_varint(r);
    p->trigger.on_leave = read_byte(r);
    TRY(condition(r, arena, &p->trigger.where));
    p->trigger.key = (u32)read_varint(r);
    p->trigger.max_late_ms = read_zigzag(r);
    if (p->trigger.kind == TRIGGER_EVENT || p->trigger.kind == TRIGGER_SEGMENT) return ERR_OK;
    p->trigger.field = read_str_varint(r);
    p->trigger.clock_ms = read_zigzag(r);
    bool good = p->trigger.kind == TRIGGER_DATE && p->trigger.where && p->trigger.clock_ms >= 0 &&
                p->trigger.clock_ms < DAY;
    return good ? ERR_OK : ERR_CORRUPT;
}

/* What the head says of its messages. */
MUST_USE static err policy(struct reader *r, u8 format, struct program *p)
{
    p->quiet = QUIET_DEFER;
    p->dedupe_ms = message_rules_of(p->category).dedupe_ms;
    if (format == FORMAT_BEFORE) return ERR_OK;
    p->priority = (i32)read_zigzag(r);
    p->quiet = (quiet_choice)read_byte(r);
    p->dedupe_ms = read_zigzag(r);
    return p->quiet <= QUIET_IGNORE && p->dedupe_ms >= 0 ? ERR_OK : ERR_CORRUPT;
}

err program_load(str bytes, struct arena *arena, struct program *p)
{
    struct reader r = reader_of(bytes);
    *p = (struct program){.arena = arena};
    u8 format = read_byte(&r);
    if (format != FORMAT && format != FORMAT_BEFORE) return ERR_UNSUPPORTED;
    p->id = read_str_varint(&r);
    p->category = read_byte(&r);
    p->lane = read_byte(&r);
    TRY(trigger(&r, arena, p));
    TRY(condition(&r, arena, &p->entry_if));
    p->again = read_byte(&r);
    p->again_ms = read_zigzag(&r);
    p->running = read_byte(&r);
    p->exit_count = (u32)read_varint(&r);
    if (p->exit_count > EXITS_MAX) return ERR_CORRUPT;
    for (u32 i = 0; i < p->exit_count; i++) TRY(condition(&r, arena, &p->exits[i]));
    p->percent = (u32)read_varint(&r);
    p->holdout = (u32)read_varint(&r);
    TRY(policy(&r, format, p));
    TRY(instructions(&r, format, arena, p));
    return r.bad || r.p != r.end ? ERR_CORRUPT : ERR_OK;
}

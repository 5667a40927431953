/* compile_step.c — steps, flattened into instructions. Branches rejoin: each arm ends in a jump
 * behind the last. */
#include "journey/compiler.h"

MUST_USE static err emit(struct compiler *c, op o, u32 step)
{
    if (c->count == INSTRUCTIONS_MAX)
        return compiler_refuse(c, "", "the journey has too many steps");
    c->count++;
    buf_byte(&c->body, (u8)o);
    buf_varint(&c->body, step);
    return ERR_OK;
}

MUST_USE static err wait_step(struct compiler *c, const struct json *w, u32 step)
{
    i64 ms;
    u32 months;
    if (!json_get(w, "for")) return compiler_refuse(c, "/wait", "say how long: {\"for\": \"2d\"}");
    TRY(compiler_duration(c, json_get(w, "for"), "/wait/for", &ms, &months));
    TRY(emit(c, OP_WAIT, step));
    buf_zigzag(&c->body, ms);
    buf_varint(&c->body, months);
    return ERR_OK;
}

MUST_USE static err send_step(struct compiler *c, const struct json *s, u32 step)
{
    u32 channel, topic = 0;
    i64 expires = DAY;
    const struct json *ch = json_get(s, "channel"), *template = json_get(s, "template");
    if (!json_is(ch, JSON_STRING) || names_find(c->j->names, NAME_CHANNEL, ch->text) == 0)
        return compiler_refuse(c, "/send/channel",
                               "name the channel: email, sms, push, wechat, wecom, alipay…");
    channel = names_find(c->j->names, NAME_CHANNEL, ch->text);
    if (!json_is(template, JSON_STRING) || template->text.n == 0)
        return compiler_refuse(c, "/send/template", "name the template that is sent");
    str topic_name = json_get_str(s, "topic", S(""));
    if (topic_name.n) TRY(compiler_code(c, NAME_TOPIC, topic_name, "/send/topic", &topic));
    const struct json *waits = json_get(s, "expires");
    if (waits) TRY(compiler_duration(c, waits, "/send/expires", &expires, NULL));
    TRY(emit(c, OP_SEND, step));
    buf_varint(&c->body, channel);
    buf_str_varint(&c->body, template->text);
    buf_varint(&c->body, topic);
    TRY(compiler_condition(c, json_get(s, "if"), PREDICATE_ENTRY, "/send/if", &c->body));
    buf_zigzag(&c->body, expires);
    return ERR_OK;
}

static void patch(struct compiler *c, size_t at, u32 target)
{
    if (!c->body.full) memcpy(c->body.p + at, &target, sizeof target);
}

/* if A else next: arm A, jump end; if B else next: arm B, jump end; last arm; end. Targets are four
 * bytes, written when the place they mean has been reached. */
MUST_USE static err branch_step(struct compiler *c, const struct json *arms, u32 step, u32 depth)
{
    size_t to_end[64];
    u32 jumps = 0;
    if (!json_is(arms, JSON_ARRAY) || arms->count == 0 || arms->count > COUNT_OF(to_end))
        return compiler_refuse(c, "/branch",
                               "a branch is a list of 1 to 64 arms {\"if\", \"steps\"}");
    for (const struct json *a = arms->child; a; a = a->next) {
        const struct json *test = json_get(a, "if");
        if (!test && (a->next || !json_get_bool(a, "else", false)))
            return compiler_refuse(
                c, "/branch",
                "every arm but the last has an \"if\"; the last may be {\"else\": true}");
        size_t otherwise = 0;
        if (test) {
            TRY(emit(c, OP_BRANCH, step));
            TRY(compiler_condition(c, test, PREDICATE_ENTRY, "/branch/if", &c->body));
            otherwise = c->body.n;
            buf_u32(&c->body, 0);
        }
        TRY(compiler_steps(c, json_get(a, "steps"), depth + 1));
        if (!test) continue;
        TRY(emit(c, OP_JUMP, step));
        to_end[jumps++] = c->body.n;
        buf_u32(&c->body, 0);
        patch(c, otherwise, c->count);
    }
    for (u32 i = 0; i < jumps; i++) patch(c, to_end[i], c->count);
    return ERR_OK;
}

MUST_USE static err step_id(struct compiler *c, const struct json *s, u32 index, u32 *code)
{
    const struct json *id = json_get(s, "id");
    char made[32];
    str text = id && id->type == JSON_STRING ? id->text : (str){0};
    for (u32 i = 0; id && i < c->id_count; i++)
        if (str_eq(c->ids[i]->text, text))
            return compiler_refuse(c, "/id", "another step has this id already");
    if (id && c->id_count < COUNT_OF(c->ids)) c->ids[c->id_count++] = id;
    snprintf(made, sizeof made, "step-%u", index + 1);
    return compiler_code(c, NAME_OBJECT, text.n ? text : str_of(made), "/id", code);
}

MUST_USE static err one_step(struct compiler *c, const struct json *s, u32 index, u32 depth)
{
    u32 step;
    TRY(step_id(c, s, index, &step));
    if (json_get(s, "wait")) return wait_step(c, json_get(s, "wait"), step);
    if (json_get(s, "send")) return send_step(c, json_get(s, "send"), step);
    if (json_get(s, "branch")) return branch_step(c, json_get(s, "branch"), step, depth);
    if (json_get(s, "end")) {
        TRY(emit(c, OP_END, step));
        buf_str_varint(&c->body, json_get_str(s, "end", S("")));
        return ERR_OK;
    }
    return compiler_refuse(c, "",
                           "this step is none that this version knows: wait, send, branch, end");
}

err compiler_steps(struct compiler *c, const struct json *list, u32 depth)
{
    if (depth > STEPS_DEPTH_MAX) return compiler_refuse(c, "", "branches are nested too deep");
    if (list && !json_is(list, JSON_ARRAY))
        return compiler_refuse(c, "/steps", "\"steps\" is a list");
    size_t here = strlen(c->path);
    u32 i = 0;
    for (const struct json *s = list ? list->child : NULL; s; s = s->next, i++) {
        snprintf(c->path + here, sizeof c->path - here, "/steps/%u", i);
        TRY(one_step(c, s, c->id_count, depth));
        c->path[here] = 0;
    }
    return ERR_OK;
}

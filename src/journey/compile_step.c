/* compile_step.c — steps, flattened into instructions. Branches rejoin: each arm ends in a jump
 * behind the last. */
#include "journey/compiler.h"

err compiler_emit(struct compiler *c, op o, u32 step)
{
    if (c->count == INSTRUCTIONS_MAX)
        return compiler_refuse(c, "", "the journey has too many steps");
    c->count++;
    buf_byte(&c->body, (u8)o);
    buf_varint(&c->body, step);
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
    TRY(compiler_emit(c, OP_SEND, step));
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
            TRY(compiler_emit(c, OP_BRANCH, step));
            TRY(compiler_condition(c, test, PREDICATE_ENTRY, "/branch/if", &c->body));
            otherwise = c->body.n;
            buf_u32(&c->body, 0);
        }
        TRY(compiler_steps(c, json_get(a, "steps"), depth + 1));
        if (!test) continue;
        TRY(compiler_emit(c, OP_JUMP, step));
        to_end[jumps++] = c->body.n;
        buf_u32(&c->body, 0);
        patch(c, otherwise, c->count);
    }
    for (u32 i = 0; i < jumps; i++) patch(c, to_end[i], c->count);
    return ERR_OK;
}

/* The lot of a step is drawn once, so each arm only says up to which lot it goes; what the arms
 * leave over goes on behind them. */
MUST_USE static err split_step(struct compiler *c, const struct json *arms, u32 step, u32 depth)
{
    size_t to_end[64];
    u32 jumps = 0, upto = 0;
    if (!json_is(arms, JSON_ARRAY) || arms->count == 0 || arms->count > COUNT_OF(to_end))
        return compiler_refuse(c, "/split",
                               "a split is a list of 1 to 64 arms {\"percent\", \"steps\"}");
    for (const struct json *a = arms->child; a; a = a->next) {
        const struct json *percent = json_get(a, "percent");
        fixed share;
        if (!json_is(percent, JSON_NUMBER) || fixed_parse(percent->text, &share) != ERR_OK ||
            share < 0 || share > 100 * FIXED_ONE || share % 100)
            return compiler_refuse(
                c, "/split",
                "every arm has a \"percent\" from 0 to 100, with two decimals at most");
        upto += (u32)(share / 100);
        if (upto > 10000)
            return compiler_refuse(c, "/split", "the arms are more than 100 percent together");
        TRY(compiler_emit(c, OP_SPLIT, step));
        buf_varint(&c->body, upto);
        size_t otherwise = c->body.n;
        buf_u32(&c->body, 0);
        TRY(compiler_steps(c, json_get(a, "steps"), depth + 1));
        TRY(compiler_emit(c, OP_JUMP, step));
        to_end[jumps++] = c->body.n;
        buf_u32(&c->body, 0);
        patch(c, otherwise, c->count);
    }
    for (u32 i = 0; i < jumps; i++) patch(c, to_end[i], c->count);
    return ERR_OK;
}

/* Does a condition of the journey ask since when the step is, or (`beside`) how it ended? */
static bool asked_for(const struct json *j, const char *member, const char *beside, str id)
{
    const struct json *m = j->type == JSON_OBJECT ? json_get(j, member) : NULL;
    if (json_is(m, JSON_STRING) && str_eq(m->text, id) && (!beside || json_get(j, beside)))
        return true;
    for (const struct json *k = j->child; k; k = k->next)
        if (asked_for(k, member, beside, id)) return true;
    return false;
}

bool compiler_asks_result(const struct compiler *c, str id)
{
    return asked_for(c->source, "step", "result", id);
}

MUST_USE static err step_id(struct compiler *c, const struct json *s, u32 *code)
{
    const struct json *id = json_get(s, "id");
    char made[32];
    str text = id && id->type == JSON_STRING ? id->text : (str){0};
    for (u32 i = 0; id && i < c->id_count; i++)
        if (str_eq(c->ids[i]->text, text))
            return compiler_refuse(c, "/id", "another step has this id already");
    if (id && c->id_count < COUNT_OF(c->ids)) c->ids[c->id_count++] = id;
    snprintf(made, sizeof made, "step-%u", ++c->step_count);
    return compiler_code(c, NAME_OBJECT, text.n ? text : str_of(made), "/id", code);
}

MUST_USE static err end_step(struct compiler *c, const struct json *why, u32 step)
{
    TRY(compiler_emit(c, OP_END, step));
    buf_str_varint(&c->body, json_is(why, JSON_STRING) ? why->text : S(""));
    return ERR_OK;
}

MUST_USE static err one_step(struct compiler *c, const struct json *s, u32 depth)
{
    u32 step;
    bool found;
    TRY(step_id(c, s, &step));
    str id = names_text(c->j->names, NAME_OBJECT, step);
    if (asked_for(c->source, "since", NULL, id)) TRY(compiler_emit(c, OP_MARK, step));
    if (json_get(s, "wait")) return compiler_wait(c, json_get(s, "wait"), id, step);
    if (json_get(s, "send")) return send_step(c, json_get(s, "send"), step);
    if (json_get(s, "branch")) return branch_step(c, json_get(s, "branch"), step, depth);
    if (json_get(s, "split")) return split_step(c, json_get(s, "split"), step, depth);
    if (json_get(s, "end")) return end_step(c, json_get(s, "end"), step);
    TRY(compiler_effect(c, s, step, &found));
    if (found) return ERR_OK;
    return compiler_refuse(
        c, "",
        "this step is none that this version knows: wait, send, branch, split, "
        "tag, untag, set, stage, score, task, notify, coupon, webhook, enter, end");
}

err compiler_steps(struct compiler *c, const struct json *list, u32 depth)
{
    if (depth > STEPS_DEPTH_MAX) return compiler_refuse(c, "", "branches are nested too deep");
    if (list && !json_is(list, JSON_ARRAY))
        return compiler_refuse(c, "/steps", "\"steps\" is a list");
    size_t here = strlen(c->path), skip = 0;
    u32 i = 0;
    for (const struct json *s = list ? list->child : NULL; s; s = s->next, i++) {
        snprintf(c->path + here, sizeof c->path - here, "/steps/%u", i);
        c->skip = 0;
        TRY(one_step(c, s, depth));
        c->path[here] = 0;
        if (skip) patch(c, skip, c->count);
        skip = c->skip;
    }
    if (skip) patch(c, skip, c->count);
    c->skip = 0;
    return ERR_OK;
}

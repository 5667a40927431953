/* told.c — what providers and operators say in a script: answers, receipts, publications, pauses.
 */
#include "script/script_internal.h"

#include "base/time.h"
#include "log/events.h"

/* ---- providers ---- */

err play_provider(struct run *r, const struct entry *e)
{
    static const struct {
        const char *word;
        answer_class class;
        bool before;
    } WORDS[] = {{"accept", ANSWER_SENT, false},
                 {"reject", ANSWER_REJECTED, false},
                 {"bounce", ANSWER_BOUNCED, false},
                 {"defer", ANSWER_RETRY, true},
                 {"timeout", ANSWER_UNKNOWN, false}};
    str said = node_text(e->body, "answer", S("accept"));
    struct provider_rule rule = {.to = node_text(e->body, "to", S("")),
                                 .channel = node_text(e->body, "channel", S("")),
                                 .times = 1};
    if (node_get(e->body, "times") &&
        str_to_i64(node_text(e->body, "times", S("")), &rule.times) != ERR_OK)
        return node_refuse(e->body, r->s->file, r->why, "\"times\" is a number");
    for (u32 i = 0; i < COUNT_OF(WORDS); i++)
        if (str_eq(said, str_of(WORDS[i].word)))
            rule.class = WORDS[i].class, rule.before_claim = WORDS[i].before;
    if (!rule.class || r->rule_count == RULES_MAX)
        return node_refuse(e->body, r->s->file, r->why,
                           "an answer is accept, reject, bounce, defer or timeout");
    r->rules[r->rule_count++] = rule;
    return ERR_OK;
}

struct world_answer play_answer(void *ctx, const struct delivered *d)
{
    struct run *r = ctx;
    struct engine *e = world_engine(r->world);
    const struct message_row *m = message_at(engine_messages(e), d->message);
    persona head = customer_head(engine_customers(e), m->persona);
    str channel = names_text(engine_names(e), NAME_CHANNEL, m->channel);
    for (u32 i = 0; i < r->rule_count; i++) {
        struct provider_rule *rule = &r->rules[i];
        if (rule->times <= 0 || (rule->to.n && play_who(r, rule->to) != head) ||
            (rule->channel.n && !str_eq(rule->channel, channel)))
            continue;
        rule->times--;
        return (struct world_answer){
            .class = rule->class, .before_claim = rule->before_claim, .retry_ms = 5 * MINUTE};
    }
    return (struct world_answer){.class = ANSWER_SENT};
}

static bool same_or_any(str want, str seen)
{
    return want.n == 0 || str_eq(want, seen);
}

/* Her latest message of that step, as her timeline has it. */
static bool find_message(struct run *r, const struct entry *e, persona head, hash128 *id)
{
    struct observed *list;
    const struct node *n = e->body;
    u32 count = observe_one(r->world, r->arena, head, &list);
    for (u32 i = count; i > 0; i--) {
        const struct observed *o = &list[i - 1];
        if (o->event != EVENT_MESSAGE_PLANNED && o->event != EVENT_MESSAGE_CLAIMED) continue;
        if (same_or_any(node_text(n, "step", S("")), o->step) &&
            same_or_any(node_text(n, "journey", S("")), o->journey) &&
            same_or_any(node_text(n, "channel", S("")), o->channel) &&
            same_or_any(node_text(n, "key", S("")), o->key))
            return hash128_of_hex(o->message_id, id);
    }
    return false;
}

err play_receipt(struct run *r, const struct entry *e)
{
    struct receipt_record record = {.detail = S("simulated")};
    str status = node_text(e->body, "status", S("delivered"));
    char customer[33];
    struct buf b;
    persona head = play_who(r, play_numbered(r, node_text(e->body, "to", S("")), e->number));
    for (u32 s = MESSAGE_SENT; s < MESSAGE_STATUS_COUNT; s++)
        if (str_eq(status, message_status_text(s))) record.status = (u8)s;
    if (!record.status)
        return node_refuse(e->body, r->s->file, r->why,
                           "a receipt's status is delivered, opened, clicked, replied, bounced, "
                           "complained or unsubscribed");
    if (!head || !find_message(r, e, head, &record.id))
        return node_refuse(e->body, r->s->file, r->why, "there is no such message");
    customer_id(engine_customers(world_engine(r->world)), head, customer);
    record.customer = (str){customer, 32};
    record.machine = str_eq(node_text(e->body, "bot", S("")), S("true"));
    buf_init(&b, 1024);
    receipt_put(&b, &record);
    err code = world_record(r->world, RECORD_RECEIPT_, buf_str(&b));
    buf_clear(&b);
    return code;
}

/* ---- operating ---- */

MUST_USE static err publish_one(struct run *r, const struct script_object *source)
{
    return world_publish(r->world, source->kind, source->json, r->why);
}

/* What names something that comes later in the list is tried again after it. */
err play_publish(struct run *r, u32 first)
{
    u32 n = r->s->source_count - first, left = n;
    bool *done = arena_zalloc(r->arena, n + 1);
    for (bool moved = true; left && moved;) {
        moved = false;
        for (u32 i = 0; i < n; i++) {
            if (done[i]) continue;
            err code = publish_one(r, &r->s->sources[first + i]);
            if (code != ERR_OK && code != ERR_REFUSED) return code;
            if (code == ERR_REFUSED) continue;
            done[i] = moved = true;
            left--;
        }
    }
    for (u32 i = 0; i < n; i++)
        if (!done[i]) return publish_one(r, &r->s->sources[first + i]);
    return ERR_OK;
}

/* `publish: {journey: file}`, a bundle's file, or an object in place; or the id of one of the
 * script's own, which gets another version. */
MUST_USE static err publish(struct run *r, const struct node *n)
{
    const struct node *what = node_get(n, "journey") ? node_get(n, "journey") : n;
    u32 first;
    for (u32 i = 0; what->type == NODE_TEXT && i < r->s->source_count; i++)
        if (str_eq(json_get_str(r->s->sources[i].json, "id", S("")), what->text))
            return publish_one(r, &r->s->sources[i]);
    TRY(script_sources(r->s, what, &first, r->why));
    return play_publish(r, first);
}

err play_operate(struct run *r, const struct entry *e)
{
    static const struct {
        const char *word;
        operate_what what;
    } WORDS[] = {{"pause", OPERATE_PAUSE},
                 {"resume", OPERATE_RESUME},
                 {"stop", OPERATE_STOP},
                 {"rollout", OPERATE_ROLLOUT}};
    if (node_get(e->body, "publish")) return publish(r, node_get(e->body, "publish"));
    for (u32 i = 0; i < COUNT_OF(WORDS); i++) {
        const struct node *n = node_get(e->body, WORDS[i].word);
        fixed percent = 100 * FIXED_ONE;
        if (!n) continue;
        str journey = n->type == NODE_MAP ? node_text(n, "journey", S("")) : n->text;
        u32 code = names_find(engine_names(world_engine(r->world)), NAME_OBJECT, journey);
        if (!code) return node_refuse(n, r->s->file, r->why, "there is no such journey");
        if (node_get(n, "percent") &&
            (fixed_parse(node_text(n, "percent", S("")), &percent) != ERR_OK || percent < 0 ||
             percent > 100 * FIXED_ONE))
            return node_refuse(n, r->s->file, r->why, "\"percent\" is a number from 0 to 100");
        return world_operate(r->world, WORDS[i].what, code, (u32)(percent / 100));
    }
    return node_refuse(e->body, r->s->file, r->why,
                       "operate one of publish, pause, resume, stop, rollout");
}

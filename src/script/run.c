/* run.c — a script in a world of its own, and its expectations against what happened there. */
#include "script/observe.h"
#include "script/script_internal.h"

#include "base/time.h"
#include "log/events.h"
#include "log/fixed.h"

#include <stdio.h>
#include <stdlib.h>

/* What `provider:` entries said: for this address and channel, the next `times` deliveries get it.
 */
struct provider_rule {
    str to;
    answer_class class;
    bool before_claim;
    i64 times;
};

enum { RULES_MAX = 256, ERASED_MAX = 1024 };

/* Who was erased, by the reference the script had for her; and what had happened to her until then,
 * which her timeline no longer tells. */
struct erased {
    str ref;
    persona head;
    struct observed *list; /* of the first reference to her; NULL: another one has it */
    u32 count;
};

struct run {
    const struct script *s;
    struct env *env;
    struct world *world;
    struct arena *arena;
    struct script_report *report;
    struct diag *why;
    struct provider_rule rules[RULES_MAX];
    u32 rule_count;
    struct erased erased[ERASED_MAX];
    u32 erased_count;
};

/* ---- references ---- */

/* "namespace:value" with the longest known namespace, else a user_id. */
static u32 space_of(struct run *r, str ref, str *rest)
{
    for (size_t n = ref.n; n > 0; n--) {
        if (n < ref.n && ref.p[n] != ':') continue;
        if (n == ref.n) continue;
        u32 space = names_find(engine_names(world_engine(r->world)), NAME_SPACE, (str){ref.p, n});
        if (!space) continue;
        *rest = str_slice(ref, n + 1, ref.n);
        return space;
    }
    *rest = ref;
    return SPACE_USER_ID;
}

static persona who(struct run *r, str ref)
{
    str text;
    struct engine *e = world_engine(r->world);
    u32 space = space_of(r, ref, &text);
    return customer_find(engine_customers(e), space, identifier_hash(engine_key(e), space, text));
}

/* ---- entries become calls ---- */

static void put_reference(struct run *r, struct buf *b, const struct node *by)
{
    json_put_key(b, S("identifiers"));
    buf_byte(b, '{');
    if (by && by->type == NODE_MAP) {
        for (const struct node *c = by->child; c; c = c->next) json_put_kv_str(b, c->key, c->text);
    } else if (by) {
        str text;
        u32 space = space_of(r, by->text, &text);
        json_put_kv_str(b, names_text(engine_names(world_engine(r->world)), NAME_SPACE, space),
                        text);
    }
    buf_byte(b, '}');
}

/* Known namespaces are identifiers, tags and consent what they say, the rest attributes. */
static void put_customer(struct run *r, struct buf *b, const struct node *n)
{
    struct names *names = engine_names(world_engine(r->world));
    json_put_key(b, S("identifiers"));
    buf_byte(b, '{');
    for (const struct node *c = n->child; c; c = c->next)
        if (names_find(names, NAME_SPACE, c->key)) json_put_kv_str(b, c->key, c->text);
    buf_byte(b, '}');
    json_put_key(b, S("attributes"));
    buf_byte(b, '{');
    for (const struct node *c = n->child; c; c = c->next) {
        if (names_find(names, NAME_SPACE, c->key) || str_eq(c->key, S("tags")) ||
            str_eq(c->key, S("consent")))
            continue;
        json_put_key(b, c->key);
        json_put(b, node_json(c, r->arena));
    }
    buf_byte(b, '}');
    static const char *const PARTS[] = {"tags", "consent"};
    for (u32 i = 0; i < COUNT_OF(PARTS); i++) {
        const struct node *part = node_get(n, PARTS[i]);
        if (!part) continue;
        json_put_key(b, str_of(PARTS[i]));
        json_put(b, node_json(part, r->arena));
    }
}

/* {n} becomes the number of the repetition. */
static str numbered(struct run *r, str text, u32 number)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    for (size_t i = 0; i < text.n;) {
        if (str_starts(str_slice(text, i, text.n), S("{n}"))) {
            buf_printf(&b, "%u", number);
            i += 3;
        } else {
            buf_byte(&b, (u8)text.p[i++]);
        }
    }
    str out = arena_str(r->arena, buf_str(&b));
    buf_clear(&b);
    return out;
}

MUST_USE static err call(struct run *r, const struct entry *e, struct buf *b)
{
    struct intake_result result = {0};
    buf_byte(b, '}');
    err code = world_item(r->world, numbered(r, buf_str(b), e->number), &result, r->why);
    if (code == ERR_OK && result.rejected)
        return node_refuse(e->node, r->s->file, r->why, "this entry is refused: %s",
                           result.rejections[0].reason);
    return code;
}

MUST_USE static err item(struct run *r, const struct entry *e)
{
    struct buf b;
    i64 occurred;
    buf_init(&b, 1 << 20);
    buf_byte(&b, '{');
    json_put_kv_str(&b, S("type"),
                    e->kind == ENTRY_CUSTOMER ? S("customer")
                    : e->kind == ENTRY_PAGE   ? S("page")
                                              : S("track"));
    if (e->kind == ENTRY_CUSTOMER) {
        put_customer(r, &b, e->body);
    } else {
        put_reference(r, &b, node_get(e->node, "by"));
        json_put_kv_str(&b, e->kind == ENTRY_PAGE ? S("name") : S("event"), e->body->text);
        if (node_get(e->node, "properties")) {
            json_put_key(&b, S("properties"));
            json_put(&b, node_json(node_get(e->node, "properties"), r->arena));
        }
        str id = node_text(e->node, "message_id", S(""));
        if (id.n) json_put_kv_str(&b, S("messageId"), id);
    }
    if (node_get(e->node, "occurred")) {
        err code = script_time(r->s, node_get(e->node, "occurred"), &occurred, r->why);
        if (code != ERR_OK) {
            buf_clear(&b);
            return code;
        }
        json_put_key(&b, S("timestamp"));
        buf_byte(&b, '"');
        iso_put(&b, occurred);
        buf_byte(&b, '"');
    }
    err code = call(r, e, &b);
    buf_clear(&b);
    return code;
}

MUST_USE static err unsubscribe(struct run *r, const struct entry *e)
{
    struct buf b;
    str channel = node_text(e->body, "channel", S("email")),
        topic = node_text(e->body, "topic", S(""));
    buf_init(&b, 4096);
    buf_put(&b, S("{\"type\":\"customer\""));
    put_reference(r, &b, node_get(e->body, "who"));
    buf_put(&b, S(",\"consent\":{"));
    json_put_key(&b, topic.n ? arena_printf(r->arena, "%.*s/%.*s", STR_ARG(channel), STR_ARG(topic))
                             : channel);
    buf_put(&b, S("false}"));
    err code = call(r, e, &b);
    buf_clear(&b);
    return code;
}

MUST_USE static err provider(struct run *r, const struct entry *e)
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
    struct provider_rule rule = {.to = node_text(e->body, "to", S("")), .times = 1};
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

MUST_USE static err operate(struct run *r, const struct entry *e)
{
    static const struct {
        const char *word;
        operate_what what;
    } WORDS[] = {{"pause", OPERATE_PAUSE},
                 {"resume", OPERATE_RESUME},
                 {"stop", OPERATE_STOP},
                 {"rollout", OPERATE_ROLLOUT}};
    for (u32 i = 0; i < COUNT_OF(WORDS); i++) {
        const struct node *n = node_get(e->body, WORDS[i].word);
        i64 percent = 100;
        if (!n) continue;
        str journey = n->type == NODE_MAP ? node_text(n, "journey", S("")) : n->text;
        u32 code = names_find(engine_names(world_engine(r->world)), NAME_OBJECT, journey);
        if (!code) return node_refuse(n, r->s->file, r->why, "there is no such journey");
        if (node_get(n, "percent") &&
            str_to_i64(node_text(n, "percent", S("")), &percent) != ERR_OK)
            return node_refuse(n, r->s->file, r->why, "\"percent\" is a number");
        return world_operate(r->world, WORDS[i].what, code, (u32)percent * 100);
    }
    return node_refuse(e->body, r->s->file, r->why, "operate one of pause, resume, stop, rollout");
}

/* ---- who is one person ---- */

MUST_USE static err known(struct run *r, const struct node *n, persona *out)
{
    *out = n->type == NODE_TEXT ? who(r, n->text) : 0;
    return *out ? ERR_OK : node_refuse(n, r->s->file, r->why, "nobody is known by this");
}

MUST_USE static err merge(struct run *r, const struct entry *e)
{
    const struct node *n = e->body;
    persona a, b;
    if (n->type != NODE_LIST || n->count != 2)
        return node_refuse(n, r->s->file, r->why, "merge a list of two customers");
    TRY(known(r, n->child, &a));
    TRY(known(r, n->child->next, &b));
    return world_merge(r->world, a, b);
}

/* The persona that holds the identifier is parted; a survivor's newest link is cut. */
MUST_USE static err unmerge(struct run *r, const struct entry *e)
{
    struct customers *c = engine_customers(world_engine(r->world));
    struct identifier_view id;
    persona head, part;
    str text;
    TRY(known(r, e->body, &head));
    part = head;
    u32 space = space_of(r, e->body->text, &text);
    hash128 hash = identifier_hash(engine_key(world_engine(r->world)), space, text);
    for (u32 cursor = 0; customer_identifier(c, head, &cursor, &id);)
        if (id.space == space && hash128_eq(id.hash, hash)) part = id.persona;
    return world_unmerge(r->world, part);
}

static void remember(struct run *r, str ref, persona head)
{
    if (!ref.n || r->erased_count == ERASED_MAX || who(r, ref) != head) return;
    for (u32 i = 0; i < r->erased_count; i++)
        if (r->erased[i].head == head && str_eq(r->erased[i].ref, ref)) return;
    r->erased[r->erased_count++] = (struct erased){.ref = ref, .head = head};
}

/* Expectations may speak of her by any reference that was hers. */
MUST_USE static err erase(struct run *r, const struct entry *e)
{
    persona head;
    struct observed *list, *ends;
    u32 first = r->erased_count;
    TRY(known(r, e->body, &head));
    if (first == ERASED_MAX) return node_refuse(e->node, r->s->file, r->why, "too many are erased");
    remember(r, e->body->text, head);
    for (u32 i = 0; i < r->s->expectation_count; i++) {
        const struct node *n = r->s->expectations[i].body;
        remember(r, node_text(n, "of", S("")), head);
        remember(r, node_text(n, "to", S("")), head);
    }
    u32 n = observe_one(r->world, r->arena, head, &list);
    u32 more = observe_ends(list, n, world_now(r->world), S("erased"), r->arena, &ends);
    struct observed *all = arena_alloc(r->arena, (n + more) * sizeof *all);
    memcpy(all, list, n * sizeof *all);
    memcpy(all + n, ends, more * sizeof *all);
    r->erased[first].list = all;
    r->erased[first].count = n + more;
    return world_erase(r->world, head);
}

/* What is there at the end, and what was there of those who are gone. */
static u32 observe_all(struct run *r, struct observed **out)
{
    struct observed *list;
    u32 n = observe(r->world, r->arena, &list), all = n;
    for (u32 i = 0; i < r->erased_count; i++) all += r->erased[i].count;
    *out = arena_alloc(r->arena, all * sizeof **out);
    memcpy(*out, list, n * sizeof **out);
    for (u32 i = 0; i < r->erased_count; i++) {
        if (!r->erased[i].list) continue;
        memcpy(*out + n, r->erased[i].list, r->erased[i].count * sizeof **out);
        n += r->erased[i].count;
    }
    return n;
}

MUST_USE static err play(struct run *r, const struct entry *e)
{
    switch (e->kind) {
    case ENTRY_UNSUBSCRIBE: return unsubscribe(r, e);
    case ENTRY_PROVIDER: return provider(r, e);
    case ENTRY_OPERATE: return operate(r, e);
    case ENTRY_MERGE: return merge(r, e);
    case ENTRY_UNMERGE: return unmerge(r, e);
    case ENTRY_ERASE: return erase(r, e);
    default: return item(r, e);
    }
}

static struct world_answer answer_of(void *ctx, const struct delivered *d)
{
    struct run *r = ctx;
    const struct message_row *m = message_at(engine_messages(world_engine(r->world)), d->message);
    persona head = customer_head(engine_customers(world_engine(r->world)), m->persona);
    for (u32 i = 0; i < r->rule_count; i++) {
        struct provider_rule *rule = &r->rules[i];
        if (rule->times <= 0 || (rule->to.n && who(r, rule->to) != head)) continue;
        rule->times--;
        return (struct world_answer){
            .class = rule->class, .before_claim = rule->before_claim, .retry_ms = 5 * MINUTE};
    }
    return (struct world_answer){.class = ANSWER_SENT};
}

/* ---- expectations ---- */

static bool same(const struct node *n, const char *key, str seen)
{
    const struct node *want = node_get(n, key);
    return !want || str_eq(want->text, seen);
}

static u32 status_event(str status)
{
    static const struct {
        const char *word;
        u32 event;
    } WORDS[] = {{"planned", EVENT_MESSAGE_PLANNED},     {"deferred", EVENT_MESSAGE_DEFERRED},
                 {"claimed", EVENT_MESSAGE_CLAIMED},     {"sent", EVENT_MESSAGE_SENT},
                 {"rejected", EVENT_MESSAGE_REJECTED},   {"bounced", EVENT_MESSAGE_BOUNCED},
                 {"refused", EVENT_MESSAGE_REFUSED},     {"unknown", EVENT_MESSAGE_UNKNOWN},
                 {"cancelled", EVENT_MESSAGE_CANCELLED}, {"expired", EVENT_MESSAGE_EXPIRED}};
    for (u32 i = 0; i < COUNT_OF(WORDS); i++)
        if (str_eq(status, str_of(WORDS[i].word))) return WORDS[i].event;
    return 0;
}

static bool right_kind(entry_kind kind, const struct node *n, u32 event)
{
    switch (kind) {
    case EXPECT_MESSAGE: return event == status_event(node_text(n, "status", S("claimed")));
    case EXPECT_REFUSED:
        return event == EVENT_MESSAGE_REFUSED || event == EVENT_MESSAGE_EXPIRED ||
               event == EVENT_JOURNEY_REFUSED;
    case EXPECT_ENTER: return event == EVENT_JOURNEY_ENTERED;
    case EXPECT_EXIT: return event == EVENT_JOURNEY_EXITED;
    default: return false;
    }
}

static bool is_about(struct run *r, str ref, persona head)
{
    if (who(r, ref) == head) return true;
    for (u32 i = 0; i < r->erased_count; i++)
        if (r->erased[i].head == head && str_eq(r->erased[i].ref, ref)) return true;
    return false;
}

static bool fits(struct run *r, entry_kind kind, const struct node *n, const struct observed *o)
{
    const struct node *ref = node_get(n, kind == EXPECT_MESSAGE ? "to" : "of");
    return right_kind(kind, n, o->event) && (!ref || is_about(r, ref->text, o->head)) &&
           same(n, "channel", o->channel) && same(n, "template", o->template) &&
           same(n, "step", o->step) && same(n, "journey", o->journey) &&
           same(n, "reason", o->reason) && same(n, "key", o->key);
}

static void put_time(struct run *r, i64 ms)
{
    civil c = zone_local(r->s->zone, ms);
    buf_printf(&r->report->text, "%04d-%02d-%02d %02d:%02d:%02d.%03d", c.year, c.month, c.day,
               c.hour, c.minute, c.second, c.ms);
}

static void put_observed(struct run *r, const struct observed *o)
{
    static const char *const NAMES[EVENT_FIXED_END] = {
#define X(constant, code, name, client) [code] = name,
        SYSTEM_EVENTS(X)
#undef X
    };
    buf_put(&r->report->text, S("    "));
    put_time(r, o->at_ms);
    buf_printf(&r->report->text, "  %s  %.*s %.*s %.*s %.*s\n", NAMES[o->event],
               STR_ARG(o->journey), STR_ARG(o->step), STR_ARG(o->channel), STR_ARG(o->reason));
}

static void missed(struct run *r, const struct entry *e, const char *what,
                   const struct observed *list, u32 n)
{
    struct buf *b = &r->report->text;
    buf_printf(b, "%.*s:%u:%u: %s at ", STR_ARG(r->s->file), e->node->line, e->node->column, what);
    put_time(r, e->at_ms);
    buf_put(b, S("\n  what happened within a day of it:\n"));
    for (u32 i = 0; i < n; i++)
        if (list[i].at_ms >= e->at_ms - DAY && list[i].at_ms <= e->at_ms + DAY)
            put_observed(r, &list[i]);
}

/* count: {message: {…}} with is: or between: — counted at that instant. */
static void check_count(struct run *r, const struct entry *e, struct observed *list, u32 n)
{
    i64 low = 0, high = 0, found = 0;
    const struct node *what = node_get(e->body, "message");
    entry_kind kind = what ? EXPECT_MESSAGE : EXPECT_REFUSED;
    if (!what) what = node_get(e->body, "refused");
    for (u32 i = 0; what && i < n; i++) {
        if (list[i].at_ms != e->at_ms || !fits(r, kind, what, &list[i])) continue;
        list[i].used = true;
        found++;
    }
    const struct node *between = node_get(e->body, "between");
    bool read =
        between && between->count == 2
            ? str_to_i64(between->child->text, &low) == ERR_OK &&
                  str_to_i64(between->child->next->text, &high) == ERR_OK
            : str_to_i64(node_text(e->body, "is", S("")), &low) == ERR_OK && ((high = low), true);
    if (what && read && found >= low && found <= high) {
        r->report->met++;
        return;
    }
    char sentence[120];
    snprintf(sentence, sizeof sentence, "counted %lld, not %lld to %lld", (long long)found,
             (long long)low, (long long)high);
    missed(r, e, sentence, list, n);
}

static void check(struct run *r, const struct entry *e, struct observed *list, u32 n)
{
    if (e->kind == EXPECT_NOTHING_ELSE) return;
    r->report->expected++;
    if (e->kind == EXPECT_COUNT) {
        check_count(r, e, list, n);
        return;
    }
    for (u32 i = 0; i < n; i++) {
        if (list[i].used || list[i].at_ms != e->at_ms || !fits(r, e->kind, e->body, &list[i]))
            continue;
        list[i].used = true;
        r->report->met++;
        return;
    }
    missed(r, e, "this did not happen", list, n);
}

/* A message that was claimed and nobody expected. */
static void check_rest(struct run *r, const struct observed *list, u32 n)
{
    u32 extra = 0;
    r->report->expected++;
    for (u32 i = 0; i < n; i++) {
        if (list[i].event != EVENT_MESSAGE_CLAIMED || list[i].used) continue;
        if (extra++ == 0)
            buf_printf(&r->report->text, "%.*s: nothing else was expected, but:\n",
                       STR_ARG(r->s->file));
        put_observed(r, &list[i]);
    }
    r->report->met += extra == 0;
}

/* ---- the run ---- */

/* Without policies of its own a script knows no caps and no quiet hours. */
MUST_USE static err publish_policies(struct run *r)
{
    static const char NONE[] = "{\"id\":\"policies\",\"caps\":[],\"quiet\":[]}";
    const struct json *none;
    for (u32 i = 0; i < r->s->source_count; i++)
        if (r->s->sources[i].kind == OBJECT_POLICY) return ERR_OK;
    TRY(json_parse(str_of(NONE), r->arena, &none, r->why));
    return world_publish(r->world, OBJECT_POLICY, none, r->why);
}

MUST_USE static err publish(struct run *r)
{
    TRY(publish_policies(r));
    for (u32 i = 0; i < r->s->source_count; i++)
        TRY(world_publish(r->world, r->s->sources[i].kind, r->s->sources[i].json, r->why));
    return ERR_OK;
}

MUST_USE static err through(struct run *r)
{
    const struct script *s = r->s;
    bool published = false;
    TRY(world_zone(r->world, &s->workspace_zone));
    for (u32 i = 0; i <= s->entry_count; i++) {
        i64 at = i < s->entry_count ? s->entries[i].at_ms : s->until_ms;
        if (!published && (i == s->entry_count || at >= s->start_ms)) {
            world_until(r->world, s->start_ms);
            TRY(publish(r));
            published = true;
        }
        world_until(r->world, at);
        if (i < s->entry_count) TRY(play(r, &s->entries[i]));
    }
    return ERR_OK;
}

err script_run(const struct script *s, u64 seed, struct script_report *report, struct diag *why)
{
    struct run *r = mem_zalloc(sizeof *r);
    *r = (struct run){
        .s = s, .env = env_sim(seed), .arena = arena_new(), .report = report, .why = why};
    i64 first =
        s->entry_count && s->entries[0].at_ms < s->start_ms ? s->entries[0].at_ms : s->start_ms;
    sim_set_wall(r->env, first);
    struct world_options o = {.env = r->env, .answer = answer_of, .ctx = r, .files = s->files};
    err e = world_open(&o, &r->world, why);
    if (e == ERR_OK) e = through(r);
    if (e == ERR_OK) {
        struct observed *list;
        u32 n = observe_all(r, &list);
        for (u32 i = 0; i < s->expectation_count; i++) check(r, &s->expectations[i], list, n);
        if (s->nothing_else) check_rest(r, list, n);
    }
    if (r->world) world_close(r->world);
    env_free(r->env);
    arena_free(r->arena);
    free(r);
    return e;
}

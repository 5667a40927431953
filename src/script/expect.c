/* expect.c — expectations against what happened: each is met by one thing at exactly its moment. */
#include "script/script_internal.h"

#include "base/time.h"
#include "log/events.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- what fits ---- */

static u32 status_event(str status)
{
    static const struct {
        const char *word;
        u32 event;
    } WORDS[] = {
        {"planned", EVENT_MESSAGE_PLANNED},       {"deferred", EVENT_MESSAGE_DEFERRED},
        {"claimed", EVENT_MESSAGE_CLAIMED},       {"sent", EVENT_MESSAGE_SENT},
        {"delivered", EVENT_MESSAGE_DELIVERED},   {"opened", EVENT_MESSAGE_OPENED},
        {"clicked", EVENT_MESSAGE_CLICKED},       {"replied", EVENT_MESSAGE_REPLIED},
        {"rejected", EVENT_MESSAGE_REJECTED},     {"bounced", EVENT_MESSAGE_BOUNCED},
        {"complained", EVENT_MESSAGE_COMPLAINED}, {"unsubscribed", EVENT_MESSAGE_UNSUBSCRIBED},
        {"refused", EVENT_MESSAGE_REFUSED},       {"unknown", EVENT_MESSAGE_UNKNOWN},
        {"cancelled", EVENT_MESSAGE_CANCELLED},   {"expired", EVENT_MESSAGE_EXPIRED}};
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
    case EXPECT_TASK: return event == EVENT_TASK_OPENED;
    case EXPECT_TASK_CLOSED: return event == EVENT_TASK_CLOSED;
    case EXPECT_NOTIFY: return event == EVENT_OWNER_NOTIFIED;
    case EXPECT_COUPON: return event == EVENT_COUPON_GRANTED;
    case EXPECT_POINTS: return event == EVENT_POINTS_ADDED;
    case EXPECT_TAG: return event == EVENT_TAG_ADDED;
    case EXPECT_UNTAG: return event == EVENT_TAG_REMOVED;
    default: return false;
    }
}

static bool is_about(struct run *r, str ref, persona head)
{
    if (play_who(r, ref) == head) return true;
    for (u32 i = 0; i < r->erased_count; i++)
        if (r->erased[i].head == head && str_eq(r->erased[i].ref, ref)) return true;
    return false;
}

/* Where a member's text stands in what was observed; NULL: it is looked at otherwise. */
static const str *observed_text(const struct observed *o, str member)
{
    const struct {
        const char *member;
        const str *text;
    } FIELDS[] = {{"channel", &o->channel}, {"template", &o->template},
                  {"step", &o->step},       {"journey", &o->journey},
                  {"reason", &o->reason},   {"key", &o->key},
                  {"kind", &o->kind},       {"owner", &o->owner},
                  {"coupon", &o->coupon},   {"tag", &o->tag},
                  {"add", &o->add}};
    for (u32 i = 0; i < COUNT_OF(FIELDS); i++)
        if (str_eq(member, str_of(FIELDS[i].member))) return FIELDS[i].text;
    return NULL;
}

static bool delivered_to(struct run *r, const struct observed *o, str address)
{
    u32 n;
    const struct delivered *list = world_delivered(r->world, &n);
    for (u32 i = 0; i < n; i++) {
        char hex[33];
        hash128_hex(list[i].id, hex);
        if (str_eq(o->message_id, (str){hex, 32}) && str_eq(address, str_of(list[i].to)))
            return true;
    }
    return false;
}

static bool due_at(struct run *r, const struct observed *o, const struct node *n)
{
    i64 ms;
    return script_time(r->s, n, &ms, r->why) == ERR_OK && ms == o->due_ms;
}

static bool member_fits(struct run *r, entry_kind kind, const struct node *c,
                        const struct observed *o)
{
    const str *seen = observed_text(o, c->key);
    bool customer = str_eq(c->key, S("of")) || str_eq(c->key, S("about")) ||
                    (str_eq(c->key, S("to")) && kind != EXPECT_NOTIFY);
    if (str_eq(c->key, S("status"))) return true;
    if (customer) return is_about(r, c->text, o->head);
    if (str_eq(c->key, S("to"))) return str_eq(c->text, o->to);
    if (str_eq(c->key, S("address"))) return delivered_to(r, o, c->text);
    if (str_eq(c->key, S("due"))) return due_at(r, o, c);
    if (str_eq(c->key, S("task"))) return str_eq(c->text, o->step) || str_eq(c->text, o->kind);
    return seen && str_eq(c->text, *seen);
}

static bool fits(struct run *r, entry_kind kind, const struct node *n, const struct observed *o)
{
    if (!right_kind(kind, n, o->event)) return false;
    for (const struct node *c = n->type == NODE_MAP ? n->child : NULL; c; c = c->next)
        if (!member_fits(r, kind, c, o)) return false;
    return true;
}

/* ---- saying what was missed ---- */

void report_time(struct run *r, i64 ms)
{
    civil c = zone_local(r->s->zone, ms);
    buf_printf(&r->report->text, "%04d-%02d-%02d %02d:%02d:%02d.%03d", c.year, c.month, c.day,
               c.hour, c.minute, c.second, c.ms);
}

void report_missed(struct run *r, const struct entry *e, const char *what)
{
    struct buf *b = &r->report->text;
    buf_printf(b, "%.*s:%u:%u: %s at ", STR_ARG(r->s->file), e->node->line, e->node->column, what);
    report_time(r, e->at_ms);
    buf_byte(b, '\n');
}

const char *expect_name(u32 event)
{
    static const char *const NAMES[EVENT_FIXED_END] = {
#define X(constant, code, name, client) [code] = name,
        SYSTEM_EVENTS(X)
#undef X
    };
    return NAMES[event];
}

static void put_observed(struct run *r, const struct observed *o)
{
    const str parts[] = {o->journey, o->step,  o->channel, o->template, o->reason, o->key,
                         o->kind,    o->owner, o->to,      o->coupon,   o->tag,    o->add};
    buf_put(&r->report->text, S("    "));
    report_time(r, o->at_ms);
    buf_printf(&r->report->text, "  %s ", expect_name(o->event));
    for (u32 i = 0; i < COUNT_OF(parts); i++)
        if (parts[i].n) buf_printf(&r->report->text, " %.*s", STR_ARG(parts[i]));
    buf_byte(&r->report->text, '\n');
}

static void missed(struct run *r, const struct entry *e, const char *what,
                   const struct observed *list, u32 n)
{
    report_missed(r, e, what);
    buf_put(&r->report->text, S("  what happened within a day of it:\n"));
    for (u32 i = 0; i < n; i++)
        if (list[i].at_ms >= e->at_ms - DAY && list[i].at_ms <= e->at_ms + DAY)
            put_observed(r, &list[i]);
}

/* ---- counts ---- */

static const struct node *counted(const struct node *body, entry_kind *kind)
{
    static const struct {
        const char *word;
        entry_kind kind;
    } WORDS[] = {{"message", EXPECT_MESSAGE}, {"refused", EXPECT_REFUSED},
                 {"enter", EXPECT_ENTER},     {"exit", EXPECT_EXIT},
                 {"task", EXPECT_TASK},       {"notify", EXPECT_NOTIFY},
                 {"coupon", EXPECT_COUPON}};
    for (u32 i = 0; i < COUNT_OF(WORDS); i++) {
        *kind = WORDS[i].kind;
        if (node_get(body, WORDS[i].word)) return node_get(body, WORDS[i].word);
    }
    return NULL;
}

static int by_number(const void *a, const void *b)
{
    persona x = *(const persona *)a, y = *(const persona *)b;
    return (x > y) - (x < y);
}

/* Counts at that instant, and keeps whom it counted. */
static u32 count_of(struct run *r, const struct entry *e, struct observed *list, u32 n,
                    struct named_set *set)
{
    entry_kind kind;
    const struct node *what = counted(e->body, &kind);
    u32 found = 0;
    *set = (struct named_set){.heads = arena_alloc(r->arena, (n + 1) * sizeof(persona))};
    for (u32 i = 0; i < n; i++) {
        if (list[i].at_ms != e->at_ms || !fits(r, kind, what, &list[i])) continue;
        list[i].used = true;
        set->heads[found++] = list[i].head;
    }
    qsort(set->heads, found, sizeof(persona), by_number);
    for (u32 i = 0; i < found; i++)
        if (i == 0 || set->heads[i] != set->heads[i - 1]) set->heads[set->count++] = set->heads[i];
    return found;
}

static const struct named_set *find_set(const struct run *r, str name)
{
    for (u32 i = 0; i < r->set_count; i++)
        if (str_eq(r->sets[i].name, name)) return &r->sets[i];
    return NULL;
}

static bool set_includes(const struct named_set *all, const struct named_set *part)
{
    for (u32 i = 0, k = 0; i < part->count; i++) {
        while (k < all->count && all->heads[k] < part->heads[i]) k++;
        if (k == all->count || all->heads[k] != part->heads[i]) return false;
    }
    return true;
}

MUST_USE static err bounds(struct run *r, const struct entry *e, i64 *low, i64 *high)
{
    const struct node *is = node_get(e->body, "is"), *between = node_get(e->body, "between");
    *low = 0;
    *high = INT64_MAX;
    bool read = true;
    if (is) read = str_to_i64(is->text, low) == ERR_OK && ((*high = *low), true);
    if (between)
        read = between->count == 2 && str_to_i64(between->child->text, low) == ERR_OK &&
               str_to_i64(between->child->next->text, high) == ERR_OK;
    return read ? ERR_OK
                : node_refuse(e->body, r->s->file, r->why,
                              "say how many: is: 3, or between: [2, 4]");
}

/* Other counts of the script by the name they were given, earlier in the file. */
MUST_USE static err compared(struct run *r, const struct entry *e, const struct named_set *set,
                             bool *holds)
{
    static const char *const WORDS[] = {"includes", "same_customers_as"};
    for (u32 i = 0; i < COUNT_OF(WORDS); i++) {
        const struct node *n = node_get(e->body, WORDS[i]);
        const struct named_set *other = n ? find_set(r, n->text) : NULL;
        if (!n) continue;
        if (!other)
            return node_refuse(n, r->s->file, r->why, "no count above has this name (\"as\")");
        *holds &= set_includes(set, other) && (i == 0 || set_includes(other, set));
    }
    return ERR_OK;
}

MUST_USE static err check_count(struct run *r, const struct entry *e, struct observed *list, u32 n)
{
    i64 low, high;
    entry_kind kind;
    struct named_set set;
    if (!counted(e->body, &kind))
        return node_refuse(e->body, r->s->file, r->why, "say what is counted: message: {…}");
    TRY(bounds(r, e, &low, &high));
    i64 found = count_of(r, e, list, n, &set);
    bool holds = found >= low && found <= high;
    TRY(compared(r, e, &set, &holds));
    set.name = node_text(e->body, "as", S(""));
    if (set.name.n && r->set_count == NAMED_MAX)
        return node_refuse(e->body, r->s->file, r->why, "too many counts have names");
    if (set.name.n) r->sets[r->set_count++] = set;
    if (holds) {
        r->report->met++;
        return ERR_OK;
    }
    char sentence[160];
    snprintf(sentence, sizeof sentence, "counted %lld of %u customers, which was not expected",
             (long long)found, set.count);
    missed(r, e, sentence, list, n);
    return ERR_OK;
}

/* ---- all of them ---- */

static void check(struct run *r, const struct entry *e, struct observed *list, u32 n)
{
    for (u32 i = 0; i < n; i++) {
        if (list[i].used || list[i].at_ms != e->at_ms || !fits(r, e->kind, e->body, &list[i]))
            continue;
        list[i].used = true;
        r->report->met++;
        return;
    }
    missed(r, e, "this did not happen", list, n);
}

static bool reaches_somebody(u32 event)
{
    return event == EVENT_MESSAGE_CLAIMED || event == EVENT_OWNER_NOTIFIED ||
           event == EVENT_TASK_OPENED || event == EVENT_COUPON_GRANTED ||
           event == EVENT_POINTS_ADDED || event == EVENT_WEBHOOK_CALLED;
}

/* What reached somebody and nobody expected. */
static void check_rest(struct run *r, const struct observed *list, u32 n)
{
    u32 extra = 0;
    r->report->expected++;
    for (u32 i = 0; i < n; i++) {
        if (!reaches_somebody(list[i].event) || list[i].used) continue;
        if (extra++ == 0)
            buf_printf(&r->report->text, "%.*s: nothing else was expected, but:\n",
                       STR_ARG(r->s->file));
        put_observed(r, &list[i]);
    }
    r->report->met += extra == 0;
}

MUST_USE static err words_known(struct run *r, const struct entry *e)
{
    const struct node *status = node_get(e->body, "status"), *due = node_get(e->body, "due");
    i64 ms;
    if (e->kind == EXPECT_MESSAGE && status && !status_event(status->text))
        return node_refuse(status, r->s->file, r->why, "there is no such status of a message");
    return e->kind == EXPECT_TASK && due ? script_time(r->s, due, &ms, r->why) : ERR_OK;
}

err expect_all(struct run *r, struct observed *list, u32 n)
{
    for (u32 i = 0; i < r->s->expectation_count; i++) {
        const struct entry *e = &r->s->expectations[i];
        if (e->kind == EXPECT_NOTHING_ELSE || e->kind == EXPECT_CUSTOMER) continue;
        r->report->expected++;
        TRY(words_known(r, e));
        if (e->kind == EXPECT_COUNT)
            TRY(check_count(r, e, list, n));
        else
            check(r, e, list, n);
    }
    if (r->s->nothing_else) check_rest(r, list, n);
    return ERR_OK;
}

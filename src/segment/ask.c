/* ask.c — rules asked about one customer, and what follows from their answers.
 *
 *   touch, due, bootstrap ─► which rules ─► in order of dependence: answer ─► member, until, edge
 *                                                  ▲                              │
 *                                                  └─── rules that name it ◄──────┘
 *
 * Rules see each other's memberships as they stand, and no `until` of another: when that one turns,
 * they are asked. */
#include "segment/inside.h"

struct asking {
    struct segments *sg;
    struct subject who;
    struct resolver resolver;
    const struct resolver *outer; /* the caller's; may be NULL */
    const struct rule *rule;      /* being asked */
    i32 judging;                  /* a rule whose bootstrap is passing her; -1: none */
    i64 now;
    bool fresh;
    void (*on_edge)(void *ctx, const struct edge *e);
    void *ctx;
    u64 turned[STANDINGS_MAX / 64]; /* standings whose effect is to come, all of one rank… */
    u32 turned_rank;
    bool any_turned;
};

/* ---- the resolver rules see ---- */

static answer ask_segment(void *ctx, persona head, u32 code, i64 now)
{
    const struct asking *a = ctx;
    return (answer){segment_resolve(a->sg, head, code, now).holds, NEVER};
}

static bool ask_reachable(void *ctx, persona head, u32 channel)
{
    const struct resolver *r = ((const struct asking *)ctx)->outer;
    return r && r->reachable && r->reachable(r->ctx, head, channel);
}

static answer ask_score(void *ctx, persona head, u32 score, predicate_op op, fixed limit, i64 now)
{
    const struct resolver *r = ((const struct asking *)ctx)->outer;
    return r && r->score ? r->score(r->ctx, head, score, op, limit, now) : (answer){false, NEVER};
}

static const struct zone *ask_zone(void *ctx, str name)
{
    const struct resolver *r = ((const struct asking *)ctx)->outer;
    return r && r->zone ? r->zone(r->ctx, name) : NULL;
}

static void begin(struct asking *a, struct segments *sg, const struct subject *who, i64 now,
                  bool fresh)
{
    *a = (struct asking){
        .sg = sg, .who = *who, .outer = who->resolver, .judging = -1, .now = now, .fresh = fresh};
    a->resolver = (struct resolver){.ctx = a,
                                    .segment = ask_segment,
                                    .reachable = ask_reachable,
                                    .score = ask_score,
                                    .zone = ask_zone};
    a->who.resolver = &a->resolver;
    a->who.names = sg->names;
    a->who.event = NULL;
}

/* ---- one rule ---- */

static bool is_judged(const struct asking *a, u32 rule)
{
    return (i32)rule == a->judging || rule_judged(a->sg, a->sg->rules[rule], a->who.head);
}

static const u64 *kept_state(void *ctx, u32 leaf)
{
    const struct asking *a = ctx;
    return state_find(a->sg, a->who.head, (u16)a->rule->leaves[leaf]);
}

static void cross(struct asking *a, const struct rule *r, bool in)
{
    struct edge e = {.segment = r->code, .head = a->who.head, .entered = in, .fresh = a->fresh};
    member_set(a->sg, r->slot, e.head, in);
    struct segment_row *row = table_edit(a->sg->rows, r->code);
    row->count += in ? 1 : (u32)-1;
    i32 standing = standing_index(a->sg, r->code);
    if (standing < 0) {
        a->on_edge(a->ctx, &e);
        return;
    }
    a->turned[standing / 64] |= (u64)1 << standing % 64;
    a->turned_rank = r->rank;
    a->any_turned = true;
}

/* Its rules are all asked: what follows is written, and who reads that is asked next. */
static void take_effect(struct asking *a, struct mask *rules)
{
    a->any_turned = false;
    for (u32 i = 0; i < a->sg->standing_count; i++) {
        const struct standing *st = a->sg->standings[i];
        if (!(a->turned[i / 64] >> i % 64 & 1)) continue;
        a->turned[i / 64] &= ~((u64)1 << i % 64);
        if (a->sg->effect) a->sg->effect(a->sg->effect_ctx, st, a->who.head, a->fresh);
        standing_readers(a->sg, st, rules);
    }
}

static bool settle(struct asking *a, const struct rule *r, answer it)
{
    u64 until = (u64)it.until;
    MUST(it.until > a->now);
    if (it.until == NEVER)
        state_drop(a->sg, a->who.head, until_tag(r->slot));
    else
        state_put(a->sg, a->who.head, until_tag(r->slot), &until, 1);
    if (it.holds == member_is(a->sg, r->slot, a->who.head)) return false;
    cross(a, r, it.holds);
    return true;
}

/* In order of dependence, so a rule that is turned by another comes after it. */
static void ask(struct asking *a, struct mask *rules)
{
    for (u32 i = 0; i < a->sg->rule_count; i++) {
        if (a->any_turned && a->sg->rules[i]->rank > a->turned_rank) take_effect(a, rules);
        if (!mask_has(rules, i) || !is_judged(a, i)) continue;
        a->rule = a->sg->rules[i];
        answer it = predicate_eval_kept(a->rule->p, &a->who, a->now, kept_state, a);
        if (settle(a, a->rule, it)) mask_or(rules, &a->rule->users);
    }
    if (a->any_turned) take_effect(a, rules);
    state_next(a->sg, a->who.head);
}

/* ---- kept state ---- */

/* The leaves that count an event of this code: [*from, *to). */
static void fed_by(const struct segments *sg, u32 code, u32 *from, u32 *to)
{
    u32 low = 0, high = sg->fed_count;
    while (low < high) {
        u32 mid = (low + high) / 2;
        if (sg->fed[mid].event < code)
            low = mid + 1;
        else
            high = mid;
    }
    *from = *to = low;
    while (*to < sg->fed_count && sg->fed[*to].event == code) ++*to;
}

static bool is_kept(const struct asking *a, const struct fed_leaf *f)
{
    for (u32 i = 0; i < a->sg->rule_count; i++)
        if (mask_has(&f->rules, i) && is_judged(a, i)) return true;
    return false;
}

static void feed_some(struct asking *a, const struct event *ev, u32 code)
{
    u32 from, to;
    fed_by(a->sg, code, &from, &to);
    for (u32 i = from; i < to; i++) {
        const struct fed_leaf *f = &a->sg->fed[i];
        u64 words[PREDICATE_LEAF_WORDS_MAX] = {0};
        if (!is_kept(a, f)) continue;
        const u64 *kept = state_find(a->sg, a->who.head, (u16)f->row);
        if (kept) memcpy(words, kept, f->words * sizeof *words);
        predicate_leaf_feed(a->sg->rules[f->rule]->p, f->index, words, ev, a->now);
        state_put(a->sg, a->who.head, (u16)f->row, words, f->words);
    }
}

/* Events that a rebuild within the same record has seen are in the state already. */
static void feed(struct asking *a, const struct event *ev)
{
    for (u32 i = 0; i < REBUILT_MAX; i++)
        if (a->sg->rebuilt[i].head == a->who.head && a->sg->rebuilt[i].order >= ev->order) return;
    feed_some(a, ev, ev->code);
    if (!(ev->flags & EVENT_SYSTEM)) feed_some(a, ev, 0);
}

static void feed_words(struct asking *a, const struct event *ev, u32 code,
                       u64 (*words)[PREDICATE_LEAF_WORDS_MAX])
{
    u32 from, to;
    fed_by(a->sg, code, &from, &to);
    for (u32 i = from; i < to; i++) {
        const struct fed_leaf *f = &a->sg->fed[i];
        predicate_leaf_feed(a->sg->rules[f->rule]->p, f->index, words[i], ev, a->now);
    }
}

/* Whether some leaf counts events of this code, and whether one of them reads their properties. */
static bool feeds(const struct segments *sg, u32 code, bool *reads)
{
    u32 from, to;
    fed_by(sg, code, &from, &to);
    for (u32 i = from; i < to && !*reads; i++) {
        const struct fed_leaf *f = &sg->fed[i];
        *reads = predicate_leaf_reads(sg->rules[f->rule]->p, f->index);
    }
    return from < to;
}

/* All kept state from her own events; properties only of those into which some leaf looks. */
static void rebuild(struct asking *a)
{
    struct segments *sg = a->sg;
    const struct subject *who = &a->who;
    u64 order = 0;
    if (sg->fed_count == 0) return;
    size_t bytes = sg->fed_count * sizeof(u64[PREDICATE_LEAF_WORDS_MAX]);
    u64(*words)[PREDICATE_LEAF_WORDS_MAX] = arena_zalloc(who->scratch, bytes);
    if (who->events && who->persona_count) {
        struct event ev;
        struct event_iter *it = event_iter(who->events, who->personas, who->persona_count,
                                           INT64_MIN, a->now + 1, who->scratch);
        while (event_skim(it, &ev)) {
            if (ev.order > order) order = ev.order;
            bool reads = false, fed = feeds(sg, ev.code, &reads);
            if (!(ev.flags & EVENT_SYSTEM)) fed |= feeds(sg, 0, &reads);
            if (!fed) continue;
            if (reads) event_fill(it, &ev);
            feed_words(a, &ev, ev.code, words);
            if (!(ev.flags & EVENT_SYSTEM)) feed_words(a, &ev, 0, words);
        }
    }
    for (u32 i = 0; i < sg->fed_count; i++) {
        u16 tag = (u16)sg->fed[i].row;
        if (is_kept(a, &sg->fed[i]))
            state_put(sg, who->head, tag, words[i], sg->fed[i].words);
        else
            state_drop(sg, who->head, tag);
    }
    sg->rebuilt[sg->rebuilt_next++ % REBUILT_MAX] = (struct rebuilt){who->head, order};
}

static bool is_met(const struct segments *sg, persona head)
{
    return customer_at(sg->customers, head)->flags & CUSTOMER_MET;
}

/* ---- touch and due ---- */

static void append_edge(void *ctx, const struct edge *e)
{
    struct edges *out = ctx;
    MUST(out->count < EDGES_MAX);
    out->items[out->count++] = *e;
}

static void readers_of_change(const struct segments *sg, const struct change *c, struct mask *out)
{
    switch (c->field) {
    case FIELD_ATTRIBUTE: readers_add(sg, THING_ATTRIBUTE, c->code, out); break;
    case FIELD_TAG:
        readers_add(sg, THING_TAG, c->code, out);
        mask_or(out, &sg->any_tag);
        break;
    case FIELD_CONSENT: mask_or(out, &sg->consents); break;
    case FIELD_IDENTIFIER: mask_or(out, &sg->identifiers); break;
    }
}

static void readers_of_touch(const struct segments *sg, const struct touch *t, struct mask *out)
{
    if (t->event) {
        readers_add(sg, THING_EVENT, t->event->code, out);
        if (!(t->event->flags & EVENT_SYSTEM)) mask_or(out, &sg->any_event);
    }
    for (u32 i = 0; i < t->change_count; i++) readers_of_change(sg, &t->changes[i], out);
    for (u32 i = 0; i < t->segment_count; i++) readers_add(sg, THING_SEGMENT, t->segments[i], out);
}

/* As if every bootstrap had passed her already, and found her outside. */
static void judge_born(struct segments *sg, persona head)
{
    for (u32 i = 0; i < sg->rule_count; i++) {
        const struct segment_row *row = table_at(sg->rows, sg->rules[i]->code);
        if (!rule_judged(sg, sg->rules[i], head))
            state_put(sg, head, served_tag(sg->rules[i]->slot), &row->since, 1);
    }
}

void segment_touch(struct segments *sg, const struct subject *who, const struct touch *t, i64 now,
                   struct edges *out)
{
    struct asking a;
    struct mask rules = {0};
    segments_sweep(sg);
    if (sg->rule_count == 0 || customer_head(sg->customers, who->head) != who->head) return;
    if (t->born) judge_born(sg, who->head);
    begin(&a, sg, who, now, t->fresh);
    a.on_edge = append_edge;
    a.ctx = out;
    if (t->rebuild || !is_met(sg, who->head)) {
        rebuild(&a);
        rules = sg->all;
        if (!is_met(sg, who->head)) customer_edit(sg->customers, who->head)->flags |= CUSTOMER_MET;
    } else {
        if (t->event) feed(&a, t->event);
        readers_of_touch(sg, t, &rules);
    }
    ask(&a, &rules);
}

struct due {
    struct segments *sg;
    persona head;
    i64 now;
    struct mask rules;
    u32 stale_count;
    u16 stale[SEGMENT_RULES_MAX]; /* of rules whose bootstrap has not passed her since an edit */
};

static void collect_due(void *ctx, u16 tag, u64 word)
{
    struct due *d = ctx;
    if ((tag & TAG_SPECIAL) != TAG_UNTIL || (i64)word > d->now) return;
    u32 slot = tag & (TAG_UNTIL - 1), i = 0;
    while (i < d->sg->rule_count && d->sg->rules[i]->slot != slot) i++;
    if (i < d->sg->rule_count && rule_judged(d->sg, d->sg->rules[i], d->head))
        mask_set(&d->rules, i);
    else if (d->stale_count < COUNT_OF(d->stale))
        d->stale[d->stale_count++] = tag;
}

void segment_due(struct segments *sg, const struct subject *who, i64 now, struct edges *out)
{
    struct asking a;
    struct due d = {.sg = sg, .head = who->head, .now = now};
    segments_sweep(sg);
    if (segment_next(sg, who->head) > now) return;
    state_each(sg, who->head, collect_due, &d);
    for (u32 i = 0; i < d.stale_count; i++) state_drop(sg, who->head, d.stale[i]);
    begin(&a, sg, who, now, true);
    a.on_edge = append_edge;
    a.ctx = out;
    ask(&a, &d.rules);
}

/* ---- bootstrap ---- */

/* Computed beside, an answer says nothing of kept state, `until`, or what other modules know. */
beside_kind rule_beside(const struct rule *r)
{
    const struct predicate_inputs *in = predicate_inputs(r->p);
    if (predicate_stirs(r->p)) return BESIDE_STIRRED;
    bool answers = predicate_live_class(r->p) == PREDICATE_KEPT && r->leaf_count == 0 &&
                   !in->time && in->segment_count == 0 && !in->others;
    return answers ? BESIDE_ANSWERS : BESIDE_NOTHING;
}

static void judge(struct asking *a, u32 index)
{
    struct segments *sg = a->sg;
    persona head = a->who.head;
    struct mask rules = {0};
    a->judging = (i32)index;
    if (is_met(sg, head)) {
        mask_set(&rules, index);
        if (sg->rules[index]->leaf_count) rebuild(a);
    } else {
        rules = sg->all;
        rebuild(a);
        customer_edit(sg->customers, head)->flags |= CUSTOMER_MET;
    }
    ask(a, &rules);
}

/* A bootstrap on its way through a range. */
struct passing {
    struct segments *sg;
    u32 index;
    persona from;
    bool in_turn;
    const u64 *answers;
    u64 at;
    beside_kind says; /* what the bits are… */
    bool sure, holds; /* …and of who is not stirred: is it sure by that alone, and which? */
    void (*subject_of)(void *ctx, persona head, struct subject *out);
    void *ctx;
    i64 now;
    void (*on_edge)(void *ctx, const struct edge *e);
};

/* Also for who has not been met yet: the answer is this rule's, whatever others would say. */
static bool takes_answer(const struct passing *p, persona head)
{
    return p->answers && n48_get(customer_at(p->sg->customers, head)->changed) <= (i64)p->at;
}

static bool bit_of(const struct passing *p, persona head)
{
    u32 bit = head - p->from;
    return p->answers[bit / 64] >> bit % 64 & 1;
}

static void begin_passing(struct asking *a, const struct passing *p, persona head)
{
    struct subject who;
    p->subject_of(p->ctx, head, &who);
    begin(a, p->sg, &who, p->now, false);
    a->on_edge = p->on_edge;
    a->ctx = p->ctx;
}

/* Nearly everybody's answer changes nothing: then no subject is made. */
static void take_answer(const struct passing *p, persona head, bool holds)
{
    struct asking a;
    const struct rule *r = p->sg->rules[p->index];
    bool had_until = state_find(p->sg, head, until_tag(r->slot)) != NULL;
    struct mask users = {0};
    if (!had_until && holds == member_is(p->sg, r->slot, head)) return;
    begin_passing(&a, p, head);
    if (settle(&a, r, (answer){holds, NEVER})) users = r->users;
    ask(&a, &users);
}

/* Nothing she did counts: state is as of nobody. */
static void pass_unstirred(const struct passing *p, persona head)
{
    struct asking a;
    struct mask rules = {0};
    const struct rule *r = p->sg->rules[p->index];
    for (u32 i = 0; i < r->leaf_count; i++) state_drop(p->sg, head, (u16)r->leaves[i]);
    if (p->sure) {
        take_answer(p, head, p->holds);
        return;
    }
    begin_passing(&a, p, head);
    a.judging = (i32)p->index;
    mask_set(&rules, p->index);
    ask(&a, &rules);
}

static void pass_judged(const struct passing *p, persona head)
{
    struct asking a;
    begin_passing(&a, p, head);
    judge(&a, p->index);
}

static void pass_one(const struct passing *p, persona head)
{
    struct segments *sg = p->sg;
    const struct rule *r = sg->rules[p->index];
    const struct segment_row *row = table_at(sg->rows, r->code);
    if (customer_head(sg->customers, head) != head || head < row->cursor) return;
    bool served = rule_judged(sg, r, head);
    if (p->in_turn) state_drop(sg, head, served_tag(r->slot));
    if (served) return;
    bool takes = takes_answer(p, head), bit = takes && bit_of(p, head);
    if (takes && p->says == BESIDE_ANSWERS)
        take_answer(p, head, bit);
    else if (takes && !bit)
        pass_unstirred(p, head);
    else
        pass_judged(p, head);
    if (!p->in_turn) state_put(sg, head, served_tag(r->slot), &row->since, 1);
}

void segment_bootstrap(struct segments *sg, u32 code, persona from, persona to, const u64 *answers,
                       u64 at, void (*subject_of)(void *ctx, persona head, struct subject *out),
                       void *ctx, i64 now, void (*on_edge)(void *ctx, const struct edge *e))
{
    i32 index = rule_index(sg, code);
    segments_sweep(sg);
    if (index < 0) return;
    const struct segment_row *row = segment_at(sg, code);
    beside_kind says = rule_beside(sg->rules[index]);
    bool takes = answers && at >= row->since && says != BESIDE_NOTHING;
    struct passing p = {.sg = sg,
                        .index = (u32)index,
                        .from = from,
                        .in_turn = from == row->cursor,
                        .answers = takes ? answers : NULL,
                        .at = at,
                        .says = says,
                        .subject_of = subject_of,
                        .ctx = ctx,
                        .now = now,
                        .on_edge = on_edge};
    persona end = min_u32(to, customers_end(sg->customers));
    p.sure = takes && predicate_of_nothing(sg->rules[index]->p, &p.holds);
    for (persona head = from; head < end; head++) pass_one(&p, head);
}

/* ---- lists, merges, erasure ---- */

static void count_member(struct segments *sg, u32 code, bool in)
{
    ((struct segment_row *)table_edit(sg->rows, code))->count += in ? 1 : (u32)-1;
}

bool segment_put(struct segments *sg, u32 code, persona head, bool in)
{
    const struct segment_row *row = segment_at(sg, code);
    if (!row || row->program || customer_head(sg->customers, head) != head) return false;
    if (member_is(sg, row->slot - 1, head) == in) return false;
    member_set(sg, row->slot - 1, head, in);
    count_member(sg, code, in);
    return true;
}

void segment_moved(struct segments *sg, persona from, persona to)
{
    for (u32 i = 1; i < table_count(sg->slots); i++) {
        const struct slot_row *s = table_at(sg->slots, i);
        if (!table_has(sg->slots, i) || !member_is(sg, i - 1, from)) continue;
        member_set(sg, i - 1, from, false);
        if (s->use != SLOT_USED) continue;
        count_member(sg, s->code, false);
        if (to && !segment_at(sg, s->code)->program) segment_put(sg, s->code, to, true);
    }
    state_clear(sg, from);
    if (is_met(sg, from)) customer_edit(sg->customers, from)->flags &= (u16)~CUSTOMER_MET;
}

void segment_forget(struct segments *sg, persona head)
{
    segment_moved(sg, head, 0);
}

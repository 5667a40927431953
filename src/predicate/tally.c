/* tally.c — leaves over events, answered by one pass over the customer's own.
 *
 * Every leaf has a tally; the pass goes once through her timeline, from the earliest beginning of
 * any window to now, and shows each event to each tally. Leaves over a session make passes of their
 * own, since a session belongs to one device. Where everybody is asked, a scan brings the events
 * of one leaf instead: rows, whose fields are in columns. */
#include "log/events.h"
#include "log/fixed.h"
#include "predicate/formula.h"
#include "predicate/program.h"

struct set {
    hash128 *slots;
    u64 count, mask;
};

struct tally {
    const struct leaf *leaf;
    const struct filter *filter; /* of a did */
    const struct window *window;
    i64 from, to; /* counts events that occurred in [from, to)… */
    u64 after;    /* …and came later than this in the log */
    bool idle;    /* nothing can count */
    u64 count;
    i64 *expiries; /* ascending; of a COUNT in a window that moves */
    u64 stored, room;
    i64 expiry; /* of a measure: the first value to leave; of first and last: its own */
    decimal sum, best;
    value instant; /* the least or greatest moment */
    bool is_so;    /* the first or last value passes the test */
    struct set seen;
    struct gathered *gathered; /* of a formula, per function */
    i64 starts[STEPS_MAX];     /* of a sequence: the latest beginning of a chain that long */
    bool found;
};

#define NO_START INT64_MIN

i64 window_months_from(const struct window *w, i64 now)
{
    return now - ((i64)w->months * 31 + 2) * DAY;
}

i64 window_expiry(const struct window *w, const struct zone *zone, i64 t)
{
    i64 at;
    if (w->kind == WINDOW_MONTHS) return zone_add(zone, t, (duration){.months = w->months});
    if (w->kind != WINDOW_WITHIN || __builtin_add_overflow(t, w->ms, &at)) return NEVER;
    return at;
}

/* ---- distinct values ---- */

static hash128 value_hash(value v)
{
    struct {
        u64 type;
        decimal number;
    } key;
    memset(&key, 0, sizeof key);
    key.type = v.type;
    if (decimal_of(v, &key.number))
        key.type = VALUE_NUMBER;
    else if (v.type == VALUE_DATE || v.type == VALUE_TIME)
        key.number = v.n;
    else if (v.text.n) {
        hash128 h = hash_xxh(v.text);
        key.number = (decimal)((u128)h.hi << 64 | h.lo);
    }
    hash128 h = hash_xxh((str){(const char *)&key, sizeof key});
    h.lo |= hash128_is_zero(h);
    return h;
}

/* True if it is new. */
static bool set_place(struct set *s, hash128 h)
{
    u64 at = h.lo & s->mask;
    for (; !hash128_is_zero(s->slots[at]); at = (at + 1) & s->mask)
        if (hash128_eq(s->slots[at], h)) return false;
    s->slots[at] = h;
    s->count++;
    return true;
}

static bool set_add(struct set *s, hash128 h, struct arena *arena)
{
    if (!s->slots || s->count * 2 > s->mask) {
        struct set old = *s;
        s->mask = old.slots ? old.mask * 2 + 1 : 15;
        s->slots = arena_zalloc(arena, (s->mask + 1) * sizeof *s->slots);
        s->count = 0;
        for (u64 i = 0; old.slots && i <= old.mask; i++)
            if (!hash128_is_zero(old.slots[i])) set_place(s, old.slots[i]);
    }
    return set_place(s, h);
}

static void set_clear(struct set *s)
{
    if (s->slots) memset(s->slots, 0, (s->mask + 1) * sizeof *s->slots);
    s->count = 0;
}

/* ---- one tally ---- */

static void begin_since(struct tally *t, const struct subject *who)
{
    const struct resolver *r = who->resolver;
    i64 ms = who->since_ms;
    u64 order = who->since_order;
    if (t->window->since == SINCE_NONE) return;
    if (t->window->since == SINCE_STEP) {
        if (r && r->since)
            t->idle = !r->since(r->ctx, t->window->since_step, &ms, &order);
        else
            t->idle = t->window->since_step != 0;
    }
    t->from = max_i64(t->from, ms);
    t->after = order;
}

static void forget(struct tally *t)
{
    t->count = t->stored = 0;
    t->sum = 0;
    t->expiry = NEVER;
    t->is_so = false;
    set_clear(&t->seen);
}

static void begin(struct tally *t, const struct leaf *leaf, const struct subject *who, i64 now)
{
    const struct window *w = leaf->window;
    *t = (struct tally){.leaf = leaf, .window = w, .from = INT64_MIN, .to = NEVER};
    if (leaf->did) t->filter = &leaf->did->filter;
    if (w->kind == WINDOW_WITHIN) t->from = now - w->ms + 1;
    if (w->kind == WINDOW_MONTHS) t->from = window_months_from(w, now);
    if (w->kind == WINDOW_BETWEEN) {
        t->from = w->from;
        t->to = w->to;
    }
    for (u32 i = 0; i < STEPS_MAX; i++) t->starts[i] = NO_START;
    if (leaf->messages) t->from = INT64_MIN;
    if (leaf->formula)
        t->gathered =
            arena_zalloc(who->scratch, leaf->formula->function_count * sizeof *t->gathered);
    forget(t);
    begin_since(t, who);
}

/* A month later is not always in the order of time where clocks go back, so an expiry may have to
 * move a few places. */
static void store_expiry(struct tally *t, i64 expiry, struct arena *arena)
{
    if (t->stored == t->room) {
        t->room = t->room ? t->room * 2 : 16;
        i64 *p = arena_alloc(arena, t->room * sizeof *p);
        if (t->stored) memcpy(p, t->expiries, t->stored * sizeof *p);
        t->expiries = p;
    }
    u64 at = t->stored++;
    for (; at > 0 && t->expiries[at - 1] > expiry; at--) t->expiries[at] = t->expiries[at - 1];
    t->expiries[at] = expiry;
}

static bool is_better(const struct did *d, int order)
{
    return d->measure == MEASURE_MIN ? order < 0 : order > 0;
}

/* The least or greatest: of numbers if the test is on a number, else of dates and times. */
static bool take_extreme(struct tally *t, const struct did *d, value v)
{
    decimal number;
    int order = 0;
    if (d->test.constants[0].is_number) {
        if (!decimal_of(v, &number)) return false;
        if (t->count == 0 || is_better(d, (number > t->best) - (number < t->best)))
            t->best = number;
        return true;
    }
    if (v.type != VALUE_DATE && v.type != VALUE_TIME) return false;
    if (t->count == 0 || (value_cmp(v, t->instant, &order) == ERR_OK && is_better(d, order)))
        t->instant = v;
    return true;
}

static bool take_value(struct tally *t, const struct did *d, value v, struct arena *arena)
{
    decimal number;
    if (v.type == VALUE_MISSING || v.type == VALUE_NULL) return false;
    switch (d->measure) {
    case MEASURE_SUM:
    case MEASURE_AVG:
        if (!decimal_of(v, &number)) return false;
        t->sum = decimal_add(t->sum, number);
        return true;
    case MEASURE_MIN:
    case MEASURE_MAX: return take_extreme(t, d, v);
    case MEASURE_DISTINCT: set_add(&t->seen, value_hash(v), arena); return true;
    case MEASURE_FIRST:
        if (t->count > 0) return false;
        t->is_so = test_value(&d->test, v);
        return true;
    case MEASURE_LAST: t->is_so = test_value(&d->test, v); return true;
    default: return true;
    }
}

/* What an order is worth after its refunds, where the property says what it cost. */
static value net_of(const struct did *d, const struct order *o, value v, struct arena *arena)
{
    const struct order_names *n = &d->filter.orders;
    decimal said;
    bool money = d->path.whole && (d->path.whole == n->total || d->path.whole == n->revenue);
    if (!money || o->refunded == 0 || !decimal_of(v, &said)) return v;
    said = said > o->refunded ? said - o->refunded : said < 0 ? said : 0;
    return decimal_value(said, arena);
}

/* Of months the calendar is asked only for the few days at their beginning, unless `until` is. */
static i64 expiry_of(const struct tally *t, const struct evaluation *e, i64 at)
{
    const struct window *w = t->window;
    bool sure =
        e->holds_only && w->kind == WINDOW_MONTHS && at > e->now - ((i64)w->months * 28 - 2) * DAY;
    return sure ? NEVER : window_expiry(w, e->who->zone, at);
}

static void take_did(struct tally *t, const struct evaluation *e, const struct event *ev,
                     const struct scope *s)
{
    const struct did *d = t->leaf->did;
    const struct subject *who = e->who;
    i64 expiry = expiry_of(t, e, ev->occurred_ms);
    if (expiry <= e->now || !filter_takes_in(t->filter, ev, who, s)) return;
    const struct order *o = d->filter.net ? orders_find(e->orders, ev) : NULL;
    if (d->filter.net && (!o || order_is_void(o))) return;
    value v = d->has_path ? field_of(s, &d->path) : value_missing();
    if (o) v = net_of(d, o, v, who->scratch);
    if (d->has_path && !take_value(t, d, v, who->scratch)) return;
    t->count++;
    t->expiry = d->measure == MEASURE_LAST ? expiry : min_i64(t->expiry, expiry);
    if (d->measure == MEASURE_COUNT && expiry != NEVER && !e->holds_only)
        store_expiry(t, expiry, who->scratch);
}

/* For each length the latest beginning of a chain: the best one for every continuation. */
static void take_sequence(struct tally *t, const struct evaluation *e, const struct event *ev,
                          const struct scope *at)
{
    const struct sequence *s = t->leaf->sequence;
    for (u32 i = s->count; i-- > 0 && !t->found;) {
        if (i > 0 && t->starts[i - 1] == NO_START) continue;
        if (!filter_takes_in(&s->steps[i], ev, e->who, at)) continue;
        t->starts[i] = i ? max_i64(t->starts[i], t->starts[i - 1]) : ev->occurred_ms;
    }
    i64 start = t->starts[s->count - 1];
    if (start == NO_START) return;
    t->found |= s->span_ms == 0 || ev->occurred_ms - start < s->span_ms;
    t->starts[s->count - 1] = NO_START;
}

bool message_event_says(u32 event, u32 status)
{
    u32 asked = event < EVENT_MESSAGE_REJECTED ? event - EVENT_MESSAGE_PLANNED + ASKED_planned
                                               : event - EVENT_MESSAGE_REJECTED + ASKED_rejected;
    if (event < EVENT_MESSAGE_PLANNED || event > EVENT_MESSAGE_CANCELLED) return false;
    if (status == ASKED_planned) return true;
    if (status == ASKED_read) return asked >= ASKED_opened && asked <= ASKED_replied;
    if (status == ASKED_deferred || status > ASKED_read) return asked == status;
    return asked >= status && asked <= ASKED_replied;
}

static bool says(const struct scope *s, u32 property, str wanted)
{
    if (!wanted.n) return true;
    value v = property_of(s, property);
    return v.type == VALUE_TEXT && str_eq(v.text, wanted);
}

/* A message counts once, at the first moment that shows it in the status. */
static void take_message(struct tally *t, const struct evaluation *e, const struct event *ev,
                         const struct scope *s)
{
    const struct asked_messages *m = t->leaf->messages;
    if (!message_event_says(ev->code, m->status) || !says(s, PROPERTY_JOURNEY, m->journey) ||
        !says(s, PROPERTY_TEMPLATE, m->template) || !says(s, PROPERTY_CHANNEL, m->channel) ||
        property_of(s, PROPERTY_MACHINE).type == VALUE_TRUE)
        return;
    if (!set_add(&t->seen, value_hash(property_of(s, PROPERTY_MESSAGE)), e->who->scratch)) return;
    i64 expiry = expiry_of(t, e, ev->occurred_ms);
    if (expiry <= e->now) return;
    t->count++;
    if (expiry != NEVER && !e->holds_only) store_expiry(t, expiry, e->who->scratch);
}

static void take_formula(struct tally *t, const struct evaluation *e, const struct event *ev,
                         const struct scope *s)
{
    const struct formula *f = t->leaf->formula;
    for (u32 i = 0; i < f->function_count; i++)
        function_take(&f->functions[i], &t->gathered[i], ev, s, e->who->scratch);
}

static void take(struct tally *t, const struct evaluation *e, const struct event *ev)
{
    struct scope s = {
        .kind = e->told ? SCOPE_TOLD : SCOPE_EVENT, .props = ev->props, .told = e->told};
    if (t->window->has_since_last && filter_takes_in(&t->window->since_last, ev, e->who, &s)) {
        forget(t);
        return;
    }
    if (ev->occurred_ms < t->from || ev->occurred_ms >= t->to || ev->order <= t->after) return;
    if (t->filter)
        take_did(t, e, ev, &s);
    else if (t->leaf->formula)
        take_formula(t, e, ev, &s);
    else if (t->leaf->messages)
        take_message(t, e, ev, &s);
    else
        take_sequence(t, e, ev, &s);
}

answer count_answer(const struct did *d, const i64 *expiries, u64 stored, u64 count)
{
    bool holds = count && test_count(&d->test, count);
    u64 i = stored == count && count > d->saturation ? count - d->saturation : 0;
    while (i < stored) {
        i64 at = expiries[i];
        while (i < stored && expiries[i] == at) i++;
        u64 left = count - i;
        if ((left && test_count(&d->test, left)) != holds) return (answer){holds, at};
    }
    return (answer){holds, NEVER};
}

static answer finish(const struct evaluation *e, const struct tally *t)
{
    const struct did *d = t->leaf->did;
    if (t->leaf->formula)
        return formula_answer(t->leaf->formula, t->gathered, e->who->zone, e->now);
    if (t->leaf->messages)
        return count_answer(&t->leaf->messages->count, t->expiries, t->stored, t->count);
    if (!d) return (answer){t->found, NEVER};
    if (t->count == 0) return (answer){false, NEVER};
    switch (d->measure) {
    case MEASURE_COUNT: return count_answer(d, t->expiries, t->stored, t->count);
    case MEASURE_SUM: return (answer){test_ratio(&d->test, t->sum, 1), t->expiry};
    case MEASURE_AVG: return (answer){test_ratio(&d->test, t->sum, t->count), t->expiry};
    case MEASURE_DISTINCT: return (answer){test_count(&d->test, t->seen.count), t->expiry};
    case MEASURE_FIRST:
    case MEASURE_LAST: return (answer){t->is_so, t->expiry};
    default: break;
    }
    bool is_number = d->test.constants[0].is_number;
    bool holds = is_number ? test_ratio(&d->test, t->best, 1) : test_value(&d->test, t->instant);
    return (answer){holds, t->expiry};
}

/* ---- sessions ---- */

struct session {
    i64 first, last;
};

/* Follows a persona's events from `t` while each is less than the gap from the one before. */
static i64 follow(const struct evaluation *e, persona p, i64 t, bool back)
{
    const struct subject *who = e->who;
    struct event ev;
    struct event_iter *it =
        back ? event_iter_back(who->events, &p, 1, INT64_MIN, t + 1, who->scratch)
             : event_iter(who->events, &p, 1, t, e->now + 1, who->scratch);
    while (event_skim(it, &ev)) {
        if (ev.flags & EVENT_SYSTEM) continue;
        i64 gap = back ? t - ev.occurred_ms : ev.occurred_ms - t;
        if (gap >= SESSION_GAP) break;
        t = ev.occurred_ms;
    }
    return t;
}

static bool newest(const struct evaluation *e, persona p, i64 *at)
{
    const struct subject *who = e->who;
    struct event ev;
    struct event_iter *it =
        event_iter_back(who->events, &p, 1, e->now - SESSION_GAP + 1, e->now + 1, who->scratch);
    while (event_skim(it, &ev)) {
        if (ev.flags & EVENT_SYSTEM) continue;
        *at = ev.occurred_ms;
        return true;
    }
    return false;
}

static answer one_session(const struct evaluation *e, const struct leaf *leaf, persona p,
                          struct session s)
{
    const struct subject *who = e->who;
    struct tally t;
    struct event ev;
    begin(&t, leaf, who, e->now);
    if (t.idle) return (answer){false, NEVER};
    struct event_iter *it = event_iter(who->events, &p, 1, s.first, s.last + 1, who->scratch);
    while (event_next(it, &ev)) take(&t, e, &ev);
    return finish(e, &t);
}

/* Around the triggering event its device's session, open or not; without one, any device's session
 * that is still open. */
static answer session_answer(const struct evaluation *e, const struct leaf *leaf)
{
    const struct event *trigger = e->p->place == PREDICATE_ENTRY ? e->who->event : NULL;
    if (trigger) {
        i64 t = trigger->occurred_ms;
        struct session s = {follow(e, trigger->persona, t, true),
                            follow(e, trigger->persona, t, false)};
        return one_session(e, leaf, trigger->persona, s);
    }
    i64 until = INT64_MIN;
    for (u32 i = 0; i < e->who->persona_count; i++) {
        struct session s;
        persona p = e->who->personas[i];
        if (!newest(e, p, &s.last)) continue;
        s.first = follow(e, p, s.last, true);
        if (one_session(e, leaf, p, s).holds) until = max_i64(until, s.last + SESSION_GAP);
    }
    return (answer){until != INT64_MIN, until == INT64_MIN ? NEVER : until};
}

/* ---- the pass ---- */

static bool in_pass(const struct evaluation *e, const struct leaf *leaf)
{
    if (e->state && leaf->kept != KEPT_NOT) return false;
    return !leaf->did || leaf->did->window.kind != WINDOW_SESSION;
}

/* What an event is to a tally: nothing, by its kind alone; something to count; or to look into. */
typedef enum { LOOK_NOT, LOOK_AT, LOOK_INTO } look;

static look looks_by(u32 asked, bool reads, const struct event *ev)
{
    bool fits = asked ? ev->code == asked : !(ev->flags & EVENT_SYSTEM);
    return !fits ? LOOK_NOT : reads ? LOOK_INTO : LOOK_AT;
}

static look looks_for(const struct filter *f, bool has_path, const struct event *ev)
{
    return looks_by(f->event, f->where || f->has_match || f->net || has_path, ev);
}

static look more(look a, look b)
{
    return a > b ? a : b;
}

static look looks(const struct tally *t, const struct event *ev)
{
    const struct leaf *leaf = t->leaf;
    look l = LOOK_NOT;
    if (t->window->has_since_last) l = looks_for(&t->window->since_last, false, ev);
    if (leaf->did) return more(l, looks_for(&leaf->did->filter, leaf->did->has_path, ev));
    if (leaf->messages && message_event_says(ev->code, leaf->messages->status)) return LOOK_INTO;
    for (u32 i = 0; leaf->sequence && i < leaf->sequence->count; i++)
        l = more(l, looks_for(&leaf->sequence->steps[i], false, ev));
    for (u32 i = 0; leaf->formula && i < leaf->formula->function_count; i++) {
        const struct function *f = &leaf->formula->functions[i];
        l = more(l, looks_by(f->event, f->has_path, ev));
    }
    return l;
}

static void pass(struct evaluation *e)
{
    const struct predicate *p = e->p;
    const struct subject *who = e->who;
    struct tally *tallies = arena_alloc(who->scratch, p->leaf_count * sizeof *tallies);
    struct event ev;
    u32 count = 0;
    i64 from = NEVER;
    for (u32 i = 0; i < p->leaf_count; i++) {
        if (!in_pass(e, p->leaves[i])) continue;
        begin(&tallies[count], p->leaves[i], who, e->now);
        if (!tallies[count].idle) from = min_i64(from, tallies[count++].from);
    }
    if (from <= e->now && who->persona_count && who->events) {
        struct event_iter *it = event_iter(who->events, who->personas, who->persona_count, from,
                                           e->now + 1, who->scratch);
        while (event_skim(it, &ev)) {
            look l = LOOK_NOT;
            for (u32 i = 0; i < count && l != LOOK_INTO; i++) l = more(l, looks(&tallies[i], &ev));
            if (l == LOOK_NOT) continue;
            if (l == LOOK_INTO) event_fill(it, &ev);
            for (u32 i = 0; i < count; i++) take(&tallies[i], e, &ev);
        }
    }
    for (u32 i = 0; i < count; i++) e->answers[tallies[i].leaf->slot] = finish(e, &tallies[i]);
}

bool tally_told(struct evaluation *e, const struct leaf *leaf, u32 from, u32 to)
{
    struct tally t;
    const struct scan_batch *s = e->told->batch;
    begin(&t, leaf, e->who, e->now);
    struct event ev = {.order = 1}; /* any: they come in order, and none is left out by it */
    for (u32 i = from; i < to; i++) {
        ev.code = s->code[i];
        ev.occurred_ms = s->time[i];
        e->told->row = i;
        take(&t, e, &ev);
    }
    return finish(e, &t).holds;
}

static void fold_orders(struct evaluation *e)
{
    const struct subject *who = e->who;
    struct orders *orders = arena_alloc(who->scratch, sizeof *orders);
    orders_fold(who->events, who->personas, who->persona_count, e->now + 1, e->p->net, who->scratch,
                orders);
    e->orders = orders;
}

answer tally_answer(struct evaluation *e, const struct leaf *leaf)
{
    if (!e->who->events && !leaf->formula) return (answer){false, NEVER};
    if (e->p->net && !e->orders && e->who->events) fold_orders(e);
    if (leaf->did && leaf->did->window.kind == WINDOW_SESSION) return session_answer(e, leaf);
    if (!e->answers) {
        e->answers = arena_alloc(e->who->scratch, e->p->leaf_count * sizeof *e->answers);
        for (u32 i = 0; i < e->p->leaf_count; i++) e->answers[i] = (answer){false, NEVER};
        pass(e);
    }
    return e->answers[leaf->slot];
}

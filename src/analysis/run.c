/* run.c — a run: phases one after the other, each in pieces for any threads.
 *
 *   who ─► values ─► places ─► fold ─► people ─► merge      and again for the other side
 *    │        └─ which values `by` has; who has which
 *    └─ the predicate, 65,536 customers a piece
 *
 * Each worker has a state of its own for the whole and for every group. A group of customers gets
 * their batches as they are; a group of events gets them with the hits of other values' anchors
 * taken away. So no fold knows of groups. */
#include "analysis/groups.h"

#include <stdio.h>
#include <stdlib.h>

enum { BLOCK = 1 << 16, SLICES_A_WORKER = 4, CELLS_MAX = ANALYSIS_GROUPS_MAX + 3 };

typedef enum {
    PHASE_BEGIN,
    PHASE_WHO,
    PHASE_VALUES,
    PHASE_PLACES,
    PHASE_FOLD,
    PHASE_PEOPLE,
    PHASE_DONE
} phase;

struct side {
    struct plan *p;
    u64 *who;                /* NULL: everybody */
    void *states[CELLS_MAX]; /* merged */
    u64 there;               /* groups somebody is in */
};

struct worker {
    void *states[CELLS_MAX];
    void *probe; /* when drilling: one customer's */
    struct tally_of tally;
    u64 there; /* groups somebody is in */
    u32 *hits; /* of one customer, for a group */
    u32 room;
};

struct analysis_run {
    struct side sides[2];
    u32 side, side_count;
    struct analysis_source source;
    u32 workers, pieces;
    phase at;
    struct groups groups;
    u32 cells;
    struct feed *feed;
    struct event_crowd *crowd; /* of the predicate */
    struct worker of[ANALYSIS_WORKERS_MAX];
    u64 *picked;
    bool cancelled, over; /* over: a piece met a limit */
    u32 done, percent;
    u32 weight_done, weights; /* of phases that are behind it; of all */
};

static bool by_customer(const struct plan *p)
{
    return p->by.kind == BY_ATTRIBUTE || p->by.kind == BY_TAG || p->by.kind == BY_STAGE;
}

static bool by_event(const struct plan *p)
{
    return p->by.kind == BY_PROPERTY || p->by.kind == BY_SOURCE;
}

static struct plan *plan_of(const struct analysis_run *r)
{
    return r->sides[r->side].p;
}

static bool is_cancelled(const struct analysis_run *r)
{
    const atomic_bool *gone = r->source.gone;
    if (__atomic_load_n(&r->cancelled, __ATOMIC_RELAXED)) return true;
    if (gone && atomic_load_explicit(gone, memory_order_relaxed)) return true;
    return r->source.view.epoch && epoch_cancelled(r->source.view.epoch);
}

static u64 *bits_new(persona end)
{
    return mem_zalloc(((size_t)end + BLOCK) / 64 * sizeof(u64));
}

static bool bit(const u64 *bits, persona p)
{
    return !bits || (bits[p / 64] >> p % 64 & 1);
}

/* One group is asked for, whether or not it is shown; of the rest it matters which are. */
static bool needs_values(const struct plan *p)
{
    return p->by.kind != BY_NOTHING && (!p->drill || (p->drill_in == IN_REST && !p->grouped_by));
}

static bool needs_places(const struct plan *p)
{
    return by_customer(p) && (!p->drill || p->drill_in != IN_ALL);
}

/* About how the phases share the time; 0 of those that are passed over. */
static u32 weight_of(const struct plan *p, phase at, u32 side)
{
    if (p->only_values && at > PHASE_VALUES) return 0;
    switch (at) {
    case PHASE_WHO: return p->who ? 3 : 0;
    case PHASE_VALUES: return !needs_values(p) || (side && !p->drill) ? 0 : by_event(p) ? 4 : 2;
    case PHASE_PLACES: return needs_places(p) ? 2 : 0;
    case PHASE_FOLD: return p->what->add ? 6 : 0;
    case PHASE_PEOPLE: return p->what->person ? 2 : 0;
    default: return 0;
    }
}

struct analysis_run *analysis_begin(struct plan *p, const struct analysis_source *source,
                                    u32 workers)
{
    struct analysis_run *r = mem_zalloc(sizeof *r);
    r->sides[0].p = p->grouped_by ? p->grouped_by : p;
    r->sides[1].p = p->grouped_by ? p : p->other;
    r->side_count = r->sides[1].p ? 2 : 1;
    r->source = *source;
    r->workers = min_u32(workers ? workers : 1, ANALYSIS_WORKERS_MAX);
    if (p->drill) r->picked = bits_new(source->end);
    for (u32 side = 0; side < r->side_count; side++)
        for (phase at = PHASE_WHO; at < PHASE_DONE; at++)
            r->weights += weight_of(r->sides[side].p, at, side);
    return r;
}

/* ---- who ---- */

static struct batch_subject subject_of(struct analysis_run *r)
{
    return (struct batch_subject){.view = &r->source.view,
                                  .events = r->source.events,
                                  .zone = r->source.zone,
                                  .resolver = r->source.resolver,
                                  .cancel = &r->cancelled,
                                  .names = r->source.names,
                                  .crowd = r->crowd,
                                  .heads = r->source.heads,
                                  .heads_end = r->source.heads ? r->source.heads_end : 0,
                                  .stayed = r->source.stayed};
}

static void who_piece(struct analysis_run *r, u32 piece)
{
    const struct plan *p = plan_of(r);
    struct batch_subject all = subject_of(r);
    persona from = piece * BLOCK, to = min_u32(r->source.end, from + BLOCK);
    if (from >= to) return;
    if (!predicate_batch(p->who, &all, from, to, p->as_of, r->sides[r->side].who + from / 64))
        analysis_cancel(r);
}

/* ---- which values there are ---- */

static void tally_text(void *ctx, str text)
{
    tally_put(ctx, text, 1);
}

struct marking {
    const struct groups *groups;
    u64 mask;
};

static void mark_text(void *ctx, str text)
{
    struct marking *m = ctx;
    m->mask |= 1ull << groups_find(m->groups, text);
}

/* First the values are counted, then each customer gets the bits of hers. */
static void customers_piece(struct analysis_run *r, u32 piece, u32 worker)
{
    struct value_reader v;
    struct customer_row row;
    const u64 *who = r->sides[r->side].who;
    persona end = min_u32(r->source.end, (piece + 1) * (persona)BLOCK);
    value_reader_begin(&v, plan_of(r), &r->source);
    for (persona h = piece ? piece * BLOCK : 1; h < end && !is_cancelled(r); h++) {
        if (!bit(who, h) || !view_row(&r->source.view, h, &row) || row.head != h) continue;
        if (r->at == PHASE_VALUES) {
            value_reader_each(&v, h, tally_text, &r->of[worker].tally);
            continue;
        }
        struct marking m = {&r->groups, 0};
        if (!value_reader_each(&v, h, mark_text, &m)) m.mask = 1ull << groups_missing(&r->groups);
        r->groups.of_customer[h] = m.mask;
    }
    value_reader_end(&v);
}

static void note(struct analysis_run *r, err e)
{
    if (e == ERR_LIMIT) __atomic_store_n(&r->over, true, __ATOMIC_RELAXED);
    if (e == ERR_UNAVAILABLE) analysis_cancel(r);
}

static void words_piece(struct analysis_run *r, u32 piece, u32 worker)
{
    struct timelines b;
    err e;
    u64 *counts = NULL;
    u32 known = 0, anchor = plan_of(r)->anchor;
    while (!is_cancelled(r) && (e = feed_next(r->feed, piece, &b)) == ERR_OK) {
        const u32 *words = feed_words(r->feed, piece);
        for (u32 i = 0; words && i < b.start[b.customers]; i++) {
            if (!(b.hits[i] & anchor) || !words[i]) continue;
            if (words[i] >= known) {
                u32 more = words[i] + words[i] / 2 + 64;
                counts = mem_realloc(counts, more * sizeof *counts);
                memset(counts + known, 0, (more - known) * sizeof *counts);
                known = more;
            }
            counts[words[i]]++;
        }
    }
    for (u32 w = 1; w < known; w++)
        if (counts[w]) tally_put(&r->of[worker].tally, feed_text(r->feed, w), counts[w]);
    free(counts);
    if (!is_cancelled(r)) note(r, e);
}

/* ---- fold ---- */

static struct timelines one_of(const struct timelines *b, u32 c)
{
    struct timelines one = *b;
    one.customers = 1;
    one.head += c;
    one.start += c;
    return one;
}

static u32 group_of_word(const struct analysis_run *r, u32 word)
{
    if (word == 0) return groups_missing(&r->groups);
    return word < r->groups.words ? r->groups.of_word[word] : groups_rest(&r->groups);
}

/* Her timeline as group `g` sees it: anchors of other values are no anchors. */
static struct timelines seen_by(struct analysis_run *r, struct worker *w,
                                const struct timelines *one, const u32 *words, u32 g)
{
    u32 from = one->start[0], n = one->start[1] - from, anchor = plan_of(r)->anchor;
    struct timelines seen = *one;
    if (n > w->room) {
        w->room = n * 2;
        w->hits = mem_realloc(w->hits, w->room * sizeof *w->hits);
    }
    for (u32 i = 0; i < n; i++) {
        u32 hits = one->hits[from + i];
        bool mine = !(hits & anchor) || group_of_word(r, words[from + i]) == g;
        w->hits[i] = mine ? hits : hits & ~anchor;
    }
    seen.hits = w->hits - from;
    seen.always &= ~anchor;
    return seen;
}

static u64 groups_there(const struct analysis_run *r, const struct timelines *one, const u32 *words)
{
    u64 there = 0;
    u32 anchor = plan_of(r)->anchor;
    for (u32 i = one->start[0]; i < one->start[1]; i++)
        if (one->hits[i] & anchor) there |= 1ull << group_of_word(r, words[i]);
    return there;
}

static void add_groups(struct analysis_run *r, struct worker *w, const struct timelines *b,
                       const u32 *words)
{
    const struct analysis *what = plan_of(r)->what;
    for (u32 c = 0; c < b->customers; c++) {
        struct timelines one = one_of(b, c);
        u64 there = words ? groups_there(r, &one, words) : r->groups.of_customer[b->head[c]];
        w->there |= there;
        for (; there; there &= there - 1) {
            u32 g = (u32)__builtin_ctzll(there);
            struct timelines seen = words ? seen_by(r, w, &one, words, g) : one;
            what->add(w->states[1 + g], &seen);
        }
    }
}

static u32 drilled_group_of(const struct analysis_run *r)
{
    const struct plan *p = plan_of(r);
    if (p->drill_in == IN_REST) return groups_rest(&r->groups);
    return p->drill_in == IN_MISSING ? groups_missing(&r->groups)
                                     : groups_find(&r->groups, p->drill_value);
}

static void pick(struct analysis_run *r, persona head)
{
    __atomic_fetch_or(&r->picked[head / 64], 1ull << head % 64, __ATOMIC_RELAXED);
}

/* Whom the drilled cell counts: each customer alone is added to an empty state. A question of
 * whole populations gets those of the group, and picks at the end. */
static void add_drilled(struct analysis_run *r, struct worker *w, const struct timelines *b,
                        const u32 *words)
{
    const struct plan *p = plan_of(r);
    u32 g = drilled_group_of(r);
    for (u32 c = 0; c < b->customers; c++) {
        struct timelines one = one_of(b, c);
        if (p->drill_in != IN_ALL) {
            u64 there = words ? groups_there(r, &one, words) : r->groups.of_customer[b->head[c]];
            if (!(there >> g & 1)) continue;
            if (words) one = seen_by(r, w, &one, words, g);
        }
        if (w->probe) p->what->reset(w->probe);
        p->what->add(w->probe ? w->probe : w->states[0], &one);
        if (w->probe && p->what->counts(w->probe)) pick(r, b->head[c]);
    }
}

static void fold_piece(struct analysis_run *r, u32 piece, u32 worker)
{
    const struct plan *p = plan_of(r);
    struct worker *w = &r->of[worker];
    struct timelines b;
    err e = ERR_OK;
    while (!is_cancelled(r) && (e = feed_next(r->feed, piece, &b)) == ERR_OK) {
        const u32 *words = feed_words(r->feed, piece);
        if (p->drill)
            add_drilled(r, w, &b, words);
        else
            p->what->add(w->states[0], &b);
        if (r->cells > 1) add_groups(r, w, &b, words);
    }
    note(r, e);
}

static void person_drilled(struct analysis_run *r, struct worker *w, const struct person *one)
{
    const struct plan *p = plan_of(r);
    if (p->drill_in != IN_ALL &&
        !(r->groups.of_customer && r->groups.of_customer[one->head] >> drilled_group_of(r) & 1))
        return;
    p->what->reset(w->probe);
    p->what->person(w->probe, one);
    if (p->what->counts(w->probe)) pick(r, one->head);
}

static void people_piece(struct analysis_run *r, u32 piece, u32 worker)
{
    const struct plan *p = plan_of(r);
    struct worker *w = &r->of[worker];
    struct customer_row row;
    const u64 *who = r->sides[r->side].who;
    persona end = min_u32(r->source.end, (piece + 1) * (persona)BLOCK);
    struct person one = {.source = &r->source, .as_of = p->as_of};
    for (persona h = piece ? piece * BLOCK : 1; h < end && !is_cancelled(r); h++) {
        one.head = h;
        one.is_in = bit(who, h);
        if (!one.is_in && !p->what->everybody) continue;
        if (!view_row(&r->source.view, h, &row) || row.head != h) continue;
        if (w->probe) {
            person_drilled(r, w, &one);
            continue;
        }
        p->what->person(w->states[0], &one);
        u64 there = r->cells > 1 && r->groups.of_customer ? r->groups.of_customer[h] : 0;
        w->there |= there;
        for (; there; there &= there - 1)
            p->what->person(w->states[1 + __builtin_ctzll(there)], &one);
    }
}

void analysis_piece(struct analysis_run *r, u32 piece, u32 worker)
{
    MUST(piece < r->pieces && worker < r->workers);
    switch (r->at) {
    case PHASE_WHO: who_piece(r, piece); break;
    case PHASE_VALUES:
        if (by_event(plan_of(r)))
            words_piece(r, piece, worker);
        else
            customers_piece(r, piece, worker);
        break;
    case PHASE_PLACES: customers_piece(r, piece, worker); break;
    case PHASE_FOLD: fold_piece(r, piece, worker); break;
    case PHASE_PEOPLE: people_piece(r, piece, worker); break;
    default: break;
    }
    u32 done = __atomic_add_fetch(&r->done, 1, __ATOMIC_RELAXED);
    u32 behind =
        r->weight_done * 100 + weight_of(plan_of(r), r->at, r->side) * done * 100 / r->pieces;
    __atomic_store_n(&r->percent, r->weights ? behind / r->weights : 0, __ATOMIC_RELAXED);
}

/* ---- from phase to phase ---- */

static u32 blocks(const struct analysis_run *r)
{
    return (r->source.end + BLOCK - 1) / BLOCK;
}

static void open_feed(struct analysis_run *r)
{
    r->feed = feed_new(plan_of(r), &r->source, r->sides[r->side].who, r->workers * SLICES_A_WORKER,
                       &r->cancelled);
}

static void close_feed(struct analysis_run *r)
{
    feed_free(r->feed);
    r->feed = NULL;
}

static void begin_states(struct analysis_run *r)
{
    const struct plan *p = plan_of(r);
    r->cells = p->by.kind != BY_NOTHING && !p->drill ? r->groups.count + 3 : 1;
    for (u32 w = 0; w < r->workers; w++) {
        if (p->drill && !p->what->pick && !r->of[w].probe) r->of[w].probe = fold_begin(p);
        for (u32 c = 0; c < r->cells && !r->of[w].probe; c++)
            if (!r->of[w].states[c]) r->of[w].states[c] = fold_begin(p);
    }
}

/* Words are the scan's own: the groups' texts are looked up in this one. */
static void place_words(struct analysis_run *r)
{
    struct groups *g = &r->groups;
    u32 words[ANALYSIS_GROUPS_MAX];
    g->words = 1;
    for (u32 i = 0; i < g->count; i++) {
        words[i] = feed_word(r->feed, g->texts[i]);
        if (words[i] >= g->words) g->words = words[i] + 1;
    }
    free(g->of_word);
    g->of_word = mem_alloc(g->words);
    memset(g->of_word, (int)groups_rest(g), g->words);
    for (u32 i = 0; i < g->count; i++) g->of_word[words[i]] = (u8)i;
}

static void begin_fold(struct analysis_run *r)
{
    begin_states(r);
    open_feed(r);
    if (by_event(plan_of(r))) place_words(r);
}

static void choose_groups(struct analysis_run *r)
{
    struct tally_of tallies[ANALYSIS_WORKERS_MAX];
    for (u32 w = 0; w < r->workers; w++) {
        tallies[w] = r->of[w].tally;
        r->over |= tallies[w].full;
    }
    groups_choose(&r->groups, tallies, r->workers, plan_of(r)->by.limit, plan_of(r)->arena);
    for (u32 w = 0; w < r->workers; w++) {
        tally_end(&tallies[w]);
        r->of[w].tally = (struct tally_of){0};
    }
}

static void merge_states(struct analysis_run *r)
{
    const struct analysis *what = plan_of(r)->what;
    struct side *s = &r->sides[r->side];
    for (u32 w = 0; w < r->workers; w++) {
        s->there |= r->of[w].there;
        r->of[w].there = 0;
        for (u32 c = 0; c < CELLS_MAX; c++) {
            void *state = r->of[w].states[c];
            r->of[w].states[c] = NULL;
            if (!state) continue;
            if (!s->states[c]) {
                s->states[c] = state;
                continue;
            }
            what->merge(s->states[c], state);
            fold_end(what, state);
        }
        if (r->of[w].probe) fold_end(what, r->of[w].probe);
        r->of[w].probe = NULL;
    }
}

static void close_crowd(struct analysis_run *r)
{
    event_crowd_free(r->crowd);
    r->crowd = NULL;
}

/* What a phase leaves behind, once all its pieces are done. */
static void close_phase(struct analysis_run *r)
{
    if (!r->pieces) return; /* it was passed over */
    r->weight_done += weight_of(plan_of(r), r->at, r->side);
    if (r->at == PHASE_WHO) close_crowd(r);
    if (r->at == PHASE_VALUES) choose_groups(r);
    if (r->at == PHASE_FOLD || r->at == PHASE_VALUES) close_feed(r);
}

/* Makes ready for the phase `r->at`; 0: it is not needed. */
static u32 open_phase(struct analysis_run *r)
{
    const struct plan *p = plan_of(r);
    struct side *s = &r->sides[r->side];
    if (p->only_values && r->at > PHASE_VALUES) return 0;
    switch (r->at) {
    case PHASE_WHO:
        if (!p->who) return 0;
        s->who = bits_new(r->source.end);
        struct batch_subject all = subject_of(r);
        r->crowd = predicate_crowd((const struct predicate *const *)&p->who, 1, &all, p->as_of);
        return blocks(r);
    case PHASE_VALUES: /* the other side is shown by the same groups */
        if (p->by.kind == BY_NOTHING || p->grouped_by || (r->side && !p->drill)) return 0;
        if (!needs_values(p)) {
            r->groups.count = p->drill_in == IN_VALUE;
            r->groups.texts[0] = p->drill_value;
            return 0;
        }
        for (u32 w = 0; w < r->workers; w++) tally_begin(&r->of[w].tally);
        if (!by_event(p)) return blocks(r);
        open_feed(r);
        return feed_slices(r->feed);
    case PHASE_PLACES:
        if (!needs_places(p)) return 0;
        if (!r->groups.of_customer)
            r->groups.of_customer = mem_zalloc(((size_t)r->source.end + 1) * sizeof(u64));
        return blocks(r);
    case PHASE_FOLD:
        if (!p->what->add) return 0;
        begin_fold(r);
        return feed_slices(r->feed);
    case PHASE_PEOPLE:
        if (!p->what->person) return 0;
        begin_states(r);
        return blocks(r);
    default: return 0;
    }
}

u32 analysis_pieces(struct analysis_run *r)
{
    close_phase(r);
    while (r->at != PHASE_DONE && !is_cancelled(r)) {
        r->at++;
        if (r->at == PHASE_DONE) {
            merge_states(r);
            if (++r->side == r->side_count) break;
            r->at = PHASE_WHO;
        }
        r->done = 0;
        r->pieces = open_phase(r);
        if (r->pieces) return r->pieces;
    }
    r->pieces = 0;
    r->at = PHASE_DONE;
    return 0;
}

void analysis_cancel(struct analysis_run *r)
{
    __atomic_store_n(&r->cancelled, true, __ATOMIC_RELAXED);
}

u32 analysis_progress(const struct analysis_run *r)
{
    return min_u32(99, __atomic_load_n(&r->percent, __ATOMIC_RELAXED));
}

/* ---- the answer ---- */

static void put_group(const struct analysis_run *r, u32 g, struct buf *out)
{
    json_put_key(out, S("group"));
    if (g < r->groups.count) {
        json_put_str(out, r->groups.texts[g]);
        return;
    }
    buf_put(out, S("null"));
    json_put_kv_str(out, S("kind"), g == groups_missing(&r->groups) ? S("missing") : S("rest"));
    if (g == groups_rest(&r->groups)) json_put_kv_i64(out, S("values"), (i64)r->groups.rest);
}

static err put_groups(struct analysis_run *r, struct side *s, struct buf *out, struct diag *why)
{
    json_put_key(out, S("groups"));
    buf_byte(out, '[');
    for (u32 g = 0; g + 1 < r->cells; g++) {
        if (!s->states[1 + g]) continue;
        if (g == groups_rest(&r->groups) && !r->groups.rest && !(s->there >> g & 1)) continue;
        json_put_comma(out);
        buf_byte(out, '{');
        put_group(r, g, out);
        TRY(s->p->what->finish(s->states[1 + g], out, why));
        buf_byte(out, '}');
    }
    buf_byte(out, ']');
    return ERR_OK;
}

static err put_side(struct analysis_run *r, struct side *s, struct buf *out, struct diag *why)
{
    TRY(s->p->what->finish(s->states[0], out, why));
    return s->p->by.kind == BY_NOTHING ? ERR_OK : put_groups(r, s, out, why);
}

static err outcome(const struct analysis_run *r, struct diag *why)
{
    if (r->over)
        return diag_set(why, ERR_LIMIT,
                        "this is too much at once; take a shorter period, fewer "
                        "customers or a \"by\" with fewer values");
    if (is_cancelled(r)) return diag_set(why, ERR_BUSY, "it took too long; ask again");
    return ERR_OK;
}

err analysis_answer(struct analysis_run *r, struct buf *out, struct diag *why)
{
    TRY(outcome(r, why));
    struct side *drilled = &r->sides[r->side_count - 1];
    if (r->picked && drilled->p->what->pick && drilled->states[0])
        drilled->p->what->pick(drilled->states[0], r->picked);
    if (r->picked) return ERR_OK;
    TRY(put_side(r, &r->sides[0], out, why));
    if (r->side_count == 1) return ERR_OK;
    json_put_key(out, S("compare"));
    buf_byte(out, '{');
    TRY(put_side(r, &r->sides[1], out, why));
    buf_byte(out, '}');
    return ERR_OK;
}

u64 analysis_count(const struct analysis_run *r)
{
    u64 n = 0;
    for (persona w = 0; r->picked && w <= r->source.end / 64; w++)
        n += (u64)__builtin_popcountll(r->picked[w]);
    return n;
}

bool analysis_picked(const struct analysis_run *r, persona head)
{
    return r->picked && head < r->source.end && bit(r->picked, head);
}

/* The request's own predicate and the cell's, joined. */
str analysis_predicate(const struct analysis_run *r)
{
    const struct plan *p = r->sides[r->side_count - 1].p;
    struct buf b;
    if (!p->drill || p->drill_in != IN_ALL || !p->what->says) return (str){0};
    buf_init(&b, 1 << 20);
    if (p->who_json) {
        buf_put(&b, S("{\"all\":["));
        json_put(&b, p->who_json);
        buf_byte(&b, ',');
    }
    bool can = p->what->says(p, &b);
    if (p->who_json) buf_put(&b, S("]}"));
    str text = can && !b.full ? arena_str(p->arena, buf_str(&b)) : (str){0};
    buf_clear(&b);
    return text;
}

bool analysis_wants_ids(const struct analysis_run *r, u32 i, const persona **heads, u32 *count,
                        str **texts)
{
    const struct side *s = &r->sides[i / CELLS_MAX % 2];
    *count = 0;
    if (i >= CELLS_MAX * r->side_count || !s->p->what->wants_ids) return false;
    void *state = s->states[i % CELLS_MAX];
    return !state || s->p->what->wants_ids(state, heads, count, texts) || *count == 0;
}

void analysis_end(struct analysis_run *r)
{
    for (u32 i = 0; i < r->side_count; i++) {
        struct side *s = &r->sides[i];
        for (u32 c = 0; c < CELLS_MAX; c++)
            if (s->states[c]) fold_end(s->p->what, s->states[c]);
        free(s->who);
    }
    for (u32 w = 0; w < r->workers; w++) {
        for (u32 c = 0; c < CELLS_MAX; c++)
            if (r->of[w].states[c]) fold_end(r->sides[0].p->what, r->of[w].states[c]);
        if (r->of[w].probe) fold_end(r->sides[0].p->what, r->of[w].probe);
        tally_end(&r->of[w].tally);
        free(r->of[w].hits);
    }
    feed_free(r->feed);
    close_crowd(r);
    free(r->groups.of_customer);
    free(r->groups.of_word);
    free(r->picked);
    free(r);
}

/* segment.c — the rules: published, loaded, put in order, indexed by what they read, removed. */
#include "segment/inside.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- life ---- */

struct segments *segments_new(struct store *s, struct customers *c, struct events *es,
                              struct names *names)
{
    struct segments *sg = mem_zalloc(sizeof *sg);
    sg->store = s;
    sg->customers = c;
    sg->events = es;
    sg->names = names;
    sg->rows = table_new(s, "segment.rows", sizeof(struct segment_row), NAMES_MAX);
    sg->slots = table_new(s, "segment.slots", sizeof(struct slot_row), SEGMENTS_MAX);
    sg->leaves = table_new(s, "segment.leaves", sizeof(struct leaf_row), LEAVES_MAX);
    sg->states = table_new(s, "segment.states", sizeof(struct state_row), STATES_MAX);
    sg->sweep = table_new(s, "segment.sweep", sizeof(struct sweep_row), 1);
    for (u32 i = 0; i < COUNT_OF(sg->members); i++) {
        char name[32];
        snprintf(name, sizeof name, "segment.members.%u", i);
        sg->members[i] = table_new(s, name, sizeof(struct member_row), PERSONAS_MAX);
    }
    sg->programs = heap_new(s, "segment.programs");
    sg->score_rows = table_new(s, "segment.scores", sizeof(struct score_row), NAMES_MAX);
    sg->standing_rows =
        table_new(s, "segment.standings", sizeof(struct standing_row), STANDINGS_MAX * 4);
    return sg;
}

static void unload(struct rule *r)
{
    if (!r) return;
    arena_free(r->arena);
    free(r);
}

void segments_zones(struct segments *sg, bool (*known)(void *ctx, str name), void *ctx)
{
    sg->zone_known = known;
    sg->zone_ctx = ctx;
}

void segments_free(struct segments *sg)
{
    if (!sg) return;
    for (u32 i = 0; i < sg->rule_count; i++) unload(sg->rules[i]);
    scores_clear(sg);
    standings_clear(sg);
    free(sg->readers);
    free(sg->fed);
    free(sg);
}

/* ---- leaves ---- */

static u32 leaf_row_of(const struct segments *sg, hash128 key)
{
    for (u32 i = 1; i < table_count(sg->leaves); i++) {
        const struct leaf_row *l = table_at(sg->leaves, i);
        if (table_has(sg->leaves, i) && l->users && hash128_eq(l->key, key)) return i;
    }
    return 0;
}

static u32 take_leaf(struct segments *sg, const struct predicate_leaf *leaf)
{
    u32 row = leaf_row_of(sg, leaf->key);
    if (!row) {
        row = table_add(sg->leaves);
        MUST(row);
        struct leaf_row *l = table_edit(sg->leaves, row);
        l->key = leaf->key;
        l->words = leaf->state_words;
    }
    ((struct leaf_row *)table_edit(sg->leaves, row))->users++;
    return row;
}

static void release_leaves(struct segments *sg, const struct rule *r)
{
    for (u32 i = 0; i < r->leaf_count; i++)
        ((struct leaf_row *)table_edit(sg->leaves, r->leaves[i]))->users--;
}

/* A rule of stored or published bytes. `take`: its leaves are counted as used; else they are there.
 */
MUST_USE static err load_rule(struct segments *sg, u32 code, str bytes, bool take,
                              struct rule **out)
{
    struct rule *r = mem_zalloc(sizeof *r);
    r->code = code;
    r->arena = arena_new();
    err e = predicate_load(arena_str(r->arena, bytes), r->arena, &r->p);
    u32 n = e == ERR_OK ? predicate_leaves(r->p, NULL, 0) : 0;
    struct predicate_leaf *leaves = arena_alloc(r->arena, n * sizeof *leaves);
    if (e == ERR_OK && table_count(sg->leaves) + n > LEAVES_MAX) e = ERR_LIMIT;
    if (e != ERR_OK) {
        unload(r);
        return e;
    }
    predicate_leaves(r->p, leaves, n);
    r->leaf_count = n;
    r->leaves = arena_alloc(r->arena, n * sizeof *r->leaves);
    for (u32 i = 0; i < n; i++)
        r->leaves[i] = take ? take_leaf(sg, &leaves[i]) : leaf_row_of(sg, leaves[i].key);
    *out = r;
    return ERR_OK;
}

/* ---- order ---- */

i32 rule_index(const struct segments *sg, u32 code)
{
    for (u32 i = 0; i < sg->rule_count; i++)
        if (sg->rules[i]->code == code) return (i32)i;
    return -1;
}

static int by_rank(const void *a, const void *b)
{
    const struct rule *x = *(struct rule *const *)a, *y = *(struct rule *const *)b;
    if (x->rank != y->rank) return x->rank < y->rank ? -1 : 1;
    return (x->code > y->code) - (x->code < y->code);
}

/* Above the rules of what a standing is made of, if `r` reads it. */
static u32 above_standing(const struct segments *sg, const struct standing *st,
                          const struct rule *r, u32 rank)
{
    if (!standing_read(sg, st, r)) return rank;
    for (u32 k = 0; k < st->count; k++) {
        i32 other = st->rungs[k].rule ? rule_index(sg, st->rungs[k].rule) : -1;
        if (other >= 0 && sg->rules[other]->rank >= rank) rank = sg->rules[other]->rank + 1;
    }
    return rank;
}

static u32 own_rank(const struct segments *sg, const struct rule *r)
{
    const struct predicate_inputs *in = predicate_inputs(r->p);
    u32 rank = 0;
    for (u32 i = 0; i < in->segment_count; i++) {
        i32 other = rule_index(sg, in->segments[i]);
        if (other >= 0 && sg->rules[other]->rank >= rank) rank = sg->rules[other]->rank + 1;
    }
    for (u32 i = 0; i < sg->standing_count; i++)
        rank = above_standing(sg, sg->standings[i], r, rank);
    return rank;
}

/* The rules of one standing are asked next to each other: what follows is decided by all of them.
 */
static u32 rank_of(const struct segments *sg, const struct rule *r)
{
    const struct standing *st = standing_of(sg, r->code);
    u32 rank = own_rank(sg, r);
    for (u32 k = 0; st && k < st->count; k++) {
        i32 mate = st->rungs[k].rule ? rule_index(sg, st->rungs[k].rule) : -1;
        if (mate >= 0 && sg->rules[mate]->rank > rank) rank = sg->rules[mate]->rank;
    }
    return rank;
}

/* One above the highest rule named; a cycle never settles, so no more rounds than rules are needed.
 */
static bool rank_all(struct segments *sg)
{
    for (u32 i = 0; i < sg->rule_count; i++) sg->rules[i]->rank = 0;
    for (u32 round = 0; round <= sg->rule_count; round++) {
        bool settled = true;
        for (u32 i = 0; i < sg->rule_count; i++) {
            u32 rank = rank_of(sg, sg->rules[i]);
            settled &= rank == sg->rules[i]->rank;
            sg->rules[i]->rank = rank;
        }
        if (settled) return true;
    }
    return false;
}

/* ---- indexes ---- */

static u32 reader_at(const struct segments *sg, u64 thing)
{
    u32 low = 0, high = sg->reader_count;
    while (low < high) {
        u32 mid = (low + high) / 2;
        if (sg->readers[mid].thing < thing)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

void readers_add(const struct segments *sg, thing_kind kind, u32 code, struct mask *out)
{
    u64 thing = (u64)kind << 32 | code;
    u32 i = reader_at(sg, thing);
    if (i < sg->reader_count && sg->readers[i].thing == thing) mask_or(out, &sg->readers[i].rules);
}

static void reads(struct segments *sg, thing_kind kind, const u32 *codes, u32 count, u32 rule)
{
    for (u32 k = 0; k < count; k++) {
        u64 thing = (u64)kind << 32 | codes[k];
        u32 i = reader_at(sg, thing);
        if (i == sg->reader_count || sg->readers[i].thing != thing) {
            sg->readers = mem_realloc(sg->readers, (sg->reader_count + 1) * sizeof *sg->readers);
            memmove(sg->readers + i + 1, sg->readers + i,
                    (sg->reader_count - i) * sizeof *sg->readers);
            sg->readers[i] = (struct reader_of_thing){.thing = thing};
            sg->reader_count++;
        }
        mask_set(&sg->readers[i].rules, rule);
    }
}

static void index_inputs(struct segments *sg, u32 rule)
{
    const struct predicate_inputs *in = predicate_inputs(sg->rules[rule]->p);
    reads(sg, THING_EVENT, in->events, in->event_count, rule);
    reads(sg, THING_ATTRIBUTE, in->attributes, in->attribute_count, rule);
    reads(sg, THING_TAG, in->tags, in->tag_count, rule);
    reads(sg, THING_SEGMENT, in->segments, in->segment_count, rule);
    if (in->any_event) mask_set(&sg->any_event, rule);
    if (in->any_tag) mask_set(&sg->any_tag, rule);
    if (in->identifiers) mask_set(&sg->identifiers, rule);
    if (in->consents) mask_set(&sg->consents, rule);
    for (u32 i = 0; i < in->score_count; i++) {
        u32 events[SCORE_RULES_MAX + 1], count;
        if (score_events(sg, in->scores[i], events, &count)) mask_set(&sg->any_event, rule);
        reads(sg, THING_EVENT, events, count, rule);
    }
    mask_set(&sg->all, rule);
}

static void index_leaves(struct segments *sg, u32 rule)
{
    const struct rule *r = sg->rules[rule];
    struct predicate_leaf *leaves = mem_alloc(r->leaf_count * sizeof *leaves);
    predicate_leaves(r->p, leaves, r->leaf_count);
    for (u32 i = 0; i < r->leaf_count; i++) {
        u32 at = 0;
        while (at < sg->fed_count && sg->fed[at].row != r->leaves[i]) at++;
        if (at == sg->fed_count) {
            sg->fed = mem_realloc(sg->fed, (sg->fed_count + 1) * sizeof *sg->fed);
            sg->fed[sg->fed_count++] = (struct fed_leaf){.event = leaves[i].event,
                                                         .row = r->leaves[i],
                                                         .words = leaves[i].state_words,
                                                         .rule = rule,
                                                         .index = i};
        }
        mask_set(&sg->fed[at].rules, rule);
    }
    free(leaves);
}

static int by_event(const void *a, const void *b)
{
    const struct fed_leaf *x = a, *y = b;
    if (x->event != y->event) return x->event < y->event ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static void index_all(struct segments *sg)
{
    static const struct mask NONE;
    sg->reader_count = sg->fed_count = 0;
    sg->any_event = sg->any_tag = sg->identifiers = sg->consents = sg->all = NONE;
    for (u32 i = 0; i < sg->rule_count; i++) {
        index_inputs(sg, i);
        index_leaves(sg, i);
    }
    if (sg->fed_count) qsort(sg->fed, sg->fed_count, sizeof *sg->fed, by_event);
    for (u32 i = 0; i < sg->rule_count; i++) {
        sg->rules[i]->users = NONE;
        readers_add(sg, THING_SEGMENT, sg->rules[i]->code, &sg->rules[i]->users);
    }
}

bool segments_order(struct segments *sg)
{
    if (!rank_all(sg)) return false;
    qsort(sg->rules, sg->rule_count, sizeof(struct rule *), by_rank);
    index_all(sg);
    return true;
}

void segments_rebuild(struct segments *sg)
{
    for (u32 i = 0; i < sg->rule_count; i++) unload(sg->rules[i]);
    sg->rule_count = 0;
    scores_rebuild(sg);
    standings_rebuild(sg);
    for (u32 code = 1; code < table_count(sg->rows); code++) {
        const struct segment_row *row = segment_at(sg, code);
        if (!row || !row->program) continue;
        struct rule **r = &sg->rules[sg->rule_count++];
        MUST(load_rule(sg, code, heap_view(sg->programs, row->program), false, r) == ERR_OK);
        (*r)->slot = (u16)(row->slot - 1);
    }
    MUST(segments_order(sg));
}

/* ---- publishing ---- */

static struct sweep_row *sweep_row(struct segments *sg)
{
    return table_has(sg->sweep, 1) ? table_edit(sg->sweep, 1) : table_claim(sg->sweep, 1);
}

static void put_row(struct segments *sg, u32 code, str compiled, u64 number)
{
    if (!segment_at(sg, code)) {
        struct segment_row *fresh = table_claim(sg->rows, code);
        fresh->slot = table_add(sg->slots);
        MUST(fresh->slot);
        struct slot_row *slot = table_edit(sg->slots, fresh->slot);
        slot->code = code;
        slot->use = SLOT_USED;
    }
    struct segment_row *row = table_edit(sg->rows, code);
    heap_retire(sg->programs, row->program);
    row->program = heap_put(sg->programs, compiled);
    row->cursor = compiled.n ? 1 : PERSONAS_MAX;
    row->since = number;
}

static void forget_rule(struct segments *sg, u32 index)
{
    unload(sg->rules[index]);
    memmove(sg->rules + index, sg->rules + index + 1,
            (--sg->rule_count - index) * sizeof sg->rules[0]);
}

/* Puts a rule in the place of the old one of its code, if the whole then has an order. */
MUST_USE static err exchange(struct segments *sg, struct rule *fresh)
{
    i32 at = rule_index(sg, fresh->code);
    struct rule *old = at >= 0 ? sg->rules[at] : NULL;
    if (!old && sg->rule_count == SEGMENT_RULES_MAX) return ERR_LIMIT;
    u32 i = old ? (u32)at : sg->rule_count++;
    sg->rules[i] = fresh;
    if (rank_all(sg)) {
        if (old) {
            release_leaves(sg, old);
            unload(old);
        }
        return ERR_OK;
    }
    if (old)
        sg->rules[i] = old;
    else
        sg->rule_count--;
    MUST(rank_all(sg));
    return ERR_CONFLICT;
}

err rules_try(struct segments *sg, const u32 *codes, const str *programs, u32 count)
{
    struct rule *kept[SEGMENT_RULES_MAX], *tried[RUNGS_MAX] = {0};
    u32 kept_count = sg->rule_count;
    err e = ERR_OK;
    memcpy(kept, sg->rules, kept_count * sizeof *kept);
    for (u32 i = 0; i < count && e == ERR_OK; i++) {
        struct rule *r = tried[i] = mem_zalloc(sizeof *r);
        i32 at = rule_index(sg, codes[i]);
        r->code = codes[i];
        r->arena = arena_new();
        e = predicate_load(arena_str(r->arena, programs[i]), r->arena, &r->p);
        if (e == ERR_OK && at < 0 && sg->rule_count == SEGMENT_RULES_MAX) e = ERR_LIMIT;
        if (e == ERR_OK) sg->rules[at < 0 ? sg->rule_count++ : (u32)at] = r;
    }
    if (e == ERR_OK && !rank_all(sg)) e = ERR_CONFLICT;
    memcpy(sg->rules, kept, kept_count * sizeof *kept);
    sg->rule_count = kept_count;
    for (u32 i = 0; i < count; i++) unload(tried[i]);
    return e;
}

err segment_publish(struct segments *sg, u32 code, str compiled, u64 number)
{
    struct rule *r = NULL;
    if (code == 0 || code > table_rows_max(sg->rows)) return ERR_INVALID;
    if (!segment_at(sg, code) && table_count(sg->slots) >= SEGMENTS_MAX) return ERR_LIMIT;
    i32 old = rule_index(sg, code);
    if (compiled.n) {
        TRY(load_rule(sg, code, compiled, true, &r));
        err e = exchange(sg, r);
        if (e != ERR_OK) {
            release_leaves(sg, r);
            unload(r);
            return e;
        }
    } else if (old >= 0) {
        release_leaves(sg, sg->rules[old]);
        forget_rule(sg, (u32)old);
    }
    put_row(sg, code, compiled, number);
    if (r) r->slot = (u16)(segment_at(sg, code)->slot - 1);
    segments_order(sg);
    sweep_row(sg)->cursor = 1;
    return ERR_OK;
}

void segment_remove(struct segments *sg, u32 code, u64 number)
{
    const struct segment_row *row = segment_at(sg, code);
    if (!row) return;
    struct mask users = {0};
    readers_add(sg, THING_SEGMENT, code, &users);
    for (u32 i = 0; i < sg->rule_count; i++)
        if (mask_has(&users, i)) {
            struct segment_row *user = table_edit(sg->rows, sg->rules[i]->code);
            user->cursor = 1;
            user->since = number;
        }
    i32 rule = rule_index(sg, code);
    if (rule >= 0) {
        release_leaves(sg, sg->rules[rule]);
        forget_rule(sg, (u32)rule);
    }
    ((struct slot_row *)table_edit(sg->slots, row->slot))->use = SLOT_DYING;
    heap_retire(sg->programs, row->program);
    table_drop(sg->rows, code);
    MUST(segments_order(sg));
    sweep_row(sg)->cursor = 1;
}

void segment_again(struct segments *sg, u32 attribute, u64 number)
{
    struct mask readers = {0};
    readers_add(sg, THING_ATTRIBUTE, attribute, &readers);
    for (u32 i = 0; i < sg->rule_count; i++) {
        if (!mask_has(&readers, i)) continue;
        struct segment_row *row = table_edit(sg->rows, sg->rules[i]->code);
        row->cursor = 1;
        row->since = number;
    }
}

/* ---- sweeping ---- */

static bool is_dead(void *ctx, u16 tag)
{
    const struct segments *sg = ctx;
    u32 number = tag & (TAG_UNTIL - 1);
    if ((tag & TAG_SPECIAL) == TAG_PAGE) return false;
    if ((tag & TAG_SPECIAL) == TAG_LEAF)
        return ((const struct leaf_row *)table_at(sg->leaves, number))->users == 0;
    u32 row = (tag & TAG_SPECIAL) == TAG_UNTIL ? number + 1 : number;
    return ((const struct slot_row *)table_at(sg->slots, row))->use == SLOT_DYING;
}

static void sweep_one(struct segments *sg, persona head)
{
    for (u32 i = 1; i < table_count(sg->slots); i++) {
        const struct slot_row *s = table_at(sg->slots, i);
        if (s->use == SLOT_DYING && member_is(sg, i - 1, head)) member_set(sg, i - 1, head, false);
    }
    if (!customer_at(sg->customers, head)->leaves) return;
    state_filter(sg, head, is_dead, sg);
    state_next(sg, head);
}

static void give_back(struct segments *sg)
{
    for (u32 i = 1; i < table_count(sg->slots); i++)
        if (((const struct slot_row *)table_at(sg->slots, i))->use == SLOT_DYING)
            table_drop(sg->slots, i);
    for (u32 i = 1; i < table_count(sg->leaves); i++)
        if (table_has(sg->leaves, i) &&
            ((const struct leaf_row *)table_at(sg->leaves, i))->users == 0)
            table_drop(sg->leaves, i);
}

/* The next customer to clean; 0: nothing to do. */
static u32 sweep_cursor(const struct segments *sg)
{
    return table_has(sg->sweep, 1) ? ((const struct sweep_row *)table_at(sg->sweep, 1))->cursor : 0;
}

bool segments_watch(const struct segments *sg)
{
    return sg->rule_count || sweep_cursor(sg);
}

void segments_sweep(struct segments *sg)
{
    u32 cursor = sweep_cursor(sg);
    if (cursor == 0) return;
    persona end = customers_end(sg->customers);
    for (u32 i = 0; i < SWEEP_STEP && cursor < end; i++, cursor++)
        if (customer_head(sg->customers, cursor) == cursor) sweep_one(sg, cursor);
    if (cursor >= end) {
        give_back(sg);
        cursor = 0;
    }
    sweep_row(sg)->cursor = cursor;
}

/* ---- asking about rules ---- */

u32 segment_rule(const struct segments *sg, u32 i)
{
    return i < sg->rule_count ? sg->rules[i]->code : 0;
}

bool segment_exists(const struct segments *sg, u32 code)
{
    return segment_at(sg, code) != NULL;
}

u32 segment_user(const struct segments *sg, u32 code)
{
    struct mask users = {0};
    readers_add(sg, THING_SEGMENT, code, &users);
    for (u32 i = 0; i < sg->rule_count; i++)
        if (mask_has(&users, i)) return sg->rules[i]->code;
    return 0;
}

u32 segment_count(const struct segments *sg, u32 code)
{
    const struct segment_row *row = segment_at(sg, code);
    return row ? row->count : 0;
}

const struct predicate *segment_predicate(const struct segments *sg, u32 code)
{
    i32 i = rule_index(sg, code);
    return i < 0 ? NULL : sg->rules[i]->p;
}

persona segment_cursor(const struct segments *sg, u32 code)
{
    const struct segment_row *row = segment_at(sg, code);
    return row ? row->cursor : PERSONAS_MAX;
}

beside_kind segment_beside(const struct segments *sg, u32 code)
{
    i32 i = rule_index(sg, code);
    return i < 0 ? BESIDE_NOTHING : rule_beside(sg->rules[i]);
}

u64 segment_since(const struct segments *sg, u32 code)
{
    const struct segment_row *row = segment_at(sg, code);
    return row && row->program ? row->since : 0;
}

str segment_program(const struct segments *sg, u32 code)
{
    const struct segment_row *row = segment_at(sg, code);
    return row ? heap_view(sg->programs, row->program) : (str){0};
}

void segment_cursor_set(struct segments *sg, u32 code, persona next)
{
    if (segment_at(sg, code)) ((struct segment_row *)table_edit(sg->rows, code))->cursor = next;
}

bool rule_judged(const struct segments *sg, const struct rule *r, persona head)
{
    const struct segment_row *row = table_at(sg->rows, r->code);
    if (head < row->cursor) return true;
    const u64 *served = state_find(sg, head, served_tag(r->slot));
    return served && *served == row->since;
}

bool segment_judged(const struct segments *sg, u32 code, persona head)
{
    i32 i = rule_index(sg, code);
    return i < 0 ? segment_at(sg, code) != NULL : rule_judged(sg, sg->rules[i], head);
}

bool segment_holds(const struct segments *sg, const struct customer_view *v, u32 code, persona head)
{
    struct segment_row row;
    if (!v->epoch) {
        const struct segment_row *now = segment_at(sg, code);
        return now && member_is(sg, now->slot - 1, head);
    }
    return epoch_row(v->epoch, sg->rows, code, &row) && row.slot &&
           member_at(sg, v, row.slot - 1, head);
}

answer segment_resolve(void *segments, persona head, u32 code, i64 now)
{
    (void)now;
    const struct segments *sg = segments;
    const struct segment_row *row = segment_at(sg, code);
    if (!row) return (answer){false, NEVER};
    const u64 *until = state_find(sg, head, until_tag(row->slot - 1));
    return (answer){member_is(sg, row->slot - 1, head), until ? (i64)*until : NEVER};
}

answer segment_resolve_at(void *at, persona head, u32 code, i64 now)
{
    (void)now;
    const struct segments_at *a = at;
    return (answer){segment_holds(a->sg, a->view, code, head), NEVER};
}

/* ---- the canonical hash ---- */

/* Of a segment: its name, what it asks, how far its bootstrap is; and of each membership. */
hash128 segments_digest(const struct segments *sg, name_of name, void *ctx)
{
    hash128 sum = {0};
    struct buf b;
    buf_init(&b, 1 << 20);
    for (u32 code = 1; code < table_count(sg->rows); code++) {
        const struct segment_row *row = segment_at(sg, code);
        if (!row) continue;
        i32 rule = rule_index(sg, code);
        buf_reset(&b);
        buf_str_varint(&b, name(ctx, NAME_OBJECT, code));
        size_t named = b.n;
        buf_varint(&b, row->cursor);
        if (rule >= 0) predicate_json(sg->rules[rule]->p, sg->names, &b);
        sum = hash_add(sum, hash_xxh(buf_str(&b)));
        for (persona p = 1; row->count && p < customers_end(sg->customers); p++) {
            if (customer_head(sg->customers, p) != p || !member_is(sg, row->slot - 1, p)) continue;
            b.n = named;
            buf_u32(&b, p);
            sum = hash_add(sum, hash_xxh(buf_str(&b)));
        }
    }
    buf_clear(&b);
    return sum;
}

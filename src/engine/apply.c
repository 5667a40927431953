/* apply.c — one record after the other: the state machine.
 *
 * Within a record the order is SEMANTICS': her own due items, the change, then (engine_settle)
 * rules and crossings, exits and waits, triggers. What happens is a list of causes; effects add to
 * it, round by round, at most ROUNDS_MAX deep. */
#include "engine/engine_internal.h"

const struct engine_row *engine_meta(const struct engine *e)
{
    return table_at(e->meta, 1);
}

struct engine_row *engine_meta_edit(struct engine *e)
{
    return table_has(e->meta, 1) ? table_edit(e->meta, 1) : table_claim(e->meta, 1);
}

void text_property(struct buf *b, u32 property, str text)
{
    props_put(b, property, value_text(text));
}

/* ---- what happened ---- */

enum { PIECES = CAUSES_MAX / CAUSES_EACH };

static struct happened *happened_at(struct engine *e, u32 i)
{
    return &e->happened[i / CAUSES_EACH][i % CAUSES_EACH];
}

/* Of the rest only what the flags say is good: clearing a row of this size for every
 * event would cost more than all else here. */
struct happened *engine_happened(struct engine *e, persona head, bool fresh)
{
    struct happened **piece = &e->happened[e->happened_count / CAUSES_EACH % PIECES];
    if (e->happened_count == CAUSES_MAX) {
        e->stats.causes_dropped++;
        return NULL;
    }
    if (!*piece) *piece = mem_alloc(CAUSES_EACH * sizeof **piece);
    struct happened *h = &(*piece)[e->happened_count++ % CAUSES_EACH];
    h->head = head;
    h->is_edge = h->is_change = h->born = h->quiet = false;
    h->fresh = fresh;
    h->lists[0] = h->lists[1] = 0;
    return h;
}

struct event engine_note(struct engine *e, persona who, u32 code, i64 occurred, str props,
                         u32 flags)
{
    struct event ev = {
        .persona = who,
        .code = code,
        .flags = flags | EVENT_SYSTEM,
        .occurred_ms = occurred,
        .received_ms = e->now,
        .order = event_order(e->number, e->place++),
        .props = props,
    };
    MUST(e->place < 1u << EVENT_PLACE_BITS);
    event_append(e->events, &ev);
    return ev;
}

struct happened *engine_event_at(struct engine *e, persona who, u32 code, i64 occurred, str props,
                                 u32 flags, bool fresh)
{
    struct event ev = engine_note(e, who, code, occurred, props, flags);
    struct happened *h = engine_happened(e, customer_head(e->customers, who), fresh);
    if (!h) return NULL;
    h->event = ev;
    h->event.props = arena_str(e->scratch, props);
    return h;
}

struct happened *engine_event(struct engine *e, persona who, u32 code, str props, u32 flags,
                              bool fresh)
{
    return engine_event_at(e, who, code, e->now, props, flags, fresh);
}

/* What a persona began is told of her, also when she is one with others: a cut that gives her the
 * message back gives her its events, too. Of somebody with more personas than rules look at, the
 * first tells what nobody would see. */
persona engine_teller(const struct engine *e, persona who)
{
    persona head = customer_head(e->customers, who), personas[PERSONAS_OF_ONE];
    if (who == head) return who;
    u32 n = customer_personas(e->customers, head, personas, PERSONAS_OF_ONE);
    for (u32 i = 0; i < min_u32(n, PERSONAS_OF_ONE); i++)
        if (personas[i] == who) return who;
    return head;
}

static u64 host_event(void *ctx, persona who, u32 code, str props, bool fresh)
{
    struct engine *e = ctx;
    u64 order = event_order(e->number, e->place);
    engine_event(e, engine_teller(e, who), code, props, 0, fresh);
    return order;
}

static u64 host_order(void *ctx)
{
    struct engine *e = ctx;
    return event_order(e->number, e->place++);
}

static bool host_known(void *ctx, const char *kind, str id)
{
    if (strcmp(kind, "coupon") == 0) return engine_object(ctx, OBJECT_COUPON, id, NULL).n > 0;
    struct engine *e = ctx;
    u32 code = names_find(e->names, NAME_OBJECT, id);
    if (strcmp(kind, "stage") == 0) return segment_exists(e->segments, code);
    if (strcmp(kind, "score") == 0) return score_exists(e->segments, code);
    return strcmp(kind, "zone") != 0 || engine_zone_known(ctx, id);
}

static void host_subject(void *ctx, persona head, struct subject *out)
{
    engine_subject(ctx, head, out);
}

static const struct zone *host_zone(void *ctx, str name)
{
    struct engine *e = ctx;
    return name.n ? engine_zone_named(e, name) : e->workspace_zone;
}

static void host_offer(void *ctx, persona who, u32 code, str props)
{
    engine_event(ctx, who, code, props, 0, true);
}

struct offer_host engine_offer_host(struct engine *e)
{
    return (struct offer_host){e, host_offer};
}

bool engine_coupon(void *ctx, persona head, u32 coupon, const struct offer_giver *by)
{
    struct engine *e = ctx;
    return offer_grant(e->offers, head, coupon, by, e->workspace_zone, e->now);
}

static bool host_stage(void *ctx, persona head, u32 list, str place)
{
    return engine_stage_set(ctx, head, list, place, true);
}

static bool host_score(void *ctx, persona head, u32 score, fixed points, str place)
{
    return engine_score_add(ctx, head, score, points, place, true);
}

struct journey_host engine_host(struct engine *e)
{
    return (struct journey_host){.ctx = e,
                                 .event = host_event,
                                 .subject = host_subject,
                                 .zone = host_zone,
                                 .order = host_order,
                                 .known = host_known,
                                 .tag = change_tag,
                                 .set = change_set,
                                 .stage = host_stage,
                                 .score = host_score,
                                 .coupon = engine_coupon};
}

void engine_subject(struct engine *e, persona head, struct subject *out)
{
    persona *personas = e->subject_personas[e->subject_next++ % SUBJECTS];
    u32 n = customer_personas(e->customers, head, personas, PERSONAS_OF_ONE);
    value zone = view_attribute(&e->live_customers, head, ATTRIBUTE_TIMEZONE);
    const struct zone *own = zone.type == VALUE_TEXT ? engine_zone_named(e, zone.text) : NULL;
    *out = (struct subject){
        .view = &e->live_customers,
        .head = head,
        .personas = personas,
        .persona_count = min_u32(n, PERSONAS_OF_ONE),
        .events = e->live_events,
        .zone = e->workspace_zone,
        .customer_zone = own ? own : e->workspace_zone,
        .resolver = &e->resolver,
        .names = e->names,
        .scratch = e->scratch,
    };
}

/* ---- crossings ---- */

void engine_edges(struct engine *e, u64 order, bool quiet)
{
    for (u32 i = 0; i < e->edges->count; i++) {
        struct edge *edge = &e->edges->items[i];
        struct buf b;
        crossings_count(e, edge->segment, edge->entered);
        buf_init(&b, 1024);
        text_property(&b, PROPERTY_SEGMENT, names_text(e->names, NAME_OBJECT, edge->segment));
        if (e->behind.n) text_property(&b, PROPERTY_SOURCE, e->behind);
        struct happened *h =
            engine_event(e, edge->head, edge->entered ? EVENT_SEGMENT_ENTERED : EVENT_SEGMENT_LEFT,
                         buf_str(&b), 0, edge->fresh);
        if (h) h->quiet = quiet;
        buf_clear(&b);
        h = engine_happened(e, edge->head, edge->fresh);
        if (!h) break;
        h->is_edge = true;
        h->quiet = quiet;
        h->edge = *edge;
        h->behind = e->behind;
        h->event.order = order;
        h->event.occurred_ms = e->occurred;
    }
    e->edges->count = 0;
}

static void ask_rules(struct engine *e, const struct happened *h)
{
    struct subject who;
    if (h->is_edge || !segments_watch(e->segments)) return;
    engine_subject(e, h->head, &who);
    struct touch t = {.event = &h->event,
                      .changes = h->is_change ? &h->change : NULL,
                      .change_count = h->is_change,
                      .fresh = h->fresh,
                      .born = h->born,
                      .segments = h->lists,
                      .segment_count = h->lists[0] || h->lists[1] ? 2 : 0};
    e->quiet = h->quiet;
    e->behind = journey_doing(&h->event);
    segment_touch(e->segments, &who, &t, e->now, e->edges);
    engine_edges(e, h->event.order, h->quiet);
    e->behind = (str){0};
}

static struct cause cause_of(const struct engine *e, const struct happened *h)
{
    return (struct cause){
        .event = h->is_edge ? NULL : &h->event,
        .edge = h->is_edge ? &h->edge : NULL,
        .change = h->is_change ? &h->change : NULL,
        .behind = h->is_edge ? h->behind : (str){0},
        .order = h->event.order,
        .own = event_order(e->number, e->own),
        .occurred_ms = h->event.occurred_ms,
        .fresh = h->fresh,
        .born = h->born,
    };
}

void engine_settle(struct engine *e)
{
    u32 from = 0;
    for (u32 round = 0; round < ROUNDS_MAX && from < e->happened_count; round++) {
        for (u32 i = from; i < e->happened_count; i++) ask_rules(e, happened_at(e, i));
        u32 to = e->happened_count;
        for (u32 i = from; i < to; i++) {
            struct cause c = cause_of(e, happened_at(e, i));
            journey_feed(e->journeys, happened_at(e, i)->head, &c, e->now);
        }
        for (u32 i = from; i < to; i++) {
            if (happened_at(e, i)->quiet) continue;
            struct cause c = cause_of(e, happened_at(e, i));
            journey_offer(e->journeys, happened_at(e, i)->head, &c, e->now);
        }
        from = to;
    }
    e->stats.causes_dropped += e->happened_count - from;
    for (u32 i = 0; i < e->happened_count; i++) {
        persona head = customer_head(e->customers, happened_at(e, i)->head);
        if (head && (i == 0 || head != happened_at(e, i - 1)->head)) engine_arm(e, head);
    }
    e->happened_count = 0;
    arena_reset(e->scratch);
}

/* ---- time ---- */

static i64 sooner(i64 a, i64 b)
{
    if (a == 0 || a == NEVER) return b == NEVER ? 0 : b;
    return b == 0 || b == NEVER ? a : min_i64(a, b);
}

void engine_arm(struct engine *e, persona head)
{
    const struct customer_row *row = customer_at(e->customers, head);
    i64 next = 0;
    if (row->enrolments) next = sooner(next, journey_next_due(e->journeys, head));
    next = sooner(next, message_next_due(e->messages, head));
    if (row->tags) next = sooner(next, customer_until(e->customers, head, e->now));
    next = sooner(next, segment_next(e->segments, head));
    next = sooner(next, offer_next_due(e->offers, head));
    next = min_i64(next, N48_MAX);
    if (next == n48_get(row->next_due)) return;
    customer_edit(e->customers, head)->next_due = n48_of(next);
    if (next) timers_push(&e->timers, (struct timer){next, head});
}

static bool enrolment_open(void *ctx, u32 enrolment)
{
    return journey_enrolment_open(((struct engine *)ctx)->journeys, enrolment);
}

/* Was it said already that this tag expired? A tick may serve one moment twice. */
static bool is_told(struct engine *e, persona head, str tag, i64 expired)
{
    struct event ev;
    persona personas[PERSONAS_OF_ONE];
    u32 n = customer_personas(e->customers, head, personas, PERSONAS_OF_ONE);
    struct event_iter *it = event_iter_back(e->live_events, personas, min_u32(n, PERSONAS_OF_ONE),
                                            expired, NEVER, e->scratch);
    while (event_next(it, &ev)) {
        value name = props_get(ev.props, PROPERTY_NAME);
        if (ev.code == EVENT_TAG_REMOVED && name.type == VALUE_TEXT && str_eq(name.text, tag))
            return true;
    }
    return false;
}

/* Tags that time has taken away since her last due moment: events, which start what waits for them.
 * They are no changes for a cut to fold: the tag's own entry says when it expires. */
static void expire_tags(struct engine *e, persona head, i64 since)
{
    u32 cursor = 0, tag;
    for (i64 expired;
         customer_next_expired(e->customers, head, since, e->now, &cursor, &tag, &expired);) {
        struct buf b;
        str name = names_text(e->names, NAME_TAG, tag);
        if (is_told(e, head, name, expired)) continue;
        buf_init(&b, 1024);
        text_property(&b, PROPERTY_NAME, name);
        text_property(&b, PROPERTY_REASON, S("expired"));
        props_put(&b, PROPERTY_OLD, value_bool(true));
        props_put(&b, PROPERTY_EXPIRES, value_int(expired));
        struct happened *h = engine_event(e, head, EVENT_TAG_REMOVED, buf_str(&b), 0, true);
        buf_clear(&b);
        if (!h) return;
        h->is_change = true;
        h->change = (struct change){.field = FIELD_TAG,
                                    .code = tag,
                                    .persona = head,
                                    .old = value_bool(true),
                                    .expires_ms = expired};
    }
}

void engine_due(struct engine *e, persona head)
{
    struct subject who;
    const struct customer_row *row = customer_at(e->customers, head);
    i64 due = n48_get(row->next_due);
    bool is_due = due && due <= e->now, within = e->happened_count > 0;
    if (!is_due && !journey_has_turn(e->journeys, head)) return;
    if (is_due) offer_due(e->offers, head, e->now);
    if (is_due && row->tags) expire_tags(e, head, due);
    engine_subject(e, head, &who);
    e->quiet = false;
    segment_due(e->segments, &who, e->now, e->edges);
    engine_edges(e, event_order(e->number, e->place), false);
    engine_settle(e);
    message_wake(e->messages, head, e->now);
    journey_due(e->journeys, head, e->now);
    engine_settle(e);
    message_retire(e->messages, head, e->now, enrolment_open, e);
    engine_arm(e, head);
    if (!within) e->own = e->place; /* of another's, within what the record does */
    /* Whatever is left due now (a wait of no length) is served by the next tick. */
}

static void apply_tick(struct engine *e)
{
    struct timer t;
    for (u32 served = 0;
         served < TICK_CUSTOMERS && timers_peek(&e->timers, &t) && t.due_ms <= e->now;) {
        timers_pop(&e->timers);
        if (n48_get(customer_at(e->customers, t.persona)->next_due) != t.due_ms) continue;
        served++;
        engine_due(e, t.persona);
        const struct customer_row *row = customer_at(e->customers, t.persona);
        if (n48_get(row->next_due) == t.due_ms) timers_push(&e->timers, t);
    }
}

void apply_record(struct engine *e, const struct record *r, u64 number)
{
    e->number = number;
    e->place = e->own = 0;
    e->occurred = e->now;
    if (r->kind != RECORD_START_) journeys_tick(e->journeys, e->now);
    switch (r->kind) {
    case RECORD_ITEM_: apply_item(e, r); break;
    case RECORD_BULK_: apply_bulk(e, r); break;
    case RECORD_TICK_: apply_tick(e); break;
    case RECORD_CLAIM_: apply_claim(e, r); break;
    case RECORD_ANSWER_: apply_answer(e, r); break;
    case RECORD_RECEIPT_: apply_receipt(e, r); break;
    case RECORD_SEND_: apply_send(e, r); break;
    case RECORD_START_: apply_start(e, r); break;
    case RECORD_MERGE_: apply_merge(e, r); break;
    case RECORD_UNMERGE_: apply_unmerge(e, r); break;
    case RECORD_ERASE_: apply_erase(e, r); break;
    case RECORD_SCHEMA_: apply_schema(e, r); break;
    case RECORD_JOB_: apply_job(e, r); break;
    case RECORD_IMPORT_: apply_import(e, r); break;
    case RECORD_UNDO_: apply_undo(e, r); break;
    default: apply_config(e, r); break;
    }
    engine_settle(e);
}

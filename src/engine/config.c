/* config.c — what people set: names, zones, settings, published objects, operations, slices. */
#include "engine/engine_internal.h"

/* ---- names ---- */

static void apply_name(struct engine *e, str payload)
{
    struct reader r = reader_of(payload);
    u32 kind = read_byte(&r), code = read_u32(&r);
    str text = read_rest(&r);
    if (r.bad || kind == 0 || kind >= NAME_KIND_COUNT) return;
    struct name_row *row = table_edit(e->names_rows, table_add(e->names_rows));
    row->kind = kind;
    row->code = code;
    row->text = heap_put(e->texts, text);
    if (names_text(e->names, kind, code).n == 0) names_load(e->names, kind, code, text);
}

/* ---- zones ---- */

static str zone_name(const struct engine *e, u32 row)
{
    return heap_view(e->texts, ((const struct zone_row *)table_at(e->zones, row))->name);
}

static void load_zone(struct engine *e, u32 row)
{
    const struct zone_row *z = table_at(e->zones, row);
    e->zone_loaded[row] = zone_parse(heap_view(e->texts, z->tzif), e->zone_arena);
    if (row >= e->zone_count) e->zone_count = row + 1;
}

static u32 find_zone(const struct engine *e, str name)
{
    for (u32 i = 1; i < e->zone_count; i++)
        if (str_eq(zone_name(e, i), name)) return i;
    return 0;
}

const struct zone *engine_zone_named(const struct engine *e, str name)
{
    u32 row = find_zone(e, name);
    return row ? e->zone_loaded[row] : NULL;
}

static void apply_zone(struct engine *e, str payload)
{
    struct zone_record z;
    if (!zone_read(payload, &z)) return;
    u32 row = find_zone(e, z.name);
    if (!row && table_count(e->zones) >= ZONES_MAX) return;
    if (!row) row = table_add(e->zones);
    struct zone_row *r = table_edit(e->zones, row);
    bool is_new = !r->tzif, is_other = !str_eq(heap_view(e->texts, r->tzif), z.tzif);
    if (!r->name) r->name = heap_put(e->texts, z.name);
    heap_retire(e->texts, r->tzif);
    r->tzif = heap_put(e->texts, z.tzif);
    load_zone(e, row);
    value chosen = engine_setting(e, S("zone"));
    if (chosen.type == VALUE_TEXT && str_eq(chosen.text, z.name))
        e->workspace_zone = e->zone_loaded[row];
    if (is_other) journeys_rezone(e->journeys, is_new, e->now);
}

/* ---- settings ---- */

static u32 find_setting(const struct engine *e, str name)
{
    for (u32 i = 1; i < table_count(e->settings); i++)
        if (str_eq(
                heap_view(e->texts, ((const struct setting_row *)table_at(e->settings, i))->name),
                name))
            return i;
    return 0;
}

value engine_setting(struct engine *e, str name)
{
    u32 row = find_setting(e, name);
    if (!row) return value_missing();
    struct reader r = reader_of(
        heap_view(e->texts, ((const struct setting_row *)table_at(e->settings, row))->bytes));
    return value_read(&r);
}

static void apply_setting(struct engine *e, str payload)
{
    struct setting_record s;
    struct buf b;
    if (!setting_read(payload, &s)) return;
    u32 row = find_setting(e, s.name);
    if (!row && !(row = table_add(e->settings))) return;
    struct setting_row *r = table_edit(e->settings, row);
    if (!r->name) r->name = heap_put(e->texts, s.name);
    heap_retire(e->texts, r->bytes);
    buf_init(&b, HEAP_STRING_MAX);
    value_put(&b, s.value);
    r->bytes = heap_put(e->texts, buf_str(&b));
    buf_clear(&b);
    if (str_eq(s.name, S("zone")) && s.value.type == VALUE_TEXT) {
        e->workspace_zone = engine_zone_named(e, s.value.text);
        journeys_rezone(e->journeys, false, e->now);
    }
}

/* ---- objects ---- */

static u32 find_object(const struct engine *e, u32 kind, u32 code)
{
    for (u32 i = 1; i < table_count(e->objects); i++) {
        const struct object_row *row = table_at(e->objects, i);
        if (row->kind == kind && row->code == code) return i;
    }
    return 0;
}

str engine_object(struct engine *e, object_kind kind, str id, u32 *version)
{
    u32 code = names_find(e->names, NAME_OBJECT, id), row = code ? find_object(e, kind, code) : 0;
    const struct object_row *r = row ? table_at(e->objects, row) : NULL;
    if (version) *version = r ? r->number : 0;
    return r && !r->gone ? heap_view(e->texts, r->source) : (str){0};
}

u32 engine_objects(struct engine *e, object_kind kind, u32 *codes, u32 max)
{
    u32 n = 0;
    for (u32 i = 1; i < table_count(e->objects) && n < max; i++) {
        const struct object_row *row = table_at(e->objects, i);
        if (row->kind != kind || row->gone) continue;
        /* What publishing made for a journey is not shown. */
        if (str_starts(names_text(e->names, NAME_OBJECT, row->code), S("$"))) continue;
        codes[n++] = row->code;
    }
    return n;
}

static void apply_publish(struct engine *e, str payload)
{
    struct publish_record p;
    if (!publish_read(payload, &p)) return;
    err result = ERR_OK;
    if (p.kind == OBJECT_JOURNEY) result = journey_publish(e->journeys, p.code, p.compiled, e->now);
    if (p.kind == OBJECT_SEGMENT)
        result = segment_publish(e->segments, p.code, p.compiled, e->number);
    if (p.kind >= OBJECT_TAG && p.kind <= OBJECT_LEVELS)
        result = states_publish(e, p.kind, p.code, p.compiled);
    if (p.kind == OBJECT_POLICY && str_eq(p.id, S(POLICIES_ID)))
        result = messages_policy(e->messages, p.compiled);
    if (p.kind == OBJECT_COUPON) result = offer_publish(e->offers, p.code, p.compiled);
    if (result != ERR_OK) return;
    u32 row = find_object(e, p.kind, p.code);
    if (!row && !(row = table_add(e->objects))) return;
    struct object_row *r = table_edit(e->objects, row);
    if (r->source && (p.kind == OBJECT_TEMPLATE || p.kind == OBJECT_JOURNEY))
        objects_keep(e, r);
    else
        heap_retire(e->texts, r->source);
    r->kind = p.kind;
    r->code = p.code;
    r->number++;
    r->gone = 0;
    r->source = heap_put(e->texts, p.source);
    if (p.kind != OBJECT_POLICY) return;
    heap_retire(e->texts, r->compiled);
    r->compiled = heap_put(e->texts, p.compiled);
}

static void apply_remove(struct engine *e, str payload)
{
    struct operate_record o;
    if (!operate_read(payload, &o)) return;
    u32 row = find_object(e, o.percent, o.code);
    if (!row) return;
    struct object_row *r = table_edit(e->objects, row);
    r->gone = 1;
    if (r->kind == OBJECT_SEGMENT) {
        segment_remove(e->segments, o.code, e->number);
        crossings_forget(e, o.code);
    }
    if (r->kind == OBJECT_COUPON) offer_remove(e->offers, o.code);
    if (r->kind == OBJECT_JOURNEY) journey_stop(e->journeys, o.code);
    if (r->kind >= OBJECT_TAG && r->kind <= OBJECT_LEVELS) states_remove(e, r->kind, o.code);
}

/* ---- operating ---- */

static void arm_one(void *ctx, persona head)
{
    engine_arm(ctx, head);
}

static void apply_operate(struct engine *e, str payload)
{
    struct operate_record o;
    if (!operate_read(payload, &o)) return;
    switch (o.what) {
    case OPERATE_PAUSE: journey_pause(e->journeys, o.code, true); break;
    case OPERATE_RESUME:
        journey_pause(e->journeys, o.code, false);
        journey_customers(e->journeys, o.code, arm_one, e);
        break;
    case OPERATE_STOP: journey_stop(e->journeys, o.code); break;
    case OPERATE_ROLLOUT: journey_release(e->journeys, o.code, o.percent); break;
    case OPERATE_SENDING_HOLD: engine_meta_edit(e)->held |= HOLD_ASKED; break;
    case OPERATE_SENDING_RELEASE: engine_meta_edit(e)->held &= HOLD_PROMOTION; break;
    case OPERATE_PROMOTION_HOLD:
        engine_meta_edit(e)->held |= HOLD_PROMOTION;
        messages_hold_promotion(e->messages, true);
        break;
    case OPERATE_PROMOTION_RELEASE:
        engine_meta_edit(e)->held &= ~(u32)HOLD_PROMOTION;
        messages_hold_promotion(e->messages, false);
        break;
    }
}

static void apply_codes(struct engine *e, str payload)
{
    struct codes_record c;
    if (codes_read(payload, &c)) offer_codes(e->offers, c.coupon, c.list);
}

/* ---- slices: a new rule passes everybody, a piece at a time ---- */

static void arm_range(struct engine *e, persona from, persona to)
{
    for (persona p = from; p < to && p < customers_end(e->customers); p++)
        if (customer_head(e->customers, p) == p) engine_arm(e, p);
}

/* Whose turn it is in a tick: her other due items come in their order. */
static void serve(void *ctx, persona head, bool taken)
{
    struct engine *e = ctx;
    if (!taken) engine_due(e, head);
    if (e->happened_count > CAUSES_MANY) engine_settle(e);
}

static void apply_slice(struct engine *e, str payload)
{
    struct slice_record s;
    if (!slice_read(payload, &s)) return;
    if (s.to > s.from) e->sliced += s.to - s.from, e->slices++;
    if (s.job & SLICE_TICK) {
        journey_tick_slice(e->journeys, s.job & ~SLICE_TICK, s.from, s.to, serve, e, e->now);
        return;
    }
    if (s.job & SLICE_JOURNEY) {
        journey_pass(e->journeys, s.job & ~SLICE_JOURNEY, s.from, s.to, e->now);
        arm_range(e, s.from, s.to);
        return;
    }
    if (segment_cursor(e->segments, s.job) != s.from || s.to <= s.from) return;
    answers_apply(e, &s);
}

/* Lists that are new: no rule names one yet, so nobody has to be asked. */
static void apply_list(struct engine *e, str payload)
{
    struct list_record l;
    if (!list_read(payload, &l) || !segment_exists(e->segments, l.segment) ||
        segment_predicate(e->segments, l.segment))
        return;
    struct reader r = reader_of(l.personas);
    while (r.p < r.end) {
        persona p = (persona)read_varint(&r);
        u64 before = read_varint(&r);
        if (p >= customers_end(e->customers)) continue;
        const struct customer_row *row = customer_at(e->customers, p);
        if (!row || !row->head || (u64)(row->flags >> CUSTOMER_LIFE_SHIFT) != before) continue;
        segment_put(e->segments, l.segment, row->head, l.in);
    }
}

/* ---- dispatch ---- */

static void apply_key(struct engine *e, str payload)
{
    struct sip_key key;
    if (!key_read(payload, &key)) return;
    struct engine_row *row = engine_meta_edit(e);
    row->k0 = key.k0;
    row->k1 = key.k1;
    customers_set_key(e->customers, key);
    messages_set_key(e->messages, key);
    offers_set_key(e->offers, key);
}

void apply_config(struct engine *e, const struct record *r)
{
    switch (r->kind) {
    case RECORD_NAME_: apply_name(e, r->payload); break;
    case RECORD_KEY_: apply_key(e, r->payload); break;
    case RECORD_LEVEL_: engine_meta_edit(e)->level = r->level; break;
    case RECORD_HEARTBEAT_:
        engine_meta_edit(e)->heartbeat_ms = e->now;
        visitors_look(e);
        break;
    case RECORD_ZONE_: apply_zone(e, r->payload); break;
    case RECORD_SETTING_: apply_setting(e, r->payload); break;
    case RECORD_SUPPRESS_: apply_suppress(e, r); break;
    case RECORD_PUBLISH_: apply_publish(e, r->payload); break;
    case RECORD_REMOVE_: apply_remove(e, r->payload); break;
    case RECORD_OPERATE_: apply_operate(e, r->payload); break;
    case RECORD_CODES_: apply_codes(e, r->payload); break;
    case RECORD_LIST_: apply_list(e, r->payload); break;
    case RECORD_SLICE_: apply_slice(e, r->payload); break;
    case RECORD_TASK_: apply_task(e, r); break;
    case RECORD_GIVE_: apply_task_open(e, r); break;
    default: break;
    }
}

/* Everything derived from configuration rows after a snapshot was loaded. */
void config_rebuild(struct engine *e)
{
    const struct engine_row *row = engine_meta(e);
    struct sip_key key = {row->k0, row->k1};
    messages_hold_promotion(e->messages, row->held & HOLD_PROMOTION);
    customers_set_key(e->customers, key);
    messages_set_key(e->messages, key);
    offers_set_key(e->offers, key);
    for (u32 i = 1; i < table_count(e->names_rows); i++) {
        const struct name_row *n = table_at(e->names_rows, i);
        names_load(e->names, n->kind, n->code, heap_view(e->texts, n->text));
    }
    for (u32 i = 1; i < table_count(e->zones); i++) load_zone(e, i);
    value zone = engine_setting(e, S("zone"));
    if (zone.type == VALUE_TEXT) e->workspace_zone = engine_zone_named(e, zone.text);
    u32 code = names_find(e->names, NAME_OBJECT, S(POLICIES_ID));
    u32 policies = code ? find_object(e, OBJECT_POLICY, code) : 0;
    if (!policies) return;
    const struct object_row *o = table_at(e->objects, policies);
    MUST(messages_policy(e->messages, heap_view(e->texts, o->compiled)) == ERR_OK);
}

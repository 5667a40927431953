/* offer.c — grants: given, said, ended by time, forgotten. */
#include "offer/coupon.h"

#include "base/props.h"
#include "log/events.h"
#include "log/fixed.h"

#include <stdlib.h>

enum { COUPONS_MAX = 1 << 16, GRANTS_MAX = 1 << 28, PERSONAS = 64 };

struct offers *offers_new(struct store *s, struct customers *c, struct names *names,
                          struct offer_host host)
{
    struct offers *o = mem_zalloc(sizeof *o);
    o->coupons = table_new(s, "coupons", sizeof(struct coupon_row), COUPONS_MAX);
    o->grants = table_new(s, "grants", sizeof(struct grant_row), GRANTS_MAX);
    o->codes = table_new(s, "codes", sizeof(struct code_row), OFFER_CODES_MAX);
    o->texts = heap_new(s, "offers");
    o->customers = c;
    o->names = names;
    o->host = host;
    map_init(&o->by_code);
    map_init(&o->by_pool);
    map_init(&o->by_persona);
    return o;
}

void offers_free(struct offers *o)
{
    if (!o) return;
    map_clear(&o->by_code);
    map_clear(&o->by_pool);
    map_clear(&o->by_persona);
    free(o);
}

void offers_set_key(struct offers *o, struct sip_key key)
{
    o->key = key;
}

static struct grant_row *grant_edit(struct offers *o, u32 row)
{
    return table_edit(o->grants, row);
}

static struct coupon_row *coupon_edit(struct offers *o, u32 row)
{
    return table_edit(o->coupons, row);
}

static bool terms_of(const struct offers *o, u32 coupon, struct terms *out)
{
    return terms_read(heap_view(o->texts, coupon_at(o, coupon)->compiled), out);
}

/* ---- by persona and by code ---- */

static hash128 persona_key(persona p)
{
    return hash_xxh((str){(const char *)&p, sizeof p});
}

/* The newest grant of a persona; 0: none. */
static u32 first_of(const struct offers *o, persona p)
{
    struct map_cursor at;
    hash128 key = persona_key(p);
    for (u32 row = map_first(&o->by_persona, key, &at); row;
         row = map_next(&o->by_persona, key, &at))
        if (grant_at(o, row)->persona == p) return row;
    return 0;
}

static void index_code(struct offers *o, u32 row)
{
    map_put(&o->by_code, hash_xxh(heap_view(o->texts, grant_at(o, row)->code)), row);
}

void offers_rebuild(struct offers *o)
{
    u32 count = table_count(o->grants);
    u8 *older = mem_zalloc(count + 1);
    for (u32 i = 1; i < count; i++)
        if (table_has(o->grants, i) && grant_at(o, i)->next) older[grant_at(o, i)->next] = 1;
    for (u32 i = 1; i < count; i++) {
        if (!table_has(o->grants, i)) continue;
        if (!older[i]) map_put(&o->by_persona, persona_key(grant_at(o, i)->persona), i);
        if (grant_at(o, i)->indexed) index_code(o, i);
    }
    for (u32 i = 1; i < table_count(o->codes); i++) {
        const struct code_row *c = table_at(o->codes, i);
        map_put(&o->by_pool, hash_xxh(heap_view(o->texts, c->text)), i);
    }
    free(older);
}

struct hers {
    persona personas[PERSONAS];
    u32 count, at, row;
};

static struct hers hers_of(const struct offers *o, persona head)
{
    struct hers h = {0};
    if (table_count(o->grants) > 1)
        h.count = min_u32(customer_personas(o->customers, head, h.personas, PERSONAS), PERSONAS);
    return h;
}

/* Each of her grants once; 0 at the end. */
static u32 next_of(const struct offers *o, struct hers *h)
{
    if (h->row) h->row = grant_at(o, h->row)->next;
    while (!h->row && h->at < h->count) h->row = first_of(o, h->personas[h->at++]);
    return h->row;
}

/* ---- configuration ---- */

u32 coupon_row_of(const struct offers *o, u32 code)
{
    for (u32 i = 1; i < table_count(o->coupons); i++)
        if (coupon_at(o, i)->code == code) return i;
    return 0;
}

err offer_publish(struct offers *o, u32 code, str compiled)
{
    struct terms t;
    if (!terms_read(compiled, &t)) return ERR_CORRUPT;
    u32 row = coupon_row_of(o, code);
    if (!row && !(row = table_add(o->coupons))) return ERR_FULL;
    struct coupon_row *c = coupon_edit(o, row);
    c->code = code;
    c->gone = 0;
    heap_retire(o->texts, c->compiled);
    c->compiled = heap_put(o->texts, compiled);
    return ERR_OK;
}

void offer_remove(struct offers *o, u32 code)
{
    u32 row = coupon_row_of(o, code);
    if (row) coupon_edit(o, row)->gone = 1;
}

bool offer_info(const struct offers *o, u32 code, struct offer_info *out)
{
    struct terms t = {0};
    u32 row = coupon_row_of(o, code);
    if (!row) return false;
    const struct coupon_row *c = coupon_at(o, row);
    terms_of(o, row, &t);
    *out = (struct offer_info){c->granted,  c->claimed, c->used, c->expired,
                               c->rejected, c->missed,  c->left, t.pool};
    return true;
}

/* ---- events ---- */

static void put_text(struct buf *b, u32 property, str text)
{
    if (text.n) props_put(b, property, value_text(text));
}

static void tell(struct offers *o, persona who, u32 event, u32 coupon, u32 row, str reason)
{
    struct buf b, at;
    buf_init(&b, 4096);
    buf_init(&at, 64);
    put_text(&b, PROPERTY_COUPON, names_text(o->names, NAME_OBJECT, coupon));
    if (row) {
        const struct grant_row *g = grant_at(o, row);
        put_text(&b, PROPERTY_JOURNEY, names_text(o->names, NAME_OBJECT, g->journey));
        put_text(&b, PROPERTY_STEP, names_text(o->names, NAME_OBJECT, g->step));
        put_text(&b, PROPERTY_CODE, heap_view(o->texts, g->code));
        iso_put(&at, g->expires_ms);
        props_put(&b, PROPERTY_EXPIRES,
                  (value){.type = VALUE_TIME, .n = g->expires_ms, .text = buf_str(&at)});
    }
    put_text(&b, PROPERTY_REASON, reason);
    o->host.event(o->host.ctx, who, event, buf_str(&b));
    buf_clear(&at);
    buf_clear(&b);
}

/* ---- granting ---- */

static bool has_had(const struct offers *o, persona head, u32 coupon, const struct offer_giver *by)
{
    struct hers h = hers_of(o, head);
    for (u32 row = next_of(o, &h); row; row = next_of(o, &h)) {
        const struct grant_row *g = grant_at(o, row);
        if (g->coupon == coupon && g->journey == by->journey && g->step == by->step &&
            g->enrolment == by->enrolment)
            return true;
    }
    return false;
}

static i64 end_of(const struct terms *t, const struct zone *zone, i64 now)
{
    i64 end;
    if (t->valid.months) return zone_add(zone, now, t->valid);
    return __builtin_add_overflow(now, t->valid.ms, &end) ? NEVER : end;
}

static bool missed(struct offers *o, persona head, u32 coupon, u32 row, str reason)
{
    if (row) coupon_edit(o, row)->missed++;
    tell(o, head, EVENT_COUPON_REJECTED, coupon, 0, reason);
    return false;
}

bool offer_grant(struct offers *o, persona head, u32 coupon, const struct offer_giver *by,
                 const struct zone *zone, i64 now)
{
    struct terms t;
    u32 from = coupon_row_of(o, coupon);
    if (!from || coupon_at(o, from)->gone || !terms_of(o, from, &t))
        return missed(o, head, coupon, 0, S("unknown"));
    if (has_had(o, head, from, by)) return true;
    if (t.pool && !coupon_at(o, from)->first) return missed(o, head, coupon, from, S("pool_empty"));
    u32 row = table_add(o->grants);
    if (!row) return missed(o, head, coupon, from, S("full"));
    u32 code = t.pool ? code_lease(o, from) : code_make(o, from, t.pattern);
    u32 older = first_of(o, head);
    struct grant_row *g = grant_edit(o, row);
    g->persona = head;
    g->next = older;
    g->coupon = from;
    g->journey = by->journey;
    g->step = by->step;
    g->enrolment = by->enrolment;
    g->granted_ms = now;
    g->expires_ms = end_of(&t, zone, now);
    g->code = code;
    g->state = GRANT_GRANTED;
    g->indexed = t.pool || !code_is_fixed(t.pattern);
    if (older) map_remove(&o->by_persona, persona_key(head), older);
    map_put(&o->by_persona, persona_key(head), row);
    if (g->indexed) index_code(o, row);
    coupon_edit(o, from)->granted++;
    tell(o, head, EVENT_COUPON_GRANTED, coupon, row, (str){0});
    return true;
}

/* ---- what clients say ---- */

static bool is_over(const struct grant_row *g, i64 occurred)
{
    return occurred >= g->expires_ms;
}

/* Hers that the event means: by code, else by coupon; of several the one that can be used and ends
 * first. */
static u32 meant(const struct offers *o, persona head, u32 coupon, str code, i64 occurred)
{
    struct hers h = hers_of(o, head);
    u32 found = 0;
    bool found_good = false;
    for (u32 row = next_of(o, &h); row; row = next_of(o, &h)) {
        const struct grant_row *g = grant_at(o, row);
        if (coupon && g->coupon != coupon) continue;
        if (code.n && !str_eq(heap_view(o->texts, g->code), code)) continue;
        bool good = g->state != GRANT_USED && !is_over(g, occurred);
        bool sooner = found && g->expires_ms < grant_at(o, found)->expires_ms;
        if (!found || (good && (!found_good || sooner))) {
            found = row;
            found_good = good;
        }
    }
    return found;
}

static void used(struct offers *o, u32 row)
{
    struct grant_row *g = grant_edit(o, row);
    struct coupon_row *c = coupon_edit(o, g->coupon);
    if (g->state == GRANT_EXPIRED) c->expired--;
    g->state = GRANT_USED;
    c->used++;
}

static void claimed(struct offers *o, u32 row)
{
    struct grant_row *g = grant_edit(o, row);
    struct coupon_row *c = coupon_edit(o, g->coupon);
    if (g->claimed) return;
    g->claimed = 1;
    if (g->state == GRANT_GRANTED) g->state = GRANT_CLAIMED;
    c->claimed++;
}

static str text_at(str props, u32 property)
{
    value v = props_get(props, property);
    return v.type == VALUE_TEXT || v.type == VALUE_NUMBER || v.type == VALUE_DATE ? v.text
                                                                                  : (str){0};
}

static str rejected(struct offers *o, u32 coupon, str reason)
{
    if (coupon) coupon_edit(o, coupon)->rejected++;
    return reason;
}

str offer_said(struct offers *o, persona head, u32 event, str props, i64 occurred)
{
    str code = text_at(props, PROPERTY_CODE), id = text_at(props, PROPERTY_COUPON);
    u32 object = id.n ? names_find(o->names, NAME_OBJECT, id) : 0;
    u32 coupon = object ? coupon_row_of(o, object) : 0;
    bool foreign = code.n && code_exists(o, code);
    if (!coupon && !code.n) return (str){0};
    if (id.n && !coupon && !foreign) return (str){0};
    u32 row = meant(o, head, coupon, code, occurred);
    if (!row && foreign) return rejected(o, coupon, S("other_customer"));
    if (!row) return coupon ? rejected(o, coupon, S("unknown")) : (str){0};
    const struct grant_row *g = grant_at(o, row);
    if (event == EVENT_COUPON_USED && g->state == GRANT_USED)
        return rejected(o, g->coupon, S("used"));
    if (g->state != GRANT_USED && is_over(g, occurred)) return rejected(o, g->coupon, S("expired"));
    if (event == EVENT_COUPON_USED)
        used(o, row);
    else
        claimed(o, row);
    return (str){0};
}

/* ---- time ---- */

static bool is_open(const struct grant_row *g)
{
    return (g->state == GRANT_GRANTED || g->state == GRANT_CLAIMED) && g->expires_ms != NEVER;
}

static i64 soon_at(const struct grant_row *g)
{
    return g->expires_ms - DAY;
}

static i64 due_at(const struct grant_row *g)
{
    if (!is_open(g)) return NEVER;
    return !g->told && soon_at(g) > g->granted_ms ? soon_at(g) : g->expires_ms;
}

i64 offer_next_due(const struct offers *o, persona head)
{
    i64 next = NEVER;
    struct hers h = hers_of(o, head);
    for (u32 row = next_of(o, &h); row; row = next_of(o, &h))
        next = min_i64(next, due_at(grant_at(o, row)));
    return next == NEVER ? 0 : next;
}

/* The one that is due first, then the one given first; 0: none is. */
static u32 first_due(const struct offers *o, persona head, i64 now)
{
    u32 found = 0;
    struct hers h = hers_of(o, head);
    for (u32 row = next_of(o, &h); row; row = next_of(o, &h)) {
        const struct grant_row *g = grant_at(o, row), *f = grant_at(o, found);
        i64 due = due_at(g);
        if (due > now) continue;
        if (!found || due < due_at(f) || (due == due_at(f) && g->granted_ms < f->granted_ms))
            found = row;
    }
    return found;
}

void offer_due(struct offers *o, persona head, i64 now)
{
    for (u32 row; (row = first_due(o, head, now));) {
        struct grant_row *g = grant_edit(o, row);
        u32 coupon = coupon_at(o, g->coupon)->code;
        bool over = now >= g->expires_ms;
        g->told = 1;
        if (over) {
            g->state = GRANT_EXPIRED;
            coupon_edit(o, g->coupon)->expired++;
        }
        tell(o, head, over ? EVENT_COUPON_EXPIRED : EVENT_COUPON_EXPIRING, coupon, row, (str){0});
    }
}

void offer_forget(struct offers *o, const persona *personas, u32 n)
{
    for (u32 i = 0; i < n; i++) {
        u32 row = first_of(o, personas[i]);
        if (row) map_remove(&o->by_persona, persona_key(personas[i]), row);
        while (row) {
            const struct grant_row *g = grant_at(o, row);
            u32 next = g->next;
            if (g->indexed) map_remove(&o->by_code, hash_xxh(heap_view(o->texts, g->code)), row);
            heap_retire(o->texts, g->code);
            table_drop(o->grants, row);
            row = next;
        }
    }
}

/* ---- reading ---- */

str grant_state_text(grant_state s)
{
    static const char *const TEXTS[] = {"", "granted", "claimed", "used", "expired"};
    return str_of(TEXTS[s]);
}

static void show(const struct offers *o, u32 row, struct grant *out)
{
    const struct grant_row *g = grant_at(o, row);
    struct terms t = {0};
    terms_of(o, g->coupon, &t);
    *out = (struct grant){.coupon = coupon_at(o, g->coupon)->code,
                          .by = {g->journey, g->step, g->enrolment},
                          .code = heap_view(o->texts, g->code),
                          .state = g->state,
                          .granted_ms = g->granted_ms,
                          .expires_ms = g->expires_ms,
                          .percent = t.percent,
                          .value = t.value,
                          .min = t.min};
}

bool offer_next(const struct offers *o, persona head, u32 *cursor, struct grant *out)
{
    struct hers h = hers_of(o, head);
    u32 row = 0;
    for (u32 i = 0; i <= *cursor; i++)
        if (!(row = next_of(o, &h))) return false;
    (*cursor)++;
    show(o, row, out);
    return true;
}

bool offer_latest(const struct offers *o, persona head, u32 journey, u64 enrolment,
                  struct grant *out)
{
    u32 found = 0;
    struct hers h = hers_of(o, head);
    for (u32 row = next_of(o, &h); row; row = next_of(o, &h)) {
        const struct grant_row *g = grant_at(o, row);
        if (g->journey != journey || g->enrolment != enrolment) continue;
        if (!found || g->granted_ms > grant_at(o, found)->granted_ms) found = row;
    }
    if (found) show(o, found, out);
    return found != 0;
}

/* ---- the canonical hash: by ids and codes; no row numbers ---- */

static void hash_coupons(const struct offers *o, struct buf *b, name_of name, void *ctx,
                         hash128 *sum)
{
    for (u32 i = 1; i < table_count(o->coupons); i++) {
        const struct coupon_row *c = coupon_at(o, i);
        const u64 counts[] = {c->granted, c->claimed, c->used, c->expired, c->rejected,
                              c->missed,  c->serial,  c->left, c->gone};
        buf_reset(b);
        buf_str_varint(b, name(ctx, NAME_OBJECT, c->code));
        for (u32 k = 0; k < COUNT_OF(counts); k++) buf_varint(b, counts[k]);
        buf_put(b, heap_view(o->texts, c->compiled));
        *sum = hash_add(*sum, hash_xxh(buf_str(b)));
    }
    for (u32 i = 1; i < table_count(o->codes); i++) {
        const struct code_row *c = table_at(o->codes, i);
        buf_reset(b);
        buf_str_varint(b, name(ctx, NAME_OBJECT, coupon_at(o, c->coupon)->code));
        buf_str_varint(b, heap_view(o->texts, c->text));
        buf_byte(b, (u8)c->leased);
        *sum = hash_add(*sum, hash_xxh(buf_str(b)));
    }
}

hash128 offers_digest(const struct offers *o, name_of name, void *ctx)
{
    hash128 sum = {0};
    struct buf b;
    buf_init(&b, 1 << 16);
    hash_coupons(o, &b, name, ctx, &sum);
    for (u32 i = 1; i < table_count(o->grants); i++) {
        if (!table_has(o->grants, i)) continue;
        const struct grant_row *g = grant_at(o, i);
        char customer[33];
        customer_id(o->customers, g->persona, customer);
        buf_reset(&b);
        buf_put(&b, (str){customer, 32});
        buf_str_varint(&b, name(ctx, NAME_OBJECT, coupon_at(o, g->coupon)->code));
        buf_str_varint(&b, name(ctx, NAME_OBJECT, g->journey));
        buf_str_varint(&b, name(ctx, NAME_OBJECT, g->step));
        buf_str_varint(&b, heap_view(o->texts, g->code));
        buf_u64(&b, g->enrolment);
        buf_u64(&b, (u64)g->granted_ms);
        buf_u64(&b, (u64)g->expires_ms);
        buf_byte(&b, g->state);
        buf_byte(&b, g->told);
        buf_byte(&b, g->claimed);
        sum = hash_add(sum, hash_xxh(buf_str(&b)));
    }
    buf_clear(&b);
    return sum;
}

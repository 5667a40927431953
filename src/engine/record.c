/* record.c — the codecs of every record kind.
 *
 * A payload's fields follow each other in the order of the struct; numbers that are mostly small
 * are varints, hashes and ids are fixed. Every decoder ends in whole(): nothing was missing, and
 * nothing is left over. Layouts for people: docs/formats.md. */
#include "engine/record.h"

#include "base/bytes.h"
#include "log/events.h"

static bool whole(const struct reader *r)
{
    return !r->bad && r->p == r->end;
}

static u32 read_code(struct reader *r)
{
    u64 v = read_varint(r);
    if (v > UINT32_MAX) r->bad = true;
    return (u32)v;
}

/* A number of an X-list or enum: out of [1, last] it is a kind this binary does not know. */
static u8 read_kind(struct reader *r, u8 last)
{
    u8 v = read_byte(r);
    if (v < 1 || v > last) r->bad = true;
    return v;
}

/* ---- fixed names ---- */

/* Loads a list of fixed names by code. Places of the list that are not taken yet get a name nobody
 * types, so that a later version may fill them although other names begin behind. */
static void load(struct names *names, name_kind kind, const char *const *texts, u32 count, u32 end)
{
    struct buf text;
    buf_init(&text, 64);
    for (u32 code = 1; code < end; code++) {
        buf_reset(&text);
        if (code < count && texts[code])
            buf_put(&text, str_of(texts[code]));
        else
            buf_printf(&text, "$reserved %u", code);
        names_load(names, kind, code, buf_str(&text));
    }
    buf_clear(&text);
}

void record_fixed_names(struct names *names)
{
#define X(constant, code, name, ...) [code] = name,
    static const char *const SPACES[] = {FIXED_SPACES(X)};
    static const char *const CHANNELS[] = {FIXED_CHANNELS(X)};
    static const char *const ATTRIBUTES[] = {FIXED_ATTRIBUTES(X)};
    static const char *const PROPERTIES[] = {FIXED_PROPERTIES(X)};
    static const char *const EVENTS[] = {SYSTEM_EVENTS(X)};
#undef X
    load(names, NAME_SPACE, SPACES, COUNT_OF(SPACES), SPACE_FIXED_COUNT);
    load(names, NAME_CHANNEL, CHANNELS, COUNT_OF(CHANNELS), CHANNEL_FIXED_COUNT);
    load(names, NAME_ATTRIBUTE, ATTRIBUTES, COUNT_OF(ATTRIBUTES), ATTRIBUTE_FIXED_COUNT);
    load(names, NAME_PROPERTY, PROPERTIES, COUNT_OF(PROPERTIES), PROPERTY_FIXED_END);
    load(names, NAME_EVENT, EVENTS, COUNT_OF(EVENTS), EVENT_FIXED_END);
}

/* ---- ITEM ---- */

/* Which of the variable parts are there; an absent part costs nothing. */
enum {
    HAS_MESSAGE_ID = 1 << 0,
    HAS_PROPS = 1 << 1,
    HAS_TRAITS = 1 << 2,
    HAS_CONSENTS = 1 << 3,
    HAS_TAGS = 1 << 4,
    HAS_ALL = (1 << 5) - 1
};

/* Asks for room once and then writes without checks: every call of a client passes here. */
void item_put(struct buf *b, const struct item *item, u32 id_count)
{
    MUST(id_count <= RECORD_IDS_MAX);
    const str parts[] = {item->message_id, item->props, item->traits, item->consents, item->tags};
    size_t room = 2 + BYTES_VARINT_MAX * (1 + COUNT_OF(parts) + 2 * id_count);
    u8 has = 0;
    for (u32 i = 0; i < COUNT_OF(parts); i++) {
        has |= (u8)((parts[i].n > 0) << i);
        room += parts[i].n;
    }
    for (u32 i = 0; i < id_count; i++) room += item->values[i].n + item->raws[i].n;
    u8 *start = (u8 *)buf_room(b, room), *p = start;
    if (!p) return;
    *p++ = (u8)item->what;
    *p++ = has;
    p = bytes_put_varint(p, item->event);
    for (u32 i = 0; i < COUNT_OF(parts); i++)
        if (parts[i].n) p = bytes_put_str(p, parts[i]);
    for (u32 i = 0; i < id_count; i++) {
        p = bytes_put_str(p, item->values[i]);
        p = bytes_put_str(p, item->raws[i]);
    }
    b->n += (size_t)(p - start);
}

/* A part that is announced must not be empty: one content, one encoding. */
static str read_part(struct reader *r, u8 has, u8 bit)
{
    if (!(has & bit)) return (str){0};
    str s = read_str_varint(r);
    if (s.n == 0) r->bad = true;
    return s;
}

enum { WITH_PROOF = 16 };

/* Whole characters of it. */
static str cut(str s)
{
    size_t n = min_size(s.n, CONSENT_PROOF_MAX);
    while (n && n < s.n && ((u8)s.p[n] & 0xC0) == 0x80) n--;
    return str_slice(s, 0, n);
}

void item_consent_put(struct buf *b, u32 channel, u32 topic, u8 state,
                      const struct consent_proof *proof)
{
    bool with = proof && (proof->reason.n || proof->text.n || proof->source.n || proof->by.n);
    buf_varint(b, channel);
    buf_varint(b, topic);
    buf_byte(b, (u8)(state | (with ? WITH_PROOF : 0)));
    if (!with) return;
    buf_str_varint(b, cut(proof->reason));
    buf_str_varint(b, cut(proof->text));
    buf_str_varint(b, cut(proof->source));
    buf_str_varint(b, cut(proof->by));
}

static str read_proof_text(struct reader *r)
{
    str s = read_str_varint(r);
    if (s.n > CONSENT_PROOF_MAX) r->bad = true;
    return s;
}

bool item_consent_next(struct reader *r, struct item_consent *out)
{
    if (r->p == r->end || r->bad) return false;
    *out = (struct item_consent){0};
    out->channel = read_code(r);
    out->topic = read_code(r);
    u8 state = read_byte(r);
    out->state = state & 15;
    if (state & ~15u & ~(u32)WITH_PROOF) r->bad = true;
    if (state & WITH_PROOF) {
        struct consent_proof *p = &out->proof;
        p->reason = read_proof_text(r), p->text = read_proof_text(r);
        p->source = read_proof_text(r), p->by = read_proof_text(r);
        if (!(p->reason.n || p->text.n || p->source.n || p->by.n)) r->bad = true;
    }
    if (out->channel == 0 || out->state > CONSENT_UNLESS_NO) r->bad = true;
    return !r->bad;
}

static bool consents_valid(str list)
{
    struct reader r = reader_of(list);
    struct item_consent c;
    while (item_consent_next(&r, &c)) {
    }
    return !r.bad;
}

static bool tags_valid(str list)
{
    struct reader r = reader_of(list);
    while (r.p < r.end && !r.bad) {
        u32 tag = read_code(&r);
        if (tag == 0 || read_byte(&r) > 1) r.bad = true;
        read_zigzag(&r);
    }
    return !r.bad;
}

bool item_read(str payload, u32 id_count, struct item *out)
{
    struct reader r = reader_of(payload);
    if (id_count > RECORD_IDS_MAX) return false;
    out->what = read_kind(&r, ITEM_EDIT);
    u8 has = read_byte(&r);
    if (has & ~HAS_ALL) return false;
    out->event = read_code(&r);
    out->message_id = read_part(&r, has, HAS_MESSAGE_ID);
    out->props = read_part(&r, has, HAS_PROPS);
    out->traits = read_part(&r, has, HAS_TRAITS);
    out->consents = read_part(&r, has, HAS_CONSENTS);
    out->tags = read_part(&r, has, HAS_TAGS);
    for (u32 i = 0; i < id_count && !r.bad; i++) {
        out->values[i] = read_str_varint(&r);
        out->raws[i] = read_str_varint(&r);
    }
    return whole(&r) && consents_valid(out->consents) && tags_valid(out->tags);
}

static bool props_valid(str props, u32 depth)
{
    struct reader r = reader_of(props);
    while (r.p < r.end && !r.bad) {
        u32 code = read_code(&r);
        const u8 *from = r.p;
        value v = value_read(&r);
        if (r.bad || (code == 0 && v.type != VALUE_MAP)) return false;
        if (!value_valid((str){(const char *)from, (size_t)(r.p - from)}, depth)) return false;
    }
    return !r.bad;
}

bool item_valid(const struct item *item)
{
    return props_valid(item->props, ITEM_DEPTH_MAX) && props_valid(item->traits, ITEM_DEPTH_MAX);
}

/* ---- the rest ---- */

void key_put(struct buf *b, struct sip_key key)
{
    buf_u64(b, key.k0);
    buf_u64(b, key.k1);
}

bool key_read(str payload, struct sip_key *out)
{
    struct reader r = reader_of(payload);
    out->k0 = read_u64(&r);
    out->k1 = read_u64(&r);
    return whole(&r);
}

void zone_put(struct buf *b, const struct zone_record *z)
{
    buf_str_varint(b, z->name);
    buf_str_varint(b, z->tzif);
}

bool zone_read(str payload, struct zone_record *out)
{
    struct reader r = reader_of(payload);
    out->name = read_str_varint(&r);
    out->tzif = read_str_varint(&r);
    return whole(&r) && out->name.n > 0;
}

void start_put(struct buf *b, const struct start_record *s)
{
    buf_u64(b, s->identity[0]);
    buf_u64(b, s->identity[1]);
    buf_u64(b, (u64)s->wall_ms);
    buf_str_varint(b, s->version);
}

bool start_read(str payload, struct start_record *out)
{
    struct reader r = reader_of(payload);
    out->identity[0] = read_u64(&r);
    out->identity[1] = read_u64(&r);
    out->wall_ms = (i64)read_u64(&r);
    out->version = read_str_varint(&r);
    return whole(&r);
}

void setting_put(struct buf *b, const struct setting_record *s)
{
    buf_str_varint(b, s->name);
    value_put(b, s->value);
}

bool setting_read(str payload, struct setting_record *out)
{
    struct reader r = reader_of(payload);
    out->name = read_str_varint(&r);
    struct reader copy = r;
    bool valid = value_valid(read_rest(&copy), ITEM_DEPTH_MAX);
    out->value = value_read(&r);
    return whole(&r) && valid && out->name.n > 0;
}

void publish_put(struct buf *b, const struct publish_record *p)
{
    buf_byte(b, (u8)p->kind);
    buf_varint(b, p->code);
    buf_str_varint(b, p->id);
    buf_str_varint(b, p->source);
    buf_str_varint(b, p->compiled);
}

bool publish_read(str payload, struct publish_record *out)
{
    struct reader r = reader_of(payload);
    out->kind = read_kind(&r, OBJECT_TOPIC);
    out->code = read_code(&r);
    out->id = read_str_varint(&r);
    out->source = read_str_varint(&r);
    out->compiled = read_str_varint(&r);
    return whole(&r) && out->code > 0 && out->id.n > 0;
}

void operate_put(struct buf *b, const struct operate_record *o)
{
    buf_byte(b, (u8)o->what);
    buf_varint(b, o->code);
    buf_varint(b, o->percent);
}

bool operate_read(str payload, struct operate_record *out)
{
    struct reader r = reader_of(payload);
    out->what = read_kind(&r, OPERATE_PROMOTION_RELEASE);
    out->code = read_code(&r);
    out->percent = read_code(&r);
    return whole(&r) && out->percent <= 10000;
}

/* In the row's number: the claim says what was rendered. Logs from before have claims without. */
#define CLAIM_SPEAKS ((u32)1 << 31)

void claim_put(struct buf *b, const struct claim_record *c)
{
    buf_u32(b, c->message | CLAIM_SPEAKS);
    buf_hash(b, c->id);
    buf_u64(b, c->rendered_at);
    buf_hash(b, c->address);
    buf_u64(b, c->fingerprint);
    buf_varint(b, c->content);
    buf_str_varint(b, c->values);
}

bool claim_read(str payload, struct claim_record *out)
{
    struct reader r = reader_of(payload);
    u32 row = read_u32(&r);
    bool speaks = row & CLAIM_SPEAKS;
    out->message = row & ~CLAIM_SPEAKS;
    out->id = read_hash(&r);
    out->rendered_at = read_u64(&r);
    out->address = read_hash(&r);
    out->fingerprint = read_u64(&r);
    out->content = speaks ? (u32)read_varint(&r) : 0;
    out->values = speaks ? read_str_varint(&r) : (str){0};
    return whole(&r) && out->values.n <= CLAIM_VALUES_MAX &&
           (!out->values.n || value_valid(out->values, ITEM_DEPTH_MAX));
}

static bool read_flag(struct reader *r)
{
    u8 v = read_byte(r);
    if (v > 1) r->bad = true;
    return v == 1;
}

/* Cut between characters. */
static str short_detail(str all)
{
    str detail = {all.p, min_size(all.n, ANSWER_DETAIL_MAX)};
    while (detail.n && detail.n < all.n && ((u8)detail.p[detail.n] & 0xC0) == 0x80) detail.n--;
    return detail;
}

void answer_put(struct buf *b, const struct answer_record *a)
{
    buf_u32(b, a->message);
    buf_hash(b, a->id);
    buf_byte(b, (u8)a->class);
    buf_u64(b, (u64)a->retry_at_ms);
    buf_str_varint(b, short_detail(a->detail));
}

bool answer_read(str payload, struct answer_record *out)
{
    struct reader r = reader_of(payload);
    out->message = read_u32(&r);
    out->id = read_hash(&r);
    out->class = read_kind(&r, ANSWER_RETURNED);
    out->retry_at_ms = (i64)read_u64(&r);
    out->detail = read_str_varint(&r);
    return whole(&r) && out->detail.n <= ANSWER_DETAIL_MAX;
}

/* ---- TASK ---- */

void task_put(struct buf *b, const struct task_record *t)
{
    buf_str_varint(b, t->task);
    buf_str_varint(b, t->outcome);
    buf_str_varint(b, t->note);
    buf_str_varint(b, t->by);
}

bool task_read(str payload, struct task_record *out)
{
    struct reader r = reader_of(payload);
    out->task = read_str_varint(&r);
    out->outcome = read_str_varint(&r);
    out->note = read_str_varint(&r);
    out->by = read_str_varint(&r);
    return !r.bad && r.p == r.end && out->outcome.n <= TASK_OUTCOME_MAX &&
           out->note.n <= TASK_NOTE_MAX;
}

void task_open_put(struct buf *b, const struct task_open_record *t)
{
    buf_str_varint(b, t->customer);
    buf_str_varint(b, t->kind);
    buf_str_varint(b, t->owner);
    buf_str_varint(b, t->note);
    buf_str_varint(b, t->by);
    buf_u64(b, (u64)t->due_ms);
    for (u32 i = 0; i < t->outcome_count; i++) buf_str_varint(b, t->outcomes[i]);
}

bool task_open_read(str payload, struct task_open_record *out)
{
    struct reader r = reader_of(payload);
    *out = (struct task_open_record){.customer = read_str_varint(&r)};
    out->kind = read_str_varint(&r);
    out->owner = read_str_varint(&r);
    out->note = read_str_varint(&r);
    out->by = read_str_varint(&r);
    out->due_ms = (i64)read_u64(&r);
    while (!r.bad && r.p < r.end && out->outcome_count < TASK_OUTCOMES_MAX) {
        out->outcomes[out->outcome_count] = read_str_varint(&r);
        if (out->outcomes[out->outcome_count++].n > TASK_OUTCOME_MAX) return false;
    }
    return whole(&r) && out->customer.n == CUSTOMER_ID_BYTES && out->kind.n &&
           out->kind.n <= TASK_KIND_MAX && out->owner.n <= TASK_OWNER_MAX &&
           out->note.n <= TASK_NOTE_MAX;
}

void receipt_put(struct buf *b, const struct receipt_record *r)
{
    persona_put(b, r->customer);
    buf_hash(b, r->id);
    buf_byte(b, r->status);
    buf_byte(b, r->machine);
    buf_str_varint(b, short_detail(r->detail));
}

bool receipt_read(str payload, struct receipt_record *out)
{
    struct reader r = reader_of(payload);
    out->customer = read_bytes(&r, CUSTOMER_ID_BYTES);
    out->id = read_hash(&r);
    out->status = read_byte(&r);
    out->machine = read_flag(&r);
    out->detail = read_str_varint(&r);
    return whole(&r) && out->detail.n <= ANSWER_DETAIL_MAX;
}

void send_put(struct buf *b, const struct send_record *s, u32 id_count)
{
    buf_str_varint(b, s->customer);
    for (u32 i = 0; i < id_count && !s->customer.n; i++) buf_str_varint(b, s->values_of[i]);
    buf_u64(b, s->id_low);
    buf_u64(b, s->body);
    buf_varint(b, s->channel);
    buf_varint(b, s->topic);
    buf_byte(b, s->category);
    buf_str_varint(b, s->template_id);
    buf_str_varint(b, s->to);
    buf_str_varint(b, s->values);
}

bool send_read(str payload, u32 id_count, struct send_record *out)
{
    struct reader r = reader_of(payload);
    out->customer = read_str_varint(&r);
    if (out->customer.n && out->customer.n != CUSTOMER_ID_BYTES) return false;
    for (u32 i = 0; i < id_count && !out->customer.n; i++) out->values_of[i] = read_str_varint(&r);
    out->id_low = read_u64(&r);
    out->body = read_u64(&r);
    out->channel = (u32)read_varint(&r);
    out->topic = (u32)read_varint(&r);
    out->category = read_byte(&r);
    out->template_id = read_str_varint(&r);
    out->to = read_str_varint(&r);
    out->values = read_str_varint(&r);
    return whole(&r) && out->values.n <= CLAIM_VALUES_MAX &&
           (!out->values.n || value_valid(out->values, ITEM_DEPTH_MAX));
}

void slice_put(struct buf *b, const struct slice_record *s)
{
    buf_u32(b, s->job);
    buf_u32(b, s->from);
    buf_u32(b, s->to);
    buf_u64(b, s->at);
    buf_str_varint(b, s->answers);
}

/* Answers are one bit per persona of the range, or none at all. */
bool slice_read(str payload, struct slice_record *out)
{
    struct reader r = reader_of(payload);
    out->job = read_u32(&r);
    out->from = read_u32(&r);
    out->to = read_u32(&r);
    out->at = read_u64(&r);
    out->answers = read_str_varint(&r);
    if (!whole(&r) || out->from > out->to) return false;
    return out->answers.n == 0 || out->answers.n == ((size_t)(out->to - out->from) + 7) / 8;
}

void codes_put(struct buf *b, const struct codes_record *c)
{
    buf_u32(b, c->coupon);
    buf_str_varint(b, c->list);
}

bool codes_read(str payload, struct codes_record *out)
{
    struct reader r = reader_of(payload);
    out->coupon = read_u32(&r);
    out->list = read_str_varint(&r);
    if (!whole(&r)) return false;
    r = reader_of(out->list);
    while (r.p < r.end) {
        str code = read_str_varint(&r);
        if (r.bad || code.n == 0 || code.n > CODE_BYTES_MAX) return false;
    }
    return true;
}

void list_put(struct buf *b, const struct list_record *l)
{
    buf_u32(b, l->segment);
    buf_byte(b, l->in);
    buf_str_varint(b, l->personas);
}

bool list_read(str payload, struct list_record *out)
{
    struct reader r = reader_of(payload);
    u32 n = 0;
    out->segment = read_u32(&r);
    out->in = read_flag(&r);
    out->personas = read_str_varint(&r);
    if (!whole(&r)) return false;
    r = reader_of(out->personas);
    for (; r.p < r.end; n++) {
        u64 number = read_varint(&r), before = read_varint(&r);
        if (r.bad || number == 0 || number > UINT32_MAX || before > UINT16_MAX) return false;
    }
    return n <= LIST_PERSONAS_MAX;
}

void merge_put(struct buf *b, const struct merge_record *m)
{
    persona_put(b, m->a);
    persona_put(b, m->b);
}

bool merge_read(str payload, struct merge_record *out)
{
    struct reader r = reader_of(payload);
    out->a = read_bytes(&r, CUSTOMER_ID_BYTES);
    out->b = read_bytes(&r, CUSTOMER_ID_BYTES);
    return whole(&r);
}

void persona_put(struct buf *b, str id)
{
    MUST(id.n == CUSTOMER_ID_BYTES);
    buf_put(b, id);
}

bool persona_read(str payload, str *out)
{
    struct reader r = reader_of(payload);
    *out = read_bytes(&r, CUSTOMER_ID_BYTES);
    return whole(&r);
}

/* ---- SCHEMA ---- */

enum { TYPE_LAST = 7, STRENGTH_LAST = 2 }; /* of customer.h, which the log's bytes must not move */

void schema_put(struct buf *b, const struct schema_record *s)
{
    buf_byte(b, (u8)s->what);
    buf_varint(b, s->code);
    if (s->what == SCHEMA_ATTRIBUTE) {
        buf_byte(b, s->type);
        buf_byte(b, s->confirmed);
        buf_byte(b, s->personal);
        return;
    }
    buf_byte(b, s->strength);
    buf_byte(b, s->unique);
    buf_u16(b, s->limit);
    buf_u16(b, s->priority);
}

bool schema_read(str payload, struct schema_record *out)
{
    struct reader r = reader_of(payload);
    *out = (struct schema_record){.what = read_kind(&r, SCHEMA_NAMESPACE), .code = read_code(&r)};
    if (out->what == SCHEMA_ATTRIBUTE) {
        out->type = read_byte(&r);
        out->confirmed = read_flag(&r);
        out->personal = read_flag(&r);
    } else {
        out->strength = read_byte(&r);
        out->unique = read_flag(&r);
        out->limit = read_u16(&r);
        out->priority = read_u16(&r);
    }
    return whole(&r) && out->code && out->type <= TYPE_LAST && out->strength <= STRENGTH_LAST &&
           (out->type || !out->confirmed);
}

void job_put(struct buf *b, const struct job_record *j)
{
    buf_byte(b, j->kind);
    buf_byte(b, j->on);
    buf_varint(b, j->object);
    buf_u64(b, j->number);
}

bool job_read(str payload, struct job_record *out)
{
    struct reader r = reader_of(payload);
    out->kind = read_kind(&r, JOB_ERASE_MEMBERS);
    out->on = read_byte(&r);
    out->object = read_code(&r);
    out->number = read_u64(&r);
    return whole(&r) && out->on <= 1;
}

void import_put(struct buf *b, const struct import_record *i)
{
    buf_varint(b, i->source);
    buf_byte(b, i->state);
    buf_varint(b, i->position);
    buf_varint(b, i->accepted);
    buf_varint(b, i->rejected);
    buf_varint(b, i->warnings);
    buf_varint(b, i->error_bytes);
}

bool import_read(str payload, struct import_record *out)
{
    struct reader r = reader_of(payload);
    out->source = read_code(&r);
    out->state = read_kind(&r, IMPORT_DONE);
    out->position = read_varint(&r);
    out->accepted = read_varint(&r);
    out->rejected = read_varint(&r);
    out->warnings = read_varint(&r);
    out->error_bytes = read_varint(&r);
    return whole(&r);
}

void undo_put(struct buf *b, const struct undo_record *u)
{
    buf_varint(b, u->source);
    buf_varint(b, u->from);
    buf_varint(b, u->to);
}

bool undo_read(str payload, struct undo_record *out)
{
    struct reader r = reader_of(payload);
    out->source = read_code(&r);
    out->from = (u32)read_varint(&r);
    out->to = (u32)read_varint(&r);
    return whole(&r);
}

void suppress_put(struct buf *b, const struct suppress_record *s)
{
    buf_varint(b, s->channel);
    buf_hash(b, s->address);
    buf_byte(b, s->reason);
    buf_varint(b, s->holder.space);
    buf_hash(b, s->holder.hash);
}

bool suppress_read(str payload, struct suppress_record *out)
{
    struct reader r = reader_of(payload);
    out->channel = read_code(&r);
    out->address = read_hash(&r);
    out->reason = read_byte(&r);
    out->holder.space = read_code(&r);
    out->holder.hash = read_hash(&r);
    return whole(&r) && out->channel > 0 && out->holder.space > 0;
}

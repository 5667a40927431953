/* message.c — rows, their lists, queues and tallies.
 *
 * A message hangs in its customer's list (customer_row.messages). The ready queues hold (row, id)
 * pairs, so that an entry whose row was freed and given to another message is seen to be stale.
 * Tallies are rows of their own, one per status, so that they are in snapshots: row 1 + status, and
 * for NONE the number ever planned; in the same way each program's behind those of all. */
#include "message/message.h"

#include <stdlib.h>

enum {
    MESSAGES_MAX = 1 << 28,
    TALLIES_MAX = (1 << 16) * MESSAGE_STATUS_COUNT + 1,
    RETIRE_MS = 72 * 3600 * 1000
};

struct ready {
    u32 row;
    u64 id_low;
};

struct queue {
    struct ready *items; /* a ring; cap is a power of two */
    u32 cap, head, count;
};

struct tally_row {
    u64 version, count;
};

struct messages {
    struct table *rows, *tallies;
    struct customers *customers;
    struct sip_key key;
    struct queue ready[LANE_COUNT];
};

static const char *STATUS[] = {
#define X(name, text) text,
    MESSAGE_STATUS_LIST(X)
#undef X
};
static const char *REFUSAL[] = {
#define X(name, text) text,
    REFUSAL_LIST(X)
#undef X
};

str message_status_text(message_status s)
{
    return str_of(STATUS[s]);
}

str refusal_text(refusal r)
{
    return str_of(REFUSAL[r]);
}

struct messages *messages_new(struct store *s, struct customers *c, struct sip_key key)
{
    struct messages *m = mem_zalloc(sizeof *m);
    m->rows = table_new(s, "messages", sizeof(struct message_row), MESSAGES_MAX);
    m->tallies = table_new(s, "message_tallies", sizeof(struct tally_row), TALLIES_MAX);
    m->customers = c;
    m->key = key;
    return m;
}

void messages_free(struct messages *m)
{
    if (!m) return;
    for (int l = 0; l < LANE_COUNT; l++) free(m->ready[l].items);
    free(m);
}

void messages_set_key(struct messages *m, struct sip_key key)
{
    m->key = key;
}

static const struct message_row *at(const struct messages *m, u32 row)
{
    return table_at(m->rows, row);
}

const struct message_row *message_at(const struct messages *m, u32 row)
{
    return table_has(m->rows, row) ? at(m, row) : NULL;
}

u32 messages_end(const struct messages *m)
{
    return table_count(m->rows);
}

/* ---- queues ---- */

static void push(struct messages *m, u32 row)
{
    struct queue *q = &m->ready[at(m, row)->lane];
    if (q->count == q->cap) {
        u32 cap = q->cap ? q->cap * 2 : 64;
        struct ready *items = mem_alloc(cap * sizeof *items);
        for (u32 i = 0; i < q->count; i++) items[i] = q->items[(q->head + i) & (q->cap - 1)];
        free(q->items);
        *q = (struct queue){items, cap, 0, q->count};
    }
    q->items[(q->head + q->count++) & (q->cap - 1)] = (struct ready){row, at(m, row)->id_low};
}

u32 message_take(struct messages *m, lane l)
{
    struct queue *q = &m->ready[l];
    while (q->count) {
        struct ready r = q->items[q->head];
        q->head = (q->head + 1) & (q->cap - 1);
        q->count--;
        const struct message_row *row = at(m, r.row);
        if (row->status == MESSAGE_PLANNED && row->id_low == r.id_low) return r.row;
    }
    return 0;
}

void message_put_back(struct messages *m, u32 row)
{
    if (at(m, row)->status == MESSAGE_PLANNED) push(m, row);
}

u32 message_ready(const struct messages *m, lane l)
{
    return m->ready[l].count;
}

/* ---- states ---- */

static u32 tally_of(u32 program, message_status s)
{
    return 1 + program * MESSAGE_STATUS_COUNT + (u32)s;
}

static void count_in(struct messages *m, u32 tally, i64 by)
{
    struct tally_row *row = table_has(m->tallies, tally) ? table_edit(m->tallies, tally)
                                                         : table_claim(m->tallies, tally);
    row->count += (u64)by;
}

/* Of all, and of its program (0 is none's: a transactional send). */
static void count(struct messages *m, u32 program, message_status s, i64 by)
{
    count_in(m, tally_of(0, s), by);
    if (program) count_in(m, tally_of(program, s), by);
}

static bool waiting(const struct message_row *row)
{
    return row->status == MESSAGE_PLANNED || row->status == MESSAGE_DEFERRED;
}

static struct message_row *move(struct messages *m, u32 row, message_status to, i64 due)
{
    struct message_row *r = table_edit(m->rows, row);
    count(m, r->program, r->status, -1);
    count(m, r->program, to, 1);
    r->status = (u8)to;
    r->due_ms = due;
    return r;
}

u32 message_plan(struct messages *m, const struct message_plan *plan, i64 now)
{
    u32 row = table_add(m->rows);
    MUST(row);
    struct customer_row *who =
        customer_edit(m->customers, customer_head(m->customers, plan->persona));
    struct message_row *r = table_edit(m->rows, row);
    r->id_low = plan->id_low;
    r->persona = plan->persona;
    r->enrolment = plan->enrolment;
    r->next = who->messages;
    r->program = plan->program;
    r->step = plan->step;
    r->due_ms = now;
    r->channel = plan->channel;
    r->status = MESSAGE_PLANNED;
    r->lane = plan->lane & 3u;
    r->category = plan->category & 3u;
    r->fresh = plan->fresh;
    who->messages = row;
    count(m, plan->program, MESSAGE_NONE, 1);
    count(m, plan->program, MESSAGE_PLANNED, 1);
    push(m, row);
    return row;
}

/* The high half follows from the low one and the customer, so the row need not keep it. */
hash128 message_id(const struct messages *m, u32 row)
{
    const struct message_row *r = at(m, row);
    char customer[33];
    struct {
        u64 low;
        char customer[32];
    } made_of = {.low = r->id_low};
    customer_id(m->customers, r->persona, customer);
    memcpy(made_of.customer, customer, 32);
    hash128 high = hash_sip(m->key, (str){(const char *)&made_of, sizeof made_of});
    return (hash128){r->id_low, high.lo};
}

u32 message_find(const struct messages *m, persona head, hash128 id)
{
    for (u32 row = customer_at(m->customers, head)->messages; row; row = at(m, row)->next)
        if (at(m, row)->id_low == id.lo && hash128_eq(message_id(m, row), id)) return row;
    return 0;
}

refusal message_check(const struct messages *m, u32 row, const struct claim_check *check,
                      i64 *until)
{
    const struct message_row *r = at(m, row);
    persona head = customer_head(m->customers, r->persona);
    struct customer_view live = {m->customers, NULL};
    *until = NEVER;
    if (!hash128_is_zero(check->address)) {
        const struct address_row *a = address_of(m->customers, check->address);
        if (a && a->suppressed) return REFUSAL_SUPPRESSED;
        if (a && a->opted_out && r->category != CATEGORY_TRANSACTIONAL) return REFUSAL_CONSENT;
    }
    if (r->category != CATEGORY_TRANSACTIONAL) {
        u8 whole = view_consent(&live, head, r->channel, 0);
        u8 topic = check->topic ? view_consent(&live, head, r->channel, check->topic) : whole;
        bool denied = whole == 2 || topic == 2;
        bool given = whole == 1 && topic == 1;
        if (denied || (r->category == CATEGORY_PROMOTION && !given)) return REFUSAL_CONSENT;
    }
    return hash128_is_zero(check->address) ? REFUSAL_NO_ADDRESS : REFUSAL_NONE;
}

bool message_claim(struct messages *m, u32 row, i64 now)
{
    if (at(m, row)->status != MESSAGE_PLANNED) return false;
    struct message_row *r = move(m, row, MESSAGE_CLAIMED, now);
    if (r->attempts < UINT8_MAX) r->attempts++;
    r->reason = REFUSAL_NONE;
    return true;
}

bool message_refuse(struct messages *m, u32 row, refusal why, i64 now)
{
    if (!waiting(at(m, row))) return false;
    move(m, row, why == REFUSAL_EXPIRED ? MESSAGE_EXPIRED : MESSAGE_REFUSED, now)->reason = (u8)why;
    return true;
}

bool message_defer(struct messages *m, u32 row, refusal why, i64 until)
{
    u8 status = at(m, row)->status;
    if (status != MESSAGE_PLANNED && status != MESSAGE_CLAIMED) return false;
    move(m, row, MESSAGE_DEFERRED, until)->reason = (u8)why;
    return true;
}

bool message_cancel(struct messages *m, u32 row, i64 now)
{
    if (!waiting(at(m, row))) return false;
    move(m, row, MESSAGE_CANCELLED, now);
    return true;
}

/* Progress only goes forward: a receipt that comes late does not undo a later one, and what a
 * provider took (or may have taken) is not taken back, but for the bounce that follows. */
static bool may_follow(message_status from, message_status to)
{
    switch (from) {
    case MESSAGE_CLAIMED:
    case MESSAGE_UNKNOWN: return to >= MESSAGE_SENT && to != from && to != MESSAGE_REFUSED;
    case MESSAGE_SENT:
    case MESSAGE_DELIVERED:
    case MESSAGE_OPENED:
    case MESSAGE_CLICKED:
    case MESSAGE_REPLIED:
        return (to > from && to <= MESSAGE_REPLIED) || to == MESSAGE_BOUNCED ||
               to == MESSAGE_COMPLAINED || to == MESSAGE_UNSUBSCRIBED;
    default: return false;
    }
}

bool message_settle(struct messages *m, u32 row, message_status status, i64 now)
{
    if (!may_follow(at(m, row)->status, status)) return false;
    move(m, row, status, now);
    return true;
}

void message_wake(struct messages *m, persona head, i64 now)
{
    for (u32 row = customer_at(m->customers, head)->messages; row; row = at(m, row)->next) {
        if (at(m, row)->status != MESSAGE_DEFERRED || at(m, row)->due_ms > now) continue;
        move(m, row, MESSAGE_PLANNED, at(m, row)->due_ms);
        push(m, row);
    }
}

static bool over(const struct message_row *r)
{
    return r->status >= MESSAGE_SENT;
}

i64 message_next_due(const struct messages *m, persona head)
{
    i64 next = 0;
    for (u32 row = customer_at(m->customers, head)->messages; row; row = at(m, row)->next) {
        const struct message_row *r = at(m, row);
        i64 due = r->status == MESSAGE_DEFERRED ? r->due_ms : over(r) ? r->due_ms + RETIRE_MS : 0;
        if (due && (!next || due < next)) next = due;
    }
    return next;
}

/* An unknown stays until a person or a receipt settles it: it is counted, and never goes silently.
 * A row whose enrolment still runs is looked at again a period later. */
void message_retire(struct messages *m, persona head, i64 now,
                    bool (*open)(void *ctx, u32 enrolment), void *ctx)
{
    u32 before = 0, next;
    for (u32 row = customer_at(m->customers, head)->messages; row; row = next) {
        const struct message_row *r = at(m, row);
        next = r->next;
        bool due = over(r) && r->due_ms + RETIRE_MS <= now;
        if (due && (r->status == MESSAGE_UNKNOWN || (r->enrolment && open(ctx, r->enrolment)))) {
            ((struct message_row *)table_edit(m->rows, row))->due_ms = now;
            due = false;
        }
        if (!due) {
            before = row;
            continue;
        }
        if (before)
            ((struct message_row *)table_edit(m->rows, before))->next = next;
        else
            customer_edit(m->customers, head)->messages = next;
        table_drop(m->rows, row);
    }
}

void message_unknowns(struct messages *m, i64 now, void (*each)(void *ctx, u32 row), void *ctx)
{
    for (u32 row = 1; row < table_count(m->rows); row++) {
        if (at(m, row)->status != MESSAGE_CLAIMED) continue;
        move(m, row, MESSAGE_UNKNOWN, now);
        each(ctx, row);
    }
}

void message_moved(struct messages *m, persona from, persona to)
{
    u32 first = customer_at(m->customers, from)->messages, last = first;
    if (!first) return;
    while (at(m, last)->next) last = at(m, last)->next;
    ((struct message_row *)table_edit(m->rows, last))->next =
        customer_at(m->customers, to)->messages;
    customer_edit(m->customers, to)->messages = first;
    customer_edit(m->customers, from)->messages = 0;
}

void message_cut(struct messages *m, persona a, persona b)
{
    const persona heads[2] = {a, b};
    u32 row = customer_at(m->customers, a)->messages, last[2] = {0, 0};
    if (!row) return;
    customer_edit(m->customers, a)->messages = 0;
    for (u32 next; row; row = next) {
        u32 side = customer_head(m->customers, at(m, row)->persona) == b;
        next = at(m, row)->next;
        ((struct message_row *)table_edit(m->rows, row))->next = 0;
        if (last[side])
            ((struct message_row *)table_edit(m->rows, last[side]))->next = row;
        else
            customer_edit(m->customers, heads[side])->messages = row;
        last[side] = row;
    }
}

void message_forget(struct messages *m, persona head)
{
    u32 next;
    for (u32 row = customer_at(m->customers, head)->messages; row; row = next) {
        next = at(m, row)->next;
        if (waiting(at(m, row))) move(m, row, MESSAGE_CANCELLED, 0);
        if (at(m, row)->status == MESSAGE_CLAIMED) move(m, row, MESSAGE_UNKNOWN, 0);
        table_drop(m->rows, row);
    }
    customer_edit(m->customers, head)->messages = 0;
}

struct message_tally message_tally(const struct messages *m)
{
    struct message_tally t = {0};
    for (u32 s = 0; s < MESSAGE_STATUS_COUNT && s + 1 < table_count(m->tallies); s++) {
        u64 n = ((const struct tally_row *)table_at(m->tallies, s + 1))->count;
        if (s == MESSAGE_NONE)
            t.planned = n;
        else
            t.now[s] = n;
    }
    return t;
}

u64 message_count(const struct messages *m, u32 program, message_status s)
{
    u32 tally = tally_of(program, s);
    return table_has(m->tallies, tally)
               ? ((const struct tally_row *)table_at(m->tallies, tally))->count
               : 0;
}

void messages_rebuild(struct messages *m)
{
    for (int l = 0; l < LANE_COUNT; l++) m->ready[l].count = m->ready[l].head = 0;
    for (u32 row = 1; row < table_count(m->rows); row++)
        if (at(m, row)->status == MESSAGE_PLANNED) push(m, row);
}

/* Canonical: the stable id and where it stands; no row numbers. */
hash128 messages_digest(const struct messages *m, name_of name, void *ctx)
{
    hash128 sum = {0};
    for (u32 row = 1; row < table_count(m->rows); row++) {
        const struct message_row *r = message_at(m, row);
        if (!r) continue;
        char bytes[96];
        hash128 id = message_id(m, row);
        str channel = name(ctx, NAME_CHANNEL, r->channel);
        struct {
            u64 lo, hi;
            i64 due;
            u8 status, reason, lane, category, attempts, fresh, pad[2];
        } stands = {id.lo,   id.hi,       r->due_ms,   r->status, r->reason,
                    r->lane, r->category, r->attempts, r->fresh,  {0}};
        _Static_assert(sizeof stands == 32, "no padding is hashed");
        memcpy(bytes, &stands, sizeof stands);
        size_t n = min_size(channel.n, sizeof bytes - sizeof stands);
        memcpy(bytes + sizeof stands, channel.p, n);
        sum = hash_add(sum, hash_xxh((str){bytes, sizeof stands + n}));
    }
    return sum;
}

/* message.c — rows, their lists and tallies.
 *
 * A message hangs in its customer's list (customer_row.messages). Tallies are rows of their own,
 * one per status, so that they are in snapshots: row 1 + status, and for NONE the number ever
 * planned; in the same way each program's behind those of all. */
#include "message/message_internal.h"

enum {
    MESSAGES_MAX = 1 << 28,
    SENT_MAX = 1 << 28,
    SENDS_MAX = 1 << 24,
    STEP_ROWS_MAX = 1 << 22,
    TALLIES_MAX = (1 << 16) * MESSAGE_STATUS_COUNT + 1,
    RETIRE_MS = 72 * 3600 * 1000
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
    m->steps = table_new(s, "message_steps", sizeof(struct step_row), STEP_ROWS_MAX);
    m->sent = table_new(s, "message_claims", sizeof(struct sent_row), SENT_MAX);
    m->sends = table_new(s, "message_sends", sizeof(struct send_row), SENDS_MAX);
    m->texts = heap_new(s, "message_texts");
    m->customers = c;
    m->key = key;
    map_init(&m->by_id);
    map_init(&m->sends_by_id);
    map_init(&m->sent_by_content);
    MUST(messages_policy(m, (str){0}) == ERR_OK);
    return m;
}

void messages_free(struct messages *m)
{
    if (!m) return;
    queues_free(m);
    claims_free(m);
    map_clear(&m->by_id);
    map_clear(&m->sends_by_id);
    steps_clear(m);
    arena_free(m->policy_arena);
    free(m);
}

void messages_set_key(struct messages *m, struct sip_key key)
{
    m->key = key;
}

void messages_host(struct messages *m, struct message_host host)
{
    m->host = host;
    dues_forget(m);
}

err messages_policy(struct messages *m, str compiled)
{
    struct arena *arena = arena_new();
    struct policy *p = arena_alloc(arena, sizeof *p);
    err e = policy_load(arena_str(arena, compiled), arena, p);
    if (e != ERR_OK) {
        arena_free(arena);
        return e;
    }
    arena_free(m->policy_arena);
    m->policy_arena = arena;
    m->policy = p;
    dues_forget(m); /* claims are kept for as long as its caps look back */
    return ERR_OK;
}

const struct policy *messages_policies(const struct messages *m)
{
    return m->policy;
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

static persona head_of(const struct messages *m, u32 row)
{
    return customer_head(m->customers, at(m, row)->persona);
}

/* Wherever it goes from CLAIMED but to what was, or may have been, sent: it counts for no cap. */
static bool gives_back(const struct message_row *r, message_status to)
{
    return r->status >= MESSAGE_CLAIMED &&
           (to == MESSAGE_REJECTED || to == MESSAGE_BOUNCED || to == MESSAGE_DEFERRED);
}

static bool over(const struct message_row *r)
{
    return r->status >= MESSAGE_SENT;
}

/* Its journey is paused: it waits, whatever its time. */
static bool is_held(const struct messages *m, const struct message_row *r)
{
    return m->host.held && r->program && m->host.held(m->host.ctx, r->program);
}

/* When time does something to it; 0: never. */
static i64 due_of_row(const struct messages *m, const struct message_row *r)
{
    if (over(r)) return r->due_ms + RETIRE_MS;
    return r->status == MESSAGE_DEFERRED && !is_held(m, r) ? r->due_ms : 0;
}

static struct message_row *move(struct messages *m, u32 row, message_status to, refusal why,
                                i64 due)
{
    i64 before = due_of_row(m, at(m, row));
    if (gives_back(at(m, row), to)) claims_take_back(m, head_of(m, row), at(m, row)->id_low);
    struct message_row *r = table_edit(m->rows, row);
    count(m, r->program, r->status, -1);
    count(m, r->program, to, 1);
    step_count(m, r, -1);
    r->status = to & 31u;
    r->reason = why & 15u;
    r->due_ms = due;
    step_count(m, r, 1);
    due_of_rows(m, head_of(m, row), before, due_of_row(m, r));
    return r;
}

/* ---- the index of ids ----
 * Where a new id goes in it is nowhere near the last one's place: the place is fetched while the
 * next few messages are planned, and only then filled. */

static void index_now(struct messages *m)
{
    for (; m->indexed != m->to_index; m->indexed++) {
        u32 row = m->waiting[m->indexed % INDEX_WAITING];
        map_put(&m->by_id, index_key(at(m, row)->id_low), row);
    }
}

static void index_soon(struct messages *m, u32 row)
{
    if (m->to_index - m->indexed == INDEX_WAITING) {
        u32 first = m->waiting[m->indexed++ % INDEX_WAITING];
        map_put(&m->by_id, index_key(at(m, first)->id_low), first);
    }
    map_prefetch(&m->by_id, index_key(at(m, row)->id_low));
    m->waiting[m->to_index++ % INDEX_WAITING] = row;
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
    r->step = plan->step & (MESSAGE_STEPS_MAX - 1u);
    r->due_ms = now;
    r->planned = (u64)now & ((1ull << 42) - 1);
    r->channel = plan->channel;
    r->status = MESSAGE_PLANNED;
    r->lane = plan->lane & 3u;
    r->category = plan->category & 3u;
    r->fresh = plan->fresh;
    who->messages = row;
    count(m, plan->program, MESSAGE_NONE, 1);
    count(m, plan->program, MESSAGE_PLANNED, 1);
    step_count(m, r, 1);
    index_soon(m, row);
    queue_push(m, row);
    return row;
}

/* The high half follows from the low one and the customer, so the row need not keep it. */
hash128 message_id_of(const struct messages *m, u64 id_low, const char customer[33])
{
    struct {
        u64 low;
        char customer[32];
    } made_of = {.low = id_low};
    memcpy(made_of.customer, customer, 32);
    hash128 high = hash_sip(m->key, (str){(const char *)&made_of, sizeof made_of});
    return (hash128){id_low, high.lo};
}

hash128 message_id(const struct messages *m, u32 row)
{
    char customer[33];
    customer_id(m->customers, at(m, row)->persona, customer);
    return message_id_of(m, at(m, row)->id_low, customer);
}

static bool has_id(const struct messages *m, u32 row, const hash128 *whole, u64 low)
{
    return at(m, row)->id_low == low && (!whole || hash128_eq(message_id(m, row), *whole));
}

/* `whole` NULL: the low half is enough. */
static u32 find(const struct messages *m, const hash128 *whole, u64 low)
{
    struct map_cursor cursor;
    hash128 key = index_key(low);
    for (u32 i = m->indexed; i != m->to_index; i++)
        if (has_id(m, m->waiting[i % INDEX_WAITING], whole, low))
            return m->waiting[i % INDEX_WAITING];
    for (u32 row = map_first(&m->by_id, key, &cursor); row; row = map_next(&m->by_id, key, &cursor))
        if (has_id(m, row, whole, low)) return row;
    return 0;
}

u32 message_by_low(const struct messages *m, u64 id_low)
{
    return find(m, NULL, id_low);
}

u32 message_by_id(const struct messages *m, hash128 id)
{
    return find(m, &id, id.lo);
}

u32 message_find(const struct messages *m, persona head, hash128 id)
{
    u32 row = find(m, &id, id.lo);
    return row && head_of(m, row) == head ? row : 0;
}

bool message_claim(struct messages *m, u32 row, const struct claim_check *check)
{
    if (at(m, row)->status != MESSAGE_PLANNED) return false;
    struct message_row *r = move(m, row, MESSAGE_CLAIMED, REFUSAL_NONE, check->now);
    if (r->attempts < MESSAGE_ATTEMPTS_MAX) r->attempts = (r->attempts + 1u) & 15u;
    claims_add(m, row, check);
    return true;
}

bool message_refuse(struct messages *m, u32 row, refusal why, i64 now)
{
    if (!message_waits(at(m, row))) return false;
    message_status to = why == REFUSAL_EXPIRED ? MESSAGE_EXPIRED : MESSAGE_REFUSED;
    move(m, row, to, why, now);
    return true;
}

bool message_defer(struct messages *m, u32 row, refusal why, i64 until)
{
    u8 status = at(m, row)->status;
    if (status != MESSAGE_PLANNED && status != MESSAGE_CLAIMED) return false;
    move(m, row, MESSAGE_DEFERRED, why, until);
    return true;
}

bool message_cancel(struct messages *m, u32 row, i64 now)
{
    if (!message_waits(at(m, row))) return false;
    move(m, row, MESSAGE_CANCELLED, REFUSAL_NONE, now);
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
        if (to == MESSAGE_REJECTED) return true;
        __attribute__((fallthrough));
    case MESSAGE_DELIVERED:
    case MESSAGE_OPENED:
    case MESSAGE_CLICKED:
    case MESSAGE_REPLIED:
        return (to > from && to <= MESSAGE_REPLIED) || to == MESSAGE_BOUNCED ||
               to == MESSAGE_COMPLAINED || to == MESSAGE_UNSUBSCRIBED;
    default: return false;
    }
}

message_status message_reached(const struct message_row *r)
{
    if (r->status >= MESSAGE_CLAIMED && r->status <= MESSAGE_REPLIED)
        return (message_status)r->status;
    switch (r->status) {
    case MESSAGE_COMPLAINED:
    case MESSAGE_UNSUBSCRIBED: return (message_status)max_i64(r->reason, MESSAGE_DELIVERED);
    case MESSAGE_REJECTED:
    case MESSAGE_BOUNCED:
    case MESSAGE_UNKNOWN: return (message_status)r->reason;
    default: return MESSAGE_NONE;
    }
}

bool message_settle(struct messages *m, u32 row, message_status status, i64 now)
{
    message_status was = message_reached(at(m, row));
    if (!may_follow(at(m, row)->status, status)) return false;
    move(m, row, status, REFUSAL_NONE, now)->reason =
        status > MESSAGE_REPLIED ? was & 15u : REFUSAL_NONE;
    return true;
}

/* Nothing of hers can have come: her list need not be looked at. */
static bool nothing_came(struct messages *m, persona head, i64 now)
{
    const struct due *d = due_of(m, head);
    return d->rows_known && (!d->rows || d->rows > now);
}

void message_wake(struct messages *m, persona head, i64 now)
{
    if (nothing_came(m, head, now)) return;
    for (u32 row = customer_at(m->customers, head)->messages; row; row = at(m, row)->next) {
        const struct message_row *r = at(m, row);
        if (r->status != MESSAGE_DEFERRED || r->due_ms > now || is_held(m, r)) continue;
        move(m, row, MESSAGE_PLANNED, REFUSAL_NONE, at(m, row)->due_ms);
        queue_push(m, row);
    }
}

static i64 next_of_rows(struct messages *m, persona head)
{
    struct due *d = due_of(m, head);
    if (d->rows_known) return d->rows;
    d->rows = 0;
    for (u32 row = customer_at(m->customers, head)->messages; row; row = at(m, row)->next) {
        i64 due = due_of_row(m, at(m, row));
        if (due && (!d->rows || due < d->rows)) d->rows = due;
    }
    d->rows_known = true;
    return d->rows;
}

i64 message_next_due(struct messages *m, persona head)
{
    i64 claims = claims_next_due(m, head), rows = next_of_rows(m, head);
    return !claims || (rows && rows < claims) ? rows : claims;
}

void messages_held_changed(struct messages *m)
{
    dues_forget(m);
}

static void drop_row(struct messages *m, u32 row)
{
    u64 id_low = at(m, row)->id_low;
    due_of_rows(m, head_of(m, row), due_of_row(m, at(m, row)), 0);
    index_now(m);
    map_remove(&m->by_id, index_key(id_low), row);
    if (!at(m, row)->program) sends_drop(m, id_low);
    table_drop(m->rows, row);
}

/* An unknown stays until a person or a receipt settles it: it is counted, and never goes silently.
 * A row whose enrolment still runs is looked at again a period later. */
void message_retire(struct messages *m, persona head, i64 now,
                    bool (*open)(void *ctx, u32 enrolment), void *ctx)
{
    u32 before = 0, next;
    claims_prune(m, head, now);
    if (nothing_came(m, head, now)) return;
    for (u32 row = customer_at(m->customers, head)->messages; row; row = next) {
        const struct message_row *r = at(m, row);
        next = r->next;
        bool due = over(r) && r->due_ms + RETIRE_MS <= now;
        if (due && (r->status == MESSAGE_UNKNOWN || (r->enrolment && open(ctx, r->enrolment)))) {
            i64 was = due_of_row(m, r);
            ((struct message_row *)table_edit(m->rows, row))->due_ms = now;
            due_of_rows(m, head, was, due_of_row(m, at(m, row)));
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
        drop_row(m, row);
    }
}

void message_unknowns(struct messages *m, i64 now, void (*each)(void *ctx, u32 row), void *ctx)
{
    for (u32 row = 1; row < table_count(m->rows); row++) {
        if (at(m, row)->status != MESSAGE_CLAIMED) continue;
        move(m, row, MESSAGE_UNKNOWN, REFUSAL_NONE, now)->reason = MESSAGE_CLAIMED;
        each(ctx, row);
    }
}

void message_moved(struct messages *m, persona from, persona to)
{
    u32 first = customer_at(m->customers, from)->messages, last = first;
    claims_moved(m, from, to);
    due_forget(m, from);
    due_forget(m, to);
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
    claims_cut(m, a, b);
    due_forget(m, a);
    due_forget(m, b);
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
        if (message_waits(at(m, row))) move(m, row, MESSAGE_CANCELLED, REFUSAL_NONE, 0);
        if (at(m, row)->status == MESSAGE_CLAIMED) move(m, row, MESSAGE_UNKNOWN, REFUSAL_NONE, 0);
        drop_row(m, row);
    }
    claims_forget(m, head);
    due_forget(m, head);
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
    queues_clear(m);
    map_clear(&m->by_id);
    map_init(&m->by_id);
    m->indexed = m->to_index = 0;
    dues_forget(m);
    for (u32 row = 1; row < table_count(m->rows); row++) {
        if (!table_has(m->rows, row)) continue;
        map_put(&m->by_id, index_key(at(m, row)->id_low), row);
        if (at(m, row)->status == MESSAGE_PLANNED) queue_push(m, row);
    }
    sends_rebuild(m);
    claims_rebuild(m);
    steps_rebuild(m);
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
            u64 planned;
            u8 status, reason, lane, category, attempts, fresh, pad[2];
        } stands = {id.lo,   id.hi,       r->due_ms,   r->planned, r->status, r->reason,
                    r->lane, r->category, r->attempts, r->fresh,   {0}};
        _Static_assert(sizeof stands == 40, "no padding is hashed");
        memcpy(bytes, &stands, sizeof stands);
        size_t n = min_size(channel.n, sizeof bytes - sizeof stands);
        memcpy(bytes + sizeof stands, channel.p, n);
        sum = hash_add(sum, hash_xxh((str){bytes, sizeof stands + n}));
    }
    sum = hash_add(sum, steps_digest(m));
    sum = hash_add(sum, sends_digest(m));
    return hash_add(sum, claims_digest(m, name, ctx));
}

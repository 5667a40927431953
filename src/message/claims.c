/* claims.c — what was claimed lately: for caps and for saying nothing twice.
 *
 * One row a claim, kept while any cap or duplicate window may look back to it, at least as long as
 * the message's own row. Rows of a customer hang in a list, and rows of one content are found by
 * its hash; both are derived. Whoever joins another brings hers along. */
#include "message/message_internal.h"

#define KEPT_MS (72 * HOUR)

static const struct sent_row *at(const struct messages *m, u32 row)
{
    return table_at(m->sent, row);
}

static u64 content_of(const struct claim_check *check)
{
    u64 words[3] = {check->fingerprint, check->address.lo, check->address.hi};
    return hash_xxh64((str){(const char *)words, sizeof words});
}

static u32 first_of(const struct messages *m, persona head)
{
    return head < m->sent_firsts ? m->sent_first[head] : 0;
}

static u32 *grow(u32 *list, u32 *size, u32 index)
{
    u32 want = *size ? *size : 64;
    if (index < *size) return list;
    while (want <= index) want *= 2;
    list = mem_realloc(list, want * sizeof *list);
    memset(list + *size, 0, (want - *size) * sizeof *list);
    *size = want;
    return list;
}

static void hang(struct messages *m, persona head, u32 row)
{
    m->sent_first = grow(m->sent_first, &m->sent_firsts, head);
    m->sent_next = grow(m->sent_next, &m->sent_nexts, row);
    m->sent_next[row] = m->sent_first[head];
    m->sent_first[head] = row;
}

static i64 kept_until(const struct messages *m, const struct sent_row *s)
{
    i64 kept = max_i64(KEPT_MS, (i64)s->dedupe_s * SECOND);
    return n48_get(s->at) + max_i64(kept, m->policy->reach_ms);
}

/* Out of the index and freed; the caller has taken it out of its list. */
static void drop(struct messages *m, u32 row)
{
    const struct sent_row *s = at(m, row);
    map_remove(&m->sent_by_content, index_key(s->content), row);
    due_of_claims(m, customer_head(m->customers, s->persona), kept_until(m, s), 0);
    table_drop(m->sent, row);
}

void claims_add(struct messages *m, u32 row, const struct claim_check *check)
{
    const struct message_row *r = row_of(m, row);
    if (r->category >= CATEGORY_TRANSACTIONAL && check->rules.dedupe_ms == 0) return;
    u32 sent = table_add(m->sent);
    if (!sent) return;
    struct sent_row *s = table_edit(m->sent, sent);
    s->id_low = r->id_low;
    s->content = content_of(check);
    s->persona = r->persona;
    s->dedupe_s = (u32)min_i64(check->rules.dedupe_ms / SECOND + 1, UINT32_MAX);
    s->at = n48_of(check->now);
    s->channel = (u8)r->channel;
    s->category = (u8)r->category;
    persona head = customer_head(m->customers, r->persona);
    hang(m, head, sent);
    due_of_claims(m, head, 0, kept_until(m, s));
    map_put(&m->sent_by_content, index_key(s->content), sent);
}

/* Drops those of her list that `gone` says. */
static void sift(struct messages *m, persona head,
                 bool (*gone)(const struct messages *m, const struct sent_row *s, u64 word),
                 u64 word)
{
    u32 before = 0, next;
    for (u32 row = first_of(m, head); row; row = next) {
        next = m->sent_next[row];
        if (!gone(m, at(m, row), word)) {
            before = row;
            continue;
        }
        if (before)
            m->sent_next[before] = next;
        else
            m->sent_first[head] = next;
        drop(m, row);
    }
}

static bool is_message(const struct messages *m, const struct sent_row *s, u64 id_low)
{
    (void)m;
    return s->id_low == id_low;
}

void claims_take_back(struct messages *m, persona head, u64 id_low)
{
    sift(m, head, is_message, id_low);
}

/* ---- asking ---- */

bool claims_duplicate(const struct messages *m, const struct claim_check *check)
{
    struct map_cursor cursor;
    hash128 key = index_key(content_of(check));
    if (check->rules.dedupe_ms == 0) return false;
    for (u32 row = map_first(&m->sent_by_content, key, &cursor); row;
         row = map_next(&m->sent_by_content, key, &cursor)) {
        const struct sent_row *s = at(m, row);
        if (s->content == key.lo && check->now - n48_get(s->at) < check->rules.dedupe_ms)
            return true;
    }
    return false;
}

static bool binds(const struct cap *c, const struct message_row *r)
{
    if (!(c->categories & 1u << r->category)) return false;
    return c->channel == CHANNELS_ALL || c->channel == CHANNELS_EACH || c->channel == r->channel;
}

static bool counts(const struct cap *c, const struct message_row *r, const struct sent_row *s,
                   i64 since)
{
    return (c->categories & 1u << s->category) && n48_get(s->at) >= since &&
           (c->channel == CHANNELS_ALL || s->channel == r->channel);
}

static u32 count_since(const struct messages *m, persona head, const struct cap *c,
                       const struct message_row *r, i64 since)
{
    u32 n = 0;
    for (u32 row = first_of(m, head); row; row = m->sent_next[row])
        n += counts(c, r, at(m, row), since);
    return n;
}

/* The earliest of those counted from `since` on. */
static i64 oldest_since(const struct messages *m, persona head, const struct cap *c,
                        const struct message_row *r, i64 since)
{
    i64 oldest = NEVER;
    for (u32 row = first_of(m, head); row; row = m->sent_next[row])
        if (counts(c, r, at(m, row), since)) oldest = min_i64(oldest, n48_get(at(m, row)->at));
    return oldest;
}

/* When fewer than the cap's number are left in a sliding window: as the oldest ones leave it. */
static i64 frees_at(const struct messages *m, persona head, const struct cap *c,
                    const struct message_row *r, i64 since)
{
    while (count_since(m, head, c, r, since) >= c->max)
        since = oldest_since(m, head, c, r, since) + 1;
    return since - 1 + c->window_ms;
}

/* Over this cap: when it frees. Else 0. */
static i64 over(const struct messages *m, persona head, const struct cap *c,
                const struct message_row *r, const struct claim_check *check)
{
    static const period PERIODS[] = {
        [CAP_DAY] = PERIOD_DAY, [CAP_WEEK] = PERIOD_WEEK, [CAP_MONTH] = PERIOD_MONTH};
    i64 since = check->now - c->window_ms + 1, end = 0;
    if (c->per != CAP_SLIDES) zone_period(check->zone, check->now, PERIODS[c->per], &since, &end);
    if (count_since(m, head, c, r, since) < c->max) return 0;
    if (!c->defers) return NEVER;
    return c->per == CAP_SLIDES ? frees_at(m, head, c, r, since) : end;
}

bool claims_capped(const struct messages *m, u32 row, const struct claim_check *check, i64 *until)
{
    const struct message_row *r = row_of(m, row);
    persona head = customer_head(m->customers, r->persona);
    *until = 0;
    for (u32 i = 0; i < m->policy->cap_count; i++) {
        const struct cap *c = &m->policy->caps[i];
        if (binds(c, r)) *until = max_i64(*until, over(m, head, c, r, check));
    }
    if (*until) return true;
    *until = NEVER;
    return false;
}

/* ---- how long ---- */

static bool is_old(const struct messages *m, const struct sent_row *s, u64 now)
{
    return kept_until(m, s) <= (i64)now;
}

i64 claims_next_due(struct messages *m, persona head)
{
    struct due *d = due_of(m, head);
    if (d->claims_known) return d->claims;
    d->claims = 0;
    for (u32 row = first_of(m, head); row; row = m->sent_next[row]) {
        i64 until = kept_until(m, at(m, row));
        if (!d->claims || until < d->claims) d->claims = until;
    }
    d->claims_known = true;
    return d->claims;
}

void claims_prune(struct messages *m, persona head, i64 now)
{
    i64 next = claims_next_due(m, head);
    if (next && next <= now) sift(m, head, is_old, (u64)now);
}

/* ---- whose they are ---- */

void claims_moved(struct messages *m, persona from, persona to)
{
    for (u32 row = first_of(m, from), next; row; row = next) {
        next = m->sent_next[row];
        hang(m, to, row);
    }
    if (from < m->sent_firsts) m->sent_first[from] = 0;
}

void claims_cut(struct messages *m, persona a, persona b)
{
    const persona heads[2] = {a, b};
    for (u32 i = 0; i < 2; i++) {
        u32 row = first_of(m, heads[i]), next;
        if (row) m->sent_first[heads[i]] = 0;
        for (; row; row = next) {
            next = m->sent_next[row];
            hang(m, customer_head(m->customers, at(m, row)->persona) == b ? b : a, row);
        }
    }
}

static bool everything(const struct messages *m, const struct sent_row *s, u64 word)
{
    (void)m, (void)s, (void)word;
    return true;
}

void claims_forget(struct messages *m, persona head)
{
    sift(m, head, everything, 0);
}

void claims_rebuild(struct messages *m)
{
    map_clear(&m->sent_by_content);
    map_init(&m->sent_by_content);
    for (u32 i = 0; i < m->sent_firsts; i++) m->sent_first[i] = 0;
    for (u32 row = 1; row < table_count(m->sent); row++) {
        if (!table_has(m->sent, row)) continue;
        hang(m, customer_head(m->customers, at(m, row)->persona), row);
        map_put(&m->sent_by_content, index_key(at(m, row)->content), row);
    }
}

void claims_free(struct messages *m)
{
    map_clear(&m->sent_by_content);
    free(m->sent_first);
    free(m->sent_next);
}

hash128 claims_digest(const struct messages *m, name_of name, void *ctx)
{
    hash128 sum = {0};
    for (u32 row = 1; row < table_count(m->sent); row++) {
        if (!table_has(m->sent, row)) continue;
        const struct sent_row *s = at(m, row);
        char bytes[40 + NAME_BYTES_MAX];
        str channel = name(ctx, NAME_CHANNEL, s->channel);
        u64 words[4] = {s->id_low, s->content, (u64)n48_get(s->at),
                        (u64)s->dedupe_s << 8 | s->category};
        memcpy(bytes, words, sizeof words);
        size_t n = min_size(channel.n, sizeof bytes - sizeof words);
        memcpy(bytes + sizeof words, channel.p, n);
        sum = hash_add(sum, hash_xxh((str){bytes, sizeof words + n}));
    }
    return sum;
}

/* batch.c — everybody in a range, at an epoch: a tree over sets of customers.
 *
 *   heads ─► ALL: each part over those whom the parts before left ─► … ─► those for whom it holds
 *            ANY: each part over those whom no part before took
 *
 * A set is a bit for each number of the range. Parts are asked cheapest first: attributes through
 * their columns, value by value; tags and consents through theirs; the rest customer by customer;
 * what a customer did last, by a scan over the events of all who are open where these are many
 * (batch_did.c), else by passes over each one's own. A pass answers all leaves at once, and what it
 * says is kept. */
#include "predicate/batch.h"

#include <stdlib.h>

enum { PERSONAS_FIRST = 16, CANCEL_EVERY = 256 };

static void ring_init(struct ring *r)
{
    *r = (struct ring){.p = mem_alloc(PERSONAS_FIRST * sizeof *r->p), .room = PERSONAS_FIRST};
}

/* The personas of a customer as of the epoch: the ring that begins at the head. */
static u32 personas_of(const struct batch_subject *all, persona head, struct ring *r)
{
    struct customer_row next = {0};
    u32 n = 0;
    persona p = head;
    do {
        if (n == r->room) {
            r->room *= 2;
            r->p = mem_realloc(r->p, r->room * sizeof *r->p);
        }
        r->p[n++] = p;
        if (!view_row(all->view, p, &next)) break;
        p = next.next_of_head;
    } while (p && p != head);
    return n;
}

static bool is_cancelled(const struct asking *b)
{
    const struct batch_subject *all = b->all;
    if (all->cancel && __atomic_load_n(all->cancel, __ATOMIC_RELAXED)) return true;
    return all->view->epoch && epoch_cancelled(all->view->epoch);
}

static u64 *set_new(struct asking *b)
{
    return arena_zalloc(b->sets, b->words * sizeof(u64));
}

/* ---- customer by customer ---- */

static struct subject subject_of(struct asking *b, persona head, bool with_personas)
{
    const struct batch_subject *all = b->all;
    struct subject who = {
        .view = all->view,
        .head = head,
        .events = all->events,
        .zone = all->zone,
        .resolver = all->resolver,
        .scratch = b->scratch,
        .names = all->names,
        .columns = &b->columns,
    };
    if (with_personas) who.persona_count = personas_of(all, head, &b->ring);
    who.personas = b->ring.p;
    return who;
}

/* One after another of a set. */
struct walk {
    u32 word, met;
    u64 left;
};

/* The next of them; false: there are no more, or it was cancelled. */
static bool walk_next(struct asking *b, const u64 *set, struct walk *w, persona *head)
{
    if (w->met == 0) w->left = b->words ? set[0] : 0;
    if (w->met++ % CANCEL_EVERY == 0 && is_cancelled(b)) b->cancelled = true;
    if (b->cancelled) return false;
    while (w->left == 0)
        if (++w->word >= b->words)
            return false;
        else
            w->left = set[w->word];
    *head = b->from + w->word * 64 + (persona)__builtin_ctzll(w->left);
    w->left &= w->left - 1;
    return true;
}

static void add(u64 *set, persona at)
{
    set[at / 64] |= 1ull << at % 64;
}

static bool has(const u64 *set, persona at)
{
    return set[at / 64] >> at % 64 & 1;
}

static void ask_each(struct asking *b, const struct node *n, const u64 *in, u64 *out)
{
    memset(out, 0, b->words * sizeof *out);
    struct walk w = {0};
    for (persona head; walk_next(b, in, &w, &head);) {
        struct subject who = subject_of(b, head, false);
        struct evaluation e = {.p = b->p, .who = &who, .now = b->now, .holds_only = true};
        if (eval_node(&e, n).holds) add(out, head - b->from);
        arena_reset(b->scratch);
    }
}

/* One pass over her events answers all leaves but those over sessions. */
static void ask_leaves(struct asking *b, const struct leaf *leaf, const u64 *in, u64 *out)
{
    bool alone = leaf->did && leaf->did->window.kind == WINDOW_SESSION;
    if (!b->known) {
        b->known = set_new(b);
        b->said = arena_zalloc(b->sets, b->p->leaf_count * sizeof *b->said);
        for (u32 i = 0; i < b->p->leaf_count; i++) b->said[i] = set_new(b);
    }
    memset(out, 0, b->words * sizeof *out);
    struct walk w = {0};
    for (persona head; walk_next(b, in, &w, &head);) {
        persona at = head - b->from;
        if (!alone && has(b->known, at)) {
            if (has(b->said[leaf->slot], at)) add(out, at);
            continue;
        }
        struct subject who = subject_of(b, head, true);
        struct evaluation e = {.p = b->p, .who = &who, .now = b->now, .holds_only = true};
        if (tally_answer(&e, leaf).holds) add(out, at);
        for (u32 i = 0; e.answers && i < b->p->leaf_count; i++)
            if (e.answers[i].holds) add(b->said[i], at);
        if (e.answers) add(b->known, at);
        arena_reset(b->scratch);
    }
}

/* ---- columns ---- */

static bool passes(void *ctx, value v)
{
    return test_value(ctx, v);
}

static struct attribute_reader *column_of(const struct asking *b, const struct node *n)
{
    if (n->kind != NODE_FIELD || !n->path.whole || n->path.head) return NULL;
    for (u32 i = 0; i < b->columns.count; i++)
        if (b->columns.codes[i] == n->path.whole) return b->columns.readers[i];
    return NULL;
}

/* A tag by itself; those of a subtree are asked customer by customer. */
static bool is_one_tag(const struct asking *b, const struct node *n)
{
    return n->kind == NODE_TAG && (!n->state || !b->all->names);
}

static void ask_tag(struct asking *b, const struct node *n, const u64 *in, u64 *out)
{
    struct tag_reader *r = tag_reader_new(b->all->view, n->code, b->sets);
    tag_test(r, b->from, b->to - b->from, in, out, b->now);
}

static bool ask_consent(const struct asking *b, const struct node *n, const u64 *in, u64 *out)
{
    return n->kind == NODE_CONSENT && consent_test(b->all->view, n->code, n->code2, n->state,
                                                   b->from, b->to - b->from, in, out);
}

/* ---- the tree ---- */

static void ask_all(struct asking *b, const struct node *n, const u64 *in, u64 *out)
{
    u64 *left = set_new(b), *next = set_new(b);
    memcpy(left, in, b->words * sizeof *left);
    for (u32 i = 0; i < n->count && !b->cancelled; i++) {
        u64 *swap = left;
        batch_ask(b, n->cheapest[i], left, next);
        left = next, next = swap;
    }
    memcpy(out, left, b->words * sizeof *out);
}

static void ask_any(struct asking *b, const struct node *n, const u64 *in, u64 *out)
{
    u64 *left = set_new(b), *met = set_new(b);
    memcpy(left, in, b->words * sizeof *left);
    memset(out, 0, b->words * sizeof *out);
    for (u32 i = 0; i < n->count && !b->cancelled; i++) {
        batch_ask(b, n->cheapest[i], left, met);
        for (u32 w = 0; w < b->words; w++) out[w] |= met[w], left[w] &= ~met[w];
    }
}

u64 batch_size(const struct asking *b, const u64 *set)
{
    u64 n = 0;
    for (u32 w = 0; w < b->words; w++) n += bits_count(set[w]);
    return n;
}

void batch_ask(struct asking *b, const struct node *n, const u64 *in, u64 *out)
{
    struct attribute_reader *r = column_of(b, n);
    u64 open = batch_size(b, in);
    if (open == 0) {
        memset(out, 0, b->words * sizeof *out);
        return;
    }
    if (r) {
        attribute_test(r, b->from, b->to - b->from, in, out, passes, (void *)(uintptr_t)&n->test);
        return;
    }
    switch (n->kind) {
    case NODE_ALL: ask_all(b, n, in, out); break;
    case NODE_ANY: ask_any(b, n, in, out); break;
    case NODE_NOT:
        batch_ask(b, n->children[0], in, out);
        for (u32 w = 0; w < b->words; w++) out[w] = in[w] & ~out[w];
        break;
    case NODE_DID:
    case NODE_SEQUENCE:
    case NODE_FORMULA:
    case NODE_MESSAGES:
        if (!batch_scans(b, n->leaf, open) || !batch_scan(b, n->leaf, in, out))
            ask_leaves(b, n->leaf, in, out);
        break;
    default:
        if (is_one_tag(b, n))
            ask_tag(b, n, in, out);
        else if (!ask_consent(b, n, in, out))
            ask_each(b, n, in, out);
    }
}

/* ---- a range ---- */

static void open_columns(struct asking *b)
{
    const struct predicate_inputs *inputs = &b->p->inputs;
    b->columns.count = inputs->attribute_count;
    b->columns.codes = inputs->attributes;
    b->columns.readers = arena_alloc(b->sets, b->columns.count * sizeof *b->columns.readers);
    for (u32 i = 0; i < b->columns.count; i++)
        b->columns.readers[i] = attribute_reader_new(b->all->view, b->columns.codes[i], b->sets);
}

/* Which of 64 personas are heads, told by whose they are: each 0 or 1 in a byte, eights to bits. */
static u64 heads_word(const persona *heads, persona first)
{
    u64 word = 0, eight;
    u8 is_head[64];
    for (u32 i = 0; i < 64; i++) is_head[i] = heads[i] == first + i;
    for (u32 i = 0; i < 8; i++) {
        memcpy(&eight, is_head + 8 * (size_t)i, sizeof eight);
        word |= (eight * 0x0102040810204080u >> 56) << 8 * i;
    }
    return word;
}

static void set_heads(const struct asking *b, u64 *set)
{
    const struct batch_subject *all = b->all;
    struct customer_row row;
    for (persona head = b->from; head < b->to; head++) {
        u32 at = head - b->from;
        if (at % 64 == 0 && head + 64 <= min_u32(b->to, all->heads_end)) {
            set[at / 64] = all->head_bits && head % 64 == 0 ? all->head_bits[head / 64]
                                                            : heads_word(all->heads + head, head);
            head += 63;
            continue;
        }
        bool is_head = head < all->heads_end ? all->heads[head] == head
                                             : view_row(all->view, head, &row) && row.head == head;
        set[at / 64] |= (u64)is_head << at % 64;
    }
    if (b->from == 0 && b->to) set[0] &= ~1ull;
}

void batch_open(struct asking *b)
{
    b->words = (b->to - b->from + 63) / 64;
    b->sets = arena_new();
    b->scratch = arena_new();
    ring_init(&b->ring);
    open_columns(b);
    u64 *heads = set_new(b);
    set_heads(b, heads);
    b->everybody = heads;
}

void batch_close(struct asking *b)
{
    free(b->ring.p);
    free(b->marks);
    free(b->counts);
    arena_free(b->scratch);
    arena_free(b->sets);
}

bool predicate_batch(const struct predicate *p, const struct batch_subject *all, persona from,
                     persona to, i64 now, u64 *bits)
{
    struct asking b = {.p = p, .all = all, .from = from, .to = to, .now = now};
    batch_open(&b);
    b.cancelled = is_cancelled(&b);
    memset(bits, 0, b.words * sizeof *bits);
    if (!b.cancelled) batch_ask(&b, p->root, b.everybody, bits);
    bool done = !b.cancelled && !is_cancelled(&b);
    batch_close(&b);
    return done;
}

/* answers.c — a new rule's way through everybody: its answers are computed beside, on an epoch.
 *
 *   engine: pin ─► helper: predicate_batch ─► engine: SLICE records with the bits ─► pin the next …
 *                          predicate_stirred
 *
 * What the bits say is segment_beside's: the answers; or, of a rule over what clients send, who
 * has events that it counts at all, by a scan: of the others nothing holds, and only theirs are
 * read in apply. Rules of neither kind are asked in apply, a few hundred customers a slice. One
 * chunk of one rule is under way at a time. It is void when the rule was published anew or removed:
 * apply sees that by the position the bits carry, so it does not matter what has been appended
 * meanwhile. Nothing of it is state: after a restart it begins at the cursor.
 *
 * The state word is handed back and forth as in background.c. A slice ends early where many would
 * cross: what applies it stays short either way. */
#include "engine/engine_internal.h"
#include "event/scan.h"

#include <stdlib.h>

enum { IDLE, TO_DO, DONE };
enum {
    BLOCK = 64,
    CHUNK = 1 << 18,  /* customers answered for on one epoch */
    STEP = 1 << 14,   /* between two looks at the budget */
    CROSSINGS = 1024, /* of one slice, about… */
    READ_COST = 2,    /* …where who must be read is as many as this, */
    ASKED_COST = 8,   /* and a block of whom it is asked without reading as many as that */
};

struct answers {
    _Atomic int state;
    u32 code;
    u64 since, at; /* the publication that is answered, the position of the epoch */
    persona from, to, reached;
    bool has_members, failed;
    i64 now;
    struct epoch *epoch;
    struct customer_view view; /* of it */
    beside_kind says;
    struct event_view *events; /* of STIRRED; pinned with the epoch */
    struct event_crowd *crowd; /* the helper's, from the first step on */
    const struct zone *zone;
    struct arena *arena;
    struct predicate *predicate; /* its own: the rule's may go at any time */
    u64 bits[CHUNK / BLOCK];
    u8 crossings[CHUNK / BLOCK];
};

struct answers *answers_new(void)
{
    struct answers *a = mem_zalloc(sizeof *a);
    a->arena = arena_new();
    return a;
}

static void let_go(struct answers *a)
{
    event_crowd_free(a->crowd);
    if (a->events) event_view_drop(a->events);
    if (a->epoch) epoch_drop(a->epoch);
    a->crowd = NULL;
    a->events = NULL;
    a->epoch = NULL;
}

void answers_free(struct answers *a)
{
    if (!a) return;
    let_go(a);
    arena_free(a->arena);
    free(a);
}

/* ---- the helper's side ---- */

/* What a block of the slice asks of apply, in crossings. */
static u32 crossings_of(const struct engine *e, const struct answers *a, u32 block)
{
    u64 bits = a->bits[block], members = 0;
    bool holds;
    persona first = a->from + block * BLOCK;
    for (u32 i = 0; a->has_members && i < BLOCK && first + i < a->to; i++)
        members |= (u64)segment_holds(e->segments, &a->view, a->code, first + i) << i;
    if (a->says == BESIDE_ANSWERS) return (u32)__builtin_popcountll(bits ^ members);
    u32 read = READ_COST * (u32)__builtin_popcountll(bits);
    if (!predicate_of_nothing(a->predicate, &holds)) return read + ASKED_COST;
    return read + (u32)__builtin_popcountll(~bits & (holds ? ~members : members));
}

static bool some(struct engine *e, struct answers *a)
{
    struct batch_subject all = {
        .view = &a->view, .events = a->events, .zone = a->zone, .names = e->names};
    persona to = min_u32(a->to, a->reached + STEP);
    u32 block = (a->reached - a->from) / BLOCK;
    if (a->events && !a->crowd) a->crowd = predicate_stirring(a->predicate, &all);
    all.crowd = a->crowd;
    bool told = a->events
                    ? predicate_stirred(a->predicate, &all, a->reached, to, a->bits + block)
                    : predicate_batch(a->predicate, &all, a->reached, to, a->now, a->bits + block);
    if (!told) return false;
    for (; a->from + block * BLOCK < to; block++)
        a->crossings[block] = (u8)crossings_of(e, a, block);
    a->reached = to;
    return !epoch_cancelled(a->epoch);
}

bool answers_step(struct engine *e, i64 budget_us)
{
    struct answers *a = e->answers;
    if (atomic_load_explicit(&a->state, memory_order_acquire) != TO_DO) return false;
    i64 until = env_mono_ns(e->env) + budget_us * 1000;
    while (a->reached < a->to && !a->failed) {
        a->failed = !some(e, a);
        if (env_mono_ns(e->env) >= until) break;
    }
    if (a->reached < a->to && !a->failed) return true;
    let_go(a);
    atomic_store_explicit(&a->state, DONE, memory_order_release);
    return true;
}

/* ---- the engine's side ---- */

static bool begin(struct engine *e, struct answers *a, u32 code)
{
    arena_reset(a->arena);
    str program = arena_str(a->arena, segment_program(e->segments, code));
    if (predicate_load(program, a->arena, &a->predicate) != ERR_OK) return false;
    a->code = code;
    a->since = segment_since(e->segments, code);
    a->at = engine_applied(e);
    a->from = a->reached = segment_cursor(e->segments, code);
    a->to = min_u32(a->from + CHUNK, customers_end(e->customers));
    a->has_members = segment_count(e->segments, code) > 0;
    a->failed = false;
    a->now = e->now;
    a->zone = e->workspace_zone;
    a->epoch = epoch_pin(e->store);
    a->view = (struct customer_view){e->customers, a->epoch};
    a->says = segment_beside(e->segments, code);
    if (a->says == BESIDE_STIRRED) a->events = event_view_pin(e->events);
    atomic_store_explicit(&a->state, TO_DO, memory_order_release);
    if (e->options.on_background) e->options.on_background(e->options.ctx);
    return true;
}

/* Is what was computed still of use: the same publication, its cursor in the chunk? */
static bool is_good(const struct engine *e, const struct answers *a)
{
    persona cursor = segment_cursor(e->segments, a->code);
    return !a->failed && segment_since(e->segments, a->code) == a->since && cursor >= a->from &&
           cursor < a->to && (cursor - a->from) % BLOCK == 0;
}

static void fill(const struct answers *a, struct slice_record *s)
{
    u32 first = (s->from - a->from) / BLOCK, end = (a->to - a->from + BLOCK - 1) / BLOCK;
    u32 block = first, crossings = 0;
    while (block < end && block - first < SLICE_WORDS_MAX) {
        crossings += a->crossings[block];
        if (crossings > CROSSINGS && block > first) break;
        block++;
    }
    s->to = a->from + block * BLOCK;
    s->at = a->at;
    s->answers = (str){(const char *)(a->bits + first), (block - first) * sizeof(u64)};
}

bool answers_for(struct engine *e, struct slice_record *s, bool *began)
{
    struct answers *a = e->answers;
    if (segment_beside(e->segments, s->job) == BESIDE_NOTHING ||
        s->from >= customers_end(e->customers))
        return true;
    int state = atomic_load_explicit(&a->state, memory_order_acquire);
    if (state == TO_DO) return false;
    bool good = state == DONE && is_good(e, a);
    if (good && a->code == s->job) {
        fill(a, s);
        return true;
    }
    if (good) return false; /* another rule's, which are not used up */
    bool failed = state == DONE && a->failed && a->code == s->job;
    atomic_store_explicit(&a->state, IDLE, memory_order_relaxed);
    a->failed = false;
    if (failed || !begin(e, a, s->job)) return true;
    *began = true;
    return false;
}

/* ---- applying ---- */

/* Whom the slice asked or moved: their timers are set again. */
struct passed {
    struct engine *e;
    u32 count;
    persona heads[SLICE_PIECE];
};

static void pass_subject(void *ctx, persona head, struct subject *out)
{
    struct passed *p = ctx;
    MUST(p->count < SLICE_PIECE);
    p->heads[p->count++] = head;
    engine_subject(p->e, head, out);
}

static void pass_edge(void *ctx, const struct edge *edge)
{
    struct engine *e = ((struct passed *)ctx)->e;
    struct buf b;
    crossings_count(e, edge->segment, edge->entered);
    buf_init(&b, 1024);
    text_property(&b, PROPERTY_SEGMENT, names_text(e->names, NAME_OBJECT, edge->segment));
    engine_event(e, edge->head, edge->entered ? EVENT_SEGMENT_ENTERED : EVENT_SEGMENT_LEFT,
                 buf_str(&b), 0, false);
    buf_clear(&b);
}

/* Piece by piece, so that what happened to one is settled before there is no room for the next. */
void answers_apply(struct engine *e, const struct slice_record *s)
{
    u64 answers[SLICE_WORDS_MAX];
    persona end = min_u32(s->to, customers_end(e->customers));
    bool answered = s->at && s->answers.n && s->answers.n <= sizeof answers &&
                    s->answers.n == (size_t)(s->to - s->from + 63) / 64 * sizeof(u64);
    e->quiet = false;
    if (answered) memcpy(answers, s->answers.p, s->answers.n);
    for (persona from = s->from; from < end; from += SLICE_PIECE) {
        struct passed p = {.e = e};
        persona to = min_u32(end, from + SLICE_PIECE);
        segment_bootstrap(e->segments, s->job, from, to,
                          answered ? answers + (from - s->from) / 64 : NULL, s->at, pass_subject,
                          &p, e->now, pass_edge);
        segment_cursor_set(e->segments, s->job, to);
        for (u32 i = 0; i < p.count; i++) engine_arm(e, p.heads[i]);
        if (e->happened_count > CAUSES_MANY) engine_settle(e);
    }
    if (s->to >= customers_end(e->customers)) segment_cursor_set(e->segments, s->job, PERSONAS_MAX);
}

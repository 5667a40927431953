/* version.c — publishing, operating, moving, and what pages ask. */
#include "journey/journey_internal.h"

#include "log/fixed.h"

enum { ENROLMENTS_MAX = 1 << 28, JOURNEYS_MAX = 4096, POOLS_MAX = 65536 };

struct journeys *journeys_new(struct store *s, struct customers *c, struct messages *m,
                              struct segments *sg, struct names *names, struct journey_host host)
{
    struct journeys *j = mem_zalloc(sizeof *j);
    j->enrolments = table_new(s, "enrolments", sizeof(struct enrolment_row), ENROLMENTS_MAX);
    j->programs = table_new(s, "programs", sizeof(struct program_row), PROGRAMS_MAX + 1);
    j->journeys = table_new(s, "journeys", sizeof(struct journey_row), JOURNEYS_MAX);
    j->counts =
        table_new(s, "journey_counts", sizeof(struct count_row), (PROGRAMS_MAX + 1) * COUNTS_EACH);
    j->extras = table_new(s, "enrolment_extras", sizeof(struct extra_row), ENROLMENTS_MAX);
    j->marks = table_new(s, "step_marks", sizeof(struct mark_row), ENROLMENTS_MAX);
    j->tasks = table_new(s, "tasks", sizeof(struct task_row), TASKS_OPEN_MAX);
    j->given = table_new(s, "tasks_given", sizeof(struct given_row), GIVEN_MAX);
    j->pools = table_new(s, "task_pools", sizeof(struct pool_row), POOLS_MAX);
    j->schedules = table_new(s, "journey_schedules", sizeof(struct schedule_row), JOURNEYS_MAX + 1);
    j->clock = table_new(s, "journey_clock", sizeof(struct clock_row), 1);
    j->next_tick = NEVER;
    buf_init(&j->text, 128 * 1024);
    j->bytes = heap_new(s, "programs");
    j->task_texts = heap_new(s, "tasks");
    j->customers = c;
    j->messages = m;
    j->segments = sg;
    j->names = names;
    j->host = host;
    return j;
}

static void unload(struct journeys *j)
{
    for (u32 i = 1; i < j->loaded_count; i++) arena_free(j->loaded[i].arena);
    free(j->loaded);
    j->loaded = NULL;
    j->loaded_count = 0;
}

void journeys_free(struct journeys *j)
{
    if (!j) return;
    unload(j);
    buf_clear(&j->text);
    free(j);
}

u32 journey_row_of(const struct journeys *j, u32 code)
{
    for (u32 i = 1; i < table_count(j->journeys); i++)
        if (((const struct journey_row *)table_at(j->journeys, i))->code == code) return i;
    return 0;
}

/* A broadcast says it a million times. */
static void put_told(struct journeys *j, struct program *p, struct arena *arena)
{
    for (u32 i = 0; i < p->instruction_count; i++) {
        struct instruction *in = &p->instructions[i];
        struct buf *b = journey_text(j);
        if (in->op != OP_SEND) continue;
        props_put(b, PROPERTY_JOURNEY, value_text(p->id));
        props_put(b, PROPERTY_STEP, value_text(names_text(j->names, NAME_OBJECT, in->step)));
        props_put(b, PROPERTY_CHANNEL, value_text(names_text(j->names, NAME_CHANNEL, in->channel)));
        props_put(b, PROPERTY_TEMPLATE, value_text(in->text));
        in->told = arena_str(arena, buf_str(b));
    }
}

MUST_USE static err load(struct journeys *j, u32 index)
{
    const struct program_row *row = table_at(j->programs, index);
    struct arena *arena = arena_new();
    struct program p;
    err e = program_load(arena_str(arena, heap_view(j->bytes, row->compiled)), arena, &p);
    if (e != ERR_OK) {
        arena_free(arena);
        return e;
    }
    put_told(j, &p, arena);
    p.code = row->code;
    p.version = row->number;
    p.journey = journey_row_of(j, row->code);
    p.index = index;
    p.live_ms = row->live_ms;
    p.over = row->over;
    if (index >= j->loaded_count) {
        j->loaded = mem_realloc(j->loaded, (index + 1) * sizeof *j->loaded);
        j->loaded_count = index + 1;
    }
    j->loaded[index] = p;
    return ERR_OK;
}

/* Only the newest version of a journey that is not stopped takes entries. */
static void mark_live(struct journeys *j)
{
    for (u32 i = 1; i < j->loaded_count; i++) {
        const struct journey_row *row = table_at(j->journeys, j->loaded[i].journey);
        j->loaded[i].live = row->program == i;
    }
}

void journeys_rebuild(struct journeys *j)
{
    unload(j);
    for (u32 i = 1; i < table_count(j->programs); i++) MUST(load(j, i) == ERR_OK);
    if (j->loaded_count) mark_live(j);
    schedules_rebuild(j);
    passes_rebuild(j);
}

err journey_publish(struct journeys *j, u32 code, str compiled, i64 now)
{
    struct program check;
    struct arena *arena = arena_new();
    err e = program_load(compiled, arena, &check);
    u32 percent = check.percent, holdout = check.holdout;
    arena_free(arena);
    TRY(e);
    u32 row = journey_row_of(j, code), index;
    bool pass = program_has_moments(&check) || check.on_publish != PUBLISH_STAY;
    if (!row && table_count(j->journeys) >= JOURNEYS_MAX) return ERR_LIMIT;
    if (!(index = table_add(j->programs))) return ERR_LIMIT;
    if (!row) row = table_add(j->journeys);
    struct journey_row *journey = table_edit(j->journeys, row);
    struct program_row *p = table_edit(j->programs, index);
    if (journey->program) pass |= program_has_moments(&j->loaded[journey->program]);
    journey->code = code;
    journey->program = (u16)index;
    journey->stopped = 0;
    journey->percent = percent;
    journey->holdout = holdout;
    p->code = code;
    p->number = ++journey->numbers;
    p->compiled = heap_put(j->bytes, compiled);
    p->live_ms = now;
    TRY(load(j, index));
    mark_live(j);
    schedule_follow(j, row, now);
    passes_rebuild(j);
    if (pass) pass_begin(j, row, true);
    return ERR_OK;
}

bool journey_pause(struct journeys *j, u32 code, bool paused)
{
    u32 row = journey_row_of(j, code);
    if (!row) return false;
    struct journey_row *journey = table_edit(j->journeys, row);
    bool resumed = journey->paused && !paused;
    journey->paused = paused;
    messages_held_changed(j->messages);
    if (resumed && j->loaded[journey->program].on_publish != PUBLISH_STAY)
        pass_begin(j, row, false);
    return true;
}

bool journey_release(struct journeys *j, u32 code, u32 percent)
{
    u32 row = journey_row_of(j, code);
    if (row) ((struct journey_row *)table_edit(j->journeys, row))->percent = percent;
    return row;
}

static bool is_in(const struct journeys *j, u32 row, u32 code)
{
    const struct enrolment_row *r = table_at(j->enrolments, row);
    return table_has(j->enrolments, row) && r->state != ENROLMENT_DATED &&
           j->loaded[r->program].code == code;
}

void journey_customers(struct journeys *j, u32 code, void (*each)(void *ctx, persona head),
                       void *ctx)
{
    for (u32 row = 1; row < table_count(j->enrolments); row++)
        if (is_in(j, row, code))
            each(ctx, customer_head(j->customers, enrolment_at(j, row)->persona));
}

bool journey_stop(struct journeys *j, u32 code)
{
    u32 found = journey_row_of(j, code);
    if (!found) return false;
    ((struct journey_row *)table_edit(j->journeys, found))->stopped = 1;
    for (u32 i = 1; i < j->loaded_count; i++) {
        if (j->loaded[i].code != code || j->loaded[i].over) continue;
        ((struct program_row *)table_edit(j->programs, i))->over = 1;
        j->loaded[i].over = true;
    }
    schedule_follow(j, found, 0);
    pass_begin(j, found, false);
    return true;
}

/* ---- counting ---- */

static void count(struct journeys *j, const struct program *p, u32 what)
{
    u32 at = 1 + p->index * COUNTS_EACH + what;
    struct count_row *row =
        table_has(j->counts, at) ? table_edit(j->counts, at) : table_claim(j->counts, at);
    row->count++;
}

void count_entry(struct journeys *j, const struct program *p, entry_refusal why)
{
    struct journey_row *journey = journey_edit(j, p);
    count(j, p, why);
    if (why != ENTRY_NONE) {
        journey->refused++;
        return;
    }
    journey->entered++;
    journey->running++;
}

void count_end(struct journeys *j, const struct program *p, exit_reason why)
{
    struct journey_row *journey = journey_edit(j, p);
    count(j, p, ENDED_AT + why);
    journey->running--;
    journey->ended++;
}

void count_goal(struct journeys *j, const struct program *p)
{
    count(j, p, GOAL_AT);
}

static u64 counted(const struct journeys *j, u32 program, u32 what)
{
    u32 at = 1 + program * COUNTS_EACH + what;
    return table_has(j->counts, at) ? ((const struct count_row *)table_at(j->counts, at))->count
                                    : 0;
}

bool journey_next_version(const struct journeys *j, u32 code, u32 *cursor, struct version_info *out)
{
    u32 i = *cursor + 1;
    while (i < j->loaded_count && j->loaded[i].code != code) i++;
    *cursor = i;
    if (i >= j->loaded_count) return false;
    *out = (struct version_info){
        .index = i, .number = j->loaded[i].version, .live_ms = j->loaded[i].live_ms};
    out->entered = counted(j, i, ENTRY_NONE);
    out->has_goal = j->loaded[i].goal != NULL;
    out->reached = counted(j, i, GOAL_AT);
    out->goal_target = j->loaded[i].goal_target;
    for (u32 r = ENTRY_NONE + 1; r < ENTRY_COUNT; r++) out->refused[r] = counted(j, i, r);
    for (u32 r = EXIT_NONE + 1; r < EXIT_COUNT; r++) out->ended[r] = counted(j, i, ENDED_AT + r);
    for (u32 s = MESSAGE_PLANNED; s < MESSAGE_STATUS_COUNT; s++)
        out->messages[s] = message_count(j->messages, i, (message_status)s);
    return true;
}

static str op_name(op o)
{
    static const char *const NAMES[] = {
        [OP_WAIT] = "wait",      [OP_SEND] = "send",       [OP_BRANCH] = "branch",
        [OP_END] = "end",        [OP_UNTIL_TIME] = "wait", [OP_UNTIL_DATE] = "wait",
        [OP_UNTIL] = "wait",     [OP_SPLIT] = "split",     [OP_TAG] = "tag",
        [OP_UNTAG] = "untag",    [OP_SET] = "set",         [OP_ENTER] = "enter",
        [OP_TASK] = "task",      [OP_NOTIFY] = "notify",   [OP_COUPON] = "coupon",
        [OP_WEBHOOK] = "webhook"};
    return o < (op)COUNT_OF(NAMES) && NAMES[o] ? str_of(NAMES[o]) : S("");
}

/* The first of a step's instructions; others are further arms of a branch, further attributes. */
static bool begins_step(const struct program *p, u32 at)
{
    const struct instruction *in = &p->instructions[at];
    return in->op != OP_JUMP && in->op != OP_MARK && !in->goes_on;
}

bool journey_next_step(const struct journeys *j, u32 version, u32 *cursor, struct step_info *out)
{
    const struct program *p = &j->loaded[version];
    u32 i = *cursor;
    while (i < p->instruction_count && !begins_step(p, i)) i++;
    *cursor = i + 1;
    if (i >= p->instruction_count) return false;
    const struct instruction *in = &p->instructions[i];
    *out = (struct step_info){.step = names_text(j->names, NAME_OBJECT, in->step),
                              .kind = op_name(in->op)};
    message_step(j->messages, version, i, &out->tally);
    for (; *cursor < p->instruction_count && !begins_step(p, *cursor); ++*cursor) {
        struct step_tally more; /* between two attributes that it sets she may stand, too */
        message_step(j->messages, version, *cursor, &more);
        out->tally.standing += more.standing;
    }
    if (in->op != OP_SEND) return true;
    out->channel = names_text(j->names, NAME_CHANNEL, in->channel);
    out->template_id = in->text;
    return true;
}

/* ---- reading ---- */

u32 journeys_enrolments(const struct journeys *j)
{
    return table_count(j->enrolments);
}

bool enrolment_read(const struct journeys *j, u32 row, struct enrolment_info *out)
{
    if (!row || row >= table_count(j->enrolments) || !table_has(j->enrolments, row)) return false;
    const struct enrolment_row *r = row_at(j, row);
    bool runs = enrolment_runs(r);
    if (!runs && r->state != ENROLMENT_ENDED) return false;
    const struct program *p = &j->loaded[r->program];
    *out = (struct enrolment_info){.head = customer_head(j->customers, r->persona),
                                   .journey = p->code,
                                   .version = p->version,
                                   .state = r->state,
                                   .exit = runs ? EXIT_NONE : r->exit,
                                   .reached = r->goal == GOAL_REACHED,
                                   .entered_ms = r->started_ms,
                                   .due_ms = runs ? r->due_ms : NEVER,
                                   .ended_ms = runs ? NEVER : r->due_ms,
                                   .order = r->trigger_order};
    if (r->step < p->instruction_count)
        out->step = names_text(j->names, NAME_OBJECT, p->instructions[r->step].step);
    return true;
}

static bool fill(const struct journeys *j, u32 row, struct journey_info *out)
{
    const struct journey_row *r = table_at(j->journeys, row);
    const struct program *p = &j->loaded[r->program];
    *out = (struct journey_info){
        .code = r->code,
        .id = p->id,
        .version = p->version,
        .priority = p->priority,
        .percent = r->percent,
        .owner = p->owner,
        .paused = r->paused,
        .stopped = r->stopped,
        .entered = r->entered,
        .refused = r->refused,
        .waiting = r->running,
        .done = r->ended,
    };
    return true;
}

u32 journey_list(const struct journeys *j, struct journey_info *out, u32 max)
{
    u32 n = 0;
    for (u32 i = 1; i < table_count(j->journeys) && n < max; i++) fill(j, i, &out[n++]);
    return n;
}

bool journey_find(const struct journeys *j, str id, struct journey_info *out)
{
    u32 code = names_find(j->names, NAME_OBJECT, id), row = code ? journey_row_of(j, code) : 0;
    return row && fill(j, row, out);
}

/* Canonical: by journey id, customer id and entry; no row numbers, no codes. */
hash128 journeys_digest(const struct journeys *j, name_of name, void *ctx)
{
    hash128 sum = {0};
    struct buf b;
    buf_init(&b, 1 << 16);
    for (u32 i = 1; i < table_count(j->enrolments); i++) {
        const struct enrolment_row *r = table_at(j->enrolments, i);
        if (!table_has(j->enrolments, i)) continue;
        const struct program *p = &j->loaded[r->program];
        char customer[33];
        customer_id(j->customers, r->persona, customer);
        buf_reset(&b);
        buf_str_varint(&b, p->id);
        buf_varint(&b, p->version);
        buf_put(&b, (str){customer, 32});
        buf_u16(&b, r->step);
        buf_u16(&b, r->visit);
        buf_byte(&b, r->state);
        buf_byte(&b, r->exit);
        buf_byte(&b, r->goal);
        buf_u64(&b, (u64)r->due_ms);
        buf_u64(&b, (u64)r->started_ms);
        buf_u64(&b, r->trigger_order);
        buf_u64(&b, (u64)r->trigger_ms);
        buf_u64(&b, r->key);
        hash128 extras = extras_digest(j, i);
        buf_u64(&b, extras.hi);
        buf_u64(&b, extras.lo);
        sum = hash_add(sum, hash_xxh(buf_str(&b)));
    }
    sum = hash_add(sum, given_digest(j));
    sum = hash_add(sum, pools_digest(j, name, ctx));
    for (u32 i = 1; i < table_count(j->journeys); i++) {
        const struct journey_row *r = table_at(j->journeys, i);
        buf_reset(&b);
        buf_str_varint(&b, name(ctx, NAME_OBJECT, r->code));
        buf_u64(&b, r->entered);
        buf_u64(&b, r->refused);
        buf_u64(&b, r->running);
        buf_u64(&b, r->ended);
        buf_byte(&b, r->paused);
        buf_byte(&b, r->stopped);
        buf_u32(&b, r->cursor);
        buf_u32(&b, r->percent);
        buf_u32(&b, r->holdout);
        buf_u32(&b, r->numbers);
        sum = hash_add(sum, hash_xxh(buf_str(&b)));
    }
    for (u32 i = 1; i < table_count(j->schedules); i++) {
        if (!table_has(j->schedules, i)) continue;
        const struct schedule_row *r = table_at(j->schedules, i);
        buf_reset(&b);
        buf_str_varint(&b, name(ctx, NAME_OBJECT,
                                ((const struct journey_row *)table_at(j->journeys, i))->code));
        buf_u64(&b, (u64)r->next_ms);
        buf_u64(&b, (u64)r->tick_ms);
        buf_u64(&b, (u64)r->dealt_ms);
        buf_u64(&b, r->tick_ms ? r->begun : 0);
        buf_u32(&b, r->tick_ms ? r->cursor : 0);
        buf_u32(&b, r->tick_ms ? r->end : 0);
        sum = hash_add(sum, hash_xxh(buf_str(&b)));
    }
    for (u32 i = 1; i < j->loaded_count; i++) {
        buf_reset(&b);
        buf_str_varint(&b, j->loaded[i].id);
        buf_varint(&b, j->loaded[i].version);
        buf_byte(&b, j->loaded[i].over);
        for (u32 what = 0; what < COUNTS_EACH; what++) buf_varint(&b, counted(j, i, what));
        sum = hash_add(sum, hash_xxh(buf_str(&b)));
    }
    buf_clear(&b);
    return sum;
}

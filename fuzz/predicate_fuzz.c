/* predicate_fuzz.c — conditions from anybody: any JSON is compiled or refused, any bytes are loaded
 * or refused, and whatever loads is evaluated, batched and written as JSON without harm. */
#include "predicate/predicate.h"

#include <stdlib.h>

static struct {
    struct store *store;
    struct customers *customers;
    struct events *events;
    struct names *names;
    struct env *env;
    persona ada;
} world;

static void make_event(const char *name, u64 order, i64 at)
{
    struct buf b;
    u32 event, property;
    buf_init(&b, 1000);
    MUST(names_code(world.names, NAME_EVENT, str_of(name), &event) == ERR_OK);
    MUST(names_code(world.names, NAME_PROPERTY, S("n"), &property) == ERR_OK);
    props_put(&b, property, value_int((i64)order));
    MUST(names_code(world.names, NAME_PROPERTY, S("s"), &property) == ERR_OK);
    props_put(&b, property, value_text(S("red")));
    struct event ev = {.persona = world.ada,
                       .code = event,
                       .occurred_ms = at,
                       .received_ms = at,
                       .order = order << 8,
                       .props = buf_str(&b)};
    event_append(world.events, &ev);
    buf_clear(&b);
}

static void end_world(void)
{
    events_free(world.events);
    customers_free(world.customers);
    names_free(world.names);
    store_free(world.store);
    env_free(world.env);
}

static void make_world(void)
{
    struct resolved out;
    struct change c;
    u32 code;
    world.store = store_new(&(struct store_options){0});
    world.names = names_new(NULL);
    world.customers = customers_new(world.store, (struct sip_key){1, 2});
    world.env = env_sim(1);
    world.events = events_new(world.env, &(struct events_options){0});
    MUST(atexit(end_world) == 0);
    customer_resolve(world.customers,
                     &(struct identifier){.space = 1, .hash = {1, 2}, .value = S("ada")}, 1, 0, 1,
                     &out);
    world.ada = out.head;
    MUST(names_code(world.names, NAME_ATTRIBUTE, S("city"), &code) == ERR_OK);
    customer_set(world.customers, world.ada, code, value_text(S("2026-03-01")), 1, &c);
    MUST(names_code(world.names, NAME_TAG, S("A/B"), &code) == ERR_OK);
    customer_tag(world.customers, world.ada, code, true, NEVER, 1, &c);
    for (u64 i = 1; i < 20; i++) make_event(i % 3 ? "A" : "B", i, (i64)i * HOUR);
}

static void use(const struct predicate *p, predicate_place place, struct arena *arena)
{
    struct customer_view view = {world.customers, NULL};
    const struct event_view *events = event_view_live(world.events);
    struct event ev;
    struct buf text;
    i64 now = 20 * HOUR;
    struct event_iter *it = event_iter_back(events, &world.ada, 1, 0, NEVER, arena);
    MUST(event_next(it, &ev));
    buf_init(&text, 1 << 20);
    predicate_json(p, world.names, &text);
    buf_clear(&text);
    if (place == PREDICATE_WHERE) {
        predicate_where(p, &ev);
        return;
    }
    struct subject who = {.view = &view,
                          .head = world.ada,
                          .personas = &world.ada,
                          .persona_count = 1,
                          .events = events,
                          .event = &ev,
                          .scratch = arena,
                          .names = world.names};
    for (u32 i = 0; i < 5 && now != NEVER; i++) {
        answer a = predicate_eval(p, &who, now);
        MUST(a.until > now);
        now = a.until;
    }
    u64 bits;
    struct batch_subject all = {.view = &view, .events = events, .names = world.names};
    who.event = NULL;
    bool holds = predicate_eval(p, &who, 20 * HOUR).holds;
    MUST(predicate_batch(p, &all, world.ada, world.ada + 1, 20 * HOUR, &bits));
    MUST((bits & 1) == holds);
}

/* Text that begins with `{` is compiled in each place; anything else is loaded as it is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    str in = {(const char *)data, size};
    struct predicate *p;
    if (!world.store) make_world();
    struct arena *arena = arena_new();
    const struct json *j;
    if (size && data[0] == '{') {
        bool parsed = json_parse(in, arena, &j, NULL) == ERR_OK;
        for (u32 place = PREDICATE_SEGMENT; parsed && place <= PREDICATE_SCOPED; place++) {
            struct predicate_context pc = {.names = world.names, .place = place};
            struct diag why = {0};
            struct buf b;
            buf_init(&b, 1 << 20);
            err e = predicate_compile(j, &pc, &b, &why);
            MUST(e == ERR_OK || why.message[0]);
            if (e == ERR_OK) {
                MUST(predicate_load(buf_str(&b), arena, &p) == ERR_OK);
                use(p, place, arena);
            }
            buf_clear(&b);
        }
    } else if (predicate_load(in, arena, &p) == ERR_OK) {
        use(p, data[1], arena);
    }
    arena_free(arena);
    return 0;
}

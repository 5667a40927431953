/* crowd.c — for how many of very many customers a rule of attributes and a tag holds: bench-crowd
 * [CUSTOMERS = 10,000,000] [THREADS = 2].
 *
 * Customers are made in memory, rows alone, without identifiers or events: a city out of fifty, an
 * age of 18 to 69, the tag vip (one in eight), one of nine other tags (half of them). Then the rule
 * is asked of everybody at an epoch, in pieces of 65,536 as the server does, eleven times; who is a
 * head is known, as it is from the server's second question on. The answer is compared with what
 * was made. Prints wall and processor milliseconds, median and best. */
#include "base/rng.h"
#include "customer/customer_internal.h"
#include "predicate/predicate.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PIECE = 1 << 16, ROUNDS = 11, THREADS_MAX = 16, AGES = 52, CITIES = 50, OTHERS = 9 };

static const char RULE[] =
    "{\"all\":[{\"attribute\":\"city\",\"op\":\"in\",\"value\":[\"city00\",\"city01\",\"city02\"]},"
    "{\"attribute\":\"age\",\"op\":\"between\",\"value\":[20,40]},{\"tag\":\"vip\"}]}";

struct crowd_bench {
    struct store *store;
    struct customers *customers;
    struct names *names;
    struct predicate *rule;
    struct batch_subject all;
    persona end;
    u64 expected;
    atomic_uint taken;
    _Atomic u64 found;
};

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static u32 code_of(struct crowd_bench *b, name_kind kind, const char *name)
{
    u32 code = 0;
    MUST(names_code(b->names, kind, str_of(name), &code) == ERR_OK);
    return code;
}

static void make_one(struct crowd_bench *b, struct rng *rng, const u32 *codes, const u32 *others)
{
    struct change ch;
    char city[8];
    persona p = persona_add(b->customers, 1, 1);
    u32 number = (u32)rng_below(rng, CITIES), age = 18 + (u32)rng_below(rng, AGES);
    bool is_vip = rng_below(rng, 8) == 0;
    int n = snprintf(city, sizeof city, "city%02u", number);
    MUST(p);
    customer_set(b->customers, p, codes[0], value_text((str){city, (size_t)n}), 1, &ch);
    customer_set(b->customers, p, codes[1], value_int(age), 1, &ch);
    if (is_vip) customer_tag(b->customers, p, codes[2], true, NEVER, 1, &ch);
    if (rng_percent(rng, 50))
        customer_tag(b->customers, p, others[rng_below(rng, OTHERS)], true, NEVER, 1, &ch);
    b->expected += number < 3 && age >= 20 && age <= 40 && is_vip;
}

static void make_all(struct crowd_bench *b, u32 customers)
{
    struct rng rng = {42};
    char name[16];
    const u32 codes[] = {code_of(b, NAME_ATTRIBUTE, "city"), code_of(b, NAME_ATTRIBUTE, "age"),
                         code_of(b, NAME_TAG, "vip")};
    u32 others[OTHERS];
    for (u32 i = 0; i < OTHERS; i++) {
        snprintf(name, sizeof name, "other %u", i);
        others[i] = code_of(b, NAME_TAG, name);
    }
    for (u32 i = 0; i < customers; i++) make_one(b, &rng, codes, others);
    b->end = customers_end(b->customers);
}

static void compile(struct crowd_bench *b, struct arena *arena)
{
    struct predicate_context pc = {
        .names = b->names, .customers = b->customers, .place = PREDICATE_SEGMENT};
    struct diag why = {0};
    const struct json *j;
    struct buf out;
    buf_init(&out, 1 << 16);
    MUST(json_parse(S(RULE), arena, &j, &why) == ERR_OK);
    MUST(predicate_compile(j, &pc, &out, &why) == ERR_OK);
    MUST(predicate_load(arena_str(arena, buf_str(&out)), arena, &b->rule) == ERR_OK);
    buf_clear(&out);
}

static void *work(void *arg)
{
    struct crowd_bench *b = arg;
    u64 bits[PIECE / 64];
    for (u32 piece; (piece = atomic_fetch_add(&b->taken, 1)) * (u64)PIECE < b->end;) {
        persona from = piece * PIECE, to = min_u32(b->end, from + PIECE);
        MUST(predicate_batch(b->rule, &b->all, from, to, 2, bits));
        u64 n = 0;
        for (u32 w = 0; w < (to - from + 63) / 64; w++) n += bits_count(bits[w]);
        atomic_fetch_add(&b->found, n);
    }
    return NULL;
}

static void ask(struct crowd_bench *b, u32 threads)
{
    pthread_t other[THREADS_MAX];
    atomic_store(&b->taken, 0);
    atomic_store(&b->found, 0);
    for (u32 i = 1; i < threads; i++) MUST(pthread_create(&other[i], NULL, work, b) == 0);
    work(b);
    for (u32 i = 1; i < threads; i++) pthread_join(other[i], NULL);
    MUST(b->found == b->expected);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void measure(struct crowd_bench *b, u32 threads)
{
    double wall[ROUNDS], spent[ROUNDS];
    ask(b, threads);
    for (u32 i = 0; i < ROUNDS; i++) {
        double from = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
        ask(b, threads);
        wall[i] = 1e3 * (seconds(CLOCK_MONOTONIC) - from);
        spent[i] = 1e3 * (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    }
    qsort(wall, ROUNDS, sizeof *wall, ascending);
    qsort(spent, ROUNDS, sizeof *spent, ascending);
    printf("attributes and a tag of %u customers, %u threads: wall %.1f ms (best %.1f), processor "
           "%.1f ms (best %.1f); %llu of them\n",
           b->end - 1, threads, wall[ROUNDS / 2], wall[0], spent[ROUNDS / 2], spent[0],
           (unsigned long long)b->expected);
}

int main(int argc, char **argv)
{
    u32 customers = argc > 1 ? (u32)atoi(argv[1]) : 10000000;
    u32 threads = argc > 2 ? (u32)atoi(argv[2]) : 2;
    struct crowd_bench *b = mem_zalloc(sizeof *b);
    struct arena *arena = arena_new();
    MUST(customers && threads && threads <= THREADS_MAX);
    b->store = store_new(&(struct store_options){0});
    b->customers = customers_new(b->store, (struct sip_key){1, 2});
    b->names = names_new(NULL);
    make_all(b, customers);
    compile(b, arena);
    struct epoch *e = epoch_pin(b->store);
    struct customer_view view = {b->customers, e};
    persona *heads = mem_alloc(b->end * sizeof *heads);
    u64 *is_head = mem_zalloc(((size_t)b->end / 64 + 1) * sizeof *is_head);
    for (persona p = 0; p < b->end; p++) heads[p] = p, is_head[p / 64] |= (u64)(p != 0) << p % 64;
    b->all = (struct batch_subject){.view = &view,
                                    .names = b->names,
                                    .heads = heads,
                                    .heads_end = b->end,
                                    .head_bits = is_head};
    measure(b, threads);
    printf("tables and strings: %.0f B a customer, derived %.0f\n",
           (double)store_bytes(b->store) / customers,
           (double)customers_derived_bytes(b->customers) / customers);
    epoch_drop(e);
    free(heads), free(is_head);
    names_free(b->names);
    customers_free(b->customers);
    store_free(b->store);
    arena_free(arena);
    free(b);
    return 0;
}

/* threads_test.c — one writer, readers that pin and let go, a snapshot beside: nobody sees anything
 * torn.
 *
 * The writer moves amounts between accounts, so at each batch's end their sum is what it was, each
 * row's words agree with each other, and its string says the amount. A reader that sees a row of
 * another moment, or half of one, finds the sum wrong. */
#include "base/test.h"
#include "store/snapshot_internal.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { READERS = 2, WORDS = 16, TEXT = WORDS - 1, EACH = 1000 };

struct bank {
    u32 accounts, batches, batch;
    struct store *store;
    struct table *table;
    struct heap *heap;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct epoch *offered; /* under lock: for readers to share */
    bool stop;             /* under lock */
    u64 checked, lost, wrong;
    struct snapshot *sn;
};

static void put_amount(struct bank *b, u64 *row, u64 amount)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%llu", (unsigned long long)amount);
    heap_retire(b->heap, (u32)row[TEXT]);
    for (u32 w = 1; w < TEXT; w++) word_set(row + w, amount * w);
    word_set(row + TEXT, heap_put(b->heap, (str){text, (size_t)n}));
}

static u64 *account(struct bank *b, struct rng *rng)
{
    return table_edit(b->table, 1 + (u32)rng_below(rng, b->accounts));
}

static void batch(struct bank *b, struct rng *rng)
{
    for (u32 i = 0; i < b->batch; i++) {
        u64 *from = account(b, rng);
        u64 amount = rng_below(rng, from[1] + 1);
        put_amount(b, from, from[1] - amount);
        u64 *to = account(b, rng);
        put_amount(b, to, to[1] + amount);
    }
}

static bool row_agrees(const struct bank *b, const u64 *row)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%llu", (unsigned long long)row[1]);
    for (u32 w = 1; w < TEXT; w++)
        if (row[w] != row[1] * w) return false;
    return str_eq(heap_view(b->heap, (u32)row[TEXT]), (str){text, (size_t)n});
}

/* 1: the epoch is sound; 0: it was cancelled meanwhile; -1: wrong. */
static int look(const struct bank *b, const struct epoch *e)
{
    u64 sum = 0;
    if (epoch_count(e, b->table) != b->accounts + 1) return epoch_cancelled(e) ? 0 : -1;
    for (u32 i = 1; i <= b->accounts; i++) {
        u64 row[WORDS];
        if (!epoch_row(e, b->table, i, row)) return epoch_cancelled(e) ? 0 : -1;
        if (!row_agrees(b, row)) return -1;
        sum += row[1];
    }
    return sum == (u64)b->accounts * EACH ? 1 : -1;
}

static struct epoch *take_offer(struct bank *b)
{
    pthread_mutex_lock(&b->lock);
    while (!b->offered && !b->stop) pthread_cond_wait(&b->wake, &b->lock);
    struct epoch *e = b->stop ? NULL : epoch_share(b->offered);
    pthread_mutex_unlock(&b->lock);
    return e;
}

static void *read_always(void *ctx)
{
    struct bank *b = ctx;
    for (struct epoch *e; (e = take_offer(b));) {
        int answer = look(b, e);
        epoch_drop(e);
        __atomic_fetch_add(answer > 0   ? &b->checked
                           : answer < 0 ? &b->wrong
                                        : &b->lost,
                           1, __ATOMIC_RELAXED);
    }
    return NULL;
}

static void *write_snapshot(void *ctx)
{
    struct bank *b = ctx;
    err e;
    do e = snapshot_step(b->sn, 200);
    while (e == ERR_AGAIN);
    return (void *)(uintptr_t)e;
}

/* The batch's end: readers may have the new epoch; the offer of the one before is withdrawn. */
static void offer(struct bank *b, struct epoch *e)
{
    pthread_mutex_lock(&b->lock);
    struct epoch *old = b->offered;
    b->offered = e;
    pthread_cond_broadcast(&b->wake);
    pthread_mutex_unlock(&b->lock);
    if (old) epoch_drop(old);
    store_collect(b->store);
}

static void open_bank(struct bank *b, u32 accounts, u32 batches, u64 undo_bytes)
{
    *b = (struct bank){.accounts = accounts,
                       .batches = batches,
                       .batch = accounts / 2,
                       .store = store_new(&(struct store_options){.undo_bytes_max = undo_bytes})};
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->wake, NULL);
    b->table = table_new(b->store, "accounts", WORDS * 8, b->accounts);
    b->heap = heap_new(b->store, "amounts");
}

static void close_bank(struct bank *b)
{
    store_free(b->store);
    pthread_cond_destroy(&b->wake);
    pthread_mutex_destroy(&b->lock);
}

static bool has_looked(struct bank *b)
{
    return __atomic_load_n(&b->checked, __ATOMIC_RELAXED) ||
           __atomic_load_n(&b->lost, __ATOMIC_RELAXED) ||
           __atomic_load_n(&b->wrong, __ATOMIC_RELAXED);
}

static void read_and_write(struct bank *b)
{
    pthread_t readers[READERS];
    struct rng rng = {test_seed()};
    for (u32 i = 1; i <= b->accounts; i++)
        put_amount(b, table_edit(b->table, table_add(b->table)), EACH);
    for (u32 i = 0; i < READERS; i++) pthread_create(&readers[i], NULL, read_always, b);
    for (u32 i = 0; i < b->batches || !has_looked(b); i++) {
        batch(b, &rng);
        offer(b, epoch_pin(b->store));
    }
    pthread_mutex_lock(&b->lock);
    b->stop = true;
    pthread_cond_broadcast(&b->wake);
    pthread_mutex_unlock(&b->lock);
    for (u32 i = 0; i < READERS; i++) pthread_join(readers[i], NULL);
    epoch_drop(b->offered);
}

TEST("readers on other threads see whole moments and nothing else, while rows and strings change")
{
    struct bank b;
    for (u32 accounts = 16; accounts <= 1024; accounts *= 8) {
        open_bank(&b, accounts, 160000 / accounts, 256 << 20);
        read_and_write(&b);
        CHECK_EQ(b.wrong, 0);
        CHECK_EQ(b.lost, 0);
        CHECK(b.checked > 0);
        close_bank(&b);
    }
}

TEST("readers whose epoch is cancelled under them notice, and never take what is overwritten for a "
     "row")
{
    struct bank b;
    open_bank(&b, 1024, 150, UNDO_CHUNK);
    read_and_write(&b);
    CHECK_EQ(b.wrong, 0);
    CHECK(b.checked + b.lost > 0);
    close_bank(&b);
}

/* What a new process finds. */
static void check_loaded(const char *dir, u64 position)
{
    struct bank b;
    bool found;
    struct diag why = {0};
    open_bank(&b, 400, 0, 64 << 20);
    struct snapshot_options o = {dir, 2};
    CHECK_OK(snapshot_open(env_real(), b.store, &o, &b.sn, &found, &why));
    CHECK(found);
    CHECK_EQ(snapshot_manifest(b.sn)->position, position);
    CHECK_OK(snapshot_load(b.sn, &why));
    struct epoch *e = epoch_pin(b.store);
    CHECK_EQ(look(&b, e), 1);
    epoch_drop(e);
    snapshot_close(b.sn);
    close_bank(&b);
}

TEST("a snapshot written on another thread, on a real disk, is one whole moment")
{
    struct bank b;
    bool found;
    struct diag why = {0};
    struct rng rng = {test_seed()};
    open_bank(&b, 400, 0, 64 << 20);
    struct snapshot_options o = {test_dir(), 2};
    CHECK_OK(snapshot_open(env_real(), b.store, &o, &b.sn, &found, &why));
    for (u32 i = 1; i <= b.accounts; i++)
        put_amount(&b, table_edit(b.table, table_add(b.table)), EACH);
    for (u64 round = 1; round <= 5; round++) {
        pthread_t helper;
        void *result;
        struct manifest m = {.position = round};
        struct epoch *e = epoch_pin(b.store);
        CHECK_OK(snapshot_begin(b.sn, e, &m));
        epoch_drop(e);
        pthread_create(&helper, NULL, write_snapshot, &b);
        while (snapshot_running(b.sn)) {
            batch(&b, &rng);
            store_collect(b.store);
        }
        pthread_join(helper, &result);
        CHECK_EQ((uintptr_t)result, ERR_OK);
        check_loaded(test_dir(), round);
    }
    snapshot_close(b.sn);
    close_bank(&b);
}

#include "server/webhook_store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static const char SCHEMA[] =
    "CREATE TABLE IF NOT EXISTS position(one INTEGER PRIMARY KEY CHECK(one = 1),"
    " at INTEGER NOT NULL) STRICT;"
    "CREATE TABLE IF NOT EXISTS deliveries(id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " webhook TEXT NOT NULL, message TEXT NOT NULL, event TEXT NOT NULL, body TEXT NOT NULL,"
    " customer TEXT NOT NULL,"
    " state INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,"
    " status INTEGER NOT NULL DEFAULT 0, detail TEXT NOT NULL DEFAULT '', due INTEGER NOT NULL,"
    " created INTEGER NOT NULL, changed INTEGER NOT NULL, UNIQUE(webhook, message)) STRICT;"
    "CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries(webhook, state, due);"
    "CREATE INDEX IF NOT EXISTS deliveries_customer ON deliveries(customer);"
    "CREATE TABLE IF NOT EXISTS disabled(webhook TEXT PRIMARY KEY, why TEXT NOT NULL,"
    " since INTEGER NOT NULL) STRICT;";

struct webhook_store {
    sqlite3 *db;
    bool failed; /* within this transaction */
};

static const char *const STATES[] = {"pending", "delivered", "failed", "dropped"};

str told_text(told t)
{
    return str_of(STATES[t]);
}

static sqlite3_stmt *prepare(struct webhook_store *s, const char *sql)
{
    sqlite3_stmt *q = NULL;
    return sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) == SQLITE_OK ? q : NULL;
}

static void bind_str(sqlite3_stmt *q, int at, str text)
{
    sqlite3_bind_text(q, at, text.n ? text.p : "", (int)text.n, SQLITE_TRANSIENT);
}

static str column_str(sqlite3_stmt *q, int at, struct arena *arena)
{
    const void *p = sqlite3_column_blob(q, at);
    return arena_str(arena, (str){p, p ? (size_t)sqlite3_column_bytes(q, at) : 0});
}

static bool run(struct webhook_store *s, sqlite3_stmt *q)
{
    bool done = q && sqlite3_step(q) == SQLITE_DONE;
    sqlite3_finalize(q);
    s->failed |= !done;
    return done;
}

/* Without a sync at each commit: what a loss of power undoes is the position too, and it is
 * collected again. */
err webhook_store_open(const char *dir, struct webhook_store **out, struct diag *why)
{
    static const char SETUP[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                                "PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON;";
    char path[4096];
    struct webhook_store *s = mem_zalloc(sizeof *s);
    snprintf(path, sizeof path, "%s/webhooks.db", dir);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    bool good = sqlite3_open_v2(path, &s->db, flags, NULL) == SQLITE_OK;
    if (good) sqlite3_busy_timeout(s->db, 1000);
    good = good && sqlite3_exec(s->db, SETUP, NULL, NULL, NULL) == SQLITE_OK &&
           sqlite3_exec(s->db, SCHEMA, NULL, NULL, NULL) == SQLITE_OK;
    if (!good) {
        diag_set(why, ERR_IO, "webhooks.db: %s", sqlite3_errmsg(s->db));
        webhook_store_close(s);
        return ERR_IO;
    }
    *out = s;
    return ERR_OK;
}

void webhook_store_close(struct webhook_store *s)
{
    if (!s) return;
    sqlite3_close(s->db);
    free(s);
}

u64 webhook_position(struct webhook_store *s)
{
    sqlite3_stmt *q = prepare(s, "SELECT at FROM position");
    u64 at = q && sqlite3_step(q) == SQLITE_ROW ? (u64)sqlite3_column_int64(q, 0) : 0;
    sqlite3_finalize(q);
    return at;
}

void webhook_begin(struct webhook_store *s)
{
    s->failed = sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK;
}

err webhook_commit(struct webhook_store *s, u64 position)
{
    sqlite3_stmt *q = prepare(s, "INSERT OR REPLACE INTO position VALUES(1, ?1)");
    if (q) sqlite3_bind_int64(q, 1, (i64)position);
    (void)run(s, q);
    if (!s->failed && sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK) return ERR_OK;
    sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return ERR_IO;
}

i64 webhook_add(struct webhook_store *s, const struct webhook_delivery *d)
{
    sqlite3_stmt *q =
        prepare(s, "INSERT OR IGNORE INTO deliveries(webhook, message, event, body, due, created,"
                   " changed, customer) VALUES(?1, ?2, ?3, ?4, ?5, ?5, ?5, ?6)");
    if (q) {
        bind_str(q, 1, d->webhook);
        bind_str(q, 2, d->message);
        bind_str(q, 3, d->event);
        bind_str(q, 4, d->body);
        sqlite3_bind_int64(q, 5, d->created_ms);
        bind_str(q, 6, d->customer);
    }
    return run(s, q) ? sqlite3_last_insert_rowid(s->db) : 0;
}

#define COLUMNS                                                                                    \
    "id, webhook, message, event, body, state, attempts, status, detail, due, created, changed"

static u32 read_all(sqlite3_stmt *q, struct arena *arena, struct webhook_delivery *out, u32 max)
{
    u32 n = 0;
    while (q && n < max && sqlite3_step(q) == SQLITE_ROW)
        out[n++] = (struct webhook_delivery){.id = sqlite3_column_int64(q, 0),
                                             .webhook = column_str(q, 1, arena),
                                             .message = column_str(q, 2, arena),
                                             .event = column_str(q, 3, arena),
                                             .body = column_str(q, 4, arena),
                                             .state = (told)(sqlite3_column_int(q, 5) & 3),
                                             .attempts = (u32)sqlite3_column_int(q, 6),
                                             .status = sqlite3_column_int(q, 7),
                                             .detail = column_str(q, 8, arena),
                                             .due_ms = sqlite3_column_int64(q, 9),
                                             .created_ms = sqlite3_column_int64(q, 10),
                                             .changed_ms = sqlite3_column_int64(q, 11)};
    sqlite3_finalize(q);
    return n;
}

u32 webhook_due(struct webhook_store *s, str webhook, i64 now, struct arena *arena,
                struct webhook_delivery *out, u32 max)
{
    sqlite3_stmt *q = prepare(s, "SELECT " COLUMNS " FROM deliveries WHERE webhook = ?1 AND"
                                 " state = 0 AND due <= ?2 ORDER BY due, id LIMIT ?3");
    if (q) {
        bind_str(q, 1, webhook);
        sqlite3_bind_int64(q, 2, now);
        sqlite3_bind_int64(q, 3, max);
    }
    return read_all(q, arena, out, max);
}

err webhook_tell(struct webhook_store *s, const struct webhook_delivery *d)
{
    sqlite3_stmt *q = prepare(s, "UPDATE deliveries SET state = ?2, attempts = ?3, status = ?4,"
                                 " detail = ?5, due = ?6, changed = ?7 WHERE id = ?1");
    if (q) {
        sqlite3_bind_int64(q, 1, d->id);
        sqlite3_bind_int(q, 2, d->state);
        sqlite3_bind_int64(q, 3, d->attempts);
        sqlite3_bind_int(q, 4, d->status);
        bind_str(q, 5, d->detail);
        sqlite3_bind_int64(q, 6, d->due_ms);
        sqlite3_bind_int64(q, 7, d->changed_ms);
    }
    return run(s, q) ? ERR_OK : ERR_IO;
}

u32 webhook_list(struct webhook_store *s, str webhook, int state, i64 before, struct arena *arena,
                 struct webhook_delivery *out, u32 max)
{
    sqlite3_stmt *q = prepare(s, "SELECT " COLUMNS " FROM deliveries WHERE webhook = ?1 AND"
                                 " (?2 < 0 OR state = ?2) AND (?3 = 0 OR id < ?3)"
                                 " ORDER BY id DESC LIMIT ?4");
    if (q) {
        bind_str(q, 1, webhook);
        sqlite3_bind_int(q, 2, state);
        sqlite3_bind_int64(q, 3, before);
        sqlite3_bind_int64(q, 4, max);
    }
    return read_all(q, arena, out, max);
}

err webhook_replay(struct webhook_store *s, str webhook, i64 id, i64 now)
{
    sqlite3_stmt *q = prepare(s, "UPDATE deliveries SET state = 0, attempts = 0, due = ?3"
                                 " WHERE id = ?1 AND webhook = ?2");
    if (q) {
        sqlite3_bind_int64(q, 1, id);
        bind_str(q, 2, webhook);
        sqlite3_bind_int64(q, 3, now);
    }
    if (!run(s, q)) return ERR_IO;
    return sqlite3_changes(s->db) ? ERR_OK : ERR_NOT_FOUND;
}

struct webhook_counts webhook_counts(struct webhook_store *s, str webhook)
{
    i64 n[4] = {0};
    sqlite3_stmt *q =
        prepare(s, "SELECT state, count(*) FROM deliveries WHERE webhook = ?1 GROUP BY state");
    if (q) bind_str(q, 1, webhook);
    while (q && sqlite3_step(q) == SQLITE_ROW)
        n[sqlite3_column_int(q, 0) & 3] = sqlite3_column_int64(q, 1);
    sqlite3_finalize(q);
    return (struct webhook_counts){n[0], n[1], n[2], n[3]};
}

void webhook_trim(struct webhook_store *s, str webhook, i64 now)
{
    sqlite3_stmt *q = prepare(
        s, "UPDATE deliveries SET state = 3, detail = 'too many wait', changed = ?2 WHERE id IN"
           " (SELECT id FROM deliveries WHERE webhook = ?1 AND state = 0 ORDER BY id DESC"
           " LIMIT -1 OFFSET ?3)");
    if (q) {
        bind_str(q, 1, webhook);
        sqlite3_bind_int64(q, 2, now);
        sqlite3_bind_int64(q, 3, WEBHOOK_PENDING_MAX);
    }
    (void)run(s, q);
    q = prepare(s, "DELETE FROM deliveries WHERE webhook = ?1 AND state > 0 AND changed < ?2");
    if (q) {
        bind_str(q, 1, webhook);
        sqlite3_bind_int64(q, 2, now - WEBHOOK_KEPT_DAYS * DAY);
    }
    (void)run(s, q);
}

void webhook_forget(struct webhook_store *s, str webhook)
{
    static const char *const ALL[] = {"DELETE FROM deliveries WHERE webhook = ?1",
                                      "DELETE FROM disabled WHERE webhook = ?1"};
    for (size_t i = 0; i < COUNT_OF(ALL); i++) {
        sqlite3_stmt *q = prepare(s, ALL[i]);
        if (q) bind_str(q, 1, webhook);
        (void)run(s, q);
    }
}

/* Overwritten, not only unlinked (PRAGMA secure_delete). */
void webhook_erase(struct webhook_store *s, str customer)
{
    sqlite3_stmt *q = prepare(s, "DELETE FROM deliveries WHERE customer = ?1");
    if (q) bind_str(q, 1, customer);
    (void)run(s, q);
}

void webhook_disable(struct webhook_store *s, str webhook, str why, i64 now)
{
    sqlite3_stmt *q = prepare(s, why.n ? "INSERT OR REPLACE INTO disabled VALUES(?1, ?2, ?3)"
                                       : "DELETE FROM disabled WHERE webhook = ?1");
    if (q) bind_str(q, 1, webhook);
    if (q && why.n) {
        bind_str(q, 2, why);
        sqlite3_bind_int64(q, 3, now);
    }
    (void)run(s, q);
}

str webhook_disabled(struct webhook_store *s, str webhook, struct arena *arena, i64 *since)
{
    str why = {0};
    sqlite3_stmt *q = prepare(s, "SELECT why, since FROM disabled WHERE webhook = ?1");
    if (q) bind_str(q, 1, webhook);
    if (q && sqlite3_step(q) == SQLITE_ROW) {
        why = column_str(q, 0, arena);
        *since = sqlite3_column_int64(q, 1);
    }
    sqlite3_finalize(q);
    return why;
}

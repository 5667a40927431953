#include "server/memo.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum { MEMO_VERSION = 1, OLD_A_TICK = 2000 };

static const char SCHEMA[] =
    "CREATE TABLE answers(id INTEGER PRIMARY KEY, caller TEXT NOT NULL, key TEXT NOT NULL,"
    " at INTEGER NOT NULL, request BLOB NOT NULL, status INTEGER NOT NULL, sealed BLOB NOT NULL,"
    " UNIQUE(caller, key)) STRICT;"
    "CREATE TABLE rejected(id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL,"
    " source TEXT NOT NULL, reason TEXT NOT NULL, sample TEXT NOT NULL) STRICT;"
    "PRAGMA user_version = 1;";

struct memo {
    struct env *env;
    sqlite3 *db;
    sqlite3_stmt *get, *put, *oldest, *reject;
    struct seal_key seal;
    u64 answers, answer_bytes;
    u32 rejected_now; /* in this second */
    bool in_transaction;
};

/* ---- opening ---- */

static err failed(struct memo *m, struct diag *why)
{
    int code = sqlite3_extended_errcode(m->db) & 0xff;
    err e = code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? ERR_CORRUPT
            : code == SQLITE_FULL                           ? ERR_FULL
                                                            : ERR_IO;
    return diag_set(why, e,
                    "memo.db: %s (it may be taken away: nothing is lost but answers to "
                    "repeated requests and the list of refused events)",
                    sqlite3_errmsg(m->db));
}

static i64 ask_number(struct memo *m, const char *sql)
{
    sqlite3_stmt *s = NULL;
    i64 n = -1;
    if (sqlite3_prepare_v2(m->db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
        n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return n;
}

static bool make(struct memo *m, sqlite3_stmt **out, const char *sql)
{
    return sqlite3_prepare_v3(m->db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL) == SQLITE_OK;
}

static err open_database(struct memo *m, const char *path, struct diag *why)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, &m->db, flags, NULL) != SQLITE_OK) return failed(m, why);
    sqlite3_busy_timeout(m->db, 1000);
    static const char SETUP[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                                "PRAGMA trusted_schema = OFF;";
    if (sqlite3_exec(m->db, SETUP, NULL, NULL, NULL) != SQLITE_OK) return failed(m, why);
    i64 have = ask_number(m, "PRAGMA user_version");
    if (have < 0) return failed(m, why);
    if (have > MEMO_VERSION)
        return diag_set(why, ERR_UNSUPPORTED, "memo.db is of a later version (%d)", (int)have);
    if (have == 0 && sqlite3_exec(m->db, SCHEMA, NULL, NULL, NULL) != SQLITE_OK)
        return failed(m, why);
    bool good = make(m, &m->get,
                     "SELECT request, status, sealed FROM answers"
                     " WHERE caller = ?1 AND key = ?2 AND at > ?3") &&
                make(m, &m->put,
                     "INSERT OR REPLACE INTO answers(caller, key, at, request, status, sealed)"
                     " VALUES(?1, ?2, ?3, ?4, ?5, ?6)") &&
                make(m, &m->oldest,
                     "DELETE FROM answers WHERE id = (SELECT min(id) FROM answers) AND at <= ?1"
                     " RETURNING length(sealed)") &&
                make(m, &m->reject,
                     "INSERT INTO rejected(at, source, reason, sample) VALUES(?1, ?2, ?3, ?4)");
    m->answers = (u64)ask_number(m, "SELECT count(*) FROM answers");
    m->answer_bytes = (u64)ask_number(m, "SELECT coalesce(sum(length(sealed)), 0) FROM answers");
    return good ? ERR_OK : failed(m, why);
}

err memo_open(struct env *env, const char *dir, const struct seal_key *key, struct memo **out,
              struct diag *why)
{
    char path[4096];
    struct memo *m = mem_zalloc(sizeof *m);
    m->env = env;
    m->seal = *key;
    snprintf(path, sizeof path, "%s/memo.db", dir);
    err e = open_database(m, path, why);
    if (e == ERR_OK)
        *out = m;
    else
        memo_close(m);
    return e;
}

static void commit(struct memo *m)
{
    if (!m->in_transaction) return;
    m->in_transaction = false;
    if (sqlite3_exec(m->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        sqlite3_exec(m->db, "ROLLBACK", NULL, NULL, NULL);
}

void memo_close(struct memo *m)
{
    if (!m) return;
    commit(m);
    sqlite3_finalize(m->get);
    sqlite3_finalize(m->put);
    sqlite3_finalize(m->oldest);
    sqlite3_finalize(m->reject);
    sqlite3_close(m->db);
    free(m);
}

/* ---- answers ---- */

static void bind_str(sqlite3_stmt *s, int at, str text)
{
    sqlite3_bind_text(s, at, text.n ? text.p : "", (int)text.n, SQLITE_STATIC);
}

static str column_str(sqlite3_stmt *s, int at)
{
    const void *p = sqlite3_column_blob(s, at);
    return (str){p, p ? (size_t)sqlite3_column_bytes(s, at) : 0};
}

/* Takes the oldest answer away, if it is from `until` or before. */
static bool drop_oldest(struct memo *m, i64 until)
{
    sqlite3_bind_int64(m->oldest, 1, until);
    bool gone = sqlite3_step(m->oldest) == SQLITE_ROW;
    if (gone) {
        m->answers--;
        m->answer_bytes -= (u64)sqlite3_column_int64(m->oldest, 0);
    }
    (void)sqlite3_step(m->oldest); /* a RETURNING statement acts when it has been read out */
    sqlite3_reset(m->oldest);
    return gone;
}

/* An answer under its seal: type and headers, each with its length before it, then the body. */
static bool unpack(str all, struct memo_answer *out)
{
    u32 n[2];
    if (all.n < sizeof n) return false;
    memcpy(n, all.p, sizeof n);
    if ((u64)n[0] + n[1] + sizeof n > all.n) return false;
    out->type = str_slice(all, sizeof n, sizeof n + n[0]);
    out->headers = str_slice(all, sizeof n + n[0], sizeof n + n[0] + n[1]);
    out->body = str_slice(all, sizeof n + n[0] + n[1], all.n);
    return true;
}

bool memo_answer_get(struct memo *m, str caller, str key, i64 now, struct arena *arena,
                     struct memo_answer *out)
{
    bool found = false;
    bind_str(m->get, 1, caller);
    bind_str(m->get, 2, key);
    sqlite3_bind_int64(m->get, 3, now - MEMO_HOURS * HOUR);
    if (sqlite3_step(m->get) == SQLITE_ROW) {
        str request = column_str(m->get, 0), open;
        out->status = sqlite3_column_int(m->get, 1);
        found = request.n == sizeof out->request &&
                seal_get(&m->seal, caller, column_str(m->get, 2), arena, &open) == ERR_OK &&
                unpack(open, out);
        if (found) memcpy(out->request, request.p, request.n);
    }
    sqlite3_reset(m->get);
    return found;
}

static void seal_answer(struct memo *m, str caller, const struct memo_answer *a, struct buf *out)
{
    struct buf open;
    u32 n[2] = {(u32)a->type.n, (u32)a->headers.n};
    buf_init(&open, 2 * MEMO_ANSWER_BYTES_MAX);
    buf_put(&open, (str){(const char *)n, sizeof n});
    buf_put(&open, a->type);
    buf_put(&open, a->headers);
    buf_put(&open, a->body);
    seal_put(m->env, &m->seal, caller, buf_str(&open), out);
    buf_clear(&open);
}

err memo_answer_put(struct memo *m, str caller, str key, const struct memo_answer *a, i64 now)
{
    struct buf sealed;
    if (a->body.n + a->headers.n > MEMO_ANSWER_BYTES_MAX) return ERR_TOO_LARGE;
    buf_init(&sealed, 4 * MEMO_ANSWER_BYTES_MAX);
    seal_answer(m, caller, a, &sealed);
    bind_str(m->put, 1, caller);
    bind_str(m->put, 2, key);
    sqlite3_bind_int64(m->put, 3, now);
    sqlite3_bind_blob(m->put, 4, a->request, sizeof a->request, SQLITE_STATIC);
    sqlite3_bind_int(m->put, 5, a->status);
    sqlite3_bind_blob(m->put, 6, sealed.p, (int)sealed.n, SQLITE_STATIC);
    err e = sqlite3_step(m->put) == SQLITE_DONE ? ERR_OK : failed(m, NULL);
    sqlite3_reset(m->put);
    if (e == ERR_OK) {
        m->answers++;
        m->answer_bytes += sealed.n;
    }
    buf_clear(&sealed);
    while ((m->answers > MEMO_ANSWERS_MAX || m->answer_bytes > MEMO_BYTES_MAX) &&
           drop_oldest(m, INT64_MAX)) {
    }
    commit(m);
    return e;
}

/* ---- refused events ---- */

void memo_rejected_put(struct memo *m, const struct memo_rejected *r)
{
    if (m->rejected_now >= MEMO_REJECTED_SECOND_MAX) return;
    m->rejected_now++;
    if (!m->in_transaction)
        m->in_transaction = sqlite3_exec(m->db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK;
    sqlite3_bind_int64(m->reject, 1, r->at_ms);
    bind_str(m->reject, 2, r->source);
    bind_str(m->reject, 3, r->reason);
    bind_str(m->reject, 4, r->sample);
    (void)sqlite3_step(m->reject);
    sqlite3_reset(m->reject);
}

void memo_rejected_each(struct memo *m, i64 before, i64 from, i64 to, str source,
                        bool (*each)(void *ctx, const struct memo_rejected *r), void *ctx)
{
    sqlite3_stmt *s = NULL;
    if (!make(m, &s,
              "SELECT id, at, source, reason, sample FROM rejected WHERE id < ?1 AND at >= ?2"
              " AND at < ?3 AND (?4 = '' OR source = ?4) ORDER BY id DESC"))
        return;
    sqlite3_bind_int64(s, 1, before);
    sqlite3_bind_int64(s, 2, from);
    sqlite3_bind_int64(s, 3, to);
    bind_str(s, 4, source);
    while (sqlite3_step(s) == SQLITE_ROW) {
        struct memo_rejected r = {.id = sqlite3_column_int64(s, 0),
                                  .at_ms = sqlite3_column_int64(s, 1),
                                  .source = column_str(s, 2),
                                  .reason = column_str(s, 3),
                                  .sample = column_str(s, 4)};
        if (!each(ctx, &r)) break;
    }
    sqlite3_finalize(s);
}

void memo_tick(struct memo *m, i64 now)
{
    char sql[200];
    bool refused = m->rejected_now > 0;
    m->rejected_now = 0;
    for (u32 i = 0; i < OLD_A_TICK && drop_oldest(m, now - MEMO_HOURS * HOUR); i++) {
    }
    if (refused) {
        snprintf(sql, sizeof sql,
                 "DELETE FROM rejected WHERE id <= (SELECT max(id) FROM rejected) - %d"
                 " OR at < %lld",
                 MEMO_REJECTED_MAX, (long long)(now - MEMO_REJECTED_DAYS * DAY));
        (void)sqlite3_exec(m->db, sql, NULL, NULL, NULL);
    }
    commit(m);
}

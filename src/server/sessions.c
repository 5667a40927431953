/* sessions.c — the table of sessions. */
#include "server/sessions.h"

#include "server/office_inside.h"
#include "server/token.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdio.h>

void sessions_load(struct office *o)
{
    sqlite3_stmt *s = office_prepare(
        o, "SELECT id, hash, user, created, seen, expires, address, agent FROM sessions"
           " ORDER BY created, id");
    o->session_count = 0;
    while (s && sqlite3_step(s) == SQLITE_ROW && o->session_count < SESSIONS_MAX) {
        struct session *x = &o->sessions[o->session_count];
        str hash = office_column(s, 1);
        if (hash.n != sizeof x->hash) continue;
        office_copy(x->id, OFFICE_ID_MAX, office_column(s, 0));
        memcpy(x->hash, hash.p, hash.n);
        office_copy(x->user, OFFICE_ID_MAX, office_column(s, 2));
        x->created_ms = sqlite3_column_int64(s, 3);
        x->seen_ms = sqlite3_column_int64(s, 4);
        x->expires_ms = sqlite3_column_int64(s, 5);
        office_copy(x->address, sizeof x->address - 1, office_column(s, 6));
        office_copy(x->agent, sizeof x->agent - 1, office_column(s, 7));
        x->seen_changed = false;
        o->session_count++;
    }
    sqlite3_finalize(s);
}

void sessions_write_seen(struct office *o)
{
    for (u32 i = 0; i < o->session_count; i++) {
        struct session *x = &o->sessions[i];
        if (!x->seen_changed) continue;
        sqlite3_stmt *s = office_prepare(o, "UPDATE sessions SET seen = ?2 WHERE id = ?1");
        if (!s) return;
        office_bind(s, 1, str_of(x->id));
        sqlite3_bind_int64(s, 2, x->seen_ms);
        (void)!office_run(o, s, NULL);
        x->seen_changed = false;
    }
}

/* Those that are over, and beyond a bound the oldest of the user. */
static void clean(struct office *o, str user, i64 now)
{
    sqlite3_stmt *s = office_prepare(
        o, "DELETE FROM sessions WHERE expires <= ?1 OR seen <= ?2 OR id IN (SELECT id FROM"
           " sessions WHERE user = ?3 ORDER BY created DESC LIMIT -1 OFFSET ?4)");
    if (!s) return;
    sqlite3_bind_int64(s, 1, now);
    sqlite3_bind_int64(s, 2, now - SESSION_IDLE_MS);
    office_bind(s, 3, user);
    sqlite3_bind_int(s, 4, SESSIONS_OF_USER - 1);
    (void)!office_run(o, s, NULL);
}

static const struct session *by_id(const struct office *o, str id)
{
    for (u32 i = 0; i < o->session_count; i++)
        if (str_eq(str_of(o->sessions[i].id), id)) return &o->sessions[i];
    return NULL;
}

err session_begin(struct office *o, str user, i64 now, str address, str agent, char token[65],
                  const struct session **out, struct diag *why)
{
    char id[OFFICE_ID_MAX + 1];
    u8 hash[32];
    sessions_write_seen(o);
    clean(o, user, now);
    office_random_id(o->env, "session_", id);
    token_make(o->env, S("bk_ses_"), token);
    SHA256((const u8 *)token, strlen(token), hash);
    sqlite3_stmt *s = office_prepare(
        o, "INSERT INTO sessions(id, hash, user, created, seen, expires, address, agent)"
           " VALUES(?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7)");
    if (!s) return office_failed(o, why);
    while (agent.n > 160 || (agent.n && !str_is_utf8(agent))) agent.n = min_size(agent.n - 1, 160);
    office_bind(s, 1, str_of(id));
    sqlite3_bind_blob(s, 2, hash, sizeof hash, SQLITE_TRANSIENT);
    office_bind(s, 3, user);
    sqlite3_bind_int64(s, 4, now);
    sqlite3_bind_int64(s, 5, now + SESSION_MS);
    office_bind(s, 6, address);
    office_bind(s, 7, agent);
    TRY(office_run(o, s, why));
    office_load(o);
    *out = by_id(o, str_of(id));
    return *out ? ERR_OK : diag_set(why, ERR_LIMIT, "there are too many sessions");
}

static bool is_over(const struct session *x, i64 now)
{
    return now >= x->expires_ms || now - x->seen_ms >= SESSION_IDLE_MS;
}

static struct session *by_hash(struct office *o, const u8 hash[32])
{
    struct session *found = NULL;
    for (u32 i = 0; i < o->session_count; i++)
        if (CRYPTO_memcmp(o->sessions[i].hash, hash, 32) == 0) found = &o->sessions[i];
    return found;
}

const struct session *session_check(struct office *o, str token, i64 now, const struct user **who)
{
    u8 hash[32];
    if (!token_valid(S("bk_ses_"), token)) return NULL;
    SHA256((const u8 *)token.p, token.n, hash);
    struct session *x = by_hash(o, hash);
    if (!x && office_reload(o)) x = by_hash(o, hash);
    if (!x || is_over(x, now)) return NULL;
    *who = user_by_id(o, str_of(x->user));
    if (!*who || (*who)->disabled) return NULL;
    if (now - x->seen_ms >= MINUTE) {
        x->seen_ms = now;
        x->seen_changed = o->used_changed = true;
    }
    return x;
}

bool session_lives(const struct office *o, str id, i64 now)
{
    const struct session *x = by_id(o, id);
    const struct user *u = x ? user_by_id(o, str_of(x->user)) : NULL;
    return x && !is_over(x, now) && u && !u->disabled;
}

i64 session_ends(const struct session *s)
{
    return min_i64(s->expires_ms, s->seen_ms + SESSION_IDLE_MS);
}

void session_csrf(str token, char out[CSRF_BYTES + 1])
{
    u8 hash[32];
    char text[80];
    int n = snprintf(text, sizeof text, "csrf/%.*s", (int)min_size(token.n, 64), token.p);
    SHA256((const u8 *)text, (size_t)n, hash);
    for (int i = 0; i < CSRF_BYTES / 2; i++) snprintf(out + (size_t)i * 2, 3, "%02x", hash[i]);
}

err session_end(struct office *o, str user, str id, struct diag *why)
{
    sqlite3_stmt *s = office_prepare(o, "DELETE FROM sessions WHERE id = ?1 AND user = ?2");
    if (!s) return office_failed(o, why);
    office_bind(s, 1, id);
    office_bind(s, 2, user);
    TRY(office_run(o, s, why));
    bool any = sqlite3_changes(o->db) > 0;
    sessions_write_seen(o);
    sessions_load(o);
    return any ? ERR_OK : diag_set(why, ERR_NOT_FOUND, "there is no session of this id");
}

u32 sessions_end(struct office *o, str user, str keep)
{
    sqlite3_stmt *s = office_prepare(o, "DELETE FROM sessions WHERE user = ?1 AND id <> ?2");
    if (!s) return 0;
    office_bind(s, 1, user);
    office_bind(s, 2, keep);
    (void)!office_run(o, s, NULL);
    u32 ended = (u32)sqlite3_changes(o->db);
    sessions_write_seen(o);
    sessions_load(o);
    return ended;
}

u32 sessions_all(const struct office *o, const struct session **out)
{
    *out = o->sessions;
    return o->session_count;
}

#include "server/office_inside.h"
#include "server/token.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

enum { SCHEMA_VERSION = 3, SECRET_MAX = 64 << 10 };

static const char SCHEMA[] =
    "CREATE TABLE keys(id TEXT PRIMARY KEY, name TEXT NOT NULL, hash BLOB NOT NULL UNIQUE,"
    " hint TEXT NOT NULL, scopes INTEGER NOT NULL, created INTEGER NOT NULL,"
    " used INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE TABLE sources(id TEXT PRIMARY KEY, name TEXT NOT NULL, kind INTEGER NOT NULL,"
    " write_key TEXT NOT NULL UNIQUE, created INTEGER NOT NULL) STRICT;"
    "CREATE TABLE secrets(name TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT;"
    "CREATE TABLE settings(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;"
    "CREATE TABLE drafts(kind TEXT NOT NULL, id TEXT NOT NULL, source TEXT NOT NULL,"
    " changed INTEGER NOT NULL, PRIMARY KEY(kind, id)) STRICT;"
    "PRAGMA user_version = 1;";

/* From 1 to 2. */
static const char SCHEMA_AUDIT[] =
    "CREATE TABLE audit(id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL,"
    " key_id TEXT NOT NULL, key_name TEXT NOT NULL, action TEXT NOT NULL, path TEXT NOT NULL,"
    " object TEXT NOT NULL, version_from INTEGER NOT NULL, version_to INTEGER NOT NULL) STRICT;"
    "PRAGMA user_version = 2;";

/* From 2 to 3: people who sign in. */
static const char SCHEMA_USERS[] =
    "CREATE TABLE users(id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE COLLATE NOCASE,"
    " name TEXT NOT NULL, role INTEGER NOT NULL, disabled INTEGER NOT NULL DEFAULT 0,"
    " language TEXT NOT NULL DEFAULT '', password TEXT NOT NULL DEFAULT '',"
    " totp BLOB NOT NULL DEFAULT x'', totp_on INTEGER NOT NULL DEFAULT 0,"
    " totp_step INTEGER NOT NULL DEFAULT 0, recovery TEXT NOT NULL DEFAULT '',"
    " invitation BLOB NOT NULL DEFAULT x'', invited_until INTEGER NOT NULL DEFAULT 0,"
    " created INTEGER NOT NULL, seen INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE TABLE sessions(id TEXT PRIMARY KEY, hash BLOB NOT NULL UNIQUE, user TEXT NOT NULL,"
    " created INTEGER NOT NULL, seen INTEGER NOT NULL, expires INTEGER NOT NULL,"
    " address TEXT NOT NULL, agent TEXT NOT NULL) STRICT;"
    "PRAGMA user_version = 3;";

static const char *const SCOPES[SCOPE_COUNT] = {
#define X(name, text) text,
    SCOPE_LIST(X)
#undef X
};

static const char *const KINDS[SOURCE_KIND_COUNT] = {"server", "browser", "mobile"};

/* ---- statements ---- */

err office_failed(struct office *o, struct diag *why)
{
    int code = sqlite3_extended_errcode(o->db) & 0xff;
    err e = code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? ERR_CORRUPT
            : code == SQLITE_CONSTRAINT                     ? ERR_CONFLICT
            : code == SQLITE_FULL                           ? ERR_FULL
                                                            : ERR_IO;
    return diag_set(why, e, "office.db: %s", sqlite3_errmsg(o->db));
}

sqlite3_stmt *office_prepare(struct office *o, const char *sql)
{
    sqlite3_stmt *s = NULL;
    return sqlite3_prepare_v2(o->db, sql, -1, &s, NULL) == SQLITE_OK ? s : NULL;
}

void office_bind(sqlite3_stmt *s, int at, str text)
{
    sqlite3_bind_text(s, at, text.n ? text.p : "", (int)text.n, SQLITE_TRANSIENT);
}

/* Runs a statement that answers nothing; ends it. */
err office_run(struct office *o, sqlite3_stmt *s, struct diag *why)
{
    err e = ERR_OK;
    if (!s || sqlite3_step(s) != SQLITE_DONE) e = office_failed(o, why);
    sqlite3_finalize(s);
    return e;
}

str office_column(sqlite3_stmt *s, int at)
{
    const void *p = sqlite3_column_blob(s, at);
    return (str){p, p ? (size_t)sqlite3_column_bytes(s, at) : 0};
}

void office_copy(char *out, size_t max, str s)
{
    size_t n = min_size(s.n, max);
    if (n) memcpy(out, s.p, n);
    out[n] = 0;
}

/* ---- loading ---- */

static i64 data_version(struct office *o)
{
    i64 v = sqlite3_step(o->version_query) == SQLITE_ROW ? sqlite3_column_int64(o->version_query, 0)
                                                         : -1;
    sqlite3_reset(o->version_query);
    return v;
}

static void load_keys(struct office *o)
{
    sqlite3_stmt *s = office_prepare(
        o, "SELECT id, name, hint, scopes, created, used, hash FROM keys ORDER BY created, id");
    o->key_count = 0;
    while (s && sqlite3_step(s) == SQLITE_ROW && o->key_count < OFFICE_ROWS_MAX) {
        struct office_key *k = &o->keys[o->key_count];
        str hash = office_column(s, 6);
        if (hash.n != sizeof k->hash) continue;
        office_copy(k->id, OFFICE_ID_MAX, office_column(s, 0));
        office_copy(k->name, OFFICE_NAME_MAX, office_column(s, 1));
        office_copy(k->hint, sizeof k->hint - 1, office_column(s, 2));
        k->scopes = (u32)sqlite3_column_int(s, 3);
        k->created_ms = sqlite3_column_int64(s, 4);
        k->used_ms = sqlite3_column_int64(s, 5);
        memcpy(k->hash, hash.p, hash.n);
        o->key_count++;
    }
    sqlite3_finalize(s);
}

static void load_sources(struct office *o)
{
    sqlite3_stmt *s = office_prepare(
        o, "SELECT id, name, kind, write_key, created FROM sources ORDER BY created, id");
    struct office_source *old = o->sources;
    u32 old_count = o->source_count;
    o->sources = mem_reserve(OFFICE_ROWS_MAX * sizeof *o->sources);
    o->source_count = 0;
    while (s && sqlite3_step(s) == SQLITE_ROW && o->source_count < OFFICE_ROWS_MAX) {
        struct office_source *x = &o->sources[o->source_count++];
        office_copy(x->id, OFFICE_ID_MAX, office_column(s, 0));
        office_copy(x->name, OFFICE_NAME_MAX, office_column(s, 1));
        x->kind = (source_kind)sqlite3_column_int(s, 2);
        if (x->kind >= SOURCE_KIND_COUNT) x->kind = SOURCE_BROWSER;
        office_copy(x->write_key, OFFICE_KEY_MAX, office_column(s, 3));
        x->created_ms = sqlite3_column_int64(s, 4);
        for (u32 i = 0; i < old_count; i++)
            if (strcmp(old[i].id, x->id) == 0) x->code = old[i].code;
    }
    sqlite3_finalize(s);
    mem_release(old, OFFICE_ROWS_MAX * sizeof *old);
}

void office_load(struct office *o)
{
    o->version = data_version(o);
    load_keys(o);
    load_sources(o);
    users_load(o);
    sessions_load(o);
}

static void write_used(struct office *o)
{
    for (u32 i = 0; i < o->key_count; i++) {
        sqlite3_stmt *s =
            office_prepare(o, "UPDATE keys SET used = ?1 WHERE id = ?2 AND used < ?1");
        if (!s) return;
        sqlite3_bind_int64(s, 1, o->keys[i].used_ms);
        office_bind(s, 2, str_of(o->keys[i].id));
        (void)!office_run(o, s, NULL);
    }
    sessions_write_seen(o);
    o->used_changed = false;
}

bool office_reload(struct office *o)
{
    if (data_version(o) == o->version) return false;
    if (o->used_changed) write_used(o);
    office_load(o);
    return true;
}

void office_refresh(struct office *o)
{
    if (!office_reload(o) && o->used_changed) write_used(o);
}

/* ---- opening ---- */

static err migrate(struct office *o, struct diag *why)
{
    sqlite3_stmt *s = office_prepare(o, "PRAGMA user_version");
    int have = s && sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int(s, 0) : -1;
    sqlite3_finalize(s);
    if (have < 0) return office_failed(o, why);
    if (have > SCHEMA_VERSION)
        return diag_set(why, ERR_UNSUPPORTED, "office.db is of a later version (%d)", have);
    if (have == SCHEMA_VERSION) return ERR_OK;
    if (have < 1 && sqlite3_exec(o->db, SCHEMA, NULL, NULL, NULL) != SQLITE_OK)
        return office_failed(o, why);
    if (have < 2 && sqlite3_exec(o->db, SCHEMA_AUDIT, NULL, NULL, NULL) != SQLITE_OK)
        return office_failed(o, why);
    if (have < 3 && sqlite3_exec(o->db, SCHEMA_USERS, NULL, NULL, NULL) != SQLITE_OK)
        return office_failed(o, why);
    return ERR_OK;
}

/* The write lock comes first, so that two processes that start together do not both create. */
static err open_database(struct office *o, const char *path, struct diag *why)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, &o->db, flags, NULL) != SQLITE_OK) return office_failed(o, why);
    sqlite3_busy_timeout(o->db, 5000);
    static const char SETUP[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                                "PRAGMA trusted_schema = OFF; BEGIN IMMEDIATE;";
    if (sqlite3_exec(o->db, SETUP, NULL, NULL, NULL) != SQLITE_OK) return office_failed(o, why);
    err e = migrate(o, why);
    if (sqlite3_exec(o->db, e == ERR_OK ? "COMMIT" : "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK)
        return office_failed(o, why);
    TRY(e);
    o->version_query = office_prepare(o, "PRAGMA data_version");
    return o->version_query ? ERR_OK : office_failed(o, why);
}

err office_open(struct env *env, const char *dir, struct office **out, struct diag *why)
{
    char path[4096];
    struct office *o = mem_zalloc(sizeof *o);
    o->env = env;
    o->keys = mem_reserve(OFFICE_ROWS_MAX * sizeof *o->keys);
    o->sources = mem_reserve(OFFICE_ROWS_MAX * sizeof *o->sources);
    o->users = mem_reserve(USERS_MAX * sizeof *o->users);
    o->sessions = mem_reserve(SESSIONS_MAX * sizeof *o->sessions);
    snprintf(path, sizeof path, "%s/office.key", dir);
    err e = seal_key_load(env, path, &o->seal);
    if (e != ERR_OK) diag_set(why, e, "%s cannot be read or made", path);
    snprintf(path, sizeof path, "%s/office.db", dir);
    if (e == ERR_OK) e = open_database(o, path, why);
    if (e != ERR_OK) {
        office_close(o);
        return e;
    }
    office_load(o);
    *out = o;
    return ERR_OK;
}

void office_close(struct office *o)
{
    if (!o) return;
    if (o->db && o->used_changed) write_used(o);
    sqlite3_finalize(o->version_query);
    sqlite3_close(o->db);
    mem_release(o->keys, OFFICE_ROWS_MAX * sizeof *o->keys);
    mem_release(o->sources, OFFICE_ROWS_MAX * sizeof *o->sources);
    OPENSSL_cleanse(o->users, o->user_count * sizeof *o->users);
    mem_release(o->users, USERS_MAX * sizeof *o->users);
    mem_release(o->sessions, SESSIONS_MAX * sizeof *o->sessions);
    OPENSSL_cleanse(&o->seal, sizeof o->seal);
    free(o);
}

/* ---- keys ---- */

err scopes_parse(str text, u32 *out, struct diag *why)
{
    *out = 0;
    while (text.n > 0) {
        ptrdiff_t comma = str_index(text, ',');
        size_t n = comma < 0 ? text.n : (size_t)comma;
        str one = str_trim(str_slice(text, 0, n));
        u32 found = 0;
        for (u32 i = 0; i < SCOPE_COUNT; i++)
            if (str_eq(one, str_of(SCOPES[i]))) found = scope_bit((scope)i);
        if (!found) return diag_set(why, ERR_REFUSED, "\"%.*s\" is not a scope", STR_ARG(one));
        *out |= found;
        text = str_slice(text, n + 1, text.n);
    }
    return *out ? ERR_OK : diag_set(why, ERR_REFUSED, "a key needs at least one scope");
}

void scopes_put(struct buf *out, u32 scopes)
{
    buf_byte(out, '[');
    for (u32 i = 0; i < SCOPE_COUNT; i++)
        if (scopes & scope_bit((scope)i)) {
            json_put_comma(out);
            json_put_str(out, str_of(SCOPES[i]));
        }
    buf_byte(out, ']');
}

static err check_name(str name, struct diag *why)
{
    if (str_trim(name).n == 0 || name.n > OFFICE_NAME_MAX || !str_is_utf8(name))
        return diag_at(why, ERR_REFUSED, S("/name"), "a name of 1 to %d bytes is needed",
                       OFFICE_NAME_MAX);
    return ERR_OK;
}

/* Ids are letters, digits, - and _, so that they stand in a path as they are. */
static err check_id(str id, struct diag *why)
{
    bool good = id.n > 0 && id.n <= OFFICE_ID_MAX;
    for (size_t i = 0; i < id.n; i++) {
        char c = id.p[i];
        good &=
            (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' || c == '_';
    }
    if (good) return ERR_OK;
    return diag_at(why, ERR_REFUSED, S("/id"), "an id is 1 to %d letters, digits, - and _",
                   OFFICE_ID_MAX);
}

void office_random_id(struct env *env, const char *prefix, char out[OFFICE_ID_MAX + 1])
{
    u64 r;
    env_random(env, &r, sizeof r);
    snprintf(out, OFFICE_ID_MAX + 1, "%s%012llx", prefix, (unsigned long long)(r >> 16));
}

static const struct office_key *key_by_id(const struct office *o, str id)
{
    for (u32 i = 0; i < o->key_count; i++)
        if (str_eq(str_of(o->keys[i].id), id)) return &o->keys[i];
    return NULL;
}

err office_key_create(struct office *o, str name, u32 scopes, i64 now, char key[OFFICE_KEY_MAX + 1],
                      const struct office_key **out, struct diag *why)
{
    TRY(check_name(name, why));
    if (o->key_count >= OFFICE_ROWS_MAX) return diag_set(why, ERR_LIMIT, "there are too many keys");
    char id[OFFICE_ID_MAX + 1];
    u8 hash[32];
    office_random_id(o->env, "key_", id);
    token_make(o->env, S("bk_live_"), key);
    SHA256((const u8 *)key, strlen(key), hash);
    sqlite3_stmt *s = office_prepare(o, "INSERT INTO keys(id, name, hash, hint, scopes, created)"
                                        " VALUES(?1, ?2, ?3, ?4, ?5, ?6)");
    if (!s) return office_failed(o, why);
    office_bind(s, 1, str_of(id));
    office_bind(s, 2, name);
    sqlite3_bind_blob(s, 3, hash, sizeof hash, SQLITE_TRANSIENT);
    office_bind(s, 4, str_slice(str_of(key), 0, 12));
    sqlite3_bind_int64(s, 5, scopes);
    sqlite3_bind_int64(s, 6, now);
    TRY(office_run(o, s, why));
    office_load(o);
    if (out) *out = key_by_id(o, str_of(id));
    return ERR_OK;
}

static err delete_row(struct office *o, const char *sql, str id, struct diag *why)
{
    sqlite3_stmt *s = office_prepare(o, sql);
    if (!s) return office_failed(o, why);
    office_bind(s, 1, id);
    TRY(office_run(o, s, why));
    if (sqlite3_changes(o->db) == 0)
        return diag_set(why, ERR_NOT_FOUND, "there is none of this id");
    office_load(o);
    return ERR_OK;
}

err office_key_delete(struct office *o, str id, struct diag *why)
{
    return delete_row(o, "DELETE FROM keys WHERE id = ?1", id, why);
}

static struct office_key *key_of_hash(struct office *o, const u8 hash[32])
{
    struct office_key *found = NULL;
    for (u32 i = 0; i < o->key_count; i++)
        if (CRYPTO_memcmp(o->keys[i].hash, hash, 32) == 0) found = &o->keys[i];
    return found;
}

const struct office_key *office_key_check(struct office *o, str key, i64 now)
{
    u8 hash[32];
    if (!token_valid(S("bk_live_"), key)) return NULL;
    SHA256((const u8 *)key.p, key.n, hash);
    struct office_key *k = key_of_hash(o, hash);
    if (!k && office_reload(o)) k = key_of_hash(o, hash);
    if (k && now - k->used_ms >= MINUTE) {
        k->used_ms = now;
        o->used_changed = true;
    }
    return k;
}

u32 office_keys(const struct office *o, const struct office_key **out)
{
    *out = o->keys;
    return o->key_count;
}

/* ---- sources ---- */

str source_kind_text(source_kind k)
{
    return str_of(KINDS[k]);
}

bool source_kind_parse(str text, source_kind *out)
{
    for (u32 i = 0; i < SOURCE_KIND_COUNT; i++)
        if (str_eq(text, str_of(KINDS[i]))) {
            *out = (source_kind)i;
            return true;
        }
    return false;
}

err office_source_create(struct office *o, str id, str name, source_kind kind, i64 now,
                         struct office_source **out, struct diag *why)
{
    char made[OFFICE_ID_MAX + 1], write_key[65];
    TRY(check_name(name, why));
    if (id.n == 0) {
        office_random_id(o->env, "src_", made);
        id = str_of(made);
    }
    TRY(check_id(id, why));
    if (o->source_count >= OFFICE_ROWS_MAX)
        return diag_set(why, ERR_LIMIT, "there are too many sources");
    if (office_source_by_id(o, id))
        return diag_at(why, ERR_CONFLICT, S("/id"), "there is already a source of this id");
    token_make(o->env, S("bk_src_"), write_key);
    sqlite3_stmt *s = office_prepare(o, "INSERT INTO sources(id, name, kind, write_key, created)"
                                        " VALUES(?1, ?2, ?3, ?4, ?5)");
    if (!s) return office_failed(o, why);
    office_bind(s, 1, id);
    office_bind(s, 2, name);
    sqlite3_bind_int(s, 3, (int)kind);
    office_bind(s, 4, str_of(write_key));
    sqlite3_bind_int64(s, 5, now);
    TRY(office_run(o, s, why));
    office_load(o);
    *out = office_source_by_key(o, str_of(write_key));
    return *out ? ERR_OK : office_failed(o, why);
}

err office_source_delete(struct office *o, str id, struct diag *why)
{
    return delete_row(o, "DELETE FROM sources WHERE id = ?1", id, why);
}

static struct office_source *source_of_key(struct office *o, str key)
{
    struct office_source *found = NULL;
    for (u32 i = 0; i < o->source_count; i++) {
        const char *have = o->sources[i].write_key;
        if (have[key.n] == 0 && CRYPTO_memcmp(have, key.p, key.n) == 0) found = &o->sources[i];
    }
    return found;
}

struct office_source *office_source_by_key(struct office *o, str write_key)
{
    if (!token_valid(S("bk_src_"), write_key)) return NULL;
    struct office_source *s = source_of_key(o, write_key);
    if (!s && office_reload(o)) s = source_of_key(o, write_key);
    return s;
}

struct office_source *office_source_by_id(struct office *o, str id)
{
    for (u32 i = 0; i < o->source_count; i++)
        if (str_eq(str_of(o->sources[i].id), id)) return &o->sources[i];
    return NULL;
}

u32 office_sources(struct office *o, struct office_source **out)
{
    *out = o->sources;
    return o->source_count;
}

/* ---- sealed and plain settings ---- */

err office_secret_put(struct office *o, str name, str secret, struct diag *why)
{
    if (secret.n == 0) {
        err e = delete_row(o, "DELETE FROM secrets WHERE name = ?1", name, NULL);
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    }
    if (secret.n > SECRET_MAX) return diag_set(why, ERR_TOO_LARGE, "the secret is too long");
    struct buf b;
    buf_init(&b, SECRET_MAX + 64);
    seal_put(o->env, &o->seal, name, secret, &b);
    sqlite3_stmt *s =
        office_prepare(o, "INSERT OR REPLACE INTO secrets(name, sealed) VALUES(?1, ?2)");
    if (s) {
        office_bind(s, 1, name);
        sqlite3_bind_blob(s, 2, b.p, (int)b.n, SQLITE_TRANSIENT);
    }
    buf_clear(&b);
    return office_run(o, s, why);
}

err office_secret_get(struct office *o, str name, struct arena *arena, str *out, struct diag *why)
{
    sqlite3_stmt *s = office_prepare(o, "SELECT sealed FROM secrets WHERE name = ?1");
    if (!s) return office_failed(o, why);
    office_bind(s, 1, name);
    err e = diag_set(NULL, ERR_NOT_FOUND, "none");
    if (sqlite3_step(s) == SQLITE_ROW)
        e = seal_get(&o->seal, name, office_column(s, 0), arena, out);
    sqlite3_finalize(s);
    if (e == ERR_CORRUPT)
        diag_set(why, e, "the secret cannot be opened with this directory's office.key");
    return e;
}

err office_setting_put(struct office *o, str name, str value, struct diag *why)
{
    sqlite3_stmt *s =
        office_prepare(o, "INSERT OR REPLACE INTO settings(name, value) VALUES(?1, ?2)");
    if (!s) return office_failed(o, why);
    office_bind(s, 1, name);
    office_bind(s, 2, value);
    return office_run(o, s, why);
}

str office_setting_get(struct office *o, str name, struct arena *arena)
{
    sqlite3_stmt *s = office_prepare(o, "SELECT value FROM settings WHERE name = ?1");
    str value = {0};
    if (s) office_bind(s, 1, name);
    if (s && sqlite3_step(s) == SQLITE_ROW) value = arena_str(arena, office_column(s, 0));
    sqlite3_finalize(s);
    return value;
}

const struct seal_key *office_seal(const struct office *o)
{
    return &o->seal;
}

/* ---- drafts ---- */

err office_draft_put(struct office *o, str kind, str id, str source, i64 now, struct diag *why)
{
    sqlite3_stmt *s = office_prepare(o, "INSERT OR REPLACE INTO drafts VALUES(?1, ?2, ?3, ?4)");
    if (!s) return office_failed(o, why);
    office_bind(s, 1, kind);
    office_bind(s, 2, id);
    office_bind(s, 3, source);
    sqlite3_bind_int64(s, 4, now);
    return office_run(o, s, why);
}

err office_draft_delete(struct office *o, str kind, str id, struct diag *why)
{
    sqlite3_stmt *s = office_prepare(o, "DELETE FROM drafts WHERE kind = ?1 AND id = ?2");
    if (!s) return office_failed(o, why);
    office_bind(s, 1, kind);
    office_bind(s, 2, id);
    TRY(office_run(o, s, why));
    if (sqlite3_changes(o->db) > 0) return ERR_OK;
    return diag_set(why, ERR_NOT_FOUND, "there is no draft of this id");
}

str office_draft_get(struct office *o, str kind, str id, struct arena *arena)
{
    sqlite3_stmt *s = office_prepare(o, "SELECT source FROM drafts WHERE kind = ?1 AND id = ?2");
    str source = {0};
    if (s) office_bind(s, 1, kind);
    if (s) office_bind(s, 2, id);
    if (s && sqlite3_step(s) == SQLITE_ROW) source = arena_str(arena, office_column(s, 0));
    sqlite3_finalize(s);
    return source;
}

void office_drafts(struct office *o, str kind, void (*each)(void *ctx, str id, str source),
                   void *ctx)
{
    sqlite3_stmt *s =
        office_prepare(o, "SELECT id, source FROM drafts WHERE kind = ?1 ORDER BY id");
    if (s) office_bind(s, 1, kind);
    while (s && sqlite3_step(s) == SQLITE_ROW) each(ctx, office_column(s, 0), office_column(s, 1));
    sqlite3_finalize(s);
}

/* ---- the audit trail ---- */

err office_audit_put(struct office *o, const struct office_audit *a, struct diag *why)
{
    sqlite3_stmt *s = office_prepare(
        o, "INSERT INTO audit(at, key_id, key_name, action, path, object, version_from,"
           " version_to) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
    if (!s) return office_failed(o, why);
    sqlite3_bind_int64(s, 1, a->at_ms);
    office_bind(s, 2, a->key_id);
    office_bind(s, 3, a->key_name);
    office_bind(s, 4, a->action);
    office_bind(s, 5, a->path);
    office_bind(s, 6, a->object);
    sqlite3_bind_int64(s, 7, a->version_from);
    sqlite3_bind_int64(s, 8, a->version_to);
    TRY(office_run(o, s, why));
    s = office_prepare(o, "DELETE FROM audit WHERE id <= ?1");
    if (!s) return office_failed(o, why);
    sqlite3_bind_int64(s, 1, sqlite3_last_insert_rowid(o->db) - OFFICE_AUDIT_MAX);
    return office_run(o, s, why);
}

void office_audit_each(struct office *o, i64 before,
                       bool (*each)(void *ctx, const struct office_audit *a), void *ctx)
{
    sqlite3_stmt *s =
        office_prepare(o, "SELECT id, at, key_id, key_name, action, path, object, version_from,"
                          " version_to FROM audit WHERE id < ?1 ORDER BY id DESC");
    if (s) sqlite3_bind_int64(s, 1, before);
    while (s && sqlite3_step(s) == SQLITE_ROW) {
        struct office_audit a = {.id = sqlite3_column_int64(s, 0),
                                 .at_ms = sqlite3_column_int64(s, 1),
                                 .key_id = office_column(s, 2),
                                 .key_name = office_column(s, 3),
                                 .action = office_column(s, 4),
                                 .path = office_column(s, 5),
                                 .object = office_column(s, 6),
                                 .version_from = sqlite3_column_int64(s, 7),
                                 .version_to = sqlite3_column_int64(s, 8)};
        if (!each(ctx, &a)) break;
    }
    sqlite3_finalize(s);
}

/* office.h — what only people need, in SQLite: keys, sources, channel secrets, settings of pages.
 *
 *   office.db (WAL) ── loaded whole ──► tables in memory ──► key and source checks, no query each
 *        ▲                                   ▲ loaded again when another process wrote
 * (data_version) └── the command line, while serving ┘
 *
 * API keys are kept as SHA-256 only and shown once. Write keys may only bring events in; pages show
 * them again, so they are kept readable. Secrets are sealed with AES-256-GCM under a key file
 * beside the database. One thread uses an office; another process, or thread, opens its own. */
#pragma once
#include "base/buf.h"
#include "base/json.h"
#include "env/env.h"
#include "server/seal.h"

struct office;

/* What a key may do. ADMIN may do everything. */
#define SCOPE_LIST(X)                                                                              \
    X(ADMIN, "admin")                                                                              \
    X(CUSTOMERS_READ, "customers:read")                                                            \
    X(CUSTOMERS_WRITE, "customers:write")                                                          \
    X(CONFIG_READ, "configuration:read")                                                           \
    X(CONFIG_WRITE, "configuration:write")                                                         \
    X(REPORTS_READ, "reports:read")                                                                \
    X(INGEST, "ingest")

typedef enum {
#define X(name, text) SCOPE_##name,
    SCOPE_LIST(X)
#undef X
        SCOPE_COUNT
} scope;

static inline u32 scope_bit(scope s)
{
    return 1u << s;
}
static inline bool scope_allows(u32 scopes, scope wanted)
{
    return (scopes & (scope_bit(SCOPE_ADMIN) | scope_bit(wanted))) != 0;
}

enum { OFFICE_NAME_MAX = 200, OFFICE_ID_MAX = 64, OFFICE_KEY_MAX = 64, OFFICE_ROWS_MAX = 10000 };

struct office_key {
    char id[OFFICE_ID_MAX + 1], name[OFFICE_NAME_MAX + 1], hint[16]; /* hint: how the key begins */
    u32 scopes;
    i64 created_ms, used_ms; /* used: 0 = never */
    u8 hash[32];
};

typedef enum { SOURCE_SERVER, SOURCE_BROWSER, SOURCE_MOBILE, SOURCE_KIND_COUNT } source_kind;

struct office_source {
    char id[OFFICE_ID_MAX + 1], name[OFFICE_NAME_MAX + 1], write_key[OFFICE_KEY_MAX + 1];
    source_kind kind;
    i64 created_ms;
    u32 code; /* the server's: NAME_SOURCE code, 0 until it is known; kept over reloads */
};

/* Opens or creates `dir`/office.db and its key file. ERR_IO, ERR_CORRUPT, ERR_UNSUPPORTED (a later
 * version's), with the reason. */
MUST_USE err office_open(struct env *env, const char *dir, struct office **out, struct diag *why);
void office_close(struct office *o); /* NULL is allowed */
/* Loads again if another connection wrote; also writes down when keys were used. Some µs. */
void office_refresh(struct office *o);

/* ---- API keys ---- */

/* "admin" or a list "a,b" of scopes. ERR_REFUSED names the one that is none. */
MUST_USE err scopes_parse(str text, u32 *out, struct diag *why);
void scopes_put(struct buf *out, u32 scopes); /* as a JSON list */
/* Makes a key; `key` gets its text, the only time. */
MUST_USE err office_key_create(struct office *o, str name, u32 scopes, i64 now,
                               char key[OFFICE_KEY_MAX + 1], const struct office_key **out,
                               struct diag *why);
MUST_USE err office_key_delete(struct office *o, str id, struct diag *why);
/* The key with this text, or NULL. Compares hashes in constant time; remembers `now` as last used.
 */
const struct office_key *office_key_check(struct office *o, str key, i64 now);
u32 office_keys(const struct office *o, const struct office_key **out); /* in order of creation */

/* ---- sources ---- */

str source_kind_text(source_kind k);
bool source_kind_parse(str text, source_kind *out);
/* `id` empty: one is made. ERR_CONFLICT if it is taken, ERR_REFUSED for a bad name or id. */
MUST_USE err office_source_create(struct office *o, str id, str name, source_kind kind, i64 now,
                                  struct office_source **out, struct diag *why);
MUST_USE err office_source_delete(struct office *o, str id, struct diag *why);
/* By its write key, or NULL. Good until the next call that may reload. */
struct office_source *office_source_by_key(struct office *o, str write_key);
struct office_source *office_source_by_id(struct office *o, str id);
u32 office_sources(struct office *o, struct office_source **out);

/* ---- sealed and plain settings ---- */

/* A secret text under a name ("channel/mail/password"); empty removes it. */
MUST_USE err office_secret_put(struct office *o, str name, str secret, struct diag *why);
/* Into `arena`; ERR_NOT_FOUND, ERR_CORRUPT. */
MUST_USE err office_secret_get(struct office *o, str name, struct arena *arena, str *out,
                               struct diag *why);
MUST_USE err office_setting_put(struct office *o, str name, str value, struct diag *why);
str office_setting_get(struct office *o, str name, struct arena *arena); /* empty: none */

/* The key that secrets are sealed with. */
const struct seal_key *office_seal(const struct office *o);

/* ---- drafts: what is being written and not yet published ---- */

MUST_USE err office_draft_put(struct office *o, str kind, str id, str source, i64 now,
                              struct diag *why);
MUST_USE err office_draft_delete(struct office *o, str kind, str id, struct diag *why);
/* Into `arena`; empty: there is none. */
str office_draft_get(struct office *o, str kind, str id, struct arena *arena);
/* Every draft of a kind, by id; views are good during the call. */
void office_drafts(struct office *o, str kind, void (*each)(void *ctx, str id, str source),
                   void *ctx);

/* ---- the audit trail: who changed what; only ever added to, the oldest go beyond a bound ---- */

enum { OFFICE_AUDIT_MAX = 100000 };
struct office_audit {
    i64 id, at_ms;
    str key_id, key_name, action, path, object; /* object: its id, if it is one that has versions */
    i64 version_from, version_to;               /* 0: was not there, is gone; or it has none */
};
MUST_USE err office_audit_put(struct office *o, const struct office_audit *a, struct diag *why);
/* Newest first, ids below `before`; `each` ends the list with false. */
void office_audit_each(struct office *o, i64 before,
                       bool (*each)(void *ctx, const struct office_audit *a), void *ctx);

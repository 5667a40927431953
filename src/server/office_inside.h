/* office_inside.h — what the files of the back office share: the connection, the tables in memory,
 * statements.
 *
 *   office.c    opening, keys, sources, secrets, drafts, the audit trail
 *   users.c     people who sign in            sessions.c   their sessions */
#pragma once
#include "server/office.h"
#include "server/sessions.h"
#include "server/users.h"

#include <sqlite3.h>

struct office {
    struct env *env;
    sqlite3 *db;
    sqlite3_stmt *version_query;
    i64 version; /* data_version when the tables were loaded */
    struct seal_key seal;
    struct office_key *keys;
    struct office_source *sources;
    struct user *users;
    struct session *sessions;
    u32 key_count, source_count, user_count, session_count;
    bool used_changed;
};

err office_failed(struct office *o, struct diag *why); /* what SQLite says */
sqlite3_stmt *office_prepare(struct office *o, const char *sql);
void office_bind(sqlite3_stmt *s, int at, str text);
/* Runs a statement that answers nothing; ends it. */
err office_run(struct office *o, sqlite3_stmt *s, struct diag *why);
str office_column(sqlite3_stmt *s, int at);
void office_copy(char *out, size_t max, str s); /* cut to `max` bytes, and a NUL */
void office_random_id(struct env *env, const char *prefix, char out[OFFICE_ID_MAX + 1]);
void office_load(struct office *o);   /* all tables */
bool office_reload(struct office *o); /* if another connection wrote */

void users_load(struct office *o);
void sessions_load(struct office *o);
void sessions_write_seen(struct office *o);

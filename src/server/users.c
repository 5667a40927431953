/* users.c — the table of people who sign in. */
#include "server/users.h"

#include "server/office_inside.h"
#include "server/token.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdio.h>

enum { RECOVERY_TEXT_MAX = RECOVERY_CODES * 65 };

static const char *const ROLES[ROLE_COUNT] = {
#define X(name, text) text,
    ROLE_LIST(X)
#undef X
};

u32 role_scopes(role r)
{
    u32 reads = scope_bit(SCOPE_CUSTOMERS_READ) | scope_bit(SCOPE_CONFIG_READ) |
                scope_bit(SCOPE_REPORTS_READ);
    switch (r) {
    case ROLE_OWNER:
    case ROLE_ADMIN: return scope_bit(SCOPE_ADMIN);
    case ROLE_MARKETER:
        return reads | scope_bit(SCOPE_CUSTOMERS_WRITE) | scope_bit(SCOPE_CONFIG_WRITE);
    case ROLE_APPROVER: return reads | scope_bit(SCOPE_CONFIG_WRITE);
    default: return reads;
    }
}

str role_text(role r)
{
    return str_of(ROLES[r]);
}

bool role_parse(str text, role *out)
{
    for (u32 i = 0; i < ROLE_COUNT; i++)
        if (str_eq(text, str_of(ROLES[i]))) {
            *out = (role)i;
            return true;
        }
    return false;
}

/* ---- loading ---- */

static str secret_name(str id, char room[OFFICE_ID_MAX + 8])
{
    int n =
        snprintf(room, OFFICE_ID_MAX + 8, "totp/%.*s", (int)min_size(id.n, OFFICE_ID_MAX), id.p);
    return (str){room, (size_t)n};
}

/* A secret that cannot be opened (another directory's key) lets nobody in by it. */
static void load_totp(struct office *o, struct user *u, str sealed)
{
    struct arena *a = arena_new();
    char room[OFFICE_ID_MAX + 8];
    str secret = {0};
    memset(u->totp, 0, sizeof u->totp);
    if (sealed.n &&
        seal_get(&o->seal, secret_name(str_of(u->id), room), sealed, a, &secret) == ERR_OK &&
        secret.n == TOTP_SECRET)
        memcpy(u->totp, secret.p, TOTP_SECRET);
    else if (u->totp_on)
        env_random(o->env, u->totp, TOTP_SECRET);
    arena_free(a);
}

static void load_one(struct office *o, sqlite3_stmt *s, struct user *u)
{
    str invitation = office_column(s, 10);
    memset(u, 0, sizeof *u);
    office_copy(u->id, OFFICE_ID_MAX, office_column(s, 0));
    office_copy(u->email, EMAIL_MAX, office_column(s, 1));
    office_copy(u->name, OFFICE_NAME_MAX, office_column(s, 2));
    u->role = (role)sqlite3_column_int(s, 3);
    if (u->role >= ROLE_COUNT) u->role = ROLE_ANALYST;
    u->disabled = sqlite3_column_int(s, 4) != 0;
    office_copy(u->language, sizeof u->language - 1, office_column(s, 5));
    office_copy(u->password, PASSWORD_TEXT_MAX - 1, office_column(s, 6));
    u->totp_on = sqlite3_column_int(s, 8) != 0;
    u->totp_step = sqlite3_column_int64(s, 9);
    if (invitation.n == sizeof u->invitation) {
        memcpy(u->invitation, invitation.p, invitation.n);
        u->invited_until_ms = sqlite3_column_int64(s, 11);
    }
    u->created_ms = sqlite3_column_int64(s, 12);
    u->seen_ms = sqlite3_column_int64(s, 13);
    load_totp(o, u, office_column(s, 7));
}

void users_load(struct office *o)
{
    sqlite3_stmt *s = office_prepare(
        o, "SELECT id, email, name, role, disabled, language, password, totp, totp_on, totp_step,"
           " invitation, invited_until, created, seen FROM users ORDER BY created, id");
    o->user_count = 0;
    while (s && sqlite3_step(s) == SQLITE_ROW && o->user_count < USERS_MAX)
        load_one(o, s, &o->users[o->user_count++]);
    sqlite3_finalize(s);
}

u32 users_all(const struct office *o, const struct user **out)
{
    *out = o->users;
    return o->user_count;
}

const struct user *user_by_id(const struct office *o, str id)
{
    for (u32 i = 0; i < o->user_count; i++)
        if (str_eq(str_of(o->users[i].id), id)) return &o->users[i];
    return NULL;
}

const struct user *user_by_email(const struct office *o, str email)
{
    for (u32 i = 0; i < o->user_count; i++)
        if (str_eq_nocase(str_of(o->users[i].email), email)) return &o->users[i];
    return NULL;
}

/* ---- making and changing ---- */

static err none(struct diag *why)
{
    return diag_set(why, ERR_NOT_FOUND, "there is no user of this id");
}

static err check_name(str name, struct diag *why)
{
    bool good = name.n <= OFFICE_NAME_MAX && str_is_utf8(name);
    for (size_t i = 0; i < name.n; i++) good &= (u8)name.p[i] >= ' ';
    if (good) return ERR_OK;
    return diag_at(why, ERR_REFUSED, S("/name"), "a name is a text of at most %d bytes",
                   OFFICE_NAME_MAX);
}

err user_check_new(str email, str name, struct diag *why)
{
    ptrdiff_t at = str_index(email, '@');
    bool good = at > 0 && (size_t)at + 1 < email.n && email.n <= EMAIL_MAX && str_is_utf8(email);
    for (size_t i = 0; i < email.n; i++)
        good &= (u8)email.p[i] > ' ' && email.p[i] != '<' && email.p[i] != '>' &&
                email.p[i] != '"' && (email.p[i] != '@' || (ptrdiff_t)i == at);
    if (!good)
        return diag_at(why, ERR_REFUSED, S("/email"),
                       "an e-mail address is needed, such as li@example.com");
    return check_name(name, why);
}

err user_create(struct office *o, const struct user_new *u, i64 now, const struct user **out,
                struct diag *why)
{
    char id[OFFICE_ID_MAX + 1];
    TRY(user_check_new(u->email, u->name, why));
    if (o->user_count >= USERS_MAX) return diag_set(why, ERR_LIMIT, "there are too many users");
    if (user_by_email(o, u->email))
        return diag_at(why, ERR_CONFLICT, S("/email"), "there is already a user of this address");
    office_random_id(o->env, "user_", id);
    sqlite3_stmt *s = office_prepare(
        o, "INSERT INTO users(id, email, name, role, password, created) SELECT ?1, ?2, ?3, ?4, ?5,"
           " ?6 WHERE ?7 = 0 OR NOT EXISTS (SELECT 1 FROM users)");
    if (!s) return office_failed(o, why);
    office_bind(s, 1, str_of(id));
    office_bind(s, 2, u->email);
    office_bind(s, 3, u->name);
    sqlite3_bind_int(s, 4, (int)u->role);
    office_bind(s, 5, u->password);
    sqlite3_bind_int64(s, 6, now);
    sqlite3_bind_int(s, 7, u->only_first);
    TRY(office_run(o, s, why));
    bool made = sqlite3_changes(o->db) > 0;
    office_load(o);
    *out = user_by_id(o, str_of(id));
    if (!made)
        return diag_set(why, ERR_CONFLICT, "the first administrator is there already: sign in");
    return *out ? ERR_OK : office_failed(o, why);
}

/* Is this the only owner who may sign in? */
static bool is_last_owner(const struct office *o, const struct user *u)
{
    u32 owners = 0;
    for (u32 i = 0; i < o->user_count; i++) {
        const struct user *x = &o->users[i];
        owners += x->role == ROLE_OWNER && !x->disabled && x->password[0];
    }
    return u->role == ROLE_OWNER && !u->disabled && u->password[0] && owners == 1;
}

static err last_owner(struct diag *why)
{
    return diag_set(why, ERR_CONFLICT,
                    "this is the only owner; make somebody else an owner before");
}

err user_change(struct office *o, str id, const struct user_change *ch, struct diag *why)
{
    const struct user *u = user_by_id(o, id);
    if (!u) return none(why);
    role r = ch->role == ROLE_COUNT ? u->role : ch->role;
    bool disabled = ch->disabled < 0 ? u->disabled : ch->disabled > 0;
    if (ch->name) TRY(check_name(*ch->name, why));
    if ((r != ROLE_OWNER || disabled) && is_last_owner(o, u)) return last_owner(why);
    sqlite3_stmt *s = office_prepare(
        o, "UPDATE users SET name = ?2, language = ?3, role = ?4, disabled = ?5 WHERE id = ?1");
    if (!s) return office_failed(o, why);
    office_bind(s, 1, id);
    office_bind(s, 2, ch->name ? *ch->name : str_of(u->name));
    office_bind(s, 3, ch->language ? *ch->language : str_of(u->language));
    sqlite3_bind_int(s, 4, (int)r);
    sqlite3_bind_int(s, 5, disabled);
    TRY(office_run(o, s, why));
    if (disabled) sessions_end(o, id, (str){0});
    office_load(o);
    return ERR_OK;
}

/* A statement about one user: ?1 is the id. */
static err run_for(struct office *o, sqlite3_stmt *s, str id, struct diag *why)
{
    if (!s) return office_failed(o, why);
    office_bind(s, 1, id);
    TRY(office_run(o, s, why));
    bool any = sqlite3_changes(o->db) > 0;
    office_load(o);
    return any ? ERR_OK : none(why);
}

err user_delete(struct office *o, str id, struct diag *why)
{
    const struct user *u = user_by_id(o, id);
    if (!u) return none(why);
    if (is_last_owner(o, u)) return last_owner(why);
    sessions_end(o, id, (str){0});
    return run_for(o, office_prepare(o, "DELETE FROM users WHERE id = ?1"), id, why);
}

err user_set_password(struct office *o, str id, str encoded, str keep, struct diag *why)
{
    sqlite3_stmt *s = office_prepare(
        o, "UPDATE users SET password = ?2, invitation = x'', invited_until = 0 WHERE id = ?1");
    if (s) office_bind(s, 2, encoded);
    sessions_end(o, id, keep);
    return run_for(o, s, id, why);
}

void user_seen(struct office *o, str id, i64 now)
{
    sqlite3_stmt *s = office_prepare(o, "UPDATE users SET seen = ?2 WHERE id = ?1");
    if (s) sqlite3_bind_int64(s, 2, now);
    (void)!run_for(o, s, id, NULL);
}

/* ---- the link that works once ---- */

err user_invite(struct office *o, str id, i64 now, char token[65], struct diag *why)
{
    u8 hash[32];
    token_make(o->env, S("bk_inv_"), token);
    SHA256((const u8 *)token, strlen(token), hash);
    sqlite3_stmt *s =
        office_prepare(o, "UPDATE users SET invitation = ?2, invited_until = ?3 WHERE id = ?1");
    if (s) sqlite3_bind_blob(s, 2, hash, sizeof hash, SQLITE_TRANSIENT);
    if (s) sqlite3_bind_int64(s, 3, now + INVITATION_MS);
    return run_for(o, s, id, why);
}

const struct user *user_by_invitation(const struct office *o, str token, i64 now)
{
    u8 hash[32];
    const struct user *found = NULL;
    if (!token_valid(S("bk_inv_"), token)) return NULL;
    SHA256((const u8 *)token.p, token.n, hash);
    for (u32 i = 0; i < o->user_count; i++) {
        const struct user *u = &o->users[i];
        bool open = u->invited_until_ms > now && !u->disabled;
        if (open && CRYPTO_memcmp(u->invitation, hash, sizeof hash) == 0) found = u;
    }
    return found;
}

/* ---- the second factor ---- */

err user_totp_begin(struct office *o, str id, const u8 secret[TOTP_SECRET], struct diag *why)
{
    char room[OFFICE_ID_MAX + 8];
    struct buf b;
    buf_init(&b, 256);
    seal_put(o->env, &o->seal, secret_name(id, room), (str){(const char *)secret, TOTP_SECRET}, &b);
    sqlite3_stmt *s =
        office_prepare(o, "UPDATE users SET totp = ?2, totp_on = 0, totp_step = 0 WHERE id = ?1");
    if (s) sqlite3_bind_blob(s, 2, b.p, (int)b.n, SQLITE_TRANSIENT);
    buf_clear(&b);
    return run_for(o, s, id, why);
}

static void digest_hex(str text, char out[65])
{
    u8 hash[32];
    SHA256((const u8 *)text.p, text.n, hash);
    for (int i = 0; i < 32; i++) snprintf(out + (size_t)i * 2, 3, "%02x", hash[i]);
}

/* Their hashes, each with a space behind it: 50 random bits need no slow hash. */
static str digests(char codes[][RECOVERY_BYTES + 2], char out[RECOVERY_TEXT_MAX + 1])
{
    size_t n = 0;
    for (u32 i = 0; i < RECOVERY_CODES; i++) {
        digest_hex(str_of(codes[i]), out + n);
        n += 64;
        out[n++] = ' ';
    }
    return (str){out, n};
}

void recovery_make(struct env *env, char codes[RECOVERY_CODES][RECOVERY_BYTES + 2])
{
    static const char LETTERS[] = "abcdefghjkmnpqrstuvwxyz23456789x"; /* none looks like another */
    for (u32 i = 0; i < RECOVERY_CODES; i++) {
        u8 r[RECOVERY_BYTES];
        size_t n = 0;
        env_random(env, r, sizeof r);
        for (u32 k = 0; k < RECOVERY_BYTES; k++) {
            if (k == RECOVERY_BYTES / 2) codes[i][n++] = '-';
            codes[i][n++] = LETTERS[r[k] & 31];
        }
        codes[i][n] = 0;
    }
}

err user_totp_on(struct office *o, str id, i64 step, char codes[][RECOVERY_BYTES + 2],
                 struct diag *why)
{
    char text[RECOVERY_TEXT_MAX + 1];
    sqlite3_stmt *s = office_prepare(
        o, "UPDATE users SET totp_on = 1, totp_step = ?2, recovery = ?3 WHERE id = ?1");
    if (s) sqlite3_bind_int64(s, 2, step);
    if (s) office_bind(s, 3, digests(codes, text));
    return run_for(o, s, id, why);
}

err user_totp_off(struct office *o, str id, struct diag *why)
{
    return run_for(o,
                   office_prepare(o, "UPDATE users SET totp = x'', totp_on = 0, totp_step = 0,"
                                     " recovery = '' WHERE id = ?1"),
                   id, why);
}

err user_recovery(struct office *o, str id, char codes[][RECOVERY_BYTES + 2], struct diag *why)
{
    char text[RECOVERY_TEXT_MAX + 1];
    sqlite3_stmt *s = office_prepare(o, "UPDATE users SET recovery = ?2 WHERE id = ?1");
    if (s) office_bind(s, 2, digests(codes, text));
    return run_for(o, s, id, why);
}

static bool use_recovery(struct office *o, str id, str code)
{
    char hex[66];
    digest_hex(code, hex);
    hex[64] = ' ';
    hex[65] = 0;
    sqlite3_stmt *s = office_prepare(o, "UPDATE users SET recovery = replace(recovery, ?2, '')"
                                        " WHERE id = ?1 AND instr(recovery, ?2) > 0");
    if (s) office_bind(s, 2, (str){hex, 65});
    return run_for(o, s, id, NULL) == ERR_OK;
}

bool user_code_take(struct office *o, str id, str code, i64 now)
{
    const struct user *u = user_by_id(o, id);
    i64 step;
    code = str_trim(code);
    if (!u || !u->totp_on) return false;
    if (code.n == RECOVERY_BYTES + 1) return use_recovery(o, id, code);
    if (!totp_fits((str){(const char *)u->totp, TOTP_SECRET}, code, now, u->totp_step, &step))
        return false;
    sqlite3_stmt *s =
        office_prepare(o, "UPDATE users SET totp_step = ?2 WHERE id = ?1 AND totp_step < ?2");
    if (s) sqlite3_bind_int64(s, 2, step);
    return run_for(o, s, id, NULL) == ERR_OK;
}

/* route_session.c — the first administrator, signing in and out, one's own password and sessions.
 */
#include "server/attempts.h"
#include "server/auth.h"
#include "server/session.h"
#include "server/sessions.h"
#include "server/settings.h"
#include "server/show.h"
#include "server/version.h"
#include "server/web.h"

#include <openssl/crypto.h>
#include <stdio.h>

enum { HASHINGS_MAX = 16 };

/* ---- hashing, beside the loop ---- */

static err hashed(struct call *c)
{
    struct hashing *h = c->data;
    c->server->hashings--;
    return h->then(c);
}

static err hash_it(struct call *c)
{
    struct hashing *h = c->data;
    if (h->with)
        h->fits = password_fits(h->password, h->with);
    else
        password_hash(c->server->env, h->password, h->encoded);
    return call_loop(c, hashed);
}

err session_hash(struct call *c, struct hashing *h)
{
    if (c->server->state != SERVER_READY)
        return diag_set(&c->why, ERR_UNAVAILABLE, "the server is starting or stopping");
    if (c->server->hashings >= HASHINGS_MAX)
        return diag_set(&c->why, ERR_BUSY, "too many are signing in at once; wait a moment");
    c->server->hashings++;
    c->data = h;
    return call_helper(c, hash_it);
}

/* ---- tries ---- */

err session_try(struct call *c, str account)
{
    char room[64];
    i64 wait = attempts_begin(c->server->attempts, account, web_address(c->req, room),
                              server_now(c->server));
    if (wait <= 0) return ERR_OK;
    i64 seconds = (wait + 999) / 1000;
    call_header(c, "Retry-After", arena_printf(c->arena, "%lld", (long long)seconds));
    return diag_set(&c->why, ERR_BUSY, "too many tries; wait %lld seconds", (long long)seconds);
}

void session_right(struct call *c, str account)
{
    char room[64];
    attempts_right(c->server->attempts, account, web_address(c->req, room));
}

static const struct user *me(const struct call *c)
{
    return user_by_id(c->server->office, str_of(c->who.id));
}

struct proving {
    struct hashing hash;
    const char *member;
    call_step then;
};

static err proved(struct call *c)
{
    struct proving *p = c->data;
    const struct user *u = me(c);
    char path[64];
    snprintf(path, sizeof path, "/%s", p->member);
    if (!u || !p->hash.fits)
        return diag_at(&c->why, ERR_AUTH, str_of(path), "this is not your password");
    session_right(c, str_of(u->email));
    return p->then(c);
}

err session_prove(struct call *c, const char *member, call_step then)
{
    struct proving *p = arena_zalloc(c->arena, sizeof *p);
    const struct user *u = me(c);
    if (!u) return diag_set(&c->why, ERR_AUTH, "sign in again");
    TRY(call_text(c, member, &p->hash.password));
    TRY(session_try(c, str_of(u->email)));
    p->member = member;
    p->then = then;
    p->hash.with = arena_str(c->arena, str_of(u->password)).p;
    p->hash.then = proved;
    return session_hash(c, &p->hash);
}

/* ---- what a page is told ---- */

bool session_is_demo(const struct server *s)
{
    char path[4096];
    struct file *f;
    snprintf(path, sizeof path, "%s/demo.json", s->options.dir);
    if (env_open(s->env, path, FILE_READ, &f) != ERR_OK) return false;
    file_close(f);
    return true;
}

void user_put(struct buf *b, const struct user *u)
{
    buf_byte(b, '{');
    json_put_kv_str(b, S("id"), str_of(u->id));
    json_put_kv_str(b, S("email"), str_of(u->email));
    json_put_kv_str(b, S("name"), str_of(u->name));
    json_put_kv_str(b, S("role"), role_text(u->role));
    json_put_kv_str(b, S("status"),
                    u->disabled      ? S("disabled")
                    : u->password[0] ? S("active")
                                     : S("invited"));
    json_put_kv_bool(b, S("totp"), u->totp_on);
    json_put_kv_str(b, S("language"), str_of(u->language));
    json_put_kv_time(b, S("created_at"), u->created_ms);
    json_put_kv_time(b, S("last_seen_at"), u->seen_ms);
    buf_byte(b, '}');
}

static void put_setting(struct call *c, const char *name, str otherwise)
{
    value v = engine_setting(c->server->engine, str_of(name));
    json_put_kv_str(&c->out, str_of(name), v.type == VALUE_TEXT && v.text.n ? v.text : otherwise);
}

/* The half that the engine knows. */
static err put_workspace(struct call *c)
{
    struct engine *e = c->server->engine;
    json_put_key(&c->out, S("workspace"));
    buf_byte(&c->out, '{');
    put_setting(c, "name", (str){0});
    put_setting(c, "zone", S("UTC"));
    put_setting(c, "currency", (str){0});
    put_setting(c, "language", (str){0});
    put_setting(c, "url", (str){0});
    buf_byte(&c->out, '}');
    json_put_kv_bool(&c->out, S("paused"), engine_promotion_held(e));
    json_put_kv_bool(&c->out, S("sending_held"), engine_sending_held(e));
    buf_byte(&c->out, '}');
    call_header(c, "Cache-Control", S("no-store"));
    return ERR_OK;
}

static const struct session *session_named(const struct server *s, const char *id)
{
    const struct session *all;
    u32 n = sessions_all(s->office, &all);
    for (u32 i = 0; i < n; i++)
        if (strcmp(all[i].id, id) == 0) return &all[i];
    return NULL;
}

err session_answer(struct call *c)
{
    const struct user *u = c->who.session[0] ? me(c) : NULL;
    const struct session *x = u ? session_named(c->server, c->who.session) : NULL;
    struct buf *b = &c->out;
    buf_byte(b, '{');
    json_put_key(b, S("user"));
    if (u)
        user_put(b, u);
    else
        buf_put(b, S("null"));
    json_put_kv_text(b, S("role"), u ? role_text(u->role) : (str){0});
    json_put_key(b, S("scopes"));
    scopes_put(b, c->who.scopes);
    json_put_kv_str(b, S("csrf"), str_of(c->who.csrf));
    json_put_kv_str(b, S("environment"), session_is_demo(c->server) ? S("demo") : S("live"));
    json_put_kv_str(b, S("version"), S(BECKON_VERSION));
    json_put_kv_str(b, S("public_url"), str_of(c->server->public_url));
    if (x) json_put_kv_time(b, S("expires_at"), session_ends(x));
    return call_engine(c, put_workspace);
}

err session_open(struct call *c, const struct user *u)
{
    struct server *s = c->server;
    const struct session *x;
    char room[64], token[65];
    i64 now = server_now(s);
    str id = arena_str(c->arena, str_of(u->id));
    user_seen(s->office, id, now);
    TRY(session_begin(s->office, id, now, web_address_short(web_address(c->req, room), c->arena),
                      http_header(c->req, S("user-agent")), token, &x, &c->why));
    auth_cookie(s, c->req, str_of(token), &c->headers);
    u = user_by_id(s->office, id);
    c->who = (struct caller){.scopes = role_scopes(u->role)};
    snprintf(c->who.id, sizeof c->who.id, "%s", u->id);
    snprintf(c->who.name, sizeof c->who.name, "%.*s", OFFICE_NAME_MAX,
             u->name[0] ? u->name : u->email);
    snprintf(c->who.session, sizeof c->who.session, "%s", x->id);
    session_csrf(str_of(token), c->who.csrf);
    c->is_account = true;
    OPENSSL_cleanse(token, sizeof token);
    return ERR_OK;
}

/* ---- the first administrator ---- */

static bool is_set_up(const struct server *s)
{
    const struct user *all;
    return users_all(s->office, &all) > 0;
}

static err show_setup(struct call *c)
{
    struct server *s = c->server;
    struct caller who;
    office_refresh(s->office);
    bool needed = !is_set_up(s);
    buf_byte(&c->out, '{');
    json_put_kv_bool(&c->out, S("needed"), needed);
    json_put_kv_bool(&c->out, S("token_needed"), needed && !auth_is_local(s, c->req));
    json_put_kv_bool(&c->out, S("signed_in"),
                     auth_who(s, c->req, &who, NULL) == ERR_OK && who.session[0]);
    json_put_kv_str(&c->out, S("version"), S(BECKON_VERSION));
    json_put_kv_str(&c->out, S("environment"), session_is_demo(s) ? S("demo") : S("live"));
    buf_byte(&c->out, '}');
    call_header(c, "Cache-Control", S("no-store"));
    return ERR_OK;
}

struct setup {
    struct hashing hash;
    str email, name;
    u64 number;
};

static err setup_done(struct call *c)
{
    c->status = 201;
    return session_answer(c);
}

static err setup_written(struct call *c)
{
    return settings_heed(c, setup_done);
}

static err setup_settle(struct call *c)
{
    struct setup *x = c->data;
    TRY(settings_write(c, json_get(c->body, "workspace"), &x->number));
    return call_applied(c, x->number, setup_written);
}

static err setup_create(struct call *c)
{
    struct setup *x = c->data;
    struct server *s = c->server;
    const struct user *u;
    struct user_new new = {.email = x->email,
                           .name = x->name,
                           .password = str_of(x->hash.encoded),
                           .role = ROLE_OWNER,
                           .only_first = true};
    TRY(user_create(s->office, &new, server_now(s), &u, &c->why));
    OPENSSL_cleanse(s->setup_token, sizeof s->setup_token);
    TRY(session_open(c, u));
    return call_engine(c, setup_settle);
}

static err setup_hash(struct call *c)
{
    struct setup *x = c->data;
    return session_hash(c, &x->hash);
}

/* A setting's place lies under "workspace" here. */
static err setup_check(struct call *c)
{
    struct setup *x = c->data;
    err e = settings_check(c, json_get(c->body, "workspace"), &x->number);
    if (e == ERR_OK) return call_loop(c, setup_hash);
    char path[sizeof c->why.path];
    snprintf(path, sizeof path, "/workspace%.*s", (int)(sizeof path - 12), c->why.path);
    if (c->why.path[0]) memcpy(c->why.path, path, sizeof path);
    return e;
}

/* From this machine, or with the token that only who started the server has seen. */
static err may_set_up(struct call *c)
{
    struct server *s = c->server;
    str token = json_get_str(c->body, "token", (str){0}), ours = str_of(s->setup_token);
    office_refresh(s->office); /* the command line may have made one */
    if (is_set_up(s))
        return diag_set(&c->why, ERR_CONFLICT, "the first administrator is there already: sign in");
    if (auth_is_local(s, c->req)) return ERR_OK;
    TRY(session_try(c, S("setup")));
    if (ours.n && token.n == ours.n && CRYPTO_memcmp(token.p, ours.p, ours.n) == 0) return ERR_OK;
    return diag_at(&c->why, ERR_FORBIDDEN, S("/token"),
                   "the one-time token is needed that \"beckon serve\" printed when it started; or "
                   "run \"beckon user create\" on the server");
}

static err set_up(struct call *c)
{
    struct setup *x = arena_zalloc(c->arena, sizeof *x);
    const struct json *workspace = json_get(c->body, "workspace");
    TRY(may_set_up(c));
    TRY(call_text(c, "email", &x->email));
    TRY(call_text(c, "password", &x->hash.password));
    x->name = json_get_str(c->body, "name", (str){0});
    TRY(user_check_new(x->email, x->name, &c->why));
    TRY(password_check(x->hash.password, x->email, &c->why));
    if (workspace && workspace->type != JSON_OBJECT)
        return diag_at(&c->why, ERR_REFUSED, S("/workspace"), "an object is needed");
    if (c->server->state != SERVER_READY)
        return diag_set(&c->why, ERR_UNAVAILABLE, "the server is starting or stopping");
    x->hash.then = setup_create;
    c->data = x;
    return call_engine(c, setup_check);
}

/* ---- in and out ---- */

struct login {
    struct hashing hash;
    str email, code;
};

static err logged_in(struct call *c)
{
    struct login *l = c->data;
    struct server *s = c->server;
    const struct user *u = user_by_email(s->office, l->email);
    bool known = u && l->hash.fits && !u->disabled;
    if (!known)
        return diag_at(&c->why, ERR_AUTH, S("/password"),
                       "the e-mail address or the password is wrong");
    if (u->totp_on && !l->code.n) {
        session_right(c, l->email);
        return diag_at(&c->why, ERR_AUTH, S("/code"),
                       "the code of your authenticator is needed, or a recovery code");
    }
    if (u->totp_on && !user_code_take(s->office, str_of(u->id), l->code, server_now(s)))
        return diag_at(&c->why, ERR_AUTH, S("/code"), "this code is wrong, or was used before");
    session_right(c, l->email);
    TRY(session_open(c, user_by_email(s->office, l->email)));
    return session_answer(c);
}

/* A form of another site could sign somebody in as somebody else: it says where it is from. */
static err check_from_here(struct call *c)
{
    str site = http_header(c->req, S("sec-fetch-site"));
    if (!site.n || str_eq(site, S("same-origin")) || str_eq(site, S("none"))) return ERR_OK;
    return diag_set(&c->why, ERR_FORBIDDEN, "a page of another address may not do this");
}

static err log_in(struct call *c)
{
    struct login *l = arena_zalloc(c->arena, sizeof *l);
    TRY(check_from_here(c));
    TRY(call_text(c, "email", &l->email));
    TRY(call_text(c, "password", &l->hash.password));
    l->email = str_trim(l->email);
    l->code = json_get_str(c->body, "code", (str){0});
    TRY(session_try(c, l->email));
    office_refresh(c->server->office);
    const struct user *u = user_by_email(c->server->office, l->email);
    l->hash.with = arena_str(c->arena, u ? str_of(u->password) : (str){0}).p;
    l->hash.then = logged_in;
    return session_hash(c, &l->hash);
}

static err log_out(struct call *c)
{
    c->status = 204;
    auth_cookie(c->server, c->req, (str){0}, &c->headers);
    return session_end(c->server->office, str_of(c->who.id), str_of(c->who.session), &c->why);
}

static err change_me(struct call *c)
{
    struct user_change ch = {.role = ROLE_COUNT, .disabled = -1};
    str name, language;
    if (json_get(c->body, "name")) {
        name = json_get_str(c->body, "name", (str){0});
        ch.name = &name;
    }
    if (json_get(c->body, "language")) {
        language = json_get_str(c->body, "language", (str){0});
        if (language.n && !str_eq(language, S("zh")) && !str_eq(language, S("en")))
            return diag_at(&c->why, ERR_REFUSED, S("/language"), "the pages speak zh and en");
        ch.language = &language;
    }
    TRY(user_change(c->server->office, str_of(c->who.id), &ch, &c->why));
    return session_answer(c);
}

/* ---- one's own password ---- */

static err password_hashed(struct call *c)
{
    struct hashing *h = c->data;
    c->status = 204;
    return user_set_password(c->server->office, str_of(c->who.id), str_of(h->encoded),
                             str_of(c->who.session), &c->why);
}

static err password_proved(struct call *c)
{
    struct hashing *h = arena_zalloc(c->arena, sizeof *h);
    h->password = json_get_str(c->body, "password", (str){0});
    h->then = password_hashed;
    return session_hash(c, h);
}

static err change_password(struct call *c)
{
    str password;
    const struct user *u = me(c);
    TRY(call_text(c, "password", &password));
    TRY(password_check(password, u ? str_of(u->email) : (str){0}, &c->why));
    return session_prove(c, "current", password_proved);
}

/* ---- one's own sessions ---- */

static void put_session(struct call *c, const struct session *x)
{
    struct buf *b = &c->out;
    json_put_comma(b);
    buf_byte(b, '{');
    json_put_kv_str(b, S("id"), str_of(x->id));
    json_put_kv_bool(b, S("current"), strcmp(x->id, c->who.session) == 0);
    json_put_kv_time(b, S("created_at"), x->created_ms);
    json_put_kv_time(b, S("last_seen_at"), x->seen_ms);
    json_put_kv_time(b, S("expires_at"), session_ends(x));
    json_put_kv_str(b, S("address"), str_of(x->address));
    json_put_kv_str(b, S("agent"), str_of(x->agent));
    buf_byte(b, '}');
}

static err list_sessions(struct call *c)
{
    const struct session *all;
    u32 n = sessions_all(c->server->office, &all);
    i64 now = server_now(c->server);
    call_items_begin(c);
    for (u32 i = n; i-- > 0;)
        if (strcmp(all[i].user, c->who.id) == 0 && session_ends(&all[i]) > now)
            put_session(c, &all[i]);
    call_items_end(c, (str){0});
    return ERR_OK;
}

static err end_session(struct call *c)
{
    c->status = 204;
    return session_end(c->server->office, str_of(c->who.id), c->params[0], &c->why);
}

static err end_others(struct call *c)
{
    u32 n = sessions_end(c->server->office, str_of(c->who.id), str_of(c->who.session));
    buf_printf(&c->out, "{\"ended\":%u}", n);
    return ERR_OK;
}

extern const struct route ROUTES_SESSION[];
const struct route ROUTES_SESSION[] = {
    {METHOD_GET, "/api/v1/setup", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, show_setup},
    {METHOD_POST, "/api/v1/setup", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, set_up},
    {METHOD_GET, "/api/v1/session", NEEDS_CALLER, SCOPE_ADMIN, ON_LOOP, session_answer},
    {METHOD_POST, "/api/v1/session", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, log_in},
    {METHOD_PATCH, "/api/v1/session", NEEDS_SESSION, SCOPE_ADMIN, ON_LOOP, change_me},
    {METHOD_DELETE, "/api/v1/session", NEEDS_SESSION, SCOPE_ADMIN, ON_LOOP, log_out},
    {METHOD_POST, "/api/v1/session/password", NEEDS_SESSION, SCOPE_ADMIN, ON_LOOP, change_password},
    {METHOD_GET, "/api/v1/sessions", NEEDS_SESSION, SCOPE_ADMIN, ON_LOOP, list_sessions},
    {METHOD_DELETE, "/api/v1/sessions", NEEDS_SESSION, SCOPE_ADMIN, ON_LOOP, end_others},
    {METHOD_DELETE, "/api/v1/sessions/{id}", NEEDS_SESSION, SCOPE_ADMIN, ON_LOOP, end_session},
    {0}};

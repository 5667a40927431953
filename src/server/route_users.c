/* route_users.c — everybody who may sign in, for administrators; and the link by which somebody
 * joins. */
#include "server/auth.h"
#include "server/session.h"
#include "server/sessions.h"

#include <openssl/crypto.h>

static err find(struct call *c, const struct user **out)
{
    *out = user_by_id(c->server->office, c->params[0]);
    return *out ? ERR_OK : diag_set(&c->why, ERR_NOT_FOUND, "there is no user of this id");
}

/* Whether the caller is an owner: a key with all rights, or one signed in. */
static bool is_owner(const struct call *c)
{
    const struct user *u = user_by_id(c->server->office, str_of(c->who.id));
    return !c->who.session[0] || (u && u->role == ROLE_OWNER);
}

/* Only an owner makes, changes or removes owners. */
static err check_owner(struct call *c, const struct user *u, role wanted)
{
    bool concerns = wanted == ROLE_OWNER || (u && u->role == ROLE_OWNER);
    if (!concerns || is_owner(c)) return ERR_OK;
    return diag_set(&c->why, ERR_FORBIDDEN, "only an owner changes owners");
}

static err read_role(struct call *c, role otherwise, role *out)
{
    const struct json *j = json_get(c->body, "role");
    *out = otherwise;
    if (!j || (j->type == JSON_STRING && role_parse(j->text, out))) return ERR_OK;
    return diag_at(&c->why, ERR_REFUSED, S("/role"),
                   "a role is owner, admin, marketer, approver or analyst");
}

/* ---- reading ---- */

static err list(struct call *c)
{
    const struct user *all;
    u32 n = users_all(c->server->office, &all);
    call_items_begin(c);
    for (u32 i = 0; i < n; i++) {
        json_put_comma(&c->out);
        user_put(&c->out, &all[i]);
    }
    call_items_end(c, (str){0});
    return ERR_OK;
}

static err show(struct call *c)
{
    const struct user *u;
    TRY(find(c, &u));
    user_put(&c->out, u);
    return ERR_OK;
}

/* ---- inviting ---- */

/* The token stands behind a '#', which browsers keep to themselves: no log has it. */
static void put_invitation(struct call *c, const struct user *u, str token)
{
    buf_byte(&c->out, '{');
    json_put_kv_str(&c->out, S("token"), token);
    json_put_kv_str(
        &c->out, S("url"),
        arena_printf(c->arena, "%s/invite#%.*s", c->server->public_url, STR_ARG(token)));
    json_put_kv_time(&c->out, S("expires_at"), u->invited_until_ms);
    buf_byte(&c->out, '}');
    call_header(c, "Cache-Control", S("no-store"));
}

static err invite(struct call *c)
{
    const struct user *u;
    char token[65];
    TRY(find(c, &u));
    TRY(check_owner(c, u, ROLE_COUNT));
    TRY(user_invite(c->server->office, c->params[0], server_now(c->server), token, &c->why));
    TRY(find(c, &u));
    put_invitation(c, u, str_of(token));
    return ERR_OK;
}

struct joining {
    struct hashing hash;
    str email, name, token;
    role role;
};

static err created(struct call *c)
{
    struct joining *x = c->data;
    struct server *s = c->server;
    const struct user *u;
    char token[65];
    struct user_new new = {
        .email = x->email, .name = x->name, .role = x->role, .password = str_of(x->hash.encoded)};
    TRY(user_create(s->office, &new, server_now(s), &u, &c->why));
    c->status = 201;
    if (x->hash.password.n) {
        user_put(&c->out, u);
        return ERR_OK;
    }
    str id = c->params[0] = arena_str(c->arena, str_of(u->id));
    TRY(user_invite(s->office, id, server_now(s), token, &c->why));
    TRY(find(c, &u));
    user_put(&c->out, u);
    c->out.n--; /* the brace */
    json_put_key(&c->out, S("invitation"));
    put_invitation(c, u, str_of(token));
    buf_byte(&c->out, '}');
    return ERR_OK;
}

static err create(struct call *c)
{
    struct joining *x = arena_zalloc(c->arena, sizeof *x);
    TRY(call_text(c, "email", &x->email));
    x->email = str_trim(x->email);
    x->name = json_get_str(c->body, "name", (str){0});
    x->hash.password = json_get_str(c->body, "password", (str){0});
    x->hash.then = created;
    TRY(read_role(c, ROLE_MARKETER, &x->role));
    TRY(check_owner(c, NULL, x->role));
    TRY(user_check_new(x->email, x->name, &c->why));
    c->data = x;
    if (!x->hash.password.n) return created(c);
    TRY(password_check(x->hash.password, x->email, &c->why));
    return session_hash(c, &x->hash);
}

/* ---- changing ---- */

static err change(struct call *c)
{
    const struct user *u;
    struct user_change ch = {.role = ROLE_COUNT, .disabled = -1};
    const struct json *disabled = json_get(c->body, "disabled");
    str name = json_get_str(c->body, "name", (str){0});
    TRY(find(c, &u));
    TRY(read_role(c, u->role, &ch.role));
    TRY(check_owner(c, u, ch.role));
    if (json_get(c->body, "name")) ch.name = &name;
    if (disabled && disabled->type != JSON_BOOL)
        return diag_at(&c->why, ERR_REFUSED, S("/disabled"), "true or false is needed");
    if (disabled) ch.disabled = disabled->boolean;
    TRY(user_change(c->server->office, c->params[0], &ch, &c->why));
    return show(c);
}

static err drop(struct call *c)
{
    const struct user *u;
    TRY(find(c, &u));
    TRY(check_owner(c, u, ROLE_COUNT));
    c->status = 204;
    return user_delete(c->server->office, c->params[0], &c->why);
}

static err end_sessions(struct call *c)
{
    const struct user *u;
    TRY(find(c, &u));
    TRY(check_owner(c, u, ROLE_COUNT));
    buf_printf(&c->out, "{\"ended\":%u}", sessions_end(c->server->office, c->params[0], (str){0}));
    return ERR_OK;
}

static err drop_totp(struct call *c)
{
    const struct user *u;
    TRY(find(c, &u));
    TRY(check_owner(c, u, ROLE_COUNT));
    c->status = 204;
    return user_totp_off(c->server->office, c->params[0], &c->why);
}

/* ---- joining ---- */

static err invited(struct call *c, const struct user **out)
{
    str token;
    TRY(call_text(c, "token", &token));
    TRY(session_try(c, S("invitation")));
    *out = user_by_invitation(c->server->office, token, server_now(c->server));
    if (!*out)
        return diag_set(&c->why, ERR_NOT_FOUND,
                        "this invitation was used, or is too old; ask for another");
    session_right(c, S("invitation"));
    return ERR_OK;
}

static err read_invitation(struct call *c)
{
    const struct user *u;
    TRY(invited(c, &u));
    buf_byte(&c->out, '{');
    json_put_kv_str(&c->out, S("email"), str_of(u->email));
    json_put_kv_str(&c->out, S("name"), str_of(u->name));
    json_put_kv_str(&c->out, S("role"), role_text(u->role));
    json_put_kv_time(&c->out, S("expires_at"), u->invited_until_ms);
    buf_byte(&c->out, '}');
    call_header(c, "Cache-Control", S("no-store"));
    return ERR_OK;
}

static err accepted(struct call *c)
{
    struct joining *x = c->data;
    struct office *o = c->server->office;
    const struct user *u = user_by_invitation(o, x->token, server_now(c->server));
    struct user_change ch = {.role = ROLE_COUNT, .disabled = -1};
    if (!u) return diag_set(&c->why, ERR_NOT_FOUND, "this invitation was used just now");
    str id = arena_str(c->arena, str_of(u->id));
    if (x->name.n) ch.name = &x->name;
    TRY(user_change(o, id, &ch, &c->why));
    TRY(user_set_password(o, id, str_of(x->hash.encoded), (str){0}, &c->why));
    TRY(session_open(c, user_by_id(o, id)));
    c->status = 201;
    return session_answer(c);
}

static err join(struct call *c)
{
    struct joining *x = arena_zalloc(c->arena, sizeof *x);
    const struct user *u;
    TRY(call_text(c, "password", &x->hash.password));
    TRY(invited(c, &u));
    TRY(password_check(x->hash.password, str_of(u->email), &c->why));
    x->token = json_get_str(c->body, "token", (str){0});
    x->name = json_get_str(c->body, "name", (str){0});
    x->hash.then = accepted;
    return session_hash(c, &x->hash);
}

#define USERS "/api/v1/users"
extern const struct route ROUTES_USERS[];
const struct route ROUTES_USERS[] = {
    {METHOD_GET, USERS, NEEDS_SCOPE, SCOPE_ADMIN, ON_LOOP, list},
    {METHOD_POST, USERS, NEEDS_SCOPE, SCOPE_ADMIN, ON_LOOP, create},
    {METHOD_GET, USERS "/{id}", NEEDS_SCOPE, SCOPE_ADMIN, ON_LOOP, show},
    {METHOD_PATCH, USERS "/{id}", NEEDS_SCOPE, SCOPE_ADMIN, ON_LOOP, change},
    {METHOD_DELETE, USERS "/{id}", NEEDS_SCOPE, SCOPE_ADMIN, ON_LOOP, drop},
    {METHOD_POST, USERS "/{id}/invitation", NEEDS_SCOPE, SCOPE_ADMIN, ON_LOOP, invite},
    {METHOD_DELETE, USERS "/{id}/sessions", NEEDS_SCOPE, SCOPE_ADMIN, ON_LOOP, end_sessions},
    {METHOD_DELETE, USERS "/{id}/totp", NEEDS_SCOPE, SCOPE_ADMIN, ON_LOOP, drop_totp},
    {METHOD_POST, "/api/v1/invitation", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, read_invitation},
    {METHOD_POST, "/api/v1/invitation/accept", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, join},
    {0}};

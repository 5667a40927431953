/* route_totp.c — one's own second factor: begun with a secret, in force once a code has proved it.
 */
#include "server/session.h"

#include <openssl/crypto.h>

static const struct user *me(const struct call *c)
{
    return user_by_id(c->server->office, str_of(c->who.id));
}

static err answer_secret(struct call *c, const u8 secret[TOTP_SECRET])
{
    const struct user *u = me(c);
    str bytes = {(const char *)secret, TOTP_SECRET};
    struct buf text;
    buf_init(&text, 4096);
    base32_put(&text, bytes);
    buf_byte(&c->out, '{');
    json_put_kv_str(&c->out, S("secret"), buf_str(&text));
    buf_reset(&text);
    totp_url(&text, S("Beckon"), str_of(u->email), bytes);
    json_put_kv_str(&c->out, S("url"), buf_str(&text));
    buf_byte(&c->out, '}');
    if (text.p) OPENSSL_cleanse(text.p, text.n);
    buf_clear(&text);
    call_header(c, "Cache-Control", S("no-store"));
    return ERR_OK;
}

static err begin_proved(struct call *c)
{
    u8 secret[TOTP_SECRET];
    if (me(c)->totp_on)
        return diag_set(&c->why, ERR_CONFLICT, "the second factor is in force already");
    env_random(c->server->env, secret, sizeof secret);
    TRY(user_totp_begin(c->server->office, str_of(c->who.id), secret, &c->why));
    err e = answer_secret(c, secret);
    OPENSSL_cleanse(secret, sizeof secret);
    return e;
}

static err begin(struct call *c)
{
    return session_prove(c, "password", begin_proved);
}

static void put_codes(struct call *c, char codes[RECOVERY_CODES][RECOVERY_BYTES + 2])
{
    buf_put(&c->out, S("{\"recovery_codes\":["));
    for (u32 i = 0; i < RECOVERY_CODES; i++) {
        json_put_comma(&c->out);
        json_put_str(&c->out, str_of(codes[i]));
    }
    buf_put(&c->out, S("]}"));
    call_header(c, "Cache-Control", S("no-store"));
}

static err confirm(struct call *c)
{
    static const u8 NONE[TOTP_SECRET];
    const struct user *u = me(c);
    char codes[RECOVERY_CODES][RECOVERY_BYTES + 2];
    str code;
    i64 step;
    TRY(call_text(c, "code", &code));
    if (u->totp_on) return diag_set(&c->why, ERR_CONFLICT, "the second factor is in force already");
    if (memcmp(u->totp, NONE, sizeof NONE) == 0)
        return diag_set(&c->why, ERR_CONFLICT, "begin it first: POST /api/v1/session/totp");
    TRY(session_try(c, str_of(u->email)));
    if (!totp_fits((str){(const char *)u->totp, TOTP_SECRET}, str_trim(code), server_now(c->server),
                   0, &step))
        return diag_at(&c->why, ERR_REFUSED, S("/code"),
                       "this is not the code of now; is the telephone's clock right?");
    session_right(c, str_of(u->email));
    recovery_make(c->server->env, codes);
    TRY(user_totp_on(c->server->office, str_of(c->who.id), step, codes, &c->why));
    put_codes(c, codes);
    return ERR_OK;
}

static err codes_proved(struct call *c)
{
    char codes[RECOVERY_CODES][RECOVERY_BYTES + 2];
    if (!me(c)->totp_on)
        return diag_set(&c->why, ERR_CONFLICT, "there is no second factor to recover");
    recovery_make(c->server->env, codes);
    TRY(user_recovery(c->server->office, str_of(c->who.id), codes, &c->why));
    put_codes(c, codes);
    return ERR_OK;
}

static err new_codes(struct call *c)
{
    return session_prove(c, "password", codes_proved);
}

static err disable_proved(struct call *c)
{
    c->status = 204;
    return user_totp_off(c->server->office, str_of(c->who.id), &c->why);
}

static err disable(struct call *c)
{
    return session_prove(c, "password", disable_proved);
}

#define PATH "/api/v1/session/totp"
extern const struct route ROUTES_TOTP[];
const struct route ROUTES_TOTP[] = {
    {METHOD_POST, PATH, NEEDS_SESSION, SCOPE_ADMIN, ON_LOOP, begin},
    {METHOD_POST, PATH "/confirm", NEEDS_SESSION, SCOPE_ADMIN, ON_LOOP, confirm},
    {METHOD_POST, PATH "/recovery-codes", NEEDS_SESSION, SCOPE_ADMIN, ON_LOOP, new_codes},
    {METHOD_POST, PATH "/disable", NEEDS_SESSION, SCOPE_ADMIN, ON_LOOP, disable},
    {0}};

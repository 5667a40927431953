/* accounts_test.c — people: the first one, signing in, roles, second factors, foreign pages. */
#include "server/attempts.h"
#include "server/office.h"
#include "server/rig_test.h"
#include "server/sessions.h"
#include "server/users.h"

#define FIRST                                                                                      \
    "{\"email\":\"li@example.com\",\"name\":\"Li\",\"password\":\"correct horse\","                \
    "\"workspace\":{\"zone\":\"Asia/Shanghai\",\"currency\":\"CNY\",\"language\":\"zh\"}}"
#define LOGIN "{\"email\":\"LI@example.com\",\"password\":\"correct horse\"}"

/* A browser: what it keeps of an answer, and sends again. */
struct browser {
    struct rig *rig;
    str cookie, csrf;
};

static str header_of(struct rig *rig, const struct answer_text *a, const char *name)
{
    ptrdiff_t at = str_find(a->head, arena_printf(rig->arena, "\r\n%s: ", name));
    if (at < 0) return (str){0};
    str rest = str_slice(a->head, (size_t)at + strlen(name) + 4, a->head.n);
    return str_slice(rest, 0, (size_t)str_find(rest, S("\r\n")));
}

static void keep(struct browser *b, const struct answer_text *a)
{
    str set = header_of(b->rig, a, "Set-Cookie");
    ptrdiff_t end = str_index(set, ';');
    CHECK(end > 0);
    b->cookie = str_slice(set, 0, (size_t)end);
    b->csrf = member(a, "csrf");
}

static struct answer_text asks(struct browser *b, const char *verb, const char *path,
                               const char *more, const char *body)
{
    str headers =
        arena_printf(b->rig->arena, "Cookie: other=1; %.*s\r\n%s", STR_ARG(b->cookie), more);
    return ask_with(b->rig, verb, path, headers.p, str_of(body));
}

static struct answer_text does(struct browser *b, const char *verb, const char *path,
                               const char *body)
{
    return asks(b, verb, path,
                arena_printf(b->rig->arena, "X-CSRF-Token: %.*s\r\n", STR_ARG(b->csrf)).p, body);
}

static struct answer_text anybody(struct rig *rig, const char *verb, const char *path,
                                  const char *body)
{
    return ask_with(rig, verb, path, "", str_of(body));
}

static struct browser owner(struct rig *rig)
{
    struct browser b = {.rig = rig};
    struct answer_text a = anybody(rig, "POST", "/api/v1/setup", FIRST);
    CHECK_EQ(a.status, 201);
    keep(&b, &a);
    return b;
}

static struct browser joins(struct rig *rig, const char *email, const char *as)
{
    struct browser b = {.rig = rig};
    str body = arena_printf(
        rig->arena, "{\"email\":\"%s\",\"role\":\"%s\",\"password\":\"another horse\"}", email, as);
    CHECK_EQ(ask(rig, "POST", "/api/v1/users", body.p).status, 201);
    body = arena_printf(rig->arena, "{\"email\":\"%s\",\"password\":\"another horse\"}", email);
    struct answer_text a = anybody(rig, "POST", "/api/v1/session", body.p);
    CHECK_EQ(a.status, 200);
    keep(&b, &a);
    return b;
}

TEST("the first administrator is made once, from this machine, and is signed in by that")
{
    struct rig *rig = rig_new(arena, "first", (struct server_options){0});
    static const char *const FOREIGN[] = {"Host: evil.example\r\n",
                                          "Origin: http://evil.example\r\n",
                                          "Origin: null\r\n",
                                          "X-Forwarded-For: 203.0.113.9\r\n",
                                          "Sec-Fetch-Site: cross-site\r\n",
                                          "Host: 127.0.0.1.nip.io\r\n"};
    struct answer_text a = anybody(rig, "GET", "/api/v1/setup", "");
    CHECK(has(a.body, S("\"needed\":true,\"token_needed\":false,\"signed_in\":false")));
    CHECK_EQ(anybody(rig, "GET", "/api/v1/session", "").status, 401);
    for (size_t i = 0; i < 4; i++)
        CHECK_EQ(ask_with(rig, "POST", "/api/v1/setup", FOREIGN[i], str_of(FIRST)).status, 403);
    for (size_t i = 0; i < COUNT_OF(FOREIGN); i++) {
        a = ask_with(rig, "GET", "/api/v1/setup", FOREIGN[i], (str){0});
        CHECK(has(a.body, S("\"token_needed\":true")));
    }
    a = anybody(rig, "POST", "/api/v1/setup",
                "{\"email\":\"a@b.c\",\"password\":\"correct horse\",\"workspace\":{\"zone\":"
                "\"Nowhere\"}}");
    CHECK_EQ(a.status, 422);
    CHECK(has(a.body, S("\"path\":\"/workspace/zone\"")));
    a = anybody(rig, "POST", "/api/v1/setup", "{\"email\":\"a@b.c\",\"password\":\"password\"}");
    CHECK_EQ(a.status, 422);
    struct browser b = owner(rig);
    a = asks(&b, "GET", "/api/v1/session", "", "");
    CHECK_EQ(a.status, 200);
    CHECK(has(a.body, S("\"zone\":\"Asia/Shanghai\"")) && has(a.body, S("\"currency\":\"CNY\"")));
    CHECK(has(a.body, S("\"role\":\"owner\"")) && has(a.body, S("\"environment\":\"live\"")));
    CHECK_EQ(anybody(rig, "POST", "/api/v1/setup", FIRST).status, 409);
    CHECK_EQ(does(&b, "DELETE", "/api/v1/session", "").status, 204);
    CHECK_EQ(asks(&b, "GET", "/api/v1/session", "", "").status, 401);
    a = anybody(rig, "POST", "/api/v1/session", LOGIN);
    CHECK_EQ(a.status, 200);
    rig_stop(rig);
}

TEST("from elsewhere the first administrator needs the token that was printed")
{
    struct rig *rig = rig_new(arena, "elsewhere", (struct server_options){.address = "0.0.0.0"});
    struct answer_text a = anybody(rig, "POST", "/api/v1/setup", FIRST);
    CHECK_EQ(a.status, 403);
    CHECK(has(a.body, S("\"path\":\"/token\"")));
    CHECK(str_starts(str_of(rig->server->setup_token), S("bk_setup_")));
    str body = arena_printf(arena, "{\"token\":\"%s\",%s", rig->server->setup_token, FIRST + 1);
    a = anybody(rig, "POST", "/api/v1/setup", body.p);
    CHECK_EQ(a.status, 201);
    CHECK_EQ(rig->server->setup_token[0], 0);
    rig_stop(rig);
}

TEST("a cookie is out of reach of scripts and of foreign posts, and safe behind TLS")
{
    struct rig *rig = rig_new(arena, "cookies", (struct server_options){0});
    struct browser b = owner(rig);
    struct answer_text a = anybody(rig, "POST", "/api/v1/session", LOGIN);
    str plain = header_of(rig, &a, "Set-Cookie");
    CHECK(has(plain, S("; Path=/; HttpOnly; SameSite=Lax; Max-Age=604800")));
    CHECK(str_starts(plain, arena_printf(arena, "beckon_%d=bk_ses_", rig->port)));
    CHECK(!has(plain, S("Secure")));
    a = ask_with(rig, "POST", "/api/v1/session", "X-Forwarded-Proto: https\r\n", str_of(LOGIN));
    str safe = header_of(rig, &a, "Set-Cookie");
    CHECK(str_starts(safe, S("__Host-beckon=bk_ses_")) && has(safe, S("; Secure")));
    CHECK(!has(safe, S("Domain")));
    a = does(&b, "DELETE", "/api/v1/session", "");
    CHECK(has(header_of(rig, &a, "Set-Cookie"), S("Max-Age=0")));
    rig_stop(rig);
}

TEST("what a foreign page could send changes nothing")
{
    struct rig *rig = rig_new(arena, "csrf", (struct server_options){0});
    struct browser b = owner(rig);
    static const char *const FOREIGN[] = {"", "X-CSRF-Token: 0123456789abcdef0123456789abcdef\r\n",
                                          "X-CSRF-Token: \r\n"};
    for (size_t i = 0; i < COUNT_OF(FOREIGN); i++)
        CHECK_EQ(asks(&b, "POST", "/api/v1/pause", FOREIGN[i], "{}").status, 403);
    static const char *const ORIGINS[] = {"Origin: http://evil.example\r\n", "Origin: null\r\n",
                                          "Origin: http://localhost.evil.example\r\n",
                                          "Sec-Fetch-Site: cross-site\r\n",
                                          "Sec-Fetch-Site: same-site\r\n"};
    for (size_t i = 0; i < COUNT_OF(ORIGINS); i++) {
        str more = arena_printf(arena, "X-CSRF-Token: %.*s\r\n%s", STR_ARG(b.csrf), ORIGINS[i]);
        CHECK_EQ(asks(&b, "POST", "/api/v1/pause", more.p, "{}").status, 403);
    }
    struct answer_text a = asks(&b, "GET", "/api/v1/pause", "", "");
    CHECK(has(a.body, S("\"paused\":false")));
    str more =
        arena_printf(arena, "X-CSRF-Token: %.*s\r\nOrigin: http://localhost\r\n", STR_ARG(b.csrf));
    CHECK_EQ(asks(&b, "POST", "/api/v1/pause", more.p, "{\"reason\":\"a mistake\"}").status, 200);
    a = asks(&b, "GET", "/api/v1/pause", "", "");
    CHECK(has(a.body, S("\"paused\":true")) && has(a.body, S("\"by\":\"Li\"")));
    a = asks(&b, "GET", "/api/v1/session", "", "");
    CHECK(has(a.body, S("\"paused\":true")));
    a = asks(&b, "GET", "/api/v1/audit", "", "");
    CHECK(has(a.body, S("\"name\":\"Li\"},\"action\":\"POST\",\"path\":\"/api/v1/pause\"")));
    rig_stop(rig);
    rig_start(rig);
    a = ask(rig, "GET", "/api/v1/pause", "");
    CHECK(has(a.body, S("\"paused\":true")) && has(a.body, S("a mistake")));
    CHECK_EQ(ask(rig, "DELETE", "/api/v1/pause", "").status, 200);
    a = ask(rig, "GET", "/api/v1/pause", "");
    CHECK(has(a.body, S("\"paused\":false")));
    rig_stop(rig);
}

TEST("a role may do what its scopes may, and only an owner changes owners")
{
    struct rig *rig = rig_new(arena, "roles", (struct server_options){0});
    struct browser o = owner(rig), admin = joins(rig, "admin@x.test", "admin"),
                   marketer = joins(rig, "m@x.test", "marketer"),
                   approver = joins(rig, "p@x.test", "approver"),
                   analyst = joins(rig, "y@x.test", "analyst");
    static const char SEGMENT[] = "{\"if\":{\"attribute\":\"age\",\"op\":\">\",\"value\":30}}";
    CHECK_EQ(does(&admin, "PUT", "/api/v1/segments/a", SEGMENT).status, 200);
    CHECK_EQ(does(&marketer, "PUT", "/api/v1/segments/b", SEGMENT).status, 200);
    CHECK_EQ(does(&approver, "PUT", "/api/v1/segments/c", SEGMENT).status, 200);
    CHECK_EQ(does(&analyst, "PUT", "/api/v1/segments/d", SEGMENT).status, 403);
    CHECK_EQ(asks(&analyst, "GET", "/api/v1/segments", "", "").status, 200);
    CHECK_EQ(asks(&analyst, "GET", "/api/v1/customers", "", "").status, 200);
    CHECK_EQ(does(&analyst, "POST", "/api/v1/customers", "{}").status, 403);
    CHECK_EQ(does(&approver, "POST", "/api/v1/customers", "{}").status, 403);
    CHECK_EQ(asks(&marketer, "GET", "/api/v1/users", "", "").status, 403);
    CHECK_EQ(asks(&marketer, "GET", "/api/v1/keys", "", "").status, 403);

    struct answer_text a = asks(&o, "GET", "/api/v1/session", "", "");
    str me = arena_printf(arena, "/api/v1/users/%.*s",
                          STR_ARG(json_get_str(json_get(a.json, "user"), "id", (str){0})));
    CHECK_EQ(does(&admin, "PATCH", me.p, "{\"role\":\"analyst\"}").status, 403);
    CHECK_EQ(does(&admin, "DELETE", me.p, "").status, 403);
    CHECK_EQ(
        does(&admin, "POST", "/api/v1/users", "{\"email\":\"n@x.test\",\"role\":\"owner\"}").status,
        403);
    CHECK_EQ(does(&o, "DELETE", me.p, "").status, 409);
    CHECK_EQ(does(&o, "PATCH", me.p, "{\"disabled\":true}").status, 409);

    a = asks(&marketer, "GET", "/api/v1/session", "", "");
    str user = arena_printf(arena, "/api/v1/users/%.*s",
                            STR_ARG(json_get_str(json_get(a.json, "user"), "id", (str){0})));
    CHECK_EQ(does(&o, "PATCH", user.p, "{\"disabled\":true}").status, 200);
    CHECK_EQ(asks(&marketer, "GET", "/api/v1/segments", "", "").status, 401);
    CHECK_EQ(anybody(rig, "POST", "/api/v1/session",
                     "{\"email\":\"m@x.test\",\"password\":\"another horse\"}")
                 .status,
             401);
    rig_stop(rig);
}

TEST("an invitation works once, and a new password ends all other sessions")
{
    struct rig *rig = rig_new(arena, "invited", (struct server_options){0});
    struct browser o = owner(rig), b = {.rig = rig};
    struct answer_text a =
        does(&o, "POST", "/api/v1/users", "{\"email\":\"wang@x.test\",\"role\":\"marketer\"}");
    CHECK_EQ(a.status, 201);
    const struct json *invitation = json_get(a.json, "invitation");
    str token = json_get_str(invitation, "token", (str){0});
    CHECK(str_ends(json_get_str(invitation, "url", (str){0}),
                   arena_printf(arena, "/invite#%.*s", STR_ARG(token))));
    CHECK_EQ(does(&o, "POST", "/api/v1/users", "{\"email\":\"WANG@x.test\"}").status, 409);
    str body = arena_printf(arena, "{\"token\":\"%.*s\"}", STR_ARG(token));
    a = anybody(rig, "POST", "/api/v1/invitation", body.p);
    CHECK_EQ(a.status, 200);
    CHECK(has(a.body, S("wang@x.test")) && has(a.body, S("marketer")));
    body = arena_printf(arena, "{\"token\":\"%.*s\",\"password\":\"short\"}", STR_ARG(token));
    CHECK_EQ(anybody(rig, "POST", "/api/v1/invitation/accept", body.p).status, 422);
    body = arena_printf(arena, "{\"token\":\"%.*s\",\"password\":\"my own horse\",\"name\":\"W\"}",
                        STR_ARG(token));
    a = anybody(rig, "POST", "/api/v1/invitation/accept", body.p);
    CHECK_EQ(a.status, 201);
    keep(&b, &a);
    CHECK_EQ(anybody(rig, "POST", "/api/v1/invitation/accept", body.p).status, 404);
    CHECK_EQ(asks(&b, "GET", "/api/v1/segments", "", "").status, 200);

    struct browser other = {.rig = rig};
    static const char HERS[] = "{\"email\":\"wang@x.test\",\"password\":\"my own horse\"}";
    a = anybody(rig, "POST", "/api/v1/session", HERS);
    keep(&other, &a);
    a = asks(&b, "GET", "/api/v1/sessions", "", "");
    CHECK_EQ(item_count(&a), 2);
    CHECK_EQ(does(&b, "POST", "/api/v1/session/password",
                  "{\"current\":\"wrong horse\",\"password\":\"a third horse\"}")
                 .status,
             401);
    CHECK_EQ(does(&b, "POST", "/api/v1/session/password",
                  "{\"current\":\"my own horse\",\"password\":\"a third horse\"}")
                 .status,
             204);
    CHECK_EQ(asks(&other, "GET", "/api/v1/session", "", "").status, 401);
    CHECK_EQ(asks(&b, "GET", "/api/v1/session", "", "").status, 200);
    CHECK_EQ(anybody(rig, "POST", "/api/v1/session", HERS).status, 401);
    rig_stop(rig);
}

TEST("five wrong passwords, and the sixth try has to wait, even if it is right")
{
    struct rig *rig = rig_new(arena, "tries", (struct server_options){0});
    (void)owner(rig);
    struct answer_text a = {0};
    for (int i = 0; i < 5; i++) {
        a = anybody(rig, "POST", "/api/v1/session",
                    "{\"email\":\"li@example.com\",\"password\":\"wrong horse\"}");
        CHECK_EQ(a.status, 401);
        CHECK(has(a.body, S("\"path\":\"/password\"")));
    }
    a = anybody(rig, "POST", "/api/v1/session", LOGIN);
    CHECK_EQ(a.status, 429);
    i64 wait = 0;
    CHECK_OK(str_to_i64(header_of(rig, &a, "Retry-After"), &wait));
    CHECK(wait > 50 && wait <= 60);
    a = anybody(rig, "POST", "/api/v1/session",
                "{\"email\":\"nobody@example.com\",\"password\":\"wrong horse\"}");
    CHECK_EQ(a.status, 401);
    rig_stop(rig);
}

TEST("tries wait longer and longer, and are forgotten after an hour")
{
    struct attempts *a = attempts_new(env_real());
    str who = S("li@example.com"), where = S("192.0.2.1");
    i64 now = 1000000000000;
    for (int i = 0; i < 5; i++) CHECK_EQ(attempts_begin(a, who, where, now), 0);
    CHECK_EQ(attempts_begin(a, who, where, now + 59999), 1);
    CHECK_EQ(attempts_begin(a, S("LI@Example.com"), where, now + 60000), 0);
    CHECK_EQ(attempts_begin(a, who, where, now + 60000 + 119999), 1);
    CHECK_EQ(attempts_begin(a, who, S("192.0.2.2"), now), 0);
    CHECK_EQ(attempts_begin(a, who, where, now + 60000 + 120000 + HOUR + 1), 0);
    CHECK_EQ(attempts_begin(a, who, where, now + 60000 + 120000 + HOUR + 1), 0);
    for (int i = 0; i < 30; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        CHECK_EQ(attempts_begin(a, str_of(name), S("192.0.2.3"), now), 0);
    }
    CHECK(attempts_begin(a, S("more"), S("192.0.2.3"), now) > 0);
    for (int i = 0; i < 10; i++) {
        CHECK_EQ(attempts_begin(a, S("right"), S("192.0.2.4"), now), 0);
        attempts_right(a, S("right"), S("192.0.2.4"));
    }
    attempts_free(a);
}

TEST("the codes of RFC 6238's appendix B")
{
    static const struct {
        i64 time;
        u32 code;
    } VECTORS[] = {{59, 94287082},         {1111111109, 7081804},  {1111111111, 14050471},
                   {1234567890, 89005924}, {2000000000, 69279037}, {20000000000, 65353130}};
    str secret = S("12345678901234567890");
    i64 step = 0;
    for (size_t i = 0; i < COUNT_OF(VECTORS); i++)
        CHECK_EQ(totp_code(secret, VECTORS[i].time / 30, 8), VECTORS[i].code);
    CHECK(totp_fits(secret, S("287082"), 59000, 0, &step));
    CHECK_EQ(step, 1);
    CHECK(totp_fits(secret, S("287082"), 89999, 0, &step)); /* the step after */
    CHECK(!totp_fits(secret, S("287082"), 90000, 0, &step));
    CHECK(!totp_fits(secret, S("287082"), 59000, 1, &step)); /* taken already */
    CHECK(!totp_fits(secret, S("28708"), 59000, 0, &step));
    CHECK(!totp_fits(secret, S("-87082"), 59000, 0, &step));
    struct buf b;
    buf_init(&b, 1000);
    totp_url(&b, S("Beckon"), S("li+a@x.test"), S("Hello!\xde\xad\xbe\xef"));
    CHECK(str_eq(buf_str(&b), S("otpauth://totp/Beckon:li%2Ba@x.test?secret=JBSWY3DPEHPK3PXP"
                                "&issuer=Beckon")));
    buf_clear(&b);
}

static void code_now(struct arena *a, str secret32, i64 ahead, char out[8])
{
    u8 secret[TOTP_SECRET] = {0};
    u32 bits = 0, have = 0;
    size_t n = 0;
    (void)a;
    for (size_t i = 0; i < secret32.n && n < sizeof secret; i++) {
        char c = secret32.p[i];
        bits = bits << 5 | (u32)(c >= 'A' ? c - 'A' : c - '2' + 26);
        have += 5;
        if (have < 8) continue;
        have -= 8;
        secret[n++] = (u8)(bits >> have);
    }
    i64 step = env_wall_ms(env_real()) / TOTP_STEP_MS + ahead;
    snprintf(out, 8, "%06u",
             totp_code((str){(const char *)secret, TOTP_SECRET}, step, TOTP_DIGITS));
}

TEST("with a second factor the password alone opens nothing, and no code works twice")
{
    struct rig *rig = rig_new(arena, "factor", (struct server_options){0});
    struct browser b = owner(rig);
    char code[8];
    CHECK_EQ(does(&b, "POST", "/api/v1/session/totp", "{\"password\":\"wrong\"}").status, 401);
    CHECK_EQ(does(&b, "POST", "/api/v1/session/totp/confirm", "{\"code\":\"000000\"}").status, 409);
    struct answer_text a =
        does(&b, "POST", "/api/v1/session/totp", "{\"password\":\"correct horse\"}");
    CHECK_EQ(a.status, 200);
    str secret = member(&a, "secret");
    CHECK_EQ(secret.n, 32);
    CHECK(str_starts(member(&a, "url"), S("otpauth://totp/Beckon:li@example.com?secret=")));
    CHECK_EQ(anybody(rig, "POST", "/api/v1/session", LOGIN).status, 200); /* not in force yet */
    code_now(arena, secret, -1, code);
    str body = arena_printf(arena, "{\"code\":\"%s\"}", code);
    a = does(&b, "POST", "/api/v1/session/totp/confirm", body.p);
    CHECK_EQ(a.status, 200);
    const struct json *codes = json_get(a.json, "recovery_codes");
    CHECK_EQ(codes->count, 10);

    a = anybody(rig, "POST", "/api/v1/session", LOGIN);
    CHECK_EQ(a.status, 401);
    CHECK(has(a.body, S("\"path\":\"/code\"")));
    body = arena_printf(arena, "%.*s,\"code\":\"%s\"}", (int)sizeof LOGIN - 2, LOGIN, code);
    CHECK_EQ(anybody(rig, "POST", "/api/v1/session", body.p).status, 401); /* used to confirm */
    code_now(arena, secret, 0, code);
    body = arena_printf(arena, "%.*s,\"code\":\"%s\"}", (int)sizeof LOGIN - 2, LOGIN, code);
    CHECK_EQ(anybody(rig, "POST", "/api/v1/session", body.p).status, 200);
    CHECK_EQ(anybody(rig, "POST", "/api/v1/session", body.p).status, 401);
    body = arena_printf(arena, "%.*s,\"code\":\"%.*s\"}", (int)sizeof LOGIN - 2, LOGIN,
                        STR_ARG(codes->child->text));
    CHECK_EQ(anybody(rig, "POST", "/api/v1/session", body.p).status, 200);
    CHECK_EQ(anybody(rig, "POST", "/api/v1/session", body.p).status, 401);

    CHECK_EQ(
        does(&b, "POST", "/api/v1/session/totp/disable", "{\"password\":\"correct horse\"}").status,
        204);
    CHECK_EQ(anybody(rig, "POST", "/api/v1/session", LOGIN).status, 200);
    rig_stop(rig);
}

TEST("a session ends by itself, and its token is nowhere on the disk")
{
    struct office *o;
    struct diag why = {0};
    char dir[200], token[65];
    const struct session *x;
    const struct user *u, *who = NULL;
    snprintf(dir, sizeof dir, "%s/sessions", test_dir());
    CHECK_OK(env_make_dir(env_real(), dir));
    CHECK_OK(office_open(env_real(), dir, &o, &why));
    struct user_new new = {.email = S("li@x.test"), .role = ROLE_OWNER, .only_first = true};
    i64 now = 1000000000000;
    CHECK_OK(user_create(o, &new, now, &u, &why));
    CHECK_EQ(user_create(o, &new, now, &u, NULL), ERR_CONFLICT);
    str id = arena_str(arena, str_of(user_by_email(o, S("LI@X.test"))->id));
    CHECK_OK(session_begin(o, id, now, S("192.0.2.0"), S("curl"), token, &x, &why));
    CHECK(session_check(o, str_of(token), now + SESSION_IDLE_MS - 1, &who) && who);
    CHECK(!session_check(o, str_of(token), now + 2 * (i64)SESSION_IDLE_MS, &who));
    CHECK(session_check(o, str_of(token), now + SESSION_IDLE_MS + 5, &who));
    for (i64 t = now; t < now + SESSION_MS; t += SESSION_IDLE_MS / 2)
        CHECK(session_check(o, str_of(token), t, &who));
    CHECK(!session_check(o, str_of(token), now + SESSION_MS, &who));
    office_close(o);
    CHECK_OK(office_open(env_real(), dir, &o, &why));
    CHECK(session_check(o, str_of(token), now + SESSION_MS - 1, &who));
    CHECK_EQ(sessions_end(o, id, (str){0}), 1);
    CHECK(!session_check(o, str_of(token), now + 1, &who));
    office_close(o);
}

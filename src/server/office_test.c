#include "server/office.h"

#include "base/test.h"
#include "server/seal.h"
#include "server/token.h"

#include <stdio.h>
#include <stdlib.h>

static const char *home(struct arena *a, const char *name)
{
    str path = arena_printf(a, "%s/%s", test_dir(), name);
    CHECK_OK(env_make_dir(env_real(), path.p));
    return path.p;
}

static struct office *open_at(const char *dir)
{
    struct diag why = {0};
    struct office *o = NULL;
    CHECK_OK(office_open(env_real(), dir, &o, &why));
    return o;
}

TEST("every changed letter of a token is noticed")
{
    char token[65];
    token_make(env_real(), S("bk_live_"), token);
    str t = str_of(token);
    CHECK_EQ(t.n, 8 + TOKEN_RANDOM + TOKEN_CHECK);
    CHECK(token_valid(S("bk_live_"), t));
    CHECK(!token_valid(S("bk_src_"), t));
    CHECK(!token_valid(S("bk_live_"), str_slice(t, 0, t.n - 1)));
    for (size_t i = 0; i < t.n; i++) {
        char saved = token[i];
        token[i] = saved == 'x' ? 'y' : 'x';
        CHECK(!token_valid(S("bk_live_"), t));
        token[i] = saved;
    }
}

TEST("a sealed secret opens with its key and name only")
{
    struct seal_key key, other;
    struct buf b;
    str out;
    env_random(env_real(), &key, sizeof key);
    env_random(env_real(), &other, sizeof other);
    buf_init(&b, 1000);
    seal_put(env_real(), &key, S("mail"), S("hunter2"), &b);
    CHECK_OK(seal_get(&key, S("mail"), buf_str(&b), arena, &out));
    CHECK_STR(out, S("hunter2"));
    CHECK_EQ(seal_get(&key, S("sms"), buf_str(&b), arena, &out), ERR_CORRUPT);
    CHECK_EQ(seal_get(&other, S("mail"), buf_str(&b), arena, &out), ERR_CORRUPT);
    CHECK(str_find(buf_str(&b), S("hunter2")) < 0);
    for (size_t i = 0; i < b.n; i++) {
        b.p[i] = (char)(b.p[i] ^ 1);
        CHECK_EQ(seal_get(&key, S("mail"), buf_str(&b), arena, &out), ERR_CORRUPT);
        b.p[i] = (char)(b.p[i] ^ 1);
        CHECK_EQ(seal_get(&key, S("mail"), str_slice(buf_str(&b), 0, i), arena, &out), ERR_CORRUPT);
    }
    buf_clear(&b);
}

TEST("a key made elsewhere works at once, and no longer once it is deleted")
{
    const char *dir = home(arena, "keys");
    struct office *serving = open_at(dir), *command = open_at(dir);
    struct diag why = {0};
    const struct office_key *made;
    char key[OFFICE_KEY_MAX + 1];
    CHECK(!office_key_check(serving, S("bk_live_nothing"), 1));
    CHECK_OK(office_key_create(command, S("import"), scope_bit(SCOPE_INGEST), 5, key, &made, &why));
    const struct office_key *k = office_key_check(serving, str_of(key), 7 * MINUTE);
    CHECK(k && scope_allows(k->scopes, SCOPE_INGEST) && !scope_allows(k->scopes, SCOPE_ADMIN));
    CHECK_EQ(k->used_ms, 7 * MINUTE);
    CHECK_STR(str_of(k->hint), str_slice(str_of(key), 0, 12));
    office_refresh(serving);
    office_refresh(command);
    const struct office_key *all;
    CHECK_EQ(office_keys(command, &all), 1);
    CHECK_EQ(all[0].used_ms, 7 * MINUTE);
    CHECK_OK(office_key_delete(command, str_of(all[0].id), &why));
    office_refresh(serving);
    CHECK(!office_key_check(serving, str_of(key), 9 * MINUTE));
    CHECK_EQ(office_key_delete(command, S("key_none"), &why), ERR_NOT_FOUND);
    office_close(serving);
    office_close(command);
}

TEST("no key stands readable in the directory")
{
    const char *dir = home(arena, "hidden");
    struct office *o = open_at(dir);
    struct diag why = {0};
    char key[OFFICE_KEY_MAX + 1];
    CHECK_OK(office_key_create(o, S("x"), scope_bit(SCOPE_ADMIN), 5, key, NULL, &why));
    CHECK_OK(office_secret_put(o, S("channel/mail/password"), S("correct horse"), &why));
    office_close(o);
    str db = test_file(arena, arena_printf(arena, "%s/office.db", dir).p);
    CHECK(str_find(db, str_of(key)) < 0);
    CHECK(str_find(db, str_of(key + 12)) < 0);
    CHECK(str_find(db, S("correct horse")) < 0);
    CHECK(str_find(db, S("channel/mail/password")) >= 0);
}

TEST("sources come and go, with ids of their own or given ones")
{
    const char *dir = home(arena, "sources");
    struct office *o = open_at(dir);
    struct diag why = {0};
    struct office_source *a, *b;
    CHECK_OK(office_source_create(o, S("web"), S("官网"), SOURCE_BROWSER, 3, &a, &why));
    char write_key[OFFICE_KEY_MAX + 1];
    memcpy(write_key, a->write_key, sizeof write_key);
    a->code = 17;
    CHECK_OK(office_source_create(o, (str){0}, S("backend"), SOURCE_SERVER, 4, &b, &why));
    CHECK(str_starts(str_of(b->id), S("src_")));
    a = office_source_by_key(o, str_of(write_key));
    CHECK(a && a->code == 17 && a->kind == SOURCE_BROWSER);
    CHECK_EQ(office_source_create(o, S("web"), S("x"), SOURCE_SERVER, 5, &b, &why), ERR_CONFLICT);
    why = (struct diag){0};
    CHECK_EQ(office_source_create(o, S("a/b"), S("x"), SOURCE_SERVER, 5, &b, &why), ERR_REFUSED);
    CHECK_STR(str_of(why.path), S("/id"));
    CHECK_EQ(office_source_create(o, S("c"), S(" "), SOURCE_SERVER, 5, &b, &why), ERR_REFUSED);
    CHECK_OK(office_source_delete(o, S("web"), &why));
    CHECK(!office_source_by_key(o, str_of(write_key)));
    office_close(o);
    o = open_at(dir);
    struct office_source *all;
    CHECK_EQ(office_sources(o, &all), 1);
    CHECK_STR(str_of(all[0].name), S("backend"));
    office_close(o);
}

TEST("secrets and settings are kept, replaced and removed")
{
    const char *dir = home(arena, "settings");
    struct office *o = open_at(dir);
    struct diag why = {0};
    str out;
    CHECK_EQ(office_secret_get(o, S("a"), arena, &out, &why), ERR_NOT_FOUND);
    CHECK_OK(office_secret_put(o, S("a"), S("one"), &why));
    CHECK_OK(office_secret_put(o, S("a"), S("two"), &why));
    CHECK_OK(office_secret_get(o, S("a"), arena, &out, &why));
    CHECK_STR(out, S("two"));
    CHECK_OK(office_secret_put(o, S("a"), (str){0}, &why));
    CHECK_EQ(office_secret_get(o, S("a"), arena, &out, &why), ERR_NOT_FOUND);
    CHECK_EQ(office_setting_get(o, S("lang"), arena).n, 0);
    CHECK_OK(office_setting_put(o, S("lang"), S("zh"), &why));
    CHECK_STR(office_setting_get(o, S("lang"), arena), S("zh"));
    office_close(o);
}

TEST("scopes are read and written, and an unknown one is named")
{
    struct diag why = {0};
    u32 scopes;
    struct buf b;
    CHECK_OK(scopes_parse(S("customers:read, ingest"), &scopes, &why));
    buf_init(&b, 1000);
    scopes_put(&b, scopes);
    CHECK_STR(buf_str(&b), S("[\"customers:read\",\"ingest\"]"));
    buf_clear(&b);
    CHECK(!scope_allows(scopes, SCOPE_CUSTOMERS_WRITE));
    CHECK_OK(scopes_parse(S("admin"), &scopes, &why));
    for (u32 i = 0; i < SCOPE_COUNT; i++) CHECK(scope_allows(scopes, (scope)i));
    CHECK_EQ(scopes_parse(S("ingest,root"), &scopes, &why), ERR_REFUSED);
    CHECK(str_find(str_of(why.message), S("root")) >= 0);
    CHECK_EQ(scopes_parse(S(""), &scopes, NULL), ERR_REFUSED);
}

static void join(void *ctx, str id, str source)
{
    buf_printf(ctx, "%.*s=%.*s;", STR_ARG(id), STR_ARG(source));
}

TEST("drafts are kept per kind until they are deleted")
{
    struct office *o = open_at(home(arena, "drafts"));
    struct diag why = {0};
    struct buf b;
    buf_init(&b, 1000);
    CHECK_OK(office_draft_put(o, S("journey"), S("b"), S("{}"), 1, &why));
    CHECK_OK(office_draft_put(o, S("journey"), S("a"), S("1"), 2, &why));
    CHECK_OK(office_draft_put(o, S("journey"), S("a"), S("2"), 3, &why));
    CHECK_OK(office_draft_put(o, S("page"), S("a"), S("3"), 3, &why));
    office_drafts(o, S("journey"), join, &b);
    CHECK_STR(buf_str(&b), S("a=2;b={};"));
    CHECK_STR(office_draft_get(o, S("page"), S("a"), arena), S("3"));
    CHECK_OK(office_draft_delete(o, S("page"), S("a"), &why));
    CHECK_EQ(office_draft_get(o, S("page"), S("a"), arena).n, 0);
    CHECK_EQ(office_draft_delete(o, S("page"), S("a"), &why), ERR_NOT_FOUND);
    buf_clear(&b);
    office_close(o);
}

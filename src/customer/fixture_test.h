/* fixture_test.h — a store with customers, and records about them in a few words. For tests only.
 */
#pragma once
#include "customer/customer_internal.h"

#include <stdio.h>
#include <stdlib.h>

struct fixture {
    struct store *store;
    struct customers *c;
    u64 number;
    struct resolved out;
};

static inline struct fixture fixture_new(void)
{
    struct fixture f = {.store = store_new(&(struct store_options){0})};
    f.c = customers_new(f.store, (struct sip_key){1, 2});
    return f;
}

static inline void fixture_free(struct fixture *f)
{
    customers_free(f->c);
    store_free(f->store);
}

/* An identifier by its namespace's first letters and its value: "user_id:ada", "email:a@b.c". */
static inline struct identifier identifier(const struct fixture *f, const char *reference)
{
    static const struct {
        const char *prefix;
        u32 space;
    } SPACES[] = {
        {"user:", SPACE_USER_ID},         {"anon:", SPACE_ANONYMOUS_ID},
        {"mail:", SPACE_EMAIL},           {"tel:", SPACE_PHONE},
        {"member:", SPACE_MEMBER_NO},     {"group:", SPACE_GROUP_ID},
        {"openid:", SPACE_WECHAT_OPENID}, {"token:", SPACE_DEVICE_TOKEN},
    };
    str text = str_of(reference);
    for (u32 i = 0; i < COUNT_OF(SPACES); i++) {
        if (!str_starts(text, str_of(SPACES[i].prefix))) continue;
        str name = str_slice(text, strlen(SPACES[i].prefix), text.n);
        return (struct identifier){
            .space = SPACES[i].space,
            .hash = identifier_hash(f->c->key, SPACES[i].space, name),
            .value = name,
        };
    }
    MUST(!"a known namespace");
}

/* A record with up to three identifiers (NULL: none); its persona. Everything else is in f->out. */
static inline persona record(struct fixture *f, i64 when, const char *a, const char *b,
                             const char *c)
{
    struct identifier ids[3];
    const char *const references[] = {a, b, c};
    u32 n = 0;
    for (u32 i = 0; i < 3; i++)
        if (references[i]) ids[n++] = identifier(f, references[i]);
    customer_resolve(f->c, ids, n, when, ++f->number, &f->out);
    return f->out.persona;
}

/* A new customer with this user_id. */
static inline persona somebody(struct fixture *f, const char *user)
{
    char reference[64];
    snprintf(reference, sizeof reference, "user:%s", user);
    persona p = record(f, 1000, reference, NULL, NULL);
    MUST(f->out.is_new);
    return p;
}

static inline persona holder(const struct fixture *f, const char *reference)
{
    struct identifier id = identifier(f, reference);
    return customer_find(f->c, id.space, id.hash);
}

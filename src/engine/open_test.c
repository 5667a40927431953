/* What a public key or a form may say of somebody: it adds, and does not overrule. */
#include "engine/house_test.h"

static str address(struct house *h, persona head)
{
    struct identifier_view v;
    return customer_address(engine_customers(h->e), head, CHANNEL_EMAIL, &v) ? v.value : (str){0};
}

static u8 consent(struct house *h, persona head)
{
    struct customer_view v = {engine_customers(h->e), NULL};
    return view_consent(&v, head, CHANNEL_EMAIL, 0);
}

TEST("an address that the public claims is never written to while one is known")
{
    struct house h;
    house_open(&h, 1, NULL);
    persona p = house_post(&h, &(struct post){.ids = {"user:u", "mail:claimed@x"},
                                              .flags = RECORD_BROWSER,
                                              .ago_ms = 900});
    CHECK_STR(address(&h, p), S("claimed@x"));
    house_post(&h, &(struct post){.ids = {"user:u", "mail:known@x"}, .ago_ms = 800});
    CHECK_STR(address(&h, p), S("known@x"));
    for (int i = 0; i < 20; i++) {
        const char *mail = arena_printf(arena, "mail:m%d", i).p;
        house_post(&h, &(struct post){.ids = {"user:u", mail}, .flags = RECORD_BROWSER});
    }
    CHECK_STR(address(&h, p), S("known@x"));
    house_post(&h, &(struct post){.ids = {"user:u", "mail:m19"}});
    CHECK_STR(address(&h, p), S("m19"));
    house_close(&h);
}

TEST("a form adds what is missing of somebody who is known, and changes nothing")
{
    struct house h;
    house_open(&h, 1, NULL);
    persona p = house_post(&h, &(struct post){.ids = {"user:u", "mail:a@x"},
                                              .attribute = "city",
                                              .v = value_text(S("Oslo"))});
    struct post form = {.ids = {"mail:a@x"},
                        .event = "Form Submitted",
                        .attribute = "city",
                        .v = value_text(S("Rome")),
                        .flags = RECORD_BROWSER};
    house_post(&h, &form);
    CHECK_STR(house_attribute(&h, p, "city"), S("Oslo"));
    form.attribute = "size";
    house_post(&h, &form);
    CHECK_STR(house_attribute(&h, p, "size"), S("Rome"));
    /* A lead has nothing but what forms say. */
    form.ids[0] = "mail:lead@x";
    house_post(&h, &form);
    form.v = value_text(S("Paris"));
    house_post(&h, &form);
    CHECK_STR(house_attribute(&h, house_find(&h, "mail:lead@x"), "size"), S("Paris"));
    house_close(&h);
}

TEST("the public may take consent back, and does not give it to who said no")
{
    struct house h;
    house_open(&h, 1, NULL);
    struct post says = {.ids = {"user:u"}, .consent = 1, .flags = RECORD_BROWSER, .ago_ms = 900};
    persona p = house_post(&h, &says);
    CHECK_EQ(consent(&h, p), 1);
    says.consent = 2, says.ago_ms = 800;
    house_post(&h, &says);
    CHECK_EQ(consent(&h, p), 2);
    says.consent = 1, says.ago_ms = 700;
    house_post(&h, &says);
    CHECK_EQ(consent(&h, p), 2);
    says.flags = 0, says.ago_ms = 600;
    house_post(&h, &says);
    CHECK_EQ(consent(&h, p), 1);
    house_close(&h);
}

TEST("a public key joins a device to a user, not two users")
{
    struct house h;
    house_open(&h, 1, NULL);
    persona u = house_post(&h, &(struct post){.ids = {"user:u"}});
    persona v = house_post(&h, &(struct post){.ids = {"user:v"}});
    struct post alias = {.ids = {"user:v", "user:u"}, .what = ITEM_ALIAS, .flags = RECORD_BROWSER};
    house_post(&h, &alias);
    CHECK(customer_head(engine_customers(h.e), u) != customer_head(engine_customers(h.e), v));
    alias.ids[0] = "anon:d";
    persona d = house_post(&h, &(struct post){.ids = {"anon:d"}, .event = "Viewed"});
    house_post(&h, &alias);
    CHECK_EQ(customer_head(engine_customers(h.e), d), customer_head(engine_customers(h.e), u));
    alias.ids[0] = "user:v", alias.flags = 0;
    house_post(&h, &alias);
    CHECK_EQ(customer_head(engine_customers(h.e), u), customer_head(engine_customers(h.e), v));
    house_close(&h);
}

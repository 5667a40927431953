/* Who is who: the rules one by one. */
#include "base/test.h"
#include "customer/fixture_test.h"

static u32 heads(const struct fixture *f)
{
    return customers_count(f->c);
}

TEST("a known identifier leads to its persona, an unknown one makes a new one")
{
    struct fixture f = fixture_new();
    persona a = record(&f, 10, "user:ada", NULL, NULL);
    CHECK(f.out.is_new);
    CHECK_EQ(a, 1);
    CHECK_EQ(record(&f, 20, "user:ada", NULL, NULL), a);
    CHECK(!f.out.is_new);
    CHECK_EQ(f.out.head, a);
    CHECK_EQ(n48_get(customer_at(f.c, a)->first_seen), 10);
    CHECK_EQ(n48_get(customer_at(f.c, a)->last_seen), 20);
    record(&f, 5, "user:ada", NULL, NULL);
    CHECK_EQ(n48_get(customer_at(f.c, a)->first_seen), 5);
    CHECK_EQ(record(&f, 20, "user:bob", NULL, NULL), 2);
    CHECK_EQ(heads(&f), 2);
    CHECK_EQ(holder(&f, "user:ada"), a);
    CHECK_EQ(holder(&f, "member:ada"), 0);
    fixture_free(&f);
}

TEST("strong identifiers of different namespaces join, the stronger survives")
{
    struct fixture f = fixture_new();
    persona m = record(&f, 1, "member:7", NULL, NULL);
    persona u = record(&f, 2, "user:ada", NULL, NULL);
    CHECK_EQ(record(&f, 3, "member:7", "user:ada", NULL), u);
    CHECK_EQ(f.out.link_count, 1);
    CHECK_EQ(f.out.links[0].from, m);
    CHECK_EQ(f.out.links[0].to, u);
    CHECK_EQ(f.out.links[0].why, LINK_SAME_RECORD);
    CHECK_EQ(customer_head(f.c, m), u);
    CHECK_EQ(holder(&f, "member:7"), u);
    CHECK_EQ(heads(&f), 1);
    persona both[3];
    CHECK_EQ(customer_personas(f.c, u, both, 3), 2);
    CHECK_EQ(both[0], u);
    CHECK_EQ(both[1], m);
    CHECK_EQ(customer_personas(f.c, m, both, 3), 0);
    CHECK_EQ(record(&f, 4, "member:7", NULL, NULL), m); /* the leaf goes on */
    CHECK_EQ(f.out.head, u);
    fixture_free(&f);
}

TEST("of equally strong ones the oldest survives")
{
    struct fixture f = fixture_new();
    persona a = record(&f, 1, "mail:a@x.cn", NULL, NULL),
            b = record(&f, 2, "mail:b@x.cn", NULL, NULL);
    CHECK_OK(customer_link(f.c, b, a, LINK_MANUAL, 3, 3, &f.out));
    CHECK_EQ(f.out.head, a);
    CHECK_EQ(f.out.links[0].from, b);
    fixture_free(&f);
}

TEST("two values of one unique strong namespace never join by themselves")
{
    struct fixture f = fixture_new();
    persona a = record(&f, 1, "user:a", "member:1", NULL);
    persona b = record(&f, 2, "user:b", NULL, NULL);
    CHECK_EQ(record(&f, 3, "user:b", "member:1", NULL), b); /* the stronger id decides */
    CHECK_EQ(f.out.conflict_count, 1);
    CHECK_EQ(f.out.link_count, 0);
    CHECK_EQ(holder(&f, "member:1"), a);
    CHECK_EQ(record(&f, 4, "user:c", "member:1", NULL), 3); /* also when it is new */
    CHECK(f.out.is_new);
    CHECK_EQ(f.out.conflict_count, 1);
    CHECK_EQ(record(&f, 5, "user:a", "user:d", NULL), a); /* and within one record */
    CHECK_EQ(f.out.conflict_count, 1);
    CHECK_EQ(holder(&f, "user:d"), 0);
    CHECK_EQ(heads(&f), 3);
    CHECK_EQ(customer_link(f.c, a, b, LINK_SAME_RECORD, 6, 6, &f.out), ERR_CONFLICT);
    CHECK_OK(customer_link(f.c, a, b, LINK_ALIAS, 6, 6, &f.out)); /* a person may say so */
    CHECK_EQ(customer_head(f.c, b), a);
    CHECK_EQ(customer_link(f.c, a, 99, LINK_ALIAS, 6, 6, &f.out), ERR_NOT_FOUND);
    fixture_free(&f);
}

TEST("openids of two apps are one customer's, two of one app are not")
{
    struct fixture f = fixture_new();
    persona a = record(&f, 1, "user:a", "openid:APP1:x", NULL);
    CHECK_EQ(record(&f, 2, "user:a", "openid:APP2:x", NULL), a);
    CHECK_EQ(f.out.conflict_count, 0);
    CHECK_EQ(holder(&f, "openid:APP2:x"), a);
    CHECK_EQ(record(&f, 3, "user:a", "openid:APP1:y", NULL), a);
    CHECK_EQ(f.out.conflict_count, 1);
    CHECK_EQ(holder(&f, "openid:APP1:y"), 0);
    fixture_free(&f);
}

TEST("a weak identifier joins if one customer holds it and no strong ids differ")
{
    struct fixture f = fixture_new();
    persona letter = record(&f, 1, "mail:a@x.cn", NULL, NULL);
    CHECK_EQ(record(&f, 2, "user:a", "mail:a@x.cn", NULL), letter); /* it gets a name */
    CHECK(!f.out.is_new);
    CHECK_EQ(holder(&f, "user:a"), letter);
    persona m = record(&f, 3, "member:1", "mail:a@x.cn", NULL); /* a guess: its own persona */
    CHECK(m != letter);
    CHECK_EQ(f.out.link_count, 1);
    CHECK_EQ(f.out.links[0].why, LINK_WEAK_UNIQUE);
    CHECK_EQ(customer_head(f.c, m), letter);
    persona b = record(&f, 4, "user:b", "mail:a@x.cn", NULL); /* somebody else: shared */
    CHECK_EQ(customer_head(f.c, b), b);
    CHECK_EQ(holder(&f, "mail:a@x.cn"), 0);
    persona two[4];
    struct identifier mail = identifier(&f, "mail:a@x.cn");
    CHECK_EQ(customer_holders(f.c, mail.space, mail.hash, two, 4), 2);
    CHECK_EQ(two[0], letter);
    CHECK_EQ(two[1], b);
    persona c = record(&f, 5, "member:2", "mail:a@x.cn", NULL); /* shared joins nobody */
    CHECK_EQ(customer_head(f.c, c), c);
    fixture_free(&f);
}

TEST("a record of shared contact points only goes to one that has no name, always the same")
{
    struct fixture f = fixture_new();
    record(&f, 1, "user:a", "tel:+1", NULL);
    record(&f, 2, "user:b", "tel:+1", NULL);
    persona p = record(&f, 3, "tel:+1", NULL, NULL);
    CHECK_EQ(p, 3);
    CHECK_EQ(record(&f, 4, "tel:+1", NULL, NULL), p);
    CHECK_EQ(record(&f, 5, "tel:+1", "anon:d", NULL), p);
    persona a = record(&f, 6, "user:a", "anon:e", NULL);
    CHECK_EQ(record(&f, 7, "tel:+1", "anon:e", NULL), a); /* here the device tells */
    CHECK_EQ(heads(&f), 3);
    fixture_free(&f);
}

TEST("a visitor becomes the user who signs in, and one customer with what she was")
{
    struct fixture f = fixture_new();
    struct customer_view v = live(f.c);
    struct change ch;
    persona visitor = record(&f, 1, "anon:d", NULL, NULL);
    CHECK(customer_set(f.c, visitor, 1, value_text(S("ads")), 1, &ch));
    CHECK_EQ(record(&f, 2, "anon:d", "user:a", NULL), visitor);
    persona other = record(&f, 3, "anon:e", NULL, NULL);
    CHECK(customer_set(f.c, other, 2, value_text(S("web")), 3, &ch));
    CHECK_EQ(record(&f, 4, "anon:e", "user:a", NULL), visitor);
    CHECK_EQ(customer_head(f.c, other), visitor);
    CHECK_STR(view_attribute(&v, visitor, 1).text, S("ads"));
    CHECK_STR(view_attribute(&v, visitor, 2).text, S("web"));
    CHECK_EQ(view_attribute(&v, other, 2).type, VALUE_MISSING);
    fixture_free(&f);
}

TEST("a device seen with a second user is hers from then on; the two never join")
{
    struct fixture f = fixture_new();
    i64 t = 100 * DAY;
    persona a = record(&f, t, "anon:d", "user:a", NULL);
    persona b = record(&f, t + HOUR, "anon:d", "user:b", NULL);
    CHECK(b != a);
    CHECK_EQ(f.out.conflict_count, 0);
    CHECK_EQ(customer_head(f.c, b), b);
    CHECK_EQ(record(&f, t + 2 * HOUR, "anon:d", NULL, NULL), b);
    CHECK_EQ(record(&f, t + HOUR, "anon:d", NULL, NULL), b);
    CHECK_EQ(record(&f, t + HOUR - 1, "anon:d", NULL, NULL), a);     /* late: it was hers then */
    CHECK_EQ(record(&f, t + HOUR / 2, "anon:d", "user:a", NULL), a); /* moves nothing back */
    CHECK_EQ(record(&f, t + 2 * HOUR, "anon:d", NULL, NULL), b);
    CHECK_EQ(record(&f, t + 3 * HOUR, "anon:d", "user:a", NULL), a); /* back again */
    CHECK_EQ(record(&f, t + 4 * HOUR, "anon:d", NULL, NULL), a);
    CHECK_EQ(holder(&f, "anon:d"), a);
    CHECK_EQ(heads(&f), 2);
    CHECK_EQ(customers_end(f.c), 3); /* known users get no new persona for it */
    fixture_free(&f);
}

TEST("the link back from a device lasts seven days")
{
    struct fixture f = fixture_new();
    i64 t = 100 * DAY;
    persona a = record(&f, t, "anon:d", "user:a", NULL);
    persona b = record(&f, t + DAY, "anon:d", "user:b", NULL);
    CHECK_EQ(record(&f, t + 8 * DAY - 1, "anon:d", NULL, NULL), b);
    CHECK_EQ(record(&f, t + DAY - 1, "anon:d", NULL, NULL), a);
    CHECK_EQ(record(&f, t + 8 * DAY, "anon:d", NULL, NULL), b);
    CHECK_EQ(record(&f, t + DAY - 1, "anon:d", NULL, NULL), b);
    fixture_free(&f);
}

TEST("a device's users may become known in the wrong order")
{
    struct fixture f = fixture_new();
    i64 t = 100 * DAY;
    persona b = record(&f, t + HOUR, "anon:d", "user:b", NULL);
    persona a = record(&f, t, "anon:d", "user:a", NULL);
    CHECK(a != b);
    CHECK_EQ(record(&f, t + HOUR + 1, "anon:d", NULL, NULL), b);
    CHECK_EQ(record(&f, t + 1, "anon:d", NULL, NULL), a);
    fixture_free(&f);
}

TEST("a group is no person")
{
    struct fixture f = fixture_new();
    persona a = record(&f, 1, "user:a", "group:acme", NULL);
    CHECK_EQ(holder(&f, "group:acme"), 0);
    CHECK(record(&f, 2, "member:b", "group:acme", NULL) != a);
    CHECK_EQ(record(&f, 3, "group:acme", NULL, NULL), record(&f, 4, "group:acme", NULL, NULL));
    fixture_free(&f);
}

TEST("the address of a channel is the one given last")
{
    struct fixture f = fixture_new();
    struct identifier_view id;
    persona a = record(&f, 10, "user:a", "mail:old@x.cn", NULL);
    CHECK(!customer_address(f.c, a, CHANNEL_SMS, &id));
    CHECK(!customer_address(f.c, a, CHANNEL_WEBHOOK, &id));
    record(&f, 20, "user:a", "mail:new@x.cn", "tel:+8613800138000");
    CHECK(customer_address(f.c, a, CHANNEL_EMAIL, &id));
    CHECK_STR(id.value, S("new@x.cn"));
    CHECK(customer_address(f.c, a, CHANNEL_CALL, &id));
    CHECK_STR(id.value, S("+8613800138000"));
    record(&f, 30, "user:a", "mail:old@x.cn", NULL);
    record(&f, 15, "user:a", "mail:new@x.cn", NULL);
    CHECK(customer_address(f.c, a, CHANNEL_EMAIL, &id));
    CHECK_STR(id.value, S("old@x.cn"));
    CHECK_EQ(id.since_ms, 30);
    CHECK(!id.shared);
    record(&f, 40, "user:b", "mail:old@x.cn", NULL);
    CHECK(customer_address(f.c, a, CHANNEL_EMAIL, &id));
    CHECK(id.shared);
    u32 cursor = 0, n = 0;
    while (customer_identifier(f.c, a, &cursor, &id)) n++;
    CHECK_EQ(n, 4);
    fixture_free(&f);
}

TEST("a blanked identifier still resolves, and takes its text when it comes again")
{
    struct fixture f = fixture_new();
    struct identifier id = identifier(&f, "user:a-long-user-name"), blank = id;
    struct identifier_view view;
    u32 cursor = 0;
    blank.value = (str){0};
    customer_resolve(f.c, &blank, 1, 10, 1, &f.out);
    persona a = f.out.persona;
    CHECK(customer_identifier(f.c, a, &cursor, &view));
    CHECK_EQ(view.value.n, 0);
    id.raw = S("A-Long-User-Name");
    customer_resolve(f.c, &id, 1, 10, 2, &f.out);
    CHECK_EQ(f.out.persona, a);
    cursor = 0;
    CHECK(customer_identifier(f.c, a, &cursor, &view));
    CHECK_STR(view.value, id.value);
    CHECK_STR(view.raw, id.raw);
    fixture_free(&f);
}

TEST("beyond a namespace's limit the oldest value goes")
{
    struct fixture f = fixture_new();
    customer_space_set(f.c, SPACE_EMAIL, (struct space_rule){STRENGTH_WEAK, false, 2, 20});
    persona a = record(&f, 10, "user:a", "mail:1@x", NULL);
    record(&f, 20, "user:a", "mail:2@x", NULL);
    CHECK_EQ(holder(&f, "mail:1@x"), a);
    record(&f, 30, "user:a", "mail:3@x", NULL);
    CHECK_EQ(holder(&f, "mail:1@x"), 0);
    CHECK_EQ(holder(&f, "mail:2@x"), a);
    customers_rebuild(f.c);
    CHECK_EQ(customer_space(f.c, SPACE_EMAIL).limit, 2);
    fixture_free(&f);
}

TEST("a number that thousands give stays cheap, and stays shared")
{
    struct fixture f = fixture_new();
    char user[32];
    for (u32 i = 0; i < 3000; i++) {
        snprintf(user, sizeof user, "user:%u", i);
        CHECK_EQ(record(&f, i, user, "tel:00000000", NULL), i + 1);
    }
    CHECK_EQ(holder(&f, "tel:00000000"), 0);
    persona list[80];
    struct identifier tel = identifier(&f, "tel:00000000");
    CHECK_EQ(customer_holders(f.c, tel.space, tel.hash, list, 80), HOLDERS_MAX);
    struct identifier_view id;
    CHECK(customer_address(f.c, 3000, CHANNEL_SMS, &id));
    CHECK(id.shared);
    for (persona p = 1; p <= 3000; p += 2) customer_forget(f.c, p);
    customers_rebuild(f.c);
    CHECK_EQ(heads(&f), 1500);
    fixture_free(&f);
}

/* ---- cutting ---- */

/* The change events of all personas, folded again as the engine does. */
struct event_log {
    struct {
        struct change ch;
        i64 when;
    } at[64];
    u32 n;
};

static void note(struct event_log *log, bool changed, const struct change *ch, i64 when)
{
    if (!changed) return;
    log->at[log->n].ch = *ch;
    log->at[log->n++].when = when;
}

static void fold(struct fixture *f, const struct event_log *log, persona head)
{
    for (u32 i = 0; i < log->n; i++)
        if (customer_head(f->c, log->at[i].ch.persona) == head)
            customer_fold(f->c, head, &log->at[i].ch, log->at[i].when);
}

TEST("a cut parts a customer where a link was, and both get back what was theirs")
{
    struct fixture f = fixture_new();
    struct customer_view v = live(f.c);
    struct event_log log = {0};
    struct change ch;
    i64 expires;
    persona a = record(&f, 1, "user:a", "mail:a@x", NULL),
            m = record(&f, 2, "member:1", NULL, NULL);
    persona d = record(&f, 3, "anon:d", NULL, NULL);
    note(&log, customer_set(f.c, a, 1, value_int(1), 10, &ch), &ch, 10);
    note(&log, customer_set(f.c, m, 1, value_int(2), 20, &ch), &ch, 20);
    note(&log, customer_tag(f.c, m, 4, true, NEVER, 20, &ch), &ch, 20);
    note(&log, customer_consent(f.c, a, CHANNEL_SMS, 0, 1, 10, &ch), &ch, 10);
    note(&log, customer_consent(f.c, m, CHANNEL_SMS, 0, 2, 10, &ch), &ch, 10);
    record(&f, 30, "member:1", "anon:d", NULL);
    record(&f, 40, "member:1", "user:a", NULL);
    CHECK_EQ(heads(&f), 1);
    CHECK_EQ(view_attribute(&v, a, 1).n, 2);
    CHECK_EQ(view_consent(&v, a, CHANNEL_SMS, 0), 2);
    note(&log, customer_set(f.c, d, 2, value_int(3), 50, &ch), &ch, 50);

    persona x, y;
    CHECK_OK(customer_cut(f.c, m, 9, &x, &y));
    CHECK_EQ(x, a);
    CHECK_EQ(y, m); /* the strongest of the part; d hangs on it */
    CHECK_EQ(customer_head(f.c, d), m);
    CHECK_EQ(heads(&f), 2);
    CHECK_EQ(view_attribute(&v, a, 1).type, VALUE_MISSING);
    fold(&f, &log, x);
    fold(&f, &log, y);
    CHECK_EQ(view_attribute(&v, a, 1).n, 1);
    CHECK_EQ(view_attribute(&v, m, 1).n, 2);
    CHECK_EQ(view_attribute(&v, m, 2).n, 3);
    CHECK_EQ(view_consent(&v, a, CHANNEL_SMS, 0), 1);
    CHECK(view_tag(&v, m, 4, 50, &expires) && !view_tag(&v, a, 4, 50, &expires));
    CHECK_EQ(holder(&f, "member:1"), m);
    CHECK_EQ(holder(&f, "mail:a@x"), a);

    CHECK_EQ(record(&f, 60, "member:1", "user:a", NULL), a); /* no record undoes it */
    CHECK_EQ(f.out.conflict_count, 1);
    CHECK_EQ(heads(&f), 2);
    CHECK_OK(customer_link(f.c, m, a, LINK_MANUAL, 70, 11, &f.out)); /* a person does */
    CHECK_EQ(heads(&f), 1);
    u32 cursor = 0;
    struct link_view link;
    CHECK(customer_next_link(f.c, a, &cursor, &link));
    CHECK(customer_next_link(f.c, a, &cursor, &link));
    CHECK_EQ(link.why, LINK_SAME_RECORD);
    CHECK_EQ(link.cut_number, 9);
    CHECK(customer_next_link(f.c, a, &cursor, &link));
    CHECK_EQ(link.why, LINK_MANUAL);
    CHECK_EQ(link.number, 11);
    CHECK(!customer_next_link(f.c, a, &cursor, &link));
    fixture_free(&f);
}

TEST("who was never joined cannot be cut")
{
    struct fixture f = fixture_new();
    persona a = record(&f, 1, "user:a", NULL, NULL), x, y;
    CHECK_EQ(customer_cut(f.c, a, 2, &x, &y), ERR_NOT_FOUND);
    CHECK_EQ(customer_cut(f.c, 77, 2, &x, &y), ERR_NOT_FOUND);
    CHECK_EQ(customer_cut(f.c, 0, 2, &x, &y), ERR_NOT_FOUND);
    fixture_free(&f);
}

TEST("codes that no name has change nothing")
{
    struct fixture f = fixture_new();
    struct change ch;
    persona a = somebody(&f, "a");
    struct identifier none = {.space = 0, .hash = {1, 2}}, beyond = {.space = 257, .hash = {1, 3}};
    customer_resolve(f.c, &none, 1, 1, 5, &f.out);
    CHECK_EQ(f.out.persona, 0);
    customer_resolve(f.c, &beyond, 1, 1, 6, &f.out);
    CHECK_EQ(f.out.persona, 0);
    CHECK(!customer_set(f.c, a, 0, value_int(1), 1, &ch));
    CHECK(!customer_set(f.c, a, ATTRIBUTES_MAX, value_int(1), 1, &ch));
    CHECK(!customer_tag(f.c, a, 0, true, NEVER, 1, &ch));
    CHECK(!customer_consent(f.c, a, 0, 0, 1, 1, &ch));
    CHECK(!customer_consent(f.c, a, 257, 0, 1, 1, &ch));
    CHECK_EQ(customers_end(f.c), 2);
    fixture_free(&f);
}

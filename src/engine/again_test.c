/* again_test.c — what is kept of enrolments that have ended, for journeys that look back to them.
 */
#include "engine/house_test.h"

static u32 rows_of(struct house *h, const char *reference)
{
    const struct journeys *j = engine_journeys(h->e);
    u32 n = 0;
    persona head = house_find(h, reference);
    for (u32 row = customer_at(engine_customers(h->e), head)->enrolments; row;
         row = enrolment_at(j, row)->next)
        n++;
    return n;
}

static u64 entered(struct house *h, const char *id)
{
    struct journey_info info;
    CHECK(journey_find(engine_journeys(h->e), str_of(id), &info));
    return info.entered;
}

TEST("however often she enters again, one enrolment that has ended is kept, and counts from the "
     "last")
{
    struct house h;
    house_open(&h, 1, "/x");
    house_publish(&h, OBJECT_JOURNEY,
                  "{\"id\":\"j\",\"trigger\":{\"event\":\"Go\"},\"entry\":{\"again\":{\"after\":"
                  "\"1h\"},\"running\":\"parallel\"},\"steps\":[{\"id\":\"w\",\"wait\":{\"for\":"
                  "\"90m\"}},{\"id\":\"t\",\"tag\":\"Gone\"}]}");
    for (u32 i = 0; i < 12; i++) {
        house_post(&h, &(struct post){.ids = {"user:ada"}, .event = "Go"});
        CHECK_EQ(entered(&h, "j"), i + 1);
        sim_advance(h.env, HOUR - 1);
        house_post(&h, &(struct post){.ids = {"user:ada"}, .event = "Go"});
        CHECK_EQ(entered(&h, "j"), i + 1);
        sim_advance(h.env, 1);
        house_settle(&h);
    }
    CHECK(rows_of(&h, "user:ada") <= 3); /* two under way at most, and one kept */
    sim_advance(h.env, 2 * HOUR);
    house_settle(&h);
    CHECK_EQ(rows_of(&h, "user:ada"), 1);
    hash128 live = engine_hash(h.e);
    house_again(&h);
    CHECK(hash128_eq(engine_hash(h.e), live));
    house_post(&h, &(struct post){.ids = {"user:ada"}, .event = "Go"});
    CHECK_EQ(entered(&h, "j"), 13);
    house_close(&h);
}

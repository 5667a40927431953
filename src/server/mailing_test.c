/* mailing_test.c — boards by mail in virtual time: every slot once, whatever dies and when. */
#include "server/mailing.h"

#include "base/rng.h"
#include "base/test.h"

#include <stdio.h>

#define TO "\"to\":[\"a@example.com\",\"b@example.com\",\"user:u1\"]"

static struct mailing read_it(struct arena *a, const char *text)
{
    const struct json *j;
    struct mailing m = {0};
    struct diag why = {0};
    CHECK_OK(json_parse(str_of(text), a, &j, &why));
    CHECK_OK(mailing_read(j, &m, &why));
    return m;
}

static i64 at(const char *iso)
{
    iso_time t;
    CHECK(iso_parse(str_of(iso), &t));
    return iso_ms(&t);
}

TEST("a board is mailed at its hour, and tells of the whole days before")
{
    struct mailing day = read_it(arena, "{\"every\":\"day\",\"at\":\"09:00\"," TO "}"),
                   week = read_it(arena, "{\"every\":\"week\",\"weekday\":1," TO "}"),
                   month =
                       read_it(arena, "{\"every\":\"month\",\"day\":28,\"at\":\"23:59\"," TO "}");
    i64 from, to, now = at("2026-03-04T10:00:00Z"); /* a Wednesday */
    CHECK_EQ(mailing_next(&day, NULL, now), at("2026-03-05T09:00:00Z"));
    CHECK_EQ(mailing_next(&day, NULL, at("2026-03-04T09:00:00Z")), at("2026-03-05T09:00:00Z"));
    CHECK_EQ(mailing_next(&week, NULL, now), at("2026-03-09T09:00:00Z"));
    CHECK_EQ(mailing_next(&month, NULL, now), at("2026-03-28T23:59:00Z"));
    mailing_period(&day, NULL, at("2026-03-05T09:00:00Z"), &from, &to);
    CHECK_EQ(from, at("2026-03-04T00:00:00Z"));
    CHECK_EQ(to, at("2026-03-05T00:00:00Z"));
    mailing_period(&week, NULL, at("2026-03-09T09:00:00Z"), &from, &to);
    CHECK_EQ(from, at("2026-03-02T00:00:00Z"));
    CHECK_EQ(to, at("2026-03-09T00:00:00Z"));
    mailing_period(&month, NULL, at("2026-03-28T23:59:00Z"), &from, &to);
    CHECK_EQ(from, at("2026-02-01T00:00:00Z"));
    CHECK_EQ(to, at("2026-03-01T00:00:00Z"));
}

TEST("a mailing that cannot be is refused with its place")
{
    static const struct {
        const char *text, *path;
    } BAD[] = {
        {"{\"every\":\"hour\"," TO "}", "/every"},
        {"{\"every\":\"day\",\"at\":\"25:00\"," TO "}", "/at"},
        {"{\"every\":\"day\",\"at\":\"09:00:30\"," TO "}", "/at"},
        {"{\"every\":\"week\",\"weekday\":8," TO "}", "/weekday"},
        {"{\"every\":\"month\",\"day\":29," TO "}", "/day"},
        {"{\"every\":\"day\",\"language\":\"fr\"," TO "}", "/language"},
        {"{\"every\":\"day\"}", "/to"},
        {"{\"every\":\"day\",\"to\":[]}", "/to"},
        {"{\"every\":\"day\",\"to\":[\"nobody\"]}", "/to/0"},
        {"{\"every\":\"day\",\"to\":[\"a@b.c\",\"x\\r\\nBcc:d@e.f\"]}", "/to/1"},
        {"{\"every\":\"day\",\"to\":[\"a@b.c\",\"A@B.C\"]}", "/to/1"},
        {"{\"every\":\"day\",\"to\":[\"user:\"]}", "/to/0"},
    };
    for (u32 i = 0; i < COUNT_OF(BAD); i++) {
        const struct json *j;
        struct mailing m;
        struct diag why = {0};
        CHECK_OK(json_parse(str_of(BAD[i].text), arena, &j, &why));
        CHECK_EQ(mailing_read(j, &m, &why), ERR_REFUSED);
        CHECK_STR(str_of(why.path), str_of(BAD[i].path));
    }
}

TEST("nothing is due before the first slot; the edge is the slot itself")
{
    struct mailing m = read_it(arena, "{\"every\":\"day\",\"at\":\"09:00\"," TO "}");
    struct mailing_state s = {.slot = at("2026-03-04T10:00:00Z")};
    CHECK_EQ(mailing_due(&m, NULL, &s, at("2026-03-05T08:59:59Z")), NEVER);
    CHECK_EQ(mailing_due(&m, NULL, &s, at("2026-03-05T09:00:00Z")), at("2026-03-05T09:00:00Z"));
    m.paused = true;
    CHECK_EQ(mailing_due(&m, NULL, &s, at("2026-03-05T09:00:01Z")), NEVER);
}

TEST("who cannot be written to now is tried again, and not for ever")
{
    struct mailing m = read_it(arena, "{\"every\":\"day\",\"at\":\"09:00\"," TO "}");
    i64 now = at("2026-03-05T09:00:00Z");
    struct mailing_state s = {.slot = now - HOUR};
    u32 whose, tries = 0;
    for (; tries < 20 && mailing_due(&m, NULL, &s, now) != NEVER; tries++) {
        CHECK(mailing_claim(&s, 1, now, &whose));
        CHECK_EQ(whose, 0);
        mailing_settle(&s, MAILING_LATER, S("451 later"), now);
        if (tries + 1 < MAILING_TRIES) {
            CHECK_EQ(mailing_due(&m, NULL, &s, s.not_before - 1), NEVER);
            now = s.not_before;
        }
        if (s.failed) break;
    }
    CHECK_EQ(tries + 1, MAILING_TRIES);
    CHECK(!mailing_claim(&s, 1, now, &whose));
    CHECK(!s.open);
    CHECK_EQ(s.failed, 1);
    CHECK_STR(str_of(s.detail), S("451 later"));
}

/* ---- a process that dies at any moment ---- */

enum { RECIPIENTS = 3, DAYS = 120 };

/* What is on disk, what came to whom of which day, and the process that runs now. */
struct world {
    struct mailing m;
    struct mailing_state disk;
    i64 first;
    u8 came[DAYS + 8][RECIPIENTS];
    u32 unknown, later;
    struct rng rng;
};

static struct mailing_state load(struct world *w, struct arena *a)
{
    struct buf b;
    const struct json *j;
    struct mailing_state s;
    buf_init(&b, 4096);
    mailing_state_put(&b, &w->disk);
    CHECK_OK(json_parse(arena_str(a, buf_str(&b)), a, &j, NULL));
    mailing_state_read(j, &s);
    buf_clear(&b);
    return s;
}

static bool chance(struct world *w, u32 of)
{
    return rng_below(&w->rng, of) == 0;
}

/* One process looks once; false: it died. */
static bool one_look(struct world *w, i64 now, struct arena *a)
{
    struct mailing_state s = load(w, a);
    i64 slot = mailing_due(&w->m, NULL, &s, now);
    u32 whose;
    if (slot == NEVER) return true;
    if (chance(w, 12)) return false; /* while it asks the board */
    while (mailing_claim(&s, RECIPIENTS, now, &whose)) {
        if (chance(w, 12)) return false; /* before the claim is on disk */
        w->disk = s;
        if (chance(w, 12)) { /* the claim is there, nothing went */
            w->unknown++;
            return false;
        }
        bool later = chance(w, 8);
        if (!later) w->came[(slot - w->first) / DAY][whose]++;
        if (!later && chance(w, 12)) { /* it went, nobody wrote that down */
            w->unknown++;
            return false;
        }
        mailing_settle(&s, later ? MAILING_LATER : MAILING_SENT, S(""), now);
        w->later += later;
        if (later && chance(w, 12)) { /* nothing went, nor was that written down */
            w->unknown++;
            return false;
        }
        w->disk = s;
        if (s.not_before > now) return true;
    }
    w->disk = s;
    return true;
}

TEST("whatever dies and however long it is down, nobody gets a board twice, and the last missed "
     "slot goes once")
{
    for (u32 seed = 1; seed <= 40; seed++) {
        struct world w = {.first = at("2026-03-05T09:00:00Z")};
        w.rng.state = seed;
        w.m = read_it(arena, "{\"every\":\"day\",\"at\":\"09:00\"," TO "}");
        w.disk.slot = w.first - HOUR;
        i64 now = w.first - 30 * MINUTE, end = w.first + DAYS * DAY;
        u32 came = 0, slots = 0;
        while (now < end) {
            bool lives = one_look(&w, now, arena);
            now += 5 * MINUTE;
            if (!lives) now += chance(&w, 4) ? (i64)rng_below(&w.rng, 80) * HOUR : MINUTE;
        }
        for (u32 d = 0; d < DAYS; d++) {
            u32 of_day = 0;
            for (u32 r = 0; r < RECIPIENTS; r++) {
                CHECK(w.came[d][r] <= 1);
                of_day += w.came[d][r];
            }
            came += of_day;
            slots += of_day > 0;
        }
        /* What is missing is what went unknown, or a slot that a later one overtook. */
        CHECK(slots > DAYS / 2);
        CHECK(came + w.unknown >= slots * (RECIPIENTS - 1));
        CHECK(w.later > 0 && w.unknown > 0);
    }
}

TEST("of slots missed while nothing ran the last goes, once; none after a week")
{
    struct mailing m = read_it(arena, "{\"every\":\"day\",\"at\":\"09:00\"," TO "}");
    struct mailing_state s = {.slot = at("2026-03-01T10:00:00Z")};
    i64 now = at("2026-03-06T12:00:00Z");
    u32 whose, sent = 0;
    CHECK_EQ(mailing_due(&m, NULL, &s, now), at("2026-03-06T09:00:00Z"));
    while (mailing_claim(&s, 2, now, &whose)) {
        mailing_settle(&s, MAILING_SENT, S(""), now);
        sent++;
    }
    CHECK_EQ(sent, 2);
    CHECK_EQ(mailing_due(&m, NULL, &s, now), NEVER);
    struct mailing month = read_it(arena, "{\"every\":\"month\",\"day\":1," TO "}");
    s = (struct mailing_state){.slot = at("2026-02-10T00:00:00Z")};
    CHECK_EQ(mailing_due(&month, NULL, &s, at("2026-03-09T12:00:00Z")), NEVER);
    CHECK_EQ(mailing_due(&month, NULL, &s, at("2026-03-05T12:00:00Z")), at("2026-03-01T09:00:00Z"));
}

/* limit_test.c — what a script of somebody else's may take: time, work, events. */
#include "base/test.h"
#include "script/script.h"

#define JOURNEY                                                                                    \
    "journeys:\n"                                                                                  \
    " - {id: j, trigger: {event: X}, entry: {again: always}, steps: [{id: w, wait: {for: 1d}}]}\n" \
    "zone: UTC\nstart: 2026-01-01\n"
#define ONE "script:\n - {at: 2026-01-02, track: X, by: a}\n"

static err run(struct arena *arena, const char *text, struct script_limits limits, struct diag *why)
{
    struct script *s;
    struct script_report report = {0};
    buf_init(&report.text, 1 << 16);
    err e = script_parse(env_real(), str_of(text), "script", NULL, arena, &s, why);
    if (e == ERR_OK) script_limit(s, limits);
    if (e == ERR_OK) e = script_run(s, 1, &report, why);
    buf_clear(&report.text);
    return e;
}

TEST("a script may be refused for the time it spans, on either side of the edge")
{
    struct script_limits limits = {.span_ms = 30 * DAY};
    struct diag why = {0};
    CHECK_OK(run(arena, JOURNEY "until: 2026-01-31\n" ONE, limits, &why));
    CHECK_EQ(run(arena, JOURNEY "until: 2026-01-31 00:00:00.001\n" ONE, limits, &why), ERR_REFUSED);
    CHECK_STR(str_of(why.message),
              S("it goes from its first moment to its last through more than 30 "
                "days: begin later, or end sooner"));
    CHECK_OK(run(arena, JOURNEY "until: 2026-02-10\n" ONE, (struct script_limits){0}, &why));
}

TEST("a script may be refused for how much happens in it, and for how long it takes")
{
    static const char MANY[] = JOURNEY
        "until: 2026-02-01\nscript:\n - {at: 2026-01-02, repeat: 500, track: X, by: 'a{n}'}\n";
    struct script_limits limits = {.work_ms = 60 * SECOND, .events = 10000};
    struct diag why = {0};
    CHECK_OK(run(arena, MANY, limits, &why));
    limits.events = 600;
    CHECK_EQ(run(arena, MANY, limits, &why), ERR_REFUSED);
    CHECK_STR(str_of(why.message),
              S("more than 600 events happen: use fewer customers, or a shorter time"));
    limits = (struct script_limits){.work_ms = 1, .events = 10000};
    why = (struct diag){0};
    CHECK_EQ(run(arena, MANY, limits, &why), ERR_REFUSED);
    CHECK_STR(str_of(why.message), S("this takes longer than 0 s to work out: use fewer customers, "
                                     "or a shorter time"));
}

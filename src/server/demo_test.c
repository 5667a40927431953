#include "server/rig_test.h"

#include <sys/stat.h>

/* Stands in for the binary: notes the demo as `beckon demo` does, or says why not. */
static void write_program(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    CHECK(f != NULL);
    if (!f) return;
    fputs(text, f);
    fclose(f);
    CHECK_EQ(chmod(path, 0700), 0);
}

static str status_of(struct rig *rig)
{
    return json_get_str(ask(rig, "GET", "/api/v1/demo", "").json, "status", S(""));
}

static str settled(struct rig *rig)
{
    str now = S("");
    for (int i = 0; i < 200; i++) {
        now = status_of(rig);
        if (!str_eq(now, S("filling")) && !str_eq(now, S("removing"))) break;
        usleep(20000);
    }
    return now;
}

TEST("a page puts the demo in, sees how it stands, and takes it out")
{
    static char program[200];
    snprintf(program, sizeof program, "%s/demo-program", test_dir());
    write_program(program, "#!/bin/sh\n"
                           "sleep 0.1\n"
                           "if [ \"$4\" = --remove ]; then rm \"$3/demo.json\"; else echo {} > "
                           "\"$3/demo.json\"; fi\n");
    struct rig *rig = rig_new(arena, "demo", (struct server_options){.program = program});
    CHECK_STR(status_of(rig), S("none"));
    struct answer_text r = ask(rig, "POST", "/api/v1/demo", "{}");
    CHECK_EQ(r.status, 202);
    CHECK_STR(json_get_str(r.json, "status", S("")), S("filling"));
    CHECK_EQ(ask(rig, "POST", "/api/v1/demo", "{}").status, 200); /* one at a time */
    CHECK_STR(settled(rig), S("ready"));
    CHECK_EQ(ask(rig, "POST", "/api/v1/demo", "{}").status, 200); /* there already */
    r = ask(rig, "DELETE", "/api/v1/demo", "");
    CHECK_EQ(r.status, 202);
    CHECK_STR(settled(rig), S("none"));
    rig_stop(rig);
    unlink(program);
}

TEST("what went wrong with the demo is told; a server that stops ends it")
{
    static char program[200];
    snprintf(program, sizeof program, "%s/demo-bad-program", test_dir());
    write_program(program, "#!/bin/sh\necho 'beckon: no room' >&2\nexit 1\n");
    struct rig *rig = rig_new(arena, "demo-bad", (struct server_options){.program = program});
    CHECK_EQ(ask(rig, "POST", "/api/v1/demo", "{}").status, 202);
    CHECK_STR(settled(rig), S("failed"));
    CHECK_STR(json_get_str(ask(rig, "GET", "/api/v1/demo", "").json, "detail", S("")),
              S("no room"));
    write_program(program, "#!/bin/sh\nexec sleep 60\n");
    CHECK_EQ(ask(rig, "POST", "/api/v1/demo", "{}").status, 202);
    rig_stop(rig); /* or it would wait a minute */
    unlink(program);
}

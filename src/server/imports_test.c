/* What is kept of imports that are over. */
#include "server/imports.h"
#include "server/imports_inside.h"

#include "base/test.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

static const char CELLS[] = "\"preview\":{\"columns\":[\"Mail\"],\"rows\":[[\"ada@x.cn\"]]},"
                            "\"mapping\":{\"Mail\":\"email\"}";

TEST("the cells that an import keeps, refused and of its preview, go after thirty days")
{
    const char *dir = test_dir();
    char path[2][4096], part[4096];
    struct server s = {.env = env_real()};
    struct import_job jobs[2] = {{.id = "old", .ended_ms = 1000}, {.id = "running"}};
    struct import_job *list[2] = {&jobs[0], &jobs[1]};
    struct imports x = {.server = &s, .jobs = list, .count = 2};
    s.options.dir = dir;
    pthread_mutex_init(&x.lock, NULL);
    for (u32 i = 0; i < 2; i++) {
        buf_init(&jobs[i].preview, JOB_TEXT_MAX);
        buf_put(&jobs[i].preview, str_of(CELLS));
    }
    snprintf(part, sizeof part, "%s/imports", dir);
    mkdir(part, 0700);
    for (u32 i = 0; i < 2; i++) {
        snprintf(part, sizeof part, "%s/imports/%s", dir, jobs[i].id);
        mkdir(part, 0700);
        import_job_path(dir, jobs[i].id, "errors.csv", path[i]);
        FILE *f = fopen(path[i], "w");
        CHECK(f && fputs("row,column,reason\n", f) >= 0);
        fclose(f);
    }
    imports_tidy(&x, 1000 + 30 * DAY - 1);
    CHECK(is_there(path[0]) && is_there(path[1]));
    imports_tidy(&x, 1000 + 30 * DAY);
    CHECK(is_there(path[0])); /* it is looked for once an hour */
    CHECK_STR(buf_str(&jobs[0].preview), str_of(CELLS));
    imports_tidy(&x, 1000 + 30 * DAY + HOUR);
    CHECK(!is_there(path[0]) && is_there(path[1]));
    CHECK_STR(buf_str(&jobs[0].preview), S("\"mapping\":{\"Mail\":\"email\"}"));
    CHECK_STR(buf_str(&jobs[1].preview), str_of(CELLS));
    snprintf(part, sizeof part, "%s/imports/old.result", dir);
    FILE *kept = fopen(part, "r");
    size_t n = kept ? fread(path[0], 1, sizeof path[0], kept) : 0;
    if (kept) fclose(kept);
    CHECK(str_find((str){path[0], n}, S("email")) > 0);
    CHECK(str_find((str){path[0], n}, S("ada@x.cn")) < 0);
    for (u32 i = 0; i < 2; i++) buf_clear(&jobs[i].preview);
    pthread_mutex_destroy(&x.lock);
}

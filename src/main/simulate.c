/* simulate.c — beckon simulate [--data DIR] FILE…: scripts in virtual time. Exit 0: every
 * expectation is met, 1: one was missed (printed with what happened instead), 2: a file cannot be
 * used. */
#include "main/commands.h"
#include "script/script.h"

#include <stdio.h>

static int run_file(const char *path, bool json, const struct script_base *base,
                    struct arena *arena)
{
    struct script *s;
    struct script_report report = {0};
    struct diag why = {0};
    buf_init(&report.text, 16 << 20);
    err e = script_load(env_real(), path, base, arena, &s, &why);
    if (e == ERR_OK) e = script_run(s, 1, &report, &why);
    int code = e != ERR_OK ? 2 : report.met == report.expected ? 0 : 1;
    if (e != ERR_OK)
        fprintf(stderr, "%s: %s\n", why.path[0] ? why.path : path, why.message);
    else if (json)
        printf("{\"file\":\"%s\",\"expected\":%u,\"met\":%u}\n", path, report.expected, report.met);
    else
        printf("%s: %u of %u expectations met\n", path, report.met, report.expected);
    if (code == 1) fprintf(stderr, "%.*s", STR_ARG(buf_str(&report.text)));
    buf_clear(&report.text);
    return code;
}

/* What is published in a directory, for scripts that name its journeys by their ids. */
MUST_USE static err stored(const char *dir, struct arena *arena, struct script_base *out)
{
    struct engine_options o = {.dir = dir, .inspect = true};
    struct engine *e;
    struct diag why = {0};
    err r = engine_open(env_real(), &o, &e, &why);
    if (r != ERR_OK) {
        fprintf(stderr, "%s: %s\n", dir, why.message[0] ? why.message : err_title(r));
        return r;
    }
    script_base_of(e, arena, out);
    engine_close(e);
    return ERR_OK;
}

int command_simulate(struct options *o)
{
    const char *paths[1024];
    size_t count = 0;
    int worst = 0;
    for (const char *word; (word = option_word(o)) && count < COUNT_OF(paths);)
        paths[count++] = word;
    bool json = option_flag(o, "json");
    const char *dir = option_text(o, "data");
    if (!options_done(o)) return 2;
    if (count == 0) return usage_error("simulate needs a script: beckon simulate FILE…");
    struct arena *kept = arena_new();
    struct script_base base = {0};
    if (dir && stored(dir, kept, &base) != ERR_OK) {
        arena_free(kept);
        return 2;
    }
    for (size_t i = 0; i < count; i++) {
        struct arena *arena = arena_new();
        int code = run_file(paths[i], json, dir ? &base : NULL, arena);
        if (code > worst) worst = code;
        arena_free(arena);
    }
    arena_free(kept);
    return worst;
}

/* test.c — runs what registered itself; prints the counts in one last line.
 * beckon-tests [-l] [substring of title or file]… */
#include "base/test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct test_case *all, **tail = &all;
static const char *skipped_why;
static char directory[96];
static u64 seed = 1;

void test_register(struct test_case *t)
{
    *tail = t;
    tail = &t->next;
}

const char *test_shared(const char *path)
{
    static char full[512];
    const char *root = getenv("BECKON_SHARED");
    snprintf(full, sizeof full, "%s/%s", root ? root : "../shared", path);
    return access(full, R_OK) == 0 ? full : NULL;
}

static void remove_tree(const char *path)
{
    DIR *d = opendir(path);
    if (!d) {
        unlink(path);
        return;
    }
    for (struct dirent *e; (e = readdir(d));) {
        char inner[512];
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        if (snprintf(inner, sizeof inner, "%s/%s", path, e->d_name) < (int)sizeof inner)
            remove_tree(inner);
    }
    closedir(d);
    rmdir(path);
}

const char *test_dir(void)
{
    if (directory[0]) return directory;
    const char *tmp = getenv("TMPDIR");
    snprintf(directory, sizeof directory, "%s/beckon-test-XXXXXX", tmp ? tmp : "/tmp");
    MUST(mkdtemp(directory));
    return directory;
}

u64 test_seed(void)
{
    return seed;
}

str test_file(struct arena *arena, const char *path)
{
    FILE *f = fopen(path, "rb");
    struct stat st;
    if (!f || fstat(fileno(f), &st) != 0) {
        print_error("cannot read %s\n", path);
        _fail(__FILE__, __LINE__);
    }
    char *p = arena_alloc(arena, (size_t)st.st_size + 1);
    size_t n = fread(p, 1, (size_t)st.st_size, f);
    p[n] = 0;
    fclose(f);
    return (str){p, n};
}

void test_check_eq(i64 a, i64 b, const char *at, const char *bt, const char *file, int line)
{
    if (a == b) return;
    print_error("%s is %lld, and %s is %lld\n", at, (long long)a, bt, (long long)b);
    _fail(file, line);
}

void test_check_str(str a, str b, const char *text, const char *file, int line)
{
    if (str_eq(a, b)) return;
    print_error("%s is\n  \"%.*s\"\nnot\n  \"%.*s\"\n", text, STR_ARG(a), STR_ARG(b));
    _fail(file, line);
}

void test_check_ok(err e, const char *text, const char *file, int line)
{
    if (e == ERR_OK) return;
    print_error("%s gave %s\n", text, err_name(e));
    _fail(file, line);
}

void test_note_skip(const char *why)
{
    skipped_why = why;
}

static int passed, skipped;

/* cmocka leaves a failed body by longjmp, so what the body used is cleaned up here. */
static struct arena *current_arena;

static int after_one(void **state)
{
    (void)state;
    arena_free(current_arena);
    current_arena = NULL;
    if (directory[0]) remove_tree(directory), directory[0] = 0;
    return 0;
}

static void run_one(void **state)
{
    struct test_case *t = *state;
    current_arena = arena_new();
    skipped_why = NULL;
    t->body(current_arena);
    if (skipped_why) print_message("skipped %s: %s\n", t->title, skipped_why);
    passed += !skipped_why;
    skipped += !!skipped_why;
}

static bool wanted(const struct test_case *t, int argc, char **argv)
{
    if (argc <= 1) return true;
    for (int i = 1; i < argc; i++)
        if (strstr(t->title, argv[i]) || strstr(t->file, argv[i])) return true;
    return false;
}

static bool list(void)
{
    for (struct test_case *t = all; t; t = t->next) printf("%s: %s\n", t->file, t->title);
    return true;
}

int main(int argc, char **argv)
{
    static struct CMUnitTest tests[8192];
    size_t count = 0;
    if (argc > 1 && strcmp(argv[1], "-l") == 0) return list() ? 0 : 1;
    if (getenv("BECKON_SEED")) seed = strtoull(getenv("BECKON_SEED"), NULL, 10);
    for (struct test_case *t = all; t; t = t->next) {
        if (!wanted(t, argc, argv)) continue;
        MUST(count < COUNT_OF(tests));
        tests[count++] = (struct CMUnitTest){t->title, run_one, NULL, after_one, t};
    }
    int failed = _cmocka_run_group_tests("beckon", tests, count, NULL, NULL);
    printf("seed %llu\n%d passed, %d failed, %d skipped\n", (unsigned long long)seed, passed,
           failed, skipped);
    return failed ? 1 : 0;
}

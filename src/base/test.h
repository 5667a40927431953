/* test.h — tests that register themselves, over cmocka.
 *
 *   TEST("the title is a sentence that is true")
 *   {
 *       CHECK_EQ(1 + 1, 2);          integers; CHECK_STR(a, b) for str; CHECK(cond); CHECK_OK(err)
 *   }
 *
 * Each body has `struct arena *arena`, freed after it. A test that needs what is not here calls
 * TEST_SKIP("why"). Paths: test_shared("data/x") is a file of the shared test data, or NULL where
 * that is not there; test_dir() is an empty directory of this test's own. */
#pragma once
#include "base/buf.h"
#include "base/mem.h"
#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
/* cmocka wants the three above first. */
#include <cmocka.h>

struct test_case {
    const char *title, *file;
    void (*body)(struct arena *arena);
    struct test_case *next;
};

void test_register(struct test_case *t);
const char *test_shared(const char *path);
const char *test_dir(void);
u64 test_seed(void); /* BECKON_SEED or 1; printed when a test fails */
/* The whole file in `arena`; fails the test if it cannot be read. */
str test_file(struct arena *arena, const char *path);

#define TEST_NAME_(a, b) a##b
#define TEST_NAME(a, b) TEST_NAME_(a, b)
#define TEST(title_) TEST_AT(title_, __LINE__)
#define TEST_AT(title_, line)                                                                      \
    static void TEST_NAME(test_, line)(struct arena *);                                            \
    __attribute__((constructor)) static void TEST_NAME(register_, line)(void)                      \
    {                                                                                              \
        static struct test_case t = {title_, __FILE__, TEST_NAME(test_, line), NULL};              \
        test_register(&t);                                                                         \
    }                                                                                              \
    static void TEST_NAME(test_, line)(__attribute__((unused)) struct arena * arena)

#define CHECK(cond) _assert_true((cond) ? 1 : 0, #cond, __FILE__, __LINE__)
#define CHECK_EQ(a, b) test_check_eq((i64)(a), (i64)(b), #a, #b, __FILE__, __LINE__)
#define CHECK_STR(a, b) test_check_str(a, b, #a, __FILE__, __LINE__)
#define CHECK_OK(call) test_check_ok(call, #call, __FILE__, __LINE__)
#define TEST_SKIP(why)                                                                             \
    do {                                                                                           \
        test_note_skip(why);                                                                       \
        return;                                                                                    \
    } while (0)

void test_check_eq(i64 a, i64 b, const char *a_text, const char *b_text, const char *file,
                   int line);
void test_check_str(str a, str b, const char *text, const char *file, int line);
void test_check_ok(err e, const char *text, const char *file, int line);
void test_note_skip(const char *why);

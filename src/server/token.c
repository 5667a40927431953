#include "server/token.h"

#include "base/hash.h"

static const char LETTERS[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
enum { LETTER_COUNT = 62 };

static void check_of(const char *text, size_t n, char out[TOKEN_CHECK])
{
    u32 crc = hash_crc32c(0, text, n);
    for (int i = TOKEN_CHECK - 1; i >= 0; i--) {
        out[i] = LETTERS[crc % LETTER_COUNT];
        crc /= LETTER_COUNT;
    }
}

/* A byte below 4 × 62 gives each letter the same chance; others are drawn again. */
static char letter(struct env *env)
{
    u8 b;
    do env_random(env, &b, 1);
    while (b >= 4 * LETTER_COUNT);
    return LETTERS[b % LETTER_COUNT];
}

void token_make(struct env *env, str prefix, char out[65])
{
    MUST(prefix.n + TOKEN_RANDOM + TOKEN_CHECK <= 64);
    memcpy(out, prefix.p, prefix.n);
    size_t n = prefix.n;
    for (int i = 0; i < TOKEN_RANDOM; i++) out[n++] = letter(env);
    check_of(out, n, out + n);
    out[n + TOKEN_CHECK] = 0;
}

bool token_valid(str prefix, str token)
{
    size_t n = prefix.n + TOKEN_RANDOM;
    char check[TOKEN_CHECK];
    if (token.n != n + TOKEN_CHECK || !str_starts(token, prefix)) return false;
    check_of(token.p, n, check);
    return memcmp(check, token.p + n, TOKEN_CHECK) == 0;
}

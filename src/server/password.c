#include "server/password.h"

#include <argon2.h>

enum { MEMORY_KIB = 19456, PASSES = 2, LANES = 1, SALT = 16, HASH = 32 };

/* Of the lists of passwords in use, those long enough to be allowed. */
static const char *const COMMON[] = {
    "password",      "password1",  "password12", "password123", "passw0rd",   "p@ssw0rd",
    "12345678",      "123456789",  "1234567890", "87654321",    "987654321",  "11111111",
    "00000000",      "88888888",   "66666666",   "12341234",    "11223344",   "123123123",
    "123456abc",     "abc123456",  "a123456789", "qwertyui",    "qwertyuiop", "qwerty123",
    "1q2w3e4r",      "1q2w3e4r5t", "q1w2e3r4",   "1qaz2wsx",    "asdfghjk",   "asdfghjkl",
    "zxcvbnm123",    "iloveyou",   "iloveyou1",  "sunshine",    "princess",   "football",
    "baseball",      "superman",   "trustno1",   "welcome1",    "letmein1",   "admin123",
    "administrator", "changeme",   "computer",   "internet",    "starwars",   "woaini1314",
    "woaini520",     "5201314520", "aa123456",   "beckon123"};

static size_t characters(str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) n += ((u8)s.p[i] & 0xC0) != 0x80;
    return n;
}

err password_check(str password, str email, struct diag *why)
{
    bool common = password.n && str_eq_nocase(password, email);
    if (!str_is_utf8(password) || characters(password) < PASSWORD_MIN || password.n > PASSWORD_MAX)
        return diag_at(why, ERR_REFUSED, S("/password"),
                       "a password has at least %d characters, and at most %d bytes", PASSWORD_MIN,
                       PASSWORD_MAX);
    for (size_t i = 0; i < COUNT_OF(COMMON); i++)
        common |= str_eq_nocase(password, str_of(COMMON[i]));
    for (size_t i = 1, same = 1; i < password.n; i++)
        if (password.p[i] == password.p[0] && ++same == password.n) common = true;
    if (!common) return ERR_OK;
    return diag_at(why, ERR_REFUSED, S("/password"),
                   "this is one of the first passwords that would be tried; take another");
}

void password_hash(struct env *env, str password, char out[PASSWORD_TEXT_MAX])
{
    u8 salt[SALT];
    env_random(env, salt, sizeof salt);
    MUST(argon2id_hash_encoded(PASSES, MEMORY_KIB, LANES, password.p, password.n, salt, sizeof salt,
                               HASH, out, PASSWORD_TEXT_MAX) == ARGON2_OK);
}

/* Of nobody's password: whoever is unknown takes as long to be refused. */
static const char NOBODY[] = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
                             "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

bool password_fits(str password, const char *encoded)
{
    bool known = encoded[0] != 0;
    bool fits = password.n <= PASSWORD_MAX &&
                argon2id_verify(known ? encoded : NOBODY, password.p, password.n) == ARGON2_OK;
    return known && fits;
}

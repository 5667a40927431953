/* options.h — words, --options and BECKON_ variables, read the same way by every command.
 *
 *   beckon key create --data DIR --name N      an option's value follows it, or an '='
 *   BECKON_DATA=DIR beckon serve               the command line wins over the environment */
#pragma once
#include "base/mem.h"

struct options {
    int argc;
    char **argv;
    int at; /* the next word */
};

/* The value of --NAME, else of BECKON_NAME, else NULL. The option is marked as read. */
const char *option_text(struct options *o, const char *name);
/* As a size: "64", "64k", "16m", "2g". ERR_INVALID is told on stderr. */
MUST_USE err option_size(struct options *o, const char *name, u64 *out);
/* --NAME without a value, or BECKON_NAME=1. */
bool option_flag(struct options *o, const char *name);
/* The next word; NULL if an option comes next. Words stand ahead of the options. */
const char *option_word(struct options *o);
/* Everything was read? Else says on stderr what was not, for exit code 2. */
bool options_done(struct options *o);
int usage_error(const char *format, ...) PRINTF_LIKE(1, 2); /* says it; 2 */
int failure(err e, const struct diag *why);                 /* says it; 1 */

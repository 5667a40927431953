#include "main/options.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Words that were read become NULL. */
static const char *take(struct options *o, int i)
{
    const char *word = o->argv[i];
    o->argv[i] = NULL;
    return word;
}

/* The option's place, and the value behind its '=' if it has one. */
static int find(struct options *o, const char *name, const char **inline_value)
{
    size_t n = strlen(name);
    for (int i = 1; i < o->argc; i++) {
        const char *a = o->argv[i];
        if (!a || strncmp(a, "--", 2) != 0 || strncmp(a + 2, name, n) != 0) continue;
        if (a[2 + n] != 0 && a[2 + n] != '=') continue;
        *inline_value = a[2 + n] == '=' ? a + 3 + n : NULL;
        return i;
    }
    return 0;
}

static const char *from_environment(const char *name)
{
    char variable[64] = "BECKON_";
    size_t n = strlen(variable);
    for (; *name && n + 1 < sizeof variable; name++)
        variable[n++] = *name == '-' ? '_' : (char)toupper((unsigned char)*name);
    variable[n] = 0;
    const char *value = getenv(variable);
    return value && *value ? value : NULL;
}

const char *option_text(struct options *o, const char *name)
{
    const char *value;
    int i = find(o, name, &value);
    if (!i) return from_environment(name);
    if (value) {
        take(o, i);
        return value;
    }
    if (i + 1 >= o->argc || !o->argv[i + 1]) return NULL; /* stays there, and is complained about */
    take(o, i);
    return take(o, i + 1);
}

bool option_flag(struct options *o, const char *name)
{
    const char *value;
    int i = find(o, name, &value);
    if (i && !value) take(o, i);
    return i ? !value : from_environment(name) != NULL;
}

err option_size(struct options *o, const char *name, u64 *out)
{
    const char *text = option_text(o, name);
    if (!text) return ERR_OK;
    char *end;
    unsigned long long n = strtoull(text, &end, 10);
    u32 shift = *end == 'k' ? 10 : *end == 'm' ? 20 : *end == 'g' ? 30 : 0;
    if (shift) end++;
    if (end == text || *end || !isdigit((unsigned char)*text) || n > UINT64_MAX >> shift) {
        usage_error("--%s takes a size such as 64m, not \"%s\"", name, text);
        return ERR_INVALID;
    }
    *out = n << shift;
    return ERR_OK;
}

const char *option_word(struct options *o)
{
    if (o->at >= o->argc || !o->argv[o->at] || o->argv[o->at][0] == '-') return NULL;
    return take(o, o->at++);
}

bool options_done(struct options *o)
{
    for (int i = 1; i < o->argc; i++)
        if (o->argv[i]) {
            usage_error("\"%s\" is not understood here, or lacks its value", o->argv[i]);
            return false;
        }
    return true;
}

int usage_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("beckon: ", stderr);
    vfprintf(stderr, format, args);
    fputs("\n", stderr);
    va_end(args);
    return 2;
}

int failure(err e, const struct diag *why)
{
    fprintf(stderr, "beckon: %s\n", why->message[0] ? why->message : err_title(e));
    return 1;
}

/* main.c — options and wiring, nothing else. */
#include "main/commands.h"

#include <stdio.h>

static const struct {
    const char *word, *help;
    int (*run)(struct options *o);
} LIST[] = {
#define X(word, help) {#word, help, command_##word},
    COMMANDS(X)
#undef X
};

static void help(FILE *to)
{
    fputs("usage: beckon COMMAND [--data DIR] [--json] …\n\n", to);
    for (size_t i = 0; i < COUNT_OF(LIST); i++)
        fprintf(to, "  %-10s %s\n", LIST[i].word, LIST[i].help);
    fputs("\nEvery option may stand in the environment: --public-url is BECKON_PUBLIC_URL.\n", to);
}

int main(int argc, char **argv)
{
    struct options o = {argc, argv, 1};
    const char *word = option_word(&o);
    if (!word) {
        bool asked = option_flag(&o, "help") && options_done(&o);
        help(asked ? stdout : stderr);
        return asked ? 0 : 2;
    }
    for (size_t i = 0; i < COUNT_OF(LIST); i++)
        if (strcmp(LIST[i].word, word) == 0) return LIST[i].run(&o);
    return usage_error("there is no command \"%s\"; beckon --help lists them", word);
}

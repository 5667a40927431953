/* main.c — options and wiring, nothing else. */
#include "main/commands.h"

#include <stdio.h>

static const struct {
    const char *word, *help, *takes;
    int (*run)(struct options *o);
} LIST[] = {
#define X(word, help, takes) {#word, help, takes, command_##word},
    COMMANDS(X)
#undef X
};

static void help(FILE *to)
{
    fputs("usage: beckon COMMAND [--data DIR] [--json] …; beckon COMMAND --help\n\n", to);
    for (size_t i = 0; i < COUNT_OF(LIST); i++)
        fprintf(to, "  %-10s %s\n", LIST[i].word, LIST[i].help);
    fputs("\nEvery option may stand in the environment: --public-url is BECKON_PUBLIC_URL.\n", to);
}

/* Of a command: wherever it stands, whatever else is there. */
static bool asks_for_help(const struct options *o)
{
    for (int i = 1; i < o->argc; i++)
        if (o->argv[i] && strcmp(o->argv[i], "--help") == 0) return true;
    return false;
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
        if (strcmp(LIST[i].word, word) == 0) {
            if (!asks_for_help(&o)) return LIST[i].run(&o);
            printf("beckon %s: %s\n\n  %s\n", word, LIST[i].help, LIST[i].takes);
            return 0;
        }
    return usage_error("there is no command \"%s\"; beckon --help lists them", word);
}

/* version.c — beckon version. */
#include "server/version.h"

#include "main/commands.h"

#include <stdio.h>

int command_version(struct options *o)
{
    bool json = option_flag(o, "json");
    if (!options_done(o)) return 2;
    printf(json ? "{\"name\":\"beckon\",\"version\":\"%s\"}\n" : "beckon %s\n", BECKON_VERSION);
    return 0;
}

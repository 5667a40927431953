/* commands.h — the words of the command line: one file each, one line here. */
#pragma once
#include "main/options.h"

/* X(word, what it does). Each is `int command_WORD(struct options *o)`: 0 done, 1 failed, 2 usage.
 */
#define COMMANDS(X)                                                                                \
    X(serve, "serve the data directory over HTTP")                                                 \
    X(key, "make, list and delete API keys: key create|list|delete")                               \
    X(user, "people who sign in: user create|password|list")                                       \
    X(demo, "fill a directory with an invented shop, to look around: demo [--remove]")             \
    X(import, "import a file: import FILE --kind customers|events|orders [--dry-run] …")           \
    X(simulate, "run scripts in virtual time: simulate FILE…")                                     \
    X(doctor, "check a data directory: replay its log and compare with the snapshot")              \
    X(version, "print the version")

#define X(word, help) int command_##word(struct options *o);
COMMANDS(X)
#undef X

/* commands.h — the words of the command line: one file each, one line here. */
#pragma once
#include "main/options.h"

/* X(word, what it does, what it takes). Each is `int command_WORD(struct options *o)`: 0 done, 1
 * failed, 2 usage.
 */
#define COMMANDS(X)                                                                                \
    X(serve, "serve the data directory over HTTP",                                                 \
      "[--data DIR] [--listen ADDRESS:PORT] [--public-url URL]\n"                                  \
      "  [--tls-cert FILE --tls-key FILE] [--zoneinfo DIR]\n"                                      \
      "  [--allow-private-outbound] [--allow-outbound NETS] [--max-inflight-bytes SIZE]\n"         \
      "  [--max-memory SIZE] [--tail-bytes SIZE] [--snapshot-records N] [--unsafe-no-sync]")       \
    X(key, "make, list and delete API keys: key create|list|delete",                               \
      "create --name N [--scopes a,b] [--data DIR] [--json]\n"                                     \
      "  list [--data DIR] [--json]\n"                                                             \
      "  delete --id ID [--data DIR]")                                                             \
    X(user, "people who sign in: user create|password|list",                                       \
      "create --email E [--name N] [--role R] [--data DIR]\n"                                      \
      "  password --email E [--without-totp] [--data DIR]\n"                                       \
      "  list [--data DIR] [--json]")                                                              \
    X(demo, "fill a directory with an invented shop, to look around: demo [--remove]",             \
      "[--data DIR] [--remove]")                                                                   \
    X(import, "import a file: import FILE --kind customers|events|orders [--dry-run] …",           \
      "FILE --kind customers|events|orders [--mode MODE] [--mapping JSON]\n"                       \
      "  [--delimiter C] [--encoding NAME] [--sheet NAME] [--date-format F] [--zone ZONE]\n"       \
      "  [--event NAME] [--dry-run] [--data DIR] [--json]")                                        \
    X(simulate, "run scripts in virtual time: simulate FILE…", "FILE… [--data DIR] [--json]")      \
    X(doctor, "check a data directory: replay its log and compare with the snapshot",              \
      "[--data DIR] [--json]")                                                                     \
    X(version, "print the version", "[--json]")

#define X(word, help, takes) int command_##word(struct options *o);
COMMANDS(X)
#undef X

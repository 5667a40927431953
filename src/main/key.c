/* key.c — beckon key: the back office's keys, also while a server runs. */
#include "base/time.h"
#include "main/commands.h"
#include "server/office.h"

#include <stdio.h>
#include <sys/stat.h>

static int create(struct options *o, struct office *office, bool json)
{
    const char *name = option_text(o, "name"), *scopes = option_text(o, "scopes");
    struct diag why = {0};
    char key[OFFICE_KEY_MAX + 1];
    u32 bits = scope_bit(SCOPE_ADMIN);
    if (!options_done(o)) return 2;
    if (!name) return usage_error("key create needs --name");
    err e = scopes ? scopes_parse(str_of(scopes), &bits, &why) : ERR_OK;
    if (e != ERR_OK) return usage_error("%s", why.message);
    e = office_key_create(office, str_of(name), bits, env_wall_ms(env_real()), key, NULL, &why);
    if (e != ERR_OK) return failure(e, &why);
    printf(json ? "{\"key\":\"%s\"}\n" : "%s\n", key);
    return 0;
}

static int list(struct options *o, struct office *office, bool json)
{
    const struct office_key *keys;
    struct buf b;
    if (!options_done(o)) return 2;
    u32 n = office_keys(office, &keys);
    buf_init(&b, 64 << 20);
    for (u32 i = 0; i < n; i++) {
        buf_reset(&b);
        buf_byte(&b, '{');
        json_put_kv_str(&b, S("id"), str_of(keys[i].id));
        json_put_kv_str(&b, S("name"), str_of(keys[i].name));
        json_put_kv_str(&b, S("begins_with"), str_of(keys[i].hint));
        json_put_key(&b, S("scopes"));
        scopes_put(&b, keys[i].scopes);
        buf_byte(&b, '}');
        if (json)
            printf("%.*s\n", STR_ARG(buf_str(&b)));
        else
            printf("%-18s %-14s %s\n", keys[i].id, keys[i].hint, keys[i].name);
    }
    buf_clear(&b);
    return 0;
}

static int drop(struct options *o, struct office *office)
{
    const char *id = option_text(o, "id");
    struct diag why = {0};
    if (!options_done(o)) return 2;
    if (!id) return usage_error("key delete needs --id");
    err e = office_key_delete(office, str_of(id), &why);
    return e == ERR_OK ? 0 : failure(e, &why);
}

int command_key(struct options *o)
{
    const char *what = option_word(o), *dir = option_text(o, "data");
    bool json = option_flag(o, "json");
    struct office *office;
    struct diag why = {0};
    bool creates = what && strcmp(what, "create") == 0, lists = what && strcmp(what, "list") == 0,
         deletes = what && strcmp(what, "delete") == 0;
    if (!creates && !lists && !deletes)
        return usage_error("key create --data DIR --name N [--scopes a,b] [--json] | "
                           "key list | key delete --id ID");
    if (!dir) dir = "data";
    umask(0077);
    err e = creates ? env_make_dir(env_real(), dir) : ERR_OK;
    if (e != ERR_OK) diag_set(&why, e, "the directory %s cannot be made", dir);
    if (e == ERR_OK) e = office_open(env_real(), dir, &office, &why);
    if (e != ERR_OK) return failure(e, &why);
    int code = creates ? create(o, office, json) : lists ? list(o, office, json) : drop(o, office);
    office_close(office);
    return code;
}

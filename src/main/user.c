/* user.c — beckon user: people who sign in, also while a server runs. */
#include "main/commands.h"
#include "server/office.h"
#include "server/sessions.h"
#include "server/users.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

/* One line of the standard input; a terminal shows nothing of it. */
static bool read_password(char *out, size_t room)
{
    struct termios was, silent;
    bool is_terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &was) == 0;
    if (is_terminal) {
        silent = was;
        silent.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
        fputs("Password: ", stderr);
    }
    bool got = fgets(out, (int)room, stdin) != NULL;
    if (is_terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
        fputs("\n", stderr);
    }
    if (got) out[strcspn(out, "\r\n")] = 0;
    return got && out[0];
}

/* Asks for a password and hashes it. */
static int new_password(str email, char encoded[PASSWORD_TEXT_MAX])
{
    char password[PASSWORD_MAX + 2];
    struct diag why = {0};
    if (!read_password(password, sizeof password))
        return usage_error("a password is read from the standard input, one line");
    err e = password_check(str_of(password), email, &why);
    if (e == ERR_OK) password_hash(env_real(), str_of(password), encoded);
    explicit_bzero(password, sizeof password);
    return e == ERR_OK ? 0 : failure(e, &why);
}

static int create(struct options *o, struct office *office, bool json)
{
    const char *email = option_text(o, "email"), *name = option_text(o, "name");
    const char *role_word = option_text(o, "role");
    char encoded[PASSWORD_TEXT_MAX];
    struct diag why = {0};
    const struct user *made, *all;
    role r = users_all(office, &all) ? ROLE_MARKETER : ROLE_OWNER;
    if (!options_done(o)) return 2;
    if (!email) return usage_error("user create needs --email");
    if (role_word && !role_parse(str_of(role_word), &r))
        return usage_error("a role is owner, admin, marketer, approver or analyst");
    err e = user_check_new(str_of(email), str_of(name), &why);
    if (e != ERR_OK) return failure(e, &why);
    int code = new_password(str_of(email), encoded);
    if (code) return code;
    struct user_new new = {
        .email = str_of(email), .name = str_of(name), .password = str_of(encoded), .role = r};
    e = user_create(office, &new, env_wall_ms(env_real()), &made, &why);
    if (e != ERR_OK) return failure(e, &why);
    printf(json ? "{\"id\":\"%s\",\"role\":\"%.*s\"}\n" : "%s %.*s\n", made->id,
           STR_ARG(role_text(r)));
    return 0;
}

static int password(struct options *o, struct office *office)
{
    const char *email = option_text(o, "email");
    bool no_totp = option_flag(o, "without-totp");
    char encoded[PASSWORD_TEXT_MAX], id[OFFICE_ID_MAX + 1];
    struct diag why = {0};
    if (!options_done(o)) return 2;
    if (!email) return usage_error("user password needs --email");
    const struct user *u = user_by_email(office, str_of(email));
    if (!u) return failure(diag_set(&why, ERR_NOT_FOUND, "there is no user %s", email), &why);
    memcpy(id, u->id, sizeof id);
    int code = new_password(str_of(email), encoded);
    if (code) return code;
    err e = user_set_password(office, str_of(id), str_of(encoded), (str){0}, &why);
    if (e == ERR_OK && no_totp) e = user_totp_off(office, str_of(id), &why);
    return e == ERR_OK ? 0 : failure(e, &why);
}

static int list(struct options *o, struct office *office, bool json)
{
    const struct user *all;
    struct buf b;
    if (!options_done(o)) return 2;
    u32 n = users_all(office, &all);
    buf_init(&b, 64 << 10);
    for (u32 i = 0; i < n; i++) {
        const struct user *u = &all[i];
        buf_reset(&b);
        buf_byte(&b, '{');
        json_put_kv_str(&b, S("id"), str_of(u->id));
        json_put_kv_str(&b, S("email"), str_of(u->email));
        json_put_kv_str(&b, S("name"), str_of(u->name));
        json_put_kv_str(&b, S("role"), role_text(u->role));
        json_put_kv_bool(&b, S("disabled"), u->disabled);
        json_put_kv_bool(&b, S("totp"), u->totp_on);
        buf_byte(&b, '}');
        if (json)
            printf("%.*s\n", STR_ARG(buf_str(&b)));
        else
            printf("%-18s %-10.*s %s %s\n", u->id, STR_ARG(role_text(u->role)), u->email,
                   u->disabled ? "(disabled)" : "");
    }
    buf_clear(&b);
    return 0;
}

int command_user(struct options *o)
{
    const char *what = option_word(o), *dir = option_text(o, "data");
    bool json = option_flag(o, "json");
    struct office *office;
    struct diag why = {0};
    bool creates = what && strcmp(what, "create") == 0, lists = what && strcmp(what, "list") == 0,
         changes = what && strcmp(what, "password") == 0;
    if (!creates && !lists && !changes)
        return usage_error("user create --data DIR --email E [--name N] [--role R] | "
                           "user password --email E [--without-totp] | user list [--json]");
    if (!dir) dir = "data";
    umask(0077);
    err e = creates ? env_make_dir(env_real(), dir) : ERR_OK;
    if (e != ERR_OK) diag_set(&why, e, "the directory %s cannot be made", dir);
    if (e == ERR_OK) e = office_open(env_real(), dir, &office, &why);
    if (e != ERR_OK) return failure(e, &why);
    int code = creates   ? create(o, office, json)
               : changes ? password(o, office)
                         : list(o, office, json);
    office_close(office);
    return code;
}

/* api.h — the command line as a caller of a server's API, with a key that lives as long as the
 * command. */
#pragma once
#include "base/json.h"
#include "server/office.h"

#include <curl/curl.h>

enum { API_ANSWER_MAX = 64 << 20 };

struct api {
    struct office *office;
    char base[256], key[OFFICE_KEY_MAX + 1], key_id[OFFICE_ID_MAX + 1];
    CURL *curl;
    bool is_here;      /* the address is of this very directory, on this machine */
    struct buf answer; /* of the last call */
};

/* To the server of this directory: at `base`, or where the directory says it is (NULL).
 * api_close after an error, too. */
MUST_USE err api_open(struct api *a, const char *dir, const char *base, const char *key_name,
                      u32 scopes, struct diag *why);
void api_close(struct api *a);
/* `body` JSON, or empty. ERR_NOT_FOUND and ERR_CONFLICT for 404 and 409, ERR_REFUSED for all else
 * that is no 2xx, with what the server says; ERR_IO: it cannot be reached. */
MUST_USE err api_call(struct api *a, const char *method, const char *path, str body,
                      struct diag *why);
MUST_USE err api_post_form(struct api *a, const char *path, curl_mime *form, struct diag *why);
/* The answer as JSON, in the arena. */
MUST_USE err api_answer(struct api *a, struct arena *arena, const struct json **out,
                        struct diag *why);

/* A field of a form; nothing if `text` is NULL. */
void form_add(curl_mime *form, const char *name, const char *text);
/* Sends an import's form, and asks until it is over: the answer is how it stands then. */
MUST_USE err api_import(struct api *a, curl_mime *form, struct diag *why);
/* Takes an import back, and waits until that is over. */
MUST_USE err api_import_undo(struct api *a, str id, struct diag *why);

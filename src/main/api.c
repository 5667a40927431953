#include "main/api.h"

#include <stdio.h>
#include <unistd.h>

enum { POLL_US = 100000, PATH_MAX_BYTES = 512 };

/* ---- where, and by which key ---- */

static err read_address(const char *dir, char *out, size_t room, struct diag *why)
{
    char path[4096];
    struct file *f;
    size_t n = 0;
    snprintf(path, sizeof path, "%s/address", dir);
    err e = env_open(env_real(), path, FILE_READ, &f);
    if (e != ERR_OK)
        return diag_set(why, e, "another process works on %s, but %s is not there", dir, path);
    e = file_read(f, 0, out, room - 1, &n);
    file_close(f);
    out[n] = 0;
    return e;
}

err api_open(struct api *a, const char *dir, const char *base, const char *key_name, u32 scopes,
             struct diag *why)
{
    const struct office_key *made = NULL;
    *a = (struct api){0};
    buf_init(&a->answer, API_ANSWER_MAX);
    a->curl = curl_easy_init();
    a->is_here = !base;
    if (base)
        snprintf(a->base, sizeof a->base, "%s", base);
    else
        TRY(read_address(dir, a->base, sizeof a->base, why));
    TRY(office_open(env_real(), dir, &a->office, why));
    TRY(office_key_create(a->office, str_of(key_name), scopes, env_wall_ms(env_real()), a->key,
                          &made, why));
    memcpy(a->key_id, made->id, sizeof a->key_id);
    return ERR_OK;
}

void api_close(struct api *a)
{
    if (a->key_id[0] && office_key_delete(a->office, str_of(a->key_id), NULL) != ERR_OK)
        fprintf(stderr, "beckon: the key %s is left over\n", a->key_id);
    if (a->office) office_close(a->office);
    curl_easy_cleanup(a->curl);
    buf_clear(&a->answer);
}

/* ---- calls ---- */

static size_t on_bytes(char *p, size_t size, size_t n, void *ctx)
{
    buf_put(ctx, (str){p, size * n});
    return size * n;
}

static err answered(struct api *a, const char *url, CURLcode r, struct diag *why)
{
    long status = 0;
    curl_easy_getinfo(a->curl, CURLINFO_RESPONSE_CODE, &status);
    if (r != CURLE_OK) return diag_set(why, ERR_IO, "%s: %s", url, curl_easy_strerror(r));
    if (status < 300) return ERR_OK;
    err e = status == 404 ? ERR_NOT_FOUND : status == 409 ? ERR_CONFLICT : ERR_REFUSED;
    return diag_set(why, e, "the server says %ld: %.*s", status, (int)min_size(a->answer.n, 250),
                    a->answer.p ? a->answer.p : "");
}

/* The connection stays open from call to call. */
static err call(struct api *a, const char *method, const char *path, str body,
                const curl_mime *form, struct diag *why)
{
    char header[256], url[PATH_MAX_BYTES];
    snprintf(url, sizeof url, "%s%s", a->base, path);
    snprintf(header, sizeof header, "Authorization: Bearer %s", a->key);
    struct curl_slist *headers = curl_slist_append(NULL, header);
    headers = curl_slist_append(headers, "Expect:");
    if (!form) headers = curl_slist_append(headers, "Content-Type: application/json");
    buf_reset(&a->answer);
    curl_easy_reset(a->curl);
    curl_easy_setopt(a->curl, CURLOPT_URL, url);
    curl_easy_setopt(a->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(a->curl, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(a->curl, CURLOPT_WRITEDATA, &a->answer);
    curl_easy_setopt(a->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(a->curl, CURLOPT_NOPROXY, "*"); /* it is a server of this machine */
    if (a->is_here) {                                /* its certificate is of its public name */
        curl_easy_setopt(a->curl, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(a->curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (form) curl_easy_setopt(a->curl, CURLOPT_MIMEPOST, form);
    if (body.n) {
        curl_easy_setopt(a->curl, CURLOPT_POSTFIELDSIZE, (long)body.n);
        curl_easy_setopt(a->curl, CURLOPT_POSTFIELDS, body.p);
    }
    if (!form) curl_easy_setopt(a->curl, CURLOPT_CUSTOMREQUEST, method);
    CURLcode r = curl_easy_perform(a->curl);
    curl_slist_free_all(headers);
    return answered(a, url, r, why);
}

err api_call(struct api *a, const char *method, const char *path, str body, struct diag *why)
{
    return call(a, method, path, body, NULL, why);
}

err api_post_form(struct api *a, const char *path, curl_mime *form, struct diag *why)
{
    return call(a, "POST", path, (str){0}, form, why);
}

err api_answer(struct api *a, struct arena *arena, const struct json **out, struct diag *why)
{
    return json_parse(arena_str(arena, buf_str(&a->answer)), arena, out, why);
}

void form_add(curl_mime *form, const char *name, const char *text)
{
    if (!text) return;
    curl_mimepart *p = curl_mime_addpart(form);
    curl_mime_name(p, name);
    curl_mime_data(p, text, CURL_ZERO_TERMINATED);
}

/* ---- imports ---- */

static err wait_for(struct api *a, const char *path, struct diag *why)
{
    struct arena *arena = arena_new();
    const struct json *j;
    err e = ERR_OK;
    for (;;) {
        arena_reset(arena);
        e = api_call(a, "GET", path, (str){0}, why);
        if (e == ERR_OK) e = api_answer(a, arena, &j, why);
        if (e != ERR_OK) break;
        str status = json_get_str(j, "status", (str){0});
        if (str_eq(status, S("done")) || str_eq(status, S("failed"))) break;
        usleep(POLL_US);
    }
    arena_free(arena);
    return e;
}

err api_import(struct api *a, curl_mime *form, struct diag *why)
{
    char path[PATH_MAX_BYTES] = "";
    struct arena *arena = arena_new();
    const struct json *j;
    err e = api_post_form(a, "/api/v1/imports", form, why);
    if (e == ERR_OK) e = api_answer(a, arena, &j, why);
    if (e == ERR_OK)
        snprintf(path, sizeof path, "/api/v1/imports/%.*s",
                 STR_ARG(json_get_str(j, "id", (str){0})));
    arena_free(arena);
    return e == ERR_OK ? wait_for(a, path, why) : e;
}

err api_import_undo(struct api *a, str id, struct diag *why)
{
    char path[PATH_MAX_BYTES];
    snprintf(path, sizeof path, "/api/v1/imports/%.*s/undo", STR_ARG(id));
    TRY(api_call(a, "POST", path, S("{}"), why));
    snprintf(path, sizeof path, "/api/v1/imports/%.*s", STR_ARG(id));
    return wait_for(a, path, why);
}

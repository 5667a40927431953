#include "server/seal.h"

#include <openssl/evp.h>

enum { NONCE = 12, TAG = 16 };

err seal_key_load(struct env *env, const char *path, struct seal_key *out)
{
    struct file *f;
    err e = env_open(env, path, FILE_NEW, &f);
    if (e == ERR_OK) {
        env_random(env, out->bytes, sizeof out->bytes);
        e = file_write(f, 0, out->bytes, sizeof out->bytes);
        if (e == ERR_OK) e = file_sync(f);
    } else if (e == ERR_CONFLICT) {
        TRY(env_open(env, path, FILE_READ, &f));
        size_t got = 0;
        e = file_read(f, 0, out->bytes, sizeof out->bytes, &got);
        if (e == ERR_OK && got != sizeof out->bytes) e = ERR_CORRUPT;
    } else {
        return e;
    }
    file_close(f);
    return e;
}

void seal_put(struct env *env, const struct seal_key *key, str name, str secret, struct buf *out)
{
    u8 nonce[NONCE];
    int n = 0, last = 0;
    env_random(env, nonce, sizeof nonce);
    buf_put(out, (str){(char *)nonce, NONCE});
    u8 *at = (u8 *)buf_room(out, secret.n + TAG);
    MUST(at);
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    MUST(c && EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key->bytes, nonce) == 1);
    MUST(EVP_EncryptUpdate(c, NULL, &n, (const u8 *)name.p, (int)name.n) == 1);
    MUST(EVP_EncryptUpdate(c, at, &n, (const u8 *)secret.p, (int)secret.n) == 1);
    MUST(EVP_EncryptFinal_ex(c, at + n, &last) == 1 && (size_t)(n + last) == secret.n);
    MUST(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG, at + secret.n) == 1);
    EVP_CIPHER_CTX_free(c);
    out->n += secret.n + TAG;
}

err seal_get(const struct seal_key *key, str name, str sealed, struct arena *arena, str *out)
{
    if (sealed.n < NONCE + TAG) return ERR_CORRUPT;
    size_t size = sealed.n - NONCE - TAG;
    const u8 *nonce = (const u8 *)sealed.p, *from = nonce + NONCE;
    u8 *to = arena_alloc(arena, size + 1), tag[TAG];
    memcpy(tag, from + size, TAG);
    int n = 0, last = 0;
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    MUST(c && EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, key->bytes, nonce) == 1);
    MUST(EVP_DecryptUpdate(c, NULL, &n, (const u8 *)name.p, (int)name.n) == 1);
    MUST(EVP_DecryptUpdate(c, to, &n, from, (int)size) == 1);
    MUST(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG, tag) == 1);
    bool is_true = EVP_DecryptFinal_ex(c, to + n, &last) == 1;
    EVP_CIPHER_CTX_free(c);
    *out = (str){(char *)to, size};
    return is_true ? ERR_OK : ERR_CORRUPT;
}

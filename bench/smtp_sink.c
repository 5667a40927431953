/* smtp_sink.c — a mail server that takes everything and counts: the far end of bench/mail.py. One
 * thread, epoll, PIPELINING as Postfix's smtp-sink has it.
 *
 *   bench-smtp_sink PORT     prints "mails bytes first_ns last_ns" on SIGTERM or when stdin ends */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS = 4096, ROOM = 1 << 16 };

struct link {
    char in[ROOM];
    size_t n;
    int in_data; /* 1: the mail's own lines */
};

static struct link *links[CONNECTIONS];
static long long mails, bytes, first_ns, last_ns;
static volatile sig_atomic_t ends;

static long long now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void on_signal(int s)
{
    (void)s;
    ends = 1;
}

static void say(char *out, size_t *n, const char *line)
{
    size_t len = strlen(line);
    memcpy(out + *n, line, len);
    *n += len;
}

/* What a line is answered, if it is. */
static void command(struct link *l, const char *line, char *out, size_t *n)
{
    if (strncasecmp(line, "EHLO", 4) == 0)
        say(out, n, "250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 52428800\r\n");
    else if (strncasecmp(line, "DATA", 4) == 0) {
        l->in_data = 1;
        say(out, n, "354 go on\r\n");
    } else if (strncasecmp(line, "QUIT", 4) == 0)
        say(out, n, "221 bye\r\n");
    else
        say(out, n, "250 ok\r\n");
}

static void mail_done(struct link *l, char *out, size_t *n)
{
    l->in_data = 0;
    last_ns = now_ns();
    if (mails++ == 0) first_ns = last_ns;
    say(out, n, "250 taken\r\n");
}

/* Takes whole lines out of what came. */
static void work(struct link *l, int fd)
{
    static char out[ROOM];
    size_t at = 0, n = 0;
    char *end;
    while (at < l->n && (end = memchr(l->in + at, '\n', l->n - at)) && n < sizeof out - 256) {
        char *line = l->in + at;
        size_t len = (size_t)(end - line) + 1;
        at += len;
        if (!l->in_data) {
            line[len - 1] = 0;
            command(l, line, out, &n);
        } else if (len == 3 && memcmp(line, ".\r\n", 3) == 0) {
            mail_done(l, out, &n);
        }
    }
    memmove(l->in, l->in + at, l->n - at);
    l->n -= at;
    if (n && write(fd, out, n) < 0) perror("write");
}

static void hang_up(int poll, int fd)
{
    epoll_ctl(poll, EPOLL_CTL_DEL, fd, NULL);
    close(fd);
    free(links[fd]);
    links[fd] = NULL;
}

static void take(int poll, int fd)
{
    struct link *l = links[fd];
    ssize_t got = read(fd, l->in + l->n, sizeof l->in - l->n);
    if (got <= 0) {
        hang_up(poll, fd);
        return;
    }
    bytes += got;
    l->n += (size_t)got;
    work(l, fd);
    if (l->n == sizeof l->in) hang_up(poll, fd);
}

static void greet(int poll, int listener)
{
    int fd = accept(listener, NULL, NULL);
    struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
    if (fd < 0) return;
    if (fd >= CONNECTIONS) {
        close(fd);
        return;
    }
    links[fd] = calloc(1, sizeof *links[fd]);
    epoll_ctl(poll, EPOLL_CTL_ADD, fd, &e);
    if (write(fd, "220 sink\r\n", 10) < 0) hang_up(poll, fd);
}

int main(int argc, char **argv)
{
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1, poll = epoll_create1(0);
    struct sockaddr_in at = {.sin_family = AF_INET};
    struct epoll_event e = {.events = EPOLLIN, .data.fd = listener}, ready[256];
    at.sin_port = htons((unsigned short)(argc > 1 ? strtol(argv[1], NULL, 10) : 2525));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 512)) {
        perror("listen");
        return 1;
    }
    signal(SIGTERM, on_signal);
    signal(SIGPIPE, SIG_IGN);
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &e);
    while (!ends) {
        int n = epoll_wait(poll, ready, 256, 200);
        for (int i = 0; i < n; i++)
            if (ready[i].data.fd == listener)
                greet(poll, listener);
            else
                take(poll, ready[i].data.fd);
    }
    printf("%lld %lld %lld %lld\n", mails, bytes, first_ns, last_ns);
    return 0;
}

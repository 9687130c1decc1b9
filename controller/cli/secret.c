#include "settings.h"

#include "common/crypto/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

static void
cut_line(char *text)
{
    text[strcspn(text, "\r\n")] = '\0';
}

enum baton_status
secret_read_file(struct cli *c, const char *path, char *out, size_t cap)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return cli_fail(c, errno == ENOENT ? BATON_NOT_FOUND : BATON_IO, "%s: %s", path,
                        strerror(errno));
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077) != 0) {
        close(fd);
        return cli_fail(c, BATON_DENIED, "others can read %s: chmod 600 %s", path, path);
    }
    ssize_t n = read(fd, out, cap - 1);
    close(fd);
    if (n < 0)
        return cli_fail(c, BATON_IO, "%s: %s", path, strerror(errno));
    out[n] = '\0';
    cut_line(out);
    return out[0] != '\0' ? BATON_OK : cli_fail(c, BATON_MALFORMED, "%s is empty", path);
}

enum baton_status
secret_write_file(struct cli *c, const char *path, const char *text)
{
    char fresh[PATH_BYTES + 8];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    unlink(fresh);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return cli_fail(c, BATON_IO, "%s: %s", fresh, strerror(errno));
    size_t len = strlen(text);
    bool good = write(fd, text, len) == (ssize_t)len && write(fd, "\n", 1) == 1 && fsync(fd) == 0;
    if (close(fd) != 0 || !good || rename(fresh, path) != 0)
        return cli_fail(c, BATON_IO, "%s cannot be written", path);
    return BATON_OK;
}

/* The terminal itself: standard input may be a file that is being piped in. */
static FILE *
terminal_open(void)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    return fd >= 0 ? fdopen(fd, "r+") : NULL;
}

static bool
read_hidden(FILE *tty, const char *what, char *out, size_t cap)
{
    struct termios before, quiet;
    bool hidden = tcgetattr(fileno(tty), &before) == 0;
    fprintf(tty, "%s: ", what);
    fflush(tty);
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    if (hidden)
        tcsetattr(fileno(tty), TCSAFLUSH, &quiet);
    bool got = fgets(out, (int)cap, tty) != NULL;
    if (hidden)
        tcsetattr(fileno(tty), TCSAFLUSH, &before);
    fputc('\n', tty);
    if (got)
        cut_line(out);
    return got;
}

static enum baton_status
ask_passphrase(struct cli *c, const char *what, bool twice, char out[PASSPHRASE_MAX])
{
    char again[PASSPHRASE_MAX] = "";
    FILE *tty = terminal_open();
    if (tty == NULL)
        return cli_fail(c, BATON_USAGE,
                        "no terminal to ask for the passphrase of %s; "
                        "use --passphrase-file",
                        what);
    char question[128];
    snprintf(question, sizeof question, "Passphrase of %s", what);
    bool got = read_hidden(tty, question, out, PASSPHRASE_MAX);
    if (got && twice)
        got = read_hidden(tty, "The same again", again, sizeof again);
    bool same = !twice || strcmp(out, again) == 0;
    crypto_wipe(again, sizeof again);
    fclose(tty);
    if (!got || out[0] == '\0')
        return cli_fail(c, BATON_USAGE, "no passphrase was given");
    return same ? BATON_OK : cli_fail(c, BATON_USAGE, "the two passphrases differ");
}

enum baton_status
secret_passphrase(struct cli *c, const char *path, const char *what, bool twice,
                  char out[PASSPHRASE_MAX])
{
    char whole[PATH_BYTES];
    if (path == NULL || path[0] == '\0')
        return ask_passphrase(c, what, twice, out);
    settings_path(path, whole);
    return secret_read_file(c, whole, out, PASSPHRASE_MAX);
}

void
secret_ask(const char *question, char *out, size_t cap)
{
    FILE *tty = terminal_open();
    out[0] = '\0';
    if (tty == NULL)
        return;
    fprintf(tty, "%s ", question);
    fflush(tty);
    if (fgets(out, (int)cap, tty) == NULL)
        out[0] = '\0';
    cut_line(out);
    fclose(tty);
}

bool
secret_confirmed(struct cli *c, const char *question)
{
    char answer[16];
    if (c->yes)
        return true;
    fflush(stdout);
    secret_ask(question, answer, sizeof answer);
    return strcmp(answer, "yes") == 0;
}

/*
 * The command of the chaos suite: it does what its arguments say, one after another, and notes in a slot of a shared
 * file how far it came. The kernel keeps what it noted, however it dies: so the suite knows from outside how many
 * bytes were written before a SIGKILL.
 *
 *   child SLOTS INDEX text|binary OUT_OFFSET ERR_OFFSET STEP...
 *
 *   iN        ignore signal N              hN,C   on signal N exit with code C
 *   wF,N,K    write N bytes to descriptor F, at most K at a time
 *   mN,K      write N bytes, in turn to stdout and stderr, as one text
 *   r / rN    read stdin to its end / up to N bytes
 *   cF        close descriptor F           sM     sleep M ms
 *   gFLAGS    start a descendant that stays: s in a session of its own, c without the pipes, t ignoring SIGTERM
 *   l / lN,K  start a descendant that writes N bytes more to stdout and ends
 *   d         go on in a descendant; this process waits for it and ends as it did
 *   p         pause for ever               eC     exit with C       kN   die of signal N
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PERIOD = 65521, SLOT = 64 };
/* Fields of a slot. */
enum { PID, STAGE, OUT, ERR, IN, HASH, END_OF_INPUT, FAILED_WRITE, OUT_AT_EXIT, DESCENDANTS, FIRST_DESCENDANT };
enum { STARTED = 1, ENDING = 2 };
enum { CODE_AFTER_FAILED_WRITE = 90, MOST_DESCENDANTS = 8, LIFETIME_S = 600 };

static unsigned char table[2 * PERIOD + 1];
static volatile uint32_t *slot;
static int handler_code[65];
static uint32_t offsets[3];

static void fill(int text) {
  uint32_t x = 2463534242u;
  for (int i = 0; i < PERIOD; i++) {
    x ^= x << 13, x ^= x >> 17, x ^= x << 5;
    uint32_t r = x >> 24;
    table[i] = !text ? r : r < 6 ? '\n' : 32 + r % 95;
  }
  memcpy(table + PERIOD, table, PERIOD);
}

static void leave(int code) {
  slot[OUT_AT_EXIT] = slot[OUT];
  slot[STAGE] = ENDING;
  _exit(code);
}

static void on_signal(int number) { leave(handler_code[number]); }

/* Writes a part of the text; the next part goes on where it ended. */
static void put(int fd, int field, uint32_t size) {
  while (size > 0) {
    ssize_t done = write(fd, table + (offsets[field == OUT ? 1 : 2] + slot[field]) % PERIOD, size);
    if (done < 0) {
      if (errno == EINTR) continue;
      slot[FAILED_WRITE] = errno;
      leave(CODE_AFTER_FAILED_WRITE);
    }
    slot[field] += done;
    size -= done;
  }
}

static void put_all(int fd, uint32_t size, uint32_t chunk, int in_turn) {
  for (uint32_t part, turn = 0; size > 0; size -= part, turn++) {
    part = size < chunk ? size : chunk;
    put(in_turn ? 1 + (int)(turn % 2) : fd, in_turn || fd == 1 ? OUT : ERR, part);
  }
}

static void take(uint32_t most) {
  static unsigned char bytes[65536];
  while (most > 0) {
    ssize_t got = read(0, bytes, most < sizeof bytes ? most : sizeof bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) leave(91);
    if (got == 0) {
      slot[END_OF_INPUT] = 1;
      return;
    }
    uint32_t hash = slot[IN] == 0 ? 2166136261u : slot[HASH];
    for (ssize_t i = 0; i < got; i++) hash = (hash ^ bytes[i]) * 16777619u;
    slot[HASH] = hash;
    slot[IN] += got;
    most -= got;
  }
}

static void pass_time(uint32_t ms) {
  struct timespec left = {ms / 1000, ms % 1000 * 1000000};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {}
}

static void without_pipes(void) {
  int null = open("/dev/null", O_RDWR);
  for (int fd = 0; fd < 3; fd++) dup2(null, fd);
  close(null);
}

/* The pid of a new process, which notes itself before it does anything; 0 in it. */
static pid_t descend(void) {
  pid_t pid = fork();
  if (pid < 0) leave(93);
  if (pid == 0) {
    uint32_t count = __sync_fetch_and_add(&slot[DESCENDANTS], 1);
    if (count < MOST_DESCENDANTS) slot[FIRST_DESCENDANT + count] = getpid();
  }
  return pid;
}

static void stay(const char *flags) {
  /* The descendant is in its session before this process goes on. */
  int settled[2];
  char byte;
  if (pipe(settled) != 0) leave(92);
  if (descend() != 0) {
    close(settled[1]);
    if (read(settled[0], &byte, 1) < 0) leave(94);
    close(settled[0]);
    return;
  }
  close(settled[0]);
  for (int number = 1; number < 32; number++) if (number != SIGCHLD) signal(number, SIG_DFL);
  if (strchr(flags, 's')) setsid();
  if (strchr(flags, 'c')) without_pipes();
  if (strchr(flags, 't')) signal(SIGTERM, SIG_IGN);
  close(settled[1]);
  alarm(LIFETIME_S);
  for (;;) pause();
}

static void die_of(int number) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  signal(number, SIG_DFL);
  slot[OUT_AT_EXIT] = slot[OUT];
  slot[STAGE] = ENDING;
  kill(getpid(), number);
  for (;;) pause();
}

static void step(const char *text) {
  char *rest;
  uint32_t first = strtoul(text + 1, &rest, 10), second = 0, third = 0;
  if (*rest == ',') second = strtoul(rest + 1, &rest, 10);
  if (*rest == ',') third = strtoul(rest + 1, &rest, 10);
  int status;
  pid_t pid;
  switch (text[0]) {
    case 'i': signal(first, SIG_IGN); return;
    case 'h': handler_code[first] = second; signal(first, on_signal); return;
    case 'w': put_all(first, second, third, 0); return;
    case 'm': put_all(0, first, second, 1); return;
    case 'r': take(text[1] == 0 ? UINT32_MAX : first); return;
    case 'c': close(first); return;
    case 's': pass_time(first); return;
    case 'g': stay(text + 1); return;
    case 'l':
      slot[OUT_AT_EXIT] = slot[OUT];
      if (descend() == 0) {
        put_all(1, first, second, 0);
        _exit(0);
      }
      return;
    case 'd':
      if ((pid = descend()) == 0) return;
      while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
      if (WIFSIGNALED(status)) die_of(WTERMSIG(status));
      leave(WEXITSTATUS(status));
      return;
    case 'p': for (;;) pause();
    case 'e': leave(first); return;
    case 'k': die_of(first); return;
    default: leave(95);
  }
}

int main(int argc, char **argv) {
  if (argc < 6) return 96;
  int fd = open(argv[1], O_RDWR | O_CLOEXEC);
  if (fd < 0) return 97;
  /* A slot is SLOT words; a mapping begins at a page. */
  off_t begin = (off_t)atol(argv[2]) * SLOT * sizeof *slot, page = begin / 4096 * 4096;
  char *map = mmap(NULL, begin - page + SLOT * sizeof *slot, PROT_READ | PROT_WRITE, MAP_SHARED, fd, page);
  if (map == MAP_FAILED) return 98;
  close(fd);
  slot = (volatile uint32_t *)(map + (begin - page));
  slot[PID] = getpid();
  slot[STAGE] = STARTED;
  fill(argv[3][0] == 't');
  offsets[1] = atol(argv[4]);
  offsets[2] = atol(argv[5]);
  alarm(LIFETIME_S);
  for (int i = 6; i < argc; i++) step(argv[i]);
  leave(0);
}

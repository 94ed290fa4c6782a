/*
 * The physical limit: a loop over posix_spawn without a runtime above it.
 *
 *   posix_spawn spawn COUNT WIDTH COMMAND...   runs it COUNT times, WIDTH at a time: stdin from /dev/null, stdout and
 *                                              stderr read to their ends, exit awaited
 *   posix_spawn drain COMMAND...               reads its stdout to the end, 64 KiB at a time
 *   posix_spawn feed BYTES COMMAND...          writes so many bytes to its stdin, 64 KiB at a time
 *
 * Prints the milliseconds it took.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
static char buffer[65536];

struct child {
  pid_t pid;
  int out, err;
};

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static struct child start(char **argv, int input) {
  int out[2], err[2];
  struct child child;
  posix_spawn_file_actions_t actions;
  if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) fail("pipe2");
  posix_spawn_file_actions_init(&actions);
  if (input < 0) posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  else posix_spawn_file_actions_adddup2(&actions, input, 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_adddup2(&actions, err[1], 2);
  if (posix_spawnp(&child.pid, argv[0], &actions, NULL, argv, environ)) fail("posix_spawnp");
  posix_spawn_file_actions_destroy(&actions);
  close(out[1]);
  close(err[1]);
  child.out = out[0];
  child.err = err[0];
  return child;
}

static void finish(struct child *child) {
  while (read(child->out, buffer, sizeof buffer) > 0) {}
  while (read(child->err, buffer, sizeof buffer) > 0) {}
  close(child->out);
  close(child->err);
  waitpid(child->pid, NULL, 0);
}

/* Starts WIDTH, and another for each that has ended. */
static void spawn_all(long count, long width, char **argv) {
  struct child *children = calloc(width, sizeof *children);
  struct pollfd *polls = calloc(width, sizeof *polls);
  long started = 0, ended = 0;
  for (long i = 0; i < width; i++) polls[i].fd = -1;
  while (ended < count) {
    for (long i = 0; i < width && started < count; i++) {
      if (polls[i].fd >= 0) continue;
      children[i] = start(argv, -1);
      polls[i].fd = children[i].out;
      polls[i].events = POLLIN;
      started++;
    }
    if (poll(polls, width, -1) < 0) fail("poll");
    for (long i = 0; i < width; i++) {
      if (polls[i].fd < 0 || !polls[i].revents) continue;
      finish(&children[i]);
      polls[i].fd = -1;
      ended++;
    }
  }
}

static void feed(long bytes, char **argv) {
  int in[2];
  if (pipe2(in, O_CLOEXEC)) fail("pipe2");
  struct child child = start(argv, in[0]);
  close(in[0]);
  while (bytes > 0) {
    ssize_t written = write(in[1], buffer, bytes < (long)sizeof buffer ? bytes : (long)sizeof buffer);
    if (written < 0) fail("write");
    bytes -= written;
  }
  close(in[1]);
  finish(&child);
}

int main(int argc, char **argv) {
  struct timespec begin, end;
  if (argc < 3) return 2;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  if (!strcmp(argv[1], "spawn") && argc > 4) spawn_all(atol(argv[2]), atol(argv[3]), argv + 4);
  else if (!strcmp(argv[1], "feed") && argc > 3) feed(atol(argv[2]), argv + 3);
  else if (!strcmp(argv[1], "drain")) {
    struct child child = start(argv + 2, -1);
#ifdef F_SETPIPE_SZ
    /* With 64 KiB the command and the reader would take turns. */
    fcntl(child.out, F_SETPIPE_SZ, 1 << 20);
#endif
    finish(&child);
  } else return 2;
  clock_gettime(CLOCK_MONOTONIC, &end);
  printf("%f\n", (end.tv_sec - begin.tv_sec) * 1e3 + (end.tv_nsec - begin.tv_nsec) / 1e6);
  return 0;
}

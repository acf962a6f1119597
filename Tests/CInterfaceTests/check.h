/* SPDX-License-Identifier: MIT */
/* Counts checks; prints those that fail. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>

static int checks_passed, checks_failed;

static inline int check_(int holds, const char *what, const char *file, int line) {
  if (holds) {
    checks_passed++;
  } else {
    checks_failed++;
    printf("%s:%d: FAILED: %s\n", file, line, what);
  }
  return holds;
}

/* Tells what a status was when it is not the expected one. */
static inline int check_status_(int got, int expected, const char *what, const char *file,
                                int line) {
  if (got == expected) {
    checks_passed++;
  } else {
    checks_failed++;
    printf("%s:%d: FAILED: %s gave %d, not %d\n", file, line, what, got, expected);
  }
  return got == expected;
}

#define CHECK(condition) check_((condition) != 0, #condition, __FILE__, __LINE__)
#define CHECK_STATUS(call, expected) check_status_((call), (expected), #call, __FILE__, __LINE__)

/* The last line of every test program, and its exit status. */
static inline int check_report(void) {
  printf("%d passed, %d failed\n", checks_passed, checks_failed);
  return checks_failed != 0;
}

#endif

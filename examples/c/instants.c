/* SPDX-License-Identifier: MIT */
/* Makes the frames at 1/5, 2/5, 3/5 and 4/5 between two frames that are drawn here, in one call:
 * what the four have in common is found once.
 *
 *     instants [MODEL]
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <vfi.h>

enum { WIDTH = 96, HEIGHT = 64, COUNT = 4 };

/* A bright square on a gray ground, its left edge at `left`. */
static void draw(uint8_t *pixels, int left) {
  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++)
      pixels[y * WIDTH + x] = x >= left && x < left + 30 && y >= 20 && y < 50 ? 180 : 100;
}

static vfi_frame describe(uint8_t *pixels) {
  vfi_frame frame;
  vfi_frame_init(&frame, sizeof frame);
  frame.format = VFI_FORMAT_GRAY8;
  frame.width = WIDTH;
  frame.height = HEIGHT;
  frame.data[0] = pixels;
  frame.stride[0] = WIDTH;
  return frame;
}

/* Where the square begins: as many pixels of the left half as are ground, in its middle row. */
static double left_edge(const uint8_t *pixels) {
  double ground = 0;
  for (int x = 0; x < WIDTH / 2; x++)
    ground += (180 - pixels[HEIGHT / 2 * WIDTH + x]) / 80.0;
  return ground;
}

int main(int count, char **arguments) {
  static uint8_t before[WIDTH * HEIGHT], after[WIDTH * HEIGHT], between[COUNT][WIDTH * HEIGHT];
  draw(before, 20);
  draw(after, 30);
  vfi_frame a = describe(before), b = describe(after), out[COUNT];
  vfi_rational t[COUNT];
  vfi_info info[COUNT];
  for (int i = 0; i < COUNT; i++) {
    t[i] = (vfi_rational){i + 1, COUNT + 1};
    out[i] = describe(between[i]);
    info[i] = (vfi_info){.struct_size = sizeof info[i]};
  }

  vfi_params params;
  vfi_params_init(&params, sizeof params);
  if (count > 1)
    params.model_name = arguments[1];
  vfi_context *context = NULL;
  if (vfi_create(&context, &params) != VFI_OK) {
    fprintf(stderr, "vfi_create: %s\n", vfi_last_error(NULL));
    return EXIT_FAILURE;
  }
  vfi_status status = vfi_interpolate_n(context, &a, &b, COUNT, t, out, info);
  if (status != VFI_OK)
    fprintf(stderr, "vfi_interpolate_n: %s\n", vfi_last_error(context));
  for (int i = 0; i < COUNT && status == VFI_OK; i++)
    printf("t = %d/%d: decision %d, the square begins at %.1f, %.1f ms\n", (int)t[i].num,
           (int)t[i].den, info[i].decision, left_edge(between[i]),
           (double)info[i].elapsed_ns / 1e6);
  vfi_destroy(&context);
  return status == VFI_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: MIT */
/* Makes the frame half-way between two gray frames that are drawn here.
 *
 *     pair [MODEL]
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <vfi.h>

enum { WIDTH = 96, HEIGHT = 64 };

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

int main(int count, char **arguments) {
  static uint8_t pixels[3][WIDTH * HEIGHT];
  draw(pixels[0], 30);
  draw(pixels[1], 36);
  vfi_frame a = describe(pixels[0]), b = describe(pixels[1]), out = describe(pixels[2]);

  vfi_params params;
  vfi_params_init(&params, sizeof params);
  if (count > 1)
    params.model_name = arguments[1];
  vfi_context *context = NULL;
  if (vfi_create(&context, &params) != VFI_OK) {
    fprintf(stderr, "vfi_create: %s\n", vfi_last_error(NULL));
    return EXIT_FAILURE;
  }

  vfi_info info = {.struct_size = sizeof info};
  vfi_status status = vfi_interpolate(context, &a, &b, 1, 2, &out, &info);
  if (status == VFI_OK) {
    double sum = 0;
    for (int i = 0; i < WIDTH * HEIGHT; i++)
      sum += pixels[2][i];
    printf("decision %d, scene score %.2f, mean %.1f, %.1f ms\n", info.decision, info.scene_score,
           sum / (WIDTH * HEIGHT), (double)info.elapsed_ns / 1e6);
  } else {
    fprintf(stderr, "vfi_interpolate: %s\n", vfi_last_error(context));
  }
  vfi_destroy(&context);
  return status == VFI_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

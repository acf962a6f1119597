/* SPDX-License-Identifier: MIT */
/* Turns six frames at 24 a second into frames at 60 a second, and prints their times.
 *
 *     stream [MODEL]
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <vfi.h>

enum { WIDTH = 64, HEIGHT = 48 };

/* A ramp that moves by three pixels a frame. */
static void draw(uint8_t *pixels, int step) {
  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++)
      pixels[y * WIDTH + x] = (uint8_t)((x - 3 * step + y) * 2);
}

/* Prints all frames that are ready. Anything below zero is an error. */
static vfi_status receive_all(vfi_stream *stream, vfi_rational unit) {
  vfi_frame frame;
  vfi_frame_init(&frame, sizeof frame);
  vfi_info info = {.struct_size = sizeof info};
  vfi_status status;
  while ((status = vfi_stream_receive(stream, &frame, &info)) == VFI_OK)
    printf("%8.5f s  pts %" PRId64 "  decision %d  first pixel %d\n",
           (double)(frame.pts * unit.num) / (double)unit.den, frame.pts, info.decision,
           frame.data[0][0]);
  return status;
}

static vfi_status run(vfi_stream *stream) {
  static uint8_t pixels[WIDTH * HEIGHT];
  vfi_frame frame;
  vfi_frame_init(&frame, sizeof frame);
  frame.format = VFI_FORMAT_GRAY8;
  frame.width = WIDTH;
  frame.height = HEIGHT;
  frame.data[0] = pixels;
  frame.stride[0] = WIDTH;
  frame.duration = 1;
  vfi_rational unit;
  vfi_status status = vfi_stream_timebase(stream, &unit);
  for (int step = 0; step < 6 && status >= 0; step++) {
    draw(pixels, step);
    frame.pts = step;
    /* All outputs were received, so the stream takes the frame. */
    status = vfi_stream_send(stream, &frame);
    if (status == VFI_OK)
      status = receive_all(stream, unit);
  }
  if (status >= 0)
    status = vfi_stream_drain(stream);
  if (status >= 0)
    status = receive_all(stream, unit);
  return status;
}

int main(int count, char **arguments) {
  vfi_params params;
  vfi_params_init(&params, sizeof params);
  if (count > 1)
    params.model_name = arguments[1];
  vfi_stream_params stream_params;
  vfi_stream_params_init(&stream_params, sizeof stream_params);
  stream_params.timebase = (vfi_rational){1, 24};
  stream_params.rate = (vfi_rational){60, 1};
  vfi_stream *stream = NULL;
  if (vfi_stream_create(&stream, &params, &stream_params) != VFI_OK) {
    fprintf(stderr, "vfi_stream_create: %s\n", vfi_last_error(NULL));
    return EXIT_FAILURE;
  }
  vfi_status status = run(stream);
  if (status < 0)
    fprintf(stderr, "%s: %s\n", vfi_strerror(status), vfi_last_error(vfi_stream_context(stream)));
  vfi_stream_destroy(&stream);
  return status < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

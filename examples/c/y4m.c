/* SPDX-License-Identifier: MIT */
/* Multiplies the frame rate of a YUV4MPEG2 stream.
 *
 *     ffmpeg -i in.mp4 -f yuv4mpegpipe - | y4m 2 [MODEL] > out.y4m
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vfi.h>

typedef struct video {
  vfi_frame frame; /* its planes lie in one block of memory */
  size_t size;     /* of one frame's samples, in bytes */
  vfi_rational rate;
  char rest[200]; /* other parameters of the header, passed on */
} video;

static int fail(const char *what) {
  fprintf(stderr, "y4m: %s\n", what);
  return 0;
}

typedef struct colour {
  const char *name;
  vfi_pixel_format format;
  int bytes, shift_x, shift_y; /* of a sample; of chroma */
  int32_t chroma_location;
} colour;

static const colour colours[] = {
    {"420jpeg", VFI_FORMAT_YUV420P8, 1, 1, 1, VFI_CHROMA_CENTER},
    {"420mpeg2", VFI_FORMAT_YUV420P8, 1, 1, 1, VFI_CHROMA_LEFT},
    {"420paldv", VFI_FORMAT_YUV420P8, 1, 1, 1, VFI_CHROMA_TOPLEFT},
    {"420", VFI_FORMAT_YUV420P8, 1, 1, 1, VFI_CHROMA_CENTER},
    {"420p10", VFI_FORMAT_YUV420P10, 2, 1, 1, VFI_CHROMA_UNSPECIFIED},
    {"420p12", VFI_FORMAT_YUV420P12, 2, 1, 1, VFI_CHROMA_UNSPECIFIED},
    {"422", VFI_FORMAT_YUV422P8, 1, 1, 0, VFI_CHROMA_UNSPECIFIED},
    {"422p10", VFI_FORMAT_YUV422P10, 2, 1, 0, VFI_CHROMA_UNSPECIFIED},
    {"422p12", VFI_FORMAT_YUV422P12, 2, 1, 0, VFI_CHROMA_UNSPECIFIED},
    {"444", VFI_FORMAT_YUV444P8, 1, 0, 0, VFI_CHROMA_UNSPECIFIED},
    {"444p10", VFI_FORMAT_YUV444P10, 2, 0, 0, VFI_CHROMA_UNSPECIFIED},
    {"444p12", VFI_FORMAT_YUV444P12, 2, 0, 0, VFI_CHROMA_UNSPECIFIED},
    {"mono", VFI_FORMAT_GRAY8, 1, 0, 0, VFI_CHROMA_UNSPECIFIED},
};

/* Lays out the planes of a frame without gaps, as they stand in the file. */
static int lay_out(video *video, const colour *colour) {
  vfi_frame *frame = &video->frame;
  if (frame->width < 1 || frame->height < 1 || frame->width > VFI_MAX_SIZE ||
      frame->height > VFI_MAX_SIZE)
    return fail("no size, or too large a one, in the header");
  frame->format = colour->format;
  frame->chroma_location = colour->chroma_location;
  int planes = colour->format == VFI_FORMAT_GRAY8 ? 1 : 3;
  size_t offsets[3], rows[3];
  for (int plane = 0; plane < planes; plane++) {
    int shift_x = plane ? colour->shift_x : 0, shift_y = plane ? colour->shift_y : 0;
    frame->stride[plane] = ((frame->width + (1 << shift_x) - 1) >> shift_x) * colour->bytes;
    rows[plane] = (size_t)((frame->height + (1 << shift_y) - 1) >> shift_y);
    offsets[plane] = video->size;
    video->size += (size_t)frame->stride[plane] * rows[plane];
  }
  uint8_t *memory = malloc(video->size);
  if (!memory)
    return fail("no memory for a frame");
  for (int plane = 0; plane < planes; plane++)
    frame->data[plane] = memory + offsets[plane];
  return 1;
}

/* Reads "YUV4MPEG2 W.. H.. F..:.. C.. ...". */
static int read_header(video *video) {
  char line[400];
  const colour *colour = &colours[0];
  if (!fgets(line, sizeof line, stdin) || strncmp(line, "YUV4MPEG2 ", 10) != 0)
    return fail("the input is not YUV4MPEG2");
  memset(video, 0, sizeof *video);
  vfi_frame_init(&video->frame, sizeof video->frame);
  for (char *word = strtok(line + 10, " \n"); word; word = strtok(NULL, " \n")) {
    long long num, den;
    if (word[0] == 'W') {
      video->frame.width = atoi(word + 1);
    } else if (word[0] == 'H') {
      video->frame.height = atoi(word + 1);
    } else if (word[0] == 'F' && sscanf(word + 1, "%lld:%lld", &num, &den) == 2) {
      video->rate = (vfi_rational){num, den};
    } else if (word[0] == 'I' && word[1] != 'p' && word[1] != '?') {
      return fail("the input is interlaced");
    } else if (word[0] == 'C') {
      colour = NULL;
      for (size_t i = 0; i < sizeof colours / sizeof *colours; i++)
        if (strcmp(word + 1, colours[i].name) == 0)
          colour = &colours[i];
      if (!colour)
        return fail("the colour format is not supported");
    }
    if (strchr("WHF", word[0]) == NULL &&
        strlen(video->rest) + strlen(word) + 2 < sizeof video->rest) {
      strcat(video->rest, " ");
      strcat(video->rest, word);
    }
  }
  if (video->rate.num < 1 || video->rate.den < 1)
    return fail("no frame rate in the header");
  return lay_out(video, colour);
}

/* 1: a frame was read; 0: there is none. */
static int read_frame(video *video) {
  char line[200];
  if (!fgets(line, sizeof line, stdin))
    return 0;
  if (strncmp(line, "FRAME", 5) != 0)
    return fail("a frame's header is broken");
  /* All planes lie in one block, which begins with the first. */
  if (fread(video->frame.data[0], 1, video->size, stdin) != video->size)
    return fail("the last frame is cut off");
  return 1;
}

/* Writes the rows of each plane; the stream's strides are its own. */
static int write_frame(const vfi_frame *frame, const video *video) {
  printf("FRAME\n");
  const vfi_frame *source = &video->frame;
  for (int plane = 0; plane < 3 && frame->data[plane]; plane++) {
    size_t row = (size_t)source->stride[plane];
    const uint8_t *end = plane < 2 && source->data[plane + 1] ? source->data[plane + 1]
                                                              : source->data[0] + video->size;
    size_t rows = (size_t)(end - source->data[plane]) / row;
    for (size_t y = 0; y < rows; y++)
      if (fwrite(frame->data[plane] + (ptrdiff_t)y * frame->stride[plane], 1, row, stdout) != row)
        return fail("cannot write");
  }
  return 1;
}

/* Writes all frames that are ready. Anything below zero is an error. */
static vfi_status write_all(vfi_stream *stream, const video *video) {
  vfi_frame frame;
  vfi_frame_init(&frame, sizeof frame);
  vfi_status status;
  while ((status = vfi_stream_receive(stream, &frame, NULL)) == VFI_OK)
    if (!write_frame(&frame, video))
      exit(EXIT_FAILURE);
  return status;
}

static vfi_status run(vfi_stream *stream, video *video) {
  vfi_status status = VFI_OK;
  while (status >= 0 && read_frame(video)) {
    status = vfi_stream_send(stream, &video->frame);
    video->frame.pts++;
    if (status == VFI_OK)
      status = write_all(stream, video);
  }
  if (status >= 0)
    status = vfi_stream_drain(stream);
  if (status >= 0)
    status = write_all(stream, video);
  return status;
}

int main(int count, char **arguments) {
  video video;
  if (count < 2) {
    fprintf(stderr, "usage: y4m FACTOR [MODEL] < in.y4m > out.y4m\n");
    return EXIT_FAILURE;
  }
  if (!read_header(&video))
    return EXIT_FAILURE;
  vfi_params params;
  vfi_params_init(&params, sizeof params);
  if (count > 2)
    params.model_name = arguments[2];
  vfi_stream_params stream_params;
  vfi_stream_params_init(&stream_params, sizeof stream_params);
  stream_params.timebase = (vfi_rational){video.rate.den, video.rate.num};
  stream_params.source_rate = video.rate;
  stream_params.multiplier = atoi(arguments[1]);
  video.frame.duration = 1;
  vfi_stream *stream = NULL;
  if (vfi_stream_create(&stream, &params, &stream_params) != VFI_OK) {
    fprintf(stderr, "y4m: %s\n", vfi_last_error(NULL));
    free(video.frame.data[0]);
    return EXIT_FAILURE;
  }
  printf("YUV4MPEG2 W%d H%d F%lld:%lld%s\n", (int)video.frame.width, (int)video.frame.height,
         (long long)video.rate.num * stream_params.multiplier, (long long)video.rate.den,
         video.rest);
  vfi_status status = run(stream, &video);
  if (status < 0)
    fprintf(stderr, "y4m: %s\n", vfi_last_error(vfi_stream_context(stream)));
  vfi_stream_destroy(&stream);
  free(video.frame.data[0]);
  return status < 0 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

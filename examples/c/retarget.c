/* SPDX-License-Identifier: MIT */
/* Makes a video narrower or wider around an object that keeps its shape: removes the object,
 * resizes what is behind it, and puts the object back unscaled.
 *
 *     ffmpeg -i in.mp4 -pix_fmt yuv444p -f yuv4mpegpipe in.y4m
 *     ffmpeg -i masks.mkv -pix_fmt gray -f rawvideo masks.gray
 *     retarget 320 masks.gray [MODEL] < in.y4m > out.y4m
 *
 * A mask has a byte a pixel, of which any but 0 marks the object. With ratio r of the widths and
 * the object's centre at column c, that lands on column c * r: of the old columns, c * (1 - r) and
 * what is right of it are taken for the object.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vfi.h>

enum { WINDOW = 13, BEHIND = 6, DILATION = 6, PLANES = 3 };

/* A window of frames of 4:4:4 with their masks; [0] is the oldest. */
typedef struct clip {
  int width, height, target; /* target: new width */
  int count, current;        /* frames in the window, and the one that is next */
  vfi_frame frames[WINDOW], masks[WINDOW];
  vfi_frame filled;    /* the current one without the object */
  uint8_t *row;        /* of the result */
  double centre;       /* the object's column, of the last mask that marks one */
  char parameters[80]; /* frame rate and others of the header, passed on */
  FILE *mask_file;
} clip;

static int fail(const char *what) {
  fprintf(stderr, "retarget: %s\n", what);
  return 0;
}

/* Memory for `planes` planes without gaps. */
static int make_frame(vfi_frame *frame, const clip *clip, int planes) {
  vfi_frame_init(frame, sizeof *frame);
  frame->format = planes == 1 ? VFI_FORMAT_GRAY8 : VFI_FORMAT_YUV444P8;
  frame->width = clip->width;
  frame->height = clip->height;
  size_t size = (size_t)clip->width * (size_t)clip->height;
  uint8_t *memory = malloc(size * (size_t)planes);
  if (!memory)
    return fail("no memory for a frame");
  for (int plane = 0; plane < planes; plane++) {
    frame->data[plane] = memory + (size_t)plane * size;
    frame->stride[plane] = clip->width;
  }
  return 1;
}

static int read_header(clip *clip) {
  char line[400];
  int is_444 = 0;
  if (!fgets(line, sizeof line, stdin) || strncmp(line, "YUV4MPEG2 ", 10) != 0)
    return fail("the input is not YUV4MPEG2");
  for (char *word = strtok(line + 10, " \n"); word; word = strtok(NULL, " \n")) {
    if (word[0] == 'W')
      clip->width = atoi(word + 1);
    else if (word[0] == 'H')
      clip->height = atoi(word + 1);
    else if (word[0] == 'C')
      is_444 = strcmp(word + 1, "444") == 0;
    else if (strchr("FI", word[0]) && strlen(clip->parameters) + strlen(word) + 2 < 80)
      strcat(strcat(clip->parameters, " "), word);
  }
  if (clip->width < 1 || clip->height < 1 || clip->width > VFI_MAX_SIZE ||
      clip->height > VFI_MAX_SIZE)
    return fail("no size, or too large a one, in the header");
  if (!is_444)
    return fail("the colour format is not 444: ffmpeg -pix_fmt yuv444p");
  for (int i = 0; i < WINDOW; i++)
    if (!make_frame(&clip->frames[i], clip, PLANES) || !make_frame(&clip->masks[i], clip, 1))
      return 0;
  clip->centre = clip->width / 2.0;
  clip->row = malloc((size_t)clip->target);
  return make_frame(&clip->filled, clip, PLANES) && (clip->row || fail("no memory"));
}

/* 1: a frame and its mask were added; 0: there is none; -1: one is broken. */
static int read_frame(clip *clip) {
  char line[200];
  size_t size = (size_t)clip->width * (size_t)clip->height;
  if (!fgets(line, sizeof line, stdin))
    return 0;
  if (strncmp(line, "FRAME", 5) != 0 ||
      fread(clip->frames[clip->count].data[0], 1, PLANES * size, stdin) != PLANES * size)
    return fail("a frame is broken or cut off") - 1;
  if (fread(clip->masks[clip->count].data[0], 1, size, clip->mask_file) != size)
    return fail("there are fewer masks than frames") - 1;
  clip->count++;
  return 1;
}

/* The column of the object's centre; where nothing is marked, the last one. */
static double find_centre(const clip *clip) {
  double sum = 0, marked = 0;
  const uint8_t *mask = clip->masks[clip->current].data[0];
  for (int y = 0; y < clip->height; y++)
    for (int x = 0; x < clip->width; x++)
      if (*mask++) {
        sum += x + 0.5;
        marked++;
      }
  return marked > 0 ? sum / marked : clip->centre;
}

static int between(int low, int value, int high) {
  return value < low ? low : value > high ? high : value;
}

/* A sample between two columns of a row. */
static double between_columns(const uint8_t *row, int width, double x) {
  int left = (int)x - (x < 0);
  double weight = x - left;
  return (1 - weight) * row[between(0, left, width - 1)] +
         weight * row[between(0, left + 1, width - 1)];
}

/* The mean of the columns from `start` to `end` of a row. */
static double mean_of_columns(const uint8_t *row, int width, double start, double end) {
  double sum = 0;
  for (int x = (int)start; x < end && x < width; x++) {
    double from = x > start ? x : start, to = x + 1 < end ? x + 1 : end;
    sum += (to - from) * row[x];
  }
  return sum / (end - start);
}

/* Share of the object at a column of the old picture: beside the mask, that of 3 x 3 pixels. */
static double object_share(const clip *clip, double x, int y) {
  const vfi_frame *mask = &clip->masks[clip->current];
  int marked = 0, column = (int)(x + 0.5);
  if (x < 0 || column >= clip->width)
    return 0;
  if (mask->data[0][y * mask->stride[0] + column])
    return 1;
  for (int row = y - 1; row <= y + 1; row++)
    for (int i = column - 1; i <= column + 1; i++)
      marked += mask->data[0][between(0, row, clip->height - 1) * mask->stride[0] +
                              between(0, i, clip->width - 1)] != 0;
  return marked / 9.0;
}

/* Writes the current frame: the resized background with the object on it. */
static int write_frame(clip *clip) {
  const vfi_frame *own = &clip->frames[clip->current];
  double ratio = (double)clip->target / clip->width;
  double shift = clip->centre * (1 - ratio);
  printf("FRAME\n");
  for (int plane = 0; plane < PLANES; plane++) {
    for (int y = 0; y < clip->height; y++) {
      const uint8_t *behind = clip->filled.data[plane] + y * clip->filled.stride[plane];
      const uint8_t *object = own->data[plane] + y * own->stride[plane];
      for (int x = 0; x < clip->target; x++) {
        double value = ratio < 1 ? mean_of_columns(behind, clip->width, x / ratio, (x + 1) / ratio)
                                 : between_columns(behind, clip->width, (x + 0.5) / ratio - 0.5);
        double share = object_share(clip, x + shift, y);
        if (share > 0)
          value += share * (between_columns(object, clip->width, x + shift) - value);
        clip->row[x] = (uint8_t)(value + 0.5);
      }
      if (fwrite(clip->row, 1, (size_t)clip->target, stdout) != (size_t)clip->target)
        return fail("cannot write");
    }
  }
  return 1;
}

/* Removes the object from the current frame, writes the result, and goes on to the next. */
static int next_frame(clip *clip, vfi_context *context, vfi_inpaint_params *params) {
  if (vfi_inpaint_window(context, clip->count, clip->frames, clip->count, clip->masks,
                         clip->current, params, &clip->filled, NULL) != VFI_OK)
    return fail(vfi_last_error(context));
  clip->centre = find_centre(clip);
  if (!write_frame(clip))
    return 0;
  if (++clip->current > BEHIND) {
    /* The oldest frame's memory is that of the next one. */
    vfi_frame frame = clip->frames[0], mask = clip->masks[0];
    memmove(clip->frames, clip->frames + 1, (WINDOW - 1) * sizeof frame);
    memmove(clip->masks, clip->masks + 1, (WINDOW - 1) * sizeof mask);
    clip->frames[WINDOW - 1] = frame;
    clip->masks[WINDOW - 1] = mask;
    clip->current--;
    clip->count--;
  }
  return 1;
}

static int run(clip *clip, vfi_context *context) {
  vfi_inpaint_params params;
  vfi_inpaint_params_init(&params, sizeof params);
  params.dilation = DILATION;
  params.flags = VFI_INPAINT_CONTINUE; /* frames come in order, which a network may use */
  printf("YUV4MPEG2 W%d H%d C444%s\n", clip->target, clip->height, clip->parameters);
  int state = 1;
  while (state > 0) {
    state = read_frame(clip);
    while (state >= 0 && clip->current < clip->count &&
           (state == 0 || clip->count == WINDOW || clip->count - clip->current > BEHIND))
      if (!next_frame(clip, context, &params))
        state = -1;
  }
  return state == 0;
}

static void free_clip(clip *clip) {
  for (int i = 0; i < WINDOW; i++) {
    free(clip->frames[i].data[0]);
    free(clip->masks[i].data[0]);
  }
  free(clip->filled.data[0]);
  free(clip->row);
  if (clip->mask_file)
    fclose(clip->mask_file);
}

int main(int count, char **arguments) {
  clip clip = {0};
  vfi_context *context = NULL;
  if (count < 3 || (clip.target = atoi(arguments[1])) < 1 || clip.target > VFI_MAX_SIZE) {
    fprintf(stderr, "usage: retarget WIDTH MASKS.gray [MODEL] < in.y4m > out.y4m\n");
    return EXIT_FAILURE;
  }
  vfi_params params;
  vfi_params_init(&params, sizeof params);
  if (count > 3)
    params.model_name = arguments[3];
  clip.mask_file = fopen(arguments[2], "rb");
  int done = 0;
  if (!clip.mask_file)
    perror(arguments[2]);
  else if (vfi_create(&context, &params) != VFI_OK)
    fail(vfi_last_error(NULL));
  else
    done = read_header(&clip) && run(&clip, context);
  vfi_destroy(&context);
  free_clip(&clip);
  return done && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

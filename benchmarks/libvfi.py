# SPDX-License-Identifier: MIT
"""The pair layer of libvfi through its C interface: include/vfi.h with ctypes."""

import ctypes
from ctypes import (
    POINTER,
    byref,
    c_char_p,
    c_double,
    c_int32,
    c_int64,
    c_size_t,
    c_ubyte,
    c_uint32,
    c_uint64,
    c_void_p,
    sizeof,
)
from pathlib import Path

import numpy as np

FORMAT_GRAY8 = 12
FORMAT_RGB24 = 17
RANGE_FULL = 2
INTERPOLATED = 0
INPAINT_CONTINUE = 1


class Frame(ctypes.Structure):
    """struct vfi_frame"""

    _fields_ = (
        ("struct_size", c_size_t),
        ("format", c_int32),
        ("width", c_int32),
        ("height", c_int32),
        ("data", POINTER(c_ubyte) * 4),
        ("stride", ctypes.c_ssize_t * 4),
        ("matrix", c_int32),
        ("primaries", c_int32),
        ("transfer", c_int32),
        ("range", c_int32),
        ("chroma_location", c_int32),
        ("alpha_mode", c_int32),
        ("flags", c_uint32),
        ("pts", c_int64),
        ("duration", c_int64),
        ("content_id", c_uint64),
        ("opaque", c_void_p),
    )


class Allocator(ctypes.Structure):
    """struct vfi_allocator"""

    _fields_ = (("alloc", c_void_p), ("free", c_void_p), ("opaque", c_void_p))


class Executor(ctypes.Structure):
    """struct vfi_executor"""

    _fields_ = (("run", c_void_p), ("opaque", c_void_p), ("max_jobs", c_int32))


class Params(ctypes.Structure):
    """struct vfi_params"""

    _fields_ = (
        ("struct_size", c_size_t),
        ("model", c_void_p),
        ("model_name", c_char_p),
        ("threads", c_int32),
        ("scene_cut", c_int32),
        ("scene_cut_action", c_int32),
        ("scene_cut_threshold", c_double),
        ("duplicate_action", c_int32),
        ("precision", c_int32),
        ("max_gap", c_double),
        ("flow_scale", c_double),
        ("memory_limit", c_uint64),
        ("log_level", c_int32),
        ("log", c_void_p),
        ("log_opaque", c_void_p),
        ("abort", c_void_p),
        ("abort_opaque", c_void_p),
        ("allocator", Allocator),
        ("executor", Executor),
        ("sparsity", c_int32),
        ("heavy_share", c_double),
        ("deadline_ms", c_double),
        ("motion", c_int32),
        ("reserved_motion", c_int32),
        ("reserved", c_uint64 * 4),
    )


class Info(ctypes.Structure):
    """struct vfi_info"""

    _fields_ = (
        ("struct_size", c_size_t),
        ("decision", c_int32),
        ("scene_score", c_double),
        ("elapsed_ns", c_uint64),
        ("filled_pixels", c_uint64),
        ("repair_action", c_int32),
        ("reserved", c_int32),
    )


class InpaintParams(ctypes.Structure):
    """struct vfi_inpaint_params"""

    _fields_ = (
        ("struct_size", c_size_t),
        ("dilation", c_int32),
        ("feather", c_int32),
        ("rectangle_count", c_int32),
        ("flags", c_uint32),
        ("rectangles", c_void_p),
    )


class InpaintInfo(ctypes.Structure):
    """struct vfi_inpaint_info"""

    _fields_ = (
        ("struct_size", c_size_t),
        ("filled_pixels", c_uint64),
        ("propagated_pixels", c_uint64),
        ("frames_used", c_int32),
        ("reserved", c_int32),
        ("elapsed_ns", c_uint64),
    )


def load(path: Path) -> ctypes.CDLL:
    library = ctypes.CDLL(str(path))
    library.vfi_version_string.restype = c_char_p
    library.vfi_last_error.restype = c_char_p
    library.vfi_last_error.argtypes = (c_void_p,)
    library.vfi_params_init.argtypes = (c_void_p, c_size_t)
    library.vfi_frame_init.argtypes = (c_void_p, c_size_t)
    library.vfi_create.argtypes = (POINTER(c_void_p), c_void_p)
    library.vfi_params_set.argtypes = (c_void_p, c_char_p, c_char_p)
    library.vfi_destroy.argtypes = (POINTER(c_void_p),)
    arguments = (c_void_p, c_void_p, c_void_p, c_int64, c_int64, c_void_p, c_void_p)
    library.vfi_interpolate.argtypes = arguments
    arguments = (*(c_void_p,) * 5, c_int32, c_void_p, c_void_p, c_void_p)
    library.vfi_interpolate_among.argtypes = arguments
    library.vfi_inpaint_params_init.argtypes = (c_void_p, c_size_t)
    silent = ("vfi_params_init", "vfi_frame_init", "vfi_inpaint_params_init", "vfi_destroy")
    for name in silent:
        getattr(library, name).restype = None
    return library


class Rational(ctypes.Structure):
    """struct vfi_rational"""

    _fields_ = (("num", c_int64), ("den", c_int64))


class Interpolator:
    """One context. Used by one thread. `options`: those of vfi_params_set(); one thread if none."""

    def __init__(self, path: Path, model: str, **options: str):
        self._library = load(path)
        self._context = c_void_p()
        params = Params()
        self._library.vfi_params_init(byref(params), sizeof(params))
        params.model_name = model.encode()
        options = {"threads": "1"} | options
        self.looks_around = options.get("motion") == "quadratic"
        texts = {name.encode(): value.encode() for name, value in options.items()}
        for name, value in texts.items():
            self._check(self._library.vfi_params_set(byref(params), name, value))
        self._check(self._library.vfi_create(byref(self._context), byref(params)))

    @property
    def version(self) -> str:
        return self._library.vfi_version_string().decode()

    def close(self) -> None:
        self._library.vfi_destroy(byref(self._context))

    def middle(self, before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, int]:
        """Two uint8 RGB frames [H, W, 3] -> the one half-way, and its vfi_decision."""
        sources = [np.ascontiguousarray(frame) for frame in (before, after)]
        output = np.empty_like(sources[0])
        frames = [self._describe(array) for array in (*sources, output)]
        info = Info(struct_size=sizeof(Info))
        pointers = [byref(frame) for frame in frames]
        status = self._library.vfi_interpolate(
            self._context, pointers[0], pointers[1], 1, 2, pointers[2], byref(info)
        )
        self._check(status)
        return output, info.decision

    def middle_among(self, frames: list[np.ndarray | None]) -> tuple[np.ndarray, int]:
        """As middle(), with the frames before and after the pair, None where there is none."""
        sources = [None if frame is None else np.ascontiguousarray(frame) for frame in frames]
        output = np.empty_like(sources[1])
        views = [None if array is None else byref(self._describe(array)) for array in sources]
        result = self._describe(output)
        info = Info(struct_size=sizeof(Info))
        status = self._library.vfi_interpolate_among(
            self._context, *views, 1, byref(Rational(1, 2)), byref(result), byref(info)
        )
        self._check(status)
        return output, info.decision

    def _describe(self, array: np.ndarray) -> Frame:
        frame = Frame()
        self._library.vfi_frame_init(byref(frame), sizeof(frame))
        frame.format = FORMAT_RGB24 if array.ndim == 3 else FORMAT_GRAY8
        frame.range = RANGE_FULL
        frame.height, frame.width = array.shape[:2]
        frame.data[0] = array.ctypes.data_as(POINTER(c_ubyte))
        frame.stride[0] = array.strides[0]
        return frame

    def _check(self, status: int) -> None:
        if status != 0:
            text = self._library.vfi_last_error(self._context) or b""
            raise RuntimeError(f"libvfi status {status}: {text.decode(errors='replace')}")


class Inpainter(Interpolator):
    """A context that fills holes."""

    def fill(
        self,
        frames: list[np.ndarray],
        masks: list[np.ndarray],
        index: int,
        first: int,
        **wanted: int,
    ) -> tuple[np.ndarray, InpaintInfo]:
        """uint8 RGB frames and uint8 masks [H, W], one for each or for all -> frame `index` with
        its hole filled; `first` is the number of the first frame in its video, `wanted` are
        members of vfi_inpaint_params that shall not be the defaults.
        """
        frames = [np.ascontiguousarray(frame) for frame in frames]
        masks = [np.ascontiguousarray(mask) for mask in masks]
        output = np.empty_like(frames[index])
        views = (Frame * len(frames))(*[self._describe(frame) for frame in frames])
        for number, view in enumerate(views, start=first + 1):
            view.content_id = number
        holes = (Frame * len(masks))(*[self._describe(mask) for mask in masks])
        result = self._describe(output)
        params = InpaintParams()
        self._library.vfi_inpaint_params_init(byref(params), sizeof(params))
        for name, value in wanted.items():
            setattr(params, name, value)
        info = InpaintInfo(struct_size=sizeof(InpaintInfo))
        status = self._library.vfi_inpaint_window(
            self._context,
            c_int32(len(frames)),
            views,
            c_int32(len(masks)),
            holes,
            c_int32(index),
            byref(params),
            byref(result),
            byref(info),
        )
        self._check(status)
        return output, info

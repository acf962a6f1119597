# SPDX-License-Identifier: MIT
"""Deterministic weights computed from a hash of the tensor's name.

Fixtures need random weights that Python and Swift both know. Storing 20 million of them is
wasteful and a library generator differs between versions, so each value is a pure function of
(tensor name, flat index), cheap enough to be written twice.

    seed = FNV-1a 64 of the name's UTF-8 bytes
    z    = seed + (i + 1) * 0x9E3779B97F4A7C15           splitmix64, all arithmetic mod 2^64
    z    = (z ^ z >> 30) * 0xBF58476D1CE4E5B9
    z    = (z ^ z >> 27) * 0x94D049BB133111EB
    u    = ((z ^ z >> 31) >> 40) / 2^24                  in [0, 1), exact in float32

`i` counts in C order over the tensor as it is stored. The value is computed in float64 without
fused multiply-add and rounded once to float32; `c = 2u - 1`, which is exact:

    convolution weight [out][in]([kt])[ky][kx]  Float(c * sqrt(3 / (in * (kt) * ky * kx)))
    transposed weight  [in][out][ky][kx]        Float(c * sqrt(3 / (in * 4)))
    bias  (1-d, name ends in `.bias`)           Float(c * 0.1)
    PReLU slope (1-d, name ends in `.weight`)   Float(0.25 + c * 0.1)

3 / fan_in gives a uniform distribution of variance 1 / fan_in. A kernel 4, stride 2 transposed
convolution adds 2x2 taps of each input channel to an output pixel, hence its fan_in of in * 4.
"""

import numpy as np
import torch

_FNV_OFFSET = 0xCBF29CE484222325
_FNV_PRIME = 0x100000001B3
_MASK64 = (1 << 64) - 1
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)

BIAS_RANGE = 0.1
SLOPE_CENTRE = 0.25
SLOPE_RANGE = 0.1


def fnv1a64(name: str) -> int:
    """FNV-1a of the UTF-8 bytes of `name`, 64 bits."""
    value = _FNV_OFFSET
    for byte in name.encode("utf-8"):
        value = (value ^ byte) * _FNV_PRIME & _MASK64
    return value


def uniform(name: str, count: int) -> np.ndarray:
    """`count` float64 values in [0, 1), each a multiple of 2^-24. Cost: O(count)."""
    index = np.arange(1, count + 1, dtype=np.uint64)
    z = np.uint64(fnv1a64(name)) + index * _GOLDEN
    z = (z ^ (z >> np.uint64(30))) * _MIX_1
    z = (z ^ (z >> np.uint64(27))) * _MIX_2
    z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / float(1 << 24)


def hashed_tensor(name: str, shape: tuple[int, ...], transposed: bool = False) -> torch.Tensor:
    """The float32 tensor of `shape` that belongs to `name`."""
    centred = 2.0 * uniform(name, int(np.prod(shape))) - 1.0
    if len(shape) >= 4:
        fan_in = shape[0] * 4 if transposed else int(np.prod(shape[1:]))
        values = centred * np.sqrt(3.0 / fan_in)
    elif len(shape) == 1 and name.endswith(".bias"):
        values = centred * BIAS_RANGE
    elif len(shape) == 1 and name.endswith(".weight"):
        values = SLOPE_CENTRE + centred * SLOPE_RANGE
    else:
        raise ValueError(f"{name}: no hash rule for shape {tuple(shape)}")
    return torch.from_numpy(values.astype(np.float32).reshape(shape))


def load_hashed_weights(module: torch.nn.Module, prefix: str = "") -> torch.nn.Module:
    """Fill every parameter of `module` from the hash of `prefix` + its state-dict name."""
    transposed = {
        f"{path}.weight" if path else "weight"
        for path, child in module.named_modules()
        if isinstance(child, torch.nn.ConvTranspose2d)
    }
    state = {
        name: hashed_tensor(prefix + name, tuple(value.shape), name in transposed)
        for name, value in module.state_dict().items()
    }
    module.load_state_dict(state)
    return module

# SPDX-License-Identifier: MIT
"""The hash is a contract with the Swift tests: these vectors must never change."""

import numpy as np
import pytest
import torch
from vfi_training.hashed_weights import fnv1a64, hashed_tensor, load_hashed_weights, uniform


def splitmix_by_definition(name: str, i: int) -> float:
    """Plain Python integers, one value at a time."""
    mask = (1 << 64) - 1
    z = (fnv1a64(name) + (i + 1) * 0x9E3779B97F4A7C15) & mask
    z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ z >> 27) * 0x94D049BB133111EB) & mask
    return ((z ^ z >> 31) >> 40) / 2**24


def test_fnv1a64_known_values():
    assert fnv1a64("") == 0xCBF29CE484222325
    assert fnv1a64("a") == 0xAF63DC4C8601EC8C
    assert fnv1a64("foobar") == 0x85944171F73967E8


def test_uniform_equals_definition():
    name = "decoder4.convblock.2.weight"
    expected = [splitmix_by_definition(name, i) for i in range(1000)]
    assert uniform(name, 1000).tolist() == expected


@pytest.mark.parametrize(
    ("name", "shape", "transposed", "expected"),
    [
        (
            "encoder.pyramid1.0.0.weight",
            (24, 3, 3, 3),
            False,
            [0.04705898, -0.025557796, -0.08613626, 0.090405904],
        ),
        (
            "decoder4.convblock.2.weight",
            (144, 58, 4, 4),
            True,
            [0.06022792, 0.023967678, 0.004537589, 0.06104639],
        ),
        (
            "encoder.pyramid1.0.0.bias",
            (24,),
            False,
            [-0.003204453, 0.074546956, 0.006151545, -0.09423938],
        ),
        (
            "encoder.pyramid1.0.1.weight",
            (24,),
            False,
            [0.15864071, 0.33505705, 0.23581484, 0.18575445],
        ),
    ],
)
def test_known_first_values(name, shape, transposed, expected):
    first = hashed_tensor(name, shape, transposed).flatten()[:4]
    assert torch.equal(first, torch.tensor(expected, dtype=torch.float32))


def test_scale_is_rounded_once():
    centred = 2.0 * uniform("x.weight", 6 * 5 * 9) - 1.0
    expected = np.array([c * (3.0 / 45.0) ** 0.5 for c in centred.tolist()]).astype(np.float32)
    assert np.array_equal(hashed_tensor("x.weight", (6, 5, 3, 3)).numpy().ravel(), expected)


def test_module_type_selects_the_transposed_rule():
    module = load_hashed_weights(torch.nn.Sequential(torch.nn.ConvTranspose2d(2, 3, 4, 2, 1)))
    expected = hashed_tensor("0.weight", (2, 3, 4, 4), transposed=True)
    assert torch.equal(module[0].weight, expected)


def test_unknown_shape_is_refused():
    with pytest.raises(ValueError, match="no hash rule"):
        hashed_tensor("x.weight", (2, 3))

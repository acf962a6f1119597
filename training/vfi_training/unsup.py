# SPDX-License-Identifier: MIT
"""Unsupervised spatiotemporal inpainting: generator and discriminators.

Yin, Pajot, de Bezenac, Gallinari, "Unsupervised Spatiotemporal Data Inpainting" (2020, OpenReview
rylqmxBKvH); the layer table is that of section A of our fact sheet, in the intended form of the
attention: the places of one frame are its tokens. Clips are [N, 3, T, h, w] in [-1, 1]; what is
hidden holds `FILL`. The network sees the occlusion only by that value.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm
from vfi_training.hashed_weights import hashed_tensor

# The middle of the range: y = x * m as the paper writes it. A value out of the range would show the
# network what is hidden, but fills the slopes that spectral normalisation leaves the discriminators
# with the edges of the occlusion: with -2 they did not learn to tell noise from pictures.
FILL = 0.0
WIDTHS = {"unsup-4": 4, "unsup-8": 8, "unsup-32": 32}  # channels of the first block: "ngf"
ARCHITECTURES = tuple(WIDTHS)
REACH = 13  # frames on each side that an output depends on: 13 convolutions of three frames
GAIN, INITIAL = 0.02, 0.02  # standard deviations of the sources' initial weights


def steps(width: int) -> list[tuple[int, int]]:
    """Channels of the six blocks, the fifth of which is followed by the attention."""
    n = width
    return [(3, n), (n, 16 * n), (16 * n, 8 * n), (8 * n, 4 * n), (4 * n, 2 * n), (2 * n, n)]


def normalized(layer: nn.Module) -> nn.Module:
    """With the sources' initial weights and spectral normalisation."""
    nn.init.normal_(layer.weight, 0, INITIAL)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return spectral_norm(layer)


def batch_norm(channels: int) -> nn.BatchNorm3d:
    layer = nn.BatchNorm3d(channels)
    nn.init.normal_(layer.weight, 1, GAIN)
    return layer


class Block3d(nn.Module):
    """Two pre-activated convolutions beside a shortcut from the raw input."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.bn1 = batch_norm(inputs)
        self.conv1 = normalized(nn.Conv3d(inputs, outputs, 3, padding=1, bias=False))
        self.bn2 = batch_norm(outputs)
        self.conv2 = normalized(nn.Conv3d(outputs, outputs, 3, padding=1, bias=False))
        self.shortcut = normalized(nn.Conv3d(inputs, outputs, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        main = self.conv1(F.relu(self.bn1(x)))
        return self.conv2(F.relu(self.bn2(main))) + self.shortcut(x)


class Attention(nn.Module):
    """Every place of a frame looks at a quarter of the places of the same frame: its tokens.

    The authors' form (their code for sea-surface temperatures): keys and values are the largest
    of 2x2 places, values have half the channels.
    """

    def __init__(self, channels: int):
        super().__init__()
        narrow, half = max(1, channels // 8), channels // 2
        self.query = normalized(nn.Conv2d(channels, narrow, 1))
        self.key = normalized(nn.Conv2d(channels, narrow, 1))
        self.value = normalized(nn.Conv2d(channels, half, 1))
        self.output = normalized(nn.Conv2d(half, channels, 1))
        self.sigma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        # Frames become the batch before anything is reshaped: channels and time must not mix.
        pictures = x.transpose(1, 2).flatten(0, 1)
        query = self.query(pictures).flatten(2)
        key, value = (
            F.max_pool2d(layer(pictures), 2).flatten(2) for layer in (self.key, self.value)
        )
        weights = torch.softmax(query.transpose(1, 2) @ key, -1)  # [N T, places, places / 4]
        found = (value @ weights.transpose(1, 2)).unflatten(2, pictures.shape[2:])
        found = self.output(found).unflatten(0, (x.shape[0], x.shape[2])).transpose(1, 2)
        return x + self.sigma * found


class Generator(nn.Module):
    """Measured clips [N, 3, T, h, w] -> clean ones of the same shape."""

    def __init__(self, architecture: str):
        super().__init__()
        self.architecture = architecture
        width = WIDTHS[architecture]
        self.blocks = nn.ModuleList(Block3d(*channels) for channels in steps(width))
        self.attention = Attention(2 * width)
        self.bn = batch_norm(width)
        self.last = normalized(nn.Conv3d(width, 3, 3, padding=1))

    def forward(self, measured: Tensor) -> Tensor:
        x = measured
        for place, block in enumerate(self.blocks):
            x = block(x)
            if place == 4:
                x = self.attention(x)
        return torch.tanh(self.last(F.relu(self.bn(x))))


class Discriminator(nn.Module):
    """PatchGAN: logits of patches, of frames [N, 3, h, w] or of sequences [N, 3, T, h, w]."""

    def __init__(self, sequences: bool, width: int = 32):
        super().__init__()
        kind, stride = (nn.Conv3d, (1, 2, 2)) if sequences else (nn.Conv2d, 2)
        sides = [3, width, 2 * width, 4 * width]
        layers = [kind(a, b, 3, stride, padding=1, bias=a == 3) for a, b in pairwise(sides)]
        layers.append(kind(4 * width, 8 * width, 3, padding=1, bias=False))
        layers.append(kind(8 * width, 1, 3, padding=1))
        self.layers = nn.ModuleList(normalized(layer) for layer in layers)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers[:-1]:
            x = F.leaky_relu(layer(x), 0.2)
        return self.layers[-1](x)


class Critic(nn.Module):
    """Both discriminators; a verdict is the logits of the sequence and those of its frames."""

    def __init__(self, width: int = 32):
        super().__init__()
        self.sequence = Discriminator(True, width)
        self.frame = Discriminator(False, width)

    def forward(self, clips: Tensor) -> tuple[Tensor, Tensor]:
        return self.sequence(clips), self.frame(clips.transpose(1, 2).flatten(0, 1))


def measured(clips: Tensor, hidden: Tensor) -> Tensor:
    """What an occlusion leaves of clips; `hidden` is bool [N, 1, T, h, w]."""
    return clips.masked_fill(hidden, FILL)


def completed(model: nn.Module, measurement: Tensor, hidden: Tensor) -> Tensor:
    """What was measured stays, the rest is generated."""
    return torch.where(hidden, model(measurement), measurement)


def folded(model: Generator) -> dict[str, Tensor]:
    """The weights of inference: spectral norms divided out, batch norms as factors and sums.

    `bn2` becomes a part of `conv1`, which thereby gets a bias. `bn1` stays a `scale` and a `shift`
    of its own: behind it is a ReLU, and beside it the shortcut from the raw values.
    """
    state: dict[str, Tensor] = {}

    def affine(norm: nn.BatchNorm3d) -> tuple[Tensor, Tensor]:
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        return scale, norm.bias - norm.running_mean * scale

    was_training = model.training
    model.eval()  # in training, reading a weight would move its spectral norm
    with torch.no_grad():
        for number, block in enumerate(model.blocks):
            name = f"blocks.{number}"
            state[f"{name}.scale"], state[f"{name}.shift"] = affine(block.bn1)
            scale, state[f"{name}.conv1.bias"] = affine(block.bn2)
            state[f"{name}.conv1.weight"] = block.conv1.weight * scale.view(-1, 1, 1, 1, 1)
            state[f"{name}.conv2.weight"] = block.conv2.weight
            state[f"{name}.shortcut.weight"] = block.shortcut.weight[:, :, 0]
        for name in ("query", "key", "value", "output"):
            layer = getattr(model.attention, name)
            state[f"attention.{name}.weight"] = layer.weight.clone()
            state[f"attention.{name}.bias"] = layer.bias.clone()
        for part in ("weight", "bias"):  # what is added to the features is sigma times the output
            state[f"attention.output.{part}"] *= model.attention.sigma
        state["scale"], state["shift"] = affine(model.bn)
        state["last.weight"], state["last.bias"] = model.last.weight, model.last.bias
        state = {name: value.detach().clone().contiguous() for name, value in state.items()}
    model.train(was_training)
    return state


def hashed_folded(architecture: str, prefix: str) -> dict[str, Tensor]:
    """Weights of inference that both sides compute from their names, for fixtures.

    `scale` is 1 + c / 4, `shift` a bias; all else follows vfi_training.hashed_weights.
    """
    state = folded(Generator(architecture))
    for name, value in state.items():
        shape = tuple(value.shape)
        if name.endswith("scale"):
            state[name] = 1 + 2.5 * hashed_tensor(f"{prefix}{name}.bias", shape)
        elif name.endswith("shift"):
            state[name] = hashed_tensor(f"{prefix}{name}.bias", shape)
        else:
            state[name] = hashed_tensor(prefix + name, shape)
    return state


def infer(state: dict[str, Tensor], measurement: Tensor) -> dict[str, Tensor]:
    """The generator with folded weights: what the library computes, stage by stage."""

    def activated(x: Tensor, name: str) -> Tensor:
        scale, shift = (state[f"{name}{part}"].view(1, -1, 1, 1, 1) for part in ("scale", "shift"))
        return F.relu(x * scale + shift)

    def pointwise(x: Tensor, name: str) -> Tensor:
        weight, bias = state[f"{name}.weight"], state.get(f"{name}.bias")
        return F.conv3d(x, weight[:, :, None], bias)

    stages, x = {}, measurement
    for number in range(6):
        name = f"blocks.{number}"
        main = F.conv3d(
            activated(x, f"{name}."),
            state[f"{name}.conv1.weight"],
            state[f"{name}.conv1.bias"],
            padding=1,
        )
        main = F.conv3d(F.relu(main), state[f"{name}.conv2.weight"], padding=1)
        x = stages[f"block{number}"] = main + pointwise(x, f"{name}.shortcut")
        if number == 4:
            query = pointwise(x, "attention.query").transpose(1, 2).flatten(3)
            key, value = (
                F.max_pool3d(pointwise(x, f"attention.{part}"), (1, 2, 2))
                .transpose(1, 2)
                .flatten(3)
                for part in ("key", "value")
            )
            weights = torch.softmax(query.transpose(2, 3) @ key, -1)  # [N, T, places, places / 4]
            found = (value @ weights.transpose(2, 3)).transpose(1, 2)
            found = found.unflatten(3, x.shape[3:])
            x = stages["attention"] = x + pointwise(found, "attention.output")
    last = F.conv3d(activated(x, ""), state["last.weight"], state["last.bias"], padding=1)
    return stages | {"out": torch.tanh(last)}

# SPDX-License-Identifier: MIT
"""The synthesis part of UGSP-refine: RIFE's context net and U-net with 10 channels.

Unlike RIFE (arXiv 2011.06294) the context features are not warped, and the U-net reads frames less
their mean and the mask after its sigmoid. Weight names are the official ones.
"""

import torch
from torch import Tensor, nn
from vfi_training.ifrnet import conv_prelu

CHANNELS = 10
UNET_INPUTS = 17  # two frames, both warped, mask, four flows


class Conv2(nn.Module):
    """Two 3x3 convolutions with PReLU, the first one of stride 2."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.conv1 = conv_prelu(inputs, outputs, stride=2)
        self.conv2 = conv_prelu(outputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv2(self.conv1(x))


def deconv_prelu(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.ConvTranspose2d(inputs, outputs, 4, 2, 1), nn.PReLU(outputs))


class ContextNet(nn.Module):
    """One frame less mu -> features at 1/2 (10 channels), 1/4 (20), 1/8 (40) and 1/16 (80)."""

    def __init__(self):
        super().__init__()
        self.conv1 = Conv2(3, CHANNELS)
        self.conv2 = Conv2(CHANNELS, 2 * CHANNELS)
        self.conv3 = Conv2(2 * CHANNELS, 4 * CHANNELS)
        self.conv4 = Conv2(4 * CHANNELS, 8 * CHANNELS)

    def forward(self, frame: Tensor) -> list[Tensor]:
        levels = []
        for stage in (self.conv1, self.conv2, self.conv3, self.conv4):
            frame = stage(frame)
            levels.append(frame)
        return levels


class UNet(nn.Module):
    """[N, 17, H, W] and both frames' context -> RGB in (0, 1), of which 2 x - 1 is the residual."""

    def __init__(self):
        super().__init__()
        c = CHANNELS
        self.down0 = Conv2(UNET_INPUTS, 2 * c)
        self.down1 = Conv2(4 * c, 4 * c)
        self.down2 = Conv2(8 * c, 8 * c)
        self.down3 = Conv2(16 * c, 16 * c)
        self.up0 = deconv_prelu(32 * c, 8 * c)
        self.up1 = deconv_prelu(16 * c, 4 * c)
        self.up2 = deconv_prelu(8 * c, 2 * c)
        self.up3 = deconv_prelu(4 * c, c)
        self.conv = nn.Conv2d(c, 3, 3, 1, 1)

    def forward(
        self, inputs: tuple[Tensor, ...], context0: list[Tensor], context1: list[Tensor]
    ) -> Tensor:
        s0 = self.down0(torch.cat(inputs, dim=1))
        s1 = self.down1(torch.cat((s0, context0[0], context1[0]), dim=1))
        s2 = self.down2(torch.cat((s1, context0[1], context1[1]), dim=1))
        s3 = self.down3(torch.cat((s2, context0[2], context1[2]), dim=1))
        x = self.up0(torch.cat((s3, context0[3], context1[3]), dim=1))
        x = self.up1(torch.cat((x, s2), dim=1))
        x = self.up2(torch.cat((x, s1), dim=1))
        x = self.up3(torch.cat((x, s0), dim=1))
        return torch.sigmoid(self.conv(x))

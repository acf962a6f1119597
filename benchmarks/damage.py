#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Damages a raw H.264, H.265 or MPEG-2 stream: bit errors, bursts or lost slices, by a seed.

    ffmpeg -i clip.mp4 -c:v libx264 -crf 23 -g 30 -bf 2 -slices 4 clean.h264
    damage.py clean.h264 damaged.h264 --losses 0.02 --seed 7

Parameter sets stay whole, and so do slices of key frames unless --all is given. Prints one JSON
object that tells what was done. The same arguments give the same bytes.
"""

import argparse
import json
import random
import sys


def nal_units(data):
    """(byte behind the start code, end) of each unit; the end excludes the next start code."""
    starts = []
    position = data.find(b"\0\0\1")
    while position >= 0:
        starts.append(position + 3)
        position = data.find(b"\0\0\1", position + 3)
    for number, start in enumerate(starts):
        end = len(data)
        if number + 1 < len(starts):
            end = starts[number + 1] - 3
            # A start code may have a fourth byte, and zeros may trail a unit.
            while end > start and data[end - 1] == 0:
                end -= 1
        yield start, end


def damageable(data, codec, every):
    """The slices that may be damaged: all of them, or those that are not of key frames."""
    is_key = False
    for start, end in nal_units(data):
        header = data[start]
        if codec == "mpeg2":
            # Behind the header's code are ten bits of the order and three of the type, 1 for I.
            if header == 0 and end - start > 2:
                is_key = data[start + 2] >> 3 & 7 == 1
            is_slice = 1 <= header <= 175
        elif codec == "h264":
            is_slice, is_key = header & 31 in (1, 5), header & 31 == 5
        else:
            kind = header >> 1 & 63
            is_slice, is_key = kind <= 9 or 16 <= kind <= 21, kind >= 16
        if is_slice and (every or not is_key):
            yield start, end


def guess_codec(data):
    """The codec of a stream by its first unit: a parameter set, a delimiter, a sequence header."""
    for start, _ in nal_units(data):
        if data[start] == 0xB3:
            return "mpeg2"
        if data[start] & 31 in (7, 9):
            return "h264"
        if data[start] >> 1 & 63 in (32, 33, 35):
            return "hevc"
    sys.exit("damage.py: neither H.264 nor H.265 in Annex B form, nor MPEG-2")


def flip_bits(data, slices, rate, draw):
    """Flips each bit of the slices' payload with the probability `rate`."""
    events = []
    for start, end in slices:
        position = start + 2
        while rate > 0:
            # Distances between errors of equal probability are geometric.
            position += int(draw.expovariate(8 * rate))
            if position >= end:
                break
            data[position] ^= 1 << draw.randrange(8)
            events.append({"offset": position, "length": 1})
            position += 1
    return events


def overwrite(data, slices, count, length, draw):
    """XORs `count` runs of `length` bytes with noise, each in another slice if there are enough."""
    fit = [(start, end) for start, end in slices if end - start > length + 32]
    events = []
    for start, end in sorted(draw.sample(fit, min(count, len(fit)))):
        position = draw.randrange(start + 16, end - length)
        for index in range(length):
            data[position + index] ^= draw.randrange(1, 256)
        events.append({"offset": position, "length": length})
    return events


def drop(data, slices, lost):
    """Cuts the given slices out, with their start codes."""
    events = []
    for start, end in sorted(lost, reverse=True):
        code = start - 3
        if code > 0 and data[code - 1] == 0:
            code -= 1
        del data[code:end]
        events.append({"offset": code, "length": end - code})
    return events[::-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--bit-errors",
        type=float,
        default=0,
        metavar="RATE",
        help="probability that a bit of a slice flips, e.g. 1e-6",
    )
    parser.add_argument(
        "--bursts", type=int, default=0, metavar="COUNT", help="runs of bytes that are overwritten"
    )
    parser.add_argument("--burst-length", type=int, default=22, metavar="BYTES")
    parser.add_argument(
        "--losses",
        type=float,
        default=0,
        metavar="RATE",
        help="probability that a slice is lost, e.g. 0.02",
    )
    parser.add_argument("--all", action="store_true", help="damage slices of key frames as well")
    arguments = parser.parse_args()
    with open(arguments.input, "rb") as file:
        data = bytearray(file.read())
    draw = random.Random(arguments.seed)
    codec = guess_codec(data)
    slices = list(damageable(data, codec, arguments.all))
    lost = [unit for unit in slices if draw.random() < arguments.losses]
    kept = [unit for unit in slices if unit not in set(lost)]
    report = {"codec": codec, "seed": arguments.seed, "slices": len(slices)}
    report["bit_errors"] = flip_bits(data, kept, arguments.bit_errors, draw)
    report["bursts"] = overwrite(data, kept, arguments.bursts, arguments.burst_length, draw)
    report["lost"] = drop(data, slices, lost)
    with open(arguments.output, "wb") as file:
        file.write(data)
    print(json.dumps(report))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the manual page of the program vfi from what its argument parser tells.

    manual.py VFI > vfi.1

The date is SOURCE_DATE_EPOCH, or else the day on which the program was built.
"""

import json
import os
import subprocess
import sys
import time

EXAMPLES = [
    (
        "Sixty frames a second, sound and subtitles copied:",
        "vfi interpolate in.mp4 out.mkv --fps 60",
    ),
    ("Twice the rate, through pipes:", "vfi interpolate - - --mult 2 < in.y4m > out.y4m"),
    (
        "The frame between the eleventh and the twelfth:",
        "vfi inspect in.mp4 between.png --frame 10",
    ),
    (
        "A logo of 80 x 30 pixels taken out of the upper left corner:",
        "vfi inpaint in.mp4 out.mp4 --rect 16,12,80,30",
    ),
    ("How alike two videos are, for a program to read:", "vfi compare a.mkv b.mkv --json"),
]

STATUSES = [
    ("0", "Everything was done."),
    ("1", "An error, which is named on the standard error. A video is playable up to there."),
    ("64", "An option or an argument is wrong."),
    ("130", "A signal ended the work. A video is playable up to there."),
]


def text(words):
    """Escapes what troff would read as its own; each sentence gets a line."""
    escaped = words.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga")
    escaped = escaped.replace(". ", ".\n")
    return "\\&" + escaped if escaped.startswith((".", "'")) else escaped


def spelled(name):
    return ("--" if name["kind"] == "long" else "-") + name["name"]


def option(argument):
    """One entry: every spelling of an option, its value, what it does."""
    names = ", ".join(f"\\fB{text(spelled(name))}\\fR" for name in argument["names"])
    value = f" \\fI{text(argument['valueName'])}\\fR" if argument["kind"] == "option" else ""
    lines = [".TP", names + value, text(argument.get("abstract", ""))]
    if "defaultValue" in argument:
        lines[-1] += f" Default: {text(argument['defaultValue'])}."
    if argument["isRepeating"]:
        lines[-1] += " May be given several times."
    return lines


def positionals(command):
    return [a for a in command.get("arguments", []) if a["kind"] == "positional"]


def options(command):
    """The options of this command alone; --help and --version stand once, under OPTIONS."""
    common = {"help", "version"}
    return [
        a
        for a in command.get("arguments", [])
        if a["kind"] != "positional"
        and a["shouldDisplay"]
        and a["preferredName"]["name"] not in common
    ]


def section(command):
    names = " ".join(f"\\fI{text(a['valueName'])}\\fR" for a in positionals(command))
    lines = [f".SS vfi {text(command['commandName'])} {names}".rstrip()]
    lines.append(text(command["abstract"]))
    if command.get("discussion"):
        lines += [".PP", text(command["discussion"])]
    for argument in positionals(command):
        if argument.get("abstract"):
            lines += [".TP", f"\\fI{text(argument['valueName'])}\\fR", text(argument["abstract"])]
    for argument in options(command):
        lines += option(argument)
    return lines


def page(program):
    told = subprocess.run(
        [program, "--experimental-dump-help"], check=True, capture_output=True, text=True
    )
    root = json.loads(told.stdout)["command"]
    version = subprocess.run([program, "--version"], check=True, capture_output=True, text=True)
    built = os.environ.get("SOURCE_DATE_EPOCH") or os.path.getmtime(program)
    date = time.strftime("%Y-%m-%d", time.gmtime(float(built)))
    commands = [c for c in root["subcommands"] if c["shouldDisplay"]]

    lines = ['.\\" Made by scripts/manual.py from the argument parser; changes here get lost.']
    lines.append(f'.TH VFI 1 {date} "libvfi {version.stdout.strip()}" "User Commands"')
    lines += [".SH NAME", "vfi \\- " + text(root["abstract"]).rstrip(".")]
    lines += [".SH SYNOPSIS", ".B vfi", "\\fIcommand\\fR [\\fIargument\\fR ...]"]
    lines += [".SH DESCRIPTION", "Puts new frames between the frames of a video, at any instant."]
    lines += ["Files are read and written by FFmpeg's libraries."]
    lines += [".SH COMMANDS"]
    for command in commands:
        lines += section(command)
    lines += [".SH OPTIONS", "Of every command:"]
    for argument in root["arguments"]:
        lines += option(argument)
    lines += [".SH EXIT STATUS"]
    for status, meaning in STATUSES:
        lines += [".TP", f".B {status}", text(meaning)]
    lines += [".SH EXAMPLES"]
    for what, command in EXAMPLES:
        lines += [text(what), ".PP", ".RS 4", ".nf", text(command), ".fi", ".RE", ".PP"]
    lines.pop()
    lines += [".SH SEE ALSO", ".BR ffmpeg (1)"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.stdout.write(page(sys.argv[1]))

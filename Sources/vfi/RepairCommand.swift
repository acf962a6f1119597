// SPDX-License-Identifier: MIT
import ArgumentParser

struct RepairCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "repair",
    abstract: "Make good what bit errors and lost packets left.",
    discussion: """
      What was not decoded is filled from the pictures before and after it, lost pictures are made \
      anew, and what depends on them is decoded from the repaired ones. Intact pictures are encoded \
      as they were decoded (with --codec ffv1 bit by bit), there are as many pictures as FFmpeg \
      decodes, at the same times, and those besides that are missing in the stream. Audio, \
      subtitles, attachments, chapters and descriptions are copied. H.264, H.265, MPEG-1, MPEG-2 \
      and MPEG-4, in any container or as a raw stream.
      """)

  @OptionGroup var file: FileOptions

  @Option(
    help: ArgumentHelp(
      "Write a line of JSON for each picture that was changed; \"-\" = standard output.",
      valueName: "file"))
  var report: String?

  @OptionGroup var engine: EngineOptions

  func run() throws {
    try file.run { try RepairConversion(try file.settings(engine), report: report).run() }
  }
}

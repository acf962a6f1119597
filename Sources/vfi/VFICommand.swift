// SPDX-License-Identifier: MIT
import ArgumentParser
import CInterface
import CVFI

@main
struct VFICommand: ParsableCommand {
  static let configuration = unsafe CommandConfiguration(
    commandName: "vfi",
    abstract: "Video frames that were not there, on the CPU.",
    version: vfi_version_string().map { unsafe String(cString: $0) } ?? "",
    subcommands: [
      InterpolateCommand.self, InpaintCommand.self, RepairCommand.self, OccludeCommand.self,
      InspectCommand.self, CompareCommand.self, InfoCommand.self, ModelsCommand.self,
      OptionsCommand.self, RenderTestClipCommand.self,
    ])
}

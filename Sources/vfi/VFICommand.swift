// SPDX-License-Identifier: MIT
import ArgumentParser
import CInterface
import CVFI

@main
struct VFICommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "vfi", version: "0.1.0")
  func run() { print(vfi_api_version()) }
}

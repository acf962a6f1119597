// SPDX-License-Identifier: MIT
import ArgumentParser
import CVFI

struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models",
    abstract: "List the models, the default first.")

  func run() throws {
    var table = Table(
      ["NAME", "ARCHITECTURE", "TASK", "KMAC/PX", "PARAMETERS", "INSTANTS", "LICENCE"],
      numeric: [3, 4])
    var failures: [Failure] = []
    for result in ModelDescription.builtIn() {
      switch result {
      case .success(let model):
        table.add([
          model.name, model.architecture, model.task, decimal(model.kmacPerPixel, 1),
          String(model.parameterCount), instants(model), model.licence,
        ])
      case .failure(let failure): failures.append(failure)
      }
    }
    print(table.text)
    for failure in failures.dropLast() { tell("Error: \(failure)") }
    if let last = failures.last { throw last }
  }

  private func instants(_ model: ModelDescription) -> String {
    if model.task != "interpolate" { return "" }
    return model.anyInstant ? "any" : "middle"
  }
}

struct OptionsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "options", abstract: "List the options of libvfi that -o sets.")

  func run() throws {
    var table = Table(["NAME", "VALUES", "DEFAULT", "MEANING"])
    for index in 0..<vfi_option_count() {
      var option = unsafe vfi_option()
      unsafe option.struct_size = MemoryLayout<vfi_option>.size
      try unsafe check(vfi_option_get(index, &option), "option \(index)", of: nil)
      unsafe table.add([
        text(option.name), values(option), text(option.default_value), text(option.help),
      ])
    }
    print(table.text)
  }

  private func text(_ pointer: UnsafePointer<CChar>?) -> String {
    unsafe pointer.map { unsafe String(cString: $0) } ?? ""
  }

  private func values(_ option: vfi_option) -> String {
    switch unsafe Int(option.type) {
    case VFI_OPTION_BOOL: return "0, 1"
    case VFI_OPTION_INT: return unsafe "\(Int64(option.minimum)) to \(Int64(option.maximum))"
    case VFI_OPTION_DOUBLE: return unsafe "\(number(option.minimum)) to \(number(option.maximum))"
    case VFI_OPTION_ENUM: return unsafe names(option).joined(separator: ", ")
    default: return "text"
    }
  }

  private func number(_ value: Double) -> String {
    value == value.rounded() ? decimal(value, 0) : "\(value)"
  }

  private func names(_ option: vfi_option) -> [String] {
    var names: [String] = []
    guard var entry = unsafe option.names else { return names }
    while let name = unsafe entry.pointee {
      unsafe names.append(String(cString: name))
      unsafe entry += 1
    }
    return names
  }
}

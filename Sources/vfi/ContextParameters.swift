// SPDX-License-Identifier: MIT
import CVFI
import Glibc

/// "key=value" as given on the command line.
struct KeyValue: Equatable {
  let key: String
  let value: String

  init(_ key: String, _ value: String) {
    self.key = key
    self.value = value
  }

  init?(argument: String) {
    guard let split = argument.firstIndex(of: "="), split != argument.startIndex else {
      return nil
    }
    self.init(String(argument[..<split]), String(argument[argument.index(after: split)...]))
  }
}

/// Parameters of a libvfi context, with the texts that they point to.
@safe final class ContextParameters {
  private(set) var value = unsafe vfi_params()
  private var texts: [UnsafeMutablePointer<CChar>] = unsafe []

  /// Sets `options` by the library's own names.
  init(_ options: [KeyValue]) throws(Failure) {
    unsafe vfi_params_init(&value, MemoryLayout<vfi_params>.size)
    for option in options {
      let text = try unsafe allocated(strdup(option.value))
      unsafe texts.append(text)
      try unsafe check(
        vfi_params_set(&value, option.key, text), "option \(option.key)=\(option.value)", of: nil)
    }
    unsafe value.abort = { _ in Interruption.isRequested ? 1 : 0 }
  }

  deinit { unsafe texts.forEach { unsafe free($0) } }
}

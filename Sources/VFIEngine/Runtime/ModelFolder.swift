// SPDX-License-Identifier: MIT
import EmbeddedModel
import Glibc

/// The folders of the models that come with the library beside the one inside it.
///
/// A model is a file `NAME.safetensors` there. The folders are those of the environment's
/// `VFI_MODEL_PATH`, separated by colons; without it `share/vfi` of the prefix that the library, or
/// the program that it is linked into, lies in: `lib`, `bin`, or a folder of a `lib`.
package enum ModelFolder {
  private static let ending = ".safetensors"

  /// In the order of search.
  private static let paths: [String] = {
    if let listed = unsafe model_path_variable() {
      return unsafe String(cString: listed).split(separator: ":").map(String.init)
    }
    guard let home else { return [] }
    return ["\(home)/../share/vfi", "\(home)/../../share/vfi"]
  }()

  /// The folder of the file that this code is in.
  private static let home: String? = {
    guard let path = unsafe embedded_model_file() else { return nil }
    defer { unsafe free(path) }
    let parts = unsafe String(cString: path).split(separator: "/").dropLast()
    return "/" + parts.joined(separator: "/")
  }()

  /// The models of all folders, in alphabetical order, each once.
  package static func names() -> [String] {
    var names: Set<String> = []
    for path in paths {
      guard let folder = unsafe opendir(path) else { continue }
      defer { unsafe closedir(folder) }
      while let entry = unsafe readdir(folder) {
        let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
          unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
        }
        if name.hasSuffix(ending) { names.insert(String(name.dropLast(ending.count))) }
      }
    }
    return names.sorted()
  }

  /// The file of the model `name`.
  package static func file(of name: String) -> String? {
    guard !name.isEmpty, !name.contains("/") else { return nil }
    for path in paths {
      let file = "\(path)/\(name)\(ending)"
      if unsafe access(file, R_OK) == 0 { return file }
    }
    return nil
  }
}

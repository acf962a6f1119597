// SPDX-License-Identifier: MIT
import CVFI

/// What libvfi says of a model, as Swift text.
struct ModelDescription {
  let name: String
  let architecture: String
  /// "interpolate" or "inpaint".
  let task: String
  let licence: String
  let description: String
  let anyInstant: Bool
  let kmacPerPixel: Double
  let parameterCount: UInt64

  /// The models that come with the library; the first is the default.
  ///
  /// Files that hold no model are failures, which say why.
  static func builtIn() -> [Result<ModelDescription, Failure>] {
    (0..<vfi_model_count()).map { index in
      Result { () throws(Failure) -> ModelDescription in
        var info = unsafe emptyInfo
        try unsafe check(vfi_model_builtin_info(index, &info), "model \(index)", of: nil)
        return unsafe ModelDescription(info)
      }
    }
  }

  /// The model in a .safetensors file.
  static func file(_ path: String) throws(Failure) -> ModelDescription {
    var model: OpaquePointer?
    defer { unsafe vfi_model_unref(&model) }
    try unsafe check(vfi_model_open_file(&model, path), path, of: nil)
    var info = unsafe emptyInfo
    try unsafe check(vfi_model_get_info(model, &info), path, of: nil)
    return unsafe ModelDescription(info)
  }

  /// The model that comes with the library under that name, or the one in that file.
  static func named(_ name: String) throws(Failure) -> ModelDescription {
    let known = builtIn().compactMap { try? $0.get() }
    if let model = known.first(where: { $0.name == name }) { return model }
    return try file(name)
  }

  private static var emptyInfo: vfi_model_info {
    var info = unsafe vfi_model_info()
    unsafe info.struct_size = MemoryLayout<vfi_model_info>.size
    return unsafe info
  }

  private init(_ info: vfi_model_info) {
    func text(_ pointer: UnsafePointer<CChar>?) -> String {
      unsafe pointer.map { unsafe String(cString: $0) } ?? ""
    }
    name = unsafe text(info.name)
    architecture = unsafe text(info.architecture)
    task = unsafe text(info.task)
    licence = unsafe text(info.licence)
    description = unsafe text(info.description)
    anyInstant = unsafe info.any_instant != 0
    kmacPerPixel = unsafe info.kmac_per_pixel
    parameterCount = unsafe info.parameter_count
  }
}

// SPDX-License-Identifier: MIT
import CVFI
import Glibc
import Synchronization
import VFIEngine

/// What a `vfi_model` points to: weights, and the networks built from them.
///
/// A network is packed for one instruction set, which `vfi_set_cpu_mask` may change between two
/// contexts, and for one arithmetic, so the file stays open and a network is built for each pair that
/// is asked for.
@safe final class Model: @unchecked Sendable {
  // Sendable: constant but for the networks behind a mutex, and the strings are only read.

  let info: ModelInfo
  private let file: WeightFile
  private struct Key: Hashable {
    let level: CPULevel
    let arithmetic: Arithmetic
  }

  private let networks: Mutex<[Key: Network]>
  /// Name, architecture, task, licence, description.
  private let strings: InlineArray<5, UnsafeMutablePointer<CChar>?>

  init(_ file: WeightFile, name: String? = nil) throws(VFIError) {
    let level = CPU.level
    let arithmetic = Arithmetic.fastest(level)
    let network = try openNetwork(file, arithmetic, level: level)
    var info = network.info
    if let name { info.name = name }
    self.info = info
    self.file = file
    networks = Mutex([Key(level: level, arithmetic: arithmetic): network])
    let texts = [info.name, info.architecture, info.task, info.licence, info.description]
    unsafe strings = InlineArray { unsafe strdup(texts[$0]) }
  }

  deinit { for index in 0..<5 { unsafe free(strings[index]) } }

  func network(for level: CPULevel, _ arithmetic: Arithmetic) throws(VFIError) -> Network {
    let key = Key(level: level, arithmetic: arithmetic)
    return try networks.withLock { (networks) throws(VFIError) in
      if let network = networks[key] { return network }
      let network = try openNetwork(file, arithmetic, level: level)
      networks[key] = network
      return network
    }
  }

  /// Fills in a caller's structure.
  func describe(_ out: UnsafeMutablePointer<vfi_model_info>?) throws(VFIError) {
    var result = unsafe try load(UnsafePointer(out))
    unsafe result.name = UnsafePointer(strings[0])
    unsafe result.architecture = UnsafePointer(strings[1])
    unsafe result.task = UnsafePointer(strings[2])
    unsafe result.licence = UnsafePointer(strings[3])
    unsafe result.description = UnsafePointer(strings[4])
    unsafe result.any_instant = info.anyInstant ? 1 : 0
    unsafe result.kmac_per_pixel = info.kmacPerPixel
    unsafe result.parameter_count = UInt64(clamping: info.parameterCount)
    unsafe out?.pointee = unsafe result
  }

  static func from(_ handle: OpaquePointer) -> Model {
    unsafe Unmanaged<Model>.fromOpaque(UnsafeRawPointer(handle)).takeUnretainedValue()
  }

  /// A handle that owns the model.
  func retainedHandle() -> OpaquePointer {
    unsafe OpaquePointer(Unmanaged.passRetained(self).toOpaque())
  }
}

/// The models that come with the library: the default inside it, and those of its folders.
enum BuiltInModels {
  /// Looked up once in a process; the default is the first.
  static let names = ["default"] + ModelFolder.names().filter { $0 != "default" }
  private static let opened = Mutex<[Int: Model]>([:])

  /// Opened once in a process, at first use; a failure is tried again.
  static func model(_ index: Int) throws(VFIError) -> Model {
    guard names.indices.contains(index) else {
      throw .argument("there is no built-in model \(index)")
    }
    return try opened.withLock { (opened) throws(VFIError) in
      if let model = opened[index] { return model }
      let model = try Model(file(index), name: names[index])
      opened[index] = model
      return model
    }
  }

  private static func file(_ index: Int) throws(VFIError) -> WeightFile {
    if index == 0 { return try .embedded() }
    guard let path = ModelFolder.file(of: names[index]) else {
      throw .model("the file of model '\(names[index])' is gone")
    }
    return try WeightFile(path: path)
  }

  /// The built-in model `name`, or the file of that path.
  static func model(named name: String) throws(VFIError) -> Model {
    if let index = names.firstIndex(of: name) { return try model(index) }
    return try Model(WeightFile(path: name))
  }
}

@c @implementation
public func vfi_model_count() -> Int32 { Int32(clamping: BuiltInModels.names.count) }

@c @implementation
public func vfi_model_builtin_info(
  _ index: Int32, _ info: UnsafeMutablePointer<vfi_model_info>?
) -> vfi_status {
  withoutContext { () throws(VFIError) in
    _ = unsafe try load(UnsafePointer(info))
    unsafe try BuiltInModels.model(Int(index)).describe(info)
  }
}

@c @implementation
public func vfi_model_get_info(
  _ model: OpaquePointer?, _ info: UnsafeMutablePointer<vfi_model_info>?
) -> vfi_status {
  withoutContext { () throws(VFIError) in
    guard let model = unsafe model else { throw .argument("the model is NULL") }
    unsafe try Model.from(model).describe(info)
  }
}

/// Gives the model that `body` opens to the caller.
private func open(
  _ model: UnsafeMutablePointer<OpaquePointer?>?, _ body: () throws(VFIError) -> Model
) -> vfi_status {
  withoutContext { () throws(VFIError) in
    guard let model = unsafe model else { throw .argument("the model's place is NULL") }
    unsafe model.pointee = nil
    unsafe model.pointee = try body().retainedHandle()
  }
}

@c @implementation
public func vfi_model_open_file(
  _ model: UnsafeMutablePointer<OpaquePointer?>?, _ path: UnsafePointer<CChar>?
) -> vfi_status {
  unsafe open(model) { () throws(VFIError) in
    guard let path = unsafe path else { throw .argument("the path is NULL") }
    return try Model(WeightFile(path: unsafe String(cString: path)))
  }
}

@c @implementation
public func vfi_model_open_memory(
  _ model: UnsafeMutablePointer<OpaquePointer?>?, _ data: UnsafeRawPointer?, _ size: Int
) -> vfi_status {
  unsafe open(model) { () throws(VFIError) in
    guard let data = unsafe data else { throw .argument("the model's bytes are NULL") }
    guard size >= 0 else { throw .argument("a model of \(UInt(bitPattern: size)) bytes") }
    return try Model(
      unsafe WeightFile(bytes: UnsafeRawBufferPointer(start: data, count: size)))
  }
}

@c @implementation
public func vfi_model_ref(_ model: OpaquePointer?) -> OpaquePointer? {
  if let model = unsafe model {
    _ = unsafe Unmanaged<Model>.fromOpaque(UnsafeRawPointer(model)).retain()
  }
  return unsafe model
}

@c @implementation
public func vfi_model_unref(_ model: UnsafeMutablePointer<OpaquePointer?>?) {
  guard let model = unsafe model, let handle = unsafe model.pointee else { return }
  unsafe model.pointee = nil
  unsafe Unmanaged<Model>.fromOpaque(UnsafeRawPointer(handle)).release()
}

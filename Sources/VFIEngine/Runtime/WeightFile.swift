// SPDX-License-Identifier: MIT
import EmbeddedModel
import Glibc

/// The tensors of a `.safetensors` file, read with every offset checked.
///
/// The file is mapped, so only the tensors that a model asks for are touched. Layers copy their
/// weights into the order of the kernels, after which the file may be closed.
@safe package final class WeightFile: @unchecked Sendable {
  // Sendable: all properties are constant, and the bytes are only read.

  /// Longest header that is read, in bytes: far more than any model here needs.
  private static let headerLimit = 16 << 20

  private enum Owner {
    case mapping
    case copy
    case program
  }

  private let bytes: UnsafeRawBufferPointer
  private let owner: Owner
  private let header: SafetensorsHeader
  /// Where the tensors' bytes begin.
  private let dataStart: Int

  /// Maps the file at `path`.
  package convenience init(path: String) throws(VFIError) {
    // Non-blocking: a pipe without a writer must not stop the caller.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .model("cannot open '\(path)': \(Self.systemError())") }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw .model("'\(path)' is not a regular file")
    }
    guard status.st_size >= 8 else { throw .model("'\(path)' is too short for a model file") }
    let size = Int(status.st_size)
    guard let memory = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0),
      unsafe memory != MAP_FAILED
    else { throw .model("cannot map '\(path)': \(Self.systemError())") }
    do throws(VFIError) {
      try unsafe self.init(
        UnsafeRawBufferPointer(start: memory, count: size), owner: .mapping)
    } catch {
      unsafe munmap(memory, size)
      guard case .model(let reason) = error else { throw error }
      throw .model("'\(path)': \(reason)")
    }
  }

  /// Copies `bytes`.
  package convenience init(bytes: UnsafeRawBufferPointer) throws(VFIError) {
    guard let copy = unsafe malloc(max(bytes.count, 1)) else {
      throw .outOfMemory("no memory for a model of \(bytes.count) bytes")
    }
    unsafe UnsafeMutableRawBufferPointer(start: copy, count: bytes.count).copyMemory(from: bytes)
    do throws(VFIError) {
      try unsafe self.init(UnsafeRawBufferPointer(start: copy, count: bytes.count), owner: .copy)
    } catch {
      unsafe free(copy)
      throw error
    }
  }

  /// The default model inside the library.
  package static func embedded() throws(VFIError) -> WeightFile {
    try unsafe WeightFile(
      UnsafeRawBufferPointer(
        start: embedded_default_model_start(), count: Int(embedded_default_model_size)),
      owner: .program)
  }

  private init(_ bytes: UnsafeRawBufferPointer, owner: Owner) throws(VFIError) {
    guard bytes.count >= 8 else { throw .model("too short for a model file") }
    let length = unsafe UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard length <= UInt64(min(bytes.count - 8, Self.headerLimit)) else {
      throw .model("the header is said to have \(length) bytes, the file has \(bytes.count)")
    }
    dataStart = 8 + Int(length)
    header = try unsafe SafetensorsHeader(
      json: Array(bytes[8..<dataStart]), dataSize: bytes.count - dataStart)
    unsafe self.bytes = unsafe bytes
    self.owner = owner
  }

  deinit {
    switch owner {
    case .mapping:
      unsafe munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    case .copy: unsafe free(UnsafeMutableRawPointer(mutating: bytes.baseAddress))
    case .program: break
    }
  }

  private static func systemError() -> String { unsafe String(cString: strerror(errno)) }

  /// Strings that the training wrote beside the tensors.
  package var metadata: [String: String] { header.metadata }

  /// Names of all tensors, sorted.
  package var tensorNames: [String] { header.tensors.keys.sorted() }

  /// Number of values in all tensors.
  package var parameterCount: Int {
    header.tensors.values.reduce(0) { $0 + $1.shape.reduce(1, *) }
  }

  /// Extents of the tensor `name`, slowest first.
  package func shape(_ name: String) throws(VFIError) -> [Int] { try tensor(name).shape }

  /// The values of the tensor `name`, which must be finite and have `shape`.
  ///
  /// Types F32, F16 and BF16 are read. Complexity: O(values), one copy.
  package func floats(_ name: String, shape: [Int]) throws(VFIError) -> [Float] {
    let tensor = try tensor(name)
    guard tensor.shape == shape else {
      throw .model("tensor '\(name)' has the shape \(tensor.shape), not \(shape)")
    }
    let values = try floats(name)
    guard values.allSatisfy({ $0.isFinite }) else {
      throw .model("tensor '\(name)' has a value that is not finite")
    }
    return values
  }

  private func floats(_ name: String) throws(VFIError) -> [Float] {
    let tensor = try tensor(name)
    let data = unsafe UnsafeRawBufferPointer(
      rebasing: bytes[dataStart + tensor.begin..<dataStart + tensor.end])
    switch tensor.type {
    case "F32":
      return (0..<data.count / 4).map { index in
        unsafe Float(
          bitPattern: UInt32(
            littleEndian: data.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)))
      }
    case "F16":
      return (0..<data.count / 2).map { index in
        unsafe Float(
          Float16(
            bitPattern: UInt16(
              littleEndian: data.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))))
      }
    case "BF16":
      return (0..<data.count / 2).map { index in
        unsafe Float(
          bitPattern: UInt32(
            UInt16(littleEndian: data.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)))
            << 16)
      }
    default: throw .model("tensor '\(name)' has the type \(tensor.type), not a float type")
    }
  }

  private func tensor(_ name: String) throws(VFIError) -> SafetensorsHeader.Tensor {
    guard let tensor = header.tensors[name] else { throw .model("there is no tensor '\(name)'") }
    return tensor
  }
}

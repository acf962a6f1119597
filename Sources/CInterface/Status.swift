// SPDX-License-Identifier: MIT
import CVFI
import Glibc
import VFIEngine

extension VFIError {
  /// The one place where an error becomes a status.
  var status: vfi_status {
    switch self {
    case .argument: vfi_status(VFI_ERR_ARG)
    case .outOfMemory: vfi_status(VFI_ERR_NOMEM)
    case .format: vfi_status(VFI_ERR_FORMAT)
    case .size: vfi_status(VFI_ERR_SIZE)
    case .model: vfi_status(VFI_ERR_MODEL)
    case .version: vfi_status(VFI_ERR_VERSION)
    case .state: vfi_status(VFI_ERR_STATE)
    case .cancelled: vfi_status(VFI_ERR_CANCELLED)
    case .defect: vfi_status(VFI_ERR_INTERNAL)
    case .unsupported: vfi_status(VFI_ERR_UNSUPPORTED)
    }
  }

  var message: String {
    switch self {
    case .argument(let text), .outOfMemory(let text), .format(let text), .size(let text),
      .model(let text), .version(let text), .state(let text), .defect(let text),
      .unsupported(let text):
      text
    case .cancelled: "the call was cancelled"
    }
  }

  /// The same error, said of the argument `name`.
  func of(_ name: String) -> VFIError {
    switch self {
    case .argument(let text): .argument("\(name): \(text)")
    case .format(let text): .format("\(name): \(text)")
    case .size(let text): .size("\(name): \(text)")
    case .version(let text): .version("\(name): \(text)")
    case .outOfMemory, .model, .state, .cancelled, .defect, .unsupported: self
    }
  }
}

/// The sentence of a failure as a C string, whose address holds until the next failure.
@safe final class ErrorText {
  private static let none: StaticString = ""
  private var text: UnsafeMutablePointer<CChar>?

  deinit { unsafe free(text) }

  func set(_ message: String) {
    unsafe free(text)
    unsafe text = strdup(message)
  }

  /// Never NULL; "" when nothing failed yet.
  var pointer: UnsafePointer<CChar> {
    if let text = unsafe text { return unsafe UnsafePointer(text) }
    return unsafe Self.none.cString
  }

  /// `nil` when the system has no more keys; then failures without a context have no text.
  private static let key: pthread_key_t? = {
    var key = pthread_key_t()
    let status = unsafe pthread_key_create(&key) { value in
      if let value = unsafe value { unsafe Unmanaged<ErrorText>.fromOpaque(value).release() }
    }
    return status == 0 ? key : nil
  }()

  /// That of the calling thread, for calls without a context.
  static var ofThread: ErrorText? {
    guard let key else { return nil }
    if let value = unsafe pthread_getspecific(key) {
      return unsafe Unmanaged<ErrorText>.fromOpaque(value).takeUnretainedValue()
    }
    let text = ErrorText()
    let owner = unsafe Unmanaged.passRetained(text)
    guard unsafe pthread_setspecific(key, owner.toOpaque()) == 0 else {
      unsafe owner.release()
      return nil
    }
    return text
  }
}

extension StaticString {
  /// The text itself: in memory for as long as the program runs, and ended by a zero.
  var cString: UnsafePointer<CChar> {
    unsafe UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self)
  }
}

/// Runs the body of a call that has no context.
func withoutContext(_ body: () throws(VFIError) -> Void) -> vfi_status {
  do throws(VFIError) {
    try body()
    return vfi_status(VFI_OK)
  } catch {
    ErrorText.ofThread?.set(error.message)
    return error.status
  }
}

/// Runs the body of a call on `handle`.
func withContext(
  _ handle: OpaquePointer?, _ body: (Context) throws(VFIError) -> Void
) -> vfi_status {
  guard let handle = unsafe handle else {
    return withoutContext { () throws(VFIError) in throw .argument("the context is NULL") }
  }
  let context = unsafe Context.from(handle)
  return context.run { () throws(VFIError) in
    try body(context)
    return vfi_status(VFI_OK)
  }
}

/// Throws unless `size` is that of `T`, of which there is one version so far.
func checkSize<T>(_ size: Int, of type: T.Type) throws(VFIError) {
  guard size == MemoryLayout<T>.size else {
    throw .version("struct_size is \(size), but \(T.self) has \(MemoryLayout<T>.size) bytes")
  }
}

/// The structure behind `pointer`, once its `struct_size`, the first field, is known to be right.
func load<T: BitwiseCopyable>(_ pointer: UnsafePointer<T>?) throws(VFIError) -> T {
  guard let pointer = unsafe pointer else { throw .argument("\(T.self) is NULL") }
  try checkSize(unsafe UnsafeRawPointer(pointer).loadUnaligned(as: Int.self), of: T.self)
  return unsafe pointer.pointee
}

/// The `struct_size` of a structure that has grown: any from its first version's `first` bytes on.
func loadSize<T: BitwiseCopyable>(
  _ pointer: UnsafeMutablePointer<T>?, first: Int?
) throws(VFIError) -> Int {
  guard let pointer = unsafe pointer else { throw .argument("\(T.self) is NULL") }
  let size = unsafe UnsafeRawPointer(pointer).loadUnaligned(as: Int.self)
  let known = MemoryLayout<T>.size
  guard size % 8 == 0, size >= first ?? known, size <= known else {
    throw .version("struct_size is \(size), but \(T.self) has \(known) bytes")
  }
  return size
}

/// The structure behind `pointer`, of any version: what a caller's has not is as in `defaults`.
///
/// `first` is the size of its first version, with the padding at its end, which is not read.
func load<T: BitwiseCopyable>(
  _ pointer: UnsafePointer<T>?, first: Int, used: Int, defaults: T
) throws(VFIError) -> T {
  let size = unsafe try loadSize(UnsafeMutablePointer(mutating: pointer), first: first)
  guard let pointer = unsafe pointer else { throw .argument("\(T.self) is NULL") }
  var result = defaults
  unsafe withUnsafeMutableBytes(of: &result) { bytes in
    unsafe bytes.baseAddress?.copyMemory(from: pointer, byteCount: size == first ? used : size)
  }
  return result
}

/// Writes as much of `value` as a caller's structure of `size` bytes has room for.
func initialise<T: BitwiseCopyable>(_ pointer: UnsafeMutablePointer<T>?, _ size: Int, _ value: T) {
  guard let pointer = unsafe pointer, size > 0 else { return }
  unsafe withUnsafeBytes(of: value) { bytes in
    guard let source = bytes.baseAddress else { return }
    unsafe UnsafeMutableRawPointer(pointer).copyMemory(
      from: source, byteCount: min(size, bytes.count))
  }
}

@c @implementation
public func vfi_strerror(_ status: vfi_status) -> UnsafePointer<CChar>? {
  let text: StaticString =
    switch Int(status) {
    case VFI_OK: "success"
    case VFI_AGAIN: "send or receive other frames first"
    case VFI_EOF: "end of the stream"
    case VFI_ERR_ARG: "invalid argument"
    case VFI_ERR_NOMEM: "out of memory"
    case VFI_ERR_FORMAT: "pixel format unknown, interlaced or different between the frames"
    case VFI_ERR_SIZE: "size or stride out of range, or different between the frames"
    case VFI_ERR_MODEL: "model missing, unreadable or unknown"
    case VFI_ERR_VERSION: "structure of an unknown version"
    case VFI_ERR_STATE: "call out of order"
    case VFI_ERR_CANCELLED: "cancelled"
    case VFI_ERR_INTERNAL: "internal error"
    case VFI_ERR_UNSUPPORTED: "the model has no such ability"
    default: "unknown status"
    }
  return unsafe text.cString
}

@c @implementation
public func vfi_last_error(_ context: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let context = unsafe context else {
    return unsafe ErrorText.ofThread?.pointer ?? ("" as StaticString).cString
  }
  return unsafe Context.from(context).errors.pointer
}

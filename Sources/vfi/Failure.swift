// SPDX-License-Identifier: MIT
import CLibAV
import CVFI

/// Why the program cannot go on, as one sentence for the user: where, then what.
struct Failure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }

  /// A failed call of FFmpeg's libraries.
  init(_ place: String, libav code: Int32) {
    var text = [CChar](repeating: 0, count: 128)
    let length = text.count
    let known = unsafe text.withUnsafeMutableBufferPointer { buffer in
      unsafe av_strerror(code, buffer.baseAddress, length) >= 0
        ? buffer.baseAddress.map { unsafe String(cString: $0) } : nil
    }
    self.init("\(place): \(known ?? "error \(code)")")
  }
}

/// Turns a negative result of FFmpeg's libraries into a failure at `place`.
@discardableResult
func check(_ code: Int32, _ place: @autoclosure () -> String) throws(Failure) -> Int32 {
  guard code >= 0 else { throw Failure(place(), libav: code) }
  return code
}

/// Turns a NULL from an allocating function into a failure.
func allocated<T>(_ pointer: UnsafeMutablePointer<T>?) throws(Failure) -> UnsafeMutablePointer<T> {
  guard let pointer = unsafe pointer else { throw Failure("out of memory") }
  return unsafe pointer
}

/// Turns an error status of libvfi into a failure at `place`; `context` has the detail.
@discardableResult
func check(_ status: vfi_status, _ place: @autoclosure () -> String, of context: OpaquePointer?)
  throws(Failure) -> vfi_status
{
  guard status < 0 else { return status }
  if status == VFI_ERR_CANCELLED { throw Failure("interrupted") }
  let detail = unsafe vfi_last_error(context).map { unsafe String(cString: $0) } ?? ""
  let name = unsafe vfi_strerror(status).map { unsafe String(cString: $0) } ?? "error \(status)"
  throw Failure("\(place()): \(detail.isEmpty ? name : detail)")
}

// SPDX-License-Identifier: MIT
import Synchronization

/// Whether the running call shall end early: set from another thread, or asked of the host.
@safe package final class Cancellation: @unchecked Sendable {
  // Sendable: the flag is atomic, the rest is constant; the host's callback may come from any thread.
  private let flag = Atomic<Bool>(false)
  private let abort: (@convention(c) (UnsafeMutableRawPointer?) -> Int32)?
  private let opaque: UnsafeMutableRawPointer?

  package init(
    abort: (@convention(c) (UnsafeMutableRawPointer?) -> Int32)?,
    opaque: UnsafeMutableRawPointer?
  ) {
    unsafe self.abort = unsafe abort
    unsafe self.opaque = unsafe opaque
  }

  /// A cancellation that no host callback asks for.
  package static func never() -> Cancellation { unsafe Cancellation(abort: nil, opaque: nil) }

  package func cancel() { flag.store(true, ordering: .releasing) }
  package func reset() { flag.store(false, ordering: .releasing) }

  /// Asked once per piece of work.
  package var isCancelled: Bool {
    if flag.load(ordering: .acquiring) { return true }
    guard let abort = unsafe abort else { return false }
    return unsafe abort(opaque) != 0
  }
}

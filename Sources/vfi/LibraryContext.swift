// SPDX-License-Identifier: MIT
import CVFI

/// A `vfi_context`, destroyed with this.
@safe final class LibraryContext {
  let pointer: OpaquePointer
  /// Their texts are the context's as well.
  private let parameters: ContextParameters

  init(_ parameters: ContextParameters) throws(Failure) {
    self.parameters = parameters
    var created: OpaquePointer?
    var values = unsafe parameters.value
    try unsafe check(vfi_create(&created, &values), "libvfi", of: nil)
    guard let created = unsafe created else { throw Failure("out of memory") }
    unsafe pointer = created
  }

  deinit {
    var context: OpaquePointer? = unsafe pointer
    unsafe vfi_destroy(&context)
  }
}

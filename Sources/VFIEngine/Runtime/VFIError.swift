// SPDX-License-Identifier: MIT

/// Why a call failed: one case per negative `vfi_status`, with a sentence that names what is wrong.
package enum VFIError: Error, Equatable {
  case argument(String)
  case outOfMemory(String)
  case format(String)
  case size(String)
  case model(String)
  case version(String)
  case state(String)
  case cancelled
  case defect(String)
  case unsupported(String)
}

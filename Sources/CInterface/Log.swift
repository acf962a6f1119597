// SPDX-License-Identifier: MIT
import CVFI

/// Lines of text for the host.
@safe struct Log: @unchecked Sendable {
  // Sendable: constant; the host promises that its callback may come from any thread.
  let level: vfi_log_level
  let callback: vfi_log_callback?
  let opaque: UnsafeMutableRawPointer?

  func error(_ text: @autoclosure () -> String) { write(VFI_LOG_ERROR, text) }
  func info(_ text: @autoclosure () -> String) { write(VFI_LOG_INFO, text) }
  func debug(_ text: @autoclosure () -> String) { write(VFI_LOG_DEBUG, text) }

  private func write(_ severity: Int, _ text: () -> String) {
    guard let callback = unsafe callback, severity <= Int(level) else { return }
    // A path may hold a line break; a line of the log may not.
    var line = Array(text().utf8)
    for index in line.indices where line[index] == 10 || line[index] == 13 { line[index] = 32 }
    line.append(0)
    unsafe line.withUnsafeBytes { bytes in
      let text = unsafe bytes.bindMemory(to: CChar.self).baseAddress
      unsafe callback(opaque, vfi_log_level(severity), text)
    }
  }
}

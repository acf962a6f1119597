// SPDX-License-Identifier: MIT
import Glibc

/// Writes a line to the standard error.
func tell(_ text: String) { print(raw: text + "\n") }

/// Writes text to the standard error, unbuffered.
private func print(raw text: String) {
  var text = text
  text.withUTF8 { bytes in _ = unsafe write(STDERR_FILENO, bytes.baseAddress, bytes.count) }
}

/// A line that tells how far a conversion is: on a terminal one that is written over.
struct Progress {
  private let isShown: Bool
  private let isTerminal: Bool
  private let expected: Int
  private let start = Progress.now()
  private var last = 0.0
  private var width = 0

  /// `expected`: number of pictures that will come; 0 = unknown.
  init(expected: Int, isForced: Bool) {
    isTerminal = isatty(STDERR_FILENO) == 1
    isShown = isTerminal || isForced
    self.expected = expected
  }

  /// Seconds since the conversion began.
  var elapsed: Double { Self.now() - start }

  /// Tells that `done` pictures are written, up to `seconds` of the film.
  mutating func update(done: Int, seconds: Double) {
    guard isShown, elapsed - last >= (isTerminal ? 0.25 : 5) else { return }
    last = elapsed
    let rate = Double(done) / elapsed
    var text = "\(wholeClockText(seconds))  frame \(done)"
    if expected > 0 {
      let share = min(Double(done) / Double(expected), 1)
      text += " of \(expected) (\(decimal(100 * share, 1)) %)"
    }
    text += "  \(decimal(rate, 1)) frames/s"
    if expected > done { text += "  \(wholeClockText(Double(expected - done) / rate)) left" }
    show(text)
  }

  private mutating func show(_ text: String) {
    guard isTerminal else { return tell(text) }
    let blanks = String(repeating: " ", count: max(width - text.count, 0))
    print(raw: "\r\(text)\(blanks)")
    width = text.count
  }

  /// Clears the line, so that other text may follow.
  mutating func end() {
    guard isTerminal, width > 0 else { return }
    print(raw: "\r\(String(repeating: " ", count: width))\r")
    width = 0
  }

  private static func now() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

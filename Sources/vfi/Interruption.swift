// SPDX-License-Identifier: MIT
import Glibc
import Synchronization

/// The wish of the user, by Ctrl-C or `kill`, to end early.
///
/// The first signal asks; the program then completes its file. A second one ends it at once.
enum Interruption {
  private static let flag = Atomic(false)

  /// Exit code of a program that was interrupted.
  static let exitCode: Int32 = 130

  static var isRequested: Bool { flag.load(ordering: .relaxed) }

  /// Catches SIGINT and SIGTERM from now on.
  static func install() {
    // Also makes the flag now: a signal handler must not be the first to touch it.
    flag.store(false, ordering: .relaxed)
    var action = sigaction()
    unsafe action.__sigaction_handler.sa_handler = { _ in
      Interruption.flag.store(true, ordering: .relaxed)
    }
    action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
    unsafe sigaction(SIGINT, &action, nil)
    unsafe sigaction(SIGTERM, &action, nil)
  }
}

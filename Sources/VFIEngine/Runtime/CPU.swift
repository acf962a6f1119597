// SPDX-License-Identifier: MIT
import CIntrinsics
import Glibc
import Synchronization

/// An instruction set for which the kernels are built.
package enum CPULevel: Int, CaseIterable, Comparable, Sendable, CustomStringConvertible {
  case portable, avx2, avx512, avx512VNNI, avx512BF16

  package static func < (a: CPULevel, b: CPULevel) -> Bool { a.rawValue < b.rawValue }

  package var description: String {
    switch self {
    case .portable: "portable"
    case .avx2: "avx2"
    case .avx512: "avx512"
    case .avx512VNNI: "avx512vnni"
    case .avx512BF16: "avx512bf16"
    }
  }
}

/// What the machine can do, and how much of it may be used.
package enum CPU {
  /// Bits of `VFI_CPU_*`.
  package static let machineFlags: UInt32 = vfi_machine_cpu_flags()

  private static let mask = Atomic<UInt32>(.max)

  /// Limits later tables to `flags`; process-wide.
  package static func setMask(_ flags: UInt32) { mask.store(flags, ordering: .relaxed) }

  /// Flags of the machine, less the mask and less what the environment's `VFI_CPU` excludes.
  package static var flags: UInt32 {
    var result = machineFlags & mask.load(ordering: .relaxed)
    if let name = unsafe getenv("VFI_CPU") {
      switch unsafe String(cString: name) {
      case "portable": result = 0
      case "avx2": result &= 1
      case "avx512": result &= 3
      case "avx512vnni": result &= 11
      default: break
      }
    }
    return result
  }

  /// The best level that ``flags`` permit.
  package static var level: CPULevel { level(flags) }

  private static func level(_ flags: UInt32) -> CPULevel {
    if flags & 7 == 7 { return .avx512BF16 }
    if flags & 11 == 11 { return .avx512VNNI }
    if flags & 3 == 3 { return .avx512 }
    return flags & 1 == 1 ? .avx2 : .portable
  }

  /// All levels that this machine can run, whatever the mask: for tests and benchmarks.
  package static var machineLevels: [CPULevel] {
    CPULevel.allCases.filter { $0 <= level(machineFlags) }
  }

  /// Number of CPUs that this process may run on.
  package static var count: Int { max(1, min(256, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))) }
}

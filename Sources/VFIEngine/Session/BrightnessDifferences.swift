// SPDX-License-Identifier: MIT

/// How much brighter one frame is than another, from what both show at the same places.
@safe struct BrightnessDifferences {
  /// Steps of a sixteenth of a code value of 8 bits, -255 to 255.
  private static let half = 255 * 16
  /// Fewer places tell nothing.
  private static let leastCount = 20

  /// Of each worker, how many differences there are of each step.
  private let counts: Grid<Int32>

  init(workers: Int, in arena: Arena) throws(VFIError) {
    counts = try arena.grid(Int32(0), height: workers, width: 2 * Self.half + 1)
  }

  /// Takes a difference, as a share of the largest code value.
  func add(_ difference: Float, worker: Int) {
    let step = max(-1, min(difference, 1)) * Float(Self.half)
    counts[worker, Self.half + (step.isFinite ? Int(step.rounded()) : 0)] += 1
  }

  /// The median, less one code value of 8 bits towards 0: smaller ones are noise.
  func offset(maximum: Float) -> Float {
    for worker in 1..<max(1, counts.height) {
      for step in 0..<counts.width { counts[0, step] += counts[worker, step] }
    }
    let total = (0..<counts.width).reduce(0) { $0 + Int(counts[0, $1]) }
    guard total >= Self.leastCount else { return 0 }
    var below = 0
    var median = 0
    while below + Int(counts[0, median]) <= total / 2 {
      below += Int(counts[0, median])
      median += 1
    }
    let offset = Float(median - Self.half) / Float(Self.half) * maximum
    let quiet = maximum / 255
    return offset > 0 ? max(0, offset - quiet) : min(0, offset + quiet)
  }
}

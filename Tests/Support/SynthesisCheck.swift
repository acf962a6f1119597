// SPDX-License-Identifier: MIT
import VFIEngine

/// Two random frames, and one to write to; all with other strides.
package func randomFrames(
  _ description: FrameDescription, negative: Bool = false, seed: UInt64 = 1
) throws -> (a: GuardedFrame, b: GuardedFrame, out: GuardedFrame) {
  var random = SeededRandom(seed)
  let a = try GuardedFrame(description, padding: 0, negativeStride: negative)
  let b = try GuardedFrame(description, padding: 2, negativeStride: !negative)
  a.randomise(&random)
  b.randomise(&random)
  return (a, b, try GuardedFrame(description, padding: 5, negativeStride: negative))
}

/// Makes the new frame `out` between `a` and `b`.
package func merge(
  _ a: GuardedFrame, _ b: GuardedFrame, _ motion: TestMotion, into out: GuardedFrame,
  level: CPULevel = CPU.level, threads: Int = 1
) throws {
  let engine = Engine(
    kernels: KernelTable(level: level), runner: try ThreadPool(threads: threads))
  try synthesise(a.frame, b.frame, motion: motion.field, into: out.frame, on: engine)
  withExtendedLifetime((a, b, motion, out)) {}
}

/// The largest distance from the naive twin's value, beyond rounding, in code values of 8 bits.
package func synthesisError(
  _ a: GuardedFrame, _ b: GuardedFrame, _ motion: TestMotion, _ out: GuardedFrame
) -> Double {
  let description = a.frame.description
  let layout = description.format.layout
  let isFloat = layout.sampleType == .float
  var worst = 0.0
  for index in 0..<layout.componentCount {
    let component = layout.components[index]
    for y in 0..<description.height(of: component) {
      for x in 0..<description.width(of: component) {
        var value = naiveSynthesis(a, b, motion: motion, component: index, y, x)
        if !isFloat { value = max(0, min(value, Double(layout.maximum))) }
        let distance = abs(Double(out[index, y, x]) - value)
        worst = max(worst, isFloat ? distance : distance - 0.5)
      }
    }
  }
  return isFloat ? worst * 255 : worst / Double(1 << (layout.depth - 8))
}

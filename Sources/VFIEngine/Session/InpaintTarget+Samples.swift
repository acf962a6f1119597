// SPDX-License-Identifier: MIT
import CIntrinsics

/// What other frames show of a hole's pixels, at the end of their way.
extension InpaintTarget {
  /// How much the rim of the hole may differ, in code values of 8 bits, for half of the trust in a
  /// frame's samples, and in samples of its fill, of which the mean is taken.
  private static let halfSample: Float = 4
  private static let halfFill: Float = 16

  /// Takes samples of the frame that a chain has come to for the pixels that it shows first.
  ///
  /// `hops`: those of late hops weigh less; nil: they are samples of a fill.
  func collect(
    _ trace: HoleTrace, from sight: InpaintSight, hops: Int?, on engine: Engine
  ) throws(VFIError) {
    guard trace.hasFound else { return }
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let view = unsafe trace.seen(past: sight.hole)
    let shown = unsafe sums.indices.map {
      unsafe ComponentSamples(sight.part, $0).view(past: sight.hole)
    }
    let values = try unsafe rimValues(view, shown, on: engine)
    let offsets = try sums.indices.map { index throws(VFIError) in
      try offset(index, values[index], on: engine)
    }
    let likeness = try RimDifference(
      height: alpha.height, width: alpha.width,
      half: hops == nil ? Self.halfFill : Self.halfSample, in: engine.scratch)
    let here = ComponentSamples(part, 0)
    forEachRimSample(0, values[0]) { y, x, value in
      likeness.add(255 * (here[y, x] - value - offsets[0]) / here.maximum, y, x)
    }
    let trust = try likeness.trust(on: engine)
    let distance = hops.map { Float($0).squareRoot() } ?? 1
    var collections: [vfi_collection] = unsafe []
    for index in sums.indices {
      let samples = unsafe shown[index]
      let near = bounds.samples(part.description.format.layout.components[index])
      unsafe collections.append(
        vfi_collection(
          trace: view, samples: samples, trust: trust.base, trust_width: trust.width,
          distance: distance, offset: offsets[index],
          sums: UnsafeMutableRawPointer(sums[index].base).assumingMemoryBound(to: Float.self),
          left: near.x, right: near.x + near.width))
    }
    try unsafe collect(collections, on: engine)
  }

  /// All components side by side, so that threads wait for each other once.
  private func collect(
    _ collections: [vfi_collection], on engine: Engine
  ) throws(VFIError) {
    let block = 8
    var items: [(component: Int, rows: Range<Int>)] = []
    for index in sums.indices {
      let near = bounds.samples(part.description.format.layout.components[index])
      let end = near.y + near.height
      for first in stride(from: near.y, to: end, by: block) {
        items.append((index, first..<min(end, first + block)))
      }
    }
    let kernel = unsafe engine.kernels.holes.collectSamples
    try engine.forEach(items.count) { item, _ in
      let (component, rows) = items[item]
      unsafe withUnsafePointer(to: collections[component]) {
        unsafe kernel($0, rows.lowerBound, rows.upperBound)
      }
    }
  }

  /// What another frame shows at the samples of ``rims``, of each component; NaN where it shows none.
  private func rimValues(
    _ trace: vfi_trace, _ shown: [vfi_hole_samples], on engine: Engine
  ) throws(VFIError) -> [RimValues] {
    var all: [RimValues] = []
    var samples: [vfi_rim_samples] = unsafe []
    var items: [(component: Int, first: Int)] = []
    let block = 256
    for (index, rim) in rims.enumerated() {
      let values = unsafe try engine.scratch.buffer(of: Float.self, count: rim.paddedCount)
      unsafe all.append(RimValues(base: values))
      unsafe samples.append(
        vfi_rim_samples(
          trace: trace, samples: shown[index], columns: rim.columns, rows: rim.rows,
          values: values))
      items += stride(from: 0, to: rim.count, by: block).map { (index, $0) }
    }
    let kernel = unsafe engine.kernels.holes.rimSamples
    try engine.forEach(items.count) { item, _ in
      let (component, first) = items[item]
      unsafe withUnsafePointer(to: samples[component]) {
        unsafe kernel($0, first, min(rims[component].count, first + block))
      }
    }
    return all
  }

  private func forEachRimSample(
    _ component: Int, _ values: RimValues, _ body: (_ y: Int, _ x: Int, _ value: Float) -> Void
  ) {
    let rim = rims[component]
    for index in 0..<rim.count {
      let value = unsafe values.base[index]
      if !value.isNaN { unsafe body(Int(rim.rows[index]), Int(rim.columns[index]), value) }
    }
  }

  /// What must be added to a component's samples of another frame, so that its rim looks as here.
  private func offset(
    _ component: Int, _ values: RimValues, on engine: Engine
  ) throws(VFIError) -> Float {
    let here = ComponentSamples(part, component)
    guard here.layout.component != .alpha else { return 0 }
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let differences = try BrightnessDifferences(workers: 1, in: engine.scratch)
    forEachRimSample(component, values) { y, x, value in
      differences.add((here[y, x] - value) / here.maximum, worker: 0)
    }
    return differences.offset(maximum: here.maximum)
  }

  /// What must be added to a component's samples of another frame so that what both show, as
  /// `shown` says, looks as here.
  ///
  /// The alpha component is taken as it is.
  func brightness(
    _ index: Int, of other: Frame, on engine: Engine,
    _ shown: (_ there: ComponentSamples, _ y: Int, _ x: Int) -> Float?
  ) throws(VFIError) -> Float {
    let (here, there) = (ComponentSamples(part, index), ComponentSamples(other, index))
    guard here.layout.component != .alpha else { return 0 }
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let differences = try BrightnessDifferences(workers: engine.workers, in: engine.scratch)
    let block = 8
    try engine.forEach((here.height + block - 1) / block) { item, worker in
      for y in item * block..<min(here.height, (item + 1) * block) {
        for x in 0..<here.width {
          guard let value = shown(there, y, x) else { continue }
          differences.add((here[y, x] - value) / here.maximum, worker: worker)
        }
      }
    }
    return differences.offset(maximum: here.maximum)
  }
}

/// Samples of a component at the rim of a hole, row by row, in the memory of a target.
@safe struct RimSamples {
  /// Followed by others up to ``paddedCount``, which are the top left one.
  let columns: UnsafeMutablePointer<Int32>
  let rows: UnsafeMutablePointer<Int32>
  let count: Int
  /// A multiple of the lanes of all vectors.
  var paddedCount: Int { Self.padded(count) }

  private static func padded(_ count: Int) -> Int { (count + 15) / 16 * 16 }

  /// Those of `part` for which `isRim` is true, of which there are at most `most`.
  init(
    in part: PixelRectangle, on engine: Engine, _ isRim: (_ y: Int, _ x: Int) -> Bool
  ) throws(VFIError) {
    func columns(_ row: Int, _ body: (Int) -> Void) {
      for x in part.x..<part.x + part.width where isRim(part.y + row, x) { body(x) }
    }
    let counts = try engine.scratch.grid(Int32(0), height: max(1, part.height), width: 1)
    try engine.forEachRows(part.height) { first, end in
      for row in first..<end { columns(row) { _ in counts[row, 0] += 1 } }
    }
    var total = 0
    for row in 0..<part.height {
      let found = Int(counts[row, 0])
      counts[row, 0] = Int32(total)
      total += found
    }
    let memory = unsafe try engine.scratch.buffer(
      of: Int32.self, count: 2 * Self.padded(total))
    unsafe self.columns = unsafe memory
    unsafe rows = unsafe memory + Self.padded(total)
    count = total
    for index in total..<paddedCount { unsafe (self.columns[index], rows[index]) = (0, 0) }
    let (listedColumns, listedRows) = unsafe (self.columns, rows)
    try engine.forEachRows(part.height) { first, end in
      for row in first..<end {
        var index = Int(counts[row, 0])
        columns(row) { x in
          unsafe (listedColumns[index], listedRows[index]) = (Int32(x), Int32(part.y + row))
          index += 1
        }
      }
    }
  }
}

/// What is shown at them, as many as are listed.
@safe private struct RimValues {
  let base: UnsafeMutablePointer<Float>
}

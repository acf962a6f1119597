// SPDX-License-Identifier: MIT
import CIntrinsics
import TestSupport
import Testing
import VFIEngine

/// Kernels that fill holes give the bytes of plain arithmetic, at every level.
@Suite struct HoleTests {
  private typealias Point = NaiveHoles.Point

  private func random(
    _ height: Int, _ width: Int, _ range: ClosedRange<Float>, _ random: inout SeededRandom
  ) -> [Float] {
    (0..<height * width).map { _ in Float.random(in: range, using: &random) }
  }

  @Test(arguments: CPU.machineLevels) func membranesAreThoseOfPlainSweeps(level: CPULevel) throws {
    var random = SeededRandom(11)
    let engine = Engine(
      kernels: KernelTable(level: level), runner: try ThreadPool(threads: 2))
    let arena = Arena(ledger: MemoryLedger())
    for (height, width) in [(1, 1), (1, 9), (8, 1), (2, 2), (13, 17), (40, 66), (71, 130)] {
      for share in [2, 5, 30] {
        let map = try arena.map(height: height, width: width, channels: 2)
        let grid = try arena.grid(UInt8(0), height: height, width: width)
        var unknown = (0..<height * width).map { _ in
          Int.random(in: 0..<share, using: &random) > 0
        }
        unknown[0] = false
        let values = (0...1).map { _ in self.random(height, width, -9...9, &random) }
        for index in 0..<height * width {
          let (y, x) = (index / width, index % width)
          grid[y, x] = unknown[index] ? 7 : 0
          for c in 0...1 { map[y, x, c] = unknown[index] ? .nan : values[c][index] }
        }
        try fillMembrane(map, unknown: grid, sweeps: 5, on: engine)
        for c in 0...1 {
          let expected = NaiveHoles.membrane(
            values[c], unknown: unknown, height: height, width: width, sweeps: 5)
          #expect(
            (0..<height * width).allSatisfy { map[$0 / width, $0 % width, c] == expected[$0] })
        }
      }
    }
  }

  private struct Scene {
    let height: Int
    let width: Int
    var points: [Point] = []
    var alpha: [Float] = []
    var hidden: NaiveHoles.Plane<UInt8>?

    init(_ height: Int, _ width: Int, hides: Bool, _ random: inout SeededRandom) {
      (self.height, self.width) = (height, width)
      for y in 0..<height {
        for x in 0..<width {
          let way = SIMD2(
            Float.random(in: -4...4, using: &random), Float.random(in: -4...4, using: &random))
          points.append(
            Point(
              place: SIMD2(Float(x), Float(y)) + way,
              error: Float.random(in: 0...3, using: &random),
              state: [0, 1, 1, 2, 3].randomElement(using: &random) ?? 0))
          alpha.append([0, 0.5, 1].randomElement(using: &random) ?? 0)
        }
      }
      if hides { hidden = Self.marks(height, width, &random) }
    }

    static func marks(
      _ height: Int, _ width: Int, _ random: inout SeededRandom
    ) -> NaiveHoles.Plane<UInt8> {
      NaiveHoles.Plane(
        height: height, width: width,
        values: (0..<height * width).map { _ in Int.random(in: 0..<4, using: &random) == 0 ? 1 : 0 }
      )
    }

    /// Calls `body` with the points as kernels take them, and takes what it made of them.
    mutating func withTrace(_ body: (vfi_trace) -> Void) -> [Int32] {
      var (x, y) = (points.map(\.place.x), points.map(\.place.y))
      var (error, state) = (points.map(\.error), points.map { Float($0.state) })
      var counts = [Int32](repeating: -1, count: 2 * height)
      for row in 0..<height {
        counts[2 * row + 1] = Int32(
          points[row * width..<(row + 1) * width].count { $0.state == 2 })
      }
      let (height, width, alpha, marks) = (height, width, alpha, hidden?.values ?? [0])
      let hides = hidden != nil
      x.withUnsafeMutableBufferPointer { x in
        y.withUnsafeMutableBufferPointer { y in
          error.withUnsafeMutableBufferPointer { error in
            state.withUnsafeMutableBufferPointer { state in
              counts.withUnsafeMutableBufferPointer { counts in
                alpha.withUnsafeBufferPointer { alpha in
                  marks.withUnsafeBufferPointer { marks in
                    guard let x = x.baseAddress, let y = y.baseAddress,
                      let error = error.baseAddress, let state = state.baseAddress,
                      let counts = counts.baseAddress, let alpha = alpha.baseAddress
                    else { return }
                    body(
                      vfi_trace(
                        x: x, y: y, error: error, state: state, alpha: alpha, counts: counts,
                        height: height, width: width, hidden: hides ? marks.baseAddress : nil))
                  }
                }
              }
            }
          }
        }
      }
      for index in points.indices {
        points[index] = Point(
          place: SIMD2(x[index], y[index]), error: error[index], state: Int(state[index]))
      }
      return counts
    }
  }

  @Test(arguments: CPU.machineLevels) func waysAreThoseOfSinglePixels(level: CPULevel) {
    var random = SeededRandom(12)
    let kernel = KernelTable(level: level).holes.advanceTrace
    for (height, width) in [(1, 1), (5, 9), (13, 37), (24, 64)] {
      for (hides, goesOn) in [(false, false), (true, false), (true, true)] {
        let before = Scene(height, width, hides: hides, &random)
        let (rows, columns) = ((height + 3) / 4, (width + 3) / 4)
        let forward = NaiveHoles.Plane(
          height: rows, width: columns,
          values: zip(
            self.random(rows, columns, -1...1, &random), self.random(rows, columns, -1...1, &random)
          ).map { SIMD2($0, $1) })
        var backward = NaiveHoles.Plane(
          height: rows, width: columns, values: forward.values.map { -0.9 * $0 })
        backward.values[0].x = .nan
        let (left, right) = (width / 5, width)
        var after = before
        let counts = after.withTrace { trace in
          let flows = [forward, backward].map { plane in plane.values.flatMap { [$0.x, $0.y] } }
          flows[0].withUnsafeBufferPointer { ahead in
            flows[1].withUnsafeBufferPointer { back in
              guard let ahead = ahead.baseAddress, let back = back.baseAddress else { return }
              var step = vfi_trace_step(
                trace: trace, forward: ahead, backward: back, flow_height: rows,
                flow_width: columns, left: left, right: right, maximum_error: 4, goes_on: goesOn)
              kernel(&step, 0, height)
            }
          }
        }
        for y in 0..<height {
          var (open, found) = (0, 0)
          for x in 0..<width {
            let index = y * width + x
            var expected = before.points[index]
            if (left..<right).contains(x) {
              expected = NaiveHoles.advance(
                expected, isHole: before.alpha[index] > 0, forward: forward, backward: backward,
                hidden: before.hidden, height: height, width: width, maximumError: 4,
                goesOn: goesOn)
              if before.alpha[index] > 0 {
                open += expected.state == 1 ? 1 : 0
                found += expected.state == 2 ? 1 : 0
              }
            }
            let point = after.points[index]
            #expect(point.state == expected.state)
            if expected.state == 1 || expected.state == 2 {
              #expect(point.place == expected.place && point.error == expected.error)
            }
          }
          #expect(counts[2 * y] == open)
          // Rim pixels are never found by the kernel; what the scene began with does not count.
          #expect(counts[2 * y + 1] == found)
        }
      }
    }
  }

  /// Samples of a component, in the memory of a frame whose rows have room between samples.
  private struct Samples {
    let size: Int
    let shift: Int32
    let step: Int
    let plane: NaiveHoles.Plane<Float>
    let hidden: NaiveHoles.Plane<UInt8>?
    let bytes: [UInt8]

    init(
      _ height: Int, _ width: Int, size: Int, shift: Int32, hides: Bool,
      _ random: inout SeededRandom
    ) {
      self.size = size
      self.shift = shift
      step = 2 * size
      var (bytes, values) = ([UInt8](), [Float]())
      for index in 0..<height * width {
        var word = UInt32.random(in: 0...UInt32.max, using: &random)
        switch size {
        case 1: word &= 255
        case 2: word &= 0xffff
        default: word = index % 7 == 3 ? Float.nan.bitPattern : Float(index % 50).bitPattern
        }
        values.append(size == 4 ? Float(bitPattern: word) : Float(word >> UInt32(shift)))
        for byte in 0..<step { bytes.append(byte < size ? UInt8(word >> (8 * byte) & 255) : 99) }
      }
      self.bytes = bytes
      plane = NaiveHoles.Plane(height: height, width: width, values: values)
      hidden = hides ? Scene.marks(height, width, &random) : nil
    }

    func withView(_ shiftX: Int, _ shiftY: Int, _ body: (vfi_hole_samples) -> Void) {
      bytes.withUnsafeBufferPointer { bytes in
        (hidden?.values ?? [0]).withUnsafeBufferPointer { marks in
          guard let base = bytes.baseAddress else { return }
          body(
            vfi_hole_samples(
              base: base, stride: plane.width * step, step: step, size: size, shift: shift,
              height: plane.height, width: plane.width, shift_x: shiftX, shift_y: shiftY,
              hidden: hidden == nil ? nil : marks.baseAddress))
        }
      }
    }
  }

  private static let layouts: [(shiftX: Int, shiftY: Int, size: Int, shift: Int32)] = [
    (0, 0, 1, 0), (1, 1, 1, 0), (1, 0, 2, 0), (1, 1, 2, 6), (0, 0, 4, 0),
  ]

  @Test(arguments: CPU.machineLevels) func samplesAreTakenOneByOne(level: CPULevel) {
    var random = SeededRandom(13)
    let kernel = KernelTable(level: level).holes.collectSamples
    for (height, width) in [(1, 1), (7, 35), (18, 64)] {
      for (number, layout) in Self.layouts.enumerated() {
        let (shiftX, shiftY) = (layout.shiftX, layout.shiftY)
        var scene = Scene(height, width, hides: false, &random)
        let (rows, columns) = ((height + shiftY) >> shiftY, (width + shiftX) >> shiftX)
        let samples = Samples(
          rows, columns, size: layout.size, shift: layout.shift, hides: number != 1, &random)
        let cells = (width + 7) / 8
        var trust = self.random((height + 7) / 8, cells, 0...1, &random)
        trust[0] = 0
        let start = self.random(rows, 2 * columns, 0...9, &random)
        var sums = start
        let (left, right) = (columns / 6, columns)
        let points = scene.points
        _ = scene.withTrace { trace in
          samples.withView(shiftX, shiftY) { view in
            trust.withUnsafeBufferPointer { trust in
              sums.withUnsafeMutableBufferPointer { sums in
                guard let trust = trust.baseAddress, let sums = sums.baseAddress else { return }
                var collection = vfi_collection(
                  trace: trace, samples: view, trust: trust, trust_width: cells, distance: 1.5,
                  offset: -2, sums: sums, left: left, right: right)
                kernel(&collection, 0, rows)
              }
            }
          }
        }
        for y in 0..<rows {
          for x in 0..<columns {
            var expected = (start[2 * (y * columns + x)], start[2 * (y * columns + x) + 1])
            let pixels = (y << shiftY..<min((y + 1) << shiftY, height)).flatMap { row in
              (x << shiftX..<min((x + 1) << shiftX, width)).map { (row, $0) }
            }
            if x >= left,
              let (row, column) = pixels.first(where: {
                points[$0.0 * width + $0.1].state == 2
              })
            {
              let point = points[row * width + column]
              let motion = point.place - SIMD2(Float(column), Float(row))
              let place =
                SIMD2(Float(x), Float(y)) + motion
                * SIMD2(1 / Float(1 << shiftX), 1 / Float(1 << shiftY))
              let cell = trust[(y << shiftY) / 8 * cells + (x << shiftX) / 8]
              let weight = cell / (1.5 * (1 + point.error))
              if let value = NaiveHoles.sample(samples.plane, samples.hidden, place), weight > 0 {
                expected.0 += (value - 2) * weight
                expected.1 += weight
              }
            }
            #expect(sums[2 * (y * columns + x)] == expected.0)
            #expect(sums[2 * (y * columns + x) + 1] == expected.1)
          }
        }
      }
    }
  }

  @Test(arguments: CPU.machineLevels) func rimsAreSampledOneByOne(level: CPULevel) {
    var random = SeededRandom(14)
    let kernel = KernelTable(level: level).holes.rimSamples
    let (height, width) = (19, 43)
    for (number, layout) in Self.layouts.enumerated() {
      let (shiftX, shiftY) = (layout.shiftX, layout.shiftY)
      var scene = Scene(height, width, hides: number % 2 == 0, &random)
      let (rows, columns) = ((height + shiftY) >> shiftY, (width + shiftX) >> shiftX)
      let samples = Samples(
        rows, columns, size: layout.size, shift: layout.shift, hides: number != 1, &random)
      let listed = (0..<48).map { _ in
        (Int.random(in: 0..<rows, using: &random), Int.random(in: 0..<columns, using: &random))
      }
      let (listedRows, listedColumns) = (listed.map { Int32($0.0) }, listed.map { Int32($0.1) })
      var values = [Float](repeating: -1, count: 48)
      let points = scene.points
      _ = scene.withTrace { trace in
        samples.withView(shiftX, shiftY) { view in
          listedRows.withUnsafeBufferPointer { rows in
            listedColumns.withUnsafeBufferPointer { columns in
              values.withUnsafeMutableBufferPointer { values in
                guard let rows = rows.baseAddress, let columns = columns.baseAddress,
                  let values = values.baseAddress
                else { return }
                var arguments = vfi_rim_samples(
                  trace: trace, samples: view, columns: columns, rows: rows, values: values)
                kernel(&arguments, 16, 41)
              }
            }
          }
        }
      }
      #expect(values[..<16].allSatisfy { $0 == -1 })
      for index in 16..<41 {
        let (y, x) = listed[index]
        let point = points[(y << shiftY) * width + (x << shiftX)]
        let motion = point.place - SIMD2(Float(x << shiftX), Float(y << shiftY))
        let place =
          SIMD2(Float(x), Float(y)) + motion
          * SIMD2(1 / Float(1 << shiftX), 1 / Float(1 << shiftY))
        let isShown = point.state == 1 && !NaiveHoles.isHidden(scene.hidden, point.place)
        let expected = isShown ? NaiveHoles.sample(samples.plane, samples.hidden, place) : nil
        #expect(expected.map { $0 == values[index] } ?? values[index].isNaN)
      }
    }
  }
}

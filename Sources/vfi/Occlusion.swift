// SPDX-License-Identifier: MIT

/// What hides pixels: the four occlusion processes of unsupervised inpainting.
///
/// `training/vfi_training/occlusion.py` is the definition, with the formula of each; the same seed
/// gives the same masks there and here, which is a test. All arithmetic is that of 64-bit integers
/// but for the products of fractions and sides.
struct Occlusion {
  enum Process: String, CaseIterable {
    case raindrops, bar, pixels, clouds
  }

  var process: Process
  /// Number of raindrops.
  var count = 30
  /// Width of a raindrop or of the bar, in sides of the picture; nil: 1/64 or 0.1.
  var width: Double?
  /// Height of the bar, in sides of the picture.
  var height = 1.0
  /// Sides of the picture that things move in a frame; nil: 0.07, 0.05 of the bar, 0.02 of clouds.
  var speed: Double?
  /// Share of pixels that are hidden.
  var share = 0.6
  /// Size of the largest clouds, in smaller sides of the picture.
  var size = 0.5
  /// Of the clouds' field, 0...1, above which they hide.
  var threshold = 0.55

  /// Whether each pixel of frame `t` is hidden, row by row, of a picture of `columns` x `rows`.
  func mask(seed: UInt64, frame t: Int, rows: Int, columns: Int) -> [Bool] {
    let numbers = SeededNumbers(seed: seed)
    switch process {
    case .raindrops: return raindrops(numbers, t, rows, columns)
    case .bar: return bar(numbers, t, rows, columns)
    case .pixels:
      let limit = UInt64(pixels(share, 1 << 24))
      let first = t * rows * columns
      return (0..<rows * columns).map { numbers[UInt64(first + $0)] >> 40 < limit }
    case .clouds: return clouds(numbers, t, rows, columns)
    }
  }

  private func raindrops(
    _ numbers: SeededNumbers, _ t: Int, _ rows: Int, _ columns: Int
  ) -> [Bool] {
    var hidden = [Bool](repeating: false, count: rows * columns)
    let thick = min(max(1, pixels(width ?? 1 / 64, columns)), columns)
    let step = pixels(speed ?? 0.07, rows)
    for drop in 0..<count {
      let left = numbers.below(columns, 3 * drop)
      let top = numbers.below(rows, 3 * drop + 1)
      let length = numbers.below(rows, 3 * drop + 2) + 1
      for row in 0..<length {
        let y = (top + t * step + row) % rows
        for column in 0..<thick { hidden[y * columns + (left + column) % columns] = true }
      }
    }
    return hidden
  }

  private func bar(_ numbers: SeededNumbers, _ t: Int, _ rows: Int, _ columns: Int) -> [Bool] {
    var hidden = [Bool](repeating: false, count: rows * columns)
    let thick = min(max(1, pixels(width ?? 0.1, columns)), columns)
    let length = min(max(1, pixels(height, rows)), rows)
    let left = numbers.below(columns, 0) + t * pixels(speed ?? 0.05, columns)
    let top = numbers.below(rows, 1)
    for row in 0..<length {
      let y = (top + row) % rows
      for column in 0..<thick { hidden[y * columns + (left + column) % columns] = true }
    }
    return hidden
  }

  private func clouds(_ numbers: SeededNumbers, _ t: Int, _ rows: Int, _ columns: Int) -> [Bool] {
    let side = min(rows, columns)
    let motion = pixels(speed ?? 0.02, side * CloudOctave.unit)
    // A direction without sine and cosine: a point on the edge of a square.
    let along = numbers.below(2 * motion + 1, 0) - motion
    let across = numbers.below(2, 1) == 1 ? motion : -motion
    let isSteep = numbers.below(2, 2) == 1
    let (down, right) = isSteep ? (along, across) : (across, along)
    let octaves = (0..<3).map { octave in
      CloudOctave(
        numbers: SeededNumbers(seed: numbers[UInt64(16 + octave)]), shift: octave,
        cell: max(1, pixels(size, side) >> octave) * CloudOctave.unit, frame: t)
    }
    let most = octaves.reduce(0) { $0 + (65536 >> $1.shift) }
    let limit = pixels(threshold, most)
    var hidden: [Bool] = []
    hidden.reserveCapacity(rows * columns)
    for row in 0..<rows {
      for column in 0..<columns {
        let y = row * CloudOctave.unit - t * down
        let x = column * CloudOctave.unit - t * right
        hidden.append(octaves.reduce(0) { $0 + ($1.value(y, x) >> $1.shift) } > limit)
      }
    }
    return hidden
  }

  /// `fraction` of a side in whole pixels, half rounded up.
  private func pixels(_ fraction: Double, _ side: Int) -> Int {
    Int((fraction * Double(side) + 0.5).rounded(.down))
  }
}

/// The sequence of a seed (splitmix64), each number of it by its place.
struct SeededNumbers {
  let seed: UInt64

  subscript(index: UInt64) -> UInt64 {
    var z = seed &+ (index &+ 1) &* 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Number `index`, made one of `0..<limit`.
  func below(_ limit: Int, _ index: Int) -> Int {
    (Int(self[UInt64(index)] >> 40) * limit) >> 24
  }
}

/// One lattice of the clouds' value noise at one instant.
private struct CloudOctave {
  static let unit = 256
  private static let one = 4096
  private static let life = 48

  let numbers: SeededNumbers
  /// Of the octave: cells and values are halved so often.
  let shift: Int
  let cell: Int
  private let epoch: UInt64
  private let age: Int

  init(numbers: SeededNumbers, shift: Int, cell: Int, frame: Int) {
    self.numbers = numbers
    self.shift = shift
    self.cell = cell
    let life = Self.life >> shift
    epoch = UInt64(frame / life)
    age = Self.smooth(frame % life * Self.one / life)
  }

  /// 0..<65536 at a place in `unit`s of a pixel.
  func value(_ y: Int, _ x: Int) -> Int {
    let (row, down) = place(y)
    let (column, right) = place(x)
    func corner(_ dt: UInt64, _ dy: UInt64, _ dx: UInt64) -> Int {
      let index =
        (epoch &+ dt) &* 0x9E37_79B9_7F4A_7C15 &+ (row &+ dy) &* 0xC2B2_AE3D_27D4_EB4F
        &+ (column &+ dx) &* 0x1656_67B1_9E37_79F9
      return Int(numbers[index] >> 48)
    }
    func plane(_ dt: UInt64) -> Int {
      Self.between(
        Self.between(corner(dt, 0, 0), corner(dt, 0, 1), right),
        Self.between(corner(dt, 1, 0), corner(dt, 1, 1), right), down)
    }
    return Self.between(plane(0), plane(1), age)
  }

  /// Number of the cell, which may be negative, and the smoothed place in it.
  private func place(_ coordinate: Int) -> (UInt64, Int) {
    var (quotient, remainder) = coordinate.quotientAndRemainder(dividingBy: cell)
    if remainder < 0 {
      quotient -= 1
      remainder += cell
    }
    return (UInt64(bitPattern: Int64(quotient)), Self.smooth(remainder * Self.one / cell))
  }

  private static func smooth(_ share: Int) -> Int {
    share * share * (3 * one - 2 * share) / (one * one)
  }

  private static func between(_ a: Int, _ b: Int, _ share: Int) -> Int {
    (a * (one - share) + b * share) / one
  }
}

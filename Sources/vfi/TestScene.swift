// SPDX-License-Identifier: MIT
import Glibc

/// A drawn film for trying the program where no clip is at hand.
///
/// Layers of noise texture move at speeds that grow as they come nearer (parallax); a disc turns
/// while it crosses the picture, posts in front cover and uncover all that is behind them, and
/// every frame has grain of its own. So motion is neither uniform nor trivial.
struct TestScene {
  let width: Int
  let height: Int
  private let hillNoise = NoiseTexture(seed: 1, octaves: 6)
  private let bushNoise = NoiseTexture(seed: 2, octaves: 5)
  private let discNoise = NoiseTexture(seed: 3, octaves: 4)
  private let postNoise = NoiseTexture(seed: 4, octaves: 5)

  /// A colour with components from 0 to 255.
  typealias Colour = SIMD3<Float>

  /// Draws the moment `seconds`, as packed RGB; `frame` decides the grain.
  func render(at seconds: Float, frame: Int, into row: (Int, [UInt8]) -> Void) {
    var bytes = [UInt8](repeating: 0, count: 3 * width)
    var grain = UInt32(truncatingIfNeeded: frame) &* 2_654_435_761 | 1
    for y in 0..<height {
      for x in 0..<width {
        grain = Self.random(after: grain)
        let noise = Float(grain >> 24) / 32 - 4
        let colour = self.colour(Float(x), Float(y), seconds) + noise
        let clamped = colour.clamped(lowerBound: .zero, upperBound: Colour(repeating: 255))
        for channel in 0..<3 { bytes[3 * x + channel] = UInt8(clamped[channel]) }
      }
      row(y, bytes)
    }
  }

  /// The nearest layer that covers a place.
  private func colour(_ x: Float, _ y: Float, _ time: Float) -> Colour {
    if let colour = post(x, y, time) { return colour }
    if let colour = disc(x, y, time) { return colour }
    if let colour = bush(x, y, time) { return colour }
    return hill(x, y, time)
  }

  /// The background: moves slowly and comes a little nearer.
  private func hill(_ x: Float, _ y: Float, _ time: Float) -> Colour {
    let zoom = 1 - 0.03 * time
    let (u, v) = ((x - Float(width) / 2) * zoom + 25 * time, (y - Float(height) / 2) * zoom)
    let tone = hillNoise[u * 1.1, v * 1.1]
    let sky = 1 - y / Float(height)
    return Colour(70, 95, 120) + Colour(90, 80, 55) * (tone - 0.3) + Colour(30, 45, 80) * sky
  }

  /// The middle: a ragged edge, three times as fast as the background.
  private func bush(_ x: Float, _ y: Float, _ time: Float) -> Colour? {
    let u = x + 80 * time
    let edge = Float(height) * (0.62 + 0.25 * (bushNoise[u * 0.35, 40] - 0.5))
    guard y > edge else { return nil }
    return Colour(30, 55, 25) + Colour(90, 120, 60) * bushNoise[u * 1.7, y * 1.7]
  }

  /// A disc that turns three times in four seconds and crosses the picture on an arc.
  private func disc(_ x: Float, _ y: Float, _ time: Float) -> Colour? {
    let radius = Float(height) * 0.2
    let centreX = Float(width) * (0.85 - 0.25 * time)
    let centreY = Float(height) * (0.38 + 0.14 * sin(2.2 * time))
    let (dx, dy) = (x - centreX, y - centreY)
    guard dx * dx + dy * dy < radius * radius else { return nil }
    let angle = 4.7 * time
    let (u, v) = (cos(angle) * dx + sin(angle) * dy, cos(angle) * dy - sin(angle) * dx)
    let isLight = (u < 0) == (v < 0)
    let base = isLight ? Colour(205, 80, 50) : Colour(120, 35, 60)
    return base * (0.5 + discNoise[u * 3 + 200, v * 3 + 200])
  }

  /// Posts in front, the fastest of all.
  private func post(_ x: Float, _ y: Float, _ time: Float) -> Colour? {
    let u = x + 190 * time
    let inside = u - 170 * (u / 170).rounded(.down)
    guard inside < 18, y > Float(height) * 0.3 else { return nil }
    let shade = 0.55 + 0.45 * sin(inside / 18 * .pi)
    return Colour(150, 140, 130) * shade * (0.55 + 0.7 * postNoise[u * 4, y * 2.5])
  }

  /// The next number of a xorshift sequence.
  static func random(after state: UInt32) -> UInt32 {
    var state = state
    state ^= state << 13
    state ^= state >> 17
    state ^= state << 5
    return state
  }
}

/// Smooth random values from 0 to 1 that repeat every 512 units each way.
struct NoiseTexture {
  private static let size = 512
  private var values = [Float](repeating: 0, count: size * size)

  /// Sums `octaves` grids of random values, each twice as fine and 0.6 times as strong.
  init(seed: UInt32, octaves: Int) {
    var state = seed &* 747_796_405 | 1
    var (strength, sum): (Float, Float) = (1, 0)
    for octave in 0..<octaves {
      let cells = 8 << octave
      var grid = [Float](repeating: 0, count: cells * cells)
      for index in grid.indices {
        state = TestScene.random(after: state)
        grid[index] = Float(state >> 8) / Float(1 << 24)
      }
      add(grid, cells, strength)
      sum += strength
      strength *= 0.6
    }
    for index in values.indices { values[index] /= sum }
  }

  private mutating func add(_ grid: [Float], _ cells: Int, _ strength: Float) {
    let scale = Float(cells) / Float(Self.size)
    for y in 0..<Self.size {
      for x in 0..<Self.size {
        let value = Self.sample(grid, cells, Float(x) * scale, Float(y) * scale)
        values[y * Self.size + x] += strength * value
      }
    }
  }

  /// The value at a place, bilinear between the stored ones.
  subscript(x: Float, y: Float) -> Float { Self.sample(values, Self.size, x, y) }

  private static func sample(_ grid: [Float], _ size: Int, _ x: Float, _ y: Float) -> Float {
    let (left, top) = (x.rounded(.down), y.rounded(.down))
    let (fx, fy) = (x - left, y - top)
    // `size` is a power of two, so that the mask wraps, also below zero.
    let (column, row) = (Int(left) & (size - 1), Int(top) & (size - 1))
    let (nextColumn, nextRow) = ((column + 1) & (size - 1), (row + 1) & (size - 1))
    let upper = grid[row * size + column] * (1 - fx) + grid[row * size + nextColumn] * fx
    let lower = grid[nextRow * size + column] * (1 - fx) + grid[nextRow * size + nextColumn] * fx
    return upper * (1 - fy) + lower * fy
  }
}

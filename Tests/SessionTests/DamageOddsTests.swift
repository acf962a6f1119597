// SPDX-License-Identifier: MIT
import CIntrinsics
import TestSupport
import Testing
import VFIEngine

/// What the odds of damage are made of, against plain sums.
@Suite struct DamageOddsTests {
  private let engine: Engine
  private let arena: Arena

  init() throws {
    engine = Engine(runner: try ThreadPool(threads: 2))
    arena = Arena(ledger: engine.ledger)
  }

  private static let sizes = [(8, 8), (10, 34), (26, 18), (50, 46)]

  @Test(arguments: sizes) func differencesOfBlocks(height: Int, width: Int) throws {
    var random = SeededRandom(UInt64(height * 100 + width))
    func picture() throws -> (samples: [[Float]], luma: LumaPyramid) {
      let samples = (0..<height).map { _ in
        (0..<width).map { _ in Float(Int.random(in: 0...255, using: &random)) }
      }
      let luma = try LumaPyramid(height: height, width: width, in: arena, on: engine) { level in
        for y in 0..<height {
          for x in 0..<width { level.base[y * level.stride + x] = samples[y][x] }
        }
      }
      return (samples, luma)
    }
    let (one, first) = try picture()
    let (other, second) = try picture()
    func naive(_ row: Int, _ column: Int, _ vector: BlockVector) -> Float {
      func at(_ samples: [[Float]], _ y: Int, _ x: Int) -> Float {
        samples[min(max(y, 0), height - 1)][min(max(x, 0), width - 1)]
      }
      var least = Float.infinity
      for dy in -1...1 {
        for dx in -1...1 {
          var sum: Float = 0
          for y in 8 * row..<8 * row + 8 {
            for x in 8 * column..<8 * column + 8 {
              sum += abs(
                at(one, y, x) - at(other, y + Int(vector.y) + dy, x + Int(vector.x) + dx))
            }
          }
          least = min(least, sum / 64)
        }
      }
      return least
    }
    for row in 0..<(height + 7) / 8 {
      for column in 0..<(width + 7) / 8 {
        for reach in [0, 3, 12, 400] as [Int32] {
          let vector = BlockVector(
            Int32.random(in: -reach...reach, using: &random),
            Int32.random(in: -reach...reach, using: &random))
          // Sums of whole numbers are exact.
          #expect(
            first[0].difference(row, column, second[0], vector) == naive(row, column, vector))
        }
      }
    }
  }

  @Test(arguments: [(1, 1), (16, 16), (17, 35), (40, 33), (64, 49)])
  func seamsOfBlocks(height: Int, width: Int) throws {
    var random = SeededRandom(UInt64(height + width))
    let luma = try arena.grid(UInt8(0), height: height, width: width)
    for y in 0..<height {
      for x in 0..<width { luma[y, x] = UInt8.random(in: 0...255, using: &random) }
    }
    let seams = try BlockSeams(luma, in: arena, on: engine).values
    #expect(seams.height == (height + 15) / 16 && seams.width == (width + 15) / 16)
    func jump(_ y: Int, _ x: Int, _ otherY: Int, _ otherX: Int) -> Float {
      abs(Float(luma[y, x]) - Float(luma[otherY, otherX]))
    }
    for row in 0..<seams.height {
      for column in 0..<seams.width {
        let (top, left) = (16 * row, 16 * column)
        let (bottom, right) = (min(top + 16, height), min(left + 16, width))
        var expected: Float = 0
        if left > 0, left + 1 < width {
          let sum = (top..<bottom).reduce(Float(0)) { sum, y in
            let beside = jump(y, left - 1, y, left - 2) + jump(y, left + 1, y, left)
            return sum + jump(y, left, y, left - 1) - beside / 2
          }
          expected = max(expected, sum / Float(bottom - top))
        }
        if top > 0, top + 1 < height {
          let sum = (left..<right).reduce(Float(0)) { sum, x in
            let beside = jump(top - 1, x, top - 2, x) + jump(top + 1, x, top, x)
            return sum + jump(top, x, top - 1, x) - beside / 2
          }
          expected = max(expected, sum / Float(right - left))
        }
        #expect(seams[row, column] == expected)
      }
    }
  }
}

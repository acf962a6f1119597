// SPDX-License-Identifier: MIT
import CIntrinsics
import TestSupport
import Testing
import VFIEngine

@Suite struct BlockTests {
  private func bytes(_ count: Int, _ random: inout SeededRandom) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
  }

  @Test(arguments: CPU.machineLevels) func searchFindsTheLeastDifference(level: CPULevel) {
    let kernels = KernelTable(level: level).block
    var random = SeededRandom(1)
    for (width, height) in [(31, 23), (8, 8), (9, 1), (1, 5), (64, 36)] {
      let a = bytes(width * height, &random)
      let b = bytes(width * height, &random)
      for _ in 0..<20 {
        let columns = Int.random(in: 1...min(8, width), using: &random)
        let rows = Int.random(in: 1...min(8, height), using: &random)
        let x = Int.random(in: 0...width - columns, using: &random)
        let y = Int.random(in: 0...height - rows, using: &random)
        let reach = Int.random(in: 0...5, using: &random)
        var expected = Int32.max
        for v in max(0, y - reach)...min(height - rows, y + reach) {
          for u in max(0, x - reach)...min(width - columns, x + reach) {
            var sum: Int32 = 0
            for r in 0..<rows {
              for c in 0..<columns {
                sum += abs(Int32(a[(y + r) * width + x + c]) - Int32(b[(v + r) * width + u + c]))
              }
            }
            expected = min(expected, sum)
          }
        }
        #expect(kernels.blockSearch(a, b, width, height, x, y, columns, rows, reach) == expected)
      }
    }
  }

  @Test(arguments: CPU.machineLevels) func activityIsTheDistanceFromTheMean(level: CPULevel) {
    let kernels = KernelTable(level: level).block
    let block: [UInt8] = [0, 10, 99, 20, 30, 99]
    #expect(kernels.blockActivity(block, 3, 2, 2) == 15 + 5 + 5 + 15)
    #expect(kernels.blockActivity(block, 3, 1, 1) == 0)
  }

  @Test(arguments: CPU.machineLevels) func blocksAgreeUpToTheLimit(level: CPULevel) {
    let kernels = KernelTable(level: level).block
    var random = SeededRandom(2)
    for samples in 1...34 {
      let a = bytes(4 * samples * 3, &random).map { $0 / 2 + 3 }
      for difference: Float in [0, 2, 3] {
        var b = a
        let place = Int.random(in: 0..<3 * samples, using: &random)
        b[place] = a[place] + UInt8(difference)
        let agrees = a.withUnsafeBytes { a in
          b.withUnsafeBytes { b in
            guard let a = a.baseAddress, let b = b.baseAddress else { return false }
            var pair = vfi_block_pair(
              a: a, b: b, a_stride: samples, b_stride: samples, samples: samples, rows: 3, limit: 2)
            return kernels.blockAgreesBytes(&pair)
          }
        }
        #expect(agrees == (difference <= 2))
      }
      let words = a.map { UInt16($0) * 17 }
      let floats = a.map { Float($0) }
      var otherWords = words
      otherWords[samples - 1] += 9
      var otherFloats = floats
      otherFloats[samples - 1] = .nan
      for limit: Float in [8, 9] {
        #expect(
          agree(words, otherWords, 2, samples, limit, kernels.blockAgreesWords) == (limit == 9))
      }
      #expect(agree(floats, floats, 4, samples, 0, kernels.blockAgreesFloats))
      #expect(!agree(floats, otherFloats, 4, samples, 1e9, kernels.blockAgreesFloats))
    }
  }

  private func agree<T>(
    _ a: [T], _ b: [T], _ size: Int, _ samples: Int, _ limit: Float, _ kernel: BlockKernels.Agrees
  ) -> Bool {
    a.withUnsafeBytes { a in
      b.withUnsafeBytes { b in
        guard let a = a.baseAddress, let b = b.baseAddress else { return false }
        var pair = vfi_block_pair(
          a: a, b: b, a_stride: samples * size, b_stride: samples * size, samples: samples, rows: 3,
          limit: limit)
        return kernel(&pair)
      }
    }
  }
}

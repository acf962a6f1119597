// SPDX-License-Identifier: MIT
import VFIEngine

@main
struct Benchmark {
  static let shapes: [ConvolutionBenchmark.Shape] = [
    .init(inputs: 32, outputs: 32), .init(inputs: 64, outputs: 64),
    .init(inputs: 96, outputs: 96), .init(inputs: 144, outputs: 144, height: 90, width: 160),
    .init(inputs: 72, outputs: 72, height: 360, width: 640),
    .init(inputs: 24, outputs: 24, height: 360, width: 640),
    .init(inputs: 3, outputs: 24, height: 360, width: 640),
    .init(inputs: 64, outputs: 64, kernel: 1), .init(inputs: 64, outputs: 64, transposed: true),
    .init(inputs: 72, outputs: 8, height: 360, width: 640, transposed: true),
  ]

  static func main() throws {
    for level in CPU.machineLevels {
      try convolutions(KernelTable(level: level), rounds: 7)
    }
  }

  static func convolutions(_ kernels: KernelTable, rounds: Int) throws {
    let engine = Engine(kernels: kernels, runner: try ThreadPool(threads: 1))
    let benchmarks = try shapes.map { try ConvolutionBenchmark($0, engine: engine) }
    var peaks: [Double] = []
    var rates = [[Double]](repeating: [], count: benchmarks.count)
    for _ in 0..<rounds {
      for (index, benchmark) in benchmarks.enumerated() {
        peaks.append(try peak(kernels))
        rates[index].append(try benchmark.measure())
      }
    }
    let best = median(peaks)
    print("\(kernels.level): peak \(best) GFLOP/s")
    for (benchmark, values) in zip(benchmarks, rates) {
      print("  \(benchmark.shape.name): \(median(values)) \(100 * median(values) / best) %")
    }
  }

  static func peak(_ kernels: KernelTable) throws(VFIError) -> Double {
    let rounds = 2_000_000
    var result: Float = 0
    let time = try nanoseconds { result = kernels.peak.run(rounds, 0.5, 1) }
    precondition(result.isFinite)
    return Double(rounds * kernels.peak.operations) / time
  }
}

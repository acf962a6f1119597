// SPDX-License-Identifier: MIT
import Glibc
import TestSupport
import VFIEngine

/// Speed of the engine: `vfi-bench [COMMIT] [ROUNDS] [MODEL FILE ...]`.
///
/// Convolutions are given as a share of the multiply-add peak that the same program measures, both
/// in processor time; models in wall time. Everything is the median of interleaved rounds. With one
/// round only the models are measured.
@main
struct Benchmark {
  static let dense: [ConvolutionBenchmark.Shape] = [
    .init(inputs: 32, outputs: 32), .init(inputs: 64, outputs: 64),
    .init(inputs: 96, outputs: 96), .init(inputs: 144, outputs: 144, height: 90, width: 160),
    .init(inputs: 72, outputs: 72, height: 360, width: 640),
    .init(inputs: 24, outputs: 24, height: 360, width: 640),
    .init(inputs: 3, outputs: 24, height: 360, width: 640),
    .init(inputs: 64, outputs: 64, kernel: 1),
    .init(inputs: 64, outputs: 64, transposed: true),
    .init(inputs: 72, outputs: 8, height: 360, width: 640, transposed: true),
  ]
  static let sparse: [ConvolutionBenchmark.Shape] = [100, 50, 25, 10].map {
    .init(inputs: 64, outputs: 64, activePercent: $0)
  }

  /// These do 4/9 of the products that they are counted with.
  static let winograd: [ConvolutionBenchmark.Shape] = [
    .init(inputs: 32, outputs: 32, winograd: true), .init(inputs: 64, outputs: 64, winograd: true),
    .init(inputs: 144, outputs: 144, height: 90, width: 160, winograd: true),
    .init(inputs: 72, outputs: 72, height: 360, width: 640, winograd: true),
    .init(inputs: 24, outputs: 24, height: 360, width: 640, winograd: true),
  ]

  let rounds: Int

  static func main() throws {
    let arguments = CommandLine.arguments
    let benchmark = Benchmark(rounds: arguments.count > 2 ? max(1, Int(arguments[2]) ?? 7) : 7)
    print("machine: \(machineName()), \(CPU.count) CPUs, level \(CPU.level)")
    print("commit:  \(arguments.count > 1 ? arguments[1] : "unknown")")
    for level in CPU.machineLevels where benchmark.rounds > 1 {
      try benchmark.convolutions(level, .fastest(level))
    }
    try benchmark.blocks()
    try benchmark.frames()
    try benchmark.models(arguments.dropFirst(3))
  }

  /// Convolutions of one level, each beside a measurement of the peak.
  func convolutions(_ level: CPULevel, _ arithmetic: Arithmetic) throws {
    let kernels = KernelTable(level: level, quantizes: arithmetic == .int8)
    let precision = arithmetic.features
    let engine = Engine(kernels: kernels, runner: try ThreadPool(threads: 1))
    let benchmarks = try (Self.dense + Self.winograd + Self.sparse).map {
      try ConvolutionBenchmark($0, precision, engine: engine)
    }
    var peaks: [Double] = []
    var times = [[Double]](repeating: [], count: benchmarks.count)
    var operations = [Double](repeating: 0, count: benchmarks.count)
    for _ in 0..<rounds {
      for (index, benchmark) in benchmarks.enumerated() {
        peaks.append(peak(kernels.peak[precision]))
        let result = try benchmark.measure()
        times[index].append(result.duration.processor)
        operations[index] = result.operations
      }
    }
    let peak = median(peaks)
    print("\n\(level), \(arithmetic): peak of \(precision) \(format(peak, 1)) GFLOP/s a thread")
    print("      ms  GFLOP/s  of peak")
    for (index, benchmark) in benchmarks.enumerated() {
      let time = median(times[index])
      let rate = operations[index] / time
      print(
        format(time / 1e6, 2, width: 8), format(rate, 1, width: 8),
        format(100 * rate / peak, 0, width: 6), "% ", benchmark.shape.name)
    }
  }

  /// Floating-point operations per nanosecond of the level's multiply-add alone.
  private func peak(_ kernel: PeakKernel) -> Double {
    let count = 2_000_000
    var result: Float = 0
    let duration = Duration { result = kernel.run(count, 0.5, 1) }
    precondition(result.isFinite)
    return Double(count * kernel.operations) / duration.processor
  }

  /// UGSP's sparse blocks at several active shares, one thread, in what the machine has.
  func blocks() throws {
    let engine = Engine(runner: try ThreadPool(threads: 1))
    print("\nUGSP's sparse blocks at \(ModelBenchmark.width)x\(ModelBenchmark.height), 8x8 blobs")
    print("  CPU ms  of the time at 100 %")
    let fastest = Arithmetic.fastest(engine.kernels.level).features
    for precision in fastest == .float32 ? [fastest] : [.float32, fastest] {
      for shape in BlockBenchmark.shapes {
        try blocks([100, 50, 25, 10].map { try .init(shape, $0, precision, engine: engine) })
      }
    }
  }

  /// One block at several active shares.
  private func blocks(_ benchmarks: [BlockBenchmark]) throws {
    // The first run grows the arena, the second one touches its memory for the first time.
    for _ in 0..<2 { _ = try benchmarks[0].measure() }
    var times = [[Double]](repeating: [], count: benchmarks.count)
    for _ in 0..<min(3, rounds) {
      for (index, benchmark) in benchmarks.enumerated() {
        times[index].append(try benchmark.measure().processor)
      }
    }
    for (index, benchmark) in benchmarks.enumerated() {
      let time = median(times[index])
      print(
        format(time / 1e6, 1, width: 8), format(100 * time / median(times[0]), 1, width: 7),
        "% ", benchmark.name)
    }
  }

  /// Conversion, scene score and synthesis.
  func frames() throws {
    let benchmarks = try [PixelFormat.yuv420p8, .yuv420p10, .bgra].flatMap { format in
      try [1, 2].map { try FrameBenchmark(format, threads: $0) }
    }
    print("\nframes at \(ModelBenchmark.width)x\(ModelBenchmark.height)")
    print("   wall ms  CPU ms")
    for benchmark in benchmarks {
      let results = try (0..<max(3, rounds)).map { _ in try benchmark.measure() }
      for (index, step) in results[0].enumerated() {
        line(results.map { [$0[index].duration] }, "\(benchmark.name): \(step.step)")
      }
    }
  }

  /// IFRNet-S with random weights, the default model, and the models of `paths`.
  func models(_ paths: ArraySlice<String>) throws {
    var files = [try IFRNetWeights.variants[0].file()]
    do { files.append(try .embedded()) } catch { print("\nno default model: \(error)") }
    for path in paths { files.append(try WeightFile(path: path)) }
    let benchmarks = try files.flatMap { file in
      try Arithmetic.allCases.flatMap { arithmetic in
        try [1, 2].compactMap { try ModelBenchmark(file, arithmetic, threads: $0) }
      }
    }
    print("\nmodels at \(ModelBenchmark.width)x\(ModelBenchmark.height)")
    print("   wall ms  CPU ms")
    var results = [[[(step: String, duration: Duration)]]](
      repeating: [], count: benchmarks.count)
    for _ in 0..<max(3, rounds / 2) {
      for (index, benchmark) in benchmarks.enumerated() {
        results[index].append(try benchmark.measure())
      }
    }
    for (benchmark, rounds) in zip(benchmarks, results) {
      let macs = format(Double(try benchmark.multiplyAdds()) / 1e9, 1)
      line(
        rounds.map { $0.map(\.duration) }, "\(benchmark.name): one frame, \(macs) G multiply-adds")
      for (index, step) in rounds[0].enumerated() {
        line(rounds.map { [$0[index].duration] }, "  \(step.step)")
      }
    }
  }

  /// Prints medians over rounds of sums over steps.
  private func line(_ rounds: [[Duration]], _ name: String) {
    let wall = median(rounds.map { $0.reduce(0) { $0 + $1.wall } })
    let processor = median(rounds.map { $0.reduce(0) { $0 + $1.processor } })
    print(format(wall / 1e6, 1, width: 10), format(processor / 1e6, 1, width: 7), " \(name)")
  }

  /// The processor's name as Linux tells it.
  private static func machineName() -> String {
    guard let file = unsafe fopen("/proc/cpuinfo", "r") else { return "unknown" }
    defer { unsafe fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while unsafe fgets(&line, Int32(line.count), file) != nil {
      let text = String(decoding: line.prefix { $0 > 0 }.map { UInt8($0) }, as: UTF8.self)
      let parts = text.split(separator: ":", maxSplits: 1)
      if parts.count == 2, parts[0].hasPrefix("model name") {
        return parts[1].split(whereSeparator: \.isWhitespace).joined(separator: " ")
      }
    }
    return "unknown"
  }
}

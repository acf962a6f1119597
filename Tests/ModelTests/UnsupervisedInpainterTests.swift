// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

/// The generator of unsupervised inpainting against the stages that PyTorch computed in float64.
@Suite struct UnsupervisedInpainterTests {
  /// Through up to 20 layers.
  private static let tolerance: Float = 1e-4

  private struct Case {
    let engine: Engine
    let model: UnsupervisedInpainter
    let fixture: Fixture
    let window: [MaskedFrame]
    let memory: InpaintMemory

    init(level: CPULevel = CPU.level, threads: Int = 2) throws {
      engine = Engine(
        kernels: KernelTable(level: level), runner: try ThreadPool(threads: threads))
      model = try #require(
        try openInpainter(try UnsupervisedWeights.file(), kernels: engine.kernels)
          as? UnsupervisedInpainter)
      let fixture = try Fixture("unsup")
      self.fixture = fixture
      window = try (0..<3).map { t in
        MaskedFrame(image: try fixture.map("frames", t), mask: try fixture.map("masks", t))
      }
      memory = try model.makeMemory(height: 10, width: 14, ledger: engine.ledger)
    }
  }

  @Test(arguments: CPU.machineLevels) func stagesMatchPyTorch(level: CPULevel) throws {
    let test = try Case(level: level)
    var seen: [String] = []
    let features = try test.model.features(test.window, on: test.engine) { name, features in
      seen.append(name)
      for t in 0..<3 {
        let error = (try? test.fixture.map(name, t)).map { relativeError(features[t], $0) }
        #expect(error ?? .infinity < Self.tolerance, "\(name) of frame \(t)")
      }
    }
    #expect(
      seen == ["block0", "block1", "block2", "block3", "block4", "attention", "block5"])
    let out = try test.fixture.arena.map(height: 10, width: 14, channels: 3)
    for t in 0..<3 {
      try test.model.picture(features, t, into: out, on: test.engine)
      #expect(relativeError(out, try test.fixture.map("out", t)) < Self.tolerance)
    }
  }

  @Test func fillsTheHoleOfTheMiddleFrameOnly() throws {
    let test = try Case()
    let (frame, made) = (test.window[1], try test.fixture.map("out", 1))
    let result = try test.model.fill(test.window, memory: test.memory, on: test.engine)
    for y in 0..<10 {
      for x in 0..<14 {
        for c in 0..<3 {
          if frame.mask[y, x, 0] > 0 {
            #expect(abs(result[y, x, c] - (made[y, x, c] + 1) / 2) < Self.tolerance)
          } else {
            #expect(result[y, x, c] == frame.image[y, x, c])
          }
        }
      }
    }
  }

  @Test func whatStandsInAHoleIsNotLookedAt() throws {
    let test = try Case()
    let first = bits(try test.model.fill(test.window, memory: test.memory, on: test.engine))
    for frame in test.window {
      for y in 0..<10 {
        for x in 0..<14 where frame.mask[y, x, 0] > 0 { frame.image[y, x, 1] = .nan }
      }
    }
    #expect(bits(try test.model.fill(test.window, memory: test.memory, on: test.engine)) == first)
  }

  @Test func anyNumberOfThreadsGivesTheSameBytes() throws {
    let results = try [1, 3].map { threads in
      let test = try Case(threads: threads)
      return bits(try test.model.fill(test.window, memory: test.memory, on: test.engine))
    }
    #expect(results[0] == results[1])
  }

  @Test func laterCallsTakeNoMoreMemory() throws {
    let test = try Case()
    _ = try test.model.fill(test.window, memory: test.memory, on: test.engine)
    try test.engine.scratch.reset()
    let before = test.engine.ledger.allocationCount
    _ = try test.model.fill(test.window, memory: test.memory, on: test.engine)
    #expect(test.engine.ledger.allocationCount == before)
  }

  @Test func tellsWhatItIs() throws {
    let test = try Case()
    #expect(test.model.info.task == "inpaint")
    #expect(test.model.offsets == [-1, 0, 1])
    // 27 products of each pair of channels of conv1 and conv2, one of the shortcuts; three frames.
    let sides = [3, 4, 64, 32, 16, 8, 4]
    let blocks = zip(sides, sides.dropFirst()).reduce(0) {
      $0 + 27 * ($1.0 + $1.1) * $1.1 + $1.0 * $1.1
    }
    let attention = 8 * (1 + 1 + 4) + 4 * 8
    #expect(
      test.model.info.kmacPerPixel == Double(3 * (blocks + attention + 27 * 4 * 3)) / 1000)
  }

  @Test(arguments: ["", "2", "65", "seven"]) func refusesOtherLengths(frames: String) throws {
    let file = try UnsupervisedWeights.file(frames: frames)
    #expect(throws: VFIError.self) { try openInpainter(file) }
  }

  @Test func refusesFilesThatLackATensor() throws {
    for name in ["blocks.3.shift", "attention.key.bias", "last.weight", "scale"] {
      let file = try UnsupervisedWeights.file(leavingOut: name)
      #expect(throws: VFIError.model("there is no tensor '\(name)'")) { try openInpainter(file) }
    }
    let file = try UnsupervisedWeights.file()
    #expect(throws: VFIError.model("'unsup-4' fills holes, it does not interpolate")) {
      try openModel(file)
    }
  }

  @Test func refusesOddSidesAndOtherSizes() throws {
    let test = try Case()
    #expect(throws: VFIError.self) {
      try test.model.makeMemory(height: 10, width: 13, ledger: test.engine.ledger)
    }
    let memory = try test.model.makeMemory(height: 12, width: 14, ledger: test.engine.ledger)
    #expect(throws: VFIError.self) {
      try test.model.fill(test.window, memory: memory, on: test.engine)
    }
  }
}

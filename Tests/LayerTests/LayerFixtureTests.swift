// SPDX-License-Identifier: MIT
import TestSupport
import Testing
import VFIEngine

/// Layers against values that PyTorch computed in float64.
@Suite struct LayerFixtureTests {
  /// Float32 sums of at most 147 products.
  static let tolerance: Float = 2e-6

  struct Case: CustomTestStringConvertible {
    var name: String
    var kernel = 3
    var stride = 1
    var dilation = 1
    var testDescription: String { name }
  }

  static let cases = [
    Case(name: "conv3x3"), Case(name: "conv3x3_s2", stride: 2),
    Case(name: "conv3x3_d2", dilation: 2), Case(name: "conv1x1", kernel: 1),
    Case(name: "conv7x7_s2", kernel: 7, stride: 2),
  ]

  @Test(arguments: cases, CPU.machineLevels)
  func convolution(_ test: Case, level: CPULevel) throws {
    let fixture = try Fixture("layers")
    let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 1))
    let (input, expected) = (
      try fixture.map("\(test.name).input"), try fixture.map("\(test.name).output")
    )
    let layer = try Convolution(
      fixture.file, test.name, inputs: input.channels, outputs: expected.channels,
      kernel: test.kernel, stride: test.stride, dilation: test.dilation, kernels: engine.kernels)
    let output = try fixture.arena.map(
      height: expected.height, width: expected.width, channels: expected.channels)
    try layer(input, into: output, on: engine)
    #expect(relativeError(output, expected) < Self.tolerance)
  }

  @Test(arguments: CPU.machineLevels)
  func transposedConvolution(level: CPULevel) throws {
    let fixture = try Fixture("layers")
    let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 1))
    let (input, expected) = (try fixture.map("deconv4.input"), try fixture.map("deconv4.output"))
    let layer = try TransposedConvolution(
      fixture.file, "deconv4", inputs: input.channels, outputs: expected.channels,
      kernels: engine.kernels)
    let output = try fixture.arena.map(
      height: expected.height, width: expected.width, channels: expected.channels)
    try layer(input, into: output, on: engine)
    #expect(relativeError(output, expected) < Self.tolerance)
  }
}

@Suite struct MotionFixtureTests {
  @Test(arguments: CPU.machineLevels)
  func warp(level: CPULevel) throws {
    let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 1))
    let fixture = try Fixture("layers")
    let expected = try fixture.map("warp.output")
    let output = try fixture.arena.map(
      height: expected.height, width: expected.width, channels: expected.channels)
    try backwardWarp(
      try fixture.map("warp.input"), flow: try fixture.map("warp.flow"), into: output, on: engine)
    #expect(relativeError(output, expected) < 1e-5)
  }

  @Test(arguments: CPU.machineLevels, ["x2", "x0.5", "x0.25"])
  func resize(level: CPULevel, factor: String) throws {
    let engine = Engine(kernels: KernelTable(level: level), runner: try ThreadPool(threads: 1))
    let fixture = try Fixture("layers")
    let expected = try fixture.map("resize.\(factor)")
    let output = try fixture.arena.map(
      height: expected.height, width: expected.width, channels: expected.channels)
    try resizeBilinear(try fixture.map("resize.input"), into: output, on: engine)
    #expect(relativeError(output, expected) < 1e-6)
  }
}

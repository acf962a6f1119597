// SPDX-License-Identifier: MIT
import Glibc

/// The generator of unsupervised spatiotemporal inpainting, by Yin and others, 2020.
///
/// A residual network over space and time that keeps the size everywhere, with one attention over the
/// places of each frame. Its definition is `infer` in `training/vfi_training/unsup.py`; the file has
/// batch norms and spectral norms folded into the weights. It remembers nothing: each frame is the
/// middle one of a clip of its own, so that it costs as many times its share of a clip as that has
/// frames. Memory is about 130 n (T + 2) bytes a pixel for n channels of the first block and T frames.
package final class UnsupervisedInpainter: RecurrentInpainter {
  /// Channels of the first block by architecture.
  private static let widths = ["unsup-4": 4, "unsup-8": 8, "unsup-32": 32]
  static func has(_ architecture: String) -> Bool { widths[architecture] != nil }

  package let info: ModelInfo
  package let multiple = 2
  package let offsets: [Int]
  package let refinesFill = false
  private let blocks: [ClipBlock]
  private let attention: FrameAttention
  private let scale: [Float]
  private let shift: [Float]
  private let last: ClipConvolution

  /// The metadata's `frames`, an odd number of up to 63, is the length of a clip.
  init(_ file: WeightFile, architecture: String, kernels: KernelTable) throws(VFIError) {
    guard let n = Self.widths[architecture] else {
      throw .model("the architecture '\(architecture)' is not one of unsupervised inpainting")
    }
    guard let frames = file.metadata["frames"].flatMap({ Int($0) }), frames % 2 == 1,
      (1...63).contains(frames)
    else { throw .model("the metadata's 'frames' is not an odd number from 1 to 63") }
    offsets = Array(-(frames / 2)...frames / 2)
    let sides = [3, n, 16 * n, 8 * n, 4 * n, 2 * n, n]
    var blocks: [ClipBlock] = []
    for index in 0..<6 {
      blocks.append(
        try ClipBlock(
          file, "blocks.\(index)", inputs: sides[index], outputs: sides[index + 1],
          kernels: kernels))
    }
    self.blocks = blocks
    attention = try FrameAttention(file, "attention", channels: 2 * n, kernels: kernels)
    scale = try file.floats("scale", shape: [n])
    shift = try file.floats("shift", shape: [n])
    last = try ClipConvolution(
      file, "last", inputs: n, outputs: 3, hasBias: true, kernels: kernels)
    let macs =
      blocks.reduce(0) { $0 + $1.multiplyAddsPerPixel } + attention.multiplyAddsPerPixel
      + last.multiplyAddsPerPixel
    info = ModelInfo(
      file, architecture: architecture, task: "inpaint", anyInstant: false,
      kmacPerPixel: Double(frames * macs) / 1000)
  }

  package func makeMemory(
    height: Int, width: Int, ledger: MemoryLedger
  ) throws(VFIError) -> InpaintMemory {
    guard height % multiple == 0, width % multiple == 0 else {
      throw .defect("unsupervised inpainting needs even sides")
    }
    return try InpaintMemory(
      height: height, width: width, stateDivisor: multiple, stateChannels: 1, ledger: ledger)
  }

  package func fill(
    _ window: [MaskedFrame], memory: InpaintMemory, options: InpainterOptions = .init(),
    on engine: Engine
  ) throws(VFIError) -> FeatureMap {
    try filled(window, memory, options, on: engine) { () throws(VFIError) in
      let features = try features(window, on: engine)
      try picture(features, centre, into: memory.output, on: engine)
    }
  }

  /// What the last layer reads, in `engine.scratch`; `stage` sees the result of each stage.
  package func features(
    _ window: [MaskedFrame], on engine: Engine,
    stage: (_ name: String, _ features: ClipFeatures) -> Void = { _, _ in }
  ) throws(VFIError) -> ClipFeatures {
    let size = window[0].image
    var clip = try ClipFeatures(
      height: size.height, width: size.width, frames: window.count, channels: 3,
      in: engine.scratch)
    for (t, frame) in window.enumerated() {
      try maskedPicture(frame, into: clip[t], on: engine)
    }
    for (index, block) in blocks.enumerated() {
      let next = try clip.like(channels: block.outputs, in: engine.scratch)
      try block(clip, into: next, on: engine)
      stage("block\(index)", next)
      clip = next
      if index == 4 {
        let next = try clip.like(channels: block.outputs, in: engine.scratch)
        for t in 0..<window.count { try attention(clip[t], into: next[t], on: engine) }
        stage("attention", next)
        clip = next
      }
    }
    try clip.rectify(scale: scale, shift: shift, on: engine)
    return clip
  }

  /// Writes frame `t` in -1...1 to `output` `[H, W, 3]`.
  package func picture(
    _ features: ClipFeatures, _ t: Int, into output: FeatureMap, on engine: Engine
  ) throws(VFIError) {
    try last(features, at: t, into: output, on: engine)
    try engine.forEach(output.height) { y, _ in
      var pixel = unsafe output.base + y * output.rowStride
      for _ in 0..<output.width {
        for c in 0..<3 { unsafe pixel[c] = tanh(pixel[c]) }
        unsafe pixel += output.pixelStride
      }
    }
  }
}

/// Two convolutions over space and time, each behind a ReLU, beside a 1x1 shortcut.
private final class ClipBlock: Sendable {
  private let scale: [Float]
  private let shift: [Float]
  private let first: ClipConvolution
  private let second: ClipConvolution
  private let shortcut: Convolution

  init(
    _ file: WeightFile, _ name: String, inputs: Int, outputs: Int, kernels: KernelTable
  ) throws(VFIError) {
    scale = try file.floats("\(name).scale", shape: [inputs])
    shift = try file.floats("\(name).shift", shape: [inputs])
    first = try ClipConvolution(
      file, "\(name).conv1", inputs: inputs, outputs: outputs, hasBias: true, activation: .relu,
      kernels: kernels)
    second = try ClipConvolution(
      file, "\(name).conv2", inputs: outputs, outputs: outputs, hasBias: false, kernels: kernels)
    shortcut = try Convolution(
      file, "\(name).shortcut", inputs: inputs, outputs: outputs, kernel: 1, hasBias: false,
      kernels: kernels)
  }

  var outputs: Int { first.outputs }

  /// Multiply-adds for one pixel of one frame.
  var multiplyAddsPerPixel: Int {
    first.multiplyAddsPerPixel + second.multiplyAddsPerPixel + shortcut.multiplyAddsPerPixel
  }

  /// Writes to `result`, and uses up `clip`.
  func callAsFunction(
    _ clip: ClipFeatures, into result: ClipFeatures, on engine: Engine
  ) throws(VFIError) {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    for t in 0..<clip.frames { try shortcut(clip[t], into: result[t], on: engine) }
    // In place: the raw values were needed for the shortcut alone.
    try clip.rectify(scale: scale, shift: shift, on: engine)
    let inner = try clip.like(channels: outputs, in: engine.scratch)
    for t in 0..<clip.frames { try first(clip, at: t, into: inner[t], on: engine) }
    for t in 0..<clip.frames {
      try second(inner, at: t, into: result[t], adding: result[t], on: engine)
    }
  }
}

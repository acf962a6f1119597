// SPDX-License-Identifier: MIT

/// VINet (Kim et al., Deep Video Inpainting, CVPR 2019, arXiv 1905.01639), float32.
///
/// It gathers features of four neighbours and of its own last output along flows, from 1/8 to 1/2 of
/// the size, remembers by a ConvLSTM, and blends the last output in at the end. Its definition is
/// `training/vfi_training/vinet.py`. `vinet-512` works at half of the frame's size. Numbers of
/// channels and reaches of correlations are those of the weights. `vinet-s` has fewer, corrects a hole
/// that was filled before, and moves its last output by inverse search.
package final class VINet: RecurrentInpainter {
  /// What the shapes of the weights do not tell.
  private struct Form {
    /// Whether it works at half of the frame's size.
    var doubles = false
    /// Whether the flow of the last output is refined at 1/1.
    var refines = false
    /// What the mask of the last output counts.
    var holeShare: Float = 0
    /// Whether it corrects a hole that was filled before.
    var refinesFill = false
  }

  private static let forms = [
    "vinet-256": Form(refines: true), "vinet-512": Form(doubles: true, holeShare: 0.5),
    "vinet-s": Form(refinesFill: true),
  ]
  static func has(_ architecture: String) -> Bool { forms[architecture] != nil }

  /// What gathers the sources at one size.
  private struct Level {
    let flow: VINetFlow
    let aggregation: GatedConvolution
    let mask: VINetMask
    let channels: Int

    /// Multiply-adds for one pixel of this size, of all five sources.
    var multiplyAddsPerPixel: Int {
      5 * flow.multiplyAddsPerPixel + aggregation.multiplyAddsPerPixel + mask.multiplyAddsPerPixel
    }

    init(
      _ file: WeightFile, _ suffix: String, channels: Int, kernels: KernelTable
    ) throws(VFIError) {
      self.channels = channels
      flow = try VINetFlow(
        file, "flownet\(suffix)", channels: channels, isCoarsest: suffix.isEmpty,
        kernels: kernels)
      aggregation = try GatedConvolution(
        file, "st_agg\(suffix).stAgg.conv", inputs: 5 * channels, outputs: channels,
        depth: .maps(5), kernels: kernels)
      mask = try VINetMask(file, "masknet\(suffix)", channels: channels, kernels: kernels)
    }
  }

  package let info: ModelInfo
  package let multiple: Int
  package let offsets = [-6, -3, 0, 3, 6]
  package var refinesFill: Bool { form.refinesFill }
  private let form: Form
  /// Of the features at 1/1, 1/2, 1/4 and 1/8.
  private let channels: [Int]
  private let referenceEncoder: VINetEncoder
  private let sourceEncoder: VINetEncoder
  /// At 1/8, 1/4, 1/2.
  private let levels: [Level]
  private let bottleneck: [GatedConvolution]
  private let state: ConvLSTM
  private let decoder: VINetDecoder
  /// Of the blend; the flow is refined only where the blend has the size of the features.
  private let lastFlow: VINetFlow?
  private let lastMask: VINetMask

  init(_ file: WeightFile, architecture: String, kernels: KernelTable) throws(VFIError) {
    guard let form = Self.forms[architecture] else {
      throw .model("the architecture '\(architecture)' is not one of VINet")
    }
    self.form = form
    // The search for motion wants 16 pixels.
    multiple = form.doubles || form.refinesFill ? 16 : 8
    let stride = form.doubles ? 2 : 1
    let sizes = try file.channels(
      of: ["ec0", "ec1", "ec3_1", "ec4_1"].map { "encoder1.\($0).conv.weight" })
    // Phi and gate are made by one convolution.
    let channels = sizes[1...].map { $0 / 2 }
    self.channels = channels
    referenceEncoder = try VINetEncoder(
      file, "encoder1", channels: channels, stride: stride, kernels: kernels)
    sourceEncoder = try VINetEncoder(
      file, "encoder2", channels: channels, stride: stride, kernels: kernels)
    var levels: [Level] = []
    for (index, suffix) in ["", "_64", "_128"].enumerated() {
      levels.append(try Level(file, suffix, channels: channels[3 - index], kernels: kernels))
    }
    self.levels = levels
    let eighth = channels[3]
    var bottleneck: [GatedConvolution] = []
    for (index, dilation) in [1, 2, 4, 8].enumerated() {
      bottleneck.append(
        try GatedConvolution(
          file, "bottleneck.bt\(index).conv", inputs: index == 0 ? 2 * eighth : eighth,
          rest: index == 0 ? eighth : 0, outputs: eighth, dilation: dilation, kernels: kernels))
    }
    self.bottleneck = bottleneck
    state = try ConvLSTM(file, "convlstm.Gates", channels: eighth, kernels: kernels)
    decoder = try VINetDecoder(
      file, channels: channels, doubles: form.doubles, kernels: kernels)
    lastFlow =
      form.refines
      ? try VINetFlow(file, "flownet_256", channels: channels[0], kernels: kernels) : nil
    lastMask = try VINetMask(file, "masknet_256", channels: channels[0], kernels: kernels)
    var macs = referenceEncoder.multiplyAddsPerPixel + 5 * sourceEncoder.multiplyAddsPerPixel
    for (level, pixels) in zip(levels, [64.0, 16, 4]) {
      macs += Double(level.multiplyAddsPerPixel) / pixels
    }
    let middle = bottleneck.reduce(state.multiplyAddsPerPixel) { $0 + $1.multiplyAddsPerPixel }
    macs += Double(middle) / 64 + decoder.multiplyAddsPerPixel
    macs += Double(lastMask.multiplyAddsPerPixel + (lastFlow?.multiplyAddsPerPixel ?? 0))
    info = ModelInfo(
      file, architecture: architecture, task: "inpaint", anyInstant: false,
      kmacPerPixel: macs / Double(1000 * stride * stride))
  }

  package func makeMemory(
    height: Int, width: Int, ledger: MemoryLedger
  ) throws(VFIError) -> InpaintMemory {
    guard height % multiple == 0, width % multiple == 0 else {
      throw .defect("VINet needs sides that are multiples of \(multiple)")
    }
    return try InpaintMemory(
      height: height, width: width, stateDivisor: form.doubles ? 16 : 8,
      stateChannels: channels[3],
      ledger: ledger)
  }

  package func fill(
    _ window: [MaskedFrame], memory: InpaintMemory, options: InpainterOptions = .init(),
    on engine: Engine
  ) throws(VFIError) -> FeatureMap {
    let result = try filled(window, memory, options, on: engine) { () throws(VFIError) in
      let frame = window[centre]
      let motion =
        form.refinesFill && !memory.isEmpty ? try motion(of: frame, memory, on: engine) : nil
      _ = try stages(window, memory: memory, motion: motion, on: engine)
      try vinetHole(frame.mask, share: form.holeShare, into: memory.hole, on: engine)
    }
    if !options.keepsState { memory.forgetState() }
    return result
  }

  /// Everything between the frames and the output, which goes to `memory` with the state.
  ///
  /// The maps are in `engine.scratch`.
  package struct Stages {
    /// At 1/1, 1/2, 1/4, 1/8.
    package let reference: [FeatureMap]
    package let previous: [FeatureMap]
    /// At 1/8, 1/4, 1/2: from the reference to the four neighbours and to the last output.
    package var flows: [[FeatureMap]] = []
    /// At 1/8, 1/4, 1/2: how far the gathered features count, before the sigmoid, and the result.
    package var logits: [FeatureMap] = []
    package var syntheses: [FeatureMap] = []
    package var bottleneck: FeatureMap
    package var raw: FeatureMap
    /// Of the blend; none for a first frame.
    package var lastFlow: FeatureMap?
    package var lastLogit: FeatureMap?
  }

  /// Motion from a filled frame to the last output, `[H / 4, W / 4, 2]` in pixels of that size, in
  /// `engine.scratch`.
  package func motion(
    of frame: MaskedFrame, _ memory: InpaintMemory, on engine: Engine
  ) throws(VFIError) -> FeatureMap {
    let last = try map(like: memory.output, 3, engine.scratch)
    try vinetColors(memory.output, into: last, on: engine)
    let pyramid = try LumaPyramid(frame.image, in: engine.scratch, on: engine)
    let lastPyramid = try LumaPyramid(last, in: engine.scratch, on: engine)
    return try inverseSearch(pyramid, lastPyramid, on: engine).flow01
  }

  /// Computes the frame in the middle of `window`; `memory` then holds output and state, as they are.
  ///
  /// `motion` is that of the blend, where the network does not find it: see ``motion(of:_:on:)``.
  package func stages(
    _ window: [MaskedFrame], memory: InpaintMemory, motion: FeatureMap? = nil, on engine: Engine
  ) throws(VFIError) -> Stages {
    let arena = engine.scratch
    let (height, width) = (memory.output.height, memory.output.width)
    let stride = form.doubles ? 2 : 1
    // Reference features stand where the flow networks read them, with their correlation behind.
    let joints = try pyramid(
      height / stride, width / stride,
      spare: [lastFlow?.window ?? 0] + levels.reversed().map(\.flow.window), arena)
    let reference = zip(joints, channels).map { $0.slice(0..<$1) }
    // Only the last source is needed at the full size, and it is encoded last.
    let last = try pyramid(height / stride, width / stride, arena)
    var sources: [[FeatureMap]] = []
    for _ in 0..<4 {
      sources.append([last[0]])
      for map in last[1...] {
        sources[sources.count - 1].append(try self.map(like: map, map.channels, arena))
      }
    }
    sources.append(last)
    try encode(window, memory, reference: reference, sources: sources, on: engine)
    var result = Stages(
      reference: reference, previous: sources[4],
      bottleneck: try map(like: reference[3], channels[3], arena),
      raw: try map(like: memory.output, 3, arena))
    let places = try decoder.joints(eighth: reference[3], in: arena)
    let syntheses = [
      try map(like: reference[3], channels[3], arena), places.quarterSynthesis,
      places.halfSynthesis,
    ]
    for (index, synthesis) in syntheses.enumerated() {
      let scale = 3 - index
      let (flows, logit) = try aggregate(
        levels[index], joints[scale], sources.map { $0[scale] }, coarser: result.flows.last,
        into: synthesis, on: engine)
      result.flows.append(flows)
      result.logits.append(logit)
      result.syntheses.append(synthesis)
    }
    try squeeze(reference[3], syntheses[0], into: result.bottleneck, on: engine)
    try state(result.bottleneck, hidden: memory.hidden, cell: memory.cell, on: engine)
    try decoder(memory.hidden, places, into: result.raw, on: engine)
    let frame = window[centre]
    if form.refinesFill { try vinetCorrection(result.raw, of: frame, on: engine) }
    if memory.isEmpty {
      try convert(result.raw, into: memory.output, on: engine)
    } else {
      try blend(
        &result, motion: motion ?? result.flows[2][4], joint: joints[0], into: memory.output,
        on: engine)
      if form.refinesFill { try vinetKnown(frame, into: memory.output, on: engine) }
    }
    return result
  }

  /// Maps for features at 1/1, 1/2, 1/4, 1/8, with room for a correlation of `spare` channels and a
  /// flow behind them where `spare` is given.
  private func pyramid(
    _ height: Int, _ width: Int, spare: [Int]? = nil, _ arena: Arena
  ) throws(VFIError) -> [FeatureMap] {
    var result: [FeatureMap] = []
    for (scale, channels) in channels.enumerated() {
      result.append(
        try arena.map(
          height: height >> scale, width: width >> scale,
          channels: channels + (spare.map { $0[scale] + 2 } ?? 0)))
    }
    return result
  }

  private func map(
    like other: FeatureMap, _ channels: Int, _ arena: Arena
  ) throws(VFIError) -> FeatureMap {
    try arena.map(height: other.height, width: other.width, channels: channels)
  }

  /// Encodes the frame in the middle, its neighbours, and the last output, or else the frame again.
  private func encode(
    _ window: [MaskedFrame], _ memory: InpaintMemory, reference: [FeatureMap],
    sources: [[FeatureMap]], on engine: Engine
  ) throws(VFIError) {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let input = try map(like: memory.output, 5, engine.scratch)
    let frame = window[centre]
    try vinetInput(frame, isFilled: form.refinesFill, into: input, on: engine)
    try referenceEncoder(input, into: reference, on: engine)
    let neighbours = window[..<centre] + window[(centre + 1)...]
    for (frame, levels) in zip(neighbours, sources) {
      try vinetInput(frame, into: input, on: engine)
      try sourceEncoder(input, into: levels, on: engine)
    }
    if memory.isEmpty {
      try vinetInput(frame, isFilled: form.refinesFill, into: input, on: engine)
    } else {
      try vinetInput(memory, into: input, on: engine)
    }
    try sourceEncoder(input, into: sources[4], on: engine)
  }

  /// Finds the flows to all sources, and writes to `synthesis` what they give where they help.
  private func aggregate(
    _ level: Level, _ joint: FeatureMap, _ sources: [FeatureMap], coarser: [FeatureMap]?,
    into synthesis: FeatureMap, on engine: Engine
  ) throws(VFIError) -> (flows: [FeatureMap], logit: FeatureMap) {
    let arena = engine.scratch
    let logit = try map(like: joint, 1, arena)
    var flows: [FeatureMap] = []
    for _ in sources { flows.append(try map(like: joint, 2, arena)) }
    let mark = arena.mark
    defer { arena.release(to: mark) }
    let channels = level.channels
    let window = channels + level.flow.window
    let reference = joint.slice(0..<channels)
    let stack = try map(like: joint, sources.count * channels, arena)
    for (index, source) in sources.enumerated() {
      let (flow, warped) = (flows[index], stack.slice(index * channels..<(index + 1) * channels))
      var seen = source
      if let coarser {
        let up = joint.slice(window..<window + 2)
        try resizeBilinear(coarser[index], into: up, scale: 2, on: engine)
        try backwardWarpZeros(source, flow: up, into: warped, on: engine)
        seen = warped
      }
      try correlation(
        reference, seen, reach: level.flow.reach, into: joint.slice(channels..<window), on: engine)
      try level.flow(
        joint.slice(0..<(coarser == nil ? window : window + 2)), into: flow, on: engine)
      if let coarser {
        try resizeBilinear(coarser[index], into: flow, scale: 2, adding: true, on: engine)
      }
      try backwardWarpZeros(source, flow: flow, into: warped, on: engine)
    }
    let aggregated = try map(like: joint, channels, arena)
    try level.aggregation(stack, into: aggregated, on: engine)
    try level.mask(reference, aggregated, into: logit, on: engine)
    try mix(reference, aggregated, logit: logit, into: synthesis, on: engine)
    return (flows, logit)
  }

  private func squeeze(
    _ reference: FeatureMap, _ synthesis: FeatureMap, into output: FeatureMap, on engine: Engine
  ) throws(VFIError) {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let (a, b) = (
      try map(like: output, output.channels, engine.scratch),
      try map(like: output, output.channels, engine.scratch)
    )
    try bottleneck[0](reference, with: synthesis, into: a, on: engine)
    try bottleneck[1](a, into: b, on: engine)
    try bottleneck[2](b, into: a, on: engine)
    try bottleneck[3](a, into: output, on: engine)
  }

  /// Replaces by the last output, moved along `motion`, what that explains; `output` holds it.
  private func blend(
    _ stages: inout Stages, motion: FeatureMap, joint: FeatureMap, into output: FeatureMap,
    on engine: Engine
  ) throws(VFIError) {
    let arena = engine.scratch
    let channels = channels[0]
    let window = channels + (lastFlow?.window ?? 0)
    func enlarge(_ flow: FeatureMap, adding: Bool = false) throws(VFIError) {
      let scale = Float(flow.width / motion.width)
      try resizeBilinear(motion, into: flow, scale: scale, adding: adding, on: engine)
    }
    let up = joint.slice(window..<window + 2)
    let (flow, logit) = (try map(like: output, 2, arena), try map(like: joint, 1, arena))
    let mark = arena.mark
    defer { arena.release(to: mark) }
    let moved = try map(like: joint, channels, arena)
    try enlarge(up)
    try backwardWarp(stages.previous[0], flow: up, into: moved, on: engine)
    try lastMask(stages.reference[0], moved, into: logit, on: engine)
    if let lastFlow {
      try correlation(
        stages.reference[0], moved, reach: lastFlow.reach, into: joint.slice(channels..<window),
        on: engine)
      try lastFlow(joint, into: flow, on: engine)
      try enlarge(flow, adding: true)
    } else {
      try enlarge(flow)
    }
    let carried = try map(like: output, 3, arena)
    try backwardWarp(output, flow: flow, into: carried, on: engine)
    try mix(stages.raw, carried, logit: logit, into: output, on: engine)
    (stages.lastFlow, stages.lastLogit) = (flow, logit)
  }
}

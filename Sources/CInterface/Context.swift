// SPDX-License-Identifier: MIT
import CVFI
import VFIEngine

extension Parameters {
  /// An upper bound of the bytes of a context, and of a stream that only interpolates.
  func memoryRequired(_ description: FrameDescription) throws(VFIError) -> Int {
    let model = try interpolation(of: openModel(), on: CPU.level)
    let frames = FrameStream.memoryRequired(
      description, looksAround: settings.bendsMotion && model.takesNeighbours)
    return try frames
      + Interpolator.memoryRequired(
        model: model, description: description, workers: workers, settings: settings)
  }
}

extension ModelInfo {
  var doesNotInterpolate: VFIError {
    .unsupported("the model \(name) (\(architecture)) fills holes, it does not interpolate")
  }
}

/// What a `vfi_context` points to.
final class Context {
  let engine: Engine
  let inpainter: Inpainter
  /// None where the model fills holes.
  private let pairs: (interpolator: Interpolator, repairer: FrameRepairer)?
  let parameters: Parameters
  let errors = ErrorText()
  /// A stream's context makes no pairs of its own, and is destroyed with the stream.
  let belongsToStream: Bool
  /// Count of the ledger when statistics were last reset.
  var allocationsAtReset = 0
  private let model: Model
  private var description: FrameDescription?

  init(_ parameters: Parameters, belongsToStream: Bool) throws(VFIError) {
    self.parameters = parameters
    self.belongsToStream = belongsToStream
    model = try parameters.openModel()
    let kernels = KernelTable()
    engine = try parameters.makeEngine(kernels: kernels)
    let arithmetic: Arithmetic
    switch try parameters.network(of: model, on: kernels.level) {
    case .interpolation(let network):
      arithmetic = parameters.arithmetic(on: kernels.level)
      let interpolator = Interpolator(
        model: network, engine: engine, settings: parameters.settings)
      inpainter = Inpainter(engine: engine, settings: parameters.settings)
      pairs = (interpolator, FrameRepairer(interpolator: interpolator, inpainter: inpainter))
    case .inpainting(let network):
      arithmetic = .float32
      inpainter = Inpainter(engine: engine, settings: parameters.settings, network: network)
      pairs = nil
    }
    parameters.log.info(
      "model \(model.info.name) (\(model.info.architecture)), \(arithmetic), "
        + "\(engine.workers) threads, \(kernels.level)")
  }

  /// Throws `.unsupported` where the model fills holes.
  var interpolator: Interpolator {
    get throws(VFIError) {
      guard let pairs else { throw model.info.doesNotInterpolate }
      return pairs.interpolator
    }
  }

  /// Throws likewise: what is lost as a whole is interpolated.
  var repairer: FrameRepairer {
    get throws(VFIError) {
      guard let pairs else { throw model.info.doesNotInterpolate }
      return pairs.repairer
    }
  }

  /// Logs the size and format of the first frame, and of each that differs from the one before.
  func note(_ description: FrameDescription) {
    guard description != self.description else { return }
    self.description = description
    parameters.log.info(
      "frames of \(description.width) x \(description.height), \(description.format)")
  }

  func checkCancellation() throws(VFIError) {
    if engine.cancellation.isCancelled { throw .cancelled }
  }

  /// Runs the body of a call, and keeps the text of its failure.
  func run(_ body: () throws(VFIError) -> vfi_status) -> vfi_status {
    do throws(VFIError) {
      return try body()
    } catch {
      errors.set(error.message)
      if error != .cancelled { parameters.log.error(error.message) }
      return error.status
    }
  }

  static func from(_ handle: OpaquePointer) -> Context {
    unsafe Unmanaged<Context>.fromOpaque(UnsafeRawPointer(handle)).takeUnretainedValue()
  }
}

@c @implementation
public func vfi_create(
  _ context: UnsafeMutablePointer<OpaquePointer?>?, _ params: UnsafePointer<vfi_params>?
) -> vfi_status {
  withoutContext { () throws(VFIError) in
    guard let context = unsafe context else { throw .argument("the context's place is NULL") }
    unsafe context.pointee = nil
    let made = try Context(unsafe Parameters(params), belongsToStream: false)
    unsafe context.pointee = OpaquePointer(Unmanaged.passRetained(made).toOpaque())
  }
}

@c @implementation
public func vfi_destroy(_ context: UnsafeMutablePointer<OpaquePointer?>?) {
  guard let context = unsafe context, let handle = unsafe context.pointee else { return }
  unsafe context.pointee = nil
  guard unsafe !Context.from(handle).belongsToStream else { return }
  unsafe Unmanaged<Context>.fromOpaque(UnsafeRawPointer(handle)).release()
}

@c @implementation
public func vfi_configure(
  _ context: OpaquePointer?, _ description: UnsafePointer<vfi_frame>?
) -> vfi_status {
  unsafe withContext(context) { (context) throws(VFIError) in
    let description = unsafe try FrameDescription(importing: description, "description")
    try context.checkCancellation()
    context.note(description)
    try context.interpolator.configure(description)
  }
}

@c @implementation
public func vfi_memory_required(
  _ params: UnsafePointer<vfi_params>?, _ description: UnsafePointer<vfi_frame>?,
  _ bytes: UnsafeMutablePointer<UInt64>?
) -> vfi_status {
  withoutContext { () throws(VFIError) in
    guard let bytes = unsafe bytes else { throw .argument("the place of the bytes is NULL") }
    let parameters = unsafe try Parameters(params)
    let description = unsafe try FrameDescription(importing: description, "description")
    unsafe bytes.pointee = UInt64(clamping: try parameters.memoryRequired(description))
  }
}

@c @implementation
public func vfi_cancel(_ context: OpaquePointer?) {
  if let context = unsafe context { unsafe Context.from(context).engine.cancellation.cancel() }
}

@c @implementation
public func vfi_cancel_reset(_ context: OpaquePointer?) {
  if let context = unsafe context { unsafe Context.from(context).engine.cancellation.reset() }
}

// SPDX-License-Identifier: MIT
import CVFI
import VFIEngine

/// `vfi_params` with every field checked.
@safe struct Parameters {
  let settings: InterpolatorSettings
  let maximumGap: Double
  let log: Log
  let memoryLimit: Int
  /// nil = the fastest.
  private let arithmetic: Arithmetic?
  private let model: OpaquePointer?
  private let modelName: String
  private let threads: Int
  private let abort: vfi_abort_callback?
  private let abortOpaque: UnsafeMutableRawPointer?
  private let allocator: MemoryAllocator
  private let executor: vfi_executor

  /// The defaults of `vfi_params_init`.
  static var defaults: vfi_params {
    var params = unsafe vfi_params()
    let settings = InterpolatorSettings()
    unsafe params.struct_size = MemoryLayout<vfi_params>.size
    unsafe params.scene_cut = settings.sceneCut ? 1 : 0
    unsafe params.scene_cut_action = settings.cutAction.rawValue
    unsafe params.scene_cut_threshold = settings.sceneCutThreshold
    unsafe params.max_gap = 0.5
    unsafe params.flow_scale = settings.flowScale
    unsafe params.heavy_share = 0.25
    unsafe params.log_level = vfi_log_level(VFI_LOG_WARNING)
    return unsafe params
  }

  /// Reads `params`; NULL stands for the defaults.
  init(_ pointer: UnsafePointer<vfi_params>?) throws(VFIError) {
    let params = unsafe pointer == nil ? Self.defaults : try load(pointer)
    settings = unsafe try Self.settings(params)
    maximumGap = unsafe params.max_gap
    guard maximumGap >= 0, maximumGap.isFinite else {
      throw .argument("max_gap is \(maximumGap), not a number of seconds")
    }
    let level = unsafe params.log_level
    guard (VFI_LOG_NONE...VFI_LOG_DEBUG).contains(Int(level)) else {
      throw .argument("log_level \(level) is unknown")
    }
    log = unsafe Log(level: level, callback: params.log, opaque: params.log_opaque)
    threads = unsafe Int(params.threads)
    guard (0...256).contains(threads) else {
      throw .argument("threads is \(threads), not 0 to 256")
    }
    let limit = unsafe params.memory_limit
    memoryLimit = limit == 0 ? .max : Int(clamping: limit)
    arithmetic = unsafe try Self.arithmetic(params.precision)
    unsafe model = unsafe params.model
    modelName = unsafe params.model_name.map { unsafe String(cString: $0) } ?? "default"
    unsafe abort = params.abort
    unsafe abortOpaque = unsafe params.abort_opaque
    allocator = unsafe try Self.allocator(params.allocator)
    unsafe executor = unsafe params.executor
    guard unsafe executor.run == nil || executor.max_jobs >= 1 else {
      throw .argument("the executor's max_jobs is \(unsafe executor.max_jobs), not at least 1")
    }
    let reserved = unsafe params.reserved
    guard unsafe params.reserved_motion == 0,
      unsafe withUnsafeBytes(of: reserved, { unsafe $0.allSatisfy { $0 == 0 } })
    else {
      throw .argument("a reserved field of vfi_params is not zero")
    }
  }

  private static func settings(_ params: vfi_params) throws(VFIError) -> InterpolatorSettings {
    var settings = InterpolatorSettings()
    let (cut, action) = unsafe (params.scene_cut, params.scene_cut_action)
    guard cut == 0 || cut == 1 else { throw .argument("scene_cut is \(cut), not 0 or 1") }
    settings.sceneCut = cut == 1
    guard let cutAction = CutAction(rawValue: action) else {
      throw .argument("scene_cut_action \(action) is unknown")
    }
    settings.cutAction = cutAction
    settings.sceneCutThreshold = unsafe params.scene_cut_threshold
    guard settings.sceneCutThreshold >= 0, settings.sceneCutThreshold <= 100 else {
      throw .argument("scene_cut_threshold is \(settings.sceneCutThreshold), not 0 to 100")
    }
    let duplicates = unsafe Int(params.duplicate_action)
    guard duplicates == VFI_DUPLICATE_COPY || duplicates == VFI_DUPLICATE_INTERPOLATE else {
      throw .argument("duplicate_action \(duplicates) is unknown")
    }
    settings.copyDuplicates = duplicates == VFI_DUPLICATE_COPY
    settings.flowScale = unsafe params.flow_scale
    try checkFlowScale(settings.flowScale)
    settings.budget = unsafe try budget(params)
    let motion = unsafe Int(params.motion)
    guard motion == VFI_MOTION_LINEAR || motion == VFI_MOTION_QUADRATIC else {
      throw .argument("motion \(motion) is unknown")
    }
    settings.bendsMotion = motion == VFI_MOTION_QUADRATIC
    settings.deadline = unsafe params.deadline_ms / 1000
    guard settings.deadline >= 0, settings.deadline.isFinite else {
      throw .argument("deadline_ms is \(unsafe params.deadline_ms), not a number of milliseconds")
    }
    return settings
  }

  private static func budget(_ params: vfi_params) throws(VFIError) -> ComputeBudget {
    let (sparsity, share) = unsafe (params.sparsity, params.heavy_share)
    guard share >= 0, share <= 1 else {
      throw .argument("heavy_share is \(share), not 0 to 1")
    }
    switch Int(sparsity) {
    case VFI_SPARSITY_AUTO: return .auto
    case VFI_SPARSITY_OFF: return .off
    case VFI_SPARSITY_CAP: return .cap(share)
    default: throw .argument("sparsity \(sparsity) is unknown")
    }
  }

  private static func arithmetic(_ value: Int32) throws(VFIError) -> Arithmetic? {
    if value == Int32(VFI_PRECISION_AUTO) { return nil }
    guard let arithmetic = Arithmetic(rawValue: value) else {
      throw .argument("precision \(value) is unknown")
    }
    return arithmetic
  }

  static func checkFlowScale(_ value: Double) throws(VFIError) {
    guard [0, 0.25, 0.5, 1].contains(value) else {
      throw .argument("flow_scale is \(value), not 0, 0.25, 0.5 or 1")
    }
  }

  private static func allocator(_ host: vfi_allocator) throws(VFIError) -> MemoryAllocator {
    switch unsafe (host.alloc, host.free) {
    case (nil, nil): return .system
    case (let allocate?, let release?):
      return unsafe MemoryAllocator(allocate: allocate, release: release, opaque: host.opaque)
    default: throw .argument("the allocator has one of alloc and free only")
    }
  }

  /// The model of the handle, or else of the name.
  func openModel() throws(VFIError) -> Model {
    if let model = unsafe model { return unsafe Model.from(model) }
    return try BuiltInModels.model(named: modelName)
  }

  /// The arithmetic that is asked for, or else what suits the machine.
  func arithmetic(on level: CPULevel) -> Arithmetic { arithmetic ?? .fastest(level) }

  /// The network of `model` in that arithmetic.
  func network(of model: Model, on level: CPULevel) throws(VFIError) -> Network {
    try model.network(for: level, arithmetic(on: level))
  }

  /// The same of a model that interpolates; throws `.unsupported` for another.
  func interpolation(
    of model: Model, on level: CPULevel
  ) throws(VFIError) -> any InterpolationModel {
    guard case .interpolation(let network) = try network(of: model, on: level) else {
      throw model.info.doesNotInterpolate
    }
    return network
  }

  /// Number of jobs that run at once, before any thread is started.
  var workers: Int {
    if unsafe executor.run != nil { return min(256, unsafe Int(executor.max_jobs)) }
    return threads == 0 ? CPU.count : threads
  }

  /// An engine of its own, with threads started; for the processor as it is now.
  func makeEngine(kernels: KernelTable) throws(VFIError) -> Engine {
    let runner: any JobRunner
    if let run = unsafe executor.run {
      runner = unsafe HostExecutor(run: run, opaque: executor.opaque, maximumJobs: workers)
    } else {
      runner = try ThreadPool(threads: workers)
    }
    return Engine(
      kernels: kernels, runner: runner,
      ledger: MemoryLedger(allocator: allocator, limit: memoryLimit),
      cancellation: unsafe Cancellation(abort: abort, opaque: abortOpaque))
  }
}

@c @implementation
public func vfi_params_init(_ params: UnsafeMutablePointer<vfi_params>?, _ struct_size: Int) {
  var defaults = unsafe Parameters.defaults
  unsafe defaults.struct_size = struct_size
  unsafe initialise(params, struct_size, defaults)
}

// SPDX-License-Identifier: MIT
import CVFI
import VFIEngine

/// The window of a call: frames alike and masks of their size.
private struct Window {
  let frames: [Frame]
  /// Of each frame, what `vfi_frame.content_id` says.
  let contents: [UInt64]
  let masks: [Frame]

  init(
    _ count: Int32, _ frames: UnsafePointer<vfi_frame>?, _ maskCount: Int32,
    _ masks: UnsafePointer<vfi_frame>?, in context: Context
  ) throws(VFIError) {
    guard (1...256).contains(count) else { throw .argument("count is \(count), not 1 to 256") }
    guard maskCount == 0 || maskCount == 1 || maskCount == count else {
      throw .argument("mask_count is \(maskCount), not 0, 1 or \(count)")
    }
    guard let frames = unsafe frames else { throw .argument("frames is NULL") }
    guard unsafe maskCount == 0 || masks != nil else { throw .argument("masks is NULL") }
    var imported: [Frame] = []
    var contents: [UInt64] = []
    for index in 0..<Int(count) {
      let name = count == 1 ? "frame" : "frames[\(index)]"
      imported.append(unsafe try Frame(importing: frames + index, name, like: imported.first))
      contents.append(unsafe try load(frames + index).content_id)
    }
    self.frames = imported
    self.contents = contents
    var importedMasks: [Frame] = []
    if let masks = unsafe masks {
      for index in 0..<Int(maskCount) {
        importedMasks.append(
          unsafe try Frame(
            importingMask: masks + index, maskCount == 1 ? "mask" : "masks[\(index)]",
            of: imported[0]))
      }
    }
    self.masks = importedMasks
    guard !context.belongsToStream else { throw .state("a stream's context fills no holes") }
    try context.checkCancellation()
    context.note(imported[0].description)
  }

  /// The caller's output, which must not overlap a frame or a mask.
  func output(_ out: UnsafePointer<vfi_frame>?) throws(VFIError) -> Frame {
    let output = unsafe try Frame(importingOutput: out, "out", like: frames[0])
    guard !(frames + masks).contains(where: output.overlaps) else {
      throw .argument("out: a plane overlaps an input's")
    }
    return output
  }
}

/// What to fill beside the masks, and how.
struct InpaintParameters {
  var settings = InpaintSettings()
  var rectangles: [PixelRectangle] = []

  init(_ params: UnsafePointer<vfi_inpaint_params>?) throws(VFIError) {
    guard unsafe params != nil else { return }
    let params = unsafe try load(params)
    settings.dilation = unsafe Int(params.dilation)
    settings.feather = unsafe Int(params.feather)
    try settings.check()
    settings.network = try InpainterOptions(flags: unsafe params.flags)
    let count = unsafe params.rectangle_count
    guard (0...1024).contains(count) else {
      throw .argument("rectangle_count is \(count), not 0 to 1024")
    }
    guard count > 0 else { return }
    guard let list = unsafe params.rectangles else { throw .argument("rectangles is NULL") }
    for index in 0..<Int(count) {
      rectangles.append(
        unsafe try PixelRectangle(importing: list[index], "rectangles[\(index)]"))
    }
  }
}

extension InpainterOptions {
  fileprivate init(flags: UInt32) throws(VFIError) {
    let known = UInt32(VFI_INPAINT_CONTINUE | VFI_INPAINT_FORGET | VFI_INPAINT_WHOLE)
    guard flags & ~known == 0 else { throw .argument("flags \(flags) are unknown") }
    self.init(
      keepsState: flags & UInt32(VFI_INPAINT_FORGET) == 0,
      composites: flags & UInt32(VFI_INPAINT_WHOLE) == 0)
    continues = flags & UInt32(VFI_INPAINT_CONTINUE) != 0
  }
}

@c @implementation
public func vfi_inpaint_params_init(
  _ params: UnsafeMutablePointer<vfi_inpaint_params>?, _ struct_size: Int
) {
  let settings = InpaintSettings()
  var defaults = unsafe vfi_inpaint_params()
  unsafe defaults.struct_size = struct_size
  unsafe defaults.dilation = Int32(settings.dilation)
  unsafe defaults.feather = Int32(settings.feather)
  unsafe initialise(params, struct_size, defaults)
}

@c @implementation
public func vfi_inpaint_window(
  _ context: OpaquePointer?, _ count: Int32, _ frames: UnsafePointer<vfi_frame>?,
  _ mask_count: Int32, _ masks: UnsafePointer<vfi_frame>?, _ index: Int32,
  _ params: UnsafePointer<vfi_inpaint_params>?, _ out: UnsafeMutablePointer<vfi_frame>?,
  _ info: UnsafeMutablePointer<vfi_inpaint_info>?
) -> vfi_status {
  unsafe withContext(context) { (context) throws(VFIError) in
    let start = Statistics.now()
    if let info = unsafe info { _ = unsafe try load(UnsafePointer(info)) }
    let parameters = unsafe try InpaintParameters(params)
    let window = unsafe try Window(count, frames, mask_count, masks, in: context)
    guard index >= 0, index < count else {
      throw .argument("index is \(index), not 0 to \(count - 1)")
    }
    let output = unsafe try window.output(out)
    let result = try context.inpainter.inpaint(
      window.frames, contents: window.contents, masks: window.masks,
      rectangles: parameters.rectangles, index: Int(index), settings: parameters.settings,
      into: output)
    guard let info = unsafe info else { return }
    unsafe info.pointee.filled_pixels = UInt64(result.filled)
    unsafe info.pointee.propagated_pixels = UInt64(result.propagated)
    unsafe info.pointee.frames_used = Int32(result.framesUsed)
    unsafe info.pointee.reserved = 0
    unsafe info.pointee.elapsed_ns = Statistics.now() &- start
  }
}

@c @implementation
public func vfi_inpaint(
  _ context: OpaquePointer?, _ frame: UnsafePointer<vfi_frame>?,
  _ mask: UnsafePointer<vfi_frame>?, _ params: UnsafePointer<vfi_inpaint_params>?,
  _ out: UnsafeMutablePointer<vfi_frame>?, _ info: UnsafeMutablePointer<vfi_inpaint_info>?
) -> vfi_status {
  unsafe vfi_inpaint_window(context, 1, frame, mask == nil ? 0 : 1, mask, 0, params, out, info)
}

extension PixelRectangle {
  /// The caller's rectangle `name`.
  init(importing rectangle: vfi_rectangle, _ name: String) throws(VFIError) {
    guard rectangle.width >= 0, rectangle.height >= 0 else {
      throw .size("\(name) is \(rectangle.width) x \(rectangle.height)")
    }
    self.init(
      x: Int(rectangle.x), y: Int(rectangle.y), width: Int(rectangle.width),
      height: Int(rectangle.height))
  }

  /// The rectangle around the parts that lie in the picture and what `mask` marks; nil for nothing.
  static func around(
    _ parts: [PixelRectangle], mask: Frame?, in description: FrameDescription
  ) -> PixelRectangle? {
    let (width, height) = (description.width, description.height)
    return parts.compactMap { $0.clipped(width: width, height: height) }
      .reduce(mask?.nonZeroBounds()) { $1.union($0) }
  }
}

@c @implementation
public func vfi_inpaint_memory_required(
  _ params: UnsafePointer<vfi_params>?, _ description: UnsafePointer<vfi_frame>?,
  _ hole: UnsafePointer<vfi_rectangle>?, _ inpaint: UnsafePointer<vfi_inpaint_params>?,
  _ bytes: UnsafeMutablePointer<UInt64>?
) -> vfi_status {
  withoutContext { () throws(VFIError) in
    guard let bytes = unsafe bytes else { throw .argument("the place of the bytes is NULL") }
    let parameters = unsafe try Parameters(params)
    let description = unsafe try FrameDescription(importing: description, "description")
    let inpaint = unsafe try InpaintParameters(inpaint)
    var bounds = PixelRectangle(x: 0, y: 0, width: description.width, height: description.height)
    if let hole = unsafe hole?.pointee {
      let parts = inpaint.rectangles + [try PixelRectangle(importing: hole, "hole")]
      guard let around = PixelRectangle.around(parts, mask: nil, in: description) else {
        unsafe bytes.pointee = 0
        return
      }
      bounds = around
    }
    var filler: (any RecurrentInpainter)?
    if case .inpainting(let network) = try parameters.network(
      of: parameters.openModel(), on: CPU.level)
    {
      filler = network
    }
    let sum = try Inpainter.memoryRequired(
      description, bounds: bounds, settings: inpaint.settings, workers: parameters.workers,
      network: filler)
    unsafe bytes.pointee = UInt64(clamping: sum)
  }
}

// SPDX-License-Identifier: MIT
import CVFI
import VFIEngine

/// The window of a call: frames alike, with what is known of their damage.
private struct SuspectWindow {
  let frames: [SuspectFrame]
  let index: Int

  init(
    _ count: Int32, _ frames: UnsafePointer<vfi_frame>?, _ markCount: Int32,
    _ marks: UnsafePointer<vfi_frame>?, _ index: Int32, in context: Context
  ) throws(VFIError) {
    guard (1...256).contains(count) else { throw .argument("count is \(count), not 1 to 256") }
    guard markCount == 0 || markCount == count else {
      throw .argument("mark_count is \(markCount), not 0 or \(count)")
    }
    guard let frames = unsafe frames else { throw .argument("frames is NULL") }
    guard unsafe markCount == 0 || marks != nil else { throw .argument("marks is NULL") }
    guard index >= 0, index < count else {
      throw .argument("index is \(index), not 0 to \(count - 1)")
    }
    var imported: [SuspectFrame] = []
    for number in 0..<Int(count) {
      let frame = unsafe try Frame(
        importing: frames + number, "frames[\(number)]", like: imported.first?.frame)
      let known = FrameSuspicion([.corrupt, .concealed])
      var suspect = SuspectFrame(
        frame, suspicion: FrameSuspicion(rawValue: unsafe frames[number].flags).intersection(known))
      if let marks = unsafe marks, markCount > 0 {
        suspect.marks = unsafe try Frame(
          importingMarks: marks + number, "marks[\(number)]", of: frame)
        let flags = unsafe marks[number].flags
        let doubts = [DamageDoubt.motion, .macroblocks]
        suspect.doubt = doubts.first { flags & $0.rawValue != 0 }
      }
      imported.append(suspect)
    }
    self.frames = imported
    self.index = Int(index)
    guard !context.belongsToStream else {
      throw .state("a stream's context looks at no other frames")
    }
    try context.checkCancellation()
    context.note(imported[0].frame.description)
  }

  /// Throws where the caller's output overlaps a frame or marks.
  func check(_ output: Frame, _ name: String) throws(VFIError) {
    guard
      !frames.contains(where: {
        output.overlaps($0.frame) || $0.marks.map(output.overlaps) == true
      })
    else { throw .argument("\(name): a plane overlaps an input's") }
  }
}

extension vfi_analysis {
  fileprivate init(_ analysis: FrameAnalysis) {
    self.init(
      struct_size: MemoryLayout<vfi_analysis>.size, events: analysis.events.rawValue, reserved: 0,
      scene_score: analysis.sceneScore, difference: analysis.difference, black: analysis.black,
      damage: analysis.damage, damaged_pixels: UInt64(analysis.damagedPixels))
  }
}

@c @implementation
public func vfi_analyze(
  _ context: OpaquePointer?, _ count: Int32, _ frames: UnsafePointer<vfi_frame>?,
  _ mark_count: Int32, _ marks: UnsafePointer<vfi_frame>?, _ index: Int32,
  _ map: UnsafeMutablePointer<vfi_frame>?, _ out: UnsafeMutablePointer<vfi_analysis>?
) -> vfi_status {
  unsafe withContext(context) { (context) throws(VFIError) in
    if let out = unsafe out { _ = unsafe try load(UnsafePointer(out)) }
    let window = unsafe try SuspectWindow(count, frames, mark_count, marks, index, in: context)
    var output: Frame?
    if let map = unsafe map {
      let imported = unsafe try Frame(
        importingMask: UnsafePointer(map), "map", of: window.frames[0].frame)
      try window.check(imported, "map")
      output = imported
    }
    let analysis = try context.repairer.analyzer.analyze(
      window.frames, index: window.index, map: output)
    if let out = unsafe out { unsafe out.pointee = vfi_analysis(analysis) }
  }
}

/// How to repair.
private func repairSettings(
  _ params: UnsafePointer<vfi_repair_params>?
) throws(VFIError) -> RepairSettings {
  var settings = RepairSettings()
  guard unsafe params != nil else { return settings }
  let params = unsafe try load(params)
  settings.inpaint.dilation = Int(params.dilation)
  settings.inpaint.feather = Int(params.feather)
  try settings.inpaint.check()
  guard (0...1).contains(params.detect) else {
    throw .argument("detect is \(params.detect), not 0 or 1")
  }
  guard params.reserved == 0 else { throw .argument("reserved is not 0") }
  settings.detects = params.detect == 1
  return settings
}

@c @implementation
public func vfi_repair_params_init(
  _ params: UnsafeMutablePointer<vfi_repair_params>?, _ struct_size: Int
) {
  let settings = RepairSettings()
  unsafe initialise(
    params, struct_size,
    vfi_repair_params(
      struct_size: struct_size, dilation: Int32(settings.inpaint.dilation),
      feather: Int32(settings.inpaint.feather), detect: settings.detects ? 1 : 0, reserved: 0))
}

@c @implementation
public func vfi_repair_window(
  _ context: OpaquePointer?, _ count: Int32, _ frames: UnsafePointer<vfi_frame>?,
  _ mark_count: Int32, _ marks: UnsafePointer<vfi_frame>?, _ index: Int32,
  _ params: UnsafePointer<vfi_repair_params>?, _ out: UnsafeMutablePointer<vfi_frame>?,
  _ info: UnsafeMutablePointer<vfi_repair_info>?
) -> vfi_status {
  unsafe withContext(context) { (context) throws(VFIError) in
    let start = Statistics.now()
    if let info = unsafe info { _ = unsafe try load(UnsafePointer(info)) }
    let settings = unsafe try repairSettings(params)
    let window = unsafe try SuspectWindow(count, frames, mark_count, marks, index, in: context)
    let output = unsafe try Frame(
      importingOutput: out, "out", like: window.frames[0].frame)
    try window.check(output, "out")
    let result = try context.repairer.repair(
      window.frames, index: window.index, settings: settings, into: output)
    guard let info = unsafe info else { return }
    unsafe info.pointee.action = result.action.rawValue
    unsafe info.pointee.frames_used = Int32(result.framesUsed)
    unsafe info.pointee.changed_pixels = UInt64(result.changed)
    unsafe info.pointee.propagated_pixels = UInt64(result.propagated)
    unsafe info.pointee.analysis = vfi_analysis(result.analysis)
    unsafe info.pointee.elapsed_ns = Statistics.now() &- start
  }
}

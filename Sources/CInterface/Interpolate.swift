// SPDX-License-Identifier: MIT
import CVFI
import VFIEngine

/// The two frames of a call of the pair layer.
private struct Pair {
  let a: Frame
  let b: Frame
  let idA: UInt64
  let idB: UInt64
  private(set) var before: Neighbour?
  private(set) var after: Neighbour?

  init(_ a: UnsafePointer<vfi_frame>?, _ b: UnsafePointer<vfi_frame>?, in context: Context)
    throws(VFIError)
  {
    self.a = unsafe try Frame(importing: a, "a")
    self.b = unsafe try Frame(importing: b, "b", like: self.a)
    idA = unsafe a?.pointee.content_id ?? 0
    idB = unsafe b?.pointee.content_id ?? 0
    guard !context.belongsToStream else {
      throw .state("a stream's context makes no pairs of its own")
    }
    try context.checkCancellation()
    context.note(self.a.description)
  }

  /// The caller's output, which must not overlap the pair.
  func output(_ out: UnsafePointer<vfi_frame>?, _ name: String) throws(VFIError) -> Frame {
    let frame = unsafe try Frame(importingOutput: out, name, like: a)
    let sources = [a, b] + [before, after].compactMap { $0?.frame }
    guard !sources.contains(where: frame.overlaps) else {
      throw .argument("\(name): a plane overlaps an input's")
    }
    return frame
  }
}

extension Pair {
  /// The pair between `before` and `after`, either of which may be NULL.
  init(
    _ before: UnsafePointer<vfi_frame>?, _ a: UnsafePointer<vfi_frame>?,
    _ b: UnsafePointer<vfi_frame>?, _ after: UnsafePointer<vfi_frame>?, in context: Context
  ) throws(VFIError) {
    unsafe try self.init(a, b, in: context)
    let intervals = unsafe Self.intervals([before, a, b, after].map { unsafe $0?.pointee.pts })
    if let before = unsafe before {
      self.before = unsafe Neighbour(
        frame: try Frame(importing: before, "before", like: self.a),
        id: before.pointee.content_id, interval: intervals.before)
    }
    if let after = unsafe after {
      self.after = unsafe Neighbour(
        frame: try Frame(importing: after, "after", like: self.a),
        id: after.pointee.content_id, interval: intervals.after)
    }
  }

  /// Distances of the neighbours in intervals of the pair; 1 where times do not rise.
  private static func intervals(_ times: [Int64?]) -> (before: Double, after: Double) {
    let given = times.compactMap { $0 }.map(Double.init)
    guard zip(given, given.dropFirst()).allSatisfy({ $0 < $1 }), let a = times[1],
      let b = times[2]
    else { return (1, 1) }
    let interval = Double(b) - Double(a)
    return (
      times[0].map { (Double(a) - Double($0)) / interval } ?? 1,
      times[3].map { (Double($0) - Double(b)) / interval } ?? 1
    )
  }
}

private func checkInstant(_ num: Int64, _ den: Int64) throws(VFIError) {
  guard den > 0, num >= 0, num <= den else {
    throw .argument("t = \(num)/\(den) is outside 0 to 1")
  }
}

/// Bytes of the caller's structure, of which there are two versions; 0 for NULL.
@discardableResult
func checkInfo(_ info: UnsafeMutablePointer<vfi_info>?) throws(VFIError) -> Int {
  guard unsafe info != nil else { return 0 }
  return unsafe try loadSize(info, first: MemoryLayout<vfi_info>.offset(of: \.filled_pixels))
}

/// Writes to the caller's structure, whose size is known to be right.
func export(_ info: FrameInfo, to out: UnsafeMutablePointer<vfi_info>?) {
  guard let out = unsafe out else { return }
  let size = unsafe out.pointee.struct_size
  let result = vfi_info(
    struct_size: size, decision: info.decision.rawValue, scene_score: info.sceneScore,
    elapsed_ns: info.elapsed, filled_pixels: UInt64(clamping: info.change.pixels),
    repair_action: info.change.repair.rawValue, reserved: 0)
  unsafe initialise(out, size, result)
}

@c @implementation
public func vfi_interpolate(
  _ context: OpaquePointer?, _ a: UnsafePointer<vfi_frame>?, _ b: UnsafePointer<vfi_frame>?,
  _ t_num: Int64, _ t_den: Int64, _ out: UnsafeMutablePointer<vfi_frame>?,
  _ info: UnsafeMutablePointer<vfi_info>?
) -> vfi_status {
  var t = vfi_rational(num: t_num, den: t_den)
  return unsafe vfi_interpolate_n(context, a, b, 1, &t, out, info)
}

@c @implementation
public func vfi_interpolate_n(
  _ context: OpaquePointer?, _ a: UnsafePointer<vfi_frame>?, _ b: UnsafePointer<vfi_frame>?,
  _ count: Int32, _ t: UnsafePointer<vfi_rational>?, _ out: UnsafeMutablePointer<vfi_frame>?,
  _ info: UnsafeMutablePointer<vfi_info>?
) -> vfi_status {
  unsafe withContext(context) { (context) throws(VFIError) in
    guard (1...1024).contains(count) else { throw .argument("count is \(count), not 1 to 1024") }
    unsafe try interpolate(context, count: Int(count), t, distance: nil, out, info) {
      () throws(VFIError) in unsafe try Pair(a, b, in: context)
    }
  }
}

@c @implementation
public func vfi_interpolate_among(
  _ context: OpaquePointer?, _ before: UnsafePointer<vfi_frame>?,
  _ a: UnsafePointer<vfi_frame>?, _ b: UnsafePointer<vfi_frame>?,
  _ after: UnsafePointer<vfi_frame>?, _ count: Int32, _ t: UnsafePointer<vfi_rational>?,
  _ out: UnsafeMutablePointer<vfi_frame>?, _ info: UnsafeMutablePointer<vfi_info>?
) -> vfi_status {
  unsafe withContext(context) { (context) throws(VFIError) in
    guard (1...1024).contains(count) else { throw .argument("count is \(count), not 1 to 1024") }
    guard context.parameters.settings.bendsMotion else {
      throw .state("the context's motion is linear: the frames around a pair are not looked at")
    }
    unsafe try interpolate(context, count: Int(count), t, distance: nil, out, info) {
      () throws(VFIError) in unsafe try Pair(before, a, b, after, in: context)
    }
  }
}

@c @implementation
public func vfi_interpolate_distance(
  _ context: OpaquePointer?, _ a: UnsafePointer<vfi_frame>?, _ b: UnsafePointer<vfi_frame>?,
  _ t_num: Int64, _ t_den: Int64, _ distance: UnsafePointer<vfi_distance>?,
  _ out: UnsafeMutablePointer<vfi_frame>?, _ info: UnsafeMutablePointer<vfi_info>?
) -> vfi_status {
  unsafe withContext(context) { (context) throws(VFIError) in
    let plane = unsafe try DistancePlane(importing: distance)
    var t = vfi_rational(num: t_num, den: t_den)
    unsafe try interpolate(context, count: 1, &t, distance: plane, out, info) {
      () throws(VFIError) in unsafe try Pair(a, b, in: context)
    }
  }
}

extension DistancePlane {
  /// A view of the caller's map.
  init(importing distance: UnsafePointer<vfi_distance>?) throws(VFIError) {
    let map = unsafe try load(distance)
    guard let type = unsafe ValueType(rawValue: map.type) else {
      throw .argument("distance: type \(unsafe map.type) is unknown")
    }
    guard let data = unsafe map.data else { throw .argument("distance: data is NULL") }
    let (width, height) = unsafe (Int(map.width), Int(map.height))
    guard (1...Int(VFI_MAX_SIZE)).contains(width), (1...Int(VFI_MAX_SIZE)).contains(height) else {
      throw .size("distance: \(width) x \(height)")
    }
    unsafe try self.init(
      base: data, stride: map.stride, type: type, width: width, height: height)
  }
}

/// Makes the frames at `count` instants of one pair.
private func interpolate(
  _ context: Context, count: Int, _ t: UnsafePointer<vfi_rational>?, distance: DistancePlane?,
  _ out: UnsafeMutablePointer<vfi_frame>?, _ info: UnsafeMutablePointer<vfi_info>?,
  _ importPair: () throws(VFIError) -> Pair
) throws(VFIError) {
  guard let t = unsafe t, let out = unsafe out else {
    throw .argument("\(unsafe t == nil ? "t" : "out") is NULL")
  }
  // The caller's structures lie as far apart as its version of them is long.
  let size = unsafe try checkInfo(info)
  func place(_ index: Int) -> UnsafeMutablePointer<vfi_info>? {
    unsafe info.map {
      unsafe (UnsafeMutableRawPointer($0) + index * size).assumingMemoryBound(to: vfi_info.self)
    }
  }
  for index in 0..<count {
    unsafe try checkInstant(t[index].num, t[index].den)
    guard unsafe try checkInfo(place(index)) == size else {
      throw .version("struct_size of info[\(index)] differs from that of info[0]")
    }
  }
  let pair = try importPair()
  var outputs: [Frame] = []
  for index in 0..<count {
    let name = count == 1 ? "out" : "out[\(index)]"
    let output = unsafe try pair.output(out + index, name)
    guard !outputs.contains(where: output.overlaps) else {
      throw .argument("\(name): a plane overlaps another output's")
    }
    outputs.append(output)
  }
  let interpolator = try context.interpolator
  defer { interpolator.end() }
  try interpolator.begin(
    pair.a, pair.b, idA: pair.idA, idB: pair.idB, before: pair.before, after: pair.after)
  for (index, output) in outputs.enumerated() {
    let result = unsafe try interpolator.render(
      t[index].num, t[index].den, distance: distance, into: output)
    unsafe export(result, to: place(index))
  }
}

@c @implementation
public func vfi_scene_score(
  _ context: OpaquePointer?, _ a: UnsafePointer<vfi_frame>?, _ b: UnsafePointer<vfi_frame>?,
  _ score: UnsafeMutablePointer<Double>?
) -> vfi_status {
  unsafe withContext(context) { (context) throws(VFIError) in
    guard let score = unsafe score else { throw .argument("the score's place is NULL") }
    let pair = unsafe try Pair(a, b, in: context)
    unsafe score.pointee = try SceneCut.score(pair.a, pair.b, on: context.engine)
  }
}

@c @implementation
public func vfi_get_motion(
  _ context: OpaquePointer?, _ motion: UnsafeMutablePointer<vfi_motion>?
) -> vfi_status {
  unsafe withContext(context) { (context) throws(VFIError) in
    let place = unsafe try load(UnsafePointer(motion))
    unsafe try context.interpolator.copyMotion(
      flow0: place.flow0, flow1: place.flow1, mask: place.mask, width: Int(place.width),
      height: Int(place.height))
  }
}

@c @implementation
public func vfi_get_confidence(
  _ context: OpaquePointer?, _ confidence: UnsafeMutablePointer<vfi_confidence>?
) -> vfi_status {
  unsafe withContext(context) { (context) throws(VFIError) in
    let place = unsafe try load(UnsafePointer(confidence))
    guard let data = unsafe place.data else { throw .argument("confidence: data is NULL") }
    unsafe try context.interpolator.copyConfidence(
      to: data, stride: place.stride, width: Int(place.width), height: Int(place.height))
  }
}

// SPDX-License-Identifier: MIT
import Glibc

extension Interpolator {
  /// Copies the motion behind the last interpolated frame, at the size of the picture.
  ///
  /// Flows are `[height][width][2]` (x, y) in pixels, the mask is `[height][width]`, the share of
  /// the first frame. What is `nil` is not written. Throws `.state` when no frame was interpolated
  /// since the last pair began.
  package func copyMotion(
    flow0: UnsafeMutablePointer<Float>?, flow1: UnsafeMutablePointer<Float>?,
    mask: UnsafeMutablePointer<Float>?, width: Int, height: Int
  ) throws(VFIError) {
    let motion = try lastMotion(width: width, height: height)
    unsafe try forEachRow(of: motion, width: width, height: height) { y, planes, stride in
      if motion.layout == .candidates {
        unsafe joinCandidates(planes, stride: stride, count: width)
      }
      for x in 0..<width {
        for c in 0..<2 {
          unsafe flow0?[(y * width + x) * 2 + c] = planes[c * stride + x]
          unsafe flow1?[(y * width + x) * 2 + c] = planes[(2 + c) * stride + x]
        }
        unsafe mask?[y * width + x] = planes[4 * stride + x]
      }
    }
  }

  /// Writes how certain the last interpolated frame is, 0 to 255, at the size of the picture.
  ///
  /// 255 stands for an expected mean absolute error of 0, 0 for one of a tenth or more. Throws
  /// `.unsupported` when the model does not tell, `.state` as above.
  package func copyConfidence(
    to base: UnsafeMutablePointer<UInt8>, stride rowBytes: Int, width: Int, height: Int
  ) throws(VFIError) {
    let motion = try lastMotion(width: width, height: height)
    guard motion.layout == .candidates else {
      throw .unsupported(
        "the model \(model.info.name) (\(model.info.architecture)) does not tell its confidence")
    }
    guard abs(rowBytes) >= width || height == 1 else {
      throw .size("a stride of \(rowBytes) is less than a row of \(width)")
    }
    unsafe try forEachRow(of: motion, width: width, height: height) { y, planes, stride in
      let row = unsafe base + y * rowBytes
      for x in 0..<width {
        let expected = unsafe 2 * exp(planes[15 * stride + x])
        // NaN is not above 0.
        let certainty = 1 - expected / 0.1
        unsafe row[x] = certainty > 0 ? UInt8((255 * certainty).rounded()) : 0
      }
    }
  }

  private func lastMotion(width: Int, height: Int) throws(VFIError) -> MotionField {
    guard let motion = lastMotion, let description else {
      throw .state("no frame was interpolated")
    }
    guard width == description.width, height == description.height else {
      throw .size("the motion is \(description.width) x \(description.height)")
    }
    return motion
  }

  /// Calls `body` with the planes of each row of the picture, and their stride.
  private func forEachRow(
    of motion: MotionField, width: Int, height: Int,
    _ body: (_ y: Int, _ planes: UnsafeMutablePointer<Float>, _ stride: Int) -> Void
  ) throws(VFIError) {
    let mark = engine.scratch.mark
    defer { engine.scratch.release(to: mark) }
    let stride = (width + 15 + 15) / 16 * 16
    let count = motion.planes * stride
    let scratch = unsafe try engine.scratch.buffer(
      of: Float.self, count: count * engine.workers)
    try engine.forEach(height) { y, worker in
      let planes = unsafe scratch + worker * count
      unsafe motion.row(
        y, count: width, step: (1, 1), site: .zero, planes: planes, planeStride: stride,
        kernels: engine.kernels.merge)
      unsafe body(y, planes, stride)
    }
  }
}

/// Turns planes of candidates into those of one pair of flows: their means by weight, and the share
/// of a.
private func joinCandidates(_ planes: UnsafeMutablePointer<Float>, stride: Int, count: Int) {
  for x in 0..<count {
    func plane(_ index: Int) -> Float { unsafe planes[index * stride + x] }
    let shareOfA = plane(8) + plane(10)
    let shareOfB = plane(9) + plane(11)
    let share = shareOfA / (shareOfA + shareOfB)
    for flow in 0..<2 {
      let sum = flow == 0 ? shareOfA : shareOfB
      // A frame that counts for nothing still has a place: between both candidates.
      let part = sum > 1e-6 ? plane(8 + flow) / sum : 0.5
      for c in 2 * flow..<2 * flow + 2 {
        unsafe planes[c * stride + x] = part * plane(c) + (1 - part) * plane(4 + c)
      }
    }
    unsafe planes[4 * stride + x] = share
  }
}

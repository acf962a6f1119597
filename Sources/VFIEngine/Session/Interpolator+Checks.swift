// SPDX-License-Identifier: MIT

extension Interpolator {
  /// Lines from which motion is found at half the size, unless the settings say otherwise.
  private static let linesForHalfSize = 1600

  /// By how much frames are reduced before the network sees them: 1, 2 or 4.
  func motionFactor(_ description: FrameDescription) -> Int {
    switch settings.flowScale {
    case 0: description.height >= Self.linesForHalfSize ? 2 : 1
    case ..<0.375: 4
    case ..<0.75: 2
    default: 1
    }
  }

  /// Throws unless both frames have the same format, size and colour description.
  func checkPair(_ a: Frame, _ b: Frame) throws(VFIError) {
    try checkShape(b.description, like: a.description, name: "b")
    guard a.description.color == b.description.color else {
      throw .format("the colour descriptions of a and b differ")
    }
  }

  /// Throws unless `out` can take a frame between `a` and `b`.
  func check(_ out: Frame, a: Frame, b: Frame) throws(VFIError) {
    try checkShape(out.description, like: a.description, name: "out")
    guard !out.overlapsItself else { throw .argument("planes of out overlap each other") }
    guard !out.overlaps(a), !out.overlaps(b) else {
      throw .argument("out overlaps a source frame")
    }
  }

  /// Throws unless the model takes `distance` for pictures like `a`.
  func check(_ distance: DistancePlane, a: Frame) throws(VFIError) {
    guard model.takesDistance else {
      throw .unsupported(
        "the model \(model.info.name) (\(model.info.architecture)) has one t for all pixels and "
          + "takes no distance map")
    }
    guard distance.width == a.description.width, distance.height == a.description.height else {
      throw .size(
        "the distance map is \(distance.width) x \(distance.height), a is "
          + "\(a.description.width) x \(a.description.height)")
    }
  }

  private func checkShape(
    _ description: FrameDescription, like first: FrameDescription, name: String
  ) throws(VFIError) {
    guard description.format == first.format else {
      throw .format("format \(description.format) of \(name) is not \(first.format), that of a")
    }
    guard description.width == first.width, description.height == first.height else {
      throw .size(
        "\(name) is \(description.width) x \(description.height), "
          + "a is \(first.width) x \(first.height)")
    }
  }
}

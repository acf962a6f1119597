// SPDX-License-Identifier: MIT
import CLibAV

/// Samples of one colour component of a picture, as numbers.
struct ComponentSamples {
  /// "y", "u", "v", "r", "g", "b" or "a".
  let name: String
  let width: Int
  let height: Int
  /// Largest possible value.
  let peak: Int
  /// Row by row, without gaps.
  let values: [UInt16]
}

extension Picture {
  /// All components, in FFmpeg's order, as they are stored: no conversion, no rounding.
  ///
  /// Fails for formats that are not whole numbers of whole bytes.
  func components(_ place: String) throws(Failure) -> [ComponentSamples] {
    let excluded =
      AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_FLOAT | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BE
      | AV_PIX_FMT_FLAG_HWACCEL
    guard let layout = unsafe av_pix_fmt_desc_get(format),
      unsafe layout.pointee.flags & UInt64(excluded) == 0
    else {
      throw Failure("\(place): cannot compare pictures of \(KnownFormat.name(format))")
    }
    let isRGB = unsafe layout.pointee.flags & UInt64(AV_PIX_FMT_FLAG_RGB) != 0
    let hasAlpha = unsafe layout.pointee.flags & UInt64(AV_PIX_FMT_FLAG_ALPHA) != 0
    let count = unsafe Int(layout.pointee.nb_components)
    var names = Array(
      (isRGB ? ["r", "g", "b"] : ["y", "u", "v"]).prefix(hasAlpha ? count - 1 : count))
    if hasAlpha { names.append("a") }
    return names.enumerated().map { index, name in
      unsafe component(clibav_component(layout, Int32(index)), layout, index, name)
    }
  }

  private func component(
    _ place: AVComponentDescriptor, _ layout: UnsafePointer<AVPixFmtDescriptor>, _ index: Int,
    _ name: String
  ) -> ComponentSamples {
    let isChroma = name == "u" || name == "v"
    let shiftX = unsafe isChroma ? Int(layout.pointee.log2_chroma_w) : 0
    let shiftY = unsafe isChroma ? Int(layout.pointee.log2_chroma_h) : 0
    let columns = (Int(width) + (1 << shiftX) - 1) >> shiftX
    let rows = (Int(height) + (1 << shiftY) - 1) >> shiftY
    let peak = (1 << Int(place.depth)) - 1
    var values: [UInt16] = []
    values.reserveCapacity(columns * rows)
    for row in 0..<rows {
      guard var sample = unsafe plane(Int(place.plane)) else { break }
      unsafe sample += row * stride(Int(place.plane)) + Int(place.offset)
      for _ in 0..<columns {
        // The lowest byte comes first (see the flag BE above).
        let high = unsafe place.depth > 8 ? Int(sample[1]) << 8 : 0
        let value = unsafe (Int(sample[0]) | high) >> Int(place.shift) & peak
        values.append(UInt16(truncatingIfNeeded: value))
        unsafe sample += Int(place.step)
      }
    }
    return ComponentSamples(
      name: name, width: columns, height: rows, peak: peak, values: values)
  }
}

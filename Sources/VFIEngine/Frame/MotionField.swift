// SPDX-License-Identifier: MIT
import CIntrinsics

/// What a model found between two frames, for a picture of its frames' size or a whole factor larger.
///
/// The map is that of ``DecodedMotion``. Pixel (x, y) of the picture lies at ((x + 0.5) / spacing -
/// 0.5, ...) of it; between its pixels the map is linear.
package struct MotionField {
  package enum Layout {
    /// Two samples a pixel, `[H, W, 8]`.
    case warpPair
    /// Four samples a pixel, `[H / 2, W / 2, 16]`.
    case candidates
  }

  package let map: FeatureMap
  /// By how much the model's frames were reduced: 1, 2 or 4.
  package let factor: Int
  package let layout: Layout

  package init(_ decoded: DecodedMotion, factor: Int = 1) {
    map = decoded.map
    self.factor = factor
    layout =
      switch decoded {
      case .warpPair: .warpPair
      case .candidates: .candidates
      }
    precondition(map.channels == planes && factor > 0)
  }

  /// Pixels of the picture from one pixel of the map to the next.
  package var spacing: Int { layout == .candidates ? 2 * factor : factor }

  /// Values a pixel of the map has.
  var planes: Int { layout == .candidates ? 16 : 8 }

  /// Both flows, in pixels of the picture, at the map's pixel that holds (x, y).
  ///
  /// Of candidates those of the pair that weighs more.
  func flow(_ y: Int, _ x: Int) -> (a: SIMD2<Float>, b: SIMD2<Float>) {
    let row = min(y / spacing, map.height - 1)
    let column = min(x / spacing, map.width - 1)
    var pixel = unsafe map.base + row * map.rowStride + column * map.pixelStride
    if layout == .candidates, unsafe pixel[10] + pixel[11] > pixel[8] + pixel[9] {
      unsafe pixel += 4
    }
    let scale = Float(factor)
    return unsafe (
      SIMD2(pixel[0], pixel[1]) * scale, SIMD2(pixel[2], pixel[3]) * scale
    )
  }

  /// Fills planes (see `vfi_motion_row`) for row `y` of a component.
  ///
  /// `step`: pixels of the picture from one sample of the component to the next; `site`: pixels
  /// from the picture's first pixel to the component's first sample.
  func row(
    _ y: Int, count: Int, step: (x: Int, y: Int), site: SIMD2<Float>,
    planes: UnsafeMutablePointer<Float>, planeStride: Int, kernels: MergeKernels
  ) {
    let scale = 1 / Float(spacing)
    unsafe fill(
      row: (Float(y * step.y) + site.y + 0.5) * scale - 0.5, count: count,
      columnScale: Float(step.x) * scale, columnOffset: (site.x + 0.5) * scale - 0.5,
      planes: planes, planeStride: planeStride, kernels: kernels)
  }

  /// How a component's columns lie in the planes of ``candidateRow(_:count:step:site:planes:planeStride:kernels:)``.
  struct CandidateColumns {
    /// Place of the first column.
    var start = 0
    var doubles = false
    var fraction: Float = 0
  }

  /// As ``row(_:count:step:site:planes:planeStride:kernels:)`` for `vfi_candidate_row`.
  ///
  /// Where that is possible, the planes have the map's own columns: fewer than the component. Columns
  /// up to 16 beyond `count` have values.
  func candidateRow(
    _ y: Int, count: Int, step: (x: Int, y: Int), site: SIMD2<Float>,
    planes: UnsafeMutablePointer<Float>, planeStride: Int, kernels: MergeKernels
  ) -> CandidateColumns {
    let scale = 1 / Float(spacing)
    let columnScale = Float(step.x) * scale
    let offset = (site.x + 0.5) * scale - 0.5
    var columns = CandidateColumns()
    columns.doubles = columnScale == 0.5 && offset == -0.25
    let hasMapColumns = columns.doubles || columnScale == 1
    if columnScale == 1 {
      columns.start = offset < 0 ? 0 : 1
      columns.fraction = offset < 0 ? offset + 1 : offset
    }
    unsafe fill(
      row: (Float(y * step.y) + site.y + 0.5) * scale - 0.5,
      count: (columns.doubles ? (count + 1) / 2 : count) + Self.margin,
      columnScale: hasMapColumns ? 1 : columnScale, columnOffset: hasMapColumns ? -1 : offset,
      planes: planes, planeStride: planeStride, kernels: kernels)
    return columns
  }

  /// Columns that planes of candidates have beside those of the component.
  static let margin = 24

  private func fill(
    row wanted: Float, count: Int, columnScale: Float, columnOffset: Float,
    planes: UnsafeMutablePointer<Float>, planeStride: Int, kernels: MergeKernels
  ) {
    let clamped = max(0, min(wanted, Float(map.height - 1)))
    let top = Int(clamped)
    let bottom = min(top + 1, map.height - 1)
    var argument = unsafe vfi_motion_row(
      top: map.base + top * map.rowStride, bottom: map.base + bottom * map.rowStride,
      pixel_stride: map.pixelStride, columns: map.width, bottom_weight: clamped - Float(top),
      column_scale: columnScale, column_offset: columnOffset, flow_scale: Float(factor),
      count: count, planes: planes, plane_stride: planeStride)
    switch layout {
    case .warpPair: unsafe kernels.motionRow(&argument)
    case .candidates: unsafe kernels.candidateRow(&argument)
    }
  }
}

// SPDX-License-Identifier: MIT
import CIntrinsics

/// What a model found between two frames, at full size or reduced by a whole factor.
///
/// `map` is `[H, W, 8]`: flow to a (x, y), flow to b (x, y) in pixels of the map, mask logit
/// (sigmoid = share of a), residual RGB of 0...1. Pixel (x, y) of the picture lies at
/// ((x + 0.5) / factor - 0.5, ...) of the map; between its pixels the map is linear.
package struct MotionField {
  package let map: FeatureMap
  /// 1, 2 or 4.
  package let factor: Int

  package init(map: FeatureMap, factor: Int = 1) {
    precondition(map.channels == 8 && factor > 0)
    self.map = map
    self.factor = factor
  }

  /// Both flows, in pixels of the picture, at the map's pixel that holds (x, y).
  func flow(_ y: Int, _ x: Int) -> (a: SIMD2<Float>, b: SIMD2<Float>) {
    let row = min(y / factor, map.height - 1)
    let column = min(x / factor, map.width - 1)
    let pixel = unsafe map.base + row * map.rowStride + column * map.pixelStride
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
    let scale = 1 / Float(factor)
    let wanted = (Float(y * step.y) + site.y + 0.5) * scale - 0.5
    let clamped = max(0, min(wanted, Float(map.height - 1)))
    let top = Int(clamped)
    let bottom = min(top + 1, map.height - 1)
    var argument = unsafe vfi_motion_row(
      top: map.base + top * map.rowStride, bottom: map.base + bottom * map.rowStride,
      pixel_stride: map.pixelStride, columns: map.width, bottom_weight: clamped - Float(top),
      column_scale: Float(step.x) * scale, column_offset: (site.x + 0.5) * scale - 0.5,
      flow_scale: Float(factor), count: count, planes: planes, plane_stride: planeStride)
    unsafe kernels.motionRow(&argument)
  }
}

// SPDX-License-Identifier: MIT

/// How code values stand for colours; the numbers are those of `vfi.h`.
///
/// Carried through unchanged, "unspecified" included. What is guessed for an unspecified field
/// serves the network's RGB only.
package struct ColorDescription: Equatable, Sendable {
  /// ITU-T H.273 matrix coefficients; 2 = unspecified.
  package var matrix: Int32
  /// ITU-T H.273 colour primaries; 2 = unspecified.
  package var primaries: Int32
  /// ITU-T H.273 transfer characteristics; 2 = unspecified.
  package var transfer: Int32
  /// 0 = unspecified, 1 = limited, 2 = full.
  package var range: Int32
  /// `VFI_CHROMA_*`; 0 = unspecified.
  package var chromaLocation: Int32
  /// 0 = straight, 1 = premultiplied.
  package var alphaMode: Int32

  package init(
    matrix: Int32 = 2, primaries: Int32 = 2, transfer: Int32 = 2, range: Int32 = 0,
    chromaLocation: Int32 = 0, alphaMode: Int32 = 0
  ) {
    self.matrix = matrix
    self.primaries = primaries
    self.transfer = transfer
    self.range = range
    self.chromaLocation = chromaLocation
    self.alphaMode = alphaMode
  }

  /// Whether full-range code values are used; unspecified is limited for YUV and full for RGB.
  package func isFullRange(rgb: Bool) -> Bool { range == 0 ? rgb : range == 2 }

  /// Columns from a luma sample of even column to the chroma sample that shares its index.
  package var chromaX: Float {
    switch chromaLocation {
    case 2, 4, 6: 0.5
    default: 0
    }
  }

  /// Rows from a luma sample of even row to the chroma sample that shares its index.
  package var chromaY: Float {
    switch chromaLocation {
    case 3, 4: 0
    case 5, 6: 1
    default: 0.5
    }
  }
}

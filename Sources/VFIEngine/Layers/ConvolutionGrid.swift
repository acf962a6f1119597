// SPDX-License-Identifier: MIT
import CIntrinsics

/// Which input pixels feed which output pixels of a convolution.
///
/// Output pixel (y, x) of the grid reads `(y * stride + originY + ky * dilation, ...)` and is
/// written to `(y * spread + phaseY, ...)` of the output map. Inputs outside the map are zero.
struct ConvolutionGrid {
  /// Taps in each direction.
  var kernel: Int
  var stride = 1
  var dilation = 1
  var originY: Int
  var originX: Int
  var height: Int
  var width: Int
  /// 2 for a transposed convolution, which fills every other pixel in one of four phases.
  var spread = 1
  var phaseY = 0
  var phaseX = 0

  /// Pixels of a tile: the distance between the slots of two taps of one pixel.
  static let tilePixels = Int(VFI_TILE_PIXELS)

  /// One pixel's position in the grid.
  struct Position {
    var y: Int
    var x: Int
  }

  /// The grid of a later phase of a transposed convolution; phases go through x first.
  func phase(_ index: Int) -> ConvolutionGrid {
    var result = self
    result.originY += index / 2
    result.originX += index % 2
    result.phaseY = index / 2
    result.phaseX = index % 2
    return result
  }

  func position(_ index: Int) -> Position { Position(y: index / width, x: index % width) }

  /// Goes to the next pixel in row-major order.
  func advance(_ position: inout Position) {
    position.x &+= 1
    if position.x == width { position = Position(y: position.y &+ 1, x: 0) }
  }

  func outputIndex(_ position: Position, width outputWidth: Int) -> Int {
    (position.y * spread + phaseY) * outputWidth + position.x * spread + phaseX
  }

  /// Writes the pointers of one pixel's taps to `slots[0]`, `slots[spacing]`, ...
  func listInputs(
    _ position: Position, of input: FeatureMap, zero: UnsafeRawPointer,
    to slots: UnsafeMutablePointer<UnsafeRawPointer>, spacing: Int = tilePixels
  ) {
    let top = position.y &* stride &+ originY
    let left = position.x &* stride &+ originX
    let reach = (kernel &- 1) &* dilation
    let pixelBytes = input.pixelBytes
    let rowBytes = input.width &* pixelBytes
    let base = unsafe UnsafeRawPointer(input.memory)
    var slot = unsafe slots
    if top >= 0, left >= 0, top &+ reach < input.height, left &+ reach < input.width {
      var row = unsafe base + (top &* rowBytes &+ left &* pixelBytes)
      for _ in 0..<kernel {
        for kx in 0..<kernel {
          unsafe slot.pointee = row + kx &* dilation &* pixelBytes
          unsafe slot += spacing
        }
        unsafe row += dilation &* rowBytes
      }
      return
    }
    for ky in 0..<kernel {
      let y = top &+ ky &* dilation
      for kx in 0..<kernel {
        let x = left &+ kx &* dilation
        let inside = y >= 0 && y < input.height && x >= 0 && x < input.width
        unsafe slot.pointee = inside ? base + (y &* rowBytes &+ x &* pixelBytes) : zero
        unsafe slot += spacing
      }
    }
  }

  /// Writes the pointers of a whole tile's taps, if the tile lies in one row and needs no zeros.
  ///
  /// Most tiles do, and pointers with equal distances cost little.
  func listTile(
    _ position: Position, of input: FeatureMap,
    to slots: UnsafeMutablePointer<UnsafeRawPointer>
  ) -> Bool {
    let top = position.y &* stride &+ originY
    let left = position.x &* stride &+ originX
    let reach = (kernel &- 1) &* dilation
    let lastLeft = left &+ (Self.tilePixels &- 1) &* stride
    guard top >= 0, left >= 0, top &+ reach < input.height, lastLeft &+ reach < input.width,
      position.x &+ Self.tilePixels <= width
    else { return false }
    let step = stride &* input.pixelBytes
    var slot = unsafe slots
    for ky in 0..<kernel {
      for kx in 0..<kernel {
        let y = top &+ ky &* dilation
        let x = left &+ kx &* dilation
        let first =
          unsafe UnsafeRawPointer(input.memory) + (y &* input.width &+ x) &* input.pixelBytes
        for pixel in 0..<Self.tilePixels { unsafe slot[pixel] = first + pixel &* step }
        unsafe slot += Self.tilePixels
      }
    }
    return true
  }
}

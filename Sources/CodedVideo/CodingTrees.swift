// SPDX-License-Identifier: MIT

/// The coding tree blocks of a picture of H.265: squares that are decoded row by row.
package struct CodingTrees: Equatable {
  /// Log2 of the side, in pixels, 3 to 6.
  package let side: Int
  package let columns: Int
  package let rows: Int

  package var count: Int { columns * rows }

  init(side: Int, width: Int, height: Int) {
    self.side = side
    columns = (width + (1 << side) - 1) >> side
    rows = (height + (1 << side) - 1) >> side
  }

  /// The one that holds the pixel in a row and a column; nil: it is outside.
  func number(row: Int, column: Int) -> Int? {
    let (y, x) = (row >> side, column >> side)
    return y < rows && x < columns ? y * columns + x : nil
  }
}

/// Where slices of H.265 begin, by the parameter sets that they name.
///
/// What is damaged, or not written here, is not known.
package struct SliceStarts {
  /// Where a slice begins.
  package struct Start: Equatable {
    package let trees: CodingTrees
    /// The number of its first coding tree block.
    package let first: Int
  }

  /// Of a picture parameter set.
  private struct Coding {
    let sequence: Int
    let mayDepend: Bool
    /// Blocks are not in the order of rows.
    let hasTiles: Bool
  }

  private static let sequenceParameters: UInt8 = 33
  private static let pictureParameters: UInt8 = 34
  /// Pictures that decoding may begin with have a flag more.
  private static let keyPictures: ClosedRange<UInt8> = 16...23
  /// As much of a slice as holds what is read of it.
  private static let headerBytes = 32

  private var trees: [Int: CodingTrees] = [:]
  private var codings: [Int: Coding] = [:]

  package init() {}

  private static func kind(of unit: ArraySlice<UInt8>) -> UInt8? {
    // Of a second layer (another view, a finer picture) nothing is decoded.
    guard unit.count > 2, unit[unit.startIndex] & 1 == 0, unit[unit.startIndex + 1] >> 3 == 0
    else { return nil }
    return unit[unit.startIndex] >> 1 & 63
  }

  /// Keeps what a unit says if it is a parameter set.
  package mutating func learn(_ unit: ArraySlice<UInt8>) {
    switch Self.kind(of: unit) {
    case Self.sequenceParameters: learnSequence(BitReader(unit.dropFirst(2)))
    case Self.pictureParameters: learnPicture(BitReader(unit.dropFirst(2)))
    default: break
    }
  }

  private mutating func learnSequence(_ start: BitReader) {
    var reader = start
    reader.skip(4)
    let layers = reader.bits(3)
    reader.skip(1)
    Self.skipProfile(&reader, layers)
    let id = reader.number()
    if reader.number() == 3 { reader.skip(1) }
    let (width, height) = (reader.number(), reader.number())
    // What is cut off at the sides.
    if reader.flag() { reader.skipNumbers(4) }
    // Depths, and the bits of the picture order count.
    reader.skipNumbers(3)
    let isOfEach = reader.flag()
    reader.skipNumbers(3 * (isOfEach ? layers + 1 : 1))
    let least = reader.number() + 3
    let (side, overflow) = least.addingReportingOverflow(reader.number())
    let sizes = 1...1 << 16
    guard !reader.isBeyond, id < 16, !overflow, (4...6).contains(side), sizes.contains(width),
      sizes.contains(height)
    else { return }
    trees[id] = CodingTrees(side: side, width: width, height: height)
  }

  /// Passes over the profile and the levels of a sequence, and of its layers in time.
  private static func skipProfile(_ reader: inout BitReader, _ layers: Int) {
    reader.skip(88 + 8)
    let present = (0..<layers).map { _ in (profile: reader.flag(), level: reader.flag()) }
    if layers > 0 { reader.skip(2 * (8 - layers)) }
    for layer in present { reader.skip((layer.profile ? 88 : 0) + (layer.level ? 8 : 0)) }
  }

  private mutating func learnPicture(_ start: BitReader) {
    var reader = start
    let (id, sequence) = (reader.number(), reader.number())
    let mayDepend = reader.flag()
    // Output, more bits in slice headers, hidden signs, tables of CABAC.
    reader.skip(1 + 3 + 1 + 1)
    // Reference pictures, the quantiser.
    reader.skipNumbers(3)
    // Intra prediction, transforms that are skipped.
    reader.skip(1 + 1)
    if reader.flag() { reader.skipNumbers(1) }
    reader.skipNumbers(2)
    // Offsets of chroma, weights, lossless blocks.
    reader.skip(1 + 2 + 1)
    let hasTiles = reader.flag()
    guard !reader.isBeyond, id < 64, sequence < 16 else { return }
    codings[id] = Coding(sequence: sequence, mayDepend: mayDepend, hasTiles: hasTiles)
  }

  /// Where a slice begins; nil: that is not known.
  package func start(of slice: ArraySlice<UInt8>) -> Start? {
    guard let kind = Self.kind(of: slice) else { return nil }
    var reader = BitReader(slice.dropFirst(2).prefix(Self.headerBytes))
    let isFirst = reader.flag()
    if Self.keyPictures.contains(kind) { reader.skip(1) }
    guard let coding = codings[reader.number()], !coding.hasTiles,
      let trees = trees[coding.sequence]
    else { return nil }
    // Whether it goes on with what the slice before has left.
    if !isFirst, coding.mayDepend { reader.skip(1) }
    let bits = Int.bitWidth - (trees.count - 1).leadingZeroBitCount
    let first = isFirst ? 0 : reader.bits(bits)
    guard !reader.isBeyond, first < trees.count, isFirst == (first == 0) else { return nil }
    return Start(trees: trees, first: first)
  }
}

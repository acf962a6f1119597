// SPDX-License-Identifier: MIT

/// From where on the blocks of a slice were decoded wrongly, by the logarithm of the odds of each.
///
/// A decoder is right up to some block, and wrong from there on: it is the block from which on the sum
/// is highest, the last one of several, or none (behind the end) where no sum is above 0.
package struct TurningPoint {
  package private(set) var index: Int
  package private(set) var sum: Float = 0

  package init(_ odds: ArraySlice<Float>) {
    index = odds.endIndex
    var total: Float = 0
    for block in odds.indices.reversed() {
      total += odds[block]
      if total > sum { (index, sum) = (block, total) }
    }
  }
}

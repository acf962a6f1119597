// SPDX-License-Identifier: MIT

/// Counts pictures of MPEG-1 and MPEG-2 in the order of presentation.
///
/// Each says its place in its group, of which one follows the other. What is missing at the end of a
/// group is not counted.
package struct GroupCount {
  private static let group: UInt8 = 0xB8
  private static let picture: UInt8 = 0
  /// From here on places begin anew where a group is longer.
  private static let period: Int64 = 1024

  /// Of the first picture of the group, and behind its last one so far.
  private var start: Int64 = 0
  private var end: Int64 = 0

  package init() {}

  /// The number of a packet's picture; nil: it says none.
  package mutating func number(of packet: [UInt8]) -> Int64? {
    var number: Int64?
    for unit in CodedSlices.unitsAfterStartCodes(packet) where unit.count > 2 && number == nil {
      let bytes = packet[unit].prefix(3).map(Int64.init)
      if bytes[0] == Self.group { start = end }
      if bytes[0] == Self.picture { number = start + (bytes[1] << 2 | bytes[2] >> 6) }
    }
    guard var number else { return nil }
    while number < end - Self.period / 2 { number += Self.period }
    end = max(end, number + 1)
    return number
  }
}

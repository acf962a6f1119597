// SPDX-License-Identifier: MIT

/// Where a frame is damaged, and how sure that is, `[height, width]`, 0 to 255.
struct DamageMap {
  /// Of 255, by number of agreeing cues: what one cue, two, three and more are worth.
  private static let certainty: [UInt8] = [0, 128, 191, 255]
  /// Blocks that one cue speaks of, around one of them and with it, that are enough in a suspect frame.
  private static let together = 3
  /// What is damaged because it lies between damaged blocks.
  private static let enclosed: UInt8 = 128

  /// As likely as not.
  private static let even: UInt8 = 128

  let values: Grid<UInt8>

  /// Takes the marks as they are, and blocks of which at least two cues speak.
  ///
  /// In a frame that is `suspect`, one cue is enough where it speaks of three blocks that lie together.
  /// Such blocks grow by neighbours of which one cue speaks, and by blocks that they enclose from
  /// two opposite sides.
  init(
    _ subject: SuspectFrame, evidence: Grid<UInt8>, odds: DamageOdds?, in arena: Arena
  ) throws(VFIError) {
    let description = subject.frame.description
    let isSuspect = !subject.suspicion.isEmpty
    let blocks = MacroblockGrid(description)
    let values = try arena.grid(
      UInt8(0), height: description.height, width: description.width)
    self.values = values
    let found = try arena.grid(UInt8(0), height: blocks.rows, width: blocks.columns)
    for y in 0..<blocks.rows {
      for x in 0..<blocks.columns where evidence[y, x] > 0 {
        let (rows, columns) = evidence.around(y, x)
        let together = rows.reduce(0) { sum, row in
          sum + columns.count { evidence[row, $0] > 0 }
        }
        guard evidence[y, x] > 1 || isSuspect && together >= Self.together else { continue }
        for row in rows {
          for column in columns {
            found[row, column] = Self.certainty[min(Int(evidence[row, column]), 3)]
          }
        }
      }
    }
    for y in 0..<blocks.rows {
      for x in 0..<blocks.columns {
        let value = max(found[y, x], Self.isEnclosed(found, y, x) ? Self.enclosed : 0)
        guard value > 0 else { continue }
        let (ys, xs) = blocks.pixels(y, x)
        for row in ys { for column in xs { values[row, column] = value } }
      }
    }
    if let marks = subject.marks { add(marks, subject.doubt, odds) }
  }

  private static func isEnclosed(_ found: Grid<UInt8>, _ y: Int, _ x: Int) -> Bool {
    func has(_ row: Int, _ column: Int) -> Bool {
      row >= 0 && column >= 0 && row < found.height && column < found.width
        && found[row, column] > 0
    }
    return (has(y - 1, x) && has(y + 1, x)) || (has(y, x - 1) && has(y, x + 1))
  }

  private func add(_ marks: Frame, _ doubt: DamageDoubt?, _ odds: DamageOdds?) {
    eachMark(marks) { mark, y, x in
      var value = mark
      if let doubt {
        let certainty = odds?.certainty(of: y, x, by: doubt) ?? 0
        value = certainty >= Self.even ? certainty : 0
      }
      values[y, x] = max(values[y, x], value)
    }
  }

  /// Calls `body` with the mark of each marked pixel.
  private func eachMark(_ marks: Frame, _ body: (UInt8, Int, Int) -> Void) {
    let samples = ComponentSamples(marks, 0)
    let isWhole = samples.width == values.width && samples.height == values.height
    let shift = isWhole ? 0 : 4
    for y in 0..<values.height {
      for x in 0..<values.width {
        let mark = UInt8(samples[y >> shift, x >> shift])
        if mark > 0 { body(mark, y, x) }
      }
    }
  }

  /// Damaged pixels, and the sum of their values as a share of the picture, 0 to 1.
  var extent: (pixels: Int, share: Double) {
    var (pixels, sum) = (0, 0)
    for y in 0..<values.height {
      for x in 0..<values.width where values[y, x] > 0 {
        pixels += 1
        sum += Int(values[y, x])
      }
    }
    return (pixels, Double(sum) / Double(255 * values.height * values.width))
  }

  /// Writes the values to a GRAY8 frame of the same size.
  func write(to map: Frame) {
    let component = map.description.format.layout.components[0]
    for y in 0..<values.height {
      unsafe map.row(y, of: component).copyMemory(
        from: values.base + y * values.width, byteCount: values.width)
    }
  }

  /// Lets the values of marked places be what the pictures say, damaged or not.
  func tell(_ odds: DamageOdds, by doubt: DamageDoubt, where marks: Frame) {
    eachMark(marks) { _, y, x in
      values[y, x] = max(values[y, x], odds.certainty(of: y, x, by: doubt))
    }
  }
}

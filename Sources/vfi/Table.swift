// SPDX-License-Identifier: MIT

/// Columns of text under a heading; columns of numbers stand to the right.
struct Table {
  private var rows: [[String]]
  private let numeric: Set<Int>

  init(_ heading: [String], numeric: Set<Int> = []) {
    rows = [heading]
    self.numeric = numeric
  }

  mutating func add(_ row: [String]) { rows.append(row) }

  /// The whole table, without a newline at its end.
  var text: String {
    var widths = [Int](repeating: 0, count: rows.map(\.count).max() ?? 0)
    for row in rows {
      for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.count) }
    }
    return rows.map { line($0, widths) }.joined(separator: "\n")
  }

  private func line(_ row: [String], _ widths: [Int]) -> String {
    var line = ""
    for (column, cell) in row.enumerated() {
      let blanks = String(repeating: " ", count: widths[column] - cell.count)
      line += (column > 0 ? "  " : "") + (numeric.contains(column) ? blanks + cell : cell + blanks)
    }
    while line.last == " " { line.removeLast() }
    return line
  }
}

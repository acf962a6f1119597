// SPDX-License-Identifier: MIT

/// The frames beside one that is looked at.
struct Neighbours {
  /// How many frames before it, and after, are enough to tell what is usual.
  static let reach = 3

  /// How much of a cut lies between the frame before and this one; -1 without one.
  private(set) var sceneScore = -1.0
  /// Whether another scene begins at this frame.
  private(set) var isCut = false
  /// The frame before, of whichever scene.
  private(set) var previous: AnalysisPicture?
  /// Those of the same scene that are not lost, from the nearest on.
  private(set) var earlier: [PlacedPicture] = []
  private(set) var later: [PlacedPicture] = []
  private let window: [SuspectFrame]
  private let index: Int
  private var numbersBefore: [Int] = []
  private var numbersAfter: [Int] = []

  /// Decides which frames belong to the scene.
  ///
  /// A frame that is like neither of its neighbours, while they are like each other, is no scene.
  /// Only where the frame `isCompared` with others of the scene are these looked for.
  init(
    _ window: [SuspectFrame], index: Int, isCompared: Bool, cutThreshold: Double,
    on engine: Engine
  ) throws(VFIError) {
    self.window = window
    self.index = index
    func score(_ a: Int, _ b: Int) throws(VFIError) -> Double {
      try SceneCut.score(
        window[a].frame, window[b].frame, hiddenA: window[a].marks, hiddenB: window[b].marks,
        on: engine)
    }
    if index > 0 { sceneScore = try score(index - 1, index) }
    func known(_ numbers: some Sequence<Int>) -> [Int] {
      Array(numbers.lazy.filter { !window[$0].isMarkedLost }.prefix(Self.reach))
    }
    let before = known((0..<index).reversed())
    let after = known(index + 1..<window.count)
    isCut = sceneScore > cutThreshold
    var cutBefore = isCut
    if let first = before.first, first != index - 1 {
      cutBefore = try score(first, index) > cutThreshold
    }
    var cutAfter = false
    if let first = after.first { cutAfter = try score(index, first) > cutThreshold }
    if cutBefore, cutAfter, let a = before.first, let b = after.first {
      let isOneScene = try score(a, b) <= cutThreshold
      if isOneScene { (isCut, cutBefore, cutAfter) = (false, false, false) }
    }
    func scene(_ numbers: [Int]) throws(VFIError) -> [Int] {
      var count = min(1, numbers.count)
      while count < numbers.count, try score(numbers[count - 1], numbers[count]) <= cutThreshold {
        count += 1
      }
      return Array(numbers.prefix(count))
    }
    guard isCompared else { return }
    if !cutBefore { numbersBefore = try scene(before) }
    if !cutAfter { numbersAfter = try scene(after) }
  }

  /// Reads the pictures: of two sides three, of one side all.
  mutating func load(in arena: Arena, on engine: Engine) throws(VFIError) {
    let isForward = numbersBefore.count > 1 || numbersBefore.count >= numbersAfter.count
    let other = isForward ? numbersAfter : numbersBefore
    let most = other.isEmpty ? Self.reach : 2
    (numbersBefore, numbersAfter) = (
      Array(numbersBefore.prefix(isForward ? most : 1)),
      Array(numbersAfter.prefix(isForward ? 1 : most))
    )
    if index > 0 {
      previous = try AnalysisPicture(window[index - 1].frame, in: arena, on: engine)
    }
    for number in numbersBefore {
      let known = number == index - 1 ? previous : nil
      earlier.append(try place(number, known, in: arena, on: engine))
    }
    for number in numbersAfter {
      later.append(try place(number, nil, in: arena, on: engine))
    }
  }

  private func place(
    _ number: Int, _ known: AnalysisPicture?, in arena: Arena, on engine: Engine
  ) throws(VFIError) -> PlacedPicture {
    if let known { return PlacedPicture(picture: known, time: number) }
    let picture = try AnalysisPicture(window[number].frame, in: arena, on: engine)
    return PlacedPicture(picture: picture, time: number)
  }

  /// Whether one of the nearest frames is marked at a macroblock or next to it.
  func isMarked(_ row: Int, _ column: Int) -> Bool {
    [earlier.first, later.first].contains {
      guard let number = $0?.time else { return false }
      return window[number].isMarked(row, column)
    }
  }
}

extension SuspectFrame {
  /// Whether a pixel of a macroblock or of those around it is marked.
  fileprivate func isMarked(_ row: Int, _ column: Int) -> Bool {
    guard let marks else { return false }
    let samples = ComponentSamples(marks, 0)
    let blocks = MacroblockGrid(frame.description)
    let isWhole = samples.width == blocks.width && samples.height == blocks.height
    let side = isWhole ? MacroblockGrid.side : 1
    for y in max(0, (row - 1) * side)..<min(samples.height, (row + 2) * side) {
      for x in max(0, (column - 1) * side)..<min(samples.width, (column + 2) * side)
      where samples[y, x] != 0 {
        return true
      }
    }
    return false
  }

  /// Whether next to nothing of the frame is left, as marks tell.
  fileprivate var isMarkedLost: Bool {
    guard let marks, doubt == nil, marks.nonZeroBounds() != nil else { return false }
    let (width, height) = (marks.description.width, marks.description.height)
    let component = marks.description.format.layout.components[0]
    let count = (0..<height).reduce(0) { sum, y in
      unsafe sum
        + UnsafeRawBufferPointer(start: marks.row(y, of: component), count: width).count { $0 > 0 }
    }
    return Double(count) >= FrameAnalyzer.lostShare * Double(width * height)
  }
}

// SPDX-License-Identifier: MIT

/// Repairs a stream's frames; their masks tell what the decoder has made up.
package final class RepairFilter: WindowFilter {
  private let repairer: FrameRepairer
  private let settings: RepairSettings

  package init(_ repairer: FrameRepairer, settings: RepairSettings = RepairSettings()) {
    self.repairer = repairer
    self.settings = settings
  }

  package func check(_ source: SourceFrame) throws(VFIError) {
    try [suspect(source)].checkAlike(index: 0)
  }

  package func prepare(mask: Frame) throws(VFIError) {}

  package func apply(
    _ window: [SourceFrame], index: Int, in place: (FrameDescription) throws(VFIError) -> Frame
  ) throws(VFIError) -> (frame: Frame, change: SourceChange)? {
    let out = try place(window[index].frame.description)
    let info = try repairer.repair(
      window.map(suspect), index: index, settings: settings, into: out)
    guard info.action != .none else { return nil }
    return (out, SourceChange(pixels: info.changed, repair: info.action))
  }

  private func suspect(_ source: SourceFrame) -> SuspectFrame {
    SuspectFrame(source.frame, suspicion: source.suspicion, marks: source.mask)
  }
}

// SPDX-License-Identifier: MIT
import Glibc
import VFIEngine

/// A frame whose planes begin or end at an inaccessible page: no byte beside them can be read.
package final class PageFrame {
  package let frame: Frame
  private let mappings: [(memory: UnsafeMutableRawPointer, size: Int)]

  package init(copyOf source: GuardedFrame, guarded side: GuardedMap.Side, on engine: Engine)
    throws
  {
    let description = source.frame.description
    var mappings: [(memory: UnsafeMutableRawPointer, size: Int)] = []
    var views = InlineArray<4, FramePlane>(repeating: .none)
    for plane in 0..<description.format.layout.planeCount {
      let bytes = description.rowBytes(plane: plane) * description.rows(plane: plane)
      let page = 4096
      let inner = (bytes + page - 1) / page * page
      let size = inner + 2 * page
      guard
        let memory = mmap(
          nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
        memory != MAP_FAILED
      else { throw VFIError.outOfMemory("mmap of \(size) bytes") }
      mprotect(memory, page, PROT_NONE)
      mprotect(memory + page + inner, page, PROT_NONE)
      mappings.append((memory, size))
      views[plane] = FramePlane(
        base: memory + (side == .before ? page : page + inner - bytes),
        stride: description.rowBytes(plane: plane))
    }
    self.mappings = mappings
    frame = try Frame(description: description, planes: views)
    try source.frame.copy(to: frame, on: engine)
  }

  deinit { for mapping in mappings { munmap(mapping.memory, mapping.size) } }
}

// SPDX-License-Identifier: MIT
import ArgumentParser
import CLibAV

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Tell how alike two videos are, frame by frame.",
    discussion: """
      PSNR in dB and SSIM, on the stored values of the planes. SSIM takes windows of 8x8 samples \
      at every fourth sample each way. Both weigh all samples alike; the mean PSNR is that of \
      the mean squared difference. Sizes and pixel formats must be the same.
      """)

  @Argument(help: "A video.") var first: String
  @Argument(help: "Another one.") var second: String
  @Flag(help: "Write JSON; the PSNR of equal pictures is null.") var json = false

  func run() throws {
    av_log_set_level(AV_LOG_ERROR)
    let comparison = try Comparison(first, second)
    var frames: [FrameLikeness] = []
    var failure: Failure?
    do {
      while let frame = try comparison.next() { frames.append(frame) }
    } catch {
      failure = error
    }
    if let mean = FrameLikeness.mean(frames) {
      print(json ? jsonText(frames, mean) : table(frames, mean).text)
    }
    if let failure { throw failure }
  }

  private func table(_ frames: [FrameLikeness], _ mean: FrameLikeness) -> Table {
    let components = mean.names.map { "PSNR " + $0.uppercased() }
    let count = components.count + 4
    var table = Table(
      ["FRAME", "TIME"] + components + ["PSNR", "SSIM"], numeric: Set(0..<count))
    for (index, frame) in frames.enumerated() {
      table.add([String(index), decimal(frame.time, 4)] + figures(frame))
    }
    table.add(["mean", ""] + figures(mean))
    return table
  }

  private func figures(_ frame: FrameLikeness) -> [String] {
    frame.names.indices.map { decimal(frame.psnr($0), 2) }
      + [decimal(frame.psnr, 2), decimal(frame.ssim, 5)]
  }

  private func jsonText(_ frames: [FrameLikeness], _ mean: FrameLikeness) -> String {
    let lines = frames.enumerated().map { index, frame in
      "    {\"frame\": \(index), \"time\": \(decimal(frame.time, 6)), \(jsonFigures(frame))}"
    }
    return """
      {
        "frames": [
      \(lines.joined(separator: ",\n"))
        ],
        "mean": {\(jsonFigures(mean))}
      }
      """
  }

  private func jsonFigures(_ frame: FrameLikeness) -> String {
    func number(_ value: Double) -> String { value.isFinite ? decimal(value, 5) : "null" }
    let parts = frame.names.indices.map { index in
      "\"psnr_\(frame.names[index])\": \(number(frame.psnr(index)))"
    }
    return (parts + ["\"psnr\": \(number(frame.psnr))", "\"ssim\": \(number(frame.ssim))"])
      .joined(separator: ", ")
  }
}

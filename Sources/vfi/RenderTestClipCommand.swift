// SPDX-License-Identifier: MIT
import ArgumentParser
import CLibAV
import CVFI

struct RenderTestClipCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "render-test-clip",
    abstract: "Write a drawn clip with parallax, rotation, occlusion and grain.",
    shouldDisplay: false)

  @Argument(help: "The new file; it is replaced when it exists.") var output: String
  @Option(help: "Seconds.") var duration = 3.0
  @Option(help: "Frames a second.") var fps: Int32 = 24
  @Option(help: "Pixels, even.") var width = 640
  @Option(help: "Pixels, even.") var height = 360

  func run() throws {
    av_log_set_level(AV_LOG_ERROR)
    let scene = TestScene(width: width, height: height)
    let converter = try ColourConverter(
      from: AV_PIX_FMT_RGB24, to: AV_PIX_FMT_YUV420P, width: Int32(width), height: Int32(height))
    let count = Int((duration * Double(fps)).rounded())
    var writer: VideoWriter?
    for frame in 0..<count {
      let picture = try converter.convert(try draw(scene, frame))
      unsafe picture.frame.pointee.pts = Int64(frame)
      let open =
        try writer ?? VideoWriter(output, like: picture, rate: AVRational(num: fps, den: 1))
      try open.write(picture)
      writer = open
    }
    try writer?.finish()
  }

  private func draw(_ scene: TestScene, _ frame: Int) throws(Failure) -> Picture {
    let picture = try Picture(
      format: AV_PIX_FMT_RGB24, width: Int32(width), height: Int32(height))
    let stride = picture.stride(0)
    scene.render(at: Float(frame) / Float(fps), frame: frame) { row, bytes in
      unsafe picture.plane(0)?.advanced(by: row * stride).update(from: bytes, count: bytes.count)
    }
    return picture
  }
}

// SPDX-License-Identifier: MIT
import ArgumentParser
import CLibAV

struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Tell what is in a video file or a model file.")

  @Argument(help: "A media file, or a model (.safetensors).")
  var file: String

  func run() throws {
    av_log_set_level(AV_LOG_ERROR)
    if file.hasSuffix(".safetensors") {
      try describeModel()
    } else {
      try describeMedia()
    }
  }

  private func describeModel() throws(Failure) {
    let model = try ModelDescription.file(file)
    print("model         \(model.name)")
    print("architecture  \(model.architecture)")
    print("task          \(model.task)")
    print("description   \(model.description)")
    print("cost          \(decimal(model.kmacPerPixel, 1)) kMAC per pixel and new frame")
    print("parameters    \(model.parameterCount)")
    if model.task == "interpolate" {
      print("instants      \(model.anyInstant ? "any" : "the middle, others by halving")")
    }
    print("licence       \(model.licence)")
  }

  private func describeMedia() throws(Failure) {
    let input = try MediaInput(file)
    let format = unsafe String(cString: input.context.pointee.iformat.pointee.name)
    let duration = unsafe Double(max(input.context.pointee.duration, 0)) / Double(AV_TIME_BASE)
    print("format    \(format), \(clockText(duration))")
    for index in 0..<input.streamCount {
      print("stream \(index)  \(describe(input, index))")
    }
    if unsafe input.context.pointee.nb_chapters > 0 {
      print(unsafe "chapters  \(input.context.pointee.nb_chapters)")
    }
  }

  private func describe(_ input: MediaInput, _ index: Int) -> String {
    let stream = unsafe input.stream(index)
    guard let parameters = unsafe stream.pointee.codecpar else { return "unknown" }
    let type =
      unsafe av_get_media_type_string(parameters.pointee.codec_type).map {
        unsafe String(cString: $0)
      } ?? "data"
    var parts = [unsafe "\(type) \(String(cString: avcodec_get_name(parameters.pointee.codec_id)))"]
    switch unsafe parameters.pointee.codec_type {
    case AVMEDIA_TYPE_VIDEO: unsafe parts += video(input, stream, parameters)
    case AVMEDIA_TYPE_AUDIO: parts.append(unsafe "\(parameters.pointee.sample_rate) Hz")
    default: break
    }
    if let language = unsafe av_dict_get(stream.pointee.metadata, "language", nil, 0) {
      unsafe parts.append(String(cString: language.pointee.value))
    }
    return parts.joined(separator: ", ")
  }

  private func video(
    _ input: MediaInput, _ stream: UnsafeMutablePointer<AVStream>,
    _ parameters: UnsafeMutablePointer<AVCodecParameters>
  ) -> [String] {
    let format = unsafe AVPixelFormat(parameters.pointee.format)
    let isKnown = KnownFormat(format) != nil
    let rate = unsafe av_guess_frame_rate(input.context, stream, nil)
    var parts = [
      unsafe "\(parameters.pointee.width)x\(parameters.pointee.height)",
      KnownFormat.name(format) + (isKnown ? "" : " (not supported)"),
      "\(rate) frames/s", unsafe "time base \(stream.pointee.time_base)",
    ]
    let colours = unsafe [
      av_color_space_name(parameters.pointee.color_space),
      av_color_primaries_name(parameters.pointee.color_primaries),
      av_color_transfer_name(parameters.pointee.color_trc),
      av_color_range_name(parameters.pointee.color_range),
    ].map { name in unsafe name.map { unsafe String(cString: $0) } ?? "unknown" }
    if colours.contains(where: { $0 != "unknown" }) { parts.append(colours.joined(separator: "/")) }
    let rotation = unsafe clibav_stream_rotation(stream)
    if rotation != 0 { parts.append("rotated by \(decimal(rotation, 0)) degrees") }
    return parts
  }
}

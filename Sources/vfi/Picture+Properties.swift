// SPDX-License-Identifier: MIT
import CLibAV

extension Picture {
  /// What the picture says beside its samples: colour, HDR, captions, ...
  func properties() throws(Failure) -> Picture {
    let copy = try Picture()
    try unsafe check(av_frame_copy_props(copy.frame, frame), "properties of a frame")
    return copy
  }

  /// Takes over the properties of the source frame nearest in time.
  ///
  /// A frame that did not exist before gets no captions, time codes or coding data: they belong to
  /// one source frame and must not come twice.
  func carryProperties(of source: Picture, isNew: Bool) throws(Failure) {
    try unsafe check(av_frame_copy_props(frame, source.frame), "properties of a frame")
    unsafe clibav_frame_clear_coding(frame)
    var personal = [
      AV_FRAME_DATA_MOTION_VECTORS, AV_FRAME_DATA_REGIONS_OF_INTEREST,
      AV_FRAME_DATA_VIDEO_ENC_PARAMS, AV_FRAME_DATA_FILM_GRAIN_PARAMS,
    ]
    if isNew {
      personal += [
        AV_FRAME_DATA_A53_CC, AV_FRAME_DATA_S12M_TIMECODE, AV_FRAME_DATA_GOP_TIMECODE,
        AV_FRAME_DATA_SEI_UNREGISTERED, AV_FRAME_DATA_AFD, AV_FRAME_DATA_PANSCAN,
      ]
    }
    for type in personal { unsafe av_frame_remove_side_data(frame, type) }
  }
}

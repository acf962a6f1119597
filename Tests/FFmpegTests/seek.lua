-- SPDX-License-Identifier: MIT
-- mpv, started with --pause: seeks forth and back, each once the one before is done; then shows some
-- frames one by one, and plays to the end.
local places = { 2.5, 0.3, 3.2, 0, 1.1 }
local steps = 6
local done = 0
local shown

local function step(_, time)
  if not time or time == shown or steps == 0 then
    return
  end
  shown = time
  steps = steps - 1
  mp.msg.info("frame at", string.format("%.3f", time))
  if steps > 0 then
    mp.commandv("frame-step")
  else
    mp.set_property_bool("pause", false)
  end
end

mp.register_event("playback-restart", function()
  done = done + 1
  if done > 1 then
    mp.msg.info("reached", mp.get_property("time-pos"), "wanted", places[done - 1])
  end
  if places[done] then
    mp.commandv("seek", places[done], "absolute+exact")
  elseif done == #places + 1 then
    mp.observe_property("time-pos", "number", step)
  end
end)

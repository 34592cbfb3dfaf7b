-- wrk -s cycle.lua URL -- STUBS STRIDE: asks for /stub/000000 up to STUBS - 1, each STRIDE after the
-- one before. Always the same number of requests, all different and equally long (X-Number, which
-- nobody matches by): the script costs the same whatever STUBS is, in the caches too.
local count = 100000 -- prime to STRIDE: every number comes once

local requests, at = {}, 0

function init(arguments)
  local stubs, stride = tonumber(arguments[1]), tonumber(arguments[2])
  for i = 0, count - 1 do
    local number = i * stride % count
    local headers = {["X-Number"] = string.format("%06d", number)}
    requests[i + 1] = wrk.format("GET", string.format("/stub/%06d", number % stubs), headers)
  end
end

function request()
  at = at % count + 1
  return requests[at]
end

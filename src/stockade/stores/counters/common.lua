-- Begins every script: the time (the server's, so that no gateway's clock matters) and what a counter holds.
-- All keys of an installation have one hash tag, so that a cluster keeps them together.
--   <prefix>:r:<id>     a reservation: what was granted, or "settled"
--   <counter>           open: members by id. rate: when the bucket is full again. window, period: hash of what was used
--                       by slot, and `held`
--   <counter>:held      members <amount>:<id>, by the moment at which their lease ends
local time = redis.call('TIME')
local now_us = tonumber(time[1]) * 1000000 + tonumber(time[2])
local now_ms = math.floor(now_us / 1000)
local prefix = KEYS[1]
local asked = cjson.decode(ARGV[1])

local function whole(number) return string.format('%.0f', number) end

-- Give back what is held by gateways that died.
local function expire(counter)
  local gone = redis.call('ZRANGEBYSCORE', counter .. ':held', '-inf', now_ms)
  if #gone == 0 then return end
  local back = 0
  for _, member in ipairs(gone) do back = back + tonumber(string.match(member, '^%d+')) end
  redis.call('ZREMRANGEBYSCORE', counter .. ':held', '-inf', now_ms)
  redis.call('HINCRBY', counter, 'held', whole(-back))
end

-- Keep a counter for as long as it can matter.
local function keep(take, counter)
  local until_ms
  if take.kind == 'period' then
    until_ms = take.ends_ms
  else
    until_ms = now_ms + math.ceil((take.window_us + 2 * take.slot_us) / 1000)
  end
  until_ms = whole(math.max(until_ms, now_ms + asked.lease_ms) + 60000)
  redis.call('PEXPIREAT', counter, until_ms)
  redis.call('PEXPIREAT', counter .. ':held', until_ms)
end

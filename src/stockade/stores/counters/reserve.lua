-- Hold all takes, or none. asked: {id, lease_ms, takes: [{kind, key, amount, limit, ...}]}
-- Answers text: "0,<now_s>,taken,slot,reset_us,..." granted; "1,take,wait_us,..." too little left, by take;
-- "2,<now_us>" a span of the calendar does not hold the server's time; "3" settled already.
local reservation = prefix .. ':r:' .. asked.id
local known = redis.call('GET', reservation)
if known == 'settled' then return '3' end
if known then return known end

local SLOTS = 20
local granted, short = {}, {}

local function refuse(number, wait_us)
  short[#short + 1] = whole(number)
  short[#short + 1] = whole(math.ceil(wait_us))
end

local function in_window(number, take)
  expire(take.key)
  local held = tonumber(redis.call('HGET', take.key, 'held') or '0')
  local all, used, slots, newest = redis.call('HGETALL', take.key), 0, {}, nil
  local first = math.floor(now_us / take.slot_us) - SLOTS
  for i = 1, #all, 2 do
    local slot = tonumber(all[i])
    if slot and slot < first then
      redis.call('HDEL', take.key, all[i])
    elseif slot then
      slots[#slots + 1] = slot
      used = used + tonumber(all[i + 1])
    end
  end
  table.sort(slots)
  local function leaves_us(slot) return (slot + SLOTS + 1) * take.slot_us - now_us end
  local excess = used + held + take.amount - take.limit
  if excess > 0 then
    local wait_us = asked.held_wait_us
    if take.amount > take.limit then
      wait_us = take.window_us
    else
      for _, slot in ipairs(slots) do
        excess = excess - tonumber(redis.call('HGET', take.key, whole(slot)))
        if excess <= 0 then wait_us = leaves_us(slot) break end
      end
    end
    refuse(number, wait_us)
  end
  take.counter, take.slot = take.key, 0
  return used + held, #slots > 0 and leaves_us(slots[#slots]) or 0
end

local function in_period(number, take)
  local now_s = now_us / 1000000
  for i = 1, #take.bounds_s - 1 do
    if take.bounds_s[i] <= now_s and now_s < take.bounds_s[i + 1] then
      take.slot, take.ends_ms = take.bounds_s[i], take.bounds_s[i + 1] * 1000
    end
  end
  if not take.slot then return nil end
  take.counter = take.key .. ':' .. whole(take.slot)
  expire(take.counter)
  local used = tonumber(redis.call('HGET', take.counter, '0') or '0')
  local held = tonumber(redis.call('HGET', take.counter, 'held') or '0')
  local left_us = take.ends_ms * 1000 - now_us
  if used + held + take.amount > take.limit then
    refuse(number, used + take.amount > take.limit and left_us or math.min(asked.held_wait_us, left_us))
  end
  return used + held, left_us
end

local function in_open(number, take)
  redis.call('ZREMRANGEBYSCORE', take.key, '-inf', now_ms)
  local held = redis.call('ZCARD', take.key)
  if held + take.amount > take.limit then refuse(number, asked.held_wait_us) end
  return held, 0
end

local function in_rate(number, take)
  local full_us = tonumber(redis.call('GET', take.key) or '0')
  local ahead_us = math.max(full_us - now_us, 0) + take.amount * take.interval_us
  local wait_us = ahead_us - take.burst * take.interval_us
  if wait_us > 0 then refuse(number, wait_us) end
  take.full_us = now_us + ahead_us
  return take.limit - take.amount - math.min(math.floor(-wait_us / take.interval_us), take.limit), ahead_us
end

local count = {window = in_window, period = in_period, open = in_open, rate = in_rate}
for number, take in ipairs(asked.takes) do
  local taken, reset_us = count[take.kind](number - 1, take)
  if not taken then return '2,' .. whole(now_us) end
  granted[#granted + 1] = whole(taken + take.amount)
  granted[#granted + 1] = whole(take.slot or 0)
  granted[#granted + 1] = whole(reset_us)
end
if #short > 0 then return '1,' .. table.concat(short, ',') end

local ends_ms = whole(now_ms + asked.lease_ms)
for _, take in ipairs(asked.takes) do
  if take.kind == 'rate' then
    redis.call('SET', take.key, whole(take.full_us), 'PX', whole(math.ceil((take.full_us - now_us) / 1000)))
  elseif take.kind == 'open' then
    redis.call('ZADD', take.key, ends_ms, asked.id)
    redis.call('PEXPIREAT', take.key, ends_ms)
  elseif take.amount > 0 then
    redis.call('ZADD', take.counter .. ':held', ends_ms, whole(take.amount) .. ':' .. asked.id)
    redis.call('HINCRBY', take.counter, 'held', whole(take.amount))
    keep(take, take.counter)
  end
end
local answer = '0,' .. whole(now_us) .. ',' .. table.concat(granted, ',')
redis.call('SET', reservation, answer, 'PX', whole(asked.lease_ms))
return answer

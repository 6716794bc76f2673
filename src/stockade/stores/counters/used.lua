-- What of a counter is used and held. asked: {lease_ms, kind, key, slot_us, bounds_s}. Without a key: all budgets' keys.
if not asked.key then
  local found, cursor = {}, '0'
  repeat
    local page = redis.call('SCAN', cursor, 'MATCH', asked.pattern, 'COUNT', 1000)
    cursor = page[1]
    for _, key in ipairs(page[2]) do found[#found + 1] = key end
  until cursor == '0'
  return table.concat(found, '\n')
end
if asked.kind == 'open' then
  redis.call('ZREMRANGEBYSCORE', asked.key, '-inf', now_ms)
  return whole(redis.call('ZCARD', asked.key))
end
local counter, first = asked.key, nil
if asked.kind == 'period' then
  for i = 1, #asked.bounds_s - 1 do
    if asked.bounds_s[i] * 1000000 <= now_us then counter = asked.key .. ':' .. whole(asked.bounds_s[i]) end
  end
else
  first = math.floor(now_us / asked.slot_us) - 20
end
expire(counter)
local all, used = redis.call('HGETALL', counter), 0
for i = 1, #all, 2 do
  local slot = tonumber(all[i])
  if not slot or not first or slot >= first then used = used + tonumber(all[i + 1]) end
end
return whole(used)

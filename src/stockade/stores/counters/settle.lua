-- Give back what reservations hold and count what was used. A reservation that is settled already is left alone, and
-- stays known as settled for `settled_ms`. One of which nothing is known (its lease is over) is charged all the same.
-- asked: {lease_ms, settled_ms, reservations: [{id, takes: [{kind, key, amount, slot, used, ...}]}]}

-- A gate that never heard what it was granted does not know the span of the calendar: it stands in the answer.
local function in_slot(number, take, known)
  if take.slot > 0 or not known then return take.slot end
  local words = {}
  for word in string.gmatch(known, '%d+') do words[#words + 1] = tonumber(word) end
  return words[3 * number + 1] or 0
end

for _, each in ipairs(asked.reservations) do
  local reservation = prefix .. ':r:' .. each.id
  local known = redis.call('GET', reservation)
  if known ~= 'settled' then
    for number, take in ipairs(each.takes) do
      if take.kind == 'open' then
        redis.call('ZREM', take.key, each.id)
      elseif take.kind ~= 'rate' then
        local counter, slot = take.key, math.floor(now_us / math.max(take.slot_us, 1))
        if take.kind == 'period' then counter, slot = take.key .. ':' .. whole(in_slot(number, take, known)), 0 end
        if redis.call('ZREM', counter .. ':held', whole(take.amount) .. ':' .. each.id) == 1 then
          redis.call('HINCRBY', counter, 'held', whole(-take.amount))
        end
        if take.used > 0 then
          redis.call('HINCRBY', counter, whole(slot), whole(take.used))
          keep(take, counter)
        end
      end
    end
    redis.call('SET', reservation, 'settled', 'PX', whole(asked.settled_ms))
  end
end
return '0'

-- Lengthen the leases of reservations that are open, and hold again what was given back while the gateway was cut off.
-- asked: {lease_ms, reservations: [{id, takes: [{kind, key, amount, slot, ...}]}]}
local ends_ms = whole(now_ms + asked.lease_ms)
for _, each in ipairs(asked.reservations) do
  local reservation = prefix .. ':r:' .. each.id
  if redis.call('GET', reservation) ~= 'settled' then
    if redis.call('PEXPIRE', reservation, whole(asked.lease_ms)) == 0 then
      redis.call('SET', reservation, '3', 'PX', whole(asked.lease_ms))
    end
    for _, take in ipairs(each.takes) do
      if take.kind == 'open' then
        redis.call('ZADD', take.key, ends_ms, each.id)
        redis.call('PEXPIREAT', take.key, ends_ms)
      elseif take.kind ~= 'rate' and take.amount > 0 then
        local counter = take.key
        if take.kind == 'period' then counter = take.key .. ':' .. whole(take.slot) end
        expire(counter)
        if redis.call('ZADD', counter .. ':held', ends_ms, whole(take.amount) .. ':' .. each.id) == 1 then
          redis.call('HINCRBY', counter, 'held', whole(take.amount))
        end
        keep(take, counter)
      end
    end
  end
end
return '0'

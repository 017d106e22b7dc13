/** The Lua scripts of the Valkey store: each is atomic on the server, and reads the time there. */

const now = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- Lua prints large numbers with an exponent, and JSON with 14 digits; this keeps all 53 bits.
local function int(number) return string.format('%.0f', number) end
`

/** KEYS: value, index, expiry. The index gives listings their order; dead members leave it a few at a time, with each write. */
const writing = (purgeRows: number) => `${now}
local function purge()
  local dead = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', '(' .. int(now), 'LIMIT', 0, ${String(purgeRows)})
  for _, member in ipairs(dead) do
    redis.call('ZREM', KEYS[2], member)
    redis.call('ZREM', KEYS[3], member)
  end
end
local function put(key, value, ttl, channel)
  purge()
  redis.call('SET', KEYS[1], value)
  redis.call('ZADD', KEYS[2], 0, key)
  if ttl == '' then
    redis.call('ZREM', KEYS[3], key)
  else
    local at = int(now + tonumber(ttl))
    redis.call('PEXPIREAT', KEYS[1], at)
    redis.call('ZADD', KEYS[3], at, key)
  end
  redis.call('PUBLISH', channel, 's' .. key)
end
local function drop(key, channel)
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[2], key)
  redis.call('ZREM', KEYS[3], key)
  redis.call('PUBLISH', channel, 'd' .. key)
end
`

/** The scripts, by what they do. Arguments are named in the order in which they are read. */
export function createValkeyScripts({ purgeRows }: { readonly purgeRows: number }) {
  const writes = writing(purgeRows)
  return {
    /** ARGV: channel, key, value, ttlMs or '', '1' for only-if-absent. */
    set: `${writes}
if ARGV[5] == '1' and redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
put(ARGV[2], ARGV[3], ARGV[4], ARGV[1])
return 1`,

    /** ARGV: channel, key, '1' when a value is expected, that value, '1' when there is a new one, that value, ttlMs or ''. */
    compareAndSet: `${writes}
local found = redis.call('GET', KEYS[1])
if (ARGV[3] == '1') ~= (found ~= false) then return 0 end
if found and found ~= ARGV[4] then return 0 end
if ARGV[5] == '1' then put(ARGV[2], ARGV[6], ARGV[7], ARGV[1]) elseif found then drop(ARGV[2], ARGV[1]) end
return 1`,

    /** ARGV: channel, key. */
    delete: `${writes}
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
drop(ARGV[2], ARGV[1])
return 1`,

    /** KEYS: index, expiry. ARGV: first member in ZRANGEBYLEX notation, page size. Returns '1' when there may be more, the last key seen, the live ones. */
    list: `${now}
local members = redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], '+', 'LIMIT', 0, tonumber(ARGV[2]))
local answer = { #members == tonumber(ARGV[2]) and '1' or '0', members[#members] or '' }
for _, member in ipairs(members) do
  local at = redis.call('ZSCORE', KEYS[2], member)
  if not at or tonumber(at) >= now then answer[#answer + 1] = member end
end
return answer`,

    /**
     * KEYS: record, then two per claim: window hash twice, or lease set and lease total. ARGV: id, longest life of a record,
     * then five per claim: key, amount, limit, window or 'calendar' or 'lease', and what the latter two need: boundaries, life of the lease.
     * Returns 1 or 0 or -1, the key refused or without a window, its wait, then two per claim: used, time until its window ends.
     */
    reserve: `${now}
if redis.call('EXISTS', KEYS[1]) == 1 then return redis.error_reply('CANCELLED the caller has given this reservation up') end
local count = (#KEYS - 1) / 2
local starts, finals, useds, refusedKey, refusedWait = {}, {}, {}, nil, -1
local function boundaries(text)
  local from, to
  for part in string.gmatch(text, '%d+') do
    local boundary = tonumber(part)
    if boundary <= now then from = boundary elseif not to then to = boundary end
  end
  return from, to
end
for i = 1, count do
  local key, amount, limit, window = ARGV[5 * i - 2], tonumber(ARGV[5 * i - 1]), tonumber(ARGV[5 * i]), ARGV[5 * i + 1]
  local first, second, used, wait = KEYS[2 * i], KEYS[2 * i + 1], 0, math.huge
  if window == 'lease' then
    for _, member in ipairs(redis.call('ZRANGEBYSCORE', first, '-inf', int(now))) do
      redis.call('DECRBY', second, string.match(member, ':(%d+)$'))
    end
    redis.call('ZREMRANGEBYSCORE', first, '-inf', int(now))
    used = tonumber(redis.call('GET', second) or '0')
  else
    local start, final
    if window == 'calendar' then
      start, final = boundaries(ARGV[5 * i + 2])
      if not start or not final then return { -1, key, '0' } end
    else
      start = math.floor(now / tonumber(window)) * tonumber(window)
      final = start + tonumber(window)
    end
    local row = redis.call('HMGET', first, 's', 'u', 'e')
    -- A clock that stepped back stays in the later window, so that no window is ever granted twice.
    if row[1] and tonumber(row[1]) >= start then start, used, final = tonumber(row[1]), tonumber(row[2]), tonumber(row[3]) end
    starts[i], finals[i] = start, final
    wait = final - now
  end
  useds[i] = used
  if used + amount > limit then
    if amount > limit then
      wait = math.huge
    elseif window == 'lease' then
      local live, rest = redis.call('ZRANGE', first, 0, -1, 'WITHSCORES'), used
      for m = 1, #live, 2 do
        rest = rest - tonumber(string.match(live[m], ':(%d+)$'))
        if rest + amount <= limit then wait = tonumber(live[m + 1]) - now break end
      end
    end
    if wait > refusedWait then refusedKey, refusedWait = key, wait end
  end
end
local answer = { refusedKey and 0 or 1, refusedKey or '', refusedWait == math.huge and 'never' or int(refusedWait) }
if refusedKey then
  for i = 1, count do
    answer[#answer + 1] = int(useds[i])
    answer[#answer + 1] = int(finals[i] and finals[i] - now or 0)
  end
  return answer
end
local record, last = {}, now
for i = 1, count do
  local key, amount, window = ARGV[5 * i - 2], ARGV[5 * i - 1], ARGV[5 * i + 1]
  local first, second = KEYS[2 * i], KEYS[2 * i + 1]
  local ends
  local used = int(useds[i] + tonumber(amount))
  if window == 'lease' then
    ends = now + tonumber(ARGV[5 * i + 2])
    redis.call('ZADD', first, int(ends), ARGV[1] .. ':' .. amount)
    redis.call('INCRBY', second, amount)
    local latest = redis.call('ZREVRANGE', first, 0, 0, 'WITHSCORES')
    redis.call('PEXPIREAT', first, int(tonumber(latest[2])))
    redis.call('PEXPIREAT', second, int(tonumber(latest[2])))
    record[i] = { key, amount, window, '', first, second }
  else
    local start = int(starts[i])
    ends = finals[i]
    redis.call('HSET', first, 's', start, 'u', used, 'e', int(ends))
    redis.call('PEXPIREAT', first, int(ends))
    record[i] = { key, amount, window, start, first, '' }
  end
  answer[#answer + 1] = used
  answer[#answer + 1] = int(finals[i] and ends - now or 0)
  if ends > last then last = ends end
end
redis.call('SET', KEYS[1], cjson.encode(record))
redis.call('PEXPIREAT', KEYS[1], int(math.min(last, now + tonumber(ARGV[2]))))
return answer`,

    /** KEYS: record. ARGV: id, then two per row: key, amount. Returns the key that was not reserved or '', then three per open window: key, window, used. */
    settle: `${now}
local text = redis.call('GET', KEYS[1])
if not text then return { '' } end
local record, actual, answer = cjson.decode(text), {}, { '' }
for i = 2, #ARGV, 2 do actual[ARGV[i]] = ARGV[i + 1] end
for i = 2, #ARGV, 2 do
  local isReserved = false
  for _, claim in ipairs(record) do isReserved = isReserved or claim[1] == ARGV[i] end
  if not isReserved then return { ARGV[i] } end
end
for _, claim in ipairs(record) do
  local key, amount, window, start, first, second = unpack(claim)
  if window == 'lease' then
    if redis.call('ZREM', first, ARGV[1] .. ':' .. amount) == 1 then redis.call('DECRBY', second, amount) end
  elseif actual[key] then
    local row = redis.call('HMGET', first, 's', 'u')
    if row[1] == start then
      local used = int(math.min(tonumber(row[2]) - tonumber(amount) + tonumber(actual[key]), 9007199254740991))
      redis.call('HSET', first, 'u', used)
      answer[#answer + 1] = key
      answer[#answer + 1] = window
      answer[#answer + 1] = used
    end
  end
end
redis.call('DEL', KEYS[1])
return answer`,

    /** KEYS: records. ARGV: life of the leases from now, then the ids. */
    renew: `${now}
local ends = int(now + tonumber(ARGV[1]))
for i, name in ipairs(KEYS) do
  local text = redis.call('GET', name)
  for _, claim in ipairs(text and cjson.decode(text) or {}) do
    local member = ARGV[i + 1] .. ':' .. claim[2]
    local score = claim[3] == 'lease' and redis.call('ZSCORE', claim[5], member)
    if score and tonumber(score) > now then
      redis.call('ZADD', claim[5], ends, member)
      local latest = redis.call('ZREVRANGE', claim[5], 0, 0, 'WITHSCORES')
      redis.call('PEXPIREAT', claim[5], int(tonumber(latest[2])))
      redis.call('PEXPIREAT', claim[6], int(tonumber(latest[2])))
    end
    if claim[3] == 'lease' and redis.call('PTTL', name) < tonumber(ARGV[1]) then redis.call('PEXPIREAT', name, ends) end
  end
end
return 1`,

    /** KEYS: record. ARGV: id, how long a reservation that arrives later is kept out. Gives back all that was reserved. */
    cancel: `${now}
local text = redis.call('GET', KEYS[1])
-- First of all: scripts are not rolled back, and what was given back once must never be given back again.
redis.call('SET', KEYS[1], '[]', 'PX', ARGV[2])
for _, claim in ipairs(text and cjson.decode(text) or {}) do
  local _, amount, window, start, first, second = unpack(claim)
  if window == 'lease' then
    if redis.call('ZREM', first, ARGV[1] .. ':' .. amount) == 1 then redis.call('DECRBY', second, amount) end
  elseif amount ~= '0' and redis.call('HGET', first, 's') == start then
    redis.call('HINCRBY', first, 'u', '-' .. amount)
  end
end
return 1`,
  }
}

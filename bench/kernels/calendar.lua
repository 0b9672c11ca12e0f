local minute = 60
local hour = 60 * minute
local day = 24 * hour
local function clock(seconds)
  local days = seconds // day
  local rest = seconds - days * day
  local hours = rest // (60 * 60)
  rest = rest - hours * (60 * 60)
  return days * (10 * 10 * 10 * 10) + hours * (10 * 10) + rest // minute
end
local sum = 0
for seconds = 0, 50 * day - 1 do
  sum = (sum + clock(seconds)) % (1000 * 1000)
end
print(sum)

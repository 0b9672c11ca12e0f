local producer = coroutine.wrap(function()
  for n = 200000, 1, -1 do coroutine.yield(n) end
end)
local sum = 0
while true do
  local n = producer()
  if not n then break end
  sum = sum + n
end
print(sum)

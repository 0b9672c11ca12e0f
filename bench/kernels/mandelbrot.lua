local function escape(cr, ci, limit)
  local r, i, n = 0.0, 0.0, 0
  while true do
    local r2, i2 = r * r, i * i
    if n == limit or r2 + i2 > 4.0 then return n end
    r, i, n = r2 - i2 + cr, 2.0 * r * i + ci, n + 1
  end
end
local size, limit, sum = 240, 200, 0
for y = 0, size - 1 do
  for x = 0, size - 1 do
    sum = sum + escape(3.0 * x / size - 2.0, 2.0 * y / size - 1.0, limit)
  end
end
print(sum)

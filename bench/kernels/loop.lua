local function count(limit)
  local sum = 0
  for i = 0, limit - 1 do
    if i % 2 == 0 then sum = sum + 1 else sum = sum + 2 end
  end
  return sum
end
print(count(50000000))

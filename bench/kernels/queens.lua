local function safe(row, distance, placed)
  while placed do
    local other = placed[1]
    if other == row or other == row + distance or other == row - distance then return false end
    distance = distance + 1
    placed = placed[2]
  end
  return true
end
local function place(size, column, placed)
  if column == size then return 1 end
  local count = 0
  for row = 0, size - 1 do
    if safe(row, 1, placed) then count = count + place(size, column + 1, { row, placed }) end
  end
  return count
end
print(place(12, 0, nil))

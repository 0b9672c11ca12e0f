local function tree(depth) if depth == 0 then return false end return { tree(depth - 1), tree(depth - 1) } end
local function size(t) if not t then return 1 end return size(t[1]) + size(t[2]) end
local kept = tree(16)
local sum = 0
for _ = 1, 600 do sum = sum + size(tree(12)) end
print(sum + size(kept))

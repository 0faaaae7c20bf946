-- Of the matrix: a bit of everything, the same each time.
local t = {}
for i = 1, 50 do t[i] = (i * 7919) % 101 end
table.sort(t) print(table.concat(t, ","))
table.sort(t, function(a, b) return a > b end) print(t[1], #t)
print(string.format("%5d|%-8s|%g|%x|%q|%5.2f", 42, "hi", 1e100, 255, "a\n\0b", 3.14159))
print(("hello world"):gsub("o", "0"), ("key = value"):match("(%w+)%s*=%s*(%w+)"), ("abc"):rep(3, "-"), ("x"):byte(), #"\u{7ff}")
print(pcall(error, {1}), pcall(function() local x = nil; return x.y end), select("#", 1, 2, 3))
local co = coroutine.wrap(function(a) for i = 1, 3 do a = coroutine.yield(a * i) end return "end" end)
print(co(1), co(2), co(3), co(4), pcall(co))
local mt = {
    __add = function(a, b) return "add" end, __index = function(t, k) return k .. "!" end,
    __call = function(self, x) return x end, __len = function() return 99 end, __lt = function() return true end,
    __concat = function() return "cc" end, __close = function() print "closed" end,
}
local o = setmetatable({}, mt)
print(o + 1, o.foo, o(5), #o, o < o, o .. 1)
do local c <close> = setmetatable({}, mt) end
print(1 // 0.0, 7 // 2, -7 // 2, 7 % -3, 2 ^ 10, 1 << 62, 5 & 3, 5 | 3, 5 ~ 3, ~0, 10 / 4)
print(math.maxinteger + 1 == math.mininteger, 3 | 0)
print(math.floor(3.7), math.type(1), math.type(1.0), math.tointeger(3.0), math.ult(1, -1), math.fmod(-7, 3), math.max(1, 5, 3))
print(load("return 1 +")) print(load("x = = 2")) print(load("goto l"))
print(load("for i = 1, 2 do local x <const> = 1; x = 2 end"))
print(load("return ...", "c", "t", {})(7), #string.dump(function() return 1 end) > 10)
for k, v in string.gmatch("a=1, b=2", "(%w+)=(%w+)") do io.write(k, v, ";") end print()
print(string.pack("<i4z", 7, "s"):byte(1, -1), string.unpack("<i4", "\1\0\0\0"), tostring(nil), tonumber("0x1p4"), tonumber("z", 36), tonumber("1e"))
print(table.unpack({1, 2, 3}, 2), table.pack(1, nil, 3).n, next({}))
print(rawlen({1, 2}), rawequal(t, t), table.concat(table.move({1, 2, 3}, 1, 3, 2), " "))
print(utf8.char(228, 8364), utf8.len("äö"), utf8.codepoint("ä"), os.time({year = 2000, month = 1, day = 1, hour = 12}) ~= nil, os.date("!%Y", 0))
local s = 0
for i = 10, 1, -2 do s = s + i end
local i = 0 repeat i = i + 1 if i == 5 then goto out end until i > 10 ::out:: print(s, i)
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end print(fib(16))
print(debug.traceback("tb", 1):match("tb"), debug.getinfo(1, "l").currentline, xpcall(function() error("e", 2) end, function(m) return "h:" .. tostring(m) end))
collectgarbage()
local w = setmetatable({}, {__mode = "k"}) w[{}] = 1 collectgarbage() print(next(w))
collectgarbage("generational") for i = 1, 2000 do t[i % 10] = {i} end collectgarbage("incremental")
print(("%s"):format(setmetatable({}, {__tostring = function() return "ts" end})), string.reverse("abc"), ("a,b,,c"):find(",", 1, true), ("x"):upper())
print(_VERSION, string.format("%a", 1), 0x7fffffffffffffff, 1e15, 2^53, -0.0, 100 // 1e-1, "10" + 5, 10 .. 20)

# Works until its standard input ends, checks what it has worked out, and says how often it did, and how long the longest took (ms).
import json, select, sqlite3, sys, time

db = sqlite3.connect(":memory:")
db.execute("create table t(a integer primary key, b text)")
db.executemany("insert into t values(?, ?)", [(i, str(i) * 3) for i in range(200)])
want = json.dumps({str(i): [i, i * 0.5, "x" * (i % 7)] for i in range(100)})
runs = wrong = longest = 0
print("ready", flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    before = time.monotonic()
    if json.dumps(json.loads(want)) != want: wrong += 1
    rows = db.execute("select a, b from t where a % 3 = ? order by b", (runs % 3,)).fetchall()
    if sorted(rows) != [(i, str(i) * 3) for i in range(runs % 3, 200, 3)]: wrong += 1
    longest = max(longest, time.monotonic() - before)
    runs += 1
print("wrong", wrong, "runs", runs, "longest", round(longest * 1000))

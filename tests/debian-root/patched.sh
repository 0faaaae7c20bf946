#!/bin/sh
# Real programs under load, of which a function is patched and unpatched all the time (and does the same as before): nothing is lost, and the new
# body runs. 1000 rounds in full; 100 of one program else, or two if they are there. Says the longest that a client waited.
. "$srcdir/tests/debian-root/lib.sh"
. "$tests/body.sh"
need_cross
need_groups tools languages ${full:+databases web}
hammer=$builddir/tests/e2e/hammer
[ -x "$hammer" ] || skip_all "no client (make check builds it)"
cd "$scratch" || exit 1
XDG_RUNTIME_DIR=$scratch
export XDG_RUNTIME_DIR LC_ALL=C TZ=UTC0
rounds=100
[ -z "$full" ] || rounds=1000
rounds=${ARM64LP_ROUNDS:-$rounds}
port=$((20000 + $$ % 20000))
guest() { timeout -k 5 900 "$builddir/lprun" --no-control -L "$root" "$root/usr/$@"; }
# start PROGRAM ARGUMENT...: it takes orders at the socket
start()
{
    rm -f sock
    "$builddir/lprun" -c sock -L "$root" "$root/usr/$@" >served 2>&1 &
    server=$!
    children="$children $server"
    wait_for 20 test -S sock
}
# patch FILE FUNCTION...: p.lpatch
patch()
{
    file=$root/usr/$1
    shift
    head_of_patch "$file" under-load >p.lpatch
    object_of "$file" >>p.lpatch
    for function; do same_func "$file" "$function" >>p.lpatch || { not_ok "$function can be moved"; return 1; }; done
}
# hammer: patches until all rounds are done; in the background. It leaves `rounds` and its status in `hammered`.
hammer() { { HAMMER_PAUSE=4 timeout -k 5 1800 "$hammer" sock "$rounds" p.lpatch >rounds 2>&1; echo $? >hammered; } & }
# ran: was the new body executed? And for how long did the program stand still?
ran()
{
    hits=$(sed -n 's/.* \([0-9]*\) hits/\1/p' rounds)
    if [ "${hits:-0}" -gt "$rounds" ]; then ok "$name: $(cat rounds)"; else not_ok "$name: the patch runs"; note <rounds; fi
    "$builddir/lpapply" -c sock --stats | tail -n 1 | note
}
# while_patched NAME COMMAND...: again and again until all rounds are done; it must succeed each time, and says what is wrong
while_patched()
{
    name=$1 times=0
    shift
    rm -f hammered
    : >stalls
    hammer
    while [ ! -e hammered ] && "$@" >load 2>&1; do times=$((times + 1)); done
    if [ -e hammered ]; then ok "$name: nothing is lost in $times runs of the load"; else not_ok "$name: the load"; note <load; fi
    wait_for 1800 test -e hammered
    is "$(cat hammered)" 0 "$name: $rounds rounds"
    ran
    echo "longest that a client waited: $(sort -n stalls | tail -n 1) ms" | note
}
stop() { kill "$server"; wait "$server"; is "$?" "$1" "$2"; }

# ---- redis ----
load_redis()
{
    guest bin/redis-benchmark -p $port -n 2000 -c 20 --csv -t set,get,lpush,lrange_100 >csv 2>err || return 1
    [ ! -s err ] && ! grep -i -e error -e warning csv && [ "$(wc -l <csv)" -gt 4 ] && awk -F'","' 'NR > 1 { sub(/"$/, "", $NF); print $NF }' csv >>stalls
}
redis()
{
    patch bin/redis-server processCommand dictFind addReply || return
    start bin/redis-server --port $port --bind 127.0.0.1 --save '' --dir "$scratch"
    wait_for 60 guest bin/redis-cli -p $port ping
    while_patched redis-server load_redis
    guest bin/redis-cli -p $port set k v >/dev/null
    is "$(guest bin/redis-cli -p $port get k)" v "redis-server: answers"
    stop 0 "redis-server: ends by itself"
}

# Patches on trial that crash at once: each is taken out, and no request fails. (With a crash log the program has a handler.)
crashing()
{
    head_of_patch "$1" "crash-$2"
    object_of "$1"
    same_func "$1" "$2" | sed -n '1s/ size .*/ size 12/; 1,2p'
    printf '| d2800001\n| b9400020\n| d65f03c0\nend\n' # mov x1, #0; ldr w0, [x1]; ret
}
redis_on_trial()
{
    start bin/redis-server --port $port --bind 127.0.0.1 --save '' --crash-log-enabled no --dir "$scratch"
    wait_for 60 guest bin/redis-cli -p $port ping
    : >stalls
    for function in dictFind processCommand addReply lookupKey; do
        crashing "$root/usr/bin/redis-server" $function >crash.lpatch
        "$builddir/lpapply" -q -c sock --trial 60s crash.lpatch || not_ok "redis-server: $function on trial"
        load_redis
        is "$? $("$builddir/lpapply" -c sock -l --tsv)" "0 " "redis-server: $function crashes, and no request fails"
        like "$(cat served)" "crash-$function' failed its trial: SIGSEGV in crash-$function:$function+0x4: reverted, and run again as it was" "redis-server: it is said"
    done
    is "$(guest bin/redis-cli -p $port ping)" PONG "redis-server: answers all the same"
    stop 0 "redis-server: ends by itself"
}

# ---- nginx: a master and a worker, which is the one that is patched ----
load_nginx()
{
    timeout -k 5 600 "$builddir/tests/debian-root/load" $port 3000 8 /page page >out || { cat out; return 1; }
    awk '{ print $5 }' out >>stalls
}
nginx()
{
    seq 300 >page
    mkdir -p logs tmp
    cat >conf <<E2
daemon off; worker_processes 1; pid $scratch/pid; error_log $scratch/logs/error; user root root;
events { worker_connections 64; }
http { access_log off; client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
  server { listen 127.0.0.1:$port; root $scratch; } }
E2
    patch sbin/nginx ngx_http_handler ngx_http_send_header ngx_http_output_filter || return
    start sbin/nginx -p "$scratch" -c "$scratch/conf" -e logs/error
    wait_for 60 "$builddir/tests/debian-root/load" $port 1 1 /page page
    worker=$(cat /proc/$server/task/*/children)
    ln -sf arm64lp/"${worker% }".sock sock
    while_patched nginx load_nginx
    kill -QUIT "$server"
    wait "$server"
    is "$?" 0 "nginx: ends by itself"
}

# ---- programs that work by themselves until their input ends ----
# worker NAME PROGRAM ARGUMENT...: with p.lpatch
worker()
{
    name=$1
    shift
    rm -f in sock hammered
    mkfifo in
    "$builddir/lprun" -c sock -L "$root" "$root/usr/$@" <in >served 2>&1 &
    server=$!
    children="$children $server"
    exec 9>in
    wait_for 300 grep -q ready served || { not_ok "$name starts"; note <served; }
    hammer
    wait_for 1800 test -e hammered
    is "$(cat hammered)" 0 "$name: $rounds rounds"
    ran
    exec 9>&-
    wait "$server"
    is "$? $(sed -n 's/^\(wrong [0-9]*\) .*/\1/p' served)" "0 wrong 0" "$name: everything is right"
    note <served
}
python() { patch bin/python3.11 PyUnicode_New PyList_Append PyDict_SetItem && worker python3 bin/python3.11 "$here/src/load.py"; }
sqlite_of_python()
{
    patch lib/aarch64-linux-gnu/libsqlite3.so.0 sqlite3_prepare_v2 sqlite3_column_text sqlite3_finalize sqlite3_malloc64 &&
        worker "python3's sqlite" bin/python3.11 "$here/src/load.py"
}
# The shell of sqlite: the same question again and again.
sqlite()
{
    patch lib/aarch64-linux-gnu/libsqlite3.so.0 sqlite3_step sqlite3_column_text sqlite3_malloc64 || return
    rm -f hammered
    name=sqlite3
    echo "with recursive c(x) as (values(1) union all select x + 1 from c where x < 100) select sum(length(hex(x) || printf('%d', x * x))) from c;" >question
    (wait_for 60 test -s served; while [ ! -e hammered ]; do cat question question question question || break; done) |
        timeout -k 5 1800 "$builddir/lprun" -c sock -L "$root" "$root/usr/bin/sqlite3" >served 2>&1 &
    server=$!
    children="$children $server"
    rm -f sock
    wait_for 20 test -S sock
    echo 1 >served
    hammer
    wait_for 1800 test -e hammered
    is "$(cat hammered)" 0 "sqlite3: $rounds rounds"
    ran
    wait "$server"
    is "$? $(sort -u served)" "0 $(guest bin/sqlite3 <question)" "sqlite3: $(wc -l <served) answers, all the same"
}
java()
{
    need_groups java
    guest bin/javac -d . "$here/src/Load.java" || { not_ok "java: compiles"; return; }
    patch lib/aarch64-linux-gnu/libc.so.6 clock_gettime malloc free && worker java bin/java -Xmx128m -cp . Load
}
python
[ ! -x "$root/usr/bin/redis-server" ] || { redis; redis_on_trial; }
[ -n "$full" ] || tap_done
nginx
sqlite_of_python
sqlite
java
tap_done

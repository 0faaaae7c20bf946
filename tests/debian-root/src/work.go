// Goroutines, channels, a mutex, preemption of a loop, a nil pointer, a process, a server on loopback.
package main

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

func fault(p *int) (s string) {
	defer func() { s = fmt.Sprint(recover()) }()
	return fmt.Sprint(*p)
}

func main() {
	runtime.GOMAXPROCS(4)
	var n int64
	var wg sync.WaitGroup
	ch := make(chan int, 10)
	for i := 0; i < 50; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			for k := 0; k < 100; k++ {
				atomic.AddInt64(&n, 1)
			}
			ch <- i
		}(i)
	}
	sum := 0
	for i := 0; i < 50; i++ {
		sum += <-ch
	}
	wg.Wait()
	fmt.Println(n, sum)
	var stop int32
	go func() {
		time.Sleep(50 * time.Millisecond)
		atomic.StoreInt32(&stop, 1)
	}()
	for spins := 0; atomic.LoadInt32(&stop) == 0; spins++ {
	}
	garbage := 0
	for i := 0; i < 2000; i++ {
		garbage += len(make([]byte, 5000))
	}
	runtime.GC()
	fmt.Println(garbage, fault(nil))
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	go func() {
		c, _ := l.Accept()
		io.Copy(c, c)
		c.Close()
	}()
	c, _ := net.Dial("tcp", l.Addr().String())
	fmt.Fprint(c, "echoed")
	c.(*net.TCPConn).CloseWrite()
	b, _ := io.ReadAll(c)
	select {
	case <-time.After(20 * time.Millisecond):
		fmt.Println(string(b), runtime.GOARCH)
	}
}

package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"sync"
	"syscall"
	"time"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/collect/dns"
	"github.com/bindgate/bindgate/internal/resolve"
	"github.com/bindgate/bindgate/internal/resolve/iterate"
)

func main() {
	mode := flag.String("mode", "auth", "")
	per := flag.Int("per", 5, "")
	prof := flag.String("cpu", "", "")
	conc := flag.Int("c", 32, "")
	n := flag.Int("n", 100000, "")
	dir := flag.String("dir", "/tmp/dnsb/g5", "")
	mem := flag.String("mem", "", "")
	keep := flag.Bool("keep", false, "")
	flag.Parse()
	var c *dns.Collector
	if *mode == "auth" {
		h, _ := os.ReadFile(*dir + "/hints")
		roots, err := iterate.ParseRoots(string(h))
		if err != nil {
			panic(err)
		}
		w, err := iterate.New(iterate.Config{Roots: roots, Port: 5399, Now: time.Now})
		if err != nil {
			panic(err)
		}
		c = dns.NewAuthority(w, nil, time.Now, func() string { return "x" })
	} else {
		r, err := resolve.New(resolve.Config{Server: "127.0.0.1:5399"})
		if err != nil {
			panic(err)
		}
		c = dns.New(r, time.Now, func() string { return "x" })
	}
	f, _ := os.Open(*dir + "/names")
	s := bufio.NewScanner(f)
	var names []string
	for s.Scan() && len(names) < *n {
		names = append(names, s.Text())
	}
	if *prof != "" {
		f, _ := os.Create(*prof)
		pprof.StartCPUProfile(f)
		defer pprof.StopCPUProfile()
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	work := make(chan int, len(names))
	for i := range names {
		work <- i
	}
	close(work)
	var all sync.WaitGroup
	var mu sync.Mutex
	bad := 0
	kept := make([]any, len(names))
	for range *conc {
		all.Go(func() {
			for i := range work {
				b := binding.Binding{DomainName: names[i], GroupID: fmt.Sprintf("927d50c0f2e54b359919923d9%07x", i / *per), RegionID: "cn-hangzhou", DomainProof: binding.ProofCNAME}
				d, _ := c.Collect(context.Background(), b)
				if *keep {
					kept[i] = d
				}
				if d.Facts.End.Event != "address" || len(d.Facts.Hops) != 1 {
					mu.Lock()
					if bad++; bad < 5 {
						fmt.Printf("%+v\n", d)
					}
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	var u syscall.Rusage
	syscall.Getrusage(0, &u)
	t := func(v syscall.Timeval) float64 { return float64(v.Sec) + float64(v.Usec)/1e6 }
	fmt.Printf("%s %d names: %.2f s wall, %.2f s CPU (%.2f u, %.2f s), %.0f allocs/name, %.0f B/name, rss %d MB, bad %d\n", *mode, len(names), took.Seconds(),
		t(u.Utime)+t(u.Stime), t(u.Utime), t(u.Stime), float64(after.Mallocs-before.Mallocs)/float64(len(names)), float64(after.TotalAlloc-before.TotalAlloc)/float64(len(names)), u.Maxrss/1024, bad)
	if *mem != "" {
		f, _ := os.Create(*mem)
		pprof.Lookup("allocs").WriteTo(f, 0)
		f.Close()
	}
	runtime.KeepAlive(kept)
}

package manifest_test

import (
	"fmt"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/internal/manifest"
)

// distinct is a manifest of n bindings with certificates.
func distinct(n int) string {
	var text strings.Builder
	text.WriteString("apiVersion: bindgate/v1\ndefaults: {regionId: cn-hangzhou, customDomainType: INTERNET}\nbindings:\n")
	for i := range n {
		fmt.Fprintf(&text, `  - domainName: api%d.demo.com
    groupId: 927d50c0f2e54b359919923d908bb015
    bindStageName: RELEASE
    isHttpRedirectToHttps: true
    certificate:
      name: api_demo_com_%d
      body: certs/api%d.demo.com.pem
      privateKey: certs/api%d.demo.com.key
    labels: {owner: payments, changeTicket: CHG-1042}
`, i, i, i, i)
	}
	return text.String()
}

// BenchmarkLoad loads manifests and decodes their bindings once more. live is
// the heap that a set keeps, peak the most that is seen while it is used, both
// without the text of the benchmark, for each byte of the file.
func BenchmarkLoad(b *testing.B) {
	heap := func(collect bool) float64 {
		if collect {
			runtime.GC()
		}
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(sample)
		return float64(sample[0].Value.Uint64())
	}
	for _, n := range []int{1, 1_000, 10_000, 100_000} {
		text, dir := distinct(n), b.TempDir()
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			before, live, peak := heap(true), 0.0, 0.0
			for b.Loop() {
				set, err := manifest.Load([]string{"-"}, manifest.Options{WorkDir: dir, Stdin: strings.NewReader(text)})
				if err != nil {
					b.Fatal(err)
				}
				peak = max(peak, heap(false)-before)
				live = heap(true) - before
				seen := 0
				for range set.All() {
					if seen++; seen%100 == 0 {
						peak = max(peak, heap(false)-before)
					}
				}
				if seen != n || set.Len() != n {
					b.Fatalf("got %d of %d bindings", seen, n)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/binding")
			b.ReportMetric(live/float64(len(text)), "live/byte")
			b.ReportMetric(peak/float64(len(text)), "peak/byte")
		})
	}
}

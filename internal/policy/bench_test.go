package policy

import (
	"context"
	"testing"
)

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load(context.Background(), Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoadOwn(b *testing.B) {
	dir := folder(b, map[string]string{"x.rego": small})
	for b.Loop() {
		if _, err := Load(context.Background(), Options{Dirs: []string{dir}}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoadAndForce(b *testing.B) {
	in := force()
	for b.Loop() {
		e, err := Load(context.Background(), Options{})
		if err != nil {
			b.Fatal(err)
		}
		e.Evaluate(context.Background(), in)
	}
}

func BenchmarkEvaluate(b *testing.B) {
	e := engine(b, small)
	in := withCertificate(b)
	in.Binding.IsForce = false
	b.ReportAllocs()
	for b.Loop() {
		e.Evaluate(context.Background(), in)
	}
}

func BenchmarkEvaluateForce(b *testing.B) {
	e := engine(b, small)
	in := withCertificate(b)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			e.Evaluate(context.Background(), in)
		}
	})
}

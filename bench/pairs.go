package main

import (
	"errors"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/bindgate/bindgate/internal/sandbox/ca"
)

// authority issues the certificates of the bench: every chain is a leaf and one
// intermediate, like those of public CAs.
type authority struct{ root, intermediate *ca.Authority }

func newAuthority() (authority, error) {
	root, err := ca.New(time.Now())
	if err != nil {
		return authority{}, err
	}
	intermediate, err := root.Intermediate(ca.Options{})
	return authority{root: root, intermediate: intermediate}, err
}

// writePairs writes a certificate and a P-256 key for each domain: <domain>.pem
// and <domain>.key in dir.
func (a authority) writePairs(dir string, domains []string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	var work sync.WaitGroup
	workers := runtime.NumCPU()
	failed := make([]error, workers)
	for w := range workers {
		work.Go(func() {
			for i := w; i < len(domains) && failed[w] == nil; i += workers {
				failed[w] = a.writePair(dir, domains[i])
			}
		})
	}
	work.Wait()
	return errors.Join(failed...)
}

func (a authority) writePair(dir, domain string) error {
	leaf, err := a.intermediate.Issue(ca.Options{Names: []string{domain}})
	if err != nil {
		return err
	}
	return writeFiles(dir, map[string]string{domain + ".pem": string(leaf.Chain), domain + ".key": string(leaf.Key)})
}

package demo

import (
	"fmt"
	"time"

	"github.com/bindgate/bindgate/internal/sandbox/ca"
)

const day = 24 * time.Hour

// order is one certificate to create, as certs/<file>.pem and certs/<file>.key.
type order struct {
	file    string
	name    string        // its SAN
	from    time.Duration // notBefore and notAfter, relative to now; both 0: valid now
	to      time.Duration
	another bool // the key file contains another key
}

// gatewayOrders are the certificates of the demo on the cloud-native gateway.
func gatewayOrders() []order {
	var all []order
	for _, name := range []string{"api", "kept", "mtls", "lost", "other", "www", "keyless", "suites", "floor", "ingress", "twice"} {
		all = append(all, order{file: name + ".demo.com", name: name + ".demo.com"})
	}
	for _, name := range []string{"mtls", "lost", "ingress"} {
		all = append(all, order{file: name + ".demo.com.old", name: name + ".demo.com", from: -80 * day, to: 10 * day})
	}
	return append(all, order{file: "deep.demo.com", name: "*.deep.demo.com"})
}

// orders are the certificates of the demo on the classic gateway.
func orders() []order {
	return []order{
		{file: "api.demo.com", name: "api.demo.com"},
		{file: "shop.demo.com", name: "*.shop.demo.com"},
		{file: "moved.demo.com", name: "moved.demo.com"},
		{file: "unchanged.demo.com", name: "unchanged.demo.com"},
		{file: "renewed.demo.com", name: "renewed.demo.com"},
		{file: "renewed.demo.com.old", name: "renewed.demo.com", from: -80 * day, to: 10 * day},
		{file: "wrong-key.demo.com", name: "wrong-key.demo.com", another: true},
		{file: "wrong-name.demo.com", name: "www.demo.com"},
		{file: "expired.demo.com", name: "expired.demo.com", from: -100 * day, to: -10 * day},
	}
}

// mint creates a CA with an intermediate, and writes its root, every
// certificate and every key into the folder.
func mint(f folder, orders []order, now time.Time) error {
	root, err := ca.New(now)
	if err != nil {
		return err
	}
	if err := f.write("ca.pem", string(root.Root())); err != nil {
		return err
	}
	issuer, err := root.Intermediate(ca.Options{})
	if err != nil {
		return err
	}
	for _, o := range orders {
		leaf, err := o.issue(issuer, now)
		if err != nil {
			return err
		}
		if err := f.write("certs/"+o.file+".pem", string(leaf.Chain)); err != nil {
			return err
		}
		if err := f.writeSecret("certs/"+o.file+".key", string(leaf.Key)); err != nil {
			return err
		}
	}
	return nil
}

func (o order) issue(issuer *ca.Authority, now time.Time) (ca.Leaf, error) {
	options := ca.Options{Names: []string{o.name}}
	if o.from != o.to {
		options.NotBefore, options.NotAfter = now.Add(o.from), now.Add(o.to)
	}
	leaf, err := issuer.Issue(options)
	if err != nil || !o.another {
		return leaf, err
	}
	other, err := issuer.Issue(options)
	if err != nil {
		return leaf, fmt.Errorf("creating another key: %w", err)
	}
	leaf.Key = other.Key
	return leaf, nil
}

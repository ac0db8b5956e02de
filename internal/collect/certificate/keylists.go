package certificate

import (
	"crypto/x509"
	"fmt"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/pki/keylist"
)

// maxKeyList limits one list: three million keys. Debian's largest have a
// tenth.
const maxKeyList = 64 << 20

// keyList is a list of weak keys and its evidence.
type keyList struct {
	facts evidence.KeyList
	keys  *keylist.List
}

// openKeyLists reads the lists named by the owner of the gate.
func openKeyLists(c Config) ([]keyList, error) {
	var lists []keyList
	for _, name := range c.WeakKeys {
		file, err := confine.Anywhere().Read(c.Dir, name, maxKeyList)
		if err != nil {
			return nil, fmt.Errorf("reading --weak-keys: %w", err)
		}
		keys, err := keylist.Parse(name, file.Bytes)
		if err != nil {
			return nil, fmt.Errorf("reading --weak-keys: %w", err)
		}
		lists = append(lists, keyList{evidence.KeyList{File: name, Digest: pki.Digest(file.Bytes), Keys: keys.Len()}, keys})
	}
	return lists, nil
}

// listed looks the key of every certificate of a file up in every list.
func (c *Collector) listed(chain []*x509.Certificate) []evidence.KeyList {
	if len(c.keyLists) == 0 {
		return nil
	}
	found := make([]evidence.KeyList, 0, len(c.keyLists))
	for _, list := range c.keyLists {
		found = append(found, list.facts)
	}
	for i, one := range chain {
		key := keylist.KeyOf(one)
		for n, list := range c.keyLists {
			if list.keys.Has(key) {
				found[n].Listed = append(found[n].Listed, i)
			}
		}
	}
	return found
}

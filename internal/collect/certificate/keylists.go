package certificate

import (
	"crypto/x509"
	"fmt"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/pki/keylist"
)

// maxKeyList bounds one list: three million keys. Debian's largest hold a tenth.
const maxKeyList = 64 << 20

// keyList is a list of weak keys, and what the evidence says of it.
type keyList struct {
	facts evidence.KeyList
	keys  *keylist.List
}

// openKeyLists reads the lists that whoever starts the gate names.
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

// listed asks every list for the key of every certificate of a file.
func (c *Collector) listed(chain []*x509.Certificate) []evidence.KeyList {
	if len(c.keyLists) == 0 {
		return nil
	}
	said := make([]evidence.KeyList, 0, len(c.keyLists))
	for _, list := range c.keyLists {
		said = append(said, list.facts)
	}
	for i, one := range chain {
		key := keylist.KeyOf(one)
		for n, list := range c.keyLists {
			if list.keys.Has(key) {
				said[n].Listed = append(said[n].Listed, i)
			}
		}
	}
	return said
}

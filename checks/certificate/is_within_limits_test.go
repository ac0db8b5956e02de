package certificate

import (
	"encoding/pem"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// The size is that of the certificates as sent, including the client CA.
func TestSizeOfWhatIsSent(t *testing.T) {
	text, err := os.ReadFile("../../testdata/certificates/sound.pem")
	if err != nil {
		t.Fatal(err)
	}
	var chain []evidence.Cert
	size := 0
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		chain = append(chain, evidence.Cert{DER: block.Bytes})
		size += len(pem.EncodeToMemory(block))
	}
	facts := evidence.Certificate{Chain: chain}
	if got := sent(facts); got < size || got > size+2*len(chain) {
		t.Errorf("got %d bytes, want about %d", got, size)
	}
	s := checks.Subject{Evidence: evidence.Evidence{Certificate: evidence.Observed(facts, "", time.Time{})}}
	judge := func() checks.Result { return checks.Run(t.Context(), []checks.Check{isWithinLimits()}, nil, s)[0] }
	s.Binding.Certificate = &binding.Certificate{}
	if r := judge(); r.Status != checks.StatusPass || len(r.Findings) > 0 {
		t.Errorf("got %+v", r)
	}
	many := make([]evidence.Cert, 0, 200)
	for range cap(many) {
		many = append(many, chain[0])
	}
	s.Evidence.Certificate.Facts.ClientCA = &evidence.ClientCA{Chain: many}
	if r := judge(); r.Status != checks.StatusFail || len(r.Findings) != 1 || !strings.Contains(r.Findings[0].Message, "HTTP 413") {
		t.Errorf("got %+v", r)
	}
}

package dns

import (
	"testing"

	"github.com/bindgate/bindgate/internal/checktest"
)

func TestFixtures(t *testing.T) { checktest.Run(t, All()) }

package checktest_test

import (
	"os"
	"testing"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/checktest"
)

func TestFixtures(t *testing.T) {
	checktest.Run(t, os.DirFS("testdata"), []checks.Check{nameIsShort()})
}

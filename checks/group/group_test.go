package group

import (
	"testing"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/internal/checktest"
)

func TestFixtures(t *testing.T) {
	checktest.Run(t, []checks.Check{Exists(), DomainIsFree(), AllGroupsWereListed(), HasRoom(), BindingIsHealthy()})
}
